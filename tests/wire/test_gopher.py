"""Gopher as clients speak it: selectors, files and what they get wrong."""

import os
import ssl
import unittest

from gophercase import PAGE, TREE, Case, info, title
from server import (Connection, Server, gopher, gopher_connect, select,
                    tls_context)


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
        for kind in '0159Ighs':
            for start in kind, '/' + kind:
                with self.subTest(start=start):
                    page = select(self.server, start + '/page.gmi').decode()
                    self.assertEqual(page.startswith('i'), kind == '1')
                    self.assertEqual(page == PAGE, kind != '1')
                    self.assertEqual(
                        select(self.server, start + '/picture.png'),
                        self.tree['picture.png'])
        for kind in '23468+pd;MTi':
            with self.subTest(kind=kind):
                self.assert_error(select(self.server, kind + '/page.gmi'))
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
                ('9/binary.bin', 'binary.bin'), ('/picture.png', 'picture.png'),
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


class QuestionMarks(Case):
    """Names with a "?", which other people's menus do not encode."""

    tree = {'what?.txt': 'what\n', 'docs/a b?c=d%.gmi': '# Odd\n',
            'page.gmi': '# Page\n', 'page.gmi?x': 'not this\n',
            '.hid?den': 'no\n', 'a?': 'a\n', '?': 'mark\n',
            'index.gmi': '# Home\n'}

    def test_names(self):
        odd = (title('Odd') + info('===') + '.\r\n').encode()
        for selector, want in [
                ('/what?.txt', b'what\n'), ('what?.txt', b'what\n'),
                ('/what%3F.txt', b'what\n'), ('0/what?.txt', b'what\n'),
                ('/what?.txt\tsearch', b'what\n'), ('/a?', b'a\n'),
                ('9/a?', b'a\n'), ('/docs/a b?c=d%.gmi', odd),
                ('/docs/a%20b?c=d%25.gmi', odd),
                ('0/docs/a b?c=d%.gmi', b'# Odd\n')]:
            with self.subTest(selector=selector):
                self.assertEqual(select(self.server, selector), want)

    def test_other_meanings_go_before(self):
        page = (title('Page') + info('====') + '.\r\n').encode()
        for selector in ('/page.gmi?x', 'page.gmi?x', '/page?x'):
            with self.subTest(selector=selector):
                self.assertEqual(select(self.server, selector), page)
        self.assertIn(b'iHome', select(self.server, '/?'))
        self.assertTrue(select(self.server, '/ask?').startswith(b'7'))

    def test_nothing_else(self):
        nothing = select(self.server, '/none')
        for selector in ('/none?', '/.hid?den', '/what?/../what?.txt',
                         '/none?/../what%3f.txt', '/what?.txt%00',
                         '/what?.txt/', '/docs%2Fa b?c=d%.gmi'):
            with self.subTest(selector=selector):
                self.assertEqual(select(self.server, selector), nothing)


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
                         '/mapped/page.gmi~', 'mapped/page.gmi~',
                         '0/mapped/page.gmi~', '/gophermap', '/out',
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
                    gopher_connect(self.server) as connection:
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
