"""What this screen has that a lesson may hide, open or ask for."""

from __future__ import annotations

from engine.lessons.offer import Offer
from tui.charts.views import VIEWS
from tui.keys.table import ACTIONS
from tui.text.titles import TITLES

OFFER = Offer(
    panels=tuple(panel for panel in TITLES if panel not in ("lesson", "third", "fourth")),
    tools=tuple(action.id for action in ACTIONS if action.tool),
    views=tuple(VIEWS),
)
