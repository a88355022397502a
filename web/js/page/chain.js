/* The chain of a stream as it is stored: entries, newest first, and the newest signed note. */
import { h } from '../../vendor/preact.js';
import { useState } from '../../vendor/hooks.js';
import { get, getText } from '../api.js';
import { count } from '../format.js';
import { useLoad } from '../load.js';
import { Export, Panel, Time } from '../parts.js';
import { amend, useRoute } from '../state.js';
import { w } from '../words.js';
import { save } from '../export.js';

const PAGE = 20;

/* Members of an entry that every entry has, or that the line already shows. */
const FRAME = ['i', 't', 'type', 'prev', 'v'];

/* What an entry says beside its frame, in one line. */
function gist(entry) {
    return Object.entries(entry).filter(([key, value]) => !FRAME.includes(key) && typeof value !== 'object'
        && String(value).length <= 40)
        .map(([key, value]) => `${key} ${value}`).join(' · ');
}

function Entry({ entry, at }) {
    const time = typeof entry.t === 'string' ? entry.t : undefined;
    return h('li', null, h('details', null,
        h('summary', null, h('b', { class: 'at' }, count(entry.i ?? at)), ' ', h('span', { class: 'tag' }, entry.type ?? '?'), ' ',
            time && h(Time, { at: time }), ' ', h('span', { class: 'quiet gist' }, gist(entry))),
        h('pre', { tabIndex: 0 }, JSON.stringify(entry, null, 2))));
}

function Entries({ stream }) {
    const [from, setFrom] = useState(undefined);
    const load = useLoad(`${stream} ${from}`, (signal) => get('chain', { stream, from, limit: PAGE }, signal));
    const older = (data) => Math.max(0, data.from - PAGE);
    const columns = [{ key: 'entry', value: (entry) => entry }];
    return h(Panel, {
        title: w.chain.title, load, level: 3, class: 'inner',
        note: load.data && w.chain.size(count(load.data.size)),
        tools: (data) => h(Export, { name: `${stream}-chain`, columns, rows: data.entries }),
        empty: (data) => data.size === 0, emptyText: w.empty,
        show: (data) => [
            h('ol', { class: 'entries' }, data.entries.map((entry, i) =>
                h(Entry, { key: data.from + i, entry, at: data.from + i })).reverse()),
            h('p', { class: 'below' },
                h('button', { type: 'button', disabled: data.from === 0, onClick: () => setFrom(older(data)) }, w.chain.older),
                h('button', { type: 'button', disabled: data.next === undefined,
                    onClick: () => setFrom(data.next) }, w.chain.newer)),
        ],
    });
}

function Note({ stream }) {
    const load = useLoad(stream, (signal) => getText('checkpoint', { stream }, signal));
    return h(Panel, {
        title: w.chain.note, load, level: 3, class: 'inner',
        tools: (text) => h('button', { type: 'button', class: 'small',
            onClick: () => save(`${stream}-checkpoint.txt`, 'text/plain', text) }, w.chain.save),
        show: (text) => [h('p', { class: 'lead' }, w.chain.noteLead), h('pre', { tabIndex: 0 }, text)],
    });
}

/* Each look at a chain is an access record: it is opened by whoever wants it. */
export function Chain({ streams }) {
    const { params } = useRoute();
    const names = [...new Set(['cretula.store', ...streams])];
    const stream = names.includes(params.chain) ? params.chain : null;
    return h('section', { class: 'panel chain' },
        h('header', null, h('h2', null, w.chain.heading)),
        h('p', { class: 'lead' }, w.chain.lead),
        h('div', { class: 'choice', role: 'group', 'aria-label': w.chain.heading }, names.map((name) => h('button', {
            key: name, type: 'button', 'aria-pressed': String(name === stream),
            onClick: () => amend({ chain: name === stream ? undefined : name }) }, name))),
        stream && h(Entries, { key: stream, stream }), stream && h(Note, { key: `${stream} note`, stream }));
}
