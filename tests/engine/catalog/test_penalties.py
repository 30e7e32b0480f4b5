"""Penalties: their derivative against finite differences, and what they do to a run."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.catalog.penalties import PenaltyEntry
from engine.experiment import Experiment
from engine.problem import build
from engine.training.trainer import train
from tests.support.runs import array, facts_of, outcome
from tests.support.strategies import every_entry


@pytest.mark.parametrize("entry", every_entry("penalty"))
@given(w=st.floats(-50, 50), strength=st.floats(0, 10))
def test_the_derivative_is_the_finite_difference(
    entry: PenaltyEntry, w: float, strength: float
) -> None:
    options = {param.name: strength for param in entry.params}
    h = 1e-6
    if abs(w) > h:  # L1 has a kink at 0
        at = torch.tensor([w - h, w, w + h], dtype=torch.float64)
        low, _, high = entry.function(at, **options).tolist()
        slope = entry.derivative(at, **options)[1].item()  # type: ignore[misc]
        assert slope == pytest.approx((high - low) / (2 * h), rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("entry", every_entry("penalty"))
def test_no_weights_cost_nothing(entry: PenaltyEntry) -> None:
    options = {param.name: param.default for param in entry.params}
    zero = torch.zeros(3)
    assert entry.function(zero, **options).tolist() == [0, 0, 0]
    assert entry.derivative(zero, **options).tolist() == [0, 0, 0]  # type: ignore[misc]


@pytest.mark.parametrize("loss", ["half_squared", "squared"])
def test_the_closed_form_under_l2_is_ridge_regression(loss: str) -> None:
    """(X̃ᵀX̃/n + (λ/c)·I)θ = X̃ᵀy/n, c the curvature of the loss and I without the bias."""
    strength, curvature = 0.3, {"half_squared": 1.0, "squared": 2.0}[loss]
    experiment = Experiment(epochs=200, batch_size=1000, lr=0.4).changed(
        {"loss": loss, "penalty": "l2", "penalty.strength": strength, "loop": "scratch"}
    )
    problem = build(experiment)
    design, y = array(problem.linear.design(problem.X)), array(problem.y)
    eye = np.diag([1.0, 1.0, 0.0])
    ridge = np.linalg.solve(
        design.T @ design / 1000 + strength / curvature * eye, design.T @ y / 1000
    ).ravel()
    closed = facts_of(experiment).optimum
    assert [*closed["w"], *closed["b"]] == pytest.approx(ridge.tolist(), rel=1e-6)
    # Full-batch descent goes there, and so not to the true weights.
    found = outcome(train(experiment)).params
    assert [*found["w"], *found["b"]] == pytest.approx(ridge.tolist(), abs=1e-5)
    assert abs(found["w"][1]) < 3.4 / (1 + 0.5 * strength)


def test_l1_brings_a_useless_weight_to_zero() -> None:
    """The lasso sets to 0 what least squares leaves small."""
    experiment = Experiment(epochs=60, batch_size=100, lr=0.05).changed(
        {"data.w": (2.0, 0.05), "penalty": "l1", "penalty.strength": 0.2}
    )
    w = outcome(train(experiment)).params["w"]
    assert abs(w[1]) < 0.02 < 1.5 < w[0] < 1.9
