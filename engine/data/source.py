"""Where a file of data comes from: a regular file or standard input, read once and hashed."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import stat
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from engine.support.errors import BadInput
from engine.support.translation import tr
from engine.support.visitor import is_visitor, most_numbers

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

STANDARD_INPUT = "-"
SUFFIXES = (
    *(".csv", ".tsv", ".tab", ".txt", ".dat", ".data"),
    *(".gz", ".json", ".jsonl", ".ndjson", ".parquet"),
)
"""Of files of data, where only those are looked for; any other can be named."""
MOST_NUMBERS = most_numbers()
"""Of a table; each takes 8 bytes of memory."""
MOST_FROM_PIPE = 1 << 30
"""Bytes of standard input, which are kept in memory."""


class Stopped(Exception):
    """Reading was given up because it was asked to."""


@dataclass(frozen=True)
class Stamp:
    """What changes when a file changes."""

    path: str
    mtime_ns: int
    size: int


class Hashed(io.RawIOBase):
    """The bytes of a file, counted and hashed as they are read."""

    def __init__(self, raw: io.RawIOBase | io.BytesIO) -> None:
        self.raw, self.hash, self.position = raw, hashlib.sha256(), 0

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Fill a buffer; returns how many bytes came, 0 at the end."""
        view = memoryview(buffer)
        count = self.raw.readinto(view) or 0
        self.hash.update(view[:count])
        self.position += count
        return count

    def close(self) -> None:
        """Close the file too."""
        self.raw.close()
        super().close()


def stamp(path: str) -> Stamp:
    """What tells a version of a file from another one; raises BadInput where there is none."""
    if path == STANDARD_INPUT:
        return Stamp(path, 0, len(standard_input()))
    with opened(path) as file:
        status = os.fstat(file.fileno())
    return Stamp(str(Path(path).absolute()), status.st_mtime_ns, status.st_size)


def opened(path: str) -> io.FileIO | io.BytesIO:
    """A regular file, or standard input, ready to be read; raises BadInput."""
    if path == STANDARD_INPUT:
        return io.BytesIO(standard_input())
    try:
        # A named pipe that nobody writes to would not even be opened without O_NONBLOCK.
        descriptor = os.open(Path(path).expanduser(), os.O_RDONLY | os.O_NONBLOCK)
        try:
            return regular(descriptor)
        except OSError:
            os.close(descriptor)
            raise
    except (OSError, ValueError, RuntimeError) as error:
        # ValueError: a name that no file can have; RuntimeError: ~ of a user that there is not.
        reason = (isinstance(error, OSError) and error.strerror) or str(error)
    raise BadInput("data.path", path, tr("cannot be read: {reason}", reason=reason))


def regular(descriptor: int) -> io.FileIO:
    """The regular file that is open under a number; raises OSError for anything else."""
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISDIR(mode):
        raise OSError(errno.EISDIR, tr("is a folder"))
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, tr("not a regular file; `-` reads standard input"))
    return io.FileIO(descriptor)


@cache
def standard_input() -> bytes:
    """All of standard input, which is there only once; raises BadInput."""
    if sys.stdin is None or sys.stdin.isatty() or is_visitor():
        allowed = tr("nothing is piped in; for example: cat prices.csv | linreg-tui data -")
        raise BadInput("data.path", STANDARD_INPUT, allowed)
    content = sys.stdin.buffer.read(MOST_FROM_PIPE + 1)
    if len(content) > MOST_FROM_PIPE:
        allowed = tr("more than {size} MiB; write it to a file", size=MOST_FROM_PIPE >> 20)
        raise BadInput("data.path", STANDARD_INPUT, allowed)
    return content
