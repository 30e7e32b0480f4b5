"""One run in the hands of the engine's thread."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from engine.training.controls import Controls
from engine.training.events import Event
from engine.training.history import History


class Goal(Enum):
    """How far the thread goes on by itself."""

    REST = "rest"
    MINIBATCH = "minibatch"
    EPOCH = "epoch"
    END = "end"


@dataclass(eq=False)
class Run:
    """One run in the thread's hands."""

    events: Iterator[Event]
    controls: Controls
    history: History
    seconds: float = 0.0
    """Time spent training, pauses left out."""

    def settled(self) -> bool:
        """Whether nothing follows the last step but another one: no end of its epoch or the run."""
        history, loss = self.history, self.history.batch_loss
        if history.outcome or history.facts is None or loss is None:
            return True
        return (
            history.epoch == history.step // history.facts.steps_per_epoch
            and history.epoch < history.latest.experiment.epochs
            and loss <= self.controls.runaway
        )
