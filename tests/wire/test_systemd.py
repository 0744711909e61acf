"""Messages to the service manager, and sockets from it."""

import os
import shutil
import signal
import socket
import threading
import time
import unittest

from build import beneath
from server import (DEADLINE_S, Connection, Server, fetch, gopher_connect,
                    new_directory, select, tls_context, wait_until)
from trouble import HOLD_CERTIFICATE, TroubledServer

TREE = {'index.gmi': '# Home\n', 'big.txt': b'x' * (16 << 20)}


class Manager:
    """A socket like that of systemd, and the messages that came."""

    def __init__(self, address=None):
        self.directory = new_directory()
        self.address = address or os.path.join(self.directory, 'notify')
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        name = self.address
        self.socket.bind('\0' + name[1:] if name[0] == '@' else name)
        self.messages, self.times, self.pids = [], [], []
        self.changed = threading.Condition()
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        while True:
            data, ancillary, _, _ = self.socket.recvmsg(
                4096, socket.CMSG_SPACE(12))
            if data == b'end':
                return
            with self.changed:
                self.messages.append(dict(
                    line.split('=', 1) for line in data.decode().split('\n')))
                self.times.append(time.monotonic())
                self.pids.append(int.from_bytes(ancillary[0][2][:4], 'little'))
                self.changed.notify_all()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        name = self.address
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(
            b'end', '\0' + name[1:] if name[0] == '@' else name)
        self.thread.join()
        self.socket.close()
        shutil.rmtree(self.directory)

    def variables(self, **more):
        return dict(NOTIFY_SOCKET=self.address, **more)

    def environment(self, **more):
        return dict(os.environ, **self.variables(**more))

    def wait(self, key, count=1, since=0):
        """The index of the message that has `key` for the count-th time."""
        def found():
            at = [i for i, message in enumerate(self.messages)
                  if i >= since and key in message]
            return at[count - 1:] and at[count - 1] + 1

        return wait_until(found, '%d x %s' % (count, key)) - 1

    def states(self):
        """The states in their order, one for each message that has one."""
        return [next(iter(message)) for message in self.messages
                if next(iter(message)) != 'WATCHDOG']


def serve(manager, environment=None, tree=TREE, **named):
    return Server(tree, env=manager.environment(**environment or {}), **named)


class States(unittest.TestCase):
    def check_reloads(self, manager, count):
        """Each reload has its time, and ends before the next."""
        self.assertEqual(
            manager.states(),
            ['READY'] + ['RELOADING', 'READY'] * count + ['STOPPING'])
        for message, at in zip(manager.messages, manager.times):
            if 'RELOADING' in message:
                began = int(message['MONOTONIC_USEC']) / 1e6
                self.assertLessEqual(began, at)
                self.assertGreater(began, at - DEADLINE_S)

    def test_life(self):
        with Manager() as manager:
            with serve(manager) as server:
                at = manager.wait('READY')
                self.assertEqual(manager.messages[at]['STATUS'],
                                 'workers: 2, hosts: 1')
                for pid in [*server.children(), server.pid]:
                    self.assertNotIn(
                        pid, set(manager.pids) - {server.pid})
            manager.wait('STOPPING')
            self.check_reloads(manager, 0)

    def test_abstract_name(self):
        with Manager('@capsuled-test-%d' % os.getpid()) as manager:
            with serve(manager):
                manager.wait('READY')

    def test_a_socket_that_does_not_exist(self):
        with Server(TREE, env=dict(os.environ, NOTIFY_SOCKET='/nowhere/x')) \
                as server:
            server.wait_for_line('^warn cannot notify the service manager '
                                 'at /nowhere/x: No such file')
            self.assertEqual(fetch(server).text, '# Home\n')

    def test_reload(self):
        with Manager() as manager:
            with serve(manager) as server:
                server.signal(signal.SIGHUP)
                manager.wait('READY', 2)
            self.check_reloads(manager, 1)

    def test_reload_of_a_bad_configuration(self):
        with Manager() as manager:
            path = os.path.join(manager.directory, 'capsuled.conf')
            with open(path, 'w', encoding='utf-8') as file:
                file.write('width = 60\n')
            with serve(manager, arguments=['-c', path]) as server:
                with open(path, 'w', encoding='utf-8') as file:
                    file.write('width = 1\n')
                server.signal(signal.SIGHUP)
                at = manager.wait('READY', 2)
                self.assertRegex(manager.messages[at]['STATUS'],
                                 '^reload failed, .*width')
                self.assertEqual(fetch(server).text, '# Home\n')
            self.check_reloads(manager, 1)

    def test_reloads_at_once(self):
        with Manager() as manager:
            with serve(manager) as server:
                server.signal(signal.SIGHUP)
                manager.wait('RELOADING')
                # In any state of the reload.
                server.signal(signal.SIGHUP)
                manager.wait('READY', 3)
            self.check_reloads(manager, 2)

    def test_reload_while_an_old_worker_drains(self):
        with Manager() as manager, serve(manager, workers=1) as server:
            with gopher_connect(server, receive_buffer=4096) as client:
                client.send(b'/big.txt\r\n')
                client.socket.recv(1)
                for count in 2, 3:
                    server.signal(signal.SIGHUP)
                    manager.wait('READY', count)
                self.assertGreater(len(server.workers()), 1)
            server.stop()
            self.check_reloads(manager, 2)

    @beneath
    def test_reload_while_an_old_worker_accepts(self):
        """A client that comes when it has ended meets new workers only."""
        with Manager() as manager, \
                serve(manager, WATCHED, workers=1) as server:
            worker, = server.workers()
            os.kill(worker, signal.SIGSTOP)
            server.signal(signal.SIGHUP)
            at = manager.wait('RELOADING')
            manager.wait('WATCHDOG', 3, at)
            self.assertEqual(manager.states(), ['READY', 'RELOADING'])
            # The next one ends the first.
            server.signal(signal.SIGHUP)
            manager.wait('RELOADING', 2)
            os.kill(worker, signal.SIGCONT)
            manager.wait('READY', 3)
            server.stop()
            self.check_reloads(manager, 2)

    def test_reload_before_the_master_executes_itself(self):
        quiet = {'ASAN_OPTIONS': 'handle_segv=0:detect_leaks=0'}
        with Manager() as manager:
            with serve(manager, quiet, workers=1) as server:
                server.signal(signal.SIGSTOP)
                server.signal_worker(signal.SIGSEGV)
                server.signal(signal.SIGHUP)
                server.signal(signal.SIGCONT)
                server.wait_for_line('executing itself')
                manager.wait('READY', 3)
            self.assertEqual(manager.states().count('RELOADING'), 1)
            self.assertEqual(set(manager.pids), {server.pid})

    def test_a_start_that_fails(self):
        with Manager() as manager:
            with self.assertRaises(AssertionError):
                serve(manager, gopher='192.0.2.1:7070')
            at = manager.wait('STATUS')
            self.assertRegex(manager.messages[at]['STATUS'],
                             '^cannot listen on 192.0.2.1:7070')
            self.assertEqual(manager.states(), ['STATUS'])

    def test_an_error_is_one_assignment(self):
        with Manager() as manager:
            with self.assertRaises(AssertionError):
                serve(manager, options=['state=/nowhere\nMAINPID=1/x'])
            at = manager.wait('STATUS')
            self.assertEqual(list(manager.messages[at]), ['STATUS'])
            self.assertRegex(manager.messages[at]['STATUS'],
                             r'^state: /nowhere\?MAINPID=1/x: \w')


WATCHED = {'WATCHDOG_USEC': '4000000'}
LOOK_S = 16  # more than the interval of the master's checks


@beneath
class Watchdog(unittest.TestCase):
    def test_pings(self):
        with Manager() as manager:
            with serve(manager, WATCHED) as server:
                manager.wait('WATCHDOG', 3)
                server.signal(signal.SIGHUP)
                at = manager.wait('READY', 2)
                manager.wait('WATCHDOG', 3, at)
            self.assertEqual(set(manager.pids), {server.pid})

    def test_for_another_process(self):
        pid = str(os.getpid())
        with Manager() as manager:
            with serve(manager, dict(WATCHED, WATCHDOG_PID=pid)) as server:
                server.signal(signal.SIGHUP)
                manager.wait('READY', 2)
            self.assertFalse([m for m in manager.messages if 'WATCHDOG' in m])

    def test_after_the_master_has_executed_itself(self):
        quiet = {'ASAN_OPTIONS': 'handle_segv=0:detect_leaks=0'}
        with Manager() as manager, \
                serve(manager, dict(WATCHED, **quiet)) as server:
            server.signal_worker(signal.SIGSEGV)
            server.wait_for_line('executing itself')
            at = manager.wait('READY', 2)
            manager.wait('WATCHDOG', 3, at)

    def test_while_a_worker_drains(self):
        with Manager() as manager, \
                serve(manager, WATCHED, workers=1) as server:
            with gopher_connect(server, receive_buffer=4096) as client:
                client.send(b'/big.txt\r\n')
                client.socket.recv(1)
                server.signal(signal.SIGHUP)
                at = manager.wait('READY', 2)
                manager.wait('WATCHDOG', 3, at)
                server.signal(signal.SIGTERM)
                at = manager.wait('STOPPING')
                manager.wait('WATCHDOG', 3, at)

    def test_while_the_keys_are_slow(self):
        with Manager() as manager, TroubledServer(
                TREE, variables=manager.variables(
                    WATCHDOG_USEC='1000000')) as server:
            server.trouble['hold'] = HOLD_CERTIFICATE
            server.signal(signal.SIGHUP)
            at = manager.wait('RELOADING')
            manager.wait('WATCHDOG', 3, at)
            self.assertEqual(manager.states(), ['READY', 'RELOADING'])
            server.trouble['hold'] = 0
            manager.wait('READY', 2)

    def test_a_worker_that_hangs(self):
        with Manager() as manager, \
                serve(manager, WATCHED, workers=1) as server:
            worker, = server.workers()
            since = len(manager.messages)
            os.kill(worker, signal.SIGSTOP)
            server.wait_for_line(
                '^error master: worker %d does not answer' % worker)
            # One answer may have come late, and one ping may be new.
            self.assertLessEqual(len(manager.messages) - since, 2)
            server.wait_for_line('worker %d ended' % worker)
            self.assertEqual(fetch(server).text, '# Home\n')
            manager.wait('WATCHDOG', 3, len(manager.messages))

    def test_answers_that_hang(self):
        with TroubledServer(TREE, stopped=True) as server:
            answers = server.answers()
            os.kill(answers, signal.SIGSTOP)

            def is_missed():
                server.trouble.pass_time(LOOK_S)
                server.signal(signal.SIGCHLD)
                return server.log.find('^error master: answers process %d '
                                       'does not answer' % answers)
            wait_until(is_missed, 'a line about it')
            wait_until(lambda: server.answers() != answers, 'another')

    def test_processes_that_answer_stay(self):
        with Manager() as manager, TroubledServer(
                TREE, stopped=True, indexed=True,
                variables=manager.variables(
                    WATCHDOG_USEC='600000000')) as server:
            manager.wait('READY')
            processes = sorted([*server.workers(), server.answers()])
            for _ in range(6):
                since = len(manager.messages)
                server.trouble.pass_time(LOOK_S)
                server.signal(signal.SIGCHLD)
                manager.wait('WATCHDOG', since=since)
                # Each has read the master's ping before this one.
                self.assertEqual(fetch(server, '/ask?home').status, 20)
            self.assertEqual(
                sorted([*server.workers(), server.answers()]), processes)
            self.assertFalse(server.log.find('does not answer'))


class Stop(unittest.TestCase):
    """As `systemctl kill`, or a stop without KillMode=mixed."""

    def handshake(self, server, begun, goes_on, replies):
        def halves(data):
            yield data[:100]
            begun.release()
            goes_on.wait()
            yield data[100:]

        with Connection(server.gemini_port, tls_context(), parts=halves) as \
                client:
            client.send(server.url().encode() + b'\r\n')
            replies.append(client.read_reply())

    def test_all_processes_at_once(self):
        with Manager() as manager, serve(
                manager, workers=1, options=['limits=off']) as server:
            wait_until(lambda: b'Home' in select(server, '/ask\thome'),
                       'an index')
            begun, goes_on = threading.Semaphore(0), threading.Event()
            replies = []
            threads = [threading.Thread(target=self.handshake, args=(
                server, begun, goes_on, replies)) for _ in range(20)]
            for thread in threads:
                thread.start()
            for _ in threads:
                begun.acquire()
            downloads = [gopher_connect(server, receive_buffer=4096)
                         for _ in range(10)]
            for client in downloads:
                client.send(b'/big.txt\r\n')
                client.socket.recv(1)
            questions = [gopher_connect(server) for _ in range(10)]
            for client in questions:
                client.send(b'/ask\thome\r\n')
            # The worker has accepted the clients before these.
            self.assertEqual(fetch(server).status, 20)
            self.assertEqual(fetch(server, '/ask?home').status, 20)
            since = len(server.lines)
            for pid in [server.pid, *server.children()]:
                os.kill(pid, signal.SIGTERM)
            server.wait_for_line('^info stopping', since)
            goes_on.set()
            for thread in threads:
                thread.join()
            self.assertEqual([reply.text for reply in replies],
                             ['# Home\n'] * 20)
            for client in questions:
                self.assertIn(b'Home', client.read_all())
                client.close()
            for client in downloads:
                self.assertEqual(len(client.read_all()), (16 << 20) - 1)
                client.close()
            server.stop()
            self.assertFalse(server.log.find('another', since))
