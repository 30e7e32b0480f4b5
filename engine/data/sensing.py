"""What a file of data is written in, decided by its first bytes; nothing is read here.

Every reader guesses, and on files with decimal commas, units or no names most of them guess wrong
without a word. Here each decision that is not the plain case is a message.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from engine.data.cells import NOTHING, symbol
from engine.data.decimal_mark import decimal_of
from engine.data.delimiter import DELIMITERS, delimiter_of
from engine.data.encoding import encoding_of
from engine.data.framing import counts_rows, framed, unique, width_of
from engine.data.kinds import Sensed, kind_of
from engine.data.records import Record, columns_of, records
from engine.support.translation import Message, tr

MOST_COLUMNS = 2000
MOST_CELLS, FEWEST_ROWS = 6000, 4
"""Of those at the begin of a file that are looked at; these rows always."""


@dataclass(frozen=True)
class Asked:
    """What a person says of a file; `auto` is sensed."""

    encoding: str = "auto"
    delimiter: str = "auto"
    """A character, or a name of DELIMITERS."""
    decimal: str = "auto"
    """`.` or `,`."""
    header: str = "auto"
    """`yes` or `no`."""
    missing: str = "auto"
    """Words of an empty cell, separated by commas."""
    categories: str = ""
    """Names, a line each, of columns that are categories whatever their cells look like."""
    holds: str = "data"
    """`data`, or `rows` to be predicted: one column is enough then, and none need be numbers."""


@dataclass(frozen=True)
class Layout:
    """What was decided of a file."""

    encoding: str
    delimiter: str
    decimal: str
    header: bool
    units_row: bool
    missing: tuple[str, ...]
    preamble: int
    """Lines before the first row of data."""
    names: tuple[str, ...]
    """Of the columns, unique."""
    unnamed: tuple[bool, ...]
    """Which of them the header has no name for."""
    units: tuple[str, ...]
    kinds: tuple[Sensed, ...]
    decisions: tuple[Message, ...]
    categories: tuple[str, ...] = ()
    """Columns that are categories however few their cells are."""
    is_partial: bool = False
    """Whether it may be without a column of numbers."""


def sense(head: bytes, asked: Asked = Asked(), whole: bool = True) -> Layout:
    """What a file is written in that begins with `head`, or is it where `whole`.

    Raises BadInput for what is asked in vain, ValueError for a file that is no table.
    """
    missing = missing_words(asked.missing)
    encoding, said = encoding_of(head, asked.encoding)
    lines = lines_of(head, encoding, whole)
    # Excel's own word on the delimiter.
    marked = re.fullmatch(r"sep=(.)", lines[0])
    start = 1 if marked else 0
    delimiter = delimiter_of(lines[start:], asked.delimiter, marked[1] if marked else "")
    rows = sample(lines[start:], delimiter, start + 1)
    if (width := width_of(rows)) < 2 and asked.holds == "data":
        raise ValueError(tr("the file has only one column"))
    frame = framed(rows, width, lines, delimiter, asked.header, missing)
    columns = columns_of([cells for _, cells in frame.body], len(frame.names), missing)
    unnamed = tuple(not name for name in frame.names)
    names = unique([name or f"x{k}" for k, name in enumerate(frame.names, 1)])
    decimal, words = decimal_of(columns, names, asked.decimal, delimiter)
    categories = tuple(asked.categories.split("\n"))
    kinds: tuple[Sensed, ...] = tuple(
        "words"
        if name in categories
        else "id"
        if bare and counts_rows(cells)
        else kind_of(cells, decimal)
        for name, bare, cells in zip(names, unnamed, columns, strict=True)
    )
    units = tuple(
        unit or common_symbol(cells, decimal)
        for unit, cells in zip(frame.units, columns, strict=True)
    )
    return Layout(
        encoding, delimiter, decimal, frame.header, frame.units_row, missing,
        frame.body[0][0] - 1, names, unnamed, units, kinds, (*said, *words, *frame.said),
        categories, asked.holds == "rows",
    )  # fmt: skip


def missing_words(asked: str) -> tuple[str, ...]:
    """The words of an empty cell, in lower case; nothing and `nan` always are among them."""
    if asked == "auto":
        return NOTHING
    return tuple(
        dict.fromkeys(("", "nan", *(word.strip().casefold() for word in asked.split(","))))
    )


def lines_of(head: bytes, encoding: str, whole: bool) -> list[str]:
    """The lines of a file that begins so, without one that is cut off; raises ValueError."""
    text = head.decode(encoding, errors="replace").replace("\r\n", "\n").replace("\r", "\n")
    lines = text.split("\n")
    if not whole:
        if len(lines) < 3:
            allowed = tr("its lines are longer than {size} KiB", size=len(head) >> 11)
            if max(text.count(mark) for mark in DELIMITERS.values()) > MOST_COLUMNS:
                allowed = tr("has more than {most} columns", most=MOST_COLUMNS)
            raise ValueError(allowed)
        lines.pop()
    return lines


def sample(lines: Sequence[str], delimiter: str, first: int) -> list[Record]:
    """Rows at the begin, as many as are looked at; raises ValueError."""
    rows: list[Record] = []
    cells = 0
    for line, row in records(lines, delimiter, first):
        rows.append((line, [cell.strip() for cell in row]))
        cells += len(row)
        if len(row) > MOST_COLUMNS:
            raise ValueError(tr("has more than {most} columns", most=MOST_COLUMNS))
        if cells > MOST_CELLS and len(rows) >= FEWEST_ROWS:
            break
    if not rows:
        raise ValueError(tr("the file is empty"))
    return rows


def common_symbol(cells: Sequence[str], decimal: str) -> str:
    """The currency, or the `%`, that all numbers of a column have; empty where they differ."""
    symbols = {symbol(cell, decimal) for cell in cells[:50]}
    return symbols.pop() if len(symbols) == 1 else ""
