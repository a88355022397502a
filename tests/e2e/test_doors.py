"""Each role at each door: what comes, and that a view is recorded once, a refused one as well."""
import http.client
import json
import os
import re
import socket

from lib import EACH, combined, cretula, equal, main, read, wait_for, write
from test_serve import SERVE, Server, document, hash_of, seen
from test_run import Daemon

# Roles of the configuration, two of each tier that can have less than it: of the columns of the tables below, in this order.
MORE = """  part: { tier: developer, fields: [status, path, method], streams: [shop], token_hash: "%s" }
  away: { tier: developer, streams: [elsewhere], token_hash: "%s" }
  few: { tier: analyst, k: 15, fields: [path], token_hash: "%s" }
  seer: { tier: auditor, fields: [status, event], token_hash: "%s" }
"""
WHO = ['dev', 'part', 'away', 'sales', 'few', 'world', 'audit', 'seer', None]
FIELDS = {'part': {'time', 'status', 'path', 'method'}, 'seer': {'time', 'status', 'event'}}
TOKEN = re.compile(r'\b(?:dv|em|ht|if|ip|pn|rq|se|sg|ua|uc|us|xx)\.[a-z2-7]{16}')

# What comes: the status, and the reason that its record gives.
COMES = {'+': (200, None), '-': (204, None), 't': (403, 'tier'), 's': (404, 'stream'), 'w': (400, 'window'), 'f': (400, 'filter'),
         'o': (401, None), '?': (404, None), 'm': (405, None), 'p': (400, 'parameter')}
SHOP, AT = 'stream=shop', 'stream=shop&at=2025-11-24'
API = [  # path, query, what comes to each of WHO
    ('session', '', '++++++++o'),
    ('streams', '', '++++++++o'),
    ('openapi.yaml', '', '+++++++++'),
    ('trust', '', '++++++++o'),
    ('overview', AT, '++s+++tto'),
    ('overview.csv', AT, '++s+++tto'),
    ('overview', AT + '&window=hour', '++s++wtto'),
    ('overview', AT + '&window=week', '++s+++tto'),
    ('overview.csv', AT + '&window=month', '++s++wtto'),
    ('overview', SHOP + '&since=2025-11-24T00:01:00Z', '++swwwtto'),
    ('overview', SHOP + '&until=2025-11-24T23:59:00Z', '++swwwtto'),
    ('overview', 'stream=cretula.access', 'sssssstto'),
    ('overview', 'stream=elsewhere', 'sssssstto'),
    ('overview', AT + '&where=status+%3d%3d+500', 'ppppppppo'),  # figures have no filters, so no two of them differ by one
    ('top/paths', AT + '&where=status+%3d%3d+500', 'ppppppppo'),
    ('series', AT + '&where=client+%5e%3d+ip.a', 'ppppppppo'),
    ('series', AT, '++s+++tto'),
    ('series.csv', AT, '++s+++tto'),
    ('series.csv', AT + '&step=minute', '++swwwtto'),
    ('series', AT + '&step=hour', '++s++wtto'),
    ('series', AT + '&step=day', '++s+++tto'),
    ('series', AT + '&window=month', '++s++wtto'),
    ('series', SHOP + '&since=2025-11-24T00:01:00Z&until=2025-11-24T00:02:00Z', '++swwwtto'),
    ('top/paths', AT, '++s+++tto'),
    ('top/paths.csv', AT + '&limit=1', '++s+++tto'),
    ('top/statuses', AT, '++s+t+tto'),
    ('top/referers', AT, '+ts+t+tto'),
    ('top/agents.csv', AT, '+ts+t+tto'),
    ('top/countries', AT, '+ts+t+tto'),
    ('top/events', AT, '+ts+t+tto'),
    ('top/paths', AT + '&window=month', '++s++wtto'),
    ('top/paths', SHOP + '&since=-7d', '++swwwtto'),
    ('top/paths', SHOP + '&until=2025-11-24T23:59:00Z', '++swwwtto'),
    ('top/clients', AT, '?????????'),
    ('records', SHOP, '++stttt+o'),
    ('records.csv', SHOP, '++stttt+o'),
    ('records.jsonl', SHOP + '&limit=2&cursor=r3', '++stttt+o'),
    ('records', SHOP + '&since=2025-11-24T00:01:00Z&until=2025-11-24T00:09:00Z', '++stttt+o'),
    ('records', SHOP + '&where=status+%3d%3d+500', '++stttt+o'),
    ('records', SHOP + '&order=newest', '++stttt+o'),
    ('records', SHOP + '&where=path+%5e%3d+%22/%22', '++sttttfo'),
    ('records.csv', SHOP + '&where=client+%5e%3d+ip.a', '+fsttttfo'),
    ('records.jsonl', SHOP + '&where=!(status+%3d%3d+200+%7c%7c+user+%3d%3d+x)', '+fsttttfo'),
    ('records', 'stream=cretula.access', 'sssttttso'),
    ('records', SHOP + '&window=day', 'ppppppppo'),
    ('tail', SHOP, '++stttt+o'),
    ('tail', SHOP + '&where=client+%5e%3d+ip.a', '+fsttttfo'),
    ('tail', 'stream=cretula.access', 'sssttttso'),
    ('chain', SHOP, '+tsttt++o'),  # entries count of every field (ADR 45)
    ('chain', 'stream=cretula.access&from=0&limit=1', '+t+ttt++o'),
    ('checkpoint', SHOP, '++sttt++o'),
    ('checkpoint', 'stream=cretula.store', '+++ttt++o'),
    ('keys', '', '?????????'),
    ('records/0', SHOP, '?????????'),
    ('POST session', '', '++++++++o'),
    ('DELETE session', '', '--------o'),
    ('POST records', SHOP, 'mmmmmmmmm'),
    ('DELETE trust', '', 'mmmmmmmmm'),
]


class Door(http.client.HTTPConnection):
    """Kept open for all that one asks; by a path, the view socket."""

    def __init__(self, server, role, path=None):
        super().__init__('127.0.0.1', server.port, timeout=120)
        self.path, self.role = path, role
        self.known = {'Authorization': f'Bearer {server.tokens[role]}'} if role else {}
        self.token = server.tokens.get(role, 'crt_' + 43 * 'x')

    def connect(self):
        if self.path is None:
            super().connect()
        else:
            self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self.sock.connect(self.path)

    def ask(self, method, target):
        """(status, type, body); of a tail what comes first."""
        login = method == 'POST' and target.endswith('/session')
        self.request(method, target, json.dumps({'token': self.token}) if login else None,
                     {'Content-Type': 'application/json'} if login else self.known)
        answer = self.getresponse()
        kind = answer.headers['Content-Type'] or ''
        if kind != 'text/event-stream':
            return answer.status, kind.split(';')[0], answer.read().decode()
        first = answer.readline().decode()
        answer.close()
        self.close()
        return answer.status, kind, first


def prepare(listen=None):
    """Two days of a shop, counted as they are imported, so that all tiers see something; and who serves them."""
    write('log', ''.join(combined(n * 90, client=f'203.0.113.{n % 60}', user=f'user{n % 60}', status=500 if n % 3 == 0 else 200,
                                  target=f'/shop?session={n * 7919:032x}', referer='https://www.google.com/')
                         .replace('24/Nov', f'{day}/Nov') for day in (23, 24) for n in range(300)).encode())
    if not os.path.exists('store'):
        cretula('import', '--store', 'store', '--stream', 'shop', '--format', 'combined', 'log', code=0)
    own = ('part', 'away', 'few', 'seer')
    server = Server(MORE % tuple(hash_of('crt_' + role[0] * 43) for role in own), listen=listen)
    server.tokens.update({role: 'crt_' + role[0] * 43 for role in own})
    return server


def row_of(path):
    """(method, path of the description, target) of a row."""
    method, _, path = path.rpartition(' ')
    plain = re.sub(r'\.(csv|jsonl)$', '', path)
    return method or 'GET', '/api/v1/' + re.sub('^top/.*', 'top/{dimension}', plain), '/api/v1/' + path, plain


def check_trust(role, trust):
    """Counts of the streams of a role, and of cretula's own; what entries count of every field for who sees all, or is an auditor."""
    own = {'cretula.access', 'cretula.store'}
    names = {'dev': {'shop'} | own, 'part': {'shop'} | own, 'away': own, 'audit': {'shop'} | own, 'seer': {'shop'} | own}
    equal({s['name'] for s in trust['streams']}, names.get(role, set()), role)
    for stream in trust['streams']:
        equal({'masked', 'reasons'} & set(stream), set() if role == 'part' else {'masked', 'reasons'}, role)
    assert {d['stream'] for d in trust['deletions']} <= names.get(role, set()), (role, trust['deletions'])
    assert ('shop' in names.get(role, set())) == any(d['stream'] == 'shop' for d in trust['deletions']), (role, trust['deletions'])


def check_body(role, plain, kind, body):
    """Who does not see clients is shown no token, in whatever form; and of records his fields."""
    if role != 'dev' and plain not in ('chain', 'checkpoint', 'trust', 'openapi.yaml'):
        assert not TOKEN.search(body), (role, plain, kind, TOKEN.search(body))
    if plain == 'trust':
        check_trust(role, json.loads(body))
    if plain != 'records' or role not in FIELDS:
        return
    if kind == 'text/csv':
        head, *lines = body.splitlines()
        found = {name for line in lines for name, cell in zip(head.split(','), line.split(',')) if cell}
    else:
        lines = json.loads(body)['records'] if kind == 'application/json' else [json.loads(line) for line in body.splitlines()]
        found = {name for line in lines for name in line}
    assert found <= FIELDS[role] and found, (role, kind, found)


def ask_all(server, rows, path=None):
    """Each row as each role; the access records that this is to make, and (path, method, type) of what was shown."""
    api, want, shown = document(), [], set()
    doors = [Door(server, role, path) for role in WHO]
    for name, query, comes in rows:
        method, described, target, plain = row_of(name)
        operation = api['paths'].get(described, {}).get(method.lower(), {'x-access': False})
        for door, letter in zip(doors, comes, strict=True):
            status, reason = COMES[letter]
            got, kind, body = door.ask(method, target + ('?' + query if query else ''))
            equal((got, json.loads(body)['code'] if reason else None), (status, reason), f'{door.role} {name} {query}: {body[:300]}')
            if got == 200:
                shown.add((described, method.lower(), kind))
                check_body(door.role, plain, kind, body)
            if operation['x-access'] and door.role and status != 405 and letter != '?':
                stream = re.findall(r'stream=([\w.]+)', query)
                want.append((door.role, plain, stream[0] if stream else None, 'failure' if reason else 'success', reason))
    for door in doors:
        door.close()
    return want, shown


def made(since=0):
    """(what was recorded, the ends of tails), behind so many."""
    records = seen()
    ends = [r for r in records if r['action'] == 'tail' and 'rows' in r['extra']]
    return [(r['user'], r['action'], r.get('object'), r['outcome'], r.get('reason')) for r in records if r not in ends][since:], ends


def check_records(want, since=0, ends=0):
    got, _ = made(since)
    for n, (one, other) in enumerate(zip(got, want)):
        equal(one, other, f'record {n}')
    equal(len(got), len(want))
    tails = sum(row[1] == 'tail' and row[3] == 'success' for row in want)
    wait_for(lambda: len(made()[1]) == ends + tails)
    return ends + tails


def test_each_role_at_each_path():
    """A row for each path, form and parameter of share/openapi.yaml, or this fails; by TCP all of them, by the view socket each path."""
    server, api = prepare(), document()
    want, shown = ask_all(server, API)
    server.daemon.end()
    ends = check_records(want)
    described = {(path, method, kind) for path, operations in api['paths'].items() for method, o in operations.items()
                 for kind in o['responses'].get('200', {}).get('content', [])}
    equal(shown, described)
    rows = {(described_, parameter) for name, query, _ in API for _, described_, _, _ in [row_of(name)]
            for parameter in re.findall(r'(\w+)=', query)}
    parameters = {(path, p.get('name') or p['$ref'].rsplit('/', 1)[1]) for path, operations in api['paths'].items()
                  for o in operations.values() for p in o.get('parameters', [])}
    words = next(p for p in api['paths']['/api/v1/top/{dimension}']['get']['parameters'] if p.get('name') == 'dimension')['schema']['enum']
    equal(parameters - rows - {('/api/v1/top/{dimension}', 'dimension')}, set())
    equal({row_of(name)[3].split('/')[1] for name, _, comes in API if name.startswith('top/') and '+' in comes}, set(words))

    server = prepare(listen=f'unix:{os.getcwd()}/view.sock')
    first = {row_of(row[0])[:2]: row for row in reversed(API)}
    more, _ = ask_all(server, list(first.values()), 'view.sock')
    server.daemon.end()
    check_records(more, len(want), ends)


# On the machine file permission decides, and no record is made: --role only narrows.  0: it prints; 2: it refuses; .: it would not end.
# The same columns; the last one is a role that is not there.
CLI = [
    ('stats', '002000202'),
    ('stats --json', '002000202'),
    ('stats --since 2025-11-24T00:00:00Z', '002000202'),
    ('stats --csv hour', '002222202'),
    ('stats --csv path', '002222222'),
    ('stats --words', '002222222'),
    ('stats --watch', '..22222.2'),
    ('stats --rebuild', '022222222'),
    ('publish --out pages-ROLE', '222220222'),
    ('view --where status==500', '002222202'),
    ('view --where client^=ip.', '022222222'),
    ('view --numbers --since 2025-11-24T00:00:00Z', '002222202'),
    ('tail --where !(user==us.a)', '022222222'),
    ('subject --value - find', '222222222'),  # there is no role for whom: two sign (test_person.py)
]
SHOP_HERE = ['--store', 'store', '--stream', 'shop', '--config', 'c.yaml']
FORMS = ['combined', 'csv', 'ecs', 'json', 'otel', 'text']


def test_each_role_at_each_command():
    """A row for each command that has --role, and each form of records; refused means nothing printed, and what is not seen is in no form."""
    server = prepare()
    server.daemon.end()
    before, rows = len(seen()), list(CLI)
    for command in ('view', 'tail'):
        rows += [(f'{command} --as {form}', '222222222' if (command, form) == ('tail', 'csv') else '002222202') for form in FORMS]
    commands = {c['name'] for c in cretula('help', '--json', code=0).json['commands'] if 'role' in {o['name'] for o in c['options']}}
    equal({row[0].split()[0] for row in rows} - {'subject'}, commands - {'serve'})  # of serve: whose a token is to be
    forms = re.findall(r"--as NAME +(.*)", cretula('view', '--help', code=0).text)[0]
    equal(sorted(re.findall(r'\w+', forms.replace('(the default)', '').replace(' or ', ' '))), FORMS)
    cells = [(command, role, code) for command, codes in rows for role, code in zip(WHO, codes, strict=True) if code != '.']
    for command, role, code in cells[::EACH]:
        name, *options = command.replace('ROLE', role or 'nobody').split()
        run = cretula(name, *SHOP_HERE, '--role', role or 'nobody', *options)
        equal((run.code, bool(run.out)), (int(code), code == '0'), f'{role} {command}: {run.err}')
        assert role == 'dev' or not TOKEN.search(run.text), (role, command, run.text[:500])
        assert name != 'publish' or os.path.exists(f'pages-{role}') == (code == '0'), role
    equal(len(seen()), before, 'a command on the machine makes no record: docs/roles.md')


main()
