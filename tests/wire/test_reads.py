"""Reads of a file fail, and the client can detect it."""

import contextlib
import errno
import signal
import unittest

from build import beneath
from server import (INSTRUMENTED, Connection, fetch, gemini_connect,
                    gopher_connect, select)
from trouble import ESCAPED_NO, ESCAPED_YES, ESCAPES, TroubledServer

TREE = {'index.gmi': '# Home\n', 'page.gmi': '# Page\n' + 'text\n' * 20000,
        'file.bin': bytes(8 << 20), 'unknown': b'\0\x03\1' * 50,
        'd/a.gmi': '# A\n', 'd/b.txt': 'b\n'}
FAILED = '3Something failed here'


class Reads(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = TroubledServer(TREE)
        cls.addClassCleanup(cls.server.stop)
        cls.trouble = cls.server.trouble

    def setUp(self):
        self.calm()

    def calm(self):
        """All goes well; whatever there is has just changed.

        So no answer is kept: files are from the future.
        """
        self.trouble.ends()
        self.trouble['seconds'] = -60

    def cut(self, connect, request):
        """The bytes of an answer that ends with an error for the client."""
        got = b''
        with connect(self.server) as client:
            client.send(request)
            try:
                while part := client.read_some():
                    got += part
            except ConnectionResetError:
                return got
            self.assertIsNotNone(client.tls)
            self.assertFalse(client.close_notify)
        return got

    def test_a_body_is_cut(self):
        for path, after in (('/file.bin', 0), ('/file.bin', 1),
                            ('/file.bin', 20), ('/page.gmi', 0),
                            ('/page.gmi', 1)):
            for connect, request in (
                    (gopher_connect, path.encode() + b'\r\n'),
                    (gemini_connect, self.server.url(path).encode() +
                     b'\r\n')):
                with self.subTest(path=path, after=after, connect=connect):
                    self.server.log.lines.clear()
                    # The first read tells the type.
                    self.trouble['after'] = 1 + after
                    self.trouble['read_error'] = errno.EIO
                    got = self.cut(connect, request)
                    self.assertLess(len(got), (after + 2) << 18)
                    self.server.wait_for_line(
                        '^error .*cut short: Input/output error path=')
                    self.calm()
                    self.assertEqual(fetch(self.server, path).status, 20)

    def test_a_file_that_gives_nothing(self):
        # The socket has room, and nothing comes to fill it.
        with TroubledServer(TREE, options=['stall_timeout_ms=700']) as server:
            # What it is is known from here on.
            self.assertEqual(fetch(server, '/file.bin').status, 20)
            server.trouble['after'] = 1
            server.trouble['read_error'] = errno.EAGAIN
            with gopher_connect(server) as client:
                client.send(b'/file.bin\r\n')
                with self.assertRaises(ConnectionResetError):
                    client.read_all()
            self.assertGreater(server.trouble['failed'], 0)
            server.trouble.ends()
            self.assertEqual(fetch(server).status, 20)

    def test_what_it_is_cannot_be_read(self):
        self.trouble['read_error'] = errno.EIO
        self.assertEqual(fetch(self.server, '/unknown').status, 40)
        self.assertTrue(select(self.server, '/unknown').decode().startswith(
            FAILED))
        self.calm()
        self.assertEqual(fetch(self.server, '/unknown').meta,
                         'application/octet-stream')

    def test_a_directory(self):
        # One that is half read is not shown as if that were all.
        for after in range(4):
            with self.subTest(after=after):
                self.trouble['after'] = after
                self.trouble['readdir_error'] = errno.EIO
                self.assertEqual(fetch(self.server, '/d/').status, 40)
                self.trouble['after'] = after
                self.assertTrue(select(
                    self.server, '/d/').decode().startswith(FAILED))
                self.calm()
                self.assertIn('./b.txt b.txt',
                              fetch(self.server, '/d/').text)

    @beneath
    def test_opening(self):
        for error in (errno.EIO, errno.EMFILE, errno.ENFILE, errno.ENOMEM,
                      errno.ENOTCONN, errno.ETIMEDOUT):
            with self.subTest(error=errno.errorcode[error]):
                self.server.log.lines.clear()
                self.trouble['open_error'] = error
                self.assertEqual(fetch(self.server, '/page.gmi').status, 40)
                self.assertEqual(fetch(self.server, '/').status, 40)
                self.server.wait_for_line('^error tree: cannot open: ')
                self.calm()
                self.assertEqual(fetch(self.server).status, 20)

    @beneath
    def test_a_stale_name_is_looked_up_again(self):
        self.trouble['open_error'] = errno.ESTALE
        self.assertEqual(fetch(self.server, '/page.gmi').status, 20)
        self.assertEqual(fetch(self.server, '/d/').status, 20)

    @beneath
    def test_what_is_not_there(self):
        self.server.log.lines.clear()
        for error in (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG,
                      errno.ELOOP, errno.EXDEV, errno.EACCES, errno.ENXIO,
                      errno.EINVAL, errno.EILSEQ):
            with self.subTest(error=errno.errorcode[error]):
                self.trouble['open_error'] = error
                self.assertEqual(fetch(self.server, '/d/b.txt').status, 51)
                self.assertTrue(select(self.server, '/d/b.txt').startswith(
                    b'3Not found'))
                self.calm()
        self.assertNotIn('error tree', self.server.log.text())


class Escapes(unittest.TestCase):
    """A worker that runs wild, right after its first client came."""

    def attempt(self, escape, options=()):
        with TroubledServer(TREE, options=options) as server:
            worker, = server.workers()
            server.trouble['escape'] = ESCAPES.index(escape)
            try:
                reply = select(server, '/page.gmi')
            except ConnectionResetError:
                reply = b''
            outcome = server.trouble['escaped']
            self.assertEqual(fetch(server).status, 20)
            if server.workers() == [worker]:
                self.assertTrue(reply)
            else:
                server.wait_for_line(
                    r'^\w+ master: worker %d ended: killed by signal %d .*'
                    'forbidden system call.*jail=log' %
                    (worker, signal.SIGSYS))
            return outcome, server.workers() == [worker]

    def test_each(self):
        if INSTRUMENTED:
            return  # there is no jail then
        for escape, lives in (('passwd', True), ('fork', False),
                              ('connect', False)):
            with self.subTest(escape):
                outcome, lived = self.attempt(escape)
                self.assertEqual(lived, lives)
                self.assertNotEqual(outcome, ESCAPED_YES)
                if lives:
                    self.assertEqual(outcome, ESCAPED_NO)
                # It is the jail that holds it.
                self.assertEqual(self.attempt(escape, ['jail=off']),
                                 (ESCAPED_YES, True))

    def test_linger(self):
        # The filter cannot see the value of SO_LINGER, which a listener hands
        # on to each client.
        with TroubledServer(TREE, options=['request_timeout_ms=200']) as server:
            server.trouble['escape'] = ESCAPES.index('linger')
            with contextlib.suppress(ConnectionResetError):
                select(server, '/page.gmi')
            self.assertEqual(server.trouble['escaped'], ESCAPED_YES)
            # Clients that are too slow: the end that each sees is no reset.
            for port in server.gopher_port, server.gemini_port:
                with Connection(port) as client:
                    client.send(b'\x16' if port == server.gemini_port
                                else b'/')
                    self.assertEqual(client.read_all(), b'')


if __name__ == '__main__':
    unittest.main()
