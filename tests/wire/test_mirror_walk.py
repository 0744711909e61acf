"""`capsule mirror` of a server without a manifest: by its links."""

import os
import resource
import shutil
import subprocess
import threading
import unittest

from build import DEADLINE_S, SLOWER
from origin import Mirror, Mirroring
from server import Server, select, wait_until

HOME = '''# Home
=> a.gmi A page
=> /docs/ A folder
=> docs A folder without its slash
=> pic%%20one.png A picture
=> a.gmi#part The same page
=> /a.gmi And again
=> gemini://127.0.0.1:%(port)d/full.txt With all its words
=> //127.0.0.1:%(port)d/scheme.txt With its scheme left out
=> gemini://127.0.0.1:1/elsewhere.txt Another port
=> gemini://other.example/elsewhere.txt Another host
=> gopher://127.0.0.1:%(port)d/0/elsewhere.txt Another protocol
=> https://127.0.0.1:%(port)d/elsewhere.txt Another protocol
=> mailto:a@b.example A person
=> search?word An answer
=> /..%%2f..%%2fetc/passwd Up
=> ../../up.txt Not up
=> .hidden A dotfile
=> ctrl%%1b.txt A name that disturbs
=> dead.gmi A dead link
```
=> preformatted.txt No link
```
=> :// Nonsense
=>
=> private/x.txt Not for robots
'''


def gophermenu(port, *items):
    """Lines of a menu from (type, display, selector)."""
    return b''.join(
        b'%s%s\t%s\t127.0.0.1\t%d\r\n' % (
            kind.encode(), display.encode(), selector.encode(), port)
        for kind, display, selector in items) + b'.\r\n'


class Walk(Mirroring):
    with_manifest = False

    def gemini_files(self):
        port = self.origin.gemini_port
        files = {
            'index.gmi': (HOME % {'port': port}).encode(),
            'a.gmi': b'# A\n=> docs/deep/b.gmi B\n=> ./ Home\n',
            'docs/index.gmi': b'# Docs\n=> c.txt C\n=> ../ Home\n',
            'docs/c.txt': b'=> /not-a-link.txt in plain text\n',
            'docs/deep/b.gmi': b'# B\n',
            'pic one.png': b'\x89PNG\n=> /not-a-link.txt\n',
            'full.txt': b'full\n',
            'scheme.txt': b'scheme\n',
            'up.txt': b'up\n',
        }
        self.origin.files = dict(files, **{
            'robots.txt': b'User-agent: archiver\nDisallow: /private/\n',
            '.hidden': b'hidden\n',
            'private/x.txt': b'private\n',
            'preformatted.txt': b'no\n',
            'not-a-link.txt': b'no\n',
            'unlinked.gmi': b'no\n',
        })
        self.origin.answers['/docs'] = (b'31 /docs/\r\n',)
        return files

    def test_gemini(self):
        files = self.gemini_files()
        result = self.run_mirror(status=1)
        self.assertEqual(self.mirror.files(), files)
        self.assertIn('has no manifest', result.stderr)
        self.assertIn('robots.txt forbids some', result.stderr)
        self.assertIn('dead.gmi: is a dead link', result.stderr)
        self.assertIn('has a name that a copy cannot have', result.stderr)
        asked = self.origin.paths()
        self.assertEqual(asked[:3], [
            '/manifest', '/robots.txt', '/'])
        for path in asked:
            self.assertNotIn('?', path)
            self.assertNotIn('private', path)
            self.assertNotIn('elsewhere', path)
        # Each once, but for the folder whose name was written two ways.
        self.assertEqual(len(asked), len(set(asked)) + 1, asked)

    def test_unchanged_is_left_alone(self):
        self.gemini_files()
        for line in (b'.hidden A', b'ctrl%1b.txt'):
            self.origin.files['index.gmi'] = b'\n'.join(
                text for text in
                self.origin.files['index.gmi'].split(b'\n')
                if line not in text)
        self.run_mirror()
        before = {path: os.stat(os.path.join(self.mirror.folder, path))
                  for path in self.mirror.files()}
        self.origin.files['docs/c.txt'] = b'changed\n'
        result = self.run_mirror()
        self.assertEqual(result.stdout.splitlines()[0], 'docs/c.txt')
        self.assertIn('1 fetched, 0 removed, 0 failed', result.stdout)
        for path, was in before.items():
            now = os.stat(os.path.join(self.mirror.folder, path))
            self.assertEqual(
                now.st_ino == was.st_ino and now.st_mtime == was.st_mtime,
                path != 'docs/c.txt', path)

    def test_a_page_that_takes_input(self):
        """It has no file, and stops nothing."""
        self.origin.files = {
            'index.gmi': b'=> ask\n=> secret\n=> a.txt\n=> b.txt\n',
            'a.txt': b'a\n', 'b.txt': b'b\n'}
        self.origin.answers['/ask'] = (b'10 What?\r\n',)
        self.origin.answers['/secret'] = (b'11 Word?\r\n',)
        result = self.run_mirror()
        self.assertIn('/ask: asks for input, and is not copied',
                      result.stderr)
        self.origin.files['index.gmi'] = b'=> ask\n=> a.txt\n'
        result = self.run_mirror()
        self.assertIn('1 removed, 0 failed', result.stdout)
        # A page of the copy that takes input now may be a fault.
        self.origin.answers['/a.txt'] = (b'10 What?\r\n',)
        self.run_mirror(status=1)
        self.assertEqual(self.mirror.files()['a.txt'], b'a\n')

    def test_what_is_linked_no_more(self):
        files = self.origin.files
        files['index.gmi'] = b'=> a.txt\n=> b.txt\n=> c/d.txt\n'
        for path in ('a.txt', 'b.txt', 'c/d.txt'):
            files[path] = path.encode()
        self.run_mirror()
        self.mirror.write('mine.txt', b'mine')
        files['index.gmi'] = b'=> a.txt\n'
        self.run_mirror('--keep')
        self.assertIn('b.txt', self.mirror.files())
        # Nothing goes as long as it is not sure that all was seen.
        files['index.gmi'] = b'=> a.txt\n=> broken.txt\n'
        self.origin.answers['/broken.txt'] = (b'50 Broken\r\n',)
        result = self.run_mirror(status=1)
        self.assertIn('broken.txt: 50 Broken', result.stderr)
        self.assertIn('b.txt', self.mirror.files())
        files['index.gmi'] = b'=> a.txt\n=> dead.txt\n'
        result = self.run_mirror()
        self.assertIn('removed b.txt\nremoved c/d.txt', result.stdout)
        self.assertEqual(sorted(self.mirror.files()),
                         ['a.txt', 'index.gmi', 'mine.txt'])

    def test_a_first_page_that_is_gone(self):
        """There is nothing to follow: that is no walk, and nothing goes."""
        for scheme in ('gemini', 'gopher'):
            self.origin.files = {'a.gmi': b'# A\n'}
            with self.subTest(scheme=scheme):
                self.origin.answers['/'] = b'=> a.gmi A\n' \
                    if scheme == 'gemini' else gophermenu(
                        self.origin.gopher_port, ('0', 'A', '/a.gmi'))
                self.run_mirror(scheme=scheme)
                before = self.mirror.files()
                self.assertIn('a.gmi', before)
                self.origin.answers.clear()
                result = self.run_mirror(scheme=scheme, status=1)
                self.assertIn('0 removed, 1 failed', result.stdout)
                self.assertRegex(
                    result.stderr, self.origin.url(scheme) + ': .*ot found')
                self.assertEqual(self.mirror.files(), before)
                shutil.rmtree(self.mirror.folder)

    def test_a_first_page_of_nothing(self):
        """What a server says of a folder that was not mounted."""
        files = self.origin.files
        files['index.gmi'] = b'=> a.txt\n=> b.txt\n'
        files['a.txt'] = files['b.txt'] = b'text\n'
        self.run_mirror()
        files['index.gmi'] = b'# Home\n'
        result = self.run_mirror('--keep')
        self.assertIn('0 removed, 0 failed', result.stdout)
        result = self.run_mirror(status=1)
        self.assertIn('0 removed, 1 failed', result.stdout)
        self.assertIn('no longer links to any file', result.stderr)
        self.assertEqual(sorted(self.mirror.files()),
                         ['a.txt', 'b.txt', 'index.gmi'])
        # One of two pages may well be meant to go.
        files['index.gmi'] = b'=> a.txt\n'
        self.run_mirror()
        files['index.gmi'] = b'# Home\n'
        self.run_mirror()
        self.assertEqual(sorted(self.mirror.files()), ['index.gmi'])

    def test_the_users_own_files_stay_as_they_are(self):
        files = self.origin.files
        files['index.gmi'] = b'=> a.txt\n=> b.txt\n'
        files['a.txt'] = files['b.txt'] = b'from the server\n'
        self.mirror.write('a.txt', b'mine')
        for _ in range(2):
            result = self.run_mirror(status=1)
            self.assertRegex(
                result.stderr, 'a.txt in the copy is not part of this mirror')
            self.assertEqual(self.mirror.files()['a.txt'], b'mine')
        files['index.gmi'] = b'# Nothing\n'
        self.run_mirror()
        self.assertEqual(sorted(self.mirror.files()), ['a.txt', 'index.gmi'])

    def test_killed(self):
        """What came before is of the mirror, and goes on to be."""
        files = self.origin.files
        files['index.gmi'] = b'=> a.txt\n=> b.txt\n'
        files['a.txt'] = b'a\n'
        process, begun = None, threading.Event()

        def kill(_):
            begun.wait(DEADLINE_S)
            process.kill()
            process.wait()

        self.origin.answers['/b.txt'] = kill
        process = subprocess.Popen(
            self.mirror.command(self.origin.url()),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        begun.set()
        self.assertEqual(process.wait(DEADLINE_S), -9)
        self.assertEqual(self.mirror.files()['a.txt'], b'a\n')
        files['a.txt'] = b'changed\n'
        files['b.txt'] = b'b\n'
        self.origin.answers = {}
        self.run_mirror()
        self.assertEqual(self.mirror.files(), files)
        files['index.gmi'] = b'=> b.txt\n'
        result = self.run_mirror()
        self.assertIn('removed a.txt', result.stdout)

    def test_robots(self):
        files = self.origin.files
        files['index.gmi'] = b'=> a.txt\n=> b/c.txt\n=> r\n'
        files['a.txt'] = files['b/c.txt'] = b'x\n'
        self.origin.answers['/r'] = (b'30 /b/c.txt\r\n',)
        for robots, wanted in (
                (b'', ['a.txt', 'b/c.txt', 'index.gmi']),
                (b'User-agent: *\nDisallow: /\n', []),
                (b'User-agent: *\nDisallow: /b\n', ['a.txt', 'index.gmi']),
                (b'User-agent: archiver\nDisallow: /a.txt\n',
                 ['b/c.txt', 'index.gmi']),
                (b'User-agent: indexer\nDisallow: /\n',
                 ['a.txt', 'b/c.txt', 'index.gmi'])):
            with self.subTest(robots=robots):
                files['robots.txt'] = robots
                mirror = Mirror()
                self.addCleanup(mirror.remove)
                self.origin.paths()
                mirror.run(self.origin.url())
                self.assertEqual(sorted(mirror.files()), wanted)
                asked = self.origin.paths()
                if 'b/c.txt' not in wanted:
                    self.assertNotIn('/b/c.txt', asked)
                if not wanted:
                    self.assertEqual(asked, ['/manifest', '/robots.txt'])

    def test_robots_that_cannot_be_had(self):
        """Nobody knows what is forbidden: nothing is asked for."""
        self.origin.files['index.gmi'] = b'# Home\n'
        for scheme, answer in (
                ('gemini', (b'40 Later\r\n',)),
                ('gemini', b'x' * 600000),
                ('gopher', b'3Something failed here, please try again later'
                           b'\t\terror.host\t1\r\n.\r\n')):
            self.origin.answers['/robots.txt'] = answer
            with self.subTest(scheme=scheme, answer=answer[:20]):
                self.origin.paths()
                result = self.run_mirror(
                    '--patience', '1', scheme=scheme, status=1)
                self.assertIn('robots.txt: ', result.stderr)
                self.assertNotIn('/', self.origin.paths())

    def test_a_server_that_has_none(self):
        """Nonsense for files that most servers do not have is no failure."""
        self.origin.files = {'index.gmi': b'# Home\n'}
        for answer in (b'10 What?\r\n', b'11 Word?\r\n', b'60 Who?\r\n',
                       b'62 Not you\r\n', b'53 Not here\r\n',
                       b'31 gemini://other.example/x\r\n',
                       b'HTTP/1.1 404 Not Found\r\n\r\n', b'2 \r\n',
                       b'20 text/html\r\n<html>\n'):
            self.origin.answers['/manifest'] = (answer,)
            self.origin.answers['/robots.txt'] = (answer,)
            with self.subTest(answer=answer):
                result = self.run_mirror()
                self.assertIn('has no manifest', result.stderr)
                self.assertEqual(self.mirror.files(), self.origin.files)
                shutil.rmtree(self.mirror.folder)

    def test_a_long_robots_txt(self):
        self.origin.files = {
            'index.gmi': b'=> a.txt\n=> b.txt\n', 'a.txt': b'a\n',
            'b.txt': b'b\n', 'robots.txt': b'# A remark\n' * 46000 +
            b'User-agent: *\nDisallow: /b\n'}
        self.run_mirror()
        self.assertEqual(sorted(self.mirror.files()), ['a.txt', 'index.gmi'])

    def test_many_links_and_many_rules(self):
        """A page of links to one place, where much is forbidden."""
        self.origin.files = {
            'index.gmi': b'=> /a\n' * 45000,
            'robots.txt': b'User-agent: *\n' + b''.join(
                b'Disallow: /p/%04d\n' % number for number in range(3600))}
        # The time that it works, and not that it waits for others.
        def limit():
            resource.setrlimit(resource.RLIMIT_CPU,
                               (15 * SLOWER, resource.RLIM_INFINITY))

        self.run_mirror(preexec_fn=limit)

    def test_one_at_a_time(self):
        inside, most = [], [0]

        def enter(path):
            inside.append(path)
            most[0] = max(most[0], len(inside))
            if path in ('/', '/3.txt', '/5.txt'):
                # Time for another to come meanwhile.
                try:
                    wait_until(lambda: most[0] > 1, '', 0.3)
                except AssertionError:
                    pass
            inside.remove(path)

        self.origin.files['index.gmi'] = b''.join(
            b'=> %d.txt\n' % number for number in range(30))
        for number in range(30):
            self.origin.files['%d.txt' % number] = b'x\n'
        self.origin.before = enter
        self.run_mirror('-j', '8')
        self.assertEqual(most[0], 1)

    def test_links_without_end(self):
        """Every page leads to two others, for ever."""
        class Endless(dict):
            def __contains__(self, path):
                return path == 'index.gmi' or path.endswith('/x.gmi')

            def __getitem__(self, path):
                return b'=> a/x.gmi\n=> b/x.gmi\n' + path.encode()

        self.origin.files = Endless()
        result = self.run_mirror('--pages', '40', status=1)
        self.assertIn('see --pages', result.stderr)
        self.assertEqual(len(self.mirror.files()), 40)
        self.origin.paths()
        result = self.run_mirror('--depth', '3', status=1)
        self.assertIn('see --depth', result.stderr)
        self.assertEqual(len(self.origin.paths()), 2 + 1 + 2 + 4 + 8)

    def test_bodies_without_end(self):
        def endless(client):
            client.sendall(b'20 text/gemini\r\n')
            while True:
                client.sendall(b'=> a.txt\n' * 8000)

        self.origin.files = {'index.gmi': b'=> e.gmi\n=> z.txt\n',
                             'z.txt': b'z\n'}
        self.origin.answers['/e.gmi'] = endless
        result = self.run_mirror('--max', '40', status=1)
        self.assertIn('e.gmi: the answer is longer than the limit', result.stderr)
        self.assertEqual(sorted(self.mirror.files()),
                         ['index.gmi', 'z.txt'])

    def test_an_answer_cut_short(self):
        def cut(client):
            client.sendall(b'20 text/plain\r\nhalf')

        self.origin.files = {'index.gmi': b'=> cut.txt\n'}
        self.origin.answers['/cut.txt'] = cut
        result = self.run_mirror(status=1)
        self.assertIn('cut.txt: the answer was cut short; see --allow-truncated',
                      result.stderr)

    def test_allow_truncated(self):
        """New files are stored; none is replaced or removed."""
        def cut(body, mime=b'text/plain'):
            return lambda client: client.sendall(
                b'20 %s\r\n%s' % (mime, body))

        self.origin.answers = {
            '/robots.txt': cut(b'User-agent: *\nDisallow: /c\n'),
            '/': cut(b'=> a.txt\n=> b.txt\n=> c.txt\n', b'text/gemini'),
            '/a.txt': cut(b'a\n'), '/b.txt': cut(b'b\n'),
            '/manifest': cut(b'Not found\n')}
        self.run_mirror(status=1)
        self.assertEqual(self.mirror.files(), {})
        result = self.run_mirror('--allow-truncated')
        files = {'index.gmi': b'=> a.txt\n=> b.txt\n=> c.txt\n',
                 'a.txt': b'a\n', 'b.txt': b'b\n'}
        self.assertEqual(self.mirror.files(), files)
        result = self.run_mirror('--allow-truncated')
        self.assertIn('0 fetched, 0 removed, 0 failed', result.stdout)
        # The front page is complete, for once: it may replace another.
        files['index.gmi'] = b'=> a.txt\n=> new.txt\n'
        self.origin.files = {'index.gmi': files['index.gmi']}
        del self.origin.answers['/']
        self.origin.answers['/a.txt'] = cut(b'a')
        self.origin.answers['/new.txt'] = cut(b'new\n')
        result = self.run_mirror('--allow-truncated', status=1)
        self.assertRegex(result.stderr, 'a.txt: has changed, but may be cut')
        files['new.txt'] = b'new\n'
        self.assertEqual(self.mirror.files(), files)

    def test_a_folder_and_a_file_of_one_name(self):
        self.origin.files = {
            'index.gmi': b'=> about\n=> about/me.gmi\n',
            'about': b'# About\n', 'about/me.gmi': b'# Me\n'}
        result = self.run_mirror(status=1)
        self.assertIn('about/me.gmi: not stored: the name about in the '
                      'copy is taken by ', result.stderr)

    def test_a_folder_of_a_server(self):
        self.origin.files = {
            '~ann/index.gmi': b'=> a.txt\n=> ../~bob/\n=> /\n=> /~ann\n',
            '~ann/a.txt': b'a\n', '~bob/index.gmi': b'# Bob\n',
            'index.gmi': b'# All\n'}
        self.run_mirror(path='/~ann')
        self.assertEqual(sorted(self.mirror.files()), ['a.txt', 'index.gmi'])

    def test_gopher(self):
        port = self.origin.gopher_port
        root = gophermenu(
            port, ('i', 'Welcome', 'TITLE'), ('1', 'Docs', '/docs'),
            ('0', 'A text', 'a.txt'), ('I', 'A picture', '/pic%20one.png'),
            ('7', 'Search', '/ask'), ('h', 'Web', 'URL:https://w.example/'),
            ('1', 'Root', ''), ('1', 'Root again', '/'),
            ('0', 'Dead', '/dead.txt'), ('0', 'Up', '/../up.txt'),
            ('0', 'Private', '/private/x'), ('0', 'Asked', '/a?b'))
        root = root[:-3] + b'0Far\t/far.txt\tother.example\t70\r\n' \
            b'0Port\t/far.txt\t127.0.0.1\t1\r\nnonsense\r\n.\r\n'
        docs = gophermenu(port, ('9', 'Binary', '/docs/b.bin'),
                          ('1', 'Up', '/'))
        self.origin.files = {
            'a.txt': b'a\n', 'pic one.png': b'png', 'docs/b.bin': b'\0',
            'robots.txt': b'User-agent: *\nDisallow: /private\n'}
        self.origin.answers = {'/': root, '/docs': docs}
        result = self.run_mirror(scheme='gopher')
        self.assertIn('/dead.txt: is a dead link', result.stderr)
        found = self.mirror.files()
        for path in ('a.txt', 'pic one.png', 'docs/b.bin'):
            self.assertEqual(found.pop(path), self.origin.files[path])
        self.assertEqual(sorted(found), ['docs/gophermap', 'gophermap'])
        self.assertEqual(found['docs/gophermap'],
                         b'9Binary\t/docs/b.bin\n1Up\t/\n')
        for path in self.origin.paths():
            self.assertNotRegex(path, 'far|private|ask|URL|[?]|up')
        # Served, it is what it was, of another server.
        with Server(self.mirror.folder) as server:
            served = select(server, '')
            self.assertIn(b'1Docs\t/docs\tlocalhost\t%d\r\n'
                          % server.gopher_port, served)
            self.assertIn(b'0A text\t/a.txt\tlocalhost\t%d\r\n'
                          % server.gopher_port, served)
            self.assertIn(b'0Far\t/far.txt\tother.example\t70\r\n', served)
            self.assertEqual(select(server, '/a.txt'), b'a\n')
            self.assertIn(b'9Binary\t/docs/b.bin\t', select(server, '/docs'))


    def test_gopher_texts(self):
        """They lose what RFC 1436 adds, if all of the text has its form."""
        table = {
            'whole.txt': (b'a\r\n..b\r\n.\r\n', b'a\r\n.b\r\n'),
            'lf.txt': (b'a\n.\r\n', b'a\n.\r\n'),
            'single.txt': (b'.TH\r\n.\r\n', b'.TH\r\n.\r\n'),
            'none.txt': (b'a\r\n..b\r\n', b'a\r\n..b\r\n'),
            'empty.txt': (b'.\r\n', b''),
            'binary.bin': (b'a\r\n.\r\n', b'a\r\n.\r\n')}
        self.origin.answers = {
            '/' + name: sent for name, (sent, _) in table.items()}
        self.origin.answers['/'] = gophermenu(
            self.origin.gopher_port, *(
                ('9' if name.endswith('bin') else '0', name, '/' + name)
                for name in table))
        for _ in range(2):
            result = self.run_mirror(scheme='gopher')
            found = self.mirror.files()
            del found['gophermap']
            self.assertEqual(
                found, {name: want for name, (_, want) in table.items()})
        self.assertIn('0 fetched, 0 removed', result.stdout)


if __name__ == '__main__':
    unittest.main()
