"""The fast loop: the scratch loop's numbers, in blocks of steps, in each of its forms."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.catalog.losses import LossEntry
from engine.catalog.optimizers import OptimizerEntry
from engine.catalog.parameters import Values
from engine.experiment import Experiment
from engine.kernels.stand_ins import CACHED
from engine.problem import build
from engine.settings import Reduction
from engine.training.controls import Controls
from engine.training.events import Diverged, EpochEnded, Event, Finished, Stepped
from engine.training.loops import EpochEnd, fast, load
from engine.training.statements import Executed
from engine.training.trainer import train
from tests.support.examples import tries
from tests.support.oracles import assert_same, kinked, trace
from tests.support.runs import Array, array, batch_losses_of, epochs_of, outcome, singly, started
from tests.support.strategies import PLAIN, every_entry, tame_experiments

FORMS = ["whole data", "blocks", "blocks of one minibatch", "torch"]
"""Of small data a call takes many epochs, of large ones a part; without numba steps are torch's."""
COMPILED = FORMS[:3]
MOST = st.sampled_from([1, 3, 11, 1000])


@contextmanager
def form(name: str) -> Iterator[None]:
    """Makes the fast loop take one of its forms, whatever the size of the data."""
    with pytest.MonkeyPatch.context() as patch:
        if name.startswith("blocks"):
            patch.setattr(fast, "BLOCK", 48 if name == "blocks" else 0)
        if name == "torch":
            patch.setattr(fast, "MISSING", "no compiled kernels: for a test")
        yield


def events_of(experiment: Experiment, name: str, most: int = Controls.most) -> list[Event]:
    """All events of a run in one form."""
    with form(name):
        return list(train(experiment, Controls(experiment.lr, most=most)))


# The same numbers ----------------------------------------------------------------------------


@pytest.mark.parametrize("entry", every_entry("loss"))
@given(data=st.data(), most=MOST)
@tries(12)
def test_the_numbers_are_those_of_the_scratch_loop(
    entry: LossEntry, data: st.DataObject, most: int
) -> None:
    """Every data set, init, reduction, with a bias or none, a short last batch, B > n."""
    experiment = data.draw(tame_experiments(loop="fast", loss=entry.name))
    expected = trace(experiment)
    for name in FORMS:
        events = events_of(experiment, name, most)
        assert_same(events, expected)
        if not kinked(entry) and isinstance(expected.end, Finished):
            for key, values in outcome(events).params.items():
                assert values == pytest.approx(expected.end.params[key], rel=1e-4, abs=1e-5)


@pytest.mark.parametrize("entry", every_entry("optimizer"))
def test_torch_takes_the_steps_of_every_optimizer(entry: OptimizerEntry) -> None:
    """Over the ends of epochs, where they go on counting; with a penalty and a schedule."""
    experiment = Experiment(loop="fast", device="cpu", lr=0.05).changed(
        {
            "optimizer": entry.name,
            "penalty": "l2",
            "penalty.strength": 0.5,
            "schedule": "inverse",
            "data.n": 64,
        }
    )
    assert_same(events_of(experiment, "torch"), trace(experiment))


@pytest.mark.parametrize(("reduction", "batch_size"), [("mean", 64), ("sum", 2000)])
def test_the_numbers_on_data_that_are_large_by_nature(reduction: str, batch_size: int) -> None:
    """More numbers than a call uses and than the cache holds."""
    experiment = Experiment(
        loop="fast", reduction=Reduction(reduction), batch_size=batch_size, epochs=2, device="cpu"
    ).changed({"data.n": 900, "data.w": tuple(np.linspace(-1, 1, 300)), "lr": 0.001})
    assert max(fast.BLOCK, CACHED) < 900 * 301
    assert_same(list(train(experiment)), trace(experiment))


@pytest.mark.parametrize("name", COMPILED)
@given(data=st.data(), most=MOST)
@tries(15)
def test_how_many_steps_are_taken_at_a_time_changes_no_bit(
    name: str, data: st.DataObject, most: int
) -> None:
    experiment = data.draw(tame_experiments(loop="fast"))
    one, other = events_of(experiment, name, most), list(singly(experiment))
    assert batch_losses_of(one) == batch_losses_of(other)
    assert epochs_of(one) == epochs_of(other)
    assert one[-1] == other[-1]


def test_without_numba_it_says_so() -> None:
    experiment = Experiment(loop="fast", device="cpu").changed({"data.n": 20})
    (note,) = started(events_of(experiment, "torch")).notes
    assert note == "no compiled kernels: for a test"


# Events --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FORMS)
@given(data=st.data(), most=MOST)
@tries(20)
def test_the_events_count_on(name: str, data: st.DataObject, most: int) -> None:
    experiment = data.draw(tame_experiments(loop="fast", patience=0))
    first, *events, end = events_of(experiment, name, most)
    per_epoch = started([first]).facts.steps_per_epoch
    step = epoch = 0
    for event in events:
        if isinstance(event, Stepped):
            assert 1 <= len(event.losses) <= most
            assert isinstance(event.losses, np.ndarray)
            assert event.losses.dtype == np.float32
            step += len(event.losses)
            assert event.step == step
            assert event.epoch == -(-step // per_epoch)
            assert type(event.loss) is float
            assert event.loss == event.losses[-1]
        else:
            assert isinstance(event, EpochEnded)
            epoch += 1
            assert (event.epoch, event.step) == (epoch, epoch * per_epoch)
            assert event.step <= step
    assert isinstance(end, Finished)
    assert (end.epoch, end.step) == (experiment.epochs, experiment.epochs * per_epoch)
    assert (epoch, step) == (end.epoch, end.step)


@pytest.mark.parametrize("name", COMPILED)
@given(data=st.data())
@tries(15)
def test_the_loop_itself_takes_no_more_epochs_than_asked(name: str, data: st.DataObject) -> None:
    experiment = data.draw(tame_experiments(loop="fast"))
    problem = build(experiment)
    with form(name):
        progress = list(load("fast")(problem, Controls(experiment.lr)).run())
    ends = [one for one in progress if isinstance(one, EpochEnd)]
    steps = sum(len(one) for one in progress if not isinstance(one, EpochEnd | Executed))
    assert len(ends) == experiment.epochs
    assert steps == experiment.epochs * experiment.steps_per_epoch


def test_the_losses_of_an_event_are_not_overwritten_by_the_next() -> None:
    experiment = Experiment(loop="fast", batch_size=5, epochs=2).changed({"data.n": 50})
    kept, copies = [], []
    for event in train(experiment, Controls(0.03, most=3)):
        if isinstance(event, Stepped):
            kept.append(event.losses)
            copies.append(tuple(event.losses))
    assert [tuple(losses) for losses in kept] == copies


@pytest.mark.parametrize("name", FORMS)
@given(data=st.data(), most=MOST)
@tries(20)
def test_what_is_shown_belongs_to_the_last_minibatch(
    name: str, data: st.DataObject, most: int
) -> None:
    """Grad equals X̃ᵀr/B with the parameters before the step, θ + lr·grad."""
    experiment = data.draw(tame_experiments(loop="fast", loss="half_squared", **PLAIN))
    problem = build(experiment)
    n, size, lr = len(problem.X), experiment.batch_size, experiment.lr
    with form(name):
        for event in train(experiment, Controls(lr, most=most)):
            if not isinstance(event, Stepped):
                continue
            shown = event.live.minibatch()
            assert shown is not None
            X, y = shown
            first = (event.step - 1) % experiment.steps_per_epoch * size
            assert len(X) == len(y) == min(size, n - first)
            params, grads = event.live.params(), event.live.grads()
            assert list(params) == list(grads) == list(problem.model.shapes)
            r = (
                array(problem.linear.design(X))
                @ np.concatenate(
                    [array(params[key]).ravel() + lr * array(grads[key]).ravel() for key in params]
                )
                - array(y).ravel()
            )
            divisor = experiment.reduction.divisor(experiment.batch_size, len(X))
            wanted = array(problem.linear.design(X)).T @ r / divisor
            found = np.concatenate([array(grad).ravel() for grad in grads.values()])
            scale = float(np.abs(array(X)).max() * np.abs(r).max()) + 1e-3
            assert found == pytest.approx(wanted, rel=1e-4, abs=1e-5 * scale)
            assert event.loss == pytest.approx((r**2).mean() / 2, rel=1e-3, abs=1e-9)


@pytest.mark.parametrize("name", FORMS)
def test_an_epochs_numbers_are_those_after_its_last_step(name: str) -> None:
    experiment = Experiment(loop="fast", epochs=3).changed({"data.n": 45})
    whole = epochs_of(events_of(experiment, name))
    last: dict[str, tuple[float, ...]] = {}
    params: dict[str, tuple[float, ...]] = {}
    ends: list[EpochEnded] = []
    with form(name):
        for event in train(experiment, Controls(0.03, most=1)):
            if isinstance(event, Stepped):
                grads, shown = event.live.grads(), event.live.params()
                last = {key: tuple(grad.flatten().tolist()) for key, grad in grads.items()}
                params = {key: tuple(value.flatten().tolist()) for key, value in shown.items()}
            if isinstance(event, EpochEnded):
                assert event.grads == last
                assert event.params == params
                ends.append(event)
    assert [(end.loss, end.params, end.grads) for end in ends] == [
        (end.loss, end.params, end.grads) for end in whole
    ]


# Controls ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FORMS)
@given(
    lrs=st.lists(st.floats(1e-3, 0.3), min_size=40, max_size=40),
    n=st.integers(1, 40),
    batch_size=st.integers(1, 15),
    most=st.sampled_from([1, 3, 7]),
)
@tries(20)
def test_a_changed_rate_holds_from_the_next_event_on(
    name: str, lrs: list[float], n: int, batch_size: int, most: int
) -> None:
    """Against SGD by hand in float64 with the rate that was in force at each step."""
    experiment = Experiment(
        loop="fast", batch_size=batch_size, epochs=2, reduction=Reduction.MEAN, device="cpu"
    ).changed({"data.n": n})
    controls = Controls(experiment.lr, most=most)
    rates: list[float] = []
    planned = iter(lrs * 3)
    with form(name):
        events = []
        for event in train(experiment, controls):
            events.append(event)
            if isinstance(event, Stepped):
                rates += [controls.lr] * len(event.losses)
                controls.lr = next(planned)
    losses, theta = by_hand(experiment, rates)
    assert batch_losses_of(events) == pytest.approx(losses, rel=1e-3, abs=1e-7)
    end = outcome(events).params
    assert [*end["w"], *end["b"]] == pytest.approx(theta, rel=1e-3, abs=1e-4)


def by_hand(experiment: Experiment, rates: list[float]) -> tuple[list[float], Array]:
    """Each step's mean half loss, and θ at the end, with a rate for each step."""
    problem = build(experiment)
    design, y = array(problem.linear.design(problem.X)), array(problem.y)[:, 0]
    theta = np.concatenate([array(start).ravel() for start in problem.start.values()])
    rate, losses = iter(rates), []
    for order in map(problem.order, range(experiment.epochs)):
        for first in range(0, len(y), experiment.batch_size):
            rows = order.numpy()[first : first + experiment.batch_size]
            r = design[rows] @ theta - y[rows]
            losses.append(float((r**2).mean() / 2))
            theta = theta - next(rate) * design[rows].T @ r / len(rows)
    return losses, theta


@pytest.mark.parametrize(
    ("n", "d", "batch_size"),
    [(20_000, 10, 32), (60_000, 10, 256), (6000, 100, 256), (6000, 100, 1), (5000, 100, 4000)],
)
def test_a_pause_never_waits_for_more_than_a_block(n: int, d: int, batch_size: int) -> None:
    """Counted in numbers of data between two events, not by a clock."""
    experiment = Experiment(loop="fast", batch_size=batch_size, epochs=3, device="cpu").changed(
        {"data.n": n, "data.w": (0.5,) * d, "lr": 1e-3}
    )
    largest = 0
    for event in train(experiment):
        if isinstance(event, Stepped):
            rows = min(len(event.losses) * batch_size, n * experiment.epochs)
            largest = max(largest, rows * (d + 1))
    assert largest <= max(fast.BLOCK, batch_size * (d + 1))
    assert largest > fast.BLOCK / 4, "blocks as small as that would cost speed"


@pytest.mark.parametrize("n", [1, 2, 10])
def test_a_pause_never_waits_for_more_than_a_thousand_epochs_of_tiny_data(n: int) -> None:
    """An epoch is an event, and costs the session far more than its few samples."""
    experiment = Experiment(loop="fast", epochs=10_000, device="cpu").changed({"data.n": n})
    run = longest = 0
    for event in train(experiment):
        run = run + 1 if isinstance(event, EpochEnded) else 0
        longest = max(longest, run)
    assert 100 < longest <= 1024


# Divergence ----------------------------------------------------------------------------------

RUNAWAYS = st.fixed_dictionaries(
    {
        "loss": st.sampled_from([case.values[0].name for case in every_entry("loss")]),
        "lr": st.sampled_from([2.2, 3.0, 10.0, 1e3, 1e6]),
        "data.n": st.integers(2, 45),
        "data.scale": st.sampled_from([(1.0,), (3.0,), (1000.0,), (1e6,)]),
        "batch_size": st.integers(1, 50),
        "reduction": st.sampled_from(["sum", "mean"]),
        "seed": st.integers(0, 1000),
        "epochs": st.just(12),
        "device": st.just("cpu"),
    }
)


@given(changes=RUNAWAYS, most=MOST)
@tries(40)
def test_it_diverges_where_the_scratch_loop_does(changes: dict[str, object], most: int) -> None:
    experiment = Experiment(loop="fast").changed(changes)
    expected = list(train(experiment.changed({"loop": "scratch"})))
    for name in FORMS:
        assert_diverges_alike(events_of(experiment, name, most), expected, experiment.loss.entry)


def assert_diverges_alike(events: list[Event], expected: list[Event], loss: LossEntry) -> None:
    """Two runs end at the same step, for the same reason, and with the same losses."""
    end, wanted = outcome(events), outcome(expected)
    assert type(end) is type(wanted)
    assert (end.epoch, end.step) == (wanted.epoch, wanted.step)
    if isinstance(end, Diverged) and isinstance(wanted, Diverged):
        if end.reason != wanted.reason:  # a sum over 45 samples may overflow in one of them only
            assert end.loss > np.finfo(np.float32).max / 45 or not math.isfinite(end.loss)
            assert wanted.loss > np.finfo(np.float32).max / 45 or not math.isfinite(wanted.loss)
            return
        assert sum(isinstance(event, Diverged | Finished) for event in events) == 1
        assert end.loss == pytest.approx(wanted.loss, rel=0.01, nan_ok=True)
        losses = batch_losses_of(events)[: end.step]
        assert losses == pytest.approx(
            batch_losses_of(expected), rel=0.01, abs=1e-3, nan_ok=True
        ) or kinked(loss)


@pytest.mark.parametrize(("n", "batch_size"), [(25, 10), (20, 10), (7, 50), (11, 1)])
def test_a_runaway_shows_its_own_minibatch_and_parameters(n: int, batch_size: int) -> None:
    for seed in range(6):
        experiment = Experiment(lr=2.6, batch_size=batch_size, epochs=60, seed=seed).changed(
            {"data.n": n, "reduction": "mean", "device": "cpu"}
        )
        X, y, params = last_shown(experiment)
        for name in COMPILED:
            with form(name):
                found = last_shown(experiment.changed({"loop": "fast"}))
            assert torch.equal(found[0], X)
            assert torch.equal(found[1], y)
            for key, values in params.items():
                assert found[2][key] == pytest.approx(values, rel=1e-3)


def last_shown(experiment: Experiment) -> tuple[torch.Tensor, torch.Tensor, Values]:
    """The last minibatch of a run that diverges, and its parameters then."""
    for event in train(experiment):
        if isinstance(event, Stepped):
            minibatch = event.live.minibatch()
    assert minibatch is not None
    assert isinstance(event, Diverged)
    return *minibatch, event.params


@pytest.mark.parametrize("name", COMPILED)
def test_the_loop_stops_at_the_limit_it_is_given(name: str) -> None:
    """The first loss above it is the last one of all, and comes in an event of its own."""
    problem = build(Experiment(loop="fast", lr=2.6, epochs=50).changed({"data.n": 45}))
    with form(name):
        progress = list(load("fast")(problem, Controls(2.6, runaway=1000.0)).run())
    last = progress[-1]
    assert not isinstance(last, EpochEnd | Executed)
    assert len(last) == 1
    assert last[0] > 1000
    before = [
        loss for one in progress[:-1] if not isinstance(one, EpochEnd | Executed) for loss in one
    ]
    assert max(before) <= 1000
