"""Three replicas behind HAProxy, with the configuration of the example."""

import contextlib
import itertools
import os
import random
import shutil
import signal
import socket
import subprocess
import threading
import unittest

from build import CAPSULE, CAPSULED, DEADLINE_S, SLOWER
from haproxy import HAProxy
from server import (TOP, UNJAILED, Connection, Server, new_directory,
                    tls_context, wait_until, write_tree)

EXAMPLE = os.path.join(TOP, 'src', 'examples', 'replicas')
NAMES = ('r1', 'r2', 'r3')
HOSTS = dict(zip(NAMES, ('127.0.0.2', '127.0.0.3', '127.0.0.4')))
FRONT = '127.0.0.1'
OLD = {'index.gmi': '# Home\n', 'page.gmi': '# Old\n' + 'old text\n' * 1000}
NEW = {'index.gmi': '# Home\n', 'page.gmi': '# New\n' + 'new text\n' * 900}
VISITORS = 4
REQUESTS = 60 // SLOWER


def is_free(port):
    with contextlib.ExitStack() as stack:
        for host in (FRONT, *HOSTS.values()):
            one = stack.enter_context(socket.socket())
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                one.bind((host, port))
            except OSError:
                return False
    return True


def free_ports():
    """Two ports, free on all addresses, that the system gives to no other."""
    ports = iter(random.sample(range(20000, 30000), 1000))
    return (next(port for port in ports if is_free(port)),
            next(port for port in ports if is_free(port)))


def example(name, gemini_port, gopher_port):
    """A file of the example, with these ports."""
    with open(os.path.join(EXAMPLE, name), encoding='ascii') as file:
        text = file.read()
    text = text.replace(':1965', ':%d' % gemini_port)
    text = text.replace(':7070', ':%d' % gopher_port)
    return text.replace('//localhost/', '//localhost:%d/' % gemini_port)


class Replicas:
    """Servers on one port of three addresses, and HAProxy on a fourth."""

    def __init__(self, clean):
        self.top = new_directory()
        clean.callback(shutil.rmtree, self.top)
        self.gemini_port, self.gopher_port = free_ports()
        self.running = {}
        clean.callback(self.end)
        for name in NAMES:
            write_tree(self.path(name, 'old'), OLD)
            os.symlink('old', self.path(name, 'current'))
            self.start(name)
        self.proxy = HAProxy(example('haproxy.cfg', self.gemini_port,
                                     self.gopher_port))
        clean.callback(self.proxy.stop)
        for name in NAMES:
            self.proxy.wait_for_state(name, 'UP')

    def path(self, *names):
        return os.path.join(self.top, *names)

    def start(self, name):
        certs = self.path(name, 'certs')
        if name != 'r1' and not os.path.exists(certs):
            shutil.copytree(self.path('r1', 'certs'), certs)
        self.running[name] = Server(
            self.path(name, 'current'), directory=self.path(name),
            gemini='%s:%d proxy' % (HOSTS[name], self.gemini_port),
            gopher='%s:%d proxy' % (HOSTS[name], self.gopher_port),
            options=['proxies=' + FRONT], workers=1)

    def connect(self, name):
        """To a replica itself."""
        client = Connection(self.gemini_port, host=HOSTS[name])
        client.send(b'PROXY UNKNOWN\r\n')
        client.start_tls(tls_context(), 'localhost')
        return client

    def fetch(self, name, path):
        with self.connect(name) as client:
            client.send(b'gemini://localhost:%d%s\r\n' % (
                self.gemini_port, path))
            return client.read_all()

    def end(self):
        for server in self.running.values():
            server.kill()

    def kill(self, name):
        """Ends all its processes at once."""
        server = self.running[name]
        pids = [server.pid, *server.children()]
        for child in server.children():
            pids += server.children(child)
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        server.child.wait()
        assert server.log.wait_for_end(), 'a process lives'


class Incomplete(Exception):
    """An incomplete answer."""


class Client:
    """A client of HAProxy that is connected."""

    certificate = None
    numbers = itertools.count()

    def __init__(self, front):
        self.front = front
        # Another address: the ports of one would soon be used again.
        number = next(self.numbers)
        self.address = '127.1.%d.%d' % (number >> 8, number & 255)
        self.connection = Connection(self.port_of(front),
                                     source=self.address)
        self.close = self.connection.close

    @staticmethod
    def whole(data, is_ended):
        """The title of the page."""
        for page, count in ((b'old text', 1000), (b'new text', 900)):
            if is_ended and data.count(page) == count:
                return page
        raise Incomplete(data[:100])

    def visit(self):
        """Sends a request and reads the answer; returns the title."""
        self.begin()
        self.ask()
        return self.answer()


class Gemini(Client):
    @staticmethod
    def port_of(front):
        return front.gemini_port

    def begin(self):
        self.connection.start_tls(tls_context(), 'localhost')
        self.certificate = self.connection.tls.getpeercert(True)

    def ask(self):
        self.connection.send(b'gemini://localhost:%d/page.gmi\r\n' %
                             self.front.gemini_port)

    def answer(self):
        reply = self.connection.read_reply()
        return self.whole(reply.body,
                          reply.status == 20 and reply.close_notify)


class Gopher(Client):
    @staticmethod
    def port_of(front):
        return front.gopher_port

    def begin(self):
        self.connection.send(b'/page')

    def ask(self):
        self.connection.send(b'.gmi\r\n')

    def answer(self):
        data = self.connection.read_all()
        return self.whole(data, data.endswith(b'\r\n.\r\n'))


class Visitors:
    """Clients that send requests without a pause, over both protocols."""

    def __init__(self, front):
        self.front = front
        self.lock = threading.Lock()
        self.count = 0
        self.failed = []  # (address, error)
        self.pages = set()  # received since the last call of look()
        self.certificates = set()
        self.done = threading.Event()
        self.threads = [threading.Thread(target=self.run, args=(number,))
                        for number in range(VISITORS)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.end()

    def end(self):
        self.done.set()
        for thread in self.threads:
            thread.join()

    def run(self, number):
        while not self.done.is_set():
            self.visit(Gopher if number == 0 else Gemini)

    def visit(self, protocol):
        client = protocol(self.front)
        try:
            page = client.visit()
        except (OSError, AssertionError, Incomplete) as error:
            with self.lock:
                self.failed.append((client.address, repr(error)))
        else:
            with self.lock:
                self.pages.add(page)
                self.certificates.add(client.certificate)
        finally:
            client.close()
            self.count += 1

    def more(self, number=REQUESTS):
        """Waits until so many more requests have begun and ended."""
        want = self.count + number
        wait_until(lambda: self.count >= want, 'more requests')

    def look(self):
        """The pages that were received since the last call."""
        with self.lock:
            pages, self.pages = self.pages, set()
        return pages


class Behind(unittest.TestCase):
    def setUp(self):
        clean = contextlib.ExitStack()
        self.addCleanup(clean.close)
        self.front = Replicas(clean)
        self.proxy = self.front.proxy
        # Two of each protocol for each replica, which takes turns.
        self.held = []
        for protocol in (Gemini, Gopher):
            for _ in range(2 * len(NAMES)):
                client = protocol(self.front)
                clean.callback(client.close)
                client.begin()
                self.held.append(client)
            backend = protocol.__name__.lower()
            for name in NAMES:
                wait_until(lambda b=backend, n=name:
                           self.proxy.stat(b, n)['scur'] == '2', 'its turn')
        self.visitors = clean.enter_context(Visitors(self.front))
        self.visitors.more()

    def finish_held(self):
        """Completes the open requests; returns those that failed."""
        failed = []
        for client in self.held:
            try:
                client.ask()
                client.answer()
            except (OSError, Incomplete):
                failed.append(client.address)
            client.close()
        return failed

    def server_of(self, address):
        wait_until(lambda: address in self.proxy.log.servers(), 'its line')
        return self.proxy.log.servers()[address]

    def wait_for_requests(self, name):
        """Until HAProxy gives requests to this replica, of both kinds."""
        for backend in ('gemini', 'gopher'):
            before = self.proxy.stat(backend, name)['stot']
            wait_until(lambda b=backend, n=before:
                       self.proxy.stat(b, name)['stot'] != n, 'its turn')

    def start(self, name):
        self.front.start(name)
        self.proxy.wait_for_state(name, 'UP')
        self.wait_for_requests(name)
        self.visitors.more()

    def test_stopped_and_started(self):
        server = self.front.running['r1']
        server.signal(signal.SIGTERM)
        self.proxy.wait_for_state('r1', 'DOWN')
        self.visitors.more()
        self.assertEqual(self.finish_held(), [])
        self.assertEqual(server.wait(), 0)
        self.start('r1')
        self.assertEqual(self.visitors.failed, [])

    def test_killed(self):
        self.front.kill('r2')
        self.proxy.wait_for_state('r2', 'DOWN')
        self.visitors.more()
        failed = self.finish_held()
        self.assertEqual(len(failed), 4)
        self.start('r2')
        failed += [address for address, _ in self.visitors.failed]
        # All of them were on the killed replica, and no others.
        self.assertEqual(
            {self.server_of(address) for address in failed}, {'r2'})
        held = [client.address for client in self.held
                if self.server_of(client.address) == 'r2']
        self.assertLessEqual(set(held), set(failed))

    def test_content_is_switched(self):
        path = self.front.path
        self.assertEqual(self.visitors.look(), {b'old text'})
        write_tree(path('r1', 'new'), NEW)
        for name in NAMES[1:]:
            shutil.copytree(path('r1', 'new'), path(name, 'new'))
        for name in NAMES:
            server = self.front.running[name]
            os.symlink('new', path(name, 'next'))
            os.rename(path(name, 'next'), path(name, 'current'))
            server.signal(signal.SIGHUP)
            server.wait_for_line('^info reloaded')
            self.visitors.more()
        wait_until(lambda: (self.visitors.more(), self.visitors.look())[1] ==
                   {b'new text'}, 'the new content everywhere')
        # An open request gets the old or the new page.
        self.assertEqual(self.finish_held(), [])
        self.visitors.end()
        self.assertEqual(self.visitors.failed, [])
        # Each replica has read the new pages by now, or soon.
        for path, says in ((b'/manifest', b'page.gmi'),
                           (b'/capsule.tar.gz', b'20 application/'),
                           (b'/ask?new', b'# Found'),
                           (b'/ask?old', b'# Nothing')):
            wait_until(lambda p=path, s=says: [
                True for answer in {self.front.fetch(name, p)
                                    for name in NAMES}
                if s in answer] == [True], path)

    def test_certificate_is_renewed(self):
        path = self.front.path
        old = self.certificate('r1')
        subprocess.run([CAPSULE, 'rekey', '--names', path('r1', 'certs'),
                        'localhost'], check=True, stdout=subprocess.DEVNULL)
        for name in NAMES:
            certs = path(name, 'certs')
            if name != 'r1':
                shutil.copy(path('r1', 'certs', 'localhost.crt'),
                            os.path.join(certs, 'next'))
                os.rename(os.path.join(certs, 'next'),
                          os.path.join(certs, 'localhost.crt'))
            server = self.front.running[name]
            server.signal(signal.SIGHUP)
            server.wait_for_line('^info reloaded')
        new = self.certificate('r1')
        for name in NAMES:
            wait_until(lambda n=name: self.certificate(n) == new, 'the new')
        self.visitors.more()
        self.assertEqual(self.finish_held(), [])
        self.assertEqual(self.visitors.failed, [])
        self.assertEqual(self.visitors.certificates, {None, old, new})
        self.assertNotEqual(old, new)
        self.assertEqual(public_key(old), public_key(new))

    def certificate(self, name):
        with self.front.connect(name) as client:
            return client.tls.getpeercert(True)

    def test_drained(self):
        for backend in ('gemini', 'gopher'):
            answer = self.proxy.tell(
                'set server %s/r3 state drain' % backend)
            self.assertEqual(answer, '')
        self.assertEqual(self.finish_held(), [])

        def given():
            return [self.proxy.stat(backend, 'r3')['stot']
                    for backend in ('gemini', 'gopher')]

        before = given()
        for backend in ('gemini', 'gopher'):
            wait_until(lambda b=backend:
                       self.proxy.stat(b, 'r3')['scur'] == '0', 'its end')
        self.visitors.more()
        self.assertEqual(given(), before)
        self.front.running['r3'].stop()
        self.front.start('r3')
        self.visitors.more()
        self.assertEqual(given(), before)
        for backend in ('gemini', 'gopher'):
            self.proxy.tell('set server %s/r3 state ready' % backend)
        self.proxy.wait_for_state('r3', 'UP')
        self.wait_for_requests('r3')
        self.assertEqual(self.visitors.failed, [])


class Example(unittest.TestCase):
    """The scripts, as a reader starts them."""

    def setUp(self):
        self.top = new_directory()
        self.addCleanup(shutil.rmtree, self.top)
        self.gemini_port, self.gopher_port = free_ports()
        for name in ('haproxy.cfg', 'start', 'publish'):
            self.write(name, example(name, self.gemini_port,
                                     self.gopher_port))
        self.write('bin/capsuled', '#!/bin/sh\nexec %s %s "$@"\n' % (
            CAPSULED, ' '.join(UNJAILED)))
        write_tree(os.path.join(self.top, 'old'), OLD)
        write_tree(os.path.join(self.top, 'new'), NEW)
        self.environment = dict(os.environ, PATH='%s/bin:%s:/usr/sbin' % (
            self.top, os.environ['PATH']))

    def write(self, name, text):
        write_tree(self.top, {name: text})
        os.chmod(os.path.join(self.top, name), 0o755)

    def visit(self):
        try:
            client = Gemini(self)
        except OSError:
            return None
        with contextlib.closing(client):
            try:
                return client.visit()
            except (OSError, Incomplete):
                return None

    def test_start_and_publish(self):
        start = subprocess.Popen(
            ['./start', 'old'], cwd=self.top, env=self.environment,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        try:
            wait_until(lambda: self.visit() == b'old text', 'a page')
            pids = []
            for name in NAMES:
                with open(os.path.join(self.top, 'replicas', name, 'pid'),
                          encoding='ascii') as file:
                    pids.append(int(file.read()))
            # It may be stopped while the others get their pages.
            os.kill(pids[0], signal.SIGTERM)
            wait_until(lambda: not os.path.exists('/proc/%d' % pids[0]),
                       'its end')
            done = subprocess.run(
                ['./publish', 'new'], cwd=self.top, check=True,
                stderr=subprocess.PIPE, text=True)
            self.assertIn('publish: r1 is stopped', done.stderr)
            for _ in NAMES:
                wait_until(lambda: self.visit() == b'new text', 'the new')
        finally:
            start.terminate()
            self.assertEqual(start.wait(DEADLINE_S), 0)
        for pid in pids:
            self.assertFalse(os.path.exists('/proc/%d' % pid))


def public_key(certificate):
    return subprocess.run(
        ['openssl', 'x509', '-inform', 'DER', '-noout', '-pubkey'],
        input=certificate, check=True, capture_output=True).stdout


if __name__ == '__main__':
    unittest.main()
