"""The folder of all runs that are kept: no database, any process may look."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from engine.runs.files import FILES, INFO, NAME, replace_text
from engine.runs.info import RunInfo, read_info
from engine.support.errors import BadInput
from engine.support.translation import tr
from engine.support.user_files import PLACE_OF_RUNS

LATEST = "latest"
"""Stands for the run that began last."""
MOST_RUNS = 10_000
"""Of those that nobody has named, the oldest give way beyond so many."""
_ID = re.compile(r"\d{8}-\d{6}-[\w.-]+")


@dataclass(frozen=True)
class Store:
    """Runs in the folders of one folder; what is there is read anew each time."""

    folder: Path

    def ids(self) -> list[str]:
        """The names of all runs, the newest first; raises BadInput as `runs` does."""
        return list(self._ids())

    def _ids(self) -> Iterator[str]:
        """The same as far as they are asked for; only the names are read.

        Raises BadInput where the folder cannot be read; one that is not there holds no runs.
        """
        try:
            with os.scandir(self.folder) as entries:
                names = [entry.name for entry in entries]
        except FileNotFoundError:
            return
        except OSError as error:
            allowed = tr("cannot be read: {reason}", reason=error.strerror)
            raise BadInput(PLACE_OF_RUNS, self.folder, allowed) from None
        names.sort(reverse=True)
        yield from filter(_ID.fullmatch, names)

    def runs(self) -> Iterator[RunInfo]:
        """What is known of each run, the newest first, as far as it is asked for.

        A folder that holds no run is passed over, as one that is just being made or removed. Raises
        BadInput where the folder of all cannot be read; one that is not there holds no runs.
        """
        for id in self._ids():
            with suppress(OSError, ValueError):
                yield read_info(self.folder / id)

    def run(self, name: str) -> RunInfo:
        """The run of an id, the begin of one, a name that a person gave, or `latest`.

        Of several runs of a name it is the newest. Raises BadInput where there is none, or several
        ids begin so.
        """
        if name == LATEST:
            for info in self.runs():
                return info
            raise BadInput("run", name, tr("no run is kept in {folder}", folder=self.folder))
        for info in self.runs():
            if name and name in (info.name, info.id):
                return info
        begun = [id for id in self.ids() if name and id.startswith(name)]
        if len(begun) > 1:
            allowed = tr("{count} runs begin so, as {first}", count=len(begun), first=begun[0])
            raise BadInput("run", name, allowed)
        for id in begun:
            with suppress(OSError, ValueError):
                return read_info(self.folder / id)
        raise BadInput("run", name, tr("no such run: `linreg-tui runs` lists them"))

    def path(self, info: RunInfo) -> Path:
        """The folder of a run."""
        return self.folder / info.id

    def rename(self, info: RunInfo, name: str) -> None:
        """Give a run a name, or none, whether or not it goes on; raises BadInput."""
        try:
            replace_text(self.path(info) / NAME, name)
        except OSError as error:
            allowed = tr("cannot be named: {reason}", reason=error.strerror or str(error))
            raise BadInput("run", info.id, allowed) from None

    def remove(self, info: RunInfo) -> None:
        """Remove a run, and nothing else that somebody has put into its folder.

        Raises BadInput while it goes on, or where it cannot be removed.
        """
        if info.state == "running":
            raise BadInput("run", info.id, tr("is still running: stop it before it is removed"))
        try:
            remove_folder(self.path(info))
        except OSError as error:
            allowed = tr("cannot be removed: {reason}", reason=error.strerror)
            raise BadInput("run", info.id, allowed) from None

    def size(self, info: RunInfo) -> int:
        """Bytes of a run on disk."""
        total = 0
        for name in FILES:
            with suppress(OSError):
                total += (self.path(info) / name).stat().st_size
        return total

    def give_way(self, most: int = MOST_RUNS) -> None:
        """Remove the oldest runs beyond so many that are over and have no name."""
        ids = self.ids()
        beyond = len(ids) - most
        for id in reversed(ids):
            if beyond <= 0:
                return
            with suppress(OSError, ValueError):
                info = read_info(self.folder / id)
                if not info.name and info.state != "running":
                    remove_folder(self.folder / id)
                    beyond -= 1


def remove_folder(folder: Path) -> None:
    """Remove the files of a run, `run.json` first, and its folder if nothing else is in it.

    Raises OSError where a file cannot be removed.
    """
    for name in (INFO, *FILES):
        (folder / name).unlink(missing_ok=True)
    for name in (INFO, NAME):
        for rest in folder.glob(f"{name}.*.tmp"):
            rest.unlink(missing_ok=True)
    with suppress(OSError):  # somebody's own files are left
        folder.rmdir()
