"""What a run has shown so far, bounded in memory, and the frozen snapshots made of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from engine.catalog.parameters import Values, flat, numbers
from engine.experiment import Experiment
from engine.support.translation import Message
from engine.theory.facts import Facts
from engine.training.events import Diverged, EpochEnded, Event, Finished, Started, Stepped

if TYPE_CHECKING:
    from torch import Tensor

    from engine.theory.stability import Autopsy

from engine.training.series import Series
from engine.training.snapshot import Snapshot, State, residuals
from engine.training.trail import Trail

PIECES = 64
"""Most points that the losses of one event become."""
PLACES_PER_EPOCH = 32
"""How often in an epoch the parameters are noted down."""


class History:
    """Folds the events of one run; a snapshot is made of them only when it is asked for."""

    def __init__(self, experiment: Experiment, number: int = 0) -> None:
        self.latest = Snapshot(experiment, number, lr=experiment.lr)
        """The snapshot that was made last."""
        self.facts: Facts | None = None
        self.outcome: State | None = None
        """How the run ended."""
        self.message: Message | str = ""
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
                self.facts, self.message = event.facts, event.note or ""
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
