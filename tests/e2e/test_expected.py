"""Logs of servers beside what other programs read in them: what our record keeps in clear agrees.

Different on purpose:
- iis_access_test.log: its last two lines have 14 values behind a header of 21 columns; Filebeat tries patterns until one
  fits, we say that they do not.  The files without a #Fields line are not read at all.
- iis time-taken: Filebeat keeps milliseconds as nanoseconds of event.duration, as we do in microseconds.
- Traefik: a line in common format is no line of Traefik's.
- HAProxy: Filebeat's time is that of the syslog header where a line has none; of a line without a zone, in its own zone.
- vrl keeps durations in seconds, without adding up the three of a load balancer.
"""
import json

from lib import cretula, equal, main, shared

# file of ../shared/corpora, format, lines that are read
FILES = [
    ('beats/haproxy_log_default.log', 'haproxy', 1),
    ('beats/haproxy_log_haproxy.log', 'haproxy', 10),
    ('beats/haproxy_log_httplog-no-headers.log', 'haproxy', 3),
    ('beats/haproxy_log_tcplog.log', 'haproxy', 1),
    ('beats/iis_access_test-iis-7.5.log', 'w3c', 4),
    ('beats/iis_access_test-ipv6zone.log', 'w3c', 1),
    ('beats/traefik_access_test.log', 'traefik', 6),
    ('crowdsec/haproxy-logs.log', 'haproxy', 4),
    ('crowdsec/aws-alb-logs.log', 'aws-alb', 14),
    ('crowdsec/traefik_clf.log', 'traefik', 7),
    ('vrl/parse_aws_alb_log.log', 'aws-alb', 13),
]


def number(value):
    return None if value in (None, '', '-') else int(value)


def text(value):
    return None if value in (None, '', '-') else value


# field of the record: names of it elsewhere, and what makes them ours
FIELDS = {
    'status': (('http.response.status_code', 'parsed.http_status_code', 'meta.http_status', 'elb_status_code', 'status'), number),
    'bytes': (('http.response.body.bytes', 'http.response.bytes', 'haproxy.bytes_read', 'sent_bytes', 'body_bytes_sent'), number),
    'request_bytes': (('http.request.body.bytes', 'http.request.bytes', 'received_bytes'), number),
    'method': (('http.request.method', 'meta.http_verb', 'request_method'), text),
    'protocol': (('http.version', 'request_protocol'), lambda v: None if not v else v if v.startswith('HTTP/') else 'HTTP/' + v),
    'duration_us': (('event.duration',), lambda v: None if v is None else v // 1000),
    'upstream_status': (('target_status_code',), number),
}
EXTRA = {
    'connections': 'haproxy.connections.active', 'frontend_connections': 'haproxy.connections.frontend',
    'backend_connections': 'haproxy.connections.backend', 'server_connections': 'haproxy.connections.server',
    'retries': 'haproxy.connections.retries', 'server_queue': 'haproxy.server_queue', 'backend_queue': 'haproxy.backend_queue',
    'request_ms': 'haproxy.http.request.time_wait_ms', 'queue_ms': 'haproxy.total_waiting_time_ms',
    'connect_ms': 'haproxy.connection_wait_time_ms', 'substatus': 'iis.access.sub_status', 'win32_status': 'iis.access.win32_status',
}


def flat(value, prefix=''):
    """Nested objects with dots in their names."""
    out = {}
    for key, inner in value.items():
        if isinstance(inner, dict):
            out.update(flat(inner, f'{prefix}{key}.'))
        else:
            out[prefix + key] = inner
    return out


def compare(record, expected, where):
    count = 0
    for field, (names, ours) in FIELDS.items():
        for name in names:
            if name in expected and record.get(field) != '[unknown]' and field in record:
                equal(record[field], ours(expected[name]), f'{where}: {field} is {name}')
                count += 1
                break
    for field, name in EXTRA.items():
        if name in expected and field in record.get('extra', {}):
            equal(record['extra'][field], int(expected[name]), f'{where}: {field} is {name}')
            count += 1
    return count


def test_what_others_read():
    for name, form, lines in FILES:
        with open(shared('corpora', name), 'rb') as log:
            run = cretula('mask', '--format', form, stdin=log.read(), code=0)
        records = [r for r in run.lines if r.get('state') != 'unparsed']
        by_line = {}
        with open(shared('corpora', name), 'rb') as log:
            raws = [line for line in log.read().splitlines() if line.strip() and not line.startswith(b'#')]
        equal(len(run.lines), len(raws), name)
        for raw, record in zip(raws, run.lines):
            by_line[raw.decode()] = record
        count = fields = 0
        with open(shared('corpora', name + '.expected.jsonl'), encoding='utf-8') as expected:
            for line in expected:
                row = json.loads(line)
                record = by_line.get(row['raw'])
                if record is None or record.get('state') == 'unparsed' or not row.get('expected') or row.get('error'):
                    continue
                fields += compare(record, flat(row['expected']), f'{name}: {row["raw"][:200]}')
                count += 1
        print(f'# {name}: {count} lines, {fields} fields')
        equal(count, lines, f'{name}: lines compared')
        assert len(records) >= lines, name


main()
