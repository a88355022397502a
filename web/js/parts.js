/* What pages are put together from. */
import { h } from '../vendor/preact.js';
import { useState } from '../vendor/hooks.js';
import { csv, json, save } from './export.js';
import { ago, figure, instant, localTime } from './format.js';
import { w } from './words.js';

const ICONS = {
    good: 'm5 12.500 4.500 4.500L19 7.500',
    bad: 'M6.500 6.500l11 11m0-11-11 11',
    warn: 'M12 6v7.500m0 4v.01',
    alert: 'M12 3.500 22 20H2zM12 10v4.500m0 2.500v.01',
    wait: 'M12 7v5l3 2.500',
    down: 'M12 4v11m-4.500-4.500L12 15l4.500-4.500M5 20h14',
    left: 'm14.500 5-7 7 7 7',
    right: 'm9.500 5 7 7-7 7',
    again: 'M19 12a7 7 0 1 1-2-5m2-3v4h-4',
};

export function Icon({ name }) {
    return h('svg', { viewBox: '0 0 24 24', class: 'icon', 'aria-hidden': 'true', focusable: 'false' },
        h('path', { d: ICONS[name] }));
}

/* A figure of the interface; what is suppressed explains itself. */
export function Figure({ value, format }) {
    const { text, title, few } = figure(value, format);
    return h('span', { class: few ? 'figure few' : 'figure', title }, text);
}

/* A path or an address, which is broken behind its parts rather than within them. */
export const breakable = (text) => text.split(/(?<=[/.])(?=[^/])/).flatMap((part, i) => (i > 0 ? [h('wbr'), part] : [part]));

/* A time in UTC, the local one on hover. */
export function Time({ at, children }) {
    const date = new Date(at);
    return h('time', { datetime: at, title: `${instant(date)} UTC · ${w.time.local} ${localTime(date)}` },
        children ?? instant(date));
}

/* As long ago as it is; on paper, which grows old, when it was. */
export function Ago({ at, now }) {
    return h('span', { class: 'ago', 'data-at': instant(new Date(at)) }, h(Time, { at }, ago(at, now)));
}

/* Buttons of which one is pressed: options are [value, label]. */
export function Choice({ label, options, value, choose }) {
    return h('div', { class: 'choice', role: 'group', 'aria-label': label },
        options.map(([name, text]) => h('button', {
            type: 'button', key: name, 'aria-pressed': String(name === value), onClick: () => choose(name),
        }, text)));
}

/* Saves rows as CSV or JSON; columns as of export.js. */
export function Export({ name, columns, rows }) {
    if (!rows || rows.length === 0)
        return null;
    const label = (kind) => w.export.label(name, kind);
    return h('span', { class: 'export' },
        h('button', { type: 'button', class: 'small', 'aria-label': label('CSV'), title: label('CSV'),
            onClick: () => save(`${name}.csv`, 'text/csv', csv(columns, rows)) }, 'CSV'),
        h('button', { type: 'button', class: 'small', 'aria-label': label('JSON'), title: label('JSON'),
            onClick: () => save(`${name}.json`, 'application/json', json(columns, rows)) }, 'JSON'));
}

export function errorText(error) {
    const text = error.code === 'parameter' ? w.errors.parameter(error.parameter)
        : w.errors[error.code] ?? w.errors.status(error.status);
    return error.retry ? `${text} ${w.errors.retry(error.retry)}` : text;
}

export function Failure({ error, again }) {
    return h('div', { class: 'state failure', role: 'alert' },
        h(Icon, { name: 'alert' }),
        h('p', null, errorText(error), error.detail && h('span', { class: 'quiet' }, ` ${error.detail}`)),
        again && error.code !== 'tier' && h('button', { type: 'button', onClick: again }, w.errors.again));
}

export function Empty({ text }) {
    return h('div', { class: 'state empty' }, h('p', null, text));
}

function Waiting() {
    return h('div', { class: 'state waiting', role: 'status' },
        h('span', { class: 'hidden' }, w.loading), h('i'), h('i'), h('i'));
}

/*
 * A titled part of a page in one of its states.  load is what useLoad gave; empty(data) says whether there is nothing
 * in it; show(data) draws it.
 */
export function Panel({ title, note, tools, load, empty, emptyText, show, class: more, level = 2 }) {
    const { data, error, busy, again } = load;
    const nothing = data !== undefined && Boolean(empty?.(data));
    let body;
    if (error)
        body = h(Failure, { error, again });
    else if (data === undefined)
        body = h(Waiting);
    else if (nothing)
        body = h(Empty, { text: emptyText ?? w.empty });
    else
        body = show(data);
    return h('section', { class: `panel ${more ?? ''}`, 'aria-busy': String(busy) },
        h('header', null, h(`h${level}`, null, title), note && h('span', { class: 'note' }, note),
            data !== undefined && !nothing && tools && h('span', { class: 'tools' }, tools(data))),
        body);
}

/* Text with a button that copies it. */
export function Copy({ text, label }) {
    const [done, set] = useState(false);
    const copy = async () => {
        await navigator.clipboard.writeText(text);
        set(true);
        setTimeout(() => set(false), 2000);
    };
    return h('span', { class: 'copy' }, h('code', null, text),
        navigator.clipboard && h('button', { type: 'button', class: 'small', onClick: copy, 'aria-label': label },
            done ? w.copied : w.copy));
}
