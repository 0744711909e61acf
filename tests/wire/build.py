"""The programs under test, and the settings of their build."""

import os

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
BUILD = os.path.abspath(os.environ.get('BUILD', os.path.join(TOP, 'build')))
CAPSULED = os.path.join(BUILD, 'capsuled')
CAPSULE = os.path.join(BUILD, 'capsule')

KIND = os.path.basename(BUILD)
MEMCHECKED = KIND == 'memcheck'
# What sanitizers, counters and valgrind do beside the program's own work,
# and at its end, no jail lets pass.
INSTRUMENTED = MEMCHECKED or KIND == 'coverage' or 'address' in KIND

# How much more time valgrind takes for the same.
SLOWER = 10 if MEMCHECKED else 1

# Long enough for a busy machine under sanitizers.
DEADLINE_S = 120.0 if MEMCHECKED else 60.0

# Of as many descriptors as a limit leaves, valgrind keeps these for itself.
FILES_KEPT = 12 if MEMCHECKED else 0


def beneath(test):
    """Leaves out, under valgrind, a test or class of faults it would not feel.

    There malloc is valgrind's, OpenSSL loses memory when it has none, there
    is no openat2 to fail, whom accept has no descriptor for is lost, nothing
    starts where no file can be written, no pidfd sends a signal, and of two
    signals that wait the first is handled before the second arrives.  A closed
    descriptor 0, 1 or 2 is one that valgrind takes for its files.  The sandbox
    of `capsule mirror`, which has no switch, ends it.
    """
    return None if MEMCHECKED else test
