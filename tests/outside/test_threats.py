#!/usr/bin/env python3
"""test_threats.py ROOT: TAP.  Every test that docs/threats.md names exists and is run, and docs/format.md says what nobody writes.

A claim names `LETTER: case`; the table at the end of the document says which file a letter is.  The case must be a
test function of that file, or stand in it as the name of a row.
"""
import os
import re
import sys


def read(root, *path):
    with open(os.path.join(root, *path), encoding='utf-8') as file:
        return file.read()


def letters(document):
    return dict(re.findall(r'^\| ([A-Z]\d?) \| `(tests/\S+)` \|$', document, re.MULTILINE))


def claims(document):
    return re.findall(r'`([A-Z]\d?): ([^`]+)`', document)


def is_case(text, case):
    """A function that is run, or a text in quotes of a table (also the end of one that is put together)."""
    if re.fullmatch(r'\w+', case):
        return bool(re.search(rf'^def {case}\(|cmocka_unit_test\w*\({case}\b', text, re.MULTILINE))
    return any(quote + case + quote in text or f': {case}{quote}' in text for quote in ('"', "'"))


def is_run(root, path):
    """Does a meson.build beside the file name it?  e2e lists the tests without `test_` and the ending."""
    folder, name = os.path.split(path)
    build = read(root, folder, 'meson.build')
    return name in build or re.fullmatch(r'test_(\w+)\.py', name) and f"'{name[5:-3]}'" in build


def complaints(root, document):
    """What is wrong with the document's claims; one line each."""
    files, named = letters(document), claims(document)
    for letter in sorted(set(files) - {letter for letter, _ in named}):
        yield f'nothing is claimed by {letter}'
    for letter, path in files.items():
        if not os.path.exists(os.path.join(root, path)):
            yield f'{letter}: there is no {path}'
        elif not is_run(root, path):
            yield f'{letter}: {path} is not run'
    for letter, case in named:
        if letter not in files:
            yield f'{letter}: {case}: no such letter'
        elif os.path.exists(os.path.join(root, files[letter])) and not is_case(read(root, files[letter]), case):
            yield f'{letter}: there is no "{case}" in {files[letter]}'


def unwritten(root):
    """The types of entries that no command writes: nothing makes one, or what does is never called by app/."""
    header = read(root, 'src', 'seal', 'entry.h')
    types = set(re.findall(r'\bSEAL_([A-Z]+)\b', re.search(r'enum seal_type \{(.*?)\}', header, re.DOTALL)[1])) - {'UNKNOWN'}
    text = {}
    for folder, _, names in os.walk(os.path.join(root, 'src')):
        text.update({os.path.join(folder, name): read(folder, name) for name in names if name.endswith('.c')})
    made = set(re.findall(r'\btype = SEAL_([A-Z]+)\b', '\n'.join(text.values())))
    app = '\n'.join(body for path, body in text.items() if f'{os.sep}app{os.sep}' in path)
    prunes = {'PRUNE'} if re.search(r'\bstore_prune\(', app) else set()
    return {name.lower() for name in types - (made - {'PRUNE'}) - prunes}


def said_unwritten(text):
    said = re.search(r'No command writes (.*?) yet', text, re.DOTALL)
    return set(re.findall(r'`(\w+)`', said[1])) if said else set()


def main():
    root = sys.argv[1]
    document = read(root, 'docs', 'threats.md')
    found = list(complaints(root, document))
    rows = [(f'{len(claims(document))} claims name tests that exist', not found and len(claims(document)) > 40)]
    planted = (('a test that is not there', document + '\n`V: a record that nobody changed`\n'),
               ('a function that is not there', document + '\n`O: test_nothing`\n'),
               ('a letter that is not there', document + '\n`Q: test_pin`\n'),
               ('a file that is not there', document.replace('test_outside.py', 'test_nowhere.py')),
               ('a file that is not run', document.replace('test_outside.py', 'lib.py')))
    rows += [(f'{claim} is complained about', list(complaints(root, text)) != found) for claim, text in planted]
    told, there = said_unwritten(read(root, 'docs', 'format.md')), unwritten(root)
    rows.append((f'format.md lists the {len(there)} types of entries that no command writes', told == there))
    if told != there:
        found.append(f'format.md: {sorted(told)}; by the sources: {sorted(there)}')
    print(f'1..{len(rows)}')
    for number, (claim, good) in enumerate(rows, 1):
        print(f'{"ok" if good else "not ok"} {number} - {claim}')
    for complaint in found:
        print('#', complaint)
    return 0 if all(good for _, good in rows) else 1


if __name__ == '__main__':
    sys.exit(main())
