"""made: figures and records that nobody has, in the shape of share/openapi.yaml.  The same question, the same answer."""
import datetime
import math
import random
import zlib

UTC = datetime.timezone.utc
NOW = datetime.datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
STEPS = {'minute': 60, 'hour': 3600, 'day': 86400}
PATHS = ['/', '/products', '/products/{int}', '/cart', '/checkout', '/search', '/api/v2/items', '/api/v2/items/{uuid}',
         '/static/app.css', '/static/app.js', '/login', '/account/orders', '/blog/{date}/sg.fa4zpmwkw3d5ddeq',
         '/help/shipping-and-returns/international/frequently-asked-questions']
AGENTS = ['Chrome', 'Safari', 'Firefox', 'Edge', 'Googlebot', 'bingbot', 'curl', 'Samsung Internet', 'Opera', '']
REFERERS = ['', 'https://www.google.com', 'http://www.google.com', 'https://duckduckgo.com', 'https://news.ycombinator.com', 'https://shop.example/products']
COUNTRIES = ['DE', 'FR', 'US', 'GB', 'NL', 'AT', 'CH', 'PL', 'JP', 'BR', 'IN', 'ES']
VALUES = {'paths': PATHS, 'statuses': ['200', '304', '404', '301', '500', '403', '502', '429', '201'], 'referers': REFERERS,
          'agents': AGENTS, 'countries': COUNTRIES, 'events': ['http.request', 'auth.login', 'db.query']}


class Asked:
    """One question: who, and what."""

    def __init__(self, tier, k, query, mode, dimension=''):
        self.tier, self.k, self.query, self.mode, self.dimension = tier, k, query, mode, dimension
        self.stream = query.get('stream', 'shop')
        self.empty = mode == 'empty'

    def head(self):
        return {'stream': self.stream, 'tier': self.tier, 'k': self.k}

    def never(self, key):
        """What this tier is told of nobody."""
        return key in {'analyst': ('bots', 'latency'), 'public': ('bots', 'latency', 'bytes')}.get(self.tier, ())

    def figure(self, n, subjects=None):
        """n as this tier may see it."""
        if self.tier == 'developer' or n == 0:
            return n
        if (n if subjects is None else subjects) < self.k:
            return f'<{self.k}'
        return round(n, -1) if self.tier == 'public' else n


def text_of(when):
    return when.strftime('%Y-%m-%dT%H:%M:%SZ')


def chance(*words):
    return random.Random(zlib.crc32(' '.join(map(str, words)).encode()))


def parsed(text, fallback):
    if not text or text.startswith('-'):
        hours = {'m': 1 / 60, 'h': 1, 'd': 24}[text[-1]] * int(text[1:-1]) if text else 24
        return fallback - datetime.timedelta(hours=hours) if text else fallback
    if text == 'now':
        return NOW
    when = datetime.datetime.fromisoformat(text.replace('Z', '+00:00'))
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def month_after(start):
    return (start + datetime.timedelta(days=32)).replace(day=1)


def window(asked):
    """(name, since, until) of a question."""
    query = asked.query
    if 'since' in query:
        return 'free', parsed(query['since'], NOW), parsed(query.get('until'), NOW)
    name = query.get('window', 'day')
    sizes = {'hour': datetime.timedelta(hours=1), 'day': datetime.timedelta(days=1), 'week': datetime.timedelta(days=7)}
    size = sizes.get(name, datetime.timedelta(days=28))
    at = parsed(query.get('at'), NOW - size) if query.get('at') else NOW - size
    start = at.replace(minute=0, second=0, microsecond=0)
    if name != 'hour':
        start = start.replace(hour=0)
    if name == 'week':
        start -= datetime.timedelta(days=start.weekday())
    if name == 'month':
        start = start.replace(day=1)
    return name, start, month_after(start) if name == 'month' else start + size


def window_json(name, since, until):
    return {'name': name, 'since': text_of(since), 'until': text_of(until), 'complete': until <= NOW}


def rate(second):
    """Requests an hour: people sleep, and weekends are quiet."""
    hour = second / 3600 % 24
    week = 0.55 if second // 86400 % 7 in (2, 3) else 1
    return week * (900 + 2600 * max(0, math.sin((hour - 5) / 24 * 2 * math.pi)) ** 1.3 + 60 * math.sin(second / 5000))


def point(asked, second, width):
    luck = chance(asked.stream, second, width)
    n = 0 if asked.empty or second >= NOW.timestamp() else \
        round(rate(second) * width / 3600 * luck.uniform(0.9, 1.1) * (0.02 if asked.stream == 'blog' else 1))
    if asked.mode == 'auth':
        return {'requests': n, 'errors': 0, 'client_errors': 0, 'bytes': 0, 'bots': 0, 'p50': None, 'p95': None, 'p99': None}
    burst = 14 if 50400 <= second % 86400 < 54000 else 1
    return {'requests': n, 'errors': round(n * 0.003 * luck.random() * burst), 'client_errors': round(n * 0.03 * luck.uniform(0.5, 1.5)),
            'bytes': round(n * 18000 * luck.uniform(0.8, 1.2)), 'bots': round(n * 0.12 * luck.uniform(0.7, 1.2)),
            'p50': round(11000 * luck.uniform(0.9, 1.2)), 'p95': round(72000 * luck.uniform(0.8, 1.5) * math.sqrt(burst)),
            'p99': round(240000 * luck.uniform(0.8, 1.7) * math.sqrt(burst))}


def points(asked, since, until, width):
    return [(second, point(asked, second, width))
            for second in range(int(since.timestamp()) // width * width, int(until.timestamp()), width)]


def totals(asked, since, until):
    hours = [p for _, p in points(asked, since, until, 3600)]
    add = {key: sum(p[key] for p in hours) for key in ('requests', 'errors', 'client_errors', 'bytes', 'bots')}
    whole = since.hour == 0 and (until - since).days >= 1
    latency = {'p50': 11840, 'p90': 48200, 'p95': 81300, 'p99': 267000, 'p999': 1240000}
    luck = chance(asked.stream, since, 'latency').uniform(0.9, 1.15)
    few = add['requests'] < asked.k or asked.mode == 'auth'
    return {**{key: None if asked.never(key) else asked.figure(n, add['requests'] / 9) for key, n in add.items()},
            'requests': f'<{asked.k}' if asked.mode == 'hidden' and until > NOW else asked.figure(add['requests']),
            'errors': None if asked.mode == 'hidden' else asked.figure(add['errors'], add['errors'] / 2),
            'uniques': asked.figure(round(add['requests'] / 8.7)) if whole else None,
            'latency_us': {key: None if few or asked.never('latency') else round(n * luck) for key, n in latency.items()}}


def overview(asked):
    name, since, until = window(asked)
    before = since - (until - since) if name != 'month' else (since - datetime.timedelta(days=1)).replace(day=1)
    answer = {**asked.head(), 'window': window_json(name, since, until), 'totals': totals(asked, since, until)}
    if asked.tier != 'developer' and name == 'month':
        answer['not_known'] = {'days': 2, 'reason': 'subjects'}
    if not asked.empty:
        answer['previous'] = {'window': window_json(name, before, since), 'totals': totals(asked, before, since)}
    if asked.tier == 'developer' and name == 'week':
        answer['missing'] = {'rate': 12804, 'socket': 3}
    return answer


def series(asked):
    name, since, until = window(asked)
    seconds = (until - since).total_seconds()
    finest = {'developer': ('minute', 'hour', 'day'), 'analyst': ('hour', 'day'), 'public': ('day',)}[asked.tier]
    step = next((s for s in finest if seconds / STEPS[s] <= 800), 'day')
    if step == 'minute' and seconds > 7200:
        step = 'hour'
    found = points(asked, since, until, STEPS[step])
    if asked.stream == 'blog' and asked.k > 1 and step == 'hour':  # quiet hours are joined
        found = [(s, p) for s, p in found if s // 3600 % 24 not in (2, 3)]
    column = {key: [None if asked.never(key) else asked.figure(p[key], p[key] / 3) for _, p in found]
              for key in ('requests', 'errors', 'client_errors', 'bytes', 'bots')}
    measured = [asked.figure(p['requests'], p['requests'] / 3) for _, p in found]
    latency = {key: [p[key] if isinstance(m, int) and m and not asked.never('latency') else None for (_, p), m in zip(found, measured)]
               for key in ('p50', 'p95', 'p99')}
    answer = {**asked.head(), 'window': window_json(name, since, until), 'step': step, 'time': [s for s, _ in found], **column,
              'uniques': [asked.figure(round(p['requests'] / 8.7)) if step == 'day' else None for _, p in found],
              'latency_us': latency}
    if asked.tier == 'developer':
        hours = [] if asked.empty else [(s, point(asked, s, 3600)['errors']) for s in range(int(since.timestamp()), int(until.timestamp()), 3600)]
        answer['bursts'] = {'compared': len(hours), 'hours': [
            {'at': text_of(datetime.datetime.fromtimestamp(s, UTC)), 'errors': n, 'usual': 4, 'deviations': n // 3}
            for s, n in hours if n > 60 and s % 86400 == 50400]}
    return answer


def top(asked):
    name, since, until = window(asked)
    limit = int(asked.query.get('limit', 20))
    none = asked.mode == 'auth' and asked.dimension != 'events'  # has one
    all_of_it = 0 if asked.empty or (none and asked.k == 1) else sum(p['requests'] for _, p in points(asked, since, until, 3600))
    if asked.k > 1 and (until - since).days < 1:  # its tables are by the day
        nothing = {'key': None, 'requests': None, 'bytes': None, 'errors': None}
        return {**asked.head(), 'window': window_json(name, since, until), 'dimension': asked.dimension, 'rows': [],
                'other': nothing, 'total': {**nothing, 'requests': f'<{asked.k}'}}
    values = VALUES[asked.dimension]
    if asked.k > 1 and until > NOW and all_of_it > 0:  # of days that are over
        all_of_it = sum(p['requests'] for _, p in points(asked, since, NOW.replace(hour=0), 3600))
    if asked.dimension == 'paths':
        values = values + [f'/products/category-{i}/list' for i in range(60)]
    weights = [1 / (i + 1.5) ** 1.7 for i in range(len(values))]
    cells = [[value, round(all_of_it * weight / sum(weights))] for value, weight in zip(values, weights)]
    cells[0][1] += all_of_it - sum(n for _, n in cells)
    if asked.dimension == 'referers' and asked.k == 1:
        cells = [cell for cell in cells if cell[0]]  # who is told all is not told of requests without one
    shown = [] if none else [cell for cell in cells if isinstance(asked.figure(cell[1], cell[1] / 9), int)
             and cell[1] > 0 and not (asked.k > 1 and 'sg.' in cell[0])][:limit]

    def cell(key, n):
        return {'key': key, 'requests': asked.figure(n), 'bytes': None if asked.never('bytes') else asked.figure(n * 18000),
                'errors': asked.figure(n if key and key.startswith('5') else n // 190)}
    rows = [cell(key, n) for key, n in shown]
    total = sum(n for _, n in cells)
    return {**asked.head(), 'window': window_json(name, since, until), 'dimension': asked.dimension, 'rows': rows,
            'other': cell(None, total - sum(n for _, n in shown)), 'total': cell(None, total)}


def record(luck, when):
    moment = datetime.datetime.fromtimestamp(when, UTC)
    status = luck.choices([200, 304, 404, 500, 301], [80, 8, 7, 2, 3])[0]
    made = {'time': moment.strftime('%Y-%m-%dT%H:%M:%S.') + f'{luck.randrange(1000):03d}Z', 'event': 'http.request',
            'client': 'ip.' + ''.join(luck.choices('abcdefghijklmnopqrstuvwxyz234567', k=16)), 'method': luck.choice(['GET'] * 5 + ['POST']),
            'path': luck.choice(PATHS), 'protocol': 'HTTP/1.1', 'status': status, 'bytes': luck.randrange(200, 200000),
            'duration_us': luck.randrange(900, 400000), 'agent': luck.choice(AGENTS[:-1]), 'agent_major': luck.randrange(90, 140),
            'os': 'Linux', 'device': 'desktop', 'country': luck.choice(COUNTRIES)}
    if luck.random() < 0.2:
        made['query'] = 'page={int}&sort=price'
    if luck.random() < 0.05:
        made.update(state='partial', flags=['query_decode'])
    return made


def records(asked):
    if asked.empty:
        return {'stream': asked.stream, 'records': [], 'erased': 0, 'restricted': 0}
    back = asked.query.get('order') == 'newest'
    cursor = asked.query.get('cursor', 'b350' if back else 'r0')
    assert cursor[0] == ('b' if back else 'r'), cursor
    at, limit = int(cursor[1:]), int(asked.query.get('limit', 100))
    start, numbers = (350 - at, range(at - 1, max(at - limit, 0) - 1, -1)) if back else (at, range(at, min(at + limit, 350)))
    some = [record(chance('record', i), NOW.timestamp() - 13 * (350 - i)) for i in numbers]
    answer = {'stream': asked.stream, 'records': some, 'erased': 1 if start == 0 else 0, 'restricted': 4 if start == 0 else 0}
    if start + limit < 350:
        answer['next'] = f'b{at - limit}' if back else f'r{at + limit}'
    return answer


def streams(tier, mode):
    if mode == 'none':
        return {'streams': []}
    figures = tier != 'auditor'
    found = [{'name': name, 'records': tier == 'developer' or (tier == 'auditor' and mode == 'part'), 'aggregates': figures and name != 'cretula.access',
              'first': '2026-08-01T00:00:00Z', 'last': text_of(NOW)} for name in ('shop', 'blog')]
    if tier == 'developer':
        found.append({'name': 'cretula.access', 'records': True, 'aggregates': False})
    return {'streams': found}


def counts(lines):
    part, bad, counted, meta = lines // 400, lines // 9000, lines // 12, lines // 30000
    parsed_lines = lines - part - bad - counted - meta
    return {'lines': lines, 'bytes': lines * 231, 'records': parsed_lines + part + bad, 'parsed': parsed_lines, 'partial': part,
            'unparsed': bad, 'counted': counted, 'meta': meta, 'joined': 0, 'split': 0, 'replay': 0, 'lost': 0, 'causes': {'rate': counted // 3} if counted > 2 else {}}


def trust_stream(name, lines, bad):
    return {'name': name, 'entries': 2214, 'head': f'{zlib.crc32(name.encode()):08x}' * 8, 'head_at': '2026-11-26T08:31:04Z',
            'sealed_at': '2026-11-26T08:31:04Z', 'segments': 2190, 'counts': counts(lines), 'balanced': not bad,
            'masked': {'ip.peer': lines, 'query': lines // 2, 'path': lines // 5, 'agent': lines - 77, 'session': lines // 3,
                       'user.auth': lines // 11, 'email': lines // 4100, 'credential': lines // 7000, 'pan': 3, 'host': 211},
            'reasons': {'grammar': lines // 9000 - 4, 'binary': 4}, 'raw_at_rest': 'none' if name == 'shop' else 'disk',
            'pruned': {'segments': 744, 'records': lines // 5} if name == 'shop' else {'segments': 0, 'records': 0},
            'retain': {'rule': '90d', 'next_at': '2026-11-24T02:00:00Z' if bad else '2026-11-27T02:00:00Z', 'next_segments': 24, 'next_records': 1184220}
            if name == 'shop' else {'rule': 'none'}}


def part_of(asked, stream):
    """Who sees some fields only is not told what is counted of every field."""
    return {key: value for key, value in stream.items() if asked.mode != 'part' or key not in ('masked', 'reasons')}


def trust(asked):
    bad = asked.mode == 'bad'
    open_tier = asked.tier in ('developer', 'auditor')
    findings = [{'code': 'E_RECORD_MODIFIED', 'stream': 'shop', 'text': 'segment 00001204: record 88,213: a record is not the sealed one'},
                {'code': 'E_FILE_HASH', 'stream': 'shop', 'text': 'segment 00001204: the file is not the sealed one'}] if bad else []
    verified = {'state': 'bad' if bad else 'good', 'at': '2026-11-26T08:44:10Z', 'took_ms': 41200, 'by': 'run',
                'errors': len(findings), 'warnings': 0, 'findings': findings if open_tier else [],
                'not_checked': ['anchor: none given, genesis taken on trust', 'rollback: whether anything was sealed after 2026-11-26T08:31:04Z',
                                'ratchet: no escrow key'] if open_tier else []}
    if asked.empty:
        verified = {'state': 'unknown', 'errors': 0, 'warnings': 0, 'findings': [], 'not_checked': []}
    if asked.mode == 'verifying':
        verified = {'state': 'running', 'errors': 0, 'warnings': 0, 'findings': [], 'not_checked': []}
    full = open_tier and not asked.empty
    return {'now': text_of(NOW),
            'store': {'anchor': 'cretula/2bd6064197a3a919/cretula.store+f5825bed+AcMyk2ZdJXQ4mbFyEwtuS8SxhA1SbgkIoTZyO1l6vqpc '
                                'sha256:9ca96a0118770c3fb1c40d51cd0e9a1f60a06a1c7d0c6c0b6b8a9e4ac9d3b7f1', 'size': 4431,
                      'hash': '0390372bc6a3cf5e437818894e2aeeadcc107be44f8aa9afcb9adea6e7ae2256'},
            'verified': verified,
            'streams': [part_of(asked, trust_stream('shop', 107213554, bad)), part_of(asked, trust_stream('blog', 812007, False))] if full else [],
            'keys': [] if asked.empty else [{'epoch': '2026-W48', 'state': 'live'}, {'epoch': '2026-W47', 'state': 'live'},
                                            {'epoch': '2026-W46', 'state': 'destroyed', 'at': '2026-11-23T00:00:12Z'},
                                            {'epoch': 'import 42ad3266', 'state': 'destroyed', 'at': '2026-11-16T00:00:11Z'},
                                            {'epoch': '2026-W31', 'state': 'held', 'at': '2026-08-10T09:12:00Z'}],
            'deletions': [{'at': '2026-11-26T02:00:03Z', 'stream': 'shop', 'kind': 'prune', 'segment': 744, 'records': 48977},
                          {'at': '2026-11-23T00:00:12Z', 'stream': 'shop', 'kind': 'destroy', 'epoch': '2026-W46'},
                          {'at': '2026-11-20T13:40:00Z', 'stream': 'shop', 'kind': 'redact', 'segment': 2104, 'records': 1}]
            if full else []}


def chain(asked):
    size = 2214
    limit = int(asked.query.get('limit', 100))
    start = int(asked.query.get('from', size - limit))
    entries = []
    for i in range(start, min(size, start + limit)):
        when = NOW - datetime.timedelta(hours=size - i)
        entries.append({'v': 1, 'i': i, 'type': 'segment', 't': text_of(when), 'prev': f'{i:064x}', 'seg': i - 20,
                        'n': 48000 + i, 'root': 'kuOCONrtz1hpa5shPPjKtWNoyWCf1pP7dJWFcpgPQeM=', 'in': counts(48000 + i)})
    answer = {'stream': asked.stream, 'size': size, 'from': start, 'entries': entries}
    if start + limit < size:
        answer['next'] = start + limit
    return answer


def checkpoint(asked):
    name = f'cretula/2bd6064197a3a919/{asked.stream}'
    return f'{name}\n2214\nm++kOqoBWrWRvwntLSt1n3dvwld+m+Y2uGRSkMEvank=\n\n' \
        f'— {name} LtvTWOPdF7EcmwJvw4ryk+DCdNoDa0wAL1yN1Dr6CwdMa7ZqLStXRtbh4SkJwpZSaE78N6PqO5jL/Lw5wZGW0swKvgg=\n'
