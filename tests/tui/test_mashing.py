"""Thousands of random keys: nothing crashes, and the app still answers."""

from __future__ import annotations

import string
from collections.abc import Callable
from dataclasses import replace
from random import Random

import pytest
from textual.command import CommandPalette
from textual.pilot import Pilot

from engine.experiment import Experiment
from engine.jobs.race import Race
from engine.jobs.sweep import Sweep
from engine.session import Session
from engine.training.snapshot import Snapshot
from tests.tui.conftest import (
    SIZES,
    FakeSession,
    app_for,
    diverged,
    failed,
    finished,
    found,
    many_features,
    paused,
    raced,
    ready,
    running,
    seed_band,
    settled,
    stopped,
    swept,
    text_of,
    until,
    zeros,
)
from tui.app import LinregApp
from tui.forms.fields import TextField
from tui.keys import ACTIONS
from tui.screens.dialogs import HelpScreen

CHUNK = 25
KEYS = [
    *(key for action in ACTIONS for key in action.key.split(",")),
    *string.ascii_letters,
    *string.digits,
    *("up", "down", "left", "right", "enter", "escape", "tab", "shift+tab", "backspace"),
    # Not page up and down: Textual's own list fails on them before it was ever drawn.
    *("home", "end", "delete", "ctrl+a", "ctrl+k", "ctrl+v", "ctrl+c"),
    *("full_stop", "comma", "minus", "ß", "損", "f1"),
]

pytestmark = pytest.mark.usefixtures("busy")


class LivelySession(FakeSession):
    """Answers every command with a snapshot of the state that the command leads to."""

    def __init__(self, random: Random) -> None:
        super().__init__(ready())
        self.random = random

    def become(self, *makers: Callable[[], Snapshot], experiment: Experiment | None = None) -> None:
        """Come up with one of these states."""
        snapshot = self.random.choice(makers)()
        if snapshot.experiment == Experiment() and snapshot.facts and experiment:
            # What the forms say and what is shown agree only where the shapes do.
            same = experiment.source().features == 2 and experiment.model.name == "linear"
            if same and "b" in experiment.architecture().shapes:
                snapshot = replace(snapshot, experiment=experiment)
        self.latest = replace(snapshot, number=self.latest.number + 1)
        if self.latest.over and self.latest.facts:
            self.runs = (*self.runs, self.latest)

    def prepare(self, experiment: Experiment) -> None:
        self.become(ready, ready, failed, experiment=experiment)

    def start(self, experiment: Experiment) -> None:
        self.become(running, finished, diverged, zeros, many_features, experiment=experiment)

    def minibatch(self, experiment: Experiment) -> None:
        self.become(paused, experiment=experiment)

    def epoch(self, experiment: Experiment) -> None:
        self.become(paused, finished, experiment=experiment)

    def pause(self) -> None:
        self.become(paused)

    def resume(self) -> None:
        self.become(running, finished)

    def stop(self) -> None:
        self.become(stopped)

    def start_sweep(self, sweep: Sweep) -> None:
        self.sweep = self.random.choice((swept("running", 0.4), swept("finished"), seed_band()))

    def start_race(self, race: Race) -> None:
        self.race = self.random.choice((raced("running", 0.4), raced("finished")))

    def stop_job(self) -> None:
        self.sweep = swept("stopped", 0.4)
        self.race = raced("stopped", 0.4)

    def find_lr(self, experiment: Experiment) -> None:
        self.answer = self.random.choice((found(), "the loss is no longer a finite number"))


async def press(pilot: Pilot[None], burst: list[str]) -> None:
    """Press keys, each before the one before it is done, but in Textual's own palette in turn.

    The palette is not ready for keys that come in one burst: it may be left twice, and fails.
    """
    waiting: list[str] = []
    for key in burst:
        waiting.append(key)
        if key == "ctrl+p" or isinstance(pilot.app.screen, CommandPalette):
            await pilot.press(*waiting)
            await pilot.pause()
            waiting.clear()
    await pilot.press(*waiting)
    await pilot.pause()


async def mash(app: LinregApp, random: Random, count: int) -> None:
    """Press keys in bursts with resizes in between, then ask for help."""
    pressed: list[str] = []
    try:
        async with app.run_test(size=(80, 24)) as pilot:
            await settled(pilot)
            for _ in range(count // CHUNK):
                burst = random.choices(KEYS, k=CHUNK)
                pressed += burst
                await press(pilot, burst)
                if random.random() < 0.3:
                    size = random.choice([*SIZES, (30, 10), (12, 4), (79, 11)])
                    pressed.append(f"{size}")
                    await pilot.resize_terminal(*size)
            await pilot.resize_terminal(80, 24)
            for _ in range(20 * CHUNK):  # out of whatever is open, and what opens meanwhile
                if isinstance(app.screen, HelpScreen):
                    break
                free = app.screen is app.main and not isinstance(app.main.focused, TextField)
                await pilot.press("question_mark" if free else "escape")
                await pilot.pause(1 / 100)
            assert isinstance(app.screen, HelpScreen), f"{app.screen_stack}, {app.focused}"
            await until(pilot, lambda: any("━ Help ━" in line for line in text_of(app)))
    except BaseException as error:
        error.add_note("the last keys: " + " ".join(pressed[-3 * CHUNK :]))
        raise


@pytest.fixture
def no_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither leaving nor suspending: the keys are heard, the app stays."""
    monkeypatch.setattr(LinregApp, "exit", lambda self, *arguments, **keywords: None)
    monkeypatch.setattr(LinregApp, "action_suspend_process", lambda self: None)


@pytest.mark.usefixtures("no_way_out")
@pytest.mark.parametrize("seed", [1, 2])
async def test_very_many_keys(seed: int) -> None:
    random = Random(seed)
    await mash(app_for(LivelySession(random)), random, 300)


@pytest.mark.usefixtures("no_way_out")
async def test_keys_on_the_real_engine() -> None:
    small = Experiment().changed({"data.n": 50, "epochs": 20, "device": "cpu"})
    session = Session(small)
    try:
        await mash(app_for(session), Random(3), 200)
    finally:
        session.close()
