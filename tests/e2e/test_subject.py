"""cretula subject: single records erased or masked again; nothing of them is left, all others verify."""
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading

import packs
from lib import (CRETULA, Skip, combined, cretula, equal, main, make_log, read, records, shared, verify_py, wait_for,
                 write)

SEG = 'store/streams/s/seg'


def make(lines=3000, *options):
    write('log', make_log(lines, seed=lines))
    cretula('import', '--store', 'store', '--stream', 's', '--format', 'auto', *options, 'log', code=0)


def subject(what, *options, code=0, reason=True):
    return cretula('subject', what, '--store', 'store', '--stream', 's', *(['--reason', 'Art. 17'] if reason else []), *options,
                   code=code)


def numbered():
    """Number to line, of what view shows."""
    out = cretula('view', '--store', 'store', '--stream', 's', '--numbers', code=0).text
    return {int(n): line for n, line in (row.split('\t') for row in out.splitlines())}


def plain():
    """Every line of every segment file, placeholders too, and every salt line."""
    lines, salts = [], []
    for name in sorted(os.listdir(SEG)):
        if name.endswith('.jsonl.zst'):
            done = subprocess.run(['zstd', '-dcq', os.path.join(SEG, name)], capture_output=True, check=False)
            equal(done.returncode, 0, done.stderr)
            lines += done.stdout.decode().splitlines()
        elif name.endswith('.salt'):
            salts += read(os.path.join(SEG, name)).decode().splitlines()
    return lines, salts


def entries(kind):
    import json
    return [e for e in map(json.loads, read('store/streams/s/chain.jsonl').decode().splitlines()) if e['type'] == kind]


def names():
    return sorted(os.listdir(SEG))


def good():
    """cretula verify and the independent script find nothing wrong."""
    ours = cretula('verify', '--store', 'store')
    theirs = verify_py('store')
    for code, out in (ours.code, ours.text), (theirs.returncode, theirs.stdout.decode()):
        equal(code, 0, out)
        assert 'W_' not in out, out


def test_erase():
    """The record, its salt and the files before are gone; all others stay as they were."""
    make()
    before, seed = numbered(), read(f'{SEG}/00000001.salt')
    out = subject('erase', '--record', '7,100-102,2999', '--ref', 'T-1', '--by', 'dpo', '--json').json
    equal(out, {'stream': 's', 'dry_run': False, 'erased': 5, 'already': 0, 'segments': 1, 'fields': {}, 'entries': [3]})
    gone = {7, 100, 101, 102, 2999}
    after = numbered()
    equal(after, {n: line for n, line in before.items() if n not in gone})
    equal(names(), ['00000001.idx', '00000001.r1.jsonl.zst', '00000001.r1.salt'])
    lines, salts = plain()
    equal([i for i, line in enumerate(lines) if line.startswith('{"~erased":"')], sorted(gone))
    equal(len(lines), 3000)
    assert seed.decode().strip() not in salts and len(salts) > 32
    for folder, _, files in os.walk('.'):
        for name in files:
            assert seed.split()[2] not in read(os.path.join(folder, name)), name
    entry, = entries('redact')
    equal((entry['seg'], entry['rev'], entry['reason'], entry['ref'], entry['by']), (1, 1, 'Art. 17', 'T-1', 'dpo'))
    equal([i['r'] for i in entry['items']], sorted(gone))
    good()


def test_what_roles_were_shown_stays():
    """Analysts and the public get the answers that they got before: else the difference is who was erased."""
    make()

    def asked(role):
        return cretula('stats', '--store', 'store', '--stream', 's', *(['--role', role] if role else []), '--json', code=0).json

    before = {role: asked(role) for role in ('analyst', 'public')}
    assert before['analyst']['total']['requests'] > 1000 and before['analyst']['tables']['paths']['rows'], before['analyst']
    subject('erase', '--record', ','.join(str(n) for n in range(0, 3000, 3)))
    equal({role: asked(role) for role in before}, before)
    equal(asked(None)['traffic']['total']['requests'], 2000)
    cretula('stats', '--store', 'store', '--rebuild', code=0)
    equal({role: asked(role) for role in before}, before)
    equal(asked(None)['traffic']['total']['requests'], 2000)


def test_readers():
    """view says how many are left out; stats counts what is there; prove refuses those and proves all others."""
    make()
    subject('erase', '--record', '7,8')
    shown = cretula('view', '--store', 'store', '--stream', 's', code=0)
    assert '2 records were erased' in shown.err, shown.err
    stats = cretula('stats', '--store', 'store', '--stream', 's', '--json', code=0).json
    equal((stats['records'], stats['erased'], sum(stats['status'].values())), (2998, 2, 2998))
    equal(stats['disk_bytes'], os.path.getsize(f'{SEG}/00000001.r1.jsonl.zst'))
    assert 'erased' in cretula('prove', '--store', 'store', '--stream', 's', '--record', 7, code=66).err
    subject('rescrub', '--record', '9', '--drop', 'path')
    now = numbered()
    for record in (0, 6, 9, 10, 255, 256, 2999):
        write('proof', cretula('prove', '--store', 'store', '--stream', 's', '--record', record, code=0).out)
        found = cretula('verify', '--proof', 'proof', '--json', code=0).json
        equal((found['line'], found['replaced']), (now[record], record == 9))


def test_reading_meanwhile():
    """A file that is overwritten while view reads it: view goes on in the next revision, no record is lost or doubled."""
    make(20000)
    all_lines = list(numbered().values())
    for n in range(12):
        reader = subprocess.Popen([CRETULA, 'view', '--store', 'store', '--stream', 's'], stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE)
        subject('erase', '--record', n)
        out, err = reader.communicate(timeout=120)
        equal(reader.returncode, 0, err)
        shown = out.decode().splitlines()
        assert shown[-1000:] == all_lines[-1000:]
        assert len(all_lines) - n - 1 <= len(shown) <= len(all_lines) - n, (n, len(shown))


def test_again_and_again():
    """Erasing goes on; what is erased already is no error; a replaced record can be erased."""
    make(600)
    subject('erase', '--record', '5')
    out = subject('erase', '--record', '4-6', '--json').json
    equal((out['erased'], out['already'], out['entries']), (2, 1, [4]))
    out = subject('erase', '--record', '4-6', '--json').json
    equal((out['erased'], out['already'], out['segments'], out['entries']), (0, 3, 0, []))
    equal(len(entries('redact')), 2)
    for drop in ('query', 'referer,agent', 'path'):
        subject('rescrub', '--record', '20', '--drop', drop)
    subject('erase', '--record', '20')
    equal([e['rev'] for e in entries('redact')], list(range(1, len(entries('redact')) + 1)))
    assert set(range(600)) - set(numbered()) == {4, 5, 6, 20}
    good()


def test_where_and_when():
    make()
    before = numbered()
    client = cretula('view', '--store', 'store', '--stream', 's', '--limit', 1, code=0).lines[0]['client']
    theirs = {n for n, line in before.items() if f'"client":"{client}"' in line}
    where = f'client == "{client}"'
    dry = subject('erase', '--where', where, '--dry-run', '--json', reason=False).json
    equal((dry['erased'], dry['dry_run'], dry['entries']), (len(theirs), True, []))
    equal(numbered(), before)
    subject('erase', '--where', where)
    equal(set(before) - set(numbered()), theirs)
    late = {n for n, line in numbered().items() if line[9:33] >= '2025-11-24T00:09:50.000Z'}
    equal(subject('erase', '--since', '2025-11-24T00:09:50Z', '--json').json['erased'], len(late))
    equal(set(before) - set(numbered()), theirs | late)
    good()


def test_more_than_an_entry_holds():
    """1,000 records of a segment are two entries, and two revisions."""
    make()
    out = subject('erase', '--record', ','.join(str(n) for n in range(0, 3000, 3)), '--json').json
    equal((out['erased'], len(out['entries'])), (1000, 2))
    equal(names(), ['00000001.idx', '00000001.r2.jsonl.zst', '00000001.r2.salt'])
    equal(sorted(numbered()), [n for n in range(3000) if n % 3])
    good()


def test_drop():
    """rescrub --drop leaves fields out, of those records only."""
    make(600)
    before = cretula('view', '--store', 'store', '--stream', 's', code=0).lines
    out = subject('rescrub', '--record', '0-299', '--drop', 'query,referer', '--json').json
    has = [r for r in before[:300] if 'query' in r or 'referer' in r]
    equal(out['replaced'], len(has))
    equal(out['fields'], {f: sum(f in r for r in before[:300]) for f in ('query', 'referer')})
    after = cretula('view', '--store', 'store', '--stream', 's', code=0).lines
    equal(after[300:], before[300:])
    equal(after[:300], [{k: v for k, v in r.items() if k not in ('query', 'referer')} for r in before[:300]])
    equal(subject('rescrub', '--record', '0-299', '--drop', 'query,referer', '--json').json['replaced'], 0)
    good()


def test_what_was_counted_goes():
    """stats.db has words of paths: once the records are gone they are in none of its files, also where the process died between."""
    write('routes', b'/erika-m\n')  # of few clients: what ten and more did was shown, and stays
    write('c.yaml', b'streams: {s: {routes: [routes]}}\n')
    write('log', ''.join(combined(n, client=f'198.51.{n % 5}.9', target='/erika-m') for n in range(30)).encode())
    cretula('import', '--store', 'store', '--stream', 's', '--config', 'c.yaml', '--format', 'auto', 'log', code=0)
    assert b'/erika-m' in read('store/stats.db') + read('store/stats.db-wal')
    shutil.copytree('store', 'before')
    equal(subject('rescrub', '--record', '0-29', '--drop', 'path').err, '')
    nothing_counted()
    equal(counted(), 30)
    for name in os.listdir('store'):  # now as one that died before it counted again
        if name.startswith('stats.db'):
            os.unlink(f'store/{name}')
    for name in os.listdir('before'):
        if name.startswith('stats.db'):
            shutil.copy(f'before/{name}', f'store/{name}')
    broken = packs.open('store/stats.db')
    broken.execute('DELETE FROM total WHERE apart=0')
    broken.execute('DELETE FROM cell WHERE apart=0')
    broken.execute('UPDATE stream SET segment=1, records=0')
    packs.write(broken, 'store/stats.db')
    broken.close()
    write('more', combined(40, target='/a').encode())
    cretula('import', '--store', 'store', '--stream', 's', '--format', 'auto', 'more', code=0)
    nothing_counted()
    equal(counted(), 31)
    write('store/stats.db', b'rubbish')
    assert 'stats --rebuild' in subject('erase', '--record', '3').err
    good()


def test_what_was_counted_without_a_record_is_said():
    """Of what a detail rule only counts nobody knows whose it was: it stays in stats.db, and the erasure says so."""
    write('c.yaml', b"streams: {s: {format: combined, routes: [routes], detail: [{when: 'path == \"/healthz\"', keep: count}]}}\n")
    write('routes', b'/healthz\n/shop\n')
    write('log', ''.join(combined(n, client=f'198.51.{n}.9', target='/shop' if n % 2 else '/healthz') for n in range(30)).encode())
    cretula('import', '--config', 'c.yaml', '--store', 'store', '--stream', 's', 'log', code=0)
    equal(len(list(records('store'))), 15)
    err = subject('erase', '--record', '0-14').err
    assert 'that have no record' in err and 'healthz' not in err, err
    assert b'/healthz' in read('store/stats.db') + read('store/stats.db-wal')


def nothing_counted():
    for name in os.listdir('store'):
        if name.startswith('stats.db'):
            assert b'erika' not in read(f'store/{name}'), name


def counted():
    return cretula('stats', '--store', 'store', '--stream', 's', '--json', code=0).json['traffic']['total']['requests']


def test_rescrub_finds_nothing_in_what_today_masks():
    make(3000)
    equal(subject('rescrub', '--dry-run', '--json', reason=False).json['replaced'], 0)
    out = subject('rescrub', '--json').json
    equal((out['replaced'], out['entries']), (0, []))
    equal(entries('redact'), [])


def test_rescrub_finds_nothing_in_hostile_rows():
    """Nor in what today makes of the hostile rows of ../shared/cases and of a public log."""
    sys.path.insert(0, shared('cases'))
    import check
    with open(shared('cases', 'masking.tsv'), encoding='utf-8', newline='\n') as table:
        rows = [line.rstrip('\n').split('\t') for line in table]
    kind, text = rows[0].index('format'), rows[0].index('input')
    write('log', b''.join(check.unescape(r[text]).rstrip(b'\n') + b'\n' for r in rows if r[kind] == 'combined'))
    cretula('import', '--store', 'store', '--stream', 's', '--format', 'apache-combined', 'log', code=0)
    cretula('import', '--store', 'store', '--stream', 's', '--format', 'apache-combined',
            shared('corpora', 'elastic-examples/apache_logs'), code=0)
    equal(subject('rescrub', '--dry-run', '--json', reason=False).json['fields'], {})


def test_rescrub_takes_out_what_it_finds():
    """A host that a configuration kept in clear is an address, and goes once it is asked for."""
    write('c.yaml', b'streams:\n  s:\n    hosts: [203.0.113.9]\n')
    log = ''.join(f'{host} ' + combined(n) for n, host in enumerate(['203.0.113.9:80', 'www.example.org:80'] * 20))
    write('log', log.encode())
    cretula('import', '--store', 'store', '--stream', 's', '--config', 'c.yaml', '--format', 'apache-vhost-combined', 'log', code=0)
    hosts = [r.get('host') for r in cretula('view', '--store', 'store', '--stream', 's', code=0).lines]
    if '203.0.113.9' not in hosts:
        raise Skip(f'a configured address is not kept as a host: {hosts[:2]}')
    equal(subject('rescrub', '--fields', 'path', '--json').json['replaced'], 0)
    out = subject('rescrub', '--json').json
    equal((out['replaced'], out['fields']), (20, {'host': 20}))
    after = [r.get('host') for r in cretula('view', '--store', 'store', '--stream', 's', code=0).lines]
    equal(after, ['[ip.fwd]' if h == '203.0.113.9' else h for h in hosts])
    good()


def test_what_was_replaced_is_not_signed_as_it_lies_there():
    """Somebody without keys writes into a record that was replaced: no erasure takes it over beside it, and it can be erased itself."""
    make(600)
    subject('rescrub', '--record', '9', '--drop', 'path')
    path = f'{SEG}/00000001.r1.jsonl.zst'
    line, text = plain()[0][9], '\n'.join([*plain()[0], ''])
    write('t', text.replace(line, re.sub('"status":[0-9]+', '"status":599', line)).encode())
    os.chmod(path, 0o600)
    subprocess.run(['zstd', '-qf', 't', '-o', path], check=True)
    chain = read('store/streams/s/chain.jsonl')
    for act in ['erase', '--record', '5'], ['rescrub', '--record', '9', '--drop', 'method']:
        assert 'record 9: a record: not the sealed segment' in subject(*act, code=1).err, act
    equal((read('store/streams/s/chain.jsonl'), cretula('verify', '--store', 'store').code), (chain, 1))
    gone_but_told(['--record', '9,11'], 9)


def gone_but_told(which, number):
    """Whose record somebody wrote into has a right to be erased all the same: it goes, and an entry and verify say for ever how it was."""
    assert '1 of these records had been replaced, and what stood there' in subject('erase', *which, code=0).err
    said = [json.loads(row) for row in read('store/streams/s/chain.jsonl').splitlines()][-2:]
    equal([(row['type'], row.get('kind'), row.get('text')) for row in said],
          [('config', 'damaged', f'1 1 [[{number},{number}]]'), ('redact', None, None)])
    for code, out in [(run.code, run.text) for run in [cretula('verify', '--store', 'store')]] + [
            (run.returncode, run.stdout.decode()) for run in [verify_py('store')]]:
        equal((code, out.count('W_ERASED_DAMAGED'), 'E_' in out), (0, 1, False), out)
    equal(cretula('verify', '--store', 'store', '--strict').code, 4)


def test_what_is_no_record_any_more_can_be_erased():
    """In the place of a replaced record stands a text that nobody can read: the leaf that the chain has is enough."""
    make(600)
    for drop in 'path', 'method':
        subject('rescrub', '--record', '0,9', '--drop', drop)
    path = f'{SEG}/00000001.r2.jsonl.zst'
    lines = plain()[0]
    lines[9] = '{"~replaced":"' + 'A' * 43 + '=","record":["erika"]}'
    write('t', '\n'.join([*lines, '']).encode())
    os.chmod(path, 0o600)
    subprocess.run(['zstd', '-qf', 't', '-o', path], check=True)
    assert 'not the sealed segment' in subject('erase', '--record', '5', code=1).err
    gone_but_told(['--record', '9,11'], 9)
    subject('erase', '--record', '5')  # what was in the way is gone
    equal(len(plain()[0]), 600)


def test_a_chain_whose_segments_are_in_no_order():
    """Nobody checks the chain for a dry run: a segment that comes behind a later one is none, and no crash."""
    make(20)
    for seed in 7, 8:
        write('log', make_log(20, seed=seed))
        cretula('import', '--store', 'store', '--stream', 's', '--format', 'auto', 'log', code=0)
    path = 'store/streams/s/chain.jsonl'
    rows = read(path).decode().splitlines(keepends=True)
    last = [i for i, row in enumerate(rows) if '"type":"segment"' in row][1:]
    for i, (was, now) in zip(last, ((2, 3), (3, 2))):
        rows[i] = re.sub(r'"first":\d+', '"first":0', rows[i]).replace(f'"seg":{was},', f'"seg":{now},').replace(f'0000000{was}.', f'0000000{now}.')
    os.chmod(path, 0o600)
    write(path, ''.join(rows).encode())
    assert 'segment 2: there is none' in subject('erase', '--record', '5', '--dry-run', code=66).err


def test_refusals():
    """Each with its exit code, and nothing is written."""
    make(600)
    chain = read('store/streams/s/chain.jsonl')
    record = ['--record', '5']
    rows = [
        (2, "no action 'forget': approve, approver, ", ['subject', 'forget', '--store', 'store', '--stream', 's', '--reason', 'r']),
        (2, 'which action? approve, approver, ', ['subject', '--store', 'store']),
        (2, '--reason', ['subject', 'erase', '--store', 'store', '--stream', 's', *record]),
        (2, '--stream', ['subject', 'erase', '--store', 'store', '--reason', 'r', *record]),
        (2, '--store', ['subject', 'erase', '--stream', 's', '--reason', 'r', *record]),
        (2, 'which records', ['subject', 'erase', '--store', 'store', '--stream', 's', '--reason', 'r']),
    ]
    for code, text, args in rows:
        run = cretula(*args, code=code)
        assert text in run.err, (text, run.err)
    more = [
        (2, 'given twice', ['--record', '5', '--record', '6']),
        (2, 'numbers and ranges', ['--record', '5,']),
        (2, 'numbers and ranges', ['--record', '9-5']),
        (2, 'numbers and ranges', ['--record', '-1']),
        (2, 'numbers and ranges', ['--record', '18446744073709551615']),
        (2, 'does not go with subject erase', ['--record', '5', '--drop', 'path']),
        (2, 'column', ['--where', 'path ==']),
        (2, '--since', ['--since', 'yesterday']),
        (2, 'printable ASCII', ['--record', '5', '--ref', 'a"b']),
        (2, 'printable ASCII', ['--record', '5', '--by', 'Zoë']),
        (2, 'reason is longer', ['--record', '5', '--reason', 'x' * 2049]),
        (2, '--reason: there seems to be an identifier in it (email)', ['--record', '5', '--reason', 'asked by erika@example.org']),
        (2, '--ref: there seems to be an identifier', ['--record', '5', '--ref', '198.51.100.7', '--dry-run']),
        (2, '--by: there seems to be an identifier', ['--record', '5', '--by', 'erika@example.org']),
        (66, '600 sealed records', ['--record', '5,600']),
        (66, '600 sealed records', ['--record', '0-600']),
    ]
    for code, text, args in more:
        options = [] if '--reason' in args else ['--reason', 'r']
        run = cretula('subject', 'erase', '--store', 'store', '--stream', 's', *options, *args, code=code)
        assert text in run.err and run.err.count('\n') <= 3, (text, run.err)
    for text, args in [('no field', ['--drop', 'cookies']), ('keeps its time', ['--drop', 'time']),
                       ('either', ['--drop', 'path', '--fields', 'path'])]:
        assert text in subject('rescrub', *args, code=2).err
    assert '--reason: there seems' in subject('rescrub', '--drop', 'path', '--reason', 'of erika@example.org', code=2, reason=False).err
    for args in (['words', 'add', '--stream', 's', '--by', 'erika@example.org', 'a'], ['words', 'forget', '--stream', 's', '--by', '::ffff:192.0.2.1', 'a'],
                 ['key', 'rotate', '--reason', 'erika@example.org left'], ['key', 'destroy', '--epoch', '2026-W48', '--reason', 'for 192.0.2.1'],
                 ['recover', '--stream', 's', '--accept-loss', '--reason', 'erika@example.org cut it'],
                 ['detail', 'raise', '--stream', 's', '--for', '1h', '--reason', 'for erika@example.org']):
        assert 'there seems to be an identifier in it' in cretula(*args, '--store', 'store', code=2).err, args
    equal(read('store/streams/s/chain.jsonl'), chain)
    equal(len(names()), 3)


def test_nothing_is_made():
    """Where there is no such store or stream, none is made."""
    assert 'no store' in subject('erase', '--record', '1', code=66).err
    equal(os.listdir('.'), [])
    make(100)
    cretula('subject', 'erase', '--store', 'store', '--stream', 'other', '--record', 1, '--reason', 'r', code=66)
    equal(sorted(os.listdir('store/streams')), ['cretula.store', 's'])
    os.rename('store.keys', 'elsewhere')
    assert 'no keys' in subject('erase', '--record', '1', code=78).err
    assert not os.path.exists('store.keys')
    subject('erase', '--record', '1', '--keys', 'elsewhere')


def test_a_damaged_segment_is_refused():
    make(600)
    path = f'{SEG}/00000001.jsonl.zst'
    data = bytearray(read(path))
    data[len(data) // 2] ^= 1
    write(path, bytes(data))
    equal(subject('erase', '--record', '1', code=None).code, 1)
    equal((names(), entries('redact')), (['00000001.idx', '00000001.jsonl.zst', '00000001.salt'], []))


# ---- live streams ----

PIPE = [CRETULA, 'pipe', '--store', 'store', 's', '--format', 'combined']


def line(n):
    return combined(n, client=f'10.1.{n % 250}.9', size=n + 1000).encode()


def start():
    return subprocess.Popen(PIPE, stdin=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0)


def committed():
    folder = 'store/streams/s/open'
    if not os.path.isdir(folder):
        return 0
    return sum(read(os.path.join(folder, n)).count(b'\n') for n in os.listdir(folder) if n.endswith('.data'))


def feed(process, numbers):
    process.stdin.write(b''.join(line(n) for n in numbers))
    wait_for(lambda: committed() >= len(numbers))


def refuse_one(listener):
    s, _ = listener.accept()
    with s:
        s.recv(5000)
        s.sendall(b'error 75 another erasure is at work; try again\n')


def test_a_live_writer():
    """While a pipe writes the stream, nothing is erased: 75.  Once it has stopped, all can be."""
    process = start()
    feed(process, range(50))
    refused = subject('erase', '--record', '3', code=75)
    assert 'SIGTERM' in refused.err, refused.err
    process.send_signal(signal.SIGUSR1)
    subject('erase', '--record', '3', code=75)
    with socket.socket(socket.AF_UNIX) as busy:  # a daemon that is at another one: nobody is told to stop it
        busy.bind('store.sock')
        busy.listen()
        threading.Thread(target=refuse_one, args=(busy,)).start()
        refused = subject('erase', '--record', '3', code=75)
        assert 'another erasure is at work' in refused.err and 'SIGTERM' not in refused.err, refused.err
    os.unlink('store.sock')
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=120)
    equal(process.returncode, 0)
    subject('erase', '--record', '3')
    equal(sorted(numbered()), [n for n in range(50) if n != 3])
    good()


def test_a_dead_writer():
    """What it left open is sealed, and erased from; no byte is left in clear; the next pipe goes on."""
    process = start()
    feed(process, range(50))
    process.kill()
    process.wait()
    assert any(n.endswith('.data') for n in os.listdir('store/streams/s/open'))
    run = subject('erase', '--record', '3')
    assert '50 records' in run.err, run.err
    equal(os.listdir('store/streams/s/open'), [])
    equal(sorted(numbered()), [n for n in range(50) if n != 3])
    equal([e['reason'] for e in entries('recover')], ['crash'])
    for folder, _, files in os.walk('store'):
        for name in files:
            assert b'"bytes":1003' not in read(os.path.join(folder, name)), name
    assert not any('"bytes":1003' in x for x in plain()[0])
    good()
    process = start()
    feed(process, range(50, 80))
    process.stdin.close()
    process.wait(timeout=120)
    equal(sorted(numbered()), [n for n in range(80) if n != 3])
    subject('erase', '--record', '2,60')
    equal(sorted(numbered()), [n for n in range(80) if n not in (2, 3, 60)])
    assert '00000001.tags' in names()
    good()


main()
