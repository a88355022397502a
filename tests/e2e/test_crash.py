"""Crashes: kill -9 at random moments, and a death after each durable step; then simply run it again."""
import collections
import os
import random
import re
import shutil
import signal
import subprocess
import time

from lib import CRETULA, THIRD, Skip, combined, cretula, equal, is_testing_build, main, on_disk, tree_bytes, write

IMPORT = ['import', '--store', 'store', '--stream', 's', '--format', 'apache-combined', '--json']


def unique_log(lines, start=0):
    """Every line has a size of its own, so that a record lost or doubled is seen."""
    return ''.join(combined(n // 7, client=f'10.{n % 250}.{n // 250 % 250}.9', size=n + 1000)
                   for n in range(start, start + lines)).encode()


def whole(lines):
    """Each line exactly once, in the store as a reader sees it, and it verifies."""
    # Of 200,000 records; json would take longer to read them than cretula to write them.
    out = cretula('view', '--store', 'store', '--stream', 's', code=0).out
    sizes = collections.Counter(map(int, re.findall(rb'"bytes":(\d+)', out)))
    equal(out.count(b'\n'), lines)
    equal([n for n in range(1000, 1000 + lines) if sizes[n] != 1], [], 'lines lost or doubled')
    equal(sum(sizes.values()), lines)
    cretula('verify', '--store', 'store', '--strict', code=0)


def no_remnants():
    for path, data in tree_bytes('store').items():
        assert '.tmp' not in path, path
        del data


@on_disk
def test_kill_at_random_moments_then_resume():
    """Twelve times: kill -9 within the run, run again: nothing lost or doubled."""
    rng = random.Random(5)
    write('big.log', unique_log(200000))
    for _ in range(12):
        shutil.rmtree('store', ignore_errors=True)
        shutil.rmtree('store.keys', ignore_errors=True)
        kills = 0
        for _ in range(2):
            with subprocess.Popen([CRETULA, *IMPORT, 'big.log'], stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL) as process:
                time.sleep(rng.uniform(0.0, 0.5))
                process.send_signal(signal.SIGKILL)
            kills += process.returncode == -9
        cretula(*IMPORT, 'big.log', code=0)
        whole(200000)
        no_remnants()


def steps_of(env):
    """How many durable steps a clean run takes: the smallest n at which no fault strikes."""
    low, high = 1, 4096
    while low < high:
        middle = (low + high) // 2
        fresh()
        done = cretula(*IMPORT, '--no-verify', 'a.log', env={**env, 'CRETULA_FAULT': f'{middle}:5'})
        if done.code == 0:
            high = middle
        else:
            low = middle + 1
    return low - 1


def fresh():
    shutil.rmtree('store', ignore_errors=True)
    shutil.rmtree('store.keys', ignore_errors=True)
    for name in os.listdir('.'):
        if name.startswith('store'):
            shutil.rmtree(name)


def test_a_crash_after_each_durable_step_of_the_first_import():
    """CRETULA_FAULT=n dies at step n: the next run completes, each line once."""
    if not is_testing_build():
        raise Skip('not built with -Dtesting=true')
    write('a.log', unique_log(60))
    last = steps_of({})
    assert last > 40, f'only {last} steps seen'
    print(f'# {last} durable steps')
    for n in range(1, last + 1):
        fresh()
        cretula(*IMPORT, '--no-verify', 'a.log', env={'CRETULA_FAULT': str(n)}, code=77)
        run = cretula(*IMPORT, '--no-verify', 'a.log')
        equal(run.code, 0, f'after a crash at step {n}: {run.err}')
        whole(60)


def test_a_crash_after_each_durable_step_of_a_later_import():
    if not is_testing_build():
        raise Skip('not built with -Dtesting=true')
    write('a.log', unique_log(60))
    write('b.log', unique_log(40, start=60))
    for n in range(1, 400, THIRD):
        fresh()
        cretula(*IMPORT, '--no-verify', 'a.log', code=0)
        crashed = cretula(*IMPORT, '--no-verify', 'b.log', env={'CRETULA_FAULT': str(n)})
        if crashed.code == 0:
            break
        equal(crashed.code, 77)
        run = cretula(*IMPORT, '--no-verify', 'b.log')
        equal(run.code, 0, f'after a crash at step {n}: {run.err}')
        whole(100)
    assert 20 < n < 399, n
    print(f'# {n - 1} durable steps at most')


def test_an_error_at_each_durable_step():
    """ENOSPC (28) and EIO (5) at step n, be it of a key: exit code 74, one line, and the next run completes."""
    if not is_testing_build():
        raise Skip('not built with -Dtesting=true')
    write('a.log', unique_log(60))
    for errno in (5, 28):
        for n in range(1 + errno % 2, 400, THIRD):
            fresh()
            run = cretula(*IMPORT, '--no-verify', 'a.log', env={'CRETULA_FAULT': f'{n}:{errno}'})
            if run.code == 0 and not re.search('error|No space', run.err):
                break
            assert run.code in (0, 74), (n, errno, run.code, run.err)
            assert run.code == 0 or len(run.err.strip().splitlines()) <= 2, run.err
            again = cretula(*IMPORT, '--no-verify', 'a.log')
            equal(again.code, 0, f'after errno {errno} at step {n}: {again.err}')
            whole(60)
        assert 40 < n < 399, n


main()
