"""The background of a chart: values over a rectangle, as steps of the ramp of colours."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from tui.drawing.trace import LIMIT
from tui.ramp import step_of


@dataclass(frozen=True)
class Relief:
    """Positive values over a rectangle: the background of a chart, the greater the lighter.

    Colours follow the logarithm. Where there is no value, or none that is finite, is no background.
    """

    x_range: tuple[float, float]
    y_range: tuple[float, float]
    values: tuple[tuple[float, ...], ...]
    """Rows from the bottom up, of equal lengths; each value stands for an equal part."""

    @cached_property
    def steps(self) -> list[list[int | None]]:
        """The step of the ramp of each value; zero, which has no logarithm, is on the lowest."""
        logs = [
            [math.log10(v) if 0 < v < math.inf else None if v else -math.inf for v in row]
            for row in self.values
        ]
        finite = [log for row in logs for log in row if log is not None and log > -math.inf]
        low, high = (min(finite), max(finite)) if finite else (0.0, 0.0)
        return [
            [None if log is None else step_of(max(log, low), low, high) for log in row]
            for row in logs
        ]

    def rows_at(self, ys: Sequence[float]) -> list[int | None]:
        """The row around each y."""
        return [_part(y, self.y_range, len(self.values)) for y in ys]

    def columns_at(self, xs: Sequence[float]) -> list[int | None]:
        """The column around each x."""
        return [_part(x, self.x_range, len(self.values[0]) if self.values else 0) for x in xs]


def _part(at: float, ends: tuple[float, float], count: int) -> int | None:
    """Which of so many equal parts of a range holds a place."""
    low, high = ends
    if not (-LIMIT < low <= at <= high < LIMIT and low < high and count):
        return None
    return min(int((at - low) / (high - low) * count), count - 1)
