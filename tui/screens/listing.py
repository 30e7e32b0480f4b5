"""The kept runs as they are listed: read piece by piece, looked at again, filtered, sorted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from itertools import islice, takewhile

from engine.runs.info import RunInfo, read_info
from engine.runs.matching import Match, match_of
from engine.runs.store import Store
from engine.support.translation import Translatable

AT_ONCE = 100
"""Runs that are read in one helping, which takes some hundredths of a second."""
RENEWED = 2.0
"""Seconds between two looks at runs that go on."""
MOST_LISTED = 500
"""Most runs in the list; a filter reaches the others."""
SORTS: tuple[Translatable, ...] = ("the newest first", "the lowest loss first", "by name")


class Listing:
    """The runs of a store as far as they are read, and which of them are on show."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.infos: list[RunInfo] = []
        """All that were read, the newest first."""
        self.rest: Iterator[RunInfo] = iter(())
        """Those that are not read yet."""
        self.matches: Match = match_of("")
        """The filter."""
        self.order = 0
        """Which of SORTS holds."""

    def begin(self) -> None:
        """Read the store anew, the first runs at once; raises BadInput."""
        self.infos, self.rest = [], self.store.runs()
        self.take_in()

    def take_in(self) -> bool:
        """Read some more runs; whether there were any."""
        more = list(islice(self.rest, AT_ONCE))
        self.infos += more
        return bool(more)

    def renew(self) -> bool:
        """Look again at the runs that go on, and for newer ones; whether any goes on."""
        if not any(info.state == "running" for info in self.infos):
            return False
        newest = self.infos[0].id
        newer = list(takewhile(lambda info: info.id > newest, self.store.runs()))
        self.infos = newer + [self.renewed(info) for info in self.infos]
        return True

    def renewed(self, info: RunInfo) -> RunInfo:
        """A run that goes on as it is now; one that is over stays as it is."""
        if info.state == "running":
            with suppress(OSError, ValueError):
                return read_info(self.store.path(info))
        return info

    def fitting(self) -> list[RunInfo]:
        """Those that fit the filter, sorted, as many as are listed."""
        fitting: Iterator[RunInfo] = filter(self.matches, self.infos)
        if self.order == 1:
            fitting = iter(sorted(fitting, key=lambda info: (info.loss is None, info.loss)))
        elif self.order == 2:
            fitting = iter(sorted(fitting, key=lambda info: (not info.name, info.name.casefold())))
        return list(islice(fitting, MOST_LISTED))
