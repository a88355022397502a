#!/usr/bin/env python3
"""mutate.py ROOT BUILD [--count N] [--all] [--list] [--kind KIND] [--only PATTERN]
          [--killers PATTERN] [--quick] [--jobs N] [--show]: TAP.

Mutation test of the verifier: take away one of its checks, and some test must fail.  What is taken away, in a copy:

  report     a call of audit_report() in src/audit, or of a function that reports what it is given
  condition  what an `if` of a checking file asks: the whole, or one side of an `||`
  demand     one side of an `&&` that a function of a checking file returns

BUILD is a meson build directory in which everything is built.  A mutant is one object, compiled as BUILD does and put in
front of the libraries of each test program, which then has no need of the real one.  The tests run, quick ones first,
until one fails.  survivors.txt says which mutants may live, and why; a line of it that no mutant needs is an error.

Without any option a sample of N (10) of the reports is tried, always the same for the same sources; with CRETULA_LONG=1 all
of them.  --all, --kind, --only (a pattern of names) and --killers (a pattern of tests) are for those who look for gaps.
"""
import argparse
import concurrent.futures
import glob
import hashlib
import os
import re
import resource
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
PUBLISHED = 'tests/outside/test_published.py'
TIMED = ('audit_report', '.py')  # on a busy machine they may fail once
SECONDS = 300  # of one test; a mutant that hangs is found
MEMORY = 8 << 30
READERS = ('note_read', 'proof', 'proof_file', 'statement', 'puncture', 'placeholder', 'tags', 'ratchet')
TALK = re.compile(r'/(print_\w+|proof_print|pool|findings)\.c$')  # what these say is told by golden files
END_TO_END = {'verify_live': '/live/', 'anchor': '/anchors/', 'evidence': '/outside/', 'outside': r'/outside/|verify\.c',  # and what comes near them
              'prove': '/outside/pro|/proof|note_read', 'lineage': '/outside/pro|/proof|/consistent'}
# Only without memory, or where the disk fails while it is read: no test of this kind gets there.
OUT_OF_REACH = re.compile(r'buf_ok|buf_reserve|alloc|\bcall_once|pthread_|lseek|== ERR_IO|ERR_IO ==')


class Mutant:
    def __init__(self, path, number, kind, function, text, source):
        self.path, self.number, self.kind, self.function = path, number, kind, function
        self.text = ' '.join(text.split())
        self.source = source

    @property
    def name(self):
        return f'{self.path}: {self.function}: {self.kind}: {self.text}'

    def rank(self):
        return hashlib.sha256(self.name.encode()).hexdigest()


# ---- Finding what can be taken away --------------------------------------------------------------------------------

def blank(text):
    """Comments, strings and directives as blanks, byte for byte."""
    pattern = r'/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|^[ \t]*#(?:[^\n\\]|\\.|\\\n)*'
    return re.sub(pattern, lambda m: re.sub(r'[^\n]', ' ', m[0]), text, flags=re.DOTALL | re.MULTILINE)


def closing(text, at):
    """Where the parenthesis that opens at `at` closes."""
    depth = 0
    for i in range(at, len(text)):
        depth += (text[i] in '([{') - (text[i] in ')]}')
        if depth == 0:
            return i
    raise ValueError('unbalanced')


def sides(text, start, end, operator):
    """The ranges of what operator joins at depth 0 of text[start:end]."""
    found, depth, last = [], 0, start
    for i in range(start, end):
        depth += (text[i] in '([{') - (text[i] in ')]}')
        if depth == 0 and text.startswith(operator, i):
            found.append((last, i))
            last = i + len(operator)
    return found + [(last, end)]


def function_at(text, at):
    names = [m[1] for m in re.finditer(r'^(\w+)\(', text[:at], re.MULTILINE)]
    return names[-1] if names else '-'


def weaken(source, kind, start, end):
    piece = source[start:end]
    new = {'report': 'return (0);' if piece.startswith('return') else ';', 'condition': f'(({piece}) && 0)', 'demand': f'(({piece}) || 1)'}[kind]
    new = new.replace('\n', ' ') + '\n' * piece.count('\n') if '//' not in piece else new
    return source[:start] + new + source[end:]


def places(path, text):
    """(kind, start, end) of each check in blanked text."""
    if path.startswith('src/audit/'):
        # Those that report, and the file's own functions that do it with a code that they are given.
        names = ['audit_report'] + [m[1] for m in re.finditer(r'^(\w+)\(([^{]*)\)\n\{(.*?)^\}', text, re.DOTALL | re.MULTILINE)
                                    if 'enum audit_code code' in m[2] and 'audit_report(' in m[3]]
        for match in re.finditer(rf'\b(?:return \()?(?:{"|".join(names)})\(', text):
            end = text.index(';', closing(text, match.end() - 1)) + 1
            if re.search(r'[;{})]$|\belse$', text[:match.start()].rstrip()):
                yield 'report', match.start(), end
    if TALK.search(path):
        return
    for match in re.finditer(r'\bif (?=\()', text):
        end = closing(text, match.end())
        for start, stop in sides(text, match.end() + 1, end, '||'):
            yield 'condition', start, stop
    for match in re.finditer(r'\breturn (?=\()', text):
        pieces = sides(text, match.end() + 1, closing(text, match.end()), '&&')
        if len(pieces) > 1 and len(sides(text, match.end() + 1, closing(text, match.end()), '||')) == 1 \
                and not re.search(r'\?', text[match.end():closing(text, match.end())]):
            for start, stop in pieces:
                yield 'demand', start, stop


def mutants(root):
    """All of them; those of one name get numbers."""
    seen = {}
    for mutant in found(root):
        seen[mutant.name] = seen.get(mutant.name, 0) + 1
        if seen[mutant.name] > 1:
            mutant.text += f' ({seen[mutant.name]})'
        yield mutant


def found(root):
    paths = sorted(glob.glob(os.path.join(root, 'src/audit/**/*.c'), recursive=True))
    paths += [os.path.join(root, 'src/seal', name + '.c') for name in READERS]
    paths += sorted(glob.glob(os.path.join(root, 'src/seal/entry/*.c')))
    paths += [os.path.join(root, 'src/seal/history.c')] + sorted(glob.glob(os.path.join(root, 'src/seal/past/*.c')))
    for full in paths:
        path = os.path.relpath(full, root)
        with open(full, encoding='utf-8') as file:
            source = file.read()
        text = blank(source)
        for number, (kind, start, end) in enumerate(places(path, text)):
            if not OUT_OF_REACH.search(source[start:end]):
                yield Mutant(path, number, kind, function_at(text, start), source[start:end],
                             weaken(source, kind, start, end))


# ---- Building one --------------------------------------------------------------------------------------------------

class Build:
    def __init__(self, root, folder):
        self.root, self.folder = root, folder
        self.commands = {}

    def command(self, target):
        """The last command that makes target, as words."""
        if target not in self.commands:
            done = subprocess.run(['ninja', '-C', self.folder, '-t', 'commands', target], capture_output=True, text=True,
                                  check=True)
            self.commands[target] = shlex.split(done.stdout.splitlines()[-1].replace(' && :', ''))
        return list(self.commands[target])

    def object_of(self, path):
        room = path.split('/')[1]
        return f"lib{room}.a.p/{path.replace('/', '_')}.o"

    def compile(self, mutant, folder):
        """The object of a mutant; None if it does not compile."""
        source, result = os.path.join(folder, 'mutant.c'), os.path.join(folder, 'mutant.o')
        with open(source, 'w', encoding='utf-8') as file:
            file.write(mutant.source)
        words = self.command(self.object_of(mutant.path))
        where = os.path.dirname(os.path.join(self.root, mutant.path))
        out = []
        while words:
            word = words.pop(0)
            if word in ('-MQ', '-MF'):
                words.pop(0)
            elif word == '-o':
                words.pop(0)
                out += ['-o', result]
            elif word == '-c':
                words.pop(0)
                out += ['-c', source]
            elif word != '-MD' and not word.startswith('-W'):
                out.append(word)
        done = subprocess.run([*out, '-w', f'-I{where}', '-O1'], cwd=self.folder, capture_output=True, check=False)
        return result if done.returncode == 0 else None

    def link(self, target, extra, result):
        words = self.command(target)
        words[words.index('-o') + 1] = result
        if extra:
            words.insert(words.index('-o') + 2, extra)
        subprocess.run(words, cwd=self.folder, capture_output=True, check=True)


def limit():
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.setpgid(0, 0)


class Table:
    """The tampered stores of tests/vectors/test_vectors.py, made once: exit code and codes that verify must give."""

    NAME = 'tests/vectors/test_vectors.py'

    def __init__(self, root):
        sys.path.insert(0, os.path.join(root, 'tests/vectors'))
        import life_cases  # of the sources under test, so not before
        import open_cases
        import test_vectors as vectors
        self.folder, self.cases = tempfile.TemporaryDirectory(prefix='cretula-mutants-'), []
        anchor = ' '.join(vectors.table_rows('anchor.txt')[0])
        for case in vectors.CASES:
            self.add(os.path.join(vectors.HERE, 'store'), case, ('--anchor', anchor))
        os.mkdir(os.path.join(self.folder.name, 'life'))
        lived = vectors.Life(os.path.join(self.folder.name, 'life'))
        for case in (*life_cases.LIFE, *open_cases.OPEN_FILES):
            if 'openssl' not in case[1] or shutil.which('openssl'):
                self.add(lived.store, case, ('--anchor', lived.anchor, *lived.options((*case, None)[4])))

    def add(self, origin, case, options):
        _, _, tamper, codes = case[:4]
        store = os.path.join(self.folder.name, str(len(self.cases)), 'store')
        shutil.copytree(origin, store)
        tamper(store)
        code = 3 if 'exit3' in codes else 1 if 'E_' in codes else 0
        self.cases.append((store, options, (code, {code.encode() for code in codes.split()} - {b'exit3'})))

    @staticmethod
    def is_as_expected(case, program):
        store, options, expected = case
        run = subprocess.run([program, 'verify', '--store', store, *options], capture_output=True, timeout=SECONDS,
                             check=False, preexec_fn=limit)
        return (run.returncode, set(re.findall(rb'\b[EW]_[A-Z_]+\b', run.stdout))) == expected

    def settle(self, program):
        """Without a mutant: what fails now cannot tell anything later."""
        sound = [case for case in self.cases if self.is_as_expected(case, program)]
        if len(sound) < len(self.cases):
            print(f'# {len(self.cases) - len(sound)} rows of {self.NAME} fail without a mutant: they are not asked', flush=True)
        self.cases = sound
        return bool(sound)

    def holds(self, program):
        for case in list(self.cases):
            if not self.is_as_expected(case, program):
                self.cases.sort(key=lambda other: other is not case)  # what killed one may kill its neighbour
                return False
        return True


class Tests:
    """What may kill a mutant, quick ones first."""

    def __init__(self, build, quick, killers):
        self.build, self.last, self.lock, self.sound = build, {}, threading.Lock(), {}
        self.making = threading.Lock()
        root = build.root
        programs = sorted(os.path.relpath(p, build.folder) for room in ('audit', 'seal')
                          for p in glob.glob(os.path.join(build.folder, f'tests/test_{room}_*'))
                          if os.access(p, os.X_OK) and os.path.isfile(p))
        self.all = sorted((p for p in programs if not p.endswith('_flip')), key=lambda p: 'audit' not in p)
        self.all += [] if quick else [
            f'tests/e2e/test_{name}.py' for name in END_TO_END if os.path.exists(os.path.join(root, f'tests/e2e/test_{name}.py'))]
        self.all += [PUBLISHED, Table.NAME] + ([] if quick else ['tests/test_audit_flip'])
        self.all = [test for test in self.all if re.search(killers, test)]
        self.tables = []  # made when it is first asked
        self.environment = {**os.environ, 'CRETULA_SOURCE': root, 'PYTHONDONTWRITEBYTECODE': '1',
                            'CRETULA_SHARED': os.path.join(root, '..', 'shared')}

    def order(self, mutant):
        room = mutant.path.split('/')[1]
        first = self.last.get(mutant.path)
        able = [t for t in self.all if self.may_kill(t, mutant.path, room)]
        return sorted(able, key=lambda t: (t != first, t.endswith('flip'), t.endswith('.py'), f'_{room}_' not in t))

    @staticmethod
    def may_kill(test, path, room):
        """Leave out programs that do not link it, and slow ones that do not come near it."""
        if test == PUBLISHED:
            return room == 'seal'
        if test.endswith('.py'):
            return test == Table.NAME or re.search(END_TO_END[re.search(r'test_(\w+)\.py', test)[1]], path)
        return (room == 'seal' or 'test_seal_' not in test) and (room == 'audit' or not test.endswith('flip'))

    def passes(self, test, extra, folder):
        if test == PUBLISHED:
            program = os.path.join(folder, 'outside_vectors')
            self.build.link('tests/outside/outside_vectors', extra, program)
            words = [sys.executable, os.path.join(self.build.root, test), program]
        elif test.endswith('.py'):
            for name in ('cretula', 'cretula-verify'):
                if not os.path.exists(os.path.join(folder, name)):
                    self.build.link(name, extra, os.path.join(folder, name))
            words = [sys.executable, os.path.join(self.build.root, test), os.path.join(folder, 'cretula')]
            if test == Table.NAME:
                try:
                    with self.making:
                        if not self.tables:
                            self.tables.append(Table(self.build.root))
                    return self.tables[0].holds(words[2]) if extra else self.tables[0].settle(words[2])
                except subprocess.TimeoutExpired:
                    return False
        else:
            program = os.path.join(folder, os.path.basename(test))
            self.build.link(test, extra, program)
            words = [program]
        run = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder, preexec_fn=limit,
                               env={**self.environment, 'TMPDIR': folder})
        try:
            return run.wait(timeout=SECONDS) == 0
        except subprocess.TimeoutExpired:
            os.killpg(run.pid, 9)
            run.wait()
            return False

    def is_sound(self, test):
        """Does it pass without any change?  Asked once, before its word counts."""
        with self.lock:
            if test not in self.sound:
                with tempfile.TemporaryDirectory(prefix='cretula-mutant-') as folder:
                    self.sound[test] = self.passes(test, None, folder) or self.passes(test, None, folder)
                if not self.sound[test]:
                    print(f'# {test} fails without a mutant: it is not asked', flush=True)
            return self.sound[test]

    def killer(self, mutant):
        """The test that fails; '' if none does, '-' if the mutant is none."""
        with tempfile.TemporaryDirectory(prefix='cretula-mutant-') as folder:
            extra = self.build.compile(mutant, folder)
            if extra is None:
                return '-'
            for test in self.order(mutant):
                if self.is_sound(test) and not self.passes(test, extra, folder) and not (
                        test.endswith(TIMED) and self.passes(test, extra, folder)):
                    self.last[mutant.path] = test
                    return test
        return ''


# ---- Those that may live -------------------------------------------------------------------------------------------

def allowed(path):
    """name: why, of survivors.txt: the name on a line, the reason indented on the next."""
    if not os.path.exists(path):
        return {}
    with open(path, encoding='utf-8') as file:
        lines = [line.rstrip('\n') for line in file if line.strip() and not line.startswith('#')]
    return {lines[i]: lines[i + 1].strip() for i in range(0, len(lines), 2)}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('root')
    parser.add_argument('build')
    parser.add_argument('--count', type=int, default=10)
    parser.add_argument('--all', action='store_true')
    parser.add_argument('--list', action='store_true')
    parser.add_argument('--show', action='store_true')
    parser.add_argument('--quick', action='store_true', help='unit tests only, without the slowest')
    parser.add_argument('--only', default='')
    parser.add_argument('--kind', default='')
    parser.add_argument('--killers', default='')
    parser.add_argument('--jobs', type=int, default=2)
    options = parser.parse_args()
    root = os.path.abspath(options.root)
    everything = list(mutants(root))
    known = allowed(os.path.join(HERE, 'survivors.txt'))
    names = {mutant.name for mutant in everything}
    stale = [name for name in known if name not in names]
    chosen = [m for m in everything if re.search(options.only, m.name) and options.kind in m.kind and (m.name not in known or options.show)]
    if not (options.all or options.only or options.kind):
        chosen = [m for m in chosen if m.kind == 'report']
        if os.environ.get('CRETULA_LONG') != '1':
            chosen = sorted(chosen, key=Mutant.rank)[:options.count]
    if options.list:
        print('\n'.join(mutant.name for mutant in chosen))
        return 0
    tests = Tests(Build(root, os.path.abspath(options.build)), options.quick, options.killers)
    print(f'1..{len(chosen) + 1}', flush=True)
    bad = stale and os.environ.get('CRETULA_LONG') == '1'
    print(f'{"not ok" if bad else "ok"} 1 - {len(known)} of {len(everything)} mutants may live, and all are there')
    for name in stale:
        print('# no such mutant:', name)
    stale = stale if os.environ.get('CRETULA_LONG') == '1' else []  # while sources are at work, only the long run minds
    alive = 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        running = {pool.submit(tests.killer, mutant): mutant for mutant in chosen}
        for number, done in enumerate(concurrent.futures.as_completed(running), 2):
            mutant, killer = running[done], done.result()
            alive += killer == ''
            print(f'{"ok" if killer else "not ok"} {number} - {mutant.name.replace("#", "")}', flush=True)
            print(f'# {killer or "SURVIVED"}', flush=True)
    print(f'# {len(chosen)} mutants, {alive} survived')
    return 1 if alive or stale else 0


if __name__ == '__main__':
    sys.exit(main())
