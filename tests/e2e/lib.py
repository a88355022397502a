"""What the end-to-end tests share: running the binary, TAP, logs made up on the spot.

A test file is run as `FILE CRETULA [TEST...]`; its functions named test_... (or those given) run in order, each in a
folder of its own.  A test that cannot run where it is raises Skip with the reason, which is printed loudly.
"""
import array
import contextlib
import fcntl
import importlib
import inspect
import io
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import termios
import time
import traceback

SHARED = os.environ.get('CRETULA_SHARED', '')
SOURCE = os.environ.get('CRETULA_SOURCE', os.path.abspath(os.path.join(os.path.dirname(__file__), '../..')))
# Of many like steps each N-th is tried: all, but where a slow build runs beside a quick one.
EACH = int(os.environ.get('CRETULA_EACH', '1'))
# Of hundreds of durable steps each third is tried, and each with CRETULA_LONG; unit tests of the store try each always.
THIRD = 1 if os.environ.get('CRETULA_LONG') == '1' else 3
CRETULA = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else 'cretula'
UA = 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0'


def on_disk(test):
    """A test that is about a disk, or about paths that are not below /dev: its folder is not in memory."""
    test.on_disk = True
    return test


def in_memory():
    """/dev/shm, where fsync costs nothing, if what runs at once has room there and a program in it may be run; or None."""
    try:
        there = os.statvfs('/dev/shm')
    except OSError:
        return None
    roomy = there.f_bavail * there.f_frsize >= 3 << 30
    return '/dev/shm' if roomy and not there.f_flag & os.ST_NOEXEC and os.access('/dev/shm', os.W_OK) else None


class Skip(Exception):
    """The test cannot run here; the text says what is missing."""


class Run:
    def __init__(self, done):
        self.code = done.returncode
        self.out = done.stdout
        self.err = done.stderr.decode('utf-8', 'replace')

    @property
    def text(self):
        return self.out.decode('utf-8')

    @property
    def json(self):
        return json.loads(self.out)

    @property
    def lines(self):
        return [json.loads(line) for line in self.out.splitlines()]


def cretula(*args, stdin=b'', env=None, code=None, cwd=None):
    """Run the binary.  code: the exit code it must have."""
    until = time.monotonic() + 120
    while True:
        done = subprocess.run([CRETULA, *map(str, args)], input=stdin, capture_output=True, check=False, cwd=cwd,
                              env={**os.environ, **(env or {})}, timeout=600)
        run = Run(done)
        # It waits for two seconds, and says so: a daemon on a loaded machine may sleep for longer.
        asked_again = args[:1] == ('status',) and code != 75 and run.code == 75 and time.monotonic() < until
        if not asked_again:
            break
    if code is not None:
        equal(run.code, code, f'exit code of {" ".join(map(str, args))}\n{run.err}{run.out[:2000]!r}')
    return run


def verify_py(*args):
    """tests/vectors/verify.py, called: a process of its own would compile it again and know no signature that it has seen."""
    if 'verify' not in sys.modules:
        sys.path.append(os.path.join(SOURCE, 'tests/vectors'))
    verify = importlib.import_module('verify')
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = verify.main([*map(str, args)])
    return subprocess.CompletedProcess(['verify.py', *args], code, out.getvalue().encode(), err.getvalue().encode())


def wait_for(what, seconds=120, seen=lambda: ''):
    """seen: what there is, for who waited in vain.  No sleep of a fixed length is long enough on every machine."""
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, f'waited in vain: {seen()}'
        time.sleep(0.02)


def is_taken(pipe):
    """Has everything been read that was written to it?"""
    count = array.array('i', [0])
    fcntl.ioctl(pipe, termios.FIONREAD, count)
    return count[0] == 0


def reach(path):
    """A connection to a socket of the file system once somebody listens there: its name is there a moment earlier."""
    s = socket.socket(socket.AF_UNIX)

    def listens():
        with contextlib.suppress(FileNotFoundError, ConnectionRefusedError):
            s.connect(path)
            return True
    wait_for(listens)
    return s


def catches(process, number):
    """Has it come so far as to do more on that signal than to die of it?"""
    masks = re.findall(r'Sig(?:Cgt|Blk):\s+(\w+)', read(f'/proc/{process.pid}/status').decode())
    return any(int(mask, 16) >> (number - 1) & 1 for mask in masks)


def stop(pid):
    """SIGSTOP, until all of its threads stand: one of them hears of it first, and another may still do what comes next."""
    os.kill(pid, signal.SIGSTOP)
    wait_for(lambda: {read(f'/proc/{pid}/task/{n}/stat').rpartition(b') ')[2][:1] for n in os.listdir(f'/proc/{pid}/task')} == {b'T'})


PORTS = []  # what holds them


def free_port():
    """A port of loopback, for TCP and UDP, that no other test gets while this program runs.

    It is none of those that the kernel gives to whoever does not say which: between our look at such a one and the server that
    is to have it others get it, and who tries to connect before the server listens may be given it for his own end.
    """
    first, last = map(int, read('/proc/sys/net/ipv4/ip_local_port_range').split())
    ours = [port for port in range(10000, 65536) if not first <= port <= last] or list(range(10000, 65536))
    for port in random.SystemRandom().sample(ours, len(ours)):
        with contextlib.ExitStack() as stack:
            held = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
            try:
                held.bind(f'\0cretula-tests-{port}')
                for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                    stack.enter_context(socket.socket(socket.AF_INET, kind)).bind(('127.0.0.1', port))
            except OSError:
                continue
            PORTS.append(held.dup())
            return port
    raise Skip('no port is free')


# What is random by design, as it is shown: tokens, signatures and keys, roots, boxes.
RANDOM = re.compile(rb'\b(?:dv|em|ht|if|ip|pn|rq|se|sg|ua|uc|us|xx)\.[a-z2-7]{16}\b|\+[0-9a-f]{8}\+[A-Za-z0-9+/]{44}|\xe2\x80\x94 \S+ [A-Za-z0-9+/]+=*\n|'
                    rb'"[A-Za-z0-9+/]{43}="|"(?:sealed:)?[A-Za-z0-9_-]{40,}"')


def bare(data):
    """Without what is random: among thousands of tokens one has any five letters in it, now and then."""
    return RANDOM.sub(b'', data)


def unpacked(*roots):
    """All that was written, by path, as who reads it would see it: what was packed is unpacked, what is random is left out."""
    return {path: bare(subprocess.run(['zstd', '-dcq'], input=data, capture_output=True, check=True).stdout if path.endswith('.zst')
                       else data) for path, data in tree_bytes(*roots).items()}


def equal(got, want, what=''):
    assert got == want, f'{what}: got {got!r}, want {want!r}'


def shared(*parts):
    """A path in ../shared; Skip without it."""
    path = os.path.join(SHARED, *parts)
    if not SHARED or not os.path.exists(path):
        raise Skip(f'no {"/".join(parts)} in ../shared')
    return path


def combined(n, client='203.0.113.7', target='/index.html', status=200, user='-', agent=UA, referer='-', size=512):
    """A combined line, n seconds into a day."""
    return (f'{client} - {user} [24/Nov/2025:{n // 3600 % 24:02}:{n // 60 % 60:02}:{n % 60:02} +0000] '
            f'"GET {target} HTTP/1.1" {status} {size} "{referer}" "{agent}"\n')


def make_log(lines, seed=1, clients=300):
    """A seeded log of a small shop, with names and numbers that must not come out."""
    rng = random.Random(seed)
    words = ['shop', 'cart', 'kitchen', 'garden', 'lamps', 'books']
    out = []
    for n in range(lines):
        who = rng.randrange(clients)
        target = rng.choice([f'/shop/{rng.choice(words)}/item-{rng.randrange(30)}.html?page={rng.randrange(9)}',
                             f'/account/orders/{rng.randrange(10 ** 6)}', f'/u/erika-mustermann-{who}',
                             f'/login?email=user{who}%40example.org&next=%2Fhome', '/static/site.css?v=3'])
        out.append(combined(n // 5, client=f'198.51.{who % 256}.{who // 256 + 1}', target=target,
                            status=rng.choice([200, 200, 200, 304, 404, 500]), user=rng.choice(['-', '-', f'user{who}']),
                            referer=rng.choice(['-', 'https://www.google.com/search?q=secret+thing'])))
    return ''.join(out).encode()


def write(path, data):
    with open(path, 'wb') as file:
        file.write(data)
    return path


def read(path):
    with open(path, 'rb') as file:
        return file.read()


def lines_of(path):
    """The lines of a file that somebody appends to: one that has no end yet is on its way."""
    return read(path).rpartition(b'\n')[0].splitlines()


def open_data(stream='s', store='store'):
    """The bytes of the newest open segment; none if there is none, or it was sealed just now."""
    try:
        folder = os.path.join(store, 'streams', stream, 'open')
        names = sorted(name for name in os.listdir(folder) if name.endswith('.data'))
        return read(os.path.join(folder, names[-1])) if names else b''
    except FileNotFoundError:
        return b''


def open_lines(stream='s', store='store'):
    return open_data(stream, store).count(b'\n')


def last_flush(stream='s', keys='store.keys'):
    """(segment, its records) of the last flush that is committed, as the sector of the ratchet says (docs/format.md 12); (0, 0)
    before any.  Up to the first flush of a segment it is that of an older one, whoever runs."""
    try:
        sector = read(os.path.join(keys, stream, 'ratchet'))
    except FileNotFoundError:
        return 0, 0
    return int.from_bytes(sector[24:32], 'little'), int.from_bytes(sector[32:40], 'little')


def segments(store, stream='s'):
    """The segment entries of a stream's chain."""
    chain = lines_of(os.path.join(store, 'streams', stream, 'chain.jsonl'))
    return [e for e in map(json.loads, chain) if e['type'] == 'segment']


def records(store, stream='s'):
    return cretula('view', '--store', store, '--stream', stream, code=0).lines


def tree_bytes(*roots):
    """Every byte that was written, by path."""
    found = {}
    for root in roots:
        for folder, _, names in os.walk(root):
            for name in names:
                with contextlib.suppress(FileNotFoundError):  # of a moment
                    found[os.path.join(folder, name)] = read(os.path.join(folder, name))
    return found


def golden(name, text):
    """Compare with golden/NAME; CRETULA_GOLDEN=write writes it."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'golden', name)
    if os.environ.get('CRETULA_GOLDEN') == 'write':
        write(path, text.encode())
    want = read(path).decode() if os.path.exists(path) else '(no golden file)'
    if text != want:
        import difflib
        print('\n'.join('# ' + line for line in difflib.unified_diff(want.splitlines(), text.splitlines(), 'golden', 'got',
                                                                     lineterm='')))
    assert text == want, f'golden/{name} differs (CRETULA_GOLDEN=write accepts)'


def is_testing_build():
    """Does the binary honour CRETULA_CLOCK and its kind?"""
    return b'CRETULA_FAULT' in read(CRETULA)


PEAK = '''import resource, subprocess, sys
run = subprocess.run(sys.argv[1:], stdout=sys.stdout, stderr=subprocess.DEVNULL)
print(run.returncode, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
'''


def peak_of(*command):
    """Exit code, output and most KiB of a command, started by a small process: what a large one hands down counts until exec."""
    run = subprocess.run([sys.executable, '-c', PEAK, *command], capture_output=True, check=True,
                         env={**os.environ, 'MALLOC_PERTURB_': '0'})  # which would touch all that is reserved
    out, _, last = run.stdout.rstrip(b'\n').rpartition(b'\n')
    code, peak = map(int, last.split())
    return code, out, peak


def wait_for_the_day():
    """At the end of a day of UTC each segment ends: a test that would be in the middle of it waits for the next day."""
    left = 86400 - time.time() % 86400
    if left < 120:
        time.sleep(left)


def main():
    """Run the test functions of the calling module, each in a folder of its own: in memory, if it says nothing else."""
    module = inspect.getmodule(inspect.stack()[1][0])
    tests = [(name, body) for name, body in vars(module).items()
             if name.startswith('test_') and callable(body) and (not sys.argv[2:] or name in sys.argv[2:])]
    assert tests, 'no test of that name'
    print(f'1..{len(tests)}')
    failed, memory = 0, in_memory()
    for number, (name, body) in enumerate(tests, 1):
        claim = f'{name[5:].replace("_", " ")}' + (f': {body.__doc__.strip().splitlines()[0]}' if body.__doc__ else '')
        claim = re.sub('#', '', claim)
        with tempfile.TemporaryDirectory(prefix='cretula-', dir=None if hasattr(body, 'on_disk') else memory) as folder:
            os.chdir(folder)
            wait_for_the_day()
            try:
                body()
                print(f'ok {number} - {claim}', flush=True)
            except Skip as why:
                print(f'ok {number} - {claim} # SKIP {why}', flush=True)
            except Exception as problem:  # the test goes on with the next function
                failed += 1
                print(f'not ok {number} - {claim}', flush=True)
                for line in (''.join(traceback.format_exception(problem)))[-3000:].splitlines():
                    print('#', line)
            os.chdir('/')
    sys.exit(1 if failed else 0)
