/* What was checked, with what result; and what was not. */
import { h } from '../../vendor/preact.js';
import { ago, count, micros } from '../format.js';
import { Copy, Icon, Time } from '../parts.js';
import { Table } from '../table.js';
import { w } from '../words.js';

/* How each state of a verification looks. */
const LOOKS = {
    good: ['good', 'good'], warnings: ['warn', 'warn'], bad: ['bad', 'bad'], incomplete: ['warn', 'warn'],
    running: ['wait', 'plain'], unknown: ['warn', 'warn'],
};

function When({ verified, now }) {
    if (!verified.at)
        return w.verdict.never;
    return [w.verdict.by[verified.by] ?? w.verdict.by.serve, ' ', h(Time, { at: verified.at }), ' UTC',
        h('span', { class: 'fresh' }, `, ${ago(verified.at, now)}`),
        verified.took_ms === undefined ? '' : w.verdict.took(micros(1000 * verified.took_ms)), '. ',
        w.verdict.findings(count(verified.errors), count(verified.warnings))];
}

/* Names of streams whose lines lay somewhere unmasked before they were read, by where. */
function rawStreams(trust) {
    const found = {};
    for (const { name, raw_at_rest: raw } of trust.streams)
        if (raw && raw !== 'none')
            (found[raw] ??= []).push(name);
    return found;
}

/* Sentences on what this verification cannot say; those that do not apply are left out. */
function limits(trust, tier) {
    const list = [w.limits.page, w.limits.before];
    for (const [where, names] of Object.entries(rawStreams(trust)))
        list.push(w.limits.raw(names.join(', '), w.raw[where] ?? where));
    list.push(w.limits.asserted, w.limits.open, w.limits.rollback);
    if (trust.verified.state === 'incomplete')
        list.unshift(w.limits.incomplete);
    if (trust.deletions.some(({ kind }) => kind !== 'destroy'))
        list.push(w.limits.deleted);
    if (tier === 'analyst' || tier === 'public')
        list.push(w.limits.tier);
    return list;
}

function Findings({ findings }) {
    const columns = [
        { key: 'code', label: w.verdict.code, value: (row) => row.code, class: 'token' },
        { key: 'stream', label: w.stream, value: (row) => row.stream },
        { key: 'text', label: w.verdict.text, value: (row) => row.text, class: 'key' },
    ];
    return findings.length > 0 && h(Table, { caption: w.verdict.list, columns, rows: findings, cards: true });
}

/* In a whole sentence, where there is one. */
function plain(line) {
    const named = w.limits.named.find(([begins]) => line.startsWith(begins));
    return named ? named[1](line.slice(named[0].length)) : line;
}

/* What the verification itself says that it could not look at. */
function Unchecked({ lines }) {
    return lines.length > 0 && h('li', null, w.limits.said,
        h('ul', { class: 'dots' }, lines.map((text) => h('li', { key: text }, plain(text)))));
}

export function Verdict({ trust, tier }) {
    const { verified } = trust;
    const untold = verified.errors + verified.warnings - verified.findings.length;
    const [icon, look] = LOOKS[verified.state] ?? LOOKS.unknown;
    const checked = verified.state === 'good' || verified.state === 'warnings';
    return h('section', { class: `panel verdict ${look}` },
        h('div', { class: 'said', role: 'status' }, h('span', { class: 'mark' }, h(Icon, { name: icon })),
            h('div', null, h('h2', null, w.verdict.states[verified.state]),
                h('p', null, h(When, { verified, now: trust.now })))),
        verified.state === 'bad' && h('p', { class: 'next' }, w.verdict.next),
        h(Findings, { findings: verified.findings }),
        untold > 0 && h('p', { class: 'quiet' }, w.verdict.untold(untold)),
        h('div', { class: 'two' },
            h('div', null, h('h3', null, checked ? w.checked.title : w.checked.would),
                h('ul', { class: checked ? 'ticks' : 'dots' }, w.checked.list.map((text) => h('li', { key: text }, text)))),
            h('div', null, h('h3', null, w.limits.title),
                h('ul', { class: 'dots' }, limits(trust, tier).map((text) => h('li', { key: text }, text)),
                h(Unchecked, { lines: verified.not_checked })))));
}

/* How to check it oneself, with the one line that names the store. */
export function Anchor({ trust }) {
    const { anchor, size, hash } = trust.store;
    return h('section', { class: 'panel anchor' },
        h('header', null, h('h2', null, w.anchor.title)),
        h('p', null, w.anchor.lead),
        h(Copy, { text: anchor, label: w.anchor.copy }),
        h('p', null, w.anchor.run),
        h(Copy, { text: `cretula-verify --store DIR --anchor '${anchor}'`, label: w.anchor.copyCommand }),
        h('p', { class: 'quiet' }, w.anchor.head(count(size)), ' ', h('code', null, hash)));
}
