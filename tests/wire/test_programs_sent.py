"""What programs get is what visitors sent: lengths, addresses, names."""

import unittest

from backends import FastCgi, Scgi, start_with_rules
from clientcert import Visitor
from proxyheader import version2
from server import fetch, gopher
from test_proxy import gemini

# Around the lengths that FastCGI writes in one byte, and in two of eight bits.
LENGTHS = (0, 1, 126, 127, 128, 129, 255, 256, 900)


class Sent(unittest.TestCase):
    def setUp(self):
        self.got = []

    def answer(self, pairs):
        self.got.append(pairs)
        return b'20 text/plain\r\n'

    def scgi(self, config='', **named):
        return start_with_rules(self, config + '''
            path "/app/" { scgi = "%s" }
            path "/club/" { scgi = "%s" readers = { "any" } }
            ''' % ((Scgi(self, self.answer).socket,) * 2), **named)

    def variables(self):
        pairs = self.got.pop()
        self.assertEqual(pairs[:2], [(b'CONTENT_LENGTH', b'0'),
                                     (b'SCGI', b'1')])
        names = [name for name, _ in pairs]
        self.assertEqual(len(set(names)), len(names))
        return dict(pairs)

    def test_lengths(self):
        server = self.scgi()
        for length in LENGTHS:
            with self.subTest(length):
                fetch(server, '/app/%s?%s' % ('p' * (length // 2),
                                              'q' * (length // 2)))
                found = self.variables()
                self.assertEqual(found[b'QUERY_STRING'],
                                 b'q' * (length // 2))
                self.assertEqual(found[b'PATH_INFO'],
                                 b'/' + b'p' * (length // 2))
        gopher(server, b'/app/\t' + b'%' * 1000 + b'\r\n')
        found = self.variables()
        self.assertEqual(found[b'SEARCHREQUEST'], b'%' * 1000)
        self.assertEqual(found[b'QUERY_STRING'], b'%25' * 1000)
        self.assertEqual(found[b'GEMINI_SEARCH_STRING'], b'%' * 1000)

    def test_lines(self):
        fetch(self.scgi(), '/app/?a%0Ab%0D%1b')
        found = self.variables()
        self.assertEqual(found[b'GEMINI_SEARCH_STRING'], b'a\nb%0D%1B')
        self.assertEqual(found[b'QUERY_STRING'], b'a%0Ab%0D%1b')

    def test_lengths_by_fastcgi(self):
        server = start_with_rules(self, 'path "/app/" { fastcgi = "%s" }' %
                       FastCgi(self).socket)
        for length in LENGTHS:
            with self.subTest(length):
                body = fetch(server, '/app/' + 'p' * length).body
                self.assertIn(b'\0PATH_INFO=/%s\0' % (b'p' * length), body)

    def test_visitor_of_a_proxy(self):
        server = self.scgi('proxies = { "127.0.0.1" }',
                           gemini='127.0.0.1:0 proxy')
        header = version2('203.0.113.9', port=4711)
        gemini(server, header, path='/app/')
        found = self.variables()
        self.assertEqual(found[b'REMOTE_ADDR'], b'203.0.113.9')
        self.assertEqual(found[b'REMOTE_PORT'], b'4711')

    def test_certificates(self):
        """A name is only a text."""
        server = self.scgi()
        for name in ('x/CN=admin', 'a,CN=admin'):
            with self.subTest(name):
                visitor = Visitor(self, subject='/CN=' + name.replace(
                    '/', '\\/'))
                visitor.fetch(server, '/club/')
                found = self.variables()
                self.assertEqual(found[b'REMOTE_USER'], name.encode())
                self.assertEqual(found[b'TLS_CLIENT_AUTHORISED'], b'1')
                self.assertEqual(found[b'TLS_CLIENT_HASH'],
                                 visitor.fingerprint.encode())
