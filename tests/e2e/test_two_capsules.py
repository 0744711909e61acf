"""Two capsules on one address, in the clients that people use."""

import os
import shlex
import unittest

import test_clients
import test_hosts
from server import SEES_INSIDE

NAMES = 'open.example', 'club.example'


class TwoCapsules(test_clients.WithAmfora):
    """The clients run where both names are those of this machine."""

    def setUp(self):
        super().setUp()
        self.hosts = test_hosts.Hosts(self)
        with open(os.path.join(self.home, 'hosts'), 'w',
                  encoding='ascii') as file:
            file.write('127.0.0.1 localhost %s %s\n' % NAMES)

    def screen(self, command):
        # Of the test, only a private view of the file is changed.
        namespace = 'unshare -m' if SEES_INSIDE else 'unshare -rm'
        return super().screen('%s sh -c %s' % (namespace, shlex.quote(
            'mount --bind %s/hosts /etc/hosts && exec %s' % (
                shlex.quote(self.home), command))))

    def test_gemini(self):
        self.assertNotEqual(*(self.hosts.stored(name) for name in NAMES))
        for _ in range(2):  # the second time, both certificates are pinned
            screen = self.screen('amfora')
            screen.wait('New Tab')
            for name, title in zip(NAMES, ('Open', 'Club')):
                self.go(screen, 'gemini://%s:%d/' % (
                    name, self.hosts.gemini_port))
                shown = screen.wait('# %s herring' % title)
                self.assertNotRegex(shown.lower(), 'certificate|tofu|error')
            screen.close()

    def test_gopher(self):
        for port, name, title in zip(self.hosts.gopher_ports, NAMES,
                                     ('Open', 'Club')):
            for client in 'sacc', 'lynx -cfg=/dev/null':
                with self.subTest(client=client, name=name):
                    screen = self.screen('%s gopher://%s:%d/' % (
                        client, name, port))
                    screen.wait(title)
                    screen.wait('herring')
                    screen.close()


if __name__ == '__main__':
    unittest.main()
