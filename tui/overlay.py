"""What stands over the main screen: other screens, and words about what a key has done."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Self, TypeVar

from textual.await_complete import AwaitComplete
from textual.errors import NoWidget
from textual.events import Click
from textual.geometry import Region
from textual.renderables.background_screen import BackgroundScreen
from textual.screen import ModalScreen, Screen, ScreenResultCallbackType

from tui.backdrop import Backdrop

Result = TypeVar("Result")


class Over(Screen[Result]):
    """A screen that is left once, though the key that leaves it may come twice in one burst.

    Textual would take away whatever is on top then, in the end the main screen. Named after
    ModalScreen among the bases: the stylesheet knows a widget by its first one.
    """

    backdrop: Backdrop | None = None
    """What is seen of the screen below."""

    @property
    def is_whole(self) -> bool:
        """Whether its widgets are there: they come after the screen, and go before it."""
        return self.is_attached and self.is_mounted and not self._pruning

    def on_click(self, event: Click) -> None:
        """A click beside a dialog leaves it."""
        if not isinstance(self, ModalScreen):
            return
        with suppress(NoWidget):  # the terminal may have become smaller meanwhile
            below, _ = self.get_widget_at(*event.screen_offset)
            if below is self:
                self.dismiss(None)

    def render(self) -> Any:
        """The screen below, dimmed; the same object until that screen changes."""
        below = super().render()
        if not isinstance(below, BackgroundScreen):
            return below
        if self.backdrop is None or not self.backdrop.shows(below):
            self.backdrop = Backdrop(below)
        return self.backdrop

    def refresh(
        self,
        *regions: Region,
        repaint: bool = True,
        layout: bool = False,
        recompose: bool = False,
    ) -> Self:
        """Draw it anew; with regions, the screen below has changed there."""
        if regions:
            self.backdrop = None
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    def dismiss(self, result: Result | None = None) -> AwaitComplete:
        """Hand the result back and leave, unless that is done already."""
        return super().dismiss(result) if self.is_active else AwaitComplete()


def open_over(
    below: Screen[Any], above: Screen[Result], take: ScreenResultCallbackType[Result] | None = None
) -> None:
    """Open a screen over the one that asks for it; `take` hears what it hands back.

    Not where something stands over that one already, which a key that comes twice may ask for.
    """
    if below.is_active:
        below.app.push_screen(above, take)


def tell(screen: Screen[Any], text: str) -> None:
    """Say what a key has done, in place of what was said last."""
    screen.app.clear_notifications()
    screen.notify(text, timeout=3, markup=False)
