"""Keys that change, are given out or are lost, and what is given up: key create, escrow, rekey, revoke; recover."""
import base64
import json
import os
import re
import shutil
import signal
import stat
import subprocess
import tempfile

from lib import (CRETULA, EACH, Skip, combined, cretula, equal, is_testing_build, last_flush, main, on_disk, read, records,
                 tree_bytes, verify_py, wait_for, write)


def log(marker, lines=30):
    return ''.join(combined(n, client=f'10.9.{n}.1', size=marker * 1000 + n) for n in range(lines)).encode()


def fresh(recovery=True):
    """A store with an imported stream s."""
    for name in os.listdir('.'):
        shutil.rmtree(name) if os.path.isdir(name) else os.remove(name)
    if recovery:
        cretula('key', 'create', '--keys', 'store.keys', '--recovery-out', 'recovery', code=0)
    write('a.log', log(1))
    load('a.log')


def load(name, stream='s', code=0):
    return cretula('import', '--store', 'store', '--stream', stream, '--format', 'apache-combined', name, code=code)


def pipe(data=b'', stream='live', code=0):
    return cretula('pipe', '--store', 'store', stream, '--format', 'combined', stdin=data, code=code)


def crash(data, stream='live'):
    """A pipe that is killed after its commit."""
    before, _ = last_flush(stream)
    process = subprocess.Popen([CRETULA, 'pipe', '--store', 'store', stream, '--format', 'combined'],
                               stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
    process.stdin.write(data)
    process.stdin.flush()

    def is_committed():
        segment, count = last_flush(stream)
        return segment > before and count == data.count(b'\n')
    wait_for(is_committed, seen=lambda: last_flush(stream))
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdin.close()


def entries(stream='s'):
    return [json.loads(line) for line in read(f'store/streams/{stream}/chain.jsonl').decode().splitlines()]


def types(stream='s'):
    return [e['type'] for e in entries(stream)]


def seed(path='recovery'):
    return read(path).split(b'\n')[1]


def good(strict=0, escrow=None, anchor=None):
    """It verifies, as the C code and the script see it."""
    more = (['--escrow', escrow] if escrow else []) + (['--anchor', anchor] if anchor else [])
    cretula('verify', '--store', 'store', *more, code=0)
    cretula('verify', '--store', 'store', '--strict', *more, code=strict)
    done = verify_py('store')
    assert done.returncode == 0, done.stdout + done.stderr


def findings():
    """Code and stream of each."""
    return [(f['code'], f['stream']) for f in cretula('verify', '--store', 'store', '--json', code=0).json['findings']]


def hidden(*secrets):
    """None of the secrets is in the store or among the keys."""
    for path, data in tree_bytes('store', 'store.keys').items():
        for secret in secrets:
            assert secret not in data, path


def quiet(run, *secrets):
    for secret in secrets:
        assert secret not in run.out and secret.decode() not in run.err


def mode(path):
    return stat.S_IMODE(os.lstat(path).st_mode)


# ---- create ----

def test_create_makes_a_recovery_key():
    run = cretula('key', 'create', '--keys', 'store.keys', '--recovery-out', 'recovery', code=0)
    equal(mode('recovery'), 0o600)
    equal(read('recovery').split(b'\n')[0], b'cretula recovery v1')
    equal(len(read('recovery').split(b'\n')), 3)
    assert 'off this machine' in run.text
    quiet(run, seed())
    equal(mode('store.keys/recovery.pub'), 0o600)
    write('a.log', log(1))
    assert '(new' not in load('a.log').text, 'the keys were there'
    hidden(seed())
    public = read('store.keys/recovery.pub').split(b'+', 2)[2].strip()
    for stream in ('s', 'cretula.store'):
        first = entries(stream)[0]
        name, _, key = first['recovery'].split('+', 2)
        equal(name, first['origin'] + '/recovery')
        import base64
        equal(base64.b64encode(base64.b64decode(key)[1:]), public)
    good()


def test_a_flipped_bit_of_public_key_files_is_noticed():
    """Each bit of KEYS/recovery.pub and of the head of an open segment: 78 and its name, before anything is signed."""
    fresh()
    kept, before = read('store.keys/recovery.pub'), read('store/streams/s/chain.jsonl')
    for bit in range(0, len(kept) * 8, 5):
        write('store.keys/recovery.pub', kept[:bit // 8] + bytes((kept[bit // 8] ^ 1 << bit % 8,)) + kept[bit // 8 + 1:])
        run = load('a.log', 'new', code=78)
        assert 'recovery.pub: damaged' in run.err, (bit, run.err)
    for cut in (0, 1, 40, len(kept) - 1):
        write('store.keys/recovery.pub', kept[:cut])
        assert 'recovery.pub: damaged' in load('a.log', 'new', code=78).err, cut
    equal(read('store/streams/s/chain.jsonl'), before)
    assert not os.path.exists('store/streams/new')
    assert 'recovery.pub: damaged' in cretula('key', 'show', '--keys', 'store.keys', code=78).err
    write('store.keys/recovery.pub', kept)
    load('a.log', 'new')
    good()


def test_a_damaged_head_of_an_open_segment_is_named():
    fresh()
    crash(log(2))
    head, = (name for name in os.listdir('store.keys/live') if name.startswith('open.'))
    kept, files = read(f'store.keys/live/{head}'), tempfile.mkdtemp(prefix='cretula-')
    shutil.copytree('.', files, dirs_exist_ok=True)
    for bit in range(3, len(kept) * 8, 211):
        for name in ('store', 'store.keys'):
            shutil.rmtree(name)
            shutil.copytree(os.path.join(files, name), name)
        write(f'store.keys/live/{head}', kept[:bit // 8] + bytes((kept[bit // 8] ^ 1 << bit % 8,)) + kept[bit // 8 + 1:])
        run = pipe(log(4), code=78)
        assert 'alarm (files)' in run.err and f'{head}: damaged' in run.err, (bit, run.err)
    assert 'alarm: files' in cretula('recover', '--store', 'store', '--stream', 'live', code=1).text
    for name in ('store', 'store.keys'):
        shutil.rmtree(name)
        shutil.copytree(os.path.join(files, name), name)
    shutil.rmtree(files)
    pipe(log(4))
    good()


def test_create_refuses():
    write('there', b'x')
    equal(cretula('key', 'create', '--keys', 'k', '--recovery-out', 'there', code=78).out, b'')
    equal(read('there'), b'x')
    assert not os.path.exists('k')
    os.makedirs('k2/there')
    cretula('key', 'create', '--keys', 'k2', '--recovery-out', 'r2', code=78)
    assert not os.path.exists('r2'), 'a secret of keys that were not made'
    cretula('key', 'create', '--keys', 'k', code=0)
    for folder in ('k', 'store', 'store/streams/s', 'store.keys/s'):
        if folder == 'store':
            write('a.log', log(1))
            load('a.log')
        run = cretula('key', 'create', '--keys', 'other', '--recovery-out', folder + '/secret', code=78)
        assert 'kept apart' in run.err, run.err
    assert not os.path.exists('other')
    cretula('key', 'create', '--recovery-out', 'r3', code=2)
    cretula('key', 'show', '--keys', 'k', '--recovery-out', 'r3', code=2)


def test_show_lists_streams():
    fresh()
    pipe(log(2))
    run = cretula('key', 'show', '--store', 'store', code=0)
    for text in (entries()[0]['log'], entries('live')[0]['log'], 'ratchet at flush ', 'recovery key known'):
        assert text in run.text, run.text
    shown = {k['name']: k for k in cretula('key', 'show', '--store', 'store', '--json', code=0).json['streams']}
    equal(sorted(shown), ['cretula.store', 'live', 's'])
    equal(shown['s']['log'], entries()[0]['log'])
    equal(shown['s']['epoch'], 1)
    equal(shown['live']['recovery'], True)
    assert shown['live']['g'] > 1 and 'g' not in shown['s']
    fresh(recovery=False)
    assert 'recovery    none' in cretula('key', 'show', '--keys', 'store.keys', code=0).text


# ---- escrow ----

def escrow_lines(path='escrow'):
    lines = read(path).decode().splitlines()
    equal(lines[0], 'cretula escrow v1')
    equal(lines[1:], sorted(lines[1:], key=lambda line: (line.split()[0], int(line.split()[1]))))
    return [line.split() for line in lines[1:]]


def commitment(key):
    import base64
    import hashlib
    return hashlib.sha256(b'cretula escrow v1\n' + base64.b64decode(key)).hexdigest()


def test_escrow_of_a_new_stream_and_of_others():
    fresh()
    run = cretula('key', 'escrow', '--store', 'store', '--stream', 'live', '--out', 'escrow', code=0)
    equal(mode('escrow'), 0o600)
    (origin, g, key), = escrow_lines()
    quiet(run, key.encode())
    first = entries('live')[0]
    equal((first['escrow'], first['ratchet']['g'], first['origin']), (True, int(g), origin))
    equal(first['ratchet']['k'], commitment(key))
    pipe(log(2))
    hidden(key.encode())
    good(escrow='escrow')
    cretula('key', 'escrow', '--store', 'store', '--stream', 'live', '--out', 'escrow', code=0)
    cretula('key', 'escrow', '--store', 'store', '--stream', 's', '--out', 'escrow', code=0)
    equal(types()[-2:], ['start', 'stop'])
    equal((entries()[-2]['mode'], entries()[-1]['reason']), ('escrow', 'escrow'))
    lines = escrow_lines()
    equal(len(lines), 3)
    pipe(log(3))
    good(escrow='escrow')
    hidden(*(line[2].encode() for line in lines))
    run = cretula('key', 'escrow', '--store', 'store', '--stream', 'live', '--out', '-', code=0)
    equal(run.out.split(b'\n')[0], b'cretula escrow v1')
    equal(run.err, '')
    equal(commitment(run.text.split()[-1]), entries('live')[-2]['ratchet']['k'])


def test_escrow_seals_what_a_crash_left_first():
    fresh()
    crash(log(2))
    cretula('key', 'escrow', '--store', 'store', '--stream', 'live', '--out', 'escrow', code=0)
    equal(len(records('store', 'live')), 30)
    equal(types('live'), ['genesis', 'start', 'recover', 'segment', 'start', 'stop'])
    pipe(log(3))
    equal(len(records('store', 'live')), 60)
    good(escrow='escrow')


@on_disk
def test_escrow_refuses():
    fresh()
    before = tree_bytes('store', 'store.keys')
    for out, code in (('store/secret', 78), ('store.keys/secret', 78), ('none/secret', 78), ('a.log', 78)):
        cretula('key', 'escrow', '--store', 'store', '--stream', 's', '--out', out, code=code)
    with open('store/stdout', 'wb') as file:
        done = subprocess.run([CRETULA, 'key', 'escrow', '--store', 'store', '--stream', 's', '--out', '-'], stdout=file,
                              stderr=subprocess.PIPE, check=False)
    equal(done.returncode, 78, done.stderr)
    equal(read('store/stdout'), b'')
    os.remove('store/stdout')
    equal({path: data for path, data in tree_bytes('store', 'store.keys').items() if '/s/' in path},
          {path: data for path, data in before.items() if '/s/' in path})
    cretula('key', 'escrow', '--store', 'store', '--stream', 's', code=2)
    cretula('key', 'escrow', '--store', 'nowhere', '--stream', 'Bad', '--out', 'escrow', code=78)
    process = subprocess.Popen([CRETULA, 'pipe', '--store', 'store', 's', '--format', 'combined'], stdin=subprocess.PIPE)
    wait_for(lambda: os.path.isdir('store/streams/s/open') and os.listdir('store/streams/s/open'))
    cretula('key', 'escrow', '--store', 'store', '--stream', 's', '--out', 'escrow2', code=75)
    cretula('key', 'rekey', '--store', 'store', '--stream', 's', code=75)
    cretula('recover', '--store', 'store', '--stream', 's', code=75)
    process.communicate()
    equal(process.returncode, 0)
    assert not os.path.exists('escrow2')


# ---- rekey, revoke ----

def anchor():
    import hashlib
    own = read('store/streams/cretula.store/chain.jsonl').splitlines()
    return f'{json.loads(own[0])["log"]} sha256:{hashlib.sha256(own[0]).hexdigest()}'


def test_rekey_one_all_and_by_the_recovery_key():
    fresh()
    line = anchor()
    first = entries()[0]['log']
    run = cretula('key', 'rekey', '--store', 'store', '--stream', 's', code=0)
    entry = entries()[-1]
    equal((entry['type'], entry['key'], entry['old']), ('rekey', 'log', first))
    assert entry['new'] in run.text and 'recovery' not in entry
    note = read(f'store/streams/s/cp/{len(entries()):08}.note').decode()
    equal(note.count(f'— {entry["old"].split("+")[0]} '), 2, 'signed by both')
    run = cretula('key', 'rekey', '--store', 'store', '--all', '--recovery', 'recovery', '--json', code=0)
    equal([k['stream'] for k in run.lines], ['cretula.store', 's'])
    assert 'recovery' in entries()[-1]
    good(anchor=line)
    load(write('b.log', log(2)))
    pipe(log(3))
    good(anchor=line)
    equal(len(records('store')), 60)
    run = cretula('import', '--store', 'store', '--stream', 'new', '--format', 'apache-combined', 'b.log', code=0)
    good(anchor=line)


def test_a_lost_log_key_is_replaced():
    fresh()
    os.remove('store.keys/s/log.key')
    assert 'cretula recover' in load(write('b.log', log(2)), code=78).err
    assert 'only the recovery key' in cretula('key', 'rekey', '--store', 'store', '--stream', 's', code=78).err
    cretula('key', 'rekey', '--store', 'store', '--stream', 's', '--recovery', 'recovery', code=0)
    load('b.log')
    good()
    equal(len(records('store')), 60)


def test_the_recovery_key_changes():
    fresh()
    options = ['key', 'rekey', '--store', 'store', '--key', 'recovery', '--all', '--new-recovery-out', 'recovery2']
    cretula('key', 'rekey', '--store', 'store', '--key', 'recovery', '--stream', 's', '--new-recovery-out', 'x', code=2)
    assert 'thief' in cretula(*options, code=2).err
    assert not os.path.exists('recovery2')
    run = cretula(*options, '--recovery', 'recovery', code=0)
    quiet(run, seed(), seed('recovery2'))
    equal(mode('recovery2'), 0o600)
    hidden(seed(), seed('recovery2'))
    good()
    cretula('key', 'rekey', '--store', 'store', '--stream', 's', '--recovery', 'recovery', code=78)
    cretula('key', 'rekey', '--store', 'store', '--stream', 's', '--recovery', 'recovery2', code=0)
    length = len(entries())
    cretula(*options, '--recovery', 'recovery', code=0)
    equal(len(entries()), length, 'it is in force already')
    load('a.log', 'new')
    cretula('key', 'rekey', '--store', 'store', '--stream', 'new', '--recovery', 'recovery2', code=0)
    good()
    old = read('recovery')
    fresh(recovery=False)
    write('old', old)
    os.chmod('old', 0o600)
    run = cretula(*options, '--recovery', 'old', code=78)
    assert 'no stream' in run.err and 'without a recovery key' in run.text, (run.err, run.text)
    cretula('key', 'create', '--keys', 'other.keys', '--recovery-out', 'other', code=0)
    assert 'without a recovery key' in cretula('key', 'rekey', '--store', 'store', '--stream', 's', '--recovery',
                                               'other', code=78).err


def test_a_refused_recovery_key_leaves_no_file():
    """A key that no chain names is none: its file would be kept, and the right one perhaps not."""
    options = ['key', 'rekey', '--store', 'store', '--key', 'recovery', '--all', '--new-recovery-out', 'recovery2']
    fresh()
    old = read('recovery')
    fresh(recovery=False)
    write('old', old)
    os.chmod('old', 0o600)
    cretula(*options, '--recovery', 'old', code=78)
    assert not os.path.exists('recovery2')
    fresh()
    write('wrong', read('recovery').splitlines(keepends=True)[0] + base64.b64encode(bytes(32)) + b'\n')
    cretula(*options, '--recovery', 'wrong', code=78)
    assert not os.path.exists('recovery2')
    os.rename('store.keys', 'elsewhere')
    cretula(*options, '--recovery', 'recovery', code=78)
    assert not os.path.exists('recovery2')
    os.rename('elsewhere', 'store.keys')
    write('recovery2', read('recovery'))  # somebody's: it is not ours to remove
    cretula(*options, '--recovery', 'wrong', code=78)
    equal(read('recovery2'), read('recovery'))
    os.remove('recovery2')


def test_a_recovery_key_that_an_entry_names_stays():
    """Whatever step fails: the file is there if a chain names its key, and running it again completes the change."""
    if not is_testing_build():
        raise Skip('NEEDS A BUILD WITH -Dtesting=true')
    options = ['key', 'rekey', '--store', 'store', '--key', 'recovery', '--all', '--new-recovery-out', 'recovery2',
               '--recovery', 'recovery']
    fresh()
    kept = shutil.copytree('.', tempfile.mkdtemp(prefix='cretula-'), dirs_exist_ok=True)
    seen = set()
    for step in range(1, 200, EACH):
        for name in os.listdir('.'):
            shutil.rmtree(name) if os.path.isdir(name) else os.remove(name)
        shutil.copytree(kept, '.', dirs_exist_ok=True)
        run = cretula(*options, env={'CRETULA_FAULT': f'{step}:5'})
        if run.code == 0:
            break
        named = any(b'"type":"rekey"' in read(f'store/streams/{s}/chain.jsonl') for s in ('s', 'cretula.store'))
        seen.add(named)
        assert named <= os.path.exists('recovery2'), (step, run.err)
        if named or step % 5 == 0:
            cretula(*options, code=0)
            good()
    shutil.rmtree(kept)
    equal(seen, {False, True})


def test_revoke():
    fresh()
    first = entries()[0]['log']
    options = ['key', 'revoke', '--store', 'store', '--stream', 's', '--recovery', 'recovery', '--from']
    assert 'in force' in cretula(*options, 2, '--vkey', first, code=78).err
    cretula('key', 'rekey', '--store', 'store', '--stream', 's', code=0)
    second = entries()[-1]['new']
    cretula(*options, 0, '--vkey', first, code=2)
    cretula(*options, 99, '--vkey', first, code=2)
    cretula(*options, 2, '--vkey', 'x+00000000+AAAA', code=78)
    cretula(*options, 2, '--vkey', second, code=78)
    cretula(*options, 3, '--vkey', first, code=0)
    equal((entries()[-1]['type'], entries()[-1]['vkey'], entries()[-1]['from']), ('revoke', first, 3))
    good()
    load(write('b.log', log(2)))
    good()


def test_proofs_of_any_time():
    """What was sealed before and behind a change of keys is proved, by the auditor's first line."""
    fresh()
    cretula('key', 'rekey', '--store', 'store', '--all', code=0)
    load(write('b.log', log(2)))
    cretula('import', '--store', 'store', '--stream', 'new', '--format', 'apache-combined', 'b.log', code=0)
    for stream, record in (('s', 3), ('s', 40), ('new', 3)):
        write('proof', cretula('prove', '--store', 'store', '--stream', stream, '--record', record, code=0).out)
        cretula('verify', '--proof', 'proof', '--anchor', anchor(), code=0)
    cretula('evidence', '--store', 'store', '--out', 'bundle', code=0)
    cretula('verify', '--bundle', 'bundle', '--anchor', anchor(), code=0)


# ---- recover ----

def lost(stream='live'):
    """The last recover entry."""
    return [e for e in entries(stream) if e['type'] == 'recover'][-1]


def test_nothing_is_lost():
    fresh()
    before = tree_bytes('store')
    run = cretula('recover', '--store', 'store', '--stream', 's', code=0)
    assert 'Nothing is lost' in run.text, run.text
    cretula('recover', '--store', 'store', '--stream', 's', '--accept-loss', '--reason', 'x', code=0)
    equal(tree_bytes('store'), before)
    cretula('recover', '--store', 'store', '--stream', 's', '--accept-loss', code=2)
    cretula('recover', '--store', 'store', '--stream', 's', '--reason', 'x', code=2)
    cretula('recover', '--store', 'store', code=2)
    cretula('recover', '--store', 'store', '--stream', 'none', code=66)
    cretula('recover', '--store', 'none', '--stream', 's', code=78)


def damage_ratchet():
    with open('store.keys/live/ratchet', 'r+b') as file:
        file.seek(100)
        file.write(b'torn')


def damage_data():
    name = 'store/streams/live/open/00000002.data'
    write(name, read(name).replace(b'"status":200', b'"status":404'))


def remove_open():
    shutil.rmtree('store/streams/live/open')


def test_an_alarm_is_given_up():
    for damage, word in ((damage_ratchet, 'ratchet'), (damage_data, 'records'), (remove_open, 'tags')):
        fresh()
        pipe(log(2))
        crash(log(3))
        cretula('verify', '--store', 'store', code=0)
        damage()
        run = pipe(log(4), code=78)
        assert f'alarm ({word})' in run.err and 'cretula recover' in run.err, run.err
        cretula('verify', '--store', 'store', code=1)
        before = tree_bytes('store')
        run = cretula('recover', '--store', 'store', '--stream', 'live', code=1)
        assert f'alarm: {word}' in run.text and '--accept-loss' in run.text, run.text
        assert 'No such file' not in run.text, run.text  # that the next ratchet is not there is no reason
        shown = cretula('recover', '--store', 'store', '--stream', 'live', '--json', code=1).json
        equal((shown['alarm'], shown['sealed'], shown['accepted']), (word, 30, False))
        equal(shown['lost'], 0 if word == 'ratchet' else 30)
        equal(tree_bytes('store'), before)
        cretula('recover', '--store', 'store', '--stream', 'live', '--accept-loss', '--reason', 'disk "2" – died', code=0)
        entry = lost()
        equal((entry['alarm'], entry['reason'], entry['kept'], entry['lost']), (False, 'accepted', 0, shown['lost']))
        equal(entry['text'], 'disk "2" – died')
        assert 'ratchet' in entry and 'log' not in entry
        equal([n for n in os.listdir('store.keys/live') if n.startswith('open.')], [])
        good(strict=4)
        pipe(log(4))
        equal(sorted(r['bytes'] for r in records('store', 'live')), [*range(2000, 2030), *range(4000, 4030)])
        good(strict=4)


def test_escrow_goes_on_after_a_loss():
    fresh()
    cretula('key', 'escrow', '--store', 'store', '--stream', 'live', '--out', 'escrow', code=0)
    pipe(log(2))
    crash(log(3))
    damage_ratchet()
    cretula('recover', '--store', 'store', '--stream', 'live', '--accept-loss', '--reason', 'x', code=0)
    cretula('key', 'escrow', '--store', 'store', '--stream', 'live', '--out', 'escrow', code=0)
    pipe(log(4))
    equal(len(records('store', 'live')), 60)
    cretula('verify', '--store', 'store', '--escrow', 'escrow', code=0)


def test_lost_keys_of_a_stream():
    fresh()
    pipe(log(2))
    crash(log(3))
    shutil.rmtree('store.keys/live')
    assert 'cretula recover' in pipe(code=78).err
    run = cretula('recover', '--store', 'store', '--stream', 'live', code=1)
    assert 'signing keys     lost' in run.text, run.text
    accept = ['recover', '--store', 'store', '--stream', 'live', '--accept-loss', '--reason', 'keys gone']
    run = cretula(*accept, code=78)
    assert 'recovery key' in run.err and '--stream OTHER' in run.err, run.err
    write('stranger', b'cretula recovery v1\n' + b'A' * 43 + b'=\n')
    os.chmod('stranger', 0o600)
    cretula(*accept, '--recovery', 'stranger', code=78)
    os.chmod('recovery', 0o644)
    cretula(*accept, '--recovery', 'recovery', code=78)
    os.chmod('recovery', 0o600)
    length = len(entries('live'))
    run = cretula(*accept, '--recovery', 'recovery', code=0)
    quiet(run, seed())
    entry = lost()
    equal(len(entries('live')), length + 1)
    for key in ('ratchet', 'log', 'recovery', 'epoch', 'next'):
        assert key in entry, key
    good(strict=4)
    pipe(log(4))
    equal(sorted(r['bytes'] for r in records('store', 'live')), [*range(2000, 2030), *range(4000, 4030)])
    good(strict=4)
    equal(findings(), [('W_LOSS_ACCEPTED', 'live')])
    hidden(seed())


def test_lost_keys_as_a_whole():
    fresh()
    pipe(log(2))
    line = anchor()
    shutil.rmtree('store.keys')
    assert 'cretula recover' in load('a.log', code=78).err
    accept = ['recover', '--store', 'store', '--accept-loss', '--reason', 'burned']
    assert 'as a whole' in cretula('recover', '--store', 'store', '--stream', 's', code=78).err
    os.mkdir('store.keys')  # `recover` does not send to itself
    assert '--recovery FILE' in cretula('recover', '--store', 'store', '--stream', 's', code=78).err
    os.rmdir('store.keys')
    cretula(*accept, '--stream', 's', code=78)
    assert not os.path.exists('store.keys')
    write('stranger', b'cretula recovery v1\n' + b'A' * 43 + b'=\n')
    os.chmod('stranger', 0o600)
    cretula(*accept, '--stream', 's', '--recovery', 'stranger', code=78)
    assert not os.path.exists('store.keys'), 'not for a stranger'
    run = cretula(*accept, '--stream', 's', '--recovery', 'recovery', code=0)
    assert 'mask keys        lost' in run.text, run.text
    equal(mode('store.keys'), 0o700)
    assert os.path.exists('store.keys/recovery.pub')
    equal(types('cretula.store').count('recover'), 1)
    load(write('b.log', log(5)))
    pipe(code=78)
    cretula(*accept, '--stream', 'live', '--recovery', 'recovery', code=0)
    equal(types('cretula.store').count('recover'), 1)
    pipe(log(4))
    good(anchor=line, strict=4)
    equal(findings(), [('W_LOSS_ACCEPTED', 'live')])  # the others have nothing open
    equal((len(records('store')), len(records('store', 'live'))), (60, 60))


def test_lost_mask_keys():
    fresh()
    os.remove('store.keys/root.key')
    load(write('b.log', log(2)), code=78)
    run = cretula('recover', '--store', 'store', '--stream', 's', code=1)
    assert 'mask keys        lost' in run.text, run.text
    cretula('recover', '--store', 'store', '--stream', 's', '--accept-loss', '--reason', 'x', code=0)
    load('b.log')
    good()
    os.chmod('store.keys/root.key', 0o644)
    before = read('store.keys/root.key')
    cretula('recover', '--store', 'store', '--stream', 's', '--accept-loss', '--reason', 'x', code=78)
    equal(read('store.keys/root.key'), before, 'what may not be read is not lost')


def test_an_older_chain_is_not_continued():
    """Keys that have signed more than the chain has do not sign another history."""
    fresh()
    shutil.copytree('store', 'old')
    load(write('b.log', log(2)))
    shutil.rmtree('store')
    shutil.move('old', 'store')
    run = cretula('recover', '--store', 'store', '--stream', 's', '--accept-loss', '--reason', 'x', '--recovery',
                  'recovery', code=1)
    assert re.search('older copy', run.err), run.err


def test_an_erasure_is_not_undone():
    """A store put back to before an erasure, which brought no new key, is not gone on with: two notes of one size."""
    fresh()
    shutil.copytree('store', 'old')
    erase = ('subject', 'erase', '--store', 'store', '--stream', 's', '--reason', 'x', '--record')
    cretula(*erase, 1, code=0)
    shutil.move('store', 'new')
    shutil.move('old', 'store')
    for command in ((*erase, 2), ('recover', '--store', 'store', '--stream', 's'),
                    ('pipe', '--store', 'store', '--stream', 's', '--format', 'apache-combined')):
        assert re.search('older copy', cretula(*command, code=1).err), command
    shutil.rmtree('store')
    shutil.move('new', 'store')
    cretula(*erase, 2, code=0)


main()
