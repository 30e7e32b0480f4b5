"""The learning-rate finder: the ramp, its suggestion, and the exact limit beside it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from engine.support.translation import tr
from tui.drawing.view import ChartView
from tui.overlay import Over
from tui.text.numbers import number

if TYPE_CHECKING:
    from engine.jobs.finder import Finding  # brings torch, which comes after the first frame

from tui.charts.finder import ramp
from tui.text.links import with_keys


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
        finding = self.finding
        limit = tr("none") if math.isinf(finding.critical_lr) else number(finding.critical_lr)
        with Vertical() as box:
            box.border_title = tr("Learning-rate finder")
            box.border_subtitle = with_keys(
                tr("[b]enter[/b] take the suggestion · [b]esc[/b] close")
            )
            self.chart = ChartView()
            yield self.chart
            beyond = tr(
                "2/λmax = {limit}: beyond it full-batch gradient descent diverges.", limit=limit
            )
            yield Static(f"{finding.in_a_sentence()}\n{beyond}")

    def on_mount(self) -> None:
        """Draw the ramp."""
        self.chart.show(ramp(self.finding))
        self.app.color_charts()  # type: ignore[attr-defined]

    def action_take(self) -> None:
        """Take the suggestion, if there is one."""
        self.dismiss(self.finding.suggestion)

    def action_leave(self) -> None:
        """Leave the lr as it is."""
        self.dismiss(None)
