"""Faults that were found once: who waits for whom, and what gets lost."""

import os
import re
import resource
import select as system
import selectors
import shutil
import signal
import socket
import subprocess
import threading
import types
import unittest

from build import CAPSULED, SLOWER, beneath
from server import (DEADLINE_S, INSTRUMENTED, UNJAILED, Connection, Server, fetch,
                    gemini_connect, gopher_connect, new_directory, resident,
                    select, tls_context, wait_until, write_tree)
from trouble import TroubledServer

HOME = {'index.gmi': '# Home\n', 'page.gmi': '# Page\n'}
PAGE = b'iPage\t'


class Crowd:
    """Gopher clients that read as fast as they can, in a thread."""

    def __init__(self, server, count, selector):
        self.ends = 0
        self.error = None
        self.begun = set()
        self.done = False
        self.selector = selectors.DefaultSelector()
        for _ in range(count):
            client = socket.create_connection(
                ('127.0.0.1', server.gopher_port), DEADLINE_S)
            client.sendall(selector + b'\r\n')
            client.setblocking(False)
            self.selector.register(client, selectors.EVENT_READ)
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()
        try:
            wait_until(lambda: len(self.begun) == count, 'the first bytes')
        except AssertionError:
            self.close()
            raise

    def _drop(self, client):
        self.selector.unregister(client)
        client.close()

    def _run(self):
        try:
            while not self.done:
                for key, _ in self.selector.select(0.1):
                    if key.fileobj.recv(1 << 18):
                        self.begun.add(key.fd)
                    else:
                        self.ends += 1
                        self._drop(key.fileobj)
        except OSError as error:
            self.error = error

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.done = True
        self.thread.join()
        for key in list(self.selector.get_map().values()):
            self._drop(key.fileobj)
        self.selector.close()


class Waiting(unittest.TestCase):
    @staticmethod
    def with_links():
        """A server with a page that costs far more than it weighs."""
        # More of them than types are remembered of.
        links = ''.join('=> f/%d\n' % number for number in range(100000))
        return Server({'page.gmi': HOME['page.gmi'], 'links.gmi': links},
                      workers=1)

    def visit(self, server):
        self.assertIn(PAGE, select(server, '/page.gmi'))

    def test_behind_links_without_extension(self):
        with self.with_links() as server, \
                Crowd(server, 20, b'/links.gmi') as crowd:
            for _ in range(10):
                self.visit(server)
            self.assertEqual((crowd.ends, crowd.error), (0, None))

    def test_many_at_once(self):
        # Were one let in each time the others had their turn, most would
        # wait until the others were done.
        with self.with_links() as server, \
                Crowd(server, 4, b'/links.gmi') as crowd:
            visitors = []
            try:
                for _ in range(100):
                    visitor = gopher_connect(server)
                    visitors.append(visitor)
                    visitor.send(b'/page.gmi\r\n')
                for visitor in visitors:
                    self.assertIn(PAGE, visitor.read_all())
            finally:
                for visitor in visitors:
                    visitor.close()
            self.assertEqual((crowd.ends, crowd.error), (0, None))

    def test_behind_downloads(self):
        # Nobody of them ends: who waits for that is never answered.
        with Server(HOME, workers=1) as server:
            with open(server.path('big.bin'), 'wb') as file:
                file.truncate(1 << 30)
            with Crowd(server, 200, b'/big.bin') as crowd:
                for _ in range(3):
                    self.visit(server)
                self.assertEqual((crowd.ends, crowd.error), (0, None))

    def test_behind_lines_that_show_nothing(self):
        with Server(HOME, workers=1) as server:
            with open(server.path('empty.gmi'), 'wb') as file:
                file.write(b'```\n' * (5 << 20))
            with gopher_connect(server) as slow:
                slow.send(b'/empty.gmi\r\n')
                for _ in range(3):
                    self.visit(server)
                ready, _, _ = system.select([slow.socket], [], [], 0)
                self.assertEqual(ready, [])
                self.assertEqual(slow.read_all(), b'.\r\n')


class Lost(unittest.TestCase):
    def test_stalled_in_clear_ends_in_a_reset(self):
        with Server(options=['stall_timeout_ms=500']) as server:
            with open(server.path('big.bin'), 'wb') as file:
                file.truncate(10 << 20)
            with gopher_connect(server, receive_buffer=4096) as client:
                client.send(b'/big.bin\r\n')
                server.wait_for_line(r'path=/big\.bin .*cut=yes')
                with self.assertRaises(ConnectionResetError):
                    client.read_all()

    def late_end(self, server, client, request):
        """The file, when more of the request comes after its answer."""
        since = len(server.lines)
        client.send(request)
        got = client.read_some()
        # All is on its way, and most of it not yet taken.
        server.wait_for_line(r'path=/file\.bin ', since)
        for _ in range(3):
            client.send(b'\r\n')
            got += client.read_some()
        self.assertLess(len(got), 1 << 20)
        return got + client.read_all()

    def test_late_line_end(self):
        content = os.urandom(3 << 19)
        with Server({'file.bin': content}) as server:
            with gopher_connect(server) as client:
                got = self.late_end(server, client, b'/file.bin\r\n')
                self.assertTrue(got == content)
            with gemini_connect(server) as client:
                request = server.url('/file.bin').encode() + b'\r\n'
                got = self.late_end(server, client, request)
                header, body = got.split(b'\r\n', 1)
                self.assertRegex(header, b'^20 ')
                self.assertTrue(body == content)
                self.assertTrue(client.close_notify)

    def test_empty_file_over_gopher_with_tls(self):
        with Server({'empty.txt': ''}, options=['gopher_tls=yes']) as server:
            with Connection(server.gopher_port, tls_context()) as client:
                client.send(b'/empty.txt\r\n')
                self.assertEqual(client.read_all(), b'')
                self.assertTrue(client.close_notify)

    def test_long_lines_of_a_listing(self):
        # Each byte that is no UTF-8 grows to three, in name and title.
        # The short names move the long lines to and fro in the buffer.
        title = b'\xff' * 512
        pages = [b'%03da' % number + b'\xff' * 242 + b'.gmi'
                 for number in range(100)]
        short = [b'%03db' % number + b'x' * (number % 60)
                 for number in range(100)]
        tree = {b'many/' + name: b'# ' + title + b'\n' for name in pages}
        tree.update((b'many/' + name, b'') for name in short)
        want = []
        for number in range(100):
            want.append('=> ./%03da%s.gmi %s' % (
                number, '%FF' * 242, '\ufffd' * 512))
            want.append('=> ./%s %s' % ((short[number].decode(),) * 2))
        with Server(tree) as server:
            lines = fetch(server, '/many/').text.splitlines()
            self.assertTrue(want == [line for line in lines
                                     if line.startswith('=> ./')])
            links = [b'\t/many/' + line.split()[1][2:].encode() + b'\t'
                     for line in want]
            menu = select(server, '/many/').split(b'\r\n')
            self.assertTrue(links == [
                match[0] for line in menu
                for match in [re.search(rb'\t/many/[^\t]+\t', line)]
                if match])


class Memory(unittest.TestCase):
    def test_stalled_readers_of_a_listing(self):
        # As many as a worker lists by itself.
        count = 1000 // SLOWER
        tree = {'many/%s%d.txt' % ('x' * 200, number): ''
                for number in range(count)}
        # A directory that has not just changed is remembered.
        with TroubledServer(tree, stopped=True,
                            options=['limits=all']) as server:
            self.assertEqual(
                fetch(server, '/many/').text.count('\n=> ./'), count)
            worker, = server.workers()
            before = resident(worker)
            stalled = []
            try:
                for _ in range(50):
                    client = gopher_connect(server, receive_buffer=4096)
                    stalled.append(client)
                    client.send(b'/many/\r\n')
                for client in stalled:
                    self.assertTrue(client.read_some())
                # Sanitizers keep what is freed.
                if not INSTRUMENTED:
                    self.assertLess(resident(worker) - before, 20 << 20)
                # One network has a share of the memory for such answers.
                other = gopher_connect(server, source='127.0.0.9')
                other.send(b'/many/\r\n')
                self.assertEqual(other.read_all().count(b'\r\n0'), count)
            finally:
                for client in stalled:
                    client.close()


class Flood(unittest.TestCase):
    UPDATES = 8000  # of 27 bytes each

    def test_key_updates(self):
        with Server(HOME, options=['request_timeout_ms=100000']) as server:
            child = subprocess.Popen(
                ['openssl', 's_client', '-connect',
                 '127.0.0.1:%d' % server.gemini_port],
                stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE, bufsize=0)
            try:
                self.send_updates(child)
                # It ends when the server has ended the connection.
                child.wait(DEADLINE_S)
            finally:
                child.kill()
                child.wait()
                child.stdin.close()
                child.stderr.close()
            self.assertEqual(fetch(server).status, 20)

    def send_updates(self, child):
        for _ in range(self.UPDATES):
            try:
                child.stdin.write(b'k\n')
            except BrokenPipeError:
                return
            # What it reads at once it takes for one command.
            text = b''
            while b'KEYUPDATE' not in text:
                part = child.stderr.read(4096)
                if not part:
                    return
                text += part


class Reload(unittest.TestCase):
    def setUp(self):
        self.directory = new_directory()
        self.addCleanup(shutil.rmtree, self.directory)

    def reload(self, server):
        since = len(server.lines)
        old = set(server.workers())
        server.signal(signal.SIGHUP)
        server.wait_for_line(r'^info reloaded', since)
        # What they held open would hide what the new ones lack.
        wait_until(lambda: not old & set(server.workers()),
                   'the end of the old workers')

    def test_two_listeners_on_any_port(self):
        with Server(HOME, arguments=['-g', '127.0.0.1:0']) as server:
            ports = [int(port) for port in re.findall(
                r'127\.0\.0\.1:(\d+)',
                re.search(r'gemini=(\S+)', server.ready)[1])]
            self.assertEqual(len(set(ports)), 2)
            for _ in range(3):
                for port in ports:
                    server.gemini_port = port
                    self.assertEqual(fetch(server).text, '# Home\n')
                self.reload(server)

    @staticmethod
    def free_ports(count):
        taken = [socket.create_server(('127.0.0.1', 0))
                 for _ in range(count)]
        ports = [each.getsockname()[1] for each in taken]
        for each in taken:
            each.close()
        return ports

    def test_ports_change_protocol(self):
        path = os.path.join(self.directory, 'capsuled.conf')

        def configure(ports):
            with open(path, 'w', encoding='ascii') as file:
                file.write('gemini = {"127.0.0.1:%d"}\n'
                           'gopher = {"127.0.0.1:%d"}\n' % tuple(ports))

        ports = self.free_ports(2)
        configure(ports)
        with Server(HOME, arguments=['-c', path], gemini=None, gopher=None,
                    directory=self.directory) as server:
            for _ in range(3):
                server.gemini_port, server.gopher_port = ports
                self.assertEqual(fetch(server).text, '# Home\n')
                self.assertIn(PAGE, select(server, '/page.gmi'))
                ports.reverse()
                configure(ports)
                self.reload(server)


class Operator(unittest.TestCase):
    def test_log_that_nobody_reads(self):
        with Server(HOME) as server:
            server.log.reads_on.clear()
            try:
                for _ in range(3000):
                    self.assertIn(PAGE, select(server, '/page.gmi'))
            finally:
                server.log.reads_on.set()
            wait_until(lambda: select(server, '/page.gmi') and server.log.find(
                r'^warn log: \d+ lines were lost'), 'the word of it')

    def test_log_that_may_not_grow(self):
        """Log lines are lost, and no process ends."""
        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (4000, 4000))

        folder = new_directory()
        self.addCleanup(shutil.rmtree, folder)
        write_tree(folder, HOME)
        name = os.path.join(folder, '.log')
        with open(name, 'wb') as log:
            child = subprocess.Popen(
                [CAPSULED, *UNJAILED, '-g', 'off', '-G', '127.0.0.1:0', '-w',
                 '1', '-o', 'ask=off', '-o', 'manifest=off', folder],
                stderr=log, preexec_fn=limit)
        self.addCleanup(child.wait)
        self.addCleanup(child.kill)

        def find(pattern):
            with open(name, 'rb') as log:
                return re.search(pattern, log.read())

        ready = wait_until(lambda: find(rb'gopher=127.0.0.1:(\d+)'), 'ready')
        server = types.SimpleNamespace(gopher_port=int(ready[1]))
        wait_until(lambda: select(server, '/page.gmi') and
                   os.path.getsize(name) == 4000, 'a log that is full')
        for _ in range(100):
            self.assertIn(PAGE, select(server, '/page.gmi'))
        child.terminate()
        self.assertEqual(child.wait(DEADLINE_S), 0)

    @beneath
    def test_stop_of_the_process_group(self):
        """A worker that gets the signal before the master is no fault."""
        def state(pid):
            with open('/proc/%d/stat' % pid, encoding='ascii') as file:
                return file.read().rpartition(')')[2].split()[0]

        with Server(HOME, workers=1) as server:
            worker, = server.workers()
            server.signal(signal.SIGSTOP)
            wait_until(lambda: state(server.pid) == 'T', 'a stopped master')
            os.kill(worker, signal.SIGTERM)
            wait_until(lambda: state(worker) == 'Z', 'the end of a worker')
            server.signal(signal.SIGTERM)
            server.signal(signal.SIGCONT)
            self.assertEqual(server.wait(), 0)
            self.assertNotIn('another one in', server.log.text())

    def test_hanging_worker(self):
        with Server(HOME, workers=1,
                    options=['shutdown_timeout_ms=300']) as server:
            hanging = []
            try:
                for number in (signal.SIGHUP, signal.SIGTERM):
                    worker, = server.workers()
                    hanging.append(worker)
                    os.kill(worker, signal.SIGSTOP)
                    server.signal(number)
                    wait_until(lambda w=worker: w not in server.workers(),
                               'the end of a worker that hangs', 15)
                    if number == signal.SIGHUP:
                        self.assertIn(PAGE, select(server, '/page.gmi'))
                self.assertEqual(server.wait(), 0)
            finally:
                for worker in set(hanging) & set(server.workers()):
                    os.kill(worker, signal.SIGKILL)


class Room(unittest.TestCase):
    @staticmethod
    def limit():
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))

    @beneath
    def test_more_clients_than_descriptors(self):
        # A page, or that there is no room; never that something failed.
        with Server(HOME, workers=1, preexec_fn=self.limit) as server:
            with open(server.path('big.bin'), 'wb') as file:
                file.truncate(10 << 20)
            inside, more = [], []
            try:
                for _ in range(20):
                    client = gopher_connect(server, receive_buffer=4096)
                    inside.append(client)
                    client.send(b'/big.bin\r\n')
                    self.assertTrue(client.read_some())
                for _ in range(20):
                    client = gopher_connect(server)
                    more.append(client)
                    client.send(b'/pa')
                for _ in range(10):
                    self.assertIn(fetch(server, '/page.gmi').status, (20, 41))
                for client in more:
                    if not system.select([client.socket], [], [], 0)[0]:
                        client.send(b'ge.gmi\r\n')
                    self.assertRegex(client.read_all(),
                                     b'^(iPage\t|3Too busy)')
            finally:
                for client in inside + more:
                    client.close()
            wait_until(lambda: fetch(server).status == 20, 'recovery')
            for _ in range(20):
                self.assertEqual(fetch(server).text, '# Home\n')
                self.assertIn(PAGE, select(server, '/page.gmi'))
            self.assertIsNone(server.log.find('status=40'))


if __name__ == '__main__':
    unittest.main()
