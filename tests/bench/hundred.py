"""hundred.py BUILD --work DIR [--records N] [--only WORDS] [--runs N]: a store of 100 million records, and how long each question takes.

  (first)   43 days of requests of 400,000 clients, out of the generator into `import` (no log lies on disk); once
  panels    what the page asks `serve` for, in each role and window: milliseconds
  paint     the page in chromium: from opening it to the first paint, and until all panels stand
  view      searches of many records, few and none
  subject   a person of a 13th of all records, one of thousands, one of a few, and one who was never there
  stats     the report
  retain    what would go
  verify    all of it
  erase     a thousand records of one segment, of a store with one

The store stays in DIR and is used again; it takes some 35 bytes a record.  Each row: seconds of the wall, seconds of processors, MiB of
memory at most, MiB read from disk.  Rows of the first search are those of notes that are not there yet.
"""
import argparse
import contextlib
import http.client
import json
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), 'web'))
DAYS, CLIENTS, LINE = 43, 400000, 249
WINDOWS = {'developer': ('hour', 'day', 'week', 'month'), 'analyst': ('hour', 'day', 'week', 'month'), 'public': ('day', 'week'),
           'auditor': ()}
TOPS = ('paths', 'statuses', 'referers', 'agents', 'events')
READY = "document.querySelector('main.%s .panel') && !document.querySelector('.waiting, [aria-busy=true]')"
PAINT = '''(() => ({ paint: performance.getEntriesByName('first-contentful-paint')[0]?.startTime,
    asked: performance.getEntriesByType('resource').filter(r => r.name.includes('/api/')).map(r => [r.name, r.duration]) }))()'''


def address(rank):
    """Of the client of a rank, 0 being who comes most often; as generate.c has it."""
    mixed = rank * 2654435761 % 2**32
    return f'{mixed >> 24 | 1}.{mixed >> 16 & 255}.{mixed >> 8 & 255}.{mixed & 255 | 1}'


class Bench:
    def __init__(self, options):
        self.cretula = os.path.join(options.build, 'cretula')
        self.generate = os.path.join(options.build, 'tests/bench/generate')
        self.options, self.work = options, options.work
        self.store, self.config = f'{options.work}/store', f'{options.work}/c.yaml'
        self.asked = 0

    def path(self, name):
        return os.path.join(self.work, name)

    def run(self, name, *args, stdin=subprocess.DEVNULL, code=0, quiet=False):
        """A row; its output."""
        start = time.monotonic()
        with open(self.path('out'), 'w+b') as out, open(self.path('said'), 'w+b') as said:
            process = subprocess.Popen([self.cretula, *args], stdin=stdin, stdout=out, stderr=said)
            _, status, usage = os.wait4(process.pid, 0)
            took = time.monotonic() - start
            said.seek(0)
            if os.waitstatus_to_exitcode(status) != code:
                sys.exit(f'{name}: exit code {os.waitstatus_to_exitcode(status)}: {said.read().decode()}')
            if not quiet:
                print(f'{name:44}{took:9.2f}{usage.ru_utime + usage.ru_stime:9.2f}{usage.ru_maxrss / 1024:9.0f}'
                      f'{usage.ru_inblock / 2048:9.0f}', flush=True)
            out.seek(0)
            return out.read(1 << 20).decode(errors='replace')

    # ---- the store ----

    def make(self):
        if not os.path.exists(self.path('made.json')):
            rate = max(1, self.options.records // (DAYS * 86400))
            first = int(time.time()) - self.options.records // rate
            shutil.rmtree(self.store, ignore_errors=True)
            shutil.rmtree(self.store + '.keys', ignore_errors=True)
            source = subprocess.Popen([self.generate, str(self.options.records * LINE), '7', 'combined', str(rate), str(CLIENTS),
                                       str(first)], stdout=subprocess.PIPE)
            made = self.run('import of it, out of a pipe', 'import', '--store', self.store, '--stream', 'shop', '--format',
                            'apache-combined', '--link-epochs', '--no-verify', '--json', '-', stdin=source.stdout)
            if source.wait():
                sys.exit('generate failed')
            with open(self.path('made.json'), 'w', encoding='ascii') as file:
                file.write(made)
        with open(self.path('made.json'), encoding='ascii') as file:
            made = json.load(file)
        print(f'{made["records"]:,} records, {made["record_bytes"] / 1e9:.1f} GB of JSON lines, {made["disk_bytes"] / 1e9:.2f} GB on disk, '
              f'{made["segments"]} segments, stats.db {os.path.getsize(self.store + "/stats.db") / 1e6:.0f} MB')
        return made

    def configure(self):
        """Roles with tokens, and two who approve."""
        self.tokens, rows, keys = {}, [], []
        for tier in WINDOWS:
            said = self.run('', 'serve', 'token', '--role', tier, quiet=True)
            self.tokens[tier] = said.split()[0]
            rows.append(f'  {tier}: {{ tier: {tier}, token_hash: "{re.search("sha256:[0-9a-f]+", said)[0]}" }}\n')
        for name in 'ab':
            if os.path.exists(self.path(name)):
                os.unlink(self.path(name))
            keys.append(json.loads(self.run('', 'subject', 'approver', '--name', name, '--out', self.path(name), '--json', quiet=True))['vkey'])
        with socket.socket() as free:
            free.bind(('127.0.0.1', 0))
            self.port = free.getsockname()[1]
        with open(self.config, 'w', encoding='ascii') as file:
            file.write(f'store: {self.store}\nkeys: {self.store}.keys\napprovers: {json.dumps(keys)}\nsubject: {{ requests: 1000 }}\n'
                       f'roles:\n{"".join(rows)}serve: {{ listen: "127.0.0.1:{self.port}" }}\n'
                       'streams:\n  shop: { format: combined, retain: { detail: 30d } }\n')

    # ---- the page ----

    @contextlib.contextmanager
    def serve(self):
        with open(self.path('served'), 'wb') as said:
            process = subprocess.Popen([self.cretula, 'serve', '--config', self.config], stdout=said, stderr=said)
        try:
            while True:
                with contextlib.suppress(OSError):
                    socket.create_connection(('127.0.0.1', self.port), 1).close()
                    break
                if process.poll() is not None:
                    sys.exit(f'serve ended, see {self.path("served")}')
                time.sleep(0.02)
            yield process
        finally:
            process.terminate()
            process.wait()

    def cpu(self, server):
        """Milliseconds of a processor that the threads which answer had so far."""
        total = 0
        for task in os.listdir(f'/proc/{server.pid}/task'):
            with open(f'/proc/{server.pid}/task/{task}/comm', encoding='ascii') as name:
                if name.read() not in ('work\n', 'http\n'):
                    continue
            with open(f'/proc/{server.pid}/task/{task}/schedstat', encoding='ascii') as spent:
                total += int(spent.read().split()[0])
        return total / 1e6

    def ask(self, server, link, tier, path):
        """Milliseconds, those of a processor, and bytes of the answer."""
        before, start = self.cpu(server), time.monotonic()
        link.request('GET', '/api/v1/' + path, headers={'Authorization': f'Bearer {self.tokens[tier]}'})
        answer = link.getresponse()
        size = len(answer.read())
        if answer.status == 429:
            time.sleep(int(answer.headers['Retry-After']))
            return self.ask(server, link, tier, path)
        if answer.status != 200:
            sys.exit(f'{tier}: {path}: {answer.status}')
        took = (time.monotonic() - start) * 1000
        return took, self.cpu(server) - before, size

    def panels_of(self, tier):
        for window in WINDOWS[tier]:
            query = f'stream=shop&window={window}'
            yield from (f'overview?{query}', f'series?{query}')
            yield from (f'top/{dim}?{query}&limit=15' for dim in TOPS)
        if tier == 'developer':
            yield from ('series?stream=shop&since=-43d', 'overview?stream=shop&since=-43d', 'top/paths?stream=shop&since=-43d',
                        'series?stream=shop&since=-6d&step=minute', 'records?stream=shop&since=-1h', 'records?stream=shop',
                        'records?stream=shop&where=status==599', 'chain?stream=shop')
        yield from ('streams', 'session', 'trust')

    def panels(self):
        worst = []
        with self.serve() as server:
            for tier in WINDOWS:
                link = http.client.HTTPConnection('127.0.0.1', self.port)
                for path in self.panels_of(tier):
                    took, cpu, size = zip(*(self.ask(server, link, tier, path) for _ in range(self.options.runs)))
                    worst.append((min(cpu), cpu[0], statistics.median(took), min(took), size[0], tier, path))
            with open(f'/proc/{server.pid}/status', encoding='ascii') as file:
                memory = int(re.search(r"VmHWM:[^0-9]*([0-9]+)", file.read())[1]) / 1024
        print(f'{"ms: of a processor":>20}{"first":>9}{"median":>9}{"least":>9}{"bytes":>9}  panel')
        for cpu, first, median, least, size, tier, path in sorted(worst, reverse=True)[:self.options.rows]:
            print(f'{cpu:20.1f}{first:9.1f}{median:9.1f}{least:9.1f}{size:9}  {tier:10}{path}')
        print(f'  serve: {memory:.0f} MiB at most')

    def paint(self):
        import browser
        if browser.program() is None:
            print('SKIPPED paint: chromium is missing', file=sys.stderr)
            return
        with self.serve():
            chromium = browser.Browser()
            try:
                for tier in ('developer', 'analyst', 'public'):
                    self.paint_of(browser.Page(chromium), tier)
            finally:
                chromium.close()

    def paint_of(self, page, tier):
        page.go(f'http://127.0.0.1:{self.port}')
        page.until("document.querySelector('#token')")
        page.run("document.querySelector('#token').focus()")
        page.type(self.tokens[tier])
        page.key('Enter')
        page.until("document.querySelector('header nav')")
        page.until(READY % 'overview')
        paints, whole, slowest = [], [], []
        for _ in range(self.options.runs):
            start = time.monotonic()
            page.reload()
            page.until(READY % 'overview')
            whole.append((time.monotonic() - start) * 1000)
            told = page.run(PAINT)
            paints.append(told['paint'])
            slowest.append(max(told['asked'], key=lambda one: one[1]))
        print(f'paint {tier:10} first {statistics.median(paints):6.0f} ms, all panels within {statistics.median(whole):6.0f} ms, slowest '
              f'answer {max(slowest, key=lambda s: s[1])}', flush=True)
        page.close()

    # ---- single records ----

    def search(self, name, where, *options):
        self.run(f'view, {name}', 'view', '--store', self.store, '--stream', 'shop', '--where', where, *options)

    def view(self):
        self.search('one client, first search', 'client == ip.aaaaaaaaaaaaaaaa')
        first = json.loads(self.run('view, the first record', 'view', '--store', self.store, '--stream', 'shop', '--limit', '1'))['client']
        self.search('one client who is there', f'client == {first}')
        self.search('one client who is not', 'client == ip.aaaaaaaaaaaaaaaa')
        self.search('a status that is nowhere', 'status == 599')
        self.search('all are read: path ~= zzzzzz', 'path ~= zzzzzz')
        self.search('the same, one thread', 'path ~= zzzzzz', '--jobs', '1')
        self.search('all are decoded, one thread: path ~= zzz', 'path ~= zzz', '--jobs', '1')

    def person(self, name, rank, kind='find', value=None, config=None):
        value = (value or address(rank)).encode()
        self.asked += 1
        case = self.path(f'case{os.getpid()}-{self.asked}')
        with open(self.path('value'), 'wb') as file:
            file.write(value + b'\n')
        config = config or self.config
        with open(self.path('value'), 'rb') as given:
            self.run('', 'subject', 'request', '--config', config, '--kind', kind, '--class', 'ip.client', '--reason', 'bench',
                     '--out', case, stdin=given, quiet=True)
        for who in 'ab':
            self.run('', 'subject', 'approve', '--request', case, '--key', self.path(who), quiet=True)
        with open(self.path('value'), 'rb') as given:
            said = json.loads(self.run(name, 'subject', kind, '--config', config, '--request', case, '--json', stdin=given))
        os.unlink(case)
        os.unlink(self.path('value'))
        return said

    def subject(self):
        for name, rank, value in (('who was never there', 0, '192.0.2.77'), ('a few', CLIENTS - 1, None), ('thousands', 1000, None),
                                  ('a 13th of all', 0, None)):
            found = self.person(f'subject find, {name}', rank, value=value)
            print(f'  {sum(s["records"] for s in found["streams"]):,} records')

    def erase(self):
        """Of a store of its own: the 65th client has some thousand records of a segment."""
        store = self.path('one')
        for path in (store, store + '.keys'):
            shutil.rmtree(path, ignore_errors=True)
        source = subprocess.Popen([self.generate, str(860000 * LINE), '7', 'combined', '400', str(CLIENTS), str(int(time.time()) - 86400)],
                                  stdout=subprocess.PIPE)
        self.run('', 'import', '--store', store, '--stream', 'shop', '--format', 'apache-combined', '--link-epochs', '--no-verify', '-',
                 stdin=source.stdout, quiet=True)
        source.wait()
        with open(self.config, encoding='ascii') as file:
            text = file.read().replace(self.store, store)
        with open(self.path('one.yaml'), 'w', encoding='ascii') as file:
            file.write(text)
        self.person('subject find, in one segment, first search', 64, config=self.path('one.yaml'))
        found = self.person('subject find, in one segment', 64, config=self.path('one.yaml'))
        print(f'  {found["streams"][0]["records"]:,} records')
        done = self.person('subject erase of them', 64, 'erase', config=self.path('one.yaml'))
        print(f'  {done["erased"]:,} records of {done["segments"]} segments')

    def stats(self):
        self.run('stats', 'stats', '--store', self.store, '--stream', 'shop')
        self.run('stats of a month', 'stats', '--store', self.store, '--stream', 'shop', '--since', '-30d')
        self.run('stats --role analyst', 'stats', '--store', self.store, '--stream', 'shop', '--role', 'analyst')

    def retain(self):
        self.run('retain --dry-run', 'retain', '--config', self.config, '--dry-run')

    def verify(self):
        self.run('verify --jobs 2', 'verify', '--store', self.store, '--jobs', '2')


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('build')
    parser.add_argument('--work', required=True, help='where the store is, or is made')
    parser.add_argument('--records', type=int, default=100_200_000)
    parser.add_argument('--runs', type=int, default=5)
    parser.add_argument('--rows', type=int, default=12, help='panels that are shown')
    parser.add_argument('--only', default='panels,paint,view,subject,stats,retain,verify,erase')
    options = parser.parse_args()
    os.makedirs(options.work, exist_ok=True)
    bench = Bench(options)
    print(f'{"":44}{"wall s":>9}{"cpu s":>9}{"MiB":>9}{"MiB read":>9}')
    bench.make()
    bench.configure()
    for name in options.only.split(','):
        getattr(bench, name)()


if __name__ == '__main__':
    main()
