"""What a person would want to be told about a run, judged from its epoch losses."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Annotated, Literal

from engine.catalog.parameters import Values
from engine.support.translation import TRANSLATED, Message, Translatable
from engine.theory.floor import Floor, Standing

SPIKE = 2.0
"""A loss this many times the best so far is a spike."""
STALL_EPOCHS = 5
STALL_GAIN = 0.01
"""Less than this share gained over STALL_EPOCHS epochs is a stall."""


WINDOW = 20
"""Epochs that tell where a loss is heading."""
ENOUGH = 6
"""Fewer tell no trembling."""
RISES = 2
"""So many rises within the window are no accident."""
EVEN = 0.15
"""Halves of the window whose means differ by a smaller share are at one height."""

Course = Annotated[Literal["still learning", "trembling", "not falling", "stuck"], TRANSLATED]
"""Where a loss above the floor is heading; these are names, and translated only where shown."""

COURSES: dict[str, Translatable] = {
    "still learning": "still learning",
    "trembling": "trembles above the floor: a smaller lr or a schedule gets lower",
    "not falling": "above the floor, and not falling",
    "stuck": "stuck: its steps are too small for float32",
}
"""Each course in words, with what helps; what is at the floor needs none."""


def course(losses: Sequence[float]) -> Course:
    """Where the losses after the epochs of a run, from the start on, are heading.

    Trembling: up and down at one height, where the lr keeps the noise of minibatches alive. A short
    run is falling where its last loss is the lowest. A long run may not have stored the losses up
    to a moment that is looked at: without any, nothing says that it does not fall.
    """
    window = losses[-WINDOW:]
    if len(window) < ENOUGH:
        falls = not window or window[-1] <= min(window)
        return "still learning" if falls else "not falling"
    half = len(window) // 2
    before, after = sum(window[:half]) / half, sum(window[-half:]) / half
    rises = sum(later > earlier for earlier, later in pairwise(window))
    if rises >= RISES and abs(after - before) <= EVEN * before:
        return "trembling"
    return "still learning" if after < before else "not falling"


def standing(
    floor: Floor, loss: float, losses: Sequence[float], is_stuck: Callable[[], bool]
) -> Standing | Course:
    """Where a loss stands; above the floor, where the losses after the epochs were heading."""
    where = floor.standing(loss)
    if where != "still learning":
        return where
    return "stuck" if is_stuck() else course(losses)


def r2_words(r2: float | None, held_out: float | None, floor: Floor) -> Message | None:
    """R² of the rows to train on, and of those held out, in words.

    None where the noise is known, which says more, unless the mean does better.
    """
    if r2 is None or (floor.noise is not None and min(r2, held_out or 0.0) >= 0):
        return None
    if held_out is None:
        return Message("R² {r2:.4g}: worse than the mean" if r2 < 0 else "R² {r2:.4g}", r2=r2)
    return Message(
        "R² {r2:.4g}, held out {held_out:.4g}: worse than the mean"
        if min(r2, held_out) < 0
        else "R² {r2:.4g}, held out {held_out:.4g}",
        r2=r2,
        held_out=held_out,
    )


def vanishes(lr: float, params: Values, grads: Values, digits: int = 24) -> bool:
    """Whether a step of plain descent is lost in rounding where the gradient is largest.

    Numbers have so many binary digits: 24 in float32.
    """
    _, grad, value = max(
        (
            (abs(grad), grad, value)
            for name in grads
            for grad, value in zip(grads[name], params[name], strict=True)
        ),
        default=(0.0, 0.0, 0.0),
    )
    _, exponent = math.frexp(value)
    return 0 < abs(lr * grad) < 2.0 ** (exponent - digits - 1)  # half of the last digit


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
