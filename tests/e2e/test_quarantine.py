"""Lines that cannot be read: held for the holder of a secret, gone for everybody else."""
import json
import os
import shutil
import subprocess

from lib import (CRETULA, Skip, combined, cretula, equal, is_testing_build, main, read, records, segments, tree_bytes,
                 unpacked, verify_py, write)

SECRET_TEXT = b'erika.mustermann@example.org wrote this and no server did'
LONG = b'x' * 20000
GOOD = [b'shop.example:443 ' + combined(n).encode() for n in range(6)]
LINES = GOOD[0] + SECRET_TEXT + b'\n' + GOOD[1] + LONG + b'\n' + b'\xff\x00' + SECRET_TEXT + b'\n' + b''.join(GOOD[2:])
ARGS = ('--config', 'c.yaml', '--format', 'apache-vhost-combined')


def configure():
    public = cretula('key', 'pair', '--out', 'secret', '--json', code=0).json['public']
    write('c.yaml', f'quarantine_key: {public}\n'.encode())


def unparsed(store='store', stream='s'):
    return [r for r in records(store, stream) if r.get('state') == 'unparsed']


def opened(store='store', stream='s'):
    run = cretula('view', '--store', store, '--stream', stream, '--where', 'state == unparsed', code=0)
    return cretula('key', 'open', '--secret', 'secret', stdin=run.out, code=0).lines


def held_line(record):
    """The line of an opened skeleton."""
    return ''.join(record['extra'].get('line' + (str(n) if n > 1 else ''), '') for n in range(1, 12))


def test_no_line_is_ever_raw():
    """By import and by pipe; who has the secret reads them, long ones in two records."""
    configure()
    write('a.log', LINES)
    cretula('import', '--store', 'store', '--stream', 's', *ARGS, 'a.log', code=0)
    cretula('pipe', 'p', '--store', 'store', *ARGS, stdin=LINES, code=0)
    cretula('verify', '--store', 'store', code=0)
    for path, data in tree_bytes('store', 'store.keys').items():
        assert b'mustermann' not in data and b'xxxxxxxx' not in data, path
    for stream in ('s', 'p'):
        equal([r['extra'].get('line_bytes', r['reason']) for r in unparsed('store', stream)],
              [len(SECRET_TEXT), len(LONG), 'continued', len(SECRET_TEXT) + 2])
        lines = [held_line(r) for r in opened('store', stream)]
        equal(lines[0].encode(), SECRET_TEXT)
        equal((lines[1] + lines[2]).encode(), LONG)
        equal(lines[3], '\ufffd\0' + SECRET_TEXT.decode())


def test_without_a_key_nothing_is_held():
    write('a.log', LINES)
    cretula('import', '--store', 'store', '--stream', 's', '--format', 'apache-vhost-combined', 'a.log', code=0)
    equal([list(r['extra']) for r in unparsed()], [['line_bytes']] * 3)
    listed = cretula('quarantine', 'list', '--store', 'store', '--stream', 's', '--json', code=0).json
    equal([(line['record'], line['line'], line['line_bytes']) for line in listed['lines']],
          [(1, 'gone', len(SECRET_TEXT)), (3, 'gone', len(LONG)), (4, 'gone', len(SECRET_TEXT) + 2)])


def test_list_says_what_there_is():
    configure()
    write('a.log', LINES)
    cretula('import', '--store', 'store', '--stream', 's', *ARGS, 'a.log', code=0)
    listed = cretula('quarantine', 'list', '--store', 'store', '--stream', 's', '--json', code=0).json
    equal([line['line'] for line in listed['lines']], ['held', 'held', 'held'])
    equal((listed['held'], listed['replayed']), (3, 0))
    text = cretula('quarantine', 'list', '--store', 'store', '--stream', 's', code=0).text
    assert '3 lines could not be read, 3 of them are held' in text and 'mustermann' not in text, text
    equal(cretula('quarantine', 'list', '--store', 'store', code=0).text, text)  # its only stream
    cretula('quarantine', 'show', '--store', 'store', '--stream', 's', code=2)
    cretula('quarantine', 'list', '--store', 'nowhere', '--stream', 's', code=66)


def test_erasing_a_record_erases_its_line():
    configure()
    write('a.log', LINES)
    cretula('import', '--store', 'store', '--stream', 's', *ARGS, 'a.log', code=0)
    box = unparsed()[0]['extra']['line']
    cretula('subject', 'erase', '--store', 'store', '--stream', 's', '--record', 1, '--reason', 'test', code=0)
    cretula('verify', '--store', 'store', code=0)
    equal([r['extra'].get('line_bytes') for r in unparsed()], [len(LONG), None, len(SECRET_TEXT) + 2])
    assert box.encode() not in cretula('view', '--store', 'store', '--stream', 's', code=0).out
    # Or only the line, and the skeleton stays.
    cretula('subject', 'rescrub', '--store', 'store', '--stream', 's', '--where', 'state == unparsed', '--drop', 'extra',
            '--reason', 'test', code=0)
    cretula('verify', '--store', 'store', code=0)
    assert all('extra' not in r for r in unparsed()), unparsed()


PLAIN = b''.join(combined(n, client=f'203.0.113.{n}', user='carol').encode() for n in range(1, 6))


def replay(*args, store='store', stream='s', secret='secret', code=0):
    told = () if '--format' in args else ('--format', 'apache-combined')
    return cretula('quarantine', 'replay', '--store', store, '--stream', stream, '--secret', secret, *told, '--json', *args,
                   code=code)


def chain(stream='s', store='store'):
    return [json.loads(line) for line in read(f'{store}/streams/{stream}/chain.jsonl').splitlines()]


def check_replayed(stream='s'):
    """What PLAIN and LINES became: once, masked, sealed, said in the chain."""
    cretula('verify', '--store', 'store', code=0)
    found = [r for r in records('store', stream) if 'replay_of' in r.get('extra', {})]
    numbers = {r['extra']['replay_of'] for r in found}
    equal((len(found), len(numbers)), (5, 5))
    assert all(r['client'].startswith('ip.') and r['user'].startswith('us.') and r['status'] == 200 for r in found), found
    segment = [e for e in segments('store', stream) if 'replay' in e]
    equal([e['replay'] for e in segment], [{'parsed': 5, 'partial': 0, 'unparsed': 0}])
    equal(segment[0]['in']['lines'], 0)
    equal([(e['seg'], e['n']) for e in chain(stream) if e['type'] == 'replay'], [(segment[0]['seg'], 5)])
    assert any(e['type'] == 'destroy' and e['commitment'] == segment[0]['mask_seed'] for e in chain(stream))
    for path, data in unpacked('store', 'store.keys').items():
        assert b'203.0.113.' not in data and b'carol' not in data, path


def test_a_line_is_replayed_once():
    configure()
    write('a.log', LINES + PLAIN)
    cretula('import', '--store', 'store', '--stream', 's', *ARGS, 'a.log', code=3)
    equal(replay().json, {'replayed': 5, 'left': 3, 'other_key': 0})
    check_replayed()
    before = read('store/streams/s/chain.jsonl')
    # What is left is looked at again, and a run with nothing to do leaves no trace but its key's end.
    equal(replay(code=3).json, {'replayed': 0, 'left': 3, 'other_key': 0})
    check_replayed()
    assert read('store/streams/s/chain.jsonl').startswith(before)
    listed = cretula('quarantine', 'list', '--store', 'store', '--stream', 's', '--json', code=0).json
    equal((listed['held'], listed['replayed']), (3, 5))
    by = {line['by']: line['record'] for line in listed['lines'] if line['line'] == 'replayed'}
    numbered = cretula('view', '--store', 'store', '--stream', 's', '--numbers', code=0).text.splitlines()
    for line in numbered:
        number, record = line.split('\t')
        if int(number) in by:
            equal(json.loads(record)['extra']['replay_of'], by[int(number)])
    # The independent verifier agrees.
    done = verify_py('store')
    equal(done.returncode, 0, done.stdout + done.stderr)


def test_what_does_not_verify_is_not_replayed():
    """Who can write the store puts the box of another line in the place of one."""
    configure()
    write('a.log', LINES + PLAIN)
    cretula('import', '--store', 'store', '--stream', 's', *ARGS, 'a.log', code=3)
    name = 'store/streams/s/seg/00000001.idx'
    good = read(name)
    write(name, bytes([good[0] ^ 1]) + good[1:])
    before = read('store/streams/s/chain.jsonl')
    assert 'does not verify' in replay(code=1).err
    equal(read('store/streams/s/chain.jsonl'), before)
    write(name, good)
    equal(replay().json['replayed'], 5)


def test_a_file_that_is_swapped_meanwhile_is_not_replayed():
    """Whichever time it is read: nothing of it is sealed, but what verify read."""
    if b'__asan_' in read(CRETULA) or b'__tsan_' in read(CRETULA):
        raise Skip('a sanitizer wants to be loaded first')
    configure()
    write('a.log', LINES + PLAIN)
    cretula('import', '--store', 'kept', '--stream', 's', *ARGS, 'a.log', code=3)
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'swap_file.c')
    subprocess.run(['gcc', '-shared', '-fPIC', '-O2', '-o', 'swap.so', source], check=True)
    name = 'store/streams/s/seg/00000001.jsonl.zst'
    lines = subprocess.run(['zstd', '-dcq', name.replace('store', 'kept', 1)], capture_output=True, check=True).stdout
    other = lines.replace(b'"status":200', b'"status":201')
    assert other != lines
    said = []
    for at in range(1, 7):
        for path in 'kept', 'kept.keys':
            shutil.rmtree(path.replace('kept', 'store'), ignore_errors=True)
            shutil.copytree(path, path.replace('kept', 'store'))
        write('other', subprocess.run(['zstd', '-cq'], input=other, capture_output=True, check=True).stdout)
        env = {'LD_PRELOAD': os.path.abspath('swap.so'), 'SWAP_FILE': name, 'SWAP_BY': 'other', 'SWAP_AT': str(at)}
        run = cretula('quarantine', 'replay', '--store', 'store', '--stream', 's', '--format', 'apache-combined', '--secret',
                      'secret', env=env)
        if run.code != 1:
            break
        equal(os.path.exists('store/streams/s/seg/00000002.jsonl.zst'), False, at)
        said.append('was verified a moment ago' in run.err)
    assert said[:2] == [False, False] and said[2:] == [True] * len(said[2:]) and len(said) >= 4, said


def long_line(size, n=1):
    """A line of that size that only apache-combined can read."""
    line = combined(n, client='203.0.113.9', user='carol', target='/long?q=').encode().rstrip(b'\n')
    return line.replace(b'/long?q=', b'/long?q=' + b'v' * (size - len(line))) + b'\n'


def test_lines_of_any_length_are_replayed():
    """Up to the longest that is read; of longer ones the beginning is held."""
    configure()
    sizes = [11065, 11066, 11067, 22132, 22133, 65535, 65536]
    lines = [long_line(size) for size in sizes]
    equal([len(line) - 1 for line in lines], sizes)
    write('a.log', LINES + b''.join(lines) + long_line(65537) + GOOD[0])
    cretula('import', '--store', 'store', '--stream', 's', *ARGS, 'a.log', code=3)
    equal(len(unparsed()), 4 + 1 + 1 + 2 + 2 + 3 + 6 + 6 + 1)
    [entry] = segments('store', 's')
    equal((entry['in']['unparsed'], entry['in']['split']['unparsed'], entry['n']), (11, 15, 6 + 1 + 26))
    listed = cretula('quarantine', 'list', '--store', 'store', '--stream', 's', '--json', code=0).json
    equal([line['line_bytes'] for line in listed['lines']][3:], sizes + [65537])
    equal([line['line'] for line in listed['lines']][3:], ['held'] * 7 + ['beginning'])
    # One record of a line erased: the rest of it is no line.
    gone = listed['lines'][6]['record'] + 1
    cretula('subject', 'erase', '--store', 'store', '--stream', 's', '--record', gone, '--reason', 'test', code=0)
    cretula('quarantine', 'list', '--store', 'store', '--stream', 's', code=0)
    equal(replay().json, {'replayed': 6, 'left': 5, 'other_key': 0})
    found = [r for r in records('store') if 'replay_of' in r.get('extra', {})]
    equal([r['extra']['replay_of'] for r in found], [line['record'] for n, line in enumerate(listed['lines']) if n in (3, 4, 5, 7, 8, 9)])
    assert all(r['client'].startswith('ip.') and r['status'] == 200 for r in found), found
    equal(replay(code=3).json, {'replayed': 0, 'left': 5, 'other_key': 0})
    cretula('verify', '--store', 'store', code=0)
    done = verify_py('store')
    equal(done.returncode, 0, done.stdout + done.stderr)
    for path, data in tree_bytes('store', 'store.keys').items():
        assert b'203.0.113.' not in data and b'vvvvvvvv' not in data, path
    for path, data in unpacked('store', 'store.keys').items():
        assert b'203.0.113.' not in data and b'carol' not in data, path


def test_what_is_wrapped_is_unwrapped():
    """A held line has its envelope with it, or has none: each is looked at by itself."""
    configure()
    wrapped = [b'<30>Nov 24 10:11:12 web nginx: ' + line for line in PLAIN.splitlines(True)[:3]]
    cri = [b'2025-11-24T10:11:12.5Z stdout F ' + line for line in PLAIN.splitlines(True)[3:]]
    write('a.log', b''.join(wrapped + cri) + PLAIN)
    cretula('import', '--store', 'store', '--stream', 's', '--config', 'c.yaml', '--format', 'squid', 'a.log', code=3)
    equal(len(unparsed()), 10)
    equal(replay().json, {'replayed': 10, 'left': 0, 'other_key': 0})
    found = [r for r in records('store') if 'replay_of' in r.get('extra', {})]
    equal(len({r['client'] for r in found}), 5)
    assert all(r['status'] == 200 and r['client'].startswith('ip.') and 'state' not in r for r in found), found
    equal(['server' in r for r in found], [True] * 3 + [False] * 7)
    cretula('verify', '--store', 'store', code=0)


def test_records_of_several_lines_are_replayed():
    """Whole, by a format that has such records; to another they are no line."""
    configure()
    event = (b'{"kind":"Event",\n"apiVersion":"audit.k8s.io/v1",\n"level":"Metadata","stage":"ResponseComplete","verb":"list",\n'
             b'"requestURI":"/api/v1/pods","user":{"username":"carol"},"sourceIPs":["203.0.113.7"],"responseStatus":{"code":200},\n'
             b'"requestReceivedTimestamp":"2025-11-24T10:11:12.500000Z"}\n')
    write('a.log', event * 3)
    cretula('import', '--store', 'store', '--stream', 's', '--config', 'c.yaml', '--format', 'aws-cloudtrail', 'a.log', code=3)
    equal([r['extra']['line_bytes'] for r in unparsed()], [len(event) - 1] * 3)
    for name in ('apache-combined', 'json-lines', 'postgres', 'postgres-csvlog'):
        equal(replay('--format', name, code=3).json, {'replayed': 0, 'left': 3, 'other_key': 0})
    equal(replay('--format', 'k8s-audit').json, {'replayed': 3, 'left': 0, 'other_key': 0})
    found = [r for r in records('store') if 'replay_of' in r.get('extra', {})]
    equal([(r['event'], r['status'], r['client'][:3]) for r in found], [('k8s.audit', 200, 'ip.')] * 3)
    cretula('verify', '--store', 'store', code=0)
    done = verify_py('store')
    equal(done.returncode, 0, done.stdout + done.stderr)
    assert b'carol' not in b'\0'.join(unpacked('store', 'store.keys').values())


def test_a_piped_stream_is_replayed_and_goes_on():
    configure()
    for n in range(2):
        cretula('pipe', 's', '--store', 'store', *ARGS, stdin=LINES if n else LINES + PLAIN)
        if n == 0:
            equal(replay().json, {'replayed': 5, 'left': 3, 'other_key': 0})
            check_replayed()
    check_replayed()


def test_another_secret_replays_nothing():
    configure()
    cretula('key', 'pair', '--out', 'other', code=0)
    cretula('import', '--store', 'store', '--stream', 's', *ARGS, '-', stdin=PLAIN + LINES)
    before = records('store')
    equal(replay(secret='other', code=3).json, {'replayed': 0, 'left': 0, 'other_key': 8})
    equal(records('store'), before)
    for args, code in ((['--secret', 'nothing'], 78), (['--format', 'auto'], 2), (['--stream', 'nobody'], 66)):
        options = {'--store': 'store', '--stream': 's', '--secret': 'secret', '--format': 'apache-combined'}
        options.update([args])
        cretula('quarantine', 'replay', *(part for pair in options.items() for part in pair), code=code)
    equal(sorted(os.listdir('store/streams')), ['cretula.store', 's'])
    cretula('quarantine', 'list', '--store', 'store', '--stream', 's', '--secret', 'secret', code=2)


def test_a_crash_at_any_step_replays_no_line_twice():
    if not is_testing_build():
        raise Skip('this build has no fault points')
    configure()
    cretula('import', '--store', 'first', '--keys', 'first.keys', '--stream', 's', *ARGS, '-', stdin=PLAIN + LINES)
    n, step = 1, 1
    while True:
        for name in ('store', 'store.keys'):
            shutil.rmtree(name, ignore_errors=True)
        shutil.copytree('first', 'store')
        shutil.copytree('first.keys', 'store.keys')
        crashed = cretula('quarantine', 'replay', '--store', 'store', '--stream', 's', '--secret', 'secret', '--format',
                          'apache-combined', env={'CRETULA_FAULT': str(n)}).code
        if crashed != 77:
            equal(crashed, 0)
            break
        run = replay(code=None)
        assert (run.code, run.json['replayed']) in ((0, 5), (3, 0)), (run.json, run.err)
        check_replayed()
        n += step
        step = 1 + n // 10
    assert n > 20, n


def test_a_bad_key_is_refused_before_anything_is_made():
    write('c.yaml', b'quarantine_key: age1something\n')
    run = cretula('import', '--store', 'store', '--stream', 's', *ARGS, '-', stdin=LINES, code=78)
    assert 'quarantine_key must be a public key' in run.err and not os.path.exists('store'), run.err


main()
