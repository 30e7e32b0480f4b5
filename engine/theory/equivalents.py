"""The learning rates that take the same path under another reduction or factor of the loss."""

from __future__ import annotations

from dataclasses import dataclass

from engine.catalog.losses import LOSSES
from engine.experiment import Experiment
from engine.settings import Reduction
from engine.support.translation import Message


@dataclass(frozen=True)
class Translation:
    """Another way to write the loss, and the lr with which it takes the same steps."""

    loss: str
    reduction: str
    lr: float

    def apply(self, experiment: Experiment) -> Experiment:
        """The experiment written this way."""
        changes = {"reduction": self.reduction, "lr": self.lr}
        if self.loss != experiment.loss.name:
            changes |= {"loss": self.loss}
        return experiment.changed(changes)


def translations(experiment: Experiment) -> list[Translation]:
    """Each loss that differs from the experiment's by a factor, under each reduction.

    A step is lr times the gradient, so what multiplies the gradient divides the lr:
    η_total = η_mean/B, η_half = 2·η_squared. The experiment itself is among them.
    """
    own, size = experiment.loss.entry, experiment.batch_size
    parabolas = {loss.name: loss.curvature for loss in LOSSES if loss.curvature is not None}
    curvatures = {own.name: 1.0} if own.curvature is None else parabolas
    step = experiment.lr * curvatures[own.name] * experiment.times_mean(size)
    equivalents = []
    for loss, curvature in curvatures.items():
        for reduction in Reduction:
            times = experiment.changed({"reduction": reduction}).times_mean(size)
            equivalents.append(Translation(loss, reduction, step / (curvature * times)))
    return equivalents


def caveats(experiment: Experiment) -> list[Message]:
    """Why the paths are not the same after all, a sentence each; empty where they are."""
    reasons: list[Message] = []
    if experiment.last_batch and not experiment.drop_last and experiment.steps_per_epoch > 1:
        reasons.append(
            Message(
                "The last minibatch is short: under mean each of its samples weighs more than "
                "under sum and total."
            )
        )
    if not experiment.penalty.entry.is_zero:
        reasons.append(
            Message("The penalty is not multiplied with the loss: its strength would have to be.")
        )
    if not experiment.optimizer.entry.is_linear:
        reasons.append(
            Message("This optimizer scales its own steps: it hardly notices a factor of the loss.")
        )
    return reasons
