"""run under load, for `./test --long`: kills, thousands of connections, peers that are slow or send rubbish, a soak.

CRETULA_KILLS (200), CRETULA_SEALS (10000), CRETULA_TLS (5000 connections) and CRETULA_SOAK (300 seconds) make it shorter by hand.
"""
import fcntl
import os
import random
import resource
import signal
import socket
import subprocess
import threading
import time

import test_tls
from certificates import client
from lib import combined, cretula, equal, main, open_lines, read, tree_bytes, write
from test_run import Daemon, append, configure, connect, line, once, sizes, wait_for
from test_status import stream

KILLS = int(os.environ.get('CRETULA_KILLS', '200'))
SEALS = int(os.environ.get('CRETULA_SEALS', '10000'))
SOAK = int(os.environ.get('CRETULA_SOAK', '300'))
CANARY = 'canary-erika-4711'
BOTH = """store: store
streams:
  s: { input: { file: %(here)s/access.log }, format: combined }
  conn: { input: { unix-stream: %(here)s/conn.sock }, format: combined }
"""
CONN = """store: store
streams:
  s: { input: { unix-stream: %%(here)s/s.sock }, format: combined, limits: { connections: %d } }
"""


def note(text):
    print('#', text, flush=True)


def memory(pid, what='VmRSS'):
    for row in read(f'/proc/{pid}/status').decode().splitlines():
        if row.startswith(what):
            return int(row.split()[1]) // 1024
    return 0


def test_killed_at_many_moments():
    """kill -9 under load: of a file each line once; of a socket none twice, and none that was committed is lost."""
    configure(BOTH)
    rng = random.Random(11)
    sent = taken = 0
    for _ in range(KILLS):
        daemon = Daemon()
        until = time.monotonic() + rng.uniform(0.0, 0.8)
        with connect('conn.sock') as s:
            while time.monotonic() < until:
                append('access.log', *range(sent, sent + 40))
                s.sendall(b''.join(line(n) for n in range(taken, taken + 40)))
                sent += 40
                taken += 40
                if rng.random() < 0.02:
                    os.rename('access.log', f'access.log.{sent}')
                time.sleep(0.005)
            daemon.end(number=signal.SIGKILL)
    daemon = Daemon()
    wait_for(lambda: len(sizes('s')) >= sent)  # a stop does not wait for the files behind the one at hand
    daemon.end()
    once(sizes('s'), sent)
    kept = sizes('conn')
    equal(kept, sorted(set(kept)), 'in order, none twice')
    cretula('verify', '--store', 'store', '--strict', code=0)
    note(f'{KILLS} kills: {sent} lines of a file, each once; of {taken} over a socket {len(kept)} were committed')


def raise_files(count):
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, count), hard))


def test_5000_connections():
    """At once, each with half a line that it ends later: all lines, each once."""
    count = 5000
    raise_files(2 * count)
    configure(CONN % (count + 10))
    daemon = Daemon()
    started = time.monotonic()
    all_of_them = [connect('s.sock') for _ in range(count)]
    for n, s in enumerate(all_of_them):
        s.sendall(line(n)[:50])
    for n, s in enumerate(all_of_them):
        s.sendall(line(n)[50:] + line(count + n))
    wait_for(lambda: open_lines() >= 2 * count, seconds=60, seen=open_lines)
    took, most = time.monotonic() - started, memory(daemon.process.pid, 'VmHWM')
    said = daemon.end()
    assert 'lack of room' not in said, said
    equal(sorted(sizes('s')), list(range(2 * count)))
    assert most < 200, f'{most} MiB resident'
    note(f'{count} connections: {2 * count} lines committed after {took:.1f} s, at most {most} MiB resident')


def test_5000_of_tls():
    """At once, beside 200 that never end their handshake: these are closed, all others served, in bounded memory."""
    count, idle = int(os.environ.get('CRETULA_TLS', '5000')), 200
    raise_files(5 * count)  # the daemon has three of each
    port = test_tls.configure(connections=count + idle + 10)
    daemon = Daemon()
    context, started = client(), time.monotonic()
    waiting = [socket.create_connection(('127.0.0.1', port), timeout=120) for _ in range(idle)]
    for s in waiting:
        s.sendall(b'\x16\x03\x01')
    all_of_them = [test_tls.connect(port, context) for _ in range(count)]
    for n, s in enumerate(all_of_them):
        s.sendall(line(n)[:50])
    for n, s in enumerate(all_of_them):
        s.sendall(line(n)[50:] + line(count + n))
    wait_for(lambda: open_lines() >= 2 * count, seconds=120, seen=open_lines)
    took, most = time.monotonic() - started, memory(daemon.process.pid, 'VmHWM')
    assert all(test_tls.closed(s) for s in waiting)
    files = len(os.listdir(f'/proc/{daemon.process.pid}/fd'))
    for s in all_of_them:
        s.close()
    wait_for(lambda: len(os.listdir(f'/proc/{daemon.process.pid}/fd')) < files - count + 10, seconds=60)
    said = daemon.end()
    assert 'lack of room' not in said, said
    equal(sorted(sizes('s')), list(range(2 * count)))
    assert most < 100 + count / 10, f'{most} MiB resident'
    note(f'{count} connections of TLS: {2 * count} lines committed after {took:.1f} s, at most {most} MiB resident')


def test_seals_and_reloads():
    """Of twenty streams, two reloads each time: no descriptor and no memory more at the end than after half of them."""
    names = [f's{n}' for n in range(20)]
    write('c.yaml', ('verify_every: 0s\nstore: store\nstreams:\n' + ''.join(
        f'  {name}: {{ input: {{ unix-stream: {os.getcwd()}/{name}.sock }}, format: combined }}\n' for name in names)).encode())
    daemon, seen = Daemon(), []
    fcntl.fcntl(daemon.process.stderr, fcntl.F_SETPIPE_SZ, 1 << 20)  # two lines of the log a round, and nobody reads them yet
    peers = [connect(f'{name}.sock') for name in names]
    chains = [f'store/streams/{name}/chain.jsonl' for name in names]
    rounds = SEALS // len(names)
    for n in range(rounds):
        peers[n % 20].sendall(line(n))
        sizes_before = [os.path.getsize(chain) for chain in chains]
        daemon.process.send_signal(signal.SIGUSR1)
        wait_for(lambda: all(os.path.getsize(chain) > size for chain, size in zip(chains, sizes_before)))
        for _ in range(2):
            daemon.process.send_signal(signal.SIGHUP)
            equal((daemon.manager.recv(100), daemon.manager.recv(100)), (b'RELOADING=1', b'READY=1'))
        if n in (rounds // 2, rounds - 1):  # each stream has had lines by then
            seen.append((memory(daemon.process.pid), len(os.listdir(f'/proc/{daemon.process.pid}/fd'))))
    for peer in peers:
        peer.close()
    daemon.end()
    seals = sum(read(chain).count(b'"type":"segment"') for chain in chains)
    assert seals >= rounds * len(names), seals
    cretula('verify', '--store', 'store', '--strict', code=0)
    (memory_early, files_early), (memory_late, files_late) = seen
    note(f'{seals} seals, {2 * rounds} reloads: {memory_early} MiB and {files_early} descriptors became {memory_late} and {files_late}')
    assert memory_late <= memory_early + 16 and files_late <= files_early + len(names), seen


def slow(stop):
    """Far more connections than there are places, a byte now and then, never a line."""
    mine = []
    while not stop.is_set():
        try:
            mine.append(connect('s.sock'))
            for s in mine[-300:]:
                s.send(b'1')
        except OSError:
            mine = mine[-50:]
        if len(mine) > 1500:
            mine = mine[750:]


def rubbish(stop):
    """Half frames, lengths that are none, endless lines, bytes of every kind."""
    rng = random.Random(3)
    while not stop.is_set():
        pieces = [rng.randbytes(3000), b'99999 <1>half', b'0 <1>x', b'123456789012 <', b'7 7 7 7 7', b'<' * 9000,
                  b'x' * 200000, b'\0' * 500, b'5 <1>ab12 <', b'\xff\xfe' * 400]
        try:
            with connect('s.sock') as s:
                s.settimeout(1)
                s.sendall(rng.choice(pieces))
        except OSError:
            pass


def test_slow_peers_and_rubbish():
    """A server that is beside them loses nothing, and does not wait for them."""
    raise_files(8192)
    configure(CONN % 1024)
    daemon = Daemon()
    stop = threading.Event()
    good = connect('s.sock')
    good.sendall(line(0))
    threads = [threading.Thread(target=slow, args=[stop]), *[threading.Thread(target=rubbish, args=[stop]) for _ in range(3)]]
    for thread in threads:
        thread.start()
    count, started = 200000, time.monotonic()
    for n in range(1, count, 500):
        good.sendall(b''.join(line(i) for i in range(n, min(n + 500, count))))
    took, most = time.monotonic() - started, memory(daemon.process.pid, 'VmHWM')
    stop.set()
    for thread in threads:
        thread.join(timeout=120)
    good.close()
    said = daemon.end()
    got = [r['bytes'] - 1000 for r in cretula('view', '--store', 'store', '--stream', 's', code=0).lines if 'bytes' in r]
    once(got, count)
    cretula('verify', '--store', 'store', '--strict', code=0)
    assert most < 250, f'{most} MiB resident'
    note(f'{count} lines beside slow peers and rubbish: {count / took:.0f} a second, at most {most} MiB resident; '
         + ('; '.join(x.split('msg=')[1] for x in said.splitlines() if 'lack of room' in x) or 'nobody was refused'))


SOAKED = """store: store
streams:
  conn: { input: { unix-stream: %(here)s/conn.sock }, format: combined, seal_every: 1s }
  local: { input: { unix: %(here)s/local.sock }, format: combined, seal_every: 2s }
  tcp: { input: { tcp: "127.0.0.1:%(tcp)d" }, format: combined, seal_every: 3s }
  s: { input: { file: %(here)s/access.log }, format: combined, seal_every: 1s }
"""


def feed(stop, sent, kind, place):
    """Lines with canaries wherever a client can put one, until told to stop; sent[kind]: how many.

    Of few networks: a word that many use stays readable."""
    s = None
    while not stop.is_set():
        n = sent[kind]
        text = combined(n // 50, client=f'10.9.{n % 5}.7', target=f'/{CANARY}/{n}?mail={CANARY}@example.org',
                        user=CANARY, agent=f'Mozilla/5.0 {CANARY}', referer=f'https://{CANARY}.example/', size=n + 1000).encode()
        if kind == 's':
            with open(place, 'ab') as file:
                file.write(text)
            if n % 5000 == 4999:
                os.rename(place, f'{place}.{n}')
                for old in sorted(x for x in os.listdir('.') if x.startswith('access.log.'))[:-2]:
                    os.unlink(old)
        else:
            if s is None:
                s = socket.create_connection(place) if kind == 'tcp' else \
                    connect(place, socket.SOCK_DGRAM if kind == 'local' else socket.SOCK_STREAM)
            s.send(text)
        sent[kind] += 1
        time.sleep(0.001)


def test_soak():
    """Every input, a seal each second, reloads: no growth of memory or descriptors, and no canary in what is written."""
    configure(SOAKED)
    port = int(read('c.yaml').split(b'127.0.0.1:')[1].split(b'"')[0])
    daemon = Daemon()
    stop, sent = threading.Event(), {'conn': 0, 'local': 0, 'tcp': 0, 's': 0}
    places = {'conn': 'conn.sock', 'local': 'local.sock', 'tcp': ('127.0.0.1', port), 's': 'access.log'}
    threads = [threading.Thread(target=feed, args=[stop, sent, kind, places[kind]]) for kind in sent]
    for thread in threads:
        thread.start()
    figures, pid, until, reloads = [], daemon.process.pid, time.monotonic() + SOAK, 0
    while time.monotonic() < until:
        time.sleep(2)
        daemon.process.send_signal(signal.SIGHUP)
        while daemon.manager.recv(100) != b'READY=1':
            pass
        reloads += 1
        figures.append((memory(pid), len(os.listdir(f'/proc/{pid}/fd'))))
    stop.set()
    for thread in threads:
        thread.join(timeout=120)
    wait_for(lambda: all(stream(kind)['lines'] >= count for kind, count in sent.items()), seen=lambda: sent)
    said = daemon.end()
    for kind, count in sent.items():
        once(sizes(kind), count)
    cretula('verify', '--store', 'store', '--strict', code=0)
    early, late = figures[len(figures) // 4], max(figures[-3:])
    assert late[0] <= early[0] * 1.2 + 8 and late[1] <= early[1] + 8, figures
    for path, data in {**tree_bytes('store', 'store.keys'), 'said': said.encode()}.items():
        if path.endswith('.zst'):
            data = subprocess.run(['zstd', '-dc'], input=data, capture_output=True, check=True).stdout
        for text in (CANARY, CANARY[::-1], CANARY.encode().hex()):
            assert text.encode() not in data, path
    seals = sum(read(f'store/streams/{k}/chain.jsonl').count(b'"segment"') for k in sent)
    note(f'{SOAK} s: {sum(sent.values())} lines, {seals} seals, {reloads} reloads; {early[0]} MiB and {early[1]} descriptors '
         f'became {late[0]} and {late[1]}')


if __name__ == '__main__':
    main()
