"""The limit of the lr, what happens on either side of it, and the autopsy's suggestion."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.catalog.losses import LossEntry
from engine.catalog.optimizers import OPTIMIZERS
from engine.catalog.registry import Entry
from engine.experiment import Experiment
from engine.problem import build
from engine.settings import Reduction
from engine.theory.stability import stability
from engine.training.events import Diverged, Finished
from engine.training.trainer import train
from tests.support.designs import hessian_of
from tests.support.examples import tries
from tests.support.runs import batch_losses_of, facts_of, outcome
from tests.support.strategies import every_entry

FULL = Experiment(batch_size=1000, epochs=500)


@pytest.mark.parametrize(
    ("loss", "optimizer"),
    [
        ("half_squared", "sgd"),
        ("half_squared", "momentum"),
        ("half_squared", "nesterov"),
        ("squared", "sgd"),
    ],
)
def test_full_batch_descent_converges_below_the_limit_and_diverges_above(
    loss: str, optimizer: str
) -> None:
    """.99× converges, 1.01× grows without end; momentum has a limit of its own."""
    run = FULL.changed({"loss": loss, "optimizer": optimizer, "loop": "fast"})
    limit = facts_of(run).stability.limit.lr
    below = outcome(train(run.changed({"lr": 0.99 * limit})))
    above = outcome(train(run.changed({"lr": 1.01 * limit, "epochs": 3000})))
    assert isinstance(below, Finished)
    assert below.loss < 0.01 * facts_of(run).start_loss
    assert isinstance(above, Diverged)


def test_the_limit_of_standard_data_is_where_theory_says() -> None:
    """2/λmax lies in 1.70–2.00 for the half loss; 2/(1 + 4/B) for minibatches of B."""
    known = facts_of(FULL).stability
    assert 1.7 < known.curvature.critical_lr < 2.0
    assert known.limit.lr == pytest.approx(known.curvature.critical_lr, rel=1e-9)
    assert known.limit.kind == "critical"
    for size, expected in ((1, 0.4), (2, 0.67), (10, 1.43)):
        limit = facts_of(FULL.changed({"batch_size": size})).stability.limit
        assert limit.lr == pytest.approx(expected, rel=0.2)
        assert str(size) in str(limit.name)


def test_a_sum_over_fewer_samples_than_it_is_divided_by_bears_a_larger_lr() -> None:
    one, other = (facts_of(FULL.changed({"batch_size": size})) for size in (1000, 2000))
    assert other.stability.limit.lr == pytest.approx(2 * one.stability.limit.lr)
    assert other.stability.limit.kind != "critical"


def test_a_penalty_does_not_shrink_with_a_sum_over_few_samples() -> None:
    run = FULL.changed(
        {"loop": "fast", "batch_size": 4000, "penalty": "l2", "penalty.strength": 5.0}
    )
    limit = facts_of(run).stability.limit.lr
    assert isinstance(outcome(train(run.changed({"lr": 0.98 * limit}))), Finished)
    above = outcome(train(run.changed({"lr": 1.02 * limit})))
    assert isinstance(above, Diverged)
    assert isinstance(outcome(train(run.changed({"lr": above.autopsy.suggestion}))), Finished)


@pytest.mark.parametrize("name", ["adagrad", "rmsprop", "adam"])
def test_an_adaptive_optimizer_says_that_it_has_no_limit(name: str) -> None:
    limit = facts_of(Experiment().changed({"optimizer": name})).stability.limit
    assert math.isinf(limit.lr)
    assert OPTIMIZERS[name].label in str(limit.name)


def test_l1_has_no_curvature_and_says_so() -> None:
    limit = facts_of(Experiment().changed({"loss": "l1"})).stability.limit
    assert math.isinf(limit.lr)
    assert "no curvature" in str(limit.name)


def test_a_penalty_adds_to_the_curvature_of_the_weights_alone() -> None:
    plain, ridge = (
        hessian_of(stability(build(Experiment().changed(changes))).curvature)
        for changes in ({}, {"penalty": "l2", "penalty.strength": 0.5})
    )
    torch.testing.assert_close(
        ridge - plain, torch.diag(torch.tensor([0.5, 0.5, 0.0], dtype=torch.float64))
    )


def test_the_autopsy_of_the_baseline() -> None:
    """B=10, η=2 triggers it; the suggestion converges."""
    run = Experiment(lr=2.0)
    end = outcome(train(run))
    assert isinstance(end, Diverged)
    cause = end.autopsy
    assert 1 <= cause.first_bad_step < end.step
    assert cause.lr == 2.0
    assert cause.limit.lr < 2.0
    assert cause.eigenvalue == pytest.approx(
        float(facts_of(run).stability.curvature.eigenvalues[cause.direction])
    )
    assert sum(x * x for values in cause.heading.values() for x in values) == pytest.approx(1)
    again = outcome(train(run.changed({"lr": cause.suggestion})))
    assert isinstance(again, Finished)
    assert again.loss < 1.5 * (facts_of(run).floor.noise or 0.0)


@pytest.mark.parametrize("loop", ["scratch", "concise", "fast"])
def test_the_first_full_batch_is_as_good_as_the_start(loop: str) -> None:
    run = Experiment(lr=50.0, batch_size=100, loop=loop).changed({"data.n": 100})
    end = outcome(train(run))
    assert isinstance(end, Diverged)
    assert end.autopsy.first_bad_step == 2


def test_the_autopsy_knows_the_lr_that_the_schedule_left() -> None:
    run = Experiment(lr=4.0, epochs=4).changed({"schedule": "warmup", "schedule.length": 4.0})
    end = outcome(train(run))
    assert isinstance(end, Diverged)
    assert end.autopsy.lr == pytest.approx(4.0 * (0.1 + 0.9 * (end.step - 1) / 400))
    assert end.autopsy.limit.lr < end.autopsy.lr < 4.0


def test_the_suggestion_minds_the_average_over_a_short_last_batch() -> None:
    """A single sample with many features bears a far smaller step than thirty do."""
    run = Experiment(lr=50.0, batch_size=30, reduction=Reduction.MEAN, epochs=300).changed(
        {"data.n": 31, "data.w": (1.0,) * 40}
    )
    end = outcome(train(run))
    assert isinstance(end, Diverged)
    assert isinstance(outcome(train(run.changed({"lr": end.autopsy.suggestion}))), Finished)


def test_the_first_bad_step_is_the_one_after_the_last_good_loss() -> None:
    run = Experiment(lr=2.0)
    events = list(train(run))
    start, losses = facts_of(run).start_loss, batch_losses_of(events)
    end = events[-1]
    assert isinstance(end, Diverged)
    first = end.autopsy.first_bad_step
    assert all(loss > start for loss in losses[first - 1 :])
    assert first == 1 or losses[first - 2] <= start
    compiled = outcome(train(run.changed({"loop": "fast"})))
    assert isinstance(compiled, Diverged)
    assert compiled.autopsy.first_bad_step == first


@st.composite
def runaways(draw: st.DrawFn) -> Experiment:
    """Data of any scale, correlated features, 1 to 20 of them, and an lr far too large."""
    d = draw(st.integers(1, 20))
    scales = draw(st.lists(st.floats(1e-2, 1e2), min_size=d, max_size=d))
    w = draw(st.lists(st.floats(-10, 10), min_size=d, max_size=d))
    return Experiment(
        lr=1e6,
        batch_size=draw(st.sampled_from([1, 3, 10, 64, 500])),
        epochs=draw(st.integers(3, 20)),
        reduction=draw(st.sampled_from([Reduction.SUM, Reduction.MEAN])),
        seed=draw(st.integers(0, 1000)),
        loop="fast",
    ).changed(
        {
            "data.w": w,
            "data.b": draw(st.floats(1, 10)),
            "data.n": 200,
            "data.scale": scales,
            "data.correlation": draw(st.floats(0, 0.99)),
            "data.noise": draw(st.floats(0, 0.1)),
        }
    )


@pytest.mark.parametrize("entry", every_entry("optimizer"))
@given(run=runaways())
@tries(12)
def test_the_suggestion_of_the_autopsy_converges(entry: Entry, run: Experiment) -> None:
    assert_suggestion_converges(run.changed({"optimizer": entry.name}))


@pytest.mark.parametrize("loss", ["squared", "huber"])
@given(run=runaways())
@tries(12)
def test_the_suggestion_minds_the_loss(loss: str, run: Experiment) -> None:
    assert_suggestion_converges(run.changed({"loss": loss}))


def assert_suggestion_converges(run: Experiment) -> None:
    """Where a run diverges, the lr that its autopsy suggests does not."""
    end = outcome(train(run))
    if isinstance(end, Diverged):
        # A few steps may still overshoot, or wander with the minibatches; in time it goes down.
        longer = {"lr": end.autopsy.suggestion, "epochs": 20 * run.epochs}
        again = outcome(train(run.changed(longer)))
        assert isinstance(again, Finished)
        assert again.loss < facts_of(run).start_loss


@pytest.mark.parametrize("entry", every_entry("loss"))
@pytest.mark.parametrize("batch_size", [1, 10, 1000])
def test_below_the_limit_a_loss_goes_down(entry: LossEntry, batch_size: int) -> None:
    """Also one whose curvature grows without bound: its limit is that of the start.

    A loss with a kink has no limit: its steps do not shrink, whatever the lr.
    """
    if entry.kinks:
        assert facts_of(Experiment().changed({"loss": entry.name})).stability.limit.lr == math.inf
        return
    run = Experiment(loop="fast", batch_size=batch_size, epochs=3 if batch_size < 1000 else 60)
    for seed in range(4):
        run = run.changed({"loss": entry.name, "seed": seed})
        facts = facts_of(run)
        lr = min(0.9 * facts.stability.limit.lr, 1.0)
        assert outcome(train(run.changed({"lr": lr}))).loss < 0.05 * facts.start_loss
