"""`train`: an experiment in, events out; no thread, no clock, no output.

Being a generator makes pausing, one minibatch and one epoch a matter of how far it is advanced.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from engine.catalog.parameters import Values, numbers
from engine.experiment import Experiment
from engine.problem import Problem
from engine.support.translation import Message
from engine.theory.autopsy import Autopsy, Runaway, autopsy, suggested_lr
from engine.theory.facts import Facts
from engine.training.controls import Controls
from engine.training.events import Diverged, EpochEnded, Event, Finished, Losses, Started, Stepped
from engine.training.fork import Fork
from engine.training.loops import EpochEnd, load
from engine.training.retracing import Retraced, continued, retraced
from engine.training.starts import Starts
from engine.training.statements import Executed
from engine.training.trial import working_lr
from engine.training.verdicts import Patience, Watch

RUNAWAY = 1e6
"""A loss this many times its start counts as diverged."""


def train(
    experiment: Experiment,
    controls: Controls | None = None,
    fork: Fork | None = None,
    starts: Starts | None = None,
    processes: int = 1,
) -> Iterator[Event]:
    """The events of one run: Started, then for each epoch its steps and its end, then the outcome.

    `controls` may be changed between two events, and ask for the statements of a minibatch too. A
    loss or parameter that is not finite, or a minibatch loss above a million times the start, ends
    the run as Diverged at that step. A fork begins after the steps of the run that it goes on from,
    which are taken again first: then Preparing tells how far that is. `starts` knows the data of
    the experiment before. Where several processes take the steps, each of them calls this. Raises
    BadInput when the device is not there.
    """
    starts, before = starts or Starts(), None
    if fork:
        first = replace(starts.drawn(fork.lineage[0].origin), processes=processes)
        before = yield from retraced(fork, first)
        problem = continued(replace(first, experiment=experiment), before.loop)
        facts = starts.facts(problem)
    else:
        problem, facts = starts.of(experiment)
        problem = replace(problem, processes=processes)
    yield from follow(problem, facts, controls or Controls(experiment.lr), fork, before)


def follow(
    problem: Problem,
    facts: Facts,
    controls: Controls,
    fork: Fork | None = None,
    before: Retraced | None = None,
) -> Iterator[Event]:
    """The events of a run whose data are drawn and whose start is known: see `train`."""
    experiment = problem.experiment
    if before:
        loop = before.loop
        loop.go_on(problem, controls)
    else:
        loop = load(problem.loop)(problem, controls)
    notes = problem.dataset.notes + ((loop.note,) if loop.note else ())
    if len(problem.X) < problem.n:
        notes += (Message("theory looks at {rows:,} of the rows", rows=len(problem.X)),)
    yield Started(experiment, facts, notes, fork)

    watch = Watch(facts.floor)
    patience = Patience(experiment.patience)
    for epoch, (loss, validation) in enumerate(before.losses if before else (), 1):
        watch.look(epoch, loss)
        patience.look(epoch, loss if validation is None else validation)
    start_loss = before.start_loss if before else facts.start_loss
    runaway = controls.runaway = runaway_loss(max(start_loss, facts.start_loss))
    as_at_start = facts.start_loss * (1 + 1e-5)  # summed in another order it is not the same
    per_epoch = facts.steps_per_epoch
    step = good = fork.step if fork else 0
    epoch = step // per_epoch

    def diverged(at: int, loss: float, params: Values) -> Diverged:
        lr = controls.lr * float(experiment.lr_factors(step - 1, 1)[0])
        end = Runaway(min(good + 1, step), step, loss, params, lr)
        cause = cause_of(problem, facts, end)
        return Diverged(at, step, loss, why(loss, runaway), params, cause)

    held_out = len(problem.held_out[0])
    for progress in loop.run():
        if isinstance(progress, EpochEnd):
            epoch += 1
            loss, params, grads = progress
            if not loss <= runaway:
                step = epoch * per_epoch
                yield diverged(epoch, loss, params)
                return
            # Asked for only where there is one: an epoch of little data takes two microseconds.
            validation = problem.validation_loss(params) if held_out else None
            alert = watch.look(epoch, loss)
            ended = epoch * per_epoch
            yield EpochEnded(epoch, ended, loss, params, grads, validation, alert)
            enough = patience.look(epoch, loss if validation is None else validation)
            if enough or epoch == experiment.epochs:
                yield Finished(epoch, ended, loss, params, enough, *problem.r2(params))
                return
        elif isinstance(progress, Executed):
            yield progress
        else:
            good = last_below(progress, as_at_start, step) or good
            step += len(progress)
            loss = float(progress[-1])
            now = math.ceil(step / per_epoch)
            yield Stepped(now, step, loss, progress, loop, loop.passed)
            # One comparison catches too large, infinite and NaN alike.
            if not loss <= runaway:
                yield diverged(now, loss, numbers(loop.params()))
                return


def runaway_loss(start_loss: float) -> float:
    """The loss above which a run counts as diverged."""
    return RUNAWAY * max(start_loss, 1 / RUNAWAY)


def cause_of(problem: Problem, facts: Facts, end: Runaway) -> Autopsy:
    """Why a run diverged, and a smaller lr that was tried."""
    lr = suggested_lr(facts.stability, facts.start_loss, end)
    suggestion = working_lr(problem, lr, facts.start_loss)
    return autopsy(problem, facts.stability, facts.best, end, suggestion, facts.remedy)


def last_below(losses: Losses, bound: float, before: int) -> int:
    """The last step with a loss of at most `bound`, counted from `before`; 0 if there is none."""
    if losses[-1] <= bound:  # mostly
        return before + len(losses)
    places = np.flatnonzero(np.asarray(losses) <= bound)
    return before + int(places[-1]) + 1 if len(places) else 0


def why(loss: float, runaway: float) -> Message:
    """What was seen when a run is called diverged."""
    if math.isfinite(loss):
        return Message("the loss rose above {bound:.2g}, a million times its start", bound=runaway)
    return Message("the loss is no longer a finite number")
