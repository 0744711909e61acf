"""What a worker has left, as the kernel tells it."""

import os
import shutil
import unittest

from server import (CAPSULED, INSTRUMENTED, Server, as_root, fetch,
                    new_directory, select)

TREE = {'index.gmi': '# Home\n'}


def status_of(pid):
    with open('/proc/%d/status' % pid, encoding='ascii') as file:
        return dict(line.rstrip('\n').split(':\t', 1) for line in file
                    if ':\t' in line)


class Jail(unittest.TestCase):
    def test_workers(self):
        # What is counted makes calls of its own: there it is off.
        walls = '0' if INSTRUMENTED else '2'
        with Server(TREE) as server:
            # Answered: so both stand where clients are served.
            self.assertEqual(fetch(server).status, 20)
            for pid in server.workers():
                status = status_of(pid)
                self.assertEqual(status['NoNewPrivs'], '1')
                self.assertEqual(status['Seccomp'], walls)
                for name in ('CapEff', 'CapPrm', 'CapInh', 'CapAmb'):
                    self.assertEqual(int(status[name], 16), 0, name)
                self.assertNotIn('0', status['Uid'].split())
                if os.geteuid() == 0:
                    # Where root may not empty it, as in a container.
                    if int(status_of(os.getpid())['CapBnd'], 16) >> 8 & 1:
                        self.assertEqual(int(status['CapBnd'], 16), 0)
                    self.assertEqual(status['Groups'].strip(), '')

    def test_no_process_is_seen_into(self):
        # What belongs to a process that may be read is its user's.
        directory = new_directory()
        self.addCleanup(shutil.rmtree, directory)
        other = {}
        if os.geteuid() == 0:
            os.chown(directory, 65534, 65534)
            other = {'user': 65534, 'group': 65534, 'extra_groups': [],
                     'executable': shutil.copy(CAPSULED, directory)}
        with Server(TREE, directory=directory, **other) as server:
            self.assertEqual(fetch(server).status, 20)
            for pid in (server.pid, *server.children()):
                self.assertEqual(os.stat('/proc/%d/environ' % pid).st_uid, 0)

    @as_root
    def test_the_index_shares_no_memory(self):
        # In what workers share are the keys that addresses are hashed with.
        with Server(TREE, options=['verbose=yes']) as server:
            server.wait_for_line('^debug index ms=')
            workers = self.shared(server.workers()[0])
            index = self.shared(server.indexer())
        self.assertTrue(workers)
        # The times of its scans, for the master.
        self.assertEqual(len(index), 1)
        self.assertFalse(workers & index)

    @staticmethod
    def shared(pid):
        """The inodes of memory that a process shares."""
        with open('/proc/%d/maps' % pid, encoding='utf-8') as file:
            return {line.split()[4] for line in file if ' rw-s ' in line and
                    # What readers of the index share with it.
                    '/localhost.db-shm' not in line}

    def test_it_is_said(self):
        for option, line in (
                ('jail=on', r'^info jail user=\S+ files=(landlock-\d+|chroot) '
                            r'syscalls=seccomp$'),
                ('jail=off', r'^warn jail: off')):
            with self.subTest(option=option), \
                    Server(TREE, options=() if INSTRUMENTED and
                           option == 'jail=on' else (option,)) as server:
                if not (INSTRUMENTED and option == 'jail=on'):
                    server.wait_for_line(line)
                    self.assertEqual(fetch(server).status, 20)

    def test_sorting_where_nothing_was_sorted_before(self):
        # OpenSSL sorts as it starts, and then the C library knows how much
        # memory there is.  Without TLS a worker is the first to ask.
        tree = {'many/%03d.txt' % i: '' for i in range(200)}
        with Server(tree, gemini='off', workers=1) as server:
            worker = server.workers()
            self.assertEqual(
                200, select(server, '/many/').count(b'\n0'))
            self.assertEqual(worker, server.workers())


if __name__ == '__main__':
    unittest.main()
