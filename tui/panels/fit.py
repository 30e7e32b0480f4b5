"""The Fit chart: the data with the line, the residuals, or the parameters over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from engine.history import Snapshot
from engine.models import labels
from tui.charts import Chart, Curve, Level, value_at
from tui.numbers import number
from tui.panels.chart import ChartPanel, absent

LINE_POINTS = 60
"""Pieces of the model's line, so that the cursor finds a value near it."""
VIEWS = ("fit", "residuals", "parameters")


class FitPanel(ChartPanel):
    """Three ways to look at the model, turned by key."""

    view = VIEWS[0]
    feature = 0

    def update(self, snapshot: Snapshot) -> None:
        """Show a run."""
        self.snapshots = (snapshot,)
        self.redraw()

    def next_view(self) -> None:
        """Fit, residuals, parameters, and round again."""
        self.view = VIEWS[(VIEWS.index(self.view) + 1) % len(VIEWS)]
        self.border_title = self.view.capitalize()
        self.x_range = self.cursor = None
        self.redraw()

    def next_feature(self) -> None:
        """The next feature along the x axis."""
        self.feature += 1
        self.x_range = self.cursor = None
        self.redraw()

    def full_range(self) -> tuple[float, float]:
        """The range of the feature in the sample, or of the epochs."""
        snapshot = self.snapshots[0]
        if self.view == "parameters" or not snapshot.facts:
            return 0.0, float(snapshot.experiment.epochs)
        columns = snapshot.facts.sample.X
        column = columns[self.feature % len(columns)]
        return min(column), max(column) or 1.0

    def chart(self) -> Chart:
        """The chart of the present view."""
        snapshot = self.snapshots[0]
        if snapshot.facts is None:
            return Chart(empty=absent(snapshot, "drawing the data …"))
        if self.view == "parameters":
            chart = parameters_chart(snapshot)
        elif self.view == "residuals":
            chart = residuals_chart(snapshot, self.feature)
        else:
            chart = fit_chart(snapshot, self.feature)
        return with_view(chart, self.x_range, self.cursor)


def with_view(chart: Chart, x_range: tuple[float, float] | None, cursor: float | None) -> Chart:
    """The chart with zoom and cursor, and the value at the cursor in its title."""
    title = chart.title
    value = value_at(chart.curves[-1], cursor) if cursor is not None and chart.curves else None
    if cursor is not None and value is not None:
        title = f"{chart.x_label} {number(cursor)}: {chart.y_label} {number(value)}"
    return replace(chart, x_range=x_range or chart.x_range, cursor=cursor, title=title)


def predictions(snapshot: Snapshot) -> list[float]:
    """ŷ of each point of the sample at the present parameters."""
    assert snapshot.facts
    weights, bias = weights_and_bias(snapshot)
    rows = zip(*snapshot.facts.sample.X, strict=True)
    return [bias + sum(w * x for w, x in zip(weights, row, strict=True)) for row in rows]


def weights_and_bias(snapshot: Snapshot) -> tuple[Sequence[float], float]:
    """The slope along each feature, and the bias or 0."""
    model = snapshot.experiment.architecture()
    bias = snapshot.params[model.bias][0] if model.bias else 0.0
    return snapshot.params[model.weight], bias


def fit_chart(snapshot: Snapshot, feature: int) -> Chart:
    """y against one feature, with the influence of the other features taken out at their mean."""
    assert snapshot.facts
    columns, y = snapshot.facts.sample.X, snapshot.facts.sample.y
    feature %= len(columns)
    weights, bias = weights_and_bias(snapshot)
    column = columns[feature]
    left, right = min(column), max(column)
    xs = [left + (right - left) * i / LINE_POINTS for i in range(LINE_POINTS + 1)]
    means = [sum(values) / len(values) for values in columns]
    level = bias + sum(
        w * m for i, (w, m) in enumerate(zip(weights, means, strict=True)) if i != feature
    )
    source = snapshot.experiment.source()
    single = len(columns) == 1
    name = source.x_label if single else f"{source.x_label}[{feature}]"
    others = "" if single else ", others at mean"
    line = [level + weights[feature] * x for x in xs]
    return Chart(
        (
            Curve(column, y, "points", "data", "data", marker="."),
            Curve(xs, line, color="fit", label="model", marker="*"),
        ),
        title=f"{source.y_label} against {name}{others}",
        x_label=name,
        y_label=source.y_label,
    )


def residuals_chart(snapshot: Snapshot, feature: int) -> Chart:
    """ŷ − y against one feature: noise around zero once the model has learned all there is."""
    assert snapshot.facts
    sample = snapshot.facts.sample
    feature %= len(sample.X)
    residuals = [p - y for p, y in zip(predictions(snapshot), sample.y, strict=True)]
    source = snapshot.experiment.source()
    name = source.x_label if len(sample.X) == 1 else f"{source.x_label}[{feature}]"
    return Chart(
        (Curve(sample.X[feature], residuals, "points", "data", marker="."),),
        (Level(0.0, "0"),),
        title=f"residual ŷ − y against {name}",
        x_label=name,
        y_label="ŷ − y",
    )


def parameters_chart(snapshot: Snapshot) -> Chart:
    """Each parameter over the epochs, its true value as a level."""
    assert snapshot.facts
    true = dict(labels(snapshot.facts.true))
    curves = tuple(
        Curve(track.x, track.low, color=index, label=label, highs=track.high)
        for index, (label, track) in enumerate(snapshot.tracks)
    )
    levels = tuple(Level(true[label], label) for label, _ in snapshot.tracks)
    return Chart(
        curves,
        levels,
        title="parameters on their way to the true values",
        x_label="epochs",
        y_label=snapshot.tracks[-1][0] if snapshot.tracks else "",
        x_range=(0.0, float(snapshot.experiment.epochs)),
        empty="press s to train",
    )
