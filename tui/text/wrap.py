"""Wrapping: between words, and between the characters of Chinese, which has no spaces."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from rich.cells import cell_len
from rich.text import Text
from textual.content import Content
from textual.geometry import Size
from textual.strip import Strip
from textual.visual import Visual

from tui.selecting import Selectable

CLOSING = frozenset("，。、；：？！）」』】》〉”’…—％,.;:?!)]}%")
"""Characters that do not begin a line."""
OPENING = frozenset("（「『【《〈“‘([{")
"""Characters that do not end a line."""
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


class Prose(Selectable):
    """Blocks of text below each other; a line is drawn when it is seen."""

    def __init__(self, blocks: Iterable[Block], classes: str | None = None) -> None:
        super().__init__(classes=classes)
        self.blocks = tuple(blocks)
        self.laid: dict[int, list[Content]] = {}
        """The lines for each width that was asked for; a scrollbar makes two of them."""

    def put(self, blocks: Iterable[Block]) -> None:
        """Show other blocks; the same ones again cost nothing."""
        blocks = tuple(blocks)
        if blocks != self.blocks:
            self.blocks = blocks
            self.laid = {}
            self.refresh(layout=True)

    def lines(self, width: int) -> list[Content]:
        """The lines for a width in cells."""
        if width not in self.laid:
            self.laid[width] = [line for block in self.blocks for line in block.lines(width)]
        return self.laid[width]

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many rows as there are lines."""
        return len(self.lines(width))

    def render_line(self, y: int) -> Strip:
        """A line of those for the width that there is now."""
        width, lines = self.size.width, self.lines(self.size.width)
        line = lines[y] if y < len(lines) else Content()
        (strip,) = Visual.to_strips(
            self, line, width, 1, self.visual_style, apply_selection=False
        ) or (Strip([]),)
        return self.selectable(strip, y)


class Page(Prose):
    """Blocks that are made for the width that there is, as tables are."""

    def __init__(self, make: Callable[[int], Iterable[Block]]) -> None:
        super().__init__(())
        self.make = make

    def lines(self, width: int) -> list[Content]:
        """The lines for a width in cells."""
        if width not in self.laid:
            self.blocks = tuple(self.make(width))
        return super().lines(width)


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
