"""The capsule that is shipped, read whole over both protocols."""

import collections
import os
import re
import shutil
import subprocess
import unittest
import urllib.parse

from server import (CAPSULE, TOP, Server, fetch, gopher, new_directory,
                    wait_until, write_tree)

SHIPPED = os.path.join(TOP, 'capsule')
ARTICLE = os.path.join(TOP, 'tests', 'article.txt')
# Parts of the page the article came from, not of its text.
LABELS = ('8394 visitors online', 'show details')

Item = collections.namedtuple('Item', 'type display selector host port')

# urljoin and urlsplit have to be told.
for known in (urllib.parse.uses_relative, urllib.parse.uses_netloc):
    known.append('gemini')


def gemini_links(page):
    return [match[1] for match in re.finditer(r'^=>[ \t]*(\S+)', page, re.M)]


def items(menu):
    lines = menu.decode().split('\r\n')
    return [Item(line[0], *line[1:].split('\t')) for line in lines
            if line and line != '.']


def joined(lines):
    """One line; a line may have been broken behind a hyphen."""
    return ' '.join(' '.join(lines).split()).replace('- ', '-')


def gemini_words(page):
    """The text of a page of gemtext, without its markup."""
    found = []
    preformatted = False
    for line in page.splitlines():
        if line.startswith('```'):
            preformatted = not preformatted
            if preformatted and line[3:].strip():
                found.append('[%s]' % line[3:].strip())
        elif preformatted:
            found.append(line)
        elif line.startswith('=>'):
            parts = line[2:].split(None, 1)
            found.append(parts[1] if len(parts) > 1 else ''.join(parts))
        elif re.match(r'#{1,3}', line):
            found.append(line.lstrip('#'))
        else:
            found.append(re.sub(r'^(\* |>)', '', line))
    return joined(found)


def gopher_words(menu):
    found = []
    for item in items(menu):
        if not re.fullmatch(r'=+|-+|~+', item.display):
            found.append(re.sub(r'^(\* |> ?)', '', item.display))
    return joined(found)


class Capsule(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(SHIPPED)
        cls.addClassCleanup(cls.server.stop)
        # The home page links to it, and it needs the hashes of all files.
        wait_until(lambda: fetch(cls.server, '/manifest').status == 20,
                   'a manifest')
        cls.pages = cls.walk_gemini()
        cls.menus = cls.walk_gopher()

    @classmethod
    def walk_gemini(cls):
        """{path: reply} of all that the home page leads to."""
        found, queue = {}, ['/']
        while queue:
            path = queue.pop()
            if path in found:
                continue
            reply = found[path] = fetch(cls.server, path)
            if reply.mime != 'text/gemini':
                continue
            base = cls.server.url(path)
            for link in gemini_links(reply.text):
                target = urllib.parse.urlsplit(
                    urllib.parse.urljoin(base, link))
                if target.netloc == 'localhost:%d' % cls.server.gemini_port:
                    queue.append(target.path or '/')
        return found

    @classmethod
    def walk_gopher(cls):
        """{selector: (type, answer)} of all that the root leads to."""
        found, queue = {}, [('1', '')]
        while queue:
            kind, selector = queue.pop()
            if selector in found:
                continue
            answer = gopher(cls.server, selector.encode() + b'\r\n')
            found[selector] = kind, answer
            if kind == '1':
                queue += [(item.type, item.selector)
                          for item in items(answer)
                          if item.type not in 'i3' and
                          item.host == 'localhost' and
                          int(item.port) == cls.server.gopher_port]
        return found

    def test_language(self):
        """`make run` gives the language, without which none is sent."""
        with open(os.path.join(TOP, 'Makefile'), encoding='ascii') as file:
            recipe = file.read().split('\nrun: ')[1].split('\n')[1]
        self.assertIn(' -o lang=en capsule', recipe)

    def test_every_link_over_gemini(self):
        self.assertGreater(len(self.pages), 10)
        for path, reply in self.pages.items():
            with self.subTest(path=path):
                # What asks for input is no page yet.
                prompts = path == '/ask'
                self.assertEqual(reply.status, 10 if prompts else 20,
                                 reply.header)
                self.assertTrue(reply.close_notify)
                self.assertEqual(reply.body == b'', prompts)

    def test_every_link_over_gopher(self):
        self.assertGreater(len(self.menus), 10)
        for selector, (kind, answer) in self.menus.items():
            with self.subTest(selector=selector):
                self.assertTrue(answer)
                self.assertFalse(answer.startswith(b'3'), answer[:80])
                if kind == '1':
                    self.assertTrue(answer.endswith(b'\r\n.\r\n'))
                    for item in items(answer):
                        self.assertNotEqual(item.type, '3')
                        self.assertLessEqual(len(item.display), 67)

    def test_every_page_is_reached(self):
        for folder, _, names in os.walk(SHIPPED):
            for name in names:
                if not name.endswith('.gmi'):
                    continue
                path = '/' + os.path.relpath(
                    os.path.join(folder, name), SHIPPED)
                if name == 'index.gmi':
                    path = path[:-len(name)]
                with self.subTest(path=path):
                    reply = fetch(self.server, path)
                    with open(os.path.join(folder, name), 'rb') as file:
                        self.assertEqual(reply.body, file.read())
                    self.assertIn(b'\r\n.\r\n', gopher(
                        self.server, path.encode() + b'\r\n'))

    def test_same_words(self):
        for path, reply in self.pages.items():
            if reply.mime != 'text/gemini':
                continue
            with self.subTest(path=path):
                menu = gopher(self.server, path.encode() + b'\r\n')
                self.assertEqual(gopher_words(menu),
                                 gemini_words(reply.text))

    def test_same_files(self):
        for path, reply in self.pages.items():
            if reply.status != 20 or reply.mime == 'text/gemini':
                continue
            with self.subTest(path=path):
                self.assertEqual(
                    gopher(self.server, path.encode() + b'\r\n'), reply.body)

    def test_the_article_word_for_word(self):
        with open(ARTICLE, encoding='utf-8') as file:
            paragraphs = [line for line in file.read().split('\n')
                          if line and line not in LABELS]
        self.assertEqual(len(paragraphs), 19)  # the lead, nine and nine
        gemini_lines = [
            re.sub(r'^(#{1,3}|=>\s*\S+)\s*', '', line)
            for reply in self.pages.values() if reply.mime == 'text/gemini'
            for line in reply.text.splitlines()]
        gopher_texts = [gopher_words(answer)
                        for kind, answer in self.menus.values()
                        if kind == '1']
        for paragraph in paragraphs:
            with self.subTest(paragraph=paragraph[:40]):
                self.assertIn(paragraph, gemini_lines)
                self.assertTrue(
                    any(paragraph in text for text in gopher_texts))

    def show(self, *arguments):
        return subprocess.run(
            [CAPSULE, 'show', '-d', SHIPPED,
             '-o', 'gemini_ports=%d' % self.server.gemini_port,
             '-o', 'gopher_port=%d' % self.server.gopher_port, *arguments],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, timeout=30, check=False)

    def assert_shown(self, shown, answer):
        """The same, but that nobody is online where there is no server."""
        if answer == b'1\n':
            answer = b'0\n'
        self.assertEqual(shown, answer.replace(
            b'1 visitor', b'0 visitors'))

    def test_show_gemini(self):
        for path in [*self.pages, '/none', '/qa', '/..']:
            with self.subTest(path=path):
                reply = fetch(self.server, path)
                shown = self.show(self.server.url(path))
                self.assert_shown(shown.stdout,
                                  reply.header + b'\r\n' + reply.body)
                self.assertEqual(shown.returncode, reply.status >= 40)

    def test_show_of_the_configuration(self):
        """DIR is optional, as for check, pack and sign."""
        with open(os.path.join(SHIPPED, 'robots.txt'), 'rb') as file:
            want = b'20 text/plain\r\n' + file.read()
        for arguments, cwd in (((SHIPPED,), '/'), (('-d', SHIPPED), '/'),
                               (('-o', 'capsule=' + SHIPPED), '/'), ((), TOP)):
            with self.subTest(arguments=arguments):
                self.assertEqual(want, subprocess.run(
                    [CAPSULE, 'show', *arguments, '/robots.txt'], cwd=cwd,
                    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                    timeout=30, check=True).stdout)

    def test_show_of_several_hosts(self):
        """The host of a URL answers, as on the server."""
        folder = new_directory()
        self.addCleanup(shutil.rmtree, folder)
        write_tree(folder, {
            'conf': 'host "a.example" { capsule = "a" }\n'
                    'host "b.example" { capsule = "b" gopher = 7071 }\n'
                    'host "*.c.example" { capsule = "c" }\n',
            'a/index.gmi': '# A\n', 'b/index.gmi': '# B\n',
            'c/index.gmi': '# C\n'})
        for arguments, want in (
                (('/',), b'# A\n'),
                (('gemini://a.example/',), b'# A\n'),
                (('gemini://B.example./',), b'# B\n'),
                (('gemini://x.c.example/',), b'# C\n'),
                (('b', '/'), b'# B\n'),
                (('b', 'gemini://a.example/'), b''),
                (('gemini://d.example/',), b''),
                (('-G', '0/index.gmi'), b'# A\n'),
                (('-G', 'gopher://b.example/00/index.gmi'), b'# B\n'),
                (('-G', 'gopher://b.example:7071/00/index.gmi'), b'# B\n')):
            with self.subTest(arguments=arguments):
                done = subprocess.run(
                    [CAPSULE, 'show', '-c', 'conf', *arguments], cwd=folder,
                    stdout=subprocess.PIPE, timeout=30, check=False)
                self.assertEqual(done.stdout.removeprefix(
                    b'20 text/gemini\r\n') if want else
                    done.stdout[:3], want or b'53 ')

    def test_show_a_bad_request(self):
        """The server's answer is followed by advice of the tool."""
        for flags, address, want in (
                ((), 'gemini://localhost/%zz', b'59 This is not a URL\r\n'),
                ((), 'gemini://localhost/#x',
                 b'59 A URL is sent without its fragment\r\n'),
                (('-G',), '/a\x01', b'3Bad request: a selector has no ')):
            with self.subTest(address=address):
                shown = self.show(*flags, address)
                self.assertEqual(shown.stdout[:len(want)], want)
                self.assertEqual(shown.stderr.decode(), (
                    'capsule show: %s: cannot be requested; give a URL like '
                    'gemini://example.org/a%%20page.gmi, or a path\n'
                    % address.replace('\x01', '\\x01')))
                self.assertEqual(shown.returncode, 1)

    def test_show_what_is_asked(self):
        """Without a server all pages are read before it answers."""
        wait_until(lambda: 'Not yet' not in fetch(
            self.server, '/ask?online').text, 'an index')
        for query in ('online', 'vistors', '%22pages%20of%22', 'zyzzyva',
                      '%FF', ''):
            with self.subTest(query=query):
                reply = fetch(self.server, '/ask?' + query)
                self.assertEqual(
                    self.show(self.server.url('/ask?' + query)).stdout,
                    reply.header + b'\r\n' + reply.body)
        answer = gopher(self.server, b'/ask\tonline\r\n')
        self.assertIn(b'iFound for', answer)
        for address in ('/ask\tonline',
                        'gopher://localhost/1/ask%09online'):
            self.assertEqual(self.show('-G', address).stdout, answer)

    def test_show_gopher(self):
        for selector in [*self.menus, '/none', '/qa', 'caps.txt',
                         '/details.gmi?x']:
            with self.subTest(selector=selector):
                answer = gopher(self.server, selector.encode() + b'\r\n')
                url = 'gopher://localhost:%d/1%s' % (
                    self.server.gopher_port,
                    urllib.parse.quote(selector, safe='/?'))
                self.assert_shown(self.show('-G', url).stdout, answer)


if __name__ == '__main__':
    unittest.main()
