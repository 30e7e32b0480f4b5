"""Thousands of runs as one program against as many runs of the plain loop."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import count

import numpy as np
import torch

from engine.experiment import Experiment
from engine.jobs.axis import parse_axis
from engine.jobs.lanes import WIDTH, Lanes, compiled_epochs, run_sweep
from engine.jobs.sweep import Sweep
from engine.problem import build
from engine.theory.gather import facts
from tests.bench.loops import LR, epochs_of, ms
from tests.bench.plain import FromScratch
from tests.bench.report import Row, at_least, at_most
from tests.bench.timing import Rounds, apart, in_turns, timed

SWEEPS = {
    "4,096 lr": ("lr=log:1e-3:1:4096",),
    "64 lr × 64 batch sizes": ("lr=log:1e-3:1:64", "batch_size=lin:1:64:64"),
}
RUNS = 4096


def sweeps(rounds: int) -> Iterator[Row]:
    """A step of a run of a sweep, from the typed axes to the last result, against a plain loop."""
    for epochs in (3, 30):
        for name, axes in SWEEPS.items():
            result = apart(sweep, axes, epochs, rounds + 2)
            yield at_least(
                f"sweep of {name}, n 1,000, d 2, {epochs} epochs",
                result.ratio("plain", "sweep"),
                8000 if epochs == 3 else None,
                f"{ns(result, 'sweep')} a step of a configuration; plain loop, B 10: "
                f"{ms(result.median('plain'))} a step",
            )
        yield at_least(
            f"— the kernels of its lanes alone, {epochs} epochs",
            result.ratio("plain", "kernels"),
            note=ns(result, "kernels"),
        )
    yield at_most(
        "— its data, closed form and noise floor, in times of its kernels, 30 epochs",
        result.ratio("facts", "kernels"),
    )


def sweep(axes: tuple[str, ...], epochs: int, rounds: int, runs: int = RUNS) -> Rounds:
    """Seconds for a step of a configuration."""
    torch.set_num_threads(1)
    experiment = Experiment().changed({"device": "cpu", "epochs": epochs, "lr": LR})
    problem = build(experiment)
    (n, features), size = problem.X.shape, experiment.batch_size
    sizes = range(1, 65) if len(axes) > 1 else [size]
    steps = epochs * runs // len(sizes) * sum(math.ceil(n / size) for size in sizes)
    seeds = count()

    def whole() -> None:
        # Another seed every time: nothing is left over from the sweep before.
        fresh = experiment.changed({"seed": next(seeds)})
        grid = Sweep(fresh, tuple(parse_axis(axis, fresh) for axis in axes))
        assert sum(map(len, run_sweep(grid))) == runs

    def alone() -> None:
        for first in range(0, runs, WIDTH):
            width = min(WIDTH, runs - first)
            lrs, sizes = np.full(width, LR), np.full(width, size)
            lanes = Lanes(np.arange(width), lrs, sizes, np.zeros_like(sizes), [experiment.init])
            start = np.zeros((features + 1, 1), np.float32)
            assert len(list(compiled_epochs(experiment, problem, start, lanes))) == epochs + 1

    plain = epochs_of(FromScratch(problem.X, problem.y, size, LR), 3)
    per_epoch = math.ceil(n / size)
    return in_turns(
        {
            "plain": lambda: plain() / per_epoch,
            "sweep": timed(whole, steps),
            "kernels": timed(alone, epochs * runs * per_epoch),
            "facts": timed(lambda: facts(build(experiment)), epochs * runs * per_epoch),
        },
        rounds,
    )


def ns(result: Rounds, name: str) -> str:
    """Nanoseconds in words."""
    return f"{result.median(name) * 1e9:.3g} ns"
