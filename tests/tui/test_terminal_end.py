"""The end of the terminal, and signals that ask the program to end: it leaves, and puts back."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from textual.events import Key

from tests.support.mashing import leave, send
from tests.support.pilots import app_for, settled
from tests.support.sessions import FakeSession
from tests.support.snapshots import ready
from tests.support.terminal import APP, HANG_UP, PATIENCE, Terminal
from tui.app import STALE
from tui.terminal import Lossy

IGNORANT = """
import signal
from tui import app
app.LOOK_AT_TERMINAL = 0.1
signal.signal(signal.SIGHUP, signal.SIG_IGN)
"""
SOON = "from tui import terminal; terminal.GRACE = 0.2\n"
"""An app that hangs is not waited for as long as a person would."""
DEAF = SOON + "from tui.app import LinregApp; LinregApp.exit = lambda *_, **__: None\n"
"""An app that hangs: it does not leave."""
ON_AND_OFF = {"1049": "alternate screen", "1000": "mouse", "2004": "pastes", "1004": "focus"}


def rest_of(terminal: Terminal) -> bytes:
    """What the program writes till its end."""
    written = b""
    try:
        while more := terminal.read(PATIENCE):
            written += more
    except OSError:  # Linux's way to say that the other side is closed
        pass
    return written


@pytest.mark.parametrize(
    ("number", "prelude"), [(signal.SIGHUP, ""), (signal.SIGQUIT, DEAF)], ids=["heard", "deaf"]
)
def test_a_signal_leaves_the_terminal_as_it_was(
    tmp_path: Path, number: signal.Signals, prelude: str
) -> None:
    # As a terminal has it, also where a shell runs the tests in the background.
    heeded = f"import signal; signal.signal({int(number)}, signal.SIG_DFL)\n"
    with Terminal(heeded + prelude + HANG_UP + APP, str(tmp_path)) as terminal:
        terminal.until(b"loading")
        terminal.process.send_signal(number)
        rest = rest_of(terminal)
        assert terminal.process.wait(PATIENCE) == 128 + number
        for mode in ON_AND_OFF:
            assert f"\x1b[?{mode}l".encode() in rest, ON_AND_OFF[mode]
        assert b"\x1b[?25h" in rest


@pytest.mark.usefixtures("drawn", "forks")
def test_where_the_terminal_is_gone_the_program_ends_though_it_is_not_told(tmp_path: Path) -> None:
    with Terminal(IGNORANT + HANG_UP + APP, str(tmp_path), "-s", "epochs=1000000") as terminal:
        terminal.until(b"ready")
        terminal.press(b"[[s")  # not at full speed, for it takes a second
        terminal.until(b"running")
        os.close(terminal.master)
        terminal.master = os.open(os.devnull, os.O_RDONLY)
        assert terminal.process.wait(PATIENCE) == 128 + signal.SIGHUP


@pytest.mark.usefixtures("drawn", "forks")
def test_a_signal_ends_the_program_where_its_terminal_reads_no_more(tmp_path: Path) -> None:
    with Terminal(SOON + HANG_UP + APP, str(tmp_path), "-s", "epochs=1000000") as terminal:
        terminal.until(b"ready")
        terminal.press(b"s" + b"+-" * 2000)
        terminal.process.send_signal(signal.SIGTERM)
        assert terminal.process.wait(PATIENCE) == 128 + signal.SIGTERM


def test_what_nobody_can_read_is_lost() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w", buffering=1) as file:
        with pytest.raises(OSError, match="roken pipe"):
            os.write(writing, b"a")
        lossy = Lossy(file)
        lossy.write("a" * 100_000)
        lossy.flush()
        assert lossy.fileno() == writing


async def test_keys_that_waited_for_too_long_are_not_heard_but_for_the_way_out() -> None:
    session = FakeSession(ready())
    app = app_for(session)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert app._driver is not None
        for key in ("s", "question_mark"):
            event = Key(key, None)
            event.time -= STALE
            app._driver.send_message(event)
        await pilot.pause()
        assert session.asked == []
        assert app.screen is app.main
        event = Key("ctrl+q", None)
        event.time -= 100 * STALE
        app._driver.send_message(event)
        await pilot.pause()
        assert app._exit


async def test_keys_that_come_in_time_are_heard() -> None:
    session = FakeSession(ready())
    app = app_for(session)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        send(app, "s")
        await pilot.pause()
        assert [name for name, *_ in session.asked] == ["start"]
        await leave(pilot)
