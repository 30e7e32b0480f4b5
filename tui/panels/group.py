"""Panels that share a place: stacked where there is room, one at a time with tabs where not."""

from __future__ import annotations

from collections.abc import Iterable

from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from tui.marking import mark


class Group(Vertical):
    """Holds panels; the stylesheet says at which sizes only the current one is displayed.

    Then its title has their titles as tabs.
    """

    class Wanted(Message):
        """A tab was clicked."""

        def __init__(self, panel: Widget) -> None:
            super().__init__()
            self.panel = panel

    def __init__(self, *panels: Widget, id: str) -> None:
        super().__init__(*panels, id=id)
        self.panels = tuple(panel for panel in panels if not panel.has_class("-hidden"))

    def on_mount(self) -> None:
        """Begin with the first panel."""
        self.select(self.panels[0])

    def hold(self, panels: Iterable[Widget]) -> None:
        """Be the place of these panels from now on; nothing of the others is displayed."""
        self.panels = tuple(panels)
        for child in self.children:
            mark(child, "-hidden", child not in self.panels)
        current = [panel for panel in self.panels if panel.has_class("-current")]
        for panel in (*current, *self.panels)[:1]:
            self.select(panel)

    def select(self, current: Widget) -> None:
        """Make a panel the one that is displayed where there is room for one."""
        for panel in self.panels:
            mark(panel, "-current", panel is current)
        self.show_tabs()

    def show_tabs(self) -> None:
        """Write the titles of the panels as tabs."""
        between = " │ " if len(self.panels) <= 3 else "│"  # half of 80 columns hold four
        self.border_title = Content(between).join(
            Content.styled(
                f" {panel.border_title} ",
                f"{'reverse' if panel.has_class('-current') else ''} @click=want({index})",
            )
            for index, panel in enumerate(self.panels)
        )

    def action_want(self, index: int) -> None:
        """A click on a tab."""
        self.post_message(self.Wanted(self.panels[index]))
