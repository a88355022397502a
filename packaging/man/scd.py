"""Text that people wrote (help of a command, Markdown of docs/) as scdoc has it."""
import re

TERM = re.compile(r'(\S+)  +(\S.*)')  # a word of a list in help, and what it means
CODES = re.compile(r'exit codes?(?P<of> of [^:]*)?:\s*(?P<rest>.*)', re.S)


def escape(text):
    """Characters that scdoc would take for its own; a dot or quote in front is roff's."""
    text = re.sub(r'([\\*_#<>`~|\[\]+])', r'\\\1', text)
    return re.sub(r'^([-.:\'])', r'\\\1', text)


def inline(text):
    """Markdown within a line: code, strong, links (their text)."""
    out = []
    for piece in re.split(r'(`[^`]+`|\*\*[^*]+\*\*)', text):
        if piece.startswith('`') and len(piece) > 1:
            out.append('*' + escape(piece[1:-1]) + '*')
        elif piece.startswith('**'):
            out.append('*' + escape(piece[2:-2]) + '*')
        else:
            out.append(escape(re.sub(r'\[([^\]]+)\]\([^)]+\)', r'\1', piece)))
    return ''.join(out)


def literal(lines):
    return '```\n' + '\n'.join(lines).replace('\\', '\\\\') + '\n```\n'


def definition(term, text):
    """term is scdoc already, text may have several lines; behind a forced break no tab may stand."""
    return f'{term}\n\t' + '\n\t'.join(line.strip() for line in text.splitlines()).replace('++\n\t', '++\n') + '\n'


def exit_list(paragraph):
    """The text of "exit codes: 0 good, 1 a finding ..." as a list; what they are of, or ''."""
    found = CODES.match(paragraph)
    codes = re.split(r',\s+(?=\d+ )', ' '.join(found['rest'].split()))
    items = [definition(f'*{code}*', escape(meaning)) for code, meaning in (c.split(' ', 1) for c in codes)]
    return (found['of'] or '').strip(), '\n'.join(items)


def prose(paragraph):
    """A paragraph of help: running text, a list of words with their meaning, or lines to be kept as they stand."""
    lines = paragraph.splitlines()
    if all(TERM.match(line) or line.startswith('  ') for line in lines) and TERM.match(lines[0]):
        items, at = [], 0
        while at < len(lines):
            term, text = TERM.match(lines[at]).groups()
            at += 1
            while at < len(lines) and lines[at].startswith('  '):
                text += '\n' + lines[at].strip()
                at += 1
            items.append(definition(f'*{escape(term)}*', '\n'.join(escape(x) for x in text.splitlines())))
        return '\n'.join(items)
    out = []
    while lines:
        indented = lines[0].startswith('  ')
        run = [lines.pop(0)]
        while lines and lines[0].startswith('  ') == indented:
            run.append(lines.pop(0))
        out.append(literal([line[2:] for line in run]) if indented else '\n'.join(escape(line) for line in run) + '\n')
    return '\n'.join(out)


# ---- Markdown ----

def cells(row):
    """A row of a table; `\\|` and a bar within code are no borders."""
    parts = re.split(r'(`[^`]*`|\\\|)', row.strip().strip('|'))
    text = ''.join(p.replace('|', '\0') if p.startswith('`') else '\0' if p == '\\|' else p for p in parts)
    return [cell.strip().replace('\0', '|') for cell in text.split('|')]


def table(lines):
    """Rows become definitions: the columns of docs/ are wider than a terminal."""
    head, rows = cells(lines[0]), [cells(line) for line in lines[2:]]
    items = []
    for row in rows:
        rest = [(name, cell) for name, cell in zip(head[1:], row[1:]) if cell and cell != '-']
        texts = [inline(cell) if len(head) == 2 else f'{escape(name)}: {inline(cell)}' for name, cell in rest]
        term = inline(row[0])
        items.append(definition(term if term.startswith('*') else f'*{term}*', '++\n'.join(texts) or 'none'))
    return '\n'.join(items)


def bullet_end(lines, at):
    while at < len(lines) and lines[at].strip() and not re.match(r'[-*] ', lines[at]):
        at += 1
    return at


def bullets(lines):
    out, at = [], 0
    while at < len(lines):
        end = bullet_end(lines, at + 1)
        words = [lines[at][2:].strip()] + [line.strip() for line in lines[at + 1:end]]
        out.append('- ' + inline(' '.join(words)))
        at = end
    return '\n'.join(out) + '\n'


def block_end(lines, at):
    """Where the block that begins at `at` ends: at an empty line, or where one of another kind begins."""
    kind = lines[at][:1] if lines[at][:1] in '|#' else lines[at][:2] if lines[at][:2] in ('- ', '* ') else ''
    end = at + 1
    while end < len(lines) and lines[end].strip() and not lines[end].startswith('```'):
        starts = lines[end][:1] in '|#' or lines[end][:2] in ('- ', '* ')
        if (kind == '|') != lines[end].startswith('|') or kind == '#' or (starts and not kind):
            break
        end += 1
    return end


def markdown(text):
    """The body of a page: everything below the title, `## X` being a section."""
    lines, out, at = text.splitlines(), [], 0
    while at < len(lines):
        line = lines[at]
        if not line.strip() or line.startswith('# '):
            at += 1
        elif line.startswith('```'):
            end = lines.index('```', at + 1)
            out.append(literal(lines[at + 1:end]))
            at = end + 1
        elif line.startswith('    '):
            end = at
            while end < len(lines) and lines[end].startswith('    '):
                end += 1
            out.append(literal([x[4:] for x in lines[at:end]]))
            at = end
        else:
            end = block_end(lines, at)
            out.append(block(lines[at:end]))
            at = end
    return '\n'.join(out)


def block(lines):
    if lines[0].startswith('#'):
        level, title = lines[0].split(' ', 1)
        title = re.sub(r'`', '', title)
        return ('# ' + title.upper() if len(level) == 2 else '## ' + title) + '\n'
    if lines[0].startswith('|'):
        return table(lines)
    if lines[0][:2] in ('- ', '* '):
        return bullets(lines)
    return '\n'.join(inline_lines(lines)) + '\n'


def inline_lines(lines):
    """Code may go over the end of a line: marked up as a whole, then broken again."""
    return [re.sub(r'^([-.:\'|])', r'\\\1', line) for line in inline(' '.join(line.strip() for line in lines)).split('\n')]
