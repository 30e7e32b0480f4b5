"""Files that are kept between two sessions: where they are, and how none of them is ever lost."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import tomli_w
from platformdirs import user_config_path, user_state_path

from engine.support.outside import printable, read_text, read_toml
from engine.support.translation import tr
from engine.support.visitor import KEPT, found_again, is_visitor

Kept = TypeVar("Kept")

PLACE_OF_RUNS = "LINREG_TUI_RUNS"
"""The environment variable that names another folder, as one that several machines share."""
LONGEST_WAIT = 1.0
"""Seconds until a file that another process holds is given up."""


def settings_file() -> Path:
    """The file with theme, keys and the last experiment; it need not exist."""
    folder = KEPT if is_visitor() else user_config_path("linreg-tui", appauthor=False)
    return folder / "settings.toml"


def progress_file() -> Path:
    """The file with what was reached in the lessons; it need not exist."""
    return settings_file().with_name("progress.toml")


def recent_file() -> Path:
    """The file with the names of the files of data that were opened last; it need not exist."""
    return settings_file().with_name("recent.toml")


def experiments_folder() -> Path:
    """The folder of the experiments that were saved under a name; it need not exist."""
    return settings_file().with_name("experiments")


def runs_folder() -> Path:
    """The folder of the runs that are kept; it need not exist."""
    if is_visitor():
        return KEPT / "runs"
    named = os.environ.get(PLACE_OF_RUNS)
    return Path(named) if named else user_state_path("linreg-tui", appauthor=False) / "runs"


def read_kept(
    file: Path, parse: Callable[[dict[str, Any]], Kept], nothing: Kept
) -> tuple[Kept, str]:
    """What `parse` makes of a TOML file, and a message, empty if all is well.

    A file that cannot be understood, for which `parse` raises ValueError, is renamed and kept;
    `nothing` is returned instead.
    """
    try:
        return parse(read_toml(read_text(file))), ""
    except FileNotFoundError:
        return nothing, ""
    except OSError as error:
        return nothing, set_aside(file, error.strerror or str(error))
    except ValueError as error:
        return nothing, set_aside(file, printable(str(error)))


def free_name(file: Path) -> Path:
    """A name beside a damaged file that no other file has."""
    aside = file.with_suffix(".damaged.toml")
    count = 1
    while aside.exists():
        count += 1
        aside = file.with_suffix(f".damaged-{count}.toml")
    return aside


def copy_aside(file: Path) -> str:
    """Copy a file of which a part is damaged, so that it may be written anew.

    Returns the name of the copy; empty where none could be made.
    """
    aside = free_name(file)
    try:
        aside.write_bytes(file.read_bytes())
    except OSError:
        return ""
    return aside.name


def set_aside(file: Path, reason: str) -> str:
    """Rename a damaged file, so that it is neither used nor lost; the message says where to."""
    aside = free_name(file)
    try:
        file.rename(aside)
    except OSError:
        return tr(
            "{file} could not be read ({reason}); the defaults are used.",
            file=file.name,
            reason=reason,
        )
    return tr(
        "{file} was damaged ({reason}); it is kept as {aside}.",
        file=file.name,
        reason=reason,
        aside=aside.name,
    )


@contextmanager
def held(file: Path) -> Iterator[None]:
    """Keep a file from other processes that hold it, from reading it till it is written.

    Raises OSError where there is no place for a lock, or another process does not let go.
    """
    from filelock import FileLock  # not wanted before something is reached

    file.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(file.with_suffix(".lock"), timeout=LONGEST_WAIT):
        yield


def write_kept(values: Mapping[str, Any], file: Path) -> str:
    """Write a TOML file, all or nothing; the message is empty if that worked."""
    beside = file.with_suffix(f".{os.getpid()}.tmp")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("w", encoding="utf-8") as out:
            out.write(tomli_w.dumps(values))
            out.flush()
            os.fsync(out.fileno())  # else a crash of the system might leave an empty file
        beside.replace(file)
    except OSError as error:
        reason = error.strerror or str(error)
    except ValueError as error:  # a number of thousands of digits
        reason = str(error)
    else:
        return ""
    return tr("{file} could not be saved: {reason}", file=file.name, reason=reason)


def write_beside(content: bytes, name: str, suffix: str) -> Path:
    """The new file in the present folder that holds it: NAME.py, NAME_2.py, …; raises OSError."""
    for number in count(1):
        file = Path(f"{name}{suffix}" if number == 1 else f"{name}_{number}{suffix}")
        try:
            with file.open("xb") as stream:
                stream.write(content)
        except FileExistsError:
            continue
        return found_again(file)
    raise AssertionError
