"""Lines of text as rows of cells, each with the line in which it begins."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence

Record = tuple[int, list[str]]
"""The number of its first line, from 1, and its cells, which may have blanks around them."""

Rows = Sequence[Sequence[str]]

csv.field_size_limit(1 << 20)


def records(lines: Sequence[str], delimiter: str, first: int = 1) -> Iterator[Record]:
    """The rows of lines, of which the first has the number `first`.

    Lines that are empty or begin with `#` are left out, unless they stand within quotes. A quoted
    cell may go on over several lines, and a quote within it is doubled. A line whose quotes are
    broken has no cells, and the line after it begins anew.
    """
    start = 0
    while start < len(lines):
        numbers: list[int] = []
        rows = _rows(lines, start, delimiter, numbers)
        reader = csv.reader(rows, delimiter=delimiter, skipinitialspace=True, strict=True)
        begin, start = 0, len(lines)
        try:
            for cells in reader:
                if any(cells):
                    yield first + numbers[begin], cells
                begin = reader.line_num
        except csv.Error:
            yield first + numbers[begin], []
            start = numbers[begin] + 1


def _rows(lines: Sequence[str], start: int, delimiter: str, numbers: list[int]) -> Iterator[str]:
    """The lines that hold cells; their indices are added to `numbers` as they are given."""
    within = False
    for index in range(start, len(lines)):
        line = lines[index]
        if not within and line[:1] in "# \t" and line.strip()[:1] in "#":  # or nothing is there
            continue
        if '"' in line:
            within ^= line.count('"') % 2 == 1
        numbers.append(index)
        if delimiter == " ":
            line = line.replace("\t", " ").strip()
        # csv takes a line without its end for the last one of a cell in quotes.
        yield line + "\n" if within else line


def columns_of(rows: Rows, width: int, missing: Sequence[str]) -> list[list[str]]:
    """The cells of each column that are not missing, rows of another width left out."""
    even = [row for row in rows if len(row) == width]
    return [
        [text for cell in column if (text := cell.strip()).casefold() not in missing]
        for column in (zip(*even, strict=True) if even else [()] * width)
    ]
