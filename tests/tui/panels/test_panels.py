"""What the panels, bars and filters make of a snapshot, without a screen around them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color

from engine.catalog.losses import LOSSES
from engine.catalog.parameters import labels
from engine.experiment import Experiment
from engine.lessons.library import find_lesson, lessons, title_of
from engine.theory.facts import Facts
from engine.theory.landscape import survey
from engine.training.series import Points
from engine.training.snapshot import Snapshot
from engine.training.trail import Path as Way
from tests.support.paths import ROOT
from tests.support.pilots import app_showing, main_of, until
from tests.support.snapshots import (
    EPOCH_LOSSES,
    STATES,
    TRUE,
    B,
    W,
    begun,
    constant,
    diverged,
    facts,
    failed,
    finished,
    loading,
    many_features,
    of_a_file,
    paused,
    points,
    previous,
    ready,
    running,
    sample,
    zeros,
)
from tui.app import summary
from tui.ascii import AsciiFilter
from tui.charts.directions import directions_chart
from tui.charts.landscape import landscape_chart
from tui.charts.landscape import survey as surveyed
from tui.charts.loss import Beside, loss_chart
from tui.charts.parameters import parameters_chart
from tui.charts.view import Scene
from tui.charts.views import VIEWS
from tui.drawing.chart import Chart
from tui.drawing.picture import draw
from tui.keys.table import ACTIONS
from tui.panels.bars import Hint, key_line, status
from tui.panels.device import device_text
from tui.panels.fit import FitPanel
from tui.panels.reading import advice, reading
from tui.panels.training import PACES, pace_text
from tui.panels.values import table
from tui.text.numbers import clock, count, loss_text, number

same = settings(deadline=None, derandomize=True)
states = pytest.mark.parametrize("state", list(STATES))


# Numbers -------------------------------------------------------------------------------------


@same
@given(st.floats(-1e99, 1e99, exclude_min=True, exclude_max=True), st.booleans())
@example(-9.99997, True)
@example(-999.9996, False)
@example(9999.96, True)
@example(-999_999.4, False)
@example(9.99e-4, True)
@example(-9.96e-10, True)
def test_number_fits_its_column_and_is_near(value: float, signed: bool) -> None:
    text = number(value, signed)
    assert len(text) <= 12
    if signed and not text.startswith("-"):
        assert text.startswith("+")
    assert float(text) * value >= 0
    assert math.isclose(float(text), value, rel_tol=0.51e-4, abs_tol=1e-99)


@same
@given(st.floats(1e-12, 9.9e5), st.integers(2, 7), st.booleans())
def test_every_number_has_as_many_digits(value: float, digits: int, signed: bool) -> None:
    """Counted by Python's decimals, which keep the zeros at the end."""
    text = number(value, signed, digits)
    given = len(Decimal(text).as_tuple().digits)
    assert given == max(digits, Decimal(text).adjusted() + 1 if "e" not in text else 0)
    assert Decimal(text) == round(Decimal(text), 20)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.0000"),
        (1.9991, "1.9991"),
        (-3.40042, "-3.4004"),
        (12.34567, "12.346"),
        (-4215.3, "-4215.3"),
        (123456.0, "123456"),
        (1.2e6, "1.2000e6"),
        (0.0123456, "0.012346"),
        (2.71828e-4, "2.7183e-4"),
        (-2.7e-12, "-2.7000e-12"),
        (math.inf, "inf"),
        (math.nan, "nan"),
    ],
)
def test_number(value: float, text: str) -> None:
    assert number(value) == text


def test_number_with_its_sign() -> None:
    assert [number(x, signed=True) for x in (0.5, -0.5, math.inf)] == [
        "+0.50000",
        "-0.50000",
        "+inf",
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (16.2, "16.2"), (0.0378, "0.0378"), (4.98e-5, "4.98e-05"), (math.inf, "inf")],
)
def test_loss_text(value: float, text: str) -> None:
    assert loss_text(value) == text


@same
@given(st.floats(1e-300, 1e300))
def test_loss_text_keeps_three_digits(value: float) -> None:
    assert math.isclose(float(loss_text(value)), value, rel_tol=5.1e-3)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.5, "0.5"),
        (26.4, "26"),
        (99.7, "100"),
        (640.0, "640"),
        (6400.0, "6.4k"),
        (99_700.0, "100k"),
        (120_000.0, "120k"),
        (1_234_567.0, "1.2M"),
        (3e9, "3G"),
    ],
)
def test_count(value: float, text: str) -> None:
    assert count(value) == text


@same
@given(st.floats(0.01, 9e11))
def test_count_is_short_and_near(value: float) -> None:
    text = count(value)
    factor = {"k": 1e3, "M": 1e6, "G": 1e9}.get(text[-1], 1.0)
    assert "e" not in text
    assert len(text) <= 5
    assert math.isclose(float(text.rstrip("kMG")) * factor, value, rel_tol=0.051)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.0, "0:00.00"), (0.154, "0:00.15"), (65.9, "1:05"), (600.0, "10:00"), (7380.0, "2:03:00")],
)
def test_clock(seconds: float, text: str) -> None:
    assert clock(seconds) == text


@same
@given(st.floats(0, 1e7))
def test_clock_never_shows_sixty(seconds: float) -> None:
    parts = clock(seconds).split(":")
    assert all(float(part) < 60 for part in parts[1:])
    total = 0.0
    for part in parts:
        total = 60 * total + float(part)
    assert abs(total - seconds) <= 1


# Bars ----------------------------------------------------------------------------------------


@states
def test_status_fills_its_line(state: str) -> None:
    snapshot = STATES[state]()
    for width in range(30, 201):
        assert status(snapshot, width).cell_length == width
    for width in range(12, 30):
        assert f"● {snapshot.state}" in status(snapshot, width).plain[:width]


@pytest.mark.parametrize("name", lessons())
def test_status_of_a_lesson_names_it(name: str) -> None:
    snapshot = Snapshot(find_lesson(name).experiment)
    assert title_of(find_lesson(name).experiment) in status(snapshot, 120).plain


def test_status_tells_progress_and_what_is_left() -> None:
    line = status(running(), 120).plain
    assert "● running  1/3  step 40 of 100  ▰▰▰▰▰▱▱▱▱▱  0:00.07  0:08.00 left" in line
    assert "left" not in status(paused(), 120).plain
    assert "3/3  ▰▰▰▰▰▰▰▰▰▰" in status(finished(), 120).plain


def test_key_line_never_clips_and_always_offers_help() -> None:
    actions = [(action, action.shown) for action in ACTIONS]
    for width in range(8, 201):
        line = key_line(actions, width)
        assert line.cell_length <= width
        assert " ? help " in line.plain
        if width >= 70:
            assert " q quit " in line.plain
            assert " ^p palette " in line.plain


def test_key_line_shows_more_where_there_is_room() -> None:
    actions = [(action, action.shown) for action in ACTIONS]
    lengths = [key_line(actions, width).cell_length for width in range(70, 301)]
    assert lengths == sorted(lengths)
    every = key_line(actions, 1000).plain
    assert all(f" {action.shown} {action.label} " in every for action in ACTIONS)


def test_key_line_takes_any_key_literally() -> None:
    assert key_line([(ACTIONS[0], "[red]")], 80).plain == " [red] start "


# Values --------------------------------------------------------------------------------------


@states
def test_table_fits_its_width(state: str) -> None:
    for width in range(16, 81):
        for line in table(STATES[state](), width):
            # The last line is a sentence.
            assert line.cell_len <= width or "grad" in line.plain


def test_table_shows_every_number_beside_the_truth() -> None:
    lines = [line.plain for line in table(finished(), 60)]
    assert lines[0].split() == ["value", "true", "error", "grad", "closed"]
    assert lines[1].split() == ["w[0]", "1.9991", "2.0", "-9.00e-4", "-1.31e-3", "2.0002"]
    assert lines[2].split() == ["w[1]", "-3.4004", "-3.4", "-4.20e-4", "2.14e-3", "-3.3998"]
    assert lines[3].split() == ["b", "4.1998", "4.2", "-1.70e-4", "-8.30e-4", "4.2002"]
    norm = math.sqrt(0.00131**2 + 0.00214**2 + 0.00083**2)
    assert lines[4] == f"|grad| {number(norm, digits=3)} in this minibatch"


def test_table_is_one_where_there_is_room_for_one() -> None:
    """Also with rows for columns; else columns that do not fit are put below."""
    lines = [line.plain for line in table(finished(), 33)]
    assert lines[0].split() == ["w[0]", "w[1]", "b"]
    assert [line.split()[0] for line in lines[1:-1]] == ["value", "true", "error", "grad", "closed"]
    assert lines[5].split()[1:] == ["2.0002", "-3.3998", "4.2002"]
    assert len({len(line) for line in lines[:-1]}) == 1
    lines = [line.plain for line in table(finished(), 28)]
    headers = [line.split() for line in lines if "value" in line or "closed" in line]
    assert headers == [["value", "true", "error"], ["grad", "closed"]]
    assert sum(line.startswith("w[0]") for line in lines) == 2


def test_table_before_the_first_step_and_before_the_data() -> None:
    assert table(ready(), 60)[-1].plain == "no grad before the first step"
    assert "–" in table(ready(), 60)[1].plain
    assert [line.plain for line in table(loading(), 60)] == ["no data yet"]


def test_table_has_a_line_for_each_of_many() -> None:
    lines = [line.plain for line in table(many_features(), 60)]
    names = [line.split()[0] for line in lines[1:-1]]
    assert names == [label for label, _ in labels(many_features().params)]


# Reading -------------------------------------------------------------------------------------


def outcome(name: str, loss: float, known: Facts) -> Snapshot:
    """The end of a lesson's run with some loss."""
    experiment = find_lesson(name).experiment
    params = experiment.architecture().named([1.0] * 3)
    known = replace(known, true=params)
    return replace(finished(), experiment=experiment, params=params, loss=loss, facts=known)


@pytest.mark.parametrize("loss", [4.4e-5, 5.0e-5, 5.4e-5])
@pytest.mark.parametrize("name", ["scratch", "ohm"])
def test_s4_and_s13_end_at_the_noise_floor(name: str, loss: float) -> None:
    text = reading(outcome(name, loss, facts())).plain
    assert f"epoch 3, loss {loss_text(loss)}" in text
    assert "at the noise floor" in text
    assert "noise floor ½σ² = 5.00e-05" in text


@pytest.mark.parametrize("loss", [2.4e-4, 0.028])
def test_s3_is_still_learning(loss: float) -> None:
    text = reading(outcome("exercise-1", loss, facts())).plain
    assert "still learning" in text
    assert "at the noise floor" not in text


def test_what_is_to_be_known_of_a_file_stands_there_before_its_run(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("x,y\n1,2\n2,NA\n3,4\n5,5\n")
    experiment = Experiment().changed({"data": "file", "data.path": str(file)})
    text = reading(begun(experiment)).plain
    assert "\nn = 3 of 4; without a value: y 1\n" in text


def test_the_landscape_of_a_file_has_the_names_of_its_columns() -> None:
    chart = landscape_chart(Scene(of_a_file(), turn=1))
    assert (chart.x_label, chart.y_label) == ("speed, standardized", "(intercept), standardized")


def test_reading_of_the_other_states() -> None:
    assert reading(loading()).plain == "loading torch …"
    assert reading(failed()).plain.startswith("failed: device=cuda")
    assert "press s to train" in reading(ready()).plain
    halted = reading(replace(ready(), state="paused")).plain
    assert halted.startswith("loss 16.2 · in the first minibatch")
    assert reading(diverged()).plain.startswith("diverged from step 5 on\npress a to train")
    assert "at rounding error" in reading(zeros()).plain
    stalled = replace(constant(), message="stall: less than 1 % gained")
    assert "\nstall: less than 1 % gained" in reading(stalled).plain


@pytest.mark.parametrize("loss", [entry.name for entry in LOSSES])
def test_reading_writes_the_floor_in_the_symbols_of_the_loss(loss: str) -> None:
    floor = replace(facts().floor, symbol=LOSSES[loss].floor)
    snapshot = replace(finished(), facts=replace(facts(), floor=floor))
    assert f"noise floor {LOSSES[loss].floor} = " in reading(snapshot).plain


def test_advice_names_a_key_and_a_smaller_lr() -> None:
    assert "Press a to train with 0.67" in advice(diverged())
    assert "lr 2, limit 1.35 (minibatches of 10)" in advice(diverged())
    assert "ran away along 0.81 w[1] − 0.57 w[0] (λ 1.07)" in advice(diverged())
    assert "press r" in advice(failed())
    assert not any(advice(STATES[state]()) for state in ("loading", "ready", "running", "finished"))


def test_summary_has_a_line_for_each_run() -> None:
    lines = summary((previous(), diverged(2)))
    assert lines == [
        "run 1: linear data · half squared loss · scratch loop, lr 0.003, finished after epoch 3, "
        "loss 2.7, 0:00.15",
        "run 2: linear data · half squared loss · scratch loop, lr 2, diverged after epoch 0, "
        "loss 16.2, 0:00.02",
    ]


# Device and pace -----------------------------------------------------------------------------


def test_device_says_which_and_how_fast() -> None:
    lines = device_text(finished()).plain.splitlines()
    assert lines == [
        "cpu 2k steps/s 20 epochs/s",
        "Example CPU 3.0 GHz",
        "torch 2.13.0 · 1 thread · 16 GB",
    ]
    assert "no step yet" in device_text(ready()).plain
    assert device_text(loading()).plain == "auto: not asked yet"
    known = finished().facts
    assert known
    gpu = replace(known.device, type="cuda", index=1, name="Example GPU")
    on_gpu = replace(finished(), facts=replace(known, device=gpu))
    assert device_text(on_gpu).plain.startswith("cuda:1 ")


def test_paces_are_told_apart() -> None:
    texts = [pace_text(pace) for pace in PACES]
    assert len(set(texts)) == len(texts)
    assert texts[0] == "0.2 epochs/s"
    assert texts[-1] == "full speed"


# The loss chart ------------------------------------------------------------------------------


def labelled(chart: Chart) -> list[str]:
    return [curve.label for curve in chart.curves if curve.label]


def test_loss_chart_shows_this_run_and_those_it_is_compared_with() -> None:
    chart = loss_chart(finished(3), Beside(previous(1), diverged(2)))
    assert labelled(chart) == ["pinned", "before", "minibatch", "epoch"]
    curves = {curve.label: curve for curve in chart.curves}
    assert curves["before"].dashed
    assert curves["pinned"].dashed
    assert not curves["epoch"].dashed
    assert list(curves["epoch"].xs) == [0.0, 1.0, 2.0, 3.0]
    assert list(curves["epoch"].ys) == list(EPOCH_LOSSES)
    assert list(curves["before"].ys) == [16.2, 9.1, 4.8, 2.7]
    assert len(curves["minibatch"].xs) == 300
    assert chart.log_y
    assert chart.x_range == (0.0, 3.0)


def test_loss_chart_draws_the_noise_floor() -> None:
    known = facts()
    levels = loss_chart(finished()).levels
    assert [level.y for level in levels] == [known.floor.noise]
    assert levels[0].label.startswith("½σ²")
    apart = replace(finished(), facts=replace(known, floor=replace(known.floor, optimum=0.5)))
    assert [level.y for level in loss_chart(apart).levels] == [known.floor.noise, 0.5]
    assert not loss_chart(loading()).levels


def test_loss_chart_says_the_values_at_the_cursor() -> None:
    title = loss_chart(finished(), Beside(previous()), cursor=1.0).title
    assert title == "epoch 0 16.2  before 9.1"


def test_loss_chart_says_what_to_do_where_it_is_empty() -> None:
    assert "loading" in loss_chart(loading()).empty
    assert "loading" not in loss_chart(failed()).empty


def test_the_legend_of_the_losses_names_every_run_where_the_title_can_go() -> None:
    head = draw(loss_chart(finished(3), Beside(previous(1), diverged(2))), 46, 16)[0].text
    assert [name for name in ("epoch", "minibatch", "before", "pinned") if name not in head] == []
    assert "half" not in head


def test_linear_axis_is_named() -> None:
    assert "linear y" in loss_chart(finished(), log_y=False).title
    assert "log y" in loss_chart(finished()).title


@states
@pytest.mark.parametrize("log_y", [True, False])
def test_every_chart_of_every_state_can_be_drawn(state: str, log_y: bool) -> None:
    snapshot = STATES[state]()
    charts = [loss_chart(snapshot, Beside(previous(), diverged()), log_y)]
    if snapshot.facts:
        scenes = [Scene(snapshot, previous(), diverged(), turn=turn) for turn in range(3)]
        charts += [view.draw(scene) for view in VIEWS.values() for scene in scenes]
        charts += [landscape_of(snapshot, turn) for turn in range(3)]
    for chart in charts:
        for width, height in ((0, 0), (20, 5), (60, 16)):
            strips = draw(chart, width, height)
            assert [strip.cell_length for strip in strips] == [width] * height


# The landscape and the directions ------------------------------------------------------------


def panel_at(snapshot: Snapshot, turn: int = 0, *others: Snapshot) -> FitPanel:
    """A panel with the landscape of a run, and of the run before it and the pinned one."""
    panel = FitPanel()
    panel.snapshots, panel.view = (snapshot,), VIEWS["landscape"]
    panel.turns["plane"] = turn
    panel.previous, panel.pinned, *_ = (*others, None, None)
    assert snapshot.facts
    panel.landscape = survey(snapshot.experiment, *surveyed(panel.scene))
    return panel


def landscape_of(snapshot: Snapshot, turn: int = 0, *others: Snapshot) -> Chart:
    return panel_at(snapshot, turn, *others).chart()


def holds(ends: tuple[float, float] | None, values: Iterable[float]) -> bool:
    return ends is not None and all(ends[0] < value < ends[1] for value in values)


@pytest.mark.parametrize("turn", range(4))
def test_the_landscape_holds_start_path_and_optimum_in_its_middle(turn: int) -> None:
    chart = landscape_of(finished(), turn)
    assert chart.x_range
    assert chart.y_range
    for curve in chart.curves:
        assert holds(chart.x_range, curve.xs)
        assert holds(chart.y_range, curve.ys)
    (best,) = (curve for curve in chart.curves if curve.label == "θ*")
    assert sum(chart.x_range) / 2 == pytest.approx(best.xs[0])
    assert sum(chart.y_range) / 2 == pytest.approx(best.ys[0])
    assert chart.heat is not None
    assert (chart.heat.x_range, chart.heat.y_range) == (chart.x_range, chart.y_range)


def test_the_landscape_of_two_parameters_is_drawn_in_their_own_numbers() -> None:
    now = finished()
    chart = landscape_of(now, 2)
    assert "w[0]" in chart.title
    assert "↑ b" in chart.title
    line = next(curve for curve in chart.curves if curve.kind == "line")
    assert list(zip(line.xs, line.ys, strict=True)) == [(w, b) for w, _, b in now.path.theta]


def test_the_landscape_shows_the_paths_of_the_runs_before_and_pinned() -> None:
    chart = landscape_of(finished(3), 0, previous(1), finished(2))
    dashed = {curve.label: len(curve.xs) for curve in chart.curves if curve.dashed}
    assert dashed == {"before": 101, "pinned": 101}
    labels_now = [curve.label for curve in chart.curves if curve.label]
    assert labels_now[-2:] == ["now", "θ*"]
    alone = landscape_of(finished(3), 0, many_features())
    assert not any(curve.dashed for curve in alone.curves)


def test_a_path_that_runs_away_leaves_the_frame() -> None:
    away = replace(diverged(), path=Way((0.0, 0.1, 0.2), ((0, 0, 0), (1e9, 0, 0), (-1e200, 0, 0))))
    calm, wild = landscape_of(ready(), 1), landscape_of(away, 1)
    assert calm.x_range
    assert wild.x_range
    assert wild.x_range[1] - wild.x_range[0] <= 6 * (calm.x_range[1] - calm.x_range[0])


def test_a_landscape_of_other_data_or_another_plane_is_not_drawn() -> None:
    panel = panel_at(finished())
    panel.snapshots = (replace(finished(), facts=replace(facts(), sample=sample(noise=1.0))),)
    assert panel.chart().heat is None
    panel = panel_at(finished())
    panel.turns["plane"] = 1
    assert panel.chart().heat is None
    assert panel.chart().curves


def test_the_landscape_of_a_race_does_not_take_the_place_of_the_runs() -> None:
    panel = panel_at(finished())
    assert panel.landscape
    panel.take(replace(panel.landscape, sample=sample(noise=1.0)))
    assert panel.chart().heat is not None


def test_zoom_narrows_the_landscape_around_the_optimum_or_the_cursor() -> None:
    panel = panel_at(finished())
    wide = panel.chart()
    panel.zoom(closer=True)
    near = panel.chart()
    assert wide.x_range
    assert near.x_range
    assert near.x_range[1] - near.x_range[0] == pytest.approx(
        (wide.x_range[1] - wide.x_range[0]) / 1.5
    )
    assert sum(near.x_range) == pytest.approx(sum(wide.x_range), abs=1e-9)
    panel.clock.go_to(panel.snapshots[0], 0)
    start = next(curve for curve in panel.chart().curves if curve.mark == "○")
    zoomed = panel.chart()
    assert zoomed.x_range
    assert sum(zoomed.x_range) / 2 == pytest.approx(start.xs[0])
    assert zoomed.title.startswith("epoch 0")
    for _ in range(100):
        panel.zoom(closer=False)
    out = panel.chart()
    assert out.x_range
    assert all(map(math.isfinite, out.x_range))


def test_one_parameter_has_a_curve_with_the_run_on_it() -> None:
    known = facts({"R": (10.0,)}, {"R": (0.01,)})
    path = Way((0.0, 1.0, 2.0), ((0.01,), (5.0,), (9.0,)))
    run = replace(
        ready(find_lesson("ohm").experiment), facts=known, params={"R": (9.0,)}, path=path
    )
    chart = landscape_of(run)
    marked = {curve.mark: (curve.xs[0], curve.ys[0]) for curve in chart.curves}
    assert chart.heat is None
    assert (marked["○"][0], marked["◆"][0]) == (0.01, 9.0)
    current, U = np.array(known.sample.X[0]), np.array(known.sample.y)
    for R, loss in (marked["○"], marked["◆"]):
        assert loss == pytest.approx(np.mean((R * current - U) ** 2) / 2, rel=0.01)


def test_directions_are_measured_through_and_predicted_dashed() -> None:
    now = finished()
    assert now.facts
    chart = directions_chart(now)
    dashed = [curve for curve in chart.curves if curve.dashed]
    through = [curve for curve in chart.curves if not curve.dashed]
    assert len(dashed) == len(through) == 3
    assert [curve.label for curve in through] == ["0.829", "0.942", "λ 1.07"]
    assert "dashed" in chart.title
    # In this fake every parameter has an eigenvector of its own.
    best = labels(now.facts.optimum)
    for curve, index in zip(through, (2, 1, 0), strict=True):
        expected = [abs(theta[index] - best[index][1]) for theta in now.path.theta]
        np.testing.assert_allclose(curve.ys, expected, rtol=1e-12)
    for curve, index in zip(dashed, (2, 1, 0), strict=True):
        factor = abs(1 - 0.03 * 1.07 * 0.88**index)
        steps = np.array(curve.xs) * 100
        np.testing.assert_allclose(curve.ys, curve.ys[0] * factor**steps, rtol=1e-9)


def test_directions_of_another_optimizer_are_only_measured() -> None:
    experiment = Experiment().changed({"optimizer": "adam"})
    chart = directions_chart(replace(finished(), experiment=experiment))
    assert "measured only" in chart.title
    assert not any(curve.dashed for curve in chart.curves)


def test_validation_losses_stand_on_the_loss_chart() -> None:
    held_out = Points((1.0, 2.0, 3.0), (0.04, 2e-4, 6e-5), (0.04, 2e-4, 6e-5))
    now = replace(finished(), validation_losses=held_out)
    chart = loss_chart(now)
    (curve,) = (curve for curve in chart.curves if curve.label == "validation")
    assert (curve.xs, curve.ys, curve.marker) == (held_out.x, held_out.low, "v")
    assert "validation 0.04" in loss_chart(now, cursor=1.02).title
    assert not any(curve.label == "validation" for curve in loss_chart(finished()).curves)


# The parameters over time ----------------------------------------------------------------------


def test_parameters_lead_to_the_true_values() -> None:
    chart = parameters_chart(finished())
    assert [curve.label for curve in chart.curves] == ["w[0]", "w[1]", "b"]
    assert {level.label: level.y for level in chart.levels} == dict(labels(TRUE))
    for curve, target in zip(chart.curves, (*W, B), strict=True):
        assert curve.ys[0] == pytest.approx(0, abs=1e-3)
        assert curve.ys[-1] == pytest.approx(target, rel=1e-3)


# ASCII ---------------------------------------------------------------------------------------


@same
@given(st.text())
@example("╭─ ½σ² ─╮ ▰▱ ● ŷ θ* ▇ 損失 ̂é")
def test_ascii_filter_keeps_every_cell(text: str) -> None:
    (segment,) = AsciiFilter().apply([Segment(text)], Color.parse("black"))
    assert segment.text.isascii()
    assert cell_len(segment.text) == cell_len(text)


def test_ascii_filter_knows_what_the_screen_is_drawn_with() -> None:
    drawn = "╭─╮│╰╯┏━┓┃┗┛●▰▱▾…·←→↑↓½²σθδβℓŷ×§√≤’−–κμΣ′ᵀ‖▁▂▃▄▅▆▇█αγε₂ŝ⌊⌋∞"
    (segment,) = AsciiFilter().apply([Segment(drawn)], Color.parse("black"))
    assert "?" not in segment.text


def test_a_dot_in_a_formula_is_no_line_between_words() -> None:
    (segment,) = AsciiFilter().apply([Segment("1 − lr·λ · esc")], Color.parse("black"))
    assert segment.text == "1 - lr*L | esc"


@pytest.mark.parametrize(
    ("losses", "where"),
    [
        ((16.0,), "still learning"),
        ((16.0, 4.0, 1.0), "still learning"),
        ((16.0, 4e-4, 5.6e-4), "above the floor, and not falling"),
        ((16.0, 8.0, 400.0), "above the floor, and not falling"),
        ((16.0, 4.9e-5, 5.1e-5), "at the noise floor"),
    ],
)
def test_a_loss_that_rises_is_not_called_learning(losses: tuple[float, ...], where: str) -> None:
    run = replace(finished(), epoch_losses=points(*losses), loss=losses[-1])
    assert reading(run).plain.splitlines()[1] == where


async def test_the_hint_says_why_a_run_ended_early() -> None:
    why = "early stopping: the loss was best after epoch 2, 0.1"
    app = app_showing(replace(finished(), message=why))
    async with app.run_test(size=(80, 24)) as pilot:
        hint = main_of(pilot).query_one(Hint)
        await until(pilot, lambda: hint.shown == (f"{why.capitalize()}.", False))


def test_a_class_given_by_mark_styles_nothing_but_its_own_widget() -> None:
    styles = re.sub(r"/\*.*?\*/", "", (ROOT / "tui/linreg.tcss").read_text("utf-8"))
    selectors = [
        each.split() for rule in re.findall(r"[^{}]+(?={)", styles) for each in rule.split(",")
    ]
    marks = re.compile(r"\.-(current|hidden|alone)\b")
    assert any(marks.search(selector[-1]) for selector in selectors)
    for selector in selectors:
        assert not any(marks.search(outer) for outer in selector[:-1]), selector


def test_the_path_of_a_run_before_that_ran_away_ends_where_it_began_to() -> None:
    away = diverged(1)
    theta = tuple((2.0**step, -(2.0**step), 1.0) for step in range(18))
    path = replace(away.path, x=tuple(step / 100 for step in range(18)), theta=theta)
    chart = landscape_chart(Scene(finished(3), replace(away, path=path), finished(2)))
    before = next(curve for curve in chart.curves if curve.label == "before")
    pinned = next(curve for curve in chart.curves if curve.label == "pinned")
    assert away.autopsy
    assert away.autopsy.first_bad_step == 5
    assert len(before.xs) == 5  # the steps from 0 to 4
    assert len(pinned.xs) == len(finished(2).path.x)
