"""The Loss chart: minibatches faint, epochs marked, beside the runs one compares with."""

from __future__ import annotations

from dataclasses import replace

from engine.alerts import NEAR
from engine.history import Snapshot
from tui.charts import Chart, Curve, Level, value_at
from tui.numbers import loss_text
from tui.panels.chart import ChartPanel, absent


class LossPanel(ChartPanel):
    """Loss against epochs; log y until one asks for a linear axis."""

    log_y = True
    grain = 1.0

    def update(
        self, snapshot: Snapshot, previous: Snapshot | None, pinned: Snapshot | None
    ) -> None:
        """Show a run, the one before it and the pinned one."""
        self.now, self.previous, self.pinned = snapshot, previous, pinned
        self.snapshots = (snapshot,)
        self.redraw()

    def full_range(self) -> tuple[float, float]:
        """From the start to the last epoch of the experiment."""
        return 0.0, float(self.now.experiment.epochs)

    def chart(self) -> Chart:
        """The loss chart in the present view."""
        return loss_chart(
            self.now, self.previous, self.pinned, self.log_y, self.x_range, self.cursor
        )


def loss_chart(
    now: Snapshot,
    previous: Snapshot | None = None,
    pinned: Snapshot | None = None,
    log_y: bool = True,
    x_range: tuple[float, float] | None = None,
    cursor: float | None = None,
) -> Chart:
    """Epoch losses of up to three runs over this run's minibatch losses, with both limits."""
    curves = []
    for other, color, label in ((pinned, "reference", "pinned"), (previous, "before", "before")):
        if other is not None:
            losses = other.epoch_losses
            curves.append(Curve(losses.x, losses.low, color=color, label=label, dashed=True))
    batches, epochs = now.batch_losses, now.epoch_losses
    if batches.x:
        curves.append(
            Curve(
                batches.x,
                batches.low,
                "points",
                "faint",
                "minibatch",
                highs=batches.high,
                marker=".",
            )
        )
    main = Curve(epochs.x, epochs.low, color="now", label="epoch", highs=epochs.high, marker="*")
    curves += [main, Curve(epochs.x, epochs.low, "marks", "now", marker="*")]
    title = f"{now.experiment.entry('loss').label} loss, {'log y' if log_y else 'linear y'}"
    if cursor is not None:
        # The values take the place of the legend.
        title = f"epoch {cursor:.10g}"
        for curve in (main, *(other for other in curves if other.dashed)):
            value = value_at(curve, cursor)
            if value is not None:
                title += f"  {'now' if curve is main else curve.label} {loss_text(value)}"
        curves = [replace(curve, label="") for curve in curves]
    return Chart(
        tuple(curves),
        levels(now),
        title,
        x_label="epochs",
        log_y=log_y,
        x_range=x_range or (0.0, float(now.experiment.epochs)),
        cursor=cursor,
        empty=absent(now, "loading torch …"),
    )


def levels(now: Snapshot) -> tuple[Level, ...]:
    """The noise floor and the loss of the closed form θ*; one level where they are close."""
    if now.facts is None:
        return ()
    floor, best = now.facts.noise_floor, now.facts.optimum
    symbols = now.experiment.entry("loss").floor
    if floor > 0 and 1 / NEAR < best / floor < NEAR:
        return (Level(floor, f"{symbols} θ*"),)
    return Level(floor, symbols), Level(best, "θ*")
