"""The terminal and its end: one that is gone is left, and so is one that a signal asks to leave."""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from time import sleep
from types import FrameType
from typing import Any

from textual import constants
from textual.app import App
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver

ENDS = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM)
"""The signals that end a program; without us they would leave the terminal in the app's modes."""
GRACE = 0.9
"""Seconds in which a signal must have led out of the app."""
TURN = 0.0003
"""Seconds in which a thread that waits for nothing else takes its turn."""


class Lossy:
    """A file whose writes are lost once nobody can read them, where others fail."""

    def __init__(self, file: Any) -> None:
        self.file = file

    def write(self, text: str) -> None:
        """Write text, or lose it."""
        with suppress(OSError, ValueError):
            self.file.write(text)

    def flush(self) -> None:
        """Hand on what was written, or lose it."""
        with suppress(OSError, ValueError):
            self.file.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.file, name)


class TerminalDriver(LinuxDriver):
    """Textual's driver, whose threads outlive a terminal that goes away.

    The one that writes would die of it, and the app wait for ever to hand it the next frame.
    """

    def __init__(self, app: App[Any], **options: Any) -> None:
        super().__init__(app, **options)
        self._file = Lossy(self._file)  # type: ignore[assignment]

    def run_input_thread(self) -> None:
        """Read keys until the app or the terminal ends."""
        with suppress(OSError):
            super().run_input_thread()

    def flush(self) -> None:
        """Rest after a frame, so that the thread that writes has its turn before what else is due.

        Python would let it wait for up to 5 ms, and longer while garbage is collected.
        """
        sleep(TURN)

    @property
    def is_gone(self) -> bool:
        """Whether the terminal has hung up."""
        terminal = select.poll()
        terminal.register(self.fileno, 0)
        return bool(terminal.poll(0))

    def give_back(self) -> None:
        """Put the terminal back past the threads, which may hang; in vain where nobody reads."""
        pieces: list[str] = []
        self.write = pieces.append  # type: ignore[assignment, method-assign]
        self._disable_mouse_support()
        self.exit_event.set()  # the thread that reads is not waited for
        self.stop_application_mode()
        assert self._file
        output = self._file.fileno()
        if select.select([], [output], [], 0)[1]:
            os.write(output, "".join(pieces).encode())


def driver_class() -> type[Driver] | None:
    """What the app draws on: the terminal; None for what the environment tells Textual to take."""
    return None if constants.DRIVER else TerminalDriver


@contextmanager
def leaving_by_signals(app: App[Any]) -> Iterator[None]:
    """Let the signals that end a program leave the app in order, or at once where that hangs.

    Those that are ignored, as under nohup, stay so.
    """

    def end(code: int) -> None:
        if isinstance(app._driver, TerminalDriver):
            with suppress(OSError):
                app._driver.give_back()
        os._exit(code)

    def leave(number: int, frame: FrameType | None) -> None:
        app.exit(return_code=128 + number)
        signal.signal(signal.SIGALRM, lambda *_: end(128 + number))
        signal.setitimer(signal.ITIMER_REAL, GRACE)

    heard = [number for number in ENDS if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, leave) for number in heard}
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in before.items():
            signal.signal(number, handler)
