"""cretula archive: what is sealed becomes stricter, in a store of its own; nothing of it leads back."""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter

from lib import (EACH, Skip, combined, cretula, equal, is_testing_build, main, make_log, read, segments, shared,
                 tree_bytes, verify_py, write)

FAST = ['--cpu', '100', '--level', '3']
TOKEN = re.compile(rb'\b(?:ip|if|us|uc|em|se|dv|sg|pn|ht|ua|rq|xx)\.[a-z2-7]{16}\b')
SUMS = ('lines', 'bytes', 'parsed', 'partial', 'unparsed', 'counted', 'meta', 'joined', 'lost')


def make(lines=2000, *more, seed=1, store='store', env=None):
    write('log', make_log(lines, seed=seed))
    cretula('import', '--store', store, '--stream', 's', '--no-verify', '--format', 'auto', *more, 'log', code=0, env=env)


def archive(*more, code=0, to='archive', env=None):
    return cretula('archive', '--store', 'store', '--stream', 's', '--to', to, *FAST, *more, code=code, env=env)


def chain(store='archive'):
    return [json.loads(e) for e in read(f'{store}/streams/s/chain.jsonl').decode().splitlines()]


def lines(store):
    """Every line, as it lies there."""
    out = b''
    for name in sorted(os.listdir(f'{store}/streams/s/seg')):
        if name.endswith('.jsonl.zst'):
            out += subprocess.run(['zstd', '-dcq', f'{store}/streams/s/seg/{name}'], stdout=subprocess.PIPE, check=True).stdout
    return out


def parsed(store):
    return [json.loads(line) for line in lines(store).splitlines()]


def good(store='archive'):
    """Both verifiers, with nothing but the directory."""
    theirs = verify_py(store)
    ours = cretula('verify', '--store', store)
    equal((ours.code, theirs.returncode), (0, 0), ours.text + theirs.stdout.decode())
    assert 'E_' not in ours.text and 'W_' not in ours.text, ours.text


def sums(store):
    all_of = Counter()
    for entry in segments(store):
        all_of += Counter({k: entry['in'].get(k, 0) for k in SUMS})
        all_of += Counter({'n': entry['n'], **{f'status {k}': n for k, n in entry.get('by', {}).get('status', {}).items()}})
    return all_of


def test_counts_are_those_of_the_source_and_nothing_leads_back():
    make()
    before = tree_bytes('store', 'store.keys')
    said = archive('--json').json
    equal((said['records'], said['segments_taken'], said['segments'], said['verified'], said['erased']), (2000, 1, 1, 0, 0))
    equal(tree_bytes('store', 'store.keys'), before, 'the source')
    equal(sums('archive'), sums('store'))
    equal(Counter(r['status'] for r in parsed('archive')), Counter(r['status'] for r in parsed('store')))
    good()
    old, new = lines('store'), lines('archive')
    tokens = set(TOKEN.findall(old))
    assert len(tokens) > 300 and not tokens & set(TOKEN.findall(b''.join(tree_bytes('archive').values()) + new))
    for record, other in zip(parsed('archive'), parsed('store')):
        assert record['time'].endswith(':00:00.000Z') and record['time'][:13] == other['time'][:13], record
        assert not {'extra', 'forwarded', 'agent_full'} & set(record), record
        assert record['bytes'] == 510 and other['bytes'] == 512, record
    # equal within the day, and of as many subjects as before
    pairs = {(a['client'], b['client']) for a, b in zip(parsed('archive'), parsed('store'))}
    equal((len({a for a, _ in pairs}), len({b for _, b in pairs})), (len(pairs), len(pairs)))
    assert len(pairs) > 250
    entry = [e for e in chain() if e['type'] == 'derive'][0]
    source = chain('store')
    equal((entry['origin'], entry['size'], entry['segs'], entry['to'], entry['transform']),
          (source[0]['origin'], len(source), [[1, 1]], [[1, 1]], 'archive'))
    note = read(f'store/streams/s/cp/{len(source):08}.note').decode().splitlines()
    equal(entry['root'], note[2])
    gone = [e['commitment'] for e in chain() if e['type'] == 'destroy']
    equal(gone, [segments('archive')[0]['mask_seed']])


def test_values_that_few_share_are_not_kept():
    make(500)
    often = Counter((r.get('path'), r['client']) for r in parsed('store'))
    shared_by = Counter(path for path, _ in often)
    archive()
    seen = Counter(r.get('path') for r in parsed('archive'))
    for path, count in shared_by.items():
        plain = re.sub(r'sg\.[a-z2-7]{16}', '[path]', path)
        assert '[path]' in plain or (count >= 10) == (plain in seen), (path, count, seen)
    equal(seen['/u/[path]'] + seen.get('[rare]', 0) > 0, True)
    # the same with k of 64: less is left
    write('c.yaml', b'store: store\nstreams: {s: {archive: {to: strict, k: 64, client: drop, user: drop, session: drop}}}\n')
    cretula('archive', '--config', 'c.yaml', *FAST, code=0)
    assert not TOKEN.findall(lines('strict')), 'every token goes'
    assert lines('strict').count(b'"[rare]"') > lines('archive').count(b'"[rare]"')
    good('strict')


def test_twice_is_once_and_new_segments_follow():
    make(300)
    archive()
    before = tree_bytes('archive', 'archive.keys')
    equal(archive('--json').json['segments'], 0)
    equal(tree_bytes('archive', 'archive.keys'), before)
    for seed in (2, 3):
        make(300, seed=seed)
    equal(archive('--json').json['records'], 600)
    equal([(e['segs'], e['to']) for e in chain() if e['type'] == 'derive'], [([[1, 1]], [[1, 1]]), ([[2, 3]], [[2, 2]])])
    equal(sums('archive'), sums('store'))
    good()
    # another run has another key
    one, two = segments('archive')
    assert one['mask_seed'] != two['mask_seed']
    both = parsed('archive')
    assert not {r['client'] for r in both[:300]} & {r['client'] for r in both[300:]}


def test_only_what_is_old_enough():
    write('old', b''.join(combined(n).encode() for n in range(50)))
    write('new', b''.join(combined(n).encode().replace(b'24/Nov/2025', b'25/Nov/2025') for n in range(50)))
    for name in ('old', 'new'):
        cretula('import', '--store', 'store', '--stream', 's', '--no-verify', '--format', 'combined', name, code=0)
    equal(archive('--until', '2025-11-24T00:00:00Z', '--json').json['segments'], 0)
    assert not os.path.exists('archive'), 'nothing is made for nothing'
    equal(archive('--until', '2025-11-25T00:00:00Z', '--json').json['records'], 50)
    equal(archive('--json').json['records'], 50)
    equal(len(segments('archive')), 2)


def test_what_says_that_it_is_of_the_future_counts_by_its_seal():
    write('log', b''.join(combined(n).encode().replace(b'24/Nov/2025', b'24/Nov/2099') for n in range(50)))
    cretula('import', '--store', 'store', '--stream', 's', '--no-verify', '--format', 'combined', 'log', code=0)
    equal(archive('--until', '2099-01-01T00:00:00Z', '--json').json['records'], 50)


def test_what_was_erased_is_not_archived():
    make(300)
    make(300, seed=2)
    cretula('subject', 'erase', '--store', 'store', '--stream', 's', '--record', '5-9', '--reason', 'Art. 17', code=0)
    said = archive('--json').json
    equal((said['records'], said['erased']), (595, 5))
    old, new = sums('store'), sums('archive')
    equal((new['n'], new['lines'], new['bytes'], new['counted']), (595, old['lines'], old['bytes'], old['counted'] + 5))
    good()


def test_an_archive_verifies_anywhere_and_a_changed_one_nowhere():
    make(300)
    said = archive('--json').json
    shutil.copytree('archive', 'elsewhere/a')
    shutil.rmtree('archive')
    shutil.rmtree('archive.keys')
    shutil.rmtree('store')
    run = cretula('verify', '--store', 'elsewhere/a', '--anchor', said['auditor'], code=0)
    assert '300 records' in run.text, run.text
    path = 'elsewhere/a/streams/s/chain.jsonl'
    text = read(path)
    for what, by in (b'"segs":[[1,1]]', b'"segs":[[1,2]]'), (b'"to":[[1,1]]', b'"to":[[1,2]]'), (b'"transform":"archive"',
                                                                                            b'"transform":"archivf"'):
        assert what in text
        write(path, text.replace(what, by))
        run = cretula('verify', '--store', 'elsewhere/a', code=1)
        assert 'E_' in run.text, run.text
    write(path, text)
    good('elsewhere/a')


def test_an_archive_is_checked_against_the_chain_of_its_source():
    make(300)
    archive()
    make(50, seed=2)
    fits = {'archive': 'archive', 'stream': 's', 'bound': 1, 'taken': 1, 'waiting': 1, 'lost': 0, 'records': 300, 'erased': 0}
    equal(archive('--check', '--json').json, fits)
    assert 'not archived: 1 that are there, 0 that were pruned' in archive('--check').text
    # a store that was set back, or another one of that name, is not its source
    make(300, seed=3, store='other')
    run = cretula('archive', '--store', 'other', '--stream', 's', '--to', 'archive', '--check', code=78)
    assert 'another stream' in run.err, run.err
    shutil.copytree('store', 'back')
    archive()
    run = cretula('archive', '--store', 'back', '--stream', 's', '--to', 'archive', '--check', '--json', code=0)
    equal((run.json['bound'], run.json['waiting']), (2, 0))
    make(50, seed=4)
    archive()
    run = cretula('archive', '--store', 'back', '--stream', 's', '--to', 'archive', '--check', code=1)
    assert 'bound to another chain' in run.err, run.err
    write('archive/streams/s/chain.jsonl', read('archive/streams/s/chain.jsonl').replace(b'"lines":300', b'"lines":301'))
    assert 'does not verify' in archive('--check', code=1).err


def test_what_is_pruned_in_the_source_stays_in_the_archive():
    make(300)
    archive()
    make(50, seed=2)
    # Records of 2025: over their 90 days.
    write('c.yaml', b'store: store\nstreams:\n  s: {format: combined, archive: {to: archive}}\n')
    done = cretula('retain', '--config', 'c.yaml', '--dry-run', '--json', code=0)
    equal((done.json['streams'][0]['prune']['segments'], done.json['streams'][0]['not_archived']), (2, 1))
    assert '1 segment that would go is not in its archive (archive)' in done.err, done.err
    assert 'no --config: the terms are those that nobody set' in cretula('retain', '--store', 'store', code=0).err
    assert not os.listdir('store/streams/s/seg')
    checked = archive('--check', '--json').json
    equal((checked['bound'], checked['taken'], checked['waiting'], checked['lost']), (1, 1, 0, 1))
    equal(archive('--json').json['records'], 0)
    equal(len(parsed('archive')), 300)
    good()


def test_leak_scanners_find_nothing():
    """Two oracles that share nothing with the mask; keys that are made look like an address once in 30,000, so they are given."""
    scanner = shared('corpora', 'leakscan.py')
    make(1000, env={'CRETULA_RANDOM': 'of the store'})
    archive('--no-verify', env={'CRETULA_RANDOM': 'of the archive'})
    done = subprocess.run([sys.executable, scanner, '--deep', 'log', 'archive'], capture_output=True, check=False)
    equal(done.returncode, 0, done.stdout.decode() + done.stderr.decode())
    cretula('scan', 'archive', 'archive.keys', code=0)


def test_a_crash_leaves_what_the_next_run_completes():
    """At each sixth durable step of some 140 (CRETULA_ARCHIVE_STEPS=1: at each), in memory."""
    if not is_testing_build():
        raise Skip('not built with -Dtesting=true')
    with tempfile.TemporaryDirectory(dir='/dev/shm' if os.access('/dev/shm', os.W_OK) else None) as folder:
        os.chdir(folder)
        crash_at_each(int(os.environ.get('CRETULA_ARCHIVE_STEPS', '6')) * EACH)
        os.chdir('/')


def crash_at_each(stride):
    make(40)
    archive('--no-verify')
    make(40, seed=2)
    for name in ('archive', 'archive.keys'):
        shutil.copytree(name, name + '.before')
    n, completed = 0, 0
    while True:
        n += stride
        for name in ('archive', 'archive.keys'):
            shutil.rmtree(name)
            shutil.copytree(name + '.before', name)
        if archive('--no-verify', env={'CRETULA_FAULT': str(n)}, code=None).code == 0:
            break
        completed += archive('--no-verify', '--json').json['completed']
        equal(sums('archive'), sums('store'), f'step {n}')
        equal(sum(e['type'] == 'derive' for e in chain()), 2, f'step {n}')
        seeds = {e['mask_seed'] for e in segments('archive')}
        equal({e['commitment'] for e in chain() if e['type'] == 'destroy'}, seeds, f'step {n}')
        if n % (5 * stride) == 0:
            cretula('verify', '--store', 'archive', code=0)
    assert n > 20 and (completed > 0 or EACH > 1), (n, completed)
    good()


def test_a_full_disk_leaves_nothing_half():
    if not is_testing_build():
        raise Skip('not built with -Dtesting=true')
    make(40)
    for n in range(1, 60, 6 * EACH):
        run = archive('--no-verify', env={'CRETULA_FAULT': f'{n}:28'}, code=None)
        assert run.code in (0, 74, 78), (n, run.code, run.err)
    archive()
    equal(sums('archive'), sums('store'))
    good()


def test_an_archive_has_a_term_of_its_own():
    """Without one it stays, whatever the term of the records is; with one it goes behind an entry, and verifies."""
    write('c.yaml', b'store: store\nstreams:\n  s:\n    retain: {detail: 30d}\n')
    make(40)
    archive()
    term = ('retain', '--store', 'archive', '--json')
    for more in ((), ('--config', 'c.yaml')):
        equal(cretula(*term, *more, code=0).json['streams'][0]['prune']['segments'], 0)
    assert chain()[-1]['type'] != 'prune'
    write('c.yaml', b'store: store\nstreams:\n  s:\n    retain: {detail: 30d, archive: 60d}\n')
    equal(cretula(*term, '--config', 'c.yaml', code=0).json['streams'][0]['rule'], 'archive 60d')
    equal([e['rule'] for e in chain() if e['type'] == 'prune'], ['archive 60d'])
    equal([name for name in os.listdir('archive/streams/s/seg') if name.endswith('.zst')], [])
    good()


def test_bad_input():
    make(40)
    archive('--no-verify')
    os.mkdir('linked')
    os.symlink('linked', 'link')
    wrong = [
        (['--to', 'store'], 2, 'directory of its own'),
        (['--to', 'store/archive'], 2, 'directory of its own'),
        (['--to', '.'], 2, 'directory of its own'),
        (['--to', 'nowhere/archive'], 66, 'nowhere'),
        (['--to', 'archive/'], 2, 'slash'),
        (['--to', 'link'], 2, 'name the directory'),
        (['--level', '20'], 2, 'level'),
        (['--cpu', '0'], 2, 'cpu'),
        (['--until', 'soon'], 2, 'until'),
        (['--stream', 'cretula.store'], 2, 'stream'),
        (['--stream', 't'], 66, 'no stream t'),
        (['--store', 'absent'], 66, 'absent'),
    ]
    usual = {'--store': 'store', '--stream': 's', '--to': 'archive'}
    for options, code, text in wrong:
        given = {**usual, **dict(zip(options[::2], options[1::2]))}
        run = cretula('archive', *[word for pair in given.items() for word in pair], code=code)
        assert text in run.err, (options, run.err)
    cretula('archive', '--store', 'store', '--to', 'archive', code=2)
    # somebody else's store, and one that is no archive
    make(40, seed=3, store='other')
    before = tree_bytes('archive')
    run = cretula('archive', '--store', 'other', '--stream', 's', '--to', 'archive', *FAST, code=78)
    assert 'archive of another stream' in run.err, run.err
    run = archive(to='other', code=78)
    assert 'no second pass' in run.err, run.err
    equal(tree_bytes('archive'), before)
    # keys of the archive that are gone
    make(40, seed=2)
    os.rename('archive.keys', 'gone')
    archive(code=78)
    os.rename('gone', 'archive.keys')
    # a source that does not verify
    path = 'store/streams/s/seg/00000002.jsonl.zst'
    data = read(path)
    write(path, data[:60] + bytes([data[60] ^ 1]) + data[61:])
    run = archive(code=1)
    assert 'does not verify' in run.err, run.err
    write(path, data)
    equal(tree_bytes('archive'), before)
    archive()


def test_configurations_that_cannot_be():
    for text, what in (b'{k: 1}', 'archive.k'), (b'{k: 65}', 'archive.k'), (b'{cpu: 0}', 'archive.cpu'), \
            (b'{client: keep}', 'archive.client'), (b'{k: many}', 'archive.k'), (b'{rare: 3}', 'rare'):
        write('c.yaml', b'store: store\nstreams: {s: {archive: ' + text + b'}}\n')
        run = cretula('check', '--config', 'c.yaml', code=78)
        assert what in run.err + run.text, run.err + run.text
    assert 'archive.k' in cretula('check', '--explain', code=0).text
    # A preset that counts on an archive needs one that is made, wherever in the file that is said.
    for more, code in ('', 78), (', archive: {to: strict}', 0):
        write('c.yaml', f'store: store\nstreams: {{s: {{retain: {{preset: pci-dss, detail: 90d, archive: 1y}}{more}}}}}\n'.encode())
        cretula('check', '--config', 'c.yaml', code=code)
    # A term of an archive that nothing writes is said, as retain says what goes and is in none.
    for more, said in ('', True), (', archive: {to: strict}', False):
        write('c.yaml', f'store: store\nstreams: {{s: {{retain: {{archive: 1y}}{more}}}}}\n'.encode())
        equal('retain.archive is the term of an archive' in cretula('check', '--config', 'c.yaml', code=0).err, said)


main()
