"""A run that is taken as far as it is asked to go; it has no thread, and time is handed in."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Literal, Protocol, cast, get_args

from engine.experiment import Experiment
from engine.support.translation import Message
from engine.training.controls import Controls
from engine.training.events import Event
from engine.training.fork import Fork
from engine.training.history import History
from engine.training.record import Recorder
from engine.training.snapshot import Snapshot, State
from engine.training.starts import Starts
from engine.training.statements import LAST, Statement

PUBLISH_EVERY = 1 / 10
"""Seconds between two snapshots: as many as a screen draws, and as a slowed run must stop for."""


Ending = Literal["finished", "stopped", "diverged", "failed"]
"""How a run can end."""


class Listener(Protocol):
    """Hears what happens in a run, and how it ended; nothing that it does may raise."""

    id: str
    """Under which the run is kept; empty before its first step."""
    trouble: Message | None
    """What went wrong with it, if anything did."""

    def fold(self, event: Event) -> None:
        """Take in one event."""

    def take_lrs(self, lrs: Sequence[tuple[int, float]]) -> None:
        """Take in the steps after which another lr was set so far, each with that lr."""

    def flush(self) -> None:
        """Have what was taken in where others see it."""

    def end(self, state: Ending, recorder: Recorder, seconds: float) -> None:
        """Take in how the run ended, after so many seconds of training."""


class Until(Enum):
    """How far a run goes on by itself."""

    START = "start"
    STATEMENT = "statement"
    MINIBATCH = "minibatch"
    EPOCH = "epoch"
    END = "end"


class Stepper:
    """One run: `begin` draws its data, `set_off` says how far to go, each `advance` is a piece.

    Of a fork the first pieces only lead to where it begins.
    """

    def __init__(
        self,
        experiment: Experiment,
        number: int = 0,
        pace: float | None = None,
        listener: Listener | None = None,
        fork: Fork | None = None,
        starts: Starts | None = None,
    ) -> None:
        from engine.training.trainer import train  # brings torch

        self.experiment = experiment
        self.controls = Controls(experiment.lr)
        self.fork = fork
        """Where it begins, if it goes on from another run."""
        self.history = History(experiment, number, fork)
        self.state: State = "loading"
        self.until = Until.END
        """Where it pauses, while the state is `running`."""
        self.pace = pace
        """Epochs a second; None for full speed."""
        self.due = 0.0
        """The time at which the pace allows the next step."""
        self.seconds = 0.0
        """Time spent training, pauses left out."""
        self._counted = 0.0
        """The time up to which `seconds` has counted."""
        self.listener = listener
        self._events = train(experiment, self.controls, fork, starts)

    def begin(self) -> None:
        """Draw the data and know the start; raises BadInput when the device is not there.

        Where the start is far, set off to it.
        """
        self._take()
        self.state, self.until = ("running" if self.is_preparing else "ready"), Until.START

    def set_off(self, until: Until, now: float) -> None:
        """Go on from this time until the end of a statement, a minibatch, an epoch or the run."""
        self.state, self.until = "running", until
        self.due = self._counted = now

    def set_pace(self, pace: float | None, now: float) -> None:
        """Take so many epochs a second from now on, or None for full speed."""
        self.pace, self.due = pace, now

    def set_lr(self, lr: float) -> None:
        """Take this lr from the next step on."""
        self.controls.lr = lr
        self.history.set_lr(lr)
        if self.listener:
            self.listener.take_lrs(self.history.lrs)

    def advance(self) -> None:
        """Take a piece of the run, up to where `until` or the pace must be looked at again."""
        history = self.history
        if self.is_preparing:
            self._take()
            if self.until is Until.START and not self.is_preparing:
                self.state = "ready"
            return
        epoch, step = history.epoch, history.step
        self.controls.most = self._most()
        self.controls.by_statement = self.until in (Until.STATEMENT, Until.MINIBATCH)
        self._take()
        while not self._is_settled():
            self._take()
        if history.outcome:
            self.state = history.outcome
        elif self.controls.by_statement or (self.until is Until.EPOCH and history.epoch > epoch):
            self.state = "paused"
        if self.pace:
            self.due += (history.step - step) / (self.pace * self.experiment.steps_per_epoch)

    def count(self, now: float) -> None:
        """Count the time since the last call, or since it set off, as spent training, if it was."""
        if self.begun:
            self.seconds += now - self._counted
        self._counted = now

    def pause(self) -> None:
        """Rest where it is, if it is running."""
        if self.running:
            self.state = "paused"

    def end(self, state: State, message: str = "") -> Snapshot:
        """Close the run as stopped or failed; what the loop could still tell is not asked for."""
        self.state = state
        self._hear()
        return self.history.end(state, message)

    def close(self) -> None:
        """Let what listens know how the run ended."""
        self._hear()
        if self.listener and self.state in get_args(Ending):
            self.listener.end(cast(Ending, self.state), self.history, self.seconds)
            self._hear_trouble(self.listener)
        self.listener = None

    def snapshot(self) -> Snapshot:
        """The run as it stands now."""
        self._hear()
        return self.history.snapshot(self.state, self.controls.lr, self.seconds)

    @property
    def running(self) -> bool:
        """Whether `advance` is to be called."""
        return self.state == "running"

    @property
    def is_preparing(self) -> bool:
        """Whether it is still on its way to where it begins."""
        return self.history.facts is None

    @property
    def begun(self) -> bool:
        """Whether a step was taken."""
        return self.history.begun

    @property
    def statement(self) -> Statement | None:
        """The one behind which it stands, in the midst of a minibatch."""
        return self.history.statement

    @property
    def over(self) -> bool:
        """Whether it will take no further step."""
        return self.history.outcome is not None

    def _take(self) -> None:
        """Let the next thing happen."""
        self.controls.every = self.history.trail.interval
        event = next(self._events)
        self.history.fold(event)
        if self.listener:
            self.listener.fold(event)
            self._hear_trouble(self.listener)

    def _hear(self) -> None:
        """Have what listens up to date, and take over under which id the run is kept."""
        if self.listener:
            self.listener.flush()
            self.history.id = self.listener.id
            self._hear_trouble(self.listener)

    def _hear_trouble(self, listener: Listener) -> None:
        """Say once what went wrong with what listens, which then hears no more."""
        if listener.trouble:
            self.history.say(listener.trouble)
            self.listener = None

    def _most(self) -> int:
        """Most steps that may be taken before `until` or the pace must be looked at again."""
        if self.until in (Until.STATEMENT, Until.MINIBATCH):
            return 1
        if self.until is Until.EPOCH:
            return (
                self.experiment.steps_per_epoch
                - self.history.step % self.experiment.steps_per_epoch
            )
        if self.pace:
            return max(1, int(self.pace * self.experiment.steps_per_epoch * PUBLISH_EVERY))
        return Controls.most

    def _is_settled(self) -> bool:
        """Whether nothing follows the last step but another one: no end of its epoch or the run.

        In a minibatch that is taken by statements, whether the run is to stop at this one.
        """
        history, loss = self.history, self.history.batch_loss
        if self.controls.by_statement and history.statement:
            return self.until is Until.STATEMENT and history.statement != LAST
        if history.outcome or loss is None:
            return True
        return (
            history.epoch == history.step // self.experiment.steps_per_epoch
            and history.epoch < self.experiment.epochs
            and loss <= self.controls.runaway
        )
