"""What the server sends over Gemini: headers, files, listings, endings."""

import hashlib
import os
import re
import shutil
import unittest
import urllib.parse

from server import (Connection, Server, fetch, gemini_connect, read_reply,
                    tls_context)

PNG = bytes.fromhex(
    '89504e470d0a1a0a0000000d4948445200000001000000010806000000'
    '1f15c4890000000d49444154789c6360f8cfc0f01f00050001ff5e8d7c'
    '7a0000000049454e44ae426082')
# Bytes that no program knows.
BINARY = hashlib.shake_256(b'unknown').digest(2048)
LATIN = 'Les élèves ont été à la fête, où ça a plu.\n'.encode('latin-1') * 4


def quoted(name):
    """A name as it stands in a path that the server writes."""
    return urllib.parse.quote(name, safe="!$&'()*+,;=:@~-._")


def links(page):
    """The (URL, label) of each link of a page of gemtext."""
    return [(match[1], match[2]) for match in re.finditer(
        r'^=>[ \t]*(\S+)[ \t]*(.*?)\r?$', page, re.M)]


class Headers(unittest.TestCase):
    TREE = {
        'index.gmi': '# Home\n',
        'utf8.txt': 'Grüße\n' * 10,
        'ascii.txt': 'plain text\n' * 10,
        'latin.txt': LATIN,
        'latin.gmi': LATIN,
        'empty.txt': '',
        'empty.gmi': '',
        'empty': '',
        'picture': PNG,
        'picture.png': PNG,
        'binary': BINARY,
        'binary.xyz': BINARY,
        'note.md': '# Note\n',
        'table.csv': 'a,b\n1,2\n',
        'style.css': 'body { color: red }\n',
        'page.gemini': '# Page\n',
        'UPPER.GMI': '# Upper\n',
        'code.gmi': '#include <stdio.h>\nint main(void) { return 0; }\n',
        'book.gpub': b'PK\x03\x04' + b'\0' * 30,
        'page.html': '<!DOCTYPE html><html><title>x</title></html>\n',
        'robots.txt': 'User-agent: *\nDisallow: /x\n',
        '.well-known/thing.txt': 'known\n',
        '.well-known/.hidden': 'hidden\n',
    }

    @classmethod
    def setUpClass(cls):
        cls.server = Server(cls.TREE)
        cls.addClassCleanup(cls.server.stop)

    def test_meta(self):
        rows = [
            ('/', 'text/gemini'), ('/index.gmi', 'text/gemini'),
            ('/page.gemini', 'text/gemini'), ('/UPPER.GMI', 'text/gemini'),
            ('/code.gmi', 'text/gemini'), ('/empty.gmi', 'text/gemini'),
            ('/utf8.txt', 'text/plain'), ('/ascii.txt', 'text/plain'),
            ('/empty.txt', 'text/plain'),
            ('/latin.txt', 'text/plain; charset=iso-8859-1'),
            ('/latin.gmi', 'text/gemini; charset=iso-8859-1'),
            ('/picture', 'image/png'), ('/picture.png', 'image/png'),
            ('/binary', 'application/octet-stream'),
            ('/binary.xyz', 'application/octet-stream'),
            ('/note.md', 'text/markdown'), ('/table.csv', 'text/csv'),
            ('/style.css', 'text/css'), ('/page.html', 'text/html'),
            ('/book.gpub', 'application/gpub+zip'),
            ('/robots.txt', 'text/plain'),
            ('/.well-known/thing.txt', 'text/plain'),
        ]
        for path, meta in rows:
            with self.subTest(path=path, meta=meta):
                reply = fetch(self.server, path)
                self.assertEqual(reply.header, b'20 ' + meta.encode())
                name = path[1:] or 'index.gmi'
                want = self.TREE[name]
                if isinstance(want, str):
                    want = want.encode()
                self.assertEqual(reply.body, want)
                self.assertTrue(reply.close_notify)

    def test_form(self):
        for path in ['/', '/none', '/empty', '/picture', '/..', '/%2F',
                     '/%zz', '/binary', '/.well-known/.hidden']:
            with self.subTest(path=path):
                reply = fetch(self.server, path)
                self.assertRegex(
                    reply.header,
                    rb'\A(20|51|59) [^\x00-\x1f\x7f]{1,1024}\Z')
                self.assertTrue(reply.close_notify)
                if reply.status != 20:
                    self.assertEqual(reply.body, b'')
                else:
                    self.assertEqual(reply.header, reply.header.lower())

    def test_tcp_ends_after_the_answer(self):
        # Nobody has to close first, but the server does not wait.
        for path in ('/', '/none'):
            with self.subTest(path=path), \
                    gemini_connect(self.server) as connection:
                connection.send(self.server.url(path).encode() + b'\r\n')
                self.assertTrue(connection.read_reply().close_notify)
                connection.wait_for_close()

    def test_lang(self):
        for lang, said in [('en', '; lang=en'), ('de-CH', '; lang=de-CH'),
                           ('en,fr', '; lang="en,fr"')]:
            with Server(self.TREE, options=['lang=' + lang]) as server:
                for path, meta in [
                        ('/', 'text/gemini' + said),
                        ('/page.gemini', 'text/gemini' + said),
                        ('/utf8.txt', 'text/plain'),
                        ('/note.md', 'text/markdown'),
                        ('/picture', 'image/png')]:
                    with self.subTest(lang=lang, path=path):
                        self.assertEqual(fetch(server, path).meta, meta)


class Redirects(unittest.TestCase):
    NAMES = ['sub', 'a b', '100%', 'grüße', 'q?x', 'c:d', 'a#b', 'a+b',
             "it's", 'a;b=c', '%41', 'a&b', '[x]', 'back\\slash', 'a"b',
             'a@b', '~user', '世界', 'tab\there', 'line\nfeed', 'x' * 255]

    @classmethod
    def setUpClass(cls):
        tree = {name + '/index.gmi': '# In\n' for name in cls.NAMES}
        tree['sub/deeper/index.gmi'] = '# Deeper\n'
        cls.server = Server(tree)
        cls.addClassCleanup(cls.server.stop)

    def test_directory_without_slash(self):
        for name in self.NAMES:
            with self.subTest(name=name):
                target = '/' + quoted(name)
                reply = fetch(self.server, target)
                self.assertEqual(reply.header.decode(), '31 %s/' % target)
                self.assertEqual(reply.body, b'')
                self.assertTrue(reply.close_notify)
                self.assertEqual(fetch(self.server, target + '/').text,
                                 '# In\n')

    def test_target(self):
        for path, target in [
                ('/sub/deeper', '/sub/deeper/'), ('//sub', '/sub/'),
                ('///sub', '/sub/'), ('/sub//deeper', '/sub/deeper/'),
                ('//sub//deeper', '/sub/deeper/'),
                ('/x/../sub', '/sub/'), ('/./sub', '/sub/'),
                ('/s%75b', '/sub/'), ('/sub?query', '/sub/'),
                ('/sub?', '/sub/'), ('/grüße', '/gr%C3%BC%C3%9Fe/')]:
            with self.subTest(path=path):
                self.assertEqual(fetch(self.server, path).header.decode(),
                                 '31 ' + target)

    def test_target_that_is_too_long(self):
        name = '\xfc' * 100
        os.makedirs(self.server.path('/'.join([name] * 3)))
        path = ('/' + name) * 3
        self.assertEqual(fetch(self.server, path + '/').status, 20)
        self.assertEqual(fetch(self.server, path).header.decode(),
                         '59 A URL has at most 1024 bytes')

    def test_invalid_utf8(self):
        os.mkdir(os.path.join(os.fsencode(self.server.root), b'\xff\xfe'))
        self.assertEqual(fetch(self.server, '/%ff%FE').header,
                         b'31 /%FF%FE/')


class Directories(unittest.TestCase):
    def test_index(self):
        tree = {
            'gmi/index.gmi': 'gmi\n',
            'gemini/index.gemini': 'gemini\n',
            'both/index.gmi': 'gmi\n', 'both/index.gemini': 'gemini\n',
            'other/index.txt': 'no index\n',
        }
        with Server(tree) as server:
            for path, page in [('/gmi/', 'gmi\n'), ('/both/', 'gmi\n'),
                               ('/gemini/', 'gemini\n')]:
                with self.subTest(path=path):
                    reply = fetch(server, path)
                    self.assertEqual((reply.meta, reply.text),
                                     ('text/gemini', page))
            reply = fetch(server, '/other/')
            self.assertEqual((reply.status, reply.meta), (20, 'text/gemini'))
            self.assertIn('./index.txt', dict(links(reply.text)))

    def test_listing(self):
        tree = {
            'file10.gmi': '# Tenth page\n',
            'file2.gmi': 'Text first\n\n## Second page\n',
            'file1.gmi': '```\n# not a title\n```\n# First page\n',
            'plain.gmi': 'no heading\n',
            'notes.txt': '# no title of a text\n',
            'zoo/index.gmi': '# Zoo\n',
            'alpha/x.txt': '',
            '.hidden': 'no\n', '.git/config': 'no\n',
            'gophermap': '!Menu\n', 'plain.gmi~': 'no\n',
        }
        with Server(tree) as server:
            os.symlink('/etc/passwd', server.path('out'))
            os.symlink('/etc', server.path('outdir'))
            os.symlink('nowhere', server.path('dangling'))
            os.symlink('notes.txt', server.path('inside'))
            os.mkfifo(server.path('fifo'))
            page = fetch(server, '/').text
            found = [(url, label) for url, label in links(page)
                     if url.startswith('./')]
            self.assertEqual(
                [url for url, label in found],
                ['./alpha/', './zoo/', './file1.gmi', './file2.gmi',
                 './file10.gmi', './gophermap', './inside', './notes.txt',
                 './plain.gmi'])
            labels = dict(found)
            for url, part in [
                    ('./file1.gmi', 'First page'),
                    ('./file2.gmi', 'Second page'),
                    ('./file10.gmi', 'Tenth page'),
                    ('./plain.gmi', 'plain.gmi'),
                    ('./notes.txt', 'notes.txt'), ('./alpha/', 'alpha')]:
                with self.subTest(url=url):
                    self.assertIn(part, labels[url])
            self.assertNotIn('no title', page)

    def test_empty_directory(self):
        with Server({'empty/': ''}) as server:
            for path in ('/', '/empty/'):
                reply = fetch(server, path)
                self.assertEqual((reply.status, reply.meta),
                                 (20, 'text/gemini'))

    def test_hostile_names(self):
        names = [
            b'new\nline', b'\n=> gemini:evil click', b'tab\there',
            b'\xff\xfe', b'-dash', b'--help', b'c:colon', b'gemini:x',
            b'=> x', b'# heading', b'```', b'* item', b'> quote', b' space ',
            b'cr\rhere', b'esc\x1b[31m', b'del\x7f', b'100%', b'%2e%2e',
            b'q?x', b'a#b', b'\xc2\x85next', b'..x', b'x..', b'\\',
            '\u202erlo'.encode(), b'y' * 255, '世'.encode() * 85,
        ]
        names = [name for name in names if not name.startswith(b'.')]
        with Server({}) as server:
            for number, name in enumerate(names):
                path = os.path.join(os.fsencode(server.root), name)
                with open(path, 'wb') as file:
                    file.write(b'%d' % number)
            body = fetch(server, '/').body
            page = body.decode()  # whatever the names are, it is UTF-8
            self.assertNotRegex(page, r'[\x00-\x09\x0b-\x1f\x7f]')
            found = {}
            for url, label in links(page):
                self.assertTrue(url.startswith('./') or url == '../', url)
                found[urllib.parse.unquote_to_bytes(url[2:])] = url
            self.assertEqual(set(found), set(names))
            self.assertNotIn('\n```', page)
            for number, name in enumerate(names):
                with self.subTest(name=name):
                    url = '/' + found[name][2:]
                    self.assertEqual(fetch(server, url).body,
                                     b'%d' % number)

    def test_hostile_title(self):
        title = '# A\x1b[31m title\twith => and\x00 \u0085 \x7f more\n'
        with Server({'page.gmi': title,
                     'bad.gmi': b'# Bad \xff\xfe title\n',
                     'long.gmi': '# ' + 'long ' * 2000}) as server:
            reply = fetch(server, '/')
            self.assertEqual(reply.status, 20)
            self.assertNotRegex(reply.text, r'[\x00-\x08\x0b-\x1f\x7f]')
            urls = [url for url, _ in links(reply.text)]
            for name in ('page', 'bad', 'long'):
                self.assertIn('./%s.gmi' % name, urls)

    def test_big_listing(self):
        tree = {'file%d.txt' % n: '' for n in range(3000)}
        with Server(tree) as server:
            urls = [url for url, _ in links(fetch(server, '/').text)]
            self.assertEqual(
                urls, ['./file%d.txt' % n for n in range(3000)])

    def test_listing_off(self):
        tree = {'index.gmi': '# Home\n', 'bare/x.txt': 'x\n',
                'dressed/index.gmi': '# Dressed\n'}
        with Server(tree, options=['listing=no']) as server:
            for path, status in [('/', 20), ('/dressed/', 20),
                                 ('/bare/', 51), ('/bare/x.txt', 20)]:
                with self.subTest(path=path):
                    self.assertEqual(fetch(server, path).status, status)
            self.assertIn(fetch(server, '/bare').status, (31, 51))


class Bodies(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server({'index.gmi': '# Home\n'})
        cls.addClassCleanup(cls.server.stop)
        cls.big = os.urandom(1024) * 10240
        with open(cls.server.path('big.bin'), 'wb') as file:
            file.write(cls.big)

    def write(self, name, content):
        with open(self.server.path(name), 'wb') as file:
            file.write(content)

    def test_sizes(self):
        # Both sides of what fits one read, one record, one write.
        for size in (0, 1, 2, 4095, 4096, 4097, 8192, 16383, 16384, 16385,
                     16384 * 2, 16384 * 2 + 1, 17 * 1024, 18 * 1024,
                     18 * 1024 + 1, 65536, 100000):
            with self.subTest(size=size):
                content = (b'0123456789abcde\n' * (size // 16 + 1))[:size]
                self.write('sized.txt', content)
                reply = fetch(self.server, '/sized.txt')
                self.assertEqual(reply.status, 20)
                self.assertEqual(len(reply.body), size)
                self.assertEqual(reply.body, content)
                self.assertTrue(reply.close_notify)

    def test_big_file(self):
        reply = fetch(self.server, '/big.bin')
        self.assertEqual(len(reply.body), len(self.big))
        self.assertEqual(hashlib.sha256(reply.body).digest(),
                         hashlib.sha256(self.big).digest())
        self.assertTrue(reply.close_notify)

    def test_slow_reader(self):
        with Connection(self.server.gemini_port, tls_context(),
                        receive_buffer=4096) as slow:
            slow.send(self.server.url('/big.bin').encode() + b'\r\n')
            got = slow.read_some()
            # Meanwhile others are served.
            self.assertEqual(fetch(self.server, '/').status, 20)
            reply = read_reply(got + slow.read_all(), slow.close_notify)
        self.assertEqual(reply.body, self.big)
        self.assertTrue(reply.close_notify)

    def test_edits_are_seen(self):
        for content in (b'# One\n', b'# Two\n', b'# Longer now\n', b''):
            with self.subTest(content=content):
                self.write('edited.gmi', content)
                self.assertEqual(fetch(self.server, '/edited.gmi').body,
                                 content)
        self.write('next', b'# Replaced\n')
        os.rename(self.server.path('next'), self.server.path('edited.gmi'))
        self.assertEqual(fetch(self.server, '/edited.gmi').body,
                         b'# Replaced\n')
        os.unlink(self.server.path('edited.gmi'))
        self.assertEqual(fetch(self.server, '/edited.gmi').status, 51)

    def test_type_follows_content(self):
        self.write('changing', b'just some text\n')
        self.assertEqual(fetch(self.server, '/changing').meta, 'text/plain')
        self.write('changing', PNG)
        self.assertEqual(fetch(self.server, '/changing').meta, 'image/png')

    def test_index_appears_and_goes(self):
        os.mkdir(self.server.path('dir'))
        self.assertNotIn('# New', fetch(self.server, '/dir/').text)
        self.write('dir/index.gmi', b'# New\n')
        self.assertEqual(fetch(self.server, '/dir/').text, '# New\n')
        shutil.rmtree(self.server.path('dir'))
        self.assertEqual(fetch(self.server, '/dir/').status, 51)

    def test_cut_short(self):
        # A client has to be able to notice.
        size = 64 * 1024 * 1024
        path = self.server.path('shrinks.bin')
        with open(path, 'wb') as file:
            file.truncate(size)
        with Connection(self.server.gemini_port, tls_context(),
                        receive_buffer=4096) as slow:
            slow.send(self.server.url('/shrinks.bin').encode() + b'\r\n')
            data = slow.read_some()
            os.truncate(path, 100)
            try:
                data += slow.read_all()
            except ConnectionResetError:
                pass
            reply = read_reply(data, slow.close_notify)
        self.assertEqual(reply.status, 20)
        self.assertLess(len(reply.body), size)
        self.assertFalse(reply.close_notify)
        self.assertEqual(fetch(self.server, '/').status, 20)

    def test_growing_file(self):
        # What was there when it was asked for, or more; but it ends.
        self.write('grows.txt', b'a' * 1000)
        with open(self.server.path('grows.txt'), 'ab') as file:
            file.write(b'b' * 1000)
            file.flush()
            reply = fetch(self.server, '/grows.txt')
        self.assertEqual(len(reply.body), 2000)

    def test_unread_input(self):
        # Up to 64 KiB after the request do not cost the answer, though
        # most of it has not left the server's kernel when it is done.
        content = self.big[:300000]
        self.write('medium.bin', content)
        request = self.server.url('/medium.bin').encode() + b'\r\n'
        for size in (0, 1, 1000, 16384, 60000):
            with self.subTest(size=size), Connection(
                    self.server.gemini_port, tls_context(),
                    receive_buffer=4096) as connection:
                connection.send(request + b'x' * size)
                reply = connection.read_reply()
                self.assertEqual(reply.status, 20)
                self.assertTrue(reply.body == content)
                self.assertTrue(reply.close_notify)

    def test_client_goes_away(self):
        for _ in range(20):
            with Connection(self.server.gemini_port, tls_context(),
                            receive_buffer=4096) as client:
                client.send(self.server.url('/big.bin').encode() + b'\r\n')
                client.read_some()
        self.assertEqual(fetch(self.server, '/').text, '# Home\n')


if __name__ == '__main__':
    unittest.main()
