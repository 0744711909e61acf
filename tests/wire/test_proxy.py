"""Connections from a proxy: the PROXY header and the visitor's address."""

import contextlib
import shutil
import socket
import ssl
import subprocess
import unittest

from build import CAPSULED, DEADLINE_S, INSTRUMENTED
from proxyheader import (HOST_6, LOCAL, PROXY, TCP4, TCP6, UDP4, UNIX, UNSPEC,
                         VISITOR, VISITOR_6, block, checked, head, tlv,
                         version1, version2)
from server import (UNJAILED, Connection, Server, new_directory, resident,
                    tls_context, write_tree)
from trouble import TroubledServer

TREE = {'index.gmi': '# Home\n'}
PROXIED = {'gemini': '127.0.0.1:0 proxy', 'gopher': '127.0.0.1:0 proxy'}
NAMED = (
    ('1', version1(), VISITOR),
    ('1, IPv6', version1(VISITOR_6, HOST_6), VISITOR_6),
    ('2', version2(), VISITOR),
    ('2, IPv6', version2(VISITOR_6, HOST_6), VISITOR_6),
    ('2, mapped', version2('::ffff:203.0.113.9', HOST_6), VISITOR),
    ('2, TLVs', version2(tlvs=tlv(5, b'') + tlv(2, b'example.org') +
                         tlv(4, bytes(300))), VISITOR),
    ('2, checksum', checked(), VISITOR),
    ('2, checksum among others', checked(
        VISITOR_6, tlv(5, b'id'), tlv(0xe0, b'x' * 40)), VISITOR_6),
    ('2, longest', version2(tlvs=tlv(4, bytes(1024 - 16 - 12 - 3))), VISITOR),
)
# Headers without a visitor.
UNNAMED = (
    ('LOCAL', head(LOCAL, UNSPEC, 0)),
    ('LOCAL, 12 bytes', head(LOCAL, UNSPEC, 12) + bytes(12)),
    ('LOCAL, filled', head(LOCAL, TCP4, 12) + block()),
    ('LOCAL, 36 bytes', head(LOCAL, TCP6, 36) + block(VISITOR_6, HOST_6)),
    ('LOCAL, TLVs', head(LOCAL, UNSPEC, 7) + tlv(5, b'abcd')),
    ('LOCAL, odd family', head(LOCAL, 0xff, 3) + b'abc'),
    ('UNSPEC', head(PROXY, UNSPEC, 0)),
    ('UNSPEC, filled', head(PROXY, UNSPEC, 12) + block()),
    ('unix', head(PROXY, UNIX, 216) + bytes(216)),
    ('UDP', head(PROXY, UDP4, 12) + block()),
    ('UNKNOWN', b'PROXY UNKNOWN\r\n'),
    ('UNKNOWN, text', b'PROXY UNKNOWN any text\r\n'),
    ('UNKNOWN, addresses', b'PROXY UNKNOWN 1.2.3.4 5.6.7.8 1 2\r\n'),
    ('107 bytes', b'PROXY UNKNOWN '.ljust(105, b'x') + b'\r\n'),
)
MALFORMED = (
    ('none', b''),
    ('108 bytes', b'PROXY UNKNOWN '.ljust(106, b'x') + b'\r\n'),
    ('LF alone', b'PROXY TCP4 1.2.3.4 5.6.7.8 1 2\n'),
    ('lower case', b'proxy TCP4 1.2.3.4 5.6.7.8 1 2\r\n'),
    ('lower case protocol', b'PROXY tcp4 1.2.3.4 5.6.7.8 1 2\r\n'),
    ('port 0080', b'PROXY TCP4 1.2.3.4 5.6.7.8 0080 2\r\n'),
    ('port 65536', b'PROXY TCP4 1.2.3.4 5.6.7.8 1 65536\r\n'),
    ('negative port', b'PROXY TCP4 1.2.3.4 5.6.7.8 1 -2\r\n'),
    ('no port', b'PROXY TCP4 1.2.3.4 5.6.7.8 1\r\n'),
    ('one more word', b'PROXY TCP4 1.2.3.4 5.6.7.8 1 2 3\r\n'),
    ('two spaces', b'PROXY TCP4  1.2.3.4 5.6.7.8 1 2\r\n'),
    ('IPv4 under TCP6', b'PROXY TCP6 1.2.3.4 5.6.7.8 1 2\r\n'),
    ('IPv6 under TCP4', b'PROXY TCP4 ::1 ::2 1 2\r\n'),
    ('no address', b'PROXY TCP4 example.org 5.6.7.8 1 2\r\n'),
    ('NUL after an address', b'PROXY TCP4 1.2.3.4\0 5.6.7.8 1 2\r\n'),
    ('other word', b'PROXY UNKNOWNS\r\n'),
    ('UDP4', b'PROXY UDP4 1.2.3.4 5.6.7.8 1 2\r\n'),
    ('no protocol', b'PROXY \r\n'),
    ('no space', b'PROXY\r\n'),
    ('command 2', head(0x22, TCP4, 12) + block()),
    ('version 1 in binary', head(0x11, TCP4, 12) + block()),
    ('version 3', head(0x31, TCP4, 12) + block()),
    ('family 4', head(PROXY, 0x41, 12) + block()),
    ('transport 3', head(PROXY, 0x13, 12) + block()),
    ('short block', head(PROXY, TCP4, 11) + block()[:11]),
    ('short block of IPv6', head(PROXY, TCP6, 12) + block()),
    ('cut TLV', version2(tlvs=b'\4\0')),
    ('TLV over the end', version2(tlvs=b'\4\0\2x')),
    ('wrong checksum', checked(wrong=1)),
    ('short checksum', version2(tlvs=tlv(3, b'abc'))),
    ('two checksums', checked(before=tlv(3, bytes(4)))),
    ('too long', head(PROXY, TCP4, 1024 - 15) + block().ljust(1009, b'\4')),
    ('signature', b'\r\n\r\n\0\r\nQUIT\r'.ljust(28, b'\0')),
)


def at_once(header):
    return lambda data: [header + data]


def apart(header):
    return lambda data: [header, data]


def half(header):
    return lambda data: [header + data[:len(data) // 2],
                         data[len(data) // 2:]]


def bytewise(header):
    return lambda data: [b'%c' % byte for byte in header + data]


def split(header):
    return lambda data: [header[:20], header[20:] + data]


def gemini(server, header, parts=at_once, path='/', tls=None, **named):
    with Connection(server.gemini_port, tls or tls_context(), sni='localhost',
                    parts=parts(header), **named) as client:
        client.send(server.url(path).encode() + b'\r\n')
        return client.read_reply()


def gopher(server, header, parts=at_once, selector=b'', tls=None):
    with Connection(server.gopher_port, tls, sni='localhost' if tls else None,
                    parts=parts(header)) as client:
        client.send(selector + b'\r\n')
        return client.read_all()


def attempt(port, data):
    """The bytes received before the end or a reset."""
    with socket.create_connection(('127.0.0.1', port), DEADLINE_S) as client:
        client.sendall(data)
        got = b''
        try:
            while more := client.recv(65536):
                got += more
        except ConnectionResetError:
            pass
        return got


class Case(unittest.TestCase):
    def serve(self, *options, stopped=False, **named):
        """With `stopped`, no token comes back."""
        named = {**PROXIED, **named}
        options = ('log_addresses=yes', 'proxies=127.0.0.0/8', *options)
        server = (TroubledServer(TREE, options=options, stopped=True, **named)
                  if stopped else Server(TREE, options=options, **named))
        self.addCleanup(server.stop)
        return server

    def expect_address(self, server, address, since):
        found = server.wait_for_line(
            r'^info (gemini|gopher) status=.* address=(\S+) ', since)[2]
        self.assertEqual(found, address)


class Header(Case):
    def test_visitors_are_those_of_the_header(self):
        server = self.serve()
        for name, header, address in NAMED:
            with self.subTest(name):
                since = len(server.lines)
                self.assertEqual(gemini(server, header).status, 20)
                self.expect_address(server, address, since)
                since = len(server.lines)
                self.assertEqual(gopher(server, header)[:5], b'iHome')
                self.expect_address(server, address, since)

    def test_packets(self):
        server = self.serve('gopher_tls=yes')
        for header in version1(), checked(VISITOR_6, tlv(5, b'')):
            address = VISITOR if header[:1] == b'P' else VISITOR_6
            for parts in at_once, apart, half, bytewise, split:
                for version in (ssl.TLSVersion.TLSv1_2,
                                ssl.TLSVersion.TLSv1_3):
                    with self.subTest(header=header, parts=parts.__name__,
                                      version=version):
                        tls = tls_context(version)
                        since = len(server.lines)
                        reply = gemini(server, header, parts, tls=tls)
                        self.assertEqual(reply.status, 20)
                        self.expect_address(server, address, since)
                        since = len(server.lines)
                        self.assertEqual(
                            gopher(server, header, parts, tls=tls)[:5],
                            b'iHome')
                        self.expect_address(server, address, since)
                with self.subTest(header=header, parts=parts.__name__):
                    since = len(server.lines)
                    self.assertEqual(
                        gopher(server, header, parts)[:5], b'iHome')
                    self.expect_address(server, address, since)

    def test_a_second_header_is_a_selector(self):
        server = self.serve()
        answer = gopher(server, version1() + version1())
        self.assertEqual(answer[:1], b'3')
        self.assertEqual(gopher(server, version1(), selector=b'\x16')[:1], b'')
        answer = gopher(server, version2(), selector=b'PROXY')
        self.assertEqual(answer[:1], b'3')

    def test_a_selector_may_look_like_one(self):
        server = Server(TREE)
        self.addCleanup(server.stop)
        self.assertEqual(attempt(server.gopher_port, version1())[:1], b'3')

    def test_no_visitor(self):
        server = self.serve('limits=all', 'limit_burst=2', 'limit_rate=1')
        for name, header in UNNAMED:
            with self.subTest(name):
                since = len(server.lines)
                reply = gemini(server, header, path='/online?plain')
                self.assertEqual((reply.status, reply.body), (20, b'0\n'))
                self.expect_address(server, '127.0.0.1', since)
                self.assertEqual(gopher(server, header)[:5], b'iHome')

    def test_the_proxy_itself_is_no_visitor(self):
        server = self.serve('limits=all', 'limit_burst=2', 'limit_rate=1')
        for version in version1, version2:
            for _ in range(4):
                with socket.create_connection(
                        ('127.0.0.1', server.gopher_port)) as client:
                    host, port = client.getsockname()
                    client.sendall(version(host, host, port=port) +
                                   b'/online?plain\r\n')
                    self.assertEqual(client.recv(9), b'0\n')

    def test_malformed(self):
        server = self.serve()
        request = b'\r\n'
        since = len(server.lines)
        for name, header in MALFORMED:
            with self.subTest(name):
                for port in server.gopher_port, server.gemini_port:
                    self.assertEqual(attempt(port, header + request), b'')
        server.wait_for_line(
            '^warn worker: connections from proxies without a valid PROXY '
            'header, closed: 1; let the proxy send it', since)
        said = [line for line in server.lines[since:]
                if 'made a new key' not in line]
        self.assertLessEqual(len(said), len(server.workers()), said)

    def test_an_unfinished_header_ends(self):
        server = self.serve()
        for name, header, _ in NAMED[0], NAMED[2]:
            with self.subTest(name), \
                    socket.create_connection(
                        ('127.0.0.1', server.gopher_port)) as client:
                client.sendall(header[:-1])
                client.shutdown(socket.SHUT_WR)
                client.settimeout(DEADLINE_S)
                self.assertEqual(client.recv(1), b'')

    def test_the_deadline_is_of_the_whole_header(self):
        server = self.serve()
        with socket.create_connection(
                ('127.0.0.1', server.gopher_port)) as client:
            client.settimeout(0.3)
            sent, closed = 0, False
            for byte in b'PROXY UNKNOWN '.ljust(60, b'x'):
                try:
                    client.sendall(b'%c' % byte)
                    sent += 1
                    closed = client.recv(1) == b''
                except socket.timeout:
                    continue
                except OSError:
                    closed = True
                if closed:
                    break
            self.assertTrue(closed)


class Visitor(Case):
    def test_limits_are_those_of_the_visitor(self):
        server = self.serve('limit_burst=5', 'limit_rate=1', stopped=True)
        statuses = [gemini(server, version2()).status for _ in range(8)]
        self.assertEqual(statuses, [20] * 5 + [44] * 3)
        self.assertEqual(gemini(server, version2('203.0.113.10')).status, 20)
        self.assertEqual(
            gemini(server, version2(VISITOR_6, HOST_6)).status, 20)
        self.assertEqual(gemini(server, head(LOCAL, UNSPEC, 0)).status, 20)

    def test_a_flood_is_dropped(self):
        server = self.serve('limit_burst=2', 'limit_rate=1', stopped=True)
        answers = [attempt(server.gopher_port, version1() + b'\r\n')
                   for _ in range(40)]
        self.assertEqual(answers[-1], b'')
        self.assertEqual(
            gopher(server, version1('203.0.113.10'))[:5], b'iHome')

    def test_each_is_counted(self):
        server = self.serve()
        for last in range(1, 5):
            gemini(server, version2('203.0.113.%d' % last))
            gopher(server, version1('203.0.113.%d' % last))
        reply = gemini(server, head(LOCAL, UNSPEC, 0), path='/online?plain')
        self.assertEqual(reply.body, b'4\n')

    def test_the_address_that_it_connected_to(self):
        server = self.serve()
        for host, status in (('203.0.113.1', 20), ('203.0.113.2', 53),
                             ('127.0.0.1', 53)):
            with self.subTest(host), \
                    Connection(server.gemini_port, tls_context(),
                               parts=at_once(version2())) as client:
                client.send(b'gemini://%s:%d/\r\n' % (
                    host.encode(), server.gemini_port))
                self.assertEqual(client.read_reply().status, status)

    def test_one_listener_may_be_without(self):
        server = self.serve(gopher='127.0.0.1:0')
        self.assertEqual(gemini(server, version2()).status, 20)
        self.assertEqual(
            attempt(server.gopher_port, b'\r\n')[:5], b'iHome')


class HalfOpen(Case):
    """Visitors without a whole ClientHello cost as much as without a proxy."""

    CLIENTS = 800

    def test_what_they_cost(self):
        if INSTRUMENTED:
            return  # which has a malloc of its own
        server = self.serve('limits=off', 'request_timeout_ms=600000',
                            workers=1)
        worker, = server.workers()
        unfinished = version2() + b'\x16\3\1\x10\0\1\0\x0f\0'.ljust(
            3072, b'x')
        for _ in range(4):
            self.assertEqual(gemini(server, version2()).status, 20)
        before = resident(worker)
        with contextlib.ExitStack() as clients:
            for _ in range(self.CLIENTS):
                clients.enter_context(
                    Connection(server.gemini_port)).send(unfinished)
            # It comes after them.
            self.assertEqual(gemini(server, version2()).status, 20)
            cost = resident(worker) - before
        self.assertLess(cost, (self.CLIENTS * 4 << 10) + (1 << 20))


class Stranger(unittest.TestCase):
    LINE = (r'^warn worker: connections to a proxy listener from addresses '
            r'that are not in proxies, closed: 1, the last from %s; ')

    def serve(self, *options):
        server = Server(TREE, options=options, workers=1, **PROXIED)
        self.addCleanup(server.stop)
        return server

    def test_others_may_not_connect(self):
        server = self.serve('proxies=127.0.0.2', 'proxies=::1/128')
        for _ in range(5):
            self.assertEqual(
                attempt(server.gopher_port, version1() + b'\r\n'), b'')
        server.wait_for_line(self.LINE % 'another address')
        with Connection(server.gopher_port, source='127.0.0.2',
                        parts=at_once(version1())) as client:
            client.send(b'\r\n')
            self.assertEqual(client.read_all()[:5], b'iHome')
        self.assertEqual(
            len([line for line in server.lines if 'proxies' in line]), 1)

    def test_its_address_is_logged_as_others(self):
        server = self.serve('proxies=10.0.0.0/8', 'log_addresses=yes')
        self.assertEqual(attempt(server.gopher_port, version1()), b'')
        server.wait_for_line(self.LINE % r'127\.0\.0\.1')

    def test_a_proxy_without_the_protocol_is_pointed_out(self):
        server = Server(TREE, options=(
            'limits=all', 'limit_burst=2', 'limit_rate=1'), workers=1)
        self.addCleanup(server.stop)
        for _ in range(9):
            attempt(server.gopher_port, b'\r\n')
        server.wait_for_line('^warn worker: the limits refuse clients of a '
                             'loopback or private address')
        self.assertEqual(len([line for line in server.lines
                              if 'the limits refuse' in line]), 1)


class Check(unittest.TestCase):
    """The output of `capsuled -t`."""

    def check(self, *arguments):
        directory = new_directory()
        self.addCleanup(shutil.rmtree, directory)
        write_tree(directory, {'tree/': ''})
        done = subprocess.run(
            [CAPSULED, '-t', *UNJAILED, '-C', directory + '/certs', *arguments,
             directory + '/tree'], text=True, check=False,
            capture_output=True)
        return done.returncode, done.stdout + done.stderr

    def test_listeners(self):
        status, text = self.check(
            '-n', 'example.org', '-g', '[::]:1965 proxy', '-g', '127.0.0.1:5',
            '-G', '70 proxy', '-o', 'proxies=10.0.0.9',
            '-o', 'proxies=2001:db8::/32')
        self.assertEqual(status, 0, text)
        self.assertIn('proxied: gemini [::]:1965\n'
                      'warning: gemini 127.0.0.1:5 accepts only clients of '
                      'this machine; ', text)
        self.assertIn('proxied: gopher [::]:70\nproxies: 2\n', text)

    def test_without(self):
        for arguments in ((), ('-n', 'example.org'),
                          ('-n', 'example.org', '-g', '127.0.0.1:5 proxy',
                           '-G', 'off', '-o', 'proxies=::1')):
            with self.subTest(arguments):
                status, text = self.check(*arguments)
                self.assertEqual(status, 0, text)
                self.assertNotIn('this machine; if a proxy', text)
                self.assertNotIn('all addresses', text)

    def test_all_addresses(self):
        for network in '0.0.0.0/0', '::/0':
            _, text = self.check('-g', '1965 proxy', '-o',
                                 'proxies=' + network)
            self.assertIn('warning: proxies has a network of all addresses',
                          text)

    def test_errors(self):
        for arguments, want in (
                (('-g', '1965 proxy'),
                 'a listener is for a proxy, but proxies is empty; give the '
                 'addresses of the proxies that may connect'),
                (('-o', 'proxies=10.0.0.9'),
                 'proxies is set, but no listener is for a proxy; add the word '
                 'proxy to one, as in gemini = "1965 proxy"'),
                (('-G', '70 proxy', '-o', 'proxies=10.0.0.9/40'),
                 '"10.0.0.9/40" is not an address or network, give one like '),
                (('-g', '1965 proxies'),
                 '"1965 proxies" is not a valid address, '),
                (('-g', '127.0.0.1:5 proxy', '-g', '127.0.0.1:5', '-o',
                  'proxies=::1'), '"127.0.0.1:5" is given twice, remove one'),
                (('-g', '5 proxy', '-g', '127.0.0.1:5', '-o', 'proxies=::1'),
                 '"127.0.0.1:5" is given twice, remove one')):
            with self.subTest(arguments):
                status, text = self.check(*arguments)
                self.assertEqual(status, 2)
                self.assertIn(want, text)

    def test_a_host_of_its_own(self):
        directory = new_directory()
        self.addCleanup(shutil.rmtree, directory)
        write_tree(directory, {'a/': '', 'b/': '', 'c.conf': (
            'gemini = { "1965 proxy", "1966" }\ngopher = off\n'
            'proxies = { "10.0.0.0/8" }\n'
            'host "a.example" { capsule = "a" }\n'
            'host "b.example" { capsule = "b" gopher = { "70  proxy" } }\n')})
        done = subprocess.run(
            [CAPSULED, '-t', *UNJAILED, '-c', 'c.conf'], text=True,
            check=False, capture_output=True, cwd=directory)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn('proxied: gemini [::]:1965\n'
                      'proxied: gopher [::]:70\nproxies: 1\n', done.stdout)


if __name__ == '__main__':
    unittest.main()
