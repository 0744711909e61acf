"""After a child died of a fault the master executes itself."""

import contextlib
import errno
import fcntl
import glob
import os
import re
import shutil
import signal
import subprocess
import threading
import unittest

from build import INSTRUMENTED, MEMCHECKED, beneath
from server import (CAPSULED, Server, as_root, fetch, gopher_connect,
                    new_directory, peer_certificate, process_name, select,
                    title, wait_until)
from trouble import ESCAPES, HOLD_CERTIFICATE, TroubledServer

TREE = {'index.gmi': '# Home\n', 'page.gmi': '# Page\n'}
EXECUTES = '^info master: executing itself'
# A fault is to look like one, and not like a sanitizer's report.
QUIET = {'ASAN_OPTIONS': 'handle_segv=0:handle_sigbus=0:handle_sigfpe=0:'
                         'handle_abort=0:detect_leaks=0'}
FAULTS = (signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGFPE,
          signal.SIGABRT, signal.SIGSYS)


def executions(server):
    return sum(1 for line in server.lines if re.search(EXECUTES, line))


def die(server, pid=None, number=signal.SIGSEGV):
    """A child dies of a fault, and the successor is ready."""
    since = len(server.lines)
    if pid is None:
        server.signal_worker(number)
    else:
        os.kill(pid, number)
    server.wait_for_line(EXECUTES, since)
    server.wait_for_line('^info ready', since)


def serve(tree=TREE, workers=1, options=(), **named):
    return Server(tree, workers=workers, env=dict(os.environ, **QUIET),
                  options=options, **named)


def only(workers):
    return workers[0] if len(workers) == 1 else None


def poison(pid):
    """Fills what the processes share, as a worker could."""
    with open('/proc/%d/maps' % pid, encoding='ascii') as maps, \
            open('/proc/%d/mem' % pid, 'r+b', 0) as memory:
        for line in maps:
            match = re.match(r'(\w+)-(\w+) rw-s .* /dev/zero', line)
            if match:
                begin, end = int(match[1], 16), int(match[2], 16)
                memory.seek(begin)
                memory.write(b'\xff' * (end - begin))


def layout(pid):
    """Where a process has the program in memory."""
    with open('/proc/%d/maps' % pid, encoding='utf-8') as file:
        return next(line.split('-')[0] for line in file
                    if line.endswith('/capsuled\n'))


def visited(server, event):
    """The numbers of the visitors that lose a request during an event."""
    lost, done = [], threading.Event()
    counts = [0] * 4

    def visit(number):
        while not done.is_set():
            try:
                if number % 2:
                    good = fetch(server, '/page.gmi').text == '# Page\n'
                else:
                    good = select(server, '/page.gmi').startswith(b'iPage\t')
                if not good:
                    lost.append(number)
            except (OSError, AssertionError):
                lost.append(number)
            counts[number] += 1

    visitors = [threading.Thread(target=visit, args=(number,))
                for number in range(len(counts))]
    for visitor in visitors:
        visitor.start()
    try:
        wait_until(lambda: min(counts) >= 3, 'some visits')
        event()
        before = list(counts)
        wait_until(lambda: all(now >= then + 3 for now, then in
                               zip(counts, before)), 'more visits')
    finally:
        done.set()
        for visitor in visitors:
            visitor.join()
    return lost


@beneath
class Faults(unittest.TestCase):
    def test_each_signal(self):
        with serve() as server:
            certificate = peer_certificate(server)
            for number in FAULTS:
                with self.subTest(number=number):
                    die(server, number=number)
                    self.assertEqual(fetch(server).text, '# Home\n')
                    wait_until(lambda: len(server.workers()) == 1,
                               'one worker')
            self.assertEqual(executions(server), len(FAULTS))
            self.assertEqual(peer_certificate(server), certificate)
            # The addresses to open are for whoever started it, once.
            self.assertEqual(len(server.out.lines), 2)

    def test_other_ends(self):
        with serve() as server:
            for number in signal.SIGKILL, signal.SIGTERM:
                worker, = server.workers()
                os.kill(worker, number)
                server.wait_for_line('worker %d ended' % worker)
                self.assertEqual(fetch(server).text, '# Home\n')
                wait_until(lambda w=worker: server.workers() and
                           server.workers() != [w], 'another worker')
            self.assertEqual(executions(server), 0)

    @as_root
    def test_the_layout_is_another(self):
        with open('/proc/sys/kernel/randomize_va_space',
                  encoding='ascii') as file:
            if file.read() == '0\n':
                return  # This kernel has one layout for all processes.
        with serve(options=('ask=off', 'manifest=off')) as server:
            descriptors = os.listdir('/proc/%d/fd' % server.pid)
            seen = set()
            for _ in range(3):
                self.assertEqual(layout(server.pid),
                                 layout(server.workers()[0]))
                seen.add(layout(server.pid))
                die(server)
            self.assertGreater(len(seen), 1)
            # Nothing is left open, and its name stays.
            self.assertEqual(len(os.listdir('/proc/%d/fd' % server.pid)),
                             len(descriptors))
            self.assertEqual(process_name(server.pid), 'capsuled')
            if not MEMCHECKED:
                self.assertEqual(title(server.pid), 'capsuled: master')

    @as_root
    def test_poisoned_counts_are_gone(self):
        with serve(options=('limits=all',)) as server:
            poison(server.pid)
            with self.assertRaises(OSError):
                select(server, '/page.gmi')
            die(server)
            self.assertTrue(select(server, '/page.gmi').startswith(
                b'iPage\t'))
            self.assertEqual(fetch(server, '/online?plain').status, 20)

    def test_under_load(self):
        """Only a request that had begun on the dead worker is lost."""
        with serve(workers=2) as server:
            lost = visited(server, lambda: die(server))
            # Each visitor has one request at a time.
            self.assertEqual(len(lost), len(set(lost)))

    def test_clients_of_the_others(self):
        # The index died; the worker is as well as it was.
        with serve() as server:
            with open(server.path('big.bin'), 'wb') as file:
                file.truncate(32 << 20)
            old = server.workers()
            with gopher_connect(server, receive_buffer=4096) as client:
                client.send(b'/big.bin\r\n')
                got = len(client.read_some())
                die(server, server.indexer())
                wait_until(lambda: len(server.workers()) == 2, 'both')
                self.assertEqual(fetch(server).text, '# Home\n')
                got += len(client.read_all())
            self.assertEqual(got, 32 << 20)
            wait_until(lambda: len(server.workers()) == 1 and
                       server.workers() != old, 'the end of the old one')
            self.assertIsNone(server.log.find('lost the master'))

    def test_the_keys_died(self):
        with serve() as server:
            certificate = peer_certificate(server)
            for count in range(1, 3):
                old = server.keys()
                die(server, old)
                self.assertEqual(fetch(server).text, '# Home\n')
                self.assertNotEqual(server.keys(), old)
                self.assertEqual(executions(server), count)
            server.wait_for_line('keys process .*another in 100 ms$')
            # Each ends with the last of its workers.
            wait_until(lambda: len(server.children()) == 4, 'the end of old '
                       'processes')
            self.assertEqual(peer_certificate(server), certificate)

    def test_the_answers_died(self):
        with serve() as server:
            for count in range(1, 3):
                old = server.answers()
                die(server, old)
                self.assertEqual(fetch(server, '/manifest').status, 20)
                self.assertNotEqual(server.answers(), old)
                self.assertEqual(executions(server), count)
            # The second pause follows the first, which was handed over.
            server.wait_for_line('answers process .*another in 100 ms$')

    def check_lock(self, server, path):
        with open(path, 'r+b') as file:
            for _ in range(2):
                since = len(server.lines)
                server.signal_worker(signal.SIGSEGV)
                while not server.log.find('^info ready', since):
                    with self.assertRaises(BlockingIOError):
                        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def test_the_state_stays_locked(self):
        # No other server can take it, not even for a moment.
        directory = new_directory()
        self.addCleanup(shutil.rmtree, directory)
        state = os.path.join(directory, 'the state')
        with serve(options=('state=' + state,)) as server:
            self.check_lock(server, os.path.join(state, 'lock'))
        os.environ['TMPDIR'] = directory
        self.addCleanup(os.environ.pop, 'TMPDIR')
        os.chmod(directory, 0o1777)
        with serve() as server:
            path, = glob.glob(os.path.join(directory, 'capsuled-*', 'lock'))
            self.check_lock(server, path)

    def test_old_services_end_with_their_workers(self):
        # Those that do not hear of it are killed, as after a reload.
        with serve(options=('shutdown_timeout_ms=200',)) as server:
            worker, = server.workers()
            old = server.keys(), server.answers()
            for pid in old:
                os.kill(pid, signal.SIGSTOP)
            die(server, worker)
            wait_until(lambda: not set(old) & set(server.children()),
                       'their end')
            self.assertEqual(fetch(server).text, '# Home\n')

    def test_an_old_worker_is_ended(self):
        # One that does not end is known to the successor, too.
        with serve(options=('shutdown_timeout_ms=200',)) as server:
            old, = server.workers()
            os.kill(old, signal.SIGSTOP)
            die(server, server.indexer())
            wait_until(lambda: old not in server.workers(), 'its end')

    def test_signals_wait(self):
        for last in signal.SIGHUP, signal.SIGTERM, signal.SIGINT:
            with self.subTest(last=last), serve() as server:
                since = len(server.lines)
                server.signal_worker(signal.SIGSEGV)
                server.wait_for_line(' ended: killed', since)
                server.signal(signal.SIGHUP)
                server.wait_for_line(EXECUTES, since)
                server.signal(last)
                if last == signal.SIGHUP:
                    server.wait_for_line('^info reloaded', since)
                    self.assertEqual(fetch(server).text, '# Home\n')
                    server.signal(signal.SIGTERM)
                self.assertEqual(server.wait(), 0)

    def test_a_stop_does_not_wait_for_a_trial(self):
        with TroubledServer(TREE) as server:
            count = len(server.children())
            server.trouble['hold'] = HOLD_CERTIFICATE
            # The worker is replaced by the trial.
            server.signal_worker(signal.SIGILL)
            server.wait_for_line(' ended: killed')
            wait_until(lambda: len(server.children()) == count, 'a trial')
            server.signal(signal.SIGTERM)
            server.wait_for_line('^info stopping')
            server.trouble['hold'] = 0
            self.assertEqual(server.wait(), 0)
            self.assertIsNone(server.log.find('restart would fail'))
            self.assertEqual(executions(server), 0)

    def test_an_upgrade(self):
        # The program's file is another's by now: the old one goes on.
        directory = new_directory()
        self.addCleanup(shutil.rmtree, directory)
        program = shutil.copy(CAPSULED, directory)
        with serve(executable=program) as server:
            os.unlink(program)
            shutil.copy('/bin/false', program)
            die(server)
            self.assertEqual(fetch(server).text, '# Home\n')


def in_namespaces(test):
    """Leaves out a class where no namespace can be made."""
    done = subprocess.run(['unshare', '-p', '-f', '--mount-proc', 'true'],
                          stderr=subprocess.DEVNULL, check=False)
    return test if done.returncode == 0 else None


@beneath
@as_root
@in_namespaces
class Container(unittest.TestCase):
    """The master in namespaces of its own."""

    def script(self, before):
        """A script that executes the server as a command's arguments."""
        directory = new_directory()
        self.addCleanup(shutil.rmtree, directory)
        script = os.path.join(directory, 'contained')
        with open(script, 'w', encoding='utf-8') as file:
            file.write('#!/bin/sh\nexec %s "%s" "$@"\n' % (before, CAPSULED))
        os.chmod(script, 0o755)
        return script

    def test_listeners_stay(self):
        script = self.script('unshare -p -f --kill-child --mount-proc')
        with serve(workers=2, executable=script,
                   options=('ask=off', 'manifest=off', 'gempub=off',
                            'tar=off', 'shutdown_timeout_ms=600000')) as \
                server:
            # From here on the process to watch is the master.
            server.pid, = server.children()
            stopped, other = server.workers()
            os.kill(stopped, signal.SIGSTOP)
            try:
                die(server, other)
                self.assertEqual(server.lines.count(server.ready), 2)
                self.assertEqual(fetch(server).text, '# Home\n')
            finally:
                os.kill(stopped, signal.SIGCONT)

    # Sanitizers need /proc.
    @(lambda test: None if INSTRUMENTED else test)
    def test_without_proc(self):
        script = self.script(
            'unshare -m sh -c \'mount -t tmpfs none /proc && exec "$0" "$@"\'')
        with serve(workers=1, executable=script,
                   options=('ask=off',)) as server:
            server.wait_for_line('^warn master: cannot execute itself: .*; '
                                 'mount /proc')
        with serve(workers=1) as server:
            self.assertIsNone(server.log.find('mount /proc'))


@beneath
class Replaced(unittest.TestCase):
    """A reload executes the new version of the program."""

    def setUp(self):
        directory = new_directory()
        self.addCleanup(shutil.rmtree, directory)
        self.program = os.path.join(directory, 'capsuled')
        shutil.copy(CAPSULED, self.program)

    def replace(self, text=None):
        """As dpkg does: the path has another file from one moment to the
        next."""
        new = self.program + '.new'
        shutil.copy(CAPSULED, new)
        if text is not None:
            with open(new, 'w', encoding='utf-8') as file:
                file.write(text)
        os.rename(new, self.program)

    def runs(self, server):
        """The programs of all processes, some of which may end just now."""
        found = set()
        for pid in [server.pid, *server.children()]:
            with contextlib.suppress(FileNotFoundError):
                found.add(os.readlink('/proc/%d/exe' % pid))
        return found

    def reload(self, server, line):
        since = len(server.lines)
        server.signal(signal.SIGHUP)
        server.wait_for_line(line, since)

    @as_root
    def test_no_client_waits(self):
        with serve(executable=self.program, workers=2) as server:
            certificate = peer_certificate(server)
            self.replace()
            self.assertEqual(self.runs(server),
                             {self.program + ' (deleted)'})
            lost = visited(server, lambda: self.reload(
                server, EXECUTES + ', for the new version of the program$'))
            self.assertEqual(lost, [])
            wait_until(lambda: self.runs(server) == {self.program},
                       'the new version in all processes')
            self.assertEqual(peer_certificate(server), certificate)
            # The next reload is an ordinary one.
            self.reload(server, '^info reloaded$')
            self.assertEqual(fetch(server).text, '# Home\n')
            self.assertEqual(executions(server), 1)

    @as_root
    def test_a_new_version_that_does_not_start(self):
        with serve(executable=self.program) as server:
            self.replace('#!/bin/sh\nexit 1\n')
            self.reload(server, '^error master: a restart would fail, so the '
                        'old version stays in use; try capsuled -t$')
            self.assertEqual(fetch(server).text, '# Home\n')
            self.assertEqual(executions(server), 0)
            # A good one is taken at the next reload.
            self.replace()
            self.reload(server, EXECUTES)
            wait_until(lambda: self.runs(server) == {self.program},
                       'the new version in all processes')

    @as_root
    def test_a_file_of_another_user(self):
        with serve(executable=self.program) as server:
            self.replace()
            os.chown(self.program, 1, 1)
            # The second one would wait for an execution.
            self.reload(server, '^info reloaded$')
            self.reload(server, '^info reloaded$')
            self.assertEqual(fetch(server).text, '# Home\n')
            self.assertEqual(executions(server), 0)

    def test_a_deleted_program(self):
        with serve(executable=self.program) as server:
            os.unlink(self.program)
            self.reload(server, '^info reloaded$')
            self.assertEqual(fetch(server).text, '# Home\n')
            self.assertEqual(executions(server), 0)


@beneath
class Unable(unittest.TestCase):
    """A program that would not start is not executed."""

    def check(self, server, reason):
        since = len(server.lines)
        worker = server.workers()[0]
        os.kill(worker, signal.SIGSEGV)
        server.wait_for_line('^error .*' + reason, since)
        server.wait_for_line('^error master: a restart would fail', since)
        self.assertEqual(fetch(server).text, '# Home\n')
        self.assertEqual(executions(server), 0)

    def test_a_broken_configuration(self):
        directory = new_directory()
        self.addCleanup(shutil.rmtree, directory)
        path = os.path.join(directory, 'capsuled.conf')
        with open(path, 'w', encoding='utf-8') as file:
            file.write('lang = "de"\n')
        with serve(arguments=('-c', path)) as server:
            with open(path, 'w', encoding='utf-8') as file:
                file.write('lnag = "de"\n')
            self.check(server, 'lnag')

    def test_lost_keys(self):
        with serve() as server:
            certificate = peer_certificate(server)
            files = os.listdir(server.certs)
            for name in files:
                os.rename(os.path.join(server.certs, name),
                          os.path.join(server.directory, name))
            self.check(server, 'certs')
            self.assertEqual(peer_certificate(server), certificate)
            self.assertEqual(os.listdir(server.certs), [])
            for name in files:
                os.rename(os.path.join(server.directory, name),
                          os.path.join(server.certs, name))
            die(server)
            self.assertEqual(peer_certificate(server), certificate)

    def test_a_port_of_another(self):
        # A trial binds what is new, too.
        directory = new_directory()
        self.addCleanup(shutil.rmtree, directory)
        path = os.path.join(directory, 'capsuled.conf')
        with open(path, 'w', encoding='utf-8') as file:
            file.write('gopher = {"127.0.0.1:0"}\n')
        with Server(TREE) as other, \
                serve(gopher=None, arguments=('-c', path)) as server:
            with open(path, 'w', encoding='utf-8') as file:
                file.write('gopher = {"127.0.0.1:%d"}\n' % other.gopher_port)
            self.check(server, ':%d' % other.gopher_port)

    def test_it_fails_in_the_end(self):
        # The workers were told to end, and are replaced without a pause.
        with TroubledServer(TREE, workers=2,
                            begun={'exec_error': errno.ENOMEM}) as server:
            old = server.workers()
            # Sanitizers take SIGSEGV for themselves.
            os.kill(old[0], signal.SIGILL)
            server.wait_for_line('^error master: cannot execute itself')
            wait_until(lambda: len(server.workers()) == 2 and
                       old[1] not in server.workers(), 'new workers')
            self.assertEqual(fetch(server).text, '# Home\n')
            self.assertIsNone(server.log.find('worker %d ended' % old[1]))


def pass_time(server, seconds):
    server.trouble.pass_time(seconds)
    # The master waits by the real clock, unless something happens.
    server.signal(signal.SIGCHLD)


@beneath
class Loop(unittest.TestCase):
    def test_the_pause_stays(self):
        # The clock stands still: no worker gets old enough to be well.
        with TroubledServer(TREE, stopped=True) as server:
            for number, pause in enumerate((0, 100, 200, 400, 800, 1000,
                                            1000)):
                since = len(server.lines)
                worker = wait_until(lambda: only(server.workers()),
                                    'one worker')
                os.kill(worker, signal.SIGILL)
                server.wait_for_line('another one in %d ms$' % pause, since)
                if pause > 0:
                    self.assertEqual(executions(server), number)
                # Executions have a pause of their own.
                pass_time(server, max(pause, 100 << number) / 1000)
                server.wait_for_line(EXECUTES, since)
                server.wait_for_line('^info ready', since)

    def test_executions_get_rarer(self):
        # Faults one right after another; in between the master forks.
        with TroubledServer(TREE, stopped=True) as server:
            for pause in (0, 100, 200, 400, 800, 1600, 3200, 6400, 10000,
                          10000):
                since = len(server.lines)
                done = executions(server)
                worker = wait_until(lambda: only(server.workers()),
                                    'one worker')
                os.kill(worker, signal.SIGILL)
                match = server.wait_for_line('another one in ([0-9]+) ms$',
                                             since)
                due = int(match[1])
                pass_time(server, due / 1000)
                if pause > due:
                    wait_until(lambda: server.workers() and
                               worker not in server.workers(), 'a fork')
                    self.assertEqual(fetch(server).text, '# Home\n')
                    self.assertEqual(executions(server), done)
                    pass_time(server, (pause - due) / 1000)
                server.wait_for_line(EXECUTES, since)
                server.wait_for_line('^info ready', since)


@beneath
class Deaf(unittest.TestCase):
    """A worker that was taken over shuts the listeners down."""

    def attack(self, server):
        # Another page each time: one that is known is not read again.
        page = '/%d.gmi' % len(server.lines)
        with open(server.path(page[1:]), 'wb') as file:
            file.write(b'# New\n')
        # The worker has other clients, too.
        with gopher_connect(server):
            server.trouble['escape'] = ESCAPES.index('deafen')
            try:
                select(server, page)
            except (OSError, AssertionError):
                pass

    def test_without_a_jail(self):
        with TroubledServer(TREE, options=('jail=off',)) as server:
            for _ in range(3):
                since = len(server.lines)
                self.attack(server)
                server.wait_for_line('^warn master: .*: a socket was shut '
                                     'down; opened it again', since)
                wait_until(lambda s=since: 'ended' in '\n'.join(
                    server.lines[s:]), 'an end')
                self.assertEqual(fetch(server).text, '# Home\n')
                self.assertTrue(select(server, '/page.gmi'))

    # An instrumented server has no jail.
    @(lambda test: None if INSTRUMENTED else test)
    def test_within_the_jail(self):
        with TroubledServer(TREE) as server:
            since = len(server.lines)
            self.attack(server)
            server.wait_for_line(r'killed by signal 31 \(', since)
            server.wait_for_line(EXECUTES, since)
            self.assertEqual(fetch(server).text, '# Home\n')
            self.assertIsNone(server.log.find('shut down'))

    def test_while_the_master_executes_itself(self):
        # It shuts them down, and then dies of a fault.
        with TroubledServer(TREE, options=('jail=off',)) as server:
            since = len(server.lines)
            server.trouble['escape'] = ESCAPES.index('deafen and die')
            try:
                select(server, '/page.gmi')
            except (OSError, AssertionError):
                pass
            server.wait_for_line(EXECUTES, since)
            server.wait_for_line('^info ready', since)
            self.assertEqual(fetch(server).text, '# Home\n')


if __name__ == '__main__':
    unittest.main()
