"""Lines of a file become columns of float64, a block at a time.

A block of plain numbers is read by numpy in C. What it cannot read, the csv of the standard library
takes apart, and each cell that is not as its column is costs its row.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from engine.data.cells import boolean, days, number
from engine.data.kinds import MOST_LEVELS
from engine.data.records import Record, records
from engine.data.table import Problem
from engine.support.errors import shortened
from engine.support.translation import Message, tr

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.data.sensing import Layout

    Floats = NDArray[np.float64]

MOST_PROBLEMS = 10
"""That are kept."""


class Words:
    """The words of a column, numbered as they come, until there are too many to be a category."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}

    @property
    def is_text(self) -> bool:
        """Whether there are too many to be a category."""
        return len(self.numbers) > MOST_LEVELS

    def numbered(self, cells: Sequence[str], missing: Sequence[str]) -> Floats:
        """The number of each word, NaN where missing."""
        indices = np.full(len(cells), np.nan)
        for row, cell in enumerate(cells):
            if cell.casefold() not in missing:
                indices[row] = (
                    0 if self.is_text else self.numbers.setdefault(cell, len(self.numbers))
                )
        return indices


class Collector:
    """The columns of a file so far."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.columns: list[list[Floats]] = [[] for _ in layout.names]
        self.lines: list[NDArray[np.int64]] = []
        self.words = [Words() for _ in layout.names]
        self.lettered: set[int] = set()
        """Columns of ids that are not all numbers."""
        self.problems: list[Problem] = []
        self.dropped = 0
        self.is_plain = set(layout.kinds) == {"number"}
        codes = [number(word, layout.decimal) for word in layout.missing]
        self.codes = [code for code in codes if code is not None]
        """Numbers that stand for a missing one."""

    def add(self, text: str, first: int) -> None:
        """Take whole lines of text, of which the first has the number `first`."""
        lines = text.removesuffix("\n").split("\n")
        block = self.plain(text, lines) if self.is_plain else None
        if block is None:
            self.add_records(list(records(lines, self.layout.delimiter, first)))
            return
        self.keep(list(block.T), np.arange(first, first + len(lines)))

    def keep(self, columns: Sequence[Floats], lines: NDArray[np.int64]) -> None:
        """Keep the columns of a block, missing numbers as NaN."""
        for column, kind, parts in zip(columns, self.layout.kinds, self.columns, strict=True):
            part = np.array(column, order="C")
            if kind == "number" and self.codes:
                part[np.isin(part, self.codes)] = np.nan
            parts.append(part)
        self.lines.append(lines)

    def plain(self, text: str, lines: Sequence[str]) -> Floats | None:
        """Numbers (lines, columns) of a block that has nothing else; None for any other block."""
        delimiter, decimal = self.layout.delimiter, self.layout.decimal
        if decimal == ",":
            if "." in text or delimiter == ",":
                return None
            lines = text.replace(",", ".").removesuffix("\n").split("\n")
        try:
            block = np.loadtxt(
                lines, delimiter=None if delimiter == " " else delimiter, comments=None, ndmin=2
            )
        except ValueError:
            return None
        shape = (len(lines), len(self.layout.names))
        return block if block.shape == shape and not np.isinf(block).any() else None

    def add_records(self, rows: Sequence[Record]) -> None:
        """Take the rows of a block."""
        width = len(self.layout.names)
        even: list[Record] = []
        for line, cells in rows:
            if len(cells) != width:
                why = Message("has {count} cells instead of {width}", count=len(cells), width=width)
                self.drop(line, "", why)
            elif any("\0" in cell for cell in cells):
                self.drop(line, "", Message("holds a zero byte"))
            else:
                even.append((line, cells))
        if not even:
            return
        lines = np.array([line for line, _ in even])
        columns: list[Floats] = []
        bad: dict[int, tuple[int, str]] = {}
        for k, column in enumerate(zip(*(cells for _, cells in even), strict=True)):
            numbers, wrong = self.read(k, column, lines)
            columns.append(numbers)
            bad |= {row: (k, column[row]) for row in wrong if row not in bad}
        for row, (k, cell) in sorted(bad.items()):
            self.drop(int(lines[row]), self.layout.names[k], self.why(k, cell))
        good = np.setdiff1d(np.arange(len(lines)), list(bad))
        self.keep([column[good] for column in columns], lines[good])

    def read(
        self, k: int, cells: Sequence[str], lines: NDArray[np.int64]
    ) -> tuple[Floats, list[int]]:
        """The numbers of a column of a block, NaN where missing, and the rows that have none.

        Raises ValueError for a number that is not finite.
        """
        kind, missing = self.layout.kinds[k], self.layout.missing
        if kind in ("words", "nothing"):
            return self.words[k].numbered(cells, missing), []
        if kind == "number" and (fast := floats(cells, self.layout.decimal)) is not None:
            return fast, []
        values, wrong = np.full(len(cells), np.nan), []
        for row, cell in enumerate(cells):
            if cell.casefold() in missing:
                continue
            value = self.value(k, cell)
            if value is None:
                wrong.append(row)
            elif np.isinf(value):
                raise ValueError(tr(
                    "line {line}, column {name}: {cell} is not finite",
                    line=lines[row], name=self.layout.names[k], cell=shortened(cell, 20),
                ))  # fmt: skip
            else:
                values[row] = value
        return values, wrong

    def value(self, k: int, cell: str) -> float | None:
        """The number of a cell that is not missing; None where it has none."""
        match self.layout.kinds[k]:
            case "boolean":
                return boolean(cell)
            case "date":
                return days(cell)
        value = number(cell, self.layout.decimal)
        if value is None and self.layout.kinds[k] == "id":
            self.lettered.add(k)
            return 0.0
        return value

    def why(self, k: int, cell: str) -> Message:
        """Why a cell costs its row."""
        short = shortened(cell, 20)
        match self.layout.kinds[k]:
            case "boolean":
                return Message("{cell} is neither true nor false", cell=short)
            case "date":
                return Message("{cell} is not a date", cell=short)
        return Message("{cell} is not a number", cell=short)

    def drop(self, line: int, column: str, why: Message) -> None:
        """Leave out a row."""
        self.dropped += 1
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(Problem(line, column, why))


def floats(cells: Sequence[str], decimal: str) -> Floats | None:
    """Finite numbers (rows,) of cells that have nothing else; None for any others."""
    if decimal != ".":
        return None
    try:
        values = np.array(list(map(float, cells)))
    except ValueError:
        return None
    strange = any(not cell.isascii() or "_" in cell for cell in cells)
    return None if strange or np.isinf(values).any() else values
