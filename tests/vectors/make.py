#!/usr/bin/env python3
"""make.py [--check]: write the test vectors and the vector store beside this file, or compare them with what is there.

Everything is fixed: keys, seeds, times.  What the tables hold stands in README.md.  The hashing is that of verify.py;
signing, key derivation and the writing of a store are here.
"""
import base64
import datetime
import functools
import hashlib
import hmac
import os
import re
import struct
import subprocess
import sys
import tempfile

import verify
from verify import sha256

HERE = os.path.dirname(os.path.abspath(__file__))
STORE_ID = '00c0ffee5eed0001'
SW = 'cretula vectors 1'
LF = b'\n'


def secret(name, size=32):
    """A fixed secret of the vectors."""
    return sha256(b'cretula vectors: ', name.encode())[:size]


# ---- Ed25519 signing -----------------------------------------------------------------------------------------------

@functools.lru_cache(maxsize=1024)
def ed25519_expand(seed):
    digest = hashlib.sha512(seed).digest()
    scalar = int.from_bytes(digest[:32], 'little') & (2**254 - 8) | 2**254
    return scalar, digest[32:], verify.point_encode(verify.point_sum(scalar, verify.BASE, 0, verify.IDENTITY))


def ed25519_public(seed):
    return ed25519_expand(seed)[2]


@functools.lru_cache(maxsize=65536)
def ed25519_sign(seed, message):
    scalar, prefix, public = ed25519_expand(seed)
    r = int.from_bytes(hashlib.sha512(prefix + message).digest(), 'little') % verify.L
    point = verify.point_encode(verify.point_sum(r, verify.BASE, 0, verify.IDENTITY))
    k = int.from_bytes(hashlib.sha512(point + public + message).digest(), 'little') % verify.L
    return point + ((r + k * scalar) % verify.L).to_bytes(32, 'little')


def signature_line(name, seed, body):
    key = b'\1' + ed25519_public(seed)
    blob = sha256(name.encode(), b'\n', key)[:4] + ed25519_sign(seed, body)
    return f'\u2014 {name} {base64.b64encode(blob).decode()}\n'.encode()


def signed_note(origin, size, root, log_seed, epoch, epoch_seed):
    body = note_body(origin, size, root)
    return body + b'\n' + signature_line(origin, log_seed, body) + \
        signature_line(f'{origin}/epoch/{epoch}', epoch_seed, body)


def make_vkey(name, public):
    key = b'\1' + public
    return f'{name}+{sha256(name.encode(), LF, key)[:4].hex()}+{base64.b64encode(key).decode()}'


def note_body(origin, size, root):
    return f'{origin}\n{size}\n{base64.b64encode(root).decode()}\n'.encode()


# ---- Mask keys: docs/format.md 9 -----------------------------------------------------------------------------------

def hmac_sha256(key, message):
    return hmac.new(key, message, hashlib.sha256).digest()


def hkdf_extract(salt, material):
    return hmac_sha256(salt, material)


def hkdf_expand32(prk, info):
    return hmac_sha256(prk, info + b'\1')


def class_key(prk, tenant, prefix, trust):
    return hkdf_expand32(prk, b'\0'.join((b'cretula/1', tenant.encode(), prefix.encode(), trust.encode())))


def token(prefix, key, value):
    return prefix + '.' + base64.b32encode(hmac_sha256(key, value)[:10]).decode().lower()


def import_seed(import_secret, period, index):
    return hkdf_expand32(import_secret, b'cretula import epoch v1\n' + period.encode() + str(index).encode())


def commitment(value):
    return sha256(b'cretula seed v1\n', value)


EPOCH = datetime.datetime(1970, 1, 1)


def epoch_index(period, time):
    days = (time - EPOCH).days
    return {'d': days, 'w': (days + 3) // 7, 'm': (time.year - 1970) * 12 + time.month - 1}[period]


# ---- Tables --------------------------------------------------------------------------------------------------------

def hexes(*columns):
    return ' '.join(c.hex() or '-' if isinstance(c, bytes) else str(c) for c in columns)


def number_leaf(k):
    return sha256(b'\0', k.to_bytes(4, 'big'))


def table_salts():
    for seed in (bytes(16), secret('salts', 16)):
        salts = verify.Salts({(0, 0): seed})
        for i in (0, 1, 2, 3, 255, 256, 65535, 65536, 1048575, 2**31 - 1, 2**31, 2**32 - 2, 2**32 - 1):
            yield hexes(seed, i, salts.salt(i))


def table_leaves():
    salts = verify.Salts({(0, 0): secret('leaves', 16)})
    for i, size in enumerate((0, 1, 37, 38, 46, 47, 54, 55, 56, 63, 64, 65, 119, 120, 247, 1000)):
        line = bytes(0x20 + (7 * k + size) % 95 for k in range(size))
        yield hexes(salts.salt(i), line, verify.record_leaf(salts.salt(i), line))


def table_roots():
    for n in (*range(21), 31, 32, 33, 63, 64, 65, 127, 128, 255, 256, 257, 511, 512, 513, 1000, 1023, 1025, 4097):
        yield hexes(n, verify.tree_root([number_leaf(k) for k in range(n)]))


def table_idx():
    for n in (0, 1, 2, 3, 7, 255, 256, 257, 512, 600):
        content = verify.idx_bytes([number_leaf(k) for k in range(n)])
        yield hexes(n, sha256(content), content if n < 8 or n == 257 else '*')


def table_files():
    for name, content in (('a', b''), ('b', b'x'), ('c', bytes(range(256)) * 5)):
        seed = secret('files ' + name, 16)
        salts = verify.Salts({(0, 0): seed})
        yield hexes(seed, content, verify.file_hash(salts, content), verify.words_hash(salts, content))


def table_epochs():
    for text in ('1990-01-01T00:00:00', '1999-12-31T23:59:59', '2000-02-29T12:00:00', '2004-12-31T00:00:00',
                 '2005-01-02T23:59:59', '2005-01-03T00:00:00', '2020-12-31T23:59:59', '2021-01-03T23:59:59',
                 '2021-01-04T00:00:00', '2026-11-25T03:00:00', '2026-11-29T23:59:59', '2026-11-30T00:00:00',
                 '2027-01-01T00:00:00', '2028-02-29T00:00:00', '2099-12-31T23:59:59'):
        time = datetime.datetime.fromisoformat(text)
        seconds = int((time - EPOCH).total_seconds())
        for kind, period in enumerate('dwm'):
            yield f'{seconds} {period} {epoch_index(period, time)} {verify.epoch_name(kind, time)}'


def table_keys():
    root = secret('root')
    for number, (tenant, name, trust) in enumerate((
            ('default', 'ip', 'peer'), ('default', 'if', 'header'), ('default', 'us', 'auth'),
            ('default', 'uc', 'claim'), ('acme', 'ip', 'peer'), ('', 'sg', 'peer'))):
        seed = secret(f'epoch seed {number}')
        prk = hkdf_extract(seed, root)
        yield hexes(root, seed, prk, tenant or '-', name, trust, class_key(prk, tenant, name, trust))


def table_imports():
    value = secret('import')
    for period, index in (('d', 0), ('d', 20782), ('w', 2969), ('m', 682), ('d', 7305)):
        yield hexes(value, commitment(value), period, index, import_seed(value, period, index))


def table_tokens():
    key = class_key(hkdf_extract(secret('epoch seed 0'), secret('root')), 'default', 'ip', 'peer')
    for prefix, value in (('ip', bytes((192, 0, 2, 1))), ('ip', bytes.fromhex('20010db8000000000000000000000001')),
                          ('us', b'erika'), ('us', 'Jörg'.encode()), ('se', bytes(100)), ('sg', b'')):
        yield hexes(key, value, token(prefix, key, value))


def table_fingerprints():
    key = secret('fingerprint')
    for head in (b'', b'x', bytes(range(256)) * 4):
        yield hexes(key, head, hmac_sha256(key, head)[:16])


def table_covers():
    import life  # which is made of this file
    gone = (), (0,), (1, 2, 3), (5, 2**31 + 5), (2**32 - 1,), (7, 2**31 + 7, 2**31 + 2**20 + 7, 2**32 - 1), range(0, 64, 2)
    for number, erased in enumerate(gone):
        seed = secret(f'covers {number}', 16)
        yield hexes(seed, ','.join(map(str, erased)) or '-', life.covers_text(life.covers({(0, 0): seed}, erased)))


def table_ratchet():
    origin, key, aggregate = f'cretula/{STORE_ID}/shop', secret('ratchet'), bytes(32)
    for g, (n, wall) in enumerate(((0, 1), (3, 1740787200000), (3, 1740787201000), (2**20, 2**64 - 1)), 1):
        tag = f'{g} 1 {n} {wall} {base64.b64encode(sha256(b"root", bytes((g,)))).decode()}'.encode()
        after = hmac_sha256(key, b'cretula tag v1\n' + aggregate + origin.encode() + b'\n' + tag + b'\n')
        following = sha256(b'cretula evolve v1\n', key)
        yield hexes(origin, key, aggregate, tag, following, after, sha256(b'cretula escrow v1\n', key))
        key, aggregate = following, after


def table_statements():
    origin = f'cretula/{STORE_ID}/shop'
    old, new = (make_vkey(origin, ed25519_public(secret('statement ' + which))) for which in ('old', 'new'))
    yield hexes('rekey', origin, old, new, verify.rekey_statement(origin, old, new))
    yield hexes('rekey', origin, new, old, verify.rekey_statement(origin, new, old))
    for size in (1, 2**53 - 1):
        yield hexes('revoke', origin, old, size, verify.revoke_statement(origin, old, size))


def table_cosignatures():
    """NOTE VKEY TIME WHY; TIME is - where there is no cosignature, or a bad one."""
    import life
    origin, log, epoch = note_parts()
    note = signed_note(origin, 58, number_leaf(58), log, 41, epoch)
    body = note[:note.index(b'\n\n') + 1]
    name, seed = 'witness.example.org/w1', secret('witness')
    vkey = life.cosignature_key(name, seed)[1]

    def line(when, text=body, by=seed):
        return life.cosignature_line(name, by, text, when)

    good = base64.b64decode(line(7).split(b' ')[2])
    flipped = b' '.join((*line(7).split(b' ')[:2], base64.b64encode(good[:-1] + bytes((good[-1] ^ 1,))) + b'\n'))
    short = b' '.join((*line(7).split(b' ')[:2], base64.b64encode(good[:-1]) + b'\n'))
    for time, why, lines in (
            ('1740902400', 'plain', line(1740902400)), ('0', 'at-the-epoch', line(0)),
            (str(2**63 - 1), 'latest', line(2**63 - 1)), ('9', 'the-newest-of-two', line(9) + line(7)),
            ('-', 'none', b''), ('-', 'good-then-bad', line(9) + flipped), ('-', 'bit', flipped),
            ('-', 'a-byte-short', short), ('-', 'time-of-2-to-the-63', line(2**63)),
            ('-', 'of-another-note', line(9, body.replace(b'58', b'59'))), ('-', 'by-another', line(9, by=secret('other')))):
        yield hexes(note + lines, vkey, time, why)


def table_vkeys():
    for name in ('example.org/log', f'cretula/{STORE_ID}/shop', f'cretula/{STORE_ID}/shop/epoch/41'):
        public = ed25519_public(secret('vkey ' + name))
        yield f'{name} {public.hex()} {make_vkey(name, public)}'


def encode_y(y, sign=0):
    return (y | sign << 255).to_bytes(32, 'little')


def table_ed25519():
    """PUBLIC MESSAGE SIGNATURE good|bad WHY"""
    seed, message = secret('ed25519'), b'cretula'
    public, sig = ed25519_public(seed), ed25519_sign(seed, message)
    yield hexes(public, message, sig, 'good', 'plain')
    yield hexes(public, b'', ed25519_sign(seed, b''), 'good', 'empty-message')
    yield hexes(public, message + b'!', sig, 'bad', 'other-message')
    yield hexes(ed25519_public(secret('other')), message, sig, 'bad', 'other-key')
    yield hexes(public, message, bytes((sig[0] ^ 1,)) + sig[1:], 'bad', 'bit-of-r')
    s = int.from_bytes(sig[32:], 'little')
    for name, value in (('s-plus-l', s + verify.L), ('s-flipped', s ^ 2), ('s-is-l', verify.L), ('s-max', 2**256 - 1)):
        yield hexes(public, message, sig[:32] + value.to_bytes(32, 'little'), 'bad', name)
    yield hexes(public, message, encode_y(1) + bytes(32), 'bad', 'small-r')
    yield hexes(encode_y(1), message, encode_y(1) + bytes(32), 'bad', 'small-a-and-r')
    yield hexes(encode_y(1), message, verify.point_encode(verify.BASE) + encode_y(1), 'bad', 'small-a')
    yield hexes(encode_y(verify.P - 1), message, verify.point_encode(verify.BASE) + encode_y(1), 'bad', 'order-two-a')
    yield hexes(encode_y(verify.P + 1), message, verify.point_encode(verify.BASE) + encode_y(1), 'bad',
                'non-canonical-a')
    yield hexes(encode_y(1, 1), message, verify.point_encode(verify.BASE) + encode_y(1), 'bad', 'minus-zero-a')
    yield hexes(encode_y(2), message, sig, 'bad', 'a-off-the-curve')
    yield hexes(public, message, encode_y(verify.P + 3) + sig[32:], 'bad', 'non-canonical-r')


# ---- Notes ---------------------------------------------------------------------------------------------------------

def note_parts():
    origin = f'cretula/{STORE_ID}/shop'
    return origin, secret('note log'), secret('note epoch 41')


def table_notes():
    """NOTE LOG-VKEY EPOCH-VKEY CODE WHY; CODE is good, E_NOTE, E_LOG_SIG or E_EPOCH_SIG."""
    origin, log, epoch = note_parts()
    log_vkey = make_vkey(origin, ed25519_public(log))
    epoch_vkey = make_vkey(origin + '/epoch/41', ed25519_public(epoch))
    good = signed_note(origin, 58, number_leaf(58), log, 41, epoch)
    body, log_line, epoch_line = re.fullmatch(b'(.*?\n)\n([^\n]*\n)([^\n]*\n)', good, re.DOTALL).groups()
    foreign = '\u2014 w AAAAAAA=\n'.encode()  # of a key that nobody here knows
    imposter = signature_line(origin, secret('imposter'), body)
    blob = base64.b64decode(log_line.split(b' ')[2])
    flipped = b' '.join((*log_line.split(b' ')[:2], base64.b64encode(blob[:-1] + bytes((blob[-1] ^ 1,))) + b'\n'))
    short = b' '.join((*log_line.split(b' ')[:2], base64.b64encode(blob[:-1]) + b'\n'))

    def resigned(text):
        return text + b'\n' + signature_line(origin, log, text) + signature_line(origin + '/epoch/41', epoch, text)

    rows = [
        ('good', 'plain', good),
        ('good', 'lines-swapped', body + b'\n' + epoch_line + log_line),
        ('good', 'with-a-cosignature', body + b'\n' + log_line + foreign + epoch_line),
        ('good', 'our-name-other-key-too', body + b'\n' + imposter + log_line + epoch_line),
        ('good', '100-lines', good + foreign * 98),
        ('good', 'log-line-twice', good + log_line),
        ('E_LOG_SIG', 'log-line-good-then-bad', good + flipped),
        ('E_NOTE', '101-lines', good + foreign * 99),
        ('E_LOG_SIG', 'no-log-line', body + b'\n' + epoch_line),
        ('E_LOG_SIG', 'other-key-under-our-name', body + b'\n' + imposter + epoch_line),
        ('E_LOG_SIG', 'signature-bit', body + b'\n' + flipped + epoch_line),
        ('E_LOG_SIG', 'signature-of-63-bytes', body + b'\n' + short + epoch_line),
        ('E_EPOCH_SIG', 'no-epoch-line', body + b'\n' + log_line),
        ('E_LOG_SIG', 'signed-text-changed', good.replace(b'\n58\n', b'\n59\n')),
        ('E_NOTE', 'empty', b''),
        ('E_NOTE', 'no-final-lf', good[:-1]),
        ('E_NOTE', 'crlf', good.replace(b'\n', b'\r\n')),
        ('E_NOTE', 'no-signature', body + b'\n'),
        ('E_NOTE', 'no-empty-line', body + log_line + epoch_line),
        ('E_NOTE', 'two-empty-lines', body + b'\n\n' + log_line + epoch_line),
        ('E_NOTE', 'hyphen-for-dash', good.replace('\u2014'.encode(), b'-')),
        ('E_NOTE', 'bad-utf8', good.replace('\u2014'.encode(), b'\xe2\x80')),
        ('E_NOTE', 'base64-of-signature-not-canonical', re.sub(rb'.\n$', b'!\n', good)),
        ('E_NOTE', 'leading-zero', resigned(body.replace(b'\n58\n', b'\n058\n'))),
        ('E_NOTE', 'size-zero', resigned(body.replace(b'\n58\n', b'\n0\n'))),
        ('E_NOTE', 'size-signed', resigned(body.replace(b'\n58\n', b'\n+58\n'))),
        ('E_NOTE', 'size-2-to-the-64', resigned(body.replace(b'\n58\n', b'\n18446744073709551616\n'))),
        ('E_NOTE', 'extension-line', resigned(body + b'extension\n')),
        ('E_NOTE', 'root-of-31-bytes', resigned(note_body(origin, 58, bytes(31)))),
        ('E_NOTE', 'control-character', resigned(body.replace(b'shop', b'sh\1p'))),
        ('E_NOTE', 'blank-in-origin', resigned(body.replace(b'shop', b'sh op'))),
        ('E_NOTE', 'no-break-blank-in-origin', resigned(body.replace(b'shop', 'sh\xa0op'.encode()))),
        ('E_NOTE', 'plus-in-origin', resigned(body.replace(b'shop', b'sh+op'))),
        ('E_NOTE', 'no-origin', resigned(body[body.index(b'\n'):])),
        ('E_NOTE', 'origin-of-256-bytes', resigned(b'x' * 256 + body[body.index(b'\n'):])),
        ('E_NOTE', 'wide-blank-in-a-name', good + '\u2014 w\u3000w AAAAAAA=\n'.encode()),
        ('E_NOTE', 'name-of-256-bytes', good + '\u2014 '.encode() + b'w' * 256 + b' AAAAAAA=\n'),
        ('good', 'name-of-255-bytes', good + '\u2014 '.encode() + b'w' * 255 + b' AAAAAAA=\n'),
    ]
    for code, why, note in rows:
        yield f'{note.hex() or "-"} {log_vkey} {epoch_vkey} {code} {why}'


# ---- Entries -------------------------------------------------------------------------------------------------------

BAD_ENTRIES = (  # on the text of the segment entry of the vector store
    ('duplicate-key', lambda t: t.replace('"n":40', '"n":40,"n":40')),
    ('blank', lambda t: t.replace('"n":40', '"n": 40')),
    ('trailing-blank', lambda t: t + ' '),
    ('carriage-return', lambda t: t + '\r'),
    ('float', lambda t: t.replace('"n":40', '"n":40.0')),
    ('exponent', lambda t: t.replace('"n":40', '"n":4e1')),
    ('leading-zero', lambda t: t.replace('"n":40', '"n":040')),
    ('negative', lambda t: t.replace('"n":40', '"n":-40')),
    ('minus-zero', lambda t: t.replace('"lost":0', '"lost":-0')),
    ('2-to-the-53', lambda t: t.replace('"n":40', '"n":9007199254740992')),
    ('2-to-the-64', lambda t: t.replace('"n":40', '"n":18446744073709551616')),
    ('number-as-text', lambda t: t.replace('"n":40', '"n":"40"')),
    ('null', lambda t: t.replace('"n":40', '"n":null')),
    ('keys-swapped', lambda t: re.sub('("n":40),("bytes":[0-9]+)', r'\2,\1', t)),
    ('common-keys-swapped', lambda t: t.replace('{"v":1,"i":1', '{"i":1,"v":1')),
    ('key-missing', lambda t: t.replace('"n":40,', '')),
    ('key-unknown', lambda t: t.replace('"n":40,', '"n":40,"m":1,')),
    ('version-2', lambda t: t.replace('"v":1', '"v":2')),
    ('escape-not-needed', lambda t: t.replace('"sw":"cretula', '"sw":"\\u0063retula')),
    ('escape-upper-case', lambda t: t.replace('"sw":"cretula', '"sw":"\\u00E9cretula')),
    ('escape-of-slash', lambda t: t.replace('seg/', 'seg\\/')),
    ('escape-long-for-short', lambda t: t.replace('"sw":"cretula', '"sw":"\\u000acretula')),
    ('raw-delete', lambda t: t.replace('"sw":"cretula', '"sw":"\x7fcretula')),
    ('escape-of-a-good-character', lambda t: t.replace('"sw":"cretula', '"sw":"\\u00e9cretula')),
    ('quote-in-sw', lambda t: t.replace('"sw":"cretula', '"sw":"\\"cretula')),
    ('lone-surrogate', lambda t: t.replace('"sw":"cretula', '"sw":"\\ud800cretula')),
    ('raw-nul', lambda t: t.replace('"sw":"cretula', '"sw":"\0cretula')),
    ('raw-utf8', lambda t: t.replace('"sw":"cretula', '"sw":"écretula')),
    ('raw-latin1', lambda t: t.replace('"sw":"cretula', '"sw":"\udce9cretula')),
    ('hex-upper-case', lambda t: re.sub('"idx":"[^"]*"', '"idx":"' + 'A' * 64 + '"', t)),
    ('hex-short', lambda t: re.sub('"idx":"[^"]*"', '"idx":"' + 'a' * 63 + '"', t)),
    ('base64-tail-bits', lambda t: re.sub('"root":"[^"]*"', '"root":"' + 'A' * 42 + 'B="', t)),
    ('base64-no-padding', lambda t: re.sub('"root":"[^"]*"', '"root":"' + 'A' * 43 + '"', t)),
    ('time-without-milliseconds', lambda t: re.sub(r'("t":"[^".]*)\.000Z', r'\1Z', t)),
    ('time-in-no-calendar', lambda t: re.sub(r'"t":"....-..-..', '"t":"2026-02-29', t)),
    ('vkey-hash-wrong', lambda t: re.sub(r'("next":"[^+]*\+)........', r'\g<1>00000000', t)),
    ('vkey-of-no-name', lambda t: re.sub(r'("next":")[^+]*', r'\1', t)),
    ('by-left-out', lambda t: re.sub(r'"by":\{[^}]*\}\},', '', t)),
    ('masked-left-out', lambda t: re.sub(r'"masked":\{[^}]*\},', '', t)),
    ('classes-out-of-order', lambda t: re.sub(r'"masked":\{[^}]*\}', '"masked":{"session":1,"ip.peer":1}', t)),
    ('zero-count', lambda t: re.sub(r'"masked":\{[^}]*\}', '"masked":{"ip.peer":0}', t)),
    ('prefixes-not-sorted', lambda t: re.sub(r'"mask_epochs":\{[^}]*\}',
                                             '"mask_epochs":{"se":["2026-11-29"],"ip":["2026-W48"]}', t)),
    ('epochs-not-sorted', lambda t: re.sub(r'"mask_epochs":\{[^}]*\}',
                                            '"mask_epochs":{"ip":["2026-W49","2026-W48"]}', t)),
    ('epochs-of-two-kinds', lambda t: re.sub(r'"mask_epochs":\{[^}]*\}',
                                            '"mask_epochs":{"ip":["2026-11","2026-W48"]}', t)),
    ('not-an-object', lambda t: f'[{t}]'),
    ('cut', lambda t: t[:-1]),
    ('empty', lambda t: ''),
    ('deep', lambda t: '[' * 1500),
)


def table_entries_bad(lines):
    line = next(x for x in lines if b'"type":"segment"' in x and b'"seg":1,' in x).decode()
    for why, change in BAD_ENTRIES:
        changed = change(line)
        assert changed != line, why
        yield f'{changed.encode("utf-8", "surrogateescape").hex() or "-"} {why}'


# ---- A store -------------------------------------------------------------------------------------------------------

def rfc3339(time):
    text = time.isoformat(timespec='microseconds')
    return (text[:-3] if text.endswith('000') else text) + 'Z'


def zstd_frame(content):
    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        return subprocess.run(['zstd', '-1', '-q', '-c', '--single-thread', '--no-check', '--content-size', file.name],
                              stdout=subprocess.PIPE, check=True).stdout


def seekable(batches):
    """The .jsonl.zst of batches of lines: a frame for each, and the seek table."""
    frames = [(zstd_frame(batch), len(batch)) for batch in batches if batch]
    table = b''.join(struct.pack('<II', len(frame), size) for frame, size in frames)
    table += struct.pack('<IBI', len(frames), 0, verify.SEEK_END)
    return b''.join(frame for frame, _ in frames) + struct.pack('<II', verify.SEEK_TABLE, len(table)) + table


class Writer:
    """Writes one stream.  lie(entry) may change an entry before it is signed: to make stores that lie."""

    def __init__(self, store, name, lie=None):
        self.name, self.folder = name, os.path.join(store, 'streams', name)
        self.origin, self.lie = f'cretula/{STORE_ID}/{name}', lie or (lambda entry: None)
        self.epoch, self.lines = 0, []
        self.log_seed = secret(f'{self.origin} log')
        os.makedirs(os.path.join(self.folder, 'cp'))

    def log_vkey(self):
        return make_vkey(self.origin, ed25519_public(self.log_seed))

    def epoch_seed(self, epoch):
        return secret(f'{self.origin} epoch {epoch}')

    def epoch_vkey(self, epoch):
        return make_vkey(f'{self.origin}/epoch/{epoch}', ed25519_public(self.epoch_seed(epoch)))

    def turn(self):
        return {'epoch': self.epoch, 'next': self.epoch_vkey(self.epoch + 1)}

    def write(self, name, content):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'wb') as file:
            file.write(content)

    def append(self, kind, time, own):
        entry = {'v': 1, 'i': len(self.lines), 'type': kind, 't': time,
                 'prev': sha256(self.lines[-1]).hex() if self.lines else '0' * 64, **own}
        self.lie(entry)
        self.lines.append(verify.dump_entry(entry))
        root = verify.tree_root([sha256(b'\0', line) for line in self.lines])
        note = signed_note(self.origin, len(self.lines), root, self.log_seed, self.epoch, self.epoch_seed(self.epoch))
        self.write('chain.jsonl', b''.join(line + b'\n' for line in self.lines))
        self.write(f'cp/{len(self.lines):08}.note', note)
        self.write('checkpoint', note)
        if 'next' in own and kind != 'genesis':
            self.epoch += 1

    def genesis(self, time):
        self.append('genesis', time, {
            'stream': self.name, 'origin': self.origin, 'log': self.log_vkey(), 'epoch': 0,
            'next': self.epoch_vkey(0), 'escrow': False, 'policy': policy(), 'sw': SW})

    def segment(self, time, number, first, batches, facts):
        lines = [line for batch in batches for line in batch.split(b'\n')[:-1]]
        seed = secret(f'{self.origin} salts {number}', 16)
        salts = verify.Salts({(0, 0): seed})
        leaves = [verify.record_leaf(salts.salt(i), line) for i, line in enumerate(lines)]
        file, name = seekable(batches), f'seg/{number:08}.jsonl.zst'
        self.write(name, file)
        self.write(f'seg/{number:08}.salt', b'0 0 ' + base64.b64encode(seed) + b'\n')
        self.write(f'seg/{number:08}.idx', verify.idx_bytes(leaves))
        own = {'seg': number, 'first': first, 'n': len(lines), 'bytes': sum(map(len, batches)),
               'root': base64.b64encode(verify.tree_root(leaves)).decode(),
               'file': {'name': name, 'size': len(file), 'hash': verify.file_hash(salts, file).hex()},
               'idx': sha256(verify.idx_bytes(leaves)).hex()}
        if lines:
            own['time'] = verify.minute_bounds([verify.parse_record(line)['time'] for line in lines])
        own.update(facts)
        own['words'] = {'n': WORDS.count(b'\n'), 'hash': verify.words_hash(salts, WORDS).hex()}
        own['sources'] = [{'fp': hmac_sha256(secret('fingerprint'), SOURCE[:4096])[:16].hex(), 'head': 4096,
                           'at': facts['in']['bytes'] + 9000 * (number - 1), 'end': number == 2}]
        own.update(self.turn(), sw=SW)
        self.append('segment', time, own)


def policy():
    return 'sha256:' + sha256(b'{"policy":"of the vectors"}').hex()


WORDS = b'host\t\texample.org\npath\t/\tshop\npath\t/shop\tb\xc3\xbccher\n'
SOURCE = bytes(range(256)) * 20
START = datetime.datetime(2026, 11, 28, 22, 59, 30, 250000)


def import_token(prefix, trust, period, time, value):
    seed = import_seed(secret('import'), period, epoch_index(period, time))
    return token(prefix, class_key(hkdf_extract(seed, secret('root')), 'default', prefix, trust), value)


def record_line(k):
    """The k-th record of the vector store: a little of everything that a record can hold."""
    time = START + datetime.timedelta(seconds=k * 3607, microseconds=1 if k % 9 == 4 else 0)
    record = {'time': rfc3339(time), 'event': 'http.request'}
    if k % 13 == 12:
        record |= {'reason': 'too_long' if k == 25 else 'grammar', 'state': 'unparsed', 'flags': ['time_arrival', 'bad_utf8']}
        return verify.record_value(record).encode() + b'\n'
    subject = bytes((192, 0, 2, k % 5))
    record['client'] = import_token('ip', 'peer', 'w', time, subject)
    if k % 6 == 1:
        record['forwarded'] = [import_token('if', 'header', 'w', time, subject), '[ip.fwd]']
    if k % 4 == 2:
        record['session'] = import_token('se', 'peer', 'd', time, subject + b'session')
    record |= {'method': 'GET', 'path': ('/', '/shop/b\u00fccher', '/shop/{int}', '/a"b\\c', '/\u200e\u202e')[k % 5]}
    if k % 3 == 0:
        record['query'] = 'page={int}&q'
    record |= {'protocol': 'HTTP/1.1', 'status': (200, 200, 304, 404, 503, 101, 302)[k % 7], 'bytes': 37 * k}
    if k % 5 == 3:
        record |= {'agent': 'Firefox \U0001f98a', 'agent_major': 128, 'bot': 0}
    if k % 11 == 7:
        record['extra'] = {'request_time': '0.004\t\x7f\x85', 'retries': -k}
    if k % 10 == 9:
        record |= {'state': 'partial', 'flags': ['user_nonstandard']}
    return verify.record_value(record).encode() + b'\n'


def make_store(store, lies=None, policy_words=WORDS):
    """The vector store: cretula.store, and shop with segments of 40 and 7 records.  lies: stream to Writer's lie."""
    lies = lies or {}
    root = Writer(store, verify.STORE_CHAIN, lies.get(verify.STORE_CHAIN))
    shop = Writer(store, 'shop', lies.get('shop'))
    root.genesis('2026-12-01T08:00:00.000Z')
    shop.genesis('2026-12-01T08:00:00.002Z')
    root.append('stream', '2026-12-01T08:00:00.002Z', {
        'name': 'shop', 'origin': shop.origin, 'log': shop.log_vkey(), 'genesis': sha256(shop.lines[0]).hex(),
        **root.turn()})
    records = [record_line(k) for k in range(47)]
    seed = commitment(secret('import')).hex()
    shop.segment('2026-12-01T08:00:01.000Z', 1, 0, [b''.join(records[:25]), b''.join(records[25:40])], {
        'in': {'lines': 44, 'bytes': 9000, 'parsed': 33, 'partial': 4, 'unparsed': 3, 'counted': 2, 'meta': 1,
               'joined': 1, 'split': dict.fromkeys(verify.SPLIT, 0), 'lost': 0},
        'by': {'status': status_counts(records[:40])}, 'masked': {'ip.peer': 37, 'ip.fwd': 6, 'session': 9},
        'reasons': reason_counts(records[:40]), 'policy': policy(),
        'mask_epochs': {'if': ['2026-W48..2026-W49'], 'ip': ['2026-W48', '2026-W49'], 'se': ['2026-11-28..2026-11-30']},
        'mask_seed': seed})
    shop.segment('2026-12-01T08:00:01.000Z', 2, 40, [b''.join(records[40:])], {
        'in': {'lines': 6, 'bytes': 1234, 'parsed': 3, 'partial': 0, 'unparsed': 0, 'counted': 0, 'meta': 3,
               'joined': 0, 'split': {'parsed': 3, 'partial': 0, 'unparsed': 0, 'counted': 1}, 'lost': 5},
        'replay': {'parsed': 1, 'partial': 0, 'unparsed': 0}, 'policy': policy(),
        'mask_epochs': {'if': ['2026-W49'], 'ip': ['2026-W49'], 'se': ['2026-11-30']}, 'mask_seed': seed})
    shop.append('destroy', '2026-12-01T08:00:02.500Z', {'what': 'import', 'commitment': seed})
    os.makedirs(os.path.join(store, 'words'))
    with open(os.path.join(store, 'words', 'shop'), 'wb') as file:
        file.write(policy_words)
    return root, shop


def status_counts(lines):
    counts = {name: 0 for name in ('none', '1xx', '2xx', '3xx', '4xx', '5xx')}
    for line in lines:
        status = verify.parse_record(line[:-1]).get('status')
        counts[f'{status // 100}xx' if status else 'none'] += 1
    return {name: count for name, count in counts.items() if count}


def reason_counts(lines):
    records = [verify.parse_record(line[:-1]) for line in lines]
    found = [record['reason'] for record in records if record.get('state') == 'unparsed']
    return {name: found.count(name) for name in verify.REASONS if name in found}


def anchor_line(root):
    return f'{root.log_vkey()} sha256:{sha256(root.lines[0]).hex()}'


# ---- All of it -----------------------------------------------------------------------------------------------------

def life_lines():
    """Of each type of entry one or more."""
    import life
    with tempfile.TemporaryDirectory() as folder:
        root, shop = life.make_life(os.path.join(folder, 'life'))
    assert {verify.parse_entry(line)['type'] for line in root.lines + shop.lines} == set(verify.TYPES)
    return root.lines + shop.lines


def write_all(folder):
    root, shop = make_store(os.path.join(folder, 'store'))
    tables = {name[6:].replace('_', '-'): make for name, make in globals().items() if name.startswith('table_')}
    lines = root.lines + shop.lines
    tables['entries'] = lambda: (line.decode() for line in lines + life_lines())
    tables['entries-bad'] = lambda: table_entries_bad(lines)
    tables['anchor'] = lambda: [anchor_line(root)]
    for name, make in tables.items():
        with open(os.path.join(folder, name + '.txt'), 'w', encoding='ascii') as file:
            file.writelines(row + '\n' for row in make())


def content_of(folder):
    found = {}
    for path, _, names in os.walk(folder):
        for name in names:
            if name.endswith('.txt') or os.path.relpath(path, folder).startswith('store'):
                with open(os.path.join(path, name), 'rb') as file:
                    found[os.path.relpath(os.path.join(path, name), folder)] = file.read()
    return found


DEPENDS = re.compile(rb'("prev":"|"hash":"|"size":|"root":")[0-9a-zA-Z+/]*')  # on the compressed bytes, which zstd versions make


def neutral(name, content):
    """What of a file does not depend on the version of zstd."""
    if name.endswith('.zst'):
        return verify.decompress(content)[0]
    if name.startswith('store/streams/shop/cp/') or name == 'store/streams/shop/checkpoint':
        return content.split(b'\n')[:2]
    if name in ('store/streams/shop/chain.jsonl', 'entries.txt'):
        return DEPENDS.sub(b'', content)
    return b'' if name == 'entries-bad.txt' else content


def check():
    """Complaints about what lies beside this file."""
    with tempfile.TemporaryDirectory() as made:
        write_all(made)
        new, old = content_of(made), content_of(HERE)
        for name in sorted(set(new) | set(old)):
            if name not in new or name not in old:
                yield f'{name}: only in the {"folder" if name in old else "fresh vectors"}'
            elif new[name] != old[name] and neutral(name, new[name]) != neutral(name, old[name]):
                yield f'{name}: differs'


def main(arguments):
    if arguments == ['--check']:
        complaints = list(check())
        print('\n'.join(complaints) or 'the vectors reproduce')
        return 1 if complaints else 0
    if arguments:
        print('usage: make.py [--check]', file=sys.stderr)
        return 2
    if os.path.exists(os.path.join(HERE, 'store')):
        subprocess.run(['rm', '-r', os.path.join(HERE, 'store')], check=True)
    write_all(HERE)
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
