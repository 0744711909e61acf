"""Operates a package of capsuled by the commands of capsuled-server(7).

    by_manual.py OLD.deb NEW.deb

NEW.deb is OLD.deb with a higher version.  Run by tests/elsewhere/package, as
root, in a system without systemd and with loopback as the only network.
"""

import os
import re
import shutil
import subprocess
import sys
import unittest

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [os.path.join(TESTS, 'wire'), os.path.join(TESTS, 'e2e')]

# pylint: disable=wrong-import-position
from build import TOP
from machine import Machine
from test_server_manual import HOSTS, Operator, Unit

OLD, NEW = sys.argv[1:]
PACKAGES = os.path.join(TOP, 'build', 'deb')
PLACES = {'etc': '/etc', 'lib': '/var/lib', 'home': '/root/manual',
          'sources': TOP}


class Here(Machine):
    """This system."""

    def __init__(self):
        os.makedirs(self.path('home'), exist_ok=True)
        self.environment = dict(os.environ, HOME=self.path('home'))
        with open('/etc/hosts', 'a', encoding='ascii') as file:
            file.write('127.0.0.1 %s\n' % ' '.join(HOSTS))
        with open('/etc/apt/apt.conf.d/99yes', 'w', encoding='ascii') as file:
            file.write('APT::Get::Assume-Yes "true";\n')

    def path(self, name):
        place, _, rest = name.partition('/')
        return os.path.join(PLACES[place], rest)

    def enter(self, directory):
        return ['sh', '-c', 'cd "$0" && exec "$@"', directory]


class Installed(Operator, unittest.TestCase):
    left_out = re.compile(
        'make deps |systemctl |journalctl |nft |ufw |scp ')

    def setUp(self):
        self.machine = Here()
        self.unit = Unit(self.machine,
                         '/lib/systemd/system/capsuled.service')
        self.addCleanup(self.unit.kill)
        # Where systemd does not run, a package starts nothing.
        shutil.rmtree('/run/systemd/system', ignore_errors=True)
        self.clear()

    def clear(self):
        """Nothing is left of an earlier package."""
        subprocess.run(['dpkg', '--purge', 'capsuled'], check=True)
        for path in ('/etc/capsuled', '/var/lib/capsuled'):
            shutil.rmtree(path, ignore_errors=True)

    def built(self, package):
        """The files that `make deb` makes."""
        shutil.rmtree(PACKAGES, ignore_errors=True)
        os.makedirs(PACKAGES)
        shutil.copy(package, os.path.join(PACKAGES, 'capsuled_any.deb'))

    def run_lines(self, commands):
        return [self.run_line(command.text, self.machine.path(
            'sources' if 'build/' in command.text else 'home'))
                for command in commands]

    def install_package(self, commands):
        self.built(OLD)
        self.package = commands
        self.run_lines(commands)
        # As the package does where systemd runs.
        self.unit.start()

    def install(self, commands):
        """Not if the package is installed."""

    def install_anew(self):
        self.clear()
        self.install_package(self.package)

    def update(self, commands):
        before = self.served_hash()
        version = self.machine.run('capsuled --version').stdout
        self.built(NEW)
        self.run_lines(commands)
        self.systemctl('systemctl restart capsuled')
        self.assertNotEqual(self.machine.run('capsuled --version').stdout,
                            version)
        self.assertEqual(self.served_hash(), before)

    def remove(self, commands):
        before = self.served_hash()
        self.unit.stop()
        remove, install = commands
        self.run_lines([remove])
        self.assertEqual(self.machine.run('capsuled --version').returncode,
                         127)
        self.run_lines([install])
        self.unit.start()
        self.assertEqual(self.served_hash(), before)
        self.assertIn('# Newer\n', self.gemini('gemini://example.org/new.gmi'))
        self.assertIn('# For friends\n', self.run_line(self.enter_private))


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1], defaultTest='Installed')
