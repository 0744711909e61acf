"""Listening sockets that a service manager passes: sd_listen_fds(3)."""

import contextlib
import fcntl
import os
import re
import shutil
import signal
import socket
import sys
import threading
import unittest

from build import beneath
from server import (CAPSULED, UNJAILED, Connection, Process, Server, fetch,
                    gopher_connect, new_directory, select, wait_until,
                    write_tree)
from trouble import ESCAPES, TroubledServer

TREE = {'index.gmi': '# Home\n'}
QUIET = {'ASAN_OPTIONS': 'handle_segv=0:detect_leaks=0'}
BOTH = ('gemini', 'gopher')


def listener():
    """A listening socket on a free port, to be passed as systemd does."""
    while True:
        with socket.create_server(('127.0.0.1', 0)) as free:
            address = free.getsockname()
        try:
            return socket.create_server(address, backlog=4096)
        except OSError:
            pass  # Another process has it now.


@contextlib.contextmanager
def listeners(count=2):
    """Sockets that this test keeps open, and that listen until the end."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(listener()) for _ in range(count)]
        yield sockets
        for one in sockets:
            if not one.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                raise AssertionError('a socket was shut down')


# Gives the descriptors of its first argument the numbers from 3 on.
ACTIVATOR = """
import os, sys
descriptors = [int(word) for word in sys.argv[1].split()]
for i, fd in enumerate(descriptors):
    os.dup2(fd, 3 + i)
variables = dict(word.split('=', 1) for word in sys.argv[2].split())
os.environ.update({'LISTEN_PID': str(os.getpid()), **variables})
os.execv(sys.argv[3], sys.argv[3:])
"""


@contextlib.contextmanager
def passed(sockets, names=BOTH, **variables):
    """The arguments of Process that pass these sockets to it."""
    # Above the numbers that they get.
    copies = [fcntl.fcntl(one.fileno(), fcntl.F_DUPFD, 100)
              for one in sockets]
    words = {'LISTEN_FDS': str(len(sockets))}
    if names is not None:
        words['LISTEN_FDNAMES'] = ':'.join(names)
    words.update(variables)
    try:
        yield {'program': [
            sys.executable, '-c', ACTIVATOR, ' '.join(map(str, copies)),
            ' '.join('%s=%s' % word for word in words.items()), CAPSULED],
               'pass_fds': copies}
    finally:
        for fd in copies:
            os.close(fd)


def serve(sockets, names=BOTH, made=Server, tree=TREE, gemini=None,
          gopher=None, variables=None, **named):
    """A server that has these sockets."""
    with passed(sockets, names, **variables or {}) as arguments:
        return made(tree, gemini=gemini, gopher=gopher, **arguments, **named)


def port(one):
    return one.getsockname()[1]


class Activation(unittest.TestCase):
    def check(self, server, sockets):
        gemini, gopher = sockets
        self.assertEqual(server.gemini_port, port(gemini))
        self.assertEqual(server.gopher_port, port(gopher))
        self.assertEqual(fetch(server).text, '# Home\n')
        self.assertIn(b'Home', select(server, '/'))

    def test_both(self):
        with listeners() as sockets:
            with serve(sockets) as server:
                self.check(server, sockets)
                server.out.wait('gopher://localhost:%d/' % port(sockets[1]))
                self.assertFalse(server.log.find('this machine only'))
            # The socket stays open, and a client waits for the next server.
            with Connection(port(sockets[1])) as client:
                client.send(b'/\r\n')
                with serve(sockets) as server:
                    self.assertIn(b'Home', client.read_all())

    def test_a_client_that_has_sent_nothing_is_for_the_next_server(self):
        with listeners() as sockets:
            with serve(sockets) as server:
                clients = [gopher_connect(server) for _ in range(4)]
                # The clients before this one have been accepted.
                self.assertIn(b'Home', select(server, '/'))
            with serve(sockets):
                for client in clients:
                    client.send(b'/\r\n')
                    self.assertIn(b'Home', client.read_all())
                    client.close()

    def test_one_protocol(self):
        for name in BOTH:
            with listeners(1) as sockets:
                with serve(sockets, [name]) as server:
                    self.assertEqual(
                        (server.gemini_port, server.gopher_port),
                        (port(sockets[0]), None) if name == 'gemini' else
                        (None, port(sockets[0])))

    def test_several_of_a_name(self):
        with listeners(3) as sockets:
            with serve(sockets, ['gemini', 'gopher', 'gemini']) as server:
                for one in sockets[0], sockets[2]:
                    server.gemini_port = port(one)
                    self.assertEqual(fetch(server).status, 20)

    def test_for_another_process(self):
        with listeners() as sockets:
            with serve(sockets, gemini='127.0.0.1:0', gopher='off',
                       variables={'LISTEN_PID': str(os.getpid())}) as server:
                self.assertNotEqual(server.gemini_port, port(sockets[0]))
                self.assertEqual(fetch(server).text, '# Home\n')

    def test_no_sockets(self):
        with serve([], gemini='127.0.0.1:0', gopher='off') as server:
            self.assertEqual(fetch(server).text, '# Home\n')

    def test_a_reload(self):
        with listeners() as sockets, serve(sockets) as server:
            server.signal(signal.SIGHUP)
            server.wait_for_line('^info reloaded')
            self.check(server, sockets)

    @beneath
    def test_a_worker_dies_of_a_fault(self):
        with listeners() as sockets, \
                serve(sockets, env=dict(os.environ, **QUIET)) as server:
            for _ in range(2):
                since = len(server.lines)
                server.signal_worker(signal.SIGSEGV)
                server.wait_for_line('executing itself', since)
                server.wait_for_line('^info ready', since)
                self.check(server, sockets)
                wait_until(lambda: len(server.workers()) == 2, 'two workers')
            since = len(server.lines)
            server.signal(signal.SIGHUP)
            server.wait_for_line('^info reloaded', since)
            self.check(server, sockets)

    @beneath
    def test_a_worker_shuts_them_down(self):
        with listeners() as sockets:
            with serve(sockets, made=TroubledServer,
                       options=('jail=off',)) as server:
                server.trouble['escape'] = ESCAPES.index('deafen')
                select(server, '/')
                server.wait_for_line('a socket was shut down')
                server.trouble['escape'] = 0
                wait_until(lambda: self.answers(server), 'an answer')

    @staticmethod
    def answers(server):
        try:
            return b'Home' in select(server, '/')
        except OSError:
            return False


class Configuration(unittest.TestCase):
    def test_addresses_of_the_configuration(self):
        with listeners() as sockets:
            with serve(sockets, gemini='127.0.0.1:%d' % port(sockets[0])) \
                    as server:
                self.assertEqual(server.gemini_port, port(sockets[0]))
                self.assertEqual(server.gopher_port, port(sockets[1]))

    def test_more_addresses(self):
        with listeners() as sockets:
            with serve(sockets, gemini='127.0.0.1:%d' % port(sockets[0]),
                       arguments=['-g', '127.0.0.1:0']) as server:
                first, second = re.search(
                    r'gemini=127.0.0.1:(\d+),127.0.0.1:(\d+) ',
                    server.ready).groups()
                self.assertEqual(int(first), port(sockets[0]))
                server.gemini_port = int(second)
                self.assertEqual(fetch(server).status, 20)

    def test_a_gopher_of_each_host(self):
        directory = new_directory()
        with listeners(3) as sockets:
            write_tree(directory, {
                'a/index.gmi': '# First\n', 'b/index.gmi': '# Second\n',
                'capsuled.conf': ''.join(
                    'host "%s.example" {\n capsule = "%s"\n'
                    ' gopher = "127.0.0.1:%d"\n}\n' % (name, os.path.join(
                        directory, name), port(one))
                    for name, one in zip('ab', sockets))})
            with self.plain(directory, sockets) as server:
                for one, title in zip(sockets, (b'First', b'Second')):
                    server.gopher_port = port(one)
                    self.assertIn(title, select(server, '/'))
        shutil.rmtree(directory)

    @contextlib.contextmanager
    def plain(self, directory, sockets):
        with passed(sockets, ['gopher', 'gopher', 'gemini']) as arguments:
            server = Process(
                ['-c', os.path.join(directory, 'capsuled.conf'), '-C',
                 os.path.join(directory, 'certs'), *UNJAILED], **arguments)
        try:
            server.wait_for_line('^info ready')
            yield server
        finally:
            server.signal(signal.SIGTERM)
            self.assertEqual(server.wait(), 0)

    def test_a_socket_without_address(self):
        """A reload that leaves one out is refused."""
        directory = new_directory()
        path = os.path.join(directory, 'capsuled.conf')
        write_tree(directory, {'capsuled.conf': 'width = 60\n'})
        with listeners() as sockets, \
                serve(sockets, arguments=['-c', path]) as server:
            write_tree(directory, {'capsuled.conf': 'gopher = off\n'})
            server.signal(signal.SIGHUP)
            server.wait_for_line(
                r'^error reload: \S+capsuled.conf: the socket 127.0.0.1:%d of '
                'the service manager is not in gopher; add it there, or leave '
                'that key out; keeping' % port(sockets[1]))
            self.assertIn(b'Home', select(server, '/'))
        shutil.rmtree(directory)


class Refused(unittest.TestCase):
    def refusal(self, sockets, names=BOTH, arguments=(), **variables):
        directory = new_directory()
        with passed(sockets, names, **variables) as popen:
            server = Process([*arguments, *UNJAILED, directory], **popen)
            self.assertEqual(server.wait(), 2)
        shutil.rmtree(directory)
        return server.log.text()

    def test_other_descriptors(self):
        with contextlib.ExitStack() as stack:
            def made(*kind):
                return stack.enter_context(socket.socket(*kind))
            good = stack.enter_context(listener())
            local = made(socket.AF_UNIX, socket.SOCK_STREAM)
            datagram = made(socket.AF_INET, socket.SOCK_DGRAM)
            bound = made(socket.AF_INET, socket.SOCK_STREAM)
            netlink = made(socket.AF_NETLINK, socket.SOCK_RAW)
            file = stack.enter_context(open('/dev/null', encoding='ascii'))
            for other, what in ((local, 'a local socket'),
                                (datagram, 'not a TCP socket'),
                                (bound, 'not listening'),
                                (netlink, 'a socket of another family'),
                                (file, 'not a socket')):
                with self.subTest(what):
                    self.assertRegex(
                        self.refusal([good, other, good],
                                     ['gemini', 'gopher', 'gemini']),
                        'descriptor 4 of LISTEN_FDS is %s, expected a '
                        'listening TCP socket; set ListenStream=' % what)

    def test_a_closed_descriptor(self):
        with listeners() as sockets:
            self.assertIn('descriptor 5 of LISTEN_FDS is closed', self.refusal(
                sockets, ['gemini', 'gopher', 'gopher'], LISTEN_FDS='3'))

    def test_names(self):
        with listeners() as sockets:
            for names, fd, name in (
                    (None, 3, ''), (['unknown', 'gopher'], 3, 'unknown'),
                    (['gemini'], 4, ''), (['gemini', 'Gopher'], 4, 'Gopher'),
                    (['capsuled.socket', 'gopher'], 3, 'capsuled.socket')):
                with self.subTest(names):
                    self.assertIn(
                        'descriptor %d of LISTEN_FDS has the name "%s", '
                        'expected gemini or gopher; set FileDescriptorName= '
                        'in its socket unit' % (fd, name),
                        self.refusal(sockets, names))

    def test_an_address_twice(self):
        with listeners() as (first, second):
            for names in ('gemini',) * 3, ('gemini', 'gopher', 'gopher'):
                self.assertIn(
                    'descriptor 5 of LISTEN_FDS has the address of descriptor '
                    '3; remove one of the two ListenStream= lines',
                    self.refusal([first, second, first], names))

    def test_numbers(self):
        for number in '-1', 'x', '65', '2147483648', '':
            with self.subTest(number), listeners() as sockets:
                self.assertIn('LISTEN_FDS is "%s", expected a number up to 64'
                              % number,
                              self.refusal(sockets, LISTEN_FDS=number))

    def test_a_key_without_the_address(self):
        with listeners() as sockets:
            for flags in ['-g', 'off'], ['-g', '127.0.0.1:1966']:
                self.assertIn(
                    'the socket 127.0.0.1:%d of the service manager is not '
                    'in gemini' % port(sockets[0]),
                    self.refusal(sockets, arguments=flags))
            # Each has its own name.
            self.assertIn('in use for gemini', self.refusal(
                sockets, arguments=['-g', '127.0.0.1:%d' % port(sockets[0]),
                                    '-G', '127.0.0.1:%d' % port(sockets[0])]))


class Restart(unittest.TestCase):
    REQUESTS = 500  # of each of four clients

    def test_no_request_is_lost(self):
        directory = new_directory()
        halfway = threading.Semaphore(0)
        lost = []

        def visit(server, gemini):
            for i in range(self.REQUESTS):
                try:
                    if gemini:
                        good = fetch(server).text == '# Home\n'
                    else:
                        good = b'Home' in select(server, '/')
                except (OSError, AssertionError) as error:
                    good = False
                    lost.append(error)
                if not good:
                    lost.append(i)
                if i == self.REQUESTS // 4:
                    halfway.release()

        with listeners() as sockets:
            first = serve(sockets, directory=directory,
                          options=('limits=off',))
            threads = [threading.Thread(target=visit, args=(first, i % 2))
                       for i in range(4)]
            for thread in threads:
                thread.start()
            for _ in threads:
                halfway.acquire()
            first.stop()
            with serve(sockets, directory=directory, options=('limits=off',)):
                for thread in threads:
                    thread.join()
        shutil.rmtree(directory)
        self.assertEqual(lost, [])
