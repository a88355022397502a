"""What a segment's entry counts, for every format there is: it adds up, and the records say the same."""
import collections
import re

from lib import cretula, equal, main, records, segments, write

LINES = 60  # segments of fewer than 20 do not tell all of their counts


def formats():
    """Each format with its sample, as `help formats` prints them."""
    text = cretula('help', 'formats', code=0).text
    for name, body in re.findall(r'^## ([a-z0-9-]+)\n(.*?)(?=^## |\Z)', text, re.M | re.S):
        lines = [line[4:] for line in body.splitlines() if line.startswith('    ')]
        if lines:
            yield name, lines


def status_of(record):
    status = record.get('status', 0)
    return f'{status // 100}xx' if 100 <= status <= 599 else 'none'


def check(name, lines):
    log = '\n'.join(lines[:-1] + [lines[-1]] * LINES + ['', 'what no format reads \x01', '\x00\x01']) + '\n'
    write('a.log', log.encode())
    cretula('import', '--store', 'store', '--stream', 's-' + name, '--format', name, '--no-verify', 'a.log', code=0)
    [entry] = segments('store', 's-' + name)
    kept, counts = records('store', 's-' + name), entry['in']
    states = collections.Counter(r.get('state', 'parsed') for r in kept)
    equal(counts['lines'], log.count('\n'), name)
    equal(counts['lines'], sum(counts[part] for part in ('parsed', 'partial', 'unparsed', 'counted', 'meta', 'joined')), name)
    equal({state: counts[state] for state in states}, dict(states), name)
    assert states['parsed'] + states['partial'] >= LINES, (name, states)
    equal(entry.get('reasons', {}), dict(collections.Counter(r['reason'] for r in kept if r.get('state') == 'unparsed')), name)
    by = collections.Counter(status_of(r) for r in kept)
    equal({k: v for k, v in entry['by']['status'].items() if v}, dict(by), name)
    # Each address and user that became a token is counted as what it is.
    for field, classes in (('client', ('ip.peer',)), ('user', ('user.auth', 'user.claim'))):
        tokens = sum(str(r.get(field, '')).startswith(('ip.', 'us.', 'uc.')) for r in kept)
        assert sum(entry['masked'].get(c, 0) for c in classes) >= tokens, (name, field, tokens, entry['masked'])
    told = cretula('stats', '--store', 'store', '--stream', 's-' + name, '--json', code=0).json
    equal((told['lines'], told['unparsed'], told['reasons']), (counts['lines'], counts['unparsed'], entry.get('reasons', {})), name)
    equal((told['joined'], told['split']), (counts['joined'], counts['split']), name)


def test_every_format_counts_what_it_keeps():
    found = list(formats())
    assert len(found) > 30, found
    for name, lines in found:
        if name != 'format-strings':
            check(name, lines)
    cretula('verify', '--store', 'store', code=0)


main()
