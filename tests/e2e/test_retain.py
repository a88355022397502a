"""cretula hold: what it names stays; cretula retain: what is over its term goes, with a signed entry."""
import hashlib
import json
import os
import shutil
import subprocess
from unittest import mock

from lib import (CRETULA, Skip, combined, cretula, equal, is_testing_build, last_flush, lines_of, main, open_lines, reach, read, tree_bytes,
                 verify_py, wait_for, write)

STREAM = 'store/streams/s'
SEG = STREAM + '/seg'


def entries(kind, stream='s'):
    rows = map(json.loads, lines_of(f'store/streams/{stream}/chain.jsonl'))
    return [row for row in rows if row['type'] == kind]


def good():
    """cretula verify and the independent script find nothing wrong."""
    ours = cretula('verify', '--store', 'store')
    theirs = verify_py('store')
    for code, out in (ours.code, ours.text), (theirs.returncode, theirs.stdout.decode()):
        equal(code, 0, out)
        assert 'W_' not in out, out


def make(days, lines=20):
    """A segment for each day of October 2026 that is named, by imports."""
    for day in days:
        rows = [combined(n, client=f'203.0.113.{n}', status=500 if (day, n) == (7, 3) else 200) for n in range(lines)]
        write(f'log{day}', ''.join(rows).replace('24/Nov/2025', f'{day:02}/Oct/2026').encode())
        cretula('import', '--store', 'store', '--stream', 's', '--format', 'combined', f'log{day}', code=0)


def hold(what, *options, code=0, reason='a court'):
    more = ('--reason', reason) if reason and what != 'list' else ()
    return cretula('hold', what, *options, '--store', 'store', *(('--stream', 's') if what != 'list' else ()), *more, code=code)


def test_hold():
    """A hold names segments by time and filter; nothing of them is erased before it is released."""
    make((5, 6, 7, 8))
    out = hold('add', 'case-7', '--where', 'status >= 500', '--until', '2026-11-01T00:00:00Z', '--by', 'legal', '--json').json
    equal(out, {'stream': 's', 'hold': 'case-7', 'entry': 9, 'segments': 1, 'records': 20})
    entry, = entries('hold')
    equal((entry['segs'], entry['mask_epochs'], entry['reason'], entry['by'], 'onward' in entry),
          ([[3, 3]], {}, 'a court', 'legal', False))
    out = hold('add', 'case-8', '--since', '2026-10-06T00:00:00Z', '--expires', '2099-01-01T00:00:00Z').text
    equal(out, 'hold case-8 of stream s: 3 segments, 60 records, and all that come; entry 10\n')
    equal((entries('hold')[1]['segs'], entries('hold')[1]['onward']), ([[2, 4]], 5))
    good()
    listed = hold('list', '--json').json['holds']
    equal([(h['stream'], h['hold'], h['segments'], h['records'], h.get('onward'), h.get('until'), h['reason']) for h in listed],
          [('s', 'case-7', 1, 20, None, None, 'a court'), ('s', 'case-8', 3, 60, 5, '2099-01-01T00:00:00.000Z', 'a court')])
    erase = ('subject', 'erase', '--store', 'store', '--stream', 's', '--reason', 'x', '--record')
    assert 'hold case-8 is on it' in cretula(*erase, 21, code=78).err
    hold('release', 'case-8', reason='settled')
    cretula(*erase, 21, code=0)
    assert 'hold case-7 is on it' in cretula(*erase, 41, code=78).err
    assert 'case-7' in hold('list').text and 'case-8' not in hold('list').text
    hold('release', 'case-7', reason='settled')
    equal(hold('list').text, 'no hold is in force\n')
    cretula(*erase, 41, code=0)
    good()


def test_hold_refusals():
    """Nothing to hold, a name in force, no reason, somebody's address in it: an error, and nothing is written."""
    make((5,))
    hold('add', 'case-7')
    before = read(STREAM + '/chain.jsonl')
    rows = (
        (('add', 'case-8', '--until', '2026-10-01T00:00:00Z'), 66, 'there is nothing to hold'),
        (('add', 'case-8', '--where', 'status == 418', '--until', '2026-11-01T00:00:00Z'), 66, 'and matches'),
        (('add', 'case-7'), 66, 'hold case-7 is in force already'),
        (('add', 'Case 8'), 2, 'a hold is named by'),
        (('add',), 2, 'which hold?'),
        (('add', 'case-8', '--where', 'nothing == 1'), 2, 'column 1'),
        (('add', 'case-8', '--expires', '2020-01-01T00:00:00Z'), 2, 'a time to come'),
        (('add', 'case-8', '--by', 'erika@example.org'), 2, '--by: there seems to be an identifier in it (email)'),
        (('release', 'case-9'), 66, 'no hold case-9 is in force'),
        (('release', 'case-7', '--since', '-7d'), 2, '--since does not go with hold release'),
        (('give', 'case-7'), 2, "no action 'give': add, list or release"),
    )
    for options, code, text in rows:
        err = hold(*options, code=code).err
        assert text in err, (options, err)
    assert '--reason TEXT is needed' in hold('add', 'case-8', code=2, reason='').err
    assert 'identifier' in hold('add', 'case-8', code=2, reason='letter of 203.0.113.9').err
    cretula('hold', 'add', 'a', '--store', 'store', '--stream', 't', '--reason', 'x', code=66)
    cretula('hold', 'list', '--store', 'nowhere', code=66)
    assert not os.path.exists('nowhere')
    equal(read(STREAM + '/chain.jsonl'), before)
    good()


def test_a_hold_behind_the_end_of_a_key():
    """What was destroyed before a hold, by whoever writes another stream, or dies before it says so, is not said to be held."""
    if not is_testing_build():
        raise Skip('a build without an injected clock')
    rows = ''.join(combined(n, client=f'203.0.113.{n}') for n in range(5)).encode()

    def pipe(stream, day, fault=''):
        env = {'CRETULA_CLOCK': f'2026-10-{day:02}T12:00:00Z', **({'CRETULA_FAULT': fault} if fault else {})}
        return cretula('pipe', stream, '--store', 'store', '--format', 'combined', stdin=rows, env=env).code
    equal([pipe('s', 5), pipe('t', 5)], [0, 0])
    for day in range(6, 25):
        equal(pipe('t', day), 0)  # which destroys the week of s
    with mock.patch.dict(os.environ, CRETULA_CLOCK='2026-10-24T13:00:00Z'):
        hold('add', 'case-7')
    equal([(e['type'], e.get('what')) for e in entries('hold') + entries('destroy')],
          [('hold', None), ('destroy', '2026-10-05'), ('destroy', '2026-W41')])
    assert max(e['i'] for e in entries('destroy')) < entries('hold')[0]['i']
    with mock.patch.dict(os.environ, CRETULA_CLOCK='2026-10-24T14:00:00Z'):
        good()
        equal(pipe('s', 25), 0)
        good()
        equal(len(entries('destroy')), 2)


# ---- retain ----

CONFIG = b'store: store\nstreams:\n  s:\n    retain: {detail: 30d}\n'


def retain(*options, code=0, env=None):
    return cretula('retain', '--store', 'store', '--config', 'c.yaml', *options, code=code, env=env)


def october(*days, lines=20):
    """Imports of those days, made on the 20th; then it is the 6th of November: what is of the 7th or before is over."""
    if not is_testing_build():
        raise Skip('a build without an injected clock')
    write('c.yaml', CONFIG)
    clock('2026-10-20T12:00:00Z')
    make(days, lines)
    clock('2026-11-06T12:00:00Z')


def clock(time):
    os.environ['CRETULA_CLOCK'] = time


def view():
    out = cretula('view', '--store', 'store', '--stream', 's', '--numbers', code=0).text
    return [int(row.split('\t')[0]) for row in out.splitlines()]


def kept(*segments):
    """Exactly the files of those are there."""
    equal(sorted(os.listdir(SEG)), sorted(f'{n:08}.{kind}' for n in segments for kind in ('idx', 'jsonl.zst', 'salt')))


def test_plan():
    """What goes is said before it goes, and when; nothing is changed by that, and no key is asked for."""
    october(5, 6, 7, 8)
    cretula('subject', 'erase', '--store', 'store', '--stream', 's', '--reason', 'x', '--record', 65, code=0)
    os.rename('store.keys', 'away')
    before = read(STREAM + '/chain.jsonl')
    plan, = retain('--dry-run', '--json').json['streams']
    assert plan['prune'].pop('bytes') > 500
    equal([plan[key] for key in ('stream', 'rule', 'dry_run', 'now', 'prune', 'holds', 'next_at', 'entries')],
          ['s', 'detail 30d', True, '2026-11-06T12:00:00.000Z', {'segments': 3, 'records': 60}, [], '2026-11-07T00:01:00.000Z', []])
    equal([plan[key]['segments'] for key in ('keep', 'held', 'gone')] + [plan['keep']['records']], [1, 0, 0, 19])
    text = retain('--dry-run', '--now', '+1d').text
    assert text.startswith('s (detail 30d): would prune 4 segments, 79 records, '), text
    assert 'would prune 0 segments' in cretula('retain', '--store', 'store', '--dry-run', code=0).text  # 90 days
    equal(read(STREAM + '/chain.jsonl'), before)
    equal(len(os.listdir(SEG)), 4 * 3)


def test_prune():
    """What is over goes, behind its entry; what is held stays until it is released; proofs and both verifiers hold."""
    october(5, 6, 7, 8)
    hold('add', 'case-7', '--since', '2026-10-06T00:00:00Z', '--until', '2026-10-07T00:00:00Z')
    proof = cretula('prove', '--store', 'store', '--stream', 's', '--record', 5, code=0).out
    out = retain('--by', 'ops', '--json').text
    plan, = json.loads(out)['streams']
    equal([plan[key]['segments'] for key in ('prune', 'held', 'keep', 'gone')] + [plan['holds'], plan['entries']],
          [2, 1, 1, 0, ['case-7'], [10]])
    entry, = entries('prune')
    equal((entry['segs'], entry['rule'], entry['cutoff'], entry['by']),
          ([[1, 1], [3, 3]], 'detail 30d', '2026-10-07T12:00:00.000Z', 'ops'))
    report, = entries('report')
    equal((report['kind'], report['result'], report['hash']),
          ('retain', 0, hashlib.sha256(out[len('{"streams":['):-len(']}\n')].encode()).hexdigest()))
    kept(2, 4)
    equal(view(), [*range(20, 40), *range(60, 80)])
    good()
    write('proof', proof)
    equal(cretula('verify', '--proof', 'proof', '--json', code=0).json['record'], 5)
    assert 'pruned' in cretula('prove', '--store', 'store', '--stream', 's', '--record', 5, code=66).err
    chain = read(STREAM + '/chain.jsonl')
    assert 'over, and held: 1 segment' in retain().text
    equal(read(STREAM + '/chain.jsonl'), chain, 'applied twice')
    hold('release', 'case-7')
    retain()
    kept(4)
    equal([entry['segs'] for entry in entries('prune')], [[[1, 1], [3, 3]], [[2, 2]]])
    good()
    aside = [(row['type'], row['name']) for row in entries('head', 'cretula.store')]
    equal(aside[-1], ('head', 's'))


def test_what_was_counted():
    """Counts of few subjects go with the records under them; sums stay, and are not lost by counting again."""
    october(5, 8, lines=5)
    stats = ('stats', '--store', 'store', '--stream', 's', '--json', '--since', '2026-10-05T00:00:00Z', '--until')
    before = cretula(*stats, '2026-10-06T00:00:00Z', code=0).json
    plan, = retain('--json').json['streams']
    assert plan['folded'] > 0
    after = cretula(*stats, '2026-10-06T00:00:00Z', code=0).json
    equal((before['records'], after['records']), (5, 0))
    equal(after['traffic']['total'], before['traffic']['total'])
    equal([(cell.get('key'), cell['requests']) for cell in before['traffic']['top']['path'] + after['traffic']['top']['path']],
          [('/index.html', 5), (None, 5)])
    assert 'pruned' in cretula('stats', '--store', 'store', '--stream', 's', '--rebuild', code=3).err
    write('c.yaml', CONFIG.replace(b'30d', b'30d, aggregates: 31d'))
    clock('2026-11-06T23:00:00Z')  # the 5th has gone, but of the 8th the records are there
    assert retain('--json').json['streams'][0]['expired'] > 0
    equal(cretula(*stats, '2026-10-09T00:00:00Z', code=0).json['traffic']['total']['requests'], 5)
    assert retain('--json').json['streams'][0]['expired'] == 0
    equal(len(entries('report')), 2)
    good()


def test_what_was_counted_beside_what_stays():
    """A hold keeps the counts of its own records only; what says that it is of the future keeps none."""
    october(5, 6, 7, lines=5)
    write('log', b''.join(combined(n).encode().replace(b'24/Nov/2025', b'09/Oct/2099') for n in range(5)))
    clock('2026-10-20T12:00:00Z')
    cretula('import', '--store', 'store', '--stream', 's', '--format', 'combined', 'log', code=0)
    clock('2027-03-06T12:00:00Z')
    hold('add', 'case-7', '--since', '2026-10-06T00:00:00Z', '--until', '2026-10-07T00:00:00Z')

    def paths(day):
        out = cretula('stats', '--store', 'store', '--stream', 's', '--json', '--since', f'{day}T00:00:00Z', '--until',
                      f'{day[:-2]}{int(day[-2:]) + 1:02}T00:00:00Z', code=0).json
        return [cell.get('key') for cell in out['traffic']['top']['path']]

    days = '2026-10-05', '2026-10-06', '2026-10-07', '2099-10-09'
    equal([paths(day) for day in days], [['/index.html']] * 4)
    retain()
    kept(2)
    equal([paths(day) for day in days], [[None], ['/index.html'], [None], [None]])
    hold('release', 'case-7')
    retain()
    equal([paths(day) for day in days], [[None]] * 4)
    good()


def test_crash_at_every_step():
    """A death at each durable step in turn: the next run goes on, and nothing that stays is touched."""
    october(5, 6, 8)
    steps, code = 0, 99
    while code != 0:
        steps += 1
        code = retain(code=None, env={'CRETULA_FAULT': str(steps)}).code
        if steps % 8 == 0:
            cretula('verify', '--store', 'store', code=0 if not os.path.exists(SEG + '/00000001.idx') or not entries('prune') else 1)
    assert steps > 10, steps
    equal([entry['segs'] for entry in entries('prune')], [[[1, 2]]])
    kept(3)
    equal(view(), list(range(40, 60)))
    good()


def test_what_comes_back_is_found():
    """Files of a pruned segment from a backup, and of a record that was erased: cases 26, 29 and 30 of the verifier."""
    october(5, 6, 7, 8)
    shutil.copytree(SEG, 'backup')
    retain()
    cretula('subject', 'erase', '--store', 'store', '--stream', 's', '--reason', 'x', '--record', 61, code=0)
    good()
    rows = (('00000001.jsonl.zst', 'E_PRUNED_STILL_PRESENT'), ('00000002.salt', 'E_PRUNED_STILL_PRESENT'),
            ('00000003.idx', 'E_PRUNED_STILL_PRESENT'), ('00000004.jsonl.zst', 'E_TOMBSTONED_RECORD_PRESENT'),
            ('00000004.salt', 'E_ERASED_SALT_PRESENT'))
    for name, _ in rows:
        shutil.copy(f'backup/{name}', f'{SEG}/{name}')
    found = cretula('verify', '--store', 'store', '--json', code=1).json['findings']
    theirs = verify_py('store')
    equal(theirs.returncode, 1, theirs)
    for name, code in rows:
        assert any(f['code'] == code and f['segment'] == int(name[:8]) for f in found), (name, found)
        assert code in theirs.stdout.decode(), (name, theirs)
    for name in '00000004.jsonl.zst', '00000004.salt':
        os.unlink(f'{SEG}/{name}')
    retain()  # as a start does
    good()


def test_what_is_refused():
    """A clock that is a day off, a stream of another file, another writer, no store: said, and nothing goes."""
    october(5, 8)
    before = read(STREAM + '/chain.jsonl')
    assert 'behind the newest entry' in retain(code=78, env={'CRETULA_CLOCK': '2026-10-19T11:00:00Z'}).err
    assert '--by: there seems to be an identifier in it' in retain('--by', 'erika@example.org', code=2).err
    assert '--now is of --dry-run' in retain('--now', '+9d', code=2).err
    assert 'neither RFC 3339' in retain('--dry-run', '--now', 'soon', code=2).err
    assert 'has no stream t' in cretula('retain', '--store', 'store', '--stream', 't', code=66).err
    assert 'is no store' in cretula('retain', '--store', 'nowhere', code=66).err
    write('c.yaml', CONFIG.replace(b'  s:', b'  t:'))
    out = retain()
    assert 'stream s: c.yaml does not have it; nothing of it goes' in out.err and out.text == '', out
    write('c.yaml', CONFIG.replace(b'30d', b'30'))
    assert 'c.yaml:4:22: retain.detail must be a duration' in retain(code=78).err
    write('c.yaml', CONFIG)
    os.rename('store.keys', 'away')
    retain(code=78)
    os.rename('away', 'store.keys')
    equal(read(STREAM + '/chain.jsonl'), before)
    kept(1, 2)


def test_the_store_of_somebody_else():
    """With keys of another store nothing is pruned, held, released or erased: a finding, and every byte stays."""
    october(5, 8)
    cretula('import', '--store', 'other', '--stream', 's', '--format', 'combined', 'log8', code=0)
    hold('add', 'case-7', '--since', '2026-10-08T00:00:00Z')
    here = ('--store', 'store', '--keys', 'other.keys')
    before = tree_bytes('store', 'other', 'other.keys')
    reason = ('--stream', 's', '--reason', 'x')
    for args in (('retain', '--config', 'c.yaml'), ('hold', 'add', 'case-8', *reason), ('hold', 'release', 'case-7', *reason),
                 ('subject', 'erase', '--record', '1', *reason), ('subject', 'rescrub', '--record', '1', '--drop', 'path', *reason)):
        run = cretula(*args, *here, code=1)
        assert 'an older copy, or another: these keys have signed an entry 2 that is not in it' in run.err, (args, run.err)
        equal(tree_bytes('store', 'other', 'other.keys'), before, args)
    retain()
    kept(2)


def test_a_full_disk_half_way():
    """No space at each step in turn, of a pruning and of an erasure: old or new, all that stays is what it was, and the next run completes it."""
    october(5, 6, 8)
    erase = ('subject', 'erase', '--store', 'store', '--stream', 's', '--reason', 'x', '--record', '41,50')
    for what, gone in (('retain', lambda: entries('prune')), ('erase', lambda: entries('redact'))):
        failed, n, code = 0, 0, 74
        while code != 0:
            n += 1
            fault = {'CRETULA_FAULT': f'{n}:28'}
            run = retain(code=None, env=fault) if what == 'retain' else cretula(*erase, env=fault)
            code, failed = run.code, failed + (run.code == 74)
            assert code in (0, 3, 74, 78), (what, n, code, run.err)
            assert code == 0 or 'No space left' in run.err, (what, n, code, run.err)
            if not gone():
                equal(len(view()), 60 if what == 'retain' else 20, (what, n))
        assert failed > 3, (what, n, failed)
        equal(len(gone()), 1, what)
        retain()
        good()
    kept_revision = sorted(os.listdir(SEG))
    equal((view(), kept_revision), ([n for n in range(40, 60) if n not in (41, 50)],
                                    ['00000003.idx', '00000003.r1.jsonl.zst', '00000003.r1.salt']))


def test_the_moment_at_which_a_hold_is_over():
    """Entries have whole milliseconds: within that of its end a hold is in force, as verify will have it."""
    october(5)
    hold('add', 'case-7', '--until', '2026-10-06T00:00:00Z', '--expires', '2026-11-06T13:00:00Z')
    for time, segments in ('00.000900', (1,)), ('00.001000', ()):
        clock(f'2026-11-06T13:00:{time}Z')
        retain()
        kept(*segments)
    good()


def test_what_lies_in_the_place_of_files():
    """A folder keeps the others from nothing; that salts have another name, in a copy of links, is said."""
    october(5, 6, 7)
    os.link(SEG + '/00000002.salt', 'copy')
    for name in ('00000001.idx', '00000002.jsonl.zst'):
        os.unlink(f'{SEG}/{name}')
        os.mkdir(f'{SEG}/{name}')
    os.mkdir(SEG + '/00000001.idx/x')
    assert 'had another name' in retain().err
    equal(os.listdir(SEG), ['00000001.idx'])
    assert 'E_PRUNED_STILL_PRESENT' in cretula('verify', '--store', 'store', code=1).text
    shutil.rmtree(SEG + '/00000001.idx')
    good()


def test_one_stream_stops_no_other():
    """A folder that is no stream, in front of one: it is said, and what is over goes."""
    october(5)
    os.mkdir('store/streams/a')
    out = cretula('retain', '--store', 'store', '--json', code=66, env={'CRETULA_CLOCK': '2027-02-01T00:00:00Z'})
    assert 'stream a: ' in out.err, out.err
    equal([(s['stream'], s['prune']['segments']) for s in out.json['streams']], [('s', 1)])
    kept()


def metrics():
    with reach('metrics.sock') as s:
        s.sendall(b'GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
        return b''.join(iter(lambda: s.recv(65536), b'')).decode()


def test_run():
    """The daemon takes away what is over while it takes lines, seals that it did, and has it in its metrics."""
    october(5, 6, 7, 8)
    hold('add', 'case-7', '--since', '2026-10-06T00:00:00Z', '--until', '2026-10-07T00:00:00Z')
    more = f'    archive: {{to: nowhere}}\n    input: {{ unix-stream: "{os.getcwd()}/s.sock" }}\n    format: combined\nmetrics: "unix:{os.getcwd()}/metrics.sock"\n'
    write('c.yaml', CONFIG + more.encode())
    daemon = subprocess.Popen([CRETULA, 'run', '--config', 'c.yaml'], stderr=subprocess.PIPE)
    with reach('s.sock') as s:
        s.sendall(b''.join(combined(n).encode() for n in range(50)))
        wait_for(lambda: 'cretula_pruned_segments_total{stream="s"} 2' in metrics())
        equal(len(entries('report')), 1)
        equal(retain().text, '')  # nothing is over that is not held: it is left to the daemon
        seen = metrics()
        for row in ('pruned_records_total{stream="s"} 40', 'held_segments{stream="s"} 1',
                    'last_retain_timestamp_seconds{stream="s"} 17'):
            assert f'cretula_{row}' in seen, (row, seen)
        # The daemon seals holds of what it writes, and what is released goes at its next look.
        equal(hold('add', 'case-8', '--json').json['segments'], 2)
        assert 'hold case-8 is in force already' in hold('add', 'case-8', code=66).err
        equal([h['hold'] for h in hold('list', '--json').json['holds']], ['case-7', 'case-8'])
        # The daemon has records of this time that it did not seal yet: they would not be held.
        assert 'not sealed yet' in hold('add', 'case-9', '--until', '2026-11-06T12:00:00Z', code=75).err
        # These, too, although their time is long before the last seal; and none is of another time or status.
        wait_for(lambda: last_flush()[1] == 50)
        november = '--since', '2025-11-24T00:00:00Z', '--until', '2025-11-25T00:00:00Z'
        assert 'not sealed yet' in hold('add', 'case-9', *november, code=75).err
        assert 'not sealed yet' in hold('add', 'case-9', *november, '--where', 'status == 200', code=75).err
        assert 'nothing to hold' in hold('add', 'case-9', *november, '--where', 'status == 418', code=66).err
        assert 'nothing to hold' in hold('add', 'case-9', '--since', '2025-11-23T00:00:00Z', '--until', november[1], code=66).err
        hold('release', 'case-8', '--by', 'legal', reason='settled "in" full')
        equal(entries('release')[0]['reason'], 'settled "in" full')
        s.sendall(b''.join(combined(n).encode() for n in range(50, 60)))
    wait_for(lambda: 'cretula_lines_total{stream="s"} 60' in metrics())
    daemon.terminate()
    said = daemon.communicate()[1].decode()
    equal(daemon.returncode, 0, said)
    assert 'pruned by detail 30d: 2 segments, 40 records; 1 more is held' in said, said
    assert '2 segments go that are not in the archive of the stream' in said, said
    equal([entry['segs'] for entry in entries('prune')], [[[1, 1], [3, 3]]])
    equal(view(), [*range(20, 40), *range(60, 140)])
    good()


def test_keys_of_what_is_open_at_midnight():
    """A hold that begins with a week names the keys of what the daemon has open since the week before, too."""
    october(5)
    more = f'    input: {{ unix-stream: "{os.getcwd()}/s.sock" }}\n    format: combined\n'
    write('c.yaml', CONFIG + more.encode())
    clock('2026-11-08T23:30:00Z')  # a Sunday
    daemon = subprocess.Popen([CRETULA, 'run', '--config', 'c.yaml'], stderr=subprocess.DEVNULL)
    with reach('s.sock') as s:
        s.sendall(b''.join(combined(n).encode() for n in range(50)))
        wait_for(lambda: open_lines() == 50)
        clock('2026-11-09T00:10:00Z')
        hold('add', 'case-7')
    daemon.terminate()
    equal(daemon.wait(), 0)
    entry, = entries('hold')
    equal((entry['onward'], entry['mask_epochs']), (2, {'day': ['2026-11-08..9999-12-31'], 'month': ['2026-11..9999-12'],
                                                        'week': ['2026-W45..9999-W52']}))
    segment, = [e for e in entries('segment') if e['seg'] == 2]
    equal((segment['n'], segment['mask_epochs']['ip']), (50, ['2026-W45']))


def test_pipe():
    """So does a pipe, and a hold from before keeps all of it."""
    october(5, 6)
    hold('add', 'case-7')
    pipe = [CRETULA, 'pipe', 's', '--config', 'c.yaml', '--format', 'combined']
    for gone in False, True:
        with subprocess.Popen(pipe, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            process.stdin.write(combined(1).encode())
            process.stdin.flush()
            if gone:
                wait_for(lambda: entries('report'))
                assert 'another cretula process is writing it' in hold('add', 'case-8', code=75).err
            process.stdin.close()
            equal(process.wait(), 0, process.stderr.read())
        equal(len(entries('prune')), gone)
        if not gone:
            hold('release', 'case-7')
    assert not os.path.exists(SEG + '/00000001.idx') and not os.path.exists(SEG + '/00000002.salt')
    good()


if __name__ == '__main__':
    main()
