"""How the rows stand to the line of least squares: four views that tell a bad model from a good.

All are drawn at the closed form, wherever training is, and are those of least squares whatever the
loss.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from engine.support.translation import Translatable, tr
from engine.theory.landscape import Range
from engine.training.snapshot import Snapshot
from tui.charts.view import Scene, View
from tui.drawing.chart import Chart, Curve, Level
from tui.text.numbers import number

if TYPE_CHECKING:
    from engine.statistics.diagnostics import Diagnostics

FAR = (0.5, 1.0)
"""Cook's distances from which on a row bends the line (Cook and Weisberg 1982)."""
CONTOUR_POINTS = 60


@dataclass(frozen=True)
class Cloud:
    """A point for each row that has both numbers."""

    rows: Sequence[int]
    """Which of the rows of the diagnostics each is."""
    xs: Sequence[float]
    ys: Sequence[float]


def cloud(xs: Sequence[float], ys: Sequence[float], rows: Sequence[int] = ()) -> Cloud:
    """The points of which both numbers are there."""
    places = rows or range(len(xs))
    points = [point for point in zip(places, xs, ys, strict=True) if point[2] == point[2]]
    return Cloud(*map(list, zip(*points, strict=True))) if points else Cloud((), (), ())


def against_fitted(rows: Diagnostics) -> Cloud:
    """Residuals against ŷ."""
    return cloud(rows.fitted.tolist(), rows.residual.tolist())


def against_normal(rows: Diagnostics) -> Cloud:
    """Sorted studentized residuals against what a normal sample would have in their places."""
    order = rows.normal.argsort().tolist()
    return cloud(rows.normal[order].tolist(), rows.studentized[order].tolist(), order)


def scale_location(rows: Diagnostics) -> Cloud:
    """√|studentized residual| against ŷ."""
    return cloud(rows.fitted.tolist(), rows.studentized.abs().sqrt().tolist())


def against_leverage(rows: Diagnostics) -> Cloud:
    """Studentized residuals against leverage."""
    return cloud(rows.leverage.tolist(), rows.studentized.tolist())


def contours(rows: Diagnostics, points: Cloud) -> tuple[Curve, ...]:
    """Where Cook's distance is that of FAR: r = ±√(D·p·(1 − h)/h), as far as residuals reach."""
    parameters = rows.parameters
    right, reach = max(points.xs), max(map(abs, points.ys))
    hs = [right * (i + 1) / CONTOUR_POINTS for i in range(CONTOUR_POINTS)]
    curves = []
    for index, far in enumerate(FAR):
        for sign in (1, -1):
            line = [(h, sign * (far * parameters * (1 - h) / h) ** 0.5) for h in hs if h < 1]
            inside = [point for point in line if abs(point[1]) <= 1.2 * reach]
            curves.append(
                Curve(
                    [h for h, _ in inside],
                    [r for _, r in inside],
                    color=index,
                    label=tr("Cook {distance}", distance=far) if sign > 0 else "",
                    dashed=True,
                )
            )
    return tuple(curve for curve in curves if curve.xs)


def diagonal(rows: Diagnostics, points: Cloud) -> tuple[Curve, ...]:
    """Where the residuals of a normal sample lie."""
    ends = (points.xs[0], points.xs[-1])
    return (Curve(ends, ends, color="fit", label=tr("normal"), dashed=True),)


def no_curves(rows: Diagnostics, points: Cloud) -> tuple[Curve, ...]:
    """Nothing beside the points."""
    return ()


@dataclass(frozen=True)
class Plot:
    """What one of the views draws of the diagnostics."""

    points: Callable[[Diagnostics], Cloud]
    title: Translatable
    x_label: Translatable
    y_label: Translatable
    curves: Callable[[Diagnostics, Cloud], tuple[Curve, ...]] = no_curves
    levels: tuple[Level, ...] = (Level(0.0, "0"),)


def diagnostics_chart(scene: Scene, plot: Plot) -> Chart:
    """The points of a plot, with the row nearest to the cursor marked and named."""
    rows = diagnostics_of(scene.now)
    points = plot.points(rows) if rows else Cloud((), (), ())
    if not rows or not points.xs:
        return Chart(empty=tr("only for models that are linear, with more rows than parameters"))
    chart = Chart(
        (
            *plot.curves(rows, points),
            Curve(points.xs, points.ys, "points", "data", marker="."),
        ),
        plot.levels,
        title=tr(plot.title),
        x_label=tr(plot.x_label),
        y_label=tr(plot.y_label),
        x_range=scene.x_range,
        cursor=scene.cursor,
    )
    if scene.cursor is None:
        return chart
    cursor = scene.cursor
    nearest = min(range(len(points.xs)), key=lambda i: abs(points.xs[i] - cursor))
    x, y, index = points.xs[nearest], points.ys[nearest], points.rows[nearest]
    assert scene.now.facts
    sample = scene.now.facts.sample
    lines = sample.lines
    title = tr(
        "line {line}: {y_name} {y}, Cook {cook}, {x_name} {x}"
        if lines
        else "row {row}: {y_name} {y}, Cook {cook}, {x_name} {x}",
        row=(sample.rows[index] if sample.rows else index) + 1,
        line=lines[index] if lines else 0,
        x_name=chart.x_label,
        x=number(x),
        y_name=chart.y_label,
        y=number(y),
        cook=number(float(rows.cook[index])),
    )
    mark = Curve((x,), (y,), "marks", "now", mark="●")
    unnamed = (replace(curve, label="") for curve in chart.curves)  # the row needs the room
    return replace(chart, curves=(*unnamed, mark), title=title)


def diagnostics_of(snapshot: Snapshot) -> Diagnostics | None:
    """The diagnostics of the sample, where there are any."""
    return snapshot.facts.sample.diagnostics if snapshot.facts else None


def x_range_of(plot: Plot) -> Callable[[Snapshot, int], Range]:
    """How to find the x range of all the points of a plot."""

    def full_range(snapshot: Snapshot, turn: int) -> Range:
        rows = diagnostics_of(snapshot)
        xs = plot.points(rows).xs if rows else ()
        return (min(xs), max(xs)) if xs else (0.0, 1.0)

    return full_range


def stops_of(plot: Plot) -> Callable[[Snapshot], list[float]]:
    """How to find where the points of a plot are, from left to right."""

    def stops(snapshot: Snapshot) -> list[float]:
        rows = diagnostics_of(snapshot)
        return sorted(set(plot.points(rows).xs)) if rows else []

    return stops


def view(name: str, title: Translatable, plot: Plot, reading: Translatable) -> View:
    """A view that draws a plot."""
    return View(
        name,
        title,
        lambda scene: diagnostics_chart(scene, plot),
        reading,
        full_range=x_range_of(plot),
        stops=stops_of(plot),
    )


FITTED = view(
    "fitted",
    "Residuals against ŷ",
    Plot(against_fitted, "residuals of least squares against ŷ", "ŷ", "y − ŷ"),
    "Residuals y − ŷ of least squares. A bend: the model lacks a term. A funnel: uneven noise.",
)
NORMAL = view(
    "normal",
    "Normal QQ",
    Plot(
        against_normal,
        "sorted residuals against those of a normal sample",
        "normal",
        "studentized",
        diagonal,
        (),
    ),
    "Studentized residuals in order. On the line: normal noise. Ends off it: heavy tails.",
)
SCALE = view(
    "scale",
    "Scale–location",
    Plot(scale_location, "√|studentized residual| against ŷ", "ŷ", "√|studentized|", levels=()),
    "The size of the residuals along ŷ. Level: even noise, so the errors hold. Rising: they do "
    "not.",
)
LEVERAGE = view(
    "leverage",
    "Leverage",
    Plot(
        against_leverage,
        "studentized residual against leverage",
        "leverage",
        "studentized",
        contours,
    ),
    "Far right: rows that pull the line. Beyond a dashed line of Cook's distance they bend it.",
)
