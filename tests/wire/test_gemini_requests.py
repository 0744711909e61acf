"""What the server answers to requests, well-formed and not (Gemini 0.24)."""

import socket
import unittest

from server import (Connection, Server, fetch, gemini, gemini_connect,
                    hurried_connect, tls_context)

HOME = '# Home\n'
PAGE = '# Page\n'

TREE = {
    'index.gmi': HOME,
    'page.gmi': PAGE,
    'file.txt': 'text\n',
    'sub/index.gmi': '# Sub\n',
    'sub/in.gmi': '# In\n',
    'grüße.gmi': '# Grüße\n',
    'aA.txt': 'plain\n',
    'a%41.txt': 'encoded\n',
    'a+b.txt': 'plus\n',
    'a b.txt': 'space\n',
    # No dotfiles by mistake: these are ordinary names.
    'a..b': 'dots\n',
    '...d/x.txt': 'hidden\n',
}


def padded(server, length, path='/page.gmi?'):
    """A URL of the server's that is `length` bytes long."""
    url = server.url(path).encode()
    return url + b'x' * (length - len(url))


class Requests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(TREE)
        cls.addClassCleanup(cls.server.stop)

    def answer(self, url, **named):
        reply = gemini(self.server, url + b'\r\n', **named)
        self.assertTrue(reply.close_notify, reply.header)
        self.assertRegex(reply.header, rb'\A[1-6][0-9] [^\r\n]+\Z')
        if reply.status != 20:
            self.assertEqual(reply.body, b'')
        return reply

    def check(self, rows):
        """Rows of (what comes after the authority, status)."""
        for path, status in rows:
            with self.subTest(path=path, status=status):
                url = self.server.url('').encode() + path
                self.assertEqual(self.answer(url).status, status)

    def check_urls(self, rows):
        """Rows of (whole URL, with PORT for the server's, status)."""
        port = b'%d' % self.server.gemini_port
        for url, status in rows:
            with self.subTest(url=url, status=status):
                reply = self.answer(url.replace(b'PORT', port))
                self.assertEqual(reply.status, status, reply.header)

    def check_pages(self, rows):
        """Rows of (what comes after the authority, the page)."""
        for path, page in rows:
            with self.subTest(path=path, page=page):
                url = self.server.url('').encode() + path
                reply = self.answer(url)
                self.assertEqual((reply.status, reply.text), (20, page))

    def test_url_of_1024_bytes(self):
        for length, status in [(1023, 20), (1024, 20), (1025, 59),
                               (1026, 59), (2000, 59), (16000, 59)]:
            with self.subTest(length=length, status=status):
                reply = self.answer(padded(self.server, length))
                self.assertEqual(reply.status, status)

    def test_long_segment(self):
        reply = self.answer(padded(self.server, 1024, '/'))
        self.assertEqual(reply.status, 51)

    def test_1026_bytes_without_end(self):
        # Refused at once: no line of this length can still become good.
        reply = gemini(self.server, padded(self.server, 1026), limit=8)
        self.assertEqual(reply.status, 59)
        self.assertTrue(reply.close_notify)

    def test_1024_bytes_and_then_the_end(self):
        url = padded(self.server, 1024)
        for end in ([b'\r\n'], [b'\r', b'\n']):
            with self.subTest(end=end):
                reply = gemini(self.server, [url, *end])
                self.assertEqual((reply.status, reply.text), (20, PAGE))

    def test_in_pieces(self):
        request = self.server.url('/page.gmi').encode() + b'\r\n'
        cut = len(request) // 2
        pieces = {
            'one byte a record': [bytes([byte]) for byte in request],
            'two records': [request[:cut], request[cut:]],
            'CR and LF apart': [request[:-1], request[-1:]],
            'CRLF alone': [request[:-2], request[-2:]],
        }
        for what, parts in pieces.items():
            with self.subTest(what):
                reply = gemini(self.server, parts)
                self.assertEqual((reply.status, reply.text), (20, PAGE))
                self.assertTrue(reply.close_notify)

    def test_tls_records_in_pieces(self):
        # Each byte of the handshake and the request in its own segment.
        context = tls_context()
        with Connection(self.server.gemini_port) as slow:
            whole = slow.socket.sendall
            slow._flush = lambda: [
                whole(bytes([byte])) for byte in slow.outgoing.read()]
            slow.start_tls(context, 'localhost')
            slow.send(self.server.url('/page.gmi').encode() + b'\r\n')
            reply = slow.read_reply()
        self.assertEqual((reply.status, reply.text), (20, PAGE))

    def test_no_absolute_url(self):
        self.check_urls([
            (b'', 59),
            (b'/', 59),
            (b'/page.gmi', 59),
            (b'page.gmi', 59),
            (b'localhost/page.gmi', 59),
            (b'//localhost:PORT/page.gmi', 59),
            (b'://localhost:PORT/page.gmi', 59),
            (b'gemini', 59),
            (b'gemini:', 59),
            (b'gemini:/', 59),
            (b'gemini:page.gmi', 59),
            (b'gemini:/page.gmi', 59),
            (b'gemini://', 59),
            (b'gemini:///', 59),
            (b'gemini:///page.gmi', 59),
            (b'gemini://:PORT/', 59),
            (b'gemini://?query', 59),
            (b'1gemini://localhost:PORT/', 59),
        ])

    def test_ports(self):
        self.check_urls([
            (b'gemini://localhost:PORT/', 20),
            (b'gemini://localhost/', 53),
            (b'gemini://localhost:/', 53),
            (b'gemini://localhost:1965/', 53),
            (b'gemini://localhost:1/', 53),
            (b'gemini://localhost:65535/', 53),
            (b'gemini://localhost:65536/', 59),
            (b'gemini://localhost:99999999999999999999999/', 59),
            (b'gemini://localhost:abc/', 59),
            (b'gemini://localhost:12ab/', 59),
            (b'gemini://localhost:-1/', 59),
            (b'gemini://localhost:+PORT/', 59),
            (b'gemini://localhost:PORT:PORT/', 59),
        ])

    def test_bytes_no_url_has(self):
        rows = [bytes([byte]) for byte in range(0x20) if byte not in b'\n']
        rows += [
            b'\x7f', b'\xff', b'\xfe\xff', b'\xc3', b'\xc3(', b'\x80',
            b'\xc0\xaf', b'\xed\xa0\x80', b'\xf4\x90\x80\x80',
            b'\xf8\x88\x80\x80\x80', b'a\nb', b'\r', b'\rx',
        ]
        self.check([(b'/page.gmi' + row, 59) for row in rows])
        self.check([(b'/' + row + b'/page.gmi', 59) for row in rows])
        self.check([(b'/page.gmi?q=' + row, 59) for row in rows])
        self.check_urls([
            (b'\xef\xbb\xbfgemini://localhost:PORT/', 59),
            (b' gemini://localhost:PORT/', 59),
            (b'gemini://localhost:PORT /', 59),
            (b'gemini://local host:PORT/', 59),
            (b'gemini://local\x00host:PORT/', 59),
            (b'\x00', 59),
            (b'\n', 59),
        ])

    def test_raw_characters_that_clients_send(self):
        self.check([(b'/page.gmi?a "b" <c> [d]\\^`{|}', 20),
                    (b'?a b', 20), (b'/page.gmi ', 51), (b'/ ', 51)])
        self.check_pages([(b'/a b.txt', 'space\n'),
                          (b'/a b.txt?c d', 'space\n')])

    def test_escapes(self):
        self.check([
            (b'/%', 59), (b'/%2', 59), (b'/%zz', 59), (b'/%2g', 59),
            (b'/page.gmi%', 59), (b'/%%41', 59), (b'/page.gmi?%', 59),
            (b'/page.gmi?%zz', 59), (b'/%00', 59), (b'/page.gmi%00', 59),
            (b'/page.gmi%00.txt', 59), (b'/sub/%00/in.gmi', 59),
            (b'/%01', 51), (b'/%0d%0a', 51), (b'/%ff', 51), (b'/%20', 51),
        ])

    def test_userinfo(self):
        self.check_urls([
            (b'gemini://user@localhost:PORT/', 59),
            (b'gemini://user:secret@localhost:PORT/', 59),
            (b'gemini://@localhost:PORT/', 59),
            (b'gemini://:@localhost:PORT/', 59),
            (b'gemini://localhost:PORT@other.example/', 59),
            (b'gemini://user@other.example/', 59),
            # An @ elsewhere is no userinfo.
            (b'gemini://localhost:PORT/@page.gmi', 51),
            (b'gemini://localhost:PORT/page.gmi?a@b', 20),
        ])

    def test_fragment(self):
        self.check([
            (b'/page.gmi#', 59), (b'/page.gmi#part', 59), (b'#', 59),
            (b'/page.gmi?q#part', 59), (b'/page.gmi%23part', 51),
        ])

    def test_other_schemes(self):
        self.check_urls([
            (b'http://localhost:PORT/', 53),
            (b'https://localhost:PORT/page.gmi', 53),
            (b'gopher://localhost:PORT/', 53),
            (b'titan://localhost:PORT/page.gmi;size=1', 53),
            (b'spartan://localhost:PORT/', 53),
            (b'geminis://localhost:PORT/', 53),
            (b'gemini+x://localhost:PORT/', 53),
        ])

    def test_first_defect_answers(self):
        self.check_urls([
            (b'http:/page.gmi', 59),
            (b'mailto:someone@localhost', 59),
            (b'http://user@localhost:PORT/', 59),
            (b'http://localhost:PORT/#part', 59),
            (b'http://localhost:65536/', 59),
            (b'http://localhost:PORT/%zz', 59),
            (b'http://localhost:PORT/../', 53),
            (b'gemini://other.example:PORT/../', 53),
            (b'gemini://other.example:PORT/a%2Fb', 53),
            (b'gemini://localhost:1/../', 53),
            (b'gemini://localhost:PORT/../a%2Fb', 59),
        ])

    def test_other_hosts(self):
        self.check_urls([
            (b'gemini://other.example:PORT/', 53),
            (b'gemini://localhost.example:PORT/', 53),
            (b'gemini://sub.localhost:PORT/', 53),
            (b'gemini://localhos:PORT/', 53),
            (b'gemini://localhostt:PORT/', 53),
            (b'gemini://b%C3%BCcher.example:PORT/', 53),
            ('gemini://bücher.example:PORT/'.encode(), 53),
            (b'gemini://[::1]:PORT/', 53),
            (b'gemini://127.0.0.2:PORT/', 53),
            (b'gemini://0.0.0.0:PORT/', 53),
            (b'gemini://2130706433:PORT/', 53),
        ])

    def test_our_host_in_other_forms(self):
        self.check_urls([
            (b'GEMINI://localhost:PORT/page.gmi', 20),
            (b'Gemini://LOCALHOST:PORT/page.gmi', 20),
            (b'gemini://LocalHost:PORT/page.gmi', 20),
            (b'gemini://localhost.:PORT/page.gmi', 20),
            (b'gemini://%6Cocalhost:PORT/page.gmi', 20),
            (b'gemini://127.0.0.1:PORT/page.gmi', 20),
        ])

    def check_addresses(self, rows):
        """Rows of (what comes after the authority, the page's address)."""
        for path, address in rows:
            with self.subTest(path=path, address=address):
                reply = self.answer(self.server.url('').encode() + path)
                self.assertEqual((reply.status, reply.meta), (31, address))
                self.assertEqual(fetch(self.server, address).status, 20)

    def test_dot_segments(self):
        self.check_addresses([
            (b'/./page.gmi', '/page.gmi'),
            (b'/sub/../page.gmi', '/page.gmi'),
            (b'/none/../page.gmi', '/page.gmi'),
            (b'/page.gmi/../page.gmi', '/page.gmi'),
            (b'/sub/./in.gmi', '/sub/in.gmi'),
            (b'/sub/../sub/in.gmi', '/sub/in.gmi'),
            (b'/sub/.', '/sub/'),
            (b'/sub/in/..', '/sub/'),
            (b'/sub/..', '/'),
            (b'/sub/../', '/'),
            (b'/sub/../sub', '/sub/'),
            (b'/.', '/'),
            (b'/%2e/page.gmi', '/page.gmi'),
            (b'/%2E/page.gmi', '/page.gmi'),
            (b'/sub/%2e%2e/page.gmi', '/page.gmi'),
            (b'/sub/%2E./page.gmi', '/page.gmi'),
            (b'/sub/.%2e/page.gmi', '/page.gmi'),
            # A query keeps its meaning.
            (b'/./page.gmi?', '/page.gmi'),
            (b'/./page.gmi?a%20b/../c?d', '/page.gmi?a%20b/../c?d'),
            ('/./grüße.gmi?ü'.encode(),
             '/gr%C3%BC%C3%9Fe.gmi?%C3%BC'),
        ])
        self.check_pages([(b'/a..b', 'dots\n')])
        self.check([(b'/sub/../none', 51), (b'/./.hidden', 51)])

    def test_address_that_is_too_long(self):
        # The path is short, but its escapes need more than a header has.
        self.check_pages([
            (b'/./page.gmi?' + 'ü'.encode() * 400, PAGE)])

    def test_climbing(self):
        self.check([
            (b'/..', 59), (b'/../', 59), (b'/../page.gmi', 59),
            (b'/../../../../etc/passwd', 59), (b'/sub/../..', 59),
            (b'/sub/../../sub/in.gmi', 59), (b'/%2e%2e/page.gmi', 59),
            (b'/%2E%2E', 59), (b'/.%2e/.%2e/etc/passwd', 59),
            (b'/./../page.gmi', 59),
        ])

    def test_encoded_slash(self):
        self.check([
            (b'/sub%2Fin.gmi', 51), (b'/sub%2fin.gmi', 51),
            (b'/%2F', 51), (b'/%2Fpage.gmi', 51), (b'/page.gmi%2F', 51),
            (b'/..%2Fpage.gmi', 51), (b'/..%2F..%2Fetc%2Fpasswd', 51),
            (b'/%252Fpage.gmi', 51), (b'/..%5Cpage.gmi', 51),
        ])

    def test_empty_segments(self):
        self.check_addresses([
            (b'//page.gmi', '/page.gmi'), (b'///page.gmi', '/page.gmi'),
            (b'/sub//in.gmi', '/sub/in.gmi'),
            (b'/sub////in.gmi', '/sub/in.gmi'),
            (b'/sub//', '/sub/'), (b'//', '/'),
            (b'//other.example/../page.gmi', '/page.gmi'),
        ])

    def test_paths(self):
        self.check_pages([
            (b'', HOME), (b'/', HOME), (b'?query', HOME),
            (b'/index.gmi', HOME), (b'/?query', HOME), (b'/?', HOME),
            (b'/page%2Egmi', PAGE), (b'/p%61ge.gmi', PAGE),
            (b'/%70%61%67%65%2e%67%6d%69', PAGE),
            ('/grüße.gmi'.encode(), '# Grüße\n'),
            (b'/gr%C3%BC%C3%9Fe.gmi', '# Grüße\n'),
            (b'/gr%c3%bc%c3%9fe.gmi', '# Grüße\n'),
            # Decoded once, never twice.
            (b'/a%41.txt', 'plain\n'), (b'/aA.txt', 'plain\n'),
            (b'/a%2541.txt', 'encoded\n'),
            # A plus is a plus.
            (b'/a+b.txt', 'plus\n'), (b'/a%2Bb.txt', 'plus\n'),
            (b'/a%20b.txt', 'space\n'),
            # A static file has no use for a query.
            (b'/page.gmi?', PAGE), (b'/page.gmi?x=1', PAGE),
            (b'/page.gmi?/../..', PAGE), (b'/page.gmi?a/b?c', PAGE),
            (b'/file.txt?%2F%2E', 'text\n'),
            ('/file.txt?grüße'.encode(), 'text\n'),
        ])

    def test_not_there(self):
        self.check([
            (b'/none', 51), (b'/none/', 51), (b'/none/page.gmi', 51),
            (b'/PAGE.gmi', 51), (b'/pag', 51), (b'/file.txt/', 51),
            (b'/file.txt/x', 51), (b'/page.gmi/', 51), (b'/page.gmi/.', 51),
            (b'/sub/none', 51), (b'/...d/x.txt', 51), (b'/*', 51),
            (b'/page.gmi;x', 51), (b'/~', 51), (b'/@', 51),
        ])

    def test_bytes_after_the_line(self):
        request = self.server.url('/page.gmi').encode() + b'\r\n'
        rows = {
            'garbage': [request + b'garbage'],
            'NUL and controls': [request + b'\x00\x01\xff' * 100],
            'garbage in its own record': [request, b'garbage'],
            'another request': [request + request],
            'many requests': [request * 100],
            'CRLF': [request + b'\r\n'],
            '60 KiB': [request + b'x' * 61440],
        }
        for what, parts in rows.items():
            with self.subTest(what):
                reply = gemini(self.server, parts)
                self.assertEqual((reply.status, reply.text), (20, PAGE))
                self.assertTrue(reply.close_notify)

    def test_half_close(self):
        request = self.server.url('/page.gmi').encode() + b'\r\n'
        for close_notify in (False, True):
            with self.subTest(close_notify=close_notify), \
                    gemini_connect(self.server) as connection:
                connection.end_sending(request, close_notify)
                reply = connection.read_reply()
                self.assertEqual((reply.status, reply.text), (20, PAGE))
                self.assertTrue(reply.close_notify)

    def test_end_before_the_line_is_whole(self):
        # Nobody is owed an answer, but the connection may not stay.
        for close_notify in (False, True):
            with self.subTest(close_notify=close_notify), \
                    gemini_connect(self.server) as connection:
                connection.end_sending(
                    self.server.url('/page').encode(), close_notify)
                reply = connection.read_reply()
                self.assertIn(reply.status, (0, 59))
                self.assertNotIn(b'Page', reply.body)

    def test_plain_text(self):
        for data in (b'GET / HTTP/1.0\r\n\r\n', b'gemini://localhost/\r\n',
                     b'\r\n', b'\x00' * 64, b'\x16', b'\x16\x03\x01\xff\xff',
                     b'SSH-2.0-x\r\n'):
            with self.subTest(data=data), \
                    Connection(self.server.gemini_port) as connection:
                connection.end_sending(data)
                try:
                    got = connection.read_all()
                except ConnectionResetError:
                    got = b''
                # TLS may say goodbye with an alert, never with text.
                self.assertNotRegex(got, rb'[1-6][0-9] ')
                if not data.startswith(b'\x16'):
                    self.assertEqual(got, b'')


class Silence(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(TREE, options=['request_timeout_ms=500'])
        cls.addClassCleanup(cls.server.stop)

    def test_a_line_that_does_not_end(self):
        url = self.server.url('/page.gmi').encode()
        for what, data in {
                'bare LF': url + b'\n', 'bare CR': url + b'\r',
                'no end': url, 'nothing': b'',
                'CR and more': url + b'\rx'}.items():
            with self.subTest(what), \
                    hurried_connect(self.server) as connection:
                connection.send(data)
                reply = connection.read_reply()
                self.assertEqual(reply.status, 59)
                self.assertTrue(reply.close_notify)
                connection.wait_for_close()

    def test_a_drip_does_not_prolong(self):
        # The deadline is for the request, not for its next byte.
        with hurried_connect(self.server) as connection:
            connection.socket.setblocking(False)
            url = self.server.url('/').encode() + b'?' + b'x' * 900
            reply = None
            for byte in url:
                connection.tls.write(bytes([byte]))
                data = connection.outgoing.read()
                try:
                    connection.socket.sendall(data)
                except (BrokenPipeError, ConnectionResetError):
                    break
                connection.socket.settimeout(0.05)
                try:
                    got = connection.socket.recv(65536)
                except socket.timeout:
                    continue
                connection.incoming.write(got)
                reply = connection.read_reply()
                break
            self.assertIsNotNone(reply, 'never answered')
            self.assertEqual(reply.status, 59)

    def test_no_handshake(self):
        for data in (b'', b'\x16', b'\x16\x03\x01\x02\x00\x01'):
            # The kernel may keep a silent client to itself for a while.
            with self.subTest(data=data), Connection(
                    self.server.gemini_port, limit=60) as connection:
                connection.send(data)
                try:
                    got = connection.read_all()
                except ConnectionResetError:
                    got = b''
                self.assertEqual(got, b'')


if __name__ == '__main__':
    unittest.main()
