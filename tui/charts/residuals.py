"""What the model leaves of each label."""

from __future__ import annotations

from engine.support.translation import tr
from engine.training.snapshot import Snapshot
from tui.charts.fit import feature_range, original_sample, predictions
from tui.charts.view import View
from tui.drawing.chart import Chart, Curve, Level


def residuals_chart(snapshot: Snapshot, feature: int) -> Chart:
    """ŷ − y against one feature: noise around zero once the model has learned all there is."""
    columns, y = original_sample(snapshot)
    feature %= len(columns)
    residuals = [p - label for p, label in zip(predictions(snapshot, columns), y, strict=True)]
    name = snapshot.experiment.dataset().columns[feature].label
    return Chart(
        (Curve(columns[feature], residuals, "points", "data", marker="."),),
        (Level(0.0, "0"),),
        title=tr("residual ŷ − y against {x}", x=name),
        x_label=name,
        y_label="ŷ − y",
    )


RESIDUALS = View(
    "residuals",
    "Residuals",
    lambda scene: scene.seen(residuals_chart(scene.now, scene.turn)),
    "What the model leaves of each label. Noise around 0: nothing is left to learn.",
    turns="feature",
    full_range=feature_range,
)
