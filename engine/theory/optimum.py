"""The optimum: where the chosen loss and penalty together are smallest, to 1e-9 of their value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from engine.catalog.model import Linear
from engine.problem import Problem
from engine.statistics.line import Line
from engine.statistics.rows import blocks
from engine.theory.closed_form import least_squares, parameters
from engine.theory.derivatives import Loss, both_derivatives, steepest_curvature

STEPS = 60
"""Most Newton steps at one smoothing."""
PRECISION = 1e-11
"""What the last smoothing of a kink may add, as a share of the size of the residuals."""
ROUGH, RESOLVED = 1e-4, 1e-12
"""Shares of the objective: less is not worth a step on the way, and rounding at the end."""
SAMPLE = 10_000
"""Rows that tell enough where the kink is still smoothed over more than their scatter."""
SHORTEST = 1e-9
"""The smallest share of a Newton step that is tried."""


def has_closed_form(problem: Problem) -> bool:
    """Whether the optimum is a solution of linear equations: parabolas in a linear model."""
    experiment = problem.experiment
    return (
        isinstance(problem.model, Linear)
        and experiment.loss.entry.curvature is not None
        and experiment.penalty.entry.is_parabola
    )


def optimum(problem: Problem, model: Linear, line: Line | None = None) -> Tensor:
    """θ* of shape (parameters,), float64: argmin weight·mean ℓ(X̃θ − y) + Σ penalty(w).

    The weight is the multiple of the mean loss that the steps of an epoch follow on average. The
    closed form where there is one; else by Newton's method. For convex losses. `line` is the least
    squares of the data, where it is known.
    """
    experiment, loss = problem.experiment, problem.experiment.loss.entry
    weight = experiment.mean_weight
    X, y = model.design(problem.X), problem.y
    ridge = torch.zeros(X.shape[1], dtype=torch.float64)
    if has_closed_form(problem):
        bend = weight * steepest_curvature(experiment.loss)
        ridge[: model.features] = steepest_curvature(experiment.penalty) / bend
    if line is None or ridge.any():
        start = least_squares(X, y, ridge, centred=model.bias is not None)
    else:
        start = parameters(line)
    if has_closed_form(problem):
        return start
    return minimum(
        objective_of(problem, model), start, loss.kinks or experiment.penalty.entry.kinks
    )


def objective_of(problem: Problem, model: Linear) -> Objective:
    """What the optimum of a problem is the smallest value of."""
    experiment = problem.experiment
    return Objective(
        model.design(problem.X),
        problem.y,
        problem.loss,
        problem.penalty_of,
        model.features,
        experiment.mean_weight,
        experiment.loss.entry.symmetric,
    )


@dataclass(frozen=True, eq=False)
class Objective:
    """weight·mean ℓ(X̃θ − y) + Σ penalty(wⱼ), the weights being the first parameters of θ."""

    X: Tensor
    y: Tensor
    loss: Loss
    penalty: Loss
    weights: int
    weight: float
    symmetric: bool
    """Whether the loss is: the penalty always is."""

    def value(self, theta: Tensor, eps: float = 0.0) -> float:
        """The objective at θ (p,), its kinks smoothed over ±eps."""
        loss, penalty = smoothed(self.loss, eps, self.symmetric), smoothed(self.penalty, eps)
        total = sum(float(loss(r).sum()) for _, r in self._residuals(theta))
        return self.weight * total / len(self.X) + float(penalty(theta[: self.weights]).sum())

    def derivatives(self, theta: Tensor, eps: float) -> tuple[Tensor, Tensor]:
        """Gradient (p,) and Hessian (p, p) of the smoothed objective."""
        p, share = len(theta), self.weight / len(self.X)
        G, H = torch.zeros(p, dtype=torch.float64), torch.zeros(p, p, dtype=torch.float64)
        for rows, r in self._residuals(theta):
            slope, bend = smoothed_derivatives(self.loss, r, eps, self.symmetric)
            G += share * (rows.T @ slope).flatten()
            H += share * (rows.T @ (bend * rows))
        slope, bend = smoothed_derivatives(self.penalty, theta[: self.weights], eps)
        G[: self.weights] += slope
        H[: self.weights, : self.weights] += bend.diag()
        return G, H

    def scale(self, theta: Tensor) -> float:
        """The mean size of the residuals at θ (p,)."""
        return sum(float(r.abs().sum()) for _, r in self._residuals(theta)) / len(self.X)

    def sample(self, rows: int) -> Objective:
        """The same over about so many of the rows, evenly spread."""
        every = max(1, len(self.X) // rows)
        return replace(self, X=self.X[::every], y=self.y[::every])

    def _residuals(self, theta: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        for rows, labels in blocks(self.X, self.y):
            yield rows, rows @ theta[:, None] - labels


def smoothed(loss: Loss, eps: float, symmetric: bool = True) -> Loss:
    """ℓ with |r| replaced by √(r² + eps²) in its even part: convex where ℓ is, without a kink at 0.

    The odd part of a loss with a kink, as the quantile loss has one, is smooth already.
    """
    if eps == 0:
        return loss
    if symmetric:
        return lambda r: loss((r * r + eps * eps).sqrt())

    def smooth(r: Tensor) -> Tensor:
        size = (r * r + eps * eps).sqrt()
        return (loss(size) + loss(-size) + loss(r) - loss(-r)) / 2

    return smooth


def smoothed_derivatives(
    loss: Loss, r: Tensor, eps: float, symmetric: bool = True
) -> tuple[Tensor, Tensor]:
    """First and second derivative of `smoothed`, each of the shape of r, by the chain rule."""
    if eps == 0:
        return both_derivatives(loss, r)
    size = (r * r + eps * eps).sqrt()
    slope, bend = both_derivatives(loss, size)
    odd_slope = odd_bend = torch.zeros_like(r)
    if not symmetric:
        below = both_derivatives(loss, -size)
        slope, bend = (slope - below[0]) / 2, (bend + below[1]) / 2
        right, left = both_derivatives(loss, r), both_derivatives(loss, -r)
        odd_slope, odd_bend = (right[0] + left[0]) / 2, (right[1] - left[1]) / 2
    along = r / size
    return slope * along + odd_slope, bend * along**2 + slope * eps**2 / size**3 + odd_bend


def minimum(
    objective: Objective,
    start: Tensor,
    kinks: bool,
    eps: float = 1.0,
    finest: float | None = None,
) -> Tensor:
    """argmin of a convex objective from a start (p,), by Newton's method.

    A kink is smoothed less and less, each minimum being the start of the next (the idea of
    Nesterov 2005), over a share `eps` of the mean residual at first and `finest` in the end, which
    is that of PRECISION unless given; a smooth loss is tried as it is first.
    """
    if not kinks:
        theta, converged = newton(objective, start, 0.0, RESOLVED)
        if converged:
            return theta
    rows, size = len(objective.X), objective.scale(start)
    # Of the residuals, p are 0 at the minimum, and a share of about eps lies within ±eps.
    finest = finest or min(1e-5, PRECISION * rows / len(start))
    theta, sample = start, objective.sample(SAMPLE)
    while eps > finest:
        rough = sample if eps * eps > 1 / SAMPLE else objective
        theta, _ = newton(rough, theta, eps * size, ROUGH)
        eps /= 10
    return newton(objective, theta, finest * size if kinks else 0.0, RESOLVED)[0]


def newton(objective: Objective, theta: Tensor, eps: float, resolved: float) -> tuple[Tensor, bool]:
    """θ (p,) after Newton steps, each shortened until it goes down; whether they came to rest.

    They rest where a step promises less than the share `resolved` of the objective.
    """
    value = objective.value(theta, eps)
    for _ in range(STEPS):
        G, H = objective.derivatives(theta, eps)
        step = newton_step(G, H)
        promise = -float(G @ step)
        if not promise > resolved * value:
            return theta, promise >= 0 and bool(H.any())
        share = 1.0
        while not (lower := objective.value(theta + share * step, eps)) < value:
            share /= 4
            if share < SHORTEST:
                return theta, False
        theta, value = theta + share * step, lower
    return theta, False


def newton_step(G: Tensor, H: Tensor) -> Tensor:
    """−H⁻¹G of shape (p,); of least norm where H is singular."""
    factor, failed = torch.linalg.cholesky_ex(H)
    if failed:
        least: Tensor = torch.linalg.lstsq(H, -G[:, None], driver="gelsd").solution
        return least.flatten()
    return -torch.cholesky_solve(G[:, None], factor).flatten()
