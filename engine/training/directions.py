"""The error of a run along each eigenvector of the Hessian, and what theory predicts of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

from engine.catalog.parameters import flat
from engine.experiment import Experiment
from engine.theory.facts import Facts
from engine.training.snapshot import Snapshot

SHOWN = 6
"""Most directions: of more, the steepest and the flattest."""
PREDICTED = 200
"""Most times at which the prediction is worked out."""


MATTERS = 0.01
"""Share of the excess loss from which on a direction matters."""


@dataclass(frozen=True, eq=False)
class Direction:
    """One eigenvector: |vᵀ(θ − θ*)| at the times of the run's path, and as predicted."""

    eigenvalue: float
    measured: tuple[float, ...]
    times: tuple[float, ...]
    """In epochs; empty where nothing can be predicted."""
    predicted: tuple[float, ...]
    """|1 − lr·λ|ᵏ·|c(0)| after the k steps until each time."""


def is_predicted(run: Snapshot) -> bool:
    """Whether the steps of a run are θ ← θ − lr·grad with one lr, down a loss with curvature."""
    experiment = run.experiment
    return (
        run.facts is not None
        and run.fork is None
        and run.facts.stability.curvature.rank > 0
        and experiment.optimizer.entry.is_plain
        and experiment.schedule.entry.is_constant
        and experiment.reshape
        and run.lr == experiment.lr
    )


@lru_cache(16)  # asked of each frame
def crawls(facts: Facts, experiment: Experiment) -> bool:
    """Whether a run is shorter than the time constant of its slowest direction that matters.

    The error along an eigenvector shrinks by e in 1/(lr·λ) steps, with momentum μ in (1 − μ)/(lr·λ)
    of them; a direction matters that holds MATTERS of the excess loss ½Σλc² of the start. The
    schedule counts with its mean. False where an optimizer scales its own steps, or no optimum is
    known.
    """
    import numpy as np
    import torch  # there are facts, so it is there

    optimizer, curvature = experiment.optimizer, facts.stability.curvature
    if not optimizer.entry.is_linear or not facts.optimum or not curvature.rank:
        return False
    start, best = (
        torch.tensor(flat(values), dtype=torch.float64) for values in (facts.start, facts.optimum)
    )
    eigenvalues = curvature.eigenvalues.double()
    excess = eigenvalues * curvature.along(start - best).square()
    matters = eigenvalues[(excess >= MATTERS * excess.sum()) & (excess > 0)]
    if not len(matters):
        return False
    momentum = dict(optimizer.params).get("momentum", 0.0)
    assert isinstance(momentum, float)
    factor = experiment.lr_factors_at(np.linspace(0, experiment.epochs, PREDICTED)).mean()
    steps = facts.steps_per_epoch * experiment.epochs
    return bool(experiment.lr * factor * float(matters.min()) * steps < 1 - momentum)


def directions(run: Snapshot) -> list[Direction]:
    """The directions of a run, steepest first.

    The prediction is that of full-batch gradient descent; for minibatches it is what they do on
    average, until their noise is all that is left. Exact for squared losses.
    """
    import torch  # there are facts, so it is there

    if run.facts is None or not run.facts.optimum:
        return []
    curvature = run.facts.stability.curvature
    best, start = (
        torch.tensor(flat(values), dtype=torch.float64)
        for values in (run.facts.optimum, run.facts.start)
    )
    count = len(best)
    path = torch.tensor(run.path.theta, dtype=torch.float64).reshape(-1, count)
    measured = curvature.along(path - best).abs()
    steps = torch.zeros(0, dtype=torch.int64)
    if is_predicted(run):
        steps = torch.linspace(0, run.steps, PREDICTED, dtype=torch.float64).round().long().unique()
    predicted = curvature.path(curvature.along(start - best), run.experiment.lr, steps).abs()
    times = tuple((steps.double() / run.facts.steps_per_epoch).tolist())
    half = math.ceil(SHOWN / 2)
    shown = [i for i in range(count) if count <= SHOWN or i < half or i >= count - half]
    return [
        Direction(
            float(curvature.eigenvalues[index]),
            tuple(measured[:, index].tolist()),
            times,
            tuple(predicted[:, index].tolist()),
        )
        for index in shown
    ]
