"""Uploads by Titan: who may write, what is kept, and what is left behind."""

import contextlib
import hashlib
import os
import signal
import socket
import struct
import threading
import unittest

from clientcert import Visitor
from server import (
    Server, as_root, fetch, gemini, gemini_connect, gopher_connect,
    hurried_connect, new_directory, process_name, wait_until, write_tree)
from test_hosts import Hosts

PAGE = b'# New\nA wren.\n'
OLD = '# Old\n'
RULES = '''
path "/notes/" { writers = { "./editors" } }
path "/free/" { writers = { "any" } upload_limit = 1 delete = yes }
path "/free/closed/" { writers = {} }
path "/club/" { readers = { "./members" } writers = { "any" } }
path "/free/cgi/" { scgi = "/nonexistent.sock" }
moved("/free/moved.gmi", "/free/page.gmi")
'''
TREE = {
    'index.gmi': '# Home\n', 'notes/page.gmi': OLD, 'notes/index.gmi': OLD,
    'notes/b.txt': 'text\n', 'free/page.gmi': OLD, 'free/closed/page.gmi': OLD,
    'club/page.gmi': OLD, 'free/cgi/page.gmi': OLD,
}
HOSTS = '''
host "open.example" { capsule = "open" gopher = { "127.0.0.1:0" } }
host "club.example" { capsule = "club" gopher = { "127.0.0.1:0" }
    path "/free/" { writers = { "any" } } }
'''


def line(server, path, name='localhost', scheme='titan'):
    return ('%s://%s:%d%s\r\n' % (
        scheme, name, server.gemini_port, path)).encode()


class Titan(unittest.TestCase):
    options = ()

    @classmethod
    def setUpClass(cls):
        cls.writer = Visitor(cls)
        cls.other = Visitor(cls)
        cls.expired = Visitor(cls, end='20210101000000Z')

    def setUp(self):
        self.server = self.start()

    def start(self, options=(), **named):
        directory = new_directory()
        config = os.path.join(directory, 'capsuled.conf')
        write_tree(directory, {
            'capsuled.conf': RULES,
            'editors': self.writer.fingerprint + ' writer\n',
            'members': '# nobody\n'})
        for name in 'editors', 'members':
            os.chmod(os.path.join(directory, name), 0o644)
        write_tree(os.path.join(directory, 'tree'), TREE)
        if os.geteuid() == 0:
            # The server does not write as root.
            for folder, _, files in os.walk(os.path.join(directory, 'tree')):
                for name in ['', *files]:
                    os.chown(os.path.join(folder, name), 65534, 65534)
        server = Server({}, directory=directory, options=[
            *self.options, *options], arguments=['-c', config], **named)
        server.owned = True
        self.addCleanup(server.stop)
        return server

    def put(self, path, body=PAGE, who=None, parameters=None, **named):
        """Sends all in one write, as Lagrange does."""
        if parameters is None:
            parameters = ';size=%d' % len(body)
        return gemini(self.server, line(self.server, path + parameters) + body,
                      tls=(who or self.writer).tls(), **named)

    def read(self, name):
        with open(self.server.path(name), 'rb') as file:
            return file.read()

    def names(self, name):
        return sorted(os.listdir(self.server.path(name)))

    def state(self):
        """All of the tree: contents, times, numbers of files."""
        found = {}
        for folder, folders, files in os.walk(self.server.root):
            for name in files:
                path = os.path.join(folder, name)
                # A stopped upload may remove its file just now.
                with contextlib.suppress(FileNotFoundError), \
                        open(path, 'rb') as file:
                    status = os.fstat(file.fileno())
                    found[path] = (file.read(), status.st_mtime_ns,
                                   status.st_ino)
            for name in folders:
                found[os.path.join(folder, name)] = None
        return found

    def assert_reply(self, reply, status, meta=''):
        self.assertEqual(reply.status, status, reply)
        self.assertIn(meta, reply.meta)
        self.assertTrue(reply.close_notify)


class Table(Titan):
    """Each answer to an upload, and its reason."""

    def test_success(self):
        for path, name in (
                ('/notes/new.gmi', 'notes/new.gmi'),
                ('/notes/page.gmi', 'notes/page.gmi'),
                ('/notes/', 'notes/index.gmi'),
                ('/notes/sub/new.gmi', 'notes/sub/new.gmi'),
                ('/notes/caf%C3%A9.gmi', 'notes/café.gmi')):
            with self.subTest(path=path):
                self.assert_reply(self.put(path), 30)
                self.assertEqual(
                    self.put(path).meta, self.server.url(path))
                self.assertEqual(self.read(name), PAGE)
                status = os.stat(self.server.path(name))
                self.assertEqual(status.st_mode & 0o7777, 0o644)
        self.assertEqual(gemini(self.server, line(
            self.server, '/notes/new.gmi', scheme='gemini')).body, PAGE)
        self.server.wait_for_line(
            r'^info titan status=30 .*path=/notes/new\.gmi ')

    def test_no_writable_path_on_the_host(self):
        server = Hosts(self, HOSTS)
        for url, sni, status in (
                ('open.example', 'open.example', 53),
                ('club.example', 'open.example', 53),
                ('open.example', 'club.example', 53),
                ('none.example', 'club.example', 53),
                ('club.example', 'club.example', 60),
                ('club.example', None, 60)):
            with self.subTest(url=url, sni=sni):
                reply = gemini(server, line(
                    server, '/free/a.gmi;size=3', url) + b'abc', sni=sni)
                self.assert_reply(reply, status)
        # The first host, for which no certificate is asked, has no writers.
        reply = gemini(server, line(
            server, '/free/a.gmi;edit', 'club.example'), sni='club.example',
            tls=self.writer.tls())
        self.assert_reply(reply, 20)

    def test_certificates(self):
        before = self.state()
        for parameters in ';size=3', ';edit', ';size=0':
            request = line(self.server, '/notes/page.gmi' + parameters)
            self.assert_reply(gemini(self.server, request + b'abc'), 60)
            for who, status in ((self.other, 61), (self.expired, 62)):
                reply = gemini(self.server, request, tls=who.tls())
                self.assert_reply(reply, status)
                if status == 61:
                    self.assertIn(who.fingerprint, reply.meta)
        self.assertEqual(self.state(), before)

    def test_enrolment_by_the_fingerprint_of_61(self):
        reply = self.put('/notes/page.gmi', who=self.other)
        self.assert_reply(reply, 61)
        self.assertIn('; send this to the operator', reply.meta)
        match = self.server.wait_for_line(r'titan status=61 .*client=(\S+)')
        self.assertIn(match[1], reply.meta)
        path = os.path.join(self.server.directory, 'editors')
        with open(path, 'a', encoding='ascii') as file:
            file.write(match[1] + ' another\n')
        wait_until(lambda: self.put('/notes/page.gmi', who=self.other).status
                   == 30, 'the admission of a writer')

    def test_parameters(self):
        before = self.state()
        for parameters in (
                '', ';mime=text/gemini', ';size=3;size=3', ';size=x',
                ';size=-3', ';size=', ';size=3;x=1', ';size=3;edit',
                ';size=3?', ';size=3?a', ';size=3#a', ';edit?', ';',
                ';size=3;base=12', ';size=3;mime='):
            with self.subTest(parameters=parameters):
                self.assert_reply(
                    self.put('/notes/page.gmi', b'abc', parameters=parameters),
                    59)
        self.assertEqual(self.state(), before)

    def test_token_is_not_logged(self):
        for parameters in ';size=3;token=secret;x=1', ';token=secret':
            self.assert_reply(self.put(
                '/notes/token.gmi', b'abc', parameters=parameters), 59)
            self.server.wait_for_line(
                r'^info titan status=59 .*path=\S*/notes/token\.gmi ')
        self.assert_reply(gemini(self.server, line(
            self.server, '/token.gmi;token=secret', 'none.example')), 53)
        self.server.wait_for_line(
            r'^info titan status=53 .*path=\S*/token\.gmi ')

    def test_size_over_the_limit(self):
        before = self.state()
        for size in ((1 << 20) + 1, 1 << 40, 1 << 64, 10 ** 300):
            self.assert_reply(self.put(
                '/notes/page.gmi', b'', parameters=';size=%d' % size), 50,
                '1 MiB')
        self.assertEqual(self.state(), before)
        whole = b'# ' + b'x' * ((1 << 20) - 3) + b'\n'
        self.assert_reply(self.put('/notes/page.gmi', whole), 30)
        self.assertEqual(self.read('notes/page.gmi'), whole)

    def test_types_and_texts(self):
        before = self.state()
        for path, body, mime in (
                ('/notes/page.gmi', b'\xff\n', ''),
                ('/notes/page.gmi', b'a\0b\n', ''),
                ('/notes/page.gmi', b'```\nunclosed\n', ''),
                ('/notes/page.gmi', b'abc\n', ';mime=text/plain'),
                ('/notes/a.png', b'\x89PNG\r\n\x1a\n', '')):
            with self.subTest(path=path, body=body):
                self.assert_reply(self.put(
                    path, body, parameters=mime + ';size=%d' % len(body)), 59)
        self.assertEqual(self.state(), before)
        for mime in ';mime=text/plain', ';mime=text%2Fplain':
            self.assert_reply(self.put(
                '/notes/b.txt', b'abc\n', parameters=mime + ';size=4'), 30)

    def test_names_and_places(self):
        os.symlink('../index.gmi', self.server.path('free/link.gmi'))
        os.symlink('/etc', self.server.path('free/etc'))
        before = self.state()
        for path in (
                '/free/.hidden.gmi', '/free/.d/a.gmi', '/free/gophermap',
                '/free/link.gmi', '/free/etc/a.gmi', '/free/a/b/c.gmi',
                '/free/page.gmi/a.gmi', '/free/closed/page.gmi',
                '/free/closed/', '/free/cgi/page.gmi', '/free/moved.gmi',
                '/page.gmi', '/', '/../a.gmi', '/free/../a.gmi',
                '/free/%2e%2e/index.gmi', '/free', '/freedom/a.gmi',
                '/free/a%2Fb.gmi', '/free/%2e%2e%2Findex.gmi'):
            with self.subTest(path=path):
                self.assert_reply(self.put(path), 59)
        self.assertEqual(self.state(), before)

    def test_writers_that_may_not_read(self):
        for parameters in ';size=3', ';edit', ';size=0':
            self.assert_reply(self.put(
                '/club/page.gmi', b'abc', parameters=parameters), 61)
        self.assertEqual(self.read('club/page.gmi'), OLD.encode())

    def test_folder_without_permissions(self):
        os.mkdir(self.server.path('free/shut'), 0)
        self.assert_reply(self.put('/free/page.gmi'), 30)
        self.assert_reply(self.put('/free/shut/page.gmi'), 40)

    def test_deletion(self):
        self.assert_reply(self.put('/notes/page.gmi', b''), 50)
        self.assertEqual(self.read('notes/page.gmi'), OLD.encode())
        reply = self.put('/free/page.gmi', b'')
        self.assert_reply(reply, 30)
        self.assertEqual(reply.meta, self.server.url('/free/'))
        self.assertFalse(os.path.exists(self.server.path('free/page.gmi')))
        self.assert_reply(self.put('/free/page.gmi', b''), 51)

    def test_base(self):
        good = hashlib.sha256(OLD.encode()).hexdigest()
        for base, status in ((good, 30), (good, 59), (good.upper(), 59)):
            self.assert_reply(self.put(
                '/notes/page.gmi', PAGE,
                parameters=';size=%d;base=%s' % (len(PAGE), base)), status)

    def test_edit(self):
        for path, mime, body in (
                ('/notes/page.gmi', 'text/gemini', OLD.encode()),
                ('/notes/', 'text/gemini', OLD.encode()),
                ('/notes/b.txt', 'text/plain', b'text\n'),
                ('/notes/none.gmi', 'text/gemini', b''),
                ('/notes/none/', 'text/gemini', b'')):
            reply = self.put(path, b'', parameters=';edit')
            self.assert_reply(reply, 20)
            self.assertEqual((reply.mime, reply.body), (mime, body))

    def test_not_over_gopher(self):
        with gopher_connect(self.server) as client:
            client.send(line(self.server, '/free/a.gmi;size=3') + b'abc')
            self.assertTrue(client.read_all().startswith(b'3'))
        self.assertNotIn('a.gmi', self.names('free'))


class Found(Titan):
    options = ('state=',)

    def test_in_the_index_and_over_gopher(self):
        self.assert_reply(self.put('/notes/new.gmi'), 30)
        for question, words in (('/ask?wren', '/notes/new.gmi'),
                                ('/manifest', 'notes/new.gmi')):
            wait_until(lambda q=question, w=words:
                       w in fetch(self.server, q).text, question)
        with gopher_connect(self.server) as client:
            client.send(b'/notes/new.gmi\r\n')
            self.assertIn(b'iA wren.\t', client.read_all())


class Refused(Titan):
    """The client gets the answer, although it has sent all before it reads."""

    def test_a_mebibyte(self):
        body = b'x' * (1 << 20)
        for who, path in ((None, '/notes/page.gmi'), (self.other, '/notes/a'),
                          (self.writer, '/a.gmi')):
            with self.subTest(path=path):
                request = line(self.server, path + ';size=%d' % len(body))
                with gemini_connect(
                        self.server, tls=who.tls() if who else None) as client:
                    # The system would take all of it, and a reset then comes
                    # too late to be seen.
                    client.socket.setsockopt(
                        socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
                    client.send(request + body)
                    reply = client.read_reply()
                self.assertIn(reply.status, (59, 60, 61))
                self.assertTrue(reply.close_notify)


class Cut(Titan):
    """Uploads that do not come whole, or come with more."""

    def begin(self, sent=999, connect=gemini_connect, path='/notes/page.gmi'):
        client = connect(self.server, sni='localhost', tls=self.writer.tls())
        self.addCleanup(client.close)
        client.send(line(self.server, path + ';size=1000') + b'x' * sent)
        return client

    def assert_unchanged(self, before):
        # The writer has seen the end of one upload before the next begins.
        self.assert_reply(self.put('/free/after.gmi'), 30)
        os.remove(self.server.path('free/after.gmi'))
        wait_until(lambda: self.state() == before, 'the end of an upload')

    def assert_nothing(self, client, before):
        self.assertEqual(client.read_all(), b'')
        self.assertFalse(client.close_notify)
        self.assert_unchanged(before)

    def test_close_notify(self):
        before = self.state()
        client = self.begin()
        client.end_sending(close_notify=True)
        self.assert_nothing(client, before)

    def test_fin(self):
        before = self.state()
        client = self.begin()
        client.end_sending()
        self.assert_nothing(client, before)

    def test_reset(self):
        before = self.state()
        client = self.begin()
        client.socket.setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        client.close()
        self.assert_unchanged(before)

    def test_one_more(self):
        before = self.state()
        for size in 1, 1000, 1001:
            with self.subTest(size=size):
                reply = self.put('/notes/page.gmi', b'x' * (size + 1),
                                 parameters=';size=%d' % size)
                self.assert_reply(reply, 59, 'More bytes')
        self.assert_unchanged(before)

    def test_begins_after_the_request(self):
        client = self.begin(0)
        for byte in b'x' * 999 + b'\n':
            client.send(bytes([byte]))
        self.assertEqual(client.read_reply().status, 30)
        self.assertEqual(self.read('notes/page.gmi'), b'x' * 999 + b'\n')


    def writing(self):
        """The process that writes, and the number of its descriptors."""
        def newest():
            pids = [pid for pid in self.server.children()
                    if process_name(pid) == 'capsuled-writer']
            try:
                return pids and (pids[-1], len(os.listdir(
                    '/proc/%d/fd' % pids[-1])))
            except FileNotFoundError:
                return None
        return wait_until(newest, 'a process that writes')

    @as_root
    def test_killed_writer(self):
        for _ in range(20):
            self.assert_reply(self.put('/free/page.gmi', OLD.encode()), 30)
            before = self.state()
            pid, idle = self.writing()
            client = self.begin()
            wait_until(lambda: self.writing()[1] > idle, 'an upload')
            os.kill(pid, signal.SIGKILL)
            reply = client.read_reply()
            self.assertEqual(reply.status, 40, reply)
            wait_until(lambda: self.writing()[0] != pid, 'a new writer')
            wait_until(lambda: self.state() == before, 'no file left')


class Silent(Cut):
    def start(self, **named):
        return super().start(options=['stall_timeout_ms=300'], **named)

    # The tests of the other class need a long deadline.
    test_close_notify = test_fin = test_reset = test_one_more = None
    test_begins_after_the_request = test_killed_writer = None

    def test_silence(self):
        before = self.state()
        client = self.begin(connect=hurried_connect)
        self.assertEqual(client.read_all(), b'')
        self.assertFalse(client.close_notify)
        wait_until(lambda: self.state() == before, 'the end of an upload')


class Many(Titan):
    def test_at_once(self):
        replies = {}
        bodies = {i: b'# %d\n' % i * 5000 for i in range(20)}

        def upload(i):
            replies[i] = self.put('/free/%d.gmi' % i, bodies[i])

        threads = [threading.Thread(target=upload, args=(i,)) for i in bodies]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for i, body in bodies.items():
            self.assert_reply(replies[i], 30)
            self.assertEqual(self.read('free/%d.gmi' % i), body)

    def test_one_page(self):
        bodies = [b'# %d\n' % i * 20000 for i in range(20)]
        threads = [threading.Thread(target=self.put, args=(
            '/free/page.gmi', body)) for body in bodies]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertIn(self.read('free/page.gmi'), bodies)


class Signals(Titan):
    def half(self):
        client = gemini_connect(self.server, tls=self.writer.tls())
        self.addCleanup(client.close)
        client.send(line(self.server, '/notes/page.gmi;size=%d' % len(PAGE)) +
                    PAGE[:5])
        return client

    def test_reload(self):
        client = self.half()
        # Both are requests that have begun.
        begun = len(self.server.lines)
        self.server.signal(signal.SIGHUP)
        self.server.wait_for_line(r'^info reloaded', begun)
        client.send(PAGE[5:])
        self.assertEqual(client.read_reply().status, 30)
        self.assertEqual(self.read('notes/page.gmi'), PAGE)
        self.assert_reply(self.put('/notes/page.gmi', b'# Next\n'), 30)

    def test_stop(self):
        client = self.half()
        self.server.signal(signal.SIGTERM)
        self.server.wait_for_line(r'^info stopping')
        client.send(PAGE[5:])
        self.assertEqual(client.read_reply().status, 30)
        self.assertEqual(self.read('notes/page.gmi'), PAGE)
        self.server.stop()


if __name__ == '__main__':
    unittest.main()
