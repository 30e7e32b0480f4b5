"""The parameters over time."""

from __future__ import annotations

from collections.abc import Sequence

from engine.catalog.parameters import flat, labels
from engine.support.translation import tr
from engine.training.snapshot import Snapshot
from tui.charts.view import View
from tui.drawing.chart import Chart, Curve, Level
from tui.keys.in_use import key_of

MAX_PARAMETERS = 8
"""Most parameters that are drawn over time."""


def parameters_chart(snapshot: Snapshot, origin: Snapshot | None = None) -> Chart:
    """Each parameter over the epochs, its true value as a level.

    Of a fork those of the run that it goes on from lie below.
    """
    assert snapshot.facts
    facts, names = snapshot.facts, snapshot.experiment.parameter_names()[:MAX_PARAMETERS]
    true = labels(facts.original(facts.true))[:MAX_PARAMETERS]
    curves = [
        Curve(xs, ys, color=index, label=name)
        for index, (name, (xs, ys)) in enumerate(
            zip(names, over_time(snapshot, len(names)), strict=True)
        )
    ]
    if origin and origin.facts:
        label = tr("before")
        curves = [
            *(
                Curve(xs, ys, color="before", label="" if index else label, dashed=True)
                for index, (xs, ys) in enumerate(over_time(origin, len(names)))
            ),
            *curves,
        ]
    return Chart(
        tuple(curves),
        tuple(Level(value, label) for label, value in true),
        title=tr("parameters, true values dashed") if true else tr("parameters"),
        x_label=tr("epochs"),
        y_label=names[-1],
        x_range=(0.0, float(snapshot.experiment.epochs)),
        empty=tr("press {start} to train", start=key_of("start")),
    )


def over_time(run: Snapshot, count: int) -> list[tuple[Sequence[float], Sequence[float]]]:
    """The epochs and values of the first parameters, over the data as they are."""
    assert run.facts
    facts, thetas = run.facts, run.path.theta
    if facts.scaling:
        named = run.experiment.architecture().named
        thetas = tuple(flat(facts.original(named(theta))) for theta in thetas)
    return [(run.path.x, [theta[index] for theta in thetas]) for index in range(count)]


PARAMETERS = View(
    "parameters",
    "Parameters",
    lambda scene: scene.seen(parameters_chart(scene.now, scene.origin)),
    "Each parameter over the epochs; where the truth is known, it is dashed.",
    is_over_time=True,
)
