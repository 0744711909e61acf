"""The names that a walk gives the files it stores, and their clashes."""

import shutil
import unittest

from origin import Mirroring


def gophermenu(port, *items):
    """Lines of a menu from (type, selector)."""
    return b''.join(
        b'%s%s\t%s\t127.0.0.1\t%d\r\n' % (
            kind.encode(), selector.encode(), selector.encode(), port)
        for kind, selector in items) + b'.\r\n'


class Names(Mirroring):
    with_manifest = False

    def gopher(self, answers):
        """A server of these {selector: answer}, each linked in order."""
        self.origin.answers = {'/' + selector.lstrip('/'): answer
                               for selector, answer in answers.items()}
        self.origin.answers['/'] = gophermenu(
            self.origin.gopher_port, *(('0', each) for each in answers))

    def gemini(self, answers):
        self.origin.answers = dict(answers)
        self.origin.answers['/'] = ''.join(
            '=> %s\n' % path for path in answers).encode()

    def check(self, scheme, answers, name, clash):
        """Whether the second of two addresses is a failure."""
        getattr(self, scheme)(answers)
        first, second = answers
        result = self.run_mirror(scheme=scheme, status=int(clash))
        self.assertEqual(self.mirror.files()[name], answers[first])
        if clash:
            self.assertRegex(result.stderr, r'%s: not stored: the name %s '
                             r'in the copy is taken by \S*%s; ask the owner ' % (
                                 second, name, first))
        shutil.rmtree(self.mirror.folder)

    def test_two_selectors_of_one_name(self):
        """Each is stored under its decoded selector; a clash names both."""
        for first, second, name in (
                ('/100%25.txt', '/100%.txt', '100%.txt'),
                ('/100%.txt', '/100%25.txt', '100%.txt'),
                ('/a%20b.txt', '/a b.txt', 'a b.txt'),
                ('/%41.txt', '/A.txt', 'A.txt'),
                ('/%c3%a4.txt', '/%C3%A4.txt', 'ä.txt'),
                ('/a/b.txt', '/a//b.txt', 'a/b.txt'),
                ('/a/b.txt', '/a/./b.txt', 'a/b.txt'),
                ('/b.txt', '/a/../b.txt', 'b.txt')):
            with self.subTest(first=first, second=second):
                self.check('gopher', {first: b'1\n', second: b'2\n'},
                           name, True)
                self.check('gopher', {first: b'1\n', second: b'1\n'},
                           name, False)

    def test_two_urls_of_one_name(self):
        for first, second, name in (
                ('/a!.txt', '/a%21.txt', 'a!.txt'),
                ('/a/b.txt', '/a//b.txt', 'a/b.txt'),
                ('/docs/index.gmi', '/docs/', 'docs/index.gmi')):
            with self.subTest(first=first, second=second):
                self.check('gemini', {first: b'1\n', second: b'2\n'},
                           name, True)
                self.check('gemini', {first: b'1\n', second: b'1\n'},
                           name, False)

    def test_names_that_differ(self):
        """These are no clash."""
        self.gopher({'/A.txt': b'A\n', '/a.txt': b'a\n', '/100%25': b'%\n'})
        self.run_mirror(scheme='gopher')
        found = self.mirror.files()
        del found['gophermap']
        self.assertEqual(found, {'A.txt': b'A\n', 'a.txt': b'a\n',
                                 '100%': b'%\n'})

    def test_a_menu_and_a_file_of_one_name(self):
        port = self.origin.gopher_port
        self.origin.answers = {
            '/': gophermenu(port, ('1', '/docs'), ('1', '/docs/'),
                            ('0', '/docs/gophermap')),
            '/docs': gophermenu(port, ('0', '/docs/a.txt')),
            '/docs/': gophermenu(port, ('0', '/docs/a.txt')),
            '/docs/gophermap': b'iThe source\n',
            '/docs/a.txt': b'a\n'}
        result = self.run_mirror(scheme='gopher', status=1)
        self.assertIn('/docs/gophermap: not stored: the name docs/gophermap '
                      'in the copy is taken by /docs; ask the owner ', result.stderr)
        self.assertEqual(self.mirror.files()['docs/gophermap'],
                         b'0/docs/a.txt\t/docs/a.txt\n')

    def test_a_folder_and_a_file_of_one_name(self):
        for first, second in (('/about', '/about/me.gmi'),
                              ('/about/me.gmi', '/about')):
            with self.subTest(first=first):
                self.gemini({first: b'first\n', second: b'second\n'})
                result = self.run_mirror(status=1)
                self.assertRegex(
                    result.stderr, r'%s: not stored: the name about '
                    r'in the copy is taken by \S*%s; ask the owner ' % (second, first))
                self.assertEqual(self.mirror.files()[first[1:]], b'first\n')
                shutil.rmtree(self.mirror.folder)

    def test_a_page_and_files_beneath_it(self):
        """The page becomes that of the folder, in any order and run."""
        page = (b'20 text/gemini\r\n# Posts\n',)
        wanted = {'posts/index.gmi': b'# Posts\n', 'posts/1': b'1\n',
                  'posts/2/x.txt': b'x\n'}
        for order in (['/posts', '/posts/1', '/posts/2/x.txt'],
                      ['/posts/1', '/posts/2/x.txt', '/posts']):
            answers = {'/posts': page, '/posts/1': b'1\n',
                       '/posts/2/x.txt': b'x\n'}
            self.gemini({path: answers[path] for path in order})
            with self.subTest(order=order):
                for _ in range(2):
                    result = self.run_mirror()
                    found = self.mirror.files()
                    del found['index.gmi']
                    self.assertEqual(found, wanted)
                self.assertIn('0 fetched, 0 removed, 0 failed', result.stdout)
                # A page that changes is the same file.
                self.origin.answers['/posts'] = (
                    b'20 text/gemini\r\n# New\n',)
                self.run_mirror()
                self.assertEqual(
                    self.mirror.files()['posts/index.gmi'], b'# New\n')
                shutil.rmtree(self.mirror.folder)

    def test_files_that_come_beneath_a_page(self):
        """The page of an earlier run moves, too."""
        page = (b'20 text/gemini\r\n# Posts\n',)
        self.gemini({'/posts': page})
        self.run_mirror()
        self.assertEqual(self.mirror.files()['posts'], b'# Posts\n')
        self.gemini({'/posts': page, '/posts/1': b'1\n'})
        for _ in range(2):
            self.run_mirror()
            self.assertEqual(sorted(self.mirror.files()), [
                'index.gmi', 'posts/1', 'posts/index.gmi'])

    def test_a_file_that_became_a_folder(self):
        """It makes way, and is kept, whatever is asked for first."""
        page = (b'20 text/gemini\r\n# Posts\n',)
        for before, now, names in (
                ({'/posts': page}, {'/posts/1': b'1\n', '/posts': page},
                 ['posts/1', 'posts/index.gmi']),
                ({'/about': b'old\n'}, {'/about/me.txt': b'me\n'},
                 ['about/me.txt'])):
            with self.subTest(now=now):
                self.gemini(before)
                self.run_mirror()
                self.gemini(now)
                result = self.run_mirror('--keep', status=1)
                self.assertIn('something else is in its place', result.stderr)
                for _ in range(2):
                    self.run_mirror()
                    self.assertEqual(sorted(self.mirror.files()),
                                     sorted(['index.gmi', *names]))
                old = names[0].split('/')[0]
                self.assertTrue([path for path in self.mirror.files(True)
                                 if path.startswith('.mirror/before/') and
                                 path.endswith('/' + old)])
                shutil.rmtree(self.mirror.folder)

    def test_other_clashes_with_a_page(self):
        """They are named; a file of the user's is not moved."""
        page = (b'20 text/gemini\r\n# Posts\n',)
        other = (b'20 text/gemini\r\n# Other\n',)
        for last in ('/posts/', '/posts/index.gmi'):
            self.gemini({'/posts': page, last: other})
            with self.subTest(last=last):
                result = self.run_mirror(status=1)
                self.assertRegex(
                    result.stderr, r'%s: not stored: the name '
                    r'posts/index.gmi in the copy is taken by \S*/posts; ask the owner '
                    % last)
                shutil.rmtree(self.mirror.folder)
        self.gemini({'/posts': page, '/posts/': page})
        self.run_mirror()
        shutil.rmtree(self.mirror.folder)
        self.mirror.write('posts', b'mine\n')
        self.gemini({'/posts': page, '/posts/1': b'1\n'})
        result = self.run_mirror(status=1)
        self.assertIn('/posts: not stored: posts in the copy is not part of '
                      'this mirror; move it away', result.stderr)
        self.assertRegex(result.stderr, '/posts/1: not stored: the name posts')
        self.assertEqual(self.mirror.files()['posts'], b'mine\n')

    def test_redirects_to_a_query(self):
        """An answer to a question is no file, and takes no file's name."""
        self.gemini({'/r': (b'31 /q?secret\r\n',), '/q': b'the true q\n',
                     '/empty': (b'30 /e?\r\n',)})
        result = self.run_mirror()
        self.assertEqual(sorted(self.mirror.files()), ['index.gmi', 'q'])
        self.assertEqual(self.mirror.files()['q'], b'the true q\n')
        for path in ('/r', '/empty'):
            self.assertIn(path + ': redirects to a URL with a query, '
                          'which is not copied', result.stderr)
        for path in self.origin.paths():
            self.assertNotIn('?', path)

    def test_two_links_to_a_page_that_changes(self):
        """One address that was asked twice is no clash."""
        asked = []

        def changing(client):
            asked.append(1)
            client.sendall(b'20 text/plain\r\n%d\n' % len(asked))
            self.origin.close(client)

        self.gemini({'/now.txt': changing, '/r': (b'30 /now.txt\r\n',)})
        self.run_mirror()
        self.assertEqual(len(asked), 2)
        self.assertEqual(self.mirror.files()['now.txt'], b'1\n')


if __name__ == '__main__':
    unittest.main()
