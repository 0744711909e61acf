"""The commands in a manual page, for tests that run them.

    python3 tests/wire/manual.py PAGE

prints two strings for each command, each with a NUL after it: the title of its
section, and the command.
"""

import re
import sys
from typing import NamedTuple

# Of roff's escapes, those that stand for a character in a literal block.
ESCAPES = {r'\e': '\\', r'\&': '', r'\-': '-', r'\(dq': '"', r'\(aq': "'"}
HERE_DOCUMENT = re.compile(r"<<'?(\w+)'?")


class Command(NamedTuple):
    section: str
    root: bool  # the prompt is "#", not "$"
    text: str  # for sh(1); with its lines of continuation


def unescaped(line):
    return re.sub(r'\\(?:\(..|.)', lambda match: ESCAPES.get(
        match[0], match[0]), line)


def manual_blocks(path):
    """(section, lines) of each literal block in a page of mdoc(7)."""
    section, block = '', None
    with open(path, encoding='utf-8') as page:
        for line in page.read().splitlines():
            if block is not None and line == '.Ed':
                yield section, block
                block = None
            elif block is not None:
                block.append(unescaped(line))
            elif line.startswith('.Bd -literal'):
                block = []
            elif line.startswith('.Dl '):
                yield section, [unescaped(line[len('.Dl '):])]
            elif re.match(r'\.S[hs] ', line):
                section = line[len('.Sh '):].strip('"')


def is_unfinished(text):
    """A backslash or an open here-document continues on the next line."""
    end = HERE_DOCUMENT.search(text)
    return text.endswith('\\') or (
        end is not None and end[1] not in text.split('\n')[1:])


def manual_examples(path):
    """The commands of each literal block that has any, in order.

    A command begins with a prompt, "$ " or "# "; a block that does not begin
    with one is a file or output.
    """
    for section, lines in manual_blocks(path):
        commands = []
        for line in lines:
            if commands and is_unfinished(commands[-1].text):
                text = commands[-1].text + '\n' + line
                commands[-1] = commands[-1]._replace(text=text)
            elif line[:2] in ('$ ', '# '):
                commands.append(Command(section, line[0] == '#', line[2:]))
            else:
                break
        if commands:
            yield commands


def manual_commands(path):
    """Each command of the page, in order."""
    return [command for commands in manual_examples(path)
            for command in commands]


if __name__ == '__main__':
    for command in manual_commands(sys.argv[1]):
        print(command.section, command.text, sep='\0', end='\0')
