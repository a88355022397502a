"""run.py BUILD [--bytes N] [--runs N] [--only WORDS] [--growth]: cretula beside its peers on the same file.

Every command runs in turn (A B C, A B C ...) so that a machine whose speed drifts drifts for all; the median is
shown.  MB are 10^6 bytes of log.  Ratios are to be trusted, absolute figures belong to the machine.
"""
import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

PERL = r'''use Digest::SHA qw(hmac_sha256_hex); while (<STDIN>) { s/^(\S+)/substr(hmac_sha256_hex($1, "key"), 0, 16)/e; print }'''
MAWK = '{ $1 = "0.0.0.0"; print }'
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


def rows(cretula, log, work):
    """(name, what it does, runner) of everything that is there."""
    store = os.path.join(work, 'store')
    vstore = os.path.join(work, 'vstore')
    one = {sorted(os.sched_getaffinity(0))[0]}
    two = set(sorted(os.sched_getaffinity(0))[:2])

    def fresh(args):
        def run():
            shutil.rmtree(store, ignore_errors=True)
            shutil.rmtree(store + '.keys', ignore_errors=True)
            return once([cretula, 'import', '--store', store, '--stream', 's', '--format', 'apache-combined',
                         *args, log], cpus=two)
        return run

    subprocess.run([cretula, 'import', '--store', vstore, '--stream', 's', '--format', 'apache-combined',
                    '--no-verify', log], stdout=subprocess.DEVNULL, check=True)
    table = [
        ('cat', 'reads (limit)', lambda: once(['cat'], log, cpus=one)),
        ('mask', 'cretula mask, one core', lambda: once([cretula, 'mask', '--format', 'apache-combined'], log, cpus=one)),
        ('import', 'cretula import, two cores, learning pass, verified', fresh([])),
        ('import-noverify', 'cretula import, two cores, learning pass', fresh(['--no-verify'])),
        ('import-nolearn', 'cretula import --no-learn, two cores', fresh(['--no-verify', '--no-learn'])),
        ('verify-1', 'cretula verify, one core', lambda: once([cretula, 'verify', '--store', vstore, '--jobs', '1'], cpus=one)),
        ('verify-2', 'cretula verify, two cores', lambda: once([cretula, 'verify', '--store', vstore, '--jobs', '2'], cpus=two)),
        ('sha256sum', 'hashes the file', lambda: once(['sha256sum'], log, cpus=one)),
        ('openssl-hmac', 'HMAC of the file', lambda: once(['openssl', 'dgst', '-sha256', '-hmac', 'key'], log, cpus=one)),
        ('zstd-1', 'compresses', lambda: once(['zstd', '-1', '-c', '-T1'], log, cpus=one)),
        ('mawk', 'zeroes field 1, no hash', lambda: once(['mawk', MAWK], log, cpus=one)),
        ('perl-hmac', 'HMAC of field 1', lambda: once(['perl', '-e', PERL], log, cpus=one)),
        ('goaccess', 'parses and reports', lambda: once(['goaccess', log, '--log-format=COMBINED', '--no-progress',
                                                         '-o', os.path.join(work, 'r.json')], cpus=one)),
        ('rsyslog-mmanon', 'anonymises addresses', lambda: rsyslog(log, work)),
    ]
    needs = {'goaccess': 'goaccess', 'rsyslog-mmanon': 'rsyslogd', 'mawk': 'mawk', 'perl-hmac': 'perl'}
    for name, what, run in table:
        if name in needs and not shutil.which(needs[name]):
            print(f'SKIPPED {name}: {needs[name]} is not installed', file=sys.stderr)
        else:
            yield name, what, run


def generate(build, size, work):
    log = os.path.join(work, f'log-{size}')
    with open(log, 'wb') as out:
        subprocess.run([os.path.join(build, 'tests/bench/generate'), str(size), '7'], stdout=out, check=True)
    return log


def compare(build, options, work):
    cretula = os.path.join(build, 'cretula')
    log = generate(build, options.bytes, work)
    size = os.path.getsize(log)
    runs = list(rows(cretula, log, work))
    if options.only:
        runs = [r for r in runs if r[0] in options.only.split(',')]
    times = {name: [] for name, _, _ in runs}
    peak = {name: 0 for name in times}
    for _ in range(options.runs):
        for name, _, run in runs:
            seconds, code, kib = run()
            if code:
                sys.exit(f'{name}: exit code {code}')
            times[name].append(seconds)
            peak[name] = max(peak[name], kib)
    jsonl = sum(int(line.split('"bytes":')[1].split(',')[0]) for line in
                open(os.path.join(work, 'vstore/streams/s/chain.jsonl'), encoding='ascii') if '"type":"segment"' in line)
    base = statistics.median(times['mask']) if 'mask' in times else None
    print(f'{size / 1e6:.0f} MB of log, {jsonl / 1e6:.0f} MB of records, median of {options.runs}')
    print(f'{"":18}{"MB/s":>9}{"mask takes":>12}{"peak MiB":>10}')
    for name, what, _ in runs:
        median = statistics.median(times[name])
        amount = jsonl if name.startswith('verify') else size
        ratio = f'{base / median:.2f} of it' if base else ''
        print(f'{name:18}{amount / median / 1e6:9.0f}{ratio:>12}{peak[name] / 1024:10.0f}  {what}')


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
    parser.add_argument('--only', default='')
    parser.add_argument('--growth', action='store_true')
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=os.environ.get('TMPDIR', '/tmp')) as work:
        if options.growth:
            growth(options.build, work)
        else:
            compare(options.build, options, work)


if __name__ == '__main__':
    main()
