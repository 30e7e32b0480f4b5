"""The actions that ask what is known without training."""

from __future__ import annotations

from engine.support.translation import Translatable
from tui.keys.action import Action
from tui.keys.conditions import NO_DATA

GROUP: Translatable = "Theory"

THEORY: tuple[Action, ...] = (
    Action(
        "theory",
        "t",
        "t",
        "theory",
        "What can be known without training.",
        GROUP,
        when=lambda now: now.has_facts,
        why=NO_DATA,
        tool=True,
    ),
    Action(
        "xray",
        "d",
        "d",
        "x-ray",
        "Dissect a gradient: three ways, side by side.",
        GROUP,
        when=lambda now: now.has_facts,
        why=NO_DATA,
        tool=True,
    ),
    Action(
        "summary",
        "S",
        "S",
        "summary",
        "The regression: errors, tests, intervals, predictions.",
        GROUP,
        when=lambda now: now.has_facts,
        why=NO_DATA,
        tool=True,
    ),
)
