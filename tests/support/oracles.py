"""What a run comes to, from the plainest loop, and how far rounding may take another one off it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

from engine.catalog.losses import LossEntry
from engine.experiment import Experiment
from engine.problem import Problem, build
from engine.theory.facts import Facts
from engine.training.events import Diverged, EpochEnded, Event, Finished, Stepped
from engine.training.trainer import train
from tests.support.runs import Array, array, batch_losses_of, epochs_of, outcome, started


@cache
def kinked(entry: LossEntry) -> bool:
    """Whether a loss's slope jumps at zero, so that rounding decides on the direction of a step."""
    params = {param.name: param.default for param in entry.params}
    r = torch.tensor([-1e-9, 1e-9], requires_grad=True)
    (slope,) = torch.autograd.grad(entry.function(r, **params).sum(), r)
    return bool(slope.diff().abs() > 0.5)


@dataclass(frozen=True)
class Loss:
    """A loss, and how far off it rounding may lead another loop."""

    value: float
    slack: float

    def near(self, other: float) -> bool:
        """Whether another loop's loss is the same number."""
        if not math.isfinite(self.value):
            return not math.isfinite(other)
        # Below 1e-37 float32 underflows, which compiled code may do later.
        return abs(other - self.value) <= max(1e-5 * abs(self.value), self.slack, 1e-37)


@dataclass(frozen=True)
class Trace:
    """A run of the scratch loop."""

    steps: list[Loss]
    epochs: list[Loss]
    end: Finished | Diverged
    facts: Facts


# Losses are compared to 1e-5 relative. Near a perfect fit that asks for more than float32 can
# hold: every loop rounds each parameter in its own way at each step, so a loss may also differ by
# what δ, two units in the last place of the largest value that each parameter has had, can move it:
# |g|·δ + ½ δᵀ|H|δ with the gradient g and Hessian H of the mean loss in float64. To that comes what
# the rounding of each prediction moves.
def losses_with_slack(
    problem: Problem, parts: Iterable[tuple[Array, Array, Array]], values: Iterable[float]
) -> list[Loss]:
    """Mean losses over some rows X̃ (m, p), y (m,), each at its own θ (p,), with their slack."""
    experiment, parts = problem.experiment, list(parts)
    if not parts:
        return []
    entry, params = experiment.loss.entry, experiment.loss.options
    residuals = [design @ theta - y for design, y, theta in parts]
    r = torch.tensor(np.concatenate(residuals), requires_grad=True)
    (slope,) = torch.autograd.grad(entry.function(r, **params).sum(), r, create_graph=True)
    curvature = torch.zeros_like(r)
    if slope.requires_grad:
        curvature += torch.autograd.grad(slope.sum(), r)[0]
    ends = np.cumsum([len(part) for part in residuals])[:-1]
    slopes = np.split(array(slope), ends)
    curvatures = np.split(array(curvature), ends)
    losses = []
    largest = np.zeros_like(parts[0][2])
    for (design, y, theta), first, second, value in zip(
        parts, slopes, curvatures, values, strict=True
    ):
        largest = np.maximum(largest, np.abs(theta))
        delta = 2 * ulp(largest)
        gradient = design.T @ first / len(first)
        hessian = design.T @ (second[:, None] * design) / len(first)
        slack = float(np.abs(gradient) @ delta + delta @ np.abs(hessian) @ delta / 2)
        slack += float(np.abs(first) @ ulp(np.abs(design) @ np.abs(theta) + np.abs(y))) / len(first)
        if kinked(entry):
            # A residual's sign that comes out otherwise moves θ by 2·lr·x̃/B: only the level of the
            # loss can be the same.
            slack += 4 * experiment.lr * float((array(problem.linear.design(problem.X)) ** 2).max())
        losses.append(Loss(value, slack))
    return losses


def ulp(size: Array) -> Array:
    """The unit in the last place of float32 at each size, shape of size."""
    return np.spacing(size.astype(np.float32)).astype(np.float64)


def vector(problem: Problem, params: Mapping[str, Any]) -> Array:
    """θ (p,) in float64 from named numbers or tensors."""
    return np.concatenate([np.ravel(np.asarray(params[name])) for name in problem.model.shapes])


def trace(experiment: Experiment) -> Trace:
    """The scratch loop's run of an experiment."""
    experiment = experiment.changed({"loop": "scratch"})
    problem = build(experiment)
    design, y = array(problem.linear.design(problem.X)), array(problem.y)[:, 0]
    theta: Array = vector(problem, {name: array(start) for name, start in problem.start.items()})
    events: list[Event] = []
    minibatches, wholes = [], []
    for event in train(experiment):
        events.append(event)
        if isinstance(event, Stepped):
            shown = event.live.minibatch()
            assert shown is not None
            X, labels = shown
            minibatches.append((array(problem.linear.design(X)), array(labels)[:, 0], theta))
            params: Mapping[str, Tensor] = event.live.params()
            theta = vector(problem, {name: array(params[name]) for name in params})
        if isinstance(event, EpochEnded):
            wholes.append((design, y, vector(problem, event.params)))
    end = outcome(events)
    return Trace(
        losses_with_slack(problem, minibatches, batch_losses_of(events)),
        losses_with_slack(problem, wholes, [epoch.loss for epoch in epochs_of(events)]),
        end,
        started(events).facts,
    )


def assert_same(events: list[Event], expected: Trace) -> None:
    """A run came to the numbers of the scratch loop."""
    found = batch_losses_of(events)
    assert len(found) == len(expected.steps)
    for step, (loss, wanted) in enumerate(zip(found, expected.steps, strict=True), 1):
        assert wanted.near(loss), (step, loss, wanted)
    epochs = epochs_of(events)
    assert len(epochs) == len(expected.epochs)
    for epoch, wanted in zip(epochs, expected.epochs, strict=True):
        assert wanted.near(epoch.loss), (epoch.epoch, epoch.loss, wanted)
    end = events[-1]
    assert type(end) is type(expected.end)
    assert isinstance(end, Finished | Diverged)
    assert (end.epoch, end.step) == (expected.end.epoch, expected.end.step)


def floor_of(known: Facts) -> float:
    """The loss from which on a run is said to be at its floor."""
    return known.floor.reach
