"""Where a loss stands above the floor of its data."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.experiment import Experiment
from engine.problem import build
from engine.theory.floor import Floor, Standing
from engine.theory.gather import facts

SIZES = st.floats(1e-12, 1e6)


@pytest.mark.parametrize(
    ("loss", "noise", "optimum", "rounding", "standing"),
    [
        (1.0, 5e-5, 5e-5, 1e-12, "still learning"),
        (5.2e-5, 5e-5, 5e-5, 1e-12, "at the noise floor"),
        (5.2e-5, 5e-5, 4.6e-5, 1e-12, "at the noise floor"),
        (5.6e-5, 5e-5, 5e-5, 1e-12, "still learning"),
        (3e-5, 5e-5, 3e-5, 1e-12, "at the noise floor"),
        (9.0, 5e-5, 8.9, 1e-12, "at the best this model can do"),
        (9.0, 5e-5, 8.0, 1e-12, "still learning"),
        (1e-13, 0.0, 1e-14, 1e-12, "at rounding error"),
        (0.0, 0.0, 0.0, 0.0, "at rounding error"),
        (8.8, None, 8.7, 1e-12, "at the optimum"),
        (1e-13, None, 0.0, 1e-12, "at rounding error"),
    ],
)
def test_where_a_loss_stands(
    loss: float, noise: float | None, optimum: float, rounding: float, standing: Standing
) -> None:
    """The first three are the numbers of Ohm's law on the way and at its end."""
    assert Floor(noise, optimum, rounding, "½σ²").standing(loss) == standing


@given(loss=SIZES, noise=st.none() | SIZES, optimum=SIZES, rounding=SIZES)
def test_a_run_has_always_one_standing_and_learns_above_every_level(
    loss: float, noise: float | None, optimum: float, rounding: float
) -> None:
    floor = Floor(noise, optimum, rounding, "½σ²")
    assert floor.level == max(0.0 if noise is None else noise, optimum, rounding)
    assert floor.standing(loss) in get_args(get_args(Standing)[0])
    assert floor.reached(loss) == (loss <= 1.1 * floor.level)
    assert floor.reached(loss) == (floor.standing(loss) != "still learning")


@pytest.mark.parametrize("loss", [math.inf, 1e300, math.nan])
def test_a_run_that_blew_up_is_not_at_the_floor(loss: float) -> None:
    floor = Floor(5e-5, 5e-5, 1e-12, "½σ²")
    assert not floor.reached(loss)
    assert floor.standing(loss) == "still learning"


@pytest.mark.parametrize("loss", ["half_squared", "quantile"])
def test_without_a_truth_there_is_no_noise_level_and_the_optimum_is_the_floor(loss: str) -> None:
    problem = build(Experiment().changed({"loss": loss, "data.n": 60}))
    samples = replace(problem, dataset=replace(problem.dataset, truth=None))
    floor = facts(samples).floor
    assert (floor.noise, facts(samples).true) == (None, {})
    assert floor.optimum
    assert floor.level == floor.optimum
    assert floor.standing(floor.optimum) == "at the optimum"
