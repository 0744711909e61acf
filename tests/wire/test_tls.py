"""TLS as clients need it, and what the log says of them."""

import hashlib
import os
import ssl
import subprocess
import unittest

from server import (DEADLINE_S, Connection, Lines, Server, fetch, gemini,
                    gemini_connect, tls_context, wait_until)


# More than two of the largest records.
LONG = ''.join('%07d\n' % number for number in range(5000))


class Tls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server({'index.gmi': '# Home\n', 'long.txt': LONG})
        cls.addClassCleanup(cls.server.stop)

    def home(self, **named):
        reply = gemini(self.server, self.server.url('/').encode() + b'\r\n',
                       **named)
        self.assertEqual((reply.status, reply.text), (20, '# Home\n'))
        self.assertTrue(reply.close_notify)

    def test_versions_and_ciphers(self):
        for version, cipher in [
                (ssl.TLSVersion.TLSv1_2, 'ECDHE-ECDSA-AES128-GCM-SHA256'),
                (ssl.TLSVersion.TLSv1_3, 'TLS_AES_128_GCM_SHA256'),
                (None, 'TLS_AES_128_GCM_SHA256')]:
            with self.subTest(version=version):
                context = tls_context(version)
                self.home(tls=context)
                with gemini_connect(self.server, tls=context) as client:
                    self.assertEqual(client.tls.cipher()[0], cipher)

    def test_old_version_is_refused(self):
        context = tls_context(ciphers='ALL:@SECLEVEL=0')
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
        with self.assertRaises((ssl.SSLError, ConnectionResetError)):
            self.home(tls=context)

    def test_server_name(self):
        for sni in ('localhost', None, 'unknown.example', 'LOCALHOST',
                    'x' * 60 + '.example'):
            with self.subTest(sni=sni):
                self.home(sni=sni)

    def test_alpn_is_ignored(self):
        for alpn in (['gemini'], ['h2', 'http/1.1'], ['x' * 255]):
            with self.subTest(alpn=alpn):
                context = tls_context(alpn=alpn)
                self.home(tls=context)
                with gemini_connect(self.server, tls=context) as client:
                    self.assertIsNone(client.tls.selected_alpn_protocol())

    def test_no_tickets(self):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            with self.subTest(version=version):
                context = tls_context(version)
                with gemini_connect(self.server, tls=context) as client:
                    client.send(self.server.url('/').encode() + b'\r\n')
                    self.assertEqual(client.read_reply().status, 20)
                    self.assertFalse(client.tls.session.has_ticket)
                    self.assertFalse(client.tls.session_reused)
                    if version == ssl.TLSVersion.TLSv1_2:
                        self.assertEqual(client.tls.session.id, b'')

    def test_certificate(self):
        with gemini_connect(self.server) as first, \
                gemini_connect(self.server) as second:
            der = first.tls.getpeercert(True)
            self.assertEqual(der, second.tls.getpeercert(True))
        said = self.server.wait_for_line(
            hashlib.sha256(der).hexdigest() + r'|fingerprint')
        self.assertIn(hashlib.sha256(der).hexdigest(),
                      said.string.lower().replace(':', ''))

    def s_client(self, *arguments, path='/'):
        command = ['openssl', 's_client', '-connect',
                   '127.0.0.1:%d' % self.server.gemini_port, '-ign_eof',
                   *arguments]
        return subprocess.run(
            command, input=self.server.url(path).encode() + b'\r\n',
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=DEADLINE_S,
            check=False)

    # RFC 6066, 4: clients with little memory ask for it.
    def test_small_records(self):
        for size in ('512', '1024', '2048', '4096'):
            for version in ('-tls1_3', '-tls1_2'):
                with self.subTest(size=size, version=version):
                    run = self.s_client('-quiet', '-maxfraglen', size,
                                        version, path='/long.txt')
                    whole = b'20 text/plain\r\n' + LONG.encode()
                    self.assertTrue(whole in run.stdout, run.stdout[-200:])

    def test_groups(self):
        for groups, works in [
                ('P-256', True), ('X25519', True), ('P-256:X25519', True),
                ('ffdhe2048:P-256', True), ('ffdhe2048', False),
                ('ffdhe8192', False), ('P-521', False)]:
            for version in ('-tls1_3', '-tls1_2'):
                # In TLS 1.2 the list is for the certificate's key too.
                if version == '-tls1_2' and 'P-256' not in groups:
                    continue
                with self.subTest(groups=groups, version=version):
                    run = self.s_client('-groups', groups, version)
                    if works:
                        self.assertIn(b'20 text/gemini\r\n# Home\n',
                                      run.stdout)
                    else:
                        self.assertNotIn(b'20 text', run.stdout)
                        self.assertNotEqual(run.returncode, 0)

    def test_no_client_certificate_is_asked(self):
        run = self.s_client('-quiet', '-state')
        self.assertIn(b'# Home', run.stdout)
        self.assertNotIn(b'read server certificate request', run.stdout)

    def test_renegotiation_is_refused(self):
        with Server({}) as server:
            client = subprocess.Popen(
                ['openssl', 's_client', '-tls1_2', '-msg', '-connect',
                 '127.0.0.1:%d' % server.gemini_port],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT)
            try:
                # Its word for it; the end of input would end it at once.
                client.stdin.write(b'R\n')
                client.stdin.flush()
                said = Lines(client.stdout)
                said.wait('no_renegotiation')
            finally:
                client.kill()
                client.wait()
                client.stdin.close()
            self.assertTrue(said.wait_for_end())
            self.assertEqual(sum(line.endswith(', ServerHello')
                                 for line in said.lines), 1)

    def test_hostile_handshakes(self):
        with gemini_connect(self.server) as client:
            pass  # gone after the handshake
        hello = b'\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03' + b'A' * 501
        for data in (hello, hello[:100], b'\x16\x03\x01\x00\x00' * 100,
                     b'\x17\x03\x03\x00\x05hello', b'\x15\x03\x01\x00\x02\x02'
                     b'\x28', b'\x80\x2e\x01\x00\x02' + b'\0' * 50):
            with self.subTest(data=data[:12]), \
                    Connection(self.server.gemini_port) as client:
                client.end_sending(data)
                try:
                    client.read_all()
                except ConnectionResetError:
                    pass
        self.home()


class Log(unittest.TestCase):
    def test_access_line(self):
        tree = {'index.gmi': '# Home\n', 'a b.txt': 'text\n'}
        with Server(tree) as server:
            for path, pattern in [
                    ('/', r'^info gemini status=20 path=/ bytes=\d+ ms=\d+$'),
                    ('/none', r'^info gemini status=51 path=/none '),
                    ('/?secret-word', r'status=20 path=/ bytes='),
                    ('/none%0Aerror%20forged', r'^info gemini status=51 ')]:
                with self.subTest(path=path):
                    since = len(server.lines)
                    fetch(server, path)
                    server.wait_for_line(pattern, since)
            self.assertNotIn('secret-word', server.log.text())
            self.assertIsNone(server.log.find('^error'))
            self.assertIsNone(server.log.find(r'127\.0\.0\.1(?!:)'))

    def test_addresses_when_asked_for(self):
        with Server({'index.gmi': '# Home\n'},
                    options=['log_addresses=yes']) as server:
            fetch(server, '/')
            server.wait_for_line(r'^info gemini .*127\.0\.0\.1')

    def test_cut_answer_is_told(self):
        with Server({}) as server:
            path = server.path('shrinks.bin')
            with open(path, 'wb') as file:
                file.truncate(64 * 1024 * 1024)
            with Connection(server.gemini_port, tls_context(),
                            receive_buffer=4096) as slow:
                slow.send(server.url('/shrinks.bin').encode() + b'\r\n')
                slow.read_some()
                os.truncate(path, 0)
                try:
                    slow.read_all()
                except ConnectionResetError:
                    pass
            wait_until(lambda: server.log.find('shrinks.bin'),
                       'a line about the cut answer')


if __name__ == '__main__':
    unittest.main()
