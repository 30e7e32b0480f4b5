"""A run that is looked at in place of that at hand: on show in every panel, and left again."""

from __future__ import annotations

from dataclasses import replace

from engine.experiment import Experiment
from tests.support.pilots import (
    app_of,
    main_of,
    says,
    session_of,
    show,
    text_of,
    until,
)
from tests.support.shared_lab import SharedLab
from tests.support.snapshots import FAST, SLOW, diverged, finished, paused, previous, running


async def test_it_is_on_show_in_every_panel_until_it_is_left_edited_or_another_begins(
    shared_lab: SharedLab,
) -> None:
    async with shared_lab(running(3), previous(1), finished(2)) as pilot:
        app = app_of(pilot)
        session = session_of(pilot.app)
        main = main_of(pilot)
        desk, lab = main.desk, main.lab
        desk.look_at(session.runs[0], "run 1")
        await says(pilot, "looking at run 1 · esc: back")
        assert lab.loss.snapshots == lab.fit.snapshots == (session.runs[0],)
        assert lab.values.snapshot is session.runs[0]
        assert desk.previous is None
        assert main.situation.running  # keys act on the run at hand
        session.latest = paused(3)
        await until(pilot, lambda: desk.at_hand is session.latest)
        assert desk.snapshot is session.runs[0]
        await pilot.press("escape")
        assert desk.snapshot is session.latest
        assert not any("looking at" in line for line in text_of(app))
        for key in (".", ">", "s"):
            desk.look_at(session.runs[1])
            await pilot.press(key, *("y" if key == "s" else ""))
            await until(pilot, lambda: desk.looked_at is None)
        desk.look_at(session.runs[1])
        desk.change({"lr": "0.5"})
        assert desk.snapshot is session.latest
        desk.look_at(session.runs[1])
        desk.restart(Experiment())
        assert desk.snapshot is session.latest


async def test_a_smaller_lr_is_taken_with_all_settings_of_the_run_that_is_looked_at(
    shared_lab: SharedLab,
) -> None:
    async with shared_lab(finished(3), diverged(1), previous(2)) as pilot:
        session = session_of(pilot.app)
        desk = main_of(pilot).desk
        desk.adopt(SLOW)
        desk.look_at(session.runs[0])
        session.calls.clear()
        await pilot.press("a")
        wanted = replace(FAST, lr=0.67)
        assert session.calls == [("prepare", wanted), ("start", wanted)]
        await show(pilot, running(4))
        desk.look_at(session.runs[0])
        session.calls.clear()
        await pilot.press("a")  # would end the run under way
        assert session.calls == []
