"""Events of containers that come live: as in files, on lines of any length, whoever else sends meanwhile."""
import json
import os
import signal
import subprocess

from lib import CRETULA, cretula, equal, main, open_lines, reach, records, segments, wait_for, write
from test_run import Daemon

KEYS = ('lines', 'bytes', 'parsed', 'partial', 'unparsed', 'meta', 'joined')
CONFIG = '''store: store
streams:
  s: { input: { unix-stream: %(here)s/s.sock }, format: aws-cloudtrail }
  t: { input: { file: %(here)s/t.json }, format: aws-cloudtrail }
'''


def trail(name, size=0, **more):
    """A CloudTrail event with a request of size bytes."""
    return {'eventVersion': '1.08', 'eventTime': '2025-11-24T10:11:12Z', 'eventSource': 'ec2.amazonaws.com', 'eventName': name,
            'requestParameters': {'text': 'x [{"' * (size // 6)}, **more}


def sums(stream='s'):
    """What the segments of a stream count; verify agrees."""
    cretula('verify', '--store', 'store', code=0)
    got = {}
    for entry in segments('store', stream):
        i = entry['in']
        equal(i['lines'], i['parsed'] + i['partial'] + i['unparsed'] + i['counted'] + i['meta'] + i['joined'])
        for key in KEYS:
            got[key] = got.get(key, 0) + i[key]
        for key, value in i['split'].items():
            got['split_' + key] = got.get('split_' + key, 0) + value
        for key, value in entry.get('reasons', {}).items():
            got[key] = got.get(key, 0) + value
    return got


def shape(out):
    """What records say that does not depend on keys or on when they came."""
    return [(r.get('state'), r.get('action'), r.get('reason'), r.get('extra', {}).get('line_bytes')) for r in out]


def piped(data, *options, step=1 << 20, stream='s'):
    process = subprocess.Popen([CRETULA, 'pipe', '--store', 'store', stream, *options], stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    for at in range(0, len(data), step):
        process.stdin.write(data[at:at + step])
        process.stdin.flush()
    said = process.communicate(timeout=120)[1].decode()
    equal(process.returncode, 0, said)
    return records('store', stream)


def document(sizes, end='\n', **how):
    return (json.dumps({'Records': [trail(f'Call{n % 7}', size) for n, size in enumerate(sizes)]}, **how) + end).encode()


def test_as_from_a_file():
    """The same records and counts by pipe and by mask, on one line and on many, whole or torn anywhere."""
    mixed = [0] * 300 + [70000, 0, 200000, 0, 300000] + [0] * 50
    for number, (data, step) in enumerate((
            (document(mixed), 1 << 20), (document(mixed), 4099), (document(mixed, end=''), 70001), (document([0] * 300 + [70000, 0, 200000, 0] + [0] * 50, indent=2), 1 << 20),
            (document([0] * 200 + [3 << 20] + [0] * 200), 65536), (document([3 << 20, 0, 0]) + document([0, 0]), 1 << 20),
            (document([0] * 3000) + document([0] * 3) + b'{"x":1}\n', 1 << 20))):
        run = cretula('mask', '--format', 'aws-cloudtrail', stdin=data, code=0)
        want = {key: int(value) for key, value in (w.split('=') for w in run.err.split() if '=' in w) if key in KEYS}
        out = piped(data, '--format', 'aws-cloudtrail', step=step, stream=f's{number}')
        equal(next(((n, a, b) for n, (a, b) in enumerate(zip(shape(out), shape(run.lines))) if a != b), len(out)), len(run.lines), number)
        got = sums(f's{number}')
        equal({key: got[key] for key in want}, want, number)


def test_lengths():
    """An event of 64 to 256 KiB is read; a longer one is one record that says how long it was."""
    sizes = [60000, 70000, 250000, 263000, 600000]
    data = document(sizes)
    for out in (cretula('mask', '--format', 'aws-cloudtrail', stdin=data, code=0).lines, piped(data, '--format', 'aws-cloudtrail')):
        equal([r.get('reason') for r in out], [None, None, None, 'too_long', 'too_long'])
        equal([r['extra']['line_bytes'] for r in out[3:]], [len(json.dumps(trail('Call3', 263000))), len(json.dumps(trail('Call4', 600000)))])
    equal(sums()['too_long'], 2)


def test_auto():
    """It is found that a line without an end, so far, is a container; what is behind it is read."""
    data = document([0] * 2000 + [100000, 0])
    out = piped(data)
    equal([len(out), {r.get('state') for r in out}], [2002, {None}])
    got = sums()
    equal([got['lines'], got['meta'], got['split_parsed'], got['bytes']], [1, 1, 2002, len(data)])


def test_others_stay_lines():
    """A long line that is no container stays one record, in a stream of containers as elsewhere."""
    line = json.dumps(trail('Long', 300000)).encode() + b'\n'
    torn = b'{"Records":"' + b'x' * 400000 + b'"}\n'
    data = document([0]) + line + torn + document([0])
    out = piped(data, '--format', 'aws-cloudtrail', step=50000)
    equal([r.get('reason') for r in out], [None, 'too_long', 'too_long', None])
    equal(sums()['lines'], 4)
    log = b'203.0.113.7 - - [24/Nov/2025:10:11:12 +0000] "GET / HTTP/1.1" 200 512\n'
    out = piped(log + b'{"items":[' + b'{"a":1},' * 50000 + b'{}]}\n' + log, '--format', 'common', step=50000, stream='c')
    equal([r.get('reason') for r in out], [None, 'too_long', None])
    equal(sums('c')['lines'], 3)


def test_two_who_send():
    """Items of two connections come between each other; each is read, each line counted once, and so it is in a file."""
    here = os.getcwd()
    write('c.yaml', (CONFIG % {'here': here}).encode())
    write('t.json', b'')
    daemon = subprocess.Popen([CRETULA, 'run', '--config', 'c.yaml'], stderr=subprocess.PIPE)
    data = [document([0] * 500 + [90000] + [0] * 500 + [400000, 0]), document([400000] + [0] * 900)]
    senders = [reach('s.sock') for _ in data]
    for at in range(0, max(map(len, data)), 30000):
        for sender, text in zip(senders, data):
            sender.sendall(text[at:at + 30000])
    with open('t.json', 'ab', buffering=0) as file:
        for at in range(0, len(data[0]), 40000):
            file.write(data[0][at:at + 40000])
    for sender in senders:
        sender.close()
    wait_for(lambda: (open_lines('s'), open_lines('t')) == (1003 + 901, 1003), seen=lambda: (open_lines('s'), open_lines('t')))
    daemon.send_signal(signal.SIGTERM)
    said = daemon.communicate(timeout=120)[1].decode()
    equal(daemon.returncode, 0, said)
    for stream, sent, unparsed in (('s', data, 2), ('t', data[:1], 1)):
        got = sums(stream)
        equal([got[k] for k in ('lines', 'meta', 'joined', 'bytes', 'split_unparsed', 'too_long')],
              [len(sent), len(sent), 0, sum(map(len, sent)), unparsed, unparsed], stream)


def test_a_file_goes_on_between_items():
    """What is killed in the middle of a container reads each of its events once, with the next start."""
    write('c.yaml', (CONFIG % {'here': os.getcwd()}).encode())
    data = document([0] * 1500 + [400000] + [0] * 1500)
    for part, number in ((data[:400001], signal.SIGKILL), (data[400001:], signal.SIGKILL), (b'', signal.SIGTERM)):
        with open('t.json', 'ab') as file:
            file.write(part)
        daemon = Daemon()  # ready: what the one before left open is sealed
        if number == signal.SIGKILL:
            wait_for(lambda: open_lines('t') > 0)
        daemon.end(number=number)
    got = sums('t')
    equal([got['split_parsed'], got['split_unparsed'], got['lines'], got['bytes']], [3000, 1, 1, len(data)])


main()
