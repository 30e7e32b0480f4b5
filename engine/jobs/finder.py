"""A learning rate by trial: raise it step by step and see where the loss falls.

The ramp of Smith (2015) as fastai's lr_find has it: exponential, one minibatch each, stopped when
the loss is well above the start.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from engine.catalog.choice import choose
from engine.experiment import Experiment
from engine.problem import build
from engine.support.translation import in_words, tr
from engine.theory.stability import Limit
from engine.training.controls import Controls
from engine.training.events import Started, Stepped
from engine.training.trainer import train

BELOW, ABOVE = 1e-3, 10.0
"""The ramp goes from and to these shares of the largest stable lr, where there is one."""
LOW, HIGH = 1e-4, 10.0
"""Its ends where there is none."""
TOO_HIGH = 4.0
"""The ramp ends when the loss is this many times the one at the start."""
SEEN = 4096
"""Most samples over which the loss is averaged after each step: one minibatch says too little."""
ENOUGH = 8
"""The shortest fall of the loss, in steps, that says something."""


@dataclass(frozen=True, eq=False)
class Finding:
    """The ramp and what it suggests."""

    lrs: tuple[float, ...]
    losses: tuple[float, ...]
    """Loss over the data, or the first of very many, after the step with each lr."""
    suggestion: float | None
    """The lr in the middle of the loss's longest fall, at most the largest stable one; None where
    the loss hardly falls."""
    critical_lr: float
    """The exact limit of gradient descent whose steps are as long as these, beside it: 2/λmax where
    losses are averaged."""
    limit: Limit
    """The largest stable lr of the experiment's own optimizer and minibatches."""

    def in_a_sentence(self) -> str:
        """The suggestion, or that there is none, and how far below its limit it lies."""
        if self.suggestion is None:
            return tr("no suggestion: the loss hardly falls as lr rises")
        sentence = tr(
            "suggestion: lr {lr:.3g}, midway down the longest fall of the loss",
            lr=self.suggestion,
        )
        if math.isinf(self.limit.lr):
            return f"{sentence}; {in_words(self.limit.name)}"
        times = self.limit.lr / self.suggestion
        below = tr(
            "{times:.2g} times below its limit {limit:.3g}", times=times, limit=self.limit.lr
        )
        return f"{sentence}; {below}"


def find_lr(experiment: Experiment, steps: int = 120) -> Finding:
    """Ramp the lr of an experiment up in at most so many steps, from far below its limit."""
    run = replace(
        experiment,
        loop="scratch",
        epochs=-(-steps // experiment.steps_per_epoch),
        # The ramp alone says how long a step is, and when it is over.
        schedule=choose("schedule", "constant"),
        patience=0,
    )
    problem, controls = build(run), Controls(run.lr)
    seen = replace(problem, X=problem.X[:SEEN], y=problem.y[:SEEN])
    events = train(run, controls)
    started = next(events)
    assert isinstance(started, Started)
    stable = started.facts.stability
    limit = stable.limit.lr
    low, high = (BELOW * limit, ABOVE * limit) if math.isfinite(limit) else (LOW, HIGH)
    ramp = [low * (high / low) ** (i / (steps - 1)) for i in range(steps)]
    controls.lr = low
    start, losses = seen.mean_loss(seen.start), []
    for event in events:
        if isinstance(event, Stepped):
            losses.append(seen.mean_loss(event.live.params()))
            if event.step == steps or not losses[-1] <= TOO_HIGH * start:
                break
            controls.lr = ramp[event.step]
    fall, middle = valley(losses)
    suggestion = min(ramp[middle], limit) if fall >= ENOUGH else None
    critical, own = stable.curvature.critical_lr, stable.limit
    return Finding(tuple(ramp[: len(losses)]), tuple(losses), suggestion, critical, own)


def valley(losses: list[float]) -> tuple[int, int]:
    """Length of the longest falling subsequence, and the place of its middle.

    That is well into the valley and before its bottom: fastai's rule of the same name, from the
    place of its end and its length. (0, 0) without losses.
    """
    falls: list[int] = []
    """Length of the longest falling subsequence that ends at each place."""
    for i, loss in enumerate(losses):
        falls.append(1 + max((falls[j] for j in range(i) if losses[j] > loss), default=0))
    longest = max(falls, default=0)
    return longest, falls.index(longest) - longest // 2 if falls else 0
