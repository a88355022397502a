"""Makes the manual pages: of what the programs say of themselves, of docs/, and of the parts here that are written by hand.

usage: pages.py CRETULA SOURCE SCDOC DIRECTORY
"""
import json
import os
import re
import subprocess
import sys

import scd

DATE = '1795651200'  # of the pages, 2026-11-26: the same input gives the same bytes
HERE = os.path.dirname(os.path.abspath(__file__))
TOPICS = {  # name: what is in docs/, what it is
    'format': ('format.md', 'the bytes on disk'),
    'roles': ('roles.md', 'who sees what'),
    'fields': ('fields.md', 'the fields of a record'),
    'classes': ('classes.md', 'identifier classes, and which become tokens'),
    'formats': ('formats.md', 'log formats'),
}


def ask(program, *args):
    return subprocess.run([program, *args], check=True, capture_output=True, text=True, encoding='utf-8').stdout


def part(name):
    """What is written by hand of a page; '' if nothing is."""
    path = os.path.join(HERE, name + '.scd')
    if not os.path.exists(path):
        return ''
    with open(path, encoding='utf-8') as file:
        return file.read().rstrip('\n') + '\n\n'


def title(name, section):
    return f'{name}({section}) "" "cretula"\n\n'


def split_details(details):
    """Paragraphs in front; those of exit codes; [caption, lines] of examples; what comes behind."""
    before, exits, examples, after = [], [], [], []
    for paragraph in details.strip('\n').split('\n\n'):
        if scd.CODES.match(paragraph):
            exits.append(scd.exit_list(paragraph))
        elif paragraph.startswith('examples:'):
            for line in paragraph.splitlines():
                if line.startswith('examples:'):
                    examples.append([line[len('examples:'):].strip(), []])
                else:
                    examples[-1][1].append(line[2:])
        else:
            (after if examples else before).append(paragraph)
    return before, exits, examples, after


def options(rows):
    items = []
    for row in rows:
        value = f' _{scd.escape(row["value"])}_' if 'value' in row else ''
        items.append(scd.definition(f'*--{row["name"]}*{value}', scd.escape(row['help'])))
    return '# OPTIONS\n\n' + '\n'.join(items) + '\n'


def exit_status(exits, common):
    out = '# EXIT STATUS\n\n'
    for of, items in exits:
        out += (f'Those {scd.escape(of)}:\n\n' if of else '') + items + '\n'
    return out + ('Others are those of *cretula*(1).\n\n' if exits else common + '\n')


def example_list(examples):
    out = '# EXAMPLES\n\n'
    for caption, lines in examples:
        out += (scd.escape(caption[:1].upper() + caption[1:]) + '\n\n' if caption else '') + scd.literal(lines) + '\n'
    return out


def see_also(text, names, self):
    """The pages of the commands that a text names."""
    named = sorted(set(re.findall(r'`?cretula[- ]([a-z]+)', text)) & set(names) - {self})
    pages = ['*cretula*(1)'] + [f'*cretula-{name}*(1)' for name in named] + ['*cretula.yaml*(5)']
    return '# SEE ALSO\n\n' + ', '.join(pages) + '\n'


def command_page(command, said):
    name = command['name']
    before, exits, examples, after = split_details(command['details'])
    if not examples:
        sys.exit(f'{name} --help has no examples')
    common = '\n'.join(scd.definition(f'*{x["code"]}*', scd.escape(x['meaning'])) for x in said['exits']) + '\n'
    operands = f' {scd.escape(command["operands"])}' if command['operands'] else ''
    return (title(f'cretula-{name}', 1) + f'# NAME\n\ncretula-{name} - {scd.escape(command["summary"])}\n\n'
            f'# SYNOPSIS\n\n*cretula {name}* \\[--option ...\\]{operands}\n\n# DESCRIPTION\n\n'
            + '\n'.join(scd.prose(p) for p in before) + '\n' + options(command['options'])
            + part(f'cretula-{name}') + exit_status(exits, common) + example_list(examples)
            + '\n'.join(scd.prose(p) for p in after) + ('\n' if after else '')
            + see_also(command['details'], [c['name'] for c in said['commands']], name))


def main_page(said):
    """cretula.scd with the lists in their places."""
    lists = {'COMMANDS': [(f'*cretula-{c["name"]}*(1)', c['summary']) for c in said['commands']],
             'TOPICS': [(f'*{t["name"]}*', t['summary']) for t in said['topics']],
             'EXITS': [(f'*{x["code"]}*', x['meaning']) for x in said['exits']]}
    text = part('cretula')
    for name, rows in lists.items():
        text = text.replace(f'@{name}@', '\n'.join(scd.definition(term, scd.escape(meaning)) for term, meaning in rows).rstrip())
    return title('cretula', 1) + text


def yaml_page(explained):
    """cretula.yaml(5): the hand-written part, with each option of `check --explain`."""
    listed, *lists = explained.strip('\n').split('\n\n')
    items, lines = [], listed.splitlines()
    for name, kind, text in zip(lines[0::3], lines[1::3], lines[2::3]):
        items.append(scd.definition(f'*{scd.escape(name)}*', f'{scd.escape(kind.strip())}++\n{scd.escape(text.strip())}'))
    behind = ''
    for text in lists:
        head, *rows = text.splitlines()
        behind += f'# {head.upper()}\n\n' + scd.literal([row[2:] for row in rows]) + '\n'
    return title('cretula.yaml', 5) + part('cretula.yaml').replace('@OPTIONS@', '\n'.join(items).rstrip()) \
        .replace('@LISTS@', behind.rstrip())


def topic_page(name, source):
    file, what = TOPICS[name]
    with open(os.path.join(source, 'docs', file), encoding='utf-8') as text:
        body = scd.markdown(text.read())
    first = '' if body.startswith('# ') else '# DESCRIPTION\n\n'
    return (title(f'cretula-{name}', 7) + f'# NAME\n\ncretula-{name} - {what}\n\n' + first + body
            + '\n# SEE ALSO\n\n*cretula*(1), *cretula.yaml*(5)\n')


def pages(cretula, source):
    said = json.loads(ask(cretula, 'help', '--json'))
    made = {f'cretula-{c["name"]}.1': command_page(c, said) for c in said['commands']}
    made['cretula.1'] = main_page(said)
    made['cretula.yaml.5'] = yaml_page(ask(cretula, 'check', '--explain'))
    for name in TOPICS:
        made[f'cretula-{name}.7'] = topic_page(name, source)
    return made


def tidy(roff):
    """What scdoc writes, with minus signs that can be copied, and without the empty paragraphs that mandoc warns of."""
    roff = ''.join(line if line.startswith('.') else re.sub(r'(?<!\\)(?<!\\h.)-', r'\\-', line) for line in roff.splitlines(True))
    before = None
    while before != roff:
        before = roff
        roff = re.sub(r'(?:\.P\n)+\.RE\n', '.RE\n.P\n', roff)
        roff = re.sub(r'(\.(?:S[HS] .*|RS .*|P)\n)\.P\n', r'\1', roff)
        roff = re.sub(r'\.P\n(?=\.S[HS] |\Z)', '', roff)
    return roff


def main():
    cretula, source, scdoc, directory = sys.argv[1:]
    for name, text in pages(cretula, source).items():
        done = subprocess.run([scdoc], input=text.encode(), capture_output=True, check=False,
                              env={'SOURCE_DATE_EPOCH': DATE, **os.environ})
        if done.returncode != 0:
            sys.exit(f'{name}: {done.stderr.decode()}{text}')
        with open(os.path.join(directory, name), 'w', encoding='utf-8') as file:
            file.write(tidy(done.stdout.decode()))


if __name__ == '__main__':
    main()
