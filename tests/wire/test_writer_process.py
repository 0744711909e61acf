"""The process that stores uploads: when it runs, and when it ends."""

import os
import signal
import unittest

from server import as_root, process_name, wait_until
from test_hosts import Hosts

PLAIN = '''
host "one.example" { capsule = "one"  gopher = off }
'''
WRITERS = '''
host "one.example" { capsule = "one"  gopher = off
  path "/notes/" { writers = { "any" } } }
'''


class WriterProcess(unittest.TestCase):
    def begin(self, hosts, before=None):
        self.hosts = Hosts(self, hosts, before=before)

    def writers(self):
        return [pid for pid in self.hosts.children()
                if process_name(pid) == 'capsuled-writer']

    def await_writer(self, other=None):
        return wait_until(
            lambda: [pid for pid in self.writers() if pid != other],
            'a writer')[0]

    def test_only_if_a_part_has_writers(self):
        self.begin(PLAIN, {'one/notes/': ''})
        self.hosts.ask('one.example/', 'one.example')
        self.assertEqual(self.writers(), [])
        self.hosts.reload(WRITERS)
        self.await_writer()
        self.hosts.reload(PLAIN)
        wait_until(lambda: not self.writers(), 'the end of the writer')

    def test_each_generation_has_its_own(self):
        self.begin(WRITERS, {'one/notes/': ''})
        first = self.await_writer()
        self.hosts.reload()
        self.await_writer(first)
        wait_until(lambda: first not in self.writers(),
                   'the end of the first writer')
        self.assertEqual(len(self.writers()), 1)

    def test_replaced(self):
        self.begin(PLAIN, {'one/notes/.capsuled-upload-1': 'left',
                           'one/notes/.capsuled-upload-2/page.gmi': 'left'})
        notes = self.hosts.path('one/notes')
        # The user of the process may be another one.
        for path in (notes, notes + '/.capsuled-upload-2'):
            os.chmod(path, 0o777)
        for path in (notes + '/.capsuled-upload-1',
                     notes + '/.capsuled-upload-2/page.gmi'):
            os.chmod(path, 0o644)
        self.hosts.reload(WRITERS)
        first = self.await_writer()
        wait_until(lambda: not os.listdir(notes), 'an empty folder')
        os.kill(first, signal.SIGKILL)
        self.hosts.wait_for_line(
            r'^warn master: writer process \d+ ended: .*')
        self.await_writer(first)

    def test_no_folder(self):
        self.begin(WRITERS, {'one/index.gmi': '# One\n'})
        line = self.hosts.wait_for_line('^warn writer: .*')[0]
        self.assertIn('cannot open the folder /notes/ of c.conf:', line)
        self.assertIn('No such file or directory; make it, writable for the '
                      'user of the server, and send SIGHUP', line)

    @as_root
    def test_a_folder_of_another_user(self):
        self.begin(WRITERS, {'one/notes/': ''})
        line = self.hosts.wait_for_line('^warn writer: .*')[0]
        self.assertIn('cannot open the folder /notes/ of c.conf:', line)
        self.assertIn('Permission denied; make it, writable for the ', line)

    def test_stop(self):
        self.begin(WRITERS, {'one/notes/': ''})
        writer = self.await_writer()
        self.hosts.end()
        self.assertFalse(os.path.exists('/proc/%d' % writer))


if __name__ == '__main__':
    unittest.main()
