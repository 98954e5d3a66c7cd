# SPDX-License-Identifier: GPL-2.0
"""Charts as SVG: the same bytes for the same values on every machine, and no package."""

import math
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 760, 430
LEFT, RIGHT, TOP, BOTTOM = 80, 20, 52, 60
TEXT, TITLE = 12, 14
# Told apart also where colours are not
COLOURS = "#2f6db5", "#c8502d", "#3c8a3c", "#7a4fa3", "#b8860b", "#555555", "#1f9aa8", "#c77fb5"
DASHES = "none", "7 3", "2 3", "9 3 2 3", "none"
GRID, INK = "#dddddd", "#222222"


def number(value):
    """As a label has it: 0.05, 2, 1,000."""
    return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:g}"


class Picture:
    """What is drawn, line by line."""

    def __init__(self, title, width=WIDTH, height=HEIGHT):
        self._lines = [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
            f' font-family="DejaVu Sans, Verdana, sans-serif" font-size="{TEXT}">',
            "<!-- SPDX-License-Identifier: GPL-2.0 -->",
            f"<title>{escape(title)}</title>",
            f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        ]
        self.text(width / 2, 24, title, anchor="middle", size=TITLE, bold=True)

    def add(self, line):
        self._lines.append(line)

    def text(self, x, y, words, *, anchor="start", size=TEXT, bold=False, turned=False):
        more = ' font-weight="bold"' if bold else ""
        more += f' transform="rotate(-90 {x:.1f} {y:.1f})"' if turned else ""
        self.add(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" fill="{INK}"{more}>{escape(words)}</text>')

    def line(self, x1, y1, x2, y2, colour=INK):
        self.add(f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"/>')

    def path(self, points, colour, dash="none"):
        joined = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self.add(f'<polyline points="{joined}" fill="none" stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}"/>')

    def dot(self, x, y, colour):
        self.add(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>')

    def box(self, x, y, width, height, colour):
        self.add(f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{colour}" stroke="#ffffff"/>')

    def __str__(self):
        return "\n".join([*self._lines, "</svg>", ""])


class Logarithmic:
    """A scale from one length to another; the decades are marked."""

    def __init__(self, values, begin, end):
        self._least, self._most = math.log10(min(values)) - 0.05, math.log10(max(values)) + 0.05
        self._begin, self._end = begin, end

    def __call__(self, value):
        part = (math.log10(value) - self._least) / (self._most - self._least)
        return self._begin + part * (self._end - self._begin)

    def marks(self):
        for steps in ((1,), (1, 2, 5)):
            marks = [step * 10.0 ** power for power in range(math.floor(self._least), math.ceil(self._most) + 1) for step in steps]
            marks = [mark for mark in marks if self._least <= math.log10(mark) <= self._most]
            if len(marks) > 2:
                break
        return marks


class Linear:
    """A scale from 0."""

    def __init__(self, values, begin, end):
        self._most, self._begin, self._end = max(values) * 1.02, begin, end

    def __call__(self, value):
        return self._begin + value / self._most * (self._end - self._begin)

    def marks(self):
        rough = self._most / 5
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough)
        return [count * step for count in range(int(self._most / step) + 1)]


def legend(picture, names, x, y, dashes=True):
    """One line for each, downwards."""
    for n, name in enumerate(names):
        colour, dash = COLOURS[n % len(COLOURS)], DASHES[n % len(DASHES)]
        if dashes:
            picture.path([(x, y + 18 * n), (x + 26, y + 18 * n)], colour, dash)
        else:
            picture.box(x + 8, y + 18 * n - 7, 14, 14, colour)
        picture.text(x + 32, y + 18 * n + 4, name)


def curves(title, across, upwards, series):
    """{name: [(x, least, median, most)]}: lines of the medians, with how far the runs lie apart; both axes logarithmic."""
    room = 18 * len(series) + 8
    picture = Picture(title, height=HEIGHT + room)
    points = [point for line in series.values() for point in line]
    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
    x = Logarithmic([point[0] for point in points], LEFT, right)
    y = Logarithmic([value for point in points for value in point[1:]], bottom, TOP)
    for mark in y.marks():
        picture.line(LEFT, y(mark), right, y(mark), GRID)
        picture.text(LEFT - 8, y(mark) + 4, number(mark), anchor="end")
    for mark in sorted({point[0] for point in points}):
        picture.line(x(mark), TOP, x(mark), bottom, GRID)
        picture.text(x(mark), bottom + 18, number(mark), anchor="middle")
    picture.line(LEFT, bottom, right, bottom)
    picture.line(LEFT, TOP, LEFT, bottom)
    picture.text((LEFT + right) / 2, bottom + 40, across, anchor="middle")
    picture.text(22, (TOP + bottom) / 2, upwards, anchor="middle", turned=True)
    for n, line in enumerate(series.values()):
        colour = COLOURS[n % len(COLOURS)]
        picture.path([(x(at), y(middle)) for at, _, middle, _ in line], colour, DASHES[n % len(DASHES)])
        for at, least, middle, most in line:
            picture.line(x(at), y(least), x(at), y(most), colour)
            picture.dot(x(at), y(middle), colour)
    legend(picture, series, LEFT, HEIGHT)
    return str(picture)


def bars(title, along, rows, parts):
    """{name: {part: value}}: a bar for each name, of its parts one behind the other."""
    assert len(parts) <= len(COLOURS), "a colour for each part"
    left, tall = LEFT + 100, 46
    height = TOP + tall * len(rows) + BOTTOM
    picture = Picture(title, height=height + 18 * len(parts) + 8)
    x = Linear([sum(row.values()) for row in rows.values()], left, WIDTH - RIGHT - 50)
    bottom = height - BOTTOM
    for mark in x.marks():
        picture.line(x(mark), TOP, x(mark), bottom, GRID)
        picture.text(x(mark), bottom + 18, number(mark), anchor="middle")
    for n, (name, row) in enumerate(rows.items()):
        at, y = 0, TOP + tall * n + 8
        picture.text(left - 8, y + tall / 2 - 4, name, anchor="end")
        for part, colour in zip(parts, COLOURS):
            picture.box(x(at), y, x(at + row.get(part, 0)) - x(at), tall - 16, colour)
            at += row.get(part, 0)
        picture.text(x(at) + 6, y + tall / 2 - 4, number(at))
    picture.line(left, TOP, left, bottom)
    picture.text((left + WIDTH - RIGHT) / 2, bottom + 40, along, anchor="middle")
    legend(picture, parts, left, height, dashes=False)
    return str(picture)
