"""What came of it, in words and as CSV."""

import csv
import datetime
import os
import platform
import re
import subprocess
from typing import NamedTuple

import peers
from works import UNITS

FIELDS = ('ok', 'failed', 'rate', 'p50', 'p95', 'p99', 'max', 'cpu_us',
          'client_us', 'both_us', 'unclosed', 'resumed', 'others_s',
          'stolen_s')


def first_line(*command):
    try:
        run = subprocess.run(command, capture_output=True, text=True,
                             check=False)
    except OSError:
        return '?'
    return run.stdout.strip().split('\n')[0]


def package_version(name):
    """By Debian's word; empty when it is not there, or no Debian."""
    found = first_line('dpkg-query', '-W', '-f', '${Version}', name)
    return '' if found == '?' else found


def cpu_name():
    with open('/proc/cpuinfo', encoding='utf-8') as file:
        match = re.search(r'^model name\s*: (.*)$', file.read(), re.M)
    return match[1] if match else platform.machine()


def system_name():
    with open('/etc/os-release', encoding='utf-8') as file:
        match = re.search(r'^PRETTY_NAME="?(.*?)"?$', file.read(), re.M)
    return match[1] if match else platform.system()


def memory_gb():
    pages = os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE')
    return round(pages / 2**30)


def machine():
    """Lines that say where and when."""
    yield '%s, %d CPUs (%s), %d GB, %s, Linux %s' % (
        datetime.date.today().isoformat(), os.cpu_count(), cpu_name(),
        memory_gb(), system_name(), platform.release().split('-')[0])
    yield 'capsuled %s, %s, %s, %s' % (
        first_line('git', 'describe', '--always'),
        ' '.join(first_line('openssl', 'version').split()[:2]),
        ' '.join(platform.libc_ver()), first_line('cc', '--version'))
    names = [start.__name__.replace('_', '-') for start in peers.PEERS]
    found = ['%s %s' % (name, package_version(name)) for name in names
             if package_version(name)]
    yield 'peers: ' + (', '.join(found) or
                       'none; "make bench-deps" installs some')


def figure(value, unit):
    if unit == 'CPU us' and value >= 1000:
        return '%.2f ms' % (value / 1000)
    return '%.*f %s' % (1 if value < 100 else 0, value, unit.split()[-1])


def verdict(row):
    if row.ratio is None or not row.work.goal:
        return ''
    return 'met' if row.ratio <= row.work.goal else 'MISSED'


def against(row):
    return {'floor': 'floor', 'peers': 'best peer'}.get(
        row.work.against, 'the same page' if 'list' in row.work.key
        else 'without')


def cells(row):
    """One line of the table, as text."""
    unit = UNITS[row.work.metric]
    others = ', '.join(
        '%s %s (x%.2f)' % (name, figure(value[0], unit), row.ratios[name])
        for name, value in row.values.items()
        if name not in ('capsuled', 'floor'))
    ratio = ''
    if row.ratio is not None:
        ratio = '%.2f (%.2f-%.2f)' % (row.ratio, *row.spread)
    return (row.work.title, unit.split()[0],
            figure(row.values['floor'][0], unit),
            figure(row.values['capsuled'][0], unit), ratio, against(row),
            '%.2f' % row.work.goal if row.work.goal else '', verdict(row),
            others)


HEAD = ('Work', '', 'floor', 'capsuled', 'ratio', 'to', 'at most', '',
        'peers (x floor)')


def table(lines):
    lines = [tuple(line) for line in lines]
    widths = [max(len(line[i]) for line in lines)
              for i in range(len(lines[0]))]
    for line in lines:
        yield '  '.join(cell.ljust(width) for cell, width
                        in zip(line, widths)).rstrip()


def write_csv(path, head, lines):
    with open(path, 'w', newline='', encoding='utf-8') as file:
        writer = csv.writer(file, lineterminator='\n')
        writer.writerow(head)
        writer.writerows(lines)


def write_rounds(path, rounds):
    write_csv(path, ('round', 'work', 'server', *FIELDS), (
        (number, work, server, *(result[field] for field in FIELDS))
        for number, results in enumerate(rounds, 1)
        for (work, server), result in results.items()))


def write_summary(path, rows):
    write_csv(path, ('work', 'metric', 'server', 'median', 'least', 'most',
                     'to_floor', 'ratio', 'ratio_least', 'ratio_most',
                     'against', 'goal'), (
        (row.work.key, row.work.metric, name,
         *('%.4g' % number for number in values),
         '%.3f' % row.ratios[name],
         *(('%.3f' % row.ratio, *('%.3f' % end for end in row.spread),
            row.work.against, row.work.goal or '')
           if name == 'capsuled' and row.ratio is not None
           else ('', '', '', '', '')))
        for row in rows for name, values in row.values.items()))


def noise(rounds):
    """How much of the machine others had meanwhile, as part of it all."""
    results = [result for one in rounds for result in one.values()]
    others = sum(one['others_s'] + one['stolen_s'] for one in results)
    return others / (sum(one['wall_s'] for one in results) * os.cpu_count())


# agate 3.3.24, which Debian does not have: its CPU time of an answer divided by
# the floor's, the lower of two ratios: beside OpenSSL 3.0 and 3.5, 2026-11-29.
AGATE = {'gemini-2k': 1.24, 'gemini-100k': 2.14, 'gemini-10m': 6.61}
AGATE_HEAD = ('As agate, measured once', 'ratio', 'at most', '')


def agate(rows):
    for row in rows:
        most = AGATE.get(row.work.key)
        if most:
            yield (row.work.title, '%.2f' % row.ratio, '%.2f' % most,
                   'met' if row.ratio <= most else 'MISSED')


class Memory(NamedTuple):
    rest: dict  # by server: KiB
    idle: dict  # by server: KiB of a silent TLS client
    half_open: dict  # by their number: KiB of each, and KiB left behind


MEMORY_HEAD = ('Memory', 'at rest', 'an idle TLS client')


def memory(of):
    for name, kib in of.rest.items():
        yield (name, '%.1f MiB' % (kib / 1024),
               '%.1f KiB' % of.idle[name] if name in of.idle else '')


HALF_OPEN_HEAD = ('Half-open TLS clients', 'each', 'at most', '',
                  'left behind')
HALF_OPEN_KIB = 4


def half_open(of):
    for count, (each, left) in of.half_open.items():
        yield ('%d' % count, '%.1f KiB' % each, '%d KiB' % HALF_OPEN_KIB,
               'met' if each <= HALF_OPEN_KIB else 'MISSED',
               '%.1f MiB' % (left / 1024))


def write_growth(path, curves):
    write_csv(path, ('curve', 'x', 'y', 'unit', 'verdict'), (
        (curve.key, '%g' % x, '%.4g' % y, curve.y, curve.verdict())
        for curve in curves for x, y in curve.points))


GROWTH_HEAD = ('Growth', 'by', 'from', 'to', '')


def growth(curves):
    for curve in curves:
        yield (curve.title, curve.x, *('%.3g: %.3g %s' % (*point, curve.y)
               for point in (curve.points[0], curve.points[-1])),
               curve.verdict())


def markdown(rows, memory_of):
    """The table of tests/bench/README.md, in lines."""
    yield '| Work | capsuled | to | ratio | at most | others |'
    yield '|:--|--:|:--|--:|--:|:--|'
    for row in rows:
        if not row.work.goal:
            continue
        title, kind, _, own, ratio, to, most, _, others = cells(row)
        kind = '' if kind == 'CPU' else kind + ' '
        others = re.sub(r' \(x[0-9.]+\)', '', others)
        if row.work.key in AGATE:
            others += ', agate %.2f x the floor' % AGATE[row.work.key]
        yield '| %s | %s | %s | %s | %s | %s |' % (
            title, kind + own, to, ratio.split(' ')[0], most, others)
    for title, of, unit, scale, most in (
            ('Memory at rest, master and two workers', memory_of.rest, 'MiB',
             1024, 8),
            ('Memory of an idle TLS client', memory_of.idle, 'KiB', 1, 16)):
        others = ', '.join('%s %.1f' % (name, value / scale)
                           for name, value in of.items()
                           if name not in ('capsuled', 'floor'))
        yield '| %s | %.1f %s | | | %d %s | %s |' % (
            title, of['capsuled'] / scale, unit, most, unit, others)
    for count, (each, _) in memory_of.half_open.items():
        yield ('| Memory of each of %d half-open TLS clients | %.1f KiB | | | '
               '%d KiB | |' % (count, each, HALF_OPEN_KIB))


MARKS = ('<!-- what KEEP=1 make bench writes -->', '<!-- until here -->')


def write_readme(path, lines):
    """Writes `lines` between the marks."""
    with open(path, encoding='utf-8') as file:
        text = file.read()
    before, rest = text.split(MARKS[0])
    after = rest.split(MARKS[1])[1]
    with open(path, 'w', encoding='utf-8') as file:
        file.write('\n'.join([before + MARKS[0], *lines, MARKS[1] + after]))
