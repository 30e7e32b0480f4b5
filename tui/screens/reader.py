"""A file that a screen waits for."""

from __future__ import annotations

from collections.abc import Callable

from engine.opening import Reading, Request
from engine.support.translation import tr
from tui.backend import Backend
from tui.panels.bars import PROGRESS_WIDTH

LOOK_INTERVAL = 1 / 20
"""Seconds between two looks at the session."""


class Reader:
    """Asks the session for a file, and tells of every new state of just that."""

    def __init__(self, session: Backend, heard: Callable[[Reading], None]) -> None:
        self.session, self.heard = session, heard
        self.request: Request | None = None
        """What is waited for; None once it is there, or given up."""
        self.latest: Reading | None = None

    def ask(self, request: Request) -> None:
        """Have a file read; one that is waited for is given up."""
        self.request = request
        self.session.read(request)
        self.look()

    def look(self) -> None:
        """Hear what the session has to tell, if it is new."""
        reading = self.session.reading
        if self.request is None or reading is None or reading is self.latest:
            return
        if reading.request is self.request:
            self.latest = reading
            if reading.state != "running":
                self.request = None
            self.heard(reading)

    def stop(self) -> bool:
        """Give up what is waited for; whether there was anything."""
        waited = self.request is not None
        if waited:
            self.request = None
            self.session.stop_reading()
        return waited


def progress_line(reading: Reading) -> str:
    """How much of a file is read."""
    full = int(reading.share * PROGRESS_WIDTH)
    bar = "▰" * full + "▱" * (PROGRESS_WIDTH - full)
    return tr("reading {bar} {share:.0%} · esc stops", bar=bar, share=reading.share)
