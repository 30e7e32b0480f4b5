"""One gradient three ways; and the three agree only when none of them is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from torch import Tensor

from engine.catalog.losses import LOSSES
from engine.catalog.model import Linear, line
from engine.theory.xray import apart, xray
from tests.support.runs import array
from tests.support.strategies import every_entry


def drawn(model: Linear, size: int, seed: int) -> tuple[dict[str, Tensor], Tensor, Tensor]:
    """Random parameters and a random minibatch, float32 as in a run."""
    random = torch.Generator().manual_seed(seed)
    params = {
        name: torch.randn(shape, generator=random).requires_grad_()
        for name, shape in model.shapes.items()
    }
    X = 3 * torch.randn(size, model.features, generator=random)
    return params, X, 5 * torch.randn(size, 1, generator=random)


@pytest.mark.parametrize("entry", every_entry("loss"))
@given(
    features=st.integers(1, 5),
    bias=st.booleans(),
    size=st.integers(1, 40),
    seed=st.integers(0, 2**32 - 1),
)
def test_autograd_hand_and_differences_agree(
    entry: Any, features: int, bias: bool, size: int, seed: int
) -> None:
    """To 1e-6 in float64, for every loss."""
    model = line(features, "w", "b" if bias else None)
    params, X, y = drawn(model, size, seed)
    settings = {param.name: param.default for param in entry.params}
    # Where ℓ′ jumps or bends within a step of the differences, they are not to agree.
    r = array(model.predict(params, X) - y)
    kinks = [0.0, *(at for value in settings.values() for at in (-value, value))]
    assume(min(np.abs(r - kink).min() for kink in kinks) > 1e-2)
    found = xray(
        model,
        params,
        X,
        y,
        lambda r: entry.function(r, **settings),
        lambda r: entry.derivative(r, **settings),
    )
    assert found.off_by_hand < 1e-12
    assert found.off_by_difference < 1e-6
    assert list(found.autograd) == list(found.by_hand) == list(found.by_difference)
    assert {name: len(part) for name, part in found.autograd.items()} == {
        name: param.numel() for name, param in params.items()
    }
    assert all(param.grad is None and param.dtype == torch.float32 for param in params.values())


def test_the_half_loss_by_numpy() -> None:
    """The gradient equals X̃ᵀr/B."""
    model = line(2, "w", "b")
    params, X, y = drawn(model, 10, 4)
    found = xray(model, params, X, y, lambda r: r * r / 2, lambda r: r)
    design = np.hstack([array(X), np.ones((10, 1))])
    theta = np.concatenate([array(params["w"])[:, 0], array(params["b"])])
    wanted = design.T @ (design @ theta - array(y)[:, 0]) / 10
    for part in (found.autograd, found.by_hand, found.by_difference):
        assert [*part["w"], *part["b"]] == pytest.approx(wanted, rel=1e-8)


@pytest.mark.parametrize("name", ["half_squared", "huber", "log_cosh"])
@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
@pytest.mark.parametrize("far", [1e-2, 1.0, 1e6])
def test_they_agree_for_features_and_labels_of_any_size(
    name: str, scale: float, far: float
) -> None:
    entry, derivative = LOSSES[name], LOSSES[name].derivative
    assert derivative is not None
    model = line(2, "w", "b")
    params, X, y = drawn(model, 10, 4)
    params = {name: param.detach() / scale for name, param in params.items()}
    X = torch.cat([scale * X[:, :1], torch.zeros(10, 1)], dim=1)
    settings = LOSSES.defaults(name)
    found = xray(
        model,
        params,
        X,
        far * y,
        lambda r: entry.function(r, **settings),
        lambda r: derivative(r, **settings),
    )
    assert found.off_by_hand < 1e-12
    assert found.off_by_difference < 1e-6


def test_a_perfect_fit_has_no_gradient() -> None:
    model = line(2, "w", "b")
    params, X, _ = drawn(model, 10, 4)
    params = {name: param.detach().double() for name, param in params.items()}
    y = model.predict(params, X.double())
    found = xray(model, params, X, y, lambda r: r * r / 2, lambda r: r)
    for part in (found.autograd, found.by_hand, found.by_difference):
        assert [*part["w"], *part["b"]] == pytest.approx([0, 0, 0], abs=1e-12)
    assert found.off_by_difference < 1e-12


def test_a_penalty_is_part_of_all_three() -> None:
    def penalty(params: Mapping[str, Tensor]) -> Tensor:
        return 0.7 * params["w"].square().sum()

    model = line(3, "w", "b")
    params, X, y = drawn(model, 8, 1)
    plain = xray(model, params, X, y, lambda r: r * r, lambda r: 2 * r)
    held = xray(model, params, X, y, lambda r: r * r, lambda r: 2 * r, penalty)
    extra = 1.4 * array(params["w"])[:, 0]
    for before, after in (
        (plain.autograd, held.autograd),
        (plain.by_hand, held.by_hand),
        (plain.by_difference, held.by_difference),
    ):
        assert np.subtract(after["w"], before["w"]) == pytest.approx(extra, rel=1e-6)
        assert after["b"] == pytest.approx(before["b"], rel=1e-9)
    assert held.off_by_hand < 1e-12
    assert held.off_by_difference < 1e-8


def test_a_wrong_derivative_is_seen() -> None:
    model = line(2, "w", "b")
    found = xray(model, *drawn(model, 8, 1), lambda r: r * r, lambda r: r)
    assert found.off_by_hand == pytest.approx(0.5)
    assert found.off_by_difference < 1e-8
    assert replace(found, by_hand=found.autograd).off_by_hand == 0


def test_how_far_apart() -> None:
    assert apart({"w": (1.0, 2.0)}, {"w": (1.0, 4.0)}) == 0.5
    assert apart({"w": (0.0,)}, {"w": (0.0,)}) == 0
    assert apart({"w": (0.25,)}, {"w": (0.0,)}) == 0.25
    nan = float("nan")
    assert np.isnan(apart({"w": (0.0, nan)}, {"w": (1.0, 1.0)}))
    assert np.isnan(apart({"w": (0.0, 1.0)}, {"w": (nan, 1.0)}))
