"""Noise against every minibatch there is, exact second moments, and simulated chains."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from engine.theory.closed_form import least_squares
from engine.theory.noise import GradientNoise, gradient_noise
from tests.support.designs import loss_of, standard
from tests.support.runs import array

# The noise of a gradient ---------------------------------------------------------------------


@pytest.mark.parametrize("name", ["half_squared", "squared", "l1", "huber", "log_cosh"])
@pytest.mark.parametrize("rows", [3, 65_536])
def test_the_variance_is_that_of_every_minibatch_there_is(
    name: str, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.statistics.rows.ROWS_AT_ONCE", rows)
    X, y = standard(7)
    theta, loss = torch.tensor([1.0, -3.0, 4.0], dtype=torch.float64), loss_of(name)
    found = gradient_noise(X, y, theta, loss)

    def gradient(rows: list[int]) -> Tensor:
        at = theta.clone().requires_grad_()
        return torch.autograd.grad(loss(X[rows] @ at[:, None] - y[rows]).mean(), at)[0]

    whole = gradient(list(range(7)))
    torch.testing.assert_close(found.mean, whole)
    for size in range(1, 8):
        all_there_are = [gradient(list(rows)) for rows in combinations(range(7), size)]
        variance = (torch.stack(all_there_are) - whole).square().sum(1).mean()
        assert found.variance(size) == pytest.approx(float(variance), rel=1e-9, abs=1e-12)
    assert found.variance(1000) == 0
    single = torch.stack([gradient([i]) for i in range(7)])
    assert found.trace == pytest.approx(float(single.var(0).sum()), rel=1e-9)


def test_the_variance_falls_with_one_over_b() -> None:
    """Gradient variance ∝ 1/B."""
    X, y = standard(100_000)
    found = gradient_noise(X, y, torch.zeros(3), loss_of("half_squared"))
    single = array(-y * X)
    random = np.random.default_rng(0)
    for size in (1, 4, 16):
        drawn = single[random.integers(0, len(single), size=(20_000, size))].mean(axis=1)
        scatter = ((drawn - single.mean(axis=0)) ** 2).sum(axis=1).mean()
        assert found.variance(size) == pytest.approx(scatter, rel=0.06)
        assert found.variance(size) == pytest.approx(found.trace / size, rel=1e-3)


def test_the_batch_size_at_which_noise_equals_gradient() -> None:
    """B_simple at θ=0 about 2.9 (population), near the optimum >100."""
    X, y = standard(200_000)
    far = gradient_noise(X, y, torch.zeros(3), loss_of("half_squared"))
    # E g gᵀ of the population: ‖θ‖²(‖x̃‖² terms) by Wick's rule comes to tr Σ = 96.4, ‖G‖² = 33.2.
    assert far.simple_batch_size == pytest.approx(2.9, rel=0.02)
    near = gradient_noise(X, y, torch.tensor([2.0, -3.4, 4.21]), loss_of("half_squared"))
    at = gradient_noise(X, y, least_squares(X, y), loss_of("half_squared"))
    assert near.simple_batch_size < at.simple_batch_size
    assert at.simple_batch_size > 100


def test_a_penalty_moves_the_gradient_and_adds_no_noise() -> None:
    X, y = standard(50)
    theta = torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64)
    plain = gradient_noise(X, y, theta, loss_of("squared"))
    held = gradient_noise(X, y, theta, loss_of("squared"), torch.tensor([0.5, 1.0, 0.0]))
    assert array(held.mean - plain.mean) == pytest.approx([0.5, 1.0, 0.0])
    assert held.trace == plain.trace


def test_no_noise_in_one_sample_and_no_signal_in_zeros() -> None:
    X, y = torch.ones(1, 1), torch.ones(1, 1)
    one = gradient_noise(X, y, torch.zeros(1), loss_of("squared"))
    assert (one.trace, one.variance(1), one.simple_batch_size) == (0, 0, 0)
    assert GradientNoise(torch.zeros(2), 1.0, 5).simple_batch_size == math.inf


# The floor of noisy descent ------------------------------------------------------------------


def simulated_excess(lr: float, size: int, steps: int, sigma: float = 1.0) -> float:
    """Mean excess half loss of SGD on fresh standard Gaussian samples, many chains side by side."""
    generator = torch.Generator().manual_seed(3)
    chains, d = 4000, 3
    error, total = torch.zeros(chains, d), 0.0
    for step in range(2 * steps):
        X = torch.randn(chains, size, d, generator=generator)
        X[..., -1] = 1  # the bias
        noise = sigma * torch.randn(chains, size, 1, generator=generator)
        r = X @ error[..., None] - noise
        error = error - lr * (X.mT @ r)[..., 0] / size
        if step >= steps:
            total += float(error.square().sum(1).mean()) / 2
    return total / steps


def excess_loss(variance: float, lr: float, limit: float = math.inf) -> float:
    """How far above the optimum minibatch descent comes to rest: lr·variance/4/(1 − lr/limit).

    `variance` is that of a minibatch's gradient at the optimum: tr Σ/B for samples that never come
    again, dησ²/(4B) in all for the half loss of standard data with d parameters. Epochs without
    replacement lie lower. `limit` is `mean_square.stable_lr`; from there on nothing comes to rest
    and the excess is infinite. Exact for one parameter; left out it is the law for small lr.
    """
    return lr * variance / 4 / (1 - lr / limit) if lr < limit else math.inf


@pytest.mark.parametrize(("lr", "size"), [(0.1, 1), (0.05, 1), (0.1, 8)])
def test_steps_of_constant_size_come_to_rest_above_the_optimum(lr: float, size: int) -> None:
    """Excess half loss ≈ dησ²/(4B); η=.1, B=1 → .096σ²."""
    measured = simulated_excess(lr, size, round(8 / lr))
    law = excess_loss(3 / size, lr)
    assert law == pytest.approx(3 * lr / (4 * size))
    limit = 2 / (1 + 4 / size)
    assert measured == pytest.approx(excess_loss(3 / size, lr, limit), rel=0.1)
    if (lr, size) == (0.1, 1):
        assert measured == pytest.approx(0.096, rel=0.05)
    if (lr, size) == (0.1, 8):
        assert measured == pytest.approx(law, rel=0.12)


def test_the_variance_at_the_optimum_is_that_of_d6() -> None:
    """tr Σ = σ²·E‖x̃‖² = dσ² on standard data."""
    X, y = standard(100_000)
    found = gradient_noise(X, y, least_squares(X, y), loss_of("half_squared"))
    assert found.trace == pytest.approx(3 * 0.01**2, rel=0.02)


@given(mean=st.floats(0.1, 10), scatter=st.floats(0.0, 2.0), share=st.floats(0.01, 0.95))
def test_the_excess_is_exact_for_one_parameter(mean: float, scatter: float, share: float) -> None:
    """E e² = (1 − 2ηλ + η²E h²)·E e² + η²·variance, at rest."""
    square = mean**2 * (1 + scatter**2)
    limit = 2 * mean / square
    lr = share * limit
    at_rest = lr**2 * 0.3 / (2 * lr * mean - lr**2 * square)
    assert excess_loss(0.3, lr, limit) == pytest.approx(mean * at_rest / 2, rel=1e-9)


def test_nothing_comes_to_rest_at_the_limit() -> None:
    assert excess_loss(1.0, 0.4, 0.4) == math.inf
    assert excess_loss(0.0, 0.1, 0.4) == 0
