"""`train`: an experiment in, events out; no thread, no clock, no output.

Being a generator makes pausing, one minibatch and one epoch a matter of how far it is advanced.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch

from engine.alerts import Watch, limit
from engine.device import available, describe
from engine.events import Diverged, EpochEnded, Event, Facts, Finished, Sample, Started, Stepped
from engine.experiment import Experiment
from engine.loops import Controls, load
from engine.models import numbers
from engine.problem import Problem, build
from engine.theory import expected_loss, least_squares

RUNAWAY = 1e6
"""A loss this many times its start counts as diverged."""
SAMPLE_SIZE = 400
"""Data points handed out for charts."""


def facts(problem: Problem) -> Facts:
    """What is known of a problem before training: truth, closed form, noise floor, start, …"""
    source, model = problem.source, problem.model
    solution = tuple(least_squares(model.design(problem.X), problem.y).tolist())
    closed_form = model.named(solution)
    at_solution = {
        name: torch.tensor(closed_form[name]).reshape(shape).to(problem.device)
        for name, shape in model.shapes.items()
    }
    n, share = len(problem.X), source.outliers / len(problem.X)
    resolution = 4 * torch.finfo(torch.float32).eps
    chosen = slice(0, min(n, SAMPLE_SIZE))
    return Facts(
        n=n,
        features=model.features,
        steps_per_epoch=math.ceil(n / problem.experiment.batch_size),
        device=describe(problem.device),
        devices=tuple(str(device) for device in available()),
        true=model.truth(source.w, source.b),
        closed_form=closed_form,
        optimum=problem.mean_loss(at_solution),
        noise_floor=expected_loss(problem.loss, source.noise, share, source.outlier_size),
        rounding=float(problem.loss(resolution * problem.y).mean()),
        start=numbers(problem.start),
        start_loss=problem.mean_loss(problem.start),
        sample=Sample(
            tuple(tuple(column) for column in problem.X[chosen].T.tolist()),
            tuple(problem.y[chosen, 0].tolist()),
        ),
    )


def train(experiment: Experiment, controls: Controls | None = None) -> Iterator[Event]:
    """The events of one run: Started, then for each epoch its steps and its end, then the outcome.

    `controls` may be changed between two events. A loss or parameter that is not finite, or a
    minibatch loss above a million times the start, ends the run as Diverged at that step. Raises
    BadInput when the device is not there.
    """
    problem = build(experiment)
    known = facts(problem)
    loop = load(experiment.loop)(problem, controls or Controls(experiment.lr))
    yield Started(experiment, known)

    watch = Watch(limit(known.noise_floor, known.optimum, known.rounding))
    runaway = RUNAWAY * max(known.start_loss, 1 / RUNAWAY)
    step, loss = 0, known.start_loss
    for epoch in range(1, experiment.epochs + 1):
        for batch_loss in loop.epoch():
            step += 1
            yield Stepped(epoch, step, batch_loss, loop)
            # One comparison catches too large, infinite and NaN alike.
            if not batch_loss <= runaway:
                reason = why(batch_loss, runaway)
                yield Diverged(epoch, step, batch_loss, reason, numbers(loop.params()))
                return
        loss = problem.mean_loss(loop.params())
        params = numbers(loop.params())
        if not loss <= runaway:
            yield Diverged(epoch, step, loss, why(loss, runaway), params)
            return
        alert = watch.look(epoch, loss)
        yield EpochEnded(epoch, step, loss, params, numbers(loop.grads()), alert)
    yield Finished(experiment.epochs, step, loss, numbers(loop.params()))


def why(loss: float, runaway: float) -> str:
    """What was seen, in words, when a run is called diverged."""
    if math.isfinite(loss):
        return f"the loss rose above {runaway:.2g}, a million times its start"
    return "the loss is no longer a finite number"
