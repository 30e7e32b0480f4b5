"""The same steps about a thousand times sooner: hand gradients, compiled on the CPU.

On the CPU numba's kernel takes many steps a call while a second thread shuffles and gathers the
rows of the next ones. On a GPU, or where numba is missing, the steps are a few torch operations
each. Between two calls the controls are looked at, so a pause never waits for more than a block.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count, repeat

import numpy as np
import torch
from torch import Tensor

from engine.compiled import MISSING, Floats, Kernels, kernels
from engine.controls import Controls
from engine.loops import EpochEnd, Progress
from engine.models import numbers
from engine.problem import Problem
from engine.shuffle import key_of

BLOCK = 1 << 18
"""Numbers of data in one block: few enough for the cache, and for a block to take milliseconds."""

MOST_EPOCHS = 1024
"""Epochs between two looks at the controls; of tiny data a block holds far more, and each of them
is an event that costs its reader more than its samples cost the kernel."""

TORCH_STEPS = 64
"""Steps taken in torch between two looks at the controls."""


class Training:
    """A run in blocks of steps."""

    def __init__(self, problem: Problem, controls: Controls) -> None:
        self.problem = problem
        self.controls = controls
        self.divisor = (
            0 if problem.experiment.reduction == "mean" else problem.experiment.batch_size
        )
        self.theta = torch.cat([start.flatten() for start in problem.start.values()])
        self.grad: Tensor | None = None
        self._minibatch: tuple[Tensor, Tensor] | None = None
        on_cpu = problem.device.type == "cpu"
        self.kernels = kernels(problem.experiment.entry("loss")) if on_cpu and not MISSING else None
        self.values = tuple(
            np.float32(value) for value in problem.experiment.loss.kwargs().values()
        )
        if self.kernels:
            warm_up(self.kernels, self.values)
        self.note = self.kernels.note if self.kernels else MISSING if on_cpu else ""

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
        shapes = self.problem.model.shapes
        parts = theta[: sum(map(math.prod, shapes.values()))].split(
            [math.prod(shape) for shape in shapes.values()]
        )
        return {
            name: part.reshape(shape)
            for (name, shape), part in zip(shapes.items(), parts, strict=True)
        }

    def _compiled(self, kernels: Kernels) -> Iterator[Progress]:
        problem, controls = self.problem, self.controls
        model, experiment = problem.model, problem.experiment
        table = torch.cat([problem.X, problem.y], dim=1).numpy()
        n, columns = table.shape
        size, per_epoch = experiment.batch_size, math.ceil(n / experiment.batch_size)
        # Small data are used where they lie, many epochs a call; large ones block by block.
        epochs = min(BLOCK // (n * columns), MOST_EPOCHS, experiment.epochs)
        blocks = self._blocks(table, kernels) if epochs == 0 else repeat(table)
        order = np.arange(n if epochs else rows_in_block(columns, size))

        theta = np.zeros(columns, np.float32)
        theta[: len(self.theta)] = self.theta
        grad = np.zeros_like(theta)
        self.theta = torch.from_numpy(theta)
        losses = np.empty(max(epochs, 1) * per_epoch, np.float32)
        epoch_losses = np.empty(epochs)
        ends = np.empty((2, epochs, columns), np.float32)
        params = self.values
        used = epoch = 0
        for block in blocks:
            row = 0
            while epochs or row < len(block):
                most = (experiment.epochs - epoch) * per_epoch - used // size
                if epochs:
                    most = min(most, epochs * per_epoch - used // size)
                else:
                    most = min(most, math.ceil((len(block) - row) / size))
                if most == 0:
                    return
                done, ended, row, used = kernels.steps(
                    block, order, row, used, min(controls.most, most),
                    np.uint64(key_of(experiment.seed, epoch)),
                    n, size, theta, grad, model.bias is not None, controls.lr,
                    self.divisor, controls.runaway, params, losses,
                    epoch_losses, ends[0], ends[1],
                )  # fmt: skip
                epoch += ended
                self.grad = torch.from_numpy(grad)
                last = size if used % n else n - (per_epoch - 1) * size
                shown = torch.from_numpy(block[order[row - last : row]])
                self._minibatch = (shown[:, :-1], shown[:, -1:])
                bad = not losses[done - 1] <= controls.runaway
                if done > bad:
                    yield losses[: done - bad].copy()
                if epochs:
                    values, slopes = ends[:, :ended].tolist()
                    for loss, value, slope in zip(
                        epoch_losses.tolist(), values, slopes, strict=False
                    ):
                        yield EpochEnd(loss, model.named(value), model.named(slope))
                elif ended:
                    loss = kernels.mean_loss(table, theta, params)
                    yield EpochEnd(loss, numbers(self.params()), numbers(self.grads()))
                if bad:
                    yield losses[done - 1 : done].copy()
                    return

    def _blocks(self, table: Floats, kernels: Kernels) -> Iterator[Floats]:
        """The rows of a large table in each epoch's order, gathered ahead by a second thread."""
        n, columns = table.shape
        rows = rows_in_block(columns, self.problem.experiment.batch_size)
        buffers = np.empty((2, rows, columns), np.float32)
        order = np.empty(n, np.int64)

        def fill(start: int, epoch: int, block: Floats) -> Floats:
            if start == 0:
                kernels.shuffle(np.uint64(key_of(self.problem.experiment.seed, epoch)), order)
            chosen = order[start : start + rows]
            kernels.gather(table, chosen, block)
            return block[: len(chosen)]

        parts = ((start, epoch) for epoch in count() for start in range(0, n, rows))
        with ThreadPoolExecutor(1, "gather") as pool:
            filled = pool.submit(fill, *next(parts), buffers[0])
            for turn, part in enumerate(parts, 1):
                block = filled.result()
                filled = pool.submit(fill, *part, buffers[turn % 2])
                yield block

    def _in_torch(self) -> Iterator[Progress]:
        problem, controls = self.problem, self.controls
        experiment, size = problem.experiment, problem.experiment.batch_size
        entry, params = experiment.entry("loss"), experiment.loss.kwargs()
        assert entry.derivative is not None
        design = problem.model.design(problem.X)
        theta = self.theta.reshape(-1, 1).clone()
        self.theta = theta.flatten()
        residuals = torch.empty_like(problem.y)
        for order in problem.shuffles():
            order = order.to(problem.device)
            X, y = design[order].split(size), problem.y[order].split(size)
            places = residuals.split(size)
            done = 0
            while done < len(X):
                until = min(done + min(controls.most, TORCH_STEPS), len(X))
                for step in range(done, until):
                    r = torch.addmm(y[step], X[step], theta, beta=-1, out=places[step])
                    slope = entry.derivative(r, **params)
                    # Adding straight into θ would lose precision: first the gradient.
                    grad = X[step].T @ slope / (self.divisor or len(r))
                    theta.sub_(grad, alpha=controls.lr)
                self.grad = grad.flatten()
                features = X[until - 1]
                self._minibatch = (features[:, : problem.model.features], y[until - 1])
                means = [problem.loss(r).mean() for r in places[done:until]]
                done = until
                losses = torch.stack(means).cpu().numpy()
                bad = ~(losses <= controls.runaway)
                if bad.any():
                    yield losses[: int(bad.argmax()) + 1]
                    return
                yield losses
            yield EpochEnd(
                problem.mean_loss(self.params()), numbers(self.params()), numbers(self.grads())
            )


def rows_in_block(columns: int, batch_size: int) -> int:
    """Rows of a block of a large table: whole minibatches, at least one."""
    return max(BLOCK // (columns * batch_size), 1) * batch_size


def warm_up(kernels: Kernels, params: tuple[np.float32, ...]) -> None:
    """Have everything compiled, or read from disk, before the first step is timed."""
    data, order = np.zeros((1, 2), np.float32), np.zeros(1, np.int64)
    theta, losses = np.zeros(2, np.float32), np.zeros(1, np.float32)
    key, none = np.uint64(0), np.empty((0, 2), np.float32)
    kernels.shuffle(key, order)
    kernels.gather(data, order, data.copy())
    kernels.mean_loss(data, theta, params)
    kernels.steps(
        data, order, 0, 0, 0, key, 1, 1, theta, theta, True, 0.0, 1, 0.0, params, losses,
        np.empty(0), none, none,
    )  # fmt: skip
