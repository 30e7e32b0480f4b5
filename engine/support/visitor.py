"""A visitor: somebody in a browser whom the lab is served to, and what they may do here.

The environment of a process says whether it has one. Whoever sits at the machine is none.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from engine.support.errors import BadInput
from engine.support.translation import tr

VISITOR = "LINREG_TUI_VISITOR"
"""The environment variable with the folder of the visitor, in which the process has been started.

Settings, progress and runs are in it, and no file elsewhere is read or written by its name.
"""
MOST_NUMBERS, MOST_OF_VISITOR = 200_000_000, 5_000_000
"""Of a table, of features, of what a hidden layer makes of them; each takes 8 bytes of memory."""


def visitors_folder() -> Path | None:
    """The folder of the visitor whom this process belongs to; None where it belongs to nobody."""
    folder = os.environ.get(VISITOR)
    return Path(folder) if folder else None


def most_numbers() -> int:
    """Numbers that data may have here."""
    return MOST_OF_VISITOR if visitors_folder() else MOST_NUMBERS


def file_at(path: str, key: str) -> Path:
    """The file, or folder, at a path that somebody has typed; it need not exist.

    Of a visitor, relative to their folder. Raises BadInput, in which the path is the value of a
    key, where a visitor may not go there, or ~ is that of a user that there is not.
    """
    folder = visitors_folder()
    if folder is None:
        try:
            return Path(path).expanduser()
        except RuntimeError as error:
            raise BadInput(key, path, tr("cannot be read: {reason}", reason=error)) from None
    try:
        whole = folder.resolve()
        return (whole / path).resolve().relative_to(whole)
    except (OSError, ValueError, RuntimeError):  # too long, elsewhere, links in a circle
        pass
    raise BadInput(key, path, tr("only files of your own can be named here"))


def brought(file: Path) -> str:
    """The path of a file that comes along with a lesson: for a visitor, that of a copy of theirs.

    One of theirs that has this name stays. Raises OSError.
    """
    folder = visitors_folder()
    if folder is None:
        return str(file.absolute())
    if not (folder / file.name).exists():
        shutil.copyfile(file, folder / file.name)
    return file.name
