"""vendor.py check | fetch: the code of others that is kept in this repository, and where it comes from.

vendored.json names for each npm package its version, the registry's integrity, and the files that are kept of it: the
sha256 of the file as it was published, the edits made to it (each replaces one text that must be there once), the sha256
of what is kept.  `check` reads only this repository.  `fetch` asks npm for the packages (`npm pack`), checks their
integrity, makes the files again, and says what differs from what is here; `fetch --write` writes it.
"""
import base64
import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
TABLE = os.path.join(HERE, 'vendored.json')


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def kept_files(table):
    for package in table['packages']:
        for file in package['files']:
            yield package, file, os.path.join(ROOT, file['to'])


def check(table):
    """Each kept file is the one of the table, and nothing else lies beside it."""
    wrong = []
    for _, file, path in kept_files(table):
        with open(path, 'rb') as kept:
            if sha256(kept.read()) != file['sha256']:
                wrong.append(f'{file["to"]}: not the file of vendored.json')
    known = {os.path.realpath(path) for _, _, path in kept_files(table)} | {TABLE, os.path.abspath(__file__)}
    folders = {os.path.dirname(path) for path in known}
    for folder in folders:
        for name in os.listdir(folder):
            if os.path.realpath(os.path.join(folder, name)) not in known | folders and not name.startswith('__'):
                wrong.append(f'{os.path.relpath(folder, ROOT)}/{name}: not in vendored.json')
    return wrong


def edited(content, file):
    for old, new in file.get('edits', []):
        if content.count(old.encode()) != 1:
            raise ValueError(f'{file["from"]}: not once there: {old!r}')
        content = content.replace(old.encode(), new.encode())
    return content


def packed(package):
    """The package as npm gives it; its integrity is the table's."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(['npm', 'pack', '--silent', f'{package["name"]}@{package["version"]}'], cwd=folder, check=True,
                       stdout=subprocess.DEVNULL)
        with open(os.path.join(folder, os.listdir(folder)[0]), 'rb') as archive:
            content = archive.read()
    kind, wanted = package['integrity'].split('-', 1)
    if base64.b64encode(hashlib.new(kind, content).digest()).decode() != wanted:
        raise ValueError(f'{package["name"]}: integrity is not that of vendored.json')
    return tarfile.open(fileobj=io.BytesIO(content))


def fetch(table, write):
    wrong = []
    for package in table['packages']:
        with packed(package) as archive:
            for file in package['files']:
                content = archive.extractfile('package/' + file['from']).read()
                if sha256(content) != file['published']:
                    wrong.append(f'{file["to"]}: published with sha256 {sha256(content)}')
                content = edited(content, file)
                if sha256(content) != file['sha256']:
                    wrong.append(f'{file["to"]}: kept would be sha256 {sha256(content)}')
                if write:
                    with open(os.path.join(ROOT, file['to']), 'wb') as kept:
                        kept.write(content)
    return wrong


def main():
    if sys.argv[1:] not in (['check'], ['fetch'], ['fetch', '--write']):
        sys.exit(__doc__)
    with open(TABLE, encoding='utf-8') as file:
        table = json.load(file)
    wrong = check(table) if sys.argv[1] == 'check' else fetch(table, '--write' in sys.argv)
    for line in wrong:
        print(line)
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
