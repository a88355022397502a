"""canary: what was planted is nowhere, and that it is looked for is shown by a stream that keeps it."""
import contextlib
import hashlib
import json
import os
import signal
import socket
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from certificates import authority, issue
from lib import CRETULA, cretula, equal, lines_of, main, read, records, stop, write
from test_intake import Peer, audit, event_list, otlp
from test_run import Daemon, configure, connect, line, wait_for

INPUTS = """store: store
verify_every: 0s
streams:
  conn: { input: { unix-stream: %(here)s/conn.sock }, format: combined }
  dgram: { input: { unix: %(here)s/dgram.sock }, format: nginx-combined }
  tcp: { input: { tcp: "127.0.0.1:%(tcp)d" } }
  udp: { input: { udp: "127.0.0.1:%(udp)d" }, format: combined }
  fifo: { input: { fifo: %(here)s/fifo }, format: auth }
"""


def status(stream):
    """Of a daemon that has the time to answer."""
    runs = []
    wait_for(lambda: runs.append(cretula('status', '--store', 'store', '--json')) or runs[-1].code != 75)
    return next(s for s in runs[-1].json['streams'] if s['name'] == stream)


def canary(stream, code):
    return cretula('canary', '--config', 'c.yaml', '--stream', stream, '--json', code=code)


def reports(stream):
    entries = map(json.loads, lines_of(f'store/streams/{stream}/chain.jsonl'))
    return [(e['kind'], e['result'], e['hash']) for e in entries if e['type'] == 'report']


def test_every_input():
    """Through a socket of each kind and a FIFO: nothing is left, the record came out, and the stream seals that."""
    configure(INPUTS)
    config = read('c.yaml').decode()
    daemon = Daemon()
    for name in ('conn', 'dgram', 'tcp', 'udp', 'fifo'):
        run = canary(name, code=3)
        assert 'must not be the first' in run.err, run.err
    syslog = b'<190>Nov 24 10:00:00 web nginx: ' + line(1).rstrip(b'\n')
    connect('conn.sock').sendall(line(1))
    connect('dgram.sock', socket.SOCK_DGRAM).send(syslog)
    ports = [int(part.split('"')[0]) for part in config.split('127.0.0.1:')[1:]]
    socket.create_connection(('127.0.0.1', ports[0])).sendall(b''.join(line(n) for n in range(300)))
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(line(1), ('127.0.0.1', ports[1]))
    with open('fifo', 'wb') as fifo:
        fifo.write(b'<38>Nov 24 10:00:00 web sshd[9]: Failed password for root from 10.1.2.3 port 4 ssh2\n')
    counts = {'conn': 1, 'dgram': 1, 'tcp': 300, 'udp': 1, 'fifo': 1}
    wait_for(lambda: all(status(name)['lines'] == lines for name, lines in counts.items()))
    with ThreadPoolExecutor() as pool:
        runs = dict(zip(counts, pool.map(lambda name: canary(name, code=0), counts)))
    for name, run in runs.items():
        seen = run.json
        equal((seen['leaks'], seen['lines'], seen['not_read']), (0, 1, 0), seen)
        equal(seen.get('came_out'), None if name == 'fifo' else True, seen)
        assert seen['files'] > 0 and 'address' in seen['planted'], seen
        now = status(name)
        equal((now['lines'], now['unparsed']), (counts[name] + 1, 0))
        wait_for(lambda name=name: len(reports(name)) == 1)
        equal(reports(name), [('canary', 0, hashlib.sha256(run.out).hexdigest())])
    text = cretula('canary', '--config', 'c.yaml', '--stream', 'conn', code=0).text
    assert 'leaks     none' in text and 'came out' in text, text
    daemon.end()
    cretula('verify', '--store', 'store', '--strict', code=0)


def test_what_is_kept_is_found():
    """A policy that keeps these addresses is caught; one that only truncates them is not."""
    configure('store: store\nstreams:\n  s: { input: { unix-stream: %(here)s/s.sock }, format: combined, '
              'mask: { ip.peer: truncate, email: redact } }\n')
    daemon = Daemon()
    connect('s.sock').sendall(line(1))
    wait_for(lambda: status('s')['lines'] == 1)
    canary('s', code=0)
    daemon.end()
    configure('store: store\nstreams:\n  s: { input: { unix-stream: %(here)s/s.sock }, format: combined, '
              'own_networks: { keep: [192.0.2.0/24, 198.51.100.0/24, 203.0.113.0/24] } }\n')
    daemon = Daemon()
    connect('s.sock').sendall(line(1))
    wait_for(lambda: status('s')['lines'] == 1)
    seen = canary('s', code=1).json
    equal({f['value'] for f in seen['found']}, {'address'})
    assert all('store/streams/s/open/' in f['file'] for f in seen['found']), seen
    wait_for(lambda: any(r[1] == 1 for r in reports('s')))
    daemon.end()


def test_a_busy_daemon():
    """One that answers nobody for longer than who looks waits is asked again."""
    configure('store: store\nstreams:\n  s: { input: { unix-stream: %(here)s/s.sock }, format: combined }\n')
    daemon = Daemon()
    connect('s.sock').sendall(line(1))
    wait_for(lambda: status('s')['lines'] == 1)
    stop(daemon.process.pid)
    look = subprocess.Popen([CRETULA, 'canary', '--config', 'c.yaml', '--stream', 's'], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    time.sleep(2.2)  # it waits for two seconds
    daemon.process.send_signal(signal.SIGCONT)
    said = look.communicate(timeout=120)
    equal(look.returncode, 0, said)
    daemon.end()


HTTP = """store: store
verify_every: 0s
streams:
  plain: { input: { http: %(here)s/plain.sock, token: token } }
  audit: { input: { http: %(here)s/audit.sock }, format: k8s-audit }
  otel: { input: { http: %(here)s/otel.sock }, format: json-lines }
"""


def pass_on(one, other, said=None):
    """What comes from one goes to the other, to its end."""
    with contextlib.suppress(OSError):  # the other end has heard enough
        while part := one.recv(65536):
            if said is not None:
                said.append(part)
            other.sendall(part)
        other.shutdown(socket.SHUT_WR)


def overhear(path):
    """Who comes to the socket now is let through; the parts of what he sends."""
    os.rename(path, path + '.real')
    door, said = socket.socket(socket.AF_UNIX), []
    door.bind(path)
    door.listen()

    def serve():
        peer, _ = door.accept()
        with socket.socket(socket.AF_UNIX) as real, peer:
            real.connect(path + '.real')
            there = threading.Thread(target=pass_on, args=(peer, real, said), daemon=True)
            there.start()
            pass_on(real, peer)
            there.join()
    threading.Thread(target=serve, daemon=True).start()
    return said


def test_bodies():
    """As lines, an EventList or OTLP, by what the stream's lines are; with the token, and only with the right one."""
    configure(HTTP)
    write('token', b'a-token-of-some-length\n')
    os.chmod('token', 0o600)
    daemon = Daemon()
    bearer = {'Authorization': 'Bearer a-token-of-some-length'}
    equal(Peer(path='plain.sock').post('/ndjson', line(1), **bearer), (200, ''))
    equal(Peer(path='audit.sock').post('/k8s/audit', event_list(audit(1))), (200, ''))
    equal(Peer(path='otel.sock').post('/v1/logs', otlp(1)), (200, '{}'))
    wait_for(lambda: all(status(name)['lines'] == 1 for name in ('plain', 'audit', 'otel')))
    heard = overhear('plain.sock'), overhear('audit.sock'), overhear('otel.sock')
    for name in ('plain', 'audit', 'otel'):
        seen = canary(name, code=0).json
        equal((seen['leaks'], seen['not_read'], 'address' in seen['planted']), (0, 0, True), seen)
        equal((status(name)['lines'], status(name)['unparsed'], status(name)['http']['bodies']), (2, 0, 2))
        wait_for(lambda name=name: [r[1] for r in reports(name)] == [0])
    equal([b''.join(said).split(b'\r\n')[0] for said in heard], [b'POST /ndjson HTTP/1.1', b'POST /k8s/audit HTTP/1.1', b'POST /v1/logs HTTP/1.1'])
    for name in ('plain', 'audit', 'otel'):
        os.rename(f'{name}.sock.real', f'{name}.sock')
    write('token', b'another-of-some-length\n')
    run = canary('plain', code=66)
    assert 'the answer is 401' in run.err and 'length' not in run.err, run.err
    daemon.end()
    equal([len(records('store', name)) for name in ('plain', 'audit', 'otel')], [2, 2, 2])
    cretula('verify', '--store', 'store', '--strict', code=0)


def test_a_ring():
    """What is freed once it is committed needs no --append."""
    configure('store: store\nstreams:\n  s: { input: { file: %(here)s/logs/access.log }, format: combined, after_read: punch }\n')
    os.mkdir('logs')
    write('logs/access.log', line(1))
    daemon = Daemon()
    wait_for(lambda: status('s')['lines'] == 1)
    seen = canary('s', code=0).json
    equal((seen['leaks'], seen['lines'], seen['not_read']), (0, 1, 0), seen)
    daemon.end()


def test_log():
    """Into a log only with --append, behind a whole line; where it stays is told, and is no leak."""
    configure('store: store\nstreams:\n  s: { input: { file: %(here)s/logs/access.log }, format: combined }\n')
    os.mkdir('logs')
    write('logs/access.log', line(1))
    daemon = Daemon()
    wait_for(lambda: status('s')['lines'] == 1)
    assert 'stay raw' in canary('s', code=3).err
    equal(read('logs/access.log'), line(1))
    run = cretula('canary', '--config', 'c.yaml', '--stream', 's', '--append', 'logs', code=0)
    assert 'came out' in run.text and f'stays     in {os.getcwd()}/logs/access.log' in run.text, run.text
    log = read('logs/access.log')
    assert log.startswith(line(1)) and log.count(b'\n') == 2 and b'@canary.invalid' not in log and b'canary-' in log, log
    write('logs/copy.log', log)
    run = cretula('canary', '--config', 'c.yaml', '--stream', 's', '--append', '--json', 'logs', code=0)
    equal((run.json['stays_in'], run.json['leaks']), (os.getcwd() + '/logs/access.log', 0))
    with open('logs/access.log', 'ab') as half:
        half.write(b'10.0.0.1 - -')
    assert 'about to end' in cretula('canary', '--config', 'c.yaml', '--stream', 's', '--append', code=3).err
    daemon.end()


def test_where_it_cannot_go():
    """Exit 3 where no daemon runs, through TLS, and into standard input."""
    authority('ca')
    issue('server', 'ca')
    configure('store: store\nstreams:\n  s: { input: { tls: "127.0.0.1:%(tcp)d", certificate: server.pem, key: server.key } }\n')
    daemon = Daemon()
    assert 'does not speak TLS' in canary('s', code=3).err
    daemon.end()
    configure('store: store\nstreams:\n  s: { format: combined }\n')
    assert 'nobody but the program in front' in canary('s', code=3).err
    configure('store: store\nstreams:\n  s: { input: { unix-stream: %(here)s/s.sock } }\n')
    assert 'no daemon runs' in canary('s', code=3).err
    cretula('canary', '--config', 'c.yaml', '--stream', 'other', code=78)
    assert not os.path.exists('other')


if __name__ == '__main__':
    main()
