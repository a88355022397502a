"""view --reverse: the same records as without it, the newest first, wherever they lie."""
import os
import random
import shutil
import signal
import subprocess

from lib import CRETULA, cretula, equal, is_taken, main, read, verify_py, wait_for, write

VIEW = ['view', '--store', 'store', '--stream', 's', '--numbers', '--as', 'json']
SKIP = 'store/skip/s'
N = 9000  # records of a segment, which are two frames


def lines(day, first, past):
    """Of one day, some rare values among them; each with a number of its own."""
    rnd = random.Random(first)
    return ''.join(f'203.0.{i % 7}.{i % 200} - - [{day}/Nov/2025:{10 + i // 3600 % 12}:{i // 60 % 60:02d}:{i % 60:02d} +0000] '
                   f'"GET /shop/{rnd.choice(["index", "search", "about"])} HTTP/1.1" {599 if i % 4001 == 0 else rnd.choice([200, 304, 404])} {i} "-" '
                   '"curl/8.5.0"\n' for i in range(first, past)).encode()


def imported(*days):
    for number, day in enumerate(days):
        write('log', lines(day, number * N, (number + 1) * N))
        cretula('import', '--store', 'store', '--stream', 's', '--format', 'combined', 'log', code=0)


def start():
    return subprocess.Popen([CRETULA, 'pipe', '--store', 'store', 's', '--format', 'combined'], stdin=subprocess.PIPE,
                            stderr=subprocess.PIPE, bufsize=0)


def end(process):
    said = process.communicate(timeout=120)[1].decode()
    equal(process.returncode, 0, said)


def shown(*options):
    return cretula(*VIEW, *options, code=0)


WHERE = [[], ['--where', 'status == 599'], ['--where', 'bytes >= 8990 && bytes < 9010'], ['--where', 'path ~= bou && status == 404'],
         ['--where', 'bytes == 17'], ['--where', 'status >= 0'], ['--where', 'status == 777']]
WINDOWS = [[], ['--since', '2025-11-24T12:00:00Z'], ['--until', '2025-11-26T10:00:09Z'],
           ['--since', '2025-11-24T12:29:00Z', '--until', '2025-11-26T10:00:03Z'], ['--since', '2025-11-27T00:00:00Z']]


def same(claim):
    """With and without --reverse the same records, and the same is said of what is left out."""
    for where in WHERE:
        for window in WINDOWS:
            there = shown(*where, *window)
            want = there.out.splitlines()
            for jobs in ([], ['--jobs', '1']):
                back = shown('--reverse', *where, *window, *jobs)
                equal((back.out.splitlines(), back.err), (want[::-1], there.err), (claim, where, window, jobs))
            for limit in {1, len(want) // 3, len(want)} - {0}:
                equal(shown('--reverse', *where, *window, '--limit', limit).out.splitlines(), want[::-1][:limit], (claim, where, window, limit))


def test_the_same_records_the_other_way_round():
    """Of several segments and an open one, erased, replaced and pruned ones, with notes of searches and without."""
    imported('24', '25', '26')
    for command, record, more in (('erase', 0, ()), ('erase', 6000, ()), ('erase', N - 1, ()), ('rescrub', 2 * N, ('--drop', 'path')),
                                  ('erase', 2 * N + 700, ())):
        cretula('subject', command, '--store', 'store', '--stream', 's', '--record', record, '--reason', 'asked', *more, code=0)
    write('store/skip', b'in the way')
    same('without notes')
    os.unlink('store/skip')
    shown('--where', 'status == 599')
    same('with notes')
    for name, day in (('first', ('--until', '2025-11-25T00:00:00Z')), ('last', ('--since', '2025-11-26T00:00:00Z'))):
        cretula('hold', 'add', name, *day, '--store', 'store', '--stream', 's', '--reason', 'a court', code=0)
    write('c.yaml', b'store: store\nstreams:\n  s:\n    retain: {detail: 30d}\n')
    cretula('retain', '--store', 'store', '--config', 'c.yaml', code=0)
    equal(sorted(os.listdir('store/streams/s/seg')).count('00000002.jsonl.zst'), 0)
    process = start()
    process.stdin.write(lines('26', 3 * N, 4 * N))
    wait_for(lambda: is_taken(process.stdin) and shown().out.count(b'\n') == 3 * N - 4)
    numbers = [int(line.split(b'\t')[0]) for line in shown('--reverse').out.splitlines()]
    equal(numbers, [n for n in range(4 * N - 1, -1, -1) if not N <= n < 2 * N and n not in (0, 6000, N - 1, 2 * N + 700)])
    same('a gap, and an open segment')
    end(process)
    same('it is sealed')
    cretula('verify', '--store', 'store', code=0)


def test_frames_of_very_short_records():
    """More lines of a frame may be meant than are named one by one; with notes and without."""
    data = b''.join(b'2025-11-24 10:%02d:%02d %d\r\n' % (n // 60 % 60, n % 60, 404 if n % 3 == 0 else 200) for n in range(40000))
    write('log', b'#Fields: date time sc-status\r\n' + data)
    cretula('import', '--store', 'store', '--stream', 's', '--format', 'w3c', 'log', code=0)
    write('store/skip', b'in the way')
    for notes in False, True:
        for where in ([], ['--where', 'status >= 0'], ['--where', 'status == 200'], ['--where', 'status == 404 && time >= 2025-11-24T10:30:00Z']):
            there = shown(*where).out.splitlines()
            for jobs in 1, 3:
                equal(shown('--reverse', *where, '--jobs', jobs).out.splitlines() == there[::-1], True, (notes, where, jobs))
            equal(shown('--reverse', *where, '--limit', 13001).out.splitlines() == there[::-1][:13001], True, (notes, where))
        if not notes:
            os.unlink('store/skip')
            shown('--reverse', '--where', 'status == 777')


def test_what_is_pruned_while_it_is_read():
    """Its term was over: it is not there, as if it had been asked for a moment later, and that is no error."""
    write('c.yaml', b'store: store\nstreams:\n  s:\n    retain: {detail: 30d}\n')
    for options in ((), ('--reverse',), ('--where', 'status >= 0', '--jobs', '1')):
        imported('24', '25', '26')
        for name, day in (('first', ('--until', '2025-11-25T00:00:00Z')), ('last', ('--since', '2025-11-26T00:00:00Z'))):
            cretula('hold', 'add', name, *day, '--store', 'store', '--stream', 's', '--reason', 'a court', code=0)
        with subprocess.Popen([CRETULA, *VIEW, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as view:
            first = view.stdout.readline()  # it writes more than a pipe holds, and waits
            cretula('retain', '--store', 'store', '--config', 'c.yaml', code=0)
            assert not os.path.exists('store/streams/s/seg/00000002.jsonl.zst')
            numbers = [int(line.split(b'\t')[0]) for line in [first, *view.stdout]]
            equal((view.wait(120), view.stderr.read()), (0, b''), options)
        want = [*range(N), *range(2 * N, 3 * N)]
        equal(numbers, want[::-1] if '--reverse' in options else want, options)
        shutil.rmtree('store')
        shutil.rmtree('store.keys')


def test_notes_of_searches_are_the_same():
    """Whichever way the frames were read, byte by byte; a search that stops early makes none of its segment."""
    imported('24', '25')
    shown('--reverse', '--where', 'status == 599', '--limit', '1')
    equal(os.listdir(SKIP), [])
    shown('--reverse', '--where', 'status == 599', '--jobs', 3)
    back = {name: read(f'{SKIP}/{name}') for name in os.listdir(SKIP)}
    shutil.rmtree('store/skip')
    shown('--where', 'status == 599')
    equal(back, {name: read(f'{SKIP}/{name}') for name in os.listdir(SKIP)})
    equal(sorted(back), ['00000001', '00000002'])
    cretula('verify', '--store', 'store', code=0)
    equal(verify_py('store').returncode, 0)


def test_the_newest_are_read_first():
    """What is older is not looked at, however damaged; what is needed and is damaged is told."""
    imported('24', '25')
    newest = shown().out.splitlines()[::-1]
    names = [f'store/streams/s/seg/0000000{n}.jsonl.zst' for n in (1, 2)]
    good = read(names[1])
    for name in names:
        os.chmod(name, 0o640)
    write(names[0], b'nothing')
    write(names[1], bytes([good[0] ^ 1]) + good[1:])  # of its first frame
    equal(shown('--reverse', '--limit', 20).out.splitlines(), newest[:20])
    run = cretula(*VIEW, '--reverse')
    equal((run.code, 'frame 0 is damaged' in run.err), (1, True), run.err)
    write(names[1], good)
    run = cretula(*VIEW, '--reverse')
    equal((run.code, 'seg/00000001.jsonl.zst: no seek table' in run.err), (1, True), run.err)
    assert run.out.splitlines()[:5000] == newest[:5000]


def test_each_record_once_whatever_is_sealed():
    """While segments are cut and sealed: from some record on down to the first one, none twice, none left out."""
    rng = random.Random(5)
    process = start()
    most = at = 0
    for _ in range(20):
        past = at + rng.randrange(1, 400)
        process.stdin.write(lines('24', at, past))
        at = past
        wait_for(lambda: is_taken(process.stdin))
        process.send_signal(signal.SIGUSR1)
        for _ in range(3):
            run = cretula(*VIEW, '--reverse', code=None)
            if run.code == 66:  # there is no stream yet
                continue
            equal(run.code, 0, run.err)
            numbers = [int(line.split(b'\t')[0]) for line in run.out.splitlines()]
            assert len(numbers) >= most, (len(numbers), most)
            most = len(numbers)
            equal(numbers, list(range(most - 1, -1, -1)))
    end(process)
    equal(len(shown('--reverse').out.splitlines()), at)


main()
