"""Text in cells of a terminal, of which a Chinese character fills two."""

from __future__ import annotations

from unicodedata import combining, east_asian_width


def cells(text: str) -> int:
    """How many cells a line of text fills."""
    if text.isascii():
        return len(text)
    wide = sum(east_asian_width(character) in "WF" for character in text)
    return len(text) + wide - sum(map(bool, map(combining, text)))


def cut(text: str, width: int) -> str:
    """A text of at most so many cells; where it is longer it ends in …."""
    if cells(text) <= width:
        return text
    while text and cells(text) > width - 1:
        text = text[:-1]
    return text + "…"


def left(text: str, width: int) -> str:
    """The text at the left of so many cells; longer text stays as it is."""
    return text + " " * (width - cells(text))


def right(text: str, width: int) -> str:
    """The text at the right of so many cells; longer text stays as it is."""
    return " " * (width - cells(text)) + text
