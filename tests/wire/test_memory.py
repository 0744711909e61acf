"""Memory and address space that run out: one request ends, no worker."""

import contextlib
import re
import resource
import ssl
import unittest

import test_hello
from build import beneath
from server import (INSTRUMENTED, Connection, Server, fetch, gemini_connect,
                    gopher_connect, select, wait_until)
from trouble import FOREVER, TroubledServer

TREE = {'index.gmi': '# Home\n', 'page.gmi': '# Page\n=> d/ Folder\n',
        'd/a.gmi': '# A\n', 'd/b.txt': 'b\n', 'notes': 'notes\n',
        'm/gophermap': 'Map\n*\n', 'm/x.txt': 'x\n', 'none/.x': ''}

NEW = 'A text that libmagic has not seen.\n'


def over_gemini(path):
    def visit(server):
        """Status and body, or None when the connection just ended."""
        try:
            reply = fetch(server, path)
        except (OSError, ssl.SSLError):
            return None
        return (reply.status, reply.text) if reply.close_notify else None
    return visit


def over_gopher(selector):
    def visit(server):
        try:
            answer = select(server, selector)
        except OSError:
            return None
        if not answer:
            return None
        return (40 if answer.startswith(b'3Something failed') else 20,
                answer.decode())
    return visit


VISITS = {
    'over Gemini': over_gemini('/page.gmi'),
    'a page over Gopher': over_gopher('/page.gmi'),
    'a file of unknown type': over_gopher('/notes'),
    'a map with a listing': over_gopher('/m/'),
    'nothing': over_gopher('/none.txt'),
}


@beneath
class Allocations(unittest.TestCase):
    """OpenSSL's, libevent's and libmagic's as well as ours."""

    def setUp(self):
        self.server = TroubledServer(TREE)
        self.addCleanup(self.server.kill)
        self.trouble = self.server.trouble
        self.workers = self.server.workers()
        # The types of files are known from here on.
        for visit in VISITS.values():
            self.assertEqual(visit(self.server)[0], 20)

    def assert_honest(self, got, want):
        """All of it, or 40, or an end that shows."""
        self.assertIn(got, (want, None) if got is None or got[0] != 40
                      else (got,))

    def walk(self, visit, step, last):
        """Fails the first allocation, then others after it."""
        self.trouble.ends()
        want = visit(self.server)
        number, outcomes = 1 - step, 0
        while True:
            number += step
            self.trouble['fail_from'] = number
            self.trouble['fail_to'] = last(number)
            self.trouble['allocations'] = self.trouble['failed'] = 0
            got = visit(self.server)
            if not self.trouble['failed']:
                break
            self.assert_honest(got, want)
            self.assertEqual(self.server.workers(), self.workers)
            outcomes += got != want
        # That it did fail, and had something to do with the answer.
        self.assertGreater(number, 2)
        self.assertGreater(outcomes, 0)
        self.trouble.ends()
        self.assertEqual(visit(self.server), want)

    def test_each_one(self):
        for name, visit in VISITS.items():
            with self.subTest(name):
                self.walk(visit, 1, lambda number: number + 1)

    def test_each_one_and_all_after_it(self):
        for name, visit in VISITS.items():
            with self.subTest(name):
                # A handshake makes hundreds, and ends at the first.
                step = 17 if name == 'over Gemini' else 1
                self.walk(visit, step, lambda number: FOREVER)

    def test_a_listing(self):
        # A page whose title cannot be read is shown by its name.
        for visit, first in ((over_gemini('/d/'), 620),
                             (over_gopher('/d/'), 1)):
            want = visit(self.server)[1]
            targets = re.findall(r'/[ab]\.\w+', want)
            self.assertEqual(len(targets), 2)
            for number in range(first, 800):
                self.trouble['fail_from'] = number
                self.trouble['fail_to'] = number + 1
                self.trouble['allocations'] = self.trouble['failed'] = 0
                got = visit(self.server)
                if not self.trouble['failed']:
                    break
                if got is not None and got[0] == 20:
                    self.assertEqual(
                        re.findall(r'/[ab]\.\w+', got[1]), targets)
            self.trouble.ends()
            self.assertEqual(visit(self.server), (20, want))
            self.assertEqual(self.server.workers(), self.workers)

    def test_a_type_not_yet_known(self):
        # Without memory libmagic is not asked: it would crash.  What could
        # not be told is not remembered.
        visit, seen = over_gopher('/notes'), set()
        for number in range(1, 100):
            with open(self.server.path('notes'), 'a', encoding='ascii') as \
                    file:
                file.write('more\n')
            self.trouble['fail_to'] = FOREVER
            self.trouble['allocations'] = 0
            self.trouble['fail_from'] = number
            got = visit(self.server)
            seen.add(got and got[0])
            self.assertIn(got and got[0], (None, 40))
            self.trouble.ends()
            self.assertEqual(fetch(self.server, '/notes').meta, 'text/plain')
        self.assertEqual(seen, {None, 40})
        self.assertEqual(self.server.workers(), self.workers)

    def test_some_of_them(self):
        for every in (2, 3, 7, 31, 127):
            self.trouble['fail_every'] = every
            for _ in range(8):
                for visit in VISITS.values():
                    visit(self.server)
            self.assertGreater(self.trouble['failed'], 0)
            self.trouble.ends()
            for visit in VISITS.values():
                self.assertEqual(visit(self.server)[0], 20)
        self.assertEqual(self.server.workers(), self.workers)

    def test_a_crowd_without_memory(self):
        # Who comes while there is none at all is let go, and not forgotten.
        self.trouble['fail_from'], self.trouble['fail_to'] = 1, FOREVER
        for _ in range(50):
            for visit in VISITS.values():
                self.assertIsNone(visit(self.server))
        self.server.wait_for_line('^error worker: cannot take another client')
        self.trouble.ends()
        for visit in VISITS.values():
            self.assertEqual(visit(self.server)[0], 20)
        self.assertEqual(self.server.workers(), self.workers)

    def tearDown(self):
        # Nothing that was half made when it failed is left.
        self.server.stop()


def status_bytes(pid, field):
    with open('/proc/%d/status' % pid, encoding='ascii') as file:
        return int(re.search(field + r':\s*(\d+) kB', file.read())[1]) << 10


def virtual_bytes(pid):
    return status_bytes(pid, 'VmSize')


class HalfOpen(unittest.TestCase):
    """Clients without a whole ClientHello, and their end."""

    CLIENTS = 800

    @contextlib.contextmanager
    def crowd(self, server, data):
        """They are there, and the worker has read what they sent."""
        with contextlib.ExitStack() as clients:
            for _ in range(self.CLIENTS):
                clients.enter_context(
                    Connection(server.gemini_port)).send(data)
            self.assertEqual(fetch(server).status, 20)
            yield

    def test_what_they_cost(self):
        if INSTRUMENTED:
            return  # which has a malloc of its own
        hello = test_hello.records(test_hello.hello(
            more=test_hello.extension(21, bytes(8000))))
        for data in (b'\x16', hello[:5], hello[:100], hello[:3072]):
            with self.subTest(length=len(data)), \
                    Server(TREE, workers=1,
                           options=['request_timeout_ms=600000']) as server:
                for visit in VISITS.values():
                    visit(server)
                worker, = server.workers()
                before = status_bytes(worker, 'RssAnon')
                with self.crowd(server, data):
                    cost = status_bytes(worker, 'RssAnon') - before
                self.assertLess(cost, (self.CLIENTS * 4 << 10) + (1 << 20))

    def test_what_they_leave_behind(self):
        # In the middle of their handshakes they have taken much more.
        if INSTRUMENTED:
            return  # which has a malloc of its own
        hello = test_hello.records(test_hello.hello())
        with Server(TREE, workers=1,
                    options=['request_timeout_ms=600000']) as server:
            for visit in VISITS.values():
                visit(server)
            worker, = server.workers()
            before = status_bytes(worker, 'RssAnon')
            with self.crowd(server, hello):
                there = status_bytes(worker, 'RssAnon') - before
            # So that there is something to give back.
            self.assertGreater(there, self.CLIENTS * 16 << 10)
            wait_until(lambda: status_bytes(worker, 'RssAnon') - before <
                       2 << 20, 'the memory given back')
            self.assertEqual(fetch(server).status, 20)


class AddressSpace(unittest.TestCase):
    """What `ulimit -v` does."""

    @staticmethod
    def needed():
        """How much a worker has that has served its first clients."""
        with Server(TREE, workers=1) as server:
            for visit in VISITS.values():
                visit(server)
            return virtual_bytes(server.workers()[0])

    @staticmethod
    def crowd(server, held):
        """Begins requests, until there is no memory for another."""
        while len(held) < 8000:
            for _ in range(100):
                client = gopher_connect(server)
                held.append(client)
                client.send(b'/pa')
            if all(over_gopher('/page.gmi')(server) is None
                   for _ in range(20)):
                break

    @staticmethod
    def assert_told(server, selector):
        """What was in use is in pieces now, and libmagic content with it."""
        wait_until(lambda: over_gopher(selector)(server) == (20, NEW),
                   'the type of ' + selector)

    def test_shortage_and_its_end(self):
        if INSTRUMENTED:
            return  # whose own shadow is larger than any limit
        space = self.needed() + (8 << 20)
        # The crowd takes more descriptors than a login usually has.
        before = resource.getrlimit(resource.RLIMIT_NOFILE)
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, before)
        resource.setrlimit(resource.RLIMIT_NOFILE, (before[1], before[1]))

        def limit():
            resource.setrlimit(resource.RLIMIT_AS, (space, space))

        tree = dict(TREE)
        tree.update({'new/%d' % number: NEW for number in range(101)})
        # On a busy machine the crowd takes a while to come; it may stay.
        with Server(tree, workers=1, preexec_fn=limit,
                    options=['request_timeout_ms=600000']) as server:
            workers = server.workers()
            held = [gemini_connect(server)]
            try:
                held[0].send(server.url('/pa').encode())
                self.crowd(server, held)
                self.assertLess(len(held), 8000)
                # Of unknown type, and libmagic dies without memory.
                for number in range(100):
                    answer = over_gopher('/new/%d' % number)(server)
                    if answer is not None and answer[0] == 20:
                        self.assertEqual(answer[1], NEW)
                self.assertEqual(server.workers(), workers)
                # Some go, and there is room for others.
                for client in held[len(held) // 2:]:
                    client.close()
                for visit in VISITS.values():
                    wait_until(lambda v=visit: v(server), 'service')
                # Who was there before still is.
                held[0].send(b'ge.gmi\r\n')
                self.assertEqual(held[0].read_reply().status, 20)
            finally:
                for client in held:
                    client.close()
            wait_until(lambda: over_gemini('/page.gmi')(server), 'service')
            self.assert_told(server, '/new/100')
            self.assertEqual(server.workers(), workers)


if __name__ == '__main__':
    unittest.main()
