/* Traffic over time: a chart with a table for those who would rather read. */
import { h } from '../../vendor/preact.js';
import { useState } from '../../vendor/hooks.js';
import { Chart } from '../chart.js';
import { bytes, count, isNumber, micros, pointName, short } from '../format.js';
import { Choice, Export, Figure, Icon, Panel, Time } from '../parts.js';
import { amend, go } from '../state.js';
import { Table } from '../table.js';
import { w } from '../words.js';

/* What the chart can show: lines by colour of the style sheet. */
const METRICS = {
    requests: { format: short, lines: [
        { key: 'requests', of: (s) => s.requests, colour: 'c1', area: true },
        { key: 'client_errors', of: (s) => s.client_errors, colour: 'warn' },
        { key: 'errors', of: (s) => s.errors, colour: 'bad' }] },
    errors: { format: short, lines: [
        { key: 'client_errors', of: (s) => s.client_errors, colour: 'warn' },
        { key: 'errors', of: (s) => s.errors, colour: 'bad', area: true }] },
    latency: { format: micros, lines: [
        { key: 'p99', of: (s) => s.latency_us.p99, colour: 'c3', dash: [2, 3] },
        { key: 'p95', of: (s) => s.latency_us.p95, colour: 'c2', dash: [6, 3] },
        { key: 'p50', of: (s) => s.latency_us.p50, colour: 'c1' }] },
    bytes: { format: bytes, lines: [{ key: 'bytes', of: (s) => s.bytes, colour: 'c1', area: true }] },
    uniques: { format: short, lines: [{ key: 'uniques', of: (s) => s.uniques, colour: 'c1', area: true }] },
    bots: { format: short, lines: [
        { key: 'requests', of: (s) => s.requests, colour: 'c1' },
        { key: 'bots', of: (s) => s.bots, colour: 'c2', area: true, dash: [6, 3] }] },
};

/* Without a status 0 errors, bytes and robots are none that anybody counted. */
const shown = (column, noun) => column.some((x) => x !== null && (x !== 0 || noun === w.nouns.requests));

const nameOf = (names, key, noun) => (key === 'requests' ? noun : names[key]);

/* Metrics of which something was measured; requests are drawn beside another one, too. */
function metricsOf(series, noun) {
    return Object.keys(METRICS).filter((name) => METRICS[name].lines.some((line) =>
        (line.key === 'requests') === (name === 'requests') && shown(line.of(series), noun)));
}

const COLUMNS = [
    ['requests', (s) => s.requests, short], ['uniques', (s) => s.uniques, short],
    ['errors', (s) => s.errors, short], ['client_errors', (s) => s.client_errors, short],
    ['bots', (s) => s.bots, short], ['bytes', (s) => s.bytes, bytes],
    ['p50', (s) => s.latency_us.p50, micros], ['p95', (s) => s.latency_us.p95, micros],
    ['p99', (s) => s.latency_us.p99, micros],
];

function columnsOf(series, noun) {
    const figures = COLUMNS.filter(([, of]) => shown(of(series), noun)).map(([key, of, format]) => ({
        key, label: nameOf(w.traffic.lines, key, noun), number: true, value: (i) => of(series)[i],
        show: (i) => h(Figure, { value: of(series)[i], format }),
    }));
    return [{ key: 'time', label: w.traffic.time, value: (i) => new Date(series.time[i] * 1000).toISOString(),
        show: (i) => pointName(series.time[i], series.step) }, ...figures];
}

/* One sentence about a chart, for who does not see it. */
function summary(series, metric) {
    const line = metric.lines[0];
    const column = line.of(series);
    let top = -1, low = -1;
    column.forEach((x, i) => {
        if (!isNumber(x))
            return;
        top = top === -1 || x > column[top] ? i : top;
        low = low === -1 || x < column[low] ? i : low;
    });
    if (top === -1)
        return w.traffic.nothing;
    const point = (i) => `${metric.format(column[i])} (${pointName(series.time[i], series.step)})`;
    return w.traffic.summary(line.name, column.length, w.traffic.steps[series.step], point(low), point(top));
}

/* How many points are not drawn because they are of too few. */
function hiddenPoints(series, metric) {
    return metric.lines[0].of(series).filter((x) => typeof x === 'string').length;
}

/* Are there hours between points, or behind the last one?  Who is told all has a point for each. */
export function isJoined({ k, step, time, window }) {
    const all = window.complete ? [...time, Date.parse(window.until) / 1000] : time;
    return k > 1 && step === 'hour' && all.some((t, i) => i > 0 && t - all[i - 1] > 3600);
}

/* "a-b" in seconds of the hash, if it lies in the series. */
function zoomOf(text, time) {
    const [from, to] = (text ?? '').split('-').map(Number);
    return from < to && from < time[time.length - 1] && to > time[0] ? [from, to] : null;
}

/* A metric with its names; lines that are nothing but zero would only colour the axis. */
function drawn(series, name, noun) {
    const metric = METRICS[name];
    const some = metric.lines.filter((line, i) => i === 0 || line.of(series).some((x) => isNumber(x) && x > 0));
    return { ...metric, label: `${nameOf(w.traffic.metrics, name, noun)} ${w.traffic.steps[series.step]}`,
        lines: some.map((line) => ({ ...line, name: nameOf(w.traffic.lines, line.key, noun) })) };
}

/* The points that hours of bursts lie in. */
function marksOf(series) {
    return (series.bursts?.hours ?? []).map(({ at }) => {
        const seconds = Date.parse(at) / 1000;
        return series.time.findLastIndex((time) => time <= seconds);
    }).filter((i) => i >= 0);
}

/* What the chart marks, in words. */
function Bursts({ series }) {
    const hours = [...series.bursts?.hours ?? []].sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
    return hours.length > 0 && h('div', { class: 'bursts' },
        h('h3', null, h(Icon, { name: 'alert' }), w.bursts.title),
        h('ul', null, hours.map((hour) => h('li', { key: hour.at },
            h(Time, { at: hour.at }), ' UTC: ', w.bursts.hour(count(hour.errors), count(hour.usual), count(hour.deviations))))),
        h('p', { class: 'quiet' }, w.bursts.help));
}

function Body({ series, name, noun, tier, params, table, setTable }) {
    const metric = drawn(series, name, noun);
    const zoom = zoomOf(params.zoom, series.time);
    const time = (seconds) => new Date(seconds * 1000).toISOString().slice(0, 19) + 'Z';
    const setZoom = (range) => amend({ zoom: range && `${Math.floor(range[0])}-${Math.ceil(range[1])}` });
    const few = hiddenPoints(series, metric);
    const inside = series.time.map((_, i) => i).filter((i) =>
        !zoom || (series.time[i] >= zoom[0] && series.time[i] <= zoom[1]));
    return [
        h(Chart, { key: `${metric.label} ${metric.lines.length}`, series, metric, zoom, setZoom, label: summary(series, metric),
            marks: marksOf(series) }),
        h('p', { class: 'below' },
            h('button', { type: 'button', class: 'small', 'aria-expanded': String(table), onClick: () => setTable(!table) },
                table ? w.traffic.hideTable : w.traffic.showTable),
            zoom && h('button', { type: 'button', class: 'small', onClick: () => setZoom(null) }, w.traffic.whole),
            zoom && tier === 'developer' && h('button', { type: 'button', class: 'small', onClick: () => go({
                since: time(zoom[0]), until: time(zoom[1]), zoom: undefined, window: undefined, at: undefined,
            }) }, w.traffic.only),
            few > 0 && h('span', { class: 'quiet' }, w.traffic.few(few, series.k)),
            isJoined(series) && h('span', { class: 'quiet' }, w.traffic.joined),
            h('span', { class: 'quiet hint' }, w.traffic.hint)),
        h(Bursts, { series }),
        table && h(Table, { caption: w.traffic.caption, columns: columnsOf(series, noun), rows: inside, tall: true }),
    ];
}

export function Traffic({ load, stream, tier, params, noun }) {
    const [table, setTable] = useState(false);
    const names = load.data ? metricsOf(load.data, noun) : [];
    const name = names.includes(params.metric) ? params.metric : names[0];
    return h(Panel, {
        title: w.traffic.title, load, class: 'traffic',
        note: load.data && w.traffic.steps[load.data.step],
        empty: (series) => names.length === 0 || series.requests.every((x) => x === 0 || x === null),
        emptyText: load.data?.k > 1 ? w.traffic.tooFew(load.data.k, load.data.window.complete) : w.traffic.nothing,
        tools: (series) => [
            names.length > 1 && h(Choice, { label: w.traffic.what, value: name,
                options: names.map((metric) => [metric, nameOf(w.traffic.metrics, metric, noun)]),
                choose: (metric) => amend({ metric }) }),
            h(Export, { name: `${stream}-series`, columns: columnsOf(series, noun), rows: series.time.map((_, i) => i) }),
        ],
        show: (series) => h(Body, { series, name, noun, tier, params, table, setTable }),
    });
}
