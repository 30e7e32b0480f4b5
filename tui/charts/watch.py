"""The losses of a run that another process writes."""

from __future__ import annotations

from engine.runs.watch import Watch
from engine.support.translation import tr
from tui.drawing.chart import Chart, Curve, Level


def watch_chart(watch: Watch) -> Chart:
    """Losses after each epoch over those of minibatches, with the floor."""
    epochs, losses = watch.metrics.curve("loss", "epoch")
    held_out, validation = watch.metrics.curve("val", "epoch")
    batches, batch_losses = watch.metrics.curve("batch_loss", "epoch")
    curves = [
        Curve(batches, batch_losses, "points", "faint", tr("minibatch"), marker="."),
        Curve(held_out, validation, color=2, label=tr("validation"), marker="v"),
        Curve(epochs, losses, color="now", label=tr("epoch"), marker="*"),
        Curve(epochs, losses, "marks", "now", marker="*"),
    ]
    level = watch.info.floor.get("level")
    return Chart(
        tuple(curve for curve in curves if curve.xs),
        (Level(float(level), tr("floor")),) if isinstance(level, int | float) else (),
        tr("loss over all data"),
        x_label=tr("epochs"),
        log_y=True,
        x_range=(0.0, float(max(watch.epochs, 1))),
        empty=watch.words(),
    )
