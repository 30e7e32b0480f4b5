"""The background of a chart on the page."""

from __future__ import annotations

from rich.style import Style

from tui.ascii import SHADES
from tui.drawing.area import LARGEST, Area
from tui.drawing.page import Page
from tui.drawing.relief import Relief
from tui.themes import Palette


def write_ground(page: Page, area: Area, heat: Relief, palette: Palette) -> None:
    """Write the background: two colours a cell, or characters where there are none."""
    ramp = () if page.ascii else palette.ramp
    lower = [Style(bgcolor=color) for color in ramp]
    upper, quiet = [Style(color=color) for color in ramp], palette.style("axis")
    window = area.window
    down = middles(window.high, window.low, 2 * area.height)
    # Automatic ranges may reach a little beyond what has a value.
    lines = heat.rows_at([10.0 ** min(y, LARGEST) if window.log else y for y in down])
    across = heat.columns_at(middles(window.left, window.right, area.width))
    pairs = zip(lines[::2], lines[1::2], strict=True)
    for row, (above, below) in enumerate(pairs, area.row):
        for column, part in enumerate(across, area.column):
            if above is None or below is None or part is None:
                continue
            top, bottom = heat.steps[above][part], heat.steps[below][part]
            if top is None or bottom is None:
                continue
            if not ramp:
                page.put(column, row, SHADES[bottom], quiet)
                continue
            page.ground(column, row, lower[bottom])
            if top != bottom:
                page.put(column, row, "▀", upper[top])


def middles(start: float, end: float, count: int) -> list[float]:
    """The middles of so many equal parts of a way."""
    return [start + (end - start) * ((part + 0.5) / count) for part in range(count)]
