"""status and metrics: what a daemon tells of itself."""
import contextlib
import errno
import json
import os
import re
import select
import shutil
import signal
import socket
import stat
import subprocess
import sys
import threading
import time

from lib import (CRETULA, Skip, combined, cretula, equal, is_testing_build, lines_of, main, make_log, read, segments, stop,
                 write)
from test_run import ONE, Daemon, bad_disk, committed, configure, connect, free_port, line, wait_for

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
        wait_for(lambda: (stream()['lines'], stream()['lag_ms']) == (101, 0), seen=stream)  # nothing waits any more
        before = 86400 - int(time.time()) % 86400
        seen = stream()
        equal((seen['records'], seen['parsed'], seen['unparsed'], seen['lost']), (101, 100, 1, 0))
        equal((seen['status'], seen['connections'], seen['state']), ({'none': 1, '2xx': 100}, 1, 'reading'))
        equal(sum(seen['reasons'].values()), 1, seen)
        assert seen['input'].endswith('/s.sock') and seen['lag_ms'] == 0 and seen['disk_bytes'] > 0, seen
        after = 86400 - int(time.time()) % 86400
        assert after - 1 <= seen['next_rotation_s'] <= before and 3000 < seen['next_seal_s'] <= 3600, (before, seen, after)
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
        os.chmod('store.sock', 0o600)
        run = subprocess.run(as_other[:-1], capture_output=True, check=False)
        equal((run.returncode, run.stdout), (66, b''), run.stderr)
        assert b'only its user and root may' in run.stderr and b'no store' not in run.stderr, run.stderr
    daemon.end(number=signal.SIGKILL)
    assert os.path.exists('store.sock')
    cretula('status', '--store', 'store', code=3)
    daemon = Daemon()
    equal(status()['pid'], daemon.process.pid)
    daemon.end()
    if os.geteuid() == 0 and shutil.which('setpriv'):
        run = subprocess.run(as_other[:-1], capture_output=True, check=False)
        equal((run.returncode, run.stdout), (66, b''), run.stderr)
        assert b'only its user and root may look' in run.stderr, run.stderr


def test_a_busy_daemon():
    """One that does not answer is not said to be none, and does nothing later of what nobody waits for any more."""
    configure()
    daemon = Daemon()
    with connect('s.sock') as s:
        s.sendall(line(1))
        wait_for(lambda: stream()['lines'] == 1)
    stop(daemon.process.pid)
    hold = {'stream': 's', 'release': False, 'id': 'case-7', 'reason': 'letter', 'by': '', 'onward': 1, 'segs': [], 'mask_epochs': {}}
    with connect('store.sock') as s:
        s.sendall(b'hold %s\n' % json.dumps(hold).encode())
    run = cretula('status', '--store', 'store', code=75)
    assert 'daemon is busy' in run.err and 'no daemon' not in run.err, run.err
    daemon.process.send_signal(signal.SIGCONT)
    equal(status()['pid'], daemon.process.pid)
    equal(cretula('hold', 'list', '--store', 'store', '--json', code=0).json['holds'], [])
    def held():  # the same is good while one waits
        try:
            with connect('store.sock') as s:
                s.sendall(b'hold %s\n' % json.dumps(hold).encode())
                s.shutdown(socket.SHUT_WR)
                return s.recv(100).startswith(b'ok ')
        except (BrokenPipeError, ConnectionResetError):
            return False  # who asks has two seconds for his question
    wait_for(held)
    daemon.end()


def test_a_late_asker():
    """Whose question does not come is told so, after two seconds even if it comes byte by byte; and may ask again."""
    configure()
    daemon = Daemon()
    said = b''
    with connect('store.sock') as s:
        s.settimeout(0.2)
        for _ in range(100):
            with contextlib.suppress(OSError):
                s.sendall(b'x')
            with contextlib.suppress(TimeoutError):
                said = s.recv(100)
                break
    equal(said, b'late\n')
    equal(status()['pid'], daemon.process.pid)
    daemon.end()
    with socket.socket(socket.AF_UNIX) as s:
        s.bind('store.sock')
        s.listen()

        def be_late():
            c, _ = s.accept()
            with c:
                c.recv(100)
                c.sendall(b'late\n')
        thread = threading.Thread(target=be_late, daemon=True)
        thread.start()
        run = cretula('status', '--store', 'store', code=75)
        thread.join()
    assert 'try again' in run.err and 'only its user' not in run.err, run.err


def test_a_manager_that_does_not_read():
    """It is told later, in order; the daemon waits for nobody, and ends when it is told to."""
    configure()
    daemon = Daemon()

    def fill():
        sent = 1
        while sent:  # one sender alone comes to the end of its own buffer
            sent = 0
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s, contextlib.suppress(BlockingIOError):
                s.connect('notify.sock')
                s.setblocking(False)
                while True:
                    s.send(b'filled')
                    sent += 1

    def hear():
        while (heard := daemon.manager.recv(100)) == b'filled':
            pass
        return heard

    fill()
    daemon.process.send_signal(signal.SIGHUP)
    said = daemon.process.stderr
    while b'the configuration' not in said.readline():
        pass
    equal((hear(), hear()), (b'RELOADING=1', b'READY=1'))
    fill()
    daemon.process.send_signal(signal.SIGHUP)
    daemon.end()


def test_a_log_that_nobody_reads():
    """Lines come in, reloads are done, who asks is answered; then the log says how many of its lines are missing."""
    configure()
    daemon = Daemon()
    log = os.open(f'/proc/{daemon.process.pid}/fd/2', os.O_WRONLY | os.O_NONBLOCK)
    for piece in (b'x' * 4096, b'x'):
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(log, piece)
    write('c.yaml', read('c.yaml') + b'store: again\n')  # no configuration: each time a line of the log
    for refused in (1, 2):
        daemon.process.send_signal(signal.SIGHUP)
        wait_for(lambda refused=refused: status()['reloads_refused'] == refused, seen=status)
    with connect('s.sock') as s:
        s.sendall(b''.join(line(n) for n in range(50)))
        wait_for(lambda: committed('s') == 50)
    said = daemon.process.stderr
    while said.read1(1 << 16).endswith(b'x'):
        if not select.select([said], [], [], 0)[0]:
            break
    daemon.process.send_signal(signal.SIGHUP)
    wait_for(lambda: status()['reloads_refused'] == 3)
    os.close(log)
    said = daemon.end()
    assert re.search(r'level=warn msg="[1-9]\d* lines of this log were not written: nobody read it"\n', said), said


def test_two_daemons_of_one_store():
    """The second one says what nobody will see of it; who asks with its configuration is told which streams are not in the answer."""
    configure()
    first = Daemon()
    configure(ONE.replace('  s:', '  t:').replace('s.sock', 't.sock'))
    second = Daemon()
    run = cretula('status', '--config', 'c.yaml', code=0)
    equal([x['name'] for x in status()['streams']], ['s'])
    assert re.search(r'(?m)^t {17}not of the daemon that answers: ', run.text) and 'One daemon of a store answers' in run.text, run.text
    said = cretula('detail', 'raise', '--config', 'c.yaml', '--stream', 't', '--for', '1h', '--reason', 'x', code=78).err
    equal(said, 'cretula detail: the daemon that answers has no stream t\n')
    said = second.end()
    assert 'another daemon of this store answers there, and all streams of a store belong to one' in said, said
    configure()
    assert 'not of the daemon' not in cretula('status', '--config', 'c.yaml', code=0).text
    first.end()
    assert 'not of the daemon' not in cretula('status', '--config', 'c.yaml', code=3).text


def test_a_false_daemon():
    """Who listens beside a store that is another one's is not believed."""
    if os.geteuid() != 0 or not shutil.which('setpriv'):
        raise Skip('only root can become two others')
    configure()
    Daemon().end()
    os.chmod('.', 0o777)
    false = subprocess.Popen(['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', sys.executable, '-c',
                              'import os,socket\ns = socket.socket(socket.AF_UNIX)\ns.bind("store.sock")\n'
                              'os.chmod("store.sock", 0o666)\ns.listen()\nprint(flush=True)\nc, _ = s.accept()\nc.recv(99)\n'
                              'c.sendall(b\'{"running":true,"streams":[]}\')\n'], stdout=subprocess.PIPE)
    false.stdout.readline()
    run = cretula('status', '--store', 'store', code=78)
    assert 'is not the owner of the store' in run.err, run.err
    false.kill()
    false.communicate()


def test_a_stream_in_trouble():
    """One that waits for its disk is told with exit 1, and how often it was opened again."""
    if not is_testing_build():
        raise Skip('not a testing build: no faults')
    configure()
    Daemon().end()
    daemon = Daemon(env=bad_disk(errno.EIO))
    with connect('s.sock') as s:
        equal(stream()['reopened'], 0)
        write('bad', b'')

        def waits():
            s.sendall(line(1))
            run = cretula('status', '--store', 'store', '--json')
            equal(run.code, 1 if run.json['streams'][0]['state'] == 'waiting' else 0, run.text)
            return run.code
        wait_for(waits)
    os.unlink('bad')
    wait_for(lambda: cretula('status', '--store', 'store', '--json').code == 0)
    equal((stream()['state'], stream()['reopened']), ('reading', 1))
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
    assert labels <= {'stream', 'state', 'status', 'class', 'cause', 'reason', 'result', 'version'}, labels
    for word in ('erika', 'mustermann', '203.0.', '198.51.', 'example', 'rubbish', 'shop'):  # a time may be 1795738203.012
        assert word not in text, word
    assert len(text.splitlines()) < 200, text
    if not shutil.which('promtool'):
        raise Skip('no promtool (Debian package prometheus): the format is not checked')
    run = subprocess.run(['promtool', 'check', 'metrics'], input=text.encode(), capture_output=True, check=False)
    equal((run.returncode, run.stdout + run.stderr), (0, b''))
    bad = subprocess.run(['promtool', 'check', 'metrics'], input=b'a_total{b="c} 1\n', capture_output=True, check=False)
    assert bad.returncode != 0, 'it takes everything'


def test_lost():
    """Datagrams that the kernel had no room for are told and sealed, also with none behind them."""
    configure(TWO)
    daemon = Daemon()
    port = int(re.search(rb'127\.0\.0\.1:(\d+)', read('c.yaml'))[1])
    stop(daemon.process.pid)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        for n in range(40000):
            s.sendto(line(n), ('127.0.0.1', port))
    daemon.process.send_signal(signal.SIGCONT)
    wait_for(lambda: stream('udp')['lines'] + stream('udp')['lost'] == 40000, seen=lambda: stream('udp'))
    lost = stream('udp')['lost']
    assert lost > 0
    daemon.end()
    equal(stream('udp', 3)['lost'], lost)
    equal(sum(e['in'].get('lost', 0) for e in segments('store', 'udp')), lost)
    equal(sum(e.get('causes', {}).get('socket', 0) for e in segments('store', 'udp')), lost)


def ask(path, where='metrics.sock'):
    """(status, type, text) of a GET."""
    with connect(where) if isinstance(where, str) else socket.create_connection(where) as s:
        s.sendall(f'GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'.encode())
        got = b''
        while more := s.recv(65536):
            got += more
    head, _, body = got.partition(b'\r\n\r\n')
    return (int(head.split()[1]), re.search(rb'(?i)content-type: ([^\r]*)', head)[1].decode(), body.decode())


def test_http():
    """/metrics as the socket has it, /healthz 200 or 503 with the stream's name, by TCP and a unix socket."""
    port = free_port()
    configure(f'metrics: 127.0.0.1:{port}\n' + ONE)
    daemon = Daemon()
    with connect('s.sock') as s:
        s.sendall(b''.join(line(n) for n in range(10)))
        wait_for(lambda: stream()['lines'] == 10)
    code, kind, text = ask('/metrics', ('127.0.0.1', port))
    equal((code, kind), (200, 'text/plain; version=0.0.4; charset=utf-8'))
    assert 'cretula_lines_total{stream="s"} 10\n' in text, text
    equal(ask('/healthz', ('127.0.0.1', port)), (200, 'text/plain; charset=utf-8', 'ok\n'))
    equal(ask('/store', ('127.0.0.1', port))[0], 404)
    configure('metrics: 127.0.0.1:1\n' + ONE)
    daemon.process.send_signal(signal.SIGHUP)
    wait_for(lambda: status()['reloads'] == 1)
    busy = cretula('run', '--config', write('d.yaml', f'metrics: 127.0.0.1:{port}\nstore: other\nstreams: {{ o: {{ input: '
                   f'{{ unix: {os.getcwd()}/o.sock }} }} }}\n'.encode()), code=75)
    assert 'metrics' in busy.err, busy.err
    assert 'needs a restart' in daemon.end()
    configure(f'metrics: unix:{os.getcwd()}/metrics.sock\n' + ONE)
    Daemon().end()
    assert not os.path.exists('metrics.sock')
    daemon = Daemon(env=bad_disk(errno.EIO))
    equal(stat.S_IMODE(os.stat('metrics.sock').st_mode), 0o660)
    equal(ask('/healthz')[0], 200)
    write('bad', b'')
    with connect('s.sock') as s:
        def waits():
            s.sendall(line(1))
            code, _, text = ask('/healthz')
            assert (code, text) in ((200, 'ok\n'), (503, 'stream s: waiting\n')), (code, text)
            return code == 503 or not is_testing_build()
        wait_for(waits)
    os.unlink('bad')
    daemon.end()
    for bad, want in (('nowhere', 'HOST:PORT'), ('unix:here', 'begins with /'), ('"[::1]:99999"', 'HOST:PORT')):
        run = cretula('check', '--config', write('c.yaml', f'metrics: {bad}\n'.encode()), code=78)
        assert want in run.text + run.err, run.text + run.err


def reports():
    entries = map(json.loads, lines_of('store/streams/s/chain.jsonl'))
    return [(e['kind'], e['result']) for e in entries if e['type'] == 'report']


def test_verifies_itself():
    """The daemon reads its store: all of it, then what is new; the result is told and sealed; a changed byte is found."""
    configure(f'verify_every: 1s\nmetrics: unix:{os.getcwd()}/metrics.sock\n' + ONE)
    daemon = Daemon()
    with connect('s.sock') as s:
        s.sendall(b''.join(line(n) for n in range(50)))
        wait_for(lambda: stream()['lines'] == 50)
        daemon.process.send_signal(signal.SIGUSR1)
        wait_for(lambda: stream()['segments'] == 1)
        wait_for(lambda: len(reports()) >= 2)
        # It is read, perhaps behind the first two reports, and not read again.
        wait_for(lambda: cretula('status', '--store', 'store', '--report', code=0).json['coverage'].get('segments_before') == 1)
        wait_for(lambda: [status()['verified'][name] for name in ('full', 'code', 'segments')] == [False, 0, 0], seen=status)
        equal(set(reports()), {('verify', 0)})
    assert 'verified' in cretula('status', '--store', 'store', code=0).text
    assert 'cretula_verify_exit_code 0\n' in cretula('status', '--store', 'store', '--metrics', code=0).text
    said = daemon.end()
    assert 'verified all of the store: good, 1 segments and 50 records' in said or 'good, 0 segments' in said, said
    cretula('verify', '--store', 'store', '--strict', code=0)
    equal(status(3)['verified']['code'], 0)
    configure(f'verify_every: 3s\nmetrics: unix:{os.getcwd()}/metrics.sock\n' + ONE)
    seen = len(reports())
    daemon = Daemon()
    wait_for(lambda: len(reports()) > seen)
    said = daemon.end()  # it is known over the restart what was read
    assert 'verified what was new: good, 0 segments' in said and 'verified all' not in said, said
    configure('verify_every: 0s\n' + ONE)
    daemon = Daemon()
    with connect('s.sock') as s:
        s.sendall(line(50))
        wait_for(lambda: stream()['lines'] == 1)
    daemon.end()
    configure(f'verify_every: 1s\nmetrics: unix:{os.getcwd()}/metrics.sock\n' + ONE)
    path = 'store/streams/s/seg/00000002.jsonl.zst'
    data = bytearray(read(path))
    data[len(data) // 2] ^= 1
    write(path, bytes(data))
    daemon = Daemon()
    wait_for(lambda: ('verify', 1) in reports())
    wait_for(lambda: cretula('status', '--store', 'store', '--json').code == 1)
    equal(status(1)['verified']['code'], 1)
    equal(ask('/healthz')[::2], (200, 'ok\nthe store does not verify\n'))  # no reason to start us anew
    assert 'DOES NOT VERIFY' in cretula('status', '--store', 'store', code=1).text
    said = daemon.end()
    assert re.search(r'level=error stream=s msg="verify: E_\w+ seg/00000002', said), said
    configure('verify_every: 0s\n' + ONE)
    daemon = Daemon()
    threads = f'/proc/{daemon.process.pid}/task'
    names = set()

    def named():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # one that has ended meanwhile
            names.update(read(f'{threads}/{t}/comm') for t in os.listdir(threads))
        return b'control\n' in names
    wait_for(named)
    assert b'verify\n' not in names, names
    daemon.end()


if __name__ == '__main__':
    main()
