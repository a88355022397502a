"""Hostile time stamps (RFC 3161): whatever `anchor import` is given, it does not crash, and accepts nothing that is not one.

Made out of a good answer of openssl: each value of its DER bent in each way, and tokens that are signed well by somebody
who may not sign time stamps.
"""
import random

from lib import cretula, equal, main, read, write
from test_anchor import STORE, Authority, entries, make, newest, openssl

SEQUENCE, INTEGER, OCTETS = 0x30, 2, 4


def length(n):
    if n < 0x80:
        return bytes((n,))
    digits = n.to_bytes((n.bit_length() + 7) // 8, 'big')
    return bytes((0x80 | len(digits),)) + digits


def put(tag, *parts):
    content = b''.join(parts)
    return bytes((tag,)) + length(len(content)) + content


def take(der, at=0):
    """(tag, where its content begins, where that ends)."""
    first = der[at + 1]
    if first < 0x80:
        return der[at], at + 2, at + 2 + first
    size = first & 0x7f
    start = at + 2 + size
    return der[at], start, start + int.from_bytes(der[at + 2:start], 'big')


def walk(der, at=0, end=None, path=()):
    """Each value: (path of (at, content, end) of what it is in, and of itself).  Octets that hold a value are opened too."""
    end = len(der) if end is None else end
    while at < end:
        tag, start, stop = take(der, at)
        here = (*path, (at, start, stop))
        yield here
        if tag & 0x20:
            yield from walk(der, start, stop, here)
        elif tag == OCTETS and der[start:start + 1] == b'\x30' and take(der, start)[2] == stop:
            yield from walk(der, start, stop, here)
        at = stop


def replaced(der, path, made):
    """The value at the end of path is made, and the lengths around it fit again."""
    at, _, stop = path[-1]
    for outer_at, start, outer_stop in reversed(path[:-1]):
        made = bytes((der[outer_at],)) + length(at - start + len(made) + outer_stop - stop) + \
            der[start:at] + made + der[stop:outer_stop]
        at, stop = outer_at, outer_stop
    return der[:at] + made + der[stop:]


def deep(levels):
    made = b''
    for _ in range(levels):
        made = put(SEQUENCE, made)
    return made


def bends(tag, content):
    """(claim, what stands in the place of a value)."""
    head = bytes((tag,))
    yield 'an indefinite length', head + b'\x80' + content + b'\0\0'
    yield 'a length with a zero in front', head + b'\x84' + len(content).to_bytes(4, 'big') + content
    yield 'a length of 2^32 - 1', head + b'\x84\xff\xff\xff\xff' + content
    yield 'a length of 2^64 - 1', head + b'\x88' + b'\xff' * 8 + content
    yield 'a length of 127 digits', head + b'\xff' + b'\x01' * 127 + content
    yield 'one byte more than there is', head + length(len(content) + 1) + content
    yield 'nothing', b''
    yield 'no content', head + b'\0'
    yield 'half of its content', put(tag, content[:len(content) // 2])
    yield 'a tag of many bytes', b'\x1f\xff\xff\x7f' + length(len(content)) + content
    yield 'another tag', put(tag ^ 1, content)
    yield 'a number of 4,000 bytes', put(INTEGER, b'\x7f' * 4000)
    yield 'a number below zero', put(INTEGER, b'\xff' * 9)
    yield '5,000 values, one in the other', deep(5000)
    yield 'zeros', put(tag, bytes(len(content)))


def good_answer():
    make()
    authority = Authority()
    cretula('anchor', 'print', 'tsq', *STORE, '--out', 'q.tsq', code=0)
    return authority, read(authority.stamp('q.tsq'))


def refused(claim, answer, ca):
    """A finding; or what does not even begin as a stamp is taken for cosignatures, of which none is there."""
    write('answer', answer)
    run = cretula('anchor', 'import', 'answer', *STORE, '--tsa-ca', ca)
    assert run.code == (1 if answer[:1] == b'0' else 2) and len(run.err.splitlines()) == 1, (claim, run.code, run.err)


def test_each_value_bent_in_each_way():
    """A sample of all values and ways: refused, one line says why, the chain and anchor/ stay as they were."""
    authority, good = good_answer()
    before, rng = entries(), random.Random(3161)
    values = list(walk(good))
    assert len(values) > 60, len(values)
    rows = [(f'value {k} (tag {good[path[-1][0]]:#x}): {claim}', path, made) for k, path in enumerate(values)
            for claim, made in bends(good[path[-1][0]], good[path[-1][1]:path[-1][2]])]
    outer = [row for row in rows if len(row[1]) <= 3]
    for claim, path, made in rng.sample(outer, min(90, len(outer))) + rng.sample(rows, 120):
        bent = replaced(good, path, made)
        if bent != good:
            refused(claim, bent, authority.ca)
    equal(entries(), before)


def test_cut_at_each_of_many_lengths_and_bits_turned():
    authority, good = good_answer()
    before, rng = entries(), random.Random(5816)
    for size in [0, 1, 2, 3, *rng.sample(range(4, len(good)), 40)]:
        refused(f'cut to {size}', good[:size], authority.ca)
    for behind in (b'\0', good, bytes(60000)):
        refused('more behind it', good + behind, authority.ca)
    write('answer', good + bytes(2 ** 21))
    assert 'larger' in cretula('anchor', 'import', 'answer', *STORE, '--tsa-ca', authority.ca, code=66).err
    equal(entries(), before)


def token(authority, change, extensions, days='30'):
    """A TimeStampResp over what change makes of a TSTInfo, by a certificate of other extensions: openssl ts would not."""
    write('tsa.ext', f'[tsa]\n{extensions}\n'.encode())
    openssl('x509', '-req', '-in', 'tsa.csr', '-CA', authority.ca, '-CAkey', 'tsa-ca.key', '-CAcreateserial', '-out', 'odd.pem',
            '-extfile', 'tsa.ext', '-extensions', 'tsa', '-days', days)
    write('info', change(info_of(read(authority.stamp('q.tsq')))))  # not of before the certificate
    openssl('cms', '-sign', '-in', 'info', '-binary', '-nodetach', '-econtent_type', '1.2.840.113549.1.9.16.1.4', '-signer', 'odd.pem',
            '-inkey', 'tsa.key', '-md', 'sha256', '-cades', '-outform', 'DER', '-out', 'token')
    return put(SEQUENCE, put(SEQUENCE, put(INTEGER, b'\0')), read('token'))


def info_of(good):
    """The TSTInfo: the octets that hold a value of which the first is version 1, then a policy."""
    for path in walk(good):
        tag, start, stop = take(good, path[-1][0])
        if tag == OCTETS and good[start:start + 1] == b'\x30' and good[take(good, start)[1]:][:4] == b'\x02\x01\x01\x06':
            return good[start:stop]
    raise AssertionError('no TSTInfo')


def test_signed_well_by_who_may_not():
    """The control is accepted; a certificate for something else, or expired, and another imprint are not."""
    authority, good = good_answer()
    before = entries()
    right = 'extendedKeyUsage = critical,timeStamping\nkeyUsage = critical,digitalSignature'
    body = newest()[:newest().index(b'\n\n') + 1]
    imprint = openssl('dgst', '-sha256', '-binary', data=body)
    sha1 = bytes.fromhex('06052b0e03021a')
    sha256 = bytes.fromhex('0609608648016503040201')
    algorithm = put(SEQUENCE, sha256, b'\5\0')
    whole = put(SEQUENCE, algorithm, put(OCTETS, imprint))
    assert whole in info_of(good)

    def same(info):
        return info

    def changed(new):
        return lambda info: put(SEQUENCE, info[take(info)[1]:].replace(whole, new))
    rows = [
        ('a certificate of a web server', same, right.replace('timeStamping', 'serverAuth'), '30'),
        ('a certificate of no such use', same, 'keyUsage = critical,digitalSignature', '30'),
        ('a use that is not critical', same, right.replace('critical,timeStamping', 'timeStamping'), '30'),
        ('one use more', same, right.replace('timeStamping', 'timeStamping,codeSigning'), '30'),
        ('an authority itself', same, 'basicConstraints = critical,CA:TRUE\nextendedKeyUsage = critical,serverAuth', '30'),
        ('an expired certificate', same, right, '-1'),
        ('another imprint', changed(put(SEQUENCE, algorithm, put(OCTETS, bytes(32)))), right, '30'),
        ('an imprint with a byte more', changed(put(SEQUENCE, algorithm, put(OCTETS, imprint + b'\0'))), right, '30'),
        ('a digest of SHA-1', changed(put(SEQUENCE, put(SEQUENCE, sha1, b'\5\0'), put(OCTETS, imprint[:20]))), right, '30'),
        ('the name of SHA-1 over a digest of SHA-256', changed(put(SEQUENCE, put(SEQUENCE, sha1, b'\5\0'), put(OCTETS, imprint))),
         right, '30'),
        ('two imprints', changed(whole + whole), right, '30'),
        ('no imprint', changed(b''), right, '30'),
        ('a text that is signed', lambda info: b'hello\n', right, '30'),
        ('nothing that is signed', lambda info: b'', right, '30'),
    ]
    for claim, change, extensions, days in rows:
        refused(claim, token(authority, change, extensions, days), authority.ca)
        equal(entries(), before, claim)
    write('answer', token(authority, same, right))
    cretula('anchor', 'import', 'answer', *STORE, '--tsa-ca', authority.ca, code=0)
    equal([e['kind'] for e in entries() if e['type'] == 'anchor'], ['tsr'])
    cretula('verify', '--store', 'store', '--tsa-ca', authority.ca, code=0)


if __name__ == '__main__':
    main()
