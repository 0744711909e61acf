"""`capsule publish` to capsuled: sent, edited, deleted, in conflict."""

import os
import shutil
import subprocess
import unittest

from build import CAPSULE, SLOWER
from clientcert import Visitor
from server import Server, fetch, new_directory, wait_until, write_tree

FILES = {'notes/%s%d.gmi' % (folder, number): '# Page %d\n' % number
         for folder in ('', 'a/', 'a/b/') for number in range(9)}
FILES.update({'notes/index.gmi': '# Notes\n=> a/ A\n',
              'notes/a/index.gmi': '# A\n',
              'notes/picture.png': b'\x89PNG\r\n\x1a\n' + bytes(5000)})


class Publishing(unittest.TestCase):
    def setUp(self):
        self.visitor = Visitor(self)
        os.chmod(self.visitor.path('key.pem'), 0o600)
        directory = new_directory()
        config = os.path.join(directory, 'capsuled.conf')
        write_tree(directory, {
            'capsuled.conf': 'path "/notes/" { writers = { "./editors" } '
                             'delete = yes }\n',
            'editors': '%s ann\n' % self.visitor.fingerprint})
        os.chmod(os.path.join(directory, 'editors'), 0o644)
        write_tree(os.path.join(directory, 'tree'),
                   {'index.gmi': '# Home\n', 'notes/': None})
        if os.geteuid() == 0:
            # The server does not write as root.
            os.chown(os.path.join(directory, 'tree/notes'), 65534, 65534)
        self.server = Server({}, directory=directory,
                             arguments=['-c', config])
        self.server.owned = True
        self.addCleanup(self.server.stop)
        self.top = new_directory()
        self.addCleanup(shutil.rmtree, self.top, True)
        write_tree(self.top, FILES)
        wait_until(lambda: fetch(self.server, '/manifest').status == 20,
                   'a manifest')

    def publish(self, *options, status=0, visitor=None):
        visitor = visitor or self.visitor
        result = subprocess.run(
            [CAPSULE, 'publish', '--known-hosts',
             os.path.join(self.top, 'known_hosts'),
             '--cert', visitor.path('crt.pem'),
             '--key', visitor.path('key.pem'), *options,
             os.path.join(self.top, 'notes'),
             self.server.url('/notes/').replace('gemini:', 'titan:')],
            stdin=subprocess.DEVNULL, capture_output=True, check=False,
            timeout=120 * SLOWER, text=True)
        self.assertEqual(result.returncode, status,
                         result.stdout + result.stderr)
        return result

    def test_a_folder(self):
        self.assertIn('30 sent, 0 removed, 0 unchanged',
                      self.publish().stdout)
        for path, content in FILES.items():
            with open(self.server.path(path), 'rb') as file:
                self.assertEqual(file.read(), content if isinstance(
                    content, bytes) else content.encode())
        # The manifest may be older than the files, and is not trusted then.
        write_tree(self.top, {'notes/a/1.gmi': '# Edited\n'})
        os.unlink(os.path.join(self.top, 'notes/a/b/2.gmi'))
        self.assertIn('1 sent, 1 removed, 28 unchanged, 0 failed',
                      self.publish('--delete').stdout)
        self.assertEqual(fetch(self.server, '/notes/a/1.gmi').body,
                         b'# Edited\n')
        self.assertEqual(fetch(self.server, '/notes/a/b/2.gmi').status, 51)
        # Another author.
        write_tree(self.server.root, {'notes/a/1.gmi': '# By another\n'})
        wait_until(lambda: b'# By another' in fetch(
            self.server, '/notes/a/1.gmi').body, 'the change')
        write_tree(self.top, {'notes/a/1.gmi': '# By me\n',
                              'notes/2.gmi': '# By me\n'})
        result = self.publish(status=1)
        self.assertIn('a/1.gmi: conflict: it was changed', result.stderr)
        self.assertIn('1 sent, 0 removed, 27 unchanged, 1 failed',
                      result.stdout)
        self.assertEqual(fetch(self.server, '/notes/a/1.gmi').body,
                         b'# By another\n')

    def test_a_stranger(self):
        stranger = Visitor(self)
        os.chmod(stranger.path('key.pem'), 0o600)
        result = self.publish(status=1, visitor=stranger)
        self.assertIn(': 61 ', result.stderr)
        self.assertIn(stranger.fingerprint, result.stderr)


if __name__ == '__main__':
    unittest.main()
