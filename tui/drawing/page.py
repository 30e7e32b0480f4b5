"""What charts are written on: a page of character cells, and the colours on it."""

from __future__ import annotations

from collections.abc import Iterator

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.reactive import reactive
from textual.strip import Strip

from tui.ascii import clean
from tui.selecting import Selectable
from tui.themes import DARK, Palette


class Picture(Selectable):
    """Something with colours of its own; the app says which, and whether ASCII is wanted."""

    palette: reactive[Palette] = reactive(DARK)
    ascii: reactive[bool] = reactive(False)


class Page:
    """Rows of styled character cells; what is written beside it is lost."""

    def __init__(self, width: int, height: int, ascii: bool) -> None:
        self.width, self.height, self.ascii = max(width, 0), max(height, 0), ascii
        self._characters = [[" "] * self.width for _ in range(self.height)]
        self._styles = [[Style.null()] * self.width for _ in range(self.height)]
        self._grounds: dict[tuple[int, int], Style] = {}

    def ground(self, column: int, row: int, style: Style) -> None:
        """Give one cell a background, which stays behind whatever is written there."""
        self._grounds[column, row] = style
        self.put(column, row, " ", style)

    def put(self, column: int, row: int, character: str, style: Style) -> None:
        """Set one cell of the page to a character one cell wide."""
        self._characters[row][column] = character
        ground = self._grounds.get((column, row))
        self._styles[row][column] = ground + style if ground else style

    def write(self, column: int, row: int, text: str, style: Style) -> None:
        """Write text from a cell on, cleaned, and in ASCII mode in ASCII."""
        for character in clean(text, self.ascii):
            size = cell_len(character)
            if 0 <= row < self.height and 0 <= column <= self.width - size:
                self.put(column, row, character, style)
                if size == 2:  # its second cell is empty, so that the row keeps its width
                    self.put(column + 1, row, "", style)
            column += size

    def strips(self) -> list[Strip]:
        """Return the page, one strip per row."""
        return [
            Strip(list(_segments(characters, styles)), self.width)
            for characters, styles in zip(self._characters, self._styles, strict=True)
        ]


def _segments(characters: list[str], styles: list[Style]) -> Iterator[Segment]:
    start = 0
    for end in range(1, len(styles) + 1):
        if end == len(styles) or styles[end] is not styles[start]:
            yield Segment("".join(characters[start:end]), styles[start])
            start = end
