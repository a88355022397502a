"""cretula hold: what it names stays; cretula retain: what is over its term goes, with a signed entry."""
import json
import os
import subprocess
import sys

from lib import SOURCE, combined, cretula, equal, main, read, write

STREAM = 'store/streams/s'
SEG = STREAM + '/seg'


def entries(kind, stream='s'):
    rows = map(json.loads, read(f'store/streams/{stream}/chain.jsonl').decode().splitlines())
    return [row for row in rows if row['type'] == kind]


def good():
    """cretula verify and the independent script find nothing wrong."""
    ours = cretula('verify', '--store', 'store')
    script = os.path.join(SOURCE, 'tests/vectors/verify.py')
    theirs = subprocess.run([sys.executable, script, 'store'], capture_output=True, check=False)
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
        (('release', 'case-7', '--since', '-7d'), 2, 'released as a whole'),
        (('give', 'case-7'), 2, "'give': list, add ID or release ID"),
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


main()
