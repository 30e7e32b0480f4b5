"""Points added, moved and removed by hand, by keys and by the mouse."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from textual.pilot import Pilot

from engine.experiment import Experiment
from engine.training.trainer import train
from tests.support.mouse import press_and_move
from tests.support.pilots import app_for, main_of, says, settled, until
from tests.support.runs import epochs_of, facts_of, started
from tests.support.sessions import FakeSession
from tests.support.snapshots import ready
from tui.drawing.chart import Chart
from tui.drawing.frame import frame_of
from tui.drawing.picture import draw
from tui.screens.desk import Desk
from tui.screens.points import OPENING, Points

FOUR = Experiment().changed(
    {"data": "points", "data.x": (0.0, 1.0, 2.0, 3.0), "data.y": (0.0, 1.0, 2.0, 3.0)}
)


def hand(experiment: Experiment = FOUR) -> Points:
    """The mode without a screen."""
    session = FakeSession(ready(experiment))
    return Points(Desk(session, experiment, changed=lambda: None), lambda: None)


def stands(points: Points) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """The x and the y of the experiment."""
    options = points.desk.experiment.data.options
    return options["x"], options["y"]


def press(points: Points, *keys: str) -> None:
    for key in keys:
        assert points.press(key)


def test_keys_add_move_and_remove_points() -> None:
    points = hand()
    points.at = (3.5, -1.0)
    press(points, "a")
    assert stands(points) == ((0, 1, 2, 3, 3.5), (0, 1, 2, 3, -1.0))
    step = points.steps[1]
    press(points, "space", "up", "shift+up")
    assert stands(points)[1][4] == -1.0  # not before it is put down
    assert points.points[1][4] == pytest.approx(-1.0 + 6 * step)
    press(points, "space")
    assert stands(points)[1][4] == pytest.approx(-1.0 + 6 * step)
    assert len(points.desk.changes.done) == 2
    press(points, "space", "left", "escape")
    assert stands(points)[0] == (0, 1, 2, 3, 3.5)  # put back
    points.at = (0.1, 0.2)
    press(points, "x")
    assert stands(points)[0] == (1, 2, 3, 3.5)
    assert not points.press("s")


def test_the_last_point_stays_and_no_more_are_added_than_there_may_be() -> None:
    points = hand(FOUR.changed({"data.x": (1.0,), "data.y": (2.0,)}))
    press(points, "x")
    assert stands(points) == ((1.0,), (2.0,))
    for index in range(40):
        points.at = (float(index), 0.0)
        press(points, "a")
    assert len(stands(points)[0]) == 30


@pytest.mark.parametrize("width", [30, 42, 120])
def test_no_point_is_left_out_however_many_there_are(width: int) -> None:
    x = tuple(index / 10 for index in range(30))
    points = hand(FOUR.changed({"data.x": x, "data.y": (0.0, 9.0) * 15}))
    chart = replace(points.drawn(Chart()), levels=())
    frame, lines = frame_of(chart, width, 12, ascii=False), draw(chart, width, 12)
    assert frame
    for place in zip(*points.points, strict=True):
        column, row = frame.area.column_of(place[0]), frame.area.row_of(place[1])
        assert column is not None
        assert row is not None
        assert lines[row].text[column] in "●✚"


@pytest.mark.parametrize("height", [2.3, 15.0], ids=["as they come", "one far away"])
@pytest.mark.parametrize("loss", ["half_squared", "squared", "huber", "l1", "log_cosh"])
def test_a_run_on_the_points_reaches_the_optimum_of_every_loss(loss: str, height: float) -> None:
    experiment = Experiment().changed({**OPENING, "loss": loss})
    *first, _, last = experiment.data.options["y"]
    events = list(train(experiment.changed({"data.y": (*first, height, last)})))
    facts, end = started(events).facts, epochs_of(events)[-1]
    assert facts.floor.optimum
    assert end.loss < 1.05 * facts.floor.optimum < facts.start_loss / 1.5


def test_the_axes_go_on_where_the_cursor_comes_to_their_end() -> None:
    points = hand()
    press(points, *["shift+right"] * 20)
    assert points.ranges[0][1] == points.at[0] > 6


def test_squares_follow_an_outlier_and_huber_and_l1_stay() -> None:
    even = tuple(float(x) for x in range(9))
    points = hand(FOUR.changed({"data.x": even, "data.y": even}))
    points.at = (7.0, 7.0)
    press(points, "space", *["shift+up"] * 20)
    x, y = points.points
    assert y[7] > 20
    squares, huber, absolute = points.lines.values()
    slope, height = np.polyfit(x, y, 1)
    assert squares == pytest.approx((slope, height))
    assert slope > 1.5
    assert absolute == pytest.approx((1.0, 0.0))
    assert huber.slope == pytest.approx(1.0, abs=0.1)
    assert "leverage 0.26" in points.words(None)  # 1/9 + 3²/60


def test_the_mouse_adds_drags_and_removes() -> None:
    points = hand()
    assert points.grab((1.02, 1.02), None)
    points.drag((1.5, 4.0))
    assert stands(points)[1] == (0, 1, 2, 3)
    points.release((1.5, 4.0), other=False)
    assert stands(points) == ((0, 1.5, 2, 3), (0, 4.0, 2, 3))
    assert points.grab((1.5, 4.0), None)
    points.release((1.5, 4.0), other=True)
    assert stands(points)[0] == (0, 2, 3)
    assert points.grab((1.0, 3.0), None)
    points.release((1.0, 3.0), other=True)  # nothing there
    assert stands(points)[0] == (0, 2, 3)
    assert points.grab((1.0, 3.0), None)
    points.release((1.0, 3.0), other=False)
    assert stands(points) == ((0, 2, 3, 1.0), (0, 2, 3, 3.0))
    assert points.grab((2.0, 2.0), None)
    points.release((2.0, 2.0), other=False)  # a click on a point goes there
    assert points.at == (2.0, 2.0)
    assert len(stands(points)[0]) == 4


async def show(pilot: Pilot[None], session: FakeSession, experiment: Experiment) -> None:
    """The session has drawn the data."""
    known = facts_of(experiment)
    session.latest = replace(ready(experiment), facts=known, params=known.start)
    await until(pilot, lambda: main_of(pilot).desk.at_hand.experiment == experiment)


async def test_a_opens_the_points_which_are_undone_one_by_one() -> None:
    session = FakeSession(ready())
    # A start for two weights, and no minibatch of so few points.
    before = Experiment().changed(
        {"init": "given", "init.w": (1.0, 2.0), "drop_last": True, "loss": "huber"}
    )
    session.latest = ready(before)
    app = app_for(session)
    async with app.run_test(size=(120, 34)) as pilot:
        await settled(pilot)
        main = main_of(pilot)
        await pilot.press("A")
        assert main.desk.experiment.data.name == "points"
        assert main.desk.experiment.loss == before.loss
        await show(pilot, session, main.desk.experiment)
        fit = main.lab.fit
        await until(pilot, lambda: fit.has_focus)
        await says(pilot, "space takes the nearest")
        lines, cloud = fit.chart().curves[:3], fit.chart().curves[3]
        assert [line.label for line in lines] == ["squares", "Huber", "L1"]
        assert len(cloud.xs) == 9
        await pilot.press("right", "up", "enter")
        assert len(main.desk.experiment.data.options["x"]) == 10
        area, mode = fit.area, fit.hand
        assert area
        assert isinstance(mode, Points)
        column, row = area.column + 4, area.row + 2
        offset = (fit.gutter.left + column, fit.gutter.top + row)
        await pilot.click(fit, offset=offset)
        assert len(main.desk.experiment.data.options["x"]) == 11
        there = mode.on_grid((area.x_at(column), area.y_at(row)))
        assert (*(numbers[-1] for numbers in stands(mode)),) == there
        await pilot.click(fit, offset=offset, control=True)
        assert len(main.desk.experiment.data.options["x"]) == 10
        # A point that is dragged beyond the axis takes that with it.
        across, down, end = area.column_of(0.0), area.row_of(1.2), mode.ranges[1][1]
        assert across
        assert down
        start, above = (fit.gutter.left + across, fit.gutter.top + down), (fit.gutter.left, -3)
        await press_and_move(pilot, fit, start, above)
        assert mode.held == 4
        assert mode.at[1] == mode.ranges[1][1] > end
        await pilot.mouse_up(fit, above)
        assert stands(mode)[1][4] == mode.at[1]
        await pilot.press("u", "u", "u", "u", "u")
        assert main.desk.experiment == before
        assert fit.hand is None
