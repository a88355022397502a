/* Single records of a time, filtered, the newest first or the oldest; page by page. */
import { h } from '../../vendor/preact.js';
import { useEffect, useRef, useState } from '../../vendor/hooks.js';
import { address, get } from '../api.js';
import { count, instant } from '../format.js';
import { useLoad } from '../load.js';
import { Choice, Export, Failure, Panel } from '../parts.js';
import { go } from '../state.js';
import { Free, isInstant } from '../window.js';
import { w } from '../words.js';
import { Filter, RecordTable, exportColumns } from './record.js';

const SPANS = ['-10m', '-1h', '-24h', '-7d', '-30d', 'all'];
const PAGE = 100;

const NONE = { records: [], next: undefined, erased: 0, restricted: 0, error: null, busy: false };

/* Pages of records that were asked for after the first one; with another first one nothing of them stays, or comes late. */
function useMore(first, query) {
    const [more, set] = useState(NONE);
    const stop = useRef(null);
    useEffect(() => {
        stop.current = new AbortController();
        set({ ...NONE, next: first?.next, erased: first?.erased ?? 0, restricted: first?.restricted ?? 0 });
        return () => stop.current.abort();
    }, [first]);
    const load = async () => {
        const { signal } = stop.current;
        set((old) => ({ ...old, busy: true, error: null }));
        try {
            const page = await get('records', { ...query, cursor: more.next }, signal);
            if (!signal.aborted)
                set((old) => ({ ...NONE, records: [...old.records, ...page.records], next: page.next,
                    erased: old.erased + page.erased, restricted: old.restricted + page.restricted }));
        } catch (error) {
            if (!signal.aborted)
                set((old) => ({ ...old, error, busy: false }));
        }
    };
    return [more, load];
}

/* A day of what still comes; all of what came before that. */
function sinceOf(params, last) {
    return params.since ?? (last && Date.parse(last) < Date.now() - 86400e3 ? 'all' : '-24h');
}

const said = (time) => (isInstant(time) ? instant(new Date(time)) : time ?? w.records.now);

/* A span up to now, or from here to there, which is said on paper, too. */
function Times({ params, value, about }) {
    const free = params.free !== undefined || params.until !== undefined || !SPANS.includes(value);
    const options = [...SPANS.map((since) => [since, w.records.spans[since]]), ['free', w.window.names.free]];
    const choose = (since) => go(since === 'free' ? { free: 1 } : { since, until: undefined, free: undefined });
    return [
        h(Choice, { label: w.records.times, options, value: free ? 'free' : value, choose }),
        free && h(Free, { params, window: { since: about?.first, until: about?.last && afterwards(about.last) },
            key: `${params.since} ${params.until}` }),
        free && (params.since || params.until) && h('p', { class: 'shown' },
            h('strong', null, `${said(value)} – ${said(params.until)}`), ' UTC'),
    ];
}

/* What a window ends at that holds the minute of an instant. */
const afterwards = (time) => new Date(Date.parse(time) + 60e3).toISOString();

function Order({ oldest }) {
    return h(Choice, { label: w.records.order, options: Object.entries(w.records.orders), value: oldest ? 'oldest' : 'newest',
        choose: (order) => go({ order: order === 'oldest' ? order : undefined }) });
}

export function Records({ session, stream, params, about }) {
    const since = sinceOf(params, about?.last);
    const oldest = params.order === 'oldest';
    const query = { stream, where: params.where, since: since === 'all' ? undefined : since, until: params.until,
        order: oldest ? 'oldest' : 'newest', limit: PAGE };
    const load = useLoad(JSON.stringify(query), (signal) => get('records', query, signal));
    const [more, loadMore] = useMore(load.data, query);
    const records = [...load.data?.records ?? [], ...more.records];
    const narrow = (condition) => go({ where: params.where ? `(${params.where}) && ${condition}` : condition });
    return [
        h('div', { class: 'window' }, h(Times, { params, value: since, about }), h(Order, { oldest })),
        h(Filter, { fields: session.fields, key: params.where ?? '', value: params.where, error: load.error,
            apply: (where) => go({ where }) }),
        h(Panel, {
            title: w.records.title, load: load.error?.code === 'filter' ? { ...load, again: undefined } : load,
            note: load.data && w.records.shown(count(records.length), oldest, more.next !== undefined),
            tools: () => [
                h(Export, { name: `${stream}-records`, columns: exportColumns(records), rows: records }),
                h('a', { class: 'button small', download: `${stream}.jsonl`, title: w.records.linesHelp,
                    href: address('records.jsonl', { ...query, limit: 10000 }) }, w.records.lines)],
            empty: (data) => data.records.length === 0 && data.next === undefined,
            emptyText: [w.records.empty,
                load.data?.restricted > 0 && ` ${w.records.restricted(count(load.data.restricted))} `,
                since !== 'all' && h('button', { type: 'button',
                    onClick: () => go({ since: 'all', until: undefined }) }, w.records.anyTime)],
            show: () => [
                // With others a row that was opened is one of them no more.
                h(RecordTable, { key: load.key, caption: w.records.caption(stream), session, narrow,
                    order: oldest ? 'ascending' : 'descending', records: records.map((record, i) => ({ key: i, record })) }),
                more.error && h(Failure, { error: more.error, again: loadMore }),
                h('p', { class: 'below' },
                    more.next !== undefined && !more.error && h('button', { type: 'button', disabled: more.busy || load.busy,
                        onClick: loadMore }, more.busy ? w.loading : oldest ? w.records.newer : w.records.older),
                    more.erased > 0 && h('span', { class: 'quiet' }, w.records.erased(count(more.erased))),
                    more.restricted > 0 && h('span', { class: 'quiet' }, w.records.restricted(count(more.restricted))),
                    h('span', { class: 'quiet' }, w.records.logged)),
            ],
        }),
    ];
}
