"""Reload, accidents and end of the server."""

import itertools
import os
import resource
import shutil
import signal
import socket
import subprocess
import threading
import time
import unittest

from server import (CAPSULED, DEADLINE_S, UNJAILED, Connection, Server,
                    fetch, gemini_connect, gopher_connect, hurried_connect,
                    new_directory, peer_certificate, read_reply, select,
                    tls_context, wait_until)

TREE = {'index.gmi': '# Home\n', 'page.gmi': '# Page\n'}
HOME = '# Home\n'


def big_file(server, name='big.bin', megabytes=10):
    content = os.urandom(4096) * (megabytes * 256)
    with open(server.path(name), 'wb') as file:
        file.write(content)
    return content


def slow_reader(server, path='/big.bin'):
    """A connection that has its header and some body, and stops there."""
    slow = Connection(server.gemini_port, tls_context(),
                      receive_buffer=4096, limit=60)
    slow.send(server.url(path).encode() + b'\r\n')
    return slow, slow.read_some()


class End(unittest.TestCase):
    def test_signals(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(number=number):
                server = Server(TREE)
                fetch(server)
                server.signal(number)
                server.stop()

    def test_nobody_there(self):
        server = Server(TREE)
        server.stop()
        with self.assertRaises(ConnectionRefusedError):
            Connection(server.gemini_port)

    def test_body_in_flight_is_finished(self):
        server = Server(TREE)
        try:
            content = big_file(server)
            slow, got = slow_reader(server)
            with slow:
                pids = server.workers()
                server.signal(signal.SIGTERM)
                # It no longer takes anybody, but goes on with this one.
                wait_until(lambda: self.refuses(server),
                           'the end of listening')
                self.assertTrue(set(server.workers()) & set(pids))
                reply = read_reply(got + slow.read_all(), slow.close_notify)
            self.assertTrue(reply.body == content)
            self.assertTrue(reply.close_notify)
            server.stop()
        finally:
            server.kill()

    @staticmethod
    def refuses(server):
        try:
            socket.create_connection(
                ('127.0.0.1', server.gemini_port), 5).close()
        except OSError:
            return True
        return False

    def test_clients_that_began_may_end(self):
        # Until the deadline of a request: no other ends before the test's own.
        with Server(TREE, workers=1, options=[
                'request_timeout_ms=1000',
                'shutdown_timeout_ms=600000']) as server, \
                Connection(server.gemini_port) as hello, \
                hurried_connect(server), gopher_connect(server) as request:
            hello.send(b'\x16\x03\x01')
            request.send(b'/pa')
            # They are with the worker when it has served a later one.
            wait_until(lambda: select(server, '/page.gmi'), 'an answer')
            server.stop()

    def test_clients_that_the_kernel_holds_are_served(self):
        """Clients that have sent nothing are deferred by TCP_DEFER_ACCEPT."""
        with Server(TREE) as server, gopher_connect(server) as selector, \
                Connection(server.gemini_port) as hello:
            server.signal(signal.SIGTERM)
            wait_until(lambda: self.refuses(server),
                       'the end of listening')
            selector.send(b'/page.gmi\r\n')
            hello.start_tls(tls_context(), 'localhost')
            hello.send(server.url('/page.gmi').encode() + b'\r\n')
            self.assertIn(b'Page', selector.read_all())
            self.assertEqual(hello.read_reply().text, '# Page\n')
            server.stop()

    def test_shutdown_deadline(self):
        server = Server(TREE, options=['shutdown_timeout_ms=500'])
        try:
            big_file(server)
            slow, _ = slow_reader(server)
            with slow:
                server.signal(signal.SIGTERM)
                self.assertEqual(server.wait(), 0)
        finally:
            server.kill()

    def test_stalled_reader_is_let_go(self):
        with Server(TREE, options=['stall_timeout_ms=500']) as server:
            big_file(server)
            with gemini_connect(server, receive_buffer=4096) as slow:
                slow.send(server.url('/big.bin').encode() + b'\r\n')
                server.wait_for_line(r'path=/big\.bin .*cut=yes')
                try:
                    got = slow.read_all()
                except ConnectionResetError:
                    got = b''
                self.assertLess(len(got), 10 << 20)
                self.assertFalse(slow.close_notify)

    def test_client_that_never_closes(self):
        # After the answer, the drain's deadline ends the connection.
        with Server(TREE, options=['drain_timeout_ms=300']) as server:
            with gemini_connect(server) as client:
                client.send(server.url('/').encode() + b'\r\n')
                self.assertEqual(client.read_reply().text, HOME)

                def is_gone():
                    try:
                        client.socket.send(b'x')
                    except (BrokenPipeError, ConnectionResetError):
                        return True
                    return False

                wait_until(is_gone, 'the end of the connection')

    def test_master_killed(self):
        server = Server(TREE)
        try:
            self.assertEqual(len(server.workers()), 2)
            server.child.kill()
            server.child.wait()
            self.assertTrue(server.log.wait_for_end(),
                            'workers outlived their master')
        finally:
            server.kill()


class Reload(unittest.TestCase):
    def setUp(self):
        self.directory = new_directory()
        self.addCleanup(shutil.rmtree, self.directory)
        self.file = os.path.join(self.directory, 'capsuled.conf')

    def configure(self, text):
        with open(self.file, 'w', encoding='utf-8') as file:
            file.write(text)

    def start(self, **named):
        return Server(TREE, directory=self.directory,
                      arguments=['-c', self.file], **named)

    def test_takes_new_options(self):
        self.configure('lang = "en"\n')
        with self.start() as server:
            self.assertEqual(fetch(server).meta, 'text/gemini; lang=en')
            self.configure('lang = "de"\n')
            self.assertEqual(fetch(server).meta, 'text/gemini; lang=en')
            server.signal(signal.SIGHUP)
            wait_until(
                lambda: fetch(server).meta == 'text/gemini; lang=de',
                'the new language')
            # The old workers go, the new ones stay.
            wait_until(lambda: len(server.workers()) == 2,
                       'the old workers\' end')
            for _ in range(20):
                self.assertEqual(fetch(server).meta, 'text/gemini; lang=de')

    def test_loses_no_request(self):
        self.configure('lang = "en"\n')
        with self.start() as server:
            wrong = []
            count = [0]
            done = threading.Event()

            def visit(number):
                for turn in itertools.count():
                    if done.is_set():
                        return
                    try:
                        if turn % 4 == 3:
                            good = select(server, '/page.gmi').endswith(
                                b'.\r\n')
                        else:
                            reply = fetch(server, '/page.gmi')
                            good = reply.close_notify and \
                                reply.text == '# Page\n'
                        if not good:
                            wrong.append((number, turn, 'wrong answer'))
                    except (OSError, AssertionError) as error:
                        wrong.append((number, turn, repr(error)))
                    count[0] += 1

            visitors = [threading.Thread(target=visit, args=(number,))
                        for number in range(2)]
            for visitor in visitors:
                visitor.start()
            try:
                for _ in range(20):
                    want = count[0] + 10
                    server.signal(signal.SIGHUP)
                    wait_until(lambda w=want: count[0] >= w, 'more requests')
            finally:
                done.set()
                for visitor in visitors:
                    visitor.join()
            self.assertEqual(wrong, [])

    def test_body_in_flight_is_finished(self):
        self.configure('')
        with self.start() as server:
            content = big_file(server)
            slow, got = slow_reader(server)
            old = set(server.workers())
            with slow:
                server.signal(signal.SIGHUP)
                wait_until(lambda: len(set(server.workers()) - old) == 2,
                           'new workers')
                reply = read_reply(got + slow.read_all(), slow.close_notify)
            self.assertTrue(reply.body == content)
            self.assertTrue(reply.close_notify)

    def test_bad_file_changes_nothing(self):
        self.configure('lang = "en"\n')
        with self.start() as server:
            for bad in ('nonsense = 1\n', 'width = 5\n', 'lang = "en\n',
                        'lang = "e n"\n'):
                with self.subTest(bad=bad):
                    since = len(server.lines)
                    pids = server.workers()
                    self.configure(bad)
                    server.signal(signal.SIGHUP)
                    server.wait_for_line(
                        r'^error .*capsuled\.conf(:1)?', since)
                    self.assertEqual(fetch(server).meta,
                                     'text/gemini; lang=en')
                    self.assertEqual(server.workers(), pids)
            os.unlink(self.file)
            since = len(server.lines)
            server.signal(signal.SIGHUP)
            server.wait_for_line(r'^error .*capsuled\.conf', since)
            self.assertEqual(fetch(server).status, 20)
            self.configure('lang = "fr"\n')
            server.signal(signal.SIGHUP)
            wait_until(
                lambda: fetch(server).meta == 'text/gemini; lang=fr',
                'the new language')

    def test_new_certificate(self):
        self.configure('')
        other = new_directory()
        self.addCleanup(shutil.rmtree, other)
        with Server(TREE, directory=other) as source:
            new = peer_certificate(source)
        with self.start() as server:
            old = peer_certificate(server)
            self.assertNotEqual(old, new)
            for end in ('.crt', '.key'):
                shutil.copy2(os.path.join(other, 'certs', 'localhost' + end),
                             os.path.join(server.certs, 'localhost' + end))
            server.signal(signal.SIGHUP)
            wait_until(lambda: peer_certificate(server) == new,
                       'the new certificate')
            # A broken pair is reported, and the good one goes on.
            os.unlink(os.path.join(server.certs, 'localhost.crt'))
            since = len(server.lines)
            server.signal(signal.SIGHUP)
            server.wait_for_line(r'^error .*localhost\.', since)
            self.assertEqual(peer_certificate(server), new)

    def test_ports_stay(self):
        self.configure('')
        with self.start() as server:
            for _ in range(3):
                pids = set(server.workers())
                server.signal(signal.SIGHUP)
                wait_until(lambda p=pids: not p & set(server.workers()),
                           'new workers')
                self.assertEqual(fetch(server).text, HOME)
                self.assertIn(b'iHome\t', select(server, ''))

    def test_listener_added_and_dropped(self):
        self.configure('gopher_tls = no\n')
        with self.start() as server:
            self.configure('gopher_tls = yes\n')
            server.signal(signal.SIGHUP)

            def speaks_tls():
                try:
                    with Connection(server.gopher_port,
                                    tls_context()) as client:
                        client.send(b'\r\n')
                        return b'iHome' in client.read_all()
                except OSError:
                    return False

            wait_until(speaks_tls, 'TLS on the Gopher port')
            self.configure('gopher_tls = no\n')
            server.signal(signal.SIGHUP)
            wait_until(lambda: not speaks_tls(), 'no more of it')


class Accidents(unittest.TestCase):
    def test_worker_killed(self):
        with Server(TREE) as server:
            for _ in range(2):
                pids = server.workers()
                self.assertEqual(len(pids), 2)
                for pid in pids:
                    os.kill(pid, signal.SIGKILL)
                # Whoever comes meanwhile waits, and is served.
                for _ in range(10):
                    self.assertEqual(fetch(server).text, HOME)
                wait_until(lambda p=pids: len(server.workers()) == 2 and
                           not set(p) & set(server.workers()),
                           'other workers')
            server.wait_for_line(r'^(error|warn) .*worker')

    def test_crash_loop_is_paced(self):
        with Server(TREE, workers=1) as server:
            started = time.monotonic()
            seen = set()
            for _ in range(5):
                pid = wait_until(
                    lambda: set(server.workers()) - seen, 'a new worker')
                seen |= pid
                for each in pid:
                    os.kill(each, signal.SIGKILL)
            wait_until(lambda: set(server.workers()) - seen, 'a new worker')
            # At once, then after 100, 200, 400 and 800 ms; what a slow machine
            # adds makes it longer.
            self.assertGreater(time.monotonic() - started, 1.4)
            self.assertEqual(fetch(server).text, HOME)

    def test_stop_during_a_pause(self):
        with Server(TREE, workers=1) as server:
            seen = set()
            for _ in range(4):
                pid = wait_until(
                    lambda: set(server.workers()) - seen, 'a new worker')
                seen |= pid
                for each in pid:
                    os.kill(each, signal.SIGKILL)

    def test_out_of_descriptors(self):
        def limit():
            resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))

        with Server(TREE, workers=1, preexec_fn=limit) as server:
            pids = server.workers()
            idle = []
            try:
                for _ in range(150):
                    client = Connection(server.gemini_port)
                    idle.append(client)
                    client.send(b'\x16')  # past TCP_DEFER_ACCEPT
                # One more is told so, or waits; nobody is harmed.
                extra = Connection(server.gopher_port)
                idle.append(extra)
                extra.send(b'/\r\n')
            finally:
                for client in idle:
                    client.close()
            wait_until(lambda: self.is_served(server), 'recovery')
            self.assertEqual(server.workers(), pids)
            for _ in range(20):
                self.assertEqual(fetch(server).text, HOME)

    @staticmethod
    def is_served(server):
        try:
            return fetch(server).text == HOME
        except OSError:
            return False

    def test_others_do_not_wait(self):
        # No deadline of anybody's comes before those of the visitors below.
        with Server(TREE, workers=1) as server:
            content = big_file(server)
            idle = []
            try:
                context = tls_context()
                for number in range(200):
                    if number % 4 == 3:
                        client = Connection(server.gopher_port)
                        client.send(b'/')
                    elif number % 4 == 2:
                        client = Connection(server.gemini_port)
                        client.send(b'\x16\x03')
                    else:
                        client = Connection(server.gemini_port, context)
                    idle.append(client)
                slow, got = slow_reader(server)
                idle.append(slow)
                for _ in range(5):
                    self.assertEqual(fetch(server).text, HOME)
                    self.assertIn(b'iHome', select(server, ''))
                reply = read_reply(got + slow.read_all(), slow.close_notify)
                self.assertTrue(reply.body == content)
            finally:
                for client in idle:
                    client.close()

    def test_reader_of_the_log_goes_away(self):
        directory = new_directory()
        self.addCleanup(shutil.rmtree, directory)
        server = Server(TREE, directory=directory)
        read_end, write_end = os.pipe()
        try:
            server.stop()
            child = subprocess.Popen(
                [CAPSULED, '-g', '127.0.0.1:%d' % server.gemini_port, '-G',
                 'off', '-w', '1', '-C', server.certs, *UNJAILED,
                 server.root],
                stdin=subprocess.DEVNULL, stderr=write_end)
            try:
                os.close(write_end)
                text = b''
                while b'ready' not in text:
                    got = os.read(read_end, 4096)
                    self.assertTrue(got, text)
                    text += got
                os.close(read_end)
                read_end = -1
                for _ in range(3):
                    self.assertEqual(fetch(server).text, HOME)
                child.terminate()
                self.assertEqual(child.wait(DEADLINE_S), 0)
            finally:
                if child.poll() is None:
                    child.kill()
                    child.wait()
        finally:
            if read_end != -1:
                os.close(read_end)


if __name__ == '__main__':
    unittest.main()
