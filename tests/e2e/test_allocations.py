"""The threads that read and work call no allocator between start and stop (design.md 2, sentence 5)."""
import os
import subprocess
import sys

from lib import CRETULA, Skip, cretula, equal, main, make_log, write
from mmdb import mmdb


def preload():
    """Build the watcher; it cannot stand beside a sanitizer's own allocator."""
    if b'__asan_init' in open(CRETULA, 'rb').read() or b'__tsan_init' in open(CRETULA, 'rb').read():
        raise Skip('a sanitizer replaces the allocator in this build')
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'no_malloc.c')
    subprocess.run(['gcc', '-shared', '-fPIC', '-O2', '-o', 'no_malloc.so', source], check=True)
    return {'LD_PRELOAD': os.path.abspath('no_malloc.so')}


def test_import_and_mask_allocate_nothing_while_they_run():
    env = preload()
    data = make_log(40000, clients=2000) + b'\xff\x00rubbish "\n' * 50
    write('a.log', data)
    for options in ([], ['--no-learn']):
        cretula('import', '--store', 'store' + ''.join(options), '--stream', 's', '--format', 'apache-combined', *options,
                'a.log', env=env, code=0)
    cretula('mask', '--format', 'apache-combined', '--jobs', 3, stdin=data, env=env, code=0)


def test_sealing_and_looking_up_allocate_nothing():
    env = preload()
    public = cretula('key', 'pair', '--out', 'secret', '--json', code=0).json['public']
    write('x.mmdb', mmdb({'198.51.0.0/16': ('DE', 64496)}))
    geo = 'geo: {country: x.mmdb, asn: x.mmdb}\n'
    write('c.yaml', (geo + f'seal_key: {public}\nquarantine_key: {public}\nstreams: {{s: {{mask: {{ip.peer: seal, email: seal}}}}}}\n').encode())
    cretula('mask', '--config', 'c.yaml', '--format', 'apache-combined', '--jobs', 3, stdin=make_log(40000, clients=20000) + b'no log line\n' * 500,
            env=env, code=0)


def test_rules_allocate_nothing_while_they_match():
    env = preload()
    write('c.yaml', b"streams: {s: {rules: [{name: n, pattern: '[a-z]+-[0-9]+', class: unknown, test: x-1},"
          b" {name: slow, pattern: '(Q|(a|aa)+X)', class: unknown, test: Q}]}}\n")
    slow = b'1.2.3.4 - - [24/Nov/2025:10:11:12 +0000] "GET /' + b'a' * 80 + b' HTTP/1.1" 200 5 "-" "-"\n'
    run = cretula('mask', '--config', 'c.yaml', '--format', 'apache-combined', '--jobs', 3,
                  stdin=make_log(20000, clients=2000) + slow * 50, env=env, code=0)
    equal(run.out.count(b'"unsettled"'), 50)


def test_pipe_allocates_nothing_while_it_reads():
    env = preload()
    data = make_log(40000, clients=2000) + b'\xff\x00rubbish "\n' * 50 + b'x' * 3_000_000
    cretula('pipe', '--store', 'store', 's', '--format', 'apache-combined', stdin=data, env=env, code=0)


def test_searches_allocate_nothing_while_they_look():
    env = preload()
    write('a.log', make_log(20000, clients=2000))
    cretula('import', '--store', 'store', '--stream', 's', '--format', 'apache-combined', 'a.log', code=0)
    view = ['view', '--store', 'store', '--stream', 's', '--jobs', 3, '--where']
    for where in ('status >= 500', 'status == 404', 'path ~= a', 'client == ip.aaaaaaaaaaaaaaaa'):  # the first one notes
        cretula(*view, where, env=env, code=0)


def test_the_watcher_sees_a_planted_allocation():
    env = preload()
    planted = ('import ctypes; libc = ctypes.CDLL(None); libc.prctl(15, b"cr-work", 0, 0, 0); libc.malloc(100)')
    done = subprocess.run([sys.executable, '-c', planted], env={**os.environ, **env}, capture_output=True, check=False)
    equal(done.returncode, 99, done.stderr)


main()
