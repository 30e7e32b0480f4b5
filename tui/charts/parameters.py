"""The parameters over time."""

from __future__ import annotations

from engine.catalog.parameters import labels
from engine.support.translation import tr
from engine.training.snapshot import Snapshot
from tui.charts.view import View
from tui.drawing.chart import Chart, Curve, Level
from tui.keys import key_of

MAX_PARAMETERS = 8
"""Most parameters that are drawn over time."""


def parameters_chart(snapshot: Snapshot) -> Chart:
    """Each parameter over the epochs, its true value as a level."""
    assert snapshot.facts
    path, true = snapshot.path, labels(snapshot.facts.true)[:MAX_PARAMETERS]
    names = [label for label, _ in labels(snapshot.facts.start)][:MAX_PARAMETERS]
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
        empty=tr("press {start} to train", start=key_of("start")),
    )


PARAMETERS = View(
    "parameters",
    "Parameters",
    lambda scene: scene.seen(parameters_chart(scene.now)),
    "Each parameter over the epochs. The dashed levels are the true values.",
)
