"""Starts: spreads and bounds against torch.nn.init and the formulas, the global state untouched."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from engine.catalog.inits import INITS, InitEntry
from engine.catalog.registry import Entry
from engine.experiment import Experiment
from engine.problem import build
from engine.support.errors import BadInput
from tests.support.runs import array
from tests.support.strategies import every_entry, values_of


def fresh(seed: int = 3) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def filled(name: str, d: int = 20_000, seed: int = 3, **params: Any) -> torch.Tensor:
    """A column of d weights."""
    weight = torch.full((d, 1), math.nan)
    INITS[name].function(weight, fresh(seed), **params)
    return weight


@pytest.mark.parametrize("entry", every_entry("init"))
@given(data=st.data(), d=st.integers(1, 20), seed=st.integers(0, 2**32 - 1))
def test_an_init_fills_in_place_from_its_generator_alone(
    entry: InitEntry, data: st.DataObject, d: int, seed: int
) -> None:
    params: dict[str, Any] = {param.name: data.draw(values_of(param)) for param in entry.params}
    if entry.weights:
        params[entry.weights] = (params[entry.weights] * d)[:d]
    before = torch.get_rng_state()
    weight, same = torch.full((d, 1), math.nan), torch.full((d, 1), math.nan)
    returned = entry.function(weight, generator=fresh(seed), **params)
    entry.function(same, generator=fresh(seed), **params)
    assert returned is weight
    assert bool(torch.isfinite(weight).all())
    assert torch.equal(weight, same)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("entry", every_entry("init"))
def test_another_seed_gives_other_weights_unless_all_are_alike(entry: Entry) -> None:
    params: dict[str, Any] = {param.name: param.default for param in entry.params}
    one, other = (filled(entry.name, 50, seed, **params) for seed in (1, 2))
    alike = len(one.unique()) == 1
    assert torch.equal(one, other) == alike


@pytest.mark.parametrize("entry", every_entry("init"))
def test_weights_scatter_around_one_centre(entry: Entry) -> None:
    params: dict[str, Any] = {param.name: param.default for param in entry.params}
    weights = array(filled(entry.name, **params))
    centre = params.get("value", 0.0)
    assert weights.mean() == pytest.approx(centre, abs=5 * weights.std() / len(weights) ** 0.5)


def test_zeros_and_constant() -> None:
    assert filled("zeros", 5).tolist() == [[0.0]] * 5
    assert filled("constant", 5, value=-2.5).tolist() == [[-2.5]] * 5


@pytest.mark.parametrize("std", [0.01, 1.0, 50.0])
def test_normal_has_the_spread_and_the_shape_of_a_bell(std: float) -> None:
    weights = array(filled("normal", std=std))
    assert weights.std() == pytest.approx(std, rel=0.03)
    assert (np.abs(weights) < std).mean() == pytest.approx(0.6827, abs=0.02)


@pytest.mark.parametrize("bound", [0.1, 1.0, 50.0])
def test_uniform_fills_its_interval_evenly(bound: float) -> None:
    weights = array(filled("uniform", bound=bound))
    assert np.abs(weights).max() == pytest.approx(bound, rel=1e-2)
    assert np.abs(weights).max() <= bound * (1 + 1e-6)
    assert weights.std() == pytest.approx(bound / math.sqrt(3), rel=0.03)


@pytest.mark.parametrize("d", [1, 2, 10, 1000])
@pytest.mark.parametrize("gain", [0.0, 1.0, 3.0])
@pytest.mark.parametrize("name", ["xavier_uniform", "xavier_normal"])
def test_xavier_draws_the_numbers_of_torch_nn_init(name: str, gain: float, d: int) -> None:
    theirs = nn.Linear(d, 1).weight.detach()
    getattr(nn.init, f"{name}_")(theirs, gain=gain, generator=fresh())
    ours = filled(name, d, gain=gain)
    torch.testing.assert_close(ours.T, theirs, rtol=1e-6, atol=0)


def test_xaviers_spread_is_that_of_glorot_and_bengio() -> None:
    d = 5000
    wanted = math.sqrt(2 / (d + 1))
    assert array(filled("xavier_normal", d, gain=1.0)).std() == pytest.approx(wanted, rel=0.05)
    uniform = array(filled("xavier_uniform", d, gain=1.0))
    assert uniform.std() == pytest.approx(wanted, rel=0.05)
    assert np.abs(uniform).max() <= math.sqrt(6 / (d + 1)) * (1 + 1e-6)


@pytest.mark.parametrize("name", ["normal", "uniform"])
def test_without_spread_the_weights_are_zero(name: str) -> None:
    (param,) = INITS[name].params
    weight = torch.full((5, 1), math.nan)
    INITS[name].function(weight, fresh(), **{param.name: 0.0})
    assert weight.tolist() == [[0.0]] * 5


def first(*changes: tuple[str, object]) -> dict[str, list[float]]:
    """The start of an experiment."""
    start = build(Experiment().changed({"init": "given", **dict(changes)})).start
    return {name: tensor.flatten().tolist() for name, tensor in start.items()}


def test_a_given_start_is_where_a_run_begins() -> None:
    assert first(("init.w", (1.5, -2.0)), ("init.b", 0.5)) == {"w": [1.5, -2.0], "b": [0.5]}
    assert first(("init.w", (3.0,))) == {"w": [3.0, 3.0], "b": [0.0]}
    assert first(("init.w", (3.0,)), ("model.bias", False)) == {"w": [3.0, 3.0]}


def test_a_net_has_a_given_number_for_all_or_for_each_row() -> None:
    net = ("model", "two_layer"), ("model.hidden", 3)
    start = first(*net, ("init.w", (0.5,)), ("init.b", 2.0))
    assert start == {"W1": [0.5] * 6, "W2": [0.5] * 3, "b": [2.0]}
    with pytest.raises(BadInput, match="must be one number or 3, one for each weight"):
        first(*net, ("init.w", (1.0, 2.0)))


def test_a_temperature_has_its_own_first_guess() -> None:
    planck = ("data", "planck"), ("model", "planck"), ("init.b", 5.0)
    assert first(*planck)["ln T"] == pytest.approx([math.log(3000)])


def test_another_number_of_given_weights_than_the_model_has_is_refused() -> None:
    with pytest.raises(BadInput, match=r"^init\.w=1,2,3: must be one number or 2"):
        Experiment().changed_by_text({"init": "given", "init.w": "1,2,3"})
    with pytest.raises(BadInput, match="must be 1 number"):
        Experiment().changed_by_text({"data": "ohm", "init": "given", "init.w": "1,2"})
