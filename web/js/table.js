/* Tables: figures to the right, bars behind keys, in the order that is chosen, cards where there is little room. */
import { h } from '../vendor/preact.js';
import { useState } from '../vendor/hooks.js';
import { isNumber } from './format.js';

const classesOf = (column) => ['number', 'wide', 'least'].filter((name) => column[name]);

/*
 * columns: { key, label, show(row), value(row), number, bar(row) (0 to 1), wide (left out in narrow panels), least (and
 * in the narrowest) }.  Roles are written out: as cards the rows are no table to a browser any more.
 */
function Cell({ column, row, head }) {
    const classes = [...classesOf(column), column.bar && 'barred', column.class].filter(Boolean).join(' ');
    const share = column.bar?.(row);
    return h(head ? 'th' : 'td', { class: classes, role: head ? 'rowheader' : 'cell', scope: head ? 'row' : undefined,
        'data-label': column.label },
    share > 0 && h('span', { class: 'barline', style: { width: `${Math.min(100, 100 * share)}%` }, 'aria-hidden': 'true' }),
    h('span', { class: 'cell' }, column.show ? column.show(row) : column.value(row)));
}

function Row({ columns, row, class: more }) {
    return h('tr', { role: 'row', class: more }, columns.map((column, i) =>
        h(Cell, { key: column.key, column, row, head: i === 0 })));
}

/* Below each figure: one that is not told, and below that what is not known. */
const sizeOf = (x) => (isNumber(x) ? x : x === null || x === undefined ? -2 : -1);

export function sorted(rows, { value, number }, down) {
    const order = number ? (a, b) => sizeOf(value(a)) - sizeOf(value(b))
        : (a, b) => String(value(a) ?? '').localeCompare(String(value(b) ?? ''), 'en', { numeric: true });
    return [...rows].sort((a, b) => (down ? order(b, a) : order(a, b)));
}

/* Figures begin with the largest, names with the first; then the other way round, then as it was. */
function next(order, { key, number }) {
    const first = Boolean(number);
    if (order?.key !== key)
        return { key, down: first };
    return order.down === first ? { key, down: !first } : null;
}

function Head({ columns, order, sort }) {
    return h('thead', { role: 'rowgroup' }, h('tr', { role: 'row' }, columns.map((column) => h('th', {
        key: column.key, scope: 'col', role: 'columnheader',
        class: classesOf(column).join(' '),
        'aria-sort': order?.key !== column.key ? undefined : order.down ? 'descending' : 'ascending',
    }, sort ? h('button', { type: 'button', class: 'sort', onClick: () => sort(next(order, column)) }, column.label) : column.label))));
}

export function Table({ caption, columns, rows, foot = [], rowKey, cards = false, tall = false }) {
    const [order, sort] = useState(null);
    const by = columns.find(({ key }) => key === order?.key);
    const shown = by ? sorted(rows, by, order.down) : rows;
    const table = h('table', { role: 'table', class: cards ? 'cards' : '' },
        h('caption', { class: 'hidden' }, caption),
        h(Head, { columns, order: by && order, sort: rows.length > 1 && sort }),
        h('tbody', { role: 'rowgroup' }, shown.map((row, i) => h(Row, { key: rowKey?.(row, i) ?? i, columns, row }))),
        foot.length > 0 && h('tfoot', { role: 'rowgroup' },
            foot.map((row, i) => h(Row, { key: i, columns, row, class: row.class }))));
    return tall
        ? h('div', { class: 'tall', tabIndex: 0, role: 'region', 'aria-label': caption }, table)
        : table;
}
