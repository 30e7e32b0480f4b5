"""A frozen picture of a run at one moment, in plain values."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Literal

from engine.catalog.parameters import Values, flat
from engine.experiment import Experiment
from engine.support.translation import TRANSLATED, Message
from engine.theory.facts import Facts
from engine.theory.floor import Standing
from engine.training.fork import Fork
from engine.training.series import Points
from engine.training.statements import Done
from engine.training.trail import Path
from engine.training.verdicts import Course, standing, vanishes

if TYPE_CHECKING:
    from torch import Tensor

    from engine.theory.autopsy import Autopsy

State = Annotated[
    Literal["loading", "ready", "running", "paused", "stopped", "finished", "diverged", "failed"],
    TRANSLATED,
]
RESIDUALS = 64
"""Most residuals that a snapshot has."""


@dataclass(frozen=True, eq=False)
class Snapshot:
    """Everything the screen needs, in plain values, as it was at one moment."""

    experiment: Experiment
    number: int = 0
    """Which run of the session this is; below 0 for one that is kept and was trained elsewhere."""
    state: State = "loading"
    message: Message | str = ""
    """The reason of a failure, a divergence or an early end, or the last alert."""
    facts: Facts | None = None
    epoch: int = 0
    """Epochs completed."""
    step: int = 0
    lr: float = 0.0
    """Learning rate in force: the schedule's factor is in it."""
    fork: Fork | None = None
    """Where it began, if it goes on from another run."""
    lrs: tuple[tuple[int, float], ...] = ()
    """The steps after which another lr was set during the run, each with that lr."""
    loss: float | None = None
    """Loss over all the data after the last full epoch (before the first: at the start)."""
    batch_loss: float | None = None
    """Mean loss of the last minibatch, before its step."""
    params: Values = field(default_factory=dict)
    """As training has them: over standardized data where it sees those."""
    grads: Values = field(default_factory=dict)
    residuals: tuple[float, ...] = ()
    """ŷ − y of the last minibatch at the present parameters, before the first step of some samples;
    the first few of them."""
    statements: tuple[Done, ...] = ()
    """What was executed of a minibatch that is taken statement by statement."""
    batch_losses: Points = Points()
    """x in epochs."""
    epoch_losses: Points = Points()
    """x in epochs, from the start at 0."""
    expected_losses: Points = Points()
    """What theory expects after each epoch, on average over the orders of minibatches, with the lr
    of the start; empty where it does not tell that, and for a fork."""
    validation_losses: Points = Points()
    """Over the data held out, if any are; x in epochs."""
    path: Path = Path()
    """Where the parameters went."""
    r2: float | None = None
    """At the end of a run, of the rows to train on; None where there is none."""
    validation_r2: float | None = None
    """Of the rows held out, if any are."""
    autopsy: Autopsy | None = None
    """Why the run diverged, if it did."""
    seconds: float = 0.0
    """Time spent training."""
    steps_per_second: float = 0.0
    id: str = ""
    """Under which the run is kept; empty before its first step, and where it is not."""

    @property
    def steps(self) -> int:
        """Steps of the whole run."""
        return self.facts.steps_per_epoch * self.experiment.epochs if self.facts else 0

    @property
    def step_in_epoch(self) -> int:
        """Steps taken since the last full epoch."""
        return self.step % self.facts.steps_per_epoch if self.facts else 0

    @property
    def eta(self) -> float | None:
        """Seconds that the rest of the run will take at the present speed."""
        if not self.steps_per_second:
            return None
        return (self.steps - self.step) / self.steps_per_second

    @property
    def over(self) -> bool:
        """Whether this run will take no further step."""
        return self.state in ("stopped", "finished", "diverged", "failed")

    @property
    def original_params(self) -> Values:
        """The parameters over the data as they are, which training may see standardized."""
        return self.facts.original(self.params) if self.facts else {}

    @property
    def original_grads(self) -> Values:
        """The gradient by them."""
        return self.facts.original_grads(self.grads) if self.facts else {}

    @property
    def standing(self) -> Standing | Course | Literal["diverged"] | None:
        """Where the loss stands; above the floor, where it is heading; None before the data."""
        if self.state == "diverged":
            return "diverged"
        if self.facts is None or self.loss is None:
            return None
        digits, plain = self.facts.digits, self.experiment.optimizer.entry.is_plain

        def is_stuck() -> bool:
            return plain and vanishes(self.lr, self.params, self.grads, digits)

        return standing(self.facts.floor, self.loss, self.epoch_losses.low, is_stuck)

    def errors(self) -> Values:
        """Estimate − true for each parameter over the data as they are."""
        if self.facts is None:
            return {}
        return error_of(self.original_params, self.facts.original(self.facts.true))

    def quantities(self) -> dict[str, tuple[float, float | None, str]]:
        """Physical quantities by name: value now, true value if there is one, unit."""
        if not self.params or self.facts is None:
            return {}
        return quantities(self.experiment, self.params, self.facts)


@dataclass(frozen=True, eq=False)
class Shown:
    """What a session has to show, at one moment: the run at hand belongs to these runs."""

    latest: Snapshot
    """The run at hand."""
    runs: tuple[Snapshot, ...] = ()
    """The last snapshot of every run that took a step and is over, oldest first."""


def residuals(
    experiment: Experiment, params: dict[str, Tensor], rows: tuple[Tensor, Tensor] | None
) -> tuple[float, ...]:
    """ŷ − y of the first few of some samples X (B, d), y (B, 1)."""
    if rows is None:
        return ()
    X, y = rows[0][:RESIDUALS], rows[1][:RESIDUALS]
    return tuple((experiment.architecture().predict(params, X) - y).flatten().tolist())


def sample_residuals(experiment: Experiment, facts: Facts, params: Values) -> tuple[float, ...]:
    """ŷ − y of the first few of the samples for charts."""
    import torch  # there are facts, so it is there

    model, sample = experiment.architecture(), facts.sample
    theta, columns, y = (
        torch.tensor(numbers, dtype=torch.float64) for numbers in (flat(params), sample.X, sample.y)
    )
    return residuals(experiment, model.shaped(theta), (columns.T, y[:, None]))


def error_of(params: Values, true: Values) -> Values:
    """Estimate − true for each parameter that has a true value."""
    return {
        name: tuple(value - target for value, target in zip(values, true[name], strict=True))
        for name, values in params.items()
        if name in true
    }


def quantities(
    experiment: Experiment, params: Values, facts: Facts
) -> dict[str, tuple[float, float | None, str]]:
    """Physical quantities by name: value at the parameters, true value if there is one, unit."""
    params, true = facts.original(params), facts.original(facts.true)
    return {
        each.name: (each.of(params), each.of(true) if true else None, each.unit)
        for each in experiment.architecture().quantities
    }


def norm(values: Values) -> float:
    """Euclidean norm over all the numbers; infinite or NaN where they are."""
    return math.sqrt(sum(number * number for name in values for number in values[name]))
