"""limits.rate: of more than so many events a second the rest is counted, sealed by cause, told, and nothing else changes."""
import os
import signal
import time

from lib import combined, cretula, equal, main, records, segments, write
from test_run import Daemon, connect, wait_for
from test_status import stream

LIMITED = """store: store
streams:
  s: { input: { unix-stream: %s/s.sock }, format: combined, limits: { rate: 50/s } }
"""


def causes(name='s'):
    total = {}
    for entry in segments('store', name):
        for cause, n in entry.get('causes', {}).items():
            total[cause] = total.get(cause, 0) + n
    return total


def verified():
    equal(cretula('verify', '--store', 'store', '--json', code=0).json['findings'], [])


def test_of_a_pipe():
    """2,000 lines at once where 50 a second may come: 50 and a few are kept, all are counted, and it verifies."""
    write('c.yaml', b'store: store\nstreams: { s: { format: combined, limits: { rate: 50/s } } }\n')
    start = time.monotonic()
    run = cretula('pipe', '--config', 'c.yaml', '--json', 's', stdin=''.join(map(combined, range(2000))).encode(), code=0)
    said, most = run.json, 50 * (1 + time.monotonic() - start)
    equal((said['lines'], said['records'] + said['over_rate'], said['counted']), (2000, 2000, said['over_rate']))
    assert 50 <= said['records'] <= most < 2000, (said, most)
    (entry,) = segments('store')
    equal((entry['in']['lines'], entry['in']['counted'], entry['n']), (2000, said['over_rate'], said['records']))
    equal(entry['causes'], {'rate': said['over_rate']})
    equal(len(records('store')), said['records'])
    verified()
    sums = cretula('stats', '--store', 'store', '--stream', 's', '--json', code=0).json
    equal((sums['counted'], sums['causes']), (said['over_rate'], {'rate': said['over_rate']}))
    assert '- over rate' in cretula('stats', '--store', 'store', '--stream', 's', code=0).text
    assert 'more than limits.rate (50/s)' in run.err, run.err


def test_of_a_daemon():
    """Under an attack totals stay right; what comes within the rate is kept whole again; a crash keeps the counts."""
    write('c.yaml', (LIMITED % os.getcwd()).encode())
    start = time.monotonic()
    daemon = Daemon()
    with connect('s.sock') as s:
        s.sendall(''.join(map(combined, range(3000))).encode())
        wait_for(lambda: stream()['lines'] == 3000)
        most = 50 * (1 + time.monotonic() - start)
        seen = stream()
        equal((seen['records'] + seen['counted'], seen['causes']), (3000, {'rate': seen['counted']}))
        assert 50 <= seen['records'] <= most < 3000, (seen, most)
        metrics = cretula('status', '--store', 'store', '--metrics', code=0).text
        assert f'cretula_over_rate_total{{stream="s"}} {seen["counted"]}\n' in metrics, metrics
        text = cretula('status', '--store', 'store', code=0).text
        assert f'over limits.rate: {seen["counted"]} events only counted\n' in text, text
        daemon.process.send_signal(signal.SIGKILL)
        daemon.process.wait()
    daemon = Daemon()
    daemon.end()
    equal(causes(), {'rate': seen['counted']})
    equal(sum(e['in']['lines'] for e in segments('store')), 3000)
    verified()


def test_without_a_limit():
    """0/s, the default: nothing is taken away."""
    write('c.yaml', b'store: store\nstreams: { s: { format: combined } }\n')
    said = cretula('pipe', '--config', 'c.yaml', '--json', 's', stdin=''.join(map(combined, range(2000))).encode(), code=0).json
    equal((said['records'], said['over_rate']), (2000, 0))
    assert 'causes' not in segments('store')[0]
    write('bad.yaml', b'store: store\nstreams: { s: { limits: { rate: 200000 } } }\n')
    bad = cretula('check', '--config', 'bad.yaml', code=78)
    assert 'limits.rate must be a rate from 0/s to 100000000/s' in bad.err and '200000/s' in bad.err, bad.err


if __name__ == '__main__':
    main()
