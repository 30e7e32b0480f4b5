"""The loss over a plane is the loss, whatever the plane, and for a parabola the parabola."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.catalog.losses import LOSSES
from engine.catalog.parameters import flat, labels
from engine.catalog.penalties import PENALTIES
from engine.experiment import Experiment
from engine.problem import build
from engine.theory.curvature import hessian
from engine.theory.landscape import COLUMNS, LINES, TURNED, Landscape, Plane, plane, survey
from engine.theory.stability import weight_decay
from tests.support.designs import hessian_of
from tests.support.examples import tries
from tests.support.runs import facts_of

SMALL = Experiment().changed({"data.n": 200, "data.scale": (1.0, 3.0), "data.noise": 0.5})


SMALL_FACTS = facts_of(SMALL)
finite = st.floats(-1e3, 1e3)
ranges = st.tuples(finite, st.floats(1e-6, 1e3)).map(lambda pair: (pair[0], sum(pair)))


def thetas(found: Landscape) -> NDArray[np.float64]:
    """Every θ of a landscape, rows first, worked out place by place."""
    chosen = found.plane
    origin, u, v = (np.array(vector) for vector in (chosen.origin, chosen.u, chosen.v))
    (left, right), (low, high) = found.x_range, found.y_range
    lines = len(found.values)
    return np.array([
        [
            origin
            + (left + (right - left) * (i + 0.5) / COLUMNS) * u
            + (low + (high - low) * (j + 0.5) / lines) * v
            for i in range(COLUMNS)
        ]
        for j in range(lines)
    ])  # fmt: skip


@pytest.mark.parametrize("penalty", PENALTIES.entries)
@pytest.mark.parametrize("loss", LOSSES.entries)
def test_it_is_the_objective_at_each_place(loss: str, penalty: str) -> None:
    experiment = SMALL.changed({"loss": loss, "penalty": penalty})
    facts = facts_of(experiment)
    found = survey(experiment, facts.sample, plane(facts, 1), (-1.0, 4.0), (-6.0, 0.5))
    problem = build(experiment)
    X, y = problem.X.double(), problem.y.double()
    places = torch.from_numpy(thetas(found))
    for line, column in ((0, 0), (7, 33), (LINES - 1, COLUMNS - 1)):
        theta = places[line, column]
        params = {"w": theta[:2, None], "b": theta[2:]}
        residual = problem.model.predict(params, X) - y
        expected = problem.loss(residual).mean() + problem.penalty(params)
        assert found.values[line][column] == pytest.approx(float(expected), rel=1e-12)


@given(turn=st.integers(0, 20), x_range=ranges, y_range=ranges)
def test_for_the_half_squared_loss_it_is_the_quadratic_form(
    turn: int, x_range: tuple[float, float], y_range: tuple[float, float]
) -> None:
    """f(θ) = f(θ*) + ½(θ − θ*)ᵀH(θ − θ*) in every plane."""
    found = survey(SMALL, SMALL_FACTS.sample, plane(SMALL_FACTS, turn), x_range, y_range)
    problem = build(SMALL)
    design, best = problem.linear.design(problem.X), np.array(flat(SMALL_FACTS.optimum))
    H = hessian(design, problem.y, torch.zeros(3), problem.loss, weight_decay(problem)).numpy()
    error = thetas(found) - best
    expected = SMALL_FACTS.floor.optimum + np.einsum("...i,ij,...j->...", error, H, error) / 2
    np.testing.assert_allclose(found.values, expected, rtol=1e-5)
    assert np.shape(found.values) == (LINES, COLUMNS)


def test_the_planes_come_in_order_and_round_again() -> None:
    names = [label for label, _ in labels(SMALL_FACTS.optimum)]
    found = [plane(SMALL_FACTS, turn) for turn in range(4)]
    assert [one.names for one in found[1:]] == list(combinations(names, 2))
    assert str(found[0].names[0]).startswith("steepest λ")
    assert str(found[0].names[1]).startswith("flattest λ")
    assert plane(SMALL_FACTS, 4) == found[0]
    for one in found:
        u, v = np.array(one.u), np.array(one.v)
        np.testing.assert_allclose([u @ u, v @ v, u @ v], [1, 1, 0], atol=1e-12)


def test_the_directions_are_the_ends_of_the_spectrum() -> None:
    chosen, H = plane(SMALL_FACTS, 0), hessian_of(SMALL_FACTS.stability.curvature).numpy()
    values = np.linalg.eigvalsh(H)
    for vector, value in ((chosen.u, values[-1]), (chosen.v, values[0])):
        np.testing.assert_allclose(H @ vector, value * np.array(vector), atol=1e-9)


def test_flat_directions_are_left_out_while_there_are_others() -> None:
    """Two samples do not tell three parameters apart."""
    facts = facts_of(Experiment().changed({"data.n": 2}))
    H, chosen = hessian_of(facts.stability.curvature).numpy(), plane(facts, 0)
    assert np.linalg.matrix_rank(H) == 2
    for vector in (chosen.u, chosen.v):
        assert np.linalg.norm(H @ vector) > 1e-3 * np.linalg.norm(H)


def test_without_curvature_there_are_planes_of_parameters_only() -> None:
    """The L1 loss is made of straight pieces."""
    facts = facts_of(Experiment().changed({"loss": "l1"}))
    assert facts.stability.curvature.rank == 0
    pairs = list(combinations([label for label, _ in labels(facts.optimum)], 2))
    assert [plane(facts, turn).names for turn in range(4)] == [*pairs, pairs[0]]


@tries(50)
@given(turn=st.integers(0, 3), a=finite, b=finite)
def test_places_are_the_coordinates_that_made_them(turn: int, a: float, b: float) -> None:
    chosen = plane(SMALL_FACTS, turn)
    theta = np.array(chosen.origin) + a * np.array(chosen.u) + b * np.array(chosen.v)
    (x,), (y,) = chosen.places([theta.tolist()])
    assert (x, y) == pytest.approx((a, b), abs=1e-9)
    if turn:  # the axes are the parameters themselves
        names = [label for label, _ in labels(SMALL_FACTS.optimum)]
        assert (x, y) == pytest.approx([theta[names.index(str(name))] for name in chosen.names])


def test_places_of_nothing_and_of_what_overflows() -> None:
    chosen = plane(SMALL_FACTS, 0)
    assert chosen.places([]) == ([], [])
    xs, _ = chosen.places([(1e308, 1e308, 1e308), (0.0, 0.0, 0.0)])
    assert not math.isnan(xs[1])


def test_many_parameters_offer_the_pairs_of_the_first_ones() -> None:
    experiment = Experiment().changed({"data.w": tuple(range(1, 31)), "data.n": 100})
    facts = facts_of(experiment)
    pairs = TURNED * (TURNED - 1) // 2
    planes = [plane(facts, turn) for turn in range(1 + pairs)]
    assert len(set(planes)) == 1 + pairs
    assert plane(facts, 1 + pairs) == planes[0]


def test_one_parameter_makes_a_line() -> None:
    experiment = Experiment().changed({"data": "ohm", "model": "ohm", "data.n": 50})
    facts = facts_of(experiment)
    line = plane(facts, 3)
    assert line == Plane(("R", ""), (0.0,), (1.0,), (0.0,))
    assert line.is_line
    found = survey(experiment, facts.sample, line, (0.0, 20.0), (-1.0, 1.0))
    assert np.shape(found.values) == (1, COLUMNS)
    current, U = np.array(facts.sample.X[0]), np.array(facts.sample.y)
    for column in (0, COLUMNS - 1):
        resistance = 20 * (column + 0.5) / COLUMNS
        loss = np.mean((resistance * current - U) ** 2) / 2
        assert found.values[0][column] == pytest.approx(loss, rel=1e-12)
