"""The tree changes while it is being read."""

import itertools
import os
import re
import shutil
import signal
import socket
import unittest

from server import (Server, fetch, gemini_connect, gopher_connect, select,
                    wait_until)
from trouble import TroubledServer

SIZE = 8 << 20
TREE = {'index.gmi': '# Home\n', 'd/a.gmi': '# A\n', 'd/b.gmi': '# B\n'}


class Changes(unittest.TestCase):
    def setUp(self):
        self.server = Server(TREE)
        self.addCleanup(self.server.stop)

    def begin(self, connect, request):
        """A client that has the first bytes of a large answer."""
        with open(self.server.path('big.bin'), 'wb') as file:
            file.write(os.urandom(1 << 20) * (SIZE >> 20))
        connection = connect(self.server, receive_buffer=4096)
        self.addCleanup(connection.close)
        connection.send(request)
        return connection, connection.read_some()

    @staticmethod
    def hurry(connection):
        connection.socket.setsockopt(
            socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)

    def whole(self):
        with open(self.server.path('big.bin'), 'rb') as file:
            return file.read()

    def test_removed_or_replaced_while_it_is_sent(self):
        def replace(path):
            with open(path + '.new', 'wb') as file:
                file.write(b'new')
            os.rename(path + '.new', path)

        def hide(path):
            os.chmod(path, 0)

        for change, connect in itertools.product(
                (os.unlink, replace, hide), (gopher_connect, gemini_connect)):
            with self.subTest(change=change, connect=connect):
                connection, first = self.begin(
                    connect, b'/big.bin\r\n' if connect is gopher_connect
                    else self.server.url('/big.bin').encode() + b'\r\n')
                want = self.whole()
                change(self.server.path('big.bin'))
                # Whoever began to read it reads it to the end.
                self.hurry(connection)
                got = first + connection.read_all()
                self.assertTrue(got.endswith(want))
                self.assertLess(len(got), SIZE + 100)
                if connection.tls is not None:
                    self.assertTrue(connection.close_notify)
                if change is hide:
                    self.assertEqual(fetch(self.server, '/big.bin').status,
                                     51)
                    os.chmod(self.server.path('big.bin'), 0o644)

    def test_shortened_while_it_is_sent(self):
        for connect, request in (
                (gopher_connect, b'/big.bin\r\n'),
                (gemini_connect,
                 self.server.url('/big.bin').encode() + b'\r\n')):
            with self.subTest(request=request):
                connection, first = self.begin(connect, request)
                os.truncate(self.server.path('big.bin'), 1 << 20)
                try:
                    rest = connection.read_all()
                    # An end that says it is none.
                    self.assertFalse(connection.close_notify)
                    self.assertIsNotNone(connection.tls)
                except ConnectionResetError:
                    rest = b''
                self.assertLess(len(first) + len(rest), SIZE)

    def test_grown_while_it_is_sent(self):
        connection, first = self.begin(gopher_connect, b'/big.bin\r\n')
        want = self.whole()
        with open(self.server.path('big.bin'), 'ab') as file:
            file.write(b'more')
        self.assertEqual(first + connection.read_all(), want)

    def test_directory_renamed_and_back(self):
        self.assertEqual(fetch(self.server, '/d/a.gmi').text, '# A\n')
        os.rename(self.server.path('d'), self.server.path('e'))
        self.assertEqual(fetch(self.server, '/d/a.gmi').status, 51)
        self.assertIn('One folder up', fetch(self.server, '/e/').text)
        self.assertEqual(fetch(self.server, '/e/a.gmi').text, '# A\n')

    def test_directory_renamed_under_a_listing(self):
        count = 6000
        os.mkdir(self.server.path('many'))
        names = ['%04d-%s.txt' % (number, 'x' * 200)
                 for number in range(count)]
        for name in names:
            with open(self.server.path('many/' + name), 'wb'):
                pass
        for connect, request in (
                (gopher_connect, b'/many/\r\n'),
                (gemini_connect,
                 self.server.url('/many/').encode() + b'\r\n')):
            with self.subTest(request=request), \
                    connect(self.server, receive_buffer=4096) as client:
                client.send(request)
                got = client.read_some()
                os.rename(self.server.path('many'),
                          self.server.path('moved'))
                self.assertEqual(fetch(self.server, '/many/').status, 51)
                self.hurry(client)
                got += client.read_all()
                os.rename(self.server.path('moved'),
                          self.server.path('many'))
                # It is whole, and ends as a whole one does.
                found = re.findall(rb'/(\d{4}-x+\.txt)[ \t]', got)
                self.assertEqual([name.decode() for name in found], names)
                self.assertTrue(client.close_notify if client.tls
                                else got.endswith(b'\r\n.\r\n'))

    def test_listing_changes_at_once(self):
        for _ in range(3):
            self.assertIn('./b.gmi B', fetch(self.server, '/d/').text)
            os.unlink(self.server.path('d/b.gmi'))
            self.assertNotIn('b.gmi', fetch(self.server, '/d/').text)
            with open(self.server.path('d/b.gmi'), 'w',
                      encoding='ascii') as file:
                file.write('# B\n')

    def test_gophermap_is_seen_at_once(self):
        self.assertIn(b'iHome', select(self.server, '/'))
        with open(self.server.path('gophermap'), 'w',
                  encoding='ascii') as file:
            file.write('Mapped\n')
        self.assertIn(b'iMapped', select(self.server, '/'))
        os.unlink(self.server.path('gophermap'))
        self.assertIn(b'iHome', select(self.server, '/'))

    def test_root_replaced(self):
        # The root was opened once: what takes its name is seen after SIGHUP.
        os.rename(self.server.root, self.server.root + '.old')
        os.mkdir(self.server.root, 0o755)
        with open(self.server.path('index.gmi'), 'w',
                  encoding='ascii') as file:
            file.write('# New\n')
        os.chmod(self.server.path('index.gmi'), 0o644)
        self.assertEqual(fetch(self.server).text, '# Home\n')
        mark = len(self.server.lines)
        self.server.signal(signal.SIGHUP)
        self.server.wait_for_line('^info reloaded', mark)
        # An old worker may still answer those who came before its end.
        wait_until(lambda: fetch(self.server).text == '# New\n', 'the new one')
        shutil.rmtree(self.server.root)
        wait_until(lambda: fetch(self.server, '/index.gmi').status == 51,
                   'that it is gone')


class Remembered(unittest.TestCase):
    """What has not changed for three seconds is kept, for as long."""

    def setUp(self):
        # A minute has gone by since all was written, and no more does.
        self.server = TroubledServer(dict(TREE, **{'t.txt': 'Old\n'}),
                                     stopped=True)
        self.addCleanup(self.server.stop)

    def test_pages_change_at_once_however_often_they_are_asked_for(self):
        def ask(path):
            return (fetch(self.server, path).body,
                    select(self.server, path))

        pages = {'/': 'index.gmi', '/d/a.gmi': 'd/a.gmi', '/t.txt': 't.txt'}
        for name in pages.values():
            with open(self.server.path(name), 'w', encoding='ascii') as file:
                file.write('Old\n')
        for _ in range(3):
            for path in pages:
                for got in ask(path):
                    self.assertIn(b'Old', got)
            for got in ask('/d/'):
                self.assertIn(b'b.gmi', got)
        os.unlink(self.server.path('d/b.gmi'))
        for got in ask('/d/'):
            self.assertIn(b'a.gmi', got)
            self.assertNotIn(b'b.gmi', got)
        for path, name in pages.items():
            with self.subTest(path=path):
                with open(self.server.path(name), 'r+',
                          encoding='ascii') as file:
                    file.write('New')
                for got in ask(path):
                    self.assertIn(b'New', got)
                os.unlink(self.server.path(name))
                for got in ask(path):
                    self.assertNotIn(b'New', got)

    def test_what_is_shut_leaves_its_listing(self):
        # The directory itself stays as it is.
        def is_shown():
            return 'b.gmi' in fetch(self.server, '/d/').text

        for mode, shown in ((0, False), (0o644, True)):
            self.assertEqual(is_shown(), not shown)
            os.chmod(self.server.path('d/b.gmi'), mode)
            self.assertEqual(is_shown(), not shown)
            self.server.trouble.pass_time(4)
            self.assertEqual(is_shown(), shown)


if __name__ == '__main__':
    unittest.main()
