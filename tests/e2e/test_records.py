"""Records of several lines, events in containers, lines in envelopes: each line is counted once, in files and pipes."""
import json
import os
import shutil
import subprocess
import threading
import time

from lib import (CRETULA, Skip, cretula, equal, is_taken, is_testing_build, last_flush, main, open_lines, read, records, segments,
                 shared, wait_for, write)

POSTGRES = b'''2025-11-24 10:11:12.003 UTC [1] bob@orders LOG:  statement: select a,
\tb
\tfrom t
2025-11-24 10:11:13.003 UTC [1] bob@orders LOG:  duration: 1.5 ms
'''
EVENT = {'kind': 'Event', 'apiVersion': 'audit.k8s.io/v1', 'level': 'Metadata', 'stage': 'ResponseComplete',
         'requestURI': '/api/v1/pods', 'verb': 'list', 'user': {'username': 'erika'}, 'sourceIPs': ['203.0.113.7'],
         'responseStatus': {'code': 200}, 'requestReceivedTimestamp': '2025-11-24T10:11:12.000000Z'}
ACCESS = '203.0.113.7 - erika [24/Nov/2025:10:11:12 +0000] "GET /index.html HTTP/1.1" 200 512 "-" "curl/8.5.0"'


def sealed(**want):
    """The sums that the entries of stream s seal; verify agrees with them."""
    cretula('verify', '--store', 'store', code=0)
    got = {}
    for entry in segments('store'):
        i = entry['in']
        equal(i['lines'], i['parsed'] + i['partial'] + i['unparsed'] + i['counted'] + i['meta'] + i['joined'])
        for key in ('lines', 'parsed', 'partial', 'unparsed', 'meta', 'joined'):
            got[key] = got.get(key, 0) + i[key]
        for key, value in i.get('split', {}).items():
            got['split_' + key] = got.get('split_' + key, 0) + value
        got['n'] = got.get('n', 0) + entry['n']
    equal({key: got.get(key, 0) for key in want}, want)


def imported(name, data, *options):
    write(name, data)
    return cretula('import', '--store', 'store', '--stream', 's', name, '--json', *options, code=0).json


def test_lines_that_belong_together():
    """A statement of three lines is one record."""
    run = imported('postgres.log', POSTGRES)
    equal([run[k] for k in ('format', 'lines', 'parsed', 'joined')], ['postgres', 4, 2, 2])
    sealed(lines=4, parsed=2, joined=2, n=2)
    equal([r['event'] for r in records('store')], ['db.query', 'db.query'])


def test_events_of_a_container():
    """An EventList on one line and the same on many give the same events; the line itself is no record."""
    one = json.dumps({'kind': 'EventList', 'apiVersion': 'audit.k8s.io/v1', 'metadata': {}, 'items': [EVENT] * 3}) + '\n'
    many = json.dumps({'kind': 'EventList', 'items': [EVENT] * 2}, indent=2) + '\n'
    run = imported('audit.log', (one + many).encode())
    equal([run[k] for k in ('format', 'parsed', 'meta')], ['k8s-audit', 0, 2])
    sealed(parsed=0, meta=2, split_parsed=5, n=5, joined=many.count('\n') - 1, lines=1 + many.count('\n'))
    equal({r['path'] for r in records('store')}, {'/api/v1/pods'})


def test_a_large_container():
    """More events than a batch holds, in a file without a line end; nothing of it is left when it is imported again."""
    data = json.dumps({'kind': 'EventList', 'items': [EVENT] * 20000}).encode()
    run = imported('audit.log', data)
    equal(run['split']['parsed'], 20000)
    sealed(split_parsed=20000, n=20000, parsed=0)
    again = cretula('import', '--store', 'store', '--stream', 's', 'audit.log', code=0)
    assert 'nothing new' in again.out.decode(), again.out
    sealed(n=20000)


def trail(name, size=0, **more):
    """A CloudTrail event with a request of size bytes."""
    return {'eventVersion': '1.08', 'eventTime': '2025-11-24T10:11:12Z', 'eventSource': 'ec2.amazonaws.com', 'eventName': name,
            'requestParameters': {'text': 'x [{"' * (size // 6)}, **more}


def test_an_item_that_is_too_long():
    """One of 3 MiB is one unparsed record, on one line as on many: those before and behind it are read, each line is counted."""
    for indent, end, at in ((None, '', 400), (None, '\n', 0), (None, '\n', 200), (2, '\n', 0), (2, '\n', 200)):
        events = [trail('Describe')] * 400
        events.insert(at, trail('Large', 3 << 20, list=[0] * 2000))
        data = json.dumps({'Records': events}, indent=indent) + end
        run = cretula('mask', '--format', 'aws-cloudtrail', stdin=data.encode(), code=0)
        out = [json.loads(line) for line in run.out.splitlines()]
        equal([len(out), out[at]['state'], out[at]['reason']], [401, 'unparsed', 'too_long'], (indent, at))
        if indent is None:
            equal(out[at]['extra']['line_bytes'], len(json.dumps(events[at])))
        counts = dict(w.split('=') for w in run.err.split() if '=' in w)
        lines = max(data.count('\n'), 1)
        equal([int(counts[k]) for k in ('lines', 'meta', 'joined', 'bytes', 'unparsed')],
              [lines, 1, lines - 1, len(data), 0], (indent, at))
    run = imported('trail.json', data.encode(), '--format', 'aws-cloudtrail')
    equal(run['split']['parsed'], 400)
    sealed(split_parsed=400, split_unparsed=1, n=401, lines=lines, meta=1, joined=lines - 1)
    again = cretula('import', '--store', 'store', '--stream', 's', 'trail.json', code=0)
    assert 'nothing new' in again.out.decode(), again.out


def test_envelopes_are_peeled():
    """The same access line, bare and in four envelopes, gives the same record but for what the envelopes say."""
    docker = json.dumps({'log': ACCESS + '\n', 'stream': 'stdout', 'time': '2025-11-24T10:11:12.5Z'})
    wrapped = {
        'bare': ACCESS, 'syslog': '<134>Nov 24 10:11:12 web1 nginx: ' + ACCESS,
        'docker': docker, 'cri': '2025-11-24T10:11:12.500000000Z stdout F ' + ACCESS,
        'journal': f'__REALTIME_TIMESTAMP=1763979072500000\n_HOSTNAME=web1\nMESSAGE={ACCESS}\n',
        'cri docker': '2025-11-24T10:11:12.500000000Z stdout F ' + docker,
    }
    seen = {}
    for name, line in wrapped.items():
        out = cretula('mask', stdin=(line + '\n').encode() * 20, code=0).out.decode().splitlines()
        equal(len(out), 20, name)
        record = json.loads(out[0])
        for key in ('client', 'user', 'server', 'extra', 'level'):
            record.pop(key, None)
        seen[name] = record
    for name, record in seen.items():
        equal(record, seen['bare'], name)


def test_parts_of_two_streams():
    """Parts of a line of stdout and of one of stderr between each other are two records, whose lines are counted once."""
    at = '2025-11-24T10:11:12.5Z'

    def part(stream, tag, text):
        return f'{at} {stream} {tag} {text}\n'

    def docker(stream, text):
        return json.dumps({'log': text, 'stream': stream, 'time': at}) + '\n'

    first, second = ACCESS.replace('/index.html', '/' + 'a' * 16400), ACCESS.replace('/index.html', '/' + 'b' * 16400)
    cri = part('stdout', 'P', first[:100]) + part('stderr', 'P', second[:90]) + part('stdout', 'F', first[100:]) + part('stderr', 'F', second[90:])
    logs = docker('stdout', first[:16384]) + docker('stderr', second[:16384]) + docker('stdout', first[16384:] + '\n') + \
        docker('stderr', second[16384:] + '\n')
    for name, text, whole in (('cri', cri, part('stdout', 'F', ACCESS)), ('docker', logs, docker('stdout', ACCESS + '\n'))):
        run = cretula('mask', '--format', 'combined', stdin=(whole * 20 + text * 3 + whole).encode(), code=0)
        equal([(r.get('state'), r['status'], r['extra']['stream']) for r in run.lines[20:26]],
              [(None, 200, 'stdout'), (None, 200, 'stderr')] * 3, name)
        counts = dict(w.split('=') for w in run.err.split() if '=' in w)
        equal([counts[k] for k in ('lines', 'parsed', 'joined', 'unparsed')], ['33', '27', '6', '0'], name)


def test_a_pipe_waits_for_what_belongs_to_a_record():
    """Lines that come late still join; after a second of silence a record is whole."""
    lines, silent = POSTGRES.splitlines(keepends=True), True
    while silent:  # this process was too slow: there was a second of silence where none is meant
        for name in ('store', 'store.keys'):
            shutil.rmtree(name, ignore_errors=True)
        process = subprocess.Popen([CRETULA, 'pipe', '--store', 'store', 's', '--format', 'postgres'], stdin=subprocess.PIPE,
                                   stderr=subprocess.PIPE, bufsize=0)
        wait_for(lambda: os.path.exists('store/streams/s/open/reserve'))  # it is ready to read
        begun = time.monotonic()
        for part in (lines[0], lines[1][:1], lines[1][1:] + lines[2], lines[3]):
            process.stdin.write(part)
            wait_for(lambda p=process: is_taken(p.stdin))
        silent = time.monotonic() - begun > 0.9
        wait_for(lambda: open_lines() >= 2)  # whole, though nothing comes
        process.stdin.write(lines[3] + lines[0][:-1])
        said = process.communicate(timeout=120)[1].decode()
        equal(process.returncode, 0, said)
    sealed(lines=6, parsed=4, joined=2, n=4)


def test_who_does_not_listen_hears_no_silence():
    """While a disk is full nothing is read, for longer than a record waits for the rest of it: that comes once there is room."""
    if not is_testing_build():
        raise Skip('not a testing build: no faults')
    fault = {'CRETULA_FAULT': '1:28:1000000', 'CRETULA_FAULT_WHILE': os.path.abspath('full')}
    with open('said', 'wb') as said:
        process = subprocess.Popen([CRETULA, 'pipe', '--store', 'store', 's', '--format', 'postgres'], stdin=subprocess.PIPE, bufsize=0,
                                   stderr=said, env={**os.environ, **fault})
    process.stdin.write(POSTGRES)
    wait_for(lambda: last_flush() == (1, 2), seen=last_flush)
    long = POSTGRES.splitlines(keepends=True)[0] + b'\tb\n' * 999  # nearly all of it waits for more
    write('full', b'')
    writer = threading.Thread(target=process.stdin.write, args=[long * 3000])  # more than it takes meanwhile
    writer.start()
    wait_for(lambda: b'input waits' in read('said'), seen=lambda: read('said'))
    time.sleep(2)
    assert writer.is_alive(), 'it was all taken'
    os.unlink('full')
    writer.join(timeout=120)
    process.communicate(timeout=120)
    equal(process.returncode, 0, read('said'))
    sealed(lines=3000004, parsed=3002, joined=2997002, n=3002)


def test_messages_of_syslog_without_a_format():
    """What no format knows is text, in an envelope that says when and where."""
    run = cretula('check', '--detect', shared('corpora', 'beats/system_syslog_darwin-syslog.log'), '--json', code=0)
    equal([run.json['format'], run.json['envelopes']], ['text', ['syslog']])
    out = cretula('mask', stdin=b'Nov 24 10:11:12 web1 kernel: eth0: link is up\n' * 3, code=0).out
    record = json.loads(out.splitlines()[0])
    equal([record['event'], record['extra']['program']], ['log', 'kernel'])
    assert 'web1' not in record['server'], record


main()
