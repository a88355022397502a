"""ratchet: ram, for disks that never overwrite: what is kept, what a crash takes, and what verify then says of it."""
import base64
import hashlib
import json
import os
import shutil
import signal
import subprocess

from lib import (CRETULA, combined, cretula, equal, main, read, records, segments, tree_bytes, verify_py, wait_for,
                 write)

PIPE = [CRETULA, 'pipe', '--config', 'c.yaml', 's']


def log(marker, lines=30):
    return ''.join(combined(n, client=f'10.9.{n}.1', size=marker * 1000 + n) for n in range(lines)).encode()


def configure(mode='ram'):
    if not os.path.exists('secret'):
        public = cretula('key', 'pair', '--json', '--out', 'secret', code=0).json['public']
        write('public', public.encode())
    write('c.yaml', b'store: store\nescrow_key: %s\nstreams: {s: {format: combined, ratchet: %s}}\n'
          % (read('public'), mode.encode()))


def committed(sector=False):
    """Records of the newest open segment that flushes cover; sector: as far as the one on the disk has come, too."""
    folder = 'store/streams/s/open'
    names = sorted(name for name in os.listdir(folder) if name.endswith('.tags')) if os.path.isdir(folder) else ()
    rows = read(os.path.join(folder, names[-1])).splitlines(keepends=True) if names else ()
    if not rows or not rows[-1].endswith(b'\n'):
        return 0
    flush, _, covered = map(int, rows[-1].split()[:3])
    return 0 if sector and int.from_bytes(read('store.keys/s/ratchet')[16:24], 'little') != flush + 1 else covered


def crash(*logs):
    """A pipe that is killed once it has committed each of the logs."""
    process = subprocess.Popen(PIPE, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0)
    count, sector = 0, b'ratchet: sector' in read('c.yaml')
    for data in logs:
        process.stdin.write(data)
        count += data.count(b'\n')
        wait_for(lambda: committed(sector) == count, seen=committed)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdin.close()


def pipe(data=b'', code=0):
    return cretula(*PIPE[1:], stdin=data, code=code)


def codes(*options, script_code=0, code=0):
    """The findings that both verifiers have."""
    found = cretula('verify', '--store', 'store', '--json', *options, code=code).json
    script = verify_py('store', '--json', *options)
    equal(script.returncode, script_code, script.stdout + script.stderr)
    other = [json.loads(line) for line in script.stdout.splitlines()]
    equal({f['code'] for f in found['findings']}, {f['code'] for f in other if 'code' in f})
    return sorted(f['code'] for f in found['findings']), found


def escrow(code=0):
    """The holder of the secret has a copy of the store, and no keys."""
    shutil.copytree('store', 'copy', dirs_exist_ok=True)
    return cretula('key', 'escrow', '--store', 'copy', '--stream', 's', '--secret', 'secret', '--out', 'keys', code=code)


def entries():
    return [json.loads(line) for line in read('store/streams/s/chain.jsonl').decode().splitlines()]


def test_from_start_to_stop_it_is_as_ever_and_the_holder_sees_every_flush():
    configure()
    pipe(log(1))
    pipe(log(2))
    equal(len(records('store')), 60)
    cretula('verify', '--store', 'store', '--strict', code=0)
    starts = [e['ratchet'] for e in entries() if e['type'] == 'start']
    equal([(s['mode'], len(base64.b64decode(s['box']))) for s in starts], [('ram', 86)] * 2)
    assert '2 ratchets' in escrow().text
    found = codes('--escrow', 'keys')
    equal(found[0], [])
    equal(found[1]['coverage']['replayed'], sum(e['tags']['g'] - e['tags']['g0'] + 1 for e in segments('store')))
    tags = read('store/streams/s/seg/00000002.tags').split(b' ')
    tags[3] = b'%d' % (int(tags[3]) + 1)
    write('store/streams/s/seg/00000002.tags', b' '.join(tags))
    equal(codes()[0], [])
    equal(codes('--escrow', 'keys', code=1, script_code=1)[0], ['E_RATCHET_MAC'])


def test_a_crash_keeps_what_is_there_and_says_what_it_took():
    configure()
    pipe(log(1))
    crash(log(2), log(3))
    said = pipe(log(4)).err
    assert 'whether more was committed is not known' in said and '60 records recovered' in said, said
    equal(sorted(r['bytes'] for r in records('store')), sorted(k * 1000 + n for k in (1, 2, 3, 4) for n in range(30)))
    equal([('lost' in e['tags'], 'agg' in e['tags']) for e in segments('store')],
          [(False, True), (True, False), (False, True)])
    equal([e['reason'] for e in entries() if e['type'] == 'recover'], ['ram'])
    escrow()
    found, report = codes('--escrow', 'keys')
    equal(found, ['W_RATCHET_LOST'])
    equal(report['coverage']['ratchets_lost'], 1)
    assert any('lost records at a crash' in line for line in report['coverage']['not_checked'])
    cretula('verify', '--store', 'store', '--strict', code=4)


def test_an_end_that_was_cut_off_is_warned_of():
    configure()
    crash(log(1), log(2), log(3))
    tags = 'store/streams/s/open/00000001.tags'
    lines = read(tags).splitlines(keepends=True)
    kept = next(line for line in lines if int(line.split(b' ')[2]) >= 30)
    write(tags, b''.join(lines[:lines.index(kept) + 1]))
    os.truncate(tags.replace('tags', 'data'), int(kept.split(b'\t')[1].split(b' ')[0]))
    pipe()
    equal(len(records('store')), int(kept.split(b' ')[2]))
    equal(codes()[0], ['W_RATCHET_LOST'])


def test_a_sector_is_not_excused_by_another_configuration():
    configure('sector')
    crash(log(1), log(2))
    configure('ram')
    tags = 'store/streams/s/open/00000001.tags'
    write(tags, read(tags).splitlines(keepends=True)[0])
    said = pipe(code=78).err
    assert 'alarm (tags)' in said, said
    equal(codes(code=1, script_code=1)[0], ['E_OPEN'])


def test_no_key_is_anywhere_on_the_disk():
    """Of no flush, in no form, while it runs and after; the same search finds a key of a sector."""
    configure()
    crash(log(1), log(2))
    pipe(log(3))
    process = subprocess.Popen(PIPE, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0)
    process.stdin.write(log(4))
    wait_for(lambda: committed() != 0)
    written = tree_bytes('store', 'store.keys')
    process.communicate(timeout=120)
    written.update({'after ' + path: content for path, content in tree_bytes('store', 'store.keys').items()})
    escrow()
    keys = []
    for line in read('keys').decode().splitlines()[1:]:
        key = base64.b64decode(line.split(' ')[2])
        for _ in range(12):
            keys.append(key)
            key = hashlib.sha256(b'cretula evolve v1\n' + key).digest()
    for key in keys:
        for form in (key, key.hex().encode(), base64.b64encode(key)[:42], base64.urlsafe_b64encode(key)[:42]):
            equal([path for path, content in written.items() if form in content], [])
    assert not any(path.endswith('s/ratchet') for path in written)
    configure('sector')
    pipe(log(5))
    cretula('key', 'escrow', '--store', 'store', '--stream', 's', '--out', 'given', code=0)
    key = base64.b64decode(read('given').decode().split(' ')[-1])
    equal([path for path, content in tree_bytes('store', 'store.keys').items() if key in content],
          ['store.keys/s/ratchet'])
    configure('ram')
    pipe(log(6))
    equal(read('store.keys/s/ratchet'), bytes(512))
    cretula('verify', '--store', 'store', code=0)


def test_what_is_asked_for_wrongly():
    configure()
    write('bad.yaml', read('c.yaml').replace(b'escrow_key: ' + read('public'), b''))
    assert 'there is no escrow_key' in cretula('pipe', '--config', 'bad.yaml', 's', code=78).err
    pipe(log(1))
    said = cretula('key', 'escrow', '--store', 'store', '--stream', 's', '--out', 'given', code=78).err
    assert '--secret' in said and not os.path.exists('given'), said
    escrow()
    cretula('key', 'pair', '--out', 'another', code=0)
    said = cretula('key', 'escrow', '--store', 'store', '--stream', 's', '--secret', 'another', '--out', 'none', code=66).err
    assert 'sealed to this key' in said and not os.path.exists('none'), said
    for wrong in (['--out', '-'], []):
        cretula('key', 'escrow', '--store', 'store', '--stream', 's', '--secret', 'secret', *wrong, code=2)
    cretula('key', 'escrow', '--store', 'store', '--stream', 'no', '--secret', 'secret', '--out', 'none', code=66)


if __name__ == '__main__':
    main()
