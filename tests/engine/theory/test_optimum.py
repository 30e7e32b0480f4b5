"""The smallest loss against linear programming, scipy, and the runs themselves."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog, minimize

from engine.catalog.losses import LossEntry
from engine.experiment import Experiment
from engine.problem import Problem, build
from engine.theory.closed_form import least_squares
from engine.theory.curvature import curvature
from engine.theory.optimum import optimum
from engine.training.events import Finished
from engine.training.trainer import train
from tests.support.examples import tries
from tests.support.runs import Array, array, facts_of, outcome
from tests.support.strategies import every_entry

OUTLIERS: dict[str, Any] = {"data.outliers": 0.01, "data.outlier_size": 1000.0}


def objective(problem: Problem, theta: Array) -> float:
    """weight·mean ℓ(X̃θ − y) + Σ penalty(w), float64."""
    model, at = problem.linear, torch.from_numpy(theta)
    r = model.design(problem.X).double() @ at[:, None] - problem.y
    mean = float(problem.loss(r).mean())
    return problem.experiment.mean_weight * mean + float(
        problem.penalty_of(at[: model.features]).sum()
    )


def by_linear_programming(problem: Problem, above: float, below: float, strength: float) -> float:
    """min above·mean r⁺ + below·mean r⁻ + strength·‖w‖₁ of r = X̃θ − y, by HiGHS."""
    X = array(problem.linear.design(problem.X)).astype(float)
    y, k = array(problem.y)[:, 0].astype(float), problem.linear.features
    n, p = X.shape
    # θ, r⁺, r⁻, and w = w⁺ − w⁻
    costs = [np.zeros(p), np.full(n, above / n), np.full(n, below / n), np.full(2 * k, strength)]
    fits = np.hstack([X, -np.eye(n), np.eye(n), np.zeros((n, 2 * k))])
    splits = np.hstack([np.eye(k, p), np.zeros((k, 2 * n)), -np.eye(k), np.eye(k)])
    answer = linprog(
        np.concatenate(costs),
        A_eq=np.vstack([fits, splits]),
        b_eq=np.concatenate([y, np.zeros(k)]),
        bounds=[(None, None)] * p + [(0, None)] * (2 * n + 2 * k),
    )
    return float(answer.fun)


@tries(15)
@given(
    q=st.sampled_from([None, 0.03, 0.5, 0.9, 0.99]),
    n=st.integers(20, 200),
    features=st.integers(1, 5),
    noise=st.sampled_from([0.01, 1.0, 100.0]),
    outliers=st.sampled_from([0.0, 0.1, 0.4]),
    strength=st.sampled_from([0.0, 0.01, 0.5]),
    seed=st.integers(0, 99),
)
def test_losses_with_a_kink_reach_the_optimum_of_linear_programming(
    q: float | None,
    n: int,
    features: int,
    noise: float,
    outliers: float,
    strength: float,
    seed: int,
) -> None:
    changes: dict[str, Any] = {
        "data.n": n,
        "data.w": tuple(range(1, features + 1)),
        "data.noise": noise,
        "data.outliers": outliers,
        "data.outlier_size": 1000.0,
        "seed": seed,
    }
    changes |= {"loss": "l1"} if q is None else {"loss": "quantile", "loss.q": q}
    changes |= {"penalty": "l1", "penalty.strength": strength} if strength else {}
    problem = build(Experiment(batch_size=1).changed(changes))
    above, below = (1.0, 1.0) if q is None else (1 - q, q)
    least = by_linear_programming(problem, above, below, strength)
    theta = array(optimum(problem, problem.linear))
    assert objective(problem, theta) == pytest.approx(least, rel=3e-9, abs=1e-9 * noise)


@pytest.mark.parametrize(("q", "strength"), [(0.5, 0.0), (0.1, 0.03)])
def test_with_many_features_too(q: float, strength: float) -> None:
    changes = {"loss": "quantile", "loss.q": q, "data.n": 400, "data.w": (0.5,) * 20}
    changes |= {"penalty": "l1", "penalty.strength": strength} if strength else {}
    problem = build(Experiment(batch_size=1).changed(changes))
    least = by_linear_programming(problem, 1 - q, q, strength)
    assert objective(problem, array(optimum(problem, problem.linear))) == pytest.approx(
        least, rel=1e-9
    )


@pytest.mark.parametrize("entry", every_entry("loss"))
@pytest.mark.parametrize("penalty", ["none", "l1", "l2"])
def test_no_place_near_the_optimum_is_better(entry: LossEntry, penalty: str) -> None:
    """A convex function is smallest where it is smaller than all around."""
    changes = {"loss": entry.name, "penalty": penalty, "data.n": 60, "data.noise": 0.5}
    problem = build(Experiment(batch_size=7).changed({**changes, "data.outliers": 0.1}))
    theta = array(optimum(problem, problem.linear))
    least = objective(problem, theta)
    random = np.random.default_rng(0)
    for size in (1e-3, 1e-1):
        for _ in range(50):
            elsewhere = theta + size * random.normal(size=3)
            assert objective(problem, elsewhere) >= least * (1 - 1e-9)


@pytest.mark.parametrize("delta", [1e-3, 1.0, 30.0])
@pytest.mark.parametrize("loss", ["huber", "smooth_l1"])
def test_smooth_robust_losses_against_scipy(loss: str, delta: float) -> None:
    key = {"huber": "loss.delta", "smooth_l1": "loss.beta"}[loss]
    changes = {"loss": loss, key: delta, "data.noise": 1.0, "data.n": 200, **OUTLIERS}
    problem = build(Experiment().changed(changes))
    theta = array(optimum(problem, problem.linear))
    answer = minimize(lambda at: objective(problem, at), theta + 0.1, method="BFGS", tol=1e-12)
    assert objective(problem, theta) <= answer.fun * (1 + 1e-9)
    assert objective(problem, theta) == pytest.approx(answer.fun, rel=1e-5)


@pytest.mark.parametrize("loss", ["huber", "log_cosh", "l1"])
def test_two_rows_are_met_exactly_but_for_rounding(loss: str) -> None:
    changes = {"loss": loss, "data.n": 2, "data.scale": (1000.0,), "seed": 16}
    problem = build(Experiment(batch_size=16).changed(changes))
    theta = array(optimum(problem, problem.linear))
    r = array(problem.linear.design(problem.X)) @ theta - array(problem.y)[:, 0]
    assert np.abs(r).max() < 1e-11


@pytest.mark.parametrize("loss", ["l1", "huber", "log_cosh"])
def test_robust_losses_are_not_finished_before_they_have_learned(loss: str) -> None:
    run = Experiment(lr=1e-4, epochs=1, loop="fast").changed({"loss": loss, **OUTLIERS})
    facts = facts_of(run)
    assert facts.floor.optimum == pytest.approx(10.0, rel=2e-3)
    assert facts.optimum["w"] == pytest.approx((2.0, -3.4), abs=0.01)
    end = outcome(train(run))
    assert isinstance(end, Finished)
    assert facts.floor.standing(end.loss) == "still learning"
    again = outcome(train(run.changed({"lr": 0.03, "epochs": 60, "schedule": "cosine"})))
    assert isinstance(again, Finished)
    assert facts.floor.standing(again.loss) != "still learning"


@pytest.mark.parametrize("loss", ["l1", "log_cosh", "huber"])
@pytest.mark.parametrize("penalty", ["l1", "l2"])
def test_a_penalised_run_is_finished_at_its_own_optimum(loss: str, penalty: str) -> None:
    run = Experiment(lr=0.2, batch_size=20, epochs=100).changed(
        {"loss": loss, "penalty": penalty, "penalty.strength": 0.5, "schedule": "cosine"}
    )
    run = run.changed({"data.n": 200})
    floor, end = facts_of(run).floor, outcome(train(run))
    assert isinstance(end, Finished)
    assert end.loss == pytest.approx(floor.optimum, rel=0.05)
    assert floor.standing(end.loss) == "at the best this model can do"


@pytest.mark.parametrize("reduction", ["sum", "mean", "total"])
def test_a_short_last_minibatch_weighs_the_penalty_more(reduction: str) -> None:
    """n/(B⌈n/B⌉) is the weight of the data under sum, n/⌈n/B⌉ under total, 1 under mean."""
    run = Experiment(batch_size=100, epochs=400, loop="fast").changed(
        {"data.n": 150, "penalty": "l2", "penalty.strength": 0.5, "reduction": reduction}
    )
    lr = {"sum": 0.02, "mean": 0.02, "total": 3e-4}[reduction]
    known, end = facts_of(run), outcome(train(run.changed({"lr": lr})))
    assert isinstance(end, Finished)
    assert run.mean_weight == {"sum": 0.75, "mean": 1.0, "total": 75.0}[reduction]
    assert end.params["w"] == pytest.approx(known.optimum["w"], rel=0.03)
    if reduction == "sum":
        X = array(build(run).linear.design(build(run).X)).astype(float)
        y = array(build(run).y)[:, 0]
        ridge = X.T @ X / 150 * 0.75 + np.diag([0.5, 0.5, 0])
        assert known.optimum["w"] == pytest.approx(
            np.linalg.solve(ridge, X.T @ y / 150 * 0.75)[:2], rel=1e-5
        )


@pytest.mark.parametrize(
    ("changes", "reachable"),
    [
        # s(1 − s)·size²
        ({"data.outlier_size": 1000.0, "data.outliers": 0.5, "loss": "squared"}, 250_000.0),
        ({"data.outlier_size": 10.0, "data.outliers": 0.2, "loss": "half_squared"}, 8.0),
    ],
)
def test_outliers_do_not_lift_the_floor_above_what_can_be_reached(
    changes: dict[str, Any], reachable: float
) -> None:
    floor = facts_of(Experiment().changed(changes)).floor
    assert floor.noise == pytest.approx(reachable, rel=1e-3)
    assert floor.optimum == pytest.approx(reachable, rel=0.02)


# Columns of awkward size ---------------------------------------------------------------------


def test_timestamps_have_the_slope_that_they_have() -> None:
    """A reading every two minutes over a day, seconds since 1970: y = t/120 counted from then."""
    t = 1_700_000_000.0 + 120.0 * torch.arange(720, dtype=torch.float64)
    X = torch.stack([t, torch.ones_like(t)], dim=1)
    y = (t - 1_700_000_000.0)[:, None] / 120
    theta = least_squares(X, y, centred=True)
    assert float(theta[0]) == pytest.approx(1 / 120, rel=1e-9)
    assert float(theta[1]) == pytest.approx(-1_700_000_000 / 120, rel=1e-9)


def test_columns_of_very_different_size_are_not_flat() -> None:
    run = Experiment().changed({"data.scale": (0.001, 10_000.0), "data.w": (2000.0, -0.0034)})
    bent = facts_of(run).stability.curvature
    design = array(build(run).linear.design(build(run).X)).astype(float)
    singular = np.linalg.svd(design, compute_uv=False)
    assert bent.rank == 3
    assert array(bent.eigenvalues) == pytest.approx(singular**2 / 1000, rel=1e-6)
    assert facts_of(run).optimum["w"] == pytest.approx((2000.0, -0.0034), rel=2e-3)


@given(
    sizes=st.lists(st.floats(-6, 6), min_size=2, max_size=6),
    seed=st.integers(0, 999),
    twice=st.booleans(),
)
def test_eigenvalues_keep_their_digits_whatever_the_columns_sizes(
    sizes: list[float], seed: int, twice: bool
) -> None:
    X = np.random.default_rng(seed).normal(size=(50, len(sizes))) * 10.0 ** np.array(sizes)
    X = np.hstack([X, X[:, :1]]) if twice else X
    bent = curvature(torch.from_numpy(X.T @ X))
    assert bent.rank == len(sizes)
    if not twice:
        singular = np.linalg.svd(X, compute_uv=False)
        assert array(bent.eigenvalues) == pytest.approx(singular**2, rel=1e-6)
