"""The pipeline under load with many threads; also run in the thread-sanitizer build."""
from lib import cretula, equal, main, make_log, write


def test_import_with_eight_jobs_learning_first_and_in_stream():
    write('a.log', make_log(60000, clients=3000))
    for options in ([], ['--no-learn']):
        store = 'store' + ''.join(options)
        run = cretula('import', '--store', store, '--stream', 's', '--jobs', 8, '--json', *options, 'a.log', code=0)
        equal(run.json['records'], 60000)
        assert 'ThreadSanitizer' not in run.err, run.err
        run = cretula('verify', '--store', store, '--jobs', 4, code=0)
        assert 'ThreadSanitizer' not in run.err, run.err


def test_searches_with_eight_jobs():
    """The first one notes what frames hold, one ends early, one passes frames over."""
    write('a.log', make_log(60000, clients=3000))
    cretula('import', '--store', 'store', '--stream', 's', '--no-learn', 'a.log', code=0)
    view = ['view', '--store', 'store', '--stream', 's', '--where', 'status >= 400']
    want = cretula(*view, '--jobs', 1, code=0).out
    for jobs in (8, 2):
        run = cretula(*view, '--jobs', jobs, code=0)
        equal(run.out, want)
        assert 'ThreadSanitizer' not in run.err, run.err
    run = cretula(*view, '--jobs', 8, '--limit', 5, code=0)
    equal(run.out, b''.join(want.splitlines(keepends=True)[:5]))
    assert 'ThreadSanitizer' not in run.err, run.err


def test_mask_with_eight_jobs_learning():
    run = cretula('mask', '--format', 'apache-combined', '--jobs', 8, '--words', 'words.tsv', stdin=make_log(60000), code=0)
    equal(len(run.out.splitlines()), 60000)
    assert 'ThreadSanitizer' not in run.err, run.err


def test_an_error_in_the_middle_ends_all_threads():
    write('a.log', make_log(60000))
    import gzip
    data = gzip.compress(make_log(60000, seed=2))
    write('b.log.gz', data[:len(data) // 2])
    run = cretula('import', '--store', 'store', '--stream', 's', '--jobs', 8, '--format', 'apache-combined', 'a.log', 'b.log.gz',
                  code=66)
    assert 'ThreadSanitizer' not in run.err, run.err
    cretula('verify', '--store', 'store', code=0)


main()
