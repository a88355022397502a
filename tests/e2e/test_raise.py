"""More detail for a while: by hand, by a burst of errors, by logins that fail; sealed, shown, and over by itself."""
import datetime
import json
import os
import signal
import sqlite3

from lib import combined, cretula, equal, lines_of, main, read, records, write
from test_run import Daemon, connect, wait_for

TEXT = """store: store
streams:
  s:
    input: { unix-stream: %s/s.sock }
    format: combined
    detail: [ { when: 'path == /healthz', keep: count }, { when: 'path == /shop', keep: slim } ]
    triggers:
      - { when: error_burst, raise: full, for: 10m }
      - { when: login_failures, raise: slim, for: 5m, least: 5 }
"""


def entries():
    return [json.loads(text) for text in lines_of('store/streams/s/chain.jsonl')]


def told():
    return [e for e in entries() if e['type'] == 'config' and e['kind'] == 'detail']


def start():
    write('c.yaml', (TEXT % os.getcwd()).encode())
    daemon = Daemon()
    return daemon, connect('s.sock')


def taken():
    return cretula('status', '--store', 'store', '--json', code=0).json['streams'][0]


def metrics():
    return cretula('status', '--store', 'store', '--metrics', code=0).text


def send(s, count, **more):
    lines = taken()['lines']
    s.sendall(b''.join(combined(n, **more).encode() for n in range(count)))
    wait_for(lambda: taken()['lines'] == lines + count)


def ask(*more, code=0, to=('--to', 'full')):
    return cretula('detail', 'raise', '--store', 'store', '--stream', 's', *to, *more, code=code)


def test_by_hand():
    """What was counted is kept, masked as ever, for as long as was asked; the reason is in the chain."""
    daemon, s = start()
    send(s, 10, target='/healthz')
    equal(taken()['records'], 0)
    ask('--for', '1h', '--reason', 'a "ticket" 4711')
    wait_for(lambda: taken().get('detail') == 'full')
    assert 'detail: at least full until 20' in cretula('status', '--store', 'store', code=0).text
    send(s, 5, target='/healthz', client='203.0.113.9')
    equal(taken()['records'], 5)
    said = daemon.end()
    up, down = told()
    equal((up['text'], up['by'], 'until' in up), ('raise full by_hand: a "ticket" 4711', 'uid 0' if os.geteuid() == 0 else
                                                  f'uid {os.geteuid()}', True))
    equal((down['text'], 'until' in down, 'by' in down), ('end count by_hand', False, False))
    assert 'detail: at least full until' in said and 'ticket' not in said, said
    daemon, s = start()
    send(s, 1, target='/healthz')
    ask('--for', '1s', '--reason', 'a short one')
    wait_for(lambda: len(told()) == 4)  # over by itself
    wait_for(lambda: 'detail' not in taken())
    send(s, 7, target='/healthz')
    equal(taken()['records'], 0)
    equal(told()[3]['text'], 'end count by_hand')
    assert told()[2]['until'] <= told()[3]['t'], told()
    daemon.end()
    assert all(r['client'].startswith('ip.') and r['agent'] for r in records('store')), records('store')
    cretula('verify', '--store', 'store', '--strict', code=0)


def test_by_triggers():
    """A burst of errors, then logins: one entry each; a seal or another word changes nothing, a stop ends it."""
    daemon, s = start()
    send(s, 19, target='/api', status=502)
    send(s, 2, target='/healthz')
    equal((taken()['records'], told()), (19, []))
    send(s, 2, target='/api', status=502)
    wait_for(lambda: taken().get('detail') == 'full')
    send(s, 3, target='/healthz')
    equal(taken()['records'], 24)
    daemon.process.send_signal(signal.SIGUSR1)
    send(s, 6, target='/login', status=401)
    wait_for(lambda: len(told()) == 2)
    equal([e['text'] for e in told()], ['raise full error_burst', 'raise full login_failures'])
    daemon.end()
    equal([e['text'].split()[0::2] for e in told()[2:]], [['end', 'error_burst'], ['end', 'login_failures']])
    equal([e['text'].split()[1] for e in told()[2:]][1], 'count')
    daemon, s = start()
    s.sendall(combined(1, target='/healthz').encode() * 4)
    wait_for(lambda: taken()['lines'] == 4)
    equal((taken()['records'], len(told())), (0, 4))
    daemon.end()
    cretula('verify', '--store', 'store', '--strict', code=0)


def test_a_burst_is_what_is_unusual_for_the_hour():
    """Errors that come every week are none; figures say what is usual."""
    daemon, s = start()
    send(s, 1)
    daemon.end()
    db = sqlite3.connect('store/stats.db')
    minute = int(datetime.datetime.now(datetime.timezone.utc).timestamp()) // 3600 * 60
    db.executemany('INSERT OR IGNORE INTO total VALUES (1, 0, ?, 0, 999, 0, 0, 0, 100, 0)',
                   [(minute - week * 7 * 24 * 60 + m,) for week in range(1, 5) for m in range(120)])
    db.commit()
    db.close()
    daemon, s = start()
    send(s, 1)
    wait_for(lambda: 'cretula_errors_usual_minute{stream="s"} 100.000' in metrics())
    send(s, 140, target='/api', status=502)  # all of what came fails, as it does each week: four deviations
    wait_for(lambda: 'cretula_errors_minute{stream="s"} 140' in metrics(), seen=metrics)
    assert 'detail' not in taken()
    send(s, 15, target='/api', status=502)
    wait_for(lambda: taken().get('detail') == 'full')
    equal([e['text'] for e in told()], ['raise full error_burst'])
    daemon.end()


def test_a_reload_ends_it():
    """Another configuration of the stream begins as the rules say, and the chain tells that what was raised is over."""
    daemon, s = start()
    send(s, 1)
    ask('--for', '1h', '--reason', 'x')
    wait_for(lambda: taken().get('detail') == 'full')
    write('c.yaml', read('c.yaml').replace(b'for: 10m', b'for: 11m'))
    daemon.process.send_signal(signal.SIGHUP)
    wait_for(lambda: 'detail' not in taken())
    send(s, 3, target='/healthz')
    equal(taken()['records'], 1)
    equal([e['text'] for e in told()], ['raise full by_hand: x', 'end count by_hand'])
    daemon.end()
    cretula('verify', '--store', 'store', '--strict', code=0)


def test_a_stream_that_is_not_read():
    """Who asks for more of a stream that has failed is told so."""
    write('c.yaml', ((TEXT + '  other: { input: { unix: %s/o.sock }, format: combined }\n') % (os.getcwd(), os.getcwd())).encode())
    daemon = Daemon()
    os.rename('store.keys/keyring', 'gone')
    os.rename('store/streams/s/seg', 'seg')  # nobody can seal, nor open it again
    daemon.process.send_signal(signal.SIGUSR1)
    wait_for(lambda: cretula('status', '--store', 'store', '--json').json['streams'][0]['state'] == 'failed')
    assert 'is not read now' in ask('--for', '1h', '--reason', 'x', code=78).err
    os.rename('seg', 'store/streams/s/seg')
    daemon.process.kill()
    daemon.process.communicate()


def test_wrong_wishes():
    daemon, _ = start()
    for args, code, want in ((('--for', '25h', '--reason', 'x'), 2, 'at most a day'), (('--for', '1h'), 2, 'are needed'),
                             (('--for', 'x', '--reason', 'x'), 2, '--for is a time'),
                             (('--for', '1h', '--reason', 'x' * 160), 2, 'fewer than'),
                             (('--for', '1h', '--reason', 'x', '--stream', 'other'), 78, 'no stream other'),
                             (('--for', '1h', '--reason', 'x', '--to', 'count'), 2, 'full or slim')):
        run = cretula('detail', 'raise', '--store', 'store', *(() if '--stream' in args else ('--stream', 's')), *args, code=code)
        assert want in run.err, run.err
    equal(cretula('detail', 'lower', '--store', 'store', code=2).code, 2)
    daemon.end()
    ask('--for', '1h', '--reason', 'x', code=3)
    equal(told(), [])


if __name__ == '__main__':
    main()
