"""Programs by CGI: what hostile scripts can do, and how they end."""

import os
import pwd
import signal
import unittest

from server import (Server, as_root, fetch, gemini_connect, jailed,
                    new_directory, select, title, wait_until, write_tree)

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

    def test_limits(self):
        server = self.start({'waits': WAITS + 'sleep 1000\n'},
                            rules='script_limit = 1')
        client, _ = self.begin(server)
        self.assertEqual(fetch(server, '/cgi/waits').status, 41)
        client.close()

    def test_clients_that_reset(self):
        server = self.start({'hello': HEAD + 'echo x\n'})
        self.assertEqual(fetch(server, '/cgi/hello').status, 20)
        pid = self.runner(server)
        before = len(os.listdir('/proc/%d/fd' % pid))
        for _ in range(50):
            client = gemini_connect(server)
            client.send(server.url('/cgi/hello').encode() + b'\r\n')
            client.close()
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


class Refused(unittest.TestCase):

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
