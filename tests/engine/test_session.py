"""The engine thread: what each command does, and that nothing kills it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from engine.catalog.parameters import flat
from engine.experiment import Experiment
from engine.opening import Request
from engine.session import Session
from engine.settings import LOOPS
from engine.theory.landscape import plane
from engine.training import trainer
from engine.training.events import Event, Stepped
from engine.training.snapshot import Snapshot
from tests.support.oracles import trace
from tests.support.runs import epochs_of, outcome, wait_until

Open = Callable[[Experiment], Session]

SHORT = Experiment(epochs=3).changed({"data.n": 60})
"""18 steps."""
ENDLESS = Experiment(epochs=100_000_000).changed({"data.n": 60})


def until(session: Session, *states: str) -> Snapshot:
    """The latest snapshot once the run is in one of these states."""
    wait_until(lambda: session.latest.state in states)
    return session.latest


def reached(session: Session, step: int) -> Snapshot:
    """The latest snapshot once the run rests at this step."""
    wait_until(lambda: session.latest.state != "running" and session.latest.step == step)
    return session.latest


def engine_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "engine"]


# From start to end ---------------------------------------------------------------------------


def test_an_opened_session_shows_the_start_without_training(open_session: Open) -> None:
    session = open_session(SHORT)
    latest = session.latest
    assert (latest.state, latest.step, latest.epoch) == ("ready", 0, 0)
    assert latest.facts is not None
    assert latest.params == latest.facts.start
    assert latest.loss == latest.facts.start_loss
    assert latest.epoch_losses.low == (latest.facts.start_loss,)
    assert session.runs == ()


def test_the_screen_is_told_whenever_kernels_are_compiled(
    open_session: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, said = trainer.train, []

    def train(experiment: Experiment, *rest: Any) -> Iterator[Event]:
        said.append(session.latest.message)
        yield from real(experiment, *rest)

    session = open_session(SHORT)
    monkeypatch.setattr(trainer, "train", train)
    fast = SHORT.changed({"loop": "fast"})
    for run in (fast, fast, fast.changed({"optimizer": "adam"})):
        session.prepare(run)
    wait_until(lambda: len(said) == 3)
    assert ["compiling" in str(message) for message in said] == [True, False, True]


@pytest.mark.parametrize("loop", LOOPS)
def test_a_started_run_finishes_with_the_numbers_of_the_trainer(
    open_session: Open, loop: str
) -> None:
    experiment = SHORT.changed({"loop": loop})
    session = open_session(experiment)
    session.start(experiment)
    latest = until(session, "finished")
    events = list(trainer.train(experiment))
    assert latest.epoch_losses.low[1:] == tuple(epoch.loss for epoch in epochs_of(events))
    end = outcome(events)
    assert (latest.epoch, latest.step, latest.loss) == (3, 18, end.loss)
    assert latest.params == end.params
    assert latest.steps == 18
    assert latest.seconds > 0
    wait_until(lambda: len(session.runs) == 1)
    (run,) = session.runs
    assert (run.state, run.step, run.epoch_losses) == ("finished", 18, latest.epoch_losses)


def test_the_same_seed_gives_the_same_run_again_and_another_seed_does_not(
    open_session: Open,
) -> None:
    session = open_session(SHORT)
    for count, seed in enumerate((7, 7, 8), start=1):
        session.start(SHORT.changed({"seed": seed}))
        wait_until(lambda count=count: len(session.runs) == count)  # type: ignore[misc]
    one, same, other = session.runs
    assert one.epoch_losses.low == same.epoch_losses.low
    assert one.batch_losses.low == same.batch_losses.low
    assert one.epoch_losses.low != other.epoch_losses.low
    assert one.number < same.number < other.number


def test_a_diverged_run_says_why(open_session: Open) -> None:
    session = open_session(Experiment(lr=2.0))
    session.start(Experiment(lr=2.0))
    latest = until(session, "diverged")
    assert "million" in str(latest.message)
    wait_until(lambda: len(session.runs) == 1)
    assert session.runs[0].state == "diverged"


# Steps ---------------------------------------------------------------------------------------


def test_one_minibatch_at_a_time(open_session: Open) -> None:
    session = open_session(SHORT)
    expected = [
        event.loss for event in islice(trainer.train(SHORT), 1, 5) if isinstance(event, Stepped)
    ]
    for step, loss in enumerate(expected, start=1):
        session.minibatch(SHORT)
        latest = reached(session, step)
        assert (latest.state, latest.batch_loss) == ("paused", loss)
        assert latest.grads


def test_the_minibatch_that_ends_an_epoch_shows_the_epochs_loss(open_session: Open) -> None:
    session = open_session(SHORT)
    for step in range(1, 7):
        session.minibatch(SHORT)
        latest = reached(session, step)
    assert (latest.epoch, latest.state) == (1, "paused")
    assert latest.loss == epochs_of(trainer.train(SHORT))[0].loss
    session.minibatch(SHORT)
    assert reached(session, 7).epoch == 1


def test_the_last_minibatch_finishes_the_run(open_session: Open) -> None:
    one_step = Experiment(epochs=1, batch_size=60).changed({"data.n": 60})
    session = open_session(one_step)
    session.minibatch(one_step)
    assert until(session, "finished", "paused").state == "finished"


def test_one_epoch_at_a_time(open_session: Open) -> None:
    session = open_session(SHORT)
    losses = [epoch.loss for epoch in epochs_of(trainer.train(SHORT))]
    for epoch, loss in enumerate(losses, start=1):
        session.epoch(SHORT)
        latest = reached(session, 6 * epoch)
        assert (latest.epoch, latest.loss) == (epoch, loss)
        assert latest.state == ("finished" if epoch == 3 else "paused")
    assert len(session.runs) == 1


def test_an_epoch_begun_by_minibatches_ends_where_it_would_have(open_session: Open) -> None:
    session = open_session(SHORT)
    for step in (1, 2):
        session.minibatch(SHORT)
        reached(session, step)
    session.epoch(SHORT)
    assert reached(session, 6).epoch == 1


def test_quick_key_presses_are_all_obeyed(
    open_session: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Commands that pile up while the thread is busy: none overtakes a step asked for before."""
    session = open_session(SHORT)
    real, gate = trainer.train, threading.Event()

    def gated(experiment: Experiment, *rest: Any) -> Iterator[Event]:
        gate.wait()
        yield from real(experiment, *rest)

    monkeypatch.setattr(trainer, "train", gated)
    session.prepare(SHORT)
    for _ in range(3):
        session.minibatch(SHORT)
    session.set_lr(0.5)
    gate.set()
    wait_until(lambda: session.latest.lr == 0.5)
    assert (session.latest.step, session.latest.state) == (3, "paused")


def test_a_step_after_the_end_begins_a_new_run(open_session: Open) -> None:
    session = open_session(SHORT)
    session.start(SHORT)
    number = until(session, "finished").number
    session.minibatch(SHORT)
    latest = reached(session, 1)
    assert latest.number > number
    assert latest.epoch == 0
    assert len(session.runs) == 1


# Pause, resume, stop, reset ------------------------------------------------------------------


@pytest.mark.parametrize("step", [8, 12], ids=["within an epoch", "at its end"])
def test_a_paused_run_stands_still_and_goes_on_where_it_was(
    open_session: Open, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    real = trainer.train

    def pausing(experiment: Experiment, *rest: Any) -> Iterator[Event]:
        for event in real(experiment, *rest):
            if isinstance(event, Stepped) and event.step == step:
                session.pause()
            yield event

    monkeypatch.setattr(trainer, "train", pausing)
    session = open_session(SHORT)
    session.start(SHORT)
    paused = until(session, "paused", "finished")
    assert (paused.state, paused.step, paused.epoch) == ("paused", step, step // 6)
    session.minibatch(SHORT)
    assert reached(session, step + 1).state == "paused"
    session.resume()
    latest = until(session, "finished")
    assert latest.params == outcome(real(SHORT)).params


def test_commands_that_do_not_apply_change_nothing(open_session: Open) -> None:
    session = open_session(SHORT)
    before = session.latest
    session.pause()
    session.resume()
    session.stop()
    session.minibatch(SHORT)
    latest = reached(session, 1)
    assert latest.number == before.number
    assert session.runs == ()


def test_nothing_resumes_after_the_end(open_session: Open) -> None:
    session = open_session(SHORT)
    session.start(SHORT)
    finished = until(session, "finished")
    session.resume()
    session.pause()
    session.stop()
    session.set_lr(0.5)
    session.prepare(SHORT)
    until(session, "ready")
    (run,) = session.runs
    assert (run.state, run.step, run.lr) == ("finished", finished.step, SHORT.lr)
    assert session.latest.lr == SHORT.lr


def test_a_stopped_run_is_kept(open_session: Open) -> None:
    session = open_session(ENDLESS)
    session.start(ENDLESS)
    wait_until(lambda: session.latest.epoch > 2)
    session.stop()
    stopped = until(session, "stopped")
    (run,) = session.runs
    assert (run.state, run.step, run.number) == ("stopped", stopped.step, stopped.number)
    session.start(SHORT)
    assert until(session, "finished").experiment == SHORT
    wait_until(lambda: len(session.runs) == 2)
    assert session.runs[0] is run


def test_reset_shows_the_start_again(open_session: Open) -> None:
    session = open_session(SHORT)
    start = session.latest
    session.minibatch(SHORT)
    stepped = reached(session, 1)
    session.prepare(SHORT)
    latest = until(session, "ready")
    assert latest.number > stepped.number
    assert (latest.step, latest.params, latest.loss) == (0, start.params, start.loss)
    assert latest.grads == {}
    assert [run.state for run in session.runs] == ["stopped"]


def test_preparing_without_a_step_leaves_no_run_behind(open_session: Open) -> None:
    session = open_session(SHORT)
    for seed in range(5):
        session.prepare(SHORT.changed({"seed": seed}))
    wait_until(lambda: session.latest.experiment.seed == 4)
    until(session, "ready")
    assert session.runs == ()


def test_starting_anew_ends_the_run_in_progress(open_session: Open) -> None:
    session = open_session(ENDLESS)
    session.start(ENDLESS)
    wait_until(lambda: session.latest.step > 0)
    session.start(SHORT)
    until(session, "finished")
    wait_until(lambda: len(session.runs) == 2)
    assert [run.state for run in session.runs] == ["stopped", "finished"]
    assert [run.experiment for run in session.runs] == [ENDLESS, SHORT]


def test_a_run_begun_goes_on_though_the_form_says_something_else(open_session: Open) -> None:
    session = open_session(SHORT)
    session.minibatch(SHORT)
    reached(session, 1)
    session.minibatch(SHORT.changed({"lr": 0.5}))
    latest = reached(session, 2)
    assert latest.experiment == SHORT


def test_a_first_step_takes_the_experiment_it_was_given(open_session: Open) -> None:
    session = open_session(SHORT)
    other = SHORT.changed({"seed": 99})
    session.minibatch(other)
    assert reached(session, 1).experiment == other


# While it runs -------------------------------------------------------------------------------


def test_the_learning_rate_can_be_changed_on_the_way(open_session: Open) -> None:
    """Learning rate changeable while it runs; the next step is taken with the new one."""
    session = open_session(SHORT)
    session.minibatch(SHORT)
    before = reached(session, 1)
    session.set_lr(0.5)
    session.minibatch(SHORT)
    after = reached(session, 2)
    assert after.lr == 0.5
    for name, values in after.params.items():
        moved = [
            value - 0.5 * grad
            for value, grad in zip(before.params[name], after.grads[name], strict=True)
        ]
        assert values == pytest.approx(moved, rel=1e-5)


def test_the_learning_rate_in_force_is_shown_while_it_runs(open_session: Open) -> None:
    session = open_session(ENDLESS)
    session.start(ENDLESS)
    wait_until(lambda: session.latest.step > 0)
    assert session.latest.lr == ENDLESS.lr
    session.set_lr(1e-4)
    wait_until(lambda: session.latest.lr == 1e-4)
    assert session.latest.state == "running"
    session.prepare(SHORT)
    wait_until(lambda: session.latest.state == "ready" and session.latest.lr == SHORT.lr)


def test_the_pace_does_not_change_the_numbers(open_session: Open) -> None:
    session = open_session(SHORT)
    session.start(SHORT)
    quick = until(session, "finished")
    session.set_pace(200.0)
    session.start(SHORT)
    wait_until(lambda: len(session.runs) == 2)
    slow = session.runs[1]
    assert slow.epoch_losses.low == quick.epoch_losses.low
    assert slow.batch_losses.low == quick.batch_losses.low
    assert slow.params == quick.params


def test_a_slow_run_still_takes_commands_and_goes_on_at_full_speed(open_session: Open) -> None:
    session = open_session(SHORT)
    session.set_pace(1e-4)  # an epoch in three hours
    session.start(SHORT)
    wait_until(lambda: session.latest.state == "running")
    session.pause()
    until(session, "paused")
    session.resume()
    session.set_pace(None)
    assert until(session, "finished").step == 18


def test_a_session_that_gives_way_takes_no_step_but_commands(open_session: Open) -> None:
    session = open_session(ENDLESS)
    session.start(ENDLESS)
    wait_until(lambda: session.latest.step > 0)
    assert not session.gives_way
    session.give_way(3600)
    session.set_lr(0.2)
    wait_until(lambda: session.latest.lr == 0.2)
    before = session.latest.step
    session.set_lr(0.1)
    wait_until(lambda: session.latest.lr == 0.1)
    assert session.latest.step == before
    assert session.gives_way
    session.give_way(0)
    wait_until(lambda: session.latest.step > before)


@pytest.mark.parametrize("pace", [1e-12, 1e-300, 1e300, -1.0, 0.0])
def test_no_pace_kills_the_thread(open_session: Open, pace: float) -> None:
    session = open_session(SHORT)
    session.set_pace(pace)
    session.start(SHORT)
    wait_until(lambda: session.latest.state != "ready")
    session.set_pace(None)
    wait_until(lambda: session.latest.over or not engine_threads())
    assert engine_threads()
    session.start(SHORT)
    assert until(session, "finished").step == 18


def test_a_new_snapshot_is_a_new_object(open_session: Open) -> None:
    session = open_session(SHORT)
    first = session.latest
    session.minibatch(SHORT)
    second = reached(session, 1)
    assert second is not first
    assert first.step == 0


def test_each_run_that_takes_a_step_has_the_next_number(open_session: Open) -> None:
    session = open_session(SHORT)
    for number in range(1, 5):
        session.prepare(SHORT)
        session.prepare(SHORT)  # one that takes no step leaves its number to the next
        session.minibatch(SHORT)
        wait_until(lambda: (session.latest.number, session.latest.step) == (number, 1))  # noqa: B023


# The fast loop -------------------------------------------------------------------------------

FAST = SHORT.changed({"loop": "fast", "device": "cpu"})
FAST_ENDLESS = ENDLESS.changed({"loop": "fast", "device": "cpu"})


@pytest.fixture
def sizes(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """Of each event of steps, the step that it ends at and how many steps it has."""
    seen: list[tuple[int, int]] = []
    real = trainer.train

    def watched(experiment: Experiment, *rest: Any) -> Iterator[Event]:
        for event in real(experiment, *rest):
            if isinstance(event, Stepped):
                seen.append((event.step, len(event.losses)))
            yield event

    monkeypatch.setattr(trainer, "train", watched)
    return seen


def test_fast_minibatches_one_at_a_time(open_session: Open, sizes: list[tuple[int, int]]) -> None:
    session = open_session(FAST)
    expected = trace(FAST)
    for step, loss in enumerate(expected.steps[:-1], start=1):
        session.minibatch(FAST)
        latest = reached(session, step)
        assert latest.state == "paused"
        assert latest.batch_loss is not None
        assert loss.near(latest.batch_loss)
        assert latest.epoch == step // 6
        assert latest.grads
    assert sizes == [(step, 1) for step in range(1, 18)]
    session.minibatch(FAST)
    assert until(session, "finished").step == 18


def test_fast_epochs_one_at_a_time(open_session: Open, sizes: list[tuple[int, int]]) -> None:
    """An epoch that was begun by minibatches ends where it would have, not a step later."""
    session = open_session(FAST)
    losses = trace(FAST).epochs
    session.minibatch(FAST)
    reached(session, 1)
    session.minibatch(FAST)
    reached(session, 2)
    for epoch, loss in enumerate(losses, start=1):
        session.epoch(FAST)
        latest = reached(session, 6 * epoch)
        assert latest.epoch == epoch
        assert latest.loss is not None
        assert loss.near(latest.loss)
        assert latest.state == ("finished" if epoch == 3 else "paused")
    assert sizes == [(1, 1), (2, 1), (6, 4), (12, 6), (18, 6)]
    assert len(session.runs) == 1


def test_a_fast_run_paused_on_the_way_comes_to_the_same_end(
    open_session: Open, sizes: list[tuple[int, int]]
) -> None:
    session = open_session(FAST)
    session.minibatch(FAST)
    reached(session, 1)
    session.epoch(FAST)
    reached(session, 6)
    session.minibatch(FAST)
    reached(session, 7)
    session.resume()
    latest = until(session, "finished")
    assert sizes == [(1, 1), (6, 5), (7, 1), (18, 11)]
    end = outcome(trainer.train(FAST))
    assert latest.params == end.params
    assert latest.epoch_losses.low[1:] == tuple(
        epoch.loss for epoch in epochs_of(trainer.train(FAST))
    )
    for loss, wanted in zip(latest.epoch_losses.low[1:], trace(FAST).epochs, strict=True):
        assert wanted.near(loss)


def test_a_fast_run_without_end_is_paused_resumed_and_stopped(open_session: Open) -> None:
    session = open_session(FAST_ENDLESS)
    session.start(FAST_ENDLESS)
    wait_until(lambda: session.latest.epoch > 2)
    session.pause()
    paused = until(session, "paused")
    # Every epoch that was ended is settled before the run rests.
    assert paused.epoch == paused.step // 6
    assert paused.epoch_losses.x[-1] <= paused.epoch
    session.minibatch(FAST_ENDLESS)
    assert reached(session, paused.step + 1).state == "paused"
    session.epoch(FAST_ENDLESS)
    assert reached(session, 6 * (paused.epoch + 1)).epoch == paused.epoch + 1
    session.resume()
    wait_until(lambda: session.latest.step > 6 * (paused.epoch + 1))
    session.stop()
    stopped = until(session, "stopped")
    (run,) = session.runs
    assert (run.state, run.step) == ("stopped", stopped.step)


@pytest.mark.parametrize(("pace", "most"), [(10.0, 6), (20.0, 12), (1.0, 1), (1e-9, 1)])
def test_a_pace_bounds_how_many_steps_come_at_once(
    open_session: Open, sizes: list[tuple[int, int]], pace: float, most: int
) -> None:
    """No more than the pace allows between two pictures; the numbers stay the same."""
    session = open_session(FAST)
    session.set_pace(pace)
    session.start(FAST)
    wait_until(lambda: bool(sizes))
    if pace < 10:
        session.pause()
        until(session, "paused", "finished")
        slow = len(sizes)
        assert [size for _, size in sizes] == [most] * slow
        session.set_pace(None)
        session.resume()
    latest = until(session, "finished")
    if pace >= 10:
        assert max(size for _, size in sizes) == most
    assert sum(size for _, size in sizes) == 18
    assert latest.params == outcome(trainer.train(FAST)).params


def test_a_rate_changed_in_a_fast_run_holds_from_the_next_step(open_session: Open) -> None:
    session = open_session(FAST)
    session.minibatch(FAST)
    before = reached(session, 1)
    session.set_lr(0.5)
    session.minibatch(FAST)
    after = reached(session, 2)
    for name, values in after.params.items():
        moved = [
            value - 0.5 * grad
            for value, grad in zip(before.params[name], after.grads[name], strict=True)
        ]
        assert values == pytest.approx(moved, rel=1e-5)


@pytest.mark.parametrize("lr", [2.0, 1e6])
def test_a_fast_run_diverges_where_the_scratch_loop_does(open_session: Open, lr: float) -> None:
    scratch = Experiment(lr=lr, device="cpu")
    session = open_session(scratch)
    session.start(scratch)
    slow = until(session, "diverged")
    session.start(scratch.changed({"loop": "fast"}))
    wait_until(lambda: session.latest.number > slow.number and session.latest.over)
    fast = session.latest
    assert (fast.state, fast.step, fast.epoch) == ("diverged", slow.step, slow.epoch)
    assert fast.message == slow.message


def test_a_pause_between_two_blocks_is_soon_obeyed(
    open_session: Open, sizes: list[tuple[int, int]]
) -> None:
    """At most one block's steps, and the ends of a bounded number of epochs, come in between."""
    tiny = FAST_ENDLESS.changed({"data.n": 1})
    session = open_session(tiny)
    session.start(tiny)
    wait_until(lambda: session.latest.epoch > 0)
    session.pause()
    until(session, "paused")
    assert max(size for _, size in sizes) <= 1024


# Failures ------------------------------------------------------------------------------------


def test_an_absent_device_is_a_failure_that_the_session_survives(open_session: Open) -> None:
    session = open_session(SHORT)
    absent = SHORT.changed({"device": "cuda:99"})
    session.start(absent)
    failed = until(session, "failed")
    assert "device" in str(failed.message)
    assert "Traceback" not in str(failed.message)
    assert failed.experiment == absent
    assert failed.over
    assert session.runs == ()
    session.start(SHORT)
    assert until(session, "finished").step == 18


def test_a_session_can_open_on_an_experiment_that_fails(open_session: Open) -> None:
    session = open_session(SHORT.changed({"device": "cuda:99"}))
    assert session.latest.state == "failed"
    session.start(SHORT)
    assert until(session, "finished").step == 18


@pytest.mark.parametrize("after", [0, 1, 4])
def test_a_bug_in_the_trainer_is_a_failure_that_the_session_survives(
    open_session: Open, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    session = open_session(SHORT)
    real = trainer.train

    def broken(experiment: Experiment, *rest: Any) -> Iterator[Event]:
        yield from islice(real(experiment, *rest), after)
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(trainer, "train", broken)
    other = SHORT.changed({"seed": 3})
    session.start(other)
    failed = until(session, "failed")
    assert failed.message == "ZeroDivisionError: a bug"
    assert failed.experiment == other
    # A run that took a step is kept, one that never began is not.
    wait_until(lambda: len(session.runs) == (1 if after > 1 else 0))
    assert all(run.state == "failed" for run in session.runs)
    session.pause()
    session.resume()
    session.set_lr(0.1)
    session.stop()

    monkeypatch.setattr(trainer, "train", real)
    session.start(SHORT)
    assert until(session, "finished").step == 18
    assert len(engine_threads()) == 1


# The landscape -------------------------------------------------------------------------------


def test_a_landscape_comes_while_a_run_goes_on(open_session: Open) -> None:
    session = open_session(ENDLESS)
    session.start(ENDLESS)
    wait_until(lambda: session.latest.step > 0)
    facts = session.latest.facts
    assert facts
    session.survey("fit", ENDLESS, facts.sample, plane(facts, 0), (-1.0, 1.0), (-2.0, 2.0))
    wait_until(lambda: "fit" in session.landscapes)
    found = session.landscapes["fit"]
    assert found
    assert (found.sample, found.x_range, found.y_range) == (facts.sample, (-1.0, 1.0), (-2.0, 2.0))
    assert session.latest.state == "running"


def test_runs_keep_their_paths(open_session: Open) -> None:
    session = open_session(SHORT)
    session.start(SHORT)
    last = until(session, "finished")
    assert session.runs[-1].path.x[-1] == SHORT.epochs
    assert session.runs[-1].path.theta[-1] == flat(last.params)


# The thread ----------------------------------------------------------------------------------


def test_there_is_one_engine_thread_whatever_is_asked_of_it(open_session: Open) -> None:
    session = open_session(SHORT)
    for seed in range(20):
        experiment = ENDLESS.changed({"seed": seed})
        session.start(experiment)
        session.pause()
        session.resume()
        session.minibatch(experiment)
        session.prepare(experiment)
        assert len(engine_threads()) == 1
    wait_until(lambda: session.latest.experiment.seed == 19 and session.latest.state == "ready")
    assert len(engine_threads()) == 1


@pytest.mark.parametrize("experiment", [SHORT, ENDLESS], ids=["resting", "running"])
def test_close_ends_the_thread(experiment: Experiment) -> None:
    session = Session(experiment)
    session.open()
    session.start(experiment)
    wait_until(lambda: session.latest.step > 0)
    session.close(timeout=60)
    assert engine_threads() == []
    frozen = session.latest
    session.start(SHORT)
    session.close()
    assert session.latest is frozen


def test_a_session_that_was_never_opened_can_be_closed() -> None:
    session = Session(SHORT)
    session.close()
    assert session.latest.state == "loading"
    assert engine_threads() == []


def test_close_ends_a_run_that_waits_for_its_pace() -> None:
    session = Session(SHORT)
    session.open()
    session.set_pace(1e-4)
    session.start(SHORT)
    wait_until(lambda: session.latest.step > 0 or session.latest.state == "running")
    session.close(timeout=60)
    assert engine_threads() == []


def test_the_thread_does_not_keep_the_process_alive(open_session: Open) -> None:
    open_session(SHORT)
    (thread,) = engine_threads()
    assert thread.daemon


def test_what_is_asked_for_before_the_thread_runs_is_not_lost() -> None:
    session = Session(SHORT)
    session.start(SHORT)
    session.open()
    assert until(session, "finished").epoch == SHORT.epochs
    session.close()


# Files -----------------------------------------------------------------------------------------


def test_a_file_that_is_read_is_given_up_at_once_and_the_run_is_as_before(
    open_session: Open, tmp_path: Path
) -> None:
    large = tmp_path / "large.csv"
    large.write_text("a,b\n" + "1.5,2.25\n3,4\n" * 200_000)
    session = open_session(SHORT)
    before = session.latest
    request = Request(str(large))
    session.read(request)
    session.stop_reading()
    wait_until(lambda: session.reading is not None and session.reading.state == "stopped")
    assert session.reading is not None
    assert session.reading.table is None
    assert session.latest is before
    again = Request(str(large))
    session.read(again)
    wait_until(lambda: session.reading is not None and session.reading.state == "finished")
    assert session.reading.request is again


# Code -----------------------------------------------------------------------------------------


def test_a_statement_is_executed_and_the_code_that_has_it_is_written(open_session: Open) -> None:
    session = open_session(SHORT)
    session.statement(SHORT)
    session.write_code(SHORT, "scratch")
    wait_until(lambda: session.code is not None)
    (done,) = session.latest.statements
    assert session.code
    line = session.code.text.splitlines()[session.code.places[done.statement]]
    assert "for X_batch, y_batch in data_iter" in line
    assert [made.shape for made in done.made] == [(10, 2), (10, 1)]
