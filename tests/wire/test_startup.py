"""Start: what is refused, what is made, and who serves then."""

import contextlib
import datetime
import errno
import hashlib
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import types
import unittest

from build import beneath
from server import (CAPSULE, CAPSULED, DEADLINE_S, SEES_INSIDE, UNJAILED,
                    Connection, Lines, Places, Process, Server, as_root,
                    fetch, gemini, new_directory, peer_certificate, select, tls_context,
                    wait_until, write_tree)
from trouble import Trouble, TroubledServer

TREE = {'index.gmi': '# Home\n', 'page.gmi': '# Page\n'}
HOME = '# Home\n'


def run(*arguments, **named):
    """A capsuled that is expected to end by itself: status and streams."""
    return subprocess.run([CAPSULED, *UNJAILED, *arguments],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=DEADLINE_S,
                          check=False, **named)


class Startup(Places):
    content = TREE

    def listening(self, gemini='127.0.0.1:0', gopher='127.0.0.1:0'):
        return ['-g', gemini, '-G', gopher, '-w', '2', '-C', self.certs]

    def assert_refused(self, arguments, statuses=(1, 2), says=None, **named):
        process = Process([*UNJAILED, *arguments], **named)
        try:
            status = process.wait(DEADLINE_S)
        finally:
            if process.child.poll() is None:
                process.child.kill()
                process.child.wait()
        text = process.log.text()
        self.assertIn(status, statuses, text)
        # One line, for people: what is wrong.
        self.assertEqual(len(process.lines), 1, text)
        self.assertGreater(len(text), 10)
        if says is not None:
            self.assertIn(says, text)

    def test_wrong_usage(self):
        good = self.listening()
        for extra in (['-Z'], ['--nonsense'], ['-g'], ['-o'], ['-w'],
                      ['-g', 'nonsense'], ['-g', '127.0.0.1:65536'],
                      ['-g', '::1:1965'], ['-G', 'localhost:70'],
                      ['-w', 'x'], ['-w', '-1'], ['-w', '100000'],
                      ['-n', ''], ['-n', 'a b'], ['-n', 'x/../y'],
                      ['-o', 'nonsense=1'], ['-o', 'width'],
                      ['-o', 'width=32'], ['-o', 'width=201'],
                      ['-o', 'width=x'], ['-o', 'listing=perhaps'],
                      ['-o', 'request_timeout_ms=0'],
                      ['-o', 'lang=e\nn'], ['-o', 'gemini_ports=0'],
                      ['-o', 'item_types=x'],
                      ['-c', os.path.join(self.directory, 'missing')],
                      ['-c', self.tree],
                      ['tree', 'another']):
            with self.subTest(extra=extra):
                rest = [] if extra == ['tree', 'another'] or \
                    len(extra) == 1 and extra[0] in ('-g', '-o', '-w') \
                    else [self.tree]
                self.assert_refused([*good, *extra, *rest], (2,))

    def test_an_error_names_what_was_typed(self):
        for extra, says in ((['-g', '99999'], 'error -g: "99999"'),
                            (['-G', 'x'], 'error -G: "x"'),
                            (['-n', 'a b'], 'error -n: "a b"'),
                            (['-w', 'x'], 'error -w: '),
                            (['-o', 'workers=x'], 'error -o workers: ')):
            with self.subTest(extra=extra):
                self.assert_refused(
                    [*self.listening(), *extra, self.tree], (2,), says)

    def test_lines_begin_with_the_time(self):
        with Server(TREE) as server:
            select(server, '')
            server.wait_for_line('^info gopher ')
            server.signal(signal.SIGHUP)
            server.wait_for_line('^info reloaded')
        refused = Process(['-g', 'nonsense'])
        self.assertEqual(refused.wait(), 2)
        for line in server.log.raw + refused.log.raw:
            self.assertRegex(
                line, r'^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z '
                '(info|warn|error) ')

    def test_the_time_goes_on(self):
        def last_time():
            since = len(server.lines)
            select(server, '')
            server.wait_for_line('^info gopher ', since)
            return datetime.datetime.fromisoformat(
                server.log.raw[since].split('Z ')[0])

        with TroubledServer(TREE) as server:
            first = last_time()
            server.trouble['seconds'] = 86400
            passed = last_time() - first
        self.assertGreaterEqual(passed.total_seconds(), 86400)
        self.assertLess(passed.total_seconds(), 86400 + DEADLINE_S)

    def test_lines_of_the_journal_begin_with_the_priority(self):
        read_end, write_end = os.pipe()
        status = os.fstat(write_end)
        environment = dict(os.environ, JOURNAL_STREAM='%d:%d' % (
            status.st_dev, status.st_ino))
        subprocess.run([CAPSULED, '-g', 'nonsense'], stderr=write_end,
                       env=environment, timeout=DEADLINE_S, check=False)
        os.close(write_end)
        with open(read_end, 'rb') as log:
            self.assertRegex(log.read(), rb'\A<3>error -g: .*\n\Z')

    def test_what_to_open_comes_last(self):
        for flags, gemini, gopher, want in (
                ([], True, True, 'gemini://localhost:%d/\n'
                                 'gopher://localhost:%d/\n'),
                (['-o', 'gopher_host=g.example', '-o', 'gopher_port=70'],
                 False, True, 'gopher://g.example/\n'),
                (['-o', 'gemini_ports=1965'], True, False,
                 'gemini://localhost/\n')):
            with self.subTest(flags=flags), Server(
                    TREE, gemini='127.0.0.1:0' if gemini else 'off',
                    gopher='127.0.0.1:0' if gopher else 'off',
                    arguments=flags) as server:
                if '%' in want:
                    want %= (server.gemini_port, server.gopher_port)
                server.stop()
                self.assertEqual(server.out.text() + '\n', want)
                # What a start says last, but for a pair that it made.
                after = [line for line in server.lines[
                    server.lines.index(server.ready) + 1:]
                         if not line.startswith('info made a new key ')]
                self.assertEqual(after, ['info stopping', 'info stopped'])

    def test_nothing_waits_for_a_reader_of_what_to_open(self):
        read_end, write_end = os.pipe()
        os.set_blocking(write_end, False)
        with open(read_end, 'rb'), open(write_end, 'wb', 0) as full:
            while full.write(b'x' * 4096):
                pass
            os.set_blocking(write_end, True)
            child = subprocess.Popen(
                [CAPSULED, *UNJAILED, *self.listening(), self.tree],
                stdin=subprocess.DEVNULL, stdout=full,
                stderr=subprocess.PIPE)
            log = Lines(child.stderr)
            log.wait('^info ready ')
            child.terminate()
            self.assertEqual(child.wait(DEADLINE_S), 0)

    def test_keys_within_the_capsule(self):
        link = os.path.join(self.directory, 'link')
        os.symlink(os.path.join(self.tree, 'folder'), link)
        os.mkdir(os.path.join(self.tree, 'folder'))
        for certs in (self.tree, os.path.join(self.tree, 'certs'),
                      os.path.join(self.tree, 'folder'), link,
                      os.path.join(link, 'certs'),
                      os.path.join(self.tree, 'folder', '..', 'certs')):
            with self.subTest(certs=certs):
                self.assert_refused(
                    ['-g', '127.0.0.1:0', '-G', 'off', '-C', certs,
                     self.tree], (1,), 'lies in the capsule')
        self.assertEqual(sorted(os.listdir(self.tree)),
                         ['folder', 'index.gmi', 'page.gmi'])
        self.assertEqual(os.listdir(link), [])

    def test_check(self):
        good = ['-t', '-C', self.certs]
        checked = run(*good, self.tree)
        self.assertEqual((checked.returncode, checked.stderr), (0, b''))
        self.assertTrue(
            checked.stdout.endswith(b'\nconfiguration is good\n'))
        self.assertFalse(os.path.exists(self.certs))
        missing = os.path.join(self.directory, 'missing')
        for arguments, says in [
                ([missing], missing),
                (['-u', 'no-such-user', self.tree], 'no-such-user'),
                (['-C', '/dev/null', self.tree], '/dev/null'),
                (['-C', self.tree, self.tree], 'lies in the capsule')]:
            with self.subTest(arguments=arguments):
                self.assert_refused([*good, *arguments], (2,), says)
        os.mkdir(self.certs)
        with open(os.path.join(self.certs, 'localhost.key'), 'wb') as file:
            file.write(b'nonsense')
        self.assert_refused([*good, self.tree], (2,), 'localhost.key')

    def test_a_capsule_that_workers_may_not_read(self):
        os.chmod(self.tree, 0o300)
        self.addCleanup(os.chmod, self.tree, 0o755)
        says = ('not readable for user' if os.geteuid() == 0
                else 'Permission denied')
        self.assert_refused(['-t', '-C', self.certs, self.tree], (2,), says)
        self.assert_refused([*self.listening(), self.tree], (1,), says)
        os.chmod(self.tree, 0o500)
        if os.geteuid() == 0:
            self.assert_refused([*self.listening(), self.tree], (1,), says)

    def test_root_that_cannot_become_a_user(self):
        trouble = Trouble()
        self.addCleanup(trouble.close)
        trouble['setuid_error'] = errno.EPERM
        for flags, status in ((['-t'], 2), ([], 1)):
            with self.subTest(flags=flags):
                self.assert_refused(
                    [*flags, '-g', 'off', '-G', '127.0.0.1:0', '-u', 'nobody',
                     self.tree], (status,),
                    'cannot become user nobody: Operation not permitted; '
                    'start with the capabilities CAP_SETUID and CAP_SETGID',
                    env=trouble.environment())

    def test_a_worker_for_each_cpu_that_may_be_used(self):
        cpu = min(os.sched_getaffinity(0))
        with Server(TREE, arguments=['-w', '0'], preexec_fn=lambda:
                    os.sched_setaffinity(0, {cpu})) as server:
            self.assertIn(' workers=1', server.ready)

    def test_bad_file(self):
        path = os.path.join(self.directory, 'conf')
        for text, line in [('width = 10\n', 1), ('\n\nnonsense = 1\n', 3),
                           ('names = {\n', None), ('width = "x\n', None),
                           ('# fine\nlang = "en"\nwidth = x\n', 3)]:
            with self.subTest(text=text):
                with open(path, 'w', encoding='utf-8') as file:
                    file.write(text)
                says = 'conf' if line is None else 'conf:%d:' % line
                self.assert_refused(
                    [*self.listening(), '-c', path, self.tree], (2,), says)

    def test_no_capsule(self):
        for path in (os.path.join(self.directory, 'missing'),
                     os.path.join(self.tree, 'index.gmi')):
            with self.subTest(path=path):
                self.assert_refused([*self.listening(), path], (1, 2), path)

    def test_no_such_user(self):
        self.assert_refused(
            [*self.listening(), '-u', 'no-such-user', self.tree], (1, 2),
            'no-such-user')

    def test_port_in_use(self):
        with socket.socket() as taken:
            taken.bind(('127.0.0.1', 0))
            taken.listen()
            address = '127.0.0.1:%d' % taken.getsockname()[1]
            says = ('cannot listen on %s: Address already in use; stop the '
                    'program that uses it, or choose another port with '
                    % address)
            self.assert_refused(
                [*self.listening(gemini=address), self.tree], (1,),
                says + '-g 1966')
            self.assert_refused(
                [*self.listening(gopher=address), self.tree], (1,),
                says + '-G 7071')
        with socket.socket() as taken:
            with contextlib.suppress(OSError):
                taken.bind(('127.0.0.9', 7071))
                taken.listen()
            self.assert_refused(
                [*self.listening(gopher='127.0.0.9:7071'), self.tree], (1,),
                'choose another port with -G 7072')
        with Server(TREE) as other:
            address = '127.0.0.1:%d' % other.gemini_port
            self.assert_refused(
                [*self.listening(gemini=address), self.tree], (1,), address)

    def test_other_addresses_that_fail(self):
        trouble = Trouble()
        self.addCleanup(trouble.close)
        for error, flag, port, says in (
                (errno.EACCES, '-G', 70,
                 'ports below 1024 need root or CAP_NET_BIND_SERVICE: '
                 'choose another port with -G 7070'),
                (errno.EACCES, '-g', 965,
                 'ports below 1024 need root or CAP_NET_BIND_SERVICE: '
                 'choose another port with -g 1965'),
                (errno.EADDRNOTAVAIL, '-g', 1965,
                 'choose an address of this machine')):
            with self.subTest(error=error, flag=flag):
                trouble['ipv6_error'] = error
                self.assert_refused(
                    [*self.listening(), flag, '[::1]:%d' % port, self.tree],
                    (1,), 'cannot listen on [::1]:%d: %s; %s' % (
                        port, os.strerror(error), says),
                    env=trouble.environment())

    def make_pair(self, name='localhost', key='ec', days='365'):
        os.makedirs(self.certs, exist_ok=True)
        crt, pem = (os.path.join(self.certs, name + end)
                    for end in ('.crt', '.key'))
        kind = {'ec': ['-newkey', 'ec', '-pkeyopt',
                       'ec_paramgen_curve:P-256']}[key]
        subprocess.run(['openssl', 'req', '-x509', *kind, '-nodes', '-keyout',
                        pem, '-out', crt, '-subj', '/CN=localhost', '-addext',
                        'subjectAltName=DNS:localhost', '-days', days],
                       check=True, stderr=subprocess.DEVNULL)
        os.chmod(pem, 0o600)
        return crt, pem

    def test_bad_certificates(self):
        def break_it(what):
            shutil.rmtree(self.certs, ignore_errors=True)
            crt, key = self.make_pair()
            if what == 'key without certificate':
                os.unlink(crt)
            elif what == 'certificate without key':
                os.unlink(key)
            elif what == 'no certificate in the file':
                with open(crt, 'w', encoding='ascii') as file:
                    file.write('nonsense\n')
            elif what == 'no key in the file':
                with open(key, 'w', encoding='ascii') as file:
                    file.write('nonsense\n')
            elif what == 'key open to others':
                os.chmod(key, 0o644)
            elif what == 'a directory':
                os.unlink(crt)
                os.mkdir(crt)
            elif what == 'mismatched':
                first = open(crt, 'rb').read()
                self.make_pair()
                with open(crt, 'wb') as file:
                    file.write(first)
            return crt, key

        for what in ('key without certificate', 'certificate without key',
                     'no certificate in the file', 'no key in the file',
                     'key open to others', 'a directory', 'mismatched'):
            with self.subTest(what):
                paths = break_it(what)
                before = {path: os.path.exists(path) for path in paths}
                self.assert_refused([*self.listening(), self.tree], (1, 2),
                                    'localhost.')
                # Nothing is made anew over it.
                self.assertEqual(
                    {path: os.path.exists(path) for path in paths}, before)

    def test_own_certificate(self):
        crt, _ = self.make_pair()
        der = subprocess.run(
            ['openssl', 'x509', '-in', crt, '-outform', 'DER'],
            stdout=subprocess.PIPE, check=True).stdout
        with Server(TREE, directory=self.directory) as server:
            self.assertEqual(peer_certificate(server), der)
            self.assertEqual(fetch(server).text, HOME)

    def test_certificate_is_made_once(self):
        with Server(TREE, directory=self.directory) as server:
            der = peer_certificate(server)
            said = hashlib.sha256(der).hexdigest()
            wait_until(lambda: said in server.log.text().lower().replace(
                ':', ''), 'the fingerprint in the log')
        key = os.path.join(self.certs, 'localhost.key')
        self.assertEqual(os.stat(key).st_mode & 0o777, 0o600)
        self.assertEqual(sorted(os.listdir(self.certs)),
                         ['localhost.crt', 'localhost.key'])
        text = subprocess.run(
            ['openssl', 'x509', '-noout', '-text', '-nameopt', 'RFC2253',
             '-in', os.path.join(self.certs, 'localhost.crt')],
            stdout=subprocess.PIPE, check=True, text=True).stdout
        for part in ('prime256v1', 'CN=localhost', 'DNS:localhost',
                     'Version: 3'):
            self.assertIn(part, text)
        self.assertEqual(0, subprocess.run(
            ['openssl', 'x509', '-checkend', str(20 * 365 * 86400), '-in',
             os.path.join(self.certs, 'localhost.crt')],
            stdout=subprocess.DEVNULL, check=False).returncode)
        with Server(TREE, directory=self.directory) as server:
            self.assertEqual(peer_certificate(server), der)
            wait_until(lambda: said in server.log.text().lower().replace(
                ':', ''), 'the fingerprint in the log')

    def test_names_in_the_certificate(self):
        with Server(TREE, names=['one.example', 'bücher.example',
                                 '127.0.0.1']) as server:
            crt = os.path.join(server.certs, 'one.example.crt')
            text = subprocess.run(
                ['openssl', 'x509', '-noout', '-text', '-nameopt', 'RFC2253',
                 '-in', crt],
                stdout=subprocess.PIPE, check=True, text=True).stdout
        for part in ('CN=one.example', 'DNS:one.example',
                     'DNS:xn--bcher-kva.example', 'IP Address:127.0.0.1',
                     'DNS:127.0.0.1'):
            with self.subTest(part=part):
                self.assertIn(part, text)

    def test_help_and_version(self):
        for flag, pattern in [('--help', rb'usage: capsuled'),
                              ('--version', rb'\Acapsuled \d+\.\d+')]:
            with self.subTest(flag=flag):
                done = run(flag)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertRegex(done.stdout, pattern)
                self.assertEqual(done.stderr, b'')
                self.assertLessEqual(
                    max(map(len, done.stdout.splitlines())), 80)

    def test_check_only(self):
        done = run('-t', *self.listening(), self.tree)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn(b'ready', done.stderr)
        for bad in (['-o', 'width=1'],
                    ['-c', os.path.join(self.directory, 'missing')]):
            with self.subTest(bad=bad):
                self.assertEqual(
                    run('-t', *bad, *self.listening(), self.tree).returncode,
                    2)

    def test_one_protocol(self):
        with Server(TREE, gopher='off') as server:
            self.assertIsNone(server.gopher_port)
            self.assertEqual(fetch(server).text, HOME)
        with Server(TREE, gemini='off') as server:
            self.assertIsNone(server.gemini_port)
            self.assertIn(b'iHome\t', select(server, ''))
            # Nothing speaks TLS: no certificate is needed.
            self.assertFalse(os.path.exists(
                os.path.join(server.certs, 'localhost.key')))

    def assert_answers(self, host, port, name='localhost', protocol='gemini'):
        context = tls_context() if protocol == 'gemini' else None
        with Connection(port, context, host=host) as client:
            if protocol == 'gemini':
                client.send(b'gemini://%s:%d/\r\n' % (name.encode(), port))
                self.assertEqual(client.read_reply().text, HOME)
            else:
                client.send(b'\r\n')
                self.assertIn(b'iHome\t', client.read_all())

    def test_both_families(self):
        for gemini_at, gopher_at, names in (
                ('0', '0', ['example.org']),
                ('[::]:0', '[::]:0', ['localhost'])):
            with self.subTest(gemini_at), Server(
                    TREE, gemini=gemini_at, gopher=gopher_at,
                    names=names) as server:
                self.assertNotIn('this machine only', server.log.text())
                for host in ('127.0.0.1', '127.0.0.2', '::1'):
                    self.assert_answers(host, server.gemini_port, names[0])
                    self.assert_answers(host, server.gopher_port,
                                        protocol='gopher')

    def test_localhost_is_this_machine_only(self):
        ports = []
        for names in ([], ['localhost'], ['LOCALHOST', 'localhost']):
            with self.subTest(names=names), Server(
                    TREE, names=names, gemini='0', gopher='0') as server:
                self.assertIsNotNone(server.log.find(
                    '^info no name given: listening for this machine only'))
                for protocol in ('gemini', 'gopher'):
                    match = re.search(r' %s=127\.0\.0\.1:(\d+),'
                                      r'\[::1\]:(\d+) ' % protocol,
                                      server.ready)
                    ports.append((match[1], match[2]))
                    self.assert_answers(
                        '127.0.0.1', int(match[1]), protocol=protocol)
                    self.assert_answers(
                        '::1', int(match[2]), protocol=protocol)
                    with self.assertRaises(ConnectionRefusedError):
                        Connection(int(match[1]), host='127.0.0.2')
        # One port, unless another process has it.
        self.assertTrue(any(one == other for one, other in ports), ports)

    def test_localhost_without_ipv6(self):
        for error in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
            with self.subTest(error=error), TroubledServer(
                    TREE, gemini='0', gopher='0', names=[],
                    begun={'ipv6_error': error}) as server:
                self.assertRegex(
                    server.ready,
                    r' gemini=127\.0\.0\.1:\d+ gopher=127\.0\.0\.1:\d+ ')
                self.assert_answers('127.0.0.1', server.gemini_port)
                server.out.wait(
                    r'^gemini://localhost:%d/$' % server.gemini_port)
                # Nor is there a port of the address that is missing.
                self.assertEqual(
                    gemini(server, b'gemini://localhost:0/\r\n').status, 53)

    def test_one_port_of_several_addresses(self):
        rows = (
            (['-g', '0.0.0.0:{}', '-g', '[::]:{}'], 'gemini', 'gemini'),
            (['-g', '[::]:{}', '-g', '0.0.0.0:{}'], 'gemini', 'gemini'),
            (['-g', '[::]:{}', '-G', '0.0.0.0:{}'], 'gopher', 'gemini'),
            (['-g', '{}', '-g', '127.0.0.1:{}'], 'gemini', 'gemini'),
            (['-g', '127.0.0.1:{}', '-g', '{}'], 'gemini', 'gemini'),
            (['-g', '{}', '-G', '127.0.0.1:{}'], 'gopher', 'gemini'),
            (['-G', '[::1]:{}', '-g', '{}'], 'gemini', 'gopher'))
        for flags, on_four, on_six in rows:
            with self.subTest(flags=flags):
                port, server = self.start_on_a_free_port(flags)
                with server:
                    for host, protocol in (('127.0.0.1', on_four),
                                           ('::1', on_six)):
                        for _ in range(8):
                            self.assert_answers(
                                host, port, 'example.org', protocol)

    def start_on_a_free_port(self, flags):
        """Fails as a start does, unless the port was taken meanwhile."""
        while True:
            with socket.create_server(('', 0), family=socket.AF_INET6,
                                      dualstack_ipv6=True) as probe:
                port = probe.getsockname()[1]
            rest = [] if '-G' in flags else ['-G', 'off']
            try:
                return port, Server(
                    TREE, names=['example.org'], gemini=None, gopher=None,
                    arguments=[flag.format(port) for flag in flags] + rest)
            except AssertionError:
                with socket.create_server(('', port), family=socket.AF_INET6,
                                          dualstack_ipv6=True):
                    raise

    def test_the_same_port_after_a_reload(self):
        path = os.path.join(self.directory, 'conf')

        def write(*addresses):
            with open(path, 'w', encoding='ascii') as file:
                file.write('gemini = { %s }\n' % ', '.join(
                    '"%s"' % address for address in addresses))

        write('0')
        with Server(TREE, names=['example.org'], gemini=None, gopher='off',
                    arguments=['-c', path]) as server:
            port = server.gemini_port
            for addresses in (['127.0.0.1:%d' % port],
                              ['127.0.0.1:%d' % port, '%d' % port],
                              ['[::]:%d' % port, '0.0.0.0:%d' % port],
                              ['%d' % port]):
                with self.subTest(addresses=addresses):
                    write(*addresses)
                    since, old = len(server.lines), set(server.workers())
                    server.signal(signal.SIGHUP)
                    server.wait_for_line('^info reloaded', since)
                    # A socket that is used no longer is closed by the last of
                    # them; a client that still reaches it is reset.
                    wait_until(lambda o=old: o.isdisjoint(server.workers()),
                               'the end of the old workers')
                    self.assert_answers('127.0.0.1', port, 'example.org')
                    if len(addresses) == 2:
                        self.assert_answers('::1', port, 'example.org')

    def test_several_listeners(self):
        with Server(TREE, arguments=['-g', '127.0.0.2:0']) as server:
            match = re.search(r' gemini=127\.0\.0\.1:(\d+),127\.0\.0\.2:'
                              r'(\d+) ', server.ready)
            self.assertIsNotNone(match, server.ready)
            for host, port in (('127.0.0.1', match[1]),
                               ('127.0.0.2', match[2])):
                with Connection(int(port), tls_context(),
                                host=host) as client:
                    client.send(b'gemini://localhost:%d/\r\n' % int(port))
                    self.assertEqual(client.read_reply().text, HOME)

    @staticmethod
    def status(pid):
        with open('/proc/%d/status' % pid, encoding='ascii') as file:
            return {name: value.strip() for name, value in
                    (line.split(':', 1) for line in file)}

    def test_workers_have_no_privileges(self):
        with Server(TREE) as server:
            self.assertEqual(fetch(server).status, 20)
            pids = server.workers()
            self.assertEqual(len(pids), 2)
            for pid in pids:
                # One that has served nobody yet may be on its way there.
                wait_until(lambda p=pid: self.status(p)['NoNewPrivs'] == '1',
                           'no new privileges')
                status = self.status(pid)
                self.assertEqual(int(status['CapEff'], 16), 0)
                self.assertEqual(int(status['CapPrm'], 16), 0)
                if os.getuid() == 0:
                    self.assertNotIn('0', status['Uid'].split())
                    self.assertNotIn('0', status['Gid'].split())
                    self.assertNotIn('0', status['Groups'].split())


def descriptors(pid):
    """The descriptors of a process: {number: target}."""
    folder = '/proc/%d/fd' % pid
    found = {}
    for name in os.listdir(folder):
        with contextlib.suppress(FileNotFoundError):
            found[int(name)] = os.readlink(os.path.join(folder, name))
    return found


class Inherited(unittest.TestCase):
    """Signals and descriptors that a parent leaves behind."""

    def test_signals(self):
        ours = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)

        def block():
            signal.pthread_sigmask(signal.SIG_BLOCK, ours)

        def ignore():
            for number in ours:
                signal.signal(number, signal.SIG_IGN)

        for left in (block, ignore):
            with self.subTest(left.__name__), \
                    Server(TREE, preexec_fn=left) as server:
                old = server.workers()
                since = len(server.lines)
                server.signal(signal.SIGHUP)
                server.wait_for_line('^info reloaded', since)
                wait_until(lambda s=server, o=old: len(s.workers()) == 2 and
                           not set(s.workers()) & set(o), 'new workers')
                for worker in server.workers():
                    os.kill(worker, signal.SIGKILL)
                # Found by the signal, and not by the next look in 30 s.
                server.wait_for_line('ended: killed by signal 9', since, 20)
                self.assertEqual(fetch(server).text, HOME)
                server.signal(signal.SIGINT)
                self.assertEqual(server.wait(), 0)

    @beneath
    def test_closed_streams(self):
        for closed in ((0, 2), (2,), (0, 1)):
            def close(closed=closed):
                for fd in closed:
                    os.close(fd)

            with self.subTest(closed=closed):
                self.serve_without(closed, close)

    def serve_without(self, closed, close):
        folder = new_directory()
        self.addCleanup(shutil.rmtree, folder)
        write_tree(folder, {'tree/index.gmi': '# Harbour\n\nShips.\n'})
        process = Process(
            ['-g', '127.0.0.1:0', '-G', 'off', '-w', '1', '-o', 'watch=no',
             '-C', os.path.join(folder, 'certs'), *UNJAILED,
             os.path.join(folder, 'tree')], preexec_fn=close)
        try:
            if 2 in closed:
                port = process.out.wait(r'^gemini://localhost:(\d+)/$')[1]
            else:
                port = process.wait_for_line(r'^info ready \S+:(\d+) ')[1]
            server = types.SimpleNamespace(gemini_port=int(port))

            def ask(path):
                return gemini(server, b'gemini://localhost:%s/%s\r\n' % (
                    port.encode(), path))

            wait_until(lambda: ask(b'ask?ships').text.startswith('# Found'),
                       'an index')
            wait_until(lambda: ask(b'manifest').status == 20, 'a manifest')
            for pid in [process.pid, *process.children()] \
                    if SEES_INSIDE else ():
                has = descriptors(pid)
                for fd in range(3):
                    self.assertEqual(fd in closed or fd == 0,
                                     has[fd] == '/dev/null', has)
        finally:
            process.signal(signal.SIGTERM)
            self.assertEqual(process.wait(), 0)

    @beneath
    def test_closed_streams_of_the_tool(self):
        with socket.create_server(('127.0.0.1', 0)) as listener:
            listener.settimeout(DEADLINE_S)
            child = subprocess.Popen(
                [CAPSULE, 'mirror', 'gopher://127.0.0.1:%d/' %
                 listener.getsockname()[1],
                 os.path.join(self.enterContext(
                     tempfile.TemporaryDirectory()), 'copy')],
                preexec_fn=lambda: os.closerange(0, 3))
            try:
                with listener.accept()[0]:
                    self.assertEqual(
                        [descriptors(child.pid)[fd] for fd in range(3)],
                        ['/dev/null'] * 3)
            finally:
                child.kill()
                child.wait()

    @as_root
    def test_descriptors(self):
        with tempfile.TemporaryFile() as secret, \
                tempfile.NamedTemporaryFile() as settings:
            settings.write(b'lang = "de"\n')
            settings.flush()
            settings.seek(0)
            left = (secret.fileno(), settings.fileno())
            with Server(TREE, pass_fds=left, workers=1, arguments=[
                    '-c', '/dev/fd/%d' % settings.fileno()]) as server:
                self.assertIn('lang=de', fetch(server).meta)
                named = {os.readlink('/proc/self/fd/%d' % fd) for fd in left}
                for pid in [server.pid, *server.children()]:
                    self.assertFalse(
                        named & set(descriptors(pid).values()))


if __name__ == '__main__':
    unittest.main()
