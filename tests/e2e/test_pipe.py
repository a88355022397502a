"""pipe: lines as they come, committed, sealed, and there after a crash."""
import contextlib
import os
import random
import re
import signal
import subprocess
import time

from lib import (CRETULA, Skip, bare, combined, cretula, equal, is_taken, is_testing_build, last_flush, lines_of, main,
                 make_log, open_lines, read, records, segments, verify_py, wait_for, write)

LONG = os.environ.get('CRETULA_LONG') == '1'  # every step, not some
PIPE = [CRETULA, 'pipe', '--store', 'store', 's', '--format', 'combined']


def line(n):
    """Every line has a size of its own, so that a record lost or doubled is seen."""
    return combined(n // 7, client=f'10.{n % 250}.{n // 250 % 250}.9', size=n + 1000).encode()


def start(*options, **more):
    return subprocess.Popen([*PIPE, *options], stdin=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0, **more)


def end(process, code=0):
    """Close its input and wait; what it said."""
    said = process.communicate(timeout=120)[1].decode()
    equal(process.returncode, code, said)
    return said


def opened():
    return os.path.isdir('store/streams/s/open') and any(n.endswith('.tags') for n in os.listdir('store/streams/s/open'))


def reserved():
    """What a full disk leaves for the end of the segment is there, behind the first file."""
    name = 'store/streams/s/open/reserve'
    return os.path.exists(name) and os.path.getsize(name) == 1 << 20


def committed():
    """Flushes of the open segments."""
    folder, flushes = 'store/streams/s/open', 0
    for name in os.listdir(folder):
        with contextlib.suppress(FileNotFoundError):  # it was sealed just now
            flushes += read(os.path.join(folder, name)).count(b'\n') if name.endswith('.tags') else 0
    return flushes


def in_ratchet(behind=0):
    """Records that are committed of a segment behind that one."""
    segment, count = last_flush()
    return count if segment > behind else 0


def entries(stream='s'):
    import json
    return [json.loads(e) for e in lines_of(f'store/streams/{stream}/chain.jsonl')]


def sizes():
    return [r['bytes'] - 1000 for r in records('store')]


def good(count):
    """It verifies, twice, and what the entries count is what is there."""
    cretula('verify', '--store', 'store', '--strict', code=0)
    done = verify_py('store')
    equal(done.returncode, 0, done.stdout + done.stderr)
    equal(sum(e['n'] for e in segments('store')), count)
    for e in segments('store'):
        i = e['in']
        equal(i['lines'], i['parsed'] + i['partial'] + i['unparsed'] + i['counted'] + i['meta'] + i['joined'])
    flushes = 1
    for e in segments('store'):
        equal(e['tags']['g0'], flushes, 'flushes without gaps')
        flushes = e['tags']['g'] + 1
        equal(len(read(f'store/streams/s/seg/{e["seg"]:08}.tags').splitlines()), flushes - e['tags']['g0'])
    equal([n for n in os.listdir('store/streams/s/open') if n != 'reserve'], [])


def test_a_log_at_full_speed():
    log = make_log(20000)
    process = start()
    process.stdin.write(log)
    said = end(process)
    assert 'lines=20000 ' in said and 'records=20000 ' in said, said
    equal(len(records('store')), 20000)
    good(20000)
    equal([e['type'] for e in entries()], ['genesis', 'start', 'segment', 'stop'])
    equal(entries()[-1]['reason'], 'end')
    assert '20,000' in cretula('stats', '--store', 'store', '--stream', 's', code=0).text


def test_lines_that_come_slowly_are_committed_by_themselves():
    process = start()
    wait_for(opened)
    for n in range(5):
        process.stdin.write(line(n))
        time.sleep(0.1)
    wait_for(lambda: committed() > 0)  # without another line, a signal or an end; how soon, `./bench capture` shows
    process.stdin.write(line(5)[:40])  # half a line waits for its end
    time.sleep(1.6)
    process.stdin.write(line(5)[40:] + line(6)[:-1])  # and the last one needs none
    end(process)
    equal(sizes(), list(range(7)))
    good(7)


def test_the_open_segment_is_plain_and_has_nothing_raw():
    process = start()
    wait_for(opened)
    process.stdin.write(make_log(500))
    wait_for(lambda: open_lines('s') == 500)
    data = bare(read('store/streams/s/open/00000001.data'))
    for raw in (b'198.51.', b'erika', b'mustermann', b'user12', b'example.org', b'secret'):
        assert raw not in data, raw
    end(process)
    good(500)


def test_sigterm_drains_flushes_and_seals():
    process = start()
    wait_for(opened)
    process.stdin.write(b''.join(line(n) for n in range(300)))
    process.send_signal(signal.SIGTERM)
    equal(process.wait(timeout=120), 0)
    process.stdin.close()
    equal(sizes(), list(range(300)))
    good(300)
    equal(entries()[-1]['reason'], 'term')


def test_sigterm_does_not_wait_for_who_writes_on():
    """A file of half a gigabyte, or a writer without end: what was taken in is sealed, and it ends."""
    with open('long.log', 'wb') as log:
        block = b''.join(line(n) for n in range(4000))
        for _ in range(600):
            log.write(block)
    for endless in (True, False):
        feeder = endless and subprocess.Popen(['sh', '-c', 'while cat long.log; do :; done'], stdout=subprocess.PIPE,
                                              start_new_session=True)
        with open('long.log', 'rb') as whole:
            process = subprocess.Popen(PIPE, stdin=feeder.stdout if feeder else whole, stderr=subprocess.PIPE)
        wait_for(lambda: opened() and committed() > 0)
        process.send_signal(signal.SIGTERM)
        said = process.communicate(timeout=120)[1].decode()
        equal(process.returncode, 0, said)
        if feeder:
            feeder.stdout.close()
            os.killpg(feeder.pid, signal.SIGKILL)
            feeder.wait()
        cretula('verify', '--store', 'store', '--strict', code=0)


def test_sigusr1_seals_at_once():
    process = start()
    wait_for(opened)
    for n in range(3):
        process.stdin.write(line(n))
        wait_for(lambda: is_taken(process.stdin))
        process.send_signal(signal.SIGUSR1)
        wait_for(lambda: len(segments('store')) == n + 1)
    equal(sizes(), [0, 1, 2])
    end(process)
    good(3)
    equal([e['n'] for e in segments('store')][:3], [1, 1, 1])


def test_empty_periods_are_sealed():
    process = start('--seal-every', '1s')
    wait_for(lambda: os.path.isdir('store') and opened())
    wait_for(lambda: len(segments('store')) >= 2)
    process.stdin.write(line(0))
    wait_for(lambda: len(segments('store')) >= 4)
    end(process)
    good(1)
    cretula('pipe', '--store', 'store', 's', '--seal-every', '2h', code=2)


def test_a_second_instance_is_busy():
    process = start()
    wait_for(opened)
    run = cretula('pipe', '--store', 'store', 's', stdin=line(9), code=75)
    equal(len(run.err.splitlines()), 1)
    process.stdin.write(line(0))
    end(process)
    equal(sizes(), [0])
    good(1)


def chain_types(stream):
    return [e['type'] for e in entries(stream)]


def test_many_pipes_on_one_store():
    """Apache runs one a virtual host: all start at once on no store at all; one client is one token in all of them."""
    for _ in range(4):
        subprocess.run(['rm', '-rf', 'store', 'store.keys'], check=True)
        names = ['a', 'b', 'c', 'd', 'e', 'f']
        pipes = [subprocess.Popen([CRETULA, 'pipe', '--store', 'store', n, '--format', 'combined'],
                                  stdin=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0) for n in names]
        for process in pipes:
            process.stdin.write(line(1) * 3)
        for process in pipes:
            end(process)
        clients = {r['client'] for n in names for r in records('store', n)}
        equal(len(clients), 1, clients)
        equal(sum(len(records('store', n)) for n in names), 18)
        cretula('verify', '--store', 'store', '--strict', code=0)
        equal([n for n in os.listdir('.') if n.endswith('.new')], [])


def test_import_beside_pipes():
    """Pipes, imports one after the other, and kill -9 in between: each stream is whole."""
    process, other = start(), subprocess.Popen([CRETULA, 'pipe', '--store', 'store', 'x', '--format', 'combined'],
                                               stdin=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0)
    wait_for(opened)
    for n in range(4):
        process.stdin.write(line(n))
        other.stdin.write(line(n))
        write(f'{n}.log', b''.join(line(n * 10 + k) for k in range(5)))
        cretula('import', '--store', 'store', '--stream', 'i', '--format', 'combined', f'{n}.log', code=0)
        if n == 1:
            wait_for(lambda: open_lines('x') == 2)
            other.kill()
            other.communicate()
            other = subprocess.Popen([CRETULA, 'pipe', '--store', 'store', 'x', '--format', 'combined'],
                                     stdin=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0)
    end(process)
    end(other)
    equal(sizes(), [0, 1, 2, 3])
    equal([r['bytes'] - 1000 for r in records('store', 'x')], [0, 1, 2, 3])
    equal(len(records('store', 'i')), 20)
    cretula('verify', '--store', 'store', '--strict', code=0)


def test_kill_at_random_moments_then_resume():
    """Twenty times kill -9: what came before the last commit is there once, in order, and nothing else."""
    rng = random.Random(7)
    sent, firsts = 0, []
    for run in range(20):
        before, _ = last_flush()
        process = start()
        firsts.append(sent)
        if run % 2 == 0:  # the others may die of it while they mend what the one before left
            process.stdin.write(line(sent))
            sent += 1
            wait_for(lambda: is_taken(process.stdin))
        until = time.monotonic() + rng.uniform(0.0, 1.6)
        while time.monotonic() < until:
            count = rng.choice([1, 20, 400])
            process.stdin.write(b''.join(line(n) for n in range(sent, sent + count)))
            sent += count
            time.sleep(rng.uniform(0, 0.08))
        if run % 4 == 0:
            wait_for(lambda: in_ratchet(before) == sent - firsts[-1], seen=lambda: (in_ratchet(before), sent - firsts[-1]))
        process.kill()
        process.communicate()
        if run % 4 == 0:
            firsts[-1] = (firsts[-1], sent)
    end(start())
    have = sizes()
    good(len(have))
    equal(len(set(have)), len(have), 'doubled')
    equal(have, sorted(have), 'order')
    there = set(have)
    bounds = [f[0] if isinstance(f, tuple) else f for f in firsts] + [sent]
    for run in range(20):
        mine = [n for n in range(bounds[run], bounds[run + 1]) if n in there]
        equal(mine, list(range(bounds[run], bounds[run] + len(mine))), f'run {run}: a hole')
        if run % 4 == 0:
            equal(len(mine), bounds[run + 1] - bounds[run], f'run {run}: committed lines are lost')
    recovers = [e for e in entries() if e['type'] == 'recover']
    assert len(recovers) >= 10 and not any(e['alarm'] for e in recovers), recovers
    print(f'# {sent} lines sent, {len(have)} kept, {sum(e["untagged"] for e in recovers)} of them untagged')


def test_reasons_of_what_a_crash_left_are_sealed():
    """Behind the last flush: a line that could not be read, and the rest of another."""
    process = start()
    process.stdin.write(line(0) + b'nonsense\n')
    wait_for(lambda: in_ratchet() == 2)
    process.kill()
    process.communicate()
    name, = (n for n in os.listdir('store/streams/s/open') if n.endswith('.data'))
    tail = (b'{"time":"2026-11-25T03:00:00.000Z","event":"log","reason":"%s","extra":{"line_part":2},'
            b'"state":"unparsed","flags":["time_arrival"]}\n')
    with open(f'store/streams/s/open/{name}', 'ab') as file:
        file.write(b''.join(tail % reason for reason in (b'grammar', b'columns', b'continued')))
    end(start())
    good(5)
    first = segments('store')[0]
    equal((first['tags']['untagged'], first['reasons']), (3, {'grammar': 2, 'columns': 1}))


def test_a_death_after_each_durable_step():
    if not is_testing_build():
        raise Skip('not built with -Dtesting=true')
    for n in range(1, 400, 1 if LONG else 5):  # of 330 steps
        subprocess.run(['rm', '-rf', 'store', 'store.keys'], check=True)
        run = cretula(*PIPE[1:], stdin=b''.join(map(line, range(50))), env={'CRETULA_FAULT': str(n)})
        if run.code == 0:
            break
        equal(run.code, 77, run.err)
        left = cretula('verify', '--store', 'store')
        assert 'E_OPEN' not in left.text, (n, left.text)  # a crash explains all of it
        run = cretula(*PIPE[1:], stdin=b''.join(map(line, range(50, 60))))
        equal(run.code, 0, f'after step {n}: {run.err}')
        have = sizes()
        kept = len(have) - 10  # of an unfinished write the whole lines are kept
        assert have == list(range(kept)) + list(range(50, 60)), (n, have)
        good(len(have))
        equal(sum(e['tags']['untagged'] for e in segments('store')), sum(e['untagged'] for e in entries()
                                                                          if e['type'] == 'recover'))
    print(f'# {n - 1} durable steps')
    assert 60 < n < 399, n


def test_a_full_disk_at_each_step():
    """ENOSPC or EDQUOT once: before records are taken 74; then it waits and goes on alone; a failed sync ends it."""
    if not is_testing_build():
        raise Skip('not built with -Dtesting=true')
    waits = 0
    for n in range(1, 400, 1 if LONG else 5):
        subprocess.run(['rm', '-rf', 'store', 'store.keys'], check=True)
        run = cretula(*PIPE[1:], stdin=b''.join(map(line, range(50))), env={'CRETULA_FAULT': f'{n}:{(28, 122)[n % 2]}'})
        if run.code == 0:
            waits += 'input waits' in run.err
            equal(sizes(), list(range(50)))
            good(50)
            if 'input waits' not in run.err and n > 330:
                break
            continue
        assert run.code in (74, 78), (n, run.code, run.err)
        assert 'No space' in run.err or 'quota' in run.err, run.err
        run = cretula(*PIPE[1:], stdin=b''.join(map(line, range(50, 60))))
        equal(run.code, 0, f'after step {n}: {run.err}')
        have = sizes()
        assert have in (list(range(60)), list(range(50, 60))), (n, have)
        good(len(have))
    print(f'# waited {waits} times')
    assert waits > (20 if LONG else 4), waits


def test_a_bad_disk_ends_it_and_the_next_start_goes_on():
    """EIO at each step: 74, never tried again on the same file; what was committed is there once."""
    if not is_testing_build():
        raise Skip('not built with -Dtesting=true')
    for n in range(1, 400, 2 if LONG else 7):
        subprocess.run(['rm', '-rf', 'store', 'store.keys'], check=True)
        run = cretula(*PIPE[1:], stdin=b''.join(map(line, range(50))), env={'CRETULA_FAULT': f'{n}:5'})
        if run.code == 0 and n > 330:
            break
        assert run.code in (0, 74, 78), (n, run.code, run.err)
        assert run.code == 0 or 'Input/output error' in run.err, run.err
        run = cretula(*PIPE[1:], stdin=b''.join(map(line, range(50, 60))))
        equal(run.code, 0, f'after step {n}: {run.err}')
        have = sizes()
        assert have in (list(range(60)), list(range(50, 60))), (n, have)
        good(len(have))


def small_disk(name, size):
    os.mkdir(name)
    if subprocess.run(['mount', '-t', 'tmpfs', '-o', f'size={size}', 'tmpfs', name], capture_output=True,
                      check=False).returncode:
        raise Skip('cannot mount a tmpfs here')


def on_small_disk(body):
    """In a store on a tmpfs of 6 MiB, which is unmounted whatever happens."""
    small_disk('small', '6M')
    try:
        os.chdir('small')
        body()
    finally:
        os.chdir('..')
        subprocess.run(['umount', '-l', 'small'], check=False)


def fill_up():
    with open('filler', 'ab', buffering=0) as file:  # what it has it keeps: there is no room, not for a moment
        try:
            while True:
                file.write(b'x' * 4096)
        except OSError:
            pass


def write_until_it_stops(process, n):
    """From line n on, less than the disk will hold once there is room; who is full already reads no more: no write may wait for it.
    How many were written, with those before."""
    os.set_blocking(process.stdin.fileno(), False)
    until = time.monotonic() + 120
    while entries()[-1]['type'] != 'stop':
        assert time.monotonic() < until, n
        if n < 12000:
            with contextlib.suppress(BlockingIOError):
                os.write(process.stdin.fileno(), b''.join(map(line, range(n, n + 20))))  # less than a page: all or nothing
                n += 20
        time.sleep(0.002)
    os.set_blocking(process.stdin.fileno(), True)
    return n


def let_it_look(process, times):
    """While its disk is full its writer sleeps, and looks between two sleeps for room and at what signals asked for: until it did so often."""
    def looks():
        return int(re.search(rb'\nvoluntary_ctxt_switches:\s+(\d+)', read(f'/proc/{process.pid}/task/{process.pid}/status'))[1])
    enough = looks() + times + 1
    wait_for(lambda: looks() > enough, seen=lambda: (looks(), enough))


def ask(process, number):
    """A signal, until it has been delivered."""
    process.send_signal(number)
    wait_for(lambda: not any(int(mask, 16) >> (number - 1) & 1 for mask in
                             re.findall(rb'\n(?:SigPnd|ShdPnd):\s+(\w+)', read(f'/proc/{process.pid}/status'))))


def full_then_space():
    process = start()
    wait_for(opened)
    wait_for(reserved)
    process.stdin.write(b''.join(map(line, range(500))))
    wait_for(lambda: committed() > 0)
    fill_up()
    sent = write_until_it_stops(process, 500)
    equal(entries()[-1]['reason'], 'disk-full')
    equal(entries()[-2]['type'], 'segment')
    cretula('verify', '--store', 'store', code=0)
    sealed = f'store/streams/s/open/{entries()[-2]["seg"]:08}.data'
    wait_for(lambda: not os.path.exists(sealed))
    fill_up()  # what the seal left of the reserve
    let_it_look(process, 20)
    ask(process, signal.SIGUSR1)
    let_it_look(process, 5)  # and it goes on waiting
    equal(entries()[-1]['type'], 'stop')
    equal([n for _, _, names in os.walk('store') for n in names if n.endswith('.tmp')], [])
    os.unlink('filler')
    process.send_signal(signal.SIGUSR1)
    wait_for(lambda: sum(e['type'] == 'start' for e in entries()) == 2)  # a seal may be behind it
    process.stdin.write(b''.join(map(line, range(sent, sent + 100))))
    said = end(process)
    assert 'input waits' in said and 'input goes on' in said, said
    equal(sizes(), list(range(sent + 100)))
    good(sent + 100)


def test_a_full_disk_is_waited_for():
    on_small_disk(full_then_space)


def full_then_term():
    process = start()
    wait_for(opened)
    process.stdin.write(b''.join(map(line, range(500))))
    wait_for(lambda: committed() > 0)
    fill_up()
    write_until_it_stops(process, 500)
    process.send_signal(signal.SIGTERM)
    said = end(process, code=74)
    assert 'told to stop with' in said, said
    os.unlink('filler')
    have = sizes()
    equal(have, list(range(len(have))))
    assert len(have) >= 500, len(have)
    end(start())
    good(len(have))


def test_sigterm_while_the_disk_is_full():
    on_small_disk(full_then_term)


def full_then_period():
    process = start()
    wait_for(opened)
    wait_for(reserved)
    process.stdin.write(b''.join(map(line, range(500))))
    wait_for(lambda: in_ratchet() == 500)
    fill_up()
    process.send_signal(signal.SIGUSR1)
    wait_for(lambda: entries()[-1]['type'] == 'stop')
    ask(process, signal.SIGUSR2)
    let_it_look(process, 3)
    os.unlink('filler')
    wait_for(lambda: len(rotates()) == 1)
    end(process)
    equal([r[1][0][0] for r in rotates()], [1])
    good(500)


def test_the_end_of_a_period_while_the_disk_is_full():
    """Asked for by a signal: it comes once there is room."""
    on_small_disk(full_then_period)


def full_then_seal():
    process = start()
    wait_for(opened)
    wait_for(reserved)
    process.stdin.write(b''.join(map(line, range(500))))
    wait_for(lambda: in_ratchet() == 500)
    fill_up()
    process.send_signal(signal.SIGUSR1)
    wait_for(lambda: entries()[-1]['type'] == 'stop')
    equal((entries()[-1]['reason'], [e['n'] for e in segments('store')]), ('disk-full', [500]))
    os.unlink('filler')
    process.stdin.write(line(500))
    end(process)
    equal(sizes(), list(range(501)))
    equal([list(e['mask_epochs']) for e in segments('store')], [['ip']] * 2)
    good(501)


def test_a_seal_on_a_full_disk():
    """No room for the segment behind it: the one that is open is sealed all the same, with the epochs of its records."""
    on_small_disk(full_then_seal)


def test_tampering_with_what_is_open_is_an_alarm():
    process = start()
    wait_for(opened)
    process.stdin.write(b''.join(map(line, range(20))))
    wait_for(lambda: in_ratchet() == 20)  # the sector follows the tag
    process.kill()
    process.communicate()
    path = 'store/streams/s/open/00000001.data'
    data = read(path)
    write(path, data[:data.rindex(b'\n', 0, -1) + 1])  # the last record goes
    cretula('import', '--store', 'store', '--stream', 's', write('a.log', line(0)), code=78)
    for _ in range(2):
        run = cretula('pipe', '--store', 'store', 's', code=78)
        assert 'alarm (data)' in run.err, run.err
    alarms = [e for e in entries() if e['type'] == 'recover']
    equal([(e['alarm'], e['reason']) for e in alarms], [(True, 'data')])
    run = cretula('verify', '--store', 'store', code=1)
    assert 'E_OPEN' in run.text, run.text


def test_the_format_is_decided_on_the_first_lines():
    log = make_log(300)
    cretula('pipe', '--store', 'store', 's', stdin=log, code=0)
    equal(len(records('store')), 300)
    cretula('pipe', '--store', 'store', 's', stdin=b'', code=0)
    run = cretula('pipe', '--store', 'store', 's', stdin=b'rubbish\nand more\n', code=66)
    assert '--format' in run.err, run.err
    good(300)


def test_odd_lines():
    """Overlong, empty, and of zeros: counted, never a crash."""
    long = line(0)[:-1] + b'x' * 5_000_000 + b'\n'
    cretula(*PIPE[1:], stdin=line(1) + long + b'\n' + line(2) + b'\0' * 100 + b'\n' + long[:-1], code=0)
    entry = segments('store')[0]
    equal((entry['in']['lines'], entry['in']['meta'], entry['n']), (6, 1, 5))
    equal(entry['in']['bytes'], len(line(1) + long + b'\n' + line(2) + b'\0' * 100 + b'\n' + long[:-1]))
    equal(entry['reasons']['too_long'], 2)
    good(5)


def test_each_segment_has_the_epochs_of_its_own_time():
    """Whatever the lines say: a live record has the epoch of its arrival."""
    if not is_testing_build():
        raise Skip('not built with -Dtesting=true')
    for day in (22, 23):
        cretula(*PIPE[1:], stdin=line(5), env={'CRETULA_CLOCK': f'2026-11-{day}T12:00:00Z'}, code=0)
    equal([e['mask_epochs']['ip'] for e in segments('store')], [['2026-W47'], ['2026-W48']])
    clients = {r['client'] for r in records('store')}
    equal(len(clients), 2, 'one client, two weeks, two tokens')
    good(2)


def live_through_days(stream):
    """A run a day: the clock of one boot is not believed when it leaps by more."""
    for day in range(22, 30):
        cretula('pipe', '--store', 'store', stream, '--format', 'combined', stdin=line(5),
                env={'CRETULA_CLOCK': f'2026-11-{day}T12:00:00Z'}, code=0)


def test_a_destroyed_epoch_is_said_once_whatever_happens():
    """A death anywhere around the destruction of keys: the next start says which are gone."""
    if not is_testing_build():
        raise Skip('not built with -Dtesting=true')
    live_through_days('s')
    subprocess.run(['cp', '-a', 'store', 'old'], check=True)
    subprocess.run(['cp', '-a', 'store.keys', 'old.keys'], check=True)
    later = {'CRETULA_CLOCK': '2026-11-30T12:00:00Z'}
    deaths = 0
    for n in range(1, 300, 5):
        subprocess.run('rm -rf store store.keys; cp -a old store; cp -a old.keys store.keys', shell=True, check=True)
        run = cretula(*PIPE[1:], stdin=line(6), env={**later, 'CRETULA_FAULT': str(n)})
        if run.code == 0:
            break
        deaths += 1
        cretula(*PIPE[1:], stdin=line(7), env=later, code=0)
        gone = sorted(e['what'] for e in entries() if e['type'] == 'destroy')
        equal(gone, [f'2026-11-{day}' for day in range(22, 29)] + ['2026-W47'], n)
    assert deaths > 30, deaths
    cretula('verify', '--store', 'store', '--strict', code=0)


def test_keys_destroyed_by_another_process_are_said_in_each_stream():
    if not is_testing_build():
        raise Skip('not built with -Dtesting=true')
    live_through_days('s')
    live_through_days('x')
    for stream in ('s', 'x'):
        cretula('pipe', '--store', 'store', stream, '--format', 'combined', stdin=line(5),
                env={'CRETULA_CLOCK': '2026-11-30T12:00:00Z'}, code=0)
        assert '2026-W47' in [e['what'] for e in entries(stream) if e['type'] == 'destroy'], stream
    cretula('verify', '--store', 'store', '--strict', code=0)


def test_two_processes_make_one_key_of_an_epoch():
    """Whoever turns first makes it: the other one takes it, while both run."""
    if not is_testing_build():
        raise Skip('not built with -Dtesting=true')
    for day in (22, 23, 24):
        env = {**os.environ, 'CRETULA_CLOCK': f'2026-11-{day}T12:00:00Z'}
        pipes = [subprocess.Popen([CRETULA, 'pipe', '--store', 'store', n, '--format', 'combined'], env=env,
                                  stdin=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0) for n in ('s', 'x', 'y')]
        for process in pipes:
            process.stdin.write(line(5))
        for process in pipes:
            end(process)
    clients = [[r['client'] for r in records('store', n)] for n in ('s', 'x', 'y')]
    equal(clients[0], clients[1])
    equal(clients[0], clients[2])
    equal(len(set(clients[0])), 2, 'two weeks')


def test_a_clock_that_went_back_before_the_start():
    if not is_testing_build():
        raise Skip('not built with -Dtesting=true')
    for now in ('2026-11-22T12:00:00Z', '2026-11-22T11:00:00Z', '1970-01-01T00:00:05Z', '2026-11-22T12:00:09Z'):
        cretula(*PIPE[1:], stdin=line(5), env={'CRETULA_CLOCK': now}, code=0)
    equal([(e['was'], e['now']) for e in entries() if e['type'] == 'clock'],
          [('2026-11-22T12:00:00.000Z', '2026-11-22T11:00:00.000Z'), ('2026-11-22T12:00:00.000Z', '1970-01-01T00:00:05.000Z')])
    times = [e['t'] for e in entries()]
    equal(times, sorted(times))
    equal({e['mask_epochs']['ip'][0] for e in segments('store')}, {'2026-W47'})
    equal(len({r['client'] for r in records('store')}), 1)
    good(4)


def rotates():
    return [(e['period'], e['segs']) for e in entries() if e['type'] == 'rotate']


def test_periods_end_also_while_nothing_runs():
    if not is_testing_build():
        raise Skip('not built with -Dtesting=true')
    for day, kind in ((22, 'weekly'), (22, 'weekly'), (23, 'weekly'), (23, 'daily'), (24, 'daily'), (24, 'monthly')):
        cretula(*PIPE[1:], '--rotate', kind, stdin=line(5), env={'CRETULA_CLOCK': f'2026-11-{day}T12:00:00Z'}, code=0)
    equal(rotates(), [('2026-W47', [[1, 2]]), ('2026-11-23', [[3, 4]])])
    good(6)
    cretula(*PIPE[1:], '--rotate', 'yearly', code=2)


def test_what_a_crash_left_open_is_of_the_period_before():
    """The next start seals it, on another day; it does not take with it what was sealed in time."""
    if not is_testing_build():
        raise Skip('not built with -Dtesting=true')
    days = [{**os.environ, 'CRETULA_CLOCK': f'2026-11-{day}T12:00:00Z'} for day in (23, 24, 25)]
    daily = ('--rotate', 'daily')
    cretula(*PIPE[1:], *daily, stdin=line(5), env=days[0], code=0)
    process = start(*daily, env=days[0])
    process.stdin.write(line(6))
    wait_for(lambda: last_flush('s') == (2, 1))
    process.kill()
    process.communicate()
    for env in days[1:]:
        cretula(*PIPE[1:], *daily, stdin=line(7), env=env, code=0)
    equal(rotates(), [('2026-11-23', [[1, 2]]), ('2026-11-24', [[3, 3]])])
    good(4)


def test_periods_end_by_the_clock_of_a_zone():
    """The evening of a day in Berlin begins the next day there an hour before UTC does; the daemon's `rotate_zone` is the same code."""
    if not is_testing_build():
        raise Skip('not built with -Dtesting=true')
    for time_of_day in ('T22:59:59Z', 'T23:00:00Z'):
        cretula(*PIPE[1:], '--rotate', 'daily', '--rotate-zone', 'Europe/Berlin', stdin=line(5),
                env={'CRETULA_CLOCK': '2026-10-25' + time_of_day}, code=0)
    equal(rotates(), [('2026-10-25', [[1, 1]])])
    good(2)
    cretula(*PIPE[1:], '--rotate-zone', 'Europe/Atlantis', code=2)


def test_a_signal_ends_a_period():
    process = start()
    wait_for(opened)
    for n in range(2):
        wait_for(lambda: committed() == 0)  # files of the last period go behind its entry
        process.stdin.write(line(n))
        wait_for(lambda: committed() == 1)
        process.send_signal(signal.SIGUSR2)
        wait_for(lambda: len(rotates()) == n + 1)
    end(process)
    equal(rotates(), [('1', [[1, 1]]), ('2', [[2, 2]])])
    good(2)


def test_periods_and_seals_of_the_configuration():
    write('c.yaml', b'store: store\nstreams: {s: {format: combined, rotate: 1M, seal_every: 1s}}\n')
    process = subprocess.Popen([CRETULA, 'pipe', '--config', 'c.yaml', 's'], stdin=subprocess.PIPE, stderr=subprocess.PIPE,
                               bufsize=0)
    process.stdin.write(make_log(6000))
    wait_for(lambda: os.path.isdir('store/streams/s') and len(rotates()) == 1)
    wait_for(lambda: len(segments('store')) >= 3)
    end(process)
    equal(rotates()[0][0], '1')
    write('c.yaml', b'store: store\nstreams: {s: {rotate: 9K}}\n')
    cretula('pipe', '--config', 'c.yaml', 's', code=78)


def test_periods_by_size():
    process = start('--rotate', '1M')
    for n in range(6):
        process.stdin.write(make_log(5000, seed=n))
        wait_for(lambda n=n: sum(e['n'] for e in segments('store')) + open_lines() == 5000 * (n + 1))
    end(process)
    got = rotates()
    assert len(got) >= 3, got
    equal([p for p, _ in got], [str(n + 1) for n in range(len(got))])
    equal([s[0][0] for _, s in got[1:]], [s[0][1] + 1 for _, s in got[:-1]], 'without gaps')
    good(30000)


def test_storms_of_signals_do_no_harm():
    """SIGHUP is ignored (the configuration is read at the start); SIGUSR1 seals, once for many."""
    process = start()
    wait_for(opened)
    for n in range(300):
        process.stdin.write(line(n))
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGUSR1)
        time.sleep(0.002)
    end(process)
    equal(sizes(), list(range(300)))
    good(300)


def test_an_older_copy_of_a_stream_is_seen():
    """The store's own chain says how far each stream goes: with the anchor alone a restored one shows."""
    cretula(*PIPE[1:], stdin=line(1), code=0)
    heads = [e for e in entries('cretula.store') if e['type'] == 'head']
    equal([(h['name'], h['size']) for h in heads], [('s', 2), ('s', len(entries()))])
    subprocess.run(['cp', '-a', 'store/streams/s', 'old'], check=True)
    cretula(*PIPE[1:], stdin=line(2), code=0)
    cretula('verify', '--store', 'store', code=0)
    subprocess.run('rm -rf store/streams/s; mv old store/streams/s', shell=True, check=True)
    run = cretula('verify', '--store', 'store', code=1)
    assert 'E_ROLLBACK' in run.text, run.text


def test_import_and_pipe_share_a_stream():
    write('a.log', b''.join(map(line, range(5))))
    cretula('import', '--store', 'store', '--stream', 's', '--format', 'combined', 'a.log', code=0)
    cretula(*PIPE[1:], stdin=b''.join(map(line, range(5, 9))), code=0)
    write('b.log', b''.join(map(line, range(9, 12))))
    cretula('import', '--store', 'store', '--stream', 's', '--format', 'combined', 'b.log', code=0)
    cretula(*PIPE[1:], stdin=b''.join(map(line, range(12, 14))), code=0)
    equal(sizes(), list(range(14)))
    cretula('verify', '--store', 'store', code=0)


main()
