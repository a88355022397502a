#!/usr/bin/env python3
"""test_vectors.py [CRETULA]: TAP.  The vectors reproduce, verify.py accepts them and names every tampering below.

Given the program CRETULA, `cretula verify` must give the same exit code and the same set of codes on each store; with
CRETULA_EACH=N, which is for slow builds beside a quick one, on each N-th.
"""
import base64
import concurrent.futures
import contextlib
import functools
import glob
import hashlib
import io
import json
import os
import random
import re
import shutil
import struct
import subprocess
import sys
import tempfile

import life
import life_cases
import make
import open_cases
import verify
from tamper import (CHAIN, CHECKPOINT, DATA, DATA2, IDX, IDX2, NOTE2, NOTE4, ROOT, SALT, SALT2, SHOP, both, changed,
                    checked_frame, drop_line, edit, exchanged, fake_dir, flip, flip_behind, forge, frames, garbage,
                    imposter, insert, instead, lie, load, odd_record, other_seed, put, records, remove, resign, rows, save,
                    sealed, shift, swap, unsigned, without)

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.join(HERE, '..', '..', 'src')
EACH = int(os.environ.get('CRETULA_EACH', '1'))


class Tap:
    def __init__(self):
        self.count = self.failed = self.asked = 0
        self.later, self.pool = [], concurrent.futures.ThreadPoolExecutor(16)

    def result(self, good, claim, *details, skip=None):
        self.count += 1
        self.failed += not good
        print(f'{"ok" if good else "not ok"} {self.count} - {claim}' + (f' # SKIP {skip}' if skip else ''))
        for detail in details if not good else ():
            print(f'# {detail}')

    def same(self, name, found, run, *arguments):
        """run(program, ...) must find the same.  It waits before it believes what it sees, so many run at once."""
        self.asked += 1
        if self.asked % EACH == 0:
            self.later.append((name, found, self.pool.submit(run, *arguments)))

    def finish(self):
        for name, found, other in self.later:
            self.result(other.result() == found, f'{name}: cretula says the same', f'verify.py {found}',
                        f'cretula {other.result()}')

    def end(self):
        print(f'1..{self.count}')
        return 1 if self.failed else 0


def altered(place, /, **own):
    """A change for resign(): an entry says something else."""
    def change(lines):
        lines[place] = verify.dump_entry({**json.loads(lines[place]), **own})
        return lines
    return change


def own_keys(lines):
    """A change for resign(): all epoch keys are the thief's."""
    made = []
    for line in lines:
        entry = json.loads(line)
        if 'next' in entry:
            entry['next'] = make.make_vkey(verify.parse_vkey(entry['next'])[0],
                                           make.ed25519_public(make.secret('thief')))
        made.append(verify.dump_entry(entry))
    return made


def drop_and_go_on(store):
    """The newest segment goes, and another entry follows the one before it."""
    remove(NOTE4, DATA2, SALT2, IDX2)(store)
    resign(store, 'shop', lambda lines: [*lines[:2], *altered(0, i=2)(lines[3:])], (0, 1))


SKIPPABLE = struct.pack('<II', 0x184D2A53, 3) + b'abc'
LINE = b'{"time":"2026-11-29T00:00:00.000Z","event":"log"}\n'

BROKEN = 'E_CHAIN_ROOT E_ENTRY_LINK E_ENTRY_SYNTAX'

# seal.md's number, claim, tampering, codes; the exit code is 1 if there is an E_ among them, else 0 (or as said).
REVOKES = (b'{"v":1,"i":9,"type":"revoke",' + b'x' * 61410 + b'\n') * 547

CASES = [
    ('0', 'nothing was changed', lambda store: None, ''),
    ('1', 'a byte of a record changed', records(lambda r: changed(r, 11, b'GET', b'PUT')), 'E_RECORD_MODIFIED'),
    ('1', 'the first record changed', records(lambda r: changed(r, 0, b'GET', b'PUT')), 'E_RECORD_MODIFIED'),
    ('1', 'the last record changed', records(lambda r: changed(r, 39, b'GET', b'PUT')), 'E_RECORD_MODIFIED'),
    ('1', 'every record changed in length only', records(lambda r: [x[:-2] + b' }\n' for x in r]), 'E_SEGMENT_ROOT'),
    ('2', 'a record deleted', records(lambda r: without(r, 17)), 'E_RECORD_MISSING'),
    ('2', 'the first record deleted', records(lambda r: without(r, 0)), 'E_RECORD_MISSING'),
    ('3', 'three records deleted', records(lambda r: without(r, 5, 6, 7)), 'E_RECORD_MISSING'),
    ('3', 'three records deleted apart', records(lambda r: without(r, 5, 16, 27)), 'E_RECORD_MISSING'),
    ('4', 'a record inserted', records(lambda r: [*r[:9], LINE, *r[9:]]), 'E_RECORD_INSERTED'),
    ('5', 'a record doubled', records(lambda r: [*r[:9], r[8], *r[9:]]), 'E_RECORD_INSERTED'),
    ('6', 'two neighbours swapped', records(lambda r: exchanged(r, 20, 21)), 'E_RECORD_REORDERED'),
    ('6', 'two records far apart swapped', records(lambda r: exchanged(r, 3, 33)), 'E_RECORD_REORDERED'),
    ('6', 'a record moved', records(lambda r: [*r[:4], *r[5:30], r[4], *r[30:]]), 'E_RECORD_REORDERED'),
    ('6', 'the last record moved', records(lambda r: [*r[:4], r[39], *r[4:39]]), 'E_RECORD_REORDERED'),
    ('6', 'a record moved to the end', records(lambda r: [*r[:4], *r[5:], r[4]]), 'E_RECORD_REORDERED'),
    ('6', 'the last two swapped', records(lambda r: exchanged(r, 38, 39)), 'E_RECORD_REORDERED'),
    ('7', 'a record of another segment in its place', records(lambda r: [*r[:4], make.record_line(43), *r[5:]]),
     'E_RECORD_MODIFIED'),
    ('8', 'the tail of a segment cut', records(lambda r: r[:31]), 'E_RECORD_MISSING'),
    ('8', 'all records gone', records(lambda r: []), 'E_RECORD_MISSING'),
    ('9', 'records appended', records(lambda r: [*r, LINE, LINE]), 'E_RECORD_INSERTED'),
    ('10', 'the final LF gone', records(lambda r: [*r[:-1], r[-1][:-1]]), 'E_TORN_LINE'),
    ('11', 'a second frame with lines behind', edit(DATA, lambda c: c + make.zstd_frame(LINE)), 'E_RECORD_INSERTED'),
    ('12', 'a skippable frame behind', edit(DATA, lambda c: c + SKIPPABLE), 'W_REPACKED'),
    ('12', 'a skippable frame in front', edit(DATA, lambda c: SKIPPABLE + c), 'W_REPACKED'),
    ('13', 'recompressed in one frame', records(lambda r: r), 'W_REPACKED'),
    ('14', 'the file cut', edit(DATA, lambda c: c[:700]), 'E_CONTAINER'),
    ('14', 'the file cut to nothing', edit(DATA, lambda c: b''), 'E_RECORD_MISSING'),
    ('14', 'the file cut at a frame border',
     edit(DATA, lambda c: c[:list(verify.walk_frames(c))[1][1]]), 'E_RECORD_MISSING'),
    ('15', 'garbage behind the file', edit(DATA, lambda c: c + b'garbage'), 'E_CONTAINER'),
    ('15', 'a bit of the compressed bytes', edit(DATA, lambda c: flip(c, 4, 0x08)), 'E_CONTAINER'),
    ('16', 'a segment file deleted', remove(DATA), 'E_SEGMENT_MISSING'),
    ('16', 'a segment deleted whole', remove(DATA, SALT, IDX), 'E_SEGMENT_MISSING'),
    ('17', 'two data files swapped', swap((DATA, DATA2)), 'E_SEGMENT_ROOT'),
    ('18', 'data and salts swapped', swap((DATA, DATA2), (SALT, SALT2)), 'E_SEGMENT_ROOT'),
    ('19', 'data, salts and idx swapped', swap((DATA, DATA2), (SALT, SALT2), (IDX, IDX2)),
     'E_INDEX E_SEGMENT_ROOT'),
    ('20', 'a symbolic link for the data', instead(DATA, lambda p: os.symlink('00000002.jsonl.zst', p)),
     'E_FILE_TYPE'),
    ('20', 'a fifo for the data', instead(DATA, os.mkfifo), 'E_FILE_TYPE'),
    ('21', 'a directory for the data', instead(DATA, os.mkdir), 'E_FILE_TYPE'),
    ('21', 'a fifo for the chain', instead(CHAIN, os.mkfifo), 'E_FILE_TYPE'),
    ('21', 'a fifo for a note', instead(NOTE2, os.mkfifo), 'E_FILE_TYPE'),
    ('22', 'an unknown file in seg/', garbage(SHOP + 'seg/00000003.jsonl.zst'), 'W_UNKNOWN_FILE'),
    ('22', 'unfinished files', both(*(garbage(SHOP + name + '.tmp') for name in (
        'seg/00000003.jsonl.zst', 'cp/00000005.note', 'checkpoint'))), ''),
    ('22', 'an unfinished stream', garbage('streams/new.tmp'), ''),
    ('22', 'an unknown file in cp/', garbage(SHOP + 'cp/2.note'), 'W_UNKNOWN_FILE'),
    ('23', 'the salts of another segment', edit(SALT, other_seed), 'E_SALT'),
    ('23', 'a byte of the salt file', edit(SALT, lambda c: b'1' + c[1:]), 'E_SALT'),
    ('23', 'a salt node at level 99', edit(SALT, lambda c: b'99' + c[1:]), 'E_SALT'),
    ('24', 'the salts deleted', remove(SALT), 'E_SALT'),
    ('25', 'a prefix in idx changed', edit(IDX, lambda c: flip(c, 5)), 'E_INDEX'),
    ('25', 'the idx deleted', remove(IDX), 'E_INDEX'),
    ('31', 'an entry changed', rows(CHAIN, lambda r: changed(r, 1, b'"lost":0', b'"lost":7')),
     'E_CHAIN_ROOT E_ENTRY_LINK'),
    ('31', 'the newest entry changed', rows(CHAIN, lambda r: changed(r, 3, b'02.500Z', b'02.501Z')), 'E_CHAIN_ROOT'),
    ('32', 'an entry deleted', rows(CHAIN, lambda r: without(r, 1)),
     'E_CHAIN_ROOT E_CHAIN_TRUNCATED E_ENTRY_INDEX E_ENTRY_LINK'),
    ('33', 'two entries swapped', rows(CHAIN, lambda r: exchanged(r, 1, 2)),
     'E_CHAIN_ROOT E_ENTRY_INDEX E_ENTRY_LINK'),
    ('34', 'a forged entry appended', rows(CHAIN, forge), 'E_UNSIGNED_ENTRIES'),
    ('35', 'the newest entry cut', rows(CHAIN, lambda r: r[:-1]), 'E_CHAIN_TRUNCATED'),
    ('35', 'the chain cut to nothing', edit(CHAIN, lambda c: b''), 'E_CHAIN_TRUNCATED E_GENESIS W_UNKNOWN_FILE'),
    ('35', 'the chain deleted', remove(CHAIN), 'E_CHAIN_TRUNCATED'),
    ('39', 'an older checkpoint', lambda store: save(store, CHECKPOINT, load(store, NOTE2)), 'E_CHECKPOINT_ROLLBACK'),
    ('39', 'no checkpoint', remove(CHECKPOINT), 'E_CHECKPOINT_MISSING'),
    ('40', 'a bit of a signature', edit(NOTE2, lambda c: c.replace(
        c.splitlines()[-2], c.splitlines()[-2][:60] + (b'A' if c.splitlines()[-2][60:61] != b'A' else b'B')
        + c.splitlines()[-2][61:])), 'E_LOG_SIG'),
    ('41', 'the log signature removed', edit(NOTE2, drop_line(4)), 'E_LOG_SIG'),
    ('42', 'CRLF in a note', edit(NOTE2, lambda c: c.replace(b'\n', b'\r\n')), 'E_NOTE'),
    ('42', 'a note without final LF', edit(NOTE2, lambda c: c[:-1]), 'E_NOTE'),
    ('42', 'an empty note', edit(NOTE2, lambda c: b''), 'E_NOTE'),
    ('43', 'a leading zero in a size', edit(NOTE2, lambda c: c.replace(b'\n2\n', b'\n02\n')), 'E_NOTE'),
    ('42', 'a blank in the origin of a note', edit(NOTE2, lambda c: c.replace(b'/shop', b'/sh op', 1)), 'E_NOTE'),
    ('42', 'a blank in the origin of a note, and no genesis to compare it with', both(
        rows(CHAIN, lambda r: changed(r, 0, b'"v":1', b'"v":2')), edit(NOTE2, lambda c: c.replace(b'/shop', b'/sh op', 1))),
     'E_CHAIN_ROOT E_ENTRY_SYNTAX E_ENTRY_LINK E_GENESIS E_NOTE'),
    ('43', '101 signature lines', edit(NOTE2, lambda c: c + '\u2014 w AAAAAAA=\n'.encode() * 99), 'E_NOTE'),
    ('44', 'a kept note deleted', remove(NOTE2), 'E_CHECKPOINT_MISSING'),
    ('44', 'the newest note deleted', remove(NOTE4), 'E_CHECKPOINT_MISSING'),
    ('45', 'another key under our name', edit(NOTE2, imposter), 'E_LOG_SIG'),
    ('66', 'an entry of 61,441 bytes', edit(CHAIN, lambda c: c + b'x' * 61441 + b'\n'), 'E_LIMIT'),
    ('66', 'an entry of 61,440 bytes', edit(CHAIN, lambda c: c + b'x' * 61440 + b'\n'), 'E_UNSIGNED_ENTRIES'),
    ('66', 'an entry of 256 KiB', edit(CHAIN, lambda c: c + b'x' * 2**18 + b'\n'), 'E_LIMIT'),
    ('66', 'the beginning of an entry of 256 KiB', edit(CHAIN, lambda c: c + b'x' * 2**18), 'E_CHAIN_TORN'),
    ('66', 'more revocations than are kept', edit(CHAIN, lambda c: c + REVOKES), 'E_LIMIT'),
    ('46', 'the chain torn', edit(CHAIN, lambda c: c[:-9]), 'E_CHAIN_TORN'),
    ('46', 'the last LF of the chain gone', edit(CHAIN, lambda c: c[:-1]), 'E_CHAIN_TORN'),
    ('47', 'a key twice', rows(CHAIN, lambda r: changed(r, 2, b'"seg":2', b'"seg":2,"seg":2')), BROKEN),
    ('47', 'a blank', rows(CHAIN, lambda r: changed(r, 2, b'"seg":2', b'"seg": 2')), BROKEN),
    ('47', 'a float', rows(CHAIN, lambda r: changed(r, 2, b'"seg":2', b'"seg":2.0')), BROKEN),
    ('47', 'a NUL', rows(CHAIN, lambda r: changed(r, 2, b'"sw":"', b'"sw":"\0')), BROKEN),
    ('47', 'bad UTF-8', rows(CHAIN, lambda r: changed(r, 2, b'"sw":"', b'"sw":"\xff')), BROKEN),
    ('50', 'a segment rewritten with the log key',
     lambda store: resign(store, 'shop', altered(1, sw='another'), (0,)), 'E_EPOCH_SIG'),
    ('51', 'all rewritten from genesis on', lambda store: resign(store, 'shop', own_keys, ()), 'E_GENESIS'),
    ('52', 'a segment dropped, and the chain goes on', drop_and_go_on, 'E_EPOCH_SIG'),
    ('53', 'the newest segment rewritten with the log key', sealed(lambda rows: rows[:-1], epochs=(0, 1)),
     'E_EPOCH_SIG'),
    ('58', 'a gap in the segment numbers', both(
        lie(lambda e: (e.update(seg=3), e['file'].update(name='seg/00000003.jsonl.zst')), place=2),
        *(lambda store, end=end: os.rename(os.path.join(store, f'{SHOP}seg/00000002.{end}'),
                                           os.path.join(store, f'{SHOP}seg/00000003.{end}'))
          for end in ('jsonl.zst', 'salt', 'idx'))), 'E_SEGMENT_GAP'),
    ('58', 'a gap in the record numbers', lie(shift(None, 'first'), place=2), 'E_RECORD_GAP'),
    ('58', 'lines that do not add up', lie(shift('in', 'meta'), place=1), 'E_COUNTS'),
    ('58', 'n that does not add up', lie(lambda e: e['in'].update(
        lines=e['in']['lines'] + 1, parsed=e['in']['parsed'] + 1), place=1), 'E_COUNTS'),
    ('58', 'bytes that the records have not', lie(shift(None, 'bytes'), place=1), 'E_COUNTS'),
    ('58', 'states that the records have not', lie(lambda e: e['in'].update(
        parsed=e['in']['parsed'] + 1, partial=e['in']['partial'] - 1), place=1), 'E_COUNTS'),
    ('58', 'statuses that the records have not', lie(lambda e: e['by']['status'].update({'2xx': 11, '3xx': 12}),
                                                     place=1), 'E_COUNTS'),
    ('58', 'reasons that the records have not', lie(lambda e: e['reasons'].update(grammar=1, too_long=2), place=1),
     'E_COUNTS'),
    ('58', 'no reasons, and records that have some', lie(lambda e: e.pop('reasons'), place=1), 'E_COUNTS'),
    ('58', 'a reason of a record that goes on with a line',
     lie(lambda e: e['reasons'].update(continued=1), place=1), 'E_COUNTS'),
    ('58', 'a reason that nobody here knows', lie(lambda e: e['reasons'].update(newer=7), place=1), ''),
    ('58', 'bounds of time too wide', lie(lambda e: e['time'].update(min='2026-11-28T22:58:00.000Z'), place=1),
     'E_COUNTS'),
    ('59', 'the time of an entry goes back', lie(put(t='2026-12-01T08:00:00.999Z'), place=2), 'E_TIME_BACK'),
    ('59', 'an entry ends the wrong epoch', lie(put(epoch=7), place=2), 'E_EPOCH_ORDER'),
    ('59', 'a next key with a name of 255 bytes',
     lie(lambda e: e.update(next=make.make_vkey('x' * 255, make.ed25519_public(bytes(32)))), place=2), 'E_EPOCH_ORDER E_EPOCH_SIG'),
    ('60', 'the epoch signature removed', edit(NOTE2, drop_line(5)), 'E_EPOCH_SIG'),
    ('', 'a record in no epoch of its entry', lie(lambda e: e['mask_epochs'].update(ip=['2026-W48']), place=1),
     'E_MASK_EPOCH'),
    ('58', 'a size that the file has not', lie(shift('file', 'size'), place=1), 'E_COUNTS'),
    ('58', 'a number of words that the vocabulary has not', lie(shift('words', 'n'), place=2), 'W_WORDS'),
    ('58', 'an idx that the leaves have not', sealed(idx=lambda c: flip(c, 3)), 'E_INDEX'),
    ('58', 'a block root that the leaves have not', sealed(idx=lambda c: flip(c, 20)), 'E_INDEX'),
    ('58', 'an idx too long', sealed(idx=lambda c: c + b'x'), 'E_INDEX'),
    ('58', 'no seek table', sealed(data=lambda r: frames(b''.join(r), table=False)), 'E_CONTAINER'),
    ('58', 'a wrong seek table', sealed(data=lambda r: flip_behind(frames(b''.join(r)), 15)), 'E_CONTAINER'),
    ('58', 'a wrong end of the seek table', sealed(data=lambda r: flip_behind(frames(b''.join(r)), 1)), 'E_CONTAINER'),
    ('58', 'a longer seek table', sealed(data=lambda r: frames(b''.join(r), more=b'x')), 'E_CONTAINER'),
    ('58', 'two seek tables', sealed(data=lambda r: frames(b''.join(r)) + frames()), 'E_CONTAINER'),
    ('58', 'a frame behind the seek table',
     sealed(data=lambda r: frames(*r[:3]) + frames(b''.join(r[3:]), table=False)), 'E_CONTAINER'),
    ('58', 'a skippable frame', sealed(data=lambda r: SKIPPABLE + frames(b''.join(r))), 'E_CONTAINER'),
    ('58', 'a frame with a checksum', sealed(data=lambda r: frames(checked_frame(b''.join(r)))), 'E_CONTAINER'),
    ('58', 'a frame that ends within a line',
     sealed(data=lambda r: frames(b''.join(r)[:99], b''.join(r)[99:])), 'E_CONTAINER'),
    ('58', 'a frame of nothing', sealed(data=lambda r: frames(b'', b''.join(r))), 'E_LIMIT'),
    ('58', 'a frame too large', sealed(lambda r: r * 1000, data=lambda r: frames(b''.join(r))), 'E_LIMIT'),
    ('58', 'frames for each record', sealed(data=lambda r: frames(*r)), ''),
    *(('58', f'a record with {claim}', odd_record(old, new), 'E_RECORD_SYNTAX') for claim, old, new in (
        ('a key of no field', b',"method"', b',"mehtod"'),
        ('a key twice', b',"method":"GET"', b',"method":"GET","method":"GET"'),
        ('keys out of order', b',"method":"GET","path"', b',"path":"/","method":"GET","path"'),
        ('a blank', b',"method"', b', "method"'),
        ('a blank behind', b'}\n', b'} \n'),
        ('an escape of a slash', b'"/', b'"\\/'),
        ('an escape that is not needed', b'GET', b'\\u0047ET'),
        ('an escape in capitals', b'GET', b'\\u001F'),
        ('a control character', b'GET', b'G\x01T'),
        ('a DEL', b'GET', b'G\x7fT'),
        ('bytes that are no UTF-8', b'GET', b'G\xffT'),
        ('a raw U+FFFD', b'GET', b'G\xef\xbf\xbdT'),
        ('a character that must be escaped', b'GET', b'G\xc2\x85T'),
        ('a zero in front', b'"bytes":', b'"bytes":0'),
        ('a negative zero', b'"bytes":', b'"bytes":-0,"x":'),
        ('a float', b'"bytes":', b'"bytes":1.'),
        ('a number above 2^63', b'"bytes":', b'"bytes":9223372036854775808'),
        ('a number for a text', b'"GET"', b'7'),
        ('a text for a number', b'"bytes":', b'"bytes":"7","request_bytes":'),
        ('a text too long', b'GET', b'G' * 2049),
        ('too many hops', b',"method"', b',"forwarded":["-"' + 16 * b',"-"' + b'],"method"'),
        ('no hops', b',"method"', b',"forwarded":[],"method"'),
        ('hops that do not end', b',"method"', b',"forwarded":["-","method"'),
        ('too many members', b'}\n', b',"extra":{' + b','.join(b'"%d":1' % k for k in range(33)) + b'}}\n'),
        ('a member twice', b'}\n', b',"extra":{"a":1,"a":2}}\n'),
        ('a member of another kind', b'}\n', b',"extra":{"a":true}}\n'),
        ('a state of no kind', b'}\n', b',"state":"parsed"}\n'),
        ('a flag of no kind', b'}\n', b',"flags":["odd"]}\n'),
        ('flags out of order', b'}\n', b',"flags":["bad_utf8","time_arrival"]}\n'),
        ('a placeholder in its place', b'{"time', b'{"~time'),
        ('an offset of time', b'Z",', b'+00:00",'),
        ('a truncated end', b'}\n', b'\n'),
    )),
    *(('58', f'a record with {claim}', odd_record(old, new), '') for claim, old, new in (
        ('a text of the longest', b'GET', b'G' * 2048),
        ('the longest of what was no UTF-8', b'GET', b'\\ufffd' * 2048),
        ('the greatest number', b'"bytes":', b'"bytes":9223372036854775807,"request_bytes":'),
        ('the least number', b'"bytes":', b'"bytes":-9223372036854775808,"request_bytes":'),
        ('the most hops', b',"method"', b',"forwarded":["-"' + 15 * b',"-"' + b'],"method"'),
        ('the most members', b'}\n', b',"extra":{' + b','.join(b'"%d":1' % k for k in range(32)) + b'}}\n'),
        ('all kinds of characters', b'GET', b'\\n\\u007f\\u202e\\ufffd\xc3\xa4 \xf0\x9f\xa6\x8a'),
    )),
    ('58', 'a record of 16,385 bytes', odd_record(b',"method"', b',"level":"%s","method"' % (b'x' * 16500)), 'E_LIMIT'),
    ('66', 'a file that unpacks to much more than was sealed',
     edit(DATA, lambda c: make.zstd_frame((b'x' * 1023 + b'\n') * 49152)), 'E_LIMIT'),
    ('66', 'a file of one line of 64 MiB', edit(DATA, lambda c: make.zstd_frame(b'x' * 2**26)), 'E_LIMIT'),
    ('66', 'a line of 2 MiB behind the records', records(lambda r: [*r, b'x' * 2**21 + b'\n']), 'E_LIMIT'),
    ('66', 'a line of 64 KiB between the records', records(lambda r: [*r[:9], b'x' * 65536 + b'\n', *r[9:]]), 'E_LIMIT'),
    ('66', 'a record made 16,385 bytes long', records(lambda r: [*r[:9], b'x' * 16384 + b'\n', *r[10:]]), 'E_LIMIT'),
    ('66', 'a record made 16,384 bytes long', records(lambda r: [*r[:9], b'x' * 16383 + b'\n', *r[10:]]), 'E_RECORD_MODIFIED'),
    ('66', 'a last line of 16,384 bytes without its end', records(lambda r: [*r, b'x' * 16384]), 'E_LIMIT'),
    ('66', 'a last line of 16,383 bytes without its end', records(lambda r: [*r, b'x' * 16383]), 'E_TORN_LINE'),
    ('66', 'a long line in front of damage',
     edit(DATA, lambda c: make.zstd_frame(b'x' * 2**21 + b'\n') + b'garbage'), 'E_LIMIT'),
    ('66', 'far more lines than a segment may have', edit(DATA, lambda c: make.zstd_frame(b'\n' * 1200000)), 'E_LIMIT'),
    ('66', 'a chain of more lines than one may have', edit(CHAIN, lambda c: c + b'\n' * 2**20), 'E_LIMIT'),
    ('34', 'a pruning that nobody signed, of files that are gone', both(
        unsigned('prune', segs=[[1, 1]], rule='age 1d', cutoff='2026-12-01T00:00:00.000Z'), remove(DATA, SALT, IDX)),
     'E_SEGMENT_MISSING E_UNSIGNED_ENTRIES'),
    ('34', 'a pruning that nobody signed, of files that are there',
     unsigned('prune', segs=[[1, 1]], rule='age 1d', cutoff='2026-12-01T00:00:00.000Z'), 'E_UNSIGNED_ENTRIES'),
    ('34', 'a segment that nobody signed', unsigned('segment', **{
        k: v for k, v in json.loads(load(os.path.join(HERE, 'store'), CHAIN).splitlines()[2]).items()
        if k not in ('v', 'i', 'type', 't', 'prev')}), 'E_UNSIGNED_ENTRIES'),
    ('', 'a stream deleted', lambda store: shutil.rmtree(os.path.join(store, SHOP)), 'E_STREAM_MISSING'),
    ('', 'the store chain deleted', lambda store: shutil.rmtree(os.path.join(store, ROOT)),
     'E_GENESIS E_STREAM_MISSING'),
    ('', 'a stream copied', lambda store: shutil.copytree(os.path.join(store, SHOP),
                                                         os.path.join(store, 'streams/copy')),
     'E_GENESIS E_STREAM_UNLISTED W_WORDS'),
    ('', 'another genesis listed', lie(put(genesis='0' * 64), of='stream', stream='cretula.store'), 'E_GENESIS'),
    ('', 'no epochs for the tokens of clients', lie(lambda e: e['mask_epochs'].pop('ip'), place=1), 'E_MASK_EPOCH'),
    ('', 'no epochs for the tokens of forwarded', lie(lambda e: e['mask_epochs'].pop('if'), place=1), 'E_MASK_EPOCH'),
    ('', 'no epochs for the tokens of sessions', lie(lambda e: e['mask_epochs'].pop('se'), place=2), 'E_MASK_EPOCH'),
    ('', 'a day too few for the tokens of sessions', lie(
        lambda e: e['mask_epochs'].update(se=['2026-11-28', '2026-11-30']), place=1), 'E_MASK_EPOCH'),
    ('', 'masked for 7 records', lie(lambda e: insert(e, 'policy', 'masked', {'ip.peer': 1}), place=2),
     'E_ENTRY_SYNTAX'),
    ('', 'epochs of a week that no year has', lie(lambda e: e['mask_epochs'].update(se=['2025-W60']), place=1),
     'E_ENTRY_SYNTAX'),
    ('', 'masked left out for 40', lie(lambda e: e.pop('masked'), place=1), 'E_ENTRY_SYNTAX'),
    ('', 'by left out for 40', lie(lambda e: e.pop('by'), place=1), 'E_ENTRY_SYNTAX'),
    ('', 'events over the rate, which were counted', lie(
        lambda e: (insert(e, 'policy', 'causes', {'rate': 1}), e['in'].update(counted=e['in']['counted'] + 1, lines=e['in']['lines'] + 1)), place=1), ''),
    ('', 'more events over the rate than were counted', lie(
        lambda e: insert(e, 'policy', 'causes', {'rate': e['in']['counted'] + e['in']['split']['counted'] + 1}), place=1), 'E_COUNTS'),
    ('', 'more causes of losses than losses', lie(
        lambda e: insert(e, 'policy', 'causes', {'gap': e['in']['lost'] + 1}), place=1), 'E_COUNTS'),
    ('', 'causes whose sum has no room', lie(
        lambda e: insert(e, 'policy', 'causes', {'gap': 2**53 - 1, 'socket': 2**53 - 1}), place=1), 'E_COUNTS'),
    ('', 'no causes, and said so', lie(lambda e: insert(e, 'policy', 'causes', {}), place=1), 'E_ENTRY_SYNTAX'),
    ('', 'causes out of order', lie(
        lambda e: insert(e, 'policy', 'causes', {'gap': 1, 'rate': 1}), place=1), 'E_ENTRY_SYNTAX'),
    ('', 'a cause of none', lie(lambda e: insert(e, 'policy', 'causes', {'rate': 0}), place=1), 'E_ENTRY_SYNTAX'),
    ('', 'a cause of a later version', lie(lambda e: insert(e, 'policy', 'causes', {'shoe': 1}), place=1), ''),
    ('', 'a class of a later version', lie(lambda e: e['masked'].update({'shoe': 1}), place=1), ''),
    ('', 'the store lists itself', lie(put(name='cretula.store'), of='stream', stream='cretula.store'),
     'E_ENTRY_SYNTAX E_STREAM_UNLISTED'),
    ('', 'live epochs', lie(lambda e: e.pop('mask_seed'), place=1), ''),
    ('', 'an entry of a later type', lie(put(type='later'), of='destroy'), 'exit3'),
    ('', 'a file for a stream', garbage('streams/junk'), 'W_UNKNOWN_FILE'),
    ('', 'an empty stream', fake_dir('streams/junk'), 'E_CHAIN_TRUNCATED'),
    ('', 'seg/ is a link', both(fake_dir('elsewhere'), instead(SHOP + 'seg', lambda p: os.symlink(p + '.x', p))),
     'E_FILE_TYPE'),
    ('', 'a fifo for the vocabulary', instead('words/shop', os.mkfifo), 'E_FILE_TYPE'),
    ('', 'a link to the vocabularies', lambda store: (
        os.rename(os.path.join(store, 'words'), store + '.words'), os.symlink(store + '.words', os.path.join(store, 'words'))),
     'E_FILE_TYPE'),
    ('', 'a link to nowhere for the vocabularies', instead('words', lambda p: os.symlink(p + '.x', p)), 'E_FILE_TYPE'),
    ('', 'a file for the vocabularies', instead('words', lambda p: open(p, 'wb').close()), 'E_FILE_TYPE'),
    ('', 'no vocabularies at all', lambda store: shutil.rmtree(os.path.join(store, 'words')), 'W_WORDS'),
    ('', 'the vocabulary changed', edit('words/shop', lambda c: c + b'path\t/shop\tzzz\n'), 'W_WORDS'),
    ('', 'the vocabulary deleted', remove('words/shop'), 'W_WORDS'),
]


# ---- Tests ---------------------------------------------------------------------------------------------------------

class Verdicts:
    """What verify.py found, by all that it is a function of: its own sources, each byte of the store, what it is given.

    ./test runs this file for the gcc build and again for the sanitizers', and names one file in CRETULA_VERDICTS for both:
    what C finds is compared in each build; that Python finds the same in the same bytes twice says nothing of either.
    """

    def __init__(self):
        self.path, self.known, self.new = os.environ.get('CRETULA_VERDICTS'), {}, 0
        self.base = hashlib.sha256()
        for source in sorted(glob.glob(os.path.join(HERE, '*.py'))):
            self.base.update(hashlib.sha256(load('/', source)).digest())
        if self.path and os.path.exists(self.path):
            self.known = json.loads(load('/', self.path))

    def of(self, store, anchor, *more):
        if not self.path:
            return run_verify(store, anchor, *more)
        key = self.base.copy()
        for path, folders, names in os.walk(store):
            folders.sort()
            for name in [*folders, *sorted(names)]:
                whole = os.path.join(path, name)
                shape = f'{os.path.relpath(whole, store)} {os.lstat(whole).st_mode} {os.path.islink(whole) and os.readlink(whole)}'
                key.update(hashlib.sha256(shape.encode('utf-8', 'surrogateescape')).digest())
                if os.path.isfile(whole):
                    key.update(hashlib.sha256(load('/', whole)).digest())
        for text in (anchor, *more):
            key.update(hashlib.sha256(load('/', text) if text and os.path.isfile(text) else str(text).encode()).digest())
        key = key.hexdigest()
        if key not in self.known:
            code, codes = run_verify(store, anchor, *more)
            self.known[key] = [code, sorted(codes)]
            self.new += 1
        return self.known[key][0], set(self.known[key][1])

    def keep(self):
        if self.path and self.new:
            save('/', self.path, json.dumps(self.known).encode())


def run_verify(store, anchor=None, *more):
    """(exit code, set of codes) of verify.py, without a process of its own."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        code = verify.main([store, '--json', *more] + (['--anchor', anchor] if anchor else []))
    found = [json.loads(line) for line in printed.getvalue().splitlines()]
    return code, {finding['code'] for finding in found if 'code' in finding}


def remembered(decompress):
    """A case changes one file of many, and each that is unpacked starts a process: the same bytes are unpacked once."""
    known = functools.lru_cache(None)(decompress)
    return lambda content, *limit: (known if len(content) < 1 << 16 else decompress)(content, *limit)


VERDICTS = Verdicts()


def run_cretula(program, store, anchor=None, *more):
    run = subprocess.run([program, 'verify', '--store', store, *(['--anchor', anchor] if anchor else []), *more],
                         capture_output=True, timeout=60, check=False)
    return run.returncode, set(re.findall(r'\b[EW]_[A-Z_]+\b', run.stdout.decode('utf-8', 'replace')))


def test_tables(tap):
    """verify.py's lists are those of the source, and its readers agree with the tables."""
    def table(path, pattern):
        with open(os.path.join(SOURCE, path), encoding='utf-8') as file:
            return re.findall(pattern, file.read(), re.MULTILINE)

    kinds = {'TIME': 'time', 'TEXT': 'text', 'INT': 'int', 'LIST': 'list', 'EXTRA': 'extra', 'FLAGS': 'flags'}
    fields = {name: 'state' if name == 'state' else kinds[kind]
              for name, kind in table('record/fields.def', r'^FIELD\(\w+,\s*"(\w+)",\s*(\w+)')}
    tap.result(list(fields.items()) == list(verify.FIELDS.items()), 'fields are those of fields.def')
    tap.result(table('record/flags.def', r'^FLAG\(\w+,\s*"(\w+)"') == verify.FLAGS, 'flags are those of flags.def')
    classes = table('record/class.def', r'^CLASS\(\w+,\s*"([a-z.]+)",\s*"(\w*)"')
    tap.result([name for name, _ in classes] == verify.CLASSES, 'classes are those of class.def')
    tap.result(sorted({prefix for _, prefix in classes if prefix}) == verify.PREFIXES,
               'token prefixes are those of class.def')
    tap.result(table('parse/reasons.def', r'^REASON\(\w+,\s*"(\w+)"') == verify.REASONS,
               'reasons are those of reasons.def')
    known = set(table('audit/findings.def', r'^FINDING\((\w+)'))
    with open(verify.__file__, encoding='utf-8') as file:
        used = set(re.findall(r"'([EW]_[A-Z_]+)'", file.read()))
    tap.result(used <= known, 'codes are those of findings.def', used - known)


def table_rows(name):
    with open(os.path.join(HERE, name), encoding='ascii') as file:
        return [line.split(' ') for line in file.read().splitlines()]


def unhex(text):
    return b'' if text == '-' else bytes.fromhex(text)


def note_verdict(content, log, epoch):
    try:
        note = verify.Note(content)
    except verify.Bad as bad:
        return bad.code
    return 'good' if note.signed_by(log) and note.signed_by(epoch) else \
        'E_EPOCH_SIG' if note.signed_by(log) else 'E_LOG_SIG'


def cosigned_at(content, vkey):
    note, (name, key_hash, public) = verify.Note(content), verify.parse_vkey(vkey, 4)
    try:
        return str(max(verify.cosigned(note.body, line, public) for line in note.lines_of(name, key_hash)))
    except ValueError:
        return '-'


def test_readers(tap):
    wrong = [row[4] for row in table_rows('ed25519.txt')
             if verify.ed25519_verify(*map(unhex, row[:3])) != (row[3] == 'good')]
    tap.result(not wrong, 'signatures are judged as ed25519.txt says', wrong)
    wrong = [(row[4], note_verdict(unhex(row[0]), row[1], row[2])) for row in table_rows('notes.txt')
             if note_verdict(unhex(row[0]), row[1], row[2]) != row[3]]
    tap.result(not wrong, 'notes are judged as notes.txt says', wrong)
    wrong = []
    for row in table_rows('entries-bad.txt'):
        with contextlib.suppress(ValueError):
            verify.parse_entry(unhex(row[0]))
            wrong.append(row[1])
    tap.result(not wrong, 'no line of entries-bad.txt is read', wrong)
    wrong = [row[3] for row in table_rows('cosignatures.txt') if cosigned_at(unhex(row[0]), row[1]) != row[2]]
    tap.result(not wrong, 'cosignatures are judged as cosignatures.txt says', wrong)
    # RFC 8032, section 7.1, test 2: the one thing here that neither make.py nor verify.py made.
    public, sig = (bytes.fromhex(h) for h in (
        '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
        '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da'
        '085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00'))
    tap.result(verify.ed25519_verify(public, b'\x72', sig), 'RFC 8032 test 2 verifies')


def numbered(number, claim):
    return f'{number}: {claim}' if number else claim


def test_case(tap, program, case, folder):
    number, claim, tamper, codes = case
    store = os.path.join(folder, 'store')
    shutil.copytree(os.path.join(HERE, 'store'), store)
    tamper(store)
    expected = (3 if codes == 'exit3' else 1 if 'E_' in codes else 0, set(codes.split()) - {'exit3'})
    anchor = table_rows('anchor.txt')[0]
    found = VERDICTS.of(store, ' '.join(anchor))
    tap.result(found == expected, numbered(number, claim), f'expected {expected}', f'found {found}')
    if program:
        tap.same(numbered(number, claim), found, run_cretula, program, store, ' '.join(anchor))


class Life:
    """The store of life.py, made once, and what an auditor brings."""

    def __init__(self, folder):
        self.store = os.path.join(folder, 'store')
        root, shop = life.make_life(self.store)
        self.anchor, self.folder = make.anchor_line(root), folder
        keys = life.escrow_file(shop).encode()
        save(folder, 'escrow', keys)
        save(folder, 'escrow-part', b''.join(keys.splitlines(keepends=True)[:-1]))
        save(folder, 'escrow-none', keys.splitlines(keepends=True)[0])
        for quorum in ('w1', 'one', 'two'):
            save(folder, quorum, life.policy_file(shop, quorum).encode())
        other = make.make_vkey('other.example.org', make.ed25519_public(make.secret('other')))
        save(folder, 'foreign', re.sub('log .*', f'log {other}', life.policy_file(shop, 'w1')).encode())

    def options(self, which):
        if which == 'bare':
            return ()
        escrow, policy = (which, 'w1') if which and which.startswith('escrow-') else ('escrow', which or 'w1')
        return '--escrow', os.path.join(self.folder, escrow), '--policy', os.path.join(self.folder, policy)


def test_life(tap, program, lived, case, folder):
    number, claim, tamper, codes, which = (*case, None)[:5]
    store = os.path.join(folder, 'store')
    shutil.copytree(lived.store, store)
    tamper(store)
    expected = (3 if 'exit3' in codes else 1 if 'E_' in codes else 0, set(codes.split()) - {'exit3'})
    found = VERDICTS.of(store, lived.anchor, *lived.options(which))
    tap.result(found == expected, numbered(number, claim), f'expected {expected}', f'found {found}')
    if program:
        tap.same(numbered(number, claim), found, run_cretula, program, store, lived.anchor, *lived.options(which))


def test_lives(tap, program, lived, folder):
    for k, case in enumerate([*life_cases.LIFE, *open_cases.OPEN_FILES]):
        if 'openssl' in case[1] and not shutil.which('openssl'):
            tap.result(True, case[1], skip='THE openssl PROGRAM IS MISSING')
            continue
        test_life(tap, program, lived, case, os.path.join(folder, f'life-{k}'))


# What nobody but the writer can tell: the state of an open segment, and salts of records that are not.
OPAQUE = re.compile(r'streams/shop/(open/.*|seg/00000002\.r2\.salt)')


def damages(store, count):
    """(claim, file, what becomes of its content; None: it is removed)."""
    rng = random.Random(2027)
    files = sorted(os.path.relpath(os.path.join(path, name), store) for path, _, names in os.walk(store) for name in names)
    for name in files:
        yield f'{name} removed', name, None
        content = load(store, name)
        for size in {rng.randrange(len(content)) for _ in range(2)} if content else ():
            yield f'{name} cut to {size} bytes', name, content[:size]
    for _ in range(count):
        name = rng.choice([name for name in files if load(store, name)])
        content = load(store, name)
        at, bit = rng.randrange(len(content)), 1 << rng.randrange(8)
        yield f'bit {bit} of byte {at} of {name} turned', name, flip(content, at, bit)


def test_damages(tap, program, lived, folder, count=500):
    """Nothing can be removed, cut or turned unseen; a warning is seen."""
    unseen, done = [], 0
    for k, (claim, name, content) in enumerate(damages(lived.store, count)):
        store = os.path.join(folder, f'damage-{k}')
        shutil.copytree(lived.store, store)
        if content is None:
            os.unlink(os.path.join(store, name))
        else:
            save(store, name, content)
        found = VERDICTS.of(store, lived.anchor, *lived.options(None))
        unseen += [claim] if found == (0, {life_cases.GIVEN_UP}) and not OPAQUE.fullmatch(name) else []
        done += 1
        if program:
            tap.same(claim, found, run_cretula, program, store, lived.anchor, *lived.options(None))
    tap.result(not unseen, f'68: each of {done} damages is seen', *unseen)


ELSEWHERE = {  # numbers of the tamper table that have no row here, and why
    '38': 'an age limit: tests/e2e/test_outside.py',
    '48': 'no such row in the table', '49': 'no such row in the table',
    '62': 'proofs: tests/e2e/test_prove.py',
    '65': 'bundles: tests/e2e/test_evidence.py',
    '68': 'test_damages and test_flips, here',
    '69': 'removed checks: tests/mutation/',
    '70': 'each row here, by both verifiers',
}


def test_numbers(tap):
    """Each row of the tamper table is tested."""
    there = {number for case in (*CASES, *PINNED, *life_cases.LIFE, *open_cases.OPEN_FILES) for number in case[0].split(', ')}
    missing = [number for number in map(str, range(1, 71)) if number not in there and number not in ELSEWHERE]
    tap.result(not missing, 'each number of the tamper table has a case', *missing)


def test_flips(tap, program, count=60):
    """No bit of a store can be turned unseen; a warning is seen."""
    rng, source = random.Random(2026), os.path.join(HERE, 'store')
    files = sorted(os.path.relpath(os.path.join(path, name), source)
                   for path, _, names in os.walk(source) for name in names)
    anchor, unseen, differ = ' '.join(table_rows('anchor.txt')[0]), [], []
    for _ in range(count):
        name = rng.choice(files)
        with tempfile.TemporaryDirectory() as folder:
            store = os.path.join(folder, 'store')
            shutil.copytree(source, store)
            content = load(store, name)
            at, bit = rng.randrange(len(content)), 1 << rng.randrange(8)
            save(store, name, flip(content, at, bit))
            found = VERDICTS.of(store, anchor)
            if found == (0, set()):
                unseen.append((name, at, bit))
            if program and run_cretula(program, store, anchor) != found:
                differ.append((name, at, bit, found, run_cretula(program, store, anchor)))
    tap.result(not unseen, f'each of {count} turned bits is seen', *unseen)
    if program:
        tap.result(not differ, f'each of {count} turned bits: cretula says the same', *differ)


def test_anchor(tap, program):
    store = os.path.join(HERE, 'store')
    vkey, genesis = table_rows('anchor.txt')[0]
    other = make.make_vkey(vkey.split('+')[0], make.ed25519_public(make.secret('thief')))
    for claim, line, expected in (
            ('the anchor fits', f'{vkey} {genesis}', (0, set())),
            ('without an anchor', None, (0, set())),
            ('the anchor names another genesis', f'{vkey} sha256:{"0" * 64}', (1, {'E_GENESIS'})),
            ('the anchor names another key', f'{other} {genesis}', (1, {'E_GENESIS'})),
            ('the anchor is none', 'nonsense', (2, set()))):
        with contextlib.redirect_stderr(io.StringIO()):
            found = run_verify(store, line)
        tap.result(found == expected, claim, f'expected {expected}', f'found {found}')
        if program:
            found = run_cretula(program, store, line)
            tap.result(found == expected, f'{claim}: cretula says the same', f'expected {expected}', f'cretula {found}')


def cut_back(store):
    """What a snapshot of the store from before its last entry holds."""
    save(store, CHAIN, b''.join(load(store, CHAIN).splitlines(keepends=True)[:-1]))
    os.unlink(os.path.join(store, NOTE4))
    save(store, CHECKPOINT, load(store, SHOP + 'cp/00000003.note'))


def before_the_stream(store):
    shutil.rmtree(os.path.join(store, 'streams/shop'))
    save(store, ROOT + 'chain.jsonl', load(store, ROOT + 'chain.jsonl').splitlines(keepends=True)[0])
    os.unlink(os.path.join(store, ROOT + 'cp/00000002.note'))
    save(store, ROOT + 'checkpoint', load(store, ROOT + 'cp/00000001.note'))
    os.unlink(os.path.join(store, 'words/shop'))


def other_past(lines):
    entry = json.loads(lines[-1])
    entry['commitment'] = '0' * 64
    return [*lines[:-1], verify.dump_entry(entry)]


# number of seal.md, claim, tampering, codes with the pin of before (None: the same as without)
PINNED = [
    ('', 'nothing happened', lambda store: None, set()),
    ('36, 37', 'an older snapshot', cut_back, {'E_ROLLBACK'}),
    ('37', 'a snapshot from before the stream', before_the_stream, {'E_ROLLBACK'}),
    ('57', 'another history of the same size', lambda store: resign(store, 'shop', other_past, {0, 1, 2, 3}),
     {'E_SPLIT_VIEW'}),
    ('', 'a changed entry', edit(CHAIN, lambda c: c.replace(b'"what":"import"', b'"what":"2026-11"')),
     {'E_CHAIN_ROOT'}),
]


def pin_case(tap, program, case, folder):
    number, claim, tamper, expected = case
    store, pin = os.path.join(folder, 'store'), os.path.join(folder, 'pin')
    shutil.copytree(os.path.join(HERE, 'store'), store)
    name = f'{number + " " if number else ""}{claim}'
    first = run_verify(store, None, '--pin', pin)
    before = load(folder, 'pin')
    tamper(store)
    alone = set() if expected <= {'E_ROLLBACK', 'E_SPLIT_VIEW'} else expected
    runs = [('verify.py', run_verify, ())] + ([('cretula', run_cretula, (program,))] if program else [])
    for who, run, how in runs:
        found = [run(*how, store), run(*how, store, None, '--pin', pin)]
        good = [(1 if alone else 0, alone), (1 if expected else 0, expected)]
        tap.result(first == (0, set()) and found == good and load(folder, 'pin') == before, f'{name}: {who}, with a pin',
                   f'expected {good}', f'found {found}')


def test_pins(tap, program):
    for case in PINNED:
        with tempfile.TemporaryDirectory() as folder:
            pin_case(tap, program, case, folder)


def main(arguments):
    tap, program = Tap(), arguments[0] if arguments else None
    verify.PAUSES = (0,)  # nobody writes here meanwhile
    verify.decompress = remembered(verify.decompress)
    if os.access('/dev/shm', os.W_OK):
        tempfile.tempdir = '/dev/shm'  # many small files, and nobody needs them on a disk
    if program and not os.access(program, os.X_OK):
        program = None
    if not shutil.which('zstd'):
        tap.result(True, 'vectors', skip='THE zstd PROGRAM IS MISSING: NOTHING WAS TESTED')
        return tap.end()
    complaints = list(make.check())
    tap.result(not complaints, 'the vectors reproduce', *complaints)
    test_tables(tap)
    test_readers(tap)
    test_numbers(tap)
    test_anchor(tap, program)
    test_pins(tap, program)
    test_flips(tap, program)
    with tempfile.TemporaryDirectory() as folder:
        for k, case in enumerate(CASES):
            test_case(tap, program, case, os.path.join(folder, f'case-{k}'))
        lived = Life(folder)
        test_lives(tap, program, lived, folder)
        test_damages(tap, program, lived, folder)
        tap.finish()
    VERDICTS.keep()
    if not program:
        tap.result(True, 'cretula verify agrees with verify.py',
                   skip='NO cretula PROGRAM: THE C VERIFIER WAS NOT COMPARED')
    return tap.end()


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
