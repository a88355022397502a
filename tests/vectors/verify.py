#!/usr/bin/env python3
"""verify.py STORE [--anchor LINE] [OPTION...] [--json]: check a cretula store, with nothing of cretula.
verify.py --bundle DIR [--anchor LINE] [OPTION...] [--json]: check evidence out of a store.
verify.py --proof FILE [--anchor LINE] [--json]: check the proof of one record, or that a chain only grew.

Options: --pin FILE and --max-age T find a store that was set back; --escrow FILE checks the flushes of live segments
with the keys that were given out; --policy FILE says which witnesses must have cosigned (C2SP tlog-policy).

Written from docs/format.md alone, with the Python standard library and the `zstd` program; the sections below bear
the numbers of that file.  It is meant to be read: an auditor who trusts no C can follow what "verified" means.  It
hashes record by record in Python, so it suits small stores.

Exit codes: 0 all that is there was checked and is good (warnings included), 1 a finding, 2 usage, 3 incomplete
(nothing wrong was seen, but something could not be checked), 66 no such store.  Codes: src/audit/findings.def.
"""
import base64
import datetime
import errno
import functools
import hashlib
import hmac
import json
import os
import re
import stat
import subprocess
import sys
import tempfile
import time

STORE_CHAIN = 'cretula.store'
STREAM_NAME = re.compile(r'[a-z][a-z0-9-]{0,31}|cretula\.store|cretula\.access')


def sha256(*parts):
    return hashlib.sha256(b''.join(parts)).digest()


class Bad(Exception):
    """Something that is not as the format says."""

    def __init__(self, code, text):
        super().__init__(text)
        self.code = code


class Report:
    """Findings, in the order of discovery; one of a code for each file is enough."""

    def __init__(self):
        self.findings, self.told = [], set()
        self.unchecked = []  # what could not be looked at: exit 3
        self.facts = []      # coverage: what was looked at
        self.unfinished = 0  # files under .tmp names

    def add(self, code, file, text, **where):
        if (code, file) not in self.told:
            self.told.add((code, file))
            self.findings.append({'code': code, 'file': file, **where, 'text': text})

    def drop(self, file, entry):
        """Take out what was said of this file's entries from one on."""
        self.findings = [f for f in self.findings if f['file'] != file or f.get('entry', -1) < entry]
        self.told = {(f['code'], f['file']) for f in self.findings}

    def exit_code(self):
        if any(f['code'].startswith('E_') for f in self.findings):
            return 1
        return 3 if self.unchecked else 0


# ---- Ed25519, RFC 8032, strict: canonical S; no small-order or non-canonical A or R --------------------------------

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
IDENTITY = (0, 1, 1, 0)  # extended coordinates: x = X/Z, y = Y/Z, xy = T/Z


def point_add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def point_decode(encoded):
    """The point; None if the encoding is no canonical one of a point of the curve."""
    y = int.from_bytes(encoded, 'little')
    sign, y = y >> 255, y & (2**255 - 1)
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return (x, y, 1, x * y % P)


def point_encode(p):
    inverse = pow(p[2], P - 2, P)
    x, y = p[0] * inverse % P, p[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, 'little')


def point_is_small(p):
    for _ in range(3):
        p = point_add(p, p)
    return p[0] == 0 and p[1] == p[2]


BASE = point_decode((4 * pow(5, P - 2, P) % P).to_bytes(32, 'little'))


def point_sum(a, p, b, q):
    """a * p + b * q."""
    both, total = point_add(p, q), IDENTITY
    for bit in range(max(a.bit_length(), b.bit_length()) - 1, -1, -1):
        total = point_add(total, total)
        pick = (a >> bit & 1, b >> bit & 1)
        if pick != (0, 0):
            total = point_add(total, {(1, 0): p, (0, 1): q, (1, 1): both}[pick])
    return total


@functools.lru_cache(maxsize=65536)
def ed25519_verify(public, message, signature):
    if len(public) != 32 or len(signature) != 64:
        return False
    key, r, s = point_decode(public), point_decode(signature[:32]), int.from_bytes(signature[32:], 'little')
    if key is None or r is None or point_is_small(key) or point_is_small(r) or s >= L:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), 'little') % L
    return point_encode(point_sum(s, BASE, L - k, key)) == signature[:32]


# ---- 1. Files ------------------------------------------------------------------------------------------------------

def read_file(path, limit):
    """What a regular file holds.  Never follows a link, never waits for a fifo."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as problem:
        if problem.errno in (errno.ELOOP, errno.ENXIO, errno.ENODEV):
            raise Bad('E_FILE_TYPE', 'not a regular file') from None
        raise
    try:
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode):
            raise Bad('E_FILE_TYPE', 'not a regular file')
        with os.fdopen(fd, 'rb', closefd=False) as file:
            content = file.read(min(limit, found.st_size) + 1)  # Python takes memory for all that it may read
    finally:
        os.close(fd)
    if len(content) > limit:
        raise Bad('E_LIMIT', f'more than {limit} bytes')
    return content


def list_dir(report, store, folder):
    """The names in a directory; none if there is no such directory."""
    try:
        if stat.S_ISDIR(os.lstat(os.path.join(store, folder)).st_mode):
            return sorted(os.listdir(os.path.join(store, folder)))
        report.add('E_FILE_TYPE', folder, 'not a directory')
    except FileNotFoundError:
        pass
    except OSError as problem:
        report.unchecked.append(f'{folder}: {problem.strerror}')
    return []


def is_odd(path):
    """Is something there that is no regular file?"""
    try:
        return not stat.S_ISREG(os.lstat(path).st_mode)
    except FileNotFoundError:
        return False


def has_other(store, folder):
    """Is something there that is no directory?"""
    try:
        return not stat.S_ISDIR(os.lstat(os.path.join(store, folder)).st_mode)
    except FileNotFoundError:
        return False


def warn_unknown(report, store, folder, known):
    for name in list_dir(report, store, folder):
        if name.endswith('.tmp'):
            report.unfinished += 1  # a writer's, that is to get its name yet
        elif name not in known:
            report.add('W_UNKNOWN_FILE', f'{folder}/{name}', 'nothing names this file')


# ---- 2. Records ----------------------------------------------------------------------------------------------------

FIELDS = {name: kind for kind, names in (
    ('time', 'time'), ('text', 'event level client'), ('list', 'forwarded'),
    ('text', 'user session action object outcome reason method scheme host path query protocol'),
    ('int', 'status bytes request_bytes duration_us upstream_us upstream_status'), ('text', 'cache referer agent'),
    ('int', 'agent_major'), ('text', 'os device'), ('int', 'bot'), ('text', 'agent_full country'), ('int', 'asn'),
    ('text', 'server upstream tls'), ('extra', 'extra'), ('state', 'state'), ('flags', 'flags'),
) for name in names.split()}
FLAGS = ('time_arrival ip_noncanonical peer_unix peer_name user_nonstandard request_garbage ctl_in_field bad_utf8 '
         'unsettled path_param params_capped path_capped fwd_capped overlong secret_found duplicate_key '
         'text_capped zone_assumed sent_again').split()
LINE_MAX = 16384
SPARE_BYTES, SPARE_LINES = 2**25, 65536  # read beyond what is sealed, to name what was added
ESCAPED = re.compile('["\\\\\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffd]')
SHORT = {'"': '\\"', '\\': '\\\\', '\b': '\\b', '\f': '\\f', '\n': '\\n', '\r': '\\r', '\t': '\\t'}
RECORD_TIME = re.compile(r'(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.(\d{3}|\d{6})Z', re.ASCII)


def parse_time(text):
    """A UTC datetime; ValueError if text is not the one way to write it."""
    match = RECORD_TIME.fullmatch(text)
    if not match or (len(match[2]) == 6 and match[2].endswith('000')):
        raise ValueError('time')
    return datetime.datetime.fromisoformat(match[1] + '.' + match[2])


def no_twins(pairs):
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError('a key stands twice')
    return made


def refuse(_):
    raise ValueError('no such number')


def parse_json(text):
    try:
        return json.loads(text, object_pairs_hook=no_twins, parse_float=refuse, parse_constant=refuse)
    except RecursionError:
        raise ValueError('too deep') from None


SURROGATE = re.compile('[\ud800-\udfff]')


def is_text(value):
    return isinstance(value, str) and not SURROGATE.search(value)


def is_int(value):
    return isinstance(value, int) and not isinstance(value, bool)


def record_value(value):
    """How a record writes value."""
    if is_text(value):
        return '"' + ESCAPED.sub(lambda m: SHORT.get(m[0], f'\\u{ord(m[0]):04x}'), value) + '"'
    if is_int(value):
        return str(value)
    if isinstance(value, list):
        return '[' + ','.join(map(record_value, value)) + ']'
    if isinstance(value, dict):
        return '{' + ','.join(record_value(k) + ':' + record_value(v) for k, v in value.items()) + '}'
    raise ValueError('no value of a record')


def in_order(names, table):
    """Do names stand in the order of table, each at most once?"""
    return list(names) == [name for name in table if name in names]


TEXT_MAX, FORWARDED_MAX, EXTRA_MAX = 2048, 16, 32


def is_field_text(value):
    return is_text(value) and len(value.encode()) - 2 * value.count('\ufffd') <= TEXT_MAX


def is_field_int(value):
    return is_int(value) and -2**63 <= value < 2**63


FIELD_CHECKS = {
    'time': is_text, 'text': is_field_text, 'int': is_field_int,
    'list': lambda v: isinstance(v, list) and 0 < len(v) <= FORWARDED_MAX and all(map(is_field_text, v)),
    'extra': lambda v: isinstance(v, dict) and 0 < len(v) <= EXTRA_MAX and all(map(is_field_text, v)) and
    all(is_field_text(x) or is_field_int(x) for x in v.values()),
    'state': lambda v: v in ('partial', 'unparsed'),
    'flags': lambda v: isinstance(v, list) and v and all(map(is_text, v)) and in_order(v, FLAGS),
}


def parse_record(line):
    """The record of a line; ValueError unless it is written exactly as section 2 says."""
    if not line.startswith(b'{"time":"'):
        raise ValueError('does not start as a record')
    text = line.decode('utf-8')
    record = parse_json(text)
    if not in_order(record, FIELDS):
        raise ValueError('keys unknown or out of order')
    if not all(FIELD_CHECKS[FIELDS[name]](value) for name, value in record.items()):
        raise ValueError('a value of the wrong kind')
    if record_value(record) != text:
        raise ValueError('not written in the one way')
    record['time'] = parse_time(record['time'])
    return record


# ---- 3. Salts and leaves -------------------------------------------------------------------------------------------

SALT_FILE, SALT_WORDS = 2**32 - 1, 2**32 - 2
REPLACEMENTS_MAX, NODES_MAX = 2047, 65536


def replacement_salt(r, k):
    """Which salt the line has that replaced record r after k earlier ones."""
    return 2**31 + 2**20 * k + r


class Salts:
    """The salts below one seed, or below the nodes that are left of it."""

    def __init__(self, nodes):
        self.nodes = nodes   # (level, index) -> 16 bytes
        self.path = []       # the last walk: (level, index, node), from the top

    @classmethod
    def parse(cls, text):
        nodes, end = {}, 0
        for line in text.decode('ascii').splitlines(keepends=True):
            level, index, encoded = re.fullmatch(r'(0|[1-9]\d?) (0|[1-9]\d{0,9}) (\S{24})\n', line).groups()
            level, index = int(level), int(index)
            if level > 32 or index >= 2**level or index << (32 - level) < end:
                raise ValueError('a node out of place')
            end = (index + 1) << (32 - level)
            nodes[level, index] = base64_decode(encoded, 16)
        if not 0 < len(nodes) <= NODES_MAX or any((level, index ^ 1) in nodes for level, index in nodes if level):
            raise ValueError('no node, or too many, or both below a node')
        return cls(nodes)

    def gives(self, i):
        return any((level, i >> (32 - level)) in self.nodes for level in range(33))

    def salt(self, i):
        """salt_i; KeyError if no node leads to it."""
        while self.path and self.path[-1][1] != i >> (32 - self.path[-1][0]):
            self.path.pop()
        if not self.path:
            level = next(level for level in range(34) if level == 33 or (level, i >> (32 - level)) in self.nodes)
            self.path = [(level, i >> (32 - level), self.nodes[level, i >> (32 - level)])] if level < 33 else []
        if not self.path:
            raise KeyError(i)
        level, _, node = self.path[-1]
        while level < 32:
            level += 1
            index = i >> (32 - level)
            children = sha256(b'cretula salt v1\0', node)
            node = children[16:] if index & 1 else children[:16]
            self.path.append((level, index, node))
        return node


def record_leaf(salt, line):
    return sha256(b'\0', salt, line)


def file_hash(salts, content):
    return sha256(b'cretula file v1\n', salts.salt(SALT_FILE), content)


def words_hash(salts, content):
    return sha256(b'cretula words v1\n', salts.salt(SALT_WORDS), content)


# ---- 4. The tree ---------------------------------------------------------------------------------------------------

def tree_root(leaves):
    if not leaves:
        return sha256()
    level = list(leaves)  # pairing left to right is the same tree: a last odd node moves up as it is
    while len(level) > 1:
        level = [sha256(b'\1', *level[k:k + 2]) if k + 1 < len(level) else level[k] for k in range(0, len(level), 2)]
    return level[0]


class Frontier:
    """A tree that grows leaf by leaf, and its root at any time."""

    def __init__(self):
        self.count, self.peaks = 0, []  # peaks: of whole subtrees, the largest first

    def add(self, leaf):
        self.peaks.append(leaf)
        self.count += 1
        for _ in range((self.count & -self.count).bit_length() - 1):
            right = self.peaks.pop()
            self.peaks[-1] = sha256(b'\1', self.peaks[-1], right)

    def root(self):
        if not self.peaks:
            return tree_root([])
        return functools.reduce(lambda right, left: sha256(b'\1', left, right), reversed(self.peaks))


def idx_bytes(leaves):
    return b''.join(leaf[:2] for leaf in leaves) + \
        b''.join(tree_root(leaves[k:k + 256]) for k in range(0, len(leaves), 256))


# ---- 5. Compression ------------------------------------------------------------------------------------------------

FRAME, SKIPPABLE, SEEK_TABLE, SEEK_END = 0xFD2FB528, 0x184D2A50, 0x184D2A5E, 0x8F92EAB1
FRAME_MAX, BYTES_MAX, RECORDS_MAX = 1048576, 268435456, 1048576
CHAIN_MAX, ENTRIES_MAX = 268435456, 1048576


def little(content, at, size):
    if at + size > len(content):
        raise Bad('E_CONTAINER', 'ends within a frame')
    return int.from_bytes(content[at:at + size], 'little')


def walk_frames(content):
    """The frames of a zstd file, without decoding: (magic, offset, length, content size or None, checksum)."""
    at = 0
    while at < len(content):
        start, magic = at, little(content, at, 4)
        size, checksum = None, False
        if magic & ~0xf == SKIPPABLE:
            at += 8 + little(content, at + 4, 4)
        elif magic == FRAME:
            flags = little(content, at + 4, 1)
            single, checksum = flags >> 5 & 1, bool(flags & 4)
            at += 5 + (1 - single) + (0, 1, 2, 4)[flags & 3]
            width = (single, 2, 4, 8)[flags >> 6]
            if width:
                size = little(content, at, width) + (256 if width == 2 else 0)
            at += width
            last = 0
            while not last:
                block = little(content, at, 3)
                last, kind = block & 1, block >> 1 & 3
                if kind == 3:
                    raise Bad('E_CONTAINER', 'a block of no known kind')
                at += 3 + (1 if kind == 1 else block >> 3)
            at += 4 * checksum
        else:
            raise Bad('E_CONTAINER', f'no zstd frame at byte {start}')
        if at > len(content):
            raise Bad('E_CONTAINER', 'ends within a frame')
        yield magic, start, at - start, size, checksum


def check_container(content, frames, lines):
    """Is the file laid out as section 5 says?  Only asked of files whose records are good."""
    data = frames[:-1]
    if not frames or frames[-1][0] != SEEK_TABLE or any(f[0] != FRAME or f[3] is None or f[4] for f in data):
        raise Bad('E_CONTAINER', 'not frames with content size and without checksum, then a seek table')
    table = b''.join(f[2].to_bytes(4, 'little') + f[3].to_bytes(4, 'little') for f in data)
    table += len(data).to_bytes(4, 'little') + b'\0' + SEEK_END.to_bytes(4, 'little')
    if content[frames[-1][1] + 8:] != table:
        raise Bad('E_CONTAINER', 'the seek table is not that of the frames')
    if any(f[3] > FRAME_MAX or f[3] == 0 for f in data):
        raise Bad('E_LIMIT', f'a frame of more than {FRAME_MAX} bytes, or of none')
    ends, at = {0}, 0
    for line in lines:
        at += len(line) + 1
        ends.add(at)
    at = 0
    for frame in data:
        at += frame[3]
        if at not in ends:
            raise Bad('E_CONTAINER', 'a frame ends within a line')


def decompress(content, limit=BYTES_MAX):
    """(text, whole): what zstd makes of the frames, and whether it had no complaint.  Not more than limit."""
    if not content:
        return b'', True
    with tempfile.TemporaryFile() as file:
        file.write(content)
        file.seek(0)
        with subprocess.Popen(['zstd', '-d', '-c', '-q'], stdin=file, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL) as child:
            text = child.stdout.read(limit)
            if child.stdout.read(1):
                child.kill()
    return text, child.returncode == 0


# ---- 6. Entries ----------------------------------------------------------------------------------------------------

ENTRY_MAX, SOURCES_MAX, KEY_NAME_MAX = 61440, 64, 255
KEPT, KEPT_MAX = re.compile(rb'.{7}[^,]*,.{8}(derive|genesis|recover|rekey|revoke|stream)"'), 1 << 25
CLASSES = ('none ip.peer ip.fwd port ident user.auth user.claim email phone mac geo device session credential pan iban '
           'national tracking campaign query path param host server agent join tls language unknown text').split()
PREFIXES = 'dv em ht if ip pn rq se sg ua uc us xx'.split()
REASONS = 'grammar too_long binary cut ambiguous no_fields columns continued'.split()
CAUSES = {'rate': 'counted', 'gap': 'lost', 'socket': 'lost', 'file': 'lost', 'unwritten': 'lost'}
COUNTED_REASONS = [name for name in REASONS if name != 'continued']
STATES = ('parsed', 'partial', 'unparsed')
EPOCH_NAME = (r'\d{4}-\d\d-\d\d', r'\d{4}-W\d\d', r'\d{4}-\d\d')
EPOCH_KEY = r'(\.([2-9]|[1-9]\d{1,2}))?'  # the second key of an epoch, the third ...


def base64_decode(text, size):
    content = base64.b64decode(text.encode('ascii'), validate=True)
    if len(content) != size or base64.b64encode(content).decode() != text:
        raise ValueError('base64')
    return content


def is_base64(text, size):
    try:
        return is_text(text) and base64_decode(text, size) is not None
    except ValueError:
        return False


def is_key_name(name):
    """C2SP signed-note: some UTF-8 without '+', blanks of any kind and control characters."""
    return 0 < len(name.encode()) <= KEY_NAME_MAX and not re.search(r'[+\s\x00-\x20\x7f]', name)


def parse_vkey(text, kind=1):
    """(name, key hash, public key); ValueError if it is none.  kind: 1 of signatures, 4 of cosignatures."""
    name, key_hash, encoded = text.split('+', 2)
    key = base64_decode(encoded, 33)
    if not is_key_name(name) or key[0] != kind or sha256(name.encode(), b'\n', key)[:4].hex() != key_hash:
        raise ValueError('vkey')
    return name, bytes.fromhex(key_hash), key[1:]


def is_vkey(text):
    try:
        return is_text(text) and parse_vkey(text) is not None
    except ValueError:
        return False


def is_count(value):
    return is_int(value) and 0 <= value < 2**53


def is_time(value):
    try:
        return is_text(value) and parse_time(value) is not None and len(value) == 24
    except ValueError:
        return False


def is_like(pattern):
    return lambda value: is_text(value) and re.fullmatch(pattern, value, re.ASCII) is not None


def is_object(*rows):
    """A checker of objects: rows are (key, checker) or (key, checker, 'may be left out')."""
    def check(value):
        if not isinstance(value, dict):
            return False
        expected = [row for row in rows if len(row) == 2 or row[0] in value]
        return list(value) == [row[0] for row in expected] and all(row[1](value[row[0]]) for row in expected)
    return check


def is_tally(names):
    """Positive counts under some of these names, in their order; a later writer may know more names."""
    return lambda v: isinstance(v, dict) and in_order([k for k in v if k in names], names) and \
        all(is_count(x) and x > 0 for x in v.values())


def is_in_calendar(kind, time):
    """Does the calendar have it?  Not every year has a week 53."""
    try:
        if kind == 1:
            datetime.date.fromisocalendar(int(time[:4]), int(time[6:]), 1)
        else:
            datetime.date.fromisoformat(time if kind == 0 else time + '-01')
    except ValueError:
        return False
    return True


def epoch_kind(name):
    """0 day, 1 week, 2 month; None if there is no such one."""
    return next((k for k, pattern in enumerate(EPOCH_NAME) if re.fullmatch(pattern + EPOCH_KEY, name, re.ASCII) and
                 is_in_calendar(k, name.partition('.')[0])), None)


def epoch_order(name):
    """Names sort as their times; those of the second key of an epoch come behind, then the third ..."""
    time, _, number = name.partition('.')
    return int(number or 1), time


def epoch_name(kind, time):
    year, week, _ = time.isocalendar()
    month = f'{time.year:04}-{time.month:02}'
    return (f'{month}-{time.day:02}', f'{year:04}-W{week:02}', month)[kind]


def epoch_spans(names):
    """The list as (first, last) pairs; ValueError unless it is sorted (names sort as their times), of one kind."""
    spans, kinds = [], set()
    for name in names:
        first, dots, last = name.partition('..')
        spans.append((first, last if dots else first))
        kinds |= {epoch_kind(end) for end in spans[-1]}
        if dots and (first >= last or '.' in first + last):
            raise ValueError('no range')
        if len(spans) > 1 and epoch_order(spans[-2][1]) >= epoch_order(first):
            raise ValueError('not sorted')
    if len(kinds) != 1 or None in kinds:
        raise ValueError('not of one kind')
    return spans


def is_period(value):
    return is_like('[1-9][0-9]*')(value) or (is_text(value) and '.' not in value and epoch_kind(value) is not None)


def is_mask_epochs(value):
    try:
        return isinstance(value, dict) and list(value) == sorted(value) and \
            all(isinstance(v, list) and all(map(is_text, v)) and epoch_spans(v) for v in value.values())
    except ValueError:
        return False


def is_counts(*names):
    return is_object(*((name, is_count) for name in names))


def is_list(check, most):
    return lambda v: isinstance(v, list) and len(v) <= most and all(map(check, v))


def is_escaped(value):
    return is_text(value) and len(json.dumps(value)) - 2 <= 2048


def is_optional(key, check):
    """The row of a key that may be left out, and is never there with an empty text."""
    return key, lambda v: v != '' and check(v), 'optional'


def is_runs(least=1):
    """Segment numbers as [[FIRST,LAST],...]: ascending, with a gap between two runs."""
    return lambda v: isinstance(v, list) and len(v) >= least and \
        all(isinstance(run, list) and len(run) == 2 and all(map(is_count, run)) and 1 <= run[0] <= run[1]
            for run in v) and all(one[1] + 1 < other[0] for one, other in zip(v, v[1:]))


def is_path(value):
    part = '[A-Za-z0-9_][A-Za-z0-9._-]*'
    return is_text(value) and len(value) <= 255 and re.fullmatch(f'{part}(/{part})*', value) is not None


def is_bytes(size):
    return lambda v: is_base64(v, size)


def is_flag(value):
    return isinstance(value, bool)


def is_number(value):
    """From 1."""
    return is_count(value) and value > 0


def is_one_of(*values):
    return lambda v: is_text(v) and v in values


def is_either(*checks):
    return lambda v: any(check(v) for check in checks)


def is_true(value):
    return value is True


IS_PLAIN = is_like(r'[ !#-\[\]-~]{0,1024}')  # needs no escape
IS_HEX, IS_POLICY = is_like('[0-9a-f]{64}'), is_like('sha256:[0-9a-f]{64}')
IS_STREAM, IS_ORIGIN = is_like(STREAM_NAME.pattern), is_like(r'cretula/[0-9a-f]{16}/[a-z0-9.-]+')
IS_WORD, IS_BOOT = is_like('[a-z][a-z0-9-]{0,31}'), is_like('[0-9a-f]{32}')
IS_WORDS = is_object(('n', is_count), ('hash', IS_HEX))
IS_FILE = is_object(('name', is_path), ('size', is_count), ('hash', IS_HEX))
IS_ITEM = is_object(('r', is_count), ('leaf', is_bytes(32)), ('new', is_bytes(32), 'optional'))
RATCHET = ('ratchet', is_object(('g', is_count), ('k', IS_HEX), ('mode', IS_WORD), ('box', is_bytes(86), 'optional')),
           'optional')
UNLOCKED = ('unlocked', is_true, 'optional')
BY, UNTIL, SW = is_optional('by', IS_PLAIN), ('until', is_time, 'optional'), ('sw', IS_PLAIN)
SPLIT = ('parsed', 'partial', 'unparsed', 'counted')
COMMON = (('v', lambda v: is_int(v) and v == 1), ('i', is_count), ('type', IS_PLAIN), ('t', is_time), ('prev', IS_HEX))


def is_items(value):
    return isinstance(value, list) and value and all(map(IS_ITEM, value)) and \
        all(one['r'] < other['r'] for one, other in zip(value, value[1:]))


TYPES = {
    'anchor': (('kind', IS_WORD), ('size', is_count), ('file', IS_FILE), BY,
               ('time', is_time, 'optional')),
    'clock': (('was', is_time), ('now', is_time), ('boot', IS_BOOT, 'optional')),
    'config': (('kind', IS_WORD), ('policy', IS_POLICY), is_optional('text', is_escaped), UNTIL,
               ('words', IS_WORDS, 'optional'), BY, SW),
    'derive': (('origin', IS_ORIGIN), ('size', is_count), ('root', is_bytes(32)), ('segs', is_runs()),
               ('transform', IS_WORD), ('policy', IS_POLICY), ('to', is_runs(), 'optional'),
               ('file', IS_FILE, 'optional')),
    'destroy': (('what', lambda v: is_text(v) and (v == 'import' or epoch_kind(v) is not None)), ('commitment', IS_HEX)),
    'genesis': (('stream', IS_STREAM), ('origin', IS_ORIGIN), ('log', is_vkey), ('recovery', is_vkey, 'optional'),
                ('epoch', is_count), ('next', is_vkey), ('escrow', is_flag), RATCHET, ('policy', IS_POLICY), SW),
    'head': (('name', IS_STREAM), ('size', is_count), ('root', is_bytes(32))),
    'hold': (('hold', IS_WORD), ('segs', is_runs(0)), ('onward', is_count, 'optional'), ('mask_epochs', is_mask_epochs),
             UNTIL, ('reason', is_escaped), BY),
    'prune': (('segs', is_runs()), ('rule', IS_PLAIN), ('cutoff', is_time), BY),
    'recover': (('alarm', is_flag), ('reason', IS_WORD), ('seg', is_count), ('kept', is_count), ('untagged', is_count),
                ('lost', is_count), is_optional('text', is_escaped), RATCHET, ('log', is_vkey, 'optional'),
                ('recovery', is_bytes(64), 'optional'), ('epoch', is_count, 'optional'), ('next', is_vkey, 'optional'),
                SW),
    'redact': (('seg', is_count), ('rev', is_number), ('items', is_items), ('reason', is_escaped),
               is_optional('ref', IS_PLAIN), BY, ('file', is_object(('name', is_path), ('size', is_count)))),
    'rekey': (('key', is_one_of('log', 'recovery')), ('old', is_vkey), ('new', is_vkey), ('proof', is_bytes(64)),
              ('recovery', is_bytes(64), 'optional')),
    'release': (('hold', IS_WORD), ('reason', is_escaped), BY),
    'replay': (('seg', is_count), ('n', is_count)),
    'report': (('kind', IS_WORD), ('result', is_count), ('hash', IS_HEX), BY),
    'revoke': (('vkey', is_vkey), ('from', is_count), ('signature', is_bytes(64))),
    'rotate': (('period', is_period), ('segs', is_runs(0))),
    'segment': (
        ('seg', is_count), ('first', is_count), ('n', is_count), ('bytes', is_count), ('root', is_bytes(32)),
        ('file', is_object(('name', IS_PLAIN), ('size', is_count), ('hash', IS_HEX))),
        ('idx', IS_HEX), ('time', is_object(('min', is_time), ('max', is_time)), 'optional'),
        ('in', is_object(*((k, is_count) for k in ('lines', 'bytes', *SPLIT, 'meta', 'joined')),
                         ('split', is_counts(*SPLIT)), ('lost', is_count))),
        ('replay', is_counts(*STATES), 'optional'),
        ('by', is_object(('status', is_tally(('none', '1xx', '2xx', '3xx', '4xx', '5xx')))), 'optional'),
        ('masked', is_tally(CLASSES), 'optional'),
        ('reasons', lambda v: is_tally(REASONS)(v) and len(v) > 0, 'optional'),
        ('causes', lambda v: is_tally(list(CAUSES))(v) and len(v) > 0, 'optional'),
        ('policy', IS_POLICY), ('mask_epochs', is_mask_epochs), ('mask_seed', IS_HEX, 'optional'),
        ('words', IS_WORDS),
        ('sources', is_list(is_object(('fp', is_like('[0-9a-f]{32}')), ('head', is_count), ('at', is_count),
                                      ('tail', is_like('[0-9a-f]{32}'), 'optional'), ('end', is_flag)), SOURCES_MAX)),
        ('tags', is_either(*(is_object(('g0', is_count), ('g', is_count), end, ('untagged', is_count))
                             for end in (('agg', is_bytes(32)), ('lost', is_true)))), 'optional'),
        ('live', is_object(('boot', IS_BOOT), ('from', is_count), ('to', is_count)), 'optional'),
        UNLOCKED, ('epoch', is_count), ('next', is_vkey), SW),
    'start': (('mode', IS_WORD), ('boot', IS_BOOT, 'optional'), RATCHET, UNLOCKED, SW),
    'stop': (('reason', IS_WORD), SW),
    'stream': (('name', IS_STREAM), ('origin', IS_ORIGIN), ('log', is_vkey), ('genesis', IS_HEX),
               ('epoch', is_count), ('next', is_vkey)),
}


def dump_entry(entry):
    return json.dumps(entry, separators=(',', ':'), ensure_ascii=True).encode('ascii')


def all_numbers_good(value):
    if isinstance(value, (dict, list)):
        return all(map(all_numbers_good, value.values() if isinstance(value, dict) else value))
    return not is_int(value) or is_count(value)


def parse_entry(line):
    """The entry of a line (without LF); ValueError unless the line is the one way to write it."""
    if len(line) > ENTRY_MAX:
        raise ValueError('too long')
    text = line.decode('ascii')
    entry = parse_json(text)
    if not isinstance(entry, dict) or dump_entry(entry) != line:
        raise ValueError('does not re-serialise to itself')
    if not is_object(*COMMON)({key: entry[key] for key in list(entry)[:len(COMMON)]}):
        raise ValueError('the common keys are wrong')
    kind = TYPES.get(entry['type'])
    if kind and not is_object(*COMMON, *kind)(entry):
        raise ValueError(f'the keys of {entry["type"]} are wrong')
    if entry['type'] == 'segment' and (entry['n'] >= 20) + ('by' in entry) + ('masked' in entry) not in (0, 3):
        raise ValueError('by or masked for fewer than 20 records, or left out for more')
    if entry['type'] == 'segment' and (entry['n'] > 0) != ('time' in entry):
        raise ValueError('bounds of time for no records, or none for some')
    if entry['type'] in ('segment', 'redact'):
        revision = f'.r{entry["rev"]}' if 'rev' in entry else ''
        if entry['file']['name'] != f'seg/{entry["seg"]:08}{revision}.jsonl.zst':
            raise ValueError('file.name')
    if not any(entry.get('replay', {1: 1}).values()):
        raise ValueError('a replay of none')
    if 'next' in entry and not (is_vkey(entry['next']) and is_count(entry.get('epoch'))):
        raise ValueError('next without epoch')
    if not all_numbers_good(entry):
        raise ValueError('a number below 0 or above 2^53')
    return entry


def minute_bounds(times):
    """The times rounded out to the minute, as an entry writes them."""
    minute = datetime.timedelta(minutes=1)
    first, last = min(times).replace(second=0, microsecond=0), max(times).replace(second=0, microsecond=0)
    last += minute if last < max(times) else datetime.timedelta()
    return {'min': first.isoformat() + '.000Z', 'max': last.isoformat() + '.000Z'}


def state_sums(entry):
    parts = (entry['in'], entry['in']['split'], entry.get('replay', {}))
    return {state: sum(part.get(state, 0) for part in parts) for state in STATES}


def check_entry_sums(entry):
    """Identities that need no records."""
    taken = entry['in']
    if taken['lines'] != sum(taken[k] for k in ('parsed', 'partial', 'unparsed', 'counted', 'meta', 'joined')):
        raise Bad('E_COUNTS', 'in.lines is not the sum of its parts')
    for what, most in (('counted', taken['counted'] + taken['split']['counted']), ('lost', taken['lost'])):
        if sum(n for name, n in entry.get('causes', {}).items() if CAUSES.get(name) == what) > most:
            raise Bad('E_COUNTS', f'causes of more than were {what}')
    if entry['n'] != sum(state_sums(entry).values()):
        raise Bad('E_COUNTS', 'n is not the sum of parsed, partial and unparsed')
    if entry['bytes'] > BYTES_MAX or entry['n'] > RECORDS_MAX:
        raise Bad('E_LIMIT', 'a segment of too many bytes or records')


def check_counts(entry, lines, records, erased=0, replaced=0):
    """What a verifier recomputes.  Erased records may be missing, replaced ones count as what they say."""
    redacted = erased + replaced > 0
    if not redacted and entry['bytes'] != sum(len(line) + 1 for line in lines):
        raise Bad('E_COUNTS', 'bytes of lines')
    states, statuses, reasons = dict.fromkeys(STATES, 0), {}, {}
    for record in records:
        states[record.get('state', 'parsed')] += 1
        hundred = record.get('status', 0) // 100
        name = f'{hundred}xx' if 1 <= hundred <= 5 else 'none'
        statuses[name] = statuses.get(name, 0) + 1
        if record.get('state') == 'unparsed' and record.get('reason') in COUNTED_REASONS:
            reasons[record['reason']] = reasons.get(record['reason'], 0) + 1
    known = {name: count for name, count in entry.get('reasons', {}).items() if name in REASONS}
    tallies = [('state', state_sums(entry), states), ('reason', known, reasons)]
    if 'by' in entry:
        tallies.append(('status', entry['by']['status'], statuses))
    for what, sealed, found in tallies:
        if not all(-erased - replaced <= found.get(k, 0) - sealed.get(k, 0) <= replaced for k in {*sealed, *found}):
            raise Bad('E_COUNTS', f'records by {what}: sealed {sealed}, present {found}')
    bounds, sealed = minute_bounds([r['time'] for r in records]) if records else None, entry.get('time')
    if redacted:
        good = not bounds or sealed and sealed['min'] <= bounds['min'] and bounds['max'] <= sealed['max']
    else:
        good = bounds == sealed
    if not good:
        raise Bad('E_COUNTS', 'the bounds of time are not those of the records')


TOKEN = re.compile(rb'(?<![a-z0-9])(' + '|'.join(PREFIXES).encode() + rb')\.[a-z2-7]{16}(?![a-z0-9])')


def check_mask_epochs(stream, entry, lines, records):
    """Each token has an epoch that the entry lists for its prefix: in an import, that of the record's time.

    What an access record was asked for has tokens of other streams."""
    spans = {prefix: epoch_spans(names) for prefix, names in entry['mask_epochs'].items()}
    is_live = 'tags' in entry and 'mask_seed' not in entry and stream != 'cretula.access'
    for i, record in enumerate(records if is_live else ()):
        for prefix in {match[1].decode() for match in TOKEN.finditer(lines[i])} - set(spans) if record else ():
            raise Bad('E_MASK_EPOCH', f'record {entry["first"] + i}: no epoch of {prefix}')
    for i, record in enumerate(records if 'mask_seed' in entry else ()):
        for prefix in {match[1].decode() for match in TOKEN.finditer(lines[i])} if record else ():
            kind = epoch_kind(spans[prefix][0][0]) if prefix in spans else 0
            name = epoch_name(kind, record['time'])
            if not any(first <= name <= last for first, last in spans.get(prefix, ())):
                raise Bad('E_MASK_EPOCH', f'record {entry["first"] + i}: {name} is not among the epochs of {prefix}')


# ---- 7. Notes ------------------------------------------------------------------------------------------------------

NOTE_MAX, SIGNATURES_MAX = 65536, 100


class Note:
    """A parsed note.  Bad('E_NOTE') unless it has the form of section 7."""

    def __init__(self, content):
        try:
            text = content.decode('utf-8')
            if re.search(r'[\x00-\x09\x0b-\x1f\x7f]', text):
                raise ValueError('control character')
            body, signatures = re.fullmatch(r'([^\n]*\n[^\n]*\n[^\n]*\n)\n((?:[^\n]*\n)+)', text).groups()
            self.origin, size, root = body.split('\n')[:3]
            if not is_key_name(self.origin) or not re.fullmatch(r'[1-9][0-9]{0,19}', size) or int(size) >= 2**64:
                raise ValueError('origin or size')
            self.body, self.size, self.root = body.encode(), int(size), base64_decode(root, 32)
            rows = [re.fullmatch('\u2014 ([^ +]+) (\\S+)', row).groups() for row in signatures.split('\n')[:-1]]
            if len(rows) > SIGNATURES_MAX or not all(is_key_name(name) for name, _ in rows):
                raise ValueError('too many signature lines, or a name that is none')
            self.signatures = [(name, base64.b64decode(sig.encode('ascii'), validate=True)) for name, sig in rows]
            if any(len(sig) < 5 or base64.b64encode(sig).decode() != row[1]
                   for (_, sig), row in zip(self.signatures, rows)):
                raise ValueError('signature')
        except (ValueError, AttributeError) as problem:
            raise Bad('E_NOTE', f'not a note: {problem}') from None

    def lines_of(self, name, key_hash):
        return [sig[4:] for signer, sig in self.signatures if signer == name and sig[:4] == key_hash]

    def verdict(self, vkey):
        """Does each line of this key verify?  None if there is none; of our name by another key is an unknown line."""
        name, key_hash, public = parse_vkey(vkey)
        ours = self.lines_of(name, key_hash)
        return all(ed25519_verify(public, self.body, sig) for sig in ours) if ours else None

    def signed_by(self, vkey):
        return self.verdict(vkey) is True


class Chain:
    """chain.jsonl, checkpoint and cp/ of one stream.  Entries and notes are walked in step."""

    def __init__(self, report, store, name):
        self.report, self.store, self.name = report, store, name
        self.folder = f'streams/{name}'
        self.lines, self.entries = [], []         # entries: None where a line is none
        self.genesis = self.key = None        # self.key: the epoch key that signs the note at hand
        self.log = None                       # the log key that signs it
        self.sealed = {}                      # segments, by the place of their entry
        self.history = History(self)          # what the entries did so far
        self.epoch = 0
        self.due = {'i': 0, 'seg': 1, 'first': 0, 't': ''}
        self.numbered = False                 # is the entry at hand in its place?
        self.damaged, self.bad = False, None  # what follows is a dependant; the first entry that is not the signed one
        self.newest, self.good = b'', 0       # the last note's bytes; the largest size that the log key signed
        self.signed = 0                       # entries that somebody vouches for
        self.notes = 0                        # good ones
        self.there = False
        self.part = None                      # of the segments, in a bundle
        self.leaves = []                      # of the entries

    def add(self, code, text, file='chain.jsonl', **where):
        self.report.add(code, f'{self.folder}/{file}', text, **where)

    def read(self, file, limit, absent):
        """Content; or None, and a finding (absent: its code if there is no file)."""
        try:
            return read_file(os.path.join(self.store, self.folder, file), limit)
        except FileNotFoundError:
            self.add(absent, 'the file is missing', file)
        except Bad as bad:
            self.add(bad.code, str(bad), file)
        except OSError as problem:
            self.report.unchecked.append(f'{self.folder}/{file}: {problem.strerror}')
        return None

    def check(self):
        """False if there is no chain to speak of."""
        content = self.read('chain.jsonl', CHAIN_MAX, 'E_CHAIN_TRUNCATED')
        if content is None:
            return False
        if content.count(b'\n') > ENTRIES_MAX:
            self.add('E_LIMIT', f'more than {ENTRIES_MAX} entries')
            return False
        *self.lines, rest = content.split(b'\n')
        kept = sum(len(line) for line in self.lines if KEPT.match(line))
        if kept > KEPT_MAX or any(len(line) > ENTRY_MAX for line in self.lines):
            self.add('E_LIMIT', f'an entry of more than {ENTRY_MAX} bytes, or too many that name what is asked for later')
            return False
        if rest:
            self.add('E_CHAIN_TORN', f'{len(self.lines)} whole entries, then one without an end')
        names = list_dir(self.report, self.store, f'{self.folder}/cp')
        sizes = {int(n[:-5]) for n in names if re.fullmatch(r'\d{8,}\.note', n) and n == f'{int(n[:-5]):08}.note'}
        warn_unknown(self.report, self.store, f'{self.folder}/cp', {f'{size:08}.note' for size in sizes})
        for i, line in enumerate(self.lines):
            self.leaves.append(sha256(b'\0', line))
            self.check_entry(i, line)
            entry = self.entries[i]
            signs_itself = entry is not None and (i == 0 or entry['type'] == 'recover' and 'log' in entry)
            if signs_itself:
                self.turn_epoch(i)
            if i + 1 in sizes:
                self.check_note(f'cp/{i + 1:08}.note', i + 1, tree_root(self.leaves))
            self.change_log()
            if not signs_itself:
                self.turn_epoch(i)
            self.damaged = self.damaged or entry is None
        self.check_end(sizes, bool(rest), tree_root(self.leaves))
        self.history.judge_all()
        return True

    def root(self, size):
        return tree_root(self.leaves[:size])

    # Entries

    def check_entry(self, i, line):
        entry = None
        try:
            entry = parse_entry(line)
            if entry['type'] in (('segment',) if self.name == STORE_CHAIN else ('stream', 'head')):
                raise ValueError(f'{entry["type"]} in this chain')
        except (ValueError, KeyError) as problem:
            self.add('E_ENTRY_SYNTAX', f'entry {i}: {problem}', entry=i)
            entry = None
        self.entries.append(entry)
        self.numbered = False
        if entry is None:
            self.due['i'] = i + 1
            return
        self.numbered = entry['i'] == self.due['i']
        if not self.numbered:
            self.add('E_ENTRY_INDEX', f'entry {entry["i"]} stands where {self.due["i"]} is due', entry=i)
        if entry['prev'] != (sha256(self.lines[i - 1]).hex() if i else '0' * 64):
            self.add('E_ENTRY_LINK', f'entry {i} does not follow the line before it', entry=i)
        if entry['t'] < self.due['t'] and self.continues():
            self.add('E_TIME_BACK', f'entry {i} is older than the one before it', entry=i)
        self.due.update(i=entry['i'] + 1, t=entry['t'])
        if i == 0 or entry['type'] == 'genesis':
            self.check_genesis(i, entry)
        if entry['type'] == 'segment':
            self.check_numbers(i, entry)
        elif entry['type'] not in TYPES:
            self.report.unchecked.append(f'{self.folder}: entry {i} is of a type that this version does not know')
        self.history.judge_keys(i, entry, self.continues())

    def continues(self):
        """Is the entry at hand the one that comes next?  What another says of its place is a dependant."""
        return self.numbered and not self.damaged

    def check_genesis(self, i, entry):
        if i > 0 or entry['type'] != 'genesis':
            self.add('E_GENESIS', 'genesis is entry 0 and no other', entry=i)
            return
        self.genesis = entry
        if entry['stream'] != self.name:
            self.add('E_GENESIS', 'the genesis of another stream', entry=0)
        if parse_vkey(entry['log'])[0] != entry['origin']:
            self.add('E_GENESIS', 'the log key is not of the origin', entry=0)
        else:
            self.log = entry['log']
        if 'recovery' in entry and parse_vkey(entry['recovery'])[0] != entry['origin'] + '/recovery':
            self.add('E_GENESIS', 'the recovery key is not of the origin', entry=0)

    def check_numbers(self, i, entry):
        if entry['seg'] != self.due['seg'] and self.continues():
            self.add('E_SEGMENT_GAP', f'segment {entry["seg"]} where {self.due["seg"]} is due', entry=i)
        if entry['first'] != self.due['first'] and self.continues():
            self.add('E_RECORD_GAP', f'segment {entry["seg"]} starts at {entry["first"]}, not {self.due["first"]}',
                     entry=i)
        self.due.update(seg=entry['seg'] + 1, first=entry['first'] + entry['n'])
        self.sealed[i] = Sealed(i, entry)
        try:
            check_entry_sums(entry)
        except Bad as bad:
            self.add(bad.code, f'entry {i}: {bad}', entry=i)

    def turn_epoch(self, i):
        """The key that an entry names signs from the following note on; that of genesis is epoch 0 itself."""
        entry = self.entries[i]
        if entry is None or 'next' not in entry or self.genesis is None:
            return
        if self.continues() and (entry['epoch'] != self.epoch or parse_vkey(entry['next'])[0] !=
                                 f'{self.genesis["origin"]}/epoch/{self.epoch + (i > 0)}'):
            self.add('E_EPOCH_ORDER', f'entry {i} ends epoch {entry["epoch"]} where {self.epoch} is in force, or names '
                     'a wrong key', entry=i)
        self.epoch, self.key = entry['epoch'] + (i > 0), entry['next']

    def change_log(self):
        """Behind its own note, a change of the log key is done."""
        if self.history.change:
            self.log, self.history.change = self.history.change.new, None

    # Notes: one finding each

    def parse_note(self, file, size=None):
        """(bytes, note); note is None, and a finding tells why, unless the log key of this chain signed it."""
        content = self.read(file, NOTE_MAX, 'E_CHECKPOINT_MISSING')
        if content is None:
            return None, None
        try:
            note = Note(content)
            if size not in (None, note.size):
                raise Bad('E_NOTE', f'a note of size {note.size} under the name of another')
            if self.log and note.origin != self.genesis['origin']:
                raise Bad('E_NOTE', 'a note of another origin')
            if self.log:
                self.check_log(note)
        except Bad as bad:
            self.add(bad.code, str(bad), file, size=size)
            return content, None
        self.good = max(self.good, note.size) if size else self.good
        return content, note

    def check_log(self, note):
        """Did the log key in force sign the note?  That over a change of the key has more to show."""
        change = self.history.change
        if change and note.size == change.size:
            old, new = note.verdict(self.log), note.verdict(change.new)
            if False not in (old, new) and (old or new) and \
                    not (new and (change.recovered or old and not self.history.voided(self.log, note.size))):
                self.add('E_REKEY', f'the note over entry {change.size - 1} lacks the old or the new key',
                         entry=change.size - 1)
                self.history.change = None
            elif not new or old is False:
                raise Bad('E_LOG_SIG', 'no good signature of the log key')
        elif self.history.voided(self.log, note.size) and note.signed_by(self.log) or \
                not note.signed_by(self.log) and any(note.signed_by(key) for key in self.history.void_keys(note.size)):
            raise Bad('E_REVOKED', 'signed by a key that was revoked')
        elif not note.signed_by(self.log):
            raise Bad('E_LOG_SIG', 'no good signature of the log key')

    def judge_note(self, file, note, root):
        """Does a note with a good log signature tell the truth?"""
        if note.root != root:
            self.add('E_CHAIN_ROOT', f'entry {note.size - 1} is the first that is not the signed one')
            self.damaged, self.bad = True, note.size - 1
        elif self.key and not note.signed_by(self.key):
            self.add('E_EPOCH_SIG', f'no good signature of {parse_vkey(self.key)[0]}', file, size=note.size)
        else:
            self.notes += 1

    def check_note(self, file, size, root):
        content, note = self.parse_note(file, size)
        self.newest = content if size == len(self.lines) else b''
        if note and not self.damaged:
            self.judge_note(file, note, root)

    def check_end(self, sizes, torn, root):
        count = len(self.lines)
        for size in sorted(size for size in sizes if size > count):
            self.parse_note(f'cp/{size:08}.note', size)
        before = len(self.report.findings)
        content, note = self.parse_note('checkpoint')
        if content is not None and content == self.newest:
            del self.report.findings[before:]  # what is wrong with it was told of the note
        elif note and note.size < self.good:
            self.add('E_CHECKPOINT_ROLLBACK', f'size {note.size}, but size {self.good} was signed', 'checkpoint')
        elif note and note.size == self.good == count and not self.damaged:
            self.judge_note('checkpoint', note, root)
        elif note:
            self.good = max(self.good, note.size)
        self.signed = max([min(self.good, count), *(size for size in sizes if size <= count)])
        for size in sorted(set(range(1, self.signed + 1)) - sizes):
            self.add('E_CHECKPOINT_MISSING', 'the file is missing', f'cp/{size:08}.note', size=size)
        if self.signed < count:
            self.report.drop(f'{self.folder}/chain.jsonl', self.signed)  # nobody vouches for these, odd or not
            self.add('E_UNSIGNED_ENTRIES', f'{count} entries, {self.signed} of them signed', entry=self.signed)
        if self.good > count and not torn:
            self.add('E_CHAIN_TRUNCATED', f'{self.good} entries were signed, {count} are here')


# ---- Segments: sections 2 to 6 put together ------------------------------------------------------------------------

REACH, RUN = 32, 3  # how far a shift is looked for, and how many records in a row prove it


def align(sealed, present, match):
    """Where sealed and present records part: [(i, j, sealed records, present records)], and how many are as sealed."""
    def joins(i, j):
        run = min(RUN, sealed - i, present - j)
        return run >= 0 and (run == RUN or sealed - i == present - j) and all(match(i + k, j + k) for k in range(run))

    i = j = good = 0
    edits = []
    while i < sealed or j < present:
        if i < sealed and j < present and match(i, j):
            i, j, good = i + 1, j + 1, good + 1
            continue
        # The nearest place where both run on together.
        steps = ((di, total - di) for total in range(1, 2 * REACH + 1) for di in range(total + 1))
        di, dj = next((step for step in steps if joins(i + step[0], j + step[1])), (sealed - i, present - j))
        edits.append((i, j, di, dj))
        i, j = i + di, j + dj
    return edits, good


class Segment:
    """One segment entry and its files, in the revision that the chain names."""

    def __init__(self, chain, sealed):
        self.chain, self.sealed, self.place, self.entry = chain, sealed, sealed.place, sealed.entry
        self.stem = f'seg/{self.entry["seg"]:08}'
        self.data, self.salt = (sealed.file_name(end) for end in ('jsonl.zst', 'salt'))
        self.salts = self.idx = self.leaves = self.flushes = None
        self.opened = False  # are records and salts there to be compared with?

    def add(self, code, text, file=None, **where):
        self.chain.add(code, text, file or self.data, segment=self.entry['seg'], **where)

    def check(self):
        """True if every record is the sealed one."""
        good = self.check_files()
        if 'tags' in self.entry and self.opened:
            self.note(self.check_tags, file=f'{self.stem}.tags')
        return good

    def check_files(self):
        content = self.chain.read(self.data, 2 * BYTES_MAX, 'E_SEGMENT_MISSING')
        if content is None:
            return False
        self.idx = self.chain.read(self.stem + '.idx', 40 * RECORDS_MAX, 'E_INDEX')
        if self.idx is not None and sha256(self.idx).hex() != self.entry['idx']:
            self.add('E_INDEX', 'not the sealed one', self.stem + '.idx')
            self.idx = None
        salts = self.chain.read(self.salt, NODES_MAX * 48, 'E_SALT')
        if salts is None:
            return False
        try:
            self.salts = Salts.parse(salts)
            self.check_salts()
            self.opened = True
            return self.check_lines(content)
        except (ValueError, AttributeError):
            self.add('E_SALT', 'not lines of LEVEL INDEX BASE64 in order', self.salt)
        except KeyError as missing:
            self.add('E_SALT', f'no node leads to salt {missing}', self.salt)
        except Bad as bad:
            self.add(bad.code, str(bad))
        except FileNotFoundError:
            self.chain.report.unchecked.append(f'{self.chain.folder}/{self.stem}: the zstd program is missing')
        return False

    def check_salts(self):
        """What was erased stays so; what was not is there."""
        for r, item in self.sealed.items.items():
            if any(map(self.salts.gives, item.erased_salts(r))):
                self.add('E_ERASED_SALT_PRESENT', f'of record {self.entry["first"] + r}', self.salt)
            if not item.erased:
                self.salts.salt(replacement_salt(r, len(item.news) - 1))
        if self.sealed.rev > 0:
            if self.salts.gives(SALT_FILE):
                self.add('E_ERASED_SALT_PRESENT', 'of the file', self.salt)
            self.salts.salt(SALT_WORDS)

    def unpack(self, content):
        """(frames, lines, Bad that ended them early or None)."""
        frames, broken = [], None
        try:
            frames.extend(walk_frames(content))
        except Bad as bad:
            broken = bad
            done = sum(frame[2] for frame in frames)
            if content[done:done + 4] != FRAME.to_bytes(4, 'little'):
                content = content[:done]  # zstd would try other formats
        erased = sum(item.erased for item in self.sealed.items.values())
        most = self.entry['bytes'] + LINE_MAX * (len(self.sealed.items) - erased) + 64 * erased
        most = min(most, BYTES_MAX) + SPARE_BYTES
        text, whole = decompress(content, most + LINE_MAX)
        *lines, rest = text.split(b'\n')
        i = next((i for i, line in enumerate([*lines, rest]) if len(line) >= LINE_MAX), None)
        if i is not None:
            raise Bad('E_LIMIT', f'line {i + 1} is longer than a record may be')
        if len(text) - len(rest) > most or len(lines) > RECORDS_MAX + SPARE_LINES:
            raise Bad('E_LIMIT', 'far more lines than were sealed')
        if not whole:
            broken = broken or Bad('E_CONTAINER', 'zstd refuses it')
        elif rest and not broken:
            broken = Bad('E_TORN_LINE', f'line {len(lines) + 1} has no end')
        return frames, lines, broken

    def leaf(self, i, line):
        """What counts in the tree for line i."""
        if i in self.sealed.items:
            return self.sealed.items[i].leaf
        placeholder = parse_placeholder(line)
        return placeholder[0] if placeholder else record_leaf(self.salts.salt(i), line)

    def check_lines(self, content):
        frames, lines, broken = self.unpack(content)
        told = set()  # lines whose placeholder is wrong
        if not broken and len(lines) == self.entry['n']:
            told = {i for i, line in enumerate(lines) if not self.check_placeholder(i, line)}
        leaves = [self.leaf(i, line) for i, line in enumerate(lines)]
        if broken or len(lines) != self.entry['n'] or tree_root(leaves) != base64_decode(self.entry['root'], 32):
            self.locate(content, lines, broken, told)
            return False
        self.leaves = leaves
        if self.idx is not None and self.idx != idx_bytes(leaves):
            self.add('E_INDEX', 'sealed, but not of these records', self.stem + '.idx')
        if told or not self.check_file(content, frames, lines):
            return False
        self.check_records(lines)
        return True

    def check_placeholder(self, i, line):
        """Is line i a record, or what the newest item that names it made of it?"""
        item, found = self.sealed.items.get(i), parse_placeholder(line)
        record = self.entry['first'] + i
        if item is None and found is None:
            return True  # what only begins like a placeholder is a record that is none
        if found is None and not line.startswith(b'{"~'):
            self.add('E_TOMBSTONED_RECORD_PRESENT', f'record {record} was erased', record=record, line=i + 1)
        elif item is None or found is None or found[0] != item.leaf or (found[1] is None) != item.erased:
            self.add('E_ERASED_WITHOUT_TOMBSTONE', f'record {record} is not what an entry says of it', record=record,
                     line=i + 1)
        elif not item.erased and item.news[-1] != \
                record_leaf(self.salts.salt(replacement_salt(i, len(item.news) - 1)), line):
            self.add('E_RECORD_MODIFIED', f'record {record} was replaced by another line', record=record, line=i + 1)
        else:
            return True
        return False

    def check_file(self, content, frames, lines):
        if self.sealed.rev == 0 and file_hash(self.salts, content).hex() != self.entry['file']['hash']:
            if lines:
                self.add('W_REPACKED', 'the records are good, the file is not the sealed one')
            else:
                self.add('E_FILE_HASH', 'the file or its salt is not the sealed one')
            return bool(lines)
        if len(content) != self.sealed.size:
            self.add('E_COUNTS', 'file.size is not the size of the file', entry=self.sealed.named)
        self.note(check_container, content, frames, lines)
        return True

    def check_tags(self):
        content = self.chain.read(f'{self.stem}.tags', TAGS_MAX, 'E_TAGS')
        if content is None:
            return
        tags, frontier = self.entry['tags'], Frontier()
        flushes = list(parse_flushes(content, is_open=False))
        if [flush.g for flush in flushes] != list(range(tags['g0'], tags['g0'] + len(flushes))) or \
                len(flushes) != tags['g'] - tags['g0'] + 1:
            raise Bad('E_TAGS', f'not the flushes {tags["g0"]} to {tags["g"]}')
        if any(flush.seg != self.entry['seg'] for flush in flushes) or flushes[-1].n != self.entry['n'] or \
                flushes[-1].root != base64_decode(self.entry['root'], 32):
            raise Bad('E_TAGS', 'not the flushes of this segment')
        self.flushes = flushes
        for flush in flushes if self.leaves is not None else ():
            for leaf in self.leaves[frontier.count:flush.n]:
                frontier.add(leaf)
            if flush.root != frontier.root():
                raise Bad('E_TAGS', f'flush {flush.g} is not of the first {flush.n} records')

    def note(self, check, *arguments, **where):
        """Whatever check finds is a finding of this segment, and the rest is checked all the same."""
        try:
            check(*arguments)
        except Bad as bad:
            self.add(bad.code, str(bad), **where)

    def check_records(self, lines):
        """Is each what section 2 writes?  Of a placeholder, what it holds."""
        records, unreadable = [], False
        for i, line in enumerate(lines):
            number, placeholder = self.entry['first'] + i, parse_placeholder(line)
            records.append(None)
            try:
                if not placeholder or placeholder[1] is not None:
                    records[i] = parse_record(placeholder[1] if placeholder else line)
            except ValueError as problem:
                unreadable = True
                # The text of a decoding error would quote the record.
                why = 'bytes that are no UTF-8' if isinstance(problem, UnicodeError) else \
                    'no JSON' if isinstance(problem, json.JSONDecodeError) else problem
                self.add('E_RECORD_SYNTAX', f'record {number}: {why}', record=number, line=i + 1)
        if not unreadable:  # what cannot be read cannot be counted
            erased = sum(item.erased for item in self.sealed.items.values())
            self.note(check_counts, self.entry, lines, [record for record in records if record], erased,
                      len(self.sealed.items) - erased, entry=self.place)
        elif self.sealed.rev == 0 and self.entry['bytes'] != sum(len(line) + 1 for line in lines):
            self.add('E_COUNTS', 'bytes of lines', entry=self.place)
        self.note(check_mask_epochs, self.chain.name, self.entry, lines, records, entry=self.place)

    def locate(self, content, lines, broken, told):
        """The records are not the sealed ones: name them, with the help of the leaf prefixes."""
        n = self.entry['n']
        if self.idx is None or len(self.idx) != 2 * n + 32 * -(-n // 256):
            if told:
                return
            bad = broken or Bad('E_SEGMENT_ROOT', f'{len(lines)} records that are not the {n} sealed ones')
            self.add(bad.code, str(bad))
            return

        def match(i, j):
            placeholder = parse_placeholder(lines[j])
            if j in told or not (placeholder or self.salts.gives(i)):
                return i == j and j in told
            leaf = placeholder[0] if placeholder else record_leaf(self.salts.salt(i), lines[j])
            return leaf[:2] == self.idx[2 * i:2 * i + 2]

        edits, good = align(n, len(lines), match)
        moved = self.find_moved(match, edits)
        if good <= n // 1024 and n > 1 and len(lines) > 1 and not moved:
            if not broken and (len(lines), sum(map(len, lines)) + len(lines), len(content)) == \
                    (n, self.entry['bytes'], self.entry['file']['size']):
                self.add('E_SALT', 'no record fits: these are not the salts of this segment', self.salt)
            else:
                self.add('E_SEGMENT_ROOT', 'no record fits: this is not the file of this segment')
            return
        if not edits and not broken and not told:
            self.add('E_SEGMENT_ROOT', 'the root is another, though all prefixes fit')
        for i, j, gone, new in edits:
            if broken and i + gone == n and j + new == len(lines):
                gone = min(gone, new)  # the rest is missing because the file is broken
            odd = sum(not self.check_placeholder(i + k, lines[j + k]) for k in range(min(gone, new)))
            self.name_edit(i, j, gone, new, moved, odd)
        if broken:
            self.add(broken.code, f'{broken}, behind record {self.entry["first"] + len(lines) - 1}')

    def find_moved(self, match, edits):
        """Which lines of the edits are records of other places: line to record.  Only of a few."""
        places = [i + k for i, _, gone, _ in edits for k in range(gone)]
        lines = [j + k for _, j, _, new in edits for k in range(new)]
        moved = {}
        for j in lines if max(len(places), len(lines)) <= REACH else ():
            i = next((i for i in places if match(i, j) and i not in moved.values()), None)
            if i is not None:
                moved[j] = i
        return moved

    def name_edit(self, i, j, gone, new, moved, odd):
        """odd: how many of the changed ones were told of."""
        record, changed = self.entry['first'] + i, min(gone, new)
        if moved and all(j + k in moved for k in range(new)) and all(i + k in moved.values() for k in range(gone)):
            if new:
                self.add('E_RECORD_REORDERED', f'line {j + 1} was sealed as record {self.entry["first"] + moved[j]}',
                         record=self.entry['first'] + moved[j], line=j + 1)
            return
        if changed > odd:
            self.add('E_RECORD_MODIFIED', f'{changed - odd} from record {record} on', record=record, line=j + 1)
        if gone > new:
            self.add('E_RECORD_MISSING', f'{gone - new} from record {record + changed} on', record=record + changed)
        elif new > gone:
            self.add('E_RECORD_INSERTED', f'{new - gone} in front of record {record + changed}',
                     record=record + changed, line=j + changed + 1)


SEGMENT_FILE = re.compile(r'(\d{8,})(?:\.r([1-9]\d*)(?=\.j|\.s))?\.(jsonl\.zst|salt|idx|tags)')


def judge_segment_file(chain, sealed, name, rev, end):
    """What a file of a segment is that is there, if it is none of its newest revision."""
    file, number = f'seg/{name}', sealed.entry['seg']
    if sealed.pruned:
        chain.add('E_PRUNED_STILL_PRESENT', f'segment {number} was pruned', f'seg/{number:08}', segment=number)
    elif end == 'idx' or (end == 'tags' and 'tags' in sealed.entry) or (end != 'tags' and rev == sealed.rev):
        return
    elif rev > sealed.rev or end == 'tags':
        chain.add('W_UNKNOWN_FILE', 'nothing names this file', file)
    elif end == 'salt':
        chain.add('E_ERASED_SALT_PRESENT', 'of a revision before erasures', file, segment=number)
    else:
        chain.add('E_TOMBSTONED_RECORD_PRESENT', 'of a revision before erasures', file, segment=number)


def check_segment_files(chain):
    """Each file in seg/ is one that the chain names."""
    by_number, known = {sealed.entry['seg']: sealed for sealed in chain.sealed.values()}, set()
    for name in list_dir(chain.report, chain.store, f'{chain.folder}/seg'):
        match = SEGMENT_FILE.fullmatch(name)
        sealed = by_number.get(int(match[1])) if match else None
        if sealed and name.startswith(f'{sealed.entry["seg"]:08}.'):
            judge_segment_file(chain, sealed, name, int(match[2] or 0), match[3])
            known.add(name)
        elif match and chain.damaged:  # what names it may be what is missing
            known.add(name)
    warn_unknown(chain.report, chain.store, f'{chain.folder}/seg', known)


def there(sealed):
    """How many records of a segment are there to be read: neither erased nor pruned."""
    return 0 if sealed.pruned else sealed.entry['n'] - sum(item.erased for item in sealed.items.values())


def check_segments(chain):
    """The segments that somebody vouches for."""
    report, checked, newest, whole, flushes = chain.report, 0, None, False, {}
    segments = list(chain.sealed.values())
    try:
        if not stat.S_ISDIR(os.lstat(os.path.join(chain.store, chain.folder, 'seg')).st_mode):
            segments = []  # not followed, wherever it leads
    except FileNotFoundError:
        pass
    names = list_dir(report, chain.store, f'{chain.folder}/seg') if chain.part and segments else []
    for sealed in segments:
        newest, entry = None, sealed.entry
        if chain.part and not chain.part.holds(entry):
            for name in names:
                if name.startswith(f'{entry["seg"]:08}.'):
                    chain.add('E_BUNDLE', 'of another range', f'seg/{name}')
            continue
        if sealed.pruned or sealed.place >= chain.signed or sealed.place == chain.bad or \
                entry['n'] > RECORDS_MAX or entry['bytes'] > BYTES_MAX:
            continue
        newest = Segment(chain, sealed)
        whole = newest.check()
        checked += there(sealed) if whole else 0
        flushes[entry['seg']] = newest.flushes
    check_segment_files(chain)
    report.facts.append(f'{chain.name}: {len(chain.lines)} entries, {chain.notes} good notes, {checked} of '
                        f'{sum(map(there, chain.sealed.values()))} records good, newest entry '
                        f'{chain.due["t"] or "none"}')
    chain.history.tell_facts()
    if newest and whole:
        check_words(chain, newest)
    return flushes


# ---- 8. The vocabulary ---------------------------------------------------------------------------------------------

def check_words(chain, newest):
    """The vocabulary is sealed by the newest segment, or by a config entry since; an absent one is empty."""
    file, content = f'words/{chain.name}', b''
    if has_other(chain.store, 'words'):
        return  # told once, for all streams
    try:
        content = read_file(os.path.join(chain.store, file), 2**28)
    except FileNotFoundError:
        pass
    except Bad as bad:
        chain.report.add(bad.code, file, str(bad))
        return
    sealed, by = newest.entry['words'], f'segment {newest.entry["seg"]}'
    for index, entry in enumerate(chain.entries):
        if entry and entry['type'] == 'config' and 'words' in entry and entry['i'] > newest.entry['i']:
            if index >= chain.signed or index == chain.bad:
                return
            sealed, by = entry['words'], f'entry {index}'
    if words_hash(newest.salts, content).hex() != sealed['hash'] or content.count(b'\n') != sealed['n']:
        chain.report.add('W_WORDS', file, f'not the {sealed["n"]} words that {by} seals')


# ---- 11. Erased and replaced records -------------------------------------------------------------------------------

PLACEHOLDER = re.compile(rb'\{"~erased":"([A-Za-z0-9+/]{43}=)"\}|'
                         rb'\{"~replaced":"([A-Za-z0-9+/]{43}=)","rec":(\{"time":".*\})\}', re.DOTALL)


def parse_placeholder(line):
    """(leaf, new line or None) of a line that stands for a record; None if it is none."""
    match = PLACEHOLDER.fullmatch(line) if line.startswith(b'{"~') else None
    try:
        return match and (base64_decode((match[1] or match[2]).decode(), 32), match[3])
    except ValueError:
        return None


class Item:
    """What the chain says of one record that was erased or replaced."""

    def __init__(self, leaf):
        self.leaf, self.erased, self.news = leaf, False, []  # news: what commits to each line that replaced it

    def erased_salts(self, r):
        """The record's own, and those of the lines that replaced it, but of the one that is there."""
        gone = len(self.news) - (0 if self.erased else 1)
        return [r, *(replacement_salt(r, k) for k in range(gone))]


class Sealed:
    """A segment of the chain, and what later entries did to it."""

    def __init__(self, place, entry):
        self.place, self.entry = place, entry
        self.pruned, self.rev, self.items = False, 0, {}
        self.size, self.named = entry['file']['size'], place  # of the newest file, and which entry says so

    def file_name(self, end):
        return f'seg/{self.entry["seg"]:08}{f".r{self.rev}" if self.rev else ""}.{end}'


# ---- 12. The open segment and its ratchet --------------------------------------------------------------------------

TAGS_MAX, FLUSHES_MAX, FLUSH_MAX = 2**28, 2**20, 16384
NUMBER = '(?:0|[1-9][0-9]{0,19})'
SOURCES_MAX = 64
FLUSH = re.compile(rf'({NUMBER}) ({NUMBER}) ({NUMBER}) ({NUMBER}) ([A-Za-z0-9+/]{{43}}=)(?:\t(.*))?')
STATE = re.compile(rf'({NUMBER}) ({NUMBER})( min([+-]{NUMBER}) max([+-]{NUMBER}))?((?: [a-z0-9._]+={NUMBER})*)'
                   rf'((?: @[0-9a-f]{{32}}:{NUMBER}:{NUMBER}:[01])*)')
STATE_COUNTS = ('bytes counted joined lines lost meta parsed partial replay.parsed replay.partial replay.unparsed '
                'split.counted split.parsed split.partial split.unparsed status.1xx status.2xx status.3xx status.4xx '
                'status.5xx status.none unparsed').split() + \
    ['masked.' + name for name in CLASSES] + ['reason.' + name for name in REASONS] + ['cause.' + name for name in CAUSES]


def are_times(first, last):
    return first is None or '-0' not in (first, last) and -2**63 < int(first) <= int(last) < 2**63


class Flush:
    """A line of .tags; ValueError if it is none."""

    def __init__(self, line, is_open):
        match = FLUSH.fullmatch(line.decode('ascii'))
        if not match or (match[6] is None) == is_open or len(line) >= FLUSH_MAX:
            raise ValueError('not of the form of a flush')
        self.g, self.seg, self.n, self.wall = numbers = [int(match[k]) for k in range(1, 5)]
        self.root, self.offset, self.line = base64_decode(match[5], 32), None, line.split(b'\t')[0] + b'\n'
        if is_open:
            state = STATE.fullmatch(match[6])
            counts = [count.partition('=') for count in state[6].split()] if state else []
            if not state or (state[3] is None) != (self.n == 0) or any(value == '0' for _, _, value in counts) or \
                    not are_times(state[4], state[5]) or state[7].count('@') > SOURCES_MAX or \
                    not in_order([name for name, _, _ in counts], STATE_COUNTS) or \
                    any(int(number) >= 2**64 for number in re.findall('[0-9]+', re.sub('@[0-9a-f]+', '', match[6]))):
                raise ValueError('not the state of a flush')
            self.offset = int(state[1])
        if max(numbers) >= 2**64:
            raise ValueError('a number too large')


def parse_flushes(content, is_open):
    """The flushes of a .tags file, one by one.  Of an open segment, what has no end yet is not looked at."""
    *lines, rest = content.split(b'\n')
    before = None
    try:
        for line in lines:
            flush = Flush(line, is_open)
            if before and (before.g + 1 != flush.g or before.n > flush.n or before.seg != flush.seg):
                raise ValueError('flushes out of order')
            yield flush
            before = flush
        if rest and (not is_open or len(rest) >= FLUSH_MAX):
            raise ValueError('a last line without end')
    except ValueError as problem:
        raise Bad('E_OPEN' if is_open else 'E_TAGS', f'not lines of flushes: {problem}') from None


def check_open_line(line, i):
    if len(line) + 1 > LINE_MAX:
        raise Bad('E_LIMIT', f'line {i + 1} has {len(line) + 1} bytes')
    try:
        parse_record(line)
    except ValueError:
        raise Bad('E_RECORD_SYNTAX', f'line {i + 1} is no record') from None


def check_flushes(flushes, salts, text, number, g):
    """The last flush of an open segment, None if there is none: they go on from g, each over the records that it names."""
    frontier, at, last = Frontier(), 0, None
    for flush in flushes:
        if flush.seg != number or flush.g != g or max(flush.n, frontier.count) > RECORDS_MAX:
            raise Bad('E_OPEN', f'flush {flush.g} of segment {flush.seg} where {g} of {number} is due')
        if not at <= flush.offset <= BYTES_MAX:
            raise Bad('E_OPEN', f'flush {flush.g} had {flush.offset} bytes, the one before {at}')
        *lines, rest = text[at:flush.offset].split(b'\n')
        for line in lines:
            check_open_line(line, frontier.count)
            frontier.add(record_leaf(salts.salt(frontier.count), line))
        if len(rest) >= LINE_MAX:
            raise Bad('E_LIMIT', f'line {frontier.count + 1} is longer than a record may be')
        if flush.offset > len(text) or rest or frontier.count != flush.n or frontier.root() != flush.root:
            raise Bad('E_OPEN', f'the {flush.n} records that flush {flush.g} committed are not here')
        at, g, last = flush.offset, g + 1, flush
    return last


def look_at_segment(folder, number, newest, g):
    """Bad if an open segment is not what its flushes say; its last flush, or None."""
    content = {}
    for end, limit in (('tags', TAGS_MAX * 4), ('salt', 4096), ('data', BYTES_MAX * 2)):
        name = os.path.join(folder, f'{number:08}.{end}')
        content[end] = read_file(name, limit) if os.path.lexists(name) else None
    tags, data = content['tags'], content['data']
    if None in content.values():
        if not newest or tags or data:
            raise Bad('E_OPEN', f'files of segment {number} are missing')
        return None
    try:
        salts = Salts.parse(content['salt'])
    except (ValueError, AttributeError):
        raise Bad('E_OPEN', f'the salts of segment {number} are none') from None
    if set(salts.nodes) != {(0, 0)}:
        raise Bad('E_OPEN', f'the salts of segment {number} are not a seed')
    last = check_flushes(parse_flushes(tags, is_open=True), salts, data, number, g)
    if not newest and (last is None or last.offset != len(data) or not tags.endswith(b'\n')):
        raise Bad('E_OPEN', f'segment {number} does not end with a flush, and another is behind it')
    return last


def look_at_open(chain, numbers):
    """Bad if the open segments are not what their flushes say; the number of records for each."""
    folder, g, found = os.path.join(chain.store, chain.folder, 'open'), chain.history.flush_due, {}
    first = chain.due['seg']
    numbers = [number for number in numbers if number >= first]  # what is sealed is about to be removed
    for i, number in enumerate(numbers):
        if i == 2 or number != first + i:
            raise Bad('E_OPEN', f'segments {numbers} are open where {first} is due')
        last = look_at_segment(folder, number, number == numbers[-1], g)
        found[number] = last.n if last else 0
        g = last.g + 1 if last else g
    return found


PAUSES = (0.2, 0.5, 0)  # seconds, for a writer to come to an end
OPEN_FILE = re.compile(r'(0{0,7}[1-9]\d*)\.(data|tags|salt)')


def open_number(name):
    """Of which segment; 0 if of none."""
    match = OPEN_FILE.fullmatch(name)
    return int(match[1]) if match and match[1] == f'{int(match[1]):08}' and int(match[1]) < 2**64 else 0


def check_open(chain):
    """The open segments.  A writer may be at work: what looks wrong is looked at again, and not once it went on."""
    names, bad, folder = [], None, f'{chain.folder}/open'
    for pause in PAUSES:
        names = list_dir(chain.report, chain.store, folder)
        numbers = sorted(set(map(open_number, names)) - {0})
        try:
            for name in names:
                if (open_number(name) or name == 'reserve') and is_odd(os.path.join(chain.store, folder, name)):
                    raise Bad('E_FILE_TYPE', f'{name} is no regular file')
            found = look_at_open(chain, numbers)
            chain.report.facts += [f'{chain.name}: segment {number} is open: {n} records, not sealed'
                                   for number, n in found.items()]
            break
        except (Bad, FileNotFoundError) as problem:
            bad = problem
            time.sleep(pause)
    else:
        now = chain.read('chain.jsonl', CHAIN_MAX, 'E_CHAIN_TRUNCATED')
        if now is not None and now.count(b'\n') > len(chain.lines):
            chain.report.facts.append(f'{chain.name}: a writer is at work: its open segment was not judged')
        else:
            chain.add(getattr(bad, 'code', 'E_OPEN'), str(bad), f'open/{chain.due["seg"]:08}.tags')
    warn_unknown(chain.report, chain.store, folder, [n for n in names if open_number(n) or n == 'reserve'])


# ---- 14. Statements of keys on keys, and cosignatures --------------------------------------------------------------

def rekey_statement(origin, old, new):
    return f'cretula rekey v1\n{origin}\n{parse_vkey(old)[1].hex()}\n{new}\n'.encode()


def revoke_statement(origin, vkey, size):
    return f'cretula revoke v1\n{origin}\n{vkey}\n{size}\n'.encode()


def states(vkey, statement, signature):
    """Did the key sign the statement?"""
    return vkey is not None and ed25519_verify(parse_vkey(vkey)[2], statement, base64_decode(signature, 64))


def cosigned(body, line, public):
    """When a witness cosigned, in seconds since 1970; ValueError unless its line is good."""
    if len(line) != 8 + 64 or line[0] & 0x80:
        raise ValueError('not of the form of a cosignature')
    when = int.from_bytes(line[:8], 'big')
    if not ed25519_verify(public, b'cosignature/v1\ntime %d\n' % when + body, line[8:]):
        raise ValueError('a bad cosignature')
    return when


# ---- The store -----------------------------------------------------------------------------------------------------

def compare_genesis(chain, log, genesis, origin, who):
    """Is the chain the one that the anchor or the store's chain names?"""
    if not chain.lines or sha256(chain.lines[0]).hex() != genesis:
        chain.add('E_GENESIS', f'not the genesis that {who} names', entry=0)
    elif chain.genesis and (chain.genesis['log'] != log or origin not in (None, chain.genesis['origin'])):
        chain.add('E_GENESIS', f'not the key that {who} names', entry=0)


class Brought:
    """What the auditor brings beside the anchor."""

    def __init__(self, seen=None, policy=None, escrow=None):
        self.seen, self.policy, self.escrow = seen or Seen(), policy, escrow


def check_stream(report, store, name, brought, listed=None, part=None):
    """The chain of a stream, checked with all that belongs to it."""
    chain = Chain(report, store, name)
    chain.part = part
    try:
        if not stat.S_ISDIR(os.lstat(os.path.join(store, chain.folder)).st_mode):
            report.add('E_FILE_TYPE', chain.folder, 'not a directory')
            return chain
    except FileNotFoundError:
        report.add('E_STREAM_MISSING', chain.folder, 'no such directory')
        return chain
    chain.there = chain.check()
    if chain.there:
        if listed:
            compare_genesis(chain, listed['log'], listed['genesis'], listed['origin'], 'the store')
        flushes = check_segments(chain)
        if brought.escrow is not None and chain.genesis:
            Replay(chain, brought.escrow, flushes).run()
        Anchors(chain, brought.policy).check()
        if not part and not chain.damaged and chain.signed == len(chain.lines):
            check_open(chain)
    derived = {entry['file']['name'].partition('/')[0] for _, entry in chain.history.derived if 'file' in entry}
    if chain.damaged:  # what names them may be what is missing
        derived |= set(list_dir(report, store, chain.folder))
    warn_unknown(report, store, chain.folder, {'chain.jsonl', 'checkpoint', 'cp', 'open', 'seg', 'anchor'} | derived)
    return chain


# ---- 15. Pins ------------------------------------------------------------------------------------------------------

PIN_HEAD = 'cretula pin v1\n'


class Seen:
    """What the auditor brings: pins of what was seen before, and how old a stream's newest entry may be."""

    def __init__(self, pin_file=None, max_age=None):
        self.file, self.max_age, self.pins, self.left = pin_file, max_age, {}, set()
        if pin_file and os.path.exists(pin_file):
            with open(pin_file, encoding='ascii') as file:
                head, *lines = file.read().splitlines(keepends=True)
            if head != PIN_HEAD:
                raise ValueError('not a file of pins')
            for line in lines:
                origin, size, root = re.fullmatch(r'(\S+) ([1-9]\d*) (\S{44})\n', line).groups()
                self.pins[origin] = int(size), base64_decode(root, 32)
        self.left = set(self.pins)

    def check_pin(self, chain):
        origin = next((o for o in self.pins if o.rpartition('/')[2] == chain.name), None)
        self.left.discard(origin)
        if not chain.genesis or not chain.lines:
            return
        leaves = [sha256(b'\0', line) for line in chain.lines]
        if origin:
            size, root = self.pins[origin]
            if origin != chain.genesis['origin']:
                chain.add('E_SPLIT_VIEW', 'what was seen was a chain of another origin')
            elif len(leaves) < size:
                chain.add('E_ROLLBACK', f'{size} entries were seen, {len(leaves)} are here')
            elif tree_root(leaves[:size]) != root and not chain.damaged:
                chain.add('E_SPLIT_VIEW', f'the first {size} entries are not those that were seen')
        self.pins[chain.genesis['origin']] = len(leaves), tree_root(leaves)

    def check_age(self, chain):
        if self.max_age is not None and chain.entries and chain.entries[-1] and not chain.damaged:
            age = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None) - parse_time(chain.entries[-1]['t'])
            if age > self.max_age:
                chain.add('E_STALE', f'the newest entry is {age} old', entry=len(chain.lines) - 1)

    def check_missing(self, report):
        for origin in sorted(self.left):
            report.add('E_ROLLBACK', f'streams/{origin.rpartition("/")[2]}/chain.jsonl', f'{origin} was seen')

    def keep(self):
        """Only after all was good."""
        if self.file:
            with open(self.file + '.new', 'w', encoding='ascii') as file:
                file.write(PIN_HEAD)
                for origin, (size, root) in sorted(self.pins.items()):
                    file.write(f'{origin} {size} {base64.b64encode(root).decode()}\n')
            os.replace(self.file + '.new', self.file)


# ---- 13, 17. Proofs ------------------------------------------------------------------------------------------------

RECORD_PROOF, PART = b'cretula record proof v1\n', b'c2sp.org/tlog-proof@v1\n'
GROWTH_PROOF = b'cretula consistency proof v1\n'
PROOF_MAX, HASHES_MAX = 131072, 64


def included(hashes, leaf, index, size, root):
    """RFC 9162, 2.1.3.2."""
    if index >= size:
        return False
    fn, sn, r = index, size - 1, leaf
    for p in hashes:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            r = sha256(b'\1', p, r)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = sha256(b'\1', r, p)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and r == root


def consistent(hashes, old, old_root, new, new_root):
    """RFC 9162, 2.1.4.2."""
    if old == new:
        return not hashes and old_root == new_root
    path = [old_root] * (old & (old - 1) == 0) + hashes
    if not path:
        return False
    fn, sn, fr, sr = old - 1, new - 1, path[0], path[0]
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    for c in path[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr, sr = sha256(b'\1', c, fr), sha256(b'\1', c, sr)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = sha256(b'\1', sr, c)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and (fr, sr) == (old_root, new_root)


def parse_part(text, magic):
    """(extra, index, hashes, what follows the empty line) of a proof file; ValueError if it is none."""
    match = re.fullmatch(magic + rb'(?:extra (\S+)\n)?index (0|[1-9]\d{0,18})\n((?:\S{44}\n)*)\n(.*)', text, re.DOTALL)
    if not match or len(text) > PROOF_MAX:
        raise ValueError('not of the form of a proof')
    extra = base64.b64decode(match[1] or b'', validate=True)
    hashes = [base64_decode(line.decode('ascii'), 32) for line in match[3].splitlines()]
    if base64.b64encode(extra) != (match[1] or b'') or len(hashes) > HASHES_MAX:
        raise ValueError('not of the form of a proof')
    return extra, int(match[2]), hashes, match[4]


PARTS_MAX = 64


class Entry:
    """An entry, and that it is one of those under a note: a part of a proof."""

    def __init__(self, text):
        self.line, self.index, self.hashes, note = parse_part(text, re.escape(PART))
        self.note, self.entry = Note(note), parse_entry(self.line)
        self.type = self.entry['type']
        if self.entry['i'] != self.index:
            raise ValueError('what is to be proved is another entry')

    def covered(self):
        return included(self.hashes, sha256(b'\0', self.line), self.index, self.note.size, self.note.root)

    def demand(self, kind):
        if self.type != kind:
            raise ValueError(f'what is to be proved is no {kind} entry')
        return self.entry


class Reigns:
    """The log keys of a chain, by the size of the first note that each signs, and its recovery key."""

    def __init__(self, origin, log, recovery):
        self.origin, self.logs, self.recovery = origin, [(1, log)], recovery

    def log(self, size):
        return [log for first, log in self.logs if first <= size or first == 1][-1]

    def check(self, note):
        log = self.log(note.size)
        if note.origin != self.origin or parse_vkey(log)[0] != self.origin or not note.signed_by(log):
            raise ValueError(f'no good note of {self.origin}')

    def check_entry(self, part):
        self.check(part.note)
        if not part.covered():
            raise ValueError('an entry that the note does not cover')

    def turn(self, part):
        """A change of keys, under the note that it came with."""
        entry, size = part.entry, part.note.size
        if size != part.index + 1 or part.note.origin != self.origin or not part.covered():
            raise ValueError('a change of keys that is not the last entry of its note')
        if part.type == 'rekey' and entry['key'] == 'recovery':
            self.check_change(entry['old'], self.recovery, entry['new'], entry)
            self.check(part.note)
            self.recovery = entry['new']
        elif part.type == 'rekey':
            self.check_change(entry['old'], self.log(size), entry['new'], entry)
            by_old, by_new = part.note.verdict(entry['old']), part.note.verdict(entry['new'])
            if not by_new or not (by_old or 'recovery' in entry and by_old is None):
                raise ValueError('a change of keys that the two did not sign')
            self.logs.append((size, entry['new']))
        elif part.type == 'recover' and 'log' in entry and 'recovery' in entry:
            self.check_change(self.log(size), self.log(size), entry['log'], entry)
            self.logs.append((size, entry['log']))
            self.check(part.note)
        else:
            raise ValueError('no change of keys')

    def check_change(self, old, in_force, new, entry):
        if old != in_force or old is None:
            raise ValueError('a change of a key that is not in force')
        statement = rekey_statement(self.origin, old, new)
        if parse_vkey(old)[0] != parse_vkey(new)[0] or parse_vkey(old)[2] == parse_vkey(new)[2]:
            raise ValueError('not another key of the same name')
        if 'proof' in entry and not states(new, statement, entry['proof']):
            raise ValueError('the new key does not prove itself')
        if not self.consents(entry, statement):
            raise ValueError('no good signature of the recovery key')

    def consents(self, entry, statement):
        """The recovery key says who follows it; of a log key it need not."""
        if 'recovery' not in entry:
            return entry.get('key') != 'recovery'
        return states(self.recovery, statement, entry['recovery'])


def split_parts(text):
    """(what is before them, parts)."""
    before, *parts = re.split(b'^(?=' + re.escape(PART) + b')', text, flags=re.MULTILINE)
    if len(parts) > PARTS_MAX:
        raise ValueError('more parts than a proof may have')
    return before, list(map(Entry, parts))


def check_lineage(parts, anchor, seen=None):
    """(stream, its Reigns) of [stream,] genesis, and the changes of keys behind them."""
    listed = parts[0] if parts and parts[0].type == 'stream' else None
    root, *changes = parts[1 if listed else 0:] or [None]
    if root is None:
        raise ValueError('a part is missing')
    genesis = root.demand('genesis')
    if anchor and (genesis['log'], sha256(root.line).hex()) != anchor:
        raise ValueError('of another store than the anchor')
    if genesis['stream'] != STORE_CHAIN or genesis['i'] != 0:
        raise ValueError('not the genesis of a store')
    store = own = Reigns(genesis['origin'], genesis['log'], genesis.get('recovery'))
    now, last = store, 0
    if listed:
        own = Reigns(listed.entry['origin'], listed.entry['log'], None)
    for part in changes:
        if part.type == 'genesis' and now is store and listed:
            now, last = own, 0
            facts = part.entry
            if part.index or (sha256(part.line).hex(), facts['origin'], facts['log']) != \
                    tuple(listed.entry[key] for key in ('genesis', 'origin', 'log')):
                raise ValueError('not the genesis of the stream')
            own.recovery = facts.get('recovery')
            own.check_entry(part)
        else:
            if part.index <= last:
                raise ValueError('changes of keys that are not in their order')
            last = part.index
            now.turn(part)
    for part in (root, listed) if listed else (root,):
        store.check_entry(part)
    logs = [log for reigns in (store, own) for _, log in reigns.logs]
    if seen is not None and len(logs) > len(seen.get('logs', ())):
        seen.update(logs=logs, line=f'{genesis["log"]} sha256:{sha256(root.line).hex()}\n')
    return listed.entry['name'] if listed else STORE_CHAIN, own


def check_replaced(redact, segment, index, extra):
    """(leaf, record) of a line that replaced another, as the entry says; ValueError if it does not."""
    found = parse_placeholder(extra[16:])
    items = [item for item in redact['items'] if item['r'] == index]
    if not found or found[1] is None or redact['seg'] != segment['seg'] or not items or 'new' not in items[0]:
        raise ValueError('the line is not one that replaced the record')
    if base64_decode(items[0]['leaf'], 32) != found[0] or base64_decode(items[0]['new'], 32) != sha256(b'\0', extra):
        raise ValueError('the line is not the one that replaced the record')
    return found


def check_proof(text, anchor, store=None):
    """(stream, number of the record, its line); ValueError if the proof does not hold.

    Into store go the auditor's line that would match, and every log key that the two chains had by then.
    """
    record, parts = split_parts(text)
    extra, index, hashes, rest = parse_part(record, re.escape(RECORD_PROOF))
    if len(parts) < 3:
        raise ValueError('a part is missing')
    segment, tail = parts[0].demand('segment'), parts[1:]
    redact = tail.pop(0) if tail[0].type == 'redact' else None
    tail[0].demand('stream')
    name, reigns = check_lineage(tail, anchor, store)
    leaf, line = sha256(b'\0', extra), extra[16:]
    for part in (parts[0], redact) if redact else parts[:1]:
        reigns.check_entry(part)
    if redact:
        leaf, line = check_replaced(redact.entry, segment, index, extra)
    if rest or not included(hashes, leaf, index, segment['n'], base64_decode(segment['root'], 32)):
        raise ValueError('the record is not one of the segment')
    parse_record(line)
    return name, segment['first'] + index, line


def check_growth(text, anchor):
    """(stream, old size, new size); ValueError if the proof of two notes does not hold."""
    head, *bodies, rest = text.split(b'\n\n', 5)
    match = re.fullmatch(GROWTH_PROOF + rb'old ([1-9]\d{0,18})\nnew ([1-9]\d{0,18})((?:\n\S{44})*)', head)
    if len(bodies) != 4 or not match or int(match[1]) > int(match[2]):
        raise ValueError('not of the form of a proof')
    hashes = [base64_decode(line.decode('ascii'), 32) for line in match[3].split()]
    notes = [Note(body + b'\n\n' + lines + b'\n') for body, lines in zip(bodies[::2], bodies[1::2])]
    before, parts = split_parts(rest)
    if before or len(hashes) > HASHES_MAX:
        raise ValueError('not of the form of a proof')
    name, reigns = check_lineage(parts, anchor)
    for note, size in zip(notes, match.groups()):
        reigns.check(note)
        if note.size != int(size):
            raise ValueError('a note of another size')
    old, new = notes
    if not consistent(hashes, old.size, old.root, new.size, new.root):
        raise ValueError('the newer note does not go on from the older one')
    return name, old.size, new.size


def main_proof(name, anchor, as_json):
    try:
        with open(name, 'rb') as file:
            content = file.read((PARTS_MAX + 1) * PROOF_MAX + 1)
    except OSError as problem:
        print(f'{name}: {problem.strerror}', file=sys.stderr)
        return 66
    try:
        if content.startswith(GROWTH_PROOF):
            stream, old, new = check_growth(content, anchor)
            found = {'stream': stream, 'old': old, 'new': new, 'anchored': bool(anchor)}
            print(json.dumps(found) if as_json else f'good: stream {stream} was only added to from size {old} to {new}')
            return 0
        stream, number, line = check_proof(content, anchor)
    except (ValueError, Bad) as problem:
        print(json.dumps({'code': 'E_PROOF', 'text': str(problem)}) if as_json else f'E_PROOF {name}: {problem}')
        return 1
    found = {'stream': stream, 'record': number, 'line': line.decode(), 'anchored': bool(anchor)}
    print(json.dumps(found) if as_json else f'good: record {number} of stream {stream}\n{line.decode()}')
    return 0


def parse_duration(text):
    number, unit = re.fullmatch('([1-9][0-9]*)(s|m|h|d|w)', text).groups()
    return int(number) * datetime.timedelta(**{{'s': 'seconds', 'm': 'minutes', 'h': 'hours', 'd': 'days',
                                               'w': 'weeks'}[unit]: 1})


# ---- 18. Bundles ---------------------------------------------------------------------------------------------------

RECORDS_MAX = 100000
BUNDLE_FILE_MAX, BUNDLE_DEPTH, BUNDLE_PATH = 2**29, 6, 510
SUMS = 'lines bytes parsed partial unparsed counted meta joined'.split()


class Part:
    """Which part of a store a bundle holds."""

    def __init__(self, facts):
        self.stream, self.records = facts.get('stream'), facts.get('records')
        if None in facts.values() or not is_int(facts.get('v')) or facts['v'] != 1 or \
                not (self.stream is None or STREAM_NAME.fullmatch(self.stream)):
            raise ValueError('not of version 1')
        if self.records is not None and not (
                self.stream and 0 < len(self.records) <= RECORDS_MAX and all(map(is_int, self.records)) and
                self.records == sorted({n for n in self.records if 0 <= n < 2**63})):
            raise ValueError('not records, ascending')
        self.since, self.until = (parse_time(facts[key]) if key in facts else None for key in ('since', 'until'))

    def holds(self, entry):
        if self.since is None and self.until is None:
            return True
        return entry['n'] > 0 and (self.since is None or parse_time(entry['time']['max']) >= self.since) and \
            (self.until is None or parse_time(entry['time']['min']) < self.until)


def check_manifest(bundle, report):
    """Each file that the manifest lists is there as it lists it, and no other."""
    def add(file, text):
        report.add('E_BUNDLE', file, text)

    listed = {}
    try:
        lines = read_file(os.path.join(bundle, 'MANIFEST.sha256'), 2**28).decode().splitlines(keepends=True)
        for line in lines:
            value, path = re.fullmatch('([0-9a-f]{64})  (.+)\n', line).groups()
            listed[path] = value
        if list(listed) != sorted(listed, key=os.fsencode) or len(listed) != len(lines):
            raise ValueError('not sorted')
    except (OSError, Bad, ValueError, AttributeError) as problem:
        add('MANIFEST.sha256', f'not sorted lines of sha256sum: {problem}')
    for folder, folders, names in os.walk(bundle):
        depth = 0 if folder == bundle else os.path.relpath(folder, bundle).count('/') + 1
        odd = [f for f in folders if os.path.islink(os.path.join(folder, f)) or depth == BUNDLE_DEPTH]
        folders[:] = [f for f in folders if f not in odd]
        for name in [*names, *odd]:
            path = os.path.relpath(os.path.join(folder, name), bundle)
            if path == 'MANIFEST.sha256':
                continue
            try:
                if name in odd or len(os.fsencode(path)) > BUNDLE_PATH:
                    raise Bad('E_BUNDLE', 'no file of a bundle')
                content = read_file(os.path.join(folder, name), BUNDLE_FILE_MAX)
                if path not in listed:
                    add(path, 'the manifest does not list it')
                elif sha256(content).hex() != listed.pop(path):
                    add(path, 'not the file that the manifest lists')
            except (OSError, Bad) as problem:
                listed.pop(path, None)
                add(path, f'not readable: {problem}')
    for path in listed:
        add(path, 'listed in the manifest, and missing')


class Usage(Exception):
    """What was asked has no meaning: exit 2, and no verdict."""


def read_part(bundle, report):
    try:
        text = read_file(os.path.join(bundle, 'bundle.json'), 2**21).decode('ascii')
        facts = parse_json(text)
        known = {key: facts[key] for key in ('v', 'stream', 'since', 'until', 'records') if key in facts}
        if text != json.dumps(known, separators=(',', ':')) + '\n':
            raise ValueError('not as it is written')
        return Part(facts)
    except (OSError, Bad, ValueError, AttributeError, TypeError) as problem:
        report.add('E_BUNDLE', 'bundle.json', f'does not say which part of a store this is: {problem}')
        return Part({'v': 1})


def dump_sums(chains, part):
    """counts.json: what the entries of segments in the range say, stream by stream."""
    rows = []
    for chain in chains:
        row = dict.fromkeys(('segments', 'records', 'erased', 'pruned_segments', *SUMS, 'lost'), 0)
        for entry in chain.entries[:chain.signed]:
            if not entry or entry['type'] != 'segment' or not part.holds(entry):
                continue
            sealed = chain.history.by_number[entry['seg']]
            if sealed.pruned:
                row['pruned_segments'] += 1
                continue
            row['segments'] += 1
            row['records'] += entry['n']
            row['erased'] += sum(item.erased for item in sealed.items.values())
            for name in (*SUMS, 'lost'):
                row[name] += entry['in'][name]
        rows.append(json.dumps({'stream': chain.name, **row}, separators=(',', ':')))
    return '[' + ',\n'.join(rows) + ']\n'


def check_beside(bundle, report, line, logs, sums=None):
    """What lies beside chains or proofs says again what these say; policy has the log keys in `log` lines or comments."""
    for file, wanted in (('anchor', line), ('policy', logs), ('counts.json', sums)):
        if wanted is None:
            continue
        try:
            found = read_file(os.path.join(bundle, file), 2**24).decode()
            if file == 'policy':
                found = [line.partition(' ')[2] for line in found.split('\n') if line.startswith(('log ', '# '))]
            if found != wanted:
                report.add('E_BUNDLE', file, 'not what the signed entries say')
        except (OSError, Bad, ValueError) as problem:
            report.add('E_BUNDLE', file, f'not readable: {problem}')


def check_proofs(bundle, anchor, report, part):
    """A bundle of single records."""
    store = {}
    for name in ('store', 'counts.json', *(f'proofs/{name}' for name in list_dir(report, bundle, 'proofs')
                                           if name not in map(str, part.records))):
        if os.path.lexists(os.path.join(bundle, name)):
            report.add('E_BUNDLE', name, 'not of the records that this is a bundle of')
    for number in part.records:
        file = f'proofs/{number}'
        try:
            content = read_file(os.path.join(bundle, file), (PARTS_MAX + 1) * PROOF_MAX)
            if check_proof(content, anchor, store)[:2] != (part.stream, number):
                report.add('E_BUNDLE', file, 'the proof of another record')
        except (OSError, ValueError, Bad) as problem:
            report.add('E_PROOF', file, str(problem))
    if not report.findings:
        check_beside(bundle, report, store['line'], store['logs'])
    report.facts.append(f'{len(part.records)} records, by their proofs')


def check_bundle(bundle, anchor, report, brought):
    part = read_part(bundle, report)
    check_manifest(bundle, report)
    if part.records and brought.policy:
        raise Usage('--policy is of chains, and this bundle has only proofs')
    if part.records:
        check_proofs(bundle, anchor, report, part)
    elif os.path.isdir(os.path.join(bundle, 'store/streams')):
        chains = check_store(os.path.join(bundle, 'store'), anchor, report, brought, part)
        if report.exit_code() != 1:
            root = chains[STORE_CHAIN]
            listed = [chains[entry['name']] for entry in root.entries[:root.signed]
                      if entry and entry['type'] == 'stream' and entry['name'] in chains]
            logs = [log for chain in (root, *listed) for log in dict.fromkeys((chain.genesis['log'], chain.log))]
            check_beside(bundle, report, f'{logs[0]} sha256:{sha256(root.lines[0]).hex()}\n', logs, dump_sums(listed, part))
    else:
        report.add('E_BUNDLE', 'store', 'there is no store, and no records are named')


# ---- 19. What entries promise --------------------------------------------------------------------------------------

def inside(runs, number):
    return any(first <= number <= last for first, last in runs)


class Change:
    """A log key that the entry in hand replaces: its note tells whether with right."""

    def __init__(self, size, new, recovered):
        self.size, self.new, self.recovered = size, new, recovered


class History:
    """What the entries did so far: segments, holds, keys, alarms."""

    def __init__(self, chain):
        self.chain = chain
        self.by_number = {}               # segments, as far as they ascend
        self.last = 0                     # the last of them
        self.silent = False               # an entry before is damaged
        self.holds = {}                   # id -> its entry
        self.recovery = None              # the recovery key in force
        self.change = None
        self.revoked = []                 # (vkey, from, place)
        self.alarms, self.accepted = [], -1
        self.flush_due = 0                # G of the next flush
        self.in_memory, self.lost = False, 0  # the ratchet in force; the segment that a crash left without it
        self.rotated = 0                  # the last segment that a rotate closed
        self.anchors, self.derived, self.heads = [], [], []
        self.seeds, self.destroyed = set(), set()

    def judge_keys(self, i, entry, in_place):
        """Before the note of the entry is looked at: which keys may have signed it?"""
        self.judge(self.KEYS, i, entry, in_place)

    def judge_all(self):
        """Once it is known who signed what: the entries that somebody vouches for."""
        for i, entry in enumerate(self.chain.entries[:self.chain.signed]):
            if entry is None or i == self.chain.bad:
                self.silent = True
                continue
            if entry['type'] in ('genesis', 'start', 'recover') and 'ratchet' in entry:
                self.flush_due = entry['ratchet']['g']
                self.in_memory, self.lost = entry['ratchet']['mode'] == 'ram', 0
            silent, self.silent = self.silent, self.silent or entry['i'] != i
            self.judge(self.PROMISES, i, entry, not self.silent)
            self.silent = silent
        self.tell_alarms()

    def judge(self, judges, i, entry, in_place):
        """Behind damage nothing is told, but what an entry says is done all the same where it can be."""
        try:
            judges.get(entry['type'], lambda *_: None)(self, i, entry)
        except Bad as bad:
            if in_place:
                self.chain.add(bad.code, f'entry {i}: {bad}', entry=i)

    def tell(self, code, i, text):
        """A finding that does not keep the entry from counting."""
        if not self.silent:
            self.chain.add(code, f'entry {i}: {text}', entry=i)

    # Segments

    def are_there(self, runs):
        """The segments of runs; Bad if one is not there."""
        found = [sealed for number, sealed in self.by_number.items() if inside(runs, number)]
        if len(found) != sum(last - first + 1 for first, last in runs):
            raise Bad('E_ENTRY_TARGET', 'names a segment that is not there')
        return found

    def judge_segment(self, i, entry):
        if entry['seg'] > self.last:
            self.by_number[entry['seg']] = self.chain.sealed[i]
            self.last = entry['seg']
        self.seeds |= {entry['mask_seed']} if 'mask_seed' in entry else set()
        if 'tags' in entry:
            due, self.flush_due = self.flush_due, entry['tags']['g'] + 1
            if entry['tags']['g0'] != due:
                raise Bad('E_TAGS', f'starts at flush {entry["tags"]["g0"]} where {due} is due')
            if entry['tags']['untagged']:
                self.chain.report.facts.append(f'{self.chain.name}: segment {entry["seg"]}: {entry["tags"]["untagged"]} records that '
                                               'a crash left behind the last flush: who wrote them was not checked')
            if 'lost' in entry['tags']:
                if entry['seg'] != self.lost:
                    raise Bad('E_TAGS', 'no crash explains that its ratchet is lost')
                self.tell('W_RATCHET_LOST', i, 'whether more flushes followed is not known')
                self.chain.report.facts.append(f'{self.chain.name}: segment {entry["seg"]}: whether records were cut off '
                                               'its end by a crash was not checked')

    def in_force(self, t):
        return [hold for hold in self.holds.values() if hold.get('until', t) >= t]

    def judge_hold(self, i, entry):
        if entry['hold'] in {hold['hold'] for hold in self.in_force(entry['t'])}:
            raise Bad('E_ENTRY_TARGET', 'a hold of this name is in force')
        self.are_there(entry['segs'])
        if not 1 <= entry.get('onward', 1) <= self.last + 1:
            raise Bad('E_ENTRY_TARGET', 'holds on from a segment that does not come next')
        self.holds[entry['hold']] = entry

    def judge_release(self, i, entry):
        if entry['hold'] not in {hold['hold'] for hold in self.in_force(entry['t'])}:
            raise Bad('E_ENTRY_TARGET', 'no such hold is in force')
        del self.holds[entry['hold']]

    def check_held(self, i, entry, segments):
        for hold in self.in_force(entry['t']):
            for sealed in segments:
                number = sealed.entry['seg']
                if inside(hold['segs'], number) or number >= hold.get('onward', number + 1):
                    self.tell('E_PRUNE_UNDER_HOLD', i, f'segment {number} is held by {hold["hold"]}')

    def judge_prune(self, i, entry):
        segments = self.are_there(entry['segs'])
        if any(sealed.pruned for sealed in segments):
            raise Bad('E_ENTRY_TARGET', 'names a segment that was pruned before')
        self.check_held(i, entry, segments)
        for sealed in segments:
            sealed.pruned = True

    def judge_redact(self, i, entry):
        sealed, = self.are_there([[entry['seg']] * 2])
        if sealed.pruned or entry['rev'] != sealed.rev + 1:
            raise Bad('E_ENTRY_TARGET', f'of a segment that was pruned, or is of revision {sealed.rev}')
        if entry['file']['name'] != f'seg/{entry["seg"]:08}.r{entry["rev"]}.jsonl.zst':
            raise Bad('E_ENTRY_SYNTAX', 'file.name')
        for item in entry['items']:
            before = sealed.items.get(item['r'])
            if item['r'] >= sealed.entry['n'] or before and \
                    (before.erased or before.leaf != base64_decode(item['leaf'], 32) or
                     'new' in item and len(before.news) == REPLACEMENTS_MAX):
                raise Bad('E_ENTRY_TARGET', f'record {item["r"]} is not there, was erased before or has another leaf')
        self.check_held(i, entry, [sealed])
        sealed.rev, sealed.size, sealed.named = entry['rev'], entry['file']['size'], i
        for item in entry['items']:
            made = sealed.items.setdefault(item['r'], Item(base64_decode(item['leaf'], 32)))
            made.erased = 'new' not in item
            made.news += [base64_decode(item['new'], 32)] if 'new' in item else []

    def judge_destroy(self, i, entry):
        self.destroyed.add(entry['commitment'])
        for hold in self.in_force(entry['t']):
            spans = [span for names in hold['mask_epochs'].values() for span in epoch_spans(names)]
            time = entry['what'].partition('.')[0]  # a name without a number stands for all keys of its time
            if any(first == entry['what'] or (epoch_kind(first) == epoch_kind(time) and first <= time <= last)
                   for first, last in spans):
                self.tell('E_PRUNE_UNDER_HOLD', i, f'the key of {entry["what"]} is held by {hold["hold"]}')

    def judge_rotate(self, i, entry):
        last = self.last
        if entry['segs'] != ([[self.rotated + 1, last]] if last > self.rotated else []):
            raise Bad('E_ENTRY_TARGET', f'not the segments {self.rotated + 1} to {last}')
        self.rotated = last

    def judge_replay(self, i, entry):
        sealed, = self.are_there([[entry['seg']] * 2])
        if entry['n'] != sum(sealed.entry.get('replay', {}).values()):
            raise Bad('E_COUNTS', f'segment {entry["seg"]} says another number of replayed records')

    def judge_derive(self, i, entry):
        if not self.silent:
            self.derived.append((i, entry))  # other streams are looked at once all are read
        self.are_there(entry.get('to', []))

    def judge_anchor(self, i, entry):
        end = {'cosignature': 'cosig', 'tsr': 'tsr'}.get(entry['kind'])
        if end is None:
            self.chain.report.unchecked.append(f'{self.chain.folder}: entry {i} is an anchor of a kind that this '
                                               'version does not know')
            return
        if not 1 <= entry['size'] <= i or \
                not re.fullmatch(rf'anchor/{entry["size"]:08}(-([2-9]|[1-9][0-9]+))?\.{end}', entry['file']['name']):
            raise Bad('E_ENTRY_TARGET', 'no note of that size, or a file of another name')
        if not self.silent:
            self.anchors.append((i, entry))

    def judge_head(self, i, entry):
        self.heads.append((i, entry))

    # Keys

    def voided(self, vkey, size):
        """Does a signature by vkey under a note of this size count for nothing, by an entry before it?"""
        return any(vkey == revoked and size >= start and size > place + 1 for revoked, start, place in self.revoked)

    def void_keys(self, size):
        return [vkey for vkey, _, _ in self.revoked if self.voided(vkey, size)]

    def judge_genesis(self, i, entry):
        self.recovery = entry.get('recovery') if i == 0 else self.recovery

    def check_successor(self, old, new):
        if parse_vkey(old)[0] != parse_vkey(new)[0] or parse_vkey(old)[2] == parse_vkey(new)[2]:
            raise Bad('E_REKEY', 'the new key has another name, or is the old one')

    def judge_rekey(self, i, entry):
        if entry['old'] != (self.chain.log if entry['key'] == 'log' else self.recovery):
            raise Bad('E_REKEY', 'the old key is not in force')
        self.check_successor(entry['old'], entry['new'])
        statement = rekey_statement(self.chain.genesis['origin'], entry['old'], entry['new'])
        if not states(entry['new'], statement, entry['proof']):
            raise Bad('E_REKEY', 'the new key does not prove itself')
        if entry['key'] == 'recovery' and 'recovery' not in entry:
            raise Bad('E_REKEY', 'without the recovery key\'s signature')
        if 'recovery' in entry and not states(self.recovery, statement, entry['recovery']):
            raise Bad('E_REKEY', 'no good signature of the recovery key')
        if entry['key'] == 'log':
            self.change = Change(i + 1, entry['new'], 'recovery' in entry)
        else:
            self.recovery = entry['new']

    def judge_revoke(self, i, entry):
        if not self.chain.genesis or not states(
                self.recovery, revoke_statement(self.chain.genesis['origin'], entry['vkey'], entry['from']),
                entry['signature']):
            raise Bad('E_REVOKED', 'no good signature of the recovery key')
        self.revoked.append((entry['vkey'], entry['from'], i))

    def judge_lost(self, i, entry):
        if 'log' in entry:
            if not self.chain.log:
                raise Bad('E_REKEY', 'no key is in force')
            self.check_successor(self.chain.log, entry['log'])
            statement = rekey_statement(self.chain.genesis['origin'], self.chain.log, entry['log'])
            if 'recovery' not in entry or not states(self.recovery, statement, entry['recovery']):
                raise Bad('E_REKEY', 'no good signature of the recovery key')
            self.change = Change(i + 1, entry['log'], True)

    # Alarms

    def judge_recover(self, i, entry):
        if entry['alarm'] and not self.silent:
            self.alarms.append((i, entry))
        elif not entry['alarm'] and entry['reason'] == 'ram' and self.in_memory:
            self.lost = entry['seg']
        elif not entry['alarm'] and entry['reason'] == 'accepted':
            if 'ratchet' in entry and not any(k > self.accepted for k, _ in self.alarms):
                self.tell('W_LOSS_ACCEPTED', i, 'what was open was given up')
            self.accepted = i

    def judge_config(self, i, entry):
        if entry['kind'] == 'words' and entry.get('text', '').startswith('refused: '):
            self.tell('W_WORDS_REFUSED', i, 'words/NAME was not what the writer had left')
        if entry['kind'] == 'damaged':
            self.tell('W_ERASED_DAMAGED', i, 'what had replaced a record was not what is sealed when it was erased')

    KEYS = {'genesis': judge_genesis, 'recover': judge_lost, 'rekey': judge_rekey, 'revoke': judge_revoke}
    PROMISES = {'anchor': judge_anchor, 'config': judge_config, 'derive': judge_derive, 'destroy': judge_destroy,
                'head': judge_head, 'hold': judge_hold, 'prune': judge_prune, 'recover': judge_recover, 'redact': judge_redact,
                'release': judge_release, 'replay': judge_replay, 'rotate': judge_rotate, 'segment': judge_segment}

    def tell_alarms(self):
        for i, entry in self.alarms:
            where = f'segment {entry["seg"]}: the writer found its open segment changed'
            if i < self.accepted:
                self.chain.add('W_LOSS_ACCEPTED', f'entry {i}: {where}; entry {self.accepted} accepts it', entry=i)
            else:
                self.chain.add('E_OPEN', where, entry=i)

    def tell_facts(self):
        name, facts = self.chain.name, self.chain.report.facts
        items = [item for sealed in self.by_number.values() for item in sealed.items.values()]
        for count, what in (
                (sum(sealed.pruned for sealed in self.by_number.values()), 'segments pruned'),
                (sum(item.erased for item in items), 'records erased'),
                (sum(not item.erased for item in items), 'records replaced'),
                (len(self.holds), 'holds not released'),
                (len(self.seeds - self.destroyed), 'keys of imports not destroyed')):
            if count:
                facts.append(f'{name}: {count} {what if count > 1 else re.sub("s(?= |$)", "", what, count=1)}')
        for vkey, start, place in self.revoked:
            if start <= place + 1:
                facts.append(f'{name}: the notes of size {start} to {place + 1} by {"+".join(vkey.split("+")[:2])} '
                             'count for nothing: later notes vouch for their entries')


def check_heads(root, chains):
    """What the store's chain saw of the others."""
    listed = {entry['name'] for entry in root.entries if entry and entry['type'] == 'stream'}
    for i, entry in root.history.heads[:]:
        chain = chains.get(entry['name'])
        if i >= root.signed:
            continue
        if entry['name'] not in listed:
            root.add('E_ENTRY_TARGET', f'entry {i}: no such stream', entry=i)
        elif chain and chain.there and len(chain.lines) < entry['size']:
            chain.add('E_ROLLBACK', f'the store saw {entry["size"]} entries, {len(chain.lines)} are here')
        elif chain and chain.there and not chain.damaged and \
                chain.root(entry['size']) != base64_decode(entry['root'], 32):
            chain.add('E_SPLIT_VIEW', f'the first {entry["size"]} entries are not those that the store saw')


def check_derived(chain, chains):
    for i, entry in chain.history.derived:
        if i >= chain.signed or i == chain.bad:
            continue
        if 'file' in entry and not chain.part:
            try:
                content = read_file(os.path.join(chain.store, chain.folder, entry['file']['name']), 2**31)
                if len(content) != entry['file']['size'] or sha256(content).hex() != entry['file']['hash']:
                    raise Bad('E_FILE_HASH', 'not the file that was derived')
            except Bad as bad:
                chain.add(bad.code, str(bad), entry['file']['name'])
            except OSError:
                chain.add('E_FILE_HASH', 'the file is missing', entry['file']['name'])
        store, _, name = entry['origin'].rpartition('/')
        source = chains.get(name)
        if not chain.genesis or chain.genesis['origin'].rpartition('/')[0] != store or \
                chain.part and not (source and source.there):
            continue  # of another store, or not in this bundle
        if not (source and source.genesis and source.genesis['origin'] == entry['origin']) or \
                note_body(source, entry['size']) != f'{entry["origin"]}\n{entry["size"]}\n{entry["root"]}\n'.encode():
            chain.add('E_ENTRY_TARGET', f'entry {i}: derived from another note than the source has', entry=i)


# ---- 20. Anchors ---------------------------------------------------------------------------------------------------

DAY = 86400


class Policy:
    """A C2SP tlog-policy; ValueError if text is none."""

    def __init__(self, text):
        self.logs, self.witnesses, self.groups, self.quorum, self.asked = set(), {}, {}, None, False
        for line in text.splitlines():
            word, *values = line.split() or ['#']
            if not word.startswith('#'):
                {'log': self.add_log, 'witness': self.add_witness, 'group': self.add_group,
                 'quorum': self.set_quorum}[word](*values)

    def add_log(self, vkey, _=None):
        parse_vkey(vkey)
        self.logs.add(vkey)

    def name_once(self, name):
        if name in (*self.witnesses, *self.groups, 'none'):
            raise ValueError('a name stands twice')

    def add_witness(self, name, vkey, _=None):
        self.name_once(name)
        self.witnesses[name] = parse_vkey(vkey, 4)

    def add_group(self, name, least, *members):
        self.name_once(name)
        count = {'any': 1, 'all': len(members)}.get(least) or int(least)
        if not 1 <= count <= len(members) or len(set(members)) != len(members) or \
                not set(members) <= {*self.witnesses, *self.groups}:
            raise ValueError('a group of whom nobody knows')
        self.groups[name] = count, members

    def set_quorum(self, name):
        if self.quorum is not None or name not in (*self.witnesses, *self.groups, 'none'):
            raise ValueError('a quorum of whom nobody knows')
        self.quorum = name

    def met(self, seen, name=None):
        """Do these witnesses (names of the policy) make the quorum?"""
        name = name or self.quorum or 'none'
        if name in self.groups:
            count, members = self.groups[name]
            return sum(self.met(seen, member) for member in members) >= count
        return name in seen or name == 'none'


DER_DEPTH = 64


def der(content, at=0):
    """(tag, content, end) of the DER value at a place; ValueError if there is none."""
    if at + 2 > len(content) or content[at] & 0x1f == 0x1f:
        raise ValueError('der')
    tag, size, at = content[at], content[at + 1], at + 2
    if size & 0x80:
        width = size & 0x7f
        size, at = int.from_bytes(content[at:at + width], 'big'), at + width
        if not 1 <= width <= 4 or size < 128 or size >> (8 * width - 8) == 0:
            raise ValueError('der')
    if at + size > len(content):
        raise ValueError('der')
    return tag, content[at:at + size], at + size


def der_check(content, depth=1):
    """ValueError unless it is values and nothing else, also what is in them."""
    if depth > DER_DEPTH:
        raise ValueError('der: too deep')
    for tag, inner in der_items(content):
        if tag & 0x20:
            der_check(inner, depth + 1)


def der_list(content, tag=0x30):
    """[(tag, content)] of what is in the one value that content is."""
    found, inner, end = der(content)
    if found != tag or end != len(content):
        raise ValueError('der')
    return der_items(inner)


def der_items(inner):
    items, at = [], 0
    while at < len(inner):
        tag, content, at = der(inner, at)
        items.append((tag, content))
    return items


SIGNED_DATA, TST_INFO = bytes.fromhex('2a864886f70d010702'), bytes.fromhex('2a864886f70d0109100104')
SHA256_OID, INTEGER, OCTETS, OID, SEQUENCE, GENERALIZED = bytes.fromhex('608648016503040201'), 2, 4, 6, 0x30, 0x18


def parse_stamp(content):
    """(message imprint, time) of a DER TimeStampResp that was granted: RFC 3161, 2.4.2.  ValueError if it is none."""
    der_check(content)
    (kind, status), (token_kind, token) = der_list(content)
    (status_kind, number), *_ = der_items(status)
    if (kind, token_kind, status_kind) != (SEQUENCE, SEQUENCE, INTEGER) or number not in (b'\0', b'\1'):
        raise ValueError('not granted')
    (_, what), (_, explicit) = der_items(token)
    signed = der_list(explicit)
    (_, inner), (_, wrapped) = der_items(signed[2][1])
    kind, info, _ = der(wrapped)
    if what != SIGNED_DATA or inner != TST_INFO or kind != OCTETS:
        raise ValueError('not a time stamp')
    _, _, (_, imprint), _, (kind, when), *_ = der_list(info)
    (_, algorithm), (_, digest) = der_items(imprint)
    match = re.fullmatch(rb'(\d{14})(\.\d*[1-9])?Z', when)
    if der(algorithm)[:2] != (OID, SHA256_OID) or kind != GENERALIZED or not match:
        raise ValueError('not over SHA-256, or without time')
    fraction = datetime.timedelta(microseconds=int((match[2] or b'.0')[1:7].ljust(6, b'0')))
    return digest, datetime.datetime.strptime(match[1].decode(), '%Y%m%d%H%M%S') + fraction


def note_body(chain, size):
    """The body of the note of that size; None if it is not here, or none."""
    try:
        note = Note(read_file(os.path.join(chain.store, chain.folder, f'cp/{size:08}.note'), NOTE_MAX))
        return note.body if note.size == size else None
    except (OSError, Bad):
        return None


class Anchors:
    """What others said of the notes of one chain."""

    def __init__(self, chain, policy):
        self.chain, self.policy, self.cosigned, self.stamps = chain, policy, {}, 0

    def check(self):
        chain, known = self.chain, set()
        for i, entry in chain.history.anchors:
            known.add(entry['file']['name'].partition('/')[2])
            if i < chain.signed and i != chain.bad:
                self.check_anchor(i, entry)
        if chain.damaged:  # what names them may be what is missing
            known |= set(list_dir(chain.report, chain.store, f'{chain.folder}/anchor'))
        warn_unknown(chain.report, chain.store, f'{chain.folder}/anchor', known)
        if self.stamps:
            chain.report.facts.append(f'{chain.name}: {self.stamps} time stamps, their signatures not checked')
        if self.policy and self.policy.quorum not in (None, 'none') and chain.genesis and \
                (not self.policy.logs or chain.genesis['log'] in self.policy.logs):
            self.policy.asked = True
            if not chain.damaged and not any(map(self.policy.met, self.cosigned.values())):
                chain.add('E_WITNESS', 'no note has the quorum of the policy', 'anchor')

    def check_anchor(self, i, entry):
        file = entry['file']
        content = self.chain.read(file['name'], 2**20, 'E_ANCHOR')
        if content is None:
            return
        try:
            if len(content) != file['size'] or sha256(content).hex() != file['hash']:
                raise ValueError('not the file that was kept')
            body = note_body(self.chain, entry['size'])
            if body is None:
                return  # what is wrong with the note was told
            (self.check_cosignatures if entry['kind'] == 'cosignature' else self.check_stamp)(entry, content, body)
        except Bad as bad:
            self.chain.add('E_ANCHOR' if bad.code == 'E_NOTE' else bad.code, str(bad), file['name'], entry=i)
        except (ValueError, IndexError) as problem:
            self.chain.add('E_ANCHOR', str(problem), file['name'], entry=i)

    def check_cosignatures(self, entry, content, body):
        note = Note(content)
        if note.body != body:
            raise ValueError('not over the note of that size')
        if not any(entry.get('by', signer) == signer and len(line) == 76 and not line[4] & 0x80 and
                   ('time' not in entry or
                    int.from_bytes(line[4:12], 'big') == parse_seconds(parse_time(entry['time'])))
                   for signer, line in note.signatures):
            raise ValueError('no cosignature of the witness and the time that the entry names')
        for name, (witness, key_hash, public) in (self.policy.witnesses if self.policy else {}).items():
            try:
                times = [cosigned(body, line, public) for line in note.lines_of(witness, key_hash)]
            except ValueError as problem:
                raise Bad('E_WITNESS', f'{witness}: {problem}') from None
            if times and max(times) > time.time() + DAY:
                raise Bad('E_WITNESS', f'{witness}: a cosignature out of the future')
            if times:
                self.cosigned.setdefault(entry['size'], set()).add(name)

    def check_stamp(self, entry, content, body):
        imprint, when = parse_stamp(content)
        if imprint != sha256(body):
            raise ValueError('a stamp of something else')
        last = self.chain.entries[entry['size'] - 1]
        if last and when.replace(microsecond=0) < parse_time(last['t']).replace(microsecond=0):
            raise ValueError('a stamp from before the note')
        cut = when - datetime.timedelta(microseconds=when.microsecond % 1000)
        if 'time' in entry and parse_time(entry['time']) != cut:
            raise ValueError('not of the time that the entry says')
        self.stamps += 1


def parse_seconds(when):
    return (when - datetime.datetime(1970, 1, 1)).total_seconds()


# ---- 21. Keys that are given out -----------------------------------------------------------------------------------

def parse_escrow(text):
    """(origin, G) -> K of an escrow file; ValueError if it is none."""
    head, *lines = text.split('\n')
    rows = [re.fullmatch(rf'(\S+) ({NUMBER}) (\S{{44}})', line).groups() for line in lines[:-1]]
    places = [(origin.encode(), int(g)) for origin, g, _ in rows]
    if head != 'cretula escrow v1' or lines[-1:] != [''] or any(a >= b for a, b in zip(places, places[1:])):
        raise ValueError('not a file of escrow keys')
    return {(origin, int(g)): base64_decode(key, 32) for origin, g, key in rows}


def evolve(key, times):
    for _ in range(times):
        key = sha256(b'cretula evolve v1\n', key)
    return key


class Replay:
    """The flushes of a chain once more, with the keys that were given out."""

    def __init__(self, chain, keys, flushes):
        self.chain, self.keys, self.flushes = chain, keys, flushes
        self.origin = chain.genesis['origin']
        self.key, self.g, self.aggregate = None, 0, bytes(32)
        self.good = self.missing = 0

    def run(self):
        for i, entry in enumerate(self.chain.entries[:self.chain.signed]):
            if not entry or entry['i'] != i or i == self.chain.bad:  # what it said of flushes is not known
                break
            if entry['type'] in ('genesis', 'start', 'recover') and 'ratchet' in entry:
                self.begin(i, entry['ratchet'])
            elif entry['type'] == 'segment' and 'tags' in entry:
                self.check_segment(i, entry)
        if self.good:
            self.chain.report.facts.append(f'{self.chain.name}: {self.good} flushes are those that were committed')
        if self.missing:
            self.chain.report.facts.append(f'not checked: ratchet: {self.missing} segments of {self.chain.name} whose escrow key '
                                           'is not in the file')

    def begin(self, i, ratchet):
        self.key, self.g = self.keys.get((self.origin, ratchet['g'])), ratchet['g']
        if self.key and sha256(b'cretula escrow v1\n', self.key).hex() != ratchet['k']:
            self.chain.add('E_RATCHET_MAC', f'entry {i}: the escrow key of flush {self.g} is another', entry=i)
            self.key = None

    def check_segment(self, i, entry):
        tags, flushes = entry['tags'], self.flushes.get(entry['seg'])
        if 'lost' in tags:
            self.key = None  # until the next ratchet begins
            return
        if self.key is None or not 0 <= tags['g0'] - self.g <= FLUSHES_MAX or tags['g'] - tags['g0'] >= FLUSHES_MAX:
            self.missing += 1
        else:
            gap = tags['g0'] - self.g  # flushes that nothing here says anything of: A is not known
            self.key = evolve(self.key, gap)
            if gap:
                flushes = None
            for flush in flushes or ():
                self.aggregate = hmac.digest(self.key, b'cretula tag v1\n' + self.aggregate + self.origin.encode() +
                                             b'\n' + flush.line, 'sha256')
                self.key = evolve(self.key, 1)
            if flushes is None:  # pruned, or there is nothing to begin with
                self.key = evolve(self.key, tags['g'] - tags['g0'] + 1)
            elif self.aggregate != base64_decode(tags['agg'], 32):
                self.chain.add('E_RATCHET_MAC', 'these flushes were not committed', f'seg/{entry["seg"]:08}.tags',
                               entry=i)
            else:
                self.good += len(flushes)
        self.g, self.aggregate = tags['g'] + 1, base64_decode(tags['agg'], 32)


# ---- All of it -----------------------------------------------------------------------------------------------------

def check_store(store, anchor, report, brought=None, part=None):
    """anchor: (vkey, hex of the genesis' hash), or None.  part: of a bundle."""
    brought = brought or Brought()
    seen, chains = brought.seen, {}
    root = chains[STORE_CHAIN] = check_stream(report, store, STORE_CHAIN, brought)
    if root.there:
        seen.check_pin(root)
    if anchor:
        compare_genesis(root, *anchor, None, 'the anchor')
    else:
        report.facts.append('no --anchor: the genesis of the store was taken on trust')
    if has_other(store, 'words'):
        report.add('E_FILE_TYPE', 'words', 'not a directory')
    listed = {}
    for i, entry in enumerate(root.entries[:root.signed]):
        if entry and entry['type'] == 'stream':
            if entry['name'] == STORE_CHAIN:
                root.add('E_ENTRY_SYNTAX', f'entry {i}: lists the chain that it is in', entry=i)
                continue
            if entry['name'] in listed:
                root.add('E_GENESIS', f'entry {i} lists {entry["name"]} again', entry=i)
            listed.setdefault(entry['name'], entry)
    if part and part.stream:
        for name in list_dir(report, store, 'streams'):
            if name not in (part.stream, STORE_CHAIN):
                report.add('E_BUNDLE', f'streams/{name}', 'of another stream')
    found = {name for name in list_dir(report, store, 'streams')
             if STREAM_NAME.fullmatch(name) and stat.S_ISDIR(os.lstat(os.path.join(store, 'streams', name)).st_mode)}
    if part and part.stream and part.stream not in found | set(listed):
        report.add('E_BUNDLE', 'bundle.json', f'stream {part.stream} is not in it')
    warn_unknown(report, store, 'streams', found | set(listed) | {STORE_CHAIN})
    for name in sorted((found | set(listed)) - {STORE_CHAIN}):
        if part and part.stream not in (None, name):
            continue
        chain = chains[name] = check_stream(report, store, name, brought, listed.get(name), part)
        if chain.there:
            seen.check_pin(chain)
            seen.check_age(chain)
        if name not in listed and chain.there and root.there and not root.damaged:
            report.add('E_STREAM_UNLISTED', f'streams/{name}', 'the store does not list it')
    if root.there and not found | set(listed) - {STORE_CHAIN}:
        seen.check_age(root)
    seen.check_missing(report)
    if brought.policy and brought.policy.quorum not in (None, 'none') and not brought.policy.asked:
        report.add('E_WITNESS', 'streams', 'the policy names none of the logs that are here')
    check_heads(root, chains)
    for chain in chains.values():
        check_derived(chain, chains)
    return chains


def parse_anchor(line):
    vkey, genesis = line.split(' ')
    parse_vkey(vkey)
    return vkey, re.fullmatch('sha256:([0-9a-f]{64})', genesis)[1]


def take_option(arguments, name):
    """The value behind name, which is taken out; None if it is not there."""
    if name not in arguments:
        return None
    at = arguments.index(name)
    value = arguments[at + 1]
    del arguments[at:at + 2]
    return value


def read_brought(arguments, name, parse):
    """What the file behind an option says; ValueError if it is not readable."""
    file = take_option(arguments, name)
    try:
        return file and parse(read_file(file, 2**24).decode('ascii'))
    except (OSError, Bad, KeyError) as problem:
        raise ValueError(f'{file}: {problem}') from None


def main(arguments):
    as_json = '--json' in arguments
    rest = [a for a in arguments if a != '--json']
    try:
        anchor, age = take_option(rest, '--anchor'), take_option(rest, '--max-age')
        seen = Seen(take_option(rest, '--pin'), age and parse_duration(age))
        brought = Brought(seen, *(read_brought(rest, *how)
                                  for how in (('--policy', Policy), ('--escrow', parse_escrow))))
        anchor, proof = anchor and parse_anchor(anchor), take_option(rest, '--proof')
        bundle = take_option(rest, '--bundle')
        store, = rest if not proof and not bundle else [*rest, os.path.join(bundle or '', 'store')]
    except (ValueError, IndexError, TypeError, AttributeError):
        print('usage: verify.py STORE [--anchor "VKEY sha256:HEX"] [--pin FILE] [--max-age T] [--escrow FILE]\n'
              '                 [--policy FILE] [--json]\n'
              '       verify.py --bundle DIR [--anchor "VKEY sha256:HEX"] [--escrow FILE] [--policy FILE] [--json]\n'
              '       verify.py --proof FILE [--anchor "VKEY sha256:HEX"] [--json]',
              file=sys.stderr)
        return 2
    if proof:
        return main_proof(proof, anchor, as_json)
    if not os.path.isdir(bundle or os.path.join(store, 'streams')):
        print(f'{bundle or store}: no {"bundle" if bundle else "store"}', file=sys.stderr)
        return 66
    report = Report()
    if bundle:
        try:
            check_bundle(bundle, anchor, report, brought)
        except Usage as problem:
            print(problem, file=sys.stderr)
            return 2
    else:
        check_store(store, anchor, report, brought)
    if report.exit_code() == 0:
        seen.keep()
    if report.unfinished:
        report.facts.append(f'{report.unfinished} unfinished files, not looked at')
    for finding in report.findings:
        if as_json:
            print(json.dumps(finding))
        else:
            print(f'{finding["code"]:<21} {finding["file"]}: {finding["text"]}')
    code = report.exit_code()
    if as_json:
        print(json.dumps({'exit': code, 'checked': report.facts, 'unchecked': report.unchecked}))
    else:
        print('\n'.join([*report.facts, *(f'not checked: {what}' for what in report.unchecked)]))
        print('asserted by the writer, not recomputed: lines, bytes, counted, meta, joined, lost, masked')
        print({0: 'good', 1: 'NOT GOOD', 3: 'incomplete'}[code])
    return code


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
