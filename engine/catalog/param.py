"""Parameters by kind: what a person may type, what is allowed, and the help beside the field."""

from __future__ import annotations

import math
import re
import sys
from dataclasses import dataclass

from engine.support.errors import BadInput, show
from engine.support.translation import Translatable, tr

Value = bool | int | float | str | tuple[float, ...]
"""What a parameter can hold."""


@dataclass(frozen=True)
class Param:
    """One setting: its name, default and the help shown while it has the focus."""

    name: str
    default: Value
    what: Translatable
    """What it is."""
    why: Translatable = ""
    """Why it matters."""
    extremes: Translatable = ""
    """What too high or too low looks like."""
    is_shown: bool = True
    """Whether people set it; what the app notes down for itself has no field."""
    of: str = ""
    """The parameter of its entry that it is a fact of; where that changes, it is forgotten."""

    @property
    def allowed(self) -> str:
        """What may stand here, in words, for error messages and help."""
        raise NotImplementedError

    def check(self, value: object, key: str | None = None) -> Value:
        """The value in this parameter's type; raises BadInput for `key` when it is not allowed."""
        cast = self.cast(value)
        if cast is None:
            raise BadInput(key or self.name, value, self.allowed)
        return cast

    def parse(self, text: str, key: str | None = None) -> Value:
        """The value a person typed; raises BadInput when it cannot be read or is not allowed."""
        text = text.strip()
        try:
            value = self.read(text)
        except ValueError:
            raise BadInput(key or self.name, text, self.allowed) from None
        return self.check(value, key)

    def cast(self, value: object) -> Value | None:
        """The value in this parameter's type; None when it is not allowed."""
        raise NotImplementedError

    def read(self, text: str) -> object:
        """What a text stands for, not yet checked; raises ValueError when it cannot be read."""
        return text


@dataclass(frozen=True)
class Flag(Param):
    """Yes or no."""

    default: bool

    @property
    def allowed(self) -> str:
        """In words."""
        return tr("must be yes or no")

    def cast(self, value: object) -> Value | None:
        """Only a bool will do."""
        return value if isinstance(value, bool) else None

    def read(self, text: str) -> object:
        """True or false, yes or no, in small letters or capitals."""
        return {"true": True, "yes": True, "false": False, "no": False}.get(text.lower(), text)


@dataclass(frozen=True)
class Text(Param):
    """One of some names, or any text where there are none; whoever uses it checks it then."""

    default: str
    choices: tuple[str, ...] = ()
    about: tuple[Translatable, ...] = ()
    """A line about each of the choices."""
    pattern: str = ""
    """What a text must match where there are no choices; empty: any text will do."""
    examples: tuple[str, ...] = ()
    """What matches it."""

    @property
    def allowed(self) -> str:
        """In words."""
        if names := self.choices or self.examples:
            return tr("choose from {names}", names=", ".join(names))
        return tr("must be text")

    def cast(self, value: object) -> Value | None:
        """A text, and one of the choices if there are any, or else in the pattern."""
        if not isinstance(value, str) or (self.choices and value not in self.choices):
            return None
        return None if self.pattern and not re.fullmatch(self.pattern, value) else value


@dataclass(frozen=True)
class Numeric(Param):
    """What the kinds made of numbers have in common: limits."""

    low: float | None = None
    high: float | None = None
    above: bool = False
    """Whether `low` itself is excluded."""
    digits: tuple[int, ...] = (1, 2, 5)
    """What the sensible values begin with, from 1 on; none where any is as good as the next."""

    @property
    def kind(self) -> str:
        """What it must be within the limits, in words."""
        raise NotImplementedError

    @property
    def is_unlimited(self) -> bool:
        """Whether there is neither a lowest nor a highest number."""
        return self.low is None and self.high is None

    @property
    def limits(self) -> tuple[float, float]:
        """The lowest and the highest number."""
        low = -math.inf if self.low is None else self.low
        high = math.inf if self.high is None else self.high
        return (math.nextafter(low, math.inf) if self.above else low), high

    @property
    def allowed(self) -> str:
        """In words."""
        if self.is_unlimited:
            return tr("must be {kind}", kind=self.kind)
        return tr("must be {kind} {limits}", kind=self.kind, limits=self._limits())

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

    def number(self, value: object) -> float | None:
        """A finite number within the limits; None for anything else."""
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
class Number(Numeric):
    """A number, with or without a fraction."""

    default: float

    @property
    def kind(self) -> str:
        """In words."""
        return tr("a finite number") if self.is_unlimited else tr("a number")

    def cast(self, value: object) -> Value | None:
        """As a float."""
        return self.number(value)

    def read(self, text: str) -> object:
        """As Python reads a float."""
        return float(text)


@dataclass(frozen=True)
class Whole(Numeric):
    """A whole number."""

    default: int

    @property
    def kind(self) -> str:
        """In words."""
        return tr("a whole number")

    def cast(self, value: object) -> Value | None:
        """As an int, of any size; a float is none, even if it is whole."""
        return value if isinstance(value, int) and self.number(value) is not None else None

    def read(self, text: str) -> object:
        """As Python reads an int."""
        return int(text)


@dataclass(frozen=True)
class Numbers(Numeric):
    """Numbers separated by commas, each within the limits."""

    default: tuple[float, ...]
    longest: int = 1000
    """How many there may be."""

    @property
    def kind(self) -> str:
        """In words."""
        return tr("1 to {longest} numbers separated by commas, each", longest=self.longest)

    def cast(self, value: object) -> Value | None:
        """As a tuple of floats."""
        if not isinstance(value, tuple | list) or not 1 <= len(value) <= self.longest:
            return None
        numbers = tuple(number for number in map(self.number, value) if number is not None)
        return numbers if len(numbers) == len(value) else None

    def read(self, text: str) -> object:
        """With or without brackets around them."""
        return tuple(float(part) for part in text.strip("[]()").split(","))
