"""What a run has shown so far, bounded in memory, and the frozen snapshots made of it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from engine.events import (
    Diverged,
    EpochEnded,
    Event,
    Facts,
    Finished,
    Started,
    Stepped,
)
from engine.experiment import Experiment
from engine.models import Values, flat, numbers

if TYPE_CHECKING:
    from torch import Tensor

    from engine.stability import Autopsy

State = Literal[
    "loading", "ready", "running", "paused", "stopped", "finished", "diverged", "failed"
]
CAPACITY = 1024
"""Most points a series keeps."""
PIECES = 64
"""Most points that the losses of one event become."""
RESIDUALS = 64
"""Most residuals that a snapshot has."""
ROWS = 512
"""Most places that the way of the parameters keeps."""
NUMBERS = 65_536
"""Most numbers in them: of very many parameters fewer places are kept."""
PLACES_PER_EPOCH = 32
"""How often in an epoch the parameters are noted down."""


@dataclass(frozen=True, eq=False)
class Points:
    """A curve: lowest and highest value around each x; they differ where points were merged."""

    x: tuple[float, ...] = ()
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()


@dataclass(frozen=True, eq=False)
class Path:
    """The way of the parameters: where they were at some times, about evenly spaced."""

    x: tuple[float, ...] = ()
    """In epochs, from the start at 0 to the last one known."""
    theta: tuple[tuple[float, ...], ...] = ()
    """All the parameters at each time, in the order of `labels`."""


class Trail:
    """The way of the parameters while it grows, in bounded memory.

    When full, every other place is dropped, and from then on they are taken half as often.
    """

    def __init__(self, parameters: int, interval: int) -> None:
        self.capacity = max(2, min(ROWS, NUMBERS // parameters))
        self.interval = interval
        """Steps between two places."""
        self.steps: list[int] = []
        self.theta: list[tuple[float, ...]] = []

    def wants(self, step: int) -> bool:
        """Whether the place after so many steps would be kept."""
        return not self.steps or step // self.interval > self.steps[-1] // self.interval

    def add(self, step: int, theta: tuple[float, ...]) -> None:
        """Keep a place, if it is wanted; one with a number that is not finite is left out."""
        if len(self.steps) == self.capacity:
            del self.steps[1::2], self.theta[1::2]
            # They may have come less often than they were wanted.
            span, places = self.steps[-1] - self.steps[0], max(len(self.steps) - 1, 1)
            self.interval = max(2 * self.interval, span // places)
        if self.wants(step) and is_finite(theta):
            self.steps.append(step)
            self.theta.append(theta)

    def path(self, step: int, theta: tuple[float, ...], per_epoch: int) -> Path:
        """A frozen copy that ends at the present place."""
        steps, rows = self.steps, self.theta
        if steps and step > steps[-1] and is_finite(theta):
            steps, rows = [*steps, step], [*rows, theta]
        return Path(tuple(step / per_epoch for step in steps), tuple(rows))


def is_finite(theta: tuple[float, ...]) -> bool:
    """Whether all the numbers are finite, and none of them huge."""
    return math.isfinite(sum(theta))


class Series:
    """A curve that grows without end in bounded memory and loses no spike.

    When full, neighbours are merged in pairs that keep the lowest and the highest of both.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self.capacity = capacity
        self.width = 1
        self.held = 0
        self.x: list[float] = []
        self.low: list[float] = []
        self.high: list[float] = []

    def add(self, x: float, y: float, high: float | None = None) -> None:
        """Append a value, or the lowest and highest of several; what is not finite is left out."""
        high = y if high is None else high
        if not (math.isfinite(y) and math.isfinite(high)):
            return
        if self.held % self.width:
            if y < self.low[-1]:
                self.low[-1] = y
            if high > self.high[-1]:
                self.high[-1] = high
        else:
            if len(self.x) == self.capacity:
                self._halve()
            self.x.append(x)
            self.low.append(y)
            self.high.append(high)
        self.held += 1

    def points(self) -> Points:
        """A frozen copy."""
        return Points(tuple(self.x), tuple(self.low), tuple(self.high))

    def _halve(self) -> None:
        self.x = self.x[::2]
        self.low = [min(pair) for pair in zip(self.low[::2], self.low[1::2], strict=True)]
        self.high = [max(pair) for pair in zip(self.high[::2], self.high[1::2], strict=True)]
        self.width *= 2


@dataclass(frozen=True, eq=False)
class Snapshot:
    """Everything the screen needs, in plain values, as it was at one moment."""

    experiment: Experiment
    number: int = 0
    """Which run of the session this is."""
    state: State = "loading"
    message: str = ""
    """The reason of a failure, a divergence or an early end, or the last alert."""
    facts: Facts | None = None
    epoch: int = 0
    """Epochs completed."""
    step: int = 0
    lr: float = 0.0
    """Learning rate in force: the schedule's factor is in it."""
    loss: float | None = None
    """Loss over all the data after the last full epoch (before the first: at the start)."""
    batch_loss: float | None = None
    """Mean loss of the last minibatch, before its step."""
    params: Values = field(default_factory=dict)
    grads: Values = field(default_factory=dict)
    residuals: tuple[float, ...] = ()
    """ŷ − y of the last minibatch at the present parameters, before the first step of some samples;
    the first few of them."""
    batch_losses: Points = Points()
    """x in epochs."""
    epoch_losses: Points = Points()
    """x in epochs, from the start at 0."""
    validation_losses: Points = Points()
    """Over the data held out, if any are; x in epochs."""
    path: Path = Path()
    """The way of the parameters."""
    autopsy: Autopsy | None = None
    """Why the run diverged, if it did."""
    seconds: float = 0.0
    """Time spent training."""
    steps_per_second: float = 0.0

    @property
    def steps(self) -> int:
        """Steps of the whole run."""
        return self.facts.steps_per_epoch * self.experiment.epochs if self.facts else 0

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

    def errors(self) -> Values:
        """Estimate − true for each parameter."""
        return error_of(self.params, self.facts.true) if self.facts else {}

    def quantities(self) -> dict[str, tuple[float, float | None, str]]:
        """Physical quantities by name: value now, true value if there is one, unit."""
        if not self.params or self.facts is None:
            return {}
        return quantities(self.experiment, self.params, self.facts)


def residuals(
    experiment: Experiment, params: dict[str, Tensor], rows: tuple[Tensor, Tensor] | None
) -> tuple[float, ...]:
    """ŷ − y of the first few of some samples X (B, d), y (B, 1)."""
    if rows is None:
        return ()
    X, y = rows[0][:RESIDUALS], rows[1][:RESIDUALS]
    return tuple((experiment.architecture().predict(params, X) - y).flatten().tolist())


def error_of(params: Values, true: Values) -> Values:
    """Estimate − true for each parameter that has a true value."""
    return {
        name: tuple(value - target for value, target in zip(values, true[name], strict=True))
        for name, values in params.items()
        if name in true
    }


def quantities(
    experiment: Experiment, params: Values, known: Facts
) -> dict[str, tuple[float, float | None, str]]:
    """Physical quantities by name: value at the parameters, true value if there is one, unit."""
    true = known.true
    return {
        one.name: (one.of(params), one.of(true) if true else None, one.unit)
        for one in experiment.architecture().quantities
    }


def norm(values: Values) -> float:
    """Euclidean norm over all the numbers; infinite or NaN where they are."""
    return math.sqrt(sum(number * number for name in values for number in values[name]))


class History:
    """Folds the events of one run; a snapshot is made of them only when it is asked for."""

    def __init__(self, experiment: Experiment, number: int = 0) -> None:
        self.latest = Snapshot(experiment, number, lr=experiment.lr)
        """The snapshot that was made last."""
        self.facts: Facts | None = None
        self.outcome: State | None = None
        """How the run ended."""
        self.message = ""
        self.autopsy: Autopsy | None = None
        self.epoch = 0
        """Epochs completed."""
        self.loss: float | None = None
        """Loss over all the data after them."""
        self.batch_losses = Series()
        self.epoch_losses = Series()
        self.validation_losses = Series()
        self.trail = Trail(1, 1)
        self._step: Stepped | None = None

    def fold(self, event: Event) -> None:
        """Take in one event; cheap for a step, whose numbers are read only when they are shown."""
        match event:
            case Stepped():
                self._step = event
                self._steps(event)
            case EpochEnded():
                self.epoch, self.loss = event.epoch, event.loss
                self.message = event.alert or self.message
                self.epoch_losses.add(event.epoch, event.loss)
                if event.validation is not None:
                    self.validation_losses.add(event.epoch, event.validation)
                assert self.facts
                self._track(event.epoch * self.facts.steps_per_epoch, lambda: event.params)
            case Started():
                self.facts, self.message = event.facts, event.note
                self.loss = event.facts.start_loss
                self.epoch_losses.add(0, self.loss)
                start = flat(event.facts.start)
                interval = max(1, event.facts.steps_per_epoch // PLACES_PER_EPOCH)
                self.trail = Trail(len(start), interval)
                self.trail.add(0, start)
            case Diverged():
                self.outcome, self.message = "diverged", event.reason
                self.autopsy = event.autopsy
            case Finished():
                self.outcome, self.message = "finished", event.reason or self.message

    def snapshot(self, state: State, lr: float, seconds: float) -> Snapshot:
        """The run as it stands now; `state` is overruled by an end of the run.

        `lr` is the one set; the schedule's factor at the last step comes on top.
        """
        if step := self._step:
            params = step.live.params()
            now: dict[str, Any] = {
                "step": step.step,
                "batch_loss": step.loss,
                "params": numbers(params),
                "residuals": residuals(self.latest.experiment, params, step.live.minibatch()),
                "grads": numbers(step.live.grads()),
                "steps_per_second": step.step / seconds if seconds > 0 else 0.0,
            }
        else:
            now = self._start()
        if self.facts:
            per_epoch = self.facts.steps_per_epoch
            now["path"] = self.trail.path(self.step, flat(now["params"]), per_epoch)
        factor = self.latest.experiment.lr_factors(max(self.step - 1, 0), 1)[0]
        self.latest = replace(
            self.latest,
            state=self.outcome or state,
            message=self.message,
            facts=self.facts,
            epoch=self.epoch,
            lr=lr * float(factor),
            loss=self.loss,
            batch_losses=self.batch_losses.points(),
            epoch_losses=self.epoch_losses.points(),
            validation_losses=self.validation_losses.points(),
            autopsy=self.autopsy,
            seconds=seconds,
            **now,
        )
        return self.latest

    def _start(self) -> dict[str, Any]:
        """Where the run begins, once it is known."""
        if self.facts is None:
            return {}
        import torch  # there are facts, so it is there

        model, sample = self.latest.experiment.architecture(), self.facts.sample
        start = torch.tensor(flat(self.facts.start))
        rows = torch.tensor(sample.X).T, torch.tensor(sample.y)[:, None]
        return {
            "params": self.facts.start,
            "residuals": residuals(self.latest.experiment, model.shaped(start), rows),
        }

    def minibatch(self) -> tuple[Tensor, Tensor] | None:
        """X (B, d) and y (B, 1) of the last minibatch, if there was one."""
        return self._step.live.minibatch() if self._step else None

    @property
    def begun(self) -> bool:
        """Whether a step was taken."""
        return self._step is not None

    @property
    def step(self) -> int:
        """Steps taken."""
        return self._step.step if self._step else 0

    @property
    def batch_loss(self) -> float | None:
        """Loss of the last minibatch."""
        return self._step.loss if self._step else None

    def say(self, message: str) -> Snapshot:
        """Put a message on the run, in place of the last one."""
        self.message = message
        self.latest = replace(self.latest, message=message)
        return self.latest

    def end(self, state: State, message: str = "") -> Snapshot:
        """Close the run for a reason that did not come from the trainer: stopped or failed.

        What the loop could still tell is not asked for.
        """
        self.outcome, self.message = state, message
        self.latest = replace(
            self.latest, state=state, message=message, epoch=self.epoch, loss=self.loss
        )
        return self.latest

    def _steps(self, event: Stepped) -> None:
        """Note the minibatch losses of an event, in few pieces where they are many."""
        assert self.facts
        per_epoch, losses = self.facts.steps_per_epoch, event.losses
        if isinstance(losses, tuple):
            self.batch_losses.add(event.step / per_epoch, event.loss)
        else:
            before, piece = event.step - len(losses), -(-len(losses) // PIECES)
            for start in range(0, len(losses), piece):
                part = losses[start : start + piece]
                x = (before + start + len(part)) / per_epoch
                self.batch_losses.add(x, float(part.min()), float(part.max()))
        # At the end of an epoch the parameters come with it.
        if event.step % per_epoch and len(losses) < per_epoch:
            self._track(event.step, lambda: numbers(event.live.params()))

    def _track(self, step: int, params: Callable[[], Values]) -> None:
        """Note the parameters, which are read only where they are kept."""
        if self.trail.wants(step):
            self.trail.add(step, flat(params()))
