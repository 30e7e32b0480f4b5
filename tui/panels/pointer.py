"""What the mouse does on a chart: nothing that a key does not do as well."""

from __future__ import annotations

from typing import Any

from textual.events import Click, MouseDown, MouseMove, MouseScrollDown, MouseScrollUp, MouseUp

from tui.drawing.trace import Point
from tui.drawing.view import ChartView

LEFT, RIGHT = 1, 3
"""Buttons of the mouse."""


class Pointed(ChartView):
    """A chart on which a click puts the cursor, the wheel zooms, a drag chooses what is shown.

    A double click fills the screen with it, a right click shows all of it again. Beside the canvas
    the mouse selects text.
    """

    can_be_dragged_over = True
    """Whether a drag chooses a part of the x axis."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.marked: tuple[float, float] | None = None
        """Where on the x axis a drag has begun, and where it is now."""
        self.pressed: float | None = None
        """The x where the button went down, until it comes up."""
        self.dragged = False
        """Whether the pointer moved between: then the click that follows is none."""

    # What the chart makes of it ----------------------------------------------------------------

    def zoom(self, closer: bool, at: Point | None = None) -> None:
        """Narrow or widen what is shown; what lies at a point stays there."""
        raise NotImplementedError

    def point_to(self, at: Point) -> None:
        """Put the value cursor where it can stand nearest to a point."""
        raise NotImplementedError

    def show_between(self, left: float, right: float) -> None:
        """Show this part of the x axis."""
        raise NotImplementedError

    def reset_view(self) -> None:
        """No zoom, no cursor."""
        raise NotImplementedError

    def redraw(self) -> None:
        """Show the chart after the view has changed."""
        raise NotImplementedError

    # Events ------------------------------------------------------------------------------------

    def on_mouse_down(self, event: MouseDown) -> None:
        """A drag may begin here; Textual would select text."""
        point, self.dragged = self.point_at(event), False
        if point and event.button == LEFT and not event.ctrl:
            self.screen.clear_selection()
            if self.can_be_dragged_over:
                self.pressed = point[0]
                self.capture_mouse()

    def on_mouse_move(self, event: MouseMove) -> None:
        """Mark what the drag goes over."""
        if self.pressed is None:
            return
        if not event.button:  # it came up where the terminal does not hear of it
            self.let_go()
            return
        at = self.point_beside(event)
        if at and (self.dragged or at[0] != self.pressed):
            self.marked, self.dragged = (self.pressed, at[0]), True
            self.redraw()

    def on_mouse_up(self, event: MouseUp) -> None:
        """Show what the drag went over."""
        marked = self.marked
        self.let_go()
        if marked and marked[0] != marked[1]:
            self.show_between(min(marked), max(marked))

    def let_go(self) -> None:
        """No drag is on its way."""
        if self.pressed is not None:
            self.release_mouse()
            self.pressed = None
        if self.marked:
            self.marked = None
            self.redraw()

    async def on_click(self, event: Click) -> None:
        """Put the cursor there, fill the screen, or show all there is."""
        point = self.point_at(event)
        if point is None or self.dragged:
            return
        event.stop()
        event.prevent_default()
        if event.button == RIGHT or event.ctrl:
            self.reset_view()
        elif event.chain == 2:
            await self.run_action("screen.do('fullscreen')")
        elif event.chain == 1:
            self.point_to(point)

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        """Zoom in at the pointer."""
        self.turn_wheel(event, closer=True)

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        """Zoom out at the pointer."""
        self.turn_wheel(event, closer=False)

    def turn_wheel(self, event: MouseScrollUp | MouseScrollDown, *, closer: bool) -> None:
        """Zoom at the pointer."""
        if point := self.point_at(event):
            event.stop()
            self.zoom(closer, point)
