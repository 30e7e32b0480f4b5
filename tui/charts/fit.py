"""The data with the model's line."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from engine.catalog.model import Linear
from engine.catalog.parameters import flat
from engine.support.cell_width import cut
from engine.support.translation import tr
from engine.theory.landscape import Range
from engine.training.snapshot import Snapshot
from tui.charts.ahead import ahead
from tui.charts.view import Scene, View
from tui.drawing.chart import Chart, Curve
from tui.drawing.ticks import padded

LINE_POINTS = 60
"""Pieces of the model's line, so that the cursor finds a value near it."""
STICKS = 24
"""Most residuals that are drawn as sticks, or twice as many where they do not come out even."""
LONGEST_NAME = 20
"""Characters of a column's name in the title."""


def original_sample(snapshot: Snapshot) -> tuple[Sequence[Sequence[float]], Sequence[float]]:
    """The columns of the sample and its labels, in the units of the data."""
    assert snapshot.facts
    sample, scaling = snapshot.facts.sample, snapshot.facts.scaling
    if scaling is None:
        return sample.X, sample.y
    columns = [scaling.original_feature(index, x) for index, x in enumerate(sample.X)]
    return columns, scaling.original_label(sample.y)


def predictions(snapshot: Snapshot, columns: Sequence[Sequence[float]]) -> list[float]:
    """ŷ for each row of some columns of features, in the units of the data."""
    import torch  # there are facts, so it is there

    assert snapshot.facts
    model, scaling = snapshot.experiment.architecture(), snapshot.facts.scaling
    theta = torch.tensor(flat(snapshot.params), dtype=torch.float64)
    X = torch.tensor(columns, dtype=torch.float64).T
    y_hat = model.predict(model.shaped(theta), scaling.features(X) if scaling else X)
    predicted: list[float] = (scaling.original_labels(y_hat) if scaling else y_hat)[:, 0].tolist()
    return predicted


def feature_at(snapshot: Snapshot, turn: int) -> int | None:
    """Which feature a turn looks at; None after several of them, for what goes over all."""
    assert snapshot.facts
    features = len(snapshot.facts.sample.X)
    if features == 1:
        return 0
    turn %= features + 1
    return turn if turn < features else None


def fit_chart(snapshot: Snapshot, turn: int) -> Chart:
    """The data with the line of one feature; after several of them ŷ against y.

    Only ŷ against y tells all of a model of several features that is no sum of their shares.
    """
    model = snapshot.experiment.architecture()
    columns, _ = original_sample(snapshot)
    feature = feature_at(snapshot, turn)
    if len(columns) == 1:
        return line_chart(snapshot)
    if feature is None or not isinstance(model, Linear):
        return predicted_chart(snapshot)
    return partial_chart(snapshot, feature, model)


def line_chart(snapshot: Snapshot) -> Chart:
    """y against the only feature, with the model's line."""
    (column,), y = original_sample(snapshot)
    xs = across(column)
    dataset = snapshot.experiment.dataset()
    name, target = dataset.columns[0].label, dataset.target.label
    return Chart(
        over((xs, predictions(snapshot, [xs]), tr("model")), (column, y)),
        title=tr("{y} against {x}", y=cut(target, LONGEST_NAME), x=cut(name, LONGEST_NAME)),
        x_label=name,
        y_label=target,
        x_range=(xs[0], xs[-1]),
    )


def partial_chart(snapshot: Snapshot, feature: int, model: Linear) -> Chart:
    """y less what the other features and the bias explain, against xⱼ, with the line wⱼ·xⱼ.

    Partial residuals: y − ŷ + wⱼ·xⱼ at the present parameters (Larsen and McCleary 1972).
    """
    columns, y = original_sample(snapshot)
    column, weight = columns[feature], snapshot.original_params[model.weight][feature]
    rows = zip(column, y, predictions(snapshot, columns), strict=True)
    rest = [label - y_hat + weight * x for x, label, y_hat in rows]
    xs = across(column)
    dataset = snapshot.experiment.dataset()
    name, target = dataset.columns[feature].label, dataset.target.label
    share = f"w·{dataset.columns[feature].name}"
    line = xs, [weight * x for x in xs], cut(share, LONGEST_NAME)
    return Chart(
        over(line, (column, rest)),
        title=tr(
            "{y} less the rest, against {x}",
            y=cut(target, LONGEST_NAME),
            x=cut(name, LONGEST_NAME),
        ),
        x_label=name,
        y_label=share,
        x_range=(xs[0], xs[-1]),
    )


def predicted_chart(snapshot: Snapshot) -> Chart:
    """ŷ against y, with the diagonal on which they are alike."""
    columns, y = original_sample(snapshot)
    ends = padded(min(y), max(y))
    target = snapshot.experiment.dataset().target.label
    return Chart(
        over((ends, ends, "ŷ = y"), (y, predictions(snapshot, columns))),
        title=tr("{y} against {x}", y="ŷ", x=cut(target, LONGEST_NAME)),
        x_label=target,
        y_label="ŷ",
        x_range=ends,
    )


def across(column: Sequence[float]) -> list[float]:
    """Evenly spaced numbers from below the column to beyond it."""
    left, right = padded(min(column), max(column))
    return [left + (right - left) * i / LINE_POINTS for i in range(LINE_POINTS + 1)]


def over(
    line: tuple[Sequence[float], Sequence[float], str],
    data: tuple[Sequence[float], Sequence[float]],
) -> tuple[Curve, Curve]:
    """A line, xs, ys and label, and the data over it, which it would hide where they lie on it."""
    xs, ys, label = line
    return (
        Curve(xs, ys, color="fit", label=label, marker="*"),
        Curve(*data, "points", "data", tr("data"), marker=".", shares=True),
    )


def line_ahead(run: Snapshot, scene: Scene) -> list[Curve]:
    """The line of the run that would follow, where it comes to one over the same columns."""
    columns, others = (each.experiment.dataset().columns for each in (run, scene.now))
    if run.facts is None or run.state == "diverged" or columns != others:
        return []
    line = fit_chart(run, scene.turn).curves[0]
    return [ahead(line.xs, line.ys)]


def with_sticks(chart: Chart) -> Chart:
    """The fit, with a stick from some of the points to the line: the residuals."""
    lines = [curve for curve in chart.curves if curve.color == "fit"]
    clouds = [curve for curve in chart.curves if curve.kind == "points"]
    if not (lines and clouds):
        return chart
    line, data = lines[0], clouds[0]
    every = max(1, len(data.xs) // STICKS)
    xs: list[float] = []
    ys: list[float] = []
    for x, y in zip(data.xs[::every], data.ys[::every], strict=True):
        xs += (x, x, math.nan)
        ys += (y, height_of(line, x), math.nan)
    return replace(chart, curves=(Curve(xs, ys, color="faint", marker=":"), *chart.curves))


def height_of(line: Curve, x: float) -> float:
    """y on a line of evenly spaced points at an x within it."""
    left, right, pieces = line.xs[0], line.xs[-1], len(line.xs) - 1
    along = (x - left) / (right - left) * pieces
    index = min(max(int(along), 0), pieces - 1)
    return line.ys[index] + (along - index) * (line.ys[index + 1] - line.ys[index])


def feature_range(snapshot: Snapshot, turn: int) -> Range:
    """All of the chart's x axis: the feature, or y, in the sample, and a little air."""
    chart = fit_chart(snapshot, turn)
    assert chart.x_range
    return chart.x_range


def draw_fit(scene: Scene) -> Chart:
    """The fit as it is looked at; the cursor reads the line, or ŷ of the nearest point."""
    chart = fit_chart(scene.now, scene.turn)
    if scene.preview and chart.y_label != "ŷ":
        line, *data = chart.curves
        chart = replace(chart, curves=(line, *line_ahead(scene.preview, scene), *data))
    return scene.seen(chart, read=1 if chart.y_label == "ŷ" else 0)


FIT = View(
    "fit",
    "Fit",
    draw_fit,
    "The dots come to lie on the line as the model learns. Of several features, one at a time: y "
    "less the bias and the other shares. {feature}: the next one, at last ŷ against y.",
    turns="feature",
    full_range=feature_range,
)
"""The Fit chart: the data with the line, and the other views of the model."""
