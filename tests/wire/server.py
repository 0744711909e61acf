"""The real server for the tests, and clients that see every byte.

Nothing here sleeps: what is waited for has a deadline.  All is loopback.
"""

import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import unittest
from typing import NamedTuple

from build import CAPSULE, CAPSULED, DEADLINE_S, INSTRUMENTED, TOP

# What a server that is started by hand takes, too.
UNJAILED = ['-o', 'jail=off'] if INSTRUMENTED else []
TIME = re.compile(
    r'^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z (?=\w)')
# The server refuses some files that others may write.
os.umask(0o022)
# A client that is slow because the machine is gets its time; the deadlines
# that a test is about are its own options.
PATIENT = ['-o', 'request_timeout_ms=600000', '-o', 'stall_timeout_ms=600000']
# Descriptors, memory and I/O of a process are shown to root alone.
SEES_INSIDE = os.geteuid() == 0
SANITIZER = re.compile(
    r'ERROR: AddressSanitizer|runtime error:|LeakSanitizer')


def as_root(test):
    """Leaves out, for other users, a test or class that looks inside."""
    return test if SEES_INSIDE else None


def jailed(test):
    """Leaves out a test or class of the jail where the jail is off."""
    return None if INSTRUMENTED else test


def write_tree(root, files):
    """Writes {name: content}; a name with a final slash is a directory."""
    root = os.fsencode(root)
    os.makedirs(root, exist_ok=True)
    for name, content in files.items():
        path = os.path.join(root, os.fsencode(name))
        if path.endswith(b'/'):
            os.makedirs(path, exist_ok=True)
            continue
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if isinstance(content, str):
            content = content.encode()
        with open(path, 'wb') as file:
            file.write(content)


def wait_until(condition, what, limit=DEADLINE_S):
    """Calls `condition` until the result is true, and returns that."""
    deadline = time.monotonic() + limit
    pause = threading.Event()
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > deadline:
            raise AssertionError('%s did not happen in %g s' % (what, limit))
        pause.wait(0.02)


def new_directory():
    """A directory that the server's workers, as another user, may read."""
    path = tempfile.mkdtemp(prefix='capsuled-test-')
    os.chmod(path, 0o755)
    return path


def process_name(pid):
    """As ps(1) shows it; empty when there is no such process."""
    try:
        with open('/proc/%d/comm' % pid, encoding='utf-8') as file:
            return file.read().rstrip('\n')
    except OSError:
        return ''


def title(pid):
    """The title as in ps -f; empty when there is no such process."""
    try:
        with open('/proc/%d/cmdline' % pid, encoding='utf-8') as file:
            return file.read().rstrip('\0')
    except OSError:
        return ''


def resident(pid):
    """Bytes of a process in memory that are its own, and no file's."""
    with open('/proc/%d/status' % pid, encoding='ascii') as file:
        return int(re.search(r'RssAnon:\s*(\d+) kB', file.read())[1]) << 10


class Places(unittest.TestCase):
    """A directory with a tree, and a path for certificates."""

    content = {'index.gmi': '# Home\n'}

    def setUp(self):
        self.directory = new_directory()
        self.addCleanup(shutil.rmtree, self.directory)
        self.tree = os.path.join(self.directory, 'tree')
        self.certs = os.path.join(self.directory, 'certs')
        write_tree(self.tree, self.content)


class Lines:
    """The lines of a stream, read in a thread as they come.

    `raw` has them as they came, `lines` without the time of a log line.
    """

    def __init__(self, stream):
        self.lines, self.raw = [], []
        self.ended = False
        # Cleared, it keeps the stream unread, but for what is buffered.
        self.reads_on = threading.Event()
        self.reads_on.set()
        self.changed = threading.Condition()
        self.thread = threading.Thread(
            target=self._read, args=(stream,), daemon=True)
        self.thread.start()

    def _read(self, stream):
        for line in stream:
            with self.changed:
                self.raw.append(line.decode('utf-8', 'replace').rstrip('\n'))
                self.lines.append(TIME.sub('', self.raw[-1]))
                self.changed.notify_all()
            self.reads_on.wait()
        stream.close()
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    def find(self, pattern, since=0):
        for line in self.lines[since:]:
            match = re.search(pattern, line)
            if match:
                return match
        return None

    def wait(self, pattern, since=0, limit=DEADLINE_S):
        """The first line, from number `since` on, that matches."""
        deadline = time.monotonic() + limit
        with self.changed:
            while True:
                match = self.find(pattern, since)
                if match:
                    return match
                left = deadline - time.monotonic()
                if left <= 0 or self.ended:
                    raise AssertionError('no line matches %r; there are:\n%s'
                                         % (pattern, self.text()))
                self.changed.wait(left)

    def wait_for_end(self, limit=DEADLINE_S):
        """False when somebody still holds the stream open."""
        self.thread.join(limit)
        return self.ended

    def text(self):
        return '\n'.join(self.lines)


class Process:
    """A capsuled with whatever arguments, and what it says."""

    def __init__(self, arguments, program=(CAPSULED,), **popen):
        self.child = subprocess.Popen(
            [*program, *arguments], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, **popen)
        self.pid = self.child.pid
        self.log = Lines(self.child.stderr)
        self.out = Lines(self.child.stdout)

    @property
    def lines(self):
        return self.log.lines

    def wait_for_line(self, pattern, since=0, limit=DEADLINE_S):
        return self.log.wait(pattern, since, limit)

    def signal(self, number):
        os.kill(self.pid, number)

    def signal_worker(self, number):
        """To a worker that lives: one that is listed may end just now."""
        def done():
            try:
                os.kill(self.workers()[0], number)
            except (IndexError, ProcessLookupError):
                return False
            return True
        wait_until(done, 'a worker')

    def wait(self, limit=DEADLINE_S):
        """The exit status; nobody may be left behind, nor a report."""
        try:
            status = self.child.wait(limit)
        except subprocess.TimeoutExpired:
            workers = self.workers()
            self.child.kill()
            self.child.wait()
            raise AssertionError('pid %d did not end in %g s; workers %s; '
                                 'it said:\n%s' % (self.pid, limit, workers,
                                                   self.log.text())) from None
        if not self.log.wait_for_end(limit):
            raise AssertionError('a process outlived its master:\n' +
                                 self.log.text())
        self.out.wait_for_end(limit)
        if SANITIZER.search(self.log.text()):
            raise AssertionError('a sanitizer reports:\n' + self.log.text())
        return status

    def workers(self):
        """The process ids of the workers."""
        return self._named('capsuled-worker')

    def indexer(self):
        """The process id of the indexer, once there is one."""
        return wait_until(lambda: self._named('capsuled-index'),
                          'an indexer')[-1]

    def keys(self):
        """The process id of the newest process for keys, once there is one."""
        return wait_until(lambda: self._named('capsuled-keys'),
                          'a process for keys')[-1]

    def answers(self):
        """The process id of the newest process for slow pages."""
        return wait_until(lambda: self._named('capsuled-answers'),
                          'a process for slow pages')[-1]

    def _named(self, name):
        # Of a longer name the system keeps 15 bytes.
        return [pid for pid in self.children()
                if process_name(pid) == name[:15]]

    def children(self, pid=None):
        """The process ids of the children of the master, or of `pid`."""
        pid = pid or self.pid
        try:
            with open('/proc/%d/task/%d/children' % (pid, pid),
                      encoding='ascii') as file:
                return [int(word) for word in file.read().split()]
        except FileNotFoundError:
            return []


class Server(Process):
    """A capsuled that is ready, with a tree of its own.

    A listener that is None is left to a configuration file.
    """

    def __init__(self, tree=None, names=('localhost',), options=(),
                 arguments=(), gemini='127.0.0.1:0', gopher='127.0.0.1:0',
                 workers=2, directory=None, **popen):
        self.owned = directory is None
        self.directory = directory or new_directory()
        if isinstance(tree, (str, os.PathLike)):
            self.root = os.fspath(tree)
        else:
            self.root = os.path.join(self.directory, 'tree')
            write_tree(self.root, tree or {})
        self.certs = os.path.join(self.directory, 'certs')
        command = []
        for name in names:
            command += ['-n', name]
        for flag, address in (('-g', gemini), ('-G', gopher)):
            if address is not None:
                command += [flag, address]
        command += ['-w', str(workers), '-C', self.certs]
        command += UNJAILED + PATIENT
        for option in options:
            command += ['-o', option]
        self.name = names[0] if names else 'localhost'
        self.stopped = False
        super().__init__([*command, *arguments, self.root], **popen)
        try:
            self.ready = self.wait_for_line(r'^info ready .*')[0]
        except AssertionError:
            self.kill()
            raise
        # From then on they can be told from the workers.
        if 'ask=off' not in options and self.child.poll() is None:
            self.indexer()
            self.answers()
        self.gemini_port = self._port('gemini')
        self.gopher_port = self._port('gopher')

    def _port(self, which):
        match = re.search(r' %s=\S*:(\d+)' % which, self.ready)
        return int(match[1]) if match else None

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is None:
            self.stop()
        else:
            self.kill()

    def url(self, path='/', name=None):
        return 'gemini://%s:%d%s' % (
            name or self.name, self.gemini_port, path)

    def path(self, name):
        return os.path.join(self.root, name)

    def stop(self):
        """Ends it as an operator does; anything but 0 fails the test."""
        if self.stopped:
            return
        self.stopped = True
        try:
            if self.child.poll() is None:
                self.signal(signal.SIGTERM)
            status = self.wait()
        finally:
            self._clean()
        if status != 0:
            raise AssertionError('exit status %d; it said:\n%s' % (
                status, self.log.text()))

    def kill(self):
        """Ends it without asking anything of it."""
        if self.stopped:
            return
        self.stopped = True
        if self.child.poll() is None:
            self.child.kill()
        self.child.wait()
        self._clean()

    def _clean(self):
        if self.owned:
            shutil.rmtree(self.directory, ignore_errors=True)


class Reply(NamedTuple):
    header: bytes  # without its CRLF
    status: int  # 0 when there is no header
    meta: str
    body: bytes
    close_notify: bool

    @property
    def mime(self):
        return self.meta.split(';')[0].strip()

    @property
    def text(self):
        return self.body.decode()


def read_reply(data, close_notify):
    header, separator, body = data.partition(b'\r\n')
    if not separator:
        return Reply(b'', 0, '', data, close_notify)
    match = re.match(rb'([0-9]{2}) ', header)
    status = int(match[1]) if match else 0
    return Reply(header, status, header[3:].decode('utf-8', 'replace'), body,
                 close_notify)


def tls_context(version=None, alpn=None, ciphers=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    # Python takes a missing close_notify for one, unless told not to.
    context.options &= ~getattr(ssl, 'OP_IGNORE_UNEXPECTED_EOF', 0)
    if version is not None:
        context.minimum_version = context.maximum_version = version
    if alpn is not None:
        context.set_alpn_protocols(alpn)
    if ciphers is not None:
        context.set_ciphers(ciphers)
    return context


class Connection:
    """One TCP connection, with TLS when a context is given.

    TLS goes through memory, so that what the server did at the end, with
    close_notify or without, is known and not guessed.
    """

    def __init__(self, port, context=None, sni=None, limit=DEADLINE_S,
                 receive_buffer=None, host='127.0.0.1', source='',
                 parts=None):
        # Splits the first bytes into packets.
        self.parts = parts
        self.deadline = time.monotonic() + limit
        family = socket.AF_INET6 if ':' in host else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if receive_buffer is not None:
            self.socket.setsockopt(
                socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.tls = None
        self.close_notify = self.ended = False
        try:
            self._limit()
            if source:
                self.socket.bind((source, 0))
            self.socket.connect((host, port))
            if context is not None:
                self.start_tls(context, sni)
        except BaseException:
            self.socket.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def _limit(self):
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise AssertionError('the deadline of a connection has passed')
        self.socket.settimeout(left)

    def _receive(self):
        self._limit()
        try:
            return self.socket.recv(65536)
        except socket.timeout:
            raise AssertionError('no answer before the deadline') from None

    def _send(self, data):
        parts = self.parts(data) if self.parts else [data]
        self.parts = None
        for part in parts:
            self._limit()
            self.socket.sendall(part)

    def _flush(self):
        data = self.outgoing.read()
        if data:
            self._send(data)

    def start_tls(self, context, sni):
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(
            self.incoming, self.outgoing, server_hostname=sni)
        while True:
            try:
                self.tls.do_handshake()
                self._flush()
                return
            except ssl.SSLWantReadError:
                self._flush()
            data = self._receive()
            if data:
                self.incoming.write(data)
            else:
                self.incoming.write_eof()

    def send(self, data):
        """With TLS, one record for each 16 KiB."""
        if self.tls is None:
            self._send(data)
        elif data:
            self.tls.write(data)
            self._flush()

    def end_sending(self, data=b'', close_notify=False):
        """Sends the last bytes and half-closes.

        TLS's word for it goes in the same segment: a server that has
        answered by then would be right to reset.
        """
        if self.tls is None:
            self.send(data)
        else:
            if data:
                self.tls.write(data)
            if close_notify:
                try:
                    self.tls.unwrap()
                except ssl.SSLWantReadError:
                    pass
            self._flush()
        self.socket.shutdown(socket.SHUT_WR)

    def read_some(self):
        """Some bytes; b'' when the server has ended."""
        if self.ended:
            return b''
        if self.tls is None:
            data = self._receive()
            self.ended = not data
            return data
        while True:
            try:
                data = self.tls.read(65536)
                if not data:
                    self.close_notify = self.ended = True
                return data
            except ssl.SSLZeroReturnError:
                self.close_notify = self.ended = True
                return b''
            except ssl.SSLWantReadError:
                self._flush()
            except ssl.SSLError as error:
                # Which of the two it is depends on Python's version.
                if not isinstance(error, ssl.SSLEOFError) and \
                        error.reason != 'UNEXPECTED_EOF_WHILE_READING':
                    raise
                self.ended = True
                return b''
            data = self._receive()
            if data:
                self.incoming.write(data)
            else:
                self.incoming.write_eof()

    def read_all(self):
        parts = []
        while not self.ended:
            parts.append(self.read_some())
        return b''.join(parts)

    def read_reply(self):
        return read_reply(self.read_all(), self.close_notify)

    def wait_for_close(self):
        """After the reply: the TCP connection ends too, in order."""
        while self._receive():
            pass


def gemini_connect(server, sni='localhost', tls=None, limit=DEADLINE_S,
                   **named):
    return Connection(server.gemini_port, tls or tls_context(), sni=sni,
                      limit=limit, **named)


def gemini(server, request, sni='localhost', tls=None, limit=DEADLINE_S):
    """Sends the bytes, or each of a list of them in its own record."""
    parts = [request] if isinstance(request, bytes) else request
    with gemini_connect(server, sni, tls, limit) as connection:
        for part in parts:
            connection.send(part)
        return connection.read_reply()


def fetch(server, path='/'):
    """The reply to a request for a path of the server's own."""
    return gemini(server, server.url(path).encode() + b'\r\n')


def peer_certificate(server):
    """The certificate that it shows, in DER."""
    with gemini_connect(server) as client:
        return client.tls.getpeercert(True)


def gopher_connect(server, limit=DEADLINE_S, **named):
    return Connection(server.gopher_port, limit=limit, **named)


def hurried_connect(server, **named):
    """A TLS connection to a server whose deadline is short.

    A client that was too slow for the handshake tries again.
    """
    def attempt():
        try:
            return gemini_connect(server, **named)
        except OSError:
            return None

    return wait_until(attempt, 'a handshake in time')


def gopher(server, request, limit=DEADLINE_S):
    """Sends the bytes, or each of a list of them; all that comes back.

    A reset raises ConnectionResetError: some clients lose the page then.
    """
    parts = [request] if isinstance(request, bytes) else request
    with gopher_connect(server, limit) as connection:
        for part in parts:
            connection.send(part)
        return connection.read_all()


def select(server, selector):
    """The answer to a selector, given as text."""
    return gopher(server, selector.encode() + b'\r\n')
