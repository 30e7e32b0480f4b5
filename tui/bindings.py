"""The table of keys as Textual takes it."""

from __future__ import annotations

from textual.binding import Binding, BindingType

from engine.lessons.library import files
from tui.keys import ACTIONS, GO, NUMBERED


def bindings() -> list[BindingType]:
    """Every action as a Textual binding, its id being what a settings file remaps; then lessons."""
    actions = [
        Binding(
            action.key,
            f"do('{action.id}')",
            action.label,
            id=action.id,
            tooltip=action.help,
            # Without priority, Textual's own tab would go from field to field.
            priority=action.group == GO and "tab" in action.key,
        )
        for action in ACTIONS
    ]
    by_number = [
        Binding(str(number), f"do('lesson', '{name}')", f"lesson {name}", id=f"lesson_{number}")
        for number, name in enumerate(list(files())[:NUMBERED], 1)
    ]
    return [*actions, *by_number]
