"""Lines of a file become columns of float64, a block at a time.

A block of plain numbers is read by numpy in C. What it cannot read, the csv of the standard library
takes apart, and each cell that is not as its column is costs its row.
"""

from __future__ import annotations

import re
from bisect import insort
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.data.cells import boolean, number, seconds
from engine.data.kinds import MOST_LEVELS
from engine.data.records import Record, records
from engine.data.table import Problem
from engine.support.errors import shortened
from engine.support.translation import Message, tr

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.data.sensing import Layout

    Floats = NDArray[np.float64]

PIECE = 1000
"""Lines to which a block is cut down that is not all plain numbers."""
MOST_PROBLEMS = 10
"""That are kept."""


class Growing:
    """An array that is filled from its begin on; memory that was not filled is not taken."""

    def __init__(self, size: int, dtype: type[np.generic]) -> None:
        self.array, self.filled = np.empty(size, dtype), 0

    def add(self, values: NDArray[np.generic]) -> None:
        """Put values (m,) after those that are there."""
        end = self.filled + len(values)
        if end > len(self.array):
            self.array.resize(end + end // 4, refcheck=False)
        self.array[self.filled : end] = values
        self.filled = end

    def taken(self) -> NDArray[Any]:
        """All that was added; nothing may be added from now on."""
        self.array.resize(self.filled, refcheck=False)
        return self.array


class Words:
    """The words of a column, numbered as they come, until there are too many to be a category."""

    def __init__(self, missing: Collection[str]) -> None:
        self.missing = missing
        self.levels: dict[str, int] = {}
        self.index: dict[str, float] = {}
        """The number of each cell as it is written, NaN where missing."""

    def numbered(self, cells: Sequence[str]) -> Floats:
        """The number of the word of each cell, NaN where missing; any number where it is text."""
        if len(self.levels) <= MOST_LEVELS:
            for raw in set(cells) - self.index.keys():
                word = raw.strip()
                is_gap = word.casefold() in self.missing
                self.index[raw] = (
                    np.nan if is_gap else self.levels.setdefault(word, len(self.levels))
                )
        if len(self.levels) <= MOST_LEVELS:
            return np.array([self.index[cell] for cell in cells])
        return np.array(
            [np.nan if cell.strip().casefold() in self.missing else 0 for cell in cells]
        )


class Collector:
    """The columns of a file so far; `rows` is about how many there will be."""

    def __init__(self, layout: Layout, rows: int) -> None:
        self.layout = layout
        self.columns = [Growing(rows, np.float64) for _ in layout.names]
        self.lines = Growing(rows, np.int64)
        self.words = [Words(layout.missing) for _ in layout.names]
        self.lettered: set[int] = set()
        """Columns of ids that are not all numbers."""
        self.problems: list[Problem] = []
        self.dropped = 0
        self.is_plain = set(layout.kinds) == {"number"}
        self.gaps = frozenset({spelt for word in layout.missing for spelt in spellings(word)})
        self.gap = gap_pattern(self.gaps, layout.delimiter)
        codes = [number(word, layout.decimal) for word in layout.missing]
        self.codes = [code for code in codes if code is not None]
        """Numbers that stand for a missing one."""

    def add(self, text: str, first: int) -> None:
        """Take whole lines of text, of which the first has the number `first`."""
        lines = lines_of(text)
        block = self.plain(text, lines) if self.is_plain else None
        if block is not None:
            self.keep(list(block.T), np.arange(first, first + len(lines)))
        elif self.is_plain and len(lines) > PIECE and '"' not in text:
            for start in range(0, len(lines), PIECE):
                self.add("\n".join(lines[start : start + PIECE]), first + start)
        else:
            self.add_records(list(records(lines, self.layout.delimiter, first)), "\0" in text)

    def keep(self, columns: Sequence[Floats], lines: NDArray[np.int64]) -> None:
        """Keep the columns of a block, missing numbers as NaN."""
        for column, kind, whole in zip(columns, self.layout.kinds, self.columns, strict=True):
            if kind == "number" and self.codes:
                column[np.isin(column, self.codes)] = np.nan
            whole.add(column)
        self.lines.add(lines)

    def plain(self, text: str, lines: Sequence[str]) -> Floats | None:
        """Numbers (lines, columns) of a block that has nothing else; None for any other block."""
        delimiter, decimal = self.layout.delimiter, self.layout.decimal
        shape = (len(lines), len(self.layout.names))
        if decimal == ",":
            if "." in text or delimiter == ",":
                return None
            text = text.replace(",", ".")
            lines = lines_of(text)
        block = loaded(lines, delimiter)
        if block is None:
            filled, count = self.gap.subn(r"\1nan", "\n" + text.removesuffix("\n") + "\n")
            block = loaded(lines_of(filled[1:]), delimiter) if count else None
        if block is None or block.shape != shape or np.isinf(block).any():
            return None
        return block

    def add_records(self, rows: Sequence[Record], with_zeros: bool) -> None:
        """Take the rows of a block, in which there may be zero bytes."""
        width = len(self.layout.names)
        even: list[Record] = []
        for line, cells in rows:
            if not cells:
                self.drop(line, "", Message("a quote that does not end well"))
            elif len(cells) != width:
                why = Message("{count} instead of {width} cells", count=len(cells), width=width)
                self.drop(line, "", why)
            elif with_zeros and any("\0" in cell for cell in cells):
                self.drop(line, "", Message("a zero byte"))
            else:
                even.append((line, cells))
        if even:
            columns = list(zip(*(cells for _, cells in even), strict=True))
            self.take(columns, np.array([line for line, _ in even]))

    def take(self, columns: Sequence[Sequence[str] | Floats], lines: NDArray[np.int64]) -> None:
        """Take rows by their columns, of cells or of numbers."""
        numbers: list[Floats] = []
        bad: dict[int, tuple[int, str]] = {}
        for k, column in enumerate(columns):
            if isinstance(column, np.ndarray):
                numbers.append(column)
                continue
            values, wrong = self.read(k, column, lines)
            numbers.append(values)
            bad |= {row: (k, column[row].strip()) for row in wrong if row not in bad}
        for row, (k, cell) in sorted(bad.items()):
            self.drop(int(lines[row]), self.layout.names[k], self.why(k, cell))
        good = np.setdiff1d(np.arange(len(lines)), list(bad)) if bad else slice(None)
        self.keep([column[good] for column in numbers], lines[good])

    def read(
        self, k: int, cells: Sequence[str], lines: NDArray[np.int64]
    ) -> tuple[Floats, list[int]]:
        """The numbers of a column of a block, NaN where missing, and the rows that have none.

        Raises ValueError for a number that is not finite.
        """
        kind, missing = self.layout.kinds[k], self.layout.missing
        if kind in ("words", "nothing"):
            return self.words[k].numbered(cells), []
        if kind == "number" and self.layout.decimal == ".":
            fast = floats(cells, self.gaps)
            if fast is not None:
                return fast, []
        values, wrong = np.full(len(cells), np.nan), []
        for row, raw in enumerate(cells):
            cell = raw.strip()
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
                return seconds(cell)
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
        insort(self.problems, Problem(line, column, why), key=lambda problem: problem.line)
        del self.problems[MOST_PROBLEMS:]


def spellings(word: str) -> set[str]:
    """How a word of an empty cell is mostly written."""
    return {word, word.upper(), word.capitalize(), "NaN" if word == "nan" else word}


def lines_of(text: str) -> list[str]:
    """The lines of a text."""
    return text.removesuffix("\n").split("\n")


def loaded(lines: Sequence[str], delimiter: str) -> Floats | None:
    """Numbers (lines, columns) of lines without anything else; None for any other."""
    try:
        return np.loadtxt(
            lines, delimiter=None if delimiter == " " else delimiter, comments=None, ndmin=2
        )
    except ValueError:
        return None


def gap_pattern(words: Collection[str], delimiter: str) -> re.Pattern[str]:
    """A delimiter or the end of a line, and a cell after it that is one of these words."""
    if delimiter == " ":
        words = [word for word in words if word]
    longest_first = sorted(words, key=len, reverse=True)
    between = f"[{re.escape(delimiter)}\n]"
    return re.compile(
        rf"({between})(?!-?\d)(?:{'|'.join(map(re.escape, longest_first))})(?={between})"
    )


def floats(cells: Sequence[str], gaps: Collection[str]) -> Floats | None:
    """Finite numbers (rows,), NaN for gaps, of cells that have nothing else; None for others."""
    text = "".join(cells)
    if not text.isascii() or "_" in text:
        return None
    try:
        values = np.array(list(map(float, cells)))
    except ValueError:
        try:
            values = np.array([np.nan if cell in gaps else float(cell) for cell in cells])
        except ValueError:
            return None
    return None if np.isinf(values).any() else values
