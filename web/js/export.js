/* Tables as files: made here, of what is shown. */

/* A program that opens CSV takes some beginnings for formulas; RFC 4180 has no word for that, an apostrophe does. */
function cell(value) {
    if (value === null || value === undefined)
        return '';
    let text = typeof value === 'object' ? JSON.stringify(value) : String(value);
    if (typeof value === 'string' && /^[=+\-@\t\r]/.test(text))
        text = `'${text}`;
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/* columns: [{ key, value(row) }]. */
export function csv(columns, rows) {
    const lines = [columns.map((column) => cell(column.key))];
    for (const row of rows)
        lines.push(columns.map((column) => cell(column.value(row))));
    return lines.map((line) => line.join(',')).join('\r\n') + '\r\n';
}

export function json(columns, rows) {
    const objects = rows.map((row) =>
        Object.fromEntries(columns.map((column) => [column.key, column.value(row) ?? null])));
    return JSON.stringify(objects, null, 1) + '\n';
}

export function save(name, type, content) {
    const url = URL.createObjectURL(new Blob([content], { type }));
    const anchor = document.createElement('a');
    anchor.href = url;
    anchor.download = name;
    anchor.click();
    setTimeout(() => URL.revokeObjectURL(url), 10000);
}
