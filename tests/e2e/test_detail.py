"""Detail rules: what is counted leaves no record, every line stays accounted for, and nothing more is said."""
import subprocess

from lib import CRETULA, combined, cretula, equal, main, make_log, records, verify_py, write

RULES = """streams:
  s:
    detail:
      - { when: 'status >= 500', keep: full }
      - { when: 'path == /healthz', keep: count }
      - { when: 'status == 304', keep: slim }
"""
SLIM = {'agent', 'agent_major', 'os', 'device', 'bot', 'referer', 'query', 'extra'}


def log():
    lines = []
    for n in range(300):
        target, status = (('/healthz', 200), ('/healthz', 503), ('/shop?page=2', 304), ('/shop?page=3', 200))[n % 4]
        lines.append(combined(n, client=f'10.1.{n % 50}.9', target=target, status=status,
                              referer='https://other.example/x?name=erika'))
    return ''.join(lines).encode()


def check(run_import):
    write('c.yaml', RULES.encode())
    write('a.log', log())
    run_import()
    kept = records('store')
    equal(len(kept), 225)
    equal({r['status'] for r in kept if r['path'] == '/healthz'}, {503})
    for r in kept:
        equal(bool(SLIM & r.keys()), r['status'] != 304, str(r))
    counts = cretula('stats', '--store', 'store', '--stream', 's', '--json', code=0).json
    equal((counts['lines'], counts['counted'], counts['records']), (300, 75, 225))
    cretula('verify', '--store', 'store', '--strict', code=0)
    done = verify_py('store')
    equal(done.returncode, 0, done.stdout + done.stderr)


def test_import_keeps_as_the_rules_say():
    check(lambda: cretula('import', '--config', 'c.yaml', '--store', 'store', '--stream', 's', '--format',
                          'apache-combined', 'a.log', code=0))


def test_pipe_keeps_as_the_rules_say():
    def pipe():
        with open('a.log', 'rb') as lines:
            done = subprocess.run([CRETULA, 'pipe', '--config', 'c.yaml', '--store', 'store', 's'], stdin=lines,
                                  capture_output=True, text=True, check=False)
        equal(done.returncode, 0, done.stderr)
        assert 'lines=300 ' in done.stderr and 'counted=75 ' in done.stderr, done.stderr
    check(pipe)


def test_a_stream_of_which_nothing_is_kept():
    """Every line is counted: an import and a pipe still seal, and the next run goes on."""
    write('c.yaml', b"streams: { s: { detail: [{ when: 'event == http.request', keep: count }] } }\n")
    write('a.log', make_log(500))
    base = ['--config', 'c.yaml', '--store', 'store']
    cretula('import', *base, '--stream', 's', '--format', 'apache-combined', 'a.log', code=0)
    again = cretula('import', *base, '--stream', 's', '--format', 'apache-combined', 'a.log', code=0)
    assert 'already' in again.text + again.err, again.text + again.err
    with open('a.log', 'rb') as lines:
        subprocess.run([CRETULA, 'pipe', *base, 's'], stdin=lines, check=True, stderr=subprocess.DEVNULL)
    counts = cretula('stats', '--store', 'store', '--stream', 's', '--json', code=0).json
    equal((counts['lines'], counts['counted'], counts['records']), (1000, 1000, 0))
    cretula('verify', '--store', 'store', '--strict', code=0)


def test_a_rule_changes_the_policy():
    """Who reads the seal sees that the rules were others."""
    write('a.log', make_log(60))
    write('c.yaml', RULES.encode())
    seen = set()
    for name, more in (('one', []), ('two', ['--config', 'c.yaml'])):
        cretula('import', *more, '--store', name, '--stream', 's', 'a.log', code=0)
        with open(f'{name}/streams/s/chain.jsonl', encoding='utf-8') as chain:
            seen |= {line.split('"policy":"')[1][:64] for line in chain if '"type":"segment"' in line}
    equal(len(seen), 2, str(seen))


main()
