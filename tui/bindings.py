"""The table of keys as Textual takes it."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

from textual.binding import Binding, BindingType
from textual.keys import Keys

from engine.lessons.library import files
from tui.keys.getting_about import GETTING_ABOUT
from tui.keys.table import ACTIONS, BY_ID, NUMBERED


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
            priority=action in GETTING_ABOUT and "tab" in action.key,
        )
        for action in ACTIONS
    ]
    by_number = [
        Binding(str(number), f"do('lesson', {name!r})", f"lesson {name}", id=f"lesson_{number}")
        for number, name in enumerate(list(files())[:NUMBERED], 1)
    ]
    return [*actions, *by_number]


MODIFIERS = {"ctrl", "shift", "alt", "super", "hyper", "meta"}


def is_key(names: str) -> bool:
    """Whether a text names a key, or several with commas between, as Textual does."""
    return all(map(_is_one_key, names.split(",")))


def holder_of(action: str, keys: Mapping[str, str]) -> str:
    """The id of another action that has a key of this one, where `keys` remaps some; else empty."""
    names = {each.id: keys.get(each.id, each.key) for each in ACTIONS}
    if names[action] == BY_ID[action].key:  # some actions share a key, each in its own state
        return ""
    own = set(names[action].split(","))
    return next((id for id in names if id != action and own & set(names[id].split(","))), "")


def _is_one_key(name: str) -> bool:
    *modifiers, key = name.strip().split("+") if len(name) > 1 else [name]
    if not MODIFIERS.issuperset(modifiers):
        return False
    if len(key) == 1 or key in {each.value for each in Keys}:
        return bool(key.strip())
    try:
        unicodedata.lookup(key.replace("_", " "))
    except KeyError:
        return False
    return True
