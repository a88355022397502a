"""What analysts and the public were shown stays, whatever comes late (docs/adr/0050)."""
import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess

from lib import CRETULA, combined, cretula, equal, main, write

NOON = '2025-11-25T12:00:00Z'
SHOP = ['--store', 'store', '--stream', 'shop']


def hour(n, clients=12, per=2, target='/', day=24):
    """Lines of so many clients within the n-th hour of a day."""
    lines = ''.join(combined(n * 3600 + i, client=f'203.0.113.{i % clients}', target=target) for i in range(clients * per))
    return lines.replace('[24/', f'[{day}/').encode()


def day(hours=range(24), **more):
    return b''.join(hour(n, **more) for n in hours)


def bring(name, data, now=NOON, *more):
    write(name, data)
    return cretula('import', *SHOP, '--format', 'combined', '--no-learn', name, *more, env={'CRETULA_CLOCK': now}, code=0)


def told(role='analyst', now=NOON):
    return cretula('stats', *SHOP, '--role', role, '--json', env={'CRETULA_CLOCK': now}, code=0).json


def requests(role='analyst', now=NOON):
    return told(role, now)['total']['requests']


def counted(*window):
    return cretula('stats', *SHOP, '--json', *window, code=0).json['traffic']['total']['requests']


def test_a_second_log_of_the_same_day_is_for_developers():
    """Analysts and the public keep what they had, tables and all; the import says so, and counting again changes nothing of it."""
    equal(bring('a.log', day()).err, '')
    before = {role: told(role) for role in ('analyst', 'public')}
    equal(before['analyst']['total']['requests'], 24 * 24)
    err = bring('b.log', hour(5, clients=1, per=3, target='/secret')).err
    assert '3 requests are of days that analysts and the public may have been shown' in err, err
    equal({role: told(role) for role in before}, before)
    equal(counted(), 24 * 24 + 3)
    cretula('stats', '--store', 'store', '--rebuild', code=0)
    equal({role: told(role) for role in before}, before)
    equal(counted(), 24 * 24 + 3)


def test_both_logs_at_once_are_shown():
    write('b.log', day(clients=15))
    equal(bring('a.log', day(), NOON, 'b.log').err, '')
    equal(requests(), 24 * 24 + 24 * 30)


def test_a_log_that_is_rotated_within_the_day():
    """The rest of the day comes with the next import: until then its tables wait, and then they are whole."""
    equal(bring('1', day(range(6)), '2025-11-24T06:30:00Z').err, '')
    equal(requests(now='2025-11-24T06:30:00Z'), 4 * 24)  # the log may go on in its last hour, and the newest block is kept back
    early = told(now='2025-11-25T06:29:00Z')
    equal((early['total']['requests'], early['days']), (4 * 24, []))
    equal(bring('2', day(range(6, 24)) + day(range(6), day=25), '2025-11-25T06:30:00Z').err, '')
    got = told(now='2025-11-25T06:31:00Z')
    equal(([d['requests'] for d in got['days']], got['total']['requests']), ([24 * 24], 24 * 24 + 4 * 24))


def test_an_older_log_behind_a_newer_one():
    equal(bring('new', day()).err, '')
    equal(bring('old', day(day=23)).err, '')
    equal([d['requests'] for d in told()['days']], [24 * 24] * 2)


def test_an_import_that_was_broken_off():
    """What it has of days is not shown, and goes on once it has ended."""
    lines = day(per=400) + day(per=400, day=23)
    write('log', lines)
    run = subprocess.Popen([CRETULA, 'import', *SHOP, '--format', 'combined', '--no-learn', '--no-verify', '-'], stdin=subprocess.PIPE,
                           stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    run.stdin.write(lines[:len(lines) // 2])
    run.stdin.flush()
    run.send_signal(signal.SIGINT)
    run.wait()  # its input ends afterwards: else it may have ended before it was broken off
    run.stdin.close()
    if counted_or_none():
        equal(told()['points'], [])
    bring('log', lines, NOON, '--again')
    assert counted() >= 24 * 12 * 800
    equal([d['day'][:10] for d in told()['days']], ['2025-11-23', '2025-11-24'])


def test_a_log_whose_end_is_no_end_of_a_day():
    """Rotated within a day, or at midnight of another time zone, and imported later on: the day goes on with the next log, and nothing of it is late."""
    part = hour(6)[:len(hour(6)) // 2]  # up to the line of a second
    rest = hour(6)[len(part):]
    for stream, begin, end, now in (('noon', day(range(6)) + part, rest + day(range(7, 24)), '2025-11-24T12:00:00Z'),
                                    ('east', day(range(22)), day(range(22, 24)), '2025-11-25T01:00:00Z'),
                                    ('night', day(range(6)) + part, rest + day(range(7, 24)), '2025-11-25T00:30:00Z')):
        for name, data, then in ((f'{stream}.1', begin, now), (f'{stream}.2', end + hour(0, day=25), '2025-11-25T12:00:00Z')):
            write(name, data)
            run = cretula('import', '--store', 'store', '--stream', stream, '--format', 'combined', '--no-learn', name,
                          env={'CRETULA_CLOCK': then}, code=0)
            equal(run.err, '', stream)
        got = cretula('stats', '--store', 'store', '--stream', stream, '--role', 'analyst', '--json', env={'CRETULA_CLOCK': then}, code=0).json
        equal([d['requests'] for d in got['days']], [24 * 24], stream)


def test_an_import_that_was_broken_off_at_its_end():
    """Nothing is left to be read; what it had hidden is shown once the next one has ended."""
    bring('new', day())
    write('old', day(day=22))
    run = subprocess.Popen([CRETULA, 'import', *SHOP, '--format', 'combined', '--no-learn', '--no-verify', 'old', '-'], stdin=subprocess.PIPE,
                           stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env={**os.environ, 'CRETULA_CLOCK': NOON})
    run.stdin.write(day(per=300, day=22))  # more than is read ahead: the file was read before
    run.stdin.flush()
    run.send_signal(signal.SIGINT)
    run.wait()
    run.stdin.close()
    assert counted() >= 2 * 24 * 24, counted()
    equal(told()['days'], [])
    bring('old', day(day=22))
    equal([d['day'][:10] for d in told()['days']], ['2025-11-22', '2025-11-24'])


def counted_or_none():
    run = cretula('stats', *SHOP, '--json')
    return run.json['traffic']['total']['requests'] if run.code == 0 else 0


def piped(data, now=NOON):
    cretula('pipe', 'shop', '--store', 'store', '--format', 'combined', stdin=data, env={'CRETULA_CLOCK': now}, code=0)


def test_a_pipe_that_ends():
    """Its days are shown; a line of an hour that was counts in the first one that was not, and not beside the day's tables."""
    piped(day(range(10), day=25), '2025-11-25T10:30:00Z')
    equal(requests(now='2025-11-25T10:30:00Z'), 8 * 24)
    before = told(now='2025-11-25T10:30:00Z')
    piped(hour(3, clients=1, per=1, target='/download', day=25) + hour(10, day=25), '2025-11-25T11:30:00Z')
    after = told(now='2025-11-25T11:30:00Z')
    equal(after['points'][:8], before['points'])
    equal([counted('--since', f'2025-11-25T{n:02}:00:00Z', '--until', f'2025-11-25T{n + 1:02}:00:00Z') for n in (3, 9)], [24, 25])
    piped(day(range(11, 24), day=25) + hour(0, day=26), '2025-11-26T01:30:00Z')
    got = told(now='2025-11-26T01:30:00Z')
    equal([d['requests'] for d in got['days']], [24 * 24 + 1])
    equal(sum(p['requests'] for p in got['points'] if p['since'][:10] == '2025-11-25'), 24 * 24 + 1)
    equal(got['points'][:8], before['points'])


def test_counting_again_by_a_clock_that_was_set_back():
    """Hours go back where their lines say: those of the running day that were shown are put aside before."""
    now = '2025-11-25T11:30:00Z'
    piped(day(range(10), day=25), '2025-11-25T10:30:00Z')
    piped(hour(3, clients=1, per=1, day=25) + hour(10, day=25) + hour(11, day=25), now)
    before = told(now=now)
    cretula('stats', '--store', 'store', '--rebuild', env={'CRETULA_CLOCK': '2025-11-24T12:00:00Z'}, code=0)
    equal(counted('--since', '2025-11-25T03:00:00Z', '--until', '2025-11-25T04:00:00Z'), 25)
    after = told(now=now)
    equal(after['points'][:len(before['points'])], before['points'])


def test_what_could_not_be_counted_in_time():
    """It is late as it would have been then, whoever counts it."""
    now = '2025-11-25T11:30:00Z'
    for way in ('rebuild', 'pipe'):
        piped(day(range(10), day=25), '2025-11-25T10:30:00Z')
        before = told(now=now)
        with contextlib.closing(sqlite3.connect('store/stats.db', isolation_level=None)) as db:
            db.execute('BEGIN IMMEDIATE')
            piped(hour(3, clients=1, per=1, day=25) + hour(10, day=25), now)
            db.execute('ROLLBACK')
        equal(counted(), 10 * 24)
        if way == 'rebuild':
            cretula('stats', '--store', 'store', '--rebuild', env={'CRETULA_CLOCK': now}, code=0)
        else:
            piped(hour(11, clients=1, per=1, day=25), now)
        equal(counted(), 11 * 24 + (1 if way == 'rebuild' else 2), way)
        equal(told(now=now)['points'][:len(before['points'])], before['points'], way)
        shutil.rmtree('store')
        shutil.rmtree('store.keys')


def test_an_erasure_of_what_could_not_be_counted_in_time():
    """It is counted before anything is taken back, and is late all the same: of the running day, and of one that is over."""
    now = '2025-11-25T11:30:00Z'
    piped(day() + day(range(10), day=25), '2025-11-25T10:30:00Z')
    before = told(now=now)
    with contextlib.closing(sqlite3.connect('store/stats.db', isolation_level=None)) as db:
        db.execute('BEGIN IMMEDIATE')
        piped(hour(5, clients=1, per=1, target='/secret') + hour(3, clients=1, per=1, day=25) + hour(10, day=25), now)
        db.execute('ROLLBACK')
    equal(counted(), 34 * 24)
    cretula('subject', 'erase', *SHOP, '--reason', 'Art. 17', '--record', '700', env={'CRETULA_CLOCK': now}, code=0)
    equal(counted(), 34 * 24 + 25)
    after = told(now=now)
    equal((after['days'], after['points'][:len(before['points'])]), (before['days'], before['points']))


def test_an_erasure_of_what_was_counted_in_another_hour():
    """It goes from the hour that it was moved to, though the one that it says has more of the same minute."""
    now = '2025-11-25T11:30:00Z'
    piped(day(range(10), day=25), '2025-11-25T10:30:00Z')
    piped(hour(3, clients=1, per=1, day=25) + hour(10, day=25), now)
    before = told(now=now)
    cretula('subject', 'erase', *SHOP, '--reason', 'Art. 17', '--record', '240', env={'CRETULA_CLOCK': now}, code=0)
    equal([counted('--since', f'2025-11-25T{n:02}:00:00Z', '--until', f'2025-11-25T{n + 1:02}:00:00Z') for n in (3, 9, 10)], [24, 24, 24])
    equal(told(now=now)['points'][:len(before['points'])], before['points'])


def test_an_erasure_or_a_count_that_died():
    """All is counted again, into the hours that it had; what comes then is late all the same."""
    now = '2025-11-25T11:30:00Z'
    doubt = 'UPDATE stream SET segment=0,records=7'
    begun = 'DELETE FROM total; DELETE FROM cells; UPDATE stream SET segment=1,records=0; INSERT INTO total VALUES (1,-1,0,0,0,0,0,0,0,0)'
    for way in (doubt, begun):
        piped(day(range(10), day=25), '2025-11-25T10:30:00Z')
        before = told(now=now)
        with contextlib.closing(sqlite3.connect('store/stats.db', isolation_level=None)) as db:
            db.executescript(way)
        piped(hour(3, clients=1, per=1, day=25) + hour(10, day=25), now)
        equal([counted('--since', f'2025-11-25T{n:02}:00:00Z', '--until', f'2025-11-25T{n + 1:02}:00:00Z') for n in (3, 8, 9)], [24, 24, 25], way)
        if way == doubt:  # the other one has removed who was seen, too
            equal(told(now=now)['points'][:len(before['points'])], before['points'])
        shutil.rmtree('store')
        shutil.rmtree('store.keys')


def test_a_stream_that_has_ended():
    """After ten days the hour and the day that it broke off in are shown as they are."""
    bring('log', day(range(6)), '2025-11-24T05:30:00Z')
    equal((requests(now='2025-12-03T00:00:00Z'), told(now='2025-12-03T00:00:00Z')['days']), (4 * 24, []))
    got = told(now='2025-12-05T02:00:00Z')
    equal(([d['requests'] for d in got['days']], got['total']['requests']), ([6 * 24], 6 * 24))


if __name__ == '__main__':
    main()
