"""The loop of d2l §3.3: nn.Linear, DataLoader, a loss module and torch.optim."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pkgutil import resolve_name
from typing import Literal

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Sampler, TensorDataset

from engine.catalog.choice import Choice
from engine.catalog.optimizers import OptimizerEntry
from engine.problem import Problem
from engine.settings import Reduction
from engine.training.controls import Controls
from engine.training.loops import Progress, epoch_end, slopes
from engine.training.statements import Executed


class Shuffle(Sampler[int]):
    """The run's own permutations, one a pass, so that every loop sees the same minibatches."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.step = 0
        """The step that the next pass begins after."""

    def __iter__(self) -> Iterator[int]:
        experiment = self.problem.experiment
        epoch, done = divmod(self.step, experiment.steps_per_epoch)
        return iter(self.problem.order(epoch)[done * experiment.batch_size :].tolist())


class Training:
    """A run made of PyTorch's own parts."""

    note = None
    passed = ()

    def __init__(self, problem: Problem, controls: Controls) -> None:
        experiment = problem.experiment
        self.problem = problem
        self.controls = controls
        self.averaged = experiment.reduction is Reduction.MEAN
        size = experiment.batch_size
        self.divisor = 1 if self.averaged else experiment.reduction.divisor(size, size)
        """What the loss is divided by; a mean is divided already."""
        self.net = problem.model.module().to(problem.y)
        self._params = dict(zip(problem.model.shapes, self.net.parameters(), strict=True))
        with torch.no_grad():
            for name, param in self._params.items():
                param.copy_(transposed(problem.start[name]))
        self.step = 0
        self.sampler = Shuffle(problem)
        self.loader = DataLoader(
            TensorDataset(problem.X, problem.y),
            experiment.batch_size,
            sampler=self.sampler,
            drop_last=experiment.drop_last,
            generator=torch.Generator(),
        )
        self.criterion = criterion(problem, "mean" if self.averaged else "sum")
        self.optimizer = optimizer_of(experiment.optimizer, self.net)
        self._minibatch: tuple[Tensor, Tensor] | None = None

    def go_on(self, problem: Problem, controls: Controls) -> None:
        """Go on with other settings; another optimizer begins anew."""
        before, self.problem, self.controls = self.problem.experiment, problem, controls
        if problem.experiment.optimizer != before.optimizer:
            self.optimizer = optimizer_of(problem.experiment.optimizer, self.net)

    def run(self) -> Iterator[Progress]:
        """Take one step after the other, yielding its minibatch's mean loss before it."""
        net, criterion, optimizer, controls = (
            self.net,
            self.criterion,
            self.optimizer,
            self.controls,
        )
        experiment = self.problem.experiment
        penalized = self.problem.is_penalized
        scheduled = not experiment.schedule.entry.is_constant
        steps = experiment.steps_per_epoch
        while True:
            self.sampler.step = self.step
            factors = experiment.lr_factors(self.step, steps - self.step % steps).tolist()
            for (X, y), factor in zip(self.loader, factors, strict=True):
                if controls.by_statement:
                    yield Executed("minibatch", {"X": X, "y": y})
                y_hat, labels = net(X), y
                if not experiment.reshape:  # as PyTorch would, with a warning
                    y_hat, labels = torch.broadcast_tensors(y_hat, y.flatten())
                loss = criterion(y_hat, labels)
                objective = loss / self.divisor
                if controls.by_statement:
                    yield Executed("loss", {"loss": objective})
                if penalized:
                    objective = objective + self.problem.penalty(self._params)
                    if controls.by_statement:
                        yield Executed("objective", {"objective": objective})
                optimizer.zero_grad()
                if controls.by_statement:
                    yield Executed("zero_grad", {})
                objective.backward()
                if controls.by_statement:
                    yield Executed("backward", slopes(self._params))
                rate = optimizer.param_groups[0]["lr"] = controls.lr * factor
                if scheduled and controls.by_statement:
                    yield Executed("rate", {"rate": rate})
                optimizer.step()
                self.step += 1
                if controls.by_statement:
                    yield Executed("update", self._params)
                self._minibatch = (X, y)
                yield (loss.item() if self.averaged else loss.item() / labels.numel(),)
            yield epoch_end(self.problem, self)

    def params(self) -> dict[str, Tensor]:
        """Each parameter by the model's name."""
        return {name: transposed(param.detach()) for name, param in self._params.items()}

    def grads(self) -> dict[str, Tensor]:
        """Gradient of the last minibatch's loss."""
        return {
            name: transposed(param.grad)
            for name, param in self._params.items()
            if param.grad is not None
        }

    def minibatch(self) -> tuple[Tensor, Tensor] | None:
        """X (B, d) and y (B, 1) of the last minibatch."""
        return self._minibatch


def transposed(param: Tensor) -> Tensor:
    """A weight of nn.Linear as ours, and ours as one of nn.Linear; a bias as it is."""
    return param.T if param.ndim > 1 else param


class FormulaOptimizer(torch.optim.Optimizer):
    """The registered formula as PyTorch's optimizers are written, where PyTorch has none."""

    def __init__(self, params: Iterable[Tensor], formula: Choice[OptimizerEntry]) -> None:
        super().__init__(params, {"lr": 0.0})
        self.formula = formula
        self.steps = 0

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Move every parameter that has a gradient."""
        self.steps += 1
        for group in self.param_groups:
            for param in group["params"]:
                if param not in self.state:
                    slots = self.formula.entry.slots
                    self.state[param]["slots"] = tuple(
                        torch.zeros_like(param) for _ in range(slots)
                    )
                state = self.state[param]
                move, state["slots"] = self.formula(
                    param.grad, state["slots"], self.steps, group["lr"]
                )
                param.sub_(move)


def optimizer_of(choice: Choice[OptimizerEntry], net: nn.Module) -> torch.optim.Optimizer:
    """PyTorch's optimizer over a module's parameters, or the registered formula as one.

    Its lr is set before each step.
    """
    entry = choice.entry
    if entry.torch is None:
        return FormulaOptimizer(net.parameters(), choice)
    optimizer: torch.optim.Optimizer = resolve_name(entry.torch)(
        net.parameters(), lr=1.0, **entry.torch_kwargs(**choice.options)
    )
    return optimizer


def criterion(
    problem: Problem, reduction: Literal["mean", "sum"]
) -> Callable[[Tensor, Tensor], Tensor]:
    """PyTorch's loss module, or the registered formula where PyTorch has none."""
    experiment = problem.experiment
    name = experiment.loss.entry.torch
    if name:
        module: Callable[[Tensor, Tensor], Tensor] = resolve_name(name)(
            reduction=reduction, **experiment.loss.options
        )
        return module

    def formula(y_hat: Tensor, y: Tensor) -> Tensor:
        losses = problem.loss(y_hat - y)
        return losses.mean() if reduction == "mean" else losses.sum()

    return formula
