"""Many runs over the same minibatches, side by side: the program behind a sweep."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import product

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


@dataclass(frozen=True)
class Lane:
    """What one run has of its own."""

    index: int
    lr: float
    init: tuple[tuple[str, Value], ...]
    """Parameters of the init that differ from the experiment's."""


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

    def places(of_lanes: bool) -> list[range]:
        """Along each axis every place, or only the first."""
        return [
            range(len(axis.values)) if is_lane(axis.key) is of_lanes else range(1)
            for axis in sweep.axes
        ]

    for group in product(*places(of_lanes=False)):
        experiment = sweep.at(sweep.values(group))
        lanes = []
        for lane in product(*places(of_lanes=True)):
            place = tuple(map(max, group, lane))
            settings = dict(
                zip((axis.key for axis in sweep.axes), sweep.values(place), strict=True)
            )
            lr = settings.get("lr", experiment.lr)
            assert isinstance(lr, float)
            init = {
                key.partition(".")[2]: value
                for key, value in settings.items()
                if key.startswith("init.")
            }
            lanes.append(Lane(sweep.index(place), lr, tuple(init.items())))
        for start in range(0, len(lanes), WIDTH):
            yield from train_lanes(experiment, lanes[start : start + WIDTH])


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
    yield [
        cell(lane.index, history, ground.floor)
        for lane, history in zip(lanes, np.array(losses).T.tolist(), strict=True)
    ]


@lru_cache(maxsize=2)
def ground_of(shared: Experiment) -> Ground:
    """Data and floor of an experiment, apart from how it is trained."""
    problem = build(shared)
    known = facts(problem)
    return Ground(problem, NEAR * limit(known.noise_floor, known.optimum, known.rounding))


def cell(index: int, history: list[float], floor: float) -> Cell:
    """The result of a run from its loss at the start and after each epoch."""
    start, *losses = history
    runaway = RUNAWAY * max(start, 1 / RUNAWAY)
    reached = (epoch for epoch, loss in enumerate(losses, 1) if loss <= floor)
    diverged = not all(loss <= runaway for loss in losses)
    return Cell(
        index,
        losses[-1],
        next(reached, None),
        "diverged" if diverged else "finished",
        tuple(losses),
    )


def first_thetas(
    experiment: Experiment, lanes: list[Lane], problem: Problem
) -> tuple[Floats, Floats]:
    """θ of shape (features + 1, lanes), the bias last, and room for its gradient."""
    columns: dict[tuple[tuple[str, Value], ...], Floats] = {}
    theta = np.zeros((problem.model.features + 1, len(lanes)), np.float32)
    for place, lane in enumerate(lanes):
        if lane.init not in columns:
            init = Choice(
                experiment.init.name, tuple({**experiment.init.kwargs(), **dict(lane.init)}.items())
            )
            start = first_values(replace(experiment, init=init), problem.model)
            columns[lane.init] = torch.cat([part.flatten() for part in start.values()]).numpy()
        column = columns[lane.init]
        theta[: len(column), place] = column
    return theta, np.zeros_like(theta)


def compiled_epochs(
    experiment: Experiment, problem: Problem, theta: Floats, grad: Floats, lr: NDArray[np.float64]
) -> Iterator[NDArray[np.float64]]:
    """The losses of all lanes at the start and after each epoch, by numba's kernels."""
    compiled = kernels(experiment.entry("loss"))
    table = torch.cat([problem.X, problem.y], dim=1).numpy()
    order = np.empty(len(table), np.int64)
    room, losses = np.empty(len(lr), np.float32), np.empty(len(lr))
    params = tuple(np.float32(value) for value in experiment.loss.kwargs().values())
    divisor = 0 if experiment.reduction == "mean" else experiment.batch_size
    has_bias = problem.model.bias is not None
    compiled.lane_losses(table, theta, room, params, losses)
    yield losses.copy()
    for epoch in range(experiment.epochs):
        compiled.shuffle(np.uint64(key_of(experiment.seed, epoch)), order)
        size = experiment.batch_size
        compiled.lanes(table, order, size, theta, grad, room, has_bias, lr, divisor, params)
        compiled.lane_losses(table, theta, room, params, losses)
        yield losses.copy()


def torch_epochs(
    experiment: Experiment, problem: Problem, theta: Floats, grad: Floats, lr: NDArray[np.float64]
) -> Iterator[NDArray[np.float64]]:
    """The same losses by batched matrix products, on any device."""
    entry, params = experiment.entry("loss"), experiment.loss.kwargs()
    assert entry.derivative is not None
    design = problem.model.design(problem.X)
    W = torch.from_numpy(theta[: design.shape[1]]).to(problem.device)
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
