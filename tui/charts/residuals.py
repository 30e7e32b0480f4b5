"""What the model leaves of each label."""

from __future__ import annotations

from engine.support.translation import tr
from engine.theory.landscape import Range
from engine.training.snapshot import Snapshot
from tui.charts.fit import feature_at, original_sample, predictions
from tui.charts.view import View
from tui.drawing.chart import Chart, Curve, Level
from tui.drawing.ticks import padded
from tui.drawing.trace import is_drawable


def residuals_chart(snapshot: Snapshot, turn: int) -> Chart:
    """ŷ − y against one feature, after several of them against ŷ: noise around zero once the model
    has learned all there is.
    """
    columns, y = original_sample(snapshot)
    y_hat, feature = predictions(snapshot, columns), feature_at(snapshot, turn)
    name = "ŷ" if feature is None else snapshot.experiment.dataset().columns[feature].label
    residuals = [p - label for p, label in zip(y_hat, y, strict=True)]
    xs = y_hat if feature is None else columns[feature]
    return Chart(
        (Curve(xs, residuals, "points", "data", marker="."),),
        (Level(0.0, "0"),),
        title=tr("residual ŷ − y against {x}", x=name),
        x_label=name,
        y_label="ŷ − y",
    )


def full_range(snapshot: Snapshot, turn: int) -> Range:
    """The x range of all the points, and a little air."""
    (points,) = residuals_chart(snapshot, turn).curves
    xs = [x for x in points.xs if is_drawable(x, log=False)] or [0.0]
    return padded(min(xs), max(xs))


RESIDUALS = View(
    "residuals",
    "Residuals",
    lambda scene: scene.seen(residuals_chart(scene.now, scene.turn)),
    "What the model leaves of each label. Noise around 0: nothing is left to learn.",
    turns="feature",
    full_range=full_range,
)
