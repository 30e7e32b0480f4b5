"""A heat map one can walk about in, by key and by mouse."""

from __future__ import annotations

from typing import Any

from textual.binding import Binding
from textual.events import Click, MouseEvent, MouseScrollDown, MouseScrollUp
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from tui.drawing.heat import Heat, cell_at, line
from tui.drawing.page import Picture


class HeatMap(Picture, can_focus=True):
    """Shows a heat and a cursor; arrows or a click move it, enter or a double click chooses."""

    BINDINGS = [
        Binding("left", "move(0, -1)", show=False),
        Binding("right", "move(0, 1)", show=False),
        Binding("up", "move(1, 0)", show=False),
        Binding("down", "move(-1, 0)", show=False),
        Binding("enter", "choose", show=False),
    ]
    cursor: reactive[tuple[int, int]] = reactive((0, 0))

    class Moved(Message):
        """The cursor stands elsewhere."""

    class Chosen(Message):
        """Enter was pressed on a cell."""

    class Zoomed(Message):
        """The wheel was turned over a cell, where the cursor stands now."""

        def __init__(self, closer: bool) -> None:
            super().__init__()
            self.closer = closer

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.heat = Heat((), (), ())

    def show(self, heat: Heat) -> None:
        """Show a heat; the cursor stays where it is as far as the grid reaches."""
        self.heat = heat
        rows, columns = len(heat.y_labels), len(heat.x_labels)
        row, column = self.cursor
        self.cursor = (min(row, max(rows - 1, 0)), min(column, max(columns - 1, 0)))
        self.refresh()

    def action_move(self, up: int, right: int) -> None:
        """Move the cursor by cells."""
        row, column = self.cursor
        self.go_to(
            (
                min(max(row + up, 0), max(len(self.heat.y_labels) - 1, 0)),
                min(max(column + right, 0), max(len(self.heat.x_labels) - 1, 0)),
            )
        )

    def go_to(self, cell: tuple[int, int]) -> None:
        """Put the cursor on a cell."""
        self.cursor = cell
        self.post_message(self.Moved())

    def action_choose(self) -> None:
        """Announce that the cell under the cursor is wanted."""
        self.post_message(self.Chosen())

    # The mouse ---------------------------------------------------------------------------------

    def pointed(self, event: MouseEvent) -> tuple[int, int] | None:
        """Row and column under the pointer; None beside the cells."""
        x, y = event.get_content_offset_capture(self)
        return cell_at(self.heat, self.cursor, x, y, *self.size)

    def on_click(self, event: Click) -> None:
        """Go to a cell; a double click chooses it as well."""
        if cell := self.pointed(event):
            event.prevent_default()
            self.go_to(cell)
            if event.chain == 2:
                self.action_choose()

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        """Zoom in at the pointer."""
        self.turn_wheel(event, closer=True)

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        """Zoom out at the pointer."""
        self.turn_wheel(event, closer=False)

    def turn_wheel(self, event: MouseScrollUp | MouseScrollDown, *, closer: bool) -> None:
        """Go to the cell under the pointer, and ask for a zoom around it."""
        if cell := self.pointed(event):
            event.stop()
            self.go_to(cell)
            self.post_message(self.Zoomed(closer))

    def render_line(self, y: int) -> Strip:
        """One line: title, cells with a label on the left, labels below."""
        width, height = self.size
        base = self.visual_style.rich_style
        segments = line(self.heat, self.cursor, y, width, height, self.palette, self.ascii)
        strip = Strip(segments).adjust_cell_length(width, base).apply_style(base)
        return self.selectable(strip, y)
