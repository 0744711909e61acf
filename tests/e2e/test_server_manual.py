"""The commands of capsuled-server(7), in their order.

Each one is run, unless it needs systemd, a firewall, a package or another
machine. In place of systemctl, the test starts the command lines of the unit.
"""

import glob
import hashlib
import os
import re
import shutil
import signal
import ssl
import subprocess
import unittest

from build import DEADLINE_S, INSTRUMENTED, TOP
from machine import Machine, with_machine
from manual import manual_examples
from server import SEES_INSIDE, Process, process_name, wait_until

MANUAL = os.path.join(TOP, 'src', 'capsuled-server.7')
HOSTS = ('localhost', 'example.org', 'www.example.org', 'capsule.example.org',
         'garden.example.org')
# Commands that a test cannot run: packages, systemd, a firewall, another machine,
# and a second build.
LEFT_OUT = re.compile(
    'make deps |apt |systemctl |journalctl |nft |ufw |scp ' +
    # The machine of the test has no other user.
    ('' if SEES_INSIDE else '|useradd '))
# Install the build of the test.
INSTALL = 'make -o all B=%s install'
# This machine takes the part of other machines.
REMOTE = 'root@example.org:'
# For builds with sanitizers that do not work in the sandbox.
UNJAILED = '#!/bin/sh\nexec /usr/local/sbin/capsuled-real -o jail=off "$@"\n'


# A method of Operator for each example of the page.
STEPS = (
    ('Install the package', 'install_package'),
    ('Install without the package', 'install'),
    ('Read the first page', 'read_first_page'),
    ('Read the first page', 'see_the_log'),
    ('Give it a name', 'see_addresses'),
    ('Give it a name', 'name'),
    ('Give it a name', 'read_by_name'),
    ('Ports and firewall', 'take_no_part'),
    ('The user and the unit', 'list_processes'),
    ('The user and the unit', 'take_no_part'),
    ('The user and the unit', 'take_no_part'),
    ('Publish pages', 'publish'),
    ('Publish pages', 'publish_at_once'),
    ('Publish pages', 'mirror'),
    ('Publish the fingerprint', 'see_fingerprint'),
    ('Back up the key', 'back_up'),
    ('Back up the key', 'restore'),
    ('Add a name', 'add_name'),
    ('Change the key', 'change_key'),
    ('A part for some readers', 'make_private'),
    ('A part for some readers', 'ask_as_stranger'),
    ('A part for some readers', 'let_in'),
    ('Add a capsule', 'add_capsule'),
    ('Watch the server', 'watch'),
    ('Move to another machine', 'leave'),
    ('Move to another machine', 'arrive'),
    ('Update and remove', 'update'),
    ('Update and remove', 'remove'),
)


class Unit:
    """The service of a machine, as systemd would run it."""

    def __init__(self, machine, file):
        self.machine, self.file = machine, file
        self.process = None

    def values(self, key):
        """Of the unit and its drop-ins; an empty one removes those before."""
        values = []
        for path in [self.file, *sorted(glob.glob(self.file + '.d/*.conf'))]:
            with open(path, encoding='ascii') as file:
                for value in re.findall('^%s=(.*)$' % key, file.read(), re.M):
                    values = values + [value] if value else []
        return values

    def program(self, line):
        """The arguments that run a command line of the unit."""
        directory, = self.values('WorkingDirectory')
        command = self.machine.enter(directory)
        if SEES_INSIDE:
            user = self.values('User')[-1]
            bound, ambient = (
                ','.join(['-all'] + ['+' + name.lower()[len('cap_'):]
                                     for name in ' '.join(values).split()])
                for values in (self.values('CapabilityBoundingSet'),
                               self.values('AmbientCapabilities')))
            command += ['setpriv', '--reuid', user, '--regid', user,
                        '--init-groups', '--no-new-privs', '--bounding-set',
                        bound, '--inh-caps', ambient,
                        '--ambient-caps', ambient]
        umask, = self.values('UMask')
        return [*command, 'sh', '-c', 'umask %s; exec %s' % (umask, line)]

    def start(self):
        if self.process is None:
            self.make_directories('State', '/var/lib')
            self.make_directories('Runtime', '/run')
            line, = self.values('ExecStart')
            self.process = Process([], self.program(line),
                                   env=self.machine.environment)
            self.process.wait_for_line('^info ready ')

    def make_directories(self, kind, place):
        user = self.values('User')[-1]
        names = self.values(kind + 'Directory')
        mode = (self.values(kind + 'DirectoryMode') or ['0755'])[0]
        for name in ' '.join(names).split():
            self.machine.run('install -d -m %s -o %s -g %s %s/%s' % (
                mode, user, user, place, name))

    def stop(self):
        """Returns the exit status."""
        process, self.process = self.process, None
        process.signal(signal.SIGTERM)
        return process.wait()

    def reload(self):
        """Returns the output of the first line that fails, or nothing."""
        since = len(self.process.lines)
        for line in self.values('ExecReload'):
            # There is no service manager that hears it.
            if 'systemd-notify' in line:
                continue
            done = subprocess.run(
                self.program(line), stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
                timeout=DEADLINE_S, text=True,
                env=dict(self.machine.environment,
                         MAINPID=str(self.process.pid)))
            if done.returncode != 0:
                return done.stdout
        self.process.wait_for_line('^info reloaded', since)
        return None

    def kill(self):
        if self.process is not None:
            self.process.child.kill()
            self.process.child.wait()


def hash_of(text):
    """The first SHA-256 of a text, without colons, in lower case."""
    return re.search(r'\b([0-9A-Fa-f]{2}:?){32}\b', text)[0].replace(
        ':', '').lower()


class Steps(unittest.TestCase):
    def test_each_example_has_a_step(self):
        self.assertEqual(
            [commands[0].section for commands in manual_examples(MANUAL)],
            [section for section, _ in STEPS])


class Operator:
    """A test case with a `machine` and its `unit`."""

    manual, steps = MANUAL, STEPS
    left_out = LEFT_OUT

    def run_line(self, text, directory=None):
        """The output of the command; the test does the part of systemctl."""
        if text.startswith('systemctl '):
            self.systemctl(text)
        if self.left_out.match(text):
            return None
        done = self.machine.run(text.replace(REMOTE, ''), directory)
        self.assertEqual(done.returncode, 0, '%s\n%s%s' % (
            text, done.stdout, done.stderr))
        return done.stdout

    def run_lines(self, commands):
        return [self.run_line(command.text) for command in commands]

    def systemctl(self, text):
        verb = text.split()[1]
        if verb in ('stop', 'restart'):
            self.assertEqual(self.unit.stop(), 0)
        if verb in ('enable', 'restart', 'start'):
            self.unit.start()
        if verb == 'reload':
            self.assertIsNone(self.unit.reload())

    def gemini(self, url):
        """The answer over Gemini, as text."""
        host = url.split('/')[2]
        return self.machine.run(
            "printf '%s\\r\\n' | openssl s_client -quiet -connect %s:1965 "
            '2>/dev/null' % (url, host)).stdout

    def served_hash(self, name='example.org'):
        """The hash of the certificate that clients get."""
        return hash_of(self.machine.run(
            'openssl s_client -connect %s:1965 </dev/null 2>/dev/null | '
            'openssl x509 -noout -fingerprint -sha256' % name).stdout)

    def served_key(self, name='example.org'):
        return self.machine.run(
            'openssl s_client -connect %s:1965 </dev/null 2>/dev/null | '
            'openssl x509 -noout -pubkey' % name).stdout

    def test_each_command(self):
        for commands, (_, step) in zip(manual_examples(self.manual),
                                       self.steps):
            getattr(self, step)(commands)
        self.assertEqual(self.unit.stop(), 0)

    def take_no_part(self, commands):
        """Packages and firewalls."""
        self.assertEqual(set(self.run_lines(commands)), {None})

    install_package = update = remove = take_no_part

    def install(self, commands):
        for command in commands:
            text = command.text
            if text == 'make install':
                text = INSTALL % self.machine.path('build')
            self.run_line(text, self.machine.path('sources'))
            if command.text == 'make install' and INSTRUMENTED:
                self.unjail()
        self.package = [command for command in commands
                        if re.match('install|capsule|systemctl', command.text)]
        self.assertIn('capsuled-keys', self.running())

    def unjail(self):
        program = self.machine.path('local/sbin/capsuled')
        os.rename(program, program + '-real')
        with open(program, 'w', encoding='ascii') as file:
            file.write(UNJAILED)
        os.chmod(program, 0o755)

    def running(self):
        """The names of the processes of the server."""
        return [process_name(pid) for pid in self.unit.process.children()]

    def read_first_page(self, commands):
        page, menu, *_ = self.run_lines(commands[:2])
        self.assertRegex(page, r'\A20 text/gemini.*\r?\n# Welcome\n')
        self.assertRegex(menu, r'\AiWelcome\t')

    def see_the_log(self, commands):
        self.take_no_part(commands)
        self.unit.process.wait_for_line('^info gemini status=20 path=/ ')

    def see_addresses(self, commands):
        self.assertRegex(self.run_line(commands[0].text), r'\A127\.0\.0\.1 ')

    def name(self, commands):
        checked = self.run_lines(commands)[1]
        self.assertIn('names: example.org, www.example.org\n', checked)
        self.assertIn('example.org.crt would be made\n', checked)
        self.assertIn(' name=example.org ', self.unit.process.log.text())
        self.assertRegex(self.unit.process.log.text(),
                         r'info ready gemini=\[::\]:1965 gopher=\[::\]:70 ')
        self.refuse_a_wrong_configuration()

    def refuse_a_wrong_configuration(self):
        """The reload fails, and the server keeps the old configuration."""
        path = self.machine.path('etc/capsuled/capsuled.conf')
        with open(path, encoding='ascii') as file:
            good = file.read()
        with open(path, 'a', encoding='ascii') as file:
            file.write('nonsense = 1\n')
        self.assertIn('nonsense', self.unit.reload())
        self.assertRegex(self.gemini('gemini://example.org/'), r'\A20 ')
        with open(path, 'w', encoding='ascii') as file:
            file.write(good)

    def read_by_name(self, commands):
        page, menu = self.run_lines(commands)
        self.assertRegex(page, r'\A20 text/gemini.*\r?\n# Welcome\n')
        self.assertIn('\texample.org\t70\n', menu.replace('\r', ''))

    def list_processes(self, commands):
        listed = self.run_lines(commands)[0]
        for process in self.unit.process.children():
            self.assertRegex(listed, r'(?m)^ *%d ' % process)

    def publish(self, commands):
        self.run_lines(commands)
        self.machine.run("echo '# New' >mycapsule/new.gmi")
        self.run_line(commands[-1].text)
        self.assertIn('# New\n', self.gemini('gemini://example.org/new.gmi'))

    def publish_at_once(self, commands):
        self.machine.run("echo '# Newer' >mycapsule/new.gmi")
        for command in commands:
            self.run_line(command.text)
            if command.text.startswith('rsync '):
                self.assertIn('# New\n', self.gemini(
                    'gemini://example.org/new.gmi'))
        self.assertIn('# Newer\n', self.gemini('gemini://example.org/new.gmi'))
        self.assertEqual(
            [name for name in os.listdir(self.machine.path('lib/capsuled'))
             if name.startswith('capsule')], ['capsule'])

    def mirror(self, commands):
        # The index follows an edit after a moment.
        newer = hashlib.sha256(b'# Newer\n').hexdigest()
        wait_until(lambda: newer in self.gemini(
            'gemini://example.org/manifest'), 'the manifest of the new folder')
        self.run_lines(commands)
        with open(self.machine.path('home/copy/new.gmi'),
                  encoding='ascii') as file:
            self.assertEqual(file.read(), '# Newer\n')

    def see_fingerprint(self, commands):
        first, checked = self.run_lines(commands)
        self.assertEqual(hash_of(first), self.served_hash())
        self.assertIn('\nsha256: %s\nkey_sha256: ' % self.served_hash(),
                      checked)

    def back_up(self, commands):
        self.run_lines(commands)
        copy = os.stat(self.machine.path('home/capsuled-certs.tar.gz'))
        self.assertEqual(copy.st_mode & 0o777, 0o600)

    def restore(self, commands):
        before = self.served_hash()
        shutil.rmtree(self.machine.path('lib/capsuled/certs'))
        self.unit.stop()
        self.unit.start()
        self.assertNotEqual(self.served_hash(), before)
        self.run_lines(commands)
        self.assertEqual(self.served_hash(), before)

    def add_name(self, commands):
        before, key = self.served_hash(), self.served_key()
        checked = self.run_lines(commands)[1]
        self.assertIn('warning: ', checked)
        self.assertNotEqual(self.served_hash(), before)
        self.assertEqual(self.served_key(), key)
        self.assertRegex(self.gemini('gemini://capsule.example.org/'),
                         r'\A20 ')

    def change_key(self, commands):
        plan, now, reload = (command.text for command in commands)
        key = self.served_key()
        self.run_line(plan)
        self.assertIn('fingerprint', self.gemini(
            'gemini://example.org/.well-known/gemini-key.gmi'))
        early = self.machine.run(now)
        self.assertEqual(early.returncode, 1, early.stdout)
        self.assertIn('the change is planned for ', early.stderr)
        self.run_line(reload)
        self.assertEqual(self.served_key(), key)
        self.run_line(now.replace('--now', '--now --force'))
        self.run_line(reload)
        self.assertNotEqual(self.served_key(), key)

    def make_private(self, commands):
        self.run_lines(commands)
        self.assertRegex(self.gemini('gemini://example.org/private/'),
                         r'\A60 ')

    def ask_as_stranger(self, commands):
        answer = self.run_lines(commands)[-1]
        self.assertRegex(answer, r'\A61 ')
        with open(self.machine.path('home/alice.crt'),
                  encoding='ascii') as file:
            own = hashlib.sha256(
                ssl.PEM_cert_to_DER_cert(file.read())).hexdigest()
        self.assertEqual(hash_of(answer), own)

    def let_in(self, commands):
        add, self.enter_private = (command.text for command in commands)
        self.run_line(add)
        wait_until(lambda: self.run_line(self.enter_private).startswith(
            '20 text/gemini'), 'the answer 20')
        self.assertIn('# For friends\n', self.run_line(self.enter_private))

    def add_capsule(self, commands):
        before = self.served_hash()
        page = self.run_lines(commands)[-1]
        self.assertRegex(page, r'\A20 text/gemini.*\r?\n# My capsule\n')
        self.assertEqual(self.served_hash(), before)
        self.assertNotEqual(self.served_hash('garden.example.org'), before)
        self.assertRegex(self.gemini('gemini://example.org/private/'),
                         r'\A60 ')
        self.assertIn('# For friends\n', self.run_line(self.enter_private))

    def watch(self, commands):
        lines = dict(line.split('=', 1)
                     for line in self.run_lines(commands)[-1].splitlines())
        self.assertEqual(lines['hosts'], '2')
        self.assertGreater(
            int(lines['host.example.org.certificate_days']), 36000)

    def leave(self, commands):
        # A page of the package that the author does not want.
        os.unlink(self.machine.path('lib/capsuled/capsule/about.gmi'))
        self.run_lines(commands)
        self.old = self.moved()
        self.unit.stop()
        for name in ('etc/capsuled', 'lib/capsuled'):
            shutil.rmtree(self.machine.path(name))
        self.install_anew()
        self.assertNotEqual(self.served_hash('localhost'), self.old[0])

    def install_anew(self):
        """The same on another machine, without the build."""
        for command in self.package:
            self.run_line(command.text, self.machine.path('sources'))

    def arrive(self, commands):
        self.run_lines(commands)
        self.assertEqual(self.moved(), self.old)
        self.assertIn('# Newer\n', self.gemini('gemini://example.org/new.gmi'))

    def moved(self):
        """Certificates and pages are the same on both machines."""
        return (self.served_hash(), self.served_hash('garden.example.org'),
                self.machine.run('cd /var/lib/capsuled && find capsule garden '
                                 '-type f -exec sha256sum {} + | sort').stdout)


@with_machine
class Manual(Operator, unittest.TestCase):
    def setUp(self):
        self.machine = Machine(self, HOSTS)
        self.unit = Unit(self.machine, self.machine.path(
            'etc/systemd/system/capsuled.service'))
        self.addCleanup(self.unit.kill)


if __name__ == '__main__':
    unittest.main()
