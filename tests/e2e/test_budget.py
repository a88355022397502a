"""disk: what the store may take.  The oldest goes first, never what is held or too young; then what comes waits."""
import contextlib
import fcntl
import json
import os
import signal
import socket
import subprocess

from lib import CRETULA, Skip, combined, cretula, equal, is_testing_build, main, open_lines, read, records, wait_for, write
from test_retain import SEG, clock, entries, good, hold, kept, make, view

CONFIG = 'store: store\n%sdisk: %d\nstreams:\n  s:\n    retain: {detail: 90d%s}\n'


def october(*days, lines=20):
    """Imports of those days, made on the 20th; it is the 6th of November."""
    if not is_testing_build():
        raise Skip('a build without an injected clock')
    clock('2026-10-20T12:00:00Z')
    make(days, lines)
    clock('2026-11-06T12:00:00Z')


def used(*paths):
    """Bytes that files take; of the store without names."""
    out = subprocess.run(['du', '--block-size=1', '--summarize', '--total', *(paths or ('store',))], capture_output=True, check=True)
    top = 0 if paths else os.lstat('store').st_blocks * 512
    return int(out.stdout.split()[-2]) - top


def files(segment):
    return [f'{SEG}/{segment:08}.{kind}' for kind in ('idx', 'jsonl.zst', 'salt')]


def configure(limit, more='', least='', top=''):
    write('c.yaml', (CONFIG % (top, limit, least) + more).encode())


def retain(*options, code=0):
    return cretula('retain', '--store', 'store', '--config', 'c.yaml', *options, code=code)


def test_the_oldest_goes():
    """What goes is said, goes oldest first, is sealed with its cause, and no more of it than is needed."""
    october(7, 5, 8, 6)
    configure(used() - 1)
    before = read('store/streams/s/chain.jsonl')
    text = retain('--dry-run').text
    assert 'would prune 0 segments, 0 records, 0 B; to make room (disk ' in text and ': 1 segment, 20 records, ' in text, text
    out = retain('--dry-run', '--json').json
    equal((out['disk']['over_bytes'], out['streams'][0]['room']['segments']), (0, 1))
    equal(read('store/streams/s/chain.jsonl'), before)
    configure(used() - used(*files(2)) - 1)
    out = retain('--json').json
    equal([out['streams'][0][what]['segments'] for what in ('prune', 'room', 'keep')], [0, 2, 2])
    kept(1, 3)
    entry, = entries('prune')
    assert entry['rule'].startswith('disk ') and entry['segs'] == [[2, 2], [4, 4]], entry
    equal(entry['cutoff'], '2026-10-06T00:01:00.001Z')
    equal(entries('report')[0]['kind'], 'retain')
    equal(view(), [*range(0, 20), *range(40, 60)])
    good()
    before = read('store/streams/s/chain.jsonl')
    configure(used())
    assert 'to make room' not in retain().text
    equal(read('store/streams/s/chain.jsonl'), before, 'twice is once')


def test_an_import_waits():
    """Above the budget no import begins, and none begins another segment: it goes on once there is room."""
    october(7)
    configure(used() - 1)
    before = read('store/streams/s/chain.jsonl')
    rows = [combined(n, client=f'192.0.2.{n % 250}').replace('24/Nov/2025', '08/Oct/2026') for n in range(50)]
    write('more', ''.join(rows).encode())
    more = ('import', '--config', 'c.yaml', '--stream', 's', '--format', 'combined', 'more')
    err = cretula(*more, code=74).err
    assert '`cretula retain` makes room' in err, err
    equal(read('store/streams/s/chain.jsonl'), before)
    equal(cretula('import', '--config', 'c.yaml', '--stream', 's', '--format', 'combined', 'log7', code=0).code, 0)  # all sealed
    configure(used() + 1)
    cretula(*more, code=0)
    equal(len(view()), 70)
    # An entry has 64 sources: so many files are two segments, and the second one waits.
    files = [f'file{n}' for n in range(70)]
    for n, name in enumerate(files):
        write(name, combined(n, client='192.0.2.7').encode())
    configure(used() + 1)
    several = (*more[:-1], *files)
    assert 'what is sealed stays' in cretula(*several, code=74).err
    equal((len(view()), len(entries('segment'))), (134, 3))
    configure(used() + 10000000)
    cretula(*several, code=0)
    equal((len(view()), len(entries('segment'))), (140, 4))
    good()


def test_too_small():
    """Less than what is open may take: check and doctor say what goes then, and how much it should be."""
    small = 'disk: 100.0 MiB is less than the 514.0 MiB that segments may take while they are open: then '

    def said():
        return [line for line in cretula('check', '--config', 'c.yaml', code=0).err.splitlines() if 'disk:' in line]

    configure(100 << 20)
    assert said()[0].endswith(small + 'all that is sealed goes for them, also of a minute ago, as stream s has no retain: { least: 7d }'), said()
    make((5,), 1)
    found = [f for f in cretula('doctor', '--config', 'c.yaml', '--json').json['found'] if f['check'] == 'disk']
    assert any(f['text'].startswith(small) and f['level'] == 'advice' for f in found), found
    configure(100 << 20, least=', least: 7d')
    assert said()[0].endswith(small + 'what comes waits until records get older than `least`'), said()
    configure(514 << 20, '  t:\n    retain: {detail: 90d, least: 1d}\n')
    assert '514.0 MiB is less than the 1.0 GiB ' in said()[0] and 'stream s has no' in said()[0], said()
    for limit in (514 << 20, 0):
        configure(limit)
        equal(said(), [])


def test_what_may_not_go():
    """A hold and a least age are not broken: the rest is said, with an exit code."""
    october(5, 6, 7, 8)
    hold('add', 'case-7', '--until', '2026-10-06T00:00:00Z')
    configure(1, least=', least: 31d')
    for options, code in (('--dry-run',), 0), ((), 74):
        done = retain(*options, code=code)
        assert 'more than its budget (disk 1 B) if all went that may, so nothing goes for it: the rest is held, or too young' in done.err, done.err
    kept(1, 2, 3, 4)
    configure(used() - 1, least=', least: 31d')
    retain()
    kept(1, 3, 4)
    configure(used() - 1, least=', least: 31d')
    assert 'so nothing goes for it' in retain(code=74).err
    good()
    for policy in 'preset: cnil', 'preset: hipaa, detail: 2192d, archive: 2193d', 'preset: hipaa, archive: 2193d', 'preset: pci-dss, archive: 367d':
        write('c.yaml', (CONFIG.replace('detail: 90d', policy) % ('', used() - 1, ', least: 1d')).encode())
        retain(code=74)  # an archive is in the policy, and nowhere
    kept(1, 3, 4)
    configure(1, least=', least: 91d')
    assert 'detail: shorter than least' in retain(code=78).err


def test_what_does_not_count():
    """Foreign files, a second name of one, and files of what is pruned already are not what the store takes."""
    october(5, 6, 7, 8)
    limit = used()
    configure(limit)
    for name in 'store/big', 'store/streams/s/big', 'store/streams/Big', 'store/words/Big':
        write(name, bytes(1 << 16))
    os.makedirs('store/elsewhere/seg')
    write('store/elsewhere/seg/00000001.salt', bytes(1 << 16))
    os.link(files(1)[1], f'{SEG}/00000099.jsonl.zst')
    os.symlink('/usr', 'store/skip')
    equal(retain('--dry-run', '--json').json['disk']['used_bytes'], limit)
    os.unlink(f'{SEG}/00000099.jsonl.zst')
    retain()
    equal(entries('prune'), [], 'nothing goes for it')
    configure(limit - 1)
    copies = [(name, read(name)) for name in files(1)]
    retain()
    kept(2, 3, 4)
    limit = retain('--dry-run', '--json').json['disk']['used_bytes']
    configure(limit)
    for name, bytes_of_it in copies:
        write(name, bytes_of_it)
    out = retain('--dry-run', '--json').json
    assert out['disk']['used_bytes'] > limit, out
    equal(out['streams'][0].get('room', {}).get('segments', 0), 0)


@contextlib.contextmanager
def locked():
    """As somebody who makes room."""
    fd = os.open('store/streams', os.O_RDONLY)
    fcntl.flock(fd, fcntl.LOCK_EX)
    yield
    os.close(fd)


def test_one_at_a_time():
    """Who finds another process at it makes no room."""
    october(5, 6)
    configure(used() - 1)
    before = read('store/streams/s/chain.jsonl')
    with locked():
        assert 'another process looks for room' in retain(code=75).err
        equal(read('store/streams/s/chain.jsonl'), before)
    retain()
    kept(2)


def lines(first, count):
    return b''.join(combined(n, client=f'203.0.113.{n % 250}').encode() for n in range(first, first + count))


def state():
    out = cretula('status', '--store', 'store', '--json')
    return out.json['streams'][0].get('state') if out.code in (0, 1) else out.err


def seen():
    """What the last look of the daemon measured."""
    return cretula('status', '--store', 'store', '--json').json['disk']['used_bytes']


def daemon_of(*args):
    return subprocess.Popen([CRETULA, 'run', '--config', 'c.yaml', *args], stderr=subprocess.PIPE)


def end(daemon):
    daemon.terminate()
    said = daemon.communicate()[1].decode()
    equal(daemon.returncode, 0, said)
    return said


def test_capture_waits():
    """Where nothing may go a daemon takes nothing more, says so, and goes on with a larger budget."""
    october(5, 6)
    hold('add', 'case-7', '--until', '2026-11-01T00:00:00Z')
    more = f'    input: {{ unix-stream: "{os.getcwd()}/s.sock" }}\n    format: combined\n'
    configure(1, more)
    daemon = daemon_of()
    wait_for(lambda: os.path.exists('s.sock') and state() == 'full', seen=state)
    said = cretula('status', '--store', 'store', code=1).text
    assert 'disk budget: ' in said and ' of 1 B, over: input waits' in said, said
    with socket.socket(socket.AF_UNIX) as s:
        s.connect('s.sock')
        s.sendall(lines(0, 50))
        equal(json.loads(cretula('status', '--store', 'store', '--json').out)['streams'][0]['records'], 0)
        write('c.yaml', read('c.yaml').replace(b'disk: 1\n', b'disk: 1G\n'))
        daemon.send_signal(signal.SIGHUP)
        wait_for(lambda: state() == 'reading' and open_lines() + sealed() == 90, seen=state)
    said = end(daemon)
    assert 'and what may go is not enough: input waits' in said, said
    equal([(r['kind'], r['result']) for r in entries('report')], [('disk', 74)])
    equal(sealed(), 90)
    good()


def test_room_is_made_while_it_runs():
    """Stopped meanwhile, a file loses nothing; what is released makes room, and input goes on."""
    october(5, 6, lines=12000)
    hold('add', 'case-7', '--until', '2026-11-01T00:00:00Z')
    write('live.log', lines(0, 50))
    # A daemon has a reserve of a MiB, and little more: less than the segments take.
    configure(used() + (900 << 10), f'    input: {{ file: "{os.getcwd()}/live.log" }}\n    format: combined\n', ', least: 1d')
    for ends in True, False:
        daemon = daemon_of()
        wait_for(lambda: state() == 'full', seen=state)
        if ends:
            end(daemon)
    with locked():
        hold('release', 'case-7')
        before = seen()
        write('store/words/more', b'more')
        wait_for(lambda: seen() > before, seen=seen)
        equal((state(), entries('prune')), ('full', []), 'another process makes room')
    wait_for(lambda: state() == 'reading' and open_lines() + sealed() == 24050, seen=state)
    said = end(daemon)
    assert 'pruned to make room (disk ' in said and 'within its budget (disk): input goes on' in said, said
    entry, = entries('prune')
    assert entry['rule'].startswith('disk ') and entry['segs'] in ([[1, 1]], [[1, 2]]), entry
    equal([(r['kind'], r['result']) for r in entries('report')],
          [('disk', 74), ('disk', 74), ('retain', 0), ('disk', 0)])
    equal(sealed(), 24050)
    good()


def test_several_wait_at_once():
    """A daemon, a pipe and an import of one store: none waits for another one, and none is left waiting once there is room."""
    october(5, 6, lines=12000)
    hold('add', 'case-7', '--until', '2026-11-01T00:00:00Z')
    write('live.log', lines(0, 50))
    # Each of those that write live has a reserve of a MiB: both together are a little too much.
    configure(used() + (2028 << 10), f'    input: {{ file: "{os.getcwd()}/live.log" }}\n    format: combined\n  t: {{ format: combined, retain: {{ detail: 90d, least: 1d }} }}\n'
              '  u: { format: combined }\n', ', least: 1d')
    daemon = daemon_of()
    with open('pipe.err', 'wb') as err:
        pipe = subprocess.Popen([CRETULA, 'pipe', '--config', 'c.yaml', 't'], stdin=subprocess.PIPE, stderr=err)
    pipe.stdin.write(lines(0, 50))
    pipe.stdin.flush()
    wait_for(lambda: state() == 'full' and b'input waits' in read('pipe.err'), seen=lambda: (state(), read('pipe.err')))
    load = ('import', '--config', 'c.yaml', '--stream', 'u', 'live.log')
    assert '`cretula retain` makes room' in cretula(*load, code=74).err
    wait_for(lambda: hold('release', 'case-7', code=None).code == 0)  # the daemon may look just now
    wait_for(lambda: cretula(*load).code == 0)
    wait_for(lambda: state() == 'reading' and open_lines() + sealed() == 24050, seen=state)
    pipe.communicate()
    said = end(daemon)
    equal((pipe.returncode, len(entries('prune'))), (0, 1), (said, read('pipe.err')))
    equal([len(records('store', stream)) for stream in ('t', 'u')], [50, 50])
    good()


def sealed():
    return sum(e['n'] for e in entries('segment'))


main()
