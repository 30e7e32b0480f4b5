"""Data and theory that experiments share, which only start elsewhere."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
import torch

from engine.experiment import KEYS, Experiment
from engine.problem import build
from engine.theory import gather
from engine.training.starts import OF_DATA, OF_STEPS, Starts

GIVEN = Experiment().changed({"init": "given", "init.w": (1.5, -2.0), "init.b": 0.5})


def test_another_start_shares_data_and_theory(monkeypatch: pytest.MonkeyPatch) -> None:
    starts = Starts()
    before, known = starts.of(Experiment())
    monkeypatch.setattr(gather, "facts", lambda problem: pytest.fail("done before"))
    problem, moved = starts.of(GIVEN.changed({"lr": 0.1}))
    assert problem.X is before.X
    assert problem.experiment.lr == 0.1
    assert moved.start == {"w": (1.5, -2.0), "b": (0.5,)}
    residual = problem.X.double() @ torch.tensor([[1.5], [-2.0]]).double() + 0.5 - problem.y
    np.testing.assert_allclose(moved.start_loss, residual.square().mean() / 2, rtol=1e-5)
    same = {field.name for field in fields(moved)} - {"start", "start_loss"}
    assert all(getattr(moved, name) is getattr(known, name) for name in same)


OTHERS: dict[str, object] = {
    "loss": "huber",
    "penalty": "l2",
    "init": "constant",
    "loop": "fast",
    "optimizer": "adam",
    "lr": 0.1,
    "schedule": "cosine",
    "batch_size": 20,
    "epochs": 5,
    "drop_last": True,
    "reduction": "mean",
    "reshape": False,
    "shuffle": False,
    "patience": 3,
}
"""Another value of each key that the data do not depend on."""


def test_every_key_is_one_of_the_data_or_shares_them() -> None:
    base, starts = Experiment().changed({"data.n": 40}), Starts()
    assert set(KEYS) - OF_DATA == set(OTHERS)
    before, _ = starts.of(base)
    for key, value in OTHERS.items():
        experiment = base.changed({key: value})
        problem, fresh = starts.drawn(experiment), build(experiment)
        assert problem.X is before.X
        assert torch.equal(problem.X, fresh.X)
        assert torch.equal(problem.y, fresh.y)
        assert all(torch.equal(problem.start[name], fresh.start[name]) for name in fresh.start)


def test_theory_that_is_shared_is_what_it_would_be_anew() -> None:
    base, starts = Experiment().changed({"data.n": 40}), Starts()
    _, known = starts.of(base)
    for key in OF_STEPS - {"init"}:
        problem = starts.drawn(base.changed({key: OTHERS[key]}))
        assert starts.facts(problem) is known
        fresh = gather.facts(problem)
        for field in ("floor", "optimum", "start", "start_loss", "remedy", "steps_per_epoch"):
            assert getattr(known, field) == getattr(fresh, field)
        assert known.stability.limit == fresh.stability.limit


@pytest.mark.parametrize(
    "changes",
    [
        {"seed": 8},
        {"batch_size": 20},
        {"loss": "log_cosh"},
        {"data.noise": 0.02},
        {"validation_split": 0.1},
    ],
)
def test_what_theory_depends_on_is_worked_out_anew(changes: dict[str, object]) -> None:
    starts = Starts()
    starts.of(Experiment())
    experiment = GIVEN.changed(changes)
    _, known = starts.of(experiment)
    fresh = gather.facts(build(experiment))
    assert known.floor == fresh.floor
    assert known.stability.limit == fresh.stability.limit
    assert (known.start, known.start_loss) == (fresh.start, fresh.start_loss)


def test_a_curvature_that_depends_on_the_start_is_that_of_the_start() -> None:
    starts = Starts()
    quartic = Experiment().changed({"model": "two_layer"})
    starts.of(quartic)
    elsewhere = quartic.changed({"init": "constant"})
    _, known = starts.of(elsewhere)
    fresh = gather.facts(build(elsewhere))
    assert known.stability.limit == fresh.stability.limit
    assert known.stability.limit != starts.of(replace(quartic))[1].stability.limit
