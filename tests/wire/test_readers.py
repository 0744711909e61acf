"""Parts of a capsule for some visitors: no one else can learn of them."""

import gzip
import io
import os
import signal
import tarfile
import unicodedata
import unittest
import zipfile

from server import (
    Server, fetch, gemini, new_directory, select, wait_until, write_tree)

# Words that no answer to another visitor may contain.
WORD = 'zaunkoenig'
TITLE = 'Goldammer'
NAME = 'blaumeise'
SECRETS = [word.encode() for word in (WORD, TITLE, NAME)]
PAGE = ('# %s\nThe %s sings in the hedge.\n'
        '=> one.gmi 2026-01-02 %s\n' % (TITLE, WORD, WORD))
NFD = unicodedata.normalize('NFD', 'café')
RULES = '''
path "/private/" { readers = { "any" } }
path "/private/open/" { readers = {} }
path "/private/team/" { readers = { "./team" } }
path "/docs/inner/" { readers = { "any" } }
path "/docs/%s.gmi" { readers = { "any" } }
path "/caf%%C3%%A9/" { readers = { "any" } }
moved("/into/", "/private/")
''' % NAME
TREE = {
    'index.gmi': '# Home\n=> /private/ Club\n=> /private/%s.gmi Page\n'
                 '=> /private Folder\n=> /private/none.txt None\n'
                 % NAME[:4],
    'page.gmi': '# Page\nThe wren sings.\n',
    'private/index.gmi': PAGE,
    'private/%s.gmi' % NAME: PAGE,
    'private/text.txt': PAGE,
    'private/sub/%s.gmi' % NAME: PAGE,
    'private/open/page.gmi': '# Open\n',
    'private/team/index.gmi': PAGE,
    'docs/a.gmi': '# A\n',
    'docs/inner/%s.gmi' % NAME: PAGE,
    'docs/%s.gmi' % NAME: PAGE,
    NFD + '/index.gmi': PAGE,
    NFD + '/\udcff.gmi': PAGE,
}
LINKS = {
    'pub': 'private', 'alias.gmi': 'private/%s.gmi' % NAME,
    'docs/up': '../private/sub', 'docs/alias.gmi': '../private/index.gmi',
    'docs/chain': 'up', 'round': 'docs/../private',
}
# Requests whose answers could contain such words by mistake.
PATHS = [
    '/', '/docs/', '/docs', '/private', '/private/', '/private/index.gmi',
    '/private/%s.gmi' % NAME, '/private/%s' % NAME, '/private/text.txt',
    '/private/?atom', '/private/index.gmi?atom', '/?atom', '/docs/?atom',
    '/private//', '//private/', '/./private/', '/%2e/private/',
    '/docs/../private/', '/docs/%2e%2e/private/', '/%70rivate/',
    '/private/./sub/%s.gmi' % NAME, '/private/open/../index.gmi',
    '/private/open/%2e%2e/index.gmi', '/Private/', '/PRIVATE/index.gmi',
    '/private/sub/', '/private/sub', '/private/team/', '/private/team',
    '/private.tar.gz', '/private/sub.tar.gz', '/private.tar.gz/',
    '/docs.tar.gz', '/docs/inner.tar.gz', '/docs/inner/',
    '/docs/%s.gmi' % NAME, '/docs/%s' % NAME,
    '/capsule.tar.gz', '/capsule.gpub', '/manifest',
    '/manifest?since=1970-01-01T00:00:00Z',
    '/ask?' + WORD, '/ask?sings', '/ask?the%20hedge', '/ask?' + WORD[:-1],
    '/ask?' + TITLE, '/ask?' + NAME, '/ask?goldamer', '/ask?wren%20hedge',
    '/ask', '/online', '/into/', '/into', '/into/%s.gmi' % NAME,
    '/pub', '/pub/', '/pub/index.gmi', '/pub/%s.gmi' % NAME, '/pub.tar.gz',
    '/pub/sub/', '/alias.gmi', '/alias', '/round/', '/docs/up/',
    '/docs/alias.gmi', '/docs/chain/', '/docs/up/%s.gmi' % NAME,
    '/caf%C3%A9/', '/cafe%CC%81/', '/cafe%CC%81/index.gmi',
    '/cafe%CC%81/%FF.gmi', '/caf%C3%A9/%FF.gmi', '/cafe%CC%81',
    '/cafe%CC%81.tar.gz',
]


def contents(path, body):
    """The body, and the text of the files if it is an archive."""
    packed = [body]
    if path.endswith('.gz') and body:
        packed.append(gzip.decompress(body))
        with tarfile.open(fileobj=io.BytesIO(body)) as archive:
            packed += [name.encode('utf-8', 'surrogateescape')
                       for name in archive.getnames()]
    if path.endswith('.gpub') and body:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            for name in archive.namelist():
                packed += [name.encode(), archive.read(name)]
    return packed


class Private(unittest.TestCase):
    def start(self, rules, **server):
        directory = new_directory()
        self.config = os.path.join(directory, 'capsuled.conf')
        write_tree(directory, {'capsuled.conf': rules, 'team': '# nobody\n'})
        os.chmod(os.path.join(directory, 'team'), 0o644)
        server = Server(TREE, directory=directory, arguments=[
            '-c', self.config], **server)
        server.owned = True
        self.addCleanup(server.stop)
        for name, target in LINKS.items():
            os.symlink(target, server.path(name))
        self.wait_for_index(server)
        return server

    def wait_for_index(self, server):
        """A link is indexed after the page that was there at the start."""
        write_tree(server.root, {'late.gmi': '# Rotkehlchen\n'})
        wait_until(lambda: b'late.gmi' in fetch(
            server, '/ask?rotkehlchen').body, 'an index')
        wait_until(lambda: fetch(server, '/manifest').status == 20,
                   'a manifest')

    def check(self, server):
        for path in PATHS:
            with self.subTest(path=path):
                reply = gemini(server, server.url('').encode() +
                               path.encode() + b'\r\n')
                for text in contents(path, reply.body) + [reply.header]:
                    self.check_text(path, text)
            with self.subTest(selector=path):
                self.check_text(path, select(server, path))
                self.check_text(path, select(
                    server, path.replace('?', '\t')))

    def check_text(self, path, text):
        """The answer may repeat the words of the request."""
        asked = path.encode().lower()
        for line in text.splitlines():
            for secret in SECRETS:
                if secret.lower() in line.lower():
                    self.assertIn(secret.lower(), asked, line)
                    self.assertNotIn(b'sings', line)

    def test_nothing_gets_out(self):
        self.check(self.start(RULES))

    def test_reload(self):
        """A part that was public once is in no list and no suggestion."""
        server = self.start('')
        self.assertIn(b'private', fetch(server, '/ask?' + WORD).body)
        with open(self.config, 'w', encoding='utf-8') as file:
            file.write(RULES)
        since = len(server.lines)
        server.signal(signal.SIGHUP)
        server.wait_for_line('^info reloaded', since)
        wait_until(lambda: fetch(server, '/private/').status == 60,
                   'another worker')
        self.check(server)
        self.wait_for_index(server)
        self.check(server)
        manifest = fetch(server, '/manifest').body
        self.assertIn(b'docs/a.gmi', manifest)

    def test_answers(self):
        """The answer does not tell whether something is there."""
        server = self.start(RULES)
        for path, status in [
                ('/private', 60), ('/private/', 60), ('/private/none', 60),
                ('/private/%s' % NAME, 60), ('/private/none/', 60),
                ('/private/sub', 60), ('/private/sub.tar.gz', 60),
                ('/private/none.tar.gz', 60), ('/private.tar.gz', 60),
                ('/docs/inner.tar.gz', 60), ('/private/team/', 60),
                ('/private/.hidden', 60), ('/cafe%CC%81/%FF.gmi', 60),
                ('/docs/%s.gmi' % NAME, 60), ('/docs/%s' % NAME, 51),
                ('/private/open/page.gmi', 20), ('/private/open/', 20),
                ('/private.gmi', 51), ('/privat', 51), ('/pub/', 51),
                ('/pub', 51), ('/pub/none', 51), ('/alias.gmi', 51),
                ('/alias', 51), ('/round/', 51), ('/docs/up/', 51),
                ('/docs/chain/', 51), ('/pub.tar.gz', 51), ('/docs/', 20)]:
            with self.subTest(path=path):
                reply = fetch(server, path)
                self.assertEqual(reply.status, status, reply.meta)
                if status == 60:
                    self.assertEqual(reply.meta,
                                     fetch(server, '/private/').meta)
        self.assertEqual(fetch(server, '/docs/').text.count('=>'), 2)

    def test_gopher(self):
        server = self.start(RULES)
        for selector in '/private/', '/private', '1/private/', '/into/':
            with self.subTest(selector=selector):
                first, second, end = select(
                    server, selector).decode().splitlines()
                self.assertRegex(first, r'^3Only over Gemini: ')
                self.assertRegex(
                    second, r'^h[^\t]*\tURL:gemini://localhost:%d/private'
                    % server.gemini_port)
                self.assertEqual(end, '.')
        menu = select(server, '/').decode()
        self.assertRegex(menu, r'(?m)^1Club\t/private/\t')
        self.assertRegex(menu, r'(?m)^1Page\t')
        self.assertRegex(menu, r'(?m)^1Folder\t')
        self.assertRegex(menu, r'(?m)^1None\t')


if __name__ == '__main__':
    unittest.main()
