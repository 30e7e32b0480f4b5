"""The steps of a run are taken again, up to where another one goes on from it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from engine.problem import Problem, build
from engine.training.controls import Controls
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


def retraced(fork: Fork, processes: int = 1) -> Retraced:
    """Take the steps of the run that a fork goes on from, exactly as that run took them."""
    problem = replace(build(fork.origin), processes=processes)
    controls = Controls(fork.origin.lr)
    if fork.before:
        begun = retraced(fork.before, processes)
        loop, start_loss, losses = begun.loop, begun.start_loss, list(begun.losses)
        loop.go_on(problem, controls)
        step = fork.before.step
    else:
        loop = load(problem.loop)(problem, controls)
        start_loss, losses, step = problem.mean_loss(problem.start), [], 0
    events, held_out = loop.run(), len(problem.held_out[0])
    while step < fork.step or len(losses) < step // fork.origin.steps_per_epoch:
        controls.lr, controls.most = fork.lr_at(step), fork.lasts(step)
        progress = next(events)
        if isinstance(progress, EpochEnd):
            validation = problem.validation_loss(progress.params) if held_out else None
            losses.append((progress.loss, validation))
        elif not isinstance(progress, Executed):
            step += len(progress)
    return Retraced(loop, start_loss, tuple(losses))


def continued(problem: Problem, loop: Loop) -> Problem:
    """The problem of a fork, which starts where the loop stands."""
    return replace(problem, start={name: param.clone() for name, param in loop.params().items()})
