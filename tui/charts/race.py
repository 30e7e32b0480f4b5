"""The losses and the ways of a race, as charts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Literal

from engine.catalog.optimizers import OPTIMIZERS
from engine.catalog.parameters import Values, flat
from engine.jobs.race import RaceProgress
from engine.support.translation import Translatable, in_words, tr
from engine.theory.facts import Facts
from engine.theory.landscape import Landscape, Plane
from engine.theory.landscape import plane as turned
from tui.charts.landscape import relief
from tui.charts.racers import place_of
from tui.drawing.chart import Chart, Curve, Level
from tui.drawing.ticks import padded

PARAMETERS, DIRECTIONS = "parameters", "directions"
EMPTY: Translatable = "press s to start the race"
MAX_LOSS_FACTOR = 10
"""How far above the loss at the start a chart with a diverged racer goes."""


def losses_chart(progress: RaceProgress | None) -> Chart:
    """The loss of every racer against steps, log y, with the floor as a level."""
    if progress is None or progress.facts is None:
        return Chart(empty=waiting(progress))
    facts, experiment = progress.facts, progress.race.experiment
    floor = facts.floor.level
    curves, marks = [], []
    for track in progress.tracks:
        number = place_of(track.racer.optimizer)
        points = list(zip(map(float, track.steps), track.losses, strict=True))
        curves.append(curve(points, number))
        chosen = along(track.steps, shares(number))
        marks.append(curve([points[i] for i in chosen], number, "marks"))
    losses = [
        loss
        for track in progress.tracks
        for loss in track.losses
        if math.isfinite(loss) and loss > 0
    ]
    top = MAX_LOSS_FACTOR * facts.start_loss
    return Chart(
        (*curves, *marks),
        (Level(floor, tr("floor")),),
        tr("loss over all data"),
        x_label=tr("steps"),
        log_y=True,
        x_range=(0.0, float(experiment.steps_per_epoch * experiment.epochs)),
        y_range=(min([floor, *losses]) / 2, top) if max(losses, default=0) > top else None,
        empty=waiting(progress),
    )


def paths_chart(
    progress: RaceProgress | None, plane: str, landscape: Landscape | None = None
) -> Chart:
    """The way of every racer over two parameters or along two directions, on the loss there.

    With a single parameter it is drawn against steps.
    """
    if progress is None or progress.facts is None:
        return Chart(empty=waiting(progress))
    facts, chosen = progress.facts, plane_of(progress.facts, plane)
    curves, marks, inside = [], [], []
    ends = [point(chosen, values, 0) for values in (facts.start, facts.best)]
    for track in progress.tracks:
        number = place_of(track.racer.optimizer)
        points = [
            place_at
            for step, values in zip(track.steps, track.places, strict=True)
            if all(map(math.isfinite, place_at := point(chosen, values, step)))
        ]
        if track.status != "diverged":
            inside += points
        curves.append(curve(points, number))
        lengths = [0.0, *(math.dist(*pair) for pair in pairwise(points))]
        numbered = along(list(accumulate(lengths))[: len(points)], shares(number))
        marks.append(curve([points[i] for i in numbered], number, "marks"))
    (left, right), (low, high) = (
        padded(min(values), max(values)) for values in zip(*ends, *inside, strict=True)
    )
    fits = landscape is not None and landscape.sample is facts.sample and landscape.plane == chosen
    start, best = (
        Curve([x], [y], "marks", "text", marker=sign, mark=sign)
        for (x, y), sign in zip(ends, "ox", strict=True)
    )
    line, has_best = chosen.is_line, facts.is_best_known
    return Chart(
        (*curves, *marks, start, *([best] if has_best and not line else [])),
        (Level(ends[1][1], "θ*"),) if has_best and line else (),
        tr("{name} against steps", name=chosen.names[0])
        if line
        else f"↑ {in_words(chosen.names[1])} → {in_words(chosen.names[0])}",
        x_label=tr("steps") if line else in_words(chosen.names[0]),
        x_range=(left, right),
        y_range=(low, high),
        heat=relief(landscape) if landscape and fits else None,
        empty=waiting(progress),
    )


def plane_of(facts: Facts, plane: str) -> Plane:
    """The plane of the paths: that of the first two parameters, or of two eigenvectors."""
    return turned(facts, 1 if plane == PARAMETERS else 0)


def point(plane: Plane, params: Values, step: int) -> tuple[float, float]:
    """Where θ stands in the plane of the paths; beside the step where it is one number."""
    (x,), (y,) = plane.places([flat(params)])
    return (float(step), x) if plane.is_line else (x, y)


def curve(
    points: Sequence[tuple[float, float]], number: int, kind: Literal["line", "marks"] = "line"
) -> Curve:
    """A racer's curve through some points, or its number at them."""
    sign = str(number + 1)
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return Curve(xs, ys, kind, number, marker=sign, mark=sign)


def shares(number: int) -> list[float]:
    """Where on its way a racer's number stands: three times, at places of its own."""
    return [(turn + (number + 1) / (len(OPTIMIZERS.entries) + 1)) / 3 for turn in range(3)]


def along(lengths: Sequence[float], shares: Sequence[float]) -> list[int]:
    """The places at which a rising sequence first reaches these shares of its end."""
    return [
        next(i for i, length in enumerate(lengths) if length >= share * lengths[-1])
        for share in shares
        if lengths
    ]


def waiting(progress: RaceProgress | None) -> str:
    """What an empty chart says."""
    if progress is None:
        return tr(EMPTY)
    tuned = [track for track in progress.tracks if track.status == "tuning"]
    if progress.state != "running":
        return progress.message or tr("stopped before the start")
    if tuned:
        return tr("looking for the best lr of {optimizer}", optimizer=tuned[0].racer.optimizer)
    return tr("drawing the data")
