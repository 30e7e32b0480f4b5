"""A folder for each visitor: settings, progress, runs, and the files that come and go."""

from __future__ import annotations

import hashlib
import math
import os
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp

from engine.support.errors import BadInput
from engine.support.translation import tr

MOST_AWAY = 64
"""Visitors without a session whose folders stay; those not seen for longest are forgotten."""


@dataclass
class Visitors:
    """The folders of all visitors, in one folder of the server's."""

    root: Path
    patience: float
    """Seconds after which somebody who is away is forgotten; infinity for never."""
    now: Callable[[], float] = time.monotonic
    present: Counter[Path] = field(default_factory=Counter)
    """How many sessions a folder has."""
    away: dict[Path, float] = field(default_factory=dict)
    """When a folder without one was last asked for, the earliest first."""

    def folder(self, visitor: str) -> Path:
        """The folder of a visitor, whose name tells nobody the cookie; raises OSError."""
        folder = self.root / hashlib.sha256(visitor.encode()).hexdigest()[:32]
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if folder not in self.present:
            self.leave(folder)
        return folder

    @contextmanager
    def visit(self, visitor: str) -> Iterator[Path]:
        """The folder of a visitor who is there for the length of a block; raises OSError."""
        folder = self.folder(visitor)
        self.away.pop(folder, None)
        self.present[folder] += 1
        try:
            yield folder
        finally:
            self.present[folder] -= 1
            if not self.present[folder]:
                del self.present[folder]
                self.leave(folder)

    def leave(self, folder: Path) -> None:
        """Note that a folder has no session from now on."""
        self.away.pop(folder, None)
        self.away[folder] = self.now()
        self.forget()

    def forget(self) -> None:
        """Remove the folders of those who have been away for long, and of the first of too many."""
        if self.patience == math.inf:
            return
        over = len(self.away) - MOST_AWAY
        for number, (folder, since) in enumerate(list(self.away.items())):
            if number < over or since + self.patience < self.now():
                shutil.rmtree(folder, ignore_errors=True)
                del self.away[folder]


@contextmanager
def folder_of_visitors(keep: Path | None) -> Iterator[Path]:
    """The folder that is to be kept, or one that is removed at the end; raises BadInput."""
    if keep:
        try:
            keep.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            allowed = tr("cannot be written: {reason}", reason=error.strerror)
            raise BadInput("--keep", keep, allowed) from None
        yield keep.absolute()
        return
    folder = Path(mkdtemp(prefix="linreg-tui-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def size_of(folder: Path) -> int:
    """Bytes of all files below a folder; those that vanish meanwhile are not counted."""
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                total += (Path(parent) / name).lstat().st_size
    return total
