"""What a valley costs in steps, and what it costs in standardized columns."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import torch

from engine.catalog.choice import Choice
from engine.catalog.optimizers import OptimizerEntry
from engine.catalog.scaling import scaling_of
from engine.problem import Problem, names_of
from engine.support.translation import Message
from engine.theory.curvature import Curvature
from engine.theory.mean_square import step_matrices
from engine.theory.stability import Stability, stability

WORTH = 10.0
"""How many times fewer steps standardizing has to need before it is offered."""
ENOUGH_ROWS = 10_000
"""That tell the curvature of standardized columns to two digits."""
TOO_MANY = 100_000
"""Steps for a factor e from which on the closed form is offered too."""


@dataclass(frozen=True)
class Way:
    """A learning rate just below its limit, and how fast errors fall there."""

    lr: float
    steps: float
    """In which every error falls by e at least; infinite where one does not fall."""


@dataclass(frozen=True)
class Remedy:
    """Two ways out where an lr is beyond its limit or crawls below it."""

    smaller: Way
    """The columns as they are, and a smaller lr."""
    standardized: Way
    has_closed_form: bool
    """Whether the optimum can be had without any steps."""

    @property
    def words(self) -> Message:
        """Both ways in one sentence, and the closed form where steps are too many."""
        numbers = {
            "lr": self.smaller.lr,
            "steps": two_digits(self.smaller.steps),
            "larger": self.standardized.lr,
            "fewer": two_digits(self.standardized.steps),
        }
        if math.isinf(self.smaller.steps):
            return Message(
                "no lr brings these columns to their optimum: standardize=yes, then lr {lr:.2g}",
                lr=self.standardized.lr,
            )
        if self.has_closed_form and self.smaller.steps >= TOO_MANY:
            return Message(
                "{steps:,.0f} steps for a factor e at lr {lr:.2g}: standardize=yes, then "
                "{fewer:,.0f} at {larger:.2g}, or take the closed form",
                **numbers,
            )
        return Message(
            "{steps:,.0f} steps for a factor e at lr {lr:.2g}, or standardize=yes and "
            "{fewer:,.0f} at {larger:.2g}",
            **numbers,
        )


def remedy(problem: Problem, stable: Stability, has_closed_form: bool) -> Remedy | None:
    """What standardizing would save; None where it is on, cannot be, or saves little.

    It can at best bring the condition number to 1, so that a round bowl needs no second look.
    """
    model, bent = problem.model, stable.curvature
    if problem.scaling or not model.bears_scaling or not bent.condition >= WORTH:
        return None
    if not math.isfinite(stable.limit.lr):
        return None
    scaling = scaling_of(problem.X, problem.y, *names_of(model))
    every = max(1, len(problem.X) // ENOUGH_ROWS)
    X, y = scaling.features(problem.X[::every]), scaling.labels(problem.y[::every])
    optimizer = problem.experiment.optimizer
    smaller = way(optimizer, stable)
    if math.isinf(smaller.steps) and stable.limit.lr > bent.critical_lr:
        return None  # rows in their order may bear what exact gradients do not
    other = way(optimizer, stability(replace(problem, X=X, y=y, scaling=scaling)))
    if math.isinf(other.steps) or not other.steps * WORTH <= smaller.steps:
        return None
    return Remedy(smaller, other, has_closed_form)


def way(optimizer: Choice[OptimizerEntry], stable: Stability) -> Way:
    """The lr that is to the limit as the best of plain descent is to 2/λmax: λ₁/(λ₁ + λᵣ)."""
    bent = stable.curvature
    lr = stable.limit.lr * bent.largest / (bent.largest + bent.smallest)
    return Way(lr, steps_for_e(optimizer, lr, bent))


def steps_for_e(optimizer: Choice[OptimizerEntry], lr: float, bent: Curvature) -> float:
    """−1/ln ρ steps, and 1 at least: of exact gradients, each leaving ρ of the slowest error.

    ρ is the largest modulus of the eigenvalues of a step along the directions that are not flat;
    of plain descent max |1 − lr·λ|, which at its best lr is (κ − 1)/(κ + 1).
    """
    curved = bent.eigenvalues[bent.eigenvalues > 0]
    M, _ = step_matrices(optimizer, torch.tensor([lr], dtype=torch.float64), curved)
    left = float(torch.linalg.eigvals(M).abs().max())
    if left >= 1:
        return math.inf
    return max(1.0, -1 / math.log(left)) if left > 0 else 1.0


def two_digits(number: float) -> float:
    """A number to two significant digits."""
    return float(f"{number:.2g}")
