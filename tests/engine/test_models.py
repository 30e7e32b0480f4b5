"""Models against plain matrix algebra and PyTorch's layer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from engine.models import MODELS, Model, numbers
from engine.registry import Entry
from tests.engine.conftest import array, every_entry


def variants(entry: Entry[Any]) -> list[Model]:
    """The model for one and for several features, with each switch on and off."""
    models: list[Model] = []
    switches = [param for param in entry.params if isinstance(param.default, bool)]
    for features in (1, 2, 5):
        for on in (True, False) if switches else (True,):
            try:
                models.append(entry.function(features, **{param.name: on for param in switches}))
            except ValueError:
                assert features > 1
    return models


def drawn(model: Model) -> tuple[dict[str, Tensor], Tensor]:
    """Some parameters and features."""
    source = torch.Generator().manual_seed(1)
    params = {name: torch.randn(shape, generator=source) for name, shape in model.shapes.items()}
    return params, torch.randn(7, model.features, generator=source)


@pytest.mark.parametrize("entry", every_entry("model"))
def test_the_prediction_is_the_design_times_the_parameters(entry: Entry[Any]) -> None:
    for model in variants(entry):
        params, X = drawn(model)
        theta = np.concatenate([array(params[name]).ravel() for name in model.shapes])
        y_hat = model.predict(params, X)
        assert y_hat.shape == (7, 1)
        by_hand = array(X) @ array(params[model.weight])
        if model.bias:
            by_hand = by_hand + params[model.bias].item()
        assert array(y_hat) == pytest.approx(by_hand, abs=1e-5)
        assert array(model.design(X)) @ theta == pytest.approx(by_hand[:, 0], abs=1e-5)


@pytest.mark.parametrize("entry", every_entry("model"))
def test_pytorchs_layer_predicts_the_same(entry: Entry[Any]) -> None:
    for model in variants(entry):
        params, X = drawn(model)
        layer = model.module()
        with torch.no_grad():
            layer.weight.copy_(params[model.weight].T)
            if model.bias:
                layer.bias.copy_(params[model.bias])
        assert (layer.bias is None) == (model.bias is None)
        torch.testing.assert_close(layer(X), model.predict(params, X))


@pytest.mark.parametrize("entry", every_entry("model"))
def test_a_flat_vector_is_named_in_the_order_of_the_design(entry: Entry[Any]) -> None:
    for model in variants(entry):
        theta = tuple(float(k) for k in range(model.design(torch.ones(1, model.features)).shape[1]))
        named = model.named(theta)
        assert [len(named[name]) for name in model.shapes] == [
            int(np.prod(shape)) for shape in model.shapes.values()
        ]
        assert tuple(number for name in model.shapes for number in named[name]) == theta


@pytest.mark.parametrize("entry", every_entry("model"))
def test_the_truth_has_the_models_names(entry: Entry[Any]) -> None:
    for model in variants(entry):
        w = tuple(float(k + 1) for k in range(model.features))
        truth = model.truth(w, 9.0)
        assert truth[model.weight] == w
        assert set(truth) == set(model.shapes)
        if model.bias:
            assert truth[model.bias] == (9.0,)


def test_the_linear_model_calls_its_parameters_as_the_book_does() -> None:
    assert list(MODELS["linear"].function(2, bias=True).shapes.items()) == [
        ("w", (2, 1)),
        ("b", (1,)),
    ]
    assert list(MODELS["linear"].function(3, bias=False).shapes) == ["w"]
    assert list(MODELS["ohm"].function(1).shapes.items()) == [("R", (1, 1))]


@pytest.mark.parametrize("features", [0, 2, 10])
def test_ohms_law_knows_one_current_only(features: int) -> None:
    with pytest.raises(ValueError, match=f"one feature.*{features}"):
        MODELS["ohm"].function(features)


@given(st.lists(st.floats(-1e6, 1e6, width=32), min_size=1, max_size=6))
def test_numbers_are_plain_and_flat(values: list[float]) -> None:
    shown = numbers({"w": torch.tensor(values).reshape(-1, 1), "b": torch.tensor([1.5])})
    assert shown == {"w": tuple(values), "b": (1.5,)}
    assert all(type(value) is float for value in shown["w"])
