"""A choice: an entry of a registry, bound to a value for each of its parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from engine.catalog.datasets import DATASETS
from engine.catalog.inits import INITS
from engine.catalog.losses import LOSSES
from engine.catalog.models import MODELS
from engine.catalog.optimizers import OPTIMIZERS
from engine.catalog.param import Value
from engine.catalog.penalties import PENALTIES
from engine.catalog.registry import CostEntry, Entry, Registry
from engine.catalog.schedules import SCHEDULES
from engine.support.errors import BadInput

if TYPE_CHECKING:
    from torch import Tensor

REGISTRIES: dict[str, Registry[Any]] = {
    registry.key: registry
    for registry in (DATASETS, MODELS, LOSSES, PENALTIES, INITS, OPTIMIZERS, SCHEDULES)
}
"""The keys under which an entry with parameters is chosen."""

E_co = TypeVar("E_co", bound=Entry, covariant=True)


@dataclass(frozen=True)
class Choice(Generic[E_co]):
    """The entry `name` of the registry `key` with a value for each of its parameters.

    Called, it is the entry's function at these values: `experiment.loss(r)`,
    `experiment.penalty(w)`, `experiment.schedule(t, epochs)`. Two choices are equal where key, name
    and values are.
    """

    key: str
    name: str
    params: tuple[tuple[str, Value], ...] = ()

    @cached_property
    def entry(self) -> E_co:
        """What was chosen; raises BadInput where the registry has no such name."""
        entry: E_co = REGISTRIES[self.key][self.name]
        return entry

    @cached_property
    def options(self) -> dict[str, Any]:
        """The values by the name of their parameter."""
        return dict(self.params)

    def __call__(self, *arguments: Any) -> Any:
        """The entry's function at these values."""
        return self.entry.function(*arguments, **self.options)

    def derivative(self: Choice[CostEntry], x: Tensor) -> Tensor:
        """The derivative of a loss or a penalty, shape of x; raises TypeError without a formula."""
        formula = self.entry.derivative
        if formula is None:
            raise TypeError(f"{self.key} {self.name} has no derivative")
        slope: Tensor = formula(x, **self.options)
        return slope

    def replaced(self, values: Mapping[str, Value]) -> Choice[E_co]:
        """The same entry with other values of some parameters, unchecked."""
        return Choice(self.key, self.name, tuple({**self.options, **values}.items()))

    def to_dict(self) -> dict[str, Any]:
        """Name and values as TOML and JSON have them: lists instead of tuples."""
        values = {
            name: list(value) if isinstance(value, tuple) else value for name, value in self.params
        }
        return {"name": self.name, **values}


def choose(key: str, name: str, values: Mapping[str, Value] | None = None) -> Choice[Any]:
    """The entry `name` of the registry `key`, its defaults overruled by `values`.

    Every value comes out in the type of its parameter. Raises BadInput for an unknown name, an
    unknown parameter or a value that is not allowed.
    """
    entry, given = REGISTRIES[key][name], values or {}
    for param, value in given.items():
        entry.param(param, f"{key}.{param}", value)
    return Choice(
        key,
        name,
        tuple(
            (
                param.name,
                param.check(given.get(param.name, param.default), f"{key}.{param.name}"),
            )
            for param in entry.params
        ),
    )


def checked(key: str, choice: object) -> Choice[Any]:
    """A choice of that key with all its parameters, checked and in order; raises BadInput."""
    if not isinstance(choice, Choice) or choice.key != key:
        raise BadInput(key, choice, f"must be a Choice of {key}")
    return choose(key, choice.name, choice.options)
