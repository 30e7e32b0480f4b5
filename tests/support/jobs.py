"""Sweeps, races, a search of the learning rate and a study, made up for the screen."""

from __future__ import annotations

import math
from typing import Literal

import torch

from engine.catalog.optimizers import OPTIMIZERS
from engine.catalog.parameters import Values
from engine.experiment import Experiment
from engine.jobs.axis import Axis
from engine.jobs.band import fan
from engine.jobs.finder import Finding
from engine.jobs.job import JobState
from engine.jobs.race import Race, RaceProgress, Racer, Status, Track
from engine.jobs.sweep import Cell, Sweep, SweepProgress
from engine.support.translation import Message
from engine.theory.curvature import curvature
from engine.theory.noise import GradientNoise
from engine.theory.second_derivatives import Method
from engine.theory.stability import Limit
from engine.theory.study import Study
from engine.theory.xray import Xray
from tests.support.snapshots import EPOCH_LOSSES, MINIBATCH_LIMIT, START, B, W, facts, wobble


def swept(state: JobState, done: float = 1.0) -> SweepProgress:
    """A sweep over lr and batch size; the large learning rates diverge, and a little before them
    lie the limits, once it is over."""
    lrs = tuple(10 ** (-3 + 3.5 * i / 15) for i in range(16))
    sweep = Sweep(Experiment(), (Axis("lr", lrs), Axis("batch_size", (1, 5, 10, 50, 100))))
    cells: list[Cell | None] = []
    for index, (lr, batch_size) in enumerate(sweep.settings()):
        assert isinstance(lr, float)
        assert isinstance(batch_size, int)
        runs_away = lr > 1.2 + batch_size / 100
        loss = math.inf if runs_away else 5e-5 + 16 / (1 + (3000 * lr / batch_size) ** 2)
        floor = 1 + index % 3 if loss < 6e-5 else None
        status: Literal["finished", "diverged"] = "diverged" if runs_away else "finished"
        cells.append(
            Cell(index, loss, floor, status, (loss, loss, loss), 5e-5, floor and 1000 * floor)
        )
    count = round(done * len(cells))
    shown = tuple(cells[:count]) + (None,) * (len(cells) - count)
    limits = tuple(
        Limit(1.1 + size / 100, "minibatches", Message("minibatches of {size}", size=size))
        for size in sweep.axes[1].values
    )
    over = limits if done == 1 else ()
    return SweepProgress(sweep, state, "", shown, count, 0.5 * done, over)


def seed_band() -> SweepProgress:
    """The baseline over 32 seeds."""
    cells = tuple(
        Cell(
            index,
            5e-5,
            3,
            "finished",
            tuple(loss * (1 + 0.5 * wobble(index)) for loss in EPOCH_LOSSES[1:]),
            5e-5,
            3000,
        )
        for index in range(32)
    )
    return SweepProgress(fan(Experiment(), 32), "finished", "", cells, 32, 0.2)


def raced(state: JobState, share: float = 1.0, tuned: bool = False) -> RaceProgress:
    """A race of all optimizers on the baseline; momentum overshoots and AdaGrad is far behind."""
    race = Race(Experiment(), tuple(map(Racer, OPTIMIZERS.entries)), tuned)
    factors = dict(zip(OPTIMIZERS.entries, (0.94, 0.9, 0.89, 0.999, 0.95, 0.97), strict=True))
    steps = tuple(range(0, round(share * 300) + 1, 3))
    tracks = []
    for place, (name, factor) in enumerate(factors.items()):
        losses = tuple(5e-5 + 16 * factor ** (2 * step) for step in steps)
        swing = 0.04 if name in ("momentum", "nesterov") else 0.0
        left = [factor**step * math.cos(swing * step) for step in steps]
        bend = [1 + 0.1 * place * (1 - factor**step) * factor**step for step in steps]
        places: list[Values] = [
            {"w": (W[0] * (1 - rest), W[1] * (1 - rest) * more), "b": (B * (1 - rest),)}
            for rest, more in zip(left, bend, strict=True)
        ]
        status: Status = "finished" if state == "finished" else "running"
        floor = next((s for s, x in zip(steps, losses, strict=True) if x < 5.5e-5), None)
        lr = 0.01 * (place + 1) if tuned else 0.03
        tracks.append(Track(Racer(name), lr, status, steps, losses, tuple(places), floor, floor))
    return RaceProgress(race, state, "", facts(), tuple(tracks), 0.5 * share)


def found() -> Finding:
    """A ramp that falls and then runs away."""
    lrs = tuple(10 ** (-4 + 5 * i / 99) for i in range(100))
    losses = tuple(16 / (1 + (20 * lr) ** 2) + (lr / 1.5) ** 4 for lr in lrs[:90])
    return Finding(lrs[:90], losses, 0.05, 1.87, MINIBATCH_LIMIT)


def posed() -> Study:
    """A study made up of round numbers."""
    H = torch.tensor([[1.0, 0.04, 0.0], [0.04, 1.1, -0.03], [0.0, -0.03, 0.95]]).double()
    bent = curvature(H)
    found: Values = {"w": (-2.0027, 1.0891), "b": (-3.5263,)}
    off: Values = {"w": (-2.0027 + 2e-11, 1.0891 - 1e-11), "b": (-3.5263,)}
    return Study(
        experiment=Experiment(),
        params=START,
        labels=("w[0]", "w[1]", "b"),
        facts=facts(),
        hessian=H,
        second=(
            Method("formula", 0, 9, 0.0),
            Method("create_graph", 4, 9, 2e-16, 8008),
            Method("H·v", 2, 3, 1e-16),
            Method("retain_graph", 1, 0, trouble="element 0 of tensors does not require grad"),
        ),
        curvature=bent,
        headings=tuple({"w": (a, b), "b": (c,)} for a, b, c in bent.eigenvectors.T.tolist()),
        limit=MINIBATCH_LIMIT,
        noise=GradientNoise(torch.tensor([-2.0, 3.4, -4.2]).double(), 94.0, 1000),
        batch_size=10,
        xray=Xray(found, found, off),
        minibatch_size=10,
        step=1,
    )
