"""HAProxy in front of servers, and its log line for each connection."""

import os
import re
import shutil
import socket
import subprocess
import threading

from server import DEADLINE_S, new_directory, wait_until

HAPROXY = shutil.which('haproxy', path=os.environ['PATH'] + ':/usr/sbin')

# HAProxy must not time out on a slow machine.
PATIENT = re.compile(r'(timeout \w+) +\w+')
LOG = '''mode tcp
    log unix@./log format raw local0 info
    log-format "client=%ci server=%s "'''


class Log:
    """The log of HAProxy on a datagram socket: one line for a connection."""

    def __init__(self, path):
        self.lines = []
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(path)
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        while True:
            line = self.socket.recv(4096).decode()
            if line == 'end':
                return
            self.lines.append(line)

    def close(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
            end.sendto(b'end', self.socket.getsockname())
        self.thread.join()
        self.socket.close()

    def servers(self):
        """{address of a client: its server} of the connections that ended."""
        found = {}
        for line in list(self.lines):
            match = re.search(r'client=(\S+) server=(\S+) ', line)
            if match:
                found[match[1]] = match[2]
        return found


class HAProxy:
    """A process with this configuration; its admin socket is ./admin."""

    def __init__(self, text):
        self.folder = new_directory()
        text = PATIENT.sub(r'\1 600s', text).replace('mode tcp', LOG)
        with open(self.path('haproxy.cfg'), 'w', encoding='ascii') as file:
            file.write(text)
        self.log = Log(self.path('log'))
        self.child = subprocess.Popen(
            [HAPROXY, '-db', '-f', 'haproxy.cfg'], cwd=self.folder,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE)
        try:
            wait_until(self._answers, 'HAProxy')
        except BaseException:
            self.stop()
            raise

    def path(self, name):
        return os.path.join(self.folder, name)

    def _answers(self):
        if self.child.poll() is not None:
            raise OSError(self.child.stderr.read().decode())
        try:
            return self.tell('show version')
        except OSError:
            return False

    def stop(self):
        self.child.kill()
        self.child.wait()
        self.child.stderr.close()
        self.log.close()
        shutil.rmtree(self.folder)

    def tell(self, command):
        """The answer to a command of the admin socket."""
        with socket.socket(socket.AF_UNIX) as admin:
            admin.settimeout(DEADLINE_S)
            admin.connect(self.path('admin'))
            admin.sendall(command.encode() + b'\n')
            parts = []
            while True:
                some = admin.recv(65536)
                if not some:
                    return b''.join(parts).decode().strip()
                parts.append(some)

    def stat(self, backend, server):
        """{name: value} of a server."""
        names, *lines = self.tell('show stat')[2:].splitlines()
        for line in lines:
            row = dict(zip(names.split(','), line.split(',')))
            if (row['pxname'], row['svname']) == (backend, server):
                return row
        raise KeyError(server)

    def wait_for_state(self, server, state):
        for backend in ('gemini', 'gopher'):
            wait_until(lambda b=backend: self.stat(b, server)['status']
                       .startswith(state), '%s %s' % (server, state))
