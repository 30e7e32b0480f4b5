"""The Loss chart: minibatches faint, epochs marked, beside the runs one compares with."""

from __future__ import annotations

from engine.training.snapshot import Snapshot
from tui.charts.loss import NO_BAND, Band, loss_chart
from tui.drawing.chart import Chart
from tui.panels.chart import ChartPanel


class LossPanel(ChartPanel):
    """Loss against epochs; log y until one asks for a linear axis."""

    log_y = True
    grain = 1.0

    def update(
        self,
        snapshot: Snapshot,
        previous: Snapshot | None,
        pinned: Snapshot | None,
        spread: Band = NO_BAND,
    ) -> None:
        """Show a run, the one before it, the pinned one, and the band of other seeds."""
        self.now, self.previous, self.pinned = snapshot, previous, pinned
        self.spread = spread
        self.snapshots = (snapshot,)
        self.redraw()

    def toggle_log(self) -> None:
        """A linear axis for a logarithmic one, or back."""
        self.log_y = not self.log_y
        self.redraw()

    def full_range(self) -> tuple[float, float]:
        """From the start to the last epoch of the experiment."""
        return 0.0, float(self.now.experiment.epochs)

    def chart(self) -> Chart:
        """The loss chart in the present view."""
        return loss_chart(
            self.now,
            self.previous,
            self.pinned,
            self.log_y,
            self.x_range,
            self.cursor,
            self.spread,
        )
