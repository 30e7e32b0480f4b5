"""When a watch speaks up."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.experiment import Experiment
from engine.support.translation import Message
from engine.theory.floor import Floor
from engine.training.record import Record, Recorder
from engine.training.trainer import train
from engine.training.verdicts import Course, Watch, course

SIZES = st.floats(1e-12, 1e6)


def said(losses: list[float], good_enough: float = 1e-6) -> list[Message | None]:
    """What a watch says after each epoch."""
    watch = Watch(Floor(good_enough, 0.0, 0.0, "½σ²"))
    return [watch.look(epoch, loss) for epoch, loss in enumerate(losses, start=1)]


def test_a_loss_more_than_twice_the_best_is_a_spike() -> None:
    quiet, low, still_quiet, spike, recovered = said([10.0, 1.0, 1.9, 2.1, 1.0])
    assert (quiet, low, still_quiet, recovered) == (None, None, None, None)
    assert spike is not None
    assert str(spike).startswith("spike")
    assert "epoch 4" in str(spike)
    assert "2.1 times" in str(spike)


def test_a_spike_is_measured_against_the_best_not_the_last() -> None:
    messages = said([1.0, 1.9, 1.9 * 1.9])
    assert [message is not None for message in messages] == [False, False, True]


def test_a_stall_is_reported_once() -> None:
    messages = said([1.0] * 20)
    assert [message is not None for message in messages] == [False] * 5 + [True] + [False] * 14
    assert "stall" in str(messages[5])
    assert "6" in str(messages[5])


@pytest.mark.parametrize(("gain", "stalls"), [(0.02, False), (0.005, True)])
def test_less_than_a_hundredth_gained_in_five_epochs_is_a_stall(gain: float, stalls: bool) -> None:
    """The loss falls by `gain` over every five epochs."""
    losses = [(1 - gain) ** (epoch / 5) for epoch in range(15)]
    assert any(said(losses)) == stalls


@given(st.lists(st.floats(0, 1), min_size=1, max_size=50), SIZES)
def test_there_is_silence_at_the_floor(shares: list[float], good_enough: float) -> None:
    """Whatever a loss does below what is good enough is no news."""
    assert not any(said([share * good_enough for share in shares], good_enough))


@given(st.lists(SIZES, min_size=1, max_size=60), SIZES)
def test_at_most_one_stall_and_every_spike_is_above_twice_the_best(
    losses: list[float], good_enough: float
) -> None:
    messages = said(losses, good_enough)
    assert sum("stall" in str(message) for message in messages) <= 1
    for index, (loss, message) in enumerate(zip(losses, messages, strict=True)):
        best = min(losses[:index], default=math.inf)
        spike = "spike" in str(message)
        assert spike == (loss > 2 * best and loss > 1.1 * good_enough)
        assert message is None or len(str(message).splitlines()) == 1


@given(st.lists(SIZES, min_size=1, max_size=30))
def test_a_falling_loss_is_never_a_spike(losses: list[float]) -> None:
    messages = said(sorted(losses, reverse=True))
    assert not any("spike" in str(message) for message in messages)


# Where a loss is heading ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("losses", "heading"),
    [
        ([16.0], "still learning"),
        ([16.0, 8.0], "still learning"),
        ([16.0, 4.0, 5.0], "not falling"),
        ([0.9**epoch for epoch in range(30)], "still learning"),
        ([0.999**epoch for epoch in range(30)], "still learning"),
        ([16.0, *[1.0] * 21], "not falling"),
        ([16.0, *[1.0, 1.02] * 11], "trembling"),
        ([16.0, *[1.0 + 0.3 * epoch for epoch in range(25)]], "not falling"),
    ],
)
def test_a_course_in_words(losses: list[float], heading: Course) -> None:
    assert course(losses) == heading


def test_without_a_stored_loss_a_run_counts_as_learning() -> None:
    assert course(()) == "still learning"


def test_sgd_at_a_constant_lr_trembles_and_a_schedule_gets_lower() -> None:
    run = Experiment(batch_size=1, epochs=60, lr=0.15, loop="fast").changed({"data.noise": 1.0})
    headings = [record_of(run.changed({"seed": seed})).standing for seed in range(8)]
    assert headings.count("trembling") >= 6
    assert record_of(run.changed({"schedule": "cosine"})).standing == "at the noise floor"


def test_steps_that_vanish_in_float32_are_called_stuck() -> None:
    run = Experiment(lr=0.001, epochs=300, loop="fast").changed({"data.b": 10_000.0})
    assert record_of(run).standing == "stuck"


def record_of(run: Experiment) -> Record:
    recorder = Recorder(run)
    for event in train(run):
        recorder.fold(event)
    return recorder.record(0.0)
