"""The directory of the index: what a restart finds there, and what ends none.

Each server has a state of its own; a temporary one lies in TMPDIR.
"""

import contextlib
import ctypes
import glob
import os
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import unittest

from build import CAPSULED, DEADLINE_S, beneath
from server import Server, fetch, new_directory, wait_until, write_tree
from test_index import ask, holds

ROUNDS = 12


def is_root():
    return os.geteuid() == 0


class State(unittest.TestCase):
    def setUp(self):
        self.directory = new_directory()
        self.addCleanup(shutil.rmtree, self.directory, True)
        self.root = os.path.join(self.directory, 'tree')
        self.state = os.path.join(self.directory, 'state')

    def serve(self, tree=None, *options, state=True, **named):
        write_tree(self.root, tree or {})
        if state:
            options += ('state=' + self.state,)
        server = Server(self.root, options=options, directory=self.directory,
                        **named)
        self.addCleanup(server.kill)
        return server

    def database(self):
        return os.path.join(self.state, 'localhost.db')

    def wait_for(self, server, words, path):
        wait_until(lambda: holds(server, words, path), words)

    def fill(self, tree):
        """Leaves a state behind that knows the tree."""
        server = self.serve(tree)
        for name, text in tree.items():
            self.wait_for(server, text.split()[-1], '/' + name)
        server.stop()


class Restart(State):
    def test_it_answers_at_once(self):
        self.fill({'a.gmi': '# A\nherring\n', 'b.gmi': '# B\ncod\n',
                   'c.gmi': '# C\nturbot\n'})
        os.unlink(os.path.join(self.root, 'b.gmi'))
        server = self.serve({'c.gmi': '# C\nplaice\n'})
        self.assertTrue(holds(server, 'herring', '/a.gmi'))
        # Whether or not it was looked at by then.
        self.assertFalse(holds(server, 'cod', '/b.gmi'))
        self.wait_for(server, 'plaice', '/c.gmi')
        self.assertNotIn('turbot', ask(server, 'turbot').split('\n', 1)[1])
        server.stop()

    def test_names_that_are_hidden_now(self):
        server = self.serve({'a.bak': 'herring\n', 'b.txt': 'cod\n'})
        self.wait_for(server, 'herring', '/a.bak')
        server.stop()
        server = self.serve({}, 'hide=*.bak')
        self.assertFalse(holds(server, 'herring', '/a.bak'))
        self.wait_for(server, 'cod', '/b.txt')
        wait_until(lambda: 'a.bak' not in fetch(server, '/manifest').text,
                   'a manifest without the name')
        server.stop()

    def test_it_looks_only_at_what_changed(self):
        self.fill({'a.gmi': '# A\nherring\n', 'b.gmi': '# B\ncod\n'})
        with contextlib.closing(sqlite3.connect(self.database())) as database:
            # So it tells who has written it.
            database.execute("UPDATE file SET title = 'As it was'")
            database.commit()
        server = self.serve({'b.gmi': '# New\nplaice\n'})
        self.wait_for(server, 'plaice', '/b.gmi')
        self.assertIn('/b.gmi New', ask(server, 'plaice'))
        self.assertIn('/a.gmi As it was', ask(server, 'herring'))
        server.stop()

    def test_the_manifest_waits_until_all_is_looked_at(self):
        self.fill({'a.gmi': '# A\nherring\n', 'b.gmi': '# B\ncod\n'})
        os.unlink(os.path.join(self.root, 'b.gmi'))
        server = self.serve({'a.gmi': '# A\nsalmon\n'})
        text = wait_until(lambda: (lambda reply: reply.status == 20 and
                                   reply.text)(fetch(server, '/manifest')),
                          'a manifest')
        self.assertIn('*a.gmi', text)
        self.assertNotIn('*b.gmi', text)
        server.stop()

    def test_a_writer_that_is_killed(self):
        server = self.serve({'a.gmi': '# A\nherring\n'})
        self.wait_for(server, 'herring', '/a.gmi')
        for i in range(ROUNDS):
            write_tree(self.root, {'a.gmi': '# A\nword%d\n' % i,
                                   'n%d.gmi' % i: '# N\nherring n%d\n' % i})
            os.kill(server.indexer(), signal.SIGKILL)
        self.wait_for(server, 'word%d' % (ROUNDS - 1), '/a.gmi')
        for i in range(ROUNDS):
            self.wait_for(server, 'herring', '/n%d.gmi' % i)
        self.assertFalse(holds(server, 'herring', '/a.gmi'))
        server.stop()
        self.assertNotIn('damaged', server.log.text())

    def test_a_master_that_is_killed(self):
        server = self.serve({'a.gmi': '# A\nherring\n'})
        self.wait_for(server, 'herring', '/a.gmi')
        server.kill()
        server = self.serve({})
        self.assertTrue(holds(server, 'herring', '/a.gmi'))
        server.stop()

    def test_what_is_in_the_state(self):
        self.fill({'a.gmi': '# A\nherring\n'})
        damaged = 'warn index: localhost.db is damaged; rebuilding it'
        other = ('info index: localhost.db is of another version, language or '
                 'readers; rebuilding it')
        for reason, line, spoil in (
                ('empty', other, lambda file: file.truncate(0)),
                ('half', damaged, lambda file: file.truncate(8192)),
                ('other', damaged,
                 lambda file: file.write(b'no database' * 999)),
                ('version', other, lambda file: (
                    file.seek(60), file.write(b'\0\0\0\1')))):
            with self.subTest(reason):
                with contextlib.closing(
                        sqlite3.connect(self.database())) as database:
                    # Else the log would mend it.
                    database.execute('PRAGMA wal_checkpoint(TRUNCATE)')
                with open(self.database(), 'r+b') as file:
                    spoil(file)
                server = self.serve({})
                self.wait_for(server, 'herring', '/a.gmi')
                server.stop()
                self.assertEqual(
                    [text for text in server.log.text().splitlines()
                     if 'rebuilding it' in text], [line])
                self.assertNotIn('error', server.log.text())


class Damaged(State):
    def test_it_is_made_anew(self):
        self.fill({'a.gmi': '# A\nherring\n'})
        server = self.serve()
        self.wait_for(server, 'herring', '/a.gmi')
        with open(self.database(), 'r+b') as file:
            file.write(b'\xa5' * os.path.getsize(self.database()))
        self.assertIn(fetch(server, '/ask?herring').status, (20, 40))
        self.wait_for(server, 'herring', '/a.gmi')
        server.wait_for_line('^error master: a question found the index')


class SharedMemory(State):
    """The file by which the processes share the log of the database."""

    def check(self, spoil):
        server = self.serve({'a.gmi': '# A\nherring\n'})
        self.wait_for(server, 'herring', '/a.gmi')
        spoil(self.database() + '-shm')
        # Until the index sets it up again, it is not there.
        for path in '/ask?herring', '/manifest':
            self.assertIn(fetch(server, path).status, (20, 41))
        write_tree(self.root, {'b.gmi': '# B\ncod\n'})
        self.wait_for(server, 'cod', '/b.gmi')
        self.assertTrue(holds(server, 'herring', '/a.gmi'))
        server.stop()
        server = self.serve()
        self.wait_for(server, 'cod', '/b.gmi')
        server.stop()

    def test_it_is_removed(self):
        self.check(os.unlink)

    @beneath
    def test_it_is_cut(self):
        # The index dies of it, and another one takes its place.
        for size in 0, 3, 4096:
            with self.subTest(size=size):
                self.check(lambda path, size=size: os.truncate(path, size))
                shutil.rmtree(self.state)

    def test_it_is_overwritten(self):
        for byte in b'\0', b'\xa5':
            with self.subTest(byte=byte):
                def spoil(path, byte=byte):
                    with open(path, 'r+b') as file:
                        file.write(byte * os.path.getsize(path))
                self.check(spoil)
                shutil.rmtree(self.state)


class Alone(State):
    def refused(self, *options):
        result = subprocess.run(
            [CAPSULED, '-n', 'localhost', '-g', '127.0.0.1:0', '-G',
             '127.0.0.1:0', '-C', os.path.join(self.directory, 'others'),
             *options, '-o', 'state=' + self.state, self.root],
            stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=DEADLINE_S, check=False)
        self.assertIn(result.returncode, (1, 2), result.stderr)
        lines = [line for line in result.stderr.splitlines()
                 if self.state in line]
        self.assertEqual(len(lines), 1, result.stderr)
        return lines[0]

    def test_a_second_server(self):
        server = self.serve({'a.gmi': 'herring\n'})
        self.assertIn('another server uses it', self.refused())
        self.wait_for(server, 'herring', '/a.gmi')
        server.stop()
        self.serve({}).stop()

    def test_what_others_could_write(self):
        os.mkdir(self.root)
        os.mkdir(self.state)
        os.chmod(self.state, 0o777)
        self.assertIn('chmod 700', self.refused())
        self.assertIn('chmod 700', self.refused('-t'))
        if is_root():
            os.chmod(self.state, 0o700)
            self.assertIn('must belong to the user', self.refused())

    def test_a_lock_of_another_owner(self):
        os.mkdir(self.root)
        os.mkdir(self.state, 0o700)
        path = os.path.join(self.state, 'lock')
        os.close(os.open(path, os.O_CREAT, 0))
        if not is_root():
            self.assertTrue(self.refused().endswith(
                path + ': Permission denied; give it the owner of the '
                'directory'))

    def test_within_the_capsule(self):
        os.mkdir(self.root)
        self.state = os.path.join(self.root, 'state')
        self.assertIn('lies in the capsule', self.refused())
        self.assertFalse(os.path.exists(self.state))

    def test_a_reload(self):
        path = os.path.join(self.directory, 'conf')

        def configure(state):
            with open(path, 'w', encoding='ascii') as file:
                file.write('state = "%s"\n' % state)

        configure(self.state)
        server = self.serve({'a.gmi': 'herring\n'}, state=False,
                            arguments=('-c', path))
        self.wait_for(server, 'herring', '/a.gmi')
        for state in self.state, self.state + '2':
            configure(state)
            since = len(server.lines)
            server.signal(signal.SIGHUP)
            server.wait_for_line('^info reloaded', since)
            self.wait_for(server, 'herring', '/a.gmi')
        os.chmod(self.state, 0o777)
        configure(self.state)
        server.signal(signal.SIGHUP)
        server.wait_for_line('^error reload: state: .*chmod 700')
        write_tree(self.root, {'a.gmi': 'salmon\n'})
        self.wait_for(server, 'salmon', '/a.gmi')
        server.stop()
        self.assertTrue(os.path.exists(self.database()))


class Temporary(State):
    def setUp(self):
        super().setUp()
        self.temporary = os.path.join(self.directory, 'tmp')
        os.mkdir(self.temporary, 0o777)
        os.chmod(self.temporary, 0o1777)

    def serve(self, tree=None, *options, **named):
        return super().serve(tree, *options, state=False,
                             env=dict(os.environ, TMPDIR=self.temporary),
                             **named)

    def left(self):
        return glob.glob(os.path.join(self.temporary, 'capsuled-state-*'))

    def test_it_is_removed(self):
        server = self.serve({'a.gmi': 'herring\n'}, 'state=')
        self.wait_for(server, 'herring', '/a.gmi')
        self.assertEqual(len(self.left()), 1)
        server.signal(signal.SIGHUP)
        server.wait_for_line('^info reloaded')
        self.wait_for(server, 'herring', '/a.gmi')
        self.assertEqual(len(self.left()), 1)
        # No worker takes it along.
        server.signal_worker(signal.SIGTERM)
        server.stop()
        self.assertEqual(self.left(), [])

    def test_what_a_killed_server_left(self):
        server = self.serve({'a.gmi': 'herring\n'})
        self.wait_for(server, 'herring', '/a.gmi')
        left = self.left()
        self.assertEqual(len(left), 1)
        server.kill()
        self.assertEqual(self.left(), left)
        server = self.serve({})
        self.assertEqual(len(self.left()), 1)
        self.assertNotEqual(self.left(), left)
        other = Server({'b.gmi': 'cod\n'},
                       env=dict(os.environ, TMPDIR=self.temporary))
        self.addCleanup(other.stop)
        self.assertEqual(len(self.left()), 2)
        self.wait_for(server, 'herring', '/a.gmi')
        server.stop()
        self.assertEqual(len(self.left()), 1)


def mount(path):
    libc = ctypes.CDLL(None, use_errno=True)
    return libc.mount(b'tmpfs', path.encode(), b'tmpfs', 0,
                      b'size=600k,mode=0755') == 0


def unmount(path):
    ctypes.CDLL(None).umount2(path.encode(), 2)


def on_a_small_disk(test):
    """Leaves out a class where no small disk can be mounted."""
    with tempfile.TemporaryDirectory() as path:
        if not mount(path):
            return None
        unmount(path)
    return test


@on_a_small_disk
class Full(State):
    def setUp(self):
        super().setUp()
        self.disk = os.path.join(self.directory, 'disk')
        os.mkdir(self.disk)
        self.assertTrue(mount(self.disk))
        self.addCleanup(unmount, self.disk)
        self.state = os.path.join(self.disk, 'state')
        self.ballast = os.path.join(self.disk, 'ballast')

    def fill_disk(self):
        with open(self.ballast, 'wb', 0) as file:
            for size in 4096, 1:
                with contextlib.suppress(OSError):
                    while True:
                        file.write(bytes(size))

    def test_from_the_start(self):
        self.fill_disk()
        # The directory and its lock take no room.
        server = self.serve({'a.gmi': 'herring ' * 4000})
        server.wait_for_line('^error index: no room')
        self.assertEqual(fetch(server, '/a.gmi').status, 20)
        self.assertTrue(ask(server, 'herring').startswith('# Not yet'))
        os.unlink(self.ballast)
        # It is tried again when something changes, or after half a minute.
        write_tree(self.root, {'b.gmi': 'cod\n'})
        self.wait_for(server, 'cod', '/b.gmi')
        server.stop()

    def test_while_it_is_used(self):
        server = self.serve({'a.gmi': '# A\nherring\n'})
        self.wait_for(server, 'herring', '/a.gmi')
        self.fill_disk()
        write_tree(self.root, {'b.gmi': '# B\n' + ''.join(
            'word%d cod\n' % i for i in range(9999))})
        server.wait_for_line('^error index: no room')
        self.assertTrue(holds(server, 'herring', '/a.gmi'))
        self.assertEqual(fetch(server, '/manifest').status, 20)
        pid = server.indexer()
        os.unlink(self.ballast)
        write_tree(self.root, {'b.gmi': '# B\ncod\n'})
        self.wait_for(server, 'cod', '/b.gmi')
        self.assertEqual(server.indexer(), pid)
        server.stop()

    def test_edits_go_on(self):
        server = self.serve({'a.gmi': '# A\nherring\n'})
        self.wait_for(server, 'herring', '/a.gmi')
        write_tree(self.root, {'a.gmi': '# A\nsalmon\n'})
        self.wait_for(server, 'salmon', '/a.gmi')
        self.fill_disk()
        for i in range(ROUNDS):
            write_tree(self.root, {'a.gmi': '# A\nfish%d\n' % i})
            self.wait_for(server, 'fish%d' % i, '/a.gmi')
        server.stop()


if __name__ == '__main__':
    unittest.main()
