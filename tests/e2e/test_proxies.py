"""HAProxy and nginx in front of the server, with the PROXY protocol."""

import os
import re
import shutil
import signal
import socket
import subprocess
import unittest

from build import DEADLINE_S
from server import (Connection, Lines, Server, new_directory, tls_context,
                    wait_until)
from test_hosts import CAFE, Hosts

TREE = {'index.gmi': '# Home\n'}
PROXIED = {'gemini': '127.0.0.1:0 proxy', 'gopher': '127.0.0.1:0 proxy',
           'options': ('proxies=127.0.0.1', 'log_addresses=yes',
                       'gopher_tls=yes')}
VISITOR = '127.0.0.5'
HAPROXY = ('/usr/sbin/haproxy', '-db', '-f')
NGINX = ('/usr/sbin/nginx', '-c')
TIMES = 'timeout connect 60s\ntimeout client 60s\ntimeout server 60s\n'


class Proxy:
    """One of them, with the listeners that its configuration names.

    A listener is bound here, so that its port is known; %(NAME)d in the
    configuration is the number of its descriptor, or its port.
    """

    def __init__(self, test, command, listeners, config, numbers):
        self.directory = new_directory()
        test.addCleanup(shutil.rmtree, self.directory, True)
        sockets, self.ports = [], {}
        values = {'directory': self.directory}
        for name in listeners:
            listener = socket.create_server(('127.0.0.1', 0))
            sockets.append(listener)
            self.ports[name] = listener.getsockname()[1]
            values[name] = numbers(listener)
        path = os.path.join(self.directory, 'config')
        with open(path, 'w', encoding='ascii') as file:
            file.write(config % values + '\n')
        passed = [listener.fileno() for listener in sockets]
        self.child = subprocess.Popen(
            [*command, path], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            pass_fds=passed, env={
                'PATH': '/usr/sbin:/usr/bin:/sbin:/bin',
                'NGINX': ''.join('%d;' % fd for fd in passed)})
        # The listener ends with the proxy.
        for listener in sockets:
            listener.close()
        self.log = Lines(self.child.stderr)
        test.addCleanup(self.stop)

    def stop(self):
        if self.child.poll() is not None:
            raise AssertionError('the proxy has ended; it said:\n' +
                                 self.log.text())
        self.child.send_signal(signal.SIGTERM)
        try:
            self.child.wait(DEADLINE_S)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
            raise
        self.log.wait_for_end()


def haproxy(test, listeners, config):
    """A listener is `bind fd@%(NAME)d`."""
    return Proxy(test, HAPROXY, listeners,
                 'defaults\nmode tcp\n' + TIMES + config,
                 lambda listener: listener.fileno())


def nginx(test, listeners, config):
    """A listener is `listen 127.0.0.1:%(NAME)d`."""
    return Proxy(test, NGINX, listeners, '''
        daemon off;
        load_module /usr/lib/nginx/modules/ngx_stream_module.so;
        pid %%(directory)s/pid;
        error_log stderr notice;
        events {}
        stream { %s }''' % config, lambda listener: listener.getsockname()[1])


def gemini(proxy, server, path='/', sni='localhost', host='localhost'):
    with Connection(proxy.ports['gemini'], tls_context(), sni=sni,
                    source=VISITOR) as client:
        client.send(b'gemini://%s:%d%s\r\n' % (
            host.encode(), server.gemini_port, path.encode()))
        return client.read_reply()


def gopher(proxy, tls=None):
    with Connection(proxy.ports['gopher'], tls, source=VISITOR,
                    sni='localhost' if tls else None) as client:
        client.send(b'\r\n')
        return client.read_all()


class Case(unittest.TestCase):
    def serve(self, *options):
        server = Server(TREE, **{
            **PROXIED, 'options': (*PROXIED['options'], *options)})
        self.addCleanup(server.stop)
        return server

    def expect_visitor(self, proxy, server):
        """Over each protocol the server sees the visitor's address."""
        since = len(server.lines)
        self.assertEqual(gemini(proxy, server).status, 20)
        server.wait_for_line(
            r'^info gemini status=20 address=%s ' % VISITOR, since)
        for tls in None, tls_context():
            since = len(server.lines)
            self.assertEqual(gopher(proxy, tls)[:5], b'iHome')
            server.wait_for_line(
                r'^info gopher status=20 address=%s ' % VISITOR, since)


class HAProxy(Case):
    LISTEN = '''
        listen gemini
            bind fd@%%(gemini)d
            server one 127.0.0.1:%d %s
        listen gopher
            bind fd@%%(gopher)d
            server one 127.0.0.1:%d %s
        '''

    def test_versions(self):
        for words in ('send-proxy', 'send-proxy-v2',
                      'send-proxy-v2 proxy-v2-options crc32c,unique-id'):
            with self.subTest(words):
                server = self.serve()
                proxy = haproxy(
                    self, ('gemini', 'gopher'), self.LISTEN % (
                        server.gemini_port, words, server.gopher_port, words))
                self.expect_visitor(proxy, server)

    def test_checks_are_no_visitors(self):
        for words, connect in (
                ('send-proxy-v2', 'send-proxy'), ('send-proxy', 'send-proxy'),
                ('send-proxy-v2 proxy-v2-options crc32c', 'send-proxy')):
            with self.subTest(words=words, connect=connect):
                server = self.serve('limits=all', 'limit_burst=2',
                                    'limit_rate=1')
                proxy = haproxy(self, ('gemini',), '''
                    listen gemini
                        bind fd@%%(gemini)d
                        option tcp-check
                        tcp-check connect ssl sni localhost %s
                        tcp-check send gemini://localhost:%d/\\r\\n
                        tcp-check expect rstring ^20\\ 
                        server one 127.0.0.1:%d check inter 50ms verify none %s
                    ''' % (connect, server.gemini_port, server.gemini_port,
                           words))
                # More checks than the limits of one network allow.
                wait_until(lambda s=server: sum(
                    'gemini status=' in line for line in s.lines) > 6,
                           'seven checks')
                self.assertEqual({
                    re.search(r' status=(\S+) address=(\S+) ', line).groups()
                    for line in server.lines if 'gemini status=' in line},
                                 {('20', '127.0.0.1')})
                self.assertEqual(proxy.log.find('is DOWN'), None)
                self.assertEqual(
                    gemini(proxy, server, '/online?plain').body, b'1\n')

    def test_hosts_behind_one_address(self):
        servers = Hosts(self, '''
            gemini = { "127.0.0.1:0 proxy" }
            proxies = { "127.0.0.1" }
            log_addresses = yes
            host "open.example" { capsule = "open" }
            host "café.example" { capsule = "cafe" }
            ''', options=('gopher=off',))
        proxy = haproxy(self, ('gemini',), '''
            frontend gemini
                bind fd@%%(gemini)d
                tcp-request inspect-delay 60s
                tcp-request content accept if { req.ssl_hello_type 1 }
                tcp-request content reject
                use_backend cafe if { req.ssl_sni -i %s }
                default_backend open
            backend open
                server one 127.0.0.1:%d send-proxy-v2
            backend cafe
                server one 127.0.0.1:%d send-proxy
            ''' % (CAFE, servers.gemini_port, servers.gemini_port))
        for name, title in ('open.example', 'Open'), (CAFE, 'Café'):
            since = len(servers.lines)
            reply = gemini(proxy, servers, sni=name, host=name)
            self.assertEqual(reply.text.partition('\n')[0], '# ' + title)
            servers.wait_for_line(' address=%s ' % VISITOR, since)


class Nginx(Case):
    def test_stream(self):
        server = self.serve()
        proxy = nginx(self, ('gemini', 'gopher'), '''
            server {
                listen 127.0.0.1:%%(gemini)d;
                proxy_pass 127.0.0.1:%d;
                proxy_protocol on;
            }
            server {
                listen 127.0.0.1:%%(gopher)d;
                proxy_pass 127.0.0.1:%d;
                proxy_protocol on;
            }''' % (server.gemini_port, server.gopher_port))
        self.expect_visitor(proxy, server)


if __name__ == '__main__':
    unittest.main()
