"""retain.quarantine: sealed lines go before the records that hold them, and the records stay."""
import base64
import hashlib
import json
import os
import shutil
import subprocess

from lib import (CRETULA, Skip, combined, cretula, equal, is_testing_build, lines_of, main, reach, read, records, verify_py,
                 wait_for, write)

STREAM = 'store/streams/s'
SEG = STREAM + '/seg'
BAD = b'erika.mustermann wrote line %d of %d\n'


def clock(time):
    os.environ['CRETULA_CLOCK'] = time


def entries(type_, kind=None):
    rows = map(json.loads, lines_of(STREAM + '/chain.jsonl'))
    return [row for row in rows if row['type'] == type_ and kind in (None, row.get('kind'))]


def done():
    return [row['text'] for row in entries('config', kind='quarantine')]


def good():
    ours, theirs = cretula('verify', '--store', 'store'), verify_py('store')
    for code, out in (ours.code, ours.text), (theirs.returncode, theirs.stdout.decode()):
        equal(code, 0, out)
        assert 'W_' not in out, out


def configure(terms='{detail: 30d, quarantine: 14d}', more=''):
    if not is_testing_build():
        raise Skip('a build without an injected clock')
    public = cretula('key', 'pair', '--out', 'secret', '--json', code=0).json['public']
    write('c.yaml', f'quarantine_key: {public}\nstore: store\nstreams:\n  s:\n    retain: {terms}\n{more}'.encode())


def october(days, bad=3, long=b''):
    """A segment for each day of October 2026, with so many lines that nobody can read (of when they came); then it is the 30th."""
    for day in days:
        clock(f'2026-10-{day:02}T23:59:00Z')
        rows = [combined(n, client=f'203.0.113.{n}').replace('24/Nov/2025', f'{day:02}/Oct/2026').encode() for n in range(9)]
        rows[4:4] = [BAD % (n, day) for n in range(bad)] + ([long + b'\n'] if long else [])
        write(f'log{day}', b''.join(rows))
        cretula('import', '--config', 'c.yaml', '--store', 'store', '--stream', 's', '--format', 'combined', f'log{day}',
                code=3 if bad > 9 else 0)
    clock('2026-10-30T12:00:00Z')


def retain(*options, code=0, env=None):
    return cretula('retain', '--config', 'c.yaml', '--store', 'store', *options, code=code, env=env)


def held():
    """By segment: what its skeletons hold."""
    return [line['line'] for line in cretula('quarantine', 'list', '--store', 'store', '--stream', 's', '--json', code=0).json['lines']]


def reported():
    """Of the report for auditors: the terms, and segments whose lines are late."""
    cretula('evidence', '--report', '--store', 'store', '--config', 'c.yaml', '--out', 'paper', code=0)
    of = next(s['retain'] for s in json.loads(read('paper/report.json'))['streams'] if s['name'] == 's')
    shutil.rmtree('paper')
    return of['rule'], of['due_lines_segments']


def test_lines_go_and_records_stay():
    """Those of before the 16th are over, then those of the 16th; a record keeps all else, its count and its time, and nothing is done twice."""
    configure()
    october((5, 16, 17), long=b'x' * 20000)
    before = records('store')
    dry = retain('--dry-run', '--json').json['streams'][0]
    equal({k: dry['lines'][k] for k in ('rule', 'due_segments', 'due_at_most', 'taken')},
          {'rule': 'quarantine 14d', 'due_segments': 1, 'due_at_most': 5, 'taken': 0})
    equal((dry['prune']['segments'], done()), (0, []))
    assert 'quarantine 14d: would take at most 5 sealed lines of 1 segment' in retain('--dry-run').text
    clock('2026-10-31T00:00:00Z')
    out = retain('--json', '--by', 'keeper').json['streams'][0]['lines']
    equal((out['taken'], out['segments'], len(out['entries'])), (10, 2, 2), out)
    equal(done(), ['[[1,2]] 10 quarantine 14d'])
    equal([(row['seg'], row['reason'], row['by'], len(row['items'])) for row in entries('redact')],
          [(1, 'quarantine 14d', 'keeper', 5), (2, 'quarantine 14d', 'keeper', 5)])
    report, = entries('report')
    equal((report['kind'], report['result']), ('retain', 0))
    equal(held(), ['gone'] * 8 + ['held'] * 4)
    after = records('store')
    for row in before[:28]:
        if 'extra' in row:
            row['extra'] = {k: v for k, v in row['extra'].items() if k in ('line_bytes', 'line_part')}
    equal(after, before)
    equal([row['extra'] for row in after if row.get('state') == 'unparsed'][:5],
          [{'line_bytes': 34}] * 3 + [{'line_bytes': 20000}, {'line_part': 2}])
    good()
    chain = read(STREAM + '/chain.jsonl')
    assert retain('--json').json['streams'][0]['lines']['due_segments'] == 0
    equal(read(STREAM + '/chain.jsonl'), chain)


def test_files_keep_no_line():
    """What was sealed is in no file that is left, and what comes back out of a backup is found."""
    configure()
    october((5,))
    box = records('store')[4]
    shutil.copytree(SEG, 'backup')
    equal(reported(), ('detail 30d, quarantine 14d', 1))
    retain()
    equal(reported(), ('detail 30d, quarantine 14d', 0))
    equal(sorted(os.listdir(SEG)), ['00000001.idx', '00000001.r1.jsonl.zst', '00000001.r1.salt'])
    assert box['extra']['line'] not in cretula('view', '--store', 'store', '--stream', 's', code=0).text
    good()
    for name in '00000001.jsonl.zst', '00000001.salt':
        shutil.copy(f'backup/{name}', f'{SEG}/{name}')
    found = cretula('verify', '--store', 'store', '--json', code=1).json['findings']
    theirs = verify_py('store').stdout.decode()
    for code in 'E_TOMBSTONED_RECORD_PRESENT', 'E_ERASED_SALT_PRESENT':
        assert any(f['code'] == code for f in found) and code in theirs, (code, found, theirs)
    retain()  # nothing is over, and nobody opened the stream


def test_more_than_an_entry_takes():
    """900 lines of one segment: three entries, each of another revision."""
    configure()
    october((5,), bad=900)
    out = retain('--json').json['streams'][0]['lines']
    equal((out['taken'], out['segments'], len(out['entries'])), (900, 1, 3))
    equal(set(held()), {'gone'})
    good()


def test_holds_keep_lines():
    """A held segment keeps its lines, the others lose theirs; once it is released they go."""
    configure()
    october((5, 6, 7))
    cretula('hold', 'add', 'case-7', '--store', 'store', '--stream', 's', '--since', '2026-10-06T00:00:00Z', '--until',
            '2026-10-07T00:00:00Z', '--reason', 'a court', code=0)
    out = retain('--json').json['streams'][0]['lines']
    equal((out['taken'], out['segments'], out['held_segments'], out['held_at_most']), (6, 2, 1, 3))
    equal(done(), ['[[1,1],[3,3]] 6 quarantine 14d'])
    equal(held(), ['gone'] * 3 + ['held'] * 3 + ['gone'] * 3)
    good()
    cretula('hold', 'release', 'case-7', '--store', 'store', '--stream', 's', '--reason', 'settled', code=0)
    retain()
    equal((done()[1:], set(held())), (['[[2,2]] 3 quarantine 14d'], {'gone'}))
    good()


def test_room_for_who_asks():
    """Half of what a .salt may have is used up: lines stay with their records, and who asks is erased yet."""
    configure()
    october((5,))
    salt = f'{SEG}/00000001.salt'
    node = base64.b64decode(read(salt).split()[2])
    rows = [(32, 2**20 + 2 * i, b'x' * 16) for i in range(32740)]  # behind the records, in front of what replaces them
    for level in range(1, 13):
        halves = hashlib.sha256(b'cretula salt v1\0' + node).digest()
        node = halves[:16]
        if level == 1:
            rows.append((1, 1, halves[16:]))
    rows.insert(0, (12, 0, node))
    os.chmod(salt, 0o600)
    write(salt, b''.join(b'%d %d %s\n' % (level, at, base64.b64encode(n)) for level, at, n in rows))
    out = retain(code=3)
    assert "half of its salts' room is used up" in out.err, out.err
    equal((held(), entries('redact'), done()), (['held'] * 3, [], []))
    cretula('subject', 'erase', '--store', 'store', '--stream', 's', '--record', '0', '--reason', 'asked', code=0)
    equal((len(records('store')), len(entries('redact'))), (11, 1))


def test_no_term_and_no_line():
    """Without a term of their own, or one as long as the records', lines go with these; without lines none is looked for twice."""
    configure('{detail: 30d}')
    october((5,))
    equal(retain('--json').json['streams'][0]['lines']['due_segments'], 0)
    equal((held(), done()), (['held'] * 3, []))
    assert 'retain.quarantine' not in cretula('check', '--config', 'c.yaml', code=0).err
    write('c.yaml', b'store: store\nstreams: {s: {retain: {detail: 30d, quarantine: 14d}}}\n')
    shutil.rmtree('store')
    shutil.rmtree('store.keys')
    assert 'stream s: retain.quarantine is the term of lines' in cretula('check', '--config', 'c.yaml', code=0).err
    october((6,))  # there is no key: nothing was held
    retain()
    equal((done(), entries('redact')), (['[[1,1]] 0 quarantine 14d'], []))
    equal(retain('--json').json['streams'][0]['lines']['due_segments'], 0)
    write('c.yaml', b'store: store\nstreams: {s: {retain: {detail: 30d, quarantine: 31d}}}\n')
    assert 'detail: shorter than quarantine' in retain(code=78).err
    good()


def test_replayed():
    """A line that was replayed goes like the others, and what it became stays."""
    configure()
    clock('2026-10-20T12:00:00Z')
    one, two = (combined(n).replace('24/Nov/2025', '20/Oct/2026').encode() for n in (1, 2))
    write('a.log', (b'shop.example:443 ' + one) * 3 + two + b'127.0.0.1 is no line\n')
    cretula('import', '--config', 'c.yaml', '--store', 'store', '--stream', 's', '--format', 'apache-vhost-combined', 'a.log',
            code=0)
    cretula('quarantine', 'replay', '--config', 'c.yaml', '--store', 'store', '--stream', 's', '--secret', 'secret', '--format',
            'apache-combined', code=0)
    clock('2026-11-04T12:00:00Z')
    retain()
    equal([row.get('state') for row in records('store')], [None] * 3 + ['unparsed'] * 2 + [None])
    equal(held(), ['replayed', 'gone'])
    good()


def test_crash_at_every_step():
    """A death at each durable step in turn: the next run goes on; twice is once, and what stays is what it was."""
    configure()
    october((5,), bad=1)
    steps, code = 0, 99
    while code != 0:
        steps += 1
        code = retain(code=None, env={'CRETULA_FAULT': str(steps)}).code
        if steps % 16 == 0:
            retain('--dry-run')
    assert steps > 10, steps
    equal([row['seg'] for row in entries('redact')], [1])
    equal({row.split()[0] for row in done()}, {'[[1,1]]'})
    equal((len(records('store')), set(held())), (10, {'gone'}))
    good()


def test_full_disk_half_way():
    """No room for the next revision: nothing of it stays, and it is tried again."""
    configure()
    october((5,))
    chain = read(STREAM + '/chain.jsonl')
    for step in range(1, 40):
        run = retain(code=None, env={'CRETULA_FAULT': f'{step}:28'})
        if run.code == 0:
            break
        assert run.code in (3, 74, 78), run.err
    if read(STREAM + '/chain.jsonl') == chain:
        raise AssertionError('nothing was done')
    retain()
    equal(set(held()), {'gone'})
    good()


def test_run():
    """The daemon does it while it takes lines, in its own stream, and says so in its log and in its chain."""
    configure(more=f'    input: {{ unix-stream: "{os.getcwd()}/s.sock" }}\n    format: combined\n')
    october((5,), bad=1600)  # five entries: more than one look
    daemon = subprocess.Popen([CRETULA, 'run', '--config', 'c.yaml'], stderr=subprocess.PIPE)
    with reach('s.sock') as s:
        s.sendall(b''.join(combined(n).encode() for n in range(20)) + b'no line\n')
        wait_for(done)
    daemon.terminate()
    said = daemon.communicate()[1].decode()
    equal(daemon.returncode, 0, said)
    assert 'taken by quarantine 14d: ' in said, said
    equal([row.split(' ', 1)[0] for row in done()], ['[[1,1]]'])
    equal(sum(len(row['items']) for row in entries('redact')), 1600)
    equal((held().count('gone'), held().count('held')), (1600, 1))
    good()


def test_run_passes_over_what_is_stuck():
    """A segment that somebody wrote into keeps its lines and is told of once, however often a daemon has more to do in others."""
    configure(more=f'    input: {{ unix-stream: "{os.getcwd()}/s.sock" }}\n    format: combined\n')
    october((5,))
    october((6,), bad=1600)  # five entries: more than one look
    path = f'{SEG}/00000001.jsonl.zst'
    text = subprocess.run(['zstd', '-dc', path], stdout=subprocess.PIPE, check=True).stdout
    write('t', text.replace(b'"status":200', b'"status":599', 1))
    os.chmod(path, 0o600)
    subprocess.run(['zstd', '-qf', 't', '-o', path], check=True)
    daemon = subprocess.Popen([CRETULA, 'run', '--config', 'c.yaml'], stderr=subprocess.PIPE)
    wait_for(done)
    daemon.terminate()
    said = daemon.communicate()[1].decode()
    equal(daemon.returncode, 0, said)
    equal(said.count('sealed lines that are over stay: '), 1, said)
    assert 'stay: segment 1: ' in said, said
    equal([row.split(' ', 1)[0] for row in done()], ['[[2,2]]'])
    equal([(row['kind'], row['result']) for row in entries('report') if row['kind'] == 'retain'], [('retain', 3)] * 2)
    equal({row['seg'] for row in entries('redact')}, {2})


if __name__ == '__main__':
    main()
