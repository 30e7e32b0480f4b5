"""The newest run of a store, drawn for all who look: no process, and no key reaches anything."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress

from rich.segment import Segment
from textual.strip import Strip

from engine.runs.store import LATEST, Store
from engine.runs.watch import Watch
from engine.support.errors import BadInput
from engine.support.translation import tr
from tui.watched import painted, strips

LOOK_INTERVAL = 0.4
"""Seconds between two looks at the store, and at least between two frames."""
MOST_VIEWERS = 200
MOST_FRAMES = 16
"""Sizes of which the frame is kept."""
CLEAR = b"\x1b[2J"
"""Before the first frame of a size."""


class Show:
    """What is to be seen now; the next run is gone over to as soon as it begins."""

    def __init__(self, store: Store, now: Callable[[], float] = time.monotonic) -> None:
        self.store, self._now = store, now
        self.watch: Watch | None = None
        """The newest run; None before there is one."""
        self.viewers = 0
        self._looked = -LOOK_INTERVAL
        self._news = 0
        self._frames: dict[tuple[int, int], bytes] = {}
        """Those of what was seen at the last look, by size."""

    def look(self) -> int:
        """Take in what was written, unless that has just been done; how often there was news."""
        if self._now() - self._looked >= LOOK_INTERVAL:
            self._looked = self._now()
            if self._take_in():
                self._news += 1
                self._frames.clear()
        return self._news

    def frame(self, size: tuple[int, int]) -> bytes:
        """The whole frame of the last look for a terminal of this size."""
        if size not in self._frames:
            while len(self._frames) >= MOST_FRAMES:
                del self._frames[next(iter(self._frames))]
            self._frames[size] = self._draw(*size).encode()
        return self._frames[size]

    def _take_in(self) -> bool:
        """Take in what was written since the last look; whether anything was."""
        before = self.watch
        with suppress(BadInput):  # there is none yet, or the folder cannot be read for a moment
            newest = self.store.run(LATEST)
            if self.watch is None or self.watch.info.id != newest.id:
                self.watch = Watch(self.store, newest)
        is_news = self.watch is not None and self.watch.look()
        return is_news or self.watch is not before

    def _draw(self, width: int, height: int) -> str:
        if self.watch:
            return painted(strips(self.watch, width, height), width)
        waiting = Strip([Segment(f" linreg-tui · {tr('waiting for the first run')}")])
        return painted([waiting, *[Strip.blank(0)] * (height - 1)], width)
