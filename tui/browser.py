"""The lab in a browser: what the app and the page around it tell each other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from textual.app import App
from textual.drivers.web_driver import WebDriver
from textual.message import Message
from textual.messages import ExitApp

from engine.support.outside import printable
from engine.support.translation import tr


class Uploaded(Message):
    """A visitor has brought a file of data, which is to be opened."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self.path = path


class Returned(Message):
    """The visitor has loaded the page anew: nothing of the app is on show there."""


class BrowserDriver(WebDriver):
    """Textual's driver for a terminal in a browser, which also brings files and ends with it."""

    def run_input_thread(self) -> None:
        """Read what comes until the server is gone, and end the app then."""
        super().run_input_thread()
        self._app.post_message(ExitApp())

    def on_meta(self, packet_type: str, payload: dict[str, object]) -> None:
        """Hear of a file that is there, or of what Textual knows of."""
        if packet_type == "open":
            self._app.post_message(Uploaded(str(payload["name"])))
        elif packet_type == "return":
            self.prepare_terminal()
            super().on_meta("resize", payload)
            self._app.post_message(Returned())
        else:
            super().on_meta(packet_type, payload)

    def prepare_terminal(self) -> None:
        """Have a new terminal do what Textual asks of one as it starts."""
        self.write("\x1b[?1049h\x1b[?25l")  # the other screen, without a cursor
        self._enable_mouse_support()
        self._enable_bracketed_paste()
        self._request_terminal_sync_mode_support()


def tell_page(app: App[Any], kind: str, **values: str) -> bool:
    """Tell the page around the app something; False where there is none."""
    if not isinstance(app._driver, BrowserDriver):
        return False
    app._driver.write_meta({"type": kind, **values})
    return True


def hand_over(app: App[Any], file: Path) -> str:
    """Have the browser save a file that was written; returns where it is now, in words."""
    if tell_page(app, "deliver", name=str(file)):
        return tr("{file} goes to your browser", file=printable(file.name))
    return tr("written to {file}", file=printable(str(file)))
