"""status and metrics: what a daemon tells of itself."""
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import time

from lib import CRETULA, Skip, combined, cretula, equal, is_testing_build, main, make_log, read, write
from test_run import ONE, Daemon, committed, configure, connect, line, wait_for

TWO = ONE + "  udp: { input: { udp: '127.0.0.1:%(udp)d' }, format: combined, rotate: 100M }\n"


def status(code=0):
    return cretula('status', '--store', 'store', '--json', code=code).json


def stream(name='s', code=0):
    return next(s for s in status(code)['streams'] if s['name'] == name)


def test_figures():
    """What came is what is told: counts, times, disk; and the same over a reload; a stream that is gone is not told."""
    configure(TWO.replace('format: combined }', 'format: combined, rotate: daily }'))
    daemon = Daemon()
    with connect('s.sock') as s:
        s.sendall(b''.join(line(n) for n in range(100)) + b'nonsense\n')
        wait_for(lambda: stream()['lines'] == 101)
        seen = stream()
        equal((seen['records'], seen['parsed'], seen['unparsed'], seen['lost']), (101, 100, 1, 0))
        equal((seen['status'], seen['connections'], seen['state']), ({'none': 1, '2xx': 100}, 1, 'reading'))
        equal(sum(seen['reasons'].values()), 1, seen)
        assert seen['input'].endswith('/s.sock') and seen['lag_ms'] < 2000 and seen['disk_bytes'] > 0, seen
        assert 0 < seen['next_rotation_s'] <= 86400 and 3000 < seen['next_seal_s'] <= 3600, seen
        assert 'sealed' not in seen and seen['segments'] == 0, seen
        daemon.process.send_signal(signal.SIGUSR1)
        wait_for(lambda: stream()['segments'] == 1)
        assert re.fullmatch(r'\d{4}-.*Z', stream()['sealed']), stream()
    left = stream('udp')['rotation_left_bytes']
    assert 0 < left <= 100 << 20, left
    text = cretula('status', '--config', 'c.yaml', code=0).text
    assert all(len(row) <= 80 for row in text.splitlines()[1:]), text
    assert re.search(r'^s +reading +\d+\.\d +0\.\d s +\d+ s +\d+ \S+ +0 +[\d.]+ \w+$', text, re.M), text
    configure(ONE.replace('combined', 'combined, words: { k: 12 }'))
    daemon.process.send_signal(signal.SIGHUP)
    wait_for(lambda: len(status()['streams']) == 1 and status()['reloads'] == 1)
    wait_for(lambda: stream()['state'] == 'reading')
    equal(stream()['lines'], 101)
    write('c.yaml', b'store: [\n')
    daemon.process.send_signal(signal.SIGHUP)
    wait_for(lambda: status()['reloads_refused'] == 1)
    daemon.end()


def test_without_a_daemon():
    """Exit 3, and what is sealed; 66 without a store."""
    configure()
    daemon = Daemon()
    connect('s.sock').sendall(b''.join(line(n) for n in range(50)))
    wait_for(lambda: committed('s') == 50)
    daemon.end()
    assert not os.path.exists('store.sock'), 'the socket stays'
    run = cretula('status', '--store', 'store', code=3)
    assert re.search(r'^s +\d+ s +50 +0 ', run.text, re.M) and 'no daemon runs' in run.text, run.text
    seen = stream(code=3)
    equal((seen['state'], seen['records'], seen['segments']), ('stopped', 50, 1))
    cretula('status', '--store', 'store', '--metrics', code=3)
    cretula('status', '--store', 'nowhere', code=66)
    os.mkdir('empty')
    cretula('status', '--store', 'empty', code=66)


def test_who_may_ask():
    """The socket is the user's alone; others get nothing; a killed daemon's is taken over; nonsense is not answered."""
    configure()
    daemon = Daemon()
    equal(stat.S_IMODE(os.stat('store.sock').st_mode), 0o600)
    for nonsense in (b'', b'status', b'\0' * 5000, b'stop\n'):
        with connect('store.sock') as s:
            s.sendall(nonsense)
            s.shutdown(socket.SHUT_WR)
            try:
                equal(s.recv(100), b'', nonsense)
            except ConnectionResetError:
                pass
    equal(status()['pid'], daemon.process.pid)
    if os.geteuid() == 0 and shutil.which('setpriv'):
        os.chmod('.', 0o755)
        os.chmod('store.sock', 0o666)  # by mistake
        as_other = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', CRETULA, 'status', '--store', 'store',
                    '--metrics']
        run = subprocess.run(as_other, capture_output=True, check=False)
        equal((run.returncode, run.stdout), (3, b''), run.stderr)
        assert b'only its user' in run.stderr, run.stderr
    daemon.end(number=signal.SIGKILL)
    assert os.path.exists('store.sock')
    cretula('status', '--store', 'store', code=3)
    daemon = Daemon()
    equal(status()['pid'], daemon.process.pid)
    daemon.end()


def test_a_stream_in_trouble():
    """One that waits for its disk is told with exit 1, and how often it was opened again."""
    if not is_testing_build():
        raise Skip('not a testing build: no faults')
    configure()
    Daemon().end()
    daemon = Daemon(env={'CRETULA_FAULT': '84:5'})
    codes = set()
    with connect('s.sock') as s:
        for n in range(1000):
            s.sendall(line(n))
            time.sleep(0.02)
            run = cretula('status', '--store', 'store', '--json')
            codes.add(run.code)
            if run.json['streams'][0]['reopened']:
                break
    equal(codes, {0, 1}, n)
    wait_for(lambda: stream()['state'] == 'reading')
    daemon.end()


def test_metrics():
    """What promtool takes for good; labels are names of ours only, and nothing of an event is in it."""
    configure(TWO)
    daemon = Daemon()
    log = make_log(3000)
    with connect('s.sock') as s:
        s.sendall(log + combined(1, client='203.0.113.99', target='/u/erika?mail=a@example.org').encode() + b'rubbish\n')
        wait_for(lambda: stream()['lines'] == 3002)
    text = cretula('status', '--store', 'store', '--metrics', code=0).text
    daemon.end()
    assert 'cretula_lines_total{stream="s"} 3002\n' in text, text
    assert 'cretula_records_total{stream="s",state="unparsed"} 1\n' in text, text
    labels = set(re.findall(r'(\w+)="', text))
    assert labels <= {'stream', 'state', 'status', 'class', 'reason', 'result', 'version'}, labels
    for word in ('erika', 'mustermann', '203.0', '198.51', 'example', 'rubbish', 'shop'):
        assert word not in text, word
    assert len(text.splitlines()) < 200, text
    if not shutil.which('promtool'):
        raise Skip('no promtool (Debian package prometheus): the format is not checked')
    run = subprocess.run(['promtool', 'check', 'metrics'], input=text.encode(), capture_output=True, check=False)
    equal((run.returncode, run.stdout + run.stderr), (0, b''))
    bad = subprocess.run(['promtool', 'check', 'metrics'], input=b'a_total{b="c} 1\n', capture_output=True, check=False)
    assert bad.returncode != 0, 'it takes everything'


if __name__ == '__main__':
    main()
