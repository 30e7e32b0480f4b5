"""The lab for a whole room: one chart, three large numbers, full contrast, and the keys said."""

from __future__ import annotations

from collections.abc import Callable

from textual.content import Content
from textual.geometry import Size
from textual.screen import Screen
from textual.widgets import Static

from engine.runs.differences import BASELINE, difference_words
from engine.support.translation import tr
from tui.panels.projector import ProjectorPanel
from tui.panels.runs import BAD
from tui.screens.classroom import Classroom
from tui.screens.desk import Desk
from tui.screens.navigator import Navigator
from tui.text.numbers import number, significant

ROOM = Size(80, 24)
"""The least terminal that it is for."""

LOSS_DIGITS = 3


class Projector:
    """The main screen with fewer and larger things on it; every key does what it always does."""

    def __init__(
        self,
        screen: Screen[None],
        desk: Desk,
        navigator: Navigator,
        classroom: Classroom,
        color: Callable[[], None],
    ) -> None:
        self.screen, self.desk, self.navigator = screen, desk, navigator
        self.classroom = classroom
        self.color = color
        """Called where all that has colours of its own is to have others."""
        self.line, self.panel = Static(id="topic"), ProjectorPanel()

    @property
    def is_on(self) -> bool:
        """Whether it is on show."""
        return self.screen.has_class("-projector")

    @property
    def has_room(self) -> bool:
        """Whether the terminal is large enough."""
        width, height = self.screen.app.size
        return width >= ROOM.width and height >= ROOM.height

    async def toggle(self) -> None:
        """Show it with the chart in use, or the whole lab again."""
        if not self.panel.is_attached:  # most sessions never want it
            await self.screen.mount(self.line, before="#body")
            await self.screen.mount(self.panel, after="#body")
        self.screen.toggle_class("-projector")
        if self.is_on:
            self.panel.echo.update("")
            self.navigator.go_to(self.navigator.chart)
        self.show()
        self.color()

    async def fit_size(self) -> None:
        """A small terminal has no room for it."""
        if self.is_on and not self.has_room:
            await self.toggle()

    def show(self) -> None:
        """Show what it is about and the numbers of the moment that is looked at."""
        if not self.is_on:
            return
        now = self.desk.moment
        self.line.update(self.topic())
        epoch, loss, lr = self.panel.figures
        epoch.show(tr("epoch of {epochs}", epochs=now.experiment.epochs), str(now.epoch))
        has_loss = now.loss is not None and now.state not in BAD
        text = number(now.loss or 0.0, digits=LOSS_DIGITS) if has_loss else tr(now.state)
        loss.show(tr("loss"), text)
        lr.show("lr", significant(now.lr, 4))

    def topic(self) -> Content:
        """What the lesson asks for now; without one, what the experiment changes."""
        if self.classroom.panel:
            return self.classroom.panel.next_step()
        words = difference_words(self.desk.experiment.flat(), BASELINE)
        return Content(words or tr("the baseline"))

    def echo(self, key: str, words: str) -> None:
        """Say which key was pressed last, and what it did."""
        if self.is_on:
            self.panel.echo.update(Content.assemble((f" {key} ", "reverse bold"), f"  {words}"))
