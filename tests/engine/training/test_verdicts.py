"""P13, N1: when to speak up, and where a run stands."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.training.verdicts import Watch, limit, standing

STANDINGS = (
    "still learning",
    "at the noise floor",
    "at rounding error",
    "at the best this model can do",
)
SIZES = st.floats(1e-12, 1e6)


def said(losses: list[float], good_enough: float = 1e-6) -> list[str | None]:
    """What a watch says after each epoch."""
    watch = Watch(good_enough)
    return [watch.look(epoch, loss) for epoch, loss in enumerate(losses, start=1)]


def test_a_loss_more_than_twice_the_best_is_a_spike() -> None:
    quiet, low, still_quiet, spike, recovered = said([10.0, 1.0, 1.9, 2.1, 1.0])
    assert (quiet, low, still_quiet, recovered) == (None, None, None, None)
    assert spike is not None
    assert spike.startswith("spike")
    assert "epoch 4" in spike
    assert "2.1 times" in spike


def test_a_spike_is_measured_against_the_best_not_the_last() -> None:
    messages = said([1.0, 1.9, 1.9 * 1.9])
    assert [message is not None for message in messages] == [False, False, True]


def test_a_stall_is_reported_once() -> None:
    messages = said([1.0] * 20)
    assert [message is not None for message in messages] == [False] * 5 + [True] + [False] * 14
    assert "stall" in (messages[5] or "")
    assert "6" in (messages[5] or "")


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
    assert sum("stall" in (message or "") for message in messages) <= 1
    for index, (loss, message) in enumerate(zip(losses, messages, strict=True)):
        best = min(losses[:index], default=math.inf)
        spike = "spike" in (message or "")
        assert spike == (loss > 2 * best and loss > 1.1 * good_enough)
        assert message is None or len(message.splitlines()) == 1


@given(st.lists(SIZES, min_size=1, max_size=30))
def test_a_falling_loss_is_never_a_spike(losses: list[float]) -> None:
    messages = said(sorted(losses, reverse=True))
    assert not any("spike" in (message or "") for message in messages)


# Standing ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("loss", "noise_floor", "optimum", "rounding", "where"),
    [
        (1.0, 5e-5, 5e-5, 1e-12, "still learning"),
        (5.2e-5, 5e-5, 5e-5, 1e-12, "at the noise floor"),
        (5.2e-5, 5e-5, 4.6e-5, 1e-12, "at the noise floor"),
        (5.6e-5, 5e-5, 5e-5, 1e-12, "still learning"),
        (3e-5, 5e-5, 3e-5, 1e-12, "at the noise floor"),
        (9.0, 5e-5, 8.9, 1e-12, "at the best this model can do"),
        (9.0, 5e-5, 8.0, 1e-12, "still learning"),
        (1e-13, 0.0, 1e-14, 1e-12, "at rounding error"),
        (0.0, 0.0, 0.0, 0.0, "at rounding error"),
    ],
)
def test_where_a_loss_stands(
    loss: float, noise_floor: float, optimum: float, rounding: float, where: str
) -> None:
    """N1: the first three are S13's numbers on the way and at its end."""
    assert standing(loss, noise_floor, optimum, rounding) == where


@given(loss=SIZES, noise_floor=SIZES, optimum=SIZES, rounding=SIZES)
def test_a_run_has_always_one_standing_and_learns_above_every_limit(
    loss: float, noise_floor: float, optimum: float, rounding: float
) -> None:
    where = standing(loss, noise_floor, optimum, rounding)
    assert where in STANDINGS
    lowest = limit(noise_floor, optimum, rounding)
    assert lowest == max(noise_floor, optimum, rounding)
    assert (where == "still learning") == (loss > 1.1 * lowest)


@pytest.mark.parametrize("loss", [math.inf, 1e300])
def test_a_run_that_blew_up_is_not_at_the_floor(loss: float) -> None:
    assert standing(loss, 5e-5, 5e-5, 1e-12) == "still learning"


def test_a_loss_that_is_not_a_number_is_not_at_the_floor() -> None:
    assert standing(math.nan, 5e-5, 5e-5, 1e-12) == "still learning"
