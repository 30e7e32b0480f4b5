"""The learning-rate finder: the ramp, its suggestion, and the exact limit beside it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from engine.words import tr
from tui.charts import Chart, ChartView, Curve
from tui.dialog import Over
from tui.numbers import number

if TYPE_CHECKING:
    from engine.finder import Finding  # brings torch, which comes after the first frame


class FinderScreen(ModalScreen[float | None], Over[float | None]):
    """Gives back the suggested lr where it is taken."""

    BINDINGS = [
        Binding("enter", "take", "take it"),
        Binding("escape,q,L", "leave", "close"),
    ]

    def __init__(self, finding: Finding) -> None:
        super().__init__()
        self.finding = finding

    def compose(self) -> ComposeResult:
        """The ramp as a chart, and the two numbers in words."""
        found = self.finding
        limit = tr("none") if math.isinf(found.critical_lr) else number(found.critical_lr)
        with Vertical() as box:
            box.border_title = tr("Learning-rate finder")
            box.border_subtitle = tr("enter take the suggestion · esc close")
            self.chart = ChartView()
            yield self.chart
            yield Static(
                tr(
                    "suggestion {lr}: in the middle of the longest fall as lr rises.\n"
                    "2/λmax = {limit}: beyond it full-batch gradient descent diverges.",
                    lr=number(found.suggestion),
                    limit=limit,
                )
            )

    def on_mount(self) -> None:
        """Draw the ramp."""
        self.chart.show(ramp(self.finding))
        self.app.color_charts()  # type: ignore[attr-defined]

    def action_take(self) -> None:
        """Take the suggestion."""
        self.dismiss(self.finding.suggestion)

    def action_leave(self) -> None:
        """Leave the lr as it is."""
        self.dismiss(None)


def ramp(found: Finding) -> Chart:
    """The smoothed loss against log10 lr, with the suggestion and the limit as upright lines."""
    x = [math.log10(lr) for lr in found.lrs]
    finite = [loss for loss in found.losses if math.isfinite(loss)]
    ends = (min(finite, default=1.0), max(finite, default=1.0))
    curves = []
    for lr, color, label in (
        (found.suggestion, "data", tr("suggestion")),
        (found.critical_lr, "reference", "2/λmax"),
    ):
        if math.isfinite(lr):
            at = math.log10(lr)
            curves.append(Curve((at, at), ends, color=color, label=label, dashed=True))
    curves.append(Curve(x, found.losses, label=tr("smoothed")))
    title = tr("loss while lr rises")
    return Chart(tuple(curves), title=title, x_label="log10 lr", log_y=min(found.losses) > 0)
