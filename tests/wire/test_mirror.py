"""`capsule mirror` by a manifest: what is fetched, kept, removed, told."""

import calendar
import os
import random
import shutil
import subprocess
import time
import unittest

from build import DEADLINE_S
from origin import TIME, Mirroring, manifest_of
from server import Server, gemini, wait_until

SCHEMES = ('gemini', 'gopher')
FILES = {
    'index.gmi': b'# Home\n=> qa/ Questions\n',
    'empty.txt': b'',
    'qa/index.gmi': b'# Questions\n',
    'qa/why.gmi': b'# Why?\nSo.\n',
    'pics/a b.png': b'\x89PNG\r\n' + bytes(range(256)) * 300,
    'deep/er/and/deeper.txt': b'deep\n',
    '.well-known/x.txt': b'known\n',
    '3 apples\tand.txt'.replace('\t', ' '): b'3 apples\tand a pear\n',
    '100%.txt': b'percent\n',
    'what?.txt': b'question\n',
    'a#b;c:d@e.txt': b'marks\n',
    'back\\slash.txt': b'backslash\n',
    'gr\u00fc\u00dfe \u4e16\u754c.gmi': b'utf-8\n',
    os.fsdecode(b'latin-\xe9.txt'): b'latin-1\n',
    ' space ': b'spaces\n',
    '-dash': b'dash\n',
    '#hash': b'hash\n',
    'x' * 200 + '.txt': b'long\n',
}


class Mirrors(Mirroring):
    files = FILES

    def check_whole(self):
        """The folder is the capsule, and nothing but it."""
        self.check_files()
        checked = subprocess.run(
            ['sha256sum', '--strict', '--quiet', '-c', 'manifest'],
            cwd=self.mirror.folder, capture_output=True, check=False)
        self.assertEqual(
            (checked.returncode, checked.stdout, checked.stderr),
            (0, b'', b''))

    def check_files(self):
        found = self.mirror.files()
        manifest = found.pop('manifest')
        self.assertEqual(manifest, self.origin.manifest())
        self.assertEqual(found, self.origin.files)
        for path in found:
            self.assertEqual(
                os.stat(os.path.join(self.mirror.folder, path)).st_mtime,
                self.origin.times.get(path, TIME))

    def test_whole(self):
        for scheme in SCHEMES:
            with self.subTest(scheme=scheme):
                result = self.run_mirror(scheme=scheme)
                self.check_whole()
                self.assertEqual(result.stderr, '')
                lines = result.stdout.splitlines()
                self.assertEqual(
                    sorted(lines[:-1]),
                    sorted(path.replace('\udce9', r'\xE9')
                           for path in FILES))
                self.assertIn('%d fetched, 0 removed, 0 failed; %d requests'
                              % (len(FILES), len(FILES) + 2), lines[-1])
                self.assertEqual(
                    sorted(self.mirror.files(True).keys() -
                           self.mirror.files().keys()),
                    ['.mirror/known', '.mirror/lock', '.mirror/origin'])
                shutil.rmtree(self.mirror.folder)

    def test_only_what_differs(self):
        begun = int(time.time())
        self.run_mirror()
        files, times = self.origin.files, self.origin.times
        for scheme in SCHEMES:
            with self.subTest(scheme=scheme):
                self.origin.paths()
                before = time.time()
                self.run_mirror(scheme=scheme)
                asked = self.origin.paths()
                self.assertEqual(len(asked), 2, asked)
                # An hour before the last time, whatever clocks there are.
                since = calendar.timegm(time.strptime(
                    asked[0], '/manifest?since=%Y-%m-%dT%H:%M:%SZ'))
                self.assertGreaterEqual(since, begun - 3600)
                self.assertLessEqual(since, before - 3600)

                when = max(times.values(), default=TIME) + 10
                files['qa/why.gmi'] = b'Because %d\n' % when
                files['new/%s.txt' % scheme] = b'new\n'
                times['qa/why.gmi'] = times['new/%s.txt' % scheme] = when
                self.origin.changed = ['qa/why.gmi', 'new/%s.txt' % scheme]
                self.run_mirror(scheme=scheme)
                self.assertEqual(
                    sorted(self.origin.paths()[2:]),
                    ['/new/%s.txt' % scheme, '/qa/why.gmi'])
                self.check_whole()

                gone = [path for path in files if path.startswith('new/')]
                for path in gone:
                    del files[path]
                self.origin.removed = gone
                result = self.run_mirror(scheme=scheme)
                self.assertEqual(len(self.origin.paths()), 2)
                self.assertIn('removed new/%s.txt' % scheme, result.stdout)
                self.check_whole()
                self.assertFalse(os.path.exists(
                    os.path.join(self.mirror.folder, 'new')))

    def test_changes_that_the_server_forgot(self):
        """It is told by the hash of the whole, and asks for that."""
        files, times = self.origin.files, self.origin.times
        for change in ('removed', 'old', 'unknown', 'ignored'):
            with self.subTest(change=change):
                self.run_mirror()
                if change == 'removed':
                    del files['100%.txt']
                elif change == 'old':
                    files['moved here'] = b'with its old time'
                    times['moved here'] = TIME - 1000
                elif change == 'unknown':
                    files['moved here'] = b'with another content'
                else:
                    self.origin.knows_changes = False
                    del files['#hash']
                self.origin.paths()
                self.run_mirror()
                asked = self.origin.paths()
                self.assertIn('?since=', asked[0])
                self.assertEqual('/manifest' in asked, change != 'ignored')
                self.check_whole()

    def test_a_manifest_from_the_future(self):
        """A clock was wrong once: the server has nothing so new to tell."""
        self.run_mirror()
        os.utime(os.path.join(self.mirror.folder, 'manifest'), (2**33, 2**33))
        self.origin.files['later.txt'] = b'later\n'
        self.run_mirror()
        self.check_whole()

    def test_damage_is_repaired(self):
        self.run_mirror()
        for damage in ('other', 'longer', 'removed', 'folder', 'link'):
            with self.subTest(damage=damage):
                path = os.path.join(self.mirror.folder, 'qa/why.gmi')
                os.unlink(path)
                if damage == 'other':
                    self.mirror.write('qa/why.gmi', b'# Who?\nSo.\n')
                elif damage == 'longer':
                    self.mirror.write('qa/why.gmi', b'# Why?\nSo.\n\n', TIME)
                elif damage == 'folder':
                    os.mkdir(path)
                elif damage == 'link':
                    os.symlink('/etc/hostname', path)
                if damage == 'folder':
                    result = self.run_mirror(status=1)
                    self.assertIn('qa/why.gmi: something else', result.stderr)
                    os.rmdir(path)
                self.origin.paths()
                self.run_mirror()
                self.assertEqual(self.origin.paths()[2:], ['/qa/why.gmi'])
                self.check_whole()

    def test_another_time_alone_is_set(self):
        self.run_mirror()
        self.mirror.write('qa/why.gmi', FILES['qa/why.gmi'], TIME + 5)
        self.origin.paths()
        self.run_mirror()
        self.assertEqual(self.origin.paths()[2:], [])
        self.check_whole()

    def test_a_file_that_was_changed_within_its_second(self):
        """Same size, same time: the old hash is known, and that is enough."""
        self.run_mirror()
        self.origin.files['qa/why.gmi'] = b'# Who?\nSo.\n'
        self.origin.answers['/qa/why.gmi'] = (b'51 Not found\r\n',)
        self.run_mirror(status=1)
        # What was tried and not had is not taken for what there is.
        self.origin.answers = {}
        self.run_mirror()
        self.check_whole()

    def test_files_and_folders_change_places(self):
        files = self.origin.files
        self.run_mirror()
        for change in range(2):
            with self.subTest(change=change):
                if change == 0:
                    del files['deep/er/and/deeper.txt']
                    files['deep'] = b'a file\n'
                    files['empty.txt/now/a/folder'] = files.pop('empty.txt')
                else:
                    del files['deep']
                    files['deep/er'] = b'a file\n'
                    files['empty.txt'] = files.pop('empty.txt/now/a/folder')
                self.run_mirror()
                self.check_whole()

    def test_the_users_own_files_stay(self):
        self.mirror.write('mine.txt', b'mine')
        self.mirror.write('qa/mine.txt', b'mine too')
        self.run_mirror()
        self.origin.files.clear()
        self.origin.files['index.gmi'] = b'# Only this\n'
        self.run_mirror()
        found = self.mirror.files()
        self.assertEqual(found.pop('mine.txt'), b'mine')
        self.assertEqual(found.pop('qa/mine.txt'), b'mine too')
        self.assertEqual(sorted(found), ['index.gmi', 'manifest'])

    def test_the_users_own_files_stay_as_they_are(self):
        """Also those that the server has under the same name."""
        mine = {'qa/why.gmi': b'mine', '100%.txt': b'mine too',
                'odd\x1b.txt': b'and mine'}
        self.origin.files['odd\x1b.txt'] = b'odd\n'
        for scheme in SCHEMES:
            for path, content in mine.items():
                self.mirror.write(path, content)
            # One that is the same is as good as fetched.
            self.mirror.write('what?.txt', FILES['what?.txt'])
            for _ in range(2):
                with self.subTest(scheme=scheme):
                    result = self.run_mirror(scheme=scheme, status=1)
                    self.assertIn(
                        'qa/why.gmi: is not part of this mirror', result.stderr)
                    found = self.mirror.files()
                    self.assertEqual({p: found[p] for p in mine}, mine)
                    self.assertEqual(found['-dash'], FILES['-dash'])
            # Nor are they removed when it has them no longer.
            files = dict(self.origin.files)
            self.origin.files.clear()
            self.origin.files['-dash'] = FILES['-dash']
            self.run_mirror(scheme=scheme)
            found = self.mirror.files()
            del found['manifest']
            self.assertEqual(found, dict(mine, **self.origin.files))
            self.origin.files.update(files)
            shutil.rmtree(self.mirror.folder)

    def test_a_capsule_of_ones_own(self):
        """The user hears first that the copy goes among other files."""
        words = 'maybe a capsule of your own'
        self.mirror.write('mine.gmi', b'mine\n')
        result = self.run_mirror()
        self.assertIn(words, result.stderr.splitlines()[0])
        self.assertEqual(self.mirror.files()['mine.gmi'], b'mine\n')
        result = self.run_mirror()
        self.assertNotIn(words, result.stderr)
        shutil.rmtree(self.mirror.folder)
        os.mkdir(self.mirror.folder)
        self.assertNotIn(words, self.run_mirror().stderr)

    def test_what_never_came_is_the_users_own(self):
        self.origin.answers['/empty.txt'] = (b'51 Not found\r\n',)
        self.run_mirror(status=1)
        self.mirror.write('empty.txt', b'mine')
        del self.origin.files['empty.txt']
        self.run_mirror()
        self.assertEqual(self.mirror.files()['empty.txt'], b'mine')

    def test_an_archive_is_gone_on_with(self):
        """What somebody unpacked has a manifest, and so is no one's own."""
        for path, content in FILES.items():
            self.mirror.write(path, content)
        self.mirror.write('manifest', self.origin.manifest())
        self.origin.files['qa/why.gmi'] = b'# Why not?\n'
        self.run_mirror()
        self.check_whole()

    def test_nothing_goes_when_not_all_came(self):
        """As of a file that has another name now, and cannot be had."""
        self.run_mirror()
        self.origin.files['moved.txt'] = self.origin.files.pop('100%.txt')
        self.origin.answers['/moved.txt'] = (b'51 Not found\r\n',)
        result = self.run_mirror(status=1)
        self.assertIn('0 removed, 1 failed', result.stdout)
        self.assertIn('100%.txt', self.mirror.files())
        self.origin.answers = {}
        result = self.run_mirror()
        self.assertIn('removed 100%.txt', result.stdout)
        self.check_whole()

    def test_keep(self):
        self.run_mirror()
        del self.origin.files['100%.txt']
        self.run_mirror('--keep')
        self.assertIn('100%.txt', self.mirror.files())
        self.assertEqual(
            self.mirror.files()['manifest'], self.origin.manifest())
        # It is remembered, and goes when it may.
        result = self.run_mirror()
        self.assertIn('removed 100%.txt', result.stdout)
        self.check_whole()

    def test_an_empty_capsule(self):
        self.origin.files.clear()
        for _ in range(2):
            self.run_mirror()
            self.check_files()

    def test_a_capsule_that_is_empty_all_at_once(self):
        """It is more likely lost than meant: what there is of it stays."""
        self.run_mirror()
        before = self.mirror.files()
        self.origin.files.clear()
        for scheme in SCHEMES:
            for _ in range(2):
                with self.subTest(scheme=scheme):
                    result = self.run_mirror(scheme=scheme, status=1)
                    self.assertIn('lists no files, so nothing was removed',
                                  result.stderr)
                    self.assertEqual(len(result.stderr.splitlines()), 1)
                    self.assertEqual(self.mirror.files(), before)
        # With --keep nothing would be lost, and there is nothing to refuse.
        self.run_mirror('--keep')
        self.assertEqual(self.mirror.files()['100%.txt'], FILES['100%.txt'])
        # It goes on as soon as there is something.
        self.origin.files['index.gmi'] = b'# Moved\n'
        self.run_mirror()
        self.check_whole()

    def test_a_folder_of_a_server(self):
        """The capsules of several people on one host."""
        files = {'~ann/' + path: content for path, content in FILES.items()}
        files['~bob/index.gmi'] = b'# Bob\n'
        files['~ann/manifest'] = manifest_of(FILES)
        self.origin.files = files
        self.origin.with_manifest = False
        for scheme in SCHEMES:
            for path in ('/~ann/', '/~ann'):
                with self.subTest(scheme=scheme, path=path):
                    result = self.mirror.run(self.origin.url(scheme, path))
                    self.assertEqual(result.returncode, 0, result.stderr)
                    found = self.mirror.files()
                    self.assertEqual(
                        found.pop('manifest'), manifest_of(FILES))
                    self.assertEqual(found, FILES)
                    shutil.rmtree(self.mirror.folder)

    def test_a_folder_of_a_capsule(self):
        """The manifest of the whole capsule is that of each folder."""
        for scheme in SCHEMES:
            self.origin.files = dict(
                {'my log/' + path: content for path, content in FILES.items()},
                **{'index.gmi': b'# Home\n', 'my log.txt': b'beside\n'})
            with self.subTest(scheme=scheme):
                self.run_mirror(scheme=scheme, path='/my%20log/')
                found = self.mirror.files()
                self.assertEqual(found.pop('manifest'), manifest_of(FILES))
                self.assertEqual(found, FILES)
                result = self.run_mirror(scheme=scheme, path='/my%20log/')
                self.assertIn('0 fetched, 0 removed', result.stdout)
                del self.origin.files['my log/what?.txt']
                self.origin.files['my log/new.txt'] = b'new\n'
                result = self.run_mirror(scheme=scheme, path='/my%20log/')
                self.assertIn('1 fetched, 1 removed', result.stdout)
                # Nothing of it is listed any more.
                self.origin.files = {'index.gmi': b'# Home\n'}
                result = self.run_mirror(
                    scheme=scheme, path='/my%20log/', status=1)
                self.assertIn('no longer has a manifest', result.stderr)
                shutil.rmtree(self.mirror.folder)

    def test_a_folder_that_no_manifest_lists(self):
        self.origin.files = {'index.gmi': b'# Home\n'}
        self.origin.answers['/made/'] = b'# Made\n'
        result = self.run_mirror(path='/made/')
        self.assertIn('has no manifest', result.stderr)
        self.assertEqual(self.mirror.files(), {'index.gmi': b'# Made\n'})
        shutil.rmtree(self.mirror.folder)
        self.origin.answers['/made/'] = b'1Made\t/made/\tlocalhost\t70\r\n.\r\n'
        self.origin.answers['/made/gophermap'] = b'made\n'
        self.run_mirror(scheme='gopher', path='/made/')
        # A walk asks no server by item type.
        self.assertEqual(self.origin.selectors[-2:],
                         ['/robots.txt', '/made/'])

    def test_item_types(self):
        """Over Gopher files are asked for by type 9, of those who know it."""
        self.origin.files.update({'9/x.txt': b'9x\n', 'x.txt': b'x\n'})
        self.run_mirror(scheme='gopher')
        self.check_whole()
        asked, self.origin.selectors = self.origin.selectors, []
        self.assertEqual(asked[0], '9/manifest')
        self.assertIn('9/qa/why.gmi', asked)
        self.assertIn('9/9/x.txt', asked)
        self.assertIn('/x.txt', asked)
        shutil.rmtree(self.mirror.folder)
        self.origin.knows_binary = False
        self.run_mirror(scheme='gopher')
        self.check_whole()
        asked, self.origin.selectors = self.origin.selectors, []
        self.assertEqual(asked[:2], ['9/manifest', '/manifest'])
        self.assertIn('0/qa/why.gmi', asked)
        # A walk does not ask so.
        self.origin.with_manifest = False
        shutil.rmtree(self.mirror.folder)
        self.origin.files['index.gmi'] = b'1Docs\t/docs\tlocalhost\t70\r\n.\r\n'
        self.run_mirror(scheme='gopher')
        asked = self.origin.selectors
        self.assertEqual(asked[:4], [
            '9/manifest', '/manifest', '/robots.txt', ''])

    def test_strict_text(self):
        """Our own server, which changes text over Gopher elsewhere."""
        with Server(FILES, options=['strict_text=yes']) as server:
            self.mirror.run('gopher://localhost:%d/' % server.gopher_port)
            found = self.mirror.files()
            found.pop('manifest')
            self.assertEqual(found, FILES)

    def test_served_again(self):
        """A mirror is a capsule."""
        self.run_mirror()
        with Server(self.mirror.folder) as server:
            for path in ('/qa/why.gmi', '/100%25.txt', '/manifest'):
                reply = gemini(server, server.url(path).encode() + b'\r\n')
                self.assertEqual(reply.status, 20, path)
            for path in ('/.mirror/known', '/.mirror/'):
                reply = gemini(server, server.url(path).encode() + b'\r\n')
                self.assertEqual(reply.status, 51, path)

    def test_one_at_a_time_in_a_folder(self):
        told = []

        def second(path):
            if path == '/index.gmi' and not told:
                told.append(self.mirror.run(self.origin.url()))

        self.origin.before = second
        self.run_mirror()
        self.assertEqual(told[0].returncode, 1)
        self.assertIn('another mirror is using', told[0].stderr)
        self.check_whole()

    def test_what_could_not_be_had_is_named(self):
        files = self.origin.files
        self.run_mirror()
        before = self.mirror.files()
        for path in ('100%.txt', 'qa/why.gmi'):
            files[path] = files[path] + b'new\n'
        files['later.txt'] = b'later\n'
        self.origin.answers = {
            '/100%25.txt': (b'51 Not found\r\n',),
            '/qa/why.gmi': b'# Why?\nSo!\nnew\n',
        }
        result = self.run_mirror(status=1)
        self.assertIn('100%.txt: 51 Not found', result.stderr)
        self.assertIn('qa/why.gmi: does not match the manifest',
                      result.stderr)
        self.assertIn('1 fetched, 0 removed, 2 failed', result.stdout)
        # What came is there, the rest is as it was.
        self.assertEqual(
            self.mirror.files(), dict(before, **{'later.txt': b'later\n'}))
        self.origin.answers = {}
        self.origin.paths()
        self.run_mirror()
        self.assertEqual(sorted(self.origin.paths()[-2:]),
                         ['/100%25.txt', '/qa/why.gmi'])
        self.check_whole()

    def test_killed_at_any_moment(self):
        """Each file is old or new, and the next run makes it whole."""
        chance = random.Random(6)
        files = self.origin.files
        for number in range(100):
            files['many/%03d.txt' % number] = b'%d ' % number * number
        self.run_mirror()
        for turn in range(20):
            before = self.mirror.files()
            for path in chance.sample(sorted(files), 30):
                files[path] = b'turn %d of %s\n' % (turn, os.fsencode(path))
                self.origin.times[path] = TIME + turn * 10
            for path in chance.sample(sorted(files), 5):
                if path.startswith('many/'):
                    del files[path]
            files['turn-%d' % turn] = b'added\n'
            self.kill(chance)
            after = self.mirror.files()
            for path in before.keys() | after.keys():
                self.assertIn(after.get(path),
                              (before.get(path), files.get(path),
                               self.origin.manifest()), path)
        self.run_mirror()
        self.check_whole()
        self.assertNotIn('part-', ' '.join(self.mirror.files(True)))

    def kill(self, chance):
        """At the time of a request, or of nothing in particular."""
        left = [chance.randrange(1, 40)]

        def count(_):
            left[0] -= 1
            if left[0] == 0:
                child.kill()

        child = subprocess.Popen(
            self.mirror.command(self.origin.url(chance.choice(SCHEMES))),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        if chance.random() < 0.5:
            self.origin.before = count
            child.wait(DEADLINE_S)
            self.origin.before = None
            return
        try:
            child.wait(chance.random() / 4)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait(DEADLINE_S)

    def test_several_at_once(self):
        """As many as were asked for, and never more."""
        for width in (1, 3):
            with self.subTest(width=width):
                inside, most = [], [0]

                def enter(path):
                    if path.startswith('/manifest'):
                        return
                    inside.append(path)
                    most[0] = max(most[0], len(inside))
                    if len(inside) < width:
                        # The others come while this one is answered.
                        try:
                            wait_until(lambda: most[0] >= width, '', 5)
                        except AssertionError:
                            pass
                    inside.remove(path)

                self.origin.before = enter
                self.run_mirror('-j', str(width))
                self.origin.before = None
                self.assertEqual(most[0], width)
                shutil.rmtree(self.mirror.folder)

    def test_wrong_usage(self):
        url = self.origin.url()
        for arguments, words in (
                ([], '--help'), ([url], '--help'), ([url, 'a', 'b'], '--help'),
                ([url, ''], '--help'), (['-j', '0', url, 'a'], '--help'),
                (['-j', '99', url, 'a'], 'from 1 to 16, not 99'),
                (['--max', 'x', url, 'a'], '--help'),
                (['--nothing', url, 'a'], 'unknown option'),
                (['https://localhost/', 'a'], 'gemini://'),
                (['localhost', 'a'], 'gemini://'),
                (['gemini://', 'a'], 'a host and a folder'),
                (['gemini://u@localhost/', 'a'], 'a host and a folder'),
                (['gemini://localhost:0/', 'a'], 'a host and a folder'),
                (['gemini://localhost/?q', 'a'], 'a host and a folder'),
                (['gemini://localhost/../..', 'a'], 'only a folder'),
                (['gemini://localhost/a b/', 'a'],
                 'gemini://localhost/a b/: a URL has no spaces; write each '
                 'of them as %20'),
                (['gemini://localhost/%zz', 'a'], 'write it as gemini://'),
                (['gopher://localhost/0/x', 'a'], 'only a folder')):
            with self.subTest(arguments=arguments):
                command = self.mirror.command(url)[:2]
                result = subprocess.run(
                    command + arguments, capture_output=True, timeout=DEADLINE_S,
                    cwd=self.mirror.top, check=False, text=True)
                self.assertEqual(result.returncode, 2, result.stderr)
                self.assertIn(words, result.stderr)
                self.assertEqual(os.listdir(self.mirror.top), [])

    def test_a_file_is_no_folder(self):
        with Server(FILES, options=['manifest=off']) as server:
            for url in (server.url('/qa/why.gmi'),
                        'gopher://localhost:%d/1/qa/why.gmi' %
                        server.gopher_port):
                with self.subTest(url=url):
                    result = self.mirror.run(url)
                    self.assertEqual(result.returncode, 1)
                    self.assertIn(
                        '%s: only a folder can be mirrored; if this is a '
                        'file, name its folder' % url, result.stderr)
            result = self.mirror.run(server.url('/none/'))
            self.assertNotIn('only a folder', result.stderr)

    def test_nobody_there(self):
        port = self.origin.gemini_port
        self.origin.stop()
        for host, words in (
                ('127.0.0.1:%d' % port,
                 r'mirror: 127.0.0.1:%d: Connection refused' % port),
                ('localhost:%d' % port,
                 r':%d at (127.0.0.1|\[::1\]):%d: ' % (port, port)),
                ('nobody.invalid', 'mirror: nobody.invalid: ')):
            with self.subTest(host=host):
                result = self.mirror.run('gemini://%s/' % host)
                self.assertEqual(result.returncode, 1)
                self.assertRegex(result.stderr, words)
                self.assertIn('check the URL', result.stderr)
                self.assertEqual(self.mirror.files(), {})

    def test_a_terminal_gets_a_bar(self):
        import pty
        leader, follower = pty.openpty()
        child = subprocess.Popen(
            self.mirror.command(self.origin.url()), stdin=follower,
            stdout=follower, stderr=subprocess.PIPE)
        os.close(follower)
        seen = b''
        while True:
            try:
                some = os.read(leader, 65536)
            except OSError:  # the last of the other side has gone
                break
            seen += some
        os.close(leader)
        self.assertEqual(child.wait(DEADLINE_S), 0)
        child.stderr.close()
        self.assertIn(b'\r[##############################] %d of %d files' % (
            len(FILES), len(FILES)), seen)
        self.assertNotIn(b'why.gmi', seen)
        self.assertIn(b'%d fetched' % len(FILES), seen)


if __name__ == '__main__':
    unittest.main()
