"""Snapshots made up for the screen.

Every number is fixed, so that a picture of the screen is the same on every machine."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from random import Random

import torch

from engine.catalog.parameters import Values, flat
from engine.catalog.scaling import Scaling
from engine.experiment import Experiment
from engine.problem import build
from engine.statistics.diagnostics import diagnostics
from engine.statistics.line import fit_line
from engine.support.device import DeviceInfo
from engine.support.translation import Message
from engine.theory.autopsy import Autopsy
from engine.theory.curvature import Curvature
from engine.theory.facts import Facts, Sample
from engine.theory.floor import Floor
from engine.theory.stability import Limit, Stability, stability
from engine.training.series import Points
from engine.training.snapshot import Snapshot, State
from engine.training.trail import Path as Way

MINIBATCH_LIMIT = Limit(1.35, "minibatches", Message("minibatches of {size}", size=10))
CPU = DeviceInfo("cpu", None, "Example CPU 3.0 GHz", 1, 16.0, "2.13.0+cpu")


W, B = (2.0, -3.4), 4.2


TRUE: Values = {"w": W, "b": (B,)}


START: Values = {"w": (0.0021, -0.0134), "b": (0.0,)}


FOUND: Values = {"w": (1.9991, -3.40042), "b": (4.19983,)}


GRADS: Values = {"w": (-0.00131, 0.00214), "b": (-0.00083,)}


STEPS = 100
"""Steps in an epoch."""


EPOCH_LOSSES = (16.2, 0.0378, 1.35e-4, 4.98e-5)
SLOW_LOSSES = (16.2, 9.1, 4.8, 2.7)


SLOW = Experiment().changed({"lr": 0.003})


FAST = Experiment().changed({"lr": 2.0})


def wobble(index: int, offset: float = 0.0) -> float:
    """A number in -1..1 that looks random and is not."""
    return 2 * math.modf((index + 1) * 0.6180339887 + offset)[0] - 1


@cache
def sample(w: tuple[float, ...] = W, b: float = B, noise: float = 0.3, n: int = 200) -> Sample:
    """Points around y = Xw + b; far more noise than in an experiment, so that it can be seen."""
    random = Random(7)
    columns = tuple(tuple(random.gauss(0, 1) for _ in range(n)) for _ in w)
    rows = zip(*columns, strict=True)
    y = tuple(
        b + sum(weight * x for weight, x in zip(w, row, strict=True)) + noise * random.gauss(0, 1)
        for row in rows
    )
    X, labels = torch.tensor(columns).T.double(), torch.tensor(y)[:, None].double()
    return Sample(columns, y, diagnostics(fit_line(X, labels, True), X, labels))


def steady(parameters: int) -> Stability:
    """Eigenvalues from 1.07 down, each along a parameter of its own; a limit for B = 10."""
    return stable([1.07 * 0.88**i for i in range(parameters)], MINIBATCH_LIMIT)


def stable(eigenvalues: list[float], limit: Limit) -> Stability:
    """A limit, and a curvature along each parameter."""
    values = torch.tensor(eigenvalues, dtype=torch.float64)
    return Stability(Curvature(values, torch.eye(len(values), dtype=torch.float64)), limit)


def stability_of(experiment: Experiment) -> Stability:
    """What the screen says of an experiment's lr, to two digits: the same on every processor."""
    real = stability(build(experiment))
    eigenvalues = real.curvature.eigenvalues.tolist()
    # What is this small may be rounding; a limit may be as small and is none.
    shown = [coarse(value) if abs(value) > 1e-9 else 0.0 for value in eigenvalues]
    return stable(shown, replace(real.limit, lr=coarse(real.limit.lr)))


def coarse(value: float) -> float:
    """A value to two digits."""
    return float(f"{value:.2g}")


def facts(true: Values = TRUE, start: Values = START) -> Facts:
    """What is known of the baseline, in round numbers."""
    (_, w), *rest = (true or start).items()
    return Facts(
        n=1000,
        features=len(w),
        steps_per_epoch=STEPS,
        device=CPU,
        devices=("cpu",),
        true=true,
        has_closed_form=True,
        optimum={name: tuple(value + 0.0002 for value in values) for name, values in true.items()},
        floor=Floor(noise=5e-5, optimum=4.93e-5, rounding=2e-12, symbol="½σ²"),
        stability=steady(len(w) + 1),
        start=start,
        start_loss=EPOCH_LOSSES[0],
        sample=sample(w, rest[0][1][0] if rest else 0.0),
    )


def falling(steps: int, factor: float = 0.94) -> Points:
    """Minibatch losses that fall from the start's to the noise floor."""
    xs = tuple((step + 1) / STEPS for step in range(steps))
    ys = tuple(
        16 * factor**step * (1 + 0.6 * wobble(step)) + 5e-5 * (1 + 0.5 * wobble(step, 0.5))
        for step in range(steps)
    )
    return Points(xs, ys, ys, ys)


def points(*losses: float) -> Points:
    """Epoch losses from the start on."""
    return Points(tuple(float(epoch) for epoch in range(len(losses))), losses, losses)


def path(
    steps: int,
    factors: tuple[float, ...] = (0.94, 0.955, 0.97),
    epoch_losses: tuple[float, ...] = EPOCH_LOSSES,
) -> Way:
    """The parameters on their way to the true values, each at its own speed; then noise."""
    kept = tuple(range(0, steps + 1, 3))
    theta = tuple(
        tuple(
            target * (1 - factor**step) + 5e-4 * wobble(step, factor)
            for target, factor in zip((*W, B), factors, strict=True)
        )
        for step in kept
    )
    losses = tuple(epoch_losses[step // STEPS] for step in kept)
    return Way(tuple(step / STEPS for step in kept), theta, epoch_losses=losses)


def loading() -> Snapshot:
    """Before torch is there."""
    return Snapshot(Experiment(), lr=0.03)


def ready(experiment: Experiment | None = None, number: int = 1) -> Snapshot:
    """Data drawn, no step taken."""
    experiment = experiment or Experiment()
    return Snapshot(
        experiment,
        number,
        "ready",
        facts=facts(),
        lr=experiment.lr,
        loss=EPOCH_LOSSES[0],
        params=START,
        epoch_losses=points(EPOCH_LOSSES[0]),
        path=path(0),
    )


def begun(experiment: Experiment, number: int = 1) -> Snapshot:
    """The start of any experiment: shapes and limit are its own, the other numbers are made up."""
    model, dataset = experiment.architecture(), experiment.dataset()
    true = model.true_values(dataset.truth) if dataset.truth else {}
    start: Values = {
        name: tuple(0.3 * wobble(index) for index in range(math.prod(shape)))
        for name, shape in model.shapes.items()
    }
    weights = tuple(2 + wobble(index) for index in range(dataset.features))
    baseline = facts({"w": weights, "b": (B,)})
    relative = dataset.truth is not None and dataset.truth.relative
    symbol = "E ℓ(yσz)" if relative else experiment.loss.entry.floor
    made_up = replace(
        baseline,
        floor=replace(baseline.floor, symbol=symbol),
        true=true,
        optimum=true,
        has_closed_form=True,
        stability=stability_of(experiment),
        start=start,
    )
    return replace(
        ready(experiment, number), facts=made_up, params=start, path=Way((0.0,), (flat(start),))
    )


def of_a_file() -> Snapshot:
    """A run over the cars that come with the lab, near the least squares of their 50 rows."""
    experiment = Experiment().changed({"data": "file", "lr": 0.1, "epochs": 100})
    scaling = Scaling((15.4,), (5.2876,), 42.98, 25.7694, "w", "b")
    best, now = {"w": (0.8068,), "b": (0.0,)}, {"w": (0.8187,), "b": (0.0043,)}
    speeds = tuple(1.5 * wobble(index) for index in range(50))
    labels = tuple(0.8 * x + 0.5 * wobble(index, 0.3) for index, x in enumerate(speeds))
    known = replace(
        facts({}, {"w": (0.01,), "b": (0.0,)}),
        n=50,
        features=1,
        steps_per_epoch=5,
        optimum=best,
        floor=Floor(noise=None, optimum=0.171, rounding=2e-12, symbol="½σ²"),
        stability=steady(2),
        start_loss=0.49,
        sample=Sample((speeds,), labels),
        scaling=scaling,
    )
    losses = tuple(0.171 + 0.319 * 0.5**epoch for epoch in range(101))
    return replace(
        ready(experiment),
        state="finished",
        facts=known,
        epoch=100,
        step=500,
        loss=losses[-1],
        batch_loss=0.2,
        params=now,
        grads={"w": (0.0131,), "b": (-0.0021,)},
        epoch_losses=points(*losses),
        path=Way((0.0, 50.0, 100.0), ((0.01, 0.0), (0.7, 0.01), flat(now))),
        seconds=0.2,
        steps_per_second=2500.0,
    )


def stepped(state: State, step: int, number: int = 1) -> Snapshot:
    """A run of the baseline after some steps."""
    epoch = step // STEPS
    return replace(
        ready(number=number),
        state=state,
        epoch=epoch,
        step=step,
        loss=EPOCH_LOSSES[epoch],
        batch_loss=EPOCH_LOSSES[epoch] * 1.1,
        params=FOUND if epoch == 3 else {"w": (1.8123, -3.2045), "b": (3.9871,)},
        grads=GRADS if epoch == 3 else {"w": (-0.1871, 0.2213), "b": (-0.2098,)},
        batch_losses=falling(step),
        epoch_losses=points(*EPOCH_LOSSES[: epoch + 1]),
        path=path(step),
        seconds=step * 0.0005,
        steps_per_second=2000.0,
    )


def running(number: int = 1) -> Snapshot:
    """In the middle of the second epoch."""
    return replace(stepped("running", 140, number), steps_per_second=20.0)


def paused(number: int = 1) -> Snapshot:
    """Halted in the middle of the second epoch."""
    return stepped("paused", 140, number)


def stopped(number: int = 1) -> Snapshot:
    """Ended by hand in the middle of the second epoch."""
    return stepped("stopped", 140, number)


def finished(number: int = 2) -> Snapshot:
    """At the noise floor."""
    return stepped("finished", 300, number)


def previous(number: int = 1) -> Snapshot:
    """An earlier run with a smaller learning rate, still learning at its end."""
    return replace(
        stepped("finished", 300, number),
        experiment=SLOW,
        lr=SLOW.lr,
        loss=2.7,
        params={"w": (1.2, -2.0), "b": (2.5,)},
        batch_losses=falling(300, 0.994),
        epoch_losses=points(*SLOW_LOSSES),
        path=path(300, (0.997, 0.9965, 0.9962), SLOW_LOSSES),
    )


def diverged(number: int = 3) -> Snapshot:
    """Run away in the first epoch."""
    losses = tuple(16.2 * 2.4**step for step in range(17))
    xs = tuple((step + 1) / STEPS for step in range(17))
    return replace(
        ready(FAST, number),
        state="diverged",
        message=Message("the loss rose above {bound:.2g}, a million times its start", bound=1.6e7),
        step=17,
        batch_loss=losses[-1],
        params={"w": (-4215.3, 9120.7), "b": (-15023.0,)},
        grads={"w": (-2.1e5, 3.9e5), "b": (1.2e6,)},
        batch_losses=Points(xs, losses, losses, losses),
        seconds=0.02,
        steps_per_second=850.0,
        autopsy=Autopsy(
            first_bad_step=5,
            lr=2.0,
            limit=MINIBATCH_LIMIT,
            direction=0,
            eigenvalue=1.07,
            heading={"w": (-0.57, 0.81), "b": (0.12,)},
            suggestion=0.67,
        ),
    )


def failed(number: int = 1) -> Snapshot:
    """A device that is not there."""
    experiment = Experiment().changed({"device": "cuda"})
    message = "device=cuda: not present here; choose from auto, cpu"
    return Snapshot(experiment, number, "failed", message, lr=0.03)


def one_point() -> Snapshot:
    """One sample, one step in an epoch, and none taken."""
    experiment = Experiment().changed({"data.n": 1, "batch_size": 1})
    floor = replace(facts().floor, optimum=0.0)
    known = replace(facts(), n=1, steps_per_epoch=1, sample=sample(n=1), floor=floor)
    return replace(ready(experiment), facts=known)


def constant() -> Snapshot:
    """A loss that does not move."""
    losses = (16.2,) * 300
    batches = Points(tuple(i / 100 for i in range(1, 301)), losses, losses, losses)
    return replace(
        finished(1), loss=16.2, batch_losses=batches, epoch_losses=points(16.2, 16.2, 16.2, 16.2)
    )


def zeros() -> Snapshot:
    """No noise: the loss becomes exactly zero, which has no place on a log axis."""
    known = replace(facts(), floor=replace(facts().floor, noise=0.0, optimum=0.0))
    batches = falling(300)
    lows = tuple(0.0 if i > 250 else y for i, y in enumerate(batches.low))
    return replace(
        finished(1),
        experiment=Experiment().changed({"data.noise": 0.0}),
        facts=known,
        loss=0.0,
        batch_losses=Points(batches.x, lows, lows, lows),
        epoch_losses=points(16.2, 0.0378, 1.1e-9, 0.0),
    )


def not_finite() -> Snapshot:
    """A run whose numbers are gone."""
    return replace(
        diverged(1),
        message=Message("the loss is no longer a finite number"),
        loss=math.inf,
        batch_loss=math.nan,
        params={"w": (math.nan, math.inf), "b": (-math.inf,)},
        grads={"w": (math.nan, -math.inf), "b": (math.nan,)},
    )


def many_features() -> Snapshot:
    """Forty weights: more lines than the Values panel has."""
    w = tuple(round(3 * wobble(i), 2) for i in range(40))
    experiment = Experiment().changed({"data.w": w})
    true: Values = {"w": w, "b": (B,)}
    found: Values = {
        "w": tuple(value + 0.001 * wobble(i) for i, value in enumerate(w)),
        "b": (4.2,),
    }
    grads: Values = {"w": tuple(0.01 * wobble(5 * i) for i in range(40)), "b": (0.001,)}
    start: Values = {"w": (0.0,) * 40, "b": (0.0,)}
    return replace(
        finished(1),
        experiment=experiment,
        facts=facts(true, start),
        params=found,
        grads=grads,
        path=Way((0.0, 3.0), (flat(start), flat(found))),
    )


STATES: dict[str, Callable[[], Snapshot]] = {
    made.__name__: made
    for made in (
        loading,
        ready,
        running,
        paused,
        stopped,
        finished,
        diverged,
        failed,
        one_point,
        constant,
        zeros,
        not_finite,
        many_features,
        of_a_file,
    )
}
