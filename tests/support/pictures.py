"""What a comparison of the screen with an accepted picture takes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

from textual.pilot import Pilot

from tui.app import LinregApp

Steps = Callable[[Pilot[None]], Awaitable[None]]
"""What is done before a picture is taken."""


class Compare(Protocol):
    """The fixture of pytest-textual-snapshot, and what is made of it."""

    def __call__(
        self, app: LinregApp, *, terminal_size: tuple[int, int], run_before: Steps | None = None
    ) -> bool: ...
