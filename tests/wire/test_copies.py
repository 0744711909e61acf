"""A copy of a capsule is that capsule, whichever way it was made."""

import io
import os
import subprocess
import tarfile
import unittest
import zipfile

from build import CAPSULE, DEADLINE_S
from origin import Mirror
from server import Server, fetch, new_directory, select, wait_until

# All of it is reached by links.
TREE = {
    'index.gmi': '# Home\n=> docs/ Docs\n=> gophermap Menu\n=> a.txt Text\n',
    'gophermap': '# a comment\n!Home\n0A text\ta.txt\n1Docs\tdocs/\n',
    'a.txt': 'a\n',
    'docs/index.gmi': '# Docs\n=> gophermap Menu\n=> deep/page.gmi Page\n',
    'docs/gophermap': b'Caf\xe9\n0Page\tdeep/page.gmi\n*\n',
    'docs/deep/page.gmi': '# Page\n=> gophermap Menu\n',
    'docs/deep/gophermap': '0Page\tpage.gmi\n',
}
HIDDEN = {'index.gmi~': 'no\n', 'docs/#page#': 'no\n', '.git/x': 'no\n',
          'old~/index.gmi': 'no\n'}
WANT = {name: text.encode() if isinstance(text, str) else text
        for name, text in TREE.items()}


class Copies(unittest.TestCase):
    def serve(self, *options):
        server = Server({**TREE, **HIDDEN}, options=options)
        self.addCleanup(server.stop)
        return server

    def mirror(self, url, copy=None, status=0):
        copy = copy or Mirror()
        self.addCleanup(copy.remove)
        done = copy.run(url)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return copy

    @staticmethod
    def urls(server):
        return (server.url('/'),
                'gopher://localhost:%d/' % server.gopher_port)

    def assert_whole(self, found):
        found.pop('manifest', None)
        found.pop('metadata.txt', None)
        self.assertEqual(found, WANT)

    def test_mirror_by_manifest(self):
        server = self.serve()
        wait_until(lambda: fetch(server, '/manifest').status == 20,
                   'a manifest')
        for url in self.urls(server):
            with self.subTest(url=url):
                self.assert_whole(self.mirror(url).files())

    def test_mirror_by_links(self):
        server = self.serve('manifest=off')
        self.assert_whole(self.mirror(server.url('/')).files())

    def test_mirror_of_a_copy_by_gopher_links(self):
        """The menus of a walk become the author's gophermaps."""
        server = self.serve('manifest=off')
        _, url = self.urls(server)
        # A menu and the gophermap behind it have one name in a copy.
        copy = self.mirror(url, status=1)
        self.assertNotEqual(copy.files()['gophermap'], WANT['gophermap'])
        server.stop()
        server = self.serve()
        wait_until(lambda: fetch(server, '/manifest').status == 20,
                   'a manifest')
        for url in self.urls(server):
            found = self.mirror(url, copy).files()
            self.assertLessEqual(WANT.items(), found.items())

    def test_archives(self):
        server = self.serve()
        folder = new_directory()
        for name in ('capsule.tar.gz', 'capsule.gpub'):
            file = os.path.join(folder, name)
            subprocess.run([CAPSULE, 'pack', server.path(''), file],
                           check=True, timeout=DEADLINE_S)
            with open(file, 'rb') as packed:
                archives = [packed.read(), fetch(server, '/' + name).body,
                            select(server, '/' + name)]
            for archive in archives:
                with self.subTest(name=name):
                    self.assert_whole(
                        tar_files(archive) if name.endswith('.gz')
                        else zip_files(archive))


def tar_files(data):
    with tarfile.open(fileobj=io.BytesIO(data), mode='r:gz') as archive:
        return {member.name: archive.extractfile(member).read()
                for member in archive}


def zip_files(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


if __name__ == '__main__':
    unittest.main()
