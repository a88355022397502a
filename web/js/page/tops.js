/* The largest cells of each dimension; what is too small to show is in "other", so that totals add up. */
import { h } from '../../vendor/preact.js';
import { useEffect, useState } from '../../vendor/hooks.js';
import { get, mayAsk } from '../api.js';
import { bytes, count, isNumber, literal, percent, short, visible } from '../format.js';
import { useLoad } from '../load.js';
import { Export, Figure, Panel, breakable } from '../parts.js';
import { link } from '../state.js';
import { Table } from '../table.js';
import { w } from '../words.js';

/* field: what a filter of records calls it. */
const DIMENSIONS = [
    { name: 'paths', field: 'path', big: true },
    { name: 'statuses', field: 'status', plain: true },
    { name: 'events', field: 'event' },
    { name: 'referers', field: 'referer' },
    { name: 'agents', field: 'agent' },
    { name: 'countries', field: 'country' },
];
const FEW = 10, BIG = 15, MANY = 200;

const countryNames = new Intl.DisplayNames(['en'], { type: 'region', fallback: 'code' });

function labelOf(dimension, key) {
    if (dimension === 'statuses')
        return h('span', { class: `status s${key[0]}` }, key);
    if (dimension === 'countries' && /^[A-Z]{2}$/.test(key))
        return [countryNames.of(key), ' ', h('span', { class: 'quiet' }, key)];
    if (key === '')
        return h('span', { class: 'quiet' }, w.tops.none);
    if (dimension === 'referers')
        return h('span', { title: visible(key) }, breakable(visible(key.replace(/^https:\/\//, '')))); // http is another one, and says so
    return breakable(visible(key));
}

/* Paths are counted without the tokens that records have: what stands before the first one is looked for. */
function conditionOf(dimension, key) {
    const [known, ...tokens] = dimension.name === 'paths' ? key.split('{sg}') : [key];
    const text = dimension.plain ? known : literal(known);
    if (text === null || known === '' || (tokens.length > 0 && known === '/'))
        return null;
    return `${dimension.field} ${tokens.length > 0 ? '^=' : '=='} ${text}`;
}

/* A key leads a developer to its records. */
function Key({ dimension, row, about, window }) {
    if (row.key === null)
        return h('span', { title: row.help }, row.name);
    const label = labelOf(dimension.name, row.key);
    const where = conditionOf(dimension, row.key);
    if (!about?.records || !window || where === null)
        return label;
    const changes = { where, since: window.since, until: window.until,
        window: undefined, at: undefined, zoom: undefined, metric: undefined };
    return h('a', { href: link(changes, 'records'), title: w.tops.records }, label);
}

function columnsOf(dimension, data, about, noun) {
    const total = data.total.requests;
    const most = Math.max(1, ...data.rows.map((row) => (isNumber(row.requests) ? row.requests : 0)));
    return [
        { key: dimension.field, label: w.tops.keys[dimension.name], value: (row) => row.key ?? row.name, class: 'key',
            show: (row) => h(Key, { dimension, row, about, window: data.window }),
            bar: (row) => (isNumber(row.requests) && row.key !== null ? row.requests / most : 0) },
        { key: 'requests', label: noun, number: true, value: (row) => row.requests,
            show: (row) => h(Figure, { value: row.requests, format: short }) },
        { key: 'share', label: w.tops.share, number: true, least: true, value: (row) => shareOf(row.requests, total, 4),
            show: (row) => (isNumber(row.requests) && isNumber(total) ? percent(row.requests, total) : '–') },
        { key: 'errors', label: w.tops.errors, number: true, wide: true, value: (row) => row.errors,
            show: (row) => h(Figure, { value: row.errors, format: short }) },
        { key: 'bytes', label: w.tops.bytes, number: true, wide: true, value: (row) => row.bytes,
            show: (row) => h(Figure, { value: row.bytes, format: bytes }) },
    ].filter(({ wide, value }) => !wide || [...data.rows, data.total].some((row) => value(row) !== null));
}

function shareOf(part, all, places) {
    return isNumber(part) && isNumber(all) && all > 0 ? Number((part / all).toFixed(places)) : null;
}

/* The rows below the line: what no row shows, and the sum. */
function footOf(data) {
    const rows = [];
    if (data.other.requests !== 0)
        rows.push({ ...data.other, name: w.tops.other, help: w.tops.otherHelp(data.k), class: 'other' });
    rows.push({ ...data.total, name: w.tops.total, class: 'sum' });
    return rows;
}

/* What the rows do not say of themselves. */
function notesOf(dimension, data, all, k, noun) {
    const { requests } = data.total, { complete } = data.window;
    const less = isNumber(requests) && isNumber(all) && requests < all && [count(requests), count(all), noun.toLowerCase()];
    return [
        data.k === 1 && complete && less && w.tops.some(...less),
        data.k > 1 && !complete && less && w.tops.days(...less),
        data.other.requests !== 0 && k > 1 && w.tops.otherHelp(data.k),
        dimension.name === 'paths' && data.rows.some(({ key }) => /\{\w+\}/.test(key)) && w.tops.braces,
    ].filter(Boolean);
}

/* Tables of who is not told all are by the day. */
const holdsDay = ({ since, until }) => Math.min(Date.parse(until), Date.now()) - Date.parse(since) >= 86400e3;

function emptyText(dimension, data) {
    if (data?.k > 1 && !holdsDay(data.window))
        return w.tops.noDay;
    if (data?.k > 1 && data.total.requests !== 0)
        return w.tops.noCell(data.k);
    return dimension.name === 'countries' ? w.tops.noCountry : w.tops.empty;
}

function Top({ dimension, session, stream, about, query, round, window, noun, tell, all }) {
    const few = dimension.big ? BIG : FEW;
    const [limit, setLimit] = useState(few);
    const load = useLoad(JSON.stringify([query, limit, round]),
        (signal) => get(`top/${dimension.name}`, { ...query, limit }, signal));
    useEffect(() => {
        if (dimension.name === 'statuses' && load.data)
            tell(load.data.k > 1 ? load.data.rows.length > 0 : load.data.total.requests !== 0);
    }, [load.data]);
    const title = w.tops.titles[dimension.name];
    return h(Panel, {
        title, load, class: `top ${dimension.big ? 'large' : ''}`,
        empty: (data) => data.rows.length === 0 && (data.total.requests === 0 || data.k > 1),
        emptyText: emptyText(dimension, load.data),
        tools: (data) => h(Export, { name: `${stream}-${dimension.name}`, columns: columnsOf(dimension, data, about, noun),
            rows: [...data.rows, ...footOf(data)] }),
        show: (data) => [
            h(Table, { caption: `${title}, ${stream}`, columns: columnsOf(dimension, data, about, noun), rows: data.rows,
                foot: footOf(data), rowKey: (row) => row.key }),
            h('p', { class: 'below' },
                notesOf(dimension, data, all, session.k, noun).map((text) => h('span', { key: text, class: 'quiet' }, text)),
                (data.rows.length >= limit || limit > few) && h('button', { type: 'button', class: 'small more',
                    onClick: () => setLimit(limit === few ? MANY : few) }, limit === few ? w.tops.more : w.tops.fewer)),
        ],
    });
}

export function Tops(props) {
    const [paths, statuses, events, ...rest] = DIMENSIONS.map((dimension) => mayAsk(props.session, dimension.field)
        && h(Top, { key: dimension.name, dimension, ...props }));
    return h('div', { class: 'tops' }, paths, (statuses || events) && h('div', { class: 'stack' }, statuses, events), rest);
}
