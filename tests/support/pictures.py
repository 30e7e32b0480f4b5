"""The screen as it was accepted: as text, or as a picture where its colours are the point."""

from __future__ import annotations

import io
import re
from collections.abc import Awaitable, Callable
from typing import Protocol

from rich.console import Console
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode
from textual._compositor import LayoutUpdate
from textual.app import App
from textual.pilot import Pilot

from tui.app import LinregApp

Steps = Callable[[Pilot[None]], Awaitable[None]]
"""What is done before a picture is taken."""


class Compare(Protocol):
    """Fails where the screen, at rest, is another than the accepted one at one of these sizes."""

    def __call__(
        self,
        app: LinregApp,
        *sizes: tuple[int, int],
        steps: Steps | None = None,
        colours: bool = False,
    ) -> None: ...


class Look(Protocol):
    """Fails where the screen, once at rest, is another than the accepted one of this name."""

    async def __call__(self, pilot: Pilot[None], name: str, colours: bool = False) -> None: ...


class Svg(SingleFileSnapshotExtension):
    """A picture in a file of its own, which a browser shows."""

    _file_extension = "svg"
    _write_mode = WriteMode.TEXT


def named(size: tuple[int, int]) -> str:
    """A size as part of the name of a test or picture."""
    return f"{size[0]}x{size[1]}"


def text_picture(frame: LayoutUpdate) -> str:
    """All that stands on the screen, line by line."""
    lines = ("".join(strip.text for strip in strips) for strips in frame.strips)
    return "\n".join(line.rstrip() for line in lines)


def svg_picture(app: App[None], frame: LayoutUpdate) -> str:
    """The screen with its colours; equal screens are equal texts."""
    width, height = app.size
    console = Console(
        width=width,
        height=height,
        file=io.StringIO(),
        force_terminal=True,
        color_system="truecolor",
        record=True,
        legacy_windows=False,
        safe_box=False,
    )
    console.print(frame)
    return re.sub(r"\bterminal-\d+", "terminal", console.export_svg(title=app.title))
