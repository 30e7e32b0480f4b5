"""The heat map line by line: any grid, any values, any size."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.segment import Segment
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from tests.support.mouse import wheel
from tests.support.pilots import resize, until
from tui.ascii import SHADES
from tui.drawing.heat import (
    HEAD,
    HERE,
    Heat,
    cell,
    cell_at,
    extent,
    layout,
    line,
    marked,
    names,
    places,
    scaled,
)  # fmt: skip
from tui.drawing.heatmap import HeatMap
from tui.ramp import RAMP
from tui.themes import DARK, LIGHT, MONO

NAN, INF = math.nan, math.inf
SPECIAL = (None, NAN, INF, -INF, 0.0, -0.0, -3.0, 1e-300, 1e300)
values = st.sampled_from(SPECIAL) | st.floats(-1e6, 1e6) | st.floats(1e-12, 1e12)


def grid(
    rows: int, columns: int, pool: list[float | None], shift: int = 1, log: bool = True
) -> Heat:
    """Some values spread over a grid."""
    return Heat(
        tuple(
            tuple(pool[(row * shift + column) % len(pool)] for column in range(columns))
            for row in range(rows)
        ),
        tuple(f"{0.001 * 1.1**column:.2g}" for column in range(columns)),
        tuple(str(10 * row) for row in range(rows)),
        f"final loss of {rows * columns} runs",
        "lr",
        "batch_size",
        log=log,
    )


@st.composite
def heats(draw: st.DrawFn) -> Heat:
    rows, columns = draw(st.integers(0, 80)), draw(st.integers(0, 80))
    pool = draw(st.lists(values, min_size=1, max_size=9))
    heat = grid(rows, columns, pool, draw(st.integers(0, 8)), draw(st.booleans()))
    limits = draw(st.lists(st.integers(0, columns), min_size=rows, max_size=rows) | st.just([]))
    beyond = tuple(tuple(column >= limit for column in range(columns)) for limit in limits)
    best = (draw(st.integers(0, rows)), draw(st.integers(0, columns)))
    return replace(heat, beyond=beyond, best=best, note=draw(st.sampled_from(["", "limit 1 →"])))


def drawn(
    heat: Heat, cursor: tuple[int, int], width: int, height: int, ascii: bool = False
) -> list[list[Segment]]:
    return [line(heat, cursor, y, width, height, DARK, ascii) for y in range(height)]


def text(segments: list[Segment]) -> str:
    return "".join(segment.text for segment in segments)


def rows_of(heat: Heat, cursor: tuple[int, int], width: int, height: int) -> list[list[Segment]]:
    """The cells alone, without the labels on their left."""
    count = len(places(len(heat.y_labels), height - 4))
    return [segments[1:] for segments in drawn(heat, cursor, width, height)[2 : 2 + count]]


def step_of(segment: Segment) -> int:
    """The place on the colour scale that a cell was given."""
    assert segment.style is not None
    assert segment.style.bgcolor is not None
    return RAMP.index(segment.style.bgcolor.name)


def is_cursor(segment: Segment) -> bool:
    style = segment.style
    in_its_colour = style and style.bold and style.color and style.color.name == HERE
    return segment.text in "◆#" or bool(in_its_colour)


# Any grid at any size ----------------------------------------------------------------------------


@given(heats(), st.data())
def test_any_grid_fits_any_size(heat: Heat, data: st.DataObject) -> None:
    width, height = data.draw(st.integers(0, 120)), data.draw(st.integers(0, 40))
    ascii = data.draw(st.booleans())
    rows, columns = len(heat.y_labels), len(heat.x_labels)
    cursor = (
        data.draw(st.integers(0, max(rows - 1, 0))),
        data.draw(st.integers(0, max(columns - 1, 0))),
    )
    lines = drawn(heat, cursor, width, height, ascii)
    gutter = max((len(label) for label in heat.y_labels), default=0) + 1
    across, down = places(columns, width - gutter, cursor[1]), places(rows, height - 4, cursor[0])
    assert len(lines) == height
    if across and down:
        cells = [segments[1:] for segments in lines[2 : 2 + len(down)]]
        # Every row is its label and as many single cells as there are places.
        assert all(len(segments[0].text) == gutter for segments in lines[2 : 2 + len(down)])
        assert all(len(row) == len(across) for row in cells)
        assert all(segment.cell_length == 1 for row in cells for segment in row)
        assert gutter + len(across) <= width
        assert len(text(lines[2 + len(down)])) <= width
        # The cursor is there, whatever else is left out.
        assert any(is_cursor(segment) for row in cells for segment in row)
        shown = {(row, column) for row in down for column in across}
        assert cursor in shown
    else:
        assert not any(lines[2:])
    if ascii:
        assert all(text(segments).isascii() for segments in lines)


@given(heats(), st.integers(0, 120), st.integers(0, 40), st.sampled_from([DARK, LIGHT, MONO]))
def test_no_line_below_or_above_the_picture_fails(
    heat: Heat, width: int, height: int, palette: object
) -> None:
    assert palette in (DARK, LIGHT, MONO)
    for y in (height, height + 1, 200):
        assert isinstance(line(heat, (0, 0), y, width, height, DARK, False), list)


@given(st.integers(0, 80), st.integers(-5, 700), st.data())
def test_places(count: int, room: int, data: st.DataObject) -> None:
    kept = data.draw(st.integers(0, max(count - 1, 0)))
    shown = places(count, room, kept)
    assert len(shown) == max(0, min(room, 8 * count))
    assert all(0 <= place < count for place in shown)
    assert all(one <= next_one for one, next_one in pairwise(shown))
    if room >= count:
        assert set(shown) == set(range(count))
        widths = [shown.count(place) for place in range(count)]
        assert not widths or max(widths) - min(widths) <= 1
    elif room > 0:
        assert len(set(shown)) == room
        assert kept in shown


# Colours -----------------------------------------------------------------------------------------


@given(st.lists(st.floats(1e-12, 1e12), min_size=1, max_size=30), st.booleans())
def test_colours_rise_with_the_values(losses: list[float], log: bool) -> None:
    row = sorted(losses)
    heat = Heat((tuple(row),), ("0",) * len(row), ("",), log=log)
    (cells,) = rows_of(heat, (9, 9), len(row) + 1, 5)
    steps = [step_of(segment) for segment in cells]
    assert steps == sorted(steps)
    assert steps[0] == 0
    assert steps[-1] == (len(RAMP) - 1 if scaled(row[-1], log) != scaled(row[0], log) else 0)


@given(st.lists(st.floats(1e-12, 1e12), min_size=1, max_size=30))
def test_shades_rise_with_the_values(losses: list[float]) -> None:
    row = sorted(losses)
    heat = Heat((tuple(row),), ("0",) * len(row), ("",))
    shades = text(line(heat, (9, 9), 2, len(row) + 1, 5, DARK, True)[1:])
    assert [SHADES.index(shade) for shade in shades] == sorted(map(SHADES.index, shades))


def test_shades_are_told_apart_from_each_other_and_from_marks() -> None:
    assert len(SHADES) == len(RAMP) == len(set(SHADES))
    assert not set(SHADES) & set("X# ")


@pytest.mark.parametrize(("low", "high", "log"), [(1e-5, 1e3, True), (1.0, 10.0, False)])
def test_each_end_has_its_end_of_the_scale(low: float, high: float, log: bool) -> None:
    heat = Heat(((low, high),), ("0", "1"), ("",), log=log)
    assert [step_of(place) for place in rows_of(heat, (9, 9), 3, 5)[0]] == [0, len(RAMP) - 1]
    assert text(line(heat, (0, 0), 1, 80, 5, DARK, True)) == (
        f"{'1.00e-05' if log else '1'} " + "".join(2 * shade for shade in SHADES) + " "
        f"{'1e+03' if log else '10'}"
    )


def test_one_value_everywhere() -> None:
    for rows, columns in ((1, 1), (5, 7)):
        cells = rows_of(grid(rows, columns, [4.2]), (99, 99), 80, 24)
        assert {step_of(place) for row in cells for place in row} == {0}
        assert len(cells) == min(20, 8 * rows)
        assert len(cells[0]) == 8 * columns


def test_a_single_cell_under_the_cursor() -> None:
    cells = rows_of(grid(1, 1, [4.2]), (0, 0), 80, 24)
    assert {place.text for row in cells for place in row} == {"◆"}


def test_zero_is_the_best_loss_and_no_divergence() -> None:
    heat = grid(1, 4, [0.0, 1e-5, 1.0, NAN])
    (cells,) = rows_of(heat, (9, 9), 6, 5)
    assert [place.text for place in cells[:3]] == [" ", " ", " "]
    assert [step_of(place) for place in cells[:3]] == [0, 0, len(RAMP) - 1]
    assert cells[3].text == "×"


# Marks -------------------------------------------------------------------------------------------


@given(st.lists(values, min_size=1, max_size=12), st.integers(1, 12), st.integers(1, 12))
def test_what_has_diverged_is_marked(pool: list[float | None], rows: int, columns: int) -> None:
    heat = grid(rows, columns, pool)
    gutter = max(map(len, heat.y_labels)) + 1
    cells = rows_of(heat, (99, 99), gutter + columns, rows + 4)[::-1]
    for row in range(rows):
        for column in range(columns):
            value, mark = heat.values[row][column], cells[row][column].text
            assert (mark == "·") is (value is None or value == math.inf)
            if value is not None:
                assert (mark == "×") is (math.isnan(value) or value == -math.inf)


@given(values, st.booleans(), st.booleans())
def test_cursor_and_best_stand_out_on_any_value(
    value: float | None, log: bool, ascii: bool
) -> None:
    low, high = extent(Heat(((value, 1.0),), ("", ""), ("",), log=log))
    there = cell(value, low, high, log, ascii)
    here, best, both = (
        marked(there, here, best, ascii)
        for here, best in ((True, False), (False, True), (True, True))
    )
    looks = {(place.text, place.style) for place in (there, here, best, both)}
    assert len(looks) == 4
    assert here.text in ("#X~" if ascii else "◆X·")
    if value is not None and math.isfinite(value):
        assert here.text in "◆#"
    assert best.text == both.text == ("@" if ascii else "★")


def test_a_few_runs_that_nearly_diverged_leave_the_colours_to_the_others() -> None:
    pool: list[float | None] = [10.0 ** (-k / 10) for k in range(57)] + [1e6, 1e9]
    heat = Heat((tuple(pool),), tuple(map(str, range(59))), ("",))
    low, high = extent(heat)
    assert (low, high) == pytest.approx((-5.6, 0))
    shown = [cell(value, low, high, True, True).text for value in pool]
    assert shown[-1] == shown[-2] == shown[0] == SHADES[-1]
    assert len(set(shown)) == len(SHADES)
    assert "1+" in text(line(heat, (0, 0), 1, 80, 24, DARK, False))


def test_where_all_have_diverged_there_is_no_scale() -> None:
    heat = grid(3, 3, [NAN])
    assert text(line(heat, (0, 0), 1, 80, 24, DARK, False)) == "× diverged"
    assert extent(heat) == (0.0, 1.0)


def test_where_nothing_is_done_there_is_no_scale() -> None:
    heat = grid(3, 3, [None])
    assert text(line(heat, (0, 0), 1, 80, 24, DARK, False)) == "· not yet"
    cells = rows_of(heat, (0, 0), 80, 24)
    assert {place.text for row in cells for place in row} == {"·"}


@given(st.data())
def test_the_limit_is_drawn_where_it_lies(data: st.DataObject) -> None:
    """Between two columns of a row upright, between two rows of a column level."""
    rows, columns = data.draw(st.integers(1, 9)), data.draw(st.integers(1, 9))
    limits = data.draw(st.lists(st.integers(0, columns), min_size=rows, max_size=rows))
    beyond = tuple(tuple(column >= limit for column in range(columns)) for limit in limits)
    heat = replace(grid(rows, columns, [1.0, NAN, INF]), beyond=beyond)
    gutter = max(map(len, heat.y_labels)) + 1
    cells = rows_of(heat, (99, 99), gutter + columns, rows + 4)[::-1]
    for row, limit in enumerate(limits):
        marks = [place.text for place in cells[row]]
        uprights = [column for column, mark in enumerate(marks) if mark == "▎"]
        assert uprights == ([limit] if 0 < limit < columns else [])
        below = limits[max(row - 1, 0)]
        for column in range(columns):
            if column not in uprights:
                assert (marks[column] == "▁") is ((column >= limit) != (column >= below))


def test_the_legend_names_what_is_on_the_map() -> None:
    heat = replace(
        grid(2, 4, [1.0, NAN, None, 3.0]), best=(0, 0), beyond=((False, False, True, True),) * 2
    )
    assert text(line(heat, (0, 0), 1, 80, 24, DARK, False)).endswith(
        "  ★ best  × diverged  · not yet  ▎ limit of lr"
    )
    assert text(line(heat, (0, 0), 1, 80, 24, DARK, True)).endswith(
        "  @ best  X diverged  ~ not yet  | limit of lr"
    )
    # Half of the colours give their room to words; what finds none is left out whole.
    assert text(line(heat, (0, 0), 1, 42, 24, DARK, False)).endswith(
        "  ★ best  × diverged  · not yet"
    )
    assert text(line(heat, (0, 0), 1, 36, 24, DARK, False)).endswith("  ★ best  × diverged")


def test_below_the_map_stand_the_names_and_what_is_said_of_the_limit() -> None:
    heat = Heat((), ("",) * 40, (), "", "lr", "batch_size", note="limit 0.43 →")
    assert names(heat, 40) == "lr →   batch_size ↑   limit 0.43 →"
    assert names(heat, 40, True) == "lr >   batch_size ^   limit 0.43 ->"
    assert names(heat, 30) == "limit 0.43 →"
    assert names(replace(heat, note="no fixed limit at all"), 20) == "lr →   batch_size ↑"


def test_labels_stand_beside_their_cells() -> None:
    heat = grid(4, 6, [1.0, 2.0])
    lines = [text(segments) for segments in drawn(heat, (0, 0), 60, 30)]
    labels = [row[:2].strip() for row in lines[2 : 2 + 26]]
    assert [label for label in labels if label] == ["30", "20", "10", "0"]
    axis = lines[28]
    for column, label in enumerate(heat.x_labels):
        assert axis.index(label) == 3 + places(6, 57).index(column)


# The widget --------------------------------------------------------------------------------------


class MapApp(App[None]):
    """Nothing but a heat map."""

    def __init__(self, heat: Heat) -> None:
        super().__init__()
        self.map = HeatMap()
        self.map.heat = heat
        self.moves = self.choices = 0
        self.zooms: list[bool] = []

    def compose(self) -> ComposeResult:
        yield self.map

    def on_heat_map_moved(self) -> None:
        self.moves += 1

    def on_heat_map_zoomed(self, event: HeatMap.Zoomed) -> None:
        self.zooms.append(event.closer)

    def on_heat_map_chosen(self) -> None:
        self.choices += 1


async def press(pilot: Pilot[None], *keys: str) -> None:
    await pilot.press(*keys)
    await pilot.pause()


async def test_arrows_move_the_cursor_and_stop_at_the_edges() -> None:
    app = MapApp(grid(3, 4, [1.0, 2.0]))
    async with app.run_test(size=(60, 20)) as pilot:
        app.map.focus()
        await until(pilot, lambda: app.map.has_focus)
        await press(pilot, "left", "down")
        assert app.map.cursor == (0, 0)
        await press(pilot, "right", "up")
        assert app.map.cursor == (1, 1)
        await press(pilot, *["right"] * 9, *["up"] * 9)
        assert app.map.cursor == (2, 3)
        await press(pilot, "left", "down")
        assert app.map.cursor == (1, 2)
        await until(pilot, lambda: app.moves == 24)
        assert app.choices == 0
        await press(pilot, "enter")
        await until(pilot, lambda: app.choices == 1)


async def test_a_smaller_grid_keeps_the_cursor_inside() -> None:
    app = MapApp(grid(9, 9, [1.0, 2.0]))
    async with app.run_test(size=(60, 20)) as pilot:
        app.map.cursor = (8, 8)
        app.map.show(grid(3, 5, [1.0]))
        assert app.map.cursor == (2, 4)
        app.map.show(grid(0, 0, [1.0]))
        assert app.map.cursor == (0, 0)
        app.map.focus()
        await press(pilot, "right", "up", "left", "down")
        assert app.map.cursor == (0, 0)


@pytest.mark.parametrize("ascii", [False, True])
async def test_the_widget_gives_lines_of_its_width(ascii: bool) -> None:
    heat = grid(64, 64, [1.0, None, NAN, INF, 1e-300, 7.0])
    app = MapApp(heat)
    async with app.run_test(size=(120, 34)) as pilot:
        app.map.ascii = ascii
        for size in ((120, 34), (80, 24), (40, 12), (9, 5), (3, 3), (1, 1)):
            await resize(pilot, size)
            await until(pilot, lambda size=size: app.map.size == size)  # type: ignore[misc]
            for cursor in ((0, 0), (63, 63), (31, 17)):
                app.map.cursor = cursor
                strips = [app.map.render_line(y) for y in range(size[1])]
                assert {strip.cell_length for strip in strips} == {size[0]}
                assert not ascii or all(strip.text.isascii() for strip in strips)


@given(heats(), st.integers(0, 120), st.integers(0, 40), st.data())
def test_a_pointer_finds_the_cell_that_is_drawn_there(
    heat: Heat, width: int, height: int, data: st.DataObject
) -> None:
    gutter, across, down = layout(heat, (0, 0), width, height)
    x, y = data.draw(st.integers(-3, 130)), data.draw(st.integers(-3, 45))
    found = cell_at(heat, (0, 0), x, y, width, height)
    if found is None:
        assert not (gutter <= x < gutter + len(across) and 2 <= y < 2 + len(down))
        return
    row, column = found
    assert (row, column) == (down[y - HEAD], across[x - gutter])


async def test_clicks_move_and_choose_and_the_wheel_asks_for_a_zoom() -> None:
    app = MapApp(grid(3, 4, [1.0, 2.0]))
    async with app.run_test(size=(60, 20)) as pilot:
        gutter, across, down = layout(app.map.heat, (0, 0), 60, 20)

        def at(row: int, column: int) -> tuple[int, int]:
            return gutter + across.index(column), HEAD + down.index(row)

        await pilot.click(app.map, offset=at(1, 2))
        await until(pilot, lambda: app.map.cursor == (1, 2))
        assert app.choices == 0
        await pilot.click(app.map, offset=(0, 0))
        assert app.map.cursor == (1, 2)
        await pilot.double_click(app.map, offset=at(2, 3))
        await until(pilot, lambda: app.choices == 1)
        assert app.map.cursor == (2, 3)
        await wheel(pilot, app.map, at(0, 1), 2)
        await wheel(pilot, app.map, at(0, 1), -1)
        await until(pilot, lambda: app.zooms == [True, True, False])
        assert app.map.cursor == (0, 1)
