"""Rules for parts of a capsule: language, listings, types, and moved pages."""

import os
import shutil
import subprocess
import unicodedata
import unittest

from build import CAPSULED
from server import (UNJAILED, Server, gemini, new_directory, select,
                    write_tree)
from test_hosts import Hosts

RULES = '''
lang = "de"
path "/fr/" { lang = "fr" }
path "/fr/en/" { lang = "en"  listing = no }
path "/page.gmi" { lang = "it" }
path "/my%20docs/" { lang = "es" }
path "/caf%C3%A9/" { lang = "pt" }
path "/old/" { charset = "iso-8859-15"  types = { "txt=text/gemini" } }
path "/all/" { types = { "*=text/x-log", "gmi=text/gemini" } }
moved("/2019/", "/archive/2019/")
moved("/2018/", "/2019/")
moved("/note", "/archive/note.txt")
moved("/talk.gmi", "gemini://talks.example.org/a b")
moved("/talks/", "gemini://talks.example.org/")
moved("/page/", "/fr/")
gone("/drafts/")
path "/club/" { readers = { "any" } }
path "/club/open/" { readers = {} }
moved("/inside/", "/club/")
gone("/hidden.gmi")
'''
MOVED = '''
host "example.org" { capsule = "open"  gopher = "127.0.0.1:0"
  moved("/2019/", "/archive/2019/")              # prefix, the rest is kept
  moved("/talk.gmi", "gemini://talks.example.org/")
  gone("/drafts/")                               # 52
  include("moved.conf") }
'''
GEMTEXT = '# Page\n'
TREE = {
    'index.gmi': '# Home\n=> /2019/x.gmi A moved page\n=> /note A note\n'
                 '=> /talk.gmi A talk\n',
    'page.gmi': GEMTEXT,
    'fr/page.gmi': GEMTEXT,
    'fr/page.txt': 'text\n',
    'fr/en/page.gmi': GEMTEXT,
    'french/page.gmi': GEMTEXT,
    'my docs/page.gmi': GEMTEXT,
    'my%20docs/page.gmi': GEMTEXT,
    'café/page.gmi': GEMTEXT,
    unicodedata.normalize('NFD', 'café') + '/page.gmi': GEMTEXT,
    'old/a.txt': b'# \xa4\n',
    'old/b.gmi': '# Euro\n',
    'old/c.png': b'\x89PNG\r\n\x1a\n',
    'all/a': 'text\n',
    'all/a.gmi': GEMTEXT,
    'archive/2019/x.gmi': '# Moved here\n=> y.gmi Next\n',
    'archive/2019/ü?.gmi': '# Special\n',
    'archive/2019/deep/index.gmi': '# Deep\n',
    'archive/note.txt': 'A note.\n',
    'hidden.gmi': '# Hidden by a rule\n',
    'drafts/index.gmi': '# Draft\n',
    'club/index.gmi': '# Club\n',
    'club/open/index.gmi': '# Open\n',
}


class Rules(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = new_directory()
        cls.addClassCleanup(cls.remove)
        path = os.path.join(cls.directory, 'capsuled.conf')
        write_tree(cls.directory, {'capsuled.conf': RULES})
        cls.server = cls.enterClassContext(
            Server(TREE, arguments=['-c', path]))

    @classmethod
    def remove(cls):
        os.remove(os.path.join(cls.directory, 'capsuled.conf'))
        os.rmdir(cls.directory)

    def ask(self, path):
        url = self.server.url('').encode() + path + b'\r\n'
        return gemini(self.server, url)

    def check_metas(self, rows):
        """Rows of a path and an answer: the whole header, or the status."""
        for path, header in rows:
            with self.subTest(path=path):
                reply = self.ask(path)
                self.assertEqual(
                    header, str(reply.status) if len(header) == 2
                    else '%d %s' % (reply.status, reply.meta))

    def test_language(self):
        self.check_metas([
            (b'/', '20 text/gemini; lang=de'),
            (b'/french/page.gmi', '20 text/gemini; lang=de'),
            (b'/french/', '20 text/gemini; lang=de'),
            (b'/page.gmi', '20 text/gemini; lang=it'),
            (b'/fr/page.gmi', '20 text/gemini; lang=fr'),
            (b'/fr/page.txt', '20 text/plain'),
            (b'/fr/', '20 text/gemini; lang=fr'),
            (b'/fr/en/page.gmi', '20 text/gemini; lang=en'),
        ])

    def test_spellings(self):
        """Every spelling of a path gets the rule of its file."""
        self.check_metas([
            (b'//fr//page.gmi', '31 /fr/page.gmi'),
            (b'/./fr/./page.gmi', '31 /fr/page.gmi'),
            (b'/%2e/fr/page.gmi', '31 /fr/page.gmi'),
            (b'/french/../fr/page.gmi', '31 /fr/page.gmi'),
            (b'/french/%2E%2e/fr/page.gmi', '31 /fr/page.gmi'),
            (b'/fr/en/./', '51'), (b'//fr/en//', '51'),
            (b'/fr/%2e/en/', '51'),
            (b'/f%72/page.gmi', '20 text/gemini; lang=fr'),
            (b'/%66%72/%70age.gmi', '20 text/gemini; lang=fr'),
            (b'/fr%2Fpage.gmi', '51'),
            (b'/FR/page.gmi', '51'),
            (b'/my%20docs/page.gmi', '20 text/gemini; lang=es'),
            (b'/my%2520docs/page.gmi', '20 text/gemini; lang=de'),
            (b'/caf%C3%A9/page.gmi', '20 text/gemini; lang=pt'),
            (b'/cafe%CC%81/page.gmi', '20 text/gemini; lang=pt'),
            ('/café/page.gmi'.encode(), '20 text/gemini; lang=pt'),
        ])

    def test_readers(self):
        self.check_metas([
            (b'/club/', '60'), (b'/club', '60'), (b'/club/index.gmi', '60'),
            (b'/club/none', '60'), (b'/club//./', '60'), (b'/%63lub/', '60'),
            (b'/club/open', '31 /club/open/'), (b'/clubs', '51'),
            (b'/club/open/', '20 text/gemini; lang=de'),
            (b'/inside/', '31 /club/'),
        ])
        for selector in '/club/', '/club', '1/club/', '/inside/':
            with self.subTest(selector=selector):
                reply = select(self.server, selector)
                self.assertRegex(reply, rb'\A3Only over Gemini')
                self.assertNotIn(b'Club', reply)

    def test_listing(self):
        self.check_metas([
            (b'/fr/en/', '51'),
            (b'/fr/', '20 text/gemini; lang=fr'),
        ])
        self.assertEqual(select(self.server, '/fr/en/')[:1], b'3')
        self.assertIn(b'page.txt', select(self.server, '/fr/'))

    def test_types(self):
        self.check_metas([
            (b'/old/a.txt', '20 text/gemini; charset=iso-8859-15; lang=de'),
            (b'/old/b.gmi', '20 text/gemini; charset=iso-8859-15; lang=de'),
            (b'/old/c.png', '20 image/png'),
            (b'/old/', '20 text/gemini; lang=de'),
            (b'/all/a', '20 text/x-log'),
            (b'/all/a.gmi', '20 text/gemini; lang=de'),
        ])
        listing = select(self.server, '/old/').decode()
        self.assertRegex(listing, r'(?m)^1a\.txt')
        listing = select(self.server, '/all/').decode()
        self.assertRegex(listing, r'(?m)^0a\t')

    def test_moved(self):
        """A redirect keeps the rest of the path and the query unchanged."""
        self.check_metas([
            (b'/2019', '31 /archive/2019/'),
            (b'/2019/', '31 /archive/2019/'),
            (b'/2019/x.gmi', '31 /archive/2019/x.gmi'),
            (b'/2018/x.gmi', '31 /archive/2019/x.gmi'),
            (b'/2019/a%2Bb+c', '31 /archive/2019/a%2Bb+c'),
            (b'/2019/a/../b', '31 /archive/2019/b'),
            (b'//2019/./b', '31 /archive/2019/b'),
            (b'/%32019/b', '31 /archive/2019/b'),
            (b'/2019/a%2Fb', '51'),
            (b'/2019/../page.gmi', '31 /page.gmi'),
            (b'/20190/x', '51'),
            (b'/2019.gmi', '51'),
            (b'/2019/?atom', '31 /archive/2019/?atom'),
            (b'/2019/x?', '31 /archive/2019/x?'),
            (b'/note', '31 /archive/note.txt'),
            (b'/note/', '51'),
            (b'/talk.gmi', '31 gemini://talks.example.org/a%20b'),
            (b'/talks/x?y=z',
             '31 gemini://talks.example.org/x?y=z'),
            (b'/drafts', '52'),
            (b'/drafts/', '52'),
            (b'/drafts/index.gmi', '52'),
            (b'/hidden.gmi', '52'),
        ])

    def test_hostile(self):
        """A redirect is one line, and never a part of a URL."""
        crlf = b'a%0D%0A20%20text/gemini%0D%0Ax'
        self.check_metas([
            (b'/2019/' + crlf, '31 /archive/2019/' + crlf.decode()),
            (b'/2019/%00', '59'),
            (b'/2019/%E2%80%A8', '31 /archive/2019/%E2%80%A8'),
            ('/2019/ü'.encode(), '31 /archive/2019/%C3%BC'),
            (b'/2019/a%20b?c=d%0A', '31 /archive/2019/a%20b?c=d%0A'),
        ])
        start = self.server.url('/2019/').encode()
        for rest, status in [(900, 31), (1024 - len(start), 59)]:
            reply = gemini(self.server, start + b'x' * rest + b'\r\n')
            self.assertEqual(reply.status, status)
            self.assertLess(len(reply.meta), 1025)
            if status == 31:
                self.assertTrue(reply.meta.endswith('/' + 'x' * rest))

    def test_links(self):
        """A link into a part has the settings of its own path."""
        os.symlink('fr', self.server.path('link'))
        self.addCleanup(os.remove, self.server.path('link'))
        self.check_metas([
            (b'/link/page.gmi', '20 text/gemini; lang=de')])

    def test_gopher(self):
        page = select(self.server, '/2019/x.gmi')
        self.assertEqual(page, select(self.server, '/archive/2019/x.gmi'))
        self.assertIn(b'Moved here', page)
        self.assertIn(b'/archive/2019/y.gmi', page)
        self.assertEqual(select(self.server, '/note'), b'A note.\n')
        for selector, text in [
                ('2019/deep', b'Deep'), ('1/2019/deep/', b'Deep'),
                ('/2018/deep/', b'Deep'), ('//2019/./deep/', b'Deep'),
                ('/2019/%C3%BC%3F.gmi', b'Special'),
                ('/page/', b'page.txt')]:
            with self.subTest(selector=selector):
                reply = select(self.server, selector)
                self.assertIn(text, reply)
                self.assertFalse(reply.startswith(b'3'), reply)

    def test_gopher_elsewhere(self):
        reply = select(self.server, '/talk.gmi')
        self.assertRegex(reply, rb'\Ah[^\t\r\n]*'
                         rb'\tURL:gemini://talks\.example\.org/a%20b\t'
                         rb'[^\t\r\n]*\t\d+\r\n'
                         rb'1Home\t/\t[^\t\r\n]*\t\d+\r\n\.\r\n\Z')
        reply = select(self.server, '/talks/a"\'<b>?c d')
        self.assertEqual(reply.count(b'\r\n'), 3)
        self.assertIn(
            b"URL:gemini://talks.example.org/a%22'%3Cb%3E?c%20d\t", reply)
        # As a fragment, the end of the query would not be sent.
        self.assertIn('URL:gemini://talks.example.org/?c%23d%C3%BC\t'.encode(),
                      select(self.server, '/talks/?c#dü'))

    def test_gopher_errors(self):
        for selector, text in [
                ('/drafts/', b'removed'), ('/hidden.gmi', b'removed'),
                ('0/hidden.gmi', b'removed'), ('/2019/none', b'no page'),
                ('/2019/../page.gmi', b'no page'),
                ('/2019/%2e%2E/page.gmi', b'no page')]:
            with self.subTest(selector=selector):
                reply = select(self.server, selector)
                self.assertRegex(reply, rb'\A3[^\r\n]*\r\n1Home\t[^\r\n]*\r\n\.\r\n\Z')
                self.assertIn(text, reply)

    def test_menu(self):
        """Links to moved pages have the item type of the answer."""
        menu = select(self.server, '/').decode()
        self.assertRegex(menu, r'(?m)^1A moved page\t/2019/x\.gmi\t')
        self.assertRegex(menu, r'(?m)^0A note\t/note\t')
        self.assertRegex(menu, r'(?m)^1A talk\t/talk\.gmi\t')


class Examples(unittest.TestCase):
    """Whole configurations, and how they change at a reload."""

    def test_one_host(self):
        hosts = Hosts(self, 'names = { "example.org", "www.example.org" }\n'
                      'capsule = "open"\ngopher = "127.0.0.1:0"\n')
        for name in 'example.org', 'www.example.org':
            self.assertIn(b'# Open', hosts.ask(name + '/'))
        self.assertTrue(hosts.ask('club.example/').startswith(b'53 '))

    def test_two_hosts(self):
        """The first host has the Gopher listener of the whole server."""
        hosts = Hosts(self, '''
gopher = "127.0.0.1:0"
host "example.org"  { names = { "www.example.org" }  capsule = "open" }
host "café.example" { capsule = "cafe"  lang = "fr"
                      gopher = { "127.0.0.1:0" } }
''')
        self.assertIn(b'# Open', hosts.ask('www.example.org/'))
        self.assertIn(b'; lang=fr\r\n', hosts.ask('café.example/'))
        self.assertIn(b'Open', hosts.gopher(0, ''))
        self.assertIn('Café'.encode(), hosts.gopher(1, ''))

    def test_parts(self):
        """The rules of a host are not those of another one."""
        hosts = Hosts(self, '''
host "example.org" { capsule = "open" gopher = "127.0.0.1:0"
  path "/private/" { readers = { "friends" } }   # a list file
  path "/club/"    { readers = { "any" } } }     # any certificate
host "b.example" { capsule = "club" }
path "/only-club.gmi" { lang = it }
''', before={'friends': ''})
        for path in 'private/', 'private/x', 'club/', 'club':
            with self.subTest(path=path):
                self.assertTrue(
                    hosts.ask('example.org/' + path).startswith(b'60 '))
                self.assertTrue(
                    hosts.ask('b.example/' + path).startswith(b'51 '))
        self.assertTrue(hosts.ask('example.org/clubs').startswith(b'51 '))
        self.assertIn(b'; lang=it\r\n', hosts.ask('b.example/only-club.gmi'))

    def test_moved(self):
        hosts = Hosts(self, MOVED, before={'moved.conf': 'gone("/x")\n'})
        for path, header in [
                ('2019/a.gmi?b', b'31 /archive/2019/a.gmi?b'),
                ('talk.gmi', b'31 gemini://talks.example.org/'),
                ('drafts/a', b'52 '), ('x', b'52 '), ('x/', b'51 ')]:
            with self.subTest(path=path):
                self.assertTrue(hosts.ask('example.org/' + path).startswith(
                    header))
        self.assertIn(b'URL:gemini://talks.example.org/',
                      hosts.gopher(0, '/talk.gmi'))

    def test_reload(self):
        """New rules apply at a reload, whole or not at all."""
        hosts = Hosts(self, MOVED, before={'moved.conf': 'gone("/x")\n'})
        write_tree(hosts.directory, {'moved.conf': 'moved("/x", "/y")\n'})
        self.assertEqual(hosts.reload(), 'info reloaded')
        self.assertTrue(hosts.ask('example.org/x').startswith(b'31 /y\r\n'))
        write_tree(hosts.directory, {
            'moved.conf': 'moved("/x", "/z")\nmoved("/z", "/x")\n'})
        self.assertIn('moved.conf:1: moved leads in a circle', hosts.reload())
        os.remove(hosts.path('moved.conf'))
        self.assertIn('c.conf:', hosts.reload())
        self.assertTrue(hosts.ask('example.org/x').startswith(b'31 /y\r\n'))


class Audit(unittest.TestCase):
    """The list of rules that -t prints, and its warnings."""

    def check(self, tree, text):
        """The lines of the rules and the warnings, without the file."""
        directory = new_directory()
        self.addCleanup(shutil.rmtree, directory)
        path = os.path.join(directory, 'c')
        write_tree(directory, {'c': text})
        write_tree(os.path.join(directory, 'tree'), tree)
        done = subprocess.run(
            [CAPSULED, '-t', *UNJAILED, '-g', '0', '-G', '0',
             '-C', os.path.join(directory, 'certs'), '-c', path,
             os.path.join(directory, 'tree')],
            stdout=subprocess.PIPE, check=True, text=True)
        return [line.replace(path + ':', '') for line in
                done.stdout.splitlines() if path + ':' in line]

    def test_order(self):
        """A rule is printed before the rules that it overrides."""
        self.assertEqual(self.check(
            {'a/b/c.gmi': '', 'new/x.gmi': ''},
            'path "/" {}\npath "/a" {}\npath "/a/b/c.gmi" {}\n'
            'path "/a/b" {}\nmoved("/m/", "/new/")\ngone("/m/b/")\n'
            'moved("/m/b/c", "/new/x.gmi")\n'),
            ['path: /a/b/c.gmi/ (3)', 'path: /a/b/ (4)', 'path: /a/ (2)',
             'path: / (1)', 'moved: /m/b/c to /new/x.gmi (7)',
             'gone: /m/b/ (6)', 'moved: /m/ to /new/ (5)'])

    def test_warnings(self):
        tree = {
            'docs/a.gmi': '', 'old.gmi': '', 'drafts/a.gmi': '',
            unicodedata.normalize('NFD', 'caf\u00e9') + '/a.gmi': '',
        }
        for rule, warning in [
                ('path "/docs/" {}', None),
                ('path "/docs/a.gmi" {}', None),
                ('path "/doc/" {}', 'has this path'),
                ('path "/Docs/" {}', 'has this path'),
                ('path "/caf%C3%A9/" {}', None),
                ('path "/ask" {}', None),
                ('path "/docs/" { readers = { "any" } }', None),
                ('path "/doc/" { readers = { "any" } }', 'has this path'),
                ('path "/docs/" { readers = { "any" } }\n'
                 'moved("/x", "/docs/a.gmi")', None),
                ('moved("/old.gmi", "/docs/")', 'still has this path'),
                ('moved("/new.gmi", "/docs/")', None),
                ('moved("/docs", "/drafts/")', 'still has this path'),
                ('gone("/drafts/")', 'still has this path'),
                ('gone("/draft/")', None),
                ('moved("/x/", "/none/")', 'leads to /none/,'),
                ('moved("/x", "/docs/a%2Egmi")', None),
                ('moved("/x", "/manifest")', None),
                ('moved("/x", "gemini://other.example/none")', None),
                ('moved("/x", "gemini://localhost/none")', 'leads to'),
                ('moved("/x", "gemini://localhost/docs/")', None)]:
            with self.subTest(rule=rule):
                said = [line for line in self.check(tree, '\n' + rule)
                        if line.startswith('warning')]
                if warning is None:
                    self.assertEqual(said, [])
                else:
                    self.assertEqual(len(said), 1, said)
                    self.assertTrue(said[0].startswith('warning: 2: '))
                    self.assertIn(warning, said[0])


if __name__ == '__main__':
    unittest.main()
