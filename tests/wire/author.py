"""Helpers for the tests of the author's verbs: a folder and a clock."""

import calendar
import os
import shutil
import stat
import subprocess
import time
import unittest

from build import CAPSULE, DEADLINE_S
from server import new_directory
from trouble import Trouble


def files_of(top):
    """{path: (bytes, mode)} of all files, and {path/: mode} of folders."""
    found = {}
    for folder, folders, names in os.walk(top):
        for name in folders:
            path = os.path.join(folder, name)
            found[os.path.relpath(path, top) + '/'] = os.lstat(path).st_mode
        for name in names:
            path = os.path.join(folder, name)
            mode = os.lstat(path).st_mode
            content = b''
            if os.path.islink(path):
                content = os.fsencode(os.readlink(path))
            elif stat.S_ISREG(mode):
                with open(path, 'rb') as file:
                    content = file.read()
            found[os.path.relpath(path, top)] = (content, mode)
    return found


class Author(unittest.TestCase):
    """A test in a folder of its own, with a clock that the test sets."""

    def setUp(self):
        self.folder = new_directory()
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.tree = os.path.join(self.folder, 'tree')
        self.trouble = Trouble()
        self.addCleanup(self.trouble.close)
        self.set_clock('2026-11-29 12:00')
        self.zone = 'UTC'

    def set_clock(self, when):
        then = calendar.timegm(time.strptime(when, '%Y-%m-%d %H:%M'))
        self.trouble['seconds'] = int(then - time.time())

    def environment(self, **more):
        return dict(self.trouble.environment(), TZ=self.zone, **more)

    def capsule(self, *arguments, **popen):
        popen.setdefault('env', self.environment())
        return subprocess.run(
            [CAPSULE, *arguments], check=False, cwd=self.folder,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, timeout=DEADLINE_S, text=True, **popen)

    def done(self, *arguments, **popen):
        """Runs the tool, which succeeds; returns both of its outputs."""
        done = self.capsule(*arguments, **popen)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout, done.stderr

    def refused(self, *arguments, says, status=1, **popen):
        """The tool fails with one line, and changes no file."""
        before = files_of(self.folder)
        done = self.capsule(*arguments, **popen)
        self.assertEqual((done.returncode, done.stdout), (status, ''),
                         done.stderr)
        self.assertEqual(done.stderr.count('\n'), 1, done.stderr)
        self.assertIn(says, done.stderr)
        self.assertEqual(files_of(self.folder), before)

    def problems(self):
        """The problems that `capsule check` reports."""
        done = self.capsule('check', self.tree)
        return [line for line in done.stdout.splitlines()
                if ': note: ' not in line and '.gmi:' in line]

    def read(self, name):
        with open(os.path.join(self.tree, name), encoding='utf-8',
                  newline='') as file:
            return file.read()

    def moments(self, field):
        """Prepares a run for each change, at which `field` takes effect."""
        saved = os.path.join(self.folder, 'saved')
        shutil.copytree(self.tree, saved, symlinks=True)
        self.trouble['changes'] = 0
        self.run_once()
        moments = self.trouble['changes']
        self.assertGreater(moments, 4)
        for moment in range(1, moments + 1):
            shutil.rmtree(self.tree)
            shutil.copytree(saved, self.tree, symlinks=True)
            self.trouble['changes'] = 0
            self.trouble[field] = moment
            with self.subTest(moment=moment):
                yield files_of(saved), self.run_once()
        shutil.rmtree(saved)
