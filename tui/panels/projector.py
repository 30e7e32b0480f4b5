"""What a whole room reads: what it is about, three large numbers, the last key."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.renderables.digits import DIGITS, DIGITS3X3_BOLD
from textual.widgets import Static

from tui.drawing.page import Picture

ROWS = 3
"""Lines of a large character."""
SEGMENTS = {
    "0": (" _ ", "| |", "|_|"),
    "1": ("   ", "  |", "  |"),
    "2": (" _ ", " _|", "|_ "),
    "3": (" _ ", " _|", " _|"),
    "4": ("   ", "|_|", "  |"),
    "5": (" _ ", "|_ ", " _|"),
    "6": (" _ ", "|_ ", "|_|"),
    "7": (" _ ", "  |", "  |"),
    "8": (" _ ", "|_|", "|_|"),
    "9": (" _ ", "|_|", " _|"),
    "E": (" _ ", "|_ ", "|_ "),
    "-": ("   ", " _ ", "   "),
    "+": ("   ", "_|_", " | "),
}
"""Large characters in ASCII."""

HEAVY_E = ("┏━╸", "┣━ ", "┗━╸")
"""Textual's own is as thin as its letters are."""


def large(text: str, *, ascii: bool) -> list[str]:
    """A number in characters of three lines; anything else stands on the last line as it is."""
    rows = [""] * ROWS
    for character in text.upper() if is_number(text) else "":
        for index, part in enumerate(drawn(character, ascii=ascii)):
            rows[index] += part
    if not any(rows):
        rows[-1] = text
    return rows


def is_number(text: str) -> bool:
    """Whether there are large characters for all of it."""
    return all(character in SEGMENTS or character == "." for character in text.upper())


def drawn(character: str, *, ascii: bool) -> tuple[str, ...]:
    """The lines of a large character, equally many cells wide."""
    if character == ".":
        return " ", " ", "." if ascii else "•"
    if ascii:
        return SEGMENTS[character]
    if character == "E":
        return HEAVY_E
    first = DIGITS.index(character) * ROWS
    return tuple(line.ljust(ROWS) for line in DIGITS3X3_BOLD[first : first + ROWS])


class Figure(Picture):
    """A large number and what it is."""

    label, value = "", ""

    def show(self, label: str, value: str) -> None:
        """Show a number; the same one again costs nothing."""
        if (label, value) != (self.label, self.value):
            self.label, self.value = label, value
            self.refresh()

    def render(self) -> Content:
        """The number with its name above it, in the middle."""
        return Content("\n".join([self.label, *large(self.value, ascii=self.ascii)]))


class ProjectorPanel(Vertical):
    """Stands below the one chart on show."""

    def __init__(self) -> None:
        super().__init__(id="projector")
        self.figures = (Figure(), Figure(), Figure())
        self.echo = Static(id="echo")

    def compose(self) -> ComposeResult:
        """The numbers side by side, the last key below them."""
        with Horizontal():
            yield from self.figures
        yield self.echo
