"""Programs as their authors write them, by CGI, SCGI, FastCGI and php-fpm."""

import errno
import os
import resource
import shutil
import socket
import subprocess
import threading
import unittest

from backends import PROGRAMS, FastCgi, PhpFpm, Scgi, start_with_rules
from build import BUILD, DEADLINE_S
from clientcert import Visitor
from refusal import refusing
from server import (as_root, fetch, gemini_connect, gopher, new_directory,
                    select, write_tree)
from test_guestbook import guestbook

COMMON = set('''
    GATEWAY_INTERFACE SERVER_SOFTWARE SERVER_NAME SERVER_PORT SERVER_PROTOCOL
    REQUEST_METHOD REMOTE_ADDR REMOTE_HOST REMOTE_PORT TLS_VERSION TLS_CIPHER
    QUERY_STRING GEMINI_SEARCH_STRING GEMINI_URL GEMINI_URL_PATH SCRIPT_NAME
    PATH_INFO SCRIPT_FILENAME GEMINI_SCRIPT_FILENAME DOCUMENT_ROOT
    GEMINI_DOCUMENT_ROOT PATH_TRANSLATED'''.split())
# php-fpm would take them for the script.
SCRIPT = {'SCRIPT_FILENAME', 'PATH_TRANSLATED'}
CERTIFICATE = set('''
    AUTH_TYPE REMOTE_USER TLS_CLIENT_HASH TLS_CLIENT_HASH_B64
    TLS_CLIENT_SUBJECT TLS_CLIENT_SUBJECT_CN TLS_CLIENT_ISSUER
    TLS_CLIENT_ISSUER_CN TLS_CLIENT_SERIAL_NUMBER TLS_CLIENT_NOT_BEFORE
    TLS_CLIENT_NOT_AFTER TLS_CLIENT_AUTHORISED'''.split())
GOPHER = set('''
    SELECTOR REQUEST SEARCHREQUEST SERVER_HOST COLUMNS
    GOPHER_CHARSET'''.split())
# Each would reach every program if it were inherited.
INHERITED = {
    'BASH_ENV': '/etc/passwd', 'ENV': '/etc/passwd', 'HTTP_PROXY': 'http://x',
    'LD_LIBRARY_PATH': '/nonexistent', 'PYTHONPATH': '/tmp', 'PERL5OPT': '-w',
    'LISTEN_PID': '1', 'LISTEN_FDS': '1', 'JOURNAL_STREAM': '1:1',
}
WAITING = '''#!/bin/sh
printf '20 text/plain\\r\\nwaiting\\n'
flock -s '%s' true
echo done
'''


def variables(strings):
    """Of NUL-ended "NAME=VALUE"; a double fails."""
    pairs = [string.split('=', 1) for string in strings.split('\0')[:-1]]
    names = [pair[0] for pair in pairs]
    assert len(names) == len(set(names)), names
    return dict(pairs)


@as_root
class Cgi(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = new_directory()
        cls.addClassCleanup(shutil.rmtree, cls.directory)
        cls.cgi = os.path.join(cls.directory, 'cgi')
        cls.data = os.path.join(cls.directory, 'data')
        shutil.copytree(PROGRAMS, cls.cgi)
        for name in ('variables', 'variables.cgi', 'variables.dcgi'):
            shutil.copy(os.path.join(BUILD, 'wire', 'variables'),
                        os.path.join(cls.cgi, name))
        guestbook(os.path.join(cls.cgi, 'guestbook'), cls.data)
        shutil.chown(cls.data, 'daemon')
        os.chmod(cls.data, 0o700)
        cls.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        cls.addClassCleanup(cls.notify.close)
        cls.notify.bind(os.path.join(cls.directory, 'notify'))
        cls.server = start_with_rules(cls, '''
            cgi_user = daemon
            path "/cgi-bin/" {
                cgi = "%s" cgi_write = { "%s" }
                readers = {}
            }
            path "/club/" { cgi = "%s" readers = { "any" } }
            ''' % (cls.cgi, cls.data, cls.cgi), env=dict(
                os.environ, NOTIFY_SOCKET=os.path.join(
                    cls.directory, 'notify'), **INHERITED))

    def get(self, path):
        reply = fetch(self.server, '/cgi-bin/' + path)
        self.assertTrue(reply.close_notify)
        return reply

    def strings(self, body):
        """(arguments, variables) of the program in C."""
        count, rest = body.decode().split('\0', 1)
        arguments = rest.split('\0')[:int(count)]
        return arguments, variables(rest[sum(
            len(argument) + 1 for argument in arguments):])

    def test_python(self):
        reply = self.get('counter.py')
        self.assertEqual((reply.status, reply.meta),
                         (10, 'A word to count'))
        reply = self.get('counter.py?caf%C3%A9')
        self.assertEqual((reply.status, reply.mime), (20, 'text/gemini'))
        self.assertEqual(reply.text, '# café\n4 letters\n=> . Another word\n')
        self.assertIn(b'7A word to count\t/cgi-bin/counter.py\t',
                      select(self.server, '/cgi-bin/counter.py'))
        menu = select(self.server, '/cgi-bin/counter.py\tcafé')
        self.assertIn('icafé\t'.encode(), menu)
        self.assertIn(b'i4 letters\t', menu)
        self.assertIn(b'1Another word\t/cgi-bin/\t', menu)

    def test_perl(self):
        """In its own folder."""
        reply = self.get('folder.pl')
        self.assertEqual(reply.header, b'20 text/gemini; lang=en')
        self.assertIn('* folder.pl\r\n', reply.text)
        self.assertIn(b'i* folder.pl\t', select(
            self.server, '/cgi-bin/folder.pl'))

    def test_shell(self):
        self.assertEqual(self.get('visitor.sh').status, 60)
        page = Visitor(self).fetch(self.server, '/club/visitor.sh')
        self.assertEqual(page.text, 'Hello, visitor\n'
                         '=> /club/visitor.sh/next Next\n')
        menu = select(self.server, '/cgi-bin/visitor.sh')
        self.assertIn(b'iHello, visitor\t', menu)
        self.assertIn(b'1Next\t/cgi-bin/visitor.sh/next\t', menu)

    def test_variables(self):
        """Exactly those of the manual, and none of the server."""
        path = '/cgi-bin/variables/a%20b/?x%20y&HTTP_PROXY=http://x'
        reply = fetch(self.server, path)
        arguments, found = self.strings(reply.body)
        self.assertEqual(arguments, [])
        self.assertEqual(set(found), COMMON | {'PATH'})
        program = os.path.join(self.cgi, 'variables')
        for name, want in (
                ('GATEWAY_INTERFACE', 'CGI/1.1'),
                ('SERVER_NAME', 'localhost'),
                ('SERVER_PORT', str(self.server.gemini_port)),
                ('SERVER_PROTOCOL', 'GEMINI'), ('REQUEST_METHOD', 'GET'),
                ('REMOTE_ADDR', '127.0.0.1'), ('REMOTE_HOST', '127.0.0.1'),
                ('GEMINI_URL', self.server.url(path)),
                ('GEMINI_URL_PATH', '/cgi-bin/variables/a b/'),
                ('QUERY_STRING', 'x%20y&HTTP_PROXY=http://x'),
                ('GEMINI_SEARCH_STRING', ''),
                ('SCRIPT_NAME', '/cgi-bin/variables'),
                ('PATH_INFO', '/a b/'), ('SCRIPT_FILENAME', program),
                ('GEMINI_SCRIPT_FILENAME', program),
                ('DOCUMENT_ROOT', self.server.root),
                ('GEMINI_DOCUMENT_ROOT', self.server.root),
                ('PATH_TRANSLATED', self.server.root + '/a b/'),
                ('TLS_VERSION', 'TLSv1.3'),
                ('PATH', '/usr/local/bin:/usr/bin:/bin')):
            with self.subTest(name):
                self.assertEqual(found[name], want)
        self.assertRegex(found['SERVER_SOFTWARE'], r'\Acapsuled/[0-9.]+\Z')
        self.assertRegex(found['REMOTE_PORT'], r'\A\d+\Z')
        _, found = self.strings(self.get('variables?a%20%E9b').body.replace(
            b'\xe9', b'E9'))
        self.assertEqual(found['GEMINI_SEARCH_STRING'], 'a E9b')

    def test_variables_of_a_certificate(self):
        visitor = Visitor(self)
        reply = visitor.fetch(self.server, '/club/variables')
        _, found = self.strings(reply.body)
        self.assertEqual(set(found), COMMON | CERTIFICATE | {'PATH'})
        self.assertEqual(found['AUTH_TYPE'], 'Certificate')
        self.assertEqual(found['REMOTE_USER'], 'visitor')
        self.assertEqual(found['TLS_CLIENT_HASH'], visitor.fingerprint)
        self.assertEqual(found['TLS_CLIENT_NOT_BEFORE'],
                         '2020-01-01T00:00:00Z')

    def test_variables_over_gopher(self):
        body = gopher(self.server, b'/cgi-bin/variables/a?b\r\n')
        arguments, found = self.strings(body)
        self.assertEqual(arguments, [])
        self.assertEqual(set(found), COMMON | GOPHER | {'PATH'})
        for name, want in (('SERVER_PROTOCOL', 'GOPHER'),
                           ('SERVER_PORT', str(self.server.gopher_port)),
                           ('QUERY_STRING', 'b'), ('PATH_INFO', '/a'),
                           ('SELECTOR', '/cgi-bin/variables/a?b'),
                           ('REQUEST', '/cgi-bin/variables/a'),
                           ('TLS_VERSION', '')):
            with self.subTest(name):
                self.assertEqual(found[name], want)

    def test_no_argument_comes_from_a_query(self):
        """CVE-2012-1823: options of an interpreter."""
        for query in ('-s', '-d+allow_url_include%3d1', '%ADd+x', '--version',
                      '-c/etc/passwd', 'a+b+c'):
            for name in ('variables', 'variables.cgi', 'variables.dcgi'):
                with self.subTest(query=query, name=name):
                    body = self.get('%s?%s' % (name, query)).body
                    self.assertEqual(body.split(b'\0')[0], b'0')

    def test_four_arguments_over_gopher(self):
        port = str(self.server.gopher_port)
        for search in ('-s', '--version', '-c/etc/passwd', 'w ' * 100 + 'w',
                       'Grüße'):
            for name in ('variables.cgi', 'variables.dcgi'):
                with self.subTest(search=search, name=name):
                    line = '/cgi-bin/%s?x\t%s\r\n' % (name, search)
                    arguments, _ = self.strings(gopher(
                        self.server, line.encode()))
                    self.assertEqual(arguments[:1] + arguments[2:],
                                     [search, 'localhost', port])
            body = gopher(self.server, ('/cgi-bin/variables\t%s\r\n' %
                                        search).encode())
            self.assertEqual(self.strings(body)[0], [])

    def test_guestbook(self):
        header = self.get('guestbook/sign').header
        self.assertEqual(header, b'10 Your name and a few words')
        for text in ('Ada%20was%20here', '=%3E%20/x%0A=%3E%20/y'):
            self.assertEqual(self.get('guestbook/sign?' + text).header,
                             b'30 /cgi-bin/guestbook')
        menu = select(self.server,
                      '/cgi-bin/guestbook/sign\tHello from Gopher')
        for line in ('7Sign the guestbook\t/cgi-bin/guestbook/sign\t',
                     'i> Hello from Gopher\t', 'i> Ada was here\t',
                     'i> => /x => /y\t'):
            self.assertIn(line.encode(), menu)
        self.assertIn('\n> Hello from Gopher\n', self.get('guestbook').text)
        for name in os.listdir(self.data):
            status = os.stat(os.path.join(self.data, name))
            self.assertNotEqual(status.st_uid, 0)


@as_root
class Sandboxed(unittest.TestCase):
    """As under systemd's RestrictSUIDSGID."""

    def test_without_openat2(self):
        directory = new_directory()
        self.addCleanup(shutil.rmtree, directory)
        shutil.copytree(PROGRAMS, os.path.join(directory, 'cgi'))
        for error in errno.EPERM, errno.ENOSYS:
            with self.subTest(error=error):
                server = start_with_rules(
                    self, 'cgi_user = daemon\n'
                    'path "/x/" { cgi = "%s/cgi" }' % directory,
                    preexec_fn=refusing('openat2', error=error))
                self.assertIn('4 letters\n', fetch(
                    server, '/x/counter.py?word').text)
                self.assertEqual(fetch(server, '/x/none').status, 51)
                self.assertEqual(fetch(server, '/x/page.php').status, 51)


@as_root
class Many(unittest.TestCase):
    """A thousand requests for a program that waits for an event."""

    def test_at_once(self):
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        directory = new_directory()
        self.addCleanup(shutil.rmtree, directory)
        lock = os.path.join(directory, 'lock')
        write_tree(directory, {'lock': '', 'cgi/wait': WAITING % lock})
        os.chmod(os.path.join(directory, 'cgi', 'wait'), 0o755)
        server = start_with_rules(self, '''
            cgi_user = daemon
            limits = all limit_open = 1000 limit_burst = 10000
            path "/cgi-bin/" {
                cgi = "%s/cgi" cgi_read = { "%s" } script_timeout_ms = 600000
            }''' % (directory, directory))
        holder = subprocess.Popen(['flock', lock, 'cat'],
                                  stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE)
        self.addCleanup(holder.stdin.close)
        holder.stdin.write(b'x')
        holder.stdin.flush()
        self.assertEqual(holder.stdout.read(1), b'x')
        waiting = []
        for network in range(1, 6):
            first = [self.ask(server, '127.0.0.%d' % network)
                     for _ in range(200)]
            began = [(client, client.read_some()) for client in first]
            kept = [client for client, data in began if data[:2] == b'20']
            self.assertEqual(len(kept), 8 if network < 5 else 0)
            waiting += kept
            refused = {data[:2] for _, data in began} - {b'20'}
            self.assertEqual(refused, {b'44'} if network < 4 else
                             {b'41'} if network > 4 else refused)
            self.assertLessEqual(refused, {b'41', b'44'})
            # Other visitors are served meanwhile.
            self.assertEqual(fetch(server).status, 20)
        self.assertEqual(len(waiting), 32)
        holder.communicate(timeout=DEADLINE_S)
        for client in waiting:
            self.assertEqual(client.read_all()[-5:], b'done\n')
            self.assertTrue(client.close_notify)

    def ask(self, server, source):
        client = gemini_connect(server, source=source)
        self.addCleanup(client.close)
        client.send(server.url('/cgi-bin/wait').encode() + b'\r\n')
        return client


class Php(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.php = PhpFpm(cls)
        pages = {}
        for name in os.listdir(PROGRAMS):
            if name.endswith('.php'):
                with open(os.path.join(PROGRAMS, name), 'rb') as file:
                    pages['app/' + name] = file.read()
        pages['app/index.txt'] = '<?php echo "no program";'
        pages['app/pic.jpg'] = '<?php echo "no program";'
        cls.server = start_with_rules(cls, '''
            path "/app/" { fastcgi = "%s" }
            path "/web/" { fastcgi = "%s" script = "%s/web.php" }
            path "/one/" { fastcgi = "%s" script = "%s/variables.php" }
            ''' % (cls.php.socket, *[cls.php.socket, cls.php.programs] * 2),
            pages)

    def test_page_of_the_web(self):
        """With the header lines that php-fpm and the page add."""
        reply = fetch(self.server, '/app/page.php?Ada%20%3C')
        self.assertEqual(reply.header, b'20 text/html; charset=utf-8')
        self.assertRegex(reply.text, r'\A<h1>Hello, Ada &lt;</h1>\s*\Z')
        self.assertTrue(reply.close_notify)
        self.assertEqual(select(self.server, '/app/page.php?Ada%20%3C'),
                         reply.body)

    def test_page_of_a_capsule(self):
        self.assertEqual(fetch(self.server, '/app/capsule.php').header,
                         b'10 Your name')
        reply = fetch(self.server, '/app/capsule.php/a%20b/?Ada')
        self.assertEqual(reply.header, b'20 text/gemini')
        self.assertEqual(reply.text, '# Hello, Ada\n'
                         'by GEMINI to /app/capsule.php/a b/\n')
        self.assertIn(b'7Your name\t/app/capsule.php\t',
                      select(self.server, '/app/capsule.php'))
        menu = select(self.server, '/app/capsule.php\tGrüße')
        self.assertIn('iHello, Grüße\t'.encode(), menu)
        self.assertIn(b'iby GOPHER to /app/capsule.php\t', menu)

    def test_statuses_of_the_web(self):
        for path, want in (('/web/', (20, 'text/plain; charset=utf-8')),
                           ('/web/moved', (31, '/elsewhere/')),
                           ('/web/form', (59, None)),
                           ('/web/secret', (61, None)),
                           ('/web/none', (51, None)),
                           ('/web/broken', (40, None))):
            with self.subTest(path):
                reply = fetch(self.server, path)
                self.assertEqual(reply.status, want[0])
                if want[1] is not None:
                    self.assertEqual(reply.meta, want[1])

    def test_variables(self):
        found = variables(fetch(self.server, '/app/variables.php/x').text)
        self.assertEqual(COMMON - set(found), {'PATH_TRANSLATED'})
        self.assertEqual(found['SCRIPT_FILENAME'],
                         os.path.join(self.server.root, 'app/variables.php'))
        self.assertEqual((found['SCRIPT_NAME'], found['PATH_INFO']),
                         ('/app/variables.php', '/x'))
        self.assertNotIn('HTTP_PROXY', found)

    def test_one_script_for_all_paths(self):
        """CVE-2019-11043, and letters whose case has another length."""
        script = os.path.join(self.php.programs, 'variables.php')
        for path, rest in (
                ('', '/'), ('%C8%BA%C8%BA.php.txt.php', '/ȺȺ.php.txt.php'),
                ('pic.jpg/x.php', '/pic.jpg/x.php'),
                ('%C4%B0ndex.php/a', '/İndex.php/a'),
                ('index.php/', '/index.php/'), ('a%3Fb', '/a?b'),
                ('a' * 900, '/' + 'a' * 900)):
            with self.subTest(path):
                found = variables(fetch(self.server, '/one/' + path).text)
                self.assertEqual(found['SCRIPT_FILENAME'], script)
                self.assertEqual((found['SCRIPT_NAME'], found['PATH_INFO']),
                                 ('/one', rest))
        reply = fetch(self.server, '/one/index.php/../other.php')
        self.assertEqual(reply.header, b'31 /one/other.php')
        menu = select(self.server, '/one/' + 'a' * 8000)
        self.assertEqual(menu[:1], b'3')

    def test_nothing_else_runs(self):
        """A path that is split in the wrong place."""
        for path in ('/app/index.txt', '/app/pic.jpg/x.php',
                     '/app/pic.jpg', '/app/Ⱥ.php.txt.php', '/app/none.php',
                     '/app/page.php.txt', '/app/capsule.PHP',
                     '/app/' + 'a' * 900):
            with self.subTest(path):
                reply = fetch(self.server, path)
                self.assertEqual((reply.status, reply.body), (51, b''))
        for path in ('/app/x%0ay', '/app/capsule.php/%0a', '/app/a%7fb',
                     '/web/%0d', '/app/capsule.php%00.txt'):
            with self.subTest(path):
                self.assertEqual(fetch(self.server, path).status, 59)

    def test_without_a_guess(self):
        """With cgi.fix_pathinfo=0, PATH_TRANSLATED would be the script."""
        php = PhpFpm(self, ['-d', 'cgi.fix_pathinfo=0'])
        page = '<?php echo "20 text/plain\r\n%s";'
        server = start_with_rules(self, '''
            path "/app/" { fastcgi = "%s" }
            path "/one/" { fastcgi = "%s" script = "%s/capsule.php" }
            ''' % (php.socket, php.socket, php.programs), {
                'app/a.php': page % 'a', 'app/b.php': page % 'b',
                'private/c.php': page % 'c'})
        for path, status, body in (
                ('/app/a.php', 20, b'a'), ('/app/a.php/app/b.php', 20, b'a'),
                ('/app/a.php/private/c.php', 20, b'a'), ('/app/', 51, b''),
                ('/app/app/b.php', 51, b''), ('/app/private/c.php', 51, b''),
                ('/one/app/b.php', 10, b''), ('/one/private/c.php', 10, b'')):
            with self.subTest(path):
                reply = fetch(server, path)
                self.assertEqual((reply.status, reply.body), (status, body))


class LibFcgi(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.program = FastCgi(cls)
        cls.server = start_with_rules(cls, 'path "/app/" { fastcgi = "%s" }' %
                           cls.program.socket)

    def test_variables(self):
        reply = fetch(self.server, '/app/a%20b')
        self.assertEqual(reply.header, b'20 application/octet-stream')
        found = variables(reply.text)
        self.assertEqual(set(found) - {'FCGI_ROLE'}, COMMON - SCRIPT)
        self.assertEqual(found['PATH_INFO'], '/a b')
        self.server.wait_for_line('written to the log')
        self.assertEqual(set(variables(gopher(
            self.server, b'/app/a\r\n').decode())) - {'FCGI_ROLE'},
            COMMON - SCRIPT | GOPHER)

    def test_many_bytes(self):
        for size in (1, 65535, 65536, 3000000):
            with self.subTest(size):
                reply = fetch(self.server, '/app/?%d' % size)
                self.assertEqual(reply.body, b'x' * size)
                self.assertTrue(reply.close_notify)
                self.assertEqual(select(self.server, '/app/?%d' % size),
                                 b'x' * size)

    def test_at_once(self):
        """One request waits for another, and none is lost."""
        replies = []
        threads = [threading.Thread(target=lambda: replies.append(fetch(
            self.server, '/app/?1000'))) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(DEADLINE_S)
        self.assertEqual([len(reply.body) for reply in replies], [1000] * 20)


class ScgiServer(unittest.TestCase):
    def answer(self, pairs):
        self.pairs.append(pairs)
        return b'20 text/gemini\n# Scgi\n=> x X\n'

    def setUp(self):
        self.pairs = []
        program = Scgi(self, self.answer)
        self.server = start_with_rules(self, 'path "/app/" { scgi = "%s" }' %
                            program.socket)

    def test_headers(self):
        reply = fetch(self.server, '/app/a/?' + 'x' * 900)
        self.assertEqual(reply.text, '# Scgi\n=> x X\n')
        menu = select(self.server, '/app/a\tGrüße')
        self.assertIn(b'1X\t/app/x\t', menu)
        for pairs, more in zip(self.pairs, (set(), GOPHER)):
            names = [name.decode() for name, _ in pairs]
            self.assertEqual(names[0], 'CONTENT_LENGTH')
            self.assertEqual(len(names), len(set(names)))
            self.assertEqual(set(names),
                             COMMON | more | {'CONTENT_LENGTH', 'SCGI'})
            values = dict(pairs)
            self.assertEqual(values[b'CONTENT_LENGTH'], b'0')
            self.assertEqual(values[b'SCGI'], b'1')
        self.assertEqual(dict(self.pairs[0])[b'QUERY_STRING'], b'x' * 900)
        self.assertEqual(dict(self.pairs[1])[b'QUERY_STRING'],
                         b'Gr%C3%BC%C3%9Fe')


if __name__ == '__main__':
    unittest.main()
