"""The manifest as it is served: what it says, and what it costs."""

import hashlib
import os
import shutil
import subprocess
import unittest

from build import CAPSULE, DEADLINE_S
from server import (Server, as_root, fetch, new_directory, select,
                    wait_until)
from trouble import TroubledServer

TREE = {
    'index.gmi': '# Home\n',
    'qa/page.gmi': '# Page\n',
    'new\nline': 'odd\n',
    '.hidden': 'no\n',
    'gophermap': 'a menu\n',
    'index.gmi~': 'no\n',
    'qa/#page.gmi#': 'no\n',
    'manifest.sig': 'a signature\n',
}
LONG_AGO = '2001-01-01T00:00:00Z'
LATER = '2100-01-01T00:00:00Z'


def manifest(server, query=''):
    """The reply, once the capsule has been read."""
    return wait_until(lambda: (lambda reply: reply if reply.status != 41
                               else None)(fetch(server, '/manifest' + query)),
                      'a manifest')


def listed(reply):
    return [line.split(' *', 1)[1] for line in reply.text.splitlines()
            if not line.startswith('#')]


def since(time):
    return '?since=' + time


class Manifest(unittest.TestCase):
    def serve(self, tree, **named):
        server = Server(tree, **named)
        self.addCleanup(server.stop)
        return server

    def wait_for(self, server, names):
        return wait_until(
            lambda: (lambda reply: reply if listed(reply) == names
                     else None)(manifest(server)), names)

    def test_what_it_says(self):
        server = self.serve(TREE)
        reply = manifest(server)
        self.assertEqual((reply.status, reply.meta), (20, 'text/plain'))
        self.assertEqual(listed(reply),
                         ['gophermap', 'index.gmi', 'new\\nline',
                          'qa/page.gmi'])
        first = reply.text.splitlines()[4]
        self.assertEqual(first, hashlib.sha256(b'# Home\n').hexdigest() +
                         ' *index.gmi')
        body, end = reply.body.rsplit(b'# end ', 1)
        self.assertEqual(end.decode(), '4 25 %s\n' %
                         hashlib.sha256(body).hexdigest())
        self.assertEqual(select(server, '/manifest'), reply.body)
        self.assertEqual(select(server, '/0/manifest'), reply.body)

    def test_without_a_server(self):
        server = self.serve(TREE)
        shown = subprocess.run(
            [CAPSULE, 'show', '-G', '-d', server.root, '/manifest'],
            check=True, stdout=subprocess.PIPE, timeout=DEADLINE_S)
        self.assertEqual(manifest(server).body, shown.stdout)

    def test_with_ordinary_tools(self):
        server = self.serve(TREE)
        copy = new_directory()
        self.addCleanup(shutil.rmtree, copy, True)
        shutil.copytree(server.root, copy, dirs_exist_ok=True)
        for changed, status in ((None, 0), ('qa/page.gmi', 1)):
            with self.subTest(changed=changed):
                if changed:
                    with open(os.path.join(copy, changed), 'ab') as file:
                        file.write(b'!')
                checked = subprocess.run(
                    ['sha256sum', '--strict', '-c', '-'], cwd=copy,
                    check=False, input=manifest(server).body,
                    stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                self.assertEqual(checked.returncode, status, checked.stdout)

    def test_changes(self):
        server = self.serve(TREE)
        whole = manifest(server)
        nothing = manifest(server, since(LATER)).text.splitlines()
        self.assertEqual(nothing[0], '# capsule manifest 1 since ' + LATER)
        self.assertEqual(nothing[1].replace('# whole ', '# end '),
                         whole.text.splitlines()[-1])
        self.assertRegex(nothing[2], '^# end 0 0 [0-9a-f]{64}$')
        self.assertEqual(listed(manifest(server, since(LONG_AGO))),
                         listed(whole))

    def test_what_changes_is_seen(self):
        server = self.serve(TREE)
        old = self.wait_for(server, ['gophermap', 'index.gmi',
                                     'new\\nline', 'qa/page.gmi'])
        with open(server.path('added.gmi'), 'wb') as file:
            file.write(b'# Added\n')
        os.unlink(server.path('qa/page.gmi'))
        new = self.wait_for(server, ['added.gmi', 'gophermap', 'index.gmi',
                                     'new\\nline'])
        changes = manifest(server, since(LONG_AGO)).text
        self.assertIn('\n# removed *qa/page.gmi\n', changes)
        self.assertIn('\n# whole %s' % new.text.rsplit('# end ', 1)[1],
                      changes)
        # It is back, and so it is not gone.
        with open(server.path('qa/page.gmi'), 'wb') as file:
            file.write(b'# Page\n')
        self.wait_for(server, ['added.gmi', *listed(old)])
        self.assertNotIn('removed', manifest(server, since(LONG_AGO)).text)

    def test_time(self):
        server = self.serve(TREE)
        manifest(server)
        for query, status in ((since('2026-01-31T00%3A00:00Z'), 20),
                              ('?', 20), ('?since=', 59), ('?x', 59),
                              (since('yesterday'), 59)):
            with self.subTest(query=query):
                self.assertEqual(fetch(server, '/manifest' + query).status,
                                 status)
        self.assertIn(b'# capsule manifest 1 since ' + LATER.encode(),
                      select(server, '/manifest' + since(LATER)))
        self.assertRegex(select(server, '/manifest?x'),
                         rb'^3Ask for changes with a time')

    def test_settings(self):
        server = self.serve(TREE, options=['manifest=/all', 'ask=off'])
        self.assertEqual(fetch(server, '/manifest').status, 51)
        self.assertTrue(wait_until(
            lambda: fetch(server, '/all').status == 20, 'a manifest'))
        server = self.serve(dict(TREE, manifest='mine\n'))
        self.assertEqual(fetch(server, '/manifest').body, b'mine\n')
        server = self.serve(TREE, options=['manifest=off'])
        self.assertEqual(fetch(server, '/manifest').status, 51)

    def test_signature_is_a_file(self):
        server = self.serve(TREE)
        self.assertEqual(fetch(server, '/manifest.sig').body,
                         b'a signature\n')

    @as_root
    def test_a_file_is_hashed_once(self):
        # One that has changed just before a look would be read once more: here
        # all was written a minute ago.
        size = 32 << 20
        server = TroubledServer(dict(TREE, large='x' * size), indexed=True,
                                begun={'seconds': 60})
        self.addCleanup(server.stop)
        names = listed(manifest(server))

        def read():
            with open('/proc/%d/io' % server.indexer(),
                      encoding='ascii') as file:
                return int(file.readline().split()[1])

        before = read()
        self.assertGreater(before, size)
        for number in range(3):
            with open(server.path('z%d' % number), 'wb') as file:
                file.write(b'z')
            names.append('z%d' % number)
            self.wait_for(server, names)
        self.assertLess(read() - before, size)

    def test_many_files(self):
        tree = {'%d/%d' % (i % 10, i): str(i) for i in range(1000)}
        server = self.serve(tree)
        reply = manifest(server)
        self.assertEqual(listed(reply), sorted(tree))
        self.assertEqual(select(server, '/manifest'), reply.body)


if __name__ == '__main__':
    unittest.main()
