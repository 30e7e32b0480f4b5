"""Charts as terminal lines: axes, labels, levels and legend are composed around the curves."""

from __future__ import annotations

from dataclasses import replace

from rich.cells import cell_len
from textual.content import Content
from textual.strip import Strip

from engine.support.translation import tr
from tui.ascii import clean
from tui.drawing.area import Area
from tui.drawing.axes import labels_by_row, levels_by_row, write_axes, write_cursor, write_levels
from tui.drawing.chart import Chart
from tui.drawing.curves import write_curve, write_marks
from tui.drawing.ground import write_ground
from tui.drawing.head import write_head
from tui.drawing.page import Page
from tui.drawing.trace import Trace
from tui.drawing.window import trace_of, window_of
from tui.text.wrap import wrapped
from tui.themes import DARK, Palette

HEAD_HEIGHT = 6
"""Least height of a page that has a head."""
FRAME_WIDTH, FRAME_HEIGHT = 24, 5
"""Least size of what lies below the head, to have axes."""


def draw(
    chart: Chart, width: int, height: int, palette: Palette = DARK, *, ascii: bool = False
) -> list[Strip]:
    """Draw a chart as height strips of width cells; no chart and no size raises.

    What does not fit is left out: the names of the levels, then title and axes.
    """
    page = Page(width, height, ascii)
    try:
        write_chart(page, chart, palette)
    except ValueError as error:  # plotext's way to refuse
        page = Page(width, height, ascii)
        write_chart(page, Chart(empty=tr("not drawn: {error}", error=error)), palette)
    return page.strips()


def write_chart(page: Page, chart: Chart, palette: Palette) -> None:
    """Write a chart, or why there is none; raises ValueError where plotext does."""
    if not page.width:
        return
    top = 1 if page.height >= HEAD_HEIGHT else 0
    if top:
        write_head(page, chart, palette)
    traces = [trace_of(curve, log=chart.log_y) for curve in chart.curves]
    framed = page.width >= FRAME_WIDTH and page.height - top >= FRAME_HEIGHT
    rows = page.height - top - 2 * framed
    window = window_of(chart, traces, rows if framed else 0)
    if window is None:
        write_message(page, top, reason(chart), palette)
    elif page.height:
        dots = (1, 1) if page.ascii else (2, 4)
        # Of the area, what stands in a row does not depend on where the columns begin.
        area = Area(0, top, 1, rows, dots, window)
        write_plot(page, area, chart, traces, palette, framed=framed)


def write_message(page: Page, top: int, message: str, palette: Palette) -> None:
    """Write a message in the middle of what lies below the head."""
    lines = wrapped(Content(clean(message, page.ascii)), min(page.width, 60))
    first = top + max(page.height - top - len(lines), 0) // 2
    for row, line in enumerate(lines, first):
        column = max(page.width - line.cell_length, 0) // 2
        page.write(column, row, line.plain, palette.style("text"))


def reason(chart: Chart) -> str:
    """Why there is nothing to draw."""
    if chart.log_y and any(trace_of(curve, log=False).xs for curve in chart.curves):
        return tr("No value is above zero: a log axis has nothing to show.")
    return chart.empty


def write_plot(
    page: Page,
    area: Area,
    chart: Chart,
    traces: list[Trace],
    palette: Palette,
    *,
    framed: bool,
) -> None:
    """Write axes, levels, cursor and curves, from the back to the front."""
    levels = levels_by_row(chart, area, ascii=page.ascii)
    labels = labels_by_row(chart, area, levels) if framed else {}
    gutter = max(map(len, labels.values()), default=0) + 2 if framed else 0
    longest = max((cell_len(level.label) for level in levels.values()), default=0)
    margin = longest + 1 if framed and 0 < longest < page.width // 4 else 0
    area = replace(area, column=gutter, width=page.width - gutter - margin)
    if framed:
        write_axes(page, area, chart, labels, palette)
    if chart.heat:
        write_ground(page, area, chart.heat, palette)
    write_levels(page, area, levels, palette, named=margin > 0)
    write_cursor(page, area, chart.cursor, palette)
    taken: set[tuple[int, int]] = set()
    for index, (curve, trace) in enumerate(zip(chart.curves, traces, strict=True)):
        if curve.kind == "marks":
            write_marks(page, area, chart, index, trace, palette)
        else:
            write_curve(page, area, chart, index, trace, palette, taken)
