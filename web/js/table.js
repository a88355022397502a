/* Tables: figures to the right, bars behind keys, cards where there is little room. */
import { h } from '../vendor/preact.js';

/*
 * columns: { key, label, show(row), value(row), number, bar(row) (0 to 1), wide (left out in narrow panels) }.  Roles
 * are written out: as cards the rows are no table to a browser any more.
 */
function Cell({ column, row, head }) {
    const classes = [column.number && 'number', column.wide && 'wide', column.bar && 'barred', column.class]
        .filter(Boolean).join(' ');
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

export function Table({ caption, columns, rows, foot = [], rowKey, cards = false, tall = false }) {
    const head = columns.map((column) => h('th', {
        key: column.key, scope: 'col', role: 'columnheader', title: column.title,
        class: [column.number && 'number', column.wide && 'wide'].filter(Boolean).join(' '),
    }, column.label));
    const table = h('table', { role: 'table', class: cards ? 'cards' : '' },
        h('caption', { class: 'hidden' }, caption),
        h('thead', { role: 'rowgroup' }, h('tr', { role: 'row' }, head)),
        h('tbody', { role: 'rowgroup' }, rows.map((row, i) => h(Row, { key: rowKey?.(row, i) ?? i, columns, row }))),
        foot.length > 0 && h('tfoot', { role: 'rowgroup' },
            foot.map((row, i) => h(Row, { key: i, columns, row, class: row.class }))));
    return tall
        ? h('div', { class: 'tall', tabIndex: 0, role: 'region', 'aria-label': caption }, table)
        : table;
}
