"""The data with the model's line."""

from __future__ import annotations

from collections.abc import Sequence

from engine.catalog.parameters import flat
from engine.support.cell_width import cut
from engine.support.translation import tr
from engine.theory.landscape import Range
from engine.training.snapshot import Snapshot
from tui.charts.view import Scene, View
from tui.drawing.chart import Chart, Curve
from tui.drawing.ticks import padded

LINE_POINTS = 60
"""Pieces of the model's line, so that the cursor finds a value near it."""
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


def fit_chart(snapshot: Snapshot, feature: int) -> Chart:
    """y against one feature, with the influence of the other features taken out at their mean.

    The line reaches beyond the data.
    """
    columns, y = original_sample(snapshot)
    feature %= len(columns)
    column = columns[feature]
    ends = feature_range(snapshot, feature)
    xs = [ends[0] + (ends[1] - ends[0]) * i / LINE_POINTS for i in range(LINE_POINTS + 1)]
    rows = [
        xs if i == feature else [sum(values) / len(values)] * len(xs)
        for i, values in enumerate(columns)
    ]
    dataset = snapshot.experiment.dataset()
    single = len(columns) == 1
    name, target = dataset.columns[feature].label, dataset.target.label
    x_name, y_name = (cut(label, LONGEST_NAME) for label in (name, target))
    title = (
        tr("{y} against {x}", y=y_name, x=x_name)
        if single
        else tr("{y} against {x}, rest at mean", y=y_name, x=x_name)
    )
    # Where there is one feature the data lie on the line, and would be hidden by it.
    data = Curve(column, y, "points", "data", tr("data"), marker=".", shares=single)
    line = Curve(xs, predictions(snapshot, rows), color="fit", label=tr("model"), marker="*")
    return Chart(
        (line, data) if single else (data, line),
        title=title,
        x_label=name,
        y_label=target,
        x_range=ends,
    )


def feature_range(snapshot: Snapshot, feature: int) -> Range:
    """The x range of one feature: all of its values in the sample, and a little air."""
    columns, _ = original_sample(snapshot)
    column = columns[feature % len(columns)]
    return padded(min(column), max(column))


def draw_fit(scene: Scene) -> Chart:
    """The fit as it is looked at; the cursor reads the model."""
    chart = fit_chart(scene.now, scene.turn)
    return scene.seen(chart, read=[curve.color for curve in chart.curves].index("fit"))


FIT = View(
    "fit",
    "Fit",
    draw_fit,
    turns="feature",
    full_range=feature_range,
)
