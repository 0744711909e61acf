"""How many visitors there are: counted once each, on either protocol."""

import os
import re
import signal
import unittest

from gophercase import Case
from server import (Connection, Server, fetch, gopher, select, tls_context,
                    wait_until)

TREE = {'index.gmi': '# Home\n=> /online Visitors\n=> /online?plain Number\n'}


def visit_gemini(server, source, path='/'):
    """Asks from another address of this machine."""
    with Connection(server.gemini_port, tls_context(), sni='localhost',
                    source=source) as client:
        client.send(server.url(path).encode() + b'\r\n')
        return client.read_reply()


def visit_gopher(server, source, selector='/'):
    with Connection(server.gopher_port, source=source) as client:
        client.send(selector.encode() + b'\r\n')
        return client.read_all()


class Online(unittest.TestCase):
    def serve(self, *options, **named):
        server = Server(TREE, options=options, **named)
        self.addCleanup(server.stop)
        return server

    def test_the_first_is_one(self):
        server = self.serve()
        reply = fetch(server, '/online')
        self.assertEqual((20, 'text/gemini'), (reply.status, reply.meta))
        self.assertRegex(reply.text, r'\A# Visitors online now\n\n'
                                     r'1 visitor\n\n'
                                     r'Counted by address \(IPv6: by network\)'
                                     r' over the last five minutes, Gemini and '
                                     r'Gopher together\. Exact while small, an '
                                     r'estimate when large\. No address is '
                                     r'kept\.\n\n')
        reply = fetch(server, '/online?plain')
        self.assertEqual((20, 'text/plain', '1\n'),
                         (reply.status, reply.meta, reply.text))

    def test_each_counts_once(self):
        server = self.serve(workers=2)
        for _ in range(5):
            visit_gemini(server, '127.0.0.2')
            visit_gopher(server, '127.0.0.3')
            visit_gopher(server, '127.0.0.2')
        visit_gemini(server, '127.0.0.3', '/not/here')
        count = b'2\n'
        for _ in range(8):
            self.assertEqual(count, visit_gemini(
                server, '127.0.0.2', '/online?plain').body)
            self.assertEqual(count, visit_gopher(
                server, '127.0.0.3', '/online?plain'))
        self.assertIn('\n3 visitors\n',
                      visit_gemini(server, '127.0.0.4', '/online').text)

    def test_both_families(self):
        server = self.serve(gemini='[::]:0', gopher='[::]:0')
        self.assertEqual(b'1\n', visit_gopher(
            server, '127.0.0.1', '/online?plain'))
        with Connection(server.gopher_port, host='::1') as client:
            client.send(b'/online?plain\r\n')
            self.assertEqual(b'2\n', client.read_all())

    def test_up_to_fifty_exactly(self):
        server = self.serve()
        for n in range(1, 51):
            self.assertEqual(b'%d\n' % n, visit_gopher(
                server, '127.0.1.%d' % n, '/online?plain'))

    def test_who_only_connects_is_none(self):
        server = self.serve()
        with Connection(server.gopher_port, source='127.0.0.2'):
            self.assertEqual(b'1\n', select(server, '/online?plain'))

    def test_reloads_and_deaths(self):
        server = self.serve()
        for n in range(2, 7):
            visit_gopher(server, '127.0.0.%d' % n)
        worker = server.workers()[0]
        os.kill(worker, signal.SIGKILL)
        wait_until(lambda: worker not in server.workers() and
                   len(server.workers()) == 2, 'a new worker')
        self.assertEqual(b'6\n', select(server, '/online?plain'))
        seen = len(server.lines)
        server.signal(signal.SIGHUP)
        server.wait_for_line('^info reloaded', seen)
        self.assertEqual(b'6\n', select(server, '/online?plain'))

    def test_place(self):
        server = self.serve('online=/who')
        self.assertEqual(51, fetch(server, '/online').status)
        self.assertEqual(20, fetch(server, '/who').status)
        self.assertIn('\t/who?plain\t', select(server, '/who').decode())
        server = self.serve('online=off')
        self.assertEqual(51, fetch(server, '/online').status)

    def test_other_queries(self):
        server = self.serve()
        for query in ('?', '?x', '?plain2', '?PLAIN', '?atom'):
            with self.subTest(query):
                reply = fetch(server, '/online' + query)
                self.assertEqual('text/gemini', reply.meta)
                self.assertIn('\n1 visitor\n', reply.text)

    def test_nobody_is_logged(self):
        server = self.serve()
        visit_gopher(server, '127.0.0.77', '/online')
        server.stop()
        self.assertNotIn('127.0.0.77', server.log.text())


class Menus(Case):
    tree = TREE

    def test_links(self):
        self.assertEqual(
            select(self.server, '/').decode().split('\r\n', 2)[2],
            self.item('1Visitors|/online') +
            self.item('0Number|/online?plain') + '.\r\n')

    def test_the_page(self):
        menu = select(self.server, '/online').decode()
        self.assertTrue(re.search(
            r'^i1 visitor\t\tnull', menu, re.M))
        self.assertTrue(menu.endswith(
            self.item('0The number alone|/online?plain') +
            self.item('1Home|/') + '.\r\n'))
        self.assertEqual(b'1\n', gopher(
            self.server, b'online?plain\tignored\r\n'))


if __name__ == '__main__':
    unittest.main()
