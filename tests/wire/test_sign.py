"""`capsule sign`, `capsule mirror --key`, and openssl's word on both."""

import os
import resource
import shutil
import signal
import stat
import subprocess
import tempfile
import unittest

from build import CAPSULE, DEADLINE_S, beneath
from origin import Mirroring, manifest_of
from server import Server, fetch, wait_until

MANIFEST = 'site/manifest'
SIGNATURE = 'site/manifest.sig'
FILES = {'index.gmi': b'# Home\n', 'a/b.txt': b'b\n'}


class Signing(unittest.TestCase):
    def setUp(self):
        super().setUp()
        self.top = tempfile.mkdtemp(prefix='capsuled-sign-')
        self.addCleanup(shutil.rmtree, self.top)
        os.mkdir(self.path('site'))
        self.write(MANIFEST, manifest_of(FILES))

    def path(self, name):
        return os.path.join(self.top, name)

    def write(self, name, content):
        with open(self.path(name), 'wb') as file:
            file.write(content)
        return self.path(name)

    def read(self, name):
        with open(self.path(name), 'rb') as file:
            return file.read()

    def run_in(self, *command, status=0):
        result = subprocess.run(
            command, cwd=self.top, capture_output=True, text=True,
            stdin=subprocess.DEVNULL, timeout=DEADLINE_S, check=False)
        self.assertEqual(result.returncode, status,
                         result.stdout + result.stderr)
        return result

    def sign(self, *arguments, status=0):
        return self.run_in(CAPSULE, 'sign', *arguments, status=status)

    def openssl_verifies(self, status=0):
        return self.run_in(
            'openssl', 'pkeyutl', '-verify', '-pubin', '-inkey', 'key.pub',
            '-rawin', '-in', MANIFEST, '-sigfile', SIGNATURE,
            status=status)


class Sign(Signing):
    def test_a_new_key(self):
        result = self.sign('--new', MANIFEST, 'key')
        self.assertEqual(result.stdout, SIGNATURE + '\n')
        self.assertIn('key is a new key: keep it secret, and a copy of it; '
                      'give key.pub to', result.stderr)
        self.assertEqual(len(self.read(SIGNATURE)), 64)
        self.assertEqual(
            stat.S_IMODE(os.stat(self.path('key')).st_mode), 0o600)
        self.assertEqual(sorted(os.listdir(self.top)),
                         ['key', 'key.pub', 'site'])
        self.assertEqual(sorted(os.listdir(self.path('site'))),
                         ['manifest', 'manifest.sig'])
        self.openssl_verifies()
        before = self.read('key'), self.read('key.pub')
        # Again, with the same key: the same signature.
        signature = self.read(SIGNATURE)
        os.unlink(self.path(SIGNATURE))
        self.sign(MANIFEST, 'key')
        self.assertEqual(self.read(SIGNATURE), signature)
        # Nothing is ever written over.
        result = self.sign('--new', MANIFEST, 'key', status=1)
        self.assertIn('never written over: name another file, or sign with '
                      'this key, without --new', result.stderr)
        result = self.sign('--new', MANIFEST, 'none/key', status=1)
        self.assertIn('none/key: cannot be made: No such file or directory; '
                      'make its folder first', result.stderr)
        os.unlink(self.path('key'))
        self.sign('--new', MANIFEST, 'key', status=1)
        self.assertFalse(os.path.exists(self.path('key')))
        self.assertEqual(self.read('key.pub'), before[1])

    def test_a_key_of_openssl(self):
        self.run_in('openssl', 'genpkey', '-algorithm', 'ED25519', '-out',
                    'key')
        self.run_in('openssl', 'pkey', '-in', 'key', '-pubout', '-out',
                    'key.pub')
        os.chmod(self.path('key'), 0o600)
        self.sign(MANIFEST, 'key')
        self.openssl_verifies()
        self.write(MANIFEST, manifest_of({}))
        self.openssl_verifies(status=1)

    def test_a_folder(self):
        """Signed is what the server would answer."""
        self.sign('--new', 'site', 'key')
        self.openssl_verifies()

    def test_the_folder_of_the_configuration(self):
        """DIR is optional, as for check, pack and show."""
        for arguments in (('-o', 'capsule=site', 'key'), ('-d', 'site', 'key'),
                          ('-n', 'example.org', 'site', 'key')):
            with self.subTest(arguments=arguments):
                self.sign('--new', *arguments)
                self.run_in('openssl', 'pkeyutl', '-verify', '-rawin',
                            '-pubin', '-inkey', 'key.pub', '-in', MANIFEST,
                            '-sigfile', SIGNATURE)
                for name in 'key', 'key.pub', SIGNATURE:
                    os.unlink(self.path(name))
        os.rename(self.path('site'), self.path('capsule'))
        self.sign('--new', 'key')
        self.assertTrue(os.path.exists(self.path('capsule/manifest.sig')))

    def test_the_settings_of_the_server(self):
        self.write('site/draft.gmi', b'# Draft\n')
        self.write('conf', b'hide += "draft.*"\n')
        for options in (('-c', 'conf'), ('-o', 'hide=draft.*')):
            self.sign(*options, '--new', 'site', 'key')
            with Server(self.path('site'), options=['hide=draft.*']) as server:
                manifest = wait_until(
                    lambda s=server: (lambda reply: reply.body
                                      if reply.status == 20 else None)(
                                          fetch(s, '/manifest')), 'a manifest')
            with open(self.path('signed'), 'wb') as file:
                file.write(manifest)
            self.run_in('openssl', 'pkeyutl', '-verify', '-rawin', '-pubin',
                        '-inkey', 'key.pub', '-in', 'signed', '-sigfile',
                        'site/manifest.sig')
            for name in 'key', 'key.pub', 'site/manifest.sig':
                os.unlink(self.path(name))

    def test_a_key_within_the_capsule(self):
        """A manifest that is named lies in its capsule, most likely."""
        os.mkdir(self.path('site/private'))
        for name in ('site', MANIFEST):
            for key in ('site/key', 'site/private/key'):
                with self.subTest(name=name, key=key):
                    result = self.sign('--new', name, key, status=1)
                    self.assertIn('would be served', result.stderr)
                    self.assertFalse(os.path.exists(self.path(key)))

    @beneath
    def test_killed(self):
        """What is left has a name that is never served."""
        self.sign('--new', MANIFEST, 'key')
        before = self.read(SIGNATURE)
        result = subprocess.run(
            [CAPSULE, 'sign', MANIFEST, 'key'], cwd=self.top,
            capture_output=True, timeout=DEADLINE_S, check=False,
            preexec_fn=lambda: resource.setrlimit(
                resource.RLIMIT_FSIZE, (0, 0)))
        self.assertEqual(result.returncode, -signal.SIGXFSZ)
        found = os.listdir(self.path('site'))
        self.assertEqual(len(found), 3)
        self.assertEqual(
            sorted(name for name in found if not name.startswith('.')),
            ['manifest', 'manifest.sig'])
        self.assertEqual(self.read(SIGNATURE), before)

    def test_what_is_not_signed(self):
        self.sign('--new', MANIFEST, 'key')
        os.unlink(self.path(SIGNATURE))
        good = manifest_of(FILES)
        for name, text in (
                ('empty', b''), ('cut', good[:-1]), ('text', b'hello\n'),
                ('other', good.replace(b'index', b'xndex')),
                ('changes', b'# capsule manifest 1 since '
                            b'2023-11-14T22:13:20Z\n')):
            with self.subTest(name=name):
                self.write(MANIFEST, text)
                result = self.sign(MANIFEST, 'key', status=1)
                self.assertIn('manifest:', result.stderr)
                self.assertFalse(os.path.exists(self.path(SIGNATURE)))

    def test_keys_that_are_none(self):
        self.sign('--new', MANIFEST, 'key')
        for name, make, words in (
                ('none', None, '--new'),
                ('text', b'hello\n', 'no private key'),
                ('key.pub', None, 'no private key'),
                ('rsa', ['openssl', 'genpkey', '-algorithm', 'RSA', '-out',
                         'rsa'], 'name one that sign --new has made'),
                ('open', self.read('key'), 'chmod 600')):
            with self.subTest(name=name):
                if isinstance(make, bytes):
                    self.write(name, make)
                elif make:
                    self.run_in(*make)
                if os.path.exists(self.path(name)):
                    os.chmod(self.path(name),
                             0o604 if name == 'open' else 0o600)
                result = self.sign(MANIFEST, name, status=1)
                self.assertIn(name + ': ', result.stderr)
                self.assertIn(words, result.stderr)

    def test_bad_configuration(self):
        """It is refused before a key is made."""
        for arguments in (['-c', 'none', 'site'], ['-c', 'none'],
                          ['-o', 'width=1', 'site']):
            with self.subTest(arguments=arguments):
                self.sign('--new', *arguments, 'key', status=2)
                self.assertFalse(os.path.exists(self.path('key')))

    def test_wrong_usage(self):
        for arguments in ([], ['', 'key'], ['a', 'b', 'c'], ['--old', 'a',
                                                              'b']):
            with self.subTest(arguments=arguments):
                self.assertIn(
                    '--help', self.sign(*arguments, status=2).stderr)
        self.assertIn('none: No such file or directory; name the capsule',
                      self.sign('none', 'key', status=1).stderr)


class SignedMirrors(Signing, Mirroring):
    """The other end of it."""

    files = FILES

    def setUp(self):
        super().setUp()
        self.sign('--new', MANIFEST, 'key')
        self.origin.files['manifest.sig'] = self.read(SIGNATURE)

    def test_mirror(self):
        for scheme in ('gemini', 'gopher'):
            with self.subTest(scheme=scheme):
                self.run_mirror('--key', self.path('key.pub'), scheme=scheme)
                found = self.mirror.files()
                self.assertEqual(found.pop('manifest'), manifest_of(FILES))
                self.assertEqual(found, self.origin.files)
                shutil.rmtree(self.mirror.folder)

    def test_a_folder(self):
        """The signature is that of the whole capsule, the copy has none."""
        name = next(path for path in FILES if '/' in path)
        folder = name.split('/')[0]
        self.run_mirror('--key', self.path('key.pub'),
                        path='/%s/' % folder)
        found = self.mirror.files()
        self.assertEqual(found[name[len(folder) + 1:]], FILES[name])
        self.assertNotIn('manifest.sig', found)
        self.origin.files['evil.txt'] = b'evil\n'
        self.run_mirror('--key', self.path('key.pub'),
                        path='/%s/' % folder, status=1)
        self.assertEqual(self.mirror.files(), found)

    def test_signed_by_nobody(self):
        self.run_mirror('--key', self.path('key.pub'))
        before = self.mirror.files()
        signature = self.origin.files['manifest.sig']
        self.origin.files['evil.txt'] = b'evil\n'
        table = {
            'another manifest': signature,
            'none': None,
            'short': signature[:-1],
            'long': signature + b'x',
            'zeros': bytes(64),
        }
        for scheme in ('gemini', 'gopher'):
            for name, answer in table.items():
                self.origin.files['manifest.sig'] = answer
                if answer is None:
                    del self.origin.files['manifest.sig']
                with self.subTest(name=name, scheme=scheme):
                    result = self.run_mirror(
                        '--key', self.path('key.pub'), scheme=scheme,
                        status=1)
                    self.assertIn('signature', result.stderr)
                    if name == 'another manifest':
                        self.assertRegex(
                            result.stderr, 'the author has changed something '
                            'and not signed again, or someone else')
                    self.assertEqual(self.mirror.files(), before)
        # Without a key nobody claims anything.
        self.run_mirror()
        self.assertEqual(self.mirror.files()['evil.txt'], b'evil\n')

    def test_another_key(self):
        self.sign('--new', MANIFEST, 'other')
        result = self.run_mirror(
            '--key', self.path('other.pub'), status=1)
        self.assertIn('other.pub', result.stderr)
        for name in ('none.pub', 'key'):
            result = self.run_mirror('--key', self.path(name), status=1)
            self.assertIn('--key %s: ' % self.path(name), result.stderr)
        self.assertEqual(self.mirror.files(), {})
        # Nobody was asked for what could not be used.
        self.assertEqual(self.origin.paths(), ['/manifest', '/manifest.sig'])

    def test_without_manifest(self):
        self.origin.with_manifest = False
        result = self.run_mirror('--key', self.path('key.pub'), status=1)
        self.assertIn('cannot be checked with a signature', result.stderr)

    def test_a_signature_goes_with_its_manifest(self):
        self.run_mirror()
        self.assertIn('manifest.sig', self.mirror.files())
        del self.origin.files['manifest.sig']
        self.run_mirror()
        self.assertNotIn('manifest.sig', self.mirror.files())


if __name__ == '__main__':
    unittest.main()
