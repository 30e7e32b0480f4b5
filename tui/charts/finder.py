"""The ramp of the learning-rate finder, as a chart."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from engine.support.translation import tr
from tui.drawing.chart import Chart, Curve

if TYPE_CHECKING:
    from engine.jobs.finder import Finding  # brings torch, which comes after the first frame


def ramp(finding: Finding) -> Chart:
    """The loss against log10 lr, with the suggestion and the limit as upright lines."""
    x = [math.log10(lr) for lr in finding.lrs]
    finite = [loss for loss in finding.losses if math.isfinite(loss)]
    ends = (min(finite, default=1.0), max(finite, default=1.0))
    curves = []
    for lr, color, label in (
        (finding.suggestion or math.nan, "data", tr("suggestion")),
        (finding.critical_lr, "reference", "2/λmax"),
    ):
        if math.isfinite(lr):
            at = math.log10(lr)
            curves.append(Curve((at, at), ends, color=color, label=label, dashed=True))
    curves.append(Curve(x, finding.losses, label=tr("loss")))
    title = tr("loss while lr rises")
    return Chart(
        tuple(curves), title=title, x_label="lr", log_x=True, log_y=min(finding.losses) > 0
    )
