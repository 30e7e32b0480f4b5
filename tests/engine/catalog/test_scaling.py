"""Standardized data and the way back, against numpy's least squares and finite differences."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.catalog.scaling import Scaling, scaling_of

SIZES = st.floats(1e-3, 1e3)
PLACES = st.floats(-1e3, 1e3)


def drawn(seed: int, size: float, place: float) -> tuple[torch.Tensor, torch.Tensor]:
    """X (40, 2) of unlike columns and y (40, 1), float64."""
    random = np.random.default_rng(seed)
    X = random.normal(size=(40, 2)) * [size, 1.0] + [place, -place]
    y = X @ [[0.5], [2.0]] + random.normal(size=(40, 1)) + 3
    return torch.from_numpy(X), torch.from_numpy(y)


@given(seed=st.integers(0, 99), size=SIZES, place=PLACES, has_bias=st.booleans())
def test_least_squares_of_standardized_data_come_back_as_those_of_the_data(
    seed: int, size: float, place: float, has_bias: bool
) -> None:
    X, y = drawn(seed, size, place)
    scaling = scaling_of(X, y, "w", "b" if has_bias else None)
    one = np.ones((40, 1 if has_bias else 0))
    standard = np.hstack([scaling.features(X).numpy(), one])
    beta = np.linalg.lstsq(standard, scaling.labels(y).numpy(), rcond=None)[0][:, 0]
    named = {"w": tuple(beta[:2]), **({"b": (beta[2],)} if has_bias else {})}
    original = scaling.original(named)
    expected = np.linalg.lstsq(np.hstack([X.numpy(), one]), y.numpy(), rcond=None)[0][:, 0]
    assert [*original["w"], *original.get("b", ())] == pytest.approx(expected, rel=1e-6, abs=1e-6)
    for name, values in scaling.standard(original).items():
        assert values == pytest.approx(named[name], rel=1e-6, abs=1e-9)


@given(seed=st.integers(0, 99), size=SIZES, place=PLACES)
def test_columns_have_mean_0_and_deviation_1_and_come_back(
    seed: int, size: float, place: float
) -> None:
    X, y = drawn(seed, size, place)
    scaling = scaling_of(X, y, "w", "b")
    standard = scaling.features(X)
    assert standard.mean(0).tolist() == pytest.approx([0, 0], abs=1e-9)
    assert standard.std(0).tolist() == pytest.approx([1, 1])
    torch.testing.assert_close(scaling.original_features(standard), X)
    torch.testing.assert_close(scaling.original_labels(scaling.labels(y)), y)
    for index in (0, 1):
        column = scaling.original_feature(index, standard[:, index].tolist())
        assert column == pytest.approx(X[:, index].tolist())


@pytest.mark.parametrize("bias", ["b", None])
def test_gradients_are_those_by_the_parameters_of_the_data(bias: str | None) -> None:
    """Finite differences of the standardized loss by parameters over the data as they are."""
    X, y = drawn(3, 40.0, 7.0)
    scaling = scaling_of(X, y, "w", bias)

    def loss(flat: torch.Tensor) -> torch.Tensor:
        named = {"w": tuple(flat[:2].tolist())} | ({bias: (float(flat[2]),)} if bias else {})
        beta = scaling.standard(named)
        y_hat = scaling.features(X) @ torch.tensor(beta["w"], dtype=torch.float64)[:, None]
        y_hat = y_hat + (beta[bias][0] if bias else 0.0)
        return (y_hat - scaling.labels(y)).square().mean() / 2

    at = torch.tensor([0.3, 1.5, -2.0], dtype=torch.float64)[: 3 if bias else 2]
    step = 1e-5
    differences = [
        float(loss(at + step * unit) - loss(at - step * unit)) / (2 * step)
        for unit in torch.eye(len(at), dtype=torch.float64)
    ]
    named = {"w": tuple(at[:2].tolist())} | ({bias: (float(at[2]),)} if bias else {})
    beta = scaling.standard(named)
    theta = torch.tensor([*beta["w"], *beta.get("b", ())], dtype=torch.float64)
    theta.requires_grad_()
    design = torch.hstack([scaling.features(X), torch.ones(40, len(theta) - 2)])
    ((design @ theta[:, None] - scaling.labels(y)).square().mean() / 2).backward()
    assert theta.grad is not None
    grads = {"w": tuple(theta.grad[:2].tolist())} | (
        {bias: (float(theta.grad[2]),)} if bias else {}
    )
    original = scaling.original_grads(grads)
    assert [*original["w"], *original.get("b", ())] == pytest.approx(differences, rel=1e-5)


def test_a_constant_column_keeps_its_size() -> None:
    X = torch.full((5, 1), 0.1, dtype=torch.float64)
    y = torch.arange(5, dtype=torch.float64)[:, None]
    assert scaling_of(X, y, "w", "b").deviations == (1.0,)


def test_parameters_of_another_model_stay_as_they_are() -> None:
    scaling = Scaling((1.0,), (2.0,), 3.0, 4.0, "", "")
    values = {"W1": (1.0, 2.0), "b": (3.0,)}
    assert scaling.original(values) == values
    assert scaling.standard(values) == values
    assert scaling.original_grads(values) == values
