"""A part of a file of text: a range of its bytes, cut where a row ends."""

from __future__ import annotations

import io
from dataclasses import dataclass
from itertools import accumulate
from operator import xor
from typing import TYPE_CHECKING, BinaryIO, cast

from engine.data.assembling import table_of
from engine.data.collecting import Collector
from engine.data.parts import agreed, exchange, part
from engine.data.sensing import Asked, Layout, sense
from engine.data.table import Table
from engine.data.text_file import (
    BLOCK,
    HEAD,
    LONGEST_LINE,
    blocks,
    check_size,
    estimated_rows,
    head_of,
    is_gzip,
)
from engine.support.translation import tr

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

File = io.FileIO | io.BytesIO


@dataclass(frozen=True)
class Counted:
    """What stands between two places of a text."""

    quotes: int
    lines: int
    """Ends of lines."""


class Span(io.RawIOBase):
    """The bytes of a file from one place to another."""

    def __init__(self, raw: File, begin: int, end: int) -> None:
        raw.seek(begin)
        self.raw, self.left = raw, end - begin

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Fill a buffer; returns how many bytes came, 0 at the end."""
        count = self.raw.readinto(memoryview(buffer)[: self.left]) or 0
        self.left -= count
        return count


def read_text_part(file: File, path: str, asked: Asked) -> Table:
    """The rows of a text that begin in the part of this process; `path` is its name.

    All processes look at the begin of the file, and each at its own range of bytes; together their
    rows are those of the file, each of them once. Raises BadInput, ValueError.
    """
    number, count = part()
    layout, bounds = agreed(lambda: laid_out(file, asked, count))
    counted = exchange(agreed(lambda: counted_in(file, bounds[number], bounds[number + 1])))
    # A row that goes on over several lines does so within quotes.
    in_quotes = [False, *accumulate((each.quotes % 2 == 1 for each in counted), xor)]
    before = layout.preamble + sum(each.lines for each in counted[:number])

    def collected() -> Collector:
        begin, end = (
            bounds[k] if k in (0, count) else end_of_row(file, bounds[k], in_quotes[k])
            for k in (number, number + 1)
        )
        first = before + counted_in(file, bounds[number], begin).lines
        file.seek(begin)
        rows = estimated_rows(end - begin, file.read(min(HEAD, end - begin)) or b"\n")
        check_size(rows, len(layout.names))
        collector = Collector(layout, rows)
        stream = io.BufferedReader(Span(file, begin, end), BLOCK)
        with io.TextIOWrapper(cast(BinaryIO, stream), layout.encoding) as text:
            for line, block in blocks(text, 0):
                collector.add(block, first + line)
                check_size(collector.lines.filled, len(layout.names))
        return collector

    return table_of(agreed(collected), path, "")


def laid_out(file: File, asked: Asked, count: int) -> tuple[Layout, list[int]]:
    """What a file is written in, and where each part begins and ends, before it is cut at rows."""
    if is_gzip(file):
        raise ValueError(tr("is packed; only what is not can be read in parts"))
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    head, _ = head_of(file)
    layout = sense(head, asked, len(head) < HEAD)
    if "16" in layout.encoding or "32" in layout.encoding or b"\n" not in head:
        raise ValueError(tr("only lines of UTF-8 or one byte a character can be read in parts"))
    lines = io.BufferedReader(Span(file, 0, size))
    body = sum(len(lines.readline()) for _ in range(layout.preamble))
    return layout, [body + k * (size - body) // count for k in range(count + 1)]


def counted_in(file: File, begin: int, end: int) -> Counted:
    """What stands in a range of bytes."""
    quotes = lines = 0
    span = Span(file, begin, end)
    while block := span.read(BLOCK):
        quotes, lines = quotes + block.count(b'"'), lines + block.count(b"\n")
    return Counted(quotes, lines)


def end_of_row(file: File, place: int, in_quotes: bool) -> int:
    """Where the row that goes on at a place ends, which is where the next one begins.

    `in_quotes` says whether the place is. Where that leads nowhere a quote was broken,
    and the row ends with its line.
    """
    lines = io.BufferedReader(Span(file, place, LONGEST_LINE))
    first, end = 0, place
    while line := lines.readline():
        end += len(line)
        first = first or end
        in_quotes ^= line.count(b'"') % 2 == 1
        if not in_quotes:
            return end
    return first or place
