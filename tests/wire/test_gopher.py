"""Gopher as clients speak it: menus, files and what they get wrong."""

import hashlib
import os
import re
import ssl
import unittest

from server import (Connection, Server, fetch, gopher, gopher_connect,
                    select, tls_context)

# Bytes that no program knows.
BINARY = hashlib.shake_256(b'unknown').digest(16384)
PNG = bytes.fromhex(
    '89504e470d0a1a0a0000000d4948445200000001000000010806000000'
    '1f15c4890000000d49444154789c6360f8cfc0f01f00050001ff5e8d7c'
    '7a0000000049454e44ae426082')
PAGE = '# Page\nHello\n'

TREE = {
    'index.gmi': '# Home\n\nHello, world\n=> docs/ Docs\n',
    'page.gmi': PAGE,
    'docs/index.gmi': '# Docs\n=> ../page.gmi Page\n=> deep.txt Deep\n',
    'docs/page.gmi': '# Inner\n',
    'docs/deep.txt': 'deep\n',
    'a b.txt': 'space\n',
    'a%zz.txt': 'escape\n',
    'grüße.txt': 'Grüße\n',
    'text.txt': 'one\n.\n.two\nlast without end',
    'crlf.txt': 'one\r\n.two\r\n',
    'binary.bin': BINARY,
    'picture.png': PNG,
    'latin.gmi': b'Caf\xe9\n',
    'empty.txt': '',
    'empty.gmi': '',
    'robots.txt': 'User-agent: *\nDisallow: /x\n',
    '.hidden': 'no\n',
    'docs/.hidden': 'no\n',
    'mapped/gophermap': 'Welcome\n',
    'mapped/index.gmi': '# Not this\n',
    'mapped/file.txt': 'file\n',
    '0/odd.txt': 'a directory named 0\n',
}

ERROR = re.compile(rb'3[^\t\r\n]+\t\terror\.host\t1\r\n\.\r\n')


def info(text):
    return 'i%s\t\tnull.host\t1\r\n' % text


def title(text):
    return 'i%s\tTITLE\tnull.host\t1\r\n' % text


class Case(unittest.TestCase):
    tree = TREE
    options = ()
    names = ('localhost',)

    @classmethod
    def setUpClass(cls):
        cls.server = Server(cls.tree, options=cls.options, names=cls.names)
        cls.addClassCleanup(cls.server.stop)

    def item(self, line):
        """An item line of ours: "1Docs|/docs/"."""
        display, selector = line.split('|')
        return '%s\t%s\tlocalhost\t%d\r\n' % (
            display, selector, self.server.gopher_port)

    def assert_menu(self, answer):
        """Every line has four fields; the last is a dot alone."""
        self.assertTrue(answer.endswith(b'.\r\n'), answer[-80:])
        lines = answer.split(b'\r\n')
        self.assertEqual(lines[-2:], [b'.', b''])
        for line in lines[:-2]:
            self.assertRegex(
                line, rb'\A[^\x00-\x1f][^\x00-\x1f\x7f]*\t[^\x00-\x1f\x7f]*'
                rb'\t[!-~]+\t[0-9]+\Z')
            self.assertNotEqual(line[:1], b'+')

    def assert_error(self, answer):
        self.assertRegex(answer, ERROR)
        self.assertTrue(ERROR.fullmatch(answer), answer)


class Menus(Case):
    def home(self):
        return (title('Home') + info('====') + info('') +
                info('Hello, world') + self.item('1Docs|/docs/') + '.\r\n')

    def docs(self):
        return (title('Docs') + info('====') +
                self.item('1Page|/page.gmi') +
                self.item('0Deep|/docs/deep.txt') + '.\r\n')

    def test_root(self):
        for line in (b'\r\n', b'/\r\n', b'\n', b'/\n', b'//\r\n',
                     b'/index.gmi\r\n', b'index.gmi\r\n', b'/?\r\n',
                     b'?x=1\r\n', b'1/\r\n', b'/1/\r\n', b'\t\r\n',
                     b'\tsearch words\r\n', b'/\tsearch\r\n', b'/.\r\n'):
            with self.subTest(line=line):
                self.assertEqual(gopher(self.server, line).decode(),
                                 self.home())

    def test_directories(self):
        # Without its slash too: a Gopher client cannot follow a redirect.
        for selector in ('/docs/', '/docs', 'docs/', 'docs', '//docs//',
                         '/docs/index.gmi', '/docs?x', '/d%6Fcs/',
                         '1/docs/', '1/docs', '/1/docs/'):
            with self.subTest(selector=selector):
                self.assertEqual(select(self.server, selector).decode(),
                                 self.docs())

    def test_pages(self):
        page = (title('Page') + info('====') + info('Hello') + '.\r\n')
        for selector in ('/page.gmi', 'page.gmi', '/page.gmi?x=1',
                         '/page%2Egmi', '/p%61ge.gmi', '//page.gmi',
                         '/page.gmi\tsearch', '/page.gmi\t',
                         '1/page.gmi', '/1/page.gmi', '/./page.gmi'):
            with self.subTest(selector=selector):
                self.assertEqual(select(self.server, selector).decode(),
                                 page)
        self.assertEqual(select(self.server, '/empty.gmi'), b'.\r\n')

    def test_raw_source(self):
        for selector in ('0/page.gmi', '/0/page.gmi', '0/page.gmi\tx',
                         '0/page.gmi?x'):
            with self.subTest(selector=selector):
                self.assertEqual(select(self.server, selector).decode(),
                                 PAGE)
        self.assertEqual(select(self.server, '0/docs/page.gmi'),
                         b'# Inner\n')
        # What is really there goes before the habit.
        self.assertEqual(select(self.server, '0/odd.txt'),
                         b'a directory named 0\n')

    def test_menu_form(self):
        for selector in ('', '/docs', '/page.gmi', '/none', '/mapped/',
                         '/latin.gmi', '/..', 'x' * 2000):
            with self.subTest(selector=selector):
                self.assert_menu(select(self.server, selector))

    def test_latin_1_page(self):
        self.assertEqual(select(self.server, '/latin.gmi').decode(),
                         info('Caf\ufffd') + '.\r\n')

    def test_in_pieces(self):
        for parts in ([b'/', b'page', b'.gmi', b'\r', b'\n'],
                      [bytes([byte]) for byte in b'/page.gmi\r\n'],
                      [b'/page.gmi', b'\r\n'],
                      [b'/page.gmi\r\n', b'garbage']):
            with self.subTest(parts=parts):
                self.assertEqual(gopher(self.server, parts),
                                 select(self.server, '/page.gmi'))

    def test_bytes_after_the_line(self):
        want = select(self.server, '/page.gmi')
        for rest in (b'garbage', b'/docs/\r\n' * 50, b'x' * 60000, b'\0'):
            with self.subTest(rest=rest[:20]):
                self.assertEqual(
                    gopher(self.server, b'/page.gmi\r\n' + rest), want)

    def test_unread_input_does_not_cost_the_answer(self):
        content = os.urandom(300000)
        with open(self.server.path('medium.bin'), 'wb') as file:
            file.write(content)
        for size in (0, 1, 1000, 60000):
            with self.subTest(size=size), Connection(
                    self.server.gopher_port, receive_buffer=4096) as slow:
                slow.send(b'/medium.bin\r\n' + b'x' * size)
                self.assertTrue(slow.read_all() == content)

    def test_end_of_input_ends_the_line(self):
        for line in (b'/page.gmi', b'/page.gmi\r', b'/page.gmi\t'):
            with self.subTest(line=line), \
                    gopher_connect(self.server) as connection:
                connection.end_sending(line)
                self.assertEqual(connection.read_all(),
                                 select(self.server, '/page.gmi'))
        with gopher_connect(self.server) as connection:
            connection.end_sending()
            self.assertEqual(connection.read_all(), b'')


class Files(Case):
    def test_bytes(self):
        for selector, name in [
                ('/text.txt', 'text.txt'), ('text.txt', 'text.txt'),
                ('/crlf.txt', 'crlf.txt'), ('/binary.bin', 'binary.bin'),
                ('9/binary.bin', None), ('/picture.png', 'picture.png'),
                ('/empty.txt', 'empty.txt'), ('0/text.txt', 'text.txt'),
                ('1/text.txt', 'text.txt'), ('0text.txt', None),
                ('/text.txt\tsearch', 'text.txt'),
                ('/text.txt?query', 'text.txt'),
                ('/docs/deep.txt', 'docs/deep.txt'),
                ('/a b.txt', 'a b.txt'), ('/a%20b.txt', 'a b.txt'),
                ('a b.txt', 'a b.txt'), ('/a+b.txt', None),
                ('/a%zz.txt', 'a%zz.txt'), ('/a%25zz.txt', 'a%zz.txt'),
                ('/grüße.txt', 'grüße.txt'),
                ('/gr%C3%BC%C3%9Fe.txt', 'grüße.txt'),
                ('/text.txt/', None), ('robots.txt', 'robots.txt'),
                ('/robots.txt', 'robots.txt'),
                ('0/robots.txt', 'robots.txt'),
                ('/0/robots.txt', 'robots.txt')]:
            with self.subTest(selector=selector):
                answer = select(self.server, selector)
                if name is None:
                    self.assert_error(answer)
                    continue
                want = self.tree[name]
                if isinstance(want, str):
                    want = want.encode()
                self.assertEqual(answer, want)

    def test_big_file(self):
        content = os.urandom(4096) * 2560
        with open(self.server.path('big.bin'), 'wb') as file:
            file.write(content)
        self.assertTrue(select(self.server, '/big.bin') == content)
        with Connection(self.server.gopher_port,
                        receive_buffer=4096) as slow:
            slow.send(b'/big.bin\r\n')
            got = slow.read_some()
            self.assert_menu(select(self.server, '/'))
            self.assertTrue(got + slow.read_all() == content)

    def test_cut_short(self):
        # Without lengths, a reset is the only way to say so.
        path = self.server.path('shrinks.bin')
        with open(path, 'wb') as file:
            file.truncate(64 * 1024 * 1024)
        with Connection(self.server.gopher_port,
                        receive_buffer=4096) as slow:
            slow.send(b'/shrinks.bin\r\n')
            slow.read_some()
            os.truncate(path, 0)
            with self.assertRaises(ConnectionResetError):
                slow.read_all()

    def test_edits_are_seen(self):
        for content in (b'one\n', b'two\n', b'longer\n'):
            with open(self.server.path('edited.txt'), 'wb') as file:
                file.write(content)
            self.assertEqual(select(self.server, '/edited.txt'), content)


class Malformed(Case):
    def test_length(self):
        path = '/text.txt?'
        for length, found in [(1023, True), (1024, True), (1025, False),
                              (1026, False), (1027, False), (3000, False),
                              (60000, False)]:
            for end in ('\r\n', '\n'):
                with self.subTest(length=length, end=end):
                    line = path + 'x' * (length - len(path)) + end
                    answer = gopher(self.server, line.encode())
                    if found:
                        self.assertEqual(answer.decode(), TREE['text.txt'])
                    else:
                        self.assert_error(answer)

    def test_no_end_past_the_limit(self):
        answer = gopher(self.server, b'/' + b'x' * 1026, limit=8)
        self.assert_error(answer)

    def test_control_bytes(self):
        bad = [byte for byte in range(0x20) if byte not in b'\t\n']
        for byte in [*bad, 0x7f]:
            with self.subTest(byte=byte):
                # What follows the question mark would not matter, but it.
                for path in (b'/page.gmi', b'/page.gmi?', b'/page.gmi\t'):
                    self.assert_error(gopher(
                        self.server, path + bytes([byte]) + b'x\r\n'))
                if byte not in (0x16, 0x0d):
                    self.assert_error(gopher(
                        self.server, bytes([byte]) + b'/page.gmi\r\n'))

    def test_refused(self):
        same = select(self.server, '/none')
        self.assert_error(same)
        os.symlink('/etc/passwd', self.server.path('out'))
        os.mkfifo(self.server.path('fifo'))
        with open(self.server.path('locked.txt'), 'wb'):
            os.chmod(self.server.path('locked.txt'), 0)
        for selector in ('/none/', 'none', '/.hidden', '.hidden',
                         '/docs/.hidden', '/%2ehidden', '0/.hidden',
                         '/mapped/gophermap', 'mapped/gophermap',
                         '0/mapped/gophermap', '/gophermap', '/out',
                         '/fifo', '/locked.txt', '/docs%2Fdeep.txt',
                         '/page.gmi/', '/x%00y', '0/none', '1/none',
                         '9/none', '/%', '/' + 'x' * 500, '/none\tx'):
            with self.subTest(selector=selector):
                self.assertEqual(select(self.server, selector), same)

    def test_parent(self):
        for selector in ('/..', '..', '/../', '/../../etc/passwd',
                         '/docs/../page.gmi', 'docs/..', '0/../x',
                         '1/docs/../../../x', '/%2e%2e', '/.%2e/x',
                         '/docs/%2e%2e/%2e%2e/x',
                         '/docs/%2E%2e/page.gmi'):
            with self.subTest(selector=selector):
                self.assert_error(select(self.server, selector))

    def test_web_clients(self):
        for line in (b'GET / HTTP/1.1\r\nHost: x\r\n\r\n', b'GET /\r\n',
                     b'POST / HTTP/1.1\r\n\r\n', b'GET /page.gmi\n'):
            with self.subTest(line=line):
                self.assert_error(gopher(self.server, line))

    def test_invalid_utf8(self):
        self.assert_error(gopher(self.server, b'/\xff\xfe\r\n'))
        with open(os.path.join(os.fsencode(self.server.root), b'\xff\xfe'),
                  'wb') as file:
            file.write(b'bytes\n')
        self.assertEqual(gopher(self.server, b'/\xff\xfe\r\n'), b'bytes\n')
        self.assertEqual(gopher(self.server, b'/%FF%fe\r\n'), b'bytes\n')

    def test_tls_where_it_is_off(self):
        for data in (b'\x16\x03\x01\x02\x00\x01', b'\x16', b'\x16\r\n'):
            with self.subTest(data=data), \
                    gopher_connect(self.server, limit=8) as connection:
                connection.send(data)
                try:
                    got = connection.read_all()
                except ConnectionResetError:
                    got = b''
                self.assertEqual(got, b'')


class Silence(Case):
    options = ('request_timeout_ms=500',)

    def test_silence(self):
        for data in (b'', b'/page.gmi', b'/page.gmi\r'):
            # The kernel may keep a silent client to itself for a while.
            with self.subTest(data=data), \
                    gopher_connect(self.server, limit=60) as connection:
                connection.send(data)
                self.assertEqual(connection.read_all(), b'')


class Redirection(Case):
    def test_pages(self):
        for url in ('https://w.example/?q=1', 'http://w.example/',
                    'gemini://other.example/x', 'mailto:a@b.example',
                    'gopher://g.example/1/', 'titan://x.example/',
                    'spartan://x.example/', 'finger://x.example/a',
                    'xmpp:a@b.example', 'telnet://x.example/',
                    'HTTPS://W.EXAMPLE/'):
            for prefix in ('URL:', '/URL:'):
                with self.subTest(selector=prefix + url):
                    page = select(self.server, prefix + url).decode()
                    self.assertRegex(page, r'(?i)\A\s*<!doctype html|<html')
                    self.assertRegex(page, r'(?i)http-equiv="?refresh')
                    shown = url.replace('&', '&amp;')
                    self.assertIn('url=' + shown, page)
                    self.assertIn('href="%s"' % shown, page)

    def test_escaped(self):
        page = select(self.server,
                      'URL:https://w.example/?a=1&b=<script>"\'>').decode()
        self.assertNotIn('<script', page)
        self.assertNotIn('?a=1&b', page)
        self.assertIn('a=1&amp;b=&lt;script&gt;', page)
        self.assertNotRegex(page, r'b=[^>]*"\'')

    def test_refused(self):
        for url in ('javascript:alert(1)', 'JavaScript:alert(1)',
                    'data:text/html,x', 'DATA:text/html,x', 'vbscript:x',
                    'file:///etc/passwd', 'FILE:///x', '', 'no-scheme',
                    '//w.example/', '/path', ':x', '1http://x/',
                    ' javascript:x', 'java\x01script:x',
                    'https://w.example/\x1b'):
            for prefix in ('URL:', '/URL:'):
                with self.subTest(selector=prefix + url):
                    self.assert_error(select(self.server, prefix + url))

    def test_tab_cuts_it(self):
        page = select(self.server, 'URL:https://w.example/\tx').decode()
        self.assertIn('href="https://w.example/"', page)


class Companions(Case):
    def test_caps(self):
        for selector in ('caps.txt', '/caps.txt'):
            with self.subTest(selector=selector):
                caps = select(self.server, selector).decode()
                self.assertTrue(caps.startswith('CAPS'))
                for line in ('CapsVersion=1', 'ExpireCapsAfter=3600',
                             'PathDelimeter=/', 'PathIdentity=.',
                             'PathParent=..',
                             'ServerDefaultEncoding=UTF-8'):
                    self.assertIn(line, caps.splitlines())
                self.assertRegex(caps, r'(?m)^ServerSoftware=\S+$')
                self.assertNotIn('ServerTLSPort', caps)

    def test_caps_file(self):
        with Server({'caps.txt': 'CAPS\nmine\n'}) as server:
            self.assertEqual(select(server, 'caps.txt'), b'CAPS\nmine\n')

    def test_no_robots(self):
        with Server({}) as server:
            for selector in ('robots.txt', '0/robots.txt'):
                self.assert_error(select(server, selector))

    def test_gopher_plus(self):
        for selector in ('', '/', '/page.gmi', '/none', '/text.txt'):
            for field in ('+', '!', '$'):
                with self.subTest(selector=selector, field=field):
                    self.assertEqual(
                        select(self.server, selector + '\t' + field).decode(),
                        '+-2\r\n+INFO: ' + self.item('1Main|'))

    def test_not_gopher_plus(self):
        want = select(self.server, '/page.gmi')
        for field in ('+text/plain', '++', 'a+b', '!x', ' +', '', 'x\t+'):
            with self.subTest(field=field):
                self.assertEqual(
                    select(self.server, '/page.gmi\t' + field), want)


class Gophermaps(Case):
    tree = {
        'plain/gophermap': (
            '# a comment\n!The title\nWelcome to all\n\n'
            '0Text\tfile.txt\n1Menu\t/sub/\n0file.txt\t\n'
            'hWeb\tURL:https://w.example/\n'
            '1There\t/x\tother.example\t7070\niinfo line\tfake\t(NULL)\t0\n'
            '.\nnever seen\n'),
        'plain/index.gmi': '# Not this\n',
        'plain/file.txt': 'file\n',
        'listed/gophermap': 'Above\n*\nnever seen\n',
        'listed/page.gmi': '# A page\n',
        'listed/file.txt': 'file\n',
        'listed/zz/x.txt': '',
        'crlf/gophermap': 'One\r\n0Text\tfile.txt\r\n',
        'empty/gophermap': '',
        'hostile/gophermap': b'\xff\xfe text\x1b[1m\n0A\x07b\tx\x01y\th\x02\t70\n'
                             b'0only display\n' + b'long ' * 3000,
        'both/gophermap': 'map\n', 'both/index.gmi': '# Page\n',
    }

    def test_items(self):
        want = (title('The title') + info('Welcome to all') + info('') +
                self.item('0Text|/plain/file.txt') +
                self.item('1Menu|/sub/') +
                self.item('0file.txt|/plain/file.txt') +
                self.item('hWeb|URL:https://w.example/') +
                '1There\t/x\tother.example\t7070\r\n')
        answer = select(self.server, '/plain/').decode()
        self.assert_menu(answer.encode())
        self.assertTrue(answer.startswith(want), answer)
        self.assertRegex(answer[len(want):],
                         r'\Aiinfo line\t[^\r\n]*\r\n\.\r\n\Z')
        self.assertEqual(select(self.server, '/plain').decode(), answer)

    def test_listing_follows(self):
        answer = select(self.server, '/listed/').decode()
        self.assert_menu(answer.encode())
        self.assertTrue(answer.startswith(info('Above')), answer)
        for line in ('1A page|/listed/page.gmi',
                     '0file.txt|/listed/file.txt', '1zz/|/listed/zz/'):
            self.assertIn(self.item(line), answer)
        self.assertNotIn('never seen', answer)
        self.assertNotIn('gophermap', answer)

    def test_forms(self):
        self.assertEqual(
            select(self.server, '/crlf/').decode(),
            info('One') + self.item('0Text|/crlf/file.txt') + '.\r\n')
        self.assertEqual(select(self.server, '/empty/'), b'.\r\n')
        hostile = select(self.server, '/hostile/')
        self.assert_menu(hostile)
        hostile.decode()

    def test_gemini_has_the_page(self):
        self.assertEqual(fetch(self.server, '/both/').text, '# Page\n')
        self.assertEqual(select(self.server, '/both/').decode(),
                         info('map') + '.\r\n')
        self.assertEqual(fetch(self.server, '/both/gophermap').status, 51)
        # Asked for by name, a page is a page.
        self.assertEqual(select(self.server, '/both/index.gmi').decode(),
                         title('Page') + info('====') + '.\r\n')


class Listings(Case):
    tree = {
        'file10.txt': '', 'file2.txt': 'x', 'page.gmi': '# A page\n',
        'b.png': PNG, 'dir/x.txt': 'x', 'a b.bin': BINARY,
        'indexed/index.gmi': '# Indexed\n', '.hidden': 'no',
    }

    def test_listing(self):
        answer = select(self.server, '/').decode()
        self.assert_menu(answer.encode())
        items = [line + '\r\n' for line in answer.split('\r\n')
                 if line and line[0] not in 'i.']
        self.assertEqual(items, [self.item(line) for line in (
            '1dir/|/dir/', '1indexed/|/indexed/', '9a b.bin|/a%20b.bin',
            'Ib.png|/b.png', '0file2.txt|/file2.txt',
            '0file10.txt|/file10.txt', '1A page|/page.gmi')])

    def test_hostile_names(self):
        names = [b'new\nline', b'tab\there', b'\xff\xfe', b'-dash',
                 b'c:colon', b'=> x', b'1fake\tsel\thost\t70', b'\r\n.\r\n',
                 b'esc\x1b[31m', b'q?x', b'z' * 255]
        os.mkdir(self.server.path('hostile'))
        for name in names:
            with open(os.path.join(os.fsencode(self.server.path('hostile')),
                                   name), 'wb') as file:
                file.write(name)
        answer = select(self.server, '/hostile/')
        os.rename(self.server.path('hostile'), self.server.path('.gone'))
        self.assert_menu(answer)
        os.rename(self.server.path('.gone'), self.server.path('hostile'))
        found = []
        for line in answer.decode().split('\r\n'):
            if line and line[0] not in 'i.3' and '/hostile/' in line:
                selector = line.split('\t')[1]
                found.append(select(self.server, selector))
        self.assertEqual(sorted(found), sorted(names))
        os.rename(self.server.path('hostile'), self.server.path('.gone'))

    def test_off(self):
        with Server(self.tree, options=['listing=no']) as server:
            self.assert_error(select(server, '/dir/'))
            self.assert_error(select(server, '/'))
            self.assertEqual(select(server, '/dir/x.txt'), b'x')


class Projection(Case):
    """Section by section: what becomes of each line of gemtext."""

    names = ('example.org', 'alias.example')
    options = ('gopher_host=g.example', 'gopher_port=70',
               'gemini_ports=1965')
    tree = {'docs/notes.txt': 'notes\n', 'pics/a b.png': PNG,
            'docs/deep.gmi': '# Deep\n', 'docs/p.gmi': '# P\n',
            'page': '# not gemtext by name\n', 'x.html': '<html></html>\n',
            'x.gif': b'GIF89a\x01\0\x01\0\x80\0\0' + b'\0' * 20,
            'x.json': '{"a": 1}\n', 'x.md': '# md\n', 'x.bin': BINARY,
            'x.pdf': b'%PDF-1.4\n%\xe2\xe3\xcf\xd3\n',
            'x.gz': bytes.fromhex('1f8b08000000000000030300000000000000'
                                  '0000'),
            'sub/x.txt': 'x\n'}

    def project(self, gemtext):
        if isinstance(gemtext, str):
            gemtext = gemtext.encode()
        with open(self.server.path('docs/page.gmi'), 'wb') as file:
            file.write(gemtext)
        return select(self.server, '/docs/page.gmi').decode()

    def check(self, rows):
        for gemtext, lines in rows:
            with self.subTest(gemtext=gemtext):
                want = ''.join(
                    line.replace('→', '\t').replace('⇥', '\t') + '\r\n'
                    for line in lines) + '.\r\n'
                self.assertEqual(
                    self.project(gemtext.replace('⇥', '\t')), want)

    def test_text(self):
        def i(text):
            return 'i%s→→null.host→1' % text

        self.check([
            ('Hello, world', [i('Hello, world')]),
            ('Hello, world\n', [i('Hello, world')]),
            ('Hello \t \r\n', [i('Hello')]),
            ('\n', [i('')]), ('', []), ('\n\n', [i(''), i('')]),
            ('A long paragraph is cut at the last space that keeps the '
             'piece within sixty-seven columns.',
             [i('A long paragraph is cut at the last space that keeps the '
                'piece'), i('within sixty-seven columns.')]),
            ('x' * 67, [i('x' * 67)]),
            ('x' * 68, [i('x' * 67), i('x')]),
            ('* item', [i('* item')]), ('*no space', [i('*no space')]),
            ('>quoted', [i('> quoted')]), ('> quoted', [i('> quoted')]),
            ('>', [i('>')]),
            ('a⇥b', [i('a b')]),
            ('Grüße, 世界', [i('Grüße, 世界')]),
            ('a\x1b[1mb', [i('a[1mb')]),
            ('a\x00b\x7fc\u0085d', [i('abcd')]),
            ('世' * 34, [i('世' * 33), i('世')]),
            ('.', [i('.')]), ('..x', [i('..x')]),
            ('=>', [i('=>')]),
            ('one two\nthree', [i('one two'), i('three')]),
        ])
        self.assertEqual(self.project(b'a\xffb'),
                         info('a\ufffdb') + '.\r\n')
        item = 'word ' * 20
        lines = self.project('* ' + item).split('\r\n')
        self.assertTrue(lines[0].startswith('i* word'))
        self.assertTrue(lines[1].startswith('i  word'))
        lines = self.project('> ' + item).split('\r\n')
        self.assertTrue(lines[1].startswith('i> word'))

    def test_headings(self):
        self.check([
            ('# Title', ['iTitle→TITLE→null.host→1',
                         'i=====→→null.host→1']),
            ('#Title', ['iTitle→TITLE→null.host→1',
                        'i=====→→null.host→1']),
            ('# A\n# B', ['iA→TITLE→null.host→1', 'i=→→null.host→1',
                          'iB→→null.host→1', 'i=→→null.host→1']),
            ('## Part', ['iPart→→null.host→1', 'i----→→null.host→1']),
            ('### Sub', ['iSub→→null.host→1', 'i~~~→→null.host→1']),
            ('# 世界', ['i世界→TITLE→null.host→1', 'i====→→null.host→1']),
            ('##', ['i→→null.host→1']),
        ])

    def test_preformatted(self):
        self.check([
            ('```\n /\\⇥x\n```', ['i /\\     x→→null.host→1']),
            ('```alt text\nart  \n```\nafter',
             ['iart  →→null.host→1', 'iafter→→null.host→1']),
            ('```\n=> not a link\n# no\n* no\n```',
             ['i=> not a link→→null.host→1', 'i# no→→null.host→1',
              'i* no→→null.host→1']),
            ('```\nnever closed', ['inever closed→→null.host→1']),
            ('```\n' + 'x' * 201 + '\n```',
             ['i%s→→null.host→1' % ('x' * 200), 'ix→→null.host→1']),
        ])

    def test_links(self):
        self.check([
            ('=> notes.txt Notes', ['0Notes→/docs/notes.txt→g.example→70']),
            ('=>notes.txt⇥Notes', ['0Notes→/docs/notes.txt→g.example→70']),
            ('=> /docs/', ['1/docs/→/docs/→g.example→70']),
            ('=> ../pics/a%20b.png A picture',
             ['IA picture→/pics/a%20b.png→g.example→70']),
            ('=> p.gmi?x=1 With query',
             ['1With query→/docs/p.gmi?x=1→g.example→70']),
            ('=> /search? Search', ['7Search→/search→g.example→70']),
            ('=> p.gmi#s Part', ['1Part→/docs/p.gmi→g.example→70']),
            ('=> deep.gmi A label that runs past the sixty-seven columns a '
             'menu line should keep to',
             ['1A label that runs past the sixty-seven columns a menu line '
              'should→/docs/deep.gmi→g.example→70',
              'i  keep to→→null.host→1']),
            ('=> #top Top', ['iTop→→null.host→1']),
            ('=> gemini://other.example/x Far',
             ['hFar→URL:gemini://other.example/x→g.example→70']),
            ('=> //other.example/x Far',
             ['hFar→URL:gemini://other.example/x→g.example→70']),
            ('=> gemini://example.org:1966/ Odd',
             ['hOdd→URL:gemini://example.org:1966/→g.example→70']),
            ('=> gemini://example.org/docs/p.gmi Own',
             ['1Own→/docs/p.gmi→g.example→70']),
            ('=> gemini://EXAMPLE.org:1965/docs/p.gmi Own',
             ['1Own→/docs/p.gmi→g.example→70']),
            ('=> gemini://alias.example/docs/p.gmi Alias',
             ['1Alias→/docs/p.gmi→g.example→70']),
            ('=> gopher://g2.example/0/a%20b Text',
             ['0Text→/a b→g2.example→70']),
            ('=> gopher://g2.example Root', ['1Root→→g2.example→70']),
            ('=> gopher://g2.example:7070/1/x There',
             ['1There→/x→g2.example→7070']),
            ('=> gopher://g2.example/7/s%09word Search',
             ['hSearch→URL:gopher://g2.example/7/s%09word→g.example→70']),
            ('=> https://w.example/?q=1 Web',
             ['hWeb→URL:https://w.example/?q=1→g.example→70']),
            ('=> mailto:a@b.example Write',
             ['hWrite→URL:mailto:a@b.example→g.example→70']),
            ('=> titan://example.org/x Up',
             ['hUp→URL:titan://example.org/x→g.example→70']),
            ('=> ../sub/../x.bin Up and down',
             ['9Up and down→/x.bin→g.example→70']),
            ('=> /sub Sub', ['1Sub→/sub→g.example→70']),
        ])

    def test_item_types(self):
        for target, kind in [
                ('/docs/', '1'), ('/docs', '1'), ('/docs/p.gmi', '1'),
                ('/none.gmi', '1'), ('/docs/notes.txt', '0'),
                ('/x.html', 'h'), ('/x.gif', 'g'), ('/pics/a%20b.png', 'I'),
                ('/x.json', '0'), ('/x.md', '0'), ('/x.bin', '9'),
                ('/x.pdf', '9'), ('/x.gz', '5'), ('/page', '0'),
                ('/none.md', '0')]:
            with self.subTest(target=target):
                self.assertTrue(self.project('=> %s L' % target).startswith(
                    '%sL\t%s\tg.example\t70\r\n' % (kind, target)))

    def test_no_type_3(self):
        page = self.project('=> /none L\n=> none/ M\n3fake\tx\ty\t70\n')
        self.assertNotRegex(page, r'(?m)^3')


class Options(Case):
    def test_width_and_alt_text(self):
        tree = {'index.gmi': 'aaaa bbbb cccc dddd eeee ffff gggg hhhh\n'
                             '```a picture\nart\n```\n'}
        with Server(tree, options=['width=33', 'alt_text=yes']) as server:
            self.assertEqual(
                select(server, '').decode(),
                info('aaaa bbbb cccc dddd eeee ffff') + info('gggg hhhh') +
                info('[a picture]') + info('art') + '.\r\n')

    def test_strict_text(self):
        with Server(TREE, options=['strict_text=yes']) as server:
            for selector, want in [
                    ('/text.txt',
                     b'one\r\n..\r\n..two\r\nlast without end\r\n.\r\n'),
                    ('/crlf.txt', b'one\r\n..two\r\n.\r\n'),
                    ('/empty.txt', b'.\r\n'),
                    ('0/page.gmi', b'# Page\r\nHello\r\n.\r\n'),
                    ('/binary.bin', BINARY), ('/picture.png', PNG)]:
                with self.subTest(selector=selector):
                    self.assertEqual(select(server, selector), want)
            self.assertEqual(fetch(server, '/text.txt').text,
                             TREE['text.txt'])

    def test_host_and_port(self):
        with Server(TREE, options=['gopher_host=menu.example',
                                   'gopher_port=7']) as server:
            self.assertIn(b'1Docs\t/docs/\tmenu.example\t7\r\n',
                          select(server, ''))

    def test_item_types(self):
        with Server({'index.gmi': '=> x.pdf A book\n=> y.png B\n',
                     'x.pdf': b'%PDF-1.4\n%\xe2\xe3\xcf\xd3\n',
                     'y.png': PNG},
                    options=['item_types=application/pdf=d',
                             'item_types=image=p']) as server:
            answer = select(server, '').decode()
            self.assertIn('dA book\t/x.pdf\t', answer)
            self.assertIn('pB\t/y.png\t', answer)


class Tls(Case):
    options = ('gopher_tls=yes',)

    def over_tls(self, data, **named):
        with Connection(self.server.gopher_port, tls_context(),
                        **named) as connection:
            connection.send(data)
            return connection.read_all(), connection.close_notify

    def test_both_ways(self):
        for selector in ('', '/docs', '/text.txt', '/binary.bin', '/none'):
            with self.subTest(selector=selector):
                line = selector.encode() + b'\r\n'
                plain = gopher(self.server, line)
                for sni in ('localhost', None, 'other.example'):
                    self.assertEqual(self.over_tls(line, sni=sni),
                                     (plain, True))

    def test_versions(self):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            with self.subTest(version=version), Connection(
                    self.server.gopher_port, tls_context(version)) as client:
                client.send(b'/docs/deep.txt\r\n')
                self.assertEqual(client.read_all(), b'deep\n')
                self.assertTrue(client.close_notify)

    def test_hello_in_pieces(self):
        with Connection(self.server.gopher_port) as slow:
            whole = slow.socket.sendall
            slow._flush = lambda: [
                whole(bytes([byte])) for byte in slow.outgoing.read()]
            slow.start_tls(tls_context(), 'localhost')
            slow.send(b'/docs/deep.txt\r\n')
            self.assertEqual(slow.read_all(), b'deep\n')

    def test_same_certificate(self):
        with Connection(self.server.gopher_port, tls_context()) as one, \
                Connection(self.server.gemini_port, tls_context()) as two:
            self.assertEqual(one.tls.getpeercert(True),
                             two.tls.getpeercert(True))


class Log(Case):
    def test_access_line(self):
        for selector, pattern in [
                ('/docs/deep.txt', r'^info gopher status=20 '
                 r'path=/docs/deep.txt bytes=5 ms=\d+'),
                ('', r'^info gopher status=20 path=/ '),
                ('/none', r'^info gopher status=51 path=/none '),
                ('/page.gmi?secret-word', r'status=20 path=/page.gmi '),
                ('/page.gmi\tsecret-word', r'status=20 path=/page.gmi '),
                ('/x\rerror forged', r'^info gopher status=59')]:
            with self.subTest(selector=selector):
                since = len(self.server.lines)
                select(self.server, selector)
                self.server.wait_for_line(pattern, since)
        self.assertNotIn('secret-word', self.server.log.text())
        self.assertIsNone(self.server.log.find('^error'))


if __name__ == '__main__':
    unittest.main()
