"""The bootstrap of a loss without a closed form, against scipy's refits to the same resamples."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from scipy.optimize import linprog, minimize

from engine.experiment import Experiment
from engine.problem import build, generator
from engine.support.errors import BadInput
from engine.theory.bootstrap import MOST_ROWS, bootstrap
from tests.support.runs import Array, array

N, RESAMPLES = 60, 12


def huber(X: Array, y: Array) -> Array:
    """argmin of Huber's loss with δ = 1."""

    def loss(theta: Array) -> float:
        r = np.abs(X @ theta - y)
        return float(np.where(r <= 1, r * r / 2, r - 0.5).mean())

    found = minimize(loss, np.linalg.lstsq(X, y)[0], method="BFGS", options={"gtol": 1e-9})
    return np.asarray(found.x)


def least_absolute(X: Array, y: Array) -> Array:
    """argmin of the mean |r|, as a linear program."""
    n, p = X.shape
    cost = np.concatenate([np.zeros(p), np.ones(2 * n)])
    equations = np.hstack([X, np.eye(n), -np.eye(n)])
    bounds = [(None, None)] * p + [(0, None)] * (2 * n)
    return np.asarray(linprog(cost, A_eq=equations, b_eq=y, bounds=bounds).x[:p])


@pytest.mark.parametrize(
    ("loss", "refit", "standardize", "close"),
    [("huber", huber, "no", 1e-6), ("l1", least_absolute, "yes", 2e-3)],
)
def test_scatter_is_that_of_refits(
    loss: str, refit: Callable[[Array, Array], Array], standardize: str, close: float
) -> None:
    changes = {"loss": loss, "data.n": N, "data.noise": 1.0}
    experiment = Experiment().changed({**changes, "standardize": standardize})
    found = bootstrap(experiment, RESAMPLES)
    problem = build(Experiment().changed({**changes, "standardize": "no"}))
    design, y = np.column_stack([np.ones(N), array(problem.X)]), array(problem.y)[:, 0]
    random = generator(experiment.seed, "bootstrap")
    rows = [torch.randint(N, (N,), generator=random).numpy() for _ in range(RESAMPLES)]
    scatter = np.array([refit(design[these], y[these]) for these in rows])
    low, high = np.quantile(scatter, [0.025, 0.975], axis=0)
    table = found.coefficients
    assert [c.name for c in table] == ["(intercept)", "x[0]", "x[1]"]
    assert [c.estimate for c in table] == pytest.approx(refit(design, y), rel=close, abs=close)
    assert [c.se for c in table] == pytest.approx(scatter.std(axis=0, ddof=1), rel=close, abs=close)
    assert [c.low for c in table] == pytest.approx(low, rel=close, abs=close)
    assert [c.high for c in table] == pytest.approx(high, rel=close, abs=close)
    assert bootstrap(experiment, RESAMPLES) == found


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ({}, "for losses other than squared ones, without a penalty"),
        ({"loss": "l1", "penalty": "l2"}, "for losses other than squared ones, without a penalty"),
        ({"loss": "l1", "data.n": MOST_ROWS + 1}, "at most 10000 rows, 10001 are there"),
    ],
)
def test_what_has_none_is_refused(settings: dict[str, object], line: str) -> None:
    with pytest.raises(BadInput, match=line):
        bootstrap(Experiment().changed(settings))
