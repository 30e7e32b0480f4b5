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

from engine.catalog.choice import REGISTRIES
from engine.catalog.param import Number, Numeric, Param, Whole
from engine.catalog.parameters import Values, labels
from engine.experiment import Experiment
from engine.lessons.offer import Offer
from engine.settings import SETTINGS
from engine.support.errors import BadInput, shortened, show
from engine.support.translation import Translatable, tr
from engine.theory.facts import Facts
from engine.theory.floor import Standing
from engine.training.snapshot import Snapshot, norm

Measure = Callable[[Snapshot], float | None]
"""A number read off a run; None where it has none."""


def _of_facts(read: Callable[[Facts], float | None]) -> Measure:
    return lambda run: None if run.facts is None else read(run.facts)


QUANTITIES: Mapping[Translatable, Measure] = {
    "final loss": lambda run: run.loss if run.over else None,
    "loss": lambda run: run.loss,
    "batch loss": lambda run: run.batch_loss,
    "validation loss": lambda run: (run.validation_losses.low or (None,))[-1],
    "start loss": _of_facts(lambda facts: facts.start_loss),
    "noise floor": _of_facts(lambda facts: facts.floor.noise),
    "closed form loss": _of_facts(lambda facts: facts.floor.optimum),
    "critical lr": _of_facts(lambda facts: facts.stability.curvature.critical_lr),
    "condition number": _of_facts(lambda facts: facts.stability.curvature.condition),
    "best momentum": _of_facts(lambda facts: facts.stability.curvature.best_momentum),
    "limit": _of_facts(lambda facts: facts.stability.limit.lr),
    "epoch": lambda run: float(run.epoch),
    "step": lambda run: float(run.step),
    "error": lambda run: norm(run.errors()) if run.errors() else None,
    "grad": lambda run: norm(run.original_grads) if run.original_grads else None,
}
"""Numbers of any run."""

NAMED: Mapping[Translatable, Callable[[Snapshot], Values]] = {
    "error of": lambda run: {**_physical_error(run), **run.errors()},
    "value of": lambda run: {**_physical(run), **run.original_params},
    "grad of": lambda run: run.original_grads,
}
"""Numbers of one parameter or physical quantity over the data as they are: the value itself, or the
size of an error or gradient; of several numbers the largest size."""

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
class Tolerance:
    """How far a forecast may be off."""

    factor: float = 1.0
    """Both ways, in proportion: 2 lets half and double pass."""
    share: float = 0.0
    """Of the measured number."""
    size: float = 0.0
    """In the number's own unit."""

    def allows(self, forecast: float, measured: float) -> bool:
        """Whether a forecast is near enough; none is where the run has run away."""
        if not math.isfinite(measured):
            return False
        if abs(forecast - measured) <= max(self.size, self.share * abs(measured)):
            return True
        return forecast * measured > 0 and 1 / self.factor <= forecast / measured <= self.factor

    def miss(self, forecast: float, measured: float) -> str:
        """How far a forecast is off, and how far it may be, in words."""
        if not math.isfinite(measured):
            return tr("the run has no finite number")
        if self.factor > 1 and forecast * measured > 0:
            off = max(forecast / measured, measured / forecast)
            return tr(
                "a factor {off:.3g} off, {factor:.3g} allowed",
                off=off,
                factor=self.factor,
            )
        off = abs(forecast - measured)
        if self.share and measured:
            return tr(
                "{off:.3g} % off, {share:.3g} % allowed",
                off=100 * off / abs(measured),
                share=100 * self.share,
            )
        return tr("{off:.3g} off, {size:.3g} allowed", off=off, size=self.size)


def parse_tolerance(text: str) -> Tolerance:
    """`5 %`, `factor 2` or a number in the unit of what is forecast; raises ValueError."""
    words = text.strip()
    try:
        if words.startswith("factor "):
            tolerance = Tolerance(factor=float(words.removeprefix("factor ")))
        elif words.endswith("%"):
            tolerance = Tolerance(share=float(words.removesuffix("%")) / 100)
        else:
            tolerance = Tolerance(size=float(words))
        if all(map(math.isfinite, (tolerance.factor, tolerance.share, tolerance.size))) and (
            tolerance.factor > 1 or tolerance.share > 0 or tolerance.size > 0
        ):
            return tolerance
    except ValueError:
        pass
    raise ValueError(
        tr(
            "{text!r} is no tolerance; write 5 %, factor 2 or a number above 0",
            text=shortened(words),
        )
    )


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


def spoken(text: str) -> str:
    """A quantity, or one divided by another, in the language in use."""
    return " / ".join(map(_spoken, text.split(" / ")))


def _spoken(text: str) -> str:
    if text.endswith(" before"):
        return tr("{quantity} of the run before", quantity=_spoken(text.removesuffix(" before")))
    prefix = next((name for name in NAMED if text.startswith(f"{name} ")), None)
    return f"{tr(prefix)} {text.removeprefix(prefix).strip()}" if prefix else tr(text)


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


def parse_quantity(text: str, experiment: Experiment) -> Measure:
    """How to read a number off a run like `experiment`'s; raises ValueError."""
    if text in QUANTITIES:
        return QUANTITIES[text]
    for prefix, read in NAMED.items():
        if text.startswith(f"{prefix} "):
            name = text.removeprefix(f"{prefix} ")
            return _named(name, read, experiment, signed=prefix == "value of")
    try:
        params = params_of(text)
    except ValueError:
        names = ", ".join([*QUANTITIES, *(f"{prefix} NAME" for prefix in NAMED)])
        raise ValueError(
            tr(
                "{text!r} is no quantity; there are {known}, and the keys",
                text=shortened(text),
                known=names,
            )
        ) from None
    if not any(isinstance(param, Number | Whole) for param in params):
        raise ValueError(tr("{key} is not one number; write `{key} is VALUE`", key=text))

    def setting(run: Snapshot) -> float | None:
        value = run.experiment.flat().get(text)
        return float(value) if isinstance(value, int | float) else None

    return setting


def _physical(run: Snapshot) -> Values:
    return {name: (value,) for name, (value, _, _) in run.quantities().items()}


def _physical_error(run: Snapshot) -> Values:
    return {
        name: (value - true,)
        for name, (value, true, _) in run.quantities().items()
        if true is not None
    }


def _named(
    name: str, read: Callable[[Snapshot], Values], experiment: Experiment, signed: bool
) -> Measure:
    model = experiment.architecture()
    zeros = {part: (0.0,) * math.prod(shape) for part, shape in model.shapes.items()}
    parts = (*zeros, *(label for label, _ in labels(zeros)))
    names = list(dict.fromkeys([*parts, *(quantity.name for quantity in model.quantities)]))
    if name not in names:
        raise ValueError(
            tr(
                "{name!r} is no parameter here; there are {names}",
                name=shortened(name),
                names=", ".join(names),
            )
        )

    def measure(run: Snapshot) -> float | None:
        values = read(run)
        single = dict(labels(values))
        numbers = values.get(name) or ((single[name],) if name in single else ())
        if signed and len(numbers) == 1:
            return numbers[0]
        return max(map(abs, numbers), default=None)

    return measure


def params_of(key: str) -> list[Param]:
    """What the key of an experiment may stand for: `lr`, or `data.n` of one data set or another.

    Empty for `data` and the like. Raises ValueError for what is no key.
    """
    head, dot, name = key.partition(".")
    if key in SETTINGS:
        return [SETTINGS[key]]
    if key in REGISTRIES:
        return []
    entries = REGISTRIES[head] if dot and head in REGISTRIES else ()
    params = [param for entry in entries for param in entry.params if param.name == name]
    if not params:
        raise ValueError(tr("{key!r} is no key of an experiment", key=shortened(key)))
    return params


def read_value(key: str, text: str) -> str:
    """A value of a key as `show` writes it, `0.03` for 3e-2; raises ValueError."""
    params = params_of(key)
    if not params:
        return str(REGISTRIES[key][text].name)
    for param in params[:-1]:
        with suppress(BadInput):
            return show(param.parse(text, key))
    return show(params[-1].parse(text, key))
