"""What stands over the main screen: other screens, and words about what a key has done."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from itertools import chain
from typing import Any, Self, TypeVar

from textual.app import App
from textual.await_complete import AwaitComplete
from textual.errors import NoWidget
from textual.events import Click, ScreenResume
from textual.geometry import Region, Size
from textual.renderables.background_screen import BackgroundScreen
from textual.screen import ModalScreen, Screen, ScreenResultCallbackType
from textual.strip import Strip
from textual.widget import Widget

from tui.backdrop import Backdrop

Result = TypeVar("Result")


class Sized(Screen[Result]):
    """A screen that is laid out once for a size.

    Textual does it for every event of a size, one of which comes from the layout itself and others
    from the dialogs over it.
    """

    def _post_register(self, app: App[Any]) -> None:
        """Take the classes of the size before anything is styled; Textual does it afterwards."""
        super()._post_register(app)
        width, height = app.size
        classes = (
            self._get_breakpoint_classes(width, app.HORIZONTAL_BREAKPOINTS or []),
            self._get_breakpoint_classes(height, app.VERTICAL_BREAKPOINTS or []),
        )
        self.add_class(*chain(*classes), update=False)

    def _on_screen_resume(self, event: ScreenResume) -> None:
        """The first time, all that is on it has been styled just before, and is painted once."""
        if self.stack_updates == 0:
            event.refresh_styles = False
            self.call_next(self.skip_repaint)

    def skip_repaint(self) -> None:
        """Paint once only: Textual asks for it once more after the layout."""
        self._repaint_required = False

    def _screen_resized(self, size: Size) -> None:
        if size != self._compositor.size:
            super()._screen_resized(size)

    def _compositor_refresh(self) -> None:
        super()._compositor_refresh()
        if not self.is_active:
            self._repaint_required = False  # the one above is drawn, and not again with each event

    def refresh(
        self,
        *regions: Region,
        repaint: bool = True,
        layout: bool = False,
        recompose: bool = False,
    ) -> Self:
        """Draw it anew; a layout finds out by itself what has moved, and draws that.

        With regions, a screen below has changed there.
        """
        if regions and self.styles.background.a == 1:
            return self  # nothing of it is seen
        repaint = repaint and not layout
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)


class Over(Sized[Result]):
    """A screen that is left once, though the key that leaves it may come twice in one burst.

    Textual would take away whatever is on top then, in the end the main screen. Named after
    ModalScreen among the bases: the stylesheet knows a widget by its first one.
    """

    backdrop: Backdrop | None = None
    """The screen below, dimmed."""
    seen: Sequence[Strip] = ()
    """The lines of the screen below; none until they are asked for, or after they have changed."""

    def _on_screen_resume(self, event: ScreenResume) -> None:
        """The first time, lay out all that will be painted before anything is.

        Textual paints after each layout, and a scrollbar may ask for a second one.
        """
        if self.stack_updates == 0:
            with self.app.batch_update():
                self._refresh_layout(self.app.size)
                if any(widget._layout_required for widget in self.walk_children(Widget)):
                    self._refresh_layout(self.app.size)

    def _on_timer_update(self) -> None:
        """Paint what has changed on it, which Textual forgets where the screen below has too."""
        self._compositor.update_widgets(self._dirty_widgets)
        super()._on_timer_update()

    def lines_below(self, screen: Screen[Any]) -> Sequence[Strip]:
        """What is to be seen on the screen below."""
        if not self.seen:
            self.seen = screen._compositor.render_strips()
        return self.seen

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
        if self.backdrop and not self.backdrop.shows(below):
            self.backdrop, self.seen = None, ()
        if self.backdrop is None:
            self.backdrop = Backdrop(below, self.lines_below(below.screen))
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
            self.backdrop, self.seen = None, ()
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
        repaint = below._repaint_required
        below.app.push_screen(above, take)
        below._repaint_required = repaint  # it looks as before, though Textual draws it anew


def tell(screen: Screen[Any], text: str) -> None:
    """Say what a key has done, in place of what was said last."""
    screen.app.clear_notifications()
    screen.notify(text, timeout=3, markup=False)
