"""Workers that die in the middle, reloads without end, a clock set back."""

import os
import re
import shutil
import signal
import subprocess
import threading
import unittest

from build import MEMCHECKED
from server import (Process, Server, fetch, gemini_connect, gopher_connect,
                    hurried_connect, new_directory, peer_certificate,
                    process_name, select, title, wait_until, write_tree)
from trouble import TroubledServer

TREE = {'index.gmi': '# Home\n', 'page.gmi': '# Page\n'}
DAY_S = 86400
# A crash is to look like one, and not like a sanitizer's report.
QUIET = {'ASAN_OPTIONS': 'handle_segv=0:handle_abort=0:detect_leaks=0'}


@unittest.skipIf(MEMCHECKED, 'the system shows the arguments of valgrind')
class Titles(unittest.TestCase):
    """The titles of the processes in ps(1) and pgrep(1)."""

    ROLES = ['answers', 'index', 'keys', 'master', 'worker 1', 'worker 2']

    def titles(self, server):
        return sorted(title(pid).removeprefix('capsuled: ') for pid in
                      (server.pid, *server.children()))

    def test_of_all(self):
        # Without variables: a long title also uses their memory.
        for env in (None, {}):
            with Server(TREE, env=env) as server:
                self.assertEqual(self.titles(server), self.ROLES)
                self.assertEqual(process_name(server.pid), 'capsuled')
                names = subprocess.run(
                    ['ps', '-o', 'args=', '-p', str(server.workers()[0])],
                    stdout=subprocess.PIPE, check=True).stdout
                self.assertRegex(names.decode(), '^capsuled: worker [12] *\n$')
                server.signal_worker(signal.SIGKILL)
                server.wait_for_line('another one in')
                wait_until(lambda s=server: self.titles(s) == self.ROLES,
                           'another worker')
                server.signal(signal.SIGHUP)
                server.wait_for_line('^info reloaded')
                wait_until(lambda s=server: self.titles(s) == self.ROLES,
                           'the end of the old workers')
                self.assertEqual(select(server, '/page.gmi')[:5], b'iPage')

    def test_of_a_program_without_options(self):
        directory = new_directory()
        self.addCleanup(shutil.rmtree, directory)
        write_tree(directory, {'capsule/index.gmi': '# Home\n',
                               'file': 'gemini=0\ngopher=0\n'})
        # The shortest arguments, and no memory for a longer title.
        process = Process(['-c', 'file'], cwd=directory, env={})
        process.wait_for_line('^info ready')
        self.assertEqual(title(process.pid), 'capsuled: master')
        process.signal(signal.SIGHUP)
        process.wait_for_line('^info reloaded')
        process.signal(signal.SIGTERM)
        self.assertEqual(process.wait(), 0)


class Killed(unittest.TestCase):
    """The client sees that there was more, whatever became of the worker."""

    def setUp(self):
        self.server = Server(TREE, workers=1, env=dict(os.environ, **QUIET))
        self.addCleanup(self.server.stop)
        with open(self.server.path('big.bin'), 'wb') as file:
            file.truncate(32 << 20)

    def begin(self, connect):
        request = b'/big.bin\r\n' if connect is gopher_connect else \
            self.server.url('/big.bin').encode() + b'\r\n'
        client = connect(self.server, receive_buffer=4096)
        self.addCleanup(client.close)
        client.send(request)
        self.assertTrue(client.read_some())
        return client

    def test_in_the_middle_of_a_body(self):
        for number in (signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT):
            with self.subTest(number=number):
                since = len(self.server.lines)
                secure, clear = (self.begin(gemini_connect),
                                 self.begin(gopher_connect))
                worker, = self.server.workers()
                os.kill(worker, number)
                with self.assertRaises(ConnectionResetError):
                    clear.read_all()
                try:
                    secure.read_all()
                except ConnectionResetError:
                    pass
                self.assertFalse(secure.close_notify)
                # It is reported, and whoever comes next is served.
                self.server.wait_for_line(
                    r'^\w+ master: worker %d ended: killed by signal %d '
                    r'\(.*\); another one in \d+ ms$' % (worker, number),
                    since)
                self.assertEqual(fetch(self.server).text, '# Home\n')

    def test_lines_that_were_held(self):
        # Killed before it has written them, or told to end.
        asked = ['/none-%d' % i for i in range(20)]
        for number in (signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM):
            # valgrind takes it for a fault of the code that it runs, and
            # goes on when there is none.
            if MEMCHECKED and number == signal.SIGSEGV:
                continue
            with self.subTest(number=number):
                since = len(self.server.lines)
                worker, = self.server.workers()
                for path in asked:
                    select(self.server, path)
                os.kill(worker, number)
                self.server.wait_for_line(
                    r'^\w+ master: worker %d ended' % worker, since)
                told = re.findall(r'status=51 path=(\S+)',
                                  '\n'.join(self.server.lines[since:]))
                self.assertEqual(told, asked)
                # The next one is there.
                select(self.server, '/page.gmi')

    def test_after_the_last_byte(self):
        # What was answered whole arrives whole, and ends in order.
        client = self.begin(gopher_connect)
        done = len(client.read_all())
        self.assertGreater(done, 31 << 20)

    def test_crash_loop_is_reported(self):
        # However slow the machine is, no worker gets old enough to be well.
        with TroubledServer(TREE, stopped=True) as server:
            seen = set()
            for pause in (0, 100, 200, 400):
                since = len(server.lines)
                new = wait_until(lambda: set(server.workers()) - seen,
                                 'a new worker')
                seen |= new
                os.kill(new.pop(), signal.SIGKILL)
                server.wait_for_line('^%s master: worker .* another one in '
                                     '%d ms$' % ('error' if pause else 'warn',
                                                 pause), since)
                server.trouble.pass_time(pause / 1000)


class Reload(unittest.TestCase):
    RELOADS = 100

    def visit(self, wrong, done):
        """Asks over both protocols for as long as it goes on."""
        while not done.is_set():
            try:
                if not select(self.server, '/page.gmi').startswith(b'iPage\t'):
                    wrong.append('menu')
                reply = fetch(self.server, '/page.gmi')
                if reply.text != '# Page\n' or not reply.close_notify:
                    wrong.append(reply)
            except (OSError, AssertionError) as error:
                wrong.append(repr(error))
            self.count += 1

    def test_a_hundred_times(self):
        with Server(TREE, workers=1,
                    env=dict(os.environ, **QUIET)) as self.server:
            self.count, wrong, done = 0, [], threading.Event()
            visitors = [threading.Thread(target=self.visit,
                                         args=(wrong, done))
                        for _ in range(2)]
            for visitor in visitors:
                visitor.start()
            try:
                for number in range(self.RELOADS):
                    since = len(self.server.lines)
                    self.server.signal(signal.SIGHUP)
                    if number % 4 == 3:
                        continue  # the next comes before it is done
                    self.server.wait_for_line('^info ready', since)
                wait_until(lambda: self.count >= 30, 'some visits')
            finally:
                done.set()
                for visitor in visitors:
                    visitor.join()
            self.assertEqual(wrong, [])
            wait_until(lambda: len(self.server.workers()) == 1,
                       'the end of the old ones')
            self.assertIsNone(self.server.log.find('^(error|warn) (?!jail)'))


class Clock(unittest.TestCase):
    """The wall clock is set back a day while clients are served."""

    def test_deadlines_pass(self):
        with TroubledServer(TREE, options=['request_timeout_ms=2000',
                                           'stall_timeout_ms=2000']) \
                as server:
            with open(server.path('big.bin'), 'wb') as file:
                file.truncate(32 << 20)
            with gopher_connect(server) as half, \
                    hurried_connect(server) as silent, \
                    gopher_connect(server, receive_buffer=4096) as stalled:
                half.send(b'/pa')
                stalled.send(b'/big.bin\r\n')
                server.trouble['seconds'] = -DAY_S
                # Whoever comes now is served, what is old is let go in time.
                wait_until(lambda: select(server, '/page.gmi'), 'a page')
                self.assertEqual(half.read_all(), b'')
                self.assertEqual(silent.read_reply().status, 59)
                server.wait_for_line(r'path=/big\.bin .*cut=yes')

    def test_nothing_waits_for_a_day(self):
        with TroubledServer(TREE) as server:
            self.assertEqual(fetch(server).text, '# Home\n')
            server.trouble['seconds'] = -DAY_S
            # Changes are still seen at once.
            os.mkdir(server.path('d'))
            for number in range(3):
                with open(server.path('d/%d.txt' % number), 'wb'):
                    pass
                self.assertEqual(
                    fetch(server, '/d/').text.count('\n=> ./'), number + 1)
            certificate = peer_certificate(server)
            since = len(server.lines)
            server.signal(signal.SIGHUP)
            server.wait_for_line('^info reloaded', since)
            self.assertEqual(peer_certificate(server), certificate)
            # A worker that dies is replaced without a day's pause.
            worker = wait_until(
                lambda: len(server.workers()) == 1 and server.workers(),
                'one worker')[0]
            os.kill(worker, signal.SIGKILL)
            self.assertEqual(fetch(server).text, '# Home\n')
            server.trouble.ends()
            self.assertEqual(fetch(server).text, '# Home\n')

    def test_set_back_during_a_pause(self):
        # Each worker that is killed is missed for longer, not for a day.
        with TroubledServer(TREE) as server:
            for _ in range(5):
                worker, = wait_until(server.workers, 'one worker')
                os.kill(worker, signal.SIGKILL)
                server.wait_for_line('worker %d ended: ' % worker)
            server.trouble['seconds'] = -DAY_S
            self.assertEqual(fetch(server).text, '# Home\n')


if __name__ == '__main__':
    unittest.main()
