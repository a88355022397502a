"""serve: visitors who are far behind, slow, many, or rude: what they are answered, and that others are answered meanwhile."""
import json
import subprocess

from lib import CRETULA, combined, cretula, equal, main, open_lines, records, wait_for, write
from test_serve import Events, Server


def lines(first, past):
    return ''.join(combined(n % 86000, client=f'203.0.113.{n % 50}', status=500 if n == 2900 else 200) for n in range(first, past)).encode()


def test_a_tail_that_is_far_behind():
    """Each record once and in order, those of sealed segments and of the open one, however many; with a filter, too."""
    write('log', lines(0, 2000))
    cretula('import', '--store', 'store', '--stream', 'shop', '--format', 'combined', 'log', code=0)
    write('p.yaml', b'store: store\nstreams: { shop: { format: combined } }\n')
    with subprocess.Popen([CRETULA, 'pipe', '--config', 'p.yaml', 'shop'], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL) as pipe:
        pipe.stdin.write(lines(2000, 4000))
        pipe.stdin.flush()
        wait_for(lambda: open_lines('shop') == 2000, seen=lambda: open_lines('shop'))
        server = Server()
        token = {'Authorization': f'Bearer {server.tokens["dev"]}', 'Last-Event-ID': '99'}
        tail = Events(server, '/api/v1/tail?stream=shop', **token)
        got = [tail.next() for _ in range(3900)]
        equal([int(event['id']) for event in got], list(range(100, 4000)))
        found = Events(server, '/api/v1/tail?stream=shop&where=status+%3d%3d+500', **token)
        equal(int(found.next()['id']), 2900)
        pipe.stdin.write(lines(4000, 4001))
        pipe.stdin.flush()
        equal([int(tail.next()['id'])], [4000])
        server.daemon.end()
        pipe.stdin.close()
        equal(pipe.wait(120), 0)
    ends = [r['extra']['rows'] for r in records('store', 'cretula.access') if 'rows' in r['extra']]
    equal(sorted(ends), [1, 3901])


if __name__ == '__main__':
    main()
