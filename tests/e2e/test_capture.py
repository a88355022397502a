"""Real servers write to a running daemon: what they say they served is what is in the store."""
import os
import shutil
import signal
import socket
import subprocess
import time

from hostile import CANARY, Server, free_port, hostile, send
from lib import Skip, cretula, equal, main, read, records, write
from test_run import Daemon, wait_for

HAPROXY = shutil.which('haproxy') or '/usr/sbin/haproxy'
NGINX = shutil.which('nginx') or '/usr/sbin/nginx'
RSYSLOG = shutil.which('rsyslogd') or '/usr/sbin/rsyslogd'


def nginx_config(folder, port):
    """One worker: of two, each writes its lines to the three logs in an order of its own."""
    return f'''daemon off; pid {folder}/pid; error_log {folder}/error.log crit; worker_processes 1;
events {{}}
http {{ client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
access_log syslog:server=unix:{folder}/nginx.sock combined;
access_log {folder}/access.log combined;
access_log {folder}/oracle.log combined;
server {{ listen 127.0.0.1:{port}; location / {{ return 200 "hello\\n"; }} }} }}
'''.encode()


def statuses(stream):
    return [r.get('status') for r in records('store', stream)]


def open_lines(stream):
    folder = f'store/streams/{stream}/open'
    return sum(read(os.path.join(folder, n)).count(b'\n') for n in os.listdir(folder) if n.endswith('.data'))


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
    """Over a socket as syslog, and through files that are rotated meanwhile: each request once, hostile ones too."""
    if not os.path.exists(NGINX):
        raise Skip('no nginx: ./setup installs it')
    folder, port = os.getcwd(), free_port()
    write('nginx.conf', nginx_config(folder, port))
    write('c.yaml', f"""store: store
streams:
  socket: {{ input: {{ syslog: "unix:{folder}/nginx.sock" }}, format: nginx-combined }}
  file: {{ input: {{ file: {folder}/access.log }}, format: nginx-combined }}
""".encode())
    daemon = Daemon()
    os.chmod('nginx.sock', 0o666)  # nginx's workers are another user
    os.chmod(folder, 0o755)
    with Server([NGINX, '-p', folder, '-c', f'{folder}/nginx.conf'], port) as server:
        for n, wire in enumerate(hostile()):
            send(port, wire)
            if n % 8 == 7:  # nginx drops what a socket's short queue cannot hold
                wait_for(lambda: open_lines('socket') >= read('oracle.log').count(b'\n'),
                         seen=lambda: (read('oracle.log').count(b'\n'), open_lines('socket')))
            if n % 40 == 20:
                os.rename('access.log', f'access.log.{n}')
                os.kill(int(read('pid')), signal.SIGUSR1)
                wait_for(lambda: os.path.exists('access.log'))
        del server
        time.sleep(0.3)
        served = read('oracle.log').count(b'\n')
        wait_for(lambda: open_lines('socket') >= served and open_lines('file') >= served,
                 seen=lambda: (served, open_lines('socket'), open_lines('file')))
    daemon.end()
    oracle = cretula('mask', '--format', 'nginx-combined', stdin=read('oracle.log'), code=0).lines
    equal(len(oracle), served)
    for stream in ('socket', 'file'):
        equal(statuses(stream), [r.get('status') for r in oracle], stream)
    cretula('verify', '--store', 'store', '--strict', code=0)
    nothing_raw()


def test_haproxy():
    """Its log socket is ours; what it also says on its standard output is what we count."""
    if not os.path.exists(HAPROXY):
        raise Skip('no haproxy: ./setup installs it')
    folder, port = os.getcwd(), free_port()
    write('c.yaml', f"store: store\nstreams:\n  s: {{ input: {{ unix: {folder}/lb.sock }}, format: haproxy }}\n".encode())
    write('haproxy.cfg', f"""global
  nbthread 1
  log {folder}/lb.sock local0
  log stdout format raw local0
defaults
  log global
  mode http
  option httplog
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
    for wire in hostile():
        send(port, wire)
    time.sleep(0.3)
    proxy.terminate()
    proxy.wait(timeout=20)
    lines = [line for line in read('said').splitlines() if b'] www ' in line]
    daemon.end()
    want = cretula('mask', '--format', 'haproxy', stdin=b'\n'.join(lines) + b'\n', code=0).lines
    got = [r for r in records('store') if r['event'] == 'http.request']
    equal([r.get('status') for r in got], [r.get('status') for r in want if r['event'] == 'http.request'])
    assert len(got) > 50, len(got)
    cretula('verify', '--store', 'store', '--strict', code=0)
    nothing_raw()


def test_rsyslog():
    """As a forwarder: frames with their lengths over TCP, line ends in messages and all."""
    if not os.path.exists(RSYSLOG):
        raise Skip('no rsyslogd: ./setup installs it')
    folder, port = os.getcwd(), free_port()
    write('c.yaml', f"""store: store
streams:
  s: {{ input: {{ tcp: "127.0.0.1:{port}" }}, format: auth }}
""".encode())
    write('rsyslog.conf', f"""global(workDirectory="{folder}")
module(load="imuxsock" SysSock.Use="off")
input(type="imuxsock" Socket="{folder}/in.sock" CreatePath="on")
action(type="omfwd" target="127.0.0.1" port="{port}" protocol="tcp" TCP_Framing="octet-counted"
  template="RSYSLOG_SyslogProtocol23Format")
""".encode())
    daemon = Daemon()
    log = subprocess.Popen([RSYSLOG, '-n', '-f', 'rsyslog.conf', '-i', f'{folder}/rsyslog.pid'], stderr=subprocess.PIPE)
    wait_for(lambda: os.path.exists('in.sock'))
    for n in range(200):
        text = f'Failed password for invalid user {CANARY}{n} from 192.0.2.{n} port {1024 + n} ssh2'
        subprocess.run(['logger', '-u', 'in.sock', '-t', 'sshd[77]', '-p', 'auth.info', text], check=True)
    wait_for(lambda: open_lines('s') >= 200)
    log.terminate()
    log.wait(timeout=20)
    daemon.end()
    got = records('store')
    equal([r.get('event') for r in got], ['auth.login'] * len(got))
    equal(len([r for r in got if r.get('outcome') == 'failure']), 200, got[:2])
    nothing_raw()


main()
