"""import: the main job from end to end."""
import gzip
import os
import signal
import subprocess

from lib import (CRETULA, Skip, catches, combined, cretula, equal, golden, is_taken, is_testing_build, main, make_log, read,
                 records, segments, unpacked, wait_for, write)


def imported(log, *options, stream='s', code=0, env=None):
    return cretula('import', '--store', 'store', '--stream', stream, '--json', *options, log, code=code, env=env)


def test_one_command_gives_a_sealed_verified_store():
    write('access.log', make_log(3000))
    run = imported('access.log')
    equal(run.json['lines'], 3000)
    equal(run.json['records'], 3000)
    equal(run.json['verified'], True)
    equal(len(records('store')), 3000)
    cretula('verify', '--store', 'store', code=0)


def test_nothing_raw_is_in_any_byte_written():
    write('access.log', make_log(2000))
    imported('access.log')
    for path, data in unpacked('store', 'store.keys').items():
        for raw in (b'198.51.', b'erika', b'mustermann', b'user12', b'example.org', b'secret'):
            assert raw not in data, (path, raw)


def test_counts_of_the_entry_balance_and_match():
    write('access.log', make_log(500) + b'\n\nrubbish\n' + combined(1).encode())
    run = imported('access.log', '--format', 'apache-combined')
    entry = segments('store')[0]
    i = entry['in']
    equal(i['lines'], i['parsed'] + i['partial'] + i['unparsed'] + i['counted'] + i['meta'] + i['joined'])
    equal((i['parsed'], i['unparsed'], i['meta'], entry['n']), (501, 1, 2, 502))
    equal(i['bytes'], os.path.getsize('access.log'))
    equal(entry['reasons'], {'grammar': 1})
    equal(run.json['unparsed'], 1)


def test_gz_zst_and_plain_give_the_same_records():
    log = make_log(800)
    for name, data in (('a.log', log), ('b.log.gz', gzip.compress(log))):
        write(name, data)
    subprocess.run(['zstd', '-q', 'a.log', '-o', 'c.log.zst'], check=True)
    seen = []
    for i, name in enumerate(('a.log', 'b.log.gz', 'c.log.zst')):
        cretula('import', '--store', f'store{i}', '--stream', 's', name, code=0)
        seen.append([{k: v for k, v in r.items() if k in ('time', 'method', 'status', 'bytes', 'agent')}
                     for r in records(f'store{i}')])
    equal(len(seen[0]), 800)
    assert seen[0] == seen[1] == seen[2]


def test_rotated_files_are_sorted_by_time():
    write('access.log', ''.join(combined(7200 + n) for n in range(50)).encode())
    write('access.log.1', ''.join(combined(3600 + n) for n in range(50)).encode())
    write('access.log.2.gz', gzip.compress(''.join(combined(n) for n in range(50)).encode()))
    cretula('import', '--store', 'store', '--stream', 's', 'access.log', 'access.log.1', 'access.log.2.gz', code=0)
    times = [r['time'] for r in records('store')]
    equal(times, sorted(times))


def test_a_sealed_file_is_skipped_and_says_so():
    write('access.log', make_log(300))
    imported('access.log')
    run = cretula('import', '--store', 'store', '--stream', 's', 'access.log', code=0)
    assert 'sealed already' in run.text, run.text
    equal(len(records('store')), 300)
    imported('access.log', '--again')
    equal(len(records('store')), 600)
    cretula('verify', '--store', 'store', code=0)


def test_a_grown_file_gives_only_its_new_lines():
    log = make_log(400)
    cut = log.index(b'\n', len(log) // 2) + 1
    write('access.log', log[:cut])
    imported('access.log')
    before = len(records('store'))
    write('access.log', log)
    equal(imported('access.log').json['lines'], 400 - before)
    equal(len(records('store')), 400)


def screen(*files, code=0):
    return cretula('import', '--store', 'store', '--stream', 's', *files, code=code)


def count():
    return len(records('store'))


def split(log, lines):
    """The first lines of a log, and the others."""
    parts = log.splitlines(keepends=True)
    return b''.join(parts[:lines]), b''.join(parts[lines:])


def test_a_shrunk_file_is_skipped_and_the_others_go_on():
    log = make_log(400)
    write('access.log', log)
    imported('access.log')
    write('access.log', split(log, 200)[0])
    write('other.log', make_log(50, seed=9))
    run = screen('access.log', 'other.log', code=3)
    assert 'shorter than its sealed copy (--again imports it)' in run.text, run.text
    equal(count(), 450)
    imported('access.log', '--again')
    equal(count(), 650)


def test_the_same_file_twice_in_one_run_is_taken_once():
    write('a.log', make_log(100))
    write('b.log', make_log(100))
    os.link('a.log', 'c.log')
    write('d.log.gz', gzip.compress(make_log(100)))
    run = screen('a.log', 'b.log', 'c.log', 'd.log.gz', 'a.log')
    assert 'b.log: the same content as a.log' in run.text, run.text
    assert 'c.log: the same file as a.log' in run.text, run.text
    assert 'd.log.gz: the same content as a.log' in run.text, run.text
    equal(count(), 100)


def twins():
    """Two logs that begin with the same 4 KiB and more, and differ behind: one longer."""
    same, rest = split(make_log(300), 100)
    return same + rest, same + make_log(150, seed=7)


def test_files_with_the_same_beginning_are_two_files():
    one, two = twins()
    write('a.log', one)
    write('b.log', two)
    imported('a.log', stream='s')
    screen('b.log', code=3)  # shorter: it may be a piece of the other
    equal(count(), 300)
    cretula('import', '--store', 'store', '--stream', 't', 'a.log', 'b.log', code=0)
    equal(len(records('store', 't')), 550)
    cretula('import', '--store', 'store', '--stream', 'u', 'b.log', code=0)
    cretula('import', '--store', 'store', '--stream', 'u', 'a.log', code=0)
    equal(len(records('store', 'u')), 550)
    for stream in ('t', 'u'):
        run = cretula('import', '--store', 'store', '--stream', stream, 'a.log', 'b.log', code=0)
        equal(run.text.count('sealed already'), 2, run.text)
    write('b.log', two + make_log(10, seed=8))
    cretula('import', '--store', 'store', '--stream', 'u', 'b.log', code=0)
    equal(len(records('store', 'u')), 560)
    cretula('verify', '--store', 'store', code=0)


def test_a_piece_of_a_log_that_was_sealed_in_two_goes_is_skipped():
    log = make_log(400)
    write('a.log', split(log, 100)[0])
    screen('a.log')
    write('b.log', twins()[1])
    screen('b.log', '--again')
    write('a.log', split(log, 300)[0])
    screen('a.log')
    write('copy.log', split(log, 200)[0])
    run = screen('copy.log', code=3)
    assert 'copy.log: shorter than its sealed copy' in run.text, run.text
    equal(count(), 300 + 250)


def test_a_file_changed_behind_its_beginning_is_a_new_one():
    log = make_log(300)
    write('a.log', log)
    imported('a.log')
    write('a.log', log[:-20] + b'3' * 18 + b'"\n')
    equal(imported('a.log').json['lines'], 300)
    equal(count(), 600)


def test_the_longer_of_two_is_taken():
    log = make_log(300)
    for order in (('short.log', 'long.log'), ('long.log', 'short.log')):
        write('short.log', split(log, 120)[0])
        write('long.log', log)
        write('tiny.log', split(log, 2)[0])
        run = screen(*order, 'tiny.log')
        assert 'short.log: the beginning of long.log' in run.text, run.text
        assert 'tiny.log: the beginning of' in run.text, run.text
        equal(count(), 300)
        subprocess.run('rm -rf store store.keys', shell=True, check=True)


def test_a_cut_off_gz_beside_its_original():
    log = gzip.compress(make_log(3000))
    write('whole.log.gz', log)
    write('cut.log.gz', log[:len(log) // 2])
    run = screen('cut.log.gz', 'whole.log.gz')
    assert 'cut.log.gz: the beginning of whole.log.gz' in run.text, run.text
    equal(count(), 3000)
    run = screen('cut.log.gz', code=3)
    assert 'shorter than its sealed copy' in run.text, run.text
    cretula('import', '--store', 'store', '--stream', 't', 'cut.log.gz', code=66)
    got = len(records('store', 't'))
    assert 0 < got < 3000, got
    cretula('import', '--store', 'store', '--stream', 't', 'whole.log.gz', code=0)
    equal(len(records('store', 't')), 3000)


def test_standard_input_is_compared_with_what_is_sealed():
    one, two = twins()
    imported_in = lambda data, code: cretula('import', '--store', 'store', '--stream', 's', '-', stdin=data, code=code)
    imported_in(two, 0)
    assert 'sealed already' in imported_in(two, 0).text
    imported_in(two + make_log(5, seed=3), 0)
    equal(count(), 255)
    run = imported_in(one, 66)
    assert 'is another; --again' in run.err, run.err
    assert 'shorter than' in imported_in(split(two, 140)[0], 3).text
    equal(count(), 255)


def test_standard_input_is_named_once():
    run = cretula('import', '--store', 'store', '--stream', 's', '-', '-', stdin=make_log(9), code=2)
    assert 'named twice' in run.err, run.err
    assert not os.path.exists('store')


def test_an_unfinished_last_line_waits():
    log = make_log(300)
    whole, rest = split(log, 200)
    cut = len(rest.splitlines()[0]) // 2
    write('access.log', whole + rest[:cut])
    write('other.log', make_log(30, seed=5))
    run = screen('access.log', 'other.log')
    assert '1 unfinished line is left for the next run' in run.text, run.text
    assert b'"what":"import"' in read('store/streams/s/chain.jsonl').splitlines()[-1]
    assert not any(read('store.keys/import.seed')), 'the key is gone all the same'
    equal(count(), 230)
    run = screen('access.log', 'other.log')
    assert 'sealed already but for an unfinished last line' in run.text, run.text
    write('access.log', log)
    equal(imported('access.log').json['unfinished'], 0)
    equal(count(), 330)
    equal(sum(e['in']['unparsed'] for e in segments('store')), 0)
    seeds = {e['mask_seed'] for e in segments('store')}
    equal(len(seeds), 2, 'an import has a key of its own')
    cretula('verify', '--store', 'store', code=0)


def test_a_last_line_without_line_end_is_taken_where_it_is_final():
    log = make_log(20).rstrip(b'\n')
    write('a.log', log)
    equal(imported('a.log', stream='a').json['lines'], 19)
    equal(imported('a.log', '--final', stream='a').json['lines'], 1)
    equal(len(records('store', 'a')), 20)
    equal(imported('a.log', '--again', stream='b').json['lines'], 20)
    write('c.log.gz', gzip.compress(log))
    equal(imported('c.log.gz', stream='c').json['lines'], 20)
    run = cretula('import', '--store', 'store', '--stream', 'd', '--json', '-', stdin=log, code=0)
    equal(run.json['lines'], 20)
    write('one.log', combined(1).encode().rstrip())
    run = cretula('import', '--store', 'store', '--stream', 'e', 'one.log', code=0)
    assert 'nothing but an unfinished line' in run.text, run.text
    equal(len(records('store', 'e')), 0)
    write('one.log', combined(1).encode())
    equal(imported('one.log', stream='e').json['lines'], 1)


def stopped(first, number, *options):
    """Import a pipe that says first and then nothing, and is told to stop."""
    with subprocess.Popen([CRETULA, 'import', '--store', 'store', '--stream', 's', *options, '-'], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdin.write(first)
        process.stdin.flush()
        wait_for(lambda: catches(process, number) and is_taken(process.stdin))
        process.send_signal(number)
        code = process.wait(timeout=120)  # it would wait until its input ends, which is never
        out, err = process.stdout.read(), process.stderr.read()
    equal(code, 3, err)
    return out


def test_a_silent_pipe_can_be_stopped():
    stopped(b'', signal.SIGINT)
    assert not os.path.exists('store'), 'nothing came, nothing is made'
    stopped(b'', signal.SIGTERM, '--format', 'apache-combined')
    out = stopped(make_log(10) + b'half a li', signal.SIGINT)
    assert b'interrupted' in out, out
    equal(count(), 10)
    stopped(make_log(3000, seed=2), signal.SIGTERM, '--format', 'apache-combined')
    equal(count(), 3010)
    cretula('verify', '--store', 'store', code=0)


def test_standard_input_is_a_source():
    run = cretula('import', '--store', 'store', '--stream', 's', '--json', '-', stdin=make_log(250), code=0)
    equal(run.json['records'], 250)


def test_an_empty_file_is_no_error():
    write('empty.log', b'')
    equal(imported('empty.log').json['lines'], 0)
    cretula('verify', '--store', 'store', code=0)


def test_crlf_and_no_final_newline():
    write('access.log', make_log(20).replace(b'\n', b'\r\n') + combined(9).encode().rstrip(b'\n'))
    run = imported('access.log', '--final')
    equal((run.json['parsed'], run.json['lines']), (21, 21))


def test_many_segments_join_up():
    write('access.log', make_log(1000))
    for n in range(4):
        write(f'part{n}.log', make_log(250, seed=n + 10))
        imported(f'part{n}.log')
    entries = segments('store')
    equal([e['seg'] for e in entries], [1, 2, 3, 4])
    equal([e['first'] for e in entries], [0, 250, 500, 750])
    run = cretula('verify', '--store', 'store', '--json', code=0)
    equal(run.json['coverage']['records'], 1000)


def test_two_streams_in_one_store():
    write('a.log', make_log(60))
    imported('a.log', stream='one')
    imported('a.log', stream='two')
    equal(len(records('store', 'one')), len(records('store', 'two')))
    cretula('verify', '--store', 'store', code=0)
    cretula('verify', '--store', 'store', '--stream', 'two', code=0)


def test_any_number_of_jobs_gives_the_same_bytes():
    """Same keys, file and vocabulary: the same .zst for --jobs 1, 2 and 5, learned first or in stream."""
    if not is_testing_build():
        raise Skip('not built with -Dtesting=true')
    write('access.log', make_log(30000, clients=2000))
    env = {'CRETULA_RANDOM': 'jobs', 'CRETULA_CLOCK': '2026-01-02T03:04:05Z'}
    for options in ([], ['--no-learn']):
        seen = set()
        for jobs in (1, 2, 5):
            subprocess.run('rm -rf store store.keys', shell=True, check=True)
            imported('access.log', '--jobs', jobs, *options, env=env)
            seen.add(read('store/streams/s/seg/00000001.jsonl.zst'))
        equal(len(seen), 1, f'distinct files {options}')


def test_the_import_key_is_destroyed_and_the_chain_says_so():
    write('access.log', make_log(100))
    imported('access.log')
    chain = read('store/streams/s/chain.jsonl').decode().splitlines()
    assert '"type":"destroy"' in chain[-1] and '"what":"import"' in chain[-1], chain[-1]
    assert not any(read('store.keys/import.seed')), 'the slot holds only zeros'
    shown = cretula('key', 'show', '--keys', 'store.keys', '--json', code=0).json
    equal(shown['import_open'], False)


def test_tokens_join_within_an_import_and_not_across():
    line = combined(1, client='192.0.2.77').encode() + combined(2, client='192.0.2.77').encode()
    write('a.log', line)
    write('b.log', combined(3, client='192.0.2.77').encode())
    imported('a.log')
    imported('b.log')
    clients = [r['client'] for r in records('store')]
    assert clients[0] == clients[1] != clients[2], clients


def test_link_epochs_keeps_the_key():
    write('a.log', combined(1, client='192.0.2.77').encode())
    write('b.log', combined(3, client='192.0.2.77').encode())
    imported('a.log', '--link-epochs')
    imported('b.log', '--link-epochs')
    clients = [r['client'] for r in records('store')]
    equal(clients[0], clients[1])


def test_interrupt_seals_what_was_read_and_the_next_run_goes_on():
    log = make_log(60000, clients=3000)
    os.mkfifo('pipe')
    with subprocess.Popen([CRETULA, 'import', '--store', 'store', '--stream', 's', '--format', 'apache-combined', 'pipe'],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        with open('pipe', 'wb') as pipe:
            pipe.write(log)
            pipe.flush()
            process.terminate()
            process.wait(timeout=120)  # while its input has not ended
        out, err = process.communicate(timeout=120)
    equal(process.returncode, 3, err)
    assert b'interrupted' in out, out
    cretula('verify', '--store', 'store', code=0)


def test_the_screen_reads_as_documented():
    """Golden: what a newcomer sees, with times and random names taken out."""
    import re
    write('access.log', make_log(3000))
    text = cretula('import', '--store', './store', '--stream', 'shop', 'access.log', code=0).text
    text = re.sub(r'\d+ MB/s \(.*\)', 'N MB/s (N s)', text)
    text = re.sub(r'\(\d+\.\d+ s\)', '(N s)', text)
    text = re.sub(r'cretula/[0-9a-f]{16}/cretula.store\+[0-9a-f]{8}\+\S+ sha256:[0-9a-f]{64}', 'ORIGIN+KEY sha256:HASH', text)
    text = re.sub(r'keys /\S+/store.keys', 'keys /HERE/store.keys', text)
    text = re.sub(r'[\d.]+ [KM]iB on disk', 'N on disk', text)
    text = re.sub(r'[\d.]+ % of path words stay readable \(\d+ promoted', 'N % of path words stay readable (N promoted', text)
    golden('import.txt', text)


main()
