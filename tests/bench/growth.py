"""How cost grows with what there is: connections, files, entries, bytes.

Each curve is a list of points at tenfold sizes.  What should not grow is
held against its smallest size, what may grow in proportion against the size
before; a curve that is above by more than TOLERANCE bends.
"""

import multiprocessing
import os
import shutil
import socket
import statistics
import time
from typing import NamedTuple

import rig
import trees
from rig import PATIENT, load, open_idle, pss_kib

TOLERANCE = 1.5
TRIES = 3
# How long others are watched, at least.
WATCH_S = 0.6
# The kernel keeps the silent from us until it has asked them four times for a
# sign of life, which takes it 15 s and somewhat more for a crowd.
DEFERRED_S = 24
MANY = os.environ.get('BENCH_GROWTH') == '1'


class Curve(NamedTuple):
    key: str
    title: str
    x: str
    y: str
    grows: str  # 'flat', 'linear' or 'free'
    points: list  # of (x, y)
    most: float = 0.0  # y may be at most this; 0: anything

    def bend(self):
        """How far the last point is above where it should be."""
        points = [(x, y) for x, y in self.points if y > 0]
        if len(points) < 2 or self.grows == 'free':
            return None
        (x0, y0), (x1, y1) = points[-2:]
        if self.grows == 'flat':
            return y1 / points[0][1]
        return (y1 / x1) / (y0 / x0)

    def verdict(self):
        if self.most:
            worst = max(y for _, y in self.points)
            return 'met' if worst <= self.most else \
                'MISSED: %.3g, at most %g' % (worst, self.most)
        bend = self.bend()
        if bend is None:
            return ''
        return '%s (x%.2f)' % (
            'BENDS' if bend > TOLERANCE else self.grows, bend)


def be_idle(bench, tree, protocol, count, hold, requests=0):
    """What so many silent clients of a warm server's TLS port are to it."""
    server = bench.capsuled(tree, options=PATIENT)
    # What a first visit allocates is there then.
    load(server, 'gemini', '/page.gmi', requests=64)
    result = open_idle(server, protocol, server.ports['gemini'], count, hold,
                       requests)
    bench.stop(server)
    return result


def connections(bench, tree):
    """Silent ones, after the handshake and before."""
    memory, answers = [], []
    for count in (1, 10, 100, 1000, 10000):
        result = be_idle(bench, tree, 'gemini', count, 0.5, requests=400)
        memory.append((count, result['idle_pss'] / count))
        answers.append((count, result['cpu_us']))
    silent = []
    for count in (1000, 10000):
        result = be_idle(bench, tree, 'gopher', count, DEFERRED_S)
        silent.append((count, max(result['idle_pss'], 0) / count))
    return [
        Curve('connections-answer', 'Answer among idle TLS clients',
              'connections', 'CPU us', 'flat', answers),
        # A few share the page that the first of them needs.
        Curve('connections-memory', 'Memory of an idle TLS client',
              'connections', 'KiB each', 'free', memory[-2:], 16),
        Curve('connections-silent', 'Memory of a client before the handshake',
              'connections', 'KiB each', 'free', silent, 1),
    ]


def make_files(root, count):
    """So many empty pages, at most a thousand in a directory."""
    for start in range(0, count, 1000):
        folder = os.path.join(root, 'd%04d' % (start // 1000))
        os.makedirs(folder)
        for i in range(start, min(start + 1000, count)):
            os.close(os.open(os.path.join(folder, 'f%06d.gmi' % i),
                             os.O_CREAT | os.O_WRONLY, 0o644))


def files(bench):
    starts, memory, answers = [], [], []
    for count in (10, 100, 1000, 10000, 100000) + (MANY and (1000000,) or ()):
        tree = bench.path('files')
        trees.write(tree, 'page.gmi', trees.words(2048))
        make_files(tree, count)
        times, costs = [], []
        for _ in range(TRIES):
            started = time.monotonic()
            server = bench.capsuled(tree)
            times.append(1000 * (time.monotonic() - started))
            pss = pss_kib(server)
            costs.append(load(server, 'gopher', '/page.gmi',
                              seconds=0.4)['cpu_us'])
            bench.stop(server)
        starts.append((count, min(times)))
        memory.append((count, pss / 1024))
        answers.append((count, min(costs)))
        shutil.rmtree(tree)
    return [
        Curve('files-start', 'Start', 'files in the tree', 'ms', 'flat',
              starts),
        Curve('files-memory', 'Memory at rest', 'files in the tree', 'MiB',
              'flat', memory, 8),
        Curve('files-answer', 'Gopher page', 'files in the tree', 'CPU us',
              'flat', answers),
    ]


def cpu_ms(pid):
    """Of a process, to the moment; the clock of clock_getcpuclockid(3)."""
    return time.clock_gettime_ns(~pid << 3 | 2) / 1e6


def longest_wait(server, meanwhile):
    """The longest that another client waits, while that happens, in ms.

    Counted in the worker's own time, so that what else the machine does is
    not taken for it; and that happens in a process of its own, since two
    threads of one would wait for each other.
    """
    worker = rig.workers(server)[0]
    happened = multiprocessing.Event()
    over = multiprocessing.Event()
    waits = []

    def keep_busy():
        while not over.is_set():
            meanwhile()
            happened.set()

    other = multiprocessing.Process(target=keep_busy)
    other.start()
    end = time.monotonic() + WATCH_S
    while time.monotonic() < end or not happened.is_set():
        before = cpu_ms(worker)
        trees.ask_gopher(server, '/text.txt')
        waits.append(cpu_ms(worker) - before)
    over.set()
    other.join()
    return max(waits)


def delay(server, meanwhile):
    """The least of several: the watcher may be held up itself."""
    return min(longest_wait(server, meanwhile) for _ in range(TRIES))


def least_cpu(server, path, **named):
    return min(load(server, 'gopher', path, seconds=0.4, requests=2000,
                    flags=('-T', '60'), **named)['cpu_us']
               for _ in range(TRIES))


def entries(bench):
    costs, delays = [], []
    for count in (10, 100, 1000, 10000, 100000):
        tree = bench.path('entries')
        trees.write(tree, 'text.txt', trees.words(2048))
        folder = os.path.join(tree, 'list')
        os.makedirs(folder)
        for i in range(count):
            os.close(os.open(os.path.join(folder, 'entry-%06d.txt' % i),
                             os.O_CREAT | os.O_WRONLY, 0o644))
        server = bench.capsuled(tree, workers=1)

        def read_anew():
            # Changed, so that nothing of it is remembered.
            os.utime(folder)
            trees.ask_gopher(server, '/list/')

        costs.append((count, least_cpu(server, '/list/', concurrency=1)))
        delays.append((count, delay(server, read_anew)))
        bench.stop(server)
        shutil.rmtree(tree)
    return [
        Curve('entries-cost', 'Listing, warm', 'entries', 'CPU us', 'linear',
              costs),
        Curve('entries-delay', 'Longest wait of another meanwhile',
              'entries', 'ms', 'free', delays, 5),
    ]


def pages(bench):
    costs, delays = [], []
    tree = bench.path('pages')
    trees.write(tree, 'text.txt', trees.words(2048))
    sizes = [1024 * 10**i for i in range(5)]
    for size in sizes:
        page = (trees.home() * (size // len(trees.home()) + 1))[:size]
        trees.write(tree, '%d.gmi' % size, page)
    server = bench.capsuled(tree, workers=1)
    for size in sizes:
        path = '/%d.gmi' % size
        costs.append((size / 1024, least_cpu(server, path, concurrency=1)))
        delays.append((size / 1024, delay(
            server, lambda path=path: trees.ask_gopher(server, path))))
    bench.stop(server)
    shutil.rmtree(tree)
    return [
        Curve('page-cost', 'Page projected to a menu', 'KB', 'CPU us',
              'linear', costs),
        Curve('page-delay', 'Longest wait of another meanwhile', 'KB', 'ms',
              'free', delays, 5),
    ]


def workers(bench, tree):
    """What two could serve, were the machine theirs alone.

    The load takes most of two CPUs, so the rate cannot double here.  What
    can be seen is what the second worker costs the first: were there none
    of that, an answer would cost the same, and two would serve twice as
    many.
    """
    curves = []
    for protocol, path in (('gemini', '/page.gmi'), ('gopher', '/text.txt')):
        ratios, rates = [], []
        servers = [bench.capsuled(tree, workers=count) for count in (1, 2)]
        for _ in range(2 * TRIES):
            one, two = [load(server, protocol, path, concurrency=32,
                             seconds=0.7) for server in servers]
            ratios.append(2 * one['cpu_us'] / two['cpu_us'])
            rates.append(two['rate'] / one['rate'])
        for server in servers:
            bench.stop(server)
        curves.append(Curve(
            'workers-' + protocol,
            'Capacity over %s' % protocol.capitalize(), 'workers',
            'times one', 'free', [(1, 1.0), (2, statistics.median(ratios))]))
        curves.append(Curve(
            'workers-rate-' + protocol,
            'Rate over %s, beside the load' % protocol.capitalize(),
            'workers', 'times one', 'free',
            [(1, 1.0), (2, statistics.median(rates))]))
    return curves


def large_file(bench):
    """Memory while a file is sent, by its size."""
    tree = bench.path('large')
    points = []
    os.makedirs(tree)
    server = bench.capsuled(tree, workers=1)
    for size in (10 << 10, 10 << 20, 10 << 30):
        name = '/%d.bin' % size
        with open(tree + name, 'wb') as file:
            file.truncate(size)
        with socket.create_connection(
                ('127.0.0.1', server.ports['gopher']), 10) as client:
            client.sendall(name.encode() + b'\r\n')
            got = 0
            while got < min(size, 64 << 20):
                got += len(client.recv(1 << 20))
            points.append((size / 2**20, pss_kib(server) / 1024))
    bench.stop(server)
    shutil.rmtree(tree)
    return [Curve('file-memory', 'Memory while a file is sent', 'MB', 'MiB',
                  'flat', points)]


def measure(bench, say):
    tree = bench.path('tree')
    if not os.path.exists(tree):
        trees.make_works(tree)
    curves = []
    parts = (lambda: workers(bench, tree), lambda: connections(bench, tree),
             lambda: files(bench), lambda: entries(bench),
             lambda: pages(bench), lambda: large_file(bench))
    for part in parts:
        curves += part()
        say()
    return curves
