"""What is done to the open segment of life.py: rows as in life_cases.py, all of number 67.

Without keys a verifier can tell what an honest writer leaves, also when it crashes, from what it does not; the first thing
that is wrong is told.  What only the writer can tell (flushes that are gone from the end) has no code.
"""
import os
import re

from life import b64, covers, covers_text
from life_cases import NEXT, OPEN, last_lf, whole
from tamper import SHOP, both, edit, exchanged, garbage, instead, load, remove, save

OFFSET = re.compile(rb'\t([1-9]\d*) ')


def again(end):
    """The next open segment has that file of the one before."""
    return lambda store: save(store, NEXT + end, load(store, OPEN + end))


OPEN_FILES = [
    *(('67', f'the flushes of an open segment: {claim}', edit(OPEN + 'tags', change), codes) for claim, change, codes in (
        # An honest crash leaves half a line; a whole one less is what only the writer knows.
        ('cut within the first line', lambda c: c[:50], ''),
        ('cut to one byte', lambda c: c[:1], ''),
        ('cut before the first LF', lambda c: c[:c.index(b'\n')], ''),
        ('cut behind the first LF', lambda c: c[:c.index(b'\n') + 1], ''),
        ('cut within the second line', lambda c: c[:c.index(b'\n') + 80], ''),
        ('cut within the last line', lambda c: c[:c.rindex(b'\n') - 9], ''),
        ('nothing but an LF', lambda c: b'\n', 'E_OPEN'),
        ('an LF in front', lambda c: b'\n' + c, 'E_OPEN'),
        ('an LF behind', lambda c: c[:c.rindex(b'\n') + 1] + b'\n', 'E_OPEN'),
        ('16,383 bytes without an LF behind', lambda c: c + b'9' * 16380, ''),
        ('16,384 bytes without an LF behind', lambda c: c + b'9' * 16381, 'E_OPEN'),
        ('a line of 16,385 bytes behind', lambda c: c + b'9' * 16381 + b'\n', 'E_OPEN'),
        ('zeros behind, as some file systems leave them', lambda c: c[:c.rindex(b'\n') + 1] + bytes(512), ''),
        ('zeros behind, and an LF', lambda c: c[:c.rindex(b'\n') + 1] + bytes(512) + b'\n', 'E_OPEN'),
        ('a byte that is no ASCII', lambda c: c.replace(b'lines=3', b'lines=\xb3'), 'E_OPEN'),
        ('CRLF', lambda c: c.replace(b'\n', b'\r\n'), 'E_OPEN'),
        ('a line twice', lambda c: b''.join(c.splitlines(keepends=True)[i] for i in (0, 1, 1, 2)), 'E_OPEN'),
        ('lines exchanged', lambda c: b''.join(exchanged(c.splitlines(keepends=True), 1, 2)), 'E_OPEN'),
        ('a blank behind the root', lambda c: c.replace(b'=\t', b'= \t', 1), 'E_OPEN'),
        ('two blanks', lambda c: c.replace(b' 7 3 ', b' 7  3 '), 'E_OPEN'),
        ('two tabs', lambda c: c.replace(b'\t0 0', b'\t\t0 0'), 'E_OPEN'),
        ('a root of 31 bytes', lambda c: c.replace(c.split(b' ')[4].split(b'\t')[0], b64(bytes(31)).encode()), 'E_OPEN'),
        ('a root with bits behind it', lambda c: c.replace(b'=\t', b'\t', 1).replace(b'\t', b'\t=', 1), 'E_OPEN'),
        ('a flush of another segment', lambda c: c.replace(b' 7 3 ', b' 8 3 '), 'E_OPEN'),
        ('a number of 2^64', lambda c: c.replace(b' 7 3 ', b' 7 18446744073709551616 '), 'E_OPEN'),
        ('records of 2^64 - 1', lambda c: c.replace(b' 7 6 ', b' 7 18446744073709551615 '), 'E_OPEN'),
        ('more records than a segment has', lambda c: c.replace(b' 7 6 ', b' 7 1048577 '), 'E_OPEN'),
        ('more records than there are', lambda c: c.replace(b' 7 6 ', b' 7 7 '), 'E_OPEN'),
        ('fewer records than before', lambda c: c.replace(b' 7 6 ', b' 7 2 '), 'E_OPEN'),
        ('data of 2^64', lambda c: c.replace(b'\t0 0\n', b'\t18446744073709551616 0\n'), 'E_OPEN'),
        ('data of 2^64 - 1', lambda c: c.replace(b'\t0 0\n', b'\t18446744073709551615 0\n'), 'E_OPEN'),
        ('data of 2^63', lambda c: c.replace(b'\t0 0\n', b'\t9223372036854775808 0\n'), 'E_OPEN'),
        ('data that go back', lambda c: c.replace(OFFSET.search(c)[0], b'\t0 '), 'E_OPEN'),
        ('data one byte short', lambda c: c.replace(OFFSET.search(c)[0], b'\t%d ' % (int(OFFSET.search(c)[1]) - 1)), 'E_OPEN'),
    )),
    *(('67', f'the state of a flush: {claim}', edit(OPEN + 'tags', lambda c, old=old, new=new: c.replace(old, new, 1)), codes)
      for claim, old, new, codes in (
        ('a zero in front', b'\t0 0', b'\t00 0', 'E_OPEN'),
        ('one number', b'\t0 0', b'\t0', 'E_OPEN'),
        ('a blank in front', b'\t0 0', b'\t 0 0', 'E_OPEN'),
        ('a blank behind', b'\t0 0\n', b'\t0 0 \n', 'E_OPEN'),
        ('two blanks', b' lines', b'  lines', 'E_OPEN'),
        ('a number and more', b'\t0 0', b'\t0 0x', 'E_OPEN'),
        ('records left behind, 2^64', b'\t0 0', b'\t0 18446744073709551616', 'E_OPEN'),
        ('records left behind', b'\t0 0', b'\t0 7', ''),
        ('times of no records', b'\t0 0', b'\t0 0 min+1 max+2', 'E_OPEN'),
        ('records without times', b' min+1764370770250000 max+1764378000000000', b'', 'E_OPEN'),
        ('one time', b' max+1764378000000000', b'', 'E_OPEN'),
        ('times the other way round', b'min+1764370770250000', b'min+1764378000000001', 'E_OPEN'),
        ('a time without sign', b'min+', b'min', 'E_OPEN'),
        ('a time before 1970', b'min+', b'min-', ''),
        ('a time of minus nothing', b'min+1764370770250000', b'min-0', 'E_OPEN'),
        ('a time of nothing', b'min+1764370770250000', b'min+0', ''),
        ('a time of 2^63', b'max+1764378000000000', b'max+9223372036854775808', 'E_OPEN'),
        ('a time of 2^63 - 1', b'max+1764378000000000', b'max+9223372036854775807', ''),
        ('a time of -2^63', b'min+1764370770250000', b'min-9223372036854775808', 'E_OPEN'),
        ('times out of place', b' min+1764370770250000 max+1764378000000000 bytes=77', b' bytes=77 min+1 max+2', 'E_OPEN'),
        ('a count of nothing', b'bytes=77', b'bytes=0', 'E_OPEN'),
        ('a count with a zero in front', b'bytes=77', b'bytes=077', 'E_OPEN'),
        ('a count of 2^64', b'bytes=77', b'bytes=18446744073709551616', 'E_OPEN'),
        ('a count of 2^64 - 1', b'bytes=77', b'bytes=18446744073709551615', ''),
        ('a count without number', b'bytes=77', b'bytes=', 'E_OPEN'),
        ('a count without name', b'bytes=77', b'=77', 'E_OPEN'),
        ('a word alone', b'bytes=77', b'bytes', 'E_OPEN'),
        ('a count twice', b'bytes=77', b'bytes=77 bytes=77', 'E_OPEN'),
        ('an unknown count', b'bytes=77', b'bytez=77', 'E_OPEN'),
        ('an unknown class', b'masked.ip.peer', b'masked.ip.pear', 'E_OPEN'),
        ('an unknown reason', b' @', b' reason.shoes=1 @', 'E_OPEN'),
        ('a known reason', b' @', b' reason.grammar=1 @', ''),
        ('a class in front of counts', b'bytes=77 lines=3', b'masked.ip.peer=1 bytes=77 lines=3', 'E_OPEN'),
        ('a count behind the sources', b':0\n', b':0 lost=1\n', 'E_OPEN'),
        ('a source in capitals', b'abcdef:', b'abcdeF:', 'E_OPEN'),
        ('a source too short', b' @0', b' @', 'E_OPEN'),
        ('a source of three parts', b':0\n', b'\n', 'E_OPEN'),
        ('a source of five parts', b':0\n', b':0:0\n', 'E_OPEN'),
        ('a source with an end of 2', b':0\n', b':2\n', 'E_OPEN'),
        ('a source that ended', b':0\n', b':1\n', ''),
        ('a source at 2^64', b':512:', b':18446744073709551616:', 'E_OPEN'),
        ('64 sources', b' @', b' @%s:1:1:0' % (b'0' * 32) * 63 + b' @', ''),
        ('65 sources', b' @', b' @%s:1:1:0' % (b'0' * 32) * 64 + b' @', 'E_OPEN'),
    )),
    *(('67', f'the records of an open segment: {claim}', edit(OPEN + 'data', change), codes) for claim, change, codes in (
        ('none', lambda c: b'', 'E_OPEN'),
        ('one byte', lambda c: c[:1], 'E_OPEN'),
        ('cut behind a line', lambda c: c[:c.index(b'\n') + 1], 'E_OPEN'),
        ('cut in front of an LF', lambda c: c[:c.index(b'\n')], 'E_OPEN'),
        ('cut behind the first flush, the next line being none', lambda c: c[:625] + b'x\n', 'E_RECORD_SYNTAX'),
        ('no LF', lambda c: c.replace(b'\n', b' '), 'E_OPEN'),
        ('an LF in front', lambda c: b'\n' + c, 'E_RECORD_SYNTAX'),
        ('zeros', lambda c: bytes(len(c)), 'E_OPEN'),
        ('zeros in front of the first LF', lambda c: bytes(c.index(b'\n')) + c[c.index(b'\n'):], 'E_RECORD_SYNTAX'),
        ('one no record, and cut', lambda c: b'x\n' + c[:50], 'E_RECORD_SYNTAX'),
        ('a byte that is no UTF-8', lambda c: c.replace(b'GET', b'G\xffT', 1), 'E_RECORD_SYNTAX'),
        ('a placeholder', lambda c: c.replace(b'{"time', b'{"~time', 1)[:len(c)], 'E_RECORD_SYNTAX'),
        ('one of 16,384 bytes and more', lambda c: b'x' * 20000 + b'\n' + c, 'E_OPEN'),
    )),
    ('67', 'no record, and flushes that are none behind it', both(
        edit(OPEN + 'data', lambda c: b'x' + c[1:]), edit(OPEN + 'tags', lambda c: c.replace(b' 7 6 ', b' 7 x '))), 'E_RECORD_SYNTAX'),
    ('67', 'no record, and flushes that are none before it', both(
        edit(OPEN + 'data', lambda c: b'x' + c[1:]), edit(OPEN + 'tags', lambda c: c.replace(b'\t0 0', b'\tx 0'))), 'E_OPEN'),
    ('67', 'no record, and a segment out of place behind it', both(
        edit(OPEN + 'data', lambda c: b'x' + c[1:]), garbage(SHOP + 'open/00000009.data', b'')), 'E_RECORD_SYNTAX'),
    *(('67', f'the salts of an open segment: {claim}', edit(OPEN + 'salt', change), codes) for claim, change, codes in (
        ('none', lambda c: b'', 'E_OPEN'),
        ('without LF', lambda c: c[:-1], 'E_OPEN'),
        ('CRLF', lambda c: c[:-1] + b'\r\n', 'E_OPEN'),
        ('twice', lambda c: c + c, 'E_OPEN'),
        ('a blank in front', lambda c: b' ' + c, 'E_OPEN'),
        ('another level', lambda c: b'1' + c[1:], 'E_OPEN'),
        ('a level of 99', lambda c: b'99' + c[1:], 'E_OPEN'),
        ('bits behind it', lambda c: c[:-4] + b'B==\n', 'E_OPEN'),
        ('more than 4,096 bytes', lambda c: c + b'x' * 4096, 'E_LIMIT'),
        ('a co-path: something was erased', lambda c: covers_text(covers({(0, 0): b'x' * 16}, [2**31])), 'E_OPEN'),
    )),
    *(('67', f'open/: {claim}', tamper, codes) for claim, tamper, codes in (
        ('a link to data', instead(OPEN + 'data', lambda p: os.symlink('/etc/passwd', p)), 'E_FILE_TYPE'),
        ('a fifo for tags', instead(OPEN + 'tags', os.mkfifo), 'E_FILE_TYPE'),
        ('a directory for salts', instead(OPEN + 'salt', os.mkdir), 'E_FILE_TYPE'),
        ('a fifo of a segment that is sealed', lambda store: os.mkfifo(os.path.join(store, SHOP + 'open/00000006.data')),
         'E_FILE_TYPE'),
        ('a link as reserve', lambda store: os.symlink('x', os.path.join(store, SHOP + 'open/reserve')), 'E_FILE_TYPE'),
        ('a reserve', garbage(SHOP + 'open/reserve', b'anything'), ''),
        ('a link in its place', instead(SHOP + 'open', lambda p: os.symlink(p + '.x', p)), 'E_FILE_TYPE'),
        ('a file in its place', instead(SHOP + 'open', lambda p: open(p, 'wb').close()), 'E_FILE_TYPE'),
        ('segment 0', garbage(SHOP + 'open/00000000.data'), 'W_UNKNOWN_FILE'),
        ('a number with a zero too many', garbage(SHOP + 'open/000000008.data'), 'W_UNKNOWN_FILE'),
        ('a number with a zero too few', garbage(SHOP + 'open/0000008.data'), 'W_UNKNOWN_FILE'),
        ('a number of 2^64', garbage(SHOP + 'open/18446744073709551616.data'), 'W_UNKNOWN_FILE'),
        ('a number of 2^64 - 1', garbage(SHOP + 'open/18446744073709551615.data'), 'E_OPEN'),
        ('an unfinished file', garbage(NEXT + 'data.tmp'), ''),
        ('flushes that are half a line, without records', both(remove(OPEN + 'data'), edit(OPEN + 'tags', lambda c: c[:9])), 'E_OPEN'),
        ('records before the first flush, without salts', both(
            remove(OPEN + 'salt'), edit(OPEN + 'tags', lambda c: b'')), 'E_OPEN'),
        ('only salts', both(remove(OPEN + 'data', OPEN + 'tags')), ''),
        ('only records, none', both(remove(OPEN + 'salt', OPEN + 'tags'), garbage(OPEN + 'data', b'')), ''),
        ('bad salts before the first flush', both(edit(OPEN + 'salt', lambda c: b'x'), edit(OPEN + 'tags', lambda c: b'')), 'E_OPEN'),
        ('a next one behind half a flush', both(edit(OPEN + 'data', last_lf), garbage(NEXT + 'data', b'')), 'E_OPEN'),
        ('a next one behind half a record', both(edit(OPEN + 'tags', last_lf), garbage(NEXT + 'data', b'')), 'E_OPEN'),
        ('a next one whose records came before its files', both(whole, garbage(NEXT + 'data', b'x')), 'E_OPEN'),
        ('a next one of no flush', both(whole, garbage(NEXT + 'data', b''), garbage(NEXT + 'tags', b''), again('salt')), ''),
        ('a next one of half a flush', both(whole, garbage(NEXT + 'data', b'{'), garbage(NEXT + 'tags', b'27 8'), again('salt')), ''),
        ('a next one with flushes from before', both(whole, *map(again, ('data', 'tags', 'salt'))), 'E_OPEN'),
        ('two next ones', both(whole, garbage(NEXT + 'data', b''), garbage(SHOP + 'open/00000009.data', b'')), 'E_OPEN'),
        ('the one after the next', both(whole, garbage(SHOP + 'open/00000009.data', b'')), 'E_OPEN'),
    )),
]
