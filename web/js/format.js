/* Figures and times as people read them.  Times are UTC; what is local time says so. */
import { w } from './words.js';

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

export const count = (n) => whole.format(n);

/* 12,345 stays; 1,234,567 becomes 1.23 M. */
export function short(n) {
    if (n < 1e6)
        return count(n);
    const [size, unit] = n < 1e9 ? [1e6, 'M'] : n < 1e12 ? [1e9, 'G'] : [1e12, 'T'];
    return `${digits(n / size)} ${unit}`;
}

/* Three digits that say something. */
function digits(x) {
    return x >= 100 ? x.toFixed(0) : x >= 10 ? x.toFixed(1) : x.toFixed(2);
}

export function bytes(n) {
    const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
    let i = 0;
    for (; n >= 1024 && i < units.length - 1; i++)
        n /= 1024;
    return `${i === 0 ? n : digits(n)} ${units[i]}`;
}

export function micros(us) {
    if (us === 0)
        return '0';
    if (us < 1000)
        return `${us} µs`;
    if (us < 1e6)
        return `${digits(us / 1000)} ms`;
    return us < 6e7 ? `${digits(us / 1e6)} s` : span(us / 1e6);
}

export function percent(part, all) {
    if (!(all > 0))
        return '–';
    const share = 100 * part / all;
    if (share === 0)
        return '0 %';
    if (share < 0.1)
        return '<0.1 %';
    return `${share.toFixed(1)} %`;
}

/* What nobody sees, or what turns the text around it, is seen: a log line is what strangers wrote. */
export const visible = (text) => String(text).replace(/[\p{Default_Ignorable_Code_Point}\p{Bidi_Control}\p{Zl}\p{Zp}\p{Cc}\ufff9-\ufffb]/gu,
    (c) => [...Array(c.length).keys()].map((i) => `\\u${c.charCodeAt(i).toString(16).padStart(4, '0')}`).join(''));

/* A literal of the filter language; null where it has none for this value. */
export function literal(value) {
    if (typeof value === 'number')
        return String(value);
    if (typeof value !== 'string' || /[\u0000-\u001f\u007f]/.test(value))
        return null;
    return `"${value.replace(/["\\]/g, '\\$&')}"`;
}

/* What left no record, by cause, in words. */
export const causes = (of) => Object.entries(of).map(([name, n]) => w.causes[name]?.(count(n)) ?? `${count(n)} ${name}`);

/* What a figure is of that is written shorter. */
const UNITS = new Map([[bytes, ' bytes'], [micros, ' µs']]);

export const isNumber = (x) => typeof x === 'number';

/* A figure of the interface: { text, title, few }; an integer, or "<10", or null. */
export function figure(x, format = count) {
    if (isNumber(x))
        return { text: format(x), title: format === count ? undefined : count(x) + (UNITS.get(format) ?? ''), few: false };
    if (x === null || x === undefined)
        return { text: '–', title: w.figure.none, few: true };
    return { text: x, title: w.figure.few(x.slice(1)), few: true };
}

const part = (options) => new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', ...options });
const day = part({ weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' });
const dayOnly = part({ day: 'numeric', month: 'short', year: 'numeric' });
const dayShort = part({ day: 'numeric', month: 'short' });
const month = part({ month: 'long', year: 'numeric' });
const clock = part({ hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
const local = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'long' });

const strip = (text) => text.replace(',', '');

/* "25 Nov 2026 14:03" of a Date. */
export const instant = (date) => `${dayOnly.format(date)} ${clock.format(date)}`;
export const localTime = (date) => local.format(date);
export const clockTime = (date) => clock.format(date);
export const dayOf = (date) => strip(day.format(date));
export const dayMonth = (date) => dayShort.format(date);

/* The name of a window of the interface. */
export function windowName({ name, since, until }) {
    const from = new Date(since), to = new Date(until), last = new Date(to - 1000);
    switch (name) {
    case 'hour': return `${dayOf(from)}, ${clock.format(from)}–${clock.format(to)}`;
    case 'day': return dayOf(from);
    case 'week': return `${dayShort.format(from)} – ${dayOnly.format(last)}`;
    case 'month': return month.format(from);
    default: return `${instant(from)} – ${instant(to)}`;
    }
}

/* What a point of a series is called. */
export function pointName(seconds, step) {
    const date = new Date(seconds * 1000);
    return step === 'day' ? dayOf(date) : `${dayShort.format(date)} ${clock.format(date)}`;
}

/* "12 min", of seconds. */
export function span(seconds) {
    const steps = [[86400, 'd'], [3600, 'h'], [60, 'min']];
    for (const [size, unit] of steps)
        if (Math.abs(seconds) >= size)
            return `${Math.floor(Math.abs(seconds) / size)} ${unit}`;
    return `${Math.max(0, Math.round(Math.abs(seconds)))} s`;
}

export function ago(then, now) {
    const seconds = (new Date(now) - new Date(then)) / 1000;
    return seconds >= 0 ? w.time.ago(span(seconds)) : w.time.ahead(span(seconds));
}
