"""doctor: each thing that is wrong is told with what mends it, and told no more once it is mended."""
import json
import os
import re
import shutil
import subprocess

from lib import CRETULA, SOURCE, Skip, cretula, equal, is_testing_build, main, on_disk, read, write
from test_run import Daemon, committed, configure, connect, line, wait_for

CONFIG = """store: store
streams:
  s: { input: { unix: %(here)s/run/s.sock }, format: combined }
  f: { input: { fifo: %(here)s/run/fifo }, format: combined }
  u: { input: { udp: '127.0.0.1:%(udp)d' }, format: combined }
  a: { input: { file: %(here)s/access.log }, format: combined }
"""
GOOD = {'proc/sys/net/unix/max_dgram_qlen': '512\n', 'proc/sys/net/core/rmem_max': '8388608\n',
        'proc/swaps': 'Filename\tType\tSize\tUsed\tPriority\n/dev/zram0   partition\t1\t0\t-2\n'}


def system(changed=None):
    """What stands for the files of the machine."""
    shutil.rmtree('root', ignore_errors=True)
    for name, text in {**GOOD, **(changed or {})}.items():
        os.makedirs(os.path.dirname(f'root/{name}'), exist_ok=True)
        write(f'root/{name}', text.encode())


def doctor(*options, code=None):
    return cretula('doctor', '--config', 'c.yaml', '--json', *options, env={'CRETULA_ROOT': os.path.abspath('root')}, code=code).json


def answered():
    """All that is found, of a daemon that had the time to answer."""
    seen = []
    wait_for(lambda: seen.append(doctor()) or not any('no answer within' in f['text'] for f in seen[-1]['found']))
    return seen[-1]


def found(check):
    return [f for f in doctor()['found'] if f['check'] == check]


def test_files():
    """Modes and owners of store and keys; keys inside of the store, in a backup, or copied by one; what mends does."""
    configure('store: store\nstreams:\n  s: { input: { unix-stream: %(here)s/s.sock }, format: combined }\n')
    system()
    daemon = Daemon()
    connect('s.sock').sendall(line(1))
    wait_for(lambda: committed('s') == 1)
    seen = answered()
    equal([f for f in seen['found'] if f['check'] in ('store', 'keys', 'backup', 'daemon', 'inputs', 'queue', 'disk')], [])
    daemon.end()
    equal([f['text'] for f in found('daemon')], ['no daemon runs on this store (cretula run begins one)'])
    os.chmod('store/streams/s/chain.jsonl', 0o644)
    os.chmod('store.keys', 0o755)
    for check in ('store', 'keys'):
        wrong, = found(check)
        equal(wrong['level'], 'bad')
        assert os.system(wrong['mend']) == 0, wrong
        equal(found(check), [], check)
    if os.geteuid() == 0:
        os.chown('store.keys/root.key', 65534, 65534)
        wrong, = found('keys')
        assert 'root.key' in wrong['text'], wrong
        assert os.system(wrong['mend']) == 0, wrong
        equal(found('keys'), [])
        if shutil.which('setpriv'):
            os.chmod('.', 0o755)
            run = subprocess.run(['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', CRETULA, 'doctor', '--store', 'store',
                                  '--json'], capture_output=True, check=False)
            blind = [f['check'] for f in json.loads(run.stdout)['found'] if 'may not look' in f['text']]
            equal(blind, ['store', 'keys'])
    os.mkdir('backup')
    os.rename('store.keys', 'backup/k')
    wrong = cretula('doctor', '--store', 'store', '--keys', 'backup/k', '--json', code=1).json['found']
    assert any(f['check'] == 'backup' and 'place of backups' in f['text'] for f in wrong), wrong
    os.rename('backup/k', 'store/k')
    wrong = cretula('doctor', '--store', 'store', '--keys', 'store/k', '--json', code=1).json['found']
    assert any(f['check'] == 'keys' and 'inside of the store' in f['text'] for f in wrong), wrong
    os.rename('store/k', 'store.keys')
    if is_testing_build():
        system({'etc/rsnapshot.conf': f'backup\t{os.getcwd()}/\tlocalhost/\n'})
        wrong, = found('backup')
        assert 'rsnapshot.conf copies' in wrong['text'], wrong
        system({'etc/rsnapshot.conf': f'backup\t{os.getcwd()}x/\tlocalhost/\n'})
        equal(found('backup'), [])


@on_disk
def test_inputs_and_machine():
    """Queues, buffers, directories, FIFOs, raw files and what other servers write; swap."""
    if not is_testing_build():
        raise Skip('not a testing build: no other machine can be shown')
    configure(CONFIG)
    system({'proc/sys/net/unix/max_dgram_qlen': '10\n', 'proc/sys/net/core/rmem_max': '212992\n',
            'proc/swaps': 'Filename\tType\n/dev/sda2  partition\t9\t0\t-2\n',
            'etc/nginx/conf.d/a': 'server {\n  access_log /var/log/nginx/a.log main;\n  access_log off;\n'
            '  access_log syslog:server=unix:/run/x combined;\n}\n'})
    write('access.log', b'')
    write('access.log.1', b'raw')
    equal((found('queue')[0]['level'], found('buffer')[0]['level'], found('swap')[0]['level']), ('bad', 'advice', 'advice'))
    assert 'max_dgram_qlen=512' in found('queue')[0]['mend'], found('queue')
    inputs = found('inputs')
    equal({f['text'] for f in inputs}, {f'{os.getcwd()}/run is not there'})
    assert os.system(inputs[0]['mend']) == 0, inputs
    equal(found('inputs'), [])
    os.chmod('run', 0o777)
    assert os.system(found('inputs')[0]['mend']) == 0
    os.mkfifo('run/fifo', 0o644)
    os.chmod('run/fifo', 0o644)
    assert any('others than' in f['text'] for f in found('inputs')), found('inputs')
    raw = found('raw-logs')
    assert any('1 older raw files' in f['text'] and 'shred' in f['mend'] or 'nothing of it is ever freed' in f['text'] for f in raw), raw
    server, = found('servers')
    assert server['text'].endswith('/conf.d/a:2: nginx writes raw lines to /var/log/nginx/a.log'), server
    equal(doctor(code=1)['bad'] > 0, True)
    run = cretula('doctor', '--config', 'c.yaml', env={'CRETULA_ROOT': os.path.abspath('root')}, code=1)
    assert run.text.splitlines()[-1].startswith('good    '), run.text
    system()
    for check in ('queue', 'buffer', 'swap', 'servers'):
        equal(found(check), [], check)
    shipped = read(f'{SOURCE}/packaging/sysctl.d/50-cretula.conf').decode()
    system({f"proc/sys/{name.replace('.', '/')}": value + '\n'
            for name, value in re.findall(r'(?m)^([\w.]+) = (\d+)$', shipped)})
    equal((found('queue'), found('buffer'), shipped.count(' = ')), ([], [], 2))


def test_memory_of_a_ring():
    """A file in memory that nobody frees, and one that is more than half full."""
    if not is_testing_build() or os.geteuid() != 0:
        raise Skip('not a testing build, or not root')
    os.mkdir('ring')
    if subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', 'ring'], capture_output=True, check=False).returncode:
        raise Skip('cannot mount a tmpfs here')
    try:
        text = 'store: store\nstreams:\n  s: { input: { file: %(here)s/ring/log }, format: combined AFTER }\n'
        system()
        write('ring/log', b'x' * 20000)
        for after, size, said in (('', 20000, ['lies in memory, and nothing of it is ever freed: `after_read: punch`']),
                                  (', after_read: punch', 20000, []), (', after_read: punch', 49152, ['is 75 % full; once it is, lines are lost'])):
            configure(text.replace(' AFTER', after))
            write('ring/log', b'x' * size)
            equal([f['text'].split(f'{os.getcwd()}/ring/log ')[1] for f in found('raw-logs')], said, after)
    finally:
        subprocess.run(['umount', 'ring'], check=True)


def test_network():
    """The shipped unit lets loopback in only: told of who listens elsewhere, until somebody allows a network."""
    if not is_testing_build():
        raise Skip('not a testing build: no other machine can be shown')
    os.mkdir('store')
    unit = read(f'{SOURCE}/packaging/systemd/cretula.service').decode()
    shipped = {'usr/lib/systemd/system/cretula.service': unit}
    drop = 'etc/systemd/system/cretula.service.d/override.conf'
    local = 'store: store\nmetrics: 127.0.0.1:9464\nstreams:\n  t: { input: { tcp: "127.0.0.1:%(tcp)d" } }\n  u: { input: { udp: "localhost:%(udp)d" } }\n'
    wide = 'store: store\nmetrics: 192.0.2.1:9464\nstreams:\n  t: { input: { tcp: "0.0.0.0:%(tcp)d" } }\n  u: { input: { udp: "[::]:%(udp)d" } }\n'
    loose = unit.replace('IPAddressDeny=any\n', '')
    assert loose != unit
    rows = [
        (local, shipped, 0, 'loopback is let in'),
        (wide, {}, 0, 'no unit'),
        (wide, shipped, 3, 'two inputs and the metrics'),
        (wide, {'etc/systemd/system/cretula.service': loose, **shipped}, 0, "the administrator's comes first"),
        (wide, {**shipped, drop: '[Service]\nIPAddressAllow=10.0.0.0/8\n'}, 0, 'what docs/capture.md says'),
        (wide, {**shipped, drop: '[Unit]\nIPAddressAllow=10.0.0.0/8\n'}, 3, 'of another section'),
        (wide, {**shipped, drop: '[Service]\nIPAddressAllow=127.0.0.5 ::1\n'}, 3, 'more of the same machine'),
        (wide, {**shipped, drop: '[Service]\nIPAddressDeny=\n'}, 0, 'taken back'),
        (wide, {**shipped, drop: '[Service]\nIPAddressAllow=10.0.0.0/8\nIPAddressAllow=\n'}, 3, 'allowed, and taken back'),
        (wide, {**shipped, drop + '.bak': '[Service]\nIPAddressDeny=\n'}, 3, 'no file of systemd'),
    ]
    for config, files, count, claim in rows:
        configure(config)
        system(files)
        seen = found('network')
        equal(len(seen), count, claim)
        assert all('IPAddressAllow=' in f['mend'] and f['level'] == 'bad' for f in seen), seen
    configure(wide)
    system(shipped)
    equal([f['text'].split(' listens')[0] for f in found('network')], ['stream t', 'stream u', 'metrics'])


def test_certificates():
    """One that has expired, one that soon will, and what is none."""
    configure("store: store\nstreams:\n  t: { input: { tls: '127.0.0.1:%(tcp)d', certificate: c.pem, key: k.pem }, format: combined }\n")
    os.mkdir('store')
    system()
    for days, want in ((90, []), (5, [('advice', 'expires in 4 days')])):
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=x',
                        '-keyout', 'k.pem', '-out', 'c.pem', '-days', str(days)], check=True, capture_output=True)
        equal([(f['level'], ' '.join(f['text'].split()[-4:])) for f in found('certificates')], want)
    if is_testing_build():
        later = cretula('doctor', '--config', 'c.yaml', '--json', env={'CRETULA_CLOCK': '2045-01-01T00:00:00Z'}, code=1).json['found']
        assert any(f['level'] == 'bad' and f['text'].endswith('has expired') for f in later), later
    write('c.pem', b'nothing')
    assert 'no certificate' in found('certificates')[0]['text'], found('certificates')


def test_what_it_needs():
    """A configuration or a store; a bad one is told as everywhere; --strict says 4 to advice."""
    cretula('doctor', '--config', 'nowhere.yaml', code=66)
    write('c.yaml', b'streams: { s: { format: combined } }\n')
    cretula('doctor', '--config', 'c.yaml', code=2)
    write('c.yaml', b'store: [\n')
    cretula('doctor', '--config', 'c.yaml', code=78)
    configure('store: store\nstreams:\n  s: { input: { unix-stream: %(here)s/s.sock }, format: combined }\n')
    Daemon().end()
    system()
    if is_testing_build() and not doctor()['bad']:
        assert doctor()['advice'] > 0
        doctor(code=0)
        doctor('--strict', code=4)


if __name__ == '__main__':
    main()
