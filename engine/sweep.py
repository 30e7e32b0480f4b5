"""Thousands of runs as one program: a grid over one or two keys of an experiment.

Runs that see the same minibatches are lanes of one kernel. Results come as they are ready.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal, NamedTuple

from engine import machine
from engine.experiment import Experiment
from engine.registry import BadInput, Param, Value
from engine.words import tr

JobState = Literal["running", "finished", "stopped", "failed"]
"""How far a sweep or a race is."""

MOST_RUNS = 100_000
"""Runs of one sweep."""
SHARE = 0.5
"""Share of the machine's memory that a sweep may need."""


@dataclass(frozen=True)
class Axis:
    """The values that one key takes."""

    key: str
    values: tuple[Value, ...]


class Cell(NamedTuple):
    """What one run of a sweep came to."""

    index: int  # type: ignore[assignment]  # not the method of a tuple
    """Place in the order of `Sweep.settings`."""
    loss: float
    """Loss over all the data at the end; infinite or NaN where it ran away."""
    floor_epoch: int | None
    """The first epoch after which it was at the floor; None if it never was."""
    status: Literal["finished", "diverged"]
    losses: tuple[float, ...]
    """Loss over all the data after each epoch."""


@dataclass(frozen=True, eq=False)
class SweepProgress:
    """A sweep as it was at one moment."""

    sweep: Sweep
    state: JobState = "running"
    message: str = ""
    cells: tuple[Cell | None, ...] = ()
    """The results by index; None where a run is not done."""
    done: int = 0
    seconds: float = 0.0

    @property
    def eta(self) -> float | None:
        """Seconds that the rest will take at the speed so far."""
        return (len(self.cells) - self.done) * self.seconds / self.done if self.done else None


@dataclass(frozen=True)
class Sweep:
    """An experiment and one or two axes; raises BadInput for what cannot be run."""

    experiment: Experiment
    axes: tuple[Axis, ...]

    def __post_init__(self) -> None:
        if not 1 <= len(self.axes) <= 2 or len({axis.key for axis in self.axes}) < len(self.axes):
            keys = ", ".join(axis.key for axis in self.axes)
            raise BadInput("axis", keys, tr("a sweep has one axis or two different ones"))
        self.experiment.linear_model(tr("a sweep"))
        if not self.experiment.reshape:
            raise BadInput("reshape", False, tr("a sweep always has y in shape"))
        if self.experiment.entry("loss").derivative is None:
            allowed = tr("has no derivative to compile")
            raise BadInput("loss", self.experiment.loss.name, allowed)
        if len(self) > MOST_RUNS:
            raise BadInput("axis", len(self), tr("a sweep has at most {most} runs", most=MOST_RUNS))
        needed, there = self.memory(), machine.memory()
        if there and needed > SHARE * there:
            allowed = tr(
                "this sweep needs {needed:.1f} GB of memory, at most {most:.1f} GB may be used",
                needed=needed / 1e9,
                most=SHARE * there / 1e9,
            )
            raise BadInput("axis", len(self), allowed)

    def __len__(self) -> int:
        return math.prod(len(axis.values) for axis in self.axes)

    def memory(self) -> int:
        """Bytes the sweep needs: the largest data set, and what is kept of each run."""
        corners = self.corners()
        sources = [experiment.source() for experiment in corners]
        largest = max((source.n * (source.features + 2) for source in sources), default=0)
        epochs = max(experiment.epochs for experiment in corners)
        return 16 * largest + len(self) * (200 + 32 * epochs)

    def corners(self) -> list[Experiment]:
        """The experiments at the ends of the axes, where a setting that is refused shows first."""
        ordered = [sorted(axis.values, key=size) for axis in self.axes]
        return [self.at(values) for values in product(*((one[0], one[-1]) for one in ordered))]

    def settings(self) -> list[tuple[Value, ...]]:
        """The values of the axes of every run; the last axis changes fastest."""
        return list(product(*(axis.values for axis in self.axes)))

    def values(self, place: tuple[int, ...]) -> tuple[Value, ...]:
        """The values of the axes at a place of the grid."""
        return tuple(axis.values[i] for axis, i in zip(self.axes, place, strict=True))

    def index(self, place: tuple[int, ...]) -> int:
        """The place of the grid as one number, as `settings` counts."""
        first, *rest = place
        return first * len(self.axes[-1].values) + rest[0] if rest else first

    def at(self, values: tuple[Value, ...]) -> Experiment:
        """The experiment at one setting of the axes."""
        keys = (axis.key for axis in self.axes)
        return self.experiment.changed(dict(zip(keys, values, strict=True)))


def size(value: Value) -> float:
    """A value of an axis as the number that it is."""
    assert isinstance(value, int | float)
    return value


def fan(experiment: Experiment, seeds: int) -> Sweep:
    """The experiment over so many seeds, its own first."""
    first = min(experiment.seed, 2**63 - seeds)
    return Sweep(experiment, (Axis("seed", tuple(range(first, first + seeds))),))


def band(cells: Sequence[Cell]) -> list[tuple[float, float, float, float, float]]:
    """After each epoch the least, lower quartile, median, upper quartile and greatest loss.

    Runs that are not finite at an epoch count as the greatest.
    """
    epochs = zip(*(cell.losses for cell in cells), strict=True)
    return [
        five_numbers([loss if loss == loss else math.inf for loss in losses]) for losses in epochs
    ]


def five_numbers(values: list[float]) -> tuple[float, float, float, float, float]:
    """Least, quartiles and greatest, each an actual value (the nearest rank)."""
    ranked = sorted(values)
    last = len(ranked) - 1
    low, quarter, middle, upper, high = (ranked[round(last * i / 4)] for i in range(5))
    return low, quarter, middle, upper, high


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
        values = [param.parse(part, key) for part in spec.split(",")]
    else:
        between = spaced(key, scale, rest, param)
        values = [param.check(between[0], key), *between[1:-1], param.check(between[-1], key)]
    return Axis(key, tuple(dict.fromkeys(values)))


def numeric(key: str, experiment: Experiment) -> Param:
    """The number that stands under a key; raises BadInput where an axis cannot run along it."""
    param = experiment.param(key) if key in experiment.flat() else None
    if key not in numeric_keys(experiment) or not isinstance(param, Param):
        allowed = tr("choose from {names}", names=", ".join(numeric_keys(experiment)))
        if key == "patience":
            allowed = tr("has no say in a sweep; ") + allowed
        elif param:
            allowed = tr("is no number; ") + allowed
        raise BadInput("axis", key, allowed)
    return param


def numeric_keys(experiment: Experiment) -> list[str]:
    """The keys of an experiment that an axis can run along."""
    return [
        key
        for key, value in experiment.flat().items()
        if isinstance(value, int | float) and not isinstance(value, bool) and key != "patience"
    ]


def spaced(key: str, scale: str, rest: str, param: Param) -> list[float | int]:
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
    if not 2 <= count <= MOST_RUNS:
        raise BadInput(f"axis {key}", count, tr("count must be 2 to {most}", most=MOST_RUNS))
    if scale == "log" and low <= 0:
        raise BadInput(f"axis {key}", f"{scale}:{rest}", tr("a log range must lie above 0"))
    shares = [i / (count - 1) for i in range(count)]
    if scale == "log":
        values = [low * (high / low) ** share for share in shares]
    else:
        values = [low + (high - low) * share for share in shares]
    if not all(map(math.isfinite, values)):
        raise BadInput(f"axis {key}", f"{scale}:{rest}", tr("the range is too wide"))
    if isinstance(param.default, int):
        return [round(value) for value in values]
    # Four digits are as many as a person wants to read or type again, if they tell values apart.
    neat = [low, *(float(f"{value:.4g}") for value in values[1:-1]), high]
    return neat if all(map(operator.lt, neat, neat[1:])) else [*values[:-1], high]
