/* Trust: what an auditor opens first. */
import { h } from '../../vendor/preact.js';
import { useEffect, useRef } from '../../vendor/hooks.js';
import { get } from '../api.js';
import { bytes, causes, count, percent } from '../format.js';
import { useLoad } from '../load.js';
import { Ago, Empty, Export, Icon, Panel } from '../parts.js';
import { Table } from '../table.js';
import { w } from '../words.js';
import { Chain } from './chain.js';
import { Anchor, Verdict } from './verdict.js';

/* On paper, where nobody hovers, it is whole. */
const brief = (hash) => h('code', { class: 'hash', title: hash }, hash.slice(0, 16), h('span', { class: 'rest' }, hash.slice(16)));
const whole = (value) => h('span', { class: 'figure' }, count(value));

/* The store's own chain has entries and never a segment. */
const isOwn = ({ name }) => name === 'cretula.store';

function columnsOfStreams(now) {
    return [
        { key: 'name', label: w.stream, value: (s) => s.name },
        { key: 'sealed_at', label: w.streams.sealed, value: (s) => s.sealed_at,
            show: (s) => (s.sealed_at ? h(Ago, { at: s.sealed_at, now }) : isOwn(s) ? w.streams.entriesOnly : w.streams.notYet) },
        { key: 'segments', label: w.streams.segments, number: true, value: (s) => s.segments, show: (s) => whole(s.segments) },
        { key: 'records', label: w.streams.records, number: true, value: (s) => s.counts.records,
            show: (s) => whole(s.counts.records) },
        { key: 'bytes', label: w.streams.bytes, number: true, value: (s) => s.counts.bytes, show: (s) => bytes(s.counts.bytes) },
        { key: 'entries', label: w.streams.entries, number: true, value: (s) => s.entries, show: (s) => whole(s.entries) },
        { key: 'head', label: w.streams.head, value: (s) => s.head, show: (s) => brief(s.head), class: 'token' },
    ];
}

/* Lines in = what became of them. */
const OUT = ['parsed', 'partial', 'unparsed', 'counted', 'meta', 'joined'];

function Balance({ stream }) {
    const { counts } = stream;
    if (counts.lines === 0 && stream.segments === 0)
        return h('article', { class: 'balance' }, h('h3', null, stream.name), h('p', { class: 'quiet' }, w.counts.notYet));
    const terms = OUT.filter((name) => counts[name] > 0 || name === 'parsed');
    return h('article', { class: 'balance' },
        h('h3', null, stream.name),
        h('p', { class: 'sum' },
            h('span', { class: 'term' }, h('b', null, count(counts.lines)), h('small', null, w.counts.lines)),
            h('span', { class: 'sign' }, '='),
            terms.map((name, i) => [
                i > 0 && h('span', { class: 'sign', key: `${name}+` }, '+'),
                h('span', { class: 'term', key: name, title: w.counts.help[name] },
                    h('b', null, count(counts[name])), h('small', null, w.counts[name]))]),
            h('span', { class: stream.balanced ? 'holds good' : 'holds bad' },
                h(Icon, { name: stream.balanced ? 'good' : 'bad' }), stream.balanced ? w.counts.holds : w.counts.broken)),
        h('p', { class: 'quiet' }, w.counts.records(count(counts.records)), ' ',
            counts.split > 0 && w.counts.split(count(counts.split)), ' ',
            counts.replay > 0 && w.counts.replay(count(counts.replay)), ' ',
            counts.lost > 0 ? h('b', { class: 'worse' }, w.counts.lost(count(counts.lost))) : w.counts.notLost,
            Object.keys(counts.causes).length > 0 && ` ${w.counts.causes(causes(counts.causes))}`,
            stream.pruned.records > 0 && ` ${w.counts.pruned(count(stream.pruned.records), count(stream.pruned.segments))}`));
}

/* Of all streams, where there are several. */
function Sum({ streams }) {
    const broken = streams.filter(({ balanced }) => !balanced).length;
    const lines = streams.reduce((n, { counts }) => n + counts.lines, 0);
    return streams.length > 1 && h('span', { class: broken > 0 ? 'note worse' : 'note' },
        broken > 0 ? w.counts.some(broken, streams.length) : w.counts.all(streams.length, count(lines)));
}

/* What the export of all sums holds: a row a stream. */
const BALANCES = [
    { key: 'stream', value: (s) => s.name },
    ...['lines', ...OUT, 'split', 'replay', 'lost', 'records'].map((key) => ({ key, value: (s) => s.counts[key] })),
    { key: 'balanced', value: (s) => s.balanced },
    { key: 'pruned_records', value: (s) => s.pruned.records },
    { key: 'pruned_segments', value: (s) => s.pruned.segments },
];

function Balances({ streams }) {
    return h('section', { class: 'panel' },
        h('header', null, h('h2', null, w.counts.title), h(Sum, { streams }),
            h('span', { class: 'tools' }, h(Export, { name: 'trust-counts', columns: BALANCES, rows: streams }))),
        h('p', { class: 'lead' }, w.counts.lead),
        streams.map((stream) => h(Balance, { key: stream.name, stream })));
}

/* Sums over streams of a table by name, largest first. */
function summed(streams, key) {
    const sums = {};
    for (const stream of streams)
        for (const [name, n] of Object.entries(stream[key] ?? {}))
            sums[name] = (sums[name] ?? 0) + n;
    return Object.entries(sums).map(([name, n]) => ({ name, n })).sort((a, b) => b.n - a.n);
}

function Masked({ streams }) {
    const rows = summed(streams, 'masked');
    const all = rows.reduce((sum, row) => sum + row.n, 0), most = rows[0]?.n ?? 1;
    const columns = [
        { key: 'class', label: w.masked.class, value: (row) => row.name, bar: (row) => row.n / most, class: 'key',
            show: (row) => [h('b', null, row.name), ' ', h('span', { class: 'quiet' }, w.classes[row.name] ?? '')] },
        { key: 'values', label: w.masked.values, number: true, value: (row) => row.n, show: (row) => whole(row.n) },
        { key: 'share', label: w.tops.share, number: true, value: (row) => Number((row.n / all).toFixed(4)),
            show: (row) => percent(row.n, all) },
    ];
    return h(Section, { title: w.masked.title, name: 'masked', columns, rows, lead: w.masked.lead, empty: w.masked.empty });
}

function Reasons({ streams }) {
    const rows = summed(streams, 'reasons');
    const columns = [
        { key: 'reason', label: w.reasons.reason, value: (row) => row.name },
        { key: 'lines', label: w.counts.lines, number: true, value: (row) => row.n, show: (row) => whole(row.n) },
    ];
    return rows.length > 0 && h(Section, { title: w.reasons.title, name: 'unparsed', columns, rows, lead: w.reasons.lead });
}

function Section({ title, name, columns, rows, lead, empty, cards = false }) {
    return h('section', { class: 'panel' },
        h('header', null, h('h2', null, title), h('span', { class: 'tools' }, h(Export, { name: `trust-${name}`, columns, rows }))),
        lead && h('p', { class: 'lead' }, lead),
        rows.length === 0 ? h(Empty, { text: empty }) : h(Table, { caption: title, columns, rows, cards }));
}

function Retention({ streams, now }) {
    const columns = [
        { key: 'stream', label: w.stream, value: (s) => s.name },
        { key: 'rule', label: w.retain.rule, value: (s) => s.retain.rule,
            show: (s) => (s.retain.rule === 'none' ? w.retain.none : s.retain.rule) },
        { key: 'next_at', label: w.retain.next, value: (s) => s.retain.next_at,
            show: (s) => (s.retain.next_at ? [Date.parse(s.retain.next_at) < Date.parse(now) && `${w.retain.due} `,
                h(Ago, { at: s.retain.next_at, now })] : w.retain.nothing) },
        { key: 'next_segments', label: w.streams.segments, number: true, value: (s) => s.retain.next_segments,
            show: (s) => (s.retain.next_segments === undefined ? '–' : whole(s.retain.next_segments)) },
        { key: 'next_records', label: w.streams.records, number: true, value: (s) => s.retain.next_records,
            show: (s) => (s.retain.next_records === undefined ? '–' : whole(s.retain.next_records)) },
    ];
    return h(Section, { title: w.retain.title, name: 'retention', columns, rows: streams, lead: w.retain.lead,
        empty: w.empty, cards: true });
}

function Keys({ keys, now }) {
    const columns = [
        { key: 'epoch', label: w.keys.epoch, value: (k) => k.epoch, class: 'token' },
        { key: 'state', label: w.keys.state, value: (k) => k.state,
            show: (k) => h('span', { class: `tag ${k.state}` }, w.keys.states[k.state]) },
        { key: 'at', label: w.keys.meaning, value: (k) => k.at,
            show: (k) => [k.at && h(Ago, { at: k.at, now }), k.at && ' · ', w.keys.help[k.state]] },
    ];
    return h(Section, { title: w.keys.title, name: 'keys', columns, rows: keys, lead: w.keys.lead, empty: w.keys.empty,
        cards: true });
}

function Deletions({ deletions, now }) {
    const what = (d) => w.deletions.kinds[d.kind]?.(d) ?? d.kind;
    const columns = [
        { key: 'at', label: w.deletions.at, value: (d) => d.at, show: (d) => h(Ago, { at: d.at, now }) },
        { key: 'stream', label: w.stream, value: (d) => d.stream },
        { key: 'what', label: w.deletions.what, value: what, class: 'key' },
    ];
    return h(Section, { title: w.deletions.title, name: 'deletions', columns, rows: deletions, lead: w.deletions.lead,
        empty: w.deletions.empty });
}

/* The store's own chain has no records: nothing is counted, masked or removed of it. */
const withRecords = (streams) => streams.filter((s) => !isOwn(s));

function Details({ trust }) {
    const { streams, now } = trust;
    const kept = withRecords(streams);
    const entries = streams.some(({ masked }) => masked); // else the role sees some fields only, and no chain
    return [
        streams.length > 0 && h(Section, { title: w.streams.title, name: 'streams', columns: columnsOfStreams(now),
            rows: streams, lead: w.streams.lead, cards: true }),
        streams.length > 0 && h(Balances, { streams: kept }),
        streams.length > 0 && h('div', { class: entries ? 'two-panels' : 'stack' }, entries && h(Masked, { streams: kept }),
            h('div', { class: 'stack' }, h(Retention, { streams: kept, now }), entries && h(Reasons, { streams }))),
        h('div', { class: 'two-panels' }, h(Keys, { keys: trust.keys, now }),
            streams.length > 0 && h(Deletions, { deletions: trust.deletions, now })),
        entries && h(Chain, { streams: streams.map(({ name }) => name) }),
    ];
}

const AGAIN_MS = 1000, AGAIN_MAX_MS = 60000;

/*
 * A store that is still being verified is asked for again until it is, later each time: an hour of it is some
 * 65 access records.
 */
function useVerified({ data, busy, again }) {
    const asked = useRef(0);
    const waits = !busy && ['running', 'unknown'].includes(data?.verified.state);
    useEffect(() => {
        if (!waits)
            return undefined;
        const timer = setTimeout(again, Math.min(AGAIN_MS * 2 ** asked.current++, AGAIN_MAX_MS));
        return () => clearTimeout(timer);
    }, [waits]);
}

export function Trust({ session }) {
    const load = useLoad('trust', (signal) => get('trust', {}, signal));
    useVerified(load);
    if (!load.data)
        return h(Panel, { title: w.nav.trust, load, show: () => null });
    return [
        h(Verdict, { trust: load.data, tier: session.tier }),
        h(Anchor, { trust: load.data }),
        h(Details, { trust: load.data }),
    ];
}
