"""Completion in real shells: what is made of the option tables, asked as a person does."""
import os
import pty
import re
import select
import shutil
import subprocess
import time

from lib import CRETULA, Skip, combined, cretula, equal, main, write

MADE = os.path.join(os.path.dirname(CRETULA), 'packaging', 'completion')


def commands():
    return [line.split()[0] for line in cretula('--help', code=0).text.split('\n\n')[2].splitlines()]


def need(shell):
    if not shutil.which(shell):
        raise Skip(f'no {shell}')


def small_store():
    write('access.log', combined(1).encode())
    for stream in ('shop', 'blog'):
        cretula('import', '--store', 'store', '--stream', stream, '--format', 'combined', '--no-verify', 'access.log', code=0)
    os.mkdir('logs')


def bash(*lines):
    """What bash offers for each line, the cursor being at its end."""
    need('bash')
    script = f'source {MADE}/cretula\n'
    for line in lines:
        words = re.findall(r'=|[^ =]+', line) + ([''] if line[-1] in ' =' else [])
        listed = ' '.join(f"'{word}'" for word in words)
        script += f'COMP_WORDS=({listed}); COMP_CWORD={len(words) - 1}; _cretula; echo "${{COMPREPLY[@]}}"\n'
    done = subprocess.run(['bash', '-c', 'compopt() { :; }\n' + script], capture_output=True, check=True, text=True, timeout=120)
    equal(done.stderr, '')
    return [line.split() for line in done.stdout.splitlines()]


def fish(*lines):
    need('fish')
    script = f'source {MADE}/cretula.fish\n' + ''.join(f"complete -C '{line}' | string split -f1 \\t; echo %\n" for line in lines)
    done = subprocess.run(['fish', '--no-config', '-c', script], capture_output=True, check=True, text=True, timeout=120,
                          env={**os.environ, 'HOME': os.getcwd()})
    equal(done.stderr, '')
    return [part.split() for part in done.stdout.split('%\n')[:-1]]


def zsh(typed, wanted):
    """Type it and a tab into a zsh on a terminal; what it shows once wanted is there."""
    need('zsh')
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvpe('zsh', ['zsh', '-f', '-i'], {**os.environ, 'HOME': os.getcwd(), 'TERM': 'dumb', 'PS1': '> ', 'COLUMNS': '200'})
    begin = f'fpath=({MADE} $fpath); autoload -Uz compinit; compinit -u -D; unsetopt beep; setopt list_ambiguous; print rea$((1))dy\n'
    shown = b''
    try:  # what is typed before there is a prompt is no line of its editor yet
        for text, until in ((begin, rb'rea1dy[^>]*> '), (typed + '\t\t', re.escape(wanted.encode()))):
            os.write(terminal, text.encode())
            end = time.monotonic() + 120
            while not re.search(until, shown):
                assert time.monotonic() < end, (typed, shown[-2000:])
                if select.select([terminal], [], [], 0.1)[0]:
                    shown += os.read(terminal, 65536)
            if text == begin:
                shown = b''
    finally:
        os.close(terminal)  # it hangs up
        os.waitpid(pid, 0)
    return shown.decode('utf-8', 'replace')


def test_bash_completes_every_command_and_option():
    small_store()
    names = commands()
    offered = bash('cretula ', *(f'cretula {name} --' for name in names))
    equal(set(offered[0]), {*names, 'help', '--help', '--version'})
    for name, options in zip(names, offered[1:]):
        page = cretula(name, '--help', code=0).text
        equal(sorted(options), sorted(re.findall(r'^  (--[a-z-]+)', page, re.M)), name)


def test_bash_completes_what_an_option_takes():
    small_store()
    rows = [('cretula ver', ['verify']), ('cretula import --form', ['--format', '--format-string']),
            ('cretula import --format nginx-', ['nginx-combined', 'nginx-error', 'nginx-json']),
            ('cretula view --as ', ['json', 'text', 'combined', 'csv', 'ecs', 'otel']),
            ('cretula view --store store --stream ', ['blog', 'cretula.store', 'shop']),
            ('cretula view --store=store --stream=s', ['shop']),
            ('cretula view --store st', ['store', 'store.keys']), ('cretula verify --bundle l', ['logs']),
            ('cretula import acc', ['access.log']), ('cretula words ', ['list', 'add', 'forget']),
            ('cretula key ro', ['rotate']), ('cretula help fi', ['fields']), ('cretula view --stream ', [])]
    for (line, want), got in zip(rows, bash(*(line for line, _ in rows))):
        equal(sorted(got), sorted(want), line)


def test_fish_completes_commands_options_and_values():
    small_store()
    names = commands()
    rows = [('cretula ver', {'verify'}), ('cretula import --form', {'--format', '--format-string'}),
            ('cretula import --format nginx-', {'nginx-combined', 'nginx-error', 'nginx-json'}),
            ('cretula view --store store --stream ', {'blog', 'cretula.store', 'shop'}), ('cretula view --as te', {'text'}),
            ('cretula import acc', {'access.log'}), ('cretula key ro', {'rotate'}), ('cretula verify --bundle l', {'logs/'})]
    got = fish('cretula ', *(line for line, _ in rows))
    equal(set(got[0]), {*names, 'help', '--version'})
    for (line, want), offered in zip(rows, got[1:]):
        equal(set(offered), want, line)


def test_zsh_completes_commands_options_and_values():
    small_store()
    for typed, wanted in (('cretula veri', 'verify'), ('cretula import --again --fi', '--final'),
                          ('cretula view --store store --stream sh', 'shop'), ('cretula view --as ot', 'otel'),
                          ('cretula import acc', 'access.log'), ('cretula key rot', 'rotate')):
        assert wanted in zsh(typed, wanted), typed


main()
