"""A line to type in, over a list that the arrows walk meanwhile."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from tui.overlay import Over, Result
from tui.panels.bars import Hint
from tui.steady import SteadyList
from tui.text.links import with_keys


class PickerScreen(ModalScreen[Result], Over[Result]):
    """What is typed, the list, and a line about what comes of it.

    What enter and a click do, each picker says itself.
    """

    BINDINGS = [
        Binding("up", "move(-1)", show=False, priority=True),
        Binding("down", "move(1)", show=False, priority=True),
    ]

    def __init__(self, title: str, keys: str, invitation: str) -> None:
        """`keys` stand at the lower edge, the invitation where nothing is typed yet."""
        super().__init__()
        self.heading, self.keys = title, keys
        self.typed = Input(placeholder=invitation)
        self.typed.cursor_blink = False
        self.list = SteadyList()
        self.list.can_focus = False
        self.hint = Hint()

    def compose(self) -> ComposeResult:
        """The three of them in a box."""
        with Vertical() as box:
            box.border_title, box.border_subtitle = self.heading, with_keys(self.keys)
            yield self.typed
            yield self.list
            yield self.hint

    def on_mount(self) -> None:
        """List what there is."""
        self.set_focus(self.typed)
        self.show_list()

    def show_list(self) -> None:
        """Fill the list."""
        raise NotImplementedError

    def action_move(self, by: int) -> None:
        """Mark the next or previous line of the list."""
        if by > 0:
            self.list.action_cursor_down()
        else:
            self.list.action_cursor_up()

    @property
    def marked(self) -> str:
        """The id of the line that is marked; empty where none is."""
        index = self.list.highlighted
        return "" if index is None else str(self.list.get_option_at_index(index).id or "")
