"""What the chart panels share: focus, zoom and the value cursor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from engine.training.snapshot import Snapshot
from tui.charts.empty import ZOOM
from tui.clock import Clock
from tui.drawing.chart import Chart
from tui.drawing.trace import Point
from tui.drawing.window import zoomed
from tui.panels.pointer import Pointed
from tui.text.numbers import significant

CURSOR_STEPS = 60
"""Key presses that bring the cursor from one end of the visible range to the other."""

END_DIGITS = 3
"""Significant digits of the ends of what the mouse marks."""


class ChartPanel(Pointed, can_focus=True):
    """A chart with a view of its own; over time its cursor is the clock, else one of its own."""

    is_over_time = True
    """Whether its x axis, or the path of its run, is time."""

    def __init__(self, clock: Clock | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.clock = clock or Clock()
        """The moment that is looked at: one for all charts over time."""
        self.x_range: tuple[float, float] | None = None
        self.value_cursor: float | None = None
        """Where the cursor stands on a chart that is not over time."""
        self.snapshots: tuple[Snapshot, ...] = ()

    @property
    def cursor(self) -> float | None:
        """Where the cursor stands, in units of x or, over time, in epochs."""
        return self.clock.x if self.is_over_time else self.value_cursor

    def chart(self) -> Chart:
        """The chart of the present snapshots in the present view."""
        raise NotImplementedError

    def full_range(self) -> tuple[float, float]:
        """The x range of all there is to show."""
        raise NotImplementedError

    def redraw(self) -> None:
        """Show the chart after the snapshots or the view have changed."""
        if not self.snapshots:
            return
        chart = self.chart()
        if self.marked:
            ends = " … ".join(significant(x, END_DIGITS) for x in sorted(self.marked))
            chart = replace(chart, marked=self.marked, title=f"{chart.x_label} {ends}")
        self.show(chart)

    def zoom(self, closer: bool, at: Point | None = None) -> None:
        """Narrow or widen the x range: at a point, around the cursor, or around its middle."""
        full = self.full_range()
        left, right = self.x_range or full
        centre, share = (left + right) / 2 if self.cursor is None else self.cursor, 0.5
        if at and left < right:
            centre, share = at[0], (at[0] - left) / (right - left)
        shown = zoomed((left, right), full, 1 / ZOOM if closer else ZOOM, centre, share)
        self.x_range = None if shown == full else shown
        self.redraw()

    def show_between(self, left: float, right: float) -> None:
        """Show this part of the x axis, as far as there is something to show."""
        first, last = self.full_range()
        if max(left, first) < min(right, last):
            self.x_range = max(left, first), min(right, last)
        self.redraw()

    def stops(self) -> Sequence[float]:
        """Where alone the cursor stands, in order; empty where it stands anywhere."""
        return ()

    def move_cursor(self, by: int) -> None:
        """Move the cursor by steps; one of its own begins in the middle."""
        left, right = self.x_range or self.full_range()
        cursor = self.value_cursor
        if self.is_over_time:
            self.clock.move(self.snapshots[0], by, (left, right))
            return
        if stops := [x for x in self.stops() if left <= x <= right]:
            middle = (left + right) / 2 if cursor is None else cursor
            index = min(range(len(stops)), key=lambda i: abs(stops[i] - middle))
            if cursor is not None:
                index += by * max(1, len(stops) // CURSOR_STEPS)
            self.value_cursor = stops[min(max(index, 0), len(stops) - 1)]
        else:
            step = (right - left) / CURSOR_STEPS
            here = (left + right) / 2 if cursor is None else cursor + by * step
            self.value_cursor = min(max(here, left), right)
        self.redraw()

    def point_to(self, at: Point) -> None:
        """Put the cursor where it can stand nearest to an x."""
        if self.is_over_time:
            self.clock.point_to(self.snapshots[0], at[0])
            return
        left, right = self.x_range or self.full_range()
        stops = [x for x in self.stops() if left <= x <= right]
        here = min(stops, key=lambda x: abs(x - at[0])) if stops else at[0]
        self.value_cursor = min(max(here, left), right)
        self.redraw()

    def show_all(self) -> None:
        """No zoom, and no cursor of its own."""
        self.x_range = self.value_cursor = None
        self.redraw()

    def reset_view(self) -> None:
        """No zoom, no cursor, and the moment is now."""
        self.show_all()
        self.clock.leave()
