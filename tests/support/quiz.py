"""A small lesson, and the same with everything that a lesson may ask of the screen."""

from __future__ import annotations

from functools import cache

from engine.lessons.lesson import Lesson
from engine.lessons.library import lessons
from engine.lessons.reading import parse_lesson

FIRST = next(iter(lessons()))
"""The name of the first lesson of the library."""


STEP = """+++
title = "How large a step?"
chapter = "Mine"

[experiment]
lr = 0.1
data = { n = 500 }

[[question]]
ask = "Which loss is left?"
of = "final loss"
within = "factor 2"
answer = 5e-5

[[question]]
ask = "With lr = 2, what happens?"
when = "lr > 1"
answer = 2
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
text = "Make it diverge."
if = "status is diverged"

[[solution]]

[[solution]]
lr = 3.0
+++
# How large a step?

`lr` is the length of a step. **Press** `s`.
"""
"""A lesson with two questions, two goals and two runs that solve it."""

QUIZ = STEP.replace(
    """chapter = "Mine"

[experiment]
lr = 0.1
data = { n = 500 }
""",
    """view = "residuals"
hide_panels = ["model"]
hide_tools = ["sweep", "theory"]
""",
).replace(
    """[[goal]]
text = "Make it diverge."
""",
    """[[goal]]
text = "See the directions."
if = "seen directions"
hint = "Press v."

[[goal]]
text = "Make it diverge."
""",
)
"""The same with a view of its own, things hidden, and a goal on the screen."""


@cache
def quiz(name: str = FIRST) -> Lesson:
    """A lesson with everything in it; by its name it stands in the place of the first one."""
    return parse_lesson(QUIZ, name, f"{name}.md")
