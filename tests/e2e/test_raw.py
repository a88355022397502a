"""Whatever ends the process, and whenever: no file that it wrote or held open has anything raw in it."""
import base64
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import time

from lib import CRETULA, combined, equal, main, read, tree_bytes, wait_for, write

PLANTED = [b'203.0.113.77', b'erika.mustermann@example.org', b'erika-mustermann', b'4111111111111111',
           b'c0ffee5e5510n7d', b'hunter2-secret']


def line(n):
    """One request that carries every planted value, in a place of its own."""
    return combined(n, client='203.0.113.77', user='erika-mustermann',
                    target='/u/erika-mustermann/pay?card=4111111111111111&PHPSESSID=c0ffee5e5510n7d&password=hunter2-secret',
                    referer='https://shop.example/login?email=erika.mustermann%40example.org',
                    agent='Mozilla/5.0 (erika.mustermann@example.org)')


def forms(value):
    """As bytes that a careless program would write."""
    yield value
    yield value.hex().encode()
    yield value.hex().upper().encode()
    yield value[::-1]
    yield ''.join(f'%{byte:02x}' for byte in value).encode()
    yield value.decode().encode('utf-16-le')
    for shift in range(3):  # base64 of a longer text that holds the value
        text = base64.b64encode(b'\0' * shift + value + b'\0' * 3)
        yield text[4 if shift else 0:-8]


FORMS = [form for value in PLANTED for form in forms(value)]


SEEN = {'files': 0, 'killed': 0}


def nothing_raw(files, what):
    for path, data in files.items():
        SEEN['files'] += len(data) > 0
        for form in FORMS:
            assert form not in data, f'{what}: {path} at {data.index(form)}'


def held_open(process):
    """The regular files that the process may write, by what /proc says."""
    files = {}
    try:
        for fd in os.listdir(f'/proc/{process.pid}/fd'):
            path = f'/proc/{process.pid}/fd/{fd}'
            with open(f'/proc/{process.pid}/fdinfo/{fd}', encoding='ascii') as info:
                writes = int(info.read().split('flags:')[1].split()[0], 8) & 3 != 0
            if writes and os.path.isfile(path):
                with open(path, 'rb') as data:
                    files[os.readlink(path)] = data.read()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        pass  # it ended, or closed the file meanwhile
    return files


def written():
    """Everything below this directory but what the test wrote itself."""
    return {path: data for path, data in tree_bytes('.').items() if os.path.basename(path) not in ('big.log', 'out')}


def fresh():
    for name in os.listdir('.'):
        if name != 'big.log':
            shutil.rmtree(name) if os.path.isdir(name) else os.remove(name)


def with_core():
    resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)  # a shell ignores it for whom it starts in the background


def leaves_no_core(process):
    """It turns cores off first of all; what the loader was at until then has read nothing."""
    return process.poll() is not None or re.search(rb'Max core file size +0 ', read(f'/proc/{process.pid}/limits'))


def end(process, how, rng):
    wait_for(lambda: leaves_no_core(process))
    time.sleep(rng.uniform(0.0, 0.4))
    files = held_open(process)
    process.send_signal(how)
    process.wait()
    SEEN['killed'] += process.returncode == -how
    return files


def test_oracle_sees_a_leak():
    """A planted value in each form is found in a file beside the store."""
    for form in FORMS:
        try:
            nothing_raw({'x': b'abc' + form + b'def'}, 'planted')
        except AssertionError:
            continue
        raise AssertionError(form)
    assert b'mustermann' in base64.b64decode(base64.b64encode(PLANTED[2])), 'base64'


def test_import_leaves_nothing_raw_however_it_ends():
    rng = random.Random(11)
    write('big.log', ''.join(line(n) for n in range(60000)).encode())
    for how in (signal.SIGKILL, signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV, signal.SIGABRT):
        fresh()
        with subprocess.Popen([CRETULA, 'import', '--store', 'store', '--stream', 's', '--format', 'apache-combined',
                               'big.log'], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                              preexec_fn=with_core) as process:
            nothing_raw(end(process, how, rng), f'open at {how.name}')
        nothing_raw(written(), f'after {how.name}')
        equal([name for name in os.listdir('.') if name.startswith('core')], [], how.name)


def test_pipe_leaves_nothing_raw_however_it_ends():
    rng = random.Random(12)
    for how in (signal.SIGKILL, signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV, signal.SIGQUIT):
        fresh()
        with open('big.log', 'wb') as log:
            log.write(''.join(line(n) for n in range(20000)).encode())
        feed = subprocess.Popen(['sh', '-c', 'cat big.log; sleep 1; cat big.log; exec sleep 600'], stdout=subprocess.PIPE)
        with open('out', 'wb') as out, subprocess.Popen(
                [CRETULA, 'pipe', '--store', 'store', '--format', 'apache-combined', 's'], stdin=feed.stdout,
                stdout=out, stderr=out, preexec_fn=with_core) as process:
            time.sleep(rng.uniform(0.2, 1.4))
            nothing_raw(end(process, how, rng), f'open at {how.name}')
        feed.kill()
        feed.wait()
        nothing_raw(written(), f'after {how.name}')
        with open('out', 'rb') as out:
            nothing_raw({'screen': out.read()}, f'said at {how.name}')
        equal([name for name in os.listdir('.') if name.startswith('core')], [], how.name)


def test_these_tests_looked_at_something():
    assert SEEN['killed'] >= 4 and SEEN['files'] >= 100, SEEN


def test_output_and_errors_have_nothing_raw():
    """Also where lines are bad: cut, binary, overlong."""
    write('big.log', ''.join(line(n) for n in range(50)).encode() + line(0).encode()[:90] + b'\n' +
          b'\x00\xff' + line(1).encode() + b'x' * 70000 + line(2).encode() + line(3).encode().replace(b'"', b"'"))
    for args in (['mask', '--format', 'apache-combined'], ['mask', '--format', 'auto'], ['mask', '--format', 'nginx-combined']):
        with open('big.log', 'rb') as log:
            done = subprocess.run([CRETULA, *args], stdin=log, capture_output=True, check=False)
        nothing_raw({'stdout': done.stdout, 'stderr': done.stderr}, ' '.join(args))
        assert b'"client":"ip.' in done.stdout or done.returncode != 0, done


main()
