"""A run that is tried: the numbers of the run itself, as far as the budget goes."""

from __future__ import annotations

import pytest

from engine.catalog.parameters import flat
from engine.experiment import Experiment
from engine.kernels import compiled
from engine.support.translation import Message
from engine.training import preview
from engine.training.preview import Trials, epochs_tried
from engine.training.series import CAPACITY
from engine.training.snapshot import Snapshot
from engine.training.trail import MOST_POINTS
from engine.training.trainer import train
from tests.support.runs import epochs_of, outcome

CPU = Experiment(device="cpu")
CASES: dict[str, dict[str, object]] = {
    "baseline": {},
    "momentum": {"optimizer": "momentum", "lr": 0.01},
    "schedule": {"schedule": "cosine", "epochs": 7},
    "short batch": {"data.n": 101, "reduction": "mean", "epochs": 5},
    "held out": {"validation_split": 0.3, "patience": 2, "epochs": 30},
    "standardized": {"standardize": "yes", "data.scale": (1.0, 30.0)},
    "diverges": {"lr": 2.0},
}


def tried(experiment: Experiment, trials: Trials | None = None) -> Snapshot:
    """What a trial comes to."""
    *pieces, last = (trials or Trials()).of(experiment)
    assert not any(pieces)
    assert last
    return last


@pytest.mark.parametrize("changes", CASES.values(), ids=CASES)
def test_a_preview_is_the_fast_run_to_the_last_digit(changes: dict[str, object]) -> None:
    experiment = CPU.changed(changes)
    events = list(train(experiment.changed({"loop": "fast"})))
    end, found = outcome(events), tried(experiment)
    assert found.experiment == experiment
    assert found.epoch_losses.low[1:] == tuple(epoch.loss for epoch in epochs_of(events))
    assert (found.step, found.epoch) == (end.step, len(epochs_of(events)))
    assert found.state == ("diverged" if changes == {"lr": 2.0} else "finished")
    assert flat(found.params) == flat(end.params)
    assert found.path.theta[-1] == flat(end.params)
    assert len(found.path.x) >= min(end.step, MOST_POINTS // 2)


@pytest.mark.parametrize("loop", ["scratch", "concise"])
def test_a_preview_has_the_losses_of_the_other_loops(loop: str) -> None:
    experiment = CPU.changed({"loop": loop, "batch_size": 32, "epochs": 4})
    losses = [epoch.loss for epoch in epochs_of(train(experiment))]
    assert tried(experiment).epoch_losses.low[1:] == pytest.approx(losses, rel=1e-5)


def test_of_another_lr_alone_the_data_are_shared_and_the_numbers_are_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trials = Trials()
    tried(CPU, trials)
    other = CPU.changed({"seed": 3})
    alone = [tried(CPU.changed({"lr": lr})) for lr in (2.0, 0.1)]
    monkeypatch.setattr("engine.theory.gather.facts", lambda problem: pytest.fail("done before"))
    shared = [tried(CPU.changed({"lr": lr}), trials) for lr in (2.0, 0.1)]
    for one, same in zip(alone, shared, strict=True):
        assert (one.state, one.lr) == (same.state, same.lr)
        assert one.batch_losses.low == same.batch_losses.low
        assert one.epoch_losses.low == same.epoch_losses.low
    monkeypatch.undo()
    assert tried(other, trials).epoch_losses.low == tried(other).epoch_losses.low


@pytest.mark.parametrize("schedule", ["constant", "cosine"])
def test_beyond_the_budget_the_first_epochs_are_those_of_the_whole_run(
    monkeypatch: pytest.MonkeyPatch, schedule: str
) -> None:
    experiment = CPU.changed({"epochs": 9, "schedule": schedule, "data.n": 200})
    whole = tried(experiment)
    assert whole.state == "finished"
    monkeypatch.setattr(preview, "BUDGET", 4 * (200 * 3 + 20 * preview.STEP + preview.EPOCH) + 1)
    first = tried(experiment)
    assert epochs_tried(experiment) == 4
    assert (first.state, first.epoch, first.step) == ("stopped", 4, 80)
    assert first.epoch_losses.low == whole.epoch_losses.low[:5]
    assert tried(experiment.changed({"epochs": 4})).state == "finished"


def test_the_budget_cuts_many_epochs_of_small_data_and_few_of_large_ones() -> None:
    assert 100 < epochs_tried(CPU.changed({"epochs": 1_000_000})) < 1000
    assert epochs_tried(CPU.changed({"data.n": 100_000, "batch_size": 1, "epochs": 50})) < 10


def test_no_trial_has_so_many_epochs_that_their_losses_are_merged() -> None:
    """So the first of them at the floor is known."""
    tiny = CPU.changed({"data.n": 1, "batch_size": 1, "epochs": 1_000_000})
    assert epochs_tried(tiny) < CAPACITY


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"data.n": 1_000_000}, "too large"),
        ({"data": "planck", "model": "planck"}, "fast loop"),
        ({"reshape": False}, "fast loop"),
        ({"device": "cuda:99"}, "not present"),
    ],
)
def test_what_is_not_tried_says_why(changes: dict[str, object], reason: str) -> None:
    found = tried(CPU.changed(changes))
    assert (found.state, found.epoch, found.facts) == ("stopped", 0, None)
    assert reason in str(found.message)


def test_without_kernels_nothing_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    missing = Message("no compiled kernels: {error}", error="for a test")
    monkeypatch.setattr(compiled, "MISSING", missing)
    found = tried(CPU)
    assert (found.state, found.message) == ("failed", missing)


def test_a_bug_in_a_trial_is_a_trial_that_came_to_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.problem.build", lambda experiment: 1 / 0)
    found = tried(CPU)
    assert (found.state, found.message) == ("stopped", "division by zero")
