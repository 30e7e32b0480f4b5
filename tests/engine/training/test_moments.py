"""A run as it was at an earlier moment: exactly what was stored, and nothing that was not."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from engine.catalog.parameters import flat, numbers
from engine.experiment import Experiment
from engine.kernels.shuffle import key_of, permutation
from engine.problem import build
from engine.settings import LOOPS
from engine.support.translation import Message
from engine.training.driver import Driver
from engine.training.events import EpochEnded, Event, Started, Stepped
from engine.training.moments import snapshot_at, steps_of
from engine.training.record import Recorder
from engine.training.run import Ending, Stepper, Until
from engine.training.series import CAPACITY, Points
from engine.training.snapshot import Snapshot
from engine.training.trail import MOST_POINTS
from tests.support.runs import singly

SHORT = Experiment(epochs=3).changed({"data.n": 95, "data.noise": 0.1})


class Heard:
    """Hears the loss at the start of a run, and after each of its epochs."""

    id = ""
    trouble: Message | None = None

    def __init__(self) -> None:
        self.losses: dict[int, float] = {}

    def fold(self, event: Event) -> None:
        if isinstance(event, Started):
            self.losses[0] = event.facts.start_loss
        if isinstance(event, EpochEnded):
            self.losses[event.epoch] = event.loss

    def take_lrs(self, lrs: Sequence[tuple[int, float]]) -> None: ...

    def flush(self) -> None: ...

    def end(self, state: Ending, recorder: Recorder, seconds: float) -> None: ...


def run_of(experiment: Experiment, heard: Heard | None = None) -> Snapshot:
    """A run to its end, as the screen has it."""
    driver = Driver(experiment, time.perf_counter, (lambda _: heard) if heard else None)
    driver.start(experiment)
    while driver.running:
        driver.advance()
    return driver.shown.latest


@pytest.mark.parametrize("loop", LOOPS)
def test_every_step_of_a_short_run_is_there_as_it_was(loop: str) -> None:
    """Beside the events of the same run, taken one by one."""
    experiment = replace(SHORT, loop=loop)
    run, start, epoch = run_of(experiment), build(experiment), 0
    loss = start.mean_loss(start.start)
    assert steps_of(run) == tuple(range(31))
    now = snapshot_at(run, 0)
    assert (now.step, now.epoch, now.batch_loss, now.grads) == (0, 0, None, {})
    assert flat(now.params) == flat(numbers(start.start))
    for event in singly(experiment):
        if isinstance(event, EpochEnded):
            epoch, loss = event.epoch, event.loss
        if isinstance(event, Stepped) and event.step < 30:
            now = snapshot_at(run, event.step)
            if event.step % 10:  # else its epoch ends with the next event
                assert (now.epoch, now.loss) == (epoch, loss)
            assert now.step == event.step
            assert now.batch_loss == event.loss
            assert now.params == numbers(event.live.params())
            assert now.grads == numbers(event.live.grads())
            assert now.batch_losses.low[-1] == event.loss
    assert snapshot_at(run, 30) is run


def test_they_are_those_of_plain_sgd_over_the_same_minibatches() -> None:
    run, problem = run_of(SHORT), build(SHORT)
    X, y = problem.X.double().numpy(), problem.y.double().numpy()
    X = np.hstack([X, np.ones((len(X), 1))])
    theta = np.array([*flat(numbers(problem.start))])[:, None]
    step = 0
    for epoch in range(3):
        order = permutation(key_of(SHORT.seed, epoch), len(X))
        for rows in np.split(order, range(10, len(X), 10)):
            grad = X[rows].T @ (X[rows] @ theta - y[rows]) / 10
            theta = theta - SHORT.lr * grad
            step += 1
            now = snapshot_at(run, step)
            assert flat(now.params) == pytest.approx(theta[:, 0].tolist(), rel=1e-4, abs=1e-5)
            assert flat(now.grads) == pytest.approx(grad[:, 0].tolist(), rel=1e-4, abs=1e-5)


def test_of_a_long_run_some_steps_are_there_and_the_last_one_before_any_other() -> None:
    experiment = replace(SHORT, loop="fast", epochs=700, batch_size=5)
    run = run_of(experiment)
    steps = steps_of(run)
    gap = steps[1]
    assert gap > 1
    assert steps == (*range(0, run.step, gap), run.step)
    assert len(steps) <= MOST_POINTS + 1
    assert snapshot_at(run, 3 * gap + 1).step == 3 * gap
    assert snapshot_at(run, 3 * gap).params == snapshot_at(run, 3 * gap + gap - 1).params
    stepwise = {event.step: event for event in singly(experiment) if isinstance(event, EpochEnded)}
    for step, event in stepwise.items():
        if step in steps[:-1]:
            assert snapshot_at(run, step).params == event.params


def test_a_curve_ends_before_a_point_that_later_epochs_are_merged_into() -> None:
    run = run_of(SHORT)
    merged = Points((0.0, 2.0), (5.0, 1.0), (9.0, 2.0), (9.0, 1.0))
    assert snapshot_at(replace(run, epoch_losses=merged), 12).epoch_losses.low == ()
    merged = Points((0.0, 1.0, 2.0), (5.0, 3.0, 1.0), (5.0, 3.0, 1.0))
    run = replace(run, epoch_losses=merged)
    assert snapshot_at(run, 25).epoch_losses.low == (5.0, 3.0, 1.0)


@pytest.mark.parametrize("loop", ["scratch", "fast"])
@pytest.mark.parametrize("n", [3, 8])
def test_of_very_many_epochs_each_moment_has_the_loss_of_its_own(loop: str, n: int) -> None:
    """Also where the curve of the epochs is merged, and with places dropped on the way."""
    experiment = Experiment(batch_size=2, epochs=CAPACITY + 300, loop=loop).changed({"data.n": n})
    heard = Heard()
    run = run_of(experiment, heard)
    assert len(heard.losses) == experiment.epochs + 1
    assert max(run.epoch_losses.high) > max(run.epoch_losses.low[1:])
    assert len(steps_of(run)) > MOST_POINTS / 2
    for step in steps_of(run):
        assert snapshot_at(run, step).loss == heard.losses[step // experiment.steps_per_epoch]
    begin = snapshot_at(run, 0)
    assert begin.epoch_losses.low == ()  # merged with a later one
    assert begin.standing == "still learning"


def test_a_moment_has_no_end_and_stands_where_it_stood() -> None:
    run = run_of(Experiment(lr=2.0))
    assert run.state == "diverged"
    now = snapshot_at(run, 2)
    assert (now.state, now.message, now.autopsy) == ("running", "", None)
    assert now.standing == "still learning"
    assert run.autopsy
    bad = run.autopsy.first_bad_step
    assert snapshot_at(run, bad - 1).autopsy is None
    assert snapshot_at(run, bad).autopsy == run.autopsy
    run = run_of(Experiment(lr=0.3))
    assert run.standing == "at the noise floor"
    assert snapshot_at(run, 50).standing == "still learning"


def test_the_lr_of_a_moment_is_the_one_that_was_set_then() -> None:
    stepper = Stepper(SHORT.changed({"schedule": "step", "schedule.gamma": 0.5}))
    stepper.begin()
    for lr in (0.1, 0.02):
        stepper.set_off(Until.MINIBATCH, 0.0)
        stepper.advance()
        stepper.set_lr(lr)
    stepper.set_off(Until.END, 0.0)
    while stepper.running:
        stepper.advance()
    run = stepper.snapshot()
    assert [snapshot_at(run, step).lr for step in (1, 2, 3, 10, 11)] == [
        0.03,
        0.1,
        0.02,
        0.02,
        0.01,
    ]
