"""The figures of `risk` against the same ones counted in Python from what `view` shows."""
import collections
import re

from lib import UA, combined, cretula, equal, golden, main, make_log, records, shared, write


def measured(rows, columns):
    """Records in classes of fewer than 2, 5, 10 clients; classes; smallest k."""
    def value(r, column):
        if column == 'hour':
            return r['time'][11:13]
        if column == 'agent':
            return r.get('agent'), r.get('agent_major') if 'agent' in r else None
        if column == 'referer' and 'referer' in r:
            return '/' if r['referer'].startswith('/') else '/'.join(r['referer'].split('/')[:3])
        return r.get(column)
    clients, count = collections.defaultdict(set), collections.Counter()
    for r in rows:
        key = tuple(value(r, c) for c in columns)
        clients[key].add(r['client'])
        count[key] += 1
    below = {str(level): sum(n for key, n in count.items() if len(clients[key]) < level) / len(rows)
             for level in (2, 5, 10)}
    return len(count), min(map(len, clients.values())), below


def check(base, rows, columns):
    got = cretula('risk', *base, '--columns', ','.join(columns), '--json', code=0).json
    classes, least, below = measured(rows, columns)
    equal((got['records'], got['all']['classes'], got['all']['smallest_k']), (len(rows), classes, least))
    for level, part in below.items():
        assert abs(got['all']['records_below'][level] - part) < 1e-5, (columns, level, got['all'], part)
    return got


def test_real_log_figures_agree_with_python():
    path = shared('corpora', 'elastic-examples/apache_logs')
    base = ['--store', 'store', '--stream', 's']
    cretula('import', *base, '--format', 'apache-combined', path, code=0)
    rows = records('store')
    for columns in (['os'], ['agent'], ['hour'], ['referer'], ['agent', 'os', 'hour'],
                    ['country', 'asn', 'agent', 'os', 'hour', 'referer']):
        got = check(base, rows, columns)
    assert got['trails']['alone_with_2'] <= got['trails']['alone_with_4']
    text = cretula('risk', *base, code=0).text
    assert max(map(len, text.splitlines())) <= 100 and 'to coarsen' in text


def test_limit_decides_the_exit_code():
    """Thirty clients that look alike keep a limit of 1/30; one who stands out breaks it."""
    base = ['--store', 'store', '--stream', 's']
    write('a.log', ''.join(combined(0, client=f'10.0.0.{n}') for n in range(30)).encode())
    cretula('import', *base, '--format', 'apache-combined', 'a.log', code=0)
    cretula('risk', *base, '--max-risk', '0.09', code=0)
    assert 'kept' in cretula('risk', *base, '--max-risk', '0.034', code=0).text
    write('b.log', combined(1, client='10.0.0.99', agent=UA.replace('128.0', '55.0')).encode())
    cretula('import', *base, '--format', 'apache-combined', 'b.log', code=0)
    over = cretula('risk', *base, '--max-risk', '0.09', code=1)
    assert re.search(r'largest risk +1\.00.*OVER', over.text) and re.search('to coarsen +agent', over.text), over.text
    cretula('risk', *base, '--columns', 'hour', '--max-risk', '0.09', code=0)


def test_bad_input_is_refused():
    base = ['--store', 'store', '--stream', 's']
    cretula('risk', *base, code=66)
    write('a.log', make_log(50))
    cretula('import', *base, 'a.log', code=0)
    for args in (['--columns', 'agnt'], ['--columns', ''], ['--max-risk', '0'], ['--max-risk', '1.5'],
                 ['--max-risk', 'x'], ['--max-risk', 'nan'], ['--since', 'yesterday']):
        done = cretula('risk', *base, *args, code=2)
        equal(len(done.err.strip().splitlines()), 1, done.err)
    empty = cretula('risk', *base, '--since', '2030-01-01T00:00:00Z', code=0)
    assert '0 records' in empty.text, empty.text


def test_screen():
    write('a.log', ''.join(combined(n, client=f'10.0.{n % 40}.1') for n in range(400)).encode())
    cretula('import', '--store', 'store', '--stream', 's', '--format', 'apache-combined', 'a.log', code=0)
    text = cretula('risk', '--store', 'store', '--stream', 's', code=0).text
    golden('risk.txt', re.sub(r'(alone with .*?: ).*', r'\1N', text))


main()
