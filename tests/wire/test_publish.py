"""`capsule publish`: what is sent, deleted, left alone, told."""

import os
import shutil
import signal
import subprocess
import unittest

from build import CAPSULE, DEADLINE_S, SLOWER, TOP
from clientcert import Visitor
from manual import manual_examples
from origin import manifest_of
from server import new_directory, write_tree
from titan import TitanServer, digest

FILES = {
    'index.gmi': b'# Home\n=> qa/ Questions\n',
    'about.gmi': b'# About\n',
    'qa/index.gmi': b'# Questions\n',
    'qa/why.gmi': b'# Why?\nSo.\n',
    'pics/a b.png': b'\x89PNG\r\n' + bytes(range(256)) * 300,
    'deep/one.txt': b'one\n',
    'deep/er/two.txt': b'two\n',
    'deep/er/still/three.txt': b'three\n',
    '100%;x=y.txt': b'marks\n',
    'gr\u00fc\u00dfe.gmi': b'utf-8\n',
}


class Publishing(unittest.TestCase):
    with_manifest = True
    files = FILES

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.visitor = Visitor(cls)

    def setUp(self):
        super().setUp()
        self.top = new_directory()
        self.addCleanup(shutil.rmtree, self.top, True)
        self.tree = os.path.join(self.top, 'tree')
        self.write(self.files)
        self.server = TitanServer(self.visitor,
                                  with_manifest=self.with_manifest)
        self.addCleanup(self.server.stop)
        os.chmod(self.visitor.path('key.pem'), 0o600)

    def write(self, files):
        write_tree(self.tree, files)

    def remove(self, path):
        os.unlink(os.path.join(self.tree, path))

    def command(self, *options, path='/', url=None):
        return [CAPSULE, 'publish', '--known-hosts',
                os.path.join(self.top, 'known_hosts'),
                '--cert', self.visitor.path('crt.pem'),
                '--key', self.visitor.path('key.pem'), *options, self.tree,
                url or self.server.titan_url(path)]

    def publish(self, *options, status=0, path='/', url=None, **popen):
        result = subprocess.run(
            self.command(*options, path=path, url=url),
            stdin=subprocess.DEVNULL, capture_output=True, check=False,
            timeout=120 * SLOWER, encoding='utf-8', errors='surrogateescape',
            **popen)
        self.assertEqual(result.returncode, status,
                         result.stdout + result.stderr)
        return result


class Plain(Publishing):
    def test_whole_and_then_what_differs(self):
        result = self.publish()
        self.assertEqual(self.server.files, FILES)
        self.assertEqual(result.stderr, '')
        lines = result.stdout.splitlines()
        self.assertEqual(sorted(lines[:-1]), sorted(FILES))
        self.assertIn('10 sent, 0 removed, 0 unchanged, 0 failed', lines[-1])
        self.assertEqual(self.server.certificates, {self.visitor.hash})
        parameters = dict(self.server.uploads)
        self.assertEqual(parameters['qa/why.gmi'],
                         {'size': '11', 'mime': 'text/gemini',
                          'base': digest(b'')})
        self.assertEqual(parameters['pics/a b.png']['mime'], 'image/png')
        # Folders from the top, then pages, then index pages.
        order = self.server.sent()
        self.assertEqual(order[:2], ['deep/one.txt', 'deep/er/two.txt'])
        self.assertEqual(order[-2:], ['qa/index.gmi', 'index.gmi'])
        self.assertLess(order.index('pics/a b.png'),
                        order.index('about.gmi'))

        self.assertIn('0 sent, 0 removed, 10 unchanged, 0 failed; 1 requests',
                      self.publish().stdout)
        self.write({'qa/why.gmi': b'# Why?\nBecause.\n'})
        result = self.publish()
        self.assertEqual(self.server.uploads, [
            ('qa/why.gmi', {'size': '16', 'mime': 'text/gemini',
                            'base': digest(FILES['qa/why.gmi'])})])
        self.assertEqual(result.stdout.splitlines()[0], 'qa/why.gmi')

    def test_beneath_a_path(self):
        self.server.files = {'index.gmi': b'root\n', 'notes/old.gmi': b'old\n',
                             'notes-not.gmi': b'x\n'}
        self.publish(path='/notes')
        self.assertIn('notes/qa/why.gmi', self.server.files)
        self.assertEqual(self.server.files['index.gmi'], b'root\n')
        self.server.sent()
        self.publish('--delete', path='/notes/')
        self.assertEqual(self.server.sent(), [])

    def test_deletions(self):
        self.publish()
        self.server.files['guest.gmi'] = b'of another author\n'
        self.remove('about.gmi')
        self.server.sent()
        result = self.publish()
        self.assertIn('the server has 2 more files, which stay',
                      result.stderr)
        self.assertEqual(self.server.sent(), [])
        result = self.publish('--delete')
        self.assertIn('removed about.gmi\n', result.stdout)
        self.assertIn('the server has 1 more file, which stays',
                      result.stderr)
        self.assertEqual(self.server.uploads, [
            ('about.gmi', {'size': '0', 'base': digest(FILES['about.gmi'])})])
        self.assertIn('guest.gmi', self.server.files)
        self.server.replies['guest.gmi'] = b'50 Not here\r\n'
        result = self.publish('--delete', '--force', status=1)
        self.assertIn('guest.gmi: 50 Not here; ask the operator whether '
                      'files may be deleted', result.stderr)

    def test_a_change_on_the_server_is_not_overwritten(self):
        self.publish()
        self.server.sent()
        self.server.files['about.gmi'] = b'# About me\n'
        self.write({'about.gmi': b'# About us\n', 'qa/why.gmi': b'new\n'})
        self.remove('deep/one.txt')
        self.server.files['deep/one.txt'] = b'one more\n'
        del self.server.files['qa/index.gmi']
        result = self.publish('--delete', status=1)
        self.assertEqual(self.server.sent(), ['qa/why.gmi'])
        self.assertEqual(self.server.files['about.gmi'], b'# About me\n')
        for words in (
                'about.gmi: conflict: it was changed on the server since',
                'deep/one.txt: conflict: it was changed on the server since',
                'qa/index.gmi: conflict: it was deleted on the server'):
            self.assertIn('capsule publish: ' + words, result.stderr)
        self.assertIn('1 sent, 0 removed, 6 unchanged, 3 failed',
                      result.stdout)
        self.publish('--delete', '--force')
        self.assertEqual(self.server.files['about.gmi'], b'# About us\n')
        self.assertNotIn('deep/one.txt', self.server.files)
        self.assertIn('qa/index.gmi', self.server.files)

    def test_nothing_tells_which_is_newer(self):
        self.server.files['about.gmi'] = b'# An old page\n'
        result = self.publish(status=1)
        self.assertIn('about.gmi: conflict: the server has another version, '
                      'and it is not known which one is newer', result.stderr)
        self.assertEqual(self.server.files['about.gmi'], b'# An old page\n')
        self.publish('--force')
        self.assertEqual(self.server.files, FILES)

    def test_a_change_during_the_run(self):
        self.publish()
        self.write({'about.gmi': b'# About us\n', 'qa/why.gmi': b'new\n'})

        def change(_tls, path, parameters):
            if 'edit' not in parameters:
                self.server.files[path] = b'meanwhile\n'
            return self.server.GO_ON
        self.server.replies['about.gmi'] = change
        result = self.publish(status=1)
        self.assertIn('about.gmi: conflict: it was changed', result.stderr)
        self.assertEqual(self.server.files['about.gmi'], b'meanwhile\n')
        self.assertEqual(self.server.files['qa/why.gmi'], b'new\n')

    def test_an_old_manifest(self):
        """The index of a server lags behind an upload."""
        self.publish()
        self.server.stale = manifest_of(FILES)
        self.write({'about.gmi': b'2\n'})
        self.publish()
        self.write({'about.gmi': b'3\n'})
        self.publish()
        self.assertEqual(self.server.files['about.gmi'], b'3\n')
        # The old version again, which the manifest still lists.
        self.write({'about.gmi': FILES['about.gmi']})
        self.publish()
        self.assertEqual(self.server.files['about.gmi'], FILES['about.gmi'])
        self.assertEqual(self.server.edits, ['about.gmi', 'about.gmi'])

    def test_dry_run(self):
        self.publish()
        self.server.sent()
        self.remove('about.gmi')
        self.write({'new.gmi': b'new\n'})
        known = os.listdir(os.path.join(self.tree, '.publish'))
        result = self.publish('--delete', '--dry-run')
        self.assertEqual(result.stdout,
                         'would send new.gmi\nwould delete about.gmi\n')
        self.assertEqual(self.server.sent(), [])
        self.assertEqual(len(known), 1)

    def test_files_that_are_not_sent(self):
        self.write({'.git/x': b'x\n', 'old.gmi~': b'x\n',
                    'gophermap': b'i\n', 'manifest': b'x\n',
                    'empty.txt': b'', '.well-known/x.txt': b'known\n',
                    'big.bin': bytes(1 << 20) + b'x',
                    'latin.txt': 'gr\u00fc\u00dfe\n'.encode('latin-1'),
                    'open.gmi': b'```\nart\n', 'new\nline.txt': b'x\n'})
        result = self.publish('--limit', '1', status=1)
        for words in ('.git: is not sent, because its name begins with a dot',
                      'old.gmi~: is not sent, because its name matches',
                      'gophermap: is not sent, because no server takes',
                      'manifest: is not sent, because the server makes',
                      'empty.txt: is empty, and Titan cannot send',
                      'big.bin: is larger than --limit',
                      'latin.txt: ', 'open.gmi: Line 2 of the text',
                      'new\\x0Aline.txt: its name is not UTF-8'):
            self.assertIn('capsule publish: ' + words, result.stderr)
        self.assertEqual(self.server.files, dict(
            FILES, **{'.well-known/x.txt': b'known\n'}))
        # The hidden folder of the tool itself is not worth a note.
        self.assertNotIn('.publish', self.publish(status=1).stderr)

    def test_a_file_that_cannot_be_sent_is_not_deleted(self):
        self.publish()
        self.write({'about.gmi': b''})
        self.publish('--delete', status=1)
        self.assertIn('about.gmi', self.server.files)

    def test_an_empty_folder(self):
        for path in FILES:
            self.remove(path)
        result = self.publish('--delete', status=1)
        self.assertIn('has no file to publish', result.stderr)


class WithoutManifest(Publishing):
    with_manifest = False

    def test_without_manifest(self):
        self.server.files['qa/why.gmi'] = FILES['qa/why.gmi']
        self.server.files['about.gmi'] = b'older\n'
        result = self.publish(status=1)
        self.assertIn('has no manifest; comparing files one by one',
                      result.stderr)
        self.assertIn('about.gmi: conflict', result.stderr)
        self.assertIn('8 sent, 0 removed, 1 unchanged, 1 failed',
                      result.stdout)
        self.publish('--force')
        self.assertEqual(self.server.files, FILES)
        self.server.edits = []
        self.server.sent()
        self.write({'about.gmi': b'new\n'})
        self.remove('qa/why.gmi')
        self.publish('--delete')
        self.assertEqual(self.server.sent(), ['about.gmi', 'qa/why.gmi'])
        self.assertEqual(self.server.edits, [])

    def test_without_edit(self):
        self.server.knows_edit = False
        result = self.publish(status=1)
        self.assertIn('about.gmi: cannot be compared with the server\'s: '
                      '59 Unknown parameter', result.stderr)
        self.assertEqual(self.server.files, {})


class Answers(Publishing):
    files = {'a.gmi': b'# A\n', 'b.gmi': b'# B\n'}

    def test_refusals_that_end_the_run(self):
        for code, words in ((60, 'the server saw no certificate'),
                            (61, 'send the fingerprint to the operator'),
                            (62, 'make a new certificate'),
                            (53, 'check the host and port')):
            with self.subTest(code=code):
                self.server.replies['*'] = b'%d No \x1b[31m!\r\n' % code
                result = self.publish(status=1)
                self.assertEqual(len(result.stderr.splitlines()), 1)
                self.assertIn('%d No [31m!; your certificate is SHA256:%s; '
                              % (code, self.visitor.hash.upper()),
                              result.stderr)
                self.assertIn(words, result.stderr)

    def test_refusals_of_one_file(self):
        for reply, words in (
                (b'50 Too large\r\n', '50 Too large; make the file smaller'),
                (b'59 Not UTF-8\r\n', '59 Not UTF-8'),
                (b'10 Why?\r\n', '10 Why?'),
                (b'31 titan://other.example/\r\n',
                 'redirects to titan://other.example/, which is not'),
                (b'30 titan://other.example/\r\n', 'redirects to titan://'),
                (b'30' + b'x' * 2000, 'the answer is not a Gemini response'),
                (b'hello\r\n', 'the answer is not a Gemini response'),
                (b'51 \xe2\x80\xae\x1b]0;x\x07\r\n', '51 \\xE2\\x80\\xAE]0;x')):
            with self.subTest(reply=reply):
                self.server.files = {}
                shutil.rmtree(os.path.join(self.tree, '.publish'), True)

                def answer(tls, _path, parameters, reply=reply):
                    if 'edit' in parameters:
                        return self.server.GO_ON
                    self.server.body(tls, parameters)
                    return reply
                self.server.replies = {'a.gmi': answer}
                result = self.publish(status=1)
                self.assertIn('capsule publish: a.gmi: ' + words,
                              result.stderr)
                self.assertEqual(self.server.files, {'b.gmi': b'# B\n'})

    def test_success_as_a_page(self):
        def answer(tls, path, parameters):
            self.server.store(tls, path, parameters)
            return b'20 text/gemini\r\n# Thanks\n'
        self.server.replies['*'] = answer
        self.publish()
        self.assertEqual(self.server.files, self.files)

    def once(self, first):
        """Does `first` with the first request for a.gmi, and then goes on."""
        seen = []

        def answer(tls, path, parameters):
            if seen:
                return self.server.GO_ON
            seen.append(path)
            return first(tls, path, parameters)
        self.server.replies['a.gmi'] = answer

    def test_temporary_failures(self):
        for reply in (b'44 1\r\n', b'41 Later\r\n', b'40 Lock\r\n'):
            with self.subTest(reply=reply):
                self.server.files = {}
                shutil.rmtree(os.path.join(self.tree, '.publish'), True)
                self.once(lambda *_, reply=reply: reply)
                self.publish()
                self.assertEqual(self.server.files, self.files)

    def test_slow_down_has_an_end(self):
        self.server.replies['a.gmi'] = b'44 100000\r\n'
        result = self.publish('--patience', '1', status=1)
        self.assertIn('a.gmi: 44 100000; publish again later', result.stderr)
        self.assertIn('1 failed; 3 requests', result.stdout)
        self.assertEqual(self.server.files, {'b.gmi': b'# B\n'})

    def test_a_server_that_takes_nothing(self):
        """Each file has its pauses, so not all of them are tried."""
        self.write({'%d.gmi' % number: b'# N\n' for number in range(5)})
        self.server.replies['*'] = b'44 100000\r\n'
        result = self.publish('--patience', '1', status=1)
        self.assertEqual(len(result.stderr.splitlines()), 4)
        self.assertIn('3 files in a row failed, so the others were not tried',
                      result.stderr)

    def test_a_lost_connection(self):
        self.write({'a.gmi': b'x' * 100000})

        def cut(tls, *_):
            tls.recv(10000)
            tls.shutdown(2)
        self.once(cut)
        self.publish()
        self.assertEqual(len(self.server.files['a.gmi']), 100000)

    def test_a_lost_answer(self):
        """The server has stored the page, and refuses it the next time."""
        self.publish()
        self.write({'a.gmi': b'# A new one\n'})

        def store(tls, path, parameters):
            self.server.store(tls, path, parameters)
            tls.shutdown(2)
        self.once(store)
        self.server.sent()
        result = self.publish()
        self.assertEqual(self.server.sent(), ['a.gmi', 'a.gmi'])
        self.assertIn('1 sent', result.stdout)
        self.publish()
        self.assertEqual(self.server.sent(), [])

    def test_an_interruption(self):
        """The file that is being sent is finished, and known to be sent."""
        self.write({'c.gmi': b'# C\n'})
        process = []

        def interrupt(*_):
            process[0].send_signal(signal.SIGINT)
            return self.server.GO_ON
        self.server.replies['b.gmi'] = interrupt
        with subprocess.Popen(
                self.command(), stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                text=True) as running:
            process.append(running)
            out, err = running.communicate(timeout=DEADLINE_S)
        self.assertEqual(running.returncode, 1)
        self.assertIn('2 sent', out)
        self.assertIn('interrupted; run the same command again', err)
        self.assertEqual(self.server.sent(), ['a.gmi', 'b.gmi'])
        del self.server.replies['b.gmi']
        self.write({'a.gmi': b'# New\n'})
        self.publish()
        self.assertEqual(self.server.sent(), ['a.gmi', 'c.gmi'])

    def test_a_refusal_before_the_body(self):
        self.write({'a.gmi': b'x' * (20 << 20)})
        self.server.replies['a.gmi'] = b'50 Too large\r\n'
        result = self.publish(status=1)
        self.assertIn('a.gmi: 50 Too large', result.stderr)

    def test_a_server_that_stalls(self):
        def wait(tls, _path, parameters):
            self.server.body(tls, parameters)
            tls.recv(1)  # until the client has gone
        self.server.replies['a.gmi'] = wait
        result = self.publish('--patience', '1', status=1)
        self.assertIn('a.gmi: timed out', result.stderr)
        self.assertEqual(self.server.files, {'b.gmi': b'# B\n'})

    def test_another_key(self):
        self.publish()
        self.server.new_key()
        result = self.publish(status=1)
        self.assertIn("the server's key has changed; nothing was fetched or "
                      'sent', result.stderr)


class Certificates(Publishing):
    files = {'a.gmi': b'# A\n'}

    def test_one_file(self):
        both = os.path.join(self.top, 'both.pem')
        with open(both, 'w', encoding='ascii') as out:
            os.fchmod(out.fileno(), 0o600)
            for name in ('crt.pem', 'key.pem'):
                with open(self.visitor.path(name), encoding='ascii') as file:
                    out.write(file.read())
        self.publish('--cert', both, '--key', both)
        self.assertEqual(self.server.certificates, {self.visitor.hash})

    def test_key_in_the_folder(self):
        os.mkdir(os.path.join(self.tree, 'sub'))
        key = os.path.join(self.tree, 'sub', 'key.txt')
        shutil.copy(self.visitor.path('key.pem'), key)
        os.symlink('sub/key.txt', os.path.join(self.tree, 'b.txt'))
        result = self.publish('--key', key, status=1)
        for name in 'sub/key.txt', 'b.txt':
            self.assertIn('%s: is your private key' % name, result.stderr)
        self.assertEqual(self.server.files, {'a.gmi': b'# A\n'})

    def test_copy_of_a_key_in_the_folder(self):
        shutil.copy(self.visitor.path('key.pem'),
                    os.path.join(self.tree, 'copy.txt'))
        result = self.publish(status=1)
        self.assertIn('copy.txt: contains a private key', result.stderr)
        self.assertEqual(self.server.files, {'a.gmi': b'# A\n'})

    def test_faults(self):
        locked = os.path.join(self.top, 'locked.pem')
        subprocess.run(
            ['openssl', 'pkey', '-in', self.visitor.path('key.pem'), '-out',
             locked, '-aes256', '-passout', 'pass:secret'], check=True,
            timeout=DEADLINE_S)
        os.chmod(locked, 0o600)
        readable = os.path.join(self.top, 'readable.pem')
        shutil.copy(self.visitor.path('key.pem'), readable)
        os.chmod(readable, 0o644)
        other = Visitor(self)
        os.chmod(other.path('key.pem'), 0o600)
        text = os.path.join(self.tree, 'a.gmi')
        for option, path, words in (
                ('--key', locked, 'the key has a passphrase; make a copy '),
                ('--key', readable, 'others may read the key'),
                # A certificate, which others may read.
                ('--key', self.visitor.path('crt.pem'),
                 'no private key in PEM; name the file of the key'),
                ('--key', other.path('key.pem'),
                 'not the key of the certificate'),
                ('--key', '/nonexistent', 'No such file'),
                ('--key', self.top, 'not a regular file'),
                ('--cert', text, 'not a certificate in PEM')):
            with self.subTest(words=words):
                result = self.publish(option, path, status=1)
                self.assertEqual(len(result.stderr.splitlines()), 1)
                self.assertIn('%s: %s' % (path, words), result.stderr)
        self.assertEqual(self.server.files, {})

    def test_the_example_of_the_manual(self):
        example, = [commands for commands in manual_examples(
            os.path.join(TOP, 'src', 'capsule.1'))
            if 'capsule publish' in commands[-1].text]
        self.server.stop()
        self.server = TitanServer()
        self.addCleanup(self.server.stop)
        os.rename(self.tree, os.path.join(self.top, 'notes'))
        for command in example:
            subprocess.run(
                command.text.replace('example.org', '127.0.0.1:%d'
                                     % self.server.gemini_port),
                shell=True, check=True, cwd=self.top, timeout=DEADLINE_S,
                capture_output=True, env=dict(
                    os.environ, HOME=self.top,
                    PATH=os.path.dirname(CAPSULE) + ':' + os.environ['PATH']))
        self.assertEqual(self.server.files, {'notes/a.gmi': b'# A\n'})

    def test_wrong_usage(self):
        for options in (('--limit', '0'), ('--what',), ('--time', 'x')):
            self.publish(*options, status=2)
        for url in ('gemini://localhost/', 'titan:/x', 'x',
                    'titan://localhost/;token=x', 'titan://localhost/../x',
                    'titan://localhost/?q', 'titan://localhost/a b'):
            self.publish(url=url, status=2)


if __name__ == '__main__':
    unittest.main()
