"""run on a disk that fills up: it seals and waits, loses nothing, and goes on by itself once there is space."""
import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import threading
import time

from lib import CRETULA, Skip, combined, cretula, equal, free_port, lines_of, main, read, records, write
from test_run import Daemon, connect, wait_for

TEXT = """store: disk/store
keys: keys
streams:
  a: { input: { unix-stream: %(here)s/a.sock }, format: combined }
  b: { input: { file: %(here)s/access.log }, format: combined }
"""
MORE = 20000  # lines that come once there is space again


def line(n):
    """A long one: paths that nobody else has do not compress."""
    return combined(n // 7, client=f'10.{n % 250}.{n // 250 % 250}.9', size=n + 1000,
                    target=f'/{n * 7919 % 1000003}/{n * 104729 % 1000003}/{n * 1299709 % 1000003}').encode()


def sizes(stream):
    return [r['bytes'] - 1000 for r in records('disk/store', stream)]


def entries(stream):
    return [json.loads(text) for text in lines_of(f'disk/store/streams/{stream}/chain.jsonl')]


def status(*more):
    return cretula('status', '--store', 'disk/store', '--json', *more, code=None).json


class Sender(threading.Thread):
    """Lines to the socket, until they are enough."""

    def __init__(self):
        super().__init__(daemon=True)
        self.sent, self.enough = 0, threading.Event()
        self.socket = connect('a.sock')
        self.start()

    def run(self):
        while not self.enough.is_set():
            self.socket.sendall(b''.join(line(k) for k in range(self.sent, self.sent + 200)))
            self.sent += 200
            time.sleep(0.005)  # slower than memory fills
        self.socket.close()

    def waits(self):
        """Is there no room for what it sends?"""
        return not select.select([], [self.socket], [], 0)[1]


def fill(name, leave):
    """All but leave bytes of the disk; the daemon may be faster."""
    st = os.statvfs('disk')
    with open(f'disk/{name}', 'ab', buffering=0) as f, contextlib.suppress(OSError):
        left = st.f_bavail * st.f_frsize - leave
        while left > 0:
            left -= f.write(b'\0' * min(left, 1 << 20))


def is_reserved():
    names = [f'disk/store/streams/{stream}/open/reserve' for stream in 'ab']
    return all(os.path.exists(name) and os.path.getsize(name) == 1 << 20 for name in names)


def is_full():
    st = os.statvfs('disk')
    return st.f_bavail == 0


def state_of(name):
    return next(s['state'] for s in status()['streams'] if s['name'] == name)


def test_full_disk():
    """Twice: what came is sealed with stop{disk-full}, senders wait, nothing is lost; then every line is there, once."""
    os.mkdir('disk')
    if subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=48M', 'tmpfs', 'disk'], capture_output=True, check=False).returncode:
        raise Skip('cannot mount a tmpfs here')
    daemon, want = None, []
    try:
        write('c.yaml', (TEXT % {'here': os.getcwd()}).encode())
        write('access.log', b'')
        daemon, seen = Daemon(), 0
        for turn in range(2):
            wait_for(is_reserved)  # else there is no room for a stop that is told
            fill('ballast', 4 << 20)
            first = Sender()
            with open('access.log', 'ab') as f:
                for n in range(turn * 2000, turn * 2000 + 2000):
                    f.write(line(n))
            wait_for(lambda: any(e.get('reason') == 'disk-full' for e in entries('a')[seen:]))
            until = time.monotonic() + 120
            while True:  # what was sealed is smaller than what was open: take that, too
                fill('more', 0)
                sent = first.sent
                time.sleep(0.4)
                if first.waits() and first.sent == sent and state_of('a') == 'full' and is_full():
                    break
                assert time.monotonic() < until, 'a full disk takes no more'
            seen = len(entries('a'))
            assert daemon.process.poll() is None
            cretula('verify', '--store', 'disk/store', code=0)  # what was sealed, and the stop
            os.unlink('disk/ballast')
            os.unlink('disk/more')
            wait_for(lambda n=sent: first.sent >= n + MORE, seen=lambda n=sent: f'it did not go on: {n}, now {first.sent}')
            first.enough.set()
            first.join(120)
            want += range(first.sent)
        wait_for(lambda: all(s['state'] == 'reading' for s in status()['streams']))
        said = daemon.end()
        assert said.count('no space left') >= 2 and said.count('there is space again') >= 2, said
        equal(sizes('a'), want, said)
        equal(sizes('b'), list(range(4000)), said)
        kinds = [(e['type'], e.get('reason')) for e in entries('a') if e['type'] in ('stop', 'start')]
        assert sum(k[1] == 'disk-full' for k in kinds) >= 2, kinds
        equal(sum(e['in'].get('lost', 0) for s in 'ab' for e in entries(s) if e['type'] == 'segment'), 0)
        cretula('verify', '--store', 'disk/store', '--strict', code=0)
    finally:
        if daemon and daemon.process.poll() is None:
            daemon.process.kill()
        subprocess.run(['umount', '-l', 'disk'], capture_output=True, check=False)


def slow_disk():
    """What makes the syncs of a daemon slow while there is a file 'slow'."""
    if any(name in read(CRETULA) for name in (b'__asan_init', b'__tsan_init')):
        raise Skip('a sanitizer wants to be loaded first')
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'slow_disk.c')
    subprocess.run(['gcc', '-shared', '-fPIC', '-O2', '-o', 'slow_disk.so', source], check=True)
    return {'LD_PRELOAD': os.path.abspath('slow_disk.so'), 'SLOW_DISK': os.path.abspath('slow')}


def test_slow_disk():
    """Each sync takes a quarter of a second: nothing is lost or doubled, and status tells of it."""
    env = slow_disk()
    os.mkdir('disk')
    write('c.yaml', (TEXT % {'here': os.getcwd()}).encode())
    write('access.log', b'')
    daemon = Daemon(env=env)
    write('slow', b'')
    with connect('a.sock') as s, open('access.log', 'ab') as f:
        for n in range(0, 4000, 200):
            text = b''.join(line(k) for k in range(n, n + 200))
            s.sendall(text)
            f.write(text)
            f.flush()
        wait_for(lambda: all(stream['slowest_commit_ms'] >= 250 for stream in status()['streams']), seen=status)
    equal([stream['state'] for stream in status()['streams']], ['reading', 'reading'])
    os.unlink('slow')
    wait_for(lambda: all(stream['lines'] == 4000 for stream in status()['streams']), seen=status)
    said = daemon.end()
    for stream in 'ab':
        equal(sizes(stream), list(range(4000)), said)
    equal(sum(e['in'].get('lost', 0) for s in 'ab' for e in entries(s) if e['type'] == 'segment'), 0)
    cretula('verify', '--store', 'disk/store', '--strict', code=0)


def test_a_slow_seal_at_the_end():
    """What is sent by UDP and TCP while a daemon seals at its end is refused: who sends it may know."""
    env = slow_disk()
    ports = {'udp': free_port(), 'tcp': free_port()}
    os.mkdir('disk')
    write('c.yaml', ('store: disk/store\nstreams:\n' + ''.join(
        f'  {kind}: {{ input: {{ {kind}: "127.0.0.1:{port}" }}, format: combined }}\n' for kind, port in ports.items())).encode())
    daemon = Daemon(env=env)
    with socket.create_connection(('127.0.0.1', ports['tcp'])) as tcp, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.connect(('127.0.0.1', ports['udp']))
        udp.send(line(0))
        tcp.send(line(0))
        wait_for(lambda: all(stream['records'] == 1 for stream in status()['streams']), seen=status)
        write('slow', b'')
        daemon.process.send_signal(signal.SIGTERM)
        for send in (lambda: udp.send(line(1)), lambda: socket.create_connection(('127.0.0.1', ports['tcp'])).close()):
            def refused(send=send):
                try:
                    send()
                except ConnectionRefusedError:
                    return True
                return False
            wait_for(refused)
            assert daemon.process.poll() is None, 'nobody refused it: the daemon had ended'
    os.unlink('slow')
    daemon.end()
    equal((sizes('udp')[0], sizes('tcp')), (0, [0]))


if __name__ == '__main__':
    main()
