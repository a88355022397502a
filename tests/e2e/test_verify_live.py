"""verify beside a writer: what moves is no finding, what was changed is."""
import os
import shutil
import signal
import subprocess
import threading
import time

from lib import CRETULA, combined, cretula, equal, main, read, wait_for, write

SEG = 'store/streams/s/seg'
OPEN = 'store/streams/s/open'


def line(n):
    return combined(n // 7, client=f'10.{n % 250}.{n // 250 % 250}.9', size=n + 1000).encode()


def start(*options):
    return subprocess.Popen([CRETULA, 'pipe', '--store', 'store', 's', '--format', 'combined', *options],
                            stdin=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0)


def tags():
    """Lines of .tags in open/, whatever goes on there."""
    count = 0
    for name in os.listdir(OPEN) if os.path.isdir(OPEN) else []:
        try:
            count += read(os.path.join(OPEN, name)).count(b'\n') if name.endswith('.tags') else 0
        except FileNotFoundError:
            pass
    return count


def crashed(flushes=2):
    """A store whose writer was killed with this many flushes open."""
    process = start()
    wait_for(lambda: os.path.isdir(OPEN))
    n = 0
    while tags() < flushes:
        process.stdin.write(line(n))
        n += 1
        time.sleep(0.02)
    process.kill()
    process.communicate()


def verify(*options, code=0):
    return cretula('verify', '--store', 'store', '--json', *options, code=code).json


def codes(report):
    return [f['code'] for f in report['findings']]


def test_a_writer_that_flushes_and_seals_all_the_time_is_never_reported():
    process = start('--seal-every', '1s')
    stop = threading.Event()

    def feed():
        n = 0
        while not stop.is_set():
            process.stdin.write(b''.join(line(n + i) for i in range(20)))
            n += 20
            time.sleep(0.004)
            if n % 600 == 0:
                process.send_signal(signal.SIGUSR1)

    feeder = threading.Thread(target=feed)
    feeder.start()
    try:
        wait_for(lambda: tags() > 0)
        runs, seals, began = 0, set(), time.monotonic()
        while len(seals) < 6 or runs < 6 or time.monotonic() < began + 6:
            report = verify('--strict')
            equal(report['findings'], [])
            seals.add(report['coverage']['segments'])
            runs += 1
    finally:
        stop.set()
        feeder.join()
        said = process.communicate(timeout=120)[1].decode()
    equal(process.returncode, 0, said)
    equal(verify('--strict')['coverage']['open'], [])


def test_erasures_beside_verify_are_never_reported():
    """Pipes that come and go, and between them records are erased: files of revisions come, and the old ones go."""
    stop, failed = threading.Event(), []

    def write_and_erase():
        n = 0
        while not stop.is_set():
            process = start()
            said = process.communicate(b''.join(line(n + i) for i in range(40)), timeout=120)[1]
            n += 40
            done = cretula('subject', 'erase', '--store', 'store', '--stream', 's', '--record',
                           f'{n - 40},{max(0, n - 77)},{n - 1}', '--reason', 'Art. 17')
            if process.returncode != 0 or done.code != 0:
                failed.append((said, done.err))
                return

    writer = threading.Thread(target=write_and_erase)
    writer.start()
    try:
        wait_for(lambda: os.path.isdir(SEG) and os.listdir(SEG))
        erased, began = set(), time.monotonic()
        while (len(erased) < 4 or time.monotonic() < began + 6) and not failed:
            report = verify('--strict', code=None)
            equal(report['findings'], [])
            equal(report['exit_code'], 0)
            erased.add(report['coverage']['erased'])
    finally:
        stop.set()
        writer.join()
    equal(failed, [])
    verify('--strict')


def test_what_a_crash_left_is_said():
    """Whoever can write the store has put records behind the last flush: they are told apart, as far as anybody can."""
    crashed()
    before = verify()
    equal(before['coverage']['untagged'], 0)
    data = os.path.join(OPEN, '00000001.data')
    first = read(data).splitlines(keepends=True)[0]
    with open(data, 'ab') as file:
        file.write(first * 40)
    assert subprocess.run([CRETULA, 'pipe', '--store', 'store', 's', '--format', 'combined'], stdin=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL).returncode == 0
    report = verify()
    assert report['coverage']['untagged'] >= 40, report['coverage']
    assert any('behind the last flush' in what for what in report['coverage']['not_checked']), report['coverage']


def test_the_escrow_key_sees_every_flush():
    equal(start().communicate(line(1), timeout=120)[0], None)
    cretula('key', 'escrow', '--store', 'store', '--stream', 's', '--out', 'escrow', code=0)
    process = start()
    wait_for(lambda: os.path.isdir(OPEN))
    for n in range(60):
        process.stdin.write(line(n))
        time.sleep(0.05)
    process.communicate(timeout=120)
    path = f'{SEG}/00000002.tags'
    rows = read(path).splitlines(keepends=True)
    report = verify('--escrow', 'escrow', '--strict')
    equal(report['coverage']['replayed'], len(rows))
    words = rows[0].split(b' ')
    words[3] = b'%d' % (int(words[3]) + 1)  # when it was: only the ratchet knows
    write(path, b' '.join(words) + b''.join(rows[1:]))
    equal(codes(verify(code=0)), [])
    report = verify('--escrow', 'escrow', code=1)
    equal([(f['code'], f['segment']) for f in report['findings']], [('E_RATCHET_MAC', 2)])


def test_what_is_open_is_told_and_is_not_sealed():
    crashed()
    report = verify('--strict')
    equal(report['coverage']['segments'], 0)
    opened = report['coverage']['open']
    equal([o['stream'] for o in opened], ['s'])
    assert opened[0]['records'] > 0 and opened[0]['flush'] == tags(), opened
    text = cretula('verify', '--store', 'store', code=0).text
    assert f'open: stream s: {opened[0]["records"]} record' in text, text
    assert 'not checked: ratchet: no escrow key' in text, text


def test_an_open_segment_that_was_changed():
    crashed()
    shutil.copytree('store', 'kept')
    for what, change in (
            ('a line', lambda b: b.replace(b'"status":200', b'"status":404', 1)),
            ('a cut', lambda b: b[:len(b) // 2])):
        write(f'{OPEN}/00000001.data', change(read(f'{OPEN}/00000001.data')))
        equal(codes(verify(code=1)), ['E_OPEN'], what)
        shutil.rmtree('store')
        shutil.copytree('kept', 'store')
    for name in ('data', 'tags', 'salt'):
        os.unlink(f'{OPEN}/00000001.{name}')
        equal(codes(verify(code=1)), ['E_OPEN'], name)
        shutil.rmtree('store')
        shutil.copytree('kept', 'store')
    shutil.rmtree(OPEN)
    report = verify('--strict')
    equal(report['coverage']['open'], [{'stream': 's', 'gone': True}])
    text = cretula('verify', '--store', 'store', code=0).text
    assert 'open: stream s: the writer did not stop; no open segment is here' in text, text


def test_tags_that_were_changed():
    process = start()
    wait_for(lambda: os.path.isdir(OPEN))
    n = 0
    while tags() < 2:
        process.stdin.write(line(n))
        n += 1
        time.sleep(0.02)
    process.communicate(timeout=120)
    path = f'{SEG}/00000001.tags'
    good = read(path).splitlines(keepends=True)
    assert len(good) > 1, good
    for what, lines in (('one gone', good[1:]), ('the last gone', good[:-1]), ('swapped', good[1:] + good[:1])):
        write(path, b''.join(lines))
        equal(codes(verify(code=1)), ['E_TAGS'], what)
    os.unlink(path)
    equal(codes(verify(code=1)), ['E_TAGS'])
    write(path, b''.join(good))
    verify('--strict')


def test_escrow_files_that_are_none():
    crashed()
    write('none', b'hello\n')
    write('other', b'cretula escrow v1\ncretula/0123456789abcdef/s 1 ' + b'A' * 43 + b'=\n')
    cretula('verify', '--store', 'store', '--escrow', 'missing', code=66)
    cretula('verify', '--store', 'store', '--escrow', 'none', code=78)
    cretula('verify', '--proof', 'none', '--escrow', 'other', code=2)
    text = cretula('verify', '--store', 'store', '--escrow', 'other', code=0).text
    assert 'not checked: ratchet: 1 that the escrow file has no key of' in text, text


main()
