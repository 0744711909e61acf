"""`capsule mirror` of Gopher servers that answer with errors."""

import unittest

from origin import Mirror, Mirroring
from test_mirror_walk import gophermenu

FOOTER = b'i____\t\tnull.host\t1\r\ni Gophered\t\tnull.host\t1\r\n.\r\n'
# Each is an error whatever is asked for, and does not say "not found".
ERRORS = {
    'as geomyidae': b'3Sorry\tErr\tlocalhost\t70\r\n.\r\n\r\n',
    'as gophernicus, a menu':
        b'3Error: Access denied! x\tTITLE\tnull.host\t1\r\n' + FOOTER,
    'as gophernicus, a text':
        b'Error: Access denied! x\r\n____\r\n      Gophered\r\n',
    'as gophernicus, a page':
        b'<!DOCTYPE HTML>\n<TITLE>Error: Access denied! x</TITLE>\n',
    'as pygopherd': b'3Permission denied\t\terror.host\t1\r\n',
    'with a way home':
        b'3Sorry\t\terror.host\t1\r\n1Home\t\tother.example\t70\r\n.\r\n',
    'without a message': b'3\t\terror.host\t1\r\n',
    'long': b'3' + b'Sorry ' * 20000 + b'\t\tother.example\t70\r\n.\r\n',
}
# Each is no menu, and would be a file if a file was asked for.
NO_MENUS = {
    'empty': b'',
    'the final dot': b'.\r\n',
    'text': b'Error: something went wrong\r\n',
    'HTML': b'<html>\n<h1>503</h1>\n</html>\n',
    'without tabs': b'3Access denied\r\n',
    'cut': b'1Docs\t/docs\t127.0.0.1\t70\r\n0A\t/docs/a.txt\t127.0',
    'cut in a port': b'1Docs\t/docs\t127.0.0.1\t7',
}
FILES = ['docs/a.txt', 'docs/gophermap', 'gophermap', 'ok.txt']


class Errors(Mirroring):
    with_manifest = False

    def setUp(self):
        super().setUp()
        port = self.origin.gopher_port
        self.origin.files = {'ok.txt': b'fine\n', 'docs/a.txt': b'a\n'}
        self.good = {
            '/': gophermenu(port, ('0', 'Fine', '/ok.txt'),
                            ('1', 'Docs', '/docs')),
            '/docs': gophermenu(port, ('0', 'A', '/docs/a.txt'))}
        self.origin.answers = dict(self.good)

    def run_gopher(self, status):
        return self.run_mirror(scheme='gopher', status=status)

    def anew(self):
        """Another folder to mirror to."""
        self.mirror = Mirror()
        self.addCleanup(self.mirror.remove)

    def check_nothing_is_lost(self, answers, *several):
        """A copy stays as it is when paths, several at a time, get these."""
        self.run_gopher(0)
        before = self.mirror.files()
        self.assertEqual(sorted(before), FILES)
        for name, answer in answers.items():
            for broken in several:
                self.origin.answers = dict(self.good)
                self.origin.answers.update((path, answer) for path in broken)
                with self.subTest(name=name, broken=broken):
                    result = self.run_gopher(1)
                    self.assertEqual(self.mirror.files(), before)
                    self.assertIn('0 fetched, 0 removed, %d failed' %
                                  len(broken), result.stdout)
                    for path in broken:
                        self.assertIn('capsule mirror: %s: ' % (
                            path if path != '/' else
                            self.origin.url('gopher')), result.stderr)
        # As soon as all is well again it is as if nothing had been.
        self.origin.answers = dict(self.good)
        result = self.run_gopher(0)
        self.assertIn('0 fetched, 0 removed', result.stdout)

    def test_an_error_replaces_and_removes_nothing(self):
        self.check_nothing_is_lost(ERRORS, ('/ok.txt', '/docs'), ('/',))

    def test_what_is_no_menu_removes_nothing(self):
        self.check_nothing_is_lost(NO_MENUS, ('/docs',), ('/',))

    def test_a_first_run_stores_no_error(self):
        for name, answer in {**ERRORS, **NO_MENUS}.items():
            broken = ['/docs'] + ['/ok.txt'] * (name in ERRORS)
            self.origin.answers = dict(self.good)
            self.origin.answers.update((path, answer) for path in broken)
            self.anew()
            with self.subTest(name=name):
                self.run_gopher(1)
                self.assertEqual(
                    sorted(self.mirror.files()),
                    [path for path in FILES if 'docs' not in path and
                     '/' + path not in broken])

    def test_a_file_that_only_looks_like_an_error(self):
        port = self.origin.gopher_port
        self.origin.files['ok.txt'] = b'3 errors\n'
        self.origin.answers['/docs'] = b'3Closed on Fridays\t\te.host\t1\r\n' + \
            gophermenu(port, ('0', 'A', '/docs/a.txt'), ('0', 'A', '/ok.txt'))
        self.run_gopher(0)
        self.assertEqual(sorted(self.mirror.files()), FILES)

    def test_pages_that_are_too_large_to_be_followed(self):
        """What they lead to is not known, so nothing is removed."""
        filler = b'a' * 1000 + b'\r\n'
        for scheme, path, good, answer in (
                ('gopher', '/docs', self.good['/docs'],
                 b'0A\t/docs/a.txt\t127.0.0.1\t1\r\n' + (b'i' + filler) * 4200),
                ('gemini', '/docs/', b'=> a.txt\n', filler * 4200)):
            self.anew()
            self.origin.answers = {
                '/': self.good['/'] if scheme == 'gopher'
                     else b'=> ok.txt\n=> docs/\n',
                path: good}
            with self.subTest(scheme=scheme):
                self.run_mirror(scheme=scheme)
                self.assertIn('docs/a.txt', self.mirror.files())
                self.origin.answers[path] = answer
                result = self.run_mirror(scheme=scheme, status=1)
                self.assertIn('too large', result.stderr)
                self.assertIn('docs/a.txt', self.mirror.files())


if __name__ == '__main__':
    unittest.main()
