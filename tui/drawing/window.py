"""The part of a chart that is shown."""

from __future__ import annotations

import math
from itertools import chain

from tui.drawing.chart import Chart, Curve
from tui.drawing.ticks import aligned, padded
from tui.drawing.trace import (
    Trace,
    Window,
    is_drawable,
)

LEVEL_REACH = 6
"""Decades from the data at which a level still widens a log axis."""


NARROWEST = 1e-6
"""Least share of all there is to show that a range may be narrowed to."""


def zoomed(
    shown: tuple[float, float],
    full: tuple[float, float],
    factor: float,
    at: float,
    share: float = 0.5,
) -> tuple[float, float]:
    """Return the range `factor` times as wide as the one shown, within the full one.

    As far as that lets it, `at` lies after so large a share of it. A range that would be too narrow
    stays as it is.
    """
    left, right = full
    size = (shown[1] - shown[0]) * factor
    if size >= right - left:
        return full
    if size <= NARROWEST * (right - left):
        return shown
    begin = min(max(at - share * size, left), right - size)
    return begin, begin + size


def value_at(curve: Curve, x: float) -> float | None:
    """Return the y of the drawable point nearest to x, or None where there is none."""
    trace = trace_of(curve, log=False)
    nearest = min(range(len(trace.xs)), key=lambda i: abs(trace.xs[i] - x), default=None)
    return None if nearest is None else trace.ys[nearest]


def trace_of(curve: Curve, *, log: bool) -> Trace:
    """Return what can be drawn of a curve; of buckets the minimum, then the maximum."""
    xs, ys = curve.xs, curve.ys
    if curve.highs:
        xs = list(chain.from_iterable(zip(xs, xs, strict=True)))
        ys = list(chain.from_iterable(zip(ys, curve.highs, strict=True)))
    return Trace.of(xs, ys, log=log)


def window_of(chart: Chart, traces: list[Trace], rows: int = 0) -> Window | None:
    """Return the part of the plane to show, or None where there is nothing to draw.

    Where rows are given, an automatic y range is such that its ticks are equally many rows apart.
    """
    shown = [trace for trace in traces if trace.xs]
    heat = chart.heat
    x_asked = asked_range(chart.x_range, log=False) or (
        heat and asked_range(heat.x_range, log=False)
    )
    y_asked = asked_range(chart.y_range, log=chart.log_y) or (
        heat and asked_range(heat.y_range, log=chart.log_y)
    )
    if heat and x_asked and y_asked:
        return Window(*x_asked, *y_asked, chart.log_y)
    if not shown:
        return None
    left, right = x_asked or automatic_range(
        min(trace.x_ends[0] for trace in shown),
        max(trace.x_ends[1] for trace in shown),
        any(curve.kind == "points" for curve in chart.curves),
    )
    visible = [ends for trace in shown if (ends := trace.heights(left, right))]
    visible = visible or [trace.y_ends for trace in shown]
    ends = min(low for low, _ in visible), max(high for _, high in visible)
    low, high = map(math.log10, ends) if chart.log_y else ends
    for level in chart.levels:
        if is_drawable(level.y, log=chart.log_y):
            y = math.log10(level.y) if chart.log_y else level.y
            # Without noise the best loss is 1e-30, and nothing else could be told apart.
            if not chart.log_y or low - LEVEL_REACH <= y <= high + LEVEL_REACH:
                low, high = min(low, y), max(high, y)
    steady = aligned(low, high, rows, log=chart.log_y) if rows and not y_asked else None
    if steady:
        return Window(left, right, steady.low, steady.high, chart.log_y, steady.step)
    low, high = y_asked or padded(low, high, log=chart.log_y)
    return Window(left, right, low, high, chart.log_y)


def asked_range(asked: tuple[float, float] | None, *, log: bool) -> tuple[float, float] | None:
    """Return a range that was asked for in axis units, or None where it is no range."""
    if asked is None or not all(is_drawable(end, log=log) for end in asked):
        return None
    low, high = map(math.log10, asked) if log else asked
    return (low, high) if low < high else None


def automatic_range(left: float, right: float, air: bool) -> tuple[float, float]:
    """Return the x range that shows left..right, with a little air around points."""
    if air:
        return padded(left, right)
    if left == right:
        return (left, left + 1) if left + 1 > left else padded(left, right)
    return left, right
