"""A file of text, plain or gzipped: sensed by its begin, then read a block of lines at a time."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable, Iterator
from typing import BinaryIO, cast

from engine.data.assembling import table_of
from engine.data.collecting import Collector
from engine.data.sampling import read_sample
from engine.data.sensing import Asked, sense
from engine.data.source import MOST_NUMBERS, Hashed, Stopped
from engine.data.table import Table
from engine.support.translation import tr

HEAD = 1 << 17
"""Bytes at the begin of a text by which it is sensed."""
GZIP = b"\x1f\x8b"
BLOCK = 1 << 20
"""Characters that are read at a time."""
LONGEST_LINE, LONGEST_CELL = 1 << 22, 1 << 16
"""Characters."""


def read_text_file(
    file: io.FileIO | io.BytesIO,
    path: str,
    asked: Asked,
    progress: Callable[[float], None],
    stop: Callable[[], bool],
) -> Table:
    """The table in a file that is open; `path` is its name.

    Raises BadInput for what is asked in vain, ValueError for what is no table, Stopped.
    """
    size = file.seek(0, io.SEEK_END)
    head, taken = head_of(file)
    layout = sense(head, asked, len(head) < HEAD)
    rows = estimated_rows(size * len(head) / taken, head)
    if (
        rows * len(layout.names) > MOST_NUMBERS
        and not is_gzip(file)
        and "16" not in layout.encoding
    ):
        return read_sample(file, path, layout, rows, progress, stop)
    check_size(rows, len(layout.names))
    file.seek(0)
    collector, hashed = Collector(layout, rows), Hashed(file)
    with io.TextIOWrapper(unpacked(hashed, is_gzip(file)), layout.encoding) as stream:
        for number, text in blocks(stream, layout.preamble):
            collector.add(text, number)
            check_size(collector.lines.filled, len(layout.names))
            progress(hashed.position / size)
            if stop():
                raise Stopped
    return table_of(collector, path, hashed.hash.hexdigest())


def is_gzip(file: io.FileIO | io.BytesIO) -> bool:
    """Whether a file is gzipped, by its first bytes; it is read from its begin next."""
    file.seek(0)
    mark = file.read(len(GZIP))
    file.seek(0)
    return mark == GZIP


def head_of(file: io.FileIO | io.BytesIO) -> tuple[bytes, int]:
    """The first bytes of a text, unpacked, and how many bytes of the file hold them."""
    text = gzip.GzipFile(fileobj=file) if is_gzip(file) else file
    head = text.read(HEAD) or b""
    return head, file.tell()


def unpacked(hashed: Hashed, packed: bool) -> BinaryIO:
    """The bytes of a text, hashed as they stand in the file."""
    stream = io.BufferedReader(hashed, BLOCK)
    return cast(BinaryIO, gzip.GzipFile(fileobj=stream) if packed else stream)


def blocks(stream: io.TextIOWrapper, preamble: int) -> Iterator[tuple[int, str]]:
    """Whole lines of a text with the number of the first one; raises ValueError for endless ones.

    Lines belong to one block that a quoted cell goes on over, unless that is long.
    """
    for _ in range(preamble):
        stream.readline(LONGEST_LINE)
    first = preamble + 1
    while text := stream.read(BLOCK):
        within = text.count('"') % 2 if '"' in text else 0
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


def estimated_rows(size: float, head: bytes) -> int:
    """About how many lines a text of so many bytes has, by its first ones."""
    ends = head.count(b"\n") or head.count(b"\r")
    return int(1.01 * size * ends / len(head)) + 1


def check_size(rows: int, columns: int) -> None:
    """Raise ValueError for more numbers than memory should hold."""
    if rows * columns > MOST_NUMBERS:
        raise ValueError(tr(
            "about {numbers:.2g} numbers, at most {most:.0e} are read",
            numbers=rows * columns, most=MOST_NUMBERS,
        ))  # fmt: skip
