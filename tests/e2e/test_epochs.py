"""key list, rotate, destroy: keys that end early, are forgotten early, or are held."""
import json
import os
import subprocess

from lib import (CRETULA, Skip, combined, cretula, equal, is_testing_build, lines_of, main, open_lines, records, segments,
                 verify_py, wait_for, write)

NOW = {'CRETULA_CLOCK': '2026-11-24T13:00:00Z'}
WHY = ('--reason', 'a "laptop" is gone')


def line(n):
    return combined(n, client='192.0.2.7').encode()


def run(stream='s', day=24, **more):
    return cretula('pipe', '--store', 'store', stream, '--format', 'combined', stdin=line(1),
                   env={'CRETULA_CLOCK': f'2026-11-{day}T12:00:00Z', **more}, code=0)


def entries(stream='s'):
    return [json.loads(e) for e in lines_of(f'store/streams/{stream}/chain.jsonl')]


def destroyed(stream='s'):
    return [e['what'] for e in entries(stream) if e['type'] == 'destroy']


def good():
    cretula('verify', '--store', 'store', '--strict', code=0)
    done = verify_py('store')
    equal(done.returncode, 0, done.stdout + done.stderr)


def listed(*more, env=None):
    return json.loads(cretula('key', 'list', '--store', 'store', '--json', *more, env=env or NOW, code=0).text)


def states():
    return {e['name']: e['state'] for e in listed()['epochs']}


def days():
    if not is_testing_build():
        raise Skip('not built with -Dtesting=true')
    for day in (22, 23, 24):
        run(day=day)


def test_list_says_what_becomes_of_each():
    days()
    equal(states(), {'2026-W47': 'grace', '2026-11': 'live', '2026-11-23': 'grace', '2026-W48': 'live', '2026-11-24': 'live'})
    week = next(e for e in listed()['epochs'] if e['name'] == '2026-W47')
    equal((week['begin'], week['end'], week['until']),
          ('2026-11-16T00:00:00.000Z', '2026-11-23T00:00:00.000Z', '2026-11-30T00:00:00.000Z'))
    equal(week['streams'], ['s'])
    equal([(d['name'], d['stream']) for d in listed()['destroyed']], [('2026-11-22', 's')])
    equal(listed()['classes']['default']['session'], 'day')
    text = cretula('key', 'list', '--keys', 'store.keys', env=NOW, code=0).text
    assert '2026-W47       2026-11-16T00:00Z to 2026-11-23T00:00Z  in grace until 2026-11-30T00:00Z' in text, text
    assert '--store DIR' in text, text
    with open('c.yaml', 'w', encoding='ascii') as file:
        file.write('streams: {s: {epochs: {ip: day, grace: {week: 0s}}}, t: {epochs: {ip: month}}}\n')
    found = listed('--config', 'c.yaml')
    equal((found['classes']['s']['ip.peer'], found['classes']['t']['ip.fwd']), ('day', 'month'))
    equal(next(e['state'] for e in found['epochs'] if e['name'] == '2026-W47'), 'over')
    cretula('key', 'list', code=2)
    cretula('key', 'list', '--store', 'none', code=66)
    assert not os.path.exists('none')


def test_rotate_ends_a_key_and_its_grace_begins():
    days()
    run('t')
    said = cretula('key', 'rotate', '--store', 'store', '--period', 'week', *WHY, env=NOW, code=0).text
    equal(said, '2026-W48 has ended, its grace runs from now on; 2026-W48.2 is in use\n')
    equal((states()['2026-W48'], states()['2026-W48.2']), ('grace', 'live'))
    for stream in ('s', 't'):
        run(stream)
        equal([e['mask_epochs']['ip'] for e in segments('store', stream)][-1], ['2026-W48.2'])
    tokens = [r['client'] for r in records('store')]
    equal(len(set(tokens[-2:])), 2, 'one client, one week, two keys')
    equal(records('store', 't')[-1]['client'], tokens[-1])
    said = [e for e in entries('cretula.store') if e['type'] == 'config']
    equal([(e['kind'], e['text']) for e in said], [('key-rotate', '2026-W48.2: a "laptop" is gone')])
    # All three, and again; the names go on.
    out = cretula('key', 'rotate', '--store', 'store', '--json', *WHY, env=NOW, code=0).text
    equal([e['name'] for e in json.loads(out)], ['2026-11-24.2', '2026-W48.3', '2026-11.2'])
    run()
    equal(segments('store')[-1]['mask_epochs']['ip'], ['2026-W48.3'])
    # The grace of the first: a week from when it ended, not from the end of its week.
    for day in (25, 26, 27, 28, 29, 30):
        run(day=day)
    assert '2026-W48' not in destroyed(), destroyed()
    for now in ('2026-12-01T12:00:00Z', '2026-12-01T13:00:01Z'):
        cretula('pipe', '--store', 'store', 's', '--format', 'combined', stdin=line(1), env={'CRETULA_CLOCK': now}, code=0)
    assert '2026-W48' in destroyed() and '2026-W48.3' in [e['name'] for e in listed()['epochs']], destroyed()
    good()


def test_a_destroyed_key_never_comes_back():
    """One stream stands at an old day, as after a leap of the clock, while another one has destroyed that day's keys."""
    days()
    cretula('pipe', '--store', 'store', 't', '--format', 'combined', stdin=line(1), env={'CRETULA_CLOCK': '2027-01-20T12:00:00Z'},
            code=0)
    gone = {'2026-11-23', '2026-11-24', '2026-W47', '2026-W48', '2026-11'}
    for day in (24, 25):
        run(day=day)
        assert not gone & {e['name'] for e in listed()['epochs']}, listed()
        assert gone <= set(destroyed()), destroyed()
    equal([e['mask_epochs']['ip'] for e in segments('store')], [['2026-W47'], ['2026-W48'], ['2026-W48']] + [['2026-W49']] * 2)
    names = [e['what'] for e in entries() if e['type'] == 'destroy']
    equal(len(names), len(set(names)), names)
    good()


def test_graces_that_differ():
    """All streams have the same keys, which go by the shortest grace: check says so of each length of which that is another."""
    def said(grace):
        write('c.yaml', b'store: store\nstreams:\n  s: {}\n  t:\n    epochs: {grace: {%s}}\n' % grace)
        return cretula('check', '--config', 'c.yaml', code=0).err
    text = said(b'week: 60d, month: 1d')
    assert 'stream t: epochs.grace.week is longer than that of stream s, and all streams of a store have the same keys' in text, text
    assert 'stream s: epochs.grace.month is longer than that of stream t' in text and 'grace.day' not in text, text
    equal(said(b'week: 7d'), '')


def test_a_running_pipe_follows():
    days()
    env = {**os.environ, 'CRETULA_CLOCK': '2026-11-24T12:30:00Z'}
    pipe = subprocess.Popen([CRETULA, 'pipe', '--store', 'store', 's', '--format', 'combined'], stdin=subprocess.PIPE,
                            stderr=subprocess.PIPE, bufsize=0, env=env)

    pipe.stdin.write(line(1))
    wait_for(lambda: open_lines() == 1)
    before = len(segments('store'))
    cretula('key', 'rotate', '--store', 'store', '--period', 'week', *WHY, env=NOW, code=0)
    wait_for(lambda: len(segments('store')) == before + 1)
    pipe.stdin.write(line(2))
    done = json.loads(cretula('key', 'destroy', '--store', 'store', '--epoch', '2026-W48', '--json', *WHY, env=NOW, code=0).text)
    equal(done, {'epoch': '2026-W48', 'dry_run': False, 'destroyed': True, 'entries': 0, 'later': 1})
    wait_for(lambda: '2026-W48' in destroyed())
    pipe.stdin.write(line(3))
    equal((pipe.communicate(timeout=120)[1], pipe.returncode)[1], 0)
    # Each change of the keys ends a segment: the second line has one of its own if it was read before the destruction.
    used = [(e['mask_epochs'].get('ip'), e['n']) for e in segments('store')[before:] if e['n'] > 0]
    assert used in ([(['2026-W48'], 1), (['2026-W48.2'], 2)], [(['2026-W48'], 1), (['2026-W48.2'], 1), (['2026-W48.2'], 1)]), used
    equal(destroyed().count('2026-W48'), 1)
    good()


def test_destroy_refuses():
    days()
    destroy = ('key', 'destroy', '--store', 'store', *WHY)
    assert 'rotate --period week' in cretula(*destroy, '--epoch', '2026-W48', env=NOW, code=78).err
    cretula(*destroy, '--epoch', '2026-W40', env=NOW, code=78)
    cretula(*destroy, '--epoch', '2026-W4', env=NOW, code=2)
    cretula(*destroy, env=NOW, code=2)
    cretula('key', 'destroy', '--store', 'store', '--epoch', '2026-W47', env=NOW, code=2)
    # By a clock that is wrong nothing is destroyed, nor changed.
    for wrong in ('2026-11-20T00:00:00Z', '2027-06-01T00:00:00Z'):
        clock = {'CRETULA_CLOCK': wrong}
        assert 'clock' in cretula(*destroy, '--epoch', '2026-W47', env=clock, code=78).err
        cretula('key', 'rotate', '--store', 'store', *WHY, env=clock, code=78)
        equal(listed(env=clock)['clock_sure'], False)
    cretula(*destroy, '--epoch', '2026-W47', '--dry-run', env=NOW, code=0)
    equal(destroyed(), ['2026-11-22'])
    equal(len(listed()['epochs']), 5)


def test_destroy_is_whole_or_not_at_all():
    """A death at every step: the key is there, or it is gone, and the next run says so, once, in each stream."""
    days()
    run('t')
    subprocess.run('cp -a store old; cp -a store.keys old.keys', shell=True, check=True)
    destroy = ('key', 'destroy', '--store', 'store', '--epoch', '2026-W47', *WHY)
    deaths = gone = 0
    for n in range(1, 200, 4):
        subprocess.run('rm -rf store store.keys; cp -a old store; cp -a old.keys store.keys', shell=True, check=True)
        if cretula(*destroy, env={**NOW, 'CRETULA_FAULT': str(n)}).code == 0:
            break
        deaths += 1
        if '2026-W47' in states():
            equal(destroyed(), ['2026-11-22'], n)
            cretula(*destroy, env=NOW, code=0)
        else:
            gone += 1
            # Half of the times the pipes complete it, else the command itself.
            if gone % 2 == 0:
                run()
            else:
                again = cretula(*destroy, env=NOW)
                equal(again.code, 0 if 'since before' in again.text else 78, again.err)
        equal(destroyed(), ['2026-11-22', '2026-W47'], n)
    assert deaths > 8 and gone > 3, (deaths, gone)
    good()


def audit(code, *more, env=None):
    return json.loads(cretula('key', 'audit', '--store', 'store', '--json', *more, env=env or NOW, code=code).out)


def test_audit_says_what_a_thief_could_do():
    days()
    said = audit(0)
    equal(said['findings'], [])
    equal({k: said['epochs'][k] for k in ('used', 'grace', 'held', 'over')}, {'used': 3, 'grace': 2, 'held': 0, 'over': 0})
    shop = next(s for s in said['streams'] if s['name'] == 's')
    equal((shop['records'], shop['linkable'], shop['signs'], shop['running']), (3, 3, True, False))
    assert '3 of 3 sealed records' in said['thieves']['keys'], said['thieves']
    assert 'no process writes' in said['thieves']['memory'], said['thieves']
    cretula('key', 'destroy', '--store', 'store', '--epoch', '2026-W47', *WHY, env=NOW, code=0)
    equal(next(s['linkable'] for s in audit(0)['streams'] if s['name'] == 's'), 2)
    text = cretula('key', 'audit', '--store', 'store', env=NOW, code=0).text
    assert 'good: nothing is worse than designed' in text and '2 of 3 records can be linked' in text, text
    assert max(map(len, text.splitlines())) <= 100, text


def test_audit_finds_what_is_worse_than_designed():
    days()

    def found(what, *more, env=None):
        findings = audit(1, *more, env=env)['findings']
        assert any(what in f for f in findings), findings

    os.chmod('store.keys/s/log.key', 0o640)
    found('log.key: mode 0640 lets its group in')
    os.chmod('store.keys/s/log.key', 0o600)
    os.chmod('store.keys', 0o755)
    found('store.keys: mode 0755 lets everybody in')
    os.chmod('store.keys', 0o700)
    os.chmod('store/streams/s/chain.jsonl', 0o644)
    found('chain.jsonl: mode 0644 lets everybody in')
    os.chmod('store/streams/s/chain.jsonl', 0o640)
    os.symlink('/dev/null', 'store.keys/s/more')
    found('more: not a regular file')
    os.unlink('store.keys/s/more')
    cretula('key', 'create', '--keys', 'others', '--recovery-out', 'recovery', code=0)
    os.rename('recovery', 'store.keys/recovery')
    found('a recovery key lies in KEYS')
    os.unlink('store.keys/recovery')
    found('its grace is over for more than a day', env={'CRETULA_CLOCK': '2026-12-03T13:00:00Z'})
    found('the clock is not what the chains expect', env={'CRETULA_CLOCK': '2026-11-20T13:00:00Z'})
    with open('a.log', 'wb') as log:
        log.write(line(1))
    cretula('import', '--store', 'store', '--stream', 'i', '--format', 'combined', '--link-epochs', 'a.log',
            env=NOW, code=0)
    said = audit(0)
    assert said['import_key'] and 'and of an import' in said['thieves']['keys'], said['thieves']
    assert any('an import is kept' in n for n in said['notes']), said['notes']
    with open('store.keys/import.seed', 'r+b') as seed:
        seed.write(bytes(512))
    found('stream i: the keys of 1 imports are gone from KEYS, and no entry says')
    os.rename('store.keys', 'my-backups')
    found('called like a backup', '--keys', 'my-backups')
    equal(cretula('key', 'audit', '--store', 'store', env=NOW).code, 78)


main()
