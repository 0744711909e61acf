"""What it costs to be asked: an index, and an answer from it."""

import os
import random
import re
import socket
import time

import beside
from rig import answerers, indexers, wait_until, workers

# In all, with what each page has of it.
PAGES = int(os.environ.get('BENCH_PAGES', '10000'))
WORDS, PAGE_WORDS = 50000, 500
QUESTIONS = 400
EDITS = int(os.environ.get('BENCH_EDITS', '20'))
INDEX_S = 1800
TICKS = os.sysconf('SC_CLK_TCK')

HEAD = ('asking', 'pages', 'text', 'seconds', 'CPU s', 'most memory',
        'CPU ms/question', 'longest CPU ms', 'CPU ms/edit', 'longest edit',
        'edit found after')


def make_words(chance):
    letters = 'bcdfghklmnprstvw', 'aeiou'
    return [''.join(chance.choice(letters[i % 2])
                    for i in range(chance.randint(4, 11)))
            for _ in range(WORDS)]


def make_pages(root, chance, words):
    """Words come as in a language: a few often, most hardly ever."""
    weights, total = [], 0.0
    for i in range(WORDS):
        total += 1 / (i + 10)
        weights.append(total)
    size = 0
    for i in range(PAGES):
        folder = os.path.join(root, '%03d' % (i // 500))
        os.makedirs(folder, exist_ok=True)
        some = chance.choices(words, cum_weights=weights, k=PAGE_WORDS)
        text = '# %s\n' % ' '.join(some[:5]) + ''.join(
            '%s%s.\n' % ('' if n % 4 else '\n## %s\n\n' % some[n],
                         ' '.join(some[n * 20:n * 20 + 20]))
            for n in range(PAGE_WORDS // 20))
        with open(os.path.join(folder, 'p%d.gmi' % i), 'w',
                  encoding='ascii') as file:
            file.write(text)
        size += len(text)
    return size


def cpu_s(*pids):
    """Of processes, and of their children that have ended."""
    ticks = 0
    for pid in pids:
        with open('/proc/%d/stat' % pid, encoding='ascii') as file:
            fields = file.read().rsplit(')', 1)[1].split()
        ticks += sum(map(int, fields[11:15]))
    return ticks / TICKS


def cpu_ms(pid):
    """To the moment; the clock of clock_getcpuclockid(3)."""
    return time.clock_gettime_ns(~pid << 3 | 2) / 1e6


def most_kib(pid):
    with open('/proc/%d/status' % pid, encoding='ascii') as file:
        return int(re.search(r'VmHWM:\s*(\d+)', file.read())[1])


def ask(port, words):
    with socket.create_connection(('127.0.0.1', port), 60) as client:
        client.sendall(b'/ask\t%s\r\n' % words.encode())
        answer = b''
        while part := client.recv(65536):
            answer += part
    return answer


def found_after(server, path, number):
    """How long it takes until a page is found by a word that is new in it."""
    word = 'qqedited%d' % number
    with open(path, 'a', encoding='ascii') as file:
        file.write('\n%s\n' % word)
    edited = time.monotonic()
    # In a passage of a page, and not in the repeated question alone.
    wait_until(lambda: re.search(b'(?m)^i> .*%s' % word.encode(),
                                 ask(server.ports['gopher'], word)),
               'an edit', INDEX_S)
    return time.monotonic() - edited


def questions(chance, words):
    """From the commonest words to the rarest, and a typo now and then."""
    i = 0
    while True:
        some = [words[int(chance.random() ** 3 * WORDS)]
                for _ in range(1 + i % 4)]
        if i % 5 == 0:
            some[0] = some[0][:2] + some[0][3:]
        yield ' '.join(some)
        i += 1


def measure(bench):
    """Rows of what asking costs, and of who waits beside that."""
    chance = random.Random(1)
    words = make_words(chance)
    size = make_pages(bench.path('asked'), chance, words)
    started = time.monotonic()
    server = bench.capsuled(bench.path('asked'), workers=1, asks=True)
    wait_until(lambda: re.search('^debug index ms=', server.said(), re.M),
               'an index', INDEX_S)
    took = time.monotonic() - started
    (indexer,) = indexers(server)
    asked = [*workers(server), *answerers(server)]
    some = questions(chance, words)
    before, longest = cpu_s(*asked), 0.0
    for _ in range(QUESTIONS):
        last = cpu_s(*asked)
        ask(server.ports['gopher'], next(some))
        longest = max(longest, cpu_s(*asked) - last)
    each = (cpu_s(*asked) - before) / QUESTIONS
    waits = beside.measure(server.ports['gopher'], some)
    built, edits, found = cpu_s(indexer), [], 0.0
    for i in range(EDITS):
        page = chance.randrange(PAGES)
        last = cpu_ms(indexer)
        found = max(found, found_after(
            server, bench.path('asked', '%03d' % (page // 500),
                               'p%d.gmi' % page), i))
        edits.append(cpu_ms(indexer) - last)
    row = ('capsuled', '%d' % PAGES, '%.0f MB' % (size / 1e6), '%.1f' % took,
           '%.1f' % built, '%.1f MiB' % (most_kib(indexer) / 1024),
           '%.2f' % (1000 * each), '%.0f' % (1000 * longest),
           '%.2f' % (sum(edits) / EDITS), '%.1f' % max(edits),
           '%.2f s' % found)
    bench.stop(server)
    return [row], waits
