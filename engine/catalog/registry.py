"""Named entries with parameters: what forms, options, help and tests are made from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Generic, TypeVar

from engine.catalog.param import Param, Value
from engine.support.errors import BadInput
from engine.support.translation import Translatable, tr

F = TypeVar("F", bound=Callable[..., object])


@dataclass(frozen=True)
class Entry:
    """One thing that can be chosen; what only some registries' entries have, subclasses add."""

    name: str
    label: Translatable
    formula: str
    help: Translatable
    params: tuple[Param, ...]
    function: Callable[..., Any]

    def param(self, name: str, key: str, value: object = "") -> Param:
        """The parameter of that name; raises BadInput for `key` and `value` when there is none."""
        for param in self.params:
            if param.name == name:
                return param
        names = ", ".join(param.name for param in self.params) or tr("no parameters")
        allowed = tr("unknown key; {entry} takes {names}", entry=self.name, names=names)
        if close := get_close_matches(name, [param.name for param in self.params], n=1):
            allowed += tr("; the nearest is {name}", name=close[0])
        raise BadInput(key, value, allowed)


@dataclass(frozen=True)
class CostEntry(Entry):
    """A loss or a penalty: a function of one number, element by element."""

    derivative: Callable[..., Any] | None = None
    """Compiled kernels need it; of a loss it may be missing, which then trains by autograd only."""
    kinks: bool = False
    """Whether the derivative jumps somewhere: two float32 programs then soon part ways."""


E_co = TypeVar("E_co", bound=Entry, covariant=True)


@dataclass(frozen=True)
class Registry(Generic[E_co]):
    """Everything that can stand under one key of an experiment, in the order of registration."""

    key: str
    what: Translatable
    """One line: what is chosen here."""
    kind: type[E_co]
    """The class of the entries; its fields are the properties that an entry declares."""
    entries: dict[str, E_co] = field(default_factory=dict)

    def add(
        self,
        name: str,
        *,
        label: Translatable,
        formula: str,
        help: Translatable,
        params: tuple[Param, ...] = (),
        **properties: object,
    ) -> Callable[[F], F]:
        """Decorate the function of a new entry; this is the only place where the entry is named.

        Raises TypeError for a property that entries of this registry do not have.
        """

        def register(function: F) -> F:
            if name in self.entries:
                raise ValueError(f"{self.key} {name!r} is registered twice")
            self.entries[name] = self.kind(
                name, label, formula, help, params, function, **properties
            )
            return function

        return register

    def __getitem__(self, name: str) -> E_co:
        """The entry of that name; raises BadInput naming the others when there is none."""
        if not isinstance(name, str) or name not in self.entries:
            allowed = tr("choose from {names}", names=", ".join(self.entries))
            raise BadInput(self.key, name, allowed)
        return self.entries[name]

    def __iter__(self) -> Iterator[E_co]:
        return iter(self.entries.values())

    def defaults(self, name: str) -> Mapping[str, Value]:
        """The default of each parameter of the entry `name`."""
        return {param.name: param.default for param in self[name].params}
