"""What the chart panels share: focus, zoom and the value cursor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.training.snapshot import Snapshot
from tui.charts.empty import ZOOM
from tui.drawing.chart import Chart
from tui.drawing.view import ChartView

CURSOR_STEPS = 60
"""Key presses that bring the cursor from one end of the visible range to the other."""


class ChartPanel(ChartView, can_focus=True):
    """A chart with a view of its own: x range, cursor."""

    grain = 0.0
    """The cursor stands on multiples of this, where it is not 0."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.x_range: tuple[float, float] | None = None
        self.cursor: float | None = None
        self.snapshots: tuple[Snapshot, ...] = ()

    def chart(self) -> Chart:
        """The chart of the present snapshots in the present view."""
        raise NotImplementedError

    def full_range(self) -> tuple[float, float]:
        """The x range of all there is to show."""
        raise NotImplementedError

    def redraw(self) -> None:
        """Show the chart after the snapshots or the view have changed."""
        if self.snapshots:
            self.show(self.chart())

    def zoom(self, closer: bool) -> None:
        """Narrow or widen the x range around the cursor or, without one, its middle."""
        left, right = self.full_range()
        now = self.x_range or (left, right)
        centre = self.cursor if self.cursor is not None else sum(now) / 2
        half = (now[1] - now[0]) / 2 * (1 / ZOOM if closer else ZOOM)
        if 2 * half >= right - left:
            self.x_range = None
        elif half > 1e-6 * (right - left):
            begin = min(max(centre - half, left), right - 2 * half)
            self.x_range = (begin, begin + 2 * half)
        self.redraw()

    def stops(self) -> Sequence[float]:
        """Where alone the cursor stands, in order; empty where it stands anywhere."""
        return ()

    def move_cursor(self, by: int) -> None:
        """Move the cursor by steps; the first press puts it in the middle."""
        left, right = self.x_range or self.full_range()
        if stops := [x for x in self.stops() if left <= x <= right]:
            middle = (left + right) / 2 if self.cursor is None else self.cursor
            index = min(range(len(stops)), key=lambda i: abs(stops[i] - middle))
            if self.cursor is not None:
                index += by * max(1, len(stops) // CURSOR_STEPS)
            self.cursor = stops[min(max(index, 0), len(stops) - 1)]
            self.redraw()
            return
        step = max((right - left) / CURSOR_STEPS, self.grain)
        here = (left + right) / 2 if self.cursor is None else self.cursor + by * step
        if self.grain:
            here = round(here / self.grain) * self.grain
        self.cursor = min(max(here, left), right)
        self.redraw()

    def reset_view(self) -> None:
        """No zoom, no cursor."""
        self.x_range = self.cursor = None
        self.redraw()
