"""Format strings where a format may be named: commands, configuration, errors."""
import glob
import os
import re

from lib import bare, combined, cretula, equal, main, read, records, shared, write

NGINX = '$remote_addr - $remote_user [$time_local] "$request" $status $request_time'
LINES = ''.join(f'192.0.2.7 - erika [24/Nov/2025:10:11:{n:02} +0000] "GET /a HTTP/1.1" 20{n % 10} 0.{n}\n'
                for n in range(20)).encode()


def test_commands():
    write('a.log', LINES)
    write('format', f"log_format main '{NGINX}';\n".encode())
    for how in (['--format-string', NGINX], ['--format-string', '@format'], ['--format-string', NGINX, '--dialect', 'nginx']):
        out = cretula('mask', *how, stdin=LINES, code=0).lines
        equal([r['status'] for r in out], [200 + n % 10 for n in range(20)], 'statuses')
        equal(out[3]['duration_us'], 300000, 'duration')
    cretula('import', '--store', 'i', '--stream', 's', '--format-string', NGINX, 'a.log', code=0)
    equal(len(records('i')), 20, 'imported')
    cretula('pipe', 's', '--store', 'p', '--format-string', NGINX, stdin=LINES, code=0)
    equal(len(records('p')), 20, 'piped')
    for store in ('i', 'p'):
        cretula('verify', '--store', store, code=0)


def test_check():
    write('a.log', LINES)
    equal(cretula('check', '--detect', 'a.log', '--format-string', NGINX, '--json', code=0).json['fits'],
          [{'format': 'nginx-format-string', 'parsed': 20, 'partial': 0}], 'fits')
    cretula('check', '--detect', 'a.log', '--format-string', '$status', code=3)
    assert 'LogFormat of Apache' in cretula('check', '--format-string', '%h %t', code=0).text
    run = cretula('check', '--detect', 'a.log', '--format', 'nginx-combined', '--json')
    assert 'nginx-combined' in run.text or run.json['fits'] == [], run.text


def test_errors():
    for args, text in ((['--format-string', '$a$b'], "'$a$b' at column 1: two fields with nothing between"),
                       (['--format-string', '%h %Z'], "'%Z' at column 4: no such directive of Apache"),
                       (['--format-string', '$a', '--format', 'auto'], '--format and --format-string: one of them'),
                       (['--format-string', '$a', '--dialect', 'iis'], '--dialect iis: it is nginx, apache, log4j or auto'),
                       (['--format-string', '$a', '--dialect', 'apache'], 'there is no field in it'),
                       (['--format-string', '@no/such/file'], 'no/such/file')):
        run = cretula('mask', *args, stdin=LINES)
        assert run.code in (2, 66) and text in run.err and run.out == b'', (args, run.code, run.err)
    assert not os.path.exists('store')


def test_configuration():
    good = "streams:\n  s:\n    format_string: >-\n      log_format main '" + NGINX + "';\n"
    write('good.yaml', good.encode())
    equal(len(cretula('mask', '--config', 'good.yaml', stdin=LINES, code=0).lines), 20, 'records')
    printed = cretula('check', '--config', 'good.yaml', '--all', code=0).out
    write('printed.yaml', printed)
    equal(cretula('check', '--config', 'printed.yaml', '--all', code=0).out, printed, 'printed and read again')
    write('bad.yaml', good.replace('$status', '$status$pid').encode())
    run = cretula('check', '--config', 'bad.yaml', code=78)
    assert 'bad.yaml:3:20' in run.err and "'$status$pid' at column" in run.err, run.err
    write('both.yaml', good.replace('    format_string', '    format: nginx-combined\n    format_string').encode())
    run = cretula('mask', '--config', 'both.yaml', stdin=LINES, code=78)
    assert 'format and format_string: one of them' in run.err, run.err
    write('dialect.yaml', b"streams: {s: {format_string: '%m %p', format_dialect: log4j}}\n")
    equal(cretula('mask', '--config', 'dialect.yaml', stdin=b'hello INFO\n').lines[0]['level'], 'INFO', 'level')


def test_long_ones():
    """As long as nginx takes them, also in the configuration; one byte more is an error that says so."""
    text = '$remote_addr [$time_local] "$request" $status $body_bytes_sent ' + 'x' * 3000
    line = b'203.0.113.7 [24/Nov/2025:10:11:12 +0000] "GET / HTTP/1.1" 200 512 ' + b'x' * 3000 + b'\n'
    write('long.yaml', f'streams: {{s: {{format_string: \'{text}\'}}}}\n'.encode())
    equal(cretula('mask', '--config', 'long.yaml', stdin=line, code=0).lines[0]['bytes'], 512)
    printed = cretula('check', '--config', 'long.yaml', '--all', code=0).out
    write('printed.yaml', printed)
    equal(cretula('check', '--config', 'printed.yaml', '--all', code=0).out, printed)
    write('longer.yaml', f'streams: {{s: {{format_string: \'{"$status" + "x" * 4090}\'}}}}\n'.encode())
    assert 'format_string is longer than 4096 bytes' in cretula('check', '--config', 'longer.yaml', code=78).err


def test_a_map_is_for_members():
    """Of what has none, named, found or written out, it says nothing: nobody must think it does."""
    write('map.yaml', b'streams: {s: {map: {client: peer}}}\n')
    member = b'{"peer":"203.0.113.7","time":"2025-11-24T10:11:12Z"}\n'
    for told in (['--format', 'json-lines'], []):
        equal(cretula('mask', '--config', 'map.yaml', *told, stdin=member, code=0).lines[0]['client'][:3], 'ip.')
    line = combined(1).encode()
    for told in (['--format', 'nginx-combined'], ['--format-string', NGINX], []):
        run = cretula('mask', '--config', 'map.yaml', *told, stdin=line, code=78)
        assert 'map: of the stream is of members that have names, and' in run.err and run.out == b'', run.err
    run = cretula('pipe', 's', '--store', 'store', '--config', 'map.yaml', stdin=line, code=78)
    assert 'map: of the stream' in run.err, run.err


def test_what_php_says_on_several_lines():
    """Is part of nginx's error, up to the closing quote or the next record; nothing else is joined."""
    begin, end = '2025/11/24 10:11:12 [error] 31#31: *46 ', ', client: 192.0.2.7, server: x, request: "GET /a HTTP/1.1", host: "x"'
    trace = ('FastCGI sent in stderr: "PHP message: PHP Fatal error:  Uncaught Exception: no erika in /srv/a.php:3\nStack trace:\n'
             '#0 /srv/b.php(7): run(\'erika@example.org\')\n#1 {main}\n  thrown in /srv/a.php on line 3" while reading upstream')
    log = [begin + trace + end, begin + 'open() "/a" failed (2: No such file or directory)' + end, 'rubbish of another kind',
           begin + 'FastCGI sent in stderr: "PHP message: cut by nginx\nand more', begin + 'FastCGI sent in stderr: "one" while x' + end]
    text = ('\n'.join(log) + '\n').encode()
    run = cretula('mask', '--format', 'nginx-error', stdin=text, code=0)
    equal([('client' in r, r.get('state')) for r in run.lines],
          [(True, None), (True, None), (False, 'unparsed'), (False, None), (True, None)])
    assert 'parsed=4 partial=0 unparsed=1 counted=0 meta=0 joined=5' in run.err, run.err
    assert b'erika' not in bare(run.out)
    write('error.log', text)
    cretula('import', '--store', 'store', '--stream', 's', '--format', 'nginx-error', 'error.log', code=0)
    cretula('verify', '--store', 'store', code=0)
    equal(len(records('store')), 5)


def test_where_lines_stop():
    """check says at which directive, and where in the line; never what stands there."""
    good = b'203.0.113.7 [24/Nov/2025:10:11:12 +0000] "GET /erika HTTP/1.1" 200 0.1\n'
    bad = [good.replace(b' 200 ', b' erika '), good.replace(b' 200 ', b' erika '), good.replace(b'[24', b'[erika'),
           good.replace(b' 0.1', b' 0.1 erika')]
    text = '$remote_addr [$time_local] "$request" $status $request_time'
    for lines, told, want in [
            ([good] * 3 + bad, text, {'lines': 2, 'of': 4, 'directive': '$status', 'column': 39, 'line': 4, 'byte': 64,
                                      'why': 'a number should stand there'}),
            ([bad[2]], text, {'lines': 1, 'of': 1, 'directive': '$time_local', 'column': 15, 'line': 1, 'byte': 14,
                              'why': 'a time like 24/Nov/2025:10:11:12 +0000 should stand there'}),
            ([bad[3]], text, {'lines': 1, 'of': 1, 'directive': '$request_time', 'column': 47, 'line': 1, 'byte': 68,
                              'why': 'a number should stand there'}),
            ([good], '<$remote_addr', {'lines': 1, 'of': 1, 'directive': '$remote_addr', 'column': 2, 'line': 1, 'byte': 1,
                                       'why': 'the text in front of it is not there'}),
            ([good], '%h - %t', {'lines': 1, 'of': 1, 'directive': '%h', 'column': 1, 'line': 1, 'byte': 1,
                                 'why': 'the text behind it does not come'}),
            ([good] * 3, text, None)]:
        write('a.log', b''.join(lines))
        run = cretula('check', '--detect', 'a.log', '--format-string', told, '--json')
        equal(run.json.get('stops'), want, told)
        text_run = cretula('check', '--detect', 'a.log', '--format-string', told)
        equal('stops: ' in text_run.text, want is not None, text_run.text)
        assert 'erika' not in text_run.text + run.text + run.err + text_run.err
    wrapped = b''.join(b'<30>Nov 24 10:11:12 web nginx: ' + line for line in [good] * 5 + bad)
    write('a.log', wrapped)
    equal(cretula('check', '--detect', 'a.log', '--format-string', text, '--json').json['stops']['byte'], 64)


def test_as_the_preset():
    """Field by field, real logs say what the preset says."""
    log = b''.join(read(path) for path in sorted(glob.glob(shared('corpora', 'willthefarmer') + '/*access.log-*')))
    assert log.count(b'\n') > 5000
    cretula('pipe', 's', '--store', 'k', '--format-string', NGINX, stdin=LINES, code=0)
    said = '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"'
    own, preset = (cretula('mask', '--keys', 'k.keys', *how, stdin=log, code=0) for how in (
        ['--format-string', said.replace('$status', '${status}')],  # not by the letter: read field by field
        ['--format', 'nginx-combined']))
    equal(re.sub('bytes=.*', '', own.err), re.sub('bytes=.*', '', preset.err), 'counts')
    # Of a file in another format neither reads a line; what it got is the time of its arrival.
    differ = [pair for pair in zip(own.lines, preset.lines) if pair[0] != pair[1] and pair[0].get('state') != 'unparsed']
    equal(differ, [], 'records that differ')


def test_stack_traces():
    """A trace is part of its message; counts say what was joined."""
    log = ''.join(f'2025-11-24 10:11:{n:02},123 ERROR [main] a.B - failed for bob{n}@example.com\njava.lang.X: y\n'
                  f'\tat a.B.c(B.java:7)\n' for n in range(20)).encode()
    run = cretula('mask', '--format-string', '%d %-5p [%t] %c{1.} - %m%n%ex', stdin=log, code=0)
    equal(len(run.lines), 20, 'records')
    assert 'joined=40' in run.err and 'lines=60' in run.err, run.err
    assert b'example.com' not in run.out and b'B.java' not in run.out, run.out[:300]


def test_zones():
    """A time that names no zone is that of --timezone; else UTC, and it is said."""
    line = b'2025-11-24 10:11:12,123 INFO x\n'
    for format_string, args, time, flags in (
            ('%d %p %m%n', ['--timezone', 'Europe/Berlin'], '2025-11-24T09:11:12.123Z', None),
            ('%d{DEFAULT}{UTC} %p %m%n', ['--timezone', 'Europe/Berlin'], '2025-11-24T10:11:12.123Z', None),
            ('%d %p %m%n', [], '2025-11-24T10:11:12.123Z', ['zone_assumed'])):
        record = cretula('mask', '--format-string', format_string, *args, stdin=line, code=0).lines[0]
        equal((record['time'], record.get('flags')), (time, flags), format_string)


def test_in_an_envelope():
    wrapped = b''.join(b'<190>Nov 24 10:11:12 web1 nginx: ' + line + b'\n' for line in LINES.splitlines())
    out = cretula('mask', '--format-string', NGINX, stdin=wrapped, code=0).lines
    equal([r['status'] for r in out], [200 + n % 10 for n in range(20)], 'statuses')


main()
