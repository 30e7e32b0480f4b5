"""A curve that grows without end in bounded memory."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

CAPACITY = 1024
"""Most points a series keeps."""


@dataclass(frozen=True, eq=False)
class Points:
    """A curve: lowest and highest value around each x; they differ where points were merged."""

    x: tuple[float, ...] = ()
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()
    sample: tuple[float, ...] = ()
    """One of the values around each x, drawn evenly: spread as all of them are."""


class Series:
    """A curve that grows without end in bounded memory and loses no spike.

    When full, neighbours are merged in pairs that keep the lowest and the highest of both, and one
    of their values drawn by a generator of its own: extremes alone would look like two bands.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self.capacity = capacity
        self.random = random.Random(0)
        self.width = 1
        self.held = 0
        self.x: list[float] = []
        self.low: list[float] = []
        self.high: list[float] = []
        self.sample: list[float] = []

    def add(
        self, x: float, y: float, high: float | None = None, sample: float | None = None
    ) -> None:
        """Append a value, or of several the lowest, the highest and any one.

        What is not finite is left out.
        """
        high = y if high is None else high
        sample = y if sample is None else sample
        if not (math.isfinite(y) and math.isfinite(high)):
            return
        if merged := self.held % self.width:
            if y < self.low[-1]:
                self.low[-1] = y
            if high > self.high[-1]:
                self.high[-1] = high
            if self.random.random() * (merged + 1) < 1:
                self.sample[-1] = sample
        else:
            if len(self.x) == self.capacity:
                self._halve()
            self.x.append(x)
            self.low.append(y)
            self.high.append(high)
            self.sample.append(sample)
        self.held += 1

    def points(self) -> Points:
        """A frozen copy."""
        return Points(tuple(self.x), tuple(self.low), tuple(self.high), tuple(self.sample))

    def _halve(self) -> None:
        self.x = self.x[::2]
        self.low = [min(pair) for pair in zip(self.low[::2], self.low[1::2], strict=True)]
        self.high = [max(pair) for pair in zip(self.high[::2], self.high[1::2], strict=True)]
        self.sample = [
            self.random.choice(pair)
            for pair in zip(self.sample[::2], self.sample[1::2], strict=True)
        ]
        self.width *= 2
