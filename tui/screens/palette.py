"""Textual's palette as a command line, which stays whole however fast the keys come."""

from __future__ import annotations

from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.command import Command, CommandList, CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.widgets import Button, Input, OptionList

from engine.support.translation import tr
from tui.overlay import Over
from tui.screens.offers import Offer, Recolor, offers_on, typed
from tui.steady import SteadyCommands

MOST_RECENT = 20
"""Commands that are remembered in the order of their use."""
SURE = 2.0
"""The score of what was typed as a command, above that of any name."""


class Offers(Provider):
    """What is offered on the screen below, by its name or typed."""

    async def discover(self) -> Hits:
        """All of it."""
        for offer in offers_on(self.screen):
            yield DiscoveryHit(shown(offer), offer.do, offer.title, without_markup(offer.help))

    async def search(self, query: str) -> Hits:
        """What was typed as a command, and all that is called something like it."""
        if command := typed(self.screen, query):
            yield Hit(
                SURE,
                Content(command.title),
                command.do,
                command.title,
                without_markup(command.help),
            )
        matcher = self.matcher(query)
        for offer in offers_on(self.screen):
            if (score := matcher.match(offer.title)) > 0:
                title = shown(offer, matcher.highlight(offer.title))
                yield Hit(score, title, offer.do, offer.title, without_markup(offer.help))


def shown(offer: Offer, title: Content | None = None) -> Content:
    """The title of an offer, and the key that does it too."""
    title = title or Content(offer.title)
    return Content.assemble(title, "  ", (offer.key, "$text-accent")) if offer.key else title


def without_markup(text: str) -> str:
    """A text in which Textual looks for no markup."""
    return text.replace("[", r"\[")


class Palette(CommandPalette, Over[None]):
    """All that can be done, by its name or typed; what was used last comes first.

    What was typed before it was left finds nothing any more: Textual looks into the list of
    commands for each message, and fails where the list has gone.
    """

    def __init__(self, used: list[str]) -> None:
        super().__init__(providers=[Offers], placeholder=tr("A name, or a command: lr 0.1"))
        self.used = used
        """Titles of what was done here, the latest first; added to."""
        self.theme_before = ""

    def on_mount(self) -> None:
        """Note the colours, which a theme that is looked at changes."""
        self.theme_before = self.app.theme

    def compose(self) -> ComposeResult:
        """Textual's, with a list that keeps up."""
        for part in super().compose():
            yield SteadyCommands() if isinstance(part, CommandList) else part

    def _gather_commands(self, search_value: str) -> Any:
        if self.is_active:
            super()._gather_commands(search_value)

    def _refresh_command_list(
        self, command_list: CommandList, commands: list[Command], clear_current: bool
    ) -> None:
        """Of equal scores, as all have before anything is typed, the one used last comes first."""
        ranks = {title: rank for rank, title in enumerate(self.used)}
        commands = sorted(commands, key=lambda each: ranks.get(str(each.hit.text), len(ranks)))
        super()._refresh_command_list(command_list, commands, clear_current)

    @on(OptionList.OptionSelected)
    def remember(self, event: OptionList.OptionSelected) -> None:
        """Note what is done."""
        if self.is_active and isinstance(event.option, Command):
            title = str(event.option.hit.text)
            self.used[:] = [title, *(each for each in self.used if each != title)][:MOST_RECENT]

    def _select_or_command(self, event: Input.Submitted | Button.Pressed | None = None) -> None:
        if self.is_active:
            super()._select_or_command(event)

    @on(OptionList.OptionHighlighted)
    def preview(self, event: OptionList.OptionHighlighted) -> None:
        """Show the colours of a theme while it is looked at."""
        if self.is_active and isinstance(event.option, Command):
            command = event.option.hit.command
            before = self.theme_before
            self.app.theme = command.theme if isinstance(command, Recolor) else before

    def dismiss(self, result: None = None) -> AwaitComplete:
        """Leave, in the colours of before; a theme that was chosen comes after that."""
        if self.is_active:
            self.app.theme = self.theme_before
        return super().dismiss(result)

    def close(self) -> None:
        """Leave as with escape."""
        self._action_escape()
