"""The lines that a few points have under three losses, at once: for points moved by hand."""

from __future__ import annotations

from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
ROUNDS = 500
"""Most rounds of weighted least squares."""
SETTLED = 1e-10
"""A change of slope and height that is none, as a share of their size."""


class Line(NamedTuple):
    """y = slope·x + height."""

    slope: float
    height: float


def least_squares(x: Array, y: Array, weights: Array | None = None) -> Line:
    """argmin Σ wᵢ·rᵢ²; the flat line where all x (n,) are one."""
    w = np.ones_like(x) if weights is None else weights
    middle, level = float(w @ x / w.sum()), float(w @ y / w.sum())
    spread = float(w @ (x - middle) ** 2)
    slope = float(w @ ((x - middle) * (y - level))) / spread if spread > 0 else 0.0
    return Line(slope, level - slope * middle)


def least_huber(x: Array, y: Array, delta: float = 1.0) -> Line:
    """argmin Σ Huber(rᵢ), by least squares with the weights min(1, δ/|rᵢ|) over and over.

    Each round is a step down (Huber 1981, §7.8).
    """
    line = least_squares(x, y)
    for _ in range(ROUNDS):
        size = np.abs(y - line.slope * x - line.height)
        new = least_squares(x, y, delta / np.maximum(size, delta))
        moved = max(abs(new.slope - line.slope), abs(new.height - line.height))
        line = new
        if moved <= SETTLED * (1 + abs(line.slope) + abs(line.height)):
            break
    return line


def least_absolute(x: Array, y: Array) -> Line:
    """argmin Σ |rᵢ|: one of the best lines passes through two of the points, so all are tried."""
    pairs = np.array([(i, j) for i, j in combinations(range(len(x)), 2) if x[i] != x[j]], int)
    if not len(pairs):
        return Line(0.0, float(np.median(y)))
    i, j = pairs.T
    slopes = (y[j] - y[i]) / (x[j] - x[i])
    heights = y[i] - slopes * x[i]
    sums = np.abs(y - slopes[:, None] * x - heights[:, None]).sum(axis=1)
    best = int(sums.argmin())
    return Line(float(slopes[best]), float(heights[best]))


def leverages(x: Array) -> Array:
    """How far the line of least squares follows each label: 1/n + (xᵢ − x̄)²/Σ(x − x̄)², (n,)."""
    away = (x - x.mean()) ** 2
    around = away.sum()
    share: Array = away / around if around > 0 else np.zeros_like(x)
    return 1 / len(x) + share
