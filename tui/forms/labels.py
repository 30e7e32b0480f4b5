"""What stands before the fields of a form."""

from __future__ import annotations

from collections.abc import Mapping

from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget


class Labels(Widget):
    """A column of labels, a line each, before a column of what they are called by."""

    ALLOW_SELECT = False  # each part of a form has its label in what is selected of it
    texts: Mapping[str, str] = {}
    """The labels by the keys of the rows, from the top."""

    def put(self, texts: Mapping[str, str]) -> None:
        """Show other labels; the same again cost nothing."""
        if texts != self.texts:
            is_as_high = len(texts) == len(self.texts)
            self.texts = texts
            self.refresh(layout=not is_as_high)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """A line for each."""
        return len(self.texts)

    def render(self) -> Content:
        """The labels, none of them up to the right end of the column."""
        room = max(self.size.width - 1, 0)
        lines = (Content(text).truncate(room, ellipsis=True) for text in self.texts.values())
        return Content("\n").join(lines)
