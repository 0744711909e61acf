"""What may not be seen: it all looks as if it were not there."""

import os
import socket
import unittest

from server import Server, fetch, gemini, select, wait_until


class Hidden(unittest.TestCase):
    """All that may not be seen is 51, and looks like nothing at all."""

    @classmethod
    def setUpClass(cls):
        cls.server = Server({
            'index.gmi': '# Home\n',
            'sub/page.gmi': '# Page\n',
            'sub/target.txt': 'target\n',
            '.hidden': 'no\n', '.git/config': 'no\n',
            'backup.gmi~': 'no\n', 'sub/#auto#': 'no\n',
            'old~/page.gmi': 'no\n',
            'sub/.hidden.gmi': 'no\n',
            '.well-known/thing.txt': 'known\n',
            'locked.txt': 'no\n', 'locked/x.txt': 'no\n',
            'locked.gmi/index.gmi': 'no\n',
            'unindexed/index.gmi': 'no\n',
            'more/locked.txt': 'no\n', 'more/open.txt': 'yes\n',
        })
        cls.addClassCleanup(cls.server.stop)
        path = cls.server.path
        outside = os.path.join(cls.server.directory, 'outside')
        os.mkdir(outside)
        with open(os.path.join(outside, 'secret.txt'), 'w',
                  encoding='ascii') as file:
            file.write('secret\n')
        os.symlink('/etc/passwd', path('absolute'))
        os.symlink('/etc', path('absolutedir'))
        os.symlink('../outside/secret.txt', path('relative'))
        os.symlink('../outside', path('relativedir'))
        os.symlink('../../outside/secret.txt', path('sub/relative'))
        os.symlink('../tree/sub/target.txt', path('outandback'))
        os.symlink(path('sub/target.txt'), path('absoluteinside'))
        os.symlink('loop', path('loop'))
        os.symlink('nowhere', path('dangling'))
        os.symlink('.hidden', path('tohidden'))
        os.symlink('sub/target.txt', path('inside.txt'))
        os.symlink('sub', path('insidedir'))
        os.symlink('../sub/target.txt', path('sub/upanddown'))
        os.mkfifo(path('fifo'))
        os.mkfifo(path('fifo.gmi'))
        cls.socket = socket.socket(socket.AF_UNIX)
        cls.addClassCleanup(cls.socket.close)
        cls.socket.bind(path('socket'))
        for name in ('locked.txt', 'locked', 'locked.gmi',
                     'unindexed/index.gmi', 'more/locked.txt'):
            os.chmod(path(name), 0)

    def test_not_found(self):
        want = fetch(self.server, '/none')
        self.assertEqual(want.status, 51)
        paths = [
            '/backup.gmi~', '/sub/%23auto%23', '/old~/', '/old~/page.gmi',
            '/none/', '/none/x', '/.hidden', '/.git', '/.git/',
            '/.git/config', '/sub/.hidden.gmi', '/%2ehidden',
            '/.well-known/none', '/.hidden/', '/.none',
            '/absolute', '/absolutedir', '/absolutedir/',
            '/absolutedir/passwd', '/relative', '/relativedir',
            '/relativedir/', '/relativedir/secret.txt', '/sub/relative',
            '/outandback', '/absoluteinside', '/loop', '/loop/',
            '/dangling', '/fifo', '/fifo/', '/fifo.gmi', '/socket',
            '/locked.txt', '/locked/', '/locked/x.txt', '/locked.gmi/',
            '/sub/page.gmi/', '/%2F', '/x%2Fy', '/' + 'x' * 256,
            '/' + 'x/' * 400, '/unindexed/index.gmi', '/unindexed/',
        ]
        for path in paths:
            with self.subTest(path=path):
                reply = gemini(self.server, self.server.url(
                    path).encode() + b'\r\n', limit=8)
                self.assertEqual(reply.header, want.header)
                self.assertEqual(reply.body, b'')
                self.assertTrue(reply.close_notify)

    def test_unreadable_is_told_to_the_operator(self):
        before = len(self.server.lines)
        fetch(self.server, '/unindexed/')
        self.server.wait_for_line('warn tree: .*path=/unindexed/', before)

    def test_listing_leaves_out(self):
        names = fetch(self.server, '/sub/').text
        self.assertIn('target.txt', names)
        self.assertNotIn('hidden', names)
        self.assertNotIn('auto', names)
        self.assertNotIn('relative', names)
        self.assertNotIn('locked.txt', fetch(self.server, '/more/').text)
        self.assertIn('open.txt', fetch(self.server, '/more/').text)

    def test_other_names(self):
        tree = {'a.gmi~': '# A\n', 'b.bak': 'b\n', 'c.txt': 'c\n'}
        with Server(tree, options=['hide=']) as server:
            self.assertEqual(fetch(server, '/a.gmi~').status, 20)
        with Server(tree, options=['hide=*.bak', 'hide=c.*']) as server:
            self.assertEqual(
                [fetch(server, '/' + name).status for name in tree],
                [20, 51, 51])

    def test_device(self):
        try:
            os.mknod(self.server.path('null'), 0o644 | 0o020000,
                     os.makedev(1, 3))
        except PermissionError:
            return  # only root makes devices
        self.addCleanup(os.unlink, self.server.path('null'))
        self.assertEqual(fetch(self.server, '/null').header,
                         fetch(self.server, '/none').header)

    def test_link_to_a_hidden_name(self):
        """The name is hidden, not the file: the author made the link."""
        server = Server({
            'index.gmi': '# Home\n',
            '.releases/7/page.gmi': '# Barnacle\n',
            '.releases/7/.secret': 'no\n',
            'draft.gmi~': '# Draft\n'})
        self.addCleanup(server.stop)
        os.symlink('.releases/7', server.path('current'))
        os.symlink('draft.gmi~', server.path('public.gmi'))
        for path, page in [('/current/page.gmi', '# Barnacle\n'),
                           ('/public.gmi', '# Draft\n')]:
            with self.subTest(path=path):
                self.assertEqual(fetch(server, path).text, page)
                self.assertEqual(select(server, '0' + path).decode(), page)
        for path in ('/.releases/7/page.gmi', '/draft.gmi~',
                     '/current/.secret', '/current/../.releases/7/page.gmi'):
            with self.subTest(path=path):
                self.assertEqual(fetch(server, path).status, 51)
        self.assertIn('./page.gmi', fetch(server, '/current/').text)
        # Archives and mirrors have the file, too; its hidden name is nowhere.
        wait_until(
            lambda: '*public.gmi\n' in fetch(server, '/manifest').text,
            'the link in the manifest')
        self.assertNotIn('draft', fetch(server, '/manifest').text)

    def test_links_within(self):
        for path, page in [
                ('/inside.txt', 'target\n'),
                ('/insidedir/target.txt', 'target\n'),
                ('/sub/upanddown', 'target\n'),
                ('/insidedir/upanddown', 'target\n'),
                ('/.well-known/thing.txt', 'known\n')]:
            with self.subTest(path=path):
                reply = fetch(self.server, path)
                self.assertEqual((reply.status, reply.text), (20, page))


if __name__ == '__main__':
    unittest.main()
