"""The documents name files that exist, and describe each verb of the tool."""

import os
import re
import subprocess
import unittest

from build import CAPSULE, TOP
from manual import manual_commands

SOURCE = os.path.join(TOP, 'src')


class Documents(unittest.TestCase):
    def test_files_that_are_named(self):
        for page in ('README.md', 'STYLE.md'):
            with open(os.path.join(SOURCE, page), encoding='utf-8') as file:
                text = file.read()
            named = re.findall(r'`([a-z]+/[a-z_0-9]+\.[ch]|[a-z_]+\.[ch])`',
                               text)
            if page == 'README.md':
                self.assertGreater(len(named), 40)
            for name in named:
                # STYLE has `x.c` as an example.
                if name in ('x.c', 'x.h'):
                    continue
                with self.subTest(page=page, name=name):
                    self.assertTrue(
                        os.path.isfile(os.path.join(SOURCE, name)), name)

    def test_a_page_is_followed_in_few_files(self):
        with open(os.path.join(SOURCE, 'README.md'), encoding='utf-8') as file:
            text = file.read()
        walk = text.split('## A Gemini request')[1].split('\n## ')[0]
        files = set(re.findall(r'`([a-z]+/[a-z_]+\.c)`', walk))
        lines = 0
        for name in files:
            with open(os.path.join(SOURCE, name), encoding='utf-8') as file:
                lines += len(file.readlines())
        self.assertGreater(len(files), 10)
        self.assertLessEqual(len(files), 14)
        self.assertLessEqual(lines, 4500)

    def test_every_feature_has_a_file(self):
        with open(os.path.join(SOURCE, 'README.md'), encoding='utf-8') as file:
            table = file.read().split('## Where a feature is')[1]
        rows = [row for row in table.splitlines() if row.startswith('| ')][1:]
        self.assertGreater(len(rows), 20)
        for row in rows:
            with self.subTest(row):
                name = re.search(r'\| `([a-z]+/[a-z_/.]+)` \|$', row)[1]
                self.assertTrue(
                    os.path.isfile(os.path.join(SOURCE, name)), name)

    def test_the_manual_describes_every_verb(self):
        with open(os.path.join(SOURCE, 'capsule.1'), encoding='utf-8') as file:
            page = file.read()
        usage = subprocess.run([CAPSULE, '--help'], stdout=subprocess.PIPE,
                               timeout=60, check=True, text=True).stdout
        verbs = re.findall(r'^  ([a-z]+) +[a-z]', usage, re.M)
        self.assertIn('check', verbs)
        self.assertEqual(
            sorted(set(re.findall(r'^\.It Cm ([a-z]+) ', page, re.M))),
            verbs)

    def test_commands_are_found_in_a_manual(self):
        commands = manual_commands(os.path.join(SOURCE, 'capsuled-server.7'))
        self.assertGreater(len(commands), 60)
        self.assertIn(('Read the first page', False,
                       'curl -s gopher://localhost/'), commands)
        # A here-document is one command, and so is a list of several.
        self.assertIn(('Give it a name', True, '''\
cat >>/etc/capsuled/capsuled.conf <<'END'
names = { "example.org", "www.example.org" }
END'''), commands)
        for command in commands:
            self.assertNotRegex(command.text, r'\A[$#]|\n[$#] ')


if __name__ == '__main__':
    unittest.main()
