"""test_agents.py PROGRAM UAP_DIR: our matching against uap-core's own tests and against Python's re.  Speaks TAP.

PROGRAM is agents.c.  The names that are expected and not said are listed: a family that a rule takes out of the text
is only said if it is a name that the rules or those tests know (detect/agents/generate.py).
"""
import os
import random
import re
import subprocess
import sys

import yaml

ENOUGH = 0.95


def say(program, texts):
    texts = [text.replace('\n', ' ') for text in texts]
    done = subprocess.run([program], input='\n'.join(texts).encode() + b'\n', capture_output=True, check=True)
    lines = done.stdout.decode().split('\n')[:-1]
    assert len(lines) == len(texts), (len(lines), len(texts))
    return [line.split('\t') for line in lines]


def load(*path):
    with open(os.path.join(*path), encoding='utf-8') as file:
        return yaml.load(file, Loader=getattr(yaml, 'CSafeLoader', yaml.SafeLoader))


def report(number, good, what, details=()):
    print(f'{"ok" if good else "not ok"} {number} - {what}')
    for line in details:
        print(f'# {line}')
    return good


def test_oracle(program, folder, name, column, number):
    cases = load(folder, name)['test_cases']
    said = say(program, [case['user_agent_string'] for case in cases])
    missed = [(case['family'], got[column] or 'Other', case['user_agent_string'][:90])
              for case, got in zip(cases, said) if case['family'] != (got[column] or 'Other')]
    share = 1 - len(missed) / len(cases)
    return report(number, share >= ENOUGH, f'{name}: {share:.1%} of {len(cases)}',
                  [f'expected {want}, said {got}: {text}' for want, got, text in missed])


def test_major(program, folder, number):
    """Numbers over 999 and what is no number are left out on purpose; a few differ as our repeats have no bound."""
    cases = load(folder, 'tests/test_ua.yaml')['test_cases']
    said = say(program, [case['user_agent_string'] for case in cases])
    known = [(case['major'], got[1]) for case, got in zip(cases, said)
             if got[0] == case['family'] and (case.get('major') or '').isdigit() and int(case['major']) < 1000]
    wrong = [(want, got) for want, got in known if int(want) != int(got)]
    return report(number, len(wrong) <= len(known) // 500, f'majors: {len(known) - len(wrong)} of {len(known)}', wrong)


def test_same_rule(program, folder, number):
    """Texts put together from pieces of real ones: the same system as Python's re finds, whose repeats are bounded."""
    rows = [(re.compile(row['regex']), row.get('os_replacement', '$1')) for row in load(folder, 'regexes.yaml')['os_parsers']]
    pieces = [piece for case in load(folder, 'tests/test_os.yaml')['test_cases'] for piece in
              re.findall(r'[^ ;()/]+[ ;()/]?', case['user_agent_string'])]
    chance = random.Random(1)
    texts = [''.join(chance.choices(pieces, k=chance.randint(1, 14))).strip()[:250] for _ in range(3000)]
    wrong = []
    for text, got in zip(texts, say(program, texts)):
        match, template = next(((row.search(text), name) for row, name in rows if row.search(text)), (None, ''))
        want = template.replace('$1', (match[1] or '') if match and match.re.groups else '') if match else ''
        if got[2] not in (want.strip(), ''):
            wrong.append(f'{want} / {got[2]}: {text[:100]}')
        elif got[2] == '' and want:
            wrong.append(f'{want} / nothing: {text[:100]}')
    return report(number, len(wrong) <= len(texts) // 200, f'systems as re finds them: {len(wrong)} of {len(texts)} others', wrong)


def test_any_bytes(program, number):
    """No text makes it fail, and what it says is never part of a text that nobody knows."""
    chance = random.Random(2)
    texts = ['Mozilla/5.0 (compatible; ErikaMustermannBot/1.0; +http://example.org)',
             'erika.mustermann@example.org bot/2 ' * 20, 'A' * 600, 'Bot' * 170, '(' * 512, 'crawler' * 73] + \
            [''.join(chance.choices('abcdefBotSpider/ ;().0123456789', k=512)) for _ in range(500)]
    said = say(program, texts)
    return report(number, not any('rika' in ''.join(row) for row in said), 'a name that nobody knows is not said')


def main(program, folder):
    good = [test_oracle(program, folder, 'tests/test_ua.yaml', 0, 1), test_oracle(program, folder, 'tests/test_os.yaml', 2, 2),
            test_major(program, folder, 3), test_same_rule(program, folder, 4), test_any_bytes(program, 5)]
    print(f'1..{len(good)}')
    return 0 if all(good) else 1


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
