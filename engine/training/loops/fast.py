"""The same steps about a thousand times sooner: hand gradients, compiled on the CPU.

On the CPU numba's kernel takes many steps a call. On a GPU, or where numba is missing, the steps
are a few torch operations each. Between two calls the controls are looked at, so a pause never
waits for more than a block of data.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any

import numpy as np
import torch
from torch import Tensor

from engine.catalog.parameters import numbers
from engine.experiment import Experiment
from engine.kernels.compiled import MISSING, Kernels, kernels
from engine.kernels.shuffle import key_of
from engine.kernels.stand_ins import Floats, Params
from engine.problem import Problem
from engine.training.controls import Controls
from engine.training.loops import EpochEnd, Progress
from engine.training.trail import Place

BLOCK = 1 << 18
"""Numbers of data that a call uses at most: so few that it takes milliseconds."""

WHOLE = 8
"""Rows longer than this are filled up to a multiple of it, so that no number is left over when
they are multiplied by several at a time."""

MOST_EPOCHS = 1024
"""Epochs between two looks at the controls; of tiny data a block holds far more, and each of them
is an event that costs its reader more than its samples cost the kernel."""

MOST_PASSED = 1024
"""Most places on the way that a call notes: it takes no more steps than have them."""

TORCH_STEPS = 64
"""Steps taken in torch between two looks at the controls."""


class Training:
    """A run in blocks of steps."""

    def __init__(self, problem: Problem, controls: Controls) -> None:
        self.problem = problem
        self.controls = controls
        self.step = self.first = 0
        """Steps taken, and those of them that the optimizer has no part in."""
        self.theta = torch.cat([start.flatten() for start in problem.start.values()])
        self.parameters = len(self.theta)
        self.grad: Tensor | None = None
        self.slots: Any = None
        """State of the optimizer: numbers (slots, columns), or columns in torch; None at first."""
        self.passed: Sequence[Place] = ()
        self._minibatch: tuple[Tensor, Tensor] | None = None
        on_cpu = problem.device.type == "cpu"
        self.compiles = on_cpu and not MISSING
        self._compile()
        self.note = self.kernels.note if self.kernels else MISSING if on_cpu else None

    def go_on(self, problem: Problem, controls: Controls) -> None:
        """Go on with other settings; another optimizer begins anew."""
        before, self.problem, self.controls = self.problem.experiment, problem, controls
        if problem.experiment.optimizer != before.optimizer:
            self.first, self.slots = self.step, None
        self._compile()

    def _compile(self) -> None:
        """Have the kernels ready, if they can be compiled here."""
        problem = self.problem
        self.kernels = kernels_of(problem.experiment) if self.compiles else None
        self.values = values_of(problem.experiment, precision(problem))
        if self.kernels:
            warm_up(self.kernels, self.values, precision(problem))

    def run(self) -> Iterator[Progress]:
        """Take the steps: the losses of some minibatches, then each epoch that they end."""
        return self._in_torch() if self.kernels is None else self._compiled(self.kernels)

    def params(self) -> dict[str, Tensor]:
        """Each parameter by the model's name."""
        return self._named(self.theta)

    def grads(self) -> dict[str, Tensor]:
        """Gradient of the last minibatch, divided as the step divides it."""
        return {} if self.grad is None else self._named(self.grad)

    def minibatch(self) -> tuple[Tensor, Tensor] | None:
        """X (B, d) and y (B, 1) of the last minibatch."""
        return self._minibatch

    def _named(self, theta: Tensor) -> dict[str, Tensor]:
        # The kernel's own columns follow the parameters.
        return self.problem.model.shaped(theta[: self.parameters])

    def _compiled(self, kernels: Kernels) -> Iterator[Progress]:
        problem, controls = self.problem, self.controls
        experiment = problem.experiment
        model = problem.linear
        data = whole_rows(model.design(problem.X), problem.y)
        n, columns = data.shape
        size, stop = min(experiment.batch_size, n), experiment.used_per_epoch
        per_epoch = math.ceil(stop / size)
        divisors = experiment.reduction.divisors(experiment.batch_size, stop)
        block = max(BLOCK // (size * columns), 1)
        # Where each epoch may be the last, none is trained beyond it.
        most = 1 if experiment.patience else MOST_EPOCHS
        room = max(min(BLOCK // (n * columns), most, experiment.epochs), 1)

        theta = np.zeros(columns, data.dtype)
        theta[: self.parameters] = self.theta[: self.parameters]
        theta[-1] = -1
        grad = np.zeros_like(theta)
        slots = self.slots
        if slots is None:
            slots = self.slots = np.zeros((experiment.optimizer.entry.slots, columns), data.dtype)
        self.theta = torch.from_numpy(theta)
        losses = np.empty(min(block, room * per_epoch), data.dtype)
        passed = np.empty((2, MOST_PASSED, columns), data.dtype)
        epoch_losses = np.empty(room)
        ends = np.empty((2, room, columns), data.dtype)
        epoch, begun = divmod(self.step, per_epoch)
        order, used = problem.order(epoch).numpy(), begun * size
        while epoch < experiment.epochs:
            left = min(room, experiment.epochs - epoch) * per_epoch - used // size
            step, every = self.step, controls.every
            most = min(controls.most, left, block, MOST_PASSED * every)
            lr = controls.lr * experiment.lr_factors(step, most)
            done, ended, used = kernels.steps(
                data, order, experiment.shuffle, stop, used, step - self.first,
                np.uint64(key_of(experiment.seed, epoch)), size, model.features,
                theta, grad, slots, lr.astype(data.dtype), *divisors, controls.runaway,
                self.values, every, every - step % every,
                losses, epoch_losses, ends[0], ends[1], *passed,
            )  # fmt: skip
            numbered = range((step // every + 1) * every, step + done + 1, every)
            rows = passed[:, : len(numbered), : self.parameters].tolist()
            places = [
                Place(each, tuple(value), tuple(slope), float(losses[each - step - 1]))
                for each, value, slope in zip(numbered, *rows, strict=True)
            ]
            epoch += ended
            self.step += done
            self.grad = torch.from_numpy(grad)
            last = used or stop
            shown = torch.from_numpy(data[order[(last - 1) // size * size : last]])
            self._minibatch = (shown[:, : model.features], shown[:, -1:])
            bad = not losses[done - 1] <= controls.runaway
            self.passed = [place for place in places if place.step <= self.step - bad]
            if done > bad:
                yield losses[: done - bad].copy()
            values, slopes = ends[:, :ended].tolist()
            for loss, value, slope in zip(epoch_losses.tolist(), values, slopes, strict=False):
                yield EpochEnd(loss, model.named(value), model.named(slope))
            if bad:
                self.passed = places[len(self.passed) :]
                yield losses[done - 1 : done].copy()
                return

    def _in_torch(self) -> Iterator[Progress]:
        problem, controls = self.problem, self.controls
        experiment, size = problem.experiment, problem.experiment.batch_size
        loss, penalty, optimizer = experiment.loss, experiment.penalty, experiment.optimizer
        design = problem.linear.design(problem.X)
        theta = self.theta[: self.parameters].reshape(-1, 1).clone()
        self.theta = theta.flatten()
        features = problem.dataset.features
        weights = theta[:features]
        state = self.slots or tuple(torch.zeros_like(theta) for _ in range(optimizer.entry.slots))
        residuals = torch.empty_like(problem.y)
        for epoch in count(self.step // experiment.steps_per_epoch):
            order = problem.order(epoch)[: experiment.used_per_epoch].to(problem.device)
            X, y = design[order].split(size), problem.y[order].split(size)
            places = residuals.split(size)
            factors = experiment.lr_factors(epoch * len(X), len(X)).tolist()
            done = self.step % len(X)
            while done < len(X):
                until = min(done + min(controls.most, TORCH_STEPS), len(X))
                before, passed = self.step, {}
                for step in range(done, until):
                    r = torch.addmm(y[step], X[step], theta, beta=-1, out=places[step])
                    slope = loss.derivative(r)
                    # Adding straight into θ would lose precision: first the gradient.
                    grad = X[step].T @ slope / experiment.reduction.divisor(size, len(r))
                    grad[: len(weights)] += penalty.derivative(weights)
                    taken, lr = epoch * len(X) + step + 1, controls.lr * factors[step]
                    move, state = optimizer(grad, state, taken - self.first, lr)
                    theta.sub_(move)
                    if taken % controls.every == 0:
                        passed[taken] = theta.clone(), grad
                self.step, self.slots, self.grad = taken, state, grad.flatten()
                rows = X[until - 1]
                self._minibatch = (rows[:, :features], y[until - 1])
                means = [problem.loss(r).mean() for r in places[done:until]]
                done = until
                losses = torch.stack(means).cpu().numpy()
                bad = ~(losses <= controls.runaway)
                if bad.any():
                    losses = losses[: int(bad.argmax()) + 1]
                self.passed = [
                    Place(taken, row_of(at), row_of(slope), float(losses[taken - before - 1]))
                    for taken, (at, slope) in passed.items()
                    if taken <= before + len(losses)
                ]
                yield losses
                if bad.any():
                    return
            yield EpochEnd(
                problem.mean_loss(self.params()), numbers(self.params()), numbers(self.grads())
            )


def row_of(column: Tensor) -> tuple[float, ...]:
    """The numbers of a column (p, 1)."""
    return tuple(column.flatten().tolist())


def kernels_of(experiment: Experiment) -> Kernels:
    """The kernels for the loss, penalty and optimizer of an experiment."""
    return kernels(experiment.loss.entry, experiment.penalty.entry, experiment.optimizer.entry)


def precision(problem: Problem) -> np.dtype[Any]:
    """The type of the numbers of a problem's data."""
    return problem.y[:0].cpu().numpy().dtype


def values_of(experiment: Experiment, precision: np.dtype[Any]) -> Params:
    """Their parameters; the optimizer's in float64, as PyTorch has them: 1 − β₂ is small."""
    loss, penalty, optimizer = (
        tuple(map(kind, choice.options.values()))
        for choice, kind in (
            (experiment.loss, precision.type),
            (experiment.penalty, precision.type),
            (experiment.optimizer, np.float64),
        )
    )
    return loss, penalty, optimizer


def whole_rows(design: Tensor, y: Tensor) -> Floats:
    """The rows (x̃, 0, …, y) of shape (n, columns) that the kernel of steps works on."""
    columns = design.shape[1] + 1
    gap = -columns % WHOLE if columns > WHOLE else 0
    return torch.cat([design, design.new_zeros(len(design), gap), y], dim=1).numpy()


def warm_up(kernels: Kernels, params: Params, precision: np.dtype[Any]) -> None:
    """Have everything compiled, or read from disk, before the first step is timed."""
    data, order = np.zeros((1, 2), precision), np.zeros(1, np.int64)
    theta, none = np.zeros(2, precision), np.zeros(0, precision)
    slots = np.zeros((0, 2), precision)
    kernels.steps(
        data, order, True, 1, 0, 0, np.uint64(0), 1, 1, theta, theta, slots,
        none, 1, 1, 0.0, params, 1, 1, none, np.empty(0), data, data, data, data,
    )  # fmt: skip
