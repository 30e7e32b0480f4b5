"""Thousands of runs as one program: a grid over one or two keys of an experiment.

Runs that see the same minibatches are lanes of one kernel. Results come as they are ready.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING, Literal, NamedTuple

from engine.experiment import Experiment
from engine.jobs.axis import Axis
from engine.jobs.job import JobState
from engine.jobs.memory import refuse_too_much
from engine.support.errors import BadInput
from engine.support.translation import tr
from engine.theory.floor import NEAR

if TYPE_CHECKING:
    from engine.theory.stability import Limit

MOST_RUNS = 1_000_000
"""Of one sweep."""

SECONDS_PER_NUMBER = 1e-8
"""What a run takes for each number of each sample in an epoch, on one core of a laptop."""


def is_lane(key: str) -> bool:
    """Whether runs that differ in a key alone see the same samples in one order and one loss."""
    return key in ("lr", "batch_size") or key.startswith("init.")


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
    floor: float
    """The loss below which there is nothing left to learn."""
    floor_samples: int | None
    """Samples of its epochs up to that one; None if it never was at the floor."""

    @property
    def is_settled(self) -> bool:
        """Whether it is at the floor at the end."""
        return self.status == "finished" and self.loss <= NEAR * self.floor

    @property
    def excess(self) -> float:
        """The share of the floor by which the loss at the end lies above it: 0.05 for 5 %."""
        return self.loss / self.floor - 1 if self.floor else math.inf if self.loss else 0.0


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
    limits: tuple[Limit, ...] = ()
    """The largest stable lr at each value of the axis beside lr, as far as they are known."""

    def limit(self, index: int) -> Limit | None:
        """The largest stable lr for all that a run of the sweep has besides."""
        place = self.sweep.beside_lr(index)
        return self.limits[place] if place is not None and place < len(self.limits) else None

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
        self.experiment.linear_model(tr("a sweep needs a model that is linear in its parameters"))
        if not self.experiment.reshape:
            raise BadInput("reshape", False, tr("a sweep always has y in shape"))
        if self.experiment.loss.entry.derivative is None:
            allowed = tr("has no derivative to compile")
            raise BadInput("loss", self.experiment.loss.name, allowed)
        if len(self) > MOST_RUNS:
            raise BadInput("axis", len(self), tr("a sweep has at most {most} runs", most=MOST_RUNS))
        refuse_too_much(
            "axis",
            len(self),
            self.memory(),
            "this sweep needs {needed:.1f} GB of memory, at most {most:.1f} GB may be used",
        )

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """Those of the axes."""
        return tuple(axis.key for axis in self.axes)

    def __len__(self) -> int:
        return math.prod(len(axis.values) for axis in self.axes)

    def memory(self) -> int:
        """Bytes the sweep needs: the largest data set, and what is kept of each run."""
        datasets = [experiment.dataset() for experiment in self.corners]
        largest = max((dataset.n * (dataset.features + 2) for dataset in datasets), default=0)
        return 16 * largest + len(self) * (200 + 32 * self.epochs)

    @property
    def epochs(self) -> int:
        """The most epochs that one of its runs takes."""
        return max(experiment.epochs for experiment in self.corners)

    @property
    def seconds(self) -> float:
        """About how long it takes: every run visits every sample in every epoch."""
        datasets = [experiment.dataset() for experiment in self.corners]
        samples = max(dataset.n * (dataset.features + 1) for dataset in datasets)
        return len(self) * self.epochs * samples * SECONDS_PER_NUMBER

    @cached_property
    def corners(self) -> list[Experiment]:
        """The experiments at the ends of the axes, where a setting that is refused shows first."""
        ends = [(min(axis.values), max(axis.values)) for axis in self.axes]
        return [self.at(values) for values in product(*ends)]

    def settings(self) -> list[tuple[float, ...]]:
        """The values of the axes of every run; the last axis changes fastest."""
        return list(product(*(axis.values for axis in self.axes)))

    def values(self, indices: tuple[int, ...]) -> tuple[float, ...]:
        """The values of the axes at a place of the grid."""
        return tuple(axis.values[i] for axis, i in zip(self.axes, indices, strict=True))

    def index(self, indices: tuple[int, ...]) -> int:
        """The place of the grid as one number, as `settings` counts."""
        first, *rest = indices
        return first * len(self.axes[-1].values) + rest[0] if rest else first

    def place(self, index: int) -> tuple[int, ...]:
        """The inverse of `index`."""
        return divmod(index, len(self.axes[1].values)) if len(self.axes) == 2 else (index,)

    def named(self, index: int) -> dict[str, float]:
        """The values of the axes of a run, by key."""
        return dict(zip(self.keys, self.values(self.place(index)), strict=True))

    def beside_lr(self, index: int) -> int | None:
        """The place of a run on the axis beside lr, 0 where there is none; None without lr."""
        if "lr" not in self.keys:
            return None
        return self.place(index)[1 - self.keys.index("lr")] if len(self.keys) == 2 else 0

    @property
    def limits(self) -> int:
        """How many limits the lr has: one for each value of the axis beside it; 0 without lr."""
        if self.beside_lr(0) is None:
            return 0
        return math.prod(len(axis.values) for axis in self.axes if axis.key != "lr")

    def at(self, values: tuple[float, ...]) -> Experiment:
        """The experiment at one setting of the axes."""
        return self.experiment.changed(dict(zip(self.keys, values, strict=True)))
