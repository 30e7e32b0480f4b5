"""The first rows of a file as they stand in it."""

from __future__ import annotations

from itertools import islice

from engine.data.inputs import Input
from engine.data.records import records
from engine.data.sensing import lines_of
from engine.data.source import opened
from engine.data.table import Table
from engine.data.text_file import HEAD, head_of
from engine.support.outside import printable

LONGEST_CELL = 40
"""Characters of a cell that are kept."""


def first_rows(table: Table, count: int) -> tuple[tuple[str, ...], ...]:
    """The cells of the first rows: as they are written, or of other formats as they were read.

    Raises OSError or ValueError where the file has gone since.
    """
    dialect = table.dialect
    if not dialect.delimiter:
        columns = [
            Input(each.name, each.kind, each.levels, each.first_day) for each in table.columns
        ]
        return tuple(
            tuple(
                str(column.cell(float(each.numbers[row]))) if len(each.numbers) else "…"
                for column, each in zip(columns, table.columns, strict=True)
            )
            for row in range(min(count, table.rows))
        )
    with opened(table.path) as file:
        head, _ = head_of(file)
    lines = lines_of(head, dialect.encoding, len(head) < HEAD)[dialect.preamble :]
    rows = islice(records(lines, dialect.delimiter, dialect.preamble + 1), count)
    return tuple(tuple(printable(cell.strip()[:LONGEST_CELL]) for cell in row) for _, row in rows)
