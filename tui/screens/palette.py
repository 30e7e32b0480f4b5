"""Textual's palette, which stays whole however fast the keys come."""

from __future__ import annotations

from typing import Any

from textual.app import ComposeResult
from textual.command import CommandList, CommandPalette
from textual.widgets import Button, Input, OptionList

from tui.overlay import Over
from tui.steady import SteadyCommands


class Palette(CommandPalette, Over[None]):
    """All that can be done, by its name; what was typed before it was left finds nothing any more.

    Textual looks into the list of commands for each message, and fails where the list has gone.
    """

    def compose(self) -> ComposeResult:
        """Textual's, with a list that keeps up."""
        for part in super().compose():
            yield SteadyCommands() if isinstance(part, CommandList) else part

    def _gather_commands(self, search_value: str) -> Any:
        if self.is_active:
            super()._gather_commands(search_value)

    def _select_command(self, event: OptionList.OptionSelected) -> None:
        if self.is_active:
            super()._select_command(event)

    def _select_or_command(self, event: Input.Submitted | Button.Pressed | None = None) -> None:
        if self.is_active:
            super()._select_or_command(event)

    def close(self) -> None:
        """Leave as with escape."""
        self._action_escape()
