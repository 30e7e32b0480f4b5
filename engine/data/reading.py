"""A file of data as a table, read once: from memory where it has not changed since."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import replace

from engine.data.encoding import FALLBACK, foreign_format
from engine.data.keeping import keep
from engine.data.parts import agreed, are_several, part
from engine.data.sensing import Asked
from engine.data.source import Stamp, opened, stamp
from engine.data.source import Stopped as Stopped
from engine.data.table import Table
from engine.support.errors import BadInput
from engine.support.translation import Message, tr

_tables: dict[tuple[Stamp, Asked, tuple[int, int]], Table] = {}
"""By what the file was, what was asked, and which part of it was read."""


def read_table(
    path: str,
    asked: Asked = Asked(),
    progress: Callable[[float], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> Table:
    """A file's columns in float64; `-` is standard input. Raises BadInput, or Stopped.

    Where files are read in parts, the rows are those of the own part, without progress.

    `progress` hears of the share that is read, `stop` is asked whether to go on, both a few times a
    second. A file that was read before and has not changed since comes from memory.
    """
    key = agreed(lambda: stamp(path)), asked, part()
    table = _tables.get(key)
    if table is None:
        table = _read(path, asked, progress or (lambda share: None), stop or (lambda: False))
    return keep(_tables, key, table, numbers)


def numbers(table: Table) -> int:
    """How many numbers a table holds."""
    return table.rows * len(table.columns)


def is_read(path: str, asked: Asked = Asked()) -> bool:
    """Whether `read_table` would come at once: with a table, or with why there is no such file."""
    try:
        return (stamp(path), asked, part()) in _tables
    except BadInput:
        return True


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
    except (EOFError, zlib.error):
        reason = tr("damaged, or it ends early")
    except ValueError as error:
        reason = str(error)
    raise BadInput("data.path", path, reason)


def _read_as(
    path: str, asked: Asked, progress: Callable[[float], None], stop: Callable[[], bool]
) -> Table:
    # Below here there is numpy, which must not be imported before the first frame.
    from engine.data.text_file import read_text_file

    with agreed(lambda: opened(path)) as file:
        if form := foreign_format(file.read(4096) or b""):
            from engine.data.by_duckdb import read_foreign

            return read_foreign(file, path, form)
        if are_several():
            from engine.data.text_part import read_text_part

            return read_text_part(file, path, asked)
        return read_text_file(file, path, asked, progress, stop)
