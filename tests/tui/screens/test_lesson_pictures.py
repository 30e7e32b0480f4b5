"""Lessons on the screen: each one's opening, and how one looks on its way."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.pilot import Pilot

from engine.experiment import Experiment
from engine.lessons.lesson import Lesson
from engine.lessons.library import lessons
from engine.support.translation import LANGUAGES, set_language
from tests.support.pictures import Compare, Look, named
from tests.support.pilots import (
    LARGE,
    SIZES,
    app_for,
    lab,
    main_of,
    resize,
    session_of,
    settled,
    show,
    until,
)
from tests.support.quiz import quiz
from tests.support.sessions import FakeSession
from tests.support.shared_lab import SharedLab
from tests.support.snapshots import begun, diverged, finished, ready
from tui.app import LinregApp
from tui.screens.lessons import LessonsScreen
from tui.settings import Settings


@pytest.fixture(params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> str:
    """Each language in turn."""
    language: str = request.param
    set_language(language)
    return language


def is_open(app: LinregApp, lesson: Lesson) -> bool:
    return app.main.classroom.lesson is lesson


class BeginningSession(FakeSession):
    """Has the start of every experiment at once."""

    def prepare(self, experiment: Experiment) -> None:
        self.latest = begun(experiment, self.latest.number + 1)


def one_for_each_view() -> list[Lesson]:
    """Lessons that differ in what stands beside their texts."""
    return list({lesson.view: lesson for lesson in lessons().values()}.values())


@pytest.mark.usefixtures("language")
async def test_opening(accepted: Look) -> None:
    """One app is led through all lessons, and where less of them shows, through some."""
    small, large = LARGE
    _, *others = in_order = list(lessons().values())
    session = BeginningSession(begun(in_order[0].experiment))
    app = app_for(session, lesson=in_order[0])
    async with app.run_test(size=large) as pilot:

        async def look(lesson: Lesson, size: tuple[int, int]) -> None:
            await until(pilot, lambda: is_open(app, lesson))
            await until(pilot, lambda: app.main.desk.snapshot is session.latest)
            assert session.latest.experiment == lesson.experiment
            await accepted(pilot, f"{lesson.name}-{named(size)}")

        await settled(pilot)
        await look(in_order[0], large)
        for lesson in others:
            await pilot.press("N")
            await look(lesson, large)
        await resize(pilot, small)
        for lesson in one_for_each_view():
            await app.main.commands.lesson(lesson.name)
            await look(lesson, small)


async def run(pilot: Pilot[None]) -> None:
    """Two forecasts, two runs that settle them, and a hint."""
    session = session_of(pilot.app)
    await pilot.press("k", *"6e-5", "enter", "k", "right", "h")
    for now in (finished(2), replace(diverged(3), loss=1e9)):
        session.runs = (*session.runs, now)
        await show(pilot, now)


@pytest.mark.parametrize("size", SIZES, ids=named)
async def test_after_a_run(shared_lab: SharedLab, accepted: Look, size: tuple[int, int]) -> None:
    async with shared_lab(ready(), size=size, lesson=quiz()) as pilot:
        await run(pilot)
        await accepted(pilot, named(size))


@pytest.mark.parametrize(
    "settings", [Settings(theme="linreg-light"), Settings(ascii=True)], ids=["light", "ascii"]
)
def test_looks(picture: Compare, settings: Settings) -> None:
    app = app_for(FakeSession(ready()), settings, lesson=quiz())
    picture(app, (80, 24), steps=run, colours=True)


@pytest.mark.usefixtures("language")
async def test_list(accepted: Look) -> None:
    async with lab(ready()) as pilot:
        for size in LARGE:
            await resize(pilot, size)
            await pilot.press("e")
            await until(pilot, lambda: isinstance(pilot.app.screen, LessonsScreen))
            await accepted(pilot, named(size))
            await pilot.press("escape")
            await until(pilot, lambda: pilot.app.screen is main_of(pilot))


async def test_forms_beside_the_charts(shared_lab: SharedLab, accepted: Look) -> None:
    async with shared_lab(ready(), lesson=quiz()) as pilot:
        await pilot.press("l")
        await until(pilot, lambda: main_of(pilot).lab.training.display)
        await accepted(pilot, "120x34")
