"""The optimum: where the chosen loss and penalty together are smallest, to 1e-9 of their value."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.catalog.model import Linear
from engine.problem import Problem
from engine.statistics.line import Line
from engine.statistics.rows import ROWS_AT_ONCE, blocks
from engine.theory.closed_form import least_squares, parameters
from engine.theory.derivatives import Loss, both_derivatives, steepest_curvature

STEPS, ON_THE_WAY = 60, 3
"""Most Newton steps at the last smoothing of a kink, and at each before it."""
PRECISION = 1e-11
"""What the last smoothing of a kink may add, as a share of the size of the residuals."""
RESOLVED = 1e-12
"""Share of the objective that is rounding: less is not worth a step."""
SHORTEST = 1e-9
"""The smallest share of a Newton step that is tried."""
WITHIN = 0.9
"""How much of the way to ±1 a slant may go in a step."""
STEEPEST = 1 - 1e-12
"""No slant is more, so that each has a way to go."""


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

    def place(self, theta: Tensor, eps: float) -> Place:
        """Where descent over a kink that is smoothed over ±eps begins at θ (p,)."""
        costed = self.change(theta)
        costed[: len(self.X)] -= self.y.cpu().double()
        size = costed.hypot(torch.tensor(eps, dtype=torch.float64))
        return Place(theta, costed, (costed / size).clamp(-STEEPEST, STEEPEST))

    def change(self, step: Tensor) -> Tensor:
        """What a step (p,) changes of what costs (n + weights, 1)."""
        of_residuals = [rows @ step[:, None] for rows, _ in blocks(self.X, self.y)]
        return torch.cat([*of_residuals, step[: self.weights, None]])

    def value(self, costed: Tensor, eps: float = 0.0) -> float:
        """The objective, its kinks smoothed over ±eps."""
        loss, penalty = smoothed(self.loss, eps, self.symmetric), smoothed(self.penalty, eps)
        n = len(self.X)
        total = sum(float(loss(r).sum()) for r in costed[:n].split(ROWS_AT_ONCE))
        return self.weight * total / n + float(penalty(costed[n:]).sum())

    def derivatives(self, at: Place, eps: float) -> tuple[Tensor, Tensor]:
        """Gradient (p,) and Hessian (p, p) of the smoothed objective."""
        n, p = len(self.X), len(at.theta)
        share = self.weight / n
        G, H = torch.zeros(p, dtype=torch.float64), torch.zeros(p, p, dtype=torch.float64)
        both = torch.cat([at.costed, at.slants], dim=1)
        for rows, place in blocks(self.X, both[:n]):
            slope, bend = smoothed_derivatives(
                self.loss, place[:, :1], place[:, 1:], eps, self.symmetric
            )
            G += share * (rows.T @ slope).flatten()
            H += share * (rows.T @ (bend * rows))
        slope, bend = smoothed_derivatives(self.penalty, both[n:, 0], both[n:, 1], eps)
        G[: self.weights] += slope
        H[: self.weights, : self.weights] += bend.diag()
        return G, H


@dataclass(frozen=True, eq=False)
class Place:
    """Where descent over smoothed kinks stands."""

    theta: Tensor
    costed: Tensor
    """What loss and penalty are taken of (n + weights, 1): the residuals X̃θ − y, then weights."""
    slants: Tensor
    """Where between −1 and 1 the slope of each smoothed |r| is taken to be (n + weights, 1).

    At rest it is r/√(r² + eps²). On the way it is a variable of its own, as steep as a step was to
    make it: the slope itself would jump from one end to the other, and a step with it (Chan, Golub
    and Mulet 1999)."""

    def moved(self, step: Tensor, change: Tensor, share: float, eps: float) -> Place:
        """A share of a step (p,) further, which as a whole changes what costs by `change`.

        The slants follow the whole of it, all of them as far as none goes beyond ±1.
        """
        slants = self.slants
        if eps:
            size = self.costed.hypot(torch.tensor(eps, dtype=torch.float64))
            along = self.costed / size
            turn = along - slants + (1 - slants * along) / size * change
            room = (turn.sign() - slants) / turn
            far = WITHIN * float(room.where(turn != 0, math.inf).min())
            slants = (slants + min(1.0, far) * turn).clamp(-STEEPEST, STEEPEST)
        return Place(self.theta + share * step, self.costed + share * change, slants)


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
    loss: Loss, r: Tensor, slants: Tensor, eps: float, symmetric: bool = True
) -> tuple[Tensor, Tensor]:
    """First and second derivative of `smoothed`, each of the shape of r, by the chain rule.

    The bend of |r| is taken where the slants are, which is its own where they have come to rest.
    """
    if eps == 0:
        return both_derivatives(loss, r)
    size = r.hypot(torch.tensor(eps, dtype=torch.float64))
    slope, bend = both_derivatives(loss, size)
    odd_slope = odd_bend = torch.zeros_like(r)
    if not symmetric:
        below = both_derivatives(loss, -size)
        slope, bend = (slope - below[0]) / 2, (bend + below[1]) / 2
        right, left = both_derivatives(loss, r), both_derivatives(loss, -r)
        odd_slope, odd_bend = (right[0] + left[0]) / 2, (right[1] - left[1]) / 2
    along = r / size
    curved = bend * along**2 + slope * (1 - slants * along) / size
    return slope * along + odd_slope, curved + odd_bend


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
    at, rows = objective.place(start, 0.0), len(objective.X)
    size = float(at.costed[:rows].abs().mean())
    if not kinks:
        at, converged = descend(objective, at, 0.0, STEPS)
        if converged:
            return at.theta
    # Of the residuals, p are 0 at the minimum, and a share of about eps lies within ±eps.
    finest = finest or min(1e-5, PRECISION * rows / len(start))
    at = objective.place(at.theta, eps * size)
    while eps > finest:
        at, _ = descend(objective, at, eps * size, ON_THE_WAY)
        eps /= 10
    eps = finest * size if kinks else 0.0
    return descend(objective, at, eps, STEPS)[0].theta


def descend(objective: Objective, at: Place, eps: float, steps: int) -> tuple[Place, bool]:
    """A place some Newton steps on, each shortened until it goes down; whether they came to rest.

    They rest where a step promises less than the share RESOLVED of the objective.
    """
    value = objective.value(at.costed, eps)
    for _ in range(steps):
        G, H = objective.derivatives(at, eps)
        step = newton_step(G, H)
        promise = -float(G @ step)
        if not promise > RESOLVED * value:
            return at, promise >= 0 and bool(H.any())
        change, share = objective.change(step), 1.0
        while not (lower := objective.value(at.costed + share * change, eps)) < value:
            share /= 4
            if share < SHORTEST:
                return at, False
        at, value = at.moved(step, change, share, eps), lower
    return at, False


def newton_step(G: Tensor, H: Tensor) -> Tensor:
    """−H⁻¹G of shape (p,); of least norm where H is singular."""
    factor, failed = torch.linalg.cholesky_ex(H)
    if failed:
        least: Tensor = torch.linalg.lstsq(H, -G[:, None], driver="gelsd").solution
        return least.flatten()
    return -torch.cholesky_solve(G[:, None], factor).flatten()
