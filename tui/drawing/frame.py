"""How a page is divided among the parts of a chart."""

from __future__ import annotations

from dataclasses import dataclass, replace

from rich.cells import cell_len

from tui.drawing.area import Area
from tui.drawing.axes import labels_by_row, levels_by_row
from tui.drawing.chart import Chart, Level
from tui.drawing.trace import Trace
from tui.drawing.window import trace_of, window_of

HEAD_HEIGHT = 6
"""Least height of a page that has a head."""
FRAME_WIDTH, FRAME_HEIGHT = 24, 5
"""Least size of what lies below the head, to have axes."""


@dataclass(frozen=True)
class Frame:
    """The canvas, and what stands around it: what does not fit is left out."""

    area: Area
    traces: tuple[Trace, ...]
    """What can be drawn of each curve."""
    levels: dict[int, Level]
    """The levels on show, by page row."""
    labels: dict[int, str]
    """The labels of the y axis, by page row."""
    has_axes: bool
    has_names: bool
    """Whether there is room for the names of the levels."""


def head_height(height: int) -> int:
    """Return the lines of a page of so many that title and legend take."""
    return 1 if height >= HEAD_HEIGHT else 0


def frame_of(chart: Chart, width: int, height: int, *, ascii: bool) -> Frame | None:
    """Divide a page of width × height cells, or None where the chart has nothing to draw."""
    top = head_height(height)
    traces = [trace_of(curve, log=chart.log_y) for curve in chart.curves]
    has_axes = width >= FRAME_WIDTH and height - top >= FRAME_HEIGHT
    rows = height - top - 2 * has_axes
    window = window_of(chart, traces, rows if has_axes else 0)
    if window is None:
        return None
    # What stands in a row does not depend on where the columns begin.
    area = Area(0, top, 1, rows, (1, 1) if ascii else (2, 4), window)
    levels = levels_by_row(chart, area, ascii=ascii)
    labels = labels_by_row(chart, area, levels) if has_axes else {}
    gutter = max(map(len, labels.values()), default=0) + 2 if has_axes else 0
    longest = max((cell_len(level.label) for level in levels.values()), default=0)
    margin = longest + 1 if has_axes and 0 < longest < width // 4 else 0
    area = replace(area, column=gutter, width=width - gutter - margin)
    return Frame(area, tuple(traces), levels, labels, has_axes, margin > 0)
