"""Two processes that train together against one that trains alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.catalog.losses import LOSSES
from engine.experiment import Experiment
from engine.problem import Problem, build
from engine.theory import gather
from engine.training.controls import Controls
from engine.training.events import Diverged, EpochEnded, Event, Finished, Stepped
from engine.training.fork import Fork
from engine.training.trainer import follow, train
from tests.support.pairs import Pair, pair
from tests.support.strategies import tame_experiments


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """Two processes, started once for all the tests here."""
    with pair(tmp_path_factory.mktemp("pair")) as both:
        yield both


def in_float64(experiment: Experiment, processes: int) -> Problem:
    """The problem, so that rounding is far below what is compared."""
    problem = build(experiment)
    return replace(
        problem,
        X=problem.X.double(),
        y=problem.y.double(),
        held_out=(problem.held_out[0].double(), problem.held_out[1].double()),
        start={name: start.double() for name, start in problem.start.items()},
        processes=processes,
    )


def numbers_of(events: Iterable[Event]) -> list[Any]:
    """All that a run says in numbers."""
    numbers: list[Any] = []
    for event in events:
        match event:
            case Stepped():
                numbers += [*event.losses]
            case EpochEnded():
                numbers += [event.loss, event.validation, *event.params.values()]
                numbers += [event.epoch, event.step, *event.grads.values()]
            case Finished():
                numbers += [event.epoch, event.step, event.loss, event.r2, event.validation_r2]
            case Diverged():
                numbers += [event.epoch, event.step, event.autopsy.suggestion]
    return numbers


def precisely(plain: dict[str, Any], processes: int) -> list[Any]:
    """The numbers of an experiment's run in float64."""
    experiment = Experiment.from_dict(plain)
    problem = in_float64(experiment, processes)
    return numbers_of(follow(problem, gather.facts(problem), Controls(experiment.lr)))


def forked(plain: dict[str, Any], step: int, processes: int) -> list[Any]:
    """The numbers of a run that goes on from this experiment's after a step."""
    experiment = Experiment.from_dict(plain)
    return numbers_of(train(experiment, fork=Fork(experiment, step), processes=processes))


def assert_near(here: list[Any], alone: list[Any], rel: float) -> None:
    """Two lists of numbers are the same to a relative tolerance."""
    for number, same in zip(here, alone, strict=True):
        assert number == pytest.approx(same, rel=rel, abs=1e-12)


@settings(max_examples=40)
@given(experiment=st.one_of([tame_experiments(loop="concise", loss=loss.name) for loss in LOSSES]))
def test_a_run_in_two_processes_is_that_of_one(two: Pair, experiment: Experiment) -> None:
    """Losses, parameters and gradients to 1e-6, with minibatches of one row, short last ones,
    penalties and rows held out; and both processes know the same, to the last digit."""
    here, there = two.both(precisely, experiment.to_dict(), 2)
    assert here == there
    assert_near(here, precisely(experiment.to_dict(), 1), 1e-6)


def test_both_processes_see_a_run_diverge(two: Pair) -> None:
    """At the same step, and both try the same smaller lr, together."""
    plain = Experiment(loop="concise", lr=30.0).changed({"data.n": 50}).to_dict()
    here, there = two.both(precisely, plain, 2)
    assert here == there
    assert here[-3:] == precisely(plain, 1)[-3:]


def test_a_run_in_two_processes_goes_on_from_one(two: Pair) -> None:
    experiment = Experiment(loop="concise", batch_size=7).changed({"optimizer": "adam"})
    here, there = two.both(forked, experiment.to_dict(), 150, 2)
    assert here == there
    assert_near(here, forked(experiment.to_dict(), 150, 1), 1e-3)
