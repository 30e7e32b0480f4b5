"""From data to the few dots a terminal can show: gaps, decimation, clipping. Plain numbers only."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice, pairwise
from operator import le
from typing import TYPE_CHECKING

LIMIT = 1e300
"""Numbers of this size and beyond are gaps, like NaN."""

Point = tuple[float, float]
Dot = tuple[int, int]

if TYPE_CHECKING:
    from numpy import int_
    from numpy.typing import NDArray

    Places = NDArray[int_]
    """Many dots: columns and rows (n, 2) from the upper left."""


def is_drawable(y: float, *, log: bool) -> bool:
    """Return whether y has a place on an axis."""
    return (0 if log else -LIMIT) < y < LIMIT


@dataclass(frozen=True)
class Trace:
    """What can be drawn of a curve; breaks are the indices that come after a gap."""

    xs: Sequence[float]
    ys: Sequence[float]
    breaks: frozenset[int] = frozenset()

    @classmethod
    def of(cls, xs: Sequence[float], ys: Sequence[float], *, log: bool) -> Trace:
        """Return the drawable part of xs and ys, which have the same length."""
        # Nearly every curve is drawable as it is: found out without a step of Python per point.
        # A sum is finite only if everything in it is.
        trace = cls(xs, ys)
        if not xs or (
            math.isfinite(sum(xs))
            and math.isfinite(sum(ys))
            and all(is_drawable(x, log=False) for x in trace.x_ends)
            and all(is_drawable(y, log=log) for y in trace.y_ends)
        ):
            return trace
        drawable: list[Point] = []
        breaks = set()
        for x, y in zip(xs, ys, strict=True):
            if is_drawable(x, log=False) and is_drawable(y, log=log):
                drawable.append((x, y))
            else:
                breaks.add(len(drawable))
        return cls([x for x, _ in drawable], [y for _, y in drawable], frozenset(breaks))

    @cached_property
    def x_ends(self) -> tuple[float, float]:
        """The least and the greatest x; there must be one."""
        return min(self.xs), max(self.xs)

    @cached_property
    def y_ends(self) -> tuple[float, float]:
        """The least and the greatest y; there must be one."""
        return min(self.ys), max(self.ys)

    def heights(self, left: float, right: float) -> tuple[float, float] | None:
        """Return the least and the greatest y of the points in left..right, if there are any."""
        if self.xs and left <= self.x_ends[0] and self.x_ends[1] <= right:
            return self.y_ends
        ys = [y for x, y in zip(self.xs, self.ys, strict=True) if left <= x <= right]
        return (min(ys), max(ys)) if ys else None

    def stretches(self, left: float, right: float, columns: int) -> list[list[Point]]:
        """Return the unbroken lines to draw: thinned out where x never goes back."""
        if all(map(le, self.xs, islice(self.xs, 1, None))):
            return decimate(self.xs, self.ys, left, right, columns, self.breaks)
        points = list(zip(self.xs, self.ys, strict=True))
        cuts = [0, *sorted(self.breaks), len(points)]
        return [points[start:end] for start, end in pairwise(cuts) if start < end]


def decimate(
    xs: Sequence[float],
    ys: Sequence[float],
    left: float,
    right: float,
    columns: int,
    breaks: frozenset[int] = frozenset(),
) -> list[list[Point]]:
    """Thin a curve to the lowest and the highest point of each column of left..right.

    Where there are no more than two points a column, all of them are kept.
    xs must not decrease. Returns the stretches between breaks; a break within a column is not
    seen. The nearest point on either side of left..right is kept: a line leads to it.
    """
    begin, end = bisect_left(xs, left), bisect_right(xs, right)
    width, few = right - left, end - begin <= 2 * columns
    edges = (left + width * (column / columns) for column in range(1, columns))
    bounds = [begin, *(bisect_left(xs, edge, begin, end) for edge in edges), end]
    bounds = [max(begin - 1, 0), *bounds, min(end + 1, len(xs))]
    stretches: list[list[Point]] = []
    for start, stop in pairwise(bounds):
        if start == stop:
            continue
        run = ys[start:stop]
        extremes = range(len(run)) if few else {run.index(min(run)), run.index(max(run))}
        if start in breaks or not stretches:
            stretches.append([])
        stretches[-1] += [(xs[start + i], run[i]) for i in sorted(extremes)]
    return stretches


@dataclass(frozen=True)
class Window:
    """The part of the plane on show; low and high are in axis units (log10 on a log axis)."""

    left: float
    right: float
    low: float
    high: float
    log: bool
    step: float = 0.0
    """From one tick of y to the next; 0 where the range was asked for, which may suit none."""

    def height(self, y: float) -> float:
        """Return a drawable y in axis units."""
        return math.log10(y) if self.log else y

    def units(self, points: Iterable[Point]) -> list[Point]:
        """Return the places of drawable points: (0, 0) lower left, (1, 1) upper right.

        Far outside is far enough: an infinity could not be clipped.
        """
        left, width = self.left, self.right - self.left
        low, height = self.low, self.high - self.low
        places: list[Point] = []
        for x, y in points:
            across = (x - left) / width
            up = ((math.log10(y) if self.log else y) - low) / height
            if not (-1e6 < across < 1e6 and -1e6 < up < 1e6):
                across, up = min(max(across, -1e6), 1e6), min(max(up, -1e6), 1e6)
            places.append((across, up))
        return places


def is_inside(point: Point) -> bool:
    """Return whether a point lies in the unit square."""
    return 0 <= point[0] <= 1 and 0 <= point[1] <= 1


def clipped(places: list[Point]) -> list[list[Point]]:
    """Return the pieces of a line that lie inside the unit square."""
    if all(map(is_inside, places)):
        return [places]
    pieces: list[list[Point]] = []
    for start, end in pairwise(places):
        part = _clipped_segment(start, end)
        if part and pieces and pieces[-1][-1] == part[0]:
            pieces[-1].append(part[1])
        elif part:
            pieces.append([*part])
    return pieces


def _clipped_segment(start: Point, end: Point) -> tuple[Point, Point] | None:
    """Return the part of a segment inside the unit square (Liang and Barsky's way)."""
    enter, leave = 0.0, 1.0
    for here, there in zip(start, end, strict=True):
        way = there - here
        if way == 0:
            if not 0 <= here <= 1:
                return None
            continue
        near, far = sorted((-here / way, (1 - here) / way))
        enter, leave = max(enter, near), min(leave, far)
    if enter > leave:
        return None
    first, last = (
        (start[0] + part * (end[0] - start[0]), start[1] + part * (end[1] - start[1]))
        for part in (enter, leave)
    )
    return first, end if leave == 1 else last


def straightened(dots: list[Dot]) -> list[Dot]:
    """Drop dots between two others on one straight line: plotext's cost is per point."""
    corners = dots[:1]
    for dot in dots[1:]:
        if dot == corners[-1]:
            continue
        if len(corners) > 1:
            (ax, ay), (bx, by), (cx, cy) = corners[-2], corners[-1], dot
            turn = (bx - ax) * (cy - by) - (by - ay) * (cx - bx)
            onward = (bx - ax) * (cx - bx) + (by - ay) * (cy - by)
            if turn == 0 and onward > 0:
                corners.pop()
        corners.append(dot)
    return corners


def once(dots: Sequence[Dot]) -> list[tuple[Dot, ...]]:
    """Cut a line up where it goes a way that it has gone before: it would draw the same again.

    A run at the bottom of a valley goes to and fro between a few dots.
    """
    if len(dots) < 2:
        return [tuple(dots)]
    gone: set[tuple[Dot, Dot]] = set()
    pieces: list[list[Dot]] = []
    for way in pairwise(dots):
        if way in gone:
            continue
        gone.add(way)
        if pieces and pieces[-1][-1] == way[0]:
            pieces[-1].append(way[1])
        else:
            pieces.append([*way])
    return [tuple(piece) for piece in pieces]
