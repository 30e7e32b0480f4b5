"""A lesson with everything in it."""

from __future__ import annotations

from engine.lessons.lesson import Lesson, parse_lesson
from engine.lessons.library import lessons

FIRST = next(iter(lessons()))
"""The name of the first lesson of the library."""


QUIZ = """+++
title = "How large a step?"
view = "residuals"
hide_panels = ["model"]
hide_tools = ["sweep", "theory"]

[[question]]
ask = "Which loss is left?"
of = "final loss"
within = "factor 2"

[[question]]
ask = "With lr = 2, what happens?"
when = "lr > 1"
[[question.choice]]
text = "It learns faster."
if = "status is finished"
[[question.choice]]
text = "It runs away."
if = "status is diverged"

[[goal]]
text = "Reach the noise floor."
if = "standing is at the noise floor"
hint = "Press s."

[[goal]]
text = "See the directions."
if = "seen directions"
hint = "Press v."

[[goal]]
text = "Make it diverge."
if = "status is diverged"
+++
# How large a step?

`lr` is the length of a step. **Press** `s`.
"""


def quiz(name: str = FIRST) -> Lesson:
    """A lesson with everything in it; by its name it stands in the place of the first one."""
    return parse_lesson(QUIZ, name, f"{name}.md")
