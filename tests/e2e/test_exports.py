"""What others make of what comes out: GoAccess, Python over the JSON, and the dashboard for Grafana."""
import collections
import json
import os
import re
import shutil
import subprocess

from lib import SOURCE, Skip, cretula, equal, main, make_log, read, wait_for, write
from test_run import Daemon, connect

TOKEN = re.compile(r'(?<![A-Za-z0-9])(dv|em|ht|if|ip|pn|rq|se|sg|ua|uc|us|xx)\.[a-z2-7]{16}')
FIELDS = ('path', 'status', 'referer', 'agent', 'country', 'event', 'method', 'host', 'os', 'device')


def fill(text='streams: { s: { format: combined } }\n', lines=3000):
    write('log', make_log(lines))
    write('c.yaml', text.encode())
    cretula('import', '--store', 'store', '--stream', 's', '--config', 'c.yaml', '--format', 'auto', 'log', code=0)


def view(form):
    return cretula('view', '--store', 'store', '--stream', 's', '--as', form, code=0).text


def stats(*more):
    return cretula('stats', '--store', 'store', '--stream', 's', '--top', 0, '--json', *more, code=0).json['traffic']


def test_goaccess_reads_combined_lines():
    """Each line, with addresses for clients; its hits, statuses and bytes are those of stats."""
    if shutil.which('goaccess') is None:
        raise Skip('no goaccess')
    fill('streams: { s: { format: combined, mask: { ip.peer: address } } }\n')
    write('combined', view('combined').encode())
    run = subprocess.run(['goaccess', 'combined', '--log-format=COMBINED', '--no-global-config', '--no-progress', '--output=r.json',
                          '--invalid-requests=invalid', '--ignore-panel=ASN'], capture_output=True, check=False, timeout=60,
                         stdin=subprocess.DEVNULL)
    equal(run.returncode, 0, run.stderr)
    report, told = json.loads(read('r.json')), stats()
    general = report['general']
    equal((general['total_requests'], general['valid_requests'], general['failed_requests'], read('invalid')), (3000, 3000, 0, b''))
    equal(general['bandwidth'], told['total']['bytes'])
    statuses = {row['data'][:3]: row['hits']['count'] for group in report['status_codes']['data'] for row in group['items']}
    equal(statuses, {row['key']: row['requests'] for row in told['top']['status']})
    # Addresses tell clients apart as tokens do: a visitor is a client, a day and an agent.
    records = [json.loads(line) for line in view('json').splitlines()]
    assert all(r['client'].startswith('2001:db8:') for r in records), records[0]
    equal(general['unique_visitors'], len({(r['client'], r['time'][:10], r.get('agent')) for r in records}))


def test_tables_are_what_the_records_say():
    """Every table and sum of `stats --json`, counted again in Python from what `view --as json` prints."""
    fill()
    told, records = stats(), [json.loads(line) for line in view('json').splitlines()]
    cells = {field: collections.Counter() for field in FIELDS}
    total = collections.Counter()
    hours = collections.Counter()
    for r in records:
        size, status = r.get('bytes', 0), r.get('status', 0)
        total.update(requests=1, bytes=size, bots=int(r.get('bot') == 1), errors_4xx=status // 100 == 4, errors_5xx=status // 100 == 5)
        hours[r['time'][:13]] += 1
        for field in FIELDS:
            if field in r:
                cells[field][TOKEN.sub(r'{\1}', str(r[field]))] += 1
    equal({name: told['total'][name] for name in total}, dict(total))
    for field in FIELDS:
        equal({row['key']: row['requests'] for row in told['top'][field]}, dict(cells[field]), field)
    equal((told['period'], {row['start'][:13]: row['requests'] for row in told['series']}), ('hour', dict(hours)))
    assert len(cells['path']) == 10 and len(cells['status']) == 4, cells


def test_grafana_knows_what_the_daemon_says():
    """Each name in the dashboard is one of /metrics, and Prometheus understands each expression."""
    write('c.yaml', ('verify_every: 1s\nstore: store\nstreams: { s: { input: { unix-stream: %s/s.sock }, format: combined } }\n'
                     % os.getcwd()).encode())
    daemon = Daemon()
    connect('s.sock').sendall(make_log(50))

    def metrics():
        return cretula('status', '--store', 'store', '--metrics', code=0).text

    wait_for(lambda: 'cretula_verify_exit_code 0' in metrics())
    there = set(re.findall(r'^# HELP (cretula_\w+)', metrics(), re.M))
    daemon.end()
    board = json.loads(read(os.path.join(SOURCE, 'share/grafana/cretula.json')))
    expressions = [target['expr'] for panel in board['panels'] for target in panel['targets']]
    wanted = set(re.findall(r'cretula_\w+', json.dumps([expressions, board['templating']])))
    assert len(wanted) > 15 and wanted <= there, wanted - there
    equal(len({panel['id'] for panel in board['panels']}), len(board['panels']))
    if shutil.which('promtool') is None:
        raise Skip('no promtool')
    rules = [{'record': f'a:b{n}', 'expr': text.replace('$__rate_interval', '5m').replace('$stream', '.*')}
             for n, text in enumerate(expressions)]
    write('rules.yml', json.dumps({'groups': [{'name': 'g', 'rules': rules}]}).encode())
    run = subprocess.run(['promtool', 'check', 'rules', 'rules.yml'], capture_output=True, check=False, text=True)
    equal(run.returncode, 0, run.stderr)
    assert f'{len(rules)} rules found' in run.stdout, run.stdout


if __name__ == '__main__':
    main()
