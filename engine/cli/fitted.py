"""What the commands on regressions share: the least squares of an experiment, and numbers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from engine.cli.output import busy_with
from engine.support.errors import BadInput
from engine.support.translation import tr

if TYPE_CHECKING:
    from engine.experiment import Experiment
    from engine.problem import Problem
    from engine.statistics.regression import Regression


def fitted(experiment: Experiment) -> tuple[Problem, Regression]:
    """The experiment made concrete, not standardized, and the regression of its training rows.

    Raises BadInput for a model that is not linear, and for fewer rows than coefficients.
    """
    import torch

    from engine.problem import build
    from engine.theory.inference import inference

    torch.set_num_threads(1)  # blocks of rows are too small to be shared, as on the screen
    with busy_with(tr("drawing the data and working out the regression")):
        problem = build(experiment.changed({"standardize": "no"}))
        n, p = len(problem.X), sum(map(math.prod, problem.linear.shapes.values()))
        if n < p:
            allowed = tr("{p} coefficients need at least as many rows, {n} are there", p=p, n=n)
            raise BadInput("data", experiment.data.name, allowed)
        return problem, inference(problem)


def number(value: float, digits: int = 4, widest: int = 12) -> str:
    """A number with so many digits, or as many as fit; – where there is none."""
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    texts = (f"{value:.{count}g}" for count in range(digits, 0, -1))
    return next((text for text in texts if len(text) <= widest), f"{value:.1g}")


def measured(value: float, error: float, widest: int = 11) -> str:
    """A value with the digits that its error allows, two of them for comparison."""
    if not (value and math.isfinite(value) and error > 0):
        return number(value, 7, widest)
    places = math.floor(math.log10(abs(value))) - math.floor(math.log10(error))
    texts = (f"{value:#.{count}g}" for count in range(max(4, min(9, 3 + places)), 0, -1))
    return next(text for text in texts if len(text) <= widest).removesuffix(".")
