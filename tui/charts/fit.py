"""The data with the model's line."""

from __future__ import annotations

from collections.abc import Sequence

from engine.catalog.parameters import flat
from engine.support.translation import tr
from engine.theory.landscape import Range
from engine.training.snapshot import Snapshot
from tui.charts.view import View
from tui.drawing.chart import Chart, Curve

LINE_POINTS = 60
"""Pieces of the model's line, so that the cursor finds a value near it."""


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
    dataset = snapshot.experiment.dataset()
    single = len(columns) == 1
    name, target = dataset.columns[feature].label, dataset.target.label
    title = (
        tr("{y} against {x}", y=target, x=name)
        if single
        else tr("{y} against {x}, rest at mean", y=target, x=name)
    )
    return Chart(
        (
            Curve(column, y, "points", "data", tr("data"), marker="."),
            Curve(xs, predictions(snapshot, rows), color="fit", label=tr("model"), marker="*"),
        ),
        title=title,
        x_label=name,
        y_label=target,
    )


def feature_range(snapshot: Snapshot, feature: int) -> Range:
    """The least and the greatest value of one feature in the sample."""
    assert snapshot.facts
    columns = snapshot.facts.sample.X
    column = columns[feature % len(columns)]
    return min(column), max(column) or 1.0


FIT = View(
    "fit",
    "Fit",
    lambda scene: scene.seen(fit_chart(scene.now, scene.turn)),
    turns="feature",
    full_range=feature_range,
)
