/* How records are drawn: rows, and all fields of one. */
import { h } from '../../vendor/preact.js';
import { useState } from '../../vendor/hooks.js';
import { mayAsk } from '../api.js';
import { bytes, count, literal, micros, visible } from '../format.js';
import { Time } from '../parts.js';
import { w } from '../words.js';

/* "25 Nov 14:03:07.123" out of RFC 3339: what is kept, to the digit. */
const stamp = (time) => `${time.slice(0, 10)} ${time.slice(11).replace('Z', '')}`;

function request(record) {
    const what = [record.method, record.path === undefined ? undefined : record.path + (record.query ? `?${record.query}` : '')]
        .filter(Boolean).join(' ');
    return what || [record.action, record.object, record.reason].filter(Boolean).join(' ') || record.event;
}

/* field: whose a column is; the others stand for whatever a record has. */
const COLUMNS = [
    { key: 'time', label: w.record.time, value: (r) => r.time,
        show: (r) => h(Time, { at: r.time }, stamp(r.time)), class: 'stamp' },
    { key: 'status', label: w.record.status, value: (r) => r.status ?? r.outcome ?? r.level,
        show: (r) => h('span', { class: `status s${String(r.status ?? '')[0] ?? ''}` }, visible(r.status ?? r.outcome ?? r.level ?? '–')) },
    { key: 'request', label: w.record.request, value: request, class: 'key' },
    { key: 'client', field: 'client', label: w.record.client, value: (r) => r.client, class: 'token' },
    { key: 'agent', field: 'agent', label: w.record.agent, wide: true,
        value: (r) => [r.agent, r.agent_major].filter((x) => x !== undefined).join(' ') || undefined },
    { key: 'duration_us', field: 'duration_us', label: w.record.duration, number: true, value: (r) => r.duration_us,
        show: (r) => (r.duration_us === undefined ? '–' : micros(r.duration_us)) },
    { key: 'bytes', field: 'bytes', label: w.record.bytes, number: true, value: (r) => r.bytes,
        show: (r) => (r.bytes === undefined ? '–' : bytes(r.bytes)) },
];

/* All fields that a set of records has, time first: the columns of its export. */
export function exportColumns(records) {
    const keys = new Set(['time']);
    for (const record of records)
        for (const key of Object.keys(record))
            keys.add(key);
    return [...keys].map((key) => ({ key, value: (record) => record[key] }));
}

function valueText(value) {
    if (Array.isArray(value))
        return value.join(', ');
    return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/* A condition that finds records with the same value; fields that a filter cannot name have none. */
export function condition(field, value) {
    const text = field === 'time' ? null : literal(value);
    return text === null ? null : `${field} == ${text}`;
}

/* narrow(condition) adds it to the filter. */
function Fields({ record, narrow }) {
    return h('dl', { class: 'fields' }, Object.entries(record).map(([field, value]) => {
        const more = narrow && condition(field, value);
        return [h('dt', { key: field }, field), h('dd', { key: `${field} value` },
            typeof value === 'number' && field !== 'status' ? count(value) : visible(valueText(value)),
            more && h('button', { type: 'button', class: 'small', 'aria-label': visible(w.record.narrow(more)), title: visible(more),
                onClick: () => narrow(more) }, w.record.only))];
    }));
}

function RecordRow({ record, columns, narrow }) {
    const [open, set] = useState(false);
    const cells = columns.map((column, i) => h('td', { key: column.key, role: 'cell', 'data-label': column.label,
        class: [column.number && 'number', column.wide && 'wide', column.class].filter(Boolean).join(' ') },
    i === 0
        ? h('button', { type: 'button', class: 'opener', 'aria-expanded': String(open), onClick: () => set(!open) },
            column.show(record))
        : h('span', { class: 'cell' }, column.show ? column.show(record) : visible(column.value(record) ?? '–'))));
    return [
        h('tr', { role: 'row', class: record.state }, cells),
        open && h('tr', { role: 'row', class: 'opened' },
            h('td', { role: 'cell', colSpan: columns.length }, h(Fields, { record, narrow }))),
    ];
}

/* order: of times, as aria-sort has it. */
export function RecordTable({ caption, records, session, narrow, order }) {
    const columns = COLUMNS.filter(({ field }) => mayAsk(session, field));
    return h('table', { role: 'table', class: 'cards records' },
        h('caption', { class: 'hidden' }, caption),
        h('thead', { role: 'rowgroup' }, h('tr', { role: 'row' }, columns.map((column) => h('th', {
            key: column.key, scope: 'col', role: 'columnheader',
            class: [column.number && 'number', column.wide && 'wide'].filter(Boolean).join(' '),
            'aria-sort': column.key === 'time' ? order : undefined,
        }, column.label)))),
        h('tbody', { role: 'rowgroup' }, records.map(({ key, record }) => h(RecordRow, { key, record, columns, narrow }))));
}

/* The field of a filter; a mistake in it is pointed at. */
export function Filter({ value, error, apply, fields }) {
    const example = fields.length === 0 ? w.filter.example : `${fields[0]} ^= "a"`;
    const [text, set] = useState(value ?? '');
    const wrong = error?.code === 'filter' ? error : null;
    return h('form', { class: 'filter', role: 'search', onSubmit: (event) => {
        event.preventDefault();
        apply(text.trim() || undefined);
    } },
    h('label', { for: 'where' }, w.filter.label),
    h('input', { id: 'where', value: text, spellcheck: false, autocomplete: 'off', autocapitalize: 'off', maxLength: 2048,
        placeholder: example, onInput: (event) => set(event.target.value),
        'aria-invalid': wrong ? 'true' : undefined, 'aria-describedby': wrong ? 'filter-wrong' : 'filter-help' }),
    h('button', { type: 'submit' }, w.filter.apply),
    value && h('button', { type: 'button', onClick: () => {
        set('');
        apply(undefined);
    } }, w.filter.clear),
    wrong
        ? h('pre', { id: 'filter-wrong', class: 'wrong', role: 'alert' },
            wrong.column ? `${text}\n${' '.repeat(wrong.column - 1)}^ ` : '', wrong.detail ?? w.errors.filter)
        : h('p', { id: 'filter-help', class: 'quiet' }, w.filter.help, fields.length > 0 && ` ${w.filter.fields(fields.join(', '))}`));
}
