"""Where a letter goes: the panels in a list, and each of them and each field marked by its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rich.segment import Segment
from textual.events import Click, Resize
from textual.geometry import Offset

from engine.support.translation import Translatable
from tui.backdrop import Backdrop
from tui.screens.dialogs import LetterScreen

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class JumpScreen(LetterScreen):
    """The letters of panels and fields, drawn where these are."""

    COMPONENT_CLASSES = {"letter"}
    heading: Translatable = "Go to"

    def __init__(self, panels: Mapping[str, str], marks: Mapping[str, Offset]) -> None:
        """`panels` has the name of each panel by its letter, `marks` where each letter stands."""
        super().__init__(panels)
        self.marks = marks
        self.letters |= set(marks)
        self.opened_at = self.app.size

    def render(self) -> Any:
        """The screen below, with the letters on it."""
        below = super().render()
        if isinstance(below, Backdrop) and self.is_whole:  # before and after it has no styles
            style = self.get_component_rich_style("letter")
            below.marks = {place: Segment(mark, style) for mark, place in self.marks.items()}
        return below

    def on_click(self, event: Click) -> None:
        """A click on a letter goes where it stands."""
        place = event.screen_offset
        letter = next((letter for letter in self.marks if self.marks[letter] == place), None)
        if letter and self.get_widget_at(*place)[0] is self:
            event.prevent_default()
            self.dismiss(letter)

    def on_resize(self, event: Resize) -> None:
        """In another layout the letters would stand anywhere."""
        if event.size != self.opened_at:
            self.marks = {}


def initials(names: Iterable[str]) -> dict[str, str]:
    """Capital letter → name: the first of its letters that no earlier name has, or any other one.

    Of a name with a dot, `data.noise`, the letters behind it count. More than 26 names have none.
    """
    letters: dict[str, str] = {}
    for name in names:
        own = [letter for letter in name.rpartition(".")[2].upper() if letter in ALPHABET]
        free = (letter for letter in (*own, *ALPHABET) if letter not in letters)
        if letter := next(free, ""):
            letters[letter] = name
    return letters
