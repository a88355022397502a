"""Bad input: a clear one-line error with place and cause, the right exit code, nothing half-written."""
import json
import gzip
import hashlib
import os
import shutil
import subprocess

from lib import CRETULA, Skip, combined, cretula, equal, main, make_log, peak_of, read, records, tree_bytes, wait_for, write

SECRET = 'hunter2-erika'


def fails(code, text, *args, stdin=b''):
    """It fails with this code, says this, says one line, quotes nothing secret and leaves no store."""
    run = cretula(*args, stdin=stdin, code=code)
    assert text in run.err, f'{text!r} is not in {run.err!r}'
    lines = [line for line in run.err.strip().splitlines() if ' is made; keys ' not in line]
    equal(len(lines), 1, f'one line: {run.err!r}')
    assert SECRET not in run.err + run.out.decode('utf-8', 'replace'), 'raw bytes in a message'
    return run


def test_a_configuration_is_not_passed_over():
    """Whoever misspells the stream would get the defaults in the place of what the file says."""
    write('one.yaml', b'streams: {shop: {mask: {ip.peer: drop}}}\n')
    write('two.yaml', b'streams: {shop: {mask: {ip.peer: drop}}, blog: {}}\n')
    line = make_log(1)
    base = ('mask', '--format', 'apache-combined', '--config')
    assert b'"client"' not in cretula(*base, 'one.yaml', stdin=line, code=0).out
    assert b'"client"' not in cretula(*base, 'two.yaml', '--stream', 'shop', stdin=line, code=0).out
    fails(2, 'two.yaml has shop, blog', *base, 'two.yaml', stdin=line)
    fails(78, "no stream 'shup', only shop", *base, 'one.yaml', '--stream', 'shup', stdin=line)
    write('access.log', line)
    fails(78, "no stream 'shup'", 'import', '--config', 'one.yaml', '--store', 's', '--stream', 'shup', 'access.log')


def no_store():
    assert not os.path.exists('store') and not os.path.exists('store.keys'), os.listdir('.')


def test_usage():
    for args, text in ((['import'], 'needs FILE'), (['import', '--nope', 'x'], 'no option --nope'),
                       (['import', '--store'], '--store needs a value'), (['import', 'x'], '--stream NAME is needed'),
                       (['import', '--stream', 'Bad Name', '--store', 's', 'x'], 'a name is'),
                       (['import', '--stream', 'a', 'x'], '--store DIR is needed'),
                       (['import', '--stream', 'a', '--store', 's', '--format', 'bogus', 'x'], "no format 'bogus'"),
                       (['import', '--stream', 'a', '--store', 's', '--jobs', '99', '/dev/null'], 'whole number'),
                       (['nonsense'], "no command 'nonsense'"), (['imprt'], 'did you mean import?'),
                       (['import', '--stroe=x', 'y'], 'no option --stroe, did you mean --store? cretula import --help'),
                       (['view', '--jsno'], 'did you mean --json?'), (['import', '-s'], 'no option -s: cretula'),
                       (['help', 'formts'], "no command or topic 'formts', did you mean formats?"),
                       (['xyzzyx'], "no command 'xyzzyx': cretula --help"), (['heplp'], 'did you mean help?'), (['key', 'burn', '--keys', 'x'], "'burn'"),
                       (['view'], '--store DIR is needed (or `store:` in --config)'), (['risk'], '--store DIR is needed\n'), (['mask', '--format', 'auto', 'file'], 'unexpected'),
                       (['verify'], 'is needed'), (['key', 'show'], 'is needed')):
        fails(2, text, *args)
    no_store()


def test_a_store_that_nobody_named():
    """The configuration of the system says what a command reads that is told of no store; never where one writes."""
    write('access.log', make_log(200))
    write('c.yaml', f'store: {os.getcwd()}/s\n'.encode())
    cretula('import', '--store', 's', '--stream', 'shop', '--format', 'combined', 'access.log', code=0)
    # its own /etc, which nobody else sees
    system = 'mount -t tmpfs tmpfs /etc && mkdir /etc/cretula && cp c.yaml /etc/cretula/cretula.yaml && exec "$0" "$@"'

    def there(*args):
        return subprocess.run(['unshare', '--map-root-user', '--mount', 'sh', '-c', system, CRETULA, *args], capture_output=True,
                              check=False, stdin=subprocess.DEVNULL)

    if subprocess.run(['unshare', '--map-root-user', '--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/etc'], check=False,
                      capture_output=True).returncode != 0:
        raise Skip('no namespace of mounts')
    read_one = there('view')
    equal((read_one.returncode, len(read_one.stdout.splitlines())), (0, 200), read_one.stderr)
    for args in (['stats', '--rebuild'], ['quarantine', 'replay', '--secret', 'x']):
        run = there(*args)
        equal(run.returncode, 2, args)
        assert b'--store DIR is needed (or `store:` in --config)' in run.stderr, run.stderr


def test_which_action():
    """Who names no action, or one that there is not, is told which there are: in the same words everywhere."""
    for command, actions in (('detail', 'raise'), ('hold', 'add, list or release'), ('quarantine', 'list or replay'), ('words', 'add, forget or list'),
                             ('key', 'audit, create, destroy, escrow, list, open, pair, rekey, revoke, rotate or show'),
                             ('subject', 'approve, approver, check, erase, export, find, request, rescrub or restrict')):
        equal(fails(2, '', command).err, f'cretula {command}: which action? {actions} (cretula {command} --help)\n')
        equal(fails(2, '', command, 'lst').err, f"cretula {command}: no action 'lst': {actions} (cretula {command} --help)\n")


def test_what_does_not_go_with_an_action():
    """An option of another action is not passed over."""
    for command, action, rest in (('hold', 'list', ['--reason', 'r']), ('hold', 'release', ['--where', 'status == 200']), ('words', 'list', ['--by', 'me']),
                                  ('words', 'add', ['--all']), ('quarantine', 'list', ['--secret', 'f']), ('key', 'show', ['--config', 'c']),
                                  ('subject', 'erase', ['--drop', 'path'])):
        equal(fails(2, '', command, action, *rest).err, f'cretula {command}: {rest[0]} does not go with {command} {action}\n')
    fails(2, '--where does not go with subject erase --request', 'subject', 'erase', '--request', 'f', '--where', 'status == 200')
    for command, action in (('hold', 'list'), ('words', 'list')):
        fails(2, f"'more' does not go with {command} {action}", command, action, 'more')


def test_no_store_named():
    """Neither store nor configuration: usage, whether or not a command knows a usual configuration."""
    if os.path.exists('/etc/cretula/cretula.yaml'):
        raise Skip('this machine has /etc/cretula/cretula.yaml')
    text = 'no --store, no --config and no /etc/cretula/cretula.yaml (cretula init makes one)'
    for args in (['status'], ['doctor'], ['detail', 'raise', '--stream', 's', '--for', '1h', '--reason', 'r']):
        fails(2, text, *args)
    fails(2, 'is needed', 'retain')
    fails(66, 'nowhere.yaml', 'status', '--config', 'nowhere.yaml')


def test_a_slash_behind_the_name_of_a_store():
    """As shells complete it: the same store, and the keys are beside it all the same. No key can be written like its name."""
    write('access.log', make_log(10))
    load = ('import', '--stream', 'shop', '--format', 'combined', '--store')
    cretula(*load, 'a-s/', 'access.log', code=0)
    equal(sorted(os.listdir('.')), ['a-s', 'a-s.keys', 'access.log'], 'made beside')
    cretula(*load, 'a-s//', 'access.log', code=0)
    cretula('pipe', 'live', '--format', 'combined', '--store', 'a-s/', stdin=make_log(10), code=0)
    for action in ('list', 'audit', 'show'):
        equal(cretula('key', action, '--store', 'a-s/', code=0).out.replace(b'a-s/', b'a-s'), cretula('key', action, '--store', 'a-s', code=0).out, action)
    cretula('recover', '--store', 'a-s/', '--stream', 'live', code=0)


READERS = (['stats'], ['view'], ['tail'], ['risk'], ['words', 'list'], ['quarantine', 'list'], ['prove', '--record', '0'],
           ['anchor', 'print', 'tsq'], ['publish', '--out', 'out'])


def test_a_link_to_a_store():
    """Every command follows it, those that write as well; a link inside a store none."""
    write('access.log', make_log(10))
    cretula('import', '--store', 's', '--stream', 'shop', '--format', 'combined', 'access.log', code=0)
    os.symlink('s', 'link')
    os.symlink('s.keys', 'link.keys')
    for args in READERS + (['hold', 'list'], ['retain', '--dry-run'], ['verify'], ['stats', '--rebuild'], ['recover', '--stream', 'shop'],
                           ['evidence', '--out', 'e'], ['status'],
                           ['subject', 'erase', '--stream', 'shop', '--record', '0', '--reason', 'x'],
                           ['import', '--stream', 'shop', '--again', 'access.log']):
        run = cretula(*args, '--store', 'link', code=3 if args == ['status'] else 0)
        assert 'not counted' not in run.err, run.err
    equal(cretula('stats', '--store', 's', '--json', code=0).json['traffic']['total']['requests'], 19)
    os.rename('s.keys', 'keys')
    os.symlink('keys', 's.keys')
    cretula('pipe', 'live', '--format', 'combined', '--store', 's', stdin=make_log(10), code=0)
    for args in (['list'], ['show'], ['audit'], ['escrow', '--stream', 'live', '--out', 'escrow']):
        for keys in ((), ('--keys', 'link.keys/')):
            cretula('key', *args, '--store', 's', *keys, code=0)
    os.rename('s/streams', 'streams')
    os.symlink('../streams', 's/streams')
    for args in READERS + (['verify'], ['hold', 'list']):
        assert cretula(*args, '--store', 'link').code != 0, args


def test_the_stream_that_is_meant():
    """Who reads a store of one stream need not name it; of several each command says which there are, and all say the same."""
    write('access.log', make_log(300))
    for stream in ('shop', 'api'):
        for args in READERS:
            if stream == 'shop':
                fails(66, 's is no store', *args, '--store', 's')
            else:
                cretula(*args, '--store', 's', code=0)
        cretula('import', '--store', 's', '--stream', stream, '--format', 'combined', 'access.log', code=0)
    for args in READERS:
        fails(2, '--stream NAME is needed: s has api, shop', *args, '--store', 's')
        fails(66, 'nix', *args, '--store', 's', '--stream', 'nix')
    write('c.yaml', b'store: s\nstreams: { shop: {} }\n')
    for args in READERS[:3] + READERS[4:6]:
        cretula(*args, '--config', 'c.yaml', code=0)
    equal(cretula('stats', '--store', 's', '--rebuild', code=0).text, '600 records counted\n')
    os.makedirs('new/streams')
    fails(66, 'store new has no stream yet', 'stats', '--store', 'new')


def test_no_command_shows_help_and_fails():
    run = cretula(code=2)
    assert 'usage: cretula COMMAND' in run.text


def test_missing_file():
    fails(66, 'no-such.log', 'import', '--store', 'store', '--stream', 's', 'no-such.log')
    no_store()


def test_unreadable_file():
    if os.geteuid() == 0:
        write('a.log', make_log(3))
        os.chmod('a.log', 0)
        os.chmod('.', 0o755)
        done = subprocess.run(['setpriv', '--reuid=65534', '--clear-groups', CRETULA, 'import', '--store', '/tmp/x-never',
                               '--stream', 's', 'a.log'], capture_output=True, check=False)
        if b'setpriv' in done.stderr or done.returncode == 127:
            raise Skip('setpriv cannot run the binary as another user here')
        equal(done.returncode, 66, done.stderr)
    else:
        write('a.log', make_log(3))
        os.chmod('a.log', 0)
        fails(66, 'a.log', 'import', '--store', 'store', '--stream', 's', 'a.log')


def test_directory_as_file():
    os.mkdir('folder')
    fails(66, 'folder', 'import', '--store', 'store', '--stream', 's', 'folder')
    no_store()


def test_one_bad_file_of_two_leaves_nothing():
    write('good.log', make_log(10))
    fails(66, 'bad.log', 'import', '--store', 'store', '--stream', 's', 'good.log', 'bad.log')
    no_store()


def test_unknown_format():
    write('x.log', b'what is this ' + SECRET.encode() + b'\n' * 30 + b'no log at all\n')
    fails(66, 'format not clear', 'import', '--store', 'store', '--stream', 's', 'x.log')
    no_store()


def test_wrong_format_named():
    """Every line becomes a skeleton, nothing is lost, and the exit code says incomplete."""
    write('x.log', ''.join(f'2025-11-24 {SECRET} line {n}\n' for n in range(50)).encode())
    run = cretula('import', '--store', 'store', '--stream', 's', '--format', 'apache-combined', 'x.log', code=3)
    assert 'is --format right?' in run.err
    assert SECRET not in run.err + run.text
    kept = records('store')
    equal(len(kept), 50)
    assert all(r['state'] == 'unparsed' and r['reason'] == 'grammar' for r in kept)


def test_binary_garbage_and_tls_hello():
    rubbish = bytes(range(256)) * 40 + b'\n' + b'\x16\x03\x01\x02\x00\x01\x00' + os.urandom(200).replace(b'\n', b'') + b'\n'
    write('x.log', rubbish + make_log(30))
    run = cretula('import', '--store', 'store', '--stream', 's', '--format', 'apache-combined', '--json', 'x.log')
    counts = run.json
    equal(counts['lines'], counts['parsed'] + counts['partial'] + counts['unparsed'] + counts['meta'])
    equal(counts['parsed'], 30)
    cretula('verify', '--store', 'store', code=0)


def test_mixed_formats_are_counted_and_named():
    """Each reason is counted; the other format is named, also one that is wrapped in syslog."""
    error = (b'2025/11/24 10:11:12 [error] 31#31: *46 open() "/srv/a" failed (2: No such file or directory), client: 192.0.2.7, '
             b'server: localhost, request: "GET /a HTTP/1.1", host: "www.example.com"\n')
    wrapped = (b'<30>Nov 24 10:11:12 lb haproxy[1]: 192.0.2.7:51234 [24/Nov/2025:10:11:12.123] www~ shop/web1 0/0/1/3/4 200 512 - - '
               b'---- 1/1/0/0/0 0/0 "GET /index.html HTTP/1.1"\n')
    binary = b'\0\1\2\3' * 9 + b'\n'
    for lines, name in ((error, 'nginx-error'), (wrapped, 'haproxy'), (b'nothing of the kind\n', None)):
        data = make_log(300) + lines * 20 + binary
        run = cretula('mask', '--format', 'apache-combined', stdin=data, code=0)
        assert ' grammar=20 binary=1' in run.err, run.err
        equal(f'16 of 16 unparsed lines that were tried are {name}' in run.err, name is not None, run.err)
        write('mixed.log', data)
        run = cretula('import', '--store', f'store-{name}', '--stream', 's', '--json', 'mixed.log', code=0)
        equal(run.json['unparsed'], 21)
        equal(run.json.get('mixed'), {'format': name, 'lines': 16, 'tried': 16} if name else None)
    run = cretula('mask', '--format', 'nginx-error', stdin=make_log(30), code=3)
    assert 'are apache-combined' in run.err, run.err


def test_utf_16_is_named_and_not_read():
    """With a byte order mark and without, also in .gz: by import, mask and check."""
    text = make_log(20).decode()
    for name, encoded in [('UTF-16', text.encode('utf-16')), ('UTF-16LE', text.encode('utf-16-le')),
                          ('UTF-16BE', text.encode('utf-16-be')), ('UTF-32', text.encode('utf-32'))]:
        write('wide.log', encoded)
        write('wide.log.gz', gzip.compress(encoded))
        for path in ('wide.log', 'wide.log.gz'):
            for told in ([], ['--format', 'apache-combined']):
                fails(66, f'iconv -f {name} -t UTF-8', 'import', '--store', 'store', '--stream', 's', *told, path)
                fails(66, f'iconv -f {name} -t UTF-8', 'check', '--detect', path, *told)
        fails(66, f'is text in {name}', 'mask', stdin=encoded)
        fails(66, f'is text in {name}', 'mask', '--format', 'apache-combined', stdin=encoded)
        if not name.endswith('E'):  # what the message says works
            equal(len(cretula('mask', stdin=encoded.decode(name).encode(), code=0).lines), 20)
    no_store()


def test_a_byte_order_mark_is_no_byte_of_the_first_line():
    """Of UTF-8, as Windows writes it; also before the line that names the columns."""
    mark = b'\xef\xbb\xbf'
    run = cretula('mask', '--format', 'apache-combined', stdin=mark + make_log(1), code=0)
    equal((run.lines[0].get('flags'), run.lines[0]['client'][:3]), (None, 'ip.'))
    columns = b'#Fields: date time c-ip cs-method cs-uri-stem sc-status\r\n'
    lines = b''.join(b'2025-11-24 10:%02d:%02d 203.0.113.7 GET /a 200\r\n' % (n // 60, n % 60) for n in range(200))
    equal([r['status'] for r in cretula('mask', '--format', 'w3c', stdin=mark + columns + lines, code=0).lines], [200] * 200)
    write('x.log', mark + columns + lines)
    base = ('import', '--store', 'store', '--stream', 's', '--json', 'x.log')
    equal(cretula(*base, code=0).json['parsed'], 200)
    with open('x.log', 'ab') as file:
        file.write(lines)
    equal(cretula(*base, code=0).json['parsed'], 200)  # goes on in the middle
    events = b'{"Records":[{"eventVersion":"1.08","eventTime":"2025-11-24T10:11:12Z","eventSource":"ec2.amazonaws.com","eventName":"A"}]}\n'
    equal(len(cretula('mask', '--format', 'aws-cloudtrail', stdin=mark + events, code=0).lines), 1)


def test_nul_bytes_and_overlong_lines():
    """70 KB, 3 MB and 20 MB lines: one skeleton each, bounded memory, neighbours untouched."""
    long = [combined(1, target='/' + 'x' * 70000), combined(2, target='/' + SECRET + 'y' * 3000000),
            combined(3, target='/' + 'z' * 20000000)]
    data = combined(0).encode() + b''.join(line.encode() + combined(5).encode() for line in long) + b'\0' * 300 + b'\n'
    write('x.log', data)
    run = cretula('import', '--store', 'store', '--stream', 's', '--format', 'apache-combined', '--json', 'x.log', code=0)
    equal((run.json['lines'], run.json['parsed'], run.json['unparsed']), (8, 4, 4))
    equal(run.json['bytes'], len(data))
    states = [(r.get('state'), r.get('reason')) for r in records('store')]
    equal(states.count(('unparsed', 'too_long')), 3, states)
    lengths = [r['extra']['line_bytes'] for r in records('store') if r.get('reason') == 'too_long']
    equal(lengths, [len(line) - 1 for line in long])


def test_truncated_gz():
    """What was whole is sealed with a cursor; the error names file and offset; a repaired file goes on from there."""
    log = make_log(3000)
    whole = gzip.compress(log)
    write('x.log.gz', whole[:len(whole) * 2 // 3])
    run = cretula('import', '--store', 'store', '--stream', 's', '--format', 'apache-combined', 'x.log.gz', code=66)
    assert 'x.log.gz' in run.err and SECRET not in run.err, run.err
    part = len(records('store'))
    assert 0 < part < 3000, part
    cretula('verify', '--store', 'store', code=0)
    write('x.log.gz', whole)
    cretula('import', '--store', 'store', '--stream', 's', '--format', 'apache-combined', 'x.log.gz', code=0)
    equal(len(records('store')), 3000)


def test_truncated_zst_and_garbage_behind():
    log = make_log(3000)
    write('x.log', log)
    subprocess.run(['zstd', '-q', 'x.log'], check=True)
    with open('x.log.zst', 'rb') as file:
        whole = file.read()
    write('cut.zst', whole[:len(whole) // 2])
    fails(66, 'cut.zst', 'import', '--store', 'store', '--stream', 's', '--format', 'apache-combined', 'cut.zst')
    write('behind.zst', whole + b'garbage')
    fails(66, 'behind.zst', 'import', '--store', 'store2', '--stream', 's', '--format', 'apache-combined', 'behind.zst')


def test_store_without_its_keys():
    write('a.log', make_log(10))
    cretula('import', '--store', 'store', '--stream', 's', 'a.log', code=0)
    shutil.move('store.keys', 'elsewhere')
    write('b.log', make_log(10, seed=2))
    fails(78, 'keys', 'import', '--store', 'store', '--stream', 's', 'b.log')
    cretula('verify', '--store', 'store', code=0)
    equal(len(records('store')), 10)


def test_keys_of_another_store():
    write('a.log', make_log(10))
    cretula('import', '--store', 'one', '--stream', 's', 'a.log', code=0)
    cretula('import', '--store', 'two', '--stream', 's', 'a.log', code=0)
    write('b.log', make_log(10, seed=2))
    run = cretula('import', '--store', 'one', '--keys', 'two.keys', '--stream', 's', 'b.log')
    assert run.code in (1, 78), (run.code, run.err)
    cretula('verify', '--store', 'one', code=0)
    cretula('verify', '--store', 'two', code=0)


def test_group_readable_and_damaged_keys():
    write('a.log', make_log(10))
    cretula('import', '--store', 'store', '--stream', 's', 'a.log', code=0)
    write('b.log', make_log(10, seed=2))
    before = tree_bytes('store')
    os.chmod('store.keys/root.key', 0o640)
    fails(78, 'root.key', 'import', '--store', 'store', '--stream', 's', 'b.log')
    os.chmod('store.keys/root.key', 0o600)
    with open('store.keys/kek', 'r+b') as file:
        file.seek(60)
        file.write(b'\xff\xfe')
    fails(78, 'kek', 'import', '--store', 'store', '--stream', 's', 'b.log')
    equal(tree_bytes('store'), before, 'the store is untouched')


def test_keys_inside_the_store_are_refused():
    write('a.log', make_log(10))
    fails(78, 'inside', 'import', '--store', 'store', '--keys', 'store/keys', '--stream', 's', 'a.log')


def test_a_folder_that_is_no_store():
    os.mkdir('store')
    write('store/precious.txt', b'mine')
    write('a.log', make_log(10))
    run = cretula('import', '--store', 'store', '--stream', 's', 'a.log')
    assert run.code in (66, 78), (run.code, run.err)
    equal(sorted(os.listdir('store')), ['precious.txt'])


def holds_a_lock(pid):
    return any(words[1] == b'FLOCK' and int(words[4]) == pid for words in map(bytes.split, read('/proc/locks').splitlines()))


def test_the_store_is_open_elsewhere():
    write('a.log', make_log(10))
    cretula('import', '--store', 'store', '--stream', 's', 'a.log', code=0)
    os.mkfifo('pipe')
    with subprocess.Popen([CRETULA, 'import', '--store', 'store', '--stream', 's', '--format', 'apache-combined', 'pipe'],
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as holder:
        with open('pipe', 'wb') as pipe:
            pipe.write(combined(1).encode() * 2000)
            pipe.flush()
            wait_for(lambda: holds_a_lock(holder.pid))
            write('b.log', make_log(10, seed=2))
            fails(75, 'another cretula process', 'import', '--store', 'store', '--stream', 's', 'b.log')
        holder.wait(timeout=120)
    cretula('verify', '--store', 'store', code=0)


def test_full_disk():
    """A real tmpfs of 1 MiB: exit 74, what was sealed before still verifies, no unfinished file stays."""
    os.mkdir('small')
    if subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=1M', 'tmpfs', 'small'], capture_output=True,
                      check=False).returncode:
        raise Skip('cannot mount a tmpfs here')
    try:
        write('a.log', make_log(2000))
        cretula('import', '--store', 'small/store', '--stream', 's', 'a.log', code=0)
        lines = ''.join(combined(n % 86400, client=f'10.{n % 200}.{n % 251}.{n % 13}',
                                 target=f'/p/{n * 7919 % 99991}') for n in range(120000))
        write('big.log', lines.encode())
        fails(74, 'No space left on device (make room, and run it again)', 'import', '--store', 'small/store', '--stream', 's', 'big.log')
        cretula('verify', '--store', 'small/store', code=0)
        equal(len(records('small/store')), 2000)
        write('b.log', make_log(50, seed=3))
        cretula('import', '--store', 'small/store', '--stream', 's', 'b.log', code=0)
        left = [name for name in os.listdir('small/store/streams/s/seg') if '.tmp' in name]
        equal(left, [])
    finally:
        subprocess.run(['umount', 'small'], check=True)


def test_mask_says_counts_and_exit_codes():
    run = cretula('mask', '--format', 'apache-combined', stdin=make_log(100) + b'junk\n\n', code=0)
    assert 'lines=102 ' in run.err and 'parsed=100 ' in run.err and 'unparsed=1 ' in run.err and 'meta=1 ' in run.err
    cretula('mask', '--format', 'apache-combined', stdin=b'junk\n' * 10, code=3)
    cretula('mask', '--format', 'apache-combined', stdin=b'', code=0)
    fails(78, 'nowhere', 'mask', '--format', 'apache-combined', '--keys', 'nowhere', stdin=b'')
    fails(66, 'format not clear', 'mask', '--format', 'auto', stdin=b'junk ' + SECRET.encode() + b'\n')


def fail_closed_line(target='/a', user='-', client='192.0.2.7', time='17/May/2015:10:05:03 +0000'):
    return f'{client} - {user} [{time}] "GET {target} HTTP/1.1" 200 5 "-" "x"\n'.encode('latin-1')


def fail_closed_json(more, behind=''):
    return ('{"@timestamp":"2025-11-24T10:11:12Z","client.ip":"192.0.2.7","http.request.method":"GET","url.path":"/x"' + more + '}' +
            behind + '\n').encode()


FAIL_CLOSED = (
    # claim, format, line, state, and what the record has to say
    ('a line of no format', 'combined', b'erika wrote this\n', 'unparsed', {'reason': 'grammar'}),
    ('a line that is cut', 'combined', fail_closed_line('/erika')[:50] + b'\n', 'unparsed', {'reason': 'cut'}),
    ('a byte that is zero', 'combined', fail_closed_line('/erika\0'), 'unparsed', {'reason': 'binary'}),
    ('two objects in a line', 'json-lines', fail_closed_json('', ' {"user.name":"erika"}'), 'unparsed', {'reason': 'grammar'}),
    ('a time that is none', 'combined', fail_closed_line('/erika', time='99/Foo/2015:10:05:03 +0000'), 'partial', {'flags': ['time_arrival']}),
    ('a member twice', 'json-lines', fail_closed_json(',"user.name":"erika","user.name":"bob"'), 'partial',
     {'user': '[user.auth]', 'flags': ['duplicate_key']}),
    ('no UTF-8', 'combined', fail_closed_line('/a/erika\xff'), 'parsed', {'flags': ['bad_utf8']}),
    ('a percent sign of nothing', 'combined', fail_closed_line('/a/erika%zz'), 'parsed', {'path': '[path]', 'flags': ['unsettled']}),
    ('decoding without end', 'combined', fail_closed_line('/a/%2525252525252565rika'), 'parsed', {'path': '[path]', 'flags': ['unsettled']}),
    ('a zero, encoded', 'combined', fail_closed_line('/a/erika%00'), 'parsed', {'path': '[path]', 'flags': ['unsettled']}),
    ('an address that is none', 'combined', fail_closed_line(client='0300.erika.2.7'), 'parsed', {'flags': ['peer_name']}),
    ('a user with blanks and quotes', 'combined', fail_closed_line(user='erika m "x'), 'parsed', {'flags': ['user_nonstandard']}),
    ('a card number for a size', 'combined', fail_closed_line().replace(b' 5 "', b' 4111111111111111 "'), 'parsed',
     {'bytes': None, 'flags': ['secret_found']}),
    ('... of milliseconds', 'haproxy',
     b'192.0.2.7:51234 [24/Nov/2025:10:11:12.123] www~ shop/web1 0/0/1/4111111111111111/4 200 512 - - ---- 1/1/0/0/0 0/0 '
     b'"GET /a HTTP/1.1"\n', 'parsed', {'upstream_us': None}),
    ('a card number for a number that is kept', 'apache-error',
     b'[Mon Nov 24 10:11:12 2025] [core:error] [pid 77:tid 4111111111111111] [client 192.0.2.7:51234] AH00126: hello\n', 'parsed',
     {'flags': ['secret_found', 'zone_assumed']}),
    ('a member that nobody knows', 'json-lines', fail_closed_json(',"zzz":"erika"'), 'parsed', {}),
)


def test_what_cannot_be_masked_is_not_written():
    """design.md 5, fail closed: each kind of failure hides its field or its line, and is counted as what it is."""
    for claim, name, line, state, says in FAIL_CLOSED:
        run = cretula('mask', '--format', name, stdin=line, code=3 if state == 'unparsed' else 0)
        told = (run.out + run.err.encode()).lower()
        assert not any(raw in told for raw in (b'erika', b'192.0.2.7', b'4111111111111111')), (claim, run.out)
        record = json.loads(run.out)
        equal(record.get('state', 'parsed'), state, claim)
        equal({key: record.get(key) for key in says}, says, claim)
        want = ' '.join(f'{s}={int(s == state)}' for s in ('parsed', 'partial', 'unparsed'))
        assert 'lines=1 ' in run.err and want in run.err, (claim, run.err)
        if claim == 'a member that nobody knows':
            equal(list(record['extra'].values()), ['[unknown]'])


NO_RANDOM = r"""
#define _GNU_SOURCE
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>
ssize_t getrandom(void *to, size_t len, unsigned flags) { (void)to; (void)len; (void)flags; errno = ENOSYS; return (-1); }
int getentropy(void *to, size_t len) { (void)to; (void)len; errno = ENOSYS; return (-1); }
int open(const char *path, int flags, ...)
{
	va_list more;
	int mode;

	va_start(more, flags);
	mode = va_arg(more, int);
	va_end(more);
	if (strncmp(path, "/dev/urandom", 12) == 0 || strncmp(path, "/dev/random", 11) == 0) {
		errno = ENOENT;
		return (-1);
	}
	return ((int)syscall(SYS_openat, -100, path, flags, mode));
}
"""


def no_random():
    """Preloaded: a machine without a source of random bytes."""
    write('no_random.c', NO_RANDOM.encode())
    subprocess.run(['gcc', '-shared', '-fPIC', '-O2', '-o', 'no_random.so', 'no_random.c'], check=True)
    return {'LD_PRELOAD': os.path.abspath('no_random.so')}


def flip(path, at):
    data = bytearray(open(path, 'rb').read())
    data[at] ^= 1
    write(path, data)


def stops_yaml(text):
    write('stops.yaml', f'streams: {{s: {text}}}\n'.encode())
    return ('--config', 'stops.yaml')


# What masking cannot be done without -> (exit codes of a pipe, how it is taken away, more arguments)
STOPS = (
    ('the root key is gone', 78, lambda: os.remove('store.keys/root.key')),
    ('the root key is damaged', 78, lambda: flip('store.keys/root.key', 50)),
    ('others may read the root key', 78, lambda: os.chmod('store.keys/root.key', 0o644)),
    ('the root key is a link', 78, lambda: (os.rename('store.keys/root.key', 'r'), os.symlink('../r', 'store.keys/root.key'))),
    ('the key of the keyring is damaged', 78, lambda: flip('store.keys/kek', 50)),
    ('the keyring is damaged', 78, lambda: flip('store.keys/keyring', 30)),
    ('the keyring is gone', 78, lambda: os.remove('store.keys/keyring')),
    ('all keys are gone', 78, lambda: shutil.rmtree('store.keys')),
    ('the policy is no YAML', 78, lambda: stops_yaml('{mask: [')),
    ('the policy has an unknown word', 78, lambda: stops_yaml('{maks: {ip.peer: token}}')),
    ('the policy names no class', 78, lambda: stops_yaml('{mask: {ip.pear: token}}')),
    ('the policy names no method', 78, lambda: stops_yaml('{mask: {ip.peer: clear}}')),
    ('the policy keeps an identifier', 78, lambda: stops_yaml('{mask: {ip.peer: keep}}')),
    ('the policy keeps a password', 78, lambda: stops_yaml('{mask: {credential: keep}}')),
    ('the policy seals to no key', 78, lambda: stops_yaml('{mask: {ip.peer: seal}}')),
    ('a rule of the policy does not compile', 78, lambda: stops_yaml("{rules: [{name: x, class: session, pattern: '(', test: a}]}")),
    ('a file that the policy names is gone', 66, lambda: stops_yaml('{routes: [nowhere.txt]}')),
    ('the chain is damaged', 1, lambda: flip('store/streams/s/chain.jsonl', 20)),
    ('the store is a file', 78, lambda: (shutil.rmtree('store'), write('store', b'x'))),
    ('there are no random bytes', None, no_random),
)


def test_without_what_masking_needs_nothing_is_written():
    """design.md 5: ingest stops for unreadable keys, policy, random source or store, before anything of a line is written."""
    line = combined(1, client='192.0.2.7', target='/erika?password=' + SECRET).encode()
    cretula('pipe', '--store', 'whole', '--format', 'combined', 's', stdin=combined(0, target='/index.html').encode(), code=0)
    for claim, code, take in STOPS:
        for path in ('store', 'store.keys'):
            shutil.rmtree(path, ignore_errors=True)
            if os.path.isfile(path):
                os.remove(path)
        shutil.copytree('whole', 'store')
        shutil.copytree('whole.keys', 'store.keys')
        took = take()
        before = tree_bytes('store')
        more = took if isinstance(took, tuple) and '--config' in took else ()
        env = took if isinstance(took, dict) else {}
        run = cretula('pipe', '--store', 'store', '--format', 'combined', *more, 's', stdin=line, env=env)
        assert run.code == code if code is not None else run.code not in (0, 1, 3), (claim, run.code, run.err)
        for raw in (b'erika', b'192.0.2.7', SECRET.encode()):
            assert raw not in run.out + run.err.encode(), (claim, run.err)
            assert not any(raw in data for data in tree_bytes('store', 'store.keys').values()), claim
        equal(tree_bytes('store'), before, claim)


def test_view_and_stats_refuse_clearly():
    write('a.log', make_log(10))
    cretula('import', '--store', 'store', '--stream', 's', 'a.log', code=0)
    base = ['--store', 'store', '--stream', 's']
    for where in ('status >> 3', 'nofield == 3'):
        told = cretula('view', *base, '--where', where, code=2).err.splitlines()
        assert 'column' in told[0], told
        equal(told[1], where)  # and a caret below it
        equal(len(told), 3)
    fails(2, 'one of', 'view', *base, '--as', 'xml')
    equal(cretula('view', *base, '--role', 'public').code, 2)
    fails(2, '--since', 'view', *base, '--since', 'yesterday')
    fails(66, 'no stream other', 'view', '--store', 'store', '--stream', 'other')
    fails(66, 'nostore', 'stats', '--store', 'nostore', '--stream', 's')
    fails(66, 'nostore', 'verify', '--store', 'nostore')


def test_an_output_that_fails_is_no_error_of_the_store():
    write('a.log', make_log(5000))
    cretula('import', '--store', 'store', '--stream', 's', 'a.log', code=0)
    for args in ([], ['--where', 'bytes >= 0'], ['--as', 'text'], ['--since', '2000-01-01T00:00:00Z']):
        with open('/dev/full', 'wb') as full:
            run = subprocess.run([CRETULA, 'view', '--store', 'store', *args], stdout=full, stderr=subprocess.PIPE, check=False)
        equal((run.returncode, run.stderr), (74, b'cretula view: writing to standard output: No space left on device (make room, and run it again)\n'), args)


def test_a_store_that_may_not_be_read():
    """Each ends with 66 and names what it may not read; only keys are a matter of 78."""
    if os.geteuid() != 0:
        raise Skip('needs to be root to be somebody else')
    write('a.log', make_log(10))
    cretula('import', '--store', 'store', '--stream', 's', 'a.log', code=0)
    os.chmod('.', 0o755)
    os.chmod('store', 0o700)
    for args in (['view'], ['stats'], ['status'], ['hold', 'list'], ['retain', '--dry-run'], ['words', 'list'], ['verify'],
                 ['words', 'list', '--stream', 's'], ['words', 'add', '--stream', 's', 'x'], ['quarantine', 'list'],
                 ['key', 'list'], ['key', 'audit'], ['recover', '--stream', 's'], ['import', '--stream', 's', 'a.log']):
        run = subprocess.run([CRETULA, *args, '--store', 'store'], user=65534, group=65534, extra_groups=[], capture_output=True,
                             stdin=subprocess.DEVNULL, check=False)
        equal(run.returncode, 66, f'{args}: {run.stderr}')
        assert b'store' in run.stderr and b': Permission denied' in run.stderr, f'{args}: {run.stderr}'
    run = subprocess.run([CRETULA, 'key', 'show', '--store', 'store'], user=65534, group=65534, extra_groups=[], capture_output=True, check=False)
    equal(run.returncode, 78, run.stderr)  # a build that counts branches says besides that it cannot write what it counted
    assert run.stderr.startswith(b'cretula key show: store.keys: open: Permission denied (`ls -ld` of it says who may)\n'), run.stderr


def test_a_long_chain_stays_in_its_file():
    """Entries that nobody signed, 24 MiB of them: verify reads them again when it needs them."""
    if any(name in read(CRETULA) for name in (b'__asan_init', b'__tsan_init')):
        raise Skip('a sanitizer needs memory of its own')
    write('a.log', make_log(10))
    cretula('import', '--store', 'store', '--stream', 's', 'a.log', code=0)
    with open('store/streams/s/chain.jsonl', 'r+b') as chain:
        lines = chain.read().splitlines()
        for i in range(len(lines), len(lines) + 100000):
            line = b'{"v":1,"i":%d,"type":"stop","t":"2096-12-01T08:00:02.500Z","prev":"%s","reason":"%s"}' % (
                i, hashlib.sha256(lines[-1]).hexdigest().encode(), b'x' * 100)
            chain.write(line + b'\n')
            lines[-1] = line
    for program in ([CRETULA, 'verify'], [os.path.join(os.path.dirname(CRETULA), 'cretula-verify')]):
        code, _, peak = peak_of(*program, '--jobs', '1', '--store', 'store')
        equal(code, 1)
        assert peak < 22 << 10, f'{peak} KiB'
        print(f'# {peak} KiB')


main()
