"""cretula demo: a store that is worth a look, in a moment; what is done to it is found; each role gets in."""
import collections
import datetime
import http.client
import json
import os
import re
import signal
import socket
import subprocess

from lib import CRETULA, Skip, cretula, equal, main, tree_bytes, unpacked, wait_for, write


def ask(port, path, token):
    c = http.client.HTTPConnection('127.0.0.1', port, timeout=120)
    c.request('GET', path, headers={'Authorization': f'Bearer {token}'})
    answer = c.getresponse()
    got = answer.status, answer.read()
    c.close()
    return got


def answers(port):
    with socket.socket() as s:
        return s.connect_ex(('127.0.0.1', port)) == 0


def yesterday():
    return (datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=1)).strftime('%Y-%m-%d')


def test_it_has_what_it_says():
    """Thirty days of three streams, an attack, one client gone, a week archived and pruned; verified, and nothing left that scan would find."""
    eves = [yesterday()]
    said = cretula('demo', '--no-serve', '--out', './demo', '--json', code=0).json
    eves.append(yesterday())  # another one, if it was midnight meanwhile
    equal(said['folder'], os.path.abspath('demo'))
    store = said['store']
    equal(cretula('verify', '--store', store, '--anchor', said['auditor'], '--json', code=0).json['findings'], [])
    kept = {name: cretula('view', '--store', store, '--stream', name, code=0).lines for name in ('api', 'hosts', 'shop')}
    equal(sum(map(len, kept.values())) + said['erased'] + said['pruned'], said['records'])
    assert said['erased'] > 0 and said['pruned'] > 3000 and said['records'] > 20000, said
    for name, count in (('shop', 23), ('api', 30), ('hosts', 30)):
        days = {r['time'][:10] for r in kept[name]}
        equal(len(days), count)
        assert max(days) in eves, (days, eves)
    # the week that went is in the archive, without names of paths that few have asked for, and verifies there
    older = cretula('view', '--store', said['archive'], '--stream', 'shop', code=0).lines
    equal(len(older), said['pruned'])
    assert len({r['time'][:10] for r in older}) == 7 and max(r['time'] for r in older) < min(r['time'] for r in kept['shop'])
    for command in (['verify', '--store', said['archive']], ['archive', '--config', said['config'], '--stream', 'shop', '--check']):
        cretula(*command, code=0)
    equal([line['prune']['segments'] for line in cretula('retain', '--config', said['config'], '--dry-run', '--json', code=0).json['streams']],
          [0, 0, 0], 'nothing is left to prune')
    assert not any('state' in r for rows in kept.values() for r in rows), 'each line is read'
    by_client = collections.Counter(r['client'] for r in kept['shop'] if r['status'] >= 400)
    (_, most), (_, second) = by_client.most_common(2)
    assert most > 1000 > 5 * second, by_client.most_common(2)
    failed = collections.Counter(r['time'][:13] for r in kept['hosts'] if r['outcome'] == 'failure')
    assert failed.most_common(2)[0][1] >= 600 > 10 * failed.most_common(3)[2][1], failed.most_common(3)
    words = {r['path'].split('/')[1] for r in kept['shop']}
    assert {'account', 'lamps', 'cart'} <= words, words
    cretula('scan', store, code=0)
    raw = b'erika', b'198.18.', b'198.19.', b'2001:db8', b'203.0.113.66'
    equal([(path, word) for path, text in unpacked(said['folder']).items() for word in raw if word in text], [])


def test_what_is_there_is_left_alone():
    os.mkdir('demo')
    write('demo/mine', b'x')
    run = cretula('demo', '--no-serve', '--out', 'demo', code=2)
    assert 'demo is there: --out takes a new folder' in run.err, run.err
    equal(tree_bytes('demo'), {'demo/mine': b'x'})


def test_a_full_disk_is_said():
    """Whichever of its steps finds no room, the cause is told, and what to do."""
    for size in ('16k', '200k', '1m', '3m'):
        os.makedirs('disk', exist_ok=True)
        if subprocess.run(['mount', '-t', 'tmpfs', '-o', f'size={size}', 'tmpfs', 'disk'], capture_output=True, check=False).returncode:
            raise Skip('cannot mount a tmpfs here')
        try:
            said = cretula('demo', '--no-serve', '--out', 'disk/demo', code=74).err
        finally:
            subprocess.run(['umount', '-l', 'disk'], capture_output=True, check=False)
        lines = said.splitlines()
        assert len(lines) == 2 and 'No space left on device' in lines[0] and lines[0].startswith('cretula demo: '), (size, said)
        equal(lines[1], f'next:  rm -r {os.path.abspath("disk/demo")}, then again with --out, to a place with 20 MiB')


def test_each_change_is_found():
    run = cretula('demo', '--tamper', env={'TMPDIR': os.getcwd()}, code=0)
    parts = re.split(r'\n\n', run.text.split('a shop behind nginx\n')[1].strip())
    equal(len(parts), 7, parts)
    assert max(len(line) for line in run.text.splitlines() if '/' not in line) <= 80, run.text
    for part, codes in zip(parts, (('E_RECORD_MODIFIED', 'E_CONTAINER'), ('E_SEGMENT_MISSING',), ('E_COUNTS',), ('E_CHAIN_TRUNCATED',))):
        assert any(code in part for code in codes), part
    assert 'verifies again' in parts[4], parts


def test_each_role_gets_in():
    process = subprocess.Popen([CRETULA, 'demo', '--out', 'demo'], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        shown = ''
        while 'Ctrl-C' not in shown:
            line = process.stdout.readline()
            assert line, (shown, process.stderr.read())
            shown += line
        port = re.search(r' http://127.0.0.1:(\d+)/ ', shown)[1]
        links = [(role, port, token) for role, token in re.findall(r'^  (\w+) +(crt_\S+)$', shown, re.M)]
        equal([role for role, _, _ in links], ['developer', 'analyst', 'public', 'auditor'])
        equal(shown.splitlines()[-1], f'Open http://127.0.0.1:{port}/ in a browser; Ctrl-C ends it.')
        words = [line for line in shown.splitlines() if '/' not in line or 'http' in line]
        assert max(map(len, words)) <= 80, 'what is no path fits a terminal'
        wait_for(lambda: answers(int(port)) or process.poll() is not None)
        for role, port, token in links:
            status, body = ask(int(port), '/api/v1/session', token)
            equal((status, json.loads(body)['tier']), (200, role))
        status, body = ask(int(links[0][1]), '/api/v1/records?stream=shop&limit=3', links[0][2])
        equal(status, 200)
        assert b'"client":"ip.' in body, body
    finally:
        process.send_signal(signal.SIGTERM)
        text = process.communicate(timeout=120)[1]
    equal((process.returncode, text), (0, ''), 'a log is for who runs a daemon')


main()
