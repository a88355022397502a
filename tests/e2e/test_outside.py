"""What an outsider runs: cretula-verify, and what both verifiers are asked."""
import os
import shutil
import subprocess
import time

from lib import CRETULA, Skip, cretula, equal, main, make_log, read, verify_py, write

VERIFY = os.path.join(os.path.dirname(CRETULA), 'cretula-verify')
FORBIDDEN = ('crypto_sign_detached', 'ed25519_detached', 'sign_keypair', 'sign_seed', 'crypto_sign_message', 'note_write',
             'randombytes', 'crypto_random', 'store_writer', 'store_stream', 'segment_seal',
             'EVP_', 'RAND_')


def outside(*args, code=None):
    done = subprocess.run([VERIFY, *map(str, args)], capture_output=True, check=False, timeout=600)
    if code is not None:
        equal(done.returncode, code, f'exit code of {args}: {done.stderr}{done.stdout}')
    return done


def store(name='s', lines=500):
    write('log', make_log(lines))
    return cretula('import', '--store', 'store', '--stream', name, '--format', 'auto', 'log', code=0)


def test_no_signing_code():
    """No symbol of cretula-verify signs, draws random bytes or writes a store."""
    symbols = subprocess.run(['nm', VERIFY], capture_output=True, text=True, check=True).stdout
    names = [line.split()[-1] for line in symbols.splitlines()]
    assert 'audit_verify' in names, 'stripped: nothing to see'
    equal([n for n in names for bad in FORBIDDEN if bad in n], [], 'forbidden symbols')


def test_static():
    """It needs no shared library."""
    symbols = subprocess.run(['nm', VERIFY], capture_output=True, text=True, check=True).stdout
    if '__asan_init' in symbols or '__tsan_init' in symbols:
        raise Skip('a build with sanitizers')
    dynamic = subprocess.run(['readelf', '-d', VERIFY], capture_output=True, text=True, check=True).stdout
    assert 'NEEDED' not in dynamic, dynamic


def test_same_report():
    """Both programs say the same of good, damaged and missing stores."""
    store()
    for change in (None, 'damage', 'missing'):
        if change == 'damage':
            path = 'store/streams/s/cp/00000002.note'
            write(path, read(path)[:-9] + b'AAAA' + read(path)[-5:])
        where = 'nowhere' if change == 'missing' else 'store'
        for extra in ([], ['--json'], ['--strict'], ['--stream', 's'], ['--anchor', 'nonsense']):
            ours = cretula('verify', '--store', where, *extra)
            theirs = outside('--store', where, *extra)
            equal((theirs.returncode, theirs.stdout), (ours.code, ours.out), f'{change} {extra}')


def on_terminal(*args):
    """Exit code, and what a terminal on the standard error output shows."""
    ours, theirs = os.openpty()
    process = subprocess.Popen(args, stdout=subprocess.DEVNULL, stderr=theirs)
    os.close(theirs)
    shown = b''
    try:
        while piece := os.read(ours, 65536):
            shown += piece
    except OSError:  # EIO: the other end is closed
        pass
    os.close(ours)
    return process.wait(), shown


def test_progress():
    """How far it is, on a terminal only, and gone when it is over; strict about a warning with 4."""
    store(lines=20000)
    code, shown = on_terminal(CRETULA, 'verify', '--store', 'store')
    equal(code, 0)
    assert b' (100 %)' in shown and shown.endswith(b'\r\033[K'), shown
    equal(cretula('verify', '--store', 'store', code=0).err, '')
    code, shown = on_terminal(VERIFY, '--store', 'store')
    equal(code, 0)
    assert shown == b'' or shown.endswith(b'\r\033[K'), shown
    write('store/streams/s/seg/odd', b'')
    for ours in ((), ('--json',)):
        cretula('verify', '--store', 'store', *ours, code=0)
        cretula('verify', '--store', 'store', '--strict', *ours, code=4)
        outside('--store', 'store', '--strict', *ours, code=4)


def test_the_line():
    """pipe says the auditor's line when it makes a store, and verify as long as none is given."""
    made = cretula('pipe', '--store', 'store', 's', stdin=make_log(3), code=0).err
    line = made.split('; auditor ')[1].splitlines()[0]
    equal(cretula('verify', '--store', 'store', '--json').json['coverage']['auditor'], line)
    assert f"auditor's line, as this store says it: {line}\n" in cretula('verify', '--store', 'store').text
    assert 'as this store says it' not in cretula('verify', '--store', 'store', '--anchor', line, code=0).text
    assert 'auditor' not in cretula('pipe', '--store', 'store', 's', stdin=make_log(3), code=0).err
    path = 'store/streams/s/cp/00000002.note'
    write(path, read(path)[:-9] + b'AAAA' + read(path)[-5:])
    assert 'as this store says it' not in cretula('verify', '--store', 'store', code=1).text


def test_an_older_stream():
    """An older copy of a stream is found by the store's chain; if that is as old, verify says so, a pin and an age tell."""
    for name, seed in (('s', 1), ('t', 2)):
        write('log', make_log(60, seed=seed))
        cretula('import', '--store', 'store', '--stream', name, '--format', 'auto', 'log', code=0)
    shutil.copytree('store', 'old')
    time.sleep(1.1)
    for name, seed in (('s', 3), ('t', 4)):
        write('log', make_log(60, seed=seed))
        cretula('import', '--store', 'store', '--stream', name, '--format', 'auto', 'log', code=0)
    outside('--store', 'store', '--pin', 'pin', code=0)

    def put_back(name):
        shutil.rmtree(f'store/streams/{name}')
        shutil.copytree(f'old/streams/{name}', f'store/streams/{name}')
    put_back('s')
    assert b'E_ROLLBACK s ' in outside('--store', 'store', code=1).stdout
    put_back('cretula.store')
    report = cretula('verify', '--store', 'store', '--json', code=0).json['coverage']
    ends = [line.split(' up to ')[1] for line in report['not_checked'] if "the store's chain says" in line]
    assert len(ends) == 1 and ends[0] < report['newest'], report
    assert b'E_ROLLBACK s ' in outside('--store', 'store', '--pin', 'pin', code=1).stdout
    outside('--store', 'store', '--max-age', '1s', code=1)


def test_pin():
    """A pin is made, moves on with the store, and finds the store of yesterday."""
    store()
    outside('--store', 'store', '--pin', 'pin', code=0)
    shutil.copytree('store', 'yesterday')
    old = read('pin')
    write('log', make_log(300, seed=2))
    cretula('import', '--store', 'store', '--stream', 's', '--format', 'auto', 'log', code=0)
    assert b'pins: 2 chains go on' in outside('--store', 'store', '--pin', 'pin', code=0).stdout
    new = read('pin')
    assert new != old
    for run in (outside, lambda *args: cretula('verify', *args)):
        done = run('--store', 'yesterday', '--pin', 'pin')
        assert b'E_ROLLBACK' in (done.stdout if hasattr(done, 'stdout') else done.out)
    equal(read('pin'), new, 'a pin that nothing good moved')
    outside('--store', 'yesterday', code=0)
    write('pin', b'nonsense')
    outside('--store', 'store', '--pin', 'pin', code=78)
    equal(read('pin'), b'nonsense')


def test_pin_of_one_stream():
    """--stream leaves the pins of other streams as they are."""
    store()
    store('t')
    outside('--store', 'store', '--pin', 'pin', code=0)
    old = read('pin')
    shutil.rmtree('store/streams/t')
    outside('--store', 'store', '--stream', 's', '--pin', 'pin', code=0)
    equal(read('pin'), old)
    assert b'E_ROLLBACK' in outside('--store', 'store', '--pin', 'pin', code=1).stdout


def test_max_age():
    """A store that nobody writes to any more is stale, for both verifiers."""
    store()
    outside('--store', 'store', '--max-age', '1h', code=0)
    equal(verify_py('store', '--max-age', '1h').returncode, 0)
    time.sleep(1.1)
    assert b'E_STALE' in outside('--store', 'store', '--max-age', '1s', code=1).stdout
    assert b'E_STALE' in verify_py('store', '--max-age', '1s').stdout
    for wrong in ('', '3', '-1h', 'soon'):
        outside('--store', 'store', '--max-age', wrong, code=2)


def test_usage():
    for args in ([], ['--store'], ['--nonsense'], ['--store', 'x', 'y'], ['--store', 'x', '--jobs', '0']):
        equal(outside(*args).returncode, 2, args)
    assert b'usage' in outside('--help', code=0).stdout
    assert b'cretula-verify ' in outside('--version', code=0).stdout


if __name__ == '__main__':
    main()
