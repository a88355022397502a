"""A file system of its own, and every byte of its device: what was forgotten is nowhere on it, in no free block either."""
import os
import subprocess

from lib import Skip, combined, cretula, equal, is_testing_build, main, read, tree_bytes, write

IMAGE, AT = 'disk.img', 'disk'
FORMAT = ('--format', 'combined')
BASE = ('--store', 'disk/store', '--stream', 's')
DAYS = range(21, 28)
seen = {}  # secret -> where it lay


def mount():
    if os.geteuid() != 0:
        raise Skip('only root mounts file systems')
    if not is_testing_build():
        raise Skip('not built with -Dtesting=true')
    with open(IMAGE, 'wb') as file:
        file.truncate(48 << 20)
    os.mkdir(AT)
    try:
        if subprocess.run(['mkfs.ext4', '-q', '-F', IMAGE], capture_output=True, check=False).returncode or \
           subprocess.run(['mount', '-o', 'loop', IMAGE, AT], capture_output=True, check=False).returncode:
            raise Skip('cannot mount an ext4 on a loop device here')
    except FileNotFoundError as missing:
        raise Skip('no mkfs.ext4 or mount here') from missing


def unmount():
    subprocess.run(['umount', '-l', AT], capture_output=True, check=False)


def slots():
    """Every secret that lies in KEYS or beside a segment now, by its bytes."""
    found = {}
    for path, data in tree_bytes('disk/store.keys', 'disk/store').items():
        if len(data) == 512 and data.startswith(b'cretula slot v1\n') and any(data[40:72]):
            found[data[40:72]] = path
        elif len(data) == 512 and data.startswith(b'cretula tags v1\n') and any(data[48:80]):
            found[data[48:80]] = path
        elif path.endswith('.salt'):
            found[data[-64:]] = path
    return found


def step(*args, day, code=0, **more):
    """One command, and what secrets there are behind it."""
    run = cretula(*args, env={'CRETULA_CLOCK': f'2026-11-{day:02}T12:00:00Z', **more.pop('env', {})}, **more)
    if code is not None:
        equal(run.code, code, f'{args}\n{run.err}')
    seen.update(slots())
    return run


def test_what_was_forgotten_is_nowhere_on_the_device():
    """Keys of epochs, of imports, of signatures and of log keys, salts of erased records: living ones are found, dead ones not."""
    seen.clear()
    mount()
    try:
        for day in DAYS:
            line = combined(day, client='192.0.2.7').encode()
            step('pipe', '--store', 'disk/store', 's', *FORMAT, stdin=line * 20, day=day)
        write('a.log', combined(1, client='192.0.2.8').encode() * 50)
        step('import', '--store', 'disk/store', '--stream', 'i', *FORMAT, 'a.log', day=27, code=None)
        for n in (100, 140):  # it dies with a key of its own in the slot
            step('import', '--store', 'disk/store', '--stream', f'j{n}', *FORMAT, 'a.log', day=27, code=77,
                 env={'CRETULA_FAULT': f'{n}'})
            step('recover', '--store', 'disk/store', day=27, code=None)
        step('key', 'rotate', '--store', 'disk/store', '--reason', 'x', day=27)
        step('key', 'destroy', '--store', 'disk/store', '--epoch', '2026-W48', '--reason', 'x', day=27)
        step('key', 'rekey', '--store', 'disk/store', '--stream', 's', day=27)
        step('subject', 'erase', *BASE, '--record', '3,7', '--reason', 'x', '--by', 'y', '--ref', '1', day=27)
        alive = slots()
        os.sync()
        subprocess.run(['umount', AT], check=True)
    finally:
        unmount()
    data = read(IMAGE)
    dead = {secret: path for secret, path in seen.items() if secret not in alive}
    kinds = {os.path.basename(path) for path in dead.values()}
    assert {'kek', 'epoch.key', 'ratchet', 'log.key', 'import.seed'} <= kinds and any(k.endswith('.salt') for k in kinds), kinds
    for secret, path in alive.items():  # the search would see them
        assert secret in data or path.endswith('.salt'), f'{path} is not on its own disk'
    for secret, path in dead.items():
        for part in (secret, secret[:16], secret[16:32]):
            assert part not in data, f'{path}, forgotten, at {data.index(part)} of the device'
    print(f'# {len(alive)} living secrets, {len(dead)} dead ones: {sorted(kinds)}')


main()
