"""The closed form against numpy, the noise floor against sampling."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from engine.catalog.losses import LOSSES, LossEntry
from engine.experiment import Experiment
from engine.problem import build
from engine.theory.closed_form import least_squares
from engine.theory.derivatives import curvatures, slopes, steepest_curvature
from engine.theory.expected_loss import expected_loss, loss_of_the_truth, symbol_of
from engine.theory.gather import best_values, floor_of
from tests.support.examples import tries
from tests.support.runs import Array, array, epochs_of, facts_of
from tests.support.strategies import every_entry


def tensors(X: Array, y: Array) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.tensor(X), torch.tensor(y).reshape(-1, 1)


def solved(X: Array, y: Array) -> Array:
    solution = least_squares(*tensors(X, y))
    assert solution.dtype == torch.float64
    assert solution.shape == (X.shape[1],)
    return array(solution)


# Closed form ---------------------------------------------------------------------------------


@given(
    n=st.integers(1, 200),
    d=st.integers(1, 8),
    rows=st.sampled_from([1, 2, 7, 64, 65_536]),
    seed=st.integers(0, 2**32 - 1),
)
@tries(150)
def test_least_squares_is_numpys(n: int, d: int, rows: int, seed: int) -> None:
    """Also with fewer rows than columns, where the least norm is meant."""
    random = np.random.default_rng(seed)
    X, y = random.normal(size=(n, d)), random.normal(size=n)
    wanted = np.linalg.lstsq(X, y, rcond=None)[0]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("engine.statistics.rows.ROWS_AT_ONCE", rows)
        found = solved(X, y)
    # Near n = d a random matrix may be close to singular.
    spread = np.linalg.svd(X, compute_uv=False)
    tolerance = 1e-12 * (spread[0] / spread[-1]) ** 2 * (1 + np.abs(wanted).max())
    assert found == pytest.approx(wanted, abs=max(tolerance, 1e-9))


@given(
    n=st.integers(1, 400),
    d=st.integers(1, 4),
    rows=st.sampled_from([3, 50, 65_536]),
    scale=st.sampled_from([1e-3, 1.0, 1e4]),
    seed=st.integers(0, 2**32 - 1),
)
@tries(150)
def test_dependent_columns_give_the_solution_of_least_norm(
    n: int, d: int, rows: int, scale: float, seed: int
) -> None:
    random = np.random.default_rng(seed)
    # Small whole numbers are exact, so the columns are exactly dependent.
    base = random.integers(-8, 9, size=(n, d)).astype(float) * scale
    X, y = np.hstack([base, base, 2 * base[:, :1]]), random.normal(size=n)
    wanted = np.linalg.pinv(X, rcond=1e-10) @ y
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("engine.statistics.rows.ROWS_AT_ONCE", rows)
        found = solved(X, y)
    assert found == pytest.approx(wanted, rel=1e-6, abs=1e-6 * (1 + np.abs(wanted).max()))


@pytest.mark.parametrize("n", [1000, 70_000, 200_000])
def test_dependent_columns_in_many_rows(n: int) -> None:
    X = np.random.default_rng(0).normal(size=(n, 3)).astype(np.float32).astype(float)
    y = X @ [1.0, 2.0, 3.0]
    found = solved(np.hstack([X, X, np.zeros((n, 1))]), y)
    assert found == pytest.approx([0.5, 1, 1.5, 0.5, 1, 1.5, 0], abs=1e-8)


def test_a_perfect_line_is_found_exactly() -> None:
    X = np.array([[1.0, 1.0], [2.0, 1.0], [3.0, 1.0]])
    assert solved(X, X @ [2.0, -3.4]) == pytest.approx([2, -3.4], abs=1e-14)


def test_nothing_to_learn_from_zeros() -> None:
    assert solved(np.zeros((5, 2)), np.ones(5)).tolist() == [0.0, 0.0]


@pytest.mark.parametrize(("n", "distance"), [(100, 1.7e-3), (1000, 4.9e-4), (10_000, 1.6e-4)])
def test_the_closed_form_nears_the_truth_with_the_root_of_n(n: int, distance: float) -> None:
    """‖θ*−θ‖ falls as n^(−½): 1.7e-3, 4.9e-4, 1.6e-4 at n=100, 1000, 10000."""
    truth = np.array([2.0, -3.4, 4.2])
    distances = [
        np.linalg.norm(np.concatenate([best["w"], best["b"]]) - truth)
        for seed in range(40)
        for best in [best_values(build(Experiment(seed=seed).changed({"data.n": n})))]
    ]
    assert np.mean(distances) == pytest.approx(distance, rel=0.25)


def test_the_optimum_is_the_noise_floor_less_what_was_fitted() -> None:
    """E[min half loss]=½σ²(n−d)/n with d parameters; n=1000: sd ≈4.5 %."""

    def optima(n: int, seeds: int) -> list[float]:
        run = Experiment().changed({"data.n": n})
        problems = (build(run.changed({"seed": seed})) for seed in range(seeds))
        return [floor_of(problem).optimum or 0.0 for problem in problems]

    assert np.mean(optima(50, 300)) == pytest.approx(0.5e-4 * 47 / 50, rel=0.04)
    at_1000 = optima(1000, 100)
    assert np.mean(at_1000) == pytest.approx(0.5e-4 * 997 / 1000, rel=0.015)
    assert np.std(at_1000) / np.mean(at_1000) == pytest.approx(0.045, abs=0.012)


@pytest.mark.parametrize("loss", ["half_squared", "squared"])
@pytest.mark.parametrize("seed", range(5))
def test_no_epoch_of_a_squared_loss_goes_below_the_optimum(loss: str, seed: int) -> None:
    from engine.training.trainer import train

    experiment = Experiment(loop="fast", seed=seed).changed(
        {"loss": loss, "epochs": 6, "data.noise": 0.3}
    )
    optimum = facts_of(experiment).floor.optimum
    assert optimum
    for epoch in epochs_of(train(experiment)):
        assert epoch.loss >= optimum * (1 - 1e-5)


def test_outliers_pull_least_squares_to_where_theory_says() -> None:
    """With one label in n moved by s, E θ* = θ + (Eθ shift): b moves by s/n on average."""
    moved = Experiment().changed({"data.outliers": 0.001, "data.outlier_size": 10_000.0})
    known = facts_of(moved)
    shift = np.concatenate([known.optimum["w"], known.optimum["b"]]) - [2.0, -3.4, 4.2]
    # Averaged over x, the bias moves by 10; each weight by 10 times the outlier's own feature.
    assert shift[2] == pytest.approx(10, rel=0.1)
    assert np.linalg.norm(shift) > 10


# Noise floor ---------------------------------------------------------------------------------


@given(st.floats(1e-4, 100))
def test_the_noise_floors_that_have_a_formula(noise: float) -> None:
    """½σ², σ², σ√(2/π)."""
    for name, wanted in (
        ("half_squared", noise**2 / 2),
        ("squared", noise**2),
        ("l1", noise * math.sqrt(2 / math.pi)),
    ):
        found = expected_loss(LOSSES[name].function, noise, 0.0, 10.0)
        assert found == pytest.approx(wanted, rel=1e-6)


def test_l1s_floor_on_standard_data() -> None:
    """.008=σ√(2/π) at σ=.01."""
    assert expected_loss(LOSSES["l1"].function, 0.01, 0, 0) == pytest.approx(0.008, rel=0.003)


QUANTILES = torch.special.ndtri((torch.arange(100_000, dtype=torch.float64) + 0.5) / 100_000)
"""A sample of the normal distribution, each value in the middle of an equal share of it."""


def sampled_mean(entry: LossEntry, params: dict[str, Any], noise: float, shift: float) -> float:
    """E ℓ(noise·z − shift) over evenly spread quantiles of z."""
    return float(entry.function(noise * QUANTILES - shift, **params).mean())


@pytest.mark.parametrize("entry", every_entry("loss"))
@pytest.mark.parametrize("noise", [0.01, 0.7, 3.0])
@pytest.mark.parametrize(("share", "size"), [(0.0, 10.0), (0.1, 10.0), (0.5, -0.5)])
def test_the_noise_floor_is_the_mean_loss_of_the_noise(
    entry: LossEntry, noise: float, share: float, size: float
) -> None:
    for factor in (1.0, 0.3):
        params = {param.name: factor * float(str(param.default)) for param in entry.params}

        def loss(r: torch.Tensor, params: dict[str, float] = params) -> torch.Tensor:
            cost: torch.Tensor = entry.function(r, **params)
            return cost

        sampled = (1 - share) * sampled_mean(entry, params, noise, 0.0)
        sampled += share * sampled_mean(entry, params, noise, size)
        assert expected_loss(loss, noise, share, size) == pytest.approx(sampled, rel=0.01)


@pytest.mark.parametrize("entry", LOSSES, ids=lambda entry: entry.name)
def test_the_floor_is_written_in_the_symbols_of_the_loss(entry: LossEntry) -> None:
    experiment = Experiment().changed({"loss": entry.name, "data.n": 50})
    assert facts_of(experiment).floor.symbol == entry.floor


@pytest.mark.parametrize("entry", every_entry("loss"))
def test_without_noise_only_the_outliers_cost_anything(entry: LossEntry) -> None:
    params = {param.name: param.default for param in entry.params}

    def loss(r: torch.Tensor) -> torch.Tensor:
        cost: torch.Tensor = entry.function(r, **params)
        return cost

    assert expected_loss(loss, 0.0, 0.0, 10.0) == 0
    one = loss(torch.tensor([-10.0], dtype=torch.float64)).item()  # the label is moved up
    assert expected_loss(loss, 0.0, 0.25, 10.0) == pytest.approx(0.25 * one)


@pytest.mark.parametrize("entry", every_entry("loss"))
def test_the_true_model_at_its_best_height_costs_the_noise_floor(entry: LossEntry) -> None:
    """The floor belongs to the data that are drawn: many samples, some of them outliers."""
    experiment = Experiment(loss=Experiment().changed({"loss": entry.name}).loss).changed(
        {"data.n": 200_000, "data.noise": 0.5, "data.outliers": 0.05, "data.outlier_size": 4.0}
    )
    problem = build(experiment)
    r = problem.X.double() @ torch.tensor([[2.0], [-3.4]]).double() + 4.2 - problem.y
    least = minimize_scalar(
        lambda height: float(problem.loss(r + height).mean()), bounds=(-1, 2), method="bounded"
    )
    assert loss_of_the_truth(problem) == pytest.approx(least.fun, rel=0.01)
    assert symbol_of(problem) == "min E ℓ(ε + c)"


# Derivatives ---------------------------------------------------------------------------------


@pytest.mark.parametrize("entry", every_entry("loss"))
def test_slopes_are_those_written_by_hand_and_curvatures_their_differences(
    entry: LossEntry,
) -> None:
    params = {param.name: 0.7 for param in entry.params}

    def loss(r: torch.Tensor) -> torch.Tensor:
        cost: torch.Tensor = entry.function(r, **params)
        return cost

    assert entry.derivative is not None
    r = torch.linspace(-3, 3, 61, dtype=torch.float64)[:, None]
    slope, curvature = slopes(loss, r), curvatures(loss, r)
    torch.testing.assert_close(slope, entry.derivative(r, **params))
    h = 1e-6
    difference = (entry.derivative(r + h, **params) - entry.derivative(r - h, **params)) / (2 * h)
    # Where ℓ′ jumps or bends there is no second derivative.
    smooth = ((r.abs() - 0.7).abs() > 1e-3) & (r.abs() + (not entry.kinks) > 1e-3)
    torch.testing.assert_close(curvature[smooth], difference[smooth], rtol=1e-6, atol=1e-8)
    if entry.bounded_curvature:
        assert steepest_curvature(loss) == pytest.approx(float(curvature.max()), rel=1e-3)
    assert not curvature.requires_grad


def test_a_loss_made_of_straight_lines_has_no_curvature() -> None:
    def pinball(r: torch.Tensor) -> torch.Tensor:
        return 0.9 * r.clamp(min=0) - 0.1 * r.clamp(max=0)

    r = torch.tensor([-2.0, -1.0, 1.0, 2.0])
    assert slopes(pinball, r).tolist() == pytest.approx([-0.1, -0.1, 0.9, 0.9])
    assert curvatures(pinball, r).tolist() == [0] * 4
    assert steepest_curvature(pinball) == 0
