"""The actions that lead from one panel to another."""

from __future__ import annotations

from engine.support.translation import Translatable
from tui.keys.action import Action

GROUP: Translatable = "Getting about"

GETTING_ABOUT: tuple[Action, ...] = (
    Action("next_panel", "tab", "tab", "panel", "Go to the next panel.", GROUP),
    Action(
        "previous_panel",
        "shift+tab",
        "shift+tab",
        "back",
        "Go to the panel before.",
        GROUP,
        bar=False,
    ),
    Action(
        "jump", "j,ctrl+o", "j ctrl+o", "jump", "Go to a panel or a field by its letter.", GROUP
    ),
    Action(
        "leave",
        "escape",
        "esc",
        "leave",
        "Out of a field, back to now, out of full screen, another run, projector, grid, or lesson.",
        GROUP,
        when=lambda now: (
            now.looks_at_moment
            or now.full_screen
            or now.looks_back
            or now.in_projector
            or now.in_grid
            or now.in_lesson
        ),
        why="there is nothing to leave: {quit} leaves the app",
    ),
)
