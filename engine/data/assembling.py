"""What was collected of a file becomes a table, unless too little of it could be read."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from engine.data.collecting import Collector
from engine.data.inputs import DAY
from engine.data.kinds import MOST_LEVELS, is_category
from engine.data.table import Dialect, Table, TableColumn
from engine.support.outside import printable
from engine.support.translation import Message, tr

MOST_DROPPED = 10
"""One row in so many may be dropped."""
SHOWN = 3
"""Rows that a refusal names."""


def check_dropped(collector: Collector) -> None:
    """Raise ValueError where too many rows were dropped or too few are left."""
    rows = collector.lines.filled
    if MOST_DROPPED * collector.dropped > rows + collector.dropped:
        first = "; ".join(map(str, collector.problems[:SHOWN]))
        raise ValueError(tr(
            "{dropped} of {rows} rows cannot be read, more than 1 in {most}: {first}",
            dropped=collector.dropped, rows=rows + collector.dropped, most=MOST_DROPPED,
            first=first,
        ))  # fmt: skip


def table_of(collector: Collector, path: str, digest: str) -> Table:
    """What was collected as a table; raises ValueError where too little of it is numbers."""
    check_dropped(collector)
    layout = collector.layout
    lines = collector.lines.taken()
    decisions = list(layout.decisions)
    columns = []
    for k in range(len(layout.names)):
        numbers = collector.columns[k].taken()
        missing = int(np.isnan(numbers).sum())
        if layout.unnamed[k] and missing == len(numbers):
            continue
        column, said = column_of(collector, k, numbers, missing)
        columns.append(column)
        decisions += said
    has_numbers = any(column.kind in ("number", "boolean", "date") for column in columns)
    if not has_numbers and not layout.is_partial:
        raise ValueError(tr("has no column of numbers"))
    dialect = Dialect(
        layout.encoding, layout.delimiter, layout.decimal, layout.header, layout.units_row,
        layout.missing, layout.preamble,
    )  # fmt: skip
    return Table(
        path, digest, len(lines), dialect, tuple(columns), lines, tuple(decisions),
        tuple(collector.problems), collector.dropped,
    )  # fmt: skip


def column_of(
    collector: Collector, k: int, numbers: NDArray[np.float64], missing: int
) -> tuple[TableColumn, list[Message]]:
    """A column of what was collected, and what to say of it."""
    layout = collector.layout
    name, unit, kind = layout.names[k], layout.units[k], layout.kinds[k]
    match kind:
        case "number" | "boolean":
            return TableColumn(name, unit, kind, numbers, (), missing), []
        case "date":
            first = np.nanmin(numbers) // DAY if missing < len(numbers) else 0.0
            unit = tr("days since {date}", date=date(1970, 1, 1) + timedelta(days=int(first)))
            numbers = (numbers - first * DAY) / DAY
            return TableColumn(name, unit, kind, numbers, (), missing, float(first)), []
        case "id":
            values = np.empty(0) if k in collector.lettered else numbers
            said = Message("{name} holds ids: left out unless it is named", name=name)
            return TableColumn(name, unit, kind, values, (), missing), [said]
    words = collector.words[k].levels
    asked_for = name in layout.categories and len(words) <= MOST_LEVELS
    if asked_for or is_category(len(words), len(numbers) - missing):
        levels = sorted(words)
        places = np.array([levels.index(word) for word in words], dtype=np.float64)
        present = ~np.isnan(numbers)
        numbers[present] = places[numbers[present].astype(np.int64)]
        levels = [printable(level) for level in levels]
        return TableColumn(name, unit, "category", numbers, tuple(levels), missing), []
    said = Message(
        "{name} is empty: left out" if missing == len(numbers) else "{name} is free text: left out",
        name=name,
    )
    return TableColumn(name, unit, "text", np.empty(0), (), missing), [said]
