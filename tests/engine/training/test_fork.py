"""A run that goes on from a moment of another one."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import torch

from engine.catalog.parameters import flat
from engine.experiment import Experiment
from engine.problem import build
from engine.settings import LOOPS
from engine.support.errors import BadInput
from engine.training.controls import Controls
from engine.training.driver import Driver
from engine.training.events import EpochEnded, Event, Finished, Started, Stepped
from engine.training.fork import Fork
from engine.training.moments import fork_of, snapshot_at
from engine.training.run import Until
from engine.training.snapshot import Snapshot
from engine.training.trainer import train
from tests.support.runs import batch_losses_of

SHORT = Experiment(epochs=4).changed({"data.n": 95, "data.noise": 0.1})
"""Ten steps an epoch, the last one of five samples."""


def events_of(experiment: Experiment, fork: Fork | None = None) -> list[Event]:
    return list(train(experiment, fork=fork))


def same_end(one: list[Event], other: list[Event], step: int) -> bool:
    """Whether two runs have the same numbers after a step, to the last digit."""

    def told(events: list[Event]) -> Iterator[tuple[object, ...]]:
        for event in events:
            if isinstance(event, EpochEnded | Finished) and event.step > step:
                yield type(event), event.step, event.loss, flat(event.params)

    return list(told(one)) == list(told(other))


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
@pytest.mark.parametrize("step", [0, 7, 20, 23])
def test_with_nothing_changed_it_is_the_run_itself(loop: str, optimizer: str, step: int) -> None:
    experiment = SHORT.changed(
        {"loop": loop, "optimizer": optimizer, "schedule": "cosine", "lr": 0.1}
    )
    whole = events_of(experiment)
    forked = events_of(experiment, Fork(experiment, step))
    assert batch_losses_of(forked) == batch_losses_of(whole)[step:]
    assert same_end(whole, forked, step)
    ends = [event.epoch for event in forked if isinstance(event, EpochEnded)]
    assert ends == list(range(step // 10 + 1, 5))


def test_it_begins_where_the_other_run_was_and_the_new_lr_counts_from_there() -> None:
    fork = Fork(SHORT, 13)
    start, first, *_ = events_of(replace(SHORT, lr=0.2), fork)
    assert isinstance(start, Started)
    assert isinstance(first, Stepped)
    theta, problem = torch.cat([build(SHORT).start[name].flatten() for name in "wb"]), build(SHORT)
    X, y = problem.linear.design(problem.X).double().numpy(), problem.y[:, 0].double().numpy()
    at = theta.double().numpy()
    for step in range(13):
        rows = problem.order(step // 10).numpy()[step % 10 * 10 :][:10]
        at = at - 0.03 * X[rows].T @ (X[rows] @ at - y[rows]) / 10
    assert flat(start.facts.start) == pytest.approx(at.tolist(), rel=1e-4)
    assert start.facts.start_loss == pytest.approx(np.mean((X @ at - y) ** 2) / 2, rel=1e-4)
    rows = problem.order(1).numpy()[30:40]
    wanted = at - 0.2 * X[rows].T @ (X[rows] @ at - y[rows]) / 10
    driver = run_of(replace(SHORT, lr=0.2), fork)
    assert driver.path.theta[1] == pytest.approx(wanted.tolist(), rel=1e-4)
    assert driver.path.x[:2] == (1.3, 1.4)


def run_of(experiment: Experiment, fork: Fork | None = None) -> Snapshot:
    """A run to its end, as the screen has it."""
    driver = Driver(experiment, time.perf_counter)
    if fork:
        driver.fork(experiment, fork)
    else:
        driver.start(experiment)
    while driver.running:
        driver.advance()
    return driver.shown.latest


@pytest.mark.parametrize("loop", LOOPS)
def test_another_optimizer_begins_anew(loop: str) -> None:
    """Its first step is as long as Adam's first step is: the lr along each parameter."""
    experiment = replace(SHORT, loop=loop)
    adam = experiment.changed({"optimizer": "adam", "lr": 0.01})
    run = run_of(adam, Fork(experiment, 13))
    moved = np.abs(np.subtract(run.path.theta[1], run.path.theta[0]))
    assert moved == pytest.approx([0.01] * 3, rel=1e-3)


def test_a_change_of_the_lr_during_the_run_is_made_again_and_so_is_a_fork() -> None:
    driver = Driver(SHORT, time.perf_counter)
    driver.prepare(SHORT)
    for step in range(1, 26):
        driver.minibatch(SHORT)
        if step in (4, 17):
            driver.set_lr(0.3 / step)
    run = driver.shown.latest
    fork = fork_of(run, 22)
    assert fork.lrs == ((4, 0.3 / 4), (17, 0.3 / 17))
    changed = replace(SHORT, lr=0.3 / 17)
    again = run_of(changed, fork)
    assert again.fork == fork
    for step in (22, 23, 25):
        assert snapshot_at(again, step).params == snapshot_at(run, step).params
    twice = run_of(changed, fork_of(again, 31))
    assert twice.params == again.params
    assert (twice.path.x[0], twice.epoch_losses.x) == (3.1, (3.1, 4.0))


def test_patience_remembers_the_epochs_before() -> None:
    experiment = Experiment(lr=0.3, epochs=50, patience=3).changed(
        {"data.n": 100, "validation_split": 0.3}
    )
    whole = events_of(experiment)
    last = whole[-1]
    assert isinstance(last, Finished)
    assert last.epoch < 50
    assert same_end(whole, events_of(experiment, Fork(experiment, last.step - 3)), last.step - 3)


def test_a_fork_of_a_run_that_is_paused_ends_that_run() -> None:
    driver = Driver(SHORT, time.perf_counter)
    driver.epoch(SHORT)
    while driver.running:
        driver.advance()
    run = driver.shown.latest
    driver.fork(replace(SHORT, lr=0.3), fork_of(run, 7))
    assert [each.state for each in driver.shown.runs] == ["stopped"]
    assert (driver.shown.latest.step, driver.shown.latest.number) == (7, 2)
    assert driver.run
    assert driver.run.until is Until.END
    assert driver.shown.latest.fork
    assert driver.shown.latest.fork.number == 1


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"batch_size": 5}, "batch_size=5: a fork goes on with other optimizer, lr, "),
        ({"data.n": 20}, "data.n=20: a fork goes on"),
        ({"epochs": 1}, "epochs=1: nothing is left to train after step 13"),
    ],
)
def test_what_it_cannot_go_on_with_is_refused(changes: dict[str, object], why: str) -> None:
    with pytest.raises(BadInput) as refusal:
        Fork(SHORT, 13).check(SHORT.changed(changes))
    assert str(refusal.value).startswith(why)
    free = {"lr": 1.0, "optimizer": "adam", "schedule": "step", "penalty": "l2", "epochs": 2}
    Fork(SHORT, 13).check(SHORT.changed(free))


def test_the_fast_loop_goes_on_in_torch_too(monkeypatch: pytest.MonkeyPatch) -> None:
    from engine.support.translation import Message
    from engine.training.loops import fast

    monkeypatch.setattr(fast, "MISSING", Message("numba is not there"))
    experiment = SHORT.changed({"loop": "fast", "optimizer": "adam"})
    whole = events_of(experiment)
    for step in (7, 20):
        forked = events_of(experiment, Fork(experiment, step))
        assert batch_losses_of(forked) == batch_losses_of(whole)[step:]
        assert same_end(whole, forked, step)
    assert len(run_of(experiment).path.x) == 41
    assert Controls(0.1).every > 1000
