"""Programs behind SCGI and CGI: what clients get, and when."""

import os
import shutil
import socket
import struct
import threading
import time
import unittest

from server import (
    Server, as_root, fetch, gemini_connect, gopher_connect, new_directory,
    select, wait_until, write_tree)

TREE = {'index.gmi': '# Home\n=> /app/x.png Picture\n=> /app/q? Ask\n'}
PAGE = b'20 text/gemini\r\n# Hi\n'


class Scgi:
    """A server whose answers are functions of the connection and variables."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.bind(path)
        os.chmod(path, 0o666)
        self.socket.listen(64)
        self.requests = []
        self.answers = {}
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(
                target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        with client:
            data = b''
            while b':' not in data:
                data += client.recv(1)
            left = int(data[:-1]) + 1
            data = b''
            while len(data) < left:
                data += client.recv(left - len(data))
            parts = data[:-1].decode('utf-8', 'surrogateescape').split('\0')
            variables = dict(zip(parts[::2], parts[1::2]))
            self.requests.append(variables)
            name = variables['PATH_INFO'].strip('/').split('/')[0]
            answer = self.answers.get(name, PAGE)
            try:
                if callable(answer):
                    answer(client, variables)
                else:
                    client.sendall(answer)
            except OSError:
                pass


def record(kind, content=b''):
    """A record of FastCGI, of request 1, with some padding."""
    return struct.pack('>BBHHBx', 1, kind, 1, len(content), 3) + content + b'pad'


END, STDOUT, STDERR = 3, 6, 7


class FastCgi(Scgi):
    """The same, for the records of FastCGI."""

    def serve(self, client):
        with client, client.makefile('rb') as requests:
            kind, length = None, 1
            # An empty STDIN, which is record 5, ends a request.
            while (kind, length) != (5, 0):
                _, kind, _, length, padding = struct.unpack(
                    '>BBHHBx', requests.read(8))
                requests.read(length + padding)
            client.sendall(self.answers['x'])


class Case(unittest.TestCase):
    backend = Scgi
    rules = 'path "/app/" { scgi = "%(directory)s/socket" }\n'
    options = ()

    def setUp(self):
        self.directory = new_directory()
        self.addCleanup(shutil.rmtree, self.directory, True)
        os.chmod(self.directory, 0o755)
        os.mkdir(os.path.join(self.directory, 'cgi'))
        self.scgi = self.backend(os.path.join(self.directory, 'socket'))
        self.addCleanup(self.scgi.socket.close)
        config = os.path.join(self.directory, 'capsuled.conf')
        with open(config, 'w', encoding='utf-8') as file:
            file.write(self.rules % {'directory': self.directory})
        self.server = Server(TREE, arguments=('-c', config),
                             options=self.options)
        self.addCleanup(self.server.kill)


class Answers(Case):
    def test_headers(self):
        table = [
            (PAGE, 20, b'# Hi\n'),
            (b'20 text/gemini\n# Hi\n', 20, b'# Hi\n'),
            (b'10 ' + b'x' * 1023 + b'\r\n', 10, b''),
            (b'10 ' + b'x' * 1024 + b'\r\n', 10, b''),
            (b'10 ' + b'x' * 1025 + b'\r\n', 42, b''),
            (b'20 text/gemini; lang=fr\n', 20, b''),
            (b'31 ./index.gmi\n', 31, b''),
            (b'Content-type: text/html\r\n\r\n20 text/plain\r\nx', 20, b'x'),
            (b'Status: 404 Not Found\r\n\r\n', 51, b''),
            (b'20', 42, b''),
            (b'99 x\r\n', 42, b''),
            (b'20 text\r/gemini\r\n', 42, b''),
            (b'20 text/gemini\0\r\n', 42, b''),
            (b'', 42, b''),
        ]
        for answer, status, body in table:
            with self.subTest(answer=answer[:40]):
                self.scgi.answers['x'] = answer
                reply = fetch(self.server, '/app/x')
                self.assertEqual(reply.status, status)
                self.assertEqual(reply.body, body)
                self.assertTrue(reply.close_notify)
                line = answer.split(b'\n')[0].rstrip(b'\r')
                if status in (31, 10):
                    self.assertEqual(reply.header, line)

    def test_byte_by_byte(self):
        def answer(client, _):
            client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)
            for byte in PAGE:
                client.sendall(bytes([byte]))

        self.scgi.answers['x'] = answer
        reply = fetch(self.server, '/app/x')
        self.assertEqual((reply.status, reply.body), (20, b'# Hi\n'))

    def test_one_log_line(self):
        self.scgi.answers['x'] = b'99 x\r\n'
        since = len(self.server.lines)
        self.assertEqual(fetch(self.server, '/app/x').status, 42)
        self.server.wait_for_line(r'^error program: .* path=/app/x', since)
        self.server.wait_for_line(r'^info gemini status=42', since)
        faults = [line for line in self.server.lines[since:]
                  if line.startswith('error')]
        self.assertEqual(len(faults), 1)

    def test_streams(self):
        """The first bytes arrive while the program waits."""
        for name, connect, request, first in (
                ('gemini', gemini_connect, None, b'one\n'),
                ('gopher', gopher_connect, b'/app/x\r\n', b'ione\t')):
            with self.subTest(protocol=name):
                go_on = threading.Event()

                def answer(client, _, go_on=go_on):
                    client.sendall(b'20 text/gemini\r\none\n')
                    go_on.wait(60)
                    client.sendall(b'two\n')

                self.scgi.answers['x'] = answer
                request = request or \
                    self.server.url('/app/x').encode() + b'\r\n'
                with connect(self.server) as client:
                    client.send(request)
                    data = b''
                    while first not in data:
                        data += client.read_some()
                    self.assertNotIn(b'two', data)
                    go_on.set()
                    self.assertIn(b'two', client.read_all())

    def test_one_address(self):
        """Another form of the path is redirected, and nothing is started."""
        for path, target in (('/app//x', '/app/x'),
                             ('/app/y/../x?q', '/app/x?q')):
            with self.subTest(path=path):
                reply = fetch(self.server, path)
                self.assertEqual((reply.status, reply.meta), (31, target))
        self.assertEqual(fetch(self.server, '/app/x%0ay').status, 59)
        self.assertEqual(self.scgi.requests, [])

    def test_gopher(self):
        """Statuses as Gopher has them (RFC 1436), and followed redirects."""
        answers = self.scgi.answers
        answers['ask'] = b'10 Your name\r\n'
        answers['secret'] = b'11 Password\r\n'
        answers['none'] = b'51 No such thing\r\n'
        answers['raw'] = b'20 image/png\r\n\x89PNG'
        answers['far'] = b'30 gemini://far.example/\r\n'
        answers['round'] = b'30 round\r\n'
        answers['on'] = b'30 x?a=b\r\n'
        answers['x'] = b'20 text/gemini\r\n# Hi\n=> y Link\n'
        self.assertIn(b'7Your name\t/app/ask\t',
                      select(self.server, '/app/ask'))
        self.assertIn(b'3Only over Gemini', select(self.server, '/app/secret'))
        self.assertIn(b'3Not found. No such thing',
                      select(self.server, '/app/none'))
        self.assertEqual(select(self.server, '/app/raw'), b'\x89PNG')
        self.assertIn(b'\tURL:gemini://far.example/\t',
                      select(self.server, '/app/far'))
        self.assertEqual(select(self.server, '/app/round')[:1], b'3')
        self.assertIn(b'1Link\t/app/y\t', select(self.server, '/app/x'))
        self.scgi.requests.clear()
        self.assertIn(b'1Link\t/app/y\t',
                      select(self.server, '/app/on\tsome words'))
        self.assertEqual([each['QUERY_STRING'] for each in self.scgi.requests],
                         ['some%20words', 'a=b'])
        menu = select(self.server, '/')
        self.assertIn(b'1Picture\t/app/x.png\t', menu)
        self.assertIn(b'7Ask\t/app/q\t', menu)
        # Words that are Gopher+ elsewhere.
        self.scgi.requests.clear()
        select(self.server, '/app/x\t+')
        self.assertEqual(self.scgi.requests[0]['QUERY_STRING'], '+')

    @as_root
    def test_clients_that_leave(self):
        """500 clients that reset: nothing is left of them."""
        done = threading.Event()
        self.addCleanup(done.set)

        def answer(client, _):
            client.sendall(PAGE)
            done.wait(60)

        workers = self.server.workers()
        before = [descriptors(pid) for pid in workers]
        self.scgi.answers['slow'] = answer
        for i in range(500):
            with gopher_connect(self.server) as client:
                client.send(b'/app/%s\r\n' % (b'slow' if i % 2 else b'x'))
                client.socket.setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER,
                    struct.pack('ii', 1, 0))
                # How long does not matter: each moment is to be tried.
                deadline = time.monotonic() + i % 50 / 1000
                while time.monotonic() < deadline:
                    pass
        self.assertEqual(self.server.workers(), workers)
        done.set()
        wait_until(lambda: [descriptors(pid) for pid in workers] == before,
                   'descriptors as before')
        self.assertEqual(fetch(self.server, '/app/x').status, 20)


def descriptors(pid):
    return len(os.listdir('/proc/%d/fd' % pid))


class Late(Case):
    rules = ('path "/app/" { scgi = "%(directory)s/socket"'
             ' script_timeout_ms = 1000 }\n')

    def test_silence(self):
        done = threading.Event()
        self.addCleanup(done.set)
        self.scgi.answers['x'] = lambda client, _: done.wait(60)
        self.assertEqual(fetch(self.server, '/app/x').status, 42)
        self.server.wait_for_line(r'^error program: no header in time')

    def test_silence_after_the_header(self):
        """The client can tell that the answer was cut short."""
        done = threading.Event()
        self.addCleanup(done.set)

        def answer(client, _):
            client.sendall(PAGE)
            done.wait(60)

        def begun():
            reply = fetch(self.server, '/app/x')
            return reply if reply.status != 42 else None

        def was_reset():
            try:
                self.assertEqual(select(self.server, '/app/x')[:1], b'3')
            except ConnectionResetError:
                return True
            return False

        self.scgi.answers['x'] = answer
        # On a busy machine the header itself can be late.
        reply = wait_until(begun, 'a header in time')
        self.assertEqual((reply.status, reply.body), (20, b'# Hi\n'))
        self.assertFalse(reply.close_notify)
        wait_until(was_reset, 'a header in time')

    def test_no_server(self):
        self.scgi.socket.close()
        os.unlink(os.path.join(self.directory, 'socket'))
        self.assertEqual(fetch(self.server, '/app/x').status, 42)


@as_root
class Scripts(Case):
    rules = 'path "/app/" { cgi = "%(directory)s/cgi" }\n'
    options = ('cgi_user=daemon',)

    def script(self, name, text):
        path = os.path.join(self.directory, 'cgi', name)
        write_tree(os.path.dirname(path), {name: '#!/bin/sh\n' + text})
        os.chmod(path, 0o755)

    def test_killed(self):
        self.script('early', 'kill -9 $$\n')
        self.script('late', 'printf "20 text/plain\\r\\nabc"; kill -9 $$\n')
        self.assertEqual(fetch(self.server, '/app/early').status, 42)
        reply = fetch(self.server, '/app/late')
        self.assertEqual((reply.status, reply.body), (20, b'abc'))
        self.assertFalse(reply.close_notify)
        with self.assertRaises(ConnectionResetError):
            select(self.server, '/app/late')

    def test_page(self):
        self.script('page', 'echo oh >&2; printf "20 text/plain\\n$PATH_INFO"\n')
        reply = fetch(self.server, '/app/page/more')
        self.assertEqual((reply.status, reply.body), (20, b'/more'))
        self.assertTrue(reply.close_notify)
        self.assertEqual(select(self.server, '/app/page/more'), b'/more')
        self.assertEqual(fetch(self.server, '/app/none').status, 51)


if __name__ == '__main__':
    unittest.main()


class Records(Case):
    backend = FastCgi
    rules = 'path "/app/" { fastcgi = "%(directory)s/socket" }\n'

    def ask(self, *records):
        self.scgi.answers['x'] = b''.join(records)
        return fetch(self.server, '/app/x')

    def test_a_page(self):
        reply = self.ask(record(STDOUT, b'20 text/gemi'),
                         record(STDOUT, b'ni\r\n# Hi\n'), record(STDOUT),
                         record(END, bytes(8)))
        self.assertEqual((reply.status, reply.body), (20, b'# Hi\n'))
        self.assertTrue(reply.close_notify)

    def test_faults(self):
        for name, records in {
                'the end before a header': [record(END, bytes(8))],
                'an overloaded server': [record(END, b'\0\0\0\0\2\0\0\0')],
                'no end': [],
                'another protocol': [b'HTTP/1.1 200 OK\r\n\r\n']}.items():
            with self.subTest(name):
                self.assertEqual(self.ask(*records).status, 42)

    def test_a_body_without_an_end(self):
        reply = self.ask(record(STDOUT, PAGE))
        self.assertEqual((reply.status, reply.body), (20, b'# Hi\n'))
        self.assertFalse(reply.close_notify)

    def test_errors_are_one_line(self):
        since = len(self.server.lines)
        self.ask(record(STDOUT, PAGE),
                 *[record(STDERR, b'%d ' % number) for number in range(900)],
                 record(END, bytes(8)))
        self.server.wait_for_line('status=20', since)
        lines = [line for line in self.server.lines[since:]
                 if 'wrote to standard error' in line]
        self.assertEqual(len(lines), 1, lines)
        self.assertIn(': 0 1 2 3 ', lines[0])
        self.assertNotIn('500', lines[0])
        self.assertIn(' path=/app/x', lines[0])
