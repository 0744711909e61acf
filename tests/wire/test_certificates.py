"""Keys and certificates: made once, taken or refused, never lost."""

import os
import re
import shutil
import signal
import subprocess
import time
import unittest

from build import beneath
from server import (CAPSULED, DEADLINE_S, UNJAILED, Connection, Places,
                    Process, Server, fetch, new_directory, peer_certificate,
                    tls_context)
from trouble import Trouble

TREE = {'index.gmi': '# Home\n'}
HOME = '# Home\n'
YEAR = 365 * 86400


def make_pair(certs, *arguments, curve='P-256', name='localhost'):
    """A pair as openssl(1) makes it; returns its two paths."""
    os.makedirs(certs, exist_ok=True)
    crt, key = (os.path.join(certs, name + end) for end in ('.crt', '.key'))
    subprocess.run(
        ['openssl', 'req', '-x509', '-nodes', '-newkey', 'ec', '-pkeyopt',
         'ec_paramgen_curve:' + curve, *arguments, '-keyout', key, '-out',
         crt, '-days', '365', '-subj', '/CN=' + name, '-addext',
         'subjectAltName=DNS:' + name],
        check=True, stderr=subprocess.DEVNULL)
    os.chmod(key, 0o600)
    return crt, key


def contents(paths):
    found = []
    for path in paths:
        with open(path, 'rb') as file:
            found.append(file.read())
    return found


class Certificates(Places):
    content = TREE

    def command(self, *arguments, gemini='127.0.0.1:0'):
        return ['-g', gemini, '-G', 'off', '-w', '1', '-C',
                self.certs, *UNJAILED, *arguments, self.tree]

    def check(self, *arguments, **named):
        return subprocess.run(
            [CAPSULED, '-t', *self.command(*arguments, gemini='1965')],
            text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            timeout=DEADLINE_S, check=False, **named)

    def assert_refused(self, says, *arguments):
        """By a start and by -t, with the same words."""
        checked = self.check(*arguments)
        self.assertEqual((checked.returncode, checked.stdout), (2, ''))
        started = Process(self.command(*arguments))
        self.assertEqual(started.wait(), 1, started.log.text())
        for text in checked.stderr, started.log.text():
            self.assertRegex(text, says)
            self.assertEqual(len(text.splitlines()), 1, text)

    def assert_reload_refused(self, server, says):
        since = len(server.lines)
        server.signal(signal.SIGHUP)
        server.wait_for_line('^error reload: .*' + says, since)

    def start(self, **named):
        return Server(TREE, directory=self.directory, **named)

    def test_two_first_starts_at_once(self):
        for _ in range(10):
            shutil.rmtree(self.certs, ignore_errors=True)
            both = [Process(self.command()) for _ in range(2)]
            try:
                shown = [each.wait_for_line(r' sha256=(\w+)')[1]
                         for each in both]
                for each in both:
                    each.wait_for_line('^info ready ')
                    each.signal(signal.SIGTERM)
                    self.assertEqual(each.wait(), 0)
            finally:
                for each in both:
                    if each.child.poll() is None:
                        each.child.kill()
            self.assertEqual(shown[0], shown[1])
            self.assertEqual(sorted(os.listdir(self.certs)),
                             ['localhost.crt', 'localhost.key'])
            self.assertEqual(1, sum(
                bool(each.log.find('^info made a new key and certificate'))
                for each in both))

    def test_kinds_that_clients_cannot_use(self):
        table = [
            (['-pkeyopt', 'ec_param_enc:explicit'], 'P-256',
             r'localhost\.key: has explicit EC parameters'),
            ([], 'secp256k1', r'localhost\.key: a key on secp256k1'),
            ([], 'brainpoolP256r1',
             r'localhost\.key: a key on brainpoolP256r1'),
            (['-addext', 'keyUsage=critical,keyAgreement'], 'P-256',
             r'localhost\.crt: its key usage lacks digitalSignature')]
        with self.start() as server:
            shown = peer_certificate(server)
            for arguments, curve, says in table:
                with self.subTest(says=says):
                    make_pair(self.certs, *arguments, curve=curve)
                    self.assert_refused(says)
                    self.assert_reload_refused(server, says)
                    self.assertEqual(peer_certificate(server), shown)

    def test_group_may_read_the_key(self):
        _, key = make_pair(self.certs)
        os.chmod(key, 0o640)
        os.chown(key, -1, os.getgid())
        with self.start() as server:
            self.assertEqual(fetch(server).text, HOME)
        os.chmod(key, 0o644)
        self.assert_refused(r'localhost\.key: mode 0644 lets others')

    def test_reload_makes_no_other_key(self):
        with self.start() as server:
            pair = [os.path.join(self.certs, 'localhost' + end)
                    for end in ('.crt', '.key')]
            shown, kept = peer_certificate(server), contents(pair)
            aside = os.path.join(self.directory, 'aside')

            def both_away():
                for path in pair:
                    os.rename(path, path + '.aside')

            def both_back():
                for path in pair:
                    os.rename(path + '.aside', path)

            for away, back in (
                    (both_away, both_back),
                    (lambda: os.rename(self.certs, aside),
                     lambda: os.rename(aside, self.certs))):
                away()
                self.assert_reload_refused(
                    server, r'localhost\.key: missing, and so is '
                    r'localhost\.crt; a reload makes no pair')
                self.assertEqual(peer_certificate(server), shown)
                back()
                since = len(server.lines)
                server.signal(signal.SIGHUP)
                server.wait_for_line('^info reloaded', since)
                self.assertEqual(peer_certificate(server), shown)
            self.assertEqual(contents(pair), kept)

    def test_reload_under_another_name_makes_no_key(self):
        path = os.path.join(self.directory, 'conf')
        with open(path, 'w', encoding='ascii') as file:
            file.write('names = { one.example, two.example }\n')
        with self.start(names=(), arguments=['-c', path]) as server:
            with open(path, 'w', encoding='ascii') as file:
                file.write('names = { two.example, one.example }\n')
            self.assert_reload_refused(server, r'two\.example\.key: missing')
            self.assertEqual(sorted(os.listdir(self.certs)),
                             ['one.example.crt', 'one.example.key'])

    def test_reload_that_begins_with_tls_makes_a_pair(self):
        path = os.path.join(self.directory, 'conf')
        with open(path, 'w', encoding='ascii') as file:
            file.write('gopher_tls = no\n')
        with self.start(gemini='off', arguments=['-c', path]) as server:
            self.assertFalse(os.path.exists(self.certs))
            with open(path, 'w', encoding='ascii') as file:
                file.write('gopher_tls = yes\n')
            server.signal(signal.SIGHUP)
            server.wait_for_line('^info made a new key and certificate in '
                                 + re.escape(self.certs))

    def test_a_pair_that_is_made_is_told_of(self):
        with Server(TREE, directory=self.directory,
                    cwd=self.directory, arguments=['-C', 'certs']) as server:
            server.stop()
            said = server.log.find(
                '^info made a new key and certificate in %s: keep a copy'
                % re.escape(self.certs))
            self.assertIsNotNone(said, server.log.text())
            # Just before the addresses, which come last.
            self.assertEqual(
                server.lines[server.lines.index(server.ready) + 1:],
                [said.string, 'info stopping', 'info stopped'])
        with self.start() as server:
            server.stop()
            self.assertIsNone(server.log.find('made'))

    def test_check_tells_what_it_found(self):
        found = self.check('-n', 'one.example', '-n', '192.0.2.1')
        self.assertEqual((found.returncode, found.stderr), (0, ''))
        self.assertRegex(
            found.stdout,
            r'\Anames: one\.example, 192\.0\.2\.1\n'
            r'certificate: %s/one\.example\.crt would be made\n'
            r'(warning: jail: .*\n)?configuration is good\n\Z'
            % re.escape(self.certs))
        self.assertFalse(os.path.exists(self.certs))
        with self.start() as server:
            shown = server.wait_for_line(r' sha256=(\w+) key_sha256=(\w+)')
        before = self.everything()
        found = self.check('-n', 'localhost', '-n', 'other.example',
                           '-o', 'jail=off')
        self.assertEqual((found.returncode, found.stderr), (0, ''))
        self.assertEqual(found.stdout.splitlines(), [
            'names: localhost, other.example',
            'certificate: %s/localhost.crt' % self.certs,
            'sha256: ' + shown[1],
            'key_sha256: ' + shown[2],
            'warning: %s/localhost.crt: does not cover every name of this '
            'capsule, so clients complain; for all names renew it with '
            'capsule rekey --names' % self.certs,
            'warning: jail: off, so a worker can do all that its user can',
            'configuration is good'])
        self.assertEqual(self.everything(), before)
        done = subprocess.run(
            [CAPSULED, '-t', '-g', 'off', *UNJAILED, self.tree], text=True,
            stdout=subprocess.PIPE, timeout=DEADLINE_S, check=True)
        self.assertIn('certificate: none, no listener uses TLS\n', done.stdout)

    def everything(self):
        """The files of the directory, and when it was changed last."""
        return sorted(
            (path, os.lstat(os.path.join(path, name)).st_mtime_ns,
             os.lstat(os.path.join(path, name)).st_ctime_ns, name)
            for path, folders, files in os.walk(self.directory)
            for name in folders + files)

    def test_nowhere_to_make_it(self):
        self.certs = os.path.join(self.directory, 'none', 'certs')
        self.assert_refused('none/certs: No such file or directory')

    def test_address_in_brackets(self):
        with self.start(names=['[::1]'], gemini='[::1]:0',
                        gopher='[::1]:0') as server:
            with Connection(server.gemini_port, tls_context(),
                            host='::1') as client:
                client.send(b'gemini://[::1]:%d/\r\n' % server.gemini_port)
                self.assertEqual(client.read_reply().text, HOME)
            server.stop()
            self.assertEqual(
                server.out.text(), 'gemini://[::1]:%d/\ngopher://[::1]:%d/'
                % (server.gemini_port, server.gopher_port))
            self.assertEqual(sorted(os.listdir(self.certs)),
                             ['::1.crt', '::1.key'])

    def test_unreadable_capsule(self):
        make_pair(self.certs)
        for mode in (0o700, 0o311) if os.geteuid() == 0 else (0o311,):
            with self.subTest(mode=oct(mode)):
                os.chmod(self.tree, mode)
                self.assert_refused(
                    'tree: not readable for user' if os.geteuid() == 0
                    else 'tree: cannot be opened: Permission denied; open')
        os.chmod(self.tree, 0o755)

    def test_reload_of_an_unreadable_capsule(self):
        with self.start() as server:
            os.chmod(self.tree, 0o311)
            self.assert_reload_refused(
                server, 'tree: not readable for user' if os.geteuid() == 0
                else 'tree: cannot be opened: Permission denied; open')
            os.chmod(self.tree, 0o755)
            self.assertEqual(fetch(server).text, HOME)


@beneath
class Clock(unittest.TestCase):
    """A wrong clock keeps no server from starting."""

    def setUp(self):
        self.directory = new_directory()
        self.addCleanup(shutil.rmtree, self.directory)
        self.trouble = Trouble()
        self.addCleanup(self.trouble.close)
        make_pair(os.path.join(self.directory, 'certs'))

    def assert_served(self, seconds, warning):
        self.trouble['seconds'] = seconds
        with Server(TREE, directory=self.directory,
                    env=self.trouble.environment()) as server:
            server.wait_for_line(r'^warn .*localhost\.crt: ' + warning)
            self.assertEqual(fetch(server).text, HOME)
            since = len(server.lines)
            server.signal(signal.SIGHUP)
            server.wait_for_line('^info reloaded', since)
            found = subprocess.run(
                [CAPSULED, '-t', '-C', server.certs, server.root], text=True,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                env=self.trouble.environment(), timeout=DEADLINE_S,
                check=False)
            self.assertEqual((found.returncode, found.stderr), (0, ''))
            self.assertRegex(
                found.stdout, r'\nwarning: .*localhost\.crt: ' + warning)

    def test_1970(self):
        self.assert_served(
            3600 - int(time.time()),
            'not valid before .*; check this machine\'s clock')

    def test_expired(self):
        self.assert_served(2 * YEAR, 'expired on .*; renew it with capsule')


if __name__ == '__main__':
    unittest.main()
