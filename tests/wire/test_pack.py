"""capsule pack: the server's downloads without a server, whole or not at all."""

import os
import resource
import shutil
import signal
import subprocess
import tarfile
import unittest
import zipfile

from build import CAPSULE, DEADLINE_S, TOP
from server import Server, fetch, new_directory, wait_until, write_tree

TREE = {'index.gmi': '# Home\n', 'a/b.gmi': '# Page\n', '.hidden': 'no\n'}


def pack(*arguments, **popen):
    return subprocess.run([CAPSULE, 'pack', *arguments], check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=DEADLINE_S, **popen)


class Pack(unittest.TestCase):
    def setUp(self):
        self.folder = new_directory()
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.tree = os.path.join(self.folder, 'tree')
        self.out = os.path.join(self.folder, 'out')
        write_tree(self.tree, TREE)
        os.mkdir(self.out)

    def read(self, name):
        with open(os.path.join(self.out, name), 'rb') as file:
            return file.read()

    def assert_packed(self, name, *arguments, **popen):
        done = pack(*arguments, self.tree, os.path.join(self.out, name),
                    **popen)
        self.assertEqual((done.returncode, done.stdout, done.stderr),
                         (0, b'', b''))
        return self.read(name)

    def assert_refused(self, file, code, words):
        done = pack(self.tree, file)
        self.assertEqual(done.returncode, code)
        self.assertRegex(done.stderr.decode(), words)
        self.assertEqual(os.listdir(self.out), [])

    def test_as_the_server_sends_it(self):
        with Server(self.tree) as server:
            for name in ('capsule.gpub', 'capsule.tar.gz'):
                with self.subTest(name=name):
                    self.assertEqual(self.assert_packed(name),
                                     fetch(server, '/' + name).body)
        self.assertEqual(self.assert_packed('x.tgz'),
                         self.read('capsule.tar.gz'))

    def test_again_and_elsewhere(self):
        first = self.assert_packed('x.gpub')
        self.assertEqual(self.assert_packed('x.gpub', env=dict(
            os.environ, TZ='Asia/Baku', LC_ALL='C')), first)
        # A language is the one thing that is told.
        self.assertNotEqual(
            self.assert_packed('x.gpub', '-o', 'lang=az'), first)
        self.assertEqual(os.listdir(self.out), ['x.gpub'])

    def test_after_one_of_the_same_number_was_killed(self):
        """In a container that happens each time."""
        def leave():
            for end in ('', '-0', '-1'):
                with open(os.path.join(self.out, '.capsule-new-%d%s' % (
                        os.getpid(), end)), 'wb') as file:
                    file.write(b'half')

        first = self.assert_packed('x.gpub')
        self.assertEqual(self.assert_packed('x.gpub', preexec_fn=leave), first)

    def test_names_with_a_backslash(self):
        """Careless programs take them for paths, so no zip has them."""
        write_tree(self.tree, {'up\\..\\x.txt': 'x\n', 'a\\/y.txt': 'y\n'})
        for name in ('x.gpub', 'x.zip'):
            with self.subTest(name=name):
                done = pack(self.tree, os.path.join(self.out, name))
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertIn(b'is without 2 files with a backslash',
                              done.stderr)
                with zipfile.ZipFile(os.path.join(self.out, name)) as packed:
                    self.assertNotIn(b'\\', b''.join(
                        packed.read(each) for each in packed.namelist()))
                    self.assertFalse([each for each in packed.namelist()
                                      if '\\' in each])
        self.assert_packed('x.tar.gz')
        with tarfile.open(os.path.join(self.out, 'x.tar.gz')) as packed:
            self.assertIn('up\\..\\x.txt', packed.getnames())

    def test_zip_has_no_metadata(self):
        listed = []
        for name in ('x.gpub', 'x.zip'):
            self.assert_packed(name)
            done = subprocess.run(
                ['unzip', '-Z1', os.path.join(self.out, name)], check=True,
                stdout=subprocess.PIPE)
            listed.append(done.stdout.decode().split())
        self.assertEqual(listed[1], ['a/b.gmi', 'index.gmi', 'manifest'])
        self.assertEqual(listed[0], ['metadata.txt', *listed[1]])

    def test_refused(self):
        for name in ('x.rar', 'x', 'zip'):
            with self.subTest(name=name):
                self.assert_refused(os.path.join(self.out, name), 2,
                                    'name a file that ends in .gpub')
        self.assert_refused(os.path.join(self.tree, 'x.zip'), 1,
                            'is inside the capsule')
        self.assert_refused(os.path.join(self.out, 'none/x.zip'), 1,
                            'name a file in an existing folder')
        done = pack(os.path.join(self.folder, 'none'), 'x.zip')
        self.assertEqual(done.returncode, 1)
        for arguments in ((), ('-x', 'a', 'x.zip'), ('a', 'b', 'x.zip'),
                          ('', 'x.zip')):
            with self.subTest(arguments=arguments):
                self.assertEqual(pack(*arguments).returncode, 2)

    def warned(self, name='x.gpub'):
        done = pack(self.tree, os.path.join(self.out, name))
        self.assertEqual((done.returncode, done.stdout), (0, b''))
        return done.stderr.decode().removeprefix(
            'capsule pack: %s: ' % os.path.join(self.out, name))

    def test_a_book_that_needs_a_server(self):
        """A reader of books takes the links of its index for chapters."""
        write_tree(self.tree, {
            'index.gmi': '# Home\n=> /ask Ask\n=> a/b.gmi B\n=> ./manifest M\n'
                         '=> https://w.example/ask W\n=> a/ask C\n'
                         '```\n=> /online\n```\n'})
        self.assertEqual(
            self.warned(),
            'its first page, /index.gmi, links to /ask, ./manifest, which '
            'only a server has; name another page as index in metadata.txt\n')
        self.assertEqual(self.warned('x.zip'), '')
        write_tree(self.tree, {'ask': 'x\n', 'manifest': 'x\n'})
        self.assertEqual(self.warned(), '')

    def test_our_book_needs_no_server(self):
        self.tree = os.path.join(TOP, 'capsule')
        self.assertEqual(self.warned(), '')

    def test_a_book_whose_index_is_named(self):
        write_tree(self.tree, {
            'index.gmi': '# Home\n=> /ask Ask\n',
            'a/b.gmi': '# Page\n=> ../ask Ask\n',
            'metadata.txt': 'title: T\nindex: a/b.gmi\n'})
        self.assertIn('its first page, /a/b.gmi, links to ../ask, which',
                      self.warned())
        for metadata in ('Index:  a/c.gmi \r\n', 'x\n'):
            with self.subTest(metadata=metadata):
                write_tree(self.tree, {'metadata.txt': metadata,
                                       'index.gmi': '# Home\n',
                                       'a/c.gmi': '# C\n=> b.gmi B\n'})
                self.assertEqual(self.warned(), '')

    def test_a_book_whose_index_does_not_exist(self):
        for name in ('../none', 'none.gmi', ''):
            with self.subTest(name=name):
                write_tree(self.tree, {
                    'metadata.txt': 'title: T\nindex: %s\n' % name})
                self.assertEqual(
                    self.warned(),
                    'line 2 of its metadata.txt names an index page that does '
                    'not exist; correct the line\n')
                self.assertEqual(self.warned('x.zip'), '')

    def test_the_capsule_of_the_configuration(self):
        """DIR is optional, as for check, show and sign."""
        want = self.assert_packed('x.zip')
        path = os.path.join(self.out, 'y.zip')
        for arguments, options in (
                (('-o', 'capsule=' + self.tree, path), {}),
                (('-d', self.tree, path), {}),
                (('-n', 'localhost', self.tree, path), {}),
                ((path,), {'cwd': self.folder})):
            with self.subTest(arguments=arguments):
                if options:
                    os.rename(self.tree, os.path.join(self.folder, 'capsule'))
                done = pack(*arguments, **options)
                self.assertEqual((done.returncode, done.stderr), (0, b''))
                self.assertEqual(self.read('y.zip'), want)
                os.remove(path)

    def fill(self):
        with open(os.path.join(self.tree, 'large.bin'), 'wb') as file:
            for _ in range(64):
                file.write(os.urandom(1 << 20))

    def test_no_room(self):
        self.assert_packed('x.zip')
        before = self.read('x.zip')
        self.fill()
        done = pack(
            self.tree, os.path.join(self.out, 'x.zip'), restore_signals=False,
            preexec_fn=lambda: resource.setrlimit(
                resource.RLIMIT_FSIZE, (1 << 20, 1 << 20)))
        self.assertEqual(done.returncode, 1)
        self.assertIn(b'File too large', done.stderr)
        self.assertEqual(os.listdir(self.out), ['x.zip'])
        self.assertEqual(self.read('x.zip'), before)

    def test_interrupted(self):
        # Nothing packs this much before the signal comes.
        with open(os.path.join(self.tree, 'large.bin'), 'wb') as file:
            file.truncate(1 << 40)
        child = subprocess.Popen(
            [CAPSULE, 'pack', self.tree, os.path.join(self.out, 'x.zip')],
            stderr=subprocess.PIPE)
        self.addCleanup(child.kill)
        wait_until(lambda: os.listdir(self.out), 'a file aside')
        child.send_signal(signal.SIGINT)
        _, error = child.communicate(timeout=DEADLINE_S)
        self.assertEqual(child.returncode, 1)
        self.assertIn(b'Interrupted system call', error)
        self.assertEqual(os.listdir(self.out), [])

    def test_a_signal_that_is_ignored(self):
        """As nohup(1) has it: the packing goes on."""
        self.fill()
        child = subprocess.Popen(
            [CAPSULE, 'pack', self.tree, os.path.join(self.out, 'x.zip')],
            preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
        wait_until(lambda: os.listdir(self.out), 'a file aside')
        child.send_signal(signal.SIGHUP)
        self.assertEqual(child.wait(DEADLINE_S), 0)
        self.assertEqual(os.listdir(self.out), ['x.zip'])

    def test_the_shipped_capsule(self):
        self.tree = os.path.join(TOP, 'capsule')
        self.assertEqual(self.assert_packed('x.gpub')[:4], b'PK\3\4')


if __name__ == '__main__':
    unittest.main()
