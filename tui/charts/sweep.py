"""A sweep over one key as a curve, over two as a heat map with cuts through it."""

from __future__ import annotations

import math

from engine.jobs.axis import LOG_FROM
from engine.jobs.best import Best
from engine.jobs.sweep import Cell, SweepProgress
from engine.support.translation import Translatable, in_words, tr, trn
from tui.drawing.chart import Chart, Curve
from tui.drawing.heat import Heat
from tui.text.numbers import significant

LOSS: Translatable = "final loss"
FLOOR: Translatable = "epochs to the floor"
SAMPLES: Translatable = "samples to the floor"
EXCESS: Translatable = "excess over the floor"
MEASURES = (LOSS, FLOOR, SAMPLES, EXCESS)
"""What a map can show of its runs, in the order in which a key turns them."""
LEAST_EXCESS = 1e-3
"""The share of the floor from which on an excess is more than a matter of the data."""


def measured(cell: Cell | None, measure: str) -> float | None:
    """What a map shows of a run: NaN for a diverged one, None for one that is not done.

    Epochs and samples to the floor are ∞ where it was not reached.
    """
    if cell is None:
        return None
    if cell.status == "diverged":
        return math.nan
    if measure == LOSS:
        return cell.loss
    if measure == EXCESS:
        return cell.excess if cell.excess >= LEAST_EXCESS else 0.0
    reached = cell.floor_epoch if measure == FLOOR else cell.floor_samples
    return math.inf if reached is None else float(reached)


def is_log_measure(measure: str) -> bool:
    """Whether a measure is better shown by its logarithm."""
    return measure in (LOSS, EXCESS)


def heat(progress: SweepProgress, measure: str, best: Best | None = None) -> Heat:
    """The heat map of a sweep with two axes, x the first, with its best run and its limits."""
    sweep = progress.sweep
    x, y = sweep.axes
    rows = [
        [sweep.index((column, row)) for column in range(len(x.values))]
        for row in range(len(y.values))
    ]
    column, row = sweep.place(best.cell.index) if best else (None, None)
    return Heat(
        tuple(tuple(measured(progress.cells[index], measure) for index in row) for row in rows),
        tuple(map(label, x.values)),
        tuple(map(label, y.values)),
        trn(
            "{measure} of {n} run",
            "{measure} of {n} runs",
            n=len(progress.cells),
            measure=tr(measure),
        ),
        x.key,
        y.key,
        log=is_log_measure(measure),
        best=None if row is None or column is None else (row, column),
        beyond=beyond(progress),
        note=limit_note(progress),
    )


def beyond(progress: SweepProgress) -> tuple[tuple[bool, ...], ...]:
    """Which lrs of a map theory calls too large, by row; empty where that is not known of all."""
    x, y = progress.sweep.axes
    if not progress.limits or len(progress.limits) < progress.sweep.limits:
        return ()
    limits = [limit.lr for limit in progress.limits]
    if x.key == "lr":
        return tuple(tuple(lr >= limit for lr in x.values) for limit in limits)
    return tuple(tuple(lr >= limit for limit in limits) for lr in y.values)


def limit_note(progress: SweepProgress) -> str:
    """Where the limits of the lr are if no run has them beside it, or why there are none."""
    limits = [limit.lr for limit in progress.limits]
    if not limits:
        return ""
    lrs = next(axis.values for axis in progress.sweep.axes if axis.key == "lr")
    if math.isinf(max(limits)):
        return in_words(progress.limits[0].name)
    if max(limits) < min(lrs):
        return tr("← limit {limit}", limit=label(max(limits)))
    if min(limits) > max(lrs):
        return tr("limit {limit} →", limit=label(min(limits)))
    return ""


def nothing(measure: str) -> str:
    """What became of the runs where none has a number."""
    return tr("all never at the floor") if measure in (FLOOR, SAMPLES) else tr("all diverged")


def curve(progress: SweepProgress, measure: str, at: int, along: int = 0) -> Chart:
    """A measure along one axis of a sweep, through one of its runs; of a single axis the best."""
    sweep = progress.sweep
    axis, places = sweep.axes[along], list(sweep.place(at))
    log_x = is_log(axis.values)
    points, here = [], axis.values[places[along]]
    for place, x in enumerate(axis.values):
        places[along] = place
        y = measured(progress.cells[sweep.index(tuple(places))], measure)
        if y is not None:
            points.append((math.log10(x) if log_x else x, y))
    curves = []
    finite = [y for _, y in points if math.isfinite(y)]
    limit = progress.limit(at)
    if axis.key == "lr" and limit and math.isfinite(limit.lr) and finite:
        x = math.log10(limit.lr) if log_x else limit.lr
        ends = (min(finite), max(finite))
        curves.append(Curve((x, x), ends, color="reference", label=tr("limit of lr"), dashed=True))
    xs, ys = [x for x, _ in points], [y for _, y in points]
    curves += [Curve(xs, ys), Curve(xs, ys, "marks")]
    is_cut = len(sweep.axes) == 2
    x = math.log10(here) if log_x else here
    best = measured(progress.cells[at], measure)
    if not is_cut and progress.state != "running" and best is not None and math.isfinite(best):
        curves.append(Curve((x,), (best,), "marks", color="ink", label=tr("best"), mark="★"))
    return Chart(
        tuple(curves),
        title=tr(measure) if is_cut else tr("{y} against {x}", y=tr(measure), x=axis.key),
        x_label=axis.key,
        log_x=log_x,
        log_y=is_log_measure(measure),
        cursor=x if is_cut else None,
        empty=nothing(measure) if progress.done else tr("no run to show yet"),
    )


def is_log(values: tuple[float, ...]) -> bool:
    """Whether values are better shown by their logarithm."""
    return min(values) > 0 and max(values) / min(values) >= LOG_FROM


def label(value: float) -> str:
    """A value of an axis in a few cells."""
    return significant(value, 2) if isinstance(value, float) else str(value)
