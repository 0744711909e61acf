"""Who comes while it soaks: the honest, the slow and the broken."""

import collections
import os
import random
import re
import socket
import ssl
import struct
import threading
import time

from server import (Connection, gemini_connect, gopher_connect, select,
                    tls_context)

LINES = 2000
# More than the kernel takes in advance for a slow client.
LARGE = bytes(range(255, -1, -1)) * (8 << 12)
TREE = {
    'index.gmi': '# Home\n\n=> long.gmi Long\n=> notes.txt Notes\n',
    'long.gmi': '# Long\n' + ''.join(
        '* item %d\n' % number for number in range(LINES)),
    'notes.txt': 'Caf\u00e9.\n',
    'empty.txt': '',
    'large.bin': LARGE,
    'many/zero.txt': 'zero\n',
    'many/one.gmi': '# One\n',
    'map/index.gmi': '# Map\n',
    'map/gophermap': 'A map\n0Notes\t/notes.txt\n',
}

Question = collections.namedtuple('Question', 'connect request want')


def menu(*lines):
    return '\r\n'.join((*lines, '.', '')).encode()


def title(text):
    return 'i%s\tTITLE\tnull.host\t1' % text


def info(text):
    return 'i%s\t\tnull.host\t1' % text


def questions(server):
    """What is asked, and what is to come back, to the byte."""
    def item(kind, label, selector):
        return '%s%s\t%s\tlocalhost\t%d' % (
            kind, label, selector, server.gopher_port)

    gemini = {
        '/': '20 text/gemini\r\n' + TREE['index.gmi'],
        '/long.gmi': '20 text/gemini\r\n' + TREE['long.gmi'],
        '/notes.txt': '20 text/plain\r\n' + TREE['notes.txt'],
        '/empty.txt': '20 text/plain\r\n',
        '/many/': '20 text/gemini\r\n# /many/\n\n=> ../ One folder up\n'
                  '=> ./one.gmi One\n=> ./zero.txt zero.txt\n',
        '/many': '31 /many/\r\n',
        '/map/': '20 text/gemini\r\n' + TREE['map/index.gmi'],
        '/none': '51 There is no page at this address\r\n',
    }
    many = menu(title('/many/'), info('======'), info(''),
                item(1, 'One folder up', '/'),
                item(1, 'One', '/many/one.gmi'),
                item(0, 'zero.txt', '/many/zero.txt'))
    gopher = {
        '': menu(title('Home'), info('===='), info(''),
                 item(1, 'Long', '/long.gmi'),
                 item(0, 'Notes', '/notes.txt')),
        '/long.gmi': menu(title('Long'), info('===='), *(
            info('* item %d' % number) for number in range(LINES))),
        '0/long.gmi': TREE['long.gmi'].encode(),
        '/notes.txt': TREE['notes.txt'].encode(),
        '/empty.txt': b'',
        '/many/': many,
        '/many': many,
        '/map/': menu(info('A map'), item(0, 'Notes', '/notes.txt')),
        '/none': menu('3Not found. There is no page at this address'
                      '\t\terror.host\t1', item(1, 'Home', '/')),
    }
    return [
        *(Question(gemini_connect, server.url(path).encode() + b'\r\n',
                   want.encode()) for path, want in gemini.items()),
        *(Question(gopher_connect, selector.encode() + b'\r\n', want)
          for selector, want in gopher.items())]


def large_questions(server):
    # The same files are the same bytes, whenever they are packed.
    book = select(server, '/capsule.gpub')
    part = select(server, '/many.tar.gz')
    return [
        Question(gopher_connect, b'/capsule.gpub\r\n', book),
        Question(gopher_connect, b'/many.tar.gz\r\n', part),
        Question(gemini_connect, server.url('/many.tar.gz').encode() + b'\r\n',
                 b'20 application/gzip\r\n' + part),
        Question(gemini_connect, server.url('/large.bin').encode() + b'\r\n',
                 b'20 application/octet-stream\r\n' + LARGE),
        Question(gopher_connect, b'/large.bin\r\n', LARGE)]


FAILURE = re.compile(rb'40 |3Something failed')


class Gate:
    """Where visitors wait between two visits, while somebody measures."""

    def __init__(self):
        self.changed = threading.Condition()
        self.is_open = True
        self.is_over = threading.Event()
        self.waiting = 0

    def enter(self, leave):
        """Before each visit; False when it was the last.

        Before a wait, `leave` is to let go of whatever is held.
        """
        with self.changed:
            if not self.is_open:
                leave()
            self.waiting += 1
            self.changed.notify_all()
            while not self.is_open and not self.is_over.is_set():
                self.changed.wait()
            self.waiting -= 1
        return not self.is_over.is_set()

    def close(self, count, limit):
        """Closes, and waits until all `count` of them have come back."""
        with self.changed:
            self.is_open = False
            if not self.changed.wait_for(
                    lambda: self.waiting == count, limit):
                raise AssertionError('a visitor has not come back')

    def open(self):
        with self.changed:
            self.is_open = True
            self.changed.notify_all()

    def end(self):
        self.is_over.set()
        self.open()

    def rest(self, seconds):
        self.is_over.wait(seconds)


class Tally:
    """What came of it, counted by all visitors together."""

    def __init__(self):
        self.lock = threading.Lock()
        self.counts = collections.Counter()
        self.wrong = []
        self.kills = []  # when a worker was killed

    def count(self, what):
        with self.lock:
            self.counts[what] += 1

    def complain(self, text):
        with self.lock:
            self.wrong.append(text)

    def was_kill_since(self, began):
        return any(killed >= began for killed in self.kills)


class Visitor(threading.Thread):
    """Comes until the gate says that it is over."""

    def __init__(self, server, gate, tally, number):
        super().__init__(daemon=True)
        self.server, self.gate, self.tally = server, gate, tally
        self.number = number
        self.random = random.Random(number)
        self.visits = 0

    def run(self):
        try:
            while self.gate.enter(self.leave):
                self.visits += 1
                self.visit()
        except Exception as error:
            self.tally.complain('%s: %r' % (self.name, error))
            raise
        finally:
            self.leave()

    def visit(self):
        raise NotImplementedError

    def leave(self):
        pass

    def source(self):
        """One of two hundred addresses, so that no limit is met."""
        return '127.1.%d.%d' % (self.number, self.visits % 200 + 1)


class Honest(Visitor):
    """Asks, and wants the right answer to the last byte.

    `piece` and `rest` make it a slow one: bytes of the request sent at once,
    and seconds between them, and between what is read.
    """

    def __init__(self, *arguments, questions, kind, piece=1024, rest=0.0):
        super().__init__(*arguments)
        self.questions, self.kind = questions, kind
        self.piece, self.rest = piece, rest
        self.contexts = [tls_context(), tls_context(ssl.TLSVersion.TLSv1_2)]

    def connect(self, question):
        named = {'source': self.source(), 'limit': 60}
        if question.connect is gemini_connect:
            named['tls'] = self.random.choice(self.contexts)
        return question.connect(self.server, **named)

    def pause(self):
        if self.rest:
            self.gate.rest(self.rest)

    def ask(self, question):
        """What came, and why it is not all, if it is not."""
        got = []
        try:
            with self.connect(question) as client:
                for at in range(0, len(question.request), self.piece):
                    client.send(question.request[at:at + self.piece])
                    self.pause()
                while not client.ended:
                    got.append(client.read_some())
                    self.pause()
                if client.tls and not client.close_notify:
                    return b''.join(got), 'no close_notify'
        except (OSError, AssertionError) as error:
            return b''.join(got), repr(error)
        return b''.join(got), None

    def visit(self):
        question = self.random.choice(self.questions)
        while True:
            began = time.monotonic()
            got, why = self.ask(question)
            if got == question.want and why is None:
                self.tally.count(self.kind)
                return
            # In clear, a killed worker's end looks like any other; a process
            # for answers that was killed is an error.
            if not self.tally.was_kill_since(began) or \
                    not (question.want.startswith(got) or FAILURE.match(got)):
                break
            self.tally.count('cut')
        self.tally.complain('%s %r: %d bytes of %d, %s' % (
            self.kind, question.request, len(got), len(question.want),
            why or 'and they are others'))


class Broken(Visitor):
    """Does what no client should, and cares for no answer."""

    HELD = 12

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.context = tls_context()
        self.held = []
        self.kinds = (
            self.silence, self.half_hello, self.garbage, self.reset_at_once,
            self.half_request, self.never_reads, self.reset_in_body,
            self.too_long, self.wrong_protocol)

    def source(self):
        """Half of them come from one address, and meet its limits."""
        if self.random.random() < 0.5:
            return '127.2.%d.250' % self.number
        return '127.2.%d.%d' % (self.number, self.visits % 200 + 1)

    def port(self):
        return self.random.choice(
            (self.server.gemini_port, self.server.gopher_port))

    def plain(self, port, **named):
        return Connection(port, source=self.source(), limit=5, **named)

    def secure(self, **named):
        return gemini_connect(self.server, tls=self.context, limit=5,
                              source=self.source(), **named)

    def hold(self, client):
        """Keeps it; the server has to end it, or we do at last."""
        self.held.append(client)
        if len(self.held) > self.HELD:
            self.held.pop(0).close()
        return client

    @staticmethod
    def reset(client):
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                 struct.pack('ii', 1, 0))
        client.close()

    def silence(self):
        self.hold(self.plain(self.port()))

    def half_hello(self):
        client = self.hold(self.plain(self.server.gemini_port))
        client.send(b'\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03')

    def garbage(self):
        client = self.hold(self.plain(self.port()))
        client.send(os.urandom(self.random.randrange(1, 3000)))

    def reset_at_once(self):
        client = self.plain(self.port())
        client.send(b'\x16\x03\x01'[:self.random.randrange(4)])
        self.reset(client)

    def half_request(self):
        self.hold(self.secure()).send(b'gemini://localhost')

    def never_reads(self):
        client = self.hold(
            self.plain(self.server.gopher_port, receive_buffer=4096))
        client.send(b'/large.bin\r\n')

    def reset_in_body(self):
        client = self.secure()
        client.send(self.server.url('/large.bin').encode() + b'\r\n')
        client.read_some()
        self.reset(client)

    def too_long(self):
        with self.secure() as client:
            client.send(b'gemini://localhost/' + b'a' * 5000)
            client.read_all()

    def wrong_protocol(self):
        with self.plain(self.server.gemini_port) as client:
            client.send(b'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
            client.read_all()

    def visit(self):
        try:
            self.random.choice(self.kinds)()
        except (OSError, AssertionError):
            pass
        self.tally.count('broken')
        self.gate.rest(0.02)

    def leave(self):
        while self.held:
            self.held.pop().close()
