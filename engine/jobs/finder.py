"""A learning rate by trial: raise it step by step and see where the loss falls.

The ramp of Smith (2015) as fastai's lr_find has it: exponential, one minibatch each, stopped when
the smoothed loss is well above its best.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from engine.catalog.choice import choose
from engine.experiment import Experiment
from engine.training.controls import Controls
from engine.training.events import Started, Stepped
from engine.training.trainer import train

SMOOTH = 0.98
"""Weight of the past in the smoothed loss."""
TOO_HIGH = 4.0
"""The ramp ends when the smoothed loss is this many times its best."""


@dataclass(frozen=True, eq=False)
class Finding:
    """The ramp and what it suggests."""

    lrs: tuple[float, ...]
    losses: tuple[float, ...]
    """Smoothed minibatch loss at each lr."""
    suggestion: float
    """The lr in the middle of the loss's longest fall."""
    critical_lr: float
    """The exact limit of gradient descent whose steps are as long as these, beside it: 2/λmax where
    losses are averaged."""


def find_lr(
    experiment: Experiment, low: float = 1e-4, high: float = 10.0, steps: int = 120
) -> Finding:
    """Ramp the lr of an experiment from low to high in at most so many steps."""
    per_epoch = experiment.steps_per_epoch
    ramp = [low * (high / low) ** (i / (steps - 1)) for i in range(steps)]
    run = replace(
        experiment,
        lr=low,
        loop="scratch",
        epochs=-(-steps // per_epoch),
        # The ramp alone says how long a step is, and when it is over.
        schedule=choose("schedule", "constant"),
        patience=0,
    )
    controls = Controls(low)
    smoothed, losses, limit = 0.0, [], 0.0
    for event in train(run, controls):
        if isinstance(event, Started):
            times = run.times_mean(run.batch_size)
            limit = event.facts.stability.curvature.critical_lr / times
        elif isinstance(event, Stepped):
            smoothed = SMOOTH * smoothed + (1 - SMOOTH) * event.loss
            losses.append(smoothed / (1 - SMOOTH**event.step))
            if event.step == steps or not losses[-1] <= TOO_HIGH * min(losses):
                break
            controls.lr = ramp[event.step]
    return Finding(tuple(ramp[: len(losses)]), tuple(losses), ramp[valley(losses)], limit)


def valley(losses: list[float]) -> int:
    """The middle of the longest falling subsequence: well into the valley, before its bottom.

    fastai's rule of the same name, from the place of its end and its length.
    """
    falls: list[int] = []
    """Length of the longest falling subsequence that ends at each place."""
    for i, loss in enumerate(losses):
        falls.append(1 + max((falls[j] for j in range(i) if losses[j] > loss), default=0))
    end = falls.index(max(falls))
    return end - max(falls) // 2
