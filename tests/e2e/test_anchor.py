"""cretula anchor and what verify says of it: cosignatures of witnesses, time stamps of authorities.

Witness and authority are made by the test, with openssl; nothing is sent anywhere.
"""
import base64
import hashlib
import json
import os
import re
import shutil
import struct
import subprocess
import time

from lib import EACH, Skip, combined, cretula, equal, is_testing_build, main, read, verify_py, wait_for, write
from test_outside import outside

CODE = re.compile(rb'\b[EW]_[A-Z_]+\b')
STORE = ('--store', 'store', '--stream', 's')


def openssl(*args, data=b''):
    if shutil.which('openssl') is None:
        raise Skip('no openssl')
    done = subprocess.run(['openssl', *args], input=data, capture_output=True, check=False)
    assert done.returncode == 0, (args, done.stderr)
    return done.stdout


class Witness:
    """An Ed25519 key by openssl, and C2SP tlog-cosignature lines by it."""

    def __init__(self, name):
        self.name, self.file = name, f'{name}.key'
        openssl('genpkey', '-algorithm', 'ed25519', '-out', self.file)
        self.public = openssl('pkey', '-in', self.file, '-pubout', '-outform', 'DER')[-32:]
        self.hash = hashlib.sha256(name.encode() + b'\n\x04' + self.public).digest()[:4]
        self.vkey = f'{name}+{self.hash.hex()}+{base64.b64encode(bytes([4]) + self.public).decode()}'

    def cosign(self, note, at=None, break_it=False):
        at = int(time.time()) if at is None else at
        body = note[:note.index(b'\n\n') + 1]
        write('message', b'cosignature/v1\ntime %d\n' % at + body)
        signature = bytearray(openssl('pkeyutl', '-sign', '-inkey', self.file, '-rawin', '-in', 'message'))
        signature[5] ^= break_it
        text = base64.b64encode(self.hash + struct.pack('>Q', at) + signature)
        return '— '.encode() + self.name.encode() + b' ' + text + b'\n'


class Authority:
    """A certificate authority with one time stamp authority below it."""

    CONFIG = '''[req]\ndistinguished_name = dn\nprompt = no\n[dn]\nCN = Test root\n
[ca]\nbasicConstraints = critical,CA:TRUE\nkeyUsage = critical,keyCertSign\n
[tsa]\nextendedKeyUsage = critical,timeStamping\nkeyUsage = critical,digitalSignature\n
[ts]\ndefault_tsa = one\n[one]\nserial = ./serial\nsigner_digest = sha256\ndefault_policy = 1.2.3.4.1\n
digests = sha256, sha512\ness_cert_id_alg = sha256\nordering = no\ntsa_name = yes\naccuracy = secs:1\n'''

    def __init__(self, name='tsa', days=('-days', '30')):
        self.name, self.ca = name, f'{name}-ca.pem'
        write(f'{name}.cnf', self.CONFIG.encode())
        write('serial', b'01\n')
        self.run('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout',
                 f'{name}-ca.key', '-out', self.ca, '-extensions', 'ca', '-days', '30')
        self.run('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', f'{name}.key',
                 '-out', f'{name}.csr', '-subj', f'/CN=Stamps of {name}')
        openssl('x509', '-req', '-in', f'{name}.csr', '-CA', self.ca, '-CAkey', f'{name}-ca.key', '-CAcreateserial',
                '-out', f'{name}.pem', '-extfile', f'{name}.cnf', '-extensions', 'tsa', *days)

    def run(self, command, *args):
        return openssl(command, '-config', f'{self.name}.cnf', *args)

    def stamp(self, query, out='answer.tsr'):
        self.run('ts', '-reply', '-queryfile', query, '-section', 'one', '-signer', f'{self.name}.pem',
                 '-inkey', f'{self.name}.key', '-out', out)
        return out


def make(lines=20):
    write('log', ''.join(combined(n) for n in range(lines)).encode())
    cretula('import', '--store', 'store', '--stream', 's', '--format', 'auto', 'log', code=0)


def newest(stream='s'):
    return read(f'store/streams/{stream}/checkpoint')


def size_of(note):
    return int(note.split(b'\n')[1])


def entries(stream='s'):
    return [json.loads(line) for line in read(f'store/streams/{stream}/chain.jsonl').splitlines()]


def verdict(*args, where=('--store', 'store'), code=0):
    """(codes) of cretula, cretula-verify and verify.py, which must agree."""
    ours = cretula('verify', *where, *args, code=code)
    if not any(arg.startswith('--tsa') for arg in args):
        theirs = outside(*where, *args)
        equal((theirs.returncode, theirs.stdout), (ours.code, ours.out))
        third = verify_py(*(where[1:] if where[0] == '--store' else where), *args)
        equal((third.returncode, set(CODE.findall(third.stdout))), (ours.code, set(CODE.findall(ours.out))),
              f'verify.py and cretula\n{third.stdout!r}\n{third.stderr!r}\n{ours.text}')
    return {found.decode() for found in CODE.findall(ours.out)}


def report(*args):
    return cretula('verify', '--store', 'store', '--json', *args).json


def node(left, right):
    return hashlib.sha256(b'\1' + left + right).digest()


def root(leaves):
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    return node(root(leaves[:k]), root(leaves[k:]))


def consistency(leaves, old, complete=True):
    """PROOF of RFC 9162 2.1.4.1."""
    if old == len(leaves):
        return [] if complete else [root(leaves)]
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    if old <= k:
        return consistency(leaves[:k], old, complete) + [root(leaves[k:])]
    return consistency(leaves[k:], old - k, False) + [root(leaves[:k])]


def test_witness_request():
    """The body of add-checkpoint: old size, RFC 9162 proof, the note."""
    make()
    make(30)
    note = newest()
    leaves = [hashlib.sha256(b'\0' + line).digest() for line in read('store/streams/s/chain.jsonl').splitlines()]
    for old in range(len(leaves) + 1):
        body = cretula('anchor', 'print', 'witness', *STORE, '--old', old, code=0).out
        head, rest = body.split(b'\n\n', 1)
        lines = head.split(b'\n')
        equal(lines[0], b'old %d' % old)
        proof = consistency(leaves, old) if old else []
        equal(lines[1:], [base64.b64encode(value) for value in proof], old)
        equal(rest, note)
    equal(cretula('anchor', 'print', 'witness', *STORE, code=0).out, b'old 0\n\n' + note)
    early = cretula('anchor', 'print', 'witness', *STORE, '--size', 2, code=0).out
    equal(early, b'old 0\n\n' + read('store/streams/s/cp/00000002.note'))
    for args, code in [(('--old', 99), 66), (('--size', 99), 66), (('--old', 'x'), 2), (('--stream', 'none'), 2)]:
        cretula('anchor', 'print', 'witness', *STORE, *args, code=code)
    cretula('anchor', 'print', 'witness', '--store', 'store', '--stream', 'none', code=66)
    cretula('anchor', 'print', 'witness', '--store', 'none', '--stream', 's', code=66)
    cretula('anchor', 'print', 'nothing', *STORE, code=2)
    cretula('anchor', 'export', 'x', *STORE, code=2)
    equal(cretula('anchor', 'print', 'witness', '--store', 'store', code=0).out, cretula('anchor', 'print', 'witness', *STORE, code=0).out)


def test_cosignature():
    """A witness's lines: kept, named, and counted by who knows the witness."""
    make()
    witness, other = Witness('witness.example'), Witness('other')
    note = newest()
    write('answer', other.cosign(note) + witness.cosign(note, at=1764000000 + 10 ** 7))
    cretula('anchor', 'import', 'answer', *STORE, code=2)
    done = cretula('anchor', 'import', 'answer', *STORE, '--witness', witness.vkey, '--json', code=0).json
    size = size_of(note)
    equal((done['kind'], done['size'], done['by'], done['added']), ('cosignature', size, witness.name, True))
    equal(done['file'], f'anchor/{size:08}.cosig')
    kept = read('store/streams/s/' + done['file'])
    assert kept.startswith(note) and witness.name.encode() in kept and b'other' not in kept
    entry = entries()[-1]
    equal((entry['type'], entry['kind'], entry['size'], entry['by']), ('anchor', 'cosignature', size, witness.name))
    equal(entry['file'], {'name': done['file'], 'size': len(kept), 'hash': hashlib.sha256(kept).hexdigest()})
    again = cretula('anchor', 'import', 'answer', *STORE, '--witness', witness.vkey, '--json', code=0).json
    equal((again['added'], again['file'], len(entries())), (False, done['file'], size + 1))
    whole = note + witness.cosign(note, at=1764000001 + 10 ** 7)
    write('whole', whole)
    equal(cretula('anchor', 'import', 'whole', *STORE, '--witness', witness.vkey, '--json', code=0).json['file'],
          f'anchor/{size:08}-2.cosig')
    equal(verdict(), set())
    assert any('cosignatures: 2' in line for line in report()['coverage']['not_checked'])
    # The next request goes on from what was cosigned.
    assert cretula('anchor', 'print', 'witness', *STORE, code=0).out.startswith(b'old %d\n' % size)
    write('one', f'witness w {witness.vkey}\nquorum w\nlog {entries()[0]["log"]} https://x\n'.encode())
    equal(verdict('--policy', 'one'), set())
    cover = report('--policy', 'one')['coverage']
    equal((cover['cosignatures'], cover['witnessed']), (2, [{'stream': 's', 'size': size}]))


def test_cosignature_refused():
    """What does not verify is not kept, and nothing is appended."""
    make()
    witness, other = Witness('w'), Witness('other')
    note = newest()
    before = entries()
    day = 86400
    rows = [
        ('bad', witness.cosign(note, break_it=True)),
        ('of a time to come', witness.cosign(note, at=int(time.time()) + 2 * day)),
        ('of another log', witness.cosign(note.replace(b'/s\n', b'/t\n'))),
        ('by somebody else', other.cosign(note)),
        ('a whole note of another log', note.replace(b'/s\n', b'/t\n') + witness.cosign(note)),
        ('the note alone', note),
        ('nothing', b''),
        ('nonsense', b'nonsense\n'),
        ('a good one and a bad one', witness.cosign(note) + witness.cosign(note, break_it=True)),
        ('long', b'\xe2\x80\x94 x y\n' * 20000),
    ]
    for claim, answer in rows:
        write('answer', answer)
        code = cretula('anchor', 'import', 'answer', *STORE, '--witness', witness.vkey).code
        assert code in (1, 66, 74), (claim, code)
        equal(entries(), before, claim)
        assert not os.path.exists('store/streams/s/anchor'), claim
    write('answer', witness.cosign(note))
    for args, code in [((), 2), (('--witness', 'x'), 2), (('--policy', 'none'), 66), (('--policy', 'log'), 78),
                       (('--witness', witness.vkey, '--policy', 'log'), 2),
                       (('--witness', witness.vkey, '--size', '1'), 1), (('--tsa-untrusted', 'log'), 2)]:
        cretula('anchor', 'import', 'answer', *STORE, *args, code=code)
    equal(entries(), before)


def test_quorum():
    """Row 63: unknown witnesses, bad lines, too few of them, of a time to come."""
    make()
    a, b, c = (Witness(name) for name in 'abc')
    note = newest()
    log = entries()[0]['log']

    def keep(witness):
        write('answer', witness.cosign(note))
        cretula('anchor', 'import', 'answer', *STORE, '--witness', witness.vkey, code=0)

    def policy(text):
        names = ''.join(f'witness {w.name} {w.vkey}\n' for w in (a, b, c))
        write('policy', f'# trusted\n\nlog {log}\n{names}{text}\n'.encode())
        return '--policy', 'policy'
    keep(a)
    keep(b)
    rows = [
        ('quorum none', True), ('quorum a', True), ('quorum c', False), ('group g any a c\nquorum g', True),
        ('group g all a b\nquorum g', True), ('group g all a c\nquorum g', False), ('group g 2 a b c\nquorum g', True),
        ('group g 3 a b c\nquorum g', False), ('group g all a b\ngroup h any c g\nquorum h', True),
        ('group g all a c\ngroup h all g b\nquorum h', False),
    ]
    for text, met in rows:
        equal(verdict(*policy(text), code=0 if met else 1), set() if met else {'E_WITNESS'}, text)
    for text in ('quorum d', 'quorum a\nquorum b', 'group a any b\nquorum a', 'group g 4 a b c', 'group g 0 a', 'group g any',
                 'group none any a', 'group g any a a', 'wit x', f'witness d {log}', f'log {a.vkey}',
                 f'witness d {a.vkey}', 'quorum', 'group g any d\nwitness d x'):
        equal(cretula('verify', '--store', 'store', *policy(text)).code, 78, text)
    # Another log's policy says nothing of this one, and that is told.
    write('policy', f'log {a.vkey.replace("+", "x+", 1)}\n'.encode())
    cretula('verify', '--store', 'store', '--policy', 'policy', code=78)
    write('policy', f'log {entries("cretula.store")[0]["log"]}\nwitness a {a.vkey}\nquorum a\n'.encode())
    equal(verdict('--policy', 'policy', code=1), {'E_WITNESS'})
    other = f'log/x+{hashlib.sha256(b"log/x" + chr(10).encode() + bytes([1]) + a.public).hexdigest()[:8]}+'
    other += base64.b64encode(bytes([1]) + a.public).decode()
    write('policy', f'log {other}\nwitness a {a.vkey}\nquorum a\n'.encode())
    equal(verdict('--policy', 'policy', code=1), {'E_WITNESS'})
    write('policy', f'log {other}\nwitness a {a.vkey}\nquorum none\n'.encode())
    equal(verdict('--policy', 'policy'), set())


def sign_of_time_to_come(witness):
    """As if a witness had said it: the entry is right, the line is of the day after tomorrow."""
    return witness.cosign(newest(), at=int(time.time()) + 2 * 86400)


def test_ahead():
    """A cosignature of more than a day ahead is bad at the reader's, too."""
    if not is_testing_build():
        raise Skip('needs -Dtesting=true')
    make()
    witness = Witness('w')
    write('answer', sign_of_time_to_come(witness))
    later = time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(time.time() + 2 * 86400))
    cretula('anchor', 'import', 'answer', *STORE, '--witness', witness.vkey, code=0, env={'CRETULA_CLOCK': later})
    write('policy', f'witness w {witness.vkey}\nquorum none\n'.encode())
    equal(verdict('--policy', 'policy', code=1), {'E_WITNESS'})
    equal(verdict(), set())


def test_stamp():
    """RFC 3161: asked by us, answered and verified by openssl, checked by us."""
    make()
    authority = Authority()
    note = newest()
    size = size_of(note)
    body = note[:note.index(b'\n\n') + 1]
    cretula('anchor', 'print', 'tsq', *STORE, '--out', 'q.tsq', code=0)
    text = openssl('ts', '-query', '-in', 'q.tsq', '-text')
    assert b'Certificate required: yes' in text and b'sha256' in text and b'Nonce: 0x' in text
    assert cretula('anchor', 'print', 'tsq', *STORE, code=0).out != read('q.tsq'), 'another nonce'
    authority.stamp('q.tsq')
    make(40)  # the chain goes on before the answer comes
    done = cretula('anchor', 'import', 'answer.tsr', *STORE, '--tsa-ca', authority.ca, '--json', code=0)
    equal(done.err, '')
    equal((done.json['kind'], done.json['size'], done.json['by']), ('tsr', size, 'Stamps of tsa'))
    kept = 'store/streams/s/' + done.json['file']
    equal(read(kept), read('answer.tsr'))
    write('body', body)
    openssl('ts', '-verify', '-data', 'body', '-in', kept, '-CAfile', authority.ca)
    equal(verdict('--tsa-ca', authority.ca), set())
    equal(report('--tsa-ca', authority.ca)['coverage']['stamps'], 1)
    equal(verdict(), set())
    assert any('openssl ts -verify' in line for line in report()['coverage']['not_checked'])
    other = Authority('other')
    found = cretula('verify', '--store', 'store', '--tsa-ca', other.ca, code=1)
    equal(set(CODE.findall(found.out)), {b'E_ANCHOR'})
    cretula('anchor', 'import', 'answer.tsr', *STORE, '--tsa-ca', other.ca, code=1)
    cretula('anchor', 'import', 'answer.tsr', *STORE, '--tsa-ca', 'log', code=78)
    unchecked = cretula('anchor', 'import', 'answer.tsr', *STORE, code=0)
    assert 'not checked' in unchecked.err and 'already' in unchecked.text


def test_stamp_refused():
    """Row 64: over something else, not granted, of an authority that is expired or unknown, torn."""
    make()
    authority, old = Authority(), Authority('old', days=('-days', '-1'))
    before = entries()
    cretula('anchor', 'print', 'tsq', *STORE, '--out', 'q.tsq', code=0)
    good = read(authority.stamp('q.tsq'))
    write('other', b'something else\n')
    openssl('ts', '-query', '-data', 'other', '-sha256', '-cert', '-out', 'other.tsq')
    write('body', newest()[:newest().index(b'\n\n') + 1])
    openssl('ts', '-query', '-data', 'body', '-sha512', '-cert', '-out', 'sha512.tsq')
    openssl('ts', '-query', '-data', 'body', '-sha1', '-cert', '-out', 'sha1.tsq')
    rows = [
        ('something else', read(authority.stamp('other.tsq'))),
        ('another hash', read(authority.stamp('sha512.tsq'))),
        ('rejected', read(authority.stamp('sha1.tsq'))),
        ('torn', good[:-1]),
        ('more behind it', good + b'\0'),
        ('the query', read('q.tsq')),
        ('empty sequence', b'\x30\x00'),
        ('an indefinite length', b'\x30\x80' + good[4:] + b'\0\0'),
        ('a length of 2^32', b'\x30\x84\xff\xff\xff\xff'),
    ]
    for claim, answer in rows:
        write('answer', answer)
        for more in ((), ('--tsa-ca', authority.ca)):
            cretula('anchor', 'import', 'answer', *STORE, *more, code=1)
            equal(entries(), before, claim)
    write('answer', good)
    cretula('anchor', 'import', 'answer', *STORE, '--tsa-ca', old.ca, code=1)
    old.stamp('q.tsq', 'answer')
    cretula('anchor', 'import', 'answer', *STORE, '--tsa-ca', old.ca, code=1)
    changed = bytearray(good)
    changed[-5] ^= 1  # within the signature
    write('answer', changed)
    cretula('anchor', 'import', 'answer', *STORE, '--tsa-ca', authority.ca, code=1)
    equal(entries(), before)
    assert not os.path.exists('store/streams/s/anchor')


def test_stamp_of_the_past():
    """Row 64: a time before what it stamps was sealed."""
    if not is_testing_build():
        raise Skip('needs -Dtesting=true')
    authority = Authority()
    write('log', combined(1).encode())
    later = time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(time.time() + 3600))
    cretula('import', '--store', 'store', '--stream', 's', '--format', 'auto', 'log', code=0, env={'CRETULA_CLOCK': later})
    cretula('anchor', 'print', 'tsq', *STORE, '--out', 'q.tsq', code=0)
    done = cretula('anchor', 'import', authority.stamp('q.tsq'), *STORE, '--tsa-ca', authority.ca, code=1)
    assert 'before' in done.err


def test_tampering():
    """The file gone, changed, exchanged; one more; a link; verify says so without any key."""
    make()
    authority = Authority()
    for number in (1, 2):
        cretula('anchor', 'print', 'tsq', *STORE, '--out', 'q.tsq', code=0)
        cretula('anchor', 'import', authority.stamp('q.tsq'), *STORE, code=0)
    first, second = sorted('store/streams/s/anchor/' + name for name in os.listdir('store/streams/s/anchor'))
    good, other = read(first), read(second)
    shutil.copytree('store', 'kept')

    def change():
        write(first, good[:-9] + bytes([good[-9] ^ 1]) + good[-8:])

    def link():
        os.rename(first, 'moved')
        os.symlink(os.path.abspath('moved'), first)

    def no_folder():
        shutil.rmtree('store/streams/s/anchor')
        write('store/streams/s/anchor', b'x')
    rows = [
        ('gone', lambda: os.unlink(first), {'E_ANCHOR'}),
        ('changed', change, {'E_ANCHOR'}),
        ('exchanged', lambda: write(first, other), {'E_ANCHOR'}),
        ('longer', lambda: write(first, good + bytes(10 ** 6)), {'E_ANCHOR'}),
        ('one more', lambda: write('store/streams/s/anchor/00000001.tsr', good), {'W_UNKNOWN_FILE'}),
        ('unfinished', lambda: write('store/streams/s/anchor/.x.tmp', b''), set()),
        ('a link', link, {'E_FILE_TYPE'}),
        ('a fifo', lambda: (os.unlink(first), os.mkfifo(first)), {'E_FILE_TYPE'}),
        ('all gone', lambda: shutil.rmtree('store/streams/s/anchor'), {'E_ANCHOR'}),
        ('no folder', no_folder, {'E_FILE_TYPE'}),
    ]
    for claim, tamper, codes in rows:
        shutil.rmtree('store')
        shutil.copytree('kept', 'store')
        tamper()
        found = verdict(code=1 if any(code[0] == 'E' for code in codes) else 0)
        equal(found, codes, claim)


def test_own_chain():
    """The store's own chain is anchored like any other."""
    make()
    witness = Witness('w')
    write('answer', witness.cosign(newest('cretula.store')))
    cretula('anchor', 'import', 'answer', '--store', 'store', '--stream', 'cretula.store', '--witness', witness.vkey, code=0)
    equal(entries('cretula.store')[-1]['type'], 'anchor')
    write('policy', f'log {entries("cretula.store")[0]["log"]}\nwitness w {witness.vkey}\nquorum w\n'.encode())
    equal(verdict('--policy', 'policy'), set())
    make(50)
    equal(verdict('--policy', 'policy'), set())


def prove(old, *args, code=0, stream='s'):
    return cretula('prove', '--store', 'store', '--stream', stream, '--consistency', old, *args, code=code).out


def python(path, *args):
    return verify_py('--proof', path, *args)


def check(text, *args, code=0):
    """The report of cretula; cretula-verify and verify.py must agree."""
    write('proof', text)
    ours = cretula('verify', '--proof', 'proof', *args, code=code)
    theirs = outside('--proof', 'proof', *args)
    equal((theirs.returncode, theirs.stdout), (ours.code, ours.out))
    equal(python('proof', *args).returncode, ours.code)
    return ours


def auditor():
    line = read('store/streams/cretula.store/chain.jsonl').splitlines()[0]
    return json.loads(line)['log'] + ' sha256:' + hashlib.sha256(line).hexdigest()


def test_consistency():
    """Between any two notes, as a file, checked against the auditor's line."""
    make()
    make(30)
    make(40)
    newest_size = size_of(newest())
    for stream in ('s', 'cretula.store'):
        top = size_of(newest(stream))
        for old in range(1, top + 1):
            for new in range(old, top + 1):
                done = check(prove(old, '--to', new, stream=stream), '--anchor', auditor(), '--json').json
                equal((done['old'], done['new'], done['anchored'], done['stream']), (old, new, True, stream))
    text = prove(2)
    assert b'\nnew %d\n' % newest_size in text and newest() in text and read('store/streams/s/cp/00000002.note') in text
    report_text = check(text).text
    assert report_text.startswith('proof proof: good') and 'key taken on trust' in report_text
    for args, code in [((99,), 66), ((0,), 2), ((3, '--to', 2), 66), ((1, '--to', 99), 66), ((1, '--record', 1), 2)]:
        prove(*args, code=code)
    prove(1, stream='none', code=66)
    cretula('prove', '--store', 'store', '--stream', 's', '--record', 0, '--to', 2, code=2)


def test_consistency_and_rekey():
    """A proof names the first log key and who followed it, so it goes on where that was changed."""
    make()
    make(30)
    before = {stream: size_of(newest(stream)) for stream in ('s', 'cretula.store')}
    cretula('key', 'rekey', '--store', 'store', '--all', code=0)
    make(40)
    for stream, last in before.items():
        top = size_of(newest(stream))
        assert top > last + 1
        for old, new in ((1, last), (1, last + 1), (last, top), (last + 1, top), (top, top)):
            done = check(prove(old, '--to', new, stream=stream), '--anchor', auditor(), '--json').json
            equal((done['old'], done['new'], done['anchored']), (old, new, True))


def test_consistency_tampering():
    """Row 62 of it: other sizes, hashes, notes, stores; every line gone, doubled, or of another proof."""
    make()
    make(30)
    make(40)
    text, other = prove(2), prove(3)
    assert text != other
    lines, others = text.splitlines(True), other.splitlines(True)
    changed = [text[:at] + bytes([text[at] ^ 1]) + text[at + 1:] for at in range(0, len(text), 97 * EACH)]
    for n in range(0, len(lines), EACH):
        # A line of the epoch key is not looked at.
        if b'/epoch/' in lines[n]:
            continue
        changed.append(b''.join(lines[:n] + lines[n + 1:]))
        if lines[n][:3] != b'\xe2\x80\x94':
            changed.append(b''.join(lines[:n] + [lines[n]] + lines[n:]))
        if n < len(others) and others[n] != lines[n]:
            changed.append(b''.join(lines[:n] + [others[n]] + lines[n + 1:]))
    changed += [text + b'x', text[:-1], text + text, b'', b'cretula consistency proof v1\n', b'x' * 10 ** 6]
    for one in changed:
        write('proof', one)
        done, third = outside('--proof', 'proof'), python('proof')
        equal(third.returncode, done.returncode, third.stdout)
        if done.returncode == 0:
            position = next(at for at in range(len(text)) if one[at] != text[at])
            line = text[text.rfind(b'\n', 0, position) + 1:].split(b'\n')[0]
            assert b'/epoch/' in line, line
        else:
            equal((done.returncode, set(CODE.findall(done.stdout))), (1, {b'E_PROOF'}))
    os.rename('store', 'one')
    os.rename('store.keys', 'one.keys')
    make()
    check(text, '--anchor', auditor(), code=1)
    check(text)
    shutil.copy('one/streams/s/checkpoint', 'store/streams/s/checkpoint')
    prove(1, code=1)


def test_busy_and_no_keys():
    """While a pipe writes to the stream: 75.  Without the keys: 78.  Nothing is made."""
    make()
    witness = Witness('w')
    write('answer', witness.cosign(newest()))
    args = ('anchor', 'import', 'answer', *STORE, '--witness', witness.vkey)
    from lib import CRETULA
    with subprocess.Popen([CRETULA, 'pipe', '--store', 'store', '--stream', 's', '--format', 'auto'],
                          stdin=subprocess.PIPE, stderr=subprocess.PIPE) as pipe:
        pipe.stdin.write(combined(1).encode())
        pipe.stdin.flush()
        # Whoever comes first has the stream, so let it be the pipe.
        wait_for(lambda: os.path.isdir('store/streams/s/open') and os.listdir('store/streams/s/open'))
        cretula(*args, code=75)
        # The store's own chain is held for one entry at a time.
        cretula('anchor', 'print', 'witness', '--store', 'store', '--stream', 'cretula.store', '--out', 'request', code=0)
        cretula('anchor', 'print', 'tsq', *STORE, '--out', 'query', code=0)
        write('own', witness.cosign(newest('cretula.store')))
        own = ('anchor', 'import', 'own', '--store', 'store', '--stream', 'cretula.store', '--witness', witness.vkey)
        cretula(*own, code=0)
        equal([e['type'] for e in entries('cretula.store')][-1], 'anchor')
        pipe.stdin.write(combined(2).encode())
        pipe.communicate(b'')
        equal(pipe.returncode, 0)
        equal(entries('cretula.store')[-1]['type'], 'head')
    os.rename('store.keys', 'away')
    before = entries()
    cretula(*args, code=78)
    equal(entries(), before)
    os.rename('away', 'store.keys')
    cretula(*args, code=0)
    equal(verdict(), set())


if __name__ == '__main__':
    main()
