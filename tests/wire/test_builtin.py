"""Pages that the server makes itself: where they are, and where not."""

import os
import unittest

from gophercase import Case
from server import Server, fetch, select, wait_until

TREE = {
    'index.gmi': '# Home\n=> /ask Ask\n=> /ask? Ask\n=> /ask?tea Tea\n',
    'sub/index.gmi': '# Sub\n=> ../ask Ask\n=> ask No\n',
}


class Builtin(Case):
    tree = TREE

    def test_prompt(self):
        for path in ['/ask', '/ask?', '/%61sk', '/ask?%20%0A']:
            with self.subTest(path=path):
                reply = fetch(self.server, path)
                self.assertEqual(reply.status, 10)
                self.assertTrue(reply.meta)
                self.assertEqual(reply.body, b'')

    def test_a_part_of_nothing(self):
        reply = fetch(self.server, '/ask/2')
        self.assertEqual((reply.status, reply.meta), (30, '/ask'))
        for path in ['/ask/0?x', '/ask/1?x', '/ask/11?x', '/ask/x?x',
                     '/ask/2/?x', '/ask/02a?x', '/ask/2/3?x']:
            with self.subTest(path=path):
                self.assertEqual(fetch(self.server, path).status, 51)

    def test_prompt_over_gopher(self):
        for selector in ['/ask', 'ask', '/ask?', '1/ask', '/ask\t',
                         '/ask/2']:
            with self.subTest(selector=selector):
                self.assertRegex(
                    select(self.server, selector).decode(),
                    r'\A7[^\t]+\t/ask\tlocalhost\t\d+\r\n'
                    r'iIf you see no prompt, add \? and your words: '
                    r'/ask\?words\t\tnull\.host\t1\r\n'
                    r'1Home\t/\tlocalhost\t\d+\r\n\.\r\n\Z')

    def test_a_slash_too_many(self):
        for path, target in [('/ask/', '/ask'), ('/ask/?tea', '/ask?tea'),
                             ('/online/', '/online'),
                             ('/online/?plain', '/online?plain'),
                             ('/%61sk//', '/ask'),
                             ('/manifest/', '/manifest'),
                             ('/capsule.gpub/', '/capsule.gpub')]:
            with self.subTest(path=path):
                reply = fetch(self.server, path)
                self.assertEqual((reply.status, reply.meta), (30, target))
        self.assertEqual(select(self.server, '/ask/'),
                         select(self.server, '/ask'))
        self.assertEqual(select(self.server, '/online/?plain'),
                         select(self.server, '/online?plain'))
        wait_until(lambda: b'tea' in select(self.server, '/ask/\ttea'),
                   'an answer from the index')

    def test_addresses(self):
        """A page links to the other protocol without naming the host."""
        gemini, gopher = self.server.gemini_port, self.server.gopher_port
        reply = fetch(self.server, '/addresses')
        self.assertEqual((reply.status, reply.meta), (20, 'text/gemini'))
        self.assertEqual(reply.text, (
            '# Addresses of this capsule\n\n'
            '=> gemini://localhost:%d/ Over Gemini: gemini://localhost:%d/\n'
            '=> gopher://localhost:%d/ Over Gopher: gopher://localhost:%d/\n'
            '\n=> / Home\n') % (gemini, gemini, gopher, gopher))
        self.assertEqual(
            select(self.server, '/addresses').decode().splitlines()[3:], [
                'hOver Gemini: gemini://localhost:%d/'
                '\tURL:gemini://localhost:%d/\tlocalhost\t%d'
                % (gemini, gemini, gopher),
                '1Over Gopher: gopher://localhost:%d/\t\tlocalhost\t%d'
                % (gopher, gopher),
                'i\t\tnull.host\t1',
                '1Home\t/\tlocalhost\t%d' % gopher, '.'])

    def test_addresses_without_gopher(self):
        with Server(TREE, gopher='off',
                    options=['addresses=/where']) as server:
            self.assertNotIn('opher', fetch(server, '/where').text)
            self.assertEqual(fetch(server, '/addresses').status, 51)

    def test_not_here(self):
        for path in ['/asks', '/as', '/ASK', '/sub/ask', '/.ask']:
            with self.subTest(path=path):
                self.assertEqual(fetch(self.server, path).status, 51)
                self.assert_error(
                    select(self.server, path.replace('%', '%25')))

    def test_links(self):
        self.assertEqual(
            select(self.server, '/').decode().split('\r\n', 2)[2],
            self.item('7Ask|/ask') + self.item('7Ask|/ask') +
            self.item('1Tea|/ask?tea') + '.\r\n')
        menu = select(self.server, '/sub/').decode()
        self.assertIn(self.item('7Ask|/ask'), menu)
        self.assertIn(self.item('9No|/sub/ask'), menu)


class Elsewhere(unittest.TestCase):
    def serve(self, files, *options):
        server = Server(files, options=options)
        self.addCleanup(server.stop)
        return server

    def test_renamed(self):
        server = self.serve(TREE, 'ask=/look up')
        self.assertEqual(fetch(server, '/look%20up').status, 10)
        self.assertEqual(fetch(server, '/ask').status, 51)
        self.assertIn('\t/look%20up\t', select(server, '/look up').decode())

    def test_off(self):
        server = self.serve(TREE, 'ask=off')
        for path in ['/ask', '/ask/', '/off', '/off/', '/']:
            with self.subTest(path=path):
                self.assertEqual(fetch(server, path).status,
                                 20 if path == '/' else 51)
        self.assertIn('9Ask\t/ask\t', select(server, '/').decode())

    def test_files_go_before(self):
        server = self.serve({'index.gmi': '=> /ask Ask\n', 'ask': 'mine\n'})
        self.assertEqual(fetch(server, '/ask').text, 'mine\n')
        self.assertEqual(fetch(server, '/ask/2?x').status, 51)
        self.assertEqual(fetch(server, '/ask/').status, 51)
        self.assertIn('0Ask\t/ask\t', select(server, '/').decode())
        self.assertEqual(select(server, '/ask\ttea'), b'mine\n')

    def test_folders_go_before(self):
        server = self.serve({'ask/index.gmi': '# Mine\n'})
        self.assertEqual(fetch(server, '/ask').status, 31)
        self.assertEqual(fetch(server, '/ask/').text, '# Mine\n')
        self.assertEqual(fetch(server, '/ask/2?x').status, 51)

    def test_what_may_not_be_read_hides_it(self):
        server = self.serve({'index.gmi': '# Home\n', 'ask': 'mine\n'})
        os.chmod(server.path('ask'), 0)
        self.assertEqual(fetch(server, '/ask').status, 51)
        self.assertEqual(fetch(server, '/ask?x').status, 51)
        self.assertEqual(fetch(server, '/ask/').status, 51)


if __name__ == '__main__':
    unittest.main()
