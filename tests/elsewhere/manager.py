"""Runs the units of capsuled as systemd does, apart from the sandbox.

A command `systemctl`, which comes first in the PATH of maintainer scripts, asks
this process to start and stop them.
"""

import fcntl
import glob
import json
import os
import pwd
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time

DEADLINE_S = 120
LOG = '/var/log/capsuled-test'
NOTIFY = '/run/capsuled-notify'
CONTROL = '/run/capsuled-control'
PATH = '/usr/sbin:/usr/bin:/sbin:/bin'
COMMANDS = '/root/commands'

# A program that puts its sockets where sd_listen_fds(3) expects them.
WITH_SOCKETS = '''
import os, sys
numbers = [int(word) for word in sys.argv[1].split(',')]
for target, number in enumerate(numbers, 3):
    os.dup2(number, target)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(numbers)))
os.execvp(sys.argv[2], sys.argv[2:])
'''
# The real systemctl does the commands that only change files.
SYSTEMCTL = '''#!/usr/bin/python3
import json, os, socket, sys
verbs = [word for word in sys.argv[1:] if not word.startswith('-')]
if verbs[0] in ('preset', 'enable', 'disable'):
    os.environ['SYSTEMD_OFFLINE'] = '1'
    os.execv('/usr/bin/systemctl', sys.argv)
manager = socket.socket(socket.AF_UNIX)
manager.connect(%r)
manager.sendall(json.dumps(sys.argv[1:]).encode() + b'\\n')
status, text = json.loads(manager.makefile().read())
print(text)
sys.exit(status)
''' % CONTROL


def run(*command, **options):
    return subprocess.run(command, stdout=subprocess.PIPE, text=True,
                          stderr=subprocess.STDOUT, check=True,
                          timeout=DEADLINE_S, **options).stdout


def wait_until(question, what):
    end = time.monotonic() + DEADLINE_S
    while not question():
        assert time.monotonic() < end, 'no %s' % what
        time.sleep(0.05)


class Unit:
    """The settings of an installed unit: a list of values for each key."""

    def __init__(self, name):
        self.settings = {}
        path = next(path for path in ('/usr/lib/systemd/system/' + name,
                                      '/lib/systemd/system/' + name)
                    if os.path.exists(path))
        with open(path, encoding='utf-8') as file:
            for line in file:
                key, equals, value = line.strip().partition('=')
                if equals and not key.startswith('#'):
                    self.settings.setdefault(key, []).append(value)

    def all(self, key):
        return self.settings.get(key, [])

    def one(self, key):
        values = self.all(key)
        assert len(values) == 1, (key, values)
        return values[0]


class Service:
    """capsuled.service; with sockets, its first client starts it."""

    def __init__(self):
        self.process = self.unit = self.user = None
        self.ready = 0
        # Called at a stop, when the service has the signal.
        self.when_stopping = lambda: None
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.bind(NOTIFY)
        os.chmod(NOTIFY, 0o777)
        threading.Thread(target=self.hear, daemon=True).start()

    def hear(self):
        """Counts the READY=1 of the service, as long as this test runs."""
        while True:
            if b'READY=1' in self.notify.recv(4096).split(b'\n'):
                self.ready += 1

    def wait_ready(self, before):
        wait_until(lambda: self.ready > before or not self.runs(), 'READY=1')
        assert self.runs(), 'the service ended'

    def runs(self):
        return self.process is not None and self.process.poll() is None

    def make_directories(self):
        for name in self.unit.one('StateDirectory').split():
            path = os.path.join('/var/lib', name)
            os.makedirs(path, exist_ok=True)
            os.chmod(path, int(self.unit.one('StateDirectoryMode'), 8))
            for owned in [path] + glob.glob(path + '/*'):
                os.chown(owned, self.user.pw_uid, self.user.pw_gid)

    def command(self, line, launcher=()):
        capabilities = ','.join(
            '+' + name[len('CAP_'):].lower()
            for name in self.unit.one('AmbientCapabilities').split())
        line = line.replace('$MAINPID', str(self.process and self.process.pid))
        return ['setpriv', '--reuid', self.user.pw_name, '--regid',
                str(self.user.pw_gid), '--init-groups', '--no-new-privs',
                '--inh-caps=-all,' + capabilities,
                '--ambient-caps=-all,' + capabilities,
                '--bounding-set=-all,' + capabilities,
                *launcher, *shlex.split(line)]

    def options(self):
        return {'cwd': self.unit.one('WorkingDirectory'),
                'umask': int(self.unit.one('UMask'), 8),
                'env': {'PATH': PATH, 'NOTIFY_SOCKET': NOTIFY}}

    def start(self, sockets=()):
        self.unit = Unit('capsuled.service')
        self.user = pwd.getpwnam(self.unit.one('User'))
        assert self.unit.one('Type') == 'notify'
        self.make_directories()
        options, before = self.options(), self.ready
        for line in self.unit.all('ExecStartPre'):
            run(*self.command(line), **options)
        if sockets:
            numbers = [fcntl.fcntl(listener, fcntl.F_DUPFD, 100)
                       for listener in sockets]
            options['pass_fds'] = numbers
            command = [sys.executable, '-c', WITH_SOCKETS,
                       ','.join(map(str, numbers)), *self.command(
                           self.unit.one('ExecStart'),
                           ['systemd-socket-activate', '-E', 'NOTIFY_SOCKET',
                            '--fdname=gemini:gopher'])]
        else:
            command = self.command(self.unit.one('ExecStart'))
        with open(LOG, 'ab') as log:
            self.process = subprocess.Popen(command, stderr=log,
                                            stdin=subprocess.DEVNULL,
                                            stdout=log, **options)
        for number in options.get('pass_fds', ()):
            os.close(number)
        if not sockets:
            self.wait_ready(before)

    def reload(self):
        before = self.ready
        for line in self.unit.all('ExecReload'):
            run(*self.command(line), **self.options())
        self.wait_ready(before)

    def stop(self):
        """As KillMode=mixed does at first."""
        if not self.runs():
            return
        assert self.unit.one('KillMode') == 'mixed'
        self.process.send_signal(signal.SIGTERM)
        self.when_stopping()
        status = self.process.wait(int(self.unit.one('TimeoutStopSec')))
        assert status == 0, status

    def processes(self):
        """{process id: name} of the master, and of its children."""
        found = {}
        for path in glob.glob('/proc/[0-9]*/stat'):
            try:
                with open(path, encoding='utf-8') as file:
                    number, rest = file.read().split(' (', 1)
            except OSError:
                continue
            name, rest = rest.rsplit(') ', 1)
            if self.process.pid in (int(number), int(rest.split()[1])):
                found[int(number)] = name
        return found


class Manager:
    """Executes the commands of systemctl, and records them."""

    def __init__(self):
        self.service, self.sockets, self.asked = Service(), {}, []
        os.makedirs('/run/systemd/system', exist_ok=True)
        os.makedirs(COMMANDS, exist_ok=True)
        with open(COMMANDS + '/systemctl', 'w', encoding='utf-8') as file:
            file.write(SYSTEMCTL)
        os.chmod(COMMANDS + '/systemctl', 0o755)
        self.control = socket.socket(socket.AF_UNIX)
        self.control.bind(CONTROL)
        self.control.listen()
        threading.Thread(target=self.obey, daemon=True).start()

    def obey(self):
        while True:
            caller, _ = self.control.accept()
            with caller:
                words = json.loads(caller.makefile().readline())
                words = [word for word in words if not word.startswith('--')]
                try:
                    answer = self.systemctl(words[0], words[1:])
                # The caller fails, and so does the test.
                except Exception as error:
                    answer = (1, 'manager: %r' % error)
                caller.sendall(json.dumps(answer).encode())

    def systemctl(self, verb, units):
        """The exit status and the output of a command."""
        if verb == 'is-enabled':
            links = glob.glob('/etc/systemd/system/*.wants/' + units[0])
            return (0, 'enabled') if links else (1, 'disabled')
        if verb == 'is-active':
            runs = units[0] in self.sockets or (
                units[0] == 'capsuled.service' and self.service.runs())
            return (0, 'active') if runs else (3, 'inactive')
        if verb in ('start', 'stop', 'restart', 'reload'):
            self.asked.append((verb, *units))
            for unit in units:
                self.change(verb, unit)
        elif verb != 'daemon-reload':
            return 1, 'manager: cannot ' + verb
        return 0, ''

    def change(self, verb, unit):
        if unit == 'capsuled.service':
            if verb == 'reload':
                self.service.reload()
            if verb in ('stop', 'restart'):
                self.service.stop()
            if verb in ('start', 'restart'):
                self.service.start(tuple(self.sockets.values()))
        elif verb == 'stop':
            listener = self.sockets.pop(unit, None)
            if listener is not None:
                listener.close()
        else:
            settings = Unit(unit)
            assert settings.one('Service') == 'capsuled.service'
            self.sockets[unit] = socket.create_server(
                ('::', int(settings.one('ListenStream'))), backlog=4096,
                family=socket.AF_INET6, dualstack_ipv6=True)
