"""A Titan server to publish to, as honest or as hostile as a test wants."""

import hashlib
import os
import socket
import ssl
import urllib.parse

from build import DEADLINE_S
from origin import Origin


def digest(content):
    return hashlib.sha256(content).hexdigest()


class TitanServer(Origin):
    """Takes uploads into `files`; `replies` override what it does.

    A reply is bytes, or a function of the connection, the path and the
    parameters that returns bytes, or None when it has closed, or `GO_ON`.
    """

    GO_ON = object()

    def __init__(self, visitor=None, **more):
        self.visitor = visitor
        self.uploads = []  # (path, parameters without size)
        self.edits = []
        self.certificates = set()
        self.replies = {}
        self.knows_edit = True
        self.stale = None  # a manifest that is older than the files
        super().__init__(**more)

    def new_key(self):
        context = super().new_key()
        if self.visitor:
            context.verify_mode = ssl.CERT_OPTIONAL
            context.load_verify_locations(self.visitor.path('crt.pem'))
            context.verify_flags |= 0x80000  # a partial chain
        return context

    def titan_url(self, path='/'):
        return 'titan://127.0.0.1:%d%s' % (self.gemini_port, path)

    def manifest(self):
        return self.stale or super().manifest()

    def gemini(self, client):
        with self.context.wrap_socket(client, server_side=True) as tls:
            self.certificates.add(digest(tls.getpeercert(True) or b''))
            line = self.line(tls)
            if not line.startswith(b'titan://'):
                reply = self.answer(
                    '/' + line.decode().split('://')[1].partition('/')[2])
                if reply is None:
                    reply = b'51 Not found\r\n'
                elif not isinstance(reply, tuple):
                    reply = b'20 text/plain\r\n' + reply
                else:
                    reply = reply[0]
            else:
                reply = self.titan(tls, line.decode())
            if reply is not None:
                tls.sendall(reply)
                self.close(tls)
                self.drain(tls)

    @staticmethod
    def drain(tls):
        """Reads the rest, since a reset could destroy the answer."""
        tls.shutdown(socket.SHUT_WR)
        tls.settimeout(DEADLINE_S)
        while tls.recv(1 << 16):
            pass

    @staticmethod
    def line(client):
        data = b''
        while not data.endswith(b'\r\n') and len(data) < 2048:
            some = client.recv(1)
            if not some:
                raise ValueError('no request')
            data += some
        return data[:-2]

    def titan(self, tls, line):
        path, *parameters = line.split('://')[1].partition('/')[2].split(';')
        parameters = dict(each.partition('=')[::2] for each in parameters)
        path = urllib.parse.unquote(path, errors='surrogateescape')
        reply = self.replies.get(path, self.replies.get('*'))
        if callable(reply):
            reply = reply(tls, path, parameters)
        elif reply is None:
            reply = self.GO_ON
        if reply is not self.GO_ON:
            return reply
        if 'edit' in parameters:
            self.edits.append(path)
            if not self.knows_edit:
                return b'59 Unknown parameter\r\n'
            return b'20 text/gemini\r\n' + self.files.get(path, b'')
        return self.store(tls, path, parameters)

    def store(self, tls, path, parameters):
        body = self.body(tls, parameters)
        self.uploads.append((path, parameters))
        had = digest(self.files.get(path, b''))
        if parameters.get('base', had) != had:
            return b'59 Changed meanwhile\r\n'
        if body:
            self.files[path] = body
        elif self.files.pop(path, None) is None:
            return b'51 Not found\r\n'
        return b'30 gemini://127.0.0.1/%s\r\n' % os.fsencode(
            urllib.parse.quote(os.fsencode(path)))

    @staticmethod
    def body(tls, parameters):
        size = int(parameters['size'])
        body = b''
        while len(body) < size:
            some = tls.recv(size - len(body))
            if not some:
                raise ValueError('cut short')
            body += some
        return body

    def sent(self):
        """The paths of uploads and deletions since the last call."""
        paths = [path for path, _ in self.uploads]
        self.uploads = []
        return paths
