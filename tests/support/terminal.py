"""A program in a terminal of its own, watched from outside as its user watches it."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import termios
from time import perf_counter
from typing import Self

from tests.support.forked import fresh as start
from tests.support.paths import ROOT

COLUMNS, LINES = 120, 34
PATIENCE = 60.0
"""Seconds after which a program that does not write what is waited for counts as broken."""
APP = "from tui.__main__ import main; main()"
HEARS_ALL = "import tui.app; tui.app.STALE = float('inf')\n"
"""Before APP: keys are heard however late a busy machine brings them."""
HANG_UP = "import fcntl, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0)\n"
"""Makes the terminal the program's controlling one: the program is hung up on, and so ends, when
the terminal is closed, even where whoever opened it was killed."""


class Terminal:
    """A pseudo-terminal with Python running some code in it; `home` has the program's settings."""

    def __init__(self, code: str, home: str, *arguments: str) -> None:
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        self.process = start(
            "-c", HANG_UP + code, *arguments,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=ROOT,
            env=environment(home),
            start_new_session=True,
        )  # fmt: skip
        os.close(slave)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.master)

    def read(self, seconds: float) -> bytes:
        """What the program has written, as soon as there is something; empty after `seconds`."""
        ready, _, _ = select.select([self.master], [], [], seconds)
        return os.read(self.master, 65536) if ready else b""

    def press(self, keys: bytes) -> None:
        """Send keys as a terminal encodes them."""
        os.write(self.master, keys)

    def until(self, sign: bytes) -> None:
        """Read on until the program has written `sign`."""
        written, end = b"", perf_counter() + PATIENCE
        while sign not in written:
            written += self.read(end - perf_counter())
            assert perf_counter() < end, f"no {sign!r} in {PATIENCE} s: {written[-2000:]!r}"


def environment(home: str) -> dict[str, str]:
    """This process's environment, with a terminal of all colours and settings of its own.

    Its size is that of the terminal, whatever the environment of the tests says.
    """
    inherited = {key: value for key, value in os.environ.items() if key not in ("COLUMNS", "LINES")}
    settings = {"HOME": home, "XDG_CONFIG_HOME": home}
    terminal = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LC_ALL": "C.UTF-8"}
    return {**inherited, **settings, **terminal}
