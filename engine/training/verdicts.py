"""What a person would want to be told about a run, judged from its epoch losses."""

from __future__ import annotations

from collections import deque
from typing import Annotated, Literal

from engine.support.translation import TRANSLATED, tr

Standing = Annotated[
    Literal[
        "still learning",
        "at the best this model can do",
        "at the noise floor",
        "at rounding error",
    ],
    TRANSLATED,
]
"""Where a loss stands; these are names, and translated only where they are shown."""

SPIKE = 2.0
"""A loss this many times the best so far is a spike."""
STALL_EPOCHS = 5
STALL_GAIN = 0.01
"""Less than this share gained over STALL_EPOCHS epochs is a stall."""
NEAR = 1.1
"""A loss within this factor of a limit counts as having reached it."""


def limit(noise_floor: float, optimum: float, rounding: float) -> float:
    """The loss below which there is nothing left to learn on these data."""
    return max(noise_floor, optimum, rounding)


def standing(loss: float, noise_floor: float, optimum: float, rounding: float) -> Standing:
    """Where a full-data loss stands, in words: at the floor, or still learning."""
    if not loss <= NEAR * limit(noise_floor, optimum, rounding):  # NaN is still learning too
        return "still learning"
    if optimum > 2 * max(noise_floor, rounding):
        return "at the best this model can do"
    return "at the noise floor" if noise_floor > rounding else "at rounding error"


class Watch:
    """Looks at one epoch loss after the other and speaks up once for each trouble."""

    def __init__(self, good_enough: float) -> None:
        self.good_enough = NEAR * good_enough
        self.best = float("inf")
        self.recent: deque[float] = deque(maxlen=STALL_EPOCHS + 1)
        self.stalled = False

    def look(self, epoch: int, loss: float) -> str | None:
        """The message this epoch's loss calls for, if any."""
        message = None
        self.recent.append(loss)
        if loss > self.good_enough:
            if loss > SPIKE * self.best:
                message = tr(
                    "spike: the loss after epoch {epoch} is {times:.3g} times the best",
                    epoch=epoch,
                    times=loss / self.best,
                )
            elif len(self.recent) > STALL_EPOCHS and not self.stalled:
                self.stalled = loss > (1 - STALL_GAIN) * self.recent[0]
                if self.stalled:
                    message = tr(
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

    def look(self, epoch: int, loss: float) -> str:
        """Why the run should end after this epoch; empty while it should go on."""
        if not self.epochs:
            return ""
        if loss < self.best:
            self.best, self.best_epoch = loss, epoch
        if epoch - self.best_epoch < self.epochs:
            return ""
        return tr(
            "early stopping: the loss was best after epoch {epoch}, {loss:.3g}",
            epoch=self.best_epoch,
            loss=self.best,
        )
