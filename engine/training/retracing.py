"""The steps of a run are taken again, up to where another one goes on from it."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace

from engine.problem import Problem
from engine.support.errors import BadInput
from engine.support.translation import Message, tr
from engine.training.controls import Controls
from engine.training.events import Preparing
from engine.training.fork import Fork
from engine.training.loops import EpochEnd, Loop, load
from engine.training.statements import Executed


@dataclass(frozen=True, eq=False)
class Retraced:
    """A loop that stands where a fork begins."""

    loop: Loop
    start_loss: float
    """Where the first of all the runs began."""
    losses: tuple[tuple[float, float | None], ...]
    """After each epoch that is over: the mean loss, and that over the data held out, if any are."""


def retraced(fork: Fork, problem: Problem) -> Generator[Preparing, None, Retraced]:
    """Take the steps of the run that a fork goes on from, piece by piece, exactly as it took them.

    `problem` is that of the first run on the way; all of them have its data. Raises BadInput where
    the run has diverged before.
    """
    loop = load(problem.loop)(problem, Controls(problem.experiment.lr))
    step, losses = 0, list[tuple[float, float | None]]()
    start_loss, held_out = problem.mean_loss(problem.start), len(problem.held_out[0])
    for part in fork.lineage:
        controls = Controls(part.origin.lr)
        loop.go_on(replace(problem, experiment=part.origin), controls)
        events, per_epoch = loop.run(), part.origin.steps_per_epoch
        while step < part.step or len(losses) < step // per_epoch:
            controls.lr, controls.most = part.lr_at(step), part.lasts(step)
            progress = next(events, None)
            if progress is None:
                raise BadInput("step", fork.step, tr("the other run diverges before it"))
            if isinstance(progress, EpochEnd):
                validation = problem.validation_loss(progress.params) if held_out else None
                losses.append((progress.loss, validation))
            elif not isinstance(progress, Executed):
                step += len(progress)
                yield Preparing(told(step, fork.step))
    return Retraced(loop, start_loss, tuple(losses))


def told(step: int, steps: int) -> Message:
    """How far the steps have been taken again."""
    share = 100 * step / steps
    return Message("taking the first {steps} steps again: {share:.0f} %", steps=steps, share=share)


def continued(problem: Problem, loop: Loop) -> Problem:
    """The problem of a fork, which starts where the loop stands."""
    return replace(problem, start={name: param.clone() for name, param in loop.params().items()})
