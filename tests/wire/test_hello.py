"""ClientHellos byte by byte: what is refused, and what is served."""

import os
import socket
import ssl
import struct
import threading
import unittest

from server import DEADLINE_S, Connection, Server, fetch, tls_context

HOME = {'index.gmi': '# Home\n'}
SSL_3, TLS_1_0, TLS_1_1, TLS_1_2, TLS_1_3 = range(0x300, 0x305)
CHANGE_CIPHER_SPEC, ALERT, HANDSHAKE, DATA = 20, 21, 22, 23
PROTOCOL_VERSION, HANDSHAKE_FAILURE = 70, 40

AEAD = [0x1301, 0x1302, 0x1303, 0xc02b, 0xc02c, 0xcca9]
X25519, P256 = 0x1d, 0x17
OTHERS = {'P-384': 0x18, 'P-521': 0x19, 'X448': 0x1e, 'ffdhe2048': 0x100,
          'ffdhe8192': 0x104, 'brainpool': 0x1f, 'sect571r1': 0x0e}
# A point of the curve, which it checks: P-256's generator, uncompressed.
POINT = bytes.fromhex(
    '046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296'
    '4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5')
SHARES = {X25519: b'\x09' + bytes(31), P256: POINT}


def vector(width, data):
    return len(data).to_bytes(width, 'big') + data


def words(numbers):
    return b''.join(struct.pack('>H', number) for number in numbers)


def extension(number, data):
    return struct.pack('>H', number) + vector(2, data)


def hello(version=TLS_1_3, ciphers=AEAD, groups=(X25519, P256), shares=None,
          compression=b'\0', session=b'', more=b'', last=b''):
    """A ClientHello as a handshake message."""
    legacy = min(version, TLS_1_2)
    extensions = b''.join((
        more,
        extension(10, vector(2, words(groups))),
        extension(11, vector(1, b'\0')),
        extension(13, vector(2, words([0x403, 0x804, 0x401, 0x203])))))
    if version == TLS_1_3:
        shares = [(group, SHARES[group]) for group in groups
                  if group in SHARES] if shares is None else shares
        extensions += extension(43, vector(1, words([TLS_1_3])))
        extensions += extension(45, vector(1, b'\1'))
        extensions += extension(51, vector(2, b''.join(
            struct.pack('>H', group) + vector(2, share)
            for group, share in shares)))
    body = b''.join((
        struct.pack('>H', legacy), os.urandom(32), vector(1, session),
        vector(2, words(ciphers)), vector(1, compression),
        vector(2, extensions + last)))
    return b'\1' + vector(3, body)


def records(message, kind=HANDSHAKE, size=16384):
    return b''.join(
        bytes([kind]) + b'\x03\x01' + vector(2, message[at:at + size])
        for at in range(0, len(message), size))


class Answer:
    """The first record that comes back, taken apart."""

    def __init__(self, data):
        self.alert = self.version = None
        if len(data) < 7:
            return
        if data[0] == ALERT:
            self.alert = data[6]
            return
        body = data[9:]
        self.version = struct.unpack('>H', body[:2])[0]
        at = 35 + body[34]
        self.session = body[35:at]
        self.cipher, self.compression = struct.unpack('>HB', body[at:at + 3])
        length = struct.unpack('>H', body[at + 3:at + 5])[0]
        rest, self.extensions = body[at + 5:at + 5 + length], {}
        while rest:
            number, size = struct.unpack('>HH', rest[:4])
            self.extensions[number] = rest[4:4 + size]
            rest = rest[4 + size:]
        if 43 in self.extensions:
            self.version = struct.unpack('>H', self.extensions[43])[0]


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(HOME)
        cls.addClassCleanup(cls.server.stop)

    def send(self, data):
        """The server's first words, which come at once or not at all.

        Its deadline for the request is longer than this connection's.
        """
        with Connection(self.server.gemini_port) as client:
            client.send(data)
            got = b''
            try:
                while len(got) < 5 or len(got) < 5 + int.from_bytes(
                        got[3:5], 'big'):
                    part = client.read_some()
                    if not part:
                        break
                    got += part
            except ConnectionResetError:
                pass
        return Answer(got)

    def assert_served(self, data, version=None):
        answer = self.send(data)
        self.assertIsNone(answer.alert)
        self.assertIsNotNone(answer.version)
        if version is not None:
            self.assertEqual(answer.version, version)
        return answer

    def assert_refused(self, data, alert=None):
        answer = self.send(data)
        self.assertIsNone(answer.version)
        if alert is not None:
            self.assertEqual(answer.alert, alert)


class Refused(Case):
    def test_the_like_is_served(self):
        # So that what follows is refused for its own sake.
        for version in (TLS_1_2, TLS_1_3):
            self.assert_served(records(hello(version)), version)

    def test_old_versions(self):
        for version, alert in ((SSL_3, HANDSHAKE_FAILURE),
                               (TLS_1_0, PROTOCOL_VERSION),
                               (TLS_1_1, PROTOCOL_VERSION)):
            with self.subTest(version=hex(version)):
                self.assert_refused(records(hello(
                    version, ciphers=[0xc009, 0xc00a, 0x2f] + AEAD)), alert)

    def test_ciphers(self):
        for name, ciphers in (
                ('CBC with forward secrecy', [0xc009, 0xc00a, 0xc023,
                                              0xc024, 0xc013, 0xc014]),
                ('CCM', [0xc0ac, 0xc0ad, 0xc0ae, 0xc0af]),
                ('static RSA', [0x9c, 0x9d, 0x2f, 0x35, 0x3c, 0x3d]),
                ('static ECDH', [0xc02d, 0xc02e, 0xc004]),
                ('finite field', [0x9e, 0x9f, 0xccaa, 0x33]),
                ('3DES, RC4, NULL', [0x0a, 0x05, 0x04, 0xc007, 0xc008,
                                     0x3b, 0x02, 0xc006]),
                ('anonymous', [0xc018, 0xc019, 0xa6, 0x34]),
                ('pre-shared', [0xa8, 0xd001, 0xccac])):
            with self.subTest(name):
                self.assert_refused(records(hello(TLS_1_2, ciphers)),
                                    HANDSHAKE_FAILURE)
        # Not by order of the client either.
        self.assertIn(self.assert_served(records(hello(
            TLS_1_2, [0x2f, 0xc009, 0xc013] + AEAD))).cipher, AEAD)

    def test_groups(self):
        for version in (TLS_1_2, TLS_1_3):
            for name, group in OTHERS.items():
                with self.subTest(name, version=hex(version)):
                    self.assert_refused(records(hello(
                        version, groups=[group],
                        shares=[(group, b'\x04' + bytes(96))])),
                        HANDSHAKE_FAILURE)
            for group in (X25519, P256):
                with self.subTest(group=group, version=hex(version)):
                    # In TLS 1.2 the certificate's own has to be there.
                    self.assert_served(records(hello(
                        version, groups=[group] if version == TLS_1_3
                        else sorted({group, P256}))))
        # A dear one goes before ours, and is not taken.
        answer = self.assert_served(records(hello(
            groups=[0x104, 0x19, X25519],
            shares=[(0x19, b'\x04' + bytes(132)), (X25519, SHARES[X25519])])))
        self.assertEqual(answer.extensions[51][:2], words([X25519]))

    def test_compression(self):
        # TLS 1.3 has none to offer; in 1.2 none is chosen.
        self.assertEqual(self.assert_served(records(hello(
            TLS_1_2, compression=b'\1\0'))).compression, 0)
        self.assert_refused(records(hello(TLS_1_2, compression=b'\1')))
        self.assert_refused(records(hello(compression=b'\1\0')))


class Odd(Case):
    """Odd, but no harm: served, or refused at once."""

    def test_old_session(self):
        session = os.urandom(32)
        answer = self.assert_served(records(hello(
            TLS_1_2, session=session, more=extension(35, os.urandom(180)))))
        self.assertNotEqual(answer.session, session)
        self.assertNotIn(35, answer.extensions)  # no ticket
        # A ticket and a binder that nobody knows, and early data with it.
        ticket = vector(2, os.urandom(200)) + bytes(4)
        binder = vector(1, os.urandom(32))
        answer = self.assert_served(records(hello(
            more=extension(42, b''), last=extension(
                41, vector(2, ticket) + vector(2, binder)))) +
            records(os.urandom(1000), DATA), TLS_1_3)
        self.assertNotIn(41, answer.extensions)

    def test_change_cipher_spec(self):
        # A client that sends a session id gets one behind the first message:
        # a ServerHello, or a HelloRetryRequest (RFC 8446, D.4).
        for first, shares in (('hello', None), ('retry', [])):
            with self.subTest(first), \
                    Connection(self.server.gemini_port) as client:
                client.send(records(hello(
                    session=os.urandom(32), groups=(P256,), shares=shares)))
                got = b''
                while len(got) < 5 or len(got) < 11 + int.from_bytes(
                        got[3:5], 'big'):
                    part = client.read_some()
                    self.assertTrue(part, 'the end instead of a record')
                    got += part
                self.assertEqual(got[0], HANDSHAKE)
                second = got[5 + int.from_bytes(got[3:5], 'big'):]
                self.assertEqual(second[:6], bytes(
                    [CHANGE_CIPHER_SPEC, 3, 3, 0, 1, 1]))

    def test_unknown_extensions(self):
        # Each once, as it has to be, and GREASE among them.
        more = b''.join(extension(0x1a1a + number * 16, os.urandom(number))
                        for number in range(200))
        for version in (TLS_1_2, TLS_1_3):
            answer = self.assert_served(records(hello(version, more=more)),
                                        version)
            self.assertFalse([number for number in answer.extensions
                              if number >= 0x1a1a and number < 0xff00])

    def test_alpn(self):
        for names in ([b'gemini'], [b'h2', b'http/1.1'],
                      [b'x' * 255] * 200):
            answer = self.assert_served(records(hello(more=extension(
                16, vector(2, b''.join(vector(1, name)
                                       for name in names))))))
            self.assertNotIn(16, answer.extensions)

    def test_fifty_key_shares(self):
        shares = [(0x2a2a + number, os.urandom(64)) for number in range(49)]
        groups = [group for group, _ in shares] + [X25519]
        answer = self.assert_served(records(hello(
            groups=groups, shares=shares + [(X25519, SHARES[X25519])])))
        self.assertEqual(answer.extensions[51][:2], words([X25519]))
        # Fifty of our own: one is as good as all, or it is no hello.
        self.send(records(hello(shares=[(P256, POINT)] * 50)))
        self.assertEqual(fetch(self.server).status, 20)

    def test_large_hello(self):
        # Padding (RFC 7685), in records of every size.
        message = hello(more=extension(21, bytes(60000)))
        for size in (16384, 1000, 64):
            with self.subTest(size=size):
                self.assert_served(records(message, size=size), TLS_1_3)
        # One that says it is larger than any is not waited for.
        self.assert_refused(records(
            b'\1' + b'\xff' * 3 + bytes(16000)))


class Pieces(unittest.TestCase):
    """A ClientHello that comes in pieces, each in a segment of its own."""

    # Bytes of a record, and of a segment.
    TABLE = ((16384, 1), (16384, 100), (1, 1), (1, 4), (3, 7), (50, 55),
             (50, 60))

    def served(self, port, data, step):
        """The first byte that comes back of a hello sent like that."""
        with Connection(port) as client:
            for at in range(0, len(data), step):
                client.send(data[at:at + step])
            return client.read_some()[:1]

    def test_hellos(self):
        with Server(HOME, options=('gopher_tls=yes',)) as server:
            for size, step in self.TABLE:
                for version in (TLS_1_2, TLS_1_3):
                    data = records(hello(version), size=size)
                    for port in (server.gemini_port, server.gopher_port):
                        with self.subTest(size=size, step=step,
                                          version=hex(version)):
                            self.assertEqual(self.served(port, data, step),
                                             bytes([HANDSHAKE]))
            # More than is kept of one.
            data = records(hello(more=extension(21, bytes(20000))))
            for step in (1000, 3072, 3073, 8192):
                with self.subTest(step=step):
                    self.assertEqual(
                        self.served(server.gemini_port, data, step),
                        bytes([HANDSHAKE]))
            # In clear, on the port that speaks both.
            with Connection(server.gopher_port) as client:
                for byte in b'/\r\n':
                    client.send(bytes([byte]))
                self.assertIn(b'iHome', client.read_all())

    def test_others_are_let_go_without_a_word(self):
        with Server(HOME) as server:
            for port, data in (
                    (server.gemini_port, b'g'),
                    (server.gemini_port, b'gemini://localhost/\r\n'),
                    (server.gemini_port, b'\x80\x2e\x01\x00\x02'),
                    (server.gopher_port, b'\x16'),
                    (server.gopher_port, records(hello()))):
                with self.subTest(port=port, data=data[:5]), \
                        Connection(port) as client:
                    client.send(data)
                    try:
                        self.assertEqual(client.read_all(), b'')
                    except ConnectionResetError:
                        pass


class Sessions(Case):
    """Sessions that another server gave, with its tickets."""

    def other_server(self):
        key, crt = (os.path.join(self.server.certs, 'localhost' + end)
                    for end in ('.key', '.crt'))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(crt, key)
        return context

    def test_resumption(self):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            with self.subTest(version=version):
                client = tls_context(version)
                session = self.session_of(client)
                self.assertTrue(session.has_ticket)
                incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
                tls = client.wrap_bio(incoming, outgoing, session=session)
                with socket.create_connection(
                        ('127.0.0.1', self.server.gemini_port),
                        DEADLINE_S) as connection:
                    def step(call, *arguments):
                        while True:
                            try:
                                result = call(*arguments)
                                connection.sendall(outgoing.read())
                                return result
                            except ssl.SSLWantReadError:
                                connection.sendall(outgoing.read())
                                incoming.write(connection.recv(65536))
                    step(tls.do_handshake)
                    self.assertFalse(tls.session_reused)
                    step(tls.write, self.server.url('/').encode() + b'\r\n')
                    self.assertTrue(step(tls.read, 100).startswith(b'20 '))

    def session_of(self, client):
        """What another server gives on a first visit."""
        context = self.other_server()
        with socket.create_server(('127.0.0.1', 0)) as listening:
            def serve():
                peer, _ = listening.accept()
                with context.wrap_socket(peer, server_side=True) as tls:
                    tls.sendall(b'hello')
                    tls.recv(1)
            thread = threading.Thread(target=serve, daemon=True)
            thread.start()
            with client.wrap_socket(socket.create_connection(
                    listening.getsockname(), DEADLINE_S)) as tls:
                tls.recv(100)
                session = tls.session
                tls.sendall(b'x')
            thread.join(DEADLINE_S)
            return session


if __name__ == '__main__':
    unittest.main()
