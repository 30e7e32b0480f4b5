"""Themes, and the colours that drawing takes from them."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import lru_cache

from rich.color import ColorParseError
from rich.style import Style
from textual.theme import Theme

from tui.ramp import mixed

THEMES = (
    Theme(
        name="linreg-dark",
        primary="#56b4e9",
        accent="#56b4e9",
        foreground="#d8dee9",
        background="#14171c",
        surface="#14171c",
        panel="#1c2027",
        success="#1fb58a",
        warning="#e69f00",
        error="#e8743b",
        dark=True,
    ),
    Theme(
        name="linreg-light",
        primary="#0072b2",
        accent="#0072b2",
        foreground="#23272e",
        background="#fbfbf8",
        surface="#fbfbf8",
        panel="#efefe9",
        success="#007a5a",
        warning="#8a5a00",
        error="#b03a00",
        dark=False,
    ),
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
    preview: str = ""
    axis: str = ""
    text: str = ""
    ink: str = ""
    """What stands out most, whatever is behind it."""
    marked: str = ""
    """Behind what the mouse marks."""
    series: tuple[str, ...] = ()
    ramp: tuple[str, ...] = ()
    """The colours behind curves; without them shades take their place."""

    def style(self, color: str | int) -> Style:
        """Return the style of a role, of a series number, or of a colour."""
        if isinstance(color, int):
            return _style(self.series[color % len(self.series)] if self.series else "", False)
        name = str(getattr(self, color)) if color in _ROLES else color
        return _style(name, not name and color in ("before", "faint", "axis"))

    def stark(self) -> Palette:
        """The same colours for curves, and full contrast for what stands around them."""
        ink = self.ink or "default"
        return replace(self, axis=ink, text=ink, before=self.text or "default")


_ROLES = frozenset(field.name for field in fields(Palette)) - {"series", "ramp", "marked"}

# The colours are Okabe and Ito's, told apart with any kind of colour vision; darker on light.
DARK = Palette(
    now="#56b4e9",
    before="#8b93a1",
    faint="#7b8290",
    data="#e69f00",
    fit="#56b4e9",
    reference="#cc79a7",
    preview="#f0e442",
    axis="#7f8795",
    text="#a3abb8",
    ink="#ffffff",
    marked="#2b3340",
    series=("#56b4e9", "#e69f00", "#1fb58a", "#cc79a7", "#f0e442", "#e8743b"),
    ramp=mixed("#000000", 0.45),
)
LIGHT = Palette(
    now="#0072b2",
    before="#646973",
    faint="#6f747e",
    data="#946000",
    fit="#0072b2",
    reference="#a94f82",
    preview="#6b6400",
    axis="#6a6f79",
    text="#50565f",
    ink="#000000",
    marked="#dde3ea",
    series=("#0072b2", "#946000", "#007a5a", "#a94f82", "#6b6400", "#c04a00"),
    ramp=mixed("#ffffff", 0.55),
)
MONO = Palette()


@lru_cache(maxsize=64)
def _style(color: str, dim: bool) -> Style:
    try:
        return Style(color=color or None, dim=dim or None)
    except ColorParseError:
        return Style()
