"""What is asked for, and what it may cost at most."""

import resource
import statistics
import time
from typing import NamedTuple

import peers
import trees
from rig import (CAPSULED_INSIDE, PATIENT, indexers, load, open_idle, pss_kib,
                 pss_of, wait_until)
from trees import KB

# For the pages here to be read into an index, on a busy machine.
INDEX_S = 120


# It differs from capsuled in that alone.
INSIDE = 'key-inside'
IDLE = 1000
# Clients that send one byte of a ClientHello, and stay.
HALF_OPEN = (5000, 10000)
# For a worker to see that they have left.
LEAVE_S = 3


class Work(NamedTuple):
    key: str
    title: str
    protocol: str
    path: str
    size: int = 0  # of the floor's answer; 0: as long as capsuled's
    reads: bool = False  # the floor reads it from the file
    metric: str = 'cpu_us'
    against: str = 'floor'  # or 'peers', or the key of another work
    goal: float = 0.0  # of the ratio; 0: none
    concurrency: int = 8
    flags: tuple = ()
    floor_flags: tuple = ()
    peers: bool = True
    inside: bool = False  # with the key inside the worker, too
    same: str = ''  # the work that has measured it already


WORKS = (
    Work('gemini-2k', 'Gemini 2 KB', 'gemini', '/page.gmi', 2 * KB,
         goal=1.18, inside=True),
    Work('gemini-again', 'Gemini 2 KB, resumption offered', 'gemini',
         '/page.gmi', 2 * KB, flags=('-r',), floor_flags=('-T', '1')),
    Work('gemini-100k', 'Gemini 100 KB', 'gemini', '/100k.txt', reads=True,
         goal=1.10),
    Work('gemini-10m', 'Gemini 10 MB', 'gemini', '/10m.bin', reads=True,
         goal=1.15, concurrency=4),
    Work('gopher-menu', 'Gopher 2 KB menu', 'gopher', '', goal=1.6),
    Work('gopher-text', 'Gopher 2 KB text', 'gopher', '/text.txt', 2 * KB,
         goal=1.5),
    # sendfile(2) is cheap for the sender, and costs the reader more.
    Work('gopher-10m-own', 'Gopher 10 MB', 'gopher', '/10m.bin', reads=True,
         concurrency=4),
    Work('gopher-10m', 'Gopher 10 MB, with the client', 'gopher',
         '/10m.bin', reads=True, metric='both_us', goal=1.05, concurrency=4,
         same='gopher-10m-own'),
    Work('gemini-page', 'Gemini page of 1,000 links', 'gemini', '/page/',
         peers=False),
    Work('gemini-list', 'Gemini listing of 1,000 files', 'gemini', '/list/',
         against='gemini-page', goal=2.0, peers=False),
    Work('gopher-page', 'Gopher page of 1,000 links', 'gopher', '/page/',
         peers=False),
    Work('gopher-list', 'Gopher listing of 1,000 files', 'gopher', '/list/',
         against='gopher-page', goal=2.0, peers=False),
    Work('gemini-one', 'Gemini, one at a time', 'gemini', '/page.gmi',
         2 * KB, metric='p50', concurrency=1, inside=True),
    Work('gemini-nagle', 'Gemini, client with Nagle', 'gemini', '/page.gmi',
         2 * KB, metric='p50', against='gemini-one', goal=1.5,
         concurrency=1, flags=('-N',), peers=False),
    Work('gemini-64', 'Gemini, 64 at once', 'gemini', '/page.gmi', 2 * KB,
         metric='p99', against='peers', goal=1.0, concurrency=64),
    Work('gopher-64', 'Gopher, 64 at once', 'gopher', '/text.txt', 2 * KB,
         metric='p99', against='peers', goal=1.0, concurrency=64),
    Work('gemini-100', 'Gemini, 100 at once', 'gemini', '/page.gmi', 2 * KB,
         metric='p99', goal=1.5, concurrency=100, peers=False),
    Work('gopher-100', 'Gopher, 100 at once', 'gopher', '/text.txt', 2 * KB,
         metric='p99', goal=1.5, concurrency=100, peers=False),
)

UNITS = {'cpu_us': 'CPU us', 'both_us': 'CPU us', 'p50': 'p50 ms',
         'p99': 'p99 ms'}


class Stage:
    """Everybody who takes part, started and warm."""

    def __init__(self, rig):
        self.rig = rig
        self.tree = tree = rig.path('tree')
        mirrored = rig.path('mirrored')
        trees.make_works(tree)
        self.capsuled = rig.capsuled(tree, options=PATIENT, asks=True)
        wait_until(lambda: '\ndebug index ' in self.capsuled.said(),
                   'the index', INDEX_S)
        # Before anybody has answered: what each has at rest.
        self.rest = {'capsuled': pss_kib(self.capsuled),
                     'its indexer': pss_of(indexers(self.capsuled))}
        self.inside = rig.capsuled(tree, options=PATIENT, name=INSIDE,
                                   program=CAPSULED_INSIDE)
        # The same page as a file: what a listing may be compared with.
        page = trees.ask_gemini(self.capsuled, '/list/')
        trees.write(tree, 'page/index.gmi', page)
        trees.make_gopher_peers(mirrored, self.capsuled)
        self.peers = {'gemini': [], 'gopher': []}
        for start in peers.PEERS:
            server = start(rig, tree, mirrored)
            if server is not None:
                for protocol in server.ports:
                    self.peers[protocol].append(server)
        self.sizes = {}
        self.lean = rig.floor('gemini', '-R')
        for server in self.everybody():
            self.rest.setdefault(server.name, pss_kib(server))

    def everybody(self):
        return [self.lean, self.capsuled, *dict.fromkeys(
            server for protocol in self.peers.values()
            for server in protocol)]

    def idle(self):
        """What a silent TLS client costs each, in KiB."""
        return {server.name: open_idle(
            server, 'gemini', server.ports['gemini'], IDLE, 1)['idle_pss'] /
            IDLE for server in self.everybody() if 'gemini' in server.ports}

    def half_open(self):
        """By their number: KiB of each, and KiB that stay when they left."""
        found = {}
        for count in HALF_OPEN:
            # The load needs a descriptor for each, and so do the workers.
            if resource.getrlimit(resource.RLIMIT_NOFILE)[1] < 2 * count:
                continue
            before = pss_kib(self.capsuled)
            result = open_idle(self.capsuled, 'gemini',
                               self.capsuled.ports['gemini'], count, 2,
                               flags=('-O',))
            time.sleep(LEAVE_S)
            found[count] = (result['idle_pss'] / count,
                            pss_kib(self.capsuled) - before)
        return found

    def servers(self, work):
        if work.reads:
            answer = ('-f', self.tree + work.path)
        else:
            answer = ('-b', str(work.size or self.size_of(work)))
        several = [self.capsuled, self.rig.floor(
            work.protocol, *answer, *work.floor_flags)]
        if work.inside:
            several.append(self.inside)
        if work.peers:
            several += self.peers[work.protocol]
        return several

    def size_of(self, work):
        """How long capsuled's answer is."""
        if work.key not in self.sizes:
            result = load(self.capsuled, work.protocol, work.path,
                          requests=2)
            self.sizes[work.key] = int(result['body'])
        return self.sizes[work.key]


def run_round(stage, number, seconds, say):
    """Every work once with everybody: {(work, server): result}."""
    results = {}
    for work in WORKS:
        servers = stage.servers(work)
        # Whoever comes first finds the caches as the last work left them.
        if number % 2:
            servers.reverse()
        for server in servers:
            if work.same:
                results[work.key, server.name] = \
                    results[work.same, server.name]
                continue
            results[work.key, server.name] = load(
                server, work.protocol, work.path, work.concurrency, seconds,
                flags=work.flags)
        say()
    return results


def ratio(work, results, name='capsuled'):
    """To what it is held against, in one round; None when that is not."""
    own = results[work.key, name][work.metric]
    if work.against == 'floor':
        other = results[work.key, 'floor'][work.metric]
    elif work.against == 'peers':
        theirs = [result[work.metric] for (key, server), result
                  in results.items() if key == work.key and
                  server not in ('capsuled', 'floor', INSIDE)]
        if not theirs:
            return None
        other = min(theirs)
    else:
        other = results[work.against, name][work.metric]
    return own / other if other else None


def cost_of_keys(rounds):
    """How many us more a page costs than with the key inside the worker."""
    return statistics.median(
        one['gemini-2k', 'capsuled']['cpu_us'] -
        one['gemini-2k', INSIDE]['cpu_us'] for one in rounds)


class Row(NamedTuple):
    work: Work
    values: dict  # by server: median, least, most
    ratio: float  # the median of the rounds', or None
    spread: tuple  # least and most of them
    ratios: dict  # of everybody to the floor


def summarize(rounds):
    rows = []
    for work in WORKS:
        names = [name for key, name in rounds[0] if key == work.key]
        values, ratios = {}, {}
        for name in names:
            seen = [one[work.key, name][work.metric] for one in rounds]
            values[name] = (statistics.median(seen), min(seen), max(seen))
            floors = [one[work.key, 'floor'][work.metric] for one in rounds]
            ratios[name] = statistics.median(
                own / floor for own, floor in zip(seen, floors) if floor)
        own = [found for found in (ratio(work, one) for one in rounds)
               if found is not None]
        rows.append(Row(work, values, statistics.median(own) if own else None,
                        (min(own), max(own)) if own else None, ratios))
    return rows
