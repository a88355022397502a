"""Keys: what happens to them when imports meet, break off, or have nothing to do."""
import os
import shutil
import subprocess

from lib import CRETULA, combined, cretula, equal, main, records, write


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
            equal(len(errors.splitlines()), 1, errors)
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


main()
