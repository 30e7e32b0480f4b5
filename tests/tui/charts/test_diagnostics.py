"""The four views of how rows stand to the least squares."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from engine.experiment import Experiment
from engine.statistics.diagnostics import Diagnostics
from engine.training.snapshot import Snapshot
from tests.support.pilots import app_for, main_of, settled, until
from tests.support.runs import facts_of
from tests.support.sessions import FakeSession
from tests.support.snapshots import finished
from tui.charts.view import Scene
from tui.charts.views import VIEWS
from tui.panels.chart import CURSOR_STEPS

NAMES = ("fitted", "normal", "scale", "leverage")


def rows_of(snapshot: Snapshot) -> Diagnostics:
    assert snapshot.facts
    assert snapshot.facts.sample.diagnostics
    return snapshot.facts.sample.diagnostics


def test_points_are_those_of_the_closed_form() -> None:
    rows = rows_of(finished())
    r = rows.studentized.numpy()
    expected = {
        "fitted": (rows.fitted, rows.residual),
        "normal": (stats.norm.ppf((np.arange(200) + 0.5) / 200), np.sort(r)),
        "scale": (rows.fitted, np.sqrt(np.abs(r))),
        "leverage": (rows.leverage, r),
    }
    for name, (xs, ys) in expected.items():
        points = VIEWS[name].draw(Scene(finished())).curves[-1]
        np.testing.assert_allclose(points.xs, xs)
        np.testing.assert_allclose(points.ys, ys)


@pytest.mark.parametrize("name", NAMES)
def test_the_cursor_marks_and_names_the_row_nearest_to_it(name: str) -> None:
    points = VIEWS[name].draw(Scene(finished())).curves[-1]
    x, y = points.xs[17], points.ys[17]
    chart = VIEWS[name].draw(Scene(finished(), cursor=x))
    mark = chart.curves[-1]
    assert (mark.kind, mark.xs, mark.ys) == ("marks", (x,), (y,))
    rows = rows_of(finished())
    row = 17 if name != "normal" else int(np.argsort(rows.studentized.numpy())[17])
    assert chart.title.startswith(f"row {row + 1}: {chart.y_label} ")
    cook = float(chart.title.partition("Cook ")[2].partition(",")[0])
    assert cook == pytest.approx(float(rows.cook[row]), rel=0.06)


def test_rows_of_a_file_are_named_by_their_lines() -> None:
    now = finished()
    assert now.facts
    sample = replace(now.facts.sample, lines=tuple(range(2, 202)))
    now = replace(now, facts=replace(now.facts, sample=sample))
    x = VIEWS["fitted"].draw(Scene(now)).curves[-1].xs[17]
    assert VIEWS["fitted"].draw(Scene(now, cursor=x)).title.startswith("line 19: ")


def test_contours_have_one_distance_of_cook() -> None:
    chart = VIEWS["leverage"].draw(Scene(finished()))
    p = rows_of(finished()).parameters
    for curve in chart.curves[:-1]:
        distances = [r * r * h / ((1 - h) * p) for h, r in zip(curve.xs, curve.ys, strict=True)]
        assert distances == pytest.approx([distances[0]] * len(distances))
        assert distances[0] == pytest.approx(0.5) or distances[0] == pytest.approx(1)


@pytest.mark.parametrize(
    "changes",
    [
        {"data": "planck", "model": "planck", "lr": 1e-4},
        {"data.n": 3, "batch_size": 3},
    ],
    ids=["not linear", "as many rows as parameters"],
)
def test_where_nothing_can_be_told_the_view_says_so(changes: dict[str, object]) -> None:
    experiment = Experiment().changed(changes)
    now = replace(finished(), experiment=experiment, facts=facts_of(experiment))
    for name in NAMES:
        chart = VIEWS[name].draw(Scene(now, cursor=0.0))
        assert (chart.curves, bool(chart.empty)) == ((), True)
        assert VIEWS[name].full_range(now, 0) == (0.0, 1.0)


def test_a_row_that_the_line_must_pass_has_no_point() -> None:
    now = finished()
    rows = rows_of(now)
    r = rows.studentized.clone()
    r[5] = math.nan
    assert now.facts
    sample = replace(now.facts.sample, diagnostics=replace(rows, studentized=r))
    now = replace(now, facts=replace(now.facts, sample=sample))
    for name in ("normal", "scale", "leverage"):
        assert len(VIEWS[name].draw(Scene(now)).curves[-1].xs) == 199


async def test_v_leads_to_them_and_the_cursor_walks() -> None:
    async with app_for(FakeSession(finished())).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        fit = main_of(pilot).lab.fit
        await pilot.press("tab", *["v"] * list(VIEWS).index("leverage"))
        await until(pilot, lambda: fit.view.name == "leverage")
        rows = sorted(set(fit.chart().curves[-1].xs))
        await pilot.press("right")
        first = fit.chart()
        assert first.title.startswith("row ")
        assert first.cursor in rows
        assert not any(curve.label for curve in first.curves)  # all the room is the row's
        await pilot.press("right")
        assert fit.cursor == rows[rows.index(first.cursor) + len(rows) // CURSOR_STEPS]
        await pilot.press("+", "+", "+", "+")
        assert fit.x_range
        seen = [x for x in rows if fit.x_range[0] <= x <= fit.x_range[1]]
        await pilot.press(*["left"] * len(seen), *["right"] * (len(seen) - 1))
        assert fit.cursor == seen[-1]
