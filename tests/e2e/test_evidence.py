"""cretula evidence and verify --bundle: part of a store, for a stranger with nothing else."""
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys

from lib import Skip, combined, cretula, equal, main, read, records, verify_py, write
from test_anchor import Authority, Witness, entries
from test_outside import outside

COREUTILS = 'base64 cat csplit cut head mktemp od printf rm sha256sum tail test tr'.split()
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
    third = verify_py('--bundle', 'bundle', *args)
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


def follow_readme(**more):
    """Run the commands of README.md with nothing but what it says is needed."""
    commands = read('bundle/README.md').decode().split('```sh\n')[1].split('```')[0]
    os.makedirs('tools', exist_ok=True)
    for tool in [*COREUTILS, 'openssl', 'zstd', 'python3']:
        path = sys.executable if tool == 'python3' else shutil.which(tool)
        if path is None:
            raise Skip(f'no {tool}')
        if not os.path.lexists(f'tools/{tool}'):
            os.symlink(path, f'tools/{tool}')
    env = {'PATH': os.path.abspath('tools'), 'PYTHONDONTWRITEBYTECODE': '1', **more}
    return subprocess.run(['/bin/sh', '-c', commands], cwd='bundle', env=env, capture_output=True, check=False)


def test_readme():
    """The commands of README.md, as they stand, with coreutils, openssl, zstd and python3 only."""
    month(1)
    month(2)
    evidence('--stream', 's')
    done = follow_readme()
    equal(done.returncode, 0, f'{done.stdout!r} {done.stderr!r}')
    assert b'good' in done.stdout and b'Signature Verified Successfully' in done.stdout and b'{"time"' in done.stdout
    equal(done.stderr, b'')
    equal(verdict(), (0, set()), 'the commands leave nothing behind')
    for path in ('checkpoint', 'chain.jsonl', 'seg/00000001.jsonl.zst'):
        path = f'bundle/store/streams/s/{path}'
        good = read(path)
        write(path, good[:40] + bytes([good[40] ^ 1]) + good[41:])
        assert follow_readme().returncode != 0, path
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


def test_another_stream_beside():
    """A bundle of one stream in which another one lies, that nobody would look at, is none."""
    month(1)
    month(2, name='t')
    evidence('--stream', 's')
    os.mkdir('bundle/store/streams/t')
    write('bundle/store/streams/t/chain.jsonl', b'what nobody signed\n')
    remake_manifest()
    equal(verdict(), (1, {'E_BUNDLE'}))
    shutil.rmtree('bundle/store/streams/t')
    remake_manifest()
    equal(verdict()[0], 0)
    write('bundle/bundle.json', b'{"v":1,"stream":"u"}\n')
    remake_manifest()
    equal(verdict(), (1, {'E_BUNDLE'}))


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
        ('a number more', lambda: edit('bundle/bundle.json', b'{"v":1', b'{"v":1,"x":1'),
         {'E_BUNDLE', 'E_SEGMENT_MISSING'}, {'E_BUNDLE', 'E_SEGMENT_MISSING'}),
        ('no line end', lambda: edit('bundle/bundle.json', b'}\n', b'}'),
         {'E_BUNDLE', 'E_SEGMENT_MISSING'}, {'E_BUNDLE', 'E_SEGMENT_MISSING'}),
        ('folders without end', lambda: os.makedirs('bundle/' + 'd/' * 7), {'E_BUNDLE'}, {'E_BUNDLE'}),
        ('a file without end', lambda: os.truncate('bundle/README.md', 1 << 42), {'E_BUNDLE'}, None),
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


def anchored():
    """A store with a cosignature and a time stamp, and the policy that demands the witness."""
    month(1)
    witness, authority = Witness('witness.example'), Authority()
    where = ('--store', 'store', '--stream', 's')
    write('answer', witness.cosign(read('store/streams/s/checkpoint')))
    cretula('anchor', 'import', 'answer', *where, '--witness', witness.vkey, code=0)
    write('answer', witness.cosign(read('store/streams/cretula.store/checkpoint')))
    cretula('anchor', 'import', 'answer', *where[:2], '--stream', 'cretula.store', '--witness', witness.vkey, code=0)
    cretula('anchor', 'print', 'tsq', *where, '--out', 'q.tsq', code=0)
    cretula('anchor', 'import', authority.stamp('q.tsq'), *where, '--tsa-ca', authority.ca, code=0)
    write('policy', f'log {entries()[0]["log"]}\nwitness w {witness.vkey} https://w\ngroup g any w\nquorum g\n'.encode())
    return witness, authority


def test_anchors():
    """What others said goes with it; README's commands check it by openssl."""
    witness, authority = anchored()
    evidence('--policy', 'policy')
    equal(sorted(os.listdir('bundle/store/streams/s/anchor')), ['00000003.cosig', '00000004.tsr'])
    equal(verdict('--policy', 'bundle/policy'), (0, set()))
    lines = read('bundle/policy').decode().splitlines()
    equal([line.split(' ')[0] for line in lines], ['#', 'log', 'witness', 'group', 'quorum'])
    equal(lines[2], f'witness w {witness.vkey}')
    done = follow_readme(TSA=os.path.abspath(authority.ca))
    equal(done.returncode, 0, f'{done.stdout!r} {done.stderr!r}')
    equal(done.stdout.count(b'Signature Verified Successfully'), 3)
    assert b'Verification: OK' in done.stdout
    done = follow_readme()
    equal((done.returncode, done.stderr), (0, b''), 'without certificates')
    other = Authority('other')
    assert follow_readme(TSA=os.path.abspath(other.ca)).returncode != 0
    for name in ('00000003.cosig', '00000004.tsr'):
        path = f'bundle/store/streams/s/anchor/{name}'
        good = read(path)
        for change in (lambda: write(path, good[:-20] + bytes([good[-20] ^ 1]) + good[-19:]), lambda: os.unlink(path)):
            change()
            equal(verdict(), (1, {'E_ANCHOR', 'E_BUNDLE'}), name)
            remake_manifest()
            equal(verdict(), (1, {'E_ANCHOR'}), name)
            assert follow_readme(TSA=os.path.abspath(authority.ca)).returncode != 0
            write(path, good)
            remake_manifest()
    evidence()
    equal(read('bundle/policy').decode().splitlines()[-1], 'quorum none')
    equal([line.split(' ')[0] for line in read('bundle/policy').decode().splitlines()], ['log', 'log', 'quorum'])
    equal(verdict(), (0, set()))
    write('strict', read('policy').replace(b'quorum g', b'witness x ' + Witness('x').vkey.encode() + b'\nquorum x'))
    evidence('--policy', 'strict', code=1)
    evidence('--policy', 'log', code=78)
    assert not os.path.exists('bundle')


def test_erased_and_pruned():
    """Segments go with the revision that they have; of others only the chain speaks."""
    for number in (1, 2, 3):
        month(number)
    cretula('subject', 'erase', '--store', 'store', '--stream', 's', '--record', '5,9-12', '--reason',
            'asked', code=0)
    made = evidence('--json').json
    names = segment_files()
    assert '00000001.r1.jsonl.zst' in names and '00000001.r1.salt' in names and '00000001.jsonl.zst' not in names, names
    equal(verdict(), (0, set()))
    sums = json.loads(read('bundle/counts.json'))[0]
    equal((made['records'], sums['records'], sums['pruned_segments']), (1195, 1200, 0))
    equal(cretula('verify', '--bundle', 'bundle', '--json', code=0).json['coverage']['records'], 1195)
    script = subprocess.run([sys.executable, 'bundle/verify.py', 'bundle/store'], capture_output=True, check=True)
    assert b' 1195 of 1195 records good' in script.stdout and b's: 5 records erased' in script.stdout, script.stdout
    equal(sums['erased'], 5)
    equal(follow_readme().returncode, 0)
    evidence('--since', '2025-02-01T00:00:00Z')
    equal(verdict(), (0, set()))
    for end in ('r1.salt', 'idx'):
        shutil.copy(f'store/streams/s/seg/00000001.{end}', 'bundle/store/streams/s/seg/')
        remake_manifest()
        equal(verdict(), (1, {'E_BUNDLE'}), end)
        os.unlink(f'bundle/store/streams/s/seg/00000001.{end}')


def test_proofs():
    """Single records: their proofs, and nothing of the others."""
    month(1)
    month(2)
    made = evidence('--stream', 's', '--record', '401,7', '--json').json
    equal((made['records'], made['segments']), (2, 0))
    equal(json.loads(read('bundle/bundle.json')), {'v': 1, 'stream': 's', 'records': [7, 401]})
    equal(sorted(os.listdir('bundle')), ['MANIFEST.sha256', 'README.md', 'anchor', 'bundle.json', 'policy', 'proofs',
                                         'verify.py'])
    anchor = read('bundle/anchor').decode().strip()
    equal(verdict(), (0, set()))
    equal(verdict('--anchor', anchor), (0, set()))
    equal(verdict('--policy', 'bundle/policy'), (2, set()))
    write('bundle/policy', read('bundle/policy') + b'# more\n')  # before anything is judged
    equal(verdict('--policy', 'bundle/policy'), (2, set()))
    write('bundle/policy', read('bundle/policy').replace(b'# more\n', b''))
    cretula('verify', '--proof', 'bundle/proofs/7', '--policy', 'bundle/policy', code=2)
    done = follow_readme()
    equal((done.returncode, done.stderr), (0, b''), f'{done.stdout!r}')
    shown = {json.loads(line)['path'] for line in done.stdout.splitlines() if line.startswith(b'{"time"')}
    equal(shown, {records('store')[n]['path'] for n in (7, 401)})
    for other in (6, 400):
        assert not any(json.dumps(records('store')[other]).encode() in read(f'bundle/proofs/{n}') for n in (7, 401))
    equal(verdict('--anchor', anchor.replace('sha256:', 'sha256:0')[:-1])[0], 1)
    good = read('bundle/proofs/7')
    rows = [
        ('changed', lambda: write('bundle/proofs/7', good[:200] + bytes([good[200] ^ 1]) + good[201:]), {'E_PROOF'}),
        ('gone', lambda: os.unlink('bundle/proofs/7'), {'E_PROOF'}),
        ('of another record', lambda: shutil.copy('bundle/proofs/401', 'bundle/proofs/7'), {'E_BUNDLE'}),
        ('of another stream', lambda: write('bundle/bundle.json', b'{"v":1,"stream":"t","records":[7,401]}\n'), {'E_BUNDLE'}),
    ]
    for claim, change, codes in rows:
        change()
        equal(verdict(), (1, codes | {'E_BUNDLE'}), claim)
        assert follow_readme().returncode != 0, claim
        remake_manifest()
        equal(verdict(), (1, codes), claim)
        write('bundle/proofs/7', good)
        write('bundle/bundle.json', b'{"v":1,"stream":"s","records":[7,401]}\n')
        remake_manifest()
        equal(verdict(), (0, set()), claim)
    for facts in (b'{"v":1,"stream":"s","records":[]}', b'{"v":1,"stream":"s","records":[401,7]}',
                  b'{"v":1,"stream":"s","records":[7,7]}', b'{"v":1,"stream":"s","records":["7"]}',
                  b'{"v":1,"stream":"s","records":7}', b'{"v":1,"records":[7,401]}', b'{"v":1,"stream":"s"}', b'{"v":2}', b'',
                  b'{"v":1,"stream":"s","records":[7', b'{"v":1,"stream":"s","records":[-7,401]}'):
        write('bundle/bundle.json', facts + b'\n')
        equal(verdict(), (1, {'E_BUNDLE'}), facts)
    os.unlink('bundle/bundle.json')
    equal(verdict(), (1, {'E_BUNDLE'}))
    write('bundle/bundle.json', b'{"v":1,"stream":"s","records":[7,401]}\n')
    equal(verdict(), (0, set()))
    for path, content in [('proofs/8', good), ('proofs/007', good), ('counts.json', b'[]\n'), ('store/x', b''), ('anchor', b'x\n'),
                          ('anchor', b''), ('policy', b'quorum none\n'),
                          ('policy', b''.join(read('bundle/policy').splitlines(True)[::-1]))]:
        path = f'bundle/{path}'
        before = read(path) if os.path.exists(path) else None
        os.makedirs(os.path.dirname(path), exist_ok=True)
        write(path, content)
        remake_manifest()
        equal(verdict(), (1, {'E_BUNDLE'}), path)
        if before is None:
            os.unlink(path)
        else:
            write(path, before)
    os.rmdir('bundle/store')
    for path in ('anchor', 'policy'):
        before = read(f'bundle/{path}')
        os.unlink(f'bundle/{path}')
        remake_manifest()
        equal(verdict(), (1, {'E_BUNDLE'}), path)
        write(f'bundle/{path}', before)
    remake_manifest()
    equal(verdict(), (0, set()))
    for args, code in [(('--record', '7'), 2), (('--stream', 's', '--record', 'x'), 2), (('--stream', 's', '--record', '7,'), 2),
                       (('--stream', 's', '--record', '7,7'), 2), (('--stream', 's', '--record', ''), 2),
                       (('--stream', 's', '--record', '7', '--since', '-7d'), 2), (('--stream', 's', '--record', '800'), 66),
                       (('--stream', 't', '--record', '1'), 66)]:
        evidence(*args, code=code)
        assert not os.path.exists('bundle') and not os.path.exists('bundle.tmp')


def test_proofs_across_keys():
    """Every log key that either chain had is in `policy`; the commands of README.md hold by openssl alone."""
    cretula('key', 'create', '--keys', 'store.keys', '--recovery-out', 'recovery', code=0)
    month(1)
    cretula('key', 'rekey', '--store', 'store', '--all', code=0)
    month(2)
    cretula('key', 'rekey', '--store', 'store', '--all', '--recovery', 'recovery', code=0)
    month(3)
    for record in ('9', '410'):
        cretula('subject', 'rescrub', '--store', 'store', '--stream', 's', '--record', record, '--drop', 'path', '--reason',
                'asked', code=0)
    evidence('--stream', 's', '--record', '0,9,410,999')
    logs = [line.split(' ') for line in read('bundle/policy').decode().splitlines()]
    wanted = [e.get('log') or e['new'] for name in ('cretula.store', 's') for e in entries(name)
              if e['type'] in ('genesis', 'rekey')]
    equal(logs, [*(['log', vkey] for vkey in wanted), ['quorum', 'none']])
    equal(len(set(wanted)), 6)
    done = follow_readme()
    equal((done.returncode, done.stderr), (0, b''), f'{done.stdout!r}')
    for n, extra in ((0, 0), (9, 1), (410, 1), (999, 0)):
        parts = read(f'bundle/proofs/{n}').split(b'c2sp.org/tlog-proof@v1\n')
        equal(len(parts), 1 + 3 + extra + 2 + 1 + 2, n)
    commands = read('bundle/README.md')
    write('bundle/README.md', commands.replace(b'sha256sum -c --quiet', b': ').replace(b'python3 verify.py', b': '))
    equal(follow_readme().returncode, 0)
    for n, at in ((0, 40), (9, 200), (410, 1500), (999, -300)):
        good = read(f'bundle/proofs/{n}')
        write(f'bundle/proofs/{n}', good[:at] + bytes([good[at] ^ 1]) + good[at:][1:])
        assert follow_readme().returncode != 0, (n, at)
        write(f'bundle/proofs/{n}', good)
    policy = read('bundle/policy')
    write('bundle/policy', policy.replace(wanted[-1].encode(), wanted[0].encode()))
    assert follow_readme().returncode != 0, 'no key for the newest notes'


def test_beside():
    """Row 65: the auditor's line, the log keys and the sums are those of the chains, in whatever range; a manifest hides nothing."""
    cretula('key', 'create', '--keys', 'store.keys', '--recovery-out', 'recovery', code=0)
    for number in (1, 2, 3):
        month(number)
    month(1, name='t')
    cretula('key', 'rekey', '--store', 'store', '--all', code=0)
    cretula('subject', 'erase', '--store', 'store', '--stream', 's', '--record', '5,450', '--reason', 'asked', code=0)
    for args, sums in [((), [(3, 1200, 2), (1, 400, 0)]), (('--stream', 't'), [(1, 400, 0)]),
                       (('--since', '2025-02-01T00:00:00Z'), [(2, 800, 1), (0, 0, 0)])]:
        evidence(*args)
        equal(verdict(), (0, set()))
        rows = json.loads(read('bundle/counts.json'))
        equal([(row['segments'], row['records'], row['erased']) for row in rows], sums)
    policy, sums, line = (read(f'bundle/{name}') for name in ('policy', 'counts.json', 'anchor'))
    equal(policy.count(b'log '), 6)
    logs = policy.splitlines(True)
    rows = [
        ('counts.json', sums.replace(b'"records":800', b'"records":801')), ('counts.json', sums.replace(b'"lost":0', b'"lost":1', 1)),
        ('counts.json', sums[:-1]), ('counts.json', b''), ('counts.json', b'[]\n'), ('counts.json', None),
        ('policy', policy.replace(b'log ', b'log x', 1)), ('policy', b''.join(logs[1:])), ('policy', b''.join([logs[0], *logs])),
        ('policy', b'quorum none\n'), ('policy', b'\xff\n'), ('policy', None),
        ('anchor', line.replace(b'sha256:', b'sha256:0')), ('anchor', line[:-1]), ('anchor', b''), ('anchor', None),
    ]
    for file, content in rows:
        before = read(f'bundle/{file}')
        assert content != before
        if content is None:
            os.unlink(f'bundle/{file}')
        else:
            write(f'bundle/{file}', content)
        remake_manifest()
        equal(verdict(), (1, {'E_BUNDLE'}), (file, content))
        write(f'bundle/{file}', before)
    remake_manifest()
    equal(verdict(), (0, set()))


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
