"""The status of a running server, from its socket."""

import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import threading
import unittest

from build import CAPSULE, DEADLINE_S, TOP
from server import (UNJAILED, Process, Server, as_root, fetch,
                    gopher_connect, hurried_connect, jailed, new_directory,
                    select, title, wait_until, write_tree)
from test_limits import RULES, visit
from trouble import TroubledServer

TREE = {'index.gmi': '# Home\n', 'page.gmi': '# Page\n'}
# A crash must not produce a report of a sanitizer.
QUIET = {'ASAN_OPTIONS': 'handle_segv=0:handle_abort=0:detect_leaks=0'}


def run(*arguments):
    return subprocess.run([CAPSULE, 'status', *arguments], text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=DEADLINE_S,
                          check=False)


def status(path):
    """The numbers as integers, the rest as text."""
    done = run(path)
    if done.returncode != 0 or done.stderr:
        raise AssertionError('%d: %s' % (done.returncode, done.stderr))
    lines = done.stdout.splitlines()
    if lines[-1] != 'complete=yes':
        raise AssertionError(done.stdout)
    pairs = [line.split('=', 1) for line in lines]
    if len(dict(pairs)) != len(pairs):
        raise AssertionError('a key is there twice: ' + done.stdout)
    return {key: int(value) if re.fullmatch(r'-?[0-9]+', value) else value
            for key, value in pairs}


def only(found, prefix):
    return {key.removeprefix(prefix): value for key, value in found.items()
            if key.startswith(prefix)}


def general(key):
    """The key in the form that the manual has."""
    if key.startswith('host.'):
        return 'host.NAME.' + key.rsplit('.', 1)[1]
    key = re.sub(r'(requests\.\w+)\.\d+', r'\1.STATUS', key)
    return re.sub(r'\.\d+', '.N', key)


def keys_in_manual():
    with open(os.path.join(TOP, 'src', 'capsuled.8'), encoding='utf-8') as file:
        section = file.read().split('.Sh STATUS\n')[1].split('\n.Sh ')[0]
    return {re.sub(r' Ns |Cm |Ar ', '', key) for key in
            re.findall(r'^\.It (Cm .*)$', section, re.M)}


class Shown(unittest.TestCase):
    def setUp(self):
        self.directory = new_directory()
        self.addCleanup(shutil.rmtree, self.directory)
        self.path = os.path.join(self.directory, 'status')

    def serve(self, *options, **named):
        server = Server(TREE, options=('status=' + self.path, *options),
                        **named)
        self.addCleanup(server.kill)
        return server

    def numbers(self):
        return status(self.path)

    def test_requests_by_status_whatever_becomes_of_workers(self):
        server = self.serve()
        before = self.numbers()
        self.assertEqual(only(before, 'requests.'), {})
        self.assertRegex(before['since'], r'^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$')
        self.assertEqual(before['workers'], 2)
        self.assertEqual(set(only(before, 'worker.')), {'1.age_s', '2.age_s'})
        expected = {}
        for turn in (1, 2, 3):
            fetch(server, '/page.gmi')
            fetch(server, '/nowhere')
            select(server, '/page.gmi')
            select(server, '/')
            select(server, '/nowhere')
            expected = {'gemini.20': turn, 'gemini.51': turn,
                        'gopher.20': 2 * turn, 'gopher.51': turn}
            self.assertEqual(only(self.numbers(), 'requests.'), expected)
            self.assertEqual(self.numbers()['connections'], 5 * turn)
            if turn == 1:
                since = len(server.lines)
                server.signal_worker(signal.SIGKILL)
                server.wait_for_line('another one in', since)
            else:
                server.signal(signal.SIGHUP)
                server.wait_for_line('^info reloaded')
                wait_until(lambda: self.numbers()['retired'] == 0,
                           'the end of the old workers')
            self.assertEqual(only(self.numbers(), 'requests.'), expected)
        self.assertEqual(self.numbers()['since'], before['since'])
        server.stop()
        self.assertFalse(os.path.exists(self.path))

    def test_nothing_names_a_visitor(self):
        server = self.serve('log_addresses=yes')
        self.assertEqual(self.numbers()['reload'], 'none')
        fetch(server, '/page.gmi?secret')
        with gopher_connect(server) as client:
            client.send(b'/page')
            wait_until(lambda: self.numbers()['open.request'] == 1, 'a client')
            text = run(self.path).stdout
        for word in ('127.0.0', 'page', 'secret'):
            self.assertNotIn(word, text)

    def test_the_manual_has_every_key(self):
        server = self.serve()
        seen = set()
        fetch(server)
        select(server, '/')
        with gopher_connect(server) as client:
            client.send(b'/page')
            wait_until(lambda: self.numbers()['open.request'] == 1, 'a client')
            self.assertEqual(only(self.numbers(), 'open.'),
                             {'hello': 0, 'request': 1, 'response': 0,
                              'drain': 0})
            server.signal(signal.SIGHUP)
            server.wait_for_line('^info reloaded')
            found = wait_until(lambda: self.numbers()['retired'] == 1 and
                               self.numbers(), 'the end of the idle one')
            self.assertEqual(found['workers'], 2)
            self.assertEqual(set(only(found, 'retired.')), {'1.age_s'})
            seen |= set(map(general, found))
            client.send(b'.gmi\r\n')
            self.assertTrue(client.read_all())
        wait_until(lambda: self.numbers()['retired'] == 0, 'its end')
        self.assertEqual(seen, keys_in_manual())
        self.assertIn(self.numbers()['host.localhost.certificate_days'],
                      (36524, 36525))
        wait_until(lambda: self.numbers()['host.localhost.index_age_s'] !=
                   'never', 'a scan')
        self.assertLess(self.numbers()['host.localhost.index_age_s'], 120)

    def test_hosts_have_their_lines(self):
        server = self.serve('ask=off', 'manifest=off', gemini=None,
                            arguments=('-g', 'off'))
        self.assertEqual(only(self.numbers(), 'host.'), {})
        server.stop()

    def test_old_clients_while_it_stops(self):
        server = self.serve()
        with gopher_connect(server) as client:
            client.send(b'/page')
            wait_until(lambda: self.numbers()['open.request'] == 1, 'a client')
            server.signal(signal.SIGTERM)
            server.wait_for_line('^info stopping')
            found = wait_until(lambda: self.numbers()['retired'] == 1 and
                               self.numbers(), 'the end of the other')
            self.assertEqual((found['state'], found['workers']),
                             ('stopping', 0))
            client.send(b'.gmi\r\n')
            self.assertIn(b'Page', client.read_all())
        self.assertEqual(server.wait(), 0)
        self.assertFalse(os.path.exists(self.path))

    def test_limits(self):
        options = ('status=' + self.path, *RULES)
        with TroubledServer(TREE, workers=1, stopped=True,
                            options=options) as server:
            for _ in range(80):
                visit(server, '127.0.0.1')
            found = self.numbers()
            self.assertEqual(only(found, 'refused.'),
                             {'limit_open': 0, 'limit_rate': 21, 'room': 0,
                              'files': 0})
            self.assertEqual(only(found, 'dropped.'),
                             {'limit_open': 0, 'limit_rate': 49})
            self.assertEqual(only(found, 'requests.'),
                             {'gopher.20': 10, 'gopher.44': 21})

    def test_open_connections(self):
        server = self.serve('limits=all', 'limit_open=2', workers=1)
        for count in (1, 2):
            client = gopher_connect(server)
            self.addCleanup(client.close)
            client.send(b'/page')
            wait_until(lambda n=count: self.numbers()['open.request'] == n,
                       'the client')
        self.assertEqual(select(server, '/')[:1], b'3')
        self.assertEqual(only(self.numbers(), 'refused.'),
                         {'limit_open': 1, 'limit_rate': 0, 'room': 0,
                          'files': 0})

    def test_deadlines(self):
        server = self.serve('request_timeout_ms=200', workers=1)
        with hurried_connect(server) as client:
            client.read_all()
        wait_until(lambda: self.numbers()['closed.request_timeout'] > 0,
                   'a deadline')
        self.assertEqual(self.numbers()['closed.stall_timeout'], 0)

    def test_clients_that_do_not_read(self):
        server = self.serve()
        clients = []
        for _ in range(100):
            client = socket.socket(socket.AF_UNIX)
            self.addCleanup(client.close)
            # One without a time limit waits for a place in the queue.
            client.connect(self.path)
            client.settimeout(DEADLINE_S)
            clients.append(client)
        self.assertEqual(fetch(server).status, 20)
        self.assertEqual(self.numbers()['requests.gemini.20'], 1)
        server.signal_worker(signal.SIGKILL)
        server.wait_for_line('another one in')
        # The master neither waits for bytes of a client nor reads them.
        with self.assertRaises(BrokenPipeError):
            clients[7].sendall(b'x' * 8)
        for client in clients:
            text = b''
            while data := client.recv(65536):
                text += data
            self.assertTrue(text.endswith(b'\ncomplete=yes\n'))
        server.stop()

    def test_many_hosts_fit(self):
        sections = ''.join(
            'host "%s%d.example" { capsule = "%s" }\n' % (
                'long-' * 10, i, self.directory) for i in range(60))
        write_tree(self.directory, {'hosts': sections})
        process = Process([*UNJAILED, '-c', os.path.join(
            self.directory, 'hosts'), '-g', '127.0.0.1:0', '-G', 'off', '-o',
            'ask=off', '-o', 'manifest=off', '-o', 'status=' + self.path,
            '-C', os.path.join(self.directory, '..', 'missing-' +
                               os.path.basename(self.directory))])
        self.addCleanup(shutil.rmtree, os.path.join(
            self.directory, '..', 'missing-' +
            os.path.basename(self.directory)))
        try:
            process.wait_for_line('^info ready')
            found = self.numbers()
            self.assertEqual(found['hosts'], 60)
            self.assertEqual(len(only(found, 'host.')), 60)
        finally:
            process.signal(signal.SIGTERM)
            self.assertEqual(process.wait(), 0)

    def test_after_it_executed_itself(self):
        server = self.serve(workers=1, env=dict(os.environ, **QUIET))
        fetch(server)
        self.assertEqual(self.numbers()['requests.gemini.20'], 1)
        since = len(server.lines)
        server.signal_worker(signal.SIGSEGV)
        server.wait_for_line('^info master: executing itself', since)
        server.wait_for_line('^info ready', since)
        self.assertEqual(only(self.numbers(), 'requests.'), {})
        fetch(server)
        self.assertEqual(self.numbers()['requests.gemini.20'], 1)
        server.stop()
        self.assertFalse(os.path.exists(self.path))

    @as_root
    def test_without_descriptors(self):
        server = self.serve()
        limit = resource.prlimit(server.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(server.pid, resource.RLIMIT_NOFILE,
                         (len(os.listdir('/proc/%d/fd' % server.pid)),
                          limit[1]))
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(self.path)
            client.settimeout(DEADLINE_S)
            self.assertEqual(fetch(server).status, 20)
            resource.prlimit(server.pid, resource.RLIMIT_NOFILE, limit)
            self.assertIn(b'since=', client.recv(65536))

    @jailed
    def test_beside_the_sandbox(self):
        server = self.serve('jail=on')
        fetch(server)
        self.assertEqual(self.numbers()['requests.gemini.20'], 1)
        self.assertEqual(os.stat(self.path).st_mode & 0o7777, 0o600)
        for pid in server.children():
            self.assertTrue(title(pid).startswith('capsuled: '))


class Path(unittest.TestCase):
    """The file of the socket, and other files at its path."""

    def setUp(self):
        self.directory = new_directory()
        self.addCleanup(shutil.rmtree, self.directory)
        self.path = os.path.join(self.directory, 'status')
        write_tree(self.directory, {'tree/index.gmi': '# Home\n', 'conf': ''})

    def arguments(self, path):
        return [*UNJAILED, '-c', os.path.join(self.directory, 'conf'),
                '-g', '127.0.0.1:0', '-G', 'off', '-w', '1',
                '-C', os.path.join(self.directory, 'certs'),
                *(['-o', 'status=' + path] if path else []),
                os.path.join(self.directory, 'tree')]

    def start(self, path):
        process = Process(self.arguments(path))
        self.addCleanup(self.end, process)
        process.wait_for_line('^info ready')
        return process

    def end(self, process):
        if process.child.poll() is None:
            process.signal(signal.SIGTERM)
        self.assertIn(process.wait(), (0, -signal.SIGKILL))

    def refused(self, path, pattern, code=1, *, checked=True):
        for check in ([], ['-t'])[:1 + checked]:
            process = Process([*check, *self.arguments(path)])
            self.assertEqual(process.wait(), 2 if check else code)
            self.assertRegex(process.log.text(), pattern)

    def test_faults(self):
        for name in ('file', 'link'):
            write_tree(self.directory, {'file': 'mine\n'})
            if name == 'link':
                os.symlink('file', os.path.join(self.directory, name))
            path = os.path.join(self.directory, name)
            self.refused(path, 'error status: %s: is not a socket, and is not '
                         'replaced; name another path' % re.escape(path))
            with open(path, encoding='utf-8') as file:
                self.assertEqual(file.read(), 'mine\n')
        self.refused(self.directory, 'is not a socket')
        self.refused(os.path.join(self.directory, 'missing', 'status'),
                     'error status: .*/missing/status: the directory is '
                     'missing; make it$')
        self.refused(os.path.join(self.directory, 'file', 'status'),
                     'error status: .*: Not a directory$')
        self.refused(os.path.join('/tmp', 'x' * 200),
                     r'status is "/tmp/xxx.*too long for the path of a '
                     r'socket; give at most 107 bytes', 2)

    def test_a_socket_in_use(self):
        first = self.start(self.path)
        self.refused(self.path, 'error status: .*: another process listens '
                     'there; give each server a path of its own',
                     checked=False)
        # -t expects the server to be running.
        process = Process(['-t', *self.arguments(self.path)])
        self.assertEqual(process.wait(), 0)
        self.assertEqual(status(self.path)['state'], 'serving')
        self.end(first)

    def test_a_socket_that_was_left(self):
        first = self.start(self.path)
        first.signal(signal.SIGKILL)
        self.assertEqual(first.wait(), -signal.SIGKILL)
        self.assertTrue(os.path.exists(self.path))
        done = run(self.path)
        self.assertEqual(done.returncode, 1)
        self.assertIn('Connection refused; no server listens there', done.stderr)
        self.start(self.path)
        self.assertEqual(status(self.path)['state'], 'serving')

    def test_another_file_in_its_place_stays(self):
        process = self.start(self.path)
        os.remove(self.path)
        write_tree(self.directory, {'status': 'mine\n'})
        self.end(process)
        with open(self.path, encoding='utf-8') as file:
            self.assertEqual(file.read(), 'mine\n')

    def reload(self, process, text, pattern):
        since = len(process.lines)
        write_tree(self.directory, {'conf': text})
        process.signal(signal.SIGHUP)
        process.wait_for_line(pattern, since)

    def test_reloads(self):
        process = self.start(None)
        self.assertFalse(os.path.exists(self.path))
        self.reload(process, 'status = "%s"\n' % self.path, '^info reloaded')
        self.assertEqual(status(self.path)['reload'], 'done')
        first = os.stat(self.path).st_ino
        self.reload(process, 'status = "%s"\nlang = "de"\n' % self.path,
                    '^info reloaded')
        self.assertEqual(os.stat(self.path).st_ino, first)
        # A bad one changes nothing.
        self.reload(process, 'status = "%s"\n' % self.directory,
                    '^error reload: status: .*is not a socket.*; keeping')
        self.reload(process, 'status = "%s"\nnames = "x\n' % self.path,
                    '^error reload: .*; keeping')
        found = status(self.path)
        self.assertEqual((found['state'], found['reload']),
                         ('serving', 'failed'))
        self.reload(process, 'status = "%s2"\n' % self.path, '^info reloaded')
        self.assertFalse(os.path.exists(self.path))
        self.assertEqual(status(self.path + '2')['state'], 'serving')
        # A reload makes a socket again that was removed by mistake.
        os.remove(self.path + '2')
        self.reload(process, 'status = "%s2"\n' % self.path, '^info reloaded')
        self.assertEqual(status(self.path + '2')['state'], 'serving')
        self.reload(process, '', '^info reloaded')
        self.assertFalse(os.path.exists(self.path + '2'))


class Verb(unittest.TestCase):
    def test_usage(self):
        for arguments in ([], ['a', 'b'], ['-x']):
            done = run(*arguments)
            self.assertEqual(done.returncode, 2)
            self.assertRegex(done.stderr, '^capsule status: ')

    def test_faults(self):
        directory = new_directory()
        self.addCleanup(shutil.rmtree, directory)
        path = os.path.join(directory, 'x')
        done = run(path)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, 'No such file or directory; set the key '
                         'status, and start the server')
        self.assertEqual(run('/' + 'x' * 300).returncode, 1)

    def test_the_socket_of_another_program(self):
        directory = new_directory()
        self.addCleanup(shutil.rmtree, directory)
        path = os.path.join(directory, 'x')
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(path)
            server.listen()
            for answer, code in ((b'hello\n', 1), (b'', 1),
                                 (b'a=\x1b[2J\ncomplete=yes\n', 0)):
                def talk(data=answer):
                    with server.accept()[0] as client:
                        client.sendall(data)
                thread = threading.Thread(target=talk)
                thread.start()
                done = run(path)
                thread.join()
                self.assertEqual(done.returncode, code)
                self.assertNotIn('\x1b', done.stdout)


if __name__ == '__main__':
    unittest.main()
