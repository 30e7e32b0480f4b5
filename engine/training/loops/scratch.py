"""The loop of d2l §3.2: own data iterator, autograd for the gradient, own optimizer."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from engine.problem import Problem
from engine.settings import Reduction
from engine.training.controls import Controls
from engine.training.loops import Progress, epoch_end, slopes
from engine.training.statements import Executed


def data_iter(
    batch_size: int, order: Tensor, X: Tensor, y: Tensor
) -> Iterator[tuple[Tensor, Tensor]]:
    """Minibatches X (B, d), y (B, 1) in the given order; the last one may be shorter."""
    for indices in order.split(batch_size):
        yield X[indices], y[indices]


class Training:
    """A run written out by hand."""

    note = None
    passed = ()

    def __init__(self, problem: Problem, controls: Controls) -> None:
        self.problem = problem
        self.controls = controls
        experiment = problem.experiment
        self.averaged = experiment.reduction is Reduction.MEAN
        size = experiment.batch_size
        self.divisor = 1 if self.averaged else experiment.reduction.divisor(size, size)
        """What the gradient of the loss is divided by; a mean is divided already."""
        self.step = self.first = 0
        """Steps taken, and those of them that the optimizer has no part in."""
        self._params = {
            name: start.clone().requires_grad_() for name, start in problem.start.items()
        }
        self._states = self._fresh_states()
        self._minibatch: tuple[Tensor, Tensor] | None = None

    def go_on(self, problem: Problem, controls: Controls) -> None:
        """Go on with other settings; another optimizer begins anew."""
        before, self.problem, self.controls = self.problem.experiment, problem, controls
        if problem.experiment.optimizer != before.optimizer:
            self.first, self._states = self.step, self._fresh_states()

    def _fresh_states(self) -> dict[str, tuple[Tensor, ...]]:
        """The optimizer's state before its first step."""
        slots = self.problem.experiment.optimizer.entry.slots
        return {
            name: tuple(torch.zeros_like(param, requires_grad=False) for _ in range(slots))
            for name, param in self._params.items()
        }

    def run(self) -> Iterator[Progress]:
        """Take one step after the other, yielding its minibatch's mean loss before it."""
        while True:
            yield from self._epoch()
            yield epoch_end(self.problem, self)

    def _epoch(self) -> Iterator[tuple[float, ...] | Executed]:
        problem, params, controls = self.problem, self._params, self.controls
        experiment, averaged = problem.experiment, self.averaged
        penalized, scheduled = problem.is_penalized, not experiment.schedule.entry.is_constant
        epoch, done = divmod(self.step, experiment.steps_per_epoch)
        order = problem.order(epoch)[: experiment.used_per_epoch].to(problem.device)
        order = order[done * experiment.batch_size :]
        factors = experiment.lr_factors(self.step, experiment.steps_per_epoch - done).tolist()
        minibatches = data_iter(experiment.batch_size, order, problem.X, problem.y)
        for (X, y), factor in zip(minibatches, factors, strict=True):
            if controls.by_statement:
                yield Executed("minibatch", {"X": X, "y": y})
            y_hat = problem.model.predict(params, X)
            if controls.by_statement:
                yield Executed("y_hat", {"y_hat": y_hat})
            labels = y.reshape(y_hat.shape) if experiment.reshape else y.flatten()
            losses = experiment.loss(y_hat - labels)
            objective = loss = losses.mean() if averaged else losses.sum()
            if controls.by_statement:
                yield Executed("loss", {"loss": loss})
            if penalized:
                # The optimizer divides a sum, and with it what is added here.
                objective = loss + self.divisor * problem.penalty(params)
                if controls.by_statement:
                    yield Executed("objective", {"objective": objective})
            for param in params.values():
                param.grad = None
            objective.backward()
            if controls.by_statement:
                yield Executed("backward", slopes(params))
            rate = controls.lr * factor
            if scheduled and controls.by_statement:
                yield Executed("rate", {"rate": rate})
            self._update(rate)
            if controls.by_statement:
                yield Executed("update", params)
            self._minibatch = (X, y)
            yield (loss.item() if averaged else loss.item() / losses.numel(),)

    @torch.no_grad()
    def _update(self, lr: float) -> None:
        """Move every parameter as the optimizer says; a summed gradient is divided first."""
        self.step += 1
        optimizer, taken = self.problem.experiment.optimizer, self.step - self.first
        for name, grad in self.grads().items():
            move, self._states[name] = optimizer(grad, self._states[name], taken, lr)
            self._params[name].sub_(move)

    def params(self) -> dict[str, Tensor]:
        """Each parameter by the model's name."""
        return {name: param.detach() for name, param in self._params.items()}

    def grads(self) -> dict[str, Tensor]:
        """Gradient that the last step followed."""
        return {
            name: param.grad / self.divisor
            for name, param in self._params.items()
            if param.grad is not None
        }

    def minibatch(self) -> tuple[Tensor, Tensor] | None:
        """X (B, d) and y (B, 1) of the last minibatch."""
        return self._minibatch
