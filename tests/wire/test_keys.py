"""The private key: in one process alone, which signs handshakes and no more."""

import base64
import contextlib
import ctypes
import errno
import fcntl
import os
import re
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import threading
import time
import unittest

from build import INSTRUMENTED, beneath
from server import (SEES_INSIDE, Server, as_root, fetch, gemini_connect,
                    gopher_connect, new_directory, peer_certificate, select,
                    tls_context, wait_until)
from trouble import HOLD_CERTIFICATE, HOLD_HELD, TroubledServer

TREE = {'index.gmi': '# Home\n', 'page.gmi': '# Page\n'}
KINDS = (('ec', '-pkeyopt', 'ec_paramgen_curve:P-256'),
         ('rsa:2048',), ('ed25519',))
# Longer mappings are a sanitizer's own, and empty.
MAPPING_MAX = 1 << 28
# After a life of that many seconds the next one is started at once.
HEALTHY_S = 11
ALERT = 'alert internal error'
SCHEME = {'ec': 0x0403, 'rsa:2048': 0x0804, 'ed25519': 0x0807}
SYS_PIDFD_GETFD = 438
SIOCOUTQ = 0x5411


def make_pair(directory, kind):
    """A pair for localhost of that kind of key."""
    os.makedirs(directory, exist_ok=True)
    key, crt = (os.path.join(directory, 'localhost.' + suffix)
                for suffix in ('key', 'crt'))
    subprocess.run(
        ['openssl', 'req', '-x509', '-nodes', '-newkey', *kind, '-keyout',
         key, '-out', crt, '-days', '2', '-subj', '/CN=localhost', '-addext',
         'subjectAltName=DNS:localhost'], check=True, capture_output=True)
    os.chmod(key, 0o600)
    return key


def renew(directory):
    """Another certificate for the pair's key."""
    key, crt = (os.path.join(directory, 'localhost.' + suffix)
                for suffix in ('key', 'crt'))
    subprocess.run(
        ['openssl', 'req', '-x509', '-key', key, '-out', crt, '-days', '3',
         '-subj', '/CN=localhost', '-addext',
         'subjectAltName=DNS:localhost'], check=True, capture_output=True)


def private_numbers(key):
    """The secret numbers of a key file, as bytes, the first one first."""
    text = subprocess.run(['openssl', 'pkey', '-in', key, '-noout', '-text'],
                          check=True, capture_output=True).stdout.decode()
    found = re.findall(r'^(?:priv|privateExponent|prime1|prime2):\s*'
                       r'((?:\s+[0-9a-f:]+\n)+)', text, re.M)
    return [bytes.fromhex(re.sub(r'[\s:]', '', number)).lstrip(b'\0')
            for number in found]


def encodings(key):
    """Each form in which a key could lie in memory."""
    forms = {}
    for index, number in enumerate(private_numbers(key)):
        forms.update({
            ('bytes', index): number, ('numbers', index): number[::-1],
            ('hex', index): number.hex().encode(),
            ('HEX', index): number.hex().upper().encode(),
            ('colons', index): number.hex(':').encode()})
        for shift in range(3):
            # Without the ends, which depend on what is beside it.
            forms['base64', index, shift] = base64.b64encode(
                bytes(shift) + number)[4:-4]
    with open(key, encoding='ascii') as file:
        # The first line of an EC key has more of its header than of the key.
        for number, line in enumerate(file.read().split('\n')[2:-2]):
            forms['pem', number] = line.encode()
    return forms


def mappings(pid):
    """Those that can be written to."""
    with open('/proc/%d/maps' % pid, encoding='ascii') as maps:
        for line in maps:
            match = re.match(r'(\w+)-(\w+) rw', line)
            if match:
                begin, end = int(match[1], 16), int(match[2], 16)
                if end - begin <= MAPPING_MAX:
                    yield begin, end


def memory(pid):
    """All that a process has written or could write."""
    with open('/proc/%d/mem' % pid, 'rb', 0) as file:
        for begin, end in mappings(pid):
            try:
                file.seek(begin)
                yield file.read(end - begin)
            except OSError:
                pass


def forms_in(pid, forms):
    found = set()
    for data in memory(pid):
        found |= {form for form, needle in forms.items() if needle in data}
    return found


def status_of(pid):
    with open('/proc/%d/status' % pid, encoding='ascii') as file:
        return dict(re.findall(r'(\w+):\s*(\S*)', file.read()))


class Place(unittest.TestCase):
    """Where the key is."""

    def served(self, kind, **named):
        directory = new_directory()
        self.addCleanup(shutil.rmtree, directory)
        key = make_pair(os.path.join(directory, 'certs'), kind)
        server = Server(TREE, directory=directory, **named)
        self.addCleanup(server.stop)
        return server, key

    def assert_in_keys_alone(self, server, forms):
        keys = server.keys()
        # The control: the search finds what there is.
        self.assertTrue(forms_in(keys, forms))
        others = [server.pid] + [pid for pid in server.children()
                                 if pid != keys]
        searched = 0
        for pid in others:
            # One that a reload retired may have ended by now.
            with contextlib.suppress(FileNotFoundError):
                self.assertEqual(forms_in(pid, forms), set(), pid)
                searched += 1
        self.assertGreaterEqual(searched, 4)

    @as_root
    def test_search(self):
        # A sanitizer's memory takes many times longer.
        for kind in KINDS[:1] if INSTRUMENTED else KINDS:
            with self.subTest(kind=kind[0]):
                server, key = self.served(kind)
                forms = encodings(key)
                for version in (ssl.TLSVersion.TLSv1_2,
                                ssl.TLSVersion.TLSv1_3):
                    for _ in range(8):
                        with gemini_connect(
                                server, tls=tls_context(version)) as client:
                            client.send(server.url('/').encode() + b'\r\n')
                            self.assertEqual(client.read_reply().status, 20)
                self.assert_in_keys_alone(server, forms)
                # Nor when it is loaded anew, or a process replaced.
                old = server.keys()
                server.signal(signal.SIGHUP)
                server.wait_for_line('^info reloaded')
                wait_until(lambda s=server, o=old: o not in s.children(),
                           'the end of the old process')
                os.kill(server.keys(), signal.SIGKILL)
                self.assertEqual(fetch(server).status, 20)
                self.assert_in_keys_alone(server, forms)
                server.stop()

    @as_root
    def test_a_pair_that_is_made(self):
        with Server(TREE) as server:
            forms = encodings(os.path.join(server.certs, 'localhost.key'))
            self.assertEqual(fetch(server).status, 20)
            self.assert_in_keys_alone(server, forms)

    def test_confined(self):
        with Server(TREE) as server:
            status = status_of(server.keys())
            self.assertEqual(status['NoNewPrivs'], '1')
            self.assertEqual(int(status['CapEff'], 16), 0)
            if not INSTRUMENTED:
                self.assertEqual(status['Seccomp'], '2')
            with open('/proc/%d/limits' % server.keys(),
                      encoding='ascii') as file:
                self.assertRegex(file.read(), r'Max core file size +0 +0 ')
            if not SEES_INSIDE:
                return
            # Its lines to the master and two workers, and the log; valgrind's
            # own descriptors have high numbers.
            folder = '/proc/%d/fd/' % server.keys()

            def others():
                return [os.readlink(folder + fd) for fd in os.listdir(folder)
                        if 2 < int(fd) < 1024]
            wait_until(lambda: len(others()) >= 3, 'lines')
            self.assertEqual(len(others()), 3)
            for target in others():
                self.assertRegex(target, '^socket:')

    @as_root
    def test_no_memory_is_shared(self):
        def shared(pid):
            with open('/proc/%d/maps' % pid, encoding='ascii') as maps:
                return [line for line in maps if ' rw-s ' in line]
        with Server(TREE) as server:
            # The control.
            self.assertTrue(shared(server.workers()[0]))
            for signal_number in (signal.SIGKILL, signal.SIGHUP):
                old = server.keys()
                self.assertEqual(shared(old), [])
                if signal_number == signal.SIGKILL:
                    os.kill(old, signal.SIGKILL)
                else:
                    server.signal(signal.SIGHUP)
                    server.wait_for_line('^info reloaded')
                wait_until(lambda o=old: server.keys() != o, 'a successor')
                self.assertEqual(fetch(server).status, 20)
            self.assertEqual(shared(server.keys()), [])

    def test_without_tls(self):
        with Server(TREE, gemini='off') as server:
            self.assertEqual(select(server, '/page.gmi')[:5], b'iPage')
            self.assertEqual(len(server.children()), 4)
            self.assertFalse(os.path.exists(server.certs))


class Ends(unittest.TestCase):
    """It dies, hangs, or finds another key."""

    @staticmethod
    def why_not(server):
        """The error of a handshake; empty when it succeeds."""
        try:
            with gemini_connect(server):
                return ''
        except ssl.SSLError as error:
            return str(error)

    def visit(self, server, wrong, done, visits):
        while not done.is_set():
            try:
                reply = fetch(server, '/page.gmi')
                if reply.text != '# Page\n' or not reply.close_notify:
                    wrong.append(reply)
            except (OSError, AssertionError) as error:
                wrong.append(repr(error))
            visits.append(1)

    @contextlib.contextmanager
    def crowd(self, server):
        """Visitors all the while; yields a list that grows with each visit."""
        wrong, done, visits = [], threading.Event(), []
        visitors = [threading.Thread(
            target=self.visit, args=(server, wrong, done, visits))
            for _ in range(4)]
        for visitor in visitors:
            visitor.start()
        try:
            yield visits
        finally:
            done.set()
            for visitor in visitors:
                visitor.join()
        self.assertEqual(wrong, [])

    # A worker waits for a second, in which valgrind does not start it.
    @beneath
    def test_killed_under_load(self):
        with TroubledServer(TREE, workers=2, stopped=True) as server, \
                self.crowd(server) as visits:
            for _ in range(5):
                since, before = len(server.lines), len(visits)
                old = server.keys()
                # It has lived long enough for the next to come at once.
                server.trouble.pass_time(HEALTHY_S)
                os.kill(old, signal.SIGKILL)
                server.wait_for_line(
                    '^warn master: keys process %d ended: killed by '
                    r'signal 9 \(Killed\); starting another in 0 ms$'
                    % old, since)
                # All that were waiting, and as many after them.
                wait_until(lambda b=before: len(visits) > b + 8, 'visits')

    @beneath
    def test_a_fault_under_load(self):
        # The master executes itself; the workers that there are go on.
        with Server(TREE, workers=2, env=dict(
                os.environ, ASAN_OPTIONS='handle_segv=0:detect_leaks=0')) \
                as server, self.crowd(server) as visits:
            wait_until(lambda: len(visits) > 8, 'visits')
            since, before = len(server.lines), len(visits)
            os.kill(server.keys(), signal.SIGSEGV)
            server.wait_for_line('^info master: executing itself', since)
            server.wait_for_line('^info ready', since)
            wait_until(lambda: len(visits) > before + 8, 'visits')

    def test_one_that_hangs_is_replaced(self):
        with Server(TREE, workers=1) as server:
            self.assertEqual(fetch(server).status, 20)
            keys = server.keys()
            # What it is asked in its first second is not held against it.
            wait_until(lambda: server.log.find('^info gemini'), 'a visit')
            os.kill(keys, signal.SIGSTOP)
            # A signal does not stop it at once.
            wait_until(lambda: ALERT in self.why_not(server), 'an alert')
            server.wait_for_line('^error master: keys process %d does not '
                                 'answer, replacing it$' % keys)
            server.wait_for_line('^warn master: keys process %d ended: '
                                 'killed by signal 9 ' % keys)
            wait_until(lambda: self.why_not(server) == '', 'a handshake')
            self.assertNotEqual(server.keys(), keys)

    def hang(self, server):
        """Stops a keys process that waits for requests; returns its pid."""
        def waits():
            pid = server.keys()
            try:
                status = status_of(pid)
            except OSError:
                return None
            return status['NoNewPrivs'] == '1' and status['State'] == 'S' \
                and pid
        pid = wait_until(waits, 'a process that waits')
        os.kill(pid, signal.SIGSTOP)
        wait_until(lambda: status_of(pid)['State'] == 'T', 'its stop')
        return pid

    def test_each_one_that_hangs_is_replaced(self):
        with Server(TREE, workers=1) as server:
            self.assertEqual(fetch(server).status, 20)
            for _ in range(3):
                keys = self.hang(server)
                # The successor of one that hangs is asked but once.
                says = ('error master: keys process %d does not answer, '
                        'replacing it' % keys)
                # The line first: a visit after the replacement succeeds.
                wait_until(lambda s=says: server.log.find(s) or
                           self.why_not(server) and server.log.find(s),
                           'its replacement')
                wait_until(lambda k=keys: server.keys() != k, 'a successor')
            wait_until(lambda: self.why_not(server) == '', 'a handshake')

    @beneath
    def test_a_stop_does_not_wait_for_a_key(self):
        for number in signal.SIGTERM, signal.SIGINT:
            with TroubledServer(TREE, workers=1) as server:
                count = len(server.children())
                server.trouble['hold'] = HOLD_CERTIFICATE
                server.signal(signal.SIGHUP)
                wait_until(lambda s=server, c=count: len(s.children()) > c,
                           'a process for the new key')
                server.signal(number)
                self.assertEqual(server.wait(), 0)
                # It is not that the reload was over.
                self.assertIsNone(server.log.find('reload: |reloaded'))

    @beneath
    def test_a_stop_between_two_keys(self):
        """The master has the pair of the first host, and no other yet."""
        directory = new_directory()
        self.addCleanup(shutil.rmtree, directory)
        path = os.path.join(directory, 'capsuled.conf')
        with open(path, 'w', encoding='utf-8') as file:
            file.write('host "localhost" {}\nhost "held" {}\n')
        with TroubledServer(TREE, names=(), arguments=('-c', path),
                            gopher='off') as server:
            server.trouble['hold'] = HOLD_HELD
            server.signal(signal.SIGHUP)
            wait_until(lambda: server.trouble['held'] > 0, 'the second key')
            server.signal(signal.SIGTERM)
            self.assertEqual(server.wait(), 0)
            self.assertIsNone(server.log.find('reload: |reloaded'))

    @beneath
    def test_one_that_hangs_at_its_start_is_replaced(self):
        with TroubledServer(TREE, workers=1, stopped=True) as server:
            old = server.keys()
            server.trouble['hold'] = HOLD_CERTIFICATE
            os.kill(old, signal.SIGKILL)
            wait_until(lambda: server.keys() != old, 'a successor')
            keys = server.keys()
            self.assertIn(ALERT, self.why_not(server))
            server.trouble.pass_time(31)
            server.signal(signal.SIGCHLD)
            server.wait_for_line(
                '^error master: keys process %d did not load the key in 10 s, '
                'replacing it$' % keys)
            server.trouble['hold'] = 0

            def is_well():
                server.trouble.pass_time(1)
                server.signal(signal.SIGCHLD)
                return self.why_not(server) == ''
            wait_until(is_well, 'a handshake')

    def test_stopped_and_continued(self):
        with Server(TREE, workers=1) as server:
            self.assertEqual(fetch(server).status, 20)
            keys = server.keys()
            os.kill(server.pid, signal.SIGSTOP)
            os.kill(keys, signal.SIGSTOP)
            try:
                self.assertIn(ALERT, self.why_not(server))
                # The other protocol goes on, and handshakes fail at once: a
                # second each would take a hundred.
                self.assertEqual(select(server, '/page.gmi')[:5], b'iPage')
                started = time.monotonic()
                for _ in range(100):
                    self.assertIn(ALERT, self.why_not(server))
                self.assertLess(time.monotonic() - started, 60)
            finally:
                os.kill(keys, signal.SIGCONT)
            # Its answer comes late, and is nobody's.
            try:
                wait_until(lambda: self.why_not(server) == '', 'a handshake')
                for _ in range(20):
                    self.assertEqual(fetch(server).status, 20)
                self.assertEqual(server.keys(), keys)
            finally:
                os.kill(server.pid, signal.SIGCONT)

    def test_another_key_meanwhile(self):
        with TroubledServer(TREE, workers=1, stopped=True) as server:
            first = peer_certificate(server)
            shutil.rmtree(server.certs)
            make_pair(server.certs, KINDS[0])
            os.kill(server.keys(), signal.SIGKILL)
            server.wait_for_line(
                r'^error keys: \S+localhost.crt is another certificate than '
                'the one in use, so no client can connect over TLS; send '
                'SIGHUP to use it$')
            # It signs nothing, since it would be with another key.
            self.assertIn(ALERT, self.why_not(server))
            server.signal(signal.SIGHUP)
            server.wait_for_line('^info reloaded')
            wait_until(lambda: self.why_not(server) == '', 'a handshake')
            self.assertNotEqual(peer_certificate(server), first)

    def test_a_renewed_certificate_meanwhile(self):
        with TroubledServer(TREE, workers=1, stopped=True) as server:
            first = peer_certificate(server)
            renew(server.certs)
            os.kill(server.keys(), signal.SIGKILL)
            server.wait_for_line(
                r'^warn keys: \S+localhost.crt is another certificate than '
                'the one in use, with the same key; send SIGHUP to use it$')
            # The key is that of the certificate in use.
            wait_until(lambda: self.why_not(server) == '', 'a handshake')
            self.assertEqual(peer_certificate(server), first)
            server.signal(signal.SIGHUP)
            server.wait_for_line('^info reloaded')
            wait_until(lambda: peer_certificate(server) != first,
                       'the renewed certificate')

    @beneath
    def test_the_reason_comes_before_the_end(self):
        with TroubledServer(TREE, workers=1, stopped=True) as server:
            with open(os.path.join(server.certs, 'localhost.crt'), 'w',
                      encoding='ascii') as file:
                file.write('no certificate')
            server.trouble['hold'] = HOLD_CERTIFICATE
            old = server.keys()
            os.kill(old, signal.SIGKILL)
            wait_until(lambda: server.keys() != old, 'a successor')
            keys = server.keys()
            # The master sees its message and its end together.
            os.kill(server.pid, signal.SIGSTOP)
            try:
                server.trouble['hold'] = 0
                wait_until(lambda: status_of(keys)['State'] == 'Z', 'its end')
            finally:
                os.kill(server.pid, signal.SIGCONT)
            server.wait_for_line('^error master: keys process %d ended: exit '
                                 'status 1; ' % keys)
            self.assertIsNotNone(server.log.find(
                '^error keys: .*localhost.crt.*; no client can connect'))

    def test_no_key_for_a_while(self):
        with Server(TREE, workers=1) as server:
            first = peer_certificate(server)
            os.rename(server.certs, server.certs + '.away')
            os.kill(server.keys(), signal.SIGKILL)
            server.wait_for_line(
                r'^error keys: .*localhost\.\w+.*; no client can connect over '
                'TLS until this is corrected$')
            self.assertIn(ALERT, self.why_not(server))
            # It is not made anew, and found as soon as it is back.
            self.assertFalse(os.path.exists(server.certs))
            os.rename(server.certs + '.away', server.certs)
            wait_until(lambda: self.why_not(server) == '', 'a handshake')
            self.assertEqual(peer_certificate(server), first)

    def test_a_retired_one_that_hangs_is_ended(self):
        with Server(TREE, workers=1) as server:
            self.assertEqual(fetch(server).status, 20)
            for ends_first in (False, True):
                since, old = len(server.lines), self.hang(server)
                try:
                    with gopher_connect(server) as client:
                        client.send(b'/')
                        # The worker accepts in order: that client, too.
                        select(server, '/')
                        server.signal(signal.SIGHUP)
                        server.wait_for_line('^info reloaded', since)
                        # Its worker still may ask it.
                        self.assertEqual(status_of(old)['State'], 'T')
                        if ends_first:
                            server.stop()
                        else:
                            client.send(b'\r\n')
                            client.read_all()
                    wait_until(lambda o=old: not os.path.exists(
                        '/proc/%d' % o), 'its end')
                finally:
                    with contextlib.suppress(OSError):
                        os.kill(old, signal.SIGKILL)

    def test_reload(self):
        with Server(TREE, workers=1) as server:
            for _ in range(3):
                since, old = len(server.lines), server.keys()
                with gemini_connect(server) as client:
                    server.signal(signal.SIGHUP)
                    server.wait_for_line('^info reloaded', since)
                    self.assertEqual(fetch(server).status, 20)
                    # It stays for as long as a worker may ask it.
                    self.assertIn(old, server.children())
                    client.send(server.url('/').encode() + b'\r\n')
                    self.assertEqual(client.read_reply().status, 20)
                wait_until(lambda o=old, s=server: o not in s.children(),
                           'the end of the old process')


@as_root
class Attacks(unittest.TestCase):
    """Signatures that a hijacked worker can get."""

    def lines_of(self, worker, is_wanted):
        """The worker's lines; that to the keys process has a time-out."""
        libc = ctypes.CDLL(None, use_errno=True)
        pidfd = os.pidfd_open(worker)
        lines = []
        try:
            for name in os.listdir('/proc/%d/fd' % worker):
                try:
                    link = os.readlink('/proc/%d/fd/%s' % (worker, name))
                except FileNotFoundError:
                    continue  # It was closed meanwhile.
                if not link.startswith('socket:'):
                    continue
                fd = libc.syscall(SYS_PIDFD_GETFD, pidfd, int(name), 0)
                error = ctypes.get_errno()
                if fd == -1 and error == errno.EBADF:
                    continue
                self.assertNotEqual(fd, -1, os.strerror(error))
                line = socket.socket(fileno=fd)
                timeout = line.getsockopt(socket.SOL_SOCKET,
                                          socket.SO_RCVTIMEO, 16)
                if line.type == socket.SOCK_SEQPACKET and \
                        is_wanted(any(timeout)):
                    self.addCleanup(line.close)
                    lines.append(line)
                else:
                    line.close()
        finally:
            os.close(pidfd)
        return lines

    def line_of(self, worker):
        lines = self.lines_of(worker, lambda has_timeout: has_timeout)
        return lines[0] if lines else None

    @staticmethod
    def unread(line):
        return struct.unpack('i', fcntl.ioctl(line, SIOCOUTQ, bytes(4)))[0]

    def test_false_words(self):
        """A worker that says that the keys process is silent: it is not."""
        with Server(TREE, workers=1) as server:
            self.assertEqual(fetch(server).status, 20)
            keys = server.keys()
            lines = self.lines_of(server.workers()[0], lambda has: not has)
            self.assertTrue(lines)
            # One that had just started was never killed for being silent.
            started = time.monotonic()
            wait_until(lambda: time.monotonic() > started + 1.1, 'its age')
            # They are heard a second apart: in that time it would be killed.
            for _ in range(3):
                for line in lines:
                    line.send(b'k')
                for line in lines:
                    wait_until(lambda n=line: self.unread(n) == 0, 'a reader')
            # A process ends with its last client.
            for line in lines:
                line.close()
            self.assertEqual(fetch(server).status, 20)
            self.assertEqual(server.keys(), keys)
            self.assertIsNone(server.log.find('error master'))

    def ask(self, line, scheme, message, key=0):
        """The signature; None when there is no answer."""
        self.number += 1
        line.send(struct.pack('=IHH', self.number, key, scheme) + message)
        while True:
            answer = line.recv(4096)
            if answer[:4] == struct.pack('=I', self.number):
                return answer[4:]

    def test_forged_requests(self):
        self.number = 1 << 30
        verify = b' ' * 64 + b'TLS 1.3, server CertificateVerify\0'
        exchange = bytes(64) + b'\x03\x00\x1d\x20'
        good = (verify + bytes(32), verify + bytes(48), exchange + bytes(32),
                bytes(64) + b'\x03\x00\x17\x41\x04' + bytes(64))
        bad = (b'', b'Pay 1000 EUR', bytes(32), bytes(256), bytes(257),
               bytes(4096), verify, verify + bytes(31), verify + bytes(64),
               verify.replace(b'server', b'client') + bytes(32),
               verify[1:] + bytes(32), exchange, exchange + bytes(31),
               exchange + bytes(33), bytes(64) + b'\x03\x00\x18\x61\x04' +
               bytes(96), b'0\x82\x01\x22\xa0\x03\x02\x01\x02' + bytes(128))
        for kind in KINDS:
            with self.subTest(kind=kind[0]):
                directory = new_directory()
                self.addCleanup(shutil.rmtree, directory)
                make_pair(os.path.join(directory, 'certs'), kind)
                with Server(TREE, directory=directory, workers=1) as server:
                    line = wait_until(
                        lambda s=server: self.line_of(s.workers()[0]),
                        'a line to the keys process')
                    scheme = SCHEME[kind[0]]
                    for message in good:
                        self.assertTrue(self.ask(line, scheme, message))
                    for message in bad:
                        self.assertEqual(
                            self.ask(line, scheme, message), b'', message)
                    for other in set(SCHEME.values()) - {scheme} | {0, 0x0203}:
                        self.assertEqual(self.ask(line, other, good[0]), b'')
                    self.assertEqual(self.ask(line, scheme, good[0], 1), b'')
                    # Too short for an answer, and it goes on.
                    line.send(b'short')
                    self.assertTrue(self.ask(line, scheme, good[0]))
                    self.assertEqual(fetch(server).status, 20)


if __name__ == '__main__':
    unittest.main()
