"""Slow pages, which other processes make: those that die, hang, or are many."""

import contextlib
import errno
import io
import itertools
import os
import re
import signal
import socket
import struct
import unittest
import zipfile

from build import DEADLINE_S, beneath
from server import (Connection, as_root, fetch, gemini_connect, gopher_connect,
                    select, tls_context, wait_until)
from trouble import HOLD_ASLEEP, HOLD_BUSY, TroubledServer

TREE = {'index.gmi': '# Home\n', 'a.gmi': '# Herring\n'}
FAILED = b'3Something failed here, please try again later\t\terror.host\t1'
QUEUE, SHARE = 64, 16
AT_ONCE = min(max(os.cpu_count(), 2), 4)


def leave(connection):
    """Ends the connection without close_notify, as a killed client does."""
    connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                 struct.pack('ii', 1, 0))
    connection.close()


def state_of(pid):
    """A letter of proc(5); '' of one that is gone."""
    with contextlib.suppress(FileNotFoundError), \
            open('/proc/%d/stat' % pid, encoding='ascii') as file:
        return file.read().rpartition(')')[2].split()[0]
    return ''


class Answers(unittest.TestCase):
    def serve(self, tree=None, options=(), **named):
        server = TroubledServer(tree or TREE, indexed=True, options=options,
                                **named)
        self.addCleanup(server.kill)
        # Each time as another network, so that none has asked too often.
        sources = ('127.0.%d.%d' % (number // 250 + 1, number % 250 + 1)
                   for number in itertools.count())
        wait_until(lambda: 'Herring' in self.ask_as(server, next(sources))
                   .read_reply().text, 'an index')
        self.wait_for_none(server)
        return server

    def begin(self, server, path, connect=gemini_connect, **named):
        client = connect(server, **named)
        self.addCleanup(client.close)
        client.send((path if connect is gopher_connect
                     else server.url(path)).encode() + b'\r\n')
        return client

    def ask_as(self, server, source):
        client = Connection(server.gemini_port, tls_context(), source=source)
        self.addCleanup(client.close)
        client.send(server.url('/ask?herring').encode() + b'\r\n')
        return client

    def at_work(self, server, count=1):
        """The children that make answers, once there are so many."""
        answers = server.answers()

        def found():
            children = server.children(answers)
            return children if len(children) == count else None
        return wait_until(found, '%d children at work' % count)

    def wait_for_none(self, server):
        answers = server.answers()
        wait_until(lambda: not server.children(answers), 'the last to end')


class Ends(Answers):
    """Answers that their process does not finish."""

    def test_killed_before_the_head(self):
        server = self.serve()
        workers = server.workers()
        for number in signal.SIGKILL, signal.SIGXCPU:
            server.trouble['hold'] = HOLD_ASLEEP
            client = self.begin(server, '/ask?herring')
            child, = self.at_work(server)
            os.kill(child, number)
            self.assertEqual(client.read_reply().status, 40)
            server.wait_for_line(
                r'^error answers: child %d was killed by signal %d '
                % (child, number))
            self.wait_for_none(server)
            client = self.begin(server, '/manifest', gopher_connect)
            os.kill(self.at_work(server)[0], number)
            self.assertTrue(client.read_all().startswith(FAILED))
            server.trouble['hold'] = 0
            self.assertEqual(fetch(server, '/ask?herring').status, 20)
            self.wait_for_none(server)
        self.assertEqual(server.workers(), workers)

    @beneath
    def test_silent_before_the_head(self):
        server = self.serve(options=['stall_timeout_ms=200'])
        server.trouble['hold'] = HOLD_ASLEEP
        for number in signal.SIGCONT, signal.SIGSTOP:
            client = self.begin(server, '/ask?herring')
            child, = self.at_work(server)
            os.kill(child, number)
            self.assertEqual(client.read_reply().status, 40)
            # One that can sees that its worker has hung up.
            if number == signal.SIGSTOP:
                os.kill(child, signal.SIGKILL)
            server.trouble['hold'] = 0
            self.wait_for_none(server)
            server.trouble['hold'] = HOLD_ASLEEP
        server.trouble['hold'] = 0
        self.assertEqual(fetch(server, '/ask?herring').status, 20)

    def begin_archives(self, server):
        clients = [self.begin(server, '/capsule.gpub', connect,
                              receive_buffer=4096)
                   for connect in (gemini_connect, gopher_connect)]
        for client in clients:
            self.assertTrue(client.read_some())
        return (*clients, self.at_work(server, 2))

    def check_cut(self, secure, clear):
        with contextlib.suppress(ConnectionResetError):
            secure.read_all()
        self.assertFalse(secure.close_notify)
        with self.assertRaises(ConnectionResetError):
            clear.read_all()

    def test_killed_in_the_middle(self):
        server = self.serve(dict(TREE, big=os.urandom(16 << 20)))
        secure, clear, children = self.begin_archives(server)
        for child in children:
            os.kill(child, signal.SIGKILL)
        self.check_cut(secure, clear)
        self.assertEqual(fetch(server).status, 20)

    @beneath
    def test_silent_in_the_middle(self):
        server = self.serve(dict(TREE, big=os.urandom(16 << 20)),
                            options=['stall_timeout_ms=500'])
        secure, clear, children = self.begin_archives(server)
        for child in children:
            os.kill(child, signal.SIGSTOP)
        self.check_cut(secure, clear)
        for child in children:
            os.kill(child, signal.SIGKILL)
        self.assertEqual(fetch(server).status, 20)

    def test_process_is_replaced(self):
        server = self.serve()
        workers = server.workers()
        server.trouble['hold'] = HOLD_ASLEEP
        begun = self.begin(server, '/ask?herring')
        child, = self.at_work(server)
        answers = server.answers()
        os.kill(answers, signal.SIGSTOP)
        waiting = self.begin(server, '/ask?herring')
        # The request is in the worker's line: the next one is answered.
        self.assertEqual(fetch(server).status, 20)
        os.kill(answers, signal.SIGKILL)
        server.wait_for_line(r'^warn master: answers process %d ended: '
                             r'killed by signal 9 ' % answers)
        server.trouble['hold'] = 0
        # The child goes on; what the process had not read, the next one does.
        self.assertEqual(begun.read_reply().status, 20)
        self.assertEqual(waiting.read_reply().status, 20)
        self.assertNotEqual(server.answers(), answers)
        self.assertEqual(server.workers(), workers)
        self.assertFalse(os.path.exists('/proc/%d' % child) and
                         child in server.children(server.answers()))

    def check_overdue(self, path, before_s, rest_s):
        server = self.serve(stopped=True, options=['archive_limit=1'])
        server.trouble['hold'] = HOLD_ASLEEP
        client = self.begin(server, path)
        child, = self.at_work(server)
        # It cannot do anything about it by itself.
        os.kill(child, signal.SIGSTOP)
        wait_until(lambda: state_of(child) == 'T', 'a stop')
        server.trouble['hold'] = 0
        for seconds in before_s, rest_s:
            self.assertEqual(state_of(child), 'T')
            server.trouble.pass_time(seconds)
            # Another request wakes the process, which has an own clock.
            self.assertEqual(fetch(server, '/ask?herring').status, 20)
        server.wait_for_line(r'^error answers: child %d was killed by '
                             r'signal 9 ' % child)
        self.assertEqual(client.read_reply().status, 40)

    @beneath
    def test_overdue_question(self):
        self.check_overdue('/ask?herring', 55, 6)

    @beneath
    def test_overdue_archive(self):
        self.check_overdue('/capsule.gpub', 1200 + 1000, 30)

    @as_root
    @beneath
    def test_fault(self):
        # The next children are to have another memory layout.
        server = self.serve()
        server.trouble['hold'] = HOLD_ASLEEP
        answers = server.answers()

        def descriptors():
            return len(os.listdir('/proc/%d/fd' % answers))
        before = descriptors()
        clients = [self.begin(server, '/ask?herring')
                   for _ in range(AT_ONCE + 2)]
        children = self.at_work(server, AT_ONCE)
        # A child has two: its line, and the descriptor that ends it.
        wait_until(lambda: descriptors() == before + 2 + 2 * AT_ONCE,
                   'two that wait')
        os.kill(children[0], signal.SIGSYS)
        server.wait_for_line(r'^error answers: child %d was killed by '
                             r'signal %d ' % (children[0], signal.SIGSYS))
        server.trouble['hold'] = 0
        self.assertEqual(sorted(client.read_reply().status
                                for client in clients),
                         [20] * (AT_ONCE + 1) + [40])
        server.wait_for_line(r'^warn master: answers process %d ended: '
                             r'killed by signal %d '
                             % (answers, signal.SIGABRT))
        server.wait_for_line('^info master: executing itself')
        wait_until(lambda: fetch(server, '/ask?herring').status == 20,
                   'another answer')

    def test_everybody_is_told_to_end(self):
        noise = os.urandom(4 << 20)
        server = self.serve(dict(TREE, big=noise))
        client = self.begin(server, '/capsule.gpub', receive_buffer=4096)
        begun = client.read_some()
        child, = self.at_work(server)
        for pid in (child, *server.children(), server.pid):
            os.kill(pid, signal.SIGTERM)
        whole = begun + client.read_all()
        self.assertTrue(client.close_notify)
        with zipfile.ZipFile(io.BytesIO(whole.partition(b'\r\n')[2])) as book:
            self.assertEqual(book.read('big'), noise)
        server.stop()


class Left(Answers):
    """Clients that leave before their answer is there."""

    @beneath
    def test_work_for_nobody_ends(self):
        server = self.serve()
        server.trouble['hold'] = HOLD_BUSY
        # Over TLS the end of the connection is enough.
        for goodbye in leave, Connection.close:
            client = self.begin(server, '/ask?herring')
            self.at_work(server)
            goodbye(client)
            self.wait_for_none(server)
        client = self.begin(server, '/ask?herring', gopher_connect)
        self.at_work(server)
        leave(client)
        self.wait_for_none(server)

    def test_one_that_only_listens(self):
        server = self.serve()
        server.trouble['hold'] = HOLD_ASLEEP
        clear = self.begin(server, '/ask\therring', gopher_connect)
        secure = self.begin(server, '/ask?herring')
        self.at_work(server, 2)
        clear.end_sending()
        secure.end_sending(close_notify=True)
        # Both ends have come to the worker before another one's request.
        self.assertEqual(fetch(server).status, 20)
        server.trouble['hold'] = 0
        self.assertIn(b'Herring', clear.read_all())
        self.assertEqual(secure.read_reply().status, 20)

    def test_what_waits_is_dropped(self):
        server = self.serve()
        server.trouble['hold'] = HOLD_ASLEEP
        clients = [self.begin(server, '/ask?herring')
                   for _ in range(AT_ONCE + QUEUE)]
        self.at_work(server, AT_ONCE)
        self.assertEqual(fetch(server, '/ask?herring').status, 41)
        leave(clients.pop())
        # Without an answer by then, it waits: there was room again.
        late = self.begin(server, '/ask?herring')
        self.assertEqual(fetch(server, '/ask?herring').status, 41)
        server.trouble['hold'] = 0
        for client in (*clients, late):
            self.assertEqual(client.read_reply().status, 20)


class Listings(Answers):
    """Folders with more names than a worker reads."""

    COUNT = 1100
    NAMES = ['f%d.txt' % number for number in range(COUNT)]
    TREE = {**TREE,
            **{'long/' + name: '' for name in NAMES},
            'long/a.gmi': '# Titled\n', 'long/sub/x.txt': '',
            **{'map/' + name: '' for name in NAMES},
            'map/gophermap': 'Above\n*\n', 'map/index.gmi': '# Page\n'}

    def serve(self, tree=None, options=(), **named):
        # There is no question.
        server = TroubledServer(tree or self.TREE, options=options, **named)
        self.addCleanup(server.kill)
        return server

    def links(self, text):
        return re.findall(r'^=> \./(\S+) ', text, re.M)

    def items(self, folder, menu):
        """The names in a menu that is whole."""
        text = menu.decode()
        self.assertTrue(text.endswith('\r\n.\r\n'), text[-200:])
        return re.findall(r'^[01][^\t]*\t/%s/([^\t]+)\t' % folder, text, re.M)

    def test_whole(self):
        server = self.serve()
        text = fetch(server, '/long/').text
        want = ['sub/', 'a.gmi', *self.NAMES]
        self.assertEqual(self.links(text), want)
        self.assertIn('\n=> ./a.gmi Titled\n', text)
        self.assertEqual(self.items('long', select(server, '/long')), want)
        # A gophermap lists what is beside it, in spite of the page.
        menu = select(server, '/map/')
        self.assertTrue(menu.startswith(b'iAbove\t'))
        self.assertNotIn(b'One folder up', menu)
        self.assertEqual(self.items('map', menu), [*self.NAMES, 'index.gmi'])
        self.assertEqual(fetch(server, '/map/').text, '# Page\n')

    def test_killed(self):
        server = self.serve()
        workers = server.workers()
        server.trouble['hold'] = HOLD_ASLEEP
        secure = self.begin(server, '/long/')
        os.kill(self.at_work(server)[0], signal.SIGKILL)
        self.assertEqual(secure.read_reply().status, 40)
        self.wait_for_none(server)
        clear = self.begin(server, '/long/', gopher_connect)
        os.kill(self.at_work(server)[0], signal.SIGKILL)
        self.assertTrue(clear.read_all().startswith(FAILED))
        self.wait_for_none(server)
        mapped = self.begin(server, '/map/', gopher_connect)
        self.assertTrue(mapped.read_some().startswith(b'iAbove\t'))
        os.kill(self.at_work(server)[0], signal.SIGKILL)
        with self.assertRaises(ConnectionResetError):
            mapped.read_all()
        server.wait_for_line('^error gopher: an answer was cut short: .* '
                             'path=/map/')
        server.trouble['hold'] = 0
        self.assertEqual(len(self.links(fetch(server, '/long/').text)),
                         self.COUNT + 2)
        self.assertEqual(server.workers(), workers)

    def test_silent(self):
        server = self.serve(options=['stall_timeout_ms=200'])
        server.trouble['hold'] = HOLD_ASLEEP
        mapped = self.begin(server, '/map/', gopher_connect)
        with self.assertRaises(ConnectionResetError):
            mapped.read_all()
        server.trouble['hold'] = 0
        self.wait_for_none(server)

    @beneath
    def test_client_leaves(self):
        server = self.serve()
        server.trouble['hold'] = HOLD_BUSY
        mapped = self.begin(server, '/map/', gopher_connect)
        self.assertTrue(mapped.read_some())
        self.at_work(server)
        leave(mapped)
        self.wait_for_none(server)

    def test_queue_is_full(self):
        server = self.serve()
        server.trouble['hold'] = HOLD_ASLEEP
        clients = [self.begin(server, '/long/')
                   for _ in range(AT_ONCE + QUEUE)]
        self.at_work(server, AT_ONCE)
        self.assertEqual(fetch(server, '/long/').status, 41)
        self.assertTrue(select(server, '/long/').startswith(b'3Too busy'))
        mapped = self.begin(server, '/map/', gopher_connect)
        with self.assertRaises(ConnectionResetError):
            mapped.read_all()
        # What a worker reads by itself is there.
        self.assertEqual(fetch(server, '/long/sub/').status, 20)
        server.trouble['hold'] = 0
        for client in clients:
            self.assertEqual(len(self.links(client.read_reply().text)),
                             self.COUNT + 2)


class Many(Answers):
    def test_one_network_leaves_room(self):
        server = self.serve(options=['limits=all'])
        server.trouble['hold'] = HOLD_ASLEEP
        clients = [self.ask_as(server, '127.0.0.2') for _ in range(AT_ONCE)]
        self.at_work(server, AT_ONCE)
        clients += [self.ask_as(server, '127.0.0.2') for _ in range(SHARE)]
        self.assertEqual(
            self.ask_as(server, '127.0.0.2').read_reply().status, 41)
        clients.append(self.ask_as(server, '127.0.0.3'))
        server.trouble['hold'] = 0
        for client in clients:
            self.assertEqual(client.read_reply().status, 20)

    @beneath
    def test_cpu_is_charged_to_the_network(self):
        server = self.serve(options=['limits=all', 'limit_burst=20'],
                            stopped=True)
        tick = os.sysconf('SC_CLK_TCK')
        server.trouble['hold'] = HOLD_BUSY
        client = self.ask_as(server, '127.0.0.2')
        child, = self.at_work(server)

        def used():
            with open('/proc/%d/stat' % child, encoding='ascii') as file:
                return int(file.read().rpartition(')')[2].split()[11]) / tick
        # It leaves the processor to others, who may be many.
        wait_until(lambda: used() > 0.3, 'much CPU', 8 * DEADLINE_S)
        server.trouble['hold'] = 0
        self.assertEqual(client.read_reply().status, 20)
        self.wait_for_none(server)
        wait_until(lambda: self.ask_as(server, '127.0.0.2').read_reply()
                   .status == 44, 'a bucket that is empty')
        self.assertEqual(
            self.ask_as(server, '127.0.0.3').read_reply().status, 20)
        server.trouble.pass_time(10)
        self.assertEqual(
            self.ask_as(server, '127.0.0.2').read_reply().status, 20)

    @as_root
    @beneath
    def test_a_child_has_limits(self):
        server = self.serve()
        server.trouble['hold'] = HOLD_ASLEEP
        client = self.begin(server, '/manifest')
        child, = self.at_work(server)

        def limits():
            with open('/proc/%d/limits' % child, encoding='ascii') as file:
                found = dict(re.findall(r'^(.*?)  +([0-9]+) ', file.read(),
                                        re.M))
            return found if 'Max file size' in found else None
        limits = wait_until(limits, 'limits')
        self.assertEqual(limits['Max file size'], str(256 << 20))
        self.assertEqual(limits['Max cpu time'], '60')
        server.trouble['hold'] = 0
        self.assertEqual(client.read_reply().status, 20)

    def test_only_first_failure_is_logged(self):
        # Each child would have a first one of its own.
        server = self.serve(dict(TREE, **{'d/broken': 'x\n'}))
        server.trouble['broken_error'] = errno.EIO
        for _ in range(3):
            self.assertFalse(self.begin(server, '/d.tar.gz').read_reply()
                             .close_notify)
        said = [line for line in server.lines if re.match(
            r'error tree: cannot read: .*path=/?d/broken', line)]
        self.assertEqual(len(said), 1, server.log.text())


if __name__ == '__main__':
    unittest.main()
