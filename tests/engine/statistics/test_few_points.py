"""The lines of a few points against our optimum of any loss, and scipy's linear program."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog
from scipy.special import huber as scipy_huber

from engine.experiment import Experiment
from engine.statistics.few_points import (
    Line,
    least_absolute,
    least_huber,
    least_squares,
    leverages,
)
from tests.support.examples import tries
from tests.support.runs import facts_of

Points = tuple[np.ndarray, np.ndarray]
coordinates = st.integers(-40, 40).map(lambda n: n / 8)
clouds = st.lists(st.tuples(coordinates, coordinates), min_size=2, max_size=30).map(
    lambda points: tuple(np.array(column) for column in zip(*points, strict=True))
)


def left(line: Line, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return y - line.slope * x - line.height


@given(clouds)
@tries(40)
def test_squares_and_leverage_are_those_of_numpy(points: Points) -> None:
    x, y = points
    design = np.stack([x, np.ones_like(x)], axis=1)
    line = least_squares(x, y)
    inverse = np.linalg.pinv(design)
    np.testing.assert_allclose(leverages(x), np.diag(design @ inverse), atol=1e-9)
    np.testing.assert_allclose(left(line, x, y), y - design @ (inverse @ y), atol=1e-8)


@given(clouds)
@tries(40)
def test_least_absolute_is_as_small_as_a_linear_program_makes_it(points: Points) -> None:
    x, y = points
    n = len(x)
    # min Σ t with −t ≤ y − s·x − h ≤ t
    design = np.stack([x, np.ones_like(x)], axis=1)
    A = np.block([[-design, -np.eye(n)], [design, -np.eye(n)]])
    cost = np.concatenate([[0, 0], np.ones(n)])
    bounds = [(None, None)] * 2 + [(0, None)] * n
    program = linprog(cost, A, np.concatenate([-y, y]), bounds=bounds)
    assert np.abs(left(least_absolute(x, y), x, y)).sum() == pytest.approx(program.fun, abs=1e-7)


@given(clouds, st.sampled_from([0.25, 1.0, 3.0]))
@tries(40)
def test_no_line_near_by_has_a_smaller_huber(points: Points, delta: float) -> None:
    x, y = points
    best = least_huber(x, y, delta)
    least = scipy_huber(delta, left(best, x, y)).sum()
    for slope, height in ((1e-3, 0), (-1e-3, 0), (0, 1e-3), (0, -1e-3), (1e-3, 1e-3)):
        other = Line(best.slope + slope, best.height + height)
        assert scipy_huber(delta, left(other, x, y)).sum() >= least - 1e-7


def test_the_three_are_the_optima_of_theory() -> None:
    experiment = Experiment().changed({"data": "points", "device": "cpu"})
    x, y = (np.array(experiment.data.options[name]) for name in "xy")
    y[-1] = -6.0
    experiment = experiment.changed({"data.y": tuple(y)})
    lines = {
        "half_squared": least_squares(x, y),
        "huber": least_huber(x, y),
        "l1": least_absolute(x, y),
    }
    for loss, line in lines.items():
        optimum = facts_of(experiment.changed({"loss": loss})).optimum
        assert (*optimum["w"], *optimum["b"]) == pytest.approx(line, abs=1e-5), loss
