"""What takes the keys of a chart for itself, while something on it is moved by hand."""

from __future__ import annotations

from typing import Protocol

from tui.charts.view import Survey
from tui.drawing.chart import Chart
from tui.drawing.trace import Point


class Hand(Protocol):
    """A mode of a chart; it ends where the chart loses the focus."""

    title: str
    """What stands beside the title of the panel meanwhile."""

    @property
    def is_over(self) -> bool:
        """Whether there is nothing left to be moved: steps were taken, or a change taken back."""

    def press(self, key: str) -> bool:
        """Take a key; whether it meant anything here."""

    def grab(self, at: Point, over: Survey | None) -> bool:
        """The button of the mouse goes down over a plane, or else over the data.

        Whether what follows is the hand's.
        """

    def drag(self, at: Point) -> None:
        """The pointer moves with the button down; beyond the chart it is at the edge."""

    def release(self, at: Point | None, other: bool) -> None:
        """The button comes up, on the chart or beside it; `other`: the right one, or with ctrl."""

    def drawn(self, chart: Chart) -> Chart:
        """The chart as it is drawn meanwhile."""

    def words(self, over: Survey | None) -> str:
        """What is held, and by which keys it is moved, or by the mouse, over a plane or not."""
