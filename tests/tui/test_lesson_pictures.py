"""Pictures of lessons: each one's opening screen, and how one looks on its way."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest
from textual.pilot import Pilot

from engine.experiment import Experiment
from engine.lessons.library import lessons
from engine.support.translation import LANGUAGES, set_language
from engine.training.history import History
from engine.training.snapshot import Snapshot
from engine.training.trainer import train
from tests.support.pictures import Compare
from tests.support.pilots import LARGE, app_for, main_of, settled, show, until
from tests.support.quiz import quiz
from tests.support.sessions import FakeSession
from tests.support.snapshots import diverged, finished, ready
from tui.screens.lessons import LessonsScreen
from tui.settings import Settings

large = pytest.mark.parametrize("size", LARGE, ids=lambda size: f"{size[0]}x{size[1]}")


@pytest.fixture(params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> str:
    """Each language in turn."""
    language: str = request.param
    set_language(language)
    return language


@cache
def begun(experiment: Experiment, language: str) -> Snapshot:
    """The real start of an experiment, before the first step, in the language in use."""
    history = History(experiment, 1)
    history.fold(next(train(experiment)))
    return history.snapshot("ready", experiment.lr, 0.0)


@large
@pytest.mark.parametrize("name", lessons())
def test_opening(picture: Compare, name: str, language: str, size: tuple[int, int]) -> None:
    lesson = lessons()[name]
    session = FakeSession(begun(lesson.experiment.changed({"device": "cpu"}), language))
    assert picture(app_for(session, lesson=lesson), terminal_size=size)


async def run(pilot: Pilot[None]) -> None:
    """Two forecasts, two runs that settle them, and a hint."""
    session = main_of(pilot).session
    await pilot.press("k", *"6e-5", "enter", "k", "right", "h")
    for now in (finished(2), replace(diverged(3), loss=1e9)):
        session.shown = replace(session.shown, runs=(*session.runs, now))
        await show(pilot, now)


@pytest.mark.parametrize(
    "size", [(40, 12), (50, 24), *LARGE, (200, 50)], ids=lambda size: f"{size[0]}x{size[1]}"
)
def test_after_a_run(picture: Compare, size: tuple[int, int]) -> None:
    app = app_for(FakeSession(ready()), lesson=quiz())
    assert picture(app, terminal_size=size, run_before=run)


@pytest.mark.parametrize(
    "settings", [Settings(theme="linreg-light"), Settings(ascii=True)], ids=["light", "ascii"]
)
def test_looks(picture: Compare, settings: Settings) -> None:
    app = app_for(FakeSession(ready()), settings, lesson=quiz())
    assert picture(app, terminal_size=(80, 24), run_before=run)


@large
def test_list(picture: Compare, language: str, size: tuple[int, int]) -> None:
    async def steps(pilot: Pilot[None]) -> None:
        await pilot.press("e")
        await until(pilot, lambda: isinstance(pilot.app.screen, LessonsScreen))

    assert picture(app_for(FakeSession(ready())), terminal_size=size, run_before=steps)


def test_forms_beside_the_charts(picture: Compare) -> None:
    app = app_for(FakeSession(ready()), lesson=quiz())

    async def steps(pilot: Pilot[None]) -> None:
        await settled(pilot)
        await pilot.press("l")
        await until(pilot, lambda: main_of(pilot).lab.training.display)

    assert picture(app, terminal_size=(120, 34), run_before=steps)
