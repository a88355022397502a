"""embed.py OUT DEPENDENCIES [ROOT]: the files of the page as the table of src/serve/assets.h.

Without ROOT the table is empty.  What is embedded is what has a type below; "/" is index.html.  Each file is there in
gzip or, where that is not smaller, as it is.  The same files give the same bytes of OUT.
"""
import hashlib
import os
import sys
import zlib

TYPES = {
    '.html': 'text/html; charset=utf-8',
    '.css': 'text/css; charset=utf-8',
    '.js': 'text/javascript; charset=utf-8',
    '.svg': 'image/svg+xml',
    '.preact': 'text/plain; charset=utf-8',  # licences, which go with each copy
    '.uplot': 'text/plain; charset=utf-8',
}
NONE = 'const struct serve_asset serve_assets[1] = { { .path = "" } };\nconst size_t serve_assets_count = 0;\n'


def page_files(root):
    """(path of the URL, file), sorted by path."""
    found = []
    for folder, folders, names in os.walk(root):
        folders.sort()
        for name in names:
            if os.path.splitext(name)[1] in TYPES:
                file = os.path.join(folder, name)
                path = '/' + os.path.relpath(file, root).replace(os.sep, '/')
                found.append(('/' if path == '/index.html' else path, file))
    return sorted(found)


def packed(content):
    """content in gzip, without a time or a name in it; b'' where that is not smaller."""
    press = zlib.compressobj(9, zlib.DEFLATED, 31)
    small = press.compress(content) + press.flush()
    return small if len(small) < len(content) else b''


def numbers(name, content):
    lines = [','.join(map(str, content[at:at + 32])) for at in range(0, len(content), 32)]
    return f'static const unsigned char {name}[] = {{\n' + ',\n'.join(lines) + '\n};\n'


def tag(content):
    return '"\\"' + hashlib.sha256(content).hexdigest()[:32] + '\\""'


def main():
    out, dependencies, root = sys.argv[1], sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else None
    files = page_files(root) if root else []
    arrays, rows = [], []
    for i, (path, file) in enumerate(files):
        with open(file, 'rb') as source:
            content = source.read()
        small = packed(content)
        arrays.append(numbers(f'bytes_{i}', small or content))
        rows.append(f'\t{{ "{path}", "{TYPES[os.path.splitext(file)[1]]}", {tag(content)}, {tag(small)},\n'
                    f'\t    bytes_{i}, sizeof(bytes_{i}), {len(content)} }},\n')
    table = NONE if not rows else \
        'const struct serve_asset serve_assets[] = {\n' + ''.join(rows) + '};\n' \
        'const size_t serve_assets_count = sizeof(serve_assets) / sizeof(serve_assets[0]);\n'
    with open(out, 'w', encoding='utf-8') as made:
        made.write('/* Made by web/embed.py. */\n#include "serve/assets.h"\n\n' + ''.join(arrays) + table)
    with open(dependencies, 'w', encoding='utf-8') as made:
        # The folders too: a file that is new changes its folder.
        seen = sorted({os.path.dirname(file) for _, file in files} | {file for _, file in files})
        made.write(f'{out}: ' + ' '.join(seen) + '\n')


if __name__ == '__main__':
    main()
