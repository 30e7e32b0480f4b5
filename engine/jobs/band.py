"""The same experiment over many seeds, as a band of losses."""

from __future__ import annotations

import math
from collections.abc import Sequence

from engine.experiment import Experiment
from engine.jobs.axis import Axis
from engine.jobs.sweep import Cell, Sweep


def fan(experiment: Experiment, seeds: int) -> Sweep:
    """The experiment over so many seeds, its own first."""
    first = min(experiment.seed, 2**63 - seeds)
    return Sweep(experiment, (Axis("seed", tuple(range(first, first + seeds))),))


def band(cells: Sequence[Cell]) -> list[tuple[float, float, float, float, float]]:
    """After each epoch the least, lower quartile, median, upper quartile and greatest loss.

    Runs that are not finite at an epoch count as the greatest.
    """
    epochs = zip(*(cell.losses for cell in cells), strict=True)
    return [
        five_numbers([loss if loss == loss else math.inf for loss in losses]) for losses in epochs
    ]


def five_numbers(values: list[float]) -> tuple[float, float, float, float, float]:
    """Least, quartiles and greatest, each an actual value (the nearest rank)."""
    ranked = sorted(values)
    last = len(ranked) - 1
    low, quarter, middle, upper, high = (ranked[round(last * i / 4)] for i in range(5))
    return low, quarter, middle, upper, high
