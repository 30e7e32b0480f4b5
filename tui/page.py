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
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

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
    | {"×": "x", "·": "*", "−": "-", "–": "-", "—": "-", "…": "...", "→": "->", "↑": "^", "‖": "|"}
    | {"ŷ": "y^", "ᵏ": "^k", "ℓ": "l", "′": "'", "″": "''"}
)


RAMP = ("#00224e", "#1a386f", "#434e6c", "#61656f", "#7d7c78", "#9b9476", "#bcae6c", "#ddc95a")
"""Dark to light, even to the eye and told apart with any colour vision (after cividis)."""
SHADES = ".,:-=+*%"
"""The same steps in ASCII."""


def step_of(value: float, low: float, high: float) -> int:
    """The step of the ramp for a value from low to high."""
    share = (value - low) / (high - low) if high > low else 0.0
    return min(int(share * len(RAMP)), len(RAMP) - 1)


def mixed(other: str, share: float) -> tuple[str, ...]:
    """The ramp with so much of another colour in it, as #rrggbb: behind curves it must be quiet."""
    parts = [[int(color[at : at + 2], 16) for at in (1, 3, 5)] for color in (*RAMP, other)]
    blend = [
        [round(part * (1 - share) + end * share) for part, end in zip(step, parts[-1], strict=True)]
        for step in parts[:-1]
    ]
    return tuple("#" + "".join(f"{part:02x}" for part in step) for step in blend)


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
    ink: str = ""
    """What stands out most, whatever is behind it."""
    series: tuple[str, ...] = ()
    ramp: tuple[str, ...] = ()
    """The colours behind curves; without them shades take their place."""

    def style(self, color: str | int) -> Style:
        """Return the style of a role, of a series number, or of a colour."""
        if isinstance(color, int):
            return _style(self.series[color % len(self.series)] if self.series else "", False)
        name = str(getattr(self, color)) if color in _ROLES else color
        return _style(name, not name and color in ("before", "faint", "axis"))


_ROLES = frozenset(field.name for field in fields(Palette)) - {"series", "ramp"}

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
    ink="#ffffff",
    series=("#56b4e9", "#e69f00", "#1fb58a", "#cc79a7", "#f0e442", "#e8743b"),
    ramp=mixed("#000000", 0.45),
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
    ink="#000000",
    series=("#0072b2", "#b87700", "#007a5a", "#a94f82", "#6b6400", "#c04a00"),
    ramp=mixed("#ffffff", 0.55),
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


class Picture(Widget):
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
