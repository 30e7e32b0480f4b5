"""Summary, diagnostics and predictions against statsmodels, which computes by pinv."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.regression.linear_model import OLS
from statsmodels.stats.diagnostic import het_breuschpagan
from statsmodels.stats.outliers_influence import variance_inflation_factor
from statsmodels.stats.stattools import durbin_watson, jarque_bera

from engine.statistics.diagnostics import diagnostics
from engine.statistics.distributions import t_quantile
from engine.statistics.line import fit_line
from engine.statistics.prediction import predictions
from engine.statistics.regression import LEVEL, Regression, coefficients, regression
from engine.statistics.rows import ROWS_AT_ONCE
from tests.support.runs import Array


@st.composite
def samples(draw: st.DrawFn, large: int = ROWS_AT_ONCE + 5) -> tuple[Array, Array, bool]:
    """X (n, d) of any places and sizes, y (n,) and whether there is an intercept."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    d = draw(st.integers(1, 6))
    n = draw(st.one_of(st.integers(d + 4, 60), st.just(large)))
    X = random.normal(size=(n, d)) + draw(st.sampled_from([0.0, 0.9])) * random.normal(size=(n, 1))
    X = (X + random.uniform(-5, 5, d)) * 10.0 ** random.uniform(-2, 2, d)
    noise = random.normal(size=n) * 10.0 ** random.uniform(-3, 3)
    return X, X @ random.normal(size=d) + random.normal() + noise, draw(st.booleans())


def both(X: Array, y: Array, intercept: bool) -> tuple[Regression, Any, Array]:
    """Ours, theirs, and their design."""
    design = np.column_stack([np.ones(len(X)), X]) if intercept else X
    names = [f"x{j}" for j in range(X.shape[1])]
    return (
        regression(torch.tensor(X), torch.tensor(y)[:, None], names, intercept),
        OLS(y, design, hasconst=intercept).fit(),
        design,
    )


def near(expected: Any, rel: float = 1e-7) -> Any:
    size = float(np.max(np.abs(np.asarray(expected))))
    return pytest.approx(np.asarray(expected), rel=rel, abs=1e-7 * size)


@given(samples())
def test_the_summary_is_statsmodels(sample: tuple[Array, Array, bool]) -> None:
    *_, intercept = sample
    ours, theirs, design = both(*sample)
    table = np.array([[c.estimate, c.se, c.t, c.p, c.low, c.high] for c in ours.coefficients])
    low, high = theirs.conf_int().T
    expected = (theirs.params, theirs.bse, theirs.tvalues, theirs.pvalues, low, high)
    for column, theirs_column in zip(table.T, expected, strict=True):
        assert column == near(theirs_column)
    assert ours.line.df == theirs.df_resid
    assert ours.line.residual_sd**2 == pytest.approx(theirs.mse_resid, rel=1e-7)
    assert (ours.f, ours.f_p) == pytest.approx((theirs.fvalue, theirs.f_pvalue), rel=1e-6)
    assert ours.r2 == pytest.approx(1 - theirs.ssr / theirs.centered_tss, abs=1e-9)
    assert ours.r2_around_zero == pytest.approx(1 - theirs.ssr / theirs.uncentered_tss, abs=1e-9)
    if intercept:
        assert ours.r2 == pytest.approx(theirs.rsquared, abs=1e-9)
        assert ours.adjusted_r2 == pytest.approx(theirs.rsquared_adj, abs=1e-9)
        vif = [variance_inflation_factor(design, j) for j in range(1, design.shape[1])]
        assert [c.vif for c in ours.coefficients[1:]] == pytest.approx(vif, rel=1e-6)
    assert ours.scale_condition == pytest.approx(np.linalg.cond(design), rel=1e-6)


@given(samples())
def test_the_tests_of_residuals_are_statsmodels(sample: tuple[Array, Array, bool]) -> None:
    X, *_ = sample
    ours, theirs, _ = both(*sample)
    assert ours.durbin_watson == pytest.approx(durbin_watson(theirs.resid), rel=1e-6)
    value, p, *_ = jarque_bera(theirs.resid)
    assert (ours.jarque_bera.value, ours.jarque_bera.p) == pytest.approx((value, p), rel=1e-6)
    value, p, *_ = het_breuschpagan(theirs.resid, np.column_stack([np.ones(len(X)), X]))
    assert ours.breusch_pagan.value == pytest.approx(value, rel=1e-6, abs=1e-9)
    assert ours.breusch_pagan.p == pytest.approx(p, rel=1e-6)


@given(samples(large=60))  # theirs drop every row in turn
def test_the_diagnostics_are_statsmodels(sample: tuple[Array, Array, bool]) -> None:
    X, y, _ = sample
    ours, theirs, _ = both(*sample)
    rows = diagnostics(ours.line, torch.tensor(X), torch.tensor(y)[:, None])
    influence = theirs.get_influence()
    assert rows.fitted.numpy() == near(theirs.fittedvalues)
    assert rows.residual.numpy() == near(theirs.resid)
    assert rows.leverage.numpy() == near(influence.hat_matrix_diag)
    assert rows.studentized.numpy() == near(influence.resid_studentized_internal, 1e-6)
    assert rows.deleted.numpy() == near(influence.resid_studentized_external, 1e-6)
    assert rows.cook.numpy() == near(influence.cooks_distance[0], 1e-6)


@given(samples(), st.floats(-3, 3))
def test_predictions_are_statsmodels(sample: tuple[Array, Array, bool], away: float) -> None:
    X, _, intercept = sample
    ours, theirs, _ = both(*sample)
    at = X[:3] + away * X.std(axis=0)
    exog = np.column_stack([np.ones(3), at]) if intercept else at
    frame = theirs.get_prediction(exog).summary_frame(alpha=0.05)
    for row, (_, expected) in zip(
        predictions(ours.line, torch.tensor(at)), frame.iterrows(), strict=True
    ):
        found = (row.estimate, row.se, row.mean_low, row.mean_high, row.low, row.high)
        assert np.array(found) == near(expected.to_numpy())


# Where columns depend on each other ---------------------------------------------------------------


@given(st.integers(0, 2**32 - 1), st.booleans())
def test_dependent_columns_are_fitted_by_least_norm_and_named(seed: int, intercept: bool) -> None:
    random = np.random.default_rng(seed)
    a, b = random.normal(size=(2, 40)) + 3
    X = np.column_stack([a, b, 2 * a, np.full(40, 3.0)])
    y = a - b + random.normal(size=40)
    ours = regression(torch.tensor(X), torch.tensor(y)[:, None], ["a", "b", "2a", "3"], intercept)
    design = np.column_stack([np.ones(40), X]) if intercept else X
    theta = np.linalg.lstsq(design, y, rcond=1e-10)[0]
    assert [c.estimate for c in ours.coefficients] == pytest.approx(theta)
    assert ours.line.left == pytest.approx(((y - design @ theta) ** 2).sum())
    assert ours.line.df == 40 - np.linalg.matrix_rank(design)
    aliased = ["(intercept)", "a", "2a", "3"] if intercept else ["a", "2a"]
    assert ours.not_unique == aliased
    named = {c.name: c for c in ours.coefficients}
    assert all(math.isnan(named[name].se) for name in aliased)
    assert {named[name].vif for name in aliased} - {None} == {math.inf}
    # What the rows do tell keeps its errors.
    kept = [0, 1] if intercept else [0, 1, 3]
    alone, _, _ = both(X[:, kept], y, intercept)
    same = alone.coefficients[1 + intercept]
    assert (named["b"].se, named["b"].vif) == pytest.approx((same.se, same.vif))
    at = torch.tensor([[1, 1, 2, 3], [1, 1, 1, 3]]).double()
    inside, outside = predictions(ours.line, at)
    (expected,) = predictions(alone.line, at[:1, kept])
    assert inside.unique
    assert (inside.estimate, inside.low) == pytest.approx((expected.estimate, expected.low))
    assert not outside.unique
    assert math.isnan(outside.low)


def test_as_many_rows_as_parameters_leave_no_errors() -> None:
    X = torch.tensor([[0.0], [1.0]]).double()
    found = regression(X, 2 * X + 1, ["x"], True)
    assert [c.estimate for c in found.coefficients] == pytest.approx([1, 2])
    assert all(math.isnan(c.se) for c in found.coefficients)
    assert math.isnan(found.f_p)


def test_a_row_through_which_the_line_must_go_has_no_studentized_residual() -> None:
    X = torch.tensor([[0.0], [0.0], [0.0], [1.0]]).double()
    y = torch.tensor([[1.0], [2.0], [4.0], [9.0]]).double()
    rows = diagnostics(fit_line(X, y, True), X, y)
    assert rows.leverage.tolist() == pytest.approx([1 / 3, 1 / 3, 1 / 3, 1])
    assert rows.studentized.isnan().tolist() == [False, False, False, True]


# What it means ------------------------------------------------------------------------------------


def test_intervals_cover_the_truth_in_95_of_100_samples() -> None:
    """A share of 2,000 samples is within three standard errors, ±.015, of its probability.

    The errors of one line are those of every sample at the same X, but for σ̂.
    """
    random = np.random.default_rng(5)
    n, samples = 12, 2000
    theta = np.array([4.2, 2.0, -3.4])
    design = np.column_stack([np.ones(n), random.normal(size=(n, 2))])
    y = (design @ theta)[:, None] + random.normal(size=(n, samples))
    found, left, *_ = np.linalg.lstsq(design, y)
    sd = np.sqrt(left / (n - 3))
    line = fit_line(torch.tensor(design[:, 1:]), torch.tensor(y[:, :1]), True)
    at = np.array([1.0, 1.0, 2.0])
    share = [c.se / line.residual_sd for c in coefficients(line, ["a", "b"])]
    (there,) = predictions(line, torch.tensor(at[None, 1:]))
    to_mean, to_new = there.mean_high - there.estimate, there.high - there.estimate
    reach = t_quantile(1 - LEVEL, n - 3)
    new = at @ theta + random.normal(size=samples)
    off = np.abs([*(found - theta[:, None]), at @ (found - theta[:, None]), at @ found - new])
    allowed = np.array(
        [*(reach * np.array(share)), *(np.array([to_mean, to_new]) / line.residual_sd)]
    )
    covered = (off <= allowed[:, None] * sd).mean(axis=1)
    assert covered == pytest.approx(np.full(5, 0.95), abs=0.015)
