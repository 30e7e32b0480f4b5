"""Contrast of all that is read, by the formula of WCAG 2.1: 4.5:1 at least, in both themes."""

from __future__ import annotations

from dataclasses import fields

import pytest
from rich.color import Color
from rich.style import Style
from textual.theme import Theme

from tests.support.pilots import app_showing, become, calm, settled
from tests.support.snapshots import diverged, finished, ready
from tui.app import LinregApp
from tui.settings import Settings
from tui.themes import DARK, LIGHT, THEMES, Palette

LEAST = 4.5
LEAST_WHILE_MARKED = 3
"""Where the mouse is just marking a part of a chart."""
FRAME = range(0x2500, 0x25A0)
"""Box drawing and blocks: lines around what is read."""


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, #rrggbb: (L₁ + 0.05) / (L₂ + 0.05)."""
    darker, lighter = sorted(map(luminance, (one, other)))
    return (lighter + 0.05) / (darker + 0.05)


def luminance(color: str) -> float:
    """Relative luminance of a colour of sRGB."""
    shares = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_the_formula_agrees_with_numbers_of_the_standard() -> None:
    """Black on white is 21:1; #767676 is the lightest grey that passes on white."""
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.005)
    assert contrast("#777777", "#ffffff") < LEAST


@pytest.mark.parametrize(("palette", "theme"), zip((DARK, LIGHT), THEMES, strict=True))
def test_every_colour_of_a_chart_is_seen(palette: Palette, theme: Theme) -> None:
    others = ("series", "ramp", "marked")
    names = [field.name for field in fields(palette) if field.name not in others]
    for color in (*(getattr(palette, name) for name in names), *palette.series):
        assert contrast(color, str(theme.background)) >= LEAST, color
        assert contrast(color, palette.marked) >= LEAST_WHILE_MARKED, color


@pytest.mark.parametrize("theme", [theme.name for theme in THEMES])
async def test_all_words_on_the_screen_are_read(theme: str, undrawn: None) -> None:
    """Ticks, labels, hints, values; a chart's dots too, but no borders."""
    app = app_showing(ready(), settings=Settings(theme=theme))
    async with app.run_test(size=(120, 34)) as pilot:
        await settled(pilot)
        faint: dict[tuple[str, str], tuple[str, float]] = {}
        for snapshot, view in ((ready(), "v"), (finished(2), "v"), (diverged(3), "p")):
            await become(pilot, snapshot)
            await pilot.press(view)
            await calm(pilot)
            faint |= {
                pair: (text, ratio)
                for text, pair in shown(app)
                if (ratio := contrast(*pair)) < LEAST
            }
    assert not faint, "\n".join(map(str, faint.items()))


def shown(app: LinregApp) -> list[tuple[str, tuple[str, str]]]:
    """Every text of the screen on top that is no border, with its colour and background."""
    return [
        (segment.text.strip(), (hexadecimal(style.color), hexadecimal(style.bgcolor)))
        for strip in app.screen._compositor.render_strips()
        for segment in strip
        if (style := segment.style or Style()).color and style.bgcolor
        if any(not c.isspace() and ord(c) not in FRAME for c in segment.text)
    ]


def hexadecimal(color: Color | None) -> str:
    """A colour as #rrggbb."""
    assert color
    return color.get_truecolor().hex
