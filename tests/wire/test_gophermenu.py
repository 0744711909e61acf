"""Menus: gophermaps, listings, gemtext projected, and their options."""

import os
import unittest

from gophercase import BINARY, PNG, TREE, Case, info, title
from server import Server, fetch, select, wait_until


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
        'hostile/gophermap': (
            b'\xff\xfe text\x1b[1m\n0A\x07b\tx\x01y\th\x02\t70\n'
            b'0only display\n' + b'long ' * 3000),
        'both/gophermap': 'map\n', 'both/index.gmi': '# Page\n',
        'up/a/gophermap': ('1Up\t..\n0File\t../../plain/file.txt\n'
                           '1Far up\t../../../..\n0Here\tx/../here.txt\n'
                           '0Root\t/up/../plain/file.txt\n'),
        'up/a/here.txt': 'here\n',
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

    def test_selectors_upwards(self):
        """Each item for this server is answered, with ".." or without."""
        answer = select(self.server, '/up/a').decode()
        self.assertEqual(
            answer, self.item('1Up|/up/') + self.item('0File|/plain/file.txt') +
            self.item('1Far up|/') + self.item('0Here|/up/a/here.txt') +
            self.item('0Root|/plain/file.txt') + '.\r\n')
        for line in answer.split('\r\n')[:-2]:
            selector = line.split('\t')[1]
            with self.subTest(selector=selector):
                self.assertFalse(
                    select(self.server, selector).startswith(b'3'))

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
        # Asked for by name, a gophermap is a text.
        reply = fetch(self.server, '/both/gophermap')
        self.assertEqual((reply.meta, reply.text), ('text/plain', 'map\n'))
        self.assertEqual(select(self.server, '/plain/gophermap'),
                         self.tree['plain/gophermap'].encode())
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
             ['i[alt text]→→null.host→1', 'iart  →→null.host→1',
              'iafter→→null.host→1']),
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
        for option, text in (('yes', info('[a picture]')), ('no', '')):
            with Server(tree, options=[
                    'width=33', 'alt_text=' + option]) as server:
                self.assertEqual(
                    select(server, '').decode(),
                    info('aaaa bbbb cccc dddd eeee ffff') +
                    info('gggg hhhh') + text + info('art') + '.\r\n')

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

    def test_strict_text_spares_mirrors(self):
        """What they compare is sent as it is."""
        with Server(TREE, options=[
                'strict_text=yes', 'item_types=application/gzip=0']) as server:
            wait_until(lambda: fetch(server, '/manifest').status == 20,
                       'the manifest')
            for selector, path in [('/manifest', '/manifest'),
                                   ('manifest', '/manifest'),
                                   ('9/manifest', '/manifest'),
                                   ('/capsule.tar.gz', '/capsule.tar.gz'),
                                   ('9/text.txt', '/text.txt'),
                                   ('9/page.gmi', '/page.gmi'),
                                   ('9/crlf.txt', '/crlf.txt'),
                                   ('/9/crlf.txt', '/crlf.txt'),
                                   ('9//text.txt', '/text.txt')]:
                with self.subTest(selector=selector):
                    self.assertEqual(select(server, selector),
                                     fetch(server, path).body)
            self.assertEqual(select(server, 'I/picture.png'), PNG)
        # A folder of that name has texts like any other.
        with Server({'9/text.txt': 'a\n.\n', 'b.txt': 'b\n.\n'},
                    options=['strict_text=yes']) as server:
            for selector, want in [('9/text.txt', b'a\r\n..\r\n.\r\n'),
                                   ('/9/text.txt', b'a\r\n..\r\n.\r\n'),
                                   ('9/9/text.txt', b'a\n.\n'),
                                   ('9/b.txt', b'b\n.\n')]:
                with self.subTest(selector=selector):
                    self.assertEqual(select(server, selector), want)
        with Server(dict(TREE, manifest='mine\n.\n'),
                    options=['strict_text=yes']) as server:
            self.assertEqual(select(server, '/manifest'), b'mine\n.\n')

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


if __name__ == '__main__':
    unittest.main()
