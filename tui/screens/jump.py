"""Where a letter goes: the panels in a list, and each of them and each field marked by its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from textual.app import ComposeResult
from textual.events import Resize
from textual.geometry import Offset
from textual.widgets import Label

from engine.support.translation import Translatable
from tui.screens.dialogs import LetterScreen

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class JumpScreen(LetterScreen):
    """The letters of panels and fields, drawn where these are."""

    heading: Translatable = "Go to"

    def __init__(self, panels: Mapping[str, str], marks: Mapping[str, Offset]) -> None:
        """`panels` has the name of each panel by its letter, `marks` where each letter stands."""
        super().__init__(panels)
        self.marks = marks
        self.letters |= set(marks)
        self.opened_at = self.app.size

    def compose(self) -> ComposeResult:
        """The list, and the letters around it."""
        yield from super().compose()
        for letter, offset in self.marks.items():
            label = Label(letter)
            label.styles.offset = offset
            yield label

    def on_resize(self, event: Resize) -> None:
        """In another layout the letters would stand anywhere."""
        if event.size != self.opened_at:
            self.query(Label).remove()


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
