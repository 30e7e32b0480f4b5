"""What stands over the main screen: other screens, and words about what a key has done."""

from __future__ import annotations

from typing import TypeVar

from textual.await_complete import AwaitComplete
from textual.screen import Screen

Result = TypeVar("Result")


class Over(Screen[Result]):
    """A screen that is left once, though the key that leaves it may come twice in one burst.

    Textual would take away whatever is on top then, in the end the main screen. Named after
    ModalScreen among the bases: the stylesheet knows a widget by its first one.
    """

    def dismiss(self, result: Result | None = None) -> AwaitComplete:
        """Hand the result back and leave, unless that is done already."""
        return super().dismiss(result) if self.is_active else AwaitComplete()


def tell(screen: Screen[None], text: str) -> None:
    """Say what a key has done, in place of what was said last."""
    screen.app.clear_notifications()
    screen.notify(text, timeout=3, markup=False)
