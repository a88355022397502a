/* The figures at the top of the overview. */
import { h } from '../../vendor/preact.js';
import { mayAsk } from '../api.js';
import { bytes, isNumber, micros, percent, short, windowName } from '../format.js';
import { Export, Figure, Panel } from '../parts.js';
import { w } from '../words.js';

/* rise: what one means; 0: neither.  field: whose figure it is.  beside: another one that it has. */
const TILES = [
    { key: 'requests', format: short, rise: 0, of: (t) => t.requests, trace: (s) => s.requests,
        under: (t, window) => pace(t.requests, window) },
    { key: 'uniques', field: 'client', format: short, rise: 0, of: (t) => t.uniques, trace: (s) => s.uniques, about: true,
        under: (t, window, noun) => visits(t.requests, t.uniques, noun) },
    { key: 'errors', field: 'status', format: short, rise: -1, of: (t) => t.errors, trace: (s) => s.errors,
        beside: (t) => t.client_errors,
        under: (t, window, noun, days) => [days ? w.tiles.days : part(t.errors, t.requests), '4xx ',
            h(Figure, { value: t.client_errors, format: short })] },
    { key: 'latency', field: 'duration_us', format: micros, rise: -1, of: (t) => t.latency_us.p95, trace: (s) => s.latency_us.p95,
        under: (t) => ['p50 ', h(Figure, { value: t.latency_us.p50, format: micros }),
            ' · p99 ', h(Figure, { value: t.latency_us.p99, format: micros })] },
    { key: 'bytes', field: 'bytes', format: bytes, rise: 0, of: (t) => t.bytes, trace: (s) => s.bytes,
        under: (t) => each(t.bytes, t.requests) },
    { key: 'bots', field: 'bot', format: short, rise: 0, of: (t) => t.bots, trace: (s) => s.bots,
        under: (t) => share(t.bots, t.requests) },
];

function share(part, all) {
    return isNumber(part) && isNumber(all) ? w.tiles.share(percent(part, all)) : '';
}

const part = (n, all) => (isNumber(n) && isNumber(all) ? `${percent(n, all)} · ` : '');

/* What a tier is never told is no gap in its figures: only developers are told that something was not measured. */
function isShown(tile, session, data, noun) {
    const some = (test) => [data.totals, data.previous?.totals].some((t) =>
        t && (test(tile.of(t)) || (tile.beside && test(tile.beside(t)))));
    if (!mayAsk(session, tile.field))
        return false;
    if (noun === w.nouns.events) // without a status 0 errors, bytes and robots are none that anybody counted
        return some((n) => n > 0 || typeof n === 'string');
    return session.tier === 'developer' || some((n) => n !== null);
}

/* Requests a second, or what of a longer time is one and more. */
function pace(n, { since, until }) {
    if (!isNumber(n) || n === 0)
        return '';
    const seconds = (Math.min(Date.parse(until), Date.now()) - Date.parse(since)) / 1000;
    const [name, size] = [['second', 1], ['minute', 60], ['hour', 3600], ['day', 86400]]
        .find(([, long]) => n * long >= seconds) ?? ['day', 86400];
    return w.tiles.pace((n * size / seconds).toFixed(1), w.tiles.times[name]);
}

function visits(n, clients, noun) {
    return isNumber(n) && isNumber(clients) && clients > 0 ? w.tiles.visits((n / clients).toFixed(1), noun.toLowerCase()) : '';
}

function each(part, all) {
    return isNumber(part) && isNumber(all) && all > 0 ? w.tiles.each(bytes(Math.round(part / all))) : '';
}

function Delta({ now, before, rise, window, format, over }) {
    if (!over) // a part of a day beside a whole one
        return h('span', { class: 'delta quiet' }, w.window.running);
    if (!isNumber(now) || !isNumber(before))
        return h('span', { class: 'delta quiet' }, w.tiles.nothingBefore);
    const change = before === 0 ? (now === 0 ? 0 : null) : (now - before) / before;
    const title = w.tiles.before(format(before), windowName(window));
    if (change === null)
        return h('span', { class: 'delta', title }, w.tiles.fromZero);
    const way = Math.abs(change) < 0.0005 ? 'same' : change > 0 ? 'up' : 'down';
    const sense = way === 'same' || rise === 0 ? '' : (way === 'up') === (rise > 0) ? 'better' : 'worse';
    const size = Math.abs(100 * change);
    const text = size >= 1000 ? `×${(now / before).toFixed(0)}` : `${size.toFixed(size < 10 ? 1 : 0)} %`;
    return h('span', { class: `delta ${sense}`, title },
        h('span', { 'aria-hidden': 'true' }, { same: '=', up: '▲', down: '▼' }[way]),
        h('span', { class: 'hidden' }, w.tiles.ways[way]), ` ${text}`);
}

/* The course of a figure, as a line without axes: what it says in detail stands in the chart. */
function Spark({ column }) {
    const values = (column ?? []).map((x) => (isNumber(x) ? x : null));
    const known = values.filter((x) => x !== null);
    if (known.length < 2)
        return h('svg', { class: 'spark', 'aria-hidden': 'true' });
    const top = Math.max(...known, 1), step = 100 / (values.length - 1);
    let path = '', pen = 'M';
    values.forEach((x, i) => {
        if (x === null) {
            pen = 'M';
            return;
        }
        path += `${pen}${(i * step).toFixed(1)} ${(23 - 21 * x / top).toFixed(1)}`;
        pen = 'L';
    });
    return h('svg', { class: 'spark', viewBox: '0 0 100 24', preserveAspectRatio: 'none', 'aria-hidden': 'true' },
        h('path', { d: path }));
}

/*
 * days: that are over, of which errors are; requests are of the hours since, too, so that no share would be one.
 * over: what too few to show are of.
 */
function Tile({ tile, now, before, series, window, noun, days, over }) {
    const name = tile.key === 'requests' ? noun : w.tiles.names[tile.key];
    const value = tile.of(now);
    return h('div', { class: `tile ${tile.key}` },
        h('dt', { title: w.tiles.help[tile.key] }, name),
        h('dd', null,
            h('span', { class: 'big' }, tile.about && isNumber(value) && value > 0 && h('small', { title: w.tiles.estimate }, '≈ '),
                h(Figure, { value, format: tile.format })),
            h(Delta, { now: value, before: before && tile.of(before.totals), rise: tile.rise, window: before?.window,
                format: tile.format, over: window.complete }),
            h('span', { class: 'under' }, tile.under?.(now, window, noun, days) || over || w.tiles.help[tile.key]),
            h(Spark, { column: series && tile.trace(series) })));
}

/* What the export of the tiles holds: a row a figure. */
function rowsOf(data) {
    const rows = [];
    const add = (name, now, before) => rows.push({ name, now, before });
    for (const key of ['requests', 'uniques', 'errors', 'client_errors', 'bytes', 'bots'])
        add(key, data.totals[key], data.previous?.totals[key]);
    for (const key of ['p50', 'p90', 'p95', 'p99', 'p999'])
        add(`latency_us_${key}`, data.totals.latency_us[key], data.previous?.totals.latency_us[key]);
    return rows;
}

/* The window before; none where the log begins in the midst of it, for a part is no measure of a whole. */
function beforeOf({ previous, window }, about) {
    if (!previous || !window.complete)
        return undefined;
    const since = Date.parse(previous.window.since), long = Date.parse(previous.window.until) - since;
    return Date.parse(about?.first) > since + long / 24 ? undefined : previous;
}

export function Tiles({ load, series, session, stream, about, noun }) {
    const before = load.data && beforeOf(load.data, about);
    const columns = [
        { key: 'figure', value: (row) => row.name },
        { key: 'value', value: (row) => row.now },
        { key: 'previous', value: (row) => row.before },
    ];
    return h(Panel, {
        title: w.tiles.title, class: 'tiles', load,
        note: before && w.tiles.against(windowName(before.window)),
        tools: (data) => h(Export, { name: `${stream}-totals`, columns, rows: rowsOf(data) }),
        empty: (data) => data.totals.requests === 0 && !(data.previous?.totals.requests > 0),
        emptyText: load.data?.window.complete === false ? w.tiles.notYet : w.tiles.empty,
        show: (data) => h('dl', null, TILES.filter((tile) => isShown(tile, session, data, noun)).map((tile) =>
            h(Tile, { key: tile.key, tile, now: data.totals, before, series, window: data.window, noun,
                days: session.tier === 'analyst' && !data.window.complete,
                over: tile.key === 'requests' && !data.window.complete && w.tiles.over[session.tier] }))),
    });
}
