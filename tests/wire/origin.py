"""A server to mirror from, as honest or as hostile as a test wants.

It speaks Gemini and Gopher, serves a dictionary of files, and what it does
with a path can be replaced by any bytes, or by any function of the
connection.  What was asked of it is remembered.
"""

import calendar
import hashlib
import os
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.parse

from build import CAPSULE, DEADLINE_S, SLOWER

TIME = 1700000000
MIME = {'.gmi': 'text/gemini', '.txt': 'text/plain'}


def utc(when):
    return time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(when))


def escape(path):
    return path.replace(b'\\', b'\\\\').replace(b'\n', b'\\n').replace(
        b'\r', b'\\r')


def record(path, content, when=TIME, size=None, digest=None):
    """The two lines of a file in a manifest."""
    path = os.fsencode(path)
    escaped = escape(path)
    return b'# %d %s\n%s%s *%s\n' % (
        len(content) if size is None else size, utc(when).encode(),
        b'\\' if escaped != path else b'',
        (digest or hashlib.sha256(content).hexdigest()).encode(), escaped)


def ended(lines, files, size):
    return lines + b'# end %d %d %s\n' % (
        files, size, hashlib.sha256(lines).hexdigest().encode())


def manifest_of(files, times=None):
    """The manifest of {path: content}, as capsuled would make it."""
    items = sorted((os.fsencode(path), content)
                   for path, content in files.items()
                   if os.fsdecode(path) not in ('manifest', 'manifest.sig'))
    lines = b'# capsule manifest 1\n' + b''.join(
        record(path, content, (times or {}).get(os.fsdecode(path), TIME))
        for path, content in items)
    return ended(lines, len(items), sum(len(c) for _, c in items))


def changes(files, times, since, changed, removed=()):
    """What has `changed` since a time, as capsuled would say it."""
    whole = manifest_of(files, times)
    some = {path: record(path, content, times.get(path, TIME))
            for path, content in files.items() if path in changed}
    size = sum(len(files[path]) for path in some)
    count = len(some)
    some.update({path: b'# removed *%s\n' % escape(os.fsencode(path))
                 for path in removed})
    end = whole.rstrip(b'\n').rsplit(b'\n', 1)[1].replace(
        b'# end', b'# whole')
    return ended(
        b'# capsule manifest 1 since %s\n' % utc(since).encode() +
        b''.join(some[path] for path in sorted(some)) + end + b'\n',
        count, size)


class Origin:
    """Serves `files`; `answers` {path: bytes or function} go before them.

    A path is what was asked for, without host: "/a.gmi?x", and over Gopher
    without the item type that may stand before it; "/manifest?since=" is all
    that begin so.
    """

    def __init__(self, files=None, with_manifest=True):
        self.files = files if files is not None else {}
        self.times = {}
        self.changed = []  # and this: what it knows of lately
        self.removed = []
        self.knows_changes = True
        self.with_manifest = with_manifest
        self.answers = {}
        self.requests = []
        self.selectors = []  # of Gopher, as they were sent
        self.knows_binary = True  # item type 9 in selectors
        self.before = None  # called with each path
        self.directory = tempfile.mkdtemp(prefix='capsuled-origin-')
        self.context = self.new_key()
        self.stopping = False
        self.sockets = [socket.create_server(('127.0.0.1', 0), backlog=128)
                        for _ in range(2)]
        self.gemini_port, self.gopher_port = (
            each.getsockname()[1] for each in self.sockets)
        self.threads = [
            threading.Thread(target=self.accept, args=pair, daemon=True)
            for pair in zip(self.sockets, (self.gemini, self.gopher))]
        for thread in self.threads:
            thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        if self.stopping:
            return
        self.stopping = True
        for each in self.sockets:
            each.shutdown(socket.SHUT_RDWR)  # wakes who waits for clients
        for thread in self.threads:
            thread.join(DEADLINE_S)
        for each in self.sockets:
            each.close()
        shutil.rmtree(self.directory, ignore_errors=True)

    def new_key(self):
        """Another key from now on."""
        key, cert = (os.path.join(self.directory, name)
                     for name in ('key.pem', 'cert.pem'))
        subprocess.run(
            ['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt',
             'ec_paramgen_curve:P-256', '-nodes', '-days', '9', '-subj',
             '/CN=localhost', '-keyout', key, '-out', cert],
            check=True, capture_output=True, timeout=DEADLINE_S)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(cert, key)
        return self.context

    def fingerprint(self):
        """SHA-256 of the public key."""
        cert = os.path.join(self.directory, 'cert.pem')
        public = subprocess.run(
            'openssl x509 -in %s -pubkey -noout | '
            'openssl pkey -pubin -outform DER' % cert, shell=True,
            check=True, capture_output=True).stdout
        return hashlib.sha256(public).hexdigest()

    def url(self, scheme='gemini', path='/'):
        if scheme == 'gopher':
            return 'gopher://127.0.0.1:%d/1%s' % (self.gopher_port, path)
        return 'gemini://127.0.0.1:%d%s' % (self.gemini_port, path)

    def paths(self):
        """What was asked for since the last call."""
        asked, self.requests = self.requests, []
        return asked

    def manifest(self):
        return manifest_of(self.files, self.times)

    def accept(self, listener, serve):
        while not self.stopping:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            client.settimeout(DEADLINE_S)
            threading.Thread(target=self.guarded, args=(serve, client),
                             daemon=True).start()

    def guarded(self, serve, client):
        try:
            serve(client)
        except (OSError, ValueError):
            pass  # the client has gone, as some tests want
        finally:
            client.close()

    def gemini(self, client):
        if self.context is None:
            client.sendall(b'20 text/plain\r\n')
            return
        with self.context.wrap_socket(client, server_side=True) as tls:
            line = self.line(tls)
            path = '/' + line.decode().split('://', 1)[1].partition('/')[2]
            answer = self.answer(path)
            if callable(answer):
                answer(tls)
                return
            if answer is None:
                answer = b'51 Not found\r\n'
            elif not isinstance(answer, tuple):
                name = urllib.parse.unquote(path.split('?')[0])
                if name.endswith('/'):
                    name += 'index.gmi'
                mime = MIME.get(os.path.splitext(name)[1],
                                'application/octet-stream')
                answer = b'20 %s\r\n%s' % (mime.encode(), answer)
            else:
                answer = answer[0]
            tls.sendall(answer)
            self.close(tls)

    @staticmethod
    def close(tls):
        tls.settimeout(0.0)
        try:
            tls.unwrap()
        except (OSError, ValueError):
            pass

    def gopher(self, client):
        path = self.line(client).decode()
        self.selectors.append(path)
        if path[:2] in ('0/', '1/', '9/')[:3 if self.knows_binary else 2]:
            path = path[1:]
        answer = self.answer('/' + path.lstrip('/'))
        if callable(answer):
            answer(client)
            return
        if isinstance(answer, tuple):
            answer = answer[0]
        if answer is None:
            answer = b'3Not found\t\terror.host\t1\r\n.\r\n'
        client.sendall(answer)
        client.shutdown(socket.SHUT_WR)

    @staticmethod
    def line(client):
        data = b''
        while not data.endswith(b'\r\n') and len(data) < 2048:
            some = client.recv(2048)
            if not some:
                raise ValueError('no request')
            data += some
        return data[:-2]

    def answer(self, path):
        """A body; in a tuple, with its header; None: there is none."""
        self.requests.append(path)
        if self.before:
            self.before(path)
        for known in (path, path[:path.find('=') + 1]):
            if known in self.answers:
                return self.answers[known]
        plain, _, query = path.partition('?')
        name = urllib.parse.unquote(plain[1:], errors='surrogateescape')
        if name == 'manifest' and self.with_manifest:
            if query.startswith('since=') and self.knows_changes:
                since = query[len('since='):]
                when = calendar.timegm(
                    time.strptime(since, '%Y-%m-%dT%H:%M:%SZ'))
                return changes(self.files, self.times, when, self.changed,
                               self.removed)
            return self.manifest()
        if name in self.files:
            return self.files[name]
        if (name == '' or name.endswith('/')) and \
                name + 'index.gmi' in self.files:
            return self.files[name + 'index.gmi']
        return None


class Mirroring(unittest.TestCase):
    """A test with an origin of `files`, and a mirror of it."""

    files = {}
    with_manifest = True

    def setUp(self):
        super().setUp()
        self.origin = Origin(dict(self.files), self.with_manifest)
        self.addCleanup(self.origin.stop)
        self.mirror = Mirror()
        self.addCleanup(self.mirror.remove)

    def run_mirror(self, *options, scheme='gemini', path='/', status=0,
                   **named):
        result = self.mirror.run(
            self.origin.url(scheme, path), *options, **named)
        self.assertEqual(result.returncode, status,
                         result.stdout + result.stderr)
        return result


class Mirror:
    """The tool, with a folder and known hosts of its own."""

    def __init__(self):
        self.top = tempfile.mkdtemp(prefix='capsuled-mirror-')
        self.folder = os.path.join(self.top, 'copy')
        self.known_hosts = os.path.join(self.top, 'known_hosts')

    def remove(self):
        shutil.rmtree(self.top, ignore_errors=True)

    def command(self, url, *options):
        return [CAPSULE, 'mirror', '--known-hosts', self.known_hosts,
                *options, url, self.folder]

    def run(self, url, *options, limit=120 * SLOWER, **popen):
        return self.start(self.command(url, *options), limit, **popen)

    def restore(self, env=None):
        return self.start(
            [CAPSULE, 'mirror', '--restore', self.folder], 120 * SLOWER,
            env=env)

    @staticmethod
    def start(command, limit, **popen):
        return subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True,
            timeout=limit, check=False, encoding='utf-8',
            errors='surrogateescape', **popen)

    def files(self, hidden=False):
        """{path: content} of what is in the folder."""
        found = {}
        for folder, folders, names in os.walk(self.folder):
            if not hidden and '.mirror' in folders:
                folders.remove('.mirror')
            for name in names:
                path = os.path.join(folder, name)
                if os.path.islink(path):
                    content = os.readlink(path)
                elif not os.path.isfile(path):
                    content = None  # a FIFO would not let go
                else:
                    with open(path, 'rb') as file:
                        content = file.read()
                found[os.path.relpath(path, self.folder)] = content
        return found

    def write(self, path, content=b'', when=None):
        path = os.path.join(self.folder, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'wb') as file:
            file.write(content)
        if when is not None:
            os.utime(path, (when, when))
