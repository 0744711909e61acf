"""A planned change of the key: announced, made, followed, never half done."""

import errno
import glob
import hashlib
import os
import re
import shutil
import signal
import ssl
import subprocess
import time
import unittest

from build import CAPSULE, CAPSULED, DEADLINE_S, beneath
from origin import Mirror
from server import (UNJAILED, Places, Server, as_root, fetch,
                    peer_certificate, write_tree)
from test_certificates import contents, make_pair
from test_hosts import CAFE, Hosts
from trouble import Trouble

TREE = {'index.gmi': '# Home\n', 'a.txt': 'a\n'}
DAY = 86400
PEM = re.compile(r'-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n',
                 re.S)
HEX = re.compile(r'\b[0-9a-f]{64}\b')


def openssl(*arguments, text=None, env=None):
    return subprocess.run(
        ['openssl', *arguments], input=text, check=True, capture_output=True,
        timeout=DEADLINE_S, env=env).stdout


def values(certificate):
    """SHA-256 of the key and of the certificate, which is in DER."""
    pem = ssl.DER_cert_to_PEM_cert(certificate).encode()
    public = openssl('x509', '-pubkey', '-noout', text=pem)
    return (hashlib.sha256(openssl('pkey', '-pubin', '-outform', 'DER',
                                   text=public)).hexdigest(),
            hashlib.sha256(certificate).hexdigest())


def names_of(path):
    shown = openssl('x509', '-in', path, '-noout', '-ext', 'subjectAltName')
    return re.findall(r'(?:DNS|IP Address):([^,\s]+)', shown.decode())


class Rekeying(Places):
    """A pair in use, the tool, and a clock for both."""

    name = 'localhost'
    content = TREE

    def setUp(self):
        super().setUp()
        self.trouble = Trouble()
        self.addCleanup(self.trouble.close)
        make_pair(self.certs, name=self.name)

    def path(self, name):
        return os.path.join(self.certs, name)

    def certificates(self, name):
        """Those of a file, in DER."""
        with open(self.path(name), encoding='ascii') as file:
            return [ssl.PEM_cert_to_DER_cert(pem)
                    for pem in PEM.findall(file.read())]

    def everything(self):
        return {name: contents([self.path(name)])[0]
                for name in os.listdir(self.certs)}

    def pass_days(self, days):
        self.trouble['seconds'] += days * DAY

    def today(self, days=0):
        return time.strftime('%Y-%m-%d', time.gmtime(
            time.time() + self.trouble['seconds'] + days * DAY))

    def run_tool(self, *arguments, **popen):
        popen.setdefault('env', self.trouble.environment())
        return subprocess.run(
            [CAPSULE, 'rekey', *arguments], check=False, text=True,
            stdin=subprocess.DEVNULL, capture_output=True,
            timeout=DEADLINE_S, **popen)

    def rekey(self, *arguments, names=None):
        """Succeeds; returns what it says on standard output."""
        result = self.run_tool(
            *arguments, self.certs, *(names or [self.name]))
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(result.stderr, '')
        return result.stdout

    def refused(self, *arguments, says, status=1, names=None):
        """Says one line, and changes nothing."""
        before = self.everything()
        result = self.run_tool(
            *arguments, self.certs, *(names or [self.name]))
        self.assertEqual((result.returncode, result.stdout), (status, ''),
                         result.stderr)
        self.assertRegex(result.stderr, r'^capsule rekey: .*\n$')
        self.assertIn(says, result.stderr)
        self.assertEqual(self.everything(), before)

    def check(self):
        return subprocess.run(
            [CAPSULED, '-t', '-g', '127.0.0.1:0', '-G', 'off', '-n',
             self.name, '-C', self.certs, *UNJAILED, self.tree], text=True,
            capture_output=True, timeout=DEADLINE_S, check=False,
            env=self.trouble.environment())

    def serve(self):
        return Server(self.tree, directory=self.directory,
                      env=self.trouble.environment())

    def reload(self, server):
        since = len(server.lines)
        server.signal(signal.SIGHUP)
        server.wait_for_line('^info reloaded', since)

    def chain(self, server, *options):
        """The certificate that openssl receives, in DER."""
        shown = openssl('s_client', '-connect',
                        '127.0.0.1:%d' % server.gemini_port, '-servername',
                        self.name, '-showcerts', *options, text=b'')
        chain = shown.decode().partition('Server certificate')[0]
        return [ssl.PEM_cert_to_DER_cert(pem) for pem in PEM.findall(chain)]

    def assert_linked(self, chain, old):
        """The old key has signed the first, and there is one more at most,
        of this key; a checker of every link is content with both."""
        self.assertEqual(len(chain), 2)
        self.assertEqual(values(chain[1])[0], values(old)[0])
        path = os.path.join(self.directory, 'chain.pem')
        for issuer in chain[1:]:
            with open(path, 'w', encoding='ascii') as file:
                file.write(ssl.DER_cert_to_PEM_cert(issuer))
            openssl('verify', '-x509_strict', '-purpose', 'sslserver',
                    '-partial_chain', '-trusted', path,
                    text=ssl.DER_cert_to_PEM_cert(chain[0]).encode(),
                    env=self.trouble.environment())


class Plan(Rekeying):
    def test_values_and_files(self):
        pair = contents([self.path('localhost' + end)
                         for end in ('.crt', '.key')])
        out = self.rekey()
        used, = self.certificates('localhost.crt')
        chain = self.certificates('localhost.next.crt')
        following = chain[0]
        self.assert_linked(chain, used)
        self.assertEqual(out, (
            'key in use:\n  key_sha256: %s\n  sha256: %s\n'
            'next key:\n  key_sha256: %s\n  sha256: %s\n'
            'day of the change: %s\n'
            '_1965._tcp.localhost. IN TLSA 3 1 1 %s\n'
            '_1965._tcp.localhost. IN TLSA 3 1 1 %s\n') % (
                *values(used), *values(following), self.today(30),
                values(used)[0], values(following)[0]))
        for end, mode in ('.key', 0o600), ('.crt', 0o644):
            self.assertEqual(os.stat(
                self.path('localhost.next' + end)).st_mode & 0o7777, mode)
        self.assertEqual(len(os.listdir(self.certs)), 4)
        # The key fits the certificate, and the pair in use is as it was.
        public = [openssl('pkey', '-in', self.path('localhost.next.key'),
                          '-pubout'),
                  openssl('x509', '-in', self.path('localhost.next.crt'),
                          '-pubkey', '-noout')]
        self.assertEqual(*public)
        self.assertEqual(pair, contents([self.path('localhost' + end)
                                         for end in ('.crt', '.key')]))
        # A second run says the same, and makes nothing.
        before = self.everything()
        self.assertEqual(self.rekey(), out)
        self.assertEqual(self.everything(), before)

    def test_day(self):
        for day in ('2026-11', '30', '2026-13-01', 'tomorrow', '2020-01-01',
                    self.today(-1), self.today(1) + 'T', ''):
            with self.subTest(day=day):
                self.refused('--day', day, says='give the day of the change')
        day = self.today(3)
        self.assertIn('day of the change: %s\n' % day,
                      self.rekey('--day', day))
        self.assertIn(day, self.rekey('--day', day))
        self.refused('--day', self.today(4),
                     says='planned for %s already; remove this file' % day)
        os.unlink(self.path('localhost.next.crt'))
        _, key = contents([self.path('localhost.crt'),
                           self.path('localhost.next.key')])
        self.assertIn(self.today(4), self.rekey('--day', self.today(4)))
        self.assertEqual(contents([self.path('localhost.next.key')]), [key])

    def test_notice(self):
        out = self.rekey('--notice', self.tree)
        place = os.path.join(self.tree, '.well-known', 'gemini-key.gmi')
        self.assertIn('notice: %s\n' % place, out)
        with self.serve() as server:
            page = fetch(server, '/.well-known/gemini-key.gmi').text
            shown = values(peer_certificate(server))
        used, following = (
            values(self.certificates(name)[0])
            for name in ('localhost.crt', 'localhost.next.crt'))
        self.assertEqual(shown, used)
        self.assertEqual(tuple(HEX.findall(page)), used + following)
        self.assertEqual(page.count(self.today(30)), 3)
        # The old key has signed it.
        public = os.path.join(self.directory, 'public')
        with open(public, 'wb') as file:
            file.write(openssl('x509', '-in', self.path('localhost.crt'),
                               '-pubkey', '-noout'))
        openssl('dgst', '-sha256', '-verify', public, '-signature',
                place + '.sig', place)
        result = self.run_tool('--notice', self.tree + '/none', self.certs,
                               self.name)
        self.assertEqual(result.returncode, 1)
        self.assertIn('none/.well-known: No such file or directory; name the '
                      'folder of the capsule\n', result.stderr)

    def test_refused(self):
        key, crt = self.path('localhost.key'), self.path('localhost.crt')
        self.refused(names=['example.org'],
                     says='certs/example.org.key: missing; give the first '
                     'name of a capsule')
        self.refused(names=['x' * 63 + '.' + 'y' * 63 + '.' + 'z' * 63 +
                            '.' + 'a' * 50],
                     says='File name too long; choose a shorter')
        result = self.run_tool(self.certs + '/none', self.name)
        self.assertEqual(result.returncode, 1)
        self.assertIn('none: No such file or directory; name the directory',
                      result.stderr)
        os.chmod(key, 0o644)
        self.refused(says='localhost.key: mode 0644 lets others')
        os.chmod(key, 0o600)
        with open(crt, 'rb') as file:
            good = file.read()
        with open(crt, 'wb') as file:
            file.write(b'nonsense\n')
        self.refused(says='localhost.crt: holds no certificate')
        os.unlink(crt)
        self.refused(says='localhost.crt is missing beside it')
        with open(crt, 'wb') as file:
            file.write(good)

    def test_other_next_files(self):
        """Of another capsule, half ones, and those that others can read."""
        make_pair(self.certs, name='localhost.next')
        self.refused(says='localhost.next.crt: the key in use has not signed')
        os.unlink(self.path('localhost.next.key'))
        self.refused(says='localhost.next.key is missing beside it; remove')
        os.unlink(self.path('localhost.next.crt'))
        self.rekey()
        os.chmod(self.path('localhost.next.key'), 0o644)
        self.refused(says='localhost.next.key: mode 0644 lets others')
        self.refused('--now', '--force', says='localhost.next.key: mode 0644')
        os.unlink(self.path('localhost.next.crt'))
        os.truncate(self.path('localhost.next.key'), 0)
        self.refused(says='localhost.next.key: mode 0644 lets others')
        os.chmod(self.path('localhost.next.key'), 0o600)
        self.refused(says='localhost.next.key: holds no key in PEM')
        os.unlink(self.path('localhost.next.key'))

    def test_usage(self):
        for arguments in (
                [], [self.certs], [self.certs, 'a', 'b'], ['--now', 'x'],
                ['--now', '--names', self.certs, 'localhost'],
                ['--now', '--day', '2030-01-01', self.certs, 'localhost'],
                ['--now', '--notice', 'x', self.certs, 'localhost'],
                ['--names', '--notice', 'x', self.certs, 'localhost'],
                ['--force', self.certs, 'localhost'],
                ['--never', self.certs, 'localhost'],
                ['--names', self.certs, 'localhost', 'not a name'],
                ['--names', self.certs] + ['a'] * 257,
                [self.certs, '../localhost'], [self.certs, '']):
            with self.subTest(arguments=arguments[:4]):
                result = self.run_tool(*arguments)
                self.assertEqual(result.returncode, 2, result.stderr)
                self.assertIn('see capsule rekey --help\n', result.stderr)

    @as_root
    def test_another_owner(self):
        """Run by root for the files of another user, it makes such files."""
        key, crt = self.path('localhost.key'), self.path('localhost.crt')
        os.chown(key, 12345, 12346)
        os.chmod(key, 0o640)
        os.chown(crt, 12345, 12345)
        self.rekey('--day', self.today())
        self.rekey('--now')
        kept = 'localhost.old-%s' % self.today().replace('-', '')
        self.assertEqual(sorted(os.listdir(self.certs)), sorted([
            'localhost.crt', 'localhost.key', kept + '.crt', kept + '.key']))
        for name in os.listdir(self.certs):
            st = os.stat(self.path(name))
            self.assertEqual(
                (st.st_uid, st.st_gid, st.st_mode & 0o7777),
                (12345, 12346, 0o640) if name.endswith('.key') else
                (12345, 12345, 0o644), name)

    def test_other_kinds_of_keys(self):
        for kind in (['ec', '-pkeyopt', 'ec_paramgen_curve:P-384'],
                     ['rsa:2048'], ['ed25519']):
            with self.subTest(kind=kind):
                shutil.rmtree(self.certs)
                os.mkdir(self.certs, 0o700)
                openssl('req', '-x509', '-nodes', '-newkey', *kind, '-keyout',
                        self.path('localhost.key'), '-out',
                        self.path('localhost.crt'), '-days', '365', '-subj',
                        '/O=Harbour/CN=localhost')
                self.rekey('--notice', self.tree)
                self.assert_linked(self.certificates('localhost.next.crt'),
                                   self.certificates('localhost.crt')[0])
                self.assertEqual(
                    names_of(self.path('localhost.next.crt')), ['localhost'])
                self.rekey('--now', '--force')
                self.assertEqual(self.check().returncode, 0)


class Change(Rekeying):
    def test_over_the_wire(self):
        """What is printed is what clients get, and a mirror goes on; twice,
        with one certificate of the past."""
        mirror = Mirror()
        self.addCleanup(mirror.remove)
        with self.serve() as server:
            url = 'gemini://localhost:%d/' % server.gemini_port

            def copy(*options, status=0):
                result = mirror.run(
                    url, *options, env=self.trouble.environment())
                self.assertEqual(result.returncode, status, result.stderr)
                return result.stderr

            copy()
            for number in range(2):
                used = self.certificates('localhost.crt')
                out = HEX.findall(self.rekey())
                following = self.certificates('localhost.next.crt')
                self.assertEqual(out, [
                    *values(used[0]), *values(following[0]),
                    values(used[0])[0], values(following[0])[0]])
                # A reload meanwhile changes nothing.
                self.reload(server)
                self.assertEqual(self.chain(server), used)
                self.pass_days(29)
                self.refused('--now', says='the change is planned for %s; '
                             'wait until then, or give --force'
                             % self.today(1))
                self.pass_days(1)
                out = HEX.findall(self.rekey('--now'))
                self.assertEqual(out, [
                    *values(used[0]), *values(following[0]),
                    values(following[0])[0]])
                self.assertEqual(self.chain(server), used)
                self.reload(server)
                self.assert_linked(following, used[0])
                for version in '-tls1_3', '-tls1_2':
                    self.assertEqual(self.chain(server, version), following)
                self.assertEqual(fetch(server).text, TREE['index.gmi'])
                self.assert_leaf_is_enough(server, following[0])

                self.assertIn('has changed', copy('--strict-key', status=1))
                said = copy()
                self.assertEqual(HEX.findall(said), [
                    values(used[0])[0], values(following[0])[0]])
                self.assertEqual(copy('--strict-key'), '')
                subject = openssl('x509', '-in', self.path('localhost.crt'),
                                  '-noout', '-subject').decode()
                self.assertEqual(
                    subject.replace(' ', ''),
                    'subject=CN=localhost,GN=%d\n' % (number + 2))
        self.assertEqual(len(os.listdir(self.certs)), 6)

    def assert_leaf_is_enough(self, server, leaf):
        """For a client that trusts it and checks what else is sent."""
        path = os.path.join(self.directory, 'leaf.pem')
        with open(path, 'w', encoding='ascii') as file:
            file.write(ssl.DER_cert_to_PEM_cert(leaf))
        openssl('s_client', '-connect', '127.0.0.1:%d' % server.gemini_port,
                '-verify_return_error', '-verify_hostname', 'localhost',
                '-x509_strict', '-partial_chain', '-CAfile', path,
                '-no-CApath', text=b'', env=self.trouble.environment())

    def test_kept(self):
        """Under names of their own, however often the key changes."""
        stem = 'localhost.old-' + self.today().replace('-', '')
        found = {}
        for number in range(3):
            kept = stem + ('-%d' % (number + 1) if number else '')
            found[kept + '.key'], found[kept + '.crt'] = contents(
                [self.path('localhost.key'), self.path('localhost.crt')])
            self.rekey()
            out = self.rekey('--now', '--force')
            self.assertIn('kept as: %s.key\n' % self.path(kept), out)
            now = self.everything()
            for end in '.key', '.crt':
                found['localhost' + end] = now['localhost' + end]
            self.assertEqual(now, found)

    def test_nothing_planned(self):
        says = 'localhost.next.crt: missing; plan a change first'
        self.refused('--now', says=says)
        self.refused('--now', '--force', says=says)
        self.rekey()
        with open(self.path('localhost.next.crt'), encoding='ascii') as file:
            text = file.read()
        with open(self.path('localhost.next.crt'), 'w',
                  encoding='ascii') as file:
            file.write(''.join(PEM.findall(text)))
        self.refused('--now', says='has no day of the change; give --force')
        os.unlink(self.path('localhost.next.key'))
        self.refused('--now', says='localhost.next.key is missing beside it')

    def test_an_old_certificate_that_expires(self):
        """None that has expired is sent, whenever it does so."""
        mirror = Mirror()
        self.addCleanup(mirror.remove)
        with self.serve() as server:
            for days in 0, 366:
                used = self.certificates('localhost.crt')[0]
                url = 'gemini://localhost:%d/' % server.gemini_port
                mirror.run(url, env=self.trouble.environment())
                self.rekey('--day', self.today())
                self.pass_days(days)
                self.rekey('--now')
                self.reload(server)
                chain = self.chain(server)
                self.assertEqual(chain, self.certificates('localhost.crt'))
                self.assert_linked(chain, used)
                result = mirror.run(url, env=self.trouble.environment())
                self.assertEqual(result.returncode, 0, result.stderr)
                self.assertIn(values(chain[0])[0], result.stderr)


class OneOfSeveral(unittest.TestCase):
    def test_other_hosts(self):
        """A host gets its chain by its name; the others stay as they are."""
        server = Hosts(self)
        others = {name: server.stored(name) for name in ('open.example', CAFE)}
        certs = server.path('certs')
        for options in [], ['--now', '--force']:
            subprocess.run(
                [CAPSULE, 'rekey', *options, certs, 'Club.Example.'],
                check=True, capture_output=True, timeout=DEADLINE_S)
        self.assertEqual(server.reload(), 'info reloaded')
        with open(os.path.join(certs, 'club.example.crt'),
                  encoding='ascii') as file:
            leaf = ssl.PEM_cert_to_DER_cert(PEM.findall(file.read())[0])
        self.assertEqual(server.certificate('club.example'), leaf)
        for name, certificate in others.items():
            self.assertEqual(server.certificate(name), certificate)
        # Half a change of one host is refused for all, with its name.
        kept, = glob.glob(os.path.join(certs, 'club.example.old-*.key'))
        os.rename(kept, os.path.join(certs, 'club.example.key'))
        self.assertIn('club.example.crt: not the certificate of '
                      'club.example.key beside it', server.reload())
        self.assertEqual(server.certificate('club.example'), leaf)


class Names(Rekeying):
    def test_renewed(self):
        used, = self.certificates('localhost.crt')
        os.chmod(self.path('localhost.crt'), 0o600)
        out = self.rekey('--names', names=[
            'LOCALHOST', 'www.example.org', '*.b\u00fccher.example', '::1'])
        renewed, = self.certificates('localhost.crt')
        self.assertEqual(names_of(self.path('localhost.crt')), [
            'localhost', 'www.example.org', '*.xn--bcher-kva.example', '::1',
            '0:0:0:0:0:0:0:1'])
        self.assertEqual(values(renewed)[0], values(used)[0])
        self.assertNotEqual(renewed, used)
        self.assertEqual(out, 'key in use:\n  key_sha256: %s\n  sha256: %s\n'
                         % values(renewed))
        self.assertEqual(
            os.stat(self.path('localhost.crt')).st_mode & 0o7777, 0o600)
        self.assertEqual(len(os.listdir(self.certs)), 2)

    def test_the_warnings_end(self):
        self.pass_days(364 - 60)
        self.assertNotIn('expire', self.check().stdout)
        self.pass_days(2)
        found = self.check()
        self.assertRegex(
            found.stdout, r'\nwarning: \S+/localhost\.crt: expires on '
            r'....-..-.., after which clients complain; renew it with '
            r'capsule rekey --names\n')
        with self.serve() as server:
            server.wait_for_line(
                r'^warn .*localhost\.crt: expires on .*rekey --names')
        self.rekey('--names')
        self.assertNotIn('expire', self.check().stdout)

    def test_with_a_planned_change(self):
        self.rekey('--day', self.today(7))
        _, key = contents([self.path('localhost.crt'),
                           self.path('localhost.next.key')])
        result = self.run_tool('--names', self.certs, self.name, 'b.example')
        self.assertEqual(result.returncode, 0)
        self.assertIn('renew the notice', result.stderr)
        self.assertIn(self.today(7), result.stdout)
        self.assertEqual(contents([self.path('localhost.next.key')]), [key])
        following = self.certificates('localhost.next.crt')
        used, = self.certificates('localhost.crt')
        self.assert_linked(following, used)
        self.assertEqual(HEX.findall(result.stdout), [
            *values(used), *values(following[0])])
        for name in 'localhost.crt', 'localhost.next.crt':
            self.assertEqual(
                names_of(self.path(name)), ['localhost', 'b.example'])
        self.rekey('--now', '--force')

    def test_after_a_change(self):
        """The key before signs it again, if it is there."""
        self.rekey()
        self.rekey('--now', '--force')
        before = self.certificates('localhost.crt')
        self.rekey('--names', names=['localhost', 'b.example'])
        renewed = self.certificates('localhost.crt')
        self.assertEqual(renewed[1], before[1])
        self.assertEqual(values(renewed[0])[0], values(before[0])[0])
        self.assert_linked(renewed, before[1])
        for name in os.listdir(self.certs):
            if '.old-' in name:
                os.unlink(self.path(name))
        says = ('localhost.crt: another key has signed it, which is not in '
                'the directory; put that key there as localhost.old-DATE.key')
        self.refused('--names', says=says)
        self.rekey('--names', '--force')
        self.assertEqual(len(self.certificates('localhost.crt')), 1)
        self.rekey('--names')

    def test_an_authority(self):
        """Its certificate is not lost, with or without its own beside it."""
        authority, key = make_pair(self.directory, name='authority')
        crt = self.path('localhost.crt')
        request = openssl('req', '-new', '-key', self.path('localhost.key'),
                          '-subj', '/CN=localhost')
        leaf = openssl('x509', '-req', '-CA', authority, '-CAkey', key,
                       '-CAcreateserial', text=request)
        for rest in b'', contents([authority])[0]:
            with open(crt, 'wb') as file:
                file.write(leaf + rest)
            self.refused('--names', says='another key has signed it')
        self.rekey('--names', '--force')
        self.rekey('--names')


class Wildcard(Rekeying):
    name = '_.example.org'

    def test_wildcard(self):
        """Its files have another name."""
        self.assertNotIn('TLSA', self.rekey(
            '--day', self.today(), names=['*.example.org']))
        self.rekey('--now', names=['*.example.org'])
        self.rekey('--names', names=['*.example.org', 'example.org'])
        self.assertEqual(names_of(self.path('_.example.org.crt')), [
            '*.example.org', 'example.org'])
        self.assertTrue(all(name.startswith('_.example.org.')
                            for name in os.listdir(self.certs)))
        self.assertEqual(len(os.listdir(self.certs)), 4)


@beneath
class Faults(Rekeying):
    """Whatever fails, or whenever the tool is killed."""

    def setUp(self):
        super().setUp()
        self.first = self.everything()

    def again(self):
        shutil.rmtree(self.certs)
        os.mkdir(self.certs, 0o700)
        for name, content in self.first.items():
            with open(self.path(name), 'wb') as file:
                file.write(content)
            os.chmod(self.path(name), 0o600)

    def attempts(self, *arguments):
        """Runs it with a fault at each change, of which there are some."""
        for fault in (0, errno.ENOSPC, errno.EROFS):
            for number in range(1, 100):
                self.again()
                self.trouble.ends()
                self.trouble['kill_at'] = 0 if fault else number
                self.trouble['refuse_at'] = number if fault else 0
                self.trouble['refuse_error'] = fault
                result = self.run_tool(*arguments, self.certs, self.name)
                ended = self.trouble['changes'] < number
                self.trouble.ends()
                if ended:
                    break
                with self.subTest(fault=fault, number=number):
                    # Without links there is another way.
                    if fault and result.returncode != 0:
                        self.assertEqual(result.returncode, 1)
                        self.assertIn(os.strerror(fault), result.stderr)
                    yield result
            self.assertGreater(number, 3)
            self.assertEqual(result.returncode, 0)

    def assert_pair(self, name='localhost'):
        """Asserts that both files are of one pair."""
        self.assertEqual(
            openssl('pkey', '-in', self.path(name + '.key'), '-pubout'),
            openssl('x509', '-in', self.path(name + '.crt'), '-pubkey',
                    '-noout'))

    def assert_modes(self):
        for name in os.listdir(self.certs):
            if '.key' in name:
                self.assertEqual(
                    os.stat(self.path(name)).st_mode & 0o077, 0, name)

    def test_plan(self):
        for _ in self.attempts():
            self.assert_modes()
            self.assertEqual(self.check().returncode, 0)
            now = self.everything()
            self.assertEqual({name: now[name] for name in self.first},
                             self.first)
            key = now.get('localhost.next.key')
            self.rekey()
            self.assert_pair('localhost.next')
            if key is not None:
                self.assertEqual(self.everything()['localhost.next.key'], key)

    def test_change(self):
        self.rekey('--day', self.today())
        self.first = self.everything()
        wanted = {end: self.first['localhost.next' + end]
                  for end in ('.key', '.crt')}
        stopped = 0
        for _ in self.attempts('--now'):
            self.assert_modes()
            found = self.check()
            if found.returncode != 0:
                stopped += 1
                self.assertIn('localhost.crt: not the certificate of '
                              'localhost.key beside it, finish the change of '
                              'the key with capsule rekey --now',
                              found.stderr)
            result = self.run_tool('--now', self.certs, self.name)
            if result.returncode != 0:  # only the end was missing
                self.assertIn('plan a change first', result.stderr)
            self.assertEqual(self.check().returncode, 0)
            now = self.everything()
            for end in '.key', '.crt':
                self.assertEqual(now['localhost' + end], wanted[end])
                self.assertNotIn('localhost.next' + end, now)
                self.assertIn(self.first['localhost' + end], [
                    content for name, content in now.items()
                    if '.old-' in name])
        # Between the two names, killed, and twice refused.
        self.assertEqual(stopped, 3)

    def test_names(self):
        self.rekey()
        self.first = self.everything()
        for _ in self.attempts('--names'):
            self.assert_modes()
            for name in 'localhost', 'localhost.next':
                self.assert_pair(name)
            self.assertEqual(self.check().returncode, 0)
            self.run_tool('--names', self.certs, self.name)
            self.assert_linked(self.certificates('localhost.next.crt'),
                               self.certificates('localhost.crt')[0])


if __name__ == '__main__':
    unittest.main()
