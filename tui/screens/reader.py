"""A file that a screen waits for, and the screen that does nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from textual.app import ComposeResult
from textual.screen import ModalScreen
from textual.widgets import Static

from engine.opening import Reading, Request
from engine.support.outside import printable
from engine.support.translation import tr
from tui.backend import Backend
from tui.overlay import Over
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

    def expect(self, request: Request) -> None:
        """Wait for a file that the session was asked for."""
        self.request = request

    def ask(self, request: Request) -> None:
        """Have a file read; one that is waited for is given up."""
        self.session.read(request)
        self.expect(request)

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


class ReadingScreen(ModalScreen[Reading | None], Over[Reading | None]):
    """How much of a file is read; hands back what came of it, or None where it was given up."""

    BINDINGS = [("escape,q,x", "leave", "stop")]

    def __init__(self, session: Backend, request: Request) -> None:
        super().__init__()
        self.reader, self.file = Reader(session, self.hear), request

    def compose(self) -> ComposeResult:
        """The name of the file, and a line about how far it is."""
        self.line = Static(progress_line(Reading(self.file)))
        self.line.border_title = printable(Path(self.file.path).name)
        yield self.line

    def on_mount(self) -> None:
        """Begin to look."""
        self.set_interval(LOOK_INTERVAL, self.reader.look)
        self.reader.expect(self.file)

    def hear(self, reading: Reading) -> None:
        """Show how far it is; leave where it is over."""
        if reading.state == "running":
            self.line.update(progress_line(reading))
        else:
            self.dismiss(reading)

    def action_leave(self) -> None:
        """Give it up."""
        self.reader.stop()
        self.dismiss(None)
