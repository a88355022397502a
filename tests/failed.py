"""failed.py TESTLOG.JSON N: names of the tests that failed, a line each; nothing if more than N did."""
import json
import sys


def main():
    with open(sys.argv[1], encoding='utf-8') as log:
        tests = [json.loads(line) for line in log]
    names = [test['name'].split(' / ')[-1] for test in tests if test['result'] not in ('OK', 'SKIP')]
    if len(names) <= int(sys.argv[2]):
        print('\n'.join(names))


if __name__ == '__main__':
    main()
