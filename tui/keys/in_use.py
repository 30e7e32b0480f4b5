"""The keys in use, as people read them: those of the table, or of a settings file."""

from __future__ import annotations

from tui.keys.action import Action
from tui.keys.table import ACTIONS, BY_ID

IN_USE: dict[str, str] = {}
"""Action id → key, where the settings have put another one."""


def remap(keys: dict[str, str]) -> None:
    """Have other keys than those of the table, in texts as well."""
    IN_USE.clear()
    IN_USE.update(keys)


def key_of(id: str) -> str:
    """The key of an action, as people read it."""
    return shown(BY_ID[id])


def in_use() -> dict[str, str]:
    """Action id → key as people read it, to be put into texts."""
    return {action.id: key_of(action.id) for action in ACTIONS}


def shown(action: Action) -> str:
    """The key as people read it, where a settings file may have put another one."""
    return IN_USE.get(action.id, action.shown)
