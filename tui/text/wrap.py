"""Wrapping: between words, and between the characters of Chinese, which has no spaces."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from rich.cells import cell_len
from rich.segment import Segment
from rich.text import Text
from textual.content import Content
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip

from tui.selecting import Selectable

CLOSING = frozenset("，。、；：？！）」』】》〉”’…—％,.;:?!)]}%")
"""Characters that do not begin a line."""
OPENING = frozenset("（「『【《〈“‘([{")
"""Characters that do not end a line."""
EMPTY = Content()
WORD = re.compile("[^ ]+ *|^ +")
"""A word with the spaces after it, or the spaces at the start."""


@dataclass(frozen=True)
class Block:
    """Text that is wrapped as one: a paragraph, an entry of a list, a line of code or a table."""

    content: Content
    lead: str = ""
    """What stands before its first line."""
    hang: str = ""
    """What stands before the others."""

    def lines(self, width: int) -> Iterator[Content]:
        """The lines for a width in cells."""
        if not self.lead and not self.hang:
            yield from wrapped(self.content, max(width, 1))
            return
        lead = self.lead
        room = width - max(cell_len(lead), cell_len(self.hang))
        for line in wrapped(self.content, max(room, 1)):
            yield Content.assemble((lead, "dim"), line)
            lead = self.hang


class Lines(Selectable):
    """Blocks of text below each other; a line is drawn when it is seen."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.laid: dict[int, list[Content]] = {}
        """The lines for each width that was asked for; a scrollbar makes two of them."""

    def blocks_for(self, width: int) -> Iterable[Block]:
        """The blocks for a width in cells."""
        raise NotImplementedError

    def lines(self, width: int) -> list[Content]:
        """The lines for a width in cells."""
        if width not in self.laid:
            blocks = self.blocks_for(width)
            self.laid[width] = [line for block in blocks for line in block.lines(width)]
        return self.laid[width]

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many rows as there are lines."""
        return len(self.lines(width))

    def render_line(self, y: int) -> Strip:
        """A line of those for the width that there is now."""
        width, top = self.scrollable_size.width, self.scroll_offset.y
        seen = self.lines(width)[top + y :][:1] if width else []
        return self.selectable(self.drawn(*seen), y, top)

    def drawn(self, line: Content = EMPTY) -> Strip:
        """A line of text in the colours of the widget; it is wrapped, so it fits."""
        pieces = line.render(self.visual_style, end="", parse_style=self._get_style)
        strip = Strip([Segment(text, style.rich_style) for text, style in pieces])
        return strip._apply_link_style(self.link_style) if line.spans else strip


class Prose(Lines):
    """Text as high as it is, beside other things; it may be replaced."""

    def __init__(self, blocks: Iterable[Block], classes: str | None = None) -> None:
        super().__init__(classes=classes)
        self.blocks = tuple(blocks)

    def put(self, blocks: Iterable[Block]) -> None:
        """Show other blocks; the same ones again cost nothing."""
        blocks = tuple(blocks)
        if blocks != self.blocks:
            self.blocks = blocks
            self.laid = {}
            self.refresh(layout=True)

    def blocks_for(self, width: int) -> Iterable[Block]:
        """The same ones for each width."""
        return self.blocks


class Page(ScrollView, Lines, can_focus=True):
    """Text that is read by scrolling, made for the width that there is, as tables are."""

    def __init__(self, make: Callable[[int], Iterable[Block]]) -> None:
        super().__init__()
        self.make = make

    def blocks_for(self, width: int) -> Iterable[Block]:
        """The blocks as they are made for a width in cells."""
        return self.make(width)

    def width_within(self, room: Size) -> int:
        """The cells of a line: a scrollbar takes some of the room where not all lines fit in.

        A long text is made for one width only: without a scrollbar it would not be half as long.
        """
        beside = room.width - self.styles.scrollbar_size_vertical
        rows = len(self.lines(beside))
        if room.height < rows <= 2 * room.height:
            rows = len(self.lines(room.width))
        return beside if rows > room.height else room.width

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many rows as there are lines; the stylesheet bounds them.

        A scrollbar that is needed anyway is there for the first layout.
        """
        beside = self.width_within(container.with_width(width))
        if beside < width:
            self.set_reactive(ScrollView.show_vertical_scrollbar, True)
        return len(self.lines(beside))

    def _size_updated(
        self, size: Size, virtual_size: Size, container_size: Size, layout: bool = True
    ) -> bool:
        """Lay the lines out for the room that there is."""
        width = self.width_within(size - self.styles.gutter.totals)
        self.set_reactive(ScrollView.virtual_size, Size(width, len(self.lines(width))))
        return super()._size_updated(size, virtual_size, container_size, layout)

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """The selected characters, of lines that are not seen too."""
        lines = self.lines(self.scrollable_size.width)
        return selection.extract("\n".join(line.plain for line in lines)), "\n"


def blocks_of(text: Text) -> list[Block]:
    """Each line of a text as a block."""
    lines = Content.from_rich_text(text).split("\n", allow_blank=True)
    return [Block(line) for line in lines]


def wrapped(content: Content, width: int) -> list[Content]:
    """Lines of at most `width` cells; a word that is longer is broken, spaces at the ends go."""
    text = content.plain
    if cell_len(text) <= width:
        return [content if text[-1:] != " " else content.rstrip()]
    cuts: list[int] = []
    start = room = 0
    for word, after in words(text):
        size = cell_len(text[word:after].rstrip())
        if room and room + size > width:
            cuts.append(word)
            start, room = word, 0
        while size > width:  # a word alone on its line
            end = start
            while end < after and cell_len(text[start : end + 1]) <= width:
                end += 1
            end = max(end, start + 1)
            if end >= after:
                break
            cuts.append(end)
            start, size = end, cell_len(text[end:after].rstrip())
        room = cell_len(text[start:after])
    return [line.rstrip() for line in content.divide(cuts)] if cuts else [content.rstrip()]


def words(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of what stays together on a line, spaces after it included."""
    if text and cell_len(text) == len(text):  # no character is wide: only spaces part
        yield from (match.span() for match in WORD.finditer(text))
        return
    start = 0
    for index in range(1, len(text)):
        before, after = text[index - 1], text[index]
        wide = cell_len(before) == 2 or cell_len(after) == 2
        parts = before == " " if after != " " else False
        if parts or (wide and after not in CLOSING and before not in OPENING and after != " "):
            yield start, index
            start = index
    yield start, len(text)
