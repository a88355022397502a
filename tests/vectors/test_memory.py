#!/usr/bin/env python3
"""test_memory.py PROGRAM CRETULA: TAP.  Without memory verify tells nothing better than the truth.

PROGRAM is memory.c: it lets each allocation of a request fail, one after the other, and says where the verdict became
another than the true one and than 74 (out of memory).
"""
import os
import shutil
import subprocess
import sys
import tempfile

import life
import life_cases
import test_vectors as vectors
from tamper import load, save

# Of the cases of test_vectors.py: what is told from many places.
CLAIMS = ('nothing was changed', 'a byte of a record changed', 'a record moved', 'the chain torn',
          'a kept note deleted', 'a forged entry appended', 'an empty stream', 'an unknown file in cp/')
LIFE = ('nothing was changed', 'nothing was changed, nothing brought', 'an erased record is put back',
        'the salt of an erased record is back', 'a held segment is pruned', 'a revoked key signs',
        'a flush of another root', 'a committed record of an open segment changed', 'a time stamp of another note',
        'one of two witnesses that are demanded', 'a bad cosignature of a known witness',
        'a head that the stream is too short for',
        'the flushes of a segment deleted', 'an unknown file in anchor/', 'the file of a pruned segment is back',
        'a derived file changed', 'the note over a rekey lacks the old key')


def check(tap, claim, program, arguments, true=None, every=1):
    """true: the verdict; None: whatever it is.  One of `every` allocations fails; the claim says which."""
    every = 1 if os.environ.get('CRETULA_LONG') == '1' else every
    first = 1 + sum(claim.encode()) % every
    run = subprocess.run([program, str(first), str(every), *arguments], capture_output=True, timeout=600, check=False)
    truth, *others = run.stdout.decode().splitlines() or ['']
    good = run.returncode == 0 and len(others) == 1 and others[0].endswith(' allocations') and \
        true in (None, truth)
    tap.result(good, f'{claim}: {others[-1] if others else "no allocations"} fail, one at a time', truth, *others[:20],
               *run.stderr.decode().splitlines()[:20])


def verdict(codes, order):
    return ' '.join(['1' if 'E_' in codes else '0', *sorted(codes.split(), key=order.index)])


def age(folder):
    """Long ago: verify reads again what a writer may be at."""
    for path, _, names in os.walk(folder):
        for name in [*names, '.']:
            os.utime(os.path.join(path, name), (10**9, 10**9), follow_symlinks=False)


def cases(folder):
    """(claim, options, verdict) of each store."""
    anchor = ' '.join(vectors.table_rows('anchor.txt')[0])
    lived = vectors.Life(folder)
    for rows, claims, origin, line in ((vectors.CASES, CLAIMS, os.path.join(vectors.HERE, 'store'), anchor),
                                       (life_cases.LIFE, LIFE, lived.store, lived.anchor)):
        found = {case[1]: case for case in rows}
        for claim in claims:
            _, _, tamper, codes, which = (*found[claim], None)[:5]
            store = os.path.join(folder, str(len(os.listdir(folder))), 'store')
            shutil.copytree(origin, store)
            tamper(store)
            age(store)
            yield claim, ['--store', store, '--anchor', line,
                          *(lived.options(which) if rows is life_cases.LIFE else ())], codes


def test_bundles(tap, program, cretula, folder):
    anchor = ' '.join(vectors.table_rows('anchor.txt')[0])
    store = os.path.join(vectors.HERE, 'store')
    for kind, how in (('segments', ()), ('records', ('--stream', 'shop', '--record', '3,41'))):
        bundle = os.path.join(folder, 'bundle-' + kind)
        run = subprocess.run([cretula, 'evidence', '--store', store, '--out', bundle, *how], capture_output=True,
                             check=False)
        tap.result(run.returncode == 0, f'a bundle of {kind} is made', run.stderr.decode())
        check(tap, f'a bundle of {kind}', program, ['--bundle', bundle, '--anchor', anchor], '0', 8)
        name = 'store/streams/shop/chain.jsonl' if kind == 'segments' else 'proofs/3'
        save(bundle, name, load(bundle, name)[:-9])
        age(bundle)
        check(tap, f'a damaged bundle of {kind}', program, ['--bundle', bundle, '--anchor', anchor], None, 8)
    lived, bundle_of_life = os.path.join(folder, 'proved'), os.path.join(folder, 'bundle-life')
    life.make_life(lived)
    run = subprocess.run([cretula, 'evidence', '--store', lived, '--out', bundle_of_life, '--stream', 'shop', '--record',
                          '24,30'], capture_output=True, check=False)
    tap.result(run.returncode == 0, 'a bundle of records across keys is made', run.stderr.decode())
    check(tap, 'a bundle of records across keys', program, ['--bundle', bundle_of_life], '0', 8)
    check(tap, 'a proof', program, ['--proof', os.path.join(bundle, 'proofs/41'), '--anchor', anchor], '0', 8)
    check(tap, 'a damaged proof', program, ['--proof', os.path.join(bundle, 'proofs/3'), '--anchor', anchor],
          '1 E_PROOF')


def main(arguments):
    program, cretula = arguments
    tap = vectors.Tap()
    if os.access('/dev/shm', os.W_OK):
        tempfile.tempdir = '/dev/shm'
    with open(os.path.join(vectors.SOURCE, 'audit/findings.def'), encoding='utf-8') as file:
        order = [line.split('(')[1].split(',')[0] for line in file if line.startswith('FINDING(')]
    with tempfile.TemporaryDirectory() as folder:
        for claim, options, codes in cases(folder):
            check(tap, claim, program, options, verdict(codes, order), 8 if claim.startswith('nothing') else 64)
        test_bundles(tap, program, cretula, folder)
    return tap.end()


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
