"""Named entries with parameters: what forms, options, help and tests are made from."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from engine.support.errors import BadInput, show
from engine.support.translation import Translatable, tr

F = TypeVar("F", bound=Callable[..., object])

Value = bool | int | float | str | tuple[float, ...]
"""What a parameter can hold."""


@dataclass(frozen=True)
class Param:
    """One setting: its name, default, limits and the help shown while it has the focus."""

    name: str
    default: Value
    what: Translatable
    """What it is."""
    why: Translatable = ""
    """Why it matters."""
    extremes: Translatable = ""
    """What too high or too low looks like."""
    low: float | None = None
    high: float | None = None
    above: bool = False
    """Whether `low` itself is excluded."""
    choices: tuple[str, ...] = ()
    """The only values of a text setting; empty means any text that `check` accepts."""
    about: tuple[Translatable, ...] = ()
    """A line about each of the choices."""
    longest: int = 1000
    """How many numbers a list may hold."""

    @property
    def allowed(self) -> str:
        """The limits in words, for error messages and help."""
        if self.choices:
            return tr("choose from {names}", names=", ".join(self.choices))
        if isinstance(self.default, bool):
            return tr("must be true or false")
        if isinstance(self.default, str):
            return tr("must be text")
        unlimited = self.low is None and self.high is None
        if isinstance(self.default, int):
            kind = tr("a whole number")
        elif isinstance(self.default, float):
            kind = tr("a finite number") if unlimited else tr("a number")
        else:
            kind = tr("1 to {longest} numbers separated by commas, each", longest=self.longest)
        if unlimited:
            return tr("must be {kind}", kind=kind)
        return tr("must be {kind} {limits}", kind=kind, limits=self._limits())

    def _limits(self) -> str:
        """What a number must lie between."""
        if self.low is None:
            return tr("at most {high}", high=show(self.high))
        if self.high is None:
            return tr("above {low}" if self.above else "at least {low}", low=show(self.low))
        return tr(
            "above {low} and at most {high}" if self.above else "at least {low} and at most {high}",
            low=show(self.low),
            high=show(self.high),
        )

    def check(self, value: object, key: str | None = None) -> Value:
        """The value in this parameter's type; raises BadInput for `key` when it is not allowed."""
        checked = self._cast(value)
        if checked is None:
            raise BadInput(key or self.name, value, self.allowed)
        return checked

    def parse(self, text: str, key: str | None = None) -> Value:
        """The value a person typed; raises BadInput when it cannot be read or is not allowed."""
        text = text.strip()
        value: object = text
        try:
            if isinstance(self.default, bool):
                value = {"true": True, "false": False}.get(text.lower(), text)
            elif isinstance(self.default, int):
                value = int(text)
            elif isinstance(self.default, float):
                value = float(text)
            elif isinstance(self.default, tuple):
                value = tuple(float(part) for part in text.strip("[]()").split(","))
        except ValueError:
            raise BadInput(key or self.name, text, self.allowed) from None
        return self.check(value, key)

    def _cast(self, value: object) -> Value | None:
        if isinstance(self.default, bool):
            return value if isinstance(value, bool) else None
        if isinstance(self.default, str):
            if not isinstance(value, str) or (self.choices and value not in self.choices):
                return None
            return value
        if isinstance(self.default, tuple):
            if not isinstance(value, tuple | list) or not 1 <= len(value) <= self.longest:
                return None
            items = [self._number(item) for item in value]
            return None if None in items else tuple(item for item in items if item is not None)
        number = self._number(value)
        if number is None or isinstance(self.default, float):
            return number
        return value if isinstance(value, int) else None

    def _number(self, value: object) -> float | None:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        if not abs(value) <= sys.float_info.max:
            return None
        if self.low is not None and (value < self.low or (self.above and value == self.low)):
            return None
        if self.high is not None and value > self.high:
            return None
        return float(value)


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
