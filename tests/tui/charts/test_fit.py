"""The fit of one feature, of several, and what it leaves of each label."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import statsmodels.api as sm
from numpy.typing import NDArray

from engine.experiment import Experiment
from engine.lessons.library import find_lesson
from engine.training.snapshot import Snapshot
from tests.support.runs import facts_of
from tests.support.snapshots import facts, finished, one_point, ready
from tui.charts.fit import FIT, fit_chart, predictions
from tui.charts.residuals import RESIDUALS, residuals_chart
from tui.charts.view import Scene
from tui.drawing.picture import draw
from tui.panels.fit import FitPanel
from tui.text.numbers import number

Array = NDArray[np.float64]


def arrays(snapshot: Snapshot) -> tuple[Array, Array, Array, float]:
    """X (n, d), y, w and b of a snapshot."""
    assert snapshot.facts
    X = np.array(snapshot.facts.sample.X).T
    y, w = np.array(snapshot.facts.sample.y), np.array(snapshot.params["w"])
    return X, y, w, snapshot.params["b"][0]


def houses() -> tuple[Snapshot, sm.regression.linear_model.RegressionResultsWrapper, Array]:
    """The least squares of a file whose columns are standardized, as statsmodels knows them."""
    experiment = Experiment().changed_by_text({"data": "file", "data.path": "sample:houses"})
    assert experiment.is_standardized
    known = facts_of(experiment)
    X, y = (
        tensor.numpy()
        for tensor in experiment.dataset().draw(None)  # type: ignore[arg-type]
    )
    fit = sm.OLS(y[:, 0], sm.add_constant(X, prepend=False)).fit()
    return replace(ready(experiment), facts=known, params=known.optimum), fit, X


@pytest.mark.parametrize("turn", [0, 1, 3])
def test_partial_residuals_are_the_labels_less_what_all_else_explains(turn: int) -> None:
    snapshot = finished()
    X, y, w, b = arrays(snapshot)
    j = turn % 3
    line, data = fit_chart(snapshot, turn).curves
    np.testing.assert_allclose(data.xs, X[:, j])
    np.testing.assert_allclose(data.ys, y - b - X[:, 1 - j] * w[1 - j], atol=1e-12)
    np.testing.assert_allclose(line.ys, w[j] * np.array(line.xs), atol=1e-12)
    assert min(line.xs) < X[:, j].min()
    assert max(line.xs) > X[:, j].max()


@pytest.mark.parametrize("feature", range(4))
def test_partial_residuals_of_a_file_are_those_of_statsmodels_in_its_units(feature: int) -> None:
    snapshot, fit, X = houses()
    chart = fit_chart(snapshot, feature)
    line, data = chart.curves
    np.testing.assert_allclose(data.xs, X[:, feature], rtol=1e-9)
    component = X[:, feature] * fit.params[feature]  # as in plot_ccpr
    np.testing.assert_allclose(data.ys, fit.resid + component, rtol=1e-7, atol=1e-6)
    np.testing.assert_allclose(line.ys, fit.params[feature] * np.array(line.xs), rtol=1e-7)
    assert chart.x_label == ("area", "rooms", "floors", "age")[feature]


def test_after_the_features_comes_the_prediction_against_the_label() -> None:
    snapshot, fit, _ = houses()
    chart = fit_chart(snapshot, 4)
    diagonal, data = chart.curves
    np.testing.assert_allclose(data.xs, fit.model.endog, rtol=1e-9)
    np.testing.assert_allclose(data.ys, fit.fittedvalues, rtol=1e-7)
    assert diagonal.xs == diagonal.ys == chart.x_range
    assert fit_chart(snapshot, 5).x_label == "area"


def test_the_cloud_falls_onto_the_line_while_it_trains() -> None:
    def scatter(snapshot: Snapshot) -> float:
        line, data = fit_chart(snapshot, 0).curves
        w = line.ys[-1] / line.xs[-1]
        return float(np.std(np.array(data.ys) - w * np.array(data.xs)))

    untrained = replace(finished(), params={"w": (0.0, 0.0), "b": (0.0,)})
    assert scatter(finished()) == pytest.approx(0.3, rel=0.15)  # the noise of the sample
    assert scatter(untrained) > 10 * scatter(finished())


@pytest.mark.parametrize("turn", range(3))
def test_a_net_of_several_features_is_its_prediction_against_the_label(turn: int) -> None:
    net = Experiment().changed({"model": "two_layer", "model.activation": "tanh"})
    known = facts_of(net)
    snapshot = replace(ready(net), facts=known, params=known.start)
    X, y = np.array(known.sample.X).T, np.array(known.sample.y)
    start = {name: np.array(values) for name, values in known.start.items()}
    hidden = np.tanh(X @ start["W1"].reshape(2, 2) + start["b1"])
    _, data = fit_chart(snapshot, turn).curves
    np.testing.assert_allclose(data.xs, y)
    np.testing.assert_allclose(data.ys, hidden @ start["W2"] + start["b"], atol=1e-12)


def test_the_cursor_reads_the_share_and_the_prediction_of_the_nearest_point() -> None:
    snapshot = finished()
    X, y, w, b = arrays(snapshot)
    line = fit_chart(snapshot, 1).curves[0]
    x = line.xs[20]
    title = FIT.draw(Scene(snapshot, turn=1, cursor=x)).title
    assert title == f"x[1] {number(x)}: w·x[1] {number(w[1] * x)}"
    title = FIT.draw(Scene(snapshot, turn=2, cursor=y[7])).title
    assert title == f"y {number(y[7])}: ŷ {number(X[7] @ w + b)}"


def test_residuals_are_prediction_minus_label() -> None:
    snapshot = finished()
    X, y, w, b = arrays(snapshot)
    expected = X @ w + b
    np.testing.assert_allclose(predictions(snapshot, X.T.tolist()), expected)
    for turn, xs in enumerate((X[:, 0], X[:, 1], expected, X[:, 0])):
        chart = residuals_chart(snapshot, turn)
        np.testing.assert_allclose(chart.curves[0].ys, expected - y, atol=1e-12)
        np.testing.assert_allclose(chart.curves[0].xs, xs)
        assert [level.y for level in chart.levels] == [0.0]
        left, right = RESIDUALS.full_range(snapshot, turn)
        assert left < xs.min() < xs.max() < right


def test_residuals_of_what_has_run_away_have_a_range() -> None:
    lost = replace(finished(), params={"w": (math.inf, 1.0), "b": (math.nan,)})
    left, right = RESIDUALS.full_range(lost, 2)
    assert left < right


def test_ohm_is_written_in_volts_and_amperes() -> None:
    known = facts({"R": (10.0,)}, {"R": (0.01,)})
    snapshot = replace(ready(find_lesson("ohm").experiment), facts=known, params={"R": (9.9,)})
    for turn in range(2):
        chart = fit_chart(snapshot, turn)
        assert chart.title == "U (V) against I (A)"
        line, data = chart.curves
        assert data.kind == "points"  # over the line, which it would not be seen under
        assert data.shares
        np.testing.assert_allclose(line.ys, 9.9 * np.array(line.xs), rtol=1e-12)


def test_fit_of_a_single_point_has_a_range() -> None:
    panel = FitPanel()
    panel.snapshots = (one_point(),)
    left, right = panel.full_range()
    assert left <= right
    assert draw(panel.chart(), 40, 10)
