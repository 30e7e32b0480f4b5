"""What a lesson asks of a run, `final loss < 1e-4 and status is finished`: read, never executed.

A condition is comparisons joined by `and`:

    QUANTITY < 0.1          also <=, >, >=; two quantities can stand on one side: A / B
    KEY is VALUE            also `is not`; a key of the experiment, `status` or `standing`
    used TOOL, seen VIEW    what was opened on the screen
    predicted               the forecasts came out right; `predicted within 5 %`: so well

A quantity is one of QUANTITIES, one of NAMED with the name of a parameter (`error of w[0]`), or a
numeric key of the experiment (`lr`); with ` before` behind it, it is that of the run before.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import get_args

from engine.catalog.param import Numeric
from engine.experiment import Experiment
from engine.lessons.offer import Offer
from engine.lessons.quantities import (
    NAMED,
    QUANTITIES,
    params_of,
    parse_quantity,
    read_value,
    spoken,
)
from engine.lessons.tolerance import Tolerance, parse_tolerance
from engine.support.errors import shortened, show
from engine.support.translation import tr
from engine.theory.floor import Standing
from engine.training.snapshot import Snapshot

OPERATORS: Mapping[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}
PREDICTED, BEFORE = "predicted", "before"
"""Words of a condition that asks for right forecasts, and of one that asks for the run before."""
STATES = ("finished", "diverged", "stopped", "paused")
STANDINGS: tuple[Standing, ...] = get_args(get_args(Standing)[0])


@dataclass(frozen=True)
class Evidence:
    """What a condition is judged by."""

    run: Snapshot
    before: Snapshot | None = None
    """The run before it in the same lesson."""
    used: Collection[str] = ()
    """Tools and views that were opened."""
    forecasts: tuple[tuple[bool, float | None, float | None], ...] | None = None
    """Of each forecast: whether it was right, what was said, what was measured; None while some
    are not settled."""


Test = Callable[[Evidence], bool]
Words = Callable[[Evidence], str]
Amount = Callable[[Evidence], float | None]
"""A number read off runs; None where they have none."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """One part of a condition."""

    test: Test
    objection: Words = lambda evidence: ""
    """What there was in place of what the comparison asks for, in words."""


@dataclass(frozen=True, eq=False)
class Condition:
    """Something that is true of a run or not."""

    text: str
    comparisons: tuple[Comparison, ...]

    def holds(self, evidence: Evidence) -> bool:
        """Whether all of it is true."""
        return all(comparison.test(evidence) for comparison in self.comparisons)

    def objection(self, evidence: Evidence) -> str:
        """Why it is not true, by the first part that is not; empty where it is."""
        failed = (each for each in self.comparisons if not each.test(evidence))
        return next((each.objection(evidence) for each in failed), "")


def parse_condition(text: str, experiment: Experiment, offer: Offer) -> Condition:
    """The condition a text states about runs like `experiment`'s; raises ValueError."""
    parts = " ".join(text.split()).split(" and ")
    return Condition(text, tuple(_comparison(part, experiment, offer) for part in parts))


def _comparison(words: str, experiment: Experiment, offer: Offer) -> Comparison:
    if words == PREDICTED:
        return Comparison(
            lambda evidence: all(right for right, _, _ in evidence.forecasts or [(False, 0, 0)])
        )
    if words.startswith("predicted within "):
        return Comparison(_predicted(parse_tolerance(words.removeprefix("predicted within "))))
    for verb, names in (("used", offer.tools), ("seen", offer.views)):
        if words.startswith(f"{verb} "):
            name = words.removeprefix(f"{verb} ")
            if names and name not in names:
                raise ValueError(
                    tr(
                        "{name!r} cannot be {verb}; choose from {names}",
                        name=shortened(name),
                        verb=verb,
                        names=", ".join(names),
                    )
                )
            return Comparison(partial(_is_used, name))
    if match := re.fullmatch(r"(.+?) is (not )?(.+)", words):
        key, negated, wanted = match.groups()
        read, value = _words(key, wanted)
        return Comparison(
            lambda evidence: (read(evidence.run) == value) != bool(negated),
            lambda evidence: _other_word(key, read(evidence.run), value),
        )
    if match := re.fullmatch(r"(.+?) ?(<=|>=|<|>) ?(.+)", words):
        left, sign, right = match.groups()
        amounts = _side(left, experiment), _side(right, experiment)
        _check_reach(words, left, sign, right)
        return Comparison(
            _ordered(amounts[0], OPERATORS[sign], amounts[1]),
            lambda evidence: _other_size(left, amounts[0](evidence), sign, amounts[1](evidence)),
        )
    raise ValueError(
        tr("{text!r} compares nothing; write it like `final loss < 0.1`", text=shortened(words))
    )


def _is_used(name: str, evidence: Evidence) -> bool:
    return name in evidence.used


def _other_word(key: str, value: str, wanted: str) -> str:
    if value == wanted:
        return tr("{key} is {value}", key=tr(key), value=tr(value))
    return tr("{key} is {value}, not {wanted}", key=tr(key), value=tr(value), wanted=tr(wanted))


def _other_size(name: str, value: float | None, sign: str, bound: float | None) -> str:
    """`final loss is 0.0378, not < 1e-4`."""
    if value is None or bound is None:
        return tr("the run has no {quantity}", quantity=spoken(name))
    return tr(
        "{quantity} is {value:.3g}, not {sign} {bound:.3g}",
        quantity=spoken(name),
        value=value,
        sign=sign,
        bound=bound,
    )


def _predicted(tolerance: Tolerance) -> Test:
    def test(evidence: Evidence) -> bool:
        numbers = [
            (forecast, measured)
            for _, forecast, measured in evidence.forecasts or ()
            if forecast is not None and measured is not None
        ]
        return bool(numbers) and all(tolerance.allows(*pair) for pair in numbers)

    return test


def _words(key: str, wanted: str) -> tuple[Callable[[Snapshot], str], str]:
    """How to read a text off a run, and what it must be; raises ValueError for what no run has."""
    names = {"status": STATES, "standing": STANDINGS}.get(key)
    if names:
        if wanted not in names:
            raise ValueError(
                tr(
                    "{key} is never {said!r}; choose from {names}",
                    key=key,
                    said=shortened(wanted),
                    names=", ".join(names),
                )
            )
        return (_standing if key == "standing" else lambda run: run.state), wanted
    value = read_value(key, wanted)
    return lambda run: show(run.experiment.flat().get(key, "")), value


def _standing(run: Snapshot) -> str:
    if run.facts is None or run.loss is None:
        return ""
    return run.facts.floor.standing(run.loss)


def _ordered(left: Amount, compare: Callable[[float, float], bool], right: Amount) -> Test:
    def test(evidence: Evidence) -> bool:
        a, b = left(evidence), right(evidence)
        return a is not None and b is not None and compare(a, b)

    return test


def _side(text: str, experiment: Experiment) -> Amount:
    """A number, a quantity, or one divided by another; raises ValueError."""
    try:
        number = float(text)
    except ValueError:
        return parse_amount(text, experiment)
    return lambda evidence: number


def _check_reach(words: str, left: str, sign: str, right: str) -> None:
    """Raise ValueError where two sides lie so that their comparison is never true."""
    (least, most), (other_least, other_most) = _reach(left), _reach(right)
    ends = (least, other_most) if sign.startswith("<") else (most, other_least)
    if not OPERATORS[sign](*ends):
        is_number = least == most
        low, high = (other_least, other_most) if is_number else (least, most)
        raise ValueError(
            tr(
                "{text!r} is never true: {name} is at least {low} and at most {high}",
                text=shortened(words),
                name=shortened(right if is_number else left),
                low=show(low),
                high=show(high),
            )
        )


def _reach(text: str) -> tuple[float, float]:
    """The least and the most that a side can be, as far as that is known."""
    with suppress(ValueError):
        return float(text), float(text)
    parts = [part.strip().removesuffix(" before") for part in text.split(" / ")]
    if any(part.startswith("value of ") for part in parts):
        return -math.inf, math.inf
    if len(parts) > 1 or parts[0] in QUANTITIES or parts[0].startswith(tuple(NAMED)):
        return 0.0, math.inf
    limits = [param.limits for param in params_of(parts[0]) if isinstance(param, Numeric)]
    return min(low for low, _ in limits), max(high for _, high in limits)


def parse_amount(text: str, experiment: Experiment) -> Amount:
    """A quantity, or one divided by another, each perhaps of the run before; raises ValueError."""
    texts = text.split(" / ")
    if len(texts) > 2:
        raise ValueError(tr("{text!r} divides more than once", text=shortened(text)))
    parts = [_amount(part.strip(), experiment) for part in texts]

    def ratio(evidence: Evidence) -> float | None:
        above, below = (part(evidence) for part in parts)
        return above / below if above is not None and below else None

    return ratio if len(parts) == 2 else parts[0]


def _amount(text: str, experiment: Experiment) -> Amount:
    measure = parse_quantity(text.removesuffix(" before"), experiment)
    if text.endswith(" before"):
        return lambda evidence: measure(evidence.before) if evidence.before else None
    return lambda evidence: measure(evidence.run)
