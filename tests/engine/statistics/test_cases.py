"""Small data sets of which a statistician knows what must come out."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from engine.statistics.regression import Regression, regression
from tests.support.runs import Array


def fit(X: Array, y: Array, intercept: bool = True) -> Regression:
    names = [f"x{j}" for j in range(X.shape[1])]
    return regression(torch.tensor(X), torch.tensor(y)[:, None], names, intercept)


def test_a_forgotten_intercept_is_worse_than_the_mean() -> None:
    x = np.arange(1.0, 11)
    found = fit(x[:, None], 20 + 0.5 * x, intercept=False)
    assert found.coefficients[0].estimate == pytest.approx(3.357, abs=5e-4)
    assert found.r2 == pytest.approx(-40.6, abs=0.05)


def test_one_column_far_from_0_has_a_scale_and_no_collinearity() -> None:
    x = np.random.default_rng(3).normal(4500, 1500, 400)
    found = fit(x[:, None], x + np.sin(x))
    assert found.scale_condition == pytest.approx(1.6e4, rel=0.1)
    assert found.condition == 1


def test_a_parabola_has_both() -> None:
    t = np.arange(20.0)
    found = fit(np.column_stack([t, t**2]), 0.75 * (t - 9.5) ** 2 + 1 + np.cos(9 * t))
    share = np.corrcoef(t, t**2)[0, 1]
    assert found.condition == pytest.approx(math.sqrt((1 + share) / (1 - share)))
    assert found.scale_condition == pytest.approx(
        np.linalg.cond(np.column_stack([np.ones(20), t, t**2]))
    )


def test_all_levels_of_a_category_beside_the_intercept_are_not_unique() -> None:
    level = np.arange(12) % 3
    X = np.column_stack([(level == k) * 1.0 for k in range(3)])
    found = fit(X, level + np.sin(np.arange(12.0)))
    assert found.not_unique == ["(intercept)", "x0", "x1", "x2"]
    assert [c.vif for c in found.coefficients] == [None, math.inf, math.inf, math.inf]
    assert (found.condition, found.scale_condition) == (math.inf, math.inf)
    assert found.line.df == 9


def test_two_columns_without_noise_that_gradient_descent_never_fits() -> None:
    X = np.array([[-249.69, -4.1511], [-4.1511, -0.20755]])
    found = fit(X, np.array([0.0, 10.0]), intercept=False)
    assert [c.estimate for c in found.coefficients] == pytest.approx([1.2, -72.18], rel=1e-3)
    assert found.scale_condition**2 == pytest.approx(3.25e6, rel=0.01)


def test_labels_that_are_all_the_same_leave_nothing_to_explain() -> None:
    found = fit(np.arange(6.0)[:, None], np.full(6, 2.0))
    assert found.coefficients[0].estimate == 2
    assert math.isnan(found.r2)
    assert found.is_perfect
