"""Data and fit, residuals, and the parameters over time, as charts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from engine.catalog.parameters import flat, labels
from engine.support.translation import tr
from engine.training.snapshot import Snapshot
from tui.drawing.chart import Chart, Curve, Level
from tui.drawing.window import value_at
from tui.text.numbers import number

LINE_POINTS = 60
"""Pieces of the model's line, so that the cursor finds a value near it."""
TRACKED = 8
"""Most parameters that are drawn over time."""


def with_view(
    chart: Chart, x_range: tuple[float, float] | None, cursor: float | None, read: int = -1
) -> Chart:
    """The chart with zoom and cursor, and the value of a curve at the cursor in its title."""
    title = chart.title
    value = value_at(chart.curves[read], cursor) if cursor is not None and chart.curves else None
    if cursor is not None and value is not None:
        title = f"{chart.x_label} {number(cursor)}: {chart.y_label} {number(value)}"
    return replace(chart, x_range=x_range or chart.x_range, cursor=cursor, title=title)


def predictions(snapshot: Snapshot, columns: Sequence[Sequence[float]]) -> list[float]:
    """ŷ for each row of some columns of features, at the present parameters."""
    import torch  # there are facts, so it is there

    model = snapshot.experiment.architecture()
    theta = torch.tensor(flat(snapshot.params), dtype=torch.float64)
    X = torch.tensor(columns, dtype=torch.float64).T
    predicted: list[float] = model.predict(model.shaped(theta), X).flatten().tolist()
    return predicted


def fit_chart(snapshot: Snapshot, feature: int) -> Chart:
    """y against one feature, with the influence of the other features taken out at their mean."""
    assert snapshot.facts
    columns, y = snapshot.facts.sample.X, snapshot.facts.sample.y
    feature %= len(columns)
    column = columns[feature]
    left, right = min(column), max(column)
    xs = [left + (right - left) * i / LINE_POINTS for i in range(LINE_POINTS + 1)]
    rows = [
        xs if i == feature else [sum(values) / len(values)] * len(xs)
        for i, values in enumerate(columns)
    ]
    source = snapshot.experiment.source()
    single = len(columns) == 1
    name = source.x_label if single else f"{source.x_label}[{feature}]"
    title = tr("{y} against {x}", y=source.y_label, x=name)
    return Chart(
        (
            Curve(column, y, "points", "data", tr("data"), marker="."),
            Curve(xs, predictions(snapshot, rows), color="fit", label=tr("model"), marker="*"),
        ),
        title=title if single else title + tr(", others at mean"),
        x_label=name,
        y_label=source.y_label,
    )


def residuals_chart(snapshot: Snapshot, feature: int) -> Chart:
    """ŷ − y against one feature: noise around zero once the model has learned all there is."""
    assert snapshot.facts
    sample = snapshot.facts.sample
    feature %= len(sample.X)
    residuals = [p - y for p, y in zip(predictions(snapshot, sample.X), sample.y, strict=True)]
    source = snapshot.experiment.source()
    name = source.x_label if len(sample.X) == 1 else f"{source.x_label}[{feature}]"
    return Chart(
        (Curve(sample.X[feature], residuals, "points", "data", marker="."),),
        (Level(0.0, "0"),),
        title=tr("residual ŷ − y against {x}", x=name),
        x_label=name,
        y_label="ŷ − y",
    )


def parameters_chart(snapshot: Snapshot) -> Chart:
    """Each parameter over the epochs, its true value as a level."""
    assert snapshot.facts
    path, true = snapshot.path, labels(snapshot.facts.true)[:TRACKED]
    names = [label for label, _ in labels(snapshot.facts.start)][:TRACKED]
    curves = tuple(
        Curve(path.x, [theta[index] for theta in path.theta], color=index, label=label)
        for index, label in enumerate(names)
    )
    return Chart(
        curves,
        tuple(Level(value, label) for label, value in true),
        title=tr("parameters, true values dashed") if true else tr("parameters"),
        x_label=tr("epochs"),
        y_label=names[-1],
        x_range=(0.0, float(snapshot.experiment.epochs)),
        empty=tr("press s to train"),
    )
