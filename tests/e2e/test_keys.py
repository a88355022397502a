"""Keys: what happens to them when imports meet, break off, or have nothing to do."""
import collections
import gzip
import json
import os
import shutil
import subprocess

from lib import (CRETULA, THIRD, Skip, combined, cretula, equal, is_testing_build, main, make_log, read, records, segments,
                 write)


def log(marker, lines=40):
    """Lines whose size tells whose they are."""
    return ''.join(combined(n, client=f'10.9.{n}.1', size=marker * 1000 + n) for n in range(lines)).encode()


def start(stream, name):
    return subprocess.Popen([CRETULA, 'import', '--store', 'store', '--stream', stream, '--format', 'apache-combined',
                             '--no-verify', name], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def fresh():
    for name in os.listdir('.'):
        if name.startswith('store'):
            shutil.rmtree(name)


def race(streams):
    """All at once on no store at all.  Who says 0 is in the store, who does not says 75 and why."""
    fresh()
    running = [start(stream, f'{n}.log') for n, stream in enumerate(streams)]
    won = {}
    for n, process in enumerate(running):
        errors = process.communicate()[1].decode()
        assert process.returncode in (0, 75), (process.returncode, errors)
        if process.returncode == 0:
            won.setdefault(streams[n], []).append(n)
        else:
            assert 'another cretula process is ' in errors and ' this store' in errors, errors
            equal(len([e for e in errors.splitlines() if ' is made; keys ' not in e]), 1, errors)
    assert won, 'nobody won'
    for stream in set(streams):
        got = sorted(r['bytes'] for r in records('store', stream)) if stream in won else []
        equal(got, sorted(n * 1000 + k for n in won.get(stream, []) for k in range(40)))
    equal([name for name in os.listdir('.') if name.endswith('.new')], [])
    cretula('verify', '--store', 'store', '--strict', code=0)
    equal(start('z', 'z.log').wait(), 0, 'a later import')
    equal(len(records('store', 'z')), 40)
    cretula('verify', '--store', 'store', '--strict', code=0)


def test_first_imports_at_once():
    """Two and four starters, ten rounds: the store and its keys survive."""
    for n in range(4):
        write(f'{n}.log', log(n))
    write('z.log', log(9))
    for _ in range(10):
        race(['a', 'b'])
        race(['a', 'b', 'c', 'd'])
        race(['a', 'a'])


def load(name, stream='s', *more, **how):
    return cretula('import', '--store', 'store', '--stream', stream, '--format', 'apache-combined', *more, name, **how)


def chain(stream='s'):
    return [json.loads(line) for line in read(f'store/streams/{stream}/chain.jsonl').splitlines()]


def destroyed(stream='s'):
    return [e['commitment'] for e in chain(stream) if e['type'] == 'destroy']


def seeds(stream='s'):
    """The commitments that segments name, each once."""
    return list(dict.fromkeys(e['mask_seed'] for e in segments('store', stream)))


def broken(name):
    """A .gz that ends too early: what was before is sealed, and the import's key stays for the rest."""
    whole = gzip.compress(make_log(30000))
    return write(name, whole[:len(whole) // 2])


def not_checked():
    return [text for text in cretula('verify', '--store', 'store', '--json', code=0).json['coverage']['not_checked']
            if text.startswith('keys: ')]


def test_an_abandoned_key_is_recorded_as_destroyed():
    """By the next import into the stream, or into another stream of the store."""
    broken('broken.log.gz')
    write('b.log', log(2))
    for other in ('s', 't'):
        fresh()
        load('broken.log.gz', code=66)
        abandoned = seeds()
        equal(len(abandoned), 1)
        equal(destroyed(), [])
        load('b.log', other, code=0)
        equal(destroyed()[0], abandoned[0])
        equal(sorted(destroyed()), sorted(seeds()))
        equal(destroyed(other)[-1], seeds(other)[-1])
        cretula('verify', '--store', 'store', '--strict', code=0)


def test_a_linked_key_is_recorded_everywhere_when_it_goes():
    for n in range(4):
        write(f'{n}.log', log(n))
    fresh()
    load('0.log', 's', '--link-epochs', code=0)
    load('1.log', 't', '--link-epochs', code=0)
    equal(seeds('s'), seeds('t'))
    equal(destroyed('s') + destroyed('t'), [])
    load('2.log', 'u', code=0)
    for stream in 'stu':
        equal(destroyed(stream), seeds(stream), stream)


def test_nothing_new_writes_nothing():
    """An hourly cron must not make the chain grow."""
    fresh()
    write('a.log', log(1))
    load('a.log', code=0)
    before = chain()
    slot = read('store.keys/import.seed')
    run = load('a.log', code=0)
    assert run.text.startswith('cretula: stream s: nothing new\n'), run.text
    assert 'skipped' in run.text and ' segment' not in run.text, run.text
    load('a.log', 's', '--link-epochs', code=0)
    equal(load('a.log', 's', '--json', code=0).json['records'], 0)
    equal(chain(), before)
    equal(read('store.keys/import.seed'), slot)


def test_a_crash_at_any_step_loses_no_record_of_a_key():
    """Whatever a rerun, be it with nothing to do, finds: the key is gone and the chain says so, once."""
    if not is_testing_build():
        raise Skip('not built with -Dtesting=true')
    write('a.log', log(1))
    write('b.log', log(2))
    for n in range(1, 400, THIRD):
        fresh()
        load('a.log', 's', '--no-verify', code=0)
        code = load('b.log', 's', '--no-verify', env={'CRETULA_FAULT': str(n)}).code
        load('b.log', 's', '--no-verify', code=0)
        equal(collections.Counter(destroyed()), collections.Counter(seeds()), f'step {n}')
        equal(read('store.keys/import.seed'), bytes(512), f'step {n}')
        if code == 0:
            break
    assert 20 < n < 399, n


def test_key_errors_name_the_directory():
    write('a.log', log(1))
    for name in ('root.key', 'kek', 'keyring'):
        fresh()
        load('a.log', code=0)
        os.chmod(f'store.keys/{name}', 0o640)
        run = load('a.log', code=78)
        assert f'keys {os.path.abspath("store.keys")}: {name}: group or others may use it' in run.err, run.err
        os.chmod(f'store.keys/{name}', 0o600)
        write(f'store.keys/{name}', b'')
        run = load('a.log', code=78)
        assert f'{os.path.abspath("store.keys")}: {name}: ' in run.err and 'damaged' in run.err, run.err


def test_a_failed_first_import_shows_the_line_of_its_store():
    fresh()
    broken('broken.log.gz')
    run = load('broken.log.gz', code=66)
    lines = run.err.splitlines()
    equal(len(lines), 2, run.err)
    assert os.path.abspath('store.keys') in lines[0], run.err
    assert 'broken.log.gz' in lines[1], run.err
    anchor = ' '.join(lines[0].split(' auditor ')[1].split())
    equal(cretula('verify', '--store', 'store', '--anchor', anchor).code, 0)
    equal(len(load('broken.log.gz', code=66).err.splitlines()), 1, 'a store is new only once')


main()
