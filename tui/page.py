"""What charts are written on: a page of character cells, and the colours on it."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import lru_cache

from rich.cells import cell_len
from rich.color import ColorParseError
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

_ASCII = str.maketrans(
    {"│": "|", "┤": "+", "┬": "+", "└": "+", "─": "-", "╌": "-", "•": "*"}
    | {
        "½": "1/2",
        "²": "^2",
        "σ": "sigma",
        "θ": "theta",
        "λ": "lambda",
        "κ": "kappa",
        "η": "lr",
        "∇": "grad",
    }
    | {"×": "x", "·": "*", "−": "-", "–": "-", "—": "-", "…": "...", "→": "->", "‖": "|"}
    | {"ŷ": "y^"}
)


@dataclass(frozen=True)
class Palette:
    """A colour per role, as #rrggbb; an empty one leaves the terminal's own colour."""

    now: str = ""
    before: str = ""
    faint: str = ""
    data: str = ""
    fit: str = ""
    reference: str = ""
    axis: str = ""
    text: str = ""
    series: tuple[str, ...] = ()

    def style(self, color: str | int) -> Style:
        """Return the style of a role, of a series number, or of a colour."""
        if isinstance(color, int):
            return _style(self.series[color % len(self.series)] if self.series else "", False)
        name = str(getattr(self, color)) if color in _ROLES else color
        return _style(name, not name and color in ("before", "faint", "axis"))


_ROLES = frozenset(field.name for field in fields(Palette)) - {"series"}

# The colours are Okabe and Ito's, told apart with any kind of colour vision; darker on light.
DARK = Palette(
    now="#56b4e9",
    before="#8b93a1",
    faint="#5c6370",
    data="#e69f00",
    fit="#56b4e9",
    reference="#cc79a7",
    axis="#6b7280",
    text="#a3abb8",
    series=("#56b4e9", "#e69f00", "#1fb58a", "#cc79a7", "#f0e442", "#e8743b"),
)
LIGHT = Palette(
    now="#0072b2",
    before="#7b808a",
    faint="#a9aeb7",
    data="#b87700",
    fit="#0072b2",
    reference="#a94f82",
    axis="#858a94",
    text="#50565f",
    series=("#0072b2", "#b87700", "#007a5a", "#a94f82", "#6b6400", "#c04a00"),
)
MONO = Palette()


@lru_cache(maxsize=64)
def _style(color: str, dim: bool) -> Style:
    try:
        return Style(color=color or None, dim=dim or None)
    except ColorParseError:
        return Style()


def clean(text: str, ascii: bool) -> str:
    """Return text of which every character fills one or two cells, whatever was in it."""
    text = unicodedata.normalize("NFC", text)
    if ascii:
        text = text.translate(_ASCII).encode("ascii", "replace").decode("ascii")
    # Emoji are left out: how wide a terminal draws them depends on their neighbours.
    shown = (c if c.isprintable() and c < "\U0001f000" else " " for c in text)
    return "".join(c for c in shown if cell_len(c))


class Page:
    """Rows of styled character cells; what is written beside it is lost."""

    def __init__(self, width: int, height: int, ascii: bool) -> None:
        self.width, self.height, self.ascii = max(width, 0), max(height, 0), ascii
        self._characters = [[" "] * self.width for _ in range(self.height)]
        self._styles = [[Style.null()] * self.width for _ in range(self.height)]

    def put(self, column: int, row: int, character: str, style: Style) -> None:
        """Set one cell of the page to a character one cell wide."""
        self._characters[row][column] = character
        self._styles[row][column] = style

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
