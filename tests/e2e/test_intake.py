"""run, by HTTP: what is taken and answered, what is refused, and what a death between leaves."""
import errno
import fcntl
import gzip
import http.client
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import threading
import time

from certificates import authority, client, issue
from lib import CRETULA, Skip, bare, cretula, equal, is_testing_build, main, read, records, write
from test_run import Daemon, bad_disk, busy_s, committed, free_port, line, wait_for

CONFIG = 'store: store\nstreams:\n  s: { input: { http: "%s"%s }, format: %s }\n'
CANARY = 'canary-4711@example.org'


def configure(fmt='combined', more='', place=None):
    port = free_port()
    write('c.yaml', (CONFIG % (place or f'127.0.0.1:{port}', more, fmt)).encode())
    return port


class Peer:
    """A connection that stays."""

    def __init__(self, port=None, path=None, context=None):
        self.http = http.client.HTTPConnection('localhost', port, timeout=120) if port else \
            http.client.HTTPConnection('localhost', timeout=120)
        if path:
            self.http.sock = socket.socket(socket.AF_UNIX)
            self.http.sock.connect(path)
        elif context:
            raw = socket.create_connection(('127.0.0.1', port), timeout=120)
            self.http.sock = context.wrap_socket(raw, server_hostname='localhost')

    def post(self, path, body, **headers):
        self.http.request('POST', path, body, {k.replace('_', '-'): v for k, v in headers.items()})
        answer = self.http.getresponse()
        return answer.status, answer.read().decode()


def post(port, path, body, **headers):
    peer = Peer(port)
    try:
        return peer.post(path, body, **headers)
    finally:
        peer.http.close()


def audit(n, stage='ResponseComplete', **more):
    return {'kind': 'Event', 'apiVersion': 'audit.k8s.io/v1', 'level': 'Metadata', 'auditID': f'id-{n}', 'stage': stage,
            'requestURI': f'/api/v1/namespaces/default/pods?limit={n}', 'verb': 'list',
            'user': {'username': 'erika@example.org'}, 'sourceIPs': ['203.0.113.7'],
            'objectRef': {'resource': 'pods', 'namespace': 'default', 'apiVersion': 'v1'},
            'responseStatus': {'code': 200}, 'requestReceivedTimestamp': '2026-11-24T10:00:00.000000Z',
            'stageTimestamp': '2026-11-24T10:00:00.010000Z', **more}


def event_list(*events):
    return json.dumps({'kind': 'EventList', 'apiVersion': 'audit.k8s.io/v1', 'metadata': {}, 'items': events}).encode()


def otlp(*sizes):
    def pair(key, **value):
        return {'key': key, 'value': value}
    return json.dumps({'resourceLogs': [{
        'resource': {'attributes': [pair('host.name', stringValue='web1')]},
        'scopeLogs': [{'scope': {'name': 'nginx'}, 'logRecords': [{
            'timeUnixNano': '1795428000000000000', 'severityText': 'INFO', 'attributes': [
                pair('http.request.method', stringValue='GET'), pair('url.path', stringValue='/index.html'),
                pair('http.response.status_code', intValue='200'), pair('client.address', stringValue='203.0.113.7'),
                pair('http.response.body.size', intValue=str(size))]} for size in sizes]}]}]}).encode()


def zstd(data):
    if shutil.which('zstd') is None:
        raise Skip('no zstd(1)')
    return subprocess.run(['zstd', '-q', '-c'], input=data, capture_output=True, check=True).stdout


def test_bodies():
    """Lines as they are, in chunks, in gzip and zstd; 200 means committed; a retry is flagged."""
    port = configure()
    daemon = Daemon()
    peer = Peer(port)
    lines = [b''.join(line(n) for n in range(first, first + 100)) for first in range(0, 500, 100)]
    equal(peer.post('/ndjson', lines[0]), (200, ''))
    equal(committed('s'), 100)
    equal(peer.post('/ndjson', gzip.compress(lines[1]), Content_Encoding='gzip'), (200, ''))
    equal(committed('s'), 200)
    equal(peer.post('/ndjson', zstd(lines[2]), Content_Encoding='zstd'), (200, ''))
    equal(peer.post('/ndjson', iter([lines[3][:77], lines[3][77:]])), (200, ''))
    parts = gzip.compress(lines[4][:400]) + gzip.compress(lines[4][400:].rstrip(b'\n'))
    equal(peer.post('/ndjson', parts, Content_Encoding='gzip'), (200, ''))
    equal(peer.post('/ndjson', b''), (200, ''))
    equal(peer.post('/ndjson', lines[0]), (200, ''))
    equal(committed('s'), 600)
    daemon.end()
    kept = records('store', 's')
    equal([r['bytes'] - 1000 for r in kept], [*range(500), *range(100)])
    equal([n for n, r in enumerate(kept) if 'sent_again' in r.get('flags', ())], list(range(500, 600)))
    cretula('verify', '--store', 'store', '--strict', code=0)


def test_idle():
    """Nobody sends: the room for bodies takes no memory."""
    if b'__asan_init' in read(CRETULA) or b'__tsan_init' in read(CRETULA):
        raise Skip('a sanitizer takes memory of its own')
    configure()
    daemon = Daemon()
    resident = int(re.search(r'VmRSS:\s+(\d+) kB', read(f'/proc/{daemon.process.pid}/status').decode())[1])
    daemon.end()
    assert resident < 40 << 10, f'{resident} KiB'


def test_unix_socket_and_curl():
    """A socket of the file system, by curl; it is gone behind us."""
    configure(place=os.getcwd() + '/http.sock')
    if shutil.which('curl') is None:
        raise Skip('no curl')
    daemon = Daemon()
    write('body', b''.join(map(line, range(20000))))
    done = subprocess.run(['curl', '-sS', '--unix-socket', 'http.sock', '--data-binary', '@body', '-w', '%{http_code}',
                           'http://localhost/ndjson'], capture_output=True, check=True)
    equal(done.stdout, b'200')
    daemon.end()
    equal([r['bytes'] - 1000 for r in records('store', 's')], list(range(20000)))
    assert not os.path.exists('http.sock')


def test_kubernetes():
    """An EventList: each event a record, stages apart, retries flagged one by one; a client may choose the auditID."""
    port = configure('k8s-audit')
    daemon = Daemon()
    peer = Peer(port)
    equal(peer.post('/k8s/audit', event_list(*(audit(n) for n in range(50)))), (200, ''))
    equal(peer.post('/k8s/audit', event_list(audit(1), audit(50), audit(2), audit(1, 'ResponseStarted'),
                                                audit(1, verb='delete'))), (200, ''))
    equal(peer.post('/k8s/audit', event_list()), (200, ''))
    status, text = peer.post('/v1/logs', otlp(1))
    equal((status, text), (404, '404: no such path\n'))
    daemon.end()
    kept = records('store', 's')
    equal({r['event'] for r in kept}, {'k8s.audit'})
    equal([n for n, r in enumerate(kept) if 'sent_again' in r.get('flags', ())], [50, 52])
    equal(len(kept), 55)
    written = bare(cretula('view', '--store', 'store', '--stream', 's').out)
    assert b'erika' not in written and b'203.0.113.7' not in written


def test_otlp():
    """ExportLogsServiceRequest: attributes are fields, the answer is its response."""
    port = configure('json-lines')
    daemon = Daemon()
    equal(post(port, '/v1/logs', otlp(1001, 1002), Content_Type='application/json'), (200, '{}'))
    equal(post(port, '/v1/logs', otlp(1003), Idempotency_Key='batch-7'), (200, '{}'))
    equal(post(port, '/v1/logs', otlp(1004), Idempotency_Key='batch-7'), (200, '{}'))
    daemon.end()
    kept = records('store', 's')
    equal([(r['method'], r['path'], r['status'], r['bytes'], r['level']) for r in kept],
          [('GET', '/index.html', 200, n, 'INFO') for n in range(1001, 1005)])
    assert all(r['client'].startswith('ip.') and r['time'] == '2026-11-23T10:00:00.000Z' for r in kept), kept[0]
    equal(['sent_again' in r.get('flags', ()) for r in kept], [False, False, False, True])


def test_auto():
    """A stream of any format: the first body decides."""
    port = configure('auto')
    daemon = Daemon()
    equal(post(port, '/ndjson', b''), (200, ''))
    equal(post(port, '/ndjson', b'no log\n' * 300), (200, ''))  # decides nothing
    equal(post(port, '/k8s/audit', event_list(*map(audit, range(30)))), (200, ''))
    daemon.end()
    equal([r.get('state') or r['event'] for r in records('store', 's')], ['unparsed'] * 300 + ['k8s.audit'] * 30)


def test_refused():
    """What is not taken says why, without a byte of it; nothing of it is kept."""
    port = configure('auto')
    daemon = Daemon()
    bomb = gzip.compress(b'\n' * (17 << 20))
    zbomb = zstd(b'\n' * (17 << 20))
    rows = (
        ('/k8s/audit', CANARY.encode(), {}, 400), ('/k8s/audit', event_list(audit(1, x=CANARY))[:-1], {}, 400),
        ('/v1/logs', b'{"' + CANARY.encode() + b'":[]}', {}, 400), ('/v1/logs', b'', {}, 400),
        ('/v1/logs', b'[' * 5000, {}, 400), ('/ndjson', CANARY.encode(), {'Content_Encoding': 'gzip'}, 400),
        ('/ndjson', gzip.compress(line(1))[:-9], {'Content_Encoding': 'gzip'}, 400),
        ('/ndjson', gzip.compress(line(1)) + CANARY.encode(), {'Content_Encoding': 'gzip'}, 400),
        ('/ndjson', zstd(line(1))[:-3], {'Content_Encoding': 'zstd'}, 400),
        ('/ndjson', line(1), {'Content_Encoding': 'br'}, 415), ('/ndjson', bomb, {'Content_Encoding': 'gzip'}, 413),
        ('/ndjson', zbomb, {'Content_Encoding': 'zstd'}, 413), ('/' + CANARY, b'', {}, 404),
    )
    for path, body, headers, status in rows:
        got, text = post(port, path, body, **headers)
        equal(got, status, (path, body[:40], text))
        assert 'canary' not in text, text
    with socket.create_connection(('127.0.0.1', port)) as s:  # said to be too large, and not read
        s.sendall(b'POST /ndjson HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999\r\n\r\n')
        assert b' 413 ' in s.recv(4096).split(b'\r\n')[0]
    for method, path in (('GET', '/ndjson'), ('PUT', '/ndjson'), ('DELETE', '/v1/logs')):
        peer = Peer(port)
        peer.http.request(method, path)
        answer = peer.http.getresponse()
        equal((answer.status, answer.getheader('Allow')), (405, 'POST'))
        peer.http.close()
    equal(post(port, '/ndjson', line(7)), (200, ''))
    told = cretula('status', '--store', 'store', '--json', code=0).json['streams'][0]['http']
    equal(told, {'bodies': 12, 'bad': 10, 'too_large': 3, 'denied': 0, 'busy': 0, 'sent_again': 0})
    text = cretula('status', '--store', 'store', code=0).text
    assert 'http: 12 bodies, 10 bad, 3 too large, 0 denied, 0 busy, 0 again\n' in text, text
    metrics = cretula('status', '--store', 'store', '--metrics', code=0).text
    assert 'cretula_http_refused_total{stream="s",result="too_large"} 3\n' in metrics, metrics
    said = daemon.end()
    equal([r['bytes'] for r in records('store', 's')], [1007])
    assert 'canary' not in said and 'bodies were refused: 10 malformed, 3 too large, 0 without the token, 0 for lack of time or room' in said, said
    for root in ('store', 'store.keys'):
        for folder, _, names in os.walk(root):
            for name in names:
                assert b'canary' not in read(os.path.join(folder, name)), name


def test_token():
    """Only who shows the token of the file may send; a new one counts from SIGHUP on."""
    write('token', b'0123456789abcdef0123\n')
    port = configure(more=', token: token')
    run = cretula('run', '--config', 'c.yaml', code=78)
    assert 'token: others may read it: chmod 600' in run.err, run.err
    os.chmod('token', 0o600)
    daemon = Daemon()
    for authorization in (None, 'Bearer', 'Bearer 0123456789abcdef012', 'Bearer 0123456789abcdef01234',
                          'Basic 0123456789abcdef0123', 'Bearer 1123456789abcdef0123'):
        got = post(port, '/ndjson', line(1), **({'Authorization': authorization} if authorization else {}))
        equal(got, (401, '401: a bearer token is wanted\n'), authorization)
    equal(post(port, '/ndjson', line(2), Authorization='Bearer 0123456789abcdef0123'), (200, ''))
    write('token', b'another-token-of-ours')
    daemon.process.send_signal(signal.SIGHUP)
    wait_for(lambda: post(port, '/ndjson', line(3), Authorization='Bearer another-token-of-ours')[0] == 200)
    equal(post(port, '/ndjson', line(4), Authorization='Bearer 0123456789abcdef0123')[0], 401)
    write('token', b'the-third-token-of-ours')  # and something else that is new
    write('c.yaml', read('c.yaml').replace(b'format: combined', b'format: combined, seal_every: 10m'))
    daemon.process.send_signal(signal.SIGHUP)
    wait_for(lambda: post(port, '/ndjson', line(5), Authorization='Bearer the-third-token-of-ours')[0] == 200)
    daemon.end()
    equal([r['bytes'] for r in records('store', 's')], [1002, 1003, 1005])


def test_https():
    """With a certificate it is HTTPS; with client_ca only for those who have one."""
    authority('ca')
    issue('server', 'ca')
    issue('friend', 'ca', 'client')
    port = configure(more=', certificate: server.pem, key: server.key, client_ca: ca.pem')
    daemon = Daemon()
    body = b''.join(map(line, range(30000)))
    peer = Peer(port, context=client(certificate='friend'))
    equal(peer.post('/ndjson', body), (200, ''))
    equal(peer.post('/ndjson', line(30000)), (200, ''))
    try:
        equal(Peer(port, context=client()).post('/ndjson', line(1))[0], 0)
    except (ssl.SSLError, ConnectionError, http.client.HTTPException):
        pass
    try:
        equal(post(port, '/ndjson', line(1))[0], 0)
    except (ConnectionError, http.client.HTTPException):
        pass
    if shutil.which('curl'):
        write('body', line(30001))
        done = subprocess.run(['curl', '-sS', '--cacert', 'ca.pem', '--cert', 'friend.pem', '--key', 'friend.key', '-w',
                               '%{http_code}', '--data-binary', '@body', f'https://localhost:{port}/ndjson'],
                              capture_output=True, check=False)
        equal(done.stdout, b'200', done.stderr)
    daemon.end()
    equal(len(records('store', 's')), 30002 if shutil.which('curl') else 30001)


def test_descriptors_run_out():
    """Who finds no descriptor left waits, at no cost, and is answered later."""
    authority('ca')
    issue('server', 'ca')
    for more in ('', ', certificate: server.pem, key: server.key'):
        port = configure(more=more)
        daemon = Daemon(command=['prlimit', '--nofile=96:96', CRETULA, 'run', '--config', 'c.yaml'])
        many = [socket.create_connection(('127.0.0.1', port)) for _ in range(120)]

        def seen():
            return cretula('status', '--store', 'store', '--json', code=0).json['streams'][0]['descriptors_short']
        wait_for(lambda: seen() > 0)
        start, since = busy_s(daemon.process.pid), time.monotonic()
        time.sleep(0.5)
        used = busy_s(daemon.process.pid) - start
        assert used < 0.4 * (time.monotonic() - since), f'{used} s of half a second, or of a little more'
        for s in many:
            s.close()
        equal(Peer(port, context=client() if more else None).post('/ndjson', line(1)), (200, ''))
        assert 'trying again' not in daemon.end()


def shake_half(port, context):
    """All of a handshake but its last flight, which is returned."""
    raw = socket.create_connection(('127.0.0.1', port), timeout=120)
    came, goes = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(came, goes, server_hostname='localhost')
    while True:
        try:
            tls.do_handshake()
            return raw, goes.read()
        except ssl.SSLWantReadError:
            if goes.pending:
                raw.sendall(goes.read())
            came.write(raw.recv(65536))


def test_https_shaken_at_the_end():
    """Who gets through the handshake while the daemon ends finds nobody, and harms nobody."""
    authority('ca')
    issue('server', 'ca')
    port = configure(more=', certificate: server.pem, key: server.key')
    daemon = Daemon()
    halves = [shake_half(port, client()) for _ in range(40)]
    daemon.process.send_signal(signal.SIGTERM)
    for raw, last in halves:
        try:
            raw.sendall(last)
        except OSError:
            break  # it has closed
        time.sleep(0.03)
    said = daemon.process.communicate(timeout=120)[1].decode()
    equal((daemon.process.returncode, 'Sanitizer' in said), (0, False), said)
    for raw, _ in halves:
        raw.close()


def test_closed_while_it_unpacks():
    """A reload that cannot open the stream again closes its input: bodies that are being unpacked are answered."""
    port = configure('k8s-audit')
    daemon = Daemon()
    body = json.dumps({'kind': 'EventList', 'x': ['y' * 99] * 100000, 'items': []}).encode()
    answers = []

    def send():
        try:
            while True:
                answers.append(post(port, '/k8s/audit', body)[0])
        except (OSError, http.client.HTTPException):
            pass  # it was closed

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    wait_for(lambda: len(answers) > 4)
    os.rename('store.keys/keyring', 'store.keys/gone')
    write('c.yaml', read('c.yaml').replace(b'format: k8s-audit', b'format: k8s-audit, seal_every: 10m'))
    daemon.process.send_signal(signal.SIGHUP)
    for thread in threads:
        thread.join()
    said = daemon.process.communicate(timeout=120)[1].decode()
    assert daemon.process.returncode > 0, (daemon.process.returncode, said)


def test_a_stream_that_fails():
    """Bodies that it lost are answered 503, and are no retries when they come again; what was committed before stays one."""
    if not is_testing_build():
        raise Skip('not a testing build: no faults')
    port = configure()
    write('c.yaml', read('c.yaml') + f'  other: {{ input: {{ unix: {os.getcwd()}/o.sock }}, format: combined }}\n'.encode())
    Daemon().end()
    daemon, lost = Daemon(env=bad_disk(errno.EIO)), 20
    for n in range(lost):
        if n == lost // 2:
            daemon.process.send_signal(signal.SIGUSR1)
        equal(post(port, '/ndjson', line(n), Idempotency_Key=f'key-{n}'), (200, ''))
    write('bad', b'')
    equal(post(port, '/ndjson', line(lost), Idempotency_Key=f'key-{lost}')[0], 503)
    os.unlink('bad')
    equal(post(port, '/ndjson', line(lost), Idempotency_Key=f'key-{lost}'), (200, ''))
    equal(post(port, '/ndjson', line(0), Idempotency_Key='key-0'), (200, ''))
    os.rename('store.keys/keyring', 'gone')
    os.rename('store/streams/s/seg', 'seg')  # nobody can commit, nor open it again
    daemon.process.send_signal(signal.SIGUSR1)
    wait_for(lambda: cretula('status', '--store', 'store', '--json').json['streams'][0]['state'] == 'failed')
    start = time.monotonic()
    for _ in range(3):
        equal(post(port, '/ndjson', line(1))[0], 503)
    assert time.monotonic() - start < 10
    os.rename('seg', 'store/streams/s/seg')
    os.rename('gone', 'store.keys/keyring')
    daemon.process.send_signal(signal.SIGHUP)
    wait_for(lambda: cretula('status', '--store', 'store', '--json').json['streams'][0]['state'] == 'reading')
    equal(post(port, '/ndjson', line(1000)), (200, ''))
    said = daemon.end()
    kept = [(r['bytes'] - 1000, 'sent_again' in r.get('flags', ())) for r in records('store', 's')]
    equal(kept, [(n, False) for n in range(lost + 1)] + [(0, True), (1000, False)], said)


def flags():
    return [(r['bytes'] - 1000, 'sent_again' in r.get('flags', ())) for r in records('store', 's')]


def test_retries_that_are_lost():
    """A retry that was lost leaves its first one known: the next retry is flagged."""
    if not is_testing_build():
        raise Skip('not a testing build: no faults')
    port = configure()
    daemon = Daemon(env={'CRETULA_FAULT': '1:5:1000000', 'CRETULA_FAULT_WHILE': os.path.abspath('bad')})
    equal(post(port, '/ndjson', line(0)), (200, ''))
    write('bad', b'')
    equal(post(port, '/ndjson', line(0))[0], 503)
    os.unlink('bad')
    wait_for(lambda: cretula('status', '--store', 'store', '--json').json['streams'][0]['state'] == 'reading')
    equal(post(port, '/ndjson', line(0)), (200, ''))
    said = daemon.end()
    equal(flags(), [(0, False), (0, True)], said)


def test_a_retry_of_what_is_lost_meanwhile():
    """A retry that waits for a full disk while what it repeats is lost is the only one then, and no retry."""
    if not is_testing_build():
        raise Skip('not a testing build: no faults')
    port = configure()
    daemon = Daemon(env={'CRETULA_FAULT': '1:28:1000000', 'CRETULA_FAULT_WHILE': os.path.abspath('full')})
    equal(post(port, '/ndjson', line(0)), (200, ''))
    answers = {}

    def send(n):
        answers[n] = post(port, '/ndjson', line(1 if n == 2 else n))[0]

    def seen():
        return cretula('status', '--store', 'store', '--json').json['streams'][0]

    write('full', b'')
    # One waits to be written, one to be handed over, one to be read.
    threads = [threading.Thread(target=send, args=(n,)) for n in (1, 5, 2)]
    for n, thread in enumerate(threads):
        thread.start()
        wait_for(lambda n=n: seen()['state'] == 'full' and seen()['http']['bodies'] == n + 2, seen=seen)
    time.sleep(0.5)  # until it is unpacked: or else it is found to be no retry later
    stream = os.open('store/streams/s', os.O_RDONLY)
    fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.unlink('full')  # but somebody else has the stream now
    wait_for(lambda: seen()['state'] == 'waiting', seen=seen)
    os.close(stream)
    for thread in threads:
        thread.join()
    said = daemon.end()
    equal((answers[1], answers[2], [f for f in flags() if f[0] != 5]), (503, 200, [(0, False), (1, False)]), said)


def test_broken_off():
    """Who leaves in the middle of a body leaves nothing; those beside him are served."""
    port = configure()
    daemon = Daemon()
    for n in range(20):
        s = socket.create_connection(('127.0.0.1', port))
        s.sendall(b'POST /ndjson HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n' + line(1) * n)
        if n % 2:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b'\1\0\0\0\0\0\0\0')
        s.close()
        equal(post(port, '/ndjson', line(n)), (200, ''))
    slow = [socket.create_connection(('127.0.0.1', port)) for _ in range(50)]
    for s in slow:
        s.sendall(b'POST /ndjson HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\nhalf')
    equal(post(port, '/ndjson', line(20)), (200, ''))
    daemon.end()
    equal([r['bytes'] - 1000 for r in records('store', 's')], list(range(21)))


def test_killed():
    """kill -9 under load: what was answered 200 is there, what was not came again or not at all."""
    port = configure()
    answered = []

    def send(first):
        for n in range(first, first + 1000):
            try:
                if post(port, '/ndjson', line(n), Idempotency_Key=str(n))[0] == 200:
                    answered.append(n)
            except (OSError, http.client.HTTPException):
                return

    for life in range(3):
        daemon = Daemon()
        threads = [threading.Thread(target=send, args=(life * 10000 + 1000 * i,)) for i in range(4)]
        for thread in threads:
            thread.start()
        before = len(answered)
        wait_for(lambda seen=before: len(answered) > seen + 20)
        daemon.end(number=signal.SIGKILL)
        for thread in threads:
            thread.join()
    Daemon().end()
    kept = [r['bytes'] - 1000 for r in records('store', 's')]
    equal(len(set(kept)), len(kept), 'a line came twice')
    equal(set(answered) - set(kept), set(), 'answered and not there')
    cretula('verify', '--store', 'store', '--strict', code=0)


def test_stopped_with_bodies_waiting():
    """SIGTERM: what is whole is committed and answered."""
    port = configure()
    daemon = Daemon()
    answers = []

    def send(n):
        try:
            answers.append(post(port, '/ndjson', b''.join(line(i) for i in range(n * 5000, n * 5000 + 5000)))[0])
        except (OSError, http.client.HTTPException):
            pass  # it was not whole

    threads = [threading.Thread(target=send, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    wait_for(lambda: answers)
    daemon.end()
    for thread in threads:
        thread.join()
    equal(len(records('store', 's')), 5000 * answers.count(200), answers)


def test_another_configuration():
    """A reload that keeps the input loses no body and no connection."""
    port = configure()
    daemon = Daemon()
    peer = Peer(port)
    equal(peer.post('/ndjson', line(0)), (200, ''))
    write('c.yaml', read('c.yaml').replace(b'format: combined', b'format: combined, seal_every: 10m'))
    daemon.process.send_signal(signal.SIGHUP)
    for n in range(1, 20):
        equal(peer.post('/ndjson', line(n)), (200, ''))
    said = daemon.end()
    assert 'read again' in said, said
    equal([r['bytes'] - 1000 for r in records('store', 's')], list(range(20)))


def test_the_reader_calls_no_allocator():
    """While bodies come, in gzip and not, and are answered."""
    if b'__asan_init' in read(CRETULA) or b'__tsan_init' in read(CRETULA):
        raise Skip('a sanitizer replaces the allocator in this build')
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'no_malloc.c')
    subprocess.run(['gcc', '-shared', '-fPIC', '-O2', '-DHOT="cr-read"', '-o', 'no_malloc.so', source], check=True)
    port = configure()
    daemon = Daemon(env={'LD_PRELOAD': os.path.abspath('no_malloc.so')})
    peer = Peer(port)
    for n in range(4):
        body = b''.join(map(line, range(n * 1000, n * 1000 + 1000)))
        equal(peer.post('/ndjson', gzip.compress(body), Content_Encoding='gzip'), (200, ''))
    equal(peer.post('/ndjson', line(4000)), (200, ''))
    daemon.end()
    equal(len(records('store', 's')), 4001)


def test_a_burst_is_given_back():
    """Memory that bodies have filled does not stay with the daemon; the token outlives it, and the next body is read."""
    if any(name in read(CRETULA) for name in (b'__asan_init', b'__tsan_init')):
        raise Skip('a sanitizer lets nothing unlock')
    write('token', b'0123456789abcdef0123\n')
    os.chmod('token', 0o600)
    port = configure('combined', more=', token: token')
    daemon = Daemon()

    def resident(which='VmRSS'):
        return int(re.search(which + r':\s+(\d+)', read(f'/proc/{daemon.process.pid}/status').decode())[1]) >> 10

    headers = {'Authorization': 'Bearer 0123456789abcdef0123'}
    equal(post(port, '/ndjson', b'\n', **headers)[0], 200)
    before, most = resident(), resident('VmHWM')
    equal(post(port, '/ndjson', (b'#' * 1023 + b'\n') * (15 << 10), **headers)[0], 200)
    assert most < before + 15 and resident('VmHWM') > before + 20, (before, most, resident('VmHWM'))  # it may have been given back by now
    wait_for(lambda: resident() < before + 8, seen=lambda: (before, resident()))
    equal(post(port, '/ndjson', line(1), **headers)[0], 200)
    daemon.end()
    equal(records('store', 's')[-1]['bytes'], 1001)


def test_large_bodies():
    """Events and lines over every limit: unparsed, none lost, and the next one is read."""
    port = configure('k8s-audit')
    daemon = Daemon()
    big = audit(1, x='y' * 100000)
    equal(post(port, '/k8s/audit', event_list(audit(0), big, audit(2))), (200, ''))
    equal(post(port, '/k8s/audit', event_list(*(audit(n, x='z' * 1000) for n in range(10, 9010)))), (200, ''))
    daemon.end()
    kept = records('store', 's')
    equal(len(kept), 9003)
    equal([r.get('reason') for r in kept[:3]], [None, 'too_long', None])
    equal([r.get('state') for r in kept].count('unparsed'), 1)


if __name__ == '__main__':
    main()
