"""The curves of a chart: from data to dots, and from dots to characters of the page."""

from __future__ import annotations

from itertools import chain

from tui.drawing.area import Area
from tui.drawing.chart import Chart
from tui.drawing.markers import ascii_marker, swatch
from tui.drawing.page import Page
from tui.drawing.paint import paint, sprinkle
from tui.drawing.trace import Dot, Trace, clipped, is_inside, once, straightened
from tui.themes import Palette


def write_marks(
    page: Page, area: Area, chart: Chart, index: int, trace: Trace, palette: Palette
) -> None:
    """Write the marks of a curve, where they stand apart."""
    cells = dict.fromkeys(map(area.cell, cloud_dots(area, trace)))
    if len(cells) <= area.width // 4:
        style = palette.style(chart.curves[index].color)
        for column, row in cells:
            page.put(column, row, swatch(chart, index, ascii=page.ascii)[0], style)


def write_curve(
    page: Page, area: Area, chart: Chart, index: int, trace: Trace, palette: Palette
) -> None:
    """Write a line or a cloud of points."""
    curve = chart.curves[index]
    marker = ascii_marker(chart, index) if page.ascii else "braille"
    if curve.kind == "line":
        rows = paint(line_dots(area, trace), marker, area.width, area.height)
    else:
        rows = sprinkle(cloud_dots(area, trace), marker, area.width, area.height)
    style = palette.style(curve.color)
    dashed = curve.dashed and not page.ascii  # there the marker tells it apart
    for row, line in enumerate(rows):
        for column, character in enumerate(line):
            # Holes have their place on the page, and do not crawl as the curve grows.
            hole = dashed and (column + row + row // 3) % 3 == 2
            if character != " " and not hole:
                page.put(area.column + column, area.row + row, character, style)


def cloud_dots(area: Area, trace: Trace) -> tuple[Dot, ...]:
    """Return the dots of a scatter, each once; thinned out per dot where x never goes back."""
    window = area.window
    stretches = trace.stretches(window.left, window.right, area.width * area.dots[0])
    places = window.units(chain.from_iterable(stretches))
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
