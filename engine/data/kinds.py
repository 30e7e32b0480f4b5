"""What the cells of a column are, by those at the begin of a file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from engine.data.cells import boolean, is_id, number, seconds

Sensed = Literal["number", "boolean", "date", "id", "words", "nothing"]
"""What a column looks like; words become categories or free text once all of them are read."""
TOLERATED = 10
"""One cell in so many may be something else."""
MOST_LEVELS = 100
"""Of a category; words of more kinds are free text."""


def kind_of(cells: Sequence[str], decimal: str) -> Sensed:
    """What a column is by its cells, missing ones left out.

    Numbers with a few words between them are a column of numbers with bad cells. Where the others
    hold digits too, as the 12b of an address, all of it is words.
    """
    if not cells:
        return "nothing"
    if all(map(str.isdecimal, cells)) and any(map(is_id, cells)):
        return "id"
    readers: dict[Sensed, Callable[[str], float | None]] = {
        "number": lambda cell: number(cell, decimal),
        "boolean": boolean,
        "date": seconds,
    }
    for kind, read in readers.items():
        others = [cell for cell in cells if read(cell) is None]
        with_digits = sum(any(map(str.isdigit, cell)) for cell in others)
        few = TOLERATED * len(others) <= len(cells)
        if 2 * len(others) < len(cells) and (few or 2 * with_digits < len(others)):
            return kind
    return "words"


def is_value(cell: str) -> bool:
    """Whether a cell is a number, a date or a boolean, rather than a word."""
    readers: tuple[Callable[[str], float | None], ...] = (
        lambda cell: number(cell, "."),
        lambda cell: number(cell, ","),
        boolean,
        seconds,
    )
    return any(read(cell) is not None for read in readers)


def is_category(levels: int, rows: int) -> bool:
    """Whether so many different words in so many rows are a category rather than free text."""
    return 0 < levels <= MOST_LEVELS and 3 * levels <= 2 * rows
