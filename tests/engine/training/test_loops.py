"""The loops against each other, against numpy and against finite differences."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.catalog.losses import LossEntry
from engine.catalog.optimizers import OptimizerEntry
from engine.experiment import Experiment
from engine.problem import Problem, build
from engine.settings import LOOPS, Reduction
from engine.training.controls import Controls
from engine.training.events import Finished, Stepped
from engine.training.loops import load
from engine.training.trainer import train
from tests.support.examples import tries
from tests.support.oracles import assert_same, kinked, trace
from tests.support.runs import (
    Array,
    array,
    batch_losses_of,
    epochs_of,
    facts_of,
    outcome,
    singly,
    stable,
    steps_of,
)
from tests.support.strategies import PLAIN, every_entry, tame_experiments

REDUCTIONS = [reduction.value for reduction in Reduction]


def numpy_sgd(problem: Problem, epochs: int) -> Iterator[tuple[float, Array]]:
    """Each step's mean half loss and the parameters after it, by hand in float64.

    The order of the samples is the run's; everything else is worked out here.
    """
    experiment = problem.experiment
    X, y = array(problem.X), array(problem.y)
    design = np.hstack([X, np.ones((len(X), 1))]) if problem.linear.bias else X
    theta = np.concatenate([array(start).ravel() for start in problem.start.values()])
    for order in map(problem.order, range(epochs)):
        for first in range(0, experiment.used_per_epoch, experiment.batch_size):
            rows = order.numpy()[first : first + experiment.batch_size]
            r = design[rows] @ theta - y[rows, 0]
            divisor = experiment.reduction.divisor(experiment.batch_size, len(rows))
            theta = theta - experiment.lr * design[rows].T @ r / divisor
            yield float((r**2).mean() / 2), theta


def flat(values: dict[str, tuple[float, ...]] | Any) -> Array:
    """Named numbers as one vector."""
    return np.concatenate([np.array(values[name]) for name in values])


# The same numbers ----------------------------------------------------------------------------


@pytest.mark.parametrize("entry", every_entry("loss"))
@given(data=st.data())
@tries(14)
def test_every_loop_has_the_same_losses(entry: LossEntry, data: st.DataObject) -> None:
    """Those of the first to 1e-5; any data, model, init, reduction and short last batch."""
    experiment = data.draw(tame_experiments(loss=entry.name))
    expected = trace(experiment)
    for loop in LOOPS[1:]:
        events = list(singly(experiment.changed({"loop": loop})))
        assert len(steps_of(events)) == len(expected.steps)
        assert_same(events, expected)
        if not kinked(entry) and isinstance(expected.end, Finished):
            assert flat(outcome(events).params) == pytest.approx(
                flat(expected.end.params), rel=1e-4, abs=1e-5
            )


@pytest.mark.parametrize("entry", every_entry("loss"))
@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize(("batch_size", "noise"), [(10, 0.01), (32, 0.1)])
def test_every_loop_has_the_same_losses_on_standard_data(
    entry: LossEntry, reduction: str, batch_size: int, noise: float
) -> None:
    """L1's steps depend on signs that rounding decides; only its losses come out alike."""
    tolerance = 0.05 if kinked(entry) else 1e-5
    lr = 0.03 / batch_size if reduction == "total" else 0.03
    experiment = Experiment(reduction=Reduction(reduction), batch_size=batch_size, lr=lr).changed(
        {"loss": entry.name, "data.n": 250, "data.noise": noise, "epochs": 2}
    )
    runs = [epochs_of(train(experiment.changed({"loop": loop}))) for loop in LOOPS]
    for run in runs[1:]:
        for epoch, same in zip(runs[0], run, strict=True):
            assert epoch.loss == pytest.approx(same.loss, rel=tolerance)


@pytest.mark.parametrize("entry", every_entry("optimizer"))
def test_every_loop_takes_the_steps_of_every_optimizer(entry: OptimizerEntry) -> None:
    """The same path, written out, by torch.optim, and compiled."""
    assert_same_path({"optimizer": entry.name, "schedule": "cosine"}, LOOPS)


@pytest.mark.parametrize("entry", every_entry("optimizer"))
def test_the_penalty_comes_before_the_optimizer(entry: OptimizerEntry) -> None:
    """Compiled with one optimizer only: a kernel is put together of any two in the same way."""
    loops = LOOPS if entry.name == "adam" else LOOPS[:2]
    assert_same_path({"optimizer": entry.name, "penalty": "l2"}, loops)


def assert_same_path(changes: dict[str, object], loops: tuple[str, ...]) -> None:
    """Epochs by these loops are the same to 1e-5 relative."""
    experiment = Experiment(batch_size=32, lr=0.01, epochs=4).changed(
        {**changes, "data.n": 250, "data.noise": 0.1}
    )
    runs = [epochs_of(train(experiment.changed({"loop": loop}))) for loop in loops]
    for run in runs[1:]:
        for epoch, same in zip(runs[0], run, strict=True):
            assert epoch.loss == pytest.approx(same.loss, rel=1e-5)
            assert flat(epoch.params) == pytest.approx(flat(same.params), rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("loop", LOOPS[:2])
def test_an_adaptive_optimizer_goes_the_same_way_on_twice_the_loss(loop: str) -> None:
    """r² against ½r², nearly the same path; SGD's steps are twice as long."""

    def way(name: str, loss: str) -> Array:
        run = Experiment(loop=loop, lr=0.05, epochs=2).changed(
            {"optimizer": name, "loss": loss, "data.n": 300}
        )
        return np.array([flat(epoch.params) for epoch in epochs_of(train(run))])

    for optimizer in ("adagrad", "rmsprop", "adam"):
        assert way(optimizer, "squared") == pytest.approx(way(optimizer, "half_squared"), abs=2e-3)
    assert np.abs(way("sgd", "squared") - way("sgd", "half_squared")).max() > 0.01


@given(data=st.data())
@tries(40)
def test_every_loop_takes_the_steps_of_sgd_by_hand(data: st.DataObject) -> None:
    experiment = data.draw(tame_experiments(loss="half_squared", **PLAIN))
    problem = build(experiment)
    start = facts_of(experiment).start_loss
    steps = (event for event in singly(experiment) if isinstance(event, Stepped))
    by_hand = numpy_sgd(problem, experiment.epochs)
    for step, (loss, theta) in zip(steps, by_hand, strict=True):
        # float32 may be off by a millionth of the residuals at the start.
        rounding = 1e-6 * math.sqrt(abs(loss) * (1 + start)) + 1e-12
        assert step.loss == pytest.approx(loss, rel=1e-5, abs=rounding)
        params = step.live.params()
        found = np.concatenate([array(tensor).ravel() for tensor in params.values()])
        assert found == pytest.approx(theta, rel=1e-4, abs=1e-5)


@pytest.mark.parametrize("loop", LOOPS)
def test_a_run_is_repeated_number_for_number(loop: str) -> None:
    """The same seed gives the same run again; another seed does not."""
    experiment = Experiment(loop=loop, epochs=2).changed({"data.n": 205})
    one, same, other = (
        batch_losses_of(train(experiment.changed({"seed": seed}))) for seed in (7, 7, 8)
    )
    assert one == same
    assert one != other


@pytest.mark.parametrize("loop", LOOPS)
def test_a_run_leaves_the_global_random_numbers_alone(loop: str) -> None:
    numpy_state = np.random.get_state()[1].tolist()  # type: ignore[index]
    before, python = torch.get_rng_state(), random.getstate()
    list(train(Experiment(loop=loop).changed({"data.n": 50})))
    assert torch.equal(torch.get_rng_state(), before)
    assert random.getstate() == python
    assert np.random.get_state()[1].tolist() == numpy_state  # type: ignore[index]


@pytest.mark.parametrize("loop", LOOPS)
def test_the_global_random_numbers_do_not_matter(loop: str) -> None:
    experiment = Experiment(loop=loop).changed({"data.n": 50})
    torch.manual_seed(1)
    one = outcome(train(experiment))
    torch.manual_seed(2)
    assert outcome(train(experiment)) == one


# Gradients -----------------------------------------------------------------------------------


@pytest.mark.parametrize("loop", LOOPS)
@given(data=st.data())
def test_the_gradient_shown_is_that_of_the_minibatch_shown(loop: str, data: st.DataObject) -> None:
    """Grad equals X̃ᵀr/B on the shown minibatch, with the parameters before the step."""
    experiment = data.draw(tame_experiments(loss="half_squared", loop=loop, penalty="none"))
    problem = build(experiment)
    before = problem.start
    for event in singly(experiment):
        if isinstance(event, Stepped):
            shown = event.live.minibatch()
            assert shown is not None
            X, y = array(shown[0]), array(shown[1])
            assert X.shape == (len(y), problem.linear.features)
            r = X @ array(before[problem.linear.weight]) - y
            if problem.linear.bias:
                r = r + array(before[problem.linear.bias])
            # A summed loss is divided by the batch size also where the last batch is short.
            divisor = experiment.reduction.divisor(experiment.batch_size, len(y))
            grads = event.live.grads()
            assert list(grads) == list(problem.model.shapes)
            scale = np.abs(X).max() * np.abs(r).max() * max(1, len(y) / divisor) + 1e-3
            assert array(grads[problem.linear.weight]) == pytest.approx(
                X.T @ r / divisor, abs=3e-5 * scale
            )
            if problem.linear.bias:
                assert array(grads[problem.linear.bias]) == pytest.approx(
                    r.sum(axis=0) / divisor, abs=3e-5 * scale
                )
            before = {name: param.clone() for name, param in event.live.params().items()}


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("entry", every_entry("loss"))
def test_the_gradient_shown_is_the_finite_difference_of_the_mean_loss(
    entry: LossEntry, reduction: str, loop: str
) -> None:
    """Central differences in float64 at the parameters before the step, for every loss."""
    experiment = stable(
        Experiment(loop=loop, batch_size=5, epochs=1).changed(
            {"loss": entry.name, "data.n": 50, "init.std": 1.0, "reduction": reduction}
        )
    )
    problem, h = build(experiment), 1e-6
    before = {name: start.double() for name, start in problem.start.items()}
    compared = 0
    for event in singly(experiment):
        if isinstance(event, Stepped):
            shown = event.live.minibatch()
            assert shown is not None
            X, y = (tensor.double() for tensor in shown)
            grads = event.live.grads()
            for name, tensor in before.items():
                for index in range(tensor.numel()):
                    sides = []
                    for sign in (1, -1):
                        moved = {key: value.clone() for key, value in before.items()}
                        moved[name].view(-1)[index] += sign * h
                        r = problem.model.predict(moved, X) - y
                        sides.append(problem.loss(r).mean().item())
                    difference = (sides[0] - sides[1]) / (2 * h)
                    divided = experiment.reduction.divisor(5, 5) / 5
                    slope = grads[name].flatten()[index].item() * divided
                    assert slope == pytest.approx(difference, rel=1e-4, abs=1e-4)
                    compared += 1
            before = {name: param.double() for name, param in event.live.params().items()}
    assert compared == 10 * 3


@pytest.mark.parametrize("loop", LOOPS)
def test_there_is_neither_gradient_nor_minibatch_before_the_first_step(loop: str) -> None:
    """It is None before the first backward pass."""
    experiment = Experiment(loop=loop)
    training = load(loop)(build(experiment), Controls(0.03))
    assert training.grads() == {}
    assert training.minibatch() is None
    assert set(training.params()) == {"w", "b"}


@pytest.mark.parametrize("loop", LOOPS)
def test_the_parameters_shown_carry_no_graph_and_have_the_models_shapes(loop: str) -> None:
    events = train(Experiment(loop=loop).changed({"data.n": 30}))
    for event in events:
        if isinstance(event, Stepped):
            for shown in (event.live.params(), event.live.grads()):
                assert {name: tuple(tensor.shape) for name, tensor in shown.items()} == {
                    "w": (2, 1),
                    "b": (1,),
                }
                assert not any(tensor.requires_grad for tensor in shown.values())


@pytest.mark.parametrize("loop", LOOPS)
def test_two_runs_at_once_do_not_disturb_each_other(loop: str) -> None:
    experiment = Experiment(loop=loop).changed({"data.n": 60})
    alone = outcome(train(experiment))
    one, other = train(experiment), train(experiment)
    *_, (last, same) = zip(one, other, strict=True)
    assert last == same == alone


# Learning rates ------------------------------------------------------------------------------


@pytest.mark.parametrize("loop", LOOPS)
def test_half_at_twice_the_rate_is_exactly_half_of_mse(loop: str) -> None:
    """Half loss at η=.06 gives exactly half the loss of MSE at .03."""
    half = Experiment(loop=loop, lr=0.06, reduction=Reduction.MEAN)
    mse = Experiment(loop=loop, lr=0.03, reduction=Reduction.MEAN).changed({"loss": "squared"})
    pairs = list(zip(singly(half), singly(mse), strict=True))
    compared = [
        (one.loss, other.loss / 2)
        for one, other in pairs
        if isinstance(one, Stepped) and isinstance(other, Stepped)
    ]
    assert len(compared) == 300
    assert all(one == pytest.approx(other, rel=1e-6) for one, other in compared)
    for epoch, same in zip(
        epochs_of(one for one, _ in pairs), epochs_of(other for _, other in pairs), strict=True
    ):
        assert epoch.loss == same.loss / 2
        assert epoch.params == same.params


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("entry", every_entry("loss"))
def test_sum_and_mean_take_the_same_steps_where_no_batch_is_short(
    entry: LossEntry, loop: str
) -> None:
    """η_sum=η_mean/B; trajectories equal to 1e-6."""
    if kinked(entry):
        pytest.skip("rounding decides on the direction of its steps")
    run = Experiment(loop=loop).changed({"loss": entry.name, "epochs": 2, "data.n": 250})
    summed, averaged = (
        epochs_of(train(run.changed({"reduction": reduction}))) for reduction in ("sum", "mean")
    )
    for epoch, same in zip(summed, averaged, strict=True):
        assert flat(epoch.params) == pytest.approx(flat(same.params), rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("loop", LOOPS)
@given(lrs=st.lists(st.floats(1e-3, 0.3), min_size=4, max_size=4))
@tries(20)
def test_a_changed_learning_rate_holds_from_the_next_step(loop: str, lrs: list[float]) -> None:
    experiment = Experiment(loop=loop, lr=0.03, batch_size=5, epochs=2).changed({"data.n": 10})
    controls = Controls(experiment.lr, most=1)
    before = {name: start.clone() for name, start in build(experiment).start.items()}
    planned = iter(lrs)
    steps = 0
    for event in train(experiment, controls):
        if isinstance(event, Stepped):
            steps += 1
            for name, param in event.live.params().items():
                moved = before[name] - controls.lr * event.live.grads()[name]
                torch.testing.assert_close(param, moved, rtol=1e-5, atol=1e-6)
                before[name] = param.clone()
            controls.lr = next(planned)
    assert steps == 4


@pytest.mark.parametrize("loop", LOOPS)
def test_a_batch_larger_than_the_data_is_full_batch_descent(loop: str) -> None:
    experiment = Experiment(
        loop=loop, reduction=Reduction.MEAN, batch_size=10_000, epochs=5, lr=0.5
    )
    found = [epoch.loss for epoch in epochs_of(train(experiment))]
    problem = build(experiment)
    X, y = array(problem.X), array(problem.y)
    design = np.hstack([X, np.ones((len(X), 1))])
    theta = np.concatenate([array(start).ravel() for start in problem.start.values()])
    for loss in found:
        theta = theta - 0.5 * design.T @ (design @ theta - y[:, 0]) / len(X)
        assert loss == pytest.approx(((design @ theta - y[:, 0]) ** 2).mean() / 2, rel=1e-4)


@pytest.mark.parametrize("loop", LOOPS)
def test_no_more_epochs_are_taken_than_were_asked_for(loop: str) -> None:
    experiment = Experiment(loop=loop, batch_size=10, epochs=4).changed({"data.n": 25})
    events = list(train(experiment))
    assert len(batch_losses_of(events)) == 4 * 3
    assert len(epochs_of(events)) == 4
    assert (outcome(events).epoch, outcome(events).step) == (4, 12)


def test_the_loops_that_can_be_chosen_can_be_loaded() -> None:
    for name in LOOPS:
        assert load(name).__module__ == f"engine.training.loops.{name}"
