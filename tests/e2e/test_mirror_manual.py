"""The lines of capsule-mirror(7), as they stand there."""

import os
import shutil
import subprocess
import unittest

from build import BUILD, TOP
from manual import manual_examples
from server import (Server, fetch,
                    new_directory, wait_until, write_tree)

MANUAL = os.path.join(TOP, 'src', 'capsule-mirror.7')
TREE = {
    'index.gmi': '# Home\n=> qa/\n',
    'qa/index.gmi': '# Questions\n',
    'pics/a b.png': b'\x89PNG\r\n' + bytes(range(256)) * 100,
    'back\\slash.txt': 'slash\n',
    'empty.txt': '',
}


def blocks():
    """The commands of each example."""
    for commands in manual_examples(MANUAL):
        lines = [command.text for command in commands if not command.root]
        if lines:
            yield lines


class Manual(unittest.TestCase):
    def setUp(self):
        self.top = new_directory()
        self.addCleanup(shutil.rmtree, self.top, True)
        self.capsule = os.path.join(self.top, 'capsule')
        self.copy = os.path.join(self.top, 'mirror')
        write_tree(self.capsule, TREE)
        for number, path in enumerate(sorted(TREE)):
            os.utime(os.path.join(self.capsule, path),
                     (1700000000 + number, 1700000000 + number))
        self.server = Server(self.capsule)
        self.addCleanup(self.server.kill)
        self.manifest(self.server)

    def here(self, line):
        """The same line for the server of this test."""
        for old, new in (
                ('gopher://example.org/', 'gopher://localhost:%d/' %
                 self.server.gopher_port),
                ('gemini://example.org/', 'gemini://localhost:%d/' %
                 self.server.gemini_port),
                ('-connect example.org:1965', '-connect localhost:%d' %
                 self.server.gemini_port)):
            line = line.replace(old, new)
        self.assertNotRegex(line, r'[/ ]example\.org')
        return line

    def run_lines(self, lines):
        result = subprocess.run(
            ['sh', '-e', '-c', '\n'.join(self.here(line) for line in lines)],
            cwd=self.top, capture_output=True, timeout=120, check=False,
            stdin=subprocess.DEVNULL, text=True,
            env=dict(os.environ, HOME=self.top,
                     PATH=BUILD + ':' + os.environ['PATH']))
        self.assertEqual(result.returncode, 0, '%s\n%s%s' % (
            '\n'.join(lines), result.stdout, result.stderr))
        return result

    def files(self, top):
        return {os.path.relpath(os.path.join(folder, name), top):
                os.stat(os.path.join(folder, name)).st_mtime
                for folder, _, names in os.walk(top)
                for name in names if not folder.endswith('.mirror')}

    def check_copy(self, *others):
        copied = self.files(self.copy)
        for name in ('manifest', *others):
            copied.pop(name, None)
        self.assertEqual(copied, {
            path: when for path, when in self.files(self.capsule).items()
            if path not in others})
        for path in TREE:
            with open(os.path.join(self.copy, path), 'rb') as copy, \
                    open(os.path.join(self.capsule, path), 'rb') as file:
                self.assertEqual(copy.read(), file.read())

    def test_each_block(self):
        seen = set()
        for lines in blocks():
            first = lines[0].split()[0]
            seen.add(first)
            with self.subTest(lines=lines):
                if first == 'capsuled':
                    self.check_served(lines)
                elif '--restore' in lines[-1]:
                    self.check_restored(lines)
                elif lines[0].startswith('capsule sign'):
                    self.run_lines(lines)
                    self.assertIn('manifest.sig', os.listdir(self.capsule))
                else:
                    shutil.rmtree(self.copy, ignore_errors=True)
                    self.run_lines(lines)
                    self.check_copy('manifest.sig')
        self.assertEqual(seen, {'curl', 'printf', 'rsync', 'capsuled',
                                'capsule'})

    def check_served(self, lines):
        """A copy that is served has the manifest of the original."""
        self.assertEqual(lines, ['capsuled -n mirror.example.org mirror'])
        original = self.manifest(self.server)
        with Server(self.copy) as server:
            self.assertEqual(self.manifest(server), original)
            # Also by its own reckoning.
            path = os.path.join(self.copy, 'manifest')
            if os.path.exists(path):
                os.unlink(path)
            self.assertEqual(self.manifest(server), original)

    def check_restored(self, lines):
        """What a run of a walk has replaced and removed comes back."""
        shutil.rmtree(self.copy, ignore_errors=True)
        walked = os.path.join(self.top, 'walked')
        write_tree(walked, {'index.gmi': '=> a.txt\n', 'a.txt': 'good\n'})
        server, self.server = self.server, Server(
            walked, options=('manifest=off',))
        try:
            self.run_lines(lines[:1])
            good = self.contents()
            self.assertEqual(sorted(good), ['a.txt', 'index.gmi'])
            write_tree(walked, {'index.gmi': 'Error: no database\n'})
            self.run_lines(lines[:1])
            self.assertNotEqual(self.contents(), good)
            self.run_lines(lines[1:])
            self.assertEqual(self.contents(), good)
        finally:
            self.server.kill()
            self.server = server

    def contents(self):
        """{path: content} of the copy."""
        found = {}
        for path in self.files(self.copy):
            if not path.startswith('.mirror'):
                with open(os.path.join(self.copy, path), 'rb') as file:
                    found[path] = file.read()
        return found

    def manifest(self, server):
        """It takes a moment until all is read for the first time."""
        def ready():
            reply = fetch(server, '/manifest')
            return reply if reply.status == 20 else None

        return wait_until(ready, 'a manifest').body


if __name__ == '__main__':
    unittest.main()
