"""The loop of d2l §3.2: own data iterator, autograd for the gradient, own optimizer."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from engine.controls import Controls
from engine.loops import Progress, epoch_end
from engine.problem import Problem


def data_iter(
    batch_size: int, order: Tensor, X: Tensor, y: Tensor
) -> Iterator[tuple[Tensor, Tensor]]:
    """Minibatches X (B, d), y (B, 1) in the given order; the last one may be shorter."""
    for indices in order.split(batch_size):
        yield X[indices], y[indices]


class Training:
    """A run written out by hand."""

    note = ""

    def __init__(self, problem: Problem, controls: Controls) -> None:
        self.problem = problem
        self.controls = controls
        self.shuffles = problem.shuffles()
        self.divisor = (
            1 if problem.experiment.reduction == "mean" else problem.experiment.batch_size
        )
        self._params = {
            name: start.clone().requires_grad_() for name, start in problem.start.items()
        }
        self._minibatch: tuple[Tensor, Tensor] | None = None

    def run(self) -> Iterator[Progress]:
        """Take one step after the other, yielding its minibatch's mean loss before it."""
        while True:
            yield from self._epoch()
            yield epoch_end(self.problem, self)

    def _epoch(self) -> Iterator[tuple[float, ...]]:
        problem, params, controls = self.problem, self._params, self.controls
        experiment = problem.experiment
        update = experiment.entry("optimizer").function
        loss_of = experiment.entry("loss").function
        loss_params = experiment.loss.kwargs()
        options = experiment.optimizer.kwargs()
        averaged = experiment.reduction == "mean"
        order = next(self.shuffles).to(problem.device)
        for X, y in data_iter(experiment.batch_size, order, problem.X, problem.y):
            y_hat = problem.model.predict(params, X)
            losses = loss_of(y_hat - y.reshape(y_hat.shape), **loss_params)
            loss = losses.mean() if averaged else losses.sum()
            for param in params.values():
                param.grad = None
            loss.backward()
            with torch.no_grad():
                update(params.values(), lr=controls.lr, divisor=self.divisor, **options)
            self._minibatch = (X, y)
            yield (loss.item() if averaged else loss.item() / len(y),)

    def params(self) -> dict[str, Tensor]:
        """Each parameter by the model's name."""
        return {name: param.detach() for name, param in self._params.items()}

    def grads(self) -> dict[str, Tensor]:
        """Gradient of the last minibatch's loss, divided as the step divides it."""
        return {
            name: param.grad / self.divisor
            for name, param in self._params.items()
            if param.grad is not None
        }

    def minibatch(self) -> tuple[Tensor, Tensor] | None:
        """X (B, d) and y (B, 1) of the last minibatch."""
        return self._minibatch
