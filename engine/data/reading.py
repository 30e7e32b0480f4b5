"""A file of data, read once: what it is written in, its columns, and the rows that were dropped."""

from __future__ import annotations

import io
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from engine.data.encoding import FALLBACK
from engine.data.kinds import is_category
from engine.data.sensing import Asked, Layout, sense
from engine.data.source import HEAD, Hashed, Stamp, file_stamp, opened, stamp
from engine.data.table import Dialect, Table, TableColumn
from engine.support.errors import BadInput
from engine.support.outside import printable
from engine.support.translation import Message, tr

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from engine.data.collecting import Collector

BLOCK = 1 << 20
"""Characters that are read at a time."""
LONGEST_LINE, LONGEST_CELL = 1 << 22, 1 << 16
"""Characters."""
MOST_NUMBERS = 200_000_000
"""Of a table; each takes 8 bytes of memory."""
MOST_DROPPED = 10
"""One row in so many may be dropped."""
DAY = 24 * 60 * 60
"""Seconds."""
SHOWN = 3
"""Rows that a refusal names."""
MOST_TABLES = 4
"""That are kept in memory."""

_tables: OrderedDict[tuple[Stamp, Asked], Table] = OrderedDict()


class Stopped(Exception):
    """Reading was given up because it was asked to."""


def read_table(
    path: str,
    asked: Asked = Asked(),
    progress: Callable[[float], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> Table:
    """A file's columns in float64; `-` is standard input. Raises BadInput, or Stopped.

    `progress` hears of the share that is read, `stop` is asked whether to go on, both a few times a
    second. A file that was read before and has not changed since comes from memory.
    """
    key = stamp(path), asked
    if key not in _tables:
        table = _read(path, asked, progress or (lambda share: None), stop or (lambda: False))
        _tables[key] = table
        while len(_tables) > MOST_TABLES:
            _tables.popitem(last=False)
    _tables.move_to_end(key)
    return _tables[key]


def is_read(path: str, asked: Asked = Asked()) -> bool:
    """Whether `read_table` would come at once; raises BadInput where there is no such file."""
    return (stamp(path), asked) in _tables


def _read(
    path: str, asked: Asked, progress: Callable[[float], None], stop: Callable[[], bool]
) -> Table:
    try:
        try:
            return _read_as(path, asked, progress, stop)
        except UnicodeDecodeError:
            if asked.encoding != "auto":
                raise
            # What begins as ASCII was taken for UTF-8.
            table = _read_as(path, replace(asked, encoding=FALLBACK), progress, stop)
            said = Message("not UTF-8, so read as {encoding}", encoding=FALLBACK)
            return replace(table, decisions=(said, *table.decisions))
    except (BadInput, Stopped):
        raise
    except OSError as error:
        reason = error.strerror or str(error)
    except UnicodeDecodeError as error:
        reason = tr(
            "holds bytes that are no text in {encoding}; name another data.encoding",
            encoding=error.encoding,
        )
    except ValueError as error:
        reason = str(error)
    raise BadInput("data.path", path, reason)


def _read_as(
    path: str, asked: Asked, progress: Callable[[float], None], stop: Callable[[], bool]
) -> Table:
    with opened(path) as file:
        size = file_stamp(path, file).size
        head = file.read(HEAD) or b""
        layout = sense(head, asked, len(head) == size)
        rows = estimated_rows(size, head)
        check_size(rows, layout)
        file.seek(0)
        from engine.data.collecting import Collector  # numpy is not there before the first frame

        collector, hashed = Collector(layout, rows), Hashed(file)
        with io.TextIOWrapper(io.BufferedReader(hashed, BLOCK), layout.encoding) as stream:
            for number, text in blocks(stream, layout.preamble):
                collector.add(text, number)
                progress(hashed.position / size)
                if stop():
                    raise Stopped
    check_dropped(collector)
    return table_of(collector, path, hashed.hash.hexdigest())


def blocks(stream: io.TextIOWrapper, preamble: int) -> Iterator[tuple[int, str]]:
    """Whole lines of a text with the number of the first one; raises ValueError for endless ones.

    Lines belong to one block that a quoted cell goes on over, unless that is long.
    """
    for _ in range(preamble):
        stream.readline(LONGEST_LINE)
    first = preamble + 1
    while text := stream.read(BLOCK):
        within = text.count('"') % 2
        while text[-1] != "\n" or (within and len(text) < BLOCK + LONGEST_CELL):
            more = stream.readline(LONGEST_LINE)
            if not more:
                break
            text += more
            within ^= more.count('"') % 2
            if len(more) == LONGEST_LINE:
                raise ValueError(tr("line {line} does not end", line=first + text.count("\n")))
        yield first, text
        first += text.count("\n")


def estimated_rows(size: int, head: bytes) -> int:
    """About how many lines a file of so many bytes has, by its first ones."""
    ends = head.count(b"\n") or head.count(b"\r")
    return int(1.01 * size * ends / len(head)) + 1


def check_size(rows: int, layout: Layout) -> None:
    """Raise ValueError for more numbers than memory should hold."""
    numbers = rows * len(layout.names)
    if numbers > MOST_NUMBERS:
        raise ValueError(tr(
            "about {numbers:.2g} numbers, at most {most:.0e} are read",
            numbers=numbers, most=MOST_NUMBERS,
        ))  # fmt: skip


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
    """What was collected as a table; raises ValueError where there is no number in it."""
    import numpy as np

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
    if not any(column.kind in ("number", "boolean", "date") for column in columns):
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
    import numpy as np

    layout = collector.layout
    name, unit, kind = layout.names[k], layout.units[k], layout.kinds[k]
    match kind:
        case "number" | "boolean":
            return TableColumn(name, unit, kind, numbers, (), missing), []
        case "date":
            first = np.nanmin(numbers) // DAY if missing < len(numbers) else 0.0
            unit = tr("days since {date}", date=date(1970, 1, 1) + timedelta(days=int(first)))
            return TableColumn(name, unit, kind, (numbers - first * DAY) / DAY, (), missing), []
        case "id":
            values = np.empty(0) if k in collector.lettered else numbers
            said = Message("{name} holds ids: left out unless it is named", name=name)
            return TableColumn(name, unit, kind, values, (), missing), [said]
    words = collector.words[k].levels
    if is_category(len(words), len(numbers) - missing):
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
