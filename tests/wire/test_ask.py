"""Asking the capsule: what is found, how it is shown, and odd questions."""

import re
import unittest
import urllib.parse

from gophercase import PNG, Case, info, title
from server import fetch, gemini, gopher, select, wait_until

TREE = {
    'index.gmi':
        '# Home\n\nWelcome ashore.\n\n=> harbour.gmi Harbour\n=> /ask Ask\n'
        '=> docs/index.gmi\n=> gemini://other.example/ Other\n'
        '=> https://example.org/ Web\n=> /gone.gmi Gone\n=> ./ Home\n'
        '=> ./docs/notes.txt The notes\n=> harbour.gmi?x Harbour, again\n'
        '=> /harbour.gmi Harbour again\n=> .hidden.gmi Hidden\n'
        '=> picture.png Picture\n=> many/ Many\n=> capsule.gpub Book\n'
        '```\n=> /forge.gmi Preformatted\n```\n',
    'picture.png': PNG,
    'harbour.gmi':
        '# The harbour\n\nShips come in at dawn. The lamps on the quay burn '
        'until the last of them is fast! Then all is quiet.\n\n'
        '## Tides\n\nHigh water is at noon.\n',
    'docs/index.gmi': '# Documents\n\nAll about lighthouses.\n',
    'docs/notes.txt': 'Notes on herrings,\nwritten in winter.\n',
    'docs/café.gmi': '# Café\n\nCrème brûlée after nine.\n',
    'docs/untitled.gmi': 'A page of anchors without a heading.\n',
    'forge.gmi': '# Forge\t=> /x\n\n=> /y A link to zeppelins\n> > quoted '
                 'zebra\n* => /z zither\n',
    'robots.txt': 'User-agent: herrings\n',
    '.hidden.gmi': '# Hidden\n\nunseen treasure\n',
    'secret/.git/x.gmi': 'unseen treasure\n',
}
TREE.update({'many/p%02d.gmi' % i: '# Number %d\n\nBarnacle %d.\n' % (i, i)
             for i in range(45)})


def ask(server, words, part=1):
    path = '/ask' + ('/%d' % part if part > 1 else '')
    return fetch(server, path + '?' + urllib.parse.quote(words))


def links(page):
    return re.findall(r'^=> (\S+)', page, re.M)


class Asked(Case):
    tree = TREE

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        wait_until(lambda: 'Not yet' not in ask(cls.server, 'quay').text,
                   'an index')

    def test_whole_page(self):
        self.assertEqual(
            ask(self.server, 'lamps at high water').text,
            '# Found for “lamps at high water”\n\n'
            'One page mentions it.\n\n'
            '=> /harbour.gmi The harbour\n'
            'Under “Tides”:\n'
            '> High water is at noon.\n\n'
            '=> /ask Ask something else\n=> / Home\n')

    def test_same_over_gopher(self):
        self.assertEqual(
            select(self.server, '/ask\tlamps').decode(),
            title('Found for “lamps”') + info('=================') +
            info('') + info('One page mentions it.') + info('') +
            self.item('1The harbour|/harbour.gmi') +
            info('> Ships come in at dawn. The lamps on the quay burn until '
                 'the last') +
            info('> of them is fast! Then all is quiet.') +
            info('') + self.item('7Ask something else|/ask') +
            self.item('1Home|/') + '.\r\n')

    def test_what_finds_what(self):
        for words, path in [
                ('herrings', '/docs/notes.txt'), ('herring', '/docs/notes.txt'),
                ('HERRINGS', '/docs/notes.txt'),
                ('what are the herrings', '/docs/notes.txt'),
                ('heering', '/docs/notes.txt'), ('eherring', '/docs/notes.txt'),
                ('hering', '/docs/notes.txt'), ('herrnig', '/docs/notes.txt'),
                ('cafe', '/docs/caf%C3%A9.gmi'),
                ('CRÈME', '/docs/caf%C3%A9.gmi'),
                ('creme brulee', '/docs/caf%C3%A9.gmi'),
                ('lighthouse', '/docs/'), ('tide', '/harbour.gmi'),
                ('"high water"', '/harbour.gmi'),
                ('“high water”', '/harbour.gmi'),
                ('"water high"', '/harbour.gmi'),
                ('zeppelin', '/forge.gmi'), ('anchor', '/docs/untitled.gmi'),
                ('ships OR', '/harbour.gmi'), ('quay -lamps', '/harbour.gmi'),
                ('title:quay', '/harbour.gmi'), ('quay*', '/harbour.gmi'),
                ('NEAR(ships dawn)', '/harbour.gmi')]:
            with self.subTest(words=words):
                self.assertEqual(links(ask(self.server, words).text)[0], path)

    def test_words_together(self):
        self.assertNotIn('No page',
                         ask(self.server, '"high water"').text)
        self.assertIn('\nNo page has this phrase. One page has some of its '
                      'words.\n', ask(self.server, '"water high"').text)
        # A word of no page is named; the others were found.
        self.assertIn('\nNo page has this phrase. One page has some of its '
                      'words.\nNo page mentions “crocodile”.\n',
                      ask(self.server, '"water crocodile"').text)

    def test_words_of_the_answer(self):
        for words, head in [
                ('lamps', 'Found for “lamps”\n\nOne page mentions it.\n'),
                ('"high water"',
                 'Found for “high water”\n\nOne page mentions it.\n'),
                ('"high water" lamps',
                 'Found for “"high water" lamps”\n\nOne page mentions it.\n'),
                ('quay herrings', 'Found for “quay herrings”\n\n'
                 '2 pages mention it, best match first.\n'),
                ('trip lamps', 'Found for “trip lamps”\n\n'
                 'One page mentions it.\nNo page mentions “trip”.\n'),
                ('hering', 'Found for “hering”\n\n'
                 'No page says “hering”; these come close.\n'),
                ('hering lamps', 'Found for “hering lamps”\n\n'
                 '2 pages mention it, best match first.\n'
                 'No page says “hering”; these come close.\n'),
                ('barnacel', 'Found for “barnacel”\n\n'
                 'No page says “barnacel”; these come close. '
                 'These are 1 to 20 of 45.\n')]:
            with self.subTest(words=words):
                self.assertTrue(ask(self.server, words).text.startswith(
                    '# ' + head), ask(self.server, words).text)

    def test_nothing_matches(self):
        # The author's own order; no other host, no tool, no second link.
        start = ('Nothing matches. Try other words, or start from a page:\n\n'
                 '=> /harbour.gmi Harbour\n=> /docs/ /docs/index.gmi\n'
                 '=> /docs/notes.txt The notes\n=> /many/ Many\n'
                 '\n=> /ask Ask something else\n=> / Home\n')
        self.assertEqual(ask(self.server, 'gophers').text,
                         '# Nothing found for “gophers”\n\n' + start)
        menu = select(self.server, '/ask\tgophers').decode()
        self.assertIn(info('Nothing matches. Try other words, or start from a '
                           'page:') + info('') +
                      self.item('1Harbour|/harbour.gmi'), menu)

    def test_not_found(self):
        for words in ['treasure', 'user-agent', 'gophers', '"no such thing"',
                      '☃', '***', '"', "'; DROP TABLE words; --", 'xq',
                      '%', '\u0000', 'a' * 900, '\ufffd', '<>&']:
            with self.subTest(words=words):
                reply = ask(self.server, words)
                if '\0' in words:
                    self.assertEqual(reply.status, 59)
                    continue
                self.assertEqual(reply.status, 20)
                self.assertTrue(reply.text.startswith('# Nothing found for'),
                                reply.text)
                self.assertIn('=> /docs/ ', reply.text)
                self.assertIn('=> /ask Ask', reply.text)

    def test_nothing_is_forged(self):
        page = ask(self.server, 'zebra zither forge').text
        self.assertIn('=> /forge.gmi Forge => /x\n', page)
        self.assertEqual(set(links(page)), {'/forge.gmi', '/ask', '/'})
        page = ask(self.server, 'x\n=> /evil Evil\n# Evil zebra').text
        self.assertNotIn('\n=> /evil', page)
        self.assertNotIn('\n# Evil', page)

    def test_parts(self):
        seen = []
        page = ask(self.server, 'barnacle').text
        self.assertIn('45 pages mention it, best match first. These are 1 to '
                      '20.\n', page)
        for part in 2, 3:
            seen += links(page)[:-3]
            self.assertEqual(links(page)[-3], '/ask/%d?barnacle' % part)
            page = fetch(self.server, links(page)[-3]).text
        seen += links(page)[:-2]
        self.assertEqual(len(seen), 45)
        self.assertEqual(len(set(seen)), 45)
        self.assertIn('These are 41 to 45.', page)

    def test_part_beyond_the_last(self):
        page = ask(self.server, 'barnacle', 4).text
        empty = 'This part is empty. Pages that mention it: 45.'
        self.assertIn('\n\n' + empty + '\n\n=> ', page)
        self.assertEqual(links(page), ['/ask?barnacle', '/ask', '/'])
        menu = select(self.server, '/ask/10\tbarnacle').decode()
        self.assertIn(info(empty), menu)
        self.assertIn('1The first pages\t/ask?barnacle\t', menu)
        self.assertIn('This part is empty. Pages that mention it: 1.\n',
                      ask(self.server, 'lamps', 2).text)

    def test_parts_over_gopher(self):
        menu = select(self.server, '/ask\tbarnacle & crab').decode()
        more = re.search(r'^1The next pages\t(\S+)\t', menu, re.M)[1]
        self.assertEqual(more, '/ask/2?barnacle%20&%20crab')
        self.assertIn('These are 21 to 40.',
                      select(self.server, more).decode())

    def test_odd_queries(self):
        """Raw queries, as no client should send them, over Gemini."""
        for query, status in [
                ('a', 20), ('%61', 20), ('%', 59), ('%zz', 59), ('%00', 59),
                ('%ff%fe', 20), ('\xff', 59), ('%22%22%22', 20), ('%22', 20),
                ('%2500', 20), ('a+b', 20), ('a=b&c=d', 20), ('?' * 20, 20),
                ('a b', 20), ('"a b" <c> [d] ^{|}`\\\\', 20),
                ('%C3', 20), ('%E2%80%9C', 20), ('(' * 500, 20),
                ('%28' * 250, 20), ('%22a%22' * 100, 20),
                ('x%20' * 240, 20), ('%0d%0a20%20text/plain', 20),
                ('%1b%5b1m', 20), ('quay' + '%20quay' * 120, 20)]:
            with self.subTest(query=query[:40]):
                request = self.server.url('/ask?') + query
                reply = gemini(self.server,
                               request.encode('latin-1') + b'\r\n')
                self.assertEqual(reply.status, status, reply.header)
                self.assertNotRegex(reply.body, rb'[\x00-\x09\x0b-\x1f\x7f]')
                self.assertTrue(reply.close_notify)

    def test_raw_characters(self):
        for query in ['high water', '"high water"', 'lamps [quay]']:
            with self.subTest(query=query):
                request = self.server.url('/ask?') + query
                reply = gemini(self.server, request.encode() + b'\r\n')
                self.assertEqual(reply.status, 20, reply.header)
                self.assertEqual(links(reply.text)[0], '/harbour.gmi')
                self.assertIn('“%s”' % query.strip('"'),
                              reply.text.replace('"', ''))

    def test_the_longest(self):
        start = self.server.url('/ask?')
        for letter in ['a', 'a%20', '%22', '%C3%A9']:
            room = 1024 - len(start)
            query = (letter * room)[:room - room % len(letter)]
            with self.subTest(letter=letter):
                reply = gemini(self.server,
                               (start + query).encode() + b'\r\n')
                self.assertEqual(reply.status, 20)

    def test_odd_searches(self):
        """What comes behind a TAB, over Gopher."""
        for search in [b'lamps', b'lamps\t', b'lamps\t+', b'lamps\t\t\t',
                       b'lamps\tx\ty\tz', b' lamps ', b'lamps?', b'%6camps',
                       b'\xfflamps', b'lamps\t$']:
            with self.subTest(search=search):
                menu = gopher(self.server, b'/ask\t' + search + b'\r\n')
                self.assert_menu(menu)
                self.assertEqual(menu.startswith(b'iFound for'),
                                 search != b'%6camps')
                self.assertIn(b'\t/harbour.gmi\t', menu)
        for search in [b'+', b'!', b'$', b'a' * 1000, b'"' * 900]:
            with self.subTest(search=search[:10]):
                self.assert_menu(
                    gopher(self.server, b'/ask\t' + search + b'\r\n'))
        self.assert_error(
            gopher(self.server, b'/ask\t' + b'a' * 1100 + b'\r\n'))

    def test_the_query_is_not_logged(self):
        ask(self.server, 'confidential')
        select(self.server, '/ask\tconfidential')
        select(self.server, '/ask?confidential')
        self.server.wait_for_line('info gopher .*path=/ask ')
        self.assertNotIn('confidential', self.server.log.text())


if __name__ == '__main__':
    unittest.main()
