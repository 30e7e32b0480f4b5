"""A choice: an entry of a registry with a value for each of its parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.catalog.datasets import DATASETS
from engine.catalog.inits import INITS
from engine.catalog.losses import LOSSES
from engine.catalog.models import MODELS
from engine.catalog.optimizers import OPTIMIZERS
from engine.catalog.penalties import PENALTIES
from engine.catalog.registry import Registry, Value
from engine.catalog.schedules import SCHEDULES
from engine.support.errors import BadInput

REGISTRIES: dict[str, Registry[Any]] = {
    registry.key: registry
    for registry in (DATASETS, MODELS, LOSSES, PENALTIES, INITS, OPTIMIZERS, SCHEDULES)
}
"""The keys under which an entry with parameters is chosen."""


@dataclass(frozen=True)
class Choice:
    """An entry of a registry together with a value for each of its parameters."""

    name: str
    params: tuple[tuple[str, Value], ...] = ()

    def kwargs(self) -> dict[str, Any]:
        """The parameters as keyword arguments of the entry's function."""
        return dict(self.params)


def default_choice(key: str, name: str) -> Choice:
    """The entry `name` of the registry `key` with its defaults."""
    return Choice(name, tuple(REGISTRIES[key].defaults(name).items()))


def checked_choice(key: str, choice: Choice) -> Choice:
    """The choice with every parameter in its own type and order; raises BadInput."""
    registry = REGISTRIES[key]
    if not isinstance(choice, Choice):
        raise BadInput(key, choice, "must be a Choice")
    given = choice.kwargs()
    for name, value in given.items():
        registry[choice.name].param(name, f"{key}.{name}", value)
    return Choice(
        choice.name,
        tuple(
            (param.name, param.check(given.get(param.name, param.default), f"{key}.{param.name}"))
            for param in registry[choice.name].params
        ),
    )


def listed(choice: Choice) -> dict[str, Any]:
    """The parameters of a choice with lists instead of tuples, as TOML and JSON have them."""
    return {
        name: list(value) if isinstance(value, tuple) else value for name, value in choice.params
    }
