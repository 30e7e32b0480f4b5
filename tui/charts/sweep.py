"""A sweep over one key as a curve, over two as a heat map."""

from __future__ import annotations

import math

from engine.catalog.param import Value
from engine.jobs.sweep import Cell, SweepProgress
from engine.support.translation import Translatable, tr, trn
from tui.drawing.chart import Chart, Curve
from tui.drawing.heatmap import Heat
from tui.text.numbers import significant

LOSS: Translatable = "final loss"
FLOOR: Translatable = "epochs to the floor"


def measured(cell: Cell | None, measure: str) -> float | None:
    """What a map shows of a run: NaN for a diverged one, None for one that is not done.

    Epochs to the floor are ∞ where it was not reached.
    """
    if cell is None:
        return None
    if cell.status == "diverged":
        return math.nan
    if measure == LOSS:
        return cell.loss
    return float(cell.floor_epoch) if cell.floor_epoch is not None else math.inf


def heat(progress: SweepProgress, measure: str, critical_lr: float) -> Heat:
    """The heat map of a sweep with two axes, x the first."""
    x, y = progress.sweep.axes
    values = tuple(
        tuple(
            measured(progress.cells[progress.sweep.index((column, row))], measure)
            for column in range(len(x.values))
        )
        for row in range(len(y.values))
    )
    return Heat(
        values,
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
        log=measure == LOSS,
        limit_column=beyond(x.key, x.values, critical_lr),
        limit_label="2/λmax",
        limit_beyond=limit_beyond(x.key, x.values, critical_lr),
        absent=tr("diverged"),
        endless=tr("not at the floor"),
    )


def limit_beyond(key: str, values: tuple[Value, ...], critical_lr: float) -> str:
    """On which side the limit is beyond the map, and what it is; empty where it is on the map."""
    lrs = [value for value in values if isinstance(value, float)]
    if key != "lr" or not lrs or not math.isfinite(critical_lr):
        return ""
    if critical_lr < lrs[0]:
        return tr("← 2/λmax {limit}", limit=label(critical_lr))
    if critical_lr > lrs[-1]:
        return tr("2/λmax {limit} →", limit=label(critical_lr))
    return ""


def nothing(measure: str) -> str:
    """What became of the runs where none has a number."""
    return tr("all diverged") if measure == LOSS else tr("all never at the floor")


def curve(progress: SweepProgress, measure: str, critical_lr: float) -> Chart:
    """The curve of a sweep with one axis."""
    (axis,) = progress.sweep.axes
    log_x = is_log(axis.values)
    points = [
        (math.log10(x) if log_x else x, y)
        for x, cell in zip(axis.values, progress.cells, strict=True)
        if isinstance(x, int | float) and (y := measured(cell, measure)) is not None
    ]
    curves = []
    finite = [y for _, y in points if math.isfinite(y)]
    if axis.key == "lr" and math.isfinite(critical_lr) and finite:
        limit = math.log10(critical_lr) if log_x else critical_lr
        ends = (min(finite), max(finite))
        curves.append(Curve((limit, limit), ends, color="reference", label="2/λmax", dashed=True))
    curves.append(Curve([x for x, _ in points], [y for _, y in points], label=tr(measure)))
    curves.append(Curve([x for x, _ in points], [y for _, y in points], "marks"))
    name = f"log10 {axis.key}" if log_x else axis.key
    return Chart(
        tuple(curves),
        title=tr("{y} against {x}", y=tr(measure), x=name),
        x_label=name,
        log_y=measure == LOSS,
        empty=nothing(measure) if progress.done else tr("no run to show yet"),
    )


def is_log(values: tuple[Value, ...]) -> bool:
    """Whether values are better shown by their logarithm."""
    numbers = [value for value in values if isinstance(value, int | float)]
    return min(numbers) > 0 and max(numbers) / min(numbers) >= 30


def beyond(key: str, values: tuple[Value, ...], critical_lr: float) -> int | None:
    """The first place along an lr axis at or beyond the limit of full-batch gradient descent."""
    if key != "lr" or (isinstance(values[0], float) and critical_lr < values[0]):
        return None
    columns = (
        column
        for column, value in enumerate(values)
        if isinstance(value, float) and value >= critical_lr
    )
    return next(columns, None)


def label(value: Value) -> str:
    """A value of an axis in a few cells."""
    return significant(value, 2) if isinstance(value, float) else str(value)
