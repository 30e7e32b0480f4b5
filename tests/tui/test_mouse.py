"""The mouse does what keys do: charts, tabs, cells, rows, links; and selected text is text."""

from __future__ import annotations

import math
from itertools import product

import pytest
from rich.cells import cell_len
from textual.pilot import Pilot
from textual.widget import Widget

from engine.experiment import Experiment
from engine.lessons.library import lessons
from engine.runs.named import file_named, save
from tests.support.jobs import raced, swept
from tests.support.mouse import cell_of, drag, press_and_move, wheel
from tests.support.pilots import (
    about,
    app_for,
    app_of,
    lab,
    main_of,
    resize,
    settled,
    show,
    text_of,
    until,
)
from tests.support.sessions import FakeSession
from tests.support.snapshots import finished, running
from tui.app import LinregApp
from tui.charts.views import VIEWS
from tui.forms.fields import TextField
from tui.screens.dialogs import ConfirmScreen
from tui.screens.experiments import ExperimentsScreen
from tui.screens.race import RaceScreen
from tui.screens.sweep import SweepScreen
from tui.text.wrap import Page, Prose

# Charts --------------------------------------------------------------------------------------


async def test_on_a_chart_over_time() -> None:
    async with lab(finished()) as pilot:
        app = app_of(pilot)
        main, loss, fit = main_of(pilot), app.main.lab.loss, app.main.lab.fit
        # A click shows the stored moment that is nearest, and brings the focus.
        main.set_focus(fit)
        await pilot.click(loss, offset=cell_of(loss, 0.3))
        assert loss.cursor == pytest.approx(0.9, abs=0.1)
        assert loss.cursor in finished().path.x
        assert (main.focused, main.navigator.chart) == (loss, loss)
        await pilot.click(loss, offset=cell_of(loss, 1.0))
        assert loss.cursor == pytest.approx(3, abs=0.1)
        cursor = loss.cursor
        # A drag marks a part of the axis, and then shows it; the cursor stays.
        await press_and_move(pilot, loss, cell_of(loss, 2 / 3), cell_of(loss, 1 / 3))
        assert loss.marked
        assert "epochs 1.04 … 1.96" in text_of(app)[2]
        assert loss.x_range is None
        await pilot.mouse_up(loss, cell_of(loss, 1 / 3))
        assert loss.x_range == pytest.approx((1, 2), abs=3 / 30)
        assert loss.marked is None
        assert loss.cursor == cursor
        assert app.mouse_captured is None
        # The wheel zooms, and what lies under it stays there.
        left, right = loss.x_range or (math.nan, math.nan)
        at = cell_of(loss, 0.25)
        assert loss.area
        under = loss.area.x_at(at[0] - loss.gutter.left)
        await wheel(pilot, loss, at, 1)
        assert loss.x_range
        assert loss.x_range[1] - loss.x_range[0] == pytest.approx((right - left) / 1.5)
        assert loss.area.x_at(at[0] - loss.gutter.left) == pytest.approx(under)
        await wheel(pilot, loss, at, -9)
        assert loss.x_range is None
        # A right click, or one with ctrl, shows all of it again.
        for button, control in ((3, False), (1, True)):
            await pilot.click(loss, offset=cell_of(loss, 0.5))
            await wheel(pilot, loss, cell_of(loss, 0.5), 2)
            assert loss.cursor is not None
            assert loss.x_range
            await pilot.click(loss, offset=cell_of(loss, 0.5), button=button, control=control)
            assert (loss.cursor, loss.x_range) == (None, None)
        # A double click fills the screen, and another one leaves that.
        for full in (True, False):
            await pilot.double_click(loss, offset=cell_of(loss, 0.4))
            assert main.has_class("-full") == full
        # Beside the canvas a click only brings the focus.
        loss.reset_view()
        main.set_focus(fit)
        await pilot.click(loss, offset=(loss.gutter.left, loss.gutter.top))
        assert (loss.cursor, main.focused) == (None, loss)


async def test_a_drag_that_is_let_go_elsewhere_is_over() -> None:
    async with lab(finished()) as pilot:
        app = app_of(pilot)
        loss = app.main.lab.loss
        # Beyond the edge is the edge.
        start, end = cell_of(loss, 0.5), (loss.region.width + 5, 8)
        await drag(pilot, loss, start, end)
        assert loss.x_range
        assert loss.x_range[1] == 3.0
        loss.reset_view()
        # The button came up outside of the terminal: the pointer is back without it.
        await press_and_move(pilot, loss, start, cell_of(loss, 0.8))
        await pilot.hover(loss, cell_of(loss, 0.9))
        assert not loss.marked
        assert not loss.x_range
        assert not app.mouse_captured
        # A drag within one column is a click.
        await pilot.click(loss, offset=start)
        assert not loss.x_range
        assert loss.cursor == pytest.approx(1.5, abs=0.05)


async def test_on_the_views_of_the_fit() -> None:
    async with lab(finished()) as pilot:
        app = app_of(pilot)
        main, fit = main_of(pilot), app.main.lab.fit
        await pilot.click(fit, offset=cell_of(fit, 0.5))
        left, right = fit.full_range()
        assert fit.cursor == pytest.approx((left + right) / 2, abs=(right - left) / 60)
        assert main.navigator.chart is fit
        # Where the cursor walks from point to point, a click puts it on one.
        fit.turn_to(VIEWS["leverage"])
        await pilot.click(fit, offset=cell_of(fit, 0.1))
        assert fit.cursor in fit.stops()
        # On a plane it is the time at which the path came nearest.
        fit.turn_to(VIEWS["landscape"])
        await until(pilot, lambda: fit.chart().heat is not None)
        path, curves = finished().path, fit.chart().curves
        place = next(curve for curve in curves if curve.mark == "○")
        area = fit.area
        assert area
        row, column = area.row_of(place.ys[0]), area.column_of(place.xs[0])
        assert row is not None
        assert column is not None
        await pilot.click(fit, offset=(column + fit.gutter.left, row + fit.gutter.top))
        assert fit.cursor == path.x[0]
        # The wheel zooms both of its axes at the pointer.
        at = cell_of(fit, 0.8, 0.25)
        cell = at[0] - fit.gutter.left, at[1] - fit.gutter.top
        wide, under = area.window, (area.x_at(cell[0]), area.y_at(cell[1]))
        await wheel(pilot, fit, at, 3)
        near = fit.area
        assert near
        assert near.window.right - near.window.left == pytest.approx(
            (wide.right - wide.left) / 1.5**3
        )
        half = (near.window.right - near.window.left) / near.width
        assert near.x_at(cell[0]) == pytest.approx(under[0], abs=half)
        assert near.y_at(cell[1]) == pytest.approx(under[1], abs=half)
        # A drag chooses nothing there; the keys go on from what the wheel has left.
        await drag(pilot, fit, cell_of(fit, 0.2), cell_of(fit, 0.6))
        assert fit.x_range is None
        await pilot.press("0")
        assert fit.area
        assert fit.area.window == wide


# Text ----------------------------------------------------------------------------------------


def named(widget: Widget) -> set[str]:
    """What a widget without text of its own would be called."""
    return {type(widget).__name__, f"#{widget.id}"}


async def test_selected_text_is_what_is_drawn_never_the_name_of_a_widget() -> None:
    async with lab(finished()) as pilot:
        app = app_of(pilot)
        for size in ((120, 34), (80, 24), (50, 24)):
            await resize(pilot, size)
            await drag(pilot, app.screen, (0, 0), (size[0] - 1, size[1] - 1))
            text = app.screen.get_selected_text()
            assert text
            lines = [line for line in text_of(app) if "┤" in line]
            assert lines
            for widget in app.main.query("*"):
                assert not named(widget) & set(text.replace("(", " ").split())
            assert ("1e-2 ┤" in text) == any("1e-2 ┤" in line for line in lines)
            assert text.count("┤") == "\n".join(lines).count("┤")
            app.screen.clear_selection()


async def test_selected_text_of_a_page_stays_selected_where_it_is_scrolled_away() -> None:
    async with lab(finished()) as pilot:
        app = app_of(pilot)
        await pilot.press("question_mark")
        await until(pilot, lambda: bool(app.screen.query(Page)))
        page = app.screen.query_one(Page)
        await pilot.press("pagedown", "down")
        await pilot.pause()
        assert page.scroll_y > 1
        x, y = page.content_region.offset
        for row in (3, 8):
            line = text_of(app)[y + row][x + 2 : x + 12]
            assert line.strip()
            start, end = page.gutter.left + 2, page.gutter.left + 11
            top = page.gutter.top + row
            await drag(pilot, page, (start, top), (end, top))
            assert app.screen.get_selected_text() == line
        await pilot.press("home")
        await pilot.pause()
        assert page.scroll_y == 0
        assert app.screen.get_selected_text() == line


async def test_a_part_of_a_chart_or_table_is_selected() -> None:
    async with lab(finished()) as pilot:
        app = app_of(pilot)
        loss, values = app.main.lab.loss, app.main.lab.values
        for widget, first, last in ((loss, 1, 9), (values, 2, 12)):
            top = widget.content_region.y
            row = text_of(app)[top]
            left = widget.content_region.x
            start, end = first + widget.gutter.left, last + widget.gutter.left
            await drag(pilot, widget, (start, widget.gutter.top), (end, widget.gutter.top))
            assert app.screen.get_selected_text() == row[left + first : left + last + 1].rstrip()
            strip = widget.render_line(0)
            style = app.screen.get_component_rich_style("screen--selection").bgcolor
            marked = sum(
                segment.cell_length
                for segment in strip
                if segment.style and segment.style.bgcolor == style
            )
            assert marked == last + 1 - first
        # A click elsewhere selects nothing.
        await pilot.click(loss, offset=cell_of(loss, 0.5))
        assert not app.screen.selections


# Tabs, cells, rows, keys ---------------------------------------------------------------------


def where(app: LinregApp, text: str, below: int = 0) -> tuple[int, int]:
    """The cell in the middle of a text on the screen, in a line from `below` on."""
    for y, line in enumerate(text_of(app)[below:], below):
        if text in line:
            return cell_len(line[: line.index(text)]) + cell_len(text) // 2, y
    raise AssertionError(f"{text} is not on the screen")


async def click_on(pilot: Pilot[None], text: str, below: int = 0, times: int = 1) -> None:
    """Click on a text of the screen."""
    await pilot.click(offset=where(app_of(pilot), text, below), times=times)
    await pilot.pause()


async def test_tabs() -> None:
    async with lab(finished(), size=(80, 24)) as pilot:
        main = main_of(pilot)
        for title, panel in (
            ("Model", "model"),
            ("Fit", "fit"),
            ("Data", "data"),
            ("Loss", "loss"),
        ):
            await click_on(pilot, f" {title} ")
            here = main.navigator.here
            assert here
            assert here.id == panel
            assert here.region.area


async def test_keys_in_the_key_bars() -> None:
    session = FakeSession(finished())
    app = app_for(session)
    async with app.run_test(size=(120, 34)) as pilot:
        await settled(pilot)
        main = main_of(pilot)
        await click_on(pilot, "s start", 33)
        assert session.asked == [("start", Experiment())]
        # A click elsewhere than on a dialog leaves it, and so does one on the key at its edge.
        for key, words in (("question_mark", "esc close"), ("E", "esc close"), ("j", "")):
            for text in filter(None, (words, " ")):
                with about(f"{text} in {key}"):
                    await pilot.press(key)
                    await until(pilot, lambda: app.screen is not main)
                    await pilot.pause()
                    await click_on(pilot, text)
                    await until(pilot, lambda: app.screen is main)


async def test_cells_and_keys_of_a_sweep() -> None:
    session = FakeSession(finished())
    session.sweep = swept("finished")
    app = app_for(session)
    async with app.run_test(size=(120, 34)) as pilot:
        await settled(pilot)
        await pilot.press("w")
        await until(pilot, lambda: isinstance(app.screen, SweepScreen))
        screen = app.screen
        assert isinstance(screen, SweepScreen)
        await until(pilot, lambda: screen.map.heat.x_labels != ())
        # From a field the key of the bar is not typed into it.
        await pilot.press("tab", "down")
        assert isinstance(app.focused, TextField)
        typed = app.focused.value
        await click_on(pilot, "s start", 33)
        assert session.asked[-1][0] == "start_sweep"
        assert screen.form.texts["x values"] == typed
        # Each row has its label where its lowest line is.
        labels, heat = screen.map.heat.y_labels, screen.map
        x = heat.content_region.x
        for row, label in enumerate(labels):
            y = next(
                y
                for y in range(heat.content_region.y, heat.content_region.bottom)
                if text_of(app)[y][x:].strip().startswith(f"{label} ")
            )
            await pilot.click(offset=(heat.content_region.right - 3, y))
            assert heat.cursor == (row, len(heat.heat.x_labels) - 1)
        await pilot.click(offset=(heat.content_region.right - 3, y), times=2)
        await until(pilot, lambda: app.screen is app.main)
        expected = screen.shown
        assert expected
        place = (len(expected.sweep.axes[0].values) - 1, len(labels) - 1)
        assert app.main.desk.experiment == expected.sweep.at(expected.sweep.values(place))


async def test_a_saved_experiment_opens_with_a_click() -> None:
    saved = Experiment().changed({"lr": 0.5})
    assert not save(saved, file_named("mine"))
    async with lab(finished()) as pilot:
        app = app_of(pilot)
        await pilot.press("E")
        await until(pilot, lambda: isinstance(app.screen, ExperimentsScreen))
        await pilot.pause()
        await click_on(pilot, "mine  lr")
        await until(pilot, lambda: app.main.desk.experiment == saved)
        assert app.screen is app.main


async def test_racers() -> None:
    session = FakeSession(finished())
    session.race = raced("finished")
    app = app_for(session)
    async with app.run_test(size=(120, 34)) as pilot:
        await settled(pilot)
        await pilot.press("R")
        await until(pilot, lambda: isinstance(app.screen, RaceScreen))
        screen = app.screen
        assert isinstance(screen, RaceScreen)
        for line in screen.table.lines:
            await click_on(pilot, f" {line.name} ", 3)
            assert screen.table.cursor == line.name
            before = set(screen.runs)
            _, y = where(app, f" {line.name} ", 3)
            await pilot.click(offset=(screen.table.content_region.x, y))
            assert screen.runs == before ^ {line.name}
        assert session.race
        track = session.race.ranking()[0]
        assert track.lr
        await click_on(pilot, f" {track.racer.optimizer} ", 3, times=2)
        await until(pilot, lambda: app.screen is app.main)
        assert app.main.desk.experiment == session.race.race.at(track.racer, track.lr)


async def test_keys_in_the_text_of_a_lesson_and_answers_to_a_question() -> None:
    session = FakeSession(finished())
    app = app_for(session)
    async with app.run_test(size=(120, 34)) as pilot:
        await settled(pilot)
        await pilot.press("1")
        await until(pilot, lambda: app.main.classroom.panel is not None)
        session.calls.clear()
        panel = app.main.classroom.panel
        assert panel
        prose = panel.query(Prose).first()
        left, top = prose.content_region.offset
        link = next(
            (x - left, y - top)
            for x, y in product(range(40), range(34))
            if "'start'" in str(app.screen.get_style_at(x, y).meta.get("@click"))
        )
        await pilot.click(prose, offset=link)
        assert session.asked == [("start", lessons()["scratch"].experiment)]
        await show(pilot, running())
        for answer, left in (("n no", False), ("y yes", True)):
            await pilot.press("q")
            await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
            await click_on(pilot, answer)
            await until(pilot, lambda: not isinstance(app.screen, ConfirmScreen) or app._exit)
            assert app._exit == left
