"""Many runs over the same minibatches, side by side: the program behind a sweep."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import product
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from engine.alerts import NEAR, limit
from engine.compiled import MISSING, Floats, kernels
from engine.experiment import Choice, Experiment
from engine.problem import Problem, build, first_values
from engine.registry import Value
from engine.shuffle import key_of
from engine.sweep import Cell, Sweep
from engine.trainer import RUNAWAY, facts

WIDTH = 256
"""Most lanes at once: their parameters stay in the cache."""


class Lane(NamedTuple):
    """What one run has of its own."""

    number: int
    """Its index in the sweep."""
    lr: float
    init: Choice


@dataclass(frozen=True, eq=False)
class Ground:
    """What all runs over one data set share."""

    problem: Problem
    floor: float
    """Loss below which a run is at the floor."""


def run_sweep(sweep: Sweep) -> Iterator[list[Cell]]:
    """The results of all runs, some at a time, in no promised order.

    An empty list is a sign of life, given after each epoch of a group of lanes. Every run gives the
    losses that `train` gives for its experiment, except that it is called diverged by its losses
    after whole epochs alone.
    """

    shared = [range(1) if is_lane(axis.key) else range(len(axis.values)) for axis in sweep.axes]
    for group in product(*shared):
        experiment = sweep.at(sweep.values(group))
        lanes = lanes_of(sweep, group, experiment)
        for start in range(0, len(lanes), WIDTH):
            yield from train_lanes(experiment, lanes[start : start + WIDTH])


def lanes_of(sweep: Sweep, group: tuple[int, ...], experiment: Experiment) -> list[Lane]:
    """The runs that share the group's places on all axes but those of lanes."""
    # For each axis what it adds to the index of a run, and the setting of the lane's own.
    options: list[list[tuple[int, str, Value]]] = []
    stride = len(sweep)
    for axis, place in zip(sweep.axes, group, strict=True):
        stride //= len(axis.values)
        if is_lane(axis.key):
            options.append([(i * stride, axis.key, value) for i, value in enumerate(axis.values)])
        else:
            options.append([(place * stride, "", 0)])
    lanes = []
    for chosen in product(*options):
        index, lr, init = 0, experiment.lr, experiment.init
        for offset, key, value in chosen:
            index += offset
            if key == "lr" and isinstance(value, float):
                lr = value
            elif key:
                name = key.partition(".")[2]
                init = Choice(init.name, tuple({**init.kwargs(), name: value}.items()))
        lanes.append(Lane(index, lr, init))
    return lanes


def is_lane(key: str) -> bool:
    """Whether runs that differ in a key alone see the same minibatches and the same loss."""
    return key == "lr" or key.startswith("init.")


def train_lanes(experiment: Experiment, lanes: list[Lane]) -> Iterator[list[Cell]]:
    """Train all lanes; an empty list after each epoch, their results at the end.

    A run that runs away does not disturb the others: no number passes from lane to lane.
    """
    shared = replace(experiment, lr=1.0, batch_size=1, epochs=1, init=Experiment().init)
    ground = ground_of(shared)
    theta, grad = first_thetas(experiment, lanes, ground.problem)
    lr = np.array([lane.lr for lane in lanes])
    on_cpu = ground.problem.device.type == "cpu"
    steps = compiled_epochs if on_cpu and not MISSING else torch_epochs
    losses: list[NDArray[np.float64]] = []
    for measured in steps(experiment, ground.problem, theta, grad, lr):
        losses.append(measured)
        yield []
    yield cells_of(lanes, np.array(losses), ground.floor)


@lru_cache(maxsize=2)
def ground_of(shared: Experiment) -> Ground:
    """Data and floor of an experiment, apart from how it is trained."""
    problem = build(shared)
    known = facts(problem)
    return Ground(problem, NEAR * limit(known.noise_floor, known.optimum, known.rounding))


def cells_of(lanes: list[Lane], history: NDArray[np.float64], floor: float) -> list[Cell]:
    """The results of all lanes from their losses at the start and after each epoch."""
    losses = history[1:]
    with np.errstate(invalid="ignore"):
        ran_away = ~(losses <= RUNAWAY * np.maximum(history[0], 1 / RUNAWAY)).all(axis=0)
        reached = losses <= floor
    first = np.where(reached.any(axis=0), reached.argmax(axis=0) + 1, 0)
    rows = zip(lanes, losses.T.tolist(), first.tolist(), ran_away.tolist(), strict=True)
    return [
        Cell(lane.number, own[-1], epoch or None, "diverged" if bad else "finished", tuple(own))
        for lane, own, epoch, bad in rows
    ]


def first_thetas(
    experiment: Experiment, lanes: list[Lane], problem: Problem
) -> tuple[Floats, Floats]:
    """θ of shape (parameters, lanes), and room for its gradient."""
    rows = sum(map(math.prod, problem.model.shapes.values()))
    theta = np.empty((rows, len(lanes)), np.float32)
    for init in dict.fromkeys(lane.init for lane in lanes):
        start = first_values(replace(experiment, init=init), problem.model)
        column = torch.cat([part.flatten() for part in start.values()]).numpy()
        places = [place for place, lane in enumerate(lanes) if lane.init == init]
        theta[:, places] = column[:, np.newaxis]
    return theta, np.zeros_like(theta)


def compiled_epochs(
    experiment: Experiment, problem: Problem, theta: Floats, grad: Floats, lr: NDArray[np.float64]
) -> Iterator[NDArray[np.float64]]:
    """The losses of all lanes at the start and after each epoch, by numba's kernels."""
    compiled = kernels(experiment.entry("loss"))
    table = torch.cat([problem.model.design(problem.X), problem.y], dim=1).numpy()
    order = np.empty(len(table), np.int64)
    room, losses = np.empty(len(lr), np.float32), np.empty(len(lr))
    params = tuple(np.float32(value) for value in experiment.loss.kwargs().values())
    divisor = 0 if experiment.reduction == "mean" else experiment.batch_size
    compiled.lane_losses(table, theta, room, params, losses)
    yield losses.copy()
    for epoch in range(experiment.epochs):
        compiled.shuffle(np.uint64(key_of(experiment.seed, epoch)), order)
        size = experiment.batch_size
        compiled.lanes(table, order, size, theta, grad, room, lr, divisor, params)
        compiled.lane_losses(table, theta, room, params, losses)
        yield losses.copy()


def torch_epochs(
    experiment: Experiment, problem: Problem, theta: Floats, grad: Floats, lr: NDArray[np.float64]
) -> Iterator[NDArray[np.float64]]:
    """The same losses by batched matrix products, on any device."""
    entry, params = experiment.entry("loss"), experiment.loss.kwargs()
    assert entry.derivative is not None
    design = problem.model.design(problem.X)
    W = torch.from_numpy(theta).to(problem.device)
    rates = torch.from_numpy(lr).float().to(problem.device)
    divisor = 0 if experiment.reduction == "mean" else experiment.batch_size

    def losses() -> NDArray[np.float64]:
        measured = entry.function(design @ W - problem.y, **params).mean(dim=0)
        return np.asarray(measured.double().cpu().numpy())

    yield losses()
    shuffles = replace(problem, experiment=experiment).shuffles()
    for _, order in zip(range(experiment.epochs), shuffles, strict=False):
        for rows in order.to(problem.device).split(experiment.batch_size):
            slope = entry.derivative(design[rows] @ W - problem.y[rows], **params)
            # Adding straight into W would lose precision: first the gradient.
            gradient = design[rows].T @ slope / (divisor or len(rows))
            W -= rates * gradient
        yield losses()
