"""Thousands of random keys at every size: nothing crashes, and the app can still be left."""

from __future__ import annotations

import asyncio
from itertools import chain, repeat
from pathlib import Path
from random import Random

import pytest
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import OptionList

from engine.experiment import Experiment
from engine.session import Session
from engine.support.translation import set_language
from tests.support.mashing import click, leave, mash, send
from tests.support.pilots import app_for, app_of, main_of, resize, settled, text_of, until
from tests.support.quiz import quiz
from tests.support.sessions import FakeSession, LivelySession
from tests.support.snapshots import ready, running
from tests.support.waiting import now
from tui.app import LEAST
from tui.forms.fields import ChoiceScreen, Picker
from tui.screens.dialogs import ConfirmScreen, HelpScreen
from tui.screens.job import JobScreen
from tui.screens.jump import JumpScreen
from tui.screens.lessons import LessonsScreen
from tui.screens.main import MainScreen
from tui.screens.palette import Palette
from tui.screens.race import RaceScreen
from tui.screens.sweep import SweepScreen
from tui.settings import Settings


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What random keys save goes nowhere else."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("drawn")
@pytest.mark.parametrize(("seed", "language", "ascii"), [(1, "en", True), (2, "zh", False)])
async def test_very_many_keys(seed: int, language: str, ascii: bool) -> None:
    random = Random(seed)
    set_language(language)
    lesson = None if ascii else quiz()
    await mash(app_for(LivelySession(random), Settings(ascii=ascii), lesson=lesson), random, 200)


async def test_keys_on_the_real_engine(drawn: None) -> None:
    small = Experiment().changed({"data.n": 50, "epochs": 20, "device": "cpu"})
    session = Session(small)
    try:
        await mash(app_for(session), Random(3), 100)
    finally:
        session.close()


# What may stand over what ----------------------------------------------------------------------

DIALOGS = {"question_mark": HelpScreen, "e": LessonsScreen, "j": JumpScreen, "enter": ChoiceScreen}
FULL = {"w": SweepScreen, "R": RaceScreen}


async def open_by(pilot: Pilot[None], *keys: str) -> Screen[object]:
    """Press keys where a picker has the focus; returns the screen on top after them."""
    main = main_of(pilot)
    await until(pilot, lambda: main.is_active)
    main.navigator.go_to(main.lab.training)
    main.set_focus(main.lab.training.query(Picker).first())
    send(app_of(pilot), *keys)
    await pilot.pause()
    return pilot.app.screen


async def leave_dialog(pilot: Pilot[None]) -> None:
    while pilot.app.screen is not main_of(pilot):
        send(app_of(pilot), "escape")
        await pilot.pause()


async def test_a_second_press_of_the_palettes_key_leaves_it() -> None:
    app = app_for(FakeSession(ready()))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        for screen in (MainScreen, SweepScreen):
            for key, full in FULL.items():
                if full is screen:
                    await open_by(pilot, key)
            for times in (1, 2, 3):
                send(app, *["ctrl+p"] * times)
                await pilot.pause()
                assert isinstance(app.screen, Palette if times % 2 else screen)
                if times % 2:
                    send(app, "ctrl+p")
                    await pilot.pause()
            await leave_dialog(pilot)
        await leave(pilot)


async def test_a_screen_that_comes_or_goes_may_be_resized() -> None:
    app = app_for(FakeSession(ready()))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        for key in FULL:
            send(app, key)
            while not isinstance(screen := app.screen, JobScreen) or not screen.is_mounted:
                if isinstance(screen, JobScreen):
                    screen.redraw()
                await asyncio.sleep(0)
            screen.dismiss(None)
            while screen.is_attached:
                screen.redraw()
                await asyncio.sleep(0)
        await leave(pilot)


async def test_over_a_dialog_opens_no_other() -> None:
    app = app_for(FakeSession(ready()))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        for key, dialog in DIALOGS.items():
            assert isinstance(await open_by(pilot, key, key, key), dialog | MainScreen)
            await leave_dialog(pilot)
            assert isinstance(await open_by(pilot, key), dialog)
            send(app, "ctrl+p", "ctrl+p", "ctrl+p")
            await pilot.pause()
            assert isinstance(app.screen, dialog)
            assert len(app.screen_stack) == 3
            await leave_dialog(pilot)
        await leave(pilot)


async def test_the_question_before_leaving_stands_over_everything() -> None:
    app = app_for(FakeSession(running()))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        for key in ("question_mark", "j", "enter", "ctrl+p"):
            over = await open_by(pilot, key)
            send(app, "ctrl+q")
            await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
            send(app, "n")
            await pilot.pause()
            assert app.screen is over
            await leave_dialog(pilot)
        await open_by(pilot, "ctrl+p")
        await leave(pilot)


# Lists that change under the mouse -------------------------------------------------------------


async def test_a_click_on_what_is_no_longer_in_a_list_chooses_nothing() -> None:
    app = app_for(FakeSession(ready()))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        for key in ("e", "j", "enter", "ctrl+p"):
            over = await open_by(pilot, key)
            options = over.query_one(OptionList)
            text_of(app)
            x, y = options.region.x + 3, options.region.y + 2
            assert "option" in app.screen.get_style_at(x, y).meta
            while options.option_count:
                options.remove_option_at_index(0)
            click(app, x, y)
            send(app, "pageup", "pagedown", "home", "end", "up", "down")
            await pilot.pause()
            assert app.screen in (over, app.main)  # a click beside its list leaves the palette
            assert app.main.desk.experiment == Experiment()
            await leave_dialog(pilot)
        await leave(pilot)


# Sizes -----------------------------------------------------------------------------------------


async def test_every_screen_survives_every_size() -> None:
    app = app_for(FakeSession(ready()), Settings(ascii=True))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        for key in (*DIALOGS, *FULL, "ctrl+p"):
            over = await open_by(pilot, key)
            for size in ((1, 1), (1, 50), (200, 1), LEAST, (80, 24)):
                await resize(pilot, size)
                lines = text_of(app)
            assert tuple(app.screen.size) == (80, 24)
            assert app.screen is over
            assert any(line.strip() for line in lines)
            await leave_dialog(pilot)
        await leave(pilot)


async def test_below_the_least_size_nothing_is_drawn() -> None:
    app = app_for(FakeSession(ready()))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        for size, small in (((1, 1), True), ((12, 3), True), ((11, 40), True), ((12, 4), False)):
            await resize(pilot, size)
            assert app.is_small == small
            assert app.size.width >= LEAST.width
            assert app.size.height >= LEAST.height
        await leave(pilot)


async def test_a_size_is_heard_though_the_process_was_held_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    late = chain(range(40), repeat(40))
    app = app_for(FakeSession(ready()))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        with monkeypatch.context() as held_up:
            held_up.setattr("textual._time.get_time", lambda: now() + next(late))
            await pilot.resize_terminal(120, 34)
        await resize(pilot, (200, 50))
        assert app.main.region.size == (200, 50)
