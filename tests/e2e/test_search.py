"""view --where reads only frames that can hold what is asked for; what it notes of them is never more than a help."""
import os
import random
import shutil

from lib import cretula, equal, is_testing_build, main, read, write

VIEW = ['view', '--store', 'store', '--stream', 's', '--as', 'json']
SKIP = 'store/skip/s'


def made(n=16000, hours=1):
    """Several frames in two segments, with a few rare values; so many hours of them, again and again."""
    rnd = random.Random(1)
    lines = []
    for i in range(n):
        status = 599 if i == 9000 else rnd.choice([200, 200, 304, 404])
        lines.append(f'203.0.{i % 7}.{i % 200} - - [24/Nov/2025:{10 + i // 3600 % hours}:{i // 60 % 60:02d}:{i % 60:02d} +0000] '
                     f'"GET /shop/{rnd.choice(["index", "search", "about"])} HTTP/1.1" {status} {i} "-" "curl/8.5.0"\n')
    for number in (1, 2):
        write('log', ''.join(lines[(number - 1) * n // 2:number * n // 2]).encode())
        cretula('import', '--store', 'store', '--stream', 's', '--format', 'combined', 'log', code=0)


def found(where, *options):
    return cretula(*VIEW, '--where', where, *options, code=0).out


def filters():
    """Some that few records match, some that many do, with the tokens of this store."""
    client = cretula(*VIEW, '--limit', '1', code=0).lines[0]['client']
    return ['status == 599', 'status > 598 || bytes == 3', f'client == {client}', f'client == {client} && status == 404',
            'bytes >= 15990', 'path == /shop/about && bytes < 50', '!(status < 599)', 'path ~= bou', 'method == PUT',
            'time >= 2025-11-24T10:59:00Z && bytes < 10', 'agent == curl && client != ip.x',
            'path ^= /shop/a && status >= 400', 'status != 200', 'flags ~= x || path == /shop/index && bytes <= 44']


def test_what_is_found_does_not_depend_on_what_was_noted():
    """Without notes, with them, in a window, and with damaged, cut and exchanged ones: the same records."""
    made()
    asked = filters()
    write('store/skip', b'in the way')
    want = {where: found(where) for where in asked}
    os.unlink('store/skip')
    equal({where: found(where) for where in asked}, want, 'the first time')
    equal(sorted(os.listdir(SKIP)), ['00000001', '00000002'])
    equal({where: found(where) for where in asked}, want, 'with notes')
    equal({where: found(where, '--jobs', 1) for where in asked}, want, 'with notes, by one thread')
    shutil.rmtree('store/skip')
    equal(found(asked[0], '--jobs', 5), want[asked[0]])
    equal({where: found(where, '--jobs', 3) for where in asked}, want, 'by three')
    equal(cretula(*VIEW, '--jobs', 0).code, 2)
    equal(cretula(*VIEW, '--jobs', 17).code, 2)
    for number, window in enumerate((['--since', '2025-11-24T10:30:00Z'], ['--until', '2025-11-24T10:00:09Z'], ['--limit', '3'])):
        some = {where: found(where, *window) for where in asked[:4]}
        shutil.move('store/skip', f'skip{number}')
        equal({where: found(where, *window) for where in asked[:4]}, some, window)
    good = read(f'{SKIP}/00000001')
    other = read(f'{SKIP}/00000002')
    for bad in (b'', good[:-1], good[:5000], bytes([good[0] ^ 1]) + good[1:], good[:9000] + b'\xff' + good[9001:], other):
        write(f'{SKIP}/00000001', bad)
        equal(found(asked[0]), want[asked[0]])
        equal(read(f'{SKIP}/00000001'), good, 'made anew')
    cretula('verify', '--store', 'store', code=0)


def test_a_window_reads_its_frames_only():
    """Without a filter, too: the same with notes as without, and no frame of another time is read; a window alone makes none."""
    made(hours=5)  # 10:00:00 to 14:26:39, the second segment from 12:13:20 on
    windows = (['--since', '2025-11-24T14:20:00Z'], ['--until', '2025-11-24T10:03:00Z'], ['--since', '2025-11-24T15:00:00Z'], ['--numbers'],
               ['--since', '2025-11-24T12:13:00Z', '--until', '2025-11-24T12:14:00Z', '--numbers'])

    def shown():
        return [cretula(*VIEW, *window, code=0).out for window in windows]

    want = shown()
    equal([len(lines.splitlines()) for lines in want], [400, 180, 0, 16000, 60])
    assert not os.path.exists('store/skip')
    found('status == 599')
    equal(shown(), want)
    name = 'store/streams/s/seg/00000002.jsonl.zst'
    data = bytearray(read(name))
    data[0] ^= 1  # of the first frame
    os.chmod(name, 0o640)
    write(name, bytes(data))
    equal(cretula(*VIEW, *windows[0], code=0).out, want[0])
    equal(cretula(*VIEW, *windows[4]).code, 1)
    shutil.rmtree('store/skip')
    equal(cretula(*VIEW, *windows[0]).code, 1)


def test_frames_that_hold_nothing_are_not_read():
    """A frame that is damaged on disk is no matter to who asks for another one's records, and is to who asks for its own."""
    made()
    want = found('status == 599')  # in segment 2
    name = 'store/streams/s/seg/00000001.jsonl.zst'
    data = bytearray(read(name))
    data[0] ^= 1  # of the first frame
    os.chmod(name, 0o640)
    write(name, bytes(data))
    equal(found('status == 599'), want)
    assert cretula(*VIEW, '--where', 'bytes == 3').code == 1
    shutil.rmtree('store/skip')
    assert cretula(*VIEW, '--where', 'status == 599').code == 1


def test_a_crash_while_notes_are_written():
    """At each durable step of it; the next search finds the same, and notes what is missing."""
    if not is_testing_build():
        return
    made(9000)
    write('store/skip', b'in the way')
    want = found('bytes >= 8990')
    os.unlink('store/skip')
    for n in range(1, 40, 2):
        run = cretula(*VIEW, '--where', 'bytes >= 8990', env={'CRETULA_FAULT': str(n)})
        equal(found('bytes >= 8990'), want, n)
        equal(sorted(name for name in os.listdir(SKIP) if name[0] != '.'), ['00000001', '00000002'])
        cretula('import', '--store', 'store', '--stream', 's', '--format', 'combined', '/dev/null')  # a start sweeps
        equal([name for name in os.listdir(SKIP) if name[0] == '.'], [])
        shutil.rmtree('store/skip')
        if run.code == 0:
            break
    assert 5 < n < 38, n


def test_nothing_is_noted_of_what_was_erased():
    """An erasure takes the notes of its segment along, and none are made of it again; the others stay."""
    made()
    found('status == 599')
    cretula('subject', 'erase', '--store', 'store', '--stream', 's', '--record', '9000', '--reason', 'Art. 17', code=0)
    equal(os.listdir(SKIP), ['00000001'])
    equal(found('status == 599'), b'')
    equal(os.listdir(SKIP), ['00000001'])
    equal(len(found('bytes >= 15990').splitlines()), 10)
    cretula('verify', '--store', 'store', code=0)


main()
