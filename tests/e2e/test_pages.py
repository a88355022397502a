"""serve: pages of records, in the order in which they came and the newest first: the same ones, whatever comes meanwhile."""
import contextlib
import json
import os
import signal
import subprocess
import urllib.parse

from lib import CRETULA, combined, cretula, equal, main, open_lines, read, records, wait_for, write
from test_person import approve, do, imported, request
from test_serve import Server

N = 200  # records of a segment
ERASED = (0, 60, N - 1, N, 2 * N - 1)


def lines(first, past):
    return ''.join(combined(n % 86000, client=f'203.0.113.{n % 50}', status=500 if n % 40 == 7 else 200, size=1000 + n)
                   for n in range(first, past)).encode()


@contextlib.contextmanager
def living():
    """Stream shop: two sealed segments, of which some records are erased, and an open one."""
    for number in range(2):
        write('log', lines(number * N, (number + 1) * N))
        cretula('import', '--store', 'store', '--stream', 'shop', '--format', 'combined', 'log', code=0)
    for record in ERASED:
        cretula('subject', 'erase', '--store', 'store', '--stream', 'shop', '--record', record, '--reason', 'asked', code=0)
    write('p.yaml', b'store: store\nstreams: { shop: { format: combined, retain: { detail: 36500d } } }\n')
    with subprocess.Popen([CRETULA, 'pipe', '--config', 'p.yaml', 'shop'], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL) as pipe:
        feed(pipe, 2 * N, 3 * N)
        server = Server('  few: { tier: auditor, token_hash: "sha256:%s", fields: [status] }\n' % ('0' * 64))
        yield server, pipe
        server.daemon.end()
        pipe.stdin.close()
        equal(pipe.wait(120), 0)


def feed(pipe, first, past, before=0):
    pipe.stdin.write(lines(first, past))
    pipe.stdin.flush()
    wait_for(lambda: open_lines('shop') == before + past - first, seen=lambda: open_lines('shop'))


def asked(server, order, cursor=None, ending='', **params):
    """Of a page: its records by number, its next cursor, the erased and restricted ones."""
    params = {'stream': 'shop', **params, **({'order': order} if order else {}), **({'cursor': cursor} if cursor else {})}
    status, headers, body = server.ask(f'/api/v1/records{ending}?{urllib.parse.urlencode(params)}')
    equal(status, 200, (params, body))
    if ending == '.jsonl':
        return [json.loads(line)['bytes'] - 1000 for line in body.splitlines()], headers['Cretula-Next'], 0
    if ending == '.csv':
        head, *rows = body.decode().splitlines()
        at = head.split(',').index('bytes')
        return [int(row.split(',')[at]) - 1000 for row in rows], headers['Cretula-Next'], 0
    page = json.loads(body)
    equal(page['restricted'], 0)
    return [r['bytes'] - 1000 for r in page['records']], page.get('next'), page['erased']


def paged(server, order, **params):
    """All pages, how many are erased, and the rows of each page."""
    got, cursor, erased, rows = [], None, 0, []
    while not rows or cursor:
        page, cursor, gone = asked(server, order, cursor, **params)
        got, erased = got + page, erased + gone
        rows.append(len(page))
    return got, erased, rows


def test_pages_of_both_orders():
    """Every record once, whatever the size of a page, the filter, the window and the form; an access record a page, with its rows."""
    with living() as (server, _):
        want = [n for n in range(3 * N) if n not in ERASED]
        told = [r['bytes'] - 1000 for r in cretula('view', '--store', 'store', '--stream', 'shop', '--reverse', code=0).lines]
        equal(told, want[::-1])
        rows = []
        for limit in (31, N - 2, N, 1000):
            for order in (None, 'oldest', 'newest'):
                got, erased, more = paged(server, order, limit=limit)
                equal((got, erased), (want[::-1] if order == 'newest' else want, len(ERASED)), (order, limit))
                rows += more
        for where, some in (('status == 500', [n for n in want if n % 40 == 7]), ('bytes == 1001', [1]), ('bytes == 7', [])):
            for ending in ('', '.jsonl', '.csv'):
                for limit in (2, 1000):
                    got, _, more = paged(server, 'newest', where=where, limit=limit, ending=ending)
                    equal(got, some[::-1], (where, ending, limit))
                    rows += more
        window = {'since': '2025-11-24T00:01:00Z', 'until': '2025-11-24T00:07:00Z'}
        got, erased, more = paged(server, 'newest', limit=70, **window)
        equal(got, [n for n in want if 60 <= n < 420][::-1])
        rows += more
        made = records('store', 'cretula.access')
        equal([r['extra']['rows'] for r in made], rows)
        equal({r['outcome'] for r in made}, {'success'})
        equal((made[-1]['extra']['since'], made[-1]['extra']['until']), ('2025-11-24T00:01:00.000Z', '2025-11-24T00:07:00.000Z'))


def test_a_cursor_at_every_record():
    """Where segments begin and end, before the first and behind the last one; with and without a filter."""
    with living() as (server, _):
        want = [n for n in range(3 * N) if n not in ERASED]
        for at in [*range(4), *range(58, 63), *range(N - 2, N + 3), *range(2 * N - 2, 2 * N + 3), *range(3 * N - 2, 3 * N + 3), 2 ** 64 - 1]:
            below = [n for n in want if n < at][::-1]
            page, following, _ = asked(server, 'newest', f'b{at}', limit=3)
            equal((page, following is None), (below[:3], len(below) <= 3), at)
            equal(asked(server, 'newest', f'b{at}', limit=1000, where='status == 500')[0], [n for n in below if n % 40 == 7], at)
            equal(asked(server, 'oldest', f'r{at}', limit=3)[0], [n for n in want if n >= at][:3], at)


def test_records_that_come_between_two_pages():
    """None of them is on a later page of the newest, sealed or not; the last page of the oldest has them. No record twice."""
    with living() as (server, pipe):
        want = [n for n in range(3 * N) if n not in ERASED]
        got, cursor, _ = asked(server, 'newest', limit=50)
        oldest, behind, _ = asked(server, 'oldest', limit=590)
        feed(pipe, 3 * N, 3 * N + 30, N)
        page, cursor, _ = asked(server, 'newest', cursor, limit=50)
        got += page
        pipe.send_signal(signal.SIGUSR1)  # seals what was open
        wait_for(lambda: os.path.exists('store/streams/shop/seg/00000003.jsonl.zst'))
        while cursor:
            page, cursor, _ = asked(server, 'newest', cursor, limit=50)
            got += page
        equal(got, want[::-1])
        equal(oldest + asked(server, 'oldest', behind)[0], [*want, *range(3 * N, 3 * N + 30)])
        equal(asked(server, 'newest', limit=1)[0], [3 * N + 29])


def test_what_is_no_order_or_cursor_of_it():
    """Each is 400 that names the parameter, and an access record that says so; roles see what they saw."""
    with living() as (server, _):
        rows = [('order=Newest', 'order'), ('order=down', 'order'), ('order=', 'order'), ('order=newest&cursor=r10', 'cursor'),
                ('order=oldest&cursor=b10', 'cursor'), ('cursor=b10', 'cursor'), ('order=newest&cursor=b', 'cursor'),
                ('order=newest&cursor=b-1', 'cursor'), ('order=newest&cursor=10', 'cursor'), ('order=newest&cursor=b18446744073709551616', 'cursor'),
                ('order=newest&cursor=B10', 'cursor'), ('order=newest&cursor=b1.0', 'cursor'), ('order=newest&cursor=b10r10', 'cursor')]
        for query, parameter in rows:
            status, _, body = server.ask('/api/v1/records?stream=shop&' + query)
            problem = json.loads(body)
            equal((status, problem['code'], problem['parameter']), (400, 'parameter', parameter), query)
        equal(server.ask('/api/v1/records?stream=shop&order=newest&order=newest')[0], 400)
        equal(server.ask('/api/v1/tail?stream=shop&order=newest')[0], 400)
        for role in ('sales', 'world', 'audit'):
            equal(server.ask('/api/v1/records?stream=shop&order=newest', role)[0], 403, role)
        equal(server.ask('/api/v1/records?stream=shop&order=newest', None)[0], 401)
        made = records('store', 'cretula.access')
        equal([(r['action'], r['outcome']) for r in made], [(r, 'failure') for r in ['records'] * (len(rows) + 1) + ['tail'] + ['records'] * 3])


def test_what_a_page_does_not_need_is_not_read():
    """A segment behind the cursor may be as damaged as it likes, in either order."""
    with living() as (server, _):
        name = [f'store/streams/shop/seg/{n}' for n in sorted(os.listdir('store/streams/shop/seg')) if '.jsonl' in n]
        good = [read(file) for file in name]
        for number, good_ones in ((0, [('newest', None), ('newest', f'b{2 * N}'), ('oldest', f'r{N}'), ('oldest', f'r{2 * N}')]),
                                  (1, [('oldest', None), ('newest', None), ('newest', f'b{N}'), ('oldest', f'r{2 * N}')])):
            os.chmod(name[number], 0o640)
            write(name[number], b'nothing')
            for order, cursor in good_ones:
                equal(len(asked(server, order, cursor, limit=20)[0]), 20)
            for order, cursor in (('newest', f'b{(number + 1) * N}'), ('oldest', f'r{number * N}')):
                target = f'/api/v1/records?stream=shop&order={order}&cursor={cursor}'
                equal((server.ask(target)[0], json.loads(server.ask(target)[2])['code']), (503, 'store'))
            write(name[number], good[number])


def test_what_is_restricted_is_said_in_both_orders():
    """Who has no keys is told how many are left out."""
    imported('s')
    request('restrict', file='r1')
    approve('a', 'b', file='r1')
    do('restrict', file='r1')
    server = Server('streams: { s: { format: combined } }\n')
    for order in ('oldest', 'newest'):
        status, _, body = server.ask('/api/v1/records?stream=s&order=' + order)
        got = json.loads(body)
        equal((status, got['records'], got['restricted'], 'next' in got), (200, [], 3000, False))
    server.daemon.end()


main()
