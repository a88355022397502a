"""Tools for tampering with a store: each takes its folder first, or makes a function that does."""
import base64
import contextlib
import json
import os
import shutil
import struct
import subprocess

import make
import verify

HERE = os.path.dirname(os.path.abspath(__file__))
SHOP, ROOT = 'streams/shop/', 'streams/cretula.store/'
DATA, SALT, IDX = (SHOP + 'seg/00000001.' + end for end in ('jsonl.zst', 'salt', 'idx'))
DATA2, SALT2, IDX2 = (SHOP + 'seg/00000002.' + end for end in ('jsonl.zst', 'salt', 'idx'))
CHAIN, CHECKPOINT = SHOP + 'chain.jsonl', SHOP + 'checkpoint'
NOTE2, NOTE4 = SHOP + 'cp/00000002.note', SHOP + 'cp/00000004.note'


def load(store, name):
    with open(os.path.join(store, name), 'rb') as file:
        return file.read()


def save(store, name, content):
    with open(os.path.join(store, name), 'wb') as file:
        file.write(content)


def edit(name, change):
    """A tampering: name's content becomes change(content)."""
    def tamper(store):
        old = load(store, name)
        new = change(old)
        assert new != old, 'nothing was changed'
        save(store, name, new)
    return tamper


def rows(name, change):
    """A tampering of the lines (with LF) of a text file."""
    return edit(name, lambda content: b''.join(change(content.splitlines(keepends=True))))


def records(change, name=DATA):
    """A tampering of the lines of a segment, written as an honest writer would."""
    def tamper(store):
        lines = verify.decompress(load(store, name))[0].splitlines(keepends=True)
        save(store, name, make.seekable([b''.join(change(lines))]))
    return tamper


def remove(*names):
    return lambda store: [os.unlink(os.path.join(store, name)) for name in names]


def swap(*pairs):
    def tamper(store):
        for one, other in pairs:
            a, b = load(store, one), load(store, other)
            save(store, one, b)
            save(store, other, a)
    return tamper


def instead(name, put):
    """name is removed, and put(path) puts something else there."""
    def tamper(store):
        path = os.path.join(store, name)
        os.rename(path, store + '.moved')
        put(path)
    return tamper


def both(*tamperings):
    return lambda store: [tamper(store) for tamper in tamperings]


def flip(content, at, bit=1):
    return content[:at] + bytes((content[at] ^ bit,)) + content[at + 1:]


def flip_behind(content, at):
    return flip(content, len(content) - at)


def without(lines, *places):
    return [line for i, line in enumerate(lines) if i not in places]


def exchanged(lines, i, j):
    lines = list(lines)
    lines[i], lines[j] = lines[j], lines[i]
    return lines


def changed(lines, i, old, new):
    lines = list(lines)
    assert old in lines[i]
    lines[i] = lines[i].replace(old, new, 1)
    return lines


def forge(lines):
    """One entry more, canonical and linked, unsigned."""
    entry = json.loads(lines[-1])
    entry.update(i=len(lines), prev=verify.sha256(lines[-1][:-1]).hex())
    return [*lines, verify.dump_entry(entry) + b'\n']


def unsigned(kind, /, **own):
    """An entry more, linked as it should be, that nobody signed."""
    def tamper(store):
        lines = load(store, CHAIN).splitlines(keepends=True)
        entry = {**{key: json.loads(lines[-1])[key] for key in ('v', 'i', 'type', 't', 'prev')}, 'type': kind,
                 'i': len(lines), 'prev': verify.sha256(lines[-1][:-1]).hex(), **own}
        save(store, CHAIN, b''.join([*lines, verify.dump_entry(entry) + b'\n']))
    return tamper


def other_seed(_):
    return b'0 0 ' + base64.b64encode(make.secret('other salts', 16)) + b'\n'


def imposter(content):
    body = content.split(b'\n\n')[0] + b'\n'
    lines = content.splitlines(keepends=True)
    name = lines[-2].split(b' ')[1].decode()
    return body + b'\n' + make.signature_line(name, make.secret('imposter'), body) + lines[-1]


def lie(change, of='segment', stream='shop', place=None):
    """A store whose writer signs what change(entry) makes of an entry: honest keys, dishonest words."""
    def tell(entry):
        if entry['type'] == of and place in (None, entry['i']):
            change(entry)

    def tamper(store):
        shutil.rmtree(store)
        make.make_store(store, {stream: tell})
    return tamper


def resign(store, name, change, epochs):
    """The lines of name's chain are changed, linked and signed again with the log key; epochs: i to epoch seed name."""
    folder = os.path.join(store, 'streams', name)
    writer = make.Writer.__new__(make.Writer)
    writer.name, writer.folder, writer.origin = name, folder, f'cretula/{make.STORE_ID}/{name}'
    lines = change(load(store, f'streams/{name}/chain.jsonl').splitlines())
    for i, line in enumerate(lines):
        entry = json.loads(line)
        entry['prev'] = verify.sha256(lines[i - 1]).hex() if i else '0' * 64
        lines[i] = verify.dump_entry(entry)
        root = verify.tree_root([verify.sha256(b'\0', x) for x in lines[:i + 1]])
        epoch = (0, 0, 1, 2)[i]
        note = make.signed_note(writer.origin, i + 1, root, make.secret(writer.origin + ' log'), epoch,
                                make.secret(f'{writer.origin} epoch {epoch}' if i in epochs else 'thief'))
        writer.write(f'cp/{i + 1:08}.note', note)
    writer.write('checkpoint', note)
    writer.write('chain.jsonl', b''.join(line + b'\n' for line in lines))


def sealed(lines=None, data=None, idx=None, epochs=(0, 1, 2, 3)):
    """The writer seals segment 2 anew, with lines, the file or its idx changed: honest keys but for those epochs."""
    def tamper(store):
        rows = verify.decompress(load(store, DATA2))[0].splitlines(keepends=True)
        gone, rows = len(rows), lines(rows) if lines else rows
        gone -= len(rows)
        salts = verify.Salts.parse(load(store, SALT2))
        leaves = [verify.record_leaf(salts.salt(i), row[:-1]) for i, row in enumerate(rows)]
        file = data(rows) if data else make.seekable([b''.join(rows)])
        index = idx(verify.idx_bytes(leaves)) if idx else verify.idx_bytes(leaves)
        save(store, DATA2, file)
        save(store, IDX2, index)

        def change(entries):
            entry = json.loads(entries[2])
            entry.update(n=len(rows), bytes=sum(map(len, rows)), idx=verify.sha256(index).hex(),
                         root=base64.b64encode(verify.tree_root(leaves)).decode())
            entry['file'].update(size=len(file), hash=verify.file_hash(salts, file).hex())
            entry['in']['split']['parsed'] -= gone
            if len(rows) >= 20:
                insert(entry, 'policy', 'by', {'status': make.status_counts(rows)})
                insert(entry, 'policy', 'masked', {})
            with contextlib.suppress(ValueError):
                entry['time'] = verify.minute_bounds([verify.parse_record(row[:-1])['time'] for row in rows])
            entries[2] = verify.dump_entry(entry)
            return entries
        resign(store, 'shop', change, epochs)
    return tamper


def odd_record(old, new):
    """The writer seals a record with old replaced by new."""
    return sealed(lambda rows: changed(rows, 4, old, new))


def frames(*parts, table=True, more=b''):
    """Frames of these parts of lines (bytes, or (frame, size) made elsewhere) and their seek table."""
    made = [(make.zstd_frame(part), len(part)) if isinstance(part, bytes) else part for part in parts]
    end = b''.join(struct.pack('<II', len(frame), size) for frame, size in made)
    end += struct.pack('<IBI', len(made), 0, verify.SEEK_END) + more
    return b''.join(frame for frame, _ in made) + \
        (struct.pack('<II', verify.SEEK_TABLE, len(end)) + end if table else b'')


def checked_frame(content):
    """A frame with a checksum."""
    run = subprocess.run(['zstd', '-1', '-q', '-c', '--check'], input=content, stdout=subprocess.PIPE, check=True)
    return run.stdout, len(content)


def drop_line(which):
    return lambda content: b''.join(without(content.splitlines(keepends=True), which))


def insert(entry, before, key, value):
    items = list(entry.items())
    entry.clear()
    for name, old in items:
        if name == before:
            entry[key] = value
        entry[name] = old


def put(**keys):
    return lambda entry: entry.update(keys)


def shift(name, key, by=1):
    def change(entry):
        part = entry[name] if name else entry
        part[key] += by
    return change


def fake_dir(name):
    return lambda store: (os.makedirs(os.path.join(store, name)), None)


def garbage(name, content=b'x'):
    return lambda store: save(store, name, content)
