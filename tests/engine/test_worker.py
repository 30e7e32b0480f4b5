"""What the engine's thread does, stepped here without a thread, by a clock that stands still."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from engine.experiment import Experiment
from engine.jobs.axis import Axis
from engine.jobs.finder import Finding, find_lr
from engine.jobs.race import Race, Racer
from engine.jobs.sweep import Sweep
from engine.problem import Problem
from engine.support.translation import Message
from engine.theory.landscape import plane, survey
from engine.theory.study import Study
from engine.training import compiling, trainer
from engine.training.driver import A_DAY
from engine.training.events import Event
from engine.training.run import PUBLISH_EVERY
from engine.training.snapshot import Snapshot
from engine.worker import Worker
from tests.support.runs import outcome

SHORT = Experiment(epochs=3).changed({"data.n": 60})
"""18 steps, 6 an epoch."""
SWEEP = Sweep(SHORT, (Axis("lr", (0.01, 0.1)), Axis("batch_size", (5, 10, 20))))
RACERS = (Racer("sgd"), Racer("adam"))
ABSENT = SHORT.changed({"device": "cuda:99"})


@dataclass
class Bench:
    """A worker and the time it goes by."""

    experiment: Experiment = SHORT
    now: float = 1000.0

    def __post_init__(self) -> None:
        self.worker = Worker(self.experiment, clock=lambda: self.now)
        self.driver = self.worker.driver

    @property
    def latest(self) -> Snapshot:
        return self.driver.shown.latest

    @property
    def runs(self) -> tuple[Snapshot, ...]:
        return self.driver.shown.runs

    def rest(self) -> int:
        """Step as a thread would, waiting as it is told, until nothing is to be done; how often."""
        for count in range(10_000):
            wait = self.worker.wait()
            if wait is None:
                return count
            self.now += wait
            self.worker.do(self.worker.step)
        raise AssertionError("there is no end of it")


@pytest.fixture
def bench() -> Bench:
    return Bench()


# Runs ----------------------------------------------------------------------------------------


def test_a_worker_that_was_told_nothing_has_nothing_to_do(bench: Bench) -> None:
    before = bench.driver.shown
    assert bench.worker.wait() is None
    bench.worker.step()
    assert bench.driver.shown is before
    assert (before.latest.state, before.latest.experiment, before.runs) == ("loading", SHORT, ())


def test_a_prepared_run_waits_for_its_start(bench: Bench) -> None:
    bench.driver.prepare(SHORT)
    assert bench.worker.wait() is None
    assert (bench.latest.state, bench.latest.step) == ("ready", 0)
    number = bench.latest.number
    bench.driver.start(SHORT)
    assert bench.worker.wait() == 0
    assert (bench.latest.state, bench.latest.number) == ("running", number)


def test_a_run_that_is_stepped_to_its_end_has_the_trainers_numbers(bench: Bench) -> None:
    bench.driver.start(SHORT)
    bench.rest()
    end = outcome(trainer.train(SHORT))
    assert (bench.latest.state, bench.latest.step) == ("finished", 18)
    assert (bench.latest.params, bench.latest.loss) == (end.params, end.loss)
    assert bench.runs == (bench.latest,)


def test_while_the_clock_stands_still_only_beginning_and_end_are_shown(bench: Bench) -> None:
    bench.driver.start(SHORT)
    begun = bench.driver.shown
    while bench.driver.running:
        assert bench.driver.shown is begun
        bench.worker.step()
    assert (bench.latest.step, bench.latest.seconds) == (18, 0.0)


def test_as_often_as_a_screen_draws_the_run_is_shown(bench: Bench) -> None:
    bench.driver.start(SHORT)
    for step in range(1, 6):
        bench.now += 0.6 * PUBLISH_EVERY
        bench.worker.step()
        assert bench.latest.step == step - step % 2
    assert bench.latest.seconds == pytest.approx(4 * 0.6 * PUBLISH_EVERY)


def test_a_minibatch_is_taken_before_anything_else_is_asked_for(bench: Bench) -> None:
    for step in range(1, 4):
        bench.driver.minibatch(SHORT)
        assert (bench.latest.state, bench.latest.step) == ("paused", step)
        assert bench.worker.wait() is None


def test_an_epoch_begun_by_minibatches_ends_where_it_would_have(bench: Bench) -> None:
    bench.driver.minibatch(SHORT)
    bench.driver.epoch(SHORT)
    bench.rest()
    assert (bench.latest.state, bench.latest.step, bench.latest.epoch) == ("paused", 6, 1)
    bench.driver.resume()
    bench.rest()
    assert (bench.latest.state, bench.latest.step) == ("finished", 18)
    assert bench.latest.params == outcome(trainer.train(SHORT)).params


def test_a_pause_holds_until_the_run_is_resumed_and_costs_no_time(bench: Bench) -> None:
    bench.driver.start(SHORT)
    bench.worker.step()
    bench.driver.pause()
    assert (bench.latest.state, bench.latest.step) == ("paused", 1)
    bench.worker.step()
    assert (bench.worker.wait(), bench.latest.step) == (None, 1)
    bench.now += 3600.0
    bench.driver.resume()
    bench.rest()
    assert (bench.latest.step, bench.latest.seconds) == (18, 0.0)


def test_a_stopped_run_is_kept_and_one_that_never_began_is_not(bench: Bench) -> None:
    bench.driver.start(SHORT)
    bench.driver.start(SHORT.changed({"seed": 2}))
    bench.worker.step()
    bench.driver.stop()
    assert [(run.state, run.step) for run in bench.runs] == [("stopped", 1)]
    bench.driver.start(SHORT)
    bench.rest()
    assert [run.state for run in bench.runs] == ["stopped", "finished"]
    assert bench.runs[0].number < bench.runs[1].number


@pytest.mark.parametrize("pace", [0.5, 2.0, 5.0])
def test_the_pace_says_how_long_to_wait_for_the_next_step(bench: Bench, pace: float) -> None:
    bench.driver.set_pace(pace)
    bench.driver.start(SHORT)
    begun = bench.now
    bench.rest()
    # The first step comes at once, and nobody waits behind the last.
    assert bench.now - begun == pytest.approx(17 / (6 * pace))
    assert bench.latest.params == outcome(trainer.train(SHORT)).params


def test_the_slowest_pace_is_looked_at_once_a_day(bench: Bench) -> None:
    bench.driver.set_pace(1e-300)
    bench.driver.start(SHORT)
    bench.worker.step()
    assert bench.worker.wait() == A_DAY
    bench.driver.set_pace(None)
    assert bench.worker.wait() == 0


# Failures ------------------------------------------------------------------------------------


def test_what_cannot_be_prepared_is_shown_and_the_next_run_works(bench: Bench) -> None:
    bench.worker.do(lambda: bench.driver.start(ABSENT))
    assert (bench.latest.state, bench.latest.experiment) == ("failed", ABSENT)
    assert "device" in str(bench.latest.message)
    assert (bench.worker.wait(), bench.runs) == (None, ())
    bench.worker.do(lambda: bench.driver.start(SHORT))
    bench.rest()
    assert [run.state for run in bench.runs] == ["finished"]


def test_an_error_before_any_run_is_shown(bench: Bench) -> None:
    bench.worker.do(lambda: 1 / 0)
    assert bench.latest.state == "failed"
    assert bench.latest.message == "ZeroDivisionError: division by zero"


@pytest.mark.parametrize(("events", "kept"), [(1, 0), (4, 1)])
def test_a_bug_within_a_run_ends_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, events: int, kept: int
) -> None:
    real = trainer.train

    def broken(experiment: Experiment, *rest: Any) -> Iterator[Event]:
        yield from islice(real(experiment, *rest), events)
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(trainer, "train", broken)
    bench.worker.do(lambda: bench.driver.start(SHORT))
    bench.rest()
    assert (bench.latest.state, bench.latest.message) == ("failed", "ZeroDivisionError: a bug")
    assert len(bench.runs) == kept


# Trials --------------------------------------------------------------------------------------


def test_a_start_does_not_wait_for_what_a_trial_has_compiled(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_end, compile_kernels = threading.Event(), compiling.compile_kernels

    def held_up(problem: Problem) -> Message | None:
        assert may_end.wait(60)
        return compile_kernels(problem)

    monkeypatch.setattr(compiling, "compile_kernels", held_up)
    bench.worker.start_preview(SHORT)
    for _ in range(5):
        bench.worker.do(bench.worker.step)
    bench.driver.start(SHORT)
    while bench.driver.running:
        bench.worker.do(bench.worker.step)
    assert (bench.latest.state, bench.worker.preview) == ("finished", None)
    may_end.set()
    bench.rest()
    assert bench.worker.preview
    assert bench.worker.preview.state == "finished"


def test_a_trial_is_shown_at_its_end_and_is_no_run(bench: Bench) -> None:
    bench.driver.prepare(SHORT)
    before = bench.driver.shown
    bench.worker.start_preview(SHORT)
    assert bench.rest() > 1
    found = bench.worker.preview
    assert found
    assert (found.experiment, found.state, found.step) == (SHORT, "finished", 18)
    assert bench.driver.shown is before
    assert bench.worker.wait() is None


def test_of_several_trials_the_last_one_that_is_wanted_comes_to_its_end(bench: Bench) -> None:
    others = [SHORT.changed({"seed": seed}) for seed in (1, 2)]
    seen = []
    for experiment in (*others, SHORT):
        bench.worker.start_preview(experiment)
        bench.worker.step()
        seen.append(bench.worker.preview)
    bench.rest()
    assert seen == [None] * 3
    assert bench.worker.preview
    assert bench.worker.preview.experiment == SHORT
    bench.worker.start_preview(others[0])
    bench.worker.start_preview(None)
    assert bench.worker.wait() is None


def test_a_trial_waits_while_a_run_takes_its_steps(bench: Bench) -> None:
    bench.worker.start_preview(SHORT.changed({"lr": 0.1}))
    bench.driver.start(SHORT)
    while bench.driver.running:
        assert bench.worker.preview is None
        bench.worker.step()
    bench.rest()
    assert bench.worker.preview
    assert bench.worker.preview.lr == 0.1


# Sweeps and races ----------------------------------------------------------------------------


def test_a_sweep_is_stepped_to_its_end(bench: Bench) -> None:
    bench.worker.start_sweep(SWEEP)
    progress = bench.worker.sweep
    assert progress
    assert (progress.state, progress.done) == ("running", 0)
    assert bench.rest() > 1
    progress = bench.worker.sweep
    assert progress
    assert (progress.state, progress.done) == ("finished", len(SWEEP))
    assert all(progress.cells)


def test_a_sweep_waits_while_a_run_takes_its_steps(bench: Bench) -> None:
    bench.worker.start_sweep(SWEEP)
    begun = bench.worker.sweep
    bench.driver.start(SHORT)
    while bench.driver.running:
        assert bench.worker.sweep is begun
        bench.worker.step()
    assert bench.latest.state == "finished"
    bench.rest()
    assert bench.worker.sweep
    assert bench.worker.sweep.state == "finished"


def test_of_two_jobs_the_second_ends_the_first(bench: Bench) -> None:
    bench.worker.start_sweep(SWEEP)
    bench.worker.start_race(Race(SHORT, RACERS))
    assert bench.worker.sweep
    assert bench.worker.race
    assert (bench.worker.sweep.state, bench.worker.race.state) == ("stopped", "running")
    bench.worker.stop_job()
    assert bench.worker.race.state == "stopped"
    assert bench.worker.wait() is None


def test_a_job_that_cannot_be_done_fails_alone(bench: Bench) -> None:
    bench.driver.prepare(SHORT)
    bench.worker.start_race(Race(ABSENT, RACERS))
    bench.rest()
    assert bench.worker.race
    assert bench.worker.race.state == "failed"
    assert "device" in bench.worker.race.message
    assert bench.latest.state == "ready"


# Questions -----------------------------------------------------------------------------------


def test_a_search_is_answered_with_what_it_finds(bench: Bench) -> None:
    bench.worker.find_lr(SHORT)
    answer = bench.worker.answer
    assert isinstance(answer, Finding)
    assert answer.suggestion == find_lr(SHORT).suggestion


def test_a_study_needs_data_and_is_of_the_run_where_it_is(bench: Bench) -> None:
    bench.worker.do(lambda: bench.driver.prepare(ABSENT))
    bench.worker.study(bench.latest)
    assert bench.worker.answer == "there are no data yet"
    bench.driver.minibatch(SHORT)
    bench.worker.study(bench.latest)
    assert isinstance(bench.worker.answer, Study)
    assert bench.latest.state == "paused"


def test_a_survey_is_of_the_plane_that_was_asked_for(bench: Bench) -> None:
    bench.driver.prepare(SHORT)
    facts = bench.latest.facts
    assert facts
    asked = (SHORT, facts.sample, plane(facts, 0), (-1.0, 1.0), (-2.0, 2.0))
    other = (SHORT, facts.sample, plane(facts, 1), (0.0, 1.0), (0.0, 2.0))
    bench.worker.survey("fit", *asked)
    before = bench.worker.landscapes
    bench.worker.survey("third", *other)
    assert bench.worker.landscapes is not before
    assert bench.worker.landscapes["fit"].values == survey(*asked).values
    assert bench.worker.landscapes["third"].values == survey(*other).values


def test_a_question_that_fails_leaves_the_run_alone(bench: Bench) -> None:
    bench.driver.start(SHORT)
    bench.worker.find_lr(ABSENT)
    assert isinstance(bench.worker.answer, str)
    assert "device" in bench.worker.answer
    bench.rest()
    assert bench.latest.state == "finished"


def test_code_is_written_or_says_why_not(bench: Bench, tmp_path: Path) -> None:
    file = tmp_path / "gone.csv"
    file.write_text("x,y\n" + "".join(f"{i},{3 * i % 7}\n" for i in range(30)), encoding="utf-8")
    gone = SHORT.changed({"data": "file", "data.path": str(file)})
    bench.driver.prepare(gone)
    file.unlink()
    for experiment, trouble in ((SHORT, ""), (gone, "data.path=")):
        bench.worker.write_code(experiment, "concise")
        code = bench.worker.code
        assert code
        assert (code.experiment, code.dress, bool(code.trouble)) == (
            experiment, "concise", bool(trouble),
        )  # fmt: skip
        assert trouble in code.trouble
        assert bool(code.text) == (not trouble)
    assert bench.latest.state == "ready"
