"""The canvas of a chart: where it lies on the page, and where on it a place of the data lies."""

from __future__ import annotations

from dataclasses import dataclass

from tui.drawing.trace import Dot, Point, Window


@dataclass(frozen=True)
class Area:
    """The canvas: its place on the page, in cells, its dots per cell, and what it shows."""

    column: int
    row: int
    width: int
    height: int
    dots: tuple[int, int]
    window: Window

    def dot(self, point: Point) -> Dot:
        """Return the dot at a point of the unit square, counted from the upper left."""
        across, down = self.width * self.dots[0] - 1, self.height * self.dots[1] - 1
        return round(point[0] * across), round((1 - point[1]) * down)

    def cell(self, dot: Dot) -> tuple[int, int]:
        """Return the page column and row of a dot."""
        return self.column + dot[0] // self.dots[0], self.row + dot[1] // self.dots[1]

    def row_of(self, y: float) -> int | None:
        """Return the page row of a y in axis units, or None where it is not on show."""
        low, high = self.window.low, self.window.high
        return self.cell(self.dot((0, (y - low) / (high - low))))[1] if low <= y <= high else None

    def column_of(self, x: float) -> int | None:
        """Return the page column of an x, or None where it is not on show."""
        left, right = self.window.left, self.window.right
        across = (x - left) / (right - left)
        return self.cell(self.dot((across, 0)))[0] if left <= x <= right else None
