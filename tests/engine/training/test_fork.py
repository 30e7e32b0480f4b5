"""A run that goes on from a moment of another one."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.catalog.parameters import flat
from engine.experiment import Experiment
from engine.problem import Problem, build
from engine.runs.keeper import Keeper
from engine.runs.store import Store
from engine.settings import LOOPS
from engine.support.errors import BadInput
from engine.training.controls import Controls
from engine.training.driver import Driver
from engine.training.events import EpochEnded, Event, Finished, Started
from engine.training.fork import Fork
from engine.training.moments import fork_of, snapshot_at
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
    events = events_of(replace(SHORT, lr=0.2), fork)
    start = next(event for event in events if isinstance(event, Started))
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
    to_the_end(driver)
    return driver.shown.latest


def to_the_end(driver: Driver) -> None:
    """Take all the pieces that there are to be taken."""
    while driver.running:
        driver.advance()


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
    to_the_end(driver)
    assert driver.shown.latest.fork
    assert (driver.shown.latest.number, driver.shown.latest.fork.number) == (2, 1)
    assert (driver.shown.latest.state, driver.shown.latest.path.x[0]) == ("finished", 0.7)


@pytest.mark.parametrize("loop", ["scratch", "concise"])
def test_the_steps_before_it_are_taken_in_pieces_and_can_be_stopped(loop: str) -> None:
    experiment = replace(SHORT, loop=loop)
    now = 0.0
    driver = Driver(experiment, lambda: now)
    driver.fork(experiment, Fork(experiment, 13))
    before, shares = driver.shown, []
    driver.advance()
    assert driver.shown is before  # what is soon over is not said
    while driver.run and driver.run.is_preparing:
        shares.append(str(driver.run.history.message))
        assert driver.running
        now += 1.0
        driver.advance()
        assert driver.shown.latest.fork
    assert shares[-1] == "taking the first 13 steps again: 100 %"
    assert len(shares) == 12
    assert (driver.shown.latest.step, driver.shown.latest.seconds) == (13, 0.0)
    driver.fork(experiment, Fork(experiment, 13))
    driver.pause()
    assert (driver.running, driver.shown.latest.state) == (False, "paused")
    driver.resume()
    assert driver.running
    driver.stop()
    assert not driver.running
    assert (driver.shown.latest.state, driver.shown.latest.step) == ("paused", 13)  # the first one
    driver = Driver(experiment, lambda: now)
    driver.fork(experiment, Fork(experiment, 13))
    driver.stop()
    assert (driver.shown.latest.state, driver.shown.latest.step) == ("ready", 0)
    assert driver.shown.latest.fork is None
    assert driver.shown.runs == ()


@pytest.mark.parametrize("is_over", [True, False])
def test_a_fork_that_is_given_up_on_its_way_leaves_the_run_at_hand_as_it_was(is_over: bool) -> None:
    driver = Driver(SHORT, lambda: 0.0)
    driver.start(SHORT)
    to_the_end(driver) if is_over else driver.minibatch(SHORT)
    origin = driver.shown.latest
    for _ in range(2):  # also where it is asked for once more on the way
        driver.fork(replace(SHORT, lr=0.2), Fork(SHORT, 13))
        driver.advance()
    driver.stop()
    now = driver.shown.latest
    assert (now.number, now.step, now.params) == (origin.number, origin.step, origin.params)
    assert now.state == ("finished" if is_over else "stopped")
    assert [run.number for run in driver.shown.runs] == [1]
    driver.minibatch(SHORT)
    to_the_end(driver)
    assert (driver.shown.latest.number, driver.shown.latest.step) == (2, 1)


@pytest.mark.parametrize("is_known", [True, False])
def test_the_data_are_drawn_once(monkeypatch: pytest.MonkeyPatch, is_known: bool) -> None:
    drawn: list[Experiment] = []

    def draw(experiment: Experiment) -> Problem:
        drawn.append(experiment)
        return build(experiment)

    monkeypatch.setattr("engine.problem.build", draw)
    experiment = SHORT.changed({"optimizer": "adam", "penalty": "l2", "epochs": 5})
    fork = Fork(SHORT.changed({"schedule": "cosine"}), 23, before=Fork(SHORT, 13))
    if is_known:
        driver = Driver(SHORT, time.perf_counter)
        driver.prepare(SHORT)
        driver.fork(experiment, fork)
        to_the_end(driver)
        params = driver.shown.latest.params
    else:
        params = run_of(experiment, fork).params
    assert drawn == [SHORT]
    assert params == run_of(experiment, fork).params


def test_a_minibatch_or_an_epoch_of_a_fork_that_is_over_is_one_of_the_fork() -> None:
    origin = run_of(SHORT)
    forked, fork = replace(SHORT, lr=0.3), fork_of(origin, 13)
    driver = Driver(SHORT, time.perf_counter)
    driver.fork(forked, fork)
    to_the_end(driver)
    whole = driver.shown.latest
    for take, step in ((driver.statement, 13), (driver.minibatch, 14), (driver.epoch, 20)):
        driver.stop()
        take(forked)
        to_the_end(driver)
        now = driver.shown.latest
        assert (now.state, now.step, now.fork) == ("paused", step, fork)
        assert now.params == snapshot_at(whole, step).params
    driver.set_lr(0.1)
    driver.stop()
    driver.minibatch(replace(SHORT, lr=0.1))  # as the forms have it now
    to_the_end(driver)
    assert (driver.shown.latest.step, driver.shown.latest.lr) == (14, 0.1)
    driver.stop()
    driver.minibatch(replace(SHORT, batch_size=5))
    assert (driver.shown.latest.step, driver.shown.latest.fork) == (1, None)
    driver.fork(forked, fork)
    to_the_end(driver)
    driver.start(forked)
    assert (driver.shown.latest.step, driver.shown.latest.fork) == (0, None)


def test_a_fork_that_is_stopped_in_its_first_minibatch_is_at_its_start_again() -> None:
    driver = Driver(SHORT, time.perf_counter)
    fork = Fork(SHORT, 13)
    driver.fork(SHORT, fork)
    to_the_end(driver)
    start = snapshot_at(driver.shown.latest, 13)
    driver.statement(SHORT)
    to_the_end(driver)
    assert driver.shown.latest.statements
    driver.stop()
    to_the_end(driver)
    now = driver.shown.latest
    assert (now.state, now.step, now.fork, now.statements) == ("ready", 13, fork, ())
    assert now.params == start.params
    driver.minibatch(SHORT)
    assert driver.shown.latest.step == 14
    driver.stop()
    driver.statement(SHORT)
    driver.stop()
    driver.start(SHORT)  # on the way to where the fork begins
    assert (driver.shown.latest.step, driver.shown.latest.fork) == (0, None)


@pytest.mark.parametrize("loop", ["scratch", "concise"])
@pytest.mark.parametrize("schedule", ["constant", "cosine"])
def test_an_lr_that_is_set_behind_any_statement_is_that_of_the_steps_it_was_used_in(
    loop: str, schedule: str, tmp_path: Path
) -> None:
    """The schedule has chosen the lr of a minibatch before the last of its statements."""
    experiment = SHORT.changed({"loop": loop, "schedule": schedule})
    statements = Driver(experiment, time.perf_counter)
    while statements.shown.latest.step == 0:
        statements.statement(experiment)
    for count in range(1, 1 + len(statements.shown.latest.statements)):
        store = tmp_path / str(count)
        driver = Driver(experiment, time.perf_counter, partial(Keeper, store))
        driver.minibatch(experiment)
        for _ in range(count):
            driver.statement(experiment)
        driver.set_lr(0.2)
        driver.minibatch(experiment)
        driver.minibatch(experiment)
        run = driver.shown.latest
        again = run_of(replace(experiment, lr=0.2), fork_of(run, 3))
        assert again.path.theta[0] == run.path.theta[3]
        driver.stop()
        (kept,) = Store(store).runs()
        assert kept.lrs == run.lrs


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


def test_beyond_the_end_of_the_other_run_there_is_no_step_to_begin_at() -> None:
    longer = SHORT.changed({"epochs": 100})
    Fork(SHORT, 40).check(longer)
    with pytest.raises(BadInput, match=r"^step=41: the other run ends with step 40$"):
        Fork(SHORT, 41).check(longer)
    experiment = SHORT.changed({"loop": "fast", "lr": 1e6})
    with pytest.raises(BadInput, match=r"^step=40: the other run diverges before it$"):
        events_of(experiment, Fork(experiment, 40))


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
