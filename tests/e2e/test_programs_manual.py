"""The commands of capsuled-programs(7), in their order.

The server is installed as by capsuled-server(7). In place of systemctl, the
test starts the command lines of the unit with its additions, and php-fpm.
"""

import glob
import hashlib
import os
import re
import ssl
import unittest

from build import TOP
from machine import Machine, with_machine
from manual import manual_examples
from server import Process, as_root, wait_until
from test_server_manual import LEFT_OUT, Operator, Unit
from test_server_manual import MANUAL as SERVER_MANUAL

MANUAL = os.path.join(TOP, 'src', 'capsuled-programs.7')
# Debian 13 has another version in the name of each file.
PHP_FPM, = glob.glob('/usr/sbin/php-fpm8.*')
PHP_VERSION = PHP_FPM[len('/usr/sbin/php-fpm'):]

# A method of ProgramsManual for each example of the page.
STEPS = (
    ('A first program', 'install'),
    ('A first program', 'write_program'),
    ('A guestbook', 'install_guestbook'),
    ('A guestbook', 'sign'),
    ('A guestbook', 'remove_entries'),
    ('PHP', 'run_php'),
    ('A part for authors', 'make_part'),
    ('Enroll an author', 'ask_as_stranger'),
    ('Enroll an author', 'upload'),
    ('Edit and undo', 'edit'),
    ('Edit and undo', 'undo'),
    ('Publish a folder', 'publish'),
)


class Steps(unittest.TestCase):
    def test_each_example_has_a_step(self):
        self.assertEqual(
            [commands[0].section for commands in manual_examples(MANUAL)],
            [section for section, _ in STEPS])


@as_root
@with_machine
class ProgramsManual(Operator, unittest.TestCase):
    manual, steps = MANUAL, STEPS
    left_out = re.compile(LEFT_OUT.pattern + '|flock ')

    def setUp(self):
        self.machine = Machine(self, ('example.org', 'www.example.org'))
        self.unit = Unit(self.machine, self.machine.path(
            'etc/systemd/system/capsuled.service'))
        self.addCleanup(self.unit.kill)
        for commands in manual_examples(SERVER_MANUAL):
            if commands[0].section == 'Install without the package':
                super().install(commands)
            elif commands[0].section == 'Give it a name':
                self.run_lines(commands)

    def systemctl(self, text):
        if 'php' in text:
            self.start_php()
        elif not text.endswith(' daemon-reload'):
            super().systemctl(text)

    def start_php(self):
        self.machine.run('mkdir -p /run/php')
        php = Process([], self.machine.enter('/') + [
            PHP_FPM, '--nodaemonize', '--fpm-config',
            '/etc/php/%s/fpm/php-fpm.conf' % PHP_VERSION])
        self.addCleanup(php.child.wait)
        self.addCleanup(php.child.terminate)
        wait_until(lambda: os.path.exists(
            self.machine.path('run/php/capsule.sock')), 'php-fpm')

    def run_line(self, text, directory=None):
        return super().run_line(text.replace('8.2', PHP_VERSION), directory)

    def install(self, commands):
        self.run_lines(commands)

    def write_program(self, commands):
        page, menu = self.run_lines(commands)[-2:]
        self.assertEqual(page.replace('\r', ''), '''\
20 text/gemini
# Hello
This is GEMINI for 127.0.0.1.
=> /cgi-bin/hello/more More
''')
        self.assertIn('iThis is GOPHER for 127.0.0.1.\t', menu)
        self.assertIn('1More\t/cgi-bin/hello/more\texample.org\t70\n', menu)

    def install_guestbook(self, commands):
        self.run_lines(commands)
        self.assertIn('Guestbook\n', self.gemini('gemini://example.org/'))
        menu = self.run_line(
            'curl -s gopher://example.org/1/cgi-bin/guestbook')
        self.assertIn('7Sign the guestbook\t/cgi-bin/guestbook/sign\t', menu)
        self.assertRegex(
            self.gemini('gemini://example.org/cgi-bin/guestbook/sign'),
            r'\A10 Your name and a few words\r?\n')

    def sign(self, commands):
        signed, menu, page = self.run_lines(commands)
        self.assertRegex(signed, r'\A30 /cgi-bin/guestbook\r?\n\Z')
        for text in ('> Ada was here', '> Hello from Gopher'):
            self.assertIn('i%s\t' % text, menu)
            self.assertIn('\n%s\n' % text, page)
        data = self.machine.path('lib/guestbook')
        self.assertEqual(sorted(os.listdir(data)),
                         ['entries', 'lock', 'today'])

    def remove_entries(self, commands):
        """With another editor."""
        command, = commands
        self.run_line('env ' + command.text.replace(
            'editor ', 'sed -i /Ada/d '))
        page = self.gemini('gemini://example.org/cgi-bin/guestbook')
        self.assertNotIn('Ada', page)
        self.assertIn('\n> Hello from Gopher\n', page)

    def run_php(self, commands):
        page, menu = self.run_lines(commands)[-2:]
        self.assertRegex(
            page, r'\A20 text/gemini\r?\n# PHP 8\.\d+\.\d+.*\n'
            r'You asked for /some/page\n\Z')
        self.assertRegex(menu, r'\AiPHP 8\..*\n')
        self.assertIn('iYou asked for /some/page\t', menu)

    def make_part(self, commands):
        self.run_lines(commands)

    def ask_as_stranger(self, commands):
        answer = self.run_lines(commands)[-1]
        self.assertRegex(answer, r'\A61 ')
        with open(self.machine.path('home/alice.crt'),
                  encoding='ascii') as file:
            own = hashlib.sha256(
                ssl.PEM_cert_to_DER_cert(file.read())).hexdigest()
        self.assertIn(own, answer.lower().replace(':', ''))
        self.assertEqual(os.listdir(
            self.machine.path('lib/capsuled/capsule/notes')), [])

    def upload(self, commands):
        enroll, upload, read = (command.text for command in commands)
        self.run_line(enroll)
        wait_until(lambda: self.run_line(upload).startswith('30 '),
                   'the answer 30')
        self.assertRegex(self.run_line(read), r'\AiMy first note\t')
        self.assertRegex(self.gemini('gemini://example.org/notes/first.gmi'),
                         r'\A20 text/gemini.*\r?\n# My first note\n\Z')

    def edit(self, commands):
        source, _, changed = self.run_lines(commands)
        self.assertRegex(source, r'\A20 text/gemini.*\r?\n# My first note\n\Z')
        self.assertRegex(
            changed, r'\A30 gemini://example\.org/notes/first\.gmi\r?\n\Z')
        self.assertIn('# My 1st note\n', self.gemini(
            'gemini://example.org/notes/first.gmi'))
        # The page has changed since.
        self.assertRegex(self.run_line(commands[-1].text), r'\A59 ')

    def undo(self, commands):
        self.assertRegex(self.run_lines(commands)[-1], r'\AiMy first note\t')

    def publish(self, commands):
        self.assertIn('# Second note\n', self.run_lines(commands)[-1])


if __name__ == '__main__':
    unittest.main()
