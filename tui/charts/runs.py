"""Losses of runs that are kept, as curves of a chart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.runs.losses import KeptLosses
from engine.support.errors import show
from engine.support.translation import tr
from tui.drawing.chart import Chart, Curve

MOST = 8
"""Most runs beside each other: more cannot be told apart."""


def is_comparable(one: Mapping[str, object], other: Mapping[str, object]) -> bool:
    """Whether the losses of two experiments can be compared: same data, model and loss."""
    heads = ("data", "model", "loss")
    first, second = (
        {key: show(value) for key, value in settings.items() if key.partition(".")[0] in heads}
        for settings in (one, other)
    )
    return first == second


def kept_curves(kept: Sequence[KeptLosses], now: Mapping[str, object]) -> list[Curve]:
    """A curve a run, coloured by its place; the legend says whose losses are another matter."""
    return [
        Curve(
            run.epochs,
            run.losses,
            color=place,
            label=run.name
            if is_comparable(run.settings, now)
            else tr("{name} (other data)", name=run.name),
            marker=str(place + 1),
        )
        for place, run in enumerate(kept)
    ]


def runs_chart(kept: Sequence[KeptLosses]) -> Chart:
    """The losses of several runs against epochs, log y."""
    first = next((run.settings for run in kept if run.settings), {})
    longest = max((run.epochs[-1] for run in kept if run.epochs), default=0.0)
    return Chart(
        tuple(kept_curves(kept, first)),
        (),
        tr("loss over all data"),
        x_label=tr("epochs"),
        log_y=True,
        x_range=(0.0, longest or 1.0),
        empty=tr("no losses are kept of this run"),
    )
