"""What went wrong where a run took larger steps than its objective bears, and what to try."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from engine.catalog.parameters import Values
from engine.problem import Problem
from engine.theory.remedy import Remedy
from engine.theory.stability import Limit, Stability

CAUTION = 0.5
"""Share of the limit that is suggested: far enough below, and still fast."""
SMALL_STEP = 0.05
"""Share of the way down that a step of fixed length may undo."""


@dataclass(frozen=True)
class Autopsy:
    """Why a run diverged."""

    first_bad_step: int
    """From this step on no minibatch loss was as low as the loss at the start."""
    lr: float
    """The one in force at the end."""
    limit: Limit
    direction: int
    """Index of the eigenvector along which it ran away, counted from 0, the steepest."""
    eigenvalue: float
    heading: Values
    """That eigenvector by parameter names."""
    suggestion: float | None
    """A learning rate that was tried and goes down; None where none that was tried does."""
    remedy: Remedy | None = None
    """What standardizing would save in steps, where that is much."""


@dataclass(frozen=True)
class Runaway:
    """Where a run that ran away was at its end."""

    first_bad_step: int
    """From this step on no minibatch loss was as low as the loss at the start."""
    step: int
    """The last one."""
    loss: float
    params: Values
    lr: float
    """The one in force."""


def autopsy(
    problem: Problem,
    stability: Stability,
    best: Values,
    end: Runaway,
    suggestion: float | None,
    remedy: Remedy | None,
) -> Autopsy:
    """What happened to a run whose best parameters are these, and the lr to try instead."""
    model = problem.model
    error = torch.tensor([
        value - target
        for name in model.shapes
        for value, target in zip(end.params[name], best[name], strict=True)
    ], dtype=torch.float64)  # fmt: skip
    along = stability.curvature.along(error).abs()
    # Where numbers overflowed, the steepest direction is the one that did it.
    direction = int(along.argmax()) if along.isfinite().all() else 0
    return Autopsy(
        first_bad_step=end.first_bad_step,
        lr=end.lr,
        limit=stability.limit,
        direction=direction,
        eigenvalue=float(stability.curvature.eigenvalues[direction]),
        heading=model.named(stability.curvature.eigenvectors[:, direction].tolist()),
        suggestion=suggestion,
        remedy=remedy,
    )


def suggested_lr(stability: Stability, start_loss: float, end: Runaway) -> float:
    """A learning rate, below the one that failed, at which theory expects convergence."""
    if math.isfinite(stability.limit.lr):
        return min(CAUTION * stability.limit.lr, end.lr / 2)
    steepest = stability.curvature.largest
    if steepest > 0:
        # Steps about lr long in each parameter: all of them together raise the loss by a bit.
        p = len(stability.curvature.eigenvalues)
        return min(SMALL_STEP * math.sqrt(2 * start_loss / (p * steepest)), end.lr / 2)
    # Slopes are bounded, so the loss rose in proportion to the lr and the number of steps.
    rise = end.loss / start_loss if math.isfinite(end.loss) and start_loss > 0 else 1 / SMALL_STEP
    return SMALL_STEP * end.lr * end.step / max(rise, 1.0)
