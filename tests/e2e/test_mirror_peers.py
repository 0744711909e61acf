"""`capsule mirror` of other servers, which then break: nothing good is lost."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import threading
import unittest

from build import TOP
from origin import Mirror
from trouble import Trouble

sys.path.append(os.path.join(TOP, 'tests', 'bench'))
import peers  # noqa: E402
from rig import Rig, free_port  # noqa: E402

DAY = 24 * 60 * 60
TREE = {
    'index.gmi': '# Home\n=> docs/\n=> note.txt\n=> dead.txt\n=> more.txt\n',
    'more.txt': 'more\n',
    'note.txt': 'a note\n',
    'docs/index.gmi': '# Docs\n=> a.txt\n=> deep/b.txt\n',
    'docs/a.txt': 'a\n',
    'docs/deep/b.txt': 'b\n',
}
MAP = '''0A note	/note.txt
0More	/more.txt
1Docs	/docs/
0Dead	/dead.txt
0A	/docs/a.txt
'''


class Inetd:
    """A port whose connections are the standard input of a program."""

    def __init__(self, command, port):
        self.command = command
        self.socket = socket.create_server(('127.0.0.1', port))
        self.thread = threading.Thread(target=self.accept)
        self.thread.start()

    def accept(self):
        while True:
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            with client:
                subprocess.run(self.command, stdin=client, stdout=client,
                               stderr=subprocess.DEVNULL, check=False)

    def stop(self):
        self.socket.shutdown(socket.SHUT_RDWR)  # wakes the thread
        self.thread.join()
        self.socket.close()


class Peers(unittest.TestCase):
    def setUp(self):
        self.rig = Rig()
        self.addCleanup(self.rig.close)
        self.mirror = Mirror()
        self.addCleanup(self.mirror.remove)
        self.trouble = Trouble()
        self.addCleanup(self.trouble.close)
        self.tree = self.rig.path('tree')

    def make_tree(self, **more):
        """A tree that no server may write to: pygopherd would."""
        for path, text in {**TREE, **more}.items():
            path = os.path.join(self.tree, path)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, 'w', encoding='ascii') as file:
                file.write(text)
        os.chmod(self.tree, 0o555)
        self.addCleanup(os.chmod, self.tree, 0o755)
        self.addCleanup(self.allow, 0o755, 0o644)
        self.allow(0o555, 0o444)

    def allow(self, folder, file):
        """Other rights for a folder and a file."""
        os.chmod(os.path.join(self.tree, 'docs'), folder)
        os.chmod(os.path.join(self.tree, 'note.txt'), file)

    def run_mirror(self, seconds, *statuses):
        self.trouble['seconds'] = seconds
        result = self.mirror.run(self.url, env=self.trouble.environment())
        self.assertIn(result.returncode, statuses,
                      result.stdout + result.stderr)
        return result

    def kept(self):
        """What there is, in the copy or beside it."""
        found = {}
        for path, content in self.mirror.files(hidden=True).items():
            if path.startswith('.mirror/before/'):
                path = path.split('/', 3)[3]
            found.setdefault(path, set()).add(content)
        return found

    def check_nothing_is_lost(self, stop, url, *wanted):
        self.url = url
        self.run_mirror(0, 0)
        good = self.mirror.files()
        for path in wanted:
            self.assertEqual(good[path].decode(), TREE[path])
        self.assertIn('docs/deep/b.txt', good)
        self.assertNotIn('dead.txt', good)
        # Neither root nor anybody else: the servers run as another user.
        self.allow(0o000, 0o000)
        for seconds in (0, DAY, 2 * DAY):
            self.run_mirror(seconds, 0, 1)
            for path, content in good.items():
                self.assertIn(content, self.kept().get(path, ()), path)
        self.allow(0o555, 0o444)
        self.run_mirror(3 * DAY, 0)
        self.assertEqual(self.mirror.files(), good)
        stop()
        result = self.run_mirror(4 * DAY, 1)
        self.assertIn('Connection refused', result.stderr)
        self.assertEqual(self.mirror.files(), good)

    def check_peer(self, start, url, *wanted):
        server = start(self.rig, self.tree, self.tree)
        self.assertIsNotNone(server, 'see `make deps`')
        port, = server.ports.values()
        self.check_nothing_is_lost(
            lambda: self.rig.stop(server), url % port, *wanted)

    def test_molly_brown(self):
        self.make_tree()
        self.check_peer(peers.molly_brown, 'gemini://localhost:%d/', *TREE)

    def test_pygopherd(self):
        self.make_tree(gophermap=MAP)
        self.check_peer(peers.pygopherd, 'gopher://localhost:%d/',
                        'note.txt', 'docs/a.txt', 'docs/deep/b.txt')

    def check_gophernicus(self):
        """With its footers, of which the benchmark does without."""
        program = shutil.which('gophernicus', path='/usr/sbin:/usr/bin')
        self.assertIsNotNone(program, 'see `make deps`')
        port = free_port()
        server = Inetd(self.rig.as_nobody(
            [program, '-h', 'localhost', '-p', str(port), '-r', self.tree]),
                       port)
        stop = contextlib.ExitStack()
        stop.callback(server.stop)
        with stop:
            self.check_nothing_is_lost(
                stop.close, 'gopher://localhost:%d/' % port)

    def test_gophernicus(self):
        self.make_tree(gophermap=MAP)
        self.check_gophernicus()

    def test_gophernicus_without_maps(self):
        """Its listings leave out what cannot be read."""
        self.make_tree()
        self.check_gophernicus()


if __name__ == '__main__':
    unittest.main()
