"""The screen below a dialog, dimmed, behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from rich.segment import Segment
from rich.style import Style as RichStyle
from textual.color import Color
from textual.css.styles import RulesMap
from textual.geometry import Offset
from textual.renderables.background_screen import BackgroundScreen
from textual.strip import Strip
from textual.style import Style
from textual.visual import RenderOptions, Visual


class Backdrop(Visual):
    """Does what Textual's BackgroundScreen does, which goes through Rich cell by cell.

    That takes half of the time in which a dialog opens. A screen has few styles, and each of them
    is dimmed once.
    """

    def __init__(self, below: BackgroundScreen, lines: Sequence[Strip]) -> None:
        self.below, self.size, self.lines = below, below.screen.size, lines
        self.marks: Mapping[Offset, Segment] = {}
        """Characters that stand on it, not dimmed."""
        self.strips: list[Strip] = []
        """The lines, once they are made."""

    def shows(self, below: BackgroundScreen) -> bool:
        """Whether this is the same screen, as large, under the same color."""
        return (self.below.screen, self.below.color, self.size) == (
            below.screen,
            below.color,
            below.screen.size,
        )

    def render_strips(
        self, width: int, height: int | None, style: Style, options: RenderOptions
    ) -> list[Strip]:
        """The lines of the screen below, dimmed."""
        if not self.strips:
            color = self.below.color
            self.strips = [
                Strip(
                    [Segment(text, dimmed(style, color)) for text, style, _ in strip],
                    strip.cell_length,
                )
                for strip in self.lines
            ]
            for place, mark in self.marks.items():
                if place.y >= len(self.strips):  # the terminal has become smaller meanwhile
                    continue
                self.strips[place.y] = with_mark(self.strips[place.y], place.x, mark)
        return self.strips[:height]

    def get_optimal_width(self, rules: RulesMap, container_width: int) -> int:
        """As wide as there is room."""
        return container_width

    def get_height(self, rules: RulesMap, width: int) -> int:
        """As high as the screen below."""
        return self.below.screen.size.height


def with_mark(strip: Strip, x: int, mark: Segment) -> Strip:
    """A line with one character in place of what stands there."""
    return Strip.join([strip.crop(0, x), Strip([mark], 1), strip.crop(x + 1)])


@lru_cache(1024)
def dimmed(style: RichStyle | None, color: Color) -> RichStyle:
    """A style under a translucent color, without links and what the mouse would do."""
    segment = next(iter(BackgroundScreen.process_segments([Segment(" ", style)], color)))
    return segment.style or RichStyle.null()
