"""Cost of many hosts: the start, memory, and a request to the last one."""

import os
import re
import socket
import ssl
import time

import rig
from asking import cpu_s

HOSTS = int(os.environ.get('BENCH_HOSTS', '200'))
REQUESTS = 1000

HEAD = ('hosts', 'start', 'CPU of a start', 'memory at rest', 'per host',
        'after requests', 'per host', 'CPU of a Gemini page')


def write_hosts(folder, count):
    """A configuration of so many hosts, each with its own tree."""
    lines = ['gemini = "127.0.0.1:0"', 'gopher = "127.0.0.1:0"',
             'certs = "%s/certs"' % folder, 'state = "%s/state"' % folder,
             'workers = %d' % rig.WORKERS]
    for number in range(count):
        tree = '%s/t/%d' % (folder, number)
        os.makedirs(tree)
        with open(tree + '/index.gmi', 'w', encoding='ascii') as file:
            file.write('# Host %d\n\n%s' % (number, 'A line of text.\n' * 125))
        lines.append('host "h%d.example" { capsule = "%s" }' % (number, tree))
    with open(folder + '/c.conf', 'w', encoding='ascii') as file:
        file.write('\n'.join(lines) + '\n')


def start(bench, folder, name):
    """A server with its seconds and CPU seconds until it was ready."""
    command = [rig.CAPSULED, '-c', folder + '/c.conf']
    for option in rig.DEFAULTS:
        command += ['-o', option]
    began = time.monotonic()
    server = bench.start(name, command, {})
    rig.wait_until(lambda: server.child.poll() is not None or
                   rig.ready_ports(server), name)
    took = time.monotonic() - began
    server.ports = rig.ready_ports(server)
    if server.ports is None:
        raise RuntimeError(server.said())
    return server, took, cpu_s(server.child.pid, *rig.children(server))


def ask(server, context, number):
    name = 'h%d.example' % number
    with socket.create_connection(('127.0.0.1', server.ports['gemini'])) \
            as plain, context.wrap_socket(plain, server_hostname=name) as tls:
        tls.sendall(b'gemini://%s:%d/\r\n' % (
            name.encode(), server.ports['gemini']))
        answer = b''
        while part := tls.recv(65536):
            answer += part
    if not re.match(rb'20 .*\r\n# Host %d\n' % number, answer):
        raise RuntimeError('%s: %r' % (name, answer[:80]))


def pss_kib(server):
    return rig.pss_of([server.child.pid, *rig.children(server)])


def measure_one(bench, count):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    folder = bench.path('hosts-%d' % count)
    os.mkdir(folder)
    os.chmod(folder, 0o755)
    write_hosts(folder, count)
    # The first start makes the certificates and the indices.
    server = start(bench, folder, 'first-%d' % count)[0]
    rig.wait_until(lambda: sum(
        name.endswith('.db') for name in os.listdir(folder + '/state'))
        == count, 'the indices')
    bench.stop(server)
    server, took, cpu = start(bench, folder, 'hosts-%d' % count)
    # Wait until memory stops changing.
    for _ in range(50):
        before = cpu_s(*rig.children(server))
        time.sleep(0.5)
        if cpu_s(*rig.children(server)) == before:
            break
    rest = pss_kib(server)
    for number in range(count):
        ask(server, context, number)
    workers = rig.workers(server)
    before = cpu_s(*workers)
    for _ in range(REQUESTS):
        ask(server, context, count - 1)
    each = (cpu_s(*workers) - before) / REQUESTS
    return took, cpu, rest, pss_kib(server), each


def measure(bench):
    """The results of measure_one for one host, and for many."""
    return [measure_one(bench, count) for count in (1, HOSTS)]


def cells(measured):
    """One row for one host, and one for many."""
    few = measured[0]
    for count, of in zip((1, HOSTS), measured):
        more = count - 1 or None
        yield ('%d' % count, '%.2f s' % of[0], '%.2f s' % of[1],
               '%.1f MiB' % (of[2] / 1024),
               '%.1f KiB' % ((of[2] - few[2]) / more) if more else '',
               '%.1f MiB' % (of[3] / 1024),
               '%.1f KiB' % ((of[3] - few[3]) / more) if more else '',
               '%.0f us' % (1e6 * of[4]))


def markdown(measured):
    """Lines for the table of README.md."""
    few, many = measured
    yield '| Start with %d hosts | %.2f s | | | 1 s | |' % (HOSTS, many[0])
    yield '| Memory of one host more | %.1f KiB | | | 64 KiB | |' % (
        (many[2] - few[2]) / (HOSTS - 1))
    yield '| Gemini 2 KB of %d hosts | %.0f us | one host | %.2f | | |' % (
        HOSTS, 1e6 * many[4], many[4] / few[4])
