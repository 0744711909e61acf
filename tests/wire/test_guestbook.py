"""src/examples/guestbook: by itself, with the environment of a CGI program."""

import os
import re
import shutil
import subprocess
import unittest
from urllib.parse import quote

from build import DEADLINE_S, TOP
from server import new_directory, wait_until

SOURCE = os.path.join(TOP, 'src', 'examples', 'guestbook', 'guestbook')
DATA = "DATA = '/var/lib/guestbook'\n"
# The program reads the clock in one place.
NOW = 'datetime.datetime.now(datetime.timezone.utc)'
LINK = '=> /cgi-bin/guestbook/sign? Sign the guestbook'


def guestbook(path, data, now=None):
    """Installs the program with a folder for its data, and a clock."""
    with open(SOURCE, encoding='utf-8') as file:
        source = file.read()
    assert source.count(DATA) == source.count(NOW) == 1
    source = source.replace(DATA, 'DATA = %r\n' % data)
    if now is not None:
        source = source.replace(NOW, 'datetime.datetime(%s)' % now)
    with open(path, 'w', encoding='utf-8') as file:
        file.write(source)
    os.chmod(path, 0o755)
    os.makedirs(data, exist_ok=True)


class Guestbook(unittest.TestCase):
    def setUp(self):
        self.directory = new_directory()
        self.addCleanup(shutil.rmtree, self.directory)
        self.data = os.path.join(self.directory, 'data')
        self.script = os.path.join(self.directory, 'guestbook')
        self.set_day(1)

    def set_day(self, day):
        guestbook(self.script, self.data, '2026, 11, %d, 10, 5' % day)

    def start(self, path='', query='', address='192.0.2.1', arguments=()):
        return subprocess.Popen(
            [self.script, *arguments], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd='/', env={
                'SCRIPT_NAME': '/cgi-bin/guestbook', 'PATH_INFO': path,
                'QUERY_STRING': query, 'REMOTE_ADDR': address})

    def finish(self, process):
        """(header, body) of a program that says nothing to the log."""
        out, err = process.communicate(timeout=DEADLINE_S)
        self.assertEqual((err, process.returncode), (b'', 0))
        header, _, body = out.decode().partition('\r\n')
        return header, body

    def run_script(self, *arguments, **named):
        return self.finish(self.start(*arguments, **named))

    def sign(self, text, address='192.0.2.1'):
        """The header of the answer."""
        header, body = self.run_script('/sign', quote(text), address)
        self.assertEqual(body, '')
        return header

    def page(self):
        header, body = self.run_script()
        self.assertEqual(header, '20 text/gemini')
        return body

    def entries(self):
        """The texts on the page, each of which is one quoted line."""
        lines = self.page().split('\n')
        self.assertEqual(lines[:3], ['# Guestbook', '', LINK])
        self.assertEqual(lines[-1], '')
        for line in lines[3:-1]:
            self.assertRegex(line, r'\A(|> .+|[0-9-]{10}, [0-9:]{5} UTC)\Z')
        return [line[2:] for line in lines[3:] if line.startswith('> ')]

    def stored(self, name):
        with open(os.path.join(self.data, name), encoding='utf-8') as file:
            return file.read()


class Signing(Guestbook):
    def test_newest_first(self):
        self.assertEqual(self.page(), '# Guestbook\n\n' + LINK + '\n')
        self.assertEqual(self.sign('Ada was here'), '30 /cgi-bin/guestbook')
        self.set_day(2)
        self.sign('Charles')
        self.assertEqual(self.page(), '''\
# Guestbook

=> /cgi-bin/guestbook/sign? Sign the guestbook

2026-11-02, 10:05 UTC
> Charles

2026-11-01, 10:05 UTC
> Ada was here
''')

    def test_prompts(self):
        for query in ('', '%20', '%0A', '%E2%80%8D', '%1B%E2%80%AE'):
            with self.subTest(query):
                self.assertEqual(self.run_script('/sign', query),
                                 ('10 Your name and a few words', ''))
        self.assertEqual(self.entries(), [])

    def test_length(self):
        self.assertRegex(self.sign('x' * 301),
                         '^10 Please shorten your text from 301 to 300 ')
        self.assertRegex(self.sign('é' * 300), '^30 ')
        self.assertEqual(self.entries(), ['é' * 300])

    def test_twice(self):
        for _ in range(5):
            self.assertRegex(self.sign('Ada'), '^30 ')
        self.assertEqual(self.entries(), ['Ada'])

    def test_other_paths(self):
        for path in ('/', '/sign/', '/../x', '/entries', '/lock'):
            with self.subTest(path):
                self.assertEqual(self.run_script(path, 'Ada'),
                                 ('51 Not found', ''))

    def test_many_at_once(self):
        processes = [self.start('/sign', 'guest%d' % number,
                                '198.51.100.%d' % number)
                     for number in range(20)]
        # Readers see whole pages meanwhile.
        self.assertLessEqual(len(self.entries()), 20)
        for process in processes:
            self.assertRegex(self.finish(process)[0], '^30 ')
        self.assertEqual(sorted(self.entries()),
                         sorted('guest%d' % number for number in range(20)))

    def test_entries_that_the_operator_edits(self):
        with open(os.path.join(self.data, 'entries'), 'wb') as file:
            file.write(b'\n2026-10-01T01:02Z \xff\x1b\r=> x\nx\n'
                       b'2026-10-02T01:02Z cut')
        self.assertEqual(self.entries(), ['\ufffd => x'])


class Hostile(Guestbook):
    def test_text_stays_one_line(self):
        for number, (text, want) in enumerate((
                ('a\r\n=> /x y', 'a => /x y'),
                ('=> gemini://x.example/ y', '=> gemini://x.example/ y'),
                ('```\n# Heading', '``` # Heading'),
                ('a\tb\vc\fd\x85e\u2028f\u2029g', 'a b c d e f g'),
                ('a\x00b\x1b[31mc\x7fd\x9be', 'ab[31mcde'),
                ('\u202eabc\u2066d\u2069\u200f\u061c', 'abcd'),
                ('\ufeff\U000e0041tag\u00ad\ue000', 'tag'),
                ('می\u200cخواهم', 'می\u200cخواهم'),
                ('i' + '\u0308' * 40, 'ï' + '\u0308' * 3),
                ('$(id) `id` ; %s %n {0} ../..', None),
                ('--help', None))):
            with self.subTest(text):
                self.assertRegex(self.sign(text, '192.0.2.%d' % number),
                                 '^30 ')
                self.assertEqual(self.entries()[0], want or text)

    def test_bytes_that_are_no_text(self):
        for query in ('%FF', 'a%C3', '%ED%A0%80', '%C0%80'):
            with self.subTest(query):
                self.assertEqual(self.run_script('/sign', query),
                                 ('59 The text is not UTF-8', ''))
        self.assertRegex(self.run_script('/sign', b'%zz%\xff\xfe+')[0],
                         '^30 ')
        self.assertEqual(self.entries(), ['%zz%+'])

    def test_arguments_are_ignored(self):
        """Over Gopher, the search is an argument of some programs."""
        self.assertEqual(
            self.run_script('/sign', 'Ada', arguments=('-c', '--help'))[0],
            '30 /cgi-bin/guestbook')

    def test_one_guest(self):
        for number in range(3):
            self.assertRegex(self.sign('text %d' % number), '^30 ')
        self.assertRegex(self.sign('one more'), '^40 .* come back tomorrow$')
        self.assertRegex(self.sign('one more', '192.0.2.2'), '^30 ')
        self.set_day(2)
        self.assertRegex(self.sign('and more'), '^30 ')

    def test_one_network(self):
        """One guest has many addresses of IPv6, and each one of IPv4."""
        for number in range(4):
            header = self.sign('text %d' % number, '2001:db8::%d' % number)
            self.assertRegex(header, '^30 ' if number < 3 else '^40 ')
        self.assertRegex(self.sign('a', '2001:db8:0:1::1'), '^30 ')
        for number in range(4):
            self.assertRegex(self.sign('mapped %d' % number,
                                       '::ffff:192.0.2.%d' % number), '^30 ')
        for number in range(4):
            header = self.sign('odd %d' % number, 'x%d' % number)
            self.assertRegex(header, '^30 ' if number < 3 else '^40 ')

    def test_all_guests(self):
        for number in range(51):
            header = self.sign('day %d' % number, '192.0.2.%d' % number)
            self.assertRegex(header, '^30 ' if number < 50 else '^40 .*full')
        # Of the oldest entries, as many as there are new ones are removed.
        with open(os.path.join(self.data, 'entries'), 'w',
                  encoding='ascii') as file:
            file.write(''.join('2026-10-01T01:02Z %d\n' % number
                               for number in range(205)))
        self.set_day(2)
        self.sign('last')
        entries = self.entries()
        self.assertEqual((len(entries), entries[0], entries[-1]),
                         (200, 'last', '6'))

    def test_no_address_is_stored(self):
        self.sign('Ada')
        first = self.stored('today')
        self.assertRegex(first, r'\A2026-11-01\n[0-9a-f]{64}\n[0-9a-f]{16}\n\Z')
        self.set_day(2)
        self.sign('Charles')
        second = self.stored('today').split('\n')
        for line in second[1:3]:
            self.assertNotIn(line, first)
        self.assertEqual(sorted(os.listdir(self.data)),
                         ['entries', 'lock', 'today'])
        for name in os.listdir(self.data):
            mode = os.stat(os.path.join(self.data, name)).st_mode
            self.assertEqual(mode & 0o777, 0o600)

    def test_the_old_file_or_the_new_one(self):
        self.sign('Ada')
        with open(os.path.join(self.data, 'entries'), encoding='ascii') as old:
            self.sign('Charles')
            self.assertEqual(old.read(), '2026-11-01T10:05Z Ada\n')

    def test_waits_for_the_lock(self):
        lock = subprocess.Popen(
            ['flock', os.path.join(self.data, 'lock'), 'cat'],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        lock.stdin.write(b'x')
        lock.stdin.flush()
        self.assertEqual(lock.stdout.read(1), b'x')
        process = self.start('/sign', 'Ada')
        wait_until(lambda: self.waits_for_a_lock(process.pid),
                   'a program that waits')
        self.assertEqual(self.entries(), [])
        lock.communicate(timeout=DEADLINE_S)
        self.assertRegex(self.finish(process)[0], '^30 ')
        self.assertEqual(self.entries(), ['Ada'])

    @staticmethod
    def waits_for_a_lock(pid):
        with open('/proc/locks', encoding='ascii') as file:
            return re.search(r'-> FLOCK .* %d ' % pid, file.read())

    def test_no_folder(self):
        shutil.rmtree(self.data)
        process = self.start('/sign', 'Ada')
        out, err = process.communicate(timeout=DEADLINE_S)
        self.assertEqual(out, b'40 The guestbook is closed at the moment\r\n')
        self.assertRegex(err, b'\\Aguestbook: .*No such file.*\n\\Z')


if __name__ == '__main__':
    unittest.main()
