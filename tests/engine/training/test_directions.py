"""What a run does along each eigenvector is what (1 − lr·λ)ᵏ says."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.catalog.parameters import flat
from engine.experiment import Experiment
from engine.training.directions import SHOWN, crawls, directions, is_predicted
from engine.training.history import History
from engine.training.snapshot import Snapshot
from engine.training.trainer import train

FULL = Experiment(lr=0.4, batch_size=300, epochs=25).changed(
    {"data.n": 300, "data.scale": (1.0, 0.5), "data.noise": 0.1}
)


def ran(experiment: Experiment) -> Snapshot:
    history = History(experiment)
    for event in train(experiment):
        history.fold(event)
    return history.snapshot("running", experiment.lr, 1.0)


@pytest.mark.parametrize("loop", ["scratch", "concise"])
@pytest.mark.parametrize("changes", [{}, {"loss": "squared", "lr": 0.2}, {"penalty": "l2"}])
def test_full_batch_runs_do_as_predicted(loop: str, changes: dict[str, object]) -> None:
    """In float32, until its rounding is all that is left of the error."""
    run = ran(FULL.changed({"loop": loop, **changes}))
    found = directions(run)
    assert [one.eigenvalue for one in found] == sorted(
        (one.eigenvalue for one in found), reverse=True
    )
    for one in found:
        assert one.times == run.path.x == tuple(range(26))
        seen, foretold = np.array(one.measured), np.array(one.predicted)
        large = foretold > 1e-3
        assert large.sum() >= 4
        np.testing.assert_allclose(seen[large], foretold[large], rtol=1e-3)
        assert (seen[~large] < 2e-3).all()


def test_the_measured_errors_are_the_coordinates_of_the_error() -> None:
    """Rotated back from the eigenvectors, their squares add up to those of θ − θ*."""
    run = ran(FULL.changed({"batch_size": 10, "epochs": 2}))
    assert run.facts
    error = np.array(run.path.theta) - flat(run.facts.optimum)
    along = np.array([one.measured for one in directions(run)])
    np.testing.assert_allclose((along**2).sum(axis=0), (error**2).sum(axis=1), rtol=1e-9)


@pytest.mark.parametrize(
    ("changes", "factor"),
    [
        ({}, 1.0),
        ({"epochs": 5}, 1.0),
        ({"optimizer": "momentum", "optimizer.momentum": 0.5, "epochs": 60}, 2.0),
        ({"schedule": "cosine"}, 0.5),
    ],
)
def test_a_run_crawls_that_is_shorter_than_its_slowest_time_constant(
    changes: dict[str, object], factor: float
) -> None:
    """1/e of the error along the flattest eigenvector, by numpy, is left at the border."""
    base = FULL.changed(changes)
    facts = ran(base.changed({"epochs": 1})).facts
    assert facts
    X = np.column_stack([np.array(facts.sample.X).T, np.ones(len(facts.sample.y))])
    flattest = np.linalg.eigvalsh(X.T @ X / len(X)).min()
    border = 1 / (flattest * base.epochs * factor)
    for share, slow in ((0.9, True), (1.1, False)):
        assert crawls(facts, base.changed({"lr": share * border})) is slow
    run = ran(base.changed({"lr": border}))
    left = directions(run)[-1].measured
    assert left[-1] / left[0] == pytest.approx(1 / math.e, rel=0.15)


def test_nothing_is_said_of_an_optimizer_that_scales_its_own_steps() -> None:
    facts = ran(FULL.changed({"epochs": 1})).facts
    assert facts
    assert crawls(facts, FULL.changed({"lr": 1e-6}))
    assert not crawls(facts, FULL.changed({"lr": 1e-6, "optimizer": "adam"}))


def test_minibatches_end_at_a_level_above_the_prediction() -> None:
    run = ran(Experiment(epochs=10))
    for one in directions(run):
        assert one.predicted[-1] < 1e-9 < 1e-6 < one.measured[-1]
        assert len(one.times) == len(one.predicted) <= 200
        assert (one.times[0], one.times[-1]) == (0, 10)


def test_a_batch_larger_than_the_data_takes_smaller_steps_where_it_divides_a_sum() -> None:
    for reduction in ("sum", "mean"):
        run = ran(FULL.changed({"batch_size": 600, "reduction": reduction, "epochs": 5}))
        for one in directions(run):
            np.testing.assert_allclose(one.measured, one.predicted, rtol=2e-3)


@pytest.mark.parametrize("changes", [{"optimizer": "adam"}, {"schedule": "cosine"}, {"loss": "l1"}])
def test_nothing_is_predicted_of_other_steps(changes: dict[str, object]) -> None:
    run = ran(FULL.changed({"epochs": 2, **changes}))
    assert not is_predicted(run)
    assert all(one.times == one.predicted == () for one in directions(run))
    assert all(len(one.measured) == len(run.path.x) for one in directions(run))


def test_nothing_is_predicted_after_a_change_of_lr() -> None:
    history = History(FULL)
    for event, _ in zip(train(FULL), range(4), strict=False):
        history.fold(event)
    assert is_predicted(history.snapshot("running", FULL.lr, 1.0))
    assert not is_predicted(history.snapshot("running", FULL.lr / 2, 1.0))


def test_of_many_directions_the_steepest_and_the_flattest_are_shown() -> None:
    run = ran(Experiment(epochs=1).changed({"data.w": tuple(range(1, 13)), "data.n": 100}))
    assert run.facts
    values = run.facts.stability.curvature.eigenvalues.tolist()
    half = SHOWN // 2
    assert [one.eigenvalue for one in directions(run)] == [*values[:half], *values[-half:]]


def test_without_data_there_are_no_directions() -> None:
    assert directions(Snapshot(Experiment())) == []
    assert not is_predicted(Snapshot(Experiment()))
