"""What a first copy takes: as one archive, and file by file."""

import os
import shutil
import statistics
import subprocess
import time

import trees
from rig import BUILD, wait_until

FILES = int(os.environ.get('BENCH_FILES', '10000'))
ROUNDS = 3
INDEX_S = 600
COPY_S = 600
CAPSULE = os.path.join(BUILD, 'capsule')
GOALS = {'gemini': 8.0, 'gopher': 4.0}

HEAD = ('first copy', 'files', 'as an archive', 'file by file', 'ratio',
        'at least', '')


def copy(bench, server, protocol):
    """Seconds that a copy takes."""
    folder = bench.path('copy')
    shutil.rmtree(folder, ignore_errors=True)
    url = '%s://localhost:%d/' % (protocol, server.ports[protocol])
    began = time.monotonic()
    done = subprocess.run(
        [CAPSULE, 'mirror', '--known-hosts', bench.path('known_hosts'), url,
         folder], check=True, capture_output=True, text=True, timeout=COPY_S)
    took = time.monotonic() - began
    if '%d fetched' % FILES not in done.stdout:
        raise RuntimeError(done.stdout[-500:] + done.stderr)
    return took


def measure(bench):
    """The rows of a table, one for each protocol."""
    tree = bench.path('tree')
    for i in range(FILES):
        trees.write(tree, 'd%02d/page%05d.gmi' % (i % 100, i),
                    '# Page %d\n\n' % i + trees.words(1000))
    servers = [bench.capsuled(tree, options=options, asks=True, name=name)
               for name, options in (('archive', ()),
                                     ('no archive', ('tar=off',)))]
    for server in servers:
        wait_until(lambda server=server: '\ndebug index ' in server.said(),
                   'the index', INDEX_S)
    for protocol, goal in GOALS.items():
        rounds = [[copy(bench, server, protocol) for server in servers]
                  for _ in range(ROUNDS)]
        ratio = statistics.median(slow / fast for fast, slow in rounds)
        yield (protocol, str(FILES),
               *('%.2f s' % statistics.median(way) for way in zip(*rounds)),
               '%.1f' % ratio, '%.1f' % goal,
               'met' if ratio >= goal else 'MISSED')
