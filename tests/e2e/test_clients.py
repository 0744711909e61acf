"""The clients that people use, in front of the real server.

Each has a home of its own.  Those that draw on a terminal get one from
tmux, and what they show is waited for, never slept for.
"""

import atexit
import hashlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
import unittest
import urllib.parse

from build import CAPSULE
from server import (DEADLINE_S, TOP, Server, fetch, new_directory, select,
                    wait_until)

QUESTION = 'Why did Aliyev mention the 1920 occupation of Azerbaijan?'
PATH = '/qa/why-did-aliyev-mention-the-1920.gmi'
ANSWER = ('Ilham Aliyev brought up the 1920 occupation by the Russian '
          'Bolshevik army to highlight historical grievances and the '
          'long-standing impact of Russian influence')


def words(text):
    """Text without line breaks, scroll bars and quote marks.

    Amfora 1.10 repeats the mark on each line of a quote.
    """
    text = re.sub(r'^ *> ', '', text, flags=re.M)
    text = ' '.join(text.replace('|', ' ').replace('▒', ' ').split())
    return text.replace('- ', '-')  # a line may break behind a hyphen


class Screen:
    """A program on a terminal wide enough for Amfora's first guess."""

    def __init__(self, home, command):
        self.directory = tempfile.mkdtemp(prefix='tmux-')
        self.socket = os.path.join(self.directory, 'socket')
        self.ended = False
        atexit.register(self.close)
        environment = client_environment(home)
        self._tmux('-f', '/dev/null', 'new-session', '-d', '-x', '160',
                   '-y', '50', command, environment=environment)

    def _tmux(self, *arguments, environment=None):
        return subprocess.run(
            ['tmux', '-S', self.socket, *arguments], check=False,
            timeout=DEADLINE_S, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env=environment).stdout.decode(
                'utf-8', 'replace')

    def text(self):
        return self._tmux('capture-pane', '-p')

    def press(self, *keys):
        self._tmux('send-keys', *keys)

    def wait(self, part, limit=DEADLINE_S):
        """Until the words are on the screen, wherever lines break."""
        last = ['']

        def shows():
            last[0] = self.text()
            return words(part) in words(last[0])

        try:
            wait_until(shows, repr(part), limit)
        except AssertionError as error:
            raise AssertionError('%s; the screen:\n%s' % (
                error, last[0])) from None
        return last[0]

    def wait_gone(self, part):
        wait_until(lambda: words(part) not in words(self.text()),
                   'the end of %r' % part)

    def close(self):
        if not self.ended:
            self.ended = True
            self._tmux('kill-server')
            shutil.rmtree(self.directory, ignore_errors=True)


def client_environment(home):
    environment = dict(os.environ, HOME=home, LC_ALL='C.UTF-8',
                       TERM='xterm-256color')
    for name, folder in [('CONFIG', 'config'), ('DATA', 'data'),
                         ('CACHE', 'cache'), ('STATE', 'state')]:
        environment['XDG_%s_HOME' % name] = os.path.join(home, folder)
    environment.pop('TMUX', None)
    return environment


# What a visitor types, and what is found.
ASKED = 'Which plane was hit by shells?'
FOUND = 'Found for “Which plane was hit by shells?”'
PASSAGE = 'shelling over Russian territory.'


class Client(unittest.TestCase):
    program = None
    tree = os.path.join(TOP, 'capsule')

    @classmethod
    def setUpClass(cls):
        if shutil.which(cls.program) is None:
            raise AssertionError('%s is missing: make deps' % cls.program)
        cls.server = Server(cls.tree, options=['verbose=yes'])
        cls.addClassCleanup(cls.server.stop)
        cls.gopher = 'gopher://localhost:%d' % cls.server.gopher_port

    def setUp(self):
        self.home = new_directory()
        self.addCleanup(shutil.rmtree, self.home, True)

    def wait_for_index(self):
        self.server.wait_for_line('^debug index ')
        wait_until(lambda: fetch(self.server, '/ask?plane').text.startswith(
            '# Found'), 'an index')

    def screen(self, command):
        screen = Screen(self.home, command)
        self.addCleanup(screen.close)
        return screen

    def run_client(self, *command, keys=b'', environment=None):
        return subprocess.run(
            command, input=keys, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, timeout=DEADLINE_S, check=False,
            env=environment or client_environment(self.home))


class WithAmfora(Client):
    program = 'amfora'

    def visit(self, path):
        # An address on the command line is sometimes loaded before there
        # is a screen to show it on; so it is typed.
        screen = self.screen('amfora')
        screen.wait('New Tab')
        self.go(screen, self.server.url(path))
        return screen

    def go(self, screen, url):
        screen.press('Space')
        screen.wait('URL/Num./Search:')
        screen.press('-l', url)
        screen.press('Enter')


class Amfora(WithAmfora):
    def test_reads_a_question(self):
        screen = self.visit('/')
        screen.wait('# Ilham Aliyev in nine questions')
        # Nothing alarms: no question about the certificate.
        shown = screen.wait('[2] ' + QUESTION)
        self.assertNotRegex(shown.lower(), 'certificate|tofu|error')
        screen.press('2')
        screen.wait('# ' + QUESTION)
        shown = screen.wait(ANSWER)
        self.server.wait_for_line(
            r'^info gemini status=20 path=' + PATH.replace('.', r'\.'))
        # And back, by the link at the end of the page.
        home = [line for line in shown.splitlines() if line.endswith('Home')]
        self.assertEqual(len(home), 1, shown)
        screen.press(home[0].split(']')[0].strip()[1:])
        screen.wait('# Ilham Aliyev in nine questions')

    def test_asks(self):
        self.wait_for_index()
        screen = self.visit('/ask')
        screen.wait('What would you like to know?')
        screen.press('-l', ASKED)
        # To the button, and on it.
        screen.press('Enter')
        screen.press('Enter')
        screen.wait('# ' + FOUND)
        screen.wait(PASSAGE)

    def test_second_visit(self):
        # The certificate is pinned by now, and is the same.
        for _ in range(2):
            screen = self.visit(PATH)
            screen.wait(ANSWER)
            screen.close()

    def test_not_found(self):
        screen = self.visit('/none')
        meta = fetch(self.server, '/none').meta
        screen.wait(meta)

    def test_redirect(self):
        # The one kind that Amfora follows without a question.
        screen = self.visit('/qa')
        screen.wait('# All questions')


class AmforaAndANewKey(WithAmfora):
    def test_new_key(self):
        """A visitor who knows the old key is asked, as for any other; one
        who comes first is not, although there are two certificates."""
        tree = {'index.gmi': '# The harbour\n'}
        self.server = Server(tree)
        self.addCleanup(self.server.stop)
        screen = self.visit('/')
        screen.wait('# The harbour')
        screen.close()
        for options in ['--day', '2100-01-01'], ['--now', '--force']:
            subprocess.run(
                [CAPSULE, 'rekey', *options, self.server.certs, 'localhost'],
                check=True, capture_output=True, timeout=DEADLINE_S)
        since = len(self.server.lines)
        self.server.signal(signal.SIGHUP)
        self.server.wait_for_line('^info reloaded', since)
        screen = self.visit('/')
        shown = screen.wait('certificate has changed')
        self.assertNotIn('# The harbour', shown)
        screen.close()
        self.home = os.path.join(self.home, 'another')
        os.mkdir(self.home)
        shown = self.visit('/').wait('# The harbour')
        self.assertNotRegex(shown.lower(), 'certificate|tofu|error')


class Subscriptions(WithAmfora):
    """A page of dated links, as it is and as a feed."""

    tree = {'log.gmi': '# Harbour log\n=> a.gmi 2026-11-24 Ships & <lamps>\n'
                       '=> b.gmi 2026-11-20: Fog\n'}

    def agree(self, screen, question):
        screen.wait(question)
        screen.press('Enter')
        screen.wait_gone(question)

    def test_feed(self):
        screen = self.visit('/log.gmi?atom')
        self.agree(screen, 'Would you like to subscribe to this feed?')
        self.go(screen, 'about:subscriptions')
        screen.wait('## Nov 24, 2026 [2] Harbour log (localhost) - '
                    'Ships & <lamps>')
        screen.wait('## Nov 20, 2026 [3] Harbour log (localhost) - Fog')

    def test_page(self):
        screen = self.visit('/log.gmi')
        screen.wait('# Harbour log')
        screen.press('C-x')
        self.agree(screen, 'Would you like to subscribe to this page?')
        self.go(screen, 'about:subscriptions')
        screen.wait('localhost:%d - /log.gmi' % self.server.gemini_port)


class Lynx(Client):
    program = 'lynx'

    def dump(self, selector, kind='1'):
        done = self.run_client('lynx', '-cfg=/dev/null', '-dump',
                               '-width=100', '-nolist',
                               '%s/%s%s' % (self.gopher, kind, selector))
        self.assertEqual(done.returncode, 0, done.stderr)
        return words(done.stdout.decode(errors='replace'))

    def test_menu(self):
        page = self.dump('/')
        self.assertIn('Ilham Aliyev in nine questions', page)
        self.assertIn(QUESTION, page)
        self.assertNotIn('null.host', page)

    def test_page(self):
        self.assertIn(ANSWER, self.dump(PATH))

    def test_text(self):
        self.assertIn('User-agent: *', self.dump('/robots.txt', '0'))

    def test_not_found(self):
        page = self.dump('/none')
        self.assertIn('Not found. There is no page at this address', page)
        self.assertIn('Home', page)
        self.assertIn(ANSWER, self.dump(PATH.removesuffix('.gmi')))

    def test_asks(self):
        self.wait_for_index()
        page = self.dump('/ask?' + urllib.parse.quote_plus(ASKED), '7')
        self.assertIn(PASSAGE, page)


class Curl(Client):
    program = 'curl'

    def get(self, url, *arguments):
        done = self.run_client('curl', '--silent', '--show-error',
                               '--max-time', str(DEADLINE_S), *arguments,
                               url)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_same_bytes(self):
        for kind, selector in [('1', ''), ('1', '/'), ('1', PATH),
                               ('0', '/robots.txt'), ('1', '/none'),
                               ('0', 'caps.txt')]:
            with self.subTest(selector=selector):
                self.assertEqual(
                    self.get('%s/%s%s' % (self.gopher, kind, selector)),
                    select(self.server, selector))

    def test_asks(self):
        self.wait_for_index()
        self.assertEqual(
            self.get('%s/7/ask%%09%s' % (self.gopher,
                                         urllib.parse.quote(ASKED))),
            select(self.server, '/ask\t' + ASKED))

    def test_binary(self):
        content = os.urandom(3 << 20)
        with Server({'a b.bin': content},
                    options=['gopher_tls=yes']) as server:
            for url in ('gopher://localhost:%d/9/a%%20b.bin',
                        'gophers://localhost:%d/9/a%%2520b.bin'):
                with self.subTest(url=url):
                    got = self.get(url % server.gopher_port, '--insecure')
                    self.assertEqual(hashlib.sha256(got).digest(),
                                     hashlib.sha256(content).digest())


class Sacc(Client):
    program = 'sacc'

    def test_reads_a_question(self):
        screen = self.screen('sacc %s/' % self.gopher)
        screen.wait('Ilham Aliyev in nine questions')
        screen.wait('Dir+ ' + QUESTION)
        screen.press('J')
        screen.press('J')
        screen.press('l')
        screen.wait(ANSWER)
        # Back again.
        screen.press('h')
        screen.wait('Dir+ ' + QUESTION)


    def test_asks(self):
        self.wait_for_index()
        screen = self.screen('sacc %s/1/ask' % self.gopher)
        screen.wait('What would you like to know?')
        screen.press('l')
        screen.wait('search')
        screen.press('-l', ASKED)
        screen.press('Enter')
        screen.wait(FOUND)
        screen.wait(PASSAGE.split()[0])


class Gopher(Client):
    """The University of Minnesota's own, which asks for Gopher+ first."""

    program = 'gopher'

    def test_reads_a_question(self):
        screen = self.screen(
            'gopher localhost %d' % self.server.gopher_port)

        def past_the_welcome():
            text = screen.text()
            if 'Press RETURN' in text:
                screen.press('Enter')
            return 'Main/' in text

        wait_until(past_the_welcome, 'the first menu')
        screen.press('Enter')
        shown = screen.wait(QUESTION)
        self.assertIn('Ilham Aliyev in nine questions', shown)
        row = [line for line in shown.splitlines() if '-->' in line]
        self.assertEqual(len(row), 1, shown)
        screen.press('Down')
        wait_until(lambda: any(
            '-->' in line and QUESTION in line
            for line in screen.text().splitlines()), 'the second question')
        screen.press('Enter')
        screen.wait(ANSWER)


class Bombadillo(Client):
    program = 'bombadillo'

    def test_reads_a_question(self):
        screen = self.screen('bombadillo %s/' % self.gopher)
        screen.wait('Ilham Aliyev in nine questions')
        screen.wait('[2] ' + QUESTION)
        screen.press('2', 'Enter')
        screen.wait(ANSWER)

    def test_reads_it_over_gemini(self):
        screen = self.screen('bombadillo ' + self.server.url('/'))
        screen.wait('Ilham Aliyev in nine questions')
        screen.press('2', 'Enter')
        screen.wait(ANSWER)


class Vf1(Client):
    program = 'vf1'

    def test_reads_a_question(self):
        done = self.run_client('vf1', '%s/' % self.gopher,
                               keys=b'2\ncat\nquit\n')
        page = words(done.stdout.decode())
        self.assertIn('[2] ' + QUESTION, page)
        self.assertIn(ANSWER, page)

    def test_over_tls(self):
        with Server(os.path.join(TOP, 'capsule'),
                    options=['gopher_tls=yes']) as server:
            # It trusts whom the system trusts, here this server alone.
            environment = client_environment(self.home)
            environment['SSL_CERT_FILE'] = os.path.join(
                server.certs, 'localhost.crt')
            done = self.run_client(
                'vf1', '--tls', 'gophers://localhost:%d/' %
                server.gopher_port, keys=b'2\ncat\nquit\n',
                environment=environment)
            self.assertIn(ANSWER, words(done.stdout.decode()),
                          done.stderr.decode())


class OpenSsl(Client):
    program = 'openssl'

    def test_close_notify_is_seen(self):
        for version in ('-tls1_2', '-tls1_3'):
            with self.subTest(version=version):
                done = self.run_client(
                    'openssl', 's_client', '-connect',
                    'localhost:%d' % self.server.gemini_port, '-ign_eof',
                    '-msg', version,
                    keys=self.server.url(PATH).encode() + b'\r\n')
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertIn(b'20 text/gemini', done.stdout)
                self.assertIn(b'<<< TLS 1.%s, Alert' % version[-1:].encode(),
                              done.stdout)
                self.assertIn(b'warning close_notify', done.stdout)
                self.assertNotIn(b'unexpected eof', done.stderr)


# The base class is no test of its own.
del Client


if __name__ == '__main__':
    unittest.main()
