"""Lines of text that change while a run goes on."""

from __future__ import annotations

from rich.cells import cell_len
from rich.text import Text
from textual.content import Content
from textual.widgets import Static


class Words(Static):
    """Text that is replaced often; the whole screen is laid out anew only for another height."""

    needed = 0, -1
    """The width that was there, and the rows that the lines took of it."""
    shown: tuple[Content | Text, int] | None = None

    def put(self, text: Content | Text) -> None:
        """Show these lines; the same ones again cost nothing."""
        width = max(self.size.width, 1)
        if self.shown == (text, width):
            return
        self.shown = (text, width)
        rows = sum(-(-cell_len(line) // width) or 1 for line in text.plain.split("\n"))
        needed = width, rows
        self.update(text, layout=needed != self.needed)
        self.needed = needed
