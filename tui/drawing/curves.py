"""The curves of a chart: from data to dots, and from dots to characters of the page."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from tui.drawing.area import Area
from tui.drawing.chart import Chart, Curve
from tui.drawing.markers import ascii_marker, swatch
from tui.drawing.page import Page
from tui.drawing.paint import paint, sprinkle
from tui.drawing.trace import Dot, Trace, clipped, once, straightened
from tui.themes import Palette

if TYPE_CHECKING:
    from tui.drawing.trace import Places

MOST_POINTS = 2000
"""Most points of a cloud that are drawn."""


def write_marks(
    page: Page, area: Area, chart: Chart, index: int, trace: Trace, palette: Palette
) -> None:
    """Write the marks of a curve, where they stand apart."""
    cells: set[tuple[int, int]] = set()
    for column, row in places_inside(area, trace).tolist():
        cells.add(area.cell((column, row)))
        if len(cells) > area.width // 4:
            return
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
        rows = sprinkle(cloud(area, curve, trace), marker, area.width, area.height)
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


def cloud(area: Area, curve: Curve, trace: Trace) -> Places:
    """Return where the dots of a scatter lie.

    Where there are too many points, a part of them drawn evenly: extremes alone would look like two
    bands. The highest point of each column is kept, so that no spike is lost.
    """
    import numpy as np

    if not curve.highs and len(trace.xs) <= MOST_POINTS:
        return places_inside(area, trace)
    shown = Trace.of(curve.xs, curve.ys, log=area.window.log)
    if len(shown.xs) > MOST_POINTS:
        chosen = random.Random(0).sample(range(len(shown.xs)), MOST_POINTS)
        shown = Trace([shown.xs[i] for i in chosen], [shown.ys[i] for i in chosen])
    highest = peaks(places_inside(area, trace), area.dots[0])
    return np.concatenate((places_inside(area, shown), highest))


def peaks(places: Places, wide: int) -> Places:
    """Return the highest place of each column of cells, which are so many dots wide."""
    import numpy as np

    columns, rows = places[:, 0] // wide, places[:, 1]
    order = np.lexsort((rows, columns))
    _, first = np.unique(columns[order], return_index=True)
    highest: Places = places[order[first]]
    return highest


def places_inside(area: Area, trace: Trace) -> Places:
    """Return where the points that are on show lie, in dots of the canvas."""
    import numpy as np  # there are points, so the first frame has been drawn

    window, dots = area.window, area.dots
    xs, ys = np.array(trace.xs), np.array(trace.ys)
    with np.errstate(over="ignore"):  # far outside is outside
        across = (xs - window.left) / (window.right - window.left)
        up = ((np.log10(ys) if window.log else ys) - window.low) / (window.high - window.low)
    inside = (across >= 0) & (across <= 1) & (up >= 0) & (up <= 1)
    columns = across[inside] * (area.width * dots[0] - 1)
    rows = (1 - up[inside]) * (area.height * dots[1] - 1)
    places: Places = np.column_stack((columns, rows)).round().astype(int)
    return places


def line_dots(area: Area, trace: Trace) -> tuple[tuple[Dot, ...], ...]:
    """Return the dots a line goes through, thinned out and cut off at the edges."""
    window = area.window
    return tuple(
        piece
        for stretch in trace.stretches(window.left, window.right, area.width)
        for points in clipped(window.units(stretch))
        for piece in once(straightened([area.dot(point) for point in points]))
    )
