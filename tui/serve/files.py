"""Files on their way between a browser and the folder of its visitor."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from engine.data.source import SUFFIXES
from engine.support.outside import is_seen, printable
from engine.support.translation import tr
from tui.serve.frames import LONGEST_NAME
from tui.serve.visitors import size_of

MOST_UPLOADED = 16 << 20
"""Bytes of a file."""
MOST_KEPT = 128 << 20
"""Bytes of all files of a visitor, runs and settings among them."""


class Refused(Exception):
    """A file that is not taken; the message says why, in one line."""


def name_of(given: str) -> str:
    """The name under which a file is kept; raises Refused where it can have none."""
    name = given.replace("\\", "/").rpartition("/")[2].strip()
    if not name or name.startswith(".") or not all(map(is_seen, name)):
        raise Refused(tr("{name}: no name for a file", name=printable(name)))
    if len(name.encode()) > LONGEST_NAME:
        raise Refused(tr("{name} …: the name is too long", name=name[:20]))
    if Path(name).suffix.casefold() not in SUFFIXES:
        kinds = ", ".join(SUFFIXES)
        raise Refused(tr("{name}: only files of data are taken: {kinds}", name=name, kinds=kinds))
    return name


async def take(given: str, content: AsyncIterator[bytes], folder: Path) -> str:
    """Write a file that comes into a folder, all or nothing; returns its name there.

    One that was there under this name is replaced. Raises Refused.
    """
    name = name_of(given)
    room = min(MOST_UPLOADED, MOST_KEPT - size_of(folder))
    beside = folder / f".{os.urandom(8).hex()}.part"
    try:
        with beside.open("xb") as out:
            async for piece in content:
                room -= len(piece)
                if room < 0:
                    raise Refused(too_much(name))
                out.write(piece)
        if size_of(folder) > MOST_KEPT:  # others have come meanwhile
            raise Refused(too_much(name))
        beside.replace(folder / name)
    except OSError as error:
        reason = error.strerror or str(error)
        raise Refused(tr("{name} cannot be kept: {reason}", name=name, reason=reason)) from None
    finally:
        beside.unlink(missing_ok=True)
    return name


def too_much(name: str) -> str:
    """Why a file is not taken that is too large, or one too many."""
    return tr(
        "{name} is too large: {most} MiB a file, {all} MiB together",
        name=name,
        most=MOST_UPLOADED >> 20,
        all=MOST_KEPT >> 20,
    )


def opened(name: str, folder: Path) -> BinaryIO | None:
    """The file of a name, as seen from a folder, to be read; None where there is none in it."""
    with suppress(OSError, ValueError):  # too long, or no name for a file
        file = (folder / name).resolve()
        if file.is_relative_to(folder.resolve()) and file.is_file():
            return file.open("rb")
    return None
