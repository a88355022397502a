"""Times that do not say all: which year, and whose clock."""
import calendar
import os
import subprocess
import time

from lib import CRETULA, Skip, cretula, equal, is_testing_build, main, records, write

LINES = [b'Dec 31 23:59:58 web1 sshd[1]: Failed password for root from 192.0.2.7 port 9 ssh2\n',
         b'Jan  1 00:00:01 web1 sshd[1]: Failed password for root from 192.0.2.7 port 9 ssh2\n']


def at(text):
    """2026-01-01T00:00:00Z since 1970."""
    return calendar.timegm(time.strptime(text, '%Y-%m-%dT%H:%M:%SZ'))


def times(found):
    return [r['time'][:19] for r in found]


def test_the_turn_of_the_year_in_a_file():
    """Whatever year it was written in, and whenever it is imported: no line is younger than its file."""
    if not is_testing_build():
        raise Skip('a build without CRETULA_CLOCK')
    for n, (written, now, want) in enumerate([
            ('2026-01-01T00:00:05Z', '2026-01-01T00:00:06Z', ('2025-12-31', '2026-01-01')),
            ('2026-01-20T10:00:00Z', '2026-11-26T10:00:00Z', ('2025-12-31', '2026-01-01')),
            ('2026-01-20T10:00:00Z', '2026-12-31T23:59:59Z', ('2025-12-31', '2026-01-01')),
            ('2019-12-31T23:59:59Z', '2026-11-26T10:00:00Z', ('2019-12-31', '2020-01-01')),  # a clock ahead of ours
            ('2020-03-01T00:00:00Z', '2026-11-26T10:00:00Z', ('2019-12-31', '2020-01-01')),
            ('2031-01-01T00:00:00Z', '2026-11-26T10:00:00Z', ('2025-12-31', '2026-01-01')),  # a file of tomorrow
            ('1970-01-01T00:00:01Z', '2026-11-26T10:00:00Z', ('2025-12-31', '2026-01-01')),  # one that says nothing
    ]):
        write('auth.log', b''.join(LINES))
        os.utime('auth.log', (at(written), at(written)))
        cretula('import', '--store', f'store{n}', '--stream', 's', '--format', 'auth', 'auth.log', env={'CRETULA_CLOCK': now}, code=0)
        equal(times(records(f'store{n}')), [f'{want[0]}T23:59:58', f'{want[1]}T00:00:01'], f'{written} {now}')
        with open('auth.log', 'rb') as file:
            done = subprocess.run([CRETULA, 'mask', '--format', 'auth'], stdin=file, capture_output=True, check=True,
                                  env={**os.environ, 'CRETULA_CLOCK': now})
        assert f'"time":"{want[0]}T23:59:58'.encode() in done.stdout, done.stdout
    got = cretula('mask', '--format', 'auth', stdin=LINES[1] + LINES[0], env={'CRETULA_CLOCK': '2026-06-01T00:00:00Z'}, code=0)
    equal(times(got.lines), ['2026-01-01T00:00:01', '2025-12-31T23:59:58'])


def test_the_29th_of_february():
    if not is_testing_build():
        raise Skip('a build without CRETULA_CLOCK')
    line = LINES[0].replace(b'Dec 31', b'Feb 29')
    for now, want in (('2026-06-01T00:00:00Z', '2024'), ('2028-02-29T23:59:59Z', '2028'), ('2028-02-27T00:00:00Z', '2024')):
        got = cretula('mask', '--format', 'auth', stdin=line, env={'CRETULA_CLOCK': now}, code=0)
        equal(times(got.lines), [f'{want}-02-29T23:59:58'])


def test_the_turn_of_the_year_at_a_pipe():
    """One that runs over it; a line that is late, and one of a clock that is ahead."""
    if not is_testing_build():
        raise Skip('a build without CRETULA_CLOCK')
    child = subprocess.Popen([CRETULA, 'pipe', '--store', 'store', 's', '--format', 'auth'], stdin=subprocess.PIPE,
                             stderr=subprocess.PIPE, bufsize=0, env={**os.environ, 'CRETULA_CLOCK': '2026-12-31T23:59:58Z'})
    child.stdin.write(LINES[0] + LINES[1])
    time.sleep(3)
    child.stdin.write(LINES[1] + LINES[0])
    said = child.communicate(timeout=120)[1]
    equal(child.returncode, 0, said)
    equal(times(records('store')), ['2026-12-31T23:59:58', '2027-01-01T00:00:01', '2027-01-01T00:00:01', '2026-12-31T23:59:58'])
    cretula('verify', '--store', 'store', code=0)


def test_times_that_name_no_zone():
    """They are UTC, and the record says so; or those of the zone that is given, summer and winter."""
    lines = b''.join(b'2025/%s 10:11:12 [error] 31#31: *46 open() "/a" failed (2: No such file or directory), client: 192.0.2.7, '
                     b'server: x, request: "GET /a HTTP/1.1", host: "x"\n' % day for day in (b'01/24', b'07/24', b'03/30'))
    run = cretula('mask', '--format', 'nginx-error', stdin=lines, code=0)
    equal([(r['time'], r['flags']) for r in run.lines][1], ('2025-07-24T10:11:12.000Z', ['zone_assumed']))
    run = cretula('mask', '--format', 'nginx-error', '--timezone', 'Europe/Berlin', stdin=lines, code=0)
    equal(times(run.lines), ['2025-01-24T09:11:12', '2025-07-24T08:11:12', '2025-03-30T08:11:12'])
    assert all('flags' not in r for r in run.lines), run.lines
    write('c.yaml', b'streams: {s: {timezone: "+02:00"}}\n')
    run = cretula('mask', '--config', 'c.yaml', '--format', 'nginx-error', stdin=lines, code=0)
    equal(times(run.lines)[0], '2025-01-24T08:11:12')


main()
