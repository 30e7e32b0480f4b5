"""A learning rate tried before it is suggested."""

from __future__ import annotations

import math

from engine.problem import Problem
from engine.training.controls import Controls
from engine.training.loops import EpochEnd, load
from engine.training.statements import Executed

TRIES, SHORTER = 5, 4.0
"""How many learning rates are tried, and by how much each is smaller than the last."""
MOST_STEPS = 400
MOST_NUMBERS = 20_000_000
"""Numbers of the data that a try may go through: a fraction of a second."""


def working_lr(problem: Problem, lr: float, start_loss: float) -> float | None:
    """The largest of some learning rates from `lr` down, to two digits, at which training works.

    It works where the loss over all the data is finite and no higher than at the start after an
    epoch or so; None where none of them does.
    """
    if not math.isfinite(start_loss):
        return None
    for _ in range(TRIES):
        lr = float(f"{lr:.2g}")
        if lr > 0 and goes_down(problem, lr, start_loss):
            return lr
        lr /= SHORTER
    return None


def goes_down(problem: Problem, lr: float, start_loss: float) -> bool:
    """Whether some hundred steps at an lr end no higher than they began."""
    experiment = problem.experiment
    of_step = min(experiment.batch_size, len(problem.X)) * problem.X.shape[1]
    controls = Controls(lr)
    controls.most = most = max(2, min(MOST_STEPS, MOST_NUMBERS // of_step))
    loop, steps = load(problem.loop)(problem, controls), 0
    for progress in loop.run():
        if isinstance(progress, EpochEnd):
            if not math.isfinite(progress.loss):
                return False
        elif not isinstance(progress, Executed):
            steps += len(progress)
            if not math.isfinite(float(progress[-1])):
                return False
        if steps >= most or steps >= experiment.epochs * experiment.steps_per_epoch:
            break
    return problem.mean_loss(loop.params()) <= start_loss
