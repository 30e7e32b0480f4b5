"""Errors of the optimum of a loss that has no closed form: refitted to resampled rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from engine.experiment import Experiment
from engine.problem import Problem, build, generator
from engine.statistics.regression import LEVEL
from engine.statistics.words import Columns, measured, number
from engine.support.errors import BadInput
from engine.support.translation import tr
from engine.theory.inference import by_coefficient
from engine.theory.optimum import minimum, objective_of, optimum

RESAMPLES = 200
MOST_ROWS = 10_000
"""More take minutes to be fitted so often."""
SMOOTHING = (0.1, 1e-4)
"""Of a kink, as shares of the residuals: refits begin at the optimum of all rows and need not be
more exact than their scatter."""


@dataclass(frozen=True)
class Resampled:
    """A coefficient at the optimum, and how it scatters over the resamples."""

    name: str
    estimate: float
    """From the rows as they are."""
    se: float
    """Standard deviation over the resamples."""
    low: float
    """Begin of the interval that leaves (1 − LEVEL)/2 of the resamples on either side."""
    high: float


@dataclass(frozen=True)
class Bootstrap:
    """The optimum of a loss with percentile intervals (Efron 1979)."""

    loss: str
    resamples: int
    seed: int
    coefficients: tuple[Resampled, ...]

    def words(self) -> str:
        """What it is of."""
        return tr(
            "Optimum of the loss {loss}: bootstrap, {count} resamples of the rows, seed {seed}",
            loss=self.loss,
            count=self.resamples,
            seed=self.seed,
        )

    def columns(self) -> Columns:
        """Estimate, error and interval of each coefficient."""
        table = self.coefficients
        return {
            tr("estimate"): [measured(c.estimate, c.se) for c in table],
            tr("std. error"): [number(c.se, 4, 10) for c in table],
            tr("95 % from"): [measured(c.low, c.se) for c in table],
            tr("to"): [measured(c.high, c.se) for c in table],
        }


def needs_bootstrap(experiment: Experiment) -> bool:
    """Whether the errors of least squares say nothing of the optimum, and a bootstrap does.

    Not with a penalty, which moves the optimum away from what the intervals are to cover.
    """
    return experiment.loss.entry.curvature is None and experiment.penalty.entry.is_zero


def bootstrap(experiment: Experiment, resamples: int = RESAMPLES) -> Bootstrap:
    """The optimum of an experiment's loss over resamples of its training rows, by its seed.

    Standardized columns stay as they are scaled by all rows, as the loss is one of those. Raises
    BadInput where least squares has its errors in closed form, with a penalty, for a model that is
    not linear and for too many rows.
    """
    if not needs_bootstrap(experiment):
        allowed = tr("a bootstrap is for losses other than squared ones, without a penalty")
        raise BadInput("loss", experiment.loss.name, allowed)
    problem = build(experiment)
    n = len(problem.X)
    if n > MOST_ROWS:
        allowed = tr("a bootstrap takes at most {most} rows, {n} are there", most=MOST_ROWS, n=n)
        raise BadInput("data", experiment.data.name, allowed)
    best = optimum(problem, problem.linear)
    random = generator(experiment.seed, "bootstrap")
    refits = [
        in_units(problem, refit(problem, best, torch.randint(n, (n,), generator=random)))
        for _ in range(resamples)
    ]
    names, estimates = in_units(problem, best)
    scatter = torch.tensor([values for _, values in refits], dtype=torch.float64)
    tails = torch.tensor([(1 - LEVEL) / 2, (1 + LEVEL) / 2], dtype=torch.float64)
    low, high = scatter.quantile(tails, dim=0).tolist()
    rows = zip(names, estimates, scatter.std(dim=0).tolist(), low, high, strict=True)
    coefficients = tuple(Resampled(*row) for row in rows)
    return Bootstrap(experiment.loss.name, resamples, experiment.seed, coefficients)


def refit(problem: Problem, best: Tensor, rows: Tensor) -> Tensor:
    """θ* (p,) of some rows of a problem, from that of all of them on."""
    resample = replace(problem, X=problem.X[rows], y=problem.y[rows])
    objective = objective_of(resample, problem.linear)
    return minimum(objective, best, problem.experiment.loss.entry.kinks, *SMOOTHING)


def in_units(problem: Problem, theta: Tensor) -> tuple[Sequence[str], Sequence[float]]:
    """Names and values of the coefficients at θ (p,) in the units of the data."""
    values = problem.linear.named(theta.tolist())
    original = problem.scaling.original(values) if problem.scaling else values
    coefficients = by_coefficient(problem.experiment, original)
    return list(coefficients), list(coefficients.values())
