"""Programs by CGI: what hostile scripts can do, and how they end."""

import os
import pwd
import shutil
import signal
import socket
import struct
import subprocess
import time
import unittest

from build import CAPSULED, DEADLINE_S
from server import (Server, as_root, fetch, gemini_connect, gopher_connect,
                    jailed, new_directory, select, title, wait_until,
                    write_tree)

USER = 'daemon'
HEAD = '#!/bin/sh\nprintf "20 text/plain\\r\\n"\n'
# Prints the number of its process group.
WAITS = HEAD + 'echo $$\n'


def has_group(number):
    try:
        os.killpg(number, 0)
    except ProcessLookupError:
        return False
    return True


@as_root
@jailed
class Runner(unittest.TestCase):

    def start(self, scripts, rules='', **named):
        directory = new_directory()
        os.chmod(directory, 0o755)
        self.config = os.path.join(directory, 'capsuled.conf')
        self.scripts = os.path.join(directory, 'cgi')
        self.rules = '''
            cgi_user = "%s"
            limits = off
            %s
            path "/cgi/" { cgi = "%s"  script_timeout_ms = 60000 }
            ''' % (USER, rules, self.scripts)
        write_tree(directory, {'capsuled.conf': self.rules})
        self.write(scripts)
        server = Server({'index.gmi': '# Home\n'}, directory=directory,
                        arguments=['-c', self.config], **named)
        server.owned = True
        self.addCleanup(server.stop)
        return server

    def write(self, scripts):
        os.makedirs(self.scripts, exist_ok=True)
        os.chmod(self.scripts, 0o755)
        for name, text in scripts.items():
            path = os.path.join(self.scripts, name)
            with open(path, 'w', encoding='utf-8') as file:
                file.write(text)
            os.chmod(path, 0o755)

    def runner(self, server):
        return server._named('capsuled-runner')[-1]

    def begin(self, server, name='waits'):
        """A client that waits for a script, and the script's group."""
        client = gemini_connect(server)
        client.send(server.url('/cgi/' + name).encode() + b'\r\n')
        data = b''
        while data.count(b'\n') < 2:
            self.assertFalse(client.ended, data)
            data += client.read_some()
        return client, int(data.split(b'\n')[1])

    def test_a_script(self):
        server = self.start({'hello': HEAD + 'id -u\n'})
        self.assertEqual(title(self.runner(server)), 'capsuled: runner')
        self.assertEqual(fetch(server, '/cgi/hello').status, 20)
        self.assertEqual(fetch(server, '/cgi/none').status, 51)
        self.assertEqual(fetch(server, '/').text, '# Home\n')
        self.assertEqual(select(server, '/cgi/hello'),
                         b'%d\n' % pwd.getpwnam(USER).pw_uid)

    def test_nothing_without_programs(self):
        server = self.start({})
        with open(self.config, 'w', encoding='utf-8') as file:
            file.write('limits = off\n')
        server.signal(signal.SIGHUP)
        server.wait_for_line('^info reloaded')
        wait_until(lambda: not server._named('capsuled-runner'), 'its end')

    def test_a_client_leaves(self):
        server = self.start({'waits': WAITS + "trap '' TERM\nsleep 1000 &\n"
                                              'sleep 1000\n'})
        client, group = self.begin(server)
        self.assertTrue(has_group(group))
        client.close()
        wait_until(lambda: not has_group(group), 'the end of the script')

    def test_a_stop(self):
        server = self.start(
            {'waits': WAITS + 'sleep 1000\n'},
            rules='shutdown_timeout_ms = 300')
        client, group = self.begin(server)
        self.addCleanup(client.close)
        server.stop()
        self.assertFalse(has_group(group))

    def test_a_reload(self):
        """A script that has begun ends well, and then its runner."""
        server = self.start({'waits': WAITS + 'while [ ! -e go ]; do '
                                              'sleep 0.1; done; echo end\n'})
        old = self.runner(server)
        client, group = self.begin(server)
        since = len(server.lines)
        server.signal(signal.SIGHUP)
        server.wait_for_line('^info reloaded', since)
        self.assertTrue(has_group(group))
        self.write({'go': ''})
        self.assertEqual(client.read_all(), b'end\n')
        client.close()
        wait_until(lambda: old not in server.children(), 'its end')
        self.assertEqual(fetch(server, '/cgi/waits').text[-4:], 'end\n')

    def test_the_runner_is_killed(self):
        self.check_end(signal.SIGKILL)

    def test_a_fault_of_the_runner(self):
        """The master executes itself before it starts another runner."""
        # Sanitizers take SIGSEGV for themselves.
        self.check_end(signal.SIGILL)

    def check_end(self, number):
        server = self.start({'waits': WAITS + 'sleep 1000\n',
                             'hello': HEAD})
        client, group = self.begin(server)
        self.addCleanup(client.close)
        os.kill(self.runner(server), number)
        wait_until(lambda: fetch(server, '/cgi/hello').status == 20,
                   'another runner')
        wait_until(lambda: not has_group(group), 'the end of the script')

    def test_errors_in_the_log(self):
        server = self.start({
            'noisy': '#!/bin/sh\nhead -c 1048576 /dev/zero >&2\n'
                     'printf "20 text/plain\\r\\npage\\n"\n',
            'escape': '#!/bin/sh\nprintf "a\\033[2Jb\\n\\377" >&2\n'
                      'printf "20 text/plain\\r\\n"\n'})
        self.assertEqual(fetch(server, '/cgi/noisy').text, 'page\n')
        server.wait_for_line(r'script: /cgi/noisy: \?{1000}')
        fetch(server, '/cgi/escape')
        line = server.wait_for_line('script: /cgi/escape: a')[0]
        self.assertNotIn('\033', line)

    def test_scripts_that_cannot_be_executed(self):
        server = self.start({'crlf': '#!/bin/sh\r\necho\r\n',
                             'none': '#!/nonexistent\n', 'bare': 'echo\n'},
                            rules='path "/wiki/" { scgi = "/nonexistent" }')
        for name, remedy in (('crlf', 'end with LF, not CRLF'),
                             ('none', 'an interpreter that exists'),
                             ('bare', 'begin it with #!')):
            self.assertEqual(fetch(server, '/cgi/' + name).status, 42)
            server.wait_for_line('script: /cgi/%s: cannot execute the script:'
                                 '.*%s' % (name, remedy))
        self.assertEqual(fetch(server, '/wiki/').status, 42)
        server.wait_for_line('runner: /wiki/: cannot connect to /nonexistent: '
                             'No such file')

    def test_limits(self):
        server = self.start({'waits': WAITS + 'sleep 1000\n'},
                            rules='script_limit = 1')
        client, _ = self.begin(server)
        self.assertEqual(fetch(server, '/cgi/waits').status, 41)
        client.close()

    def test_limits_of_a_script(self):
        server = self.start({
            'limits': HEAD + 'for limit in t v f n c p; do '
                             'echo $limit $(ulimit -$limit); done\n',
            'large': '#!/usr/bin/python3\nprint("20 text/plain")\n'
                     'try:\n    bytes(1 << 30)\n'
                     'except MemoryError:\n    print("refused")\n',
        }, rules='script_limit = 4\nscript_memory = 512')
        # CPU seconds, KiB, blocks of 512 bytes, files, core, processes.
        self.assertEqual(fetch(server, '/cgi/limits').text,
                         't 60\nv 524288\nf 32768\nn 256\nc 0\np 96\n')
        self.assertEqual(fetch(server, '/cgi/large').text, 'refused\n')

    def test_clients_that_reset(self):
        server = self.start({'hello': HEAD + 'echo x\n'})
        self.assertEqual(fetch(server, '/cgi/hello').status, 20)
        pid = self.runner(server)
        before = len(os.listdir('/proc/%d/fd' % pid))
        for i in range(500):
            with gopher_connect(server) as client:
                client.send(b'/cgi/hello\r\n')
                client.socket.setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER,
                    struct.pack('ii', 1, 0))
                # How long does not matter: each moment is to be tried.
                deadline = time.monotonic() + i % 50 / 1000
                while time.monotonic() < deadline:
                    pass
        wait_until(lambda: fetch(server, '/cgi/hello').status == 20, 'room')
        wait_until(lambda: len(os.listdir('/proc/%d/fd' % pid)) <= before,
                   'the end of all scripts')
        self.assertEqual(self.runner(server), pid)

    def test_it_has_few_rights(self):
        server = self.start({'hello': HEAD})
        # It has answered, so it is in its sandbox.
        self.assertEqual(fetch(server, '/cgi/hello').status, 20)
        with open('/proc/%d/status' % self.runner(server),
                  encoding='ascii') as file:
            status = file.read()
        for name, value in (('CapEff', 'e0'), ('CapPrm', 'e0'),
                            ('CapBnd', '0'), ('CapAmb', '0'), ('CapInh', '0'),
                            ('NoNewPrivs', '1'), ('Seccomp', '2')):
            self.assertRegex(status, r'%s:\s0*%s\n' % (name, value))
        self.assertNotRegex(status, r'Uid:.*\b0\b')


# Prints what it may do.
TRIES = r"""#!/usr/bin/python3
import os, socket
print('20 text/plain', end='\r\n')
def go(name, function):
    try:
        function()
        print(name)
    except OSError:
        pass
def connect(family, address):
    with socket.socket(family) as client:
        client.connect(address)
for name in 'first', 'second', 'third':
    path = '%(directory)s/' + name
    go('list ' + name, lambda: os.listdir(path))
    go('read ' + name, lambda: open(path + '/file').close())
    go('change ' + name, lambda: open(path + '/file', 'a').close())
    go('make ' + name, lambda: os.mkdir(path + '/new'))
    go('remove ' + name, lambda: os.rmdir(path + '/new'))
go('page', lambda: open('%(directory)s/tree/index.gmi').close())
go('connect', lambda: connect(socket.AF_INET, ('127.0.0.1', %(port)d)))
go('local', lambda: connect(socket.AF_UNIX, '%(directory)s/socket'))
"""
READ = 'list %s\nread %s\n'
CHANGE = READ + 'change %s\nmake %s\nremove %s\n'


@as_root
@jailed
class Access(unittest.TestCase):
    """The keys cgi_read, cgi_write and cgi_network of each part."""

    def start(self):
        directory = new_directory()
        self.addCleanup(shutil.rmtree, directory)
        listeners = [socket.create_server(('127.0.0.1', 0)),
                     socket.socket(socket.AF_UNIX)]
        listeners[1].bind(os.path.join(directory, 'socket'))
        listeners[1].listen()
        for listener in listeners:
            self.addCleanup(listener.close)
        names = {'directory': directory,
                 'port': listeners[0].getsockname()[1]}
        write_tree(directory, {
            'cgi/try': TRIES % names, 'first/file': '', 'second/file': '',
            'third/file': '', 'capsuled.conf': """
                cgi_user = "%(user)s"  limits = off
                path "/none/" { cgi = "%(directory)s/cgi" }
                path "/one/" { cgi = "%(directory)s/cgi"
                    cgi_read = { "%(directory)s/first" }
                    cgi_write = { "%(directory)s/second" } }
                path "/two/" { cgi = "%(directory)s/cgi"
                    cgi_read = { "%(directory)s/third" }
                    cgi_network = yes }
                """ % dict(names, user=USER)})
        for name, mode in (('', 0o755), ('cgi', 0o755), ('cgi/try', 0o755),
                           ('socket', 0o777)):
            os.chmod(os.path.join(directory, name), mode)
        # Each is open to every user, so that only the keys are in the way.
        for name in 'first', 'second', 'third':
            os.chmod(os.path.join(directory, name), 0o777)
            os.chmod(os.path.join(directory, name, 'file'), 0o666)
        server = Server({'index.gmi': '# Home\n'}, directory=directory,
                        arguments=['-c', os.path.join(
                            directory, 'capsuled.conf')])
        self.addCleanup(server.stop)
        return server

    def test_parts(self):
        server = self.start()
        for part, want in (
                ('none', ''),
                ('one', READ % (('first',) * 2) + CHANGE % (('second',) * 5)),
                ('two', READ % (('third',) * 2) + 'connect\nlocal\n'),
                # What another script was allowed is not left.
                ('none', '')):
            with self.subTest(part=part):
                self.assertEqual(fetch(server, '/%s/try' % part).text, want)


@as_root
class Interpreter(unittest.TestCase):
    """CVE-2012-1823: no option reaches php-cgi, also not by its own way."""

    def test_php(self):
        directory = new_directory()
        self.addCleanup(shutil.rmtree, directory)
        write_tree(directory, {
            # php-cgi starts for a server only, and opcache needs /tmp.
            'cgi/x.php': '#!/usr/bin/env -S REDIRECT_STATUS=200 '
                         'PHP_INI_SCAN_DIR=/nonexistent php-cgi\n<?php header("Status: 200"); '
                         'header("Content-type: text/plain"); '
                         'echo "page ", (int)ini_get("allow_url_include"), '
                         '" ", count($argv ?? []), "\\n";',
            'capsuled.conf': 'cgi_user = "%s"  limits = off\n'
                             'path "/x/" { cgi = "%s/cgi" }' % (
                                 USER, directory)})
        os.chmod(os.path.join(directory, 'cgi', 'x.php'), 0o755)
        for name in '', 'cgi':
            os.chmod(os.path.join(directory, name), 0o755)
        server = Server({'index.gmi': '# Home\n'}, directory=directory,
                        arguments=['-c', os.path.join(
                            directory, 'capsuled.conf')])
        self.addCleanup(server.stop)
        want = fetch(server, '/x/x.php')
        self.assertEqual((want.status, want.text), (20, 'page 0 0\n'))
        for query in ('-s', '-d+allow_url_include%3d1', '%ADd+x',
                      '%ADd+allow_url_include%3d1', '-h', '--version'):
            with self.subTest(query=query):
                reply = fetch(server, '/x/x.php?' + query)
                self.assertEqual(reply.header, want.header)
                self.assertTrue(reply.text.startswith('page 0 '), reply.text)


class Refused(unittest.TestCase):
    def test_an_ordinary_user(self):
        directory = new_directory()
        self.addCleanup(shutil.rmtree, directory)
        write_tree(directory, {
            'tree/index.gmi': '# Home\n', 'capsuled.conf':
            'cgi_user = "daemon"\npath "/cgi/" { cgi = "/usr/lib/none" }\n'})
        # A folder of root can be closed to other users.
        program = shutil.copy(CAPSULED, directory)
        user = 65534 if os.getuid() == 0 else None
        done = subprocess.run(
            [program, '-t', '-c', 'capsuled.conf', 'tree'], cwd=directory,
            user=user, group=user, check=False, capture_output=True,
            text=True, timeout=DEADLINE_S)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn('only root can start scripts as another user',
                      done.stderr)

    def refusal(self, rules, **named):
        directory = new_directory()
        config = os.path.join(directory, 'capsuled.conf')
        write_tree(directory, {'capsuled.conf': rules})
        with self.assertRaises(AssertionError) as raised:
            Server({}, directory=directory, arguments=['-c', config], **named)
        return str(raised.exception)

    @as_root
    def test_users(self):
        rule = 'path "/cgi/" { cgi = "/usr/lib/none" }\n'
        for user, text in (('', 'scripts have no user'),
                           ('root', 'do not run as root'),
                           ('no-such-user', 'no such user'),
                           ('nobody', "this is the server's user")):
            with self.subTest(user=user):
                self.assertIn(text, self.refusal(
                    'user = "nobody"\n' + 'cgi_user = "%s"\n' % user + rule))
