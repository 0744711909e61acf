"""`capsule mirror` and servers that mean ill, or just fail."""

import fcntl
import hashlib
import os
import resource
import select
import shutil
import subprocess
import time
import unittest
import urllib.parse

from build import DEADLINE_S, INSTRUMENTED, SLOWER
from origin import Mirroring, Origin, ended, manifest_of, record
from server import wait_until

GOOD = {'a.txt': b'a\n', 'b/c.txt': b'c\n'}


def whole(*records, files=None, size=None):
    """A manifest of any records, whose end is right."""
    lines = b'# capsule manifest 1\n' + b''.join(records)
    return ended(lines, len(records) if files is None else files,
                 2 * len(records) if size is None else size)


A = record('a.txt', b'a\n')


class Hostile(Mirroring):
    files = GOOD

    def around(self):
        """Everything beside the folder."""
        found = {}
        for folder, folders, names in os.walk(self.mirror.top):
            if folder == self.mirror.top:
                folders.remove('copy')
            for name in folders + names:
                path = os.path.join(folder, name)
                found[path] = os.lstat(path).st_mtime_ns
        return found

    def test_manifests_that_are_none(self):
        """Nothing is believed of them, and nothing is changed."""
        good = manifest_of(GOOD)
        self.run_mirror()
        before, around = self.mirror.files(), self.around()
        table = {
            'climbs': whole(record('../a.txt', b'a\n')),
            'climbs inside': whole(record('b/../../a.txt', b'a\n')),
            'absolute': whole(record('/tmp/a.txt', b'a\n')),
            'hidden': whole(record('.ssh/authorized_keys', b'a\n')),
            'ours': whole(record('.mirror/known', b'a\n')),
            'empty component': whole(record('b//c', b'a\n')),
            'NUL': whole(record('a\0b', b'a\n')),
            'twice': whole(A, A),
            'out of order': whole(A, record('Z', b'a\n')),
            'cut': good[:-1],
            'cut before the end': good[:good.rindex(b'# end')],
            'cut and whole': good[:good.rindex(b'# 2')] +
                             good[good.rindex(b'# end'):],
            'the hash of other lines': good.replace(b'# 2 2023', b'# 2 2022', 1),
            'files miscounted': whole(A, files=2),
            'sizes miscounted': whole(A, size=3),
            'more after the end': good + good,
            'the size of everything': whole(
                record('a.txt', b'', size=2 ** 63), size=2 ** 63),
            'sizes that overflow': whole(
                record('a', b'', size=2 ** 63 - 1),
                record('b', b'', size=1), size=0),
            'too much': whole(
                record('a.txt', b'', size=2 ** 50), size=2 ** 50),
            'another version': good.replace(b'manifest 1', b'manifest 2'),
            'CRLF': good.replace(b'\n', b'\r\n'),
            'manifest in itself': whole(record('manifest', b'a\n')),
        }
        for scheme in ('gemini', 'gopher'):
            for name, manifest in table.items():
                for path in ('/manifest', '/manifest?since='):
                    self.origin.answers[path] = manifest
                with self.subTest(scheme=scheme, name=name):
                    result = self.run_mirror(scheme=scheme, status=1)
                    self.assertTrue(result.stderr)
                    self.assertEqual(self.mirror.files(), before)
                    self.assertEqual(self.around(), around)

    def test_changes_that_are_none(self):
        """They are not believed, and the whole is asked for."""
        self.run_mirror()
        first = b'# capsule manifest 1 since 2023-11-14T22:13:20Z\n'
        end = manifest_of(GOOD).rstrip(b'\n').rsplit(b'\n', 1)[1]
        end = end.replace(b'# end', b'# whole') + b'\n'
        for name, lines in (
                ('removes all', b'# removed *a.txt\n' + end),
                ('climbs', b'# removed *../x\n' + end),
                ('not whole', b''),
                ('another hash', record('a.txt', b'b\n') + end)):
            with self.subTest(name=name):
                self.origin.answers = {
                    '/manifest?since=': ended(
                        first + lines, lines.count(b' *a.txt') -
                        lines.count(b'removed *a'), 2)}
                self.origin.paths()
                self.run_mirror()
                self.assertIn('/manifest', self.origin.paths())
                found = self.mirror.files()
                del found['manifest']
                self.assertEqual(found, GOOD)

    def test_names_that_disturb_terminals(self):
        """They are named, as far as they can be, and not made."""
        for name in ('a\nb', 'a\rb', '\x1b[2J', 'a\tb', 'del\x7f'):
            self.origin.files = dict(GOOD, **{name: b'x\n'})
            with self.subTest(name=name):
                result = self.run_mirror(status=1)
                self.assertIn('control characters', result.stderr)
                self.assertNotIn('\x1b', result.stderr + result.stdout)
                self.assertEqual(self.mirror.files(), GOOD)

    def test_names_that_mislead_terminals(self):
        """They are made as they are, and shown escaped."""
        for name, shown in ((b'c1\xc2\x9b2J', r'c1\xC2\x9B2J'),
                            ('a\u202egnp.exe'.encode(),
                             r'a\xE2\x80\xAEgnp.exe'),
                            ('\u2066x\u2069'.encode(),
                             r'\xE2\x81\xA6x\xE2\x81\xA9'),
                            (b'latin-\xe9', r'latin-\xE9')):
            path = os.fsdecode(name)
            self.origin.files = dict(GOOD, **{path: b'x\n'})
            with self.subTest(name=name):
                result = self.run_mirror()
                self.assertIn('\n%s\n' % shown, '\n' + result.stdout)
                self.assertEqual(self.mirror.files()[path], b'x\n')
                self.origin.answers['/' + urllib.parse.quote(name)] = (
                    b'51 \xe2\x80\xae gone\r\n',)
                os.unlink(os.path.join(self.mirror.folder, path))
                result = self.run_mirror(status=1)
                self.assertIn(r'%s: 51 \xE2\x80\xAE gone' % shown,
                              result.stderr)

    def test_words_that_disturb_terminals(self):
        for scheme, path, answer in (
                ('gemini', '/manifest', (b'40 \x1b[2J\r\n',)),
                ('gemini', '/a.txt', (b'51 \x1b[2J\x07\r\n',)),
                ('gopher', '/a.txt', b'3\x1b[2J\t\terror.host\t1\r\n.\r\n')):
            self.origin.answers = {path: answer}
            with self.subTest(path=path, scheme=scheme):
                result = self.run_mirror(scheme=scheme, status=1)
                self.assertNotRegex(
                    result.stdout + result.stderr, r'[\x00-\x09\x0b-\x1f]')

    def test_links_in_the_folder_lead_nowhere(self):
        """What somebody has put there does not make us write elsewhere."""
        outside = os.path.join(self.mirror.top, 'outside')
        os.mkdir(outside)
        with open(os.path.join(outside, 'c.txt'), 'wb') as file:
            file.write(b'precious\n')
        self.run_mirror()
        inside = os.path.join(self.mirror.folder, 'b')
        shutil.rmtree(inside)
        os.symlink(outside, inside)
        result = self.run_mirror(status=1)
        self.assertIn('b/c.txt: something else is in its place',
                      result.stderr)
        os.unlink(inside)
        os.mkdir(inside)
        os.symlink(os.path.join(outside, 'c.txt'),
                   os.path.join(inside, 'c.txt'))
        self.run_mirror()
        self.assertEqual(self.mirror.files()['b/c.txt'], b'c\n')
        with open(os.path.join(outside, 'c.txt'), 'rb') as file:
            self.assertEqual(file.read(), b'precious\n')

        # What was a file of ours is a link by now: nothing behind it goes.
        os.unlink(os.path.join(inside, 'c.txt'))
        os.rmdir(inside)
        os.symlink(outside, inside)
        del self.origin.files['b/c.txt']
        self.run_mirror()
        self.assertEqual(os.listdir(outside), ['c.txt'])

    def test_our_own_folder_is_no_link(self):
        outside = os.path.join(self.mirror.top, 'outside')
        os.mkdir(outside)
        os.mkdir(self.mirror.folder)
        own = os.path.join(self.mirror.folder, '.mirror')
        os.symlink(outside, own)
        self.run_mirror(status=1)
        self.assertEqual(os.listdir(outside), [])
        os.unlink(own)
        os.mkdir(own)
        victim = os.path.join(outside, 'victim')
        with open(victim, 'wb') as file:
            file.write(b'precious\n')
        for name in ['part-%d' % number for number in range(20)] + \
                ['part-4294967295', 'known']:
            os.symlink(victim, os.path.join(own, name))
        self.run_mirror()
        with open(victim, 'rb') as file:
            self.assertEqual(file.read(), b'precious\n')
        found = self.mirror.files()
        del found['manifest']
        self.assertEqual(found, GOOD)

    def test_files_that_are_not_what_was_said(self):
        self.run_mirror()
        files = dict(GOOD, **{'a.txt': b'b' * 100000})
        self.origin.files = files
        for name, answer in (
                ('other', b'c' * 100000),
                ('short', b'b' * 99999),
                ('long', b'b' * 100001),
                ('empty', b'')):
            for scheme in ('gemini', 'gopher'):
                with self.subTest(name=name, scheme=scheme):
                    self.origin.answers = {'/a.txt': answer}
                    result = self.run_mirror(scheme=scheme, status=1)
                    self.assertRegex(
                        result.stderr,
                        'a.txt: (does not match the manifest|is longer than)')
                    self.assertEqual(self.mirror.files()['a.txt'], b'a\n')

    def endless(self, head, body):
        def answer(client):
            client.sendall(head)
            while True:
                client.sendall(body)
        return answer

    def test_bodies_without_end(self):
        """They are cut where the manifest says that they end."""
        self.run_mirror()
        for scheme, head in (('gemini', b'20 text/plain\r\n'),
                             ('gopher', b'')):
            for path in ('/a.txt', '/manifest.sig'):
                with self.subTest(scheme=scheme, path=path):
                    self.mirror.write('a.txt', b'old\n')
                    self.origin.answers = {
                        path: self.endless(head, b'a' * 65536)}
                    result = self.run_mirror(
                        scheme=scheme, status=path == '/a.txt')
                    if path == '/a.txt':
                        self.assertIn('longer than', result.stderr)
                    self.assertEqual(
                        self.mirror.files()['b/c.txt'], b'c\n')

    def test_headers_without_end(self):
        self.origin.answers = {'/a.txt': self.endless(b'20 ', b'a' * 65536)}
        result = self.run_mirror(status=1)
        self.assertIn("a.txt: the answer is not a Gemini response", result.stderr)

    def test_a_manifest_without_end(self):
        """A billion lines: no more is read, or held, than would be sane."""
        lines = b''.join(record('f%07d' % number, b'')
                         for number in range(5000))

        def limit():
            resource.setrlimit(resource.RLIMIT_DATA, (200 << 20, 200 << 20))

        self.origin.answers = {'/manifest': self.endless(
            b'20 text/plain\r\n# capsule manifest 1\n', lines)}
        result = self.run_mirror(
            status=1, preexec_fn=None if INSTRUMENTED else limit)
        self.assertIn('longer than', result.stderr)
        self.assertEqual(self.mirror.files(), {})

    def test_answers_that_are_none(self):
        table = {
            b'20 text/plain\n': 'closed the connection without an answer',
            b'2\r\n': 'not a Gemini response',
            b'2x text/plain\r\n': 'not a Gemini response',
            b'99 what\r\n': 'not a Gemini response',
            b'200 text/plain\r\n': 'not a Gemini response',
            b'HTTP/1.1 200 OK\r\n\r\na\n': 'not a Gemini response',
            b'10 Who are you?\r\n': '10 Who are you?',
            b'60 Certificate\r\n': '60 Certificate',
            b'50 \r\n': '50',
        }
        self.run_mirror()
        self.origin.files['a.txt'] = b'new\n'
        for answer, words in table.items():
            self.origin.answers = {'/a.txt': (answer,)}
            with self.subTest(answer=answer):
                result = self.run_mirror(status=1)
                self.assertIn('a.txt: ', result.stderr)
                self.assertIn(words, result.stderr)
                self.assertEqual(self.mirror.files()['a.txt'], b'a\n')

    def test_redirects(self):
        self.run_mirror()
        own = self.origin.url()
        other = Origin({'a.txt': b'a\n'})
        self.addCleanup(other.stop)
        for target, good in (
                (b'/x.txt', True), (b'x.txt', True),
                (b'./b/../x.txt#part', True),
                (own.encode() + b'x.txt', True),
                (b'/loop', False), (b'/chain-5', False),
                (b'/chain-4', True), (b'', False),
                (other.url().encode() + b'a.txt', False),
                (b'gemini://localhost/a.txt', False),
                (own.encode().replace(b'127.0.0.1', b'localhost') + b'x.txt',
                 False),
                (b'//127.0.0.1/a.txt', False),
                (self.origin.url('gopher').encode() + b'x.txt', False),
                (b'https://127.0.0.1/a.txt', False),
                (b'file:///etc/passwd', False)):
            self.mirror.write('a.txt', b'old\n')
            self.origin.answers = {
                '/x.txt': b'a\n',
                '/a.txt': (b'31 %s\r\n' % target,),
                '/loop': (b'30 /loop\r\n',),
                '/chain-1': (b'30 /x.txt\r\n',)}
            for link in range(2, 6):
                self.origin.answers['/chain-%d' % link] = (
                    b'30 /chain-%d\r\n' % (link - 1),)
            with self.subTest(target=target):
                self.run_mirror(status=not good)
                self.assertEqual(self.mirror.files()['a.txt'],
                                 b'a\n' if good else b'old\n')
                self.assertEqual(other.paths(), [])

    def refuse(self, path, times, answer):
        """A function that refuses a path so often, and then serves it."""
        left = [times]

        def count(asked):
            if asked != path:
                return
            if left[0] == 0:
                self.origin.answers.pop(path, None)
            left[0] -= 1

        self.origin.answers[path] = answer
        self.origin.before = count

    def test_slow_down(self):
        self.run_mirror()
        for scheme, answer in (
                ('gemini', (b'44 1\r\n',)), ('gemini', (b'44 \r\n',)),
                ('gemini', (b'41 Full\r\n',)),
                ('gopher', b'3Too many requests from your network, please '
                           b'try again in 1 s\t\terror.host\t1\r\n.\r\n')):
            with self.subTest(scheme=scheme, answer=answer):
                self.mirror.write('a.txt', b'old\n')
                self.refuse('/a.txt', 2, answer)
                self.origin.paths()
                self.run_mirror(scheme=scheme)
                asked = self.origin.paths()
                self.assertEqual(asked.count('/a.txt'), 3)
                self.assertEqual(self.mirror.files()['a.txt'], b'a\n')

    def test_pauses_grow_and_are_for_all(self):
        """1 s, then 2 s, whatever the server says; nobody asks meanwhile."""
        noted = []
        self.origin.files = {'%02d' % n: b'%d' % n for n in range(40)}
        self.refuse('/20', 2, (b'44 0\r\n',))
        refuse = self.origin.before

        def note(path):
            noted.append((time.monotonic(), path))
            refuse(path)

        self.origin.before = note
        self.run_mirror()
        asked = [when for when, path in noted if path == '/20']
        self.assertEqual(len(asked), 3)
        # Each is noted as it comes, before it is answered: what a slow machine
        # adds makes a pause longer.
        for begin, end, pause in zip(asked, asked[1:], (1, 2)):
            self.assertGreater(end - begin, pause - 0.01)
            # But for those that were on their way, and those that began before
            # a slow machine read the refusal; all that are left would be 19.
            meanwhile = [path for when, path in noted
                         if begin < when < begin + pause - 0.1]
            self.assertLess(len(meanwhile), 12, meanwhile)

    def test_a_pause_that_is_too_long(self):
        for seconds in (b'86400', b'9' * 30, b'301'):
            self.origin.answers['/a.txt'] = (b'44 %s\r\n' % seconds,)
            self.origin.paths()
            with self.subTest(seconds=seconds):
                result = self.run_mirror(status=1)
                self.assertIn('a.txt: 44 ' + seconds.decode(), result.stderr)
                self.assertEqual(self.origin.paths().count('/a.txt'), 1)

    def test_a_server_that_is_not_ready(self):
        """It is waited for as long as --patience says, and then no more."""
        for scheme, answer in (
                ('gemini', (b'41 Still being read\r\n',)),
                ('gopher', b'3The capsule is still being read, please try '
                           b'again in a moment\t\terror.host\t1\r\n.\r\n')):
            with self.subTest(scheme=scheme):
                self.refuse('/manifest', 2, answer)
                self.run_mirror(scheme=scheme)
                self.assertIn('manifest', self.mirror.files())
                shutil.rmtree(self.mirror.folder)
                self.refuse('/manifest', 9, answer)
                self.origin.paths()
                began = time.monotonic()
                result = self.run_mirror(
                    '--patience', '2', scheme=scheme, status=1)
                self.assertGreater(time.monotonic() - began, 1.9)
                # At most 0, 1 and 2 s after the first.
                self.assertLessEqual(
                    self.origin.paths().count('/manifest'), 3)
                self.assertRegex(result.stderr, 'manifest: .*being read')
                self.assertEqual(self.mirror.files(), {})

    def test_slow_down_without_end(self):
        """It ends after ten times --patience."""
        self.refuse('/a.txt', 99, (b'44 0\r\n',))
        began = time.monotonic()
        result = self.run_mirror('--patience', '1', status=1)
        self.assertGreater(time.monotonic() - began, 9.9)
        self.assertIn('a.txt: 44 0', result.stderr)
        # At most 0, 1, 3, 7 and 10 s after the first.
        self.assertLessEqual(self.origin.paths().count('/a.txt'), 5)

    def stalled(self, head, pace=None):
        """Says this, and then nothing, or a byte now and then."""
        def answer(client):
            client.sendall(head)
            while not select.select([client], [], [], pace)[0]:
                client.sendall(b'a')
        return answer

    def test_answers_that_stop(self):
        """Each is given up after some time, and what goes on comes."""
        table = {'silent': (b'', None), 'header': (b'20 text/pl', None),
                 'body': (b'20 text/plain\r\na', None),
                 'drops': (b'20 text/plain\r\n', 0.05)}
        for scheme in ('gemini', 'gopher'):
            self.origin.files = dict(GOOD, **{
                name: b'a' * 100000 for name in table})
            self.origin.answers = {
                '/' + name: self.stalled(*what)
                for name, what in table.items()}
            with self.subTest(scheme=scheme):
                result = self.run_mirror(
                    '--patience', '2', scheme=scheme, status=1)
                for name in table:
                    self.assertIn(name + ': timed out', result.stderr)
                self.assertEqual(self.mirror.files(), GOOD)

    def test_a_server_that_says_nothing(self):
        """The first to be silent is not asked again and again."""
        self.origin.answers = {'/manifest': self.stalled(b'')}
        result = self.run_mirror(
            '--patience', '1', status=1)
        self.assertIn('timed out', result.stderr)
        self.assertEqual(self.origin.paths(), ['/manifest'])

    def test_all_has_an_end(self):
        """A server can be slow without end, and no call of the tool is."""
        self.run_mirror()
        for scheme, answer in (
                ('gemini', self.stalled(b'')),
                ('gopher', self.stalled(b'', 0.05)),
                ('gemini', (b'44 200\r\n',))):
            self.mirror.write('a.txt', b'old\n')
            self.origin.answers = {'/a.txt': answer}
            with self.subTest(scheme=scheme):
                result = self.run_mirror(
                    '--time', '1', scheme=scheme, status=1)
                self.assertIn('the time limit is reached', result.stderr)
                self.assertEqual(self.mirror.files()['a.txt'], b'old\n')
        # The next call goes on.
        self.origin.answers = {}
        self.run_mirror()
        self.assertEqual(self.mirror.files()['a.txt'], b'a\n')

    def test_connections_that_break(self):
        def broken(client):
            client.sendall(b'20 text/plain\r\na')
            client.setsockopt(1, 13, b'\1\0\0\0\0\0\0\0')  # SO_LINGER: reset
            client.close()

        self.refuse('/a.txt', 2, broken)
        self.run_mirror()
        self.assertEqual(self.mirror.files()['a.txt'], b'a\n')
        self.mirror.write('a.txt', b'old\n')
        self.refuse('/a.txt', 9, broken)
        self.run_mirror(status=1)
        self.assertEqual(self.mirror.files()['a.txt'], b'old\n')

    def test_without_close_notify(self):
        """The hash tells whether the file is whole; nothing else does."""
        def cut(body):
            def answer(client):
                client.sendall(b'20 text/plain\r\n' + body)
            return answer

        self.origin.answers['/a.txt'] = cut(b'a\n')
        self.run_mirror()
        self.mirror.write('a.txt', b'old\n')
        self.origin.answers['/a.txt'] = cut(b'a')
        self.run_mirror(status=1)
        self.assertEqual(self.mirror.files()['a.txt'], b'old\n')

    def test_the_manifest_disappears(self):
        self.run_mirror()
        before = self.mirror.files()
        self.origin.with_manifest = False
        for answer in (None, b'10 What?\r\n', b'60 Who?\r\n', b'Nonsense\r\n',
                       b'20 text/html\r\n<html>\n'):
            for path in ('/manifest', '/manifest?since='):
                if answer is not None:
                    self.origin.answers[path] = (answer,)
            with self.subTest(answer=answer):
                result = self.run_mirror(status=1)
                self.assertIn('no longer has a manifest', result.stderr)
                self.assertEqual(self.mirror.files(), before)

    def test_a_changed_key(self):
        self.run_mirror()
        before = self.mirror.files()
        known = self.origin.fingerprint()
        self.origin.new_key()
        shown = self.origin.fingerprint()
        self.origin.files['a.txt'] = b'evil\n'
        result = self.run_mirror(status=1)
        for words in ("the server's key has changed", known, shown,
                      'remove line 1 of', self.mirror.known_hosts):
            self.assertIn(words, result.stderr)
        self.assertEqual(self.mirror.files(), before)
        # Nothing was asked, nor was the new key learnt.
        self.assertNotIn('/manifest', self.origin.paths()[4:])
        self.run_mirror(status=1)
        with open(self.mirror.known_hosts, encoding='ascii') as file:
            lines = file.readlines()
        self.assertEqual(lines, ['127.0.0.1:%d sha256 %s\n' % (
            self.origin.gemini_port, known)])
        # Doing as one is told helps.
        os.unlink(self.mirror.known_hosts)
        self.run_mirror()

    def test_known_hosts(self):
        """Where they are, who may read them, and what is left alone."""
        home = os.path.join(self.mirror.top, 'home')
        data = os.path.join(self.mirror.top, 'data')
        for environment, place in (
                ({'HOME': home}, home + '/.local/share/capsule/known_hosts'),
                ({'HOME': home, 'XDG_DATA_HOME': data},
                 data + '/capsule/known_hosts'),
                ({'HOME': home, 'XDG_DATA_HOME': 'relative'},
                 home + '/.local/share/capsule/known_hosts')):
            with self.subTest(place=place):
                command = [word for word in self.mirror.command(
                    self.origin.url()) if 'known' not in word]
                result = subprocess.run(
                    command, env=environment, capture_output=True,
                    timeout=60 * SLOWER, check=False)
                self.assertEqual(result.returncode, 0, result.stderr)
                with open(place, encoding='ascii') as file:
                    self.assertEqual(len(file.readlines()), 1)
                self.assertEqual(os.stat(place).st_mode & 0o777, 0o600)
        result = subprocess.run(
            command, env={}, capture_output=True, check=False,
            timeout=60 * SLOWER,
            text=True)
        self.assertEqual(result.returncode, 1)
        self.assertIn('--known-hosts', result.stderr)

        with open(self.mirror.known_hosts, 'w', encoding='ascii') as file:
            file.write('# mine\n\nother.example:1965 sha256 %064d\n' % 0)
        self.run_mirror()
        with open(self.mirror.known_hosts, encoding='ascii') as file:
            lines = file.readlines()
        self.assertEqual((len(lines), lines[0]), (4, '# mine\n'))
        # An editor may have left the last line without its end.
        with open(self.mirror.known_hosts, 'w', encoding='ascii') as file:
            file.write(lines[2].rstrip('\n'))
        self.run_mirror()
        with open(self.mirror.known_hosts, encoding='ascii') as file:
            self.assertEqual(file.readlines(), lines[2:])
        with open(self.mirror.known_hosts, 'w', encoding='ascii') as file:
            file.write(lines[3].replace('sha256', 'md5'))
        result = self.run_mirror(status=1)
        self.assertIn('invalid line', result.stderr)

    def is_awaited(self, file):
        """Whether a process waits for the lock of the file."""
        inode = ':%d ' % os.fstat(file.fileno()).st_ino
        with open('/proc/locks', encoding='ascii') as locks:
            return any('->' in line and inode in line for line in locks)

    def test_two_first_contacts_at_once(self):
        """The second to write is refused if it has seen another key."""
        known = '127.0.0.1:%d sha256 %064d\n' % (self.origin.gemini_port, 0)
        with open(self.mirror.known_hosts, 'a', encoding='ascii') as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            with subprocess.Popen(
                    self.mirror.command(self.origin.url()),
                    stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                    text=True) as process:
                wait_until(lambda: process.poll() is not None or
                           self.is_awaited(file), 'the lock')
                file.write(known)
                file.flush()
                fcntl.flock(file, fcntl.LOCK_UN)
                _, errors = process.communicate(timeout=DEADLINE_S)
        self.assertEqual(process.returncode, 1)
        self.assertIn("the server's key has changed", errors)
        self.assertEqual(self.origin.paths(), [])
        self.assertEqual(self.mirror.files(), {})
        with open(self.mirror.known_hosts, encoding='ascii') as file:
            self.assertEqual(file.read(), known)

    def test_no_tls(self):
        self.origin.context = None
        result = self.run_mirror(status=1)
        self.assertIn('TLS failed', result.stderr)

    def test_a_folder_that_cannot_be(self):
        self.mirror.write('../file', b'x')
        self.mirror.folder = os.path.join(self.mirror.top, 'file')
        result = self.run_mirror(status=1)
        self.assertIn('Not a directory', result.stderr)
        self.mirror.folder = os.path.join(self.mirror.top, 'no', 'such')
        result = self.run_mirror(status=1)
        self.assertIn('No such file', result.stderr)

    def test_notes_that_were_spoilt(self):
        """What was ours cannot be told any more: nothing is removed."""
        self.run_mirror()
        self.mirror.write('.mirror/known', b'garbage\n')
        self.origin.files = {}
        result = self.run_mirror(status=1)
        self.assertIn('.mirror/known:1: ', result.stderr)
        os.unlink(os.path.join(self.mirror.folder, '.mirror/known'))
        self.run_mirror()
        self.assertEqual(sorted(self.mirror.files()),
                         ['a.txt', 'b/c.txt', 'manifest'])


if __name__ == '__main__':
    unittest.main()
