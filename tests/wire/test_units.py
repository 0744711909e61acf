"""The unit files, checked by the tools of systemd without running them."""

import os
import re
import shutil
import subprocess
import unittest

from build import CAPSULED, TOP
from server import new_directory

UNITS = os.path.join(TOP, 'src', 'packaging', 'debian')
NAMES = ('capsuled.service', 'capsuled.socket', 'capsuled-gopher.socket')
LOADED = 'capsuled.service.d'


class Units(unittest.TestCase):
    def setUp(self):
        self.directory = new_directory()
        self.addCleanup(shutil.rmtree, self.directory)
        for name in NAMES:
            with open(os.path.join(UNITS, name), encoding='utf-8') as file:
                text = file.read()
            # systemd-analyze checks that these programs exist.
            text = text.replace('/usr/sbin/capsuled', CAPSULED)
            text = text.replace('/bin/kill', '/bin/sh')
            with open(os.path.join(self.directory, name), 'w',
                      encoding='utf-8') as file:
                file.write(text)

    def use(self, name):
        """A drop-in that an operator copies."""
        os.makedirs(os.path.join(self.directory, LOADED), exist_ok=True)
        shutil.copy(os.path.join(UNITS, name),
                    os.path.join(self.directory, LOADED))

    def use_sockets(self):
        self.use('socket.conf')

    def analyze(self, *arguments):
        return subprocess.run(
            ['systemd-analyze', *arguments], cwd=self.directory,
            capture_output=True, text=True,
            env=dict(os.environ, SYSTEMD_UNIT_PATH=self.directory + ':'))

    def exposure(self):
        done = self.analyze('security', '--offline=true', '--no-pager',
                            './capsuled.service')
        return float(re.search(r'exposure level for capsuled.service: (\S+)',
                               done.stdout)[1])

    def test_exposure(self):
        self.assertLessEqual(self.exposure(), 1.6)

    def test_exposure_with_the_sockets(self):
        self.use_sockets()
        self.assertLessEqual(self.exposure(), 1.2)

    def verify(self):
        done = self.analyze('verify', '--man=no', '--recursive-errors=no', *(
            './' + name for name in NAMES))
        return done.returncode, done.stderr

    def test_syntax(self):
        self.assertEqual(self.verify(), (0, ''))
        self.use_sockets()
        self.assertEqual(self.verify(), (0, ''))

    def test_programs_and_uploads(self):
        """The drop-ins are those of the manual."""
        with open(os.path.join(TOP, 'src', 'capsuled-programs.7'),
                  encoding='utf-8') as file:
            manual = file.read()
        for name, shown in ('cgi', 'cgi'), ('uploads', 'notes'):
            with open(os.path.join(UNITS, name + '.conf'),
                      encoding='utf-8') as file:
                text = file.read()
            start = text.index('[Service]')
            self.assertIn("/%s.conf <<'END'\n%sEND\n" % (
                shown, text[start:]), manual)
            self.use(name + '.conf')
            self.assertEqual(self.verify(), (0, ''))

    def test_a_fault_is_found(self):
        with open(os.path.join(self.directory, NAMES[0]), 'a',
                  encoding='utf-8') as file:
            file.write('[Service]\nProtectHat=yes\n')
        self.assertIn("'ProtectHat'", self.verify()[1])
