"""cretula subject request, approve, find, export, erase: a person is answered, by two, once, and nothing names the value."""
import base64
import contextlib
import glob
import hashlib
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import threading

import packs
from lib import (CRETULA, Skip, combined, cretula, equal, is_testing_build, lines_of, main, make_log, reach, read, tree_bytes,
                 verify_py, wait_for, write)

VALUE = '198.51.68.1'  # of make_log
NOW = '2026-11-24T13:00:00Z'
WHY = 'case <script>7</script> & "more"'


def at(time):
    return {'CRETULA_CLOCK': time}


def approvers(*names):
    """Keys, and a configuration that names them."""
    keys = [cretula('subject', 'approver', '--name', n, '--out', f'{n}.key', '--json', code=0).json['vkey'] for n in names]
    write('c.yaml', ('store: store\napprovers: ' + json.dumps(keys) + '\n').encode())


def request(kind, *options, value=VALUE, name='ip.client', file='case', env=None, code=0):
    return cretula('subject', 'request', '--config', 'c.yaml', '--kind', kind, '--class', name, '--reason', WHY, '--out', file,
                   *options, stdin=value.encode() + b'\n', env=env, code=code)


def approve(*names, file='case', env=None):
    for name in names:
        cretula('subject', 'approve', '--request', file, '--key', f'{name}.key', env=env, code=0)


def do(kind, *options, value=VALUE, file='case', env=None, code=0):
    return cretula('subject', kind, '--config', 'c.yaml', '--request', file, *options, stdin=value.encode(), env=env, code=code)


def ask(kind, *options, value=VALUE, name='ip.client', env=None, code=0):
    """A request with both approvals, carried out."""
    file = f'case{len(glob.glob("case*"))}'
    request(kind, value=value, name=name, file=file, env=env)
    approve('a', 'b', file=file, env=env)
    return do(kind, *options, value=value, file=file, env=env, code=code)


def reports():
    lines = lines_of('store/streams/cretula.store/chain.jsonl')
    return [e for e in map(json.loads, lines) if e['type'] == 'report']


def good():
    cretula('verify', '--store', 'store', '--strict', code=0)
    done = verify_py('store')
    equal(done.returncode, 0, done.stdout + done.stderr)


def imported(*streams, keep=True):
    write('log', make_log(3000, seed=1))
    for stream in streams:
        cretula('import', '--store', 'store', '--stream', stream, '--format', 'auto', *(['--link-epochs'] if keep else []), 'log',
                code=0)
    approvers('a', 'b')


def numbered(stream):
    out = cretula('view', '--store', 'store', '--stream', stream, '--numbers', code=0).text
    return {int(n): json.loads(line) for n, line in (row.split('\t') for row in out.splitlines())}


def test_what_searches_noted_names_no_record_that_goes():
    """Notes are not sealed.  With others, good by their own hash, the same records go as without."""
    value = '203.0.113.77'
    lines = make_log(8000, seed=1).splitlines(keepends=True)
    theirs = [4200, 4205, 7999]
    for n in theirs:
        lines[n] = combined(n // 5, client=value).encode()
    write('log', b''.join(lines))
    cretula('import', '--store', 'store', '--stream', 's', '--format', 'auto', '--link-epochs', '--no-verify', 'log', code=0)
    approvers('a', 'b')
    ask('find', value=value)
    notes = bytearray(read('store/skip/s/00000001'))[:-32]
    head, summary = 72, int.from_bytes(notes[64:72], 'little')
    for frame, more in (0, 1), (1, -1):
        at = head + frame * (8 + summary)
        notes[at:at + 8] = (int.from_bytes(notes[at:at + 8], 'little') + more).to_bytes(8, 'little')
    write('store/skip/s/00000001', notes + hashlib.sha256(notes).digest())
    equal(ask('erase', '--json', value=value).json['erased'], 3)
    equal(sorted(set(range(8000)) - set(numbered('s'))), theirs)
    good()


def test_a_person_is_answered():
    """find counts, export gives, erase takes away exactly the lines of that address; every use is sealed, once."""
    imported('s', 't')
    lines = read('log').decode().splitlines()
    theirs = [i for i, line in enumerate(lines) if line.startswith(VALUE + ' ')]
    assert len(theirs) > 3
    found = ask('find', '--json').json
    equal([(s['stream'], s['records'], s['searched'], s['keys_gone']) for s in found['streams']],
          [('s', len(theirs), 3000, []), ('t', len(theirs), 3000, [])])
    equal(found['streams'][0]['days'], {'2025-11-24': len(theirs)})
    text = ask('export', '--out', 'answer').text
    assert f'stream s: {len(theirs)} records of 3,000' in text and 'written to answer' in text, text
    equal(sorted(os.listdir('answer')), ['report.html', 'report.json'])
    report = json.loads(read('answer/report.json'))
    for stream in report['streams']:
        equal({r['number']: r['record'] for r in stream['list']}, {n: numbered(stream['stream'])[n] for n in theirs})
    page = read('answer/report.html').decode()
    equal(len(re.findall(r'<tr><td class="n">\d+</td>', page)), 2 * len(theirs))
    assert "default-src 'none'" in page and '<script' not in page and 'case &lt;script&gt;7' in page and 'http-equiv="Content-Security-Policy"' in page
    done = ask('erase', '--json').json
    equal((done['erased'], done['segments']), (2 * len(theirs), 2))
    equal(set(range(3000)) - set(numbered('s')), set(theirs))
    good()
    equal(report['reason'], WHY)
    equal([(r['kind'], r['by'].split()[0], r['result']) for r in reports()],
          [('subject', 'find', 0), ('subject', 'export', 0), ('subject', 'erase', 3), ('subject-done', 'erase', 0)])
    for path, data in tree_bytes('store', 'store.keys', 'answer').items():
        assert VALUE.encode() not in data, path
    for file in glob.glob('case*'):
        assert VALUE.encode() not in read(file), file
        kind = read(file).decode().split('kind ')[1].split()[0]
        before = tree_bytes('store')
        assert 'carried out already' in do(kind, '--out', 'more', file=file, code=78 if kind != 'erase' else 2).err or kind == 'erase'
        equal(tree_bytes('store'), before)
        assert not os.path.exists('more')


def test_what_is_refused():
    """Each with its exit code, and nothing is changed."""
    imported('s')
    request('find')
    request('erase', file='none')
    before = tree_bytes('store')

    def refused(text, code, *args, value=VALUE, file='case', kind='find'):
        got = do(kind, *args, value=value, file=file, code=code)
        assert text in got.err, got.err
        assert not value or value not in got.err, got.err

    refused('two approvals, and has 0', 78)
    approve('a')
    refused('two approvals, and has 1', 78)
    assert 'approved it already' in cretula('subject', 'approve', '--request', 'case', '--key', 'a.key', code=78).err
    once = read('case').decode()
    write('twice', (once + once.splitlines()[-1] + '\n').encode())
    refused('a approved twice', 78, file='twice')
    cretula('subject', 'approver', '--name', 'x', '--out', 'x.key', code=0)
    write('stranger', once.encode())
    approve('x', file='stranger')
    refused('signature 2 is by nobody', 78, file='stranger')
    approve('b')
    refused('is not the one that was approved', 1, value='198.51.68.2')
    refused('the value is no address', 2, value='erika')
    refused('the value is no address', 2, value='')
    refused('the request is to find', 2, kind='erase')
    whole = read('case').decode()
    write('other', whole.replace('kind find', 'kind erase').encode())
    refused('the request was changed', 1, file='other', kind='erase')
    write('other', b'store: store\n')
    refused('no request of', 66, file='other')
    refused('', 66, file='is-not-there')
    assert '- only' in cretula('subject', 'find', '--config', 'c.yaml', '--request', 'case', '--value', VALUE, code=2).err
    equal(cretula('subject', 'find', '--store', 'store', '--request', 'case', stdin=VALUE.encode(), code=78).err,
          'cretula subject find: approvers: the configuration has 0, a request takes two\n')
    equal(tree_bytes('store'), before)
    cretula('import', '--store', 'second', '--stream', 's', '--format', 'auto', 'log', code=0)
    write('c2.yaml', read('c.yaml').replace(b'store: store', b'store: second'))
    got = cretula('subject', 'find', '--config', 'c2.yaml', '--request', 'case', stdin=VALUE.encode(), code=78)
    assert 'of another store' in got.err, got.err
    if is_testing_build():
        assert 'expired' in do('find', env=at('2099-01-01T00:00:00Z'), code=78).err
    do('find')
    equal(len(reports()), 1)


def test_nobody_is_erased_without_approvers():
    """Approvals that are missing, and approvers that the configuration has no more: exit 78, it is said, and every byte stays."""
    imported('s')
    request('erase')
    before, whole = tree_bytes('store'), read('c.yaml')
    names = json.loads(whole.decode().split('approvers: ', 1)[1])
    assert 'two approvals, and has 0' in do('erase', code=78).err
    approve('a')
    assert 'two approvals, and has 1' in do('erase', code=78).err
    approve('b')
    for rest, text in ((None, 'approvers: the configuration has 0, a request takes two'),
                       (names[:1], 'approvers: the configuration has 1, a request takes two')):
        write('c.yaml', b'store: store\n' + (b'' if rest is None else f'approvers: {json.dumps(rest)}\n'.encode()))
        assert text in do('erase', code=78).err, text
    cretula('subject', 'approver', '--name', 'c', '--out', 'c.key', code=0)
    other = cretula('subject', 'approver', '--name', 'd', '--out', 'd.key', '--json', code=0).json['vkey']
    write('c.yaml', f'store: store\napprovers: {json.dumps([names[0], other])}\n'.encode())
    assert 'signature 2 is by nobody' in do('erase', code=78).err
    equal(tree_bytes('store'), before)
    write('c.yaml', whole)
    do('erase')
    equal(len([row for row in lines_of('store/streams/s/chain.jsonl') if b'"type":"redact"' in row]), 1)


def test_what_cannot_be_asked():
    """Of request itself: each says what is wrong, and makes no file."""
    imported('s')
    for text, options, code in (('--class', {'name': 'mac'}, 2), ('no stream', {'options': ('--stream', 'none')}, 66),
                                ('no address', {'value': '300.1.1.1'}, 2), ('no address', {'value': '1.2.3'}, 2),
                                ('no line ends', {'name': 'user', 'value': 'a\nb'}, 2), ('no e-mail', {'name': 'email', 'value': 'erika'}, 2), ('30d', {'options': ('--valid', '31d')}, 2)):
        more = dict(options)
        got = request('find', *more.pop('options', ()), file='bad', code=code, **more)
        assert text in got.err, (text, got.err)
    for name, value, reason in (('ip.client', VALUE, f'{VALUE} wants it'), ('ip.client', '2001:db8::5', 'of 2001:DB8:0::5'),
                                ('email', 'erika@example.org', 'for Erika@example.org'), ('user', 'erika', 'mrs. erika M.'),
                                ('session', 'k3jdmWq', 'k3jdmWq')):
        got = cretula('subject', 'request', '--config', 'c.yaml', '--kind', 'find', '--class', name, '--reason', reason, '--out', 'bad',
                      stdin=value.encode(), code=2)
        assert 'stays in the chain for good' in got.err and value not in got.err, got.err
    assert not os.path.exists('bad')
    cretula('subject', 'request', '--store', 'none', '--kind', 'find', '--class', 'user', '--reason', 'x', code=66)
    assert not os.path.exists('none')
    vkey = json.loads(read('c.yaml').decode().split('approvers: ')[1])[0]
    for text, said in (([vkey, vkey], 'given twice'), ([vkey[:-2] + 'AA'], 'must be public keys')):
        write('bad.yaml', ('approvers: ' + json.dumps(text) + '\n').encode())
        got = cretula('check', '--config', 'bad.yaml', code=78)
        assert said in got.text + got.err, got.text + got.err


def test_destroyed_keys():
    """What nobody can tell any more is said in a statement that openssl and cretula check."""
    imported('s', keep=False)
    anchor = cretula('verify', '--store', 'store', code=0).text.split("auditor's line, as this store says it: ")[1].strip()
    text = ask('find', '--out', 'answer').text
    assert 'stream s: 0 records of 3,000' in text, text
    statement = read('answer/statement.txt').decode()
    assert 'destroyed s import segments 1 records 3000\n' in statement and 'GDPR Art. 11(2)' in statement, statement
    got = cretula('subject', 'check', '--statement', 'answer/statement.txt', '--anchor', anchor, code=0)
    assert got.text.startswith('signed by cretula/') and statement.split('\n\n')[0] in got.text
    body, _, signature = statement.partition('\n\n')
    der = bytes.fromhex('302a300506032b6570032100') + base64.b64decode(anchor.split()[0].split('+', 2)[2])[1:]
    write('key.der', der)
    write('body', body.encode() + b'\n')
    write('sig', base64.b64decode(signature.split()[-1])[4:])
    checked = subprocess.run(['openssl', 'pkeyutl', '-verify', '-pubin', '-keyform', 'DER', '-inkey', 'key.der', '-rawin', '-in', 'body',
                              '-sigfile', 'sig'], capture_output=True, check=False)
    equal(checked.returncode, 0, checked.stdout + checked.stderr)
    write('lie', statement.replace('records 0', 'records 1').encode())
    cretula('subject', 'check', '--statement', 'lie', '--anchor', anchor, code=1)
    write('lie', statement.replace('v1', 'v2', 1).encode())
    cretula('subject', 'check', '--statement', 'lie', '--anchor', anchor, code=66)
    cretula('subject', 'check', '--statement', 'answer/statement.txt', '--anchor', 'x', code=2)
    done = ask('erase', '--json').json
    equal(done['erased'], 0)
    good()


def test_a_hold_keeps_what_is_asked_to_go():
    """Of two streams one is held: nothing of either is erased, and the request is not used up."""
    imported('s', 't')
    cretula('hold', 'add', 'case-1', '--config', 'c.yaml', '--stream', 't', '--until', '2026-01-01T00:00:00Z', '--reason', 'lawsuit', code=0)
    request('erase')
    approve('a', 'b')
    before = tree_bytes('store/streams')
    got = do('erase', code=78)
    assert 'stream t' in got.err and 'case-1' in got.err, got.err
    equal(tree_bytes('store/streams'), before)
    cretula('hold', 'release', 'case-1', '--config', 'c.yaml', '--stream', 't', '--reason', 'over', code=0)
    assert do('erase', '--json').json['erased'] > 6
    good()


def test_a_stream_that_is_written():
    """Who asks is answered beside a pipe, of what it has sealed; nothing is erased meanwhile: 75."""
    approvers('a', 'b')
    pipe = subprocess.Popen([CRETULA, 'pipe', '--store', 'store', 's', '--format', 'combined'], stdin=subprocess.PIPE,
                            stderr=subprocess.DEVNULL)
    pipe.stdin.write(''.join(combined(n, client=VALUE) for n in range(20)).encode())
    pipe.stdin.flush()
    shown = ('view', '--store', 'store', '--stream', 's')
    wait_for(lambda: cretula(*shown).text.count('\n') == 20)
    pipe.send_signal(signal.SIGUSR1)
    wait_for(lambda: b'"type":"segment"' in read('store/streams/s/chain.jsonl'))
    equal(ask('find', '--json').json['records'], 20)
    before = tree_bytes('store/streams/s/seg')
    assert 'another cretula process is writing' in ask('erase', code=75).err
    equal(tree_bytes('store/streams/s/seg'), before)
    pipe.communicate(timeout=120)
    equal(do('erase', '--json', file='case1').json['erased'], 20)
    good()


def test_a_daemon_erases():
    """While `run` writes the stream: what it has open is sealed, it erases and goes on; masked again nothing is. Others ask it meanwhile."""
    approvers('a', 'b')
    more = f"streams:\n  s: {{ input: {{ unix-stream: '{os.getcwd()}/s.sock' }}, format: combined, seal_every: 1h }}\n"
    write('c.yaml', read('c.yaml') + more.encode())
    daemon = subprocess.Popen([CRETULA, 'run', '--config', 'c.yaml'], stderr=subprocess.PIPE)
    shown = ('view', '--store', 'store', '--stream', 's')
    here = ('--store', 'store', '--stream', 's', '--reason', 'Art. 17')

    def chain(kind):
        return [e for e in map(json.loads, lines_of('store/streams/s/chain.jsonl')) if e['type'] == kind]

    def numbers():
        return [int(row.split('\t')[0]) for row in cretula(*shown, '--numbers', code=0).text.splitlines()]

    with reach('s.sock') as s:
        s.sendall(''.join(combined(n, client=VALUE if n % 2 else '192.0.2.1') for n in range(40)).encode())
        wait_for(lambda: cretula(*shown).text.count('\n') == 40)
        equal(chain('segment'), [])
        request('erase')
        approve('a', 'b')
        equal(do('erase', '--json').json['erased'], 20)
        equal(numbers(), list(range(0, 40, 2)))
        equal([(r['kind'], r['result']) for r in reports() if r['kind'] != 'verify'], [('subject', 3), ('subject-done', 0)])
        s.sendall(''.join(combined(n, client=VALUE) for n in range(40, 50)).encode())
        wait_for(lambda: cretula(*shown).text.count('\n') == 30)
        assert 'another cretula process is writing' in cretula('subject', 'rescrub', '--drop', 'path', *here, code=75).err
        equal(cretula('subject', 'erase', '--record', '0,44-46', '--json', *here, code=0).json['erased'], 4)
        equal(numbers(), [*range(2, 40, 2), *range(40, 44), *range(47, 50)])
        cretula('hold', 'add', 'case-7', '--store', 'store', '--stream', 's', '--until', '-0s', '--reason', 'court', code=0)
        assert 'hold case-7 is on it' in cretula('subject', 'erase', '--record', '2', *here, code=78).err
        cretula('hold', 'release', 'case-7', *here, code=0)
        cretula('subject', 'erase', '--record', '2', *here, code=0)
        for text in (b'erase {}', b'erase {"stream":"s","seg":1,"records":[[0,4294967295]],"reason":"r","ref":"","by":""}', b'erase ',
                     b'erase {"stream":"s","seg":1,"records":[[4,2]],"reason":"r","ref":"","by":""}'):
            assert b'that is no erasure' in control(text), text
        assert b'no such stream' in control(b'erase {"stream":"t","seg":1,"records":[],"reason":"","ref":"","by":""}')
        assert b'erased already' in control(b'erase {"stream":"s","seg":1,"records":[[1,1]],"reason":"r","ref":"","by":""}')
        assert b'a reason is needed' in control(b'erase {"stream":"s","seg":1,"records":[[4,4]],"reason":"","ref":"","by":""}')
        equal(cretula('status', '--store', 'store', '--json', code=0).json['streams'][0]['state'], 'reading')
    daemon.terminate()
    said = daemon.communicate()[1].decode()
    equal(daemon.returncode, 0, said)
    equal([(e['seg'], e.get('ref', '')[:7], len(e['items'])) for e in chain('redact')], [(1, 'request', 20), (1, '', 1), (2, '', 3), (1, '', 1)])
    equal(cretula('stats', '--store', 'store', '--stream', 's', '--rebuild', code=0).code, 0)
    good()


def control(text):
    with reach('store.sock') as s:
        s.sendall(text + b'\n')
        return b''.join(iter(lambda: s.recv(65536), b''))


def test_others_ask_between_two_segments():
    """An erasure that was begun goes on, however often somebody asks between its segments whether the stream is there."""
    approvers('a', 'b')
    more = f"streams:\n  s: {{ input: {{ unix-stream: '{os.getcwd()}/s.sock' }}, format: combined, retain: {{ detail: 36500d }} }}\n"
    write('c.yaml', read('c.yaml') + more.encode())
    for n in range(4):
        write(f'log{n}', ''.join(combined(10 * n + k) for k in range(3)).encode())
        cretula('import', '--config', 'c.yaml', '--stream', 's', '--format', 'combined', '--no-verify', f'log{n}', code=0)
    daemon = subprocess.Popen([CRETULA, 'run', '--config', 'c.yaml'], stderr=subprocess.PIPE)
    over, asked = threading.Event(), []

    def ask_again():
        while not over.is_set():
            asked.append(control(b'erase {"stream":"s","seg":1,"records":[],"reason":"","ref":"","by":""}'))

    other = threading.Thread(target=ask_again)
    other.start()
    wait_for(lambda: len(asked) > 2)
    try:  # its own first question may be the one that is told to come again
        wait_for(lambda: cretula('subject', 'erase', '--store', 'store', '--stream', 's', '--record', ','.join(str(3 * n) for n in range(4)),
                                 '--reason', 'Art. 17').code == 0 or b'"redact"' in read('store/streams/s/chain.jsonl'))
    finally:
        over.set()
        other.join()
    erased = [json.loads(line)['seg'] for line in lines_of('store/streams/s/chain.jsonl') if b'"type":"redact"' in line]
    daemon.terminate()
    daemon.communicate()
    equal(erased, list(range(1, 5)))
    good()


def chain_of(stream, *kinds):
    lines = lines_of(f'store/streams/{stream}/chain.jsonl')
    return [e for e in map(json.loads, lines) if e['type'] == 'config' and e['kind'] in kinds]


def restricted_again(of, file):
    """A request of that kind, both approvals, carried out."""
    request(of, file=file)
    approve('a', 'b', file=file)
    done = cretula('subject', 'restrict', *(['--lift'] if of == 'lift' else []), '--config', 'c.yaml', '--request', file, '--json',
                   stdin=VALUE.encode(), code=0)
    equal(done.err, '')
    return done.json


def totals():
    """What is counted of every minute, hour, ..., and of every word of it."""
    with contextlib.closing(packs.open('store/stats.db')) as db:
        return [db.execute(f'SELECT * FROM {table} ORDER BY 1, 2, 3, 4, 5, 6, 7').fetchall() for table in ('total', 'cell')]


def test_what_is_restricted_is_not_used():
    """Left out of view, tail and archives by who has the keys, all of their epochs by who has none; found, and lifted. Counts stay."""
    imported('s')
    lines = read('log').decode().splitlines()
    theirs = {i for i, line in enumerate(lines) if line.startswith(VALUE + ' ')}
    everything = numbered('s')
    window = ('stats', '--store', 'store', '--stream', 's', '--json', '--since', '2025-01-01T00:00:00Z')
    shown, counted, stats_db = cretula(*window, code=0).text, totals(), read('store/stats.db')
    done = restricted_again('restrict', 'r1')
    equal([(s['stream'], s['restricted'], s['epochs'] > 0) for s in done['streams']], [('s', len(theirs), True)])
    equal(set(everything) - set(numbered('s')), theirs)
    assert f'{len(theirs)} records are restricted' in cretula('view', '--store', 'store', '--stream', 's', code=0).err
    equal(cretula(*window, code=0).text, shown)  # by the difference everybody would know who it is
    equal(read('store/stats.db') == stats_db, True)
    cretula('stats', '--store', 'store', '--stream', 's', '--rebuild', code=0)
    equal(totals(), counted)
    tail = cretula('tail', '--store', 'store', '--stream', 's', '--limit', '3000', '--as', 'json', code=0).text
    equal(tail.count('\n'), 3000 - len(theirs))
    # Looked for, in lines too: as many are said to be left out, whatever is asked, so that none of it tells of them.
    for where, jobs, count in (('status >= 0', 1, 3000 - len(theirs)), ('status >= 0', 3, 3000 - len(theirs)), ('path ~= zzzzzzzz', 2, 0),
                               ('status == 599', 2, 0), ('time >= 2030-01-01T00:00:00Z', 1, 0)):  # by notes, no frame is read
        run = cretula('view', '--store', 'store', '--stream', 's', '--where', where, '--jobs', jobs, code=0)
        assert f'{len(theirs)} records are restricted' in run.err, run.err
        equal(len(run.out.splitlines()), count, where)
    equal(ask('find', '--json').json['records'], len(theirs))
    good()
    # What is sealed of it: boxes of one size, no number, no token, no value; the same for who is in nothing.
    boxes = chain_of('s', 'restrict')
    equal({len(e['text'].split()[-1]) for e in boxes}, {1420})
    count = len(boxes)
    request('restrict', value='192.0.2.250', file='r2')
    approve('a', 'b', file='r2')
    nobody = cretula('subject', 'restrict', '--config', 'c.yaml', '--request', 'r2', '--json', stdin=b'192.0.2.250', code=0).json
    equal((nobody['restricted'], len(chain_of('s', 'restrict'))), (0, 2 * count))
    # Who has no keys is shown nothing of those epochs, and is told; what they count is the same.
    os.rename('store.keys', 'away')
    blind = cretula('view', '--store', 'store', '--stream', 's', code=0)
    equal(blind.text, '')
    assert '3,000 records' in blind.err and 'keys' in blind.err, blind.err
    cretula('stats', '--store', 'store', '--stream', 's', '--rebuild', code=0)
    equal(totals(), counted)
    equal(json.loads(cretula(*window, code=0).text)['records'], 3000)
    cretula('verify', '--store', 'store', code=0)
    os.rename('away', 'store.keys')
    equal(cretula('archive', '--store', 'store', '--stream', 's', '--to', 'archive', '--json', '--cpu', '100', code=0).json['segments'], 0)
    # Lifted: another value lifts nothing of it.
    request('lift', value='192.0.2.251', file='l1')
    approve('a', 'b', file='l1')
    assert 'nothing of that value is restricted' in cretula('subject', 'restrict', '--lift', '--config', 'c.yaml', '--request', 'l1',
                                                            stdin=b'192.0.2.251', code=66).err
    equal(set(everything) - set(numbered('s')), theirs)
    restricted_again('lift', 'l2')
    equal(numbered('s'), everything)
    equal(totals(), counted)
    equal(ask('find', '--json').json['records'], len(theirs))
    assert VALUE.encode() not in b''.join(tree_bytes('store', 'store.keys').values())
    # Erased while restricted: it is gone.
    restricted_again('restrict', 'r3')
    equal(ask('erase', '--json').json['erased'], len(theirs))
    equal(json.loads(cretula(*window, code=0).text)['records'], 3000 - len(theirs))
    assert totals() != counted
    good()


def test_a_restriction_is_alike_in_all_epochs():
    """Many records in one week, few in the next, none in the other stream: as many boxes of each. Single ones are erased, counts too."""
    approvers('a', 'b')
    write('c.yaml', b'tenant: shop\n' + read('c.yaml'))
    busy = ''.join(combined(n, client=VALUE if n % 2 else '192.0.2.1') for n in range(1200))
    calm = ''.join(combined(n, client=VALUE if n == 3 else '192.0.2.1').replace('24/Nov', '05/Dec') for n in range(9))
    for stream, lines in (('s', busy + calm), ('t', calm.replace(VALUE, '192.0.2.1'))):
        write('log', lines.encode())
        cretula('import', '--config', 'c.yaml', '--stream', stream, '--format', 'combined', '--link-epochs', 'log', code=0)
    equal([s['restricted'] for s in restricted_again('restrict', 'r1')['streams']], [601, 0])
    boxes = [(stream, e['text'].split()[2]) for stream in 'st' for e in chain_of(stream, 'restrict')]
    equal({boxes.count(box) for box in boxes}, {2})
    assert len(set(boxes)) > 2, set(boxes)
    # Of another tenant than the default: what was counted of a record goes with it, also where something is restricted.
    got = cretula('subject', 'erase', '--config', 'c.yaml', '--stream', 's', '--record', '0-9', '--reason', 'Art. 17', code=0)
    equal(got.err, '')
    left = cretula('stats', '--config', 'c.yaml', '--stream', 's', '--json', '--since', '2025-01-01T00:00:00Z', code=0)
    db = sqlite3.connect('store/stats.db')
    equal(db.execute("SELECT period, sum(requests) FROM total WHERE stream = (SELECT id FROM stream WHERE name = 's') GROUP BY 1").fetchall()[0][1], 1199)
    db.close()
    equal(left.json['records'], 1199)


def test_a_restriction_that_broke_off():
    """Begun again it says what is missing, and no box twice: also then as many of each epoch, and all records."""
    if not is_testing_build():
        raise Skip('a build without faults')
    approvers('a', 'b')
    write('c.yaml', b'subject: {requests: 1000}\n' + read('c.yaml'))
    lines = ''.join(combined(n, client=VALUE if n % 2 else '192.0.2.1') for n in range(20))
    for stream, text in (('s', lines + lines.replace('24/Nov', '05/Dec')), ('t', lines.replace(VALUE, '192.0.2.1'))):
        write('log', text.encode())
        cretula('import', '--config', 'c.yaml', '--stream', stream, '--format', 'combined', '--link-epochs', 'log', code=0)
    request('restrict', file='r1')
    approve('a', 'b', file='r1')
    code, step, broke = 99, 0, set()
    while code not in (0, 78):  # 78: it came to its end, and died behind it
        step += 4
        code = do('restrict', file='r1', env={'CRETULA_FAULT': str(step)}, code=None).code
        broke.add(sum(len(chain_of(stream, 'restrict')) for stream in 'st'))
    boxes = [(stream, e['text'].split()[2]) for stream in 'st' for e in chain_of(stream, 'restrict')]
    equal(({boxes.count(box) for box in boxes}, len(boxes) > 2, len(broke) > 3), ({1}, True, True), (boxes, broke))
    equal(sum(len(numbered(stream)) for stream in 'st'), 40)
    good()
    # The report for auditors says of each that there is one, for which epoch: neither box nor person.
    cretula('evidence', '--report', '--store', 'store', '--config', 'c.yaml', '--out', 'paper', code=0)
    box = chain_of('s', 'restrict')[0]['text']
    for paper in read('paper/report.json').decode(), read('paper/report.html').decode():
        equal((box.rsplit(' ', 1)[0] in paper, box.rsplit(' ', 1)[1][:40] in paper, VALUE in paper), (True, False, False))
    restricted_again('lift', 'l1')
    equal(sum(len(numbered(stream)) for stream in 'st'), 60)


def test_a_restriction_ends_with_the_key():
    """In a running daemon, live epochs: sealed by it; when the key is destroyed, nobody leaves anything out."""
    approvers('a', 'b')
    more = f"streams:\n  s: {{ input: {{ unix-stream: '{os.getcwd()}/s.sock' }}, format: combined, seal_every: 1h }}\n"
    write('c.yaml', read('c.yaml') + more.encode())
    daemon = subprocess.Popen([CRETULA, 'run', '--config', 'c.yaml'], stderr=subprocess.PIPE)
    with reach('s.sock') as s:
        s.sendall(''.join(combined(n, client=VALUE if n % 2 else '192.0.2.1') for n in range(40)).encode())
        wait_for(lambda: cretula('view', '--store', 'store', '--stream', 's').text.count('\n') == 40)
        equal(restricted_again('restrict', 'r1')['restricted'], 20)
        equal(sorted(numbered('s')), list(range(0, 40, 2)))
        s.sendall(''.join(combined(n, client=VALUE) for n in range(40, 45)).encode())
        wait_for(lambda: len(numbered('s')) == 25)  # what comes later is not restricted
        for text in (b'restrict s restrict x', b'restrict s lift x', b'restrict s hold ' + b'0' * 32, b'restrict ../s lift ' + b'0' * 32,
                     b'restrict s restrict ' + b'0' * 32 + b' - 2026-W48 AAAA'):
            assert b'that is no restriction' in control(text), text
        of = chain_of('s', 'restrict')[0]['text'].split()[0].encode()
        for text, said in ((b'0' * 32, b'error 66 '), (of, b'ok 0'), (of, b'error 66 ')):  # nobody's, in force, lifted
            before = len(chain_of('s', 'lift'))
            assert control(b'restrict s lift ' + text).startswith(said), text
            equal(len(chain_of('s', 'lift')), before + (said == b'ok 0'))
        equal(len(numbered('s')), 45)
        equal(restricted_again('restrict', 'r2')['restricted'], 25)
        equal(len(numbered('s')), 20)
    daemon.terminate()
    equal(daemon.communicate()[1].decode().count('failed'), 0)
    good()
    epochs = {e['text'].split()[2] for e in chain_of('s', 'restrict')}
    assert len(epochs) == 1, epochs
    cretula('key', 'rotate', '--store', 'store', '--reason', 'test', code=0)
    cretula('key', 'destroy', '--store', 'store', '--epoch', epochs.pop(), '--reason', 'test', code=0)
    equal(len(numbered('s')), 45)
    os.rename('store.keys', 'away')
    equal(len(numbered('s')), 45)


def test_nothing_is_shown_that_is_not_sealed():
    """A crash at any step of an export: where a part of the answer is on the disk, its entry is in the chain."""
    if not is_testing_build():
        raise Skip('not built with -Dtesting=true')
    imported('s', keep=False)
    request('export')
    approve('a', 'b')
    shutil.copytree('store', 'before')
    shutil.copytree('store.keys', 'before.keys')
    crashed = given = 0
    while crashed != 0 or given == 0:
        for name in ('store', 'store.keys', 'answer'):
            shutil.rmtree(name, ignore_errors=True)
        shutil.copytree('before', 'store')
        shutil.copytree('before.keys', 'store.keys')
        given += 3
        crashed = do('export', '--out', 'answer', env={'CRETULA_FAULT': str(given)}, code=None).code
        assert crashed in (0, 77), crashed
        if os.path.isdir('answer') and os.listdir('answer'):
            equal(len(reports()), 1, given)
    assert given > 10 and len(os.listdir('answer')) == 3, given
    # No room for the answer: the request is used up, and says so.
    shutil.rmtree('store')
    shutil.rmtree('answer')
    shutil.copytree('before', 'store')
    shutil.rmtree('store.keys')
    shutil.copytree('before.keys', 'store.keys')
    got = do('export', '--out', 'answer', env={'CRETULA_FAULT': f'{given - 3}:28'}, code=74)
    assert 'the request is used up' in got.err and not os.path.exists('answer'), got.err
    equal(len(reports()), 1)


def test_a_crash_of_an_erasure():
    """At each seventh step: nothing goes that the chain does not say before, the same request ends it, and then it is used up."""
    if not is_testing_build():
        raise Skip('not built with -Dtesting=true')
    with tempfile.TemporaryDirectory(dir='/dev/shm' if os.access('/dev/shm', os.W_OK) else None) as folder:
        os.chdir(folder)
        crash_at_each(7)
        os.chdir('/')


def crash_at_each(stride):
    write('log', make_log(300, seed=1))
    cretula('import', '--store', 'store', '--stream', 's', '--format', 'auto', '--link-epochs', 'log', code=0)
    theirs = read('log').decode().count(VALUE + ' ')
    assert theirs > 0
    approvers('a', 'b')
    request('erase')
    approve('a', 'b')
    for name in ('store', 'store.keys'):
        shutil.copytree(name, name + '.before')
    step, code, begun = 0, 77, set()
    while code != 0:
        for name in ('store', 'store.keys'):
            shutil.rmtree(name)
            shutil.copytree(name + '.before', name)
        step += stride
        code = do('erase', env={'CRETULA_FAULT': str(step)}, code=None).code
        assert code in (0, 77), code
        gone = b'"type":"redact"' in read('store/streams/s/chain.jsonl')
        assert not gone or reports(), step
        ended = reports()[-1:] and reports()[-1]['kind'] == 'subject-done'
        begun.add((gone, len(reports())))
        if not ended:
            erased = do('erase', '--json').json['erased']  # an entry that is not signed yet goes again
            assert erased == theirs or (gone and erased == 0), (step, erased)
        equal(len(numbered('s')), 300 - theirs, step)
        kinds = [(r['kind'], r['result'], r['by'].split()[0]) for r in reports()]
        equal(kinds[-1][0] == 'subject-done' or kinds[-1][1] == 0, True, kinds)
        assert 'carried out already' in do('erase', code=78).err
        if step % (5 * stride) == 0:
            good()
    assert step > 20 and {(False, 1), (True, 1)} <= begun, (step, begun)
    equal([(r['kind'], r['result']) for r in reports()], [('subject', 3), ('subject-done', 0)])
    good()


def test_an_address_that_reads_like_its_network():
    """Where records have networks, those who share one do not get each other's records: not the one whose address is its name, either."""
    approvers('a', 'b')
    write('c.yaml', read('c.yaml') + b'streams: {net: {mask: {ip.peer: truncate}}}\n')
    clients = [f'99.9.9.{n}' for n in range(5)] + [f'2001:db8:7::{n}' for n in ('', 5, 9)]
    cretula('pipe', '--config', 'c.yaml', 'net', '--format', 'combined', code=0,
            stdin=''.join(combined(n, client=client) for n, client in enumerate(clients)).encode())
    for value, others in ((clients[0], 5), (clients[1], 5), (clients[5], 3), (clients[6], 3)):
        stream = ask('find', '--json', value=value).json['streams'][0]
        equal((stream['records'], stream['same_network']), (0, others), value)
    equal(ask('erase', '--json', value=clients[0]).json['erased'], 0)


def test_live_epochs_and_classes():
    """Users and sessions, claimed and believed, peers and hops, in each form that mask: gives; and no more than a day's worth."""
    if not is_testing_build():
        raise Skip('not built with -Dtesting=true')
    approvers('a', 'b')
    config = read('c.yaml').decode()
    write('c.yaml', (config + 'subject: {requests: 9}\nstreams:\n  tok: {}\n  adr: {mask: {ip.peer: address}}\n'
                     '  net: {mask: {ip.peer: truncate}}\n').encode())

    def feed(stream, day, *lines):
        cretula('pipe', '--config', 'c.yaml', stream, '--format', 'combined', stdin=''.join(lines).encode(),
                env=at(f'2026-11-{day}T12:00:00Z'), code=0)

    mine, other = '192.0.2.77', '192.0.2.78'
    for day in (22, 23, 24):  # two weeks; without the day between, the clock would have jumped, and no key be destroyed
        if day == 23:
            feed('tok', day, combined(9, client=other))
            continue
        feed('tok', day, combined(1, client=mine, user='Erika'), combined(2, client=other, user='Erika', status=401),
             combined(3, client=other, target='/x?sid=abcDEF123456&to=erika%40example.org'))
        feed('adr', day, combined(4, client=mine, target='/x?to=erika%40example.org'), combined(5, client=other))
        feed('net', day, combined(6, client=mine, target='/x?to=erika@example.org'), combined(7, client=other))

    def found(value, name):
        got = ask('find', '--json', value=value, name=name, env=at(NOW)).json
        return {s['stream']: (s['records'], s['same_network']) for s in got['streams']}

    equal(found(mine, 'ip.client'), {'tok': (2, 0), 'adr': (2, 0), 'net': (0, 4)})
    equal(found(f'::ffff:{mine}', 'ip.client'), {'tok': (2, 0), 'adr': (2, 0), 'net': (0, 4)})
    equal(found('Erika', 'user')['tok'], (3, 0))  # the claim of day 22 is of a key that was destroyed
    equal(found('Max', 'user')['tok'], (0, 0))
    equal(found('abcDEF123456', 'session')['tok'], (1, 0))
    got = found('Erika@Example.org', 'email')
    equal((got['tok'], got['adr'], got['net']), ((2, 0), (2, 0), (0, 0)))  # of net the subject is not in the record
    got = ask('find', value='Erika', name='user', env=at(NOW)).text
    assert 'destroyed tok 2026-11-22 segments 1 records 3' in got, got
    equal(ask('erase', '--json', value=mine, env=at(NOW)).json['erased'], 4)
    found(mine, 'ip.client')
    assert 'no more may be' in ask('find', env=at(NOW), code=75).err
    assert 'no more may be' in ask('find', env=at('2026-11-25T12:00:00Z'), code=75).err
    ask('find', env=at('2026-11-25T14:00:00Z'))
    good()


if __name__ == '__main__':
    main()
