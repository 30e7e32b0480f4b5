"""Lines of text as rows of cells, each with the line in which it begins."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence

Record = tuple[int, list[str]]
"""The number of its first line, from 1, and its cells without blanks around them."""

csv.field_size_limit(1 << 20)


def records(lines: Sequence[str], delimiter: str, first: int = 1) -> Iterator[Record]:
    """The rows of lines, of which the first has the number `first`.

    Lines that are empty or begin with `#` are left out, unless they stand within quotes. A quoted
    cell may go on over several lines, and a quote within it is doubled.
    """
    numbers: list[int] = []
    reader = csv.reader(_rows(lines, delimiter, first, numbers), delimiter=delimiter,
                        skipinitialspace=True)  # fmt: skip
    while True:
        begin = reader.line_num
        try:
            cells = [cell.strip() for cell in next(reader)]
        except StopIteration:
            return
        except csv.Error:  # a cell larger than the limit
            cells = []
        if cells == [] or any(cells):
            yield numbers[begin], cells


def _rows(lines: Sequence[str], delimiter: str, first: int, numbers: list[int]) -> Iterator[str]:
    """The lines that hold cells; their numbers are added to `numbers` as they are given."""
    within = False
    for number, line in enumerate(lines, first):
        text = line.strip()
        if not within and (not text or text[0] == "#"):
            continue
        within ^= text.count('"') % 2 == 1
        numbers.append(number)
        # csv takes a line without its end for the last one of a cell in quotes.
        yield (text.replace("\t", " ") if delimiter == " " else line) + "\n"
