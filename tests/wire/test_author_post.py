"""`capsule post`: a dated page, and its line in the index of the log."""

import errno
import os
import pty
import resource
import shutil
import subprocess
import unittest

from author import Author, files_of
from build import CAPSULE, DEADLINE_S
from server import Server, fetch, write_tree

LOG = ('# The log\n\nWords.\n\n'
       '=> 2026-11-28-b.gmi 2026-11-28 B\n'
       '=> 2025-01-01-a.gmi 2025-01-01 A\n\n'
       '=> ../ Home\n')
CAPSULE_WITH_LOG = {
    'index.gmi': '# Home\n\n=> log/ Log\n', 'log/index.gmi': LOG,
    'log/2026-11-28-b.gmi': '# B\n', 'log/2025-01-01-a.gmi': '# A\n'}


PAGE_TEXT = '# New things\n\n\n\n=> ./ The log\n'


class Posting(Author):
    PAGE = 'log/2026-11-29-new-things.gmi'
    LINE = '=> 2026-11-29-new-things.gmi 2026-11-29 New things\n'

    def setUp(self):
        super().setUp()
        write_tree(self.tree, CAPSULE_WITH_LOG)

    def post(self, title='New things', **popen):
        return self.done('post', 'tree', title, **popen)

    def assert_posted(self, page=PAGE_TEXT, line=LINE):
        want = {'tree/' + name: content.encode()
                for name, content in CAPSULE_WITH_LOG.items()}
        want['tree/' + self.PAGE] = page.encode()
        want['tree/log/index.gmi'] = LOG.replace(
            '=> 2026-11-28', line + '=> 2026-11-28', 1).encode()
        self.assertEqual({name: content[0] for name, content
                          in files_of(self.folder).items()
                          if not name.endswith('/')}, want)


class Post(Posting):
    def test_post(self):
        os.chmod(self.tree + '/log/index.gmi', 0o640)
        self.assertEqual(self.post(), ('tree/%s\n' % self.PAGE, ''))
        self.assert_posted()
        self.assertEqual(self.problems(), [])
        self.assertEqual(
            os.stat(self.tree + '/log/index.gmi').st_mode & 0o777, 0o640)
        os.chmod(self.tree + '/log/index.gmi', 0o644)
        with Server(self.tree) as server:
            feed = fetch(server, '/log/?atom').body.decode()
        self.assertLess(feed.index('<title>New things</title>'),
                        feed.index('<title>B</title>'))
        self.assertIn('<updated>2026-11-29T12:00:00Z</updated>', feed)

    def test_again(self):
        self.post()
        self.refused('post', 'tree', 'new THINGS', says=(
            'tree/%s: exists; edit it, or give another title' % self.PAGE))
        self.post('Other things')
        self.assertLess(self.read('log/index.gmi').index('Other things'),
                        self.read('log/index.gmi').index('New things'))

    def test_a_date_that_is_not_the_newest(self):
        self.set_clock('2026-01-02 12:00')
        self.post('In between')
        self.assertIn('B\n=> 2026-01-02-in-between.gmi 2026-01-02 In between'
                      '\n=> 2025', self.read('log/index.gmi'))

    def test_other_letters(self):
        self.post('\u041f\u0440\u0438\u0432\u0435\u0442')
        self.assertIn(
            '=> 2026-11-29-%D0%BF%D1%80%D0%B8%D0%B2%D0%B5%D1%82.gmi '
            '2026-11-29 \u041f\u0440\u0438\u0432\u0435\u0442\n',
            self.read('log/index.gmi'))
        self.post('!!!')
        self.assertEqual(self.read('log/2026-11-29.gmi'),
                         '# !!!\n\n\n\n=> ./ The log\n')

    def test_without_a_log(self):
        shutil.rmtree(self.tree + '/log')
        _, said = self.post()
        self.assertEqual(said, (
            'capsule post: made tree/log/index.gmi, the index of a log; link '
            'to it from another page, as in: => /log/ Log\n'))
        self.assertEqual(self.read('log/index.gmi'), '# Log\n\n' + self.LINE)
        self.assertEqual(self.read(self.PAGE),
                         PAGE_TEXT.replace('The log', 'Log'))
        self.assertEqual(self.problems(), [])

    def test_a_new_log_with_a_space(self):
        _, said = self.done('post', '--log', 'my log', 'tree', 'New things')
        self.assertTrue(said.endswith('as in: => /my%20log/ Log\n'), said)

    def test_without_an_index(self):
        os.unlink(self.tree + '/log/index.gmi')
        _, said = self.post()
        self.assertIn('the log had no index', said)
        self.assertEqual(self.read('log/index.gmi'), '# Log\n\n' + self.LINE)

    def test_another_log(self):
        write_tree(self.tree, {'a/journal/index.gemini': '# J\n'})
        self.done('post', '--log', '/a/journal/', 'tree', 'New things')
        self.assertEqual(self.read('a/journal/index.gemini'),
                         '# J\n\n' + self.LINE)
        self.assertEqual(self.read('log/index.gmi'), LOG)

    def test_a_log_with_a_gophermap(self):
        write_tree(self.tree, {'log/gophermap': 'x\n'})
        _, said = self.post()
        self.assertIn('tree/log/gophermap: is the menu of the log', said)

    def test_refused(self):
        os.symlink('index.gmi', self.tree + '/link')
        for arguments, says in (
                (('none', 'x'), 'name the capsule\'s folder'),
                (('--log', 'link', 'tree', 'x'), 'Not a directory'),
                (('--log', 'a/b', 'tree', 'x'), 'make the folder above')):
            with self.subTest(arguments=arguments):
                self.refused('post', *arguments, says=says)
        for arguments in ((), ('tree',), ('tree', ''), ('tree', 'a', 'b'),
                          ('tree', 'a\nb'), ('tree', 'x' * 501),
                          ('-x', 'tree', 'a')):
            with self.subTest(arguments=arguments):
                self.refused('post', *arguments, says='capsule post: ',
                             status=2)
        self.refused('post', '--log', '../x', 'tree', 'x', says='without ".."')
        os.rename(self.tree + '/log/index.gmi', self.tree + '/log/i.gmi')
        os.symlink('i.gmi', self.tree + '/log/index.gmi')
        self.refused('post', 'tree', 'x', says='replace the symbolic link')

    def run_once(self):
        return self.capsule('post', '--log', 'log', 'tree', 'New things')

    def test_each_failure_changes_nothing(self):
        self.trouble['refuse_error'] = errno.ENOSPC
        failures = 0
        for before, done in self.moments('refuse_at'):
            if done.returncode == 0:
                self.assertIn(self.LINE, self.read('log/index.gmi'))
                continue
            failures += 1
            self.assertEqual((done.returncode, done.stdout), (1, ''))
            self.assertIn('No space left on device; make room on the disk '
                          '(nothing was changed)\n', done.stderr)
            self.assertEqual(files_of(self.tree), before)
        self.assertGreater(failures, 4)

    def test_each_failure_without_a_log(self):
        shutil.rmtree(self.tree + '/log')
        self.test_each_failure_changes_nothing()

    def test_killed(self):
        """Each file is complete, old or new."""
        line = self.LINE.encode()
        for before, done in self.moments('kill_at'):
            self.assertEqual(done.returncode, -9)
            for name, (content, _) in (
                    (name, value) for name, value
                    in files_of(self.tree).items() if name[-1] != '/'):
                if name == self.PAGE:
                    self.assertEqual(content, PAGE_TEXT.encode())
                elif name == 'log/index.gmi':
                    self.assertIn(content.replace(line, b''),
                                  [before[name][0]])
                elif '/.capsule-' not in name:
                    self.assertEqual(content, before[name][0])

    def test_no_room(self):
        self.refused('post', 'tree', 'x', says='File too large; make room',
                     restore_signals=False,
                     preexec_fn=lambda: resource.setrlimit(
                         resource.RLIMIT_FSIZE, (64, 64)))


class Editor(Posting):
    """Posts from a terminal, with an editor."""

    def edit(self, script, title='New things', **environment):
        """Posts with a shell script as editor; returns status and output."""
        terminal, other = pty.openpty()
        self.addCleanup(os.close, terminal)
        path = os.path.join(self.folder, '..', os.path.basename(
            self.folder) + '-editor')
        with open(path, 'w', encoding='utf-8') as file:
            file.write('#!/bin/sh\n' + script)
        self.addCleanup(lambda: os.path.exists(path) and os.unlink(path))
        os.chmod(path, 0o755)
        environment = environment or {'EDITOR': path + ' -w'}
        environment = {name: value.replace('EDITOR', path)
                       for name, value in environment.items()}
        done = subprocess.run(
            [CAPSULE, 'post', 'tree', title], check=False, cwd=self.folder,
            env=self.environment(**environment), stdin=other, stdout=other,
            stderr=subprocess.PIPE, timeout=DEADLINE_S, text=True)
        os.close(other)
        return done.returncode, done.stderr

    def assert_not_posted(self, script, says, draft=None):
        before = files_of(self.folder)
        status, said = self.edit(script)
        self.assertEqual(status, 1)
        self.assertIn(says, said)
        after = files_of(self.folder)
        kept = after.pop('tree/.capsule-post-new-things.gmi',
                         (None,))[0]
        self.assertEqual(kept, draft)
        self.assertEqual(after, before)

    def test_written(self):
        self.assertEqual(
            self.edit('test "$1" = -w && echo Words. >> "$2"'), (0, ''))
        self.assert_posted(PAGE_TEXT + 'Words.\n')

    def test_another_title(self):
        self.edit('echo "# Old things" > "$2"')
        self.assert_posted('# Old things\n',
                           self.LINE.replace('New', 'Old'))

    def test_visual_comes_first(self):
        self.assertEqual(self.edit('echo x >> "$1"', VISUAL='EDITOR',
                                   EDITOR='false'), (0, ''))
        self.assert_posted(PAGE_TEXT + 'x\n')

    def test_signals_of_the_terminal(self):
        """They are meant for the editor, and reach the tool as well."""
        self.assertEqual(self.edit(
            'kill -INT $PPID; kill -QUIT $PPID; echo x >> "$1"',
            EDITOR='exec EDITOR'), (0, ''))
        self.assert_posted(PAGE_TEXT + 'x\n')

    def test_no_editor(self):
        status, said = self.edit('', EDITOR='')
        self.assertEqual(status, 0)
        self.assertIn('neither VISUAL nor EDITOR names an editor; add the '
                      'text', said)
        self.assert_posted()

    def test_no_terminal(self):
        _, said = self.done('post', 'tree', 'New things',
                            env=self.environment(EDITOR='false'))
        self.assertEqual(said, '')
        self.assert_posted()

    def test_nothing_written(self):
        for script in ('', ': > "$2"', 'printf " \\n\\n" > "$2"',
                       'rm "$2"'):
            with self.subTest(script=script):
                self.assert_not_posted(script, 'nothing was posted')

    def test_the_editor_fails(self):
        self.assert_not_posted('exit 1', '-editor -w; nothing was posted')
        self.assert_not_posted('kill -9 $$', 'the editor failed')
        self.assert_not_posted(
            'echo x >> "$2"; kill -9 $$', 'the editor failed',
            (PAGE_TEXT + 'x\n').encode())
        status, said = self.edit('echo y >> "$2"')
        self.assertEqual(status, 0)
        self.assertIn('continuing this draft', said)
        self.assert_posted(PAGE_TEXT + 'x\ny\n')

    def test_a_draft_of_yesterday(self):
        """It is continued, and posted with the date of today."""
        self.edit('echo x >> "$2"; exit 1')
        self.set_clock('2026-11-30 00:01')
        _, said = self.edit('echo y >> "$2"')
        self.assertIn('continuing this draft', said)
        self.assertEqual(self.read('log/2026-11-30-new-things.gmi'),
                         PAGE_TEXT + 'x\ny\n')
        self.assertNotIn('.capsule-post-new-things.gmi',
                         os.listdir(self.tree))

    def test_the_page_appears_meanwhile(self):
        status, said = self.edit(
            'echo x >> "$2"; echo other > tree/%s' % self.PAGE)
        self.assertEqual(status, 1)
        self.assertIn('exists', said)
        self.assertIn('the text is in tree/.capsule-post-new-'
                      'things.gmi', said)
        self.assertEqual(self.read(self.PAGE), 'other\n')
        self.assertEqual(self.read('log/index.gmi'), LOG)
        self.assertEqual(
            self.read('.capsule-post-new-things.gmi'),
            PAGE_TEXT + 'x\n')

    def test_the_index_changes_meanwhile(self):
        self.edit('echo x >> "$2"; echo "=> b.gmi B" >> tree/log/index.gmi')
        self.assertEqual(self.read('log/index.gmi').count('\n'),
                         LOG.count('\n') + 2)


if __name__ == '__main__':
    unittest.main()
