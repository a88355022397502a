"""cretula scan: finds what is planted anywhere, says nothing of a clean store, never says a value."""
import base64
import gzip
import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys

from lib import CRETULA, Skip, combined, cretula, equal, main, make_log, open_lines, read, shared, wait_for, write

sys.dont_write_bytecode = True
ADDRESS, MAIL = '203.0.113.7', 'bob.k@example.org'

# Which rules must find what masking.tsv forbids, with the peer's own address taken out of the line; rows that are
# not here forbid names and words, which no pattern can find.
WANT = {
    'A01': 'ipv4', 'A03': 'ipv6', 'A04': 'ipv6', 'A05': 'ipv6', 'A06': 'ipv6', 'A07': 'ipv4', 'A08': 'ipv6', 'A10': 'ipv6',
    'A11': 'ipv6', 'A13': 'ipv6', 'A15': 'ipv4', 'A17': 'ipv4', 'A20': 'ipv4-number', 'A22': 'ipv4-odd', 'A23': 'ipv4-odd',
    'A25': 'ipv4', 'A26': 'ipv4', 'A27': 'ipv4', 'B02': 'ipv4 ipv6', 'B05': 'ipv4', 'B06': 'ipv4', 'B07': 'ipv4',
    'B08': 'ipv4 ipv6', 'C04': 'email', 'C05': 'email', 'D01': 'email', 'D02': 'email', 'D03': 'email', 'D04': 'email',
    'D05': 'email', 'D06': 'email', 'D09': 'email', 'D10': 'email', 'D11': 'email', 'D13': 'email', 'D14': 'email',
    'D16': 'email pan', 'D17': 'email', 'D18': 'session', 'D19': 'session', 'D23': 'jwt', 'D25': 'email secret',
    'D26': 'secret', 'D27': 'tracking', 'D33': 'email', 'D36': 'email', 'D40': 'email', 'D43': 'email', 'D48': 'jwt',
    'E01': 'path-number', 'E02': 'uuid', 'E03': 'uuid', 'E07': 'hexid', 'E08': 'ulid', 'E09': 'phone', 'E10': 'iban',
    'E11': 'ssn', 'E12': 'hexid', 'E15': 'mac', 'E16': 'path-number', 'F03': 'hexid', 'F04': 'email', 'F07': 'uuid',
    'F08': 'bearer jwt user-id', 'F11': 'basic bearer jwt secret session', 'F13': 'hexid', 'F16': 'email', 'G02': 'email',
    'G04': 'email', 'G05': 'email', 'G06': 'pan', 'G07': 'phone-named', 'G12': 'email', 'G14': 'email ipv4 user-id',
    'G15': 'ipv4', 'G17': 'email ipv4', 'G19': 'ipv4', 'H01': 'email ipv4 session', 'H02': 'ipv4', 'H03': 'ipv4',
    'H04': 'email ipv4', 'H05': 'email ipv4', 'H06': 'email hexid ipv4', 'H08': 'email ipv4', 'H09': 'email ipv4',
    'H10': 'email', 'I01': 'ipv4', 'I02': 'email', 'I09': 'ipv4', 'K01': 'provider-key secret', 'K02': 'provider-key',
    'K03': 'provider-key', 'K04': 'provider-key', 'K05': 'pem', 'K07': 'userinfo', 'K08': 'ssn', 'K10': 'provider-key',
}
NOTHING = 'A18 A28 C10 C11 D35 E17 E18 E19 F10 K09'.split()  # there is nothing to find in them, the peer taken out


def scan(*args, code, **more):
    """The result as JSON, and no value in it."""
    run = cretula('scan', '--json', *args, code=code, **more)
    text = run.text + run.err
    assert ADDRESS not in text and MAIL not in text, text
    return run.json


def rules_of(result):
    return {f['rule'] for f in result['findings']}


def cases():
    sys.path.insert(0, shared('cases'))
    import check
    for case in check.cases(shared('cases', 'masking.tsv')):
        yield case, check.unescape(case['input'])


def make_store(lines=400):
    write('log', make_log(lines))
    cretula('import', '--store', 'store', '--stream', 's', 'log', code=0)
    return 'store'


def segment():
    folder = 'store/streams/s/seg'
    return os.path.join(folder, next(n for n in sorted(os.listdir(folder)) if n.endswith('.jsonl.zst')))


def test_every_pattern_of_the_hostile_rows_is_found():
    for case, raw in cases():
        if case['format'] in ('combined', 'nginx-xff') and case['id'] != 'A01':
            raw = raw.replace(b'203.0.113.7 - ', b'- - ')
        run = cretula('scan', '--json', '-', stdin=raw)
        found = rules_of(run.json)
        missing = set(WANT.get(case['id'], '').split()) - found
        assert not missing, f'{case["id"]}: {missing} not among {found}'
        if case['id'] in NOTHING:
            equal((run.code, found), (0, set()), case['id'])


def test_what_is_masked_of_them_is_clean():
    with open(shared('cases', 'literals.txt'), encoding='utf-8') as source, open('words', 'w', encoding='utf-8') as out:
        out.writelines(line for line in source if line.split('\t')[0] in ('path', 'param', 'host'))
    everything = b''
    for case, raw in cases():
        if case['format'] == 'combined':
            everything += raw + b'\n'
    masked = cretula('mask', '--format', 'apache-combined', '--words', 'words', stdin=everything)
    assert masked.out.count(b'\n') > 80
    scan('-', stdin=masked.out + masked.err.encode(), code=0)


def test_a_store_and_its_bundle_are_clean():
    make_store()
    cretula('evidence', '--store', 'store', '--out', 'bundle', code=0)
    result = scan('store', 'store.keys', 'bundle', code=0)
    equal((result['leaks'], result['not_read']), (0, []))
    assert result['files'] > 20 and result['content_bytes'] > result['bytes'] / 2
    cretula('prove', '--store', 'store', '--stream', 's', '--record', '3', code=0)
    scan('log', code=1)


def test_a_live_store_is_clean_while_it_is_open():
    pipe = subprocess.Popen([CRETULA, 'pipe', '--store', 'live', '--format', 'apache-combined', 's'],
                            stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        pipe.stdin.write(make_log(200))
        pipe.stdin.flush()
        wait_for(lambda: open_lines(store='live') == 200)
        scan('live', code=0)
        with open('live/streams/s/open/00000001.data', 'ab') as file:
            file.write(b'{"time":"2025-11-24T00:00:00.000Z","client":"203.0.113.7"}\n')
        found = scan('live', code=1)['findings']
        equal([(f['file'], f['rule']) for f in found], [('live/streams/s/open/00000001.data', 'ipv4')])
    finally:
        pipe.kill()
        pipe.wait()


def test_a_planted_leak_is_found_wherever_it_is():
    """Each place alone: exactly that file, its offset, and how to decode it."""
    make_store()
    shutil.copytree('store', 'clean')
    line = b'{"time":"2025-11-24T00:00:00.000Z","path":"/x","client":"' + ADDRESS.encode() + b'"}\n'
    path = segment()
    content = subprocess.run(['zstd', '-dcq', path], capture_output=True, check=True).stdout
    packed = subprocess.run(['zstd', '-qc'], input=content + line, capture_output=True, check=True).stdout
    skippable = b'\x50\x2a\x4d\x18' + len(MAIL).to_bytes(4, 'little') + MAIL.encode()
    mail = MAIL.encode()
    plants = [
        (path, packed, 'ipv4', 'zst', len(content) + line.index(b'203.')),
        (path, read(path) + skippable, 'email', 'container', None),
        ('store/streams/s/chain.jsonl', read('store/streams/s/chain.jsonl') + line, 'ipv4', None, None),
        ('store/streams/s/checkpoint', read('store/streams/s/checkpoint') + mail, 'email', None, None),
        ('store/streams/s/cp/00000001.note', mail, 'email', None, 0),
        ('store/streams/s/open/00000009.tags', b'1 9 3 ' + mail + b'\n', 'email', None, 6),
        ('store/words/s', b'path\t/u\terika%40example.org\n', 'email', 'percent', 8),
        ('store/new.gz', gzip.compress(b'xyz ' + mail), 'email', 'gz', 4),
        ('store/base64', b'd=' + base64.b64encode(mail), 'email', 'base64', 2),
        ('store/both', b'd=' + base64.b64encode(base64.b64encode(mail)), 'email', 'base64 > base64', 2),
        ('store/hex', b'x ' + b'a@bc.de'.hex().encode(), 'email', 'hex', 2),
        ('store/json', json.dumps({'m': MAIL}).replace('@', '\\u0040').encode(), 'email', 'escape', 7),
        ('store/wide', MAIL.encode('utf-16-le'), 'email', 'utf-16', 0),
        ('store/zeros', bytes(3_000_000) + mail + bytes(100), 'email', None, 3_000_000),
    ]
    for where, data, rule, view, at in plants:
        shutil.rmtree('store')
        shutil.copytree('clean', 'store')
        os.makedirs(os.path.dirname(where), exist_ok=True)
        write(where, data)
        found = scan('store', code=1)['findings']
        equal([(f['file'], f['rule'], f.get('view')) for f in found], [(where, rule, view)], where)
        if at is not None:
            equal(found[0]['at'], at, where)


def test_a_database_and_a_bundle_are_read_as_bytes():
    db = sqlite3.connect('stats.db')
    db.execute('CREATE TABLE t (n INTEGER, client TEXT, b BLOB)')
    db.executemany('INSERT INTO t VALUES (?, ?, ?)', [(n, f'ip.abcdefghij23456{n % 6 + 2}', bytes(8)) for n in range(500)])
    db.commit()
    scan('stats.db', code=0)
    db.execute('INSERT INTO t VALUES (1, ?, NULL)', (ADDRESS,))
    db.execute('INSERT INTO t VALUES (2, ?, NULL)', (MAIL,))
    db.commit()
    db.close()
    equal(rules_of(scan('stats.db', code=1)), {'ipv4', 'email'})
    make_store()
    cretula('evidence', '--store', 'store', '--out', 'bundle', code=0)
    with open('bundle/README.md', 'ab') as file:
        file.write(b'ask erika.m@example.org')
    equal([f['file'] for f in scan('bundle', code=1)['findings']], ['bundle/README.md'])


def test_values_are_found_in_every_form_and_never_said():
    names = ['erika-mustermann', 'K-4711-0815']
    text = '\n'.join(names) + '\n'
    forms = [names[0], names[0].upper(), names[0][::-1], names[0].encode().hex(), names[0].replace('-', '%2D'),
             base64.b64encode(names[0].encode()).decode(), base64.b64encode(b'x' + names[0].encode()).decode(),
             base64.b64encode(b'xy' + names[0].encode()).decode(), base64.b32encode(names[0].encode()).decode(),
             json.dumps(names[0]).replace('-', '\\u002d'), names[0].encode('utf-16-be').decode('latin-1')]
    for n, form in enumerate(forms):
        write(f'form{n:02}', b'before ' + form.encode('latin-1') + b' behind\n')
    write('second', f'see {names[1]}\n'.encode())
    write('clean', b'nobody is here\n')
    files = sorted(os.listdir('.'))
    run = cretula('scan', '--values', '-', '--json', *files, stdin=text.encode(), code=1)
    equal({(f['file'], f['value']) for f in run.json['findings'] if f['rule'] == 'value'},
          {(f'form{n:02}', 1) for n in range(len(forms))} | {('second', 2)})
    for name in names:
        assert name not in run.text and name not in run.err
    write('list', text.encode())
    run = cretula('scan', '--values', 'list', 'clean', code=0)
    run = cretula('scan', '--values', '-', 'clean', stdin=b'erika-mustermann\nxy\n', code=78)
    assert 'value 2 has 2 bytes' in run.err and 'erika' not in run.err, run.err
    scan('list', code=0)
    cretula('scan', '--values', 'nowhere', 'clean', code=66)


def test_rules_of_ones_own():
    write('rules', b'# ours\ncustomer \\bC-[0-9]{6}\\b\n+ see C-123456\n- see C-12\n')
    write('export', b'a,b\nC-123456,x\n')
    found = scan('--rules', 'rules', 'export', code=1)['findings']
    equal(found, [{'file': 'export', 'at': 4, 'rule': 'customer'}])
    for bad, why in [(b'x (', 'line 1'), (b'a b\n\nx (a+)+$', 'line 3: it runs into the match limit'), (b'x y*', 'empty'),
                     (b'x ab\n+ ac', 'line 2')]:
        write('bad', bad)
        run = cretula('scan', '--rules', 'bad', 'export', code=78)
        assert why in run.err, run.err
    write('later', b'later q(b+)+[xy]\n')
    write('hostile', b'q' + b'b' * 5000 + b' ' + b'q' + b'b' * 5000 + b' clean\n')
    result = scan('--rules', 'later', 'hostile', 'export', code=3)
    equal(result['not_read'], [{'file': 'hostile', 'why': 'rule later ran into the match limit'}])


def test_hostile_trees_are_said_and_not_followed():
    os.makedirs('t/a')
    os.symlink('..', 't/a/loop')
    os.symlink('/etc/hostname', 't/link')
    os.mkfifo('t/fifo')
    listener = socket.socket(socket.AF_UNIX)
    listener.bind('t/socket')
    write('t/nul', b'\0' * 100 + b'x\0\0y' + b'\xff' * 100)
    write('t/line', b'abc ' * 5_000_000)
    write('t/xz', b'\xfd7zXZ\0' + b'\0' * 20)
    write('t/cut.gz', gzip.compress(b'some text ' * 1000)[:30])
    result = scan('t', code=3)
    why = {f['file']: f['why'] for f in result['not_read']}
    equal(sorted(why), ['t/a/loop', 't/cut.gz', 't/fifo', 't/link', 't/socket', 't/xz'])
    assert 'not followed' in why['t/link'] and 'pipe' in why['t/fifo'] and 'socket' in why['t/socket'], why
    bomb = subprocess.run('head -c 300000000 /dev/zero | zstd -qc', shell=True, capture_output=True, check=True).stdout
    write('bomb.zst', bomb)
    equal(scan('bomb.zst', code=3)['not_read'], [{'file': 'bomb.zst', 'why': 'it expands more than 1,000 times'}])
    write('bad\nname\x1b[2J', MAIL.encode())
    run = cretula('scan', 'bad\nname\x1b[2J', code=1)
    assert run.text.startswith('bad\\x0aname\\x1b[2J: 0: email\n'), run.text
    listener.close()
    if os.getuid() != 0:
        write('secret', b'x')
        os.chmod('secret', 0)
        equal(scan('secret', code=3)['not_read'], [{'file': 'secret', 'why': 'Permission denied'}])


def test_usage_and_exit_codes():
    write('clean', b'x')
    write('leaks', (MAIL + '\n').encode() * 300)
    cretula('scan', code=2)
    cretula('scan', '--jobs', '0', 'clean', code=2)
    cretula('scan', '--skip', 'email,nosuch', 'leaks', code=2)
    cretula('scan', 'nowhere', code=66)
    scan('--skip', 'email', 'leaks', code=0)
    result = scan('--limit', '7', 'leaks', code=1)
    equal((len(result['findings']), result['leaks'], result['by_rule']), (7, 300, {'email': 300}))
    run = cretula('scan', 'leaks', code=1)
    assert run.text.startswith('leaks: 0: email\nleaks: 18: email\n') and '... and 200 more (--limit)' in run.text, run.text
    rules = cretula('scan', '--list-rules', code=0).text
    assert 'email          e-mail address\n' in rules and 'entropy' not in rules, rules
    assert 'entropy' in cretula('scan', '--list-rules', '--strict', code=0).text
    write('random', b'key aB3dE5gH7jK9mN1pQ3sT5vX7zA9cE1 end')
    scan('random', code=0)
    equal(rules_of(scan('--strict', 'random', code=1)), {'entropy'})


def test_any_number_of_threads_finds_the_same():
    os.mkdir('d')
    for n in range(30):
        write(f'd/{n:02}', combined(n, client=f'198.51.100.{n + 1}').encode() * n)
    want = scan('--jobs', '1', '--limit', '1000', 'd', code=1)
    for jobs in ('2', '5'):
        equal(scan('--jobs', jobs, '--limit', '1000', 'd', code=1), want, jobs)


def test_nothing_but_words_of_the_rules_is_printed():
    """The strongest form of it: each printable piece of a raw log, and none in the report."""
    try:
        raw = shared('corpora', 'elastic-examples/apache_logs')
    except Skip:
        write('raw', make_log(500))
        raw = os.path.abspath('raw')
    report = cretula('scan', '--limit', '100000', raw, code=1).text
    text = read(raw).decode('utf-8', 'replace')
    for field in {line.split(' ')[0] for line in text.splitlines()} | {p for p in text.split('"') if len(p) > 30}:
        assert field not in report, field


main()
