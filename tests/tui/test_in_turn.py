"""Keys that come in one burst, each before the one before it is done."""

from __future__ import annotations

from textual.command import CommandPalette
from textual.events import Key
from textual.widgets import Input

from engine.experiment import Experiment
from engine.lessons.reading import parse_lesson
from tests.support.mashing import send
from tests.support.pilots import app_for, main_of, settled, until
from tests.support.quiz import STEP
from tests.support.sessions import FakeSession
from tests.support.snapshots import finished, ready
from tui.screens.runs import RunsScreen


async def test_what_follows_enter_in_a_field_is_a_key_again_and_hears_of_the_value() -> None:
    session = FakeSession(ready())
    app = app_for(session)
    async with app.run_test(size=(120, 34)) as pilot:
        await settled(pilot)
        send(app, "l", *"0.25", "enter", "s", "l", *"0.5", "enter", "s")
        await until(pilot, lambda: [call for call, *_ in session.calls].count("start") == 2)
        started = [call[1] for call in session.calls if call[0] == "start"]
        assert started == [Experiment(lr=0.25), Experiment(lr=0.5)]


async def test_what_follows_the_key_of_a_question_is_its_answer() -> None:
    lesson = parse_lesson(STEP, "step", "step.md")
    app = app_for(FakeSession(ready(lesson.experiment)), lesson=lesson)
    async with app.run_test(size=(120, 34)) as pilot:
        await settled(pilot)
        panel = main_of(pilot).classroom.panel
        assert panel
        send(app, "k", *"5e-5", "enter", "k", "right", "right", "enter")
        await until(pilot, lambda: not panel.has_open_question)
        assert panel.attempt.forecasts[0].answer == 5e-5
        assert panel.attempt.forecasts.keys() == {0, 1}


async def test_what_follows_a_key_that_opens_something_is_typed_there() -> None:
    app = app_for(FakeSession(finished()))
    async with app.run_test(size=(120, 34)) as pilot:
        await settled(pilot)
        send(app, "ctrl+p", *"epochs 7")
        await until(pilot, lambda: isinstance(app.screen, CommandPalette))
        typed = app.screen.query_one(Input)
        await until(pilot, lambda: typed.value == "epochs 7")
        send(app, "escape", "H", "slash", *"lr<1")
        await until(pilot, lambda: isinstance(app.screen, RunsScreen))
        await until(pilot, lambda: app.screen.query_one(Input).value == "lr<1")


async def test_the_key_that_leaves_waits_for_none() -> None:
    app = app_for(FakeSession(finished()))
    async with app.run_test(size=(120, 34)) as pilot:
        await settled(pilot)
        app.in_turn.waiting.append(Key("l", "l"))  # its turn does not come
        send(app, "l", "1", "ctrl+q")
        await until(pilot, lambda: app._exit)


async def test_a_key_that_comes_while_the_app_has_no_screen_is_dropped() -> None:
    app = app_for(FakeSession(ready()))
    await app.on_event(Key("a", "a"))
    await app.on_event(Key("b", "b"))
    assert not app.in_turn.waiting
