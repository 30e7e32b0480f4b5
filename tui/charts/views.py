"""The views of the second chart, in the order in which v goes through them."""

from __future__ import annotations

from tui.charts.diagnostics import FITTED, LEVERAGE, NORMAL, SCALE
from tui.charts.directions import DIRECTIONS
from tui.charts.fit import FIT
from tui.charts.landscape import LANDSCAPE
from tui.charts.losses import LOSS_SHAPES
from tui.charts.parameters import PARAMETERS
from tui.charts.residuals import RESIDUALS
from tui.charts.view import View

VIEWS: dict[str, View] = {
    view.name: view
    for view in (
        FIT, RESIDUALS, PARAMETERS, LANDSCAPE, DIRECTIONS, LOSS_SHAPES,
        FITTED, NORMAL, SCALE, LEVERAGE,
    )
}  # fmt: skip
