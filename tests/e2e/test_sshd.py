"""A real sshd under logins that are good, bad and hostile: what was tried is what we count."""
import collections
import os
import pwd
import shutil
import socket
import subprocess
import time

from hostile import CANARY, Server, free_port, send
from lib import Skip, cretula, equal, main, read, records, write
from presets import SOCKETS, configure, preset
from test_run import Daemon, committed, wait_for

SSHD = shutil.which('sshd') or '/usr/sbin/sshd'
RSYSLOG = shutil.which('rsyslogd') or '/usr/sbin/rsyslogd'
SSH = shutil.which('ssh') or '/usr/bin/ssh'
# Names that are nobody's here, some of which imitate what sshd writes behind a name.
NOBODY = [CANARY, 'x from 198.51.100.22 port 22 ssh2', 'Accepted publickey for root from 198.51.100.22 port 22 ssh2',
          'a [preauth]', 'ünknown', 'erika@example.org', '198.51.100.22', 'port 5', 'root 198.51.100.22 port 4711 [preauth]']
WIRES = [b'GET /' + CANARY.encode() + b' HTTP/1.0\r\n\r\n', b'\x00\x01\x02\r\n', b'SSH-2.0-x\r\n', b'SSH-1.5-x\r\n']


def config(port, folder):
    return f'''Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host
PidFile none
AuthorizedKeysFile {folder}/good.pub
StrictModes no
UsePAM no
PermitRootLogin yes
PasswordAuthentication no
LogLevel VERBOSE
MaxStartups 100
'''.encode()


def log_in(port, user, key):
    done = subprocess.run([SSH, '-F', 'none', '-p', str(port), '-i', key, '-o', 'IdentitiesOnly=yes', '-o', 'BatchMode=yes',
                           '-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null', '-l', user, '127.0.0.1',
                           'true'], stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=120)
    return done.returncode == 0


def children(pid):
    return read(f'/proc/{pid}/task/{pid}/children').split()


def run_sshd():
    """What sshd wrote, after two good logins, two with a wrong key and one for each of nobody's names."""
    for program in (SSHD, SSH):
        if not os.path.exists(program):
            raise Skip(f'no {os.path.basename(program)}: ./setup installs it')
    me, folder, port = pwd.getpwuid(os.getuid()).pw_name, os.getcwd(), free_port()
    for key in ('host', 'good', 'bad'):
        subprocess.run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', key], check=True)
    if os.getuid() == 0:
        os.chmod(folder, 0o755)
        os.makedirs('/run/sshd', exist_ok=True)  # where it goes before anybody is known
    write('config', config(port, folder))
    with Server([SSHD, '-D', '-f', f'{folder}/config', '-E', f'{folder}/log'], port) as server:
        if not log_in(port, me, 'good') or not log_in(port, me, 'good'):
            raise Skip(f'nobody may log in here: {read("log")[-300:]!r}')
        for user, key in [(me, 'bad'), (me, 'bad')] + [(user, 'bad') for user in NOBODY]:
            assert not log_in(port, user, key), user
        for wire in WIRES:
            send(port, wire)
        wait_for(lambda: not children(server.child.pid))  # each says in the log what it has seen, and ends
    return me, read('log')


def logins(run):
    return collections.Counter(r.get('outcome') for r in run.lines if r.get('action') == 'login')


def check(run, me):
    """Logins are counted as they were tried; nobody's name and no address is left."""
    count = logins(run)
    equal(count['success'], 2, 'good logins')
    equal(count['failure'], 2 + len(NOBODY), 'bad logins')
    for record in run.lines:
        if record.get('action') == 'login':
            assert record['client'].startswith('ip.'), record
    equal(len({r['client'] for r in run.lines if 'client' in r}), 1, 'clients')
    users = {r['user'] for r in run.lines if r.get('action') == 'login' and r.get('outcome') == 'failure'}
    equal(len(users), 1 + len(NOBODY), 'names')
    for text in [*NOBODY[:6], '198.51.100.22', '127.0.0.1']:
        assert text.encode() not in run.out, text
    assert me == 'root' or me.encode() not in run.out


def test_logins_are_counted_as_they_were_tried():
    """In its own file, in syslog and in a container's log."""
    me, log = run_sshd()
    run = cretula('mask', '--format', 'auth', stdin=log)
    check(run, me)
    lines = log.decode('utf-8', 'surrogateescape').splitlines()
    syslog = ''.join(f'Nov 24 10:11:12 bastion sshd[4711]: {line}\n' for line in lines if line)
    run = cretula('mask', '--format', 'auth', stdin=syslog.encode('utf-8', 'surrogateescape'), code=0)
    check(run, me)
    equal(len(run.lines), syslog.count('\n'), 'records')
    equal([r for r in run.lines if 'state' in r], [], 'not read')
    cri = ''.join(f'2025-11-24T10:11:12.5Z stderr F {line}\n' for line in lines if line)
    check(cretula('mask', '--format', 'auth', stdin=cri.encode('utf-8', 'surrogateescape'), code=0), me)
    write('auth.log', syslog.encode('utf-8', 'surrogateescape'))
    equal(cretula('check', '--detect', 'auth.log', '--json', code=0).json['format'], 'auth')
    over_rsyslog([line for line in log.splitlines() if line], me)


def over_rsyslog(lines, me):
    """As share/presets has it: from syslog to the daemon, and to no file."""
    if not os.path.exists(RSYSLOG):
        raise Skip('no rsyslogd: ./setup installs it')
    folder = os.getcwd()
    configure('sshd', {SOCKETS: folder})
    write('rsyslog.conf', f"""global(workDirectory="{folder}")
module(load="imuxsock" SysSock.Use="off")
input(type="imuxsock" Socket="{folder}/in.sock" CreatePath="on" RateLimit.Interval="0")
{preset('sshd', 'cretula.conf', {SOCKETS: folder})}
action(type="omfile" file="{folder}/rest.log")
""".encode())
    daemon = Daemon()
    log = subprocess.Popen([RSYSLOG, '-n', '-f', 'rsyslog.conf', '-i', f'{folder}/rsyslog.pid'], stderr=subprocess.DEVNULL)
    wait_for(lambda: os.path.exists('in.sock'))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.connect('in.sock')
        for line in lines:
            s.send(b'<38>Nov 24 10:11:12 sshd[4711]: ' + line)
        s.send(b'<30>Nov 24 10:11:12 other: of another facility')
    wait_for(lambda: committed('sshd') >= len(lines) and os.path.exists('rest.log'))
    log.terminate()
    log.wait(timeout=120)
    daemon.end()
    run = cretula('view', '--store', 'store', '--stream', 'sshd', code=0)
    check(run, me)
    equal(len(records('store', 'sshd')), len(lines))
    equal([r for r in run.lines if 'state' in r], [], 'not read')
    equal(read('rest.log').count(b'\n'), 1, 'lines that rsyslog writes to a file')
    cretula('verify', '--store', 'store', '--strict', code=0)


if __name__ == '__main__':
    main()
