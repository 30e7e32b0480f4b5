"""The canvas of a chart: where it lies on the page, and where on it a place of the data lies."""

from __future__ import annotations

from dataclasses import dataclass

from tui.drawing.trace import Dot, Point, Window

LARGEST = 300.0
"""Power of ten beyond which an axis has no values."""


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

    def x_at(self, column: int) -> float:
        """Return the x in the middle of a page column, at an end of the canvas for one beyond it.

        The column of this x is that column again, and no x of the column is more than half of its
        width away.
        """
        across = share(column - self.column, self.dots[0], self.width)
        return self.window.left + across * (self.window.right - self.window.left)

    def y_at(self, row: int) -> float:
        """Return the y in the middle of a page row, as `x_at` does; on a log axis 10 to that."""
        down = share(row - self.row, self.dots[1], self.height)
        y = self.window.high - down * (self.window.high - self.window.low)
        return 10.0 ** min(y, LARGEST) if self.window.log else y

    def holds(self, column: int, row: int) -> bool:
        """Return whether a cell of the page is one of the canvas."""
        return 0 <= column - self.column < self.width and 0 <= row - self.row < self.height


def share(cell: int, dots: int, count: int) -> float:
    """Return how far the middle of a cell is from the first dot of all to the last, 0 to 1.

    There are `count` cells of so many dots each.
    """
    last = count * dots - 1
    return min(max((cell * dots + (dots - 1) / 2) / last, 0.0), 1.0) if last > 0 else 0.5
