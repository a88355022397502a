"""A store grows old: days of capture, rotation over the change to winter time, retention, an archive, keys that end, a hold,
a person's request.  What a model says should be there is there, each day; nothing else is.

Ten weeks; two years with CRETULA_LONG.  In memory, with an injected clock.
"""
import collections
import datetime
import json
import os
import tempfile

from lib import Skip, combined, cretula, equal, is_testing_build, main, read, tree_bytes, verify_py, write

DAYS = 730 if os.environ.get('CRETULA_LONG') else 70
FIRST = datetime.date(2026, 9, 20)
DETAIL, ARCHIVED = 30, 10  # days until records go, and until a stricter copy of them is made
VICTIM, CANARY = '198.51.100.99', 'erika-mustermann'
CONFIG = '''
store: store
keys: store.keys
approvers: %s
streams:
  shop:
    format: apache-combined
    rotate: daily
    rotate_zone: Europe/Berlin
    retain: {detail: 30d, aggregates: 60d}
    archive: {to: archive, cpu: 100}
'''


def at(day, time='22:30:00'):
    """From here on it is that time of the day."""
    os.environ['CRETULA_CLOCK'] = f'{FIRST + datetime.timedelta(days=day)}T{time}Z'


def run(*args, stdin=b'', code=0):
    return cretula(*args, '--config', 'c.yaml', stdin=stdin, code=code)


def lines(day):
    """What came on a day: more on some, and of one person each third.

    Never nothing: where no entry follows within a day of the processor's own clock, the injected one is taken for a leap.
    """
    count = 1 + day % 7 * 4
    of = [combined(n, client=f'203.0.113.{(day * 7 + n) % 250}', target=f'/u/{CANARY}?mail={CANARY}%40example.org',
                   status=500 if n % 9 == 0 else 200) for n in range(count)]
    if day % 3 == 0:
        of.append(combined(count, client=VICTIM))
    return ''.join(of).replace('24/Nov/2025', f'{FIRST + datetime.timedelta(days=day):%d/%b/%Y}').encode()


def chain(stream='shop', store='store'):
    return [json.loads(line) for line in read(f'{store}/streams/{stream}/chain.jsonl').splitlines()]


def verify(*more, store='store'):
    equal([f['code'] for f in cretula('verify', '--store', store, '--json', *more, code=0).json['findings']], [])


def verify_whole(both):
    """All of the store and the archive, by the second verifier, too; a second run of what was done changes nothing."""
    before = tree_bytes('store/streams/shop')
    run('retain', '--store', 'store')
    equal(tree_bytes('store/streams/shop') == before, True, 'retain twice is once')
    verify('--strict')
    for store in ('store', 'archive'):
        if both and os.path.isdir(store):
            done = verify_py(store)
            equal(done.returncode, 0, done.stdout)
    if os.path.isdir('archive'):
        verify(store='archive')
    for path, data in tree_bytes(*(d for d in ('store', 'store.keys', 'archive', 'archive.keys') if os.path.isdir(d))).items():
        for text in (VICTIM, CANARY, '203.0.113.'):
            assert text.encode() not in data, (path, text)


class Model:
    """What should be there: of each day how many records, of them the person's; what is held, what was erased."""
    def __init__(self):
        self.days, self.held, self.erased, self.fed = collections.OrderedDict(), set(), set(), 0

    def feed(self, day, data):
        self.fed += data.count(b'\n')
        if data:
            self.days[day] = (data.count(b'\n'), data.count(VICTIM.encode()))

    def prune(self, today):
        for day in [d for d in self.days if d <= today - DETAIL and d not in self.held]:
            del self.days[day]

    def erase(self, today):
        """Of weeks whose keys are there: this one and, for a week, the last one.  Of older ones nobody can tell any more."""
        monday = today - (FIRST + datetime.timedelta(days=today)).weekday()
        self.erased.update(d for d in self.days if d >= monday - 7)

    def kept(self):
        """By day, as records say it."""
        rows = {d: n - (victim if d in self.erased else 0) for d, (n, victim) in self.days.items()}
        return {str(FIRST + datetime.timedelta(days=d)): n for d, n in rows.items() if n > 0}


def compare(model):
    rows = cretula('view', '--store', 'store', '--stream', 'shop', code=0).lines
    equal(dict(collections.Counter(row['time'][:10] for row in rows if 'time' in row)), model.kept())
    equal(sum(e['in']['lines'] for e in chain() if e['type'] == 'segment'), model.fed, 'every line is counted')


def ask(day):
    """The person wants to be forgotten; two approve."""
    file = f'case{day}'
    run('subject', 'request', '--kind', 'erase', '--class', 'ip.client', '--reason', 'Art. 17', '--value', '-', '--out', file,
        stdin=VICTIM.encode() + b'\n')
    for name in 'ab':
        cretula('subject', 'approve', '--request', file, '--key', f'{name}.key', code=0)
    return run('subject', 'erase', '--request', file, '--value', '-', '--json', stdin=VICTIM.encode() + b'\n')


def hold(model, day):
    since, until = (f'{FIRST + datetime.timedelta(days=d)}T00:00:00Z' for d in (day - 5, day - 2))
    cretula('hold', 'add', 'case-1', '--store', 'store', '--stream', 'shop', '--since', since, '--until', until, '--reason',
            'a court', code=0)
    model.held = {d for d in range(day - 5, day - 2) if d in model.days}
    assert len(model.held) > 1, model.held


def live(model, day):
    data = lines(day)
    run('pipe', 'shop', stdin=data)
    model.feed(day, data)
    if day == 25:
        hold(model, day)
    if day == 60:
        cretula('hold', 'release', 'case-1', '--store', 'store', '--stream', 'shop', '--reason', 'settled', code=0)
        model.held = set()
    if day % 7 == 6 and day > ARCHIVED:
        run('archive', '--store', 'store', '--stream', 'shop', '--level', '3', '--no-verify', '--until', f'-{ARCHIVED}d')
    run('retain', '--store', 'store')
    model.prune(day)
    if day == 64:
        equal(ask(day).json['erased'] > 1, True)
        model.erase(day)


def grow_old():
    keys = [cretula('subject', 'approver', '--name', n, '--out', f'{n}.key', '--json', code=0).json['vkey'] for n in 'ab']
    write('c.yaml', (CONFIG % json.dumps(keys)).encode())
    at(0, '00:00:00')
    model = Model()
    for day in range(DAYS):
        at(day)
        live(model, day)
        compare(model)
        verify('--pin', 'pin', '--max-age', '2d')
        if day % 30 == 29 or day == DAYS - 1:
            verify_whole(day % 360 == 59 or day == DAYS - 1)  # it takes minutes of a long chain
    return model


def test_a_store_grows_old():
    if not is_testing_build():
        raise Skip('a build without an injected clock')
    with tempfile.TemporaryDirectory(dir='/dev/shm' if os.access('/dev/shm', os.W_OK) else None) as folder:
        os.chdir(folder)
        grow_old()
        kinds = collections.Counter(e['type'] for e in chain())
        for kind in ('segment', 'prune', 'hold', 'release', 'redact', 'destroy'):
            assert kinds[kind] > 0, kinds
        taken = [e for e in chain(store='archive') if e['type'] == 'derive']
        assert len(taken) > DAYS // 10, taken
        os.chdir('/')


main()
