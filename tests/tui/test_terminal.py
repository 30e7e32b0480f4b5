"""The real program as a process of its own: without a terminal, and in a pseudo-terminal."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
from contextlib import closing
from io import StringIO
from pathlib import Path

import pytest
from textual.drivers._writer_thread import WriterThread

from tests.support.commands import cli
from tests.support.forked import Start, fresh, python
from tests.support.paths import ROOT
from tests.support.pilots import LOOKS
from tests.support.terminal import APP, HANG_UP, HEARS_ALL
from tui.terminal import TerminalDriver

PATIENCE = 60
"""Seconds after which a process that says nothing is given up."""
ENTER, LEAVE = b"\x1b[?1049h", b"\x1b[?1049l"


def environment() -> dict[str, str]:
    """A terminal that can do everything, with the folders that the test has been given."""
    return {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}


class Recorded:
    """A process in a terminal whose modes can be asked for; all that it writes is kept."""

    def __init__(self, *arguments: str, start: Start = fresh) -> None:
        self.output = b""
        self.read_to = 0
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.modes = termios.tcgetattr(slave)
        self.slave = slave
        self.process = start(
            "-c", HANG_UP + HEARS_ALL + APP, *arguments,
            cwd=ROOT,
            env=environment(),
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
        )  # fmt: skip

    def read(self) -> bool:
        """Take in what has come; False at the end of the process."""
        ready, _, _ = select.select([self.master], [], [], PATIENCE)
        assert ready, f"nothing came after {self.text()[-500:]!r}"
        try:
            data = os.read(self.master, 65536)
        except OSError:  # Linux's way to say that the other side is closed
            return False
        self.output += data
        return bool(data)

    def text(self, start: int = 0) -> str:
        """What was written, without the sequences for colours and places."""
        return re.sub(
            r"\x1b\[[0-9;?<>=]*[a-zA-Z]", "", self.output[start:].decode(errors="replace")
        )

    def until(self, text: str) -> None:
        """Wait for a text that comes after what was waited for before."""
        while text not in self.text(self.read_to):
            assert self.read(), f"it ended without {text!r}: {self.text()[-500:]!r}"
        self.read_to = len(self.output)

    def press(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def end(self) -> int:
        """Wait for the end of the process; returns its exit code."""
        # It can only end while someone reads what it writes.
        for _ in range(100 * PATIENCE):
            if select.select([self.master], [], [], 0.01)[0]:
                self.read()
            elif self.process.poll() is not None:
                return self.process.returncode
        raise AssertionError(f"it does not end: {self.text()[-500:]!r}")

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.master)
        os.close(self.slave)


def is_restored(terminal: Recorded) -> bool:
    """Whether the alternate screen is left, the cursor back and every mode as it was."""
    written = terminal.output
    return (
        written.count(ENTER) == written.count(LEAVE) == 1
        and written.rfind(b"\x1b[?25h") > written.rfind(b"\x1b[?25l")
        and written.rfind(b"\x1b[?1000l") > written.rfind(b"\x1b[?1000h")
        and termios.tcgetattr(terminal.slave)[:4] == terminal.modes[:4]
    )


# Without a terminal --------------------------------------------------------------------------


def test_without_a_terminal_one_line_points_to_run() -> None:
    result = subprocess.run(
        [sys.executable, "-m", "tui"],
        cwd=ROOT,
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert "linreg-tui run" in result.stderr


def test_refused_start_is_one_line_and_no_screen() -> None:
    with closing(Recorded("--lesson", "nothing")) as terminal:
        assert terminal.end() == 2
        assert ENTER not in terminal.output
        assert terminal.text().count("\n") == 1
        assert terminal.text().startswith("linreg-tui: ")
    for setting, named in (("lr=-1", "lr"), ("lr", "-s")):
        shown = cli("-s", setting)
        assert (shown.code, shown.out) == (2, "")
        assert shown.err.count("\n") == 1
        assert shown.err.startswith(f"linreg-tui: {named}=")


# In a terminal -------------------------------------------------------------------------------


@pytest.mark.usefixtures("drawn")
def test_trains_and_the_next_start_goes_on_where_this_was_left(own_place: Path) -> None:
    """The first is left by q after a run; the second writes only ASCII and is killed without.

    The first is the program as a person starts it, the second a fork of this process.
    """
    with closing(Recorded("sample:cars", "--terms", "speed ~ distance")) as first:
        first.until("● loading")
        first.press("s")  # before the engine is there: not lost
        first.until("● finished")
        size = struct.pack("HHHH", 34, 120, 0, 0)
        fcntl.ioctl(first.slave, termios.TIOCSWINSZ, size)
        first.process.send_signal(signal.SIGWINCH)
        first.until("Device")
        first.press("q")
        assert first.end() == 0
        assert is_restored(first)
        assert re.search(
            r"run \d+: cars.csv: speed ~ distance, lr \S+, finished after epoch \d+, "
            r"loss \S+, 0:0\d\.\d\d",
            first.text(first.output.rfind(LEAVE)),
        )
    assert list(own_place.rglob("settings.toml"))
    with closing(Recorded("--ascii", start=python)) as second:
        second.until("cars.csv: speed ~ distance")
        second.until("* ready")
        second.process.send_signal(signal.SIGTERM)
        assert second.end() == 128 + signal.SIGTERM
        assert is_restored(second)
        assert "run " not in second.text(second.output.rfind(LEAVE))
        assert second.output[second.output.find(ENTER) : second.output.rfind(LEAVE)].isascii()


def test_a_frame_is_written_though_the_app_has_more_to_do() -> None:
    screen = StringIO()
    writer = WriterThread(screen)
    writer.start()
    interval = sys.getswitchinterval()
    sys.setswitchinterval(PATIENCE)  # no thread is interrupted for another one
    try:
        writer.write("frame")
        for _ in range(LOOKS):
            if screen.getvalue():
                break
            TerminalDriver.flush(TerminalDriver.__new__(TerminalDriver))
        assert screen.getvalue() == "frame"
    finally:
        sys.setswitchinterval(interval)
        writer.stop()
