"""What takes the keys of a chart for itself, while something on it is moved by hand."""

from __future__ import annotations

from typing import Protocol

from tui.drawing.chart import Chart


class Hand(Protocol):
    """A mode of a chart; it ends where the chart loses the focus."""

    title: str
    """What stands beside the title of the panel meanwhile."""

    def press(self, key: str) -> bool:
        """Take a key; whether it meant anything here."""

    def drawn(self, chart: Chart) -> Chart:
        """The chart as it is drawn meanwhile."""

    def words(self) -> str:
        """What is held, and by which keys it is moved."""
