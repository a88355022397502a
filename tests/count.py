"""count.py BROKEN JUNIT...: the closing line of ./test, from meson's JUnit files.

BROKEN counts builds that did not even run.  Skipped tests are listed loudly.  Exit 1 unless all passed.
"""
import sys
import xml.etree.ElementTree as tree


def main():
    passed = skipped = 0
    failed = int(sys.argv[1])
    seen = 0
    for path in sys.argv[2:]:
        try:
            root = tree.parse(path).getroot()
        except (OSError, tree.ParseError) as problem:
            print(f'NO RESULTS in {path}: {problem}')
            failed += 1
            continue
        for case in root.iter('testcase'):
            seen += 1
            name = f"{path.split('/')[1]}: {case.get('classname', '')}: {case.get('name', '')}"
            if case.find('failure') is not None or case.find('error') is not None:
                failed += 1
                print('FAILED', name)
            elif case.find('skipped') is not None:
                skipped += 1
                print('SKIPPED', name)
            else:
                passed += 1
    if seen == 0:
        failed += 1
    print(f'{passed} passed, {failed} failed' + (f', {skipped} skipped' if skipped else ''))
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
