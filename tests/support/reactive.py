"""Textual's reactive attributes, looked up in one step where they have a value."""

from __future__ import annotations

from typing import Any

from textual.reactive import Reactive

look_up = Reactive.__get__
UNSET = object()
computed: dict[tuple[type, str], bool] = {}
"""By class and name of a method: whether it works a value out whenever that is asked for."""


def is_computed(kind: type, name: str) -> bool:
    """Looks into `computed` first."""
    if (kind, name) not in computed:
        computed[kind, name] = hasattr(kind, name)
    return computed[kind, name]


def value_of(reactive: Reactive[Any], owner: Any, kind: type) -> Any:
    """Stands in for `Reactive.__get__`, which looks for four attributes first."""
    if owner is None or is_computed(type(owner), reactive.compute_name):
        return look_up(reactive, owner, kind)
    value = owner.__dict__.get(reactive.internal_name, UNSET)
    return look_up(reactive, owner, kind) if value is UNSET else value
