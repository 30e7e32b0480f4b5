"""A line of the table: something a key does, and when it can be done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from engine.support.translation import Translatable
from tui.keys.situation import Situation

Condition = Callable[[Situation], bool]


def always(now: Situation) -> bool:
    """An action that can be done at any time."""
    return True


@dataclass(frozen=True)
class Action:
    """Something a key does; the commands of the main screen have a method `<id>` for each."""

    id: str
    key: str
    """As Textual names it; several are separated by commas."""
    shown: str
    """As it is written for people."""
    label: Translatable
    """Short, for the key bar."""
    help: Translatable
    group: Translatable
    when: Condition = always
    """In which situations it can be done, unless a lesson hides it."""
    why: Translatable = ""
    """What is said where it cannot be done; `{id}` stands for the key of an action."""
    bar: bool = True
    """Whether the key bar may show it."""
    panel: str = ""
    """The panel without which it means nothing."""
    tool: bool = False
    """Whether a lesson may hide it, and ask for it to be used."""

    def is_hidden(self, now: Situation) -> bool:
        """Whether the lesson hides the action, or the panel that it is about."""
        return self.id in now.hidden_tools or self.panel in now.hidden_panels

    def can(self, now: Situation) -> bool:
        """Whether the action can be done."""
        return not self.is_hidden(now) and self.when(now)
