"""run: the daemon between what sends lines and the store."""
import errno
import fcntl
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

from lib import (CRETULA, SOURCE, Skip, combined, cretula, equal, free_port, is_taken, is_testing_build, last_flush, lines_of, main,
                 on_disk, open_lines, read, records, segments, stop, wait_for, write)

CONFIG = """store: store
streams:
  tcp: { input: { tcp: "127.0.0.1:%(tcp)d" }, format: combined }
  udp: { input: { udp: "127.0.0.1:%(udp)d" }, format: combined }
  fifo: { input: { fifo: %(here)s/fifo }, format: combined }
  local: { input: { unix: %(here)s/local.sock }, format: combined }
  conn: { input: { unix-stream: %(here)s/conn.sock }, format: combined }
  piped: { input: pipe }
"""
ONE = "store: store\nstreams:\n  s: { input: { unix-stream: %(here)s/s.sock }, format: combined }\n"


def line(n):
    return combined(n // 7, client=f'10.{n % 250}.{n // 250 % 250}.9', size=n + 1000).encode()


def configure(text=ONE):
    places = {'here': os.getcwd(), 'tcp': free_port(), 'udp': free_port()}
    write('c.yaml', (text % places).encode())


def manager():
    """What a service manager listens on, and what it heard."""
    s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    s.bind('notify.sock')
    s.settimeout(120)
    return s


class Daemon:
    """cretula run, ready."""

    def __init__(self, *options, env=None, command=None, pass_fds=()):
        if os.path.exists('notify.sock'):
            os.unlink('notify.sock')
        self.manager = manager()
        env = {**os.environ, 'NOTIFY_SOCKET': os.path.abspath('notify.sock'), **(env or {})}
        self.process = subprocess.Popen(command or [CRETULA, 'run', '--config', 'c.yaml', *options], env=env,
                                        stderr=subprocess.PIPE, pass_fds=pass_fds)
        heard = self.manager.recv(100)
        if heard != b'READY=1':
            raise AssertionError(f'{heard}: {self.process.communicate()[1].decode()}')

    def end(self, code=0, number=signal.SIGTERM):
        self.process.send_signal(number)
        said = self.process.communicate(timeout=120)[1].decode()
        equal(self.process.returncode, code if number != signal.SIGKILL else -number, said)
        self.manager.close()
        return said


def connect(path, kind=socket.SOCK_STREAM):
    s = socket.socket(socket.AF_UNIX, kind)
    s.connect(path)
    return s


def sizes(stream):
    return [r.get('bytes', 999) - 1000 for r in records('store', stream)]


committed = open_lines


def busy_s(pid):
    """Seconds of processor that a process has used."""
    fields = read(f'/proc/{pid}/stat').rsplit(b') ', 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


def test_descriptors_run_out():
    """Who finds no descriptor left waits, at no cost, and is read later; the store goes on, and status tells."""
    for kind in ('unix-stream: %(here)s/s.sock', 'tcp: "127.0.0.1:%(tcp)d"'):
        configure(ONE.replace('unix-stream: %(here)s/s.sock', kind))
        daemon = Daemon(command=['prlimit', '--nofile=96:96', CRETULA, 'run', '--config', 'c.yaml'])
        place = re.search(rb'127\.0\.0\.1:(\d+)', read('c.yaml'))
        before = len(sizes('s')) if os.path.exists('store/streams/s/chain.jsonl') else 0
        many = []
        for n in range(120):
            many.append(socket.create_connection(('127.0.0.1', int(place[1]))) if place else connect('s.sock'))
            many[n].sendall(line(n))
        def seen():
            return cretula('status', '--store', 'store', '--json', code=0).json['streams'][0]
        wait_for(lambda: seen()['descriptors_short'] > 0, seen=seen)
        start, since = busy_s(daemon.process.pid), time.monotonic()
        time.sleep(0.5)
        used = busy_s(daemon.process.pid) - start
        assert used < 0.4 * (time.monotonic() - since), f'{used} s of half a second, or of a little more'
        daemon.process.send_signal(signal.SIGUSR1)
        wait_for(lambda n=before: len(sizes('s')) > n)
        for s in many:
            s.close()
        said = daemon.end()
        assert 'trying again' not in said, said
        equal(sorted(sizes('s')[before:]), list(range(120)), said)


def test_every_input():
    """What is sent to each is in its stream, masked, once, and in order."""
    configure(CONFIG)
    ports = [int(p) for p in re.findall(r'127\.0\.0\.1:(\d+)', read('c.yaml').decode())]
    daemon = Daemon()
    tcp = socket.create_connection(('127.0.0.1', ports[0]))
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    local, conn = connect('local.sock', socket.SOCK_DGRAM), connect('conn.sock')
    fifo = os.open('fifo', os.O_WRONLY)
    for n in range(500):
        if n == 250:  # datagrams of UDP wait for nobody
            wait_for(lambda n=n: committed('udp') == n)
        tcp.sendall(line(n))
        udp.sendto(line(n), ('127.0.0.1', ports[1]))
        local.send(line(n).rstrip(b'\n'))
        frame = b'<13>Nov 24 10:00:00 web nginx: ' + line(n)
        conn.sendall(b'%d %s' % (len(frame), frame))
        os.write(fifo, line(n))
    wait_for(lambda: committed('tcp') == 500)
    for n in range(500, 510):
        tcp.sendall(line(n))
    said = daemon.end()  # with everything still connected
    for stream in ('tcp', 'udp', 'fifo', 'local', 'conn'):
        equal(sizes(stream), list(range(510 if stream == 'tcp' else 500)), stream)
        assert f'stream={stream}' in said, said
    assert all(text.startswith('time=') for text in said.splitlines()), said  # logfmt, all of it
    assert not os.path.exists('store/streams/piped'), 'pipe is no business of run'
    assert not os.path.exists('conn.sock'), 'its socket stays'
    cretula('verify', '--store', 'store', '--strict', code=0)
    for folder, _, files in os.walk('store'):
        for name in files:
            if name.endswith('.zst'):
                plain = subprocess.run(['zstdcat', os.path.join(folder, name)], capture_output=True, check=True).stdout
                assert not re.search(rb'10\.\d+\.\d+\.9', plain), name


def test_many_connections():
    """A few hundred at once, each with half lines; each line once."""
    configure()
    daemon = Daemon()
    all_of_them = [connect('s.sock') for _ in range(300)]
    for n, s in enumerate(all_of_them):
        s.sendall(line(n)[:50])
    for n, s in enumerate(all_of_them):
        s.sendall(line(n)[50:] + line(1000 + n))
    for s in all_of_them[:100]:
        s.close()
    daemon.end()
    equal(sorted(sizes('s')), sorted([*range(300), *range(1000, 1300)]))


FILE = "store: store\nstreams:\n  s: { input: { file: %(here)s/access.log }, format: combined }\n"


def append(name, *numbers):
    with open(name, 'ab') as f:
        f.write(b''.join(line(n) for n in numbers))


def once(got, sent):
    """0 to sent, in order; else the first places where it is not so."""
    odd = [(n, a) for n, a in enumerate(got) if a != (got[n - 1] + 1 if n else 0)]
    assert not odd and len(got) == sent, f'{len(got)} of {sent}, breaks at {odd[:10]}'


def seen(count):
    return lambda: open_lines() >= count


def test_growing_file():
    """From its beginning, as it grows, half lines too; over starts and kills each line once."""
    configure(FILE)
    append('access.log', *range(50))
    daemon = Daemon()
    wait_for(seen(50))
    append('access.log', *range(50, 60))
    with open('access.log', 'ab') as f:
        f.write(line(60)[:40])
        f.flush()
        wait_for(seen(60))
        daemon.end()  # the half line waits for the next start
        f.write(line(60)[40:])
    daemon = Daemon()
    wait_for(seen(1))
    daemon.end(number=signal.SIGKILL)
    append('access.log', *range(61, 70))
    daemon = Daemon()
    wait_for(seen(9))
    daemon.end(number=signal.SIGKILL)
    Daemon().end()
    equal(sizes('s'), list(range(70)))
    cretula('verify', '--store', 'store', '--strict', code=0)


def rotate_under_a_late_writer(daemon):
    """What is to be read, in order: the old file's last lines come when the new one is there, within the second of a daemon that lingers."""
    sent, turn = [], 0
    while len(sent) < 10 * turn + 10:  # else this process was too slow: nobody came late, and another file is rotated
        turn += 1
        stop(daemon.process.pid)
        with open('access.log', 'ab') as old:
            os.rename('access.log', f'access.log.{turn}')
            append('access.log', *range(100 * turn, 100 * turn + 10))
            start = time.monotonic()
            daemon.process.send_signal(signal.SIGCONT)
            time.sleep(0.1)
            stop(daemon.process.pid)
            if time.monotonic() - start < 0.9:
                old.write(b''.join(line(n) for n in range(10, 20)))
                sent += range(10, 20)
        daemon.process.send_signal(signal.SIGCONT)
        sent += range(100 * turn, 100 * turn + 10)
    return sent


def test_rotated_file():
    """By rename and create while it runs and while it does not, and by copy and truncate: each line once."""
    configure(FILE)
    append('access.log', *range(10))
    daemon = Daemon()
    wait_for(seen(10))
    sent = [*range(10), *rotate_under_a_late_writer(daemon)]
    wait_for(seen(len(sent)))
    append('access.log', 30)
    wait_for(seen(len(sent) + 1))
    daemon.end()
    append('access.log', *range(31, 40))
    os.rename('access.log', 'access.log.away')
    append('access.log', *range(40, 45))
    time.sleep(0.02)
    os.rename('access.log', 'access.log-20261126')
    append('access.log', *range(45, 50))
    daemon = Daemon()
    wait_for(seen(19))
    append('access.log', *range(50, 60))
    data = read('access.log')
    write('access.log.copy', data)
    os.truncate('access.log', 0)
    append('access.log', *range(60, 65))
    wait_for(seen(34))
    daemon.end()
    equal(sizes('s'), [*sent, *range(30, 65)])
    cretula('verify', '--store', 'store', '--strict', code=0)


def lost(stream='s'):
    return sum(e['in']['lost'] for e in map(json.loads, lines_of(f'store/streams/{stream}/chain.jsonl'))
               if e['type'] == 'segment')


def pack(name, how):
    subprocess.run(['gzip', name] if how == 'gz' else ['zstd', '-q', '--rm', name], check=True)


def test_compressed_meanwhile():
    """Rotated and compressed while the daemon was away, twice: read on in the middle, each line once; copies are no files."""
    for how in ('gz', 'zst'):
        configure(FILE)
        append('access.log', *range(3000))
        daemon = Daemon()
        wait_for(seen(3000))
        daemon.end()
        append('access.log', *range(3000, 3100))
        with open('access.log', 'ab') as f:
            f.write(line(3100)[:40])  # and half a line, which nobody will end
        os.rename('access.log', 'access.log.2')
        pack('access.log.2', how)
        time.sleep(0.02)
        append('access.log', *range(3101, 3200))
        os.rename('access.log', 'access.log.1')
        shutil.copy2('access.log.1', 'copy')
        pack('access.log.1', how)
        os.rename('copy', 'access.log.1')
        time.sleep(0.02)
        append('access.log', *range(3200, 3210))
        daemon = Daemon()
        wait_for(seen(210))
        append('access.log', 3210)
        wait_for(seen(211))
        daemon.end()
        daemon = Daemon()
        append('access.log', 3211)
        wait_for(seen(1))
        said = daemon.end()
        assert 'lost' not in said, said
        got = [r.get('bytes', 4100) - 1000 for r in records('store')]
        once(got, 3212)
        equal(lost(), 0)
        for name in os.listdir('.'):
            if name.startswith(('access', 'store')):
                shutil.rmtree(name) if os.path.isdir(name) else os.unlink(name)


def test_lost_files_are_told():
    """A file that is gone, one that is compressed and damaged, one that is cut without a copy: said, and counted once."""
    configure(FILE)
    append('access.log', *range(10))
    daemon = Daemon()
    wait_for(seen(10))
    daemon.end()
    os.rename('access.log', 'gone')  # with what it got meanwhile
    append('access.log', *range(10, 20))
    daemon = Daemon()
    wait_for(seen(10))
    assert 'is lost' in daemon.end()
    equal(lost(), 1)
    append('access.log', *range(20, 3000))
    os.rename('access.log', 'access.log.1')
    pack('access.log.1', 'gz')
    os.truncate('access.log.1.gz', os.path.getsize('access.log.1.gz') - 500)
    time.sleep(0.02)
    append('access.log', *range(3000, 3010))
    daemon = Daemon()
    wait_for(lambda: 'damaged' in read_some(daemon))
    wait_for(lambda: sizes('s')[-1:] == [3009])
    data = read('access.log')
    os.truncate('access.log', 0)
    append('access.log', *range(3010, 3012))
    wait_for(lambda: 'was cut' in read_some(daemon), seen=lambda: data[:0])
    daemon.end()
    got = [n for n in sizes('s') if n >= 0]  # of the cut one half a line is left
    equal(got[:20], list(range(20)))
    equal(got[-12:], list(range(3000, 3012)))
    equal(lost(), 2)
    cretula('verify', '--store', 'store', '--strict', code=0)


def read_some(daemon):
    """What it has said so far, of this call and those before."""
    stderr = daemon.process.stderr
    os.set_blocking(stderr.fileno(), False)
    daemon.heard = getattr(daemon, 'heard', '') + (stderr.read1(65536) or b'').decode()
    return daemon.heard


def raw_at_rest(stream='s'):
    return cretula('verify', '--store', 'store', '--json', code=0).json['coverage']['raw_at_rest'].get(stream)


def test_what_is_committed_is_given_up():
    """punch frees the pages of a growing file, shred zeroes them; over rotations, stops and a kill each line comes once."""
    for how in ('punch', 'shred'):
        place = tempfile.mkdtemp(prefix='cretula-', dir='/dev/shm' if os.path.isdir('/dev/shm') else None)
        log = f'{place}/access.log'
        write('c.yaml', f"store: store\nstreams:\n  s: {{ input: {{ file: {log} }}, format: combined, after_read: {how} }}\n".encode())
        try:
            append(log, *range(5000))
            daemon = Daemon()
            wait_for(seen(5000))
            append(log, *range(5000, 5010))
            wait_for(lambda: os.stat(log).st_blocks * 512 < 80 << 10, seen=lambda: os.stat(log).st_blocks * 512)
            assert os.path.getsize(log) > 500 << 10, 'its size stays'
            os.rename(log, f'{log}.1')
            append(log, *range(5010, 5020))
            wait_for(seen(5020))
            wait_for(lambda: not read(f'{log}.1').strip(b'\0'))
            daemon.end(number=signal.SIGKILL)
            append(log, *range(5020, 5030))
            os.rename(log, f'{log}.2')
            append(log, *range(5030, 5040))
            daemon = Daemon()
            wait_for(seen(20))
            wait_for(lambda: not read(f'{log}.2').strip(b'\0'))
            said = daemon.end()
            assert 'cannot be done' not in said, said
            once(sizes('s'), 5040)
            equal(raw_at_rest(), 'tmpfs' if place.startswith('/dev/shm') else 'disk')
        finally:
            shutil.rmtree(place)
        shutil.rmtree('store')
        shutil.rmtree('store.keys')


def test_no_more_is_given_up():
    """after_read is as the configuration has it now, also behind SIGHUP."""
    configure(FILE.replace('format: combined', 'format: combined, after_read: shred'))
    append('access.log', *range(5000))
    daemon = Daemon()
    wait_for(seen(5000))
    configure(FILE)
    daemon.process.send_signal(signal.SIGHUP)
    wait_for(lambda: read('store/streams/s/chain.jsonl').count(b'"stop"') == 1)
    append('access.log', *range(5000, 6000))
    os.rename('access.log', 'access.log.1')
    append('access.log', *range(6000, 6010))
    wait_for(lambda: len(sizes('s')) == 6010)
    append('access.log', 6010)
    wait_for(lambda: len(sizes('s')) == 6011)
    daemon.end()
    assert read('access.log.1').endswith(b''.join(map(line, range(5000, 6000)))), 'it was given up'
    once(sizes('s'), 6011)


def test_links_are_not_given_up():
    """Who writes a log may choose by a link what is read, but not what is destroyed."""
    for how in ('punch', 'shred'):
        log, kept = os.path.abspath('access.log'), b''.join(map(line, range(2000)))
        write('precious', kept)
        os.symlink('precious', log)
        write('c.yaml', f"store: store\nstreams:\n  s: {{ input: {{ file: {log} }}, format: combined, after_read: {how} }}\n".encode())
        daemon = Daemon()
        wait_for(seen(2000))
        write('next', line(2000))
        os.rename('next', log)
        wait_for(seen(2001))
        append(log, 2001)
        wait_for(seen(2002))
        said = daemon.end()
        assert read('precious') == kept, f'{how}: what a link leads to was given up'
        assert 'after_read cannot be done' in said, said
        os.unlink(log)
        shutil.rmtree('store')
        shutil.rmtree('store.keys')


@on_disk
def test_copies_are_sealed():
    """Where lines lay before is in the chain, again when it is another place; what cannot be so is refused."""
    configure(FILE.replace('format: combined', 'format: combined, raw_at_rest: node'))
    append('access.log', 0)
    daemon = Daemon()
    wait_for(seen(1))
    daemon.end()
    equal(raw_at_rest(), 'node')
    configure(FILE)
    Daemon().end()
    Daemon().end()
    equal(raw_at_rest(), 'node,disk')
    equal(read('store/streams/s/chain.jsonl').count(b'"raw-at-rest"'), 2)
    equal(cretula('stats', '--store', 'store', '--stream', 's', '--json', code=0).json['raw_at_rest'], 'node,disk')
    assert 'raw at rest before: stream s: node,disk' in cretula('verify', '--store', 'store', code=0).text
    cretula('import', '--store', 'store', '--stream', 't', '--format', 'combined', 'access.log', code=0)
    equal(raw_at_rest('t'), 'import')
    for more, want in (('raw_at_rest: none', 'a file that a server writes'), ('raw_at_rest: tmpfs', 'another file system')):
        configure(FILE.replace('format: combined', f'format: combined, {more}'))
        if want != 'another file system' or not os.getcwd().startswith('/dev/shm'):
            assert want in cretula('run', '--config', 'c.yaml', code=78).err, more
    configure(ONE.replace('format: combined', 'format: combined, after_read: punch'))
    assert 'input.file only' in cretula('run', '--config', 'c.yaml', code=78).err


def test_killed_while_a_file_grows():
    """Ten kills at random moments: exactly once, for what was not committed is read again."""
    configure(FILE)
    rng = random.Random(7)
    sent = 0
    for _ in range(10):
        daemon = Daemon()
        until = time.monotonic() + rng.uniform(0.05, 1.5)
        while time.monotonic() < until:
            append('access.log', *range(sent, sent + 40))
            sent += 40
            if rng.random() < 0.02:
                os.rename('access.log', f'access.log.{sent}')
            time.sleep(0.01)
        daemon.end(number=signal.SIGKILL)
    Daemon().end()
    daemon = Daemon()
    wait_for(lambda: len(sizes('s')) >= sent)  # a stop does not wait for the files behind the one at hand
    daemon.end()
    once(sizes('s'), sent)
    cretula('verify', '--store', 'store', '--strict', code=0)


def flushed():
    """Has anything of the stream been committed?"""
    folder = 'store/streams/s/open'
    return os.path.isdir(folder) and any(n.endswith('.tags') and read(os.path.join(folder, n)) for n in os.listdir(folder))


def test_renamed_before_the_first_commit():
    """Dead after it had begun with the file and before it committed any of it; then it is rotated: each line comes once."""
    if not is_testing_build():
        raise Skip('not a testing build: it cannot be ended just there')
    configure(FILE)
    cretula('pipe', '--store', 'store', 'other', '--format', 'combined', stdin=line(1), code=0)
    for name in ('store', 'store.keys'):
        os.rename(name, f'first.{name}')
    begun = 0
    for step in range(60, 1000, 10):
        for name in ('store', 'store.keys'):
            shutil.rmtree(name, ignore_errors=True)
            shutil.copytree(f'first.{name}', name)
        for name in ('access.log', 'access.log.1'):
            write(name, b'')
        append('access.log', *range(10))
        process = subprocess.Popen([CRETULA, 'run', '--config', 'c.yaml'], env={**os.environ, 'CRETULA_FAULT': str(step)},
                                   stderr=subprocess.DEVNULL)
        wait_for(lambda p=process: p.poll() is not None or flushed())
        if process.poll() is None:
            process.kill()
        process.wait(timeout=120)
        if flushed():
            break
        if b'raw-at-rest' not in (read('store/streams/s/chain.jsonl') if os.path.exists('store/streams/s/chain.jsonl') else b''):
            continue  # it had not come so far
        begun += 1
        os.rename('access.log', 'access.log.1')
        append('access.log', *range(10, 20))
        daemon = Daemon()
        wait_for(seen(20), seen=lambda: committed('s'))
        daemon.end()
        once(sizes('s'), 20)
        cretula('verify', '--store', 'store', '--strict', code=0)
    assert begun > 0, 'it was never ended there'


def test_second_instance_is_busy():
    configure()
    daemon = Daemon()
    run = cretula('run', '--config', 'c.yaml', code=75)
    assert 'another cretula process' in run.err, run.err
    connect('s.sock').sendall(line(1))  # the first one still reads
    wait_for(lambda: committed('s') == 1)
    daemon.end()


def test_kill_and_go_on():
    """What was committed is there once; sockets are taken over."""
    configure()
    done = 0
    for _ in range(3):
        daemon = Daemon()
        with connect('s.sock') as s:
            s.sendall(b''.join(line(done + n) for n in range(100)))
            wait_for(lambda: committed('s') == 100)
        daemon.end(number=signal.SIGKILL)
        done += 100
    Daemon().end()
    equal(sizes('s'), list(range(done)))
    cretula('verify', '--store', 'store', '--strict', code=0)


def test_signals():
    """SIGUSR1 seals at once."""
    configure()
    daemon = Daemon()
    connect('s.sock').sendall(line(1))
    wait_for(lambda: committed('s') == 1)
    daemon.process.send_signal(signal.SIGUSR1)
    wait_for(lambda: os.path.exists('store/streams/s/seg/00000001.jsonl.zst'))
    daemon.end(number=signal.SIGINT)


def test_no_stream_is_left():
    """A reload that takes the last stream away and cannot open the new one ends the daemon, which says so."""
    configure()
    daemon = Daemon()
    with socket.socket() as taken:
        taken.bind(('127.0.0.1', 0))
        taken.listen()
        configure('store: store\nstreams:\n  t: { input: { tcp: "127.0.0.1:%d" } }\n' % taken.getsockname()[1])
        daemon.process.send_signal(signal.SIGHUP)
        said = daemon.process.communicate(timeout=120)[1].decode()
    equal(daemon.process.returncode, 74, said)
    assert said.endswith('cretula run: no stream is left\n'), said


def test_the_dead_are_looked_for():
    """A connection whose other end is gone without a word does not keep its place: the kernel asks for it."""
    configure('store: store\nstreams:\n  s: { input: { tcp: "127.0.0.1:%(tcp)d" }, format: combined }\n')
    port = int(re.findall(r'127\.0\.0\.1:(\d+)', read('c.yaml').decode())[0])
    daemon = Daemon()
    with socket.create_connection(('127.0.0.1', port)) as s:
        s.sendall(line(0))
        wait_for(seen(1))
        rows = [row.split() for row in read('/proc/net/tcp').decode().splitlines()[1:]]
        timers = [row[5][:2] for row in rows if int(row[1].split(':')[1], 16) == port and row[3] == '01']
    daemon.end()
    equal(timers, ['02'])  # the one of keepalive runs


def test_no_log_at_all():
    """What a stranger sends first neither stops a stream of any format nor is lost; its own lines are read behind it."""
    configure('store: store\nstreams:\n  s: { input: { tcp: "127.0.0.1:%(tcp)d" } }\n')
    port = int(re.findall(r'127\.0\.0\.1:(\d+)', read('c.yaml').decode())[0])
    daemon = Daemon()
    with socket.create_connection(('127.0.0.1', port)) as s:
        s.sendall(b''.join(b'erika@example.org %d\n' % n for n in range(500)))
    wait_for(seen(500))
    with socket.create_connection(('127.0.0.1', port)) as s:
        s.sendall(b''.join(map(line, range(300))))
    wait_for(seen(800))
    said = daemon.end()
    assert said.count('no known format fits') == 1 and 'erika' not in said, said
    kept = records('store', 's')
    equal([r.get('state') for r in kept], ['unparsed'] * 500 + [None] * 300)
    cretula('verify', '--store', 'store', '--strict', code=0)


def test_long_lines_before_the_format_is_known():
    """What is dropped of lines that are too long counts, whatever comes behind them before anybody knows what they are."""
    for count in (1, 3):
        shutil.rmtree('store', ignore_errors=True)
        shutil.rmtree('store.keys', ignore_errors=True)
        configure(ONE.replace(', format: combined', ''))
        daemon = Daemon()
        sent = [b'x' * (600000 + n) + b'\n' for n in range(count)] + [line(n) for n in range(250)]
        with connect('s.sock') as s:
            for text in sent[:count]:
                s.sendall(text)
                time.sleep(0.15)  # it is read before the next one
            s.sendall(b''.join(sent[count:]))
            wait_for(lambda n=len(sent): committed('s') == n)
        said = daemon.end()
        totals = [e['in'] for e in segments('store')]
        equal((sum(t['lines'] for t in totals), sum(t['bytes'] for t in totals)), (len(sent), len(b''.join(sent))), said)
        equal(sum(t['unparsed'] for t in totals), count, said)


def test_strangers_do_not_say_what_lines_are_wrapped_in():
    """Rubbish first, also where the format is named: the syslog of the server's own lines is seen all the same."""
    configure('store: store\nstreams:\n  s: { input: { tcp: "127.0.0.1:%(tcp)d" }, format: combined }\n')
    port = int(re.findall(r'127\.0\.0\.1:(\d+)', read('c.yaml').decode())[0])
    daemon = Daemon()
    with socket.create_connection(('127.0.0.1', port)) as s:
        s.sendall(b'GET / HTTP/1.1\r\nHost: erika.example\r\n\r\n')
    wait_for(seen(2))
    with socket.create_connection(('127.0.0.1', port)) as s:
        s.sendall(b''.join(b'<190>Nov 24 10:11:12 www nginx: ' + line(n) for n in range(50)))
    wait_for(seen(52))
    said = daemon.end()
    assert 'erika' not in said and 'no known format' not in said, said
    equal([r.get('state') for r in records('store', 's')], ['unparsed'] * 2 + [None] * 50)


def test_another_configuration():
    """SIGHUP: a good one is taken, connections stay, streams come and go; of a bad one nothing is."""
    configure(ONE + "  old: { input: { unix: %(here)s/old.sock }, format: combined }\n")
    daemon = Daemon()

    def reload(text, want):
        configure(text)
        daemon.process.send_signal(signal.SIGHUP)
        equal(daemon.manager.recv(100), b'RELOADING=1')
        equal(daemon.manager.recv(100), b'READY=1')
        wait_for(want)

    conn = connect('s.sock')
    old = connect('old.sock', socket.SOCK_DGRAM)
    old.send(line(1))
    conn.sendall(line(0) + line(1)[:30])  # half a line stays with its connection
    wait_for(lambda: committed('s') == 1)
    reload('store: store\nstreams:\n  s: { input: { unix-stream: %(here)s/s.sock }, formt: combined }\n', lambda: True)
    reload('store: other\nstreams:\n  s: { input: { unix-stream: %(here)s/s.sock } }\n', lambda: True)
    reload(ONE.replace('combined', 'combined, mask: { ip.peer: address }') +
           "  new: { input: { unix: %(here)s/new.sock }, format: combined }\n", lambda: not os.path.exists('old.sock'))
    conn.sendall(line(1)[30:])
    connect('new.sock', socket.SOCK_DGRAM).send(line(5))
    wait_for(lambda: committed('s') == 1 and committed('new') == 1)
    pid, fds = daemon.process.pid, None
    for n in range(8):  # no descriptor stays behind
        reload(ONE + f"  new: {{{{ input: {{{{ unix: %(here)s/new.sock }}}}, format: combined, words: {{{{ k: {10 + n} }}}} }}}}\n"
               .replace('{{', '{').replace('}}', '}'), lambda: True)
        wait_for(lambda: all(s['state'] == 'reading' for s in cretula('status', '--store', 'store', '--json', code=0).json['streams']))
        wait_for(lambda: all(sum(f.endswith('.data') for f in os.listdir(f'store/streams/{name}/open')) == 1 for name in ('s', 'new')))
        fds = fds or len(os.listdir(f'/proc/{pid}/fd'))
        wait_for(lambda: len(os.listdir(f'/proc/{pid}/fd')) <= fds)  # sealing has some for a while
    said = daemon.end()
    equal(sizes('s'), [0, 1])
    equal((sizes('old'), sizes('new')), ([1], [5]))
    clients = [r['client'] for r in records('store')]
    assert clients[0].startswith('ip.') and clients[1].startswith('2001:db8:'), clients
    equal(said.count('stays as it was'), 2, said)
    assert 'unknown key' in said and 'need a restart' in said, said
    cretula('verify', '--store', 'store', code=0)


def test_a_reload_leaves_the_others_alone():
    """SIGHUP: a stream that comes, changes, goes, or a role, begins no other one anew."""
    configure()
    daemon = Daemon()
    other = '  other: { input: { unix: %(here)s/other.sock }, format: combined }\n'
    for more in (other, other.replace('combined', 'combined, words: {{ k: 11 }}'), 'roles: {{ dev: {{ tier: developer }} }}\n', ''):
        configure(ONE + more.replace('{{', '{').replace('}}', '}'))
        daemon.process.send_signal(signal.SIGHUP)
        equal(daemon.manager.recv(100), b'RELOADING=1')
        equal(daemon.manager.recv(100), b'READY=1')
    said = daemon.end()
    assert 'stays as it was' not in said, said
    equal([sum(e['type'] == 'start' for e in map(json.loads, lines_of(f'store/streams/{stream}/chain.jsonl')))
           for stream in ('s', 'other')], [1, 2], said)


def test_a_reload_is_no_hang():
    """Who drains a sender that never ends, because its input is another one now, still tells the service manager that it lives."""
    configure(ONE.replace('unix-stream: %(here)s/s.sock', 'tcp: "127.0.0.1:%(tcp)d"'))
    by_tcp = read('c.yaml')
    daemon = Daemon(env={'WATCHDOG_USEC': '400000'})
    port = int(re.search(rb'127\.0\.0\.1:(\d+)', by_tcp)[1])

    def reload():
        """What the service manager heard from its begin to its end."""
        heard = []
        daemon.process.send_signal(signal.SIGHUP)
        while b'READY=1' not in heard:
            heard.append(daemon.manager.recv(100))
        return heard[heard.index(b'RELOADING=1'):]

    between, until = [], time.monotonic() + 120
    while between.count(b'WATCHDOG=1') < 5:  # a sender that slept for a moment had ended
        assert time.monotonic() < until, between
        sender = subprocess.Popen(['python3', '-c', 'import socket,time\ns=socket.create_connection(("127.0.0.1",%d))\n'
                                   'while True:\n  s.sendall(b"x" * 60000 + b"\\n")' % port], stderr=subprocess.DEVNULL)
        wait_for(lambda: committed('s') > 1)
        configure()
        between = reload()
        sender.kill()
        sender.wait()
        write('c.yaml', by_tcp)
        reload()
    daemon.end()


def test_other_files():
    """SIGHUP: another word in a route file stays readable; a file that is gone or broken changes nothing."""
    write('routes', b'/shop\n')
    configure('store: store\nstreams:\n  s: { input: { unix-stream: %(here)s/s.sock }, format: combined, '
              'routes: [routes], words: { mode: fixed } }\n')
    daemon = Daemon()
    conn = connect('s.sock')

    def reload():
        daemon.process.send_signal(signal.SIGHUP)
        equal(daemon.manager.recv(100), b'RELOADING=1')
        equal(daemon.manager.recv(100), b'READY=1')

    for sent, change in enumerate((None, b'/shop\n/vintage-lamps\n', None, '', b'/shop\n/vintage-lamps\n')):
        if change is None:
            os.utime('routes')  # the same words
        elif change == '':
            os.unlink('routes')
        else:
            write('routes', change)
        reload()
        conn.sendall(combined(sent, target='/vintage-lamps', size=1000 + sent).encode())
        wait_for(lambda n=sent: (committed('s') == (1 if n == 0 else n)))
    said = daemon.end()
    equal([r['path'] == '/vintage-lamps' for r in records('store')], [False, True, True, True, True])
    equal(said.count('stays as it was'), 1, said)
    starts = sum(e['type'] == 'start' for e in map(json.loads, lines_of('store/streams/s/chain.jsonl')))
    equal(starts, 2, said)


def bad_disk(number):
    """The environment of a daemon each of whose durable steps fails while there is a file 'bad'."""
    return {'CRETULA_FAULT': f'1:{number}:1000000', 'CRETULA_FAULT_WHILE': os.path.abspath('bad')}


def until_it_waits(daemon, s):
    """Send while the disk is bad, until the stream says that it is to be opened again: how many lines it took."""
    s.sendall(line(0))
    wait_for(lambda: last_flush() == (len(segments('store')) + 1, 1), seen=last_flush)  # that one cannot be lost
    write('bad', b'')
    sent, fd, said = 1, daemon.process.stderr.fileno(), b''
    os.set_blocking(fd, False)
    until = time.monotonic() + 120
    while not re.search(rb'stream=s .*(trying again|stopped: )', said):
        s.sendall(line(sent))
        sent += 1
        time.sleep(0.02)
        said += daemon.process.stderr.read() or b''
        assert time.monotonic() < until, said
    os.unlink('bad')
    os.set_blocking(fd, True)
    return sent


def test_bad_disk_is_tried_again():
    """An error of the disk, or one that is read-only now, ends the session of a stream, not the daemon: it opens again."""
    if not is_testing_build():
        raise Skip('not a testing build: no faults')
    for number in (errno.EIO, errno.EROFS):
        os.mkdir(str(number))
        os.chdir(str(number))
        configure()
        Daemon().end()
        daemon = Daemon(env=bad_disk(number))
        with connect('s.sock') as s:
            sent = until_it_waits(daemon, s)
            for _ in range(10):
                s.sendall(line(sent))
                sent += 1
        said = daemon.end()
        kept = sizes('s')
        equal(kept, sorted(set(kept)))
        lost = sum(e['in'].get('lost', 0) for e in map(json.loads, lines_of('store/streams/s/chain.jsonl'))
                   if e['type'] == 'segment')
        equal(kept[:1], [0], said)
        equal(len(kept) + lost, sent, said)
        cretula('verify', '--store', 'store', code=0)
        os.chdir('..')


def test_a_reload_on_a_bad_disk():
    """SIGHUP while it is full changes no stream that waits for room; one that cannot be opened anew is tried again, not given up."""
    if not is_testing_build():
        raise Skip('not a testing build: no faults')
    for number in (errno.ENOSPC, errno.EIO):
        os.mkdir(str(number))
        os.chdir(str(number))
        configure()
        daemon = Daemon(env=bad_disk(number))

        def seen():
            return cretula('status', '--store', 'store', '--json').json['streams'][0]

        def reload(k, daemon=daemon):
            configure(ONE.replace('combined', f'combined, words: {{ k: {k} }}'))
            daemon.process.send_signal(signal.SIGHUP)
            equal(daemon.manager.recv(100), b'RELOADING=1')
            equal(daemon.manager.recv(100), b'READY=1')

        with connect('s.sock') as s:
            s.sendall(line(0))
            wait_for(lambda: last_flush() == (1, 1))
            write('bad', b'')
            if number == errno.ENOSPC:
                s.sendall(line(1))
                wait_for(lambda: seen()['state'] == 'full', seen=seen)
            reload(11)
            if number == errno.EIO:
                s.sendall(line(1))
            os.unlink('bad')
            wait_for(lambda: seen()['state'] == 'reading', seen=seen)
            reload(12)
            s.sendall(line(2))
        said = daemon.end()
        equal(sizes('s'), [0, 1, 2], said)
        equal(sum(e['in']['lost'] for e in segments('store')), 0)
        cretula('verify', '--store', 'store', code=0)
        os.chdir('..')


def test_what_a_waiting_stream_lost_is_told():
    """Who is told to stop, or is configured anew, after an error still seals how many lines it lost."""
    if not is_testing_build():
        raise Skip('not a testing build: no faults')
    two = ONE + '  other: { input: { unix: %(here)s/other.sock }, format: combined }\n'
    configure(two)
    Daemon().end()
    keys = 'store.keys/keyring'
    total = 0
    for how in ('SIGTERM', 'SIGHUP', 'failed'):
        daemon = Daemon(env=bad_disk(errno.EIO))
        with connect('s.sock') as s:
            if how == 'failed':
                os.rename(keys, 'away')  # opened again it fails for good
            total += until_it_waits(daemon, s)
            if how == 'failed':
                wait_for(lambda: cretula('status', '--store', 'store', '--json').json['streams'][0]['state'] == 'failed')
                os.rename('away', keys)
            if how != 'SIGTERM':
                configure(two.replace('combined', f'combined, words: {{ k: {len(how) + 6} }}'))
                daemon.process.send_signal(signal.SIGHUP)
                equal(daemon.manager.recv(100), b'RELOADING=1')
                equal(daemon.manager.recv(100), b'READY=1')
        said = daemon.end()
        equal(len(sizes('s')) + lost(), total, (how, said))
    assert lost() > 0
    cretula('verify', '--store', 'store', code=0)


def test_idle_memory():
    """Where nothing came yet at most 20 MiB are resident with two streams, though address space waits for the worst."""
    configure('store: store\nstreams:\n  s: { input: { unix-stream: %(here)s/s.sock }, format: combined }\n'
              '  t: { input: { unix: %(here)s/t.sock }, format: combined }\n')
    daemon = Daemon(env={'MALLOC_PERTURB_': '0'})  # which would touch all of it
    connect('s.sock').sendall(line(1)[:20])
    time.sleep(0.5)
    status = read(f'/proc/{daemon.process.pid}/status').decode()
    said = daemon.end()
    if 'not with a sanitizer' in said:
        raise Skip('a sanitizer has memory of its own')
    resident = int(re.search(r'VmRSS:\s+(\d+) kB', status).group(1))
    assert resident <= 20 << 10, f'{resident} KiB resident'


def test_service_manager():
    """Sockets are handed over by name; READY, WATCHDOG and STOPPING are said."""
    configure("store: store\nstreams:\n  a: { input: { tcp: '127.0.0.1:1' } }\n  b: { input: { unix: /nowhere } }\n")
    a = socket.socket()
    a.bind(('127.0.0.1', 0))
    a.listen()
    b = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    b.bind('b.sock')
    high = [fcntl.fcntl(s, fcntl.F_DUPFD, 20) for s in (b, a)]
    inner = f'exec 3<&{high[0]} 4<&{high[1]}; export LISTEN_PID=$$ WATCHDOG_PID=$$; exec "$0" run --config c.yaml'
    daemon = Daemon(command=['bash', '-c', inner, CRETULA], pass_fds=high,
                    env={'LISTEN_FDS': '2', 'LISTEN_FDNAMES': 'b:a', 'WATCHDOG_USEC': '200000'})
    with socket.create_connection(a.getsockname()) as s:
        s.sendall(line(1))
    connect('b.sock', socket.SOCK_DGRAM).send(line(2))
    equal(daemon.manager.recv(100), b'WATCHDOG=1')
    equal(daemon.manager.recv(100), b'WATCHDOG=1')
    daemon.process.send_signal(signal.SIGTERM)
    while daemon.manager.recv(100) != b'STOPPING=1':
        pass
    daemon.end()
    equal((sizes('a'), sizes('b')), ([1], [2]))
    assert os.path.exists('b.sock'), 'a socket of the manager is not ours to remove'


def unit(name):
    return os.path.join(SOURCE, f'packaging/systemd/{name}.service')


def exposure_is_at_most(name, tenths):
    run = subprocess.run(['systemd-analyze', 'security', '--offline=true', f'--threshold={tenths}', unit(name)], capture_output=True,
                         check=False)
    return run.returncode == 0, run.stdout.decode()[-300:] + run.stderr.decode()


def calls_let_through(name):
    """What the lines SystemCallFilter= of a unit add up to."""
    groups, words, calls = {}, lambda text: set().union(*(of(word) for word in text.split())), set()

    def of(word):
        return words(groups[word]) if word.startswith('@') else {word}

    said = subprocess.run(['systemd-analyze', 'syscall-filter'], capture_output=True, check=True).stdout.decode()
    for group, members in re.findall(r'^(@[\w-]+)\n((?:    .*\n)*)', said, re.M):
        groups[group] = re.sub(r'#.*', '', members)
    for line in re.findall(r'^SystemCallFilter=(.*)$', read(unit(name)).decode(), re.M):
        calls = calls - words(line[1:]) if line.startswith('~') else calls | words(line)
    return calls


def test_unit():
    """The units that are shipped leave the services next to nothing, and let through what they do."""
    if not shutil.which('systemd-analyze'):
        raise Skip('no systemd-analyze')
    # who serves views begins as root, listens, and becomes two others
    become = {'setgroups', 'setresgid', 'setresuid', 'capset'}
    confine = {'landlock_create_ruleset', 'landlock_add_rule', 'landlock_restrict_self', 'seccomp'}
    listed = re.search(r'plain\[\] = \{(.*?)\n\};', read(os.path.join(SOURCE, 'src/app/sandbox/calls.c')).decode(), re.S)[1]
    wanted = set(re.findall(r'SCMP_SYS\((\w+)\)', listed)) - {'fchown', 'mincore'}  # refused to a library that goes on without
    assert len(wanted) > 100, wanted
    for name, most, needed in (('cretula', 15, confine), ('cretula-serve', 23, confine | become)):
        good, said = exposure_is_at_most(name, most)
        assert good, said
        assert not exposure_is_at_most(name, 5)[0], 'it says yes to everything'
        calls = calls_let_through(name)
        equal(sorted((wanted | needed) - calls), [], name)
        equal(calls & {'mount', 'ptrace', 'init_module', 'bpf', 'chroot', 'reboot', 'swapon'}, set(), name)
    # who serves views reads the store by its group, which this is set to again at each start
    mode = re.search(r'^StateDirectoryMode=(\d+)$', read(unit('cretula')).decode(), re.M)[1]
    equal(int(mode, 8) & 0o077, 0o050)
    assert 'm cretula-serve cretula' in read(os.path.join(SOURCE, 'packaging/sysusers.d/cretula.conf')).decode().splitlines()


def pipe(**more):
    return subprocess.Popen([CRETULA, 'pipe', '--config', 'c.yaml', 's'], stdin=subprocess.PIPE, stderr=subprocess.PIPE,
                            bufsize=0, **more)


def test_pipe_hands_over():
    """Lines wait until the daemon is there, and while it is started again: each is there once, in order."""
    configure()
    process = pipe()
    process.stdin.write(line(0))
    first = process.stderr.readline()
    daemon = Daemon()
    wait_for(lambda: committed('s') == 1)
    sent = 60000
    text = b''.join(line(n) for n in range(1, sent))  # the last one has no end
    writer = threading.Thread(target=process.stdin.write, args=[text[:-1]])  # it waits while no daemon takes it
    writer.start()
    for _ in range(3):
        wait_for(lambda: committed('s') > 0 or not writer.is_alive())  # a daemon that ends takes what waits
        daemon.end()
        daemon = Daemon()
    writer.join(timeout=120)
    said = (first + process.communicate(timeout=120)[1]).decode()
    equal(process.returncode, 0, said)
    assert 'lines wait for `cretula run`' in said and 'lost' not in said, said
    daemon.end()
    once(sizes('s'), sent)
    cretula('verify', '--store', 'store', '--strict', code=0)


def test_pipe_that_nobody_takes_from():
    """Told to end it says what it still has; a file that is no socket is no daemon."""
    configure()
    write('s.sock', b'')
    process = pipe()
    process.stdin.write(line(0))
    wait_for(lambda: is_taken(process.stdin))
    process.send_signal(signal.SIGTERM)
    said = process.communicate(timeout=120)[1].decode()
    equal(process.returncode, 75, said)
    assert f'{len(line(0))} bytes that nobody took' in said and '10.0.0.9' not in said, said


def test_bad_configurations():
    for text, want in (
        ('store: s\nstreams:\n  s: { format: combined }\n', 'no stream has an input'),
        ('streams:\n  s: { input: { unix: /x } }\n', 'no store'),
        ('store: s\nstreams:\n  s: { input: { unix: x } }\n', 'begins with /'),
        ('store: s\nstreams:\n  s: { input: { udp: "1" } }\n', 'HOST:PORT'),
        ('store: s\nstreams:\n  s: { input: { udp: "a:1", tcp: "b:2" } }\n', 'one input'),
        ('store: s\nstreams:\n  s: { input: { socket: /x } }\n', 'unknown key'),
        ('store: s\nstreams:\n  s: { input: { fifo: /nowhere/at/all } }\n', '/nowhere/at/all'),
    ):
        write('c.yaml', text.encode())
        run = cretula('run', '--config', 'c.yaml', code=78)
        assert want in run.err, (text, run.err)


if __name__ == '__main__':
    main()
