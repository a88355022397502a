"""import: the main job from end to end."""
import gzip
import os
import subprocess

from lib import (CRETULA, Skip, combined, cretula, equal, golden, is_testing_build, main, make_log, read, records, segments,
                 tree_bytes, write)


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
    for path, data in tree_bytes('store', 'store.keys').items():
        if path.endswith('.zst'):
            data += subprocess.run(['zstd', '-dcq', path], capture_output=True, check=True).stdout
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


def test_a_shrunk_file_is_refused():
    log = make_log(400)
    write('access.log', log)
    imported('access.log')
    write('access.log', log[:len(log) // 2])
    run = cretula('import', '--store', 'store', '--stream', 's', 'access.log', code=66)
    assert 'shorter than' in run.err, run.err


def test_the_same_file_twice_in_one_run_is_taken_once():
    write('a.log', make_log(100))
    write('b.log', make_log(100))
    run = cretula('import', '--store', 'store', '--stream', 's', 'a.log', 'b.log', code=0)
    assert 'the same file twice' in run.text
    equal(len(records('store')), 100)


def test_standard_input_is_a_source():
    run = cretula('import', '--store', 'store', '--stream', 's', '--json', '-', stdin=make_log(250), code=0)
    equal(run.json['records'], 250)


def test_an_empty_file_is_no_error():
    write('empty.log', b'')
    equal(imported('empty.log').json['lines'], 0)
    cretula('verify', '--store', 'store', code=0)


def test_crlf_and_no_final_newline():
    write('access.log', make_log(20).replace(b'\n', b'\r\n') + combined(9).encode().rstrip(b'\n'))
    run = imported('access.log')
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
            import time
            time.sleep(0.5)
        out, err = process.communicate(timeout=60)
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
