"""`capsule undo`: an uploaded file as it was before."""

import errno
import os
import shutil
import subprocess
import unittest

from author import Author, files_of
from build import CAPSULE, DEADLINE_S
from server import as_root, write_tree

FILES = {'notes/a.gmi': '# Third\n', 'notes/.a.gmi~1~': '# First\n',
         'notes/.a.gmi~2~': '# Second\n', 'notes/.a.gmi~02~': 'other\n',
         'notes/.a.gmi~x~': 'other\n', 'notes/.gone.gmi~7~': '# Gone\n',
         'notes/.index.gmi~12~': '# Index\n', 'notes/new.gmi': '# New\n'}


class Undo(Author):
    def setUp(self):
        super().setUp()
        write_tree(self.tree, FILES)

    def versions(self):
        """The contents of all files but the odd ones."""
        return sorted(content for name, (content, _) in (
            (name, value) for name, value in files_of(self.tree).items()
            if name[-1] != '/') if content != b'other\n')

    def test_there_and_back(self):
        before = self.versions()
        out, said = self.done('undo', 'tree', 'notes/a.gmi')
        self.assertEqual((out, said), (
            'tree/notes/a.gmi is version 2 again; the file before it is now '
            'version 3\n', ''))
        self.assertEqual(self.read('notes/a.gmi'), '# Second\n')
        self.assertEqual(self.read('notes/.a.gmi~3~'), '# Third\n')
        self.assertFalse(os.path.exists(self.tree + '/notes/.a.gmi~2~'))
        self.done('undo', 'tree/', '/notes//a.gmi')
        self.assertEqual(self.read('notes/a.gmi'), '# Third\n')
        self.done('undo', 'tree', 'notes/a.gmi', '1')
        self.assertEqual(self.read('notes/a.gmi'), '# First\n')
        self.assertEqual(self.versions(), before)

    def test_deleted(self):
        out, _ = self.done('undo', 'tree', 'notes/gone.gmi')
        self.assertEqual(out, 'tree/notes/gone.gmi is version 7 again\n')
        self.assertEqual(self.read('notes/gone.gmi'), '# Gone\n')
        self.done('undo', 'tree', 'notes/')
        self.assertEqual(self.read('notes/index.gmi'), '# Index\n')

    def test_list(self):
        for number in (1, 2):
            os.utime(f'{self.tree}/notes/.a.gmi~{number}~',
                     (0, 86400 * number))
        out, said = self.done('undo', '-l', 'tree', 'notes/a.gmi')
        self.assertEqual((out, said), (
            '1\t1970-01-02 00:00:00\t8 bytes\n'
            '2\t1970-01-03 00:00:00\t9 bytes\n', ''))
        self.assertEqual(self.done('undo', '-l', 'tree', 'notes/new.gmi'),
                         ('', ''))

    def test_refused(self):
        os.symlink('notes', self.tree + '/link')
        os.symlink('a.gmi', self.tree + '/notes/other.gmi')
        for path, says in (('notes/new.gmi', 'there is no older version'),
                           ('notes/none.gmi', 'there is no older version'),
                           ('none/a.gmi', 'is not a file that can be uploaded'),
                           ('link/a.gmi', 'is not a file that can be uploaded'),
                           ('notes/other.gmi', 'is not a file that can be uploaded'),
                           ('notes/.a.gmi~1~', 'is not a file that can be uploaded'),
                           ('../tree/notes/a.gmi', 'leads out')):
            with self.subTest(path=path):
                self.refused('undo', 'tree', path, says=says)
        self.refused('undo', 'tree', 'notes/a.gmi', '3',
                     says='list the versions with capsule undo -l')
        self.refused('undo', 'none', 'notes/a.gmi', says='No such file')
        for arguments in (['tree'], [], ['tree', 'a', '1', '2'],
                          ['tree', 'a', '0'], ['tree', 'a', 'x'],
                          ['-x', 'tree', 'a'], ['-l', 'tree', 'a', '1']):
            self.refused('undo', *arguments, status=2, says='capsule undo')

    def run_again(self):
        shutil.rmtree(self.tree)
        write_tree(self.tree, FILES)
        self.trouble['changes'] = 0
        return self.capsule('undo', 'tree', 'notes/a.gmi')

    def test_each_moment(self):
        """After a failure or a kill, no content is lost."""
        before = set(self.versions())
        self.trouble['refuse_error'] = errno.ENOSPC
        for field in ('refuse_at', 'kill_at'):
            self.assertEqual(self.run_again().returncode, 0)
            moments = self.trouble['changes']
            self.assertGreater(moments, 2)
            for moment in range(1, moments + 1):
                self.trouble[field] = moment
                with self.subTest(field=field, moment=moment):
                    done = self.run_again()
                    self.assertIn(self.read('notes/a.gmi'),
                                  ('# Second\n', '# Third\n'))
                    self.assertLessEqual(before, set(self.versions()))
                    if done.returncode == 1:
                        self.assertIn('make room', done.stderr)
            self.trouble[field] = 0

    @as_root
    def test_files_of_the_server(self):
        """Another user is told whose files these are."""
        os.chmod(self.folder, 0o755)
        # A folder of root can be closed to other users.
        program = shutil.copy(CAPSULE, self.folder)
        done = subprocess.run(
            [program, 'undo', self.tree, 'notes/a.gmi'], check=False,
            user=65534, group=65534, capture_output=True, text=True,
            timeout=DEADLINE_S)
        self.assertEqual((done.returncode, done.stdout), (1, ''))
        self.assertIn('its folder belongs to the user root: run this as that '
                      'user, as with sudo -u root, or make the folder '
                      'writable\n', done.stderr)
        self.assertEqual(self.read('notes/a.gmi'), '# Third\n')
        for name in ('notes', 'notes/a.gmi'):
            os.chown(os.path.join(self.tree, name), 65534, 65534)
        done = subprocess.run(
            [program, 'undo', self.tree, 'notes/a.gmi'], check=True,
            user=65534, group=65534, capture_output=True, text=True,
            timeout=DEADLINE_S)
        self.assertEqual(self.read('notes/a.gmi'), '# Second\n')


if __name__ == '__main__':
    unittest.main()
