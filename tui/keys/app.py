"""The actions on the app itself."""

from __future__ import annotations

from engine.support.translation import Translatable
from tui.keys.action import Action

GROUP: Translatable = "The app"

APP: tuple[Action, ...] = (
    Action(
        "experiments",
        "E",
        "E",
        "experiments",
        "Save this experiment under a name, or open one that was saved.",
        GROUP,
        bar=False,
    ),
    Action(
        "share",
        "Y",
        "Y",
        "share",
        "Copy the command that opens this experiment.",
        GROUP,
        bar=False,
    ),
    Action(
        "copy_menu",
        "C",
        "C",
        "copy",
        "Copy values, losses, a panel, the screen, or a link.",
        GROUP,
        bar=False,
    ),
    Action(
        "help",
        "question_mark,f1",
        "?",
        "help",
        "What this is, what its symbols mean, and every key.",
        GROUP,
    ),
    Action(
        "palette",
        "ctrl+p",
        "^p",
        "palette",
        "Do anything by its name, or type a command: lr 0.1.",
        GROUP,
    ),
    Action(
        "suspend",
        "ctrl+z",
        "^z",
        "suspend",
        "Put the app in the background.",
        GROUP,
        when=lambda now: not now.in_browser,
        why="a browser has no background",
        bar=False,
    ),
    Action("quit", "q,ctrl+q", "q", "quit", "Leave; asks while training.", GROUP),
)
