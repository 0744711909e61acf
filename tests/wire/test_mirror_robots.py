"""`capsule mirror` and a robots.txt that forbids what the copy has."""

import os
import unittest

from origin import Mirroring
from test_mirror_walk import gophermenu

FORBIDDEN = 'robots.txt forbids it now; the copy keeps it'


class Robots(Mirroring):
    with_manifest = False

    def setUp(self):
        super().setUp()
        self.origin.files = {
            'index.gmi': b'=> private/\n=> old.txt\n',
            'old.txt': b'old\n',
            'private/index.gmi': b'=> x.txt\n=> /open/y.txt\n',
            'private/x.txt': b'x\n',
            'open/y.txt': b'y\n'}
        port = self.origin.gopher_port
        self.menus = {
            '/': gophermenu(port, ('1', 'Private', '/private'),
                            ('0', 'Old', '/old.txt')),
            '/private': gophermenu(
                port, ('0', 'X', '/private/x.txt'),
                ('0', 'Y', '/open/y.txt'), ('i', 'words', ''),
                ('7', 'Search', '/ask'))}
        self.menus['/private'] = \
            b'0Far\t/far.txt\tother.example\t70\r\n' + self.menus['/private']

    def forbid(self, *paths):
        self.origin.files['robots.txt'] = b'User-agent: *\n' + b''.join(
            b'Disallow: %s\n' % path for path in paths)

    def test_what_is_forbidden_now_stays(self):
        """What it leads to is fetched still, and the rest may go."""
        for scheme, page in (('gemini', 'index.gmi'),
                             ('gopher', 'gophermap')):
            with self.subTest(scheme=scheme):
                self.setUp()
                if scheme == 'gopher':
                    self.origin.answers = self.menus
                self.run_mirror(scheme=scheme)
                before = self.mirror.files()
                self.assertIn('private/' + page, before)
                self.forbid(b'/private')
                self.origin.files['open/y.txt'] = b'changed\n'
                if scheme == 'gopher':
                    self.menus['/'] = gophermenu(
                        self.origin.gopher_port,
                        ('1', 'Private', '/private'))
                else:
                    self.origin.files['index.gmi'] = b'=> private/\n'
                self.origin.paths()
                for _ in range(2):
                    result = self.run_mirror(scheme=scheme)
                    for path in ('private/' + page, 'private/x.txt'):
                        self.assertIn('%s: %s' % (path, FORBIDDEN),
                                      result.stderr)
                    self.assertNotIn('y.txt: ', result.stderr)
                asked = self.origin.paths()
                self.assertNotRegex(' '.join(asked), 'private|far|ask')
                found = self.mirror.files()
                self.assertEqual(found['open/y.txt'], b'changed\n')
                for path in ('private/' + page, 'private/x.txt'):
                    self.assertEqual(found[path], before[path])
                self.assertEqual(sorted(before.keys() - found.keys()),
                                 ['old.txt'])

    def test_it_stays_without_a_link_and_until_it_is_removed(self):
        self.run_mirror()
        self.forbid(b'/private', b'/old.txt')
        self.origin.files['index.gmi'] = b'# Home\n=> open/y.txt\n'
        self.run_mirror()
        self.assertIn('private/x.txt', self.mirror.files())
        os.unlink(os.path.join(self.mirror.folder, 'old.txt'))
        result = self.run_mirror()
        self.assertNotIn('old.txt', result.stderr)
        self.assertIn('private/x.txt: ' + FORBIDDEN, result.stderr)
        # It is as any other file once it is allowed again.
        self.forbid()
        result = self.run_mirror()
        self.assertIn('removed private/x.txt', result.stdout)

    def test_a_page_of_two_names(self):
        """Its folder may be asked for, and it not."""
        self.run_mirror()
        self.forbid(b'/index.gmi')
        self.origin.files['index.gmi'] += b'# Changed\n'
        result = self.run_mirror()
        self.assertNotIn(FORBIDDEN, result.stderr)
        self.assertIn(b'Changed', self.mirror.files()['index.gmi'])
        self.run_mirror()

    def test_all_is_forbidden(self):
        for scheme in ('gemini', 'gopher'):
            for agent in (b'*', b'archiver'):
                with self.subTest(scheme=scheme, agent=agent):
                    self.setUp()
                    if scheme == 'gopher':
                        self.origin.answers = self.menus
                    self.run_mirror(scheme=scheme)
                    before = self.mirror.files()
                    self.origin.files['robots.txt'] = \
                        b'User-agent: %s\nDisallow: /\n' % agent
                    for _ in range(2):
                        result = self.run_mirror(scheme=scheme, status=1)
                        self.assertEqual(self.mirror.files(), before)
                    self.assertIn(
                        '%s: robots.txt forbids the whole capsule' %
                        self.origin.url(scheme), result.stderr)
                    self.assertIn('0 fetched, 0 removed, 1 failed',
                                  result.stdout)
                    # What was noted of the copy is noted still.
                    del self.origin.files['robots.txt']
                    result = self.run_mirror(scheme=scheme)
                    self.assertIn('0 fetched, 0 removed, 0 failed',
                                  result.stdout)


if __name__ == '__main__':
    unittest.main()
