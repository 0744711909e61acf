"""A client that stops, at whatever point, is let go in time."""

import select
import ssl
import unittest

import test_hello
from server import (Connection, Server, gemini_connect, gopher_connect,
                    hurried_connect, read_reply, tls_context)

TREE = {'index.gmi': '# Home\n'}


def hello():
    """A whole ClientHello, as a client would send it."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = tls_context().wrap_bio(incoming, outgoing, server_hostname='x')
    try:
        client.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


def drip(connection, data, pace=0.05):
    """Sends a byte at a time, until the server says something or ends.

    Returns how many it took.
    """
    for i in range(len(data)):
        readable = select.select([connection.socket], [], [], pace)[0]
        if readable:
            return i
        try:
            connection.send(data[i:i + 1])
        except OSError:
            return i
    return len(data)


def read_to_end(connection):
    """What still comes.  A byte on its way makes the end a reset."""
    try:
        return connection.read_all()
    except ConnectionResetError:
        return b''


class Requests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(TREE, options=['request_timeout_ms=700'])
        cls.addClassCleanup(cls.server.stop)
        # The kernel holds them back for some seconds before we see them.
        cls.silent = [Connection(port, limit=90) for port in (
            cls.server.gemini_port, cls.server.gopher_port)]
        for connection in cls.silent:
            cls.addClassCleanup(connection.close)

    def raw(self):
        """A plain connection to the Gemini port."""
        return Connection(self.server.gemini_port)

    def test_hello_that_stops(self):
        whole = hello()
        for length in (1, 5, 6, 100, len(whole) - 1):
            with self.subTest(length=length), self.raw() as connection:
                connection.send(whole[:length])
                self.assertEqual(connection.read_all(), b'')

    def test_long_hello_that_stops(self):
        # The first of them are kept, the others were given to OpenSSL.
        whole = test_hello.records(test_hello.hello(
            more=test_hello.extension(21, bytes(60000))))
        for length in (3071, 3072, 3073, 8192, 20000, len(whole) - 1):
            with self.subTest(length=length), self.raw() as connection:
                connection.send(whole[:length])
                self.assertEqual(connection.read_all(), b'')

    def test_hello_in_drops(self):
        # The deadline is for the whole, whatever keeps coming: all of it would
        # take half a minute.
        with self.raw() as connection:
            data = hello()
            self.assertLess(drip(connection, data), len(data))
            self.assertEqual(read_to_end(connection), b'')

    def test_handshake_that_stops(self):
        # The server has answered the hello, and nothing comes back.
        with self.raw() as connection:
            connection.send(hello())
            self.assertTrue(connection.read_some())
            connection.read_all()

    def test_request_that_stops(self):
        for part in (b'', b'g', b'gemini://localhost/', b'gemini://x\r',
                     b'gemini://localhost/\n'):
            with self.subTest(part=part), \
                    hurried_connect(self.server) as connection:
                if part:
                    connection.send(part)
                reply = connection.read_reply()
                self.assertEqual(reply.status, 59)
                self.assertTrue(reply.close_notify)

    def test_request_in_drops(self):
        with hurried_connect(self.server) as connection:
            data = b'gemini://localhost/' + b'a' * 900
            self.assertLess(drip(connection, data), len(data))
            reply = read_reply(connection.read_all(), connection.close_notify)
            self.assertEqual(reply.status, 59)

    def test_selector_that_stops(self):
        for part in (b'/', b'/page', b'/page.gmi\r', b'\t'):
            with self.subTest(part=part), \
                    gopher_connect(self.server) as connection:
                connection.send(part)
                self.assertEqual(connection.read_all(), b'')

    def test_selector_in_drops(self):
        with gopher_connect(self.server) as connection:
            self.assertLess(drip(connection, b'/' + b'a' * 900), 901)
            self.assertEqual(read_to_end(connection), b'')

    def test_without_a_word(self):
        for connection in self.silent:
            self.assertEqual(connection.read_all(), b'')


class Readers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(TREE, options=['stall_timeout_ms=700'])
        cls.addClassCleanup(cls.server.stop)
        with open(cls.server.path('big.bin'), 'wb') as file:
            file.truncate(64 << 20)

    def test_reader_that_stops(self):
        for connect, request in (
                (gemini_connect, self.server.url('/big.bin').encode()
                 + b'\r\n'),
                (gopher_connect, b'/big.bin\r\n')):
            with self.subTest(request=request), \
                    connect(self.server, receive_buffer=4096) as connection:
                mark = len(self.server.lines)
                connection.send(request)
                self.server.wait_for_line('path=/big.bin .*cut=yes', mark)
                try:
                    connection.read_all()
                    self.assertIsNotNone(connection.tls)
                except ConnectionResetError:
                    pass
                self.assertFalse(connection.close_notify)

    def test_reader_in_drops(self):
        # A byte now and then is not reading: it would take for ever.
        for connect, request in (
                (gemini_connect, self.server.url('/big.bin').encode()
                 + b'\r\n'),
                (gopher_connect, b'/big.bin\r\n')):
            with self.subTest(request=request), \
                    connect(self.server, receive_buffer=4096) as connection:
                connection.send(request)
                mark = len(self.server.lines)
                for _ in range(200):
                    if any('path=/big.bin' in line and 'cut=yes' in line
                           for line in self.server.lines[mark:]):
                        break
                    select.select([], [], [], 0.05)
                    try:
                        connection.socket.recv(1)
                    except ConnectionResetError:
                        break
                self.server.wait_for_line(
                    'path=/big.bin .*cut=yes', mark)


if __name__ == '__main__':
    unittest.main()
