"""The limit of the lr at each place of a sweep, beside what runs near it do."""

from __future__ import annotations

import math

import pytest

from engine.experiment import Experiment
from engine.jobs.axis import Axis, parse_axis
from engine.jobs.lanes import run_sweep
from engine.jobs.limits import limit_at
from engine.jobs.sweep import Cell, Sweep
from engine.jobs.sweeping import Sweeping
from tests.support.runs import facts_of

STANDARD = Experiment(epochs=100, device="cpu")
FLOOR = 5e-5
"""½σ² of the standard data."""


def limits(experiment: Experiment, *axes: str) -> list[float]:
    """The limits of a sweep over axes as a person types them."""
    sweep = Sweep(experiment, tuple(parse_axis(axis, experiment) for axis in axes))
    return [limit_at(sweep, place).lr for place in range(sweep.limits)]


@pytest.mark.parametrize("size", [1, 2, 5, 20, 50, 200, 1000])
def test_runs_below_the_limit_stay_and_runs_above_it_do_not(size: int) -> None:
    (limit,) = limits(STANDARD.changed({"batch_size": size}), "lr=0.1,0.2")
    around = Axis("lr", (0.9 * limit, 1.2 * limit))
    sweep = Sweep(STANDARD.changed({"batch_size": size}), (around,))
    below, above = sorted(cell for cells in run_sweep(sweep) for cell in cells)
    assert below.status == "finished"
    assert below.loss < 50 * FLOOR
    if size >= 20:
        assert above.status == "diverged"
    else:  # one run in few dimensions swings far and comes back: its mean is what grows
        assert max(above.losses[10:]) > 1000 * FLOOR
        assert max(below.losses[10:]) < 200 * FLOOR


@pytest.mark.parametrize("order", [1, -1])
def test_each_batch_size_has_the_limit_of_theory(order: int) -> None:
    """2/(1 + 3.56/B) for the standard data, whose curvature 1,000 samples know to some percent."""
    axes = ("lr=0.1,0.2,0.3", "batch_size=1,2,10,50,100")[::order]
    expected = [2 / (1 + 3.56 / size) for size in (1, 2, 10, 50, 100)]
    assert limits(STANDARD, *axes) == pytest.approx(expected, rel=0.05)


@pytest.mark.parametrize(
    ("changes", "axis"),
    [
        ({}, "seed=1,2,3"),
        ({"data.n": 100, "reduction": "total"}, "batch_size=3,20,100"),
        ({"data.n": 100, "optimizer": "momentum"}, "batch_size=20,33"),
        ({"data.n": 100, "shuffle": False}, "batch_size=1,10"),
        ({"penalty": "l2", "loss": "squared"}, "batch_size=1,10"),
        ({"loss": "huber"}, "data.noise=0.01,1"),
    ],
    ids=str,
)
def test_the_limit_is_that_of_the_experiment_there(changes: dict[str, object], axis: str) -> None:
    experiment = STANDARD.changed(changes)
    beside = parse_axis(axis, experiment)
    expected = [
        facts_of(experiment.changed({beside.key: value})).stability.limit.lr
        for value in beside.values
    ]
    assert limits(experiment, "lr=0.1,0.2", axis) == pytest.approx(expected, rel=1e-9)


def test_without_lr_there_is_no_limit_and_adam_has_none() -> None:
    assert limits(STANDARD, "batch_size=1,10") == []
    adam = STANDARD.changed({"optimizer": "adam"})
    assert limits(adam, "lr=0.1,0.2", "batch_size=1,10") == [math.inf, math.inf]


def test_a_sweep_ends_with_its_limits() -> None:
    experiment = STANDARD.changed({"epochs": 1, "data.n": 100})
    axes = tuple(parse_axis(axis, experiment) for axis in ("batch_size=1,10,50", "lr=0.1,0.2"))
    work = Sweeping(Sweep(experiment, axes))
    first = work.progress("running", "", 0.0)
    assert first.limit(0) is None
    assert list(work.run())
    progress = work.progress("finished", "", 0.0)
    assert [limit.lr for limit in progress.limits] == limits(
        experiment, "batch_size=1,10,50", "lr=0.1,0.2"
    )
    for cell in progress.cells:
        assert isinstance(cell, Cell)
        size = work.sweep.named(cell.index)["batch_size"]
        limit = progress.limit(cell.index)
        assert limit is not None
        assert limit is progress.limits[(1, 10, 50).index(int(size))]
