"""A folder for each visitor: settings, progress, runs, and the files that come and go."""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

MOST_FOLDERS = 64
"""Of visitors who are not there; those that were away for longest are forgotten."""


@dataclass
class Visitors:
    """The folders of all visitors, in one folder of the server's."""

    root: Path
    forgets: bool
    """Whether the folders of those who are away are removed."""
    now: Callable[[], float] = time.monotonic
    left: dict[Path, float] = field(default_factory=dict)
    """When the last session in a folder ended."""

    def folder(self, visitor: str) -> Path:
        """The folder of a visitor, whose name tells nobody the cookie; raises OSError."""
        folder = self.root / hashlib.sha256(visitor.encode()).hexdigest()[:32]
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder

    def leave(self, folder: Path) -> None:
        """Note that nobody is in a folder any more, and forget the visitors who are gone."""
        self.left.pop(folder, None)
        self.left[folder] = self.now()

    def forget(self, before: float, present: set[Path]) -> None:
        """Remove the folders of those who left before a moment, and of the earliest of too many."""
        if not self.forgets:
            return
        away = [folder for folder in self.left if folder not in present]
        for number, folder in enumerate(away):
            if self.left[folder] < before or number < len(away) - MOST_FOLDERS:
                shutil.rmtree(folder, ignore_errors=True)
                del self.left[folder]


def size_of(folder: Path) -> int:
    """Bytes of all files below a folder; those that vanish meanwhile are not counted."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += (Path(place) / name).lstat().st_size
            except OSError:
                continue
    return total
