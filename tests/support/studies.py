"""Studies, and the keys that ask for them."""

from __future__ import annotations

import functools
from dataclasses import replace

import torch
from textual.pilot import Pilot

from engine.catalog.parameters import Values
from engine.experiment import Experiment
from engine.problem import build
from engine.theory.curvature import curvature
from engine.theory.gather import facts
from engine.theory.noise import GradientNoise
from engine.theory.second_derivatives import Method
from engine.theory.study import Study, study
from engine.theory.xray import Xray
from tests.support import snapshots
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
    await until(pilot, lambda: session.asked[-1:] == [("study",)])
    session.answer = replace(study)  # each answer is another object
    await until(pilot, lambda: isinstance(pilot.app.screen, DIALOGS[key]))
    await pilot.pause()
    screen = pilot.app.screen
    assert isinstance(screen, StudyScreen)
    return screen


def posed() -> Study:
    """A study made up of round numbers."""
    H = torch.tensor([[1.0, 0.04, 0.0], [0.04, 1.1, -0.03], [0.0, -0.03, 0.95]]).double()
    bent = curvature(H)
    found: Values = {"w": (-2.0027, 1.0891), "b": (-3.5263,)}
    off: Values = {"w": (-2.0027 + 2e-11, 1.0891 - 1e-11), "b": (-3.5263,)}
    return Study(
        experiment=Experiment(),
        params=snapshots.START,
        labels=("w[0]", "w[1]", "b"),
        facts=snapshots.facts(),
        hessian=H,
        second=(
            Method("formula", 0, 9, 0.0),
            Method("create_graph", 4, 9, 2e-16, 8008),
            Method("H·v", 2, 3, 1e-16),
            Method("retain_graph", 1, 0, trouble="element 0 of tensors does not require grad"),
        ),
        curvature=bent,
        headings=tuple({"w": (a, b), "b": (c,)} for a, b, c in bent.eigenvectors.T.tolist()),
        limit=snapshots.MINIBATCH_LIMIT,
        noise=GradientNoise(torch.tensor([-2.0, 3.4, -4.2]).double(), 94.0, 1000),
        batch_size=10,
        xray=Xray(found, found, off),
        minibatch_size=10,
        begun=True,
    )
