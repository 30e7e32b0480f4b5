"""The error along each eigenvector, as a chart."""

from __future__ import annotations

from engine.support.translation import Translatable, tr
from engine.training.directions import directions, is_predicted
from engine.training.snapshot import Snapshot
from tui.charts.empty import absent
from tui.charts.view import View
from tui.drawing.chart import Chart, Curve
from tui.keys.in_use import key_of
from tui.text.numbers import significant

MIN_ERROR_SHARE = 1e-8
"""Share of the largest error below which nothing is shown: rounding, and predictions beyond it."""

NO_DIRECTIONS: Translatable = "only for models that are linear in their parameters"


def directions_chart(now: Snapshot) -> Chart:
    """|vᵀ(θ − θ*)| of each eigenvector over the epochs, and dashed what theory predicts."""
    predicted = is_predicted(now)
    by_steepness = list(enumerate(directions(now)))[::-1]  # the steepest lies on top
    measured = [
        Curve(
            now.path.x,
            direction.measured,
            color=index,
            label=f"{'' if index else 'λ '}{significant(direction.eigenvalue, 3)}",
        )
        for index, direction in by_steepness
    ]
    dashed = [
        Curve(direction.times, direction.predicted, color=index, dashed=True, marker=".")
        for index, direction in by_steepness
        if predicted
    ]
    high = max((value for curve in measured for value in curve.ys), default=0.0)
    low = min((y for curve in (*measured, *dashed) for y in curve.ys if y > 0), default=high)
    return Chart(
        (*dashed, *measured),
        title=tr("error, dashed (1−lr·λ)ᵏ") if predicted else tr("error, measured only"),
        x_label=tr("epochs"),
        y_label=tr("error along the steepest"),
        log_y=True,
        x_range=(0.0, float(now.experiment.epochs)),
        y_range=(max(low, MIN_ERROR_SHARE * high) / 2, 2 * high),
        empty=absent(now, tr("press {start} to train", start=key_of("start")))
        if by_steepness or not now.facts
        else tr(NO_DIRECTIONS),
    )


DIRECTIONS = View(
    "directions",
    "Directions",
    lambda scene: scene.seen(directions_chart(scene.now)),
    "How far θ is from θ* along each eigenvector. Steps shrink it by 1 − lr·λ: steep "
    "directions first. Level at the end: minibatch noise, or rounding.",
    is_over_time=True,
)
