"""Started in a sandbox that refuses newer system calls with EPERM."""

import errno
import io
import os
import shutil
import tarfile
import unittest

from refusal import refusing
from server import (INSTRUMENTED, Server, as_root, fetch, new_directory,
                    select, write_tree)
from test_manifest import listed, manifest

TREE = {'index.gmi': '# Home\n', 'd/a.gmi': '# A\n', 'd/b.txt': 'b\n',
        'd/locked.txt': 'no\n', 'd/e/c.txt': 'c\n'}
# nspawn, older Docker and systemd's RestrictSUIDSGID do this to openat2.
REFUSED = (('openat2',), ('faccessat2',), ('openat2', 'faccessat2'))


class Sandboxed(unittest.TestCase):
    def setUp(self):
        self.tree = new_directory()
        self.addCleanup(shutil.rmtree, self.tree)
        write_tree(self.tree, TREE)
        os.chmod(os.path.join(self.tree, 'd/locked.txt'), 0)

    def check(self, server):
        self.assertEqual(fetch(server).text, '# Home\n')
        self.assertEqual(fetch(server, '/none').status, 51)
        self.assertEqual(
            [line.split()[1] for line in fetch(server, '/d/').text.split('\n')
             if line.startswith('=> ./')], ['./e/', './a.gmi', './b.txt'])
        self.assertIn(b'0b.txt\t/d/b.txt\t', select(server, '/d/'))
        with tarfile.open(fileobj=io.BytesIO(
                fetch(server, '/d.tar.gz').body), mode='r:gz') as archive:
            self.assertEqual(archive.getnames(),
                             ['d/a.gmi', 'd/b.txt', 'd/e/c.txt'])
        self.assertEqual(listed(manifest(server)),
                         ['d/a.gmi', 'd/b.txt', 'd/e/c.txt', 'index.gmi'])
        self.assertNotIn('chmod', server.log.text())

    def test_each(self):
        for calls in REFUSED:
            for error in errno.EPERM, errno.ENOSYS:
                with self.subTest(calls=calls, error=error):
                    with Server(self.tree, workers=1, preexec_fn=refusing(
                            *calls, error=error)) as server:
                        self.check(server)

    @as_root
    # An instrumented server has no jail.
    @(lambda test: None if INSTRUMENTED else test)
    def test_chroot(self):
        said = 'warn jail: root may not chroot here'
        with Server(self.tree) as server:
            self.assertNotIn(said, server.log.text())
        for error in errno.EPERM, errno.EACCES:
            with self.subTest(error=error), Server(
                    self.tree, preexec_fn=refusing('chroot',
                                                    error=error)) as server:
                server.wait_for_line('^' + said)
                server.wait_for_line('^info jail .*files=landlock')
                self.check(server)


if __name__ == '__main__':
    unittest.main()
