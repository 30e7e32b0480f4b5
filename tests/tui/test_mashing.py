"""Thousands of random keys: nothing crashes, and the app still answers."""

from __future__ import annotations

from random import Random

import pytest

from engine.experiment import Experiment
from engine.session import Session
from tests.support.mashing import mash
from tests.support.pilots import app_for
from tests.support.sessions import LivelySession
from tui.app import LinregApp

pytestmark = pytest.mark.usefixtures("busy")


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
