"""README.md, docs/tutorial.md and docs/howto: their commands do what the pages say, and their links lead somewhere.

Blocks of `sh` are run in order, by one shell that ends at the first failure, as they are printed (the port is another one).  A
block without a language is what the `sh` block before it prints: `...` in a line is anything, a line of it any lines, and what
differs from day to day (times, tokens, keys, speeds) is only compared by its form.  `console` has what no test can run.
"""
import contextlib
import glob
import gzip
import os
import re
import signal
import subprocess
import time

from lib import CRETULA, SOURCE, cretula, equal, free_port, main, make_log, read, shared, write

DOCS = os.path.join(SOURCE, 'docs')
README = os.path.join('..', 'README.md')
BREAK = '\x1e'
VOLATILE = [
    (r'\d{4}-\d\d-\d\dT[\d:.]+Z', 'TIME'), (r'\d\d/[A-Z][a-z]{2}/\d{4}', 'DAY'), (r'\b(ip|em|sg|us)\.[a-z2-7]{16}', r'\1.TOKEN'),
    (r'request [0-9a-f]{32}', 'request ID'), (r'sha256:[0-9a-f]{16,}', 'HASH'),
    (r'cretula/[0-9a-f]{16}/', 'cretula/ID/'), (r'\+[0-9a-f]{8}\+[\w+/=]{8,}', '+KEY'),
    (r'[\d.,]+ [KMG]?i?B(/s)?\b', r'N bytes\1'), (r'[\d.]+ s\b', 'N s'), (r'\d+ files', 'N files'), (r'(learning|sealing) [\d.]+', r'\1 N'),
    (r' +', ' ')]


def blocks(page):
    """(language, text) of each; every line with a fence begins or ends one."""
    text = read(os.path.join(DOCS, page)).decode()
    equal(len(re.findall(r'^ *```', text, re.M)) % 2, 0, page)
    return re.findall(r'^```(\w*)\n(.*?)^```$', text, re.M | re.S)


def formed(text, more=()):
    text = text.replace(os.getcwd(), '/home/you/logs')
    for what, form in [*VOLATILE, *more]:
        text = re.sub(what, form, text)
    return text.strip()


def is_shown(want, got):
    """Is got what the page shows?"""
    pattern = ''
    for line in want.splitlines():
        pattern += '(.*\n)*' if line == '...' else re.escape(line).replace(r'\.\.\.', '.*') + '\n'
    return re.fullmatch(pattern, got + '\n') is not None


def shell(script):
    """What a shell prints, until it ends, and how."""
    os.mkdir('.bin')
    for name in ('cretula', 'cretula-verify'):
        os.symlink(CRETULA + name[len('cretula'):], f'.bin/{name}')
    env = {**os.environ, 'PATH': os.path.abspath('.bin') + ':' + os.environ['PATH'], 'TZ': 'UTC'}
    with open('.out', 'wb') as out:
        process = subprocess.Popen(['bash', '-e', '-o', 'pipefail', '-c', script], stdout=out, stderr=subprocess.STDOUT, env=env,
                                   stdin=subprocess.DEVNULL, start_new_session=True)
        try:
            code = process.wait(timeout=600)
        finally:
            with contextlib.suppress(ProcessLookupError):  # a daemon that a command before the end left
                os.killpg(process.pid, signal.SIGTERM)
    return code, read('.out').decode('utf-8')


def run_page(page, least, more=()):
    """Run all of a page, of which so many blocks show what is printed; more: what differs, too, as VOLATILE has it."""
    found, port = blocks(page), str(free_port())
    printed = next((p for p in ('8466', '9443') if f'127.0.0.1:{p}' in str(found)), 'no port')
    commands = [text for language, text in found if language == 'sh']
    script = ''.join(f"\nprintf '\\036'\n{text}" for text in commands)
    code, out = shell(script.replace(f':{printed}', f':{port}'))
    told = out.replace(f':{port}', f':{printed}').split(BREAK)[1:]
    equal(code, 0, f'{page}: the last of {len(told)} blocks of {len(commands)}:\n{commands[len(told) - 1]}{told[-1]}')
    shown, at = 0, -1
    for number, (language, text) in enumerate(found):
        at += language == 'sh'
        if language == '' and number and found[number - 1][0] == 'sh':
            shown += 1
            want, got = formed(text, more), formed(told[at], more)
            assert is_shown(want, got), f'{page}: the page shows\n{want}\nand it is\n{got}'
    assert shown >= least, (page, shown)


def test_the_tutorial():
    equal({language for language, _ in blocks('tutorial.md')}, {'sh', ''})
    run_page('tutorial.md', 11)


def logs():
    """raw/access.log, .1 and .2.gz; with a line that is none."""
    os.mkdir('raw')
    day = time.strftime('%d/%b/%Y', time.gmtime(time.time() - 86400)).encode()
    log = make_log(6000).replace(b'24/Nov/2025', day).splitlines(keepends=True)
    write('raw/access.log.2.gz', gzip.compress(b''.join(log[:2000])))
    write('raw/access.log.1', b''.join(log[2000:5000]) + b'no line of a log\n')
    write('raw/access.log', b''.join(log[5000:]))


def test_readme():
    """The front page, with the log that its figures are of."""
    os.symlink(shared('corpora', 'elastic-examples', 'apache_logs'), 'access.log')
    os.mkdir('build')
    os.symlink(CRETULA, 'build/cretula')
    run_page(README, 4, [(r'\b(path|host) [\d,]+', r'\1 N'), (r'[\d.]+ %', 'N %'), (r'\d+ promoted', 'N promoted')])  # k is drawn


def test_configurations():
    """Each block of YAML that is a whole configuration is a good one, with the files that it names."""
    seen = 0
    for page in sorted(glob.glob(os.path.join(DOCS, '**', '*.md'), recursive=True)):
        for language, text in blocks(os.path.relpath(page, DOCS)):
            if language == 'yaml' and text.startswith('store: '):
                for name in re.findall(r'[\w]+\.pem|(?<=token: )token(?= )', text):
                    write(name, b'x')
                write('c.yaml', text.replace('sha256:...', 'sha256:' + '0' * 64).encode())
                equal(cretula('check', '--config', 'c.yaml', code=None).err, '', page)
                seen += 1
    assert seen > 5, seen


def test_migrate_old_logs():
    logs()
    run_page('howto/migrate-old-logs.md', 5)


def test_subject_request():
    cretula('pipe', 'shop', '--store', 'store', '--format', 'combined', stdin=make_log(3000).replace(b'198.51.68.1 ', b'198.51.99.4 '), code=0)
    run_page('howto/subject-request.md', 4)


def test_lost_disk():
    log = make_log(6000).splitlines(keepends=True)
    write('access.log.1', b''.join(log[:3000]))
    write('access.log', b''.join(log[3000:]))
    run_page('howto/lost-disk.md', 5)


def test_audit():
    write('access.log', make_log(3000))
    cretula('import', '--store', 'store', '--stream', 'shop', 'access.log', code=0)
    run_page('howto/audit.md', 5)


def test_kubernetes():
    run_page('howto/kubernetes.md', 2)


def test_what_is_shown_is_compared():
    """A test that cannot fail is a defect."""
    equal([is_shown(want, 'a 5\nb\nc') for want in ('a 5\nb\nc', 'a ...\nb\nc', '...\nc', 'a 5\n...', 'a 4\nb\nc', 'a 5\nb', '...\nb', 'b\nc')],
          [True, True, True, True, False, False, False, False])
    equal(formed('ip.aaaaaaaaaaaaaaaa 3 records'), 'ip.TOKEN 3 records')


def test_servers_are_the_presets():
    """howto/servers.md shows each file of share/presets as it is shipped; CRETULA_GOLDEN=write puts in what they are now."""
    page = os.path.join(DOCS, 'howto', 'servers.md')
    text, form = read(page).decode(), r'^`(share/presets/[\w/.-]+)`:\n\n(```\w+\n)(.*?)^```$'
    if os.environ.get('CRETULA_GOLDEN') == 'write':
        text = re.sub(form, lambda m: f'`{m[1]}`:\n\n{m[2]}{read(os.path.join(SOURCE, m[1])).decode()}```', text, flags=re.M | re.S)
        write(page, text.encode())
    shown = {name: body for name, _, body in re.findall(form, text, re.M | re.S)}
    files = glob.glob(os.path.join(SOURCE, 'share/presets/*/*'))
    equal(shown, {os.path.relpath(file, SOURCE): read(file).decode() for file in files})


def test_links():
    """Relative links of README.md and docs lead to a file, and to a heading of it if they name one; `docs/FILE` is there."""
    pages = [os.path.join(SOURCE, 'README.md'), *glob.glob(os.path.join(DOCS, '**', '*.md'), recursive=True)]
    seen, wrong = 0, []
    for page in pages:
        text = re.sub(r'^```.*?^```$', '', read(page).decode(), flags=re.M | re.S)
        named = re.findall(r'`(docs/[\w./-]+)`', text)
        wrong += [(page, name) for name in named if not os.path.exists(os.path.join(SOURCE, name))]
        seen += len(named)
        text = re.sub(r'`[^`\n]*`', '', text)
        for link in re.findall(r'\]\(([^)\s]+)\)', text):
            if re.match(r'[a-z]+:', link):
                continue
            seen += 1
            place, _, part = link.partition('#')
            target = os.path.normpath(os.path.join(os.path.dirname(page), place)) if place else page
            if not os.path.exists(target):
                wrong.append((page, link))
            elif part and part not in headings(target):
                wrong.append((page, link))
    assert not wrong, wrong
    assert seen > 10, seen


def headings(page):
    """The anchors that a page of Markdown has."""
    return {re.sub(r'[^\w -]', '', line.lower()).strip().replace(' ', '-')
            for line in re.findall(r'^#+ (.*)$', read(page).decode(), re.M)}


main()
