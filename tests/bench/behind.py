"""CPU time behind HAProxy, which sends the PROXY protocol."""

import os
import shutil
import statistics

import rig
import trees
from hosts import start

HAPROXY = shutil.which('haproxy', path=os.environ['PATH'] + ':/usr/sbin')
ROUNDS, SECONDS = 3, 1.0
# A title, its path, and the number of concurrent requests.
WORKS = (('Gemini 2 KB', '/page.gmi', 8), ('Gemini 10 MB', '/10m.bin', 4))

HEAD = ('behind HAProxy', 'capsuled', 'alone', 'ratio', 'HAProxy', 'together')

SETTINGS = """capsule = "%s"
gemini = { "127.0.0.1:0%s" }
gopher = { "127.0.0.1:0" }
certs = "%s"
workers = %d
"""

PROXIED = """gemini_ports = { %d }
proxies = { "127.0.0.1" }
"""

FRONT = """defaults
    mode tcp
    timeout connect 5s
    timeout client 60s
    timeout server 60s
listen gemini
    bind 127.0.0.1:%d
    server one 127.0.0.1:%d send-proxy-v2
"""


def start_capsuled(bench, name, port=None):
    """For clients, or for the proxy that listens on this port."""
    folder = bench.path(name)
    os.mkdir(folder)
    os.chmod(folder, 0o755)
    with open(folder + '/c.conf', 'w', encoding='ascii') as file:
        file.write(SETTINGS % (bench.path('tree'), ' proxy' if port else '',
                               bench.certs, rig.WORKERS))
        file.write(PROXIED % port if port else '')
    return start(bench, folder, name)[0]


def start_haproxy(bench, port, behind):
    with open(bench.path('haproxy.cfg'), 'w', encoding='ascii') as file:
        file.write(FRONT % (port, behind.ports['gemini']))
    return bench.start('haproxy', [HAPROXY, '-db', '-f',
                                   bench.path('haproxy.cfg')],
                       {'gemini': port})


def measure(bench):
    """For each work: us of capsuled behind HAProxy, alone, ratio, HAProxy."""
    trees.make_works(bench.path('tree'))
    port = rig.free_port()
    alone = start_capsuled(bench, 'alone')
    behind = start_capsuled(bench, 'behind', port)
    front = start_haproxy(bench, port, behind)
    # The CPU time of capsuled for clients of HAProxy.
    through = rig.Server('through', behind.child, behind.cgroup, behind.log,
                         front.ports)
    for title, path, concurrency in WORKS:
        rounds = [[rig.load(server, 'gemini', path, concurrency, SECONDS,
                            flags=('-w', '16'))['cpu_us']
                   for server in (through, alone, front)]
                  for _ in range(ROUNDS)]
        us = [statistics.median(column) for column in zip(*rounds)]
        yield (title, us[0], us[1],
               statistics.median(one[0] / one[1] for one in rounds), us[2])


def cells(rows):
    for title, own, alone, ratio, front in rows:
        yield (title, '%.0f us' % own, '%.0f us' % alone, '%.2f' % ratio,
               '%.0f us' % front, '%.0f us' % (own + front))


def markdown(rows):
    """Lines for the table of README.md."""
    for title, own, _, ratio, front in rows:
        yield ('| %s, behind HAProxy | %.0f us | capsuled alone | %.2f | | '
               'HAProxy %.0f us more |' % (title, own, ratio, front))
