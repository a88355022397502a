"""count.py BROKEN LOGS...: the closing line of ./test, from meson's logs (LOGS.json and LOGS.junit.xml).

BROKEN counts builds that did not even run.  A test that ended badly counts as failed whatever its parts said: who crashes behind
five good parts has five good parts.  Skipped parts are listed loudly; what failed stands last, with what it said.  Exit 1 unless
all passed.
"""
import json
import os
import sys
import xml.etree.ElementTree as tree

WIDTH = 8  # lines of a complaint: who reads CI sees its end only
GOOD = ('OK', 'SKIP', 'EXPECTEDFAIL')


def build_of(logs):
    return os.path.basename(os.path.dirname(os.path.dirname(os.path.abspath(logs))))


def kind_of(case):
    if case.find('failure') is not None or case.find('error') is not None:
        return 'FAILED'
    return 'SKIPPED' if case.find('skipped') is not None else 'passed'


def complaints(output):
    """The last lines below each "not ok" of a TAP stream; of one that has none, its last lines."""
    found, below = [], []
    for line in output.splitlines():
        if line.startswith(('ok ', 'not ok ', '1..')):
            found, below = found + below[-WIDTH:], []
        if line.startswith('not ok ') or (below and line.startswith('#')):
            below.append(line)
    return found + below[-WIDTH:] or output.splitlines()[-WIDTH:]


def read(logs):
    """Of each test: how it ended, its parts as (name, kind), and what it complained of."""
    with open(f'{logs}.json', encoding='utf-8') as log:
        tests = {test['name']: (test['result'], [], complaints(test.get('stdout', '') + test.get('stderr', '')))
                 for test in map(json.loads, log)}
    for suite in tree.parse(f'{logs}.junit.xml').getroot().iter('testsuite'):
        _, _, name = suite.get('name').partition('.')
        for case in suite.iter('testcase'):
            tests[name or case.get('name')][1].append((case.get('name') if name else '', kind_of(case)))
    return tests


def main():
    counts, failed = {'passed': 0, 'FAILED': int(sys.argv[1]), 'SKIPPED': 0}, []
    for logs in sys.argv[2:]:
        try:
            tests = read(logs)
        except (OSError, KeyError, ValueError, tree.ParseError) as problem:
            tests = {f'NO RESULTS in {logs}': (repr(problem), [], [])}
        for name, (result, parts, said) in tests.items():
            bad = [part for part, kind in parts if kind == 'FAILED'] or ([result] if result not in GOOD else [])
            for part, kind in parts:
                counts[kind] += kind != 'FAILED'
                if kind == 'SKIPPED':
                    print(f'SKIPPED {build_of(logs)}: {name}: {part}')
            counts['FAILED'] += len(bad)
            failed += [f'FAILED {build_of(logs)}: {name}: {part}' for part in bad] + (said if bad else [])
    print(*failed, sep='\n', end='\n' if failed else '')
    if counts['passed'] == 0:
        counts['FAILED'] += 1
    print(f'{counts["passed"]} passed, {counts["FAILED"]} failed' + (f', {counts["SKIPPED"]} skipped' if counts['SKIPPED'] else ''))
    return 1 if counts['FAILED'] else 0


if __name__ == '__main__':
    sys.exit(main())
