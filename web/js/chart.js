/* A chart over time.  uplot is asked for when the first one is drawn; the page is readable before. */
import { h } from '../vendor/preact.js';
import { useEffect, useRef, useState } from '../vendor/hooks.js';
import { dayMonth, clockTime, figure, isNumber, pointName } from './format.js';
import { w } from './words.js';

let library = null;

function load() {
    library ??= Promise.all([import('../vendor/uplot.js'), new Promise((done) => {
        const sheet = document.createElement('link');
        sheet.rel = 'stylesheet';
        sheet.href = '/vendor/uplot.css';
        sheet.onload = sheet.onerror = done;
        document.head.append(sheet);
    })]).then(([module]) => module.default);
    return library;
}

/* A colour of the style sheet, as it is now. */
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

function lineOf(uPlot, line, { step, time }) {
    const bars = step === 'day' && line.area;
    const lone = time.length === 1; // which makes no line
    return {
        stroke: () => colour(line.colour),
        fill: line.area ? () => colour(`${line.colour}-fill`) : undefined,
        width: 1.75, dash: line.dash, points: { show: bars ? false : lone || undefined, size: lone ? 9 : 5 },
        paths: bars ? uPlot.paths.bars({ size: [0.7, 48], radius: 0.1 }) : uPlot.paths.linear(),
    };
}

/* Steps of an axis of whole numbers. */
const WHOLE = Array.from({ length: 48 }, (_, i) => [1, 2, 5][i % 3] * 10 ** Math.floor(i / 3));

/* Steps of a time axis: none is shorter than that of the points. */
const DAYS = [1, 2, 7, 14, 28, 56, 91, 182, 364].map((days) => days * 86400);
const HOURS = [1, 2, 3, 6, 12].map((hours) => hours * 3600);
const MINUTES = [1, 2, 5, 10, 15, 30].map((minutes) => minutes * 60);
const STEPS = { minute: [...MINUTES, ...HOURS, ...DAYS], hour: [...HOURS, ...DAYS], day: DAYS };

/* Marks of the time axis: dates where a day begins. */
function timeMarks(_, splits, __, ___, step) {
    return splits.map((seconds) => {
        const date = new Date(seconds * 1000);
        return step >= 86400 || seconds % 86400 === 0 ? dayMonth(date) : clockTime(date);
    });
}

/* An axis from nothing to a round number above the largest value. */
function range(_, __, most) {
    return [0, most > 0 ? most * 1.08 : 1];
}

/* A line and a triangle at each marked point: a shape, not a colour alone; in words they stand below the chart. */
function drawMarks(plot, marks, time) {
    const { ctx, bbox } = plot, size = 5 * devicePixelRatio;
    ctx.save();
    ctx.strokeStyle = ctx.fillStyle = colour('bad');
    ctx.lineWidth = devicePixelRatio;
    ctx.setLineDash([2 * devicePixelRatio, 3 * devicePixelRatio]);
    for (const i of marks) {
        const x = Math.round(plot.valToPos(time[i], 'x', true));
        if (x < bbox.left || x > bbox.left + bbox.width)
            continue;
        ctx.beginPath();
        ctx.moveTo(x, bbox.top);
        ctx.lineTo(x, bbox.top + bbox.height);
        ctx.stroke();
        ctx.beginPath();
        ctx.moveTo(x - size, bbox.top);
        ctx.lineTo(x + size, bbox.top);
        ctx.lineTo(x, bbox.top + 1.6 * size);
        ctx.fill();
    }
    ctx.restore();
}

/* Nothing is brushed. */
const NONE = { left: 0, top: 0, width: 0, height: 0 };

function options(uPlot, { series, metric, size, setZoom, setIndex, marks }) {
    const em = parseFloat(getComputedStyle(document.documentElement).fontSize);
    const axis = { stroke: () => colour('quiet'), grid: { stroke: () => colour('line'), width: 1 },
        ticks: { show: false }, font: `${0.86 * em}px system-ui, sans-serif` };
    return {
        ...size, legend: { show: false }, pxAlign: 1, padding: [12, 1.8 * em, 0, 0],
        tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC'),
        scales: { x: { time: true }, y: { range } },
        cursor: { drag: { x: true, y: false, setScale: false }, points: { size: 7 }, y: false },
        axes: [{ ...axis, values: timeMarks, grid: { show: false }, size: 2.2 * em, gap: 6,
            incrs: STEPS[series.step] },
            { ...axis, label: metric.label, labelFont: axis.font, labelSize: 1.5 * em, size: 4.9 * em, gap: 4, incrs: WHOLE,
                values: (_, splits) => splits.map((x) => metric.format(x)) }],
        series: [{}, ...metric.lines.map((line) => lineOf(uPlot, line, series))],
        hooks: {
            draw: [(plot) => drawMarks(plot, ...marks())],
            setCursor: [(plot) => setIndex(plot.cursor.idx ?? null)],
            setSelect: [(plot) => {
                if (plot.select.width < 4)
                    return;
                setZoom([plot.posToVal(plot.select.left, 'x'),
                    plot.posToVal(plot.select.left + plot.select.width, 'x')]);
                plot.setSelect(NONE, false);
            }],
        },
    };
}

/* A finger is a mouse to uplot, which knows none: along the chart it brushes; up, down and two of them are the page's. */
function followFinger(plot) {
    const { over } = plot;
    const pass = (given, made, before) => over.addEventListener(given, (event) => {
        if (event.pointerType !== 'touch' || !event.isPrimary)
            return;
        before?.();
        const { clientX, clientY } = event;
        over.dispatchEvent(new MouseEvent(made, { clientX, clientY, movementX: 1, bubbles: true })); // a move of 0 is none to uplot
    });
    pass('pointerdown', 'mousedown');
    pass('pointermove', 'mousemove');
    pass('pointerup', 'mouseup');
    pass('pointercancel', 'mouseup', () => plot.setSelect(NONE, false));
}

/* What uplot draws: figures of too few are gaps. */
const dataOf = (series, metric) =>
    [series.time, ...metric.lines.map((line) => line.of(series).map((x) => (isNumber(x) ? x : null)))];

/* All of the series; half a step more at each end where there are bars. */
function wholeOf({ time, step }) {
    const more = step === 'day' ? 43200 : time.length === 1 ? 1800 : 0;
    return [time[0] - more, time[time.length - 1] + more];
}

function Legend({ series, metric, index }) {
    return h('ul', { class: 'legend' },
        h('li', { class: 'at' }, index === null ? w.chart.rest : `${pointName(series.time[index], series.step)} UTC`),
        metric.lines.map((line) => {
            const value = index === null ? null : figure(line.of(series)[index], metric.format);
            return h('li', { key: line.key },
                h('svg', { viewBox: '0 0 20 10', class: `key ${line.colour}`, 'aria-hidden': 'true' },
                    h('path', { d: 'M0 5h20', 'stroke-dasharray': line.dash?.join(' ') })),
                line.name, value && h('b', { title: value.title }, ` ${value.text}`));
        }));
}

/* Text of a point, for the slider that the chart is to a keyboard. */
function textOf(series, metric, index, marks) {
    const values = metric.lines.map((line) =>
        `${line.name} ${figure(line.of(series)[index], metric.format).text}`);
    if (marks.includes(index))
        values.push(w.bursts.mark);
    return `${pointName(series.time[index], series.step)}: ${values.join(', ')}`;
}

/* Draws, follows the size of its place, and redraws when colours change. */
function usePlot(place, props, setIndex) {
    const plot = useRef(null);
    const current = useRef(props);
    current.current = props;
    useEffect(() => {
        let gone = false, watch = null;
        const box = place.current;
        const size = () => ({ width: Math.max(200, box.clientWidth), height: box.clientHeight });
        const redraw = () => plot.current?.redraw(false, false);
        load().then((uPlot) => {
            if (gone)
                return;
            const { series, metric, zoom } = current.current;
            plot.current = new uPlot(options(uPlot, { series, metric, size: size(),
                setZoom: (range) => current.current.setZoom(range), setIndex,
                marks: () => [current.current.marks, current.current.series.time] }), dataOf(series, metric), box);
            followFinger(plot.current);
            const [min, max] = zoom ?? wholeOf(series);
            plot.current.setScale('x', { min, max });
            watch = new ResizeObserver(() => plot.current?.setSize(size()));
            watch.observe(box);
        });
        const scheme = matchMedia('(prefers-color-scheme: dark)'), paper = matchMedia('print');
        scheme.addEventListener('change', redraw);
        paper.addEventListener('change', redraw);
        addEventListener('theme', redraw);
        return () => {
            gone = true;
            watch?.disconnect();
            plot.current?.destroy();
            plot.current = null;
            scheme.removeEventListener('change', redraw);
            paper.removeEventListener('change', redraw);
            removeEventListener('theme', redraw);
        };
    }, []);
    useEffect(() => {
        const [min, max] = props.zoom ?? wholeOf(props.series);
        plot.current?.setData(dataOf(props.series, props.metric), false);
        plot.current?.setScale('x', { min, max });
    }, [props.series, props.zoom?.join()]);
    return plot;
}

/* Keys of the slider: which point is next. */
const MOVES = {
    ArrowLeft: (i) => i - 1, ArrowDown: (i) => i - 1, ArrowRight: (i) => i + 1, ArrowUp: (i) => i + 1,
    PageUp: (i) => i + 10, PageDown: (i) => i - 10, Home: () => 0, End: () => Infinity,
};

export function Chart(props) {
    const { series, metric, zoom, setZoom, label, marks } = props;
    const place = useRef(null);
    const [index, setIndex] = useState(null);
    const plot = usePlot(place, props, setIndex);
    const last = series.time.length - 1;
    const at = Math.min(index ?? last, last);
    const point = (i) => plot.current?.setCursor({ left: plot.current.valToPos(series.time[i], 'x'), top: 0 }, false);
    // What is zoomed is so behind what uplot has put off.
    useEffect(() => {
        if (index !== null)
            queueMicrotask(() => point(at));
    }, [zoom?.join()]);
    const move = (event) => {
        const next = MOVES[event.key];
        if (next) {
            const i = Math.max(0, Math.min(last, next(index ?? last)));
            point(i);
            setIndex(i);
        } else if (event.key === '+' || event.key === '-') {
            const [min, max] = zoom ?? wholeOf(series);
            const half = (max - min) * (event.key === '+' ? 0.25 : 1), middle = series.time[at];
            const all = wholeOf(series);
            const wider = [Math.max(all[0], middle - half), Math.min(all[1], middle + half)];
            setZoom(wider[0] === all[0] && wider[1] === all[1] ? null : wider);
        } else if (event.key === '0' || event.key === 'Escape') {
            setZoom(null);
        } else {
            return;
        }
        event.preventDefault();
    };
    return h('figure', { class: 'chart' },
        h(Legend, { series, metric, index: index === null ? null : at }),
        h('div', { class: 'plot', ref: place, tabIndex: 0, role: 'slider', 'aria-label': label, 'aria-valuemin': 0,
            'aria-valuemax': last, 'aria-valuenow': at, 'aria-valuetext': textOf(series, metric, at, marks), onKeyDown: move }));
}
