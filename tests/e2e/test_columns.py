"""Logs whose columns a #Fields line names: right in any batch, thread and continued import."""
from lib import cretula, equal, main, records
from lib import write as save

FIELDS = ['#Fields: date time c-ip cs-method cs-uri-stem sc-status time-taken\n',
          '#Fields: time date sc-status c-ip cs-method cs-uri-stem s-port time-taken\n']


def line(n, kind):
    day, clock, status = '2025-11-24', f'{n // 3600 % 24:02}:{n // 60 % 60:02}:{n % 60:02}', 200 + n % 7
    if kind == 0:
        return f'{day} {clock} 192.0.2.{n % 250} GET /index.html {status} {n}\n'
    return f'{clock} {day} {status} 192.0.2.{n % 250} GET /index.html 443 {n}\n'


def make(first, count, kind):
    return ''.join(line(n, kind) for n in range(first, first + count))


def want(first, count):
    return [(200 + n % 7, n * 1000) for n in range(first, first + count)]


def got(store):
    return [(r['status'], r['duration_us']) for r in records(store)]


def write(name, text, how='w'):
    with open(name, how, encoding='ascii') as out:
        out.write(text)


# Batches end after 8192 lines: the header is far away for most.
TEXT = FIELDS[0] + make(0, 30000, 0) + FIELDS[1] + make(30000, 30000, 1) + FIELDS[0] + make(60000, 100, 0)


def test_batches_of_any_thread_know_their_columns():
    write('w3c.log', TEXT)
    outs = []
    for jobs in (1, 2, 4):
        store = f'store{jobs}'
        run = cretula('import', '--store', store, '--stream', 's', '--jobs', jobs, '--json', 'w3c.log', code=0)
        equal(run.json['format'], 'w3c')
        equal([run.json[k] for k in ('lines', 'parsed', 'partial', 'unparsed', 'meta')], [60103, 60100, 0, 0, 3])
        outs.append(got(store))
    assert all(out == want(0, 60100) for out in outs)


def test_mask_knows_them_too():
    run = cretula('mask', '--format', 'w3c', stdin=TEXT.encode(), code=0)
    equal([(r['status'], r['duration_us']) for r in run.lines], want(0, 60100))


def test_import_goes_on_in_a_grown_file():
    write('w3c.log', TEXT)
    cretula('import', '--store', 'store', '--stream', 's', 'w3c.log', code=0)
    write('w3c.log', make(60100, 20, 0), 'a')
    run = cretula('import', '--store', 'store', '--stream', 's', '--json', 'w3c.log', code=0)
    equal([run.json[k] for k in ('parsed', 'unparsed', 'meta')], [20, 0, 0])
    equal(got('store'), want(0, 60120))


def test_a_source_does_not_lend_its_columns_to_the_next():
    write('one.log', FIELDS[0] + make(0, 100, 0))
    write('two.log', make(200, 100, 0))
    run = cretula('import', '--store', 'store', '--stream', 's', '--json', '--format', 'w3c', 'one.log', 'two.log')
    equal([run.json[k] for k in ('parsed', 'unparsed', 'meta')], [100, 100, 1])
    stats = cretula('stats', '--store', 'store', '--stream', 's', code=0)
    assert b'no_fields' in stats.out, stats.out
    equal(len(records('store')), 200)


def test_a_pipe_keeps_them_from_write_to_write():
    run = cretula('pipe', 's', '--store', 'store', '--format', 'w3c', stdin=TEXT.encode(), code=0)
    assert run.code == 0
    equal(got('store'), want(0, 60100))


def test_columns_of_a_file_that_names_none():
    """Given as a format string, on the command line or in the configuration; what the file names later counts."""
    named = b'#Fields: date time c-ip cs-method cs-uri-stem sc-status\r\n'
    other = b'#Fields: date time sc-status cs-method cs-uri-stem c-ip\r\n'
    lines = b''.join(b'2025-11-24 10:%02d:%02d 203.0.113.7 GET /a 200\r\n' % (n // 60 % 60, n % 60) for n in range(40000))
    last = b'2025-11-24 11:00:00 404 GET /a 203.0.113.7\r\n'
    text = named.decode().strip()
    assert cretula('mask', '--format', 'w3c', stdin=lines[:4900]).code == 3
    want = [200] * 40000 + [404]
    for jobs in (1, 3):
        run = cretula('mask', '--format-string', text, '--jobs', jobs, stdin=lines + other + last, code=0)
        equal([r['status'] for r in run.lines], want)
    save('c.yaml', f'streams: {{s: {{format_string: "{text}"}}}}\n'.encode())
    save('x.log', lines)
    base = ('import', '--store', 'store', '--stream', 's', '--config', 'c.yaml', '--json', 'x.log')
    equal(cretula(*base, code=0).json['parsed'], 40000)
    with open('x.log', 'ab') as file:
        file.write(lines[:10 * len(lines) // 40000] + other + last)
    equal(cretula(*base, code=0).json['parsed'], 11)
    cretula('pipe', 'p', '--store', 'store', '--format-string', text, stdin=lines[:100 * len(lines) // 40000], code=0)
    equal(len([r for r in records('store', 'p') if r.get('status') == 200]), 100)
    run = cretula('check', '--detect', 'x.log', '--format-string', text, code=0)
    assert 'w3c (200 of 200 lines)' in run.text, run.text
    for bad in ('#Fields:', '#Fields: ' + ' '.join(f'x{n}' for n in range(70))):
        assert '#Fields names no columns' in cretula('mask', '--format-string', bad, code=2).err


main()
