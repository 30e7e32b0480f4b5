"""What a person would want to be told about a run, judged from its epoch losses."""

from __future__ import annotations

from collections import deque

from engine.support.translation import Message
from engine.theory.floor import Floor

SPIKE = 2.0
"""A loss this many times the best so far is a spike."""
STALL_EPOCHS = 5
STALL_GAIN = 0.01
"""Less than this share gained over STALL_EPOCHS epochs is a stall."""


class Watch:
    """Looks at one epoch loss after the other and speaks up once for each trouble."""

    def __init__(self, floor: Floor) -> None:
        self.floor = floor
        self.best = float("inf")
        self.recent: deque[float] = deque(maxlen=STALL_EPOCHS + 1)
        self.stalled = False

    def look(self, epoch: int, loss: float) -> Message | None:
        """The message this epoch's loss calls for, if any."""
        message: Message | None = None
        self.recent.append(loss)
        if loss > self.floor.reach:
            if loss > SPIKE * self.best:
                message = Message(
                    "spike: the loss after epoch {epoch} is {times:.3g} times the best",
                    epoch=epoch,
                    times=loss / self.best,
                )
            elif len(self.recent) > STALL_EPOCHS and not self.stalled:
                self.stalled = loss > (1 - STALL_GAIN) * self.recent[0]
                if self.stalled:
                    message = Message(
                        "stall: less than 1 % gained in the {epochs} epochs up to {epoch}",
                        epochs=STALL_EPOCHS,
                        epoch=epoch,
                    )
        self.best = min(self.best, loss)
        return message


class Patience:
    """Ends a run when the loss that matters has not become better for so many epochs."""

    def __init__(self, epochs: int) -> None:
        self.epochs = epochs
        self.best = float("inf")
        self.best_epoch = 0

    def look(self, epoch: int, loss: float) -> Message | None:
        """Why the run should end after this epoch; None while it should go on."""
        if not self.epochs:
            return None
        if loss < self.best:
            self.best, self.best_epoch = loss, epoch
        if epoch - self.best_epoch < self.epochs:
            return None
        return Message(
            "early stopping: the loss was best after epoch {epoch}, {loss:.3g}",
            epoch=self.best_epoch,
            loss=self.best,
        )
