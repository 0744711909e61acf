"""The figures as SVG: bars for the works, small curves for growth.

Writes what a browser and a forge show; one page of coordinates, no library.
"""

import math
from xml.sax.saxutils import escape

INK, SOFT, FAINT, PAPER = '#1f2933', '#52606d', '#d9e0e6', '#ffffff'
OURS, OVER = '#1f7a5c', '#b4471f'
OTHERS = ('#8fa3b5', '#b3a58c', '#a898b8')
FONT = 'font-family="DejaVu Sans, Verdana, sans-serif"'
LEFT, WIDTH, RIGHT = 228, 880, 120


class Drawing:
    def __init__(self, width, height):
        self.width, self.height = width, height
        self.parts = []

    def add(self, text, *values):
        self.parts.append(text % values)

    def rect(self, x, y, width, height, fill, round_=2):
        self.add('<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="%g"'
                 ' fill="%s"/>', x, y, max(width, 0.5), height, round_, fill)

    def line(self, x1, y1, x2, y2, colour, width=1.0, dash=''):
        self.add('<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="%s" '
                 'stroke-width="%g"%s/>', x1, y1, x2, y2, colour, width,
                 ' stroke-dasharray="%s"' % dash if dash else '')

    def path(self, points, colour):
        self.add('<polyline points="%s" fill="none" stroke="%s" '
                 'stroke-width="2" stroke-linejoin="round"/>',
                 ' '.join('%.1f,%.1f' % point for point in points), colour)
        for x, y in points:
            self.add('<circle cx="%.1f" cy="%.1f" r="2.6" fill="%s"/>',
                     x, y, colour)

    def text(self, x, y, words, size=12, colour=INK, anchor='start',
             bold=False):
        self.add('<text x="%.1f" y="%.1f" font-size="%g" fill="%s" '
                 'text-anchor="%s"%s>%s</text>', x, y, size, colour, anchor,
                 ' font-weight="bold"' if bold else '', escape(words))

    def save(self, path):
        with open(path, 'w', encoding='utf-8') as file:
            file.write('<svg xmlns="http://www.w3.org/2000/svg" width="%d" '
                       'height="%d" viewBox="0 0 %d %d" %s>\n' % (
                           self.width, self.height, self.width, self.height,
                           FONT))
            file.write('<rect width="100%%" height="100%%" fill="%s"/>\n' %
                       PAPER)
            file.write('\n'.join(self.parts) + '\n</svg>\n')


def short(value):
    """Three digits, and thousands as k."""
    if value >= 999.5:
        return '%.3gk' % (value / 1000) if value < 1e6 else \
            '%.3gM' % (value / 1e6)
    return '%.3g' % value


def bars_of(row):
    """(name, ratio to the floor, label, colour), capsuled first."""
    others = [name for name in row.values if name not in ('capsuled', 'floor')]
    for at, name in enumerate(['capsuled', *others]):
        ratio = row.ratios[name]
        missed = name == 'capsuled' and row.work.against == 'floor' and \
            row.work.goal and ratio > row.work.goal
        colour = OTHERS[(at - 1) % len(OTHERS)]
        if name == 'capsuled':
            colour = OVER if missed else OURS
        value = row.values[name][0]
        yield name, ratio, '%s  %.*f' % (
            name, 2 if ratio < 10 else 0, ratio), value, colour


def draw_bars(path, rows, title, notes):
    """What each work costs, as a multiple of the floor."""
    rows = [row for row in rows if row.work.against == 'floor' and
            row.work.goal and row.work.metric != 'p99']
    bars = {row.work.key: list(bars_of(row)) for row in rows}
    top = 74
    height = top + sum(16 * len(each) + 18 for each in bars.values()) + 30 + \
        16 * len(notes)
    most = max(bar[1] for each in bars.values() for bar in each)
    least = min(0.8, *(bar[1] for each in bars.values() for bar in each))
    scale = (WIDTH - LEFT - RIGHT) / math.log10(most / least)

    def place(ratio):
        return LEFT + scale * math.log10(max(ratio, least) / least)

    drawing = Drawing(WIDTH, height)
    drawing.text(16, 28, title, 17, bold=True)
    drawing.text(16, 48, 'CPU time of the server for one request, as a '
                 'multiple of the least work that could answer it', 12, SOFT)
    bottom = height - 26 - 16 * len(notes)
    for tick in (1, 2, 5, 10, 20, 50, 100, 200, 500):
        if tick > most:
            break
        drawing.line(place(tick), top - 10, place(tick), bottom,
                     SOFT if tick == 1 else FAINT)
        drawing.text(place(tick), top - 14, '%d' % tick, 10, SOFT, 'middle')
    y = top
    for row in rows:
        drawing.text(LEFT - 12, y + 12, row.work.title, 12, anchor='end')
        goal = place(row.work.goal)
        for _, ratio, label, _, colour in bars[row.work.key]:
            drawing.rect(place(least), y, place(ratio) - place(least), 12,
                         colour)
            drawing.text(place(ratio) + 6, y + 10, label, 10.5,
                         INK if colour in (OURS, OVER) else SOFT)
            y += 16
        drawing.line(goal, y - 16 * len(bars[row.work.key]) - 2, goal,
                     y - 16 * (len(bars[row.work.key]) - 1) - 2, INK, 1.5)
        y += 18
    for i, note in enumerate(['The line at 1 is the floor; the short mark '
                              'is what we hold ourselves to.', *notes]):
        drawing.text(16, bottom + 14 + 16 * i, note, 10.5, SOFT)
    drawing.save(path)


def decade_ticks(low, high):
    tick = 10.0 ** math.floor(math.log10(low))
    while tick <= high * 1.001:
        if tick >= low * 0.999:
            yield tick
        tick *= 10


def draw_curve(drawing, curve, left, top, width, height):
    points = [(x, max(y, 0.001)) for x, y in curve.points]
    xs = [x for x, _ in points]
    low = min(y for _, y in points)
    high = max(*(y for _, y in points), curve.most)
    # Whatever is flat should look it: never less than a decade.
    middle = math.sqrt(low * high)
    low, high = min(low / 1.5, middle / 4), max(high * 1.5, middle * 4)

    def place(x, y):
        along = math.log(x / xs[0]) / math.log(xs[-1] / xs[0])
        up = math.log(y / low) / math.log(high / low)
        return left + along * width, top + height * (1 - up)

    drawing.text(left - 34, top - 22, curve.title, 12, bold=True)
    drawing.text(left - 34, top - 8, '%s by %s' % (curve.y, curve.x), 10.5,
                 SOFT)
    for tick in decade_ticks(low, high):
        y = place(xs[0], tick)[1]
        drawing.line(left, y, left + width, y, FAINT)
        drawing.text(left - 5, y + 3, short(tick), 9, SOFT, 'end')
    for x in xs:
        drawing.text(place(x, low)[0], top + height + 13, short(x), 9, SOFT,
                     'middle')
    drawing.line(left, top + height, left + width, top + height, SOFT)
    if curve.most:
        y = place(xs[0], curve.most)[1]
        drawing.line(left, y, left + width, y, INK, 1, '4 3')
    verdict = curve.verdict()
    bad = verdict.startswith(('BENDS', 'MISSED'))
    drawing.path([place(x, y) for x, y in points], OVER if bad else OURS)
    x, y = place(*points[-1])
    drawing.text(x, y - 7, short(curve.points[-1][1]), 10,
                 OVER if bad else OURS, 'end', True)


def draw_growth(path, curves, title, notes):
    """A small picture for each curve, three in a row; both axes are logs."""
    columns, each, high = 3, WIDTH // 3, 178
    lines = -(-len(curves) // columns)
    height = 74 + lines * high + 16 * len(notes) + 4
    drawing = Drawing(WIDTH, height)
    drawing.text(16, 28, title, 17, bold=True)
    drawing.text(16, 47, 'Both axes are logarithmic; a dashed line is the '
                 'most that it may be', 12, SOFT)
    for i, curve in enumerate(curves):
        draw_curve(drawing, curve, 52 + i % columns * each,
                   104 + i // columns * high, each - 78, high - 76)
    for i, note in enumerate(notes):
        drawing.text(16, height - 12 - 16 * (len(notes) - 1 - i), note, 10.5,
                     SOFT)
    drawing.save(path)
