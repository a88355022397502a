"""DuckDB over what `view` exports, beside what `stats` counted, for `./test --long` (`./setup --long` fetches DuckDB).

Nothing of cretula is asked twice: the lines of records are read by another program, with its own JSON, CSV, dates, sums,
quantiles and distinct counts.
"""
import json
import os
import random
import shutil
import subprocess

from lib import SOURCE, Skip, cretula, equal, main, write

DUCKDB = os.environ.get('CRETULA_DUCKDB', os.path.join(SOURCE, 'build-test/duckdb'))
LINES = int(os.environ.get('CRETULA_DUCKDB_LINES', '200000'))
DAYS, CLIENTS = 12, 4000
BASE = ['--store', 'store', '--stream', 's']
NUMBERS = ['status', 'bytes', 'request_bytes', 'duration_us', 'bot']
TEXTS = ['client', 'method', 'path', 'referer', 'agent', 'event', 'host', 'os', 'device']
CONFIG = """streams:
  s:
    format_string: >-
      log_format main '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent
      "$http_referer" "$http_user_agent" $request_length $request_time $host'
"""
AGENTS = ['Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0', 'curl/8.5.0',
          'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)',
          'Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 Mobile/15E148 '
          'Safari/604.1']
TOKEN = r'(^|[^A-Za-z0-9])(dv|em|ht|if|ip|pn|rq|se|sg|ua|uc|us|xx)\.[a-z2-7]{16}'


def ask(*queries):
    run = subprocess.run(['node', os.path.join(SOURCE, 'tests/duckdb/query.mjs'), DUCKDB], input=json.dumps(queries).encode(),
                         capture_output=True, check=False, timeout=600)
    equal(run.returncode, 0, run.stderr.decode())
    return json.loads(run.stdout)


def make_lines(seed=7):
    """Some days of a shop, most requests of few clients, times of answers as they are: mostly short, some very long."""
    rng = random.Random(seed)
    paths = ['/'] + [f'/shop/{word}' for word in ('lamps', 'books', 'rugs', 'clocks', 'cart')] + ['/login', '/api/v1/items']
    for n in range(LINES):
        second = n * DAYS * 86400 // LINES
        who = int(CLIENTS * rng.random() ** 3)
        target = rng.choice(paths) if rng.random() < .9 else f'/u/erika-{who}?email=user{who}%40example.org'
        yield (f'198.{51 + who % 7}.{who // 7 % 256}.{who % 251 + 1} - - [{second // 86400 + 3:02}/Nov/2025:{second // 3600 % 24:02}:'
               f'{second // 60 % 60:02}:{second % 60:02} +0000] "{rng.choice(["GET", "GET", "POST"])} {target} HTTP/1.1" '
               f'{rng.choices([200, 301, 404, 500], [90, 4, 5, 1])[0]} {int(rng.paretovariate(1.2) * 300)} '
               f'"{rng.choice(["-", "https://www.google.com/", "https://shop.example/cart"])}" "{rng.choice(AGENTS)}" {rng.randint(80, 900)} '
               f'{rng.lognormvariate(-4, 1.5):.3f} shop.example\n')


def near(got, want, share, what):
    assert abs(got - want) <= share * want, f'{what}: got {got}, want {want} within {share:.1%}'


def test_stats_are_what_duckdb_says():
    if shutil.which('node') is None or not os.path.isdir(os.path.join(DUCKDB, 'node_modules/@duckdb')):
        raise Skip(f'no DuckDB in {DUCKDB}: ./setup --long')
    write('log', ''.join(make_lines()).encode())
    write('c.yaml', CONFIG.encode())
    # Under one key in a thousand a day is off by four times the standard error: it is the same key each time.
    cretula('import', *BASE, '--config', 'c.yaml', 'log', env={'CRETULA_RANDOM': 'duckdb'}, code=0)
    for form in ('json', 'csv'):
        write(f'records.{form}', cretula('view', *BASE, '--as', form, code=0).out)
    told = cretula('stats', *BASE, '--top', 0, '--json', code=0).json['traffic']
    columns = ', '.join(f"{name}: '{'BIGINT' if name in NUMBERS else 'VARCHAR'}'" for name in ['time', *NUMBERS, *TEXTS])
    records = f"(SELECT *, CAST(time AS TIMESTAMP) AS t FROM read_json('records.json', format='newline_delimited', columns={{{columns}}}))"
    sums = ('count(*), coalesce(sum(bytes), 0), coalesce(sum(request_bytes), 0), count(*) FILTER (status BETWEEN 400 AND 499), '
            'count(*) FILTER (status BETWEEN 500 AND 599), count(*) FILTER (bot = 1)')
    fields = ['requests', 'bytes', 'request_bytes', 'errors_4xx', 'errors_5xx', 'bots']
    cells = [name for name in told['top'] if told['top'][name]]
    assert {'path', 'status', 'referer', 'agent', 'method', 'event', 'os', 'device'} <= set(cells), cells
    answers = ask(
        f'SELECT {sums} FROM {records}',
        f"SELECT strftime(date_trunc('{told['period']}', t), '%Y-%m-%dT%H:%M:%S.000Z') AS start, {sums} FROM {records} GROUP BY 1 ORDER BY 1",
        f'SELECT count(duration_us), {", ".join(f"quantile_disc(duration_us, {q})" for q in (.5, .75, .9, .95, .99, .999))} FROM {records}',
        f"SELECT strftime(t, '%Y-%m-%d') AS d, count(DISTINCT client) FROM {records} GROUP BY 1 ORDER BY 1",
        'SELECT count(*), sum(CAST(bytes AS BIGINT)), count(DISTINCT client), min(time), max(time) '
        "FROM read_csv('records.csv', header=true, all_varchar=true)",
        f'SELECT count(*), sum(bytes), count(DISTINCT client), min(time), max(time) FROM {records}',
        *(f"SELECT regexp_replace(CAST({name} AS VARCHAR), '{TOKEN}', '\\1{{\\2}}', 'g') AS k, count(*), coalesce(sum(bytes), 0), "
          f'count(*) FILTER (bot = 1) FROM {records} WHERE {name} IS NOT NULL GROUP BY 1' for name in cells))
    total, series, latency, days, from_csv, from_json, *tables = ([[int(c) if isinstance(c, str) and c.isdigit() else c for c in row]
                                                                   for row in rows] for rows in answers)
    equal({name: told['total'][name] for name in fields}, dict(zip(fields, total[0])))
    equal(total[0][0], LINES)
    equal([[row['start'], *(row[name] for name in fields)] for row in told['series']], series)
    assert len(series) >= DAYS, series
    equal(from_csv, from_json, 'CSV and JSON are the same records')
    for name, rows in zip(cells, tables):
        want = {str(key): tuple(numbers) for key, *numbers in rows}
        equal({row['key']: (row['requests'], row['bytes'], row['bots']) for row in told['top'][name]}, want, name)
    equal((told['latency_us']['count'], latency[0][0]), (LINES, LINES))
    for name, want in zip(('p50', 'p75', 'p90', 'p95', 'p99', 'p999'), latency[0][1:]):
        near(told['latency_us'][name], want, .01, name)
    equal([row['start'][:10] for row in told['uniques']['day']], [row[0] for row in days])
    for row, (day, want) in zip(told['uniques']['day'], days):
        near(row['subjects'], want, 4 * .0081, day)  # HyperLogLog of 16 KiB: 0.81 % of standard error
    print(f'# {LINES} records; tables {", ".join(f"{name} {len(rows)}" for name, rows in zip(cells, tables))}; subjects a day off by at most '
          f'{max(abs(row["subjects"] / want - 1) for row, (_, want) in zip(told["uniques"]["day"], days)):.2%}', flush=True)
    filters = [('status >= 500', 'status >= 500'), ('status == 200 && path ^= "/shop"', "status = 200 AND starts_with(path, '/shop')"),
               ('!(method == GET) || bytes < 400', "method IS DISTINCT FROM 'GET' OR bytes < 400"),
               ('path ~= "o" && duration_us > 100000', "contains(path, 'o') AND duration_us > 100000"), ('bot == 1', 'bot = 1'),
               ('referer != "https://www.google.com/" && status != 200', "referer IS DISTINCT FROM 'https://www.google.com/' AND status <> 200")]
    for (where, _), [[want]] in zip(filters, ask(*(f'SELECT count(*) FROM {records} WHERE {sql}' for _, sql in filters))):
        equal(cretula('view', *BASE, '--where', where, code=0).out.count(b'\n'), int(want), where)
        assert int(want) > 0, where


main()
