"""Real servers, told as share/presets tells them, write to a running daemon: what they served is what is in the store."""
import os
import shutil
import signal
import socket
import subprocess

from hostile import CANARY, Server, free_port, hostile, send
from lib import CRETULA, Skip, combined, cretula, equal, main, open_lines, read, records, segments, wait_for, write
from presets import RING, SOCKETS, configure, preset
from test_run import Daemon
from test_status import stream

APACHE = shutil.which('apache2') or '/usr/sbin/apache2'
MODULES = '/usr/lib/apache2/modules'
CADDY = shutil.which('caddy') or '/usr/bin/caddy'
HAPROXY = shutil.which('haproxy') or '/usr/sbin/haproxy'
NGINX = shutil.which('nginx') or '/usr/sbin/nginx'
RSYSLOG = shutil.which('rsyslogd') or '/usr/sbin/rsyslogd'


def nginx_config(folder, port):
    """One worker: of two, each writes its lines to the three logs in an order of its own."""
    return f'''daemon off; pid {folder}/pid; error_log {folder}/error.log crit; worker_processes 1;
events {{}}
http {{ client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
{preset('nginx', 'cretula.conf', {RING: folder + '/ring'})}
access_log {folder}/access.log combined;
access_log {folder}/oracle.log combined;
server {{ listen 127.0.0.1:{port}; location / {{ return 200 "hello\\n"; }} }} }}
'''.encode()


def statuses(stream):
    return [r.get('status') for r in records('store', stream)]


def lines_kept(stream):
    return sum(e['n'] for e in segments('store', stream)) + open_lines(stream)


def send_quietly(port):
    """Is nobody there yet?"""
    try:
        socket.create_connection(('127.0.0.1', port), timeout=1).close()
    except OSError:
        return True
    return False


def nothing_raw():
    for folder, _, names in os.walk('store'):
        for name in names:
            data = read(os.path.join(folder, name))
            if name.endswith('.zst'):
                data = subprocess.run(['zstd', '-dc'], input=data, capture_output=True, check=True).stdout
            assert CANARY.encode() not in data, name


def test_nginx():
    """Through files that are freed, and others that are rotated; cretula is killed meanwhile: each request once, hostile ones too."""
    if not os.path.exists(NGINX):
        raise Skip('no nginx: ./setup installs it')
    folder, port = os.getcwd(), free_port()
    write('nginx.conf', nginx_config(folder, port))
    os.mkdir('ring')
    configure('nginx', {RING: folder + '/ring'}, f'  file: {{ input: {{ file: {folder}/access.log }}, format: nginx-combined }}\n')
    daemon = Daemon()
    os.chmod(folder, 0o755)  # nginx's workers are another user
    with Server([NGINX, '-p', folder, '-c', f'{folder}/nginx.conf'], port, signal.SIGQUIT):
        for n, wire in enumerate(hostile()):
            send(port, wire)
            if n == 4:  # from here on it is known where it has read
                wait_for(lambda: stream('nginx')['lines'] > 0 and stream('file')['lines'] > 0)
            if n == 30:
                daemon.end(number=signal.SIGKILL)
            if n == 50:
                daemon = Daemon()
            if n % 40 == 20:
                os.rename('access.log', f'access.log.{n}')
                os.kill(int(read('pid')), signal.SIGUSR1)
                wait_for(lambda: os.path.exists('access.log'))
    served = read('oracle.log').count(b'\n')
    wait_for(lambda: lines_kept('nginx') >= served and lines_kept('file') >= served,
             seen=lambda: (served, lines_kept('nginx'), lines_kept('file')))
    daemon.end()
    oracle = cretula('mask', '--format', 'nginx-combined', stdin=read('oracle.log'), code=0).lines
    equal(len(oracle), served)
    for name in ('nginx', 'file'):
        equal(statuses(name), [r.get('status') for r in oracle], name)
    equal([e['in']['lost'] for e in segments('store', 'nginx') if e['in']['lost']], [], 'whatever clients do makes no gap')
    cretula('verify', '--store', 'store', '--strict', code=0)
    nothing_raw()


def test_haproxy():
    """Its log socket is ours; what it also says on its standard output is what we count."""
    if not os.path.exists(HAPROXY):
        raise Skip('no haproxy: ./setup installs it')
    folder, port = os.getcwd(), free_port()
    configure('haproxy', {'/var/lib/haproxy/dev': folder})
    text = preset('haproxy', 'haproxy.cfg', {' /dev/cretula': f' {folder}/cretula'})
    write('haproxy.cfg', f"""global
  nbthread 1
  log stdout len 8192 format raw local0
{text}
  timeout client 5s
  timeout server 5s
  timeout connect 1s
frontend www
  bind 127.0.0.1:{port}
  http-request return status 404 if {{ path_beg /a }}
  http-request return status 200
""".encode())
    daemon = Daemon()
    with open('said', 'wb') as said:
        proxy = subprocess.Popen([HAPROXY, '-db', '-f', 'haproxy.cfg'], stdout=said, stderr=subprocess.DEVNULL)
    wait_for(lambda: not send_quietly(port))
    for n, wire in enumerate(hostile()):
        send(port, wire)
        if n % 8 == 7:  # haproxy, too, drops what a socket's short queue cannot hold
            wait_for(lambda: open_lines('haproxy') >= read('said').count(b'\n'),
                     seen=lambda: (read('said').count(b'\n'), open_lines('haproxy')))
    proxy.send_signal(signal.SIGUSR1)  # it says first what it did
    proxy.wait(timeout=120)
    lines = [line for line in read('said').splitlines() if b'] www ' in line]
    daemon.end()
    want = cretula('mask', '--format', 'haproxy', stdin=b'\n'.join(lines) + b'\n', code=0).lines
    got = [r for r in records('store', 'haproxy') if r['event'] == 'http.request']
    equal([r.get('status') for r in got], [r.get('status') for r in want if r['event'] == 'http.request'])
    assert len(got) > 50, len(got)
    cretula('verify', '--store', 'store', '--strict', code=0)
    nothing_raw()


def test_rsyslog():
    """As a forwarder: frames with their lengths over TCP, line ends in messages and all; and no other line comes."""
    if not os.path.exists(RSYSLOG):
        raise Skip('no rsyslogd: ./setup installs it')
    folder, port = os.getcwd(), free_port()
    configure('rsyslog', {'6514': str(port)})
    write('rsyslog.conf', f"""global(workDirectory="{folder}")
module(load="imuxsock" SysSock.Use="off")
input(type="imuxsock" Socket="{folder}/in.sock" CreatePath="on")
{preset('rsyslog', 'cretula.conf', {'6514': str(port)})}
action(type="omfile" file="{folder}/rest.log")
""".encode())
    daemon = Daemon()
    log = subprocess.Popen([RSYSLOG, '-n', '-f', 'rsyslog.conf', '-i', f'{folder}/rsyslog.pid'], stderr=subprocess.PIPE)
    wait_for(lambda: os.path.exists('in.sock'))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.connect('in.sock')
        for n in range(200):
            line = combined(n, client=f'192.0.2.{n}', target=f'/{CANARY}?q={n}', status=200 + n, agent='a\n<1>b "' * (n % 3))
            s.send(b'<190>Nov 24 10:00:00 nginx: ' + line.encode())
        s.send(b'<190>Nov 24 10:00:00 other: nothing for the stream\n')
    wait_for(lambda: open_lines('rsyslog') >= 200 and os.path.exists('rest.log'))
    log.terminate()
    log.wait(timeout=120)
    daemon.end()
    equal(statuses('rsyslog'), list(range(200, 400)))
    equal(read('rest.log').count(b'\n'), 1, 'lines that rsyslog writes to a file')
    cretula('verify', '--store', 'store', '--strict', code=0)
    nothing_raw()


def apache_config(folder, port):
    """As Debian loads it, with what a2enconf would add."""
    load = ''.join(f'LoadModule {name}_module {MODULES}/mod_{name}.so\n' for name in ('mpm_event', 'authz_core', 'unixd')
                   if os.path.exists(f'{MODULES}/mod_{name}.so'))
    return f'''ServerRoot {folder}
ServerName www.example.com
Listen 127.0.0.1:{port}
PidFile {folder}/apache.pid
DefaultRuntimeDir {folder}
{load}User nobody
Group nogroup
DocumentRoot {folder}/root
LogFormat "%h %l %u %t \\"%r\\" %>s %b \\"%{{Referer}}i\\" \\"%{{User-Agent}}i\\"" combined
CustomLog {folder}/oracle.log "%>s"
{preset('apache', 'cretula.conf', {'/usr/bin/cretula': CRETULA, '/etc/cretula/cretula.yaml': f'{folder}/c.yaml'})}
<Directory {folder}/root>
Require all granted
</Directory>
'''.encode()


def test_apache():
    """Through pipes to the daemon, which is started again meanwhile."""
    if not os.path.exists(APACHE) or not os.path.isdir(MODULES):
        raise Skip('no apache2-bin: ./setup installs it')
    folder, port = os.getcwd(), free_port()
    os.mkdir('root')
    for name in ('', 'root'):
        os.chmod(os.path.join(folder, name), 0o755)
    configure('apache', {SOCKETS: folder})
    write('apache.conf', apache_config(folder, port))
    daemon = Daemon()
    with Server([APACHE, '-DFOREGROUND', '-f', f'{folder}/apache.conf'], port):
        for n, wire in enumerate(hostile()):
            send(port, wire)
            if n == 30:
                daemon.end()
            if n == 40:
                daemon = Daemon()
        # Apache ends its pipes by SIGTERM, be they as young as to die of it with all that was said to them.
        wait_for(lambda: lines_kept('apache') > 0 and lines_kept('apache-error') > 0)
    want = read('oracle.log').count(b'\n')
    wait_for(lambda: lines_kept('apache') >= want and lines_kept('apache-error') > 4,
             seen=lambda: (want, lines_kept('apache'), lines_kept('apache-error')))
    daemon.end()
    want = [int(line) for line in read('oracle.log').splitlines()]
    equal(statuses('apache'), want)
    equal([r for r in records('store', 'apache') if 'state' in r], [], 'not read')
    errors = records('store', 'apache-error')
    # `cretula pipe` says that it waits where Apache's children say things: in the error log.
    assert len(errors) > 4 and len([r for r in errors if 'state' in r]) <= 4, errors
    cretula('verify', '--store', 'store', '--strict', code=0)
    nothing_raw()


def test_caddy():
    """Over a socket as JSON; what each request was answered is what its record says."""
    if not os.path.exists(CADDY):
        raise Skip('no caddy: ./setup installs it')
    folder, port = os.getcwd(), free_port()
    os.environ['HOME'] = folder
    configure('caddy', {SOCKETS: folder})
    write('Caddyfile', preset('caddy', 'Caddyfile', {
        SOCKETS: folder, '//:80 {': f'//:{port} {{\n\tbind 127.0.0.1', '{\n\t# Also': '{\n\tadmin off\n\t# Also'}).encode())
    daemon = Daemon()
    with Server([CADDY, 'run', '--adapter', 'caddyfile', '--config', 'Caddyfile'], port):
        wires = [wire for wire in hostile() if not wire.startswith(b'OPTIONS * ')]  # Go answers it, and Caddy does not know
        answers = [send(port, wire) for wire in wires]
    daemon.end()
    got = records('store', 'caddy')
    # Go answers before Caddy sees what is no HTTP.
    equal([r['status'] for r in got], [n for n in answers if n not in (0, 400, 505)])
    equal([r for r in got if 'state' in r], [], 'not read')
    cretula('verify', '--store', 'store', '--strict', code=0)
    nothing_raw()


main()
