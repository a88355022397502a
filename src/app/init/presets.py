"""presets.py OUT FILE...: files of share/presets/SERVER as rows of C, for #include in a table."""
import os
import sys


def quoted(text):
    """A string of C, a line each."""
    return '\n'.join('\t    "' + line.replace('\\', '\\\\').replace('"', '\\"') + '\\n"' for line in text.splitlines())


with open(sys.argv[1], 'w', encoding='utf-8') as out:
    for path in sorted(sys.argv[2:]):
        with open(path, encoding='utf-8') as file:
            text = file.read()
        server, name = path.split(os.sep)[-2:]
        out.write(f'\t{{ "{server}", "{name}",\n{quoted(text)} }},\n')
