"""What a run has shown so far, bounded in memory, and the frozen snapshots made of it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Literal

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
from engine.models import Values, labels, numbers

State = Literal[
    "loading", "ready", "running", "paused", "stopped", "finished", "diverged", "failed"
]
CAPACITY = 1024
"""Most points a series keeps."""
PIECES = 64
"""Most points that the losses of one event become."""
TRACKED = 8
"""Most numbers of the parameters that are followed over time."""
TRACKS_PER_EPOCH = 32
"""How often in an epoch the parameters are noted down."""


@dataclass(frozen=True, eq=False)
class Points:
    """A curve: lowest and highest value around each x; they differ where points were merged."""

    x: tuple[float, ...] = ()
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()


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
    """The reason of a failure or a divergence, or the last alert."""
    facts: Facts | None = None
    epoch: int = 0
    """Epochs completed."""
    step: int = 0
    lr: float = 0.0
    """Learning rate in force."""
    loss: float | None = None
    """Loss over all the data after the last full epoch (before the first: at the start)."""
    batch_loss: float | None = None
    """Mean loss of the last minibatch, before its step."""
    params: Values = field(default_factory=dict)
    grads: Values = field(default_factory=dict)
    batch_losses: Points = Points()
    """x in epochs."""
    epoch_losses: Points = Points()
    """x in epochs, from the start at 0."""
    tracks: tuple[tuple[str, Points], ...] = ()
    """Parameters over time by label; x in epochs."""
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


def error_of(params: Values, true: Values) -> Values:
    """Estimate − true for each parameter."""
    return {
        name: tuple(value - target for value, target in zip(values, true[name], strict=True))
        for name, values in params.items()
    }


def norm(values: Values) -> float:
    """Euclidean norm over all the numbers; infinite or NaN where they are."""
    return math.sqrt(sum(number * number for name in values for number in values[name]))


class History:
    """Folds the events of one run into its latest snapshot."""

    def __init__(self, experiment: Experiment, number: int = 0) -> None:
        self.latest = Snapshot(experiment, number, lr=experiment.lr)
        self.batch_losses = Series()
        self.epoch_losses = Series()
        self.tracks: dict[str, Series] = {}
        self._step: Stepped | None = None
        self._tracked = 0

    def fold(self, event: Event) -> None:
        """Take in one event; cheap for a step, whose numbers are read only when they are shown."""
        match event:
            case Stepped():
                self._step = event
                self._steps(event)
            case Started():
                known = event.facts
                self.epoch_losses.add(0, known.start_loss)
                self._track(0, known.start)
                self._replace(
                    facts=known,
                    params=known.start,
                    loss=known.start_loss,
                    state="ready",
                    message=event.note,
                )
            case EpochEnded():
                self.epoch_losses.add(event.epoch, event.loss)
                self._track(event.epoch, event.params)
                message = event.alert or self.latest.message
                self._replace(epoch=event.epoch, loss=event.loss, message=message)
            case Diverged():
                self._replace(state="diverged", message=event.reason)
            case Finished():
                self._replace(state="finished")

    def snapshot(self, state: State, lr: float, seconds: float) -> Snapshot:
        """The run as it stands now; `state` is overruled by an end of the run."""
        step = self._step
        if step:
            self._replace(
                step=step.step,
                batch_loss=step.loss,
                params=numbers(step.live.params()),
                grads=numbers(step.live.grads()),
            )
        self._replace(
            state=self.latest.state if self.latest.over else state,
            lr=lr,
            seconds=seconds,
            steps_per_second=self.latest.step / seconds if seconds > 0 else 0.0,
            batch_losses=self.batch_losses.points(),
            epoch_losses=self.epoch_losses.points(),
            tracks=tuple((label, series.points()) for label, series in self.tracks.items()),
        )
        return self.latest

    @property
    def begun(self) -> bool:
        """Whether a step was taken."""
        return self._step is not None

    @property
    def step(self) -> int:
        """Steps taken."""
        return self._step.step if self._step else 0

    @property
    def loss(self) -> float | None:
        """Loss of the last minibatch."""
        return self._step.loss if self._step else None

    def say(self, message: str) -> Snapshot:
        """Put a message on the run, in place of the last one."""
        self._replace(message=message)
        return self.latest

    def end(self, state: State, message: str = "") -> Snapshot:
        """Close the run for a reason that did not come from the trainer: stopped or failed."""
        self._replace(state=state, message=message)
        return self.latest

    def _steps(self, event: Stepped) -> None:
        """Note the minibatch losses of an event, in few pieces where they are many."""
        assert self.latest.facts
        per_epoch, losses = self.latest.facts.steps_per_epoch, event.losses
        if isinstance(losses, tuple):
            self.batch_losses.add(event.step / per_epoch, event.loss)
        else:
            before, piece = event.step - len(losses), -(-len(losses) // PIECES)
            for start in range(0, len(losses), piece):
                part = losses[start : start + piece]
                x = (before + start + len(part)) / per_epoch
                self.batch_losses.add(x, float(part.min()), float(part.max()))
        # At the end of an epoch the parameters come with it.
        # Points that would only be merged again need not be read.
        merged = max((series.width for series in self.tracks.values()), default=1)
        due = max(1, per_epoch // TRACKS_PER_EPOCH) * merged
        if event.step % per_epoch and event.step - self._tracked >= due and len(losses) < per_epoch:
            self._tracked = event.step
            self._track(event.step / per_epoch, numbers(event.live.params()))

    def _track(self, x: float, params: Values) -> None:
        for label, number in labels(params)[:TRACKED]:
            self.tracks.setdefault(label, Series()).add(x, number)

    def _replace(self, **changes: object) -> None:
        self.latest = replace(self.latest, **changes)  # type: ignore[arg-type]
