"""A real PostgreSQL under good, bad and hostile clients: its three logs tell the same, and what was done is what we count."""
import collections
import contextlib
import csv
import glob
import io
import json
import os
import shutil
import signal
import subprocess
import tempfile

from hostile import CANARY, Server, free_port, send
from lib import Skip, bare, cretula, equal, main, read, records, write
from presets import configure, preset
from test_run import Daemon, wait_for
from test_sshd import children

BINARIES = sorted(glob.glob('/usr/lib/postgresql/*/bin'))
STATEMENTS = [
    'create table t (a text, b int)',
    f"insert into t values ('{CANARY}', 4711), ('it''s', 1)",
    f"select *\nfrom t\nwhere a = '{CANARY}'\n-- 2025-11-24 10:11:12.003 UTC [1] x@y LOG:  connection authorized: user=forged database=d",
    "select * from nix where mail = 'erika.mustermann@example.org'",
    'select 1/0',
    f"select E'a\\nb\"c', $${CANARY}\n\"\"\nLOG:  x$$, 'a,b;\"'",
    f"insert into t values ('a', '{CANARY}')",
    f"select '{CANARY}' as \"{CANARY}\"",
    'do $$ begin raise warning \'for 198.51.100.22\'; end $$',
]
FAILURES = 3  # of these
# Who may not come in; the names hold what a log line is made of.
NOBODY = [CANARY, 'kx qv', 'x" y', 'q,"r', 'u@d/a LOG: ', 'erika@example.org', 'ünknown', '198.51.100.22', "it's"]
WIRES = [b'GET / HTTP/1.0\r\n\r\n', b'\0\0\0\x08\x04\xd2\x16\x2f', b'\0\0\0\x09\0\x03\0\0u']


def settings(port, folder):
    return f'''
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = ''
fsync = off
autovacuum = off
logging_collector = on
log_directory = '{folder}/data/log'
log_filename = 's.log'
log_destination = 'stderr,csvlog,jsonlog'
log_line_prefix = '%m [%p] %q%u@%d/%a %h '
log_statement = all
log_connections = on
log_disconnections = on
timezone = 'UTC'
log_timezone = 'UTC'
'''.encode()


class Postgres(Server):
    """It never runs as root."""
    def __init__(self, argv, port):
        self.port, self.ending = port, signal.SIGTERM
        self.child = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, **not_root())

    def __exit__(self, *_):
        """Who writes its logs ends behind it."""
        others = [pid.decode() for pid in children(self.child.pid)]
        super().__exit__()
        wait_for(lambda: not any(map(runs, others)), seen=lambda: others)


def runs(pid):
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return read(f'/proc/{pid}/stat').rpartition(b') ')[2][:1] != b'Z'
    return False


def not_root():
    return {'user': 'nobody', 'group': 'nogroup', 'extra_groups': []} if os.getuid() == 0 else {}


def psql(port, user, *statements, database='postgres', password='secret'):
    command = ['psql', '-X', '-q', '-h', '127.0.0.1', '-p', str(port), '-U', user, '-d', database]
    for statement in statements:
        command += ['-c', statement]
    return subprocess.run(command, capture_output=True, check=False, env={**os.environ, 'PGPASSWORD': password},
                          stdin=subprocess.DEVNULL, timeout=120).returncode


def init_postgres():
    """A database of boss in ./data; where its programs are."""
    folder = os.getcwd()
    os.mkdir('data')
    write('password', b'secret\n')
    if os.getuid() == 0:
        os.chmod(folder, 0o755)
        shutil.chown('data', 'nobody', 'nogroup')
    made = subprocess.run([f'{BINARIES[-1]}/initdb', '-D', f'{folder}/data', '-U', 'boss', '-A', 'scram-sha-256', '--no-sync',
                           '--pwfile', f'{folder}/password', '-E', 'UTF8', '--locale', 'C'], capture_output=True,
                          check=False, **not_root())
    if made.returncode != 0:
        raise Skip(f'initdb: {made.stderr[-300:]!r}')
    return BINARIES[-1]


def is_ready():
    """By its own file: who asks by a connection too early makes lines of its own, "the database system is starting up"."""
    return os.path.exists('data/postmaster.pid') and b'ready' in read('data/postmaster.pid')


def run_postgres():
    """The logs: of stderr, CSV and JSON (None before version 15)."""
    if not BINARIES or not shutil.which('psql'):
        raise Skip('no postgresql: ./setup installs it')
    binaries, folder, port = init_postgres(), os.getcwd(), free_port()
    with open('data/postgresql.conf', 'ab') as file:
        text = settings(port, folder)
        file.write(text if int(binaries.split('/')[4].split('.')[0]) >= 15 else text.replace(b',jsonlog', b''))
    with Postgres([f'{binaries}/postgres', '-D', f'{folder}/data'], port):
        wait_for(is_ready)
        psql(port, 'boss', *STATEMENTS)
        for user in NOBODY:
            equal(psql(port, user, 'select 1'), 2, user)
        equal(psql(port, 'boss', 'select 1', password='wrong'), 2)
        equal(psql(port, 'boss', 'select 1', database=f'no,"{CANARY}'), 2)
        for wire in WIRES:
            send(port, wire)
    return [read(f'data/log/s.{name}') if os.path.exists(f'data/log/s.{name}') else None for name in ('log', 'csv', 'json')]


def count(records):
    return (collections.Counter((r['event'], r.get('action'), r.get('outcome')) for r in records if r['event'] != 'log'),
            collections.Counter(r['level'] for r in records))


def check(records, out, failed=len(NOBODY) + 1):
    """What was done, as anybody counts it who has only the records."""
    done, levels = count(records)
    equal(done['auth.login', 'login', 'failure'], failed, 'logins that failed')
    for action in ('select', 'insert'):
        want = sum(statement.startswith(action) for statement in STATEMENTS)
        equal(len([r for r in records if r.get('action') == action and r['level'] == 'LOG']), want, action)
    equal(levels['ERROR'], FAILURES, 'errors')
    equal(levels['WARNING'], 1, 'warnings')
    equal([r for r in records if r.get('state')], [], 'not read')
    assert len({r['client'] for r in records if 'client' in r}) == 1, 'clients'
    out = bare(out)
    for text in [*NOBODY[:5], 'mustermann', 'erika', '198.51.100', '127.0.0.1', 'boss', '4711', 'forged']:
        at = out.find(text.encode())
        assert at < 0, (text, out[max(0, at - 200):at + 100])
    return done


def test_its_logs_tell_what_was_done():
    stderr, rows, lines = logs = run_postgres()
    table = list(csv.reader(io.StringIO(rows.decode('utf-8', 'surrogateescape'), newline='')))
    run = cretula('mask', '--format', 'postgres-csvlog', stdin=rows, code=0)
    equal(len(run.lines), len(table), 'rows')
    equal([r['level'] for r in run.lines], [row[11] for row in table], 'levels')
    done = check(run.lines, run.out)
    if lines is not None:
        said = [json.loads(line) for line in lines.splitlines()]
        run = cretula('mask', '--format', 'postgres-jsonlog', stdin=lines, code=0)
        equal([r['level'] for r in run.lines], [one['error_severity'] for one in said], 'levels')
        equal(check(run.lines, run.out), done, 'JSON beside CSV')
    # DETAIL, HINT and STATEMENT are lines of their own there, and of one line nobody knows where its name ends.
    run = cretula('mask', '--format', 'postgres', stdin=stderr, code=0)
    doubted = [r for r in run.lines if 'level' not in r]
    equal([(r['event'], r['state']) for r in doubted], [('log', 'partial')] * 2, 'the line of a name that imitates one')
    main_lines = [r for r in run.lines if r.get('level') in ('LOG', 'ERROR', 'FATAL', 'WARNING')]
    equal(len(main_lines) + 1, len(table), 'records')
    done['auth.login', 'login', 'failure'] -= 1
    equal(check(main_lines, run.out, len(NOBODY)), done, 'stderr beside CSV')
    for name, text in zip(('postgres', 'postgres-csvlog', 'postgres-jsonlog'), logs):
        if text is not None:
            write('a.log', text)
            equal(cretula('check', '--detect', 'a.log', '--json', code=0).json['format'], name)


PLACE = '/run/cretula-rings/postgresql'


def test_preset():
    """As share/presets has it: into a file in memory, which the daemon reads and gives up."""
    if not BINARIES or not shutil.which('psql'):
        raise Skip('no postgresql: ./setup installs it')
    if int(BINARIES[-1].split('/')[4].split('.')[0]) < 15:
        raise Skip('postgresql before 15 writes no JSON')
    binaries, port = init_postgres(), free_port()
    memory = '/dev/shm' if os.path.isdir('/dev/shm') else os.getcwd()
    with tempfile.TemporaryDirectory(prefix='cretula-', dir=memory) as place:
        if os.getuid() == 0:
            shutil.chown(place, 'nobody', 'nogroup')
        with open('data/postgresql.conf', 'ab') as file:
            text = preset('postgresql', 'cretula.conf', {PLACE: place})
            file.write(f"{text}\nport = {port}\nunix_socket_directories = ''\nlog_timezone = 'UTC'\nfsync = off\n".encode())
        configure('postgresql', {PLACE: place})
        daemon = Daemon()
        with Postgres([f'{binaries}/postgres', '-D', f'{os.getcwd()}/data'], port):
            wait_for(is_ready)
            equal(psql(port, 'boss', 'create table t (a text)'), 0)
            for _ in range(4):
                for user in NOBODY:
                    equal(psql(port, user, 'select 1'), 2, user)
            log = f'{place}/postgresql.json'
            psql(port, 'boss', *[f"create table t{n} (a text default '{CANARY}{'x' * 900}')" for n in range(120)])
        lines = read(log).count(b'\n')
        wait_for(lambda: os.stat(log).st_blocks * 512 < os.path.getsize(log) - 65536, seen=lambda: os.stat(log))
        said = daemon.end()
        assert lines > 0 and 'cannot be done' not in said, said
        got = records('store', 'postgresql')
        done, _ = count(got)
        equal(done['auth.login', 'login', 'failure'], 4 * len(NOBODY), 'logins that failed')
        equal(len([r for r in got if 'create' in str(r.get('extra'))]), 121, got[-3:])
        equal([r for r in got if r.get('state')], [], 'not read')
        cretula('verify', '--store', 'store', '--strict', code=0)
        shown = bare(cretula('view', '--store', 'store', '--stream', 'postgresql', code=0).out)
        for text in (CANARY, 'boss', '127.0.0.1', *NOBODY[:5]):
            assert text.encode() not in shown, text


def test_a_full_ring_stops_nobody():
    """Nobody reads, and the folder is full: statements work on, and once there is room again they are logged again."""
    if not BINARIES or not shutil.which('psql'):
        raise Skip('no postgresql: ./setup installs it')
    if int(BINARIES[-1].split('/')[4].split('.')[0]) < 15:
        raise Skip('postgresql before 15 writes no JSON')
    binaries, port, place = init_postgres(), free_port(), os.path.abspath('ring')
    os.mkdir(place)
    done = subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=128k,mode=0777', 'ring', place], capture_output=True, check=False)
    if done.returncode:
        raise Skip(f'cannot mount a tmpfs here: {done.stderr}')
    try:
        with open('data/postgresql.conf', 'ab') as file:
            text = preset('postgresql', 'cretula.conf', {PLACE: place})
            file.write(f"{text}\nport = {port}\nunix_socket_directories = ''\nlog_timezone = 'UTC'\nfsync = off\n".encode())
        log = f'{place}/postgresql.json'
        with Postgres([f'{binaries}/postgres', '-D', f'{os.getcwd()}/data'], port):
            wait_for(is_ready)
            for n in range(3):
                equal(psql(port, 'boss', *[f"create table t{n}_{k} (a text default '{'x' * 900}')" for k in range(60)]), 0, n)
            wait_for(lambda: os.statvfs(place).f_bavail < 2, seen=lambda: os.statvfs(place))  # what writes it comes behind
            os.truncate(log, 0)
            equal(psql(port, 'boss', 'create table again (a text)'), 0)
            wait_for(lambda: b'create table again' in read(log))
    finally:
        subprocess.run(['umount', place], check=True)


main()
