"""The files of data that were opened last, in one TOML file that a person can edit."""

from __future__ import annotations

from typing import Any

from engine.data.opened import SAMPLE
from engine.support.user_files import read_kept, recent_file, write_kept

MOST = 12
"""Files that are remembered."""


def recent() -> list[str]:
    """Paths of the files that were opened last, the last one first; they may be gone."""
    nothing: list[str] = []
    return read_kept(recent_file(), parse, nothing)[0]


def parse(values: dict[str, Any]) -> list[str]:
    """The paths in the values of a TOML file; raises ValueError."""
    files = values.get("files")
    if not isinstance(files, list) or not all(isinstance(file, str) for file in files):
        raise ValueError("files")
    return files[:MOST]


def remember(path: str) -> None:
    """Put a file before the others; where it cannot be written, it is not remembered.

    Samples are listed without that; an empty path is no file.
    """
    before = recent()
    if path and before[:1] != [path] and not path.startswith(SAMPLE):
        others = [file for file in before if file != path]
        write_kept({"files": [path, *others][:MOST]}, recent_file())
