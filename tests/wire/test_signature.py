"""manifest.sig is hidden where uploads change the manifest."""

import subprocess
import unittest

from build import CAPSULED
from test_hosts import Hosts

HOSTS = '''
host "one.example" { capsule = "one"  gopher = "127.0.0.1:0"
  path "/notes/" { writers = { "any" } } }
host "two.example" { capsule = "two"
  path "/notes/" { lang = "fr" } }
'''


class Signature(unittest.TestCase):
    def setUp(self):
        self.hosts = Hosts(self, HOSTS, before={
            'one/notes/': '', 'one/manifest.sig': 'signature',
            'two/manifest.sig': 'signature'})

    def status(self, host):
        return int(self.hosts.ask(host + '/manifest.sig', host)[:2])

    def test_hidden(self):
        self.assertEqual(self.status('one.example'), 51)
        self.assertEqual(self.status('two.example'), 20)

    def test_gopher(self):
        answer = self.hosts.gopher(0, '/manifest.sig')
        self.assertTrue(answer.startswith(b'3'), answer)

    def test_said_once(self):
        lines = self.hosts.wait_for_line('^warn writer: manifest.sig .*')
        self.assertIn('the part /notes/ is not served', lines[0])
        for _ in range(3):
            self.status('one.example')
        self.hosts.end()
        self.assertEqual(len([line for line in self.hosts.lines
                              if 'manifest.sig of' in line]), 1)

    def test_checked(self):
        done = subprocess.run(
            [CAPSULED, '-t', *self.hosts.arguments()], check=False,
            cwd=self.hosts.directory, capture_output=True, text=True)
        said = [line for line in (done.stdout + done.stderr).splitlines()
                if 'manifest.sig' in line]
        self.assertEqual(len(said), 1, said)
        self.assertIn('c.conf:', said[0])


if __name__ == '__main__':
    unittest.main()
