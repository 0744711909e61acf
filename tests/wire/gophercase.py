"""What the tests of Gopher share: a tree, menu lines, what an error is."""

import hashlib
import re
import unittest

from server import Server

# Bytes that no program knows.
BINARY = hashlib.shake_256(b'unknown').digest(16384)
PNG = bytes.fromhex(
    '89504e470d0a1a0a0000000d4948445200000001000000010806000000'
    '1f15c4890000000d49444154789c6360f8cfc0f01f00050001ff5e8d7c'
    '7a0000000049454e44ae426082')
PAGE = '# Page\nHello\n'

TREE = {
    'index.gmi': '# Home\n\nHello, world\n=> docs/ Docs\n',
    'page.gmi': PAGE,
    'docs/index.gmi': '# Docs\n=> ../page.gmi Page\n=> deep.txt Deep\n',
    'docs/page.gmi': '# Inner\n',
    'docs/deep.txt': 'deep\n',
    'a b.txt': 'space\n',
    'a%zz.txt': 'escape\n',
    'grüße.txt': 'Grüße\n',
    'text.txt': 'one\n.\n.two\nlast without end',
    'crlf.txt': 'one\r\n.two\r\n',
    'binary.bin': BINARY,
    'picture.png': PNG,
    'latin.gmi': b'Caf\xe9\n',
    'empty.txt': '',
    'empty.gmi': '',
    'robots.txt': 'User-agent: *\nDisallow: /x\n',
    '.hidden': 'no\n',
    'docs/.hidden': 'no\n',
    'mapped/gophermap': 'Welcome\n',
    'mapped/index.gmi': '# Not this\n',
    'mapped/file.txt': 'file\n',
    '0/odd.txt': 'a directory named 0\n',
}

ERROR = re.compile(rb'3[^\t\r\n]+\t\terror\.host\t1\r\n'
                   rb'1Home\t/\t[!-~]+\t[0-9]+\r\n\.\r\n')
NOT_FOUND = b'3Not found. There is no page at this address\t\terror.host\t1\r\n'


def info(text):
    return 'i%s\t\tnull.host\t1\r\n' % text


def title(text):
    return 'i%s\tTITLE\tnull.host\t1\r\n' % text


class Case(unittest.TestCase):
    tree = TREE
    options = ()
    names = ('localhost',)

    @classmethod
    def setUpClass(cls):
        cls.server = Server(cls.tree, options=cls.options, names=cls.names)
        cls.addClassCleanup(cls.server.stop)

    def item(self, line):
        """An item line of ours: "1Docs|/docs/"."""
        display, selector = line.split('|')
        return '%s\t%s\tlocalhost\t%d\r\n' % (
            display, selector, self.server.gopher_port)

    def assert_menu(self, answer):
        """Every line has four fields; the last is a dot alone."""
        self.assertTrue(answer.endswith(b'.\r\n'), answer[-80:])
        lines = answer.split(b'\r\n')
        self.assertEqual(lines[-2:], [b'.', b''])
        for line in lines[:-2]:
            self.assertRegex(
                line, rb'\A[^\x00-\x1f][^\x00-\x1f\x7f]*\t[^\x00-\x1f\x7f]*'
                rb'\t[!-~]+\t[0-9]+\Z')
            self.assertNotEqual(line[:1], b'+')

    def assert_error(self, answer):
        self.assertRegex(answer, ERROR)
        self.assertTrue(ERROR.fullmatch(answer), answer)
