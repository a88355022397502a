"""serve: views over HTTP; who may see what, what is recorded of it, and what is no request at all."""
import glob
import gzip
import hashlib
import http.client
import json
import os
import pwd
import re
import signal
import socket
import ssl
import struct
import subprocess
import time

import yaml

import certificates
from lib import CRETULA, SOURCE, Skip, combined, cretula, equal, is_testing_build, main, read, records, stop, write
from schema import check
from test_run import Daemon, free_port, wait_for
from test_sandbox import is_sanitized

ROLES = {'dev': 'developer', 'sales': 'analyst', 'world': 'public', 'audit': 'auditor'}
SERVE = [CRETULA, 'serve', '--config', 'c.yaml']


def document():
    with open(os.path.join(SOURCE, 'share/openapi.yaml'), encoding='utf-8') as file:
        return yaml.safe_load(file)


def hash_of(token):
    return 'sha256:' + hashlib.sha256(b'cretula token v1\n' + token.encode()).hexdigest()


class Server:
    """cretula serve on a loopback port, with a token for each tier."""

    def __init__(self, more='', listen=None, env=None, streams='', port_of='127.0.0.1', serve=''):
        self.port = free_port()
        self.tokens, text = {}, ''
        for role, tier in ROLES.items():
            made = cretula('serve', 'token', '--role', role, '--json', code=0).json
            self.tokens[role] = made['token']
            text += f'  {role}: {{ tier: {tier}, token_hash: "{made["token_hash"]}"{streams} }}\n'
        listen = listen or f'{port_of}:{self.port}'
        serve = serve % self.port if '%' in serve else serve
        write('c.yaml', f'store: store\nserve: {{ listen: "{listen}"{serve} }}\nroles:\n{text}{more}'.encode())
        self.daemon = Daemon(command=SERVE, env=env)

    def connect(self):
        return socket.create_connection(('127.0.0.1', self.port), timeout=120)

    def ask(self, path, role='dev', method='GET', body=None, **headers):
        """(status, headers, body) of a request; role None: without a token."""
        c = http.client.HTTPConnection('127.0.0.1', self.port, timeout=120)
        if role:
            headers['Authorization'] = f'Bearer {self.tokens[role]}'
        c.request(method, path, body, {name.replace('_', '-'): value for name, value in headers.items()})
        answer = c.getresponse()
        got = answer.status, answer.headers, answer.read()
        c.close()
        return got

    def raw(self, text, first=1, more=.3):
        """What comes of bytes on a connection, until it is closed or quiet: so many seconds without a first byte, or more of them."""
        with self.connect() as s:
            s.sendall(text if isinstance(text, bytes) else text.encode())
            s.settimeout(first)
            got = b''
            try:
                while chunk := s.recv(65536):
                    got += chunk
                    s.settimeout(120 if got.count(b'HTTP/1.1 ') > 1 else more)  # two heads are what it closes behind
            except TimeoutError:
                return got.decode(), False
            except ConnectionResetError:
                pass
            return got.decode(), True


def prepare(lines=60, env=None):
    write('log', ''.join(combined(n * 60, client=f'203.0.113.{n % 50}', status=500 if n % 10 == 0 else 200)
                         for n in range(lines)).encode())
    cretula('import', '--store', 'store', '--stream', 'shop', '--format', 'combined', 'log', code=0, env=env)
    for name in os.listdir('store'):  # what import counted knows who they were
        if name.startswith('stats.db'):
            os.unlink(f'store/{name}')
    cretula('stats', '--store', 'store', '--rebuild', code=0, env=env)


def seen():
    """The access records so far."""
    return records('store', 'cretula.access')


def test_the_description_is_the_table():
    """share/openapi.yaml and serve/route.c name the same routes, tiers, parameters, and what makes a record."""
    with open(os.path.join(SOURCE, 'src/serve/route.c'), encoding='utf-8') as file:
        text = re.sub(r'\s+', ' ', file.read())
    table = text[text.index('serve_routes[] = {'):text.index('serve_route_count')]
    names = {'STREAM': ['stream'], 'TIMES': ['since', 'until'], 'WINDOW': ['since', 'until', 'window', 'at']}
    tiers = {'FIGURES': ['developer', 'analyst', 'public'], 'ANYBODY': list(ROLES.values())}
    rows = {}
    for path, method, tier, access, params in re.findall(
            r'\{ "([^"]+)", "([A-Z]+)", SERVE_DOES_\w+, ([A-Z0 |]+), (true|false), ([^,]+), ', table):
        words = re.findall(r'SERVE_BIT\(SERVE_(\w+)\)|(\w+)', params)
        rows[path.replace('*', '{dimension}'), method] = (
            sorted(t for w in re.findall(r'[A-Z]+', tier) for t in tiers.get(w, [w.lower()])), access == 'true',
            sorted(p for bit, word in words if word != '0' for p in ([bit.lower()] if bit else names[word])))
    described, api = {}, document()
    for path, operations in api['paths'].items():
        for method, o in operations.items():
            params = [p if 'name' in p else api['components']['parameters'][p['$ref'].rsplit('/', 1)[1]]
                      for p in o.get('parameters', [])]
            described[path, method.upper()] = (sorted(t for t in o['x-tiers'] if t != 'none'), o['x-access'],
                                               sorted(p['name'] for p in params if p['in'] == 'query'))
    equal(len(rows), 13)
    equal(described, rows)
    codes = re.findall(r'^\t\{ "([a-z-]+)", \d+,', read(os.path.join(SOURCE, 'src/serve/answer.c')).decode(), re.M)
    equal(api['components']['schemas']['Problem']['properties']['code']['enum'], codes)


def query(path, operation):
    """A target with what the operation needs."""
    path = path.replace('{dimension}', 'paths')
    return path + ('?stream=shop' if any('stream' in p.get('$ref', '') for p in operation.get('parameters', [])) else '')


def test_each_role_at_each_route():
    """It gets what the description says, in its shape, or 403; of both there is one record; without a token 401."""
    prepare()
    server, api = Server(f'  away: {{ tier: auditor, token_hash: "{hash_of("a" * 47)}", streams: [other] }}\n'), document()
    server.tokens['away'] = 'a' * 47
    want = []
    for path, operations in api['paths'].items():
        operation = operations.get('get')
        if operation is None or path == '/api/v1/tail':
            continue
        target = query(path, operation)
        for role, tier in ROLES.items():
            may = tier in operation['x-tiers'] or operation['x-tiers'] == ['none']
            if path == '/api/v1/records' and role == 'audit':
                may = False  # who was granted no fields
            status, headers, body = server.ask(target, role)
            equal(status, 200 if may else 403, f'{role} {target} {body}')
            schema = operation['responses'][str(status)]
            kind = headers['Content-Type'].split(';')[0]
            schema = api['components']['responses']['Problem'] if '$ref' in schema else schema
            assert kind in schema['content'], (target, kind)
            if kind.endswith('json'):
                equal(list(check(api, schema['content'][kind]['schema'], json.loads(body))), [], f'{role} {target}')
            if operation['x-access']:
                action = path.replace('{dimension}', 'paths').removeprefix('/api/v1/')
                want.append((role, action, 'success' if may else 'failure'))
        status, headers, body = server.ask(target, None)
        equal(status, 401 if operation['x-tiers'] != ['none'] else 200, target)
        if status == 401:
            equal(list(check(api, {'$ref': '#/components/schemas/Problem'}, json.loads(body))), [])
            equal(headers['WWW-Authenticate'], 'Bearer')
    equal([(r['user'], r['action'], r['outcome']) for r in seen()], want)
    # No record is made of these: they name what the role may see, and nothing else.
    own = ['cretula.access', 'cretula.store']
    for role, names in (('world', ['shop']), ('sales', ['shop']), ('away', own), ('audit', [*own, 'shop'])):
        equal(sorted(s['name'] for s in json.loads(server.ask('/api/v1/streams', role)[2])['streams']), names, role)
    equal(len(seen()), len(want))
    said = server.daemon.end()
    assert 'shop' not in said and 'crt_' not in said, said
    cretula('verify', '--store', 'store', code=0)


def test_records():
    """Filters, pages, forms; a filter is recorded without what it compares with; mistakes have a place."""
    prepare(250)
    server = Server('  few: { tier: developer, users: [root-is-not-this], fields: [status], streams: [other] }\n')
    where = '/api/v1/records?stream=shop&where=status+%3e%3d+500+%26%26+path+%5e%3d+%22/index%22'
    status, headers, body = server.ask(where)
    got = json.loads(body)
    equal((status, len(got['records']), got.get('next')), (200, 25, None))
    equal({r['status'] for r in got['records']}, {500})
    whole, cursor = [], ''
    while cursor is not None:
        status, headers, body = server.ask('/api/v1/records.jsonl?stream=shop&limit=100' + cursor)
        equal((status, headers['Content-Type']), (200, 'application/x-ndjson'))
        whole += body.splitlines()
        cursor = f'&cursor={headers["Cretula-Next"]}' if 'Cretula-Next' in headers else None
    equal(b'\n'.join(whole) + b'\n', cretula('view', '--store', 'store', '--stream', 'shop', code=0).out)
    status, headers, body = server.ask('/api/v1/records?stream=shop', Accept='text/csv')
    equal((headers['Content-Type'], body.count(b'\n')), ('text/csv; charset=utf-8', 101))
    since = '&since=2025-11-24T01:00:00Z&until=2025-11-24T02:00:00Z'
    equal(len(json.loads(server.ask('/api/v1/records?stream=shop&limit=1000' + since)[2])['records']), 60)
    for bad, code, more in (('where=statuss+%3d%3d+1', 'filter', {'column': 1, 'parameter': 'where'}),
                            ('since=yesterday', 'parameter', {'parameter': 'since'}),
                            ('until=x', 'parameter', {'parameter': 'until'}),
                            ('since=until', 'parameter', {'parameter': 'since'}),
                            ('since=-1d&until=-2d', 'window', {'parameter': 'until', 'detail': 'The window must end after it begins.'}),
                            ('cursor=abc', 'parameter', {'parameter': 'cursor'})):
        status, _, body = server.ask('/api/v1/records?stream=shop&' + bad)
        problem = json.loads(body)
        equal((status, problem['code']), (400, code), body)
        assert more.items() <= problem.items(), problem
        assert 'yesterday' not in body.decode(), body
    longest = 'path ~= "%s"' % ('(' * 2038)
    for where, status in ((longest, 200), (longest + ' ', 400)):
        status_, _, body = server.ask('/api/v1/records?stream=shop&where=' + ''.join(f'%{ord(c):02x}' for c in where))
        equal(status_, status, body)
    equal((len(longest), json.loads(body)['code'], json.loads(body)['parameter']), (2048, 'parameter', 'where'))
    equal(server.ask('/api/v1/records?stream=none')[0], 404)
    for since in ('4111111111111111', '-', '-4711', '-7d'):
        server.ask('/api/v1/records?stream=shop&since=' + since)
    equal([r['extra']['since'] for r in seen()[-4:]], ['?', '?', '?', '-7d'], 'what is no time is not kept')
    first = seen()[0]
    equal((first['user'], first['object'], first['extra']['where'], first['extra']['rows']),
          ('dev', 'shop', 'status >= ? && path ^= ?', 25))
    server.daemon.end()


def test_analysts_see_the_days_of_an_import():
    """As it was counted by the import: more minutes than are told apart live; what few did is not told as what nobody did."""
    write('log', ''.join(combined(n * 20, client=f'203.0.113.{n % 50}', status=500 if n in (7, 57) else 404 if n % 2 else 301 if n % 16 == 0 else 200)
                         .replace('24/Nov', f'{day}/Nov') for day in range(22, 25) for n in range(4000)).encode())
    cretula('import', '--store', 'store', '--stream', 'shop', '--format', 'combined', 'log', code=0)
    server = Server()

    def get(path, role):
        status, _, body = server.ask(f'/api/v1/{path}', role)
        equal(status, 200, body)
        return json.loads(body)

    for role, errors, others in (('dev', 2, 1998), ('sales', None, 1998), ('world', None, 2000)):
        for day in range(22, 25):
            got = get(f'overview?stream=shop&window=day&at=2025-11-{day}', role)['totals']
            equal((got['requests'], got['errors'], got['client_errors']), (4000, errors, others), (role, day))
    equal(get('series?stream=shop&window=week&at=2025-11-22&step=day', 'sales')['errors'], [None, None])
    days = cretula('stats', '--store', 'store', '--stream', 'shop', '--role', 'analyst', '--json', code=0).json['days']
    equal([(d['errors_5xx'], d['errors_4xx']) for d in days], [(None, 1998)] * 3)
    # When there is something: by the minute, or days of k that are over; what the auditor's verification could not say.
    for role, first, last in (('dev', '22T00:00', '24T22:13'), ('sales', '22T00:00', '24T00:00'), ('world', '22T00:00', '24T00:00')):
        shop, = (s for s in get('streams', role)['streams'] if s['name'] == 'shop')
        equal((shop['first'], shop['last']), (f'2025-11-{first}:00.000Z', f'2025-11-{last}:00.000Z'), role)
    assert all('first' not in s for s in get('streams', 'audit')['streams'])
    wait_for(lambda: get('trust', 'audit')['verified']['state'] == 'good', seen=lambda: get('trust', 'audit')['verified'])
    told = cretula('verify', '--store', 'store', '--json', code=0).json['coverage']['not_checked']
    equal([line.split(' ')[0] for line in get('trust', 'audit')['verified']['not_checked']], [line.split(' ')[0] for line in told])
    equal(get('trust', 'sales')['verified']['not_checked'], [])
    # What an import was masked with goes with it, whichever weeks it was of.
    keys = [(k['epoch'], k['state']) for k in get('trust', 'audit')['keys']]
    assert len(keys) == 1 and re.fullmatch('import [0-9a-f]{8}', keys[0][0]) and keys[0][1] == 'destroyed', keys
    retain = {row['name']: row['retain'] for row in get('trust', 'audit')['streams']}
    equal((retain['shop']['rule'], retain['shop']['next_segments'], retain['shop']['next_records']), ('detail 90d', 1, 12000))
    equal(retain['cretula.store'], {'rule': 'none'})
    server.daemon.end()


def test_figures():
    """For developers the sums of the records, at every step and in every form; for the others what k leaves of them."""
    prepare(300)
    server = Server("  part: { tier: developer, token_hash: \"%s\", fields: [path] }\n" % hash_of('x' * 47))
    day = '?stream=shop&window=day&at=2025-11-24'

    def get(path, role='dev'):
        status, headers, body = server.ask('/api/v1/' + path, role)
        equal(status, 200, body)
        return json.loads(body) if headers['Content-Type'].endswith('json') else body.decode()

    total = get('overview' + day)
    equal((total['totals']['requests'], total['totals']['errors'], total['totals']['bytes']), (300, 30, 300 * 512))
    equal(total['window'], {'name': 'day', 'since': '2025-11-24T00:00:00.000Z', 'until': '2025-11-25T00:00:00.000Z',
                            'complete': True})
    assert 'previous' not in total, total
    equal(get('overview?stream=shop&window=week&at=2025-W48')['totals']['requests'], 300)
    equal(get('overview?stream=shop&window=month&at=2025-11')['totals']['requests'], 300)
    after = get('overview?stream=shop&at=2025-11-25')
    equal((after['totals']['requests'], after['previous']['totals']['requests']), (0, 300))
    for step, points in (('minute', 1440), ('hour', 24), ('day', 1)):
        series = get(f'series{day}&step={step}')
        equal({len(series[c]) for c in ('time', 'requests', 'errors', 'bytes', 'uniques')}, {points})
        equal((sum(series['requests']), sum(series['errors']), sum(series['bytes'])), (300, 30, 300 * 512), step)
        rows = get(f'series.csv{day}&step={step}').splitlines()
        equal([int(row.split(',')[1]) for row in rows[1:]], series['requests'])
    part = get('overview?stream=shop&since=2025-11-24T01:10:30Z&until=2025-11-24T01:20:00Z')
    equal((part['totals']['requests'], part['window']['name'], part['window']['since']),
          (10, 'free', '2025-11-24T01:10:00.000Z'))
    for name in ('paths', 'statuses', 'agents', 'events', 'referers', 'countries'):
        top = get(f'top/{name}{day}&limit=1')
        equal(sum(r['requests'] for r in top['rows']) + top['other']['requests'], top['total']['requests'], name)
    top = get(f'top/statuses{day}')
    equal([(r['key'], r['requests']) for r in top['rows']], [('200', 270), ('500', 30)])
    equal(get(f'top/statuses.csv{day}').splitlines()[1], '"200",270,138240')
    # Who the subjects were is not known of what is counted again: that is said, and is not the same as few.
    lost = {'days': 1, 'reason': 'subjects'}
    for role in ('sales', 'world'):
        total, top = get('overview' + day, role), get(f'top/paths{day}', role)
        equal((total['totals']['requests'], total['totals']['uniques'], total['not_known']), (None, None, lost), role)
        equal((top['rows'], top['total']['requests'], top['not_known']), ([], None, lost), role)
        equal(get(f'series{day}&step=day', role)['requests'], [None], role)
        equal('not_known' in get('overview?stream=shop&at=2025-11-23', role), False, role)
    said = cretula('stats', '--store', 'store', '--stream', 'shop', '--role', 'analyst', code=0).text
    assert 'not known' in said and '<10' not in said and 'nobody knows how many subjects' in said, said
    equal(cretula('stats', '--store', 'store', '--stream', 'shop', '--role', 'public', '--json', code=0).json['days'],
          [{'day': '2025-11-24T00:00:00.000Z', 'requests': None, 'reason': 'subjects'}])
    cretula('publish', '--store', 'store', '--stream', 'shop', '--out', 'public', code=0)
    assert b'visitors not known' in read('public/index.html') and b'&lt;20 visitors' not in read('public/index.html')
    for bad, code in (('window=day&since=-1d', 'window'), ('at=tomorrow', 'parameter'), ('since=x', 'parameter'),
                      ('since=-106751991d&until=9999-12-31T23:59:59Z', 'parameter'), ('until=-106751991d', 'parameter'),
                      ('since=0001-01-01T00:00:00Z&until=9999-12-31T23:59:59Z', 'window'),
                      ('since=-1d&until=-2d', 'window'), ('window=month&step=minute', 'window')):
        status, _, body = server.ask(f'/api/v1/series?stream=shop&{bad}')
        equal((status, json.loads(body)['code']), (400, code), bad)
    server.tokens['part'] = 'x' * 47
    few = get('overview' + day, 'part')['totals']
    equal((few['requests'], few['errors'], few['bytes'], few['bots']), (300, None, None, None))
    equal(server.ask(f'/api/v1/top/agents{day}', 'part')[0], 403)
    equal(get(f'top/paths{day}', 'part')['rows'][0]['bytes'], None)
    note = seen()[0]
    equal((note['extra']['window'], note['extra']['since'], note['extra']['rows']), ('day', '2025-11-24T00:00:00.000Z', 1))
    os.unlink('store/stats.db')
    equal(json.loads(server.ask('/api/v1/overview' + day)[2])['code'], 'stream')
    server.daemon.end()


def test_points_add_up_to_a_window():
    """Wherever its ends lie: the first and the last point have what of their hour or day is in it."""
    write('log', ''.join(combined(n * 60, client=f'203.0.113.{n % 50}', status=500 if n % 10 == 0 else 200)
                         .replace('24/Nov', f'{24 + n // 1440}/Nov') for n in range(4 * 1440)).encode())
    cretula('import', '--store', 'store', '--stream', 'shop', '--format', 'combined', 'log', code=0)
    server = Server()
    for since, until, points in (('24T03:17', '27T10:22', {'minute': 4745, 'hour': 80, 'day': 4}), ('25T00:00', '26T05:00', {'hour': 29, 'day': 2}),
                                 ('25T11:00', '27T00:00', {'hour': 37, 'day': 2}), ('25T11:10', '25T11:50', {'minute': 40, 'hour': 1, 'day': 1})):
        window = f'stream=shop&since=2025-11-{since}:00Z&until=2025-11-{until}:00Z'
        total = json.loads(server.ask(f'/api/v1/overview?{window}')[2])['totals']
        for step, count in points.items():
            series = json.loads(server.ask(f'/api/v1/series?{window}&step={step}')[2])
            equal((len(series['time']), sum(series['requests']), sum(series['errors'])), (count, total['requests'], total['errors']), (window, step))
            equal(time.strftime('%dT%H:%M', time.gmtime(series['time'][0])), since, step)
    server.daemon.end()


def test_bursts():
    """An hour with far more errors than that of the weeks before stands in the series of developers, as `stats` has it, and of nobody else."""
    days = ['20/Oct', '27/Oct', '03/Nov', '10/Nov', '17/Nov', '24/Nov']
    write('log', ''.join(combined(36000 + n * 20, client=f'203.0.113.{n}', status=502 if n < (90 if day == '24/Nov' else 2) else 200)
                         .replace('24/Nov', day) for day in days for n in range(120)).encode())
    cretula('import', '--store', 'store', '--stream', 'shop', '--format', 'combined', 'log', code=0)
    server = Server(f'  part: {{ tier: developer, token_hash: "{hash_of("p" * 47)}", fields: [path] }}\n')
    server.tokens['part'] = 'p' * 47

    def get(role, query):
        status, _, body = server.ask(f'/api/v1/series?stream=shop&{query}', role)
        equal(status, 200, body)
        return json.loads(body).get('bursts')

    told = cretula('stats', '--store', 'store', '--stream', 'shop', '--json', code=0).json['traffic']['error_bursts']['hours']
    want = [{'at': h['start'], 'errors': h['errors_5xx'], 'usual': h['usual'], 'deviations': h['deviations']} for h in told]
    equal([(h['at'], h['errors'], h['usual']) for h in want], [('2025-11-24T10:00:00.000Z', 90, 2)])
    for query, compared in (('window=day&at=2025-11-24', 1), ('window=month&at=2025-11', 3), ('window=day&at=2025-11-24&step=minute', 1)):
        equal(get('dev', query), {'compared': compared, 'hours': want}, query)
    equal(get('dev', 'window=day&at=2025-11-17'), {'compared': 1, 'hours': []})
    equal([get(role, 'window=day&at=2025-11-24') for role in ('sales', 'world', 'part')], [None] * 3)
    server.daemon.end()


def test_what_left_no_record():
    """Lines over limits.rate are in no figure: overview and trust say so by cause, to who sees counts; and of no other time."""
    write('p.yaml', b'store: store\nstreams: { shop: { format: combined, limits: { rate: 50/s } } }\n')
    start = time.monotonic()
    over = cretula('pipe', '--config', 'p.yaml', '--json', 'shop', stdin=''.join(map(combined, range(2000))).encode(), code=0).json['over_rate']
    assert 2000 - 50 * (1 + time.monotonic() - start) <= over > 0, over
    server = Server()

    def get(path, role):
        status, _, body = server.ask(f'/api/v1/{path}', role)
        equal(status, 200, body)
        return json.loads(body)

    day = 'overview?stream=shop&window=day&at=2025-11-'
    equal(get(day + '24', 'dev').get('missing'), {'rate': over})
    equal([get(day + '24', role).get('missing') for role in ('sales', 'world')] + [get(day + '23', 'dev').get('missing')], [None] * 3)
    for role in ('dev', 'audit'):
        shop, = (s for s in get('trust', role)['streams'] if s['name'] == 'shop')
        equal((shop['counts']['causes'], shop['counts']['counted'], shop['balanced']), ({'rate': over}, over, True), role)
    equal(get('trust', 'sales')['streams'], [])
    # Only one at a time has the store, and says who has it.
    said = cretula('serve', '--config', 'c.yaml', '--listen', f'127.0.0.1:{free_port()}', code=75).err
    assert 'another `cretula serve`' in said, said
    server.daemon.end()


def test_streams_of_a_role():
    """Of other streams than its own a role is told nothing by Trust, not even which one ends first; the session names its fields."""
    prepare(10)
    write('log', combined(1).encode())
    cretula('import', '--store', 'store', '--stream', 'zebra', '--format', 'combined', 'log', code=0)
    server = Server(''.join(f'  {name}: {{ tier: {tier}, token_hash: "{hash_of(name[0] * 47)}", streams: [{stream}]{more} }}\n'
                            for name, tier, stream, more in (('away', 'auditor', 'zebra', ''), ('mine', 'developer', 'shop', ''),
                                                             ('part', 'developer', 'zebra', ', fields: [path, status]'))))
    server.tokens.update({'away': 'a' * 47, 'mine': 'm' * 47, 'part': 'p' * 47})

    def get(path, role):
        return server.ask(f'/api/v1/{path}', role)[2].decode()

    wait_for(lambda: json.loads(get('trust', 'audit'))['verified']['state'] == 'good', seen=lambda: get('trust', 'audit'))
    for role in ('audit', 'mine'):
        assert 'rollback: stream shop ends first' in get('trust', role), get('trust', role)
    assert 'rollback: whether' in get('trust', 'away') and 'shop' not in get('trust', 'away') + get('trust', 'part')
    equal([json.loads(get('session', role))['fields'] for role in ('audit', 'dev', 'sales', 'away', 'part')],
          [[], [], [], [], ['path', 'status']])
    server.daemon.end()


def test_findings_say_where_they_are():
    """Trust names file and record of what does not verify, in the words of `verify`."""
    prepare(300)
    segment, = glob.glob('store/streams/shop/seg/*.jsonl.zst')
    lines = subprocess.run(['zstd', '-dcq', segment], stdout=subprocess.PIPE, check=True).stdout.replace(b'"bytes":512', b'"bytes":513', 1)
    os.unlink(segment)
    subprocess.run(['zstd', '-q', '-o', segment], input=lines, check=True)
    server = Server()

    def verified(role):
        return json.loads(server.ask('/api/v1/trust', role)[2])['verified']

    wait_for(lambda: verified('audit')['state'] == 'bad', seen=lambda: verified('audit'))
    said = [line for line in cretula('verify', '--store', 'store', code=1).text.splitlines() if line.startswith(('E_', 'W_'))]
    assert any(re.search(r'seg/00000001\.jsonl\.zst record 0 \(line 1\): a record is not', line) for line in said), said
    equal([f'{f["code"]} {f["stream"]} {f["text"]}' for f in verified('audit')['findings']], said)
    equal((verified('sales')['findings'], verified('sales')['errors']), ([], len(said)))
    server.daemon.end()


def test_errors_that_are_not_shown_are_not_called_few():
    """The cell that goes with what few did may be that of many errors; a day that shows some is in the sum, so many at least."""
    write('log', ''.join(combined(n * 20, client=f'203.0.113.{n % 50}', status=204 if n in (7, 57) and day != 23 else 503 if n % 16 == 0 else 200)
                         .replace('24/Nov', f'{day}/Nov') for day in range(22, 25) for n in range(4000)).encode())
    cretula('import', '--store', 'store', '--stream', 'shop', '--format', 'combined', 'log', code=0)
    server = Server()
    for role, shown in (('dev', 250), ('sales', None), ('world', None)):
        for day, errors in ((22, shown), (23, 250), (24, shown)):
            got = json.loads(server.ask(f'/api/v1/overview?stream=shop&window=day&at=2025-11-{day}', role)[2])['totals']
            equal((got['errors'], got['client_errors']), (errors, 0 if role == 'dev' or day == 23 else None), (role, day))
        got = json.loads(server.ask('/api/v1/overview?stream=shop&window=week&at=2025-11-22', role)[2])['totals']
        equal(got['errors'], 500 if role == 'dev' else 250, role)
        series = json.loads(server.ask('/api/v1/series?stream=shop&window=week&at=2025-11-22&step=day', role)[2])
        equal(series['errors'][-2:], [shown, 250], role)
    told = cretula('stats', '--store', 'store', '--stream', 'shop', '--role', 'analyst', '--json', code=0).json['days']
    equal([day['errors_5xx'] for day in told], [None, 250, None])
    server.daemon.end()


def test_sessions():
    """Log in with a token, come back with a cookie, log out; guesses are slow; other sites get nothing."""
    prepare(10)
    server = Server()
    host = f'127.0.0.1:{server.port}'

    def log_in(token, **more):
        return server.ask('/api/v1/session', None, 'POST', json.dumps({'token': token}),
                          **{'Content-Type': 'application/json', **more})

    status, headers, body = log_in(server.tokens['sales'], Origin=f'http://{host}')
    equal((status, json.loads(body)['role'], json.loads(body)['via']), (200, 'sales', 'cookie'))
    cookie = headers['Set-Cookie']
    assert re.fullmatch(rf'cretula-{server.port}=[\w-]{{43}}; Path=/; HttpOnly; SameSite=Strict', cookie), cookie
    cookie = cookie.split(';')[0]
    status, headers, _ = server.ask('/api/v1/session', None, Cookie=cookie)
    equal((status, headers['Set-Cookie']), (200, None))
    equal(server.ask('/api/v1/session', None, Cookie=cookie[:-1] + ('a' if cookie[-1] != 'a' else 'b'))[0], 401)
    equal(server.ask('/api/v1/session', None, Cookie=f'{cookie}; {cookie}')[0], 401)
    equal(server.ask('/api/v1/session', None, 'DELETE', Cookie=cookie, Origin='http://evil.example')[0], 403)
    status, headers, _ = server.ask('/api/v1/session', None, 'DELETE', Cookie=cookie)
    equal((status, 'Max-Age=0' in headers['Set-Cookie']), (204, True))
    equal(server.ask('/api/v1/session', None, Cookie=cookie)[0], 401)
    assert f'__Host-cretula-{server.port}=' in log_in(server.tokens['sales'], Origin=f'https://{host}')[1]['Set-Cookie']
    for more in ({'Origin': 'http://evil.example'}, {'Sec-Fetch-Site': 'cross-site'}, {'Origin': 'null'}):
        status, headers, body = log_in(server.tokens['sales'], **more)
        equal((status, json.loads(body)['code'], headers['Set-Cookie']), (403, 'origin', None), more)
    for kind, status in (('text/plain', 415), ('text/plain;x=,application/json', 415), ('Application/JSON; charset=utf-8', 200)):
        equal(log_in(server.tokens['sales'], **{'Content-Type': kind})[0], status, kind)
    equal(server.ask('/api/v1/session', None, 'POST', '{"token":1}', Content_Type='application/json')[0], 400)
    start, codes = time.monotonic(), []
    for _ in range(4):
        codes.append(log_in('crt_' + 'a' * 43)[0])
    equal(codes, [401] * 4)
    assert time.monotonic() - start >= 1, 'four guesses'
    equal(log_in(server.tokens['dev'])[0], 200)
    assert '4 since the start' in server.daemon.end()


def test_roles_are_read_again():
    """At SIGHUP, confined as it is: a token that is gone opens nothing, its session and its tail end; mistakes change nothing."""
    prepare(10)
    server = Server()
    good = read('c.yaml').decode()
    token = '{"token": "%s"}' % server.tokens['dev']
    headers = server.ask('/api/v1/session', None, 'POST', token, Content_Type='application/json')[1]
    cookie = headers['Set-Cookie'].split(';')[0]
    with server.connect() as tail:
        tail.sendall(f'GET /api/v1/tail?stream=shop HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nCookie: {cookie}\r\n\r\n'.encode())
        assert tail.recv(1000).startswith(b'HTTP/1.1 200 ')
        for bad in ('roles: {', 'store: store\n', good.replace('sha256:', 'sha1:')):
            write('c.yaml', bad.encode())
            server.daemon.process.send_signal(signal.SIGHUP)
            said = server.daemon.process.stderr.readline().decode()
            while 'stays as it was' not in said:
                said = server.daemon.process.stderr.readline().decode()
        equal((server.ask('/api/v1/session')[0], server.ask('/api/v1/session', None, Cookie=cookie)[0]), (200, 200))
        user = pwd.getpwuid(os.getuid()).pw_name
        more = f'  late: {{ tier: public, token_hash: "{hash_of("l" * 47)}"{"" if user == "root" else f", users: [{user}]"} }}\n'
        write('c.yaml', (re.sub('  dev: .*\n', '', good) + more).encode())
        server.daemon.process.send_signal(signal.SIGHUP)
        server.tokens['late'] = 'l' * 47
        wait_for(lambda: server.ask('/api/v1/session', 'late')[0] == 200)
        tail.settimeout(120)
        said = b''
        while b'event: end' not in said:
            more = tail.recv(1000)
            assert more, said
            said += more
    equal([server.ask('/api/v1/session', role)[0] for role in ('dev', 'sales')], [401, 200])
    equal(server.ask('/api/v1/session', None, Cookie=cookie)[0], 401)
    said = server.daemon.end()
    assert '4 roles, 1 sessions ended' in said and 'restart' not in said, said


def test_a_configuration_that_took_the_place_of_another():
    """Beside the keys it is not read, for only the file of the start is; in a directory of its own it is."""
    prepare(10)
    server = Server()
    said = server.daemon.end()
    if 'Landlock' not in said or is_sanitized(said):
        raise Skip('this kernel has no Landlock, or a sanitizer is in the way')
    os.mkdir('own')
    os.mkdir('own/conf')
    text = read('c.yaml').replace(b'store: store', b'store: ' + os.path.abspath('store').encode())
    for path, taken in (('c.yaml', False), ('own/conf/c.yaml', True)):
        write(path, text)
        daemon = Daemon(command=[CRETULA, 'serve', '--config', path])
        write('new.yaml', re.sub(b'  dev: .*\n', b'', text))
        os.rename('new.yaml', path)
        daemon.process.send_signal(signal.SIGHUP)
        line = ''
        while not re.search('stays as it was|was read again', line):
            line = daemon.process.stderr.readline().decode()
        equal('was read again: 3 roles' in line, taken, line)
        assert taken or re.search('Permission denied; beside keys.* by a restart only', line), line
        daemon.end()


def test_the_term_of_access_records_is_of_the_start():
    """SIGHUP gives streams other terms; the writer of access records keeps its own, and log and Trust say so."""
    prepare(10)
    server = Server('streams: { shop: { retain: { detail: 60d, access: 40d } } }\n')

    def rules():
        streams = json.loads(server.ask('/api/v1/trust')[2])['streams']
        return {s['name']: s['retain']['rule'] for s in streams if s['name'] in ('shop', 'cretula.access')}

    equal(rules(), {'shop': 'detail 60d', 'cretula.access': 'access 40d'})
    write('c.yaml', read('c.yaml').replace(b'detail: 60d, access: 40d', b'detail: 50d, access: 20d'))
    server.daemon.process.send_signal(signal.SIGHUP)
    wait_for(lambda: rules()['shop'] == 'detail 50d')
    equal(rules()['cretula.access'], 'access 40d')
    assert 'the term of access records stays 40d: another one needs a restart' in server.daemon.end()


def test_what_is_no_request():
    """Two lengths, two hosts, folded and bare lines, absolute forms, traversal, large heads: refused, and closed."""
    prepare(10)
    server = Server()
    host, token = f'Host: 127.0.0.1:{server.port}\r\n', server.tokens['dev']
    who = f'{host}Authorization: Bearer {token}\r\n'
    good, closed = server.raw(f'GET /api/v1/session HTTP/1.1\r\n{who}\r\n', first=120)
    assert good.startswith('HTTP/1.1 200 ') and not closed, good
    inner = f'GET /api/v1/trust HTTP/1.1\r\n{who}\r\n'
    rows = [
        ('a length and chunks', f'POST /api/v1/session HTTP/1.1\r\n{who}Content-Length: 4\r\n'
         f'Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n{inner}'),
        ('chunks', f'POST /api/v1/session HTTP/1.1\r\n{who}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n{inner}'),
        ('chunks in disguise', f'POST /api/v1/session HTTP/1.1\r\n{who}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n{inner}'),
        ('two lengths', f'POST /api/v1/session HTTP/1.1\r\n{who}Content-Length: 0\r\nContent-Length: {len(inner)}\r\n\r\n'
         f'{inner}'),
        ('a length in disguise', f'POST /api/v1/session HTTP/1.1\r\n{who}Content-Length : {len(inner)}\r\n\r\n{inner}'),
        ('a name with a blank', f'GET /api/v1/session HTTP/1.1\r\n{who}X Y: 1\r\n\r\n'),
        ('a length that is none', f'POST /api/v1/session HTTP/1.1\r\n{who}Content-Length: +0\r\n\r\n{inner}'),
        ('a negative length', f'POST /api/v1/session HTTP/1.1\r\n{who}Content-Length: -1\r\n\r\n{inner}'),
        ('a body of GET', f'GET /api/v1/session HTTP/1.1\r\n{who}Content-Length: 9999\r\n\r\n'),
        ('two hosts', f'GET /api/v1/session HTTP/1.1\r\n{who}{host}\r\n'),
        ('no host', f'GET /api/v1/session HTTP/1.1\r\nAuthorization: Bearer {token}\r\n\r\n'),
        ('another host', f'GET /api/v1/session HTTP/1.1\r\nHost: evil.example\r\n\r\n'),
        ('two authorities', f'GET /api/v1/session HTTP/1.1\r\n{who}Authorization: Bearer x\r\n\r\n'),
        ('an absolute form', f'GET http://127.0.0.1:{server.port}/api/v1/session HTTP/1.1\r\n{who}\r\n'),
        ('a fold', f'GET /api/v1/session HTTP/1.1\r\n{host}Authorization: Bearer\r\n {token}\r\n\r\n'),
        ('a length that is folded', f'POST /api/v1/session HTTP/1.1\r\n{who}Content-Length:\r\n {len(inner)}\r\n\r\n{inner}'),
        ('a length with a byte of zero', f'POST /api/v1/session HTTP/1.1\r\n{who}Content-Length: 0\0{len(inner)}\r\n\r\n{inner}'),
        ('a bare line feed', f'GET /api/v1/trust HTTP/1.1\r\n{host}X: y\nAuthorization: Bearer {token}\r\n\r\n'),
        ('a bare carriage return', f'GET /api/v1/trust HTTP/1.1\r\n{who}X: y\rZ: z\r\n\r\n'),
        ('CONNECT', f'CONNECT 127.0.0.1:80 HTTP/1.1\r\n{who}\r\n'),
        ('TRACE', f'TRACE /api/v1/session HTTP/1.1\r\n{who}\r\n'),
        ('up and away', f'GET /../../etc/passwd HTTP/1.1\r\n{who}\r\n'),
        ('the same, encoded', f'GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\n{who}\r\n'),
        ('a byte of zero', f'GET /api/v1/records?stream=shop&where=%00 HTTP/1.1\r\n{who}\r\n'),
        ('a head that is too large', f'GET /api/v1/session HTTP/1.1\r\n{who}X: {"x" * 80000}\r\n\r\n'),
        ('a target that is too long', f'GET /api/v1/session?{"x" * 5000} HTTP/1.1\r\n{who}\r\n'),
        ('no HTTP', '\x16\x03\x01\x02\x00\x01\x00\x01\r\n\r\n'),
        ('of another version', f'GET /api/v1/session HTTP/3.0\r\n{who}\r\n'),
    ]
    for claim, text in rows:
        got, closed = server.raw(text)
        status = re.findall(r'^HTTP/1.1 (\d+) ', got, re.M)
        # What libmicrohttpd refuses itself has its head twice.
        assert all(s[0] in '45' for s in status) and (len(status) <= 1 or closed), f'{claim}: {got}'
        assert '"anchor"' not in got and 'root:' not in got and token not in got, f'{claim}: {got}'
    equal([r['action'] for r in seen() if r['outcome'] == 'success'], [], 'nothing was shown')
    equal(server.ask('/api/v1/session')[0], 200)
    said = server.daemon.end()
    assert 'evil' not in said and 'passwd' not in said, said


def test_answers():
    """Entity tags, HEAD, methods, the page, what keeps a browser in."""
    prepare(10)
    server = Server()
    status, headers, body = server.ask('/api/v1/chain?stream=shop')
    equal(status, 200)
    for name, value in (('X-Content-Type-Options', 'nosniff'), ('X-Frame-Options', 'DENY'),
                        ('Referrer-Policy', 'no-referrer'), ('Cache-Control', 'private, no-cache')):
        equal(headers[name], value)
    assert "default-src 'none'" in headers['Content-Security-Policy'] and 'Server' not in headers, headers
    again = server.ask('/api/v1/chain?stream=shop', If_None_Match=headers['ETag'])
    equal((again[0], again[1]['ETag'], again[2]), (304, headers['ETag'], b''))
    equal(server.ask('/api/v1/chain?stream=shop', If_None_Match='"x"')[0], 200)
    head = server.ask('/api/v1/chain?stream=shop', method='HEAD')
    equal((head[0], head[1]['Content-Length'], head[2]), (200, str(len(body)), b''))
    equal(server.ask('/api/v1/chain?stream=shop', method='POST')[0:1], (405,))
    equal(server.ask('/api/v1/session', method='PUT')[1]['Allow'], 'DELETE, GET, HEAD, POST')
    page = server.ask('/', None)
    equal((page[0], page[1]['Content-Type']), (200, 'text/html; charset=utf-8'))
    equal(server.ask('/', None, If_None_Match=page[1]['ETag'])[0], 304)
    for file in ('favicon.svg', 'vendor/uplot.js'):  # packed or not, it is what lies in web/
        plain, small = (server.ask(f'/{file}', None, Accept_Encoding=how) for how in ('identity', 'gzip'))
        equal((plain[2], gzip.decompress(small[2]), small[1]['Content-Encoding']), (read(f'{SOURCE}/web/{file}'), plain[2], 'gzip'))
        equal((plain[1]['Content-Encoding'], plain[1]['ETag'] == small[1]['ETag']), (None, False))
    equal(server.ask('/', None, Sec_Fetch_Site='cross-site')[0], 200)
    equal(server.ask('/api/v1/trust', Sec_Fetch_Site='cross-site')[0], 403)
    equal(len([r for r in seen() if r['action'] == 'chain']), 4, 'an answer that is not sent again is a view, too')
    server.daemon.end()


class Events:
    """The events of a tail."""

    def __init__(self, server, path, **headers):
        self.c = http.client.HTTPConnection('127.0.0.1', server.port, timeout=120)
        self.c.request('GET', path, headers=headers)
        self.answer = self.c.getresponse()

    def next(self):
        event = {}
        while line := self.answer.readline().decode():
            if line == '\n' and 'event' in event:
                return event
            if ': ' in line and not line.startswith(':'):
                key, event[key] = line.rstrip('\n').split(': ', 1)[0], line.rstrip('\n').split(': ', 1)[1]
        return None


def test_tails_whose_client_is_gone_before_the_answer():
    """Each is opened or not, and recorded; none holds a place, and the next 16 are answered."""
    prepare(10)
    server = Server(streams=', streams: [cretula.access]')
    token = {'Authorization': f'Bearer {server.tokens["dev"]}'}
    head = f'GET /api/v1/tail?stream=cretula.access HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nAuthorization: {token["Authorization"]}\r\n\r\n'
    for n in range(24):
        s = server.connect()
        s.sendall(head.encode())
        if n % 2 == 0:  # a reset, not an end
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        s.close()

    def ended():
        """Each record of a tail that was opened has one of its end."""
        told = ['rows' in r['extra'] for r in seen() if r['action'] == 'tail' and r['outcome'] == 'success']
        return told.count(True) == told.count(False)

    def all_16():
        server.ask('/api/v1/chain?stream=cretula.access', 'audit')  # one more event: who is gone is noticed
        if not ended():
            return False
        tails = [Events(server, '/api/v1/tail?stream=cretula.access', **token) for _ in range(16)]
        for e in tails:
            e.c.close()
            e.answer.close()
        return [e.answer.status for e in tails] == [200] * 16

    wait_for(all_16)
    server.daemon.end()
    cretula('verify', '--store', 'store', code=0)


def test_tails():
    """Records as they are committed; the end of the session is its end; two records of it, the second with the count."""
    prepare(10)
    server = Server(streams=', streams: [cretula.access]')
    body = json.dumps({'token': server.tokens['dev']})
    cookie = server.ask('/api/v1/session', None, 'POST', body, Content_Type='application/json')[1]['Set-Cookie']
    cookie = cookie.split(';')[0]
    tail = Events(server, '/api/v1/tail?stream=cretula.access&where=action+%3d%3d+chain', Cookie=cookie)
    equal((tail.answer.status, tail.answer.headers['Content-Type']), (200, 'text/event-stream'))
    equal(tail.answer.headers['ETag'], None)
    for n in range(3):
        server.ask('/api/v1/chain?stream=cretula.access', 'audit')
        event = tail.next()
        equal((event['event'], json.loads(event['data'])['user']), ('record', 'audit'))
    again = Events(server, '/api/v1/tail?stream=cretula.access', Cookie=cookie, **{'Last-Event-ID': event['id']})
    equal(json.loads(again.next()['data'])['action'], 'tail')  # its own record came behind that
    again.c.close()
    again.answer.close()
    server.ask('/api/v1/session', None, 'DELETE', Cookie=cookie)
    equal(json.loads(tail.next()['data']), {'code': 'session'})
    equal(tail.next(), None)
    wait_for(lambda: sum('rows' in r['extra'] for r in seen() if r['action'] == 'tail') == 2)  # both have ended
    equal([r['extra'].get('rows') for r in seen() if r['action'] == 'tail'].count(3), 1)
    equal(server.ask('/api/v1/tail?stream=cretula.access&where=x')[0], 400)
    equal(server.ask('/api/v1/tail?stream=cretula.access', 'world')[0], 403)
    many = [Events(server, '/api/v1/tail?stream=cretula.access', Authorization=f'Bearer {server.tokens["dev"]}')
            for _ in range(17)]
    equal([e.answer.status for e in many], [200] * 16 + [503], 'one operator leaves tails to others')
    for e in many:
        e.c.close()
        e.answer.close()
    wait_for(lambda: sum(r['action'] == 'tail' and 'rows' in r['extra'] for r in seen()) >= 18)
    last = Events(server, '/api/v1/tail?stream=cretula.access', Authorization=f'Bearer {server.tokens["dev"]}')
    server.daemon.process.send_signal(signal.SIGTERM)
    while (event := last.next())['event'] != 'end':
        pass
    equal(json.loads(event['data']), {'code': 'stopping'})
    server.daemon.end()
    cretula('verify', '--store', 'store', code=0)


def writer_of(daemon):
    with open(f'/proc/{daemon.process.pid}/task/{daemon.process.pid}/children', encoding='ascii') as file:
        return int(file.read().split()[0])


def is_read(port, peer):
    """Has the server on port read all that came from that port?"""
    ends = (f':{port:04X}', f':{peer:04X}')
    rows = [row.split() for row in read('/proc/net/tcp').decode().splitlines()]
    return any(row[1].endswith(ends[0]) and row[2].endswith(ends[1]) and row[4].endswith(':00000000') for row in rows)


def test_no_view_without_a_record():
    """While the writer does not answer, nothing is shown; once it is gone, nobody serves."""
    prepare(10)
    server = Server()
    writer = writer_of(server.daemon)
    stop(writer)
    with server.connect() as s:
        s.sendall(f'GET /api/v1/trust HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n'
                  f'Authorization: Bearer {server.tokens["dev"]}\r\n\r\n'.encode())
        wait_for(lambda: is_read(server.port, s.getsockname()[1]))
        time.sleep(.3)
        os.kill(writer, signal.SIGKILL)
        got = b''
        while more := s.recv(65536):
            got += more
        got = got.decode()
    assert got.startswith('HTTP/1.1 503 ') and '"code":"access"' in got and 'anchor' not in got, got
    said = server.daemon.process.communicate(timeout=120)[1].decode()
    equal(server.daemon.process.returncode, 74, said)
    assert 'nothing is shown' in said, said
    Daemon(command=SERVE).end()  # who starts anew seals what it left
    cretula('verify', '--store', 'store', code=0)


def test_it_has_no_keys():
    """Who listens cannot open them, by Landlock; nor write the store; as root, by another user, too."""
    prepare(10)
    if not is_testing_build():
        raise Skip('nothing to try with')
    for name, to in (('read', 'store.keys/root.key'), ('read', 'store.keys/cretula.access/log.key'),
                     ('write', 'store/streams/shop/chain.jsonl'), ('connect', ''), ('fork', '')):
        server = Server(env={'CRETULA_ESCAPE': name, 'CRETULA_ESCAPE_TO': os.path.abspath(to)})
        said = server.daemon.end()
        if 'Landlock' not in said or is_sanitized(said):
            raise Skip('this kernel has no Landlock, or a sanitizer is in the way')
        found = re.search(r'escape ' + name + ': ([^"]*)"', said)
        assert found and found[1] in ('Permission denied', 'Operation not permitted'), said


def test_two_users():
    """From root: the writer becomes the owner of the store, who listens somebody that may only read; nothing is left."""
    if os.geteuid() != 0:
        raise Skip('only root can become others')
    prepare(10)
    os.chmod('.', 0o755)
    owner, other = pwd.getpwnam('daemon'), pwd.getpwnam('nobody')
    for root, folders, files in [*os.walk('store'), *os.walk('store.keys')]:
        for name in ['', *folders, *files]:
            os.chown(os.path.join(root, name), owner.pw_uid, other.pw_gid)
    server = Server(serve=', user: nobody')
    equal(server.ask('/api/v1/overview?stream=shop')[0], 200)
    equal(server.ask('/api/v1/records?stream=shop')[0], 200)
    for pid, user in ((server.daemon.process.pid, other), (writer_of(server.daemon), owner)):
        status = read(f'/proc/{pid}/status').decode()
        equal(set(re.search(r'^Uid:\s+(.*)$', status, re.M)[1].split()), {str(user.pw_uid)})
        equal(int(re.search(r'^CapEff:\s+(\w+)$', status, re.M)[1], 16) & ~(1 << 14), 0)
    server.daemon.end()
    equal(os.stat('store/streams/cretula.access/chain.jsonl').st_uid, owner.pw_uid)
    os.chmod('store', 0o700)
    assert 'nobody' in cretula('serve', '--config', 'c.yaml', code=66).err


def test_an_owner_without_a_name():
    """The writer becomes whoever owns the store, without any group of root, though no passwd knows them."""
    if os.geteuid() != 0:
        raise Skip('only root can become others')
    prepare(10)
    os.chmod('.', 0o755)
    uid, gid = 54321, pwd.getpwnam('nobody').pw_gid
    for root, folders, files in [*os.walk('store'), *os.walk('store.keys')]:
        for name in ['', *folders, *files]:
            os.chown(os.path.join(root, name), uid, gid)
    server = Server(serve=', user: nobody')
    status = read(f'/proc/{writer_of(server.daemon)}/status').decode()
    for line, want in (('Uid', uid), ('Gid', gid), ('Groups', gid)):
        equal(set(re.search(rf'^{line}:\s+(.*?)\s*$', status, re.M)[1].split()), {str(want)}, line)
    server.daemon.end()


def unix_ask(path, uid=None, **headers):
    """By the unix socket, as another user if uid says so."""
    out, into = os.pipe()
    if (child := os.fork()) == 0:
        if uid is not None:
            os.setresuid(uid, uid, uid)
        s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        s.connect('view.sock')
        lines = ''.join(f'{k.replace("_", "-")}: {v}\r\n' for k, v in headers.items())
        s.sendall(f'GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{lines}\r\n'.encode())
        got = b''
        while chunk := s.recv(65536):
            got += chunk
        os.write(into, got[-2000:])
        os._exit(0)
    os.close(into)
    with os.fdopen(out, 'rb') as file:
        got = file.read().decode()
    os.waitpid(child, 0)
    return json.loads(got.rsplit('\r\n\r\n', 1)[1])


def test_users_of_the_machine():
    """At a unix socket the kernel says who it is; a proxy names others, and nobody else may; TLS is no such socket."""
    if os.geteuid() != 0:
        raise Skip('only root can be somebody else')
    prepare(10)
    os.chmod('.', 0o755)
    nobody = pwd.getpwnam('nobody').pw_uid
    server = Server('  peers: { tier: auditor, users: [nobody, daemon] }\n  staff: { tier: analyst, users: ["*", erika] }\n',
                    listen=f'unix:{os.getcwd()}/view.sock", proxy: "www-data')
    os.chmod('view.sock', 0o666)
    got = unix_ask('/api/v1/session', nobody)
    equal((got['operator'], got['role'], got['via']), ('nobody', 'peers', 'peer'))
    equal(unix_ask('/api/v1/session', nobody, X_Remote_User='erika')['operator'], 'nobody')
    proxy = pwd.getpwnam('www-data').pw_uid
    got = unix_ask('/api/v1/session', proxy, X_Remote_User='erika@shop.example')
    equal((got['operator'], got['role'], got['via']), ('erika@shop.example', 'staff', 'proxy'))
    equal(unix_ask('/api/v1/session', proxy)['code'], 'session')
    equal(unix_ask('/api/v1/session')['code'], 'session')  # root
    equal(unix_ask('/api/v1/session', pwd.getpwnam('games').pw_uid, X_Remote_User='erika')['code'], 'session')
    server.daemon.end()


def test_tls():
    """On an address of the network by TLS only: the cookie is Secure; a user of a socket is none of it."""
    prepare(10)
    certificates.authority('ca')
    certificates.issue('server', 'ca')
    server = Server(more='  peers: { tier: auditor, users: [nobody] }\n', port_of='0.0.0.0',
                    serve=', certificate: server.pem, key: server.key, hosts: ["localhost:%d"]')
    context = ssl.create_default_context(cafile='ca.pem')
    c = http.client.HTTPSConnection('localhost', server.port, timeout=120, context=context)
    c.request('POST', '/api/v1/session', json.dumps({'token': server.tokens['world']}),
              {'Content-Type': 'application/json', 'Origin': f'https://localhost:{server.port}'})
    answer = c.getresponse()
    equal((answer.status, json.loads(answer.read())['role']), (200, 'world'))
    cookie = answer.headers['Set-Cookie']
    assert re.fullmatch(rf'__Host-cretula-{server.port}=[\w-]{{43}}; Path=/; HttpOnly; SameSite=Strict; Secure', cookie), cookie
    assert answer.headers['Strict-Transport-Security'], 'HSTS'
    c.request('GET', '/api/v1/trust', headers={'Cookie': cookie.split(';')[0]})
    equal(c.getresponse().status, 200)
    c.close()
    c = http.client.HTTPSConnection('localhost', server.port, timeout=120, context=context)
    c.request('GET', '/api/v1/trust', headers={'Host': 'evil.example'})
    equal(c.getresponse().status, 421)
    c.close()
    got, closed = server.raw(f'GET /api/v1/trust HTTP/1.1\r\nHost: localhost:{server.port}\r\n\r\n', first=120, more=120)
    assert closed and 'HTTP/1.1 200' not in got, got
    server.daemon.end()


def test_access_records_have_a_term():
    """What is over goes while the server runs, for nobody else may write the stream meanwhile; `retain` says nothing of it."""
    if not is_testing_build():
        raise Skip('a build without an injected clock')
    prepare(10, env={'CRETULA_CLOCK': '2027-01-05T11:00:00Z'})  # no later than what follows, whatever day it is
    first = 'store/streams/cretula.access/seg/00000001.salt'
    # Never more than a day later: that would be a clock that leapt.
    for time_, kept in ('2027-01-05T12:00:00Z', True), ('2027-01-06T11:00:00Z', True), ('2027-01-07T10:00:00Z', False):
        server = Server('streams:\n  shop: {format: combined, retain: {access: 1d}}\n', env={'CRETULA_CLOCK': time_})
        equal(server.ask('/api/v1/records?stream=shop')[0], 200)
        wait_for(lambda: kept or not os.path.exists(first))
        if not kept:
            done = cretula('retain', '--store', 'store', '--config', 'c.yaml', '--stream', 'cretula.access', code=0,
                           env={'CRETULA_CLOCK': time_})
            equal(done.err, '')
        said = server.daemon.end()
        equal('pruned by access 1d: 1 segment,' in said, not kept, said)
    equal([os.path.exists(first.replace('1', str(n))) for n in (1, 2, 3)], [False, True, True])
    cretula('verify', '--store', 'store', code=0)


def test_the_first_steps():
    """A token comes with the tier that its role has, or is called; the example of docs/dashboard.md serves, and says where."""
    prepare(10)
    write('roles.yaml', b'roles: { dev: { tier: developer }, few: { tier: analyst } }\n')
    for options, tier in ((['dev', '--config', 'roles.yaml'], 'developer'), (['few', '--config', 'roles.yaml'], 'analyst'),
                          (['auditor', '--config', 'roles.yaml'], 'auditor'), (['x', '--config', 'roles.yaml'], 'TIER')):
        made = cretula('serve', 'token', '--role', *options, code=0).text
        assert re.match(r'crt_[\w-]{43}\n', made) and f' {options[0]}: {{ tier: {tier}, token_hash: "sha256:' in made, made
        equal('TIER is developer' in made, tier == 'TIER')
    equal(cretula('serve', 'token', '--role', 'dev', '--config', 'none.yaml', code=66).out, b'')
    text = read(os.path.join(SOURCE, 'docs', 'dashboard.md')).decode()
    text = re.search(r'```yaml\n(store: [^`]*serve: .*?)```', text, re.S)[1]
    port = free_port()
    for was, becomes in (('/var/lib/cretula/store', 'store'), (':8466', f':{port}'), ('sha256:...', hash_of('t' * 47))):
        assert was in text, text
        text = text.replace(was, becomes)
    write('c.yaml', text.encode())
    daemon = Daemon(command=SERVE)
    c = http.client.HTTPConnection('127.0.0.1', port, timeout=120)
    c.request('GET', '/api/v1/records?stream=shop', headers={'Authorization': 'Bearer ' + 't' * 47})
    equal(c.getresponse().status, 200)
    c.close()
    said = daemon.end()
    assert f'serving http://127.0.0.1:{port}/: ' in said, said


def test_what_cannot_be_served():
    """Other addresses without TLS, nobody who may ask, no place to listen, a store without keys: said at the start."""
    prepare(10)
    equal(cretula('serve', 'token', code=2).out, b'')
    for text, part in (('store: store\nserve: { listen: "0.0.0.0:80" }\nroles: { a: { users: [games] } }\n', 'needs TLS'),
                       ('store: store\nserve: { listen: "127.0.0.1:80" }\n', 'nobody may ask'),
                       ('store: store\nroles: { a: { users: [games] } }\n', 'nowhere to listen'),
                       (f'store: store\nserve: {{ listen: "unix:{os.getcwd()}/x" }}\nroles: {{ a: {{ users: [root] }} }}\n', 'root reads')):
        write('c.yaml', text.encode())
        assert part in cretula('serve', '--config', 'c.yaml', code=78).err, part
    write('c.yaml', f'store: store\nserve: {{ listen: "unix:{os.getcwd()}/x" }}\nroles: {{ a: {{ users: [games] }} }}\n'
          .encode())
    assert 'certificate' in cretula('serve', '--config', 'c.yaml', '--listen', '192.0.2.1:80', code=78).err
    os.rename('store.keys', 'keys')
    assert 'access records' in cretula('serve', '--config', 'c.yaml', code=78).err


if __name__ == '__main__':
    main()
