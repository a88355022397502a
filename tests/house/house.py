"""house.py ROOT [BUILD]: the rules of ARCHITECTURE.md that a machine can check.  Speaks TAP.

Each rule is a function that returns complaints, "file:line: what".  After the real tree, each rule is run on a
copy in which its violation was planted, and must complain there: a check that cannot fail is a defect.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

LINES_FUNCTION, LINES_FILE, LINES_HEADER, UNITS, NESTING, PARAMETERS = 70, 500, 150, 14, 4, 6
WIDTH = 100
MAINS = ('main.c', 'verify.c', 'verify_sodium.c')  # of the programs


def rooms(root):
    """The rooms, bottom-up."""
    with open(os.path.join(root, 'src/layers'), encoding='utf-8') as layers:
        return [line.split(':')[0].strip() for line in layers if line.strip()]


def sources(root, endings=('.c', '.h', '.def')):
    for folder, _, names in os.walk(os.path.join(root, 'src')):
        for name in sorted(names):
            if name.endswith(endings):
                yield os.path.relpath(os.path.join(folder, name), root)


def lines_of(root, path):
    with open(os.path.join(root, path), encoding='utf-8') as file:
        return file.read().split('\n')


def includes(root, path):
    for number, line in enumerate(lines_of(root, path), 1):
        match = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
        if match:
            yield number, match[1]


def raw_events(root):
    """Sentence 1: raw events stop at the mask."""
    for path in sources(root):
        room = path.split('/')[1]
        for number, name in includes(root, path):
            if name == 'parse/event.h' and room not in ('parse', 'mask'):
                yield f'{path}:{number}: {room} includes parse/event.h'


def layers(root):
    """Sentence 2: a room names only rooms above it in src/layers, itself, and no folder outside."""
    order = rooms(root)
    for path in sources(root):
        room = path.split('/')[1]
        rank = len(order) if room in MAINS else order.index(room) if room in order else -1
        if rank == -1:
            yield f'{path}:1: {room} is not listed in src/layers'
            continue
        for number, name in includes(root, path):
            other = name.split('/')[0]
            if '/' not in name or other not in order:
                yield f'{path}:{number}: "{name}" is not written ROOM/HEADER'
            elif order.index(other) > rank:
                yield f'{path}:{number}: {room} includes {name}, which lies above it'


def leak_apart(root):
    """What looks for leaks shares nothing with what masks: leak includes base and crypto, only app includes leak."""
    for path in sources(root):
        room = path.split('/')[1]
        for number, name in includes(root, path):
            other = name.split('/')[0]
            if (room == 'leak' and other not in ('leak', 'base', 'crypto')) or \
                    (other == 'leak' and room not in ('leak', 'app')):
                yield f'{path}:{number}: {room} includes {name}'


def headers_alone(root):
    """Sentence 4: every header compiles alone."""
    for path in sources(root, ('.h',)):
        run = subprocess.run(['gcc', '-std=gnu11', '-D_GNU_SOURCE', '-Wall', '-Wextra', '-Werror', '-fsyntax-only',
                              '-I', os.path.join(root, 'src'), '-x', 'c', os.path.join(root, path)],
                             capture_output=True, text=True, check=False)
        if run.returncode:
            yield f'{path}:1: does not compile alone: {run.stderr.splitlines()[0] if run.stderr else ""}'


def exported(root):
    """Sentence 3: exported symbols start with the room's name (in base: with a unit's name)."""
    units = {os.path.basename(p).split('.')[0] for p in sources(root, ('.h',)) if p.startswith('src/base/')}
    for path in sources(root, ('.c',)):
        room = path.split('/')[1]
        if room in MAINS:
            continue
        allowed = tuple(u + '_' for u in units) if room == 'base' else (room + '_',)
        text = lines_of(root, path)
        for number, line in enumerate(text, 1):
            match = re.match(r'([a-z]\w*)\(', line)
            if match and number > 1 and not re.search(r'\bstatic\b', text[number - 2]) and \
                    not match[1].startswith(allowed) and re.match(r'[a-z]', text[number - 2] or ' '):
                yield f'{path}:{number}: {match[1]} does not begin with {"a unit of base" if room == "base" else room}'


def functions(root, path):
    """(first line, last line, head text, body) of each function; the style puts its braces in column 0."""
    text = lines_of(root, path)
    for number, line in enumerate(text):
        if line != '{':
            continue
        last = next((i for i in range(number, len(text)) if text[i] == '}'), len(text) - 1)
        first = number
        while first > 0 and text[first - 1] and not text[first - 1].startswith(('}', '#', '/*', ' */')):
            first -= 1
        yield first + 1, last + 1, ' '.join(text[first:number]), text[number + 1:last]


def parameters_of(head):
    inside = re.search(r'\((.*)\)', head)
    depth, count = 0, 1
    for char in inside[1] if inside else '':
        depth += (char in '([') - (char in ')]')
        count += char == ',' and depth == 0
    return count


def budgets(root):
    """Sizes: function, file, header, room, nesting, parameters, width."""
    units = {}
    for path in sources(root):
        text = lines_of(root, path)
        most = LINES_HEADER if path.endswith('.h') else LINES_FILE
        if len(text) - 1 > most and not path.endswith('.def'):
            yield f'{path}:{most}: {len(text) - 1} lines, at most {most}'
        if path.endswith('.c'):
            folder = os.path.dirname(path)
            units.setdefault(folder, set()).add(path)
        if not path.endswith('.def'):
            for number, line in enumerate(text, 1):
                if len(line.expandtabs(8)) > WIDTH:
                    yield f'{path}:{number}: {len(line.expandtabs(8))} columns'
        if not path.endswith('.c'):
            continue
        for first, last, head, body in functions(root, path):
            if last - first + 1 > LINES_FUNCTION:
                yield f'{path}:{first}: function of {last - first + 1} lines'
            # How a library calls back is not ours to say.
            if parameters_of(head) > PARAMETERS and 'MHD_Result' not in head:
                yield f'{path}:{first}: {parameters_of(head)} parameters'
            for offset, line in enumerate(body):
                tabs = len(line) - len(line.lstrip('\t'))
                goes_on = offset > 0 and body[offset - 1].rstrip().endswith(('?', ':', ','))
                if tabs > NESTING + 1 and not goes_on and not re.match(r'\t+( {4}|\S*:$)', line) and line.strip():
                    yield f'{path}:{last - len(body) + offset}: nested {tabs - 1} deep'
    for folder, members in units.items():
        if folder.count('/') == 1 and len(members) > UNITS:
            yield f'{folder}:1: {len(members)} units, at most {UNITS}'


def unfinished(root):
    """No words of unfinished work."""
    for path in sources(root):
        for number, line in enumerate(lines_of(root, path), 1):
            if re.search(r'\b(TODO|FIXME|XXX|HACK)\b', line):
                yield f'{path}:{number}: unfinished'


def printing(root):
    """Only app/ and the programs' main files print."""
    calls = re.compile(r'\b(printf|fprintf|vfprintf|puts|fputs|putchar|fputc|perror|fwrite)\s*\(|\bSTDOUT_FILENO\b')
    for path in sources(root, ('.c',)):
        if path.split('/')[1] not in ('app', *MAINS):
            for number, line in enumerate(lines_of(root, path), 1):
                if calls.search(line):
                    yield f'{path}:{number}: prints'


def forbidden_calls(root):
    """No call that is easily wrong; waits by the time of day wait an hour longer when it leaps."""
    calls = re.compile(r'(?<![\w.>])(strcpy|strcat|sprintf|gets|strtok|atoi|atol|rand|alloca|system|popen|pthread_cond_timedwait)\s*\(')
    for path in sources(root, ('.c', '.h')):
        for number, line in enumerate(lines_of(root, path), 1):
            if calls.search(line) and not re.match(r'\s*(/?\*)', line):
                yield f'{path}:{number}: {calls.search(line)[1]}'


# rule, file to plant in, text to append there
RULES = [
    (raw_events, 'src/seal/leaf.c', '#include "parse/event.h"\n'),
    (layers, 'src/base/num.c', '#include "crypto/sha256.h"\n'),
    (leak_apart, 'src/mask/url/path.c', '#include "leak/leak.h"\n'),
    (headers_alone, 'src/base/num.h', 'size_t planted(struct nowhere x);\n'),
    (exported, 'src/parse/format.c', '\nint\nplanted(void)\n{\n\treturn (0);\n}\n'),
    (budgets, 'src/base/num.c', '\nint\nnum_planted(void)\n{\n' + '\t;\n' * 80 + '}\n'),
    (unfinished, 'src/base/num.c', '/* TO' + 'DO: planted */\n'),
    (printing, 'src/seal/leaf.c', '/* */ int x = printf("planted");\n'),
    (forbidden_calls, 'src/seal/leaf.c', 'int y = atoi("1");\n'),
]


def main():
    root = os.path.abspath(sys.argv[1])
    print(f'1..{2 * len(RULES)}')
    count = failed = 0
    with tempfile.TemporaryDirectory() as copy:
        shutil.copytree(os.path.join(root, 'src'), os.path.join(copy, 'src'))
        for rule, path, plant in RULES:
            complaints = list(rule(root))
            count += 1
            failed += bool(complaints)
            print(f'{"not ok" if complaints else "ok"} {count} - {rule.__name__}: {rule.__doc__.strip().splitlines()[0]}')
            for complaint in complaints[:40]:
                print('#', complaint)
            with open(os.path.join(copy, path), 'r+', encoding='utf-8') as file:
                before = file.read()
                file.write(plant)
            new = any(c not in complaints for c in rule(copy))  # one is enough: nearly each header includes base/num.h
            count += 1
            failed += not new
            print(f'{"ok" if new else "not ok"} {count} - {rule.__name__} complains about a planted violation')
            with open(os.path.join(copy, path), 'w', encoding='utf-8') as file:
                file.write(before)
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
