"""Hosts and ports that are the capsule's own, in all their forms."""

import unittest

from server import Connection, Server, gemini, tls_context

TREE = {'page.gmi': '# Page\n'}


class Names(unittest.TestCase):
    def check(self, server, rows):
        for host, status in rows:
            with self.subTest(host=host, status=status):
                url = 'gemini://%s:%d/page.gmi' % (host, server.gemini_port)
                reply = gemini(server, url.encode() + b'\r\n')
                self.assertEqual(reply.status, status, reply.header)

    def test_a_label(self):
        with Server(TREE, names=['xn--bcher-kva.example', 'localhost']) \
                as server:
            self.check(server, [
                ('xn--bcher-kva.example', 20),
                ('XN--BCHER-KVA.example', 20),
                ('bücher.example', 20), ('b%C3%BCcher.example', 20),
                ('BÜCHER.example', 20), ('localhost', 20),
                ('bucher.example', 53), ('bÿcher.example', 53),
                ('xn--bcher-kvb.example', 53),
            ])

    def test_u_label(self):
        with Server(TREE, names=['bücher.example']) as server:
            self.check(server, [
                ('xn--bcher-kva.example', 20), ('bücher.example', 20),
                ('localhost', 53),
            ])

    def test_several_names(self):
        with Server(TREE, names=['one.example', 'two.example']) as server:
            self.check(server, [
                ('one.example', 20), ('two.example', 20),
                ('three.example', 53), ('localhost', 53),
                ('127.0.0.1', 20),
            ])

    def test_ipv6_literal(self):
        with Server(TREE, gemini='[::1]:0') as server:
            for host, status in [('[::1]', 20), ('[0:0:0:0:0:0:0:1]', 20),
                                 ('localhost', 20), ('[::2]', 53),
                                 ('127.0.0.1', 53), ('[::1', 59)]:
                with self.subTest(host=host), Connection(
                        server.gemini_port, tls_context(), host='::1') as c:
                    c.send(b'gemini://%s:%d/page.gmi\r\n' % (
                        host.encode(), server.gemini_port))
                    reply = c.read_reply()
                    self.assertEqual(reply.status, status, reply.header)

    def test_public_ports(self):
        with Server(TREE, options=['gemini_ports=1965']) as server:
            for authority, status in [
                    ('localhost', 20), ('localhost:', 20),
                    ('localhost:1965', 20),
                    ('localhost:%d' % server.gemini_port, 53),
                    ('localhost:1966', 53)]:
                with self.subTest(authority=authority):
                    url = 'gemini://%s/page.gmi' % authority
                    reply = gemini(server, url.encode() + b'\r\n')
                    self.assertEqual(reply.status, status, reply.header)


if __name__ == '__main__':
    unittest.main()
