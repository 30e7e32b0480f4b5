"""The concise loop in several processes, on one machine or many: DistributedDataParallel.

Each process takes its rows of the minibatch that one process would take, and the gradients are
averaged before the step, so that all of them take the same step. They have joined a group before.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch.distributed as dist
from torch import Tensor
from torch.nn.parallel import DistributedDataParallel

from engine.problem import Problem
from engine.training.controls import Controls
from engine.training.loops import Progress, concise, epoch_end


class Training(concise.Training):
    """A run that is taken together."""

    def __init__(self, problem: Problem, controls: Controls) -> None:
        super().__init__(problem, controls)
        self.criterion = concise.criterion(problem, "sum")
        self.parallel = DistributedDataParallel(self.net)
        self.rank, self.processes = dist.get_rank(), dist.get_world_size()

    def run(self) -> Iterator[Progress]:
        """Take one step after the other, yielding its minibatch's mean loss before it."""
        problem, controls, optimizer = self.problem, self.controls, self.optimizer
        experiment = problem.experiment
        size, steps = experiment.batch_size, experiment.steps_per_epoch
        while True:
            epoch, done = divmod(self.step, steps)
            order = problem.order(epoch)[done * size : experiment.used_per_epoch]
            factors = experiment.lr_factors(self.step, steps - done).tolist()
            for minibatch, factor in zip(order.split(size), factors, strict=True):
                X, y = self._minibatch = self.own(minibatch)
                total = self.criterion(self.parallel(X), y)  # 0 where there are no rows
                # The mean of the processes' means is not the mean where some have fewer rows. So
                # sums are taken, and multiplied by what their average will be divided by.
                divisor = experiment.reduction.divisor(size, len(minibatch))
                objective = self.processes * total / divisor
                if problem.is_penalized:  # the same everywhere, and so is its mean
                    objective = objective + problem.penalty(self._params)
                loss = total.detach().clone()
                told = dist.all_reduce(loss, async_op=True)
                optimizer.zero_grad()
                objective.backward()
                optimizer.param_groups[0]["lr"] = controls.lr * factor
                optimizer.step()
                self.step += 1
                told.wait()
                yield (loss.item() / len(minibatch),)
            yield epoch_end(problem, self)

    def own(self, minibatch: Tensor) -> tuple[Tensor, Tensor]:
        """X and y of this process's rows of a minibatch: those that it has, or its share of all."""
        part = self.problem.part
        if part is None:
            rows = minibatch[self.rank :: self.processes].to(self.problem.device)
            return self.problem.X[rows], self.problem.y[rows]
        rows = minibatch - part.first
        rows = rows[(rows >= 0) & (rows < len(part.X))].to(self.problem.device)
        return part.X[rows], part.y[rows]
