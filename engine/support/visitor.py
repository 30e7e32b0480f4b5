"""A visitor: somebody in a browser whom the lab is served to, and what they may do here.

The environment of a process says whether it belongs to one; whoever sits at the machine is none.
The process is started in the visitor's folder and never leaves it: settings, progress and runs are
there, no other file is read or written by its name, and paths are shown as seen from it.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from engine.support.errors import BadInput
from engine.support.translation import tr

VISITOR = "LINREG_TUI_VISITOR"
"""The environment variable that is set in the process of a visitor."""
KEPT = Path(".linreg-tui")
"""The folder of what is kept for a visitor between two sessions."""
MOST_NUMBERS, MOST_OF_VISITOR = 200_000_000, 5_000_000
"""Of a table, of features, of what a hidden layer makes of them; each takes 8 bytes of memory."""


def is_visitor() -> bool:
    """Whether this process belongs to a visitor."""
    return VISITOR in os.environ


def most_numbers() -> int:
    """Numbers that data may have here."""
    return MOST_OF_VISITOR if is_visitor() else MOST_NUMBERS


def file_at(path: str, key: str) -> Path:
    """The file, or folder, at a path that somebody has typed; it need not exist.

    Raises BadInput, in which the path is the value of a key, where a visitor may not go there, or ~
    is that of a user that there is not.
    """
    if not is_visitor():
        try:
            return Path(path).expanduser()
        except RuntimeError as error:
            raise BadInput(key, path, tr("cannot be read: {reason}", reason=error)) from None
    try:
        here = Path.cwd().resolve()
        return (here / path).resolve().relative_to(here)
    except (OSError, ValueError, RuntimeError):  # too long, elsewhere, links in a circle
        pass
    raise BadInput(key, path, tr("only files of your own can be named here"))


def found_again(file: Path) -> Path:
    """The path by which a file is found from any folder; a visitor has but one."""
    return file if is_visitor() else file.absolute()


def brought(file: Path) -> str:
    """The path of a file that comes along with a lesson: for a visitor, that of a copy of theirs.

    One of theirs that has this name stays. Raises OSError.
    """
    if not is_visitor():
        return str(file.absolute())
    if not Path(file.name).exists():
        shutil.copyfile(file, file.name)
    return file.name
