"""The Loss chart: minibatches faint, epochs marked, beside the runs one compares with."""

from __future__ import annotations

from engine.training.snapshot import Snapshot
from tui.charts.loss import Beside, loss_chart
from tui.drawing.chart import Chart
from tui.panels.chart import ChartPanel


class LossPanel(ChartPanel):
    """Loss against epochs; log y until one asks for a linear axis."""

    log_y = True

    def update(self, snapshot: Snapshot, beside: Beside) -> None:
        """Show a run, and what it is compared with."""
        self.now, self.beside = snapshot, beside
        self.snapshots = (snapshot,)
        self.redraw()

    def toggle_log(self) -> None:
        """A linear axis for a logarithmic one, or back."""
        self.log_y = not self.log_y
        self.redraw()

    def full_range(self) -> tuple[float, float]:
        """From the start to the last epoch of the experiment, or of the one that would follow."""
        return 0.0, self.beside.last_epoch(self.now)

    def chart(self) -> Chart:
        """The loss chart in the present view."""
        return loss_chart(self.now, self.beside, self.log_y, self.x_range, self.cursor)
