"""`capsule new`: a small capsule to begin with."""

import os
import resource
import subprocess
import unittest

from author import Author, files_of
from build import CAPSULED, DEADLINE_S
from server import Server, fetch, write_tree


class New(Author):
    FILES = ['about.gmi', 'index.gmi', 'log/', 'log/2026-11-29-first-page.gmi',
             'log/index.gmi', 'metadata.txt', 'robots.txt']

    def test_files(self):
        out, said = self.done('new', 'tree/')
        self.assertEqual(sorted(files_of(self.tree)), self.FILES)
        self.assertEqual(said, '')
        *listed, hint = out.splitlines()
        self.assertEqual(sorted(listed), [
            'tree/' + name for name in self.FILES if name != 'log/'])
        self.assertEqual(hint, 'serve it with: capsuled -G 7070 tree')
        self.assertEqual(os.listdir(self.folder), ['tree'])

    def test_check_is_content(self):
        self.done('new', self.tree)
        done = self.capsule('check', '-n', 'example.org', self.tree)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertNotIn('.gmi', done.stdout)
        self.assertNotIn('.txt', done.stdout)

    def test_served(self):
        self.done('new', '--title', 'The harbour', self.tree)
        with Server(self.tree) as server:
            home = fetch(server, '/').body.decode()
            self.assertTrue(home.startswith('# The harbour\n'))
            for url in ('/ask', '/capsule.gpub', '/capsule.tar.gz',
                        'about.gmi', 'log/'):
                with self.subTest(url=url):
                    self.assertIn('\n=> %s ' % url, home)
            feed = fetch(server, '/log/?atom').body.decode()
            self.assertIn('<title>The harbour: log</title>', feed)
            self.assertIn('<updated>2026-11-29T12:00:00Z</updated>', feed)
            self.assertIn('<title>First page</title>', feed)
        self.assertIn('title: The harbour\n', self.read('metadata.txt'))

    def test_an_empty_folder(self):
        os.mkdir(self.tree)
        self.done('new', self.tree)
        self.assertEqual(sorted(files_of(self.tree)), self.FILES)

    def test_date_in_the_zone_of_the_user(self):
        self.set_clock('2026-11-29 23:30')
        self.zone = 'Asia/Baku'
        self.done('new', self.tree)
        self.assertTrue(os.path.exists(os.path.join(
            self.tree, 'log/2026-11-30-first-page.gmi')))

    def test_refused(self):
        write_tree(self.tree, {'.hidden': 'x'})
        self.refused('new', self.tree, says='is not empty; name a new')
        self.refused('new', 'tree/.hidden', says='name a new or an empty')
        self.refused('new', 'none/tree', says='make the folder above it first')
        for arguments in ((), ('',), ('a', 'b'), ('-x', 'a'),
                          ('--title', 'a\nb', 'a'), ('--title', ' ', 'a')):
            with self.subTest(arguments=arguments):
                self.refused('new', *arguments, says='capsule new: ', status=2)

    def test_no_room(self):
        for size in (0, 40, 100):
            with self.subTest(size=size):
                self.refused(
                    'new', self.tree, says='File too large',
                    restore_signals=False,
                    preexec_fn=lambda size=size: resource.setrlimit(
                        resource.RLIMIT_FSIZE, (size, size)))

    def test_a_server_without_a_capsule_names_it(self):
        done = subprocess.run(
            [CAPSULED, '-t', 'none'], cwd=self.folder, check=False,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            timeout=DEADLINE_S)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn('none: cannot be opened: No such file or directory; '
                      "name the capsule's folder, or make one with capsule "
                      'new DIR', done.stderr)


if __name__ == '__main__':
    unittest.main()
