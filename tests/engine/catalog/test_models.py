"""Models against plain matrix algebra and PyTorch's layer."""

from __future__ import annotations

import math
from contextlib import suppress
from itertools import chain, product

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from engine.catalog.choice import choose
from engine.catalog.dataset import Dataset
from engine.catalog.model import Linear, Model
from engine.catalog.models import MODELS
from engine.catalog.param import Flag, Text
from engine.catalog.parameters import flat, numbers
from engine.catalog.registry import Entry
from engine.experiment import Experiment
from tests.support.runs import array
from tests.support.strategies import every_entry

DATASETS_OF = {
    "features": [
        Experiment().changed({"data.w": (1.0, -2.0, 3.0, 0.5, 4.0)[:d]}).dataset()
        for d in (1, 2, 5)
    ],
    "spectrum": [Experiment(data=choose("data", name)).dataset() for name in ("ohm", "wien")]
    + [
        Experiment().changed({"data": "planck", "data.label": label}).dataset()
        for label in ("log", "peak", "SI")
    ],
}


def variants(entry: Entry) -> list[tuple[Model, Dataset]]:
    """The model for every kind of data it goes with, with each choice of its parameters."""
    options = [
        param.choices
        if isinstance(param, Text)
        else ((True, False) if isinstance(param, Flag) else (param.default,))
        for param in entry.params
    ]
    names = [param.name for param in entry.params]
    models = []
    for dataset in chain(*DATASETS_OF.values()):
        for values in product(*options):
            with suppress(ValueError):  # a model of one feature, or of a law
                model = entry.function(dataset, **dict(zip(names, values, strict=True)))
                models.append((model, dataset))
    assert models
    return models


def drawn(model: Model, dataset: Dataset) -> tuple[dict[str, Tensor], Tensor]:
    """Parameters near the start, and features of the data."""
    random = torch.Generator().manual_seed(1)
    params = {
        name: model.start(name, 0.0) * torch.ones(shape)
        + 0.1 * torch.randn(shape, generator=random)
        for name, shape in model.shapes.items()
    }
    return params, dataset.draw(torch.Generator().manual_seed(2))[0][:7]


@pytest.mark.parametrize("entry", every_entry("model"))
def test_predictions_are_a_column_and_those_of_pytorchs_module(entry: Entry) -> None:
    for model, dataset in variants(entry):
        params, X = drawn(model, dataset)
        y_hat = model.predict(params, X)
        assert y_hat.shape == (len(X), 1)
        module = model.module()
        with torch.no_grad():
            for own, (name, value) in zip(module.parameters(), params.items(), strict=True):
                assert own.numel() == math.prod(model.shapes[name])
                own.copy_(value.T if value.ndim > 1 else value)
        torch.testing.assert_close(module(X), y_hat)


@pytest.mark.parametrize("entry", every_entry("model"))
def test_a_linear_models_prediction_is_the_design_times_the_parameters(entry: Entry) -> None:
    for model, dataset in variants(entry):
        if not isinstance(model, Linear):
            continue
        params, X = drawn(model, dataset)
        theta = np.concatenate([array(params[name]).ravel() for name in model.shapes])
        by_hand = array(X) @ array(params[model.weight])[:, 0]
        if model.bias:
            by_hand = by_hand + params[model.bias].item()
        assert array(model.predict(params, X))[:, 0] == pytest.approx(by_hand, abs=1e-5)
        assert array(model.design(X)) @ theta == pytest.approx(by_hand, abs=1e-5)


@pytest.mark.parametrize("entry", every_entry("model"))
def test_a_flat_vector_is_named_and_shaped_in_the_same_order(entry: Entry) -> None:
    for model, _ in variants(entry):
        count = sum(map(math.prod, model.shapes.values()))
        theta = tuple(float(k) for k in range(count))
        named, shaped = model.named(theta), model.shaped(torch.tensor(theta))
        assert list(named) == list(shaped) == list(model.shapes)
        assert flat(named) == theta
        assert numbers(shaped) == named
        assert {name: tuple(part.shape) for name, part in shaped.items()} == model.shapes


@pytest.mark.parametrize("entry", every_entry("model"))
def test_the_truth_predicts_the_labels_without_noise(entry: Entry) -> None:
    for model, dataset in variants(entry):
        assert dataset.truth
        truth = model.true_values(dataset.truth)
        if (
            not truth or dataset.columns[0].name == "1/λ"
        ):  # Wien's line is the truth only in a limit
            continue
        assert set(truth) == set(model.shapes) or len(truth) < len(dataset.truth.constants["w"]) + 1
        if set(truth) == set(model.shapes) and not (isinstance(model, Linear) and not model.bias):
            X = dataset.draw(torch.Generator().manual_seed(2))[0].double()[:50]
            theta = torch.tensor(flat(truth), dtype=torch.float64)
            torch.testing.assert_close(
                model.predict(model.shaped(theta), X), dataset.truth.signal(X), rtol=1e-5, atol=1e-5
            )


def test_the_linear_model_calls_its_parameters_as_the_book_does() -> None:
    two = Experiment()
    assert list(two.architecture().shapes.items()) == [("w", (2, 1)), ("b", (1,))]
    assert list(two.changed({"model.bias": False}).architecture().shapes) == ["w"]
    ohm = two.changed({"data": "ohm", "model": "ohm"})
    assert list(ohm.architecture().shapes.items()) == [("R", (1, 1))]


@pytest.mark.parametrize("features", [2, 10])
def test_ohms_law_knows_one_current_only(features: int) -> None:
    dataset = Experiment().changed({"data.w": (1.0,) * features}).dataset()
    with pytest.raises(ValueError, match=f"one feature.*{features}"):
        MODELS["ohm"].function(dataset)


@given(st.lists(st.floats(-1e6, 1e6, width=32), min_size=1, max_size=6))
def test_numbers_are_plain_and_flat(values: list[float]) -> None:
    shown = numbers({"w": torch.tensor(values).reshape(-1, 1), "b": torch.tensor([1.5])})
    assert shown == {"w": tuple(values), "b": (1.5,)}
    assert all(type(value) is float for value in shown["w"])
