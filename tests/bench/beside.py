"""How long a polite visitor waits beside others who ask for slow pages."""

import multiprocessing
import os
import selectors
import socket
import time

# Of the visitor, one after the other, and the pause between two.
VISITS = int(os.environ.get('BENCH_VISITS', '600'))
PAUSE_S = 0.01
# Of those who ask, as one has a share of what may wait.
NETWORKS = 8

HEAD = ('beside', 'at once', 'answered', 'p50 ms', 'p99 ms', 'longest ms')


def visit(port):
    """Seconds until a page is there, over Gopher."""
    started = time.monotonic()
    with socket.create_connection(('127.0.0.1', port), 60) as client:
        client.sendall(b'/000/p0.gmi\r\n')
        while client.recv(65536):
            pass
    return time.monotonic() - started


def ask_on(port, load, done):
    """Keeps so many requests under way; counts those that ended."""
    count, next_selector = load
    selector = selectors.DefaultSelector()

    def begin(network):
        client = socket.create_connection(
            ('127.0.0.1', port), 60, ('127.0.0.%d' % network, 0))
        client.sendall(next_selector() + b'\r\n')
        selector.register(client, selectors.EVENT_READ, network)
    for i in range(count):
        begin(2 + i % NETWORKS)
    while True:
        for key, _ in selector.select():
            if key.fileobj.recv(1 << 18):
                continue
            selector.unregister(key.fileobj)
            key.fileobj.close()
            with done.get_lock():
                done.value += 1
            begin(key.data)


def waits(port, load):
    """Sorted seconds of the visits beside a load, and what that got."""
    done = multiprocessing.Value('i', 0)
    asking = multiprocessing.Process(target=ask_on, args=(port, load, done),
                                     daemon=True)
    if load[0]:
        asking.start()
        time.sleep(0.2)
    seconds = []
    for _ in range(VISITS):
        time.sleep(PAUSE_S)
        seconds.append(visit(port))
    if load[0]:
        asking.kill()
        asking.join()
    return sorted(seconds), done.value


def measure(port, words):
    """A row for nobody, for 64 questions, and for 16 archives."""
    rows = []
    for name, load in (
            ('nobody', (0, None)),
            ('questions', (64, lambda: b'/ask\t' + next(words).encode())),
            ('archives', (16, lambda: b'/capsule.tar.gz'))):
        seconds, done = waits(port, load)
        rows.append((name, '%d' % load[0], '%d' % done,
                     *('%.1f' % (1000 * seconds[at]) for at in
                       (VISITS // 2, VISITS * 99 // 100, VISITS - 1))))
    return rows
