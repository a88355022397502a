"""evidence --report: the page and its JSON, and that each figure is that of the store, computed here again from its files.

What is computed again reads chains and records as JSON lines, with Python's own means: nothing of cretula's is asked but verify.
"""
import atexit
import collections
import datetime
import hashlib
import html.parser
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

from lib import SOURCE, Skip, combined, cretula, equal, golden, is_testing_build, main, make_log, read, write
from test_evidence import remake_manifest
from test_outside import outside

sys.path.insert(0, os.path.join(SOURCE, 'tests/vectors'))
import life
import verify

HOSTILE = '</td><script>alert(1)</script><img src=x onerror=alert(2)> & "q" \'s\' \u202eevil\u061c\U000e0041\x07'
NOW = {'CRETULA_CLOCK': '2026-11-26T10:00:00Z'}


def report(*args, code=0, env=None, store='store'):
    shutil.rmtree('report', ignore_errors=True)
    run = cretula('evidence', '--report', '--store', store, '--out', 'report', *args, code=code, env=env)
    return json.loads(read('report/report.json')), read('report/report.html').decode(), run


# ---- the figures again ----

def utc(text):
    return datetime.datetime.fromisoformat(text.replace('Z', '+00:00'))


def runs(value):
    return [n for first, last in value for n in range(first, last + 1)]


def add(into, more):
    for key, value in more.items():
        if isinstance(value, dict):
            add(into.setdefault(key, {}), value)
        else:
            into[key] = into.get(key, 0) + value


class Stream:
    """One chain and the records of its segments; since, until as the report's."""

    def __init__(self, store, name, since, until):
        self.name, folder = name, f'{store}/streams/{name}'
        self.lines = read(f'{folder}/chain.jsonl').splitlines()
        self.entries = [json.loads(line) for line in self.lines]
        self.pruned = {n for e in self.of('prune') for n in runs(e['segs'])}
        self.touched = {}
        for e in self.of('redact'):
            for item in e['items']:
                old = self.touched.get((e['seg'], item['r']))
                self.touched[e['seg'], item['r']] = 'erased' if old == 'erased' or 'new' not in item else 'replaced'
        self.segments = [e for e in self.of('segment') if (since is None and until is None) or e['n'] and
                         (since is None or utc(e['time']['max']) >= since) and (until is None or utc(e['time']['min']) < until)]
        self.there = [line for e in self.segments if e['seg'] not in self.pruned for line in self.read(folder, e)]

    def of(self, *types):
        return [e for e in self.entries if e['type'] in types]

    def read(self, folder, entry):
        """The records that are there, as the newest revision of the file has them."""
        names = [n for n in os.listdir(f'{folder}/seg') if re.fullmatch(rf'{entry["seg"]:08}(\.r\d+)?\.jsonl\.zst', n)]
        name = max(names, key=lambda n: int((re.search(r'\.r(\d+)\.', n) or [0, 0])[1]))
        text, whole = verify.decompress(read(f'{folder}/seg/{name}'))
        assert whole
        for line in text.splitlines():
            stands_for = verify.parse_placeholder(line)
            if not stands_for or stands_for[1]:
                yield json.loads(stands_for[1] if stands_for else line)

    def count(self, what):
        numbers = {e['seg'] for e in self.segments}
        return sum(1 for (seg, _), how in self.touched.items() if how == what and seg in numbers and seg not in self.pruned)

    def row(self):
        """As `streams` has it."""
        counts, seen = {}, self.segments
        for e in seen:
            # What is left out of an entry is zero.
            add(counts, {**e['in'], 'masked': e.get('masked', {}), 'reasons': e.get('reasons', {}), 'causes': e.get('causes', {}),
                         'replay': e.get('replay', {})})
        gone = [e for e in seen if e['seg'] in self.pruned]
        return {'entries': len(self.entries), 'head': hashlib.sha256(self.lines[-1]).hexdigest(), 'segments': len(seen),
                'records': sum(e['n'] for e in seen), 'record_bytes': sum(e['bytes'] for e in seen),
                'pruned_segments': len(gone), 'pruned_records': sum(e['n'] for e in gone), 'erased': self.count('erased'),
                'replaced': self.count('replaced'), 'unlocked': sum('unlocked' in e for e in seen)}, counts


def holds_in_force(entries, now):
    held = {}
    for e in entries:
        if e['type'] == 'hold':
            held[e['hold']] = e
        elif e['type'] == 'release':
            held.pop(e['hold'], None)
    return [e for e in held.values() if 'until' not in e or utc(e['until']) > now]


def is_named(key, names):
    return any(first <= key <= last for first, last in ((n + '..' + n).split('..')[:2] if '..' not in n else n.split('..')
                                                        for n in names))


def keys_again(streams, now):
    """Name to state, by the defaults' graces."""
    seen, gone, last = set(), set(), {}
    for e in (e for s in streams for e in s.of('segment', 'destroy')):
        if e['type'] == 'destroy':
            name = 'import ' + e['commitment'][:16] if e['what'] == 'import' else e['what']
            gone.add(name)
            seen.add(name)
            continue
        names = ['import ' + e['mask_seed'][:16]] if 'mask_seed' in e else [
            n for epochs in e['mask_epochs'].values() for text in epochs for n in text.split('..')]
        seen |= set(names)
        last.update({n: max(utc(e['t']), last.get(n, utc(e['t']))) for n in names})
    held = [n for s in streams for e in holds_in_force(s.entries, now) for names in e['mask_epochs'].values() for n in names]
    states = {}
    for name in seen:
        if name.startswith('import'):
            end, grace = last.get(name), 0
        else:
            plain = name.split('.')[0]
            if 'W' in plain:
                year, week = plain.split('-W')
                end, grace = datetime.date.fromisocalendar(int(year), int(week), 7), 7
            elif len(plain) == 10:
                end, grace = datetime.date.fromisoformat(plain), 1
            else:
                end = datetime.date.fromisoformat(plain + '-28') + datetime.timedelta(4)
                end, grace = end.replace(day=1) - datetime.timedelta(1), 7
            end = datetime.datetime.combine(end, datetime.time(), datetime.timezone.utc) + datetime.timedelta(1)
        late = end is not None and now > end + datetime.timedelta(grace + 1)
        states[name] = 'destroyed' if name in gone else 'held' if is_named(name, held) else 'overdue' if late else 'live'
    return states


def deletions_again(streams, inside):
    sums = dict.fromkeys(('prunes', 'pruned_segments', 'pruned_records', 'redactions', 'erased', 'replaced', 'holds', 'releases'), 0)
    for s in streams:
        sizes = {e['seg']: e['n'] for e in s.of('segment')}
        for e in filter(inside, s.of('prune')):
            add(sums, {'prunes': 1, 'pruned_segments': len(runs(e['segs'])), 'pruned_records': sum(sizes[n] for n in runs(e['segs']))})
        for e in filter(inside, s.of('redact')):
            new = sum('new' in item for item in e['items'])
            add(sums, {'redactions': 1, 'replaced': new, 'erased': len(e['items']) - new})
        for kind in ('hold', 'release'):
            sums[kind + 's'] += sum(1 for _ in filter(inside, s.of(kind)))
    return sums


def accesses_again(streams, inside):
    rows = {}
    for record in (r for s in streams if s.name == 'cretula.access' for r in s.there if inside({'t': r['time']})):
        row = rows.setdefault((record['extra']['role'], record['extra']['tier']), [0, 0, 0, set()])
        row[0] += 1
        row[1] += record['outcome'] == 'failure'
        row[2] += record['extra'].get('rows', 0)
        row[3].add(record['user'])
    return {key: (*row[:3], len(row[3])) for key, row in rows.items()}


def due_again(stream, now, days=90):
    """Segments that are there a day after their term, though no hold names them: live ones by their seal, imported by their records."""
    held = [(runs(e['segs']), e.get('onward', 1 << 60)) for e in holds_in_force(stream.entries, now - datetime.timedelta(1))]
    gone = collections.Counter(seg for (seg, _), what in stream.touched.items() if what == 'erased')
    return sum(e['n'] - gone[e['seg']] for e in stream.of('segment') if e['seg'] not in stream.pruned and now - datetime.timedelta(days + 1) >=
               (utc(e['t']) if 'tags' in e or not e['n'] else min(utc(e['t']), utc(e['time']['max']))) and not any(
                   e['seg'] in named or e['seg'] >= onward for named, onward in held))


def reaches(stream, now):
    """Twelve months, or as long as there is the stream."""
    kept = [utc(e['time']['min']) for e in stream.of('segment') if e['n'] and e['seg'] not in stream.pruned]
    if kept and (now - min(kept)).days > 365:
        return 'met'
    return 'partly' if not stream.pruned and (now - utc(stream.entries[0]['t'])).days <= 365 else 'not met'


def states_again(page, streams, rows, counts, policies):
    """The states of the controls, by the rules as they are written; figures that were compared already are taken."""
    mine = [s for s in streams if not s.name.startswith('cretula.')]
    found, now = page['integrity'], utc(page['scope']['made'])
    codes, cover, gone = {f['code'] for f in found['findings']}, found['coverage'], page['removed']
    end = min(now, utc(page['scope'].get('until', page['scope']['made'])))
    since = utc(page['scope'].get('since', '0001-01-01T00:00:00Z'))
    inside = [e for s in streams for e in s.entries if since <= utc(e['t']) < utc(page['scope'].get('until', '9999-01-01T00:00:00Z'))]
    lines, lost, bad = counts.get('lines', 0), counts.get('lost', 0), counts.get('unparsed', 0)
    kept = [utc(e['time']['min']) for s in mine for e in s.of('segment') if e['n'] and e['seg'] not in s.pruned]
    records, all_segments = sum(rows[s.name]['records'] for s in mine), sum(row['segments'] for row in rows.values())
    from_disk = [bool(s.of('segment')) and (any(e['sources'] and 'tags' not in e for e in s.of('segment')) or any(
        e['kind'] == 'raw-at-rest' and e['text'] not in ('none', 'tmpfs') for e in s.of('config'))) for s in mine if rows[s.name]['segments']]
    states = list(keys_again(streams, now).values())
    due = sum(due_again(s, now) for s in mine)

    def of(*rungs):
        return next(state for state, holds in rungs if holds)

    def newest(kind, days):
        reports = [e for e in inside if e['type'] == 'report' and e['kind'] == kind]
        if not reports:
            return 'not met'
        last = max(utc(e['t']) for e in reports)
        good = not any(e['result'] for e in reports if utc(e['t']) == last) and end - last <= datetime.timedelta(days)
        return 'met' if good else 'partly'

    def some(*types):
        return [e for e in inside if e['type'] in types]
    tombstone = {'E_ERASED_WITHOUT_TOMBSTONE', 'E_TOMBSTONED_RECORD_PRESENT', 'E_PRUNED_STILL_PRESENT', 'E_ERASED_SALT_PRESENT',
                 'E_RECORD_MISSING', 'E_SEGMENT_MISSING', 'E_ENTRY_TARGET'}
    known = sum(p['known'] for p in page['masking']['policies'])
    scan = page['masking']['scan']
    masked, asked = sum(counts.get('masked', {}).values()), sum(r['requests'] for r in page['access']['roles'])
    na, met, partly, no = 'not applicable', 'met', 'partly', 'not met'
    return {
        'SEALED': {0: met, 3: partly}.get(found['exit_code'], no),
        'WITNESSED': of((met, cover['cosignatures'] + cover['stamps'] + cover['anchored']),
                        (partly, cover['cosignatures_unchecked'] + cover['stamps_unchecked']), (no, True)),
        'COMPLETE': of((na, not lines and not lost), (partly, lost), (met, True)),
        'READABLE': of((na, not lines), (met, bad <= lines // 100), (partly, bad <= lines // 2), (no, True)),
        'MASKED': of((na, not records), (no, scan.get('leaks')), (met, scan['done'] and not scan['files_not_read']),
                     (partly, scan['done'] or masked), (no, True)),
        'POLICY': of((na, not policies), (met, known == len(policies)), (partly, known), (no, True)),
        'RAW': of((na, not from_disk), (partly, any(from_disk)), (met, True)),
        'KEYS': of((na, not states), (met, 'overdue' not in states), (partly, 'destroyed' in states), (no, True)),
        'MEMORY': of((na, not all_segments), (met, not sum(r['unlocked'] for r in rows.values())),
                     (partly, sum(r['unlocked'] for r in rows.values()) <= all_segments // 2), (no, True)),
        'RETENTION': of((na, not kept and not gone['pruned_segments']), (met, newest('retain', 2) == met and not due),
                        (partly, newest('retain', 2) != no or gone['pruned_segments'] or not due), (no, True)),
        'HISTORY': max((reaches(s, now) for s in mine if any(e['n'] for e in s.of('segment'))), key=[met, partly, no].index, default=of(
            (partly, (now - min(utc(s.entries[0]['t']) for s in streams)).days <= 365), (no, True))),
        'TOMBSTONES': of((no, codes & tombstone), (met, gone['pruned_records'] + gone['pruned_segments'] + gone['erased'] + gone['replaced']),
                         (na, True)),
        'HOLDS': of((no, 'E_PRUNE_UNDER_HOLD' in codes), (met, gone['holds'] + gone['holds_in_force']), (na, True)),
        'ACCESS': met if asked else na,
        'CHECKED': newest('verify', 2), 'TRIED': newest('canary', 31), 'MEASURED': newest('risk', 36500),
        'CLOCK': partly if some('clock') else met,
        'CHANGES': of((partly, cover['unknown_entries']), (na, not some('start', 'config', 'rekey', 'revoke') and not any(
            'log' in e for e in some('recover'))), (met, True)),
        'RECORD': of((partly, masked or asked or some('prune') or 'destroyed' in states or known), (no, True)),
    }


def compare(page, store='store'):
    """Every figure of the page that can be computed from the store's files."""
    scope = page['scope']
    since, until = (utc(scope[key]) if key in scope else None for key in ('since', 'until'))
    now = utc(scope['made'])

    def inside(entry):
        return (since is None or utc(entry['t']) >= since) and (until is None or utc(entry['t']) < until)
    names = sorted(n for n in os.listdir(f'{store}/streams') if 'stream' not in scope or n == scope['stream'] or n.startswith('cretula.'))
    streams = [Stream(store, name, since, until) for name in names]
    equal([s['name'] for s in page['streams']], names)
    rows, totals = {}, {}
    for stream, shown in zip(streams, page['streams']):
        row, counts = stream.row()
        rows[stream.name] = row
        equal({key: shown[key] for key in row}, row, stream.name)
        equal(row['records'] - row['pruned_records'] - row['erased'], len(stream.there), f'records of {stream.name} that are there')
        if stream.name != 'cretula.store':
            equal(shown['retain']['due_records'], due_again(stream, now, 365 if stream.name == 'cretula.access' else 90), stream.name)
        equal(shown['holds'], len(holds_in_force(stream.entries, now)), stream.name)
        kept = [utc(e['time']['min']) for e in stream.of('segment') if e['n'] and e['seg'] not in stream.pruned]
        equal(utc(shown['oldest_kept']) if kept else None, min(kept, default=None), stream.name)
        ours = shown['counts']
        equal([ours['lines'], ours['line_bytes'], ours['meta'], ours['joined'], ours['lost']],
              [counts.get(key, 0) for key in ('lines', 'bytes', 'meta', 'joined', 'lost')], stream.name)
        equal(ours['in'], {key: counts.get(key, 0) for key in ('parsed', 'partial', 'unparsed', 'counted')}, stream.name)
        equal(ours['lines'], sum(ours['in'].values()) + ours['meta'] + ours['joined'], stream.name)
        for key in ('masked', 'reasons', 'causes'):
            equal(ours[key], {k: v for k, v in counts.get(key, {}).items() if v}, stream.name)
        if not stream.name.startswith('cretula.'):
            add(totals, counts)
    equal(page['totals']['lines'], totals.get('lines', 0))
    equal(page['totals']['masked_values'], sum(totals.get('masked', {}).values()))
    removed = dict(page['removed'])
    equal(removed.pop('holds_in_force'), sum(s['holds'] for s in page['streams']))
    equal(removed, deletions_again(streams, inside))
    equal({key['name']: key['state'] for key in page['keys']['rows']}, keys_again(streams, now))
    equal({(r['role'], r['tier']): (r['requests'], r['refused'], r['rows'], r['operators']) for r in page['access']['roles']},
          accesses_again(streams, inside))
    policies = {e['policy'].removeprefix('sha256:') for s in streams if not s.name.startswith('cretula.') for e in s.segments}
    equal({p['hash'] for p in page['masking']['policies']}, policies)
    equal({c['id']: c['state'] for c in page['controls']}, states_again(page, streams, rows, totals, policies))
    found = cretula('verify', '--store', store, '--json', *(['--stream', scope['stream']] if 'stream' in scope else [])).json
    for key in ('exit_code', 'errors', 'warnings', 'findings'):
        equal(page['integrity'][key], found[key])


# ---- the page ----

class Page(html.parser.HTMLParser):
    """Its tags with their attributes, its text, and whether all is closed."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.tags, self.open, self.text, self.cells = [], [], '', []
        self.feed(text)
        self.close()
        equal(self.open, [])

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in ('meta', 'br'):
            self.open.append(tag)

    def handle_endtag(self, tag):
        equal(self.open.pop(), tag, self.getpos())

    def handle_data(self, data):
        if self.open and self.open[-1] not in ('style', 'title'):
            self.text += data


ATTRIBUTES = {'lang', 'charset', 'http-equiv', 'content', 'name', 'class', 'id', 'href', 'scope', 'datetime', 'aria-labelledby', 'aria-label',
              'role', 'tabindex'}


def look(text):
    """Nothing in it runs or loads; each table has a caption and headers."""
    page = Page(text)
    assert not {tag for tag, _ in page.tags} & {'script', 'img', 'link', 'iframe', 'object', 'svg', 'form', 'base'}, page.tags
    for tag, attributes in page.tags:
        assert set(attributes) <= ATTRIBUTES, (tag, attributes)
        assert attributes.get('href', '#').startswith('#'), attributes
    tables = sum(tag == 'table' for tag, _ in page.tags)
    equal(sum(tag == 'caption' for tag, _ in page.tags), tables)
    equal(sum(tag == 'thead' for tag, _ in page.tags), tables)
    ids = {a['id'] for _, a in page.tags if 'id' in a}
    assert all(a['href'][1:] in ids for _, a in page.tags if 'href' in a)
    style = text.split('<style>')[1].split('</style>')[0]
    assert 'url(' not in style and '@import' not in style
    assert "default-src 'none'" in text and 'No tool makes anybody compliant' in page.text
    return page


def test_figures():
    """An import, a live stream with lines that cannot be read, an erasure: each figure is that of the files."""
    write('log', make_log(300))
    cretula('import', '--store', 'store', '--stream', 'shop', '--format', 'auto', 'log', code=0)
    cretula('pipe', '--store', 'store', 'live', '--format', 'combined', stdin=make_log(60, seed=2) + b'what is this\n' * 2, code=0)
    page, text, run = report('--scan', '--by', 'an auditor')
    compare(page)
    assert 'by an auditor' in look(text).text and run.text.startswith('report report/report.html')
    states = {c['id']: c['state'] for c in page['controls']}
    equal([states[key] for key in ('SEALED', 'MASKED', 'POLICY', 'KEYS', 'TOMBSTONES', 'READABLE')],
          ['met', 'met', 'met', 'met', 'not applicable', 'met'])
    equal(page['totals']['lines'], 362)
    cretula('subject', 'erase', '--store', 'store', '--stream', 'shop', '--record', '7,9', '--reason', 'asked for', code=0)
    page, text, _ = report()
    compare(page)
    equal((page['removed']['erased'], page['deletions']['newest'][0]['reason']), (2, 'asked for'))
    states = {c['id']: c['state'] for c in page['controls']}
    equal((states['TOMBSTONES'], states['MASKED']), ('met', 'partly'))
    # Whoever reads the page reads the same figures.
    for n in ('360', '300', '2'):
        assert f'>{n}</td>' in text or f'>{n}</strong>' in text, n


def test_access():
    """Views through serve, by role."""
    from test_serve import Server, prepare
    prepare()
    server = Server()
    for role in ('dev', 'dev', 'audit', 'sales'):
        server.ask('/api/v1/records?stream=shop&limit=5', role)
    server.daemon.end()
    page, text, _ = report()
    compare(page)
    rows = {r['role']: (r['requests'], r['refused'], r['rows']) for r in page['access']['roles']}
    equal(rows, {'dev': (2, 0, 10), 'audit': (1, 1, 0), 'sales': (1, 1, 0)})
    assert '<th scope="row">sales</th><td>analyst</td>' in text
    look(text)
    page, _, _ = report('--until', '2020-01-01T00:00:00Z')
    equal(page['access']['roles'], [])


LIVES = {}  # by the reason in them: making one takes longer than copying it


def lived(reason='a case in court'):
    """A store of each type of entry, the same bytes each time, by another program."""
    shutil.rmtree('store', ignore_errors=True)

    def more(shop):
        shop.add('hold', hold='case-9', segs=[[6, 6]], mask_epochs={}, reason=reason)
        shop.add('report', kind='retain', result=0, hash='0' * 64)
        shop.add('report', kind='canary', result=1, hash='0' * 64)
    if reason not in LIVES:
        life.make_life('store', more=more)
        LIVES[reason] = tempfile.mkdtemp(dir=os.path.dirname(os.getcwd()), prefix='cretula-life-')
        atexit.register(shutil.rmtree, LIVES[reason])
        shutil.copytree('store', LIVES[reason], dirs_exist_ok=True)
    else:
        shutil.copytree(LIVES[reason], 'store')


def test_life():
    """Holds, prunes, keys that were replaced: all of it, and parts by time."""
    lived()
    for args in ([], ['--stream', 'shop'],
                 ['--since', '2025-03-01T00:00:10Z', '--until', '2025-03-01T00:00:17.5Z']):
        page, text, _ = report(*args)
        compare(page)
        look(text)
    page, _, _ = report()
    equal(page['removed']['pruned_segments'], 1)
    equal([h['kind'] for h in page['holds']['newest']], ['hold', 'hold', 'hold', 'release', 'hold'])


def lose(entry):
    """A segment that says of five events that they are lost, four by a gap."""
    if entry['type'] == 'segment' and entry['seg'] == 1:
        items = list(entry.items())
        at = list(entry).index('policy')
        entry.clear()
        entry.update([*items[:at], ('causes', {'gap': 4}), *items[at:]])
        entry['in']['lost'] = 5


def test_states():
    """Losses, an oldest segment that was pruned, and states that turn as time goes by."""
    shutil.rmtree('store', ignore_errors=True)

    def more(shop):
        shop.add('release', hold='case-3', reason='')
        shop.prune(1)
        shop.add('report', kind='retain', result=0, hash='0' * 64)
    life.make_life('store', lie=lose, more=more)
    page, _, _ = report()
    compare(page)
    equal((page['totals']['lost'], page['totals']['causes']), (5, {'gap': 4}))
    equal({c['id']: c['state'] for c in page['controls']}['COMPLETE'], 'partly')
    if not is_testing_build():
        return
    for now, args, want in (('2025-03-02T12:00:00Z', [], ('met', 'met', 'live')),
                            ('2025-06-15T00:00:00Z', [], ('partly', 'partly', 'overdue')),
                            ('2025-06-15T00:00:00Z', ['--until', '2025-03-02T00:00:00Z'], ('partly', 'partly', 'overdue')),
                            ('2025-03-03T12:00:00Z', [], ('partly', 'met', 'live'))):
        page, _, _ = report(*args, env={'CRETULA_CLOCK': now})
        compare(page)
        states = {c['id']: c['state'] for c in page['controls']}
        equal((states['RETENTION'], states['KEYS'], {k['name']: k['state'] for k in page['keys']['rows']}['2025-W09']), want, now)


def test_no_stream_hides_behind_another():
    """One stream has what is two years old: another one, of which all but the newest was pruned, does not look as old by it; whatever the window."""
    if not is_testing_build():
        raise Skip('needs -Dtesting=true')
    write('log', make_log(300).replace(b'/2025:', b'/2024:'))
    write('c.yaml', b'store: store\nstreams: {new: {retain: {detail: 1d}}}\n')

    def ago(days):
        return datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days)

    def at(days):
        return {'CRETULA_CLOCK': ago(days).strftime('%Y-%m-%dT%H:%M:%SZ')}

    def state(*args):
        page, _, _ = report(*args)
        compare(page)
        return {c['id']: c['state'] for c in page['controls']}['HISTORY']

    cretula('import', '--store', 'store', '--stream', 'old', '--format', 'auto', 'log', code=0, env=at(4))
    for days in (4, 3, 2):
        line = f'192.0.2.1 - - [{ago(days):%d/%b/%Y:%H:%M:%S} +0000] "GET / HTTP/1.1" 200 5 "-" "-"\n'
        cretula('pipe', '--store', 'store', 'new', '--format', 'combined', stdin=line.encode(), code=0, env=at(days))
    equal(state(), 'partly')
    cretula('retain', '--config', 'c.yaml', '--stream', 'new', code=0, env=at(1.5))
    equal(state(), 'not met')
    equal(state('--since', '-1d'), 'not met')


def test_golden():
    """The page and the JSON, byte by byte."""
    if not is_testing_build():
        raise Skip('needs -Dtesting=true')
    lived('in clear <b>or not</b>')
    _, text, _ = report('--by', 'the test', env=NOW)
    version = re.escape(cretula('--version').text.split()[1])
    golden('report.html', re.sub(f'cretula {version}', 'cretula VERSION', text))
    golden('report.json', re.sub(f'"version":"{version}"', '"version":"VERSION"', read('report/report.json').decode()).replace(',"', ',\n"'))


def test_hostile():
    """Whatever a store, a reason or a name says is text."""
    lived(HOSTILE)
    os.rename('store', 'st<script>"&')
    page, text, _ = report('--by', HOSTILE + '\udcff', store='st<script>"&')
    shown = re.sub('[\u061c\u202e\U000e0041\x07]', '\ufffd', HOSTILE)
    seen = look(text).text
    equal((seen.count(shown), seen.count(shown + '\ufffd')), (2, 1))
    assert 'st<script>"&' in seen and '<script' not in text and '<img' not in text
    equal(page['holds']['newest'][0]['reason'], HOSTILE)
    equal(page['scope']['store'], 'st<script>"&')


def test_a_store_that_does_not_verify():
    """Its report is made, says so, and ends with verify's code; its bundle is not."""
    lived()
    path = 'store/streams/shop/seg/00000001.jsonl.zst'
    good = read(path)
    write(path, good[:60] + bytes([good[60] ^ 1]) + good[61:])
    page, text, _ = report(code=1)
    equal(page['integrity']['verdict'], 'bad')
    equal({c['id']: c['state'] for c in page['controls']}['SEALED'], 'not met')
    assert 'does not verify' in look(text).text and page['integrity']['findings'][0]['code'] in text
    shutil.rmtree('report')
    cretula('evidence', '--report', '--bundle', '--store', 'store', '--out', 'report', code=1)
    assert not os.path.exists('report') and not os.path.exists('report.tmp')
    write(path, good)
    chain = 'store/streams/shop/chain.jsonl'
    lines = read(chain).splitlines(keepends=True)
    write(chain, b''.join(lines[:5]) + b'{"v":1,"garbage\n' + b''.join(lines[6:]))
    page, text, _ = report(code=1)
    assert not {'met', 'not applicable'} & {c['state'] for c in page['controls']}, page['controls']
    equal((page['streams'][1]['name'], page['streams'][1]['problem'] != ''), ('shop', True))
    look(text)
    # Something that a later version writes: not all could be checked.
    lived()
    shutil.rmtree('store/streams')
    cretula('evidence', '--report', '--store', 'store', '--out', 'other', code=66)
    assert not os.path.exists('other')


def test_bundle():
    """With --bundle the two files go with it, and three verifiers take it."""
    write('log', ''.join(combined(n) for n in range(30)).encode())
    cretula('import', '--store', 'store', '--stream', 's', '--format', 'auto', 'log', code=0)
    report('--bundle', '--stream', 's')
    os.rename('report', 'bundle')
    manifest = read('bundle/MANIFEST.sha256').decode()
    for name in ('report.html', 'report.json'):
        assert f'{hashlib.sha256(read("bundle/" + name)).hexdigest()}  {name}\n' in manifest
    equal((cretula('verify', '--bundle', 'bundle').code, outside('--bundle', 'bundle').returncode), (0, 0))
    equal(subprocess.run([sys.executable, 'bundle/verify.py', '--bundle', 'bundle'], capture_output=True, check=False,
                         env={**os.environ, 'PYTHONDONTWRITEBYTECODE': '1'}).returncode, 0)
    write('bundle/report.json', b'{}')
    equal(cretula('verify', '--bundle', 'bundle').code, 1)
    remake_manifest()
    equal(cretula('verify', '--bundle', 'bundle').code, 0, 'what it says is nobody\'s to check')


def test_usage():
    """Options that go together, streams that are not there."""
    lived()
    for code, args in ((2, ['--scan']), (2, ['--by', 'x']), (2, ['--bundle']), (2, ['--report', '--record', '1', '--stream', 'shop']),
                       (66, ['--report', '--stream', 'none']), (2, ['--report', '--stream', '../x']),
                       (2, ['--report', '--since', 'yesterday']), (2, ['--report', '--jobs', '0']),
                       (66, ['--report', '--config', 'missing.yaml'])):
        cretula('evidence', '--store', 'store', '--out', 'report', *args, code=code)
        assert not os.path.exists('report') and not os.path.exists('report.tmp'), args
    report()
    cretula('evidence', '--report', '--store', 'store', '--out', 'report', code=2)
    write('c.yaml', b'streams: { shop: { epochs: { grace: { week: 60d } }, words: { mode: keep }, retain: { detail: 30d } },'
                    b' other: { epochs: { grace: { week: 30d } } } }\n')  # all have the same keys: the shorter one counts
    page, text, run = report('--config', 'c.yaml', '--json')
    equal((run.json['report'], run.json['exit_code'], sum(run.json['controls'].values())), ('report', 0, len(page['controls'])))
    equal({k['grace_s'] for k in page['keys']['rows'] if 'W' in k['name']}, {30 * 86400})
    equal(page['streams'][1]['retain']['rule'], 'detail 30d')
    look(text)


if __name__ == '__main__':
    main()
