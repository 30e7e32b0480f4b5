"""A text of more numbers than memory should hold: pieces of it, evenly spread over the file."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from engine.data.assembling import table_of
from engine.data.collecting import Collector
from engine.data.sensing import Layout
from engine.data.source import Stopped
from engine.data.table import Table
from engine.support.translation import Message, tr

SAMPLE = 20_000_000
"""Numbers of a sample."""
PIECE = 1 << 18
"""Bytes of a piece, in which lines begin and end."""


def read_sample(
    file: io.FileIO | io.BytesIO,
    path: str,
    layout: Layout,
    rows: int,
    progress: Callable[[float], None],
    stop: Callable[[], bool],
) -> Table:
    """A table of whole lines from evenly spread pieces of a text of about so many rows.

    How many lines stand before a piece is unknown, so that no row has a line number; the SHA-256 is
    that of the pieces. Raises ValueError for what is no table, Stopped.
    """
    size = file.seek(0, io.SEEK_END)
    width = len(layout.names)
    count = max(2, round(size * SAMPLE / (rows * width) / PIECE))
    collector, digest = Collector(layout, SAMPLE // width), hashlib.sha256()
    for number, piece in enumerate(pieces(file, size, count, layout.preamble), 1):
        digest.update(piece)
        collector.add(piece.decode(layout.encoding).replace("\r\n", "\n"), 0)
        progress(number / count)
        if stop():
            raise Stopped
    table = table_of(collector, path, digest.hexdigest())
    said = Message(
        "a sample of {rows:,} of about {all:,} rows, from {count} places between begin and end",
        rows=table.rows, all=rows, count=count,
    )  # fmt: skip
    return replace(
        table,
        lines=np.zeros_like(table.lines),
        problems=tuple(replace(problem, line=0) for problem in table.problems),
        decisions=(said, *table.decisions),
    )


def pieces(file: io.FileIO | io.BytesIO, size: int, count: int, preamble: int) -> Iterator[bytes]:
    """So many pieces of whole lines; raises ValueError where one has no end of a line."""
    for k in range(count):
        file.seek(k * (size - PIECE) // (count - 1))
        piece = file.read(PIECE) or b""
        begin = 0
        for _ in range(preamble if k == 0 else 1):
            begin = piece.find(b"\n", begin) + 1
        end = piece.rfind(b"\n") + 1
        if end <= begin:
            raise ValueError(tr("its lines are longer than {size} KiB", size=PIECE >> 11))
        yield piece[begin:end]
