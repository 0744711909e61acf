"""`capsule mirror`: the first copy in one archive, whatever is in it."""

import gzip
import io
import os
import re
import resource
import shutil
import tarfile
import time
import unittest
import zipfile

from build import INSTRUMENTED, beneath
from origin import TIME, Mirroring, manifest_of
from server import Server, fetch, wait_until

SCHEMES = ('gemini', 'gopher')
FILES = {'%s/%02d.txt' % ('abc'[n % 3], n): b'%d\n' % n * n
         for n in range(60)}
FILES.update({
    'gr\u00fc\u00dfe \u4e16\u754c.gmi': b'utf-8\n',
    os.fsdecode(b'latin-\xe9.txt'): b'latin-1\n',
    'back\\slash.txt': b'backslash\n',
    'x' * 200 + '.txt': b'long\n',
    'large.bin': os.urandom(300000),
})
FEW = {path: FILES[path] for path in list(FILES)[:20]}
SECRET = b'outside\n'


def member(path, content=b'', kind=tarfile.REGTYPE, link=''):
    info = tarfile.TarInfo(path)
    info.size = len(content)
    info.type = kind
    info.linkname = link
    info.mtime = TIME
    return info, content


def tar_of(members, form=tarfile.GNU_FORMAT):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode='w', format=form) as archive:
        for info, content in members:
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def members_of(files):
    return [member(path, content) for path, content in files.items()]


def packed(members, **options):
    return gzip.compress(tar_of(members, **options), 1)


ALL = members_of(FILES)


@beneath
class Bulk(Mirroring):
    files = FILES

    def check(self, scheme='gemini'):
        """Mirrors to a new folder; returns what was asked for one by one."""
        shutil.rmtree(self.mirror.folder, ignore_errors=True)
        self.origin.paths()
        result = self.run_mirror(scheme=scheme)
        self.assertEqual(result.stderr, '')
        self.assertIn('%d fetched' % len(FILES), result.stdout)
        found = self.mirror.files()
        self.assertEqual(found.pop('manifest'), manifest_of(FILES))
        self.assertEqual(found, FILES)
        for path in found:
            self.assertEqual(os.stat(os.path.join(
                self.mirror.folder, path)).st_mtime, TIME)
        self.assertEqual(sorted(self.mirror.files(True).keys() -
                                self.mirror.files().keys()),
                         ['.mirror/known', '.mirror/lock', '.mirror/origin'])
        asked = self.origin.paths()
        self.assertEqual(asked[:3], [
            '/manifest', '/manifest.sig', '/capsule.tar.gz'])
        return asked[3:]

    def check_archive(self, archive, left):
        """`left` files are asked for one by one; nothing else happens."""
        self.origin.answers['/capsule.tar.gz'] = archive
        self.assertEqual(len(self.check()), left)

    def test_whole(self):
        for scheme in SCHEMES:
            for form in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
                with self.subTest(scheme=scheme, form=form):
                    self.origin.answers['/capsule.tar.gz'] = packed(
                        ALL, form=form)
                    self.assertEqual(self.check(scheme), [])

    def test_our_own(self):
        with Server(FILES) as server:
            wait_until(lambda: fetch(server, '/manifest').status == 20,
                       'the manifest')
            for url in (server.url('/'),
                        'gopher://localhost:%d/' % server.gopher_port):
                with self.subTest(url=url):
                    result = self.mirror.run(url)
                    self.assertIn('; 3 requests', result.stdout)
                    found = self.mirror.files()
                    del found['manifest']
                    self.assertEqual(found, FILES)
                    shutil.rmtree(self.mirror.folder)

    def test_when_it_is_worth_it(self):
        """A quarter of the files, and of the bytes, of more than 50."""
        self.origin.answers['/capsule.tar.gz'] = packed(ALL)
        self.run_mirror()
        names = sorted(FILES)
        for missing, asks in ((16, True), (15, False)):
            for path in names[:missing]:
                os.unlink(os.path.join(self.mirror.folder, path))
            os.unlink(os.path.join(self.mirror.folder, 'large.bin'))
            self.origin.paths()
            self.run_mirror()
            with self.subTest(missing=missing):
                self.assertEqual(
                    '/capsule.tar.gz' in self.origin.paths(), asks)
        for path in names[:40]:
            os.unlink(os.path.join(self.mirror.folder, path))
        self.run_mirror()
        self.assertNotIn('/capsule.tar.gz', self.origin.paths())
        for count, asks in ((50, False), (51, True)):
            self.origin.files = {path: FILES[path] for path in names[:count]}
            shutil.rmtree(self.mirror.folder)
            self.run_mirror()
            with self.subTest(count=count):
                self.assertEqual(
                    '/capsule.tar.gz' in self.origin.paths(), asks)

    def test_what_is_there_stays(self):
        """Files of the user's, and those that are right already."""
        self.origin.answers['/capsule.tar.gz'] = packed(
            ALL + members_of({'mine.txt': b'not mine\n'}))
        self.mirror.write('mine.txt', b'mine\n')
        self.mirror.write('a/00.txt', b'mine, too\n')
        self.mirror.write('b/01.txt', FILES['b/01.txt'])
        before = os.stat(os.path.join(self.mirror.folder, 'b/01.txt')).st_ino
        result = self.run_mirror(status=1)
        self.assertIn('a/00.txt: is not part of this mirror', result.stderr)
        found = self.mirror.files()
        self.assertEqual(found.pop('mine.txt'), b'mine\n')
        self.assertEqual(found.pop('a/00.txt'), b'mine, too\n')
        self.assertEqual(found, {path: content for path, content
                                 in FILES.items() if path != 'a/00.txt'})
        self.assertEqual(os.stat(os.path.join(
            self.mirror.folder, 'b/01.txt')).st_ino, before)

    def test_no_archive(self):
        for name, answer in (
                ('not found', None), ('too large', (b'50 Too large\r\n',)),
                ('a page', b'# Not an archive\n' * 99), ('empty', b''),
                ('nonsense', (b'nonsense\r\n',)),
                ('gzip of no tar', gzip.compress(b'a\n' * 9999)),
                ('zip', self.zip()),
                ('not gzip, but a header', b'\x1f\x8b\x08' + b'a' * 5000),
                ('empty tar', packed([]))):
            with self.subTest(name=name):
                self.origin.answers.pop('/capsule.tar.gz', None)
                if answer is not None:
                    self.origin.answers['/capsule.tar.gz'] = answer
                self.assertEqual(len(self.check()), len(FILES))

    @staticmethod
    def zip():
        out = io.BytesIO()
        with zipfile.ZipFile(out, 'w') as archive:
            for path, content in FEW.items():
                archive.writestr(path, content)
        return out.getvalue()

    def test_the_most_bytes(self):
        """An archive is no longer than --max allows, whatever it has."""
        self.origin.answers['/capsule.tar.gz'] = bytes(2 << 20)
        result = self.run_mirror('--max', '1')
        received = int(re.search(r'(\d+) bytes', result.stdout).group(1))
        self.assertLess(received, (1 << 20) + 500000)

    def test_part_of_an_archive(self):
        """What came before the fault counts."""
        self.check_archive(packed(members_of(FEW)), len(FILES) - len(FEW))
        whole = tar_of(members_of(FEW) + [member('large.bin',
                                                 FILES['large.bin'])] +
                       ALL[20:])
        cut = gzip.compress(whole)
        self.check_archive(cut[:len(cut) // 4], len(FILES) - len(FEW))
        self.check_archive(cut[:-4], 0)
        bad = bytearray(whole)
        header = bad.index(b'large.bin')
        bad[header + 148:header + 156] = b'9' * 8  # its checksum
        self.check_archive(gzip.compress(bytes(bad)), len(FILES) - len(FEW))

    def test_hostile_members(self):
        """Only regular files of the manifest with their hash are stored."""
        outside = os.path.join(self.mirror.top, 'outside')
        with open(outside, 'wb') as file:
            file.write(SECRET)
        one = 'a/03.txt'
        table = {
            'absolute': [member(outside, b'evil\n'), member('/etc/x', b'x')],
            'climbs': [member('../outside', b'evil\n'),
                       member('a/../../outside', b'evil\n'),
                       member('a/../../../outside', b'evil\n')],
            'hidden': [member('.mirror/known', b'evil\n'),
                       member('.bashrc', b'evil\n')],
            'unknown': [member('unknown.txt', b'evil\n'),
                        member('manifest', b'evil\n'),
                        member('manifest.sig', b'evil\n')],
            'links': [member('a', kind=tarfile.SYMTYPE, link=self.mirror.top),
                      member('a/outside', b'evil\n'),
                      member('c', kind=tarfile.SYMTYPE, link='/'),
                      member('hard', kind=tarfile.LNKTYPE, link='../outside'),
                      member('hard', b'evil\n')],
            'devices': [member('tty', kind=tarfile.CHRTYPE),
                        member('disk', kind=tarfile.BLKTYPE),
                        member('fifo', kind=tarfile.FIFOTYPE)],
            'folders': [member('a', kind=tarfile.DIRTYPE),
                        member('a/04.txt', kind=tarfile.DIRTYPE)],
            'odd names': [member('', b'x'), member('a\\..\\..\\x', b'x'),
                          member('x\x1b[2J', b'x'), member('y' * 5000, b'x')],
            'twice': members_of(FEW) * 2,
            'wrong, then right': [member(path, content[::-1] + b'x')
                                  for path, content in FEW.items()],
            'another of the same size': [
                member(path, b'x' * len(content))
                for path, content in FEW.items() if content],
        }
        for name, members in table.items():
            for first in (True, False):
                with self.subTest(name=name, first=first):
                    self.check_archive(
                        packed(members + ALL if first else ALL + members), 0)
                    with open(outside, 'rb') as file:
                        self.assertEqual(file.read(), SECRET)
                    self.assertEqual(sorted(os.listdir(self.mirror.top)), [
                        'copy', 'known_hosts', 'outside'])
        self.check_archive(packed([
            member(path, b'wrong\n') if path == one else member(path, content)
            for path, content in FILES.items()]), 1)
        self.check_archive(packed([
            member(path, link='a/00.txt', kind=tarfile.SYMTYPE)
            if path == one else member(path, content)
            for path, content in FILES.items()]), 1)

    def test_names_that_begin_with_a_dot(self):
        self.check_archive(packed(members_of(
            {'./' + path: content for path, content in FILES.items()})), 0)

    def test_bombs(self):
        """No more is unpacked than the manifest says there is."""
        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (4 << 20, 4 << 20))
            if not INSTRUMENTED:
                resource.setrlimit(resource.RLIMIT_DATA, (100 << 20,) * 2)

        large = member('unknown.bin', b'\0' * (64 << 20))
        many = [member('empty%06d' % n) for n in range(20000)]
        # A tar's header can promise any size.
        endless = bytearray(tar_of([large])[:512])
        info = tarfile.TarInfo('sparse.bin')
        info.size = 1 << 40
        for name, archive, left in (
                ('first', packed([large] + ALL), len(FILES)),
                ('last', packed(ALL + [large]), 0),
                ('many', packed(many + ALL), len(FILES)),
                ('size', gzip.compress(
                    info.tobuf() + bytes(2 << 20)), len(FILES)),
                ('padding', gzip.compress(
                    tar_of(ALL) + bytes(64 << 20)), 0),
                ('long name', gzip.compress(bytes(endless).replace(
                    b'0unknown', b'Lunknown') + bytes(64 << 20)), len(FILES))):
            with self.subTest(name=name):
                shutil.rmtree(self.mirror.folder, ignore_errors=True)
                self.origin.answers['/capsule.tar.gz'] = archive
                self.origin.paths()
                self.run_mirror(preexec_fn=limit)
                self.assertEqual(len(self.origin.paths()), 3 + left)
                found = self.mirror.files()
                del found['manifest']
                self.assertEqual(found, FILES)

    def test_archives_without_end(self):
        """They are cut where they exceed what they can have."""
        for head in (b'', packed(members_of(FEW))):
            def endless(client, head=head):
                client.sendall(b'20 application/gzip\r\n' + head)
                while True:
                    client.sendall(os.urandom(65536))

            with self.subTest(head=len(head)):
                self.check_archive(
                    endless, len(FILES) - (len(FEW) if head else 0))

    def test_an_archive_that_takes_too_long(self):
        """Half of the time is left to the files."""
        def slow(client):
            client.sendall(b'20 application/gzip\r\n')
            while True:
                client.sendall(b'x')
                time.sleep(0.1)

        self.origin.answers['/capsule.tar.gz'] = slow
        result = self.run_mirror('--time', '20')
        self.assertIn('%d fetched, 0 removed, 0 failed' % len(FILES),
                      result.stdout)

    def test_files_that_cannot_be_placed(self):
        """They are failures as without an archive."""
        self.origin.answers['/capsule.tar.gz'] = packed(ALL)
        os.makedirs(os.path.join(self.mirror.folder, 'a/00.txt/mine'))
        result = self.run_mirror(status=1)
        self.assertIn('a/00.txt: something else is in its place',
                      result.stderr)
        self.assertIn('%d fetched, 0 removed, 1 failed' % (len(FILES) - 1),
                      result.stdout)

    def test_only_the_manifest_of_a_folder(self):
        """The archive of the server has other names."""
        self.origin.files = {'log/' + path: content
                             for path, content in FILES.items()}
        self.run_mirror(path='/log/')
        asked = self.origin.paths()
        self.assertNotIn('/capsule.tar.gz', asked)
        self.assertNotIn('/log/capsule.tar.gz', asked)


if __name__ == '__main__':
    unittest.main()
