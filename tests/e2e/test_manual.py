"""Manual pages: made of what the program says of itself, and taken by man and mandoc as they are."""
import glob
import json
import os
import re
import shutil
import subprocess

from lib import CRETULA, SOURCE, Skip, cretula, equal, main

PAGES = os.path.join(os.path.dirname(CRETULA), 'packaging', 'man')


def pages():
    found = sorted(glob.glob(os.path.join(PAGES, '*.[157]')))
    if not found:
        raise Skip('built without scdoc')
    return found


def run(*command):
    if not shutil.which(command[0]):
        raise Skip(f'no {command[0]}')
    return subprocess.run(command, capture_output=True, check=False, text=True, encoding='utf-8', timeout=120,
                          env={**os.environ, 'MANWIDTH': '400', 'LC_ALL': 'C.UTF-8'})


def text_of(name):
    """A page as it is read, blanks and breaks made one blank; minus and quote as they are typed."""
    done = run('mandoc', '-Tutf8', '-Owidth=400', os.path.join(PAGES, name))
    return ' '.join(re.sub('.\b', '', done.stdout).replace('\u2010', '-').split())


def said():
    return json.loads(cretula('help', '--json', code=0).text)


def words(text):
    return ' '.join(text.split())


def test_there_is_a_page_for_each_command_and_each_topic():
    names = {f'cretula-{c["name"]}.1' for c in said()['commands']}
    topics = {f'cretula-{t["name"]}.7' for t in said()['topics']} | {'cretula-format.7', 'cretula-roles.7'}
    equal({os.path.basename(page) for page in pages()}, names | topics | {'cretula.1', 'cretula.yaml.5'})


def test_man_and_mandoc_take_them_without_a_warning():
    lint = run('mandoc', '-Tlint', '-Wwarning', *pages())
    equal((lint.returncode, lint.stdout + lint.stderr), (0, ''))
    equal(run('man', '--warnings', '-E', 'UTF-8', '-P', 'true', '-l', *pages()).stderr, '')
    broken = os.path.join(os.getcwd(), 'broken.1')
    with open(broken, 'w', encoding='utf-8') as file:
        file.write('.TH broken 1\n.XX\ntext\n')
    assert run('mandoc', '-Tlint', '-Wwarning', broken).returncode != 0, 'a broken page is told'
    assert run('man', '--warnings', '-E', 'UTF-8', '-P', 'true', '-l', broken).stderr, 'by man, too'


def test_a_page_has_every_word_of_its_help():
    pages()
    for command in said()['commands']:
        page = text_of(f'cretula-{command["name"]}.1')
        assert words(command['summary']) in page, command['name']
        for option in command['options']:
            line = f'--{option["name"]} {option.get("value", "")} {option["help"]}'
            assert words(line) in page, (command['name'], line)
        gone = [word for word in re.sub(r'exit codes[^:]*:|examples:[^\n]*', '', command['details']).split()
                if word.rstrip(',') not in page]
        equal(gone, [], command['name'])
        for line in re.findall(r'^  (cretula .*)', command['details'], re.M):
            assert words(line) in page, (command['name'], line, page[-800:])


def test_what_is_written_by_hand_names_options_that_there_are():
    options = {c['name']: {o['name'] for o in c['options']} for c in said()['commands']}
    every = set().union(*options.values()) | {'option', 'version'}
    for path in glob.glob(os.path.join(SOURCE, 'packaging', 'man', '*.scd')):
        with open(path, encoding='utf-8') as file:
            named = set(re.findall(r'--([a-z][a-z-]+)', file.read()))
        name = os.path.basename(path)[len('cretula-'):-len('.scd')]
        equal(named - (options[name] | {'version'} if name in options else every), set(), path)


def test_the_other_pages_have_what_they_are_made_of():
    pages()
    listed = cretula('check', '--explain', code=0).text.split('\n\n')[0].splitlines()
    page = text_of('cretula.yaml.5')
    for option in zip(listed[0::3], listed[1::3], listed[2::3]):
        assert words(' '.join(option)) in page, option
    for name in ('format', 'roles'):
        with open(os.path.join(SOURCE, 'docs', name + '.md'), encoding='utf-8') as file:
            text = file.read()
        page = text_of(f'cretula-{name}.7').lower()
        gone = [word for word in re.findall(r'[A-Za-z_]{4,}', text) if word.lower() not in page]
        equal(gone, [], f'words of docs/{name}.md')


def test_the_page_of_cretula_verify_is_that_of_both():
    pages()
    done = subprocess.run([CRETULA + '-verify', '--help'], capture_output=True, check=True, text=True)
    page = text_of('cretula-verify.1')
    options = re.findall(r'^  (--[a-z-]+)', done.stdout, re.M)
    assert len(options) > 10, options
    equal([o for o in options if o not in page], [])


main()
