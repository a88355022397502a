"""Each example of --help (and so of the manual pages) is run as it is printed, in a folder like the one that it means.

What is not run stands in NOT_RUN, with the reason; a row that fits no example is an error.
"""
import json
import os
import re
import shutil
import subprocess

from lib import CRETULA, combined, cretula, main, make_log, write

PLACES = [  # where an example has a path of a machine, the test has a folder of its own
    ('/etc/cretula/cretula.yaml', './cretula.yaml'), ('/media/stick', './stick'), ('/var/lib/cretula/store', './store'),
    ('/var/lib/node_exporter', './stick'), ('/srv/www', './stick'), ('/var/log', './log'), ('/var/backups', './log'),
    ('/var/lib/systemd/coredump', './log'), ('/var/lib/cretula', './store'), ('~/', './'), ('| less', '| cat')]
DAEMON = 'talks to a daemon'
NOT_RUN = {
    'curl ': 'asks somebody else',
    'openssl ts': 'of an answer that nobody gave', 'cp/00000009.note': 'of an answer that nobody gave',
    '--consistency': 'of a store with 57 entries (test_prove.py)',
    'anchor import': 'of an answer that nobody gave (test_anchor.py, test_stamps.py)',
    '--policy policy --tsa-ca': 'witnesses that there are not (test_anchor.py)',
    'canary ': DAEMON, 'detail raise': DAEMON, 'cretula run ': 'is a daemon', 'cretula serve --config': 'is a daemon',
    '--follow': 'does not end', '--watch': 'does not end',
    'cretula demo --out': 'is a daemon (test_demo.py)',
    'tail -F': 'does not end',
    'cretula init --yes': 'writes to places of root (test_init.py)',
    'CustomLog': 'is no command line',
    '--accept-loss': 'nothing is lost (test_recover.py)',
    '--secret ./seal --out ./escrow': 'of a ratchet in memory (test_ram.py)',
    'key revoke': 'takes the recovery key of the store (test_keys.py)',
    '--key recovery --recovery old': 'takes the recovery key of the store (test_keys.py)',
    'key open --secret': 'takes a key that lines were sealed to (test_quarantine.py)',
    'quarantine replay': 'takes a key that lines were sealed to (test_quarantine.py)',
    'subject request': 'takes a configuration with approvers (test_person.py)',
    '--request case': 'of that request (test_person.py)', '--statement answer': 'of that answer (test_person.py)',
    'rescrub': 'nothing is left to find (test_subject.py)',
    '--epoch 2026-W48': 'an epoch of the day on which it was written (test_epochs.py)',
}
ENDS = {  # exit codes that are not 0
    'cretula doctor': {0, 1}, 'cretula status': {3}, 'cretula key audit': {0, 1}, '--max-risk': {0, 1}, '$time_local] $status': {3}, 'cretula scan --': {0, 1},
    'hold add audit-26': {66}, '--max-age': {0, 1}, 'cretula init --answers': {0}, 'cretula init': {2},
}
FRESH = ('key create', 'cretula init --')  # each in a folder where nothing is yet
ALONE = ('cretula retain',)  # takes away what others look at: on a copy


def examples():
    """[command, lines] of each; one that ends with a backslash or a bar goes on in the next line."""
    for command in json.loads(cretula('help', '--json', code=0).text)['commands']:
        block = re.search(r'^examples:.*?(?=\n\n|\Z)', command['details'], re.M | re.S)[0]
        text = ''
        for line in block.splitlines():
            if line.startswith('examples:'):
                continue
            text += ('\n' if text else '') + line[2:]
            if not re.search(r'[\\|]$', line):
                yield command['name'], text
                text = ''
        assert text == '', (command['name'], text)


def prepare():
    """What examples speak of."""
    for folder in ('bin', 'stick', 'log', 'log/nginx', 'log/app'):
        os.mkdir(folder)
    os.symlink(CRETULA, 'bin/cretula')
    os.symlink(CRETULA + '-verify', 'bin/cretula-verify')
    for name, text in (('pass', 'echo 4929AAAA-canary'), ('zcat', 'gzip -dc "$@"')):
        write(f'bin/{name}', f'#!/bin/sh\n{text}\n'.encode())
        os.chmod(f'bin/{name}', 0o755)
    log = make_log(5000)
    for path in ('access.log', 'log/nginx/access.log'):
        write(path, log)
    subprocess.run(['gzip', '-k', 'access.log'], check=True)
    os.rename('access.log.gz', 'old.gz')
    write('log/app.sqlite', b'nothing\n')
    write('names', b'erika\n')
    write('rules.txt', b'customer  \\bC-[0-9]{6}\\b\n+ see C-123456\n- see C-12\n')
    os.mkdir('export')
    write('cretula.yaml', b'store: ./store\nstreams:\n  shop: { format: nginx-combined }\n')
    cretula('import', '--store', 'store', '--stream', 'shop', '--format', 'auto', 'access.log', code=0)
    cretula('pipe', 'shop', '--store', 'store', '--format', 'combined', stdin=log[:2000], code=0)
    anchor = cretula('verify', '--store', 'store', '--json', code=0).json['coverage']['auditor']
    write('auditor.txt', anchor.encode())


def test_every_example_of_help_does_what_it_says():
    prepare()
    used, run, wrong = set(), 0, []
    root = {'CRETULA_ROOT': os.path.abspath('none'), 'TMPDIR': os.getcwd()}
    for command, text in examples():
        reason = next((key for key in NOT_RUN if key in text), None)
        if reason:
            used.add(reason)
            continue
        end = next((key for key in ENDS if key in text), None)
        used |= {end} - {None}
        line = text
        for place, here in PLACES:
            line = line.replace(place, here)
        here = '.'
        if any(key in text for key in FRESH):
            here = f'new-{run}'
            os.makedirs(f'{here}/stick')
            write(f'{here}/answers.txt', b'stored: yes\n')
        if any(key in text for key in ALONE):
            here = f'copy-{run}'
            for folder in ('store', 'store.keys'):
                shutil.copytree(folder, f'{here}/{folder}')
            shutil.copy('cretula.yaml', here)
        done = subprocess.run(['bash', '-c', f'set -o pipefail; {line}'], capture_output=True, check=False, timeout=120,
                              cwd=here, stdin=subprocess.DEVNULL, env={**os.environ, **root, 'PATH': os.path.abspath('bin') + ':' + os.environ['PATH']})
        run += 1
        if done.returncode not in ENDS.get(end, {0}):
            wrong.append((command, line, done.returncode, done.stderr.decode()[-300:], done.stdout[-200:]))
    assert not wrong, '\n'.join(map(str, wrong))
    assert run > 45, run
    assert used == NOT_RUN.keys() | ENDS.keys(), (NOT_RUN.keys() | ENDS.keys()) - used


main()
