"""run and serve between strangers: bytes of every kind, heads of one byte at a time, clients that read nothing."""
import random
import re
import socket

from lib import combined, cretula, equal, free_port, main, open_data, read, records, wait_for, write
from test_run import CONFIG, Daemon, configure, connect, line, sizes
from test_serve import Server, prepare

HTTP = 'store: store\nstreams:\n  s: { input: { http: "127.0.0.1:%d" }, format: combined }\n'
ROUNDS, GOOD = 12, 10


def pieces(rng):
    """What no server sends: parts of frames, of TLS, of HTTP, of compressed data, ends of lines, and chance."""
    yield from (b'99999 <1>half', b'0 <1>x', b'123456789012 <', b'7 7 7 7 7', b'<' * 3000, b'\0' * 500, b'\r\r\r\n\n', b'\xff\xfe' * 400,
                b'5 <1>ab12 <', b'\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', b'\x1f\x8b\x08\0\0\0\0\0', b'\x28\xb5\x2f\xfd\x24',
                b'GET / HTTP/1.1\r\nHost: x\r\n\r\n', b'{"a":' * 300, b'"' * 999, b'[' * 999, b'x' * 9000, b'\xed\xa0\x80\xc0\xaf', b'\x1b[2J\x07')
    while True:
        yield rng.randbytes(rng.randrange(1, 3000))


def is_kept(stream, n):
    """Whether line n is in the open segment, or sealed, if the day ended meanwhile."""
    return b'"bytes":%d,' % (1000 + n) in open_data(stream) or \
        b'"segment"' in read(f'store/streams/{stream}/chain.jsonl') and n in sizes(stream)


def test_rubbish_at_every_input():
    """Between a server's lines, at each kind of input: the lines are there, each once, in order, and the counts are whole."""
    configure(CONFIG)
    tcp, udp = (('127.0.0.1', int(p)) for p in re.findall(r'127\.0\.0\.1:(\d+)', read('c.yaml').decode()))
    daemon = Daemon()
    ends = {'tcp': socket.create_connection(tcp), 'conn': connect('conn.sock'), 'local': connect('local.sock', socket.SOCK_DGRAM),
            'udp': socket.socket(socket.AF_INET, socket.SOCK_DGRAM), 'fifo': open('fifo', 'wb', buffering=0)}
    ends['udp'].connect(udp)
    for stream, end in ends.items():
        strange, n = pieces(random.Random(stream)), 0
        is_message = stream in ('udp', 'local')
        for _ in range(ROUNDS):
            batch = [next(strange) for _ in range(5)]
            if stream in ('tcp', 'conn'):  # what is no frame and no line may well take along what follows on its connection
                with socket.create_connection(tcp) if stream == 'tcp' else connect('conn.sock') as stranger:
                    stranger.sendall(b''.join(batch))
                batch = []
            for text in [*batch, *(line(n + i) for i in range(GOOD))]:
                (end.send if is_message else end.write if stream == 'fifo' else end.sendall)(
                    text if is_message or text.endswith(b'\n') else text + b'\n')
            n += GOOD
            wait_for(lambda s=stream, n=n: is_kept(s, n - 1))  # UDP's own memory holds a batch, and no more
    said = daemon.end()
    for stream, end in ends.items():
        end.close()
        known = [r['bytes'] - 1000 for r in records('store', stream) if r.get('method') == 'GET' and r.get('bytes', 0) >= 1000]
        equal(known, list(range(ROUNDS * GOOD)), f'{stream}: {said}')
    assert all(text.startswith('time=') and text.isprintable() for text in said.splitlines()), said
    cretula('verify', '--store', 'store', '--strict', code=0)


def byte_by_byte(place, text):
    """What is answered to bytes that come alone."""
    with socket.create_connection(place, timeout=120) as s:
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            for i in range(len(text)):
                s.sendall(text[i:i + 1])
            s.shutdown(socket.SHUT_WR)
        except (BrokenPipeError, ConnectionResetError):
            pass  # refused before its end
        got = b''
        try:
            while chunk := s.recv(65536):
                got += chunk
        except ConnectionResetError:
            pass
        return got


def test_heads_of_one_byte_at_a_time():
    """They are what they are in one piece: a body is taken, what is no request is refused."""
    port = free_port()
    write('c.yaml', (HTTP % port).encode())
    daemon = Daemon()
    head = b'POST /ndjson HTTP/1.1\r\nHost: h\r\nConnection: close\r\n'
    body = line(1) + line(2)
    rows = [(b'%sContent-Length: %d\r\n\r\n%s' % (head, len(body), body), b'200'),
            (b'%sTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n' % (head, len(body), body), b'200'),
            # Nothing behind these heads: what a closed end never read would take the answer along.
            (b'%sContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n' % head, b'400'),
            (b'%sTransfer-Encoding: gzip, chunked\r\n\r\n' % head, b'400'),
            (b'%sContent-Length: -1\r\n\r\n' % head, b'400'),
            (b'GET /ndjson HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n', b'405'),
            (b'\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n', b'')]
    for text, status in rows:
        got = byte_by_byte(('127.0.0.1', port), text)
        equal((got[9:12], got[:9]), (status, b'HTTP/1.1 ' if status else b''), text)
    said = daemon.end()
    equal([r['bytes'] for r in records('store', 's')], [1001, 1002] * 2, said)


def test_slow_clients_of_views():
    """Far more of them than there are places, with half a head, or taking nothing of an answer: who asks beside them is answered."""
    prepare(2000)
    server = Server()
    who = f'Host: 127.0.0.1:{server.port}\r\nAuthorization: Bearer {server.tokens["dev"]}\r\n'
    got = byte_by_byte(('127.0.0.1', server.port), f'GET /api/v1/session HTTP/1.1\r\n{who}Connection: close\r\n\r\n'.encode())
    assert got.startswith(b'HTTP/1.1 200 '), got
    many = []
    for n in range(300):
        s = server.connect()
        many.append(s)
        try:
            if n % 8 == 0:  # fewer than there are places: whoever waits for work keeps his
                s.sendall(f'GET /api/v1/records?stream=shop&limit=1000 HTTP/1.1\r\n{who}\r\n'.encode())
            else:
                s.sendall(f'GET /api/v1/session HTTP/1.1\r\n{who[:n % len(who)]}'.encode())
        except OSError:
            pass  # made room for another one
        if n % 50 == 49:
            equal(server.ask('/api/v1/session', 'sales')[0], 200, n)
    equal(server.ask('/api/v1/overview?stream=shop')[0], 200)
    for s in many:
        s.close()
    equal(server.ask('/api/v1/session')[0], 200)
    server.daemon.end()


if __name__ == '__main__':
    main()
