"""What lessons are held to: the panels, tools and views of a screen, if the engine knows of one."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.lessons import offer
from engine.lessons.offer import Offer, set_offer
from engine.lessons.reading import parse_lesson
from tests.support.commands import cli, refusal_of

LESSON = """+++
title = "A step"
{line}
[[goal]]
text = "Arrive."
if = "{condition}"
+++
"""
ODD = [
    LESSON.format(line=line, condition=condition)
    for line, condition in (
        ('view = "moon"', "lr > 0"),
        ('hide_panels = ["moon"]', "lr > 0"),
        ('hide_tools = ["moon"]', "lr > 0"),
        ('[[solution]]\nuse = ["moon"]', "lr > 0"),
        ("", "used moon"),
        ("", "seen moon"),
    )
]
"""Lessons that each name one thing that the lab does not have."""


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine before it is told of a screen."""
    monkeypatch.setattr(offer, "_offer", Offer())


@pytest.mark.parametrize("text", ODD)
def test_the_commands_hold_a_lesson_to_what_the_screen_has(
    text: str, tmp_path: Path, alone: None
) -> None:
    file = tmp_path / "odd.md"
    file.write_text(text, encoding="utf-8")
    shown = cli("check", str(file))
    assert (shown.code, shown.out) == (2, "")
    assert "moon" in shown.err
    assert "choose from" in shown.err


@pytest.mark.parametrize("text", ODD)
def test_a_lesson_is_held_to_the_names_of_the_screen_at_hand(text: str, alone: None) -> None:
    def read() -> object:
        return parse_lesson(text, "odd", "odd.md")

    assert refusal_of(read) is None  # nobody has said what there is
    set_offer(Offer(("sun",), ("sun",), ("sun",)))
    assert refusal_of(read)
    set_offer(Offer(("moon",), ("moon",), ("sun", "moon")))
    assert refusal_of(read) is None


def test_a_lesson_that_names_no_view_opens_with_the_first(alone: None) -> None:
    set_offer(Offer(views=("sun", "moon")))
    text = LESSON.format(line="", condition="lr > 0")
    assert parse_lesson(text, "plain", "plain.md").view == "sun"
