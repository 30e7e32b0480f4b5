"""The regression of an experiment: least squares of its training rows, whatever it trains."""

from __future__ import annotations

from collections.abc import Mapping

from engine.catalog.model import Linear
from engine.catalog.parameters import Values
from engine.experiment import Experiment
from engine.problem import Problem
from engine.statistics.regression import Regression, regression
from engine.support.translation import Message


def inference(problem: Problem) -> Regression:
    """The regression of the training rows, named after the columns of the data.

    Raises BadInput for a model that is not linear in its parameters.
    """
    names = [column.name for column in problem.dataset.columns]
    return regression(problem.X, problem.y, names, problem.linear.bias is not None)


def caveat(experiment: Experiment) -> Message | None:
    """Why the errors of least squares are not those of what the experiment trains, if so."""
    if experiment.loss.entry.curvature is None:
        return Message(
            "The loss {loss} has another optimum: all errors here are of least squares.",
            loss=experiment.loss.name,
        )
    if not experiment.penalty.entry.is_zero:
        return Message(
            "The penalty {penalty} moves the optimum: all errors here are without it.",
            penalty=experiment.penalty.name,
        )
    return None


def by_coefficient(experiment: Experiment, values: Values) -> Mapping[str, float]:
    """Values of the parameters by the names of the coefficients; empty for no values."""
    if not values:
        return {}
    model = experiment.architecture()
    assert isinstance(model, Linear)
    names = [column.name for column in experiment.dataset().columns]
    numbers = dict(zip(names, values[model.weight], strict=True))
    return {"(intercept)": values[model.bias][0], **numbers} if model.bias else numbers
