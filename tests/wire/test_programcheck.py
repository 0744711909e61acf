"""What -t says of programs and uploads."""

import os
import shutil
import subprocess
import unittest

from build import CAPSULED
from server import as_root, new_directory, write_tree


class Check(unittest.TestCase):
    def setUp(self):
        self.directory = new_directory()
        self.addCleanup(shutil.rmtree, self.directory, True)
        write_tree(self.directory, {
            'capsule/index.gmi': '# Home\n', 'capsule/notes/': '',
            'scripts/hello': '#!/bin/sh\n', 'editors': '# none\n'})
        self.scripts = os.path.join(self.directory, 'scripts')
        os.chmod(self.scripts, 0o755)
        os.chmod(os.path.join(self.directory, 'editors'), 0o644)

    def check(self, settings):
        write_tree(self.directory, {'c': settings})
        result = subprocess.run(
            [CAPSULED, '-t', '-c', 'c', '-g', '127.0.0.1:0', '-G',
             '127.0.0.1:0'],
            cwd=self.directory, capture_output=True, text=True, timeout=60,
            check=False)
        self.assertEqual(result.returncode in (0, 2), True)
        return result.stdout + result.stderr

    def test_warnings(self):
        rows = [
            ('path "/a/" { script = "/x" }',
             'c:1: script has no effect without fastcgi'),
            ('path "/a/" {\nfastcgi = "/s" cgi_read = "/x" }',
             'c:1: cgi_read and cgi_write have no effect without cgi'),
            ('path "/a/" { scgi = "/s" writers = any }',
             'c:1: a program answers for this part'),
            ('path "/notes/" { writers = any upload_limit = 9 quota = 8 }',
             'c:1: upload_limit exceeds quota'),
            ('path "/notes/" { writers = any }\nscgi = "/s"',
             'c:1: a program answers for this part'),
        ]
        for settings, want in rows:
            with self.subTest(settings=settings):
                self.assertIn('warning: ' + want, self.check(settings))
        good = self.check(
            'path "/a/" { fastcgi = "/s" script = "/x" }\n'
            'path "/a/b/" { script = "" }\n'
            'path "/notes/" { writers = any }')
        self.assertNotIn('no effect', good)
        self.assertNotIn('uploads', good)

    def test_list(self):
        """The programs and writers of each part."""
        out = self.check(
            'path "/notes/" { writers = { editors, any } }\n'
            'path "/app/" { fastcgi = "127.0.0.1:9000" }\n'
            'scgi = "/run/whole.sock"\npath "/notes/off/" { scgi = "" }\n')
        self.assertIn('path: /notes/ (c:1)\n  scgi: /run/whole.sock\n'
                      '  writers: editors, any\n', out)
        self.assertIn('path: /app/ (c:2)\n  fastcgi: 127.0.0.1:9000\n', out)
        self.assertIn('path: /\n  scgi: /run/whole.sock\n', out)
        self.assertIn('path: /notes/off/ (c:4)\n  writers:', out)
        self.assertIn('writers: editors: 0\n', out)
        self.assertNotIn('readers: editors', out)
        # A program needs no folder in the capsule.
        self.assertNotIn('c:2: no page or folder', out)

    @as_root
    def test_directories(self):
        def refuse(why):
            out = self.check('cgi_user = daemon\n'
                             'path "/a/" { cgi = scripts }')
            self.assertRegex(out, r'error c:2: cgi: %s: .*%s' % (
                self.scripts, why))

        self.assertIn('cgi: ' + self.scripts, self.check(
            'cgi_user = daemon path "/a/" { cgi = scripts }'))
        for mode in 0o775, 0o757:
            os.chmod(self.scripts, mode)
            refuse('chmod go-w')
        os.chmod(self.scripts, 0o755)
        shutil.chown(self.scripts, 'daemon')
        refuse('chown')
        shutil.rmtree(self.scripts)
        refuse('make this directory')
        write_tree(self.directory, {'scripts': 'x'})
        refuse('is not a directory')
        os.remove(self.scripts)
        for target in 'capsule', '.':
            os.symlink(target, self.scripts)
            refuse('a directory of scripts only')
            os.remove(self.scripts)


if __name__ == '__main__':
    unittest.main()
