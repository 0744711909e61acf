"""Pages and trees that no author would write."""

import os
import threading
import unittest

from build import MEMCHECKED
from server import (INSTRUMENTED, Server, fetch, gemini_connect,
                    gopher_connect, resident, select, wait_until)

LARGE = 100 << 20
# A sanitizer keeps what was freed, unless told not to.
UNKEPT = ':quarantine_size_mb=0:thread_local_quarantine_size_kb=0'
# What a page may cost a worker, sanitizers' own bookkeeping aside.
MEMORY = (16 if INSTRUMENTED else 2) << 20
# While each is read others ask so often, and on until this much of it has come,
# or all: the whole of some would take too long.
ROUNDS, READ = 30, 1 << 16


class Reader(threading.Thread):
    """Takes what comes until it ends, or long enough has been read."""

    def __init__(self, client):
        super().__init__(daemon=True)
        self.client = client
        self.bytes = 0
        self.head = b''
        self.stopped = threading.Event()
        self.start()

    def run(self):
        while not self.stopped.is_set():
            part = self.client.read_some()
            if not part:
                break
            if len(self.head) < 4096:
                self.head += part
            self.bytes += len(part)


class Enormous(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server({'index.gmi': '# Home\n', 'page.gmi': '# Page\n',
                             'a.txt': 'a\n'}, workers=1, env=dict(
                                 os.environ, ASAN_OPTIONS=os.environ.get(
                                     'ASAN_OPTIONS', '') + UNKEPT))
        cls.addClassCleanup(cls.server.stop)
        cls.worker, = cls.server.workers()
        # What a worker needs for any such page it has before it is measured.
        with open(cls.server.path('first.gmi'), 'wb') as file:
            file.write(b'word ' * (1 << 18))
        fetch(cls.server, '/first.gmi')
        select(cls.server, '/first.gmi')

    def write(self, name, part, count):
        with open(self.server.path(name), 'wb') as file:
            for _ in range(count):
                file.write(part)
        self.addCleanup(os.unlink, self.server.path(name))

    def read(self, connect, name):
        """Reads of it, while others are served; what came, and how much."""
        path = '/' + name
        with connect(self.server) as client:
            client.send(path.encode() + b'\r\n' if client.tls is None else
                        self.server.url(path).encode() + b'\r\n')
            reader = Reader(client)
            try:
                for _ in range(ROUNDS):
                    self.visit()
                wait_until(lambda: self.visit() or reader.bytes >= READ or
                           not reader.is_alive(), 'so much of it')
            finally:
                reader.stopped.set()
                # It may wait for more; what there is comes soon.
                reader.join()
        return reader

    def visit(self):
        self.assertEqual(fetch(self.server, '/page.gmi').text, '# Page\n')
        self.assertIn(b'iPage\t', select(self.server, '/page.gmi'))
        self.most = max(self.most, resident(self.worker))

    def check(self, name):
        """On both protocols; returns what either began with."""
        before = self.most = resident(self.worker)
        secure = self.read(gemini_connect, name)
        clear = self.read(gopher_connect, name)
        if not MEMCHECKED:  # its own memory grows beside the worker's
            self.assertLess(self.most - before, MEMORY)
        self.assertEqual(self.server.workers(), [self.worker])
        header, body = secure.head.split(b'\r\n', 1)
        self.assertRegex(header, b'^20 ')
        return body, clear.head

    def test_one_line(self):
        self.write('line.gmi', b'word ' * (1 << 18), LARGE // (5 << 18))
        body, menu = self.check('line.gmi')
        self.assertTrue(body.startswith(b'word word word '))
        self.assertEqual(menu.split(b'\r\n')[0], b'i' + b' '.join(
            [b'word'] * 13) + b'\t\tnull.host\t1')

    def test_one_word(self):
        self.write('word.gmi', b'x' * (1 << 20), LARGE >> 20)
        body, menu = self.check('word.gmi')
        self.assertTrue(body.startswith(b'xxxx'))
        self.assertEqual(menu.split(b'\r\n')[0],
                         b'i' + b'x' * 67 + b'\t\tnull.host\t1')

    def test_ten_million_links(self):
        self.write('links.gmi', b'=> a.txt\n=> b\n' * 50000, 100)
        body, menu = self.check('links.gmi')
        self.assertTrue(body.startswith(b'=> a.txt\n=> b\n'))
        self.assertEqual(
            menu.split(b'\r\n')[:2],
            [b'0a.txt\t/a.txt\tlocalhost\t%d' % self.server.gopher_port,
             b'9b\t/b\tlocalhost\t%d' % self.server.gopher_port])

    def test_nothing_but_nuls(self):
        self.write('nuls.gmi', b'', 1)
        os.truncate(self.server.path('nuls.gmi'), LARGE)
        body, menu = self.check('nuls.gmi')
        self.assertEqual(body.strip(b'\0'), b'')
        # No control byte is in a menu, and every line is one.
        self.assertRegex(menu, rb'\A(i[^\x00-\x1f]*\t\tnull\.host\t1\r\n)+')

    def test_a_link_without_end(self):
        self.write('link.gmi', b'=> ' + b'a/' * (1 << 19), LARGE >> 20)
        _, menu = self.check('link.gmi')
        self.assertRegex(menu.split(b'\r\n')[0], rb'\Ai')


class Whole(unittest.TestCase):
    def test_a_megabyte_of_each_kind(self):
        """Read to the end, the menu has all of it."""
        size = 1 << 20
        with Server({'line.gmi': 'word ' * (size // 5), 'word.gmi': 'x' * size,
                     'nuls.gmi': bytes(size)}) as server:
            for name, words in (('line.gmi', b'word' * (size // 5)),
                                ('word.gmi', b'x' * size)):
                menu = select(server, '/' + name)
                self.assertTrue(menu.endswith(b'\r\n.\r\n'))
                text = b''.join(line[1:].split(b'\t')[0].replace(b' ', b'')
                                for line in menu.split(b'\r\n')[:-2])
                self.assertTrue(text == words)
            menu = select(server, '/nuls.gmi')
            self.assertTrue(menu.endswith(b'\r\n.\r\n'))
            self.assertNotIn(b'\0', menu)


class Links(unittest.TestCase):
    """Loops of links, and what is not a file where a page should be."""

    @classmethod
    def setUpClass(cls):
        cls.server = Server({'d/page.gmi': '# Page\n', 'fifo/a.txt': 'a\n',
                             'map/index.gmi': '# Index\n', 'dir/a.txt': 'a\n',
                             'dir/index.gmi/x.txt': 'x\n'})
        cls.addClassCleanup(cls.server.stop)
        path = cls.server.path
        os.symlink('self', path('self'))
        os.symlink('two', path('one'))
        os.symlink('one', path('two'))
        os.symlink('index.gmi', path('index.gmi'))
        os.symlink('..', path('d/up'))
        os.symlink('.', path('d/here'))
        os.mkfifo(path('fifo/index.gmi'))
        os.mkfifo(path('map/gophermap'))

    def test_loops(self):
        for name in ('self', 'one', 'two', 'self/', 'one/x', 'index.gmi'):
            with self.subTest(name):
                self.assertEqual(fetch(self.server, '/' + name).status, 51)
                self.assertTrue(select(self.server, '/' + name).startswith(
                    b'3Not found. '))
        # Nor are they listed, or keep the others from it.
        for answer in (fetch(self.server).text,
                       select(self.server, '').decode()):
            self.assertNotRegex(answer, 'self|one|two|index')
            self.assertIn('d/', answer)

    def test_a_way_round(self):
        # It has no end, but each request names only a part of it.
        for path in ('/d/up/d/up/d/', '/d/here/here/here/', '/d/'):
            self.assertIn('./page.gmi Page', fetch(self.server, path).text)
            self.assertIn(b'1Page\t' + path.encode() + b'page.gmi\t',
                          select(self.server, path))
        self.assertEqual(
            fetch(self.server, '/' + 'd/up/' * 100).status, 51)

    def test_no_page(self):
        for path in ('/fifo/', '/dir/'):
            with self.subTest(path):
                self.assertIn('./a.txt', fetch(self.server, path).text)
                self.assertIn(b'0a.txt\t', select(self.server, path))
        self.assertEqual(fetch(self.server, '/fifo/index.gmi').status, 51)
        self.assertIn(b'iIndex\t', select(self.server, '/map/'))


if __name__ == '__main__':
    unittest.main()
