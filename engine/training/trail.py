"""Where the parameters went during a run, in bounded memory."""

from __future__ import annotations

import math
from dataclasses import dataclass

MOST_POINTS = 512
"""Most points of a path."""
MOST_NUMBERS = 65_536
"""Most numbers in them: of very many parameters fewer places are kept."""


@dataclass(frozen=True, eq=False)
class Path:
    """The path of the parameters: where they were at some times, about evenly spaced."""

    x: tuple[float, ...] = ()
    """In epochs, from the start at 0 to the last one known."""
    theta: tuple[tuple[float, ...], ...] = ()
    """All the parameters at each time, in the order of `labels`."""


class Trail:
    """The path of the parameters while it grows, in bounded memory.

    When full, every other place is dropped, and from then on they are taken half as often.
    """

    def __init__(self, parameters: int, interval: int) -> None:
        self.capacity = max(2, min(MOST_POINTS, MOST_NUMBERS // parameters))
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
