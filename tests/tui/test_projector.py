"""The lab for a whole room: what it is about, one chart, three large numbers, the last key."""

from __future__ import annotations

from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.content import Content
from textual.pilot import Pilot

from tests.support.pictures import Compare
from tests.support.pilots import (
    app_for,
    app_of,
    app_showing,
    lab,
    main_of,
    resize,
    says,
    settled,
    show,
    text_of,
    until,
)
from tests.support.quiz import quiz
from tests.support.sessions import FakeSession
from tests.support.snapshots import diverged, finished, previous, ready
from tui.forms.fields import TextField
from tui.panels.projector import SEGMENTS, large
from tui.screens.main import MainScreen
from tui.screens.sweep import SweepScreen
from tui.settings import Settings
from tui.themes import DARK

NUMBERS = st.from_regex(r"\A-?[0-9]{1,4}(\.[0-9]{1,4})?(e-?[0-9]{1,3})?\Z")


@given(NUMBERS, st.booleans())
def test_large_numbers_are_three_even_lines(text: str, ascii: bool) -> None:
    rows = large(text, ascii=ascii)
    assert [cell_len(row) for row in rows] == [3 * len(text) - 2 * text.count(".")] * 3
    assert not ascii or all(row.isascii() for row in rows)


@pytest.mark.parametrize("ascii", [False, True])
def test_large_characters_are_told_apart(ascii: bool) -> None:
    drawn = {tuple(large(character, ascii=ascii)) for character in SEGMENTS}
    assert len(drawn) == len(SEGMENTS)


@pytest.mark.parametrize("text", ["diverged", "发散", "—"])
def test_what_is_no_number_stands_there_as_it_is(text: str) -> None:
    assert large(text, ascii=False) == ["", "", text]


# The screen ----------------------------------------------------------------------------------


def echo(main: MainScreen) -> str:
    """What is said of the last key."""
    content = main.projector.panel.echo.content
    assert isinstance(content, Content)
    return content.plain.strip()


def says_last(main: MainScreen, words: str) -> bool:
    return echo(main) == words


def figures(main: MainScreen) -> list[tuple[str, str]]:
    return [(figure.label, figure.value) for figure in main.projector.panel.figures]


async def test_keys_do_what_they_always_do_and_are_said() -> None:
    session = FakeSession(finished(), (previous(),))
    app = app_for(session)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        main = main_of(pilot)
        await pilot.press("P")
        await until(pilot, lambda: main.lab.loss.region.width == 80)
        assert figures(main) == [("epoch of 3", "3"), ("loss", "4.98e-5"), ("lr", "0.03")]
        assert main.lab.loss.palette == DARK.stark()
        assert not main.lab.keys.region.area
        for key, words in (("y", "y   log"), ("v", "v   view"), ("s", "s   start")):
            await pilot.press(key)
            await until(pilot, partial(says_last, main, words))
        assert not main.lab.loss.log_y
        assert session.asked[-1][0] == "start"
        # What is not on show comes beside the chart while it has the focus.
        assert not main.lab.training.region.area
        await pilot.press("l")
        await until(pilot, lambda: isinstance(main.focused, TextField))
        await until(pilot, lambda: bool(main.lab.training.region.area))
        await pilot.press(*"0.1", "enter")
        await until(pilot, lambda: echo(main) == "lr   0.1")
        await until(pilot, lambda: not main.lab.training.region.area)
        assert main.desk.experiment.lr == 0.1
        await says(pilot, "lr 0.03→0.1")
        # The numbers are of the run, and of its moments.
        await show(pilot, diverged(3))
        assert figures(main)[1] == ("loss", "diverged")
        await show(pilot, finished(4))
        await pilot.press("home")
        await until(pilot, lambda: figures(main)[0] == ("epoch of 3", "0"))
        await pilot.press("escape")
        await until(pilot, lambda: figures(main)[0] == ("epoch of 3", "3"))
        # Other screens open over it.
        await pilot.press("w")
        await until(pilot, lambda: isinstance(app.screen, SweepScreen))
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is main)
        assert main.projector.is_on
        for leave in ("escape", "P"):
            await pilot.press(leave)
            await until(pilot, lambda: bool(main.lab.keys.region.area))
            assert main.lab.loss.palette == DARK
            await pilot.press("P")
            await until(pilot, lambda: not main.lab.keys.region.area)
            assert main.projector.is_on


async def test_a_lesson_has_its_question_and_its_goal_there() -> None:
    async with lab(ready(), lesson=quiz()) as pilot:
        app = app_of(pilot)
        main = main_of(pilot)
        await pilot.press("P")
        panel = main.classroom.panel
        assert panel
        lesson = panel.lesson
        line = 1
        await until(pilot, lambda: lesson.questions[0].ask[:20] in text_of(app)[line])
        assert panel.region.area == 0
        for number in range(len(lesson.questions)):
            panel.attempt.predict(number, "1")
        main.projector.show()
        goal = main.projector.topic().plain
        assert goal.startswith("○ ")
        panel.attempt.met |= set(range(len(lesson.goals)))
        assert main.projector.topic().plain == panel.following


async def test_a_small_terminal_has_no_projector() -> None:
    async with lab(finished(), size=(79, 24), notifications=True) as pilot:
        main = main_of(pilot)
        await pilot.press("P")
        await says(pilot, "80×24")
        assert not main.projector.is_on
        await resize(pilot, (80, 24))
        await pilot.press("P")
        assert main.projector.is_on
        await resize(pilot, (50, 24))
        await until(pilot, lambda: not main.projector.is_on)
        assert main.lab.loss.region.area


async def on_stage(pilot: Pilot[None]) -> None:
    await pilot.press("P", "right")
    await until(pilot, lambda: main_of(pilot).projector.is_on)


def test_projector(picture: Compare) -> None:
    sizes = ((80, 24), (120, 34), (200, 50))
    picture(app_showing(finished(), previous()), *sizes, steps=on_stage)


def test_projector_in_ascii(picture: Compare) -> None:
    picture(app_showing(finished(), settings=Settings(ascii=True)), (80, 24), steps=on_stage)


def test_projector_in_colours(picture: Compare, monkeypatch: pytest.MonkeyPatch) -> None:
    light = Settings(theme="linreg-light")
    picture(app_showing(finished(), settings=light), (80, 24), steps=on_stage, colours=True)
    monkeypatch.setenv("NO_COLOR", "1")
    picture(app_showing(finished()), (120, 34), steps=on_stage, colours=True)
