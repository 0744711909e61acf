"""Parts of a capsule for some visitors: no one else can learn of them."""

import gzip
import io
import os
import shutil
import signal
import ssl
import subprocess
import tarfile
import unicodedata
import unittest
import zipfile

from build import CAPSULE
from clientcert import EC, Visitor
from server import (
    UNJAILED, Process, Server, fetch, gemini, gemini_connect, gopher_connect,
    new_directory, select, tls_context, wait_until, write_tree)

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
    '/notes', '/notes/', '/notes.tar.gz', '/notes/?atom', '/notes/inner/',
    '/notes/inner.tar.gz', '/notes/%s.gmi' % NAME, '/notes/%s' % NAME,
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
        # A public folder, but not all in it is.
        os.symlink('docs', server.path('notes'))
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
                ('/docs/chain/', 51), ('/pub.tar.gz', 51), ('/docs/', 20),
                ('/notes/', 20), ('/notes/a.gmi', 20), ('/notes/inner/', 51),
                ('/notes/%s.gmi' % NAME, 51)]:
            with self.subTest(path=path):
                reply = fetch(server, path)
                self.assertEqual(reply.status, status, reply.meta)
                if status == 60:
                    self.assertEqual(reply.meta,
                                     fetch(server, '/private/').meta)
        for path in '/docs/', '/notes/':
            self.assertEqual(fetch(server, path).text.count('=>'), 2)

    def test_moved_into_it(self):
        """A link in place of a folder that has become private is not open."""
        server = self.start(RULES)
        for _ in range(9):
            self.assertEqual(fetch(server, '/docs/a.gmi').status, 20)
            self.assertIn(b'A', select(server, '/docs/a.gmi'))
        os.rename(server.path('docs'), server.path('private/docs'))
        os.symlink('private/docs', server.path('docs'))
        for path in '/docs/a.gmi', '/docs/', '/docs/b.gmi':
            self.assertEqual(fetch(server, path).status, 51)
            self.assertEqual(select(server, path)[:1], b'3')

    def test_gopher(self):
        server = self.start(RULES)
        for selector in '/private/', '/private', '1/private/', '/into/':
            with self.subTest(selector=selector):
                first, second, *_, end = select(
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

    def test_readers_read(self):
        """Everything in their part, and nothing of the others' parts."""
        server = self.start(RULES)
        visitor = Visitor(self)
        for path, status in [
                ('/private', 31), ('/private/', 20), ('/private/none', 51),
                ('/private/%s.gmi' % NAME, 20), ('/private/%s' % NAME, 30),
                ('/private/sub', 31), ('/private/sub/', 20),
                ('/private/sub.tar.gz', 20), ('/private.tar.gz', 20),
                ('/private//', 31), ('/private/?atom', 20),
                ('/private/open/', 20), ('/private/team/', 61),
                ('/private/team.tar.gz', 61), ('/docs/inner/', 20),
                ('/pub/', 51), ('/', 20), ('/caf%C3%A9.tar.gz', 51),
                ('/cafe%CC%81/', 20), ('/docs/%s.gmi' % NAME, 20)]:
            with self.subTest(path=path):
                reply = visitor.fetch(server, path)
                self.assertEqual(reply.status, status, reply.meta)
                if path.endswith('.gz') and status == 20:
                    packed = b''.join(contents(path, reply.body))
                    self.assertIn(NAME.encode(), packed)
                    self.assertNotIn(b'team', packed)
        listing = visitor.fetch(server, '/private/sub/').text
        self.assertIn(NAME + '.gmi ' + TITLE, listing)
        for path in '/', '/docs/', '/manifest', '/ask?' + WORD:
            with self.subTest(path=path):
                for text in visitor.fetch(server, path).body, \
                        fetch(server, path).body:
                    self.check_text(path, text)


FRIENDS = '# Friends\n'
CLUB = '''
host "open.example" { capsule = "%(tree)s" }
host "Club.Example" {
    names = { "other.example." }
    capsule = "%(tree)s"
    path "/private/" { readers = { "friends" } }
    path "/club/" { readers = { "any" } }
    path "/nobody/" { readers = { "empty" } }
    path "/private/all/" { readers = {} }
}
host "*.wild.example" { capsule = "%(tree)s" readers = { "any" } }
host "www.wild.example" { capsule = "%(tree)s" }
'''
SIMPLE = {'index.gmi': '# Home\n', 'private/index.gmi': '# Private\n',
          'private/all/index.gmi': '# All\n', 'club/index.gmi': '# Club\n',
          'nobody/index.gmi': '# Nobody\n', 'privateer.gmi': '# No\n'}


class Certificates(unittest.TestCase):
    """Hosts of which one asks for certificates."""

    @classmethod
    def setUpClass(cls):
        cls.directory = new_directory()
        tree = os.path.join(cls.directory, 'tree')
        cls.alice, cls.bob = Visitor(cls), Visitor(cls)
        write_tree(cls.directory, {
            'capsuled.conf': CLUB % {'tree': tree}, 'empty': '# none\n',
            'friends': cls.alice.fingerprint + ' alice\n'})
        for name in 'friends', 'empty':
            os.chmod(os.path.join(cls.directory, name), 0o644)
        write_tree(tree, SIMPLE)
        cls.server = Server(
            tree, directory=cls.directory, names=(), gopher=None,
            arguments=['-c', os.path.join(cls.directory, 'capsuled.conf')],
            options=['ask=off', 'limits=off'])
        cls.server.owned = True
        cls.addClassCleanup(cls.server.stop)

    def ask(self, visitor, path, name='club.example', **named):
        if visitor is not None:
            return visitor.fetch(self.server, path, name=name, **named)
        return gemini(self.server, self.server.url(path, name).encode() +
                      b'\r\n', sni=named.get('sni', name))

    def test_who_may_read(self):
        rows = [
            (None, '/', 20), (None, '/private/', 60), (None, '/club/', 60),
            (None, '/nobody/', 60), (None, '/private/all/', 20),
            (self.alice, '/', 20), (self.alice, '/private/', 20),
            (self.alice, '/club/', 20), (self.alice, '/nobody/', 61),
            (self.bob, '/', 20), (self.bob, '/private/', 61),
            (self.bob, '/private/none', 61), (self.bob, '/club/', 20),
            (self.bob, '/nobody/', 61), (self.bob, '/privateer.gmi', 20),
            (self.bob, '/private/all/', 20),
        ]
        for visitor, path, status in rows:
            for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
                with self.subTest(path=path, version=version, status=status):
                    named = {'version': version} if visitor else {}
                    reply = self.ask(visitor, path, **named)
                    self.assertEqual(reply.status, status, reply.meta)
                    if status == 61:
                        self.assertIn(self.bob.fingerprint if visitor is
                                      self.bob else self.alice.fingerprint,
                                      reply.meta)

    def test_log(self):
        """Only the line of a 61 has the fingerprint."""
        visitor = Visitor(self)
        self.ask(visitor, '/club/')
        self.ask(visitor, '/private/')
        line = self.server.wait_for_line(
            '^info gemini status=61 .*' + visitor.fingerprint)[0]
        self.assertRegex(line, 'path=/private/ client=SHA256:')
        self.assertEqual(
            self.server.log.text().upper().count(visitor.hash.upper()), 1)

    def test_validity(self):
        old = Visitor(self, end='20200102000000Z')
        early = Visitor(self, start='20980101000000Z')
        for visitor, words in (old, 'expired'), (early, 'not valid yet'):
            with self.subTest(words=words):
                self.assertEqual(self.ask(visitor, '/').status, 20)
                for path in '/club/', '/private/', '/nobody/':
                    reply = self.ask(visitor, path)
                    self.assertEqual(reply.status, 62)
                    self.assertIn(words, reply.meta)

    def test_keys(self):
        """Kinds of keys, and which the handshake refuses."""
        def ec(curve):
            return ('ec', '-pkeyopt', 'ec_paramgen_curve:' + curve)

        def rsa(bits):
            return ('rsa:%d' % bits,)

        for key in (EC, ec('P-384'), ec('P-521'), rsa(2048), rsa(4096),
                    ('ed25519',)):
            with self.subTest(key=key):
                visitor = Visitor(self, key)
                for version in (ssl.TLSVersion.TLSv1_2,
                                ssl.TLSVersion.TLSv1_3):
                    reply = self.ask(visitor, '/club/', version=version)
                    self.assertEqual(reply.status, 20, reply.meta)
        for key in (ec('brainpoolP256r1'), rsa(1024)):
            with self.subTest(key=key):
                visitor = Visitor(self, key)
                context = tls_context(ssl.TLSVersion.TLSv1_2)
                context.set_ciphers('DEFAULT:@SECLEVEL=0')
                context.load_cert_chain(
                    visitor.path('crt.pem'), visitor.path('key.pem'))
                with self.assertRaises((ssl.SSLError, ConnectionResetError)):
                    gemini(self.server, self.server.url(
                        '/club/', 'club.example').encode() + b'\r\n',
                        tls=context, sni='club.example')

    def test_long_exponent(self):
        """Its signatures would take as long to verify as to make."""
        key = ('rsa:2048', '-pkeyopt',
               'rsa_keygen_pubexp:%d' % ((1 << 255) + 1))
        visitor = Visitor(self, key)
        # The alert, or a reset if the request came after it.
        with self.assertRaises((ssl.SSLError, ConnectionResetError)):
            self.ask(visitor, '/club/')

    def test_spellings(self):
        """However host and server name are spelled, the rule holds."""
        for name in ('CLUB.Example', 'club.example.', 'Club.Example.',
                     'other.example'):
            with self.subTest(name=name):
                self.assertEqual(self.ask(
                    None, '/private/', name, sni='club.example').status, 60)
                self.assertEqual(self.ask(
                    self.bob, '/private/', name,
                    sni=name.rstrip('.').lower()).status, 61)
                self.assertEqual(self.ask(
                    self.alice, '/private/', name,
                    sni=name.rstrip('.').upper()).status, 20)

    def test_other_hosts(self):
        rows = [
            ('/', 'www.wild.example', 'www.wild.example', 20),
            ('/', 'y.wild.example', 'x.wild.example', 53),
            ('/', 'evilwild.example', 'evilwild.example', 53),
            ('/private/', 'open.example', 'open.example', 20),
            ('/private/', 'club.example', 'open.example', 53),
            # Without a server name the first host decides: it does not ask.
            ('/private/', 'club.example', None, 60),
            ('/private/', 'club.example', 'unknown.example', 60),
        ]
        for path, name, sni, status in rows:
            with self.subTest(name=name, sni=sni):
                reply = gemini(self.server, self.server.url(
                    path, name).encode() + b'\r\n', sni=sni,
                    tls=self.alice.tls())
                self.assertEqual(reply.status, status, reply.meta)
                reply = gemini(self.server, self.server.url(
                    path, name).encode() + b'\r\n', sni=sni)
                self.assertEqual(reply.status, status, reply.meta)
        self.assertEqual(self.ask(self.bob, '/', 'x.wild.example').status, 20)
        self.assertEqual(self.ask(None, '/', 'x.wild.example').status, 60)

    def test_no_resumption(self):
        """No session goes on elsewhere, and a reader may come again."""
        for version in ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3:
            with self.subTest(version=version):
                context = self.alice.tls(version)
                for _ in range(5):
                    with gemini_connect(self.server, 'club.example',
                                        tls=context) as client:
                        client.send(self.server.url(
                            '/private/', 'club.example').encode() + b'\r\n')
                        self.assertEqual(client.read_reply().status, 20)
                        self.assertFalse(client.tls.session_reused)
        for flag in '-tls1_2', '-tls1_3':
            with self.subTest(flag=flag):
                self.resume(flag)

    def resume(self, flag):
        session = os.path.join(self.alice.directory, 'session')

        def client(sni, *arguments):
            return subprocess.run(
                ['openssl', 's_client', '-connect', '127.0.0.1:%d' %
                 self.server.gemini_port, '-servername', sni, flag,
                 '-ign_eof', *arguments],
                input=self.server.url('/private/', 'club.example').encode() +
                b'\r\n', capture_output=True, timeout=60, check=False).stdout

        first = client('open.example', '-sess_out', session)
        self.assertNotIn(b'New Session Ticket', first)
        self.assertNotIn(b'Acceptable client certificate CA names\n/', first)
        arguments = ['-sess_in', session] if os.path.exists(session) else []
        again = client('club.example', *arguments)
        self.assertNotIn(b'Reused,', again)
        self.assertIn(b'\n60 ', again)
        for name in 'club.example', 'open.example':
            asked = client(name, '-msg').count(b'CertificateRequest')
            self.assertEqual(asked, name == 'club.example')


class Lists(unittest.TestCase):
    """Files of readers: how they are written, and how they change."""

    def setUp(self):
        self.directory = new_directory()
        self.tree = os.path.join(self.directory, 'tree')
        self.config = os.path.join(self.directory, 'conf.d', 'capsuled.conf')
        self.friends = os.path.join(self.directory, 'conf.d', 'friends')
        write_tree(self.directory, {
            'conf.d/capsuled.conf': 'path "/private/" {'
                                    ' readers = { "friends" } }\n'})
        write_tree(self.tree, SIMPLE)

    def write(self, text, mode=0o644):
        """In one step, so that no half of it is read."""
        new = self.friends + '.new'
        with open(new, 'wb') as file:
            file.write(text if isinstance(text, bytes) else text.encode())
        os.chmod(new, mode)
        os.rename(new, self.friends)

    def start(self):
        server = Server(self.tree, directory=self.directory, gopher=None,
                        options=['ask=off', 'limits=off'],
                        arguments=['-c', self.config])
        server.owned = True
        self.addCleanup(server.stop)
        return server

    def run_once(self, *arguments):
        process = Process(
            ['-n', 'localhost', '-g', '127.0.0.1:0', '-C', os.path.join(
                self.directory, 'certs'), *UNJAILED, '-c', self.config,
             *arguments, self.tree])
        return process.wait(), process

    def test_spellings(self):
        visitors = [Visitor(self) for _ in range(9)]
        a, b, c, d, e, f, g, h, last = (v.hash for v in visitors)
        wrong = [Visitor(self) for _ in range(6)]
        m, n, o, p, q, r = (v.hash for v in wrong)

        def colons(text):
            return ':'.join(text[i:i + 2] for i in range(0, 64, 2))

        self.write(b'\xef\xbb\xbf' + '\r\n'.join([
            'SHA256:' + a.upper() + '  alice, until March', '', '# comment',
            b, '\t  ' + c.upper() + '\tcarol', colons(d) + ' dave',
            'sHa256:' + colons(e.upper()), f + '#straight after',
            a, m[:63] + ' short', g + ' \t ', n + '0 long',
            o + ' ' + p, q[:20] + '\0' + q[20:], q + ' x' * 2500,
            'O' + r[1:], 'SHA256: ' + r, 'SHA1:' + r, r[:63] + 'g']).encode() +
            b'\n \n' + h.encode() + b'\r\n' + last.encode())
        server = self.start()
        for visitor in visitors:
            self.assertEqual(
                visitor.fetch(server, '/private/').status, 20, visitor.hash)
        for visitor in wrong:
            self.assertEqual(
                visitor.fetch(server, '/private/').status, 61, visitor.hash)
        status, process = self.run_once('-t')
        self.assertEqual(status, 0)
        out = process.out.text()
        self.assertIn('readers: %s: 9' % self.friends, out)
        lines = [line for line in out.splitlines() if ': not an entry' in line]
        self.assertEqual(
            [int(line.split(':')[3]) for line in lines],
            [10, 12, 13, 14, 15, 16, 17, 18, 19])

    def test_many_wrong_lines(self):
        self.write('x\n' * 100)
        status, process = self.run_once('-t')
        out = process.out.text()
        self.assertEqual(status, 0)
        self.assertEqual(out.count('not an entry'), 10)
        self.assertIn('90 more lines', out)
        self.assertIn('readers: %s: 0' % self.friends, out)

    def test_list_in_the_capsule(self):
        """Everybody could read who the readers are."""
        for name, warns in [('../tree/friends', True),
                            ('../tree/private/../friends', True),
                            ('../tree/.friends', False),
                            ('../tree/lists/friends', True),
                            ('../tree/.lists/friends', False),
                            ('../tree/old~/lists/friends', False),
                            ('friends', False)]:
            with self.subTest(name=name):
                write_tree(self.directory, {
                    'conf.d/' + name: '# none\n',
                    'conf.d/capsuled.conf':
                    'path "/private/" { readers = { "%s" } }\n' % name})
                status, process = self.run_once('-t')
                self.assertEqual(status, 0, process.log.text())
                self.assertEqual(
                    'warning: readers: %s/%s: lies in the capsule' % (
                        os.path.dirname(self.config), name)
                    in process.out.text(), warns, process.out.text())

    def bad_lists(self):
        """Each way in which a list is no list, and what is said of it."""
        def folder():
            os.mkdir(self.friends)

        def fifo():
            os.mkfifo(self.friends, 0o644)

        def none():
            pass

        def writable(mode):
            return lambda: self.write('', mode)

        yield none, 'No such file'
        yield folder, 'not a file'
        yield fifo, 'not a file'
        yield writable(0o664), 'chmod go-w'
        yield writable(0o646), 'chmod go-w'
        if os.geteuid() != 0:
            yield writable(0), 'Permission denied'

    def remove(self):
        if os.path.isdir(self.friends):
            os.rmdir(self.friends)
        elif os.path.exists(self.friends):
            os.remove(self.friends)

    def test_bad_at_start(self):
        for make, words in self.bad_lists():
            with self.subTest(words=words):
                self.remove()
                make()
                for arguments in [], ['-t']:
                    status, process = self.run_once(*arguments)
                    self.assertNotEqual(status, 0)
                    self.assertRegex(
                        process.log.text(), 'readers: %s: .*%s' % (
                            self.friends, words))

    def test_bad_later(self):
        """Neither a reload nor a look at the file takes a bad list."""
        alice, bob = Visitor(self), Visitor(self)
        self.write(alice.hash)
        server = self.start()
        for make, words in self.bad_lists():
            with self.subTest(words=words):
                self.remove()
                since = len(server.lines)
                make()
                server.wait_for_line(
                    '^error readers: .*%s.*keeping the old lists' % words,
                    since)
                server.signal(signal.SIGHUP)
                server.wait_for_line(
                    '^error reload: readers: .*%s' % words, since)
                self.assertEqual(
                    alice.fetch(server, '/private/').status, 20)
                self.assertEqual(bob.fetch(server, '/private/').status, 61)
                self.assertEqual(fetch(server, '/private/').status, 60)
                said = [line for line in server.lines[since:]
                        if 'keeping the old lists' in line]
                self.assertEqual(len(said), 1)

    def test_changes(self):
        """A new list is used by all workers, without a reload."""
        alice, bob = Visitor(self), Visitor(self)
        self.write('')
        server = self.start()
        workers = server.workers()
        self.assertEqual(alice.fetch(server, '/private/').status, 61)
        for here, away in (alice, bob), (bob, alice), (alice, bob):
            since = len(server.lines)
            self.write('# one\n' + here.fingerprint + ' somebody\n')
            server.wait_for_line('^info readers: %s: 1' % self.friends, since)

            def all_know():
                return all(
                    here.fetch(server, '/private/').status == 20 and
                    away.fetch(server, '/private/').status == 61
                    for _ in range(8))

            wait_until(all_know, 'the new list in all workers')
        with open(self.friends, 'w', encoding='ascii') as file:
            file.write('# nobody')
        wait_until(lambda: alice.fetch(server, '/private/').status == 61,
                   'an empty list')
        self.assertEqual(server.workers(), workers)
        self.assertEqual(fetch(server, '/private/').status, 60)

    def test_after_a_fault(self):
        """A worker that is started later has the newest list."""
        alice = Visitor(self)
        self.write('')
        server = self.start()
        self.write(alice.hash)
        wait_until(lambda: alice.fetch(server, '/private/').status == 20,
                   'the new list')
        for pid in server.workers():
            os.kill(pid, signal.SIGKILL)
        server.wait_for_line('another one in')
        wait_until(lambda: len(server.workers()) == 2, 'new workers')
        self.assertEqual(alice.fetch(server, '/private/').status, 20)

    def test_gopher_over_tls(self):
        """A selector has no certificate, even if the connection has one."""
        visitor = Visitor(self)
        self.write(visitor.hash)
        server = Server(self.tree, directory=self.directory,
                        options=['ask=off', 'limits=off', 'gopher_tls=yes'],
                        arguments=['-c', self.config])
        server.owned = True
        self.addCleanup(server.stop)
        self.assertEqual(visitor.fetch(server, '/private/').status, 20)
        for tls in None, visitor.tls():
            with gopher_connect(server, context=tls,
                                sni='localhost') as client:
                client.send(b'/private/\r\n')
                answer = client.read_all()
            self.assertTrue(answer.startswith(b'3Only over Gemini'), answer)


class Tool(unittest.TestCase):
    """The author's tool treats readers as the server does."""

    def setUp(self):
        self.directory = new_directory()
        self.addCleanup(shutil.rmtree, self.directory, True)
        self.tree = os.path.join(self.directory, 'tree')
        self.hash = '0123456789abcdef' * 4
        write_tree(self.directory, {
            'capsuled.conf': RULES, 'team': self.hash + ' alice\n'})
        write_tree(self.tree, TREE)
        for name, target in LINKS.items():
            os.symlink(target, os.path.join(self.tree, name))

    def run_tool(self, verb, *arguments, options=()):
        return subprocess.run(
            [CAPSULE, verb, *options, '-c', os.path.join(
                self.directory, 'capsuled.conf'), self.tree, *arguments],
            capture_output=True, timeout=60, check=False)

    def show(self, path, *options):
        return self.run_tool('show', path, options=options).stdout

    def test_show(self):
        as_reader = '--as', 'sha256:' + self.hash.upper()
        as_other = '--as', '0' * 64
        rows = [
            ('/private/', (), b'60 '), ('/private/', as_reader, b'20 '),
            ('/private/', as_other, b'20 '), ('/private/team/', (), b'60 '),
            ('/private/team/', as_reader, b'20 '),
            ('/private/team/', as_other, b'61 '), ('/pub/', (), b'51 '),
            ('/pub/', as_reader, b'51 '), ('/', as_reader, b'20 '),
            ('/private/', ('-G', *as_reader), b'3Only over Gemini'),
        ]
        for path, options, start in rows:
            with self.subTest(path=path, options=options):
                answer = self.show(path, *options)
                self.assertTrue(answer.startswith(start), answer)
        self.assertIn(b'SHA256:' + b'0' * 64,
                      self.show('/private/team/', *as_other))
        for path in '/manifest', '/ask?' + WORD, '/docs/':
            answer = self.show(path, *as_reader)
            self.assertTrue(answer.startswith(b'20 '), answer)
            self.assertNotIn(NAME.encode(), answer)
        result = self.run_tool('show', '/', options=('--as', 'x'))
        self.assertEqual(result.returncode, 2)
        self.assertIn(b'64 hexadecimal digits', result.stderr)

    def test_pack(self):
        file = os.path.join(self.directory, 'a.tar.gz')
        result = self.run_tool('pack', file)
        self.assertEqual(result.returncode, 0, result.stderr)
        with open(file, 'rb') as packed:
            for text in contents(file, packed.read()):
                self.assertNotIn(NAME.encode(), text)

    def test_check(self):
        """A public page's link into such a part, and no other."""
        out = self.run_tool('check').stdout.decode()
        notes = [line for line in out.splitlines() if 'its readers' in line]
        self.assertEqual(len(notes), 2, out)
        for line in notes:
            self.assertRegex(line, r'/index\.gmi:[24]: note: link to /private')
        for name in LINKS:
            self.assertRegex(out, '/%s/?:1: not served: the symbolic link '
                             'leads into a part with readers' % name)


if __name__ == '__main__':
    unittest.main()
