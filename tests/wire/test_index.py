"""The index: true to the tree, made by a process apart.

That it is so within seconds is for test_indexer.c to show: here a slow machine
has longer, but less than it takes an indexer that nothing woke.
"""

import contextlib
import os
import resource
import shutil
import signal
import unittest
import urllib.parse

from build import DEADLINE_S, INSTRUMENTED, beneath
from server import (Server, as_root, fetch, new_directory, process_name,
                    wait_until, write_tree)

HUGE = 1 << 40


def ask(server, words):
    return fetch(server, '/ask?' + urllib.parse.quote(words)).text


def holds(server, words, path):
    return '=> %s ' % path in ask(server, words).split('\n# ')[0] and \
        ask(server, words).startswith('# Found')


class Index(unittest.TestCase):
    options = ()

    def serve(self, tree, *options, **named):
        server = Server(tree, options=(*self.options, *options), **named)
        self.addCleanup(server.stop)
        return server

    def wait_until_found(self, server, words, path, limit=DEADLINE_S):
        wait_until(lambda: holds(server, words, path),
                   '%s in %s' % (words, path), limit)

    def wait_until_lost(self, server, words, path, limit=DEADLINE_S):
        wait_until(lambda: not holds(server, words, path),
                   'no %s in %s' % (words, path), limit)


class Fresh(Index):
    def test_changes(self):
        server = self.serve({
            'a.gmi': '# A\n\nherring\n', 'b.gmi': '# B\n\nherring cod\n',
            'd/e/f.gmi': '# F\n\nturbot\n'})
        self.wait_until_found(server, 'herring', '/a.gmi')
        for change, words, path, found in [
                (lambda: write_tree(server.root, {'a.gmi': 'salmon'}),
                 'salmon', '/a.gmi', True),
                (lambda: None, 'herring', '/a.gmi', False),
                (lambda: write_tree(server.root, {'c.gmi': 'plaice'}),
                 'plaice', '/c.gmi', True),
                (lambda: write_tree(server.root, {'n/o/p.gmi': 'dab'}),
                 'dab', '/n/o/p.gmi', True),
                (lambda: write_tree(server.root, {'n/o/q.gmi': 'ling'}),
                 'ling', '/n/o/q.gmi', True),
                (lambda: os.unlink(server.path('b.gmi')),
                 'cod', '/b.gmi', False),
                (lambda: shutil.rmtree(server.path('d')),
                 'turbot', '/d/e/f.gmi', False),
                (lambda: os.rename(server.path('n'), server.path('m')),
                 'dab', '/m/o/p.gmi', True),
                (lambda: None, 'dab', '/n/o/p.gmi', False),
                (lambda: os.rename(server.path('c.gmi'),
                                   server.path('.c.gmi')),
                 'plaice', '/c.gmi', False),
                (lambda: os.chmod(server.path('a.gmi'), 0),
                 'salmon', '/a.gmi', False),
                (lambda: os.chmod(server.path('a.gmi'), 0o644),
                 'salmon', '/a.gmi', True),
                # Found by its title: the same passage is shown once.
                (lambda: os.link(server.path('a.gmi'),
                                 server.path('again.gmi')),
                 'gmi salmon', '/again.gmi', True)]:
            with self.subTest(words=words, path=path, found=found):
                change()
                (self.wait_until_found if found else self.wait_until_lost)(
                    server, words, path)

    def test_many_edits_of_one_page(self):
        server = self.serve({'a.gmi': 'first\n'})
        for i in range(5):
            words = 'word%d' % i
            for text in 'x', words:
                write_tree(server.root, {'a.gmi': text})
            self.wait_until_found(server, words, '/a.gmi')

    def test_every_worker_has_it(self):
        server = self.serve({'a.gmi': 'first\n'}, workers=3)
        self.wait_until_found(server, 'first', '/a.gmi')
        server.signal_worker(signal.SIGKILL)
        write_tree(server.root, {'a.gmi': 'second'})
        self.wait_until_found(server, 'second', '/a.gmi')
        # One that starts later is told as well; the system picks one.
        server.wait_for_line('worker .* ended')
        wait_until(lambda: len(server.workers()) == 3, 'three workers')
        wait_until(lambda: all(holds(server, 'second', '/a.gmi')
                               for _ in range(12)), 'all workers to know')

    def test_links_are_found_once(self):
        server = self.serve({'a.gmi': 'herring\n', 'd/b.gmi': 'cod\n'})
        os.symlink('a.gmi', server.path('link.gmi'))
        os.symlink('d', server.path('linked'))
        os.symlink('..', server.path('d/up'))
        os.symlink('/etc/passwd', server.path('passwd.txt'))
        write_tree(server.root, {'z.gmi': 'last herring cod root\n'})
        self.wait_until_found(server, 'last', '/z.gmi')
        page = ask(server, 'herring cod root')
        self.assertEqual(page.count('=> '), 3 + 2, page)

    def test_what_is_not_told(self):
        server = self.serve({
            '.hidden.gmi': 'treasure\n', '.git/x.gmi': 'treasure\n',
            'locked.gmi': 'treasure\n', 'shut/x.gmi': 'treasure\n',
            'gophermap': 'treasure\n', 'robots.txt': 'treasure\n',
            '.well-known/x.txt': 'treasure\n', 'x.html': '<p>treasure\n',
            'open.gmi': 'open\n'})
        self.wait_until_found(server, 'open', '/open.gmi')
        os.chmod(server.path('locked.gmi'), 0)
        os.chmod(server.path('shut'), 0)
        self.addCleanup(os.chmod, server.path('shut'), 0o755)
        write_tree(server.root, {'open.gmi': 'halibut\n'})
        self.wait_until_found(server, 'halibut', '/open.gmi')
        page = ask(server, 'treasure')
        self.assertTrue(page.startswith('# Nothing found'), page)
        self.assertNotIn('warn tree', server.log.text())


class Beside(Index):
    """A file that takes long to read does not delay other pages."""

    @staticmethod
    def grow(root):
        """A file that takes minutes to hash, and no room on the disk."""
        with open(os.path.join(root, 'huge.bin'), 'wb') as file:
            file.truncate(HUGE)

    def test_a_huge_file(self):
        server = self.serve({'a.gmi': 'herring\n', 'b.gmi': 'cod\n'})
        self.wait_until_found(server, 'herring', '/a.gmi')
        self.grow(server.root)
        write_tree(server.root, {'a.gmi': 'salmon\n'})
        self.wait_until_found(server, 'salmon', '/a.gmi')
        # What was begun by then gives way.
        write_tree(server.root, {'c.gmi': 'plaice\n'})
        os.unlink(server.path('b.gmi'))
        self.wait_until_found(server, 'plaice', '/c.gmi')
        self.wait_until_lost(server, 'cod', '/b.gmi')
        self.assertEqual(fetch(server, '/manifest').status, 41)
        os.unlink(server.path('huge.bin'))
        manifest = wait_until(
            lambda: (lambda reply: reply if reply.status == 20 else None)(
                fetch(server, '/manifest')), 'a manifest')
        self.assertEqual(
            [line.split(' *')[1] for line in manifest.text.splitlines()
             if ' *' in line], ['a.gmi', 'c.gmi'])

    def test_a_huge_file_from_the_start(self):
        directory = new_directory()
        self.addCleanup(shutil.rmtree, directory, True)
        write_tree(directory, {'a.gmi': 'herring\n'})
        self.grow(directory)
        server = self.serve(directory)
        self.wait_until_found(server, 'herring', '/a.gmi')
        self.assertEqual(fetch(server, '/manifest').status, 41)

    def test_a_huge_file_that_is_written_all_the_time(self):
        # It is left out, as what changes while it is hashed always was.
        server = self.serve({'a.gmi': 'herring\n'})
        self.grow(server.root)
        with open(server.path('huge.bin'), 'ab') as file:
            def manifest():
                file.write(b'more')
                file.flush()
                return fetch(server, '/manifest').text

            def manifest_with_page():
                text = manifest()
                return text if 'b.gmi' in text else None

            # Whatever has found this page has met that file.
            write_tree(server.root, {'b.gmi': 'turbot\n'})
            wait_until(lambda: manifest() is not None and
                       holds(server, 'turbot', '/b.gmi'), 'a look')
            self.assertNotIn('huge.bin',
                             wait_until(manifest_with_page, 'a manifest'))


class Unwatched(Fresh):
    """The same where the system has no news of changes."""
    options = ('watch=no',)


class Process(Index):
    def test_it_is_jailed(self):
        server = self.serve({'a.gmi': 'herring\n'})
        self.wait_until_found(server, 'herring', '/a.gmi')
        pid = server.indexer()
        with open('/proc/%d/status' % pid, encoding='ascii') as file:
            status = dict(line.split(':\t', 1) for line in file
                          if ':\t' in line)
        self.assertEqual(status['NoNewPrivs'].strip(), '1')
        self.assertEqual(status['Seccomp'].strip(),
                         '0' if INSTRUMENTED else '2')
        self.assertEqual(status['CapEff'].strip('0\n'), '')
        if os.geteuid() == 0:
            self.assertNotIn('0', status['Uid'].split())

    @as_root
    def test_it_has_no_client(self):
        server = self.serve({'a.gmi': 'herring\n'})
        self.wait_until_found(server, 'herring', '/a.gmi')
        pid = server.indexer()
        names = []
        for fd in os.listdir('/proc/%d/fd' % pid):
            with contextlib.suppress(FileNotFoundError):
                names.append(os.readlink('/proc/%d/fd/%s' % (pid, fd)))
        sockets = [name for name in names if name.startswith('socket:')]
        self.assertEqual(len(sockets), 1, names)

    def test_it_is_replaced(self):
        server = self.serve({'a.gmi': 'herring\n'})
        self.wait_until_found(server, 'herring', '/a.gmi')
        old = server.indexer()
        os.kill(old, signal.SIGKILL)
        server.wait_for_line(r'^warn master: index process %d ended: killed by '
                             r'signal 9' % old)
        self.assertTrue(holds(server, 'herring', '/a.gmi'))
        wait_until(lambda: server.indexer() != old, 'another indexer')
        write_tree(server.root, {'a.gmi': 'cod\n'})
        self.wait_until_found(server, 'cod', '/a.gmi')

    def test_reload(self):
        server = self.serve({'a.gmi': 'herring\n'})
        self.wait_until_found(server, 'herring', '/a.gmi')
        old = server.indexer()
        os.rename(server.root, server.root + '.old')
        write_tree(server.root, {'b.gmi': 'cod\n'})
        server.signal(signal.SIGHUP)
        server.wait_for_line('^info reloaded')
        self.wait_until_found(server, 'cod', '/b.gmi')
        wait_until(lambda: not holds(server, 'herring', '/a.gmi'),
                   'the old pages to go')
        self.assertNotEqual(server.indexer(), old)
        # The same tree: what is known stays known meanwhile.
        server.signal(signal.SIGHUP)
        for _ in range(20):
            self.assertTrue(holds(server, 'cod', '/b.gmi'))

    def test_off(self):
        server = self.serve({'a.gmi': 'herring\n'}, 'ask=off', 'manifest=off')
        self.assertEqual(fetch(server, '/ask?herring').status, 51)
        self.assertEqual(fetch(server, '/manifest').status, 51)
        self.assertEqual(sorted(map(process_name, server.children())),
                         ['capsuled-answer', 'capsuled-keys',
                          'capsuled-worker', 'capsuled-worker'])

    def test_it_ends_with_the_master(self):
        server = self.serve({'a.gmi': 'herring\n'})
        pid = server.indexer()
        server.stop()
        self.assertFalse(os.path.exists('/proc/%d' % pid))


class Odd(Index):
    def test_a_page_of_100_mb(self):
        server = self.serve({'a.gmi': 'herring\n'})
        with open(server.path('large.gmi'), 'wb') as file:
            file.write(b'# Large\n\nNear the start: turbot.\n')
            block = b'Words and more words, line by line.\n' * 29127
            for _ in range(100):
                file.write(block)
            file.write(b'At the end: halibut.\n')
        self.wait_until_found(server, 'turbot', '/large.gmi', 60)
        self.assertTrue(holds(server, 'herring', '/a.gmi'))
        self.assertTrue(ask(server, 'halibut').startswith('# Nothing'))

    def test_one_line_of_many_bytes(self):
        server = self.serve({
            'line.gmi': b'x' * 3000000, 'zero.gmi': bytes(3000000),
            'high.gmi': b'\xff' * 300000, 'hash.gmi': b'#\n' * 300000,
            'tick.gmi': b'```\n' * 99999, 'a.gmi': 'herring\n'})
        self.wait_until_found(server, 'herring', '/a.gmi', 60)
        self.assertNotIn('error', server.log.text())

    def test_a_tree_that_never_rests(self):
        server = self.serve({'d%d/p%d.gmi' % (i % 7, i): '# P\n\nword%d\n' % i
                             for i in range(200)})
        for i in range(300):
            path = server.path('d%d/p%d.gmi' % (i % 7, i % 200))
            if os.path.exists(path) and i % 3:
                os.unlink(path)
            else:
                write_tree(server.root, {
                    'd%d/p%d.gmi' % (i % 7, i): '# N\n\nnew%d\n' % i})
            if i % 50 == 0:
                fetch(server, '/ask?word%d' % i)
        write_tree(server.root, {'last.gmi': 'halibut\n'})
        self.wait_until_found(server, 'halibut', '/last.gmi', 3 * DEADLINE_S)
        self.assertNotIn('error', server.log.text())

    def test_no_room(self):
        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (40000, 40000))

        server = self.serve({'a.gmi': 'herring\n', 'b.gmi': 'cod ' * 30000},
                            preexec_fn=limit)
        server.wait_for_line('^error index: no room')
        self.assertEqual(fetch(server, '/a.gmi').text, 'herring\n')
        self.assertTrue(ask(server, 'herring').startswith('# Not yet'))
        self.assertEqual(server.log.text().count('error index'), 1)

    @beneath
    def test_nowhere_to_put_it(self):
        environment = dict(os.environ, TMPDIR='/none/of/this')
        server = self.serve({'a.gmi': 'herring\n'}, env=environment)
        self.wait_until_found(server, 'herring', '/a.gmi')
        write_tree(server.root, {'a.gmi': 'cod\n'})
        self.wait_until_found(server, 'cod', '/a.gmi')
        self.assertEqual(
            server.log.text().count(
                'no directory can be made in /none/of/this'),
            1)

    def test_no_pages(self):
        server = self.serve({'x.bin': bytes(range(256)) * 9})
        wait_until(lambda: 'Not yet' not in ask(server, 'x'), 'an index')
        page = ask(server, 'herring')
        self.assertTrue(page.startswith('# Nothing found'))
        self.assertEqual(page.count('=> '), 2)


if __name__ == '__main__':
    unittest.main()
