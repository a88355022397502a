"""cretula evidence and verify --bundle: part of a store, for a stranger with nothing else."""
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys

from lib import Skip, combined, cretula, equal, main, read, write
from test_outside import outside

COREUTILS = 'base64 cat cut head mktemp printf rm sha256sum tail test'.split()
CODE = re.compile(rb'\b[EW]_[A-Z_]+\b')


def month(number, lines=400, name='s', year=2025):
    """Import a log of one month: a segment of its own."""
    text = ''.join(combined(n, target=f'/m{number}/{n % 7}') for n in range(lines))
    write('log', text.replace('24/Nov/2025', f'24/{"JanFebMarAprMayJun"[3 * number - 3:3 * number]}/{year}').encode())
    cretula('import', '--store', 'store', '--stream', name, '--format', 'auto', 'log', code=0)


def evidence(*args, code=0, out='bundle'):
    shutil.rmtree('bundle', ignore_errors=True)
    return cretula('evidence', '--store', 'store', '--out', out, *args, code=code)


def verdict(*args):
    """(exit code, codes) of cretula, cretula-verify and verify.py, which must agree."""
    ours = cretula('verify', '--bundle', 'bundle', *args)
    theirs = outside('--bundle', 'bundle', *args)
    equal((theirs.returncode, theirs.stdout), (ours.code, ours.out))
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), '../vectors/verify.py')
    third = subprocess.run([sys.executable, script, '--bundle', 'bundle', *args], capture_output=True, check=False)
    equal((third.returncode, set(CODE.findall(third.stdout))), (ours.code, set(CODE.findall(ours.out))),
          f'verify.py and cretula\n{third.stdout!r}\n{third.stderr!r}\n{ours.text}')
    return ours.code, {code.decode() for code in CODE.findall(ours.out)}


def remake_manifest():
    rows = []
    for folder, _, names in os.walk('bundle'):
        for name in names:
            path = os.path.relpath(os.path.join(folder, name), 'bundle')
            if path != 'MANIFEST.sha256':
                rows.append((path, hashlib.sha256(read(os.path.join('bundle', path))).hexdigest()))
    write('bundle/MANIFEST.sha256', ''.join(f'{value}  {path}\n' for path, value in sorted(rows)).encode())


def segment_files(stream='s'):
    return sorted(os.listdir(f'bundle/store/streams/{stream}/seg'))


def test_whole():
    """All of a store, with both verifiers inside and outside."""
    month(1)
    month(2, name='t')
    made = evidence('--json').json
    equal((made['streams'], made['segments'], made['records']), (2, 2, 800))
    equal(verdict('--anchor', read('bundle/anchor').decode().strip()), (0, set()))
    equal([row['records'] for row in json.loads(read('bundle/counts.json'))], [400, 400])
    equal(read('bundle/verify.py'), read(os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                                      '../vectors/verify.py')))


def test_readme():
    """The commands of README.md, as they stand, with coreutils, openssl, zstd and python3 only."""
    month(1)
    month(2)
    evidence('--stream', 's')
    commands = read('bundle/README.md').decode().split('```sh\n')[1].split('```')[0]
    os.mkdir('tools')
    for tool in [*COREUTILS, 'openssl', 'zstd', 'python3']:
        path = shutil.which(tool)
        if path is None:
            raise Skip(f'no {tool}')
        os.symlink(path, f'tools/{tool}')
    env = {'PATH': os.path.abspath('tools'), 'PYTHONDONTWRITEBYTECODE': '1'}
    done = subprocess.run(['/bin/sh', '-c', commands], cwd='bundle', env=env, capture_output=True, check=False)
    equal(done.returncode, 0, f'{done.stdout!r} {done.stderr!r}')
    assert b'good' in done.stdout and b'Signature Verified Successfully' in done.stdout and b'{"time"' in done.stdout
    equal(done.stderr, b'')
    equal(verdict(), (0, set()), 'the commands leave nothing behind')
    for path in ('checkpoint', 'chain.jsonl', 'seg/00000001.jsonl.zst'):
        path = f'bundle/store/streams/s/{path}'
        good = read(path)
        write(path, good[:40] + bytes([good[40] ^ 1]) + good[41:])
        done = subprocess.run(['/bin/sh', '-c', commands], cwd='bundle', env=env, capture_output=True, check=False)
        assert done.returncode != 0, path
        write(path, good)


def test_range():
    """Only the segments of the time asked for, and verify knows that."""
    for number in (1, 2, 3):
        month(number)
    evidence('--since', '2025-02-01T00:00:00Z', '--until', '2025-03-01T00:00:00Z')
    equal([name for name in segment_files() if name.endswith('zst')], ['00000002.jsonl.zst'])
    equal(verdict(), (0, set()))
    report = outside('--bundle', 'bundle').stdout
    assert b'400 records in 1 segment' in report and b'segments outside of the bundle: 2' in report
    evidence('--since', '2025-02-01T00:00:00Z')
    equal([name[:8] for name in segment_files() if name.endswith('zst')], ['00000002', '00000003'])
    assert os.path.exists('bundle/store/words/s') == os.path.exists('store/words/s')
    equal(verdict(), (0, set()))
    evidence('--until', '2020-01-01T00:00:00Z')
    equal(segment_files(), [])
    equal(verdict(), (0, set()))


def test_one_stream():
    """Other streams are listed by the store, and not missed."""
    month(1)
    month(1, name='t')
    evidence('--stream', 't')
    equal(sorted(os.listdir('bundle/store/streams')), ['cretula.store', 't'])
    equal(verdict(), (0, set()))
    shutil.rmtree('bundle/store/streams/t')
    code, found = verdict()
    equal(code, 1)
    assert {'E_BUNDLE', 'E_STREAM_MISSING'} <= found, found


def test_tampering():
    """Row 65: a file missing, added, changed, or of another range; with and without a new manifest."""
    for number in (1, 2, 3):
        month(number)
    seg = 'bundle/store/streams/s/seg/'

    def others():
        for end in ('jsonl.zst', 'salt', 'idx'):
            shutil.copy(f'store/streams/s/seg/00000001.{end}', seg)

    def widen():
        write('bundle/bundle.json', b'{"v":1}\n')

    def edit(path, old, new):
        content = read(path)
        assert old in content
        write(path, content.replace(old, new))
    rows = [
        ('a note missing', lambda: os.unlink('bundle/store/streams/s/cp/00000002.note'),
         {'E_BUNDLE', 'E_CHECKPOINT_MISSING'}, {'E_CHECKPOINT_MISSING'}),
        ('a segment missing', lambda: os.unlink(seg + '00000002.jsonl.zst'), {'E_BUNDLE', 'E_SEGMENT_MISSING'},
         {'E_SEGMENT_MISSING'}),
        ('a file more', lambda: write('bundle/more', b'x'), {'E_BUNDLE'}, set()),
        ('another range', others, {'E_BUNDLE'}, {'E_BUNDLE'}),
        ('a wider range', widen, {'E_BUNDLE', 'E_SEGMENT_MISSING'}, {'E_SEGMENT_MISSING'}),
        ('no range', lambda: write('bundle/bundle.json', b'{}\n'), {'E_BUNDLE', 'E_SEGMENT_MISSING'},
         {'E_BUNDLE', 'E_SEGMENT_MISSING'}),
        ('README changed', lambda: edit('bundle/README.md', b'Evidence', b'evidence'), {'E_BUNDLE'}, set()),
        ('a link', lambda: os.symlink('README.md', 'bundle/link'), {'E_BUNDLE'}, {'E_BUNDLE'}),
        ('no manifest', lambda: os.unlink('bundle/MANIFEST.sha256'), {'E_BUNDLE'}, set()),
        ('an odd manifest', lambda: write('bundle/MANIFEST.sha256', b'nonsense\n'), {'E_BUNDLE'}, set()),
        ('a fifo', lambda: os.mkfifo('bundle/fifo'), {'E_BUNDLE'}, None),
    ]
    for claim, change, without, remade in rows:
        evidence('--since', '2025-02-01T00:00:00Z', '--until', '2025-03-01T00:00:00Z')
        change()
        equal(verdict(), (1, without), claim)
        if remade is not None:
            remake_manifest()
            equal(verdict(), (1 if remade else 0, remade), f'{claim}, and a new manifest')


def test_refused():
    """What does not verify is not given away, and nothing is left."""
    month(1)
    os.mkdir('there')
    equal(evidence(out='there', code=2).code, 2)
    path = 'store/streams/s/seg/00000001.idx'
    good = read(path)
    write(path, good[:-1] + bytes([good[-1] ^ 1]))
    evidence(code=1)
    write(path, good)
    evidence('--stream', 'nowhere', code=66)
    evidence('--since', 'soon', code=2)
    cretula('evidence', '--store', 'store', code=2)
    cretula('evidence', '--store', 'nowhere', '--out', 'bundle', code=66)
    equal(sorted(os.listdir('.')), ['log', 'store', 'store.keys', 'there'])
    outside('--bundle', 'nowhere', code=66)
    outside('--bundle', 'x', '--store', 'store', code=2)


if __name__ == '__main__':
    main()
