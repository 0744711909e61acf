"""`capsule mv`: a page or folder moves, and all links to it."""

import errno
import os
import random
import re
import resource
import shutil
import unittest
import urllib.parse

from author import Author, files_of
from server import write_tree

MOVED = {
    'index.gmi': '# Home\r\n=> old.gmi Old\r\n=> a/ A\r\n',
    'old.gmi': '# Old\n=> a/b.gmi#x B\n=> /old.gmi Old\n',
    'a/index.gmi': '# A\n\n=> b.gmi B\n=> ../old.gmi Old\n'
                   '```\n=> ../old.gmi\n```\n',
    'a/b.gmi': '# B\n\n=> ./ A\n=> ../ Home\n',
    'a/gophermap': '1B\tb.gmi\n1Old\t/old.gmi\n', 'a/c.png': b'\x89PNG',
    'notes.txt': '=> old.gmi\n'}


class Move(Author):
    def setUp(self):
        super().setUp()
        write_tree(self.tree, MOVED)

    def assert_tree(self, **changed):
        """The tree is as before but for these files; None: no file."""
        want = {name: content if isinstance(content, bytes)
                else content.encode() for name, content in MOVED.items()}
        for name, content in changed.get('files', {}).items():
            want.pop(name, None)
            if content is not None:
                want[name] = content.encode()
        self.assertEqual({name: content[0] for name, content
                          in files_of(self.tree).items()
                          if not name.endswith('/')}, want)

    PAGE = {
        'old.gmi': None,
        'log/2026/n w.gmi': '# Old\n=> ../../a/b.gmi#x B\n'
                            '=> /log/2026/n%20w.gmi Old\n',
        'index.gmi': '# Home\r\n=> log/2026/n%20w.gmi Old\r\n'
                     '=> a/ A\r\n',
        'a/index.gmi': '# A\n\n=> b.gmi B\n=> ../log/2026/n%20w.gmi Old\n'
                       '```\n=> ../old.gmi\n```\n',
        'a/gophermap': '1B\tb.gmi\n1Old\t/log/2026/n%20w.gmi\n'}

    def test_page(self):
        os.chmod(self.tree + '/index.gmi', 0o600)
        out, said = self.done('mv', 'tree/', '/old.gmi', 'log/2026/n w.gmi')
        self.assertEqual(out, 'moved("/old.gmi", "/log/2026/n%20w.gmi")\n')
        self.assertEqual(said, 'capsule mv: rewrote 5 links in 4 files\n')
        self.assert_tree(files=self.PAGE)
        self.assertEqual(
            os.stat(self.tree + '/index.gmi').st_mode & 0o777, 0o600)

    FOLDER = {
        'a/index.gmi': None, 'a/b.gmi': None, 'a/gophermap': None,
        'a/c.png': None,
        'x/y/index.gmi': MOVED['a/index.gmi'].replace(
            '=> ../old.gmi Old', '=> ../../old.gmi Old'),
        'x/y/b.gmi': MOVED['a/b.gmi'].replace('=> ../', '=> ../../'),
        'x/y/gophermap': MOVED['a/gophermap'],
        'index.gmi': MOVED['index.gmi'].replace('a/ A', 'x/y/ A'),
        'old.gmi': MOVED['old.gmi'].replace('a/b', 'x/y/b')}

    def test_folder(self):
        out, _ = self.done('mv', 'tree', 'a/', 'x/y/')
        self.assertEqual(out, 'moved("/a/", "/x/y/")\n')
        picture = self.tree + '/x/y/c.png'
        with open(picture, 'rb') as file:
            self.assertEqual(file.read(), MOVED['a/c.png'])
        os.unlink(picture)
        self.assert_tree(files=self.FOLDER)
        self.assertEqual(self.problems(), [])

    def test_the_line_redirects(self):
        config = os.path.join(self.folder, 'moved.conf')
        out = ''.join(self.done('mv', 'tree', old, new)[0] for old, new in (
            ('old.gmi', 'n w.gmi'), ('a', 'x/y')))
        with open(config, 'w', encoding='utf-8') as file:
            file.write(out)
        for old, new in (('/old.gmi', '/n%20w.gmi'),
                         ('/a/b.gmi', '/x/y/b.gmi')):
            with self.subTest(old=old):
                out, _ = self.done('show', '-c', config, '-d', 'tree', old)
                self.assertRegex(out, r'^31 .*%s\n' % new)

    def test_index_page(self):
        """A folder without its index page is reported."""
        for old, new, want in (
                ('index.gmi', 'home.gmi', 'the capsule has no front page now'),
                ('a/index.gmi', 'a/c.gmi', '/a/ has no index page now'),
                ('a/c.gmi', 'a/index.gemini', None),
                ('a/index.gemini', 'a/index.gmi', None),
                ('a', 'b', None)):
            with self.subTest(old=old):
                _, said = self.done('mv', 'tree', old, new)
                self.assertEqual(said.count('\n'), 1 if want is None else 2)
                self.assertIn(want or 'rewrote', said)

    def test_into_a_folder(self):
        out, _ = self.done('mv', 'tree', 'old.gmi', 'a')
        self.assertEqual(out, 'moved("/old.gmi", "/a/old.gmi")\n')
        out, _ = self.done('mv', 'tree', 'a/old.gmi', 'new/')
        self.assertEqual(out, 'moved("/a/old.gmi", "/new/old.gmi")\n')
        out, _ = self.done('mv', 'tree', 'new', 'a')
        self.assertEqual(out, 'moved("/new/", "/a/new/")\n')
        self.assertEqual(self.problems(), [])

    def test_names_of_the_capsule(self):
        url = '=> gemini://example.org/old.gmi\n'
        write_tree(self.tree, {'a/b.gmi': url})
        shutil.copytree(self.tree, self.tree + '2')
        self.done('mv', 'tree', 'old.gmi', 'new.gmi')
        self.assertEqual(self.read('a/b.gmi'), url)
        self.done('mv', '-n', 'example.org', 'tree2', 'old.gmi', 'new.gmi')
        self.tree += '2'
        self.assertEqual(self.read('a/b.gmi'), url.replace('old', 'new'))

    def test_one_of_several_hosts(self):
        """The folder selects the host, whose names and hidden names count."""
        both = '=> gemini://a.example/old.gmi\n=> gemini://b.example/old.gmi\n'
        write_tree(self.folder, {
            'conf': 'host "a.example" { capsule = "a" hide = "*.x" }\n'
                    'host "b.example" { capsule = "tree" hide = "*.y" }\n',
            'a/index.gmi': '# A\n'})
        write_tree(self.tree, {'a/b.gmi': both})
        options = '-c', 'conf', 'tree/', 'old.gmi'
        self.refused('mv', *options, 'new.y', says='would not be served')
        self.done('mv', *options, 'new.x')
        self.assertEqual(self.read('a/b.gmi'),
                         both.replace('b.example/old.gmi', 'b.example/new.x'))
        self.refused('mv', '-c', 'conf', 'tree/a', 'b.gmi', 'c.gmi', status=2,
                     says='tree/a: is not the capsule of a host in conf')

    def test_refused(self):
        os.mkfifo(self.tree + '/fifo')
        for old, new, says in (
                ('none.gmi', 'x', 'No such file or directory; name a page'),
                ('old.gmi', 'a/b.gmi', 'tree/a/b.gmi: exists; give another'),
                ('old.gmi', 'old.gmi', 'exists'),
                ('a', 'a', 'exists'),
                ('a', 'a/x', 'is inside the folder to be moved'),
                ('a', 'old.gmi', 'exists'),
                ('a', 'old.gmi/x', 'Not a directory'),
                ('old.gmi', '../x.gmi', 'without ".."'),
                ('../tree/old.gmi', 'x.gmi', 'without ".."'),
                ('/', 'x', 'name a page or folder'),
                ('old.gmi', '', 'name a page or folder'),
                ('old.gmi', '.x.gmi', 'would not be served'),
                ('old.gmi', 'x.gmi~', 'would not be served'),
                ('fifo', 'x', 'is neither a file nor a folder'),
                ('old.gmi', 'x' * 256, 'File name too long'),
                ('old.gmi', 'x/' + 'x' * 5000, 'name a page or folder')):
            with self.subTest(old=old, new=new):
                self.refused('mv', 'tree', old, new, says=says)
        for arguments in ((), ('tree', 'a'), ('tree', 'a', 'b', 'c'),
                          ('', 'a', 'b'), ('-x', 'tree', 'a', 'b')):
            with self.subTest(arguments=arguments):
                self.refused('mv', *arguments, says='capsule mv: ', status=2)
        self.refused('mv', 'none', 'a', 'b', says='name the capsule')

    def test_symbolic_links(self):
        def linked(target, name):
            path = os.path.join(self.tree, name)
            os.symlink(target, path)
            return lambda: os.unlink(path)

        for target, name, old, new, says in (
                ('a', 'link', 'link/b.gmi', 'x.gmi', 'is a symbolic link; '
                 'name the folder'),
                ('a', 'link', 'old.gmi', 'link/x.gmi', 'is a symbolic link; '
                 'name the folder'),
                ('old.gmi', 'link', 'link', 'x', 'move the file that it'),
                ('old.gmi', 'link', 'old.gmi', 'x.gmi', 'a symbolic link to '
                 'what is moved'),
                ('../old.gmi', 'a/link', 'old.gmi', 'x.gmi', 'to what is'),
                ('a/b.gmi', 'link', 'a', 'x', 'to what is moved'),
                ('../old.gmi', 'a/link', 'a', 'x/a', 'out of the folder'),
                ('../a/b.gmi', 'a/link', 'a', 'x/a', 'out of the folder')):
            with self.subTest(target=target, name=name, old=old):
                undo = linked(target, name)
                self.refused('mv', 'tree', old, new, says=says)
                undo()
        linked('b.gmi', 'a/link.gmi')
        linked('none', 'dangling')
        linked('/etc/passwd', 'absolute')
        self.done('mv', 'tree', 'a', 'x')
        self.assertEqual(self.read('x/link.gmi'), self.read('x/b.gmi'))
        linked('x', 'folder')
        os.unlink(self.tree + '/x/link.gmi')
        _, said = self.done('mv', 'tree', 'x/b.gmi', 'x/d.gmi')
        self.assertIn('links through it are not rewritten', said)

    def test_an_index_that_is_a_link(self):
        """A symbolic link to a page stays, and the page is rewritten."""
        os.rename(self.tree + '/index.gmi', self.tree + '/home.gmi')
        os.symlink('home.gmi', self.tree + '/index.gmi')
        self.done('mv', 'tree', 'old.gmi', 'new.gmi')
        self.assertTrue(os.path.islink(self.tree + '/index.gmi'))
        self.assertIn('=> new.gmi Old', self.read('index.gmi'))

    def test_no_room(self):
        write_tree(self.tree, {'a/long.gmi': 'x' * 5000 + '\n=> ../old.gmi\n'})
        self.refused('mv', 'tree', 'old.gmi', 'x/new.gmi',
                     says='a/long.gmi: File too large; make room on the disk '
                     '(nothing was changed)', restore_signals=False,
                     preexec_fn=lambda: resource.setrlimit(
                         resource.RLIMIT_FSIZE, (4096, 4096)))

    def test_an_old_file_of_an_interrupted_move(self):
        write_tree(self.tree, {'.capsule-old-index.gmi': 'x'})
        self.refused('mv', 'tree', 'old.gmi', 'new.gmi',
                     says='it is the old file of an interrupted change')

    def test_a_name_of_several_lines(self):
        write_tree(self.tree, {'a\nb\x1b[7m.gmi': '=> old.gmi Old\n',
                               '.capsule-old-a\nb\x1b[7m.gmi': 'x'})
        self.refused('mv', 'tree', 'old.gmi', 'new.gmi',
                     says='a\\x0Ab\\x1B[7m.gmi: File exists')

    def run_once(self):
        if self.moves_folder:
            return self.capsule('mv', 'tree', 'a', 'x/y')
        return self.capsule('mv', 'tree', 'old.gmi', 'log/2026/n w.gmi')

    def test_each_failure_changes_nothing(self):
        for self.moves_folder in (False, True):
            self.trouble['refuse_error'] = errno.EIO
            failures = 0
            for before, done in self.moments('refuse_at'):
                if done.returncode == 0:
                    continue
                failures += 1
                self.assertEqual((done.returncode, done.stdout), (1, ''))
                self.assertIn('Input/output error; try again (nothing was '
                              'changed)\n', done.stderr)
                self.assertEqual(files_of(self.tree), before)
            self.assertGreater(failures, 8)
            shutil.rmtree(self.tree)
            write_tree(self.tree, MOVED)
            self.trouble['refuse_at'] = 0

    def test_without_hard_links(self):
        self.trouble['link_error'] = errno.EPERM
        self.done('mv', 'tree', 'old.gmi', 'log/2026/n w.gmi')
        self.assert_tree(files=self.PAGE)

    def test_each_failure_without_hard_links(self):
        self.trouble['link_error'] = errno.EPERM
        self.test_each_failure_changes_nothing()

    def test_killed(self):
        """Each page is complete, old or new, and no page is lost."""
        for self.moves_folder in (False, True):
            new = self.FOLDER if self.moves_folder else self.PAGE
            good = {name: [content.encode()] for name, content
                    in MOVED.items() if isinstance(content, str)}
            for name, content in new.items():
                if content is not None:
                    good.setdefault(name, []).append(content.encode())
            # A page of a folder is rewritten before the folder moves.
            for name in [name for name in good if name.startswith('x/y/')]:
                good['a/' + name[4:]] += good[name]
            good['old.gmi'] += good.get('log/2026/n w.gmi', [])
            for _, done in self.moments('kill_at'):
                self.assertEqual(done.returncode, -9)
                found = files_of(self.tree)
                for name, (content, _) in (
                        (name, value) for name, value in found.items()
                        if name in good):
                    self.assertIn(content, good[name], name)
                for name in MOVED:
                    if name not in found:
                        self.assertIn(name.replace('a/', 'x/y/', 1)
                                      if self.moves_folder
                                      else 'log/2026/n w.gmi', found)
            shutil.rmtree(self.tree)
            write_tree(self.tree, MOVED)
            self.trouble['kill_at'] = 0


class Web:
    """A random capsule, whose pages know their number."""

    NAMES = ['a', 'b c', 'd:e', '\u00e9', 'f%41', 'g', '(h)']

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.folders = ['/']
        for _ in range(6):
            self.folders.append(self.random.choice(self.folders) +
                                self.random.choice(self.NAMES) + '/')
        self.folders = sorted(set(self.folders))
        self.pages = sorted({
            self.random.choice(self.folders) + self.random.choice(
                self.NAMES + ['index']) + '.gmi' for _ in range(25)} |
            {'/index.gmi'})
        self.maps = [folder + 'gophermap' for folder in self.folders
                     if self.random.random() < 0.5]

    def link(self, page):
        """A link in one of the forms that authors use."""
        target = self.random.choice(
            self.pages + self.folders + [page, '/ask', '/none'])
        form = self.random.randrange(5)
        if form == 0:
            target = re.sub('/index.gmi$', '/', target)
        if form == 1:
            target = re.sub('[.]gmi$', '', target)
        quoted = urllib.parse.quote(target, safe="/:()")
        if self.random.random() < 0.6:
            quoted = urllib.parse.quote(
                os.path.relpath(target, os.path.dirname(page)),
                safe='/()') + ('/' if target.endswith('/') else '')
        elif self.random.random() < 0.3:
            quoted = 'gemini://localhost' + quoted
        return quoted + self.random.choice(['', '', '#f', '?q', '?q#f'])

    def selector(self, path):
        target = self.random.choice(self.pages + self.folders)
        folder = os.path.dirname(path).rstrip('/') + '/'
        quoted = urllib.parse.quote(target)
        if target.startswith(folder) and target != folder:
            return urllib.parse.quote(target[len(folder):])
        return self.random.choice(['', '/0', '/1']) + quoted

    def files(self):
        made = {}
        for number, page in enumerate(self.pages):
            made[page[1:]] = '# %d\n' % number + ''.join(
                '=> %s %d\n' % (self.link(page), n) for n in range(8))
        for path in self.maps:
            made[path[1:]] = ''.join(
                '1%d\t%s\n' % (n, self.selector(path)) for n in range(5))
        return made

    def move(self):
        """A path to move, and its new place."""
        source = self.random.choice(self.pages + self.folders[1:])
        end = '.gmi' if source.endswith('.gmi') else ''
        while True:
            target = self.random.choice(self.folders + ['/new/']) + \
                self.random.choice(['new', 'n w']) + end
            if not target.startswith(source):
                return source, target


class Property(Author):
    """All links lead to the same pages as before."""

    @staticmethod
    def find(files, path):
        """The number of the page at a path, or the kind of other files."""
        path = path[1:].rstrip('/')
        for name in (path, (path + '/index.gmi').lstrip('/')):
            if name in files:
                return files[name].split('\n')[0]
        if path + '/' in files or path == '':
            return 'folder'
        return files.get(path + '.gmi', '/' + path).split('\n')[0]

    def links(self, files, moved):
        """{(page, line): (target of the link, rest of the URL)}"""
        found = {}
        for name, text in files.items():
            if name.endswith('/'):
                continue
            page = '/' + name
            own = self.find(files, page)
            for line in text.splitlines()[1:] if name.endswith('.gmi') \
                    else text.splitlines():
                if line.startswith('=> '):
                    _, url, label = line.split(' ', 2)
                    whole = urllib.parse.urlsplit(urllib.parse.urljoin(
                        'http://localhost' + urllib.parse.quote(page),
                        url.replace('gemini:', 'http:')))
                    path, rest = whole.path, (whole.query, whole.fragment)
                else:
                    label, path = line.split('\t')
                    rest = ''
                    own = moved(page)
                    if not path.startswith('/'):
                        path = urllib.parse.quote(
                            os.path.dirname(page).rstrip('/')) + '/' + path
                    if re.match('/[01]/', path):
                        path, rest = path[2:], path[:2]
                found[own, label] = (self.target(files, moved, path), rest)
        return found

    def target(self, files, moved, path):
        path = urllib.parse.unquote(path)
        found = self.find(files, path)
        return moved(path.rstrip('/')) if found == 'folder' else (
            moved(found) if found.startswith('/') else found)

    def test_many(self):
        moves = 0
        for seed in range(60):
            web = Web(seed)
            old, new = web.move()
            shutil.rmtree(self.tree, True)
            write_tree(self.tree, web.files())
            if not os.path.exists(self.tree + old):
                continue
            before = self.texts()
            problems = self.problem_count()
            with self.subTest(seed=seed, old=old, new=new):
                self.done('mv', 'tree', old, new)
                source, target = old.rstrip('/'), new

                def moved(path, source=source, target=target):
                    if path == source or path.startswith(source + '/'):
                        return target + path[len(source):]
                    return path

                self.assertEqual(self.links(self.texts(), lambda path: path),
                                 self.links(before, moved))
                self.assertLessEqual(self.problem_count(), problems)
                moves += 1
        self.assertGreater(moves, 40)

    def texts(self):
        return {name: '' if name.endswith('/') else content[0].decode()
                for name, content in files_of(self.tree).items()}

    def problem_count(self):
        """Dead links; names that must be encoded are the test's own."""
        out = self.capsule('check', '--format=json', 'tree').stdout
        return out.count('"dead-link"')


if __name__ == '__main__':
    unittest.main()
