"""What was collected of a file becomes a table, unless too little of it could be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import chain, islice

import numpy as np
from numpy.typing import NDArray

from engine.data.collecting import Collector
from engine.data.inputs import DAY
from engine.data.kinds import MOST_LEVELS, is_category
from engine.data.parts import exchange
from engine.data.table import Dialect, Table, TableColumn
from engine.support.outside import printable
from engine.support.translation import Message, tr

MOST_DROPPED = 10
"""One row in so many may be dropped."""
SHOWN = 3
"""Rows that a refusal names."""


@dataclass(frozen=True)
class Overview:
    """What the rows of one part say of a column."""

    missing: int
    earliest: float
    """The first date, in seconds; infinite where there is none."""
    words: tuple[str, ...]
    """As they came; too many are no category."""
    is_lettered: bool
    """Whether it has ids that are not all numbers."""


def check_dropped(collector: Collector) -> None:
    """Raise ValueError where too many rows were dropped or too few are left."""
    own = collector.lines.filled, collector.dropped, tuple(collector.problems)
    filled_rows, dropped_rows, problems_of_parts = zip(*exchange(own), strict=True)
    rows, dropped = sum(filled_rows), sum(dropped_rows)
    if MOST_DROPPED * dropped > rows + dropped:
        first = "; ".join(map(str, islice(chain(*problems_of_parts), SHOWN)))
        raise ValueError(tr(
            "{dropped} of {rows} rows cannot be read, more than 1 in {most}: {first}",
            dropped=dropped, rows=rows + dropped, most=MOST_DROPPED, first=first,
        ))  # fmt: skip


def table_of(collector: Collector, path: str, digest: str) -> Table:
    """What was collected as a table; raises ValueError where too little of it is numbers.

    What a column is goes by the rows of all parts.
    """
    check_dropped(collector)
    layout = collector.layout
    lines = collector.lines.taken()
    decisions = list(layout.decisions)
    numbers = [column.taken() for column in collector.columns]
    of_all = exchange((len(lines), [overview(collector, k, x) for k, x in enumerate(numbers)]))
    rows = sum(count for count, _ in of_all)
    if not all(count for count, _ in of_all) and rows:
        raise ValueError(tr("has too few rows for {n} parts", n=len(of_all)))
    columns = []
    for k, own in enumerate(numbers):
        whole = merged([overviews[k] for _, overviews in of_all])
        if layout.unnamed[k] and whole.missing == rows:
            continue
        column, said = column_of(collector, k, own, rows, whole)
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


def overview(collector: Collector, k: int, numbers: NDArray[np.float64]) -> Overview:
    """What the rows at hand say of a column."""
    missing = int(np.isnan(numbers).sum())
    has_dates = collector.layout.kinds[k] == "date" and missing < len(numbers)
    return Overview(
        missing,
        float(np.nanmin(numbers)) if has_dates else np.inf,
        tuple(collector.words[k].levels),
        k in collector.lettered,
    )


def merged(parts: Sequence[Overview]) -> Overview:
    """What the rows of all parts say of a column."""
    return Overview(
        sum(each.missing for each in parts),
        min(each.earliest for each in parts),
        tuple(dict.fromkeys(word for each in parts for word in each.words)),
        any(each.is_lettered for each in parts),
    )


def column_of(
    collector: Collector, k: int, numbers: NDArray[np.float64], rows: int, whole: Overview
) -> tuple[TableColumn, list[Message]]:
    """A column of what was collected, and what to say of it; `rows` are those of all parts."""
    layout = collector.layout
    name, unit, kind = layout.names[k], layout.units[k], layout.kinds[k]
    missing = whole.missing
    match kind:
        case "number" | "boolean":
            return TableColumn(name, unit, kind, numbers, (), missing), []
        case "date":
            first = whole.earliest // DAY if missing < rows else 0.0
            unit = tr("days since {date}", date=date(1970, 1, 1) + timedelta(days=int(first)))
            numbers = (numbers - first * DAY) / DAY
            return TableColumn(name, unit, kind, numbers, (), missing, float(first)), []
        case "id":
            values = np.empty(0) if whole.is_lettered else numbers
            said = Message("{name} holds ids: left out unless it is named", name=name)
            return TableColumn(name, unit, kind, values, (), missing), [said]
    asked_for = name in layout.categories and len(whole.words) <= MOST_LEVELS
    if asked_for or is_category(len(whole.words), rows - missing):
        levels = sorted(whole.words)
        places = np.array(
            [levels.index(word) for word in collector.words[k].levels], dtype=np.float64
        )
        present = ~np.isnan(numbers)
        numbers[present] = places[numbers[present].astype(np.int64)]
        levels = [printable(level) for level in levels]
        return TableColumn(name, unit, "category", numbers, tuple(levels), missing), []
    said = Message(
        "{name} is empty: left out" if missing == rows else "{name} is free text: left out",
        name=name,
    )
    return TableColumn(name, unit, "text", np.empty(0), (), missing), [said]
