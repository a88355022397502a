"""lint.py ROOT: the rules of web/ that a machine can check without a browser.  Speaks TAP.

As tests/house does it: each rule is run on the real files, and on a copy with a planted violation, of which it must complain.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

LINES_FILE, LINES_FUNCTION, WIDTH, KIB_ALL = 500, 70, 140, 120


def files(root, *endings):
    """Our own files: not those of web/vendor."""
    for folder, _, names in os.walk(os.path.join(root, 'web')):
        for name in sorted(names):
            path = os.path.relpath(os.path.join(folder, name), root)
            if name.endswith(endings) and '/vendor' not in path:
                yield path


def read(root, path):
    with open(os.path.join(root, path), encoding='utf-8') as file:
        return file.read()


def lines(root, path):
    return enumerate(read(root, path).split('\n'), 1)


def budgets(root):
    """Sizes: file, function, width."""
    for path in files(root, '.js', '.css', '.html', '.py'):
        text = read(root, path).split('\n')
        if len(text) - 1 > LINES_FILE:
            yield f'{path}: {len(text) - 1} lines'
        for number, line in enumerate(text, 1):
            if len(line) > WIDTH:
                yield f'{path}:{number}: {len(line)} columns'
        if not path.endswith('.js'):
            continue
        start = None
        for number, line in enumerate(text, 1):
            if re.match(r'(export )?(async )?function\b', line):
                start = number
            if line == '}' and start:
                if number - start + 1 > LINES_FUNCTION:
                    yield f'{path}:{start}: function of {number - start + 1} lines'
                start = None


def strict_policy(root):
    """Nothing that the Content-Security-Policy would refuse, no address elsewhere, nothing kept but the theme."""
    banned = re.compile(r'\beval\(|new Function|innerHTML|outerHTML|insertAdjacentHTML|document\.write|dangerouslySet|'
                        r'javascript:|sessionStorage|document\.cookie|importScripts|WebSocket|sendBeacon|https?://(?!www\.w3\.org/2000/svg)')
    for path in files(root, '.js', '.css', '.html', '.svg'):
        for number, line in lines(root, path):
            if banned.search(line) and 'placeholder' not in line:
                yield f'{path}:{number}: {banned.search(line)[0]}'
            if path.endswith('.html') and re.search(r'\son\w+=|\sstyle=|<style|<script>|<script type="?importmap', line):
                yield f'{path}:{number}: inline'
            if 'localStorage.setItem' in line and "'theme'" not in line:
                yield f'{path}:{number}: keeps something'
            if re.search(r'@import|@font-face|url\((?!#)', line) and path.endswith('.css'):
                yield f'{path}:{number}: asks for more files'


def modules(root):
    """Each import is there, each module is imported, and index.html names each for loading at once."""
    page = read(root, 'web/index.html')
    seen = {'web/js/main.js', 'web/js/theme.js'}
    for path in files(root, '.js'):
        for number, line in lines(root, path):
            match = re.search(r"(?:from|import)\s*\(?'([^']+)'", line)
            if match:
                target = os.path.normpath(os.path.join(os.path.dirname(path), match[1]))
                seen.add(target)
                if not match[1].startswith('.') or not os.path.exists(os.path.join(root, target)):
                    yield f'{path}:{number}: {match[1]}'
    for path in files(root, '.js'):
        if path not in seen:
            yield f'{path}:1: nobody imports it'
        if f'"{path[3:]}"' not in page:
            yield f'web/index.html: does not name {path[3:]}'
    for name in re.findall(r'(?:href|src)="(/[^"]+)"', page):
        if not os.path.exists(os.path.join(root, 'web' + name)):
            yield f'web/index.html: {name} is not there'


def imports_used(root):
    """What a module imports it uses, and what it uses of hooks it imports."""
    for path in files(root, '.js'):
        text = read(root, path)
        body = re.sub(r"^import .*?;$", '', text, flags=re.M | re.S)
        for names in re.findall(r'^import \{([^}]*)\}', text, flags=re.M):
            for name in re.findall(r'[\w$]+', names):
                if not re.search(rf'(?<![\w$])(?<![\w$)\]]\.){re.escape(name)}\b', body):
                    yield f'{path}:1: {name} is not used'


def texts(root):
    """Texts stand in words.js, none in the modules (that each name is there is looked at in a browser)."""
    for path in files(root, '.js'):
        if path.endswith(('words.js', 'theme.js')):
            continue
        for number, line in lines(root, path):
            if not re.match(r'\s*(/?\*|//)', line) and re.search(r"'[A-Z][a-z]+ [a-z]+[^']*'", line):
                yield f'{path}:{number}: a text of its own'


def syntax(root):
    """Each module is read by a JavaScript engine (node, where there is one; the browser's test reads them all)."""
    if shutil.which('node') is None:
        return
    for path in files(root, '.js'):
        run = subprocess.run(['node', '--check', '--input-type=module', '-'], input=read(root, path), capture_output=True,
                             text=True, check=False)
        if run.returncode:
            yield f'{path}: {run.stderr.strip().splitlines()[-1] if run.stderr else "is not read"}'


def weight(root):
    """The whole page, packed, is small."""
    sys.path.insert(0, os.path.join(root, 'web'))
    import embed
    total = 0
    for path, file in embed.page_files(os.path.join(root, 'web')):
        with open(file, 'rb') as source:
            content = source.read()
        total += 0 if 'LICENSE' in path else len(embed.packed(content) or content)
    if total > KIB_ALL * 1024:
        yield f'web: {total} bytes in gzip, at most {KIB_ALL} KiB'


def vendored(root):
    """Each file of others is the one that web/vendor/vendored.json names."""
    run = subprocess.run([sys.executable, '-B', os.path.join(root, 'web/vendor/vendor.py'), 'check'], capture_output=True,
                         text=True, check=False)
    if run.returncode:
        yield from (run.stdout or run.stderr).splitlines()


# rule, file to plant in, text to append there
RULES = [
    (budgets, 'web/js/export.js', '// ' + 'x' * 200 + '\n'),
    (budgets, 'web/js/export.js', 'function planted() {\n' + '    ;\n' * 80 + '}\n'),
    (strict_policy, 'web/js/export.js', 'document.body.innerHTML = 1;\n'),
    (strict_policy, 'web/js/export.js', "fetch('https://elsewhere.example/');\n"),
    (strict_policy, 'web/index.html', '<p style="color: red">\n'),
    (strict_policy, 'web/css/print.css', '@import "more.css";\n'),
    (modules, 'web/js/export.js', "import './nowhere.js';\n"),
    (modules, 'web/index.html', '<img src="/gone.svg">\n'),
    (imports_used, 'web/js/export.js', "import { h } from '../vendor/preact.js';\n"),
    (texts, 'web/js/export.js', "const planted = 'Some text of its own';\n"),
    (weight, 'web/js/export.js', None),
    (vendored, 'web/vendor/hooks.js', 'planted();\n'),
]
if shutil.which('node'):
    RULES.append((syntax, 'web/js/export.js', 'const const = 1;\n'))


def plant(copy, path, text):
    """Returns what was there.  Without a text: much of what does not pack."""
    with open(os.path.join(copy, path), 'r+', encoding='utf-8') as file:
        before = file.read()
        file.write(text if text is not None else '// ' + os.urandom(100000).hex() + '\n')
    return before


def main():
    root = os.path.abspath(sys.argv[1])
    print(f'1..{2 * len(RULES)}')
    failed = 0
    with tempfile.TemporaryDirectory() as copy:
        for folder in ('web', 'tests/web'):
            shutil.copytree(os.path.join(root, folder), os.path.join(copy, folder))
        for number, (rule, path, text) in enumerate(RULES):
            complaints = list(rule(root))
            print(f'{"not ok" if complaints else "ok"} {2 * number + 1} - {rule.__name__}: {rule.__doc__.strip().splitlines()[0]}')
            for complaint in complaints[:40]:
                print('#', complaint)
            before = plant(copy, path, text)
            new = [c for c in rule(copy) if c not in complaints]
            print(f'{"ok" if new else "not ok"} {2 * number + 2} - {rule.__name__} complains about a planted violation')
            failed += bool(complaints) + (not new)
            with open(os.path.join(copy, path), 'w', encoding='utf-8') as file:
                file.write(before)
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
