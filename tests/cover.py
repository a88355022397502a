"""cover.py BUILD [ROOM...]: how many branches of the rooms that must not be wrong do tests take?  BUILD has -Dcover=ROOM,...

The tests are the rooms' own, those of tests/vectors, and those end-to-end tests that prove, prune and mask.  What an assert promises is no branch: a test
that takes it has found a bug.  BUILD/branches.txt has each line that has a branch never taken.  Exit 1 where fewer than 90 % are,
or a test fails.
"""
import json
import os
import pathlib
import subprocess
import sys
import time

ROOMS = ('mask', 'record', 'seal', 'audit', 'retain')
LEAST = 90
WORST = 12 # files that are shown
END_TO_END = ('anchor', 'archive', 'badinput', 'budget', 'cases', 'chain', 'columns', 'commands', 'compat', 'containers', 'corpora', 'detail',
              'epochs', 'evidence', 'gaps', 'lineage', 'lines', 'methods', 'outside', 'person', 'prove', 'quarantine', 'raise', 'records',
              'recover', 'retain', 'stamps', 'status', 'strings', 'subject', 'verify_live', 'words')


def run_tests(build, rooms):
    for old in build.rglob('*.gcda'):
        old.unlink()
    meson = ['meson', 'test', '-C', str(build), '--timeout-multiplier', '5', '--num-processes', str(2 * os.cpu_count())]
    units = [argument for room in rooms for argument in ('--suite', room)]
    failed = 0
    # What is tried thousands of times takes the same branches, of tampered stores less so; children of flip write no counts.
    for name, each, which in (('unit', 40, units), ('vectors', 8, ['--suite', 'vectors']),
                              ('e2e', 1, [f'e2e {test}' for test in END_TO_END])):
        env = os.environ | {'CRETULA_EACH': str(each), 'CRETULA_FLIP_STEP': '1000000'}
        failed |= subprocess.run([*meson, '--logbase', name, *which], env=env, check=False).returncode
    return failed


def lines_of(build, rooms):
    """Of each line that has branches: its file, its number, how many it has and how many were taken."""
    objects = [str(build / f'lib{room}.a.p') for room in rooms]
    found = subprocess.run(['gcovr', '--root', '.', '--object-directory', str(build), '--filter', 'src/', '--json', '-',
                            '--exclude-branches-by-pattern', r'.*\bassert\(.*', *objects], check=True, capture_output=True)
    for file in json.loads(found.stdout)['files']:
        if file['file'].split('/')[1] in rooms:
            for line in file['lines']:
                counts = [branch['count'] for branch in line['branches']]
                if counts and not line['gcovr/noncode']:
                    yield file['file'], line['line_number'], len(counts), sum(count > 0 for count in counts)


def main():
    build, rooms = pathlib.Path(sys.argv[1]), sys.argv[2:] or ROOMS
    unknown = [room for room in rooms if not os.path.isdir(f'src/{room}')]
    if unknown:
        sys.exit(f'cover: no room {unknown[0]} in src')
    started = time.monotonic()
    failed = run_tests(build, rooms)
    totals, files = {room: [0, 0] for room in rooms}, {}
    with open(build / 'branches.txt', 'w', encoding='utf-8') as missing:
        for path, number, all_of, taken in lines_of(build, rooms):
            for total in totals[path.split('/')[1]], files.setdefault(path, [0, 0]):
                total[0], total[1] = total[0] + all_of, total[1] + taken
            if taken < all_of:
                text = pathlib.Path(path).read_text(encoding='utf-8').split('\n')[number - 1].strip()
                print(f'{path}:{number}: {taken}/{all_of} {text}', file=missing)
    print(f'{"room":<10}{"taken":>8}{"of":>8}')
    for room, (all_of, taken) in totals.items():
        few = f'  fewer than {LEAST} %' if 100 * taken < LEAST * all_of else ''
        print(f'{room:<10}{taken:>8}{all_of:>8}{100 * taken / max(all_of, 1):>8.1f} %{few}')
    print('most that is not taken:')
    for path, (all_of, taken) in sorted(files.items(), key=lambda row: row[1][1] - row[1][0])[:WORST]:
        print(f'{path:<40}{all_of - taken:>4} of{all_of:>5}')
    print(f'each line: {build}/branches.txt; {(time.monotonic() - started) / 60:.0f} minutes' + ('; some tests failed' if failed else ''))
    return failed or any(100 * taken < LEAST * all_of for all_of, taken in totals.values())


if __name__ == '__main__':
    sys.exit(main())
