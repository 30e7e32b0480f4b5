"""An axis of a sweep: the values that one key takes, and how a person types them."""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass

from engine.catalog.param import Number, Whole
from engine.experiment import Experiment
from engine.support.errors import BadInput
from engine.support.translation import tr

MOST_VALUES = 100_000
"""Of one axis."""
LOG_FROM = 30
"""Values that are so many times as large as the least go by equal factors."""


@dataclass(frozen=True)
class Axis:
    """The values that one key takes."""

    key: str
    values: tuple[float, ...]


def parse_axis(text: str, experiment: Experiment) -> Axis:
    """The axis that a person typed: `lr=log:1e-3:1:64`, `seed=lin:0:9:10`, `batch_size=1,2,5,10`.

    Raises BadInput for a key that is unknown or no number, and for a range that is empty, reversed,
    or logarithmic through zero.
    """
    key, equals, spec = text.partition("=")
    key = key.strip()
    if not equals:
        allowed = tr("must be key=values, as in lr=log:1e-3:1:64 or seed=1,2,3")
        raise BadInput("axis", text, allowed)
    param = numeric(key, experiment)
    scale, colon, rest = spec.strip().partition(":")
    if not colon:
        values = [number(param, part, key) for part in spec.split(",")]
    else:
        values = spaced(key, scale, rest, param)
        for end in (values[0], values[-1]):
            param.check(end, key)
    return Axis(key, tuple(dict.fromkeys(values)))


def zoomed(key: str, spec: str, at: float, closer: bool, experiment: Experiment) -> str:
    """The values of an axis as typed, over half the range around one of them, or over twice it.

    Raises BadInput for values that cannot be read.
    """
    param, values = numeric(key, experiment), parse_axis(f"{key}={spec}", experiment).values
    scale, colon, rest = spec.strip().partition(":")
    count = rest.rpartition(":")[2] if colon else str(max(len(values), 2))
    low, high = min(values), max(values)
    if low == high:
        return spec
    share = 0.25 if closer else 1.0
    least, most = param.limits
    if scale == "log" or (not colon and low > 0 and high >= LOG_FROM * low):
        scale, reach = "log", (high / low) ** share
        low, high = at / reach, at * reach
    else:
        scale, reach = "lin", (high - low) * share
        low, high = at - reach, at + reach
        if param.above and param.low is not None:
            least = param.low + (high - param.low) / 1000  # near what it must not be
    low, high = max(low, least), min(high, most)
    if isinstance(param, Whole):
        low, high = math.floor(low), math.ceil(high)
        return f"{scale}:{max(low, int(least))}:{max(high, low + 1)}:{count}"
    return f"{scale}:{low:.4g}:{high:.4g}:{count}"


def number(param: Number | Whole, text: str, key: str) -> float:
    """One value of an axis; raises BadInput."""
    value = param.parse(text, key)
    assert isinstance(value, int | float)
    return value


def numeric(key: str, experiment: Experiment) -> Number | Whole:
    """The number that stands under a key; raises BadInput where an axis cannot run along it."""
    param = experiment.param(key) if key in experiment.flat() else None
    if key not in numeric_keys(experiment) or not isinstance(param, Number | Whole):
        names = ", ".join(numeric_keys(experiment))
        if key == "patience":
            allowed = tr("has no say in a sweep; choose from {names}", names=names)
        elif param:
            allowed = tr("is no number; choose from {names}", names=names)
        else:
            allowed = tr("choose from {names}", names=names)
        raise BadInput("axis", key, allowed)
    return param


def numeric_keys(experiment: Experiment) -> list[str]:
    """The keys of an experiment that an axis can run along."""
    return [
        key
        for key, value in experiment.flat().items()
        if isinstance(value, int | float) and not isinstance(value, bool) and key != "patience"
    ]


def spaced(key: str, scale: str, rest: str, param: Number | Whole) -> list[float]:
    """The values of `low:high:count`, evenly spaced or by equal factors; raises BadInput."""
    form = tr("must be log:low:high:count or lin:low:high:count")
    parts = rest.split(":")
    if scale not in ("log", "lin") or len(parts) != 3:
        raise BadInput(f"axis {key}", f"{scale}:{rest}", form)
    try:
        low, high, count = float(parts[0]), float(parts[1]), int(parts[2])
    except ValueError:
        raise BadInput(f"axis {key}", f"{scale}:{rest}", form) from None
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise BadInput(f"axis {key}", f"{scale}:{rest}", tr("low must be below high"))
    if not 2 <= count <= MOST_VALUES:
        raise BadInput(f"axis {key}", count, tr("count must be 2 to {most}", most=MOST_VALUES))
    if scale == "log" and low <= 0:
        raise BadInput(f"axis {key}", f"{scale}:{rest}", tr("a log range must lie above 0"))
    shares = [i / (count - 1) for i in range(count)]
    if scale == "log":
        values = [low * (high / low) ** share for share in shares]
    else:
        values = [low + (high - low) * share for share in shares]
    if not all(map(math.isfinite, values)):
        raise BadInput(f"axis {key}", f"{scale}:{rest}", tr("the range is too wide"))
    if isinstance(param, Whole):
        return [round(value) for value in values]
    # Four digits are as many as a person wants to read or type again, if they tell values apart.
    neat = [low, *(float(f"{value:.4g}") for value in values[1:-1]), high]
    return neat if all(map(operator.lt, neat, neat[1:])) else [*values[:-1], high]
