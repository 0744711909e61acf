"""Pages to subscribe to, as feeds: what parsers and a schema say of them."""

import json
import os
import re
import subprocess
import sys
import unittest
from urllib.parse import quote

from gophercase import Case
from server import TOP, Server, fetch, gopher, select

SCHEMA = os.path.join(TOP, 'tests', 'wire', 'atom.rng')
PARSE = '''
import feedparser, json, sys
feed = feedparser.parse(sys.stdin.buffer.read())
print(json.dumps({
    'bozo': bool(feed.bozo), 'version': feed.version,
    'feed': {key: feed.feed.get(key)
             for key in ('id', 'title', 'link', 'updated', 'author')},
    'entries': [[entry.get(key) for key in ('id', 'title', 'link', 'updated')]
                for entry in feed.entries]}))
'''

LOG = '''# Lög & <notes>

What is said here is no entry: 2026-01-01.

=> old.gmi Undated
=> new.gmi 2026-11-24 The "newest" & best
=> /sub/a%20b.gmi?x=1&y=2 2026-03-01: Ampersands
=> https://w.example/ 2025-12-31 - Elsewhere
=> broken.gmi 2026-02-30 No such day
=> e.gmi 2026-11-23 \x1b[1mControl\x00 \ufffe and 😀
=> ../up.gmi 2020-02-29
'''
ENTRIES = [
    ['new.gmi', 'The "newest" & best', '2026-11-24'],
    ['/sub/a%20b.gmi?x=1&y=2', 'Ampersands', '2026-03-01'],
    ['https://w.example/', 'Elsewhere', '2025-12-31'],
    ['e.gmi', '[1mControl  and 😀', '2026-11-23'],
    ['/up.gmi', '2020-02-29', '2020-02-29'],
]
# In a URL three times as long, and longer than a title may be.
DEEP = '/'.join(['\xe9' * 100] * 4)

TREE = {
    'folder/index.gmi/x.gmi': '# Not the page\n',
    'folder/index.gemini': LOG,
    DEEP + '/a.gmi': LOG,
    DEEP + '/b.gmi': LOG,
    'index.gmi': '# Home\n=> log.gmi?atom Feed\n=> plain.gmi?atom No\n'
                 '=> logs/?atom Folder\n=> a.txt?atom Text\n=> log.gmi Log\n',
    'log.gmi': LOG,
    'logs/index.gmi': LOG,
    'logs/gophermap': 'A map\n',
    'plain.gmi': '# Plain\n=> a.txt A\n',
    'a.txt': '=> x 2026-11-24 A\n',
    'untitled.gmi': '=> x 2026-11-24 A\n',
    'latin.gmi': b'# caf\xe9\n=> x 2026-11-24 \xff\n',
    'list/log.gmi': LOG,
    'far.gmi': '# Far\n' + 'x\n' * 40000 + '=> x 2026-11-24 A\n',
    'many.gmi': '# Many\n' + ''.join(
        '=> %d.gmi 20%02d-%02d-%02d Entry <%d>\n' % (
            n, n % 100, n % 12 + 1, n % 28 + 1, n) for n in range(2000)),
}


def interpreter():
    """One that has the parser: Debian installs it for its own."""
    for python in (sys.executable, '/usr/bin/python3', 'python3'):
        if subprocess.run([python, '-c', 'import feedparser'], check=False,
                          capture_output=True).returncode == 0:
            return python
    raise AssertionError('no feedparser; make deps installs it')


class Feeds(Case):
    tree = TREE

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.python = interpreter()

    def parse(self, feed):
        """What feedparser reads, after the schema has passed it."""
        valid = subprocess.run(
            ['xmllint', '--nonet', '--noout', '--relaxng', SCHEMA, '-'],
            input=feed, capture_output=True, timeout=60, check=False)
        self.assertEqual(0, valid.returncode, (valid.stderr, feed[:2000]))
        output = subprocess.run(
            [self.python, '-c', PARSE], input=feed, check=True,
            capture_output=True, timeout=120).stdout
        parsed = json.loads(output)
        self.assertEqual((False, 'atom10'),
                         (parsed['bozo'], parsed['version']))
        return parsed

    def feed(self, path):
        reply = fetch(self.server, path)
        self.assertEqual((20, 'application/atom+xml'),
                         (reply.status, reply.meta))
        self.assertTrue(reply.close_notify)
        return reply.body

    def test_what_it_says(self):
        for path, base in (('/log.gmi', '/'), ('/logs/', '/logs/')):
            with self.subTest(path):
                parsed = self.parse(self.feed(path + '?atom'))
                self.assertEqual(parsed['feed'], {
                    'id': self.server.url(path),
                    'title': 'Lög & <notes>',
                    'link': self.server.url(path),
                    'updated': '2026-11-24T12:00:00Z',
                    'author': 'localhost'})
                want = []
                for url, title, date in ENTRIES:
                    if not re.match('https:|/', url):
                        url = base + url
                    if url.startswith('/'):
                        url = self.server.url(url)
                    want.append([url, title, url, date + 'T12:00:00Z'])
                self.assertEqual(want, parsed['entries'])

    def test_odd_pages(self):
        parsed = self.parse(self.feed('/untitled.gmi?atom'))
        self.assertEqual(self.server.url('/untitled.gmi'),
                         parsed['feed']['title'])
        parsed = self.parse(self.feed('/latin.gmi?atom'))
        self.assertEqual('caf\ufffd', parsed['feed']['title'])
        parsed = self.parse(self.feed('/many.gmi?atom'))
        self.assertEqual(2000, len(parsed['entries']))
        self.assertEqual(parsed['feed']['updated'], max(
            entry[3] for entry in parsed['entries']))

    def test_stable(self):
        """The same page has one feed, however it is asked for."""
        feed = self.feed('/logs/?atom')
        for path in ('/logs/index.gmi?atom', '/%6cogs/?atom'):
            with self.subTest(path):
                self.assertEqual(feed, self.feed(path))

    def test_deep_pages(self):
        ids = {self.parse(self.feed('/%s/%s?atom' % (DEEP, page)))[
            'feed']['id'] for page in ('a.gmi', 'b.gmi')}
        self.assertEqual(
            {self.server.url('/%s/%s' % (quote(DEEP), page))
             for page in ('a.gmi', 'b.gmi')}, ids)

    def test_folder_by_the_name_of_a_page(self):
        self.assertEqual(LOG.encode(), fetch(self.server, '/folder/').body)
        parsed = self.parse(self.feed('/folder/?atom'))
        self.assertEqual(self.server.url('/folder/'), parsed['feed']['id'])

    def test_gopher_gets_the_same(self):
        for selector in ('/log.gmi?atom', 'log.gmi?atom', '/many.gmi?atom',
                         '/logs/?atom', '/list/log.gmi?atom',
                         '1/log.gmi?atom', '/logs?atom', '/log?atom'):
            with self.subTest(selector):
                path = selector.removeprefix('1').replace(
                    's?', 's/?').replace('log?', 'log.gmi?')
                self.assertEqual(
                    select(self.server, selector),
                    self.feed('/' + path.removeprefix('/')))
        self.assertEqual(self.feed('/log.gmi?atom'), gopher(
            self.server, b'/log.gmi?atom\twords\r\n'))

    def test_no_feed_is_the_page(self):
        for path in ('/plain.gmi', '/a.txt', '/far.gmi', '/', '/list/'):
            with self.subTest(path):
                page = fetch(self.server, path)
                other = fetch(self.server, path + '?atom')
                self.assertEqual((page.meta, page.body),
                                 (other.meta, other.body))
                self.assertEqual(select(self.server, path),
                                 select(self.server, path + '?atom'))
        for query in ('?', '?Atom', '?atom=1', '?atom&x', '?%61tom'):
            with self.subTest(query):
                self.assertEqual('text/gemini',
                                 fetch(self.server, '/log.gmi' + query).meta)
        for path, status, target in [
                ('/logs?atom', 31, '/logs/?atom'),
                ('//logs?atom', 31, '/logs/?atom'),
                ('//logs/./?atom', 31, '/logs/?atom'),
                ('/logs?Atom', 31, '/logs/'),
                ('/log?atom', 30, '/log.gmi?atom'),
                ('/log?x', 30, '/log.gmi')]:
            with self.subTest(path):
                reply = fetch(self.server, path)
                self.assertEqual((status, target), (reply.status, reply.meta))
        self.assertEqual(51, fetch(self.server, '/none.gmi?atom').status)

    def test_the_page_is_as_it_was(self):
        self.assertEqual(LOG.encode(), fetch(self.server, '/log.gmi').body)

    def test_items(self):
        self.assertEqual(
            select(self.server, '/').decode().split('\r\n', 2)[2],
            self.item('0Feed|/log.gmi?atom') +
            self.item('1No|/plain.gmi?atom') +
            self.item('0Folder|/logs/?atom') +
            self.item('1Text|/a.txt?atom') +
            self.item('1Log|/log.gmi') + '.\r\n')


class Language(unittest.TestCase):
    def test_it_is_said(self):
        with Server(TREE, options=['lang=de-AT']) as server:
            body = fetch(server, '/log.gmi?atom').body
        self.assertIn(b' xml:lang="de-AT">', body)


if __name__ == '__main__':
    unittest.main()
