"""The expected loss against the mean over many orders of minibatches, by a loop written out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine.catalog.choice import REGISTRIES
from engine.experiment import Experiment
from engine.problem import build
from engine.theory.descent import MOST_EPOCHS, MOST_NUMBERS, RUNAWAY, unfit
from engine.theory.gather import facts
from engine.training.trainer import train
from tests.support.runs import array, epochs_of, facts_of

ORDERS = 200
NOISY = {"data.n": 100, "data.noise": 1.0, "epochs": 10}


def expected(experiment: Experiment) -> tuple[tuple[int, ...], tuple[float, ...]]:
    """Epochs and losses that theory tells of an experiment."""
    known = facts_of(experiment)
    assert known.descent is not None
    return known.descent.losses(known.start, experiment)


def averaged(experiment: Experiment) -> list[float]:
    """The loss after each epoch, averaged over runs in float64 whose orders numpy has drawn."""
    problem = build(experiment)
    X, y = array(problem.linear.design(problem.X)), array(problem.y)[:, 0]
    bend, times = experiment.loss.entry.curvature, experiment.times_mean
    assert bend is not None
    start = np.concatenate([array(values).ravel() for values in problem.start.values()])
    theta = np.tile(start, (ORDERS, 1))
    velocity, random = np.zeros_like(theta), np.random.default_rng(0)
    momentum = float(experiment.optimizer.options.get("momentum", 0.0))
    ahead = experiment.optimizer.name == "nesterov"
    losses = []
    for _ in range(experiment.epochs + 1):
        losses.append(float(np.mean((theta @ X.T - y) ** 2) * bend / 2))
        orders = np.array([random.permutation(len(y)) for _ in range(ORDERS)])
        for first in range(0, len(y), experiment.batch_size):
            rows = orders[:, first : first + experiment.batch_size]
            size = rows.shape[1]
            if size < experiment.batch_size and experiment.drop_last:
                continue
            r = np.einsum("sbp,sp->sb", X[rows], theta) - y[rows]
            grad = times(size) * bend / size * np.einsum("sb,sbp->sp", r, X[rows])
            velocity = momentum * velocity + grad
            theta = theta - experiment.lr * (grad + momentum * velocity if ahead else velocity)
    return losses


@pytest.mark.parametrize("changes", [
    {},
    {"batch_size": 1},
    {"batch_size": 1, "lr": 0.2},
    {"lr": 0.5},
    {"loss": "squared", "lr": 0.2},
    {"data.n": 105, "lr": 0.5},
    {"data.n": 101, "batch_size": 20, "lr": 0.3},
    {"data.n": 101, "batch_size": 20, "lr": 0.3, "drop_last": True},
    {"optimizer": "momentum", "lr": 0.02},
    {"optimizer": "nesterov", "reduction": "sum", "lr": 0.002},
    {"data.w": tuple(map(float, range(12))), "lr": 0.1},
])  # fmt: skip
def test_the_mean_over_many_orders(changes: dict[str, Any]) -> None:
    experiment = Experiment().changed({**NOISY, **changes})
    epochs, losses = expected(experiment)
    seen = averaged(experiment)
    assert epochs == tuple(range(11))
    assert losses[0] == pytest.approx(seen[0], rel=1e-5)
    for loss, mean in zip(losses[1:], seen[1:], strict=True):
        assert mean / 1.1 < loss < 2 * mean  # on its way down it is at most twice as high
    assert losses[-1] == pytest.approx(seen[-1], rel=0.05)
    floor = facts_of(experiment).floor.optimum
    assert floor is not None
    if changes.get("lr", 0.03) >= 0.2:  # it trembles far enough above the floor to be compared
        assert losses[-1] - floor == pytest.approx(seen[-1] - floor, rel=0.15)


def test_of_the_full_batch_it_is_the_run_itself() -> None:
    for optimizer in ("sgd", "momentum", "nesterov"):
        experiment = Experiment().changed(
            {**NOISY, "batch_size": 100, "optimizer": optimizer, "lr": 0.05}
        )
        run = [event.loss for event in epochs_of(train(experiment))]
        assert expected(experiment)[1][1:] == pytest.approx(run, rel=1e-4)


def test_what_runs_away_is_followed_no_further_and_many_epochs_are_spaced() -> None:
    away = expected(Experiment().changed({**NOISY, "batch_size": 100, "lr": 2.05, "epochs": 500}))
    assert 2 < len(away[0]) < 500
    assert away[1][-1] <= RUNAWAY * away[1][0] < 10 * away[1][-1]
    assert len(expected(Experiment(lr=1e5))[0]) == 1
    epochs, losses = expected(Experiment(epochs=10**6))
    assert epochs[:2] == (0, -(-(10**6) // MOST_EPOCHS))
    assert 10**6 - epochs[1] < epochs[-1] <= 10**6
    assert losses[1:] == pytest.approx((losses[1],) * (len(losses) - 1))
    assert expected(Experiment(epochs=1000).changed({"data.noise": 0.0}))[1][-1] == (
        facts_of(Experiment().changed({"data.noise": 0.0})).floor.rounding
    )


def test_where_theory_does_not_tell_it_there_is_a_reason() -> None:
    beyond: dict[str, dict[str, Any]] = {
        "the model is not linear": {"model": "two_layer"},
        "there is a penalty": {"penalty": "l2"},
        "the lr changes during the run": {"schedule": "step"},
        "the reshape is left out": {"reshape": False},
        "minibatches come in the order of the data": {"shuffle": False},
        f"there are more than {MOST_NUMBERS} parameters": {"data.w": (1.0,) * MOST_NUMBERS},
        f"there are more than {MOST_NUMBERS // 2} parameters": {
            "data.w": (1.0,) * (MOST_NUMBERS // 2),
            "optimizer": "momentum",
        },
    }
    for reason, changes in beyond.items():
        experiment = Experiment().changed(changes)
        assert str(unfit(experiment)) == reason
        known = facts(build(experiment)).descent
        assert known is None or known.losses({}, experiment) == ((), ())
    for entry in REGISTRIES["loss"]:
        told = unfit(Experiment().changed({"loss": entry.name})) is None
        assert told == (entry.name in ("half_squared", "squared"))
    for entry in REGISTRIES["optimizer"]:
        told = unfit(Experiment().changed({"optimizer": entry.name})) is None
        assert told == (entry.name in ("sgd", "momentum", "nesterov"))
    in_order = Experiment().changed({"shuffle": False, "batch_size": 1000})
    assert unfit(in_order) is None
