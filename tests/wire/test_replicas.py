"""Copies of a capsule on several servers answer with the same bytes."""

import contextlib
import os
import shutil
import subprocess
import unittest

from build import CAPSULE, DEADLINE_S
from server import (Connection, Server, new_directory, tls_context,
                    wait_until, write_tree)

TREE = {
    'index.gmi': '# Home\n=> log/ Log\n=> bare/ Folder\n=> pages/ Pages\n',
    'log/index.gmi': '# Log\n=> 2026-01-02.gmi 2026-01-02 Second\n'
                     '=> 2026-01-01.gmi 2026-01-01 First\n',
    'log/2026-01-01.gmi': '# First\ntides and the moon\n',
    'log/2026-01-02.gmi': '# Second\ntides, again\n',
    'bare/b.gmi': '# Title of b\ntext\n',
    'bare/a.txt': 'plain\n',
    'bare/file10.txt': 'ten\n',
    'bare/file9.txt': 'nine\n',
    'bare/caf\u00e9/x.gmi': '# X\nrunning and runs\n',
    'bare/picture': b'\x89PNG\r\n\x1a\n' + bytes(40),
    'bare/empty': '',
    'gophermap': '!Home\n0A text\tbare/a.txt\n1Pages\tpages/\n*\n',
    # Pages of the same rank.
    **{'pages/p%02d.gmi' % number: '# Page\nharbour of number%d\n' % number
       for number in range(30)},
    # One text in two places: the shorter file is shown.
    'pages/one.gmi': '# Other\nlighthouse keeper\n',
    'pages/two.gmi': '# Other\nlighthouse keeper\n',
}
QUESTIONS = ['harbour', 'tides', 'lighthouse', 'page', 'harbuor',
             '%22number3%22', 'number7', 'nothingofit', 'run',
             'moon%20harbour']
PATHS = [
    '/', '/log/', '/log/?atom', '/bare/', '/bare/caf%C3%A9/', '/pages/',
    '/bare/picture', '/bare/empty', '/bare/a.txt', '/gophermap', '/ask',
    '/addresses', '/missing', '/manifest', '/capsule.tar.gz', '/capsule.gpub',
    '/pages.tar.gz', '/bare.tar.gz',
    *('/ask?' + words for words in QUESTIONS), '/ask/2?harbour',
    '/ask/3?harbour']


def set_times(root):
    """Different times, with nanoseconds, the same for the same name."""
    for name in TREE:
        when = 1700000000 * 10**9 + len(name) * 10**12 + 123456789
        os.utime(os.path.join(root, name), ns=(when, when))


def exchange(port, host, tls, request):
    """All bytes of an answer, and how it ended."""
    with Connection(port, tls, sni='localhost' if tls else None,
                    host=host) as client:
        client.send(request.encode() + b'\r\n')
        return client.read_all(), client.close_notify


class Replica(Server):
    """A server on an address of its own, with the ports of the first."""

    def __init__(self, host, tree, first=None, **named):
        self.host = host
        ports = (first.gemini_port, first.gopher_port) if first else (0, 0)
        directory = new_directory()
        if first:
            shutil.copytree(first.certs, os.path.join(directory, 'certs'))
        try:
            super().__init__(tree, directory=directory, workers=1,
                             gemini='%s:%d' % (host, ports[0]),
                             gopher='%s:%d' % (host, ports[1]), **named)
        except AssertionError:
            shutil.rmtree(directory)
            raise
        self.owned = True

    def gemini(self, path):
        return exchange(self.gemini_port, self.host, tls_context(),
                        'gemini://localhost:%d%s' % (self.gemini_port, path))

    def gopher(self, path):
        selector = path.replace('%20', ' ').replace('%22', '"')
        selector = selector.replace('%C3%A9', '\u00e9')
        if selector.startswith('/ask') and '?' in selector:
            selector = selector.replace('?', '\t')
        return exchange(self.gopher_port, self.host, None, selector)

    def wait_for_index(self):
        wait_until(lambda: self.gemini('/manifest')[0].startswith(b'20 '),
                   'a manifest')
        wait_until(lambda: b'# Not yet' not in self.gemini('/ask?page')[0],
                   'an index')


class SameBytes(unittest.TestCase):
    # The copy of a mirror has the manifest as a file.
    HIDE = ('hide=*~', 'hide=#*#', 'hide=manifest')

    def setUp(self):
        self.clean = contextlib.ExitStack()
        self.addCleanup(self.clean.close)
        self.top = new_directory()
        self.clean.callback(shutil.rmtree, self.top)
        root = self.folder('first')
        write_tree(root, TREE)
        set_times(root)
        self.first = self.serve('127.0.0.1', root)

    def folder(self, name):
        return os.path.join(self.top, name)

    def serve(self, host, root):
        server = self.clean.enter_context(
            Replica(host, root, getattr(self, 'first', None),
                    options=self.HIDE))
        server.wait_for_index()
        return server

    def assert_same(self, host, root):
        other = self.serve(host, root)
        for path in PATHS:
            with self.subTest(path=path):
                self.assertEqual(self.first.gemini(path), other.gemini(path))
                self.assertEqual(self.first.gopher(path), other.gopher(path))

    def test_copy(self):
        subprocess.run(['cp', '-a', self.first.root, self.folder('copy')],
                       check=True)
        self.assert_same('127.0.0.2', self.folder('copy'))

    def test_copy_in_another_order(self):
        root = self.folder('copy')
        write_tree(root, dict(reversed(TREE.items())))
        set_times(root)
        self.assert_same('127.0.0.2', root)

    def test_copy_whose_index_has_a_history(self):
        """Pages are added one by one, in another order, and edited."""
        root = self.folder('copy')
        write_tree(root, {'pages/old.gmi': '# Old\nharbour, before\n'})
        other = self.serve('127.0.0.2', root)
        pages = [name for name in reversed(TREE) if name.startswith('pages/')]
        for batch in (pages[:10], pages[10:20], pages[20:]):
            write_tree(root, {name: TREE[name] + 'draft\n' for name in batch})
            wait_until(lambda last=batch[-1]: last.encode() in
                       other.gemini('/manifest')[0], batch[-1])
        os.unlink(os.path.join(root, 'pages/old.gmi'))
        write_tree(root, TREE)
        set_times(root)
        wait_until(lambda: other.gemini('/manifest') ==
                   self.first.gemini('/manifest'), 'the same manifest')
        for path in PATHS:
            with self.subTest(path=path):
                self.assertEqual(self.first.gemini(path), other.gemini(path))
                self.assertEqual(self.first.gopher(path), other.gopher(path))

    def test_mirror(self):
        for scheme, port in (('gemini', self.first.gemini_port),
                             ('gopher', self.first.gopher_port)):
            root = self.folder(scheme)
            subprocess.run(
                [CAPSULE, 'mirror', '--known-hosts', self.folder('hosts'),
                 '%s://localhost:%d/' % (scheme, port), root], check=True,
                timeout=DEADLINE_S, stdout=subprocess.DEVNULL)
            with self.subTest(scheme=scheme):
                self.assert_same(
                    '127.0.0.2' if scheme == 'gemini' else '127.0.0.3', root)


if __name__ == '__main__':
    unittest.main()
