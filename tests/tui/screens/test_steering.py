"""The start moved by hand: w and b by the arrows."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from engine.experiment import Experiment
from tests.support.mouse import cell_of, press_and_move
from tests.support.pilots import (
    app_of,
    main_of,
    says,
    session_of,
    show,
    training_lab,
    until,
)
from tests.support.runs import facts_of
from tests.support.sessions import FakeSession
from tests.support.shared_lab import SharedLab
from tests.support.snapshots import START, facts, finished, ready
from tui.charts.fit import fit_chart, with_sticks
from tui.panels.group import Group
from tui.screens.desk import Desk
from tui.screens.steering import Steering, round_step, sizes

BASELINE = Experiment()
LINE = Experiment().changed({"data.w": (2.0,), "data.n": 50, "data.noise": 0.5})


def start(w: tuple[float, ...], b: float, before: Experiment = BASELINE) -> Experiment:
    return before.changed({"init": "given", "init.w": w, "init.b": b})


async def test_arrows_move_two_parameters_and_all_of_it_is_taken_back_at_once(
    shared_lab: SharedLab,
) -> None:
    w0, w1, b = (*START["w"], *START["b"])
    step = sizes(facts())
    async with shared_lab(ready()) as pilot:
        session = session_of(pilot.app)
        main = main_of(pilot)
        await pilot.press("m")
        await until(pilot, lambda: main.focused is main.lab.fit)
        assert main.lab.fit.border_title == "Fit · by hand"
        await says(pilot, "esc: as it was")

        def stands_at(*theta: float) -> bool:
            init = main.desk.experiment.init
            return init.name == "given" and (*init.options["w"], init.options["b"]) == (
                pytest.approx(theta)
            )

        away = [round(value / size) * size for value, size in zip((w0, w1, b), step, strict=True)]
        await pilot.press("right")
        assert stands_at(away[0] + step[0], w1, b)
        await pilot.press("right", "down")
        assert stands_at(away[0] + 2 * step[0], away[1] - step[1], b)
        await pilot.press("3", "shift+right")
        assert stands_at(away[0] + 2 * step[0], away[1] - step[1], away[2] + 10 * step[2])
        await pilot.press("up")  # the one after the last is the first
        there = (away[0] + 3 * step[0], away[1] - step[1], away[2] + 10 * step[2])
        assert stands_at(*there)
        assert session.calls[-1] == ("prepare", main.desk.experiment)
        moved = main.desk.experiment
        await pilot.press("u")
        assert main.desk.experiment == BASELINE
        assert not main.desk.changes.done
        await pilot.press("U")
        assert main.desk.experiment == moved
        await pilot.press("right")  # goes on from there, as a change of its own
        await pilot.press("left")
        assert stands_at(*there)
        await pilot.press("escape")
        assert main.lab.fit.border_title == "Fit"
        assert main.desk.experiment == BASELINE
        await pilot.press("right")  # the cursor again
        assert main.desk.experiment == BASELINE
        assert main.lab.fit.cursor is not None


async def test_the_hand_lets_go_where_steps_are_taken_or_the_focus_goes(
    shared_lab: SharedLab,
) -> None:
    async with shared_lab(finished()) as pilot:
        session = session_of(pilot.app)
        main = main_of(pilot)
        await pilot.press("m")
        assert session.calls[-1] == ("prepare", BASELINE)  # a run that is over starts anew
        await pilot.press("right")  # before the session is there
        assert main.lab.fit.hand
        session.latest = ready(number=3)
        await until(pilot, lambda: main.desk.snapshot.step == 0)
        await pilot.press("right", "s")
        assert session.calls[-1] == ("start", main.desk.experiment)
        session.latest = replace(finished(3), experiment=main.desk.experiment)
        await until(pilot, lambda: main.lab.fit.hand is None)
        await pilot.press("m")
        session.latest = ready(main.desk.experiment, number=4)
        await until(pilot, lambda: main.desk.snapshot.number == 4)
        await pilot.press("right", "tab")
        await until(pilot, lambda: main.lab.fit.hand is None)
        assert main.desk.experiment.init.name == "given"


async def test_only_a_line_can_be_moved_by_hand(shared_lab: SharedLab) -> None:
    net = Experiment().changed({"model": "two_layer"})
    known = facts_of(net)
    now = replace(ready(net), facts=known, params=known.start)
    async with shared_lab(now, size=(80, 24)) as pilot:
        app = app_of(pilot)
        await pilot.press("m")
        await until(pilot, lambda: len(app._notifications) == 1)
        (notice,) = app._notifications
        assert notice.message == "only w and b of a line can be moved by hand"
        main = main_of(pilot)
        assert main.lab.fit.hand is None
        await pilot.press("A")  # points have lines, and the tab says what is done
        assert (main.desk.experiment.data.name, main.desk.experiment.model.name) == (
            "points",
            "linear",
        )
        tabs = main.lab.fit.parent
        assert isinstance(tabs, Group)
        assert "Fit · points by hand" in str(tabs.border_title)
        await pilot.press("escape")
        assert "by hand" not in str(tabs.border_title)


async def test_a_small_terminal_has_room_for_the_keys_of_what_is_done_by_hand(
    shared_lab: SharedLab,
) -> None:
    async with shared_lab(ready(), size=(40, 12)) as pilot:
        hint = main_of(pilot).lab.hint
        assert not hint.display
        for keys in (("m",), ("m", "enter")):  # then one chart fills the screen
            await pilot.press(*keys)
            await says(pilot, "← → w[0] 0.0021")
            await pilot.press("escape")
            await until(pilot, lambda: not hint.display)
        await pilot.press("A")
        await says(pilot, "a adds · x removes")


def test_the_only_parameter_is_named_once() -> None:
    ohm = Experiment().changed({"data": "ohm", "model": "ohm"})
    known = facts_of(ohm)
    desk = Desk(FakeSession(replace(ready(ohm), facts=known)), ohm, changed=lambda: None)
    words = Steering(desk, known, lambda: None).words(None)
    assert words.startswith("← → R ")
    assert "↑ ↓" not in words


async def test_loss_and_distance_are_those_of_where_it_stands_and_training_goes_on_there() -> None:
    async with training_lab(LINE) as pilot:
        main = main_of(pilot)
        await pilot.press("m", "right", "up", "up")
        await until(pilot, lambda: main.desk.at_hand.experiment == main.desk.experiment)
        known = main.desk.at_hand.facts
        assert known
        init = main.desk.experiment.init.options
        w, b = init["w"][0], init["b"]
        x, y = np.array(known.sample.X[0]), np.array(known.sample.y)
        assert main.desk.snapshot.loss == pytest.approx(np.mean((w * x + b - y) ** 2) / 2, 1e-5)
        slope, height = np.polyfit(x, y, 1)
        distance = math.hypot(w - slope, b - height)
        await says(pilot, f"{distance:.3g} from θ*")
        await pilot.press("s")
        await until(pilot, lambda: main.desk.at_hand.state == "finished")
        assert main.desk.at_hand.epoch_losses.low[0] == known.start_loss
        assert main.desk.at_hand.experiment.init.options == init
        trained = main.desk.experiment
        await pilot.press("m")
        await until(pilot, lambda: main.desk.at_hand.step == 0)
        await pilot.press("right")
        await until(pilot, lambda: main.desk.shown.latest.experiment != trained)
        await pilot.press("left")
        await until(pilot, lambda: main.desk.shown.latest.experiment == trained)
        assert main.desk.snapshot.step == 0
        assert main.lab.fit.hand


def test_sticks_go_from_points_to_the_line() -> None:
    snapshot = replace(ready(LINE), facts=facts_of(LINE), params={"w": (0.5,), "b": (-1.0,)})
    plain = fit_chart(snapshot, 0)
    sticks, *others = with_sticks(plain).curves
    assert tuple(others) == plain.curves
    xs, ys = (np.array(numbers).reshape(-1, 3) for numbers in (sticks.xs, sticks.ys))
    assert 24 <= len(xs) < 48
    assert snapshot.facts
    points = set(zip(*snapshot.facts.sample.X, snapshot.facts.sample.y, strict=True))
    assert set(zip(xs[:, 0], ys[:, 0], strict=True)) <= points
    np.testing.assert_array_equal(xs[:, 0], xs[:, 1])
    np.testing.assert_allclose(ys[:, 1], 0.5 * xs[:, 0] - 1, atol=1e-12)
    assert np.isnan(xs[:, 2]).all()


def test_a_step_is_round_and_can_be_seen() -> None:
    assert [round_step(size) for size in (0.049, 0.05, 1.99, 2, 730)] == [0.02, 0.05, 1, 2, 500]
    known = facts_of(LINE)
    x, y = np.array(known.sample.X[0]), np.array(known.sample.y)
    wide, tall = np.ptp(x), np.ptp(y)
    w, b = sizes(known)
    assert 0.02 * tall <= w * wide <= 0.05 * tall * (1 + 1e-9)
    assert 0.02 * tall <= b <= 0.05 * tall * (1 + 1e-9)


async def test_the_mouse_drags_the_start_over_the_landscape_which_stays_meanwhile(
    shared_lab: SharedLab,
) -> None:
    async with shared_lab(ready()) as pilot:
        app = app_of(pilot)
        session = session_of(pilot.app)
        main, fit = main_of(pilot), main_of(pilot).lab.fit
        await pilot.press("m", "v", "v", "v")
        await says(pilot, "the mouse drags θ₀")
        assert fit.border_title == "Landscape · by hand"
        await until(pilot, lambda: fit.chart().heat is not None)
        assert fit.survey
        assert (fit.survey.plane.u, fit.survey.plane.v) == ((1, 0, 0), (0, 0, 1))  # w[0] and b
        area = fit.area
        assert area
        goal = cell_of(fit, 0.6, 0.4)
        column, row = goal[0] - fit.gutter.left, goal[1] - fit.gutter.top
        w, b = facts().optimum["w"][0] + area.x_at(column), facts().optimum["b"][0] + area.y_at(row)
        await press_and_move(pilot, fit, cell_of(fit, 0.1, 0.9), goal)
        moved = main.desk.experiment
        assert moved.init.options["w"] == pytest.approx((w, START["w"][1]), abs=0.01)
        assert moved.init.options["b"] == pytest.approx(b, abs=0.01)
        # The frame waits for the end of the drag, and what was worked out of it stays.
        start = {"w": moved.init.options["w"], "b": (moved.init.options["b"],)}
        session.landscapes = {}
        known = replace(facts(), start=start)
        await show(pilot, replace(ready(moved, number=2), facts=known, params=start))
        assert (fit.area, fit.chart().heat is not None) == (area, True)
        assert not session.landscapes
        await pilot.mouse_up(fit, goal)
        await until(pilot, lambda: fit.area is not None and fit.area.window != area.window)
        assert app.mouse_captured is None
        # A click brings it there too, and looks at no moment; all of it is one change.
        await pilot.click(fit, offset=cell_of(fit, 0.3))
        assert main.desk.experiment != moved
        assert main.desk.clock.run is None
        await pilot.press("escape")
        assert main.desk.experiment == BASELINE
        assert not main.desk.changes.done


def test_no_start_is_farther_away_than_numbers_may_be() -> None:
    desk = Desk(FakeSession(ready()), BASELINE, changed=lambda: None)
    hand = Steering(desk, facts(), lambda: None)
    for key in (*["pageup"] * 9, "right"):
        assert hand.press(key)
    assert desk.experiment == BASELINE
