"""Parts of a capsule that cannot be read: a dead mount, a bad disk."""

import errno
import io
import os
import shutil
import subprocess
import tarfile
import unittest

from build import CAPSULE, DEADLINE_S, beneath
from server import (fetch, gemini_connect, new_directory, select,
                    wait_until, write_tree)
from test_index import ask, holds
from test_manifest import listed, manifest
from trouble import Trouble, TroubledServer

TREE = {'index.gmi': '# Home\nherring\n',
        'top/dead/a.gmi': '# A\nsalmon\n', 'top/b.gmi': '# B\ncod\n',
        'rest/c.gmi': '# C\nturbot\n'}
ALL = ['index.gmi', 'rest/c.gmi', 'top/b.gmi', 'top/dead/a.gmi']
# More than is hashed in one look of the index.
LARGE = 40 << 20


def end_of(server, path):
    """The bytes of an answer, and whether a close_notify ended them."""
    got = b''
    with gemini_connect(server) as client:
        client.send(server.url(path).encode() + b'\r\n')
        try:
            while part := client.read_some():
                got += part
        except ConnectionResetError:
            return got, False
        return got, client.close_notify


def names_of(data):
    with tarfile.open(fileobj=io.BytesIO(data.partition(b'\r\n')[2]),
                      mode='r:gz') as archive:
        return archive.getnames()


class Unreadable(unittest.TestCase):
    def serve(self, tree=None, **named):
        server = TroubledServer(tree or TREE, indexed=True, **named)
        self.addCleanup(server.stop)
        return server

    def wait_for(self, server, names):
        wait_until(lambda: listed(manifest(server)) == names, names)

    @beneath
    def test_requests(self):
        server = self.serve()
        # The first look of the index would log its own failures.
        self.wait_for(server, ALL)
        for error in (errno.EIO, errno.ESTALE, errno.ENOTCONN,
                      errno.ETIMEDOUT, errno.EHOSTDOWN, errno.ENODEV):
            with self.subTest(error=errno.errorcode[error]):
                server.log.lines.clear()
                server.trouble['dead_error'] = error
                for path in ('/top/dead/', '/top/dead', '/top/dead/a.gmi',
                             '/top/dead/none', '/top/dead.tar.gz') * 3:
                    self.assertEqual(fetch(server, path).status, 40, path)
                    self.assertRegex(select(server, path),
                                     rb'^3Something failed here')
                # It is there, whatever is wrong with it.
                self.assertIn('=> ./dead/', fetch(server, '/top/').text)
                self.assertEqual(fetch(server).status, 20)
                worker, = [line for line in server.lines
                           if os.strerror(error) in line and
                           'cannot open' in line]
                self.assertRegex(worker, '^error tree: .* path=/top/dead')
                server.trouble.ends()
                self.assertEqual(fetch(server, '/top/dead/a.gmi').status, 20)

    @beneath
    def test_a_mount_that_dies(self):
        server = self.serve()
        self.wait_for(server, ALL)
        server.trouble['dead_error'] = errno.ENOTCONN
        # News of it: else it is looked at when all is, once in ten minutes.
        os.utime(server.path('top/dead'))
        write_tree(server.root, {'rest/d.gmi': '# D\nhalibut\n'})
        os.unlink(server.path('rest/c.gmi'))
        self.wait_for(server, ['index.gmi', 'rest/d.gmi', 'top/b.gmi',
                               'top/dead/a.gmi'])
        self.assertTrue(holds(server, 'halibut', '/rest/d.gmi'))
        self.assertEqual(server.log.text().count('is not connected path'), 1)
        # What could not be looked at was never gone.
        changes = manifest(server, '?since=2001-01-01T00:00:00Z').text
        self.assertEqual(changes.count('\n# removed '), 1)
        server.trouble.ends()
        os.unlink(server.path('top/dead/a.gmi'))
        self.wait_for(server, ['index.gmi', 'rest/d.gmi', 'top/b.gmi'])

    @beneath
    def test_a_mount_that_is_dead_from_the_start(self):
        server = self.serve(begun={'dead_error': errno.EIO})
        self.wait_for(server, ALL[:3])
        self.assertTrue(holds(server, 'cod', '/top/b.gmi'))
        self.assertIn('# Nothing found', ask(server, 'salmon'))

    @beneath
    def test_archives(self):
        server = self.serve()
        whole, ended = end_of(server, '/capsule.tar.gz')
        self.assertTrue(ended)
        self.assertEqual(names_of(whole), ALL + ['manifest'])
        for fault, culprit in (('dead_error', 'top/dead'),
                               ('broken_error', 'top/broken')):
            with self.subTest(fault=fault):
                if fault == 'broken_error':
                    write_tree(server.root, {'top/broken': 'text\n'})
                server.log.lines.clear()
                server.trouble[fault] = errno.EIO
                for path in '/capsule.tar.gz', '/capsule.gpub', '/top.tar.gz':
                    self.assertFalse(end_of(server, path)[1])
                    server.wait_for_line('an answer was cut short: '
                                         'Input/output error path=' + path)
                part, ended = end_of(server, '/rest.tar.gz')
                self.assertTrue(ended)
                self.assertEqual(names_of(part), ['rest/c.gmi'])
                server.trouble.ends()

    @beneath
    def test_a_file_that_cannot_be_read(self):
        server = self.serve(dict(TREE, **{'broken.gmi': '# First\neel\n'}))
        self.wait_for(server, ['broken.gmi', *ALL])
        before = manifest(server).text.split('*broken.gmi')[0]
        server.trouble['broken_error'] = errno.EIO
        write_tree(server.root, {'broken.gmi': '# Second\neel and cod\n',
                                 'e.gmi': '# E\n'})
        self.wait_for(server, ['broken.gmi', 'e.gmi', *ALL])
        self.assertTrue(manifest(server).text.startswith(before))
        server.trouble.ends()
        write_tree(server.root, {'f.gmi': '# F\n'})
        wait_until(lambda: not manifest(server).text.startswith(before),
                   'the new hash')
        self.assertTrue(holds(server, 'eel and cod', '/broken.gmi'))

    @beneath
    def test_a_large_file_that_cannot_be_read(self):
        # It is hashed, and its text is searched, after the rest.
        tree = dict(TREE, **{'broken.gmi': '# Large\n'})
        directory = new_directory()
        self.addCleanup(shutil.rmtree, directory, True)
        write_tree(directory, tree)
        os.truncate(os.path.join(directory, 'broken.gmi'), LARGE)
        server = self.serve(directory, begun={'broken_error': errno.EIO})
        self.wait_for(server, ALL)
        self.assertTrue(holds(server, 'herring', '/'))
        server.trouble.ends()
        write_tree(server.root, {'e.gmi': '# E\n'})
        self.wait_for(server, ['broken.gmi', 'e.gmi', *ALL])
        self.assertTrue(holds(server, 'large', '/broken.gmi'))


class Packed(unittest.TestCase):
    def setUp(self):
        self.folder = new_directory()
        self.addCleanup(shutil.rmtree, self.folder, True)
        os.chmod(self.folder, 0o777)
        self.tree = os.path.join(self.folder, 'tree')
        write_tree(self.tree, dict(TREE, broken='text\n'))
        self.program = CAPSULE

    def pack(self, name, words, **popen):
        done = subprocess.run(
            [self.program, 'pack', self.tree,
             os.path.join(self.folder, name)],
            check=False, stderr=subprocess.PIPE, timeout=DEADLINE_S, **popen)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr.decode(),
                         r'\Acapsule pack: \S+/%s: cannot be made: %s\n\Z' %
                         (name, words))
        self.assertEqual(os.listdir(self.folder), ['tree'])

    @beneath
    def test_faults(self):
        for fault, culprit in (('dead_error', 'top/dead'),
                               ('broken_error', 'broken')):
            for name in 'x.zip', 'x.gpub', 'x.tar.gz':
                with self.subTest(fault=fault, name=name):
                    trouble = Trouble()
                    trouble[fault] = errno.EIO
                    self.pack(name, culprit + ': Input/output error; .*disk.*',
                              env=dict(trouble.environment(),
                                       TROUBLE_ALONE='1'))
                    trouble.close()

    def test_rights(self):
        def ordinary():
            if os.geteuid() == 0:
                os.setuid(65534)

        # The build may lie in a home that only its owner may enter.
        folder = new_directory()
        self.addCleanup(shutil.rmtree, folder)
        self.program = shutil.copy(CAPSULE, folder)
        for path in 'top/b.gmi', 'top/dead':
            with self.subTest(path=path):
                os.chmod(os.path.join(self.tree, path), 0)
                self.pack('x.zip', path + ': Permission denied; make it '
                          'readable, .*', preexec_fn=ordinary)
                os.chmod(os.path.join(self.tree, path), 0o755)


if __name__ == '__main__':
    unittest.main()
