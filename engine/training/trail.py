"""Where the parameters went during a run, in bounded memory."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

MOST_POINTS = 2048
"""Most points of a path: a run of no more steps keeps every one of them."""
MOST_NUMBERS = 65_536
"""Most numbers of θ in them, and as many of gradients, together four megabytes: of very many
parameters fewer places are kept."""


class Place(NamedTuple):
    """Where a run was after so many steps."""

    step: int
    theta: tuple[float, ...]
    """All the parameters, in the order of `labels`."""
    grads: tuple[float, ...] = ()
    """The gradient that the step followed; empty at the start."""
    loss: float | None = None
    """The mean loss of its minibatch, before it; None at the start."""
    epoch_loss: float | None = None
    """The mean loss over all the data after the last whole epoch, or where a run began within one;
    None while it is not known."""


@dataclass(frozen=True, eq=False)
class Path:
    """The path of the parameters: where they were at some times, evenly spaced."""

    x: tuple[float, ...] = ()
    """In epochs, from the start to the last one known."""
    theta: tuple[tuple[float, ...], ...] = ()
    grads: tuple[tuple[float, ...], ...] = ()
    losses: tuple[float | None, ...] = ()
    epoch_losses: tuple[float | None, ...] = ()


class Trail:
    """The path of the parameters while it grows, in bounded memory.

    When full, every other place is dropped, and from then on they are taken half as often.
    """

    def __init__(self, parameters: int, per_epoch: int = 1) -> None:
        self.per_epoch = per_epoch
        """Steps in an epoch."""
        self.capacity = max(2, min(MOST_POINTS, MOST_NUMBERS // parameters))
        self.interval = 1
        """Steps between two places."""
        self.places: list[Place] = []
        self._settled = 0
        """How many of them lie in epochs that are over, or know the loss after the last one."""

    def wants(self, step: int) -> bool:
        """Whether the place after so many steps would be kept."""
        return not self.places or step // self.interval > self.places[-1].step // self.interval

    def add(self, place: Place) -> None:
        """Keep a place, if it is wanted; one with a number that is not finite is left out."""
        places = self.places
        if len(places) == self.capacity:
            del places[1::2]
            self._settled = (self._settled + 1) // 2
            # They may have come less often than they were wanted.
            span = places[-1].step - places[0].step
            self.interval = max(2 * self.interval, span // max(len(places) - 1, 1))
        if self.wants(place.step) and is_finite(place.theta):
            places.append(place)

    def end_epoch(self, step: int, loss: float) -> None:
        """Note the loss after an epoch that ended with this step at the places up to the next."""
        places, end = self.places, step + self.per_epoch
        while self._settled < len(places) and (place := places[self._settled]).step < end:
            if place.step >= step:
                places[self._settled] = place._replace(epoch_loss=loss)
            self._settled += 1

    def path(self, now: Place) -> Path:
        """A frozen copy that ends at the present place."""
        places = self.places
        if places and now.step > places[-1].step and is_finite(now.theta):
            places = [*places, now]
        steps, *columns = zip(*places, strict=True) if places else [()] * len(Place._fields)
        return Path(tuple(step / self.per_epoch for step in steps), *columns)


def is_finite(theta: tuple[float, ...]) -> bool:
    """Whether all the numbers are finite, and none of them huge."""
    return math.isfinite(sum(theta))
