"""Tamperings with the store of life.py.  A row: number in the tamper table, claim, tampering, codes, options.

A tampering takes the folder of a fresh store; anew(...) writes it another way instead.  Options: 'bare' (the auditor has
neither escrow keys nor a policy), 'escrow-part' and 'escrow-none' (not all of the keys), 'two' and 'one' (the quorum of
the policy; else witness w1), 'foreign' (a policy for other logs).
"""
import base64
import functools
import os
import shutil
import subprocess
import tempfile

import life
import make
import verify
from life import STRANGER, WITNESS, b64, covers, covers_text, der, time_stamp
from make import ed25519_sign, secret
from tamper import (CHAIN, ROOT, SHOP, both, changed, edit, exchanged, garbage, load, put, records, remove, rows, save,
                    unsigned, without)

SEG = SHOP + 'seg/0000000'
DATA1, SALT1, IDX1, TAGS1 = (SEG + '1.' + end for end in ('jsonl.zst', 'salt', 'idx', 'tags'))
DATA2, SALT2, IDX2, TAGS2 = (SEG + '2.' + end for end in ('r2.jsonl.zst', 'r2.salt', 'idx', 'tags'))
TAGS6 = SEG + '6.tags'
OPEN = SHOP + 'open/00000007.'
COSIG, STAMP, DERIVED = SHOP + 'anchor/00000009.cosig', SHOP + 'anchor/00000009.tsr', SHOP + 'derived/day.json'
END = 32  # the first entry behind the life, where more(shop) adds


def anew(lie=None, of=None, nth=0, sign=None, more=None, store_more=None):
    """Honest but for lie(entry) on the nth entry of a type, and but for the log keys that sign(entry, seeds) leaves."""
    def tamper(store):
        seen = []

        def tell(entry):
            if entry['type'] == of:
                seen.append(entry)
                if len(seen) == nth + 1:
                    lie(entry)
        shutil.rmtree(store)
        life.make_life(store, lie and tell, sign, more, store_more)
        assert not lie or len(seen) > nth, 'no such entry'
    return tamper


GIVEN_UP = 'W_LOSS_ACCEPTED'


def given_up(cases):
    """With the code that each life has besides: keys were lost, and with them what was open.  `untold`: that entry does not count."""
    for number, claim, tamper, codes, *options in cases:
        yield number, claim, tamper, codes.replace(' untold', '') if 'untold' in codes else f'{codes} {GIVEN_UP}', *options


def more(*steps):
    """The life goes on with these."""
    return anew(more=lambda shop: [step(shop) for step in steps])


def step(name, /, *arguments, **own):
    """A step of more(): a method of the writer."""
    return lambda shop: getattr(shop, name)(*arguments, **own)


def config(text, kind='words'):
    """The text of a config entry says what happened to a vocabulary."""
    return step('add', 'config', kind=kind, policy=life.policy(), text=text, sw=life.SW)


def lying(of, nth=0, **own):
    return anew(put(**own), of, nth)


# ---- Segments in revisions -----------------------------------------------------------------------------------------

def salts_of(store, name):
    return dict(verify.Salts.parse(load(store, name)).nodes)


def salts(change, name=SALT2):
    """A tampering of the nodes of a .salt file."""
    def tamper(store):
        nodes = salts_of(store, name)
        change(nodes)
        save(store, name, covers_text(nodes))
    return tamper


def seed(number):
    return {(0, 0): secret(f'cretula/{make.STORE_ID}/shop salts {number}', 16)}


def give_back(*indices):
    """The nodes of these salts are there again."""
    def change(nodes):
        for i in indices:
            level = 32
            while (level, i ^ 1) in nodes:  # no two are siblings
                del nodes[level, i ^ 1]
                level, i = level - 1, i >> 1
            whole = verify.Salts(seed(2))
            whole.salt(i << (32 - level))
            nodes[level, i] = next(node for depth, _, node in whole.path if depth == level)
    return salts(change)


def take(*indices):
    return salts(lambda nodes: covers(nodes, indices))


def line_before(i):
    return make.record_line(25 + i)


def placeholder(kind, leaf, record=b''):
    return b'{"~%s":"%s"%s}\n' % (kind, b64(leaf).encode(), b',"rec":' + record if record else b'')


def sealed_leaf(number, first, i):
    return verify.record_leaf(verify.Salts(seed(number)).salt(i), make.record_line(first + i)[:-1])


def another(i, line, name=DATA2):
    """Line i of a segment is another one."""
    return records(lambda r: [*r[:i], line, *r[i + 1:]], name)


def erased_in(number, first, i):
    return placeholder(b'erased', sealed_leaf(number, first, i))


RECORD = b'{"time":"2026-11-30T05:00:00.000Z","event":"http.request","status":404}'
REPLACED_1, REPLACED_2 = verify.replacement_salt(5, 0), verify.replacement_salt(5, 1)


def more_states(entry, by):
    entry['in']['unparsed'] += by
    entry['in']['parsed'] -= by


def more_reasons(entry, by):
    entry['reasons']['too_long'] += by


def release(shop, name='case-3'):
    shop.add('release', hold=name, reason='')


REVISIONS = [
    ('26', 'an erased record is put back', another(3, line_before(3)), 'E_TOMBSTONED_RECORD_PRESENT'),
    ('26', 'a replaced record is put back', another(5, line_before(5)), 'E_TOMBSTONED_RECORD_PRESENT'),
    ('26', 'another record where one was erased', another(3, line_before(4)), 'E_TOMBSTONED_RECORD_PRESENT'),
    ('26', 'the file from before the erasures is back', garbage(SEG + '2.jsonl.zst'), 'E_TOMBSTONED_RECORD_PRESENT'),
    ('26', 'the file of the first revision is back', garbage(SEG + '2.r1.jsonl.zst'), 'E_TOMBSTONED_RECORD_PRESENT'),
    ('26', 'a file of a revision to come', garbage(SEG + '2.r3.jsonl.zst'), 'W_UNKNOWN_FILE'),
    ('26', 'a file of a revision of a segment without', garbage(SEG + '1.r1.jsonl.zst'), 'W_UNKNOWN_FILE'),
    ('27', 'a record is erased without an entry', another(7, erased_in(1, 0, 7), DATA1), 'E_ERASED_WITHOUT_TOMBSTONE'),
    ('27', 'one more record is erased', another(7, erased_in(2, 25, 7)), 'E_ERASED_WITHOUT_TOMBSTONE'),
    ('27', 'one more record is replaced', another(7, placeholder(b'replaced', sealed_leaf(2, 25, 7), RECORD)),
     'E_ERASED_WITHOUT_TOMBSTONE'),
    ('27', 'a replaced record is erased without an entry', another(5, erased_in(2, 25, 5)), 'E_ERASED_WITHOUT_TOMBSTONE'),
    ('27', 'an erased record is replaced without an entry',
     another(3, placeholder(b'replaced', sealed_leaf(2, 25, 3), RECORD)), 'E_ERASED_WITHOUT_TOMBSTONE'),
    *(('27', f'{claim} where a record was {done}', another(place, line), 'E_ERASED_WITHOUT_TOMBSTONE')
      for place, done in ((3, 'erased'), (5, 'replaced')) for claim, line in (
          ('only the beginning of a placeholder', b'{"~\n'),
          ('a placeholder of another kind', b'{"~gone":"%s"}\n' % b64(sealed_leaf(2, 25, place)).encode()),
          ('a placeholder without its end', placeholder(b'erased', sealed_leaf(2, 25, place))[:-2] + b'\n'),
          ('a placeholder with a blank', placeholder(b'erased', sealed_leaf(2, 25, place)).replace(b':', b': ')),
          ('a leaf of 31 bytes', placeholder(b'erased', bytes(31))),
          ('a replacement that is no record', placeholder(b'replaced', sealed_leaf(2, 25, place), b'{"status":404}')),
          ('a replacement that is nothing', placeholder(b'replaced', sealed_leaf(2, 25, place), b'{')))),
    ('27', 'only the beginning of a placeholder where nothing was erased', another(7, b'{"~\n'), 'E_RECORD_MODIFIED'),
    ('27', 'only the beginning of a placeholder, and a record beside it is deleted',
     records(lambda r: [*r[:3], b'{"~\n', *r[4:7], *r[8:]], DATA2), 'E_ERASED_WITHOUT_TOMBSTONE E_RECORD_MISSING'),
    ('27', 'an erased record is put back, and a record beside it is deleted',
     records(lambda r: [*r[:3], line_before(3), *r[4:7], *r[8:]], DATA2), 'E_RECORD_MISSING E_TOMBSTONED_RECORD_PRESENT'),
    ('28', 'another leaf where a record was erased', another(3, placeholder(b'erased', bytes(32))),
     'E_ERASED_WITHOUT_TOMBSTONE'),
    ('28', 'another leaf without an entry', another(7, placeholder(b'erased', bytes(32)), DATA1),
     'E_ERASED_WITHOUT_TOMBSTONE'),
    ('28', 'another leaf where a record was replaced', another(5, placeholder(b'replaced', bytes(32), RECORD)),
     'E_ERASED_WITHOUT_TOMBSTONE'),
    ('', 'a replaced record is changed', records(lambda r: changed(r, 5, b'"status":500', b'"status":200'), DATA2),
     'E_RECORD_MODIFIED'),
    ('1', 'a record beside an erased one is changed', records(lambda r: changed(r, 4, b'GET', b'PUT'), DATA2),
     'E_RECORD_MODIFIED'),
    ('2', 'a record beside an erased one is deleted', records(lambda r: without(r, 4), DATA2), 'E_RECORD_MISSING'),
    ('2', 'what stands for an erased record is deleted', records(lambda r: without(r, 3), DATA2), 'E_RECORD_MISSING'),
    ('6', 'records beside an erased one are swapped', records(lambda r: exchanged(r, 8, 9), DATA2), 'E_RECORD_REORDERED'),
    ('15', 'garbage behind a revision', edit(DATA2, lambda c: c + b'garbage'), 'E_CONTAINER'),
    ('16', 'a revision deleted', remove(DATA2), 'E_SEGMENT_MISSING'),
    ('24', 'the salts of a revision deleted', remove(SALT2), 'E_SALT'),
    ('29', 'the salts from before the erasures are back', lambda store: save(store, SEG + '2.salt', covers_text(seed(2))),
     'E_ERASED_SALT_PRESENT'),
    ('29', 'the salts of the first revision are back',
     lambda store: save(store, SEG + '2.r1.salt', covers_text(covers(seed(2), [3, verify.SALT_FILE]))),
     'E_ERASED_SALT_PRESENT'),
    ('29', 'the seed is back in its file', lambda store: save(store, SALT2, covers_text(seed(2))),
     'E_ERASED_SALT_PRESENT'),
    ('29', 'the salt of an erased record is back', give_back(3), 'E_ERASED_SALT_PRESENT'),
    ('29', 'the salt of a replaced record is back', give_back(5), 'E_ERASED_SALT_PRESENT'),
    ('29', 'the salt of what replaced it first is back', give_back(REPLACED_1), 'E_ERASED_SALT_PRESENT'),
    ('29', 'the salt of the file is back', give_back(verify.SALT_FILE), 'E_ERASED_SALT_PRESENT'),
    ('24', 'the salt of what replaced a record is gone', take(REPLACED_2), 'E_SALT'),
    ('24', 'the salt of the vocabulary is gone', take(verify.SALT_WORDS), 'E_SALT'),
    ('24', 'the salt of another record is gone', take(7), 'E_SALT'),
    ('23', 'two nodes that are siblings', salts(lambda nodes: nodes.update({(2, 0): b'x' * 16, (2, 1): b'y' * 16}), SALT1),
     'E_SALT'),
    ('25', 'the idx of a segment with erasures changed', edit(IDX2, lambda c: b'x' + c[1:]), 'E_INDEX'),
    ('30', 'the file of a pruned segment is back', garbage(SEG + '4.jsonl.zst'), 'E_PRUNED_STILL_PRESENT'),
    ('30', 'the salts of a pruned segment are there', garbage(SEG + '4.salt'), 'E_PRUNED_STILL_PRESENT'),
    ('30', 'the idx of a pruned segment is there', garbage(SEG + '4.idx'), 'E_PRUNED_STILL_PRESENT'),
    ('30', 'the flushes of a pruned segment are there', garbage(SEG + '4.tags'), 'E_PRUNED_STILL_PRESENT'),
    ('30', 'a revision of a pruned segment is there', garbage(SEG + '4.r1.jsonl.zst'), 'E_PRUNED_STILL_PRESENT'),
    ('58', 'more states than were erased', anew(lambda e: more_states(e, 3), 'segment', 1), 'E_COUNTS'),
    ('58', 'no more states than were erased', anew(lambda e: more_states(e, 1), 'segment', 1), ''),
    ('58', 'more reasons than were erased', anew(lambda e: more_reasons(e, 3), 'segment', 1), 'E_COUNTS'),
    ('58', 'no more reasons than were erased', anew(lambda e: more_reasons(e, 1), 'segment', 1), ''),
    ('58', 'a size that the file of a revision has not', anew(lambda e: e['file'].update(size=9), 'redact', 1), 'E_COUNTS'),
    ('58', 'a revision recompressed', both(
        lambda store: save(store, DATA2, make.seekable([x + b'\n' for x in
                                                        verify.decompress(load(store, DATA2))[0].split(b'\n')[:-1]])),
        ), 'E_COUNTS'),
    ('58', 'bytes of a segment with erasures', lying('segment', 1, bytes=7), ''),
    ('58', 'a replaced record of another time', more(step('redact', 2, {7: RECORD.replace(b'11-30', b'12-09')})), 'E_COUNTS'),
    ('58', 'a replaced record that is none', more(step('redact', 2, {7: RECORD.replace(b'"status"', b'"state"')})),
     'E_RECORD_SYNTAX'),
    ('', 'a segment without records is pruned', more(step('prune', 5)), ''),
    ('', 'all records of a segment are erased', more(step('redact', 3, dict.fromkeys(range(8)))), ''),
    ('', 'a record is replaced, then erased', more(step('redact', 2, {5: None})), ''),
    ('', 'a segment with erasures is pruned', more(step('prune', 2)), ''),
    ('', 'the vocabulary of a newest segment with erasures', more(release, step('redact', 6, {0: None})), ''),
]


# ---- What entries promise ------------------------------------------------------------------------------------------

def rotate(*runs):
    return lambda shop: shop.add('rotate', period='2025-W10', segs=list(runs))


def redact_item(**own):
    """An entry that erases record 5 of segment 2, said wrongly: only the entry, no file."""
    def tamper(shop):
        items = [{'r': 5, 'leaf': b64(sealed_leaf(2, 25, 5)), **own}]
        shop.add('redact', seg=2, rev=3, items=items, reason='', file={'name': 'seg/00000002.r3.jsonl.zst', 'size': 1})
    return more(tamper)


def derive(shop, **own):
    entry = {'origin': shop.origin, 'size': 5, 'root': shop.body(5).split(b'\n')[2].decode(), 'segs': [[1, 1]],
             'transform': 'counts', 'policy': make.policy()}
    shop.add('derive', **{**entry, **own})


def head(**own):
    """One entry more in the store's chain."""
    def tamper(root, shop):
        entry = {'name': 'shop', 'size': 4, 'root': shop.body(4).split(b'\n')[2].decode()}
        root.add('head', **{**entry, **own})
    return anew(store_more=tamper)


PROMISES = [
    ('34', 'a pruning that nobody signed, of files that are gone', both(
        unsigned('prune', segs=[[6, 6]], rule='age', cutoff='2025-03-01T00:00:00.000Z'),
        remove(*(f'{SEG}6.{end}' for end in ('jsonl.zst', 'salt', 'idx', 'tags')))),
     'E_SEGMENT_MISSING E_UNSIGNED_ENTRIES', 'bare'),
    ('34', 'a pruning that nobody signed, of files that are there',
     unsigned('prune', segs=[[6, 6]], rule='age', cutoff='2025-03-01T00:00:00.000Z'), 'E_UNSIGNED_ENTRIES'),
    ('34', 'erasures that nobody signed', unsigned(
        'redact', seg=3, rev=1, items=[{'r': 0, 'leaf': b64(bytes(32))}], reason='',
        file={'name': 'seg/00000003.r1.jsonl.zst', 'size': 1}), 'E_UNSIGNED_ENTRIES'),
    ('34', 'an anchor that nobody signed', unsigned('anchor', kind='tsr', size=10, file={
        'name': 'anchor/00000010.tsr', 'size': 1, 'hash': '0' * 64}), 'E_UNSIGNED_ENTRIES'),
    ('34', 'an answer to an alarm that nobody signed', both(
        more(step('recover', 'tags', alarm=True)), unsigned('recover', alarm=False, reason='accepted', seg=7, kept=0,
                                                            untagged=0, lost=0, sw='x')), 'E_OPEN E_UNSIGNED_ENTRIES'),
    ('34', 'an alarm that nobody signed', unsigned('recover', alarm=True, reason='tags', seg=7, kept=0, untagged=0, lost=0,
                                                   sw='x'), 'E_UNSIGNED_ENTRIES'),
    ('34', 'a hold that nobody signed, on nothing', unsigned('hold', hold='new', segs=[[9, 9]], mask_epochs={}, reason=''),
     'E_UNSIGNED_ENTRIES'),
    ('34', 'a start that nobody signed', unsigned('start', mode='pipe', ratchet={'g': 99, 'k': '0' * 64, 'mode': 'disk'}, sw='x'),
     'E_UNSIGNED_ENTRIES'),
    ('31', 'a signed pruning names another segment', rows(CHAIN, lambda r: [
        x.replace(b'"segs":[[4,4]],"rule"', b'"segs":[[3,3]],"rule"') for x in r]),
     'E_CHAIN_ROOT E_ENTRY_LINK E_SEGMENT_MISSING untold'),
    ('31', 'a signed hold names a segment that is not there', rows(CHAIN, lambda r: [
        x.replace(b'"hold":"case-3","segs":[[1,1]]', b'"hold":"case-3","segs":[[9,9]]') for x in r]),
     'E_CHAIN_ROOT E_ENTRY_LINK untold'),
    ('', 'a hold under a name in force', more(step('hold', 'case-3')), 'E_ENTRY_TARGET'),
    ('', 'a hold under a name that was released', more(step('hold', 'case-1')), ''),
    ('', 'a hold under a name that is over', more(step('hold', 'case-2')), ''),
    ('', 'a hold on a segment that is not there', more(step('hold', 'new', [(6, 7)])), 'E_ENTRY_TARGET'),
    ('', 'a hold on a pruned segment', more(step('hold', 'new', [(4, 4)])), ''),
    ('', 'a hold on the next segment and later ones', more(step('hold', 'new', onward=7)), ''),
    ('', 'a hold from behind the next segment on', more(step('hold', 'new', onward=8)), 'E_ENTRY_TARGET'),
    ('', 'a release of what is not held', more(lambda shop: release(shop, 'new')), 'E_ENTRY_TARGET'),
    ('', 'a release twice', more(release, release), 'E_ENTRY_TARGET'),
    ('', 'a release of a hold that is over', more(lambda shop: release(shop, 'case-2')), 'E_ENTRY_TARGET'),
    ('', 'a pruning of a segment that is not there', more(step('prune', 9)), 'E_ENTRY_TARGET'),
    ('', 'a pruning of a segment twice', more(step('prune', 4)), 'E_ENTRY_TARGET'),
    ('56', 'a held segment is pruned', more(step('prune', 1)), 'E_PRUNE_UNDER_HOLD'),
    ('56', 'a segment held onward is pruned', more(step('prune', 6)), 'E_PRUNE_UNDER_HOLD'),
    ('56', 'a segment sealed after the hold is pruned', more(step('segment', range(58, 60)), step('prune', 7)),
     'E_PRUNE_UNDER_HOLD'),
    ('56', 'a released segment is pruned', more(release, step('prune', 1)), ''),
    ('56', 'a record of a held segment is erased', more(step('redact', 1, {0: None})), 'E_PRUNE_UNDER_HOLD'),
    ('56', 'the key of a held epoch is destroyed', more(step('add', 'destroy', what='2025-W10', commitment='0' * 64)),
     'E_PRUNE_UNDER_HOLD'),
    ('56', 'the key of a held day is destroyed', more(step('add', 'destroy', what='2025-03-01', commitment='0' * 64)),
     'E_PRUNE_UNDER_HOLD'),
    ('56', 'the second key of a held epoch is destroyed',
     more(step('add', 'destroy', what='2025-W10.2', commitment='0' * 64)), 'E_PRUNE_UNDER_HOLD'),
    ('56', 'the key of an epoch after the held ones is destroyed',
     more(step('add', 'destroy', what='2025-W11', commitment='0' * 64)), ''),
    ('56', 'a hold under a name in force changes nothing', more(step('hold', 'case-3', [(2, 2)]), step('prune', 2)),
     'E_ENTRY_TARGET'),
    ('', 'records of a segment that is not there are erased', more(lambda shop: shop.add(
        'redact', seg=9, rev=1, items=[{'r': 0, 'leaf': b64(bytes(32))}], reason='',
        file={'name': 'seg/00000009.r1.jsonl.zst', 'size': 1})), 'E_ENTRY_TARGET'),
    ('', 'records of a pruned segment are erased', more(lambda shop: shop.add(
        'redact', seg=4, rev=1, items=[{'r': 0, 'leaf': b64(bytes(32))}], reason='',
        file={'name': 'seg/00000004.r1.jsonl.zst', 'size': 1})), 'E_ENTRY_TARGET'),
    ('', 'a record that is not there is erased', redact_item(r=12), 'E_ENTRY_TARGET'),
    ('', 'a record is erased twice', redact_item(r=3), 'E_ENTRY_TARGET'),
    ('', 'a record is erased under another leaf', redact_item(leaf=b64(bytes(32))), 'E_ENTRY_TARGET'),
    ('', 'a revision is left out', more(lambda shop: shop.add(
        'redact', seg=1, rev=2, items=[{'r': 0, 'leaf': b64(bytes(32))}], reason='',
        file={'name': 'seg/00000001.r2.jsonl.zst', 'size': 1})), 'E_ENTRY_TARGET'),
    ('', 'another file is named for a revision', more(lambda shop: shop.add(
        'redact', seg=1, rev=1, items=[{'r': 0, 'leaf': b64(bytes(32))}], reason='',
        file={'name': 'seg/00000002.r1.jsonl.zst', 'size': 1})), 'E_ENTRY_SYNTAX'),
    ('', 'a period with its segments', more(rotate([6, 6])), ''),
    ('', 'a period without its segments', more(rotate()), 'E_ENTRY_TARGET'),
    ('', 'a period with segments of one before', more(rotate([5, 6])), 'E_ENTRY_TARGET'),
    ('', 'a period with a segment to come', more(rotate([6, 7])), 'E_ENTRY_TARGET'),
    ('', 'two periods with the same segments', more(rotate([6, 6]), rotate([6, 6])), 'E_ENTRY_TARGET'),
    ('', 'a replay of a segment that is not there', more(step('add', 'replay', seg=9, n=1)), 'E_ENTRY_TARGET'),
    ('', 'a replay of other records', lying('replay', n=7), 'E_COUNTS'),
    ('', 'derived from another note', more(lambda shop: derive(shop, root=b64(bytes(32)))), 'E_ENTRY_TARGET'),
    ('', 'derived from a note that is not there', more(lambda shop: derive(shop, size=99)), 'E_ENTRY_TARGET'),
    ('', 'derived from another store', more(lambda shop: derive(shop, origin='cretula/0123456789abcdef/shop')), ''),
    ('', 'derived from a stream that is not there',
     more(lambda shop: derive(shop, origin=shop.origin.rpartition('/')[0] + '/other')), 'E_ENTRY_TARGET'),
    ('', 'a report of a later kind', lying('report', kind='later'), ''),
    ('', 'an anchor of a later kind', lying('anchor', kind='later'), 'W_UNKNOWN_FILE exit3', 'bare'),
    ('34', 'a period says another place', lying('rotate', i=9), 'E_ENTRY_INDEX'),
    ('34', 'a release says another place', lying('release', i=9), 'E_ENTRY_INDEX'),
    ('34', 'a segment says another place', lying('segment', 3, i=9), 'E_ENTRY_INDEX'),
    ('34', 'an erasure says another place', lying('redact', 1, i=9), 'E_ENTRY_INDEX'),
    ('34', 'a pruning says another place', lying('prune', i=9), 'E_ENTRY_INDEX'),
    ('47', 'an erasure names the file of another revision', lying('redact', 1, rev=1),
     'E_ENTRY_SYNTAX E_SEGMENT_MISSING W_UNKNOWN_FILE untold'),
    ('47', 'a key is replaced of which nobody knows what it signs', lying('rekey', 3, key='other'),
     'E_ENTRY_SYNTAX E_LOG_SIG untold'),
    ('', 'derived into a segment that is not there', more(lambda shop: derive(shop, to=[[7, 7]])), 'E_ENTRY_TARGET'),
    ('', 'a derived file changed', edit(DERIVED, lambda c: c + b' '), 'E_FILE_HASH'),
    ('', 'a derived file deleted', remove(DERIVED), 'E_FILE_HASH'),
    ('', 'a head of the stream', head(), ''),
    ('36', 'a head that the stream is too short for', head(size=99), 'E_ROLLBACK'),
    ('57', 'a head of another history', head(root=b64(bytes(32))), 'E_SPLIT_VIEW'),
    ('', 'a head of a stream that is not listed', head(name='other'), 'E_ENTRY_TARGET'),
    ('', 'a head in a stream', more(step('add', 'head', name='shop', size=1, root=b64(bytes(32)))), 'E_ENTRY_SYNTAX'),
    ('', 'a recovery key of another name',
     lying('genesis', 1, recovery=make.make_vkey('other', make.ed25519_public(secret('other')))), 'E_GENESIS E_REKEY E_REVOKED E_LOG_SIG'),
    ('', 'an alarm', more(step('recover', 'tags', alarm=True)), 'E_OPEN'),
    ('', 'an alarm that was answered', more(step('recover', 'data', alarm=True), step('recover', 'accepted')),
     'W_LOSS_ACCEPTED'),
    ('', 'a vocabulary that was refused', more(config('refused: it is gone')), 'W_WORDS_REFUSED'),
    ('', 'a vocabulary that was not', more(config('not refused: '), config('refused:'), config('refused: it is gone', kind='detail')), ''),
    ('', 'a record erased that somebody had written into', more(config('1 1 [[9,9]]', kind='damaged')), 'W_ERASED_DAMAGED'),
    ('', 'an alarm after the answer', more(step('recover', 'accepted'), step('recover', 'files', alarm=True)), 'E_OPEN'),
    ('', 'an answer of another kind', more(step('recover', 'data', alarm=True), step('recover', 'crash')), 'E_OPEN'),
    ('59', 'an entry older than the one before', lying('clock', t='2025-03-01T00:00:01.000Z'), 'E_TIME_BACK'),
]


# ---- Keys ----------------------------------------------------------------------------------------------------------

def signers(change, nth=-1, of='rekey'):
    """Of the last entry of a type, other log keys sign the note."""
    return lambda entry, seeds: change(seeds) if entry['type'] == of and entry['i'] >= END else seeds


def rekeyed(**own):
    return more(step('rekey', **own))


def bad_proof(shop):
    shop.rekey(proof=b64(ed25519_sign(secret('thief'), b'x')))


def other_name(shop):
    """The new key is of another name, and proves itself all the same."""
    new = make.make_vkey('other', make.ed25519_public(secret('other')))
    old = shop.vkey(shop.recovery_seed, '/recovery')
    proof, consent = (b64(ed25519_sign(seed, verify.rekey_statement(shop.origin, old, new))) for seed in (secret('other'), shop.recovery_seed))
    shop.add('rekey', key='recovery', old=old, new=new, proof=proof, recovery=consent)


def revoked_then(shop):
    """The key in force is revoked from the size behind this entry on."""
    shop.revoke(shop.log_seed, len(shop.lines) + 2)


def old_key_again(shop):
    """What a thief signs with the key that was stolen and revoked."""
    shop.sign = lambda entry, seeds: [secret(f'{shop.origin} log')]
    shop.add('clock', was='2025-03-01T08:00:09.000Z', now='2025-02-27T08:00:09.000Z')
    shop.sign = lambda entry, seeds: seeds


KEYS = [
    ('61', 'the note over a rekey lacks the old key', anew(sign=signers(lambda s: s[1:]), more=lambda w: w.rekey()),
     'E_REKEY E_LOG_SIG'),
    ('61', 'the note over a rekey lacks the new key', anew(sign=signers(lambda s: s[:1]), more=lambda w: w.rekey()),
     'E_REKEY E_LOG_SIG'),
    ('61', 'the note over a rekey lacks both keys', anew(sign=signers(lambda s: []), more=lambda w: w.rekey()), 'E_LOG_SIG'),
    ('61', 'the new key does not prove itself', more(bad_proof), 'E_REKEY E_LOG_SIG'),
    ('61', 'the recovery key did not sign', more(lambda w: w.rekey(recovery=b64(bytes(64)))), 'E_REKEY E_LOG_SIG'),
    ('61', 'the old key is not the one in force', more(lambda w: w.rekey(old=w.vkey(secret('other')))), 'E_REKEY E_LOG_SIG'),
    ('61', 'the new key is the old one', more(lambda w: w.rekey(new=w.log_vkey())), 'E_REKEY E_LOG_SIG'),
    ('61', 'the new recovery key has another name', more(other_name), 'E_REKEY'),
    ('61', 'another recovery key is replaced',
     more(lambda w: w.rekey('recovery', recovered=True, old=w.vkey(secret('other'), '/recovery'))), 'E_REKEY'),
    ('61', 'the recovery key is replaced by the log key alone', more(lambda w: w.rekey('recovery')), 'E_REKEY'),
    ('61', 'the recovery key is replaced by its own right', more(lambda w: w.rekey('recovery', recovered=True)), ''),
    ('61', 'the key in force is revoked', more(revoked_then), 'E_REVOKED'),
    ('61', 'the key in force is revoked and replaced', more(revoked_then, lambda w: w.rekey(recovered=True)), ''),
    ('61', 'the key in force is revoked and replaced without the recovery key', more(revoked_then, lambda w: w.rekey()),
     'E_REKEY E_LOG_SIG'),
    ('61', 'a revoked key signs', more(old_key_again), 'E_REVOKED'),
    ('61', 'a key is revoked without right', anew(put(signature=b64(bytes(64))), 'revoke'), 'E_REVOKED'),
    ('61', 'a key is revoked for later', more(lambda w: w.revoke(w.log_seed, 99)), ''),
    ('61', 'a lost key is replaced without right', anew(put(recovery=b64(bytes(64))), 'recover'), 'E_REKEY E_LOG_SIG'),
    ('61', 'a lost key is replaced without the recovery key', anew(lambda e: e.pop('recovery'), 'recover'),
     'E_REKEY E_LOG_SIG'),
    ('59', 'a lost key ends another epoch', anew(lambda e: e.update(epoch=e['epoch'] + 1), 'recover'), 'E_EPOCH_ORDER'),
]


# ---- Flushes -------------------------------------------------------------------------------------------------------

def tags(change, name=TAGS1):
    """A tampering of the lines of .tags, each as a list of words."""
    def tamper(content):
        lines = [line.split(b' ') for line in content.split(b'\n')[:-1]]
        return b''.join(b' '.join(words) + b'\n' for words in change(lines))
    return edit(name, tamper)


def words(line, at, value):
    def change(lines):
        lines[line][at] = value
        return lines
    return change


def committed(line):
    """The writer flushes another second line of its open segment."""
    return anew(more=lambda shop: setattr(shop, 'odd', line))


ZERO = b64(bytes(32)).encode()
NEXT = SHOP + 'open/00000008.'


def last_lf(content):
    return content[:content.rindex(b'\n') + 1]


def whole(store):
    """The open segment ends as one behind which another was opened."""
    both(edit(OPEN + 'data', last_lf), edit(OPEN + 'tags', last_lf))(store)


def crashed(mode='ram', reason='ram', seg=0, alarm=False, again=(), then=True):
    """The process ends with its ratchet; again: what begins before what was open is sealed; then: it goes on."""
    def tamper(shop):
        def begin(mode):
            shop.add('start', mode='pipe', ratchet=shop.new_ratchet(shop.g, mode=mode), sw=make.SW)

        begin(mode)
        shop.recover(reason, alarm=alarm, seg=shop.number + 1 + seg)
        for mode_again in again:
            shop.add('start', mode='pipe', ratchet=shop.new_ratchet(shop.g + 1, mode=mode_again), sw=make.SW)
            shop.g += 1
        shop.segment(range(52, 55), lost=True)
        begin('ram')
        if then:
            shop.segment(range(55, 58))
    return more(tamper)


FLUSHES = [
    ('67', 'a crash took a ratchet that was in memory', crashed(then=False), 'W_RATCHET_LOST'),
    ('67', 'a crash took a ratchet, without the escrow keys', crashed(), 'W_RATCHET_LOST', 'bare'),
    ('67', 'a ratchet in a sector is said to be lost', crashed('sector'), 'E_TAGS'),
    ('67', 'a ratchet is lost, and no crash was told', crashed(reason='crash'), 'E_TAGS'),
    ('67', 'a ratchet is lost of another segment than was told', crashed(seg=1), 'E_TAGS'),
    ('67', 'a ratchet is lost, and an alarm was told', crashed(alarm=True), 'E_OPEN E_TAGS'),
    ('67', 'a ratchet is lost that began since', crashed(again=('ram',)), 'E_TAGS'),
    ('67', 'a sector begins before the loss is sealed', crashed(again=('sector',)), 'E_TAGS'),
    ('67', 'nothing binds the flushes of a segment, and nothing says so',
     anew(lambda e: (e['tags'].pop('agg'), e['tags'].pop('untagged'), e['tags'].update(lost=True, untagged=0)), 'segment', 0),
     'E_TAGS'),
    ('', 'the flushes of a segment deleted', remove(TAGS1), 'E_TAGS'),
    ('', 'the first flush deleted', tags(lambda r: r[1:]), 'E_TAGS'),
    ('', 'a flush in the middle deleted', tags(lambda r: without(r, 1)), 'E_TAGS'),
    ('', 'the last flush deleted', tags(lambda r: r[:-1]), 'E_TAGS'),
    ('', 'all flushes deleted', edit(TAGS1, lambda c: b''), 'E_TAGS'),
    ('', 'a flush of another root', tags(words(1, 4, ZERO)), 'E_TAGS E_RATCHET_MAC'),
    ('', 'a last flush of another root', tags(words(3, 4, ZERO)), 'E_TAGS'),
    ('', 'a flush of fewer records', tags(words(1, 2, b'7')), 'E_TAGS E_RATCHET_MAC'),
    ('', 'a flush of more records than the next', tags(words(1, 2, b'24')), 'E_TAGS'),
    ('', 'a last flush of fewer records', tags(words(3, 2, b'24')), 'E_TAGS'),
    ('', 'a flush of another segment', tags(words(2, 1, b'2')), 'E_TAGS'),
    ('', 'flushes under another number', tags(words(2, 0, b'9')), 'E_TAGS'),
    ('', 'a flush with a leading zero', tags(words(2, 0, b'03')), 'E_TAGS'),
    ('', 'a clock of 2^64', tags(words(2, 3, b'18446744073709551616')), 'E_TAGS'),
    ('', 'a flush with a state', edit(TAGS1, lambda c: c[:-1] + b'\t0 0\n'), 'E_TAGS'),
    ('', 'flushes without their end', edit(TAGS1, lambda c: c[:-1]), 'E_TAGS'),
    ('', 'flushes of an empty segment of records', tags(words(0, 2, b'1'), SEG + '5.tags'), 'E_TAGS'),
    ('', 'a flush of a segment with erasures of another root', tags(words(1, 4, ZERO), TAGS2), 'E_TAGS E_RATCHET_MAC'),
    ('', 'an entry that leaves flushes out', anew(lambda e: e['tags'].update(g0=6), 'segment', 1), 'E_TAGS'),
    ('', 'an entry with more flushes', anew(lambda e: e['tags'].update(g=30), 'segment', 5), 'E_TAGS E_OPEN'),
    ('', 'a segment entry in between that cannot be read', lying('segment', 0, idx='x'), 'E_ENTRY_SYNTAX untold'),
    ('', 'the entry of a segment without records cannot be read', lying('segment', 4, idx='x'), 'E_ENTRY_SYNTAX untold'),
    ('', 'flushes of a segment without', garbage(SEG + '3.tags'), 'W_UNKNOWN_FILE'),
    ('', 'flushes of a revision', garbage(SEG + '2.r2.tags'), 'W_UNKNOWN_FILE'),
    ('', 'a ratchet that begins too late', anew(lambda e: e['ratchet'].update(g=2), 'start'), 'E_TAGS'),
    ('54', 'a flush at another time', tags(words(1, 3, b'1740787200000')), 'E_RATCHET_MAC'),
    ('', 'the escrow file has not all keys', lambda store: None, '', 'escrow-part'),
    ('', 'the escrow file has no keys', lambda store: None, '', 'escrow-none'),
    ('55', 'a flush at another time, with the first of the escrow keys',
     tags(words(1, 3, b'1740787200000')), 'E_RATCHET_MAC', 'escrow-part'),
    ('55', 'a flush at another time, without the escrow keys', tags(words(1, 3, b'1740787200000')), '', 'bare'),
    ('54', 'an aggregate of other flushes', anew(lambda e: e['tags'].update(agg=b64(bytes(32))), 'segment', 0), 'E_RATCHET_MAC'),
    ('55', 'an aggregate of other flushes, without the escrow keys',
     anew(lambda e: e['tags'].update(agg=b64(bytes(32))), 'segment', 0), '', 'bare'),
    ('54', 'another first key', anew(lambda e: e['ratchet'].update(k='0' * 64), 'start'), 'E_RATCHET_MAC'),
    ('54', 'a flush of another ratchet', tags(words(0, 3, b'1740787200000'), TAGS6), 'E_RATCHET_MAC'),
    ('67', 'a committed record of an open segment changed', edit(OPEN + 'data', lambda c: c.replace(b'GET', b'PUT', 1)), 'E_OPEN'),
    ('67', 'a committed record of an open segment deleted',
     edit(OPEN + 'data', lambda c: b''.join(without(c.splitlines(keepends=True), 1))), 'E_OPEN'),
    ('67', 'a committed line of an open segment that is no record', committed(b'{"time":"2025"}\n'), 'E_RECORD_SYNTAX'),
    ('67', 'a committed line of an open segment that stands for a record', committed(erased_in(1, 0, 7)), 'E_RECORD_SYNTAX'),
    ('67', 'a committed line of an open segment of 16,385 bytes', committed(b'x' * 16384 + b'\n'), 'E_LIMIT'),
    ('67', 'a committed line of an open segment of 512 KiB', committed(b'x' * 524288 + b'\n'), 'E_LIMIT'),
    ('67', 'the records of an open segment cut', edit(OPEN + 'data', lambda c: c[:200]), 'E_OPEN'),
    ('67', 'what was not committed is cut', edit(OPEN + 'data', lambda c: c[:c.rindex(b'\n') + 1]), ''),
    ('67', 'more that is not committed', edit(OPEN + 'data', lambda c: c + b'x\ny\n'), ''),
    ('67', 'the first flush of an open segment deleted',
     edit(OPEN + 'tags', lambda c: c.split(b'\n', 1)[1]), 'E_OPEN'),
    ('67', 'a flush of an open segment deleted',
     edit(OPEN + 'tags', lambda c: b''.join(without(c.splitlines(keepends=True), 1))), 'E_OPEN'),
    ('67', 'the last flush of an open segment deleted: only the writer knows',
     edit(OPEN + 'tags', lambda c: b''.join(c.splitlines(keepends=True)[:2])), ''),
    ('67', 'a flush of an open segment of more bytes',
     edit(OPEN + 'tags', lambda c: c.replace(b'\t0 0\n', b'\t1 0\n')), 'E_OPEN'),
    ('67', 'a flush of an open segment without its state',
     edit(OPEN + 'tags', lambda c: c.replace(b'\t0 0\n', b'\n')), 'E_OPEN'),
    ('67', 'a state out of order', edit(OPEN + 'tags', lambda c: c.replace(b'lines=3 parsed=3', b'parsed=3 lines=3')), 'E_OPEN'),
    ('67', 'the records of an open segment deleted', remove(OPEN + 'data'), 'E_OPEN'),
    ('67', 'the flushes of an open segment emptied: only the writer knows', edit(OPEN + 'tags', lambda c: b''), ''),
    ('67', 'the salts of an open segment deleted', remove(OPEN + 'salt'), 'E_OPEN'),
    ('67', 'the salts of an open segment changed', edit(OPEN + 'salt', lambda c: b'0 0 ' + b64(bytes(16)).encode() + b'\n'),
     'E_OPEN'),
    ('67', 'an open segment under another number', lambda store: [
        os.rename(os.path.join(store, OPEN + end), os.path.join(store, SHOP + 'open/00000009.' + end))
        for end in ('data', 'tags', 'salt')], 'E_OPEN'),
    ('67', 'the open segment deleted whole: only the writer knows', remove(*(OPEN + end for end in ('data', 'tags', 'salt'))), ''),
    ('67', 'an open segment that was sealed is still there', garbage(SHOP + 'open/00000006.data'), ''),
    ('67', 'an unknown file in open/', garbage(SHOP + 'open/x'), 'W_UNKNOWN_FILE'),
    ('67', 'an older open segment that has no flush', both(
        anew(more=lambda shop: setattr(shop, 'number', 7)),
        lambda store: os.rename(os.path.join(store, SHOP + 'open/00000008.salt'), os.path.join(store, 'salt')),
        *(lambda store, number=number: shutil.copy(os.path.join(store, 'salt'),
                                                   os.path.join(store, f'{SHOP}open/0000000{number}.salt'))
          for number in (7, 8)), garbage(OPEN + 'data', b''), garbage(OPEN + 'tags', b'')), 'E_OPEN'),
    ('67', 'a next segment that has no flush yet', both(whole, garbage(NEXT + 'data', b'')), ''),
]

# ---- Anchors -------------------------------------------------------------------------------------------------------

def cosignature(change=lambda content: content, size=10, who=(WITNESS,), when=life.WITNESSED, **own):
    """One cosignature more, changed before it is anchored."""
    return more(lambda shop: shop.anchor('cosignature', size, change(shop.cosigned(size, *who, when=when)), **own))


def stamp(size=10, of=None, time=None, **own):
    return more(lambda shop: shop.anchor('tsr', size, time_stamp(shop.body(of or size), **own), **({'time': time} if time else {})))


def bad_bit(content):
    body, _, line = content.partition(b'\n\n')
    head, name, blob = line.split(b' ')
    blob = base64.b64decode(blob)
    return body + b'\n\n' + b' '.join((head, name, base64.b64encode(blob[:-1] + bytes((blob[-1] ^ 1,))))) + b'\n'


def cut_line(content):
    """The last line's signature is a byte too short."""
    at = content.rindex(b' ') + 1
    return content[:at] + base64.b64encode(base64.b64decode(content[at:-1])[:-1]) + b'\n'


def openssl_stamp(shop):
    """What a real authority answers, one made up on the spot."""
    def openssl(*arguments):
        subprocess.run(['openssl', *arguments], cwd=folder, check=True, capture_output=True)

    with tempfile.TemporaryDirectory() as folder:
        save(folder, 'body', shop.body(10))
        save(folder, 'serial', b'01\n')
        save(folder, 'conf', b'[req]\ndistinguished_name=n\nx509_extensions=e\nprompt=no\n[n]\nCN=authority\n'
             b'[e]\nextendedKeyUsage=critical,timeStamping\n[tsa]\ndefault_tsa=t\n[t]\nserial=serial\n'
             b'default_policy=1.2.3.4\ndigests=sha256\nsigner_digest=sha256\ness_cert_id_alg=sha256\n')
        openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-config', 'conf', '-keyout', 'key', '-out', 'cert', '-days', '9')
        openssl('ts', '-query', '-data', 'body', '-sha256', '-cert', '-out', 'query')
        openssl('ts', '-reply', '-config', 'conf', '-section', 't', '-queryfile', 'query', '-signer', 'cert', '-inkey',
                'key', '-out', 'reply')
        shop.anchor('tsr', 10, load(folder, 'reply'))


ANCHORS = [
    ('63', 'a witness that nobody knows', cosignature(who=(STRANGER,)), ''),
    ('63', 'a bad cosignature of a known witness', cosignature(bad_bit), 'E_WITNESS'),
    ('63', 'a bad cosignature of an unknown witness', cosignature(bad_bit), '', 'bare'),
    ('63', 'a cosignature of 63 bytes', cosignature(cut_line), 'E_ANCHOR'),
    ('63', 'a cosignature of 63 bytes behind one of another witness', cosignature(cut_line, who=(STRANGER, WITNESS)),
     'E_WITNESS'),
    ('63', 'a cosignature out of the future', cosignature(when=2**34), 'E_WITNESS'),
    ('63', 'a cosignature of 2^63 seconds', cosignature(when=2**63), 'E_ANCHOR'),
    ('63', 'one of two witnesses that are demanded', lambda store: None, 'E_WITNESS', 'two'),
    ('63', 'one of two witnesses of which one is demanded', lambda store: None, '', 'one'),
    ('63', 'a quorum that is demanded of none of these logs', lambda store: None, 'E_WITNESS', 'foreign'),
    ('63', 'a quorum that no note has', remove(COSIG), 'E_ANCHOR E_WITNESS'),
    ('63', 'a cosignature over another note', cosignature(lambda c: c.replace(b'\n10\n', b'\n11\n')), 'E_ANCHOR'),
    ('63', 'a cosignature that is no note', cosignature(lambda c: c[:-1]), 'E_ANCHOR'),
    ('63', 'another witness than the entry says', cosignature(who=(STRANGER,), by=WITNESS), 'E_ANCHOR'),
    ('63', 'a cosignature of another time than the entry says', cosignature(by=WITNESS, time='2025-03-02T08:00:01.000Z'),
     'E_ANCHOR'),
    ('64', 'a time stamp', stamp(), ''),
    ('64', 'a time stamp of an authority that openssl made', more(openssl_stamp), ''),
    ('64', 'a time stamp of another note', stamp(of=11), 'E_ANCHOR'),
    ('64', 'a time stamp that was refused', stamp(status=2), 'E_ANCHOR'),
    ('64', 'a time stamp from before the note', stamp(when='20250228235959Z'), 'E_ANCHOR'),
    ('64', 'a time stamp of the second of the note', stamp(when='20250301000010Z'), ''),
    ('64', 'a time stamp of another time than the entry says', stamp(time='2025-03-01T12:00:01.000Z'), 'E_ANCHOR'),
    ('64', 'a time stamp with SHA-1', stamp(algorithm=bytes.fromhex('2b0e03021a')), 'E_ANCHOR'),
    ('64', 'a time stamp that is none', more(lambda shop: shop.anchor('tsr', 10, b'0\x80\0\0')), 'E_ANCHOR'),
    *(('64', f'a time stamp with {claim} where only its signature is', stamp(signature=signature), codes)
      for claim, signature, codes in (
        ('a length that is not the shortest', b'\x04\x81\x08' + bytes(8), 'E_ANCHOR'),
        ('an indefinite length', b'\x24\x80\x04\x01\x00\0\0', 'E_ANCHOR'),
        ('a tag of many bytes', b'\x1f\x81\x01\x00', 'E_ANCHOR'),
        ('40 values in each other', functools.reduce(lambda inner, _: der(0x30, inner), range(40), b''), ''),
        ('70 values in each other', functools.reduce(lambda inner, _: der(0x30, inner), range(70), b''), 'E_ANCHOR'),
        ('half a value in a value', der(0x30, b'\x04\x08\x00'), 'E_ANCHOR'))),
    ('64', 'a time stamp deleted', remove(STAMP), 'E_ANCHOR'),
    ('64', 'a time stamp changed', edit(STAMP, lambda c: c[:-1] + b'x'), 'E_ANCHOR'),
    ('64', 'a time stamp of another size', anew(lambda e: e['file'].update(size=7), 'anchor', 1), 'E_ANCHOR'),
    ('64', 'an anchor under another name', anew(lambda e: e['file'].update(name='anchor/00000008.tsr'), 'anchor', 1),
     'E_ENTRY_TARGET W_UNKNOWN_FILE'),
    ('64', 'an anchor of a note to come', more(lambda shop: shop.anchor('tsr', 33, b'')), 'E_ENTRY_TARGET W_UNKNOWN_FILE'),
    ('64', 'an unknown file in anchor/', garbage(SHOP + 'anchor/x'), 'W_UNKNOWN_FILE'),
]


# ---- By somebody who has the keys from now on ----------------------------------------------------------------------

LIFE = [*given_up([
    ('0', 'nothing was changed', lambda store: None, ''), ('0', 'nothing was changed, nothing brought', lambda store: None, '', 'bare'),
    *REVISIONS, *PROMISES, *KEYS, *FLUSHES, *ANCHORS])]
