"""Faults, and what must hold after the next start: the rows that no other test shows, and where the others are shown.

I1  every committed record is there once where the source can be replayed; of others nothing is lost silently
I2  never two different notes of one size
I3  verify is good, or names the loss
I4  earlier epoch keys and ratchet keys are nowhere on the disk
I5  the counts add up
"""
import calendar
import contextlib
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time

from lib import (CRETULA, SOURCE, Skip, combined, cretula, equal, is_testing_build, lines_of, main, peak_of, read, records,
                 segments, shared, stop, verify_py, wait_for, write)
from test_run import Daemon, configure, connect

PIPE = [CRETULA, 'pipe', '--store', 'store', 's', '--format', 'combined']
LONG = os.environ.get('CRETULA_LONG') == '1'

# Each row of seal.md's fault table as it stands there, and the tests that show its parts: FILE CASE.
FAULTS = [
    ('kill -9 / power cut after each of the 108 durable steps, with torn appends, data and tag reordered, and again during recovery', [
        ('of an import', [
            ('unit/store/test_crash.c', 'test_crash_after_every_step'), ('unit/store/test_crash.c', 'test_crashes_in_repair'),
            ('e2e/test_crash.py', 'test_kill_at_random_moments_then_resume'),
            ('e2e/test_crash.py', 'test_a_crash_after_each_durable_step_of_the_first_import')]),
        ('of what is written live', [
            ('unit/store/test_live.c', 'test_crash_after_every_step'), ('unit/store/test_live.c', 'test_crashes_in_recovery'),
            ('unit/store/test_live.c', 'test_only_two_states_are_honest'), ('unit/store/test_ram.c', 'test_crash_after_every_step'),
            ('e2e/test_pipe.py', 'test_kill_at_random_moments_then_resume'),
            ('e2e/test_pipe.py', 'test_a_death_after_each_durable_step'), ('e2e/test_run.py', 'test_killed_while_a_file_grows')]),
        ('of a change of keys, an anchor, an answer to an alarm', [
            ('unit/store/test_rekey.c', 'test_crash_after_every_step'), ('unit/store/test_anchor.c', 'test_crash_after_every_step'),
            ('unit/store/test_loss.c', 'test_crash_after_every_step')]),
        ('of the destruction of keys', [
            ('unit/key/test_crash.c', 'after_a_crash_the_ring_is_old_or_new'), ('unit/key/test_crash.c', 'after_two_crashes_as_well'),
            ('e2e/test_keys.py', 'test_a_crash_at_any_step_loses_no_record_of_a_key')])]),
    ('same inside redact and prune', [
        ('redact', [
            ('unit/store/test_erase.c', 'test_crash_after_every_step'), ('unit/store/test_erase.c', 'test_crashes_in_repair'),
            ('unit/store/test_erase.c', 'test_what_a_start_removes')]),
        ('prune', [('unit/audit/test_prune.c', 'test_crash_after_every_step'), ('unit/audit/test_prune.c', 'test_errors')])]),
    ('crash between note and key promotion', [
        ('', [('unit/store/test_crash.c', 'test_crash_after_every_step'), ('unit/store/test_store.c', 'test_spent_keys_are_gone')])]),
    ('ratchet sector torn/corrupt, keys dir lost', [
        ('the sector', [
            ('unit/seal/test_ratchet.c', 'test_sector_notices_every_bit'), ('unit/store/test_live.c', 'test_only_two_states_are_honest'),
            ('unit/store/test_live.c', 'test_files_gone')]),
        ('the keys', [('unit/store/test_store.c', 'test_refused'), ('e2e/test_badinput.py', 'test_store_without_its_keys')]),
        ('the answer', [
            ('e2e/test_recover.py', 'test_an_alarm_is_given_up'), ('e2e/test_recover.py', 'test_lost_keys_of_a_stream'),
            ('e2e/test_recover.py', 'test_lost_keys_as_a_whole')])]),
    ('ENOSPC at data append / tag / seal / chain / note', [
        ('at each step', [
            ('unit/store/test_crash.c', 'test_disk_full'), ('unit/store/test_erase.c', 'test_disk_full'),
            ('e2e/test_crash.py', 'test_an_error_at_each_durable_step'), ('e2e/test_pipe.py', 'test_a_full_disk_at_each_step'),
            ('e2e/test_faults.py', 'test_a_half_made_stream_is_settled_by_any_writer')]),
        ('it waits, and resumes alone', [
            ('unit/store/test_live.c', 'test_a_full_disk_is_waited_for'), ('e2e/test_pipe.py', 'test_a_full_disk_is_waited_for')]),
        ('the reserve, and the entry stop', [
            ('unit/store/test_live.c', 'test_the_reserve_is_there_while_records_are_taken'),
            ('e2e/test_pipe.py', 'test_sigterm_while_the_disk_is_full')]),
        ('a real small disk', [('e2e/test_badinput.py', 'test_full_disk')])]),
    ('EIO or failed fdatasync', [
        ('', [
            ('unit/store/test_crash.c', 'test_bad_disk'), ('unit/store/test_live.c', 'test_errors_at_every_step'),
            ('unit/key/test_crash.c', 'a_dead_disk_changes_nothing_in_memory'),
            ('e2e/test_crash.py', 'test_an_error_at_each_durable_step'),
            ('e2e/test_pipe.py', 'test_a_bad_disk_ends_it_and_the_next_start_goes_on'),
            ('e2e/test_run.py', 'test_bad_disk_is_tried_again')])]),
    ('short writes, EINTR, EDQUOT, read-only remount, ENOENT of seg/', [
        ('short reads and writes, EINTR', [('e2e/test_faults.py', 'test_short_reads_and_writes_and_interrupts')]),
        ('EDQUOT, EROFS while it runs', [('e2e/test_faults.py', 'test_quota_and_read_only_at_each_step')]),
        ('a read-only mount', [('e2e/test_faults.py', 'test_a_store_on_a_read_only_mount')]),
        ('seg/ gone while it runs', [('e2e/test_faults.py', 'test_seg_vanishes_while_running')])]),
    ('clock 1 h back / 10 years ahead / 1970 at boot / leap second', [
        ('what is believed', [
            ('unit/app/test_clock.c', 'test_looks'), ('unit/app/test_clock.c', 'test_starts'),
            ('unit/app/test_clock.c', 'test_a_leap_that_stays_is_followed_after_a_day')]),
        ('`t` and the entry clock', [
            ('unit/store/test_store.c', 'test_destroy_and_time'), ('e2e/test_pipe.py', 'test_a_clock_that_went_back_before_the_start'),
            ('e2e/test_faults.py', 'test_the_clock_jumps_while_running')]),
        ('a leap second in a log', [('unit/parse/test_timestamp.c', 'test_rows')])]),
    ('second daemon on the stream, restart while the old one seals, fork', [
        ('a second one', [
            ('unit/store/test_live.c', 'test_a_second_process_is_refused'), ('unit/store/test_store.c', 'test_busy'),
            ('e2e/test_pipe.py', 'test_a_second_instance_is_busy'), ('e2e/test_badinput.py', 'test_the_store_is_open_elsewhere'),
            ('e2e/test_run.py', 'test_second_instance_is_busy')]),
        ('a restart while the old one seals', [('e2e/test_faults.py', 'test_a_restart_while_the_old_one_seals')]),
        ('fork', [('e2e/test_faults.py', 'test_no_descriptor_outlives_an_exec')])]),
    ('SIGTERM during seal, SIGHUP storms, 10 000 rotations, empty hours', [
        ('SIGTERM', [
            ('e2e/test_pipe.py', 'test_sigterm_drains_flushes_and_seals'), ('e2e/test_faults.py', 'test_sigterm_during_a_seal')]),
        ('storms', [('e2e/test_faults.py', 'test_storms_of_signals'), ('e2e/test_run.py', 'test_another_configuration')]),
        ('rotations', [('e2e/test_faults.py', 'test_many_rotations')]),
        ('empty hours', [
            ('e2e/test_pipe.py', 'test_empty_periods_are_sealed'), ('unit/store/test_live.c', 'test_an_empty_segment_is_sealed')])]),
    ('archive on NFS/overlay/btrfs snapshot restored', [
        ('where it lies is told', [('e2e/test_faults.py', 'test_key_audit_says_what_lies_below')]),
        ('a snapshot restored', [
            ('e2e/test_faults.py', 'test_a_snapshot_of_store_and_keys'), ('e2e/test_outside.py', 'test_pin'),
            ('e2e/test_recover.py', 'test_an_older_chain_is_not_continued')])]),
    ('upgrade: v1 archive read by v2, unknown entry type', [
        ('unknown entry type', [
            ('unit/seal/test_entry.c', 'test_unknown_type'), ('vectors/test_vectors.py', 'an entry of a later type')])]),
]

# Parts of these rows that no test shows, or not in each run, and why: (row, part).
ELSEWHERE = {
    ('same inside redact and prune', 'by a command'): 'no command prunes yet (retention); store_prune is what is tested',
    ('clock 1 h back / 10 years ahead / 1970 at boot / leap second', 'retention refuses to prune on a jump'):
        'comes with the command that prunes; the clock says already whether it is sure (app_clock_is_sure)',
    ('SIGTERM during seal, SIGHUP storms, 10 000 rotations, empty hours', '10 000 rotations'): './test --long; each run makes 300',
    ('archive on NFS/overlay/btrfs snapshot restored', 'NFS and btrfs'):
        'a test machine has neither a server nor the module for sure: rows of the table that overlay and tmpfs are of, too',
    ('archive on NFS/overlay/btrfs snapshot restored', 'refused or warned at init'):
        'told by `key audit`, which is asked, not at each new store: containers lie on overlay, and nobody would read it',
    ('upgrade: v1 archive read by v2, unknown entry type', 'v1 archive read by v2'):
        'there is no v2; tests/vectors/store is the v1 archive that each later reader must read',
}


def line(n):
    """Every line has a size of its own, so that a record lost or doubled is seen."""
    return combined(n // 7, client=f'10.{n % 250}.{n // 250 % 250}.9', size=n + 1000).encode()


def lines(first, end):
    return b''.join(map(line, range(first, end)))


def start(*options, **more):
    return subprocess.Popen([*PIPE, *options], stdin=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0, **more)


def end(process, code=0):
    said = process.communicate(timeout=120)[1].decode()
    equal(process.returncode, code, said)
    return said


def opened():
    return bool(tags())


def tags():
    folder = 'store/streams/s/open'
    return [os.path.join(folder, n) for n in os.listdir(folder) if n.endswith('.tags')] if os.path.isdir(folder) else []


def committed(count):
    """Do the flushes of the newest open segment cover count records?"""
    rows = [row for path in tags() for row in read(path).splitlines()]
    return bool(rows) and max(int(row.split()[2]) for row in rows) >= count


def entries(store='store'):
    return [json.loads(entry) for entry in lines_of(f'{store}/streams/s/chain.jsonl')]


def sizes():
    return [record['bytes'] - 1000 for record in records('store')]


def good():
    """Both verifiers are content, no name is left that should not be, and the counts add up."""
    cretula('verify', '--store', 'store', '--strict', code=0)
    done = verify_py('store')
    equal(done.returncode, 0, done.stdout + done.stderr)
    for folder, _, names in os.walk('store'):
        equal([name for name in names if name.endswith('.tmp')], [], folder)
    for entry in segments('store'):
        i = entry['in']
        equal(i['lines'], i['parsed'] + i['partial'] + i['unparsed'] + i['counted'] + i['meta'] + i['joined'])


def sanitized():
    return any(name in read(CRETULA) for name in (b'__asan_init', b'__tsan_init'))


def complaints(faults, elsewhere):
    """What is wrong with the table above; one line each."""
    for row, parts in faults:
        if not parts or not all(tests for _, tests in parts):
            yield f'{row}: no test'
        for path, case in (one for _, tests in parts for one in tests):
            source = os.path.join(SOURCE, 'tests', path)
            text = read(source).decode() if os.path.exists(source) else ''
            pattern = rf'^def {case}\(|cmocka_unit_test\w*\({case}\b' if case.isidentifier() else f"'{case}'"
            if not re.search(pattern, text, re.MULTILINE):
                yield f'{row}: no {case} in {path}'
    for row, part in elsewhere:
        if not elsewhere[row, part] or row not in dict(faults):
            yield f'{row}: {part}: no such row, or no reason'


def test_every_row_names_tests_that_exist():
    """The table above is not a promise only; the check complains of what is planted."""
    equal(list(complaints(FAULTS, ELSEWHERE)), [])
    for planted in ([('a row', [])], [('a row', [('a part', [])])], [('a row', [('', [('e2e/test_faults.py', 'test_nothing')])])],
                    [('a row', [('', [('e2e/test_nowhere.py', 'test_pin')])])]):
        equal(len(list(complaints(planted, {}))), 1, planted)
    equal(len(list(complaints(FAULTS, {('no row', 'a part'): 'a reason'}))), 1)


def test_every_row_of_the_plan_is_in_the_table():
    with open(shared('seal.md'), encoding='utf-8') as file:
        plan = file.read()
    table = plan[plan.index('\n| fault | must hold |\n'):].split('\n\n', 1)[0]
    equal([row.split(' | ')[0].removeprefix('| ') for row in table.strip().splitlines()[2:]], [row for row, _ in FAULTS])


def test_key_audit_says_what_lies_below():
    """Keys on an overlay or in memory; what is written there is whole all the same, also behind a kill."""
    for kind, options, want in (('overlay', 'lowerdir=low,upperdir=disk/up,workdir=disk/work', 'the layer below decides'),
                                ('tmpfs', 'size=16M', 'keys are gone with a restart')):
        for name in ('low', 'disk/up', 'disk/work', 'there'):
            os.makedirs(name, exist_ok=True)
        if subprocess.run(['mount', '-t', kind, '-o', options, kind, 'there'], capture_output=True, check=False).returncode:
            raise Skip(f'cannot mount {kind} here')
        try:
            os.chdir('there')
            process = start()
            process.stdin.write(lines(0, 50))
            wait_for(lambda: committed(50))
            process.kill()
            process.communicate()
            cretula(*PIPE[1:], stdin=lines(50, 60), code=0)
            equal(sizes(), list(range(60)), kind)
            cretula('verify', '--store', 'store', '--strict', code=0)
            said = cretula('key', 'audit', '--store', 'store').text
            assert want in ' '.join(said.split()), said  # wherever it was broken
        finally:
            os.chdir('..')
            subprocess.run(['umount', '-l', 'there'], check=False)


def test_short_reads_and_writes_and_interrupts():
    """A kernel that does a part of everything, and interrupts each third call: nothing is lost, torn or doubled."""
    if sanitized():
        raise Skip('a sanitizer has its own read and write')
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'short_io.c')
    subprocess.run(['gcc', '-shared', '-fPIC', '-O2', '-D_FILE_OFFSET_BITS=64', '-o', 'short_io.so', source], check=True)
    rude = {'LD_PRELOAD': os.path.abspath('short_io.so')}
    planted = subprocess.run(['dd', 'if=/dev/zero', 'of=/dev/null', 'bs=1000', 'count=1'], env={**os.environ, **rude, 'LC_ALL': 'C'},
                             capture_output=True, text=True, check=False).stderr
    assert '0+1 records in' in planted, f'the kernel is not rude: {planted}'
    cretula(*PIPE[1:], stdin=lines(0, 3000), env=rude, code=0)
    write('a.log', lines(3000, 5000))
    cretula('import', '--store', 'store', '--stream', 's', '--format', 'combined', 'a.log', env=rude, code=0)
    cretula(*PIPE[1:], stdin=lines(5000, 5100), env=rude, code=0)
    equal(sizes(), list(range(5100)))
    good()
    cretula('verify', '--store', 'store', '--strict', env=rude, code=0)


def test_the_clock_jumps_while_running():
    """An hour back, a month ahead, home again, with lines all the time: three clock entries, nothing lost or destroyed."""
    if sanitized():
        raise Skip('a sanitizer wants to be loaded first')
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'clock_jump.c')
    subprocess.run(['gcc', '-shared', '-fPIC', '-O2', '-o', 'clock_jump.so', source], check=True)
    env = {**os.environ, 'LD_PRELOAD': os.path.abspath('clock_jump.so'), 'CLOCK_JUMP': os.path.abspath('jump')}

    def jump(seconds):
        with open('jump', 'r+b' if os.path.exists('jump') else 'wb') as file:  # in place: it is mapped
            file.write(struct.pack('=q', seconds))

    def clocks():
        return [e for e in entries() if e['type'] == 'clock']

    def seconds(text):
        return calendar.timegm(time.strptime(text[:19], '%Y-%m-%dT%H:%M:%S'))
    hour, month, home = -3600, 30 * 86400, 0
    jump(home)
    process = subprocess.Popen(PIPE, stdin=subprocess.PIPE, stderr=subprocess.PIPE, env=env, bufsize=0)
    process.stdin.write(lines(0, 10))
    wait_for(lambda: committed(10))
    for n, (by, moved) in enumerate(((hour, hour), (month, month - hour), (home, home - month)), 1):
        jump(by)
        process.stdin.write(lines(n * 10, n * 10 + 10))
        wait_for(lambda n=n: len(clocks()) == n)
        entry = clocks()[-1]
        assert abs(seconds(entry['now']) - seconds(entry['was']) - moved) < 20, (entry, moved)
    process.stdin.write(lines(40, 50))
    end(process)
    equal(sizes(), list(range(50)))
    good()
    times = [e['t'] for e in entries()]
    equal(times, sorted(times), 't never decreases')
    equal([e['type'] for e in entries() if e['type'] in ('destroy', 'recover')], [])
    equal(len(clocks()), 3)
    cretula(*PIPE[1:], stdin=lines(50, 60), code=0)  # by the true clock, a month behind the newest entry
    equal(sizes(), list(range(60)))
    equal([e['type'] for e in entries() if e['type'] in ('destroy', 'recover')], [])
    equal(len(clocks()), 4, 'a start that finds itself before the newest entry says so')
    good()
    cretula('verify', '--store', 'store', '--strict', code=0)


def test_a_daemon_waits_by_no_clock_that_jumps():
    """A month ahead, with no line that would wake it: SIGUSR1 seals at once all the same."""
    if sanitized():
        raise Skip('a sanitizer wants to be loaded first')
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'clock_jump.c')
    subprocess.run(['gcc', '-shared', '-fPIC', '-O2', '-o', 'clock_jump.so', source], check=True)
    write('jump', struct.pack('=q', 30 * 86400))
    configure()
    daemon = Daemon(env={'LD_PRELOAD': os.path.abspath('clock_jump.so'), 'CLOCK_JUMP': os.path.abspath('jump')})
    with connect('s.sock') as s:
        s.sendall(line(0))
        wait_for(lambda: committed(1))
    time.sleep(0.3)  # nothing is on its way that would wake it
    daemon.process.send_signal(signal.SIGUSR1)
    wait_for(lambda: [e for e in entries() if e['type'] == 'segment'])
    daemon.end()


def test_an_erasure_asks_a_busy_daemon_for_half_a_minute():
    """Who is told to come again does, until that time is up: an answer that comes late is the last one."""
    if sanitized():
        raise Skip('a sanitizer wants to be loaded first')
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'clock_jump.c')
    subprocess.run(['gcc', '-shared', '-fPIC', '-O2', '-o', 'clock_jump.so', source], check=True)
    write('jump', struct.pack('=q', 0))
    cretula(*PIPE[1:], stdin=lines(0, 3), code=0)
    writer, asked = start(), []
    wait_for(lambda: len([e for e in entries() if e['type'] == 'start']) == 2)

    def answer(request):
        if request and b'"records":[]' not in request:
            asked.append(request)
        if len(asked) == 3:
            with open('jump', 'r+b') as file:  # in place: it is mapped
                file.write(struct.pack('=q', 31))
        return b'error 75 busy\n' if asked else b'ok 0\n'

    def serve(listener):
        with contextlib.suppress(OSError):
            while True:
                s = listener.accept()[0]
                with contextlib.suppress(OSError), s, s.makefile('rb') as text:  # who only signals asks nothing, and is gone
                    s.sendall(answer(text.readline()))
    before = signal.signal(signal.SIGUSR1, signal.SIG_IGN)  # who seems to be the daemon is told to seal
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind('store.sock')
        listener.listen()
        threading.Thread(target=serve, args=(listener,), daemon=True).start()
        run = cretula('subject', 'erase', '--store', 'store', '--stream', 's', '--record', '1', '--reason', 'asked', code=75,
                      env={'LD_PRELOAD': os.path.abspath('clock_jump.so'), 'CLOCK_JUMP': os.path.abspath('jump'), 'CLOCK_JUMP_BOOT': '1'})
        listener.shutdown(socket.SHUT_RDWR)
    signal.signal(signal.SIGUSR1, before)
    end(writer)
    equal((len(asked), len(set(asked))), (3, 1), run.err)


def test_a_daemon_tries_again_to_overwrite_what_is_gone():
    """An erasure is signed, and a file of before cannot go: who asked is told, it is tried again without a start, and counted."""
    if sanitized():
        raise Skip('a sanitizer wants to be loaded first')
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'keep_salts.c')
    subprocess.run(['gcc', '-shared', '-fPIC', '-O2', '-o', 'keep_salts.so', source], check=True)
    configure()
    daemon = Daemon(env={'LD_PRELOAD': os.path.abspath('keep_salts.so'), 'KEEP_SALTS': os.path.abspath('keep')})
    with connect('s.sock') as s:
        s.sendall(lines(0, 5))
        wait_for(lambda: committed(5))
    daemon.process.send_signal(signal.SIGUSR1)
    wait_for(lambda: [e for e in entries() if e['type'] == 'segment'])
    wait_for(lambda: not os.path.exists('store/streams/s/open/00000001.salt'))
    write('keep', b'')
    run = cretula('subject', 'erase', '--store', 'store', '--stream', 's', '--record', '1', '--reason', 'asked', code=74)
    assert 'signed, but the daemon must overwrite what was there before' in run.err, run.err
    salt = 'store/streams/s/seg/00000001.salt'
    wait_for(lambda: failures() >= 2)
    equal((os.path.exists(salt), set(read(salt))), (True, {0}))
    os.unlink('keep')
    wait_for(lambda: not os.path.exists(salt))
    said = daemon.end()
    equal((said.count('are there yet; tried again: '), said.count('are overwritten and removed now')), (1, 1), said)
    equal([(e['seg'], len(e['items'])) for e in entries() if e['type'] == 'redact'], [(1, 1)])
    good()


def failures():
    text = cretula('status', '--store', 'store', '--metrics', code=0).text
    return int(re.search(r'^cretula_erase_failures_total\{stream="s"\} (\d+)$', text, re.MULTILINE)[1])


def test_quota_and_read_only_at_each_step():
    """EDQUOT and EROFS at a durable step: 74 or 78, one line, and the next run goes on."""
    if not is_testing_build():
        raise Skip('not built with -Dtesting=true')
    for name, number, text in (('EDQUOT', 122, 'quota'), ('EROFS', 30, 'Read-only')):
        for n in range(1, 400, 7):
            for path in ('store', 'store.keys'):
                shutil.rmtree(path, ignore_errors=True)
            run = cretula(*PIPE[1:], stdin=lines(0, 50), env={'CRETULA_FAULT': f'{n}:{number}'})
            if run.code == 0:
                break
            said = [line for line in run.err.splitlines() if ' is made; keys ' not in line]
            assert run.code in (74, 78) and text in run.err and len(said) == 1, (name, n, run.code, run.err)
            cretula(*PIPE[1:], stdin=lines(50, 60), code=0)
            assert sizes() in (list(range(60)), list(range(50, 60))), (name, n, sizes())
            good()
        assert n > 50, n


def test_a_half_made_stream_is_settled_by_any_writer():
    """A full disk or a death at any step of a new stream: whoever writes next finishes it or takes it away."""
    if not is_testing_build():
        raise Skip('not built with -Dtesting=true')
    write('a.log', lines(0, 50))
    write('b.log', lines(50, 60))
    load = ['import', '--store', 'store', '--format', 'combined', '--no-verify', '--stream']
    cretula(*load, 's', 'a.log', code=0)
    for name in ('store', 'store.keys'):
        shutil.copytree(name, name + '.kept')
    bad, ends = 0, set()
    for n in range(1, 200, 3):
        for name in ('store', 'store.keys'):
            shutil.rmtree(name)
            shutil.copytree(name + '.kept', name)
        if cretula(*load, 'new', 'b.log', env={'CRETULA_FAULT': f'{n}:28' if n % 2 else str(n)}).code == 0:
            break
        left = cretula('verify', '--store', 'store')
        bad += 'E_STREAM_UNLISTED' in left.text
        write('c.log', lines(100, 101))
        cretula(*load, 's', '--again', 'c.log', code=0)
        if 'E_STREAM_UNLISTED' in left.text:
            cretula('verify', '--store', 'store', '--strict', code=0)
            ends.add(os.path.exists('store/streams/new'))
        if n % 4 == 0:
            cretula(*load, 'new', 'b.log', code=0)
            equal(sorted(r['bytes'] for r in records('store', 'new')), list(range(1050, 1060)), n)
            good()
    assert bad > 3 and ends == {False, True}, (bad, ends)
    os.mkdir('store/streams/foreign')  # not of ours: its keys are not there
    write('store/streams/foreign/chain.jsonl', read('store/streams/s/chain.jsonl').splitlines(keepends=True)[0])
    cretula(*load, 's', '--again', 'c.log', code=0)
    assert 'E_STREAM_UNLISTED' in cretula('verify', '--store', 'store', code=1).text
    assert not os.path.exists('store.keys/foreign')


def test_a_chain_of_one_endless_line_costs_its_size_once():
    """256 MiB without an LF, and one byte more: refused, and not held twice."""
    write('a.log', lines(0, 50))
    cretula('import', '--store', 'store', '--stream', 's', '--format', 'combined', 'a.log', code=0)
    for size, finding, most in ((2 ** 28, b'E_CHAIN_TORN', 300), (2 ** 28 + 1, b'E_LIMIT', 64)):
        os.truncate('store/streams/s/chain.jsonl', 0)
        os.truncate('store/streams/s/chain.jsonl', size)
        code, out, peak = peak_of(CRETULA, 'verify', '--store', 'store')
        equal((code, finding in out), (1, True), size)
        if not sanitized():
            assert peak < most << 10, (size, peak)


def test_a_store_on_a_read_only_mount():
    """Import and pipe say so in one line, exit 74, and change nothing; verify and view read it; then it goes on."""
    os.mkdir('disk')
    if subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=32m', 'none', 'disk'], capture_output=True, check=False).returncode:
        raise Skip('mount is not permitted')
    try:
        os.symlink('disk/store', 'store')
        where = ['--store', 'disk/store']
        write('a.log', lines(0, 500))
        cretula('import', *where, '--stream', 's', '--format', 'combined', 'a.log', code=0)
        subprocess.run(['mount', '-o', 'remount,ro', 'disk'], check=True)
        write('b.log', lines(500, 600))
        for run in (cretula('import', *where, '--stream', 's', '--format', 'combined', 'b.log'),
                    cretula('pipe', *where, 's', '--format', 'combined', stdin=lines(500, 600))):
            equal((run.code, len(run.err.splitlines())), (74, 1), run.err)
            assert 'Read-only' in run.err, run.err
        cretula('verify', *where, '--strict', code=0)
        equal(len(records('disk/store')), 500)
        subprocess.run(['mount', '-o', 'remount,rw', 'disk'], check=True)
        cretula('pipe', *where, 's', '--format', 'combined', stdin=lines(500, 600), code=0)
        equal([record['bytes'] - 1000 for record in records('disk/store')], list(range(600)))
        cretula('verify', *where, '--strict', code=0)
    finally:
        subprocess.run(['umount', 'disk'], check=True)


def test_seg_vanishes_while_running():
    """Whoever removes seg/ under a running pipe: the seal fails with a line, what was committed comes with the next start."""
    process = start()
    wait_for(opened)
    process.stdin.write(lines(0, 50))
    wait_for(lambda: committed(50))
    os.rmdir('store/streams/s/seg')
    said = end(process, 74)
    equal(len([text for text in said.splitlines() if ' is made; keys ' not in text and 'level=info msg="confined' not in text]), 1, said)
    cretula('verify', '--store', 'store')
    cretula(*PIPE[1:], stdin=lines(50, 60), code=0)
    equal(sizes(), list(range(60)))
    good()


def test_a_restart_while_the_old_one_seals():
    """Two at once never write: the new one is busy until the old one is gone, then it goes on."""
    done = 0
    for round_ in range(5):
        old = start()
        wait_for(opened)
        old.stdin.write(lines(done, done + 2000))
        old.send_signal(signal.SIGTERM)
        attempt, until = 0, time.monotonic() + 120
        while (run := cretula(*PIPE[1:], stdin=line(done + 2000))).code != 0:
            equal((run.code, len(run.err.splitlines())), (75, 1), run.err)
            assert time.monotonic() < until, run.err
            attempt += 1
        old.stdin.close()
        equal(old.wait(timeout=120), 0)
        done += 2001
        equal(sizes(), list(range(done)), f'round {round_}, after {attempt} attempts')
    good()


def test_no_descriptor_outlives_an_exec():
    """All that pipe holds open is closed by exec, the lock above all: no child can keep the stream."""
    process = start()
    wait_for(opened)
    process.stdin.write(lines(0, 5))
    wait_for(lambda: committed(5))
    stop(process.pid)  # what it opens and closes again meanwhile would be gone between two looks
    folder = f'/proc/{process.pid}/fdinfo'
    kept = []
    for fd in os.listdir(folder):
        flags = int(re.search(rb'flags:\s*(\d+)', read(os.path.join(folder, fd)))[1], 8)
        if int(fd) > 2 and not flags & 0o2000000:
            kept.append(os.readlink(f'/proc/{process.pid}/fd/{fd}'))
    process.send_signal(signal.SIGCONT)
    end(process)
    equal(kept, [])


def test_what_has_another_name_is_not_overwritten():
    """Whoever can write the store links another one's file to a name that will be overwritten: it stays, and that is said."""
    mine = b'not of the store\n' * 1000
    write('mine', mine)

    def plant(*names):
        for name in names:
            os.link('mine', f'store/{name}')
    cretula(*PIPE[1:], stdin=lines(0, 30), code=0)
    plant('streams/s/open/00000001.data', 'words/.s.old.tmp', 'streams/s/seg/00000009.salt')
    process = start()
    wait_for(opened)
    plant('streams/s/seg/00000002.jsonl.zst.tmp', 'streams/s/seg/00000002.salt.tmp')
    process.stdin.write(lines(30, 40))
    wait_for(lambda: committed(10))
    assert 'pipe: 2 files had another name' in end(process)
    equal(read('mine'), mine)
    equal(os.stat('mine').st_nlink, 1)
    plant('streams/s/seg/00000001.r1.jsonl.zst.tmp')
    cretula('subject', 'erase', '--store', 'store', '--stream', 's', '--record', '3', '--reason', 'asked', code=0)
    os.link('store/streams/s/seg/00000002.salt', 'kept')
    said = cretula('subject', 'erase', '--store', 'store', '--stream', 's', '--record', '33', '--reason', 'asked', code=0).err
    assert 'a file had another name' in said, said
    equal(read('mine'), mine)
    assert set(read('kept')) != {0}
    cretula('verify', '--store', 'store', '--strict', code=0)


def test_sigterm_during_a_seal():
    """SIGUSR1 and SIGTERM at once, ten times: a clean stop, each line once."""
    for n in range(10):
        process = start()
        wait_for(opened)
        process.stdin.write(lines(n * 400, n * 400 + 400))
        process.send_signal(signal.SIGUSR1)
        time.sleep(0.003 * n)
        process.send_signal(signal.SIGTERM)
        equal(process.wait(timeout=120), 0)
        process.stdin.close()
        process.stderr.close()
    equal(sizes(), list(range(4000)))
    equal([e['reason'] for e in entries() if e['type'] == 'stop'], ['term'] * 10)
    good()


def test_storms_of_signals():
    """A thousand SIGHUP and SIGUSR1 between lines."""
    process = start()
    wait_for(opened)
    for n in range(500):
        process.stdin.write(line(n))
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGUSR1)
    end(process)
    equal(sizes(), list(range(500)))
    good()


def resident(pid):
    return int(re.search(rb'VmRSS:\s*(\d+)', read(f'/proc/{pid}/status'))[1])


def descriptors(pid):
    """How many it has, once the files of the segment before are closed: its writer does that a little behind the seal."""
    links = []

    def settled():
        links.clear()
        for fd in os.listdir(f'/proc/{pid}/fd'):
            with contextlib.suppress(FileNotFoundError):
                links.append(os.readlink(f'/proc/{pid}/fd/{fd}'))
        return not any(re.search(r'/open/\d+\.(data|tags) \(deleted\)$', link) for link in links)
    wait_for(settled, seen=lambda: links)
    return len(links)


def test_many_rotations():
    """300 seals (10,000 in the long run) by one process: no more descriptors, and no memory but for the chain itself."""
    count = 10000 if LONG else 300
    with tempfile.TemporaryDirectory(dir='/dev/shm' if os.access('/dev/shm', os.W_OK) else None) as folder:
        os.chdir(folder)
        process = start()
        wait_for(opened)
        seen, began = [], time.monotonic()
        for n in range(count):
            process.stdin.write(line(n))
            process.send_signal(signal.SIGUSR1)
            wait_for(lambda: os.path.exists(f'store/streams/s/cp/{n + 3:08}.note'))  # after genesis and start
            if n in (count // 3, count - 1):
                seen.append((descriptors(process.pid), resident(process.pid), time.monotonic() - began))
        end(process)
        (fds, memory, took), (fds_last, memory_last, took_last) = seen
        print(f'# {count} seals in {took_last:.1f} s; {memory} KiB after a third, {memory_last} KiB at the end')
        equal(fds_last, fds)
        if not sanitized():  # a writer keeps its chain, which grows by an entry a seal
            chain = os.path.getsize('store/streams/s/chain.jsonl') // 1024
            assert memory_last - memory < 2048 + 2 * chain, f'{memory} KiB, then {memory_last}, a chain of {chain} KiB'
        equal(len(segments('store')), count + (0 if segments('store')[-1]['n'] else 1))
        equal(sum(entry['n'] for entry in segments('store')), count)
        cretula('verify', '--store', 'store', '--strict', code=0)
        os.chdir('/')


def test_a_snapshot_of_store_and_keys():
    """A documented limit: it goes on as another history, which a pin finds and nothing else does; the report says till when."""
    cretula(*PIPE[1:], stdin=lines(0, 20), code=0)
    shutil.copytree('store', 'kept')
    shutil.copytree('store.keys', 'kept.keys')
    cretula(*PIPE[1:], stdin=lines(20, 40), code=0)
    cretula('verify', '--store', 'store', '--pin', 'pin', code=0)
    newest = entries()[-1]['t']
    for name in ('store', 'store.keys'):
        shutil.rmtree(name)
        shutil.copytree('kept' + name[5:], name)
    run = cretula('verify', '--store', 'store', code=0)
    assert entries()[-1]['t'] < newest and entries()[-1]['t'][:16].replace('T', ' ') in run.text.replace('T', ' '), run.text
    assert 'E_ROLLBACK' in cretula('verify', '--store', 'store', '--pin', 'pin', code=1).text
    cretula(*PIPE[1:], stdin=lines(60, 99), code=0)  # more than was lost
    cretula(*PIPE[1:], stdin=lines(99, 120), code=0)
    equal(sizes(), [*range(20), *range(60, 120)])
    cretula('verify', '--store', 'store', '--strict', code=0)
    assert 'E_SPLIT_VIEW' in cretula('verify', '--store', 'store', '--pin', 'pin', code=1).text


main()
