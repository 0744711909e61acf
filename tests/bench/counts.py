#!/usr/bin/env python3
"""How many instructions a warm request takes, and whose they are.

    make bench-profile           whose they are, and the dearest functions
    make bench-check             fails where there are 3 % more than were kept
    make bench-check UPDATE=1    keeps them, in counts.json

Times depend on the machine and on what else it does; counts repeat.  Each
kind of request is counted as the difference of two runs under callgrind,
one with more of them than the other, so that the start and the end of the
server are not in it.  What the kernel does is not in it either.
"""

import collections
import concurrent.futures
import json
import os
import re
import shutil
import signal
import socket
import ssl
import sys
import time
from typing import NamedTuple

sys.dont_write_bytecode = True

import report  # noqa: E402
import rig  # noqa: E402
import trees  # noqa: E402

KEPT = os.path.join(rig.HERE, 'counts.json')
# An answer stays in the cache for 3 s. Batches that take less, with a longer
# wait before each, make it as often in both runs, however slow they are.
BATCHES = 4
CACHED_S = 3.1
# In each batch.
REQUESTS = 50
WARM = 5
PACKAGES = ('libssl3', 'libc6', 'libevent-core-2.1-7', 'libmagic1',
            'liburiparser1', 'libunistring2', 'valgrind')
# Of the compiler, and of the processor as valgrind has it.
FLAGS = ('-O', '-f', '-m')
FEATURES = ('aes', 'avx', 'avx2', 'bmi2', 'pclmulqdq', 'rdrand', 'sha_ni')


class Kind(NamedTuple):
    title: str
    protocol: str
    path: str


KINDS = {
    'gemini-page': Kind('Gemini page, 2 KB', 'gemini', '/page.gmi'),
    'gopher-menu': Kind('Gopher menu, 2 KB, projected', 'gopher', ''),
    'gopher-text': Kind('Gopher text, 2 KB', 'gopher', '/text.txt'),
}

LIBRARIES = (('capsuled', 'ours'), ('libssl', 'OpenSSL'),
             ('libcrypto', 'OpenSSL'), ('libevent', 'libevent'),
             ('libc.', 'libc'), ('ld-linux', 'libc'))


def versions():
    """What else the counts depend on."""
    found = {name: report.package_version(name) for name in PACKAGES}
    found['cc'] = report.first_line('cc', '--version')
    with open(os.path.join(rig.BUILD, 'flags'), encoding='utf-8') as file:
        found['flags'] = ' '.join(
            word for word in file.read().split() if word[:2] in FLAGS)
    with open('/proc/cpuinfo', encoding='utf-8') as file:
        has = set(file.read().split())
    found['machine'] = ' '.join([os.uname().machine, *sorted(
        has.intersection(FEATURES))])
    return found


def whose(path):
    name = os.path.basename(path)
    for start, owner in LIBRARIES:
        if name.startswith(start):
            return owner
    return name.split('.so')[0] or 'unknown'


def read_costs(path):
    """A file of callgrind's: instructions by owner and function."""
    costs = collections.Counter()
    names = {'ob': {}, 'fn': {}}
    now = {'ob': '', 'fn': ''}
    skip = False
    pattern = re.compile(r'(ob|fn|cob|cfn)=(\(\d+\))(?: (.*))?$')
    with open(path, encoding='utf-8', errors='replace') as file:
        for line in file:
            match = pattern.match(line)
            if match:
                key, number, name = match.groups()
                table = names[key[-2:]]
                if name:
                    table[number] = name.rstrip()
                if key in now:
                    now[key] = table[number]
            elif line.startswith('calls='):
                # The next line is what the callee costs, counted there.
                skip = True
            elif line[:1].isdigit() or line[:1] in '+-*':
                if not skip:
                    costs[whose(now['ob']), now['fn']] += int(
                        line.split()[1])
                skip = False
    return costs


class Visitor:
    """Asks as regularly as a clock, so that every visit costs the same.

    Whatever it sends or ends, the worker was asleep before: it finds one
    thing to do each time it wakes, and not two by chance.  What wakes a
    worker is done by the time that a system call here returns.
    """

    def __init__(self, server, worker):
        self.server = server
        self.state = open('/proc/%d/stat' % worker, 'rb', buffering=0)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.context.check_hostname = False
        self.context.verify_mode = ssl.CERT_NONE

    def rest(self):
        while True:
            self.state.seek(0)
            if self.state.read(512).rpartition(b')')[2].split()[0] == b'S':
                return
            os.sched_yield()

    def rest_after(self, size):
        """Until the line of the visit is written, which takes a while."""
        while os.path.getsize(self.server.log) == size:
            os.sched_yield()
        self.rest()

    def exchange(self, client, data):
        """Sends, and returns what came until the worker slept again."""
        self.rest()
        client.sendall(data)
        self.rest()
        answer = client.recv(65536)
        while len(answer) >= 65536:
            answer += client.recv(65536)
        return answer

    def gopher(self, client, target):
        return self.exchange(client, target)

    def gemini(self, client, target):
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = self.context.wrap_bio(
            incoming, outgoing, server_hostname='localhost')
        try:
            tls.do_handshake()
        except ssl.SSLWantReadError:
            incoming.write(self.exchange(client, outgoing.read()))
        # Finished and the request leave together.
        tls.do_handshake()
        tls.write(target)
        incoming.write(self.exchange(client, outgoing.read()))
        return tls.read(65536)

    def visit(self, kind):
        port = self.server.ports[kind.protocol]
        target = self.server.target(kind.protocol, kind.path) + '\r\n'
        ask = self.gemini if kind.protocol == 'gemini' else self.gopher
        size = os.path.getsize(self.server.log)
        with socket.create_connection(('127.0.0.1', port), 60) as client:
            answer = ask(client, target.encode())
        if not answer or answer[:1] == b'3':
            raise RuntimeError('%s: %r' % (kind.title, answer[:80]))
        self.rest_after(size)


def count(bench, tree, more=None):
    """A run with so many requests of each kind, and of one kind more."""
    name = 'callgrind-%s' % (more or 'warm')
    folder = bench.path(name)
    os.mkdir(folder)
    # The worker that writes there may be somebody else by then.
    os.chmod(folder, 0o777)
    server = bench.capsuled(
        tree, workers=1, options=('jail=off',), name=name,
        prefix=('valgrind', '-q', '--tool=callgrind',
                '--callgrind-out-file=%s/%%p' % folder))
    rig.wait_until(lambda: rig.workers(server), 'a worker')
    worker = rig.workers(server)[0]
    visitor = Visitor(server, worker)
    for _ in range(BATCHES):
        time.sleep(CACHED_S)
        for key, kind in KINDS.items():
            for _ in range(WARM + (REQUESTS if key == more else 0)):
                visitor.visit(kind)
    # The others may end after the master, and write there, too.
    others = rig.children(server)
    server.child.send_signal(signal.SIGTERM)
    server.child.wait(60)
    rig.wait_until(lambda: all(map(rig.has_ended, others)), 'an end', 60)
    bench.servers.remove(server)
    return read_costs(os.path.join(folder, str(worker)))


def measure():
    """{kind: instructions of one request by (owner, function)}."""
    with rig.Rig() as bench, \
            concurrent.futures.ThreadPoolExecutor(2) as pool:
        tree = bench.path('tree')
        trees.make_works(tree)
        runs = {key: pool.submit(count, bench, tree, key)
                for key in (None, *KINDS)}
        warm = runs.pop(None).result()
        result = {}
        for key, run in runs.items():
            costs = run.result()
            costs.subtract(warm)
            requests = BATCHES * REQUESTS
            result[key] = {name: cost / requests
                           for name, cost in costs.items()
                           if abs(cost) >= requests}
        return result


def by_owner(costs):
    owners = collections.Counter()
    for (owner, _), cost in costs.items():
        owners[owner] += cost
    return owners


def kept():
    with open(KEPT, encoding='utf-8') as file:
        return json.load(file)


def summarize(measured):
    """What is kept: of each kind all instructions, and ours."""
    owners = {key: by_owner(costs) for key, costs in measured.items()}
    return {key: {'all': round(sum(of.values())), 'ours': round(of['ours'])}
            for key, of in owners.items()}


def keep(measured):
    with open(KEPT, 'w', encoding='utf-8') as file:
        json.dump({'versions': versions(), 'counts': summarize(measured)},
                  file, indent=1)
        file.write('\n')


def show(measured):
    for key, costs in measured.items():
        owners = by_owner(costs)
        whole = sum(owners.values())
        print('%s: %d instructions' % (KINDS[key].title, whole))
        for owner, cost in owners.most_common():
            if cost >= whole / 1000:
                print('  %5.1f %%  %9d  %s' % (
                    100 * cost / whole, cost, owner))
        print('  the dearest functions of ours:')
        ours = collections.Counter({
            name: cost for (owner, name), cost in costs.items()
            if owner == 'ours'})
        for name, cost in ours.most_common(12):
            print('           %9d  %s' % (cost, name))


def main(arguments):
    if not shutil.which('valgrind'):
        print('counts: needs valgrind', file=sys.stderr)
        return 2
    measured = measure()
    show(measured)
    if '--update' in arguments:
        keep(measured)
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
