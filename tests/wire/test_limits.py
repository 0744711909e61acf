"""Fairness: who comes too often is told so, and nobody else notices."""

import os
import signal
import socket
import unittest

from server import Server, fetch, gopher, gopher_connect, wait_until

HOME = {'index.gmi': '# Home\n'}
RULES = ('limits=all', 'limit_rate=1', 'limit_burst=10')


def visit(server, source):
    """A Gopher visit from a loopback address of the caller's choice."""
    with socket.create_connection(('127.0.0.1', server.gopher_port), 10,
                                  (source, 0)) as connection:
        connection.sendall(b'\r\n')
        answer = b''
        try:
            while data := connection.recv(65536):
                answer += data
        except ConnectionResetError:
            return b'reset'
        return answer


class Rate(unittest.TestCase):
    def test_a_flood_is_told_and_then_dropped(self):
        with Server(HOME, options=RULES) as server:
            answers = [visit(server, '127.0.0.1') for _ in range(80)]
            kinds = [answer[:1] for answer in answers]
            self.assertEqual(kinds[:10], [b'i'] * 10)
            self.assertIn(b'3', kinds)
            self.assertRegex(answers[kinds.index(b'3')],
                             rb'^3Too many requests from your network, please '
                             rb'try again in \d+ s\t\terror.host\t1\r\n\.\r\n$')
            self.assertEqual(kinds[-1], b'r')
            # First words, then none.
            self.assertLess(kinds.index(b'3'), kinds.index(b'r'))
            # Whoever else comes is not concerned.
            self.assertEqual(visit(server, '127.0.0.2')[:1], b'i')

    def test_gemini_is_told_the_seconds(self):
        with Server(HOME, options=RULES) as server:
            replies = [fetch(server) for _ in range(13)]
            self.assertEqual([reply.status for reply in replies[:10]],
                             [20] * 10)
            slow = [reply for reply in replies if reply.status == 44]
            self.assertTrue(slow)
            for reply in slow:
                self.assertRegex(reply.meta, r'^[1-9]\d?$')
                self.assertTrue(reply.close_notify)

    def test_workers_count_together(self):
        with Server(HOME, options=RULES, workers=4) as server:
            kinds = [visit(server, '127.0.0.1')[:1] for _ in range(14)]
            self.assertLessEqual(kinds.count(b'i'), 12)
            self.assertIn(b'3', kinds)

    def test_this_machine_speaks_for_others(self):
        with Server(HOME, options=('limit_rate=1', 'limit_burst=5')) as server:
            for _ in range(30):
                self.assertEqual(visit(server, '127.0.0.1')[:1], b'i')

    def test_off(self):
        with Server(HOME, options=(*RULES, 'limits=off')) as server:
            for _ in range(30):
                self.assertEqual(visit(server, '127.0.0.1')[:1], b'i')


class Open(unittest.TestCase):
    def test_connections_at_once(self):
        with Server(HOME, options=('limits=all', 'limit_open=4')) as server:
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
            os.kill(server.workers()[0], signal.SIGKILL)
            wait_until(lambda: visit(server, '127.0.0.1')[:1] == b'i',
                       'a new worker, and room')
            for connection in held:
                connection.close()


if __name__ == '__main__':
    unittest.main()
