"""A long chain: whoever reads it keeps in memory where its entries are, and not the entries."""
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile

from lib import CRETULA, SOURCE, Skip, cretula, equal, main, make_log, read, write

sys.path.insert(0, os.path.join(SOURCE, 'tests/vectors'))
import make
import verify

HERE = ['--store', 'store', '--stream', 's']
COMMANDS = [['verify', '--jobs', '1', '--store', 'store'], ['view', *HERE], ['prove', *HERE, '--record', '3'],
            ['recover', *HERE], ['evidence', *HERE, '--out', 'bundle'], ['verify', '--jobs', '1', '--bundle', 'bundle']]


def slot(name):
    """The number and the secret of a key."""
    content = read(f'store.keys/{name}')
    equal(content[:16], b'cretula slot v1\n')
    return int.from_bytes(content[32:40], 'little'), content[40:72]


def lengthen(count, noted=True):
    """What its writer would have done: entries of the largest kind that any stream may have, each with its note."""
    chain = 'store/streams/s/chain.jsonl'
    lines = read(chain).splitlines()
    origin, policy = (json.loads(lines[0])[key] for key in ('origin', 'policy'))
    log, (epoch, seed) = slot('s/log.key')[1], slot('s/epoch.key')
    tree, before = verify.Frontier(), hashlib.sha256(lines[-1]).hexdigest()
    for line in lines:
        tree.add(verify.sha256(b'\0', line))
    with open(chain, 'ab') as out:
        for i in range(len(lines), len(lines) + count):
            line = json.dumps({'v': 1, 'i': i, 'type': 'config', 't': '2096-12-01T08:00:02.500Z', 'prev': before,
                               'kind': 'detail', 'policy': policy, 'text': 'x' * 2048, 'by': 'y' * 1024, 'sw': 'z' * 1024},
                              separators=(',', ':')).encode()
            before = hashlib.sha256(line).hexdigest()
            tree.add(verify.sha256(b'\0', line))
            out.write(line + b'\n')
            if noted or i == len(lines) + count - 1:
                note = make.signed_note(origin, i + 1, tree.root(), log, epoch, seed)
                write(f'store/streams/s/cp/{i + 1:08}.note', note)
    write('store/streams/s/checkpoint', note)


def peak(command):
    """KiB.  What this process hands down to a child until it becomes another program does not count."""
    shutil.rmtree('bundle.old', ignore_errors=True)
    if command[0] == 'evidence' and os.path.exists('bundle'):
        os.rename('bundle', 'bundle.old')
    cretula(*command, code=0, env={'LD_PRELOAD': os.path.abspath('peak.so'), 'PEAK_FILE': 'peak',
                                   'MALLOC_PERTURB_': '0'})  # which would touch all of it
    return int(read('peak'))


def test_a_long_chain_stays_in_its_file():
    """2 MiB of signed entries make no command larger by that."""
    if any(name in read(CRETULA) for name in (b'__asan_init', b'__tsan_init')):
        raise Skip('a sanitizer needs memory of its own')
    with tempfile.TemporaryDirectory(dir='/dev/shm' if os.access('/dev/shm', os.W_OK) else None) as folder:
        os.chdir(folder)  # evidence syncs each note
        subprocess.run(['cc', '-shared', '-fPIC', '-o', 'peak.so', os.path.join(SOURCE, 'tests/e2e/peak.c')], check=True)
        write('a.log', make_log(10))
        cretula('import', *HERE, 'a.log', code=0)
        before = [peak(command) for command in COMMANDS]
        lengthen(500)
        assert os.path.getsize('store/streams/s/chain.jsonl') > 2 << 20
        for command, short in zip(COMMANDS, before):
            long = peak(command)
            print(f'# {" ".join(command)}: {short} KiB, then {long} KiB')
            assert long - short < 1 << 10, f'{command}: {short} KiB, then {long} KiB'


main()
