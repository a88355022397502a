"""Who sees what: roles of the configuration, at the commands that show records."""
import collections
import datetime
import html.parser
import json
import os
import random
import re

import packs
from lib import combined, cretula, equal, main, read, write
from test_serve import Server, hash_of

LINES = b''.join(
    b'203.0.113.%d - erika [24/Nov/2025:10:11:%02d +0000] "GET /index.html HTTP/1.1" %d 512 "-" "curl/8.5.0"\n'
    % (i, i, 200 + i * 100 % 400) for i in range(20))
ROLES = """
roles:
  support: { tier: developer, fields: [status, path, method], streams: [shop] }
  reviser: { tier: auditor, fields: [event, status] }
  analyst: { tier: analyst, k: 12 }
  other: { tier: developer, streams: [elsewhere] }
"""
SHOP = ['--store', 'store', '--stream', 'shop']


def ready():
    write('log', LINES)
    write('roles.yaml', ROLES.encode())
    cretula('import', *SHOP, '--format', 'combined', 'log', code=0)


def shown(command, role, *options):
    return cretula(command, *SHOP, '--config', 'roles.yaml', '--role', role, *options, code=0).out.decode()


def test_a_role_shows_its_fields_only():
    """In every form, of both commands; a filter on another field is refused, and so is a stream of others."""
    ready()
    for command in ('view', 'tail'):
        lines = [json.loads(line) for line in shown(command, 'support', '--as', 'json').splitlines()]
        equal({key for line in lines for key in line}, {'time', 'method', 'path', 'status'}, command)
        lines = [json.loads(line) for line in shown(command, 'reviser', '--as', 'json').splitlines()]
        equal({key for line in lines for key in line}, {'time', 'event', 'status'}, command)
        for form in ('json', 'text', 'combined', 'ecs', 'otel') + (('csv',) if command == 'view' else ()):
            text = shown(command, 'support', '--as', form)
            assert 'index.html' in text, (command, form)
            assert 'ip.' not in text and 'us.' not in text and 'curl' not in text, (command, form, text)
        equal(len(shown(command, 'support', '--as', 'json', '--where', 'status >= 500').splitlines()), 5)
        for where in ('user == us.abc', 'status == 200 || client ^= ip.a', '!(agent == curl)'):
            run = cretula(command, *SHOP, '--config', 'roles.yaml', '--role', 'support', '--where', where, code=2)
            assert 'role support does not see' in run.err, run.err
        for role in ('analyst', 'public', 'auditor', 'other', 'nobody'):
            run = cretula(command, *SHOP, '--config', 'roles.yaml', '--role', role, code=2)
            equal(run.out, b'')


def names_in(value):
    """Of all members, however deep."""
    if isinstance(value, dict):
        return set(value).union(*map(names_in, value.values()))
    return set().union(*map(names_in, value)) if isinstance(value, list) else set()


def test_figures_of_a_role_are_of_its_fields():
    """Errors are of statuses, robots, bytes and subjects of fields as well: who does not see those is told requests, as by the dashboard."""
    ready()
    write('few.yaml', b'roles: { pages: { tier: developer, fields: [path] }, states: { tier: auditor, fields: [status] } }\n')

    def told(role, *options):
        return cretula('stats', *SHOP, '--config', 'few.yaml', '--role', role, *options, code=0)

    names = {'status', 'errors_4xx', 'errors_5xx', 'error_bursts', 'bots', 'request_bytes', 'subjects', 'subjects_over', 'uniques', 'latency_us'}
    for role, sees in (('pages', set()), ('states', {'status', 'errors_4xx', 'errors_5xx', 'error_bursts'})):
        got = told(role, '--json').json
        equal(names & names_in(got), sees, role)
        equal((got['traffic']['total']['requests'], names_in(got['traffic']) & {'bytes'}), (20, set()))
        text = told(role).text
        equal(('errors' in text, '5xx' in text), (bool(sees), bool(sees)), text)
        assert not re.search('robots|bytes sent|subjects|latency', text), text
        fields = told(role, '--csv', 'hour').text.splitlines()[1].split(',')[1:]
        equal(fields, ['20', '', *(['5', '5'] if sees else ['', '']), '', ''], role)
    equal(told('pages', '--csv', 'path').text.splitlines()[1], '"/index.html",0,20,,,')
    assert 'path words' in told('pages', '--words').text
    for role, options in (('states', ['--words']), ('states', ['--csv', 'path']), ('pages', ['--csv', 'latency']), ('pages', ['--rebuild'])):
        equal(cretula('stats', *SHOP, '--config', 'few.yaml', '--role', role, *options, code=2).out, b'')
    assert names - {'subjects_over'} <= names_in(cretula('stats', *SHOP, '--json', code=0).json), 'who sees all'


def test_what_entries_count_is_of_every_field():
    """Values masked by class and reasons of lines: for who sees all, and auditors; in no form, and at no window, for who sees some fields."""
    write('log', LINES + b'nonsense\n')
    write('few.yaml', b'roles: { some: { tier: developer, fields: [path, status, client, user] }, all: { tier: developer },'
                      b' pages: { tier: auditor, fields: [path] }, few: { tier: analyst, fields: [path] } }\n')
    cretula('import', *SHOP, '--format', 'combined', 'log', code=0)
    for role, sees in (('some', False), ('all', True), ('pages', True), ('developer', True), ('few', False), ('analyst', False), ('public', False)):
        def told(*options, code=0):
            return cretula('stats', *SHOP, '--config', 'few.yaml', '--role', role, *options, code=code)

        equal({'masked', 'reasons'} & names_in(told('--json').json), {'masked', 'reasons'} if sees else set(), role)
        text = told().text
        equal([word in text for word in ('masked values', 'ip.peer', 'user.auth', 'grammar')], [sees] * 4, (role, text))
        assert 'masked' not in told('--since', '2025-11-24T00:00:00Z').text, role
    got = cretula('stats', *SHOP, '--json', code=0).json
    equal((got['masked']['ip.peer'], got['reasons'], got['lines']), (20, {'grammar': 1}, 21))


def test_a_role_without_a_configuration_is_its_tier():
    """Custom roles are unknown, the tiers are not; a bad configuration is told, not passed over."""
    ready()
    equal(len(cretula('view', *SHOP, '--role', 'developer', code=0).out.splitlines()), 20)
    for role in ('support', 'analyst', 'public', 'auditor'):
        equal(cretula('view', *SHOP, '--role', role, code=2).out, b'')
    write('bad.yaml', b'roles: { support: { tier: analyst, k: 3 } }\n')
    run = cretula('view', *SHOP, '--role', 'support', '--config', 'bad.yaml', code=78)
    assert 'k must be a whole number from 10 to 20' in run.err and '^' in run.err, run.err


# ---- counts ----

NOW = {'CRETULA_CLOCK': '2025-11-29T12:00:00Z'}
PATHS, STATUSES, AGENTS = ['/', '/a', '/<i>&"', '/b', '/rare'], ['200', '304', '404', '500'], ['Firefox', 'curl']


def made_up(seed=1):
    """Requests of some days, one of them quiet: (time, who, path, status, agent, bytes)."""
    rnd, found = random.Random(seed), []
    for day in range(24, 29):
        for hour in range(24):
            for _ in range(rnd.randint(0, 2 if day == 26 else 8 if hour < 6 else 90)):
                who = rnd.randint(0, 6 if day == 26 else 200)
                path = rnd.choices(PATHS, [50, 20, 20, 9, 1])[0]
                status = rnd.choices(STATUSES, [80, 10, 9, 1])[0]
                found.append((datetime.datetime(2025, 11, day, hour, tzinfo=datetime.timezone.utc), who, path, status,
                              rnd.choice(AGENTS), rnd.randint(1, 999)))
    return found


def counted(requests):
    """STORE/stats.db as docs/format.md has it, of these requests."""
    for name in ('store/stats.db', 'store/stats.db-wal', 'store/stats.db-shm'):
        if os.path.exists(name):
            os.unlink(name)
    cretula('stats', '--store', 'store', '--rebuild', code=0)  # makes its tables
    db = packs.open('store/stats.db')
    for table in 'stream', 'shown', 'total', 'cell', 'seen', 'epoch', 'uniq':
        db.execute(f'DELETE FROM {table}')
    db.execute("INSERT INTO stream VALUES(1,'shop',1,0)")
    db.execute('INSERT INTO shown VALUES(1,?,0,0,0)', (int(datetime.datetime(2025, 11, 29, tzinfo=datetime.timezone.utc).timestamp()) // 3600,))
    cells = collections.defaultdict(lambda: [0, 0, set()])
    for time, who, path, status, agent, size in requests:
        second = int(time.timestamp())
        for period, index in ((1, second // 3600), (2, second // 86400)):
            for dim, key in ((0, ''), (1, path), (2, status), (4, agent)):
                cell = cells[period, dim, index, key]
                cell[0] += 1
                cell[1] += size
                cell[2].add(who)
    for (period, dim, index, key), (n, size, who) in cells.items():
        db.execute('INSERT INTO cell VALUES(1,?,?,?,0,0,?,?,0,?)', (period, dim, index, key, n, size))
        db.execute('INSERT INTO seen VALUES(1,?,?,?,0,?,1,?,NULL)', (period, dim, index, key, min(len(who), 21)))
        if (period, dim) == (2, 0):
            db.execute('INSERT INTO uniq VALUES(1,2,?,1,?,NULL)', (index, len(who)))
    packs.write(db, 'store/stats.db')
    db.close()


def stats(role, *options):
    return cretula('stats', *SHOP, '--role', role, '--json', *options, env=NOW, code=0).json


def by_day(requests, of):
    """{day: {key: (requests, subjects)}}"""
    days = collections.defaultdict(lambda: collections.defaultdict(lambda: [0, set()]))
    for request in requests:
        cell = days[request[0].date().isoformat()][of(request)]
        cell[0] += 1
        cell[1].add(request[1])
    return {day: {key: (n, len(who)) for key, (n, who) in keys.items()} for day, keys in days.items()}


def check_sums(got, k, ten=1):
    """Every table adds up to the days, the points to the total; nothing under k is told."""
    days = sum(day['requests'] for day in got['days'] if not isinstance(day['requests'], str))
    equal(sum(p['requests'] for p in got['points']), got['total']['requests'])
    for name, table in got['tables'].items():
        parts = sum(row['requests'] for row in table['rows']) + table['other']['requests']
        equal((parts, parts), (table['total']['requests'], days), name)
        assert all(row['requests'] >= k and row['requests'] % ten == 0 for row in table['rows']), table
    return days


def test_analysts_see_cells_of_ten():
    """What Python says of each day with its subjects, the smallest shown cell and the quiet day left out."""
    ready()
    requests = made_up()
    counted(requests)
    got = stats('analyst')
    days = check_sums(got, 10)
    alone, paths = by_day(requests, lambda r: ''), by_day(requests, lambda r: r[2])
    equal([(d['day'][:10], d['requests'] if d['requests'] != '<10' else None) for d in got['days']],
          [(day, cells[''][0] if cells[''][1] >= 10 else None) for day, cells in sorted(alone.items())])
    assert any(d['requests'] == '<10' for d in got['days']), got['days']
    equal(days, got['total']['requests'], 'each block of hours is in its day')
    want = collections.Counter()
    for day, cells in paths.items():
        shown = {key: n for key, (n, subjects) in cells.items() if subjects >= 10}
        if alone[day][''][1] < 10:
            continue
        if len(shown) < len(cells) and shown:
            del shown[min(shown, key=lambda key: (shown[key], key))]
        want.update(shown)
    equal({row['key']: row['requests'] for row in got['tables']['paths']['rows']}, dict(want))
    equal(got['tables']['countries']['rows'], [])
    for point in got['points']:
        inside = [r for r in requests if point['since'][:13] <= r[0].strftime('%Y-%m-%dT%H') < point['until'][:13]]
        equal(point['requests'], len(inside))
        assert len({r[1] for r in inside}) >= 10, point
    text = cretula('stats', *SHOP, '--role', 'analyst', env=NOW, code=0).text
    assert '<10' in text and 'other' in text and not re.search('[\x00-\x09\x0b-\x1f]', text), text
    shares = re.findall(r'([\d.]+) %', text.split('\nby day ')[1].split('\n\n')[0])
    assert len(shares) > 1 and abs(sum(map(float, shares)) - 100) < 0.06 * len(shares), f'not of all requests: {text}'


def test_counts_fit_a_terminal():
    """Hours of a day or two, days of more, each with its bar; no line is wider than 80 characters."""
    ready()
    counted(made_up())
    for role, options, hours in (('analyst', [], 0), ('analyst', ['--since', '2025-11-27T00:00:00Z'], 48), ('public', [], 0)):
        text = cretula('stats', *SHOP, '--role', role, *options, env=NOW, code=0).text
        assert max(map(len, text.splitlines())) <= 80, text
        assert ('\nHours: --json has all' in text) == (role == 'analyst' and hours == 0), text
        equal(len(re.findall(r'^  2025-11-2\dT\d\d:00 +\d h .*\u2588', text, re.MULTILINE)) > 0, hours > 0, text)
        days = re.findall(r'^  (2025-11-2\d) +([\d,]+) +[\d.]+ % +([\d,]+)  \S+$', text, re.MULTILINE)
        told = [(d['day'][:10], f"{d['requests']:,}", f"{d['uniques']:,}") for d in stats(role, *options)['days']
                if isinstance(d['requests'], int)]
        equal(days, told)
        assert '\ncountries' in text and '\n  none can be shown\n' in text.split('\ncountries')[1], text


def test_what_has_no_status_is_no_request():
    """Logins are events, on the published page too, and braces are told of where there are some."""
    ready()
    counted([(time, who, '', '', '', 0) for time, who, *_ in made_up()])
    db = packs.open('store/stats.db')
    for table in 'cell', 'seen':
        db.execute(f"DELETE FROM {table} WHERE dim IN (1,2,4)")
    packs.write(db, 'store/stats.db')
    db.close()
    for role in 'analyst', 'public':
        text = cretula('stats', *SHOP, '--role', role, env=NOW, code=0).text
        assert ' events\n' in text and 'requests' not in text, text
    cretula('publish', *SHOP, '--out', 'pages', env=NOW, code=0)
    text = Page(read('pages/index.html').decode()).text
    assert ' events from' in text and 'requests' not in text and 'braces' not in text, text


def test_too_few_are_not_none():
    """A window of fewer than k is not said to have no requests."""
    ready()
    counted([r for r in made_up() if r[1] == 1][:3])
    text = cretula('stats', *SHOP, '--role', 'public', env=NOW, code=0).text
    assert 'UTC, requests <20\n' in text and '0 requests' not in text and '\nrequests\n' not in text, text


def test_the_public_sees_tens_of_whole_days():
    """Days only, k of 20, rounded; the same question has the same answer; the running day is not there."""
    ready()
    counted(made_up())
    got = stats('public')
    check_sums(got, 20, 10)
    assert all(point['since'].endswith('T00:00:00.000Z') and 'bytes' not in point for point in got['points']), got
    equal(got, stats('public'))
    early = cretula('stats', *SHOP, '--role', 'public', '--json', env={'CRETULA_CLOCK': '2025-11-25T23:59:00Z'}, code=0).json
    equal([d['day'][:10] for d in early['days']], ['2025-11-24'])
    equal(early['points'], got['points'][:1])
    window = stats('public', '--since', '2025-11-24T00:00:01Z', '--until', '2025-11-27T23:00:00Z')
    equal([d['day'][:10] for d in window['days']], ['2025-11-25', '2025-11-26'])
    write('roles.yaml', b'roles: { few: { tier: analyst, k: 15, fields: [agent] }, all: { tier: public } }\n')
    few = stats('few', '--config', 'roles.yaml')
    equal((few['k'], list(few['tables'])), (15, ['agents']))
    check_sums(few, 15)
    equal(stats('all', '--config', 'roles.yaml'), got)


def test_what_a_role_may_not_ask():
    """Refused, and nothing is printed."""
    ready()
    for role, options in (('analyst', ['--words']), ('public', ['--rebuild']), ('analyst', ['--csv', 'path']), ('auditor', []), ('analyst', ['--since', 'now'])):
        equal(cretula('stats', *SHOP, '--role', role, *options, code=2).out, b'', role)
    for name in os.listdir('store'):  # nothing is counted
        if name.startswith('stats.db'):
            os.unlink(f'store/{name}')
    equal(cretula('stats', *SHOP, '--role', 'analyst', code=66).out, b'')
    equal(cretula('publish', *SHOP, '--out', 'pages', '--role', 'analyst', code=2).out, b'')
    equal(cretula('publish', *SHOP, code=2).out, b'')
    assert not os.path.exists('pages')


# ---- somebody who asks for everything, and subtracts ----

TIERS = {'a': ('analyst', 10), 'f': ('analyst', 15), 'p': ('public', 20)}
DIMENSIONS = {'paths': 2, 'statuses': 3, 'agents': 4}
DAYS = [f'2025-11-{day}' for day in range(24, 29)]


class World:
    """Who did what, and what of it is in hours, and in cells of a day."""

    def __init__(self, requests):
        self.hours = collections.defaultdict(lambda: [0, set()])
        self.cells = collections.defaultdict(lambda: collections.defaultdict(lambda: [0, set()]))
        for r in requests:
            for cell in (self.hours[r[0]], *(self.cells[r[0].date().isoformat(), name][r[column]] for name, column in DIMENSIONS.items())):
                cell[0] += 1
                cell[1].add(r[1])

    def between(self, since, until):
        """(requests, subjects)"""
        found = [self.hours[hour] for hour in sorted(self.hours) if since <= hour < until]
        return sum(n for n, _ in found), len(set().union(*(who for _, who in found)))


def time_of(text):
    return datetime.datetime.fromisoformat(text.replace('Z', '+00:00'))


def check_times(told, world):
    """What is between two ends that sums are told of, whichever way they hang together, is of k subjects, or nothing."""
    ends = {end: {end} for interval in told for end in interval}
    for since, until in told:
        both = ends[since] | ends[until]
        for end in both:
            ends[end] = both
    groups = {id(group): sorted(group) for group in ends.values()}.values()
    for group in groups:
        for since, until in zip(group, group[1:]):  # and so of all that is longer
            requests, subjects = world.between(since, until)
            assert requests == 0 or subjects >= 10, (since, until, requests)
    assert max(map(len, groups)) > 20, groups


def check_tables(get, letter, world, days, whole):
    """Rows and other are the total, which is the day's; each is of k; fewer rows are the same rows; weeks are sums of days.  {(day, name): keys}"""
    k, keys, sums = TIERS[letter][1], {}, collections.Counter()
    for name in DIMENSIONS:
        for day in DAYS:
            table = get(f'top/{name}', f'window=day&at={day}')
            shown = {row['key']: row['requests'] for row in table['rows']}
            keys[day, name] = set(shown)
            if days[day] is None:
                equal((shown, table['total']['requests']), ({}, f'<{k}'), (day, name))
                continue
            equal((sum(shown.values()) + table['other']['requests'], table['total']['requests']), (days[day], days[day]), (letter, day, name))
            cells = world.cells[day, name]
            assert all(len(cells[key][1]) >= k for key in shown), (letter, day, name, shown)
            rest = set().union(*(who for key, (_, who) in cells.items() if key not in shown))
            assert not rest or len(rest) >= k, (letter, day, name)
            sums.update({(name, key): n for key, n in shown.items()})
            if whole:
                one = get(f'top/{name}', f'window=day&at={day}&limit=1')
                assert {row['key']: row['requests'] for row in one['rows']}.items() <= shown.items(), one
                equal(sum(row['requests'] for row in one['rows']) + one['other']['requests'], days[day])
        week = get(f'top/{name}', 'window=week&at=2025-11-24')
        equal({row['key']: row['requests'] for row in week['rows']}, {key: n for (of, key), n in sums.items() if of == name}, (letter, name))
        equal(week['total']['requests'], sum(n for n in days.values() if n))
    return keys


def attack(server, number, requests, whole=False):
    """All roles, all windows, all tables; then all differences.  What analysts are shown: {(day, table): keys}"""
    counted(requests)
    world, told, nested = World(requests), [], []
    for letter in TIERS:
        def get(path, query, role=f'{letter}{number}'):
            status, _, body = server.ask(f'/api/v1/{path}?stream=shop&{query}', role)
            equal(status, 200, body)
            return json.loads(body)
        days = {}
        windows = [f'window=day&at={day}' for day in DAYS] + [f'window=hour&at=2025-11-24T{n:02}:30:00Z' for n in range(24) if letter == 'a' and whole]
        for got in (get('overview', window) for window in windows):
            since, until, n = time_of(got['window']['since']), time_of(got['window']['until']), got['totals']['requests']
            if got['window']['name'] == 'day':
                days[got['window']['since'][:10]] = n if isinstance(n, int) else None
            if isinstance(n, int):
                told.append((since, until))
                true = world.between(since, until)[0]
                assert n == true or letter == 'p' and n % 10 == 0 and abs(n - true) <= 10, (letter, since, n, true)
        equal([day for day, n in days.items() if n is None], ['2025-11-26'])
        for window in ('week', 'month')[:2 if letter != 'p' else 1]:
            equal(get('overview', f'window={window}&at=2025-11-24')['totals']['requests'], sum(n for n in days.values() if n), (letter, window))
        series = get('series', 'window=week&at=2025-11-24&step=day')['requests']
        equal([n for n in series if isinstance(n, int)], [n for n in days.values() if n is not None])
        nested.append(check_tables(get, letter, world, days, whole))
    for less, more in zip(nested[1:], nested):  # so what others has more is of rows that somebody sees alone
        assert all(less[place] <= more[place] for place in less)
    told += [(time_of(point['since']), time_of(point['until'])) for point in stats('analyst')['points']]
    check_times(told, world)
    return nested[0]


def test_differences_tell_of_nobody():
    """What is shown, to three roles, by hours, days and weeks, in tables; with and without one person; with k - 1 of one's own."""
    ready()
    write('c.yaml', b'')
    roles = ''.join(f'  {letter}{n}: {{ tier: {tier}, k: {k}, token_hash: "{hash_of(f"{letter}{n}" * 23)}" }}\n'
                    for letter, (tier, k) in TIERS.items() for n in range(4))
    server = Server(roles)
    server.tokens.update({f'{letter}{n}': f'{letter}{n}' * 23 for letter in TIERS for n in range(4)})
    requests = made_up()
    attack(server, 0, requests, whole=True)
    # Without one of them, whose path was one of just k; the same is said of all that is left.
    noon = datetime.datetime(2025, 11, 25, 12, tzinfo=datetime.timezone.utc)
    own = [(noon, who, '/own', '200', 'curl', 1) for who in range(300, 309) for _ in range(50)]  # 9 of his own, often
    with_one = requests + own + [(noon, 7, '/own', '200', 'curl', 1)]
    assert '/own' in attack(server, 1, with_one + [(noon, 400, '/own', '200', 'curl', 1)])['2025-11-25', 'paths']
    assert '/own' not in attack(server, 2, requests + own)['2025-11-25', 'paths'], 'however many requests'
    attack(server, 3, [r for r in with_one if r[1] != 7])
    server.daemon.end()


class Page(html.parser.HTMLParser):
    """Text of a page, and everything in it that could load or run."""

    def __init__(self, text):
        super().__init__()
        self.loads, self.text, self.tags = [], '', []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.loads += [value for name, value in attrs if name in ('src', 'href', 'srcset', 'action') or name.startswith('on')]

    def handle_data(self, data):
        self.text += data


def test_the_public_sees_a_sample():
    """Whole clients, another choice under other keys; all others see everything; a second count keeps it."""
    clients, each = 400, 7
    write('log', ''.join(combined(n, client=f'198.51.{n % clients % 256}.{n % clients // 256 + 1}', target='/shop/cart', size=n)
                         for n in range(clients * each)).encode())
    write('c.yaml', b'streams: { shop: { format: combined, public: { sample: 20% } } }\n')
    taken = []
    for store in ('one', 'two'):
        # Keys that are the same each time: of others, once in 100,000 too few are chosen, or in both stores the same sums.
        cretula('import', '--store', store, '--stream', 'shop', '--config', 'c.yaml', '--format', 'auto', 'log', code=0,
                env={'CRETULA_RANDOM': store})
        db = packs.open(f'{store}/stats.db')
        cells = dict(db.execute("SELECT key,requests FROM cell WHERE dim=12 AND period=2"))
        bytes_in = db.execute("SELECT bytes FROM cell WHERE dim=12 AND period=2 AND key='in'").fetchone()[0]
        db.close()
        equal(cells['in'] + cells['out'], clients * each)
        assert cells['in'] % each == 0 and 0.1 < cells['in'] / clients / each < 0.3, cells
        taken.append((cells['in'], bytes_in))
    assert taken[0] != taken[1], taken
    for _ in range(2):
        told = {role: cretula('stats', '--store', 'one', '--stream', 'shop', '--role', role, '--json', code=0).json
                for role in ('analyst', 'public')}
        equal(told['analyst']['total']['requests'], clients * each)
        equal(told['public']['total']['requests'], (taken[0][0] + 5) // 10 * 10)
        rows = told['public']['tables']['statuses']['rows']
        assert sum(row['requests'] for row in rows) <= told['public']['total']['requests'], told['public']
        cretula('stats', '--store', 'one', '--rebuild', code=0)
    for bad in ('51%', '10', '-1%', 'x%'):
        write('c.yaml', b'streams: { shop: { format: combined, public: { sample: "%s" } } }\n' % bad.encode())
        assert 'public.sample must be a share from 0% to 50%' in cretula('check', '--config', 'c.yaml', code=78).err


def test_a_published_page_is_whole_and_loads_nothing():
    """No script, one link, hostile keys as text; the same bytes when it is made again."""
    ready()
    counted(made_up())
    cretula('publish', *SHOP, '--out', 'pages', env=NOW, code=0)
    equal(sorted(os.listdir('pages')), ['counts.json', 'index.html'])
    equal(json.loads(read('pages/counts.json')), stats('public'))
    text = read('pages/index.html').decode()
    page = Page(text)
    equal(page.loads, ['counts.json'])
    assert not {'script', 'i', 'iframe', 'img', 'link'} & set(page.tags), page.tags
    assert '/<i>&"' in page.text and "default-src 'none'" in text, text
    assert '<20 visitors' in page.text and 'braces' not in page.text, page.text
    days = re.findall(r'<th scope="row">(2025-11-\d\d)</th><td class="n">([\d,]+)</td><td class="n">([\d,]+)</td>', text)
    equal(days, [(d['day'][:10], f"{d['requests']:,}", f"{d['uniques']:,}") for d in stats('public')['days'] if isinstance(d['requests'], int)])
    counted([(time, who, path + '{int}', *rest) for time, who, path, *rest in made_up()])
    cretula('publish', *SHOP, '--out', 'braces', env=NOW, code=0)
    assert 'braces stand for' in Page(read('braces/index.html').decode()).text
    counted(made_up())
    cretula('publish', *SHOP, '--out', 'pages', env=NOW, code=0)
    equal(read('pages/index.html').decode(), text)


def test_bars_of_a_published_page_are_of_one_scale():
    """The bar of what is in no row is as much longer as its number is."""
    ready()
    counted([(time, who, f'/{who % 4}' if who < 150 else f'/{number}', *rest)
             for number, (time, who, _, *rest) in enumerate(made_up())])
    cretula('publish', *SHOP, '--out', 'pages', env=NOW, code=0)
    text = read('pages/index.html').decode()
    for table in text.split('<tbody>')[1:]:
        rows = [(int(n.replace(',', '')), int(width)) for n, width in
                re.findall(r'<td class="n">([\d,]+)</td>.*?<rect width="(\d+)"', table)]
        most = max(n for n, _ in rows)
        equal([width for _, width in rows], [n * 240 // most for n, _ in rows])
    paths = text.split('<h2>paths</h2>')[1].split('</table>')[0]
    assert re.search(r'>other</th>.*<rect width="240"', paths), paths


def test_days_of_an_import_are_shown():
    """Not made by this file but counted by an import whose batch is full: each day with its requests."""
    rnd, days = random.Random(3), [f'{day}/Nov/2025' for day in range(20, 25)]
    write('log', ''.join(
        f'203.0.113.{rnd.randrange(60)} - - [{day}:{hour:02}:{minute:02}:00 +0000] "GET / HTTP/1.1" 200 512 "-" "curl/8.5.0"\n'
        for day in days for hour in range(24) for minute in sorted(rnd.sample(range(60), 30))).encode())
    cretula('import', *SHOP, '--format', 'combined', 'log', code=0)
    want = [(f'2025-11-{day}', 24 * 30) for day in range(20, 25)]
    got = stats('analyst')
    equal([(d['day'][:10], d['requests']) for d in got['days']], want)
    equal(check_sums(got, 10), 5 * 24 * 30)
    equal([(d['day'][:10], d['requests']) for d in stats('public')['days']], want)
    cretula('publish', *SHOP, '--out', 'pages', env=NOW, code=0)
    page = Page(read('pages/index.html').decode())
    assert '<20' not in page.text and all(day in page.text for day, _ in want), page.text


main()
