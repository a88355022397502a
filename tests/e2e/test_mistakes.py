"""Usual mistakes of somebody who is new: each is told with its place, its cause and what to do, in one line."""
import gzip
import os
import shutil
import socket
import subprocess

from lib import CRETULA, Skip, cretula, equal, main, make_log, read, write

CONFIG = 'store: ./store\nserve: {{ listen: "127.0.0.1:{}" }}\nroles: {{ dev: {{ users: [games] }} }}\nstreams: {{ shop: {{}} }}\n'


def prepare():
    log = make_log(300)
    write('access.log', log)
    write('empty.log', b'')
    write('words.log', b'hello world\nthis is no log\n')
    write('cut.gz', gzip.compress(log * 9)[:4000])
    os.mkdir('folder')
    cretula('import', '--store', 'store', '--stream', 'shop', 'access.log', code=0)


def rows(port):
    """(what was typed, exit code, what is said: place and cause, what to do)"""
    into = 'import --store new --stream shop'
    yield f'{into} nolog', 66, 'nolog: No such file or directory', ''
    yield f'{into} folder', 66, 'folder: a directory, not a file of lines', 'name those in it'
    yield f'{into} words.log', 66, 'words.log: format not clear: no known format fits', 'cretula help formats'
    yield f'{into} cut.gz', 66, 'cut.gz: cut off at byte ', 'zcat'
    yield f'{into} --format ngnix-combined access.log', 2, "no format 'ngnix-combined'", 'did you mean nginx-combined? cretula help formats'
    yield f'{into} --format x access.log', 2, "no format 'x'", 'cretula help formats'
    yield f'{into} --formt x access.log', 2, 'no option --formt', 'did you mean --format?'
    yield 'import --store new access.log', 2, '--stream NAME is needed', ''
    yield 'import --stream shop access.log', 2, '--store DIR is needed', '--config'
    yield 'imprt access.log', 2, "no command 'imprt'", 'did you mean import?'
    for command in ('view --stream shop', 'stats --stream shop', 'verify', 'tail --stream shop', 'hold list'):
        yield f'{command} --store nowhere', 66, 'nowhere is no store', 'nothing is there'
        yield f'{command} --store folder', 66, 'folder is no store', 'another folder'
    for command in ('view', 'stats', 'retain', 'words list'):
        yield f'{command} --store store --stream shoop', 66, 'store store has no stream shoop', 'it has cretula.store, shop'
    for command in ('view --store store --stream shop', 'stats --store store --stream shop', 'risk --store store --stream shop',
                    'evidence --store store --stream shop --out out', 'evidence --report --store store --out out',
                    'hold add case-7 --store store --stream shop --reason x', 'publish --store store --stream shop --out out',
                    'stats --role analyst --store store --stream shop'):
        yield f'{command} --since -1d --until -2d', 2, '--until must be after --since', ''
        yield f'{command} --since -1d --until -1d', 2, '--until must be after --since', ''
    yield 'verify store', 2, "unexpected 'store'", 'did you mean --store store?'
    yield 'mask access.log', 2, "unexpected 'access.log'", 'did you mean < access.log?'
    yield 'status access.log', 2, "unexpected 'access.log'", 'did you mean --config access.log?'
    yield 'verify --store store --anchor hello', 2, 'the anchor is not VKEY sha256:HEX', "the auditor's line"
    yield 'detail raise --store store --stream shop --for 1h --reason x', 3, 'no daemon runs on this store', 'cretula run'
    yield 'run', 66, '/etc/cretula/cretula.yaml: No such file or directory', '`cretula init` makes it'
    yield 'run --config ring.yaml', 78, '/run/cretula-rings/nowhere/: No such file or directory', 'cretula-ring@SERVER` makes it'
    yield 'serve --config busy.yaml', 75, f'serve: 127.0.0.1:{port}: Address already in use', '`ss -ltnp` says who has it'
    yield f'{into} --keys store.keys access.log', 78, 'store.keys', ''


def test_each_is_told():
    prepare()
    wrong = []
    with socket.socket() as taken:
        taken.bind(('127.0.0.1', 0))
        taken.listen()
        port = taken.getsockname()[1]
        write('ring.yaml', b'store: ./new\nstreams: { shop: { input: { file: /run/cretula-rings/nowhere/access.log }, format: combined } }\n')
        write('busy.yaml', CONFIG.format(port).encode())
        for typed, code, cause, todo in rows(port):
            if typed == 'run' and os.path.exists('/etc/cretula/cretula.yaml'):
                continue
            run = cretula(*typed.split(), code=None)
            said = [line for line in run.err.splitlines() if ' is made; keys ' not in line]
            if run.code != code or len(said) != 1 or cause not in said[0] or todo not in said[0]:
                wrong.append((typed, run.code, said))
            shutil.rmtree('new', ignore_errors=True)
            shutil.rmtree('new.keys', ignore_errors=True)
    assert not wrong, '\n'.join(map(str, wrong))


def test_a_store_that_is_made_just_now():
    """It was not there when verify looked, and that is said, not that somebody may not read it."""
    if b'__asan_init' in read(CRETULA) or b'__tsan_init' in read(CRETULA):
        raise Skip('a sanitizer wants to be loaded first')
    prepare()
    os.rename('store', 'late')
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'late_store.c')
    subprocess.run(['gcc', '-shared', '-fPIC', '-O2', '-o', 'late_store.so', source], check=True)
    env = {'LD_PRELOAD': os.path.abspath('late_store.so'), 'LATE_STORE': 'late'}
    equal(cretula('verify', '--store', 'store', env=env, code=66).err, 'cretula verify: store is no store: nothing is there\n')


def test_who_may_not():
    """Keys and stores of somebody else, and keys that others may read."""
    prepare()
    os.chmod('store.keys', 0o755)
    assert 'store.keys: group or others may use it (chmod go= closes it)' in \
        cretula('import', '--store', 'store', '--stream', 'a', 'access.log', code=78).err
    os.chmod('store.keys', 0o700)
    os.rename('store.keys', 'away')
    assert 'name its keys with --keys' in cretula('import', '--store', 'store', '--stream', 'a', 'access.log', code=78).err
    os.rename('away', 'store.keys')
    if os.geteuid() == 0:
        os.chown('store.keys', 65534, 65534)
        assert 'store.keys: another user owns it (run as that user)' in \
            cretula('import', '--store', 'store', '--stream', 'a', 'access.log', code=78).err


def test_an_empty_log_is_taken_and_told():
    write('empty.log', b'')
    run = cretula('import', '--store', 'new', '--stream', 'shop', '--format', 'nginx-combined', 'empty.log', code=0)
    equal(run.err, 'cretula import: there was no line in it: is it the right file?\n')
    write('full.log', make_log(10))
    equal([cretula('import', '--store', 'new', '--stream', 'b', 'full.log', code=0).err for _ in range(2)], ['', ''], 'nor where nothing is new')


main()
