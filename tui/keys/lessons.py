"""The actions on lessons."""

from __future__ import annotations

from engine.support.translation import Translatable
from tui.keys.action import Action
from tui.keys.conditions import ON_ITS_WAY, at_rest

GROUP: Translatable = "Lessons"

LESSONS: tuple[Action, ...] = (
    Action(
        "lessons",
        "e",
        "e",
        "lessons",
        "All the lessons, and what you have reached.",
        GROUP,
        when=at_rest,
        why=ON_ITS_WAY,
    ),
    Action(
        "question",
        "k",
        "k",
        "question",
        "Answer the next question, before the run.",
        GROUP,
        when=lambda now: now.has_question,
        why="no question is open here: {lessons} has the lessons",
    ),
    Action(
        "hint",
        "h",
        "h",
        "hint",
        "A hint for the next goal.",
        GROUP,
        when=lambda now: now.has_hint,
        why="there is no further hint",
    ),
    Action(
        "next_lesson",
        "N",
        "N",
        "next lesson",
        "Open the lesson after this one.",
        GROUP,
        when=lambda now: not now.running and now.has_next_lesson,
        why="there is no lesson after this one: {lessons} has them all",
    ),
)
