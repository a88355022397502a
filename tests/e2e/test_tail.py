"""view and tail of a stream that is written: what is committed is shown, sealed or not, each record once and in order."""
import fcntl
import json
import os
import pty
import random
import re
import select
import signal
import struct
import subprocess
import termios
import time

from lib import CRETULA, catches, combined, cretula, equal, main, read, wait_for, write

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
            (['two.yaml'], 0),  # the store has one of them only
             (['other.yaml'], 66), (['none.yaml'], 2), (['none.yaml', '--store', 'store'], 0)]
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
    rows = on_terminal(300, 'vt100', 'tail', *BASE)
    equal([row.startswith('\x1b[31m') for row in rows], [n == 7 for n in range(10)], rows)
    assert '\x1b' not in cretula('tail', *BASE, code=0).text + '\n'.join(on_terminal(300, 'dumb', 'tail', *BASE))


def on_terminal(columns, term, *command):
    """The lines that a command writes to a terminal."""
    own, theirs = pty.openpty()
    resize(theirs, 24, columns)
    env = {**{k: v for k, v in os.environ.items() if k != 'NO_COLOR'}, 'TERM': term}
    process = subprocess.Popen([CRETULA, *command], stdout=theirs, env=env)
    os.close(theirs)
    text = b''
    while (part := read_pty(own)):
        text += part
    os.close(own)
    equal(process.wait(120), 0)
    return text.decode().splitlines()


def test_no_word_is_broken_on_a_terminal():
    """Records go on in the next row between two fields; a key that is cut says so; a pipe gets lines and whole keys."""
    process = start()
    process.stdin.write(b''.join(combined(n, client=f'10.1.{n}.9', target='/shop' * 30).encode() for n in range(40)))
    end(process)
    for command in (('view', *BASE, '--as', 'text'), ('tail', *BASE, '--as', 'text', '--limit', '40')):
        want, rows = cretula(*command, code=0).text, on_terminal(60, 'vt100', *command)
        assert want.count('\n') == 40 and len(rows) >= 120, rows[:5]
        equal(re.sub(r'  +', ' ', ' '.join(rows)), re.sub(r'  +', ' ', want.replace('\n', ' ').strip()))
        wide = [row for row in rows if len(row) > 60 and ' ' in row.strip()]
        assert not wide, wide[:3]
    assert f'\n  {"/shop" * 30} ' in cretula('stats', *BASE, code=0).text
    rows = on_terminal(80, 'vt100', 'stats', *BASE)
    assert max(map(len, rows)) <= 80 and any(re.match(r'  (/shop)+[/shop]*\.\.\.  +40 ', row) for row in rows), rows




def test_stats_that_take_longer_than_their_pause_can_be_ended():
    """A report took as long as the next one was to wait for: a signal that came meanwhile is heard before it is made."""
    process = start()
    process.stdin.write(lines(0, 10))
    end(process)
    ours, theirs = os.pipe()
    size = fcntl.fcntl(theirs, fcntl.F_SETPIPE_SZ, 4096)
    os.write(theirs, b' ' * size)  # it has to wait for who reads
    watch = subprocess.Popen([CRETULA, 'stats', *BASE, '--watch', '--every', '1', '--json'], stdout=theirs)
    os.close(theirs)
    wait_for(lambda: int(re.search(r'SigBlk:\s+(\S+)', read(f'/proc/{watch.pid}/status').decode())[1], 16) >> signal.SIGTERM - 1 & 1)
    time.sleep(1.1)
    watch.terminate()
    with open(ours, 'rb') as f:
        equal(f.read().count(b'"stream":"s"'), 1)
    equal(watch.wait(60), 0)


def test_stats_again_and_again():
    """A terminal is drawn over and left as it was; a pipe gets one report behind the other, and its end ends it."""
    process = start()
    process.stdin.write(lines(0, 10))
    end(process)
    want = cretula('stats', *BASE, code=0).text
    own, theirs = pty.openpty()
    resize(theirs, 10, 80)
    terminal = {**os.environ, 'TERM': 'vt100'}
    watch = subprocess.Popen([CRETULA, 'stats', *BASE, '--watch', '--every', '1'], stdout=theirs, env=terminal)
    text = read_until(own, b'', lambda text: text.count(b'\x1b[J') >= 2)
    shown_rows = screen_of(text)
    equal((len(shown_rows), shown_rows[0].split()[:2], shown_rows[2].split()), (9, ['stream', 's'], ['requests', '10']))  # one row stays free
    assert re.fullmatch(r'\d{4}-\d\d-\d\d \d\d:\d\d:\d\d', ' '.join(shown_rows[0].split()[2:])) and len(shown_rows[0]) == 79, shown_rows
    watch.send_signal(signal.SIGINT)
    equal(watch.wait(60), 0)
    text = read_until(own, text, lambda text: text.endswith(b'\x1b[?25h'))
    assert text.endswith(b'\x1b[?7h\x1b[?25h') and b'\x1b[3' not in text, text  # no colours, whatever NO_COLOR says
    # Another size is there at once, not an hour later; a stop leaves the terminal as it was, and what goes on draws again.
    watch = subprocess.Popen([CRETULA, 'stats', *BASE, '--watch', '--every', '3600'], stdout=theirs, env=terminal)
    text = read_until(own, b'', lambda text: text.count(b'\x1b[J') == 1)
    resize(theirs, 24, 60)
    watch.send_signal(signal.SIGWINCH)
    text = read_until(own, text, lambda text: text.count(b'\x1b[J') == 2)
    rows = screen_of(text)
    equal((len(rows[0]), [r.split()[0] for r in rows if r.split()[:1] in (['by'], ['path'], ['status'])]), (59, ['by', 'path', 'status']))
    assert '\u2588' in ''.join(rows) and max(map(len, rows)) == 59, rows
    watch.send_signal(signal.SIGTSTP)
    wait_for(lambda: re.search(r'State:\s+T', read(f'/proc/{watch.pid}/status').decode()))
    text = read_until(own, text, lambda text: text.endswith(b'\x1b[?7h\x1b[?25h'))
    watch.send_signal(signal.SIGCONT)
    text = read_until(own, text, lambda text: text.count(b'\x1b[J') == 4)  # that of the stop, too
    equal(screen_of(text)[2:], rows[2:])
    watch.terminate()
    equal(watch.wait(60), 0)
    read_until(own, text, lambda text: text.endswith(b'\x1b[?25h'))
    for more, env in ((['--json'], terminal), ([], {**terminal, 'TERM': 'dumb'})):  # no screen: one behind the other
        watch = subprocess.Popen([CRETULA, 'stats', *BASE, '--watch', '--every', '1', *more], stdout=theirs, env=env)
        text = read_until(own, b'', lambda text: text.count(b'"stream":' if more else b'stream s,') >= 2)
        assert b'\x1b' not in text, text
        watch.terminate()
        equal(watch.wait(60), 0)
    os.close(theirs)
    os.close(own)
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


def resize(fd, rows, columns):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack('4H', rows, columns, 0, 0))


def read_until(fd, text, found):
    while not found(text):
        assert select.select([fd], [], [], 120)[0], text
        part = read_pty(fd)
        assert part, text
        text += part
    return text


def screen_of(text):
    """The rows of the newest drawing that is whole."""
    whole = [part for part in text.decode().split('\x1b[H')[1:] if '\x1b[J' in part]
    return whole[-1].replace('\x1b[K', '').replace('\r', '').split('\x1b[J')[0].splitlines()


def read_pty(fd):
    try:
        return os.read(fd, 65536)
    except OSError:  # the other side is closed
        return b''


def test_an_interrupted_tail_leaves_no_colour():
    """It ends of the signal, as ever, and what the terminal got last is the end of colours."""
    process = start()
    process.stdin.write(lines(0, 10))
    end(process)
    own, theirs = pty.openpty()
    resize(theirs, 24, 300)
    tail = subprocess.Popen([CRETULA, 'tail', *BASE, '--follow'], stdout=theirs,
                            env={**{k: v for k, v in os.environ.items() if k != 'NO_COLOR'}, 'TERM': 'vt100'})
    text = read_until(own, b'', lambda text: text.count(b'\n') == 10)
    wait_for(lambda: catches(tail, signal.SIGINT))
    tail.send_signal(signal.SIGINT)
    equal(tail.wait(60), -signal.SIGINT)
    text = read_until(own, text, lambda text: not text.endswith(b'\n'))
    assert text.endswith(b'\n\x1b[0m') and b'\x1b[31m' in text, text
    os.close(theirs)
    os.close(own)


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
