"""A real Caddy under hostile requests: what it says it served is what we count and read."""
import collections
import json
import os
import shutil

from hostile import CANARY, Server, basic, free_port, hostile, request, send
from lib import Skip, bare, cretula, equal, main, read, wait_for, write

CADDY = shutil.which('caddy') or '/usr/bin/caddy'
# "secret" in bcrypt of few rounds, as base64: the password of erika.
HASH = 'JDJhJDA0JGFiY2RlZmdoaWprbG1ub3BxcnN0dXUycjlPZkpuZkNzZG5lQVhBR0huUzRVcEZGUDhXSXJX'


def config(port, folder):
    answers = [{'match': [{'path': ['/a*']}], 'handle': [{'handler': 'static_response', 'status_code': '404', 'body': 'gone'}]},
               {'match': [{'path': ['/secret*']}],
                'handle': [{'handler': 'authentication', 'providers': {'http_basic': {
                    'hash': {'algorithm': 'bcrypt'}, 'accounts': [{'username': 'erika', 'password': HASH}]}}}]},
               {'handle': [{'handler': 'static_response', 'body': 'hello'}]}]
    log = {'writer': {'output': 'file', 'filename': f'{folder}/access.log'}, 'encoder': {'format': 'json'},
           'include': ['http.log.access']}
    return json.dumps({
        'admin': {'disabled': True}, 'logging': {'logs': {'default': {'level': 'ERROR'}, 'access': log}},
        'apps': {'http': {'servers': {'s': {'listen': [f'127.0.0.1:{port}'], 'automatic_https': {'disable': True},
                                            'logs': {'should_log_credentials': True}, 'routes': answers}}}}}).encode()


ELSEWHERE = (0, 400, 505)  # Go answers before Caddy sees what is no HTTP


def served(log):
    """How many of each status; the last line may be on its way."""
    return collections.Counter(json.loads(line)['status'] for line in read(log).split(b'\n')[:-1]) if os.path.exists(log) else collections.Counter()


def run_caddy(wires):
    """What was answered, and the lines of the log."""
    if not os.path.exists(CADDY):
        raise Skip('no caddy: ./setup installs it')
    folder, port = os.getcwd(), free_port()
    os.environ['HOME'] = folder
    write('caddy.json', config(port, folder))
    with Server([CADDY, 'run', '--config', 'caddy.json'], port):
        answers = collections.Counter(send(port, wire) for wire in wires)
        wait_for(lambda: all(served('access.log')[status] >= count for status, count in answers.items() if status not in ELSEWHERE),
                 seen=lambda: answers)
    return answers, read('access.log')


def check(said, record):
    """A record beside the line it was made from, which json.loads reads."""
    request_of = said['request']
    equal(record.get('state'), None, said)
    equal(record['status'], said['status'], said)
    equal(record['bytes'], said['size'], said)
    equal(record['protocol'], request_of['proto'], said)
    assert record['duration_us'] == int(said['duration'] * 1e6), said
    assert record.get('method') in (request_of['method'], '[unknown]'), said
    equal('forwarded' in record, request_of['headers'].get('X-Forwarded-For', ['-'])[0].strip() not in ('', '-'), said)
    if said['user_id']:
        assert record['user'].startswith('us.' if said['status'] < 400 else 'uc.'), (said, record)


def test_every_request_is_read_as_it_was_served():
    """Also what a client says in headers, with credentials in the log."""
    wires = [wire for wire in hostile() if not wire.startswith(b'OPTIONS * ')]  # Go answers it, and Caddy does not know
    wires += [request('/secret', Authorization=basic('erika')) for _ in range(2)]
    wires += [request('/secret/x', Authorization='Basic ' + 'ZXJpa2E6c2VjcmV0')]
    answers, log = run_caddy(wires)
    said = [json.loads(line) for line in log.splitlines()]
    counts = served('access.log')
    for status, count in answers.items():
        if status not in ELSEWHERE:
            equal(counts[status], count, f'answers with {status}')
    run = cretula('mask', '--format', 'caddy-json', stdin=log, code=0)
    equal(len(run.lines), len(said), 'records')
    for one, record in zip(said, run.lines):
        check(one, record)
    equal(collections.Counter(r['status'] for r in run.lines), counts, 'statuses')
    for text in (CANARY, '127.0.0.1', 'erika', 'ZXJpa2E6', '10.0.0.1'):
        assert text.encode() not in bare(run.out), text
    equal(cretula('check', '--detect', 'access.log', '--json', code=0).json['format'], 'caddy-json')


main()
