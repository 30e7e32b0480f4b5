"""The same steps about a thousand times sooner: hand gradients, compiled on the CPU.

On the CPU numba's kernel takes many steps a call. On a GPU, or where numba is missing, the steps
are a few torch operations each. Between two calls the controls are looked at, so a pause never
waits for more than a block of data.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import count
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.catalog.parameters import numbers
from engine.experiment import Experiment
from engine.kernels.compiled import MISSING, Kernels, kernels
from engine.kernels.shuffle import key_of
from engine.kernels.stand_ins import Floats, Params
from engine.problem import Problem
from engine.support.graphs import Work, repeated, step_count
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
        self.kernels = compiled(problem) if self.compiles else None
        self.values = values_of(problem.experiment, precision(problem))

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
        design = problem.linear.design(problem.X)
        block = Block(problem, self.theta[: self.parameters], self.slots, self.step - self.first)
        self.theta, self.slots = block.theta.flatten(), block.state
        features = problem.dataset.features
        for epoch in count(self.step // experiment.steps_per_epoch):
            order = problem.order(epoch)[: experiment.used_per_epoch].to(problem.device)
            X, y, steps = design[order], problem.y[order], experiment.steps_per_epoch
            factors = experiment.lr_factors(epoch * steps, steps)
            done = self.step % steps
            while done < steps:
                until, before = min(done + min(controls.most, TORCH_STEPS), steps), self.step
                rows = slice(done * size, until * size)
                losses = block.take(X[rows], y[rows], controls.lr * factors[done:until])
                self.step += until - done
                self.grad = block.grads[until - done - 1].flatten().clone()
                last = slice((until - 1) * size, until * size)
                self._minibatch = X[last, :features], y[last]
                done = until
                bad = ~(losses <= controls.runaway)
                if bad.any():
                    losses = losses[: int(bad.argmax()) + 1]
                every = controls.every
                passed = range(before // every * every + every, before + len(losses) + 1, every)
                at = [step - before - 1 for step in passed]
                thetas, grads = (taken[at, :, 0].tolist() for taken in (block.thetas, block.grads))
                self.passed = [
                    Place(step, tuple(value), tuple(slope), float(losses[step - before - 1]))
                    for step, value, slope in zip(passed, thetas, grads, strict=True)
                ]
                yield losses
                if bad.any():
                    return
            yield EpochEnd(
                problem.mean_loss(self.params()), numbers(self.params()), numbers(self.grads())
            )


class Block:
    """Up to TORCH_STEPS steps in torch, on tensors that stay where they are."""

    def __init__(self, problem: Problem, theta: Tensor, state: Any, taken: int) -> None:
        self.problem = problem
        experiment, columns = problem.experiment, len(theta)
        self.most = min(TORCH_STEPS, experiment.steps_per_epoch)
        rows = self.most * min(experiment.batch_size, len(problem.y))
        self.theta = theta.reshape(-1, 1).clone()
        self.state: tuple[Tensor, ...] = state or tuple(
            torch.zeros_like(self.theta) for _ in range(experiment.optimizer.entry.slots)
        )
        self.taken = step_count(problem.device, taken)
        self.X, self.y = theta.new_empty(rows, columns), theta.new_empty(rows, 1)
        self.lrs, self.losses = theta.new_empty(2, self.most)
        self.thetas, self.grads = theta.new_empty(2, self.most, columns, 1)
        """θ and gradient (steps, p, 1) of each step of the last block."""
        self.works: dict[tuple[int, int], Work] = {}
        """By its number of steps and of rows."""

    def take(self, X: Tensor, y: Tensor, lrs: NDArray[np.float64]) -> Floats:
        """Take a step at each lr, over the minibatches of X (rows, p), y (rows, 1); returns losses.

        The last minibatch may be short.
        """
        steps, rows = len(lrs), len(y)
        self.X[:rows], self.y[:rows] = X, y
        self.lrs[:steps] = torch.from_numpy(lrs)
        if (steps, rows) not in self.works:
            work = partial(self._take, steps, rows)
            self.works[steps, rows] = repeated(work, self.problem.device)
        self.works[steps, rows]()
        losses: Floats = self.losses[:steps].cpu().numpy().copy()
        return losses

    def _take(self, steps: int, rows: int) -> None:
        problem, experiment = self.problem, self.problem.experiment
        size = experiment.batch_size
        weights = self.theta[: problem.dataset.features]
        minibatches = self.X[:rows].split(size), self.y[:rows].split(size)
        state, losses, thetas, grads = self.state, list[Tensor](), list[Tensor](), list[Tensor]()
        for X, y, lr in zip(*minibatches, self.lrs[:steps].unbind(), strict=True):
            r = torch.addmm(y, X, self.theta, beta=-1)
            losses.append(problem.loss(r).mean())
            # Adding straight into θ would lose precision: first the gradient.
            slope = experiment.loss.derivative(r)
            grad = X.T @ slope / experiment.reduction.divisor(size, len(y))
            grad[: len(weights)] += experiment.penalty.derivative(weights)
            self.taken += 1
            move, state = experiment.optimizer(grad, state, self.taken, lr)
            self.theta.sub_(move)
            thetas.append(self.theta.clone())
            grads.append(grad)
        torch.stack(losses, out=self.losses[:steps])
        torch.stack(thetas, out=self.thetas[:steps])
        torch.stack(grads, out=self.grads[:steps])
        for kept, value in zip(self.state, state, strict=True):
            kept.copy_(value)


def compiled(problem: Problem) -> Kernels:
    """The kernels for a problem, compiled or read from disk."""
    made, numbers = kernels_of(problem.experiment), precision(problem)
    warm_up(made, values_of(problem.experiment, numbers), numbers)
    return made


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
