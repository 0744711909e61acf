"""What is measured and what measures it: trees, servers, the load.

Everything listens on this machine only and is ended by `Rig.close`.  Each
server has a cgroup of its own where there are cgroups that we may make, so
that its CPU time is exact, with every child it ever had.
"""

import contextlib
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
BUILD = os.path.abspath(os.environ.get('BUILD', os.path.join(TOP, 'build')))
BENCH = os.path.join(BUILD, 'bench')
CAPLOAD = os.path.join(BENCH, 'capload')
FLOOR = os.path.join(BENCH, 'floor')
CAPSULED = os.path.join(BUILD, 'capsuled')
CAPSULED_INSIDE = os.path.join(BUILD, 'bench', 'capsuled-inside')

START_S = 60.0
WORKERS = 2
# For one answer.
PATIENCE_S = 3
NUMBER = re.compile(r'-?[0-9.]+$')

# As a default start, and counting this machine's own connections too: what
# fairness costs is part of what is measured.  The load comes from so many
# addresses that nobody is refused.
SOURCES = 50
DEFAULTS = ('limits=all', 'limit_open=10000', 'limit_rate=10000',
            'limit_burst=10000')
# Patient enough that nobody who is only there is sent away.
PATIENT = ('request_timeout_ms=600000',)


def free_port():
    """For servers that take no 0: none that others get for theirs."""
    while True:
        port = random.randrange(10240, 32768)
        with socket.socket() as listener, contextlib.suppress(OSError):
            listener.bind(('', port))
            return port


def wait_until(condition, what, limit=START_S):
    deadline = time.monotonic() + limit
    while not condition():
        if time.monotonic() > deadline:
            raise RuntimeError('%s: not in %g s' % (what, limit))
        time.sleep(0.005)


def answers(port):
    with socket.socket() as client:
        client.settimeout(1)
        return client.connect_ex(('127.0.0.1', port)) == 0


def children(server):
    pid = server.child.pid
    with open('/proc/%d/task/%d/children' % (pid, pid),
              encoding='ascii') as file:
        return [int(word) for word in file.read().split()]


def has_ended(pid):
    """Also of a process that nobody has waited for yet."""
    try:
        with open('/proc/%d/stat' % pid, encoding='ascii') as file:
            return file.read().rsplit(')', 1)[1].split()[0] == 'Z'
    except FileNotFoundError:
        return True


def ready_ports(server):
    """What capsuled has bound; None as long as it is not ready."""
    match = re.search(r'^info ready gemini=\S*:(\d+) gopher=\S*:(\d+) ',
                      server.said(), re.M)
    return match and {'gemini': int(match[1]), 'gopher': int(match[2])}


class Cgroups:
    """A cgroup for each server, or none where we may not make any."""

    def __init__(self):
        self.made = []
        self.base = None
        for top in ('/sys/fs/cgroup/cpuacct', '/sys/fs/cgroup'):
            path = os.path.join(top, 'capsuled-bench-%d' % os.getpid())
            with contextlib.suppress(OSError):
                os.mkdir(path)
                if any(os.path.exists(os.path.join(path, name))
                       for name in ('cpuacct.usage', 'cpu.stat')):
                    self.base = path
                    return
                os.rmdir(path)

    def make(self, name):
        if self.base is None:
            return None
        path = os.path.join(self.base, name)
        os.mkdir(path)
        self.made.append(path)
        return path

    def close(self):
        for path in self.made + ([self.base] if self.base else []):
            with contextlib.suppress(OSError):
                os.rmdir(path)


class Server:
    """A process that answers; its ports by protocol."""

    def __init__(self, name, child, cgroup, log, ports):
        self.name, self.child, self.cgroup = name, child, cgroup
        self.log = log
        self.ports = ports

    def said(self):
        """Its log, without the times."""
        with open(self.log, encoding='utf-8', errors='replace') as file:
            return '%s: %s' % (self.name, re.sub(
                r'^[0-9T:.-]+Z ', '', file.read(), flags=re.M))

    def target(self, protocol, path):
        """What to ask it for."""
        if protocol == 'gopher':
            return path
        return 'gemini://localhost:%d%s' % (self.ports['gemini'], path)


class Rig:
    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix='capsuled-bench-')
        os.chmod(self.directory, 0o755)
        self.cgroups = Cgroups()
        self.servers = []
        self.floors = {}
        self.certs = os.path.join(self.directory, 'certs')
        self._make_certificate()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        for server in list(self.servers):
            self.stop(server)
        self.cgroups.close()
        shutil.rmtree(self.directory, ignore_errors=True)

    def path(self, *names):
        return os.path.join(self.directory, *names)

    def _make_certificate(self):
        os.mkdir(self.certs)
        self.key = os.path.join(self.certs, 'localhost.key')
        self.certificate = os.path.join(self.certs, 'localhost.crt')
        subprocess.run(
            ['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt',
             'ec_paramgen_curve:P-256', '-nodes', '-days', '30',
             '-subj', '/CN=localhost', '-addext',
             'subjectAltName=DNS:localhost', '-keyout', self.key,
             '-out', self.certificate], check=True,
            stderr=subprocess.DEVNULL)
        os.chmod(self.key, 0o600)

    def start(self, name, command, ports, drop=False):
        cgroup = self.cgroups.make('%d-%s' % (len(self.cgroups.made), name))

        def enter():
            # A session of its own: ended whole, whoever it leaves behind.
            os.setsid()
            if cgroup:
                with open(os.path.join(cgroup, 'cgroup.procs'), 'w',
                          encoding='ascii') as file:
                    file.write(str(os.getpid()))

        log = open(self.path('%s-%d.log' % (name, len(self.servers))), 'wb')
        if drop:
            # Not by Popen: that would be before `enter`.
            command = self.as_nobody(command)
        with log:
            child = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                cwd=self.directory, preexec_fn=enter)
        server = Server(name, child, cgroup, log.name, ports)
        self.servers.append(server)
        for port in ports.values():
            wait_until(lambda: child.poll() is not None or answers(port),
                       name)
            if child.poll() is not None:
                raise RuntimeError(server.said())
        return server

    @staticmethod
    def as_nobody(command):
        if os.getuid() != 0:
            return command
        return ['setpriv', '--reuid=nobody', '--regid=nogroup',
                '--clear-groups', *command]

    def stop(self, server):
        self.servers.remove(server)
        if server.child.poll() is None:
            server.child.terminate()
        try:
            server.child.wait(10)
        except subprocess.TimeoutExpired:
            # The group is its own, see `start`.
            os.killpg(server.child.pid, signal.SIGKILL)
            server.child.wait()

    def capsuled(self, tree, workers=WORKERS, options=(), name='capsuled',
                 prefix=(), asks=False, program=CAPSULED):
        command = [*prefix, program, '-n', 'localhost',
                   '-w', str(workers), '-C', self.certs,
                   '-g', '127.0.0.1:0', '-G', '127.0.0.1:0']
        # What it costs to make an index is told apart; see asking.py.
        indexes = ('verbose=yes',) if asks else ('ask=off', 'manifest=off')
        for option in (*DEFAULTS, *indexes, *options):
            command += ['-o', option]
        server = self.start(name, [*command, tree], {})
        wait_until(lambda: server.child.poll() is not None or
                   ready_ports(server), name)
        server.ports = ready_ports(server)
        if server.ports is None:
            raise RuntimeError(server.said())
        return server

    def floor(self, protocol, *flags):
        """Started when first asked for, and kept."""
        key = (protocol, flags)
        if key not in self.floors:
            port = free_port()
            # As many as capsuled has: two that share a port, and the caches,
            # cost some 15 % more than one.
            command = [FLOOR, protocol, '-w', str(WORKERS), *flags, str(port)]
            if protocol == 'gemini':
                command += [self.certificate, self.key]
            self.floors[key] = self.start(
                'floor', command, {protocol: port})
        return self.floors[key]


def read_result(output):
    """What capload says at its end, or None."""
    last = output.rstrip().rsplit('\n', 1)[-1]
    if not last.startswith('RESULT '):
        return None
    result = {}
    for pair in last.split()[1:]:
        key, _, value = pair.partition('=')
        result[key] = float(value) if NUMBER.match(value) else value
    result['both_us'] = result['cpu_us'] + result['client_us']
    return result


def load(server, protocol, path, concurrency=8, seconds=1.0,
         requests=1000000, flags=()):
    """Runs capload against it once; what it measured, as a dictionary."""
    command = [CAPLOAD, '-g', protocol, '-c', str(concurrency),
               '-n', str(requests), '-t', str(seconds), '-T', str(PATIENCE_S),
               '-s', str(SOURCES), '-p', str(server.child.pid), *flags]
    if server.cgroup:
        command += ['-G', server.cgroup]
    command += ['127.0.0.1', str(server.ports[protocol]),
                server.target(protocol, path)]
    run = subprocess.run(command, capture_output=True, text=True,
                         timeout=300, check=False)
    result = read_result(run.stdout)
    if result is None:
        raise RuntimeError('%s: %s%s' % (server.name, run.stdout,
                                         run.stderr))
    if server.child.poll() is not None:
        raise RuntimeError('%s ended meanwhile' % server.name)
    if result['failed']:
        print('  %s: %d of %d failed for %s' % (
            path or '/', result['failed'], result['failed'] + result['ok'],
            server.name), file=sys.stderr)
    return result


def name_of(pid):
    with contextlib.suppress(FileNotFoundError), \
            open('/proc/%d/comm' % pid, encoding='ascii') as file:
        return file.read().rstrip('\n')
    return ''


def workers(server):
    """The children that answer clients."""
    return [pid for pid in children(server)
            if name_of(pid) == 'capsuled-worker']


def indexers(server):
    """The children that make the index, and answer nobody."""
    return [pid for pid in children(server)
            if name_of(pid) == 'capsuled-index']


def answerers(server):
    """The children that answer what takes long, by children of theirs."""
    return [pid for pid in children(server)
            if name_of(pid) == 'capsuled-answer']


def pss_kib(server):
    """Of the master and its workers, or whatever children it has."""
    return pss_of([pid for pid in [server.child.pid, *children(server)]
                   if pid not in indexers(server)])


def pss_of(pids):
    total = 0
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, FileNotFoundError), \
                open('/proc/%d/smaps_rollup' % pid, encoding='ascii') as file:
            total += int(re.search(r'^Pss:\s*(\d+)', file.read(), re.M)[1])
    return total


def open_idle(server, protocol, port, count, hold, requests=0, flags=()):
    """Opens silent connections; what capload saw of it."""
    command = [CAPLOAD, '-g', protocol, '-c', '64', '-i', str(count),
               '-H', str(hold), '-n', str(requests), '-w', '0',
               '-s', str(SOURCES), '-p', str(server.child.pid), *flags]
    if server.cgroup:
        command += ['-G', server.cgroup]
    run = subprocess.run(
        [*command, '127.0.0.1', str(port),
         server.target(protocol, '/page.gmi')],
        capture_output=True, text=True, timeout=200, check=False)
    result = read_result(run.stdout)
    if not result or result['idle'] < count or \
            result['idle_left'] < result['idle']:
        raise RuntimeError('%d idle connections: %s' % (count, run.stdout))
    return result
