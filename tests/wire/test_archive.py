"""Downloads of the capsule: what is in them, and who waits for them."""

import errno
import hashlib
import io
import os
import re
import shutil
import subprocess
import tarfile
import unittest
import zipfile

from build import DEADLINE_S, INSTRUMENTED, TOP
from server import (Connection, Server, fetch, gemini_connect, gopher_connect,
                    new_directory, read_reply, select, tls_context, wait_until)
from test_faults import Crowd
from trouble import TroubledServer

TREE = {
    'index.gmi': '# The harbour\n\n=> /capsule.gpub Book\n'
                 '=> /capsule.tar.gz All\n=> /qa.tar.gz Part\n',
    'a.gmi': '# First\n',
    'a/b': 'between\n',
    'qa/index.gmi': '# Questions\n',
    'qa/deep/page.gmi': '# Page\n',
    'grüße.txt': 'hello\n',
    'new\nline': 'odd\n',
    'empty': '',
    'empty dir/': None,
    '.hidden': 'no\n',
    '.git/config': 'no\n',
    '.well-known/thing.txt': 'known\n',
    'qa/gophermap': 'a menu\n',
    'qa/index.gmi~': 'no\n',
    'old~/index.gmi': 'no\n',
    'locked.txt': 'no\n',
}
# In the order of their bytes.
FILES = ['.well-known/thing.txt', 'a.gmi', 'a/b', 'empty', 'grüße.txt',
         'index.gmi', 'new\nline', 'qa/deep/page.gmi', 'qa/gophermap',
         'qa/index.gmi']


def tar_of(data):
    """(name, content) of each, in their order."""
    with tarfile.open(fileobj=io.BytesIO(data), mode='r:gz') as archive:
        return [(member.name, archive.extractfile(member).read())
                for member in archive]


def zip_of(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return [(name, archive.read(name)) for name in archive.namelist()]


class Contents(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(TREE, options=['lang=en'])
        cls.addClassCleanup(cls.server.stop)
        path = cls.server.path
        os.chmod(path('locked.txt'), 0)
        os.symlink('/etc', path('out'))
        os.symlink('.', path('qa/loop'))
        os.symlink('../index.gmi', path('qa/zz-link.gmi'))
        os.mkfifo(path('fifo'))
        for number, name in enumerate(FILES):
            os.utime(path(name), (1, 1500000000 + number))

    def want(self, names):
        return [(name, open(self.server.path(name), 'rb').read())
                for name in names]

    def test_tar(self):
        reply = fetch(self.server, '/capsule.tar.gz')
        self.assertEqual((reply.status, reply.meta), (20, 'application/gzip'))
        self.assertTrue(reply.close_notify)
        files = tar_of(reply.body)
        self.assertEqual(files[:-1],
                         self.want(FILES + ['qa/zz-link.gmi']))
        self.assertEqual(files[-1][0], 'manifest')

    def test_gempub(self):
        reply = fetch(self.server, '/capsule.gpub')
        self.assertEqual((reply.status, reply.meta),
                         (20, 'application/gpub+zip'))
        files = zip_of(reply.body)
        self.assertEqual(files[0], (
            'metadata.txt', b'title: The harbour\ngpubVersion: 1.0.0\n'
            b'index: index.gmi\ncharset: UTF-8\nlanguage: en\n'))
        self.assertEqual(files[1:-1],
                         self.want(FILES + ['qa/zz-link.gmi']))
        with zipfile.ZipFile(io.BytesIO(reply.body)) as archive:
            self.assertIsNone(archive.testzip())

    def test_owners_and_times(self):
        data = fetch(self.server, '/capsule.tar.gz').body
        with tarfile.open(fileobj=io.BytesIO(data), mode='r:gz') as archive:
            for number, name in enumerate(FILES):
                with self.subTest(name=name):
                    member = archive.getmember(name)
                    self.assertEqual(
                        (member.uid, member.gid, member.uname, member.gname,
                         member.mode, member.mtime),
                        (0, 0, '', '', 0o644, 1500000000 + number))
        data = fetch(self.server, '/capsule.gpub').body
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            # 2017-07-14 02:40:00 UTC, and odd seconds are lost.
            self.assertEqual(archive.getinfo('a.gmi').date_time,
                             (2017, 7, 14, 2, 40, 0))
            self.assertEqual(archive.getinfo('a.gmi').external_attr >> 16,
                             0o100644)

    def test_same_bytes(self):
        for path in ('/capsule.tar.gz', '/capsule.gpub', '/qa.tar.gz'):
            with self.subTest(path=path):
                first = fetch(self.server, path).body
                self.assertEqual(fetch(self.server, path).body, first)
                self.assertEqual(select(self.server, path), first)

    def test_directory(self):
        reply = fetch(self.server, '/qa.tar.gz')
        self.assertEqual((reply.status, reply.meta), (20, 'application/gzip'))
        self.assertEqual(tar_of(reply.body), self.want(
            ['qa/deep/page.gmi', 'qa/gophermap', 'qa/index.gmi',
             'qa/zz-link.gmi']))
        self.assertEqual(tar_of(fetch(self.server, '/qa/deep.tar.gz').body),
                         self.want(['qa/deep/page.gmi']))
        self.assertEqual(
            tar_of(fetch(self.server, '/empty%20dir.tar.gz').body), [])

    def test_no_such_directory(self):
        for path in ('/none.tar.gz', '/.tar.gz', '/.git.tar.gz',
                     '/a.gmi.tar.gz', '/out.tar.gz', '/fifo.tar.gz',
                     '/qa/.tar.gz', '/qa.tar.gz/', '/qa.zip'):
            with self.subTest(path=path):
                self.assertEqual(fetch(self.server, path).status, 51)

    def test_item_types(self):
        menu = select(self.server, '/').decode()
        self.assertIn('\r\n9Book\t/capsule.gpub\t', menu)
        self.assertIn('\r\n5All\t/capsule.tar.gz\t', menu)
        self.assertIn('\r\n5Part\t/qa.tar.gz\t', menu)

    def test_manifest_with_ordinary_tools(self):
        folder = new_directory()
        self.addCleanup(shutil.rmtree, folder, True)
        data = fetch(self.server, '/capsule.tar.gz').body
        subprocess.run(['tar', '-xzf', '-', '-C', folder], input=data,
                       check=True)
        checked = subprocess.run(
            ['sha256sum', '--strict', '-c', 'manifest'], cwd=folder,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True)
        self.assertEqual(checked.stdout.count(b': OK\n'), len(FILES) + 1)
        # A mirror shows what was changed.
        with open(os.path.join(folder, 'a/b'), 'ab') as file:
            file.write(b'!')
        checked = subprocess.run(
            ['sha256sum', '-c', 'manifest'], cwd=folder, check=False,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertIn(b'a/b: FAILED\n', checked.stdout)

    def test_other_tools_read_it(self):
        folder = new_directory()
        self.addCleanup(shutil.rmtree, folder, True)
        book = os.path.join(folder, 'capsule.gpub')
        with open(book, 'wb') as file:
            file.write(fetch(self.server, '/capsule.gpub').body)
        subprocess.run(['unzip', '-tq', book], check=True,
                       stdout=subprocess.DEVNULL)
        listed = subprocess.run(['bsdtar', '-tf', book], check=True,
                                stdout=subprocess.PIPE,
                                env=dict(os.environ, LC_ALL='C.UTF-8'))
        self.assertIn('grüße.txt\n', listed.stdout.decode())


class Settings(unittest.TestCase):
    def test_files_go_before(self):
        with Server({'capsule.gpub': 'mine', 'capsule.tar.gz': 'mine',
                     'qa.tar.gz': 'mine', 'qa/x': 'x'}) as server:
            for path in ('/capsule.gpub', '/capsule.tar.gz', '/qa.tar.gz'):
                with self.subTest(path=path):
                    self.assertEqual(fetch(server, path).body, b'mine')

    def test_renamed_and_off(self):
        with Server(TREE, options=['gempub=/get/book.gpub',
                                   'tar=off']) as server:
            for path, status in (('/get/book.gpub', 20),
                                 ('/capsule.gpub', 51),
                                 ('/capsule.tar.gz', 51),
                                 ('/qa.tar.gz', 51)):
                with self.subTest(path=path):
                    self.assertEqual(fetch(server, path).status, status)

    def test_author_s_metadata(self):
        with Server(dict(TREE, **{'metadata.txt': 'title: Mine\n'})) as server:
            files = dict(zip_of(fetch(server, '/capsule.gpub').body))
            self.assertEqual(files['metadata.txt'], b'title: Mine\n')

    def test_limit(self):
        # What the index does not know is looked at for a moment, which here
        # does not end.
        with TroubledServer({'big/bin': b'x' * (2 << 20), 'small/a': 'a'},
                            options=['archive_limit=1'],
                            stopped=True) as server:
            for path in ('/capsule.tar.gz', '/capsule.gpub', '/big.tar.gz'):
                with self.subTest(path=path):
                    reply = fetch(server, path)
                    self.assertEqual((reply.status, reply.body), (50, b''))
                    self.assertEqual(
                        reply.meta, 'Too large to be packed here, please '
                        'fetch its parts one by one')
            self.assertEqual(
                select(server, '/capsule.tar.gz').split(b'\r\n')[0],
                b'3Too large to be packed here, please fetch its parts one '
                b'by one\t\terror.host\t1')
            self.assertEqual(fetch(server, '/small.tar.gz').status, 20)

    def test_limit_that_the_index_knows_of(self):
        with TroubledServer({'big/bin': b'x' * (2 << 20)}, indexed=True,
                            options=['archive_limit=1']) as server:
            wait_until(lambda: fetch(server, '/manifest').status == 20,
                       'an index')
            # Nothing of it can be looked at any more.
            server.trouble['readdir_error'] = errno.EIO
            self.assertEqual(fetch(server, '/capsule.tar.gz').status, 50)

    def test_local_time_does_not_matter(self):
        with Server(TREE) as server:
            want = fetch(server, '/capsule.gpub').body
            with Server(server.root, env=dict(
                    os.environ, TZ='Asia/Baku', LC_ALL='C')) as other:
                self.assertEqual(fetch(other, '/capsule.gpub').body, want)


class Waiting(unittest.TestCase):
    def test_others_are_served(self):
        with Server(dict(TREE, **{'a.bin': os.urandom(32 << 20)}),
                    workers=1) as server:
            with Crowd(server, 20, b'/capsule.tar.gz') as crowd:
                for _ in range(10):
                    self.assertIn(b'Page', select(server,
                                                  '/qa/deep/page.gmi'))
                self.assertEqual((crowd.ends, crowd.error), (0, None))

    def test_memory(self):
        tree = {'%d.bin' % i: os.urandom(4 << 20) for i in range(4)}
        with Server(tree, workers=1) as server:
            def peak():
                with open('/proc/%d/status' % server.workers()[0],
                          encoding='ascii') as file:
                    return int(re.search(r'VmHWM:\s*(\d+) kB',
                                         file.read())[1])

            self.assertEqual(fetch(server, '/robots.txt').status, 51)
            before = peak()
            for path in ('/capsule.tar.gz', '/capsule.gpub'):
                self.assertGreater(len(select(server, path)), 16 << 20)
            # Sanitizers keep what was freed.
            self.assertLess(peak() - before,
                            (64 if INSTRUMENTED else 4) << 10)

    def test_many_files(self):
        tree = {'%d/%d/%d.gmi' % (i % 7, i % 31, i): '# Page %d\n' % i
                for i in range(1500)}
        with Server(tree) as server:
            for path, read in (('/capsule.tar.gz', tar_of),
                               ('/capsule.gpub', zip_of)):
                with self.subTest(path=path):
                    files = dict(read(fetch(server, path).body))
                    files.pop('metadata.txt', None)
                    files.pop('manifest')
                    self.assertEqual(files, {
                        name: text.encode() for name, text in tree.items()})

    def test_many_at_once_of_many_files(self):
        # There is a place for each, whatever its size; clients without a known
        # network may have three quarters of all.
        noise = os.urandom(6000)
        tree = {'d%d/f%d.bin' % (number % 20, number): noise
                for number in range(2000)}
        with Server(tree, workers=1) as server:
            clients = []
            try:
                for _ in range(24):
                    client = gopher_connect(server, receive_buffer=4096)
                    clients.append(client)
                    client.send(b'/capsule.gpub\r\n')
                    self.assertTrue(client.read_some())
                self.assertEqual(fetch(server, '/capsule.gpub').status, 41)
                self.assertEqual(fetch(server, '/d1.tar.gz').status, 41)
                clients.pop().close()
                wait_until(lambda: fetch(server, '/capsule.gpub').status == 20,
                           'a place')
            finally:
                for client in clients:
                    client.close()

    def test_one_network_leaves_places_to_others(self):
        tree = {'a.bin': os.urandom(6 << 20)}

        def download(server, source):
            client = Connection(server.gemini_port, tls_context(),
                                receive_buffer=4096, source=source)
            client.send(server.url('/capsule.gpub').encode() + b'\r\n')
            return client, client.read_some()[:2]

        with Server(tree, workers=1, options=('limits=all',)) as server:
            clients = []
            try:
                # A quarter of the places is for one network.
                for number in range(9):
                    client, status = download(server, '127.0.0.1')
                    clients.append(client)
                    self.assertEqual(status, b'20' if number < 8 else b'41')
                client, status = download(server, '127.0.0.2')
                clients.append(client)
                self.assertEqual(status, b'20')
            finally:
                for client in clients:
                    client.close()

    def test_a_client_that_leaves(self):
        tree = {'a.bin': os.urandom(1 << 20)}
        with Server(tree, workers=1) as server:
            # More than are packed at once: each has to be let go.
            for _ in range(80):
                with gopher_connect(server) as client:
                    client.send(b'/capsule.gpub\r\n')
                    self.assertEqual(client.read_some()[:2], b'PK')


class Changes(unittest.TestCase):
    """A client can tell an archive that could not be made whole."""

    def server(self):
        server = Server({'a.bin': os.urandom(8 << 20)})
        self.addCleanup(server.stop)
        return server

    def change(self, server):
        with open(server.path('a.bin'), 'r+b') as file:
            file.write(os.urandom(100))

    def test_gemini(self):
        server = self.server()
        with gemini_connect(server, receive_buffer=4096) as client:
            client.send(server.url('/capsule.tar.gz').encode() + b'\r\n')
            begun = client.read_some()
            self.change(server)
            reply = read_reply(begun + client.read_all(),
                               client.close_notify)
        self.assertEqual(reply.status, 20)
        self.assertFalse(reply.close_notify)
        with self.assertRaises((EOFError, tarfile.ReadError)):
            tar_of(reply.body)
        server.wait_for_line('warn archive: a file changed while it was '
                             'read: path=a.bin')

    def test_gopher(self):
        server = self.server()
        with gopher_connect(server, receive_buffer=4096) as client:
            client.send(b'/capsule.gpub\r\n')
            self.assertEqual(client.read_some()[:2], b'PK')
            self.change(server)
            with self.assertRaises(ConnectionResetError):
                client.read_all()

    def test_replaced_as_a_whole(self):
        server = self.server()
        with open(server.path('a.bin'), 'rb') as file:
            want = hashlib.sha256(file.read()).digest()
        with gopher_connect(server, receive_buffer=4096) as client:
            client.send(b'/capsule.tar.gz\r\n')
            begun = client.read_some()
            with open(server.path('.new'), 'wb') as file:
                file.write(b'new')
            os.rename(server.path('.new'), server.path('a.bin'))
            files = dict(tar_of(begun + client.read_all()))
        self.assertEqual(hashlib.sha256(files['a.bin']).digest(), want)


class Shipped(unittest.TestCase):
    """The capsule in this repository."""

    def test_book(self):
        root = os.path.join(TOP, 'capsule')
        with Server(root) as server:
            for kind, path in (('9', '/capsule.gpub'),
                               ('5', '/capsule.tar.gz')):
                self.assertRegex(
                    select(server, '/').decode(),
                    r'\n%s[^\t]+\t%s\t' % (kind, re.escape(path)))
            files = dict(zip_of(fetch(server, '/capsule.gpub').body))
            self.assertIn(b'title: Ilham Aliyev in nine questions\n',
                          files['metadata.txt'])
            self.assertIn(b'index: qa/index.gmi\n', files['metadata.txt'])
            for key in (b'language', b'description'):
                self.assertRegex(files['metadata.txt'],
                                 rb'(?m)^%s: \w' % key)
            for name, content in files.items():
                if name == 'manifest':
                    continue
                with self.subTest(name=name), \
                        open(os.path.join(root, name), 'rb') as file:
                    self.assertEqual(content, file.read())


if __name__ == '__main__':
    unittest.main()
