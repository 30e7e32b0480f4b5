"""`train`: an experiment in, events out; no thread, no clock, no output.

Being a generator makes pausing, one minibatch and one epoch a matter of how far it is advanced.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from engine.alerts import Patience, Watch, limit
from engine.controls import Controls
from engine.device import available, describe
from engine.events import (
    Diverged,
    EpochEnded,
    Event,
    Facts,
    Finished,
    Losses,
    Sample,
    Started,
    Stepped,
)
from engine.experiment import Experiment
from engine.loops import EpochEnd, load
from engine.models import Linear, Values, numbers
from engine.problem import Problem, build
from engine.stability import autopsy, stability
from engine.theory import aim, expected_loss, least_squares, steepest_curvature
from engine.words import tr

RUNAWAY = 1e6
"""A loss this many times its start counts as diverged."""
SAMPLE_SIZE = 400
"""Data points handed out for charts."""


def facts(problem: Problem) -> Facts:
    """What is known of a problem before training: truth, closed form, noise floor, start, …"""
    source, model = problem.source, problem.model
    closed_form: Values = {}
    shift = shift_of(problem)
    if isinstance(model, Linear):
        closed_form = model.named(least_squares(*ridge_rows(problem, model)).tolist())
        if shift and model.bias:
            closed_form = {**closed_form, model.bias: (closed_form[model.bias][0] + shift,)}
    n = len(problem.X)
    resolution = 4 * torch.finfo(torch.float32).eps
    chosen = slice(0, min(n, SAMPLE_SIZE))
    return Facts(
        n=n,
        features=source.features,
        steps_per_epoch=problem.experiment.steps_per_epoch,
        device=describe(problem.device),
        devices=tuple(str(device) for device in available()),
        true=model.truth(source),
        closed_form=closed_form,
        optimum=problem.mean_loss(problem.tensors(closed_form)) if closed_form else 0.0,
        noise_floor=noise_floor(problem, shift),
        rounding=float(problem.loss(resolution * problem.y).mean()),
        stability=stability(problem),
        start=numbers(problem.start),
        start_loss=problem.mean_loss(problem.start),
        sample=Sample(
            tuple(tuple(column) for column in problem.X[chosen].T.tolist()),
            tuple(problem.y[chosen, 0].tolist()),
        ),
    )


def shift_of(problem: Problem) -> float:
    """How far above the truth the loss wants predictions to lie; 0 where no bias can take it up."""
    source, model = problem.source, problem.model
    if source.relative or not (isinstance(model, Linear) and model.bias):
        return 0.0
    return aim(problem.loss, source.noise)


@torch.no_grad()
def noise_floor(problem: Problem, shift: float) -> float:
    """Loss of the truth: expected, or over these very samples where noise is relative to them.

    With a bias that can take it up, the truth is `shift` higher: where this loss aims.
    """
    source = problem.source
    if source.relative:
        return float(problem.loss(source.signal(problem.X) - problem.y).mean())
    share = source.outliers / source.n
    return expected_loss(problem.loss, source.noise, share, source.outlier_size, shift)


def ridge_rows(problem: Problem, model: Linear) -> tuple[Tensor, Tensor]:
    """X̃ and y, with a row for each weight under a penalty that is a parabola, as L2 is.

    Least squares over c/2·‖X̃θ − y‖²/n + ½λ‖w‖² is least squares with rows √(nλ/c)·eⱼ and labels 0;
    c is the curvature of the loss, exact for the squared losses, times what a step makes of it.
    """
    X, y = model.design(problem.X), problem.y
    decay, curvature = map(steepest_curvature, (problem.penalty_of, problem.loss))
    curvature *= problem.experiment.times_mean(problem.experiment.batch_size)
    if decay <= 0 or curvature <= 0:
        return X, y
    rows = torch.zeros(model.features, X.shape[1]).to(X)
    rows.fill_diagonal_(math.sqrt(len(X) * decay / curvature))
    return torch.cat([X, rows]), torch.cat([y, y.new_zeros(len(rows), 1)])


def train(experiment: Experiment, controls: Controls | None = None) -> Iterator[Event]:
    """The events of one run: Started, then for each epoch its steps and its end, then the outcome.

    `controls` may be changed between two events. A loss or parameter that is not finite, or a
    minibatch loss above a million times the start, ends the run as Diverged at that step. Raises
    BadInput when the device is not there.
    """
    controls = controls or Controls(experiment.lr)
    problem = build(experiment)
    known = facts(problem)
    loop = load(experiment.loop)(problem, controls)
    yield Started(experiment, known, loop.note)

    watch = Watch(limit(known.noise_floor, known.optimum, known.rounding))
    patience = Patience(experiment.patience)
    runaway = controls.runaway = RUNAWAY * max(known.start_loss, 1 / RUNAWAY)
    as_at_start = known.start_loss * (1 + 1e-5)  # summed in another order it is not the same
    per_epoch = known.steps_per_epoch
    epoch = step = good = 0

    def diverged(at: int, loss: float, params: Values) -> Diverged:
        lr = controls.lr * float(experiment.lr_factors(step - 1, 1)[0])
        cause = autopsy(
            problem, known.stability, known.best, known.start_loss, loss, params,
            (good + 1, step), lr,
        )  # fmt: skip
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
                yield Finished(epoch, ended, loss, params, enough)
                return
        else:
            good = last_below(progress, as_at_start, step) or good
            step += len(progress)
            loss = float(progress[-1])
            now = math.ceil(step / per_epoch)
            yield Stepped(now, step, loss, progress, loop)
            # One comparison catches too large, infinite and NaN alike.
            if not loss <= runaway:
                yield diverged(now, loss, numbers(loop.params()))
                return


def last_below(losses: Losses, bound: float, before: int) -> int:
    """The last step with a loss of at most `bound`, counted from `before`; 0 if there is none."""
    if losses[-1] <= bound:  # mostly
        return before + len(losses)
    places = np.flatnonzero(np.asarray(losses) <= bound)
    return before + int(places[-1]) + 1 if len(places) else 0


def why(loss: float, runaway: float) -> str:
    """What was seen, in words, when a run is called diverged."""
    if math.isfinite(loss):
        return tr("the loss rose above {bound:.2g}, a million times its start", bound=runaway)
    return tr("the loss is no longer a finite number")
