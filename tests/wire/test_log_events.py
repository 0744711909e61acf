"""The manual lists every event and field of the log, and no others."""

import os
import re
import unittest

from build import TOP

SOURCE = os.path.join(TOP, 'src')
LAYERS = ('text', 'sys', 'tree', 'index', 'serve', 'wire', 'daemon')
STRING = r'"(?:[^"\\]|\\.)*"'
# The parts of a text: strings and macros.
TEXT = r'((?:(?:%s|[A-Z_]{4,})\s*)+)' % STRING
LEVELS = {'LOG_LEVEL_ERROR': {'error'}, 'LOG_LEVEL_WARN': {'warn'},
          'LOG_LEVEL_INFO': {'info'}, 'LOG_LEVEL_DEBUG': set()}
# Warnings that are logged by a function with this text as its argument.
WARNINGS = {
    'sys/cert.c': r'\bwarn\(job,\s*' + TEXT,
    'sys/jail.c': r'\bsay\(' + TEXT,
    'daemon/readerlists.c': r'snprintf\(text, sizeof text,\s*' + TEXT,
    'daemon/generation.c': r'snprintf\(text, sizeof text,\s*' + TEXT,
}
# The start of these texts is added where they are logged.
BEGINS = {'sys/cert.c': 'X: '}


def general(text):
    """The text with X for each value, and without fields."""
    text = re.sub(r'[A-Z]{2,}[A-Z_]*', 'X', text)
    return re.sub(r' \w+=(X|yes)', '', text)


def joined(parts):
    text = ''.join(part[1:-1] if part.startswith('"') else 'XX'
                   for part in re.findall(r'%s|[A-Z_]{4,}' % STRING, parts))
    text = re.sub(r'%[-+ 0#]*(?:\*|\d+)?(?:\.(?:\*|\d+))?(?:hh|ll|[hlzj])?[a-z]',
                  'XX', text)
    return general(text.replace('\\"', '"'))


def files():
    for layer in LAYERS:
        for name in sorted(os.listdir(os.path.join(SOURCE, layer))):
            if name.endswith('.c'):
                path = os.path.join(SOURCE, layer, name)
                with open(path, encoding='utf-8') as file:
                    yield layer + '/' + name, file.read()


def functions(text):
    """The bodies of the functions of a file."""
    return re.findall(r'^\{\n(.*?)^\}', text, re.M | re.S)


def calls(body, name):
    """The arguments of each call, as text."""
    return [match[1] for match in
            re.finditer(r'\b%s\((.*?)\);' % name, body, re.S)]


def in_source():
    found, fields = set(), set()
    for name, text in files():
        if name in WARNINGS:
            found |= {('warn', BEGINS.get(name, '') + joined(parts)) for parts
                      in re.findall(WARNINGS[name], text)}
        for body in functions(text) if name != 'sys/log.c' else ():
            for call in calls(body, 'log_line'):
                level, parts = re.match(r'([^,(]+(?:\(.*?\))?),\s*' + TEXT,
                                        call).groups()
                event = joined(parts)
                # Fields that were collected before.
                if 'buf_str(&line)' in call:
                    event = event.removesuffix(' X')
                levels = LEVELS.get(level, {'error', 'warn'})
                found |= {(level, event) for level in levels}
                if levels:
                    fields |= set(re.findall(r' (\w+)=%', parts))
            fields |= set(re.findall(r'\blog_field\([^,]+,\s*"(\w+)"', body))
            if 'log_info(' in body:
                events = re.findall(r'STR\("([a-z ]+)"\)', body) or ['XX']
                found |= {('info', general(event)) for event in events}
                fields |= set(re.findall(r'" (\w+)=', body))
        # The addresses of the line "ready".
        if name.startswith('wire/'):
            fields |= set(re.findall(r'^\t\.name = "(\w+)"', text, re.M))
    # The warnings above are logged as this one.
    return found - {('warn', 'X')}, fields


def in_manual():
    with open(os.path.join(SOURCE, 'capsuled.8'), encoding='utf-8') as file:
        section = file.read().split('.Sh LOG\n')[1].split('\n.Sh ')[0]
    found = set()
    lists = re.findall(r'^Events of the level\n\.Cm (\w+) :\n(.*?)^\.El',
                       section, re.M | re.S)
    for level, body in lists:
        found |= {(level, general(text.replace('""', '"'))) for text in
                  re.findall(r'^\.It Li "(.*)"$', body, re.M)}
    fields = section.split('.Ss Events')[0].split('The fields are:\n')[1]
    return found, set(re.findall(r'^\.It Cm (\w+)$', fields, re.M))


class Events(unittest.TestCase):
    maxDiff = None

    def test_every_event(self):
        source, manual = in_source()[0], in_manual()[0]
        self.assertGreater(len(source), 60)
        self.assertEqual(sorted(source), sorted(manual))

    def test_every_field(self):
        source, manual = in_source()[1], in_manual()[1]
        self.assertGreater(len(source), 15)
        self.assertEqual(sorted(source), sorted(manual))


if __name__ == '__main__':
    unittest.main()
