"""From a cell of a chart back to the data: the column of an x has that x in it, so has a row."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tui.drawing.area import Area
from tui.drawing.chart import Chart, Curve, Level
from tui.drawing.frame import Frame, frame_of
from tui.drawing.picture import draw
from tui.drawing.trace import Window
from tui.drawing.window import NARROWEST, zoomed

ordinary = st.floats(-1e6, 1e6)


@st.composite
def areas(draw: st.DrawFn) -> Area:
    left, low = draw(ordinary), draw(st.floats(-12, 12))
    right, high = left + draw(st.floats(1e-3, 1e6)), low + draw(st.floats(0.1, 20))
    window = Window(left, right, low, high, log=draw(st.booleans()))
    column, row = draw(st.integers(0, 20)), draw(st.integers(0, 1))
    width, height = draw(st.integers(2, 200)), draw(st.integers(2, 60))
    return Area(column, row, width, height, draw(st.sampled_from([(1, 1), (2, 4)])), window)


@given(areas(), st.floats(0, 1))
def test_an_x_is_within_half_a_column_of_where_its_column_is(area: Area, share: float) -> None:
    left, right = area.window.left, area.window.right
    x = min(left + share * (right - left), right)
    column = area.column_of(x)
    assert column is not None
    dots = area.dots[0] * area.width - 1
    half = (right - left) * area.dots[0] / dots / 2
    assert abs(area.x_at(column) - x) <= half * (1 + 1e-6) + 1e-9 * abs(left)


@given(areas(), st.floats(0, 1))
def test_a_y_is_within_half_a_row_of_where_its_row_is(area: Area, share: float) -> None:
    low, high = area.window.low, area.window.high
    y = min(low + share * (high - low), high)
    row = area.row_of(y)
    assert row is not None
    there = area.y_at(row)
    if area.window.log:
        assert there > 0
        there = math.log10(there)
    half = (high - low) * area.dots[1] / (area.dots[1] * area.height - 1) / 2
    assert abs(there - y) <= half * (1 + 1e-6)


@given(areas(), st.data())
def test_the_middle_of_a_cell_lies_in_that_cell(area: Area, data: st.DataObject) -> None:
    column = area.column + data.draw(st.integers(0, area.width - 1))
    row = area.row + data.draw(st.integers(0, area.height - 1))
    assert area.holds(column, row)
    window = area.window
    assume(window.right - window.left > 1e-7 * max(abs(window.left), abs(window.right)))
    assert area.column_of(area.x_at(column)) == column
    y = area.y_at(row)
    assert area.row_of(math.log10(y) if window.log else y) == row


@given(areas(), st.integers(1, 1000))
def test_beyond_the_canvas_is_its_edge(area: Area, beyond: int) -> None:
    assert area.x_at(area.column - beyond) == area.window.left
    assert area.x_at(area.column + area.width - 1 + beyond) == pytest.approx(area.window.right)
    assert not area.holds(area.column - beyond, area.row)
    assert not area.holds(area.column + area.width - 1 + beyond, area.row)
    assert not area.holds(area.column, area.row + area.height - 1 + beyond)


def whole(chart: Chart, width: int, height: int, ascii: bool = False) -> Frame:
    frame = frame_of(chart, width, height, ascii=ascii)
    assert frame
    return frame


@pytest.mark.parametrize("ascii", [False, True])
@pytest.mark.parametrize("width", [20, 24, 61, 120])
@pytest.mark.parametrize("log_y", [False, True])
def test_a_place_is_where_it_is_drawn(width: int, log_y: bool, ascii: bool) -> None:
    """The value cursor is drawn by the same chart that is asked where it stands."""
    curve = Curve([0.0, 1.0, 2.0, 3.0], [10.0, 0.1, 1e-3, 5e-5])
    chart = Chart((curve,), (Level(5e-5, "half the variance"),), "loss", "epochs", log_y=log_y)
    area = whole(chart, width, 16, ascii).area
    for cursor in (0.3, 1.0, 2.7):
        strips = draw(replace(chart, curves=(curve,), cursor=cursor), width, 16, ascii=ascii)
        bars = [
            {column for column, character in enumerate(strip.text) if character in "│|"}
            for strip in strips[area.row : area.row + area.height]
        ]
        (column,) = {
            each
            for row in bars
            for each in row
            if each != area.column - 1 and sum(each in other for other in bars) > 5
        }
        size = (area.window.right - area.window.left) / area.width
        assert area.x_at(column) == pytest.approx(cursor, abs=size)


def test_a_chart_without_data_has_no_places() -> None:
    assert frame_of(Chart(empty="press s"), 60, 16, ascii=False) is None


# Zoom ----------------------------------------------------------------------------------------


@given(ordinary, st.floats(1e-2, 1e6), st.floats(0.05, 0.95), st.floats(0, 1), st.data())
def test_what_lies_at_the_pointer_stays_there(
    left: float, size: float, share: float, where: float, data: st.DataObject
) -> None:
    full = (left - size, left + 2 * size)
    shown = (left, left + size)
    at = left + where * size
    begin, end = zoomed(shown, full, share, at, where)
    assert end - begin == pytest.approx(share * size)
    assert begin + where * (end - begin) == pytest.approx(at, abs=1e-6 * size)


@given(ordinary, st.floats(1e-2, 1e6), st.floats(0.01, 100), st.floats(-1, 2), st.floats(0, 1))
def test_zoom_keeps_to_what_there_is(
    left: float, size: float, factor: float, where: float, share: float
) -> None:
    full = (left, left + size)
    begin, end = zoomed(full, full, factor, left + where * size, share)
    assert begin >= full[0] - 1e-9 * abs(left)
    assert end <= full[1] + 1e-9 * (abs(left) + size)
    assert end - begin == pytest.approx(min(factor, 1) * size, rel=1e-4)


def test_zoom_ends_where_nothing_could_be_told_apart() -> None:
    shown = (0.0, 1.0)
    for _ in range(100):
        shown = zoomed(shown, (0.0, 1.0), 0.5, 0.25)
    assert NARROWEST <= shown[1] - shown[0] <= 2.1 * NARROWEST
