"""run, taken over: no other file, no other program, nobody to talk to; and not root any more."""
import contextlib
import grp
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile

from lib import CRETULA, Skip, cretula, equal, is_testing_build, main, read, write
from test_run import ONE, Daemon, committed, configure, connect, free_port, line, sizes, wait_for


def has_landlock():
    return b'landlock' in open('/proc/self/status', 'rb').read() or os.path.exists('/sys/kernel/security/landlock')


def said_first(text):
    """The line of the sandbox."""
    found = re.search(r'msg="((?:not )?confined[^"]*)"', text)
    assert found, text
    return found.group(1)


def is_sanitized(said):
    return 'not with a sanitizer' in said


def escape(*names, to=''):
    """What became of each attempt; and all that was said."""
    configure()
    daemon = Daemon(env={'CRETULA_ESCAPE': ' '.join(names), 'CRETULA_ESCAPE_TO': to})
    said = daemon.end()
    return dict(re.findall(r'escape ([a-z-]+): ([^"]*)"', said)), said


def test_escapes():
    """Each attempt is refused, in a thread too; and what is in force is said."""
    if not is_testing_build():
        raise Skip('not a testing build: nothing to try with')
    if SANITIZED:
        raise Skip('a sanitizer does not live with a filter of system calls')
    secret = os.path.abspath('outside')
    os.mkdir('d')
    write(secret, b'x')
    os.chmod(secret, 0o644)
    here = os.getcwd()
    os.chdir('d')
    names = ['code', 'connect', 'connect-unix', 'datagrams', 'fork', 'kill', 'link', 'memory', 'netlink', 'read', 'root',
             'send', 'terminal', 'write']
    tried, said = escape(*names, to=secret)
    os.chdir(here)
    first = said_first(said)
    if 'by Landlock' not in first:
        raise Skip(f'this kernel has no Landlock: {first}')
    equal(set(tried), set(names), said)
    for name, end in tried.items():
        assert end in ('Operation not permitted', 'Permission denied', 'Invalid cross-device link'), (name, end, said)
    equal(read(secret), b'x')


def test_a_store_opens_no_directory_of_others():
    """A store, keys and a configuration right below a directory that many use leave all else in it closed."""
    if not is_testing_build():
        raise Skip('not a testing build: nothing to try with')
    if SANITIZED:
        raise Skip('a sanitizer does not live with a filter of system calls')
    with tempfile.NamedTemporaryFile(dir='/tmp') as other, tempfile.NamedTemporaryFile(dir='/tmp', suffix='.yaml') as config:
        store = config.name + '.store'
        write(config.name, f'store: {store}\nstreams:\n  s: {{ input: {{ unix: {os.getcwd()}/s.sock }} }}\n'.encode())
        try:
            daemon = Daemon(env={'CRETULA_ESCAPE': 'remove read write', 'CRETULA_ESCAPE_TO': other.name},
                            command=[CRETULA, 'run', '--config', config.name])
            said = daemon.end()
        finally:
            for path in (store, store + '.keys'):
                shutil.rmtree(path, ignore_errors=True)
            if os.path.exists(store + '.sock'):
                os.unlink(store + '.sock')
        if 'by Landlock' not in said_first(said):
            raise Skip('this kernel has no Landlock')
        tried = dict(re.findall(r'escape ([a-z-]+): ([^"]*)"', said))
        equal(tried, {name: 'Permission denied' for name in ('remove', 'read', 'write')}, said)
        assert os.path.exists(other.name)


def test_hostile_calls_end_it():
    """exec and ptrace: said, and then the process is gone, as of a bad system call."""
    if not is_testing_build():
        raise Skip('not a testing build: nothing to try with')
    if SANITIZED:
        raise Skip('a sanitizer does not live with a filter of system calls')
    for name in ('exec', 'ptrace'):
        configure()
        run = subprocess.run([CRETULA, 'run', '--config', 'c.yaml'], env={**os.environ, 'CRETULA_ESCAPE': name},
                             capture_output=True, check=False, timeout=120)
        said = run.stderr.decode()
        equal(run.returncode, -signal.SIGSYS, said)
        assert 'was denied: cretula never makes it' in said, said


ALL = ('code', 'connect', 'connect-unix', 'datagrams', 'fork', 'kill', 'link', 'memory', 'netlink', 'read', 'remove', 'root',
       'send', 'terminal', 'write')
REFUSED = ('Operation not permitted', 'Permission denied', 'Invalid cross-device link')


def attempts(*args, names=ALL, to='', **more):
    """What became of each, the last time it was tried; and all that the command said."""
    run = cretula(*args, env={'CRETULA_ESCAPE': ' '.join(names), 'CRETULA_ESCAPE_TO': to}, **more)
    return re.findall(r'escape ([a-z-]+): ([^"]*)"', run.err), run


def can_escape():
    if not is_testing_build():
        raise Skip('not a testing build: nothing to try with')
    if SANITIZED:
        raise Skip('a sanitizer does not live with a filter of system calls')
    if 'by Landlock' not in FIRST:
        raise Skip(f'this kernel has no Landlock: {FIRST}')


def test_commands_that_read_logs():
    """mask, import, pipe and verify open what they were given, and nothing else: no file, no program, no socket."""
    can_escape()
    secret = os.path.abspath('outside')
    write(secret, b'x')
    os.chmod(secret, 0o644)
    os.mkdir('d')
    os.chdir('d')
    write('log', b''.join(map(line, range(10))))
    import_log = ('import', '--store', 'store', '--stream', 's', '--format', 'combined', 'log')
    cretula(*import_log, code=0)
    write('words', b'')
    os.mkdir('w')
    listens = socket.socket(socket.AF_UNIX)
    listens.bind('s.sock')
    listens.listen()
    write('c.yaml', f'store: store\nstreams:\n  r: {{ input: {{ unix-stream: {os.getcwd()}/s.sock }} }}\n'.encode())
    for args, stdin in ((('mask', '--format', 'combined'), read('log')),
                        (('mask', '--keys', 'store.keys', '--words', 'w/words'), read('log')),
                        ((*import_log, '--again'), b''),
                        (('pipe', '--store', 'store', 'live', '--format', 'combined'), read('log')),
                        (('pipe', '--config', 'c.yaml', 'r'), read('log')),
                        (('verify', '--store', 'store', '--pin', 'w/pin'), b'')):
        tried, run = attempts(*args, stdin=stdin, to=secret, code=0)
        relay = 'r' in args
        equal({name for name, _ in tried}, set(ALL), (args, run.err))
        for name, end in tried:
            if relay and name in ('connect-unix', 'connect'):  # it has one to talk to; a filter sees no addresses
                assert end in (*REFUSED, 'No such file or directory'), (args, name, end)
            else:
                assert end in REFUSED, (args, name, end)
        equal(read(secret), b'x', args)
    listens.close()
    assert os.path.exists('w/words') and os.path.exists('w/pin')
    cretula('verify', '--store', 'store', '--strict', code=0)
    for args in (('mask',), import_log):
        run = attempts(*args, names=['exec'], stdin=read('log'))[1]
        equal(run.code, -signal.SIGSYS, run.err)
        assert 'was denied: cretula never makes it' in run.err, run.err


def test_the_verifier_of_its_own():
    """cretula-verify, likewise: a store, a bundle or a proof that a stranger made gives it nothing to do but say no."""
    can_escape()
    write('outside', b'x')
    os.chmod('outside', 0o644)
    secret = os.path.abspath('outside')
    os.mkdir('d')
    os.chdir('d')
    write('log', b''.join(map(line, range(10))))
    cretula('import', '--store', 'store', '--stream', 's', '--format', 'combined', 'log', code=0)
    cretula('evidence', '--store', 'store', '--out', 'bundle', code=0)
    write('proof', cretula('prove', '--store', 'store', '--stream', 's', '--record', '3', code=0).out)
    os.mkdir('w')

    def ask(*args, names=ALL):
        return subprocess.run([os.path.join(os.path.dirname(CRETULA), 'cretula-verify'), *args], capture_output=True, check=False,
                              timeout=120, env={**os.environ, 'CRETULA_ESCAPE': ' '.join(names), 'CRETULA_ESCAPE_TO': secret})

    for args in (('--store', 'store', '--pin', 'w/pin'), ('--store', 'store', '--pin', 'w/pin', '--json'), ('--bundle', 'bundle'),
                 ('--proof', 'proof')):
        run = ask(*args)
        equal(run.returncode, 0, (args, run.stderr, run.stdout))
        tried = dict(re.findall(r'escape ([a-z-]+): ([^"]*)"', run.stderr.decode()))
        equal(set(tried), set(ALL), (args, run.stderr))
        equal({name: end for name, end in tried.items() if end not in REFUSED}, {}, args)
    equal(read(secret), b'x')
    assert os.path.exists('w/pin')
    for name in ('exec', 'ptrace'):
        equal(ask('--store', 'store', names=[name]).returncode, -signal.SIGSYS, name)


def test_a_store_that_is_made():
    """Where it will be must be open for it; once it is there, nothing beside it is."""
    can_escape()
    write('log', line(1))
    tried, run = attempts('import', '--store', 'store', '--stream', 's', '--format', 'combined', 'log',
                          names=['write', 'read'], to=os.path.abspath('beside'), code=0)
    equal(tried, [('read', 'No such file or directory'), ('write', 'worked'), ('read', 'Permission denied'),
                  ('write', 'Permission denied')], run.err)


def test_what_commands_say():
    """A filter in a shell has nothing to say of it; who stays says it as the daemon does; `off` and `required` count."""
    write('log', line(1))
    write('off.yaml', b'sandbox: off\n')
    write('need.yaml', b'sandbox: required\n')
    for more in ((), ('--config', 'off.yaml')):
        run = cretula('mask', *more, stdin=read('log'), code=0)
        equal(len(run.err.splitlines()), 1, run.err)
    run = cretula('pipe', '--store', 'store', 's', '--format', 'combined', stdin=read('log'), code=0)
    equal(said_first(run.err).startswith('confined '), True, run.err)
    run = cretula('pipe', '--store', 'store', '--config', 'off.yaml', 's', stdin=read('log'), code=0)
    equal(said_first(run.err), 'not confined: `sandbox: off`')
    whole = not SANITIZED and 'nothing is missing' in FIRST
    run = cretula('mask', '--config', 'need.yaml', stdin=read('log'), code=0 if whole else 78)
    assert whole or 'required, but not enforced' in run.err, run.err


def test_inputs_of_an_import():
    """What a shell gives as a file is read: a pipe, a descriptor, a link, one of very many, one with a long name."""
    write('log', line(1))
    os.symlink('log', 'link')
    deep = '/'.join(['a' * 200] * 6)
    os.makedirs(deep)
    write(f'{deep}/log', line(2))
    os.mkdir('many')
    for n in range(300):
        write(f'many/{n}', line(n + 10))
    for n, files in enumerate(('link', f'{deep}/log', 'many/*', '<(cat log)', '- < log', '/dev/stdin < log')):
        run = subprocess.run(['bash', '-c', f'"$0" import --store store{n} --stream s --format combined {files}', CRETULA],
                             stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=120)
        equal(run.returncode, 0, (files, run.stderr))


def test_every_thread():
    """No privileges, no dump, and the filter, in each of them."""
    configure()
    daemon = Daemon()
    connect('s.sock').sendall(line(1))
    wait_for(lambda: committed('s') == 1)
    tasks = f'/proc/{daemon.process.pid}/task'
    states = []
    for task in os.listdir(tasks):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # one that ends
            states.append(read(f'{tasks}/{task}/status').decode())
    assert len(states) >= 3, states
    for state in states:
        assert 'NoNewPrivs:\t1' in state, state
        assert SANITIZED or 'Seccomp:\t2' in state, state
    limits = read(f'/proc/{daemon.process.pid}/limits').decode()
    assert re.search(r'Max core file size\s+0\s+0', limits), limits
    daemon.end()


def test_reload_stays_inside():
    """Another directory needs a restart, and is named; a place that is known does not."""
    for d in ('a', 'b', 'w'):
        os.mkdir(d)
    write('w/routes', b'/shop\n')
    write('elsewhere', b'/shop\n')
    os.mkdir('e')
    os.rename('elsewhere', 'e/routes')
    text = 'store: store\nstreams:\n  s: {{ input: {{ unix-stream: %(here)s/a/s.sock }}, format: combined{} }}\n'
    os.mkdir('etc')
    os.chdir('etc')
    base = os.path.dirname(os.getcwd())

    def config(more='', place='a'):
        write('c.yaml', text.format(more).replace('%(here)s/a', f'{base}/{place}').encode())

    config(f', routes: [{base}/w/routes]')
    daemon = Daemon()

    def reload():
        daemon.process.send_signal(signal.SIGHUP)
        equal(daemon.manager.recv(100), b'RELOADING=1')
        equal(daemon.manager.recv(100), b'READY=1')

    config(f', routes: [{base}/w/routes, {base}/e/routes]')
    reload()
    config(place='b')
    reload()
    write(f'{base}/w/more', b'/cart\n')
    config(f', routes: [{base}/w/more]')
    reload()
    connect(f'{base}/a/s.sock').sendall(line(1))
    wait_for(lambda: committed('s') == 1)
    said = daemon.end()
    if 'by Landlock' in said_first(said):
        equal(said.count('stays as it was'), 2, said)
        assert f'{base}/e needs a restart' in said and f'{base}/b needs a restart' in said, said
    equal(sizes('s'), [1])


def test_choices():
    """off says so; required is met or ends with 78; user and group are checked."""
    configure('sandbox: off\n' + ONE)
    equal(said_first(Daemon().end()), 'not confined: `sandbox: off`')
    configure('sandbox: required\n' + ONE)
    if not SANITIZED and 'nothing is missing' in FIRST:
        Daemon().end()
    else:
        run = cretula('run', '--config', 'c.yaml', code=78)
        assert 'required, but not enforced' in run.err, run.err
    for text, want in (('user: root\n', 'is root'), ('user: nobody-at-all\n', 'there is no user'),
                       ('group: nogroup\n', 'needs a `user:`'), ('user: nobody\ngroup: none-such\n', 'there is no group')):
        configure(text + ONE)
        run = cretula('run', '--config', 'c.yaml', code=78)
        assert want in run.err, (text, run.err)


def test_another_user():
    """From root: the input is opened first, then nothing of root is left; what it makes is the user's."""
    if os.geteuid() != 0:
        raise Skip('only root can become somebody else')
    user, group = pwd.getpwnam('nobody'), grp.getgrnam('daemon')
    here = os.getcwd()
    for folder in iter(lambda h=[here]: h.pop() if h else None, None):
        os.chmod(folder, 0o755)
    os.chmod(os.path.dirname(here), os.stat(os.path.dirname(here)).st_mode | 0o055)
    os.mkdir('data')
    os.chown('data', user.pw_uid, group.gr_gid)
    port = free_port()
    write('access.log', line(3))
    os.chmod('access.log', 0o600)
    text = ('store: data/store\nuser: nobody\ngroup: daemon\nstreams:\n'
            '  s: { input: { unix-stream: %(here)s/s.sock }, format: combined }\n'
            f'  t: {{ input: {{ tcp: "127.0.0.1:{port}" }}, format: combined }}\n')
    configure(text)
    os.chmod('c.yaml', 0o644)
    daemon = Daemon()
    status = read(f'/proc/{daemon.process.pid}/status').decode()
    uid, gid = user.pw_uid, group.gr_gid
    assert f'Uid:\t{uid}\t{uid}\t{uid}\t{uid}\n' in status and f'Gid:\t{gid}\t{gid}\t{gid}\t{gid}\n' in status, status
    for name in ('CapInh', 'CapBnd', 'CapAmb'):
        assert f'{name}:\t0000000000000000' in status, status
    for name in ('CapPrm', 'CapEff'):
        assert f'{name}:\t0000000000004000' in status, status  # to lock memory, and no more
    equal((os.stat('s.sock').st_uid, os.stat('data/store').st_uid, os.stat('data/store.keys').st_uid), (uid,) * 3)
    connect('s.sock').sendall(line(1))
    with socket.create_connection(('127.0.0.1', port)) as s:
        s.sendall(line(2))
        wait_for(lambda: os.path.isdir('data/store/streams/t/open'))
    daemon.end()
    for stream in ('s', 't'):
        run = cretula('stats', '--store', 'data/store', '--stream', stream, '--json')
        assert run.code == 0 and run.json, run.err
    configure(text.replace('unix-stream: %(here)s/s.sock', 'file: %(here)s/access.log'))
    os.chmod('c.yaml', 0o644)
    run = cretula('run', '--config', 'c.yaml', code=78)
    assert 'access.log: Permission denied' in run.err, run.err


def probe():
    """What this build and kernel do, told by a start."""
    configure()
    return said_first(Daemon().end())


if __name__ == '__main__':
    import tempfile

    home = os.getcwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        FIRST = probe()
        os.chdir(home)
    SANITIZED = is_sanitized(FIRST)
    main()
