"""The screen of a job on the stage: over a session, with short ways to ask it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from textual.content import Content
from textual.pilot import Pilot
from textual.widgets import Static

from tests.support.pilots import app_of, until
from tui.backend import Backend
from tui.forms.fields import Picker, TextField
from tui.panels.bars import Hint
from tui.screens.race import RaceScreen
from tui.screens.sweep import SweepScreen

Job = TypeVar("Job", SweepScreen, RaceScreen)


class Stage(Generic[Job]):
    """What the tests of a sweep's and of a race's screen do alike."""

    def __init__(self, pilot: Pilot[None], session: Backend, kind: type[Job]) -> None:
        self.pilot, self.session, self.app = pilot, session, app_of(pilot)
        screen = pilot.app.screen
        assert isinstance(screen, kind)
        self.screen: Job = screen

    async def until(self, predicate: Callable[[], bool]) -> None:
        await until(self.pilot, predicate)

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause()

    def hint(self) -> tuple[str, bool]:
        """What the hint says, and whether it says it in red."""
        return self.screen.query_one(Hint).shown

    def said(self, id: str) -> str:
        """The text of the head, of the description or of the keys."""
        content = self.screen.query_one(f"#{id}", Static).content
        assert isinstance(content, Content)
        return content.plain

    @property
    def field(self) -> str:
        """The key of the field with the focus."""
        focused = self.screen.focused
        return focused.key if isinstance(focused, TextField | Picker) else ""

    async def shows(self, progress: object) -> None:
        """Have the screen look at what the session has come up with, and wait until it has it."""
        self.screen.look()
        await self.until(lambda: self.screen.shown is progress)
        await self.pilot.pause()
