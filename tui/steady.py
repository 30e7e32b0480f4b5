"""Lists that keep up with keys and clicks which come before they are drawn, or after a change."""

from __future__ import annotations

from textual.command import CommandList
from textual.events import Click
from textual.widgets import OptionList


class SteadyList(OptionList):
    """A list of options that may have become shorter since it was drawn, or was never drawn."""

    def on_click(self, event: Click) -> None:
        """A click on what is no longer there chooses nothing."""
        if event.style.meta.get("option", 0) >= self.option_count:
            event.prevent_default()

    def action_page_up(self) -> None:
        """A page up, where there is one."""
        if self.is_laid_out:
            super().action_page_up()  # type: ignore[no-untyped-call]

    def action_page_down(self) -> None:
        """A page down, where there is one."""
        if self.is_laid_out:
            super().action_page_down()  # type: ignore[no-untyped-call]

    @property
    def is_laid_out(self) -> bool:
        """Whether every option has its lines."""
        self._update_lines()
        return 0 < self.option_count == len(self._line_cache.heights)


class WalkedList(SteadyList):
    """A list in which one goes from option to option: only a double click chooses one at once."""

    def on_click(self, event: Click) -> None:
        """Go to the option."""
        super().on_click(event)
        option = event.style.meta.get("option")
        if event.chain == 1 and option is not None and option < self.option_count:
            event.prevent_default()
            self.highlighted = option


class SteadyCommands(CommandList, SteadyList):
    """The commands of the palette; the stylesheet knows it by its first base."""
