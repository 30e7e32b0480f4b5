"""What stands over the main screen: other screens, and words about what a key has done."""

from __future__ import annotations

from typing import Any, TypeVar

from textual.await_complete import AwaitComplete
from textual.events import Click
from textual.screen import ModalScreen, Screen, ScreenResultCallbackType

Result = TypeVar("Result")


class Over(Screen[Result]):
    """A screen that is left once, though the key that leaves it may come twice in one burst.

    Textual would take away whatever is on top then, in the end the main screen. Named after
    ModalScreen among the bases: the stylesheet knows a widget by its first one.
    """

    @property
    def is_whole(self) -> bool:
        """Whether its widgets are there: they come after the screen, and go before it."""
        return self.is_attached and self.is_mounted and not self._pruning

    def on_click(self, event: Click) -> None:
        """A click beside a dialog leaves it."""
        if isinstance(self, ModalScreen) and event.widget is self:
            self.dismiss(None)

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


def tell(screen: Screen[None], text: str) -> None:
    """Say what a key has done, in place of what was said last."""
    screen.app.clear_notifications()
    screen.notify(text, timeout=3, markup=False)
