"""Wrong paths that mean a page, such as /page for /page.gmi."""

import os
import unittest

from gophercase import Case, info, title
from server import fetch, select

TREE = {
    'index.gmi': '# Home\n=> qa/why Why\n=> qa/both Both\n=> up Up\n',
    'qa/index.gmi': '# Questions\n',
    'qa/why.gmi': '# Why\n=> how.gmi How\n',
    'qa/how.gmi': '# How\n',
    'qa/a b%.gmi': '# Odd\n',
    'other.gemini': '# Other\n',
    'qa/both.gmi': '# One\n', 'qa/both.gemini': '# The other\n',
    'notes.txt': 'text\n',
    'exact': 'exact\n', 'exact.gmi': '# Not this\n',
    'folder.gmi/index.gmi': '# A folder\n',
    'locked.gmi': '# No\n',
    'secret': 'no\n', 'secret.gmi': '# Shown\n',
    'gone.gmi': '# Shown\n',
    '.hidden.gmi': '# No\n', '.git/config.gmi': '# No\n',
    'draft.gmi': '# No\n',
    'unread': 'no\n', 'unread.gmi': '# Shown\n',
}


class Meant(Case):
    tree = TREE
    options = ('hide=secret', 'hide=gone', 'hide=draft.gmi')

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        os.chmod(cls.server.path('locked.gmi'), 0)
        os.chmod(cls.server.path('unread'), 0)
        os.symlink('/etc/passwd', cls.server.path('out.gmi'))

    def test_without_extension(self):
        for path, target in [('/qa/why', '/qa/why.gmi'),
                             ('/qa/why?x', '/qa/why.gmi'),
                             ('/qa/a%20b%25', '/qa/a%20b%25.gmi'),
                             ('//qa/./why', '/qa/why.gmi'),
                             ('/other', '/other.gemini'),
                             # As if the unreadable file were not there.
                             ('/unread', '/unread.gmi')]:
            with self.subTest(path=path):
                reply = fetch(self.server, path)
                self.assertEqual((reply.status, reply.meta), (30, target))
                self.assertEqual(fetch(self.server, target).status, 20)

    def test_over_gopher(self):
        page = (title('Why') + info('===') +
                self.item('1How|/qa/how.gmi') + '.\r\n')
        for selector in ('/qa/why', 'qa/why', '1/qa/why', '/qa/why?x',
                         '/qa/why\tx'):
            with self.subTest(selector=selector):
                self.assertEqual(select(self.server, selector).decode(), page)
        self.assertEqual(select(self.server, '0/qa/why').decode(),
                         TREE['qa/why.gmi'])

    def test_item(self):
        menu = select(self.server, '/').decode()
        self.assertIn(self.item('1Why|/qa/why'), menu)
        self.assertIn(self.item('9Both|/qa/both'), menu)

    def test_nothing_is_meant(self):
        want = fetch(self.server, '/none').header
        nothing = select(self.server, '/none')
        self.assert_error(nothing)
        for path in ('/qa/both', '/folder', '/notes', '/locked', '/out',
                     '/.hidden', '/.git/config', '/draft', '/secret', '/gone',
                     '/qa/why/', '/qa/why.gmi/', '/why', '/qa/index.gm',
                     '/exact/', '/' + 'x' * 255, '/' + 'x' * 252):
            with self.subTest(path=path):
                self.assertEqual(fetch(self.server, path).header, want)
                self.assertEqual(select(self.server, path), nothing)

    def test_what_is_there_goes_before(self):
        self.assertEqual(fetch(self.server, '/exact').text, 'exact\n')
        self.assertEqual(fetch(self.server, '/qa').meta, '/qa/')


if __name__ == '__main__':
    unittest.main()
