"""The store as a screen follows it: which runs there are, and what becomes of some of them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engine.runs.info import RunInfo, read_info
from engine.runs.losses import KeptLosses
from engine.runs.store import Store
from engine.runs.watch import Watch
from engine.support.errors import BadInput, one_line
from engine.training.snapshot import Snapshot

if TYPE_CHECKING:
    from engine.runs.recall import Recall

MOST_LISTED = 50
"""Runs in a list beside other things."""
SETTLED = 1.0
"""Seconds after which a folder that was not changed is the same as when it was read."""


@dataclass(frozen=True)
class Wanted:
    """What is asked of the store besides the list."""

    losses: frozenset[str] = frozenset()
    """The runs whose losses are wanted, by id."""
    run: str = ""
    """The id of the run that is wanted as a snapshot."""


@dataclass(frozen=True, eq=False)
class Kept:
    """What the store held when it was looked at last."""

    runs: tuple[RunInfo, ...] = ()
    """The newest ones, the newest first."""
    losses: Mapping[str, KeptLosses] = field(default_factory=dict)
    """Of those that were asked for, by id."""
    run: Snapshot | str | None = None
    """The one that was asked for, or why it cannot be shown."""
    id: str = ""
    """That of the run that was asked for."""


class Following:
    """Looks at the store again and again; what was read once is read again only where it grew."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.kept = Kept()
        self._infos: dict[str, tuple[int, RunInfo]] = {}
        """What was read of each run, and when its folder had changed last, in ns."""
        self._watches: dict[str, Watch] = {}
        self._losses: dict[str, KeptLosses] = {}
        self._recall: Recall | None = None
        self._recalled: Watch | None = None
        """What snapshots are made of, or could not be made of."""
        self._snapshot: Snapshot | str | None = None
        self._numbers: dict[str, int] = {}
        """The number on show of each run that was one, by id."""

    def look(self, wanted: Wanted) -> Kept:
        """What there is now; the same object as before where nothing is new."""
        runs, old = self._runs(), self.kept
        is_new = self._follow(wanted)
        self._recall_run(wanted.run, is_new)
        now = runs, self._losses, self._snapshot, wanted.run
        if now != (old.runs, old.losses, old.run, old.id):
            self.kept = Kept(*now)
        return self.kept

    def _runs(self) -> tuple[RunInfo, ...]:
        with suppress(BadInput):  # the next look may be luckier
            ids = self.store.ids()[:MOST_LISTED]
            self._infos = {id: entry for id in ids if (entry := self._entry(id))}
        return tuple(info for _, info in self._infos.values())

    def _entry(self, id: str) -> tuple[int, RunInfo] | None:
        """What is known of a run; a folder that holds none is passed over."""
        folder, old = self.store.folder / id, self._infos.get(id)
        try:
            changed = folder.stat().st_mtime_ns
            if old and old[0] == changed and old[1].state != "running":
                return old
            info = read_info(folder)
        except (OSError, ValueError):
            return None
        # What changes within one tick of the clock of files is not to be missed.
        is_settled = time.time() - changed / 1e9 > SETTLED
        return (changed if is_settled else 0), info

    def _follow(self, wanted: Wanted) -> set[str]:
        """Read on in the files of the runs that are wanted; which of them have something new."""
        ids = wanted.losses | {wanted.run} if wanted.run else wanted.losses
        watches = {id: watch for id in ids if (watch := self._watches.get(id) or self._watch(id))}
        is_new = {id for id, watch in watches.items() if watch.look()}
        self._losses = {
            id: self._losses[id] if id in self._losses and id not in is_new else watch.losses
            for id, watch in watches.items()
        }
        self._watches = watches
        return is_new

    def _watch(self, id: str) -> Watch | None:
        with suppress(OSError, ValueError):
            return Watch(self.store, read_info(self.store.folder / id))
        return None

    def _recall_run(self, id: str, is_new: set[str]) -> None:
        """Make a snapshot of a run where it is another one or has grown."""
        from engine.runs.recall import Recall  # brings torch

        watch = self._watches.get(id)
        if watch is self._recalled and id not in is_new:
            return
        try:
            if watch is None:
                self._recall = None
            elif watch is not self._recalled:
                self._recall = None
                number = self._numbers.setdefault(id, -len(self._numbers) - 1)
                self._recall = Recall(watch, number)
            self._snapshot = self._recall.snapshot() if self._recall else None
        except Exception as error:  # anybody may have written the files
            self._snapshot = one_line(error)
        self._recalled = watch
