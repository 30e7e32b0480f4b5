"""How large a step an experiment bears, and what went wrong where it took a larger one."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from engine.catalog.model import Linear
from engine.catalog.parameters import Values, flat, numbers
from engine.catalog.registry import Entry
from engine.problem import Problem
from engine.settings import Reduction
from engine.support.translation import Message
from engine.theory.curvature import Curvature, curvature, hessian_by_autograd, hessian_moments
from engine.theory.derivatives import Loss, parabola, steepest_curvature
from engine.theory.noise import stable_lr

CAUTION = 0.5
"""Share of the limit that is suggested: far enough below, and still fast."""
SMALL_STEP = 0.05
"""Share of the way down that a step of fixed length may undo."""
MOST_ROWS = 1000
"""Most samples over which autograd's Hessian is averaged: it takes a pass for each parameter."""


LimitKind = Literal["critical", "full batch", "minibatches", "local", "none"]
"""What a limit is made of: 2/λmax itself, what an optimizer makes of it, the noise of minibatches
besides, the curvature at one place of a net; or nothing."""


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

    For a loss that is no parabola, its steepest curvature is taken everywhere: what is stable then
    is stable on the whole way. Where there is no steepest, the curvature at the start is taken,
    where residuals are largest.
    """

    curvature: Curvature
    moments: tuple[Tensor, Tensor]
    """Mean Hessian of the samples and mean of its square, see `hessian_moments`."""
    limit: Limit


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
    suggestion: float
    """A learning rate that works."""


def weight_decay(problem: Problem) -> Tensor:
    """Curvature (p,) that the penalty adds to each parameter: λ at the weights under L2."""
    model, steepest = problem.model, steepest_curvature(problem.penalty_of)
    parts = [
        torch.full(
            (math.prod(shape),), steepest if name in model.weights else 0.0, dtype=torch.float64
        )
        for name, shape in model.shapes.items()
    ]
    return torch.cat(parts)


def stability(problem: Problem) -> Stability:
    """Curvature and the limit of the lr for a problem's own optimizer and minibatches."""
    model = problem.model
    if not isinstance(model, Linear):
        return local_stability(problem)
    loss: Loss = problem.loss
    if problem.experiment.loss.entry.bounded_curvature:
        loss = parabola(steepest_curvature(loss))
    start = torch.cat([values.flatten() for values in problem.start.values()])
    H, M = hessian_moments(model.design(problem.X), problem.y, start, loss, weight_decay(problem))
    if not (H.isfinite().all() and M.isfinite().all()):  # nothing can be said of such a loss
        H, M = torch.zeros_like(H), torch.zeros_like(M)
    return Stability(curvature(H), (H, M), limit_of(problem, (H, M), problem.experiment.batch_size))


def local_stability(problem: Problem) -> Stability:
    """The curvature where a model that is not linear begins, or at the truth if steeper there.

    It is another one elsewhere; where eigenvalues are negative the start is a saddle. Of minibatch
    noise nothing is said. Of many samples, which are drawn independently, the first are taken.
    """
    model = problem.model
    X, y = (
        problem.X[:MOST_ROWS].cpu().double(),
        problem.y[:MOST_ROWS].cpu().double(),
    )

    def objective(theta: Tensor) -> Tensor:
        params = model.shaped(theta)
        mean = problem.loss(model.predict(params, X) - y).mean()
        return mean + problem.penalty(params).cpu()

    def hessian_at(values: Values) -> Tensor:
        theta = torch.tensor(flat(values), dtype=torch.float64)
        return torch.nan_to_num(hessian_by_autograd(objective, theta), 0.0, 0.0, 0.0)

    hessians = {"start": hessian_at(numbers(problem.start))}
    if true := problem.true_values:
        hessians["truth"] = hessian_at(true)
    curvatures = {point: curvature(H) for point, H in hessians.items()}
    point = max(curvatures, key=lambda point: curvatures[point].largest)
    moments = hessians[point], hessians[point] @ hessians[point]
    return Stability(curvatures[point], moments, local_limit(problem, moments, point))


def local_limit(problem: Problem, moments: tuple[Tensor, Tensor], point: str) -> Limit:
    """The largest stable lr of the problem's optimizer where its mean loss is bent so."""
    experiment = problem.experiment
    weights = experiment.optimizer.lr_weights()
    if weights is None:
        return unlimited(experiment.optimizer.entry)
    H, _ = stepped(problem, moments, experiment.batch_size)
    steepest = float(torch.linalg.eigvalsh(H)[-1])
    if steepest <= 0:
        return Limit(math.inf, "none", Message("flat where it begins: no limit there"))
    name = Message("2/λmax at the truth" if point == "truth" else "2/λmax at the start")
    return Limit(2 / (weights[0] * steepest), "local", name)


def unlimited(optimizer: Entry) -> Limit:
    """Of an optimizer whose steps are about lr long whatever the gradient is."""
    name = Message(
        "{optimizer} scales its own steps: no fixed limit", optimizer=Message(optimizer.label)
    )
    return Limit(math.inf, "none", name)


def stepped(
    problem: Problem, moments: tuple[Tensor, Tensor], batch_size: int
) -> tuple[Tensor, Tensor]:
    """The moments of the objective that steps go down: some multiple of the loss, and the penalty.

    The penalty's part of a gradient stays as it is, however the losses are reduced.
    """
    H, M = moments
    times = problem.experiment.times_mean(batch_size)
    if times == 1:
        return moments
    D = weight_decay(problem).diag()
    A = H - D
    mixed = A @ D + D @ A
    return D + times * A, times**2 * (M - mixed - D @ D) + times * mixed + D @ D


def limit_of(problem: Problem, moments: tuple[Tensor, Tensor], batch_size: int) -> Limit:
    """The largest stable lr of the problem's optimizer for minibatches of a size."""
    experiment, n = problem.experiment, len(problem.X)
    if not isinstance(problem.model, Linear):
        return local_limit(problem, moments, "start")
    optimizer, weights = experiment.optimizer.entry, experiment.optimizer.lr_weights()
    if weights is None:
        return unlimited(optimizer)
    if not moments[0].any():
        loss = Message(experiment.loss.entry.label)
        return Limit(math.inf, "none", Message("{loss} has no curvature: no limit", loss=loss))
    H, M = stepped(problem, moments, batch_size)
    lr = stable_lr(H, M, n, batch_size, *weights)
    if not experiment.loss.entry.bounded_curvature:
        return Limit(lr, "local", Message("curvature at the start"))
    plain, label = optimizer.is_plain, Message(optimizer.label)
    if batch_size >= n:
        if plain and experiment.times_mean(batch_size) == 1:
            return Limit(lr, "critical", Message("2/λmax"))
        return Limit(lr, "full batch", Message("full batch, {optimizer}", optimizer=label))
    if plain:
        return Limit(lr, "minibatches", Message("minibatches of {size}", size=batch_size))
    name = Message("minibatches of {size}, {optimizer}", size=batch_size, optimizer=label)
    return Limit(lr, "minibatches", name)


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
    problem: Problem, stability: Stability, best: Values, start_loss: float, end: Runaway
) -> Autopsy:
    """What happened to a run whose best parameters and loss at the start are these."""
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
        suggestion=float(f"{suggested_lr(problem, stability, start_loss, end):.2g}"),
    )


def suggested_lr(problem: Problem, stability: Stability, start_loss: float, end: Runaway) -> float:
    """A learning rate, below the one that failed, at which this problem converges."""
    experiment = problem.experiment
    size, n = experiment.batch_size, len(problem.X)
    if experiment.reduction is Reduction.MEAN and size < n:
        # Averaged, the short last minibatch bears the smallest step.
        size = n % size or size
    limit = limit_of(problem, stability.moments, size).lr
    if math.isfinite(limit):
        return min(CAUTION * limit, end.lr / 2)
    steepest = stability.curvature.largest
    if steepest > 0:
        # Steps about lr long in each parameter: all of them together raise the loss by a bit.
        p = len(stability.curvature.eigenvalues)
        return min(SMALL_STEP * math.sqrt(2 * start_loss / (p * steepest)), end.lr / 2)
    # Slopes are bounded, so the loss rose in proportion to the lr and the number of steps.
    rise = end.loss / start_loss if math.isfinite(end.loss) and start_loss > 0 else 1 / SMALL_STEP
    return SMALL_STEP * end.lr * end.step / max(rise, 1.0)
