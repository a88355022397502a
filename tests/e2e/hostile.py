"""Requests that no server likes, one connection each, and a server to send them to."""
import base64
import signal
import socket
import subprocess
import time

from lib import Skip, free_port  # noqa: F401  who sends needs a port

# What a client may send, and the status it must get; None: the server decides.
CANARY = 'canary-erika-4711'


def basic(user):
    return 'Basic ' + base64.b64encode(user.encode('utf-8', 'surrogateescape') + b':pw').decode()


def request(target='/', method='GET', version='HTTP/1.1', **headers):
    lines = [f'{method} {target} {version}', 'Host: www.example.com', 'Connection: close']
    lines += [f'{name.replace("_", "-")}: {value}' for name, value in headers.items()]
    return ('\r\n'.join(lines) + '\r\n\r\n').encode('utf-8', 'surrogateescape')


def hostile():
    """Bytes on the wire, one connection each."""
    time_forged = '] "GET /forged HTTP/1.1" 200 9 "-" "forged'
    texts = ['plain', 'with blank', '"quoted"', '\\backslash\\', "'", 'a" "b" 200 "c', time_forged,
             '- - [24/Nov/2025:10:11:12 +0000] "GET /forged HTTP/1.1" 299 1', '\\x22', '\\"', '\\u0022', '{"a":1}', '%22%0a',
             'üñï', '\udcff\udcfe', '\t', '-', ', ', ' : ', '[', ']', '] [', '\x7f', 'x' * 2000, '$status %s ${x}',
             '</script>', CANARY, '200', '', '"', '\\', '127.0.0.1, 10.0.0.1', '0 0 0']
    out = [request(User_Agent=text, Referer=f'http://r.example/{text}', X_Forwarded_For=text, Cookie=f'a={text}',
                   Authorization=basic(text.replace(':', '')), X_Foo=text) for text in texts]
    out += [request(f'/{target}') for target in ['', 'a?b=c', '%22%20%5d', 'a%00b', '"', '\\', '[x]', '?' * 50, 'ü', '%zz',
                                                 '../../etc/passwd', 'a' * 3000, '?a="b"&c=\\', "'", '{}']]
    out += [request('/', method=method) for method in ['HEAD', 'OPTIONS', 'POST', 'PUT', 'get', 'FOO-BAR', '"GET']]
    out += [request('/', version=version) for version in ['HTTP/1.0', 'HTTP/2.0', 'HTTP/1.1x', 'HTTP/9.9', '']]
    out += [request('http://other.example/x'), request('*', method='OPTIONS'), request('x:443', method='CONNECT'),
            b'GET /\r\n\r\n', b'\x16\x03\x01\x02\x00\x01', b'\x00\x01\x02"\\\r\n\r\n', b'"\r\n\r\n', b'\\x22 " [] \r\n\r\n',
            b'GET / HTTP/1.1\r\n\r\n', b'GET / HTTP/1.1\r\nHost: a b"c\r\n\r\n', b'GET /' + b'z' * 20000 + b' HTTP/1.1\r\n\r\n',
            b'GET /a b HTTP/1.1\r\nHost: x\r\n\r\n', b'GET  /  HTTP/1.1\r\nHost: x\r\n\r\n']
    return out


def send(port, wire):
    """The status that came back; 0 if none did."""
    with socket.create_connection(('127.0.0.1', port), timeout=120) as s:
        answer = b''
        try:
            s.sendall(wire)
            s.shutdown(socket.SHUT_WR)
            while more := s.recv(65536):
                answer += more
        except OSError:
            pass
    if answer.startswith(b'hello'):  # HTTP/0.9
        return 200
    return int(answer[9:12]) if answer.startswith(b'HTTP/') else 0


class Server:
    """ending: the signal on which it first says all in its logs that it did."""
    def __init__(self, argv, port, ending=signal.SIGTERM):
        self.port, self.ending = port, ending
        self.child = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def __enter__(self):
        until = time.monotonic() + 120
        while time.monotonic() < until:
            if self.child.poll() is not None:
                raise Skip(f'the server does not start: {self.child.stderr.read()[-300:]!r}')
            try:
                socket.create_connection(('127.0.0.1', self.port), timeout=1).close()
                return self
            except OSError:
                time.sleep(0.05)
        raise Skip('the server does not listen')

    def __exit__(self, *_):
        self.child.send_signal(self.ending)
        self.child.wait(timeout=120)
        self.child.stderr.close()
