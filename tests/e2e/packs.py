"""What is counted in STORE/stats.db, by docs/format.md 23 alone: packs taken apart, made, and as tables of a row a value.

`open` gives a copy in memory that has two tables more than the file, filled out of its packs; `write` brings back into the file
what was changed in such a copy.
"""
import ctypes
import ctypes.util
import dataclasses
import sqlite3

APPLICATION, VERSION, EPOCHS, VALUES, MANY = 0x63727473, 3, 32, 4096, 21
NONCE, HASH = 24, 5

TABLES = (
    'CREATE TABLE cell (stream INTEGER NOT NULL, period INTEGER NOT NULL, dim INTEGER NOT NULL, idx INTEGER NOT NULL, apart INTEGER NOT NULL, '
    'other INTEGER NOT NULL, key TEXT NOT NULL, requests INTEGER NOT NULL, bots INTEGER NOT NULL, bytes INTEGER NOT NULL, '
    'PRIMARY KEY (stream, period, dim, idx, apart, other, key)) STRICT, WITHOUT ROWID',
    'CREATE TABLE seen (stream INTEGER NOT NULL, period INTEGER NOT NULL, dim INTEGER NOT NULL, idx INTEGER NOT NULL, other INTEGER NOT NULL, '
    'key TEXT NOT NULL, epoch INTEGER NOT NULL, subjects INTEGER NOT NULL, hashes BLOB, '
    'PRIMARY KEY (stream, period, dim, idx, other, key, epoch)) STRICT, WITHOUT ROWID')


@dataclasses.dataclass
class Value:
    key: str = ''
    other: bool = False
    hole: bool = False
    sums: list = dataclasses.field(default_factory=lambda: [None, None])  # of records, and apart: (requests, bots, bytes)
    seen: list = dataclasses.field(default_factory=list)  # (place of the epoch, subjects, how many stand in its run)


@dataclasses.dataclass
class Pack:
    epochs: list = dataclasses.field(default_factory=list)
    values: list = dataclasses.field(default_factory=list)
    runs: list = dataclasses.field(default_factory=list)  # of each epoch, as they stand there; b'' without


# ---- numbers and runs ----

def spread(data):
    """Seven bits a byte, from the highest on, whose eighth is set; zeros behind the last."""
    bits = ''.join(f'{byte:08b}' for byte in data)
    return bytes(0x80 | int(bits[at:at + 7].ljust(7, '0'), 2) for at in range(0, len(bits), 7))


def gathered(data):
    assert all(byte >= 0x80 for byte in data), 'a byte that could be one of a text'
    bits = ''.join(f'{byte & 0x7f:07b}' for byte in data)
    whole = len(bits) // 8 * 8
    assert '1' not in bits[whole:] and len(bits) - whole < 7, 'more than it has to be'
    return bytes(int(bits[at:at + 8], 2) for at in range(0, whole, 8))


def number(n):
    out = b''
    while True:
        n, low = n >> 6, n & 0x3f
        out += bytes([0x80 | low | (0x40 if n else 0)])
        if not n:
            return out


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, size):
        self.at += size
        assert self.at <= len(self.data), 'it ends too early'
        return self.data[self.at - size:self.at]

    def number(self, most=2 ** 63 - 1):
        n, shift = 0, 0
        while True:
            byte, = self.take(1)
            assert byte >= 0x80, 'a number that looks like a text'
            n, shift = n | (byte & 0x3f) << shift, shift + 6
            if not byte & 0x40:
                assert n <= most, (n, most)
                assert byte & 0x3f or shift == 6, 'a longer number than it has to be'
                return n


# ---- packs ----

def decode(data):
    read, pack = Reader(data), Pack()
    pack.epochs = [read.number() for _ in range(read.number(EPOCHS))]
    while h := read.number():
        value = Value(hole=h == 2, other=h & 3 == 3)
        assert value.hole or h & 1, h
        value.key = read.take(h >> 4).decode()
        assert not value.key or not value.other, 'the key of other is empty'
        for apart in (0, 1):
            if h >> (2 + apart) & 1:
                value.sums[apart] = (read.number(), read.number(), read.number())
                assert value.sums[apart][0] > 0, 'sums of nothing'
        for _ in range(read.number(len(pack.epochs))):
            value.seen.append((read.number(len(pack.epochs) - 1), read.number(MANY), read.number(MANY - 1)))
        assert len({place for place, _, _ in value.seen}) == len(value.seen), 'an epoch twice'
        pack.values.append(value)
    assert len(pack.values) <= VALUES, len(pack.values)
    names = [(value.other, value.key) for value in pack.values if not value.hole]
    assert len(set(names)) == len(names), 'a value twice'
    for place in range(len(pack.epochs)):
        count = told(pack, place)
        pack.runs.append(read.take((8 * (NONCE + HASH * count) + 6) // 7 if count else 0))
    equal_to(read.at, len(data))
    return pack


def encode(pack):
    out = number(len(pack.epochs)) + b''.join(map(number, pack.epochs))
    for value in pack.values:
        key = value.key.encode()
        out += number(2 if value.hole else len(key) << 4 | 1 | value.other << 1 | (value.sums[0] is not None) << 2 | (value.sums[1] is not None) << 3)
        out += key + b''.join(number(n) for sums in value.sums if sums for n in sums)
        out += number(len(value.seen)) + b''.join(number(n) for seen in value.seen for n in seen)
    return out + number(0) + b''.join(pack.runs)


def equal_to(got, want):
    assert got == want, (got, want)


def told(pack, place):
    """How many stand in the run of an epoch."""
    return sum(hashes for value in pack.values for at, _, hashes in value.seen if at == place)


def parts(pack):
    """(value, place, subjects, its part of the run: covered hashes) of each."""
    covered = [gathered(run)[NONCE:] for run in pack.runs]
    begin = [0] * len(covered)
    for value in pack.values:
        for place, subjects, hashes in value.seen:
            end = begin[place] + HASH * hashes
            yield value, place, subjects, covered[place][begin[place]:end]
            begin[place] = end


def uncovered(pack, cover_of):
    """The same with hashes, by the key of each epoch in the table epoch."""
    sodium = ctypes.CDLL(ctypes.util.find_library('sodium') or 'libsodium.so.23')
    plain = dataclasses.replace(pack, runs=list(pack.runs))
    for place, run in enumerate(pack.runs):
        if run:
            whole = gathered(run)
            out = ctypes.create_string_buffer(len(whole) - NONCE)
            equal_to(sodium.crypto_stream_xchacha20_xor(out, whole[NONCE:], ctypes.c_ulonglong(len(whole) - NONCE), whole[:NONCE],
                                                        cover_of[pack.epochs[place]]), 0)
            plain.runs[place] = spread(whole[:NONCE] + out.raw)
    for value, place, subjects, raw in parts(plain):
        yield value, place, subjects, [raw[at:at + HASH] for at in range(0, len(raw), HASH)]


# ---- tables ----

def open(path):  # as one opens a database
    """A copy in memory of all tables, and of the packs as tables cell (a row a value, of records or apart) and seen (a value and key)."""
    file, db = sqlite3.connect(f'file:{path}?mode=ro', uri=True, timeout=120), sqlite3.connect(':memory:', isolation_level=None)
    file.backup(db)
    file.close()
    equal_to((db.execute('PRAGMA application_id').fetchone()[0], db.execute('PRAGMA user_version').fetchone()[0]), (APPLICATION, VERSION))
    cell, seen = [], []
    for *at, data in db.execute('SELECT stream,period,dim,idx,pack FROM cells'):
        pack = decode(data)
        for value in pack.values:
            for apart, sums in enumerate(value.sums):
                if sums:
                    cell.append((*at, apart, value.other, value.key, *sums))
        for value, place, subjects, covered in parts(pack):
            if not value.hole:
                seen.append((*at, value.other, value.key, pack.epochs[place], subjects, covered or None))
    db.execute('BEGIN')
    for table in TABLES:
        db.execute(table)
    db.executemany('INSERT INTO cell VALUES(?,?,?,?,?,?,?,?,?,?)', cell)
    db.executemany('INSERT INTO seen VALUES(?,?,?,?,?,?,?,?,?)', seen)
    db.execute('COMMIT')
    return db


def changed(old, cell, seen):
    """The pack of these rows; hashes stay where they are, as they are covered with what is in front of them."""
    pack, there = Pack(list(old.epochs)), {}
    for value, place, _, covered in parts(old):
        there[value.other, value.key, old.epochs[place]] = covered
    values = {(value.other, value.key): Value(value.key, value.other) for value in old.values if not value.hole}
    for apart, other, key, *sums in cell:
        values.setdefault((bool(other), key), Value(key, bool(other))).sums[apart] = tuple(sums)
    for other, key, epoch, subjects, hashes in seen:
        if epoch not in pack.epochs:
            pack.epochs.append(epoch)
        equal_to(hashes or b'', there.get((bool(other), key, epoch), b''))
        values.setdefault((bool(other), key), Value(key, bool(other))).seen.append((pack.epochs.index(epoch), subjects, len(hashes or b'') // HASH))
    holes = []
    for value in old.values:
        now = value if value.hole else values.pop((value.other, value.key))
        if not value.hole and now.sums == [None, None] and not now.seen:
            now = Value(hole=True, seen=[(place, 0, hashes) for place, _, hashes in value.seen if hashes])
            holes.append(now)
        equal_to([(place, n) for place, _, n in sorted(now.seen) if n], [(place, n) for place, _, n in sorted(value.seen) if n])
        pack.values += [now] if not now.hole or now.seen else []
    pack.values += values.values()
    pack.runs = old.runs + [b''] * (len(pack.epochs) - len(old.epochs))
    return pack if any(not value.hole for value in pack.values) else None


def write(db, path):
    """What was changed in the copy db: rows of cell and seen (without hashes, but those that were there), and of all other tables."""
    file = sqlite3.connect(path, isolation_level=None, timeout=120)
    file.execute('PRAGMA secure_delete=ON')
    file.execute('BEGIN IMMEDIATE')
    rows = {}
    for n, sql in enumerate(('SELECT stream,period,dim,idx,apart,other,key,requests,bots,bytes FROM cell', 'SELECT * FROM seen')):
        for row in db.execute(sql):
            rows.setdefault(row[:4], ([], []))[n].append(row[4:])
    packs = {tuple(at): data for *at, data in db.execute('SELECT stream,period,dim,idx,pack FROM cells')}
    for at in sorted(rows.keys() | packs.keys()):
        pack = changed(decode(packs[at]) if at in packs else Pack(), *rows.get(at, ([], [])))
        if pack is None:
            file.execute('DELETE FROM cells WHERE (stream,period,dim,idx)=(?,?,?,?)', at)
        elif encode(pack) != packs.get(at):
            file.execute('INSERT OR REPLACE INTO cells VALUES(?,?,?,?,?)', (*at, encode(pack)))
    for table, in db.execute("SELECT name FROM sqlite_schema WHERE type='table' AND name NOT IN ('cells','cell','seen')").fetchall():
        left = db.execute(f'SELECT * FROM {table}').fetchall()
        if left != file.execute(f'SELECT * FROM {table}').fetchall():
            file.execute(f'DELETE FROM {table}')
            for row in left:
                file.execute(f'INSERT INTO {table} VALUES({",".join("?" * len(row))})', row)
    file.execute('COMMIT')
    file.close()
