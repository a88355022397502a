"""capture.py BUILD [--seconds N] [--only WORDS] [--store DIR] [--way WAY]: the daemon under load, on the two cores that also make it.

  nginx-full    nginx under wrk, as fast as it goes: with the shipped preset to the daemon, beside a plain file (in a tmpfs)
  nginx-70      the same at 70 % of the requests that nginx served into the file
  lines         one unix stream socket, lines as fast as they are taken: lines a second, memory, time to the commit
  paced         the same at 100,000 lines a second
  idle          processor time and memory of a daemon where nothing comes

`--way` is how nginx hands its lines on: ring (the preset: a file in a tmpfs), datagram (its syslog), fifo.

Each pair runs in turn (A B A B ...) and the median of the ratios is shown.  Nothing may be lost: nginx's own count of
requests (stub_status) is compared with the records.  The floors are those of docs/performance.md.
"""
import argparse
import glob
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'e2e'))
# As the preset of nginx has it.
FIELDS = ('$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" '
          '"$http_user_agent" $pid $connection $connection_requests')
NGINX = '''daemon off; pid {work}/nginx.pid; error_log {work}/error.log crit; worker_processes 2;
events {{ worker_connections 4096; }}
http {{ client_body_temp_path {work}/t1; proxy_temp_path {work}/t2; fastcgi_temp_path {work}/t3;
uwsgi_temp_path {work}/t4; scgi_temp_path {work}/t5; keepalive_requests 100000000;
log_format cretula '{fields}'; access_log {log};
server {{ listen 127.0.0.1:{port}; location / {{ return 200 "hello\\n"; }}
location = /status {{ access_log off; stub_status; }} }} }}
'''
# What nginx is told, and the input that takes it.
WAYS = {
    'ring': ('{ring}/nginx.log cretula', 'input: {{ file: {ring}/nginx.log }}, after_read: punch'),
    'datagram': ('syslog:server=unix:{work}/nginx.sock,nohostname cretula', 'input: {{ unix: {work}/nginx.sock }}'),
    'fifo': ('{work}/nginx.fifo cretula', 'input: {{ fifo: {work}/nginx.fifo }}'),
}
CONFIG = '''store: {store}
keys: {work}/keys
streams:
  nginx: {{ {way}, format_string: '{fields}', gaps: count }}
  lines: {{ input: {{ unix-stream: {work}/lines.sock }}, format: combined }}
'''
# Each thread's requests by the clock: one that is late is made up for, so that the load is what it is said to be.
PACE = '''local ffi = require("ffi")
ffi.cdef("typedef struct {{ long s, ns; }} when; int clock_gettime(int, when *);")
local at, due = ffi.new("when"), nil
function delay()
    ffi.C.clock_gettime(1, at)
    local now = tonumber(at.s) * 1000 + tonumber(at.ns) / 1e6
    due = math.max((due or now) + {gap}, now - 100)
    return math.max(0, math.floor(due - now))
end
'''
THREADS = 2
LOAD = ['wrk', f'-t{THREADS}', '-c64']


class Daemon:
    """cretula run over a new store."""

    def __init__(self, bench):
        self.store, work = bench.store, bench.work
        shutil.rmtree(self.store, ignore_errors=True)
        shutil.rmtree(f'{work}/keys', ignore_errors=True)
        for old in glob.glob(f'{bench.ring}/*'):
            os.unlink(old)  # of a run before: nobody shall read it again
        with open(f'{work}/c.yaml', 'w', encoding='ascii') as file:
            way = WAYS[bench.way][1].format(work=work, ring=bench.ring)
            file.write(CONFIG.format(store=self.store, work=work, way=way, fields=FIELDS))
        ready = f'{work}/ready.sock'
        if os.path.exists(ready):
            os.unlink(ready)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager, open(f'{work}/said', 'wb') as said:
            manager.bind(ready)
            self.process = subprocess.Popen([bench.cretula, 'run', '--config', f'{work}/c.yaml'], stderr=said,
                                            env={**os.environ, 'NOTIFY_SOCKET': ready})
            assert manager.recv(100) == b'READY=1'
        for made in glob.glob(f'{work}/nginx.*[ok]'):  # its workers are of another user
            os.chmod(made, 0o666)

    def memory(self, what='VmHWM'):
        with open(f'/proc/{self.process.pid}/status', encoding='ascii') as file:
            return int(re.search(rf'{what}:\s+(\d+)', file.read()).group(1)) / 1024

    def used(self):
        """Seconds of a processor, by the scheduler: ticks of 10 ms are too coarse for an idle one."""
        total = 0
        for path in glob.glob(f'/proc/{self.process.pid}/task/*/schedstat'):
            with open(path, encoding='ascii') as file:
                total += int(file.read().split()[0])
        return total / 1e9

    def end(self):
        self.process.terminate()
        assert self.process.wait(timeout=120) == 0

    def records(self, stream):
        """As its chain counts them, all sealed."""
        with open(f'{self.store}/streams/{stream}/chain.jsonl', encoding='utf-8') as file:
            return sum(int(n) for n in re.findall(r'"type":"segment".*?"n":(\d+)', file.read()))


class Nginx:
    def __init__(self, bench, log):
        with socket.socket() as s:
            s.bind(('127.0.0.1', 0))
            self.port = s.getsockname()[1]
        with open(f'{bench.work}/nginx.conf', 'w', encoding='ascii') as file:
            file.write(NGINX.format(work=bench.work, log=log, port=self.port, fields=FIELDS))
        self.process = subprocess.Popen(['/usr/sbin/nginx', '-p', bench.work, '-c', f'{bench.work}/nginx.conf'])
        for _ in range(200):
            try:
                self.requests()
                return
            except OSError:
                time.sleep(0.02)
        raise SystemExit('nginx does not answer')

    def requests(self):
        """What it served, those for this figure too."""
        with urllib.request.urlopen(f'http://127.0.0.1:{self.port}/status') as answer:
            return int(answer.read().split()[9])

    def served(self):
        """The same, once it has done what waited in its sockets when wrk ended."""
        asked, before = 1, self.requests()
        while True:
            time.sleep(0.2)
            asked, now = asked + 1, self.requests()
            if now == before + 1:
                return now - asked  # the questions themselves
            before = now

    def end(self):
        self.process.terminate()
        self.process.wait(timeout=60)


class Bench:
    def __init__(self, options):
        self.cretula = os.path.join(os.path.abspath(options.build), 'cretula')
        self.seconds, self.runs = options.seconds, options.runs
        self.work = tempfile.mkdtemp(prefix='cretula-capture-', dir='/tmp')
        os.chmod(self.work, 0o755)
        self.store = os.path.join(options.store or self.work, 'store')
        self.way, self.ring = options.way, tempfile.mkdtemp(prefix='cretula-ring-', dir='/dev/shm')

    def load(self, port, rate=None):
        """Requests a second as wrk counts them; rate: so many are wanted."""
        command = [*LOAD, f'-d{self.seconds}']
        if rate is not None:
            with open(f'{self.work}/pace.lua', 'w', encoding='ascii') as file:
                file.write(PACE.format(gap=1000 * THREADS / rate))
            command += ['-s', f'{self.work}/pace.lua']
        out = subprocess.run([*command, f'http://127.0.0.1:{port}/shop/lamps?page=3'], capture_output=True, check=True).stdout
        return float(re.search(rb'Requests/sec:\s+([\d.]+)', out).group(1))

    def plain(self, rate=None):
        nginx = Nginx(self, f'{self.ring}/plain.log cretula')
        try:
            return self.load(nginx.port, rate)
        finally:
            nginx.end()
            os.unlink(f'{self.ring}/plain.log')

    def captured(self, rate=None):
        """Requests a second, and how many were lost."""
        daemon = Daemon(self)
        nginx = Nginx(self, WAYS[self.way][0].format(work=self.work, ring=self.ring))
        try:
            before = nginx.requests()
            done = self.load(nginx.port, rate)
            served = nginx.served() - before
        finally:
            nginx.end()
            daemon.end()
        return done, served - daemon.records('nginx'), served

    def nginx(self, name, floor, paced):
        ratios, lost, total = [], 0, 0
        for _ in range(self.runs):
            beside, rate = self.plain(), None
            if paced:
                rate = 0.7 * beside
                beside = self.plain(rate)
            done, missing, served = self.captured(rate)
            ratios.append(done / beside)
            lost, total = lost + missing, total + served
        wanted = f', {rate:.0f} wanted, {beside:.0f} of the plain file' if paced else ''
        show(name, f'{statistics.median(ratios):.2f} of the plain file ({done:.0f} requests a second{wanted})', floor,
             statistics.median(ratios) >= floor)
        show(name, f'{lost} of {total} lines lost', 0, lost == 0)

    def lines(self, name, rate):
        made = subprocess.run([f'{os.path.dirname(self.cretula)}/tests/bench/generate', str(1 << 26)], check=True,
                              capture_output=True).stdout
        pieces = cut(made, 1 << 18 if rate is None else 1 << 15)
        daemon = Daemon(self)
        seen, stop = [], threading.Event()
        watcher = threading.Thread(target=watch, args=[self.store, seen, stop])
        watcher.start()
        sent, start = send(f'{self.work}/lines.sock', pieces, rate, self.seconds)
        total, waited = sent[-1][1], time.monotonic() + 30
        while time.monotonic() < waited and (not seen or time.monotonic() - seen[-1][0] < 3):
            time.sleep(0.1)
        stop.set()
        watcher.join()
        most = daemon.memory()
        daemon.end()
        kept = daemon.records('lines')
        delays = commit_delays(sent, seen, self.store)
        speed = total / (sent[-1][0] - start)
        if rate is None:
            show(name, f'{speed:.0f} lines a second', 1000000, speed >= 1000000)
        else:
            show(name, f'{speed:.0f} lines a second', rate, speed >= 0.98 * rate)
        show(name, f'{total - kept} of {total} lines lost', 0, total == kept)
        show(name, f'{most:.0f} MiB resident', 200, most <= 200)
        show(name, f'{sync_ms(self.store):.2f} ms for a MiB and its fdatasync beside the store', '-', True)
        worst = delays[int(len(delays) * 0.99)]
        show(name, f'{worst:.2f} s from arrival to commit at p99 (median {statistics.median(delays):.2f})', 1.2, worst <= 1.2)

    def idle(self, name):
        daemon = Daemon(self)
        time.sleep(3)
        before = daemon.used()
        time.sleep(self.seconds * 2)
        used = (daemon.used() - before) / (self.seconds * 2) * 100
        resident = daemon.memory('VmRSS')
        daemon.end()
        show(name, f'{used:.2f} % of a core', 0.2, used <= 0.2)
        show(name, f'{resident:.0f} MiB resident', 20, resident <= 20)


def sync_ms(store):
    """What the disk takes for what a commit writes, median of 50."""
    path, took = f'{store}.sync', []
    with open(path, 'wb', buffering=0) as file:
        for _ in range(50):
            start = time.monotonic()
            file.write(bytes(1 << 20))
            os.fdatasync(file.fileno())
            took.append(time.monotonic() - start)
    os.unlink(path)
    return statistics.median(took) * 1000


def cut(data, size):
    """Pieces of whole lines, each with how many."""
    pieces, at = [], 0
    while at < len(data):
        end = data.find(b'\n', min(at + size, len(data) - 1)) + 1 or len(data)
        pieces.append((data[at:end], data.count(b'\n', at, end)))
        at = end
    return pieces


def send(path, pieces, rate, seconds):
    """[(when the piece was taken, lines so far)] and when it began."""
    sent, count, at = [], 0, 0
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as s:
        s.connect(path)
        start = time.monotonic()
        while time.monotonic() - start < seconds:
            data, lines = pieces[at]
            s.sendall(data)
            count, at = count + lines, (at + 1) % len(pieces)
            sent.append((time.monotonic(), count))
            if rate is not None:
                time.sleep(max(0.0, start + count / rate - time.monotonic()))
    return sent, start


def watch(store, seen, stop):
    """(when, segment, records) of each flush, once its line is in .tags."""
    last = {}
    while not stop.is_set():
        for path in sorted(glob.glob(f'{store}/streams/lines/open/*.tags')):
            try:
                with open(path, 'rb') as file:
                    file.seek(max(0, os.path.getsize(path) - 2000))
                    rows = file.read().split(b'\n')
            except OSError:
                continue
            if len(rows) > 1 and rows[-2] and last.get(path) != rows[-2]:
                last[path] = rows[-2]
                _, seg, n = rows[-2].split()[:3]
                seen.append((time.monotonic(), int(seg), int(n)))
        time.sleep(0.004)


def commit_delays(sent, seen, store):
    """Seconds of each piece until all its lines were committed, sorted."""
    with open(f'{store}/streams/lines/chain.jsonl', encoding='utf-8') as file:
        first = {int(s): int(f) for s, f in re.findall(r'"type":"segment".*?"seg":(\d+),"first":(\d+)', file.read())}
    done = sorted((when, first[seg] + n) for when, seg, n in seen if seg in first)
    delays, at = [], 0
    for when, count in sent:
        while at < len(done) and done[at][1] < count:
            at += 1
        delays.append(done[at][0] - when if at < len(done) else float('inf'))
    return sorted(delays)


def show(name, what, floor, good):
    print(f'{name:12} {what:70} floor {floor:<10} {"" if good else "BELOW"}', flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('build')
    parser.add_argument('--seconds', type=int, default=20)
    parser.add_argument('--runs', type=int, default=3)
    parser.add_argument('--only', nargs='*', default=[])
    parser.add_argument('--store', help='a directory to have the store in (a tmpfs, say)')
    parser.add_argument('--way', choices=WAYS, default='ring')
    options = parser.parse_args()
    bench = Bench(options)
    rows = {'nginx-full': lambda n: bench.nginx(n, 0.85, False), 'nginx-70': lambda n: bench.nginx(n, 0.98, True),
            'lines': lambda n: bench.lines(n, None), 'paced': lambda n: bench.lines(n, 100000), 'idle': bench.idle}
    for name in options.only or rows:
        rows[name](name)
    shutil.rmtree(bench.work)
    shutil.rmtree(bench.ring)
    shutil.rmtree(bench.store, ignore_errors=True)


main()
