"""Whether a key does something now, and why not."""

from __future__ import annotations

from engine.support.translation import tr
from tui.keys.conditions import ON_ITS_WAY
from tui.keys.in_use import IN_USE, in_use
from tui.keys.situation import Situation
from tui.keys.table import ACTIONS, BY_ID, NUMBERED


def can(id: str, now: Situation) -> bool:
    """Whether the action with an id can be done; what is not in the table always can.

    A digit opens its lesson wherever the list of lessons can be opened.
    """
    action = BY_ID.get("lessons" if id == "lesson" else id)
    return action is None or action.can(now)


def refusal(key: str, now: Situation) -> str:
    """Why a key does nothing now; empty where it does something, or is no key of an action."""
    if key.isdecimal() and 1 <= int(key) <= NUMBERED:
        key = IN_USE.get("lessons", BY_ID["lessons"].key).split(",")[0]
    actions = [each for each in ACTIONS if key in IN_USE.get(each.id, each.key).split(",")]
    if not actions or any(action.can(now) for action in actions):
        return ""
    first = actions[0]
    if first.is_hidden(now):
        return tr("not in this lesson: {tool}; {leave} leaves it", tool=tr(first.label), **in_use())
    if first.id == "next_lesson" and now.running:
        return tr(ON_ITS_WAY, **in_use())
    return tr(first.why, **in_use())
