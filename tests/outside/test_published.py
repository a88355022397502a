#!/usr/bin/env python3
"""test_published.py VECTORS: TAP.  What others published, against our C code and against tests/vectors/verify.py.

VECTORS is the program of vectors.c.  The tables of NIST and the RFCs are read where Debian's
python3-cryptography-vectors puts them; the short ones that stand here are public examples: RFC 6962's test tree as
all implementations have it, the note of C2SP's signed-note, the key and note of Go's sumdb/note, a checkpoint of
sum.golang.org.
"""
import base64
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'vectors'))
import verify  # noqa: E402  our independent verifier

VECTORS = os.path.abspath(sys.argv[1])
VARIANTS = ((), ('--portable',))
PACKAGE = '/usr/lib/python3/dist-packages/cryptography_vectors'  # whichever python3 runs this

# RFC 6962's test tree: entries, and the root of the first n of them.
ENTRIES = ('-', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f')
ROOTS = ('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
         '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
         'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
         'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
         'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
         '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
         '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
         'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
         '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328')
NODES = {'a': '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
         'b': '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
         'c': '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
         'd': 'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
         'e': 'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
         'f': '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
         'g': 'b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f',
         '1': ROOTS[1], '2': ROOTS[2], '4': ROOTS[4]}
INCLUSION = ((0, 1, ''), (0, 8, 'abc'), (5, 8, 'de4'), (2, 3, '2'), (1, 5, '1bd'))  # index, size, proof
CONSISTENCY = ((1, 1, ''), (1, 8, 'abc'), (6, 8, 'fe4'), (6, 7, 'fg4'), (2, 5, 'bd'))

FOO = 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k'
FOO_NOTE = ('This is an example message.\n\n\u2014 example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1E'
            'RYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n')
PETER = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW'
PETER_KEY = 'PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz'
PETER_NOTE = ("If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n"
              '\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM='
              '\n')
PETER_BAD = ('PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==',  # too long, its hash fits
             'PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW')          # unknown algorithm
SUMDB = 'sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8'
SUMDB_NOTE = ('go.sum database tree\n30055305\nmXfgRcJ0bG0j3CPdKwgGWtUzBUbX67saZGRmFuJGGsM=\n\n\u2014 sum.golang.org '
              'Az3grpgEild5qw7+5dtV13Kf1C2Xurm8q4fhdxvcsDHnqNTaxL2AFjBY+2TyGKevucFcAAlWFJJYle3EJlDCrQ+y3A8=\n')


class Skip(Exception):
    """The test cannot run here; the text says what is missing."""


def ask(lines, *options):
    """What the program answers to each line."""
    done = subprocess.run([VECTORS, *options], input='\n'.join(lines) + '\n', capture_output=True, text=True, check=True)
    answers = done.stdout.splitlines()
    assert len(answers) == len(lines), f'{len(answers)} answers to {len(lines)} lines'
    return answers


def expect(rows, variants=VARIANTS):
    """Each row is (line, answer); all must hold in every variant."""
    assert rows, 'no rows: a test of nothing'
    for options in variants:
        got = ask([line for line, _ in rows], *options)
        wrong = [(line[:200], answer, want) for (line, want), answer in zip(rows, got) if answer != want]
        assert not wrong, f'{options}: {len(wrong)} of {len(rows)} differ, first: {wrong[0]}'


def published(*path):
    """The text of a file of python3-cryptography-vectors."""
    name = os.path.join(PACKAGE, *path)
    if not os.path.exists(name):
        raise Skip('python3-cryptography-vectors is not installed')
    with open(name, encoding='ascii') as file:
        return file.read()


def stanzas(text, border=r'\n\s*\n'):
    """Runs of `Key = value` lines as dictionaries, keys in lower case."""
    for block in re.split(border, text):
        row = {key.strip().lower(): value.strip() for key, value in re.findall(r'^(\w+)\s*=(.*)$', block, re.MULTILINE)}
        if row:
            yield row


def dash(text):
    return text or '-'


def sha256_rows(name):
    rows = [row for row in stanzas(published('hashes', 'SHA2', name)) if 'msg' in row]
    return [(f"sha256 {row['msg'] if row['len'] != '0' else '-'}", row['md']) for row in rows]


def test_sha256():
    """FIPS 180-4: NIST's short and long messages, with and without the processor's instructions."""
    short, long = sha256_rows('SHA256ShortMsg.rsp'), sha256_rows('SHA256LongMsg.rsp')
    assert (len(short), len(long)) == (65, 64), (len(short), len(long))
    expect(short + long)


def test_sha256_monte():
    """NIST's chain of 100,000 hashes."""
    rows = list(stanzas(published('hashes', 'SHA2', 'SHA256Monte.rsp')))
    seed, digests = next(row['seed'] for row in rows if 'seed' in row), [row['md'] for row in rows if 'md' in row]
    assert len(digests) == 100
    expect([(f'monte {seed} 100', ' '.join(digests))])


def test_hmac():
    """RFC 4231."""
    rows = [row for row in stanzas(published('HMAC', 'rfc-4231-sha256.txt')) if 'msg' in row]
    assert len(rows) >= 6
    for options in VARIANTS:
        got = ask([f"hmac {row['key']} {row['msg']}" for row in rows], *options)
        for row, answer in zip(rows, got):  # one row is of a tag that was cut
            assert len(row['md']) >= 32 and answer.startswith(row['md']), (row, answer)


def test_hkdf():
    """RFC 5869."""
    rows = [row for row in stanzas(published('KDF', 'rfc-5869-HKDF-SHA256.txt'), 'COUNT') if 'okm' in row]
    assert len(rows) == 3
    expect([(f"extract {dash(row['salt'])} {row['ikm']}", row['prk']) for row in rows])
    expect([(f"expand {row['prk']} {dash(row['info'])} {row['l']}", row['okm']) for row in rows])


def sign_rows():
    """(seed, public key, message, signature) of the 1,024 rows; the first are those of RFC 8032."""
    rows = []
    for line in published('asymmetric', 'Ed25519', 'sign.input').splitlines():
        secret, public, message, signed = line.split(':')[:4]
        assert secret[64:] == public and signed[128:] == message
        rows.append((secret[:64], public, message, signed[:128]))
    assert len(rows) == 1024
    return rows


def test_ed25519():
    """1,024 keys and messages: our public key and signature of each, and that it checks."""
    expect([row for seed, public, message, signature in sign_rows() for row in (
        (f'public {seed}', public), (f'sign {seed} {dash(message)}', signature),
        (f'check {public} {dash(message)} {signature}', 'yes'))], variants=((),))


def test_ed25519_damaged():
    """Each with a bit flipped in the signature, the message and the key is refused."""
    lines = []
    for number, (_, public, message, signature) in enumerate(sign_rows()):
        for field in range(3):
            parts = [public, message, signature]
            if parts[field]:
                bit = (number * 7919 + field) % (len(parts[field]) * 4)
                flipped = bytearray(bytes.fromhex(parts[field]))
                flipped[bit >> 3] ^= 1 << (bit & 7)
                parts[field] = flipped.hex()
                lines.append(f'check {parts[0]} {dash(parts[1])} {parts[2]}')
    expect([(line, 'no') for line in lines], variants=((),))


def test_ed25519_of_the_second_verifier():
    """The Python verifier's own Ed25519 on the same rows, good and damaged."""
    for number, (_, public, message, signature) in enumerate(sign_rows()):
        public, message, signature = map(bytes.fromhex, (public, message, signature))
        assert verify.ed25519_verify(public, message, signature), number
        if number % 8 == 0:
            damaged = bytearray(signature)
            damaged[number // 8 % 64] ^= 1 << number // 8 % 8
            assert not verify.ed25519_verify(public, message, bytes(damaged)), number


def test_tree():
    """RFC 6962's tree of 0 to 8 entries, by both."""
    expect([(' '.join(['root', *ENTRIES[:n]]), ROOTS[n]) for n in range(9)])
    leaves = [verify.sha256(b'\0', bytes.fromhex(entry.strip('-'))) for entry in ENTRIES]
    for n in range(9):
        assert verify.tree_root(leaves[:n]).hex() == ROOTS[n], n


def leaf(index):
    return verify.sha256(b'\0', bytes.fromhex(ENTRIES[index].strip('-'))).hex()


def test_inclusion():
    """The proofs published with it; with another index, size, leaf, hash or length they are refused."""
    good, bad = [], []
    for index, size, names in INCLUSION:
        proof = [NODES[name] for name in names]

        def line(index=index, size=size, of=leaf(index), root=ROOTS[size], proof=proof):
            return ' '.join(['included', str(index), str(size), of, root, *proof])

        good.append(line())
        bad += [line(index=index + 1), line(size=size + 8), line(of=leaf((index + 1) % 8)), line(root=ROOTS[0]),
                line(proof=[*proof, ROOTS[0]]), line(size=0)]
        bad += [line(proof=proof[1:]), line(proof=proof[:-1]), line(proof=[ROOTS[3], *proof[1:]])] if proof else []
        hashes = [bytes.fromhex(node) for node in proof]
        assert verify.included(hashes, bytes.fromhex(leaf(index)), index, size, bytes.fromhex(ROOTS[size]))
        assert not verify.included(hashes[1:], bytes.fromhex(leaf(index)), index + 1, size, bytes.fromhex(ROOTS[size]))
    expect([(line, 'yes') for line in good] + [(line, 'no') for line in bad])


def test_consistency():
    """The proofs published with it; another size, root, hash or length is refused, and so is a proof from nothing."""
    good, bad = [], []
    for old, new, names in CONSISTENCY:
        proof = [NODES[name] for name in names]

        def line(old=old, root=ROOTS[old], new=new, now=ROOTS[new], proof=proof):
            return ' '.join(['consistent', str(old), root, str(new), now, *proof])

        good.append(line())
        bad += [line(root=ROOTS[0]), line(now=ROOTS[0]), line(old=0, root=ROOTS[0]), line(old=new + 1),
                line(proof=[*proof, ROOTS[0]])]
        bad += [line(proof=proof[1:]), line(proof=proof[:-1]), line(proof=[ROOTS[3], *proof[1:]])] if proof else []
    expect([(line, 'yes') for line in good] + [(line, 'no') for line in bad])


def split(note):
    """(what is signed, the 64 bytes) of a note with one signature."""
    body, signatures = note.split('\n\n')
    return (body + '\n').encode(), base64.b64decode(signatures.split()[2])[4:]


def test_notes():
    """C2SP's and Go's notes, and a checkpoint of the Go checksum database."""
    rows = []
    for vkey, note in ((FOO, FOO_NOTE), (PETER, PETER_NOTE), (SUMDB, SUMDB_NOTE)):
        body, signature = split(note)
        _, _, public = verify.parse_vkey(vkey)
        rows += [(f'vkey {vkey}', public.hex()), (f'check {public.hex()} {body.hex()} {signature.hex()}', 'yes'),
                 (f'check {public.hex()} {body[:-1].hex()} {signature.hex()}', 'no')]
        assert verify.ed25519_verify(public, body, signature) and not verify.ed25519_verify(public, body[:-1], signature)
    seed = base64.b64decode(PETER_KEY.split('+', 4)[4])[1:]  # a signer's key of the example: Ed25519 is deterministic
    body, signature = split(PETER_NOTE)
    rows.append((f'sign {seed.hex()} {body.hex()}', signature.hex()))
    text = SUMDB_NOTE.encode()
    # Our readers take origins that are key names, as those of all our chains are; this one has blanks.
    rows.append((f'note {SUMDB} {text.hex()}', 'no'))
    try:
        verify.Note(text)
        raise AssertionError('an origin with blanks')
    except verify.Bad:
        pass
    named = text.replace(b'go.sum database tree\n', b'go.sum-database-tree\n', 1)
    assert named != text and not verify.Note(named).signed_by(SUMDB)
    expect(rows, variants=((),))


def test_vkeys_mangled():
    """Every piece of a vkey, and every byte of it changed, is none."""
    pieces = {PETER[i:j] for i in range(len(PETER)) for j in range(i + 1, len(PETER) + 1)} - {PETER}
    changed = {PETER[:i] + chr(ord(PETER[i]) + 1) + PETER[i + 1:] for i in range(len(PETER))}
    mangled = sorted(pieces | changed) + list(PETER_BAD)
    expect([(f'vkey {text}', 'no') for text in mangled], variants=((),))
    for text in mangled:
        assert not verify.is_vkey(text), text


def openssl(*arguments):
    return subprocess.run(['openssl', *arguments], capture_output=True, check=False)


PKCS8, SPKI = '302e020100300506032b657004220420', '302a300506032b6570032100'


def test_openssl_reads_ours():
    """openssl pkeyutl accepts a note's signature that we make, and not that of another body."""
    seed = bytes(range(32)).hex()
    body = f'cretula/0123456789abcdef/shop\n7\n{base64.b64encode(bytes(32)).decode()}\n'.encode()
    public, signature = ask([f'public {seed}', f'sign {seed} {body.hex()}'])
    with tempfile.TemporaryDirectory() as folder:
        at = {name: os.path.join(folder, name) for name in ('key', 'body', 'other', 'sig')}
        for name, content in (('key', bytes.fromhex(SPKI + public)), ('body', body), ('other', body.replace(b'7', b'8', 1)),
                              ('sig', bytes.fromhex(signature))):
            with open(at[name], 'wb') as file:
                file.write(content)
        for name, good in (('body', True), ('other', False)):
            done = openssl('pkeyutl', '-verify', '-pubin', '-keyform', 'DER', '-inkey', at['key'], '-rawin', '-in', at[name],
                           '-sigfile', at['sig'])
            assert (done.returncode == 0) == good, (name, done.stdout, done.stderr)


def test_we_read_openssls():
    """A note signed by openssl pkeyutl -sign with a key of openssl's is accepted by both verifiers."""
    body = f'cretula/0123456789abcdef/shop\n7\n{base64.b64encode(bytes(32)).decode()}\n'.encode()
    with tempfile.TemporaryDirectory() as folder:
        key, file = os.path.join(folder, 'key'), os.path.join(folder, 'body')
        assert openssl('genpkey', '-algorithm', 'ed25519', '-outform', 'DER', '-out', key).returncode == 0
        with open(file, 'wb') as out:
            out.write(body)
        signature = openssl('pkeyutl', '-sign', '-keyform', 'DER', '-inkey', key, '-rawin', '-in', file).stdout
        public = openssl('pkey', '-inform', 'DER', '-in', key, '-pubout', '-outform', 'DER').stdout[-32:]
    name = 'cretula/0123456789abcdef/shop'
    key_hash = verify.sha256(name.encode(), b'\n\1', public)[:4]
    vkey = '+'.join((name, key_hash.hex(), base64.b64encode(b'\1' + public).decode()))
    note = body + f'\n\u2014 {name} {base64.b64encode(key_hash + signature).decode()}\n'.encode()
    assert verify.Note(note).signed_by(vkey)
    assert not verify.Note(note.replace(b'\n7\n', b'\n8\n')).signed_by(vkey)
    expect([(f'note {vkey} {note.hex()}', 'yes'), (f"note {vkey} {note.replace(b'/shop', b'/shoq', 1).hex()}", 'no')],
           variants=((),))


def main():
    tests = [(name, body) for name, body in globals().items() if name.startswith('test_')]
    print(f'1..{len(tests)}')
    failed = 0
    for number, (name, body) in enumerate(tests, 1):
        claim = f"{name[5:].replace('_', ' ')}: {body.__doc__.strip()}"
        try:
            body()
            print(f'ok {number} - {claim}', flush=True)
        except Skip as why:
            print(f'ok {number} - {claim} # SKIP {why}', flush=True)
        except Exception as problem:  # the run goes on with the next test
            failed += 1
            print(f'not ok {number} - {claim}\n# {type(problem).__name__}: {problem}', flush=True)
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
