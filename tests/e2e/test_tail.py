"""view and tail of a stream that is written: what is committed is shown, sealed or not, each record once and in order."""
import fcntl
import json
import os
import pty
import random
import signal
import struct
import subprocess
import termios
import time

from lib import CRETULA, combined, cretula, equal, main, read, wait_for, write

PIPE = [CRETULA, 'pipe', '--store', 'store', 's', '--format', 'combined']
BASE = ['--store', 'store', '--stream', 's']


def start():
    return subprocess.Popen(PIPE, stdin=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0)


def end(process):
    said = process.communicate(timeout=120)[1].decode()
    equal(process.returncode, 0, said)


def line(n):
    return combined(n // 7, client=f'10.{n % 250}.{n // 250 % 250}.9', size=n + 1000, status=500 if n % 100 == 7 else 200).encode()


def lines(first, past):
    return b''.join(map(line, range(first, past)))


def shown(*options):
    return [r['bytes'] - 1000 for r in cretula('view', *BASE, *options, code=0).lines]


def tailed(*options):
    return [r['bytes'] - 1000 for r in cretula('tail', *BASE, '--as', 'json', *options, code=0).lines]


def seal(process, segment):
    process.send_signal(signal.SIGUSR1)
    wait_for(lambda: os.path.exists(f'store/streams/s/seg/{segment:08}.jsonl.zst'))


def test_what_is_committed_is_shown():
    process = start()
    process.stdin.write(lines(0, 300))
    wait_for(lambda: os.path.exists('store/streams/s/open/00000001.tags') and shown() == list(range(300)))
    seal(process, 1)
    process.stdin.write(lines(300, 500))
    wait_for(lambda: shown() == list(range(500)))
    equal(shown('--where', 'bytes >= 1290 && bytes < 1310'), list(range(290, 310)), 'over the end of a segment')
    equal(shown('--limit', '301'), list(range(301)))
    numbers = cretula('view', *BASE, '--numbers', code=0).text.splitlines()
    equal([int(text.split('\t')[0]) for text in numbers], list(range(500)))
    equal(tailed(), list(range(490, 500)))
    equal(tailed('--limit', '250'), list(range(250, 500)))
    equal(tailed('--limit', '9999'), list(range(500)))
    equal(tailed('--where', 'status >= 500', '--limit', '4'), [107, 207, 307, 407], 'looked for further back')
    equal(tailed('--where', 'status >= 500'), [7, 107, 207, 307, 407])
    end(process)
    equal(shown(), list(range(500)))
    equal(tailed(), list(range(490, 500)))


def test_each_record_once_whatever_is_sealed():
    """Followed while segments are cut at random moments."""
    rng = random.Random(5)
    process = start()
    process.stdin.write(lines(0, 10))
    wait_for(lambda: os.path.exists('store/streams/s/open/00000001.tags') and len(shown()) == 10)
    follower = subprocess.Popen([CRETULA, 'tail', *BASE, '--follow', '--as', 'json', '--limit', '4'], stdout=subprocess.PIPE)
    got, at = [follower.stdout.readline() for _ in range(4)], 10  # it is there before more comes
    for _ in range(12):
        past = at + rng.randrange(1, 400)
        process.stdin.write(lines(at, past))
        at = past
        time.sleep(rng.uniform(0, 0.3))
        process.send_signal(signal.SIGUSR1)
    got += [follower.stdout.readline() for _ in range(at - 10)]
    equal([json.loads(text)['bytes'] - 1000 for text in got], list(range(6, at)))
    follower.terminate()
    rest, _ = follower.communicate(timeout=120)
    equal(rest, b'')
    end(process)
    equal(shown(), list(range(at)))


def test_store_and_stream_of_the_configuration():
    """--config says where the records are, for each command that shows some; what is given goes first."""
    process = start()
    process.stdin.write(lines(0, 10))
    end(process)
    write('one.yaml', b'store: store\nstreams:\n  s: { format: combined }\n')
    write('two.yaml', b'store: store\nstreams:\n  s: { format: combined }\n  t: { format: combined }\n')
    write('other.yaml', b'store: nowhere\nstreams:\n  t: { format: combined }\n')
    write('none.yaml', b'streams:\n  s: { format: combined }\n')
    want = cretula('tail', *BASE, code=0).text
    equal(want.count('\n'), 10)
    rows = [(['one.yaml'], 0), (['one.yaml', '--role', 'developer'], 0), (['two.yaml', '--stream', 's'], 0),
            (['other.yaml', '--store', 'store', '--stream', 's'], 0),
            (['two.yaml'], 2), (['other.yaml'], 66), (['none.yaml'], 2), (['none.yaml', '--store', 'store'], 0)]
    for options, code in rows:
        run = cretula('tail', '--config', *options, code=code)
        equal(run.text, want if code == 0 else '', options)
        equal(cretula('view', '--as', 'text', '--config', *options, code=code).text, run.text, options)
        cretula('stats', '--config', *options, code=code)
    equal(cretula('stats', '--config', 'one.yaml', '--json', code=0).text, cretula('stats', *BASE, '--json', code=0).text)
    write('bad.yaml', b'store: [\n')
    assert 'bad.yaml:' in cretula('tail', '--config', 'bad.yaml', code=78).err


def test_errors_stand_out_on_a_terminal_only():
    process = start()
    process.stdin.write(lines(0, 10))
    end(process)
    own, theirs = pty.openpty()
    subprocess.run([CRETULA, 'tail', *BASE], stdout=theirs, check=True, timeout=120)
    os.close(theirs)
    text = b''
    while (part := read_pty(own)):
        text += part
    rows = text.decode().splitlines()
    equal([row.startswith('\x1b[31m') for row in rows], [n == 7 for n in range(10)], rows)
    assert '\x1b' not in cretula('tail', *BASE, code=0).text


def test_stats_again_and_again():
    """A terminal is drawn over and left as it was; a pipe gets one report behind the other, and its end ends it."""
    process = start()
    process.stdin.write(lines(0, 10))
    end(process)
    want = cretula('stats', *BASE, code=0).text
    own, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack('4H', 10, 80, 0, 0))
    watch = subprocess.Popen([CRETULA, 'stats', *BASE, '--watch', '--every', '1'], stdout=theirs, env={**os.environ, 'TERM': 'vt100'})
    os.close(theirs)
    text = read_pty(own)
    while text.count(b'\x1b[H') < 2:
        text += read_pty(own)
    watch.send_signal(signal.SIGINT)
    while (part := read_pty(own)):
        text += part
    equal(watch.wait(60), 0)
    shown_rows = text.decode().split('\x1b[H')[1].replace('\x1b[K', '').replace('\r', '').split('\x1b[J')[0]
    equal(shown_rows.splitlines(), want.splitlines()[:9])  # one row stays free
    assert text.endswith(b'\x1b[?7h\x1b[?25h') and b'\x1b[3' not in text, text  # no colours, whatever NO_COLOR says
    watch = subprocess.Popen([CRETULA, 'stats', *BASE, '--watch', '--every', '1', '--json'], stdout=subprocess.PIPE)
    equal([json.loads(watch.stdout.readline())['records'] for _ in range(2)], [10, 10])
    watch.stdout.close()
    equal(watch.wait(60), 0)
    watch = subprocess.Popen([CRETULA, 'stats', *BASE, '--watch', '--every', '3600'], stdout=subprocess.PIPE, text=True)
    equal(''.join(watch.stdout.readline() for _ in range(want.count('\n') + 1)), want + '\n')
    watch.terminate()
    equal((watch.communicate(timeout=60)[0], watch.returncode), ('', 0))
    for options in (['--watch', '--words'], ['--watch', '--csv', 'hour'], ['--watch', '--role', 'analyst'], ['--every', '2']):
        cretula('stats', *BASE, *options, code=2)
    cretula('stats', '--store', 'store', '--stream', 'none', '--watch', code=66)


def read_pty(fd):
    try:
        return os.read(fd, 65536)
    except OSError:  # the other side is closed
        return b''


def test_what_is_damaged_is_told():
    """A flush tells of records that are not there; what is no flush, and no file, stops nobody."""
    process = start()
    process.stdin.write(lines(0, 100))
    tags, data = 'store/streams/s/open/00000001.tags', 'store/streams/s/open/00000001.data'
    wait_for(lambda: os.path.exists(tags) and len(shown()) == 100)
    process.kill()
    process.communicate()
    whole = {path: read(path) for path in (tags, data)}
    for path, what in ((data, whole[data][:5000]), (data, b'\0' * len(whole[data])), (data, None),
                       (tags, b'1 1 rubbish\n'), (tags, whole[tags].replace(b'\t', b' '))):
        os.remove(path)
        if what is None:
            os.mkfifo(path)
        else:
            write(path, what)
        for command in ('view', 'tail'):
            run = cretula(command, *BASE)
            assert run.code == 1 and run.err, (path, what and what[:20], command, run.code, run.err)
        os.remove(path)
        write(path, whole[path])
    equal(len(shown()), 100)


def test_mistakes():
    for options, code in ((['--as', 'csv'], 2), (['--role', 'analyst'], 2), (['--limit', '0'], 2), (['--where', 'x'], 2)):
        equal(cretula('tail', *BASE, *options).code, code, options)
    equal(cretula('tail', '--store', 'none', '--stream', 's').code, 66)


main()
