"""One clock: a moment that is looked at, the same in every panel, and a run that is played."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rich.cells import cell_len
from textual.pilot import Pilot

from engine.catalog.parameters import flat
from engine.experiment import Experiment
from engine.support.translation import LANGUAGES, Message, set_language
from engine.training.driver import Driver
from engine.training.moments import fork_of, last_sound, snapshot_at, steps_of
from engine.training.snapshot import Snapshot
from tests.support.pilots import (
    app_for,
    app_of,
    become,
    main_of,
    says,
    settled,
    show,
    text_of,
    training_lab,
    until,
)
from tests.support.sessions import FakeSession
from tests.support.snapshots import finished, paused, points, previous, ready, running
from tui.charts.views import VIEWS
from tui.clock import EPOCHS_AT_A_TIME, PLAY_SECONDS, PRESSES, Clock
from tui.panels.bars import status
from tui.screens.desk import Desk
from tui.screens.lab import looking

ALL = (0.0, 3.0)


def test_it_goes_from_stored_step_to_stored_step_within_what_is_in_view() -> None:
    run, clock = finished(), Clock()
    assert (clock.x, clock.moment) == (None, None)
    clock.move(run, -1, ALL)
    assert clock.step == 297
    for _ in range(3):
        clock.move(run, 1, ALL)
    assert (clock.step, clock.x) == (300, 3.0)
    clock.go_to(run, 136)
    assert clock.step == 135
    clock.point_to(run, 1.369)
    assert clock.step == 138
    clock.move(run, 1, (2.0, 3.0))  # the nearest one in view comes first
    assert clock.step == 201
    clock.move(run, -1, (2.0, 3.0))
    assert clock.step == 201
    clock.leave()
    assert clock.x is None


def test_a_key_goes_over_several_steps_and_epochs_where_there_are_many() -> None:
    run = finished()
    count = 4 * PRESSES
    path = replace(
        run.path,
        x=tuple(step / 100 for step in range(count + 1)),
        theta=run.path.theta[:1] * (count + 1),
    )
    epochs = 3 * EPOCHS_AT_A_TIME
    run = replace(run, path=path, step=count, experiment=run.experiment.changed({"epochs": epochs}))
    clock = Clock()
    clock.go_to(run, 0)
    clock.move(run, 1, (0.0, epochs))
    assert clock.step == 4
    clock.move(run, 1, (0.0, 1.0))
    assert clock.step == 5
    clock.move_epochs(run, 1)
    assert clock.step == 300
    clock.move_epochs(run, -1)
    assert clock.step == 0


def test_epochs_from_between_their_ends() -> None:
    run, clock = finished(), Clock()
    run = replace(
        run,
        path=replace(
            run.path, x=tuple(step / 100 for step in range(301)), theta=run.path.theta[:1] * 301
        ),
    )
    clock.go_to(run, 137)
    seen = []
    for by in (1, 1, 1, -1, -1, -1, -1):
        clock.move_epochs(run, by)
        seen.append(clock.step)
    assert seen == [200, 300, 300, 200, 100, 0, 0]


def test_a_run_without_a_step_has_no_moment() -> None:
    clock = Clock()
    clock.go_to(ready(), 0)
    clock.move(ready(), -1, ALL)
    assert clock.run is None


def test_it_plays_at_a_pace_to_the_end_which_is_now() -> None:
    run, clock, seen = finished(), Clock(), []
    clock.moved = lambda: seen.append(clock.step if clock.run else None)
    clock.go_to(run, 240)
    clock.tick(1.0, 1.0)
    assert not clock.is_playing
    clock.play()
    for _ in range(9):
        clock.tick(0.1, 1.0)
    assert seen == [240, 249, 258, 270, 279, 288, None]
    clock.go_to(run, 0)
    clock.play()
    clock.tick(PLAY_SECONDS / 2, None)  # at full speed
    assert clock.step == 150
    clock.stop()
    clock.tick(PLAY_SECONDS, None)
    assert clock.step == 150


def test_it_follows_the_run_that_it_looks_at() -> None:
    now, clock = running(), Clock()
    clock.go_to(now, 60)
    later = finished(now.number)
    clock.follow(finished(now.number + 1))
    assert clock.run is now
    clock.follow(later)
    assert clock.run is later
    assert clock.step == 60


@pytest.mark.parametrize("language", LANGUAGES)
def test_80_columns_hold_which_moment_it_is_and_how_to_leave_it(language: str) -> None:
    set_language(language)
    run = finished()
    desk = Desk(FakeSession(run), run.experiment, changed=lambda: None)
    desk.clock.go_to(run, 135)
    words = looking(desk)
    assert "135" in words
    assert "300" in words
    line = status(run, 80, words).plain
    assert line.startswith(f" {words} ")
    assert cell_len(line) == 80


async def test_every_panel_shows_the_moment_until_esc() -> None:
    run = finished()
    session = FakeSession(run, (previous(),))
    async with app_for(session).run_test(size=(120, 34)) as pilot:
        await settled(pilot)
        lab, desk = main_of(pilot).lab, main_of(pilot).desk
        await pilot.press("home", *["right"] * 45)
        await says(pilot, "looking at step 135 of 300 · esc: now")
        moment = snapshot_at(run, 135)
        assert lab.values.snapshot is not None
        assert flat(lab.values.snapshot.params) == run.path.theta[45]
        assert lab.fit.scene.now.params == moment.params
        assert lab.loss.cursor == 1.35
        assert lab.loss.snapshots == (run,)  # with the whole run beside it
        lines = "\n".join(text_of(app_of(pilot)))
        assert "step 35 of 100" not in lines  # its loss is not stored
        assert "the gradient was not stored" in lines
        for name in ("parameters", "directions", "landscape"):
            lab.fit.turn_to(VIEWS[name])
            assert lab.fit.cursor == 1.35
            assert lab.fit.scene.now is run
        lab.fit.turn_to(VIEWS["residuals"])
        assert lab.fit.cursor is None
        assert lab.fit.scene.now.step == 135
        # A change of the settings leaves it on show, as a start for something else.
        desk.change({"lr": "0.1"})
        await show(pilot, desk.session.shown.latest)
        assert desk.snapshot is run
        await pilot.press("escape")
        assert desk.clock.run is None
        assert not any("looking at" in line for line in text_of(app_of(pilot)))
        for key in ("s", ".", ">", "r"):
            await pilot.press("left")
            assert desk.clock.run
            await pilot.press(key)
            assert desk.clock.run is None
        await pilot.press("left")
        desk.change({"data.n": "50"})
        assert desk.clock.run is None


async def test_space_plays_what_is_over_or_paused_and_stops_it() -> None:
    session = FakeSession(finished())
    async with app_for(session).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        clock = main_of(pilot).desk.clock
        await pilot.press("space")
        assert not clock.is_playing
        await pilot.press("home", "space")
        await until(pilot, lambda: clock.step > 0)
        await pilot.press("space")
        assert not clock.is_playing
        await pilot.press("space")
        assert clock.is_playing
        await until(pilot, lambda: clock.run is None)
        await become(pilot, paused())
        session.calls.clear()
        await pilot.press("home", "space", "space", "escape", "space")
        assert session.calls == [("resume",)]
        await become(pilot, running())
        session.calls.clear()
        await pilot.press("home", "space")
        assert session.calls == [("pause",)]


async def test_the_chart_of_residuals_keeps_a_cursor_of_its_own() -> None:
    async with app_for(FakeSession(finished())).run_test(size=(120, 34)) as pilot:
        await settled(pilot)
        desk, fit = main_of(pilot).desk, main_of(pilot).lab.fit
        await pilot.press("tab", "v", "right")
        assert fit.cursor is not None
        assert desk.clock.run is None
        await pilot.press("home")
        assert desk.clock.step == 0
        assert fit.scene.now.step == 0
        await pilot.press("0")
        assert fit.value_cursor is None
        assert not desk.clock.is_playing
        assert desk.clock.x is None


async def test_a_fork_stands_beside_the_run_that_it_goes_on_from() -> None:
    experiment = Experiment().changed({"data.n": 100, "device": "cpu"})
    async with training_lab(experiment) as pilot:
        desk, lab = main_of(pilot).desk, main_of(pilot).lab
        await pilot.press("s")
        await until(pilot, lambda: desk.snapshot.state == "finished")
        origin = desk.snapshot
        await pilot.press("home", *["right"] * 13, "l", *["backspace"] * 4, *"0.3", "enter")
        assert desk.snapshot is origin  # and the start of what was set is behind it
        await pilot.press("F")
        await until(pilot, lambda: len(desk.runs) == 2)
        run = desk.snapshot
        assert run.fork == fork_of(origin, 13)
        assert run.experiment == experiment.changed({"lr": 0.3})
        assert run.path.theta[0] == origin.path.theta[13]
        assert desk.previous is origin
        (before,) = (curve for curve in lab.loss.chart().curves if curve.color == "before")
        assert before.ys == origin.epoch_losses.low
        assert run.epoch_losses.x == (1.3, 2.0, 3.0)
        await says(pilot, "goes on from step 13 of run ")
        await pilot.press("home")
        assert desk.clock.step == 13
        assert desk.moment.loss == run.epoch_losses.low[0]


async def test_a_fork_is_refused_where_the_data_are_others_and_asks_before_it_ends_a_run() -> None:
    session = FakeSession(paused())
    async with app_for(session).run_test(size=(120, 34)) as pilot:
        await settled(pilot)
        desk = main_of(pilot).desk
        desk.experiment = Experiment().changed({"data.n": 50})
        session.calls.clear()
        await pilot.press("home", "F", "y")
        (note,) = app_of(pilot)._notifications
        assert note.message.startswith("data.n=50: a fork goes on with other optimizer, lr, ")
        assert session.calls == []
        desk.experiment = Experiment().changed({"lr": 0.3})
        await pilot.press("F", "y")
        assert session.calls == [("fork", desk.experiment, fork_of(session.latest, 0))]
        await show_fork(pilot, replace(running(3), fork=fork_of(session.latest, 0)))


async def show_fork(pilot: Pilot[None], fork: Snapshot) -> None:
    """Have a fork begin, which is on show then as it is now."""
    await show(pilot, fork)
    assert main_of(pilot).desk.clock.run is None


@pytest.mark.parametrize("at_moment", [True, False])
async def test_while_a_fork_is_on_its_way_the_moment_it_begins_at_is_on_show(
    at_moment: bool,
) -> None:
    origin = finished(1)
    session = FakeSession(origin, (origin,))
    async with app_for(session).run_test(size=(120, 34)) as pilot:
        await settled(pilot)
        main = main_of(pilot)
        desk, lab = main.desk, main.lab
        await pilot.press(*["shift+left"] * at_moment, "l", *["backspace"] * 4, *"0.3", "enter")
        desk.edit(Experiment(lr=0.3, epochs=9))
        fork = fork_of(origin, desk.clock.step if at_moment else 300)
        await pilot.press("F")
        assert ("fork", desk.experiment, fork) in session.calls
        message = Message(
            "taking the first {steps} steps again: {share:.0f} %", steps=200, share=40
        )
        on_its_way = Snapshot(desk.experiment, 2, "running", message, fork=fork)
        session.latest = on_its_way
        await says(pilot, "taking the first 200 steps again: 40 % · x: back")
        assert [main.can(id) for id in ("pause", "play", "stop")] == [True, False, True]
        seen = snapshot_at(origin, fork.step)
        assert lab.values.snapshot is seen
        assert lab.fit.scene.now is seen
        assert lab.fit.chart().curves
        session.latest = replace(on_its_way, state="paused")
        await until(pilot, lambda: main.can("resume"))
        await pilot.press("space")
        await pilot.press("x")
        assert [call for call, *_ in session.calls[-2:]] == ["resume", "stop"]
        session.latest = origin
        await until(pilot, lambda: desk.shown.latest is origin)
        assert desk.moment is (seen if at_moment else origin)
        await pilot.press("F")
        session.latest = on_its_way
        await until(pilot, lambda: desk.is_retracing)
        await show_fork(pilot, replace(running(2), fork=fork))


async def test_a_fork_that_is_over_is_taken_again_and_one_of_a_diverged_run_begins_before() -> None:
    experiment = Experiment(lr=3.0).changed({"data.n": 100, "device": "cpu"})
    async with training_lab(experiment) as pilot:
        desk, lab = main_of(pilot).desk, main_of(pilot).lab

        def told() -> str:
            return "".join(note.message for note in app_of(pilot)._notifications)

        await pilot.press("F")
        assert told().startswith("there is no run to look back on yet")
        lab.fit.turn_to(VIEWS["parameters"])

        async def taken(*keys: str, count: int) -> Snapshot:
            await pilot.press(*keys)
            await until(pilot, lambda: len(desk.runs) == count)
            return desk.snapshot

        wild = await taken("s", count=1)
        assert wild.autopsy
        await pilot.press("l", *["backspace"] * 4, *"0.3", "enter")
        await until(pilot, lambda: desk.snapshot.state == "ready")
        tame = await taken("F", count=2)  # the run is behind the start of what was set
        assert told() == "goes on from step 0, before it diverged"
        assert (tame.state, tame.fork) == ("finished", fork_of(wild, 0))
        late = await taken("home", *["right"] * 13, "F", count=3)
        assert late.fork == fork_of(tame, 13)
        before = [each for each in lab.fit.chart().curves if each.color == "before"]
        assert [each.ys for each in before] == [*map(list, zip(*tame.path.theta, strict=True))]
        same = await taken("home", "F", count=4)  # of the same run once more
        assert same.fork == late.fork
        assert desk.previous is tame
        await pilot.press("full_stop")
        assert told() == "the fork again, from step 13; s trains from step 0"
        await until(pilot, lambda: desk.snapshot.state == "paused")
        assert (desk.snapshot.step, desk.snapshot.fork) == (14, late.fork)
        await taken("x", count=5)
        plain = await taken("s", count=6)
        assert told() == "from step 0: this leaves the fork"
        assert (plain.fork, plain.path.x[0]) == (None, 0.0)


def test_the_last_sound_step_of_a_diverged_run_has_a_loss_as_at_the_start() -> None:
    experiment = Experiment(lr=0.1).changed({"data.n": 100, "device": "cpu"})
    driver = Driver(experiment, lambda: 0.0)
    for _ in range(12):
        driver.minibatch(experiment)
    assert last_sound(driver.shown.latest) == 12
    driver.set_lr(3.0)
    driver.resume()
    while driver.running:
        driver.advance()
    run = driver.shown.latest
    step, losses = last_sound(run), [loss or 0.0 for loss in run.path.losses]
    assert run.facts
    assert 12 <= step < run.step
    assert losses[step + 1] <= run.facts.start_loss
    assert min(losses[step + 2 :]) > run.facts.start_loss


@pytest.mark.parametrize("step", [30, 150])
def test_the_loss_chart_says_what_was_stored(step: int) -> None:
    from tui.charts.loss import Beside, loss_chart

    run = finished()
    path = replace(run.path, losses=tuple(float(x) for x in range(len(run.path.x))))
    run = replace(run, path=path, validation_losses=points(20.0, 1.0, 0.5, 0.25))
    title = loss_chart(run, Beside(previous()), cursor=step / 100).title
    place = steps_of(run).index(step)
    reached = (0, "16.2", "16.2", "20") if step < 100 else (1, "0.0378", "9.1", "1")
    epoch, loss, before, held_out = reached
    assert title == (
        f"minibatch {place}  epoch {epoch} {loss}  before {before}  validation {held_out}"
    )
