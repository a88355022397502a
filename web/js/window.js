/* Which time is looked at: fixed windows for all who see figures, free ones for developers. */
import { h } from '../vendor/preact.js';
import { useState } from '../vendor/hooks.js';
import { windowName } from './format.js';
import { Choice, Icon, Time } from './parts.js';
import { go } from './state.js';
import { w } from './words.js';

const NAMES = { developer: ['hour', 'day', 'week', 'month'], analyst: ['hour', 'day', 'week', 'month'],
    public: ['day', 'week'] };

export const windowsOf = (tier) => NAMES[tier] ?? [];

const LONG_MS = { hour: 3600e3, day: 86400e3, week: 7 * 86400e3, month: 31 * 86400e3 };

/* When the window of a name began that has not ended yet. */
function begunAt(name, now) {
    if (name === 'month')
        return Date.UTC(now.getUTCFullYear(), now.getUTCMonth());
    const long = LONG_MS[name === 'hour' ? 'hour' : 'day'], start = Math.floor(now / long) * long;
    return name === 'week' ? start - (now.getUTCDay() + 6) % 7 * LONG_MS.day : start;
}

/* Of "FROM-TO" in seconds; null if there is none. */
function middleOf(zoom) {
    const [from, to] = (zoom ?? '').split('-').map(Number);
    return from > 0 && from < to && to < 1e11 ? new Date(500 * (from + to)) : null;
}

/* "all" is a time of records; what is counted has none like it. */
const isFree = ({ since }) => since !== undefined && since !== 'all';

/*
 * What to ask the interface for, out of the hash; the public tier has no hours, so a day is one point: a week then.
 * Without an instant it is the newest window that has ended; of a stream that ended before that, its last one; of one
 * that began after it, the running one; with a zoom that lies elsewhere, the window that holds it: an address that was
 * shared yesterday shows the same tomorrow.
 */
export function windowParams(tier, params, about) {
    if (tier === 'developer' && isFree(params))
        return { since: params.since, until: params.until };
    const fallback = tier === 'public' ? 'week' : 'day';
    const window = windowsOf(tier).includes(params.window) ? params.window : fallback;
    const now = Date.now(), begun = begunAt(window, new Date(now));
    const { first, last } = about ?? {};
    const days = tier !== 'developer' && window === 'hour'; // whose last is the day it was on
    const over = last && Date.parse(last) < now - 2 * LONG_MS[days ? 'day' : window];
    const end = days && over ? new Date(Date.parse(last) + 23 * LONG_MS.hour).toISOString() : last;
    const young = about && !(Date.parse(first) < begun); // or nothing of it was counted yet
    const shown = begunAt(window, new Date(over ? end : young ? now : begun - 1));
    const zoom = middleOf(params.zoom);
    if (params.at === undefined && zoom && begunAt(window, zoom) !== shown)
        return { window, at: zoom.toISOString().slice(0, 19) + 'Z' };
    return { window, at: params.at ?? (over ? end : young ? 'now' : undefined) };
}

/* Is it an instant, and no "-7d"? */
export const isInstant = (time) => /^\d{4}-/.test(time ?? '') && !Number.isNaN(Date.parse(time));

/* The value of <input type=datetime-local>, taken as UTC, and back. */
const toInput = (time) => (isInstant(time) ? new Date(time).toISOString().slice(0, 19).replace(/:00$/, '') : '');
const fromInput = (text) => (text ? `${text}${text.length === 16 ? ':00' : ''}Z` : undefined);

export function Free({ params, window }) {
    const [since, setSince] = useState(toInput(params.since) || toInput(window?.since));
    const [until, setUntil] = useState(toInput(params.until) || toInput(window?.until));
    const apply = (event) => {
        event.preventDefault();
        if (since)
            go({ since: fromInput(since), until: fromInput(until), window: undefined, at: undefined, zoom: undefined });
    };
    return h('form', { class: 'free', onSubmit: apply },
        h('label', null, w.window.since, h('input', { type: 'datetime-local', step: 1, value: since, required: true,
            onInput: (event) => setSince(event.target.value) })),
        h('label', null, w.window.until, h('input', { type: 'datetime-local', step: 1, value: until,
            onInput: (event) => setUntil(event.target.value) })),
        h('button', { type: 'submit' }, w.window.apply));
}

function Steps({ window, at }) {
    const future = Date.parse(window.until) > Date.now();
    const before = new Date(Date.parse(window.since) - 1000).toISOString().slice(0, 19) + 'Z';
    const to = (when) => go({ at: when, zoom: undefined });
    return h('span', { class: 'steps' },
        h('button', { type: 'button', class: 'square', 'aria-label': w.window.before, title: w.window.before,
            onClick: () => to(before) }, h(Icon, { name: 'left' })),
        h('button', { type: 'button', class: 'square', 'aria-label': w.window.after, title: w.window.after,
            disabled: future, onClick: () => to(window.until) }, h(Icon, { name: 'right' })),
        h('button', { type: 'button', disabled: !at, onClick: () => to(undefined) }, w.window.latest),
        h('button', { type: 'button', 'aria-pressed': String(at === 'now'), onClick: () => to('now') },
            w.window.now));
}

/* window: that of an answer, as soon as there is one. */
export function WindowPicker({ tier, params, window, refresh }) {
    const free = tier === 'developer' && (isFree(params) || params.free !== undefined);
    const names = windowsOf(tier).map((name) => [name, w.window.names[name]]);
    if (tier === 'developer')
        names.push(['free', w.window.names.free]);
    const choose = (name) => go(name === 'free'
        ? { free: 1 } : { window: name, free: undefined, since: undefined, until: undefined, zoom: undefined });
    return h('div', { class: 'window' },
        h(Choice, { label: w.window.label, options: names, choose,
            value: free ? 'free' : windowParams(tier, params).window }),
        free ? h(Free, { params, window, key: params.since }) : window && h(Steps, { window, at: params.at }),
        h('button', { type: 'button', class: 'square', 'aria-label': w.window.refresh, title: w.window.refresh,
            onClick: refresh }, h(Icon, { name: 'again' })),
        h('p', { class: 'shown' }, window && [
            h('strong', null, windowName(window)), ' ',
            h(Time, { at: window.since }, 'UTC'), ' ',
            !window.complete && h('span', { class: 'tag' }, w.window.running)]));
}
