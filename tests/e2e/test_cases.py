"""The hostile rows of ../shared/cases/masking.tsv through the binary, judged by their own oracle."""
import os
import subprocess
import sys

from lib import cretula, equal, main, shared

sys.dont_write_bytecode = True


def combined_rows():
    with open(shared('cases', 'masking.tsv'), encoding='utf-8', newline='\n') as table:
        names = table.readline().rstrip('\n').split('\t')
        for line in table:
            row = dict(zip(names, line.rstrip('\n').split('\t')))
            if row['format'] == 'combined':
                yield names, row


def words_file():
    """literals.txt as a vocabulary."""
    with open(shared('cases', 'literals.txt'), encoding='utf-8') as source, open('words.tsv', 'w', encoding='utf-8') as out:
        out.writelines(line for line in source if line.split('\t')[0] in ('path', 'param', 'host'))
    return 'words.tsv'


def raw(text):
    """A cell as bytes: the escapes of the case file."""
    sys.path.insert(0, shared('cases'))
    import check
    return check.unescape(text)


def test_no_forbidden_string_of_any_combined_row_comes_out():
    """check.py over records and error texts: 0 leaks, 0 missing."""
    words = words_file()
    os.mkdir('out')
    with open('rows.tsv', 'w', encoding='utf-8', newline='\n') as table:
        count = 0
        for names, row in combined_rows():
            if count == 0:
                table.write('\t'.join(names) + '\n')
            count += 1
            table.write('\t'.join(row[n] for n in names) + '\n')
            data = raw(row['input'])
            run = cretula('mask', '--format', 'apache-combined', '--words', words, stdin=data)
            with open(f'out/{row["id"]}.out', 'wb') as file:
                file.write(run.out + run.err.encode())
            kept = len(run.out.splitlines())
            equal(kept, len([x for x in data.split(b'\n') if x.strip(b'\r')]), f'{row["id"]}: a record for every line')
    done = subprocess.run([sys.executable, shared('cases', 'check.py'), 'rows.tsv', 'out'], capture_output=True, text=True,
                          check=False)
    equal(done.returncode, 0, done.stdout)
    assert f'{count} cases, 0 leaks, 0 missing' in done.stdout, done.stdout


def test_the_oracle_is_not_blind():
    """Echoing the input must be found."""
    os.mkdir('out')
    with open('rows.tsv', 'w', encoding='utf-8', newline='\n') as table:
        for names, row in combined_rows():
            if row['id'] == 'A01':
                table.write('\t'.join(names) + '\n' + '\t'.join(row[n] for n in names) + '\n')
                with open('out/A01.out', 'wb') as file:
                    file.write(raw(row['input']))
    done = subprocess.run([sys.executable, shared('cases', 'check.py'), 'rows.tsv', 'out'], capture_output=True, check=False)
    equal(done.returncode, 1)


main()
