"""What the app and the page around it tell each other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from textual._compositor import LayoutUpdate
from textual.app import App
from textual.drivers._byte_stream import ByteStream
from textual.events import Resize
from textual.message import Message
from textual.messages import ExitApp

from tests.support.pilots import app_showing, calm, says, settled, until
from tests.support.snapshots import ready
from tui import command, terminal
from tui.browser import BrowserDriver, Returned, Uploaded, hand_over
from tui.screens.data import DataScreen
from tui.screens.dialogs import HelpScreen
from tui.screens.files import FilesScreen


class Page(BrowserDriver):
    """A driver without pipes, whose packets are kept."""

    def __init__(self, app: App[Any]) -> None:
        self._app, self._debug, self._deliveries = app, False, {}
        self.sent = b""
        self._loop = getattr(app, "_loop", None)  # type: ignore[assignment]
        self._write = self.keep  # type: ignore[assignment]

    def keep(self, packet: bytes) -> int:
        """Keep a packet."""
        self.sent += packet
        return len(packet)

    @property
    def told(self) -> list[dict[str, Any]]:
        """What the page was told."""
        packets = ByteStream().feed(self.sent)
        return [json.loads(content) for kind, content in packets if kind == "M"]


class Ear:
    """What stands for an app that hears messages."""

    def __init__(self) -> None:
        self.heard: list[Message] = []

    def post_message(self, message: Message) -> None:
        """Hear one."""
        self.heard.append(message)


def told(app: App[None]) -> str:
    """All that was notified."""
    return "\n".join(each.message for each in app._notifications)


async def test_a_file_that_comes_through_the_browser_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("apples.csv").write_text("weight,price\n1,2\n2,4\n3,7\n")
    Path("empty.csv").write_text("")
    app = app_showing(ready())
    async with app.run_test(size=(120, 34)) as pilot:
        await settled(pilot)
        app.post_message(Uploaded("empty.csv"))
        await until(pilot, lambda: "the file is empty" in told(app))
        await until(pilot, lambda: app.screen is app.main)
        app.post_message(Uploaded("apples.csv"))
        await until(pilot, lambda: isinstance(app.screen, DataScreen))
        await says(pilot, "apples.csv")
        await pilot.press("escape", "question_mark")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen))
        app.post_message(Uploaded("apples.csv"))
        await until(pilot, lambda: "apples.csv is here: o opens it" in told(app))
        await pilot.press("escape", "o")
        await until(pilot, lambda: isinstance(app.screen, FilesScreen))
        app.post_message(Uploaded("apples.csv"))
        await pilot.pause()
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, DataScreen))


async def test_for_a_new_page_all_is_drawn_though_nothing_has_changed(
    drawn: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = app_showing(ready())
    frames: list[object] = []
    display = type(app)._display

    def keep(app: Any, screen: Any, frame: Any) -> None:
        frames.append(frame)
        display(app, screen, frame)

    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        for key in ("", "question_mark"):
            await pilot.press(*[key] if key else [])
            await calm(pilot)
            monkeypatch.setattr(type(app), "_display", keep)
            frames.clear()
            app.post_message(Returned())
            await until(pilot, lambda: any(isinstance(each, LayoutUpdate) for each in frames))
            (frame,) = (each for each in frames if isinstance(each, LayoutUpdate))
            assert frame.region.size == app.size
            monkeypatch.setattr(type(app), "_display", display)


async def test_the_page_hears_of_files_and_colours_and_cannot_be_suspended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = app_showing(ready())
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        file = Path("kept") / "my \x1b.svg"
        assert hand_over(app, file) == "written to kept/my \\x1b.svg"
        page = Page(app)
        with monkeypatch.context() as patch:
            patch.setattr(app, "_driver", page)
            assert hand_over(app, file) == "my \\x1b.svg goes to your browser"
            app.theme = "linreg-light"
            await pilot.pause()
            await pilot.press("ctrl+z")
            await until(pilot, lambda: told(app) == "a browser has no background")
        assert app.main.can("suspend")
        assert page.told[0] == {"type": "deliver", "name": str(file)}
        colors = {"type": "colors", "background": "#FBFBF8", "foreground": "#23272E"}
        assert colors in page.told


def test_packets_become_messages_and_their_end_that_of_the_app(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ear = Ear()
    page = Page(ear)  # type: ignore[arg-type]
    page.on_meta("open", {"type": "open", "name": "a.csv"})
    page.on_meta("return", {"type": "return", "width": 100, "height": 30})
    page.on_meta("quit", {"type": "quit"})
    monkeypatch.setattr("textual.drivers.web_driver.WebDriver.run_input_thread", lambda self: None)
    page.run_input_thread()
    opened, resized, returned, quit_, ended = ear.heard
    assert isinstance(opened, Uploaded)
    assert opened.path == "a.csv"
    assert isinstance(resized, Resize)
    assert resized.size == (100, 30)
    assert isinstance(returned, Returned)
    assert b"\x1b[?1049h" in page.sent
    assert isinstance(quit_, ExitApp)
    assert isinstance(ended, ExitApp)


def test_what_textual_is_told_to_draw_on_counts_as_a_terminal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("TEXTUAL_DRIVER", raising=False)
    assert not command.has_terminal()
    assert terminal.driver_class() is terminal.TerminalDriver
    monkeypatch.setenv("TEXTUAL_DRIVER", "tui.browser:BrowserDriver")
    monkeypatch.setattr("textual.constants.DRIVER", "tui.browser:BrowserDriver")
    assert command.has_terminal()
    assert terminal.driver_class() is None
