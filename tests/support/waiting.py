"""A clock that goes on at once where an event loop would only wait for it."""

from __future__ import annotations

import selectors
import threading
from time import monotonic

MOMENT = 1 / 500
"""Seconds that another thread gets to work in before the next timer is due."""

skipped = 0.0
"""Seconds that nobody has waited for so far in this process."""


def now() -> float:
    """Stands in for `time.monotonic` and the clocks of event loops and of Textual."""
    return monotonic() + skipped


class Unwaiting(selectors.DefaultSelector):
    """Stands in for the selector of an event loop, which waits until its next timer is due.

    The timer is due at once, after a moment where another thread may be at work, and only where
    something can come over a connection when its time has come.
    """

    def __init__(self) -> None:
        super().__init__()
        self.idle = set(threading.enumerate())
        """The threads that have nothing to do with the loop."""

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """The skipped time is added to the clock."""
        global skipped
        if not timeout or len(self.get_map()) > 1:
            return super().select(timeout)
        moment = min(timeout, MOMENT) if set(threading.enumerate()) - self.idle else 0
        come = super().select(moment)
        if not come:
            skipped += timeout - moment
        return come
