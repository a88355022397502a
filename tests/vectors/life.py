"""The life of a store, for the tests: every type of entry, every kind of file, by an independent writer.

make_life(FOLDER) writes a store of two chains.  The stream `shop` has, when all is done: segments 1, 5, 6 (live), 2
(live, one record erased, one replaced twice), 3 (what was replayed), 4 (live, pruned), and segment 7, open.  Its log
key was replaced three times, once after it was lost; two others anchored its notes.  Nothing of cretula is used.
"""
import base64
import os
import struct

import make
import verify
from make import LF, SW, ed25519_public, ed25519_sign, hmac_sha256, make_vkey, policy, secret
from verify import sha256

BOOT = '0123456789abcdef' * 2
WITNESS, STRANGER = 'witness.example.org/w1', 'witness.example.org/stranger'
WITNESSED = 1740902400  # seconds since 1970


def b64(content):
    return base64.b64encode(content).decode()


# ---- Pieces: docs/format.md 3, 11, 12, 14, 20 ----------------------------------------------------------------------

def covers(nodes, gone):
    """The nodes that still give every salt but those of gone."""
    for i in gone:
        level = next((level for level in range(33) if (level, i >> (32 - level)) in nodes), None)
        if level is None:
            continue
        node = nodes.pop((level, i >> (32 - level)))
        while level < 32:
            level += 1
            index = i >> (32 - level)
            children = sha256(b'cretula salt v1\0', node)
            node, other = (children[16:], children[:16]) if index & 1 else (children[:16], children[16:])
            nodes[level, index ^ 1] = other
    return nodes


def covers_text(nodes):
    rows = sorted(nodes.items(), key=lambda row: row[0][1] << (32 - row[0][0]))
    return b''.join(f'{level} {index} {b64(node)}\n'.encode() for (level, index), node in rows)


def cosignature_key(name, seed):
    key = b'\4' + ed25519_public(seed)
    return sha256(name.encode(), LF, key)[:4], f'{name}+{sha256(name.encode(), LF, key)[:4].hex()}+{b64(key)}'


def cosignature_line(name, seed, body, when):
    signature = ed25519_sign(seed, b'cosignature/v1\ntime %d\n' % when + body)
    return f'\u2014 {name} {b64(cosignature_key(name, seed)[0] + struct.pack(">Q", when) + signature)}\n'.encode()


def der(tag, *parts):
    content = b''.join(parts)
    size = len(content)
    width = (size.bit_length() + 7) // 8
    head = bytes((size,)) if size < 128 else bytes((0x80 | width,)) + size.to_bytes(width, 'big')
    return bytes((tag,)) + head + content


def time_stamp(body, when='20250301120000Z', status=0, digest=None, algorithm=verify.SHA256_OID, signature=der(4, bytes(8))):
    """A TimeStampResp that nobody signed: a reader without certificates cannot tell."""
    sha = der(0x30, der(6, algorithm), der(5))
    info = der(0x30, der(2, b'\1'), der(6, b'\x2a\x03\x04'), der(0x30, sha, der(4, digest or sha256(body))),
               der(2, b'\7'), der(0x18, when.encode()))
    signer = der(0x30, der(2, b'\1'), der(0x30, der(0x30), der(2, b'\1')), sha,
                 der(0x30, der(6, bytes.fromhex('2a864886f70d01010b')), der(5)), signature)
    signed = der(0x30, der(2, b'\3'), der(0x31, sha), der(0x30, der(6, verify.TST_INFO), der(0xa0, der(4, info))),
                 der(0x31, signer))
    return der(0x30, der(0x30, der(2, bytes((status,)))),
               der(0x30, der(6, verify.SIGNED_DATA), der(0xa0, signed)))


# ---- The writer ----------------------------------------------------------------------------------------------------

# Of every token that make.py's records have.
EPOCHS = {'if': ['2025-W09'], 'ip': ['2025-W09'], 'se': ['2025-03-01']}


class Writer(make.Writer):
    """lie(entry) may change an entry before it is linked and signed; sign(entry, seeds) says which log keys sign it."""

    def __init__(self, store, name, lie=None, sign=None):
        super().__init__(store, name, lie)
        self.sign = sign or (lambda entry, seeds: seeds)
        self.recovery_seed = secret(f'{self.origin} recovery')
        self.clock = 1740787200000  # 2025-03-01, milliseconds since 1970
        self.number = self.first = 0
        self.ratchet_key, self.g, self.aggregate, self.escrow = None, 1, bytes(32), []
        self.odd = None              # committed in the open segment for its second line
        self.sealed = {}             # segment -> (lines, nodes, leaves, revision)

    def vkey(self, seed, kind=''):
        return make_vkey(self.origin + kind, ed25519_public(seed))

    def add(self, kind, /, **own):
        self.clock += 1000
        now = make.EPOCH + make.datetime.timedelta(milliseconds=self.clock)
        self.append(kind, make.rfc3339(now)[:19] + '.000Z', own)

    def append(self, kind, time, own, log_seeds=None):
        entry = {'v': 1, 'i': len(self.lines), 'type': kind, 't': time,
                 'prev': sha256(self.lines[-1]).hex() if self.lines else '0' * 64, **own}
        self.lie(entry)
        self.lines.append(verify.dump_entry(entry))
        seeds = [self.log_seed]
        if kind == 'rekey' and own['key'] == 'log':
            seeds = [*(() if 'recovery' in own else seeds), self.new_seed]
        if kind == 'recover' and 'log' in own:
            seeds, self.epoch = [self.new_seed], self.epoch + 1
        seeds = self.sign(entry, seeds)
        body = self.body(len(self.lines))
        name = f'{self.origin}/epoch/{self.epoch}'
        note = body + LF + b''.join(make.signature_line(self.origin, seed, body) for seed in seeds) + \
            make.signature_line(name, self.epoch_seed(self.epoch), body)
        self.write('chain.jsonl', b''.join(line + LF for line in self.lines))
        self.write(f'cp/{len(self.lines):08}.note', note)
        self.write('checkpoint', note)
        self.epoch += 'next' in own and kind not in ('genesis', 'recover')

    def body(self, size):
        root = verify.tree_root([sha256(b'\0', line) for line in self.lines[:size]])
        return make.note_body(self.origin, size, root)

    def genesis(self):
        self.add('genesis', stream=self.name, origin=self.origin, log=self.log_vkey(),
                 recovery=self.vkey(self.recovery_seed, '/recovery'), epoch=0, next=self.epoch_vkey(0), escrow=True,
                 policy=policy(), sw=SW)

    # Segments

    def new_ratchet(self, g, **more):
        self.g, self.ratchet_key = g, secret(f'{self.origin} ratchet {g}')
        self.escrow.append(f'{self.origin} {g} {b64(self.ratchet_key)}\n')
        return {'g': g, 'k': sha256(b'cretula escrow v1\n', self.ratchet_key).hex(), 'mode': 'disk', **more}

    def flush(self, number, leaves, wall):
        """A line of .tags over these leaves."""
        line = f'{self.g} {number} {len(leaves)} {wall} {b64(verify.tree_root(leaves))}'.encode()
        self.aggregate = hmac_sha256(self.ratchet_key, b'cretula tag v1\n' + self.aggregate + self.origin.encode() +
                                     LF + line + LF)
        self.ratchet_key = sha256(b'cretula evolve v1\n', self.ratchet_key)
        self.g += 1
        return line

    def segment(self, records, live=True, lost=False, **facts):
        """lost: a crash took the ratchet, and nothing binds the flushes."""
        self.number += 1
        lines = [make.record_line(k)[:-1] for k in records]
        stem, seed = f'seg/{self.number:08}', secret(f'{self.origin} salts {self.number}', 16)
        salts = verify.Salts({(0, 0): seed})
        leaves = [verify.record_leaf(salts.salt(i), line) for i, line in enumerate(lines)]
        file = make.seekable([b''.join(line + LF for line in lines)])
        self.write(stem + '.jsonl.zst', file)
        self.write(stem + '.salt', covers_text({(0, 0): seed}))
        self.write(stem + '.idx', verify.idx_bytes(leaves))
        self.sealed[self.number] = [lines, {(0, 0): seed}, leaves, 0]
        states = dict.fromkeys(verify.STATES, 0)
        for line in lines:
            states[verify.parse_record(line).get('state', 'parsed')] += 1
        zero = dict.fromkeys(verify.STATES, 0)
        taken = states if live else zero
        own = {'seg': self.number, 'first': self.first, 'n': len(lines), 'bytes': sum(map(len, lines)) + len(lines),
               'root': b64(verify.tree_root(leaves)),
               'file': {'name': stem + '.jsonl.zst', 'size': len(file), 'hash': verify.file_hash(salts, file).hex()},
               'idx': sha256(verify.idx_bytes(leaves)).hex(),
               'in': {'lines': sum(taken.values()), 'bytes': 4000, **taken, 'counted': 0, 'meta': 0, 'joined': 0,
                      'split': dict.fromkeys(verify.SPLIT, 0), 'lost': 0}}
        if lines:
            make_time = verify.minute_bounds([verify.parse_record(line)['time'] for line in lines])
            own = {k: v for key, value in own.items()
                   for k, v in ((key, value), *((('time', make_time),) if key == 'idx' else ()))}
        if not live:
            own['replay'] = states
        if len(lines) >= 20:
            own.update(by={'status': make.status_counts([line + LF for line in lines])}, masked={'ip.peer': 9})
        if states['unparsed']:
            own['reasons'] = make.reason_counts([line + LF for line in lines])
        own.update(policy=policy(), mask_epochs=EPOCHS,
                   words={'n': make.WORDS.count(LF), 'hash': verify.words_hash(salts, make.WORDS).hex()}, sources=[])
        if live:
            g0, size, before = self.g, len(lines), self.aggregate
            steps = [0, size // 3, size // 3, size] if size else [0]
            tags = [self.flush(self.number, leaves[:n], self.clock + k) for k, n in enumerate(steps)]
            self.write(stem + '.tags', b''.join(line + LF for line in tags))
            end = {'lost': True} if lost else {'agg': b64(self.aggregate)}
            self.aggregate = before if lost else self.aggregate
            own.update(tags={'g0': g0, 'g': self.g - 1, **end, 'untagged': 0},
                       live={'boot': BOOT, 'from': 1000 * self.number, 'to': 1000 * self.number + 999})
        self.first += len(lines)
        own.update(facts)
        self.add('segment', **own, **self.turn(), sw=SW)

    def prune(self, *numbers, **more):
        self.add('prune', segs=[[number, number] for number in numbers], rule='age 30d',
                 cutoff='2025-03-01T00:00:00.000Z', **more)
        for number in numbers:
            for name in os.listdir(os.path.join(self.folder, 'seg')):
                if name.startswith(f'{number:08}.'):
                    os.unlink(os.path.join(self.folder, 'seg', name))

    def redact(self, number, changes, **more):
        """changes: record to what becomes of its line, None if it is erased."""
        lines, nodes, leaves, rev = self.sealed[number]
        made, items = list(lines), []
        gone = [verify.SALT_FILE, *changes]
        salts = verify.Salts(dict(nodes))
        for r, record in sorted(changes.items()):
            done = self.__dict__.setdefault('replaced', {}).setdefault((number, r), 0)
            item = {'r': r, 'leaf': b64(leaves[r])}
            gone += [verify.replacement_salt(r, k) for k in range(done)]
            if record is None:
                made[r] = b'{"~erased":"%s"}' % item['leaf'].encode()
            else:
                made[r] = b'{"~replaced":"%s","rec":%s}' % (item['leaf'].encode(), record)
                item['new'] = b64(verify.record_leaf(salts.salt(verify.replacement_salt(r, done)), made[r]))
                self.replaced[number, r] += 1
            items.append(item)
        nodes, rev = covers(dict(nodes), gone), rev + 1
        file, stem = make.seekable([b''.join(line + LF for line in made)]), f'seg/{number:08}'
        self.write(f'{stem}.r{rev}.jsonl.zst', file)
        self.write(f'{stem}.r{rev}.salt', covers_text(nodes))
        own = {'seg': number, 'rev': rev, 'items': items, 'reason': 'asked for \u00e4', 'ref': 'case 12', 'by': 'erika',
               'file': {'name': f'{stem}.r{rev}.jsonl.zst', 'size': len(file)}}
        self.add('redact', **{**own, **more})
        for end in ('jsonl.zst', 'salt'):
            os.unlink(os.path.join(self.folder, f'{stem}.r{rev - 1}.{end}' if rev > 1 else f'{stem}.{end}'))
        self.sealed[number] = [made, nodes, leaves, rev]

    def open_segment(self, records):
        number, seed, offset, tags = self.number + 1, secret(f'{self.origin} salts open', 16), 0, []
        lines = [make.record_line(k) for k in records]
        lines[1] = self.odd or lines[1]
        salts = verify.Salts({(0, 0): seed})
        leaves = [verify.record_leaf(salts.salt(i), line[:-1]) for i, line in enumerate(lines)]
        for n in (0, len(lines) // 2, len(lines)):
            offset = sum(map(len, lines[:n]))
            state = f'{offset} 0' + (f' min+1764370770250000 max+1764378000000000 bytes=77 lines={n} parsed={n} '
                                     f'masked.ip.peer={n} @{"0123456789abcdef" * 2}:512:{offset}:0' if n else '')
            tags.append(self.flush(number, leaves[:n], self.clock + n) + b'\t' + state.encode() + LF)
        self.write(f'open/{number:08}.data', b''.join(lines) + b'{"time":"2026-11-29T00:00:00.0')
        self.write(f'open/{number:08}.tags', b''.join(tags) + b'99 ')
        self.write(f'open/{number:08}.salt', covers_text({(0, 0): seed}))

    # Keys and anchors

    def rekey(self, key='log', recovered=False, **more):
        old = self.log_seed if key == 'log' else self.recovery_seed
        self.new_seed = secret(f'{self.origin} {key} after {len(self.lines)}')
        kind = '' if key == 'log' else '/recovery'
        statement = verify.rekey_statement(self.origin, self.vkey(old, kind), self.vkey(self.new_seed, kind))
        own = {'key': key, 'old': self.vkey(old, kind), 'new': self.vkey(self.new_seed, kind),
               'proof': b64(ed25519_sign(self.new_seed, statement))}
        if recovered:
            own['recovery'] = b64(ed25519_sign(self.recovery_seed, statement))
        self.add('rekey', **{**own, **more})
        if key == 'log':
            self.log_seed = self.new_seed
        else:
            self.recovery_seed = self.new_seed

    def revoke(self, seed, size):
        vkey = self.vkey(seed)
        self.add('revoke', **{'vkey': vkey, 'from': size, 'signature': b64(ed25519_sign(
            self.recovery_seed, verify.revoke_statement(self.origin, vkey, size)))})

    def recover(self, reason='crash', alarm=False, lost_key=False, ratchet=None, **more):
        own = {'alarm': alarm, 'reason': reason, 'seg': self.number + 1, 'kept': 0, 'untagged': 0, 'lost': 0}
        if 'text' in more:
            own['text'] = more.pop('text')
        if ratchet:
            own['ratchet'] = self.new_ratchet(ratchet)
        if lost_key:
            self.new_seed = secret(f'{self.origin} log after {len(self.lines)}')
            statement = verify.rekey_statement(self.origin, self.log_vkey(), self.vkey(self.new_seed))
            own.update(log=self.vkey(self.new_seed), recovery=b64(ed25519_sign(self.recovery_seed, statement)),
                       **self.turn())
        self.add('recover', **{**own, **more}, sw=SW)
        if lost_key:
            self.log_seed = self.new_seed

    def anchor(self, kind, size, content, **more):
        name = f'anchor/{size:08}.{"cosig" if kind == "cosignature" else "tsr"}'
        self.write(name, content)
        own = {'kind': kind, 'size': size, 'file': {'name': name, 'size': len(content), 'hash': sha256(content).hex()}}
        self.add('anchor', **{**own, **more})

    def cosigned(self, size, *witnesses, when=WITNESSED):
        body = self.body(size)
        return body + LF + b''.join(cosignature_line(name, secret(name), body, when) for name in witnesses)

    def hold(self, name, segs=(), **more):
        own = {'hold': name, 'segs': [list(run) for run in segs]}
        if 'onward' in more:
            own['onward'] = more.pop('onward')
        self.add('hold', **own, mask_epochs=more.pop('mask_epochs', {}), **more, reason='a case in court')


# ---- The life ------------------------------------------------------------------------------------------------------

def live(shop):
    """What happens to shop, in order."""
    shop.genesis()
    shop.add('start', mode='pipe', boot=BOOT, ratchet=shop.new_ratchet(1, mode='ram', box=b64(bytes(86))), sw=SW)
    shop.segment(range(25))
    shop.segment(range(25, 37))
    shop.add('rotate', period='2025-03-01', segs=[[1, 2]])
    shop.segment(range(37, 45), live=False)
    shop.add('replay', seg=3, n=8)
    shop.segment(range(45, 50))
    shop.segment([])
    shop.add('clock', was='2025-03-01T08:00:09.000Z', now='2025-02-27T08:00:09.000Z', boot=BOOT)
    shop.add('config', kind='raw', policy=policy(), text='for a week: \u00e4\U0001f98a "x"',
             until='2025-03-08T00:00:00.000Z', by='erika', sw=SW)
    shop.add('rotate', period='2025-03-02', segs=[[3, 5]])
    shop.add('rotate', period='7', segs=[])
    shop.hold('case-1', [(1, 2), (4, 4)], mask_epochs={'ip': ['2025-W09..2025-W10']}, until='2025-03-01T00:00:20.000Z')
    shop.add('release', hold='case-1', reason='', by='erika')
    shop.hold('case-2', [(4, 4)], until='2025-03-01T00:00:16.000Z')
    shop.hold('case-3', [(1, 1)], onward=6, mask_epochs={'ip': ['2025-W09..2025-W10'], 'se': ['2025-03-01']})
    shop.prune(4)
    first = verify.record_value({'time': '2026-11-30T05:00:00.000Z', 'event': 'http.request', 'status': 404}).encode()
    shop.redact(2, {3: None, 5: first})
    shop.redact(2, {5: first.replace(b'404', b'500')})
    shop.add('destroy', what='2025-W08', commitment='0' * 64)
    shop.add('report', kind='verify', result=0, hash='0' * 64)
    shop.anchor('cosignature', 9, shop.cosigned(9, WITNESS, STRANGER), by=WITNESS, time='2025-03-02T08:00:00.000Z')
    shop.anchor('tsr', 9, time_stamp(shop.body(9)), time='2025-03-01T12:00:00.000Z')
    stolen = shop.log_seed
    shop.rekey()
    shop.rekey(recovered=True)
    shop.revoke(stolen, 24)
    shop.rekey('recovery', recovered=True)
    shop.rekey('recovery', recovered=True)
    shop.recover('accepted', lost_key=True, ratchet=20, lost=3, text='the machine burnt')
    shop.segment(range(50, 52))
    content = b'{"day":"2025-03-01","n":36}\n'
    shop.write('derived/day.json', content)
    shop.add('derive', origin=shop.origin, size=5,
             root=b64(verify.tree_root([sha256(b'\0', x) for x in shop.lines[:5]])),
             segs=[[1, 2]], transform='counts', policy=policy(), to=[[6, 6]],
             file={'name': 'derived/day.json', 'size': len(content), 'hash': sha256(content).hex()})


def make_life(store, lie=None, sign=None, more=None, store_more=None):
    """(root, shop).  more(shop) and store_more(root, shop) add entries at the end."""
    root, shop = Writer(store, verify.STORE_CHAIN, lie), Writer(store, 'shop', lie, sign)
    root.genesis()
    live(shop)
    root.add('stream', name='shop', origin=shop.origin, log=shop.vkey(secret(f'{shop.origin} log')),
             genesis=sha256(shop.lines[0]).hex(), **root.turn())
    if more:
        more(shop)
    shop.add('stop', reason='end', sw=SW)
    shop.open_segment(range(52, 58))
    root.add('head', name='shop', size=3, root=shop.body(3).split(LF)[2].decode())
    if store_more:
        store_more(root, shop)
    os.makedirs(os.path.join(store, 'words'))
    with open(os.path.join(store, 'words', 'shop'), 'wb') as file:
        file.write(make.WORDS)
    return root, shop


def escrow_file(shop):
    return 'cretula escrow v1\n' + ''.join(sorted(shop.escrow, key=lambda row: int(row.split()[1])))


def policy_file(shop, quorum='w1'):
    genesis = verify.parse_entry(shop.lines[0])
    return f'log {genesis["log"]}\n# who must cosign\nwitness w1 {cosignature_key(WITNESS, secret(WITNESS))[1]}\n' \
           f'witness w2 {cosignature_key("witness.example.org/w2", secret("w2"))[1]}\n' \
           f'group two 2 w1 w2\ngroup one any w1 w2\nquorum {quorum}\n'
