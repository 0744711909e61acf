"""The files that a walk replaces or removes, and how they come back."""

import contextlib
import errno
import os
import re
import shutil
import unittest

from build import beneath
from origin import Mirroring
from trouble import Trouble

TIME = re.compile(r'^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$')
OLD = {'a.txt': b'old a\n', 'b/c.txt': b'old c\n', 'd.txt': b'd\n'}
# The files of a broken server: one replaced, one removed, one new.
BROKEN = {'a.txt': b'Error: no database\n', 'd.txt': b'd\n', 'e.txt': b'e\n'}


def page(files):
    return b''.join(b'=> %s\n' % path.encode() for path in sorted(files))


class Walked(Mirroring):
    with_manifest = False

    def serve(self, files):
        self.origin.files = dict(files, **{'index.gmi': page(files)})
        return self.origin.files

    def walk(self, files, *options, **named):
        served = self.serve(files)
        return served, self.run_mirror(*options, **named)

    def restore(self, status=0, env=None):
        result = self.mirror.restore(env)
        self.assertEqual(
            result.returncode, status, result.stdout + result.stderr)
        return result

    def path(self, *names):
        return os.path.join(self.mirror.folder, *names)

    def before(self):
        """[{path: content}] of the runs, the newest first."""
        top = self.path('.mirror', 'before')
        files = {path: content
                 for path, content in self.mirror.files(True).items()
                 if path.startswith('.mirror/before/')}
        names = os.listdir(top) if os.path.isdir(top) else []
        for name in names:
            self.assertRegex(name, TIME)
        return [{path.split('/', 3)[3]: content
                 for path, content in files.items()
                 if path.split('/')[2] == name}
                for name in sorted(names, reverse=True)]


class Keeping(Walked):
    def test_replaced_and_removed(self):
        old, result = self.walk(OLD)
        self.assertNotIn('kept', result.stdout)
        self.assertEqual(self.before(), [])
        when = os.stat(self.path('a.txt')).st_mtime_ns
        new, result = self.walk(BROKEN)
        self.assertEqual(self.mirror.files(), new)
        self.assertEqual(self.before(), [
            {path: old[path] for path in ('a.txt', 'b/c.txt', 'index.gmi')}])
        name = os.listdir(self.path('.mirror', 'before'))[0]
        self.assertIn('3 fetched, 1 removed, 0 failed, '
                      '3 kept in .mirror/before/%s; ' % name, result.stdout)
        self.assertEqual(os.stat(self.path(
            '.mirror', 'before', name, 'a.txt')).st_mtime_ns, when)
        self.assertFalse(os.path.exists(self.path('b')))

    def test_only_the_last_two_runs(self):
        """And only runs that replaced or removed anything."""
        self.walk({'a.txt': b'1'})
        self.walk({'a.txt': b'2'})
        self.walk({'a.txt': b'3'})
        wanted = [{'a.txt': b'2'}, {'a.txt': b'1'}]
        self.assertEqual(self.before(), wanted)
        self.walk({'a.txt': b'3'})
        self.assertEqual(self.before(), wanted)
        self.walk({'a.txt': b'4'})
        self.assertEqual(self.before(), [{'a.txt': b'3'}, {'a.txt': b'2'}])

    def test_files_that_only_came(self):
        self.walk({'a.txt': b'1'}, scheme='gemini')
        self.origin.files['index.gmi'] = page(['a.txt'])
        self.origin.files['b.gmi'] = b'# B\n'
        self.mirror.run(self.origin.url())
        self.assertEqual(self.before(), [])

    def test_a_clock_that_was_set_back(self):
        """The order of the names is that of the runs."""
        with_clock = Trouble()
        self.addCleanup(with_clock.close)
        for content, seconds in ((b'1', 0), (b'2', 864000), (b'3', 0),
                                 (b'4', -864000)):
            with_clock['seconds'] = seconds
            self.walk({'a.txt': content}, env=with_clock.environment())
        self.assertEqual(self.before(), [{'a.txt': b'3'}, {'a.txt': b'2'}])

    def test_counted_in_max(self):
        """1 MiB at most: 600 KB of files, and as much of before."""
        big = {'%d.txt' % n: b'1' * 60000 for n in range(10)}
        self.walk(big)
        new = {path: b'2' * 60000 for path in big}
        self.serve(new)
        result = self.run_mirror('--max', '1', status=1)
        self.assertRegex(result.stderr, 'has more bytes than --max allows, '
                         r'.* .mirror/before, which may be removed')
        kept = self.before()[0]
        for path, content in self.mirror.files().items():
            if path != 'index.gmi':
                self.assertIn(content, (big[path], new[path]))
                self.assertEqual(content == new[path], path in kept, path)
        # Doing as one is told helps.
        shutil.rmtree(self.path('.mirror', 'before'))
        self.walk(new, '--max', '2')

    def test_a_file_that_cannot_be_kept(self):
        """It is neither replaced nor removed."""
        old, _ = self.walk(OLD)
        outside = os.path.join(self.mirror.top, 'outside')
        os.mkdir(outside)
        os.symlink(outside, self.path('.mirror', 'before'))
        self.serve(BROKEN)
        result = self.run_mirror(status=1)
        self.assertIn('.mirror/before: Not a directory', result.stderr)
        self.assertEqual(self.mirror.files(), old)
        self.assertEqual(os.listdir(outside), [])
        # The same when it becomes one meanwhile.
        os.unlink(self.path('.mirror', 'before'))

        def link(path):
            if path == '/':
                os.symlink(outside, self.path('.mirror', 'before'))

        self.origin.before = link
        result = self.run_mirror(status=1)
        for path in ('', 'a.txt'):
            self.assertIn('/%s: left unchanged: cannot be kept in '
                          '.mirror/before: Not a directory' % path,
                          result.stderr)
        self.assertEqual(self.mirror.files(), dict(
            old, **{'e.txt': BROKEN['e.txt']}))
        self.assertEqual(os.listdir(outside), [])

    def test_without_links(self):
        """Some file systems give a file no second name."""
        for error in (errno.EPERM, errno.EOPNOTSUPP):
            with self.subTest(error=error):
                refused = Trouble()
                self.addCleanup(refused.close)
                refused['link_error'] = error
                old, _ = self.walk(OLD)
                new, _ = self.walk(BROKEN, env=refused.environment())
                self.assertEqual(self.mirror.files(), new)
                self.assertEqual(self.before()[0]['a.txt'], OLD['a.txt'])
                self.restore(env=refused.environment())
                self.assertEqual(self.mirror.files(), dict(
                    old, **{'e.txt': b'e\n'}))
                shutil.rmtree(self.mirror.folder)

    def test_a_mirror_by_manifest(self):
        """It needs none of it: a hash proves each new file."""
        self.origin.with_manifest = True
        self.origin.files = dict(OLD)
        self.run_mirror()
        self.origin.files = dict(BROKEN)
        result = self.run_mirror()
        self.assertNotIn('kept', result.stdout)
        self.assertEqual(self.before(), [])
        result = self.restore(status=1)
        self.assertIn('nothing to restore', result.stderr)

    def test_files_of_a_manifest_that_the_user_has_changed(self):
        self.origin.with_manifest = True
        self.origin.files = dict(OLD)
        # One was there, and was the same.
        os.mkdir(self.mirror.folder)
        self.mirror.write('a.txt', OLD['a.txt'])
        self.run_mirror()
        self.mirror.write('a.txt', b'my own a\n')
        self.mirror.write('b/c.txt', b'my own c\n')
        self.origin.files = dict(BROKEN)
        # A run that fails forgets nothing.
        self.origin.answers['/a.txt'] = (b'40 Later\r\n',)
        self.run_mirror(status=1)
        del self.origin.answers['/a.txt']
        result = self.run_mirror()
        self.assertIn('2 kept in .mirror/before', result.stdout)
        self.assertEqual(self.before(), [
            {'a.txt': b'my own a\n', 'b/c.txt': b'my own c\n'}])
        self.restore()
        self.assertEqual(self.mirror.files()['b/c.txt'], b'my own c\n')

    def test_another_capsule(self):
        for with_manifest in True, False:
            with self.subTest(with_manifest=with_manifest):
                self.origin.with_manifest = with_manifest
                self.serve({**OLD, 'b/index.gmi': b'=> c.txt\n'})
                if not with_manifest:
                    # A mistyped path takes no folder for itself.
                    self.run_mirror(path='/none/', status=1)
                self.run_mirror()
                old = self.mirror.files()
                result = self.run_mirror(path='/b/', status=1)
                self.assertIn('is a copy of 127.0.0.1/; name another folder',
                              result.stderr)
                self.assertEqual(self.mirror.files(), old)
                os.unlink(self.path('.mirror', 'origin'))
                self.run_mirror(path='/b/')
                shutil.rmtree(self.mirror.folder)


class Restoring(Walked):
    def broken(self):
        """A copy of a good server, and then of a broken one."""
        old, _ = self.walk(OLD)
        new, _ = self.walk(BROKEN)
        return old, new

    def test_restored(self):
        """New files stay; a second call takes the first one back."""
        old, new = self.broken()
        result = self.restore()
        self.assertEqual(result.stdout.splitlines()[:-1], [
            'restored ' + path for path in ('a.txt', 'b/c.txt', 'index.gmi')])
        self.assertIn('3 restored, 0 failed', result.stdout)
        back = dict(old, **{'e.txt': b'e\n'})
        self.assertEqual(self.mirror.files(), back)
        replaced = {path: new[path] for path in ('a.txt', 'index.gmi')}
        self.assertEqual(self.before(), [replaced])
        result = self.restore()
        self.assertIn('2 restored, 0 failed', result.stdout)
        self.assertEqual(self.mirror.files(), dict(back, **replaced))
        self.restore()
        self.assertEqual(self.mirror.files(), back)

    def test_the_mirror_goes_on(self):
        """Restored files are of the mirror; unchanged ones are left alone."""
        self.broken()
        self.restore()
        os.utime(self.path('a.txt'), (1600000000, 1600000000))
        when = os.stat(self.path('a.txt'))
        new, result = self.walk(dict(OLD, **{'b/c.txt': b'another c\n'}))
        self.assertIn('1 fetched, 1 removed, 0 failed', result.stdout)
        self.assertEqual(self.mirror.files(), new)
        now = os.stat(self.path('a.txt'))
        self.assertEqual((now.st_ino, now.st_mtime), (when.st_ino, 1600000000))

    def test_the_newest_run_alone(self):
        self.walk({'a.txt': b'1', 'b.txt': b'1'})
        self.walk({'a.txt': b'2', 'b.txt': b'1'})
        self.walk({'a.txt': b'2', 'b.txt': b'2'})
        self.restore()
        found = self.mirror.files()
        self.assertEqual((found['a.txt'], found['b.txt']), (b'2', b'1'))
        self.assertEqual(self.before(), [{'b.txt': b'2'}, {'a.txt': b'1'}])

    def test_only_removed(self):
        """Taking that back replaces nothing, and goes no further back."""
        self.walk({'a.txt': b'1', 'b.txt': b'1'})
        self.walk({'a.txt': b'2', 'b.txt': b'1'})
        self.walk({'a.txt': b'2', 'b.txt': b'1', 'c.txt': b'1'})
        del self.origin.files['c.txt']
        self.run_mirror()
        with contextlib.closing(Trouble()) as clock:
            clock['seconds'] = 2 * 86400
            self.run_mirror(env=clock.environment())
        self.assertNotIn('c.txt', self.mirror.files())
        before = self.mirror.files()
        self.restore()
        after = dict(before, **{'c.txt': b'1'})
        self.assertEqual(self.mirror.files(), after)
        result = self.restore()
        self.assertIn('0 restored, 0 failed', result.stdout)
        self.assertEqual(self.mirror.files(), after)

    def test_the_users_own_files(self):
        """They stay as they are, and the files they hide come back later."""
        old, _ = self.broken()
        self.mirror.write('b/c.txt', b'mine')
        os.unlink(self.path('a.txt'))
        os.mkdir(self.path('a.txt'))
        for _ in range(2):
            result = self.restore(status=1)
            self.assertIn('b/c.txt: is not part of this mirror', result.stderr)
            self.assertIn('a.txt: something else is in its place',
                          result.stderr)
            self.assertEqual(self.mirror.files(), {
                'b/c.txt': b'mine', 'e.txt': b'e\n', 'd.txt': b'd\n',
                'index.gmi': old['index.gmi']})
        os.unlink(self.path('b/c.txt'))
        os.rmdir(self.path('a.txt'))
        self.restore()
        self.assertEqual(self.mirror.files(), dict(old, **{'e.txt': b'e\n'}))

    def test_links_and_hostile_names(self):
        """Nothing but the files of a mirror comes back."""
        old, new = self.broken()
        outside = os.path.join(self.mirror.top, 'outside')
        os.mkdir(outside)
        with open(os.path.join(outside, 'victim'), 'wb') as file:
            file.write(b'precious\n')
        top = self.path('.mirror', 'before')
        run = os.path.join(top, os.listdir(top)[0])
        os.unlink(os.path.join(run, 'a.txt'))
        os.symlink(os.path.join(outside, 'victim'),
                   os.path.join(run, 'a.txt'))
        os.symlink(outside, os.path.join(run, 'dir'))
        os.mkfifo(os.path.join(run, 'fifo'))
        for name in ('.ssh', 'manifest', '\x1b[2J', '.mirror'):
            with open(os.path.join(run, name), 'wb') as file:
                file.write(b'x')
        result = self.restore(status=1)
        self.assertIn('2 restored, 7 failed', result.stdout)
        self.assertNotIn('\x1b', result.stdout + result.stderr)
        for name in ('a.txt', 'dir', 'fifo'):
            self.assertIn(name + ': is not a regular file', result.stderr)
        for name in ('.ssh', 'manifest', '.mirror'):
            self.assertIn(name + ': has a name that a copy cannot have',
                          result.stderr)
        self.assertEqual(self.mirror.files(), dict(
            old, **{'a.txt': new['a.txt'], 'e.txt': b'e\n'}))
        self.assertEqual(os.listdir(outside), ['victim'])
        # The next walk has a run of its own, and removes the older ones.
        for content in (b'1', b'2'):
            self.walk({'a.txt': content})
        self.assertEqual(len(self.before()), 2)
        self.assertEqual(os.listdir(outside), ['victim'])

    def test_folders_that_are_links(self):
        old, new = self.broken()
        outside = os.path.join(self.mirror.top, 'outside')
        top = self.path('.mirror', 'before')
        run = os.path.join(top, os.listdir(top)[0])
        for path in (run, top, os.path.dirname(top)):
            with self.subTest(path=path):
                os.rename(path, outside)
                os.symlink(outside, path)
                self.restore(status=1)
                self.assertEqual(self.mirror.files(), new)
                os.unlink(path)
                os.rename(outside, path)
        self.restore()
        self.assertEqual(self.mirror.files(), dict(old, **{'e.txt': b'e\n'}))

    def test_nothing_to_restore(self):
        self.assertIn('not a mirror', self.restore(status=1).stderr)
        self.assertFalse(os.path.exists(self.mirror.folder))
        self.walk(OLD)
        self.assertIn('no run has replaced or removed a file',
                      self.restore(status=1).stderr)
        result = self.mirror.start(
            self.mirror.command(self.origin.url(), '--restore'), 60)
        self.assertEqual(result.returncode, 2)


@beneath
class Killed(Walked):
    """At each call that changes a name, one after the other."""

    def setUp(self):
        super().setUp()
        self.trouble = Trouble()
        self.addCleanup(self.trouble.close)

    def each_moment(self, prepare, run):
        """Yields after each kill, and the last time after none."""
        prepare()
        saved = os.path.join(self.mirror.top, 'saved')
        shutil.copytree(self.mirror.folder, saved, symlinks=True)
        self.trouble.ends()
        run(self.trouble.environment())
        moments = self.trouble['changes']
        self.assertGreater(moments, 10)
        for moment in range(1, moments + 1):
            shutil.rmtree(self.mirror.folder)
            shutil.copytree(saved, self.mirror.folder, symlinks=True)
            self.trouble.ends()
            self.trouble['kill_at'] = moment
            self.assertEqual(run(self.trouble.environment()).returncode, -9)
            with self.subTest(moment=moment):
                yield

    def everywhere(self, path):
        """All that the hidden folder holds of a path."""
        return [content for name, content in self.mirror.files(True).items()
                if name.startswith('.mirror/before/') and
                name.split('/', 3)[3] == path]

    def test_walk(self):
        old, new = self.serve(OLD), None

        def prepare():
            nonlocal new
            self.run_mirror()
            new = self.serve(BROKEN)

        for _ in self.each_moment(
                prepare, lambda env: self.mirror.run(
                    self.origin.url(), env=env)):
            found = self.mirror.files()
            for path, content in old.items():
                now = found.get(path)
                self.assertIn(now, (content, new.get(path)), path)
                if now != content:
                    self.assertEqual(self.everywhere(path), [content])
            self.check_restored(old)
            self.run_mirror()
            self.assertEqual(self.mirror.files(), new)
            for path in ('a.txt', 'b/c.txt', 'index.gmi'):
                self.assertEqual(set(self.everywhere(path)), {old[path]})

    def check_restored(self, old):
        """A file that was linked, and not replaced, comes back, too."""
        if not self.before():
            return
        aside = os.path.join(self.mirror.top, 'aside')
        shutil.copytree(self.mirror.folder, aside, symlinks=True)
        self.restore()
        found = self.mirror.files()
        found.pop('e.txt', None)
        self.assertEqual(found, old)
        self.assertEqual(len(self.before()), 1)
        shutil.rmtree(self.mirror.folder)
        os.rename(aside, self.mirror.folder)

    def test_restore(self):
        old = self.serve(OLD)
        new = None

        def prepare():
            nonlocal new
            self.run_mirror()
            new = self.serve(BROKEN)
            self.run_mirror()

        back = dict(old, **{'e.txt': b'e\n'})
        for _ in self.each_moment(
                prepare, lambda env: self.mirror.restore(env)):
            found = self.mirror.files()
            for path in old:
                self.assertIn(found.get(path), (old[path], new.get(path)))
                for content in {old[path], new.get(path, old[path])}:
                    self.assertIn(content, [
                        found.get(path), *self.everywhere(path)])
            self.restore()
            self.assertEqual(self.mirror.files(), back)
            self.assertEqual(self.before(), [
                {path: new[path] for path in ('a.txt', 'index.gmi')}])
            self.restore()
            self.assertEqual(self.mirror.files(), dict(back, **{
                path: new[path] for path in ('a.txt', 'index.gmi')}))


if __name__ == '__main__':
    unittest.main()
