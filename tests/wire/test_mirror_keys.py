"""A server's new key: followed when the known one has signed it, or refused."""

import errno
import os
import ssl
import subprocess
import unittest

from build import DEADLINE_S, beneath
from origin import Mirroring
from trouble import Trouble


def openssl(*arguments, **named):
    subprocess.run(['openssl', *arguments], check=True, capture_output=True,
                   timeout=DEADLINE_S, **named)


class Keys(Mirroring):
    files = {'index.gmi': b'# Home\n', 'a.txt': b'a\n'}

    def setUp(self):
        super().setUp()
        self.place = self.origin.directory
        self.known = self.origin.fingerprint()
        self.keep('cert.pem', 'old.crt')
        self.keep('key.pem', 'old.key')
        self.run_mirror()
        self.origin.files['a.txt'] = b'another\n'

    def path(self, name):
        return os.path.join(self.place, name)

    def keep(self, name, other):
        os.rename(self.path(name), self.path(other))

    def make(self, name, issuer='old', subject='/CN=localhost/GN=2',
             names='DNS:localhost', dates=('-days', '9'), digest='-sha256'):
        """NAME.key and NAME.crt, which the issuer's key signs."""
        crt, key, request, extensions = (
            self.path(name + end) for end in ('.crt', '.key', '.csr', '.ext'))
        with open(extensions, 'w', encoding='ascii') as file:
            file.write('subjectAltName=%s\n' % names)
        openssl('req', '-newkey', 'ec', '-pkeyopt',
                'ec_paramgen_curve:P-256', '-nodes', '-subj', subject,
                '-keyout', key, '-out', request)
        signer = (('-signkey', key) if issuer is None else
                  ('-CA', self.path(issuer + '.crt'), '-CAkey',
                   self.path(issuer + '.key'), '-CAcreateserial'))
        openssl('x509', '-req', '-in', request, *signer, digest, '-out', crt,
                '-extfile', extensions, *dates)

    def serve(self, *names):
        """Sends these certificates from now on, with the key of the first."""
        with open(self.path('cert.pem'), 'wb') as chain:
            for name in names:
                with open(self.path(name + '.crt'), 'rb') as file:
                    chain.write(file.read())
        self.origin.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.origin.context.set_ciphers('DEFAULT:@SECLEVEL=0')
        self.origin.context.load_cert_chain(
            self.path('cert.pem'), self.path(names[0] + '.key'))
        return self.origin.fingerprint()

    def pins(self):
        with open(self.mirror.known_hosts, encoding='ascii') as file:
            return file.read()

    def pin(self, key):
        return '127.0.0.1:%d sha256 %s\n' % (self.origin.gemini_port, key)

    def assert_refused(self, shown, *options, **named):
        before = self.mirror.files(), self.pins()
        result = self.run_mirror(*options, status=1, **named)
        for words in ("the server's key has changed; nothing was fetched",
                      'known: ' + self.known, 'shown: ' + shown):
            self.assertIn(words, result.stderr)
        self.assertNotIn('\\x', result.stderr)
        self.assertEqual((self.mirror.files(), self.pins()), before)
        return result.stderr


class Successor(Keys):
    def test_followed(self):
        others = '# mine\nother.example:1965 sha256 %064d\n%s' % (
            0, 'x' * 5000 + '\n'), '\nlast.example:1965 sha256 %064d' % 1
        with open(self.mirror.known_hosts, 'w', encoding='ascii') as file:
            file.write(others[0] + self.pin(self.known) + others[1])
        os.chmod(self.mirror.known_hosts, 0o640)
        link = self.mirror.known_hosts
        self.mirror.known_hosts += '.real'
        os.rename(link, self.mirror.known_hosts)
        os.symlink(self.mirror.known_hosts, link)
        real, self.mirror.known_hosts = self.mirror.known_hosts, link

        self.make('new')
        shown = self.serve('new', 'old')
        result = self.run_mirror()
        self.assertIn(
            'capsule mirror: 127.0.0.1:%d: the known key, %s, has signed the '
            "certificate of the server's new key, %s, which is trusted from "
            'now on\n' % (self.origin.gemini_port, self.known, shown),
            result.stderr)
        self.assertEqual(self.mirror.files()['a.txt'], b'another\n')
        self.assertEqual(self.pins(), others[0] + self.pin(shown) + others[1])
        self.assertTrue(os.path.islink(link))
        self.assertEqual(os.stat(real).st_mode & 0o777, 0o640)
        # Nothing is left beside it, and nothing more is said.
        self.assertEqual(sorted(os.listdir(self.mirror.top)), [
            'copy', 'known_hosts', 'known_hosts.real'])
        self.assertEqual(self.run_mirror().stderr, '')
        # The old key is now as unknown as any other.
        self.known = shown
        self.assert_refused(self.serve('old'))

    def test_twice(self):
        for name, issuer in (('two', 'old'), ('three', 'two')):
            self.make(name, issuer, subject='/CN=localhost/GN=' + name)
            shown = self.serve(name, issuer)
            result = self.run_mirror()
            self.assertIn(self.known, result.stderr)
            self.assertIn(shown, result.stderr)
            self.known = shown

    def test_strict_key(self):
        self.make('new')
        shown = self.serve('new', 'old')
        said = self.assert_refused(shown, '--strict-key')
        self.assertIn('without --strict-key', said)
        self.run_mirror()
        self.run_mirror('--strict-key')

    def test_many_requests_at_once(self):
        self.origin.files.update(
            {'%d.txt' % i: b'%d\n' % i for i in range(40)})
        self.make('new')
        self.serve('new', 'old')
        result = self.run_mirror('-j', '16')
        self.assertEqual(result.stderr.count('signed the certificate'), 1)


class NoSuccessor(Keys):
    """Each chain of certificates lacks one condition."""

    def test_refused(self):
        self.make('other', None, '/CN=localhost')
        for what, made, served in (
                ('alone', {}, ['new']),
                ('self-signed', {'issuer': None}, ['new', 'old']),
                ('by another key', {'issuer': 'other'}, ['new', 'old']),
                ('by another key, in its own chain', {'issuer': 'other'},
                 ['new', 'other']),
                ('not beside it', {}, ['new', 'other', 'old']),
                ('by a weak digest', {'digest': '-sha1'}, ['new', 'old'])):
            with self.subTest(what=what):
                self.make('new', **made)
                said = self.assert_refused(self.serve(*served))
                self.assertNotIn('--strict-key', said)

    def test_of_another_name(self):
        """Of the old name, as before; or the host is in both."""
        self.make('named', None, '/CN=localhost', 'IP:127.0.0.1')
        os.unlink(self.mirror.known_hosts)
        self.known = self.serve('named')
        self.run_mirror()
        self.make('new', 'named')
        self.assert_refused(self.serve('new', 'named'))
        self.make('new', 'named', names='DNS:localhost,IP:127.0.0.1')
        self.serve('new', 'named')
        self.run_mirror()

    @beneath
    def test_dates(self):
        """By the clock of the mirror."""
        trouble = Trouble()
        self.addCleanup(trouble.close)
        self.make('new', dates=('-days', '1'))
        trouble['seconds'] = 5 * 86400  # the new one has expired
        self.assert_refused(self.serve('new', 'old'),
                            env=trouble.environment())
        self.make('new', dates=('-days', '99'))
        shown = self.serve('new', 'old')
        for days in 10, -2:  # the old one has expired; both are too early
            with self.subTest(days=days):
                trouble['seconds'] = days * 86400
                self.assert_refused(shown, env=trouble.environment())
        trouble['seconds'] = 8 * 86400
        self.run_mirror(env=trouble.environment())

    def test_known_hosts_are_whole(self):
        """Wherever the tool is killed, or a change fails."""
        self.make('new')
        shown = self.serve('new', 'old')
        known = self.pin(self.known)
        for kind in ('kill_at', 'refuse_at'):
            followed = False
            for number in range(1, 100):
                with open(self.mirror.known_hosts, 'w',
                          encoding='ascii') as file:
                    file.write(known)
                trouble = Trouble()
                trouble[kind] = number
                trouble['refuse_error'] = errno.EROFS
                result = self.mirror.run(
                    self.origin.url(), env=trouble.environment())
                trouble.close()
                with self.subTest(kind=kind, number=number):
                    followed = followed or self.pins() == self.pin(shown)
                    self.assertIn(self.pins(), (known, self.pin(shown)))
                    if result.returncode != 0 and self.pins() == known:
                        self.assertNotIn('signed', result.stderr)
                if result.returncode == 0:
                    break
            self.assertTrue(followed)
            self.assertEqual(result.returncode, 0, result.stderr)


if __name__ == '__main__':
    unittest.main()
