"""Keys stay in locked memory: not in arguments, environment, core files, logs, nor anywhere else on the disk."""
import base64
import os
import resource
import shutil
import signal
import subprocess

from lib import CRETULA, Skip, combined, cretula, equal, main, make_log, open_lines, tree_bytes, wait_for, write

FORMAT = ('--store', 'store', '--format', 'combined')


def secrets(keys):
    """Name to bytes: the secrets of all slots, and the key of each ratchet."""
    found = {}
    for path, data in tree_bytes(keys).items():
        if len(data) == 512 and data.startswith(b'cretula slot v1\n') and any(data[40:72]):
            found[path] = data[40:72]
        elif len(data) == 512 and data.startswith(b'cretula tags v1\n'):
            found[path] = data[48:80]
    return found


def forms(secret):
    yield secret
    yield secret[:16]  # half a key is one too many
    yield secret.hex().encode()
    yield secret.hex().upper().encode()
    for shift in range(3):
        text = base64.b64encode(b'\0' * shift + secret + b'\0' * 3)
        yield text[4 if shift else 0:-8]


def nowhere(known, data, what):
    for name, secret in known.items():
        for form in forms(secret):
            assert form not in data, f'{name} is in {what}'


def start(*args, **more):
    return subprocess.Popen([CRETULA, *args], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0,
                            **more)


def running():
    """A pipe that has masked lines, and the secrets of its keys."""
    process = start('pipe', 's', *FORMAT)
    process.stdin.write(make_log(500))
    wait_for(open_lines)
    return process, secrets('store.keys')


def mappings(pid):
    """(first, last, flags, name) of what can be read."""
    found = []
    with open(f'/proc/{pid}/smaps', encoding='utf-8', errors='replace') as file:
        for line in file:
            head = line.split()
            if '-' in head[0] and not head[0].endswith(':'):
                first, last = (int(n, 16) for n in head[0].split('-'))
                found.append([first, last, set(), head[5] if len(head) > 5 else '', head[1]])
            elif head[0] == 'VmFlags:':
                found[-1][2] = set(head[1:])
    return [(first, last, flags, name) for first, last, flags, name, mode in found if 'r' in mode]


def need_plain_memory():
    """A sanitizer maps terabytes of shadow, which nobody can read or dump."""
    with open(CRETULA, 'rb') as program:
        if b'__asan_init' in program.read():
            raise Skip('a sanitizer maps more memory than can be looked at')


def test_every_copy_of_a_key_in_memory_is_locked_and_left_out_of_cores():
    need_plain_memory()
    if os.geteuid() != 0:
        raise Skip('only root reads the memory of another process')
    process, known = running()
    assert {os.path.basename(n) for n in known} >= {'root.key', 'kek', 'log.key', 'epoch.key', 'ratchet'}, known
    hits = {}
    with open(f'/proc/{process.pid}/mem', 'rb', buffering=0) as memory:
        for first, last, flags, name in mappings(process.pid):
            try:
                memory.seek(first)
                data = memory.read(last - first)
            except (OSError, ValueError, OverflowError):
                continue  # vvar and guard pages
            for secret, value in known.items():
                if value in data:
                    hits.setdefault(os.path.basename(secret), []).append((flags, name))
    process.communicate(timeout=120)
    assert 'root.key' in hits, 'the key that masks is somewhere'
    for secret, places in hits.items():
        for flags, name in places:
            assert 'dd' in flags, f'{secret} would be in a core: {name} {sorted(flags)}'
            assert 'lo' in flags, f'{secret} could be swapped out: {name} {sorted(flags)}'


def test_arguments_and_environment_have_no_key():
    process, known = running()
    for what in ('cmdline', 'environ', 'comm', 'status', 'maps'):
        try:
            with open(f'/proc/{process.pid}/{what}', 'rb') as file:
                nowhere(known, file.read(), what)
        except PermissionError:
            pass  # not even its own user sees it: it is not dumpable
    out, err = process.communicate(timeout=120)
    nowhere(known, out + err, 'what it printed')


def test_no_core_whatever_the_limits_say():
    resource.setrlimit(resource.RLIMIT_CORE, (resource.getrlimit(resource.RLIMIT_CORE)[1],) * 2)
    process, known = running()
    with open(f'/proc/{process.pid}/limits', encoding='ascii') as limits:
        core = next(line for line in limits if line.startswith('Max core file size'))
    equal(core.split()[4:6], ['0', '0'])
    process.send_signal(signal.SIGABRT)
    _, status = os.waitpid(process.pid, 0)
    equal((os.WIFSIGNALED(status), os.WCOREDUMP(status)), (True, False))
    process.returncode = -signal.SIGABRT
    assert not [n for n in os.listdir('.') if 'core' in n], os.listdir('.')
    for path, data in tree_bytes('store').items():
        nowhere(known, data, path)


def test_its_own_user_cannot_look_into_it():
    """Not dumpable: /proc belongs to root, and another process of that user gets nothing."""
    if os.geteuid() != 0:
        raise Skip('only root becomes another user')
    os.chmod('.', 0o711)
    os.mkdir('home')
    os.chown('home', 65534, 65534)
    shutil.copy(CRETULA, 'cretula')
    os.chmod('cretula', 0o755)
    process = subprocess.Popen([os.path.abspath('cretula'), 'pipe', 's', '--store', 'home/store', '--format', 'combined'],
                               stdin=subprocess.PIPE, stderr=subprocess.PIPE, user=65534, group=65534, extra_groups=())
    process.stdin.write(make_log(10))
    process.stdin.flush()
    wait_for(lambda: os.path.isdir('home/store.keys/s'))
    equal(os.stat(f'/proc/{process.pid}/mem').st_uid, 0, 'owner of its memory')
    for what in ('mem', 'environ', 'maps'):
        done = subprocess.run(['head', '-c', '1', f'/proc/{process.pid}/{what}'], user=65534, group=65534, extra_groups=(),
                              capture_output=True, check=False, cwd='/')
        assert b'Permission denied' in done.stderr, (what, done.stderr)
    process.communicate(timeout=120)
    equal(process.returncode, 0)


def test_a_core_that_root_forces_has_no_key():
    need_plain_memory()
    if os.geteuid() != 0:
        raise Skip('only root forces a core')
    if shutil.which('gcore') is None:
        raise Skip('no gcore (package gdb) here')
    process, known = running()
    done = subprocess.run(['gcore', '-o', 'forced', str(process.pid)], capture_output=True, check=False)
    process.communicate(timeout=120)
    core = f'forced.{process.pid}'
    assert os.path.exists(core), done.stderr
    with open(core, 'rb') as file:
        nowhere(known, file.read(), 'a core')


def test_no_file_but_the_keys_has_a_key():
    """Of pipe, mask and import, with everything that they print; and of the commands that look at keys."""
    process, known = running()
    said = b''.join(process.communicate(timeout=120))
    write('a.log', make_log(300))
    run = cretula('import', '--stream', 'i', *FORMAT, '--link-epochs', 'a.log', code=0)
    said += run.out + run.err.encode()
    for keys in ((), ('--keys', 'store.keys')):
        run = cretula('mask', '--format', 'combined', *keys, stdin=make_log(300), code=0)
        said += run.out + run.err.encode()
    for args in (('show',), ('list',), ('audit',), ('rotate', '--reason', 'x')):
        for more in ((), ('--json',)):
            run = cretula('key', *args, '--store', 'store', *more, code=0)
            said += run.out + run.err.encode()
    known.update(secrets('store.keys'))
    assert any(name.endswith('import.seed') for name in known), sorted(known)
    nowhere(known, said, 'what was printed')
    for path, data in tree_bytes('.').items():
        path = os.path.normpath(path)
        if path.startswith('store.keys/'):
            for name, secret in known.items():
                assert path == name or secret not in data, (name, path)
        else:
            nowhere(known, data, path)


main()
