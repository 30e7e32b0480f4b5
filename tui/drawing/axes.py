"""What stands around and behind the curves: axes, levels, the value cursor."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from rich.cells import cell_len
from rich.style import Style

from tui.ascii import clean
from tui.drawing.area import Area
from tui.drawing.chart import Chart, Level
from tui.drawing.page import Page
from tui.drawing.ticks import Tick, level_text, linear_ticks, log_ticks, steady_ticks
from tui.drawing.trace import is_drawable
from tui.themes import Palette


def levels_by_row(chart: Chart, area: Area, *, ascii: bool) -> dict[int, Level]:
    """Return the levels on show by row; of two in one row the first."""
    levels: dict[int, Level] = {}
    for level in chart.levels:
        row = None
        if is_drawable(level.y, log=chart.log_y):
            row = area.row_of(area.window.height(level.y))
        if row is not None:
            levels.setdefault(row, Level(level.y, clean(level.label, ascii)))
    return levels


def labels_by_row(chart: Chart, area: Area, levels: dict[int, Level]) -> dict[int, str]:
    """Return the labels of the y axis by row; a level has its value where it lies.

    Beside the levels there are two ticks, if need be such as are not even.
    """
    labels: dict[int, str] = {}
    for ticks in ticks_of_y(chart, area):
        by_row = {row: label for at, label in ticks if (row := area.row_of(at)) is not None}
        beside = by_row.keys() - levels.keys()
        if not labels or len(beside) >= 2:
            labels = by_row
        if len(beside) >= 2:
            break
    return labels | {row: level_text(level.y, log=chart.log_y) for row, level in levels.items()}


def ticks_of_y(chart: Chart, area: Area) -> Iterator[list[Tick]]:
    """Yield the ticks that the y axis may have: the even ones first, then more and more."""
    window, ticks_of = area.window, log_ticks if chart.log_y else linear_ticks
    if window.step:
        yield steady_ticks(window.low, window.high, window.step, log=chart.log_y)
    for count in range(max(area.height // 2, 2), area.height + 1):
        yield ticks_of(window.low, window.high, count)


def write_axes(
    page: Page, area: Area, chart: Chart, labels: dict[int, str], palette: Palette
) -> None:
    """Write both axes, their tick labels and, where there is room, the name of x."""
    quiet = palette.style("axis")
    for row in range(area.row, area.row + area.height):
        label = labels.get(row, "")
        page.write(area.column - 2 - len(label), row, label, quiet)
        page.write(area.column - 1, row, "┤" if label else "│", quiet)
    bottom = area.row + area.height
    page.write(area.column - 1, bottom, "└" + "─" * area.width, quiet)
    # The columns free for the name of x: after the last label, or before it.
    free = before = start = 0
    for begin, column, label in labels_of_x(page, area, log=chart.log_x):
        before, start, free = free, begin, begin + len(label) + 1
        page.write(column, bottom, "┬", quiet)
        page.write(begin, bottom + 1, label, quiet)
    name = clean(chart.x_label, page.ascii)
    if free + 1 + cell_len(name) <= page.width:
        page.write(free + 1, bottom + 1, name, quiet)
    elif before + 1 + cell_len(name) + 2 <= start:
        page.write(start - 2 - cell_len(name), bottom + 1, name, quiet)


def labels_of_x(page: Page, area: Area, *, log: bool) -> list[tuple[int, int, str]]:
    """Return where each label of the x axis begins, the column of its tick, and the label.

    As many even ticks as have room for all their labels; one where not even two have.
    """

    def placed(tick: Tick) -> tuple[int, int, str]:
        column, size = area.column_of(tick.at) or 0, len(tick.label)
        return min(max(column - size // 2, 0), page.width - size), column, tick.label

    left, right = area.window.left, area.window.right
    whole = float(left).is_integer() and float(right).is_integer()
    one_label: list[tuple[int, int, str]] = []
    for count in range(max(area.width // 10, 2), 0, -1):
        if log:
            ticks = log_ticks(left, right, count)
        else:
            ticks = linear_ticks(left, right, count, whole=whole)
        labels = [placed(tick) for tick in ticks]
        if labels and all(one[0] + len(one[2]) < other[0] for one, other in pairwise(labels)):
            return labels
        one_label = labels[:1] or one_label
    return one_label


def write_levels(
    page: Page, area: Area, levels: dict[int, Level], palette: Palette, *, named: bool
) -> None:
    """Write the levels across the canvas, and their names beside it."""
    quiet = palette.style("axis")
    for row, level in levels.items():
        dashes = ("- " if page.ascii else "╌╌") * area.width
        page.write(area.column, row, dashes[: area.width], quiet)
        if named:
            text = palette.style("text")
            page.write(area.column + area.width + 1, row, level.label, text)


def write_marked(
    page: Page, area: Area, ends: tuple[float, float] | None, palette: Palette
) -> None:
    """Write the part of the x axis that is marked: its ends as lines, shaded between them."""
    if ends is None:
        return
    window = area.window
    first, last = (
        area.column_of(min(max(x, window.left), window.right)) or 0 for x in sorted(ends)
    )
    shade, edge = Style(bgcolor=palette.marked or None), palette.style("text")
    for row in range(area.row, area.row + area.height):
        for column in range(first, last + 1):
            page.ground(column, row, shade)
        for column in (first, last):
            page.write(column, row, "│", edge)


def write_cursor(page: Page, area: Area, x: float | None, palette: Palette) -> None:
    """Write the value cursor, where it is on show."""
    column = None if x is None else area.column_of(x)
    if column is not None:
        for row in range(area.row, area.row + area.height):
            page.write(column, row, "│", palette.style("axis"))
