"""When several actions can be done, and what is said where they cannot."""

from __future__ import annotations

from engine.support.translation import Translatable
from tui.keys.situation import Situation

ON_ITS_WAY: Translatable = "not while the run is on its way: {pause} pauses it, {stop} ends it"
UNDER_WAY: Translatable = "not before the run is over: {stop} ends it"
NOT_AT_REST: Translatable = (
    "not before the data are drawn, nor while a run is on its way: {stop} ends it"
)
NOTHING_RUNS: Translatable = "nothing is running: {start} starts"
NOTHING_BEGUN: Translatable = "there is no run to look back on yet: {start} starts one"
NO_DATA: Translatable = "the data are not drawn yet"


def at_rest(now: Situation) -> bool:
    """An action that would disturb the steps."""
    return not now.running


def between_runs(now: Situation) -> bool:
    """An action that would change the experiment below the feet of its run."""
    return not now.under_way


def with_data_at_rest(now: Situation) -> bool:
    """An action on the data that are on show, between two runs."""
    return now.has_facts and not now.under_way
