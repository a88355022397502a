"""Every command as --help shows it; view, stats, check, key on a small store."""
import csv
import datetime
import fcntl
import io
import json
import os
import pty
import re
import struct
import subprocess
import termios

from lib import CRETULA, combined, cretula, equal, golden, main, make_log, records, write


def commands():
    """The names that --help lists, up to the first empty line."""
    listed = cretula('--help', code=0).text.split('\n\n')[2]
    return [line.split()[0] for line in listed.splitlines()]


def small_store():
    write('access.log', make_log(400))
    cretula('import', '--store', 'store', '--stream', 'shop', 'access.log', code=0)
    return ['--store', 'store', '--stream', 'shop']


def test_help_of_every_command_is_as_kept():
    text = cretula('--help', code=0).text
    every = cretula('help', '--json', code=0).json['commands']
    equal([c['name'] for c in every], commands())
    assert {'check', 'import', 'key', 'mask', 'stats', 'verify', 'view'} <= set(commands())
    for name in commands():
        assert re.search(rf'^  {name} ', text, re.M), name
        page = cretula(name, '--help', code=0).text
        equal(page, cretula('help', name, code=0).text)
        assert 'examples:' in page, name
        words = ' '.join(page.split())
        text += '\n' + '=' * 20 + '\n' + page
        said = next(c for c in every if c['name'] == name)
        assert all(f'--{o["name"]} {o.get("value", "")}'.strip() in page and o['help'] in words for o in said['options']), name
        assert all(' '.join(said[part].split()) in words for part in ('details', 'summary')) and page.count('\n  --') == len(said['options']), name
    golden('help.txt', text)
    lines = cretula('--help', code=0).text.splitlines()
    for page in text.split('\n' + '=' * 20 + '\n')[1:]:
        lines += page.split('\nexamples')[0].splitlines()
    equal([line for line in lines if len(line) > 80], [])
    assert max(map(len, text.splitlines())) <= 100, 'a terminal line'


def on_terminal(columns, *arguments):
    """What a command writes to a terminal, as lines."""
    own, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack('4H', 24, columns, 0, 0))
    with open('drawn', 'wb') as drawn:
        copy = subprocess.Popen(['cat'], stdin=own, stdout=drawn, stderr=subprocess.DEVNULL)  # it holds 4 KiB only
        os.close(own)
        subprocess.run([CRETULA, *arguments], stdout=theirs, check=False, timeout=120)
        os.close(theirs)
        copy.wait(120)
    with open('drawn', encoding='utf-8') as drawn:
        return drawn.read().splitlines()


def test_a_terminal_breaks_no_word():
    """Reports are as wide as the terminal; but for lines that are copied they say what they say elsewhere."""
    store = small_store()
    for columns, said, *arguments in ((80, True, 'verify', *store[:2]), (60, True, 'verify', *store[:2]), (60, True, 'retain', *store[:2], '--dry-run'),
                                      (60, False, 'risk', *store), (80, False, 'stats', *store), (80, False, 'doctor', *store[:2]),
                                      (80, False, 'key', 'audit', *store[:2]), (60, False, 'status', *store[:2])):
        lines = on_terminal(columns, *arguments)
        assert len(lines) > 1, arguments
        copied = re.compile(r' {8}|.*\S{40}')
        equal([line for line in lines if len(line) > columns and not copied.match(line)], [], arguments)
        if said:
            plain = subprocess.run([CRETULA, *arguments], stdout=subprocess.PIPE, check=False).stdout.decode()
            assert max(map(len, plain.splitlines())) > columns
            equal(' '.join(lines).split(), plain.split(), arguments)
    equal(json.loads('\n'.join(on_terminal(40, 'verify', *store[:2], '--json'))), cretula('verify', *store[:2], '--json', code=0).json)


def test_help_topics_are_the_manual():
    """docs/fields.md, classes.md and formats.md are what the binary prints: they cannot drift."""
    from lib import SOURCE
    for topic in ('fields', 'classes', 'formats'):
        text = cretula('help', topic, code=0).text
        path = os.path.join(SOURCE, 'docs', topic + '.md')
        if os.environ.get('CRETULA_GOLDEN') == 'write':
            write(path, text.encode())
        with open(path, encoding='utf-8') as kept:
            equal(kept.read(), text, f'cretula help {topic} > docs/{topic}.md')
    cretula('help', 'nothing', code=2)


def test_no_option_is_taken_twice():
    """Of every command, each option, whether it has a value or not."""
    for name in commands():
        page = cretula(name, '--help', code=0).text
        for option, value in re.findall(r'^  --([a-z-]+)( [A-Z]\S*)?', page, re.M):
            if option in ('json', 'help'):
                continue
            once = ['--' + option] + (['x'] if value else [])
            run = cretula(name, *once, *once)
            assert run.code == 2 and f'--{option} is given twice' in run.err, (name, option, run.code, run.err)
    run = cretula('verify', '--store', 'a', '--sto', 'b', code=2)
    assert '--store is given twice' in run.err, run.err
    run = subprocess.run([CRETULA + '-verify', '--store', 'a', '--store=b'], capture_output=True, check=False)
    assert run.returncode == 2 and b'--store is given twice' in run.stderr, run


def test_version():
    assert re.fullmatch(r'cretula \d+\.\d+\.\d+\n', cretula('--version', code=0).text)


def test_filters_agree_with_jq():
    base = small_store()
    rows = cretula('view', *base, code=0).lines
    for where, keep in (('status >= 400', lambda r: r['status'] >= 400),
                        ('status == 404 && method == GET', lambda r: r['status'] == 404 and r['method'] == 'GET'),
                        ('path ^= "/shop/"', lambda r: r.get('path', '').startswith('/shop/')),
                        ('query ~= "email"', lambda r: 'email' in r.get('query', '')),
                        ('user != "x"', lambda r: r.get('user') != 'x'),
                        ('time < "2025-11-24T00:00:40Z"', lambda r: r['time'] < '2025-11-24T00:00:40')):
        equal(cretula('view', *base, '--where', where, code=0).lines, [r for r in rows if keep(r)], where)
    equal(cretula('view', *base, '--limit', '7', code=0).lines, rows[:7])
    equal(cretula('view', *base, '--since', '2025-11-24T00:00:30Z', '--until', '2025-11-24T00:00:40Z', code=0).lines,
          [r for r in rows if '2025-11-24T00:00:30' <= r['time'] < '2025-11-24T00:00:40'])


def test_a_wrong_filter_shows_where():
    done = cretula('view', *small_store(), '--where', 'status == 200 && path = "/x"', code=2)
    equal(done.err.splitlines()[1:], ['status == 200 && path = "/x"', ' ' * 22 + '^'])


def test_a_reader_that_has_seen_enough_is_no_error():
    """The first command that import prints: view | head."""
    write('access.log', make_log(40000))
    cretula('import', '--store', 'store', '--stream', 'shop', '--no-verify', 'access.log', code=0)
    for command in (f'{CRETULA} view --store store --stream shop --as text | head -3; echo "${{PIPESTATUS[0]}}"',
                    f'{CRETULA} mask --format apache-combined < access.log | head -3; echo "${{PIPESTATUS[0]}}"'):
        done = subprocess.run(['bash', '-c', command], capture_output=True, check=True, timeout=120)
        equal(len(done.stdout.splitlines()), 4, command)
        equal(done.stdout.splitlines()[3], b'0', command)
        assert b'Broken pipe' not in done.stderr, done.stderr


def test_view_as_combined_can_be_read_again():
    base = small_store()
    out = cretula('view', *base, '--as', 'combined', code=0).out
    run = cretula('mask', '--format', 'apache-combined', stdin=out, code=0)
    assert 'lines=400 ' in run.err and 'parsed=400 ' in run.err, run.err
    text = cretula('view', *base, '--as', 'text', code=0).text
    equal(len(text.splitlines()), 400)
    assert not re.search(r'[\x00-\x08\x0b-\x1f\x7f]', text)


def test_exports_say_what_the_records_say():
    """csv, ecs and otel, read by the libraries that people have, against the records."""
    base = small_store()
    stored = cretula('view', *base, code=0).lines
    rows = list(csv.DictReader(io.StringIO(cretula('view', *base, '--as', 'csv', code=0).text)))
    ecs = cretula('view', *base, '--as', 'ecs', code=0).lines
    otel = [line['resourceLogs'][0]['scopeLogs'][0]['logRecords'] for line in cretula('view', *base, '--as', 'otel', code=0).lines]
    equal([len(rows), len(ecs), len(otel)], [len(stored)] * 3)
    for record, row, doc, (log,) in zip(stored, rows, ecs, otel):
        for name in ('time', 'client', 'user', 'path', 'query', 'status', 'bytes', 'agent_major'):
            equal(row[name], str(record.get(name, '')), name)
        equal(doc['@timestamp'], record['time'])
        attributes = {a['key']: a['value'] for a in log['attributes']}
        for name, path in (('client', 'client.address'), ('path', 'url.path'), ('query', 'url.query')):
            equal(doc.get(path), record.get(name), name)
            equal(attributes.get(path, {}).get('stringValue'), record.get(name), name)
        equal(attributes['http.response.status_code']['intValue'], str(record['status']))
        when = datetime.datetime.fromisoformat(record['time'].replace('Z', '+00:00'))
        equal(int(log['timeUnixNano']), int(when.timestamp()) * 10**9 + when.microsecond * 1000)
    equal(cretula('view', *base, '--as', 'csv', '--numbers', code=2).out, b'')


def test_how_many_path_words_stay_readable():
    """import, pipe and stats say the same of the same paths."""
    paths = [f'/products/w{n % 4}x{word}' for n, word in enumerate(('kappa', 'lambda', 'sigma', 'omega') * 5)] + ['/', '/api/users/erika']
    log = ''.join(combined(n, target=path) for n, path in enumerate(paths)).encode()
    imported = cretula('import', '--store', 'store', '--stream', 's', '--format', 'combined', '--json', '-', stdin=log, code=0).json
    piped = cretula('pipe', 'p', '--store', 'store', '--format', 'combined', '--json', stdin=log, code=0).json
    for stream, said in (('s', imported), ('p', piped)):
        stats = cretula('stats', '--store', 'store', '--stream', stream, '--words', '--json', code=0).json
        words = [word for r in records('store', stream) for word in r['path'].split('/') if word]
        equal(stats['words_seen'], len(words))
        equal(stats['words_clear'], sum(not word.startswith('sg.') for word in words))
        equal((said['words_seen'], said['words_clear']), (stats['words_seen'], stats['words_clear']))
        assert 0 < stats['words_clear'] < stats['words_seen'], stats
        assert 'words_seen' not in cretula('stats', '--store', 'store', '--stream', stream, '--json', code=0).json
    text = cretula('stats', '--store', 'store', '--stream', 's', '--words', code=0).text
    assert 'path words' in text and 'readable' in text, text
    piped = cretula('pipe', 'p', '--store', 'store', '--format', 'combined', stdin=log, code=0).err
    assert f"words={said['words_seen']} words_clear={said['words_clear']}\n" in piped, piped


def test_stats_are_the_sums_of_the_records():
    base = small_store()
    rows = records('store', 'shop')
    totals = cretula('stats', *base, '--json', code=0).json
    equal(totals['records'], 400)
    for name, low in (('2xx', 200), ('3xx', 300), ('4xx', 400), ('5xx', 500)):
        equal(totals['status'].get(name, 0), sum(low <= r['status'] < low + 100 for r in rows), name)
    window = cretula('stats', *base, '--since', '2025-11-24T00:00:30Z', '--json', code=0).json
    equal(window['records'], sum(r['time'] >= '2025-11-24T00:00:30' for r in rows))
    text = cretula('stats', *base, code=0).text
    assert 'records' in text
    rows = text.split('\nread\n')[1].split('\n\n')[0].splitlines()
    assert any('blank or comment' in row for row in rows) and {len(row) for row in rows} == {31}, rows  # figures end below each other


def test_verify_text_and_anchor():
    small_store()
    write('other.log', combined(1).encode())
    shown = cretula('import', '--store', 'store', '--stream', 'shop', '--json', 'other.log', code=0).json
    assert 'good' in cretula('verify', '--store', 'store', '--anchor', shown['anchor'], code=0).text
    wrong = shown['anchor'][:-1] + ('0' if shown['anchor'][-1] != '0' else '1')
    run = cretula('verify', '--store', 'store', '--anchor', wrong, '--json', code=1)
    equal({f['code'] for f in run.json['findings']}, {'E_GENESIS'})


def test_records_are_readable_with_zstdcat_alone():
    small_store()
    out = subprocess.run(['zstd', '-dcq', 'store/streams/shop/seg/00000001.jsonl.zst'], capture_output=True, check=True).stdout
    equal([json.loads(x) for x in out.splitlines()], records('store', 'shop'))


def test_key_create_then_import_uses_it():
    cretula('key', 'create', '--keys', 'mine', code=0)
    root = cretula('key', 'show', '--keys', 'mine', '--json', code=0).json['root_id']
    write('access.log', make_log(30))
    cretula('import', '--store', 'store', '--keys', 'mine', '--stream', 's', 'access.log', code=0)
    equal(cretula('key', 'show', '--keys', 'mine', '--json', code=0).json['root_id'], root)
    cretula('verify', '--store', 'store', code=0)
    assert 'root id' in cretula('key', 'show', '--keys', 'mine', code=0).text


def test_mask_with_keys_gives_equal_tokens_twice():
    cretula('key', 'create', '--keys', 'mine', code=0)
    line = combined(1).encode()
    first, second = (cretula('mask', '--format', 'apache-combined', '--keys', 'mine', stdin=line, code=0).lines[0]['client']
                     for _ in range(2))
    equal(first, second)
    other = cretula('mask', '--format', 'apache-combined', stdin=line, code=0).lines[0]['client']
    assert other != first


def test_check_detects_and_explains():
    write('a.log', make_log(50))
    assert 'apache-combined' in cretula('check', '--detect', 'a.log', code=0).text
    write('b.log', b'nothing known\n' * 20)
    cretula('check', '--detect', 'b.log', code=3)
    explained = cretula('check', '--explain', code=0).text
    for name in ('store', 'tenant', 'words.k', 'trusted_proxies', 'limits.line'):
        assert name in explained, name
    json.loads(cretula('check', '--schema', code=0).text)


def test_a_configuration_changes_the_policy():
    write('c.yaml', b'store: ./store\nstreams:\n  shop:\n    format: apache-combined\n'
          b'    own_networks: { keep: [203.0.113.0/24] }\n    mask: { path: token }\n')
    write('a.log', combined(1).encode())
    equal(cretula('check', '--config', 'c.yaml', code=0).text,
          'c.yaml is good: 1 stream (--all shows every option)\n  shop              pipe, apache-combined, rotate never\n')
    every = cretula('check', '--config', 'c.yaml', '--all', code=0).text
    assert 'grace' in every and len(every) > 1000, every
    write('all.yaml', every.encode())
    equal(cretula('check', '--config', 'all.yaml', '--all', code=0).text, every, 'what it prints means the same')
    cretula('import', '--config', 'c.yaml', '--stream', 'shop', 'a.log', code=0)
    equal(records('store', 'shop')[0]['client'], '203.0.113.7')
    write('bad.yaml', b'store: ./store\nstreamz: 1\nstreams:\n  shop:\n    words: { k: 3 }\n')
    run = cretula('check', '--config', 'bad.yaml', code=78)
    assert 'bad.yaml:2:1' in run.err and 'streams' in run.err and 'bad.yaml:5:' in run.err, run.err


main()
