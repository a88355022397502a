"""generate.py UAP_DIR OUT.c: the rules of uap-core as tables for match.c.

UAP_DIR is where Debian's package uap-core puts regexes.yaml and its tests.  Each expression becomes a short program
(match.h says what the instructions do) and the groups of literals that a text must contain before the program is
worth a try.  Counted repeats of ten and more become unbounded: the text is at most 512 bytes long anyway.

A family that an expression takes out of the text is kept only if it is one of the names below, which are all that the
rules can say, or that the project's own tests expect: what a client types is never a name by itself.
"""
import collections
import os
import sys
import warnings

import yaml

with warnings.catch_warnings():
    warnings.simplefilter('ignore')
    import sre_parse

UNBOUNDED = 10    # a repeat that may go as far goes on for ever
LITERAL_MIN = 3   # bytes of a literal: match.c looks for that many
LITERAL_MAX = 16
DISPATCH = 4      # branches from which on the next byte decides which are tried
BUCKETS = 8192    # of literals by their first bytes
EXPANSION_MAX = 2500
NAME_MAX = 48


# ---- the syntax tree ----------------------------------------------------------------------------------------------

def ops(tree):
    return [(str(op), value) for op, value in tree]


def byte_set(op, value):
    """The bytes that one step of an expression takes, as a number of 256 bits."""
    every = (1 << 256) - 1
    if op == 'LITERAL':
        return 1 << value if value < 256 else 0
    if op == 'NOT_LITERAL':
        return every & ~(1 << value)
    if op == 'ANY':
        return every & ~(1 << 10)
    bits, negate = 0, False
    for kind, what in ops(value):
        if kind == 'NEGATE':
            negate = True
        elif kind == 'RANGE':
            for c in range(what[0], min(what[1], 255) + 1):
                bits |= 1 << c
        elif kind == 'CATEGORY':
            bits |= category(str(what))
        else:
            bits |= byte_set(kind, what)
    return every & ~bits if negate else bits


def category(name):
    tests = {'DIGIT': lambda c: c.isdigit(), 'SPACE': lambda c: c in ' \t\n\r\f\v',
             'WORD': lambda c: c.isalnum() or c == '_'}
    for key, test in tests.items():
        if name.endswith(key):
            inside = sum(1 << i for i in range(128) if test(chr(i)))
            return ((1 << 256) - 1) & ~inside if '_NOT_' in name else inside
    raise ValueError(name)


def repeat(value):
    low, high, body = value
    return low, None if high == sre_parse.MAXREPEAT or high >= UNBOUNDED else high, body


STEPS = ('LITERAL', 'NOT_LITERAL', 'ANY', 'IN')


# ---- which texts an expression can stand for, if they are few -------------------------------------------------------

def join(some, more):
    if some is None or more is None or len(some) * len(more) > EXPANSION_MAX:
        return None
    return {a + b for a in some for b in more}


def texts(tree):
    """All texts, or None: too many."""
    out = {''}
    for op, value in ops(tree):
        out = join(out, texts_of(op, value))
        if out is None:
            return None
    return out


def texts_of(op, value):
    if op == 'AT':
        return {''}
    if op == 'SUBPATTERN':
        return texts(value[3])
    if op == 'BRANCH':
        some = [texts(branch) for branch in value[1]]
        return None if None in some else set().union(*some)
    if op in ('MAX_REPEAT', 'MIN_REPEAT'):
        low, high, body = repeat(value)
        inside = texts(body)
        if high is None or inside is None:
            return None
        out, now = set(), {''}
        for count in range(high + 1):
            out |= now if count >= low else set()
            now = join(now, inside)
            if now is None:
                return None
        return out
    bits = byte_set(op, value)
    some = {chr(c) for c in range(256) if bits >> c & 1}
    return some if len(some) <= 12 and all(' ' <= c <= '~' for c in some) else None


def find_group(tree, number):
    for op, value in ops(tree):
        inside = []
        if op == 'SUBPATTERN':
            if value[0] == number:
                return value[3]
            inside = [value[3]]
        elif op == 'BRANCH':
            inside = value[1]
        elif op in ('MAX_REPEAT', 'MIN_REPEAT'):
            inside = [value[2]]
        for tree_inside in inside:
            found = find_group(tree_inside, number)
            if found is not None:
                return found
    return None


# ---- literals that must be there ------------------------------------------------------------------------------------

def needs(tree):
    """Groups of literals: of each, one must be in the text."""
    groups, run, steps = [], {''}, flat(tree)

    def flush():
        if run and min(map(len, run)) >= LITERAL_MIN:
            groups.append({text[:LITERAL_MAX] for text in run})

    for at, (op, value) in enumerate(steps):
        few = texts_of(op, value)
        longer = join(run, few) if few is not None else None
        if longer is not None:
            run = longer
            continue
        flush()
        run = few if few is not None else {''}
        if few is None:
            groups += needs_of(op, value, steps[at + 1:at + 2])
    flush()
    return groups


def flat(tree):
    """Steps, without the brackets around some of them."""
    out = []
    for op, value in ops(tree):
        out += flat(value[3]) if op == 'SUBPATTERN' else [(op, value)]
    return out


def needs_of(op, value, behind):
    """What is behind a branch belongs to each of its ways: 'bot' and then a slash is less often there than 'bot'."""
    if op in ('MAX_REPEAT', 'MIN_REPEAT'):
        return needs(value[2]) if value[0] > 0 else []
    if op != 'BRANCH':
        return []
    best = []
    for branch in value[1]:
        inside = needs(list(branch) + behind)
        if not inside:
            return []
        best.append(min(inside, key=lambda group: (len(group), -min(map(len, group)))))
    return [set().union(*best)]


# ---- programs -------------------------------------------------------------------------------------------------------

class Program:
    """Instructions [op, argument, x, y]; x and y are places relative to the rule's first.  Branches get numbers."""

    def __init__(self, sets, groups):
        self.code, self.sets, self.groups = [], sets, groups

    def add(self, op, argument=0, x=0, y=0):
        self.code.append([op, argument, x, y])
        return len(self.code) - 1

    def set_of(self, bits):
        return self.sets.setdefault(bits, len(self.sets))

    def step(self, bits):
        if bin(bits).count('1') == 1:
            self.add('BYTE', bits.bit_length() - 1)
        else:
            self.add('SET', self.set_of(bits))

    def split(self, prefer_first=True):
        """Both ways are filled in later; prefer_first: x is tried before y."""
        return self.add('SPLIT' if prefer_first else 'LAZY')

    def sequence(self, tree):
        for op, value in ops(tree):
            self.one(op, value)

    def one(self, op, value):
        if op in STEPS:
            self.step(byte_set(op, value))
        elif op == 'AT':
            self.add({'AT_BEGINNING': 'BEGIN', 'AT_END': 'END', 'AT_BOUNDARY': 'BORDER',
                      'AT_NON_BOUNDARY': 'INSIDE'}[str(value)])
        elif op == 'SUBPATTERN':
            group = self.groups.get(value[0])
            if group is not None:
                self.add('SAVE', 2 * group)
            self.sequence(value[3])
            if group is not None:
                self.add('SAVE', 2 * group + 1)
        elif op == 'BRANCH':
            self.branch(value[1])
        elif op in ('MAX_REPEAT', 'MIN_REPEAT'):
            self.repeat(*repeat(value), op == 'MAX_REPEAT')
        else:
            raise ValueError(op)

    def branch(self, branches):
        ends = []
        ways = self.ways(branches) if len(branches) >= DISPATCH else None
        if ways is None:
            self.in_order(branches, ends)
        else:
            self.by_first_byte(branches, ways, ends)
        for end in ends:
            self.code[end][2] = len(self.code)

    def in_order(self, branches, ends):
        for branch in branches[:-1]:
            at = self.split()
            self.code[at][2] = len(self.code)
            self.sequence(branch)
            ends.append(self.add('JUMP'))
            self.code[at][3] = len(self.code)
        self.sequence(branches[-1])

    def ways(self, branches):
        """[bytes, the branches that can begin with them, in order]; None: one of them may take nothing."""
        firsts = []
        for branch in branches:
            inside = Program(self.sets, {})
            inside.sequence(branch)
            inside.add('MATCH')
            firsts.append(inside.first(0))
        if None in firsts:
            return None
        ways = collections.defaultdict(int)
        for byte in range(256):
            ways[tuple(i for i, bits in enumerate(firsts) if bits >> byte & 1)] |= 1 << byte
        return [(bits, way) for way, bits in ways.items()]

    def by_first_byte(self, branches, ways, ends):
        """Each branch once; in front of them a tree that asks for the byte, and lists of branches as its leaves."""
        entry = self.add('JUMP')
        starts = []
        for branch in branches:
            starts.append(len(self.code))
            self.sequence(branch)
            ends.append(self.add('JUMP'))
        self.code[entry][2] = len(self.code)
        self.dispatch(ways, starts)

    def dispatch(self, ways, starts):
        if len(ways) > 1:
            half = len(ways) // 2
            at = self.add('CASE', self.set_of(sum(bits for bits, _ in ways[:half])))
            self.code[at][2] = len(self.code)
            self.dispatch(ways[:half], starts)
            self.code[at][3] = len(self.code)
            self.dispatch(ways[half:], starts)
            return
        way = ways[0][1]
        if not way:
            self.add('SET', self.set_of(0))  # takes nothing: fails
            return
        for branch in way[:-1]:
            at = self.split()
            self.code[at][2:] = [starts[branch], len(self.code)]
        self.add('JUMP', 0, starts[way[-1]])

    def repeat(self, low, high, body, greedy):
        for _ in range(low):
            self.sequence(body)
        if high is None:
            at = self.split(greedy)
            self.code[at][2] = len(self.code)
            self.sequence(body)
            self.add('JUMP', 0, at)
            self.code[at][3] = len(self.code)
            return
        exits = []
        for _ in range(high - low):
            at = self.split(greedy)
            self.code[at][2] = len(self.code)
            self.sequence(body)
            exits.append(at)
        for at in exits:
            self.code[at][3] = len(self.code)

    def first(self, at, seen=None):
        """The bytes with which a match from here can begin; None: also with none."""
        seen = set() if seen is None else seen
        if at in seen:
            return 0
        seen.add(at)
        op, argument, x, y = self.code[at]
        if op == 'BYTE':
            return 1 << argument
        if op == 'SET':
            return next(bits for bits, number in self.sets.items() if number == argument)
        if op == 'MATCH':
            return None
        if op in ('SPLIT', 'LAZY', 'CASE'):
            one, other = self.first(x, seen), self.first(y, seen)
            return None if one is None or other is None else one | other
        return self.first(x if op == 'JUMP' else at + 1, seen)

    def guard(self):
        """A split that needs a certain byte for x, and is not one for y, is no split."""
        for at, (op, _, x, _) in enumerate(self.code):
            if op == 'SPLIT':
                bits = self.first(x, {at})
                if bits is not None and bits != (1 << 256) - 1:
                    self.code[at][:2] = ['GUARD', self.set_of(bits)]


# ---- rules ----------------------------------------------------------------------------------------------------------

class Rule:
    def __init__(self, row, keys, sets):
        self.tree = sre_parse.parse(row['regex'])
        self.template = row.get(keys[0], '$1')
        self.major = row.get(keys[1], '$2' if self.tree.state.groups > 2 else None)
        wanted = [g for g in (1, 2, 3) if f'${g}' in self.template or self.major == f'${g}']
        self.groups = {number: place for place, number in enumerate(wanted)}
        self.program = Program(sets, self.groups)
        self.program.sequence(self.tree)
        self.program.add('MATCH')
        first = self.program.first(0)
        self.first = self.program.set_of((1 << 256) - 1 if first is None else first)
        self.program.guard()
        self.needs = [group for group in needs(self.tree) if all(text.isascii() for text in group)]

    def names(self):
        """Whatever the template can become, as far as that can be listed."""
        if '$' not in self.template:
            return {self.template}
        number = int(self.template[self.template.index('$') + 1])
        group = find_group(self.tree, number)
        some = texts(group) if group is not None else None
        return {self.template.replace(f'${number}', text).strip() for text in some or ()}

    def name_group(self):
        return int(self.template[self.template.index('$') + 1]) if '$' in self.template else None


def load(path):
    with open(path, encoding='utf-8') as file:
        return yaml.load(file, Loader=getattr(yaml, 'CSafeLoader', yaml.SafeLoader))


def quote(text):
    return '"' + text.replace('\\', '\\\\').replace('"', '\\"').replace('?', '\\?') + '"'


def is_name(text):
    return 0 < len(text) <= NAME_MAX and all(' ' <= c <= '~' and c not in '"\\' for c in text)


def bucket(text):
    first = sum(ord(c) << 8 * i for i, c in enumerate(text[:LITERAL_MIN]))
    return (first * 0x9e3779b1 & 0xffffffff) >> 32 - BUCKETS.bit_length() + 1


def ascii_name(text):
    """As C has it; of a name that is not ASCII nothing can come."""
    return text if text.isascii() else ''


class Tables:
    def __init__(self, folder):
        rows = load(os.path.join(folder, 'regexes.yaml'))
        cases = [load(os.path.join(folder, 'tests', name))['test_cases'] for name in ('test_ua.yaml', 'test_os.yaml')]
        self.sets = {}
        self.rules = [Rule(row, ('family_replacement', 'v1_replacement'), self.sets)
                      for row in rows['user_agent_parsers']]
        self.systems = len(self.rules)
        self.rules += [Rule(row, ('os_replacement', 'os_v1_replacement'), self.sets) for row in rows['os_parsers']]
        self.names = sorted({name for rule in self.rules for name in rule.names() if is_name(name)} |
                            {case['family'] for some in cases for case in some if is_name(case['family'])})
        seen = [case['user_agent_string'] for some in cases for case in some]
        self.often = collections.Counter()
        for rule in self.rules:
            for group in rule.needs:
                for text in group:
                    if text not in self.often:
                        self.often[text] = sum(text in one for one in seen)
        for rule in self.rules:
            # The rarest group first: it decides whether the rule is a candidate at all.
            rule.needs.sort(key=lambda group: (sum(self.often[text] for text in group), sorted(group)))
            rule.needs = rule.needs[:4]
        used = sorted({text for rule in self.rules for group in rule.needs for text in group},
                      key=lambda text: (bucket(text), text))
        self.literals = {text: number for number, text in enumerate(used)}
        for rule in self.rules:
            rule.needs = [sorted(self.literals[text] for text in group) for group in rule.needs]

    def chunks(self, out, head, values, per_line=16):
        out.append(head + ' = {')
        for i in range(0, len(values), per_line):
            out.append('\t' + ', '.join(map(str, values[i:i + per_line])) + ',')
        out.append('};')

    def print_literals(self, out):
        """In the order of their buckets."""
        waiting, always, lists = collections.defaultdict(list), [], []
        for number, rule in enumerate(self.rules):
            for literal in rule.needs[0] if rule.needs else ():
                waiting[literal].append(number)
            if not rule.needs:
                always.append(number)
        out.append('const struct detect_agents_literal detect_agents_literals[] = {')
        for literal, text in enumerate(self.literals):
            out.append(f'\t{{ {quote(text)}, {len(text)}, {len(waiting[literal])}, {len(lists)} }},')
            lists += waiting[literal]
        out.append('};')
        held = collections.Counter(map(bucket, self.literals))
        starts, at = [], 0
        for number in range(BUCKETS + 1):
            starts.append(at)
            at += held[number]
        self.chunks(out, 'const uint16_t detect_agents_buckets[]', starts)
        self.chunks(out, 'const uint16_t detect_agents_waiting[]', lists or [0])
        self.chunks(out, 'const uint16_t detect_agents_always[]', always or [0])
        out.append(f'const size_t detect_agents_always_count = {len(always)};')

    def print_rules(self, out):
        code, needs_flat = [], []
        out.append('const struct detect_agents_rule detect_agents_rules[] = {')
        for rule in self.rules:
            group = rule.name_group()
            major = rule.groups[int(rule.major[1])] if rule.major and rule.major.startswith('$') and \
                int(rule.major[1]) in rule.groups else -1
            given = int(rule.major) if rule.major and rule.major.isdigit() and int(rule.major) < 1000 else -1
            template = ascii_name(rule.template)
            if group is not None:
                template = template.replace(f'${group}', '\\001')
            marks = 0
            for step in rule.program.code:
                step.append(marks)
                marks += step[0] in ('SPLIT', 'LAZY', 'GUARD')
            start = len(needs_flat)
            for some in rule.needs[1:]:
                needs_flat += [len(some)] + some
            out.append(f'\t{{ "{template}", {-1 if group is None else rule.groups[group]}, {major}, {given}, '
                       f'{rule.first}, {len(code)}, {marks}, {max(0, len(rule.needs) - 1)}, {start} }},')
            code += rule.program.code
        out.append('};')
        out.append(f'const size_t detect_agents_system_first = {self.systems}, detect_agents_rule_count = {len(self.rules)};')
        self.chunks(out, 'const uint16_t detect_agents_needs[]', needs_flat or [0])
        out.append('const struct detect_agents_step detect_agents_code[] = {')
        for i in range(0, len(code), 4):
            out.append('\t' + ' '.join(f'{{ AGENTS_{op}, {x}, {y}, {argument}, {mark} }},'
                                         for op, argument, x, y, mark in code[i:i + 4]))
        out.append('};')

    def print(self):
        out = ['/* Made by generate.py out of uap-core (Apache-2.0). */', '#include "detect/agents/match.h"', '']
        self.print_rules(out)
        self.print_literals(out)
        out.append('const uint64_t detect_agents_sets[][4] = {')
        for bits in self.sets:
            out.append('\t{ ' + ', '.join(f'UINT64_C({bits >> 64 * i & (1 << 64) - 1:#x})' for i in range(4)) + ' },')
        out.append('};')
        out.append('const struct span detect_agents_names[] = {')
        out += [f'\t{{ {quote(name)}, {len(name)} }},' for name in self.names]
        out.append('};')
        out.append(f'const size_t detect_agents_name_count = {len(self.names)};')
        return '\n'.join(out) + '\n'


def main(folder, name):
    with open(name, 'w', encoding='ascii') as file:
        file.write(Tables(folder).print())


if __name__ == '__main__':
    main(*sys.argv[1:])
