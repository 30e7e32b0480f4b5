"""What a run has shown so far, bounded in memory, and the frozen snapshots made of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from engine.catalog.parameters import flat, numbers
from engine.experiment import Experiment
from engine.support.translation import Message, joined
from engine.theory.facts import Facts
from engine.training.events import (
    Diverged,
    EpochEnded,
    Event,
    Finished,
    Preparing,
    Started,
    Stepped,
)
from engine.training.fork import Fork
from engine.training.record import Recorder
from engine.training.series import Points, Series
from engine.training.snapshot import Snapshot, State, residuals, sample_residuals
from engine.training.statements import FIRST, LAST, RATE, Done, Executed, Statement, done_of
from engine.training.trail import Place, Trail

MOST_POINTS_AT_ONCE = 64
"""Most points that the losses of one event become."""


class History(Recorder):
    """Folds the events of one run, its curves and its path too, and makes snapshots of them."""

    def __init__(self, experiment: Experiment, number: int = 0, fork: Fork | None = None) -> None:
        super().__init__(experiment)
        self.latest = Snapshot(experiment, number, lr=experiment.lr, fork=fork)
        """The snapshot that was made last."""
        self.outcome: State | None = None
        """How the run ended."""
        self.message: Message | str = ""
        self.id = ""
        """Under which the run is kept."""
        self.batch_losses = Series()
        self.trail = Trail(1)
        self.expected_losses = Points()
        """What theory expects after each epoch, where it tells that."""
        self.lrs: list[tuple[int, float]] = []
        """The steps after which another lr was set, each with that lr."""
        self._step: Stepped | None = None
        self._done: tuple[Done, ...] = ()
        """Statements of the minibatch that was last taken by them."""
        self._before = 0
        """Steps taken before it."""

    def fold(self, event: Event) -> None:
        """Take in one event; cheap for a step, whose numbers are read only when they are shown."""
        super().fold(event)
        match event:
            case Stepped():
                self._step = event
                self._steps(event)
            case EpochEnded():
                self.message = event.alert or self.message
                self.trail.end_epoch(event.step, event.loss)
            case Preparing():
                self.message = event.message
            case Started():
                self.message = joined(event.notes) or ""
                start = flat(event.facts.start)
                self.trail = Trail(len(start), event.facts.steps_per_epoch)
                self.trail.add(Place(self.step, start, epoch_loss=self.loss))
                if event.fork is None:
                    self.expected_losses = expected(event.facts, self.experiment)
            case Diverged():
                self.outcome, self.message = "diverged", event.reason
            case Finished():
                self.outcome, self.message = "finished", event.reason or self.message
            case Executed():
                if event.statement == FIRST:
                    self._done, self._before = (), self.step
                self._done = (*self._done, done_of(event))

    def set_lr(self, lr: float) -> None:
        """Note that another lr was set, for the next step.

        A minibatch that stands behind the statement of the schedule has its lr already.
        """
        step = self.step + (self.statement == RATE)
        if self.lrs and self.lrs[-1][0] == step:
            self.lrs.pop()
        self.lrs.append((step, lr))

    def snapshot(self, state: State, lr: float, seconds: float) -> Snapshot:
        """The run as it stands now; `state` is overruled by an end of the run.

        `lr` is the one set; the schedule's factor at the last step comes on top. In the midst of a
        minibatch the numbers stay those of the snapshot before it.
        """
        is_within = self._step and self.statement
        now = {} if is_within else self._numbers(seconds)
        factor = self.experiment.lr_factors(max(self.step - 1, 0), 1)[0]
        self.latest = replace(
            self.latest,
            state=self.outcome or state,
            message=self.message,
            facts=self.facts,
            statements=self.statements,
            epoch=self.epoch,
            lr=lr * float(factor),
            lrs=tuple(self.lrs),
            loss=self.loss,
            batch_losses=self.batch_losses.points(),
            epoch_losses=self.epoch_losses.points(),
            expected_losses=self.expected_losses,
            validation_losses=self.validation_losses.points(),
            autopsy=self.ending.autopsy if isinstance(self.ending, Diverged) else None,
            r2=self.ending.r2 if isinstance(self.ending, Finished) else None,
            validation_r2=self.ending.validation_r2 if isinstance(self.ending, Finished) else None,
            seconds=seconds,
            id=self.id,
            **now,
        )
        return self.latest

    def _numbers(self, seconds: float) -> dict[str, Any]:
        """Those of the last step, or of the start, and the path up to there."""
        if step := self._step:
            live = step.live
            params = live.params()
            now: dict[str, Any] = {
                "step": step.step,
                "batch_loss": step.loss,
                "params": numbers(params),
                "residuals": residuals(self.experiment, params, live.minibatch()),
                "grads": numbers(live.grads()),
                "steps_per_second": (step.step - self.first) / seconds if seconds > 0 else 0.0,
            }
        else:
            now = self._start()
        self.params = now.get("params", {})
        if self.facts:
            theta, grads = flat(now["params"]), flat(now.get("grads", {}))
            place = Place(self.step, theta, grads, self.batch_loss, self.loss)
            now["path"] = self.trail.path(place)
        return now

    def _start(self) -> dict[str, Any]:
        """Where the run begins, once it is known."""
        if self.facts is None:
            return {}
        start = self.facts.start
        return {
            "step": self.step,
            "params": start,
            "residuals": sample_residuals(self.experiment, self.facts, start),
        }

    @property
    def statement(self) -> Statement | None:
        """The one that a minibatch stands behind, where it is not over."""
        return self._done[-1].statement if self._done and self.step == self._before else None

    @property
    def statements(self) -> tuple[Done, ...]:
        """Those of the minibatch under way, or of the last one where all of them were seen."""
        if self._done and self.step == self._before + (self._done[-1].statement == LAST):
            return self._done
        return ()

    @property
    def begun(self) -> bool:
        """Whether a step was taken."""
        return self._step is not None

    @property
    def batch_loss(self) -> float | None:
        """Loss of the last minibatch."""
        return self._step.loss if self._step else None

    def say(self, message: Message) -> Snapshot:
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
            self.latest,
            state=state,
            message=message,
            epoch=self.epoch,
            loss=self.loss,
            id=self.id,
        )
        return self.latest

    def _steps(self, event: Stepped) -> None:
        """Note the minibatch losses of an event, in few pieces where they are many."""
        assert self.facts
        per_epoch, losses = self.facts.steps_per_epoch, event.losses
        if isinstance(losses, tuple):
            self.batch_losses.add(event.step / per_epoch, event.loss)
        else:
            before, piece = event.step - len(losses), -(-len(losses) // MOST_POINTS_AT_ONCE)
            for start in range(0, len(losses), piece):
                part = losses[start : start + piece]
                x = (before + start + len(part)) / per_epoch
                sample = float(part[self.batch_losses.random.randrange(len(part))])
                self.batch_losses.add(x, float(part.min()), float(part.max()), sample)
        for place in event.passed:
            self.trail.add(self._placed(place))
        if self.trail.wants(event.step):  # reading where it is takes its time
            params, grads = (
                flat(numbers(each())) for each in (event.live.params, event.live.grads)
            )
            self.trail.add(self._placed(Place(event.step, params, grads, event.loss)))

    def _placed(self, place: Place) -> Place:
        """A place with the loss after the last epoch, if that is over."""
        is_known = place.step // self.trail.per_epoch == self.epoch
        return place._replace(epoch_loss=self.loss) if is_known else place


def expected(facts: Facts, experiment: Experiment) -> Points:
    """What theory expects of an experiment that begins at a start, where it tells that."""
    if facts.descent is None:
        return Points()
    epochs, losses = facts.descent.losses(facts.start, experiment)
    return Points(epochs, losses, losses)
