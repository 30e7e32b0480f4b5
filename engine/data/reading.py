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
from engine.data.table import Dialect, Problem, Table, TableColumn
from engine.support.errors import BadInput
from engine.support.outside import printable
from engine.support.translation import Message, tr

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from engine.data.collecting import Collector

BLOCK = 1 << 20
"""Characters that are read at a time."""
LONGEST_LINE = 1 << 22
"""Characters."""
MOST_NUMBERS = 200_000_000
"""Of a table; in memory they take twice 8 bytes each while they are read."""
MOST_DROPPED = 10
"""One row in so many may be dropped."""
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
        with opened(path) as file:
            try:
                return _read_as(file, path, asked, progress, stop)
            except UnicodeDecodeError:
                if asked.encoding != "auto":
                    raise
                # What begins as ASCII is taken for UTF-8.
                file.seek(0)
                return _read_as(file, path, replace(asked, encoding=FALLBACK), progress, stop)
    except (BadInput, Stopped):
        raise
    except OSError as error:
        reason = error.strerror or str(error)
    except UnicodeError as error:
        reason = tr("not text: {reason}", reason=error)
    except ValueError as error:
        reason = str(error)
    raise BadInput("data.path", path, reason)


def _read_as(
    file: io.FileIO | io.BytesIO,
    path: str,
    asked: Asked,
    progress: Callable[[float], None],
    stop: Callable[[], bool],
) -> Table:
    size = file_stamp(path, file).size
    head = file.read(HEAD) or b""
    layout = sense(head, asked, len(head) == size)
    check_size(size, head, layout)
    file.seek(0)
    hashed = Hashed(file)
    from engine.data.collecting import Collector  # numpy is not there before the first frame

    collector = Collector(layout)
    with io.TextIOWrapper(io.BufferedReader(hashed, BLOCK), layout.encoding) as stream:
        for number, text in blocks(stream, layout.preamble):
            collector.add(text, number)
            progress(hashed.position / size)
            if stop():
                raise Stopped
        digest = hashed.hash.hexdigest()
    check_dropped(collector)
    return table_of(collector, path, digest)


def blocks(stream: io.TextIOWrapper, preamble: int) -> Iterator[tuple[int, str]]:
    """Whole lines of a text with the number of the first one; raises ValueError for endless ones.

    Lines belong to one block that a quoted cell goes on over, unless that is very long.
    """
    for _ in range(preamble):
        stream.readline(LONGEST_LINE)
    first = preamble + 1
    while text := stream.read(BLOCK):
        while text[-1] != "\n" or (text.count('"') % 2 and len(text) < 2 * BLOCK):
            more = stream.readline(LONGEST_LINE)
            if not more:
                break
            text += more
            if len(more) == LONGEST_LINE:
                raise ValueError(tr("line {line} does not end", line=first + text.count("\n")))
        yield first, text
        first += text.count("\n")


def check_size(size: int, head: bytes, layout: Layout) -> None:
    """Raise ValueError for more numbers than memory should hold, as far as the begin can tell."""
    rows = size * (head.count(b"\n") + head.count(b"\r") * (b"\n" not in head)) / len(head)
    numbers = rows * len(layout.names)
    if numbers > MOST_NUMBERS:
        raise ValueError(tr(
            "about {numbers:.2g} numbers, at most {most:.0e} are read",
            numbers=numbers, most=MOST_NUMBERS,
        ))  # fmt: skip


def check_dropped(collector: Collector) -> None:
    """Raise ValueError where too many rows were dropped or too few are left."""
    rows = sum(map(len, collector.lines))
    if MOST_DROPPED * collector.dropped > rows + collector.dropped:
        first = "; ".join(map(described, collector.problems[:SHOWN]))
        raise ValueError(tr(
            "{dropped} of {rows} rows cannot be read, more than 1 in {most}: {first}",
            dropped=collector.dropped, rows=rows + collector.dropped, most=MOST_DROPPED,
            first=first,
        ))  # fmt: skip


def described(problem: Problem) -> str:
    """A dropped row in words."""
    if problem.column:
        return tr(
            "line {line}, column {name}: {why}",
            line=problem.line, name=problem.column, why=problem.why,
        )  # fmt: skip
    return tr("line {line} {why}", line=problem.line, why=problem.why)


def table_of(collector: Collector, path: str, digest: str) -> Table:
    """What was collected as a table; the parts that it was collected in are given up on the way."""
    import numpy as np

    layout = collector.layout
    lines = np.concatenate(collector.lines)
    decisions = list(layout.decisions)
    columns = []
    for k in range(len(layout.names)):
        numbers = np.concatenate(collector.columns[k])
        collector.columns[k].clear()
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
            first = float(np.nanmin(numbers)) if missing < len(numbers) else 0.0
            day = date(1970, 1, 1) + timedelta(days=int(first // 1))
            unit = tr("days since {date}", date=day)
            return TableColumn(name, unit, kind, numbers - first // 1, (), missing), []
        case "id":
            values = np.empty(0) if k in collector.lettered else numbers
            said = Message("{name} holds ids: left out unless it is named", name=name)
            return TableColumn(name, unit, kind, values, (), missing), [said]
    words = collector.words[k].numbers
    if is_category(len(words), len(numbers) - missing):
        levels = sorted(words)
        places = np.array([levels.index(word) for word in words], dtype=np.float64)
        present = ~np.isnan(numbers)
        numbers[present] = places[numbers[present].astype(np.int64)]
        levels = [printable(level) for level in levels]
        return TableColumn(name, unit, "category", numbers, tuple(levels), missing), []
    said = Message("{name} is free text: left out", name=name)
    return TableColumn(name, unit, "text", np.empty(0), (), missing), [said]
