"""How large a step an experiment bears, and whose limit that is."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from engine.catalog.model import Linear
from engine.catalog.parameters import Values, flat, numbers
from engine.catalog.registry import Entry
from engine.problem import Problem
from engine.statistics.rows import blocks
from engine.support.translation import Message
from engine.theory.curvature import Curvature, curvature, hessian, hessian_by_autograd
from engine.theory.derivatives import Loss, curvatures, parabola, steepest_curvature
from engine.theory.in_order import MOST_NUMBERS, TRIED, ordered_limit
from engine.theory.mean_square import (
    MOST_ROWS,
    MOST_STEPS,
    Batch,
    Samples,
    exact_limit,
    modes,
    stable_lr,
)

MOST_PASSED = 1000
"""Most samples over which autograd's Hessian is averaged: it takes a pass for each parameter."""

LimitKind = Literal["critical", "full batch", "minibatches", "in order", "local", "none"]
"""What a limit is made of: 2/λmax itself, what an optimizer makes of it, the noise of minibatches
besides, or the same minibatches in the same order, the curvature at one place of a net; or nothing.
"""


@dataclass(frozen=True)
class Limit:
    """The largest learning rate that is stable."""

    lr: float
    """Infinite where there is no such limit."""
    kind: LimitKind
    name: Message
    """Whose limit it is, or why there is none."""


@dataclass(frozen=True, eq=False)
class Stability:
    """What the curvature of the objective says about an experiment's learning rate.

    The objective is the one that steps go down: as many times the mean loss as the reduction makes
    of it, and the penalty. For a loss that is no parabola, its steepest curvature is taken
    everywhere: what is stable then is stable on the whole way. Where there is no steepest, the
    curvature at the start is taken, where residuals are largest.
    """

    curvature: Curvature
    limit: Limit


def weight_decay(problem: Problem) -> Tensor:
    """Curvature (p,) that the penalty adds to each parameter: λ at the weights under L2."""
    model, steepest = problem.model, steepest_curvature(problem.experiment.penalty)
    parts = [
        torch.full(
            (math.prod(shape),), steepest if name in model.weights else 0.0, dtype=torch.float64
        )
        for name, shape in model.shapes.items()
    ]
    return torch.cat(parts)


def stability(problem: Problem) -> Stability:
    """Curvature and the limit of the lr for a problem's own optimizer and minibatches."""
    model, experiment = problem.model, problem.experiment
    if not isinstance(model, Linear):
        return local_stability(problem)
    loss: Loss = problem.loss
    if experiment.loss.entry.bounded_curvature:
        loss = parabola(steepest_curvature(experiment.loss))
    design, y = model.design(problem.X), problem.y
    start = torch.cat([values.flatten() for values in problem.start.values()]).cpu().double()
    A, decay = hessian(design, y, start, loss), weight_decay(problem)
    if experiment.loss.entry.kinks or not A.isfinite().all():  # nothing can be said of such a loss
        A, decay = torch.zeros_like(A), torch.zeros_like(decay)
    bent = curvature(experiment.times_mean(experiment.batch_size) * A + decay.diag())

    def samples() -> Samples:
        every = max(1, len(design) // MOST_ROWS)
        for rows, labels in blocks(design[::every], y[::every]):
            yield rows, curvatures(loss, rows @ start[:, None] - labels)

    return Stability(bent, limit_of(problem, A, decay, bent, samples))


def minibatches(problem: Problem) -> list[Batch]:
    """Those of an epoch, a short last one among them where it can make a difference."""
    experiment, n = problem.experiment, len(problem.X)
    size = min(experiment.batch_size, n)
    whole = Batch(size, experiment.times_mean(size))
    rest = 0 if experiment.drop_last else n % size
    short = Batch(rest, experiment.times_mean(rest)) if rest else whole
    if experiment.optimizer.entry.is_plain and short.times < whole.times:
        short = whole  # a shorter step of plain descent is a safer one
    return [whole] * min(n // size, MOST_STEPS) + [short] * (short != whole)


def local_stability(problem: Problem) -> Stability:
    """The curvature where a model that is not linear begins, or at the truth if steeper there.

    It is another one elsewhere; where eigenvalues are negative the start is a saddle. Of minibatch
    noise nothing is said. Of many samples, which are drawn independently, the first are taken.
    """
    model, experiment = problem.model, problem.experiment
    times = experiment.times_mean(experiment.batch_size)
    X, y = (
        problem.X[:MOST_PASSED].cpu().double(),
        problem.y[:MOST_PASSED].cpu().double(),
    )

    def objective(theta: Tensor) -> Tensor:
        params = model.shaped(theta)
        mean = problem.loss(model.predict(params, X) - y).mean()
        return times * mean + problem.penalty(params).cpu()

    def hessian_at(values: Values) -> Tensor:
        theta = torch.tensor(flat(values), dtype=torch.float64)
        return torch.nan_to_num(hessian_by_autograd(objective, theta), 0.0, 0.0, 0.0)

    hessians = {"start": hessian_at(numbers(problem.start))}
    if true := problem.true_values:
        hessians["truth"] = hessian_at(true)
    curvatures = {point: curvature(H) for point, H in hessians.items()}
    point = max(curvatures, key=lambda point: curvatures[point].largest)
    return Stability(curvatures[point], local_limit(problem, hessians[point], point))


def local_limit(problem: Problem, H: Tensor, point: str) -> Limit:
    """The largest stable lr of the problem's optimizer where its objective is bent so."""
    optimizer = problem.experiment.optimizer
    if not optimizer.entry.is_linear:
        return unlimited(optimizer.entry)
    steepest = float(torch.linalg.eigvalsh(H)[-1])
    if steepest <= 0:
        return Limit(math.inf, "none", Message("flat where it begins: no limit there"))
    name = Message("2/λmax at the truth" if point == "truth" else "2/λmax at the start")
    return Limit(exact_limit(optimizer, steepest), "local", name)


def unlimited(optimizer: Entry) -> Limit:
    """Of an optimizer whose steps are about lr long whatever the gradient is."""
    name = Message(
        "{optimizer} scales its own steps: no fixed limit", optimizer=Message(optimizer.label)
    )
    return Limit(math.inf, "none", name)


def limit_of(
    problem: Problem, A: Tensor, decay: Tensor, bent: Curvature, samples: Callable[[], Samples]
) -> Limit:
    """The largest stable lr of the problem's optimizer and minibatches; see `modes`."""
    experiment, n = problem.experiment, len(problem.X)
    optimizer, loss = experiment.optimizer, experiment.loss.entry
    if not optimizer.entry.is_linear:
        return unlimited(optimizer.entry)
    if not bent.rank:
        name = Message("{loss} has no curvature: no limit", loss=Message(loss.label))
        return Limit(math.inf, "none", name)
    plain, label = optimizer.entry.is_plain, Message(optimizer.entry.label)
    full = experiment.batch_size >= n
    if plain and loss.curvature and not full and not experiment.shuffle:
        hessians = in_order(problem, decay)
        if hessians is not None:
            return limit_in_order(*ordered_limit(hessians), experiment.batch_size)
    if full and plain and loss.bounded_curvature and experiment.times_mean(n) == 1:
        steepest = Message("2/λmax where the loss is steepest")
        name = Message("2/λmax") if loss.curvature else steepest
        return Limit(bent.critical_lr, "critical", name)
    bending = modes(A, decay, experiment.times_mean(experiment.batch_size), samples, n)
    lr = stable_lr(bending, optimizer, minibatches(problem)) if bending else math.inf
    if not loss.bounded_curvature:
        return Limit(lr, "local", Message("curvature at the start"))
    if full:
        return Limit(lr, "full batch", Message("full batch, {optimizer}", optimizer=label))
    size = experiment.batch_size
    if plain:
        return Limit(lr, "minibatches", Message("minibatches of {size}", size=size))
    name = Message("minibatches of {size}, {optimizer}", size=size, optimizer=label)
    return Limit(lr, "minibatches", name)


def in_order(problem: Problem, decay: Tensor) -> Tensor | None:
    """The Hessians (m, p, p) of an epoch's minibatches as they stand in the data, with the penalty;
    None where they are too many for `ordered_limit`."""
    experiment, n = problem.experiment, len(problem.X)
    size, p = experiment.batch_size, len(decay)
    m = n // size if experiment.drop_last else math.ceil(n / size)
    if TRIED * m * p * p > MOST_NUMBERS:
        return None
    design = problem.linear.design(problem.X).cpu().double()
    bend = steepest_curvature(experiment.loss)
    return torch.stack([
        experiment.times_mean(len(rows)) * bend / len(rows) * rows.T @ rows + decay.diag()
        for rows in design[: m * size].split(size)
    ])  # fmt: skip


def limit_in_order(lr: float, least: int, alone: float, size: int) -> Limit:
    """That of minibatches of a size in the order of the data; which bears least is told too."""
    if size == 1:
        name = Message(
            "rows in order; row {row} alone bears {alone:.3g}", row=least + 1, alone=alone
        )
    else:
        name = Message(
            "minibatches of {size} in order; minibatch {number} alone bears {alone:.3g}",
            size=size, number=least + 1, alone=alone,
        )  # fmt: skip
    return Limit(lr, "in order", name)
