"""cretula prove and verify --proof: one record, proved to somebody who has nothing else."""
import base64
import os
import resource

from lib import combined, cretula, equal, main, make_log, read, verify_py, write
from test_outside import outside

PART = b'c2sp.org/tlog-proof@v1\n'


def make(lines=3000, name='s', store='store'):
    """A store of one stream; returns its auditor's line."""
    write('log', make_log(lines, seed=lines))
    out = cretula('import', '--store', store, '--stream', name, '--format', 'auto', 'log', code=0)
    return next(' '.join(line.split()[1:]) for line in (out.err + out.text).splitlines() if 'auditor' in line)


def prove(record, name='s', store='store', code=0):
    return cretula('prove', '--store', store, '--stream', name, '--record', record, code=code)


def python(*args):
    return verify_py(*args)


def verdict(text, anchor=None):
    """Exit code of the two programs and of verify.py, which must agree, E_PROOF where it is 1."""
    write('proof', text)
    with_anchor = ['--anchor', anchor] if anchor else []
    ours = cretula('verify', '--proof', 'proof', *with_anchor)
    theirs = outside('--proof', 'proof', *with_anchor)
    third = python('--proof', 'proof', *with_anchor)
    equal((theirs.returncode, theirs.stdout), (ours.code, ours.out))
    equal(third.returncode, ours.code, f'verify.py says {third.stdout!r} {third.stderr!r}, cretula {ours.text}')
    if ours.code == 1:
        assert b'E_PROOF' in ours.out and b'E_PROOF' in third.stdout
    return ours.code


def test_every_place():
    """First, last, and both sides of each border: the record is the one that view shows."""
    anchor = make(9000)
    shown = cretula('view', '--store', 'store', '--stream', 's', '--as', 'json', code=0).out.splitlines()
    for record in (0, 1, 255, 256, 257, 4095, 4096, 8191, 8192, 8959, 8960, len(shown) - 1):
        proof = prove(record).out
        equal(verdict(proof, anchor), 0, record)
        found = cretula('verify', '--proof', 'proof', '--json', code=0).json
        equal((found['line'].encode(), found['record'], found['stream']), (shown[record], record, 's'))
    prove(len(shown), code=66)


def test_siblings_stay_hidden():
    """No line of another record, and no other salt, is in a proof."""
    make(600)
    shown = cretula('view', '--store', 'store', '--stream', 's', '--as', 'json', code=0).out.splitlines()
    text = prove(300).out
    extras = [base64.b64decode(line.split()[1]) for line in text.splitlines() if line.startswith(b'extra ')]
    inside = b'\n'.join(extras)
    equal([i for i, line in enumerate(shown) if line in inside and line != shown[300]], [])
    assert extras[0][16:] == shown[300] and inside.count(b'{"time"') == 1
    seed = base64.b64decode(read('store/streams/s/seg/00000001.salt').split()[2])
    assert seed not in inside


def test_each_part_is_a_tlog_proof():
    make(50)
    parts = prove(7).out.split(PART)
    equal(len(parts), 4)
    assert parts[0].startswith(b'cretula record proof v1\n')
    assert all(part.startswith(b'extra ') and part.count('\u2014'.encode()) == 2 for part in parts[1:])


def swap(text, i, change):
    lines = text.splitlines(keepends=True)
    lines[i] = change(lines[i])
    return b''.join(lines)


def test_tampering():
    """Row 62: any other text is refused, by all three verifiers."""
    anchor = make(3000)
    good, other = prove(1234).out, prove(1235).out
    lines = good.splitlines(keepends=True)
    equal(verdict(good, anchor), 0)
    parts, others = good.split(PART), other.split(PART)
    second = make(2000, store='second')
    foreign = prove(77, store='second').out.split(PART)
    unsigned = [i for i, line in enumerate(lines) if line.startswith('\u2014'.encode())]
    rows = [
        ('index + 1', good.replace(b'index 1234\n', b'index 1235\n')),
        ('index of the entry', swap(good, next(i for i, x in enumerate(lines) if x == b'index 1\n'),
                                    lambda _: b'index 2\n')),
        ('a hash missing', b''.join(lines[:5] + lines[6:])),
        ('a hash twice', b''.join(lines[:5] + lines[4:])),
        ('two hashes swapped', b''.join(lines[:4] + [lines[5], lines[4]] + lines[6:])),
        ('another record', swap(good, 1, lambda _: other.splitlines(keepends=True)[1])),
        ('another record and index', PART.join([others[0].replace(b'index 1235', b'index 1234'), *parts[1:]])),
        ('the segment of another store', PART.join([parts[0], foreign[1], *parts[2:]])),
        ('the stream of another store', PART.join([*parts[:2], foreign[2], parts[3]])),
        ('the genesis of another store', PART.join([*parts[:3], foreign[3]])),
        ('no log signature', b''.join(x for i, x in enumerate(lines) if i != unsigned[0])),
        ('no signature of the store', b''.join(x for i, x in enumerate(lines) if i != unsigned[2])),
        ('a part missing', PART.join(parts[:3])),
        ('a part twice', PART.join([*parts, parts[3]])),
        ('no record', PART.join(parts[1:])),
        ('an empty file', b''),
        ('more behind', good + b'x\n'),
        ('cut', good[:-1]),
        ('huge', good + b'\n' * 524288),
    ]
    for claim, text in rows:
        assert text != good, claim
        equal(verdict(text, anchor), 1, claim)
    equal(verdict(good, second), 1, 'the anchor of another store')
    equal(outside('--proof', 'nowhere').returncode, 66)
    equal(outside('--proof', 'proof', '--store', 'store').returncode, 2)


def test_flips():
    """Each byte of a proof, one bit turned: never good, or the same record (spare lines of unknown keys)."""
    anchor = make(40)
    good = prove(3).out
    epoch = [i for i, line in enumerate(good.splitlines()) if b'/epoch/' in line and '\u2014'.encode() in line]
    starts, at = [], 0
    for i, line in enumerate(good.splitlines(keepends=True)):
        if i in epoch:
            starts.append((at, at + len(line)))
        at += len(line)
    for at in range(0, len(good), 37):
        if any(first <= at < end for first, end in starts):
            continue
        write('proof', good[:at] + bytes([good[at] ^ 1]) + good[at + 1:])
        done = outside('--proof', 'proof', '--anchor', anchor)
        equal(done.returncode, 1, f'byte {at}')


def test_damaged_store():
    """What does not verify is not proved."""
    make(600)
    path = 'store/streams/s/seg/00000001.idx'
    good = read(path)
    write(path, good[:-1] + bytes([good[-1] ^ 1]))
    prove(5, code=1)
    write(path, good)
    prove(5)
    path = 'store/streams/s/seg/00000001.salt'
    good = read(path)
    write(path, b'0 0 ' + base64.b64encode(b'x' * 16) + b'\n')
    prove(5, code=1)
    write(path, good)
    os.unlink('store/streams/s/seg/00000001.jsonl.zst')
    assert prove(5, code=None).code in (1, 66)


def test_damaged_segment():
    """A bit turned anywhere in the compressed file or its table: the true record, or no proof."""
    anchor = make(700)
    path = 'store/streams/s/seg/00000001.jsonl.zst'
    good, proof = read(path), prove(650).out
    places = [*range(0, len(good), len(good) // 25), *range(len(good) - 30, len(good))]
    for at in places:
        write(path, good[:at] + bytes([good[at] ^ 4]) + good[at + 1:])
        run = prove(650, code=None)
        assert run.code == 1 or run.out == proof, f'byte {at}: {run.code} {run.err}'
    for size in (0, 1, 16, 17, 100, len(good) - 1):
        write(path, good[:size])
        prove(650, code=1)
    equal(verdict(proof, anchor), 0)


def test_usage():
    make(20)
    for args in ([], ['--store', 'store'], ['--store', 'store', '--stream', 's'],
                 ['--store', 'store', '--stream', 's', '--record', 'x'],
                 ['--store', 'store', '--stream', 'S!', '--record', '1']):
        cretula('prove', *args, code=2)
    cretula('prove', '--store', 'nowhere', '--stream', 's', '--record', 0, code=66)
    cretula('prove', '--store', 'store', '--stream', 't', '--record', 0, code=66)


def busy_s():
    """Of processor, by all that was run."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_uneven_lines():
    """Lines of very different length: the place is found all the same, and soon."""
    def line(n):
        return combined(n % 80000, target='/a' if n < 40000 else f'/b?{"&".join(f"k{i}={n}" for i in range(40))}')
    write('log', ''.join(map(line, range(60000))).encode())
    cretula('import', '--store', 'store', '--stream', 's', '--format', 'auto', 'log', code=0)
    for record in (0, 10000, 39999, 40000, 45000, 59999):
        start = busy_s()
        write('proof', prove(record).out)
        spent = busy_s() - start
        cretula('verify', '--proof', 'proof', code=0)
        assert spent < 5, f'{spent:.2f} s for record {record}'


if __name__ == '__main__':
    main()
