"""run.py BUILD [--bytes N] [--runs N] [--only WORDS] [--growth]: cretula beside its peers on the same files.

Every command runs in turn (A B C, A B C ...) so that a machine whose speed drifts drifts for all; the median is
shown.  MB are 10^6 bytes of log.  Ratios are to be trusted, absolute figures belong to the machine: a floor in
MB/s (docs/performance.md) is shown as what it is of the floor of mask, 500.
"""
import argparse
import collections
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

PERL = r'''use Digest::SHA qw(hmac_sha256_hex); while (<STDIN>) { s/^(\S+)/substr(hmac_sha256_hex($1, "key"), 0, 16)/e; print }'''
MAWK = '{ $1 = "0.0.0.0"; print }'
MAWK_JSON = r'{ sub(/"remote_addr":"[^"]*"/, "\"remote_addr\":\"0.0.0.0\""); print }'
MAWK_AUDIT = r'{ sub(/"sourceIPs":\["[^"]*"\]/, "\"sourceIPs\":[\"0.0.0.0\"]"); print }'
ADDRESS = r'([0-9]{1,3}\.){3}[0-9]{1,3}'
COMBINED = ('$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent '
            '"$http_referer" "$http_user_agent"')
MASK_FLOOR = 500  # MB/s; of the other floors only their ratio to it can be seen anywhere

# What reads path, of kind, one of part of the bytes; its speed is shown as a ratio to that of beside, which must
# not be below floor.  code is its exit code, needs the program of a peer.
Row = collections.namedtuple('Row', 'name what run kind part beside floor code needs',
                             defaults=('combined', 1, 'mask', None, 0, None))
RSYSLOG = '''module(load="imfile" mode="polling" PollingInterval="1") module(load="mmanon")
global(workDirectory="{work}" maxMessageSize="64k")
template(name="raw" type="string" string="%msg%\\n")
input(type="imfile" file="{log}" tag="x" ruleset="r")
ruleset(name="r" queue.type="direct") {{
  action(type="mmanon" ipv4.bits="32" ipv4.mode="random-consistent")
  action(type="omfile" file="{out}" template="raw")
}}
'''


def once(command, stdin=None, shell=False, cpus=None):
    """Seconds, exit code and peak KiB of one run; output is thrown away."""
    start = time.monotonic()
    with open(stdin or os.devnull, 'rb') as source:
        process = subprocess.Popen(command, shell=shell, stdin=source, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL,
                                   preexec_fn=(lambda: os.sched_setaffinity(0, cpus)) if cpus else None)
        _, status, usage = os.wait4(process.pid, 0)
    return time.monotonic() - start, os.waitstatus_to_exitcode(status), usage.ru_maxrss


def rsyslog(log, work):
    """Seconds until rsyslogd with mmanon has written every line."""
    out, conf = os.path.join(work, 'rsyslog.out'), os.path.join(work, 'rsyslog.conf')
    for path in (out, os.path.join(work, 'imfile-state')):
        if os.path.exists(path):
            os.unlink(path)
    state = tempfile.mkdtemp(dir=work)
    with open(conf, 'w', encoding='ascii') as file:
        file.write(RSYSLOG.format(work=state, log=log, out=out))
    want = os.path.getsize(log) * 9 // 10
    start = time.monotonic()
    daemon = subprocess.Popen(['rsyslogd', '-n', '-f', conf, '-i', os.path.join(state, 'pid')],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while time.monotonic() - start < 120:
            time.sleep(0.02)
            if os.path.exists(out) and os.path.getsize(out) >= want:
                return time.monotonic() - start, 0, 0
        return time.monotonic() - start, 1, 0
    finally:
        daemon.terminate()
        daemon.wait()


def one_core():
    return {sorted(os.sched_getaffinity(0))[0]}


def reads(*command):
    """Run command on one core with the file on its standard input."""
    return lambda path: once(list(command), path, cpus=one_core())


def opens(*command):
    """The same with the file as its last argument."""
    return lambda path: once([*command, path], cpus=one_core())


def plain_rows(cretula, work):
    """The combined log: cretula, and what else people do to one."""
    store = os.path.join(work, 'store')
    vstore = os.path.join(work, 'vstore')
    two = set(sorted(os.sched_getaffinity(0))[:2])

    def fresh(*args):
        def run(path):
            shutil.rmtree(store, ignore_errors=True)
            shutil.rmtree(store + '.keys', ignore_errors=True)
            return once([cretula, 'import', '--store', store, '--stream', 's', '--format', 'apache-combined',
                         *args, path], cpus=two)
        return run

    def verify(jobs, cpus):
        return lambda path: once([cretula, 'verify', '--store', vstore, '--jobs', jobs], cpus=cpus)

    def search(where):
        """From the second run on what the first one noted is there."""
        return lambda path: once([cretula, 'view', '--store', vstore, '--stream', 's', '--where', where], cpus=one_core())

    return [
        Row('cat', 'reads (limit)', reads('cat')),
        Row('mask', 'cretula mask, one core', reads(cretula, 'mask', '--format', 'apache-combined')),
        Row('import', 'cretula import, two cores, learning pass, verified', fresh()),
        Row('import-noverify', 'cretula import, two cores, learning pass', fresh('--no-verify')),
        Row('import-nolearn', 'cretula import --no-learn, two cores', fresh('--no-verify', '--no-learn')),
        Row('verify-1', 'cretula verify, one core', verify('1', one_core())),
        Row('verify-2', 'cretula verify, two cores', verify('2', two)),
        Row('view-scan', 'cretula view --where that reads all, one core', search('path ~= zzzzzz')),
        Row('view-client', 'cretula view --where of one client, frames passed over', search('client == ip.aaaaaaaaaaaaaaaa')),
        Row('view-status', 'cretula view --where of a status that is nowhere', search('status == 599')),
        Row('sha256sum', 'hashes the file', reads('sha256sum')),
        Row('openssl-hmac', 'HMAC of the file', reads('openssl', 'dgst', '-sha256', '-hmac', 'key')),
        Row('zstd-1', 'compresses', reads('zstd', '-1', '-c', '-T1')),
        Row('mawk', 'zeroes field 1, no hash', reads('mawk', MAWK), needs='mawk'),
        Row('perl-hmac', 'HMAC of field 1', reads('perl', '-e', PERL), needs='perl'),
        Row('goaccess', 'parses and reports', lambda path: once(
            ['goaccess', path, '--log-format=COMBINED', '--no-progress', '-o', os.path.join(work, 'r.json')],
            cpus=one_core()), needs='goaccess'),
        Row('rsyslog-mmanon', 'anonymises addresses', lambda path: rsyslog(path, work), needs='rsyslogd'),
    ]


def kind_rows(cretula):
    """Other ways to read, other logs, hostile ones, and the scan of what has no leak; each with peers."""
    def mask(*args):
        return reads(cretula, 'mask', *args)

    scan = opens(cretula, 'scan', '--jobs', '1')
    grep = opens('env', 'LC_ALL=C', 'grep', '-cE', ADDRESS)
    return [
        Row('string-preset', 'mask by the preset as a format string', mask('--format-string', COMBINED),
            floor=0.85),
        Row('string-own', 'mask by a format string that no preset knows',
            mask('--format-string', 'escape=json ' + COMBINED), floor=0.85),
        Row('nginx-json', 'mask, 17 variables', mask('--format', 'nginx-json'), 'nginx-json',
            floor=400 / MASK_FLOOR),
        Row('nginx-json-mawk', 'puts another address', reads('mawk', MAWK_JSON), 'nginx-json', 1, 'nginx-json',
            needs='mawk'),
        Row('nginx-json-jq', 'puts another address', reads('jq', '-c', '.remote_addr = "0.0.0.0"'), 'nginx-json',
            16, 'nginx-json', needs='jq'),
        Row('k8s-audit', 'mask, a fourth of the events with a body', mask('--format', 'k8s-audit'), 'k8s-audit',
            floor=350 / MASK_FLOOR),
        Row('k8s-audit-mawk', 'puts another address', reads('mawk', MAWK_AUDIT), 'k8s-audit', 1, 'k8s-audit',
            needs='mawk'),
        Row('k8s-audit-jq', 'puts another address', reads('jq', '-c', '.sourceIPs = ["0.0.0.0"]'), 'k8s-audit', 16,
            'k8s-audit', needs='jq'),
        Row('spray', 'mask, no path and no client twice', mask('--format', 'apache-combined'), 'spray', 4,
            floor=150 / MASK_FLOOR),
        Row('spray-mawk', 'zeroes field 1, no hash', reads('mawk', MAWK), 'spray', 4, 'spray', needs='mawk'),
        Row('agents', 'mask, no agent twice', mask('--format', 'apache-combined'), 'agents', 4,
            floor=50 / MASK_FLOOR),
        Row('agents-mawk', 'zeroes field 1, no hash', reads('mawk', MAWK), 'agents', 4, 'agents', needs='mawk'),
        Row('scan-records', 'scan, records without a leak', scan, 'records', 2),
        Row('scan-records-grep', 'one of its rules: an IPv4 address', grep, 'records', 2, 'scan-records', code=1),
        Row('scan-text', 'scan, messages of programs without a leak', scan, 'text', 2),
        Row('scan-text-grep', 'one of its rules: an IPv4 address', grep, 'text', 2, 'scan-text', code=1),
    ]


def chosen(table, only):
    wanted = only.split(',') if only else [row.name for row in table]
    unknown = set(wanted) - {row.name for row in table}
    if unknown:
        sys.exit(f'no such row: {", ".join(sorted(unknown))}; there are {", ".join(row.name for row in table)}')
    for row in table:
        if row.name not in wanted:
            continue
        if row.needs and not shutil.which(row.needs):
            print(f'SKIPPED {row.name}: {row.needs} is not installed', file=sys.stderr)
        else:
            yield row


def generate(build, size, work, kind='combined'):
    """A log of kind, the same each time; records are what mask makes of one."""
    log = os.path.join(work, f'{kind}-{size}')
    if not os.path.exists(log):
        source = subprocess.Popen([os.path.join(build, 'tests/bench/generate'), str(size), '7',
                                   'combined' if kind == 'records' else kind], stdout=subprocess.PIPE)
        mask = [os.path.join(build, 'cretula'), 'mask', '--format', 'apache-combined']
        last = mask if kind == 'records' else ['cat']
        with open(log, 'wb') as out:
            subprocess.run(last, stdin=source.stdout, stdout=out, stderr=subprocess.DEVNULL, check=True)
        source.stdout.close()
        if source.wait():
            sys.exit(f'generate {kind}: exit code {source.returncode}')
    return log


def records_bytes(cretula, log, work):
    """A store for verify; how many bytes its records are."""
    store = os.path.join(work, 'vstore')
    subprocess.run([cretula, 'import', '--store', store, '--stream', 's', '--format', 'apache-combined',
                    '--no-verify', log], stdout=subprocess.DEVNULL, check=True)
    with open(os.path.join(store, 'streams/s/chain.jsonl'), encoding='ascii') as chain:
        return sum(int(line.split('"bytes":')[1].split(',')[0]) for line in chain if '"type":"segment"' in line)


def show(rows, times, peak, sizes, jsonl):
    median = {name: statistics.median(taken) for name, taken in times.items()}
    print(f'{"":18}{"MB/s":>7}{"peak MiB":>9}  speed')
    for row in rows:
        amount = jsonl if row.name.startswith(('verify', 'view')) else sizes[row.name]
        ratio = ''
        if row.beside in median:
            speed = sizes[row.name] / median[row.name] / (sizes[row.beside] / median[row.beside])
            floor = f', floor {row.floor:.2f}' if row.floor else ''
            ratio = f'{speed:.2f} of {row.beside}{floor}'
        rate = amount / median[row.name] / 1e6
        print(f'{row.name:18}{rate:7.0f}{peak[row.name] / 1024:9.0f}  {ratio:24}  {row.what}')


def compare(build, options, work):
    cretula = os.path.join(build, 'cretula')
    rows = list(chosen(plain_rows(cretula, work) + kind_rows(cretula), options.only))
    files = {row.name: generate(build, options.bytes // row.part, work, row.kind) for row in rows}
    sizes = {name: os.path.getsize(path) for name, path in files.items()}
    verified = [row.name for row in rows if row.name.startswith(('verify', 'view'))]
    jsonl = records_bytes(cretula, files[verified[0]], work) if verified else 0
    times = {row.name: [] for row in rows}
    peak = {row.name: 0 for row in rows}
    for _ in range(options.runs):
        for row in rows:
            seconds, code, kib = row.run(files[row.name])
            if code != row.code:
                sys.exit(f'{row.name}: exit code {code}')
            times[row.name].append(seconds)
            peak[row.name] = max(peak[row.name], kib)
    print(f'{options.bytes / 1e6:.0f} MB of log, less of the other kinds, median of {options.runs}')
    show(rows, times, peak, sizes, jsonl)


def growth(build, work):
    """Time and memory at 0.1, 1 and 4 GiB: linear, bounded."""
    cretula = os.path.join(build, 'cretula')
    first = None
    for size in (107374182, 1 << 30, 4 << 30):
        log = generate(build, size, work)
        for name, command, stdin in (
                ('mask', [cretula, 'mask', '--format', 'apache-combined'], log),
                ('import', [cretula, 'import', '--no-verify', '--store', work + '/g', '--stream', 's', '--format',
                            'apache-combined', log], None),
                ('verify', [cretula, 'verify', '--store', work + '/g'], None)):
            seconds, code, kib = once(command, stdin)
            if code:
                sys.exit(f'{name}: exit code {code}')
            print(f'{size / (1 << 30):5.1f} GiB {name:8}{size / seconds / 1e6:8.0f} MB/s of log {kib / 1024:7.0f} MiB peak')
            first = first or seconds
        shutil.rmtree(work + '/g')
        shutil.rmtree(work + '/g.keys')
        os.unlink(log)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('build')
    parser.add_argument('--bytes', type=int, default=256 << 20)
    parser.add_argument('--runs', type=int, default=5)
    parser.add_argument('--only', default='', help='rows, with commas: mask,spray,agents')
    parser.add_argument('--growth', action='store_true')
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=os.environ.get('TMPDIR', '/tmp')) as work:
        if options.growth:
            growth(options.build, work)
        else:
            compare(options.build, options, work)


if __name__ == '__main__':
    main()
