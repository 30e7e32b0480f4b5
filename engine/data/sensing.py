"""What a file of data is written in, decided by its first bytes; nothing is read here.

Every reader guesses, and on files with decimal commas, units or no names most of them guess wrong
without a word. Here each decision that is not the plain case is a message.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from engine.data.cells import NOTHING, ambiguous, evidence, number, symbol
from engine.data.encoding import encoding_of
from engine.data.kinds import Sensed, is_value, kind_of
from engine.data.records import Record, records
from engine.support.errors import BadInput
from engine.support.outside import printable
from engine.support.translation import Message, tr

DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|", "blank": " "}
"""By names for what cannot be typed; one that stands earlier is preferred."""
MOST_COLUMNS = 2000
MOST_CELLS = 6000
"""Of those at the begin of a file that are looked at."""

Rows = Sequence[Sequence[str]]


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


def sense(head: bytes, asked: Asked = Asked(), whole: bool = True) -> Layout:
    """What a file is written in that begins with `head`, or is it where `whole`.

    Raises BadInput for what is asked in vain, ValueError for a file that is no table.
    """
    missing = missing_words(asked.missing)
    encoding, decisions = encoding_of(head, asked.encoding)
    lines = lines_of(head, encoding, whole)
    marked = re.fullmatch(r"sep=(.)", lines[0].strip("\n")) if lines else None
    start = 1 if marked else 0
    delimiter = delimiter_of(lines[start:], asked.delimiter, marked[1] if marked else "")
    rows = sample(lines[start:], delimiter, start + 1)
    width = Counter(len(cells) for _, cells in rows[1:] or rows).most_common(1)[0][0]
    if width < 2:
        raise BadInput("data.delimiter", asked.delimiter, tr("the file has only one column"))
    head_row = rows[0][1]
    if len(head_row) == width - 1:
        head_row = ["", *head_row]  # as R writes tables whose rows have names
    even = [cells for _, cells in rows if len(cells) == width]
    header = has_header(head_row, even, asked.header, missing)
    below = rows[header:]
    units = header and has_units(below, width, missing)
    body = below[units:]
    if not body:
        raise ValueError(tr("the file has a header and no rows"))
    columns = columns_of([cells for _, cells in body], width, missing)
    given = head_row if header else [f"x{k}" for k in range(1, width + 1)]
    unnamed = tuple(not name for name in given)
    names = unique([name or f"x{k}" for k, name in enumerate(given, 1)])
    decimal, words = decimal_of(columns, names, asked.decimal, delimiter)
    kinds = tuple(kind_of(cells, decimal) for cells in columns)
    kinds = tuple(
        "id" if bare and counts_rows(cells) else kind
        for bare, kind, cells in zip(unnamed, kinds, columns, strict=True)
    )
    written = below[0][1] if units else [""] * width
    labels = tuple(
        printable(unit.strip("[]() ")) or common_symbol(cells, decimal)
        for unit, cells in zip(written, columns, strict=True)
    )
    decisions += [*words, *said_of_rows(header, units, asked)]
    return Layout(
        encoding, delimiter, decimal, header, units, missing, body[0][0] - 1, names, unnamed,
        labels, kinds, tuple(decisions),
    )  # fmt: skip


def said_of_rows(header: bool, units: bool, asked: Asked) -> list[Message]:
    """What to say of the first rows."""
    said = []
    if not header and asked.header == "auto":
        said.append(Message("no row of names: the first row is data"))
    if units:
        said.append(Message("the row below the names holds units"))
    return said


# Asked --------------------------------------------------------------------------------------------


def missing_words(asked: str) -> tuple[str, ...]:
    """The words of an empty cell, in lower case; nothing and `nan` always are among them."""
    if asked == "auto":
        return NOTHING
    return tuple(
        dict.fromkeys(("", "nan", *(word.strip().casefold() for word in asked.split(","))))
    )


def asked_delimiter(asked: str) -> str:
    """The character that a person names; raises BadInput."""
    delimiter = DELIMITERS.get(asked, asked.replace("\\t", "\t"))
    if len(delimiter) != 1 or delimiter.isalnum() or delimiter in '"\n\r':
        allowed = tr("must be auto, one character, or {names}", names=", ".join(DELIMITERS))
        raise BadInput("data.delimiter", asked, allowed)
    return delimiter


# Lines and cells ----------------------------------------------------------------------------------


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
    for row in records(lines, delimiter, first):
        rows.append(row)
        cells += len(row[1])
        if len(row[1]) > MOST_COLUMNS:
            raise ValueError(tr("has more than {most} columns", most=MOST_COLUMNS))
        if cells > MOST_CELLS and len(rows) > 5:
            break
    if not rows:
        raise ValueError(tr("the file is empty"))
    return rows


def columns_of(rows: Rows, width: int, missing: Sequence[str]) -> list[list[str]]:
    """The cells of each column that are not missing, rows of another width left out."""
    even = [row for row in rows if len(row) == width]
    return [
        [cell for cell in column if cell.casefold() not in missing]
        for column in (zip(*even, strict=True) if even else [()] * width)
    ]


# Delimiter ----------------------------------------------------------------------------------------


def delimiter_of(lines: Sequence[str], asked: str, marked: str) -> str:
    """The character between the cells; a blank for runs of blanks and tabs."""
    if asked != "auto":
        return asked_delimiter(asked)
    if marked:
        return marked
    few = [line for line in lines[:400] if line.strip()][:100]
    scores = {mark: evenness(few, mark) for mark in DELIMITERS.values()}
    return max(scores, key=scores.__getitem__)


def evenness(lines: Sequence[str], delimiter: str) -> tuple[float, float]:
    """The share of rows of the same width, 0 for one cell, and the share of cells with values."""
    if not any(delimiter in line or (delimiter == " " and "\t" in line) for line in lines):
        return 0.0, 0.0
    rows = [cells for _, cells in records(lines, delimiter)]
    widths = Counter(len(cells) for cells in rows if len(cells) > 1)
    if not widths:
        return 0.0, 0.0
    width, count = widths.most_common(1)[0]
    cells = [cell for row in rows if len(row) == width for cell in row][: MOST_CELLS // 10]
    values = sum(cell.casefold() in NOTHING or is_value(cell) for cell in cells)
    return count / len(rows), values / len(cells)


# Names and units ----------------------------------------------------------------------------------


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
    result: list[str] = []
    for name in names:
        plain = printable(" ".join(name.split()))
        new, count = plain, 1
        while new in result:
            count += 1
            new = f"{plain}_{count}"
        result.append(new)
    return tuple(result)


def counts_rows(cells: Sequence[str]) -> bool:
    """Whether cells are 0, 1, 2, … or 1, 2, 3, …, the numbers of rows that programs write."""
    return bool(cells) and cells[0] in ("0", "1") and all(
        cell == str(k) for k, cell in enumerate(cells, int(cells[0]))
    )  # fmt: skip


# Numbers ------------------------------------------------------------------------------------------


def decimal_of(
    columns: Sequence[Sequence[str]], names: Sequence[str], asked: str, delimiter: str
) -> tuple[str, list[Message]]:
    """The decimal point by the cells that leave no doubt, and what to say; raises BadInput."""
    if asked != "auto":
        if asked not in (".", ","):
            raise BadInput("data.decimal", asked, tr("must be auto, . or ,"))
        return asked, []
    votes = Counter(mark for cells in columns if (mark := first_evidence(cells)))
    if votes:
        mark = votes.most_common(1)[0][0]
        return mark, [Message("decimal comma")] if mark == "," else []
    for name, cells in zip(names, columns, strict=True):
        if cell := next(filter(ambiguous, cells), ""):
            return resolved(cell, name, cells, delimiter)
    return ".", []


def first_evidence(cells: Sequence[str]) -> str:
    """The decimal point of the first cell of a column that leaves no doubt; empty for none."""
    return next(filter(None, map(evidence, cells)), "")


def resolved(
    cell: str, name: str, cells: Sequence[str], delimiter: str
) -> tuple[str, list[Message]]:
    """The decimal point where every cell is as ambiguous as this one, by what stands around it."""
    mark = "." if "." in cell else ","
    if any(re.fullmatch(r"[+-]?\d{4,}", other) for other in cells):
        # Digits are not grouped here, so that the mark can only be a decimal point.
        return mark, [Message("decimal comma")] if mark == "," else []
    if mark == delimiter == ",":
        value = number(cell, ".")
        message = Message(
            "{cell} is {value:g}, as commas separate the cells", cell=cell, value=value
        )
        return ".", [message]
    allowed = tr(
        "{cell} in column {name} may be {point:g} or {comma:g}, and no cell tells; "
        "say -s data.decimal=. or -s data.decimal=,",
        cell=cell, name=name, point=number(cell, "."), comma=number(cell, ","),
    )  # fmt: skip
    raise BadInput("data.decimal", "auto", allowed)


def common_symbol(cells: Sequence[str], decimal: str) -> str:
    """The currency, or the `%`, that all numbers of a column have; empty where they differ."""
    symbols = {symbol(cell, decimal) for cell in cells[:50]}
    return symbols.pop() if len(symbols) == 1 else ""
