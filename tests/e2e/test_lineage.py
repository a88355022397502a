"""Proofs across the life of a store: keys replaced, revoked and lost, records replaced, erased and pruned."""
import base64
import hashlib
import json
import os
import re
import shutil
import sys

from lib import SOURCE, combined, cretula, equal, main, read, records, write
from test_outside import outside

sys.path.insert(0, os.path.join(SOURCE, 'tests/vectors'))
import life
import verify

PART = b'c2sp.org/tlog-proof@v1\n'
MARK = '\u2014'.encode()


def by_python(text, anchor):
    """What verify.py says of a proof: its facts, or None."""
    try:
        check = verify.check_growth if text.startswith(verify.GROWTH_PROOF) else verify.check_proof
        return check(text, verify.parse_anchor(anchor))
    except (ValueError, verify.Bad):
        return None


def verdict(text, anchor):
    """The report of cretula-verify, None if it refuses; verify.py must agree."""
    write('proof', text)
    done = outside('--proof', 'proof', '--anchor', anchor, '--json')
    found, third = json.loads(done.stdout), by_python(text, anchor)
    equal(done.returncode, 0 if third else 1, f'{found} {third}')
    if third is None:
        equal([f['code'] for f in found['findings']], ['E_PROOF'])
        return None
    if 'line' in found:
        equal((found['stream'], found['record'], found['line'].encode()), third)
    else:
        equal((found['stream'], found['old'], found['new']), third)
    return found


def prove(record, code=0, stream='s'):
    return cretula('prove', '--store', 'store', '--stream', stream, '--record', record, code=code)


def entries(stream='s'):
    return [json.loads(line) for line in read(f'store/streams/{stream}/chain.jsonl').splitlines()]


def auditor():
    line = read('store/streams/cretula.store/chain.jsonl').splitlines()[0]
    return f'{json.loads(line)["log"]} sha256:{hashlib.sha256(line).hexdigest()}'


# ---- what happens to keys, and to records ----

KEY = ('key', 'rekey', '--store', 'store')


def rekey():
    cretula(*KEY, '--all', code=0)


def rekey_by_recovery():
    for stream in ('s', 'cretula.store'):
        os.remove(f'store.keys/{stream}/log.key')
        cretula(*KEY, '--stream', stream, '--recovery', 'recovery', code=0)


def change_recovery():
    cretula(*KEY, '--key', 'recovery', '--all', '--new-recovery-out', 'next', '--recovery', 'recovery', code=0)
    os.replace('next', 'recovery')


def revoke():
    """The key before the one in force, of each chain, from the note on that it handed over with."""
    rekey()
    for stream in ('s', 'cretula.store'):
        last = [e for e in entries(stream) if e['type'] == 'rekey' and e['key'] == 'log'][-1]
        cretula('key', 'revoke', '--store', 'store', '--stream', stream, '--vkey', last['old'], '--from', last['i'] + 1,
                '--recovery', 'recovery', code=0)


def lose_keys():
    shutil.rmtree('store.keys')
    cretula('recover', '--store', 'store', '--stream', 's', '--accept-loss', '--reason', 'burned', '--recovery', 'recovery',
            code=0)


LIVES = [('no change', None), ('rekey', rekey), ('rekey of lost keys', rekey_by_recovery), ('revoke', revoke),
         ('a new recovery key', change_recovery), ('rekey by the new one', rekey_by_recovery), ('recover', lose_keys),
         ('rekey again', rekey)]
LINES = 8
PLAIN, REPLACED, ERASED = 1, 3, 5


def load(number):
    write('log', ''.join(combined(n, target=f'/index.html?n={number}', size=100 * number + n) for n in range(LINES)).encode())
    cretula('import', '--store', 'store', '--stream', 's', '--format', 'apache-combined', 'log', code=0)
    for command, record, more in (('rescrub', REPLACED, ('--drop', 'path')), ('erase', ERASED, ())):
        cretula('subject', command, '--store', 'store', '--stream', 's', '--record', number * LINES + record,
                '--reason', 'asked', *more, code=0)


def test_lives_and_kinds():
    """Each kind of record, sealed before and behind each change of keys: proved, or said why not, at the end of it all."""
    cretula('key', 'create', '--keys', 'store.keys', '--recovery-out', 'recovery', code=0)
    early = []
    for number, (_, change) in enumerate(LIVES):
        if change:
            change()
        load(number)
        early.append(prove(number * LINES + PLAIN).out)
    anchor = auditor()
    cretula('verify', '--store', 'store', '--anchor', anchor, code=0)
    shown = iter(records('store'))
    lines = {n: next(shown) for n in range(LINES * len(LIVES)) if n % LINES != ERASED}
    for number, (claim, _) in enumerate(LIVES):
        for kind in (0, PLAIN, REPLACED, LINES - 1):
            record = number * LINES + kind
            found = verdict(prove(record).out, anchor)
            equal((found['record'], json.loads(found['line']), found['replaced']),
                  (record, lines[record], kind == REPLACED), f'{claim}, {kind}')
        error = prove(number * LINES + ERASED, code=66).err
        assert re.search(r'erased by entry \d+ of 20.*reason: asked.*"~erased":"', error), error
        equal(verdict(early[number], anchor)['record'], number * LINES + PLAIN, f'{claim}: made at the time')
    grown(anchor)


def grown(anchor):
    """Consistency from each note to the newest, and from the first to each."""
    for stream in ('s', 'cretula.store'):
        top = len(entries(stream))
        for old, new in [*((n, top) for n in range(1, top, 3)), *((1, n) for n in range(2, top, 3))]:
            text = cretula('prove', '--store', 'store', '--stream', stream, '--consistency', old, '--to', new, code=0).out
            found = verdict(text, anchor)
            equal((found['old'], found['new'], found['anchored']), (old, new, True))


# ---- the life of a store that another program wrote ----

def lived(**how):
    """(root, shop, auditor's line) of a store by tests/vectors/life.py."""
    shutil.rmtree('store', ignore_errors=True)
    return (*life.make_life('store', **how), auditor())


def split(leaves):
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    return leaves[:k], leaves[k:]


def inclusion(leaves, index):
    """PATH of RFC 9162, 2.1.3.1."""
    if len(leaves) == 1:
        return []
    left, right = split(leaves)
    if index < len(left):
        return [*inclusion(left, index), verify.tree_root(right)]
    return [*inclusion(right, index - len(left)), verify.tree_root(left)]


def part(writer, index, size=None):
    """The part for an entry of a chain, under the note of a size."""
    leaves = [hashlib.sha256(b'\0' + line).digest() for line in writer.lines[:size]]
    rows = [base64.b64encode(value) + b'\n' for value in inclusion(leaves, index)]
    note = read(f'store/streams/{writer.name}/cp/{len(leaves):08}.note')
    return PART + b'extra %s\nindex %d\n%s\n' % (base64.b64encode(writer.lines[index]), index, b''.join(rows)) + note


def changes(shop):
    facts = [json.loads(line) for line in shop.lines]
    return [n for n, entry in enumerate(facts) if n == 0 or entry['type'] == 'rekey' or 'log' in entry and n]


def parts_behind(root, shop):
    """From the `stream` entry on."""
    return [part(root, 1), part(root, 0), *(part(shop, n, n + 1) for n in changes(shop))]


def test_life():
    """Every record of a store that nothing of cretula wrote; and the text is that which another program makes."""
    root, shop, anchor = lived()
    replaced, erased, pruned, unsealed = 30, (28,), range(45, 50), range(52, 58)
    for record in range(58):
        if record in erased or record in pruned or record in unsealed:
            said = 'erased by' if record in erased else 'pruned' if record in pruned else 'no signed segment'
            assert said in prove(record, code=66, stream='shop').err
            continue
        text = prove(record, stream='shop').out
        equal(verdict(text, anchor)['replaced'], record == replaced, record)
        head, rest = text.split(PART, 1)
        own = [part(shop, n) for n in ((4 if record == replaced else 2), 19)[:1 + (record == replaced)]]
        if record < 25:
            equal(PART + rest, b''.join([*own, *parts_behind(root, shop)]))
        assert head.startswith(b'cretula record proof v1\n')


def test_parts_tampered():
    """Each part of the proof of a replaced record left out, doubled, moved, damaged, or that of another place."""
    root, shop, anchor = lived()
    text = prove(30, stream='shop').out
    head, *parts = [PART * bool(n) + piece for n, piece in enumerate(text.split(PART))]
    kinds = [json.loads(base64.b64decode(piece.split()[2]))['type'] for piece in parts]
    equal(kinds, 'segment redact stream genesis genesis rekey rekey rekey rekey recover'.split())
    rows = [('no parts', head)]
    for n, kind in enumerate(kinds):
        rows += [(f'{kind} left out', b''.join([head, *parts[:n], *parts[n + 1:]])),
                 (f'{kind} twice', b''.join([head, *parts[:n + 1], *parts[n:]]))]
        if n + 1 < len(parts):
            rows.append((f'{kind} moved', b''.join([head, *parts[:n], parts[n + 1], parts[n], *parts[n + 2:]])))
        for at in range(len(PART), len(parts[n]), 211):
            row = parts[n][parts[n].rfind(b'\n', 0, at + 1) + 1:].split(b'\n')[0]
            if b'/epoch/' not in row:
                damaged = parts[n][:at] + bytes([parts[n][at] ^ 1]) + parts[n][at + 1:]
                rows.append((f'{kind} damaged at {at}', b''.join([head, *parts[:n], damaged, *parts[n + 1:]])))
        lines = parts[n].splitlines(True)
        signed = [i for i, row in enumerate(lines) if row.startswith(MARK) and b'/epoch/' not in row]
        assert signed, kind
        rows.append((f'{kind} not signed', b''.join([head, *parts[:n], *(row for i, row in enumerate(lines) if i not in signed),
                                                     *parts[n + 1:]])))

    def instead(n, other):
        return b''.join([head, *parts[:n], other, *parts[n + 1:]])
    found = changes(shop)
    rows += [
        ('the redact entry before', instead(1, part(shop, 18))),
        ('the genesis of the store twice', instead(4, parts[3])),
        ('the genesis of the stream twice', instead(3, parts[4])),
        ('another segment', instead(0, part(shop, 2))),
        ('another entry', instead(0, part(shop, 1))),
        ('a change under a later note', instead(5, part(shop, found[1]))),
        ('a change that is none', instead(5, part(shop, 18, 19))),
        ('a genesis of the stream under the note of a later key', instead(4, part(shop, 0))),
        ('changes of the stream as those of the store', b''.join([head, *parts[:4], *parts[5:]])),
        ('more parts than there may be', text + parts[-1] * 64),
    ]
    equal([claim for claim, changed in rows if verdict(changed, anchor)], [])


FORGERIES = [
    ('a rekey without the new key', {'sign': lambda e, seeds: seeds[:1] if is_rekey(e) else seeds}),
    ('a rekey without the old key', {'sign': lambda e, seeds: seeds[1:] if is_rekey(e) else seeds}),
    ('a rekey that the new key does not prove', {'lie': lambda e: is_rekey(e) and e.update(proof=wrong())}),
    ('a rekey of another key', {'lie': lambda e: is_rekey(e) and e.update(old=e['new'])}),
    ('a rekey by another recovery key', {'lie': lambda e: is_rekey(e, True) and e.update(recovery=wrong())}),
    ('a new recovery key by another one',
     {'lie': lambda e: e['type'] == 'rekey' and e['key'] == 'recovery' and 'recovery' in e and e.update(recovery=wrong())}),
    ('a lost key without the recovery key', {'lie': lambda e: is_loss(e) and e.pop('recovery')}),
    ('a lost key by another recovery key', {'lie': lambda e: is_loss(e) and e.update(recovery=wrong())}),
    ('a lost key that signs', {'sign': lambda e, seeds: [b'x' * 32] if is_loss(e) else seeds}),
]


def is_rekey(entry, recovered=False):
    return entry['type'] == 'rekey' and entry['key'] == 'log' and ('recovery' in entry) == recovered


def is_loss(entry):
    return entry['type'] == 'recover' and 'log' in entry


def wrong():
    return base64.b64encode(bytes(64)).decode()


def test_forged_changes():
    """Keys that were replaced without right: no proof is made, and one that another program makes is refused."""
    for claim, how in FORGERIES:
        root, shop, anchor = lived(**how)
        said = prove(0, stream='shop', code=1)
        equal(said.out, b'', claim)
        equal(verdict(head_of(shop, 0) + part(shop, 2) + b''.join(parts_behind(root, shop)), anchor), None, claim)
    root, shop, anchor = lived()
    assert verdict(head_of(shop, 0) + part(shop, 2) + b''.join(parts_behind(root, shop)), anchor)


def head_of(shop, record):
    """The first text of a proof, of a record of segment 1."""
    lines, nodes, leaves, _ = shop.sealed[1]
    rows = b''.join(base64.b64encode(value) + b'\n' for value in inclusion(leaves, record))
    extra = base64.b64encode(verify.Salts(nodes).salt(record) + lines[record])
    return b'cretula record proof v1\nextra %s\nindex %d\n%s\n' % (extra, record, rows)


if __name__ == '__main__':
    main()
