"""`capsule check`: what readers would stumble over, and nothing else."""

import functools
import json
import os
import re
import resource
import shutil
import subprocess
import unittest

from server import (CAPSULE, CAPSULED, INSTRUMENTED, TOP, UNJAILED, Server,
                    fetch, new_directory, select, write_tree)

SHIPPED = os.path.join(TOP, 'capsule')
ARTICLE = os.path.join(TOP, 'tests', 'article.txt')

HOME = '# Home\n'
# Pages that a row needs beside the one it is about: reached and clean.
LINE = re.compile(r'[^\n]+?:[1-9][0-9]*: (note: )?[^\n]+\n')


def run_check(*arguments, **options):
    return subprocess.run(
        [CAPSULE, 'check', *arguments], stdin=subprocess.DEVNULL,
        capture_output=True, timeout=120, **options)


def words(line):
    return line['check'] + ' ' + line['message']


# A tree, and what is to be found: (file, line, check, words of the message).
# Notes begin with a "~".
ROWS = {
    'clean': ({'index.gmi': HOME + '=> a.gmi A\n', 'a.gmi': '# A\n'}, []),
    'dead': ({'index.gmi': HOME + '\n=> a.gmi A\n=> /b/c/ C\n'}, [
        ('index.gmi', 3, 'dead-link', 'a.gmi leads nowhere (51'),
        ('index.gmi', 4, 'dead-link', '/b/c/ leads nowhere (51')]),
    'space': ({'index.gmi': HOME + '=> a b.txt B\n=> d/a  c d.txt C\n'
               '=> a c.txt C\n', 'a b.txt': '', 'd/a c d.txt': ''}, [
        ('a b.txt', 1, 'name', 'must be encoded'),
        ('d/a c d.txt', 1, 'name', 'must be encoded'),
        ('index.gmi', 2, 'dead-link', 'link to a leads nowhere: a space ends '
         'the URL; link to /a%20b.txt'),
        ('index.gmi', 3, 'dead-link', 'link to /d/a%20c%20d.txt'),
        ('index.gmi', 4, 'dead-link', 'link to a leads nowhere (51')]),
    'empty link': ({'index.gmi': HOME + '=>\n=> \t\n'}, [
        ('index.gmi', n, 'dead-link', 'link without a URL; write one')
        for n in (2, 3)]),
    'built-in': ({'index.gmi': HOME + '=> /ask Ask\n=> /ask?a%20b A b\n'}, []),
    'in the middle of words': ({'index.gmi': HOME + 'x => a.gmi A\n'}, []),
    'preformatted': ({'index.gmi': HOME + '```\n=> a.gmi A\n```\n'}, []),
    'own URL': ({'index.gmi': HOME + '=> gemini://localhost/a A\n'
                 '=> //localhost/b B\n=> gemini://localhost/ Home\n'}, [
        ('index.gmi', 2, 'dead-link', 'gemini://localhost/a leads nowhere'),
        ('index.gmi', 3, 'dead-link', '//localhost/b leads nowhere')]),
    'redirected': ({'index.gmi': HOME + '=> a A\n=> d D\n=> /ask/ Ask\n'
                    '=> /d//b.gmi B\n=> ./a.gmi A\n', 'a.gmi': '# A\n',
                    'd/index.gmi': '# D\n', 'd/b.gmi': '# B\n'}, [
        ('index.gmi', 2, 'incomplete',
         'link to a is redirected to /a.gmi by the server'),
        ('index.gmi', 4, 'incomplete', 'redirected to /ask')]),
    'own selector': ({'index.gmi': HOME + '=> gopher://localhost/1/ Menu\n'
                      '=> gopher://localhost/0/b B\n'}, [
        ('index.gmi', 3, 'dead-link', 'nowhere on Gopher')]),
    'query and fragment': ({'index.gmi': HOME + '=> a.gmi?q A\n=> #here\n'
                            '=> a.gmi#there A\n', 'a.gmi': '# A\n'}, []),
    'redirect': ({'index.gmi': HOME + '=> a A\n', 'a/index.gmi': '# A\n'},
                 []),
    'climbs': ({'index.gmi': HOME + '=> ../a A\n=> %2e%2e/%2fa B\n'}, [
        ('index.gmi', 2, 'dead-link', '../a leads nowhere'),
        ('index.gmi', 3, 'dead-link', 'leads nowhere')]),
    'no URL': ({'index.gmi': HOME + '=> %zz A\n=> http://[x B\n'}, [
        ('index.gmi', 2, 'dead-link', 'is not a URL'),
        ('index.gmi', 3, 'dead-link', 'is not a URL')]),
    'script': ({'index.gmi': HOME + '=> javascript:alert(1) A\n'}, [
        ('index.gmi', 2, 'dead-link', 'nowhere on Gopher')]),
    'long selector': ({'index.gmi': HOME + '=> ?%s A\n' % ('q' * 1050)}, [
        ('index.gmi', 2, 'dead-link', '59 A URL has at most 1024')]),
    'backups': ({'index.gmi': HOME + '=> a.gmi~ A\n', 'a.gmi~': '# A\n',
                 'd/#b.gmi#': '# B\n', 'c~/d.gmi': '# D\n'}, [
        ('a.gmi~', 1, '~hidden', 'matches the setting hide'),
        ('c~', 1, '~hidden', 'matches the setting hide'),
        ('d/#b.gmi#', 1, '~hidden', 'matches the setting hide'),
        ('index.gmi', 2, 'dead-link', 'a.gmi~ leads nowhere')]),
    'hidden': ({'index.gmi': HOME + '=> .a A\n', '.a': 'x', '.git/b': ''}, [
        ('.a', 1, '~hidden', 'begins with a dot'),
        ('.git', 1, '~hidden', 'begins with a dot'),
        ('index.gmi', 2, 'dead-link', '.a leads nowhere')]),
    'well known': ({'index.gmi': HOME, '.well-known/security.txt': 'x'}, []),
    'case': ({'index.gmi': HOME + '=> Docs/PAGE.gmi A\n=> docs/Page.gmi B\n'
              '=> gr%C3%9C.gmi C\n=> docs/q.gmi\n',
              'docs/Page.gmi': '# A\n', 'grü.gmi': '# C\n'}, [
        ('docs/', 1, '', None),
        ('grü.gmi', 1, '~name', 'should be encoded in links, as gr%C3%BC.gmi'),
        ('index.gmi', 2, 'case', 'the name is /docs/Page.gmi'),
        ('index.gmi', 4, 'case', 'the name is /gr%C3%BC.gmi'),
        ('index.gmi', 5, 'dead-link', 'docs/q.gmi'),
        ('grü.gmi', 1, 'orphan', 'no page links')]),
    'backslash': ({'index.gmi': HOME + '=> a%5Cb.txt A\n', 'a\\b.txt': 'x\n'}, [
        ('a\\b.txt', 1, 'name', 'a%5Cb.txt, and with a backslash it is in '
         'no zip or Gempub')]),
    'external': ({'index.gmi': HOME + '=> https://w.example/ A\n'
                  '=> mailto:a@b.example\n=> gemini://g.example/x\n'
                  '=> gopher://g.example/1/x\n=> gemini://localhost:77/\n'}, [
        ('index.gmi', n + 2, '~external', url) for n, url in enumerate((
            'https://w.example/', 'mailto:a@b.example', 'gemini://g.example/x',
            'gopher://g.example/1/x', 'gemini://localhost:77/'))]),
    'orphans': ({'index.gmi': HOME + '=> a.gmi\n', 'a.gmi': '# A\n=> a.gmi\n',
                 'b.gmi': '# B\n=> b.gmi\n', 'c/d.gmi': '# D\n',
                 'e/index.gmi': '# E\n=> f.gmi\n', 'e/f.gmi': '# F\n',
                 'robots.txt': 'x\n'}, [
        ('b.gmi', 1, 'orphan', 'no page links'),
        ('c/d.gmi', 1, 'orphan', 'no page links'),
        ('e/index.gmi', 1, 'orphan', 'no page links')]),
    'listed': ({'index.gmi': HOME + '=> c/\n', 'c/d.gmi': '# D\n',
                'c/e/f/g.gmi': '# G\n', 'c/h/index.gmi': '# H\n',
                'c/h/i.gmi': '# I\n'}, [
        ('c/h/i.gmi', 1, 'orphan', 'no page links')]),
    'no page at all': ({'a.gmi': '# A\n', 'b/c.gmi': '# C\n'}, []),
    'map lists': ({'index.gmi': HOME, 'gophermap': '*\n', 'a.gmi': '# A\n'},
                  []),
    'latin': ({'index.gmi': HOME + '=> a.gmi\n=> b.txt\n',
               'a.gmi': b'# A\n\ncaf\xe9\ncaf\xe9\n', 'b.txt': b'\xff\n',
               'c.txt': 'é' * 9000}, [
        ('a.gmi', 3, 'encoding', 'not UTF-8 (byte 0xE9)'),
        ('b.txt', 1, 'encoding', 'not UTF-8 (byte 0xFF)')]),
    'utf-16': ({'index.gmi': HOME, 'a.txt': 'ä'.encode('utf-16')}, [
        ('a.txt', 1, 'encoding', 'not UTF-8')]),
    'BOM': ({'index.gmi': '\ufeff# Home\n\ufeffx\n'}, [
        ('index.gmi', 1, 'encoding', 'byte order mark')]),
    'control': ({'index.gmi': HOME + 'a\x1b[1mb\x1b\nok\n=> # b\x85c\n'
                 'cr\r\n* x\ry\n'}, [
        ('index.gmi', 2, 'control', 'control characters'),
        ('index.gmi', 4, 'control', 'control characters'),
        ('index.gmi', 6, 'control', 'control characters')]),
    'cut': ({'index.gmi': HOME + '```\n%s\n%s\n%s\n\t%s\n%s\n```\n%s\n' % (
        'x' * 200, 'x' * 201, '世' * 100, 'x' * 193, 'y' * 9000,
        'x' * 300)}, [
        ('index.gmi', 4, 'cut', 'after 200 columns'),
        ('index.gmi', 6, 'cut', 'after 200 columns'),
        ('index.gmi', 7, 'cut', 'after 200 columns')]),
    'unclosed': ({'index.gmi': HOME + '```\nx\n'}, [
        ('index.gmi', 3, 'unclosed', 'does not end')]),
    'tab': ({'index.gmi': HOME + '=>\t#a\tb c\n=> #a b\tc\n'}, [
        ('index.gmi', 3, 'tab', 'label contains a TAB')]),
    'name': ({'index.gmi': HOME, 'a b.txt': '', 'c%d.txt': '', 'é/f.txt': '',
              'a:b.txt': '', b'\xff': '', 'new\nline.txt': ''}, [
        ('a b.txt', 1, 'name', 'a%20b.txt'),
        ('c%d.txt', 1, 'name', 'c%25d.txt'),
        ('new\nline.txt', 1, 'name', 'new%0Aline.txt'),
        ('é/', 1, '~name', '%C3%A9'),
        ('\ufffd', 1, 'name', '%FF')]),
    'title': ({'index.gmi': 'Home\n=> a.gmi\n=> b.gmi\n', 'a.gmi': '',
               'b.gmi': 'text\n### B\n'}, [
        ('index.gmi', 1, 'title', 'no title'),
        ('a.gmi', 1, 'title', 'no title'),
        ('b.gmi', 2, 'heading', 'first heading is of level 3')]),
    'heading': ({'index.gmi': HOME + '## a\n### b\n# c\n### d\n## e\n'
                 '```\n### x\n```\n'}, [
        ('index.gmi', 5, 'heading', 'level 3 below one of level 1')]),
    'indexes': ({'index.gmi': HOME + '=> a/\n', 'a/index.gmi': '# A\n',
                 'a/index.gemini': '# A\n'}, [
        ('a/', 1, 'two-indexes', 'only the first'),
        ('a/index.gemini', 1, 'orphan', 'no page links')]),
    'map': ({'index.gmi': HOME + '=> m/\n', 'm/index.gmi': '# M\n',
             'm/gophermap': '!Title\n# comment 1x\n0A\ta.txt\n1Home\t/\n'
             '1Far\tx\tfar.example\t7070\nhWeb\tURL:https://w.example/\n'
             'b.txt\n0b.txt\nonly+text\n0B\tb.txt\t\n.\n0After\tc.txt\n',
             'm/b.txt': 'b\n'}, [
        ('m/gophermap', 2, '~comment', 'can read the comments'),
        ('m/gophermap', 3, 'dead-link', '/m/a.txt leads nowhere'),
        ('m/gophermap', 5, '~external', 'gopher://far.example:7070/1x'),
        ('m/gophermap', 6, '~external', 'https://w.example/')]),
    'map of URLs': ({'index.gmi': HOME, 'gophermap':
                     'hA\t/URL:gemini://localhost/a.gmi\n'
                     'hB\t/URL:https://w.example/\n'
                     'hC\tURL:gemini://localhost/c.gmi\tlocalhost\t70\n'
                     'hD\t/URL:gemini://LOCALHOST./d.gmi\n',
                     'a.gmi': '# A\n'}, [
        ('gophermap', 2, '~external', 'https://w.example/'),
        ('gophermap', 3, 'dead-link', 'gemini://localhost/c.gmi leads'),
        ('gophermap', 4, 'dead-link', 'LOCALHOST./d.gmi leads nowhere')]),
    'map with own names': ({'index.gmi': HOME, 'gophermap':
                            '0A\t/a\tLocalHost\t70\n'
                            '0B\t/b\tlocalhost.\t70\n'
                            '0C\t/c.txt\tLOCALHOST.\t70\n'
                            '0D\t/d\tlocalhost.\t71\n'
                            '0E\t/e\tlocalhost.example\t70\n',
                            'c.txt': 'c\n'}, [
        ('gophermap', 1, 'dead-link', 'selector /a leads nowhere'),
        ('gophermap', 2, 'dead-link', 'selector /b leads nowhere'),
        ('gophermap', 4, '~external', 'gopher://localhost.:71/0/d'),
        ('gophermap', 5, '~external', 'gopher://localhost.example/0/e')]),
    'link with own names': ({'index.gmi': HOME +
                             '=> gopher://LOCALHOST./0/a A\n'}, [
        ('index.gmi', 2, 'dead-link', 'nowhere on Gopher')]),
    'map with types': ({'index.gmi': HOME, 'gophermap':
                        '0Page\t/p.gmi\n1Page\t/p.gmi\n0Source\t0/p.gmi\n'
                        '1Text\t/t.txt\n0Text\t/t.txt\n9Text\t/t.txt\n'
                        'hText\t/t.txt\nhHTML\t/h.html\n0HTML\t/h.html\n'
                        'IPicture\t/p.png\ngPicture\t/p.png\n'
                        '0Picture\t/p.png\nsPicture\t/p.png\n'
                        '9Picture\t/p.png\n7Ask\t/ask\n1Ask\t/ask\n'
                        '0Ask\t/ask\n7Page\t/p.gmi\n1Folder\t/f/\n'
                        '0Folder\t/f\n5Archive\t/capsule.tar.gz\n'
                        '9Archive\t/capsule.gpub\n1Archive\t/capsule.gpub\n'
                        '0Manifest\t/manifest\nXOther\t/t.txt\n'
                        '5Text\t/t.txt\n',
                        'p.gmi': '# P\n', 't.txt': 't\n',
                        'h.html': '<html><body>x</body></html>\n',
                        'p.png': b'\x89PNG\r\n\x1a\n', 'f/x.txt': 'x\n'}, [
        ('gophermap', 1, 'item-type', 'type 0 leads to a menu; write type 1'),
        ('gophermap', 4, 'item-type', 'type 1 leads to text/plain; write '
         'type 0'),
        ('gophermap', 7, 'item-type', 'type h leads to text/plain; write '
         'type 0'),
        ('gophermap', 12, 'item-type', 'type 0 leads to image/png; write '
         'type I'),
        ('gophermap', 13, 'item-type', 'type s leads to image/png'),
        ('gophermap', 17, 'item-type', 'type 0 leads to a search; write '
         'type 7'),
        ('gophermap', 18, 'item-type', 'type 7 leads to a menu; write type 1'),
        ('gophermap', 20, 'item-type', 'type 0 leads to a menu'),
        ('gophermap', 23, 'item-type', 'type 1 leads to application/gpub'),
        ('gophermap', 26, 'item-type', 'type 5 leads to text/plain')]),
    'link with a type': ({'index.gmi': HOME + '=> gopher://localhost/1/t.txt\n'
                          '=> gopher://localhost/0/t.txt\n', 't.txt': 't\n'}, [
        ('index.gmi', 2, 'item-type', 'type 1 leads to text/plain')]),
    'map in a dialect': ({'index.gmi': HOME, 'gophermap':
                          '=head.txt\n-hidden.txt\n:xyz=0\n~\n%\n'
                          '=====\n-----\n- a point\n-> there\n: x\n~x\n'
                          '=a rule of text\n100 %\n'}, [
        ('gophermap', 1, 'dialect', 'line with "=" includes a file'),
        ('gophermap', 2, 'dialect', 'line with "-" hides a file'),
        ('gophermap', 3, 'dialect', 'line with ":" sets the type'),
        ('gophermap', 4, 'dialect', 'line with "~" lists the users'),
        ('gophermap', 5, 'dialect', 'line with "%" lists the virtual')]),
    'map with comments': ({'index.gmi': HOME, 'gophermap':
                           'x\n# Title\n#\n0A\t/none\n# B\t/b\n'}, [
        ('gophermap', 2, '~comment', 'left out of the menu (3 lines), and '
         'visitors can read the comments'),
        ('gophermap', 4, 'dead-link', '/none')]),
    'invisible': ({'index.gmi': HOME + '=> a.txt\u00a0A\n=>\u00a0a.txt A\n'
                   '\u200b# B\n\u2060=> a.txt A\n*\u00a0C\n'
                   'D\u00a0E\u200bF\n\u00a0G\n=> a.txt A\u00a0B\n'
                   '```\n\u200b# H\n```\n*I*\n\ufeff```\n',
                   'a.txt': 'a\n', 'b\u00a0c.txt': '', 'd\u200be.txt': '',
                   'gophermap': '0A\t/a.txt\u00a0\n0B\u00a0C\t/a.txt\n'}, [
        ('index.gmi', 2, 'invisible', 'the URL of the link contains an '
         'invisible character, U+00A0 NO-BREAK SPACE; remove'),
        ('index.gmi', 3, 'invisible', 'the URL of the link'),
        ('index.gmi', 4, 'invisible', 'start of the line contains an '
         'invisible character, U+200B ZERO WIDTH SPACE'),
        ('index.gmi', 5, 'invisible', 'U+2060 WORD JOINER'),
        ('index.gmi', 6, 'invisible', 'mark of the list item'),
        ('index.gmi', 14, 'invisible', 'U+FEFF ZERO WIDTH NO-BREAK SPACE'),
        ('b\u00a0c.txt', 1, 'invisible', 'the name contains an invisible '
         'character, U+00A0 NO-BREAK SPACE; rename it'),
        ('d\u200be.txt', 1, 'invisible', 'U+200B'),
        ('gophermap', 1, 'invisible', 'the selector or host contains')]),
    'long names': ({'index.gmi': HOME, 'x' * 250 + '/' + 'y' * 250 + '/' +
                    'z' * 250 + '/' + 'w' * 250 + '/' + 'v' * 100: 'x'}, [
        ('x' * 250 + '/' + 'y' * 250 + '/' + 'z' * 250 + '/' + 'w' * 250 +
         '/' + 'v' * 100, 1, 'not-served', 'on Gemini: 59'),
        ('x' * 250 + '/' + 'y' * 250 + '/' + 'z' * 250 + '/' + 'w' * 250 +
         '/' + 'v' * 100, 1, 'not-served', 'on Gopher: 59')]),
}


@functools.lru_cache(maxsize=None)
def known_checks():
    """The names of all checks, from the error about an unknown name."""
    done = run_check('--ignore', 'none')
    words = done.stderr.decode().partition('; name one of ')[2]
    return words.strip().split(', ')


class Check(unittest.TestCase):
    def setUp(self):
        self.root = new_directory()
        self.addCleanup(shutil.rmtree, self.root)

    def found(self, *arguments, root=None, **options):
        """(findings of JSON, exit status); the text says the same."""
        root = root or self.root
        text = run_check(*arguments, root, **options)
        self.assertEqual(b'', text.stderr)
        result = run_check(*arguments, '--format=json', root, **options)
        findings = json.loads(result.stdout.decode())
        self.assertEqual(result.returncode, text.returncode)
        *lines, count = text.stdout.decode().splitlines(keepends=True)
        self.assertEqual(len(findings), len(lines))
        for line in lines:
            self.assertRegex(line, LINE)
        problems = [one for one in findings if one['level'] != 'note']
        self.assertEqual(1 if problems else 0, result.returncode)
        self.assertEqual(count, '%d problem%s, %d note%s\n' % (
            len(problems), 's' * (len(problems) != 1),
            len(lines) - len(problems),
            's' * (len(lines) - len(problems) != 1)))
        for one in findings:
            self.assertIn(one['check'], known_checks())
        return findings

    def test_table(self):
        for name, (tree, want) in ROWS.items():
            with self.subTest(name):
                root = os.path.join(self.root, name)
                write_tree(root, tree)
                self.compare(self.found(root=root), want, root)

    def compare(self, findings, want, root):
        want = [row for row in want if row[3] is not None]
        rest = list(findings)
        for file, line, check, message in want:
            match = [one for one in rest
                     if one['file'] == os.path.join(root, file) and
                     one['line'] == line and message in one['message'] and
                     one['check'] == check.lstrip('~') and
                     one['level'] == ('note' if check.startswith('~')
                                      else 'problem')]
            self.assertTrue(match, (file, line, check, message, findings))
            rest.remove(match[0])
        self.assertEqual([], rest)

    def test_case_among_many(self):
        # More names than are read in one step.
        names = {'many/File-%d.txt' % i: 'x\n' for i in range(20000)}
        write_tree(self.root, {
            'index.gmi': HOME + '=> many/file-19999.txt A\n=> many/ All\n',
            **names})
        self.assertEqual(['case'], [one['check'] for one in self.found()])

    def test_special_files(self):
        write_tree(self.root, {'index.gmi': HOME + '=> in.gmi\n=> up/ U\n',
                               'd/a.gmi': '# A\n=> ../index.gmi\n',
                               'b/sock': ''})
        os.mkfifo(os.path.join(self.root, 'b', 'fifo'))
        for name, target in (('out', '/etc/passwd'), ('none', 'nothing'),
                             ('up', '.'), ('b/up', '..'), ('round', 'round'),
                             ('in.gmi', 'd/a.gmi')):
            os.symlink(target, os.path.join(self.root, name))
        found = {(os.path.relpath(one['file'], self.root), one['check'])
                 for one in self.found()}
        self.assertEqual(found, {
            ('b/fifo', 'not-served'), ('out', 'not-served'),
            ('none', 'not-served'), ('round', 'not-served')})

    def test_what_others_may_not_read(self):
        write_tree(self.root, {'index.gmi': HOME, 'a.txt': 'x',
                               'd/b.txt': 'x'})
        os.chmod(os.path.join(self.root, 'a.txt'), 0o600)
        os.chmod(os.path.join(self.root, 'd'), 0o754)
        found = [(os.path.relpath(one['file'], self.root), one['check'],
                  one['level']) for one in self.found()]
        self.assertEqual(found, [('a.txt', 'permission', 'note'),
                                 ('d', 'permission', 'note')])

    def test_a_deep_tree(self):
        write_tree(self.root, {'index.gmi': HOME})
        top = os.open(self.root, os.O_RDONLY)
        for _ in range(20):
            os.mkdir('d' * 255, dir_fd=top)
            below = os.open('d' * 255, os.O_RDONLY, dir_fd=top)
            os.close(top)
            top = below
        os.close(top)
        result = run_check('--format=json', self.root)
        found = json.loads(result.stdout.decode())
        self.assertEqual(1, result.returncode)
        self.assertIn('path is too long', found[-1]['message'])
        # Longer than a path may be, which rmtree does not like.
        subprocess.run(['rm', '-r', os.path.join(self.root, 'd' * 255)],
                       check=True)

    def test_a_huge_page_takes_no_memory(self):
        size = 64 << 20
        write_tree(self.root, {'index.gmi': HOME})
        with open(os.path.join(self.root, 'index.gmi'), 'r+b') as file:
            file.seek(size)
            file.write(b'\n=> nowhere\n')

        def limit():
            resource.setrlimit(resource.RLIMIT_DATA, (size // 2, size // 2))

        # Sanitizers and valgrind have their own needs.
        result = run_check(self.root,
                           preexec_fn=None if INSTRUMENTED else limit)
        self.assertEqual(1, result.returncode, result.stderr)
        self.assertIn(b'/index.gmi:3: link to nowhere', result.stdout)

    def test_many_names(self):
        tree = {'%05d.txt' % n: '' for n in range(1000)}
        write_tree(self.root, {'index.gmi': HOME, **tree})
        self.assertEqual([], self.found())

    def test_names_and_settings(self):
        write_tree(self.root, {
            'index.gmi': HOME + '=> gemini://example.org:77/a A\n',
            'd/a.gmi': '# A\n'})
        self.assertEqual(
            ['external', 'orphan'], [one['check'] for one in self.found()])
        found = self.found('-n', 'example.org', '-o', 'gemini_ports=77')
        self.assertEqual(
            ['dead-link', 'orphan'], [one['check'] for one in found])
        write_tree(self.root, {'index.gmi': HOME + '=> d/ D\n'})
        self.assertEqual([], self.found())
        self.assertEqual(
            ['dead-link', 'orphan'],
            [one['check'] for one in self.found('-o', 'listing=no')])

    def test_gopher_off(self):
        root = new_directory()
        self.addCleanup(shutil.rmtree, root, True)
        write_tree(root, {
            'index.gmi': HOME + '=> gopher://localhost/0/b B\n'
            '=> a.gmi A\tB\nbell\x07\n```\n' + 'x' * 300 + '\n```\n'
            '=> javascript:alert(1) Run\n=> none.gmi None\n'
            '=> /0/a.gmi Source\n',
            'a.gmi': '# A\n', 'gophermap': '0None\t/none\n'})
        for option, want in (
                ('off', ['dead-link', 'dead-link']),
                ('70', ['control', 'cut', 'dead-link', 'dead-link',
                        'dead-link', 'dead-link', 'dead-link', 'tab'])):
            with self.subTest(gopher=option):
                done = run_check('-o', 'gopher=' + option, '--format=json',
                                 root)
                found = [line['check'] for line in json.loads(done.stdout)
                         if line['level'] == 'problem']
                self.assertEqual(sorted(found), want, done.stdout)

    def test_usage(self):
        write_tree(self.root, {'index.gmi': HOME})
        for arguments in ((self.root, self.root), ('-x', self.root),
                          ('--format=xml', self.root), ('',),
                          ('--format', ), ('-o', 'width', self.root),
                          ('--ignore', ), ('--ignore=', self.root),
                          ('--ignore=dead', self.root),
                          ('-o', 'width=1', self.root),
                          ('-c', os.path.join(self.root, 'missing'), self.root),
                          (os.path.join(self.root, 'nothing'),),
                          (os.path.join(self.root, 'index.gmi'),)):
            with self.subTest(arguments):
                result = run_check(*arguments)
                self.assertEqual(2, result.returncode)
                self.assertEqual(b'', result.stdout)
                self.assertRegex(result.stderr, rb'\Acapsule check: .+\n\Z')

    def test_the_index_of_the_book(self):
        write_tree(self.root, {'index.gmi': HOME + '=> a/ A\n',
                               'a/index.gmi': '# A\n'})
        for name, want in (('index.gmi', []), ('/a/index.gmi', []),
                           ('b/index.gmi', [2]), ('a/', [2]), ('', [2])):
            with self.subTest(name=name):
                write_tree(self.root, {
                    'metadata.txt': 'title: T\nindex: %s\n' % name})
                self.assertEqual(
                    [one['line'] for one in self.found()
                     if one['check'] == 'dead-link' and
                     one['file'].endswith('/metadata.txt')], want)
                self.assertEqual(self.found('-o', 'gempub=off'), [])
        os.unlink(os.path.join(self.root, 'metadata.txt'))
        self.assertEqual(self.found(), [])

    def test_any_of_the_names(self):
        write_tree(self.root, {
            'index.gmi': HOME, 'gophermap':
            '0A\t/a\tExample.ORG.\t70\n0B\t/b\twww.example.org\t70\n'
            '0C\t/c\tb\u00fccher.example\t70\n0D\t/d\tmenu.example\t70\n'
            '0E\t/e\tother.example\t70\n'})
        self.assertEqual(
            [(one['line'], one['check']) for one in self.found(
                '-n', 'example.org', '-n', 'www.example.org', '-n',
                'b\u00fccher.example', '-o', 'gopher_host=menu.example')],
            [(line, 'dead-link') for line in range(1, 5)] + [(5, 'external')])

    def test_the_capsule_of_the_configuration(self):
        """DIR is optional, as for pack, show and sign."""
        capsule = os.path.join(self.root, 'capsule')
        write_tree(capsule, {'index.gmi': HOME + '=> x\n'})
        want = run_check(capsule).stdout
        self.assertIn(b'link to x leads nowhere', want)
        for arguments in (('-d', capsule), ('-o', 'capsule=' + capsule)):
            with self.subTest(arguments=arguments):
                self.assertEqual(run_check(*arguments).stdout, want)
        self.assertEqual(run_check(cwd=self.root).stdout, want.replace(
            os.fsencode(capsule), b'capsule'))

    def test_one_of_several_hosts(self):
        """With sections for hosts, DIR selects the host by its capsule."""
        write_tree(self.root, {
            'conf': 'host "a.example" { capsule = "%s/a" }\n'
                    'host "b.example" { capsule = "%s/b" }\n'
                    % (self.root, self.root),
            'a/index.gmi': HOME + '=> gemini://a.example/x\n',
            'b/index.gmi': HOME + '=> gemini://b.example/y\n',
            'c/index.gmi': HOME})
        conf = os.path.join(self.root, 'conf')
        for name, link in (('a', 'a.example/x'), ('b', 'b.example/y'),
                           ('b/', 'b.example/y')):
            with self.subTest(name):
                (found,) = self.found('-c', conf,
                                      root=os.path.join(self.root, name))
                self.assertEqual(found['check'], 'dead-link')
                self.assertIn(link, found['message'])
        done = run_check('-c', conf, os.path.join(self.root, 'c'))
        self.assertEqual((done.returncode, done.stdout), (2, b''))
        self.assertIn(b'/c: is not the capsule of a host in ', done.stderr)

    def test_ignore(self):
        write_tree(self.root, {'index.gmi': HOME + '=> x\n=> https://w.example/\n'
                               '### a\n', 'gr\u00fc.txt': ''})
        for ignored, want in (
                ((), ['dead-link', 'external', 'heading', 'name']),
                (('name',), ['dead-link', 'external', 'heading']),
                (('dead-link', 'heading', 'heading'), ['external', 'name']),
                (known_checks(), [])):
            with self.subTest(ignored=ignored):
                self.assertEqual(want, sorted(
                    one['check'] for one in self.found(
                        *('--ignore=' + name for name in ignored))))

    def test_ignore_what_is_no_check(self):
        done = run_check('--ignore', 'dead', self.root)
        self.assertEqual((2, b''), (done.returncode, done.stdout))
        self.assertIn(b'no check "dead"; name one of case, comment, ',
                      done.stderr)

    def test_the_manual_lists_the_checks(self):
        with open(os.path.join(TOP, 'src', 'capsule.1'),
                  encoding='utf-8') as file:
            text = file.read().partition('\nThe checks are:\n')[2]
        listed = re.findall(r'^\.It Li (\S+)$', text.partition('\n.El\n')[0],
                            re.M)
        self.assertEqual(sorted(listed), known_checks())

    def test_output_that_fails(self):
        write_tree(self.root, {'index.gmi': HOME + '=> x\n'})
        with open('/dev/full', 'wb') as full:
            result = subprocess.run([CAPSULE, 'check', self.root],
                                    stdout=full, stderr=subprocess.PIPE,
                                    timeout=60, check=False)
        self.assertEqual(2, result.returncode)
        self.assertIn(b'standard output', result.stderr)

    def test_the_server_agrees(self):
        """Each link is dead to the server if it is to the check."""
        names = ['a.gmi', 'A.gmi', 'd', 'd/', 'd/x.txt', 'd/x.txt/', 'e/',
                 'e/gophermap', 'gophermap', '.h', 'f%20g.txt', 'f g',
                 '%61.gmi', 'a.gmi?x', '0/a.gmi', 'caps.txt',
                 'URL:x', 'fifo', 'out', 'in', '//localhost/a.gmi',
                 '%00', 'd%2fx.txt', '?', 'x/' * 600]
        write_tree(self.root, {
            'index.gmi': HOME + ''.join('=> ./%s\n' % name if '//' not in name
                                        else '=> %s\n' % name
                                        for name in names),
            'a.gmi': '# A\n', 'd/x.txt': 'x', 'e/gophermap': 'x\n',
            '.h': 'x', 'f g.txt': 'x', 'caps.txt': 'CAPS\n'})
        os.mkfifo(os.path.join(self.root, 'fifo'))
        os.symlink('/etc/passwd', os.path.join(self.root, 'out'))
        os.symlink('a.gmi', os.path.join(self.root, 'in'))
        with Server(self.root) as server:
            options = ['-o', 'gemini_ports=%d' % server.gemini_port,
                       '-o', 'gopher_port=%d' % server.gopher_port]
            found = {one['line']: one for one in self.found(*options)
                     if one['check'] in ('dead-link', 'case')}
            for line, name in enumerate(names, 2):
                path = '/' + name.split(' ')[0].lstrip('./') \
                    if '//' not in name else '/a.gmi'
                if name == '.h':
                    path = '/.h'
                with self.subTest(name):
                    reply = fetch(server, path)
                    menu = select(server, path)
                    dead = reply.status >= 40 or menu.startswith(b'3')
                    self.assertEqual(dead, line in found, (reply, menu))


class Shipped(unittest.TestCase):
    def test_the_capsule_is_clean(self):
        result = run_check(SHIPPED)
        self.assertEqual((0, b'0 problems, 0 notes\n', b''), (
            result.returncode, result.stdout, result.stderr))
        result = run_check('--format=json', SHIPPED)
        self.assertEqual((0, []), (
            result.returncode, json.loads(result.stdout)))

    def test_so_is_what_import_makes(self):
        top = new_directory()
        self.addCleanup(shutil.rmtree, top)
        made = os.path.join(top, 'made')
        subprocess.run([CAPSULE, 'import', ARTICLE, made], check=True,
                       capture_output=True, timeout=60)
        result = run_check(made)
        self.assertEqual((0, b'0 problems, 0 notes\n'),
                         (result.returncode, result.stdout))


class Configuration(unittest.TestCase):
    """The hosts and rules of a configuration."""

    def setUp(self):
        self.directory = new_directory()
        self.addCleanup(shutil.rmtree, self.directory)

    def check(self, text, *arguments):
        write_tree(self.directory, {'c': text})
        return run_check('-c', 'c', *arguments, cwd=self.directory)

    def test_rules(self):
        """Each useless rule is reported at its line."""
        write_tree(self.directory, {
            'a/index.gmi': HOME + '=> /old/x.gmi A moved page\n',
            'a/new/x.gmi': '# X\n', 'b/index.gmi': HOME})
        done = self.check(
            'host "a.example" { capsule = a\n'
            'moved("/old/", "/new/")\ngone("/drafts/")\n'
            'moved("/new", "/none")\npath "/nwe/" { lang = de } }\n'
            'host "b.example" { capsule = b\npath "/new/" {} }\n',
            '--format=json')
        self.assertEqual(done.returncode, 1)
        found = [(row['file'], row['line'])
                 for row in json.loads(done.stdout) if row['check'] == 'rule']
        self.assertEqual(found, [('c', 5), ('c', 4), ('c', 4), ('c', 7)])

    def test_programs(self):
        """A link to a program is not dead, and a program needs no folder."""
        write_tree(self.directory, {
            'a/index.gmi': '# A\n=> /app/x?y App\n=> /app Folder\n'
                           '=> /wiki/ Wiki\n=> /wikis/ None\n'
                           '=> gopher://localhost/7/app/g Search\n',
            'a/wiki/index.gmi': '# No page\n'})
        done = self.check('capsule = a\npath "/app/" { scgi = "/s" }\n'
                          'path "/wiki/" { fastcgi = "/s" }\n',
                          '--format=json')
        found = [(row['check'], row['file'], row['line'])
                 for row in json.loads(done.stdout)]
        self.assertEqual(found, [('dead-link', 'a/index.gmi', 5)])

    def test_rules_of_all_hosts(self):
        """A rule for all hosts is useful if it is to one of them."""
        write_tree(self.directory, {
            'a/index.gmi': HOME, 'a/x/y.gmi': '# Y\n', 'b/index.gmi': HOME,
            'b/z/y.gmi': '# Y\n', 'd/index.gmi': HOME})
        text = ('path "/x/" {}\npath "/none/" {}\nmoved("/o/", "/z/")\n'
                'moved("/p/", "/none/")\ngone("/x/")\n' + ''.join(
                    'host "%s.example" { capsule = %s }\n' % (name, name)
                    for name in 'abd'))
        done = self.check(text, '--format=json')
        want = [2, 4, 5]
        self.assertEqual(sorted(
            row['line'] for row in json.loads(done.stdout)
            if row['check'] == 'rule'), want)
        done = subprocess.run(
            [CAPSULED, '-t', *UNJAILED, '-c', 'c', '-o', 'certs=certs'],
            cwd=self.directory, capture_output=True, check=True, text=True)
        self.assertEqual(sorted(map(int, re.findall(
            r'(?m)^warning: c:(\d+): ', done.stdout))), want)

    def test_rules_on_one_line(self):
        """Each is judged by itself, also on the second host."""
        write_tree(self.directory, {
            'a/index.gmi': HOME, 'a/x.gmi': '# X\n', 'b/index.gmi': HOME,
            'b/y.gmi': '# Y\n'})
        done = self.check(
            'moved("/a", "/n1") moved("/b", "/n2") moved("/c", "/y.gmi")\n'
            'host "a.example" { capsule = a }\n'
            'host "b.example" { capsule = b }\n', '--format=json')
        self.assertEqual(sorted(
            re.search('leads to (/n?[^,]*)', row['message']).group(1)
            for row in json.loads(done.stdout)
            if row['check'] == 'rule'), ['/n1', '/n2'])

    def test_moved_link(self):
        """A link to a deleted page is dead, one to a moved page is not."""
        write_tree(self.directory, {
            'a/index.gmi': HOME + '=> /old/x.gmi Moved\n'
                           '=> /old/y.gmi Moved to nothing\n'
                           '=> /drafts/ Deleted\n',
            'a/new/x.gmi': '# X\n'})
        done = self.check('capsule = a\nmoved("/old/", "/new/")\n'
                          'gone("/drafts/")\n')
        dead = re.findall(
            rb'^a/index.gmi:(\d+): .* leads nowhere', done.stdout, re.M)
        self.assertEqual(dead, [b'3', b'4'], done.stdout)

    def test_hosts(self):
        """The capsule of each host is checked; a missing one is an error."""
        write_tree(self.directory, {'a/index.gmi': '=> x X\n',
                                    'b/index.gmi': '=> y Y\n'})
        text = ('host "a.example" { capsule = a }\n'
                'host "b.example" { capsule = b }\n')
        done = self.check(text)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b'a/index.gmi:1: link to x leads nowhere', done.stdout)
        self.assertIn(b'b/index.gmi:1: link to y leads nowhere', done.stdout)
        self.assertEqual(done.stdout.count(b' problems, '), 1)
        done = self.check(text.replace('capsule = a', 'capsule = none'))
        self.assertEqual((done.returncode, done.stdout), (2, b''))
        self.assertIn(b' c:1: none: cannot be opened', done.stderr)
        done = subprocess.run(
            [CAPSULED, '-t', *UNJAILED, '-c', 'c', '-o', 'certs=certs'],
            cwd=self.directory, capture_output=True, check=False)
        self.assertIn(b' c:1: none: cannot be opened', done.stderr)
