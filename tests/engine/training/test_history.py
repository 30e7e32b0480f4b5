"""Bounded curves that lose no spike, and snapshots that never change."""

from __future__ import annotations

import math
import tracemalloc
from dataclasses import FrozenInstanceError, fields, replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.catalog.parameters import flat, labels, numbers
from engine.experiment import Experiment
from engine.theory.facts import Facts
from engine.training.controls import Controls
from engine.training.events import Diverged, EpochEnded, Finished, Started, Stepped
from engine.training.history import History
from engine.training.series import CAPACITY, Points, Series
from engine.training.snapshot import Snapshot, error_of, norm
from engine.training.trail import MOST_NUMBERS, MOST_POINTS, Path, Place, Trail
from engine.training.trainer import train
from tests.support.examples import tries
from tests.support.runs import singly
from tests.support.strategies import tame_experiments

VALUES = st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=300)


def grown(values: list[float], capacity: int) -> Series:
    """A series of values at x = 0, 1, 2, …"""
    series = Series(capacity)
    for x, value in enumerate(values):
        series.add(float(x), value)
    return series


# Series --------------------------------------------------------------------------------------


@given(values=VALUES, half=st.integers(1, 16))
@tries(200)
def test_a_series_is_bounded_and_keeps_lowest_highest_and_first(
    values: list[float], half: int
) -> None:
    points = grown(values, 2 * half).points()
    kept = [(x, value) for x, value in enumerate(values) if math.isfinite(value)]
    assert len(points.x) == len(points.low) == len(points.high) <= 2 * half
    assert bool(points.x) == bool(kept)
    assert all(low <= high for low, high in zip(points.low, points.high, strict=True))
    assert all(one < next_one for one, next_one in zip(points.x, points.x[1:], strict=False))
    if kept:
        finite = [value for _, value in kept]
        assert points.x[0] == kept[0][0]
        assert min(points.low) == min(finite)
        assert max(points.high) == max(finite)


@given(values=st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=300), half=st.integers(1, 16))
@tries(200)
def test_every_value_lies_within_the_point_it_was_merged_into(
    values: list[float], half: int
) -> None:
    """Each point stands for the values from its x up to the next point's, and for those only."""
    points = grown(values, 2 * half).points()
    edges = [int(x) for x in points.x] + [len(values)]
    for index, (low, high) in enumerate(zip(points.low, points.high, strict=True)):
        merged = values[edges[index] : edges[index + 1]]
        assert (low, high) == (min(merged), max(merged))
    assert len(set(np.diff(points.x))) <= 1, "all points stand for equally many values"


def test_a_short_series_is_kept_as_it_is() -> None:
    values = [3.0, 1.0, 2.0]
    assert grown(values, 4).points().low == grown(values, 4).points().high == tuple(values)


def test_a_long_series_is_never_empty_nor_thinned_below_half() -> None:
    series = grown([math.sin(x) for x in range(100_000)], CAPACITY)
    assert CAPACITY / 2 <= len(series.points().x) <= CAPACITY
    assert series.held == 100_000


def test_one_spike_among_a_hundred_thousand_values_survives() -> None:
    values = [1.0] * 100_000
    values[54_321] = 1e6
    points = grown(values, CAPACITY).points()
    spikes = [index for index, high in enumerate(points.high) if high > 1]
    assert len(spikes) == 1
    assert points.x[spikes[0]] <= 54_321 < points.x[spikes[0] + 1]


def test_points_are_a_copy_that_later_values_leave_alone() -> None:
    series = grown([1.0, 2.0], 4)
    points = series.points()
    for x in range(2, 50):
        series.add(float(x), -5.0)
    assert points.x == (0.0, 1.0)
    assert points.low == (1.0, 2.0)


# History -------------------------------------------------------------------------------------


@given(data=st.data())
def test_a_history_follows_a_real_run(data: st.DataObject) -> None:
    experiment = data.draw(tame_experiments())
    history = History(experiment, number=4)
    assert not history.begun
    batch_losses: list[float] = []
    epoch_losses: list[float] = []
    for event in singly(experiment):
        history.fold(event)
        snapshot = history.snapshot("running", 0.5, 2.0)
        assert (snapshot.experiment, snapshot.number) == (experiment, 4)
        factor = experiment.lr_factors(max(snapshot.step - 1, 0), 1)[0]
        assert (snapshot.lr, snapshot.seconds) == (0.5 * factor, 2.0)
        match event:
            case Started(facts=known):
                epoch_losses.append(known.start_loss)
                assert snapshot.facts is known
                assert snapshot.params == known.start
                assert (snapshot.step, snapshot.grads, snapshot.batch_loss) == (0, {}, None)
                assert not history.begun
            case Stepped():
                batch_losses.append(event.loss)
                assert history.begun
                assert (snapshot.step, snapshot.batch_loss) == (event.step, event.loss)
                assert snapshot.params == numbers(event.live.params())
                assert snapshot.grads == numbers(event.live.grads())
                assert snapshot.epoch == event.epoch - 1
                assert snapshot.steps_per_second == pytest.approx(event.step / 2)
            case EpochEnded():
                epoch_losses.append(event.loss)
                assert (snapshot.epoch, snapshot.loss) == (event.epoch, event.loss)
                assert snapshot.params == event.params
        assert snapshot.batch_losses.low == tuple(batch_losses)
        assert snapshot.epoch_losses.low == tuple(epoch_losses)
        assert snapshot.epoch_losses.x == tuple(range(len(epoch_losses)))
        path = snapshot.path
        assert path.x[0] == 0
        assert list(path.x) == sorted(set(path.x))
        assert path.theta[-1] == flat(snapshot.params)
    assert snapshot.state == "finished"
    assert snapshot.over
    assert snapshot.step == len(batch_losses)
    # Where patience has run out there would have been more.
    assert snapshot.steps >= snapshot.step
    assert snapshot.steps == snapshot.step or experiment.patience
    assert snapshot.batch_losses.x[-1] == experiment.epochs


def test_the_state_asked_for_is_overruled_by_the_end_of_the_run() -> None:
    history = History(Experiment(epochs=1).changed({"data.n": 20}))
    for event in train(history.latest.experiment):
        history.fold(event)
        expected = "finished" if isinstance(event, Finished) else "paused"
        assert history.snapshot("paused", 0.03, 0.0).state == expected


def test_a_divergence_ends_with_its_reason() -> None:
    history = History(Experiment(lr=2.0))
    for event in train(history.latest.experiment):
        history.fold(event)
    snapshot = history.snapshot("running", 2.0, 1.0)
    assert isinstance(event, Diverged)
    assert (snapshot.state, snapshot.message) == ("diverged", event.reason)
    assert snapshot.autopsy is event.autopsy
    assert snapshot.step == event.step
    assert snapshot.over


def test_an_alert_is_shown() -> None:
    history = History(Experiment(lr=1e-6, epochs=7).changed({"data.n": 20}))
    for event in train(history.latest.experiment):
        history.fold(event)
    assert "stall" in str(history.snapshot("running", 0.1, 1.0).message)


def test_memory_does_not_grow_with_the_steps() -> None:
    experiment = Experiment(loop="fast", batch_size=1, epochs=200).changed({"data.n": 30})
    history = History(experiment)
    for event in singly(experiment):
        history.fold(event)
    snapshot = history.snapshot("running", 0.03, 1.0)
    assert snapshot.step == 6000
    assert len(snapshot.batch_losses.x) <= CAPACITY
    assert len(snapshot.path.x) <= MOST_POINTS + 1


class Still:
    """A loop that shows the same numbers for ever."""

    def params(self) -> dict[str, torch.Tensor]:
        return {"w": torch.ones(2, 1), "b": torch.zeros(1)}

    def grads(self) -> dict[str, torch.Tensor]:
        return self.params()

    def minibatch(self) -> None:
        return None


def begun_history(per_epoch: int) -> History:
    """A history at the start of a run of so many steps an epoch."""
    history = History(Experiment(loop="fast", epochs=1_000_000))
    first = next(train(Experiment().changed({"data.n": 20})))
    assert isinstance(first, Started)
    facts = replace(first.facts, steps_per_epoch=per_epoch)
    history.fold(replace(first, facts=facts))
    return history


def passed_by(trail: Trail, before: int, now: int) -> list[Place]:
    """The places that an event passes, as the fast loop notes them."""
    numbers, every = (1.0, 2.0, 3.0), trail.interval
    steps = range((before // every + 1) * every, now + 1, every)
    return [Place(step, numbers, numbers, 1.0) for step in steps]


def assert_bounded(history: History, bytes_held: int) -> None:
    """Every curve is full, in order, and no more than full."""
    assert bytes_held < 2_000_000
    snapshot = history.snapshot("running", 0.03, 1.0)
    for points in (snapshot.batch_losses, snapshot.epoch_losses):
        assert CAPACITY / 2 <= len(points.x) <= CAPACITY
        assert all(one < other for one, other in pairwise(points.x))
    assert_even(snapshot.path)


def assert_even(path: Path) -> None:
    """A long path is about full, in order, and evenly spaced but for its end."""
    assert MOST_POINTS / 2 <= len(path.x) <= MOST_POINTS + 1
    assert len(path.x) == len(path.theta)
    gaps = np.diff(path.x)
    assert gaps.min() > 0
    assert gaps[:-1].max() <= 2.01 * gaps[:-1].min()


def test_memory_is_flat_over_a_million_epochs() -> None:
    """Ten steps an epoch, a thousand epochs an event, as the fast loop has them."""
    history, live = begun_history(per_epoch=10), Still()
    losses = np.linspace(1, 2, 10_000, dtype=np.float32)
    values = {"w": (1.0, 2.0), "b": (3.0,)}
    tracemalloc.start()
    try:
        for block in range(100):
            step = (block + 1) * 100_000
            for part in range(10):
                now = block * 100_000 + (part + 1) * 10_000
                passed = passed_by(history.trail, now - 10_000, now)
                history.fold(Stepped(now // 10, now, float(losses[-1]), losses, live, passed))
            # Of the million ends of epochs one in forty is folded, to spare a minute.
            for epoch in range(block * 10_000 + 40, block * 10_000 + 10_001, 40):
                loss = 99.0 if epoch == 123_440 else 1.0
                history.fold(EpochEnded(epoch, step, loss, values, values, None, None))
            if block == 9:
                early, _ = tracemalloc.get_traced_memory()
        late, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert_bounded(history, late)
    assert late < 1.5 * early + 100_000
    latest = history.snapshot("running", 0.03, 1.0)
    assert (latest.epoch, latest.step) == (1_000_000, 10_000_000)
    assert max(latest.epoch_losses.high) == 99
    place = int(np.argmax(latest.epoch_losses.high))
    assert latest.epoch_losses.x[place] <= 123_440 < latest.epoch_losses.x[place + 1]


@given(
    sizes=st.lists(st.integers(1, 3000), min_size=1, max_size=30),
    per_epoch=st.integers(1, 5000),
    data=st.data(),
)
@tries(50)
def test_spikes_inside_the_losses_of_one_event_survive(
    sizes: list[int], per_epoch: int, data: st.DataObject
) -> None:
    history, live, step = begun_history(per_epoch), Still(), 0
    spikes: list[float] = []
    for size in sizes:
        losses = np.ones(size, np.float32)
        place = data.draw(st.integers(0, size - 1))
        losses[place] = np.float32(data.draw(st.floats(2, 1e6) | st.floats(0, 0.5)))
        step += size
        spikes.append(float(losses[place]))
        history.fold(Stepped(-(-step // per_epoch), step, float(losses[-1]), losses, live))
        points = history.snapshot("running", 0.03, 1.0).batch_losses
        assert len(points.x) <= CAPACITY
        assert all(one < other for one, other in pairwise(points.x))
        assert 0 < points.x[0] <= points.x[-1] <= step / per_epoch
        assert max(points.high) == max(1.0, *spikes) or max(points.high) == max(spikes)
        assert min(points.low) == min(1.0, *spikes) or min(points.low) == min(spikes)
        assert all(low <= high for low, high in zip(points.low, points.high, strict=True))


@pytest.mark.parametrize("most", [1, 7, 1000])
def test_a_run_in_pieces_draws_the_same_curve(most: int) -> None:
    """The lowest and highest of every stretch are those of the losses in it."""
    experiment = Experiment(loop="fast", epochs=3, batch_size=5).changed({"data.n": 500})
    history, losses = History(experiment), []
    for event in train(experiment, Controls(0.03, most=most)):
        history.fold(event)
        if isinstance(event, Stepped):
            losses += list(event.losses)
    points = history.snapshot("running", 0.03, 1.0).batch_losses
    assert points.x[-1] == 3
    assert (min(points.low), max(points.high)) == (min(losses), max(losses))
    edges = [0, *(round(x * 100) for x in points.x)]
    for (first, last), low, high in zip(pairwise(edges), points.low, points.high, strict=True):
        assert (low, high) == (min(losses[first:last]), max(losses[first:last]))


def test_losses_that_are_not_finite_leave_the_curve_alone() -> None:
    history = begun_history(per_epoch=10)
    history.fold(Stepped(1, 3, 1.0, np.array([3, 2, 1], np.float32), Still()))
    history.fold(Stepped(1, 4, math.nan, np.array([math.nan], np.float32), Still()))
    history.fold(Stepped(1, 5, math.inf, np.array([math.inf], np.float32), Still()))
    points = history.snapshot("running", 0.03, 1.0).batch_losses
    assert points.high == (3.0, 2.0, 1.0)


@given(parameters=st.integers(1, 2000), stride=st.integers(1, 100), count=st.integers(1, 6000))
@tries(60)
def test_a_trail_is_bounded_even_and_ends_where_the_run_is(
    parameters: int, stride: int, count: int
) -> None:
    """Looked at every `stride` steps, as events come; the rows are the step itself."""
    trail = Trail(parameters)
    for step in range(0, stride * count, stride):
        if trail.wants(step):
            trail.add(Place(step, (float(step),), (step / 2,), step / 4))
    last = stride * (count - 1)
    path = trail.path(Place(last, (float(last),), (last / 2,), last / 4))
    capacity = max(2, min(MOST_POINTS, MOST_NUMBERS // parameters))
    assert min(count, capacity / 2) <= len(path.x) <= capacity + 1
    assert (path.x[0], path.x[-1]) == (0, last)
    assert path.theta == tuple((x,) for x in path.x)
    assert path.grads == tuple((x / 2,) for x in path.x)
    assert path.losses == tuple(x / 4 for x in path.x)
    for gap in np.diff(path.x)[:-1]:
        assert abs(gap - max(trail.interval, stride)) <= stride


def test_places_that_are_not_finite_are_no_part_of_the_path() -> None:
    trail = Trail(2, 2)
    for step, theta in enumerate([(0.0, 1.0), (math.nan, 1.0), (1e308, 1e308), (2.0, 3.0)]):
        trail.add(Place(step, theta))
    assert trail.path(Place(4, (math.inf, 0.0))).theta == ((0.0, 1.0), (2.0, 3.0))
    assert trail.path(Place(4, (4.0, 4.0))).x == (0.0, 1.5, 2.0)


def test_with_one_step_an_epoch_every_step_is_on_the_path() -> None:
    experiment = Experiment(epochs=40, batch_size=50).changed({"data.n": 50})
    history, places = History(experiment), []
    for event in train(experiment):
        history.fold(event)
        if isinstance(event, EpochEnded):
            places.append(flat(event.params))
    path = history.snapshot("running", 0.03, 1.0).path
    assert path.x == tuple(range(41))
    assert path.theta[1:] == tuple(places)


def test_the_lr_in_force_follows_the_schedule() -> None:
    experiment = Experiment(epochs=4, batch_size=50).changed(
        {"data.n": 100, "schedule": "step", "schedule.gamma": 0.5}
    )
    history, seen = History(experiment), []
    for event in train(experiment):
        history.fold(event)
        if isinstance(event, Stepped):
            seen.append(history.snapshot("running", 0.8, 1.0).lr)
    assert seen == [0.8, 0.8, 0.4, 0.4, 0.2, 0.2, 0.1, 0.1]


def test_validation_losses_and_an_early_end_are_kept() -> None:
    experiment = Experiment(lr=0.3, epochs=50, patience=2).changed(
        {"data.n": 100, "validation_split": 0.3}
    )
    history, losses, reason = History(experiment), [], None
    for event in train(experiment):
        history.fold(event)
        if isinstance(event, EpochEnded):
            losses.append(event.validation)
        if isinstance(event, Finished):
            reason = event.reason
    snapshot = history.snapshot("running", 0.03, 1.0)
    assert snapshot.validation_losses.low == tuple(losses)
    assert snapshot.validation_losses.x == tuple(range(1, len(losses) + 1))
    assert reason
    assert snapshot.message == reason


@pytest.mark.parametrize("state", ["stopped", "failed"])
def test_a_run_ended_from_outside_stays_ended(state: str) -> None:
    history = History(Experiment())
    events = train(Experiment())
    for event, _ in zip(events, range(5), strict=False):
        history.fold(event)
    ended = history.end(state, "because")  # type: ignore[arg-type]
    assert (ended.state, ended.message, ended.over) == (state, "because", True)
    assert history.snapshot("running", 0.03, 1.0).state == state


# Snapshots -----------------------------------------------------------------------------------


def test_a_snapshot_cannot_be_changed_and_is_compared_by_identity() -> None:
    snapshot = Snapshot(Experiment())
    for field in fields(Snapshot):
        with pytest.raises(FrozenInstanceError):
            setattr(snapshot, field.name, None)
    assert snapshot != replace(snapshot)
    assert Points() != Points()


def test_an_earlier_snapshot_is_untouched_by_what_comes_later() -> None:
    experiment = Experiment(epochs=2).changed({"data.n": 40})
    history = History(experiment)
    events = train(experiment)
    for event in events:
        history.fold(event)
        if isinstance(event, Stepped):
            break
    early = history.snapshot("running", 0.03, 1.0)
    before = {field.name: repr(getattr(early, field.name)) for field in fields(Snapshot)}
    for event in events:
        history.fold(event)
    late = history.snapshot("running", 0.03, 1.0)
    assert late is not early
    assert {field.name: repr(getattr(early, field.name)) for field in fields(Snapshot)} == before


def test_a_snapshot_holds_plain_values_only() -> None:
    experiment = Experiment(epochs=1).changed({"data.n": 40})
    history = History(experiment)
    for event in train(experiment):
        history.fold(event)
    snapshot = history.snapshot("running", 0.03, 1.0)
    plain = (int, float, str, tuple, dict, Experiment, Facts, Points, Path, type(None))
    assert all(isinstance(getattr(snapshot, field.name), plain) for field in fields(Snapshot))
    assert all(type(number) is float for values in snapshot.params.values() for number in values)


def test_a_snapshot_without_facts_answers_all_the_same() -> None:
    snapshot = Snapshot(Experiment())
    assert (snapshot.steps, snapshot.eta, snapshot.errors(), snapshot.over) == (0, None, {}, False)


def test_time_left() -> None:
    known = next(train(Experiment()))
    assert isinstance(known, Started)
    snapshot = Snapshot(Experiment(), facts=known.facts, step=100, steps_per_second=50.0)
    assert (snapshot.steps, snapshot.eta) == (300, 4.0)


# Numbers -------------------------------------------------------------------------------------

NUMBERS = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=5).map(tuple)


@given(w=NUMBERS, b=NUMBERS)
def test_the_norm_is_numpys(w: tuple[float, ...], b: tuple[float, ...]) -> None:
    assert norm({"w": w, "b": b}) == pytest.approx(float(np.linalg.norm([*w, *b])))


def test_a_norm_of_what_is_not_finite_is_not_finite_either() -> None:
    assert norm({"w": (1.0, math.inf)}) == math.inf
    assert math.isnan(norm({"w": (1.0, math.nan)}))
    assert norm({}) == 0
    assert norm({"w": (1e200, 1e200)}) > 0


@given(w=NUMBERS)
def test_the_error_is_estimate_less_truth(w: tuple[float, ...]) -> None:
    true = tuple(value + 1 for value in w)
    assert error_of({"w": w}, {"w": true, "b": (1.0,)})["w"] == pytest.approx([-1.0] * len(w))


def test_numbers_are_labelled_as_the_book_writes_them() -> None:
    assert labels({"w": (1.0, 2.0), "b": (3.0,)}) == [("w[0]", 1.0), ("w[1]", 2.0), ("b", 3.0)]
    assert labels({"R": (4.0,)}) == [("R", 4.0)]


# Residuals -----------------------------------------------------------------------------------


@pytest.mark.parametrize("loop", ["scratch", "concise", "fast"])
def test_residuals_are_those_of_the_last_minibatch_at_the_present_parameters(loop: str) -> None:
    from engine.problem import build
    from engine.training.snapshot import RESIDUALS

    experiment = Experiment(loop=loop, batch_size=100, epochs=1).changed({"device": "cpu"})
    history, problem = History(experiment), build(experiment)
    for number, event in enumerate(train(experiment, Controls(experiment.lr, most=1))):
        history.fold(event)
        shown = history.snapshot("running", experiment.lr, 1.0)
        assert len(shown.residuals) == RESIDUALS
        rows = slice(0, RESIDUALS)
        X, y = problem.X, problem.y
        if number == 3:
            order = problem.order(0)[200:300]
            X, y = X[order], y[order]
        if number in (0, 3):
            wanted = X[rows] @ torch.tensor(shown.params["w"]) + shown.params["b"][0] - y[rows, 0]
            assert shown.residuals == pytest.approx(wanted.tolist(), abs=1e-5)
