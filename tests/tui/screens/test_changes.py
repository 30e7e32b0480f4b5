"""Undo and redo: any sequence of changes, taken back and made again."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.experiment import Experiment
from tests.support.pilots import about, app_of, session_of, settled, show, until
from tests.support.shared_lab import SharedLab
from tests.support.snapshots import paused, ready, running
from tui.app import LinregApp
from tui.screens.changes import MOST_CHANGES, Change, Changes, Moment


def moment(number: int) -> Moment:
    return Moment(replace(Experiment(), seed=number))


@given(st.lists(st.sampled_from(("change", "undo", "redo")), max_size=60), st.integers(0, 150))
def test_any_sequence_goes_along_the_states_that_there_were(keys: list[str], many: int) -> None:
    changes = Changes()
    states, here, oldest = [moment(0)], 0, 0
    for key in ["change"] * many + keys:
        if key == "change":
            states[here + 1 :] = [moment(states[here].experiment.seed + 1 + len(states))]
            changes.note(Change(states[here], states[here + 1]))
            here += 1
            oldest = max(oldest, here - MOST_CHANGES)
        elif key == "undo" and changes.done:
            here -= 1
            assert changes.undo() == states[here]
        elif key == "redo" and changes.undone:
            here += 1
            assert changes.redo() == states[here]
        assert len(changes.done) == here - oldest
        assert len(changes.undone) == len(states) - 1 - here


def test_there_is_nothing_before_the_first_change_and_after_the_last() -> None:
    changes = Changes()
    for step in (changes.undo, changes.redo):
        with pytest.raises(IndexError):
            step()


# On the screen ---------------------------------------------------------------------------------


def said(app: LinregApp) -> str:
    return "".join(note.message for note in app._notifications)


async def test_fields_pickers_and_keys_are_taken_back_one_by_one_and_made_again(
    shared_lab: SharedLab,
) -> None:
    async with shared_lab(ready()) as pilot:
        app = app_of(pilot)
        session = session_of(pilot.app)
        main = app.main
        await settled(pilot)
        seen = [main.desk.experiment]
        for keys in (("l", *"0.5", "enter"), ("O",), ("n",), ("B",)):
            with about(keys):
                await pilot.press(*keys)
                await until(pilot, lambda: main.desk.experiment != seen[-1])
                seen.append(main.desk.experiment)
        form = next(form for form in main.lab.forms if "loss" in form.fields)
        main.navigator.go_to_field(form, form.fields["loss"])
        await pilot.press("right")
        await until(pilot, lambda: main.desk.experiment != seen[-1])
        seen.append(main.desk.experiment)
        words = (
            "lr 0.5→0.03",
            "batch_size 1→10",
            "seed 8→7",
            "batch_size 1000→1",
            "loss squared→half_squared",
        )
        assert seen[0].lr == 0.03
        for before, word in zip(reversed(seen[:-1]), reversed(words), strict=True):
            with about(word):
                session.calls.clear()
                await pilot.press("u")
                await until(pilot, lambda before=before: main.desk.experiment == before)  # type: ignore[misc]
                assert session.asked == [("prepare", before)]
                assert said(app) == f"back: {word}; U undoes that"
        await pilot.press("u")
        assert said(app) == "nothing was changed that could be taken back"
        assert main.lab.training.fields["lr"].value == "0.03"
        for after in seen[1:]:
            await pilot.press("U")
            await until(pilot, lambda after=after: main.desk.experiment == after)  # type: ignore[misc]
        assert said(app).startswith("again: loss ")
        await pilot.press("U")
        assert said(app) == "nothing was taken back: u does that"
        await pilot.press("u", "n")  # another way on: the one before is gone
        await until(pilot, lambda: main.desk.experiment.seed == seen[-1].seed + 1)
        assert not main.can("redo")


async def test_a_run_under_way_takes_over_only_an_lr_that_comes_back(shared_lab: SharedLab) -> None:
    async with shared_lab(ready()) as pilot:
        app = app_of(pilot)
        session = session_of(pilot.app)
        await pilot.press("O", "l", *"0.5", "enter")
        await until(pilot, lambda: app.main.desk.experiment.lr == 0.5)
        now = app.main.desk.experiment
        for made in (running, paused):
            await show(pilot, replace(made(), experiment=now))
            session.calls.clear()
            await pilot.press("u", "u", "U", "U")
            await pilot.pause()
            assert session.asked == [("set_lr", 0.03), ("set_lr", 0.5)]
            assert app.main.desk.experiment == now


async def test_lessons_are_taken_back_with_what_was_open_before(shared_lab: SharedLab) -> None:
    async with shared_lab(ready()) as pilot:
        app = app_of(pilot)
        main = app.main
        await settled(pilot)
        await pilot.press("O", "5")
        await until(pilot, lambda: main.classroom.lesson is not None)
        fifth = main.classroom.lesson
        assert fifth
        await pilot.press("5")  # once more: nothing changes
        await pilot.press("4")
        await until(pilot, lambda: main.classroom.lesson not in (None, fifth))
        fourth = main.classroom.lesson
        assert fourth
        mine, before = (
            replace(Experiment(), batch_size=1),
            "back: the experiment before the lesson",
        )
        for key, lesson, experiment, words in (
            (
                "u",
                fifth,
                fifth.experiment,
                f"{before} {fourth.title}",
            ),
            (
                "u",
                None,
                mine := replace(Experiment(), batch_size=1),
                "back: the experiment before",
            ),
            ("U", fifth, fifth.experiment, f"again: the lesson {fifth.title}; u takes it back"),
            ("u", None, mine, f"{before} {fifth.title}; U undoes"),
            ("u", None, Experiment(), "back: batch_size 1→10; U undoes that"),
        ):
            await pilot.press(key)
            await until(pilot, lambda w=words: said(app).startswith(w))  # type: ignore[misc]
            assert main.classroom.lesson is lesson
            assert main.desk.experiment == experiment
        await pilot.press("5", "escape", "n", "u")  # a lesson that was left stays away
        await until(pilot, lambda: said(app).startswith("back: seed"))
        assert main.classroom.lesson is None
        assert main.desk.experiment == fifth.experiment
