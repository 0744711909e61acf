"""Several capsules on one address: their names, certificates and data."""

import errno
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import unittest

from build import CAPSULED
from server import (PATIENT, UNJAILED, Connection, Process, as_root, jailed,
                    new_directory, tls_context, wait_until, write_tree)
from trouble import Trouble

HOSTS = '''
host "open.example" { names = { "www.open.example" } capsule = "open"
  gopher = { "127.0.0.1:0" } }
host "Club.Example." { capsule = "club" gopher = { "127.0.0.1:0" } }
host "café.example" { capsule = "cafe" lang = "fr" manifest = off }
'''
TREES = {'open': 'Open', 'club': 'Club', 'cafe': 'Café', 'wild': 'Wild',
         'www': 'Www'}
CAFE = 'xn--caf-dma.example'
OTHER = b'53 This server has no capsule of that name'


class Hosts(Process):
    """A capsuled with the hosts of a configuration file."""

    def __init__(self, test, hosts=HOSTS, options=(), before=None, **named):
        self.directory = new_directory()
        test.addCleanup(shutil.rmtree, self.directory, True)
        write_tree(self.directory, before or {})
        for name, title in TREES.items():
            write_tree(self.path(name), {
                'index.gmi': '# %s\n\nherring\n' % title,
                'only-%s.gmi' % name: '# Only %s\n\nword%s\n' % (name, name)})
        self.write(hosts)
        super().__init__(self.arguments(options), cwd=self.directory, **named)
        test.addCleanup(self.end)
        ready = self.wait_for_line('^info ready .*')[0]
        self.gemini_port = int(re.search(r' gemini=\S*?:(\d+)', ready)[1])
        gopher = re.search(r' gopher=(\S+)', ready)
        self.gopher_ports = [int(address.split(':')[1]) for address in
                             gopher[1].split(',')] if gopher else []

    def arguments(self, options=()):
        arguments = ['-c', 'c.conf', *UNJAILED, *PATIENT]
        for option in options:
            arguments += ['-o', option]
        return arguments

    def path(self, name):
        return os.path.join(self.directory, name)

    def write(self, hosts):
        with open(self.path('c.conf'), 'w', encoding='utf-8') as file:
            file.write('gemini = "127.0.0.1:0"\ncerts = "certs"\n'
                       'state = "state"\nworkers = 2\n' + hosts)

    def reload(self, hosts=None):
        """Reloads; returns the log line about it after old workers end."""
        if hosts is not None:
            self.write(hosts)
        since, old = len(self.lines), set(self.workers())
        self.signal(signal.SIGHUP)
        line = self.wait_for_line('^(info reloaded|error reload: ).*',
                                  since)[0]
        if line == 'info reloaded':
            wait_until(lambda: not old & set(self.workers()), 'new workers')
        return line

    def end(self):
        if self.child.poll() is None:
            self.signal(signal.SIGTERM)
            status = self.wait()
            if status != 0:
                raise AssertionError('exit status %d' % status)

    def connect(self, sni, **named):
        return Connection(self.gemini_port, tls_context(), sni=sni, **named)

    def ask(self, url, sni=None, **named):
        """The whole answer to a URL, which is written without the port."""
        host, slash, path = url.partition('/')
        request = 'gemini://%s:%d%s%s\r\n' % (
            host, self.gemini_port, slash or '/', path)
        with self.connect(sni, **named) as client:
            client.send(request.encode())
            return client.read_all()

    def certificate(self, sni):
        with self.connect(sni) as client:
            return client.tls.getpeercert(True)

    def stored(self, name):
        """The certificate in the file of that name."""
        with open(self.path('certs/%s.crt' % name), encoding='ascii') as file:
            return ssl.PEM_cert_to_DER_cert(file.read())

    def gopher(self, number, selector):
        with Connection(self.gopher_ports[number]) as client:
            client.send(selector.encode() + b'\r\n')
            return client.read_all()


class Names(unittest.TestCase):
    """The certificate and the capsule that a client gets."""

    def test_spellings_of_the_server_name(self):
        server = Hosts(self)
        for sni, name in (
                ('open.example', 'open.example'),
                ('www.open.example', 'open.example'),
                ('club.example', 'club.example'),
                ('CLUB.Example', 'club.example'),
                ('club.example.', 'club.example'),
                ('Club.Example.', 'club.example'),
                (CAFE, CAFE),
                (CAFE.upper(), CAFE),
                ('none.example', 'open.example'),
                (None, 'open.example')):
            with self.subTest(sni=sni):
                self.assertEqual(server.certificate(sni), server.stored(name))
        self.assertEqual(
            sorted(os.listdir(server.path('certs'))),
            sorted(name + suffix for suffix in ('.crt', '.key') for name in
                   ('open.example', 'club.example', CAFE)))

    def test_server_name_and_url(self):
        server = Hosts(self)
        for sni, url, want in (
                ('open.example', 'open.example', b'# Open'),
                ('open.example', 'www.open.example', b'# Open'),
                ('www.open.example', 'OPEN.example.', b'# Open'),
                ('club.example', 'Club.Example', b'# Club'),
                ('Club.Example.', 'club.example.', b'# Club'),
                (CAFE, 'café.example', '# Café'.encode()),
                (CAFE, CAFE, '# Café'.encode()),
                ('open.example', 'club.example', OTHER),
                ('club.example', 'open.example', OTHER),
                ('CLUB.example.', CAFE, OTHER),
                ('club.example', '127.0.0.1', OTHER),
                ('club.example', 'none.example', OTHER),
                # Without a name of ours the URL decides.
                (None, 'open.example', b'# Open'),
                (None, 'club.example', b'# Club'),
                ('none.example', 'club.example', b'# Club'),
                (None, '127.0.0.1', b'# Open'),
                ('open.example', '127.0.0.1', b'# Open'),
                (None, 'none.example', OTHER)):
            with self.subTest(sni=sni, url=url):
                self.assertIn(want, server.ask(url, sni))

    def test_wildcards(self):
        hosts = ('host "open.example" { capsule = "open" }\n',
                 'host "*.example.org" { capsule = "wild" }\n',
                 'host "www.example.org" { capsule = "www" }\n')
        for order in ((0, 1, 2), (2, 0, 1)):
            server = Hosts(self, 'gopher = off\n' + ''.join(
                hosts[i] for i in order))
            for name, file, title in (
                    ('x.example.org', '_.example.org', b'# Wild'),
                    ('X.Example.Org.', '_.example.org', b'# Wild'),
                    ('www.example.org', 'www.example.org', b'# Www')):
                self.assertIn(title, server.ask(name, name))
                self.assertIn(title, server.ask(name))
                self.assertEqual(server.certificate(name),
                                 server.stored(file))
            # A wildcard is one label, as in a certificate.
            for name in ('evilexample.org', 'example.org',
                         'a.b.example.org', '*.example.org'):
                self.assertIn(b'\r\n', server.ask(name))
                self.assertIn(b'53 ' if '*' not in name else b'5',
                              server.ask(name)[:3])
            # Two names of a wildcard may mean two sites.
            for sni, url in (('x.example.org', 'y.example.org'),
                             ('x.example.org', 'www.example.org'),
                             ('www.example.org', 'x.example.org')):
                self.assertIn(OTHER, server.ask(url, sni))
            server.end()

    def test_no_session_is_resumed(self):
        server = Hosts(self)
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context = tls_context(version)
            session = None
            for name in ('open.example', 'club.example', 'club.example'):
                with socket.create_connection(
                        ('127.0.0.1', server.gemini_port)) as plain:
                    with context.wrap_socket(plain, server_hostname=name,
                                             session=session) as client:
                        self.assertFalse(client.session_reused)
                        self.assertEqual(client.getpeercert(True),
                                         server.stored(name))
                        client.sendall(b'gemini://%s:%d/\r\n' % (
                            name.encode(), server.gemini_port))
                        self.assertEqual(client.recv(2), b'20')
                        session = client.session
                        if session is not None:
                            self.assertFalse(session.has_ticket)

    def test_no_foreign_session_is_resumed(self):
        """A ticket, or the number of a session, that another server made."""
        server = Hosts(self)
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            for options in (0, ssl.OP_NO_TICKET):
                with self.subTest(version=version, options=options):
                    context = tls_context(version)
                    session = self.foreign_session(server, context, options)
                    self.assertTrue(session.id or session.has_ticket)
                    with socket.create_connection(
                            ('127.0.0.1', server.gemini_port)) as plain, \
                            context.wrap_socket(
                                plain, server_hostname='club.example',
                                session=session) as client:
                        self.assertFalse(client.session_reused)
                        client.sendall(b'gemini://club.example:%d/\r\n' %
                                       server.gemini_port)
                        self.assertEqual(client.recv(2), b'20')

    def foreign_session(self, server, context, options):
        foreign = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        foreign.load_cert_chain(*(server.path('certs/open.example' + end)
                                  for end in ('.crt', '.key')))
        foreign.options |= options
        with socket.create_server(('127.0.0.1', 0)) as listener:
            def serve():
                with listener.accept()[0] as plain, foreign.wrap_socket(
                        plain, server_side=True) as tls:
                    tls.sendall(tls.recv(1))
            thread = threading.Thread(target=serve)
            thread.start()
            with socket.create_connection(listener.getsockname()) as plain, \
                    context.wrap_socket(
                        plain, server_hostname='club.example') as client:
                client.sendall(b'x')
                client.recv(1)
                session = client.session
            thread.join()
        return session


class Own(unittest.TestCase):
    """Each capsule has its own search, archives, counts and listeners."""

    @classmethod
    def setUpClass(cls):
        cls.server = Hosts(cls)

    @classmethod
    def addCleanup(cls, *arguments):
        cls.addClassCleanup(*arguments)

    def test_pages(self):
        for name in ('open', 'club', 'cafe'):
            for other in ('open', 'club', 'cafe'):
                host = CAFE if name == 'cafe' else name + '.example'
                self.assertEqual(
                    self.server.ask('%s/only-%s.gmi' % (host, other))[:2],
                    b'20' if other == name else b'51')
        self.assertIn(b'lang=fr', self.server.ask(CAFE))
        self.assertNotIn(b'lang', self.server.ask('club.example'))

    def test_questions(self):
        def found(host):
            answer = self.server.ask(host + '/ask?herring')
            return b'=> ' in answer and answer
        for host, title in (('open.example', b'Open'),
                            ('club.example', b'Club'),
                            (CAFE, 'Café'.encode())):
            answer = wait_until(lambda host=host: found(host), 'an index')
            self.assertIn(b'=> / ' + title, answer)
            self.assertIn(b'One page', answer)
        self.assertIn(b'Only club', self.server.ask(
            'club.example/ask?wordclub'))
        self.assertNotIn(b'Only club', self.server.ask(
            'open.example/ask?wordclub'))

    def test_edits(self):
        """Changes are noticed in each tree, also in files of one path."""
        for word in ('first', 'second'):
            for tree in ('open', 'club', 'cafe'):
                write_tree(self.server.path(tree), {
                    'new/edit.gmi': '# %s\n\n%s%s\n' % (tree, word, tree)})
            for tree, host in (('open', 'open.example'),
                               ('club', 'club.example'), ('cafe', CAFE)):
                wait_until(lambda host=host, tree=tree: b'/new/edit.gmi' in
                           self.server.ask('%s/ask?%s%s' % (
                               host, word, tree)), 'an edit')

    def test_manifests_and_archives(self):
        for name in ('open', 'club'):
            host = name + '.example'
            manifest = wait_until(
                lambda host=host: self.server.ask(host + '/manifest')[:2]
                == b'20' and self.server.ask(host + '/manifest'),
                'a manifest')
            self.assertIn(b'only-%s.gmi' % name.encode(), manifest)
            for other in set(TREES) - {name}:
                self.assertNotIn(b'only-%s.gmi' % other.encode(), manifest)
            archive = self.server.ask(host + '/capsule.tar.gz')
            header, _, body = archive.partition(b'\r\n')
            self.assertEqual(header[:2], b'20')
            names = subprocess.run(['tar', 'tz'], input=body, check=True,
                                   capture_output=True).stdout
            self.assertIn(b'only-%s.gmi' % name.encode(), names)
            self.assertEqual(names.count(b'only-'), 1)
        self.assertEqual(self.server.ask(CAFE + '/manifest')[:2], b'51')

    def test_visitors(self):
        server = Hosts(self)
        for host, source in (('open.example', '127.0.0.2'),
                             ('open.example', '127.0.0.3'),
                             ('club.example', '127.0.0.4')):
            server.ask(host, source=source)
        for host, count in (('open.example', 3), ('club.example', 2),
                            (CAFE, 1)):
            self.assertTrue(server.ask(host + '/online?plain').endswith(
                b'\r\n%d\n' % count), host)
        # They stay over a reload that moves the hosts.
        server.reload('host "new.example" { capsule = "www" gopher = off }\n'
                      + HOSTS)
        self.assertTrue(server.ask('open.example/online?plain').endswith(
            b'\r\n3\n'))
        self.assertTrue(server.ask('new.example/online?plain').endswith(
            b'\r\n1\n'))

    def test_gopher_links_between_hosts(self):
        """A link to a host with a listener of its own stays on Gopher."""
        server = self.server
        port, (_, club) = server.gemini_port, server.gopher_ports
        write_tree(server.path('club'), {'p.txt': 'p\n'})
        write_tree(server.path('open'), {'links/index.gmi': ''.join(
            '=> %s %s\n' % (url, label) for url, label in (
                ('gemini://Club.Example.:%d/only-club.gmi#x' % port, 'A'),
                ('//club.example:%d/p.txt' % port, 'B'),
                ('gemini://club.example:%d/ask' % port, 'C'),
                ('gemini://club.example:%d' % port, 'D'),
                ('gemini://club.example/p.txt', 'E'),
                ('gemini://%s:%d/' % (CAFE, port), 'F'),
                ('gemini://club.example:%d/a%%2Fb' % port, 'G')))})
        self.assertEqual(server.gopher(0, '/links/').decode(), ''.join((
            '1A\t/only-club.gmi\tclub.example\t%d\r\n' % club,
            '0B\t/p.txt\tclub.example\t%d\r\n' % club,
            '7C\t/ask\tclub.example\t%d\r\n' % club,
            '1D\t/\tclub.example\t%d\r\n' % club,
            *('h%s\tURL:%s\topen.example\t%d\r\n' % (
                label, url, server.gopher_ports[0]) for label, url in (
                    ('E', 'gemini://club.example/p.txt'),
                    ('F', 'gemini://%s:%d/' % (CAFE, port)),
                    ('G', 'gemini://club.example:%d/a%%2Fb' % port))),
            '.\r\n')))

    def test_gopher(self):
        """A listener is one host's; one without a listener has no menus."""
        server = self.server
        self.assertEqual(len(server.gopher_ports), 2)
        for number, (name, title) in enumerate((('open', 'Open'),
                                                ('club', 'Club'))):
            write_tree(server.path(name),
                       {'menu/index.gmi': '=> /only-%s.gmi Only\n' % name})
            menu = server.gopher(number, '/')
            self.assertIn(title.encode(), menu)
            self.assertIn(b'\t%s.example\t%d\r\n' % (
                name.encode(), server.gopher_ports[number]),
                server.gopher(number, '/menu/'))
            self.assertIn(b'Only ' + name.encode(), server.gopher(
                number, '/only-%s.gmi' % name))
        urls = server.out.text().split()
        self.assertEqual(urls, [
            'gemini://open.example:%d/' % server.gemini_port,
            'gopher://open.example:%d/' % server.gopher_ports[0],
            'gemini://club.example:%d/' % server.gemini_port,
            'gopher://club.example:%d/' % server.gopher_ports[1],
            'gemini://%s:%d/' % (CAFE, server.gemini_port)])

    def test_log(self):
        self.server.ask('club.example/only-club.gmi', 'club.example')
        self.server.wait_for_line(
            r'^info gemini status=20 host=club\.example path=/only-club')


class Reload(unittest.TestCase):
    """Hosts come, go and move; a pair in use is never replaced by itself."""

    def test_hosts_come_and_go(self):
        server = Hosts(self)
        before = {name: server.stored(name) for name in
                  ('open.example', 'club.example', CAFE)}
        more = 'host "www.example.org" { capsule = "www" gopher = off }\n'
        self.assertEqual(server.reload(more + HOSTS), 'info reloaded')
        self.assertIn(b'# Www', server.ask('www.example.org',
                                           'www.example.org'))
        self.assertIn(b'# Club', server.ask('club.example', 'club.example'))
        for name, certificate in before.items():
            self.assertEqual(server.certificate(name), certificate)
        self.assertEqual(server.certificate(None),
                         server.stored('www.example.org'))
        moved = ''.join(reversed(re.split('(?m)^(?=host)', HOSTS)))
        self.assertEqual(server.reload('gopher = off\n' + moved + more),
                         'info reloaded')
        self.assertEqual(server.certificate(None), before[CAFE])
        for name, title in (('open.example', b'# Open'),
                            ('www.example.org', b'# Www'),
                            (CAFE, '# Café'.encode())):
            self.assertIn(title, server.ask(name, name))
            wait_until(lambda name=name: b'One page' in server.ask(
                name + '/ask?herring'), 'an index')
        self.assertEqual(server.reload(
            'host "club.example" { capsule = "club" gopher = off }\n'),
            'info reloaded')
        self.assertIn(OTHER, server.ask('open.example'))
        self.assertIn(b'# Club', server.ask('club.example'))
        self.assertEqual(server.reload(HOSTS), 'info reloaded')
        for name, certificate in before.items():
            self.assertEqual(server.certificate(name), certificate)

    def test_a_port_in_use(self):
        server = Hosts(self)
        with socket.socket() as taken:
            taken.bind(('127.0.0.1', 0))
            taken.listen()
            address = '127.0.0.1:%d' % taken.getsockname()[1]
            self.assertEqual(
                server.reload(HOSTS.replace('"club" gopher = { "127.0.0.1:0"',
                                            '"club" gopher = { "%s"' %
                                            address)),
                'error reload: cannot listen on %s: Address already in use; '
                'stop the program that uses it, or choose another port with '
                'the key gopher of the host at c.conf:8; keeping the old '
                'configuration' % address)

    def replace_pair(self, server, name, suffix):
        """Puts a file of another pair into the place of one."""
        other = server.path('other')
        os.makedirs(other, exist_ok=True)
        if not os.listdir(other):
            subprocess.run(
                ['openssl', 'req', '-x509', '-nodes', '-newkey', 'ec',
                 '-pkeyopt', 'ec_paramgen_curve:P-256', '-keyout',
                 other + '/o.key', '-out', other + '/o.crt', '-days', '2',
                 '-subj', '/CN=' + name, '-addext',
                 'subjectAltName=DNS:' + name], check=True,
                capture_output=True)
            os.chmod(other + '/o.key', 0o600)
        os.replace(other + '/o' + suffix,
                   server.path('certs/%s%s' % (name, suffix)))

    def test_half_a_pair(self):
        names = ('open.example', 'club.example', CAFE)
        for order in (('.crt', '.key'), ('.key', '.crt')):
            server = Hosts(self)
            before = {name: server.stored(name) for name in names}
            self.replace_pair(server, 'club.example', order[0])
            self.assertRegex(server.reload(),
                             '^error reload: certs/club.example.crt: ')
            for name in names:
                self.assertEqual(server.certificate(name), before[name])
                self.assertIn(b'20 ', server.ask(name, name))
            self.replace_pair(server, 'club.example', order[1])
            self.assertEqual(server.reload(), 'info reloaded')
            self.assertEqual(server.certificate('club.example'),
                             server.stored('club.example'))
            self.assertNotEqual(server.certificate('club.example'),
                                before['club.example'])
            self.assertEqual(server.certificate(CAFE), before[CAFE])
            server.end()

    def test_a_pair_is_not_made_again(self):
        server = Hosts(self)
        certs = server.path('certs')
        before = server.stored('club.example')
        for suffix in ('.crt', '.key'):
            os.rename(certs + '/club.example' + suffix,
                      certs + '/away' + suffix)
        self.assertRegex(server.reload(),
                         '^error reload: certs/club.example.key: missing')
        # Nor under another name of the host, or in another directory.
        for text in (
                HOSTS.replace('"www.open.example"', '"b.example"').replace(
                    'host "open.example"', 'host "www.open.example"'),
                HOSTS.replace('capsule = "club"',
                              'capsule = "club" certs = "more"')):
            self.assertRegex(server.reload(text), '^error reload: .*missing')
        self.assertFalse(os.path.exists(server.path('more')))
        self.assertEqual(server.certificate('club.example'), before)
        self.assertEqual(sorted(os.listdir(certs)), sorted(
            name + suffix for suffix in ('.crt', '.key')
            for name in ('open.example', 'away', CAFE)))
        for suffix in ('.crt', '.key'):
            os.rename(certs + '/away' + suffix,
                      certs + '/club.example' + suffix)
        self.assertEqual(server.reload(HOSTS), 'info reloaded')
        self.assertEqual(server.certificate('club.example'), before)

    def test_the_keys_process_dies(self):
        """A host with a broken pair does not affect the other hosts."""
        server = Hosts(self)
        before = {name: server.stored(name) for name in
                  ('open.example', CAFE)}
        os.truncate(server.path('certs/club.example.crt'), 100)
        since = len(server.lines)
        os.kill(server.keys(), signal.SIGKILL)
        server.wait_for_line('^error keys: certs/club.example.crt: .*', since)
        for name, certificate in before.items():
            self.assertEqual(server.certificate(name), certificate)
        with self.assertRaises(OSError):
            server.certificate('club.example')


class Watches(unittest.TestCase):
    def test_the_limit_of_watches_is_reached(self):
        """Then the trees of all hosts are scanned, also one at rest."""
        trouble = Trouble()
        self.addCleanup(trouble.close)
        server = Hosts(self, env=trouble.environment())

        def finds(word):
            return wait_until(lambda: b'# Found' in server.ask(
                'club.example/ask?' + word), 'an index with ' + word)

        finds('wordclub')
        trouble['watch_error'] = errno.ENOSPC
        since = len(server.lines)
        write_tree(server.path('open'), {'new/index.gmi': '# New\n'})
        server.wait_for_line('limit of watches is reached', since)
        # A page of a host that has been scanned before.
        write_tree(server.path('club'), {'late.gmi': '# Late\n\nmackerel\n'})
        finds('mackerel')


class Places(unittest.TestCase):
    """Where capsules, keys and states may lie."""

    def check(self, hosts, *options):
        directory = new_directory()
        self.addCleanup(shutil.rmtree, directory)
        for name in TREES:
            write_tree(os.path.join(directory, name),
                       {'index.gmi': '', 'inner/index.gmi': ''})
        with open(directory + '/c.conf', 'w', encoding='utf-8') as file:
            file.write(hosts)
        arguments = ['-t', '-c', 'c.conf', *UNJAILED]
        for option in options:
            arguments += ['-o', option]
        return subprocess.run([CAPSULED, *arguments], cwd=directory,
                              capture_output=True, text=True, check=False)

    def test_capsule_in_a_capsule(self):
        done = self.check('host "a.example" { capsule = "open" }\n'
                          'host "b.example" { capsule = "open/inner" }\n')
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn('warning: open/inner: lies in the capsule open',
                      done.stdout)
        done = self.check('host "a.example" { capsule = "open" }\n'
                          'host "b.example" { capsule = "club" }\n')
        self.assertNotIn('lies in', done.stdout)

    def test_one_capsule_with_other_readers(self):
        """A path that one host hides can be visible on the other."""
        part = 'path "/inner/" { readers = { "any" } }'
        for top, first, second, warns in [
                ('', part, '', True), ('', '', part, True),
                ('', part, part, False), (part, '', '', False),
                (part, '', 'path "/inner/" { readers = {} }', True),
                ('', '', '', False)]:
            with self.subTest(top=top, first=first, second=second):
                done = self.check(
                    top + '\nhost "a.example" { capsule = "open" %s }\n'
                    'host "c.example" { capsule = "club" }\n'
                    'host "b.example" { capsule = "./open/" %s }\n' % (
                        first, second))
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual(
                    'warning: hosts "a.example" and "b.example" have one '
                    'capsule, but different parts with readers' in done.stdout,
                    warns, done.stdout)

    def test_keys_in_any_capsule(self):
        done = self.check('host "a.example" { capsule = "open" }\n'
                          'host "b.example" { capsule = "club"\n'
                          '  certs = "open/certs" }\n')
        self.assertEqual(done.returncode, 2)
        self.assertIn('open/certs: lies in the capsule', done.stderr)
        done = self.check('state = "club/inner"\n'
                          'host "a.example" { capsule = "open" }\n'
                          'host "b.example" { capsule = "club" }\n')
        self.assertEqual(done.returncode, 2)
        self.assertIn('state: club/inner: lies in the capsule', done.stderr)

    def test_host_without_gopher(self):
        done = self.check('host "a.example" { capsule = "open" }\n'
                          'host "b.example" { capsule = "club" }\n')
        self.assertIn('warning: host "b.example" is not served over Gopher',
                      done.stdout)
        self.assertNotIn('"a.example"', done.stdout)
        done = self.check('gopher = off\n'
                          'host "a.example" { capsule = "open" }\n'
                          'host "b.example" { capsule = "club" }\n')
        self.assertNotIn('over Gopher', done.stdout)

    def test_missing_capsule(self):
        done = self.check('host "a.example" { capsule = "open" }\n'
                          'host "b.example" { capsule = "none" }\n')
        self.assertEqual(done.returncode, 2)
        self.assertIn('none: cannot be opened', done.stderr)


@as_root
@jailed
class Sandbox(unittest.TestCase):
    """The root of each process is above all capsules, and no higher."""

    def test_root_of_the_processes(self):
        server = Hosts(self)
        for pid in (*server.workers(), server.indexer(), server.answers()):
            wait_until(lambda pid=pid: os.readlink(
                '/proc/%d/root' % pid) == server.directory, 'a chroot')
        self.assertNotIn('in common', server.log.text())

    def test_nothing_in_common(self):
        far = tempfile.mkdtemp(dir='/var/tmp')
        self.addCleanup(shutil.rmtree, far)
        os.chmod(far, 0o755)
        write_tree(far, {'index.gmi': '# Far\n'})
        server = Hosts(self, 'gopher = off\n'
                       'host "open.example" { capsule = "open" }\n'
                       'host "far.example" { capsule = "%s" }\n' % far)
        server.wait_for_line('^warn jail: the capsules have no folder in '
                             'common but /')
        self.assertIn(b'# Far', server.ask('far.example', 'far.example'))
        self.assertIn(b'# Open', server.ask('open.example', 'open.example'))


if __name__ == '__main__':
    unittest.main()
