"""Real logs of ../shared/corpora: parsed as they should be, and nothing of them left in a store."""
import json
import os
import subprocess
import sys

from lib import cretula, equal, main, records, shared

# file, format, lines, parsed, partial, unparsed, meta; every number was looked at line by line
FILES = [
    # line 8899 ends within its User-Agent: that field is masked whole
    ('elastic-examples/apache_logs', 'apache-combined', 10000, 9999, 1, 0, 0),
]


def leakscan(raw, *outputs):
    """The independent oracle: 0 no leak, 3 nothing to look for in this log."""
    done = subprocess.run([sys.executable, shared('corpora', 'leakscan.py'), '--deep', raw, *outputs], capture_output=True, text=True,
                          check=False)
    assert done.returncode in (0, 3), done.stdout + done.stderr
    return done.returncode


def access_logs():
    """Every nginx or Apache access log of the corpora."""
    for folder in ('alp', 'beats', 'crowdsec', 'elastic-examples', 'vrl', 'willthefarmer', 'nekrassov01', 'telegraf', 'lnav'):
        top = shared('corpora', folder) if os.path.isdir(os.path.join(shared('corpora'), folder)) else None
        for name in sorted(os.listdir(top)) if top else []:
            path = os.path.join(top, name)
            if not name.endswith('.jsonl') and os.path.isfile(path):
                run = cretula('check', '--detect', path, '--json')
                if run.code == 0 and run.json.get('format', '').startswith(('apache', 'nginx')):
                    yield path, run.json['format']


def test_named_files_parse_as_counted():
    for name, form, lines, *want in FILES:
        run = cretula('import', '--store', name.replace('/', '-'), '--stream', 's', '--format', 'auto', '--json',
                      shared('corpora', name), code=0)
        equal(run.json['format'], form, name)
        equal([run.json[k] for k in ('lines', 'parsed', 'partial', 'unparsed', 'meta')], [lines, *want], name)


def test_no_access_log_leaks_into_its_store():
    """leakscan.py, and our own scan, over store and keys of every access log found."""
    count = blind = 0
    for path, form in access_logs():
        store = f'store{count}'
        cretula('import', '--store', store, '--stream', 's', '--format', form, path)
        blind += leakscan(path, store, store + '.keys') == 3
        cretula('scan', store, store + '.keys', code=0)
        cretula('verify', '--store', store, code=0)
        count += 1
    print(f'# {count} access logs, in {blind} of them the oracle had nothing to look for')
    assert count >= 8 and blind < count / 2, (count, blind)


def test_most_path_words_stay_readable():
    """On the public 10,000-line log the vocabulary keeps at least 70 % of path words without configuration."""
    run = cretula('import', '--store', 'store', '--stream', 's', '--json', shared('corpora', 'elastic-examples/apache_logs'),
                  code=0)
    share = run.json['words_clear'] / run.json['words_seen']
    print(f'# {share:.3f} of {run.json["words_seen"]} path words stay')
    assert share >= 0.70, share


def test_json_lines_are_json():
    """Every record is read by another JSON parser, with unique keys and time first."""
    cretula('import', '--store', 'store', '--stream', 's', shared('corpora', 'elastic-examples/apache_logs'), code=0)
    out = cretula('view', '--store', 'store', '--stream', 's', code=0).out

    def unique(pairs):
        keys = [k for k, _ in pairs]
        equal(len(set(keys)), len(keys), 'duplicate keys')
        return dict(pairs)

    rows = [json.loads(line, object_pairs_hook=unique) for line in out.splitlines()]
    equal(len(rows), 10000)
    assert all(line.startswith(b'{"time":"') for line in out.splitlines())
    equal(len(records('store')), 10000)


main()
