#!/usr/bin/env python3
"""test_paper.py PROGRAM: TAP.  Without memory evidence --report says nothing, or the same.

PROGRAM is paper_memory.c.
"""
import os
import subprocess
import sys
import tempfile

import life
from test_memory import age


def main():
    every = 1 if os.environ.get('CRETULA_LONG') == '1' else 29
    with tempfile.TemporaryDirectory() as folder:
        store = os.path.join(folder, 'store')
        life.make_life(store)
        age(store)
        run = subprocess.run([sys.argv[1], str(every // 2 + 1), str(every), store], capture_output=True, timeout=600, check=False)
    *others, last = run.stdout.decode().splitlines() or ['']
    good = run.returncode == 0 and not others and not run.stderr and int(last.split()[0]) > 20
    print(f'1..1\n{"ok" if good else "not ok"} 1 - {last} fail, one at a time')
    for line in [*others[:20], *run.stderr.decode().splitlines()[:20]]:
        print('#', line)
    return not good


if __name__ == '__main__':
    sys.exit(main())
