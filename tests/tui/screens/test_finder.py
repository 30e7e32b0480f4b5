"""The learning-rate finder: asked for by key, shown when it is there, taken or left."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.pilot import Pilot
from textual.widgets import Static

from engine.experiment import Experiment
from engine.jobs.finder import Finding, find_lr
from tests.support.jobs import found
from tests.support.pictures import Compare, Look, named
from tests.support.pilots import (
    app_for,
    app_of,
    main_of,
    resize,
    session_of,
    settled,
    show,
    text_of,
    training_lab,
    until,
)
from tests.support.sessions import FakeSession
from tests.support.shared_lab import SharedLab
from tests.support.snapshots import MINIBATCH_LIMIT, finished, ready
from tui.app import LinregApp
from tui.charts.finder import ramp
from tui.drawing.picture import draw
from tui.screens.dialogs import HelpScreen
from tui.screens.finder import FinderScreen
from tui.settings import Settings

BASELINE = Experiment()
SUGGESTED = BASELINE.changed({"lr": 0.05})


def told(app: LinregApp) -> list[str]:
    """What the notifications say."""
    return [notification.message for notification in app._notifications]


async def find(pilot: Pilot[None], session: FakeSession, finding: Finding) -> FinderScreen:
    """Ask by key, let the answer come, and wait for the screen with it."""
    await settled(pilot)
    await pilot.press("L")
    await until(pilot, lambda: session.asked[-1:] == [("find_lr", main_of(pilot).desk.experiment)])
    assert pilot.app.screen is main_of(pilot)
    session.answer = finding
    await until(pilot, lambda: isinstance(pilot.app.screen, FinderScreen))
    await pilot.pause()
    screen = pilot.app.screen
    assert isinstance(screen, FinderScreen)
    return screen


# Keys --------------------------------------------------------------------------------------------


async def test_the_answer_opens_a_screen_with_both_numbers(shared_lab: SharedLab) -> None:
    async with shared_lab(ready()) as pilot:
        session = session_of(pilot.app)
        screen = await find(pilot, session, found())
        words = str(screen.query_one(Static).render())
        assert "suggestion: lr 0.05, " in words
        assert "27 times below its limit 1.35" in words
        assert "2/λmax = 1.8700" in words
        assert any("loss while lr rises" in line for line in text_of(main_of(pilot).app))  # type: ignore[arg-type]


async def test_enter_takes_the_suggestion(shared_lab: SharedLab) -> None:
    async with shared_lab(ready()) as pilot:
        session = session_of(pilot.app)
        main = main_of(pilot)
        await find(pilot, session, replace(found(), suggestion=0.0512345))
        await pilot.press("enter")
        await until(pilot, lambda: pilot.app.screen is main)
        expected = BASELINE.changed({"lr": 0.0512})
        assert main.desk.experiment == expected
        assert session.asked[-1] == ("prepare", expected)
        await until(pilot, lambda: main.lab.training.fields["lr"].value == "0.0512")


@pytest.mark.parametrize("key", ["escape", "q", "L"])
async def test_leaving_keeps_the_lr(shared_lab: SharedLab, key: str) -> None:
    async with shared_lab(ready(), size=(80, 24)) as pilot:
        session = session_of(pilot.app)
        main = main_of(pilot)
        await find(pilot, session, found())
        await pilot.press(key)
        await until(pilot, lambda: pilot.app.screen is main)
        assert main.desk.experiment == BASELINE
        assert session.asked == [("find_lr", BASELINE)]
        # The answer is not shown a second time, and can be asked for again.
        await show(pilot, finished())
        assert pilot.app.screen is main
        await find(pilot, session, found())


async def test_enter_in_a_burst_takes_it_once(shared_lab: SharedLab) -> None:
    async with shared_lab(ready(), size=(80, 24)) as pilot:
        session = session_of(pilot.app)
        main = main_of(pilot)
        await find(pilot, session, found())
        await pilot.press("enter", "enter", "escape")
        await until(pilot, lambda: pilot.app.screen is main)
        assert [call for call in session.asked if call[0] == "prepare"] == [("prepare", SUGGESTED)]


async def test_the_answer_waits_until_another_screen_is_left(shared_lab: SharedLab) -> None:
    async with shared_lab(ready(), size=(80, 24)) as pilot:
        session = session_of(pilot.app)
        await pilot.press("L", "question_mark")
        await until(pilot, lambda: isinstance(pilot.app.screen, HelpScreen))
        session.answer = found()
        await show(pilot, finished())
        assert isinstance(pilot.app.screen, HelpScreen)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, FinderScreen))
        await pilot.pause()


async def test_a_failure_is_told(shared_lab: SharedLab) -> None:
    why = "data.n=0: must be a whole number at least 1 [not markup]"
    async with shared_lab(ready(), size=(80, 24)) as pilot:
        app = app_of(pilot)
        session = session_of(pilot.app)
        for _ in range(2):
            await pilot.press("L")
            session.answer = "".join(why)  # each failure is another object
            await until(pilot, lambda: main_of(pilot).commands.inquiry.answer is session.answer)
            await until(pilot, lambda: told(app) == [why])  # the word itself comes as a message
            assert app.screen is app.main
        assert app.main.desk.experiment == BASELINE


async def test_nothing_is_searched_while_a_run_trains(shared_lab: SharedLab) -> None:
    async with shared_lab(replace(ready(), state="running"), size=(80, 24)) as pilot:
        session = session_of(pilot.app)
        await pilot.press("L")
        await pilot.pause()
        assert session.asked == []


async def test_resized_while_it_is_open(shared_lab: SharedLab) -> None:
    async with shared_lab(ready()) as pilot:
        app = app_of(pilot)
        session = session_of(pilot.app)
        screen = await find(pilot, session, found())
        for size in ((80, 24), (50, 24), (40, 12), (30, 10), (120, 34)):
            await resize(pilot, size)
            await until(pilot, lambda size=size: screen._compositor.size == size)  # type: ignore[misc]
            assert len(text_of(app)) == size[1]
        assert app.screen is screen


# The chart ---------------------------------------------------------------------------------------


def uprights(finding: Finding) -> dict[str, float]:
    """The lr at which each upright line stands."""
    lines = [curve for curve in ramp(finding).curves if curve.dashed]
    for line in lines:
        first, second = line.xs
        assert first == second
        assert all(map(math.isfinite, line.ys))
    return {line.label: 10 ** line.xs[0] for line in lines}


def test_the_chart_has_the_ramp_and_both_lines() -> None:
    finding = found()
    assert uprights(finding) == pytest.approx({"suggestion": 0.05, "2/λmax": 1.87})
    *lines, curve = ramp(finding).curves
    assert list(curve.xs) == [math.log10(lr) for lr in finding.lrs]
    assert curve.ys == finding.losses
    for line in lines:
        assert tuple(line.ys) == (min(finding.losses), max(finding.losses))
    assert ramp(finding).log_y


def test_where_there_is_no_limit_there_is_no_line() -> None:
    finding = replace(found(), critical_lr=math.inf)
    assert uprights(finding) == pytest.approx({"suggestion": 0.05})


async def test_where_there_is_no_limit_the_words_say_so(shared_lab: SharedLab) -> None:
    async with shared_lab(ready(), size=(80, 24)) as pilot:
        session = session_of(pilot.app)
        screen = await find(pilot, session, replace(found(), critical_lr=math.inf))
        assert "2/λmax = none" in str(screen.query_one(Static).render())


@pytest.mark.parametrize("last", [math.inf, math.nan, 1e300])
def test_a_ramp_that_ends_beyond_all_numbers_keeps_its_lines(last: float) -> None:
    finding = replace(found(), losses=(*found().losses[:-1], last))
    assert uprights(finding) == pytest.approx({"suggestion": 0.05, "2/λmax": 1.87})


@given(
    st.lists(st.floats(min_value=0) | st.just(math.nan), min_size=1, max_size=40),
    st.floats(1e-9, 1e3) | st.just(math.inf),
    st.booleans(),
)
def test_any_ramp_can_be_drawn(losses: list[float], limit: float, ascii: bool) -> None:
    lrs = tuple(1e-4 * 1.1**place for place in range(len(losses)))
    finding = Finding(lrs, tuple(losses), lrs[len(lrs) // 2], limit, MINIBATCH_LIMIT)
    assert ("2/λmax" in uprights(finding)) is math.isfinite(limit)
    strips = draw(ramp(finding), 60, 14, ascii=ascii)
    assert {strip.cell_length for strip in strips} == {60}


# With the engine ---------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", ["half_squared", "l1"])
async def test_the_suggestion_of_the_engine_trains(loss: str) -> None:
    experiment = Experiment().changed({"device": "cpu", "loss": loss})
    async with training_lab(experiment) as pilot:
        app = app_of(pilot)
        await pilot.press("L")
        await until(pilot, lambda: isinstance(app.screen, FinderScreen))
        finding = app.session.answer
        assert isinstance(finding, Finding)
        expected = find_lr(experiment)
        assert (finding.lrs, finding.losses) == (expected.lrs, expected.losses)
        assert finding.suggestion == expected.suggestion
        assert finding.suggestion in finding.lrs
        assert math.isinf(finding.critical_lr) is (loss == "l1")
        assert set(uprights(finding)) == (
            {"suggestion"} if loss == "l1" else {"suggestion", "2/λmax"}
        )
        await pilot.press("enter")
        lr = float(f"{finding.suggestion:.3g}")
        await until(pilot, lambda: app.main.desk.experiment.lr == lr)
        await until(pilot, lambda: app.main.desk.snapshot.experiment.lr == lr)
        await until(pilot, lambda: app.screen is app.main)
        start = app.main.desk.snapshot.loss
        await pilot.press("s")
        await until(pilot, lambda: app.main.desk.snapshot.state == "finished")
        assert start is not None
        assert app.main.desk.snapshot.loss is not None
        assert app.main.desk.snapshot.loss < start / 2


# Pictures ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(120, 34), (80, 24)], ids=named)
async def test_finder(shared_lab: SharedLab, accepted: Look, size: tuple[int, int]) -> None:
    async with shared_lab(ready(), size=size) as pilot:
        await find(pilot, session_of(pilot.app), found())
        await accepted(pilot, named(size), colours=size == (80, 24))


def test_finder_in_ascii(picture: Compare) -> None:
    session = FakeSession(ready())

    async def steps(pilot: Pilot[None]) -> None:
        await find(pilot, session, found())

    picture(app_for(session, Settings(ascii=True)), (80, 24), steps=steps)
