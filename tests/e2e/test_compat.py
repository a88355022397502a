"""tests/compat: stores of each format that there was are verified, read, proved, and written on."""
import os
import shutil
import sqlite3
import subprocess

import packs
from lib import CRETULA, SOURCE, cretula, equal, main, make_log, read, verify_py, write

KEPT = os.path.join(SOURCE, 'tests', 'compat')
VERSIONS = sorted(name for name in os.listdir(KEPT) if os.path.isdir(os.path.join(KEPT, name)))

EVERYTHING = "SELECT sum(requests) FROM cell WHERE dim=0 AND period=4 AND stream=(SELECT id FROM stream WHERE name='shop')"


def copied(version):
    """With the modes that git does not keep.  The auditor's line."""
    shutil.copytree(os.path.join(KEPT, version), version)
    for folder, _, names in os.walk(version):
        os.chmod(folder, 0o700)
        for name in names:
            os.chmod(os.path.join(folder, name), 0o600)
    os.chdir(version)
    return read('auditor.txt').decode().strip()


def test_each_is_good():
    """For cretula, cretula-verify and verify.py; the proof that was handed out holds."""
    equal(VERSIONS[0], 'v1')
    for version in VERSIONS:
        line = copied(version)
        said = cretula('verify', '--store', 'store', '--anchor', line, '--json', code=0).json
        equal(said['findings'], [])
        beside = os.path.join(os.path.dirname(CRETULA), 'cretula-verify')
        if os.path.exists(beside):
            equal(subprocess.run([beside, '--store', 'store', '--anchor', line], check=False, capture_output=True).returncode, 0)
        for what in (['store'], ['--proof', 'proof.txt']):
            done = verify_py(*what, '--anchor', line)
            equal(done.returncode, 0, done.stdout + done.stderr)
        cretula('verify', '--proof', 'proof.txt', '--anchor', line, code=0)
        text = read('proof.txt').replace(b'\nindex 20\n', b'\nindex 21\n', 1)
        assert text != read('proof.txt')
        write('bad.txt', text)
        cretula('verify', '--proof', 'bad.txt', '--anchor', line, code=1)
        os.chdir('..')


def test_each_is_read():
    """The same records as then; a new proof of one."""
    for version in VERSIONS:
        line = copied(version)
        for stream in ('shop', 'live'):
            equal(cretula('view', '--store', 'store', '--stream', stream, code=0).out, read(stream + '.jsonl'), stream)
        write('again.txt', cretula('prove', '--store', 'store', '--stream', 'shop', '--record', 50, code=0).out)
        cretula('verify', '--proof', 'again.txt', '--anchor', line, code=0)
        said = cretula('stats', '--store', 'store', '--stream', 'shop', code=1).err
        assert 'version 2: the next that writes the stream brings it up' in said, said
        os.chdir('..')


def test_each_is_written_on():
    """What was sealed stays as it is, and what comes is sealed behind it by keys that are changed in their turn."""
    for version in VERSIONS:
        line = copied(version)
        before = read('store/streams/shop/chain.jsonl')
        write('more', make_log(50))
        cretula('import', '--config', 'cretula.yaml', '--stream', 'shop', 'more', code=0)
        cretula('pipe', '--config', 'cretula.yaml', 'live', stdin=make_log(20), code=0)
        said = cretula('verify', '--store', 'store', '--anchor', line, '--json', code=0).json
        equal(said['findings'], [])
        after = read('store/streams/shop/chain.jsonl')
        assert after.startswith(before) and len(after) > len(before)
        for stream, more in (('shop', 50), ('live', 20)):
            lines = cretula('view', '--store', 'store', '--stream', stream, code=0).out
            assert lines.startswith(read(stream + '.jsonl')), stream
            equal(lines.count(b'\n'), read(stream + '.jsonl').count(b'\n') + more)
        os.chdir('..')


def test_what_was_counted_is_kept():
    """Of a stats.db of version 2 each value, and of how many subjects; not who they were. What comes is counted beside it."""
    for version in VERSIONS:
        copied(version)
        old = sqlite3.connect('file:store/stats.db?mode=ro&immutable=1', uri=True)
        tables = 'cell', 'seen', 'total', 'uniq', 'epoch', 'frozen', 'released'
        want = {name: old.execute(f'SELECT * FROM {name}').fetchall() for name in tables}
        equal(old.execute('PRAGMA user_version').fetchone()[0], 2)
        before = old.execute(EVERYTHING).fetchone()[0]
        old.close()
        assert want['cell'] and want['seen'], version
        write('more', make_log(50))
        cretula('import', '--config', 'cretula.yaml', '--stream', 'shop', 'more', code=0)
        cretula('stats', '--store', 'store', '--stream', 'shop', code=0)
        now = packs.open('store/stats.db')
        want['seen'] = [(*row[:-1], None) for row in want['seen']]
        for name, rows in want.items():
            equal((name, set(rows) - set(now.execute(f'SELECT * FROM {name}'))), (name, set()))
        equal(now.execute(EVERYTHING).fetchone()[0], before + 50)
        now.close()
        os.chdir('..')


def test_keys_that_nothing_writes_are_left_out():
    """More bytes than any key has, in few characters or behind a zero."""
    copied('v1')
    old = sqlite3.connect('store/stats.db')
    for key in '\U0001f600' * 512, 'a\0' + 'b' * 100000:
        old.executemany('INSERT INTO cell VALUES(1,4,1,?,0,0,?,1,0,0)', [(n, key) for n in range(300)])
    old.commit()
    before = old.execute(EVERYTHING).fetchone()[0]
    old.close()
    write('more', make_log(50))
    cretula('import', '--config', 'cretula.yaml', '--stream', 'shop', 'more', code=0)
    now = packs.open('store/stats.db')
    equal(now.execute('SELECT count(*) FROM cell WHERE period=4 AND dim=1 AND idx<300').fetchone()[0], 0)
    equal(now.execute(EVERYTHING).fetchone()[0], before + 50)
    now.close()


main()
