"""Fairness: who comes too often is told so, and nobody else notices."""

import os
import re
import resource
import signal
import socket
import unittest

import test_hello
from build import DEADLINE_S, FILES_KEPT
from server import (Connection, Server, as_root, fetch, gopher,
                    gopher_connect, tls_context, wait_until)
from trouble import TroubledServer

HOME = {'index.gmi': '# Home\n'}
RULES = ('limits=all', 'limit_rate=1', 'limit_burst=10')


def visit(server, source):
    """A Gopher visit from a loopback address of the caller's choice."""
    with socket.create_connection(('127.0.0.1', server.gopher_port), DEADLINE_S,
                                  (source, 0)) as connection:
        connection.sendall(b'\r\n')
        answer = b''
        try:
            while data := connection.recv(65536):
                answer += data
        except ConnectionResetError:
            return b'reset'
        return answer


def strict(workers=1, *options):
    """A server where no token comes back: its clock stands still."""
    return TroubledServer(HOME, workers=workers, stopped=True,
                          options=(*RULES, *options))


class Rate(unittest.TestCase):
    def test_a_flood_is_told_and_then_dropped(self):
        with strict() as server:
            answers = [visit(server, '127.0.0.1') for _ in range(80)]
            kinds = [answer[:1] for answer in answers]
            # Words until twice the burst is owed, then none.
            self.assertEqual(kinds, [b'i'] * 10 + [b'3'] * 21 + [b'r'] * 49)
            for answer in answers[10:31]:
                self.assertRegex(
                    answer,
                    rb'^3Too many requests from your network, please '
                    rb'try again in \d+ s\t\terror.host\t1\r\n'
                    rb'1Home\t/\tlocalhost\t\d+\r\n\.\r\n$')
            # Whoever else comes is not concerned.
            self.assertEqual(visit(server, '127.0.0.2')[:1], b'i')
            # A token a second comes back.
            server.trouble.pass_time(11)
            self.assertEqual(visit(server, '127.0.0.1')[:1], b'3')
            server.trouble.pass_time(10)
            self.assertEqual(visit(server, '127.0.0.1')[:1], b'i')

    def test_gemini_is_told_the_seconds(self):
        with strict() as server:
            for _ in range(10):
                self.assertEqual(fetch(server).status, 20)
            reply = fetch(server)
            self.assertEqual(reply.status, 44)
            self.assertRegex(reply.meta, r'^[1-9]\d?$')
            self.assertTrue(reply.close_notify)

    def test_workers_count_together(self):
        with strict(workers=4) as server:
            kinds = [visit(server, '127.0.0.1')[:1] for _ in range(11)]
            self.assertEqual(kinds, [b'i'] * 10 + [b'3'])

    def test_this_machine_speaks_for_others(self):
        with Server(HOME, options=('limit_rate=1', 'limit_burst=5')) as server:
            for _ in range(30):
                self.assertEqual(visit(server, '127.0.0.1')[:1], b'i')

    def test_off(self):
        with Server(HOME, options=(*RULES, 'limits=off')) as server:
            for _ in range(30):
                self.assertEqual(visit(server, '127.0.0.1')[:1], b'i')


class Prefix(unittest.TestCase):
    # How many bits count, and what a neighbour gets after a flood.
    TABLE = ((32, '127.5.0.2', b'i'), (24, '127.5.0.2', b'r'),
             (24, '127.5.1.1', b'i'), (8, '127.6.1.1', b'r'))

    def test_who_is_a_neighbour(self):
        for bits, neighbour, want in self.TABLE:
            with self.subTest(bits=bits, neighbour=neighbour), \
                    strict(1, 'limit_ipv4_bits=%d' % bits) as server:
                wait_until(lambda s=server: visit(s, '127.5.0.1') == b'reset',
                           'the end of patience')
                self.assertEqual(visit(server, neighbour)[:1], want)


class Open(unittest.TestCase):
    def test_connections_at_once(self):
        # With two workers, the one that accepts the fourth client may be late
        # and refuse this client instead of the next.
        with Server(HOME, options=('limits=all', 'limit_open=4'),
                    workers=1) as server:
            waiting = []
            for _ in range(4):
                connection = gopher_connect(server)
                connection.send(b'/pa')
                waiting.append(connection)
            # The kernel may hold a client back, but not these.
            wait_until(lambda: gopher(server, b'\r\n').startswith(b'3Too many'),
                       'too many')
            self.assertEqual(visit(server, '127.0.0.9')[:1], b'i')
            for connection in waiting:
                connection.close()
            wait_until(lambda: gopher(server, b'\r\n').startswith(b'i'),
                       'room')

    def test_a_killed_worker_leaves_nothing_open(self):
        with Server(HOME, options=('limits=all', 'limit_open=4'),
                    workers=1) as server:
            held = [gopher_connect(server) for _ in range(4)]
            for connection in held:
                connection.send(b'/pa')
            wait_until(lambda: gopher(server, b'\r\n').startswith(b'3Too many'),
                       'too many')
            server.signal_worker(signal.SIGKILL)
            wait_until(lambda: visit(server, '127.0.0.1')[:1] == b'i',
                       'a new worker, and room')
            for connection in held:
                connection.close()


def shared_memory(pid):
    """The memory that a process shares with its children."""
    data = b''
    with open('/proc/%d/maps' % pid, encoding='ascii') as maps, \
            open('/proc/%d/mem' % pid, 'rb', 0) as memory:
        for line in maps:
            match = re.match(r'(\w+)-(\w+) rw-s .* /dev/zero', line)
            if match:
                begin, end = int(match[1], 16), int(match[2], 16)
                memory.seek(begin)
                data += memory.read(end - begin)
    return data


@as_root
class Privacy(unittest.TestCase):
    def test_no_address_is_written(self):
        # What the workers share outlives every connection.
        with Server(HOME, options=('limits=all',)) as server:
            before = shared_memory(server.pid)
            for last in range(1, 60):
                self.assertEqual(
                    visit(server, '127.77.66.%d' % last)[:1], b'i')
            after = shared_memory(server.pid)
            self.assertNotEqual(before, after)
            for last in range(1, 60):
                address = bytes((127, 77, 66, last))
                self.assertNotIn(address, after)
                self.assertNotIn(address[::-1], after)
            self.assertNotIn('127.77.66', server.log.text())


class Defaults(unittest.TestCase):
    def test_a_household_never_meets_them(self):
        # All its pages at once, and 60 clients that are slow to ask.
        with Server(HOME, options=('limits=all',)) as server:
            waiting = [gopher_connect(server) for _ in range(60)]
            try:
                for connection in waiting:
                    connection.send(b'/index')
                for _ in range(100):
                    self.assertEqual(visit(server, '127.0.0.2')[:1], b'i')
                    self.assertEqual(fetch(server).status, 20)
                for connection in waiting:
                    connection.send(b'.gmi\r\n')
                    self.assertEqual(connection.read_all()[:1], b'i')
            finally:
                for connection in waiting:
                    connection.close()


class Hostile(unittest.TestCase):
    FILES = 64 + FILES_KEPT  # which is room for 20 clients

    def few_files(self):
        resource.setrlimit(resource.RLIMIT_NOFILE, (self.FILES, self.FILES))

    def test_a_flood_gets_no_handshake(self):
        with strict() as server:
            wait_until(lambda: visit(server, '127.0.0.1') == b'reset',
                       'the end of patience')
            with Connection(server.gemini_port) as client:
                with self.assertRaises(ConnectionResetError):
                    client.send(b'\x16\x03\x01')
                    client.read_some()
                    client.send(b'\x02')
                    client.read_some()
            # Others shake hands as ever.
            with socket.create_connection(
                    ('127.0.0.1', server.gemini_port), DEADLINE_S,
                    ('127.0.0.2', 0)) as other:
                with tls_context().wrap_socket(other) as tls:
                    tls.sendall(server.url('/').encode() + b'\r\n')
                    self.assertTrue(tls.recv(100).startswith(b'20 '))

    def test_one_host_shuts_nobody_out(self):
        for option in ('limit_open=8', 'limit_open=64'):
            with self.subTest(option=option):
                self.check_one_host(option)

    def check_one_host(self, option):
        # It opens all it can and lets go of nothing.
        with Server(HOME, workers=1, preexec_fn=self.few_files,
                    options=('limits=all', option)) as server:
            with open(server.path('big.bin'), 'wb') as file:
                file.truncate(16 << 20)
            held = []
            try:
                for request in (b'/big.bin\r\n', b'/half') * 100:
                    client = socket.create_connection(
                        ('127.0.0.1', server.gopher_port), DEADLINE_S,
                        ('127.0.0.66', 0))
                    held.append(client)
                    client.sendall(request)
                for host in range(2, 40):
                    self.assertEqual(
                        visit(server, '127.0.0.%d' % host)[:1], b'i')
            finally:
                for client in held:
                    client.close()

    def test_half_open_clients_hold_up_nobody(self):
        hello = test_hello.records(test_hello.hello())
        for name, data, options in (
                ('a byte of TLS', b'\x16', ()),
                ('of many networks', b'\x16', ('limits=all',)),
                ('a large record', b'\x16\x03\x01\x40\0\x01\0', ()),
                ('a whole ClientHello', hello, ()),
                ('half a selector', b'/pa', ())):
            with self.subTest(name), \
                    Server(HOME, workers=1, preexec_fn=self.few_files,
                           options=('gopher_tls=yes', *options,
                                    'request_timeout_ms=600000')) as server:
                self.check_half_open(server, data)

    def check_half_open(self, server, data):
        """Many come, and stay: nobody else has to wait for their end."""
        crowd = []
        try:
            for number in range(4 * self.FILES):
                client = socket.create_connection(
                    ('127.0.0.1', server.gopher_port), 10,
                    ('127.0.0.%d' % (2 + number % 199), 0))
                crowd.append(client)
                client.sendall(data)
            for _ in range(3):
                # Those before may have had no time to ask yet.
                wait_until(lambda: visit(server, '127.0.0.1')[:1] == b'i',
                           'a visit over Gopher')
                wait_until(lambda: fetch(server).status == 20,
                           'a visit over Gemini')
        finally:
            for client in crowd:
                client.close()

    def test_who_asks_for_nothing_goes_first(self):
        with Server(HOME, workers=1, preexec_fn=self.few_files,
                    options=('limits=off',)) as server:
            with open(server.path('big.bin'), 'wb') as file:
                file.truncate(6 << 20)
            busy, idle = [], []
            try:
                for _ in range(10):
                    busy.append(gopher_connect(server, receive_buffer=4096))
                    busy[-1].send(b'/big.bin\r\n')
                    self.assertTrue(busy[-1].read_some())
                    idle.append(gopher_connect(server))
                    idle[-1].send(b'/pa')
                # Nobody is turned away who had no second to ask in.
                wait_until(lambda: visit(server, '127.0.0.1')[:1] == b'i',
                           'room')
                for _ in range(5):
                    # The next one may not have had its second yet.
                    wait_until(lambda: visit(server, '127.0.0.1')[:1] == b'i',
                               'room again')
                self.assertEqual(idle[0].read_all(), b'')
                for client in busy:
                    client.socket.setsockopt(
                        socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
                    got = len(client.read_all())
                    self.assertGreater(got, (6 << 20) - 70000)
            finally:
                for client in busy + idle:
                    client.close()


if __name__ == '__main__':
    unittest.main()
