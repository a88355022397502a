"""Makes what bash, zsh and fish complete, of what the program says of itself.

usage: completion.py CRETULA bash|zsh|fish FILE
"""
import json
import re
import subprocess
import sys


def ask(*args):
    return subprocess.run([sys.argv[1], *args], check=True, capture_output=True, text=True, encoding='utf-8').stdout


def choices(text):
    """The words of a help text that is a list of them: "whose it is: nginx, apache or log4j"."""
    parts = re.split(r', | or ', re.sub(r' \([^)]*\)', '', text.split(': ')[-1]))
    return parts if len(parts) > 1 and all(re.fullmatch(r'[a-z][a-z0-9-]*', part) for part in parts) else []


def actions(command):
    """The words that may stand first: "list | add WORD...", "erase|rescrub", "[token]"; of ACTION, those that are explained."""
    operands = command['operands']
    if operands == 'ACTION':
        return re.findall(r'^([a-z]+)  +\S', command['details'], re.M)
    ways = re.split(r' or | \| ', operands)
    words = re.split(r'\|', ways[0]) if len(ways) == 1 else ways
    return [w.split()[0].strip('[]') for w in words if re.match(r'\[?[a-z]', w)]


def value_of(option, formats):
    """What follows an option: None, 'file', 'dir', 'stream', a list of words, or ''."""
    if 'value' not in option:
        return None
    if option['name'] == 'format':
        return formats
    return {'DIR': 'dir', 'FILE': 'file'}.get(option['value']) or (option['name'] == 'stream' and 'stream') \
        or choices(option['help']) or ''


def commands(said, formats):
    for command in said['commands']:
        options = [(o['name'], value_of(o, formats), o['help']) for o in command['options']]
        takes_files = bool(re.search(r'FILE|PATH', command['operands']))
        yield command['name'], command['summary'], options, actions(command), takes_files


# ---- bash ----

BASH = r'''# bash completion of cretula; made by packaging/completion/completion.py
_cretula_store() {
    local i
    for ((i = 1; i < COMP_CWORD; i++)); do
        [[ ${COMP_WORDS[i]} == --store ]] || continue
        [[ ${COMP_WORDS[i + 1]} == = ]] && ((i++))
        printf '%s\n' "${COMP_WORDS[i + 1]/#\~/$HOME}"
        return
    done
}

_cretula_words() {
    mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur")
}

_cretula_value() {
    local store
    case $1 in
    file) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
    dir) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "$cur") ;;
    stream) store=$(_cretula_store) && [[ -d $store/streams ]] && _cretula_words "$(ls "$store/streams")" ;;
    *) _cretula_words "$1" ;;
    esac
}

_cretula() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[1]}
    COMPREPLY=()
    [[ $cur == = ]] && cur=
    [[ $prev == = ]] && prev=${COMP_WORDS[COMP_CWORD - 2]}
    [[ ${COMP_WORDS[COMP_CWORD]} == = ]] && prev=${COMP_WORDS[COMP_CWORD - 1]}
    if ((COMP_CWORD == 1)); then
        _cretula_words '@COMMANDS@ help --help --version'
        return
    fi
    case "$command $prev" in
@VALUES@
    esac
    if [[ $cur == -* ]]; then
        case $command in
@OPTIONS@
        esac
        return
    fi
    case $command in
    help) ((COMP_CWORD == 2)) && _cretula_words '@COMMANDS@ @TOPICS@ --json' ;;
@OPERANDS@
    esac
}
complete -F _cretula cretula
'''


def bash(said, rows):
    values, options, operands = {}, [], []
    for name, _, opts, words, takes_files in rows:
        for option, value, _ in opts:
            if value is not None:
                values.setdefault(' '.join(value) if isinstance(value, list) else value, []).append(f"'{name} --{option}'")
        options.append(f"        {name}) _cretula_words '{' '.join('--' + o[0] for o in opts)}' ;;")
        if words:
            behind = '_cretula_value file' if takes_files else ':'
            operands.append(f"    {name}) if ((COMP_CWORD == 2)); then _cretula_words '{' '.join(words)}'; else {behind}; fi ;;")
        elif takes_files:
            operands.append(f'    {name}) _cretula_value file ;;')
    return fill(BASH, said, VALUES='\n'.join(f"    {' | '.join(where)}) " + (f"_cretula_value '{what}'; " if what else '') + 'return ;;'
                                             for what, where in values.items()),
                OPTIONS='\n'.join(options), OPERANDS='\n'.join(operands))


# ---- zsh ----

ZSH = r'''#compdef cretula
# zsh completion of cretula; made by packaging/completion/completion.py
_cretula_streams() {
    local at=${words[(I)--store]}
    (( at )) && [[ -d ${~words[at + 1]}/streams ]] && compadd -- ${~words[at + 1]}/streams/*(N:t)
}

_cretula() {
    local curcontext=$curcontext state line
    local -a commands topics
    commands=(
@COMMAND_LIST@
    )
    topics=(@TOPICS@)
    _arguments -C '1:command:->command' '*::argument:->argument'
    case $state in
    command) _describe command commands; compadd -- help --help --version ;;
    argument)
        case $words[1] in
        help) _describe command commands; compadd -- $topics --json ;;
@ARGUMENTS@
        esac
        ;;
    esac
}
_cretula "$@"
'''


def quoted(text, more=''):
    """Within single quotes of zsh or fish; more: characters that need a backslash."""
    for c in '\\' + more:
        text = text.replace(c, '\\' + c)
    return text.replace("'", r"'\''")


def zsh_value(value):
    if isinstance(value, list):
        return f':value:({" ".join(value)})'
    return {None: '', '': ':value: ', 'file': ':file:_files', 'dir': ':directory:_files -/', 'stream': ':stream:_cretula_streams'}[value]


def zsh(said, rows):
    arguments = []
    for name, _, opts, words, takes_files in rows:
        lines = [f"'--{option}[{quoted(text, '[]')}]{zsh_value(value)}'" for option, value, text in opts]
        if words:
            lines.append(f"'1:action:({' '.join(words)})'")
        if takes_files:
            lines.append("'*:file:_files'")
        arguments.append(f'        {name}) _arguments \\\n            ' + ' \\\n            '.join(lines) + ' ;;')
    listed = '\n'.join(f"        '{name}:{quoted(summary, ':')}'" for name, summary, *_ in rows)
    return fill(ZSH, said, COMMAND_LIST=listed, ARGUMENTS='\n'.join(arguments))


# ---- fish ----

FISH = r'''# fish completion of cretula; made by packaging/completion/completion.py
function __cretula_first
    test (count (commandline -opc)) -eq 1
end

function __cretula_is
    set -l words (commandline -opc)
    test (count $words) -gt 1; and contains -- $words[2] $argv
end

function __cretula_second
    __cretula_is $argv; and test (count (commandline -opc)) -eq 2
end

function __cretula_streams
    set -l words (commandline -opc)
    set -l at (contains -i -- --store $words); or return
    set -l store $words[(math $at + 1)]
    test -d $store/streams; and command ls $store/streams
end

complete -c cretula -f
complete -c cretula -n __cretula_first -a '--version' -d 'which one this is'
complete -c cretula -n __cretula_first -a 'help' -d 'of a command or a topic'
complete -c cretula -n '__cretula_second help' -a '@COMMANDS@ @TOPICS@'
@LINES@
'''


def fish_value(value):
    if isinstance(value, list):
        return f" -x -a '{' '.join(value)}'"
    return {None: '', '': ' -x', 'file': ' -r -F', 'dir': " -x -a '(__fish_complete_directories)'",
            'stream': " -x -a '(__cretula_streams)'"}[value]


def fish(said, rows):
    lines = []
    for name, summary, opts, words, takes_files in rows:
        lines.append(f"complete -c cretula -n __cretula_first -a {name} -d '{quoted(summary)}'")
        if words:
            lines.append(f"complete -c cretula -n '__cretula_second {name}' -a '{' '.join(words)}'")
        if takes_files:
            lines.append(f"complete -c cretula -n '__cretula_is {name}' -F")
        for option, value, text in opts:
            lines.append(f"complete -c cretula -n '__cretula_is {name}' -l {option}{fish_value(value)} -d '{quoted(text)}'")
    return fill(FISH, said, LINES='\n'.join(lines))


def fill(text, said, **parts):
    parts.update(COMMANDS=' '.join(c['name'] for c in said['commands']), TOPICS=' '.join(t['name'] for t in said['topics']))
    for name, part in parts.items():
        text = text.replace(f'@{name}@', part)
    return text


def main():
    _, _, shell, file = sys.argv
    said = json.loads(ask('help', '--json'))
    formats = ['auto'] + re.findall(r'^## ([a-z][a-z0-9-]*)$', ask('help', 'formats'), re.M)
    made = {'bash': bash, 'zsh': zsh, 'fish': fish}[shell](said, list(commands(said, formats)))
    with open(file, 'w', encoding='utf-8') as out:
        out.write(made)


if __name__ == '__main__':
    main()
