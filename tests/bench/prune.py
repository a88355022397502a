"""prune.py BUILD [--segments N] [--seconds N] [--runs N] [--work DIR]: are commits slower while segments are pruned?

A daemon takes a steady load on a stream, and commits it each second, beside N segments that are over their term:

  still         none of them goes (their term is ten years more)
  keeper        the daemon prunes them itself: they are of the stream that it writes
  beside        `cretula retain` prunes them, in another stream of the same store

in turn (A B C A B C ...), each until the pruning is done, and N seconds at least.  Said is the time of each piece of the
load from its arrival until it was committed, synced; and the slowest commit of the daemon by itself.  The floor is of
the p99 of the first.  DIR has to be on the disk in question.
"""
import argparse
import ctypes
import datetime
import glob
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

libc = ctypes.CDLL(None, use_errno=True)
CONFIG = '''store: {work}/store
keys: {work}/store.keys
streams:
  load: {{ input: {{ unix-stream: {work}/load.sock }}, format: combined, retain: {{ detail: {term} }} }}
  old: {{ retain: {{ detail: 90d }} }}
'''
PIECES_A_SECOND, LINES_A_PIECE = 50, 40
FLOOR = 1.2  # of the p99 while nothing is pruned


def ask(path, what=b'status\n'):
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as s:
        s.connect(path)
        s.sendall(what)
        answer = b''
        while piece := s.recv(65536):
            answer += piece
    return json.loads(answer)


def seconds(text):
    return datetime.datetime.fromisoformat(text.replace('Z', '+00:00')).timestamp()


class Watch(threading.Thread):
    """When how many records of the load were committed, by the daemon's own clock: when they were synced."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.path, self.seen, self.stop, self.slowest = path, {}, False, 0
        self.start()

    def run(self):
        while not self.stop:
            stream = next(s for s in ask(self.path)['streams'] if s['name'] == 'load')
            if stream.get('committed'):
                self.seen.setdefault(stream['records'], seconds(stream['committed']))
            self.slowest = stream['slowest_commit_ms']
            time.sleep(0.05)


class Bench:
    def __init__(self, options):
        self.options, self.cretula = options, os.path.join(options.build, 'cretula')
        self.work = tempfile.mkdtemp(prefix='cretula-prune-', dir=options.work)
        self.fast = tempfile.mkdtemp(prefix='cretula-prune-', dir='/dev/shm')
        self.line = (b'192.0.2.%d - - [02/Jan/2026:03:04:05 +0000] "GET /shop/%d HTTP/1.1" 200 512 "-" "Mozilla/5.0 (X11; Linux '
                     b'x86_64; rv:122.0) Gecko/20100101 Firefox/122.0"\n')

    def make(self, stream):
        """A store whose stream has the segments: made once, in memory, and copied."""
        made = f'{self.fast}/{stream}'
        if not os.path.exists(made):
            os.mkdir(made)
            subprocess.run([os.path.join(self.options.build, 'tests/bench/segments'), f'{made}/store', stream,
                            str(self.options.segments)], check=True)
        for name in ('store', 'store.keys'):
            shutil.rmtree(f'{self.work}/{name}', ignore_errors=True)
            shutil.copytree(f'{made}/{name}', f'{self.work}/{name}')
        fd = os.open(self.work, os.O_RDONLY)
        libc.syncfs(fd)  # else the first commits wait for all of it
        os.close(fd)

    def left(self, stream):
        return len(glob.glob(f'{self.work}/store/streams/{stream}/seg/*.salt'))

    def start(self, term):
        with open(f'{self.work}/c.yaml', 'w', encoding='ascii') as file:
            file.write(CONFIG.format(work=self.work, term=term))
        ready = f'{self.work}/ready.sock'
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager, open(f'{self.work}/said', 'wb') as said:
            manager.bind(ready)
            daemon = subprocess.Popen([self.cretula, 'run', '--config', f'{self.work}/c.yaml'], stderr=said,
                                      env={**os.environ, 'NOTIFY_SOCKET': ready})
            assert manager.recv(100) == b'READY=1'
        os.unlink(ready)
        return daemon

    def load(self, done):
        """[(when it arrived, records so far)] of each piece, until done() and the seconds are over."""
        sent, count, start = [], 0, time.time()
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as s:
            s.connect(f'{self.work}/load.sock')
            while time.time() - start < self.options.seconds or not done():
                s.sendall(b''.join(self.line % (i % 250, count + i) for i in range(LINES_A_PIECE)))
                count += LINES_A_PIECE
                sent.append((time.time(), count))
                time.sleep(max(0.0, start + len(sent) / PIECES_A_SECOND - time.time()))
        return sent, time.time() - start

    def run(self, how):
        """Sorted seconds to the commit, the slowest commit in ms, and how long it took."""
        stream = 'load' if how != 'beside' else 'old'
        self.make(stream)
        daemon = self.start('9000d' if how == 'still' else '90d')
        watch = Watch(f'{self.work}/store.sock')
        beside = subprocess.Popen([self.cretula, 'retain', '--store', f'{self.work}/store', '--config', f'{self.work}/c.yaml',
                                   '--stream', 'old'], stdout=subprocess.DEVNULL) if how == 'beside' else None
        over = {'still': lambda: True, 'keeper': lambda: self.left('load') <= 1,
                'beside': lambda: beside.poll() is not None}[how]
        sent, took = self.load(over)
        time.sleep(3)
        watch.stop = True
        watch.join()
        daemon.terminate()
        assert daemon.wait() == 0 and (beside is None or beside.wait() == 0)
        assert how == 'still' or self.left(stream) <= 2, self.left(stream)
        done = sorted(watch.seen.items())
        delays = [min(when for n, when in done if n >= count) - at for at, count in sent if done[-1][0] >= count]
        assert len(delays) == len(sent), 'some was not committed'
        return sorted(delays), watch.slowest, took


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('build')
    parser.add_argument('--segments', type=int, default=10000)
    parser.add_argument('--seconds', type=int, default=20)
    parser.add_argument('--runs', type=int, default=3)
    parser.add_argument('--work', help='a directory on the disk that is measured')
    bench = Bench(parser.parse_args())
    ways = ('still', 'keeper', 'beside')
    p99 = {how: [] for how in ways}
    for _ in range(bench.options.runs):
        for how in ways:
            delays, slowest, took = bench.run(how)
            p99[how].append(delays[len(delays) * 99 // 100])
            print(f'{how:8} {took:6.1f} s   to the commit: median {statistics.median(delays):.3f}, p99 {p99[how][-1]:.3f}, '
                  f'worst {delays[-1]:.3f} s   slowest commit {slowest} ms', flush=True)
    for how in ways[1:]:
        ratio = statistics.median(b / a for a, b in zip(p99['still'], p99[how]))
        print(f'{how:8} p99 {ratio:.3f} of still   floor {FLOOR}   {"" if ratio <= FLOOR else "ABOVE"}')
    shutil.rmtree(bench.work)
    shutil.rmtree(bench.fast)


if __name__ == '__main__':
    sys.exit(main())
