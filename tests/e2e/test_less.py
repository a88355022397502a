"""An erasure takes back what was counted of the records, and what is left is what a count of all segments gives."""
import contextlib
import glob
import os
import random
import shutil
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor

import packs
from lib import Skip, combined, cretula, equal, is_testing_build, main, read, write

TABLES = 'total', 'cell', 'seen', 'uniq', 'stream'


def rows(*sql):
    """What is counted; of one question, or of each."""
    with contextlib.closing(packs.open('store/stats.db')) as db:
        found = [db.execute(one).fetchall() for one in sql]
    return found if len(found) > 1 else found[0]


def change(sql):
    with contextlib.closing(sqlite3.connect('store/stats.db', isolation_level=None)) as db:
        db.execute(sql)


def dump():
    return dict(zip(TABLES, rows(*(f'SELECT * FROM {name}' for name in TABLES))))


def log(rng, lines, hours, statuses=300):
    """Of the days around the end of a week and a month, at any time of these hours; more statuses than are kept of a period."""
    out = []
    for _ in range(lines):
        day, second = divmod(rng.choice(hours) * 3600 + rng.randrange(3600), 86400)
        line = combined(second, client=f'198.51.{rng.randrange(40)}.9', status=100 + int(statuses * rng.random() ** 2), size=rng.randrange(9000),
                        target=f'/p/{rng.randrange(50)}', agent=rng.choice(['curl/8.0', 'Mozilla/5.0 (X11; Linux x86_64) Firefox/128.0', 'Googlebot/2.1']))
        out.append(line.replace('24/Nov/2025', ['29/Nov/2025', '30/Nov/2025', '01/Dec/2025', '02/Dec/2025'][day]))
    return ''.join(out).encode()


def bring(name, data, stream='s'):
    write(name, data)
    cretula('import', '--store', 'store', '--stream', stream, '--format', 'apache-combined', '--no-verify', name, code=0)


def make(rng):
    """Segments whose hours overlap, one of them of the past, in two streams."""
    for n, hours in enumerate([range(20, 50), range(40, 52), [30, 31, 70, 71], [30, 47, 48, 49], range(3)]):
        bring(f'log{n}', log(rng, 700 if n < 4 else 40, list(hours)))
        if n < 2:
            bring(f't{n}', log(rng, 300, list(hours)), stream='t')


def erase(*which, code=0, **more):
    return cretula('subject', 'erase', '--store', 'store', '--stream', 's', '--reason', 'Art. 17', *which, code=code, **more)


def plant():
    """What no record says, and only a count of all takes away."""
    change("INSERT INTO total SELECT id,0,5,0,1,2,3,0,0,0 FROM stream WHERE name='s'")


def planted():
    return rows('SELECT count(*) FROM total WHERE period=0 AND idx=5')[0][0]


def as_counted_again():
    before = dump()
    assert before['total'] and before['cell'] and before['seen']
    cretula('stats', '--store', 'store', '--rebuild', code=0)
    after = dump()
    for name, there in before.items():
        equal((name, sorted(set(there) ^ set(after[name]))[:20]), (name, []))


def test_what_is_left_is_what_a_count_of_all_gives():
    """Few records and many, the first ones of full periods, a whole segment, every record of a value."""
    rng = random.Random(20)
    make(rng)
    assert rows("SELECT count(*) FROM cell WHERE dim=2 AND other=1 AND period=1")[0][0] > 5
    assert rows("SELECT count(*) FROM cell WHERE dim=2 AND other=1 AND period>1")[0][0] > 5
    cretula('view', '--store', 'store', '--stream', 's', '--where', 'status == 99', code=0)  # notes what frames hold
    for which in (['--record', ','.join(str(n) for n in rng.sample(range(2840), 3))],
                  ['--record', '0-39'],  # the first ones
                  ['--where', 'status == 101'],
                  ['--where', 'path == "/p/7"', '--since', '2025-11-30T00:00:00Z'],
                  ['--record', ','.join(str(n) for n in rng.sample(range(2000), 60))],
                  ['--record', '700-1399'],
                  ['--record', '2800-2839']):
        plant()
        out = erase(*which)
        equal(out.err, '')
        equal(planted(), 1, which)
        change('DELETE FROM total WHERE period=0 AND idx=5')
        as_counted_again()
        cretula('verify', '--store', 'store', code=0)


def test_what_was_not_counted_yet_is_counted_first():
    """A stats.db of before the last import: the erasure counts that, and what it takes away is not in it."""
    rng = random.Random(3)
    bring('a', log(rng, 300, range(20, 30)))
    shutil.copyfile('store/stats.db', 'old')
    bring('b', log(rng, 300, range(25, 35)))
    shutil.rmtree('store/skip', ignore_errors=True)
    for name in ('stats.db-wal', 'stats.db-shm'):
        write(f'store/{name}', b'')
    shutil.copyfile('old', 'store/stats.db')
    erase('--record', '10-20,310-330')
    equal(rows("SELECT sum(requests) FROM total WHERE period=4 AND apart=0"), [(568,)])
    as_counted_again()


def test_a_crash_between_is_counted_again():
    """Wherever it dies, the next one that writes the stream brings the counts to what the records are."""
    if not is_testing_build():
        raise Skip('not a testing build')
    rng = random.Random(4)
    bring('a', log(rng, 200, range(20, 24)))
    bring('b', log(rng, 200, range(22, 26)))
    shutil.copytree('store', 'before')
    shutil.copytree('store.keys', 'before.keys')
    write('c', log(rng, 9, range(22, 23)))
    done, doubted = False, 0
    for n in range(1, 400, 9):
        for name in ('store', 'store.keys'):
            shutil.rmtree(name)
            shutil.copytree(name.replace('store', 'before'), name)
        done = erase('--record', '5-9,205-250', code=None, env={'CRETULA_FAULT': str(n)}).code == 0
        if done:
            break
        doubted += rows("SELECT segment FROM stream")[0][0] == 0
        bring('c', log(rng, 9, range(22, 23)))
        equal(rows("SELECT segment,records FROM stream"), [(4, 0)])
        as_counted_again()
    assert done and doubted > 0, (done, doubted)


def test_who_counts_meanwhile_is_not_counted_twice():
    """The erasure waits for the file; a daemon's commit of what is open comes first, and is not taken for what the erasure knows."""
    rng, late = random.Random(8), True
    while late:  # this process was too slow: the erasure may have given up
        for name in ('store', 'store.keys'):
            shutil.rmtree(name, ignore_errors=True)
        bring('a', log(rng, 100, range(20, 24)))
        plant()
        db = sqlite3.connect('store/stats.db', isolation_level=None)
        db.execute('BEGIN IMMEDIATE')
        with ThreadPoolExecutor(1) as pool:
            begun = time.monotonic()
            erasure = pool.submit(erase, '--record', '5-9', code=None)
            time.sleep(2)  # it waits as long as 5
            db.execute('UPDATE stream SET records=7')
            db.execute('COMMIT')
            db.close()
            late = time.monotonic() - begun > 5
    equal((erasure.result().code, erasure.result().err), (0, ''))
    equal(planted(), 0)
    as_counted_again()


def test_a_count_of_all_that_did_not_end_leaves_no_value():
    """A value that only erased records had goes, though it was two counts that came to the last segment."""
    rng = random.Random(7)
    bring('a', log(rng, 50, range(20, 24)))
    bring('b', log(rng, 50, range(20, 24)) + combined(7, client='198.51.7.7', status=599).encode())
    shutil.copyfile('store/stats.db', 'old')
    erase('--where', 'status == 599')
    for name in ('stats.db-wal', 'stats.db-shm'):
        write(f'store/{name}', b'')
    shutil.copyfile('old', 'store/stats.db')
    change('UPDATE stream SET segment=0, records=5')  # it died behind the last of them
    left = "SELECT count(*) FROM seen WHERE key='599'"
    assert rows(left)[0][0] > 0
    segment, = (path for path in glob.glob('store/streams/s/seg/00000002*.jsonl.zst'))
    os.rename(segment, 'away')
    bring('c', log(rng, 9, range(20, 24)))
    equal(rows('SELECT segment,records FROM stream'), [(2, 0)])
    os.rename('away', segment)
    bring('d', log(rng, 9, range(20, 24)))
    equal(rows('SELECT segment,records FROM stream'), [(5, 0)])
    equal(rows(left), [(0,)])
    assert b'599' not in read('store/stats.db')
    equal(rows('SELECT count(*) FROM total WHERE period<0'), [(0,)])


def test_who_reads_meanwhile_is_waited_for_by_the_next():
    """As long as somebody reads what was there, the log of SQLite keeps it: who counts next takes it away."""
    rng = random.Random(8)
    bring('a', log(rng, 50, range(20, 24)) + combined(7, client='198.51.7.7', status=599).encode())
    reader = sqlite3.connect('store/stats.db', isolation_level=None)
    reader.execute('BEGIN')
    reader.execute('SELECT count(*) FROM cells').fetchone()
    erase('--where', 'status == 599')
    equal(rows('SELECT count(*) FROM total WHERE period<0'), [(1,)])
    reader.close()
    bring('b', log(rng, 9, range(20, 24)))
    equal(rows('SELECT count(*) FROM total WHERE period<0'), [(0,)])
    assert not os.path.exists('store/stats.db-wal') or b'599' not in read('store/stats.db-wal')
    assert b'599' not in read('store/stats.db')


def test_a_pruned_stream_keeps_its_counts():
    """Where segments were pruned their counts would be lost: nothing is taken back, and the erasure says so."""
    write('c.yaml', b'store: store\nstreams: {s: {format: apache-combined, retain: {detail: 30d}}}\n')
    bring('a', log(random.Random(5), 100, range(20, 24)))
    bring('b', log(random.Random(6), 100, range(22, 26)).replace(b'/2025', b'/2035'))
    cretula('retain', '--store', 'store', '--config', 'c.yaml', code=0)
    before = rows('SELECT * FROM total', 'SELECT * FROM cell')
    assert 'stats --rebuild' in erase('--record', '100-110').err
    equal(rows('SELECT * FROM total', 'SELECT * FROM cell'), before)


main()
