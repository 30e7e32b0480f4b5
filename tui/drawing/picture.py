"""Charts as terminal lines: axes, labels, levels and legend are composed around the curves."""

from __future__ import annotations

from textual.content import Content
from textual.strip import Strip

from engine.support.translation import tr
from tui.ascii import clean
from tui.drawing.axes import write_axes, write_cursor, write_levels, write_marked
from tui.drawing.chart import Chart
from tui.drawing.curves import write_curve, write_marks
from tui.drawing.frame import Frame, frame_of, head_height
from tui.drawing.ground import write_ground
from tui.drawing.head import write_head
from tui.drawing.page import Page
from tui.drawing.window import trace_of
from tui.text.wrap import wrapped
from tui.themes import DARK, Palette


def draw(
    chart: Chart, width: int, height: int, palette: Palette = DARK, *, ascii: bool = False
) -> list[Strip]:
    """Draw a chart as height strips of width cells; no chart and no size raises."""
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
    top = head_height(page.height)
    if top:
        write_head(page, chart, palette)
    frame = frame_of(chart, page.width, page.height, ascii=page.ascii)
    if frame is None:
        write_message(page, top, reason(chart), palette)
    elif page.height:
        write_plot(page, chart, frame, palette)


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


def write_plot(page: Page, chart: Chart, frame: Frame, palette: Palette) -> None:
    """Write axes, levels, cursor and curves, from the back to the front."""
    area, levels = frame.area, frame.levels
    if frame.has_axes:
        write_axes(page, area, chart, frame.labels, palette)
    if chart.heat:
        write_ground(page, area, chart.heat, palette)
    write_marked(page, area, chart.marked, palette)
    write_levels(page, area, levels, palette, named=frame.has_names)
    write_cursor(page, area, chart.cursor, palette)
    taken: set[tuple[int, int]] = set()
    for index, (curve, trace) in enumerate(zip(chart.curves, frame.traces, strict=True)):
        if curve.kind == "marks":
            write_marks(page, area, chart, index, trace, palette)
        else:
            write_curve(page, area, chart, index, trace, palette, taken)
