"""The limit of the lr against the spectral radius of E T⊗T over every minibatch there is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import reduce
from itertools import combinations
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from engine.catalog.choice import Choice, choose
from engine.catalog.optimizers import OptimizerEntry
from engine.experiment import Experiment
from engine.settings import Reduction
from engine.theory.curvature import curvature, hessian
from engine.theory.mean_square import Batch, Modes, Samples, exact_limit, modes, stable_lr
from engine.training.events import Finished
from engine.training.trainer import train
from tests.support.designs import designs, loss_of, standard
from tests.support.runs import Array, array, facts_of, outcome

SGD = choose("optimizer", "sgd")


def ball(name: str, momentum: float) -> Choice[OptimizerEntry]:
    return choose("optimizer", name, {"momentum": momentum})


def modes_of(X: Tensor, decay: float = 0.0, times: float = 1.0) -> Modes:
    """The modes of times·½ mean (X·θ)² + ½·decay·‖θ‖²."""
    X = X.double()
    p = X.shape[1]
    A = hessian(X, X[:, :1], torch.zeros(p), loss_of("half_squared"))

    def samples() -> Samples:
        yield X, torch.ones(len(X), 1, dtype=torch.float64)

    bent = modes(A, torch.full((p,), decay, dtype=torch.float64), times, samples, len(X))
    assert bent is not None
    return bent


def steps(H: Array, lr: float, mu: float, nesterov: bool) -> Array:
    """The step of (error, velocity) by momentum, written out, for each Hessian of H (m, p, p)."""
    eye, ahead = np.broadcast_to(np.eye(H.shape[1]), H.shape), 1 + mu if nesterov else 1.0
    kept = lr * mu * (mu if nesterov else 1.0)
    return np.block([[eye - lr * ahead * H, -kept * eye], [H, mu * eye]])


def growth(X: Array, lr: float, mu: float, nesterov: bool, batches: Sequence[Batch]) -> float:
    """Of E zzᵀ in an epoch: spectral radius of the product of E T⊗T over all minibatches."""
    factors = []
    for batch in batches:
        some = X[list(combinations(range(len(X)), batch.samples))]
        T = steps(batch.times * some.mT @ some / batch.samples, lr, mu, nesterov)
        size = T.shape[1] ** 2
        factors.append(np.einsum("mab,mcd->acbd", T, T).reshape(size, size) / len(T))
    epoch = reduce(lambda before, factor: factor @ before, factors)
    return float(np.abs(np.linalg.eigvals(epoch)).max())


@pytest.mark.parametrize("data", [{}, {"scale": (1.0, 10.0)}, {"correlation": 0.9}])
@pytest.mark.parametrize("name", ["momentum", "nesterov"])
@pytest.mark.parametrize("mu", [0.0, 0.5, 0.9, 0.99])
def test_the_limit_is_where_second_moments_begin_to_grow(
    data: dict[str, Any], name: str, mu: float
) -> None:
    X, _ = standard(60, **data)
    batch = [Batch(1, 1.0)]
    limit = stable_lr(modes_of(X), ball(name, mu), batch)
    assert growth(array(X), 0.999 * limit, mu, name == "nesterov", batch) < 1
    assert growth(array(X), 1.001 * limit, mu, name == "nesterov", batch) > 1
    if mu == 0:
        assert stable_lr(modes_of(X), SGD, batch) == pytest.approx(limit, rel=1e-6)


@pytest.mark.parametrize("size", [1, 2, 5])
@pytest.mark.parametrize("times", [1.0, 4.0])
def test_minibatches_are_drawn_without_replacement(size: int, times: float) -> None:
    X, _ = standard(6, scale=(1.0, 3.0))
    batch = [Batch(size, times)]
    limit = stable_lr(modes_of(X, times=times), SGD, batch)
    assert growth(array(X), 0.999 * limit, 0.0, False, batch) < 1
    assert growth(array(X), 1.001 * limit, 0.0, False, batch) > 1


@pytest.mark.parametrize(("name", "mu"), [("momentum", 0.5), ("momentum", 0.9), ("nesterov", 0.9)])
@pytest.mark.parametrize("times", [1.0, 0.5])
def test_a_short_step_can_resonate_with_momentum(name: str, mu: float, times: float) -> None:
    """Two whole minibatches and a short one; the smallest lr that grows, by search."""
    X, _ = standard(7, seed=3)
    batches = [Batch(6, 1.0), Batch(6, 1.0), Batch(3, times)]
    limit = stable_lr(modes_of(X), ball(name, mu), batches)
    even = stable_lr(modes_of(X), ball(name, mu), batches[:1])
    lrs = np.linspace(0.01, 1, 200) * even
    growing = [lr for lr in lrs if growth(array(X), lr, mu, name == "nesterov", batches) > 1]
    first = min(growing, default=even)
    assert 0.98 * first < limit < 1.02 * first


def test_standard_data_bear_what_theory_says() -> None:
    """2/(1 + (3 + √17)/2/B) by hand: E xxᵀPxxᵀ of P = diag(a, a, b) has 4a + b and 2a + b.

    ‖θ − θ*‖² itself never grows in the mean below the smaller 2/(1 + 4/B).
    """
    X, _ = standard(200_000)
    for size in (1, 2, 10):
        limit = stable_lr(modes_of(X), SGD, [Batch(size, 1.0)])
        assert limit == pytest.approx(2 / (1 + (3 + 17**0.5) / 2 / size), rel=0.02)


@pytest.mark.parametrize("features", [5, 12, 40])
def test_many_gaussian_features(features: int) -> None:
    """E xxᵀ P xxᵀ = 2P + tr(P)·I of a Gaussian: the limit for B samples is 2/(1 + (d + 1)/B)."""
    X = torch.randn(100_000, features, generator=torch.Generator().manual_seed(1))
    for size in (1, 10):
        limit = stable_lr(modes_of(X), SGD, [Batch(size, 1.0)])
        assert limit == pytest.approx(2 / (1 + (features + 1) / size), rel=0.03)


def test_a_full_batch_has_only_curvature_to_fear() -> None:
    """The heavy ball: 2(1 + μ)/λmax; Nesterov's method: 2(1 + μ)/((1 + 2μ)λmax)."""
    X, _ = standard(100, scale=(1.0, 10.0), correlation=0.6)
    critical = curvature(hessian(X, X, torch.zeros(3), loss_of("half_squared"))).critical_lr
    whole = [Batch(100, 1.0)]
    for mu in (0.0, 0.5, 0.9):
        limits = {"momentum": 1 + mu, "nesterov": (1 + mu) / (1 + 2 * mu)}
        for name, factor in limits.items():
            limit = stable_lr(modes_of(X), ball(name, mu), whole)
            assert limit == pytest.approx(factor * critical, rel=1e-6)
            assert exact_limit(ball(name, mu), 2 / critical) == pytest.approx(limit, rel=1e-6)
    limits_of_sizes = [
        stable_lr(modes_of(X), SGD, [Batch(size, 1.0)]) for size in (1, 2, 10, 50, 100)
    ]
    assert limits_of_sizes == sorted(limits_of_sizes)


@given(designs())
def test_noise_lowers_the_limit_of_any_data(drawn: tuple[Array, int]) -> None:
    X = torch.tensor(drawn[0])
    critical = curvature(
        hessian(X, X[:, :1], torch.zeros(X.shape[1]), loss_of("half_squared"))
    ).critical_lr
    full, single = (stable_lr(modes_of(X), SGD, [Batch(size, 1.0)]) for size in (len(X), 1))
    assert full == pytest.approx(critical, rel=1e-6)
    assert single < critical


def test_flat_directions_do_not_count() -> None:
    X, _ = standard(300)
    doubled = torch.cat([X, X[:, :1], torch.zeros(300, 1)], dim=1) / math.sqrt(2)
    same = torch.cat([X[:, :1], X[:, 1:] / math.sqrt(2)], dim=1)
    limits = [stable_lr(modes_of(part), SGD, [Batch(4, 1.0)]) for part in (doubled, same)]
    assert limits[0] == pytest.approx(limits[1], rel=1e-6)


@given(
    mean=st.floats(0.1, 10), scatter=st.floats(0.0, 3.0), mu=st.sampled_from([0.0, 0.3, 0.9, 0.99])
)
def test_the_heavy_balls_limit_for_one_parameter(mean: float, scatter: float, mu: float) -> None:
    """2h/(h²/(1 + μ) + var/(1 − μ)) by the second moments of one error, h the mean curvature."""
    x = np.sqrt(mean * np.array([1 - min(scatter, 1.0), 1 + min(scatter, 1.0)]))
    variance = (mean * min(scatter, 1.0)) ** 2
    limit = stable_lr(modes_of(torch.tensor(x)[:, None]), ball("momentum", mu), [Batch(1, 1.0)])
    expected = 2 * mean / (mean**2 / (1 + mu) + variance / (1 - mu))
    assert limit == pytest.approx(expected, rel=1e-6)


# In runs -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"optimizer": "nesterov"}, 0.846),
        ({"optimizer": "nesterov", "optimizer.momentum": 0.99}, 0.808),
    ],
)
def test_limits_on_standard_data(changes: dict[str, object], expected: float) -> None:
    """By the second-moment map written in numpy, float64."""
    assert facts_of(Experiment().changed(changes)).stability.limit.lr == pytest.approx(
        expected, abs=6e-4
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"data.n": 101, "batch_size": 100, "reduction": "mean", "optimizer": "momentum"},
        {"data.n": 100, "batch_size": 30, "optimizer": "momentum"},
        {"data.n": 1001, "batch_size": 500, "reduction": "mean"},
        {"data.n": 100, "batch_size": 30, "optimizer": "nesterov", "reduction": "total"},
    ],
)
def test_what_is_called_safe_is_safe_though_the_last_minibatch_is_short(
    changes: dict[str, object],
) -> None:
    run = Experiment(epochs=400, loop="fast").changed(changes)
    for seed in range(6):
        seeded = run.changed({"seed": seed})
        known = facts_of(seeded)
        end = outcome(train(seeded.changed({"lr": 0.8 * known.stability.limit.lr})))
        assert isinstance(end, Finished)
        assert end.loss < 0.01 * known.start_loss


def test_dropping_the_short_minibatch_gives_the_larger_limit_back() -> None:
    run = Experiment(batch_size=100, reduction=Reduction.MEAN).changed({"data.n": 101})
    short, dropped = (
        facts_of(run.changed({"drop_last": drop})).stability.limit.lr for drop in (False, True)
    )
    assert short < 0.8 * dropped
