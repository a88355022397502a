"""gaps: count: lines that are missing by the numbers that nginx over datagrams, and senders of RFC 5424, give them."""
import http.client
import os
import shutil
import signal
import socket
import threading

from hostile import Server, free_port
from lib import Skip, combined, cretula, equal, main, records, segments, write
from presets import RING, SOCKETS, configure, preset
from test_run import Daemon, connect, wait_for
from test_status import stream

NGINX = shutil.which('nginx') or '/usr/sbin/nginx'


# As its comments have it.
DATAGRAMS = {'\naccess_log ': '\n# ', '\nerror_log ': '\n# ', '\n# access_log syslog': '\naccess_log syslog'}


def nginx_config(folder, port):
    return f'''daemon off; pid {folder}/pid; error_log {folder}/error.log crit; worker_processes 2;
events {{}}
http {{ client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
{preset('nginx', 'cretula.conf', {**DATAGRAMS, SOCKETS: folder + '/between'})}
server {{ listen 127.0.0.1:{port}; location / {{ return 200 "hello\\n"; }} }} }}
'''.encode()


class Between(threading.Thread):
    """Hands on what nginx sends, but for the lines that lose says."""

    def __init__(self, lose):
        super().__init__(daemon=True)
        self.lose, self.seen, self.lost = lose, 0, 0
        os.makedirs('between', exist_ok=True)
        os.chmod('between', 0o777)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind('between/nginx.sock')
        os.chmod('between/nginx.sock', 0o666)
        self.to = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.start()

    def run(self):
        while True:
            line = self.socket.recv(65536)
            request = int(line.split()[-1])
            if self.lose(request):
                self.lost += 1
            else:
                self.to.sendto(line, 'nginx.sock')
            self.seen += 1


def ask(port, connections, rounds, between):
    """Connections that are kept open, each asked in its turn; nginx itself drops what a socket's short queue cannot hold."""
    open_ones = [http.client.HTTPConnection('127.0.0.1', port) for _ in range(connections)]
    for n in range(rounds):
        for connection in open_ones[n % 2::2]:
            before = between.seen
            connection.request('GET', f'/{n}')
            connection.getresponse().read()
            wait_for(lambda before=before: between.seen > before)
    for connection in open_ones:
        connection.close()


def lost_in(name):
    total = {'lost': 0, 'gap': 0}
    for entry in segments('store', name):
        total['lost'] += entry['in']['lost']
        total['gap'] += entry.get('causes', {}).get('gap', 0)
    return total


def test_nginx_loses():
    """Two workers, connections between each other, a restart: what is lost between is counted; the numbers come out nowhere."""
    if not os.path.exists(NGINX):
        raise Skip('no nginx: ./setup installs it')
    folder, port = os.getcwd(), free_port()
    write('nginx.conf', nginx_config(folder, port))
    configure('nginx', {f'{{ file: {RING}/access.log }}\n    after_read: punch': f'{{ unix: {folder}/nginx.sock }}', RING: folder})
    daemon = Daemon()
    between = Between(lambda request: request in (3, 4, 7))
    os.chmod(folder, 0o755)
    for _ in range(2):  # another nginx counts its connections from 1 again
        with Server([NGINX, '-p', folder, '-c', f'{folder}/nginx.conf'], port, signal.SIGQUIT):
            ask(port, 8, 20, between)
    wait_for(lambda: between.seen == 2 * 8 * 10, seen=lambda: between.seen)
    wait_for(lambda: stream('nginx')['lines'] == between.seen - between.lost, seen=lambda: stream('nginx'))
    equal(between.lost, 2 * 8 * 3)
    equal((stream('nginx')['lost'], stream('nginx')['causes']), (between.lost, {'gap': between.lost}))
    metrics = cretula('status', '--store', 'store', '--metrics', code=0).text
    assert f'cretula_lost_by_cause_total{{stream="nginx",cause="gap"}} {between.lost}\n' in metrics, metrics
    text = cretula('status', '--store', 'store', code=0).text
    assert f'nginx             lost: {between.lost} gap\n' in text, text
    daemon.end()
    equal(lost_in('nginx'), {'lost': between.lost, 'gap': between.lost})
    equal({k for r in records('store', 'nginx') for k in r.get('extra', {})}, {'program'}, 'numbers of connections in a record')
    cretula('verify', '--store', 'store', '--strict', code=0)


def request(connection, n, what='"GET / HTTP/1.1" 200'):
    return f'192.0.2.7 - - [24/Nov/2025:10:11:12 +0000] {what} 5 "-" "curl/8.0" 77 {connection} {n}\n'


PROVEN = [
    ('one between two', [(1, 1), (1, 2), (1, 4)], 1),
    ('connections between each other', [(1, 1), (2, 1), (1, 2), (2, 3), (1, 4)], 2),
    ('what came before the first is not known', [(1, 5), (1, 6)], 0),
    ('HTTP/2 ends in any order, and a download may last', [(1, n, '"GET / HTTP/2.0" 200') for n in (1, 2, 9, 4)], 0),
    ('a request that is none accounts for one', [(1, 1), (1, 2, '"\\x16\\x03" 400'), (1, 3), (1, 5)], 1),
    ('a line that cannot be read does, too', [(1, 1), ('x', 'y', 'z'), (1, 3), (1, 5)], 1),
    ('a connection number that comes again', [(1, 1), (1, 2), (1, 3), (1, 1), (1, 2)], 0),
    ('one that is no number', [(1, 1), (1, 0), (1, '-'), (1, 3)], 1),
]


def test_what_is_proven():
    """By the lines of nginx alone: never more than was lost."""
    write('c.yaml', ('store: store\n' + preset('nginx', 'cretula.yaml', {f'nginx:\n    input: {{ file: {RING}/access.log }}\n    after_read: punch': 's:'})
                     .split('  nginx-error')[0]).encode())
    for claim, lines, lost in PROVEN:
        shutil.rmtree('store', ignore_errors=True)
        shutil.rmtree('store.keys', ignore_errors=True)
        cretula('pipe', '--config', 'c.yaml', 's', stdin=''.join(request(*line) for line in lines).encode(), code=None)
        equal(lost_in('s'), {'lost': lost, 'gap': lost}, claim)


SYSLOG = """store: store
streams:
  s: { input: { unix-stream: %s/s.sock }, format: combined, gaps: count }
  off: { input: { unix-stream: %s/off.sock }, format: combined }
"""


def frame(host, n):
    return (f'<38>1 2025-11-24T10:11:12.003Z {host} app 991 - [other x="]"][meta sequenceId="{n}" sysUpTime="7"] {combined(n)}').encode()


def test_rfc5424():
    """Each machine has its own sequence; late is not lost; rubbish that nobody can read accounts for as much."""
    write('c.yaml', (SYSLOG % (os.getcwd(), os.getcwd())).encode())
    daemon = Daemon()
    a = [n for n in range(1, 400) if n not in (100, 101)]
    a[200], a[203] = a[203], a[200]
    b = [n for n in range(1000, 1300) if n != 1100]
    lines = [frame('a', n) for n in a]
    lines[150:150] = [frame('b', n) for n in b]
    for name in ('s.sock', 'off.sock'):
        with connect(name) as s:
            s.sendall(b''.join(lines))
    wait_for(lambda: stream('s')['lines'] == stream('off')['lines'] == len(lines), seen=lambda: stream('s'))
    daemon.end()
    equal((lost_in('s'), lost_in('off')['lost']), ({'lost': 3, 'gap': 3}, 0))
    cretula('verify', '--store', 'store', code=0)


if __name__ == '__main__':
    main()
