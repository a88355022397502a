"""cretula words: what a vocabulary shows; words added and taken away, in the chain and on the disk."""
import contextlib
import json
import os
import shutil
import signal
import stat
import subprocess

from lib import (CRETULA, Skip, combined, cretula, equal, is_testing_build, last_flush, main, read, records, verify_py, wait_for,
                 write)

HERE = ['--store', 'store', '--stream', 's']
IMPORT = ['import', *HERE, '--format', 'auto', 'log']
WORDS = 'store/words/s'


def log():
    targets = ('/laden', '/laden/schuhe', '/erika-m', '/laden/erika-m?farbton=1')
    return ''.join(combined(n, client=f'198.51.{n}.9', target=t) for n in range(30) for t in targets)


def make():
    for path in ('store', 'store.keys'):
        shutil.rmtree(path, ignore_errors=True)
    write('log', log().encode())
    cretula(*IMPORT, code=0)


def words(what, *args, code=0, **more):
    return cretula('words', what, *HERE, *args, code=code, **more)


def listed(*args):
    return json.loads(words('list', '--json', *args).text)


def entries(kind):
    return [e for e in map(json.loads, read('store/streams/s/chain.jsonl').decode().splitlines()) if e['type'] == kind]


def verdicts():
    """What cretula verify and the independent script say."""
    ours = cretula('verify', '--store', 'store')
    theirs = verify_py('store')
    return (ours.code, ours.text), (theirs.returncode, theirs.stdout.decode())


def good(refused=0):
    """Nothing is found but so many times that a vocabulary was refused."""
    for (code, out), times in zip(verdicts(), (refused, min(refused, 1))):  # the script tells a file's findings once
        equal(code, 0, out)
        equal((out.count('W_'), out.count('W_WORDS_REFUSED')), (times, times), out)


def paths():
    return {r['path'] for r in records('store')}


def test_list_says_where_how_and_since_when():
    """Learned words with their day; --origin, --all and --config choose."""
    make()
    out = words('list').text
    assert '/laden\tschuhe\tlearned\t2025-11-24\n' in out, out
    assert 'words; 0 forgotten\n' in out, out
    everything = listed('--all')['words']
    assert {'class': 'path', 'word': 'index.html', 'origin': 'shipped'} in everything
    os.makedirs('root/bilder', exist_ok=True)
    write('routes', b'/kunden/{id}/akte\n')
    write('api.json', b'{"openapi":"3.0.0","paths":{"/dinge":{"get":{"parameters":[{"in":"query","name":"art"}]}}}}')
    write('c.yaml', b'streams: {s: {routes: [routes], openapi: [api.json], docroot: [root]}}\n')
    known = {(w['position'], w['word']): w['origin'] for w in listed('--config', 'c.yaml')['words']}
    equal(known[('/kunden/*', 'akte')], 'route')
    equal((known[('/', 'dinge')], known[('?', 'art')]), ('openapi', 'openapi'))
    equal(known[('/', 'bilder')], 'docroot')
    equal({w['origin'] for w in listed('--config', 'c.yaml', '--origin', 'docroot')['words']}, {'docroot'})


def test_a_word_is_forgotten_for_good():
    """Gone from the file and from what is learned later; the chain says the new hash; both verifiers agree."""
    make()
    assert '/erika-m' in paths(), paths()
    old = open(WORDS, 'rb')  # pylint: disable=consider-using-with
    out = words('forget', 'erika-m').text
    assert '1 forgotten, 3 lines removed' in out and 'erika' not in out, out
    assert b'erika' not in read(WORDS)
    equal(set(old.read()), {0}, 'the old file is overwritten')
    old.close()
    equal(sorted(os.listdir('store/words')), ['s'])
    equal([e['kind'] for e in entries('config')], ['words'])
    equal(entries('config')[0]['words']['n'], read(WORDS).count(b'\n'))
    good()
    cretula(*IMPORT, '--again', code=0)
    assert b'erika' not in read(WORDS)
    equal(sum(r['path'] == '/erika-m' for r in records('store')), 30)  # those of before
    good()
    equal(words('forget', '--json', 'erika-m').text.split('"changed":')[1], 'false}\n')
    equal(len(entries('config')), 1)


def test_words_are_added_and_read():
    """At a place, from arguments and from a file; an identifier is refused, and nothing is changed."""
    make()
    words('add', '--position', '/laden', 'hosen', 'hemden', '--by', 'ops')
    write('list', b'# ours\n/kunden/*\takte\n\nmarkt\n')
    words('add', '--from', 'list')
    words('add', '--from', '-', stdin=b'?\tgroesse\n')
    known = {(w['position'], w['word']): w['origin'] for w in listed()['words']}
    for place, word in ('/laden', 'hosen'), ('/laden', 'hemden'), ('/kunden/*', 'akte'), ('/', 'markt'), ('?', 'groesse'):
        equal(known[(place, word)], 'added')
    equal(entries('config')[0]['by'], 'ops')
    good()
    before = read(WORDS)
    for args in (['erika@example.org'], ['--position', '/laden', '4111111111111111'], ['ein wort']):
        done = words('add', *args, code=2)
        assert args[-1] not in done.err, done.err
    words('add', code=2)
    equal(read(WORDS), before)
    write('log2', combined(1, target='/laden/hosen?groesse=4').encode())
    cretula('import', *HERE, '--format', 'auto', 'log2', code=0)
    assert '/laden/hosen' in paths()
    words('forget', '--position', '/laden', 'hosen')
    words('add', '--position', '/laden', 'hosen')
    assert b'forgotten' not in read(WORDS)


def test_a_lie_about_the_words_is_found():
    """Another vocabulary than the config entry seals: both verifiers warn."""
    make()
    words('forget', 'erika-m')
    write(WORDS, read(WORDS) + b'path\t/z\tzzz\n')
    for code, out in verdicts():
        assert 'W_WORDS' in out, (code, out)


def test_a_mask_without_the_keys_learns_nothing():
    """The file of a store, taken elsewhere: with its keys it goes on, without them nothing is learned."""
    make()
    words('forget', 'erika-m')
    for keys in ([], ['--keys', 'store.keys']):
        shutil.copy(WORDS, 'words')
        done = cretula('mask', '--format', 'auto', '--words', 'words', *keys,
                       stdin=log().replace('schuhe', 'socken').encode(), code=0)
        assert b'erika' not in read('words')
        equal(b'socken' in read('words'), bool(keys))
        equal('nothing is learned' in done.err, not keys, done.err)


def test_a_directory_that_is_swapped():
    """The words go back to where they were read, whatever has that path at the end; a directory that is not there is said at once."""
    os.mkdir('d')
    os.mkdir('other')
    process = subprocess.Popen([CRETULA, 'mask', '--format', 'auto', '--words', 'd/words'], stdin=subprocess.PIPE,
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def holds():
        for fd in os.listdir(f'/proc/{process.pid}/fd'):
            with contextlib.suppress(FileNotFoundError):  # closed meanwhile
                if os.readlink(f'/proc/{process.pid}/fd/{fd}') == os.path.realpath('d'):
                    return True
        return False
    try:
        wait_for(holds)
        os.rename('d', 'e')
        os.symlink('other', 'd')
        said = process.communicate(log().encode(), timeout=120)[1]
    finally:
        process.kill()
    equal((process.returncode, os.listdir('other'), os.listdir('e')), (0, [], ['words']), said)
    run = cretula('mask', '--format', 'auto', '--words', 'nowhere/words', stdin=b'', code=66)
    assert 'nowhere' in run.err, run.err


def test_a_crash_at_any_step():
    """Whatever the step: run again, and the word is gone, the chain right, nothing left beside the file."""
    if not is_testing_build():
        raise Skip('the binary has no fault points')
    for kind in ('77', '5'):
        for n in range(1, 200):
            make_once()
            done = words('forget', 'erika-m', code=None, env={'CRETULA_FAULT': f'{n}:{0 if kind == "77" else 5}'})
            if done.code == 0:
                break
            words('forget', 'erika-m')
            assert b'erika' not in read(WORDS), n
            equal(sorted(os.listdir('store/words')), ['s'], n)
            equal(len(entries('config')) >= 1, True)
            good()
        assert 5 < n < 199, n


def refused(done):
    """A run that did not believe the file, said so in its chain, and left a store of which both verifiers say that."""
    assert 'None of its' in done.err and 'erika' not in done.err, done.err
    assert entries('config')[-1]['text'].startswith('refused: '), entries('config')
    good(sum(entry.get('text', '').startswith('refused: ') for entry in entries('config')))


def import_one(target):
    """Somebody asks for it, once; how it is written."""
    write('one', combined(1, target=target).encode())
    done = cretula('import', *HERE, '--format', 'auto', 'one', code=0)
    return done, list(records('store'))[-1]['path']


def test_a_word_that_was_smuggled_in_stays_hidden():
    """Whoever writes the file without the keys: no word of it is believed, nor of another stream's or an older one."""
    make()
    older = read(WORDS)
    words('add', 'hosen')
    cretula('import', '--store', 'store', '--stream', 't', '--format', 'auto', 'log', code=0)
    for forged in (read(WORDS) + b'path\t/\tmax-m\t2026-01-01\n', read(WORDS).replace(b'hosen', b'max-m'),
                   b'path\t/\tmax-m\n', read('store/words/t'), older):
        write(WORDS, forged)
        done, path = import_one('/laden' if forged == older or b'max-m' not in forged else '/max-m')
        refused(done)
        assert path.startswith('/sg.'), (forged, path)
    done, path = import_one('/laden')
    assert 'None of its' not in done.err, done.err


def full(path):
    os.makedirs(f'{path}/in')


def sparse(path):
    with open(path, 'wb') as file:
        file.truncate(65 << 20)


def test_what_is_no_file_stops_nothing():
    """A link, a fifo, a directory or too much in the place of the vocabulary is refused, and the stream goes on without words."""
    make_once()
    os.makedirs('elsewhere', exist_ok=True)
    write('elsewhere/s', b'path\t/\tmax-m\n')
    for number, plant in enumerate((lambda path: os.symlink(os.path.abspath('elsewhere/s'), path), os.mkfifo, os.mkdir, full, full,
                                    sparse)):
        os.unlink(WORDS)
        plant(WORDS)
        full('store/words/.s.old.tmp')
        done, path = import_one(f'/max-m?n={number}')
        refused(done)
        assert path.startswith('/sg.'), path
        equal(stat.S_ISREG(os.lstat(WORDS).st_mode), True)
        assert 'larger' in done.err if plant is sparse else 'it is no file' in done.err, done.err
    equal(read('elsewhere/s'), b'path\t/\tmax-m\n')
    assert os.path.isdir('store/words/.s.2.tmp/in')  # nobody's: it is not ours to empty
    assert 'not verified' in words('list').text
    equal(listed()['verified'], False)


def test_what_is_no_file_of_notes_stops_nothing():
    """Nor does a directory in the place of what a search has noted, or something else in the place of all that."""
    make_once()
    for plant in (lambda: full('store/skip/s/00000001'), lambda: full('store/skip/s/.x.tmp'), lambda: write('store/skip', b'')):
        if os.path.isdir('store/skip'):
            shutil.rmtree('store/skip')
        plant()
        cretula('subject', 'erase', *HERE, '--record', str(len(entries('redact'))), '--reason', 'x', code=0)
        cretula('import', *HERE, '--again', '--format', 'auto', 'log', code=0)
        cretula('view', *HERE, '--where', 'status == 200', code=0)


def test_a_forgotten_word_does_not_come_back_by_a_missing_mark():
    """Nothing is learned until somebody says again what is forgotten."""
    for forge in (lambda: write(WORDS, b''.join(x for x in read(WORDS).splitlines(True) if not x.startswith(b'forgotten'))),
                  lambda: os.unlink(WORDS)):
        make()
        words('forget', 'erika-m')
        forge()
        for _ in range(2):
            done = cretula(*IMPORT, '--again', code=0)
            assert 'nothing is learned' in done.err, done.err
            equal([x.split(b'\t')[0] for x in read(WORDS).splitlines()], [b'closed', b'sealed'])
        equal(entries('config')[-1]['text'][:8], 'refused:')
        assert 'nothing is learned until' in words('list').err
        assert 'nothing is learned until' in words('add', 'shop').err  # which says of none that it is forgotten
        assert read(WORDS).startswith(b'closed'), read(WORDS)
        words('forget', 'erika-m')
        cretula(*IMPORT, '--again', code=0)
        assert b'laden' in read(WORDS) and b'erika' not in read(WORDS)
        good(1)
        cretula('verify', '--store', 'store', '--strict', code=4)


def test_made_up_marks_leave_room_for_those_that_were_lost():
    """However many marks a stranger wrote, what is forgotten can be said again."""
    make()
    words('forget', 'erika-m')
    write(WORDS, b''.join(b'forgotten\t%032x\n' % n for n in range(5000)))
    out = words('forget', 'erika-m')
    assert '1 forgotten' in out.text and '2048 marks' in out.err, (out.text, out.err)
    equal(read(WORDS).count(b'forgotten'), 2049)
    words('forget', '--from', '/dev/null')  # nothing more
    cretula(*IMPORT, '--again', code=0)
    assert b'laden' in read(WORDS) and b'erika' not in read(WORDS)


def test_what_a_crash_left_does_not_vouch_for_a_forged_file():
    """A pipe that was killed; then somebody writes the file; then a pipe, or a command that seals what was open."""
    make_once()
    pipe = subprocess.Popen([CRETULA, 'pipe', '--store', 'store', 's', '--format', 'combined'], stdin=subprocess.PIPE,
                            stderr=subprocess.PIPE, bufsize=0)
    pipe.stdin.write(combined(1, target='/x').encode())
    wait_for(lambda: last_flush() == (2, 1), seen=last_flush)
    pipe.kill()
    pipe.communicate()
    write(WORDS, read(WORDS) + b'path\t/\tmax-m\n')
    for path in 'store', 'store.keys':
        shutil.copytree(path, path + '.then')
    line = combined(1, target='/max-m').encode()
    done = cretula('pipe', '--store', 'store', 's', '--format', 'combined', stdin=line, code=0)
    refused(done)
    assert '/max-m' not in paths()
    for path in 'store', 'store.keys':
        shutil.rmtree(path)
        os.rename(path + '.then', path)
    words('forget', 'irgendwer')
    assert b'max-m' not in read(WORDS)
    equal(sum('text' in e for e in entries('config')), 1)
    good(1)


def make_once():
    """The same store each time: a copy."""
    if not os.path.exists('kept'):
        make()
        shutil.copytree('store', 'kept')
        shutil.copytree('store.keys', 'kept.keys')
    for path in ('store', 'store.keys'):
        shutil.rmtree(path, ignore_errors=True)
        shutil.copytree('kept' + path[5:], path)


def test_a_stream_at_work_is_busy():
    """While a pipe writes it, 75; nothing is made where there is no such stream."""
    make()
    pipe = subprocess.Popen([CRETULA, 'pipe', '--store', 'store', 's', '--format', 'combined'], stdin=subprocess.PIPE,
                            stderr=subprocess.PIPE, bufsize=0)
    pipe.stdin.write(combined(1).encode())
    wait_for(lambda: any(name.endswith('.data') for _, _, names in os.walk('store/streams/s/open') for name in names))
    done = words('forget', 'erika-m', code=75)
    assert 'SIGTERM' in done.err, done.err
    pipe.send_signal(signal.SIGTERM)
    pipe.communicate()
    words('forget', 'erika-m')
    good()
    for what in ('list', 'add', 'forget'):
        cretula('words', what, '--store', 'store', '--stream', 'fehlt', *([] if what == 'list' else ['x']), code=66)
    equal(os.path.exists('store/streams/fehlt'), False)
    cretula('words', 'loesche', *HERE, code=2)
    cretula('words', 'list', '--stream', 's', code=2)
    cretula('words', 'list', *HERE, 'wort', code=2)


main()
