"""A server beneath which things go wrong, when a test says so.

trouble.c is loaded before libc into the server, and does it.
"""

import mmap
import os
import struct
import tempfile
import time

from build import BUILD, INSTRUMENTED
from server import Server

# The fields of struct trouble, in trouble.c.
FIELDS = ('allocations', 'fail_from', 'fail_to', 'fail_every', 'fail_above',
          'failed', 'read_error', 'readdir_error', 'open_error', 'after',
          'seconds', 'escape', 'escaped', 'dead_error', 'broken_error',
          'changes', 'kill_at', 'link_error', 'setuid_error', 'ipv6_error',
          'monotonic', 'hold', 'exec_error', 'refuse_at', 'refuse_error',
          'watch_error', 'held')
ESCAPES = ('none', 'passwd', 'fork', 'connect', 'deafen', 'deafen and die',
           'linger')
ESCAPED_NO, ESCAPED_YES = 2, 3
HOLD_ASLEEP, HOLD_BUSY, HOLD_CERTIFICATE, HOLD_HELD = 1, 2, 3, 4
FOREVER = 1 << 62


class Trouble:
    """The faults to cause: a field for each kind, all 0 at first."""

    def __init__(self):
        self.file = tempfile.NamedTemporaryFile(prefix='capsuled-trouble-')
        self.file.truncate(mmap.PAGESIZE)
        # OpenSSL loses memory when it has none, which is not our affair.
        self.leaks = tempfile.NamedTemporaryFile(prefix='capsuled-leaks-')
        self.leaks.write(b'leak:libcrypto\nleak:libssl\nleak:libmagic\n')
        self.leaks.flush()
        self.memory = mmap.mmap(self.file.fileno(), mmap.PAGESIZE)

    def close(self):
        self.memory.close()
        self.file.close()
        self.leaks.close()

    def __getitem__(self, field):
        return struct.unpack_from('q', self.memory,
                                  8 * FIELDS.index(field))[0]

    def __setitem__(self, field, number):
        struct.pack_into('q', self.memory, 8 * FIELDS.index(field), number)

    def ends(self):
        for field in FIELDS:
            self[field] = 0

    def stop_clock(self):
        """From now on nothing gets older but by pass_time.

        What was changed before is taken for settled: it was a minute ago.
        The deadlines of connections are libevent's, and still pass.
        """
        self['seconds'] = 60
        self['monotonic'] = time.monotonic_ns()

    def pass_time(self, seconds):
        self['monotonic'] += int(seconds * 1e9)

    def environment(self):
        options = os.environ.get('ASAN_OPTIONS', '')
        return dict(
            os.environ, TROUBLE=self.file.name,
            LD_PRELOAD=os.path.join(BUILD, 'wire', 'trouble.so'),
            LSAN_OPTIONS='print_suppressions=0:suppressions=' +
            self.leaks.name,
            # It comes before the sanitizer, and asks it in turn.
            ASAN_OPTIONS=options + ':verify_asan_link_order=0' +
            ':allocator_may_return_null=1' if INSTRUMENTED else options)


class TroubledServer(Server):
    """One without an index, whose process would take what is meant for a
    worker, unless it is to have one.  `begun` is what goes wrong from the
    start; with `stopped` its clock stands still; `variables` are of its
    environment."""

    def __init__(self, tree=None, workers=1, options=(), indexed=False,
                 begun=None, stopped=False, variables=(), **named):
        self.trouble = Trouble()
        if stopped:
            self.trouble.stop_clock()
        for field, value in (begun or {}).items():
            self.trouble[field] = value
        if not indexed:
            options = ('ask=off', 'manifest=off', *options)
        super().__init__(tree, workers=workers, options=options,
                         env=dict(self.trouble.environment(), **dict(
                             variables)), **named)
        # From then on it can be told from the workers.
        if self.child.poll() is None:
            self.answers()

    def _clean(self):
        self.trouble.close()
        super()._clean()
