"""run, by TLS: what comes in, who does not, and that nobody waits for him."""
import os
import shutil
import signal
import socket
import ssl
import subprocess
import time

from certificates import authority, client, issue
from lib import Skip, cretula, equal, main, read, records, stop, write
from test_run import Daemon, committed, free_port, line, sizes, wait_for

CONFIG = """store: store
streams:
  s:
    input: { tls: "127.0.0.1:%d", certificate: server.pem, key: server.key%s }
    format: combined
    limits: { connections: %d }
"""

HEAD = b'<13>Nov 24 10:00:00 web nginx: '


def configure(more='', connections=64):
    if not os.path.exists('ca.pem'):
        authority('ca')
        issue('server', 'ca')
    port = free_port()
    write('c.yaml', (CONFIG % (port, more, connections)).encode())
    return port


def connect(port, context):
    raw = socket.create_connection(('127.0.0.1', port), timeout=120)
    return context.wrap_socket(raw, server_hostname='localhost')


def refused(port, context):
    """The handshake fails, at the latest with the first bytes (TLS 1.3)."""
    try:
        with connect(port, context) as s:
            s.sendall(line(0))
            return s.recv(1) == b''
    except (ssl.SSLError, ConnectionError):
        return True


def closed(s):
    try:
        return s.recv(1) in (b'', b'\x15')  # at once, or behind an alert
    except ConnectionError:
        return True


def test_lines_and_frames():
    """TLS 1.2 and 1.3, lines and RFC 5425's frames; large and small records; each line once."""
    port = configure()
    daemon = Daemon()
    for n, version in enumerate((ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)):
        with connect(port, client(most=version)) as s:
            equal(s.version(), ('TLSv1.2', 'TLSv1.3')[n])
            s.sendall(b''.join(HEAD + line(i) for i in range(n * 2000, n * 2000 + 1000)))
            for i in range(n * 2000 + 1000, n * 2000 + 1100):
                s.sendall(HEAD[:7])
                s.sendall(HEAD[7:] + line(i))
            s.unwrap()
        with connect(port, client()) as s:
            for i in range(n * 2000 + 1100, n * 2000 + 1200):
                frame = HEAD + line(i).rstrip(b'\n')
                s.sendall(b'%d %s' % (len(frame), frame))
    wait_for(lambda: committed('s') == 2400, seen=lambda: committed('s'))
    daemon.end()
    equal(sorted(sizes('s')), [n for n in range(3200) if n % 2000 < 1200])
    cretula('verify', '--store', 'store', '--strict', code=0)


def test_drained_at_the_end():
    """What was sent before SIGTERM is there, however much it is."""
    port = configure()
    daemon = Daemon()
    with connect(port, client()) as s:
        s.sendall(b''.join(map(line, range(50000))))
        time.sleep(0.05)
        daemon.end()
    equal(sizes('s'), list(range(50000)))


def test_openssl_client():
    """openssl s_client, its lines and its end without an alert."""
    port = configure()
    daemon = Daemon()
    peer = subprocess.Popen(['openssl', 's_client', '-quiet', '-connect', f'127.0.0.1:{port}', '-CAfile', 'ca.pem',
                             '-verify_return_error'], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL)
    peer.stdin.write(b''.join(map(line, range(300))))
    peer.stdin.flush()
    wait_for(lambda: committed('s') == 300)
    peer.kill()
    peer.communicate()
    daemon.end()
    equal(sizes('s'), list(range(300)))


def test_rsyslog():
    """rsyslog as forwarder, TLS and octet counting."""
    if shutil.which('rsyslogd') is None or not os.path.exists('/usr/lib/x86_64-linux-gnu/rsyslog/lmnsd_gtls.so'):
        raise Skip('no rsyslog with gtls')
    port = configure()
    os.mkdir('work')
    here = os.getcwd()
    write('rsyslog.conf', f"""
global(workDirectory="{here}/work" defaultNetstreamDriver="gtls" defaultNetstreamDriverCAFile="{here}/ca.pem")
module(load="imuxsock" sysSock.use="off")
input(type="imuxsock" Socket="{here}/in.sock" createPath="off" rateLimit.interval="0")
template(name="raw" type="string" string="<%PRI%>%TIMESTAMP% %HOSTNAME% %syslogtag%%msg%")
action(type="omfwd" target="localhost" port="{port}" protocol="tcp" TCP_Framing="octet-counted" template="raw"
    StreamDriver="gtls" StreamDriverMode="1" StreamDriverAuthMode="x509/name" StreamDriverPermittedPeers="localhost")
""".encode())
    daemon = Daemon()
    peer = subprocess.Popen(['rsyslogd', '-n', '-f', 'rsyslog.conf', '-i', f'{here}/pid'], stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: os.path.exists('in.sock'))
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
            s.connect('in.sock')
            for n in range(100):
                s.send(b'<13>Nov 24 10:00:00 nginx: ' + line(n).rstrip(b'\n'))
        wait_for(lambda: committed('s') >= 100, seen=lambda: committed('s'))
    finally:
        peer.terminate()
        peer.wait()
    daemon.end()
    equal(sizes('s'), list(range(100)))


def test_who_does_not_come_in():
    """An older TLS, a weak cipher, no certificate, one of another authority, one of a server; the others go on."""
    port = configure(', client_ca: ca.pem')
    authority('other')
    issue('friend', 'ca', 'client')
    issue('stranger', 'other', 'client')
    daemon = Daemon()
    friend = connect(port, client(certificate='friend'))
    friend.sendall(line(1))
    old = client(certificate='friend', most=ssl.TLSVersion.TLSv1_1)
    old.set_ciphers('ALL:@SECLEVEL=0')
    weak = client(certificate='friend', most=ssl.TLSVersion.TLSv1_2)
    weak.set_ciphers('AES128-SHA:@SECLEVEL=0')
    for claim, context in (('older', old), ('weak', weak), ('no certificate', client()),
                           ('stranger', client(certificate='stranger')), ('server', client(certificate='server'))):
        assert refused(port, context), claim
    friend.sendall(line(2))
    wait_for(lambda: committed('s') == 2)
    friend.close()
    said = daemon.end()
    assert '5 connections did not get through' in said, said
    equal(sizes('s'), [1, 2])


def test_half_handshakes():
    """Garbage, half a handshake, nothing at all: nobody waits for it, and it makes room."""
    port = configure(connections=8)
    daemon = Daemon()
    quiet = [socket.create_connection(('127.0.0.1', port)) for _ in range(20)]
    for n, s in enumerate(quiet):
        if n % 2:
            s.sendall((b'\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', line(9), b'\x80')[n % 3])
    peers = [connect(port, client()) for _ in range(8)]
    for n, s in enumerate(peers):
        s.sendall(line(n))
    wait_for(lambda: committed('s') == 8)
    assert all(map(closed, quiet)), 'some of them are still open'
    late = socket.create_connection(('127.0.0.1', port))
    assert closed(late)  # all places are taken by who sends
    with peers[0] as s:  # resets are ends, too
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b'\1\0\0\0\0\0\0\0')
    daemon.end()
    equal(sorted(sizes('s')), list(range(8)))


def test_slow_reader():
    """Where lines are not taken, the sender waits; nothing is lost."""
    port = configure()
    daemon = Daemon()
    total = 80000
    with connect(port, client()) as s:
        stop(daemon.process.pid)
        s.settimeout(1)
        data = b''.join(map(line, range(total)))
        sent = 0
        try:
            while sent < len(data):
                sent += s.send(data[sent:sent + 65536])
        except TimeoutError:
            pass
        assert sent < len(data)
        os.kill(daemon.process.pid, signal.SIGCONT)
        s.settimeout(120)
        s.sendall(data[sent:])
        s.unwrap()
    wait_for(lambda: committed('s') == total, seen=lambda: committed('s'))
    daemon.end()
    equal(sizes('s'), list(range(total)))


def test_new_certificate():
    """SIGHUP: the next connection sees it, those that are there stay; a bad one changes nothing."""
    port = configure()
    daemon = Daemon()
    first = connect(port, client())
    issue('server2', 'ca')
    for part in ('pem', 'key'):
        os.replace(f'server2.{part}', f'server.{part}')
    was = ssl.DER_cert_to_PEM_cert(first.getpeercert(True))

    def shown():
        with connect(port, client()) as s:
            return ssl.DER_cert_to_PEM_cert(s.getpeercert(True))

    equal(shown(), was)
    def reload():
        daemon.process.send_signal(signal.SIGHUP)
        equal([daemon.manager.recv(100) for _ in range(2)], [b'RELOADING=1', b'READY=1'])

    reload()
    wait_for(lambda: shown() != was)
    now = shown()
    equal(now.strip(), read('server.pem').decode().strip())
    write('server.pem', b'nothing\n')
    reload()
    equal(shown(), now)
    first.sendall(line(1))
    first.unwrap()
    wait_for(lambda: committed('s') == 1)
    said = daemon.end()
    assert 'goes on with what it has: ' in said and 'server.pem: no certificate in PEM' in said, said
    equal(sizes('s'), [1])


def test_the_key_is_roots():
    """With `user:` the key is read before root is given up; a reload that cannot read it goes on with what it has."""
    if os.geteuid() != 0:
        raise Skip('only root can become another user')
    port = configure()
    above = os.path.dirname(os.getcwd())
    os.chmod('.', 0o755)
    os.chmod(above, os.stat(above).st_mode | 0o055)
    os.mkdir('data')
    shutil.chown('data', 'nobody')
    write('c.yaml', b'user: nobody\n' + read('c.yaml').replace(b'store: store', b'store: data/store'))
    equal(os.stat('server.key').st_uid, 0)
    daemon = Daemon()
    with connect(port, client()) as s:
        s.sendall(line(0))
        daemon.process.send_signal(signal.SIGHUP)
        equal(daemon.manager.recv(100), b'RELOADING=1')
        equal(daemon.manager.recv(100), b'READY=1')
        s.sendall(line(1))
        with connect(port, client()) as other:
            other.sendall(line(2))
    said = daemon.end()
    assert 'goes on with what it has' in said and 'server.key' in said, said
    equal(sorted(r['bytes'] - 1000 for r in records('data/store')), [0, 1, 2], said)


def test_bad_files():
    """A key that others may read, another one's key, none at all: exit 78, and why."""
    configure()
    issue('other', 'ca')
    start = ('run', '--config', 'c.yaml')
    os.chmod('server.key', 0o644)
    run = cretula(*start, code=78)
    assert 'server.key: others may read it: chmod 600' in run.err, run.err
    os.rename('other.key', 'server.key')
    run = cretula(*start, code=78)
    assert 'server.key: not the key of the certificate' in run.err, run.err
    os.unlink('server.key')
    run = cretula(*start, code=78)
    assert 'server.key: No such file' in run.err, run.err
    os.mkdir('server.key')
    assert 'not a regular file' in cretula(*start, code=78).err


def test_configuration():
    """What is missing, or belongs elsewhere, is said with its line."""
    rows = (
        ('input: { tls: "127.0.0.1:1" }', 'TLS needs certificate and key; there is neither'),
        ('input: { tls: "127.0.0.1:1", certificate: a }', 'there is no key'),
        ('input: { tls: "127.0.0.1:1", key: a }', 'there is no certificate'),
        ('input: { tcp: "127.0.0.1:1", certificate: a, key: b }', 'are of the inputs tls and http'),
        ('input: { tls: "127.0.0.1:1", certificate: a, key: b, token: c }', 'token is of the input http'),
        ('input: { tls: "127.0.0.1:1", certificat: a, key: b }', 'did you mean "certificate"'),
        ('input: { tls: "/run/x", certificate: a, key: b }', 'an address is HOST:PORT'),
    )
    for text, want in rows:
        write('c.yaml', f'store: store\nstreams:\n  s: {{ {text} }}\n'.encode())
        run = cretula('check', '--config', 'c.yaml', code=78)
        assert want in run.err + run.text, (text, run.err, run.text)
    configure()
    assert 'tls: "127.0.0.1:' in cretula('check', '--config', 'c.yaml', '--all', code=0).text


if __name__ == '__main__':
    main()
