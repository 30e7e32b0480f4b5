"""The parameters over time."""

from __future__ import annotations

from engine.catalog.parameters import flat, labels
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
    facts, names = snapshot.facts, snapshot.experiment.parameter_names()[:MAX_PARAMETERS]
    true = labels(facts.original(facts.true))[:MAX_PARAMETERS]
    path, thetas = snapshot.path, snapshot.path.theta
    if facts.scaling:
        named = snapshot.experiment.architecture().named
        thetas = tuple(flat(facts.original(named(theta))) for theta in thetas)
    curves = tuple(
        Curve(path.x, [theta[index] for theta in thetas], color=index, label=name)
        for index, name in enumerate(names)
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
    "Each parameter over the epochs; where the truth is known, it is dashed.",
    is_over_time=True,
)
