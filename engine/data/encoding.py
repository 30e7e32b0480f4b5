"""The encoding of a file, by its first bytes."""

from __future__ import annotations

import codecs
import re
from typing import Literal

from engine.support.errors import BadInput
from engine.support.translation import Message, tr

MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
"""Encodings by the mark that a file begins with."""
FORMATS = {
    b"PK\x03\x04": "zip, Excel",
    b"\xd0\xcf\x11\xe0": "Excel",
    b"%PDF": "PDF",
    b"SQLite format 3": "SQLite",
    b"\x89PNG": "PNG",
    b"\x89HDF": "HDF5",
    b"\x93NUMPY": "NumPy",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
}
"""What else people have their data in, by its first bytes."""
_JSON = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:\[\s*)?\{\s*(?:\"|\}|$)")
FALLBACK = "cp1252"
"""Of files that are not Unicode."""


def foreign_format(head: bytes) -> Literal["parquet", "json", ""]:
    """The format of a file that begins so, where it is no text of cells."""
    if head.startswith(b"PAR1"):
        return "parquet"
    return "json" if _JSON.match(head) else ""


def encoding_of(head: bytes, asked: str) -> tuple[str, list[Message]]:
    """The encoding of a file that begins so, and what to say of it.

    Raises BadInput for an encoding that there is not, ValueError for what is no text.
    """
    if asked != "auto":
        return checked(asked), []
    for mark, encoding in MARKS.items():
        if head.startswith(mark):
            said = [Message("encoding UTF-16, by its mark")] if encoding == "utf-16" else []
            return encoding, said
    if name := next((name for mark, name in FORMATS.items() if head.startswith(mark)), None):
        raise ValueError(tr("not text but {format}; export it as CSV", format=name))
    halves = len(head) // 2 or 1
    for offset, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        if head[offset::2].count(0) > halves / 2 > 4 * head[1 - offset :: 2].count(0):
            return encoding, [Message("encoding UTF-16 without a mark, by its zero bytes")]
    if head.count(0) > len(head) // 10:
        raise ValueError(tr("not text: it is full of zero bytes"))
    if decodes(head, "utf-8"):
        return "utf-8", []
    return FALLBACK, [Message("not UTF-8, so read as {encoding}", encoding=FALLBACK)]


def checked(name: str) -> str:
    """An encoding that a person names, as Python names it; raises BadInput."""
    try:
        encoding = codecs.lookup(name)
        encoding.incrementaldecoder().decode(b"")
        "".encode(encoding.name)  # no text comes of hex or rot13
    except (LookupError, TypeError, ValueError):
        allowed = tr("unknown encoding; for example utf-8, utf-16, cp1252")
        raise BadInput("data.encoding", name, allowed) from None
    return encoding.name


def decodes(head: bytes, encoding: str) -> bool:
    """Whether bytes are text in an encoding, of which the last character may be cut off."""
    try:
        codecs.getincrementaldecoder(encoding)().decode(head)
    except UnicodeDecodeError:
        return False
    return True
