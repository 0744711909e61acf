"""Files of programs in a capsule: no visitor can read or find them."""

import os
import signal
import subprocess
import unittest

import test_readers
from build import CAPSULE
from server import as_root, fetch, select, wait_until
from test_readers import NAME, NFD, WORD, contents

# Directories of scripts, by their real path, and a part with a program.
CGI = '''
cgi_user = "daemon"
path "/run/" { cgi = "./tree/private" }
path "/other/" { cgi = "./tree/café" }
path "/docs/inner/" { fastcgi = "/nowhere/socket" }
path "/php/" { fastcgi = "/nowhere/socket" script = "./tree/docs/%s.gmi" }
moved("/into/", "/private/")
''' % NAME
# The same without scripts of its own, for which the server must be root's.
FASTCGI = '\n'.join('path "/%s/" { fastcgi = "/nowhere/socket" }' % path
                    for path in ('private', 'café', 'docs/inner')) + '''
path "/php/" { fastcgi = "/nowhere/socket" script = "./tree/docs/%s.gmi" }
''' % NAME


class Hidden(test_readers.Private):
    """The tests of parts with readers, with programs in their place."""

    def start(self, rules, **server):
        rules = rules.replace('café', NFD)
        return super().start(rules, **server)

    test_answers = test_moved_into_it = test_gopher = test_readers_read = None

    @as_root
    def test_nothing_gets_out(self):
        server = self.start(CGI)
        self.check(server)
        for path in ('/private', '/private/', '/private/none',
                     '/private/sub/', '/private/text.txt', '/private.tar.gz',
                     '/private/open/page.gmi', '/private/%s' % NAME,
                     '/pub/', '/alias.gmi', '/docs/%s.gmi' % NAME,
                     '/docs/%s' % NAME, '/caf%C3%A9/', '/cafe%CC%81'):
            with self.subTest(path=path):
                self.assertEqual(
                    fetch(server, path).meta, fetch(server, '/none').meta)
                self.assertEqual(fetch(server, path).status, 51)
        self.assertIn(b'a.gmi A', fetch(server, '/docs/').body)
        self.assertNotIn(b'private', fetch(server, '/manifest').body)

    def test_parts(self):
        """A part that a program answers for has no files."""
        server = self.start(FASTCGI)
        self.check(server)
        self.assertNotIn(b'private', fetch(server, '/manifest').body)
        self.assertIn(b'docs/a.gmi', fetch(server, '/manifest').body)
        self.assertEqual(fetch(server, '/docs/%s.gmi' % NAME).status, 51)
        self.assertEqual(select(server, '/docs/%s.gmi' % NAME)[:1], b'3')

    def test_reload(self):
        """A public folder becomes a program's."""
        server = self.start('')
        self.assertIn(b'private', fetch(server, '/ask?' + WORD).body)
        with open(self.config, 'w', encoding='utf-8') as file:
            file.write(FASTCGI)
        since = len(server.lines)
        server.signal(signal.SIGHUP)
        server.wait_for_line('^info reloaded', since)
        wait_until(lambda: fetch(server, '/docs/%s.gmi' % NAME).status == 51,
                   'another worker')
        self.check(server)
        self.wait_for_index(server)
        self.check(server)


class Tool(test_readers.Tool):
    """The author's tool hides the same files."""

    test_show = test_check = None

    def test_pack(self):
        with open(os.path.join(self.directory, 'capsuled.conf'), 'w',
                  encoding='utf-8') as file:
            file.write(CGI.replace('café', NFD))
        file = os.path.join(self.directory, 'a.tar.gz')
        result = subprocess.run(
            [CAPSULE, 'pack', '-c',
             os.path.join(self.directory, 'capsuled.conf'), self.tree, file],
            capture_output=True, timeout=60, check=False)
        self.assertEqual(result.returncode, 0, result.stderr)
        with open(file, 'rb') as packed:
            for text in contents(file, packed.read()):
                self.assertNotIn(NAME.encode(), text)


if __name__ == '__main__':
    unittest.main()
