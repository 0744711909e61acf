"""A part of a capsule for readers, in the clients that people use."""

import os
import re
import shutil
import unittest

import test_clients
from clientcert import Visitor
from server import Server, new_directory, write_tree


class Readers(test_clients.WithAmfora):
    """A part for readers, entered with a client certificate."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rules = new_directory()
        cls.addClassCleanup(shutil.rmtree, cls.rules, True)
        cls.friends = os.path.join(cls.rules, 'friends')
        write_tree(cls.rules, {
            'friends': '# nobody yet\n',
            'capsuled.conf': 'path "/private/" { readers = { "friends" } }'})
        cls.server = Server(
            {'index.gmi': '# Home\n',
             'private/index.gmi': '# Only for friends\nA gannet dives.\n'},
            arguments=['-c', os.path.join(cls.rules, 'capsuled.conf')])
        cls.addClassCleanup(cls.server.stop)

    def test_enrols(self):
        screen = self.visit('/private/')
        screen.wait('This part is for readers with a certificate')
        screen.close()
        visitor = Visitor(self)
        config = os.path.join(self.home, 'config', 'amfora', 'config.toml')
        os.makedirs(os.path.dirname(config), exist_ok=True)
        with open(config, 'w', encoding='ascii') as file:
            for part, name in ('certs', 'crt.pem'), ('keys', 'key.pem'):
                file.write('[auth.%s]\n' % part)
                for host in 'localhost', 'localhost:%d' % (
                        self.server.gemini_port):
                    file.write('"%s" = "%s"\n' % (host, visitor.path(name)))
        screen = self.visit('/private/')
        shown = screen.wait('Not on the list yet')
        fingerprint = re.search('SHA256:[0-9A-F]{64}', re.sub(
            r'\s', '', ''.join(re.findall('║([^║]*)║', shown))))
        self.assertIsNotNone(fingerprint, shown)
        self.assertEqual(fingerprint[0], visitor.fingerprint)
        screen.close()
        with open(self.friends, 'w', encoding='ascii') as file:
            file.write(fingerprint[0] + ' a visitor\n')
        self.server.wait_for_line('^info readers: .*: 1')
        screen = self.visit('/private/')
        screen.wait('A gannet dives.')


if __name__ == '__main__':
    unittest.main()
