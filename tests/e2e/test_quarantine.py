"""Lines that cannot be read: held for the holder of a secret, gone for everybody else."""
import os

from lib import combined, cretula, equal, main, records, tree_bytes, write

SECRET_TEXT = b'erika.mustermann@example.org wrote this and no server did'
LONG = b'x' * 20000
LINES = combined(1).encode() + SECRET_TEXT + b'\n' + combined(2).encode() + LONG + b'\n' + b'\xff\x00' + SECRET_TEXT + b'\n' + (
    combined(3) * 4).encode()
ARGS = ('--config', 'c.yaml', '--format', 'apache-combined')


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
    """By import and by pipe; who has the secret reads them, long ones by their beginning."""
    configure()
    write('a.log', LINES)
    cretula('import', '--store', 'store', '--stream', 's', *ARGS, 'a.log', code=0)
    cretula('pipe', 'p', '--store', 'store', *ARGS, stdin=LINES, code=0)
    cretula('verify', '--store', 'store', code=0)
    for path, data in tree_bytes('store', 'store.keys').items():
        assert b'mustermann' not in data and b'xxxxxxxx' not in data, path
    for stream in ('s', 'p'):
        equal([r['extra']['line_bytes'] for r in unparsed('store', stream)], [len(SECRET_TEXT), len(LONG), len(SECRET_TEXT) + 2])
        lines = [held_line(r) for r in opened('store', stream)]
        equal(lines[0].encode(), SECRET_TEXT)
        equal(lines[1].encode(), LONG[:11066])
        equal(lines[2], '\ufffd\0' + SECRET_TEXT.decode())


def test_without_a_key_nothing_is_held():
    write('a.log', LINES)
    cretula('import', '--store', 'store', '--stream', 's', '--format', 'apache-combined', 'a.log', code=0)
    equal([list(r['extra']) for r in unparsed()], [['line_bytes']] * 3)
    listed = cretula('quarantine', 'list', '--store', 'store', '--stream', 's', '--json', code=0).json
    equal([(line['record'], line['line'], line['line_bytes']) for line in listed['lines']],
          [(1, 'gone', len(SECRET_TEXT)), (3, 'gone', len(LONG)), (4, 'gone', len(SECRET_TEXT) + 2)])


def test_list_says_what_there_is():
    configure()
    write('a.log', LINES)
    cretula('import', '--store', 'store', '--stream', 's', *ARGS, 'a.log', code=0)
    listed = cretula('quarantine', 'list', '--store', 'store', '--stream', 's', '--json', code=0).json
    equal([line['line'] for line in listed['lines']], ['held', 'beginning', 'held'])
    equal((listed['held'], listed['replayed']), (3, 0))
    text = cretula('quarantine', 'list', '--store', 'store', '--stream', 's', code=0).text
    assert '3 lines could not be read, 3 of them are held' in text and 'mustermann' not in text, text
    cretula('quarantine', 'list', '--store', 'store', code=2)
    cretula('quarantine', 'show', '--store', 'store', '--stream', 's', code=2)
    cretula('quarantine', 'list', '--store', 'nowhere', '--stream', 's', code=66)


def test_erasing_a_record_erases_its_line():
    configure()
    write('a.log', LINES)
    cretula('import', '--store', 'store', '--stream', 's', *ARGS, 'a.log', code=0)
    box = unparsed()[0]['extra']['line']
    cretula('subject', 'erase', '--store', 'store', '--stream', 's', '--record', 1, '--reason', 'test', code=0)
    cretula('verify', '--store', 'store', code=0)
    equal([r['extra']['line_bytes'] for r in unparsed()], [len(LONG), len(SECRET_TEXT) + 2])
    assert box.encode() not in cretula('view', '--store', 'store', '--stream', 's', code=0).out
    # Or only the line, and the skeleton stays.
    cretula('subject', 'rescrub', '--store', 'store', '--stream', 's', '--where', 'state == unparsed', '--drop', 'extra',
            '--reason', 'test', code=0)
    cretula('verify', '--store', 'store', code=0)
    assert all('extra' not in r for r in unparsed()), unparsed()


def test_a_bad_key_is_refused_before_anything_is_made():
    write('c.yaml', b'quarantine_key: age1something\n')
    run = cretula('import', '--store', 'store', '--stream', 's', *ARGS, '-', stdin=LINES, code=78)
    assert 'quarantine_key must be a public key' in run.err and not os.path.exists('store'), run.err


main()
