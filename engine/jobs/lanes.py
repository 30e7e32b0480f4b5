"""Many runs over the same samples, side by side: the program behind a sweep."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise, product

import numpy as np
import torch
from numpy.typing import NDArray

from engine.catalog.choice import Choice
from engine.catalog.inits import InitEntry
from engine.experiment import Experiment
from engine.jobs.sweep import Cell, Sweep, is_lane
from engine.kernels.compiled import MISSING
from engine.kernels.shuffle import key_of
from engine.kernels.stand_ins import Floats
from engine.problem import Problem, build, first_values, order_of
from engine.support.graphs import repeated, step_count
from engine.theory.floor import NEAR
from engine.theory.gather import floor_of
from engine.training.loops.fast import kernels_of, values_of
from engine.training.trainer import RUNAWAY

WIDTH = 512
"""Most lanes at once: their parameters stay in the cache."""
CHUNK = 1024
"""Samples whose residuals are worked out at once."""
MOST_CAPTURED = 20_000
"""Steps of an epoch that become one graph on CUDA; of more, each is long enough by itself."""

Whole = NDArray[np.int64]
Doubles = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Lanes:
    """What runs over the same data and order have of their own; equal batch sizes lie together."""

    index: Whole
    """Of each run its index in the sweep."""
    lr: Doubles
    batch_size: Whole
    init: Whole
    """Which of `inits` each starts from."""
    inits: list[Choice[InitEntry]]

    def part(self, start: int) -> Lanes:
        """As many as are trained at once, from this one on."""
        return self.taken(slice(start, start + WIDTH))

    def taken(self, chosen: slice | NDArray[np.bool_]) -> Lanes:
        """Some of them, in their order."""
        return Lanes(
            self.index[chosen],
            self.lr[chosen],
            self.batch_size[chosen],
            self.init[chosen],
            self.inits,
        )

    def by_size(self) -> tuple[Whole, Whole]:
        """The batch sizes, and the first lane of each, with the number of lanes at the end."""
        sizes, first = np.unique(self.batch_size, return_index=True)
        return sizes, np.append(first, len(self.batch_size))


def run_sweep(sweep: Sweep, wanted: Sequence[int] | None = None) -> Iterator[list[Cell]]:
    """The results of all runs, or of those of the `wanted` indices, in no promised order.

    An empty list is a sign of life, given after each epoch of a group of lanes. Every run gives the
    losses that `train` gives for its experiment, except that it is called diverged by its losses
    after whole epochs alone, and never stopped early.
    """

    is_wanted = np.full(len(sweep), wanted is None)
    is_wanted[np.array([] if wanted is None else wanted, np.int64)] = True
    shared = [range(1) if is_lane(axis.key) else range(len(axis.values)) for axis in sweep.axes]
    for group in product(*shared):
        experiment = sweep.at(sweep.values(group))
        lanes = lanes_of(sweep, group, experiment)
        lanes = lanes.taken(is_wanted[lanes.index])
        if len(lanes.index):
            yield from train_lanes(experiment, lanes)


def lanes_of(sweep: Sweep, group: tuple[int, ...], experiment: Experiment) -> Lanes:
    """The runs that share the group's places on all axes but those of lanes."""
    counts = [len(axis.values) for axis in sweep.axes]
    free = [
        count if is_lane(axis.key) else 1 for axis, count in zip(sweep.axes, counts, strict=True)
    ]
    places = np.indices(free).reshape(len(free), -1) + np.array(group)[:, np.newaxis]
    index = np.ravel_multi_index(tuple(places), counts)
    settings = {
        axis.key: np.array(axis.values)[indices]
        for axis, indices in zip(sweep.axes, places, strict=True)
    }
    names = [key for key in settings if key.startswith("init.")]
    starts, init = np.unique(
        np.array([settings[key] for key in names]).reshape(len(names), len(index)),
        axis=1,
        return_inverse=True,
    )
    params = [key.partition(".")[2] for key in names]
    inits = [
        experiment.init.replaced(dict(zip(params, values, strict=True)))
        for values in starts.T.tolist()
    ]
    lr = settings.get("lr", np.full(len(index), experiment.lr))
    size = settings.get("batch_size", np.full(len(index), experiment.batch_size))
    order = np.argsort(size, kind="stable")
    return Lanes(index[order], lr[order], size[order], init.ravel()[order], inits)


def train_lanes(experiment: Experiment, lanes: Lanes) -> Iterator[list[Cell]]:
    """Train all lanes, WIDTH at a time: an empty list after each epoch, their results at the end.

    A run that runs away does not disturb the others: no number passes from lane to lane.
    """
    problem, floors = problem_of(experiment), levels(experiment, lanes)
    samples = used_per_epoch(experiment, lanes)
    starts = first_thetas(experiment.seed, lanes.inits, problem)
    on_cpu = problem.device.type == "cpu"
    steps = compiled_epochs if on_cpu and not MISSING else torch_epochs
    for first in range(0, len(lanes.index), WIDTH):
        part = lanes.part(first)
        losses: list[Doubles] = []
        for measured in steps(experiment, problem, starts, part):
            losses.append(measured)
            yield []
        span = slice(first, first + WIDTH)
        yield cells_of(part.index, np.array(losses), floors[span], samples[span])


def problem_of(experiment: Experiment) -> Problem:
    """Data and model of an experiment, whatever else it says; the last ones are kept."""
    return shared_problem(data_of(experiment))


def data_of(experiment: Experiment) -> Experiment:
    """What runs over the same samples share, the rest being left at its default."""
    return Experiment(
        data=experiment.data,
        model=experiment.model,
        loss=experiment.loss,
        penalty=experiment.penalty,
        standardize=experiment.standardize,
        validation_split=experiment.validation_split,
        seed=experiment.seed,
        device=experiment.device,
    )


@lru_cache(maxsize=2)
def shared_problem(data: Experiment) -> Problem:
    """See `problem_of`."""
    return build(data)


@lru_cache(maxsize=64)
def level(run: Experiment) -> float:
    """The loss below which a run has nothing left to learn."""
    return floor_of(replace(shared_problem(data_of(run)), experiment=run)).level


def levels(experiment: Experiment, lanes: Lanes) -> Doubles:
    """The level of the floor of each lane.

    It is that of the data, but for a penalty, beside which the sizes of minibatches weigh the loss.
    """
    if experiment.penalty.entry.is_zero:
        return np.full(len(lanes.index), level(data_of(experiment)))
    sizes, kind = np.unique(lanes.batch_size, return_inverse=True)
    runs = [experiment.changed({"batch_size": size}) for size in sizes.tolist()]
    of_weight: dict[float, Experiment] = {}
    return np.array([level(of_weight.setdefault(run.mean_weight, run)) for run in runs])[kind]


def used_per_epoch(experiment: Experiment, lanes: Lanes) -> Whole:
    """The samples that an epoch of each lane uses."""
    rows = experiment.train_size
    left = lanes.batch_size * 0 if not experiment.drop_last else rows % lanes.batch_size
    return rows - left


def cells_of(index: Whole, history: Doubles, levels: Doubles, samples: Whole) -> list[Cell]:
    """The results of all lanes from their losses at the start and after each epoch; `levels` are
    those of their floors, and `samples` what an epoch uses."""
    losses = history[1:]
    with np.errstate(invalid="ignore"):
        ran_away = ~(losses <= RUNAWAY * np.maximum(history[0], 1 / RUNAWAY)).all(axis=0)
        reached = losses <= NEAR * levels
    first = np.where(reached.any(axis=0), reached.argmax(axis=0) + 1, 0)
    columns = zip(
        index.tolist(),
        losses[-1].tolist(),
        [epoch or None for epoch in first.tolist()],
        ["diverged" if bad else "finished" for bad in ran_away.tolist()],
        zip(*losses.tolist(), strict=True),
        levels.tolist(),
        [count or None for count in (first * samples).tolist()],
        strict=True,
    )
    return list(map(Cell._make, columns))


def first_thetas(seed: int, inits: list[Choice[InitEntry]], problem: Problem) -> Floats:
    """θ of shape (parameters, inits), in the precision of the data."""
    starts = [
        torch.cat([part.flatten() for part in first_values(init, seed, problem.model).values()])
        for init in inits
    ]
    first: Floats = torch.stack(starts, dim=1).to(problem.y.dtype).numpy()
    return first


def compiled_epochs(
    experiment: Experiment, problem: Problem, starts: Floats, lanes: Lanes
) -> Iterator[Doubles]:
    """The losses of all lanes at the start and after each epoch, by numba's kernels.

    `starts` (parameters, inits) is where they begin.
    """
    compiled, theta = kernels_of(experiment), np.take(starts, lanes.init, axis=1)
    rows = torch.cat([problem.linear.design(problem.X), problem.y], dim=1)
    data, columns = rows.numpy(), rows.T.contiguous().numpy()
    order = np.arange(len(data))
    sizes, first = lanes.by_size()
    taken = np.zeros_like(sizes)
    grad, r = np.empty_like(theta), np.empty(theta.shape[1], data.dtype)
    slots = np.zeros((experiment.optimizer.entry.slots, *theta.shape), data.dtype)
    divisors = [experiment.reduction.divisors(size, len(data)) for size in sizes.tolist()]
    chunk, losses = np.empty(CHUNK, data.dtype), np.empty(starts.shape[1])
    params = values_of(experiment, data.dtype)
    lr, samples = lanes.lr.astype(data.dtype), np.arange(len(data)) / len(data)
    compiled.lane_losses(columns, starts, chunk, params[0], losses)
    yield losses[lanes.init]
    for epoch in range(experiment.epochs):
        if experiment.shuffle:
            compiled.shuffle(np.uint64(key_of(experiment.seed, epoch)), order)
        factors = experiment.lr_factors_at(epoch + samples).astype(data.dtype)
        compiled.lanes(
            data, order, first, sizes, problem.dataset.features, theta, grad, slots, r, lr, factors,
            taken, np.array(divisors), experiment.drop_last, params,
        )  # fmt: skip
        losses = np.empty(theta.shape[1])
        compiled.lane_losses(columns, theta, chunk, params[0], losses)
        yield losses


def torch_epochs(
    experiment: Experiment, problem: Problem, starts: Floats, lanes: Lanes
) -> Iterator[Doubles]:
    """The same losses by batched matrix products, on any device."""
    loss, penalty, optimizer = experiment.loss, experiment.penalty, experiment.optimizer
    design, device = problem.linear.design(problem.X), problem.device
    weights, n = problem.dataset.features, len(design)
    W = torch.from_numpy(np.take(starts, lanes.init, axis=1)).to(device)
    rates, order = torch.from_numpy(lanes.lr).to(problem.y), torch.arange(n).to(device)
    sizes, first = (whole.tolist() for whole in lanes.by_size())
    parts = [slice(*ends) for ends in pairwise(first)]
    counts = [n // size if experiment.drop_last else math.ceil(n / size) for size in sizes]
    factors = [problem.y.new_empty(count) for count in counts]
    taken = [step_count(device) for _ in parts]
    states = [
        tuple(torch.zeros_like(W[:, part]) for _ in range(optimizer.entry.slots)) for part in parts
    ]

    def steps() -> None:
        """All steps of an epoch."""
        for k, (size, part) in enumerate(zip(sizes, parts, strict=True)):
            state = states[k]
            for rows, factor in zip(order.split(size), factors[k].unbind(), strict=False):
                slope = loss.derivative(design[rows] @ W[:, part] - problem.y[rows])
                # Adding straight into W would lose precision: first the gradient.
                over = experiment.reduction.divisor(size, len(rows))
                grad = design[rows].T @ slope / over
                grad[:weights] += penalty.derivative(W[:weights, part])
                taken[k] += 1
                move, state = optimizer(grad, state, taken[k], factor * rates[part])
                W[:, part] -= move
            for kept, value in zip(states[k], state, strict=True):
                kept.copy_(value)

    work = repeated(steps, device) if sum(counts) <= MOST_CAPTURED else steps

    def losses() -> Doubles:
        measured = loss(design @ W - problem.y).mean(dim=0)
        return np.asarray(measured.double().cpu().numpy())

    yield losses()
    for epoch in range(experiment.epochs):
        if experiment.shuffle:
            order.copy_(torch.from_numpy(order_of(key_of(experiment.seed, epoch), n)))
        for size, count, factor in zip(sizes, counts, factors, strict=True):
            times = epoch + np.arange(count) * size / n
            factor.copy_(torch.from_numpy(experiment.lr_factors_at(times)))
        work()
        yield losses()
