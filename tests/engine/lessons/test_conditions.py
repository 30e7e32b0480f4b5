"""Conditions of lessons: what can be written, and what it reads off a run."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.experiment import KEYS, Experiment
from engine.lessons.attempt import outcome
from engine.lessons.conditions import STANDINGS, STATES, Evidence, parse_amount, parse_condition
from engine.lessons.quantities import NAMED, QUANTITIES
from engine.lessons.tolerance import Tolerance, parse_tolerance
from engine.problem import build
from engine.training.events import Stepped
from engine.training.history import History
from engine.training.snapshot import Snapshot
from engine.training.trainer import train
from tests.support.examples import tries
from tui.offer import OFFER

SMALL = Experiment().changed({"data.n": 60, "epochs": 2})


def holds(text: str, run: Snapshot, before: Snapshot | None = None, **known: object) -> bool:
    """Whether a condition is true of a run."""
    condition = parse_condition(text, run.experiment, OFFER)
    return condition.holds(Evidence(run, before, **known))  # type: ignore[arg-type]


def amount(text: str, run: Snapshot, before: Snapshot | None = None) -> float | None:
    """A quantity of a run."""
    return parse_amount(text, run.experiment)(Evidence(run, before))


@cache
def snapshots() -> tuple[Snapshot, ...]:
    """Runs at every stage, of every kind of model."""
    beginning = History(SMALL)
    beginning.fold(next(iter(train(SMALL))))
    kinds: tuple[dict[str, object], ...] = (
        {},
        {"lr": 1000.0},
        {"data": "ohm", "model": "ohm"},
        {"data": "planck", "model": "planck"},
        {"data": "planck", "model": "planck", "model.start": 300.0, "model.as_printed": True},
        {"data": "wien", "model": "wien", "lr": 1e5},
        {"model": "two_layer", "init": "zeros"},
        {"loss": "l1", "data.noise": 0.0},
        {"validation_split": 0.5, "optimizer": "adam"},
    )
    ends = [outcome(SMALL.changed(kind)) for kind in kinds]
    return (
        Snapshot(SMALL),
        beginning.snapshot("ready", 0.03, 0.0),
        outcome(SMALL, pause=1),
        *ends,
        *(replace(end, params={}, grads={}, facts=None) for end in ends[:2]),
    )


NUMBER = st.one_of(st.floats().map(repr), st.sampled_from(["0", "1e999", "-1", "nan", "0.1"]))
NAME = st.sampled_from(["w", "w[0]", "b", "R", "T", "slope", "W1", "ln T", "x"])
QUANTITY = st.one_of(
    st.sampled_from([*QUANTITIES, *KEYS, "data.n", "data.w", "model.start"]),
    st.tuples(st.sampled_from(list(NAMED)), NAME).map(" ".join),
).flatmap(lambda name: st.sampled_from([name, f"{name} before"]))
SIDE = st.one_of(NUMBER, QUANTITY, st.tuples(QUANTITY, QUANTITY).map(" / ".join))
COMPARISON = st.one_of(
    st.tuples(SIDE, st.sampled_from(["<", "<=", ">", ">="]), SIDE).map(" ".join),
    st.tuples(
        st.sampled_from([*KEYS, "data.n", "status", "standing", "loss.delta"]),
        st.sampled_from(["is", "is not"]),
        st.one_of(st.sampled_from([*STATES, *STANDINGS, "huber", "3", "true", "1,2"]), st.text()),
    ).map(" ".join),
    st.sampled_from([f"used {name}" for name in OFFER.tools]),
    st.sampled_from([f"seen {name}" for name in OFFER.views]),
    st.sampled_from(["predicted", "predicted within 5 %", "predicted within factor 2"]),
    st.text(),
)
TEXT = st.lists(COMPARISON, min_size=1, max_size=3).map(" and ".join)


@tries(400)
@given(TEXT, st.data())
def test_any_text_is_refused_or_can_be_judged_of_any_run(text: str, data: st.DataObject) -> None:
    run, before = (data.draw(st.sampled_from(snapshots())) for _ in range(2))
    try:
        condition = parse_condition(text, run.experiment, OFFER)
    except ValueError:
        return
    for other in snapshots():  # a student may turn to another model
        evidence = Evidence(other, before, OFFER.tools, ((True, 1.0, 2.0),))
        assert condition.holds(evidence) in (True, False)
        assert condition.holds(Evidence(other)) in (True, False)


WILD = st.floats(allow_nan=True, allow_infinity=True)


@tries(200)
@given(
    st.sampled_from(snapshots()), st.lists(WILD, min_size=3, max_size=3), st.one_of(WILD, st.none())
)
def test_wild_numbers_break_nothing(
    run: Snapshot, numbers: list[float], loss: float | None
) -> None:
    wild = replace(
        run,
        loss=loss,
        batch_loss=loss,
        params={name: tuple(numbers[: len(values)]) for name, values in run.params.items()},
        grads={name: tuple(numbers[: len(values)]) for name, values in run.grads.items()},
    )
    for name in QUANTITIES:
        number = amount(f"{name} / {name} before", wild, run)
        assert number is None or isinstance(number, float)
        holds(f"{name} < {name} before and standing is not at rounding error", wild, run)
    for parameter in run.params:
        for what in NAMED:
            assert isinstance(amount(f"{what} {parameter}", wild), float | None)


# What is read --------------------------------------------------------------------------------


def test_quantities_are_what_numpy_finds() -> None:
    experiment = SMALL.changed({"data.n": 200, "data.noise": 0.5, "batch_size": 50})
    run = outcome(experiment)
    problem = build(experiment)
    X = np.column_stack([problem.X.numpy().astype(float), np.ones(200)])
    y = problem.y.numpy().astype(float)[:, 0]
    theta = np.array([*run.params["w"], *run.params["b"]])
    best, *_ = np.linalg.lstsq(X, y, rcond=None)
    eigenvalues = np.linalg.eigvalsh(X.T @ X / 200)
    kappa = eigenvalues[-1] / eigenvalues[0]
    root = math.sqrt(kappa)
    expected = {
        "final loss": np.mean((X @ theta - y) ** 2) / 2,
        "loss": np.mean((X @ theta - y) ** 2) / 2,
        "noise floor": 0.125,
        "closed form loss": np.mean((X @ best - y) ** 2) / 2,
        "critical lr": 2 / eigenvalues[-1],
        "condition number": kappa,
        "best momentum": ((root - 1) / (root + 1)) ** 2,
        "epoch": 2,
        "step": 8,
        "error": np.linalg.norm(theta - [2, -3.4, 4.2]),
        "error of w[1]": abs(theta[1] + 3.4),
        "error of w": max(abs(theta[0] - 2), abs(theta[1] + 3.4)),
        "value of w[1]": theta[1],
        "value of b": theta[2],
        "lr": 0.03,
        "data.n": 200,
        "data.noise": 0.5,
        "final loss / noise floor": np.mean((X @ theta - y) ** 2) / 2 / 0.125,
    }
    for name, number in expected.items():
        assert amount(name, run) == pytest.approx(number, rel=1e-4), name
    assert amount("value of w", run) == pytest.approx(max(abs(theta[:2])), rel=1e-6)


def test_the_gradient_is_that_of_the_last_minibatch() -> None:
    experiment = SMALL.changed({"batch_size": 60, "epochs": 1, "init": "zeros"})
    run, problem = outcome(experiment), build(experiment)
    X, r = problem.X.numpy().astype(float), -problem.y.numpy().astype(float)
    by_hand = np.append(X.T @ r / 60, r.mean())
    assert amount("grad", run) == pytest.approx(np.linalg.norm(by_hand), rel=1e-5)
    assert amount("grad of b", run) == pytest.approx(abs(by_hand[2]), rel=1e-5)
    assert amount("grad of w", run) == pytest.approx(abs(by_hand[:2]).max(), rel=1e-5)


def test_before_the_first_step_there_is_no_gradient_and_no_final_loss() -> None:
    _, ready, paused, *_ = snapshots()
    assert amount("grad", ready) is None
    assert amount("final loss", ready) is None
    assert amount("final loss", paused) is None
    assert amount("grad", paused) is not None
    assert amount("step", paused) == 1
    assert not holds("grad >= 0", ready)
    assert holds("status is paused and step <= 1", paused)


def test_a_physical_quantity_is_read_in_its_unit() -> None:
    run = outcome(SMALL.changed({"data": "planck", "model": "planck"}))
    kelvin = math.exp(run.params["ln T"][0])
    assert amount("value of T", run) == pytest.approx(kelvin)
    assert amount("error of T", run) == pytest.approx(abs(kelvin - 5000))
    assert amount("error of ln T", run) == pytest.approx(abs(math.log(kelvin / 5000)), rel=1e-6)


def test_values_of_standardized_data_are_those_of_the_data_as_they_are() -> None:
    """Anscombe's first data set: y = 3 + 0.5 x to the digits that he gives."""
    run = outcome(
        Experiment(lr=0.5, batch_size=11, epochs=60).changed(
            {"data": "file", "data.path": "sample:anscombe1", "standardize": "yes"}
        )
    )
    assert amount("value of w", run) == pytest.approx(0.5, abs=2e-4)
    assert amount("value of b", run) == pytest.approx(3, abs=2e-4)


def test_a_quantity_of_another_model_is_nothing() -> None:
    text = parse_condition("grad of W1 <= 0", SMALL.changed({"model": "two_layer"}), OFFER)
    assert text.holds(Evidence(outcome(SMALL.changed({"model": "two_layer", "init": "zeros"}))))
    assert not text.holds(Evidence(outcome(SMALL)))


def test_a_zero_below_the_line_is_no_number() -> None:
    run = outcome(SMALL.changed({"data.noise": 0.0}))
    assert amount("final loss / noise floor", run) is None
    assert amount("final loss / final loss before", run) is None


@pytest.mark.parametrize(
    ("text", "true"),
    [
        ("lr is 0.03", True),
        ("lr is 3e-2", True),
        ("lr is not 0.03", False),
        ("loss is half_squared", True),
        ("loss is not huber", True),
        ("reshape is true", True),
        ("data.w is 2,-3.4", True),
        ("data.w is 2, -3.40", True),
        ("optimizer.momentum is 0.9", False),
        ("status is finished", True),
        ("status is diverged", False),
        ("lr < 0.031 and lr > 0.029", True),
        ("lr < 0.031 and lr > 0.031", False),
        ("0.03 <= lr", True),
        ("final loss < start loss", True),
        ("final loss / start loss < 1", True),
        ("used theory", True),
        ("used xray", False),
        ("seen landscape", False),
        ("value of b > -1", True),
        ("value of w[1] / value of w[0] < 0", True),
        ("epochs >= 1", True),
    ],
)
def test_comparisons(text: str, true: bool) -> None:
    assert holds(text, outcome(SMALL), used={"theory"}) is true


def test_standing_is_what_the_reading_says() -> None:
    assert holds("standing is still learning", outcome(SMALL))
    longer = outcome(SMALL.changed({"epochs": 200}))
    assert holds("standing is at the noise floor", longer)
    assert not holds("standing is at the noise floor", Snapshot(SMALL))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "compares nothing"),
        ("lr", "compares nothing"),
        ("lr = 3", "compares nothing"),
        ("joy > 1", "'joy' is no quantity; there are final loss"),
        ("error of R < 1", "'R' is no parameter here; there are"),
        ("lr / lr / lr > 1", "divides more than once"),
        ("status is happy", "choose from finished"),
        ("standing is low", "choose from still learning"),
        ("mood is low", "no key of an experiment"),
        ("loss is soft", "choose from half_squared"),
        ("lr is small", "must be a number"),
        ("loop is slow", "choose from scratch"),
        ("used hammer", "choose from statement, sweep"),
        ("seen stars", "choose from fit"),
        ("predicted within near", "is no tolerance"),
        ("device is tpu", "choose from auto"),
        ("data < 3", "data is not one number; write `data is VALUE`"),
        ("loop < 3", "is not one number"),
        ("data.w < 3", "is not one number"),
        ("reshape < 1", "is not one number"),
        ("lr / reshape < 1", "is not one number"),
        ("lr <= 0", "'lr <= 0' is never true: lr is at least"),
        ("epochs < 1", "epochs is at least 1 and at most 100000000"),
        ("0.95 < validation_split", "validation_split is at least 0 and at most 0.9"),
        ("loss < -1", "loss is at least 0 and at most inf"),
        ("error of w[0] < 0", "is never true"),
        ("final loss / start loss < 0", "is never true"),
        ("grad before < nan", "is never true"),
    ],
)
def test_what_can_never_be_is_refused(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        parse_condition(text, SMALL, OFFER)


def test_a_number_alone_is_nothing_to_be_forecast() -> None:
    with pytest.raises(ValueError, match="no quantity"):
        parse_amount("3", SMALL)


# Forecasts -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "measured", "inside", "outside"),
    [
        ("10 %", 100.0, (90.0, 100.0, 110.0), (89.9, 110.1, -100.0)),
        ("factor 2", 8.0, (4.0, 8.0, 16.0), (3.9, 16.1, -8.0, 0.0)),
        ("factor 2", -8.0, (-4.0, -16.0), (8.0,)),
        ("5", 8.0, (3.0, 13.0), (2.9, 13.1)),
        ("0.5", 0.0, (0.5, -0.5, 0.0), (0.6,)),
        ("10 %", math.inf, (), (1.0, 1e308)),
        ("factor 2", math.nan, (), (1.0,)),
    ],
)
def test_how_far_a_forecast_may_be_off(
    text: str, measured: float, inside: tuple[float, ...], outside: tuple[float, ...]
) -> None:
    tolerance = parse_tolerance(text)
    assert all(tolerance.allows(said, measured) for said in inside)
    assert not any(tolerance.allows(said, measured) for said in outside)


@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(), st.floats(1.01, 100))
def test_a_tolerance_judges_any_two_numbers(said: float, measured: float, factor: float) -> None:
    for tolerance in (Tolerance(factor=factor), Tolerance(share=0.1), Tolerance(size=1.0)):
        assert tolerance.allows(said, said)
        assert tolerance.allows(said, measured) in (True, False)


@given(st.text())
def test_any_tolerance_is_read_or_refused(text: str) -> None:
    try:
        tolerance = parse_tolerance(text)
    except ValueError:
        return
    assert tolerance.allows(1.0, 1.0)


def test_predicted_wants_every_forecast_settled() -> None:
    run = outcome(SMALL)
    for forecasts, right, near in (
        (None, False, False),
        (((True, 1.0, 1.04),), True, True),
        (((True, 1.0, 1.2),), True, False),
        (((True, 1.0, 1.0), (False, 9.0, 1.0)), False, False),
        (((True, 2.0, None),), True, False),  # a choice has no number
    ):
        assert holds("predicted", run, forecasts=forecasts) is right
        assert holds("predicted within 5 %", run, forecasts=forecasts) is near


def test_a_pause_is_after_so_many_steps_in_every_loop() -> None:
    """Also where a loop would take many between two events; the numbers are those of one by one."""
    for loop in ("scratch", "concise", "fast"):
        experiment = SMALL.changed({"loop": loop})
        run = outcome(experiment, pause=4)
        assert (run.state, run.step, run.epoch) == ("paused", 4, 0)
        steps = [event for event in train(SMALL) if isinstance(event, Stepped)]
        assert run.batch_loss == pytest.approx(steps[3].loss, rel=1e-4)
