"""serve: visitors who are far behind, slow, many, or rude: what they are answered, and that others are answered meanwhile."""
import contextlib
import json
import re
import select
import signal
import socket
import ssl
import subprocess

import certificates
from lib import CRETULA, Skip, combined, cretula, equal, main, open_lines, read, records, verify_py, wait_for, write
from test_person import VALUE, approve, ask, do, imported, request
from test_serve import Events, Server, is_read, prepare


def lines(first, past):
    return ''.join(combined(n % 86000, client=f'203.0.113.{n % 50}', status=500 if n == 2900 else 200) for n in range(first, past)).encode()


def test_a_tail_that_is_far_behind():
    """Each record once and in order, those of sealed segments and of the open one, however many; with a filter, too."""
    write('log', lines(0, 2000))
    cretula('import', '--store', 'store', '--stream', 'shop', '--format', 'combined', 'log', code=0)
    write('p.yaml', b'store: store\nstreams: { shop: { format: combined, retain: { detail: 36500d } } }\n')
    with subprocess.Popen([CRETULA, 'pipe', '--config', 'p.yaml', 'shop'], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL) as pipe:
        pipe.stdin.write(lines(2000, 4000))
        pipe.stdin.flush()
        wait_for(lambda: open_lines('shop') == 2000, seen=lambda: open_lines('shop'))
        server = Server()
        token = {'Authorization': f'Bearer {server.tokens["dev"]}', 'Last-Event-ID': '99'}
        tail = Events(server, '/api/v1/tail?stream=shop', **token)
        for number in range(100, 4000):
            event = tail.next()
            equal((event['event'], event.get('id')), ('record', str(number)))
        found = Events(server, '/api/v1/tail?stream=shop&where=status+%3d%3d+500', **token)
        equal(int(found.next()['id']), 2900)
        pipe.stdin.write(lines(4000, 4001))
        pipe.stdin.flush()
        equal([int(tail.next()['id'])], [4000])
        server.daemon.end()
        pipe.stdin.close()
        equal(pipe.wait(120), 0)
    ends = [r['extra']['rows'] for r in records('store', 'cretula.access') if 'rows' in r['extra']]
    equal(sorted(ends), [1, 3901])


def test_a_filter_by_a_token():
    """Who looks for one client by its token has it in his access record, and the store verifies as before."""
    prepare(10)
    server = Server()
    client = records('store', 'shop')[0]['client']
    status, _, body = server.ask(f'/api/v1/records?stream=shop&where=client+%3d%3d+{client}')
    equal((status, len(json.loads(body)['records'])), (200, 1))
    for sealed in False, True:
        if sealed:
            server.daemon.end()
        said = cretula('verify', '--store', 'store').text
        assert f': good: {11 if sealed else 10} records' in said, said
        said = verify_py('store')
        equal(said.returncode, 0, said.stdout)
    equal(records('store', 'cretula.access')[0]['extra']['where'], f'client == {client}')


def test_what_is_restricted_is_not_there_and_said():
    """Who has no keys is told how many are left out, on each page those of it; as many erased ones are told once over all pages."""
    imported('s')
    request('restrict', file='r1')
    approve('a', 'b', file='r1')
    do('restrict', file='r1')
    server = Server('streams: { s: { format: combined } }\n')
    status, _, body = server.ask('/api/v1/records?stream=s')
    got = json.loads(body)
    equal((status, got['records'], got['restricted']), (200, [], 3000))
    server.daemon.end()


def test_erased_ones_are_told_once():
    """Over all pages, whichever their size, as many as were erased."""
    imported('s')
    count = ask('find', '--json').json['records']
    ask('erase')
    server = Server()
    theirs = [i for i, line in enumerate(read('log').splitlines()) if line.startswith(VALUE.encode() + b' ')]
    for limit in (theirs[-1] - len(theirs) + 1, 97):  # a page that ends in front of one of them
        erased, shown, cursor = 0, 0, ''
        while cursor is not None:
            _, _, body = server.ask(f'/api/v1/records?stream=s&limit={limit}{cursor}')
            page = json.loads(body)
            erased, shown = erased + page['erased'], shown + len(page['records'])
            cursor = f'&cursor={page["next"]}' if 'next' in page else None
        equal((erased, shown), (count, 3000 - count), limit)
    server.daemon.end()


PLACES = 128  # of serve


def test_who_holds_connections_makes_room():
    """Without a token nobody keeps others out: by heads, bodies and answers that take long, by idling, by wrong tokens."""
    prepare(10)
    server = Server()
    host = f'Host: 127.0.0.1:{server.port}\r\n'
    for claim, text in (('half a head', 'GET / HTTP/1.1\r\nHo'), ('idle', f'GET /favicon.svg HTTP/1.1\r\n{host}\r\n'),
                        ('half a body', f'POST /api/v1/session HTTP/1.1\r\n{host}Content-Length: 1000\r\n\r\n'),
                        ('an answer that is not read', f'GET /vendor/uplot.js HTTP/1.1\r\n{host}\r\n' * 60)):
        with contextlib.ExitStack() as many:
            for _ in range(PLACES):
                s = many.enter_context(server.connect())
                with contextlib.suppress(ConnectionError):  # who was made to go already
                    s.sendall(text.encode())
                wait_for(lambda s=s: is_read(server.port, s.getsockname()[1]) or not text.endswith('\r\n'))
            equal(server.ask('/api/v1/session')[0], 200, claim)

    def last_before_first():
        """Only so many answers are held: the last of many wrong tokens is told before the first of those that are."""
        with contextlib.ExitStack() as many:
            all_ = [many.enter_context(server.connect()) for _ in range(PLACES)]
            for s in all_:
                s.sendall(f'GET /api/v1/session HTTP/1.1\r\n{host}Authorization: Bearer x\r\n\r\n'.encode())
            try:
                all_[-1].recv(1000)
                answered = server.ask('/api/v1/session')[0] == 200
            except ConnectionError:  # those of the time before are held, too
                return False
            return answered and any(not select.select([s], [], [], 0)[0] for s in all_)
    wait_for(last_before_first)
    server.daemon.end()


def test_a_new_certificate():
    """At SIGHUP who comes is shown it; one that cannot be used changes nothing, and is told of."""
    prepare(10)
    certificates.authority('ca')
    certificates.issue('server', 'ca')
    server = Server(serve=', certificate: server.pem, key: server.key, hosts: ["localhost:%d"]')
    context = ssl.create_default_context(cafile='ca.pem')

    def shown():
        with socket.create_connection(('127.0.0.1', server.port), timeout=120) as s:
            with context.wrap_socket(s, server_hostname='localhost') as tls:
                return tls.getpeercert()['serialNumber']

    first = shown()
    certificates.issue('server', 'ca')
    server.daemon.process.send_signal(signal.SIGHUP)
    wait_for(lambda: shown() != first)
    second = shown()
    write('server.key', b'no key')
    server.daemon.process.send_signal(signal.SIGHUP)
    line = ''
    while 'the certificate stays as it was: ' not in line:
        line = server.daemon.process.stderr.readline().decode()
    equal(shown(), second)
    server.daemon.end()


def test_the_port_that_nobody_says():
    """At port 80, or 443 with TLS, a browser says the name only."""
    prepare(10)
    try:
        server = Server(listen='127.0.0.1:80')
    except AssertionError as e:  # of another one, as of this test for another build, or of root
        if not re.search('in use|denied', str(e)):
            raise
        raise Skip('port 80 is not for us') from e
    server.port = 80
    for host, status in (('127.0.0.1', 200), ('localhost', 200), ('127.0.0.1:80', 200), ('127.0.0.1:8080', 421), ('evil.example', 421)):
        equal(server.ask('/api/v1/session', Host=host)[0], status, host)
    server.daemon.end()


def test_idle_clients_of_tls_make_room():
    """More than there is room for, who shook hands and say nothing: the next one is answered."""
    prepare(10)
    certificates.authority('ca')
    certificates.issue('server', 'ca')
    server = Server(serve=', certificate: server.pem, key: server.key, hosts: ["localhost:%d"]')
    context = ssl.create_default_context(cafile='ca.pem')
    with contextlib.ExitStack() as many:
        for _ in range(PLACES + 2):
            s = many.enter_context(socket.create_connection(('127.0.0.1', server.port), timeout=120))
            s = many.enter_context(context.wrap_socket(s, server_hostname='localhost'))
            s.sendall(f'GET /favicon.svg HTTP/1.1\r\nHost: localhost:{server.port}\r\n\r\n'.encode())
            assert s.recv(100).startswith(b'HTTP/1.1 200 ')
    server.daemon.end()


if __name__ == '__main__':
    main()
