"""A real HAProxy under hostile requests: what it says it served is what we count and read."""
import os
import shutil
import signal
import subprocess

from hostile import CANARY, Server, free_port, hostile, request, send
from lib import Skip, cretula, equal, main, read, wait_for, write

HAPROXY = shutil.which('haproxy') or '/usr/sbin/haproxy'


def config(port, tcp):
    return f'''global
  nbthread 1
  log stdout format raw local0
defaults
  log global
  timeout client 5s
  timeout server 5s
  timeout connect 1s
frontend www
  mode http
  option httplog
  bind 127.0.0.1:{port}
  capture request header User-Agent len 200
  capture request header X-Foo len 200
  capture cookie a len 100
  http-request return status 404 content-type text/plain string gone if {{ path_beg /a }}
  http-request deny deny_status 403 if {{ path_beg /b }}
  http-request return status 200 content-type text/plain string hello
frontend plain
  mode tcp
  option tcplog
  bind 127.0.0.1:{tcp}
'''.encode()


class Logging(Server):
    """Its log goes to a file."""
    def __init__(self, argv, port, log):
        super().__init__(['/bin/sh', '-c', 'exec "$@" > ' + log, 'sh', *argv], port, signal.SIGUSR1)


def run_haproxy(wires):
    """The wires, what was answered, and the log."""
    if not os.path.exists(HAPROXY):
        raise Skip('no haproxy: ./setup installs it')
    port, tcp = free_port(), free_port()
    write('haproxy.cfg', config(port, tcp))
    check = subprocess.run([HAPROXY, '-c', '-f', 'haproxy.cfg'], capture_output=True, check=False)
    if check.returncode != 0:
        raise Skip(f'this haproxy does not like its configuration: {check.stderr[-300:]!r}')
    with Logging([HAPROXY, '-db', '-f', 'haproxy.cfg'], port, 'log'):
        wait_for(lambda: b'] www ' in read('log'), seen=lambda: read('log'))
        before = len(read('log').splitlines())  # the look whether it listens
        answers = [send(port, wire) for wire in wires]
        for _ in range(3):
            send(tcp, b'hello\r\n')
    return answers, read('log').splitlines()[before:]


def test_every_request_is_read_as_it_was_served():
    wires = hostile() + [request('/a'), request('/b?x=1'), request('/', X_Foo='{a|b}#22"'), request('/', User_Agent='a } { "b')]
    answers, lines = run_haproxy(wires)
    lines = [line for line in lines if b'] www ' in line or b'] plain ' in line]
    http = [line for line in lines if b'] www ' in line]
    equal(len(http), len(answers), 'a line for each connection')
    equal(len(lines) - len(http), 3, 'lines of TCP')
    write('haproxy.log', b'\n'.join(lines) + b'\n')
    run = cretula('mask', '--format', 'haproxy', stdin=read('haproxy.log'), code=0)
    equal(len(run.lines), len(lines), 'records')
    for line, record in zip(lines, run.lines):
        # HAProxy cuts a long line: no quote at its end, and what was cut is masked whole.
        equal(record.get('state'), None if line.endswith(b'"') or b'] plain ' in line else 'partial', repr(line))
    records = [r for r in run.lines if r['event'] == 'http.request']
    equal(len(records), len(answers), 'requests')
    for answer, line, record in zip(answers, http, records):
        if answer >= 100:
            equal(record.get('status'), answer, repr(line))
        assert record['extra']['termination'] != '[unknown]', line
    assert CANARY.encode() not in run.out
    assert b'127.0.0.1' not in run.out


def test_the_log_is_known_without_its_name():
    _, lines = run_haproxy([request('/') for _ in range(20)])
    write('haproxy.log', b'\n'.join(lines) + b'\n')
    run = cretula('check', '--detect', 'haproxy.log', '--json', code=0)
    equal(run.json['format'], 'haproxy')


main()
