"""`capsule mirror`: what a server says it does not have, and when it is gone."""

import os
import unittest

from origin import Mirroring
from test_mirror_walk import gophermenu
from trouble import Trouble

DAY = 24 * 60 * 60
NOT_FOUND = {
    'ours': b'3Not found. There is no page at this address'
            b'\t\terror.host\t1\r\n1Home\t/\tlocalhost\t70\r\n.\r\n',
    'ours, before 0.2': b'3Not found\t\terror.host\t1\r\n.\r\n',
    'pygopherd':
        b"3'/x' does not exist (no handler found)\t\terror.host\t1\r\n",
    'bucktooth': b"3'/x' doesn't exist!\t\terror.host\t1\r\n.\r\n",
    'gophernicus': b'Error: File or directory not found! (null)\r\n',
}
OTHER = b'3Sorry\tErr\tlocalhost\t70\r\n.\r\n'
REFUSED = b'3Permission denied\t\terror.host\t1\r\n'


class Absent(Mirroring):
    with_manifest = False

    def setUp(self):
        super().setUp()
        self.trouble = Trouble()
        self.addCleanup(self.trouble.close)
        self.port = self.origin.gopher_port
        self.origin.files = {'a.txt': b'a\n', 'docs/b.txt': b'b\n',
                             'old.txt': b'old\n'}
        self.lead_to('/a.txt', '/docs', '/old.txt')
        self.origin.answers['/docs'] = gophermenu(
            self.port, ('0', 'B', '/docs/b.txt'))

    def lead_to(self, *selectors):
        """What the first menu leads to."""
        self.origin.answers['/'] = gophermenu(self.port, *(
            ('1' if selector == '/docs' else '0', 'Item', selector)
            for selector in selectors))

    def run_after(self, seconds, status=0, scheme='gopher'):
        """A run so long after the test's beginning."""
        self.trouble['seconds'] = seconds
        return self.run_mirror(scheme=scheme, status=status,
                               env=self.trouble.environment())

    def test_a_dead_link_by_its_words(self):
        self.lead_to('/a.txt', '/dead.txt')
        for name, answer in NOT_FOUND.items():
            self.origin.answers['/dead.txt'] = answer
            with self.subTest(name=name):
                result = self.run_after(0)
                self.assertIn('/dead.txt: is a dead link', result.stderr)
                self.assertEqual(sorted(self.mirror.files()),
                                 ['a.txt', 'gophermap'])

    def test_a_dead_link_by_its_age(self):
        self.run_after(0)
        self.lead_to('/a.txt', '/docs', '/dead.txt')
        self.origin.answers['/dead.txt'] = OTHER
        for seconds in (0, DAY - 600):
            result = self.run_after(seconds, status=1)
            self.assertIn('/dead.txt: Sorry', result.stderr)
            self.assertIn('0 removed, 1 failed', result.stdout)
        result = self.run_after(DAY)
        self.assertIn('/dead.txt: is a dead link', result.stderr)
        self.assertIn('removed old.txt', result.stdout)
        # Once it was there, all begins anew.
        self.origin.answers['/dead.txt'] = b'not dead\n'
        self.run_after(DAY)
        self.origin.answers['/dead.txt'] = OTHER
        result = self.run_after(2 * DAY, status=1)
        self.assertIn('/dead.txt: Sorry', result.stderr)
        self.assertIn('dead.txt', self.mirror.files())
        # A run that does not get so far changes nothing.
        menu = self.origin.answers.pop('/')
        self.run_after(2 * DAY, status=1)
        self.origin.answers['/'] = menu
        result = self.run_after(3 * DAY)
        self.assertIn('removed dead.txt', result.stdout)

    def test_what_is_refused_is_there(self):
        self.run_after(0)
        before = self.mirror.files()
        self.origin.answers['/a.txt'] = REFUSED
        for seconds in (0, 2 * DAY, 4 * DAY):
            result = self.run_after(seconds, status=1)
            self.assertIn('/a.txt: Permission denied', result.stderr)
            self.assertEqual(self.mirror.files(), before)

    def test_a_menu_that_is_empty(self):
        """As pygopherd's of an empty folder: dead, if it never led anywhere."""
        good, self.origin.answers['/docs'] = self.origin.answers['/docs'], b''
        for seconds, status in ((0, 1), (DAY, 0)):
            self.run_after(seconds, status)
        self.origin.answers['/docs'] = good
        self.run_after(2 * DAY)
        before = self.mirror.files()
        self.origin.answers['/docs'] = b''
        for seconds in (2 * DAY, 4 * DAY):
            result = self.run_after(seconds, status=1)
            self.assertIn('/docs: its answer is not a complete menu',
                          result.stderr)
            self.assertEqual(self.mirror.files(), before)

    def check_held(self, scheme, path, answer, gone):
        """What the copy has goes a day after the server says it is gone."""
        good = self.origin.answers.get(path)
        self.run_after(0, scheme=scheme)
        before = self.mirror.files()
        self.origin.answers[path] = answer
        for seconds in (0, DAY - 600):
            result = self.run_after(seconds, scheme=scheme)
            self.assertIn('0 fetched, 0 removed, 0 failed', result.stdout)
            self.assertRegex(result.stderr, path + ': .* keeps its file')
            self.assertEqual(self.mirror.files(), before)
        result = self.run_after(DAY, scheme=scheme)
        self.assertEqual(
            sorted(before.keys() - self.mirror.files().keys()), gone)
        if good is None:
            del self.origin.answers[path]
        else:
            self.origin.answers[path] = good
        self.run_after(DAY, scheme=scheme)
        self.assertEqual(self.mirror.files(), before)

    def test_what_the_copy_has(self):
        for name, answer in NOT_FOUND.items():
            with self.subTest(name=name):
                self.check_held('gopher', '/a.txt', answer, ['a.txt'])
                self.check_held('gopher', '/docs', answer,
                                ['docs/b.txt', 'docs/gophermap'])

    def test_what_the_copy_has_over_gemini(self):
        self.origin.files.update({
            'index.gmi': b'=> a.txt\n=> docs\n',
            'docs/index.gmi': b'=> b.txt\n'})
        self.origin.answers = {'/docs': (b'31 /docs/\r\n',)}
        for answer in (b'51 Not found!\r\n', b'52 Gone\r\n'):
            with self.subTest(answer=answer):
                self.check_held('gemini', '/a.txt', (answer,), ['a.txt'])
                self.check_held('gemini', '/docs', (answer,),
                                ['docs/b.txt', 'docs/index.gmi'])

    def test_links_that_are_gone_are_forgotten(self):
        state = os.path.join(self.mirror.folder, '.mirror', 'absent')
        self.lead_to('/a.txt', '/dead.txt')
        self.run_after(0)
        with open(state, encoding='ascii') as file:
            self.assertRegex(file.read(), r'^\S{20} /dead\.txt\n$')
        self.lead_to('/a.txt')
        self.run_after(0)
        self.assertFalse(os.path.exists(state))


if __name__ == '__main__':
    unittest.main()
