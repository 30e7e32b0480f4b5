"""Parquet and JSON, by DuckDB, which the extra `files` brings.

Nothing is left to its guesses: it loads no extensions, the format is the one that was sensed, and
the name of a file is no pattern of names.
"""

from __future__ import annotations

import glob
import hashlib
import io
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Literal

import numpy as np

from engine.data.assembling import table_of
from engine.data.cells import NOTHING
from engine.data.collecting import Collector
from engine.data.framing import unique
from engine.data.kinds import Sensed, kind_of
from engine.data.parts import agreed, are_several, part
from engine.data.sensing import MOST_COLUMNS, Layout
from engine.data.source import MOST_NUMBERS, STANDARD_INPUT
from engine.data.table import Table
from engine.support.errors import one_line, shortened
from engine.support.translation import Message, tr

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection
    from numpy.typing import NDArray

    Cells = NDArray[np.float64] | list[str]
    """A column, as numbers or as text."""

EXTRA = 'pip install "linreg-tui[files]"'
READERS = {"parquet": "read_parquet(?)", "json": "read_json(?, format = 'auto', records = 'true')"}
"""By format, with the name of the file as the one parameter."""
NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE", "DECIMAL")
"""How the names of the types of numbers begin, or go on after a U."""
SEED = 7
"""Of the sample of a file that is too large."""
SAMPLE = 20_000_000
"""Numbers of such a sample."""
LOOKED_AT = 1000
"""Cells of text that tell the kind of their column."""


def read_foreign(
    file: io.FileIO | io.BytesIO, path: str, form: Literal["parquet", "json"]
) -> Table:
    """The table in a file that is open; `path` is its name. Raises ValueError.

    In parts, it has the own range of rows, whose groups DuckDB reads alone, and no digest.
    """

    def read() -> tuple[Collector, str]:
        connection, digest = connected(), ""
        import duckdb

        if are_several() and form == "json":
            raise ValueError(tr("JSON cannot be read in parts"))
        if not are_several():
            file.seek(0)
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        try:
            with connection, named(file, path) as name:
                return collected(connection, READERS[form], name, form), digest
        except duckdb.Error as error:
            raise ValueError(shortened(one_line(error), 200)) from None

    collector, digest = agreed(read)
    return table_of(collector, path, digest)


@contextmanager
def named(file: io.FileIO | io.BytesIO, path: str) -> Iterator[str]:
    """A name under which the file can be opened: for standard input that of a copy on disk."""
    if path != STANDARD_INPUT:
        yield path
        return
    with TemporaryDirectory() as folder:
        copy = Path(folder) / "standard-input"
        file.seek(0)
        with copy.open("wb") as opened:
            shutil.copyfileobj(file, opened)
        yield str(copy)


def connected() -> DuckDBPyConnection:
    """A data base in memory that loads no extensions; raises ValueError without the extra."""
    try:
        import duckdb
    except ImportError:
        allowed = tr("needs the extra for such files: {command}", command=EXTRA)
        raise ValueError(allowed) from None
    return duckdb.connect(
        config={"autoinstall_known_extensions": False, "autoload_known_extensions": False}
    )


def collected(connection: DuckDBPyConnection, reader: str, path: str, form: str) -> Collector:
    """The rows that DuckDB reads, collected."""
    source = [glob.escape(str(Path(path).expanduser().absolute()))]
    types = {
        str(name): str(kind)
        for name, kind, *_ in connection.execute(
            f"DESCRIBE SELECT * FROM {reader}", source
        ).fetchall()
    }
    if len(types) > MOST_COLUMNS:
        raise ValueError(tr("has more than {most} columns", most=MOST_COLUMNS))
    count = connection.execute(f"SELECT count(*) FROM {reader}", source).fetchone()
    rows = int(count[0]) if count else 0
    if rows == 0:
        raise ValueError(tr("the file is empty"))
    wanted = ", ".join(
        f"{cast(name, kind)} AS c{k}" for k, (name, kind) in enumerate(types.items())
    )
    number, parts = part()
    begin, end = (rows * k // parts for k in (number, number + 1))
    query, said = f"SELECT {wanted} FROM {reader}", []

    def columns_by(query: str) -> list[Cells]:
        arrays = connection.execute(query, source).fetchnumpy()
        return [cells_of(arrays[f"c{k}"], kind) for k, kind in enumerate(types.values())]

    head = None
    if are_several():
        if (end - begin) * len(types) > MOST_NUMBERS:
            raise ValueError(tr("the parts are too large; {n} processes are too few", n=parts))
        head = columns_by(f"{query} LIMIT {LOOKED_AT}")
        numbered = reader.replace("(?", "(?, file_row_number = true")
        # A condition on this column is one on groups of rows too: DuckDB leaves out the others.
        query = f"SELECT {wanted} FROM {numbered} WHERE file_row_number >= {begin}"
        query += f" AND file_row_number < {end}"
    elif rows * len(types) > MOST_NUMBERS:
        size = SAMPLE // len(types)
        query += f" USING SAMPLE reservoir({size} ROWS) REPEATABLE ({SEED})"
        said.append(Message("a random sample of {size:,} of {rows:,} rows", size=size, rows=rows))
    columns = columns_by(query)
    kinds = kinds_of(head or columns, list(types.values()))
    nothing = ("",) * len(types)
    layout = Layout(
        form, "", ".", True, False, NOTHING, 0, unique(list(types)), (False,) * len(types), nothing,
        tuple(kinds), tuple(said),
    )  # fmt: skip
    return filled(layout, columns, begin + 1)


def cast(name: str, kind: str) -> str:
    """A column of DuckDB as a double, seconds since 1970, or text."""
    quoted = '"' + name.replace('"', '""') + '"'
    match sort_of(kind):
        case "number" | "boolean":
            return f"CAST({quoted} AS DOUBLE)"
        case "date":
            return f"epoch({quoted})"
    return f"CAST({quoted} AS VARCHAR)"


def sort_of(kind: str) -> Sensed:
    """What a type of DuckDB holds."""
    if kind.removeprefix("U").startswith(NUMBERS) and not kind.endswith("]"):
        return "number"
    if kind == "BOOLEAN":
        return "boolean"
    return "date" if kind == "DATE" or kind.startswith("TIMESTAMP") else "words"


def cells_of(array: NDArray[np.generic], kind: str) -> Cells:
    """A column as numbers, NaN where missing, or as cells."""
    if sort_of(kind) == "words":
        return ["" if cell is None else str(cell) for cell in np.ma.filled(array, None)]
    return np.ma.filled(array.astype(np.float64), np.nan)


def kinds_of(columns: Sequence[Cells], types: Sequence[str]) -> list[Sensed]:
    """What columns hold, by their types and the cells at their begin."""
    kinds: list[Sensed] = []
    for column, kind in zip(columns, types, strict=True):
        if isinstance(column, list):
            cells = [cell for cell in column[:LOOKED_AT] if cell.casefold() not in NOTHING]
            kinds.append(kind_of(cells, "."))
        else:
            kinds.append(sort_of(kind))
    return kinds


def filled(layout: Layout, columns: Sequence[Cells], first: int) -> Collector:
    """Columns, collected as those of a text are, of which the first row has the number `first`.

    Raises ValueError for what is not finite.
    """
    rows = len(columns[0])
    collector = Collector(layout, rows)
    for name, column in zip(layout.names, columns, strict=True):
        if not isinstance(column, list) and len(bad := np.flatnonzero(np.isinf(column))):
            raise ValueError(
                tr("row {row}, column {name}: not finite", row=bad[0] + first, name=name)
            )
    collector.take(columns, np.arange(first, first + rows))
    return collector
