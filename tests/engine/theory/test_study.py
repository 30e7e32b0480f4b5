"""Theory at one place, against numpy and against itself."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from engine.catalog.choice import REGISTRIES
from engine.catalog.losses import LOSSES
from engine.catalog.parameters import Values
from engine.experiment import Experiment
from engine.problem import build
from engine.theory.facts import Facts
from engine.theory.gather import facts
from engine.theory.study import Study, study
from tests.support.runs import array

SMOOTH = ("half_squared", "squared", "huber", "log_cosh")
"""Losses with a gradient that is continuous, so that differences find it everywhere."""


def at(params: Values | None = None, **changes: object) -> Study:
    """The study of a changed baseline, at its start where no place is given."""
    experiment = Experiment().changed({key.replace("__", "."): v for key, v in changes.items()})
    known: Facts = facts(build(experiment))
    return study(experiment, known, params or known.start)


def design(experiment: Experiment) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """X̃ (n, p) and y (n,) as numpy has them."""
    problem = build(experiment)
    return array(problem.linear.design(problem.X)), array(problem.y)[:, 0]


def test_hessian_is_the_gram_matrix() -> None:
    found = at()
    X, _ = design(found.experiment)
    assert found.hessian.numpy() == pytest.approx(X.T @ X / len(X), abs=1e-6)
    assert found.autograd_apart < 1e-6
    for value, heading in zip(found.curvature.eigenvalues.tolist(), found.headings, strict=True):
        v = np.array([*heading["w"], *heading["b"]])
        assert X.T @ (X @ v) / len(X) == pytest.approx(value * v, abs=1e-6)


def test_gradient_noise_at_zero() -> None:
    found = at({"w": (0.0, 0.0), "b": (0.0,)})
    X, y = design(found.experiment)
    grads = -y[:, None] * X
    G = grads.mean(axis=0)
    trace = grads.var(axis=0, ddof=1).sum()
    assert found.noise.mean.numpy() == pytest.approx(G, rel=1e-6)
    assert found.noise.trace == pytest.approx(trace, rel=1e-6)
    assert found.noise.simple_batch_size == pytest.approx(trace / (G @ G), rel=1e-6)
    assert found.noise.simple_batch_size == pytest.approx(2.9, rel=0.15)
    assert found.gradient_variance == pytest.approx(trace / 10 * (1 - 10 / len(X)), rel=1e-6)


def test_near_the_optimum_b_simple_has_no_end() -> None:
    known = at().facts
    assert at(known.true).noise.simple_batch_size > 100
    assert at(known.optimum).noise.simple_batch_size > 1e6


def test_fewer_samples_than_weights_leave_flat_directions() -> None:
    found = at(data__w=(1.0, -2.0, 3.0, 0.5), data__n=3, batch_size=3)
    X, _ = design(found.experiment)
    rank = np.linalg.matrix_rank(X)
    assert found.curvature.rank == rank == 3
    assert found.curvature.eigenvalues[3:].tolist() == [0.0, 0.0]
    for heading in found.headings[3:]:
        v = np.array([*heading["w"], *heading["b"]])
        assert X @ v == pytest.approx(np.zeros(3), abs=1e-5)
    assert math.isfinite(found.curvature.best_lr)


@pytest.mark.parametrize("penalty", ["none", "l2"])
@pytest.mark.parametrize("loss", SMOOTH)
def test_three_ways_to_the_gradient_agree(loss: str, penalty: str) -> None:
    found = at(loss=loss, penalty=penalty, data__noise=0.5)
    assert found.xray.off_by_hand < 1e-6
    assert found.xray.off_by_difference < 1e-6
    assert not found.step
    assert found.minibatch_size == 10


@pytest.mark.parametrize("penalty", ["l1", "l2"])
def test_the_mean_gradient_is_that_of_what_training_goes_down(penalty: str) -> None:
    found = at(penalty=penalty, penalty__strength=0.5, batch_size=1000)
    w, b = found.xray.autograd.values()
    assert found.noise.mean.tolist() == pytest.approx([*w, *b], rel=1e-9)


def test_the_gradient_is_that_of_the_step_that_led_there() -> None:
    known = at(data__n=54)
    problem = build(known.experiment)
    order = problem.order(1)
    X, y = problem.X[order[50:]], problem.y[order[50:]]
    found = study(known.experiment, known.facts, known.facts.true, 12)
    assert found.step == 12
    assert found.minibatch_size == 4
    rows = np.column_stack([array(X), np.ones(4)])
    theta = np.array([*known.facts.true["w"], *known.facts.true["b"]])
    # Four samples of a minibatch of ten: their sum is divided by ten.
    wanted = rows.T @ (rows @ theta - array(y)[:, 0]) / 10
    for way in (found.xray.autograd, found.xray.by_hand, found.xray.by_difference):
        assert [*way["w"], *way["b"]] == pytest.approx(wanted, abs=1e-6)


def test_a_loss_without_a_derivative_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    with_it = at(loss="huber")
    entries = dict(LOSSES.entries)
    entries["huber"] = replace(entries["huber"], derivative=None)
    monkeypatch.setitem(REGISTRIES, "loss", replace(LOSSES, entries=entries))
    without = at(loss="huber")
    assert without.experiment.loss.entry.derivative is None
    assert without.xray.by_hand["w"] == pytest.approx(with_it.xray.by_hand["w"], rel=1e-12)


def test_a_place_that_is_no_place_is_refused() -> None:
    known = at()
    with pytest.raises(ValueError, match="no longer finite"):
        study(known.experiment, known.facts, {"w": (math.nan, 1.0), "b": (0.0,)})
    far = study(known.experiment, known.facts, {"w": (1e30, -1e30), "b": (1e30,)})
    assert far.curvature.condition == pytest.approx(known.curvature.condition)


@pytest.mark.parametrize("few", [0, 10**6])
@pytest.mark.parametrize("loss", ["half_squared", "huber", "log_cosh"])
def test_autograd_agrees_by_the_whole_hessian_and_by_a_product(
    loss: str, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where numbers are many, one Hessian-vector product takes the place of the Hessian."""
    monkeypatch.setattr("engine.theory.second_derivatives.FEW", few)
    assert at(loss=loss, penalty="l2", data__scale=(1.0, 5.0)).autograd_apart < 1e-9
