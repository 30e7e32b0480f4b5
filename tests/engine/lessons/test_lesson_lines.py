"""What is refused in a lesson's file is refused with the line where it stands."""

from __future__ import annotations

import pytest

from engine.lessons.head import BadLesson
from engine.lessons.library import TEMPLATE
from engine.lessons.reading import parse_lesson

REPLACED = [
    ("lr = 0.01", "lr = -1"),
    ('name = "linear"', 'name = "liner"'),
    ("answer = 2 ", "answer = 3 "),
    ('hide_tools = ["sweep", "race"]', 'hide_tools = "sweep"'),
    ('text = "It learns faster."', "text = 3"),
    ("batch_size = 10", "w = 3"),
    ("lr = 2.0", "lr = -2.0"),
    ("lr = 2.0", "pause=0.5"),
    ("lr = 0.1\n", 'use = ["microscope"]\n'),
    ('"factor 2" ', '"factor two" '),
    ("noise = 0.1", "noise = -0.1"),
    ('view = "residuals"', 'view = "resid"'),
    ("[experiment]\n", "[experimnt]\n"),
    ('if = "status is diverged"\nhint', 'if = "status is divergd"\nhint'),
    ('text = "Make', 'txt = "Make'),
]
"""What stands in the template → what must not."""


@pytest.mark.parametrize(("good", "bad"), REPLACED, ids=[bad.strip() for _, bad in REPLACED])
def test_a_refusal_names_the_line(good: str, bad: str) -> None:
    text = TEMPLATE.read_text(encoding="utf-8")
    before, found, after = text.partition(good)
    assert found
    with pytest.raises(BadLesson) as refused:
        parse_lesson(before + bad + after, "mine", "mine.md")
    line = before.count("\n") + 1
    assert str(refused.value).startswith(f"mine.md, line {line}: ")


def test_a_forecast_that_nobody_asks_for_is_refused() -> None:
    text = """+++
title = "Mine"
[[goal]]
text = "Know it."
if = "predicted and lr > 1"
+++
"""
    with pytest.raises(BadLesson, match=r"^mine\.md, line 5: predicted is never true"):
        parse_lesson(text, "mine", "mine.md")
