"""The curves of a chart: from data to dots, and from dots to characters of the page."""

from __future__ import annotations

import random
from collections.abc import Iterable
from operator import itemgetter

from tui.drawing.area import Area
from tui.drawing.chart import Chart, Curve
from tui.drawing.markers import ascii_marker, swatch
from tui.drawing.page import Page
from tui.drawing.paint import paint, sprinkle
from tui.drawing.trace import Dot, Point, Trace, clipped, is_inside, once, straightened
from tui.themes import Palette

MOST_POINTS = 2000
"""Most points of a cloud that are drawn."""


def write_marks(
    page: Page, area: Area, chart: Chart, index: int, trace: Trace, palette: Palette
) -> None:
    """Write the marks of a curve, where they stand apart."""
    cells = dict.fromkeys(map(area.cell, dots_inside(area, zip(trace.xs, trace.ys, strict=True))))
    if len(cells) <= area.width // 4:
        style = palette.style(chart.curves[index].color)
        for column, row in cells:
            page.put(column, row, swatch(chart, index, ascii=page.ascii)[0], style)


def write_curve(
    page: Page,
    area: Area,
    chart: Chart,
    index: int,
    trace: Trace,
    palette: Palette,
    taken: set[tuple[int, int]],
) -> None:
    """Write a line or a cloud of points; `taken` are the cells of the curves below it."""
    curve = chart.curves[index]
    marker = ascii_marker(chart, index) if page.ascii else "braille"
    if curve.kind == "line":
        rows = paint(line_dots(area, trace), marker, area.width, area.height)
    else:
        rows = sprinkle(cloud_dots(area, curve, trace), marker, area.width, area.height)
    style = palette.style(curve.color)
    # Of each so many cells one is a hole; in ASCII the marker tells a curve apart.
    every = 0 if page.ascii else 2 if curve.dotted else 3 if curve.dashed else 0
    for row, line in enumerate(rows):
        for column, character in enumerate(line):
            # Holes have their place on the page, and do not crawl as the curve grows.
            hole = every and (column + row + row // every) % every == every - 1
            meets = curve.shares and (column, row) in taken and (column + row) % 2 == 0
            if character != " " and not hole and not meets:
                page.put(area.column + column, area.row + row, character, style)
                taken.add((column, row))


def cloud_dots(area: Area, curve: Curve, trace: Trace) -> tuple[Dot, ...]:
    """Return the dots of a scatter, each once.

    Where there are too many points, a part of them drawn evenly: extremes alone would look like two
    bands. The highest point of each column is kept, so that no spike is lost.
    """
    points = list(zip(trace.xs, trace.ys, strict=True))
    if not curve.highs and len(points) <= MOST_POINTS:
        return dots_inside(area, points)
    values = Trace.of(curve.xs, curve.ys, log=area.window.log)
    some = list(zip(values.xs, values.ys, strict=True))
    if len(some) > MOST_POINTS:
        some = random.Random(0).sample(some, MOST_POINTS)
    highest = peaks(dots_inside(area, points), area.dots[0])
    return tuple(dict.fromkeys((*dots_inside(area, some), *highest)))


def peaks(dots: Iterable[Dot], wide: int) -> Iterable[Dot]:
    """Return the highest dot of each column of cells, which are so many dots wide."""
    highest: dict[int, Dot] = {}
    for dot in dots:
        column = dot[0] // wide
        highest[column] = min(dot, highest.get(column, dot), key=itemgetter(1))
    return highest.values()


def dots_inside(area: Area, points: Iterable[Point]) -> tuple[Dot, ...]:
    """Return the dots of the points that are on show, each once."""
    places = area.window.units(points)
    return tuple(dict.fromkeys(map(area.dot, filter(is_inside, places))))


def line_dots(area: Area, trace: Trace) -> tuple[tuple[Dot, ...], ...]:
    """Return the dots a line goes through, thinned out and cut off at the edges."""
    window = area.window
    return tuple(
        piece
        for stretch in trace.stretches(window.left, window.right, area.width)
        for points in clipped(window.units(stretch))
        for piece in once(straightened([area.dot(point) for point in points]))
    )
