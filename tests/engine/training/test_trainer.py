"""`train`: the order of its events, and what happens when a run goes wrong."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import count

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.catalog.losses import LOSSES
from engine.catalog.parameters import numbers
from engine.catalog.registry import Entry
from engine.experiment import Experiment
from engine.problem import build, generator
from engine.settings import LOOPS, Reduction
from engine.support.device import available
from engine.support.errors import BadInput
from engine.theory.gather import SAMPLE_SIZE
from engine.training import trainer
from engine.training.controls import Controls
from engine.training.events import Diverged, EpochEnded, Finished, Started, Stepped
from engine.training.trainer import RUNAWAY, train
from tests.support.examples import tries
from tests.support.runs import (
    Array,
    array,
    epochs_of,
    facts_of,
    outcome,
    singly,
    stable,
    started,
    steps_of,
)
from tests.support.strategies import every_entry, tame_experiments

# Order ---------------------------------------------------------------------------------------


@given(data=st.data())
@tries(60)
def test_the_order_and_number_of_events(data: st.DataObject) -> None:
    experiment = data.draw(tame_experiments(patience=0))
    events = list(singly(experiment))
    n, batch_size = len(build(experiment).X), experiment.batch_size
    whole, rest = divmod(n, batch_size)
    per_epoch = whole + (rest > 0 and not experiment.drop_last)
    kinds: list[type] = [Started]
    for _ in range(experiment.epochs):
        kinds += [Stepped] * per_epoch + [EpochEnded]
    assert [type(event) for event in events] == [*kinds, Finished]

    known = started(events).facts
    assert (known.n, known.steps_per_epoch) == (n, per_epoch)
    steps = steps_of(events)
    assert [event.step for event in steps] == list(range(1, per_epoch * experiment.epochs + 1))
    assert [event.epoch for event in steps] == [
        epoch for epoch in range(1, experiment.epochs + 1) for _ in range(per_epoch)
    ]
    epochs = epochs_of(events)
    assert [event.epoch for event in epochs] == list(range(1, experiment.epochs + 1))
    assert [event.step for event in epochs] == [
        epoch * per_epoch for epoch in range(1, experiment.epochs + 1)
    ]
    end = outcome(events)
    assert (end.epoch, end.step) == (experiment.epochs, per_epoch * experiment.epochs)
    assert (end.loss, end.params) == (epochs[-1].loss, epochs[-1].params)


@given(data=st.data())
@tries(40)
def test_an_epochs_loss_is_the_mean_over_all_the_data_at_its_parameters(
    data: st.DataObject,
) -> None:
    experiment = data.draw(tame_experiments(loss="half_squared"))
    problem = build(experiment)
    X, y = array(problem.X), array(problem.y)
    for event in train(experiment):
        if isinstance(event, EpochEnded):
            y_hat = X @ np.array(event.params[problem.linear.weight]).reshape(-1, 1)
            if problem.linear.bias:
                y_hat = y_hat + event.params[problem.linear.bias][0]
            wanted = ((y_hat - y) ** 2).mean() / 2
            assert event.loss == pytest.approx(wanted, rel=1e-4, abs=1e-9)


@pytest.mark.parametrize("loop", LOOPS)
def test_the_gradients_of_an_epoch_are_those_of_its_last_step(loop: str) -> None:
    last: dict[str, tuple[float, ...]] = {}
    for event in singly(Experiment(loop=loop).changed({"data.n": 100})):
        if isinstance(event, Stepped):
            last = {
                name: tuple(grad.flatten().tolist()) for name, grad in event.live.grads().items()
            }
        if isinstance(event, EpochEnded):
            assert event.grads == last


def test_nothing_is_drawn_or_trained_before_it_is_asked_for() -> None:
    events = train(Experiment(device="cuda:99"))
    with pytest.raises(BadInput, match=r"^device"):
        next(events)


@given(data=st.data())
@tries(40)
def test_what_is_known_before_the_first_step(data: st.DataObject) -> None:
    experiment = data.draw(tame_experiments())
    known, problem = facts_of(experiment), build(experiment)
    model, dataset = problem.model, problem.dataset
    assert known.features == dataset.features
    true = model.true_values(dataset.truth) if dataset.truth else {}
    assert known.original(known.true) == {
        name: pytest.approx(true[name], abs=1e-5) for name in true
    }
    assert {name: len(values) for name, values in known.optimum.items()} == {
        name: math.prod(shape) for name, shape in model.shapes.items()
    }
    assert set(known.start) == set(model.shapes)
    assert known.start_loss == pytest.approx(problem.mean_loss(problem.start))
    assert known.floor.rounding >= 0
    assert known.device.type == "cpu"
    rows = min(known.n, SAMPLE_SIZE)
    assert [len(column) for column in known.sample.X] == [rows] * known.features
    assert len(known.sample.y) == rows
    assert np.array_equal(np.array(known.sample.X).T, array(problem.X)[:rows])
    assert np.array_equal(np.array(known.sample.y), array(problem.y)[:rows, 0])


def test_the_optimum_is_the_loss_at_the_closed_form() -> None:
    known, problem = facts_of(Experiment()), build(Experiment())
    X, y = array(problem.X), array(problem.y)
    design = np.hstack([X, np.ones((1000, 1))])
    theta, (rest,), *_ = np.linalg.lstsq(design, y[:, 0], rcond=None)
    assert known.optimum["w"] == pytest.approx(theta[:2], abs=1e-12)
    assert known.optimum["b"] == pytest.approx(theta[2:], abs=1e-12)
    assert known.floor.optimum == pytest.approx(rest / 1000 / 2, rel=1e-4)
    assert known.floor.noise == pytest.approx(0.5e-4, rel=1e-6)


def test_held_out_samples_leave_the_noise_floor_where_it_is() -> None:
    outliers = Experiment().changed({"data.outliers": 0.4})
    held_out = facts_of(outliers.changed({"validation_split": 0.9}))
    assert held_out.floor.noise == pytest.approx(facts_of(outliers).floor.noise)


def test_the_sample_for_charts_is_bounded() -> None:
    sample = facts_of(Experiment().changed({"data.n": 5000})).sample
    assert len(sample.y) == SAMPLE_SIZE < 5000


# Every combination ---------------------------------------------------------------------------


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("data", every_entry("data"))
@pytest.mark.parametrize("loss", every_entry("loss"))
def test_every_loss_descends_on_every_data_set(loss: Entry, data: Entry, loop: str) -> None:
    size = {"data.n": 200} if any(param.name == "n" for param in data.params) else {}
    experiment = stable(
        Experiment(loop=loop, epochs=2).changed({"loss": loss.name, "data": data.name, **size})
    )
    events = list(train(experiment))
    first, second = epochs_of(events)
    assert second.loss < first.loss < started(events).facts.start_loss


@pytest.mark.parametrize("init", every_entry("init"))
def test_every_start_descends(init: Entry) -> None:
    """Convex, with one minimizer: any start works in one layer."""
    experiment = Experiment(epochs=5).changed({"init": init.name})
    assert outcome(train(experiment)).loss == pytest.approx(5e-5, rel=0.15)


@pytest.mark.parametrize("device", available(), ids=str)
@pytest.mark.parametrize("loop", LOOPS)
def test_every_device_that_is_present_finds_the_same_numbers(
    loop: str, device: torch.device
) -> None:
    there = list(train(Experiment(loop=loop, device=str(device))))
    cpu = epochs_of(train(Experiment(loop=loop, device="cpu")))
    assert started(there).facts.device.type == device.type
    for epoch, same in zip(epochs_of(there), cpu, strict=True):
        assert epoch.loss == pytest.approx(same.loss, rel=1e-4)
        assert epoch.params["w"] == pytest.approx(same.params["w"], rel=1e-4)


# Learning rates ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lr", "low", "high"),
    [
        (0.001, 8.2, 10.0),
        (0.003, 2.4, 3.0),
        (0.01, 0.032, 0.05),
        (0.03, 4.6e-5, 5.6e-5),
        (0.3, 4.8e-5, 6.0e-5),
        (1.0, 5.7e-5, 8.4e-5),
    ],
)
def test_the_median_loss_after_three_epochs(lr: float, low: float, high: float) -> None:
    """.001→9.1, .003→2.7, .01→.040, .03→5.1e-5, .3→5.4e-5, 1→7e-5."""
    run = Experiment(loop="fast", lr=lr)
    ends = [outcome(train(run.changed({"seed": seed}))).loss for seed in range(11)]
    assert low < float(np.median(ends)) < high


@pytest.mark.parametrize("share", [0.99, 1.01])
def test_full_batch_descent_converges_just_below_the_critical_rate_only(share: float) -> None:
    """.99× 2/λmax → floor; 1.01× → the loss grows."""
    problem = build(Experiment())
    design = np.hstack([array(problem.X), np.ones((1000, 1))])
    critical = 2 / np.linalg.eigvalsh(design.T @ design / 1000)[-1]
    assert 1.7 < critical < 2.0
    run = Experiment(lr=share * critical, batch_size=1000, epochs=500, reduction=Reduction.MEAN)
    losses = [epoch.loss for epoch in epochs_of(train(run))]
    if share < 1:
        assert losses[-1] < 1e-2 < losses[0]
    else:
        assert losses[-1] > 1e4


@pytest.mark.parametrize("loss", ["l1", "huber"])
def test_outliers_do_not_move_the_robust_losses(loss: str) -> None:
    """One label at 10000 moves least squares far; L1 and Huber stay within .05."""
    experiment = Experiment(loop="fast", lr=0.01, epochs=30).changed(
        {"loss": loss, "data.outliers": 0.001, "data.outlier_size": 10_000.0}
    )
    params = outcome(train(experiment)).params
    assert params["w"] == pytest.approx((2.0, -3.4), abs=0.05)
    assert params["b"] == pytest.approx((4.2,), abs=0.05)
    squared = outcome(train(experiment.changed({"loss": "half_squared", "lr": 0.001})))
    moved = np.subtract((*squared.params["w"], *squared.params["b"]), (2.0, -3.4, 4.2))
    assert np.linalg.norm(moved) > 5


@pytest.mark.parametrize(("lr", "low", "high"), [(0.03, 0.010, 0.02), (0.003, 0.0075, 0.0088)])
def test_l1_with_a_constant_step_has_a_plateau_set_by_its_rate(
    lr: float, low: float, high: float
) -> None:
    """η=.03 sticks at MAE ≈.014; η=.003 reaches .008=σ√(2/π)."""
    run = Experiment(loop="fast", lr=lr, epochs=50).changed({"loss": "l1"})
    last = [
        epoch.loss
        for seed in range(2)
        for epoch in epochs_of(train(run.changed({"seed": seed})))[-10:]
    ]
    assert low < np.mean(last) < high


# Divergence ----------------------------------------------------------------------------------


def residuals_of_steps(experiment: Experiment) -> Iterator[Array]:
    """The residuals of one minibatch after the other before its step of half squared SGD."""
    problem = build(experiment)
    design = np.hstack([array(problem.X), np.ones((len(problem.X), 1))])
    y = array(problem.y)[:, 0]
    theta = np.concatenate([array(start).ravel() for start in problem.start.values()])
    for order in map(problem.order, count()):
        for first in range(0, len(y), experiment.batch_size):
            rows = order.numpy()[first : first + experiment.batch_size]
            r = design[rows] @ theta - y[rows]
            yield r
            theta -= experiment.lr * design[rows].T @ r / experiment.batch_size


def first_bad_step(experiment: Experiment) -> int:
    """The first step whose minibatch's half loss is a million times the start, in float64."""
    limit = 1e6 * facts_of(experiment).start_loss
    return next(
        step
        for step, r in enumerate(residuals_of_steps(experiment), 1)
        if (r**2).mean() / 2 > limit
    )


def first_step_beyond(experiment: Experiment, size: float) -> int:
    """The first step whose minibatch or epoch has a residual of more than that size."""
    steps = enumerate(residuals_of_steps(experiment), 1)
    return next(step for step, r in steps if np.abs(r).max() > size)


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("lr", [2.0, 5.0, 1e6])
def test_a_runaway_is_reported_at_its_first_bad_step(loop: str, seed: int, lr: float) -> None:
    """B=10, η=2 triggers it."""
    experiment = Experiment(loop=loop, lr=lr, seed=seed)
    events = list(train(experiment))
    end, last = events[-1], events[-2]
    assert isinstance(end, Diverged)
    assert isinstance(last, Stepped)
    assert end.step == last.step == first_bad_step(experiment)
    assert end.epoch == last.epoch == -(-end.step // 100)
    assert end.loss == last.loss > 1e6 * started(events).facts.start_loss
    assert "million times" in str(end.reason)
    limit = RUNAWAY * started(events).facts.start_loss
    assert all(event.loss <= limit for event in steps_of(events)[:-1])


def test_a_run_that_starts_at_the_truth_may_still_move() -> None:
    """A tiny first loss is no reason to cry wolf: a loss below 1 never counts as diverged."""
    experiment = Experiment(epochs=5).changed(
        {"data.w": (1.0, 1.0), "data.b": 0.0, "init": "constant", "data.noise": 0.01, "lr": 1.0}
    )
    assert facts_of(experiment).start_loss < 1e-4
    assert isinstance(outcome(train(experiment)), Finished)


def test_a_run_that_starts_too_well_is_only_stopped_above_one() -> None:
    """A millionfold of next to nothing is still next to nothing."""
    experiment = Experiment(lr=2.0, epochs=30).changed(
        {"data.w": (1.0, 1.0), "data.b": 0.0, "init": "constant", "data.noise": 1e-6}
    )
    assert facts_of(experiment).start_loss < 1e-11
    assert 1 < outcome(train(experiment)).loss < 1e6


@pytest.mark.parametrize("loop", LOOPS)
def test_a_last_step_that_runs_away_is_noticed_at_the_end_of_the_epoch(loop: str) -> None:
    experiment = Experiment(loop=loop, lr=1e6, batch_size=1000, epochs=5, reduction=Reduction.MEAN)
    first, second, end = train(experiment)
    assert isinstance(first, Started)
    assert isinstance(second, Stepped)
    assert isinstance(end, Diverged)
    assert (end.epoch, end.step) == (1, 1)
    assert end.loss > 1e6 * first.facts.start_loss


@pytest.mark.parametrize("loop", LOOPS)
def test_a_loss_beyond_float32_is_called_not_finite(loop: str) -> None:
    experiment = Experiment(loop=loop, lr=1e6).changed({"data.scale": (1e6,), "data.w": (1e6, 1.0)})
    end = outcome(train(experiment))
    assert isinstance(end, Diverged)
    assert not math.isfinite(end.loss)
    assert "no longer a finite number" in str(end.reason)


@pytest.mark.parametrize("loop", LOOPS)
def test_a_loss_that_is_not_a_number_ends_the_run_at_that_step(
    loop: str, monkeypatch: pytest.MonkeyPatch, own_kernels: None
) -> None:
    """A loss whose logarithm has no value beyond a residual of 100."""
    entry = replace(
        LOSSES["half_squared"], name="breaks", function=breaks, derivative=lambda r: r, torch=None
    )
    monkeypatch.setitem(LOSSES.entries, "breaks", entry)
    for seed in (7, 8, 9):
        run = Experiment(loop=loop, batch_size=4, lr=2.5, epochs=50, seed=seed)
        experiment = run.changed({"loss": "breaks", "data.n": 42})
        end = outcome(train(experiment))
        assert isinstance(end, Diverged)
        assert end.step == first_step_beyond(experiment, 100.0)
        assert end.epoch == -(-end.step // 11)
        assert math.isnan(end.loss)
        assert "no longer a finite number" in str(end.reason)


def breaks(r: torch.Tensor) -> torch.Tensor:
    """½r², not a number where |r| > 100."""
    return r * r / 2 + 0 * (100 - r.abs()).log()


def test_nothing_comes_after_the_end() -> None:
    events = train(Experiment(lr=2.0))
    assert isinstance(outcome(events), Diverged)
    assert next(events, None) is None


# Alerts --------------------------------------------------------------------------------------


def test_a_stalled_run_says_so_once() -> None:
    """A tiny rate gains nothing."""
    run = Experiment(lr=1e-6, epochs=12).changed({"data.n": 20})
    alerts = [epoch.alert for epoch in epochs_of(train(run))]
    assert [alert is not None for alert in alerts] == [False] * 5 + [True] + [False] * 6
    assert "stall" in str(alerts[5])


def test_a_spike_is_reported_when_the_rate_is_raised_on_the_way() -> None:
    """The third epoch runs at a rate that is too large."""
    controls = Controls(0.03)
    experiment = Experiment(batch_size=50, epochs=4).changed({"data.n": 200})
    alerts = []
    for event in train(experiment, controls):
        if isinstance(event, EpochEnded):
            alerts.append(event.alert)
            controls.lr = 2.5 if event.epoch == 2 else 0.03
    assert alerts[:2] == [None, None]
    assert "spike" in str(alerts[2])


@pytest.mark.parametrize("seed", range(10))
def test_a_run_at_the_floor_raises_no_alarm(seed: int) -> None:
    run = Experiment(loop="fast", seed=seed, epochs=20)
    assert [epoch.alert for epoch in epochs_of(train(run))] == [None] * 20


def test_why_tells_runaway_from_overflow() -> None:
    assert "1.5e+07" in str(trainer.why(2e7, 1.5e7))
    assert trainer.why(math.inf, 1.0) == trainer.why(math.nan, 1.0)


# Held-out samples ----------------------------------------------------------------------------


@pytest.mark.parametrize("loop", LOOPS)
def test_the_validation_loss_is_that_of_samples_training_never_sees(loop: str) -> None:
    experiment = Experiment(loop=loop, validation_split=0.3).changed({"data.noise": 0.5})
    X, y = experiment.dataset().draw(generator(experiment.seed, "data"))
    problem = build(experiment)
    assert torch.equal(problem.X, X[:700])
    for epoch in epochs_of(train(experiment)):
        w, b = np.array(epoch.params["w"]), epoch.params["b"][0]
        r = array(X[700:]) @ w + b - array(y[700:, 0])
        assert epoch.validation == pytest.approx((r**2).mean() / 2, rel=1e-5)


def test_nothing_is_held_out_unless_it_is_asked_for() -> None:
    assert all(epoch.validation is None for epoch in epochs_of(train(Experiment())))


@given(n=st.integers(1, 50), share=st.floats(0, 0.9))
def test_one_sample_at_least_is_left_to_train_on(n: int, share: float) -> None:
    experiment = Experiment(validation_split=share).changed({"data.n": n})
    assert 1 <= experiment.train_size <= n
    assert len(build(experiment).X) == experiment.train_size


@pytest.mark.parametrize("loop", LOOPS)
def test_early_stopping_ends_a_run_that_learns_only_noise(loop: str) -> None:
    """Few samples, many features: the validation loss rises while the training loss still falls."""
    experiment = Experiment(
        loop=loop, validation_split=0.5, patience=5, epochs=500, batch_size=8, lr=0.05
    ).changed({"data.w": (0.5,) * 20, "data.n": 50, "data.noise": 2.0})
    events = list(train(experiment))
    end, epochs, last = events[-1], epochs_of(events), steps_of(events)[-1]
    assert isinstance(end, Finished)
    assert str(end.reason).startswith("early stopping")
    assert (last.step, numbers(last.live.params())) == (end.step, end.params)
    best = min(epochs, key=lambda epoch: epoch.validation or 0.0)
    assert end.epoch == best.epoch + 5 < 500
    assert str(best.epoch) in str(end.reason)
    assert end.params == epochs[-1].params
    assert end.step == end.epoch * 4


def test_without_held_out_samples_the_training_loss_is_watched() -> None:
    experiment = Experiment(patience=3, epochs=1000)
    end = outcome(train(experiment))
    assert isinstance(end, Finished)
    assert 3 < end.epoch < 1000
