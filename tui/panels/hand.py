"""What takes the keys of a chart for itself, while something on it is moved by hand."""

from __future__ import annotations

from typing import Protocol

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

    def grab(self, at: Point) -> bool:
        """The button of the mouse goes down; whether what follows is the hand's."""

    def drag(self, at: Point) -> None:
        """The pointer moves with the button down."""

    def click(self, at: Point, other: bool) -> None:
        """The button comes up; `other` is the right one, or ctrl with the left one."""

    def drawn(self, chart: Chart) -> Chart:
        """The chart as it is drawn meanwhile."""

    def words(self) -> str:
        """What is held, and by which keys it is moved."""
