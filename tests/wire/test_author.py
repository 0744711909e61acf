"""The verbs with which an author begins a capsule, and adds to it."""

import calendar
import os
import resource
import shutil
import subprocess
import time
import unittest

from build import CAPSULE, CAPSULED, DEADLINE_S
from server import Server, fetch, new_directory, write_tree
from trouble import Trouble


def files_of(top):
    """{path: (bytes, mode)} of all files, and {path/: mode} of folders."""
    found = {}
    for folder, folders, names in os.walk(top):
        for name in folders:
            path = os.path.join(folder, name)
            found[os.path.relpath(path, top) + '/'] = os.lstat(path).st_mode
        for name in names:
            path = os.path.join(folder, name)
            with open(path, 'rb') as file:
                found[os.path.relpath(path, top)] = (
                    file.read(), os.lstat(path).st_mode)
    return found


class Author(unittest.TestCase):
    """A folder, and a clock that says when it is."""

    def setUp(self):
        self.folder = new_directory()
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.tree = os.path.join(self.folder, 'tree')
        self.trouble = Trouble()
        self.addCleanup(self.trouble.close)
        self.set_clock('2026-11-29 12:00')
        self.zone = 'UTC'

    def set_clock(self, when):
        then = calendar.timegm(time.strptime(when, '%Y-%m-%d %H:%M'))
        self.trouble['seconds'] = int(then - time.time())

    def environment(self, **more):
        return dict(self.trouble.environment(), TZ=self.zone, **more)

    def capsule(self, *arguments, **popen):
        popen.setdefault('env', self.environment())
        return subprocess.run(
            [CAPSULE, *arguments], check=False, cwd=self.folder,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, timeout=DEADLINE_S, text=True, **popen)

    def done(self, *arguments, **popen):
        """Succeeds; returns what it says on both outputs."""
        done = self.capsule(*arguments, **popen)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout, done.stderr

    def refused(self, *arguments, says, status=1, **popen):
        """Says one line, and changes nothing."""
        before = files_of(self.folder)
        done = self.capsule(*arguments, **popen)
        self.assertEqual((done.returncode, done.stdout), (status, ''),
                         done.stderr)
        self.assertEqual(done.stderr.count('\n'), 1, done.stderr)
        self.assertIn(says, done.stderr)
        self.assertEqual(files_of(self.folder), before)

    def problems(self):
        """What the check says, without notes."""
        done = self.capsule('check', self.tree)
        return [line for line in done.stdout.splitlines()
                if ': note: ' not in line and '.gmi:' in line]

    def read(self, name):
        with open(os.path.join(self.tree, name), encoding='utf-8',
                  newline='') as file:
            return file.read()


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
        self.assertEqual(hint, 'capsuled -G 7070 tree serves it')
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
