"""The chart adapter: nothing aborts, nothing is lost, everything fits."""

from __future__ import annotations

import math
import random
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from rich.segment import Segment
from textual.app import App, ComposeResult
from textual.strip import Strip

from tests.support.examples import how_many
from tests.support.paths import ROOT
from tui.ascii import SHADES
from tui.drawing import curves as drawn_curves
from tui.drawing import view
from tui.drawing.chart import Chart, Curve, Level
from tui.drawing.paint import paint, sprinkle
from tui.drawing.picture import draw
from tui.drawing.relief import Relief
from tui.drawing.ticks import Tick, level_text, linear_ticks, log_ticks, padded
from tui.drawing.trace import Trace, Window, clipped, decimate, is_inside, once, straightened
from tui.drawing.view import ChartView
from tui.drawing.window import value_at
from tui.ramp import RAMP, mixed, step_of
from tui.themes import DARK, LIGHT, MONO

if TYPE_CHECKING:
    from tui.drawing.trace import Places

falling = Curve([0.0, 1.0, 2.0, 3.0], [10.0, 0.1, 1e-3, 5e-5], label="now")
ordinary = st.floats(-1e6, 1e6)
drawable = st.floats(-1e299, 1e299)


def lines(chart: Chart, width: int = 60, height: int = 16, ascii: bool = False) -> list[str]:
    return [strip.text for strip in draw(chart, width, height, ascii=ascii)]


def dots_in(line: str) -> int:
    return sum("\u2801" <= character <= "\u28ff" for character in line)


def canvas(chart: Chart, width: int = 60, height: int = 16) -> list[str]:
    """The rows with the axis at their left end."""
    return [line for line in lines(chart, width, height) if "┤" in line or "│" in line]


# A NaN that reached plotext would abort the process, so the awkward cases have one of their own.


def test_very_many_awkward_charts_are_drawn_without_an_abort() -> None:
    script, count = Path(__file__).with_name("draw_many_charts.py"), str(how_many(1500))
    result = subprocess.run(
        [sys.executable, str(script), count], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr[-2000:]
    assert result.stdout == f"{count}\n"
    assert result.stderr == ""


def test_nothing_but_places_on_the_canvas_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[int, int]] = []

    def watch(stretches: tuple[tuple[tuple[int, int], ...], ...], *rest: Any) -> tuple[str, ...]:
        seen.extend(dot for stretch in stretches for dot in stretch)
        return paint(stretches, *rest)

    def watch_cloud(places: Places, *rest: Any) -> tuple[str, ...]:
        seen.extend((x, y) for x, y in places.tolist())
        return sprinkle(places, *rest)

    monkeypatch.setattr(drawn_curves, "paint", watch)
    monkeypatch.setattr(drawn_curves, "sprinkle", watch_cloud)
    ys = [1.0, math.nan, 1e308, math.inf, -math.inf, 5e-324, 1e299, -1e299]
    draw(Chart((Curve(range(8), ys), Curve(ys, range(8), "points"))), 60, 16)
    assert len(seen) > 4
    assert all(isinstance(x, int) and 0 <= x < 120 and 0 <= y < 64 for x, y in seen)


def test_nothing_is_written_to_the_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    for ys in ([1e16, 1e16 + 2], [5e-324, 1e299], [0.0, 0.0], [1.0, math.nan]):
        for log_y in (False, True):
            draw(Chart((Curve([0.0, 1.0], ys),), log_y=log_y), 60, 16)
    assert capfd.readouterr() == ("", "")


def test_what_plotext_refuses_is_an_empty_chart_with_the_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse() -> None:
        raise ValueError("no such marker")

    paint.cache_clear()
    monkeypatch.setattr("tui.drawing.paint.load_plotext", refuse)
    assert "not drawn: no such marker" in "\n".join(lines(Chart((falling,))))


def test_columns_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="2 xs do not go with 3 ys"):
        Curve([1.0, 2.0], [1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match="1 highs"):
        Curve([1.0, 2.0], [1.0, 2.0], highs=[1.0])


# Size.


@given(st.integers(-2, 130), st.integers(-2, 45), st.booleans())
def test_every_chart_has_the_size_that_was_asked_for(width: int, height: int, ascii: bool) -> None:
    chart = Chart(
        (falling,), (Level(1.0, "損失"),), "損失, log y", "epochs", log_y=True, cursor=1.0
    )
    strips = draw(chart, width, height, ascii=ascii)
    assert len(strips) == max(height, 0)
    for strip in strips:
        assert Segment.get_line_length(list(strip)) == strip.cell_length == max(width, 0)


def test_a_small_chart_keeps_the_curve_and_drops_the_frame() -> None:
    for width, height in ((10, 4), (23, 20), (60, 4), (1, 1)):
        text = "".join(lines(Chart((falling,), title="loss"), width, height))
        assert "┤" not in text
        assert dots_in(text) > 0


# Gaps and decimation.


def test_a_spike_of_one_sample_in_a_hundred_thousand_is_drawn() -> None:
    ys = [0.0] * 100_000
    ys[54_321] = 1.0
    rows = canvas(Chart((Curve(range(100_000), ys),)))
    assert dots_in(rows[0]) == 1
    assert abs(next(i for i, c in enumerate(rows[0]) if dots_in(c)) - 35) < 3


@given(st.lists(st.tuples(drawable, drawable), min_size=1, max_size=300), st.integers(1, 40))
def test_decimation_keeps_the_extremes_and_at_most_two_points_per_column(
    points: list[tuple[float, float]], columns: int
) -> None:
    points.sort(key=lambda point: point[0])
    xs, ys = [x for x, _ in points], [y for _, y in points]
    kept = [point for stretch in decimate(xs, ys, xs[0], xs[-1], columns) for point in stretch]
    assert len(kept) <= 2 * columns
    assert set(kept) <= set(points)
    assert min(y for _, y in kept) == min(ys)
    assert max(y for _, y in kept) == max(ys)
    assert all(before[0] <= after[0] for before, after in pairwise(kept))


def test_decimation_keeps_the_points_that_lead_into_the_picture() -> None:
    xs = [float(x) for x in range(100)]
    [stretch] = decimate(xs, xs, 40.5, 50.5, 5)
    assert stretch[0] == (40.0, 40.0)
    assert stretch[-1] == (51.0, 51.0)


def test_the_cost_of_a_chart_does_not_grow_with_its_history(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    counts = []

    def count(
        stretches: tuple[tuple[tuple[int, int], ...], ...], *rest: bool | str | int
    ) -> tuple[str, ...]:
        counts.append(sum(map(len, stretches)))
        return paint(stretches, *rest)

    monkeypatch.setattr(drawn_curves, "paint", count)
    rng = random.Random(1)
    for length in (1_000, 100_000):
        noise = [rng.random() for _ in range(length)]
        line = Curve(range(length), noise)
        draw(Chart((line, replace(line, kind="points"))), 60, 16)
        swings = [*([0.0, 1.0, 0.2] * length), 0.0]
        draw(Chart((Curve(swings[:-1], swings[1:]),)), 60, 16)
    assert max(counts) <= 4 * 60


def test_values_that_cannot_be_drawn_are_gaps() -> None:
    ys = [1.0] * 40 + [math.nan] * 40 + [1.0] * 40
    row = next(line for line in canvas(Chart((Curve(range(120), ys),))) if dots_in(line))
    first, gap, second = row[6:24], row[28:40], row[44:58]
    assert dots_in(first) > 15
    assert dots_in(gap) == 0
    assert dots_in(second) > 12


def test_a_gap_narrower_than_a_column_does_not_cut_the_line() -> None:
    trace = Trace.of([0.0, 0.1, 0.2, 9.0], [1.0, math.nan, 2.0, 3.0], log=False)
    assert trace.breaks == {1}
    assert len(trace.stretches(0.0, 9.0, 3)) == 1
    assert len(trace.stretches(0.0, 9.0, 900)) == 2


def test_a_path_that_goes_back_keeps_its_order() -> None:
    path = Trace.of([0.0, 1.0, 0.5, 2.0], [0.0, 1.0, 2.0, 3.0], log=False)
    assert path.stretches(0.0, 2.0, 1) == [[(0.0, 0.0), (1.0, 1.0), (0.5, 2.0), (2.0, 3.0)]]


def test_buckets_show_their_minima_and_maxima() -> None:
    narrow = Curve(range(100), [1.0] * 100)
    wide = replace(narrow, highs=[2.0] * 100)
    assert len([row for row in canvas(Chart((narrow,))) if dots_in(row)]) == 1
    assert len([row for row in canvas(Chart((wide,))) if dots_in(row)]) > 10


# Ranges and clipping.


@given(drawable, drawable, st.booleans())
def test_a_padded_range_holds_what_it_was_made_for(a: float, b: float, log: bool) -> None:
    if log:
        a, b = a / 1e297, b / 1e297
    low, high = padded(min(a, b), max(a, b), log=log)
    assert low <= min(a, b) <= max(a, b) <= high
    assert low < high


@pytest.mark.parametrize("y", [0.0, 5e-324, -5e-324, 1.0, -3.4, 1e16, 1e299, -1e299])
@pytest.mark.parametrize("log_y", [False, True])
def test_a_constant_lies_in_the_middle(y: float, log_y: bool) -> None:
    if log_y:
        y = abs(y) or 1.0
    rows = canvas(Chart((Curve([0.0, 1.0, 2.0], [y] * 3),), log_y=log_y))
    assert [i for i, row in enumerate(rows) if dots_in(row)] in ([6], [5, 6], [6, 7], [7])


def test_a_range_that_was_asked_for_is_kept_and_nonsense_is_not() -> None:
    chart = Chart((Curve(range(101), [float(x) for x in range(101)]),))
    zoomed = lines(replace(chart, x_range=(40.0, 60.0)))
    assert zoomed[-1].split() == ["40", "45", "50", "55", "60"]
    for nonsense in ((60.0, 40.0), (1.0, 1.0), (math.nan, 1.0), (0.0, math.inf)):
        assert lines(replace(chart, x_range=nonsense, y_range=nonsense)) == lines(chart)


def test_a_line_through_the_picture_is_drawn_though_its_ends_lie_outside() -> None:
    chart = Chart((Curve([0.0, 100.0], [0.0, 100.0]),), x_range=(40.0, 60.0), y_range=(40.0, 60.0))
    assert all(dots_in(row) for row in canvas(chart))


@given(st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6)), min_size=1, max_size=20))
def test_clipping_leaves_nothing_outside(places: list[tuple[float, float]]) -> None:
    for piece in clipped(places):
        assert all(-1e-9 <= x <= 1 + 1e-9 and -1e-9 <= y <= 1 + 1e-9 for x, y in piece)
    inside = [place for place in places if is_inside(place)]
    if len(places) > 1:
        kept = [place for piece in clipped(places) for place in piece]
        assert all(any(math.dist(p, k) < 1e-6 for k in kept) for p in inside)


def test_straight_runs_are_two_points() -> None:
    assert straightened([(0, 0), (1, 0), (2, 0), (2, 0), (3, 1), (4, 2)]) == [
        (0, 0),
        (2, 0),
        (4, 2),
    ]
    assert straightened([(0, 0), (5, 0), (2, 0)]) == [(0, 0), (5, 0), (2, 0)]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2)), min_size=1, max_size=60))
def test_a_line_goes_every_way_once(dots: list[tuple[int, int]]) -> None:
    gone = [way for piece in once(dots) for way in pairwise(piece)]
    assert gone == list(dict.fromkeys(pairwise(dots)))
    assert {dot for piece in once(dots) for dot in piece} == set(dots)


def test_the_corners_of_the_window_are_the_corners_of_the_unit_square() -> None:
    window = Window(1.0, 3.0, -4.0, 1.0, log=True)
    assert window.units([(1.0, 1e-4), (3.0, 10.0)]) == [(0.0, 0.0), (1.0, 1.0)]


# The log axis.


def test_a_log_axis_leaves_out_what_is_not_positive() -> None:
    with_zeros = Curve([0.0, 1.0, 2.0, 3.0, 4.0], [1.0, 0.0, -1.0, 0.01, 0.01])
    rows = canvas(Chart((with_zeros,), log_y=True))
    assert dots_in(rows[0]) == 1
    assert dots_in("".join(rows)) < 20


@pytest.mark.parametrize("ys", [[0.0], [-1.0, -2.0], [0.0, math.nan]])
def test_a_log_axis_without_a_positive_value_says_so(ys: list[float]) -> None:
    chart = Chart((Curve(range(len(ys)), ys),), log_y=True, empty="press s")
    assert "No value is above zero" in "\n".join(lines(chart))


def test_an_empty_chart_shows_its_message() -> None:
    for curves in ((), (Curve([], []),), (Curve([1.0], [math.nan]),)):
        for log_y in (False, True):
            text = "\n".join(lines(Chart(curves, title="loss", log_y=log_y, empty="press s")))
            assert text.split() == ["loss", "press", "s"]


def test_a_level_out_of_reach_does_not_squeeze_a_log_chart() -> None:
    near = lines(Chart((falling,), (Level(1e-9),), log_y=True))
    far = lines(Chart((falling,), (Level(1e-30), Level(0.0), Level(math.nan)), log_y=True))
    assert any("1e-9 ┤╌╌" in line for line in near)
    assert far == lines(Chart((falling,), log_y=True))


# Ticks.


@given(ordinary, st.floats(1e-9, 1e6), st.integers(2, 20), st.booleans())
def test_linear_ticks_increase_within_the_range_with_short_labels_of_their_own(
    low: float, span: float, count: int, whole: bool
) -> None:
    ticks = linear_ticks(low, low + span, count, whole=whole)
    places, labels = [tick.at for tick in ticks], [tick.label for tick in ticks]
    assert len(ticks) <= count + 1
    assert all(low <= place <= low + span for place in places)
    assert all(a < b for a, b in pairwise(places))
    assert len(set(labels)) == len(labels)
    assert all(len(label) <= 10 for label in labels)
    for place, label in ticks:
        assert math.isclose(float(label), place, rel_tol=1e-3, abs_tol=span * 1e-6)


@given(drawable, drawable, st.integers(0, 20))
def test_linear_ticks_of_any_range(a: float, b: float, count: int) -> None:
    ticks = linear_ticks(min(a, b), max(a, b), count) if a != b else []
    assert all(min(a, b) <= tick.at <= max(a, b) for tick in ticks)
    assert len({tick.label for tick in ticks}) == len(ticks)


@given(st.floats(-323, 298), st.floats(0.05, 600), st.integers(1, 20))
def test_log_ticks_increase_within_the_range_with_labels_of_their_own(
    low: float, span: float, count: int
) -> None:
    high = min(low + span, 300.0)
    ticks = log_ticks(low, high, count)
    assert all(low <= tick.at <= high for tick in ticks)
    assert all(a.at < b.at for a, b in pairwise(ticks))
    assert len({tick.label for tick in ticks}) == len(ticks) <= count + 1
    assert all(len(tick.label) <= 10 for tick in ticks)


def labels_of(ticks: list[Tick]) -> list[str]:
    return [tick.label for tick in ticks]


def test_tick_labels_as_people_write_them() -> None:
    assert labels_of(linear_ticks(0.0, 10.0, 5)) == ["0", "2", "4", "6", "8", "10"]
    assert labels_of(linear_ticks(-0.5, 0.5, 5)) == ["-0.4", "-0.2", "0.0", "0.2", "0.4"]
    assert labels_of(linear_ticks(0.0, 1e-4, 5)) == [
        *("0", "2.0e-05", "4.0e-05", "6.0e-05", "8.0e-05", "1.0e-04")
    ]
    assert labels_of(linear_ticks(0.0, 3.0, 9, whole=True)) == ["0", "1", "2", "3"]
    assert labels_of(linear_ticks(1e6, 1e6 + 4, 4, whole=True))[-1] == "1000004"
    assert labels_of(log_ticks(-4.3, 1.0, 10)) == ["1e-4", "1e-3", "1e-2", "1e-1", "1e+0", "1e+1"]
    assert labels_of(log_ticks(-4.3, 1.0, 3)) == ["1e-3", "1e-1", "1e+1"]
    assert labels_of(log_ticks(-0.5, 0.8, 10)) == ["5e-1", "1e+0", "2e+0", "5e+0"]
    assert labels_of(log_ticks(math.log10(3.0), math.log10(4.0), 5)) == [
        *("3.0", "3.2", "3.4", "3.6", "3.8", "4.0")
    ]


@pytest.mark.parametrize(
    ("value", "linear", "log"),
    [
        (4.2, "4.2", "4.2e+0"),
        (-3.4, "-3.4", None),
        (0.0, "0", None),
        (5e-5, "5e-5", "5e-5"),
        (1.54e6, "1.5e+6", "1.5e+6"),
        (0.02, "0.02", "2e-2"),
    ],
)
def test_levels_are_written_short(value: float, linear: str, log: str | None) -> None:
    assert level_text(value, log=False) == linear
    assert log is None or level_text(value, log=True) == log


def y_ticks(chart: Chart, height: int) -> list[tuple[int, float]]:
    """Row and value of every label of the y axis."""
    split = (line.split("┤") for line in lines(chart, 60, height))
    return [(row, float(parts[0])) for row, parts in enumerate(split) if len(parts) > 1]


@given(
    decades=st.floats(2.5, 12),
    top=st.floats(-3, 8),
    above=st.floats(0, 1),
    height=st.integers(8, 40),
    ascii=st.booleans(),
)
def test_beside_a_level_a_log_axis_has_two_ticks(
    decades: float, top: float, above: float, height: int, ascii: bool
) -> None:
    level = Level(10 ** (top - decades + above))
    chart = Chart((Curve((0, 1), (10**top, 10 ** (top - decades))),), (level,), log_y=True)
    drawn = [strip.text for strip in draw(chart, 60, height, ascii=ascii)][:-2]
    labels = [line for line in drawn if line[:10].partition("+" if ascii else "┤")[1]]
    assert sum("- - -" not in line and "╌╌╌" not in line for line in labels) >= 2


@given(
    ends=st.lists(st.floats(-8, 8), min_size=2, max_size=5),
    span=st.floats(-3, 3),
    height=st.integers(8, 45),
    log=st.booleans(),
)
def test_every_y_axis_has_even_ticks_where_their_values_are(
    ends: list[float], span: float, height: int, log: bool
) -> None:
    """A run from 1e8 to 1e-8, or numbers of any size: two ticks or more, equally far apart."""
    ys = [10.0**y if log else y * 10**span for y in ends]
    decades = max(ends) - min(ends)
    assume(decades >= 2)
    curve = Curve(range(len(ys)), ys)
    ticks = y_ticks(Chart((curve,), log_y=log), height)
    assert len(ticks) >= 2
    values = [math.log10(y) if log else y for _, y in ticks]
    gaps = [one - other for one, other in pairwise(values)]
    assert gaps == pytest.approx([gaps[0]] * len(gaps), rel=1e-6)
    rows = [other - one for (one, _), (other, _) in pairwise(ticks)]
    assert max(rows) - min(rows) <= (0 if height >= 14 else 1)
    for row, y in ticks:  # a level at the value of a tick lies in its row
        if not min(curve.ys) <= y <= max(curve.ys):  # it would widen the axis
            continue
        level = lines(Chart((curve,), (Level(y),), log_y=log), 60, height)[row]
        assert "╌" in level or "⠀" <= level.split("┤")[1][0] <= "⣿"


@given(
    st.floats(1e-6, 39999).flatmap(
        lambda start: st.tuples(st.just(start), st.integers(int(start / 100) + 1, 400))
    ),
    st.integers(24, 120),
)
@example((35601.0, 357), 24)
def test_labels_of_x_are_even_and_stand_at_their_ticks(
    reach: tuple[float, int], width: int
) -> None:
    start, length = reach
    curve = Curve([start, start + length], [0.0, 1.0])
    drawn = lines(Chart((curve,)), width, 12)
    columns = [i for i, c in enumerate(drawn[-2]) if c == "┬"]
    values = [float(text) for text in drawn[-1].split()]
    assert len(columns) == len(values) > 0
    gaps = [round(other - one, 6) for one, other in pairwise(values)]
    assert len(set(gaps)) <= 1
    widths = [other - one for one, other in pairwise(columns)]
    assert not widths or max(widths) - min(widths) <= 1


@given(st.floats(-6, 3), st.floats(0.5, 8), st.integers(30, 120))
def test_labels_of_a_log_x_name_the_values_at_their_ticks(
    left: float, decades: float, width: int
) -> None:
    curve = Curve([left, left + decades], [0.0, 1.0])
    drawn = lines(Chart((curve,), log_x=True, x_label="lr"), width, 12)
    columns = [i for i, c in enumerate(drawn[-2]) if c == "┬"]
    values = [float(text) for text in drawn[-1].split() if text != "lr"]
    assert len(columns) == len(values) > 0
    first = drawn[-2].index("└") + 1
    share = (len(drawn[-2].rstrip()) - first - 1) / decades
    for column, value in zip(columns, values, strict=True):
        assert abs((math.log10(value) - left) * share - (column - first)) <= 1.5


# The look.


def test_the_axes_look_like_the_sketch() -> None:
    levels = (Level(5e-5, "½σ²"),)
    drawn = lines(Chart((falling,), levels, "half loss, log y", "epochs", log_y=True))
    assert drawn[0].startswith("half loss, log y  ")
    assert drawn[0].endswith("── now")
    assert drawn[2].startswith("1e+1 ┤")
    assert drawn[3].startswith("     │")
    assert any(line.startswith("5e-5 ┤╌╌╌╌") and line.endswith(" ½σ²") for line in drawn)
    assert drawn[-2].startswith("     └┬─────")
    assert drawn[-1].split() == ["0", "1", "2", "epochs", "3"]


def test_what_comes_last_in_a_title_gives_way_to_the_legend() -> None:
    chart = Chart((falling,), title="half squared, log y")
    assert lines(chart, 27)[0] == "half squared, log y  ── now"
    assert lines(chart, 26)[0] == "half squared        ── now"
    assert lines(chart, 20)[0] == "half squared  ── now"
    chinese = replace(chart, title="误差，虚线")
    assert lines(chinese, 18)[0] == "误差，虚线  ── now"
    assert lines(chinese, 17)[0] == "误差       ── now"
    assert lines(chinese, 12)[0] == "误差  ── now"


def test_a_title_gives_way_before_a_curve_and_a_curve_where_not_all_have_room() -> None:
    curves = tuple(replace(falling, label=f"run {i}") for i in range(4))
    chart = Chart(curves, title="the loss of four runs")
    for width in (42, 50, 60):
        assert all(f"run {i}" in lines(chart, width)[0] for i in range(4))
    assert "the loss" in lines(chart, 60)[0]
    assert "the" not in lines(chart, 42)[0]
    curves = tuple(replace(falling, label=f"run number {i}") for i in range(6))
    head = lines(Chart(curves, title="the loss of six runs of one experiment"))[0]
    assert "run number 5" in head
    assert "run number 0" not in head


def test_the_cursor_is_a_line_at_its_x() -> None:
    column = {line.index("│", 8) for line in canvas(Chart((falling,), cursor=2.0))[4:9]}
    assert len(column) == 1
    assert lines(Chart((falling,), cursor=7.0)) == lines(Chart((falling,)))


def test_a_dashed_curve_has_holes() -> None:
    flat = Curve(range(50), [1.0] * 50)
    whole = dots_in("".join(lines(Chart((flat,)))))
    dashed = dots_in("".join(lines(Chart((replace(flat, dashed=True),)))))
    assert 0.5 * whole < dashed < 0.8 * whole
    dashed_ascii = lines(Chart((replace(flat, dashed=True),)), ascii=True)
    assert dashed_ascii == lines(Chart((flat,)), ascii=True)


def test_marks_stand_out_while_there_are_few() -> None:
    def marks(count: int) -> int:
        drawn = lines(Chart((Curve(range(count), range(count), "marks"),)))
        return "".join(drawn).count("•")

    assert marks(5) == 5
    assert marks(100) == 0


@given(
    st.lists(st.floats(-8, 3), min_size=1, max_size=40),
    st.integers(1, 400),
    st.integers(24, 90),
    st.booleans(),
)
def test_marks_of_epochs_lie_on_their_curve(
    decades: list[float], epochs: int, width: int, ascii: bool
) -> None:
    """Also where many epochs share a column, of which the line shows the extremes."""
    xs, ys = range(len(decades)), [10.0**y for y in decades]
    line, x_range = Curve(xs, ys, marker="*"), (0.0, float(max(epochs, 1)))
    chart = Chart((line,), log_y=True, x_range=x_range)
    marked = replace(chart, curves=(line, Curve(xs, ys, "marks", marker="@", mark="@")))
    alone, both = lines(chart, width, ascii=ascii), lines(marked, width, ascii=ascii)
    for one, other in zip(alone, both, strict=True):
        for column, character in enumerate(other):
            assert character != "@" or dots_in(one[column]) or one[column] == "*"


def test_a_cloud_of_many_points_is_spread_as_they_are() -> None:
    """Ten thousand losses evenly over three rows of thirds fill each third alike."""
    rng = random.Random(3)
    ys = [rng.random() for _ in range(10_000)]
    frame = Chart((Curve(range(10_000), ys, "points"),), y_range=(0.0, 1.0))
    rows = canvas(frame, 60, 15)
    thirds = [sum(map(dots_in, rows[start : start + 4])) for start in (0, 4, 8)]
    assert min(thirds) > 0.9 * max(thirds)


def test_a_spike_in_a_cloud_is_drawn() -> None:
    ys = [0.0] * 100_000
    ys[54_321] = 1.0
    cloud = Chart((Curve(range(100_000), ys, "points"),))
    assert dots_in(canvas(cloud)[0]) + dots_in(canvas(cloud)[1]) == 1
    merged = Curve(range(4), [0.0] * 4, "points", highs=[0.0, 1.0, 0.0, 0.0])
    drawn = canvas(Chart((merged,)))
    assert dots_in(drawn[0]) + dots_in(drawn[1]) == 1


def test_curves_that_share_a_cell_are_both_seen() -> None:
    line = Curve(range(50), [1.0] * 50, color="now", marker="*")
    cloud = Curve(range(50), [1.0] * 50, "points", "data", marker="o", shares=True)
    strip = max(draw(Chart((line, cloud)), 60, 16), key=lambda strip: dots_in(strip.text))
    colours = {part.style.color.name for part in strip if part.style and part.style.color}
    assert {DARK.now, DARK.data} <= colours
    row = max(lines(Chart((line, cloud)), ascii=True), key=lambda text: text.count("*"))
    assert abs(row.count("*") - row.count("o")) <= 2
    assert row.count("*") > 20


def test_a_line_does_not_swallow_the_points_around_it() -> None:
    line = Curve([0.0, 1.0], [0.0, 0.0])
    points = Curve([0.2, 0.4, 0.6], [0.001, 0.001, 0.001], "points")
    frame = Chart((line,), y_range=(-1.0, 1.0), x_range=(0.0, 1.0))
    assert lines(replace(frame, curves=(points, line))) == lines(frame)


def test_ascii_mode_is_ascii_and_tells_runs_apart() -> None:
    curves = (replace(falling, label="σ × η →"), replace(falling, ys=[5.0, 4.0, 3.0, 2.0]), falling)
    chart = Chart(curves, (Level(1e-3, "½σ²"),), "损 loss ŷ", "x₁", log_y=True, cursor=1.5)
    drawn = lines(chart, ascii=True)
    assert all(line.isascii() for line in drawn)
    text = "".join(drawn)
    assert "1/2sigma^2" in text
    assert "* now" in drawn[0]
    assert "+---" in drawn[-2]
    assert any(line.startswith("1e+0 +") for line in drawn)
    assert text.count(".") > 20
    marked = lines(Chart((replace(falling, marker="%"),)), ascii=True)
    assert "% now" in marked[0]


def test_colours_come_from_the_palette() -> None:
    chart = Chart((falling, Curve([0.0, 3.0], [1.0, 1.0], color=1), replace(falling, color="red")))
    for palette in (DARK, LIGHT):
        used = {
            segment.style.color.name
            for strip in draw(chart, 60, 16, palette)
            for segment in strip
            if segment.style and segment.style.color
        }
        assert used == {palette.now, palette.series[1], palette.text, palette.axis, "red"}
    styles = [segment.style for strip in draw(chart, 60, 16, DARK) for segment in strip]
    assert all(style is None or style.bgcolor is None for style in styles)
    plain = [s.style for strip in draw(Chart((falling,)), 60, 16, MONO) for s in strip]
    assert all(style is None or style.color is None for style in plain)


def test_value_at_is_the_nearest_point_that_can_be_drawn() -> None:
    curve = Curve([0.0, 1.0, 2.0], [5.0, math.nan, 7.0])
    assert value_at(curve, 0.9) == 5.0
    assert value_at(curve, 1.4) == 7.0
    assert value_at(curve, -1e299) == 5.0
    assert value_at(Curve([], []), 0.0) is None


# The widget.


class OneChart(App[None]):
    def compose(self) -> ComposeResult:
        yield ChartView()


@pytest.mark.usefixtures("drawn")
async def test_the_widget_draws_only_what_has_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[Chart] = []

    def count(chart: Chart, *rest: object, **how: object) -> object:
        drawn.append(chart)
        return draw(chart, *rest, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(view, "draw", count)
    app = OneChart()
    async with app.run_test(size=(60, 16)) as pilot:
        shown = app.query_one(ChartView)
        shown.show(Chart((falling,), title="loss"))
        await pilot.pause()
        assert [chart.title for chart in drawn[-1:]] == ["loss"]
        before = len(drawn)
        shown.show(Chart((falling,), title="loss"))
        shown.refresh()
        await pilot.pause()
        assert len(drawn) == before
        shown.ascii = True
        await pilot.pause()
        assert len(drawn) == before + 1
        shown.display = False
        shown.show(Chart(title="hidden"))
        await pilot.pause()
        assert len(drawn) == before + 1


@pytest.mark.usefixtures("drawn")
async def test_only_lines_that_look_different_are_painted(monkeypatch: pytest.MonkeyPatch) -> None:
    painted: set[int] = set()
    line = ChartView.render_line

    def note(self: ChartView, y: int) -> Strip:
        painted.add(y)
        return line(self, y)

    monkeypatch.setattr(ChartView, "render_line", note)
    app = OneChart()
    async with app.run_test(size=(60, 16)) as pilot:
        shown = app.query_one(ChartView)
        first = Chart((falling,), title="loss", y_range=(0, 4))
        # The level stands in one row, and its number beside it.
        for chart in (first, replace(first, title="other"), replace(first, levels=(Level(2),))):
            before = lines(shown._chart)
            shown.show(chart)
            painted.clear()
            await pilot.pause()
            pairs = zip(before, lines(chart), strict=True)
            assert painted == {y for y, (old, new) in enumerate(pairs) if old != new}


async def test_the_widget_has_the_background_of_its_place() -> None:
    app = OneChart()
    async with app.run_test(size=(60, 16)) as pilot:
        shown = app.query_one(ChartView)
        shown.styles.background = "#102030"
        shown.show(Chart((falling,)))
        await pilot.pause()
        backgrounds = {
            s.style.bgcolor.name for s in shown.render_line(3) if s.style and s.style.bgcolor
        }
        assert backgrounds == {"#102030"}


# The background ------------------------------------------------------------------------------

hill = Relief((0.0, 4.0), (0.0, 2.0), ((1.0, 10.0, 100.0, 1e3), (1e3, 1e4, 1e5, 1e7)))


def grounds(chart: Chart, width: int = 50, height: int = 10) -> set[str]:
    """The background colours of a chart."""
    return {
        segment.style.bgcolor.name
        for strip in draw(chart, width, height)
        for segment in strip
        if segment.style and segment.style.bgcolor
    }


def test_the_background_goes_from_the_first_colour_to_the_last() -> None:
    found = grounds(Chart((falling,), heat=hill))
    assert found <= set(DARK.ramp)
    assert {DARK.ramp[0], DARK.ramp[-1]} <= found


def test_the_background_alone_makes_a_chart_of_its_rectangle() -> None:
    rows = canvas(Chart(heat=hill, empty="nothing"), 60, 12)
    assert rows
    assert "nothing" not in "".join(rows)
    assert any(line.strip().startswith("2") for line in rows)


@pytest.mark.parametrize("ascii", [True, False])
def test_without_colours_shades_stand_behind_the_curves(ascii: bool) -> None:
    chart = Chart((Curve([0, 4], [0, 2], marker="#"),), heat=hill)
    text = "".join(strip.text for strip in draw(chart, 50, 12, MONO, ascii=ascii))
    assert {SHADES[0], SHADES[-1]} <= set(text)
    assert "#" in text if ascii else dots_in(text)
    assert text.isascii() or not ascii


def test_a_curve_keeps_the_background() -> None:
    chart = Chart((Curve([0, 4], [1, 1], color="ink"),), heat=hill)
    ink = [
        segment.style
        for strip in draw(chart, 50, 12)
        for segment in strip
        if segment.style and dots_in(segment.text)
    ]
    assert ink
    assert all(style.bgcolor and style.bgcolor.name in DARK.ramp for style in ink)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, -1.0])
def test_where_there_is_no_value_is_no_background(value: float) -> None:
    assert grounds(Chart((falling,), heat=Relief((0, 3), (0, 10), ((value,),)))) == set()


def test_zero_lies_on_the_lowest_step_and_a_constant_too() -> None:
    assert Relief((0, 1), (0, 1), ((0.0, 1.0, 100.0),)).steps == [[0, 0, len(RAMP) - 1]]
    assert Relief((0, 1), (0, 1), ((0.0, 0.0),)).steps == [[0, 0]]
    assert Relief((0, 1), (0, 1), ((5.0, 5.0),)).steps == [[0, 0]]


@given(at=st.floats(-5, 5), count=st.integers(1, 50))
def test_places_lie_in_the_part_around_them(at: float, count: int) -> None:
    columns = Relief((-2.0, 3.0), (0.0, 1.0), ((1.0,) * count,)).columns_at([at])
    edges = [-2.0 + 5.0 * part / count for part in range(count + 1)]
    if not -2 <= at <= 3:
        assert columns == [None]
    else:
        (column,) = columns
        assert column is not None
        assert edges[column] - 1e-9 <= at <= edges[column + 1] + 1e-9


def test_the_ramp_is_mixed_evenly() -> None:
    assert mixed("#000000", 0.0) == RAMP
    assert set(mixed("#123456", 1.0)) == {"#123456"}
    assert mixed("#ffffff", 0.5)[0] == "#8090a6"


@given(low=ordinary, high=ordinary, value=ordinary)
def test_a_step_is_one_of_the_ramp(low: float, high: float, value: float) -> None:
    low, value, high = sorted((low, value, high))
    assert 0 <= step_of(value, low, high) < len(RAMP)
