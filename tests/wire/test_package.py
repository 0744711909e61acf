"""The files of the Debian package match this tree."""

import os
import re
import shutil
import subprocess
import unittest

from build import CAPSULED, DEADLINE_S, TOP
from server import as_root, new_directory, write_tree

PACKAGING = os.path.join(TOP, 'src', 'packaging')
DEBIAN = os.path.join(PACKAGING, 'debian')
CONFIGURATION = os.path.join(TOP, 'src', 'capsuled.conf')


def output(*command, **options):
    return subprocess.run(command, stdout=subprocess.PIPE, check=True,
                          timeout=DEADLINE_S, text=True, **options).stdout


class Package(unittest.TestCase):
    def directory(self):
        path = new_directory()
        self.addCleanup(shutil.rmtree, path)
        return path

    def test_has_the_version_of_the_program(self):
        version = output(CAPSULED, '--version').split()[1]
        rules = output('make', '-n', 'deb', cwd=TOP)
        self.assertIn('src/packaging/changelog %s >' % version, rules)
        changelog = output(os.path.join(PACKAGING, 'changelog'), version)
        self.assertEqual(changelog.splitlines()[0],
                         'capsuled (%s) unstable; urgency=medium' % version)
        self.assertRegex(changelog, r'(?m)^ -- [^<]+ <[^>]+>  '
                         r'\w{3}, \d{2} \w{3} \d{4} [0-9:]{8} \+0000$')

    def test_configuration_is_commented_and_accepted(self):
        directory = self.directory()
        write_tree(directory, {'capsule/index.gmi': '# Home\n'})
        with open(CONFIGURATION, encoding='utf-8') as file:
            lines = file.read().splitlines()
        for line in lines:
            self.assertRegex(line, r'^(#|$)')
        # Without the "#", the settings are those of the manual.
        settings = [line[1:] for line in lines if re.match(r'#\w+ = ', line)]
        self.assertGreater(len(settings), 30)
        write_tree(directory, {'all.conf': '\n'.join(settings) + '\n'})
        for name in (CONFIGURATION, 'all.conf'):
            with self.subTest(name=name):
                self.assertIn('configuration is good',
                              output(CAPSULED, '-t', '-c', name,
                                     '-g', '127.0.0.1:0', '-G', '127.0.0.1:0',
                                     cwd=directory))

    def test_scripts_can_be_parsed(self):
        scripts = [os.path.join(PACKAGING, 'changelog')]
        for folder, _, names in os.walk(DEBIAN):
            for name in names:
                with open(os.path.join(folder, name), 'rb') as file:
                    if file.read(9) == b'#!/bin/sh':
                        scripts.append(file.name)
        self.assertEqual(len(scripts), 1 + 3 + 1)
        for script in scripts:
            output('sh', '-n', script)

    @as_root
    def test_user_and_directories(self):
        root = self.directory()
        write_tree(root, {'etc/passwd': 'root:x:0:0::/root:/bin/sh\n',
                          'etc/group': 'root:x:0:\n',
                          'var/lib/capsuled/certs/localhost.key': 'key\n'})
        # The number of a deleted user.
        key = os.path.join(root, 'var/lib/capsuled/certs/localhost.key')
        os.chown(key, 12345, 12345)
        os.chmod(key, 0o600)
        for tool, kind in (('systemd-sysusers', 'sysusers'),
                           ('systemd-tmpfiles', 'tmpfiles')):
            create = ['--create'] if kind == 'tmpfiles' else []
            output(tool, '--root=' + root, *create,
                   os.path.join(DEBIAN, 'capsuled.' + kind))
        with open(os.path.join(root, 'etc/passwd'), encoding='utf-8') as file:
            entry = next(line.rstrip('\n').split(':') for line in file
                         if line.startswith('_capsuled:'))
        self.assertEqual(entry[5:], ['/var/lib/capsuled', '/usr/sbin/nologin'])
        for name, want in (('', (0o755, 0)),
                           ('certs', (0o700, int(entry[2]))),
                           ('certs/localhost.key', (0o600, int(entry[2]))),
                           ('state', (0o700, int(entry[2])))):
            found = os.stat(os.path.join(root, 'var/lib/capsuled', name))
            self.assertEqual((found.st_mode & 0o777, found.st_uid), want, name)


if __name__ == '__main__':
    unittest.main()
