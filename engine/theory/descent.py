"""The loss that descent comes to after each epoch, on average over the orders of its minibatches.

For the losses and optimizers of `mean_square`, whose recursion this is with what it leaves out: the
gradients of single samples at the optimum, which no minibatch's error is free of. Minibatches of an
epoch share out the samples, so that those gradients cancel at its end (±c_b of two minibatches have
the covariance −S/(n − 1)); of their Hessians only the variance is taken, as if drawn anew. The
loss at the floor comes out within a few percent, that of a steep descent up to twice too high.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.catalog.model import Linear
from engine.catalog.parameters import Values, flat
from engine.experiment import Experiment
from engine.problem import Problem
from engine.statistics.rows import blocks
from engine.support.translation import Message
from engine.theory.curvature import hessian
from engine.theory.derivatives import steepest_curvature
from engine.theory.floor import Floor
from engine.theory.mean_square import Batch, Modes, Samples, modes, step_matrices

MOST_NUMBERS = 40
"""Parameters, and what the optimizer keeps of each: more take longer than a run of little data."""
MOST_ROWS = 20_000
"""Samples that tell the moments of the noise well enough for a curve."""
MOST_EPOCHS = 240
"""Epochs of which the loss is told, evenly spaced where there are more."""
RUNAWAY = 100
"""A loss this many times its start is not followed any further."""


@dataclass(frozen=True, eq=False)
class Descent:
    """What an experiment's expected loss takes besides its start, lr and epochs."""

    modes: Modes
    pull: Tensor
    """S (q,): products of the gradients of single samples at the optimum, along the modes."""
    optimum: Tensor
    """θ* (p,)."""
    least: float
    """The loss there."""
    rounding: float
    """Below it a loss is as good as 0."""

    def losses(
        self, start: Values, experiment: Experiment
    ) -> tuple[tuple[int, ...], tuple[float, ...]]:
        """Epochs from 0 on, and the mean loss over all the data expected after each of them.

        `experiment` may have another lr and number of epochs than the one that this was made of.
        Fewer epochs where the loss runs away, none where it is another lr from step to step. Full
        batch: the losses of the run itself.
        """
        if not experiment.schedule.entry.is_constant:
            return (), ()
        modes, k = self.modes, experiment.optimizer.entry.slots + 1
        stride = math.ceil(experiment.epochs / MOST_EPOCHS)
        jump = torch.linalg.matrix_power(epoch_map(self, experiment, k), stride)
        state = begin(self, start, k)
        losses: list[float] = []
        for _ in range(0, experiment.epochs + 1, stride):
            errors = state[: len(modes.first) * k * k : k * k][modes.first == modes.second]
            loss = max(self.least + float(modes.data @ errors) / 2, self.rounding)
            if losses and not loss <= RUNAWAY * losses[0]:
                break
            losses.append(loss)
            state = state @ jump
        return tuple(range(0, len(losses) * stride, stride)), tuple(losses)


def descent(problem: Problem, best: Values, floor: Floor) -> Descent | None:
    """What the expected loss of a problem takes; None where theory does not tell it.

    Where only the schedule forbids it, another one may not.
    """
    experiment = problem.experiment
    if unfit(experiment.changed({"schedule": "constant"})) or floor.optimum is None:
        return None
    design, y = problem.linear.design(problem.X), problem.y
    every, bend = max(1, math.ceil(len(design) / MOST_ROWS)), steepest_curvature(experiment.loss)
    theta = torch.tensor(flat(best), dtype=torch.float64)

    def samples() -> Samples:
        for rows, _ in blocks(design[::every], y[::every]):
            yield rows, torch.full((len(rows), 1), bend, dtype=torch.float64)

    A = hessian(design, y, theta, problem.loss)
    if not A.isfinite().all():
        return None
    times = experiment.times_mean(experiment.batch_size)
    bent = modes(A, torch.zeros(len(A), dtype=torch.float64), times, samples, len(design))
    if bent is None:
        return None
    pull, count = torch.zeros(len(bent.first), dtype=torch.float64), 0
    for rows, labels in blocks(design[::every], y[::every]):
        gradients = bend * (rows @ theta[:, None] - labels) * (rows @ bent.along)
        pull += (gradients[:, bent.first] * gradients[:, bent.second]).sum(0)
        count += len(rows)
    return Descent(bent, bent.weight * pull / count, theta, floor.optimum, floor.rounding)


def unfit(experiment: Experiment) -> Message | None:
    """Why theory does not tell the expected loss of an experiment, if it does not."""
    loss, optimizer = experiment.loss.entry, experiment.optimizer.entry
    most = MOST_NUMBERS // (optimizer.slots + 1)
    reasons = (
        (not isinstance(experiment.architecture(), Linear), Message("the model is not linear")),
        (
            loss.curvature is None,
            Message("{loss} is no parabola of the residual", loss=Message(loss.label)),
        ),
        (experiment.penalty.name != "none", Message("there is a penalty")),
        (
            not optimizer.is_linear,
            Message("{optimizer} scales its own steps", optimizer=Message(optimizer.label)),
        ),
        (not experiment.schedule.entry.is_constant, Message("the lr changes during the run")),
        (not experiment.reshape, Message("the reshape is left out")),
        (
            not experiment.shuffle and experiment.batch_size < experiment.train_size,
            Message("minibatches come in the order of the data"),
        ),
        (
            len(experiment.parameter_names()) > most,
            Message("there are more than {most} parameters", most=most),
        ),
    )
    return next((reason for applies, reason in reasons if applies), None)


# The state of the recursion is a row of D numbers: E zzᵀ for each product of two modes (q, k, k),
# how far a steady pull would have carried each mode within this epoch (r, k), and 1. ------------


def begin(known: Descent, start: Values, k: int) -> Tensor:
    """The state (D,) before the first step."""
    bent = known.modes
    error = (torch.tensor(flat(start), dtype=torch.float64) - known.optimum) @ bent.along
    Z = torch.zeros(len(bent.first), k, k, dtype=torch.float64)
    Z[:, 0, 0] = bent.weight * error[bent.first] * error[bent.second]
    carried = torch.zeros(len(error) * k, dtype=torch.float64)
    return torch.cat([Z.flatten(), carried, torch.ones(1, dtype=torch.float64)])


def epoch_map(known: Descent, experiment: Experiment, k: int) -> Tensor:
    """What an epoch makes of a state on its left, as a matrix (D, D)."""
    n, size = known.modes.n, min(experiment.batch_size, known.modes.n)
    whole = step_map(known, experiment, Batch(size, experiment.times_mean(size)), k)
    epoch: Tensor = torch.linalg.matrix_power(whole, n // size)
    if (rest := n % size) and not experiment.drop_last:
        epoch = epoch @ step_map(known, experiment, Batch(rest, experiment.times_mean(rest)), k)
    epoch[:, -1 - len(known.modes.data) * k : -1] = 0  # the next one has an order of its own
    return epoch


def step_map(known: Descent, experiment: Experiment, batch: Batch, k: int) -> Tensor:
    """What a step over such a minibatch makes of a state on its left, as a matrix (D, D)."""
    bent, lr = known.modes, torch.tensor([experiment.lr], dtype=torch.float64)
    q, r = len(bent.first), len(bent.data)
    (M,), (push,) = step_matrices(experiment.optimizer, lr, bent.curvature(batch))
    unit = torch.eye(q * k * k + r * k + 1, dtype=torch.float64)
    moments, carried, one = unit.split([q * k * k, r * k, 1], dim=1)
    Z, W = moments.view(-1, q, k, k), (M @ carried.view(-1, r, k, 1))[..., 0]
    scattered = Z[..., 0, 0] @ bent.noise(batch).T + one * bent.drawn(batch) * known.pull
    back = W[:, bent.first, :, None] * push + push[:, None] * W[:, bent.second, None, :]
    shared = batch.times / max(bent.n - 1, 1) * known.pull
    Z = (
        M[bent.first] @ Z @ M[bent.second].mT
        + scattered[..., None, None] * push[:, None] * push
        - shared[:, None, None] * back
    )
    W = W + batch.times * one[..., None] * push
    return torch.cat([Z.flatten(1), W.flatten(1), one], dim=1)
