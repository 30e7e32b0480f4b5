"""The rows above the data: titles, names, units."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from engine.data.kinds import is_value
from engine.data.records import Record, Rows, columns_of, records
from engine.support.errors import BadInput
from engine.support.outside import printable
from engine.support.translation import Message, tr

MOST_TITLES = 20
"""Rows of another width above the names."""


@dataclass(frozen=True)
class Frame:
    """What stands above the data, and the data."""

    names: Sequence[str]
    """Of the columns, as many as there are; some may be empty."""
    header: bool
    """Whether the names stand in the file."""
    units: Sequence[str]
    """Of the columns; all are empty where the file has no row of them."""
    units_row: bool
    body: Sequence[Record]
    """The rows of data, not empty; some may be of another width."""
    said: Sequence[Message]


def framed(
    rows: Sequence[Record],
    width: int,
    lines: Sequence[str],
    delimiter: str,
    asked: str,
    missing: Sequence[str],
) -> Frame:
    """The rows at the begin of a file told apart; raises BadInput, ValueError where none is data.

    `width` is how many cells most have, `lines` are all lines, of which the comments may hold
    names; `asked` is what a person says of the header.
    """
    rows, said = without_titles(rows, width)
    first = first_row(rows, width)
    even = [cells for _, cells in rows if len(cells) == width]
    header = has_header(first, even, asked, missing)
    units_row = header and has_units(rows[1:], width, missing)
    body = rows[header + units_row :]
    if not body:
        raise ValueError(tr("the file has a header and no rows"))
    names = list(first) if header else [f"x{k}" for k in range(1, width + 1)]
    if not header and asked == "auto":
        commented = commented_names(lines[: body[0][0] - 1], delimiter, width)
        names = commented or names
        header = bool(commented)
        said.append(
            Message("the names stand in a comment")
            if commented
            else Message("no row of names: the first row is data")
        )
    units = [printable(cell.strip("[]() ")) for cell in rows[1][1]] if units_row else [""] * width
    if units_row:
        said.append(Message("the row below the names holds units"))
    return Frame(names, header, units, units_row, body, said)


def width_of(rows: Sequence[Record]) -> int:
    """How many cells most rows have."""
    return Counter(len(cells) for _, cells in rows[1:] or rows).most_common(1)[0][0]


def without_titles(rows: Sequence[Record], width: int) -> tuple[Sequence[Record], list[Message]]:
    """The rows from the first one on that may be names, and what to say of those above it."""
    for count, (line, cells) in enumerate(rows[:MOST_TITLES]):
        if len(cells) == width or is_short_header(rows[count:], width):
            above = Message("the rows above line {line} have another number of cells", line=line)
            return rows[count:], [above] * (count > 0)
    return rows, []


def is_short_header(rows: Sequence[Record], width: int) -> bool:
    """Whether the first row may be names, one fewer than there are columns, above values."""
    return len(rows[0][1]) == width - 1 and len(rows) > 1 and any(map(is_value, rows[1][1]))


def first_row(rows: Sequence[Record], width: int) -> Sequence[str]:
    """The cells that may be names, as many as there are columns."""
    first = rows[0][1]
    if len(first) == width:
        return first
    if all(not cells[-1] for _, cells in rows[1:] if len(cells) == width):
        return [*first, ""]  # the rows below end with a delimiter
    return ["", *first]  # as R writes tables whose rows have names


def commented_names(lines: Sequence[str], delimiter: str, width: int) -> list[str]:
    """The names in the comment right above the data, as numpy writes them; empty for none."""
    last = lines[-1].strip() if lines else ""
    for _, cells in records([last.lstrip("#")], delimiter) if last.startswith("#") else ():
        if len(cells) == width and not any(map(is_value, cells)):
            return [cell.strip() for cell in cells]
    return []


def has_header(first: Sequence[str], rows: Rows, asked: str, missing: Sequence[str]) -> bool:
    """Whether the first row is one of names: it has a word above values, or only words."""
    if asked != "auto":
        if asked not in ("yes", "no", "true", "false"):
            raise BadInput("data.header", asked, tr("must be auto, yes or no"))
        return asked in ("yes", "true")
    words = [cell.casefold() not in missing and not is_value(cell) for cell in first]
    if not any(words):
        return False
    of_values = valued(rows[1:], len(first), missing)
    if any(word and valued for word, valued in zip(words, of_values, strict=True)):
        return True
    numbers = [cell for cell, word in zip(first, words, strict=True) if not word and cell]
    return are_years(numbers)


def valued(rows: Rows, width: int, missing: Sequence[str]) -> list[bool]:
    """Whether each column holds values rather than words."""
    return [
        2 * sum(map(is_value, cells[:50])) > len(cells[:50])
        for cells in columns_of(rows[:200], width, missing)
    ]


def are_years(cells: Sequence[str]) -> bool:
    """Whether cells are years that follow each other, which are names of columns; so are none."""
    if not all(re.fullmatch(r"[12]\d{3}", cell) for cell in cells):
        return False
    steps = {int(after) - int(before) for before, after in pairwise(cells)}
    return not cells or len(steps) == 1


def has_units(rows: Sequence[Record], width: int, missing: Sequence[str]) -> bool:
    """Whether the row below the names has words above all columns of numbers."""
    first = rows[0][1] if rows else []
    if len(first) != width or len(rows) < 2:
        return False
    of_values = valued([cells for _, cells in rows[1:]], width, missing)
    above = [cell for cell, valued in zip(first, of_values, strict=True) if valued]
    words = [cell for cell in above if cell.casefold() not in missing]
    return bool(words) and not any(map(is_value, words))


def unique(names: Sequence[str]) -> tuple[str, ...]:
    """Names of characters that can be seen, the second of the same ones with `_2`."""
    result: dict[str, None] = {}
    counts: Counter[str] = Counter()
    for name in names:
        new = plain = printable(" ".join(name.split()))
        while new in result:
            counts[plain] += 1
            new = f"{plain}_{counts[plain] + 1}"
        result[new] = None
    return tuple(result)


def counts_rows(cells: Sequence[str]) -> bool:
    """Whether cells are 0, 1, 2, … or 1, 2, 3, …, the numbers of rows that programs write."""
    return bool(cells) and cells[0] in ("0", "1") and all(
        cell == str(k) for k, cell in enumerate(cells, int(cells[0]))
    )  # fmt: skip
