/* Records as they come, newest first. */
import { h } from '../../vendor/preact.js';
import { useEffect, useRef, useState } from '../../vendor/hooks.js';
import { follow } from '../api.js';
import { count } from '../format.js';
import { Empty, Export, Failure } from '../parts.js';
import { go, link } from '../state.js';
import { w } from '../words.js';
import { Filter, RecordTable, exportColumns } from './record.js';

const KEPT = 200, AGAIN_MS = 3000, DRAW_MS = 250;

/* The tail of a stream, without any drawing: events are collected and handed over a few times a second. */
async function run({ stream, where, signal, say, add }) {
    let last;
    while (!signal.aborted) {
        let ended = false;
        try {
            say({ state: 'open' });
            await follow('tail', { stream, where }, last, signal, (event) => {
                if (event.id !== undefined)
                    last = event.id;
                ended ||= event.name === 'end';
                add(event);
            });
            if (signal.aborted)
                return; // what is followed now says how it is
        } catch (error) {
            if (signal.aborted)
                return;
            if (error.code !== 'network' && error.status !== 503 && error.name !== 'TypeError') {
                say({ state: 'failed', error });
                return;
            }
        }
        say({ state: ended ? 'ended' : 'lost' });
        await new Promise((done) => setTimeout(done, AGAIN_MS));
    }
}

/* What a batch of events makes of what is shown. */
function taken(old, events) {
    const fresh = [];
    let { seen, dropped } = old;
    for (const event of events) {
        if (event.name === 'record') {
            seen++;
            fresh.push({ key: event.id ?? `n${seen}`, record: JSON.parse(event.data) });
        } else if (event.name === 'gap') {
            dropped += JSON.parse(event.data).dropped;
        }
    }
    return { seen, dropped, records: [...fresh.reverse(), ...old.records].slice(0, KEPT) };
}

function useTail(stream, where, paused, round) {
    const [status, say] = useState({ state: 'open' });
    const [shown, show] = useState({ records: [], seen: 0, dropped: 0 });
    const held = useRef(paused);
    held.current = paused;
    useEffect(() => {
        const stop = new AbortController(), waiting = []; // of this tail: another one's last events may still come
        show({ records: [], seen: 0, dropped: 0 });
        run({ stream, where, signal: stop.signal, say, add: (event) => {
            waiting.push(event);
            // While nothing is drawn, what would not be shown need not be kept.
            if (waiting.length > 10 * KEPT)
                waiting.splice(0, waiting.length - 10 * KEPT);
        } });
        const clock = setInterval(() => {
            if (held.current || waiting.length === 0)
                return;
            const events = waiting.splice(0);
            show((old) => taken(old, events));
        }, DRAW_MS);
        return () => {
            stop.abort();
            clearInterval(clock);
        };
    }, [stream, where, round]);
    return { ...status, ...shown };
}

export function Live({ session, stream, params }) {
    const [paused, pause] = useState(false);
    const [round, again] = useState(0);
    const tail = useTail(stream, params.where, paused, round);
    const state = paused ? 'paused' : tail.state;
    const narrow = (condition) => go({ where: params.where ? `(${params.where}) && ${condition}` : condition });
    return [
        h(Filter, { fields: session.fields, key: params.where ?? '', value: params.where, error: tail.error,
            apply: (where) => go({ where }) }),
        h('section', { class: 'panel live' },
            h('header', null, h('h2', null, w.live.title),
                h('span', { class: `note live-state ${state}`, role: 'status' }, w.live.states[state]),
                h('span', { class: 'tools' },
                    h('button', { type: 'button', 'aria-pressed': String(paused), onClick: () => pause(!paused) },
                        paused ? w.live.resume : w.live.pause),
                    h(Export, { name: `${stream}-live`, columns: exportColumns(tail.records.map(({ record }) => record)),
                        rows: tail.records.map(({ record }) => record) }))),
            tail.state === 'failed' && tail.error.code !== 'filter'
                && h(Failure, { error: tail.error, again: () => again(round + 1) }),
            tail.dropped > 0 && h('p', { class: 'wrong' }, w.live.dropped(count(tail.dropped))),
            tail.records.length === 0
                ? h(Empty, { text: tail.state === 'failed' ? w.live.nothing
                    : [w.live.empty, ' ', h('a', { href: link({ where: params.where }, 'records') }, w.live.before)] })
                : h(RecordTable, { caption: w.live.caption(stream), records: tail.records, session, narrow, order: 'descending' }),
            h('p', { class: 'below' }, h('span', { class: 'quiet' }, w.live.seen(count(tail.seen), KEPT)))),
    ];
}
