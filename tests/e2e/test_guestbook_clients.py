"""The guestbook of the examples, signed by visitors with their clients."""

import os
import shutil
import unittest

from backends import start_with_rules
from server import as_root, new_directory, write_tree
from test_clients import WithAmfora
from test_guestbook import guestbook

PROMPT = 'Your name and a few words'
PATH = '/cgi-bin/guestbook'


class WithGuestbook(WithAmfora):
    @classmethod
    def setUpClass(cls):
        directory = new_directory()
        cls.addClassCleanup(shutil.rmtree, directory)
        data = os.path.join(directory, 'data')
        write_tree(directory, {'cgi/': ''})
        guestbook(os.path.join(directory, 'cgi', 'guestbook'), data)
        shutil.chown(data, 'daemon')
        cls.server = start_with_rules(cls, '''
            cgi_user = daemon
            path "/cgi-bin/" { cgi = "%s/cgi" cgi_write = { "%s" } }
            ''' % (directory, data))
        cls.gopher = 'gopher://localhost:%d' % cls.server.gopher_port


@as_root
class Amfora(WithGuestbook):
    def test_signs(self):
        screen = self.visit(PATH)
        screen.wait('# Guestbook')
        screen.wait('[1] Sign the guestbook')
        screen.press('1')
        screen.wait(PROMPT)
        screen.press('-l', 'Ada was here')
        screen.press('Enter')
        screen.press('Enter')
        # Amfora asks before a redirect.
        screen.wait('redirect')
        screen.press('Enter')
        screen.wait('> Ada was here')


@as_root
class Lynx(WithGuestbook):
    program = 'lynx'

    def test_signs(self):
        screen = self.screen('lynx -cfg=/dev/null %s/1%s' % (
            self.gopher, PATH))
        screen.wait('Sign the guestbook')
        screen.press('Enter')
        screen.wait('Enter a database query:')
        screen.press('-l', 'Ada was here')
        screen.press('Enter')
        screen.wait('> Ada was here')


if __name__ == '__main__':
    unittest.main()
