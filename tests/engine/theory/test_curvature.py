"""Hessians against formulas written by hand, numpy and differences; paths against plain loops."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from engine.theory.closed_form import least_squares
from engine.theory.curvature import (
    curvature,
    hessian,
    hessian_by_autograd,
    hessian_product,
)
from tests.support.designs import designs, loss_of, standard
from tests.support.runs import Array, array
from tests.support.strategies import every_entry

SQUARED = ("half_squared", "squared")


def by_formula(name: str, design: Array, r: Array) -> Array:
    """The Hessian of the mean loss, ℓ″ written by hand; δ = β = 1. Quartic: CONTRIBUTING's."""
    weights = {
        "half_squared": np.ones_like(r),
        "squared": np.full_like(r, 2.0),
        "l1": np.zeros_like(r),
        "huber": (np.abs(r) < 1).astype(float),
        "smooth_l1": (np.abs(r) < 1).astype(float),
        "log_cosh": 1 / np.cosh(r) ** 2,
        "quantile": 0 * r,
        "quartic": 3 * r**2,
    }[name]
    found: Array = np.einsum("n,ni,nj->ij", weights, design, design) / len(design)
    return found


# Hessians ------------------------------------------------------------------------------------


@pytest.mark.parametrize("entry", every_entry("loss"))
@pytest.mark.parametrize("rows", [7, 65_536])
def test_the_hessian_is_that_of_the_formula_and_of_autograd(
    entry: Any, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To 1e-12; with a penalty on the weights only."""
    monkeypatch.setattr("engine.statistics.rows.ROWS_AT_ONCE", rows)
    random = np.random.default_rng(1)
    design = np.hstack([random.normal(size=(60, 3)), np.ones((60, 1))])
    y, at = random.normal(size=(60, 1)) * 2, random.normal(size=4)
    wanted = by_formula(entry.name, design, design @ at - y[:, 0])
    loss, X, labels, theta = loss_of(entry.name), *map(torch.tensor, (design, y, at))
    assert array(hessian(X, labels, theta, loss)) == pytest.approx(wanted, abs=1e-12)

    penalty = torch.tensor([0.3, 0.3, 0.3, 0.0])
    penalized = hessian(X, labels, theta, loss, penalty)
    assert array(penalized) == pytest.approx(wanted + np.diag([0.3, 0.3, 0.3, 0]), abs=1e-7)

    def objective(theta: Tensor) -> Tensor:
        held = (penalty * theta.square()).sum() / 2
        return loss(X @ theta[:, None] - labels).mean() + held

    torch.testing.assert_close(hessian_by_autograd(objective, theta), penalized)
    v = torch.tensor(random.normal(size=4))
    torch.testing.assert_close(hessian_product(objective, theta, v), penalized @ v)


@pytest.mark.parametrize("name", ["half_squared", "squared", "huber", "smooth_l1", "log_cosh"])
def test_a_perfect_fit_has_the_curvature_of_its_neighbours(name: str) -> None:
    design, _ = standard(50)
    theta = torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64)
    found = hessian(design, (design @ theta)[:, None], theta, loss_of(name))
    wanted = by_formula(name, array(design), np.zeros(50))
    assert array(found) == pytest.approx(wanted, abs=1e-12)


# Eigenvalues ---------------------------------------------------------------------------------


@given(designs())
def test_eigenpairs_are_what_they_are_called(drawn: tuple[Array, int]) -> None:
    design, dependent = drawn
    X = torch.tensor(design)
    H = hessian(X, X[:, :1], torch.zeros(X.shape[1]), loss_of("half_squared"))
    found = curvature(H)
    values, vectors = array(found.eigenvalues), array(found.eigenvectors)
    assert found.rank == X.shape[1] - dependent
    assert (values >= 0).all()
    assert (np.diff(values) <= 0).all()
    assert array(H) @ vectors == pytest.approx(vectors * values, abs=1e-12 * values[0])
    assert vectors.T @ vectors == pytest.approx(np.eye(len(values)), abs=1e-12)
    # Of components equal but for rounding either may be the largest.
    assert (vectors.max(axis=0) >= (1 - 1e-6) * np.abs(vectors).max(axis=0)).all()
    # Singular values of X̃ itself, with the accuracy of the squares.
    singular = np.linalg.svd(design, compute_uv=False)[: found.rank]
    squares = singular**2 / len(design)
    assert values[: found.rank] == pytest.approx(squares, rel=1e-9, abs=1e-13 * values[0])
    if squares[0] < 1e8 * squares[-1]:
        assert found.condition == pytest.approx(squares[0] / squares[-1], rel=1e-4)


def test_two_equal_components_always_have_the_same_sign() -> None:
    for tiny in (-1e-15, 0.0, 1e-15):
        H = torch.tensor([[1.0, 0.5], [0.5, 1.0 + tiny]], dtype=torch.float64)
        root = math.sqrt(0.5)
        wanted = np.array([[root, root], [root, -root]])
        assert array(curvature(H).eigenvectors) == pytest.approx(wanted, abs=1e-9)


def test_without_curvature_any_lr_is_stable() -> None:
    design, y = standard(20)
    flat = curvature(hessian(design, y, torch.zeros(3), loss_of("l1")))
    assert flat.eigenvalues.tolist() == [0, 0, 0]
    assert (flat.rank, flat.critical_lr) == (0, math.inf)
    for undefined in (
        *(flat.smallest, flat.condition, flat.best_lr, flat.best_rate),
        *(flat.best_momentum_lr, flat.best_momentum, flat.best_momentum_rate),
    ):
        assert math.isnan(undefined)
    start = torch.tensor([1.0, -2.0, 3.0])
    assert flat.path(start, 0.1, torch.tensor([1, 100])).tolist() == [[1, -2, 3]] * 2


def test_a_saddle_is_counted_but_not_as_a_valley() -> None:
    """A linear net of two layers, ½(uv − 1)² at u = v = 0: H has eigenvalues ±1."""

    def objective(theta: Tensor) -> Tensor:
        return (theta[0] * theta[1] - 1).square() / 2

    H = hessian_by_autograd(objective, torch.zeros(2, dtype=torch.float64))
    saddle = curvature(H)
    assert saddle.eigenvalues.tolist() == pytest.approx([1, -1])
    assert saddle.rank == 2
    assert saddle.condition == pytest.approx(1)


@pytest.mark.parametrize("seed", range(10))
def test_the_critical_lr_of_standard_data(seed: int) -> None:
    """2/λmax 1.70–2.00 for the half loss, n=1000; half of that for the squared one."""
    design, y = standard(seed=seed)
    half, whole = (curvature(hessian(design, y, torch.zeros(3), loss_of(at))) for at in SQUARED)
    assert 1.70 < half.critical_lr < 2.00
    assert half.critical_lr == pytest.approx(2 * whole.critical_lr, rel=1e-12)


# Paths ---------------------------------------------------------------------------------------


def half_losses(design: Array, y: Array, lr: float, steps: int) -> list[float]:
    """The half loss after each step of full-batch gradient descent from 0, in plain numpy."""
    theta, losses = np.zeros(design.shape[1]), []
    for _ in range(steps):
        theta = theta - lr * design.T @ (design @ theta - y) / len(y)
        losses.append(float(np.mean((design @ theta - y) ** 2) / 2))
    return losses


@pytest.mark.parametrize("seed", range(3))
def test_gradient_descent_converges_below_the_critical_lr_and_diverges_above(seed: int) -> None:
    """.99× → floor; 1.01× → 2e6 at step 500."""
    X, labels = standard(seed=seed)
    limit = curvature(hessian(X, labels, torch.zeros(3), loss_of("half_squared"))).critical_lr
    design, y = array(X), array(labels)[:, 0]
    optimum = np.mean((design @ np.linalg.lstsq(design, y, rcond=None)[0] - y) ** 2) / 2
    assert half_losses(design, y, 0.99 * limit, 1000)[-1] == pytest.approx(optimum, rel=1e-6)
    assert 1e4 < half_losses(design, y, 1.01 * limit, 500)[-1] < 1e10


@given(designs(), st.floats(0.05, 2.02), st.integers(0, 2**32 - 1))
def test_the_path_is_that_of_a_plain_loop(
    drawn: tuple[Array, int], share: float, seed: int
) -> None:
    """With flat directions too: they keep what they started with."""
    design, _ = drawn
    random = np.random.default_rng(seed)
    X, y = torch.tensor(design), random.normal(size=(len(design), 1))
    H = hessian(X, torch.tensor(y), torch.zeros(X.shape[1]), loss_of("half_squared"))
    found = curvature(H)
    # Measured from the optimum, so that rounding of large numbers does not drown small ones.
    error: Array = random.normal(size=X.shape[1])
    lr = share / found.largest
    start, steps = found.along(torch.tensor(error)), torch.tensor([0, 1, 2, 10, 60])
    path = found.path(start, lr, steps)
    for k in range(61):
        if k in steps:
            row = array(path[steps.tolist().index(k)])
            measured = array(found.along(torch.tensor(error)))
            assert measured == pytest.approx(row, abs=1e-9)
            if found.rank < len(error):
                assert row[found.rank :] == pytest.approx(array(start)[found.rank :], abs=0)
        error = error - lr * design.T @ (design @ error) / len(design)


@pytest.mark.parametrize("share", [0.1, 1.0, 1.9])
def test_theta_moves_as_predicted_on_standard_data(share: float) -> None:
    """Difference <1e-12 in float64, from the start to the floor."""
    X, labels = standard()
    optimum = least_squares(X, labels)
    found = curvature(hessian(X, labels, optimum, loss_of("half_squared")))
    lr, design, y = share / found.largest, array(X), array(labels)[:, 0]
    path = found.path(found.along(-optimum), lr, torch.arange(1, 201))
    predicted = array(optimum + path @ found.eigenvectors.T)
    theta = np.zeros(3)
    for row in predicted:
        theta = theta - lr * design.T @ (design @ theta - y) / len(y)
        assert theta == pytest.approx(row, abs=1e-12)


def steps_to_a_millionth(design: Array, lr: float, mu: float) -> int:
    """Steps of the heavy ball until the error has fallen to 1e-6 of its start, in plain numpy."""
    H = design.T @ design / len(design)
    error, velocity, steps = np.ones(len(H)), np.zeros(len(H)), 0
    start = np.linalg.norm(error)
    while np.linalg.norm(error) > 1e-6 * start:
        velocity = mu * velocity + lr * H @ error
        error = error - velocity
        steps += 1
    return steps


@pytest.mark.parametrize("seed", range(3))
def test_a_narrow_valley_takes_as_long_as_its_condition_says(seed: int) -> None:
    """x₂×10: κ≈98, steps to 1e-6: about 677 (predicted 676); heavy ball about 83."""
    design, y = standard(seed=seed, scale=(1.0, 10.0))
    found = curvature(hessian(design, y, torch.zeros(3), loss_of("half_squared")))
    assert found.condition == pytest.approx(98, rel=0.15)
    assert found.best_rate == pytest.approx(1 - 2 / (found.condition + 1))
    predicted = math.log(1e-6) / math.log(found.best_rate)
    assert predicted == pytest.approx(676, rel=0.15)
    plain = steps_to_a_millionth(array(design), found.best_lr, 0.0)
    assert plain == pytest.approx(predicted, rel=0.05)
    ball = steps_to_a_millionth(array(design), found.best_momentum_lr, found.best_momentum)
    assert ball == pytest.approx(83, rel=0.15)
    assert ball > math.log(1e-6) / math.log(found.best_momentum_rate)


@given(st.lists(st.floats(0.01, 100), min_size=1, max_size=5))
def test_the_best_rates_are_spectral_radii(values: list[float]) -> None:
    """Of one step of gradient descent and of the heavy ball, from their matrices."""
    found = curvature(torch.tensor(values, dtype=torch.float64).diag())
    assert max(abs(1 - found.best_lr * at) for at in values) == pytest.approx(
        found.best_rate, abs=1e-9
    )
    lr, mu = found.best_momentum_lr, found.best_momentum
    radius = max(
        np.abs(np.linalg.eigvals([[1 + mu - lr * at, -mu], [1.0, 0.0]])).max() for at in values
    )
    # At the best pair two roots coincide, which halves the digits of the spectral radius.
    assert radius == pytest.approx(found.best_momentum_rate, abs=1e-6)
