"""All actions in the order of the help, which is that of their groups."""

from __future__ import annotations

from collections.abc import Iterable

from tui.keys.action import Action
from tui.keys.app import APP
from tui.keys.charts import CHARTS
from tui.keys.getting_about import GETTING_ABOUT
from tui.keys.lessons import LESSONS
from tui.keys.theory import THEORY
from tui.keys.training import TRAINING

ACTIONS = (*TRAINING, *LESSONS, *THEORY, *CHARTS, *GETTING_ABOUT, *APP)
BY_ID = {action.id: action for action in ACTIONS}

NUMBERED = 9
"""Lessons that have a key of their own, 1 to 9."""


def groups() -> Iterable[tuple[str, list[Action]]]:
    """The actions by group, in the order of the table."""
    for name in dict.fromkeys(action.group for action in ACTIONS):
        yield name, [action for action in ACTIONS if action.group == name]
