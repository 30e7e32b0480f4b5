"""Studies, and the keys that ask for them."""

from __future__ import annotations

import functools
from dataclasses import replace

from textual.pilot import Pilot

from engine.experiment import Experiment
from engine.problem import build
from engine.theory.gather import facts
from engine.theory.study import Study, study
from tests.support.pilots import main_of, settled, until
from tests.support.sessions import FakeSession
from tests.support.snapshots import FOUND
from tui.screens.theory import StudyScreen, TheoryScreen, XrayScreen

DIALOGS = {"t": TheoryScreen, "d": XrayScreen}


@functools.cache
def studied(text: str = "", at_start: bool = True) -> Study:
    """The real study of a changed baseline, at its start or near its end."""
    changes = dict(change.split("=") for change in text.split())
    experiment = Experiment().changed_by_text(changes)
    known = facts(build(experiment))
    return study(experiment, known, known.start if at_start else FOUND)


async def ask(pilot: Pilot[None], key: str, study: Study) -> StudyScreen:
    """Ask by key, let the answer come, and wait for the screen with it."""
    session = main_of(pilot).session
    assert isinstance(session, FakeSession)
    await settled(pilot)
    await pilot.press(key)
    await until(pilot, lambda: session.asked[-1:] == [("study", session.latest)])
    session.answer = replace(study)  # each answer is another object
    await until(pilot, lambda: isinstance(pilot.app.screen, DIALOGS[key]))
    await pilot.pause()
    screen = pilot.app.screen
    assert isinstance(screen, StudyScreen)
    return screen
