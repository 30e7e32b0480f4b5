"""The sweep screen: its form, its map, and what the keys do to both."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import product
from typing import Literal

import pytest
import torch
from textual.pilot import Pilot

from engine.catalog.choice import REGISTRIES
from engine.experiment import Experiment
from engine.jobs.axis import Axis, numeric_keys, parse_axis
from engine.jobs.best import best, in_a_sentence
from engine.jobs.job import JobState
from engine.jobs.sweep import Cell, Sweep, SweepProgress
from engine.support.errors import BadInput
from engine.support.translation import Message
from engine.theory.curvature import Curvature
from engine.theory.stability import Limit
from tests.support.jobs import seed_band, swept
from tests.support.mouse import wheel
from tests.support.pictures import Compare, Look, named
from tests.support.pilots import (
    about,
    app_for,
    app_of,
    main_of,
    resize,
    says,
    session_of,
    text_of,
    training_lab,
    until,
)
from tests.support.sessions import FakeSession
from tests.support.shared_lab import SharedLab
from tests.support.snapshots import MINIBATCH_LIMIT, loading, ready
from tests.support.stages import Stage
from tui.app import LinregApp
from tui.backend import Backend
from tui.charts.sweep import EXCESS, FLOOR, LOSS, SAMPLES, curve, heat, limit_note, measured
from tui.drawing.heat import HEAD, layout
from tui.forms.fields import ChoiceScreen, Picker, TextField
from tui.panels.cells import describe
from tui.screens.axes import NONE, USUAL, AxesForm, offered
from tui.screens.dialogs import HelpScreen
from tui.screens.sweep import SweepScreen, head
from tui.settings import Settings
from tui.text.numbers import loss_text

CPU = Experiment().changed({"device": "cpu"})
CRITICAL = 1.87
"""2/λmax of the made-up snapshots."""
BASELINE = Experiment()
OFFERED = offered("lr", BASELINE, CRITICAL)


class SweepStage(Stage[SweepScreen]):
    """The sweep screen over a session."""

    def __init__(self, pilot: Pilot[None], session: Backend) -> None:
        super().__init__(pilot, session, SweepScreen)

    @property
    def texts(self) -> dict[str, str]:
        return self.screen.form.texts

    @property
    def on_map(self) -> bool:
        return self.screen.focused is self.screen.map

    async def go_to(self, key: str) -> None:
        """Walk to a field of the form."""
        if not self.field:
            await self.press("tab")
            await self.until(lambda: self.field == "x")
        keys = list(self.screen.form.fields)
        steps = keys.index(key) - keys.index(self.field)
        await self.press(*["down" if steps > 0 else "up"] * abs(steps))
        await self.until(lambda: self.field == key)

    async def type(self, key: str, text: str) -> None:
        """Put a text in the place of a field's, and leave it."""
        await self.go_to(key)
        field = self.screen.form.fields[key]
        assert isinstance(field, TextField)
        await self.until(lambda: field.selection == (0, len(field.value)))
        # What is typed takes the place of the selection; the keys of one burst may overtake.
        await self.press(*(text or ["backspace"]))
        await self.until(lambda: field.value == text)
        await self.press("enter")
        await self.until(lambda: not self.field)
        await self.until(lambda: self.texts[key] == text)

    async def pick(self, key: str, value: str) -> None:
        """Turn a picker until it says this."""
        await self.go_to(key)
        picker = self.screen.form.fields[key]
        assert isinstance(picker, Picker)
        values = [choice.value for choice in picker.choices]
        steps = values.index(value) - values.index(picker.value)
        for _ in range(abs(steps)):
            before = picker.value
            await self.press("right" if steps > 0 else "left")
            await self.until(lambda: picker.value != before)  # noqa: B023
        assert self.texts[key] == value

    async def to_map(self) -> None:
        if not self.on_map:
            await self.press("tab")
            await self.until(lambda: self.on_map)

    async def publish(self, progress: SweepProgress) -> None:
        """Have the session come up with a sweep and wait until the screen has it."""
        assert isinstance(self.session, FakeSession)
        self.session.sweep = progress
        await self.shows(progress)


@asynccontextmanager
async def opened(
    shared_lab: SharedLab,
    sweep: SweepProgress | None = None,
    size: tuple[int, int] = (120, 34),
) -> AsyncIterator[tuple[SweepStage, FakeSession]]:
    """The sweep screen, opened by its key."""
    async with shared_lab(ready(), size=size) as pilot:
        session = session_of(pilot.app)
        session.sweep = sweep
        await open_sweep(pilot)
        session.calls.clear()  # a small sweep begins by itself
        yield SweepStage(pilot, session), session


async def open_sweep(pilot: Pilot[None]) -> SweepScreen:
    await pilot.press("w")
    await until(pilot, lambda: isinstance(pilot.app.screen, SweepScreen))
    screen = pilot.app.screen
    assert isinstance(screen, SweepScreen)
    await until(pilot, lambda: screen.focused is not None)
    await pilot.pause()
    return screen


def cell_of(index: int, loss: float, floor: int | None = None) -> Cell:
    status: Literal["finished", "diverged"] = "finished" if math.isfinite(loss) else "diverged"
    return Cell(index, loss, floor, status, (loss,) * 3, 5e-5, floor and 1000 * floor)


def along(state: JobState, done: int = 12, count: int = 12) -> SweepProgress:
    """A sweep over lr alone, best at 0.23; the last two of twelve diverge."""
    axis = parse_axis(f"lr=log:1e-3:3:{count}", BASELINE)
    losses = [5e-5 + 0.3 * (place - 8) ** 2 for place in range(count - 2)] + [math.inf, math.nan]
    cells: list[Cell | None] = [
        cell_of(place, loss, 3 if loss < 1 else None) if place < done else None
        for place, loss in enumerate(losses)
    ]
    limits = (MINIBATCH_LIMIT,) if state == "finished" else ()
    return SweepProgress(Sweep(BASELINE, (axis,)), state, "", tuple(cells), done, 0.12, limits)


# The form ----------------------------------------------------------------------------------------


async def test_the_screen_opens_with_a_sweep_one_can_start(shared_lab: SharedLab) -> None:
    async with opened(shared_lab) as (stage, session):
        form = stage.screen.form
        assert {key: field.value for key, field in form.fields.items()} == {
            "x": "lr",
            "x values": "log:0.0006:3.7:32",
            "y": "batch_size",
            "y values": "log:1:100:16",
            "measure": LOSS,
        }
        sweep = form.sweep(BASELINE)
        assert [len(axis.values) for axis in sweep.axes] == [32, 14]  # 1, 2, 3 … without doubles
        assert stage.on_map
        assert stage.hint() == (f"{len(sweep)} runs; press s", False)
        assert stage.said("cell") == "press s to run the sweep"
        await stage.press("s")
        assert session.asked == [("start_sweep", sweep)]


async def test_a_small_sweep_runs_by_itself_a_large_one_says_why_it_does_not(
    shared_lab: SharedLab,
) -> None:
    async with shared_lab(ready()) as pilot:
        session = session_of(pilot.app)
        screen = await open_sweep(pilot)
        assert session.asked == [("start_sweep", screen.form.sweep(BASELINE))]
        stage = SweepStage(pilot, session)
        await stage.type("x values", "log:1e-3:1:8")
        assert session.asked[1:] == [("start_sweep", screen.form.sweep(BASELINE))]
        await stage.pick("x", "epochs")
        await stage.type("x values", "100,2000")
        assert len(session.asked) == 3  # the usual ten epochs, but not two thousand
        runs = 2 * 14
        seconds = runs * 2000 * 1000 * 3 * 1e-8  # runs, epochs, samples, numbers of each
        await stage.to_map()
        assert stage.hint() == (f"{runs} runs; about {seconds:.2g} s: press s", False)
        await stage.press("s")
        assert session.asked[3:] == [("start_sweep", screen.form.sweep(BASELINE))]


async def test_another_axis_brings_its_own_values(shared_lab: SharedLab) -> None:
    async with opened(shared_lab) as (stage, session):
        for key in ("epochs", "seed", "init.std"):
            await stage.pick("x", key)
            assert stage.texts["x values"] == USUAL[key]
            field = stage.screen.form.fields["x values"]
            assert field.value == USUAL[key]
        await stage.to_map()
        assert not stage.hint()[1]
        await stage.press("s")
        *_, (_, sweep) = session.asked
        assert isinstance(sweep, Sweep)
        assert [axis.key for axis in sweep.axes] == ["init.std", "batch_size"]


def every_experiment() -> list[Experiment]:
    """One for each entry of a registry, where it goes with the rest of the baseline."""
    experiments = []
    for name, registry in REGISTRIES.items():
        for entry in registry:
            try:
                experiment = BASELINE.changed({name: entry.name})
                experiment.linear_model("a sweep needs a linear model")
            except BadInput:
                continue
            experiments.append(experiment)
    return experiments


ENDS = ("data.shortest", "data.longest")
"""Ends of a range: what is offered for one of them may lie beyond the other."""


@pytest.mark.parametrize("experiment", every_experiment(), ids=lambda one: one.data.name)
def test_the_values_that_are_offered_can_be_swept(experiment: Experiment) -> None:
    form = AxesForm()
    for x, y in product(numeric_keys(experiment), (NONE, "lr")):
        if x == y or x in ENDS:
            continue
        form.texts["x"], form.texts["y"] = x, y
        form.texts["x values"] = offered(x, experiment)
        form.texts["y values"] = USUAL["lr"]
        assert len(form.sweep(experiment)) > 1


async def test_the_list_of_keys_opens_with_enter(shared_lab: SharedLab) -> None:
    async with opened(shared_lab) as (stage, _):
        await stage.go_to("x")
        await stage.press("enter")
        await stage.until(lambda: isinstance(stage.app.screen, ChoiceScreen))
        await stage.press("down", "enter")
        await stage.until(lambda: stage.app.screen is stage.screen)
        assert stage.texts["x"] == "batch_size"


BAD = (
    ("log:0:1:4", "must lie above 0"),
    ("log:1:0:4", "low must be below high"),
    ("lin:1:1:4", "low must be below high"),
    ("", "must be a number above 0"),
    ("abc", "must be a number above 0"),
    ("lin:1:2", "must be log:low:high:count or lin:low:high:count"),
    ("cos:1:2:3", "must be log:low:high:count or lin:low:high:count"),
    ("log:1e-3:3:1", "count must be 2 to 100000"),
    ("log:1e-3:3:200000", "count must be 2 to 100000"),
    ("log:1e-3:3:20000", "on the screen a sweep has at most 100000 runs"),
    ("nan", "must be a number above 0"),
    ("0.1,-1", "must be a number above 0"),
    ("1e400", "must be a number above 0"),
)


@pytest.mark.parametrize(("text", "why"), BAD)
def test_bad_values_are_refused_in_one_line(text: str, why: str) -> None:
    form = AxesForm()
    form.texts["x values"] = text
    with pytest.raises(BadInput) as refused:
        form.sweep(BASELINE)
    said = str(refused.value)
    assert why in said
    assert "\n" not in said
    assert len(said) <= 78


async def test_bad_values_are_told_in_red_and_nothing_starts(shared_lab: SharedLab) -> None:
    async with opened(shared_lab) as (stage, session):
        for text in ("log:0:1:4", "log:1:0:4", "", "abc", "log:1e-3:3:20000"):
            why = dict(BAD)[text]
            await stage.type("x values", text)
            said, red = stage.hint()
            assert why in said, text
            assert red
            await stage.press("s")
            assert stage.hint() == (said, True)
            assert session.asked == []
        await stage.type("x values", "0.1,0.2,0.3")
        assert stage.hint() == ("42 runs; press s", False)
        assert len(session.asked) == 1


async def test_one_key_on_both_axes_is_refused(shared_lab: SharedLab) -> None:
    async with opened(shared_lab) as (stage, session):
        await stage.pick("y", "lr")
        await stage.to_map()
        await stage.press("s")
        assert stage.hint() == ("axis=lr, lr: a sweep has one axis or two different ones", True)
        assert session.asked == []


async def test_letters_in_a_field_are_text_and_no_commands(shared_lab: SharedLab) -> None:
    async with opened(shared_lab) as (stage, session):
        await stage.go_to("x values")
        await stage.press(*"swxq")
        assert stage.field == "x values"
        assert stage.screen.form.fields["x values"].value.endswith("swxq")
        assert session.asked == []
        await stage.press("escape")
        await stage.until(lambda: stage.on_map)
        assert stage.screen.form.fields["x values"].value == OFFERED
        assert stage.app.screen is stage.screen


async def test_each_field_has_its_help(shared_lab: SharedLab) -> None:
    async with opened(shared_lab) as (stage, _):
        helps = []
        for key in stage.screen.form.fields:
            await stage.go_to(key)
            helps.append(stage.hint()[0])
        assert "every value of the other axis" in helps[0].lower()
        assert "log:low:high:count" in helps[1]
        assert "none gives a curve" in helps[2]
        assert "floor" in helps[4]


async def test_tab_goes_between_the_axes_and_the_map(shared_lab: SharedLab) -> None:
    async with opened(shared_lab) as (stage, _):
        await stage.press("tab")
        await stage.until(lambda: stage.field == "x")
        await stage.press("tab")
        await stage.until(lambda: stage.on_map)
        await stage.go_to("measure")
        await stage.press("tab")
        await stage.until(lambda: stage.on_map)


async def test_enter_in_a_field_gives_the_arrows_back_to_the_map(shared_lab: SharedLab) -> None:
    async with opened(shared_lab, swept("finished")) as (stage, _):
        await stage.type("x values", "0.1,0.2")
        await stage.until(lambda: stage.on_map)
        await stage.press("right")
        await stage.until(lambda: stage.screen.map.cursor == (0, 1))
        assert stage.app.screen is stage.screen


# A sweep as it goes ------------------------------------------------------------------------------


async def test_a_sweep_is_shown_from_its_start_to_its_end(shared_lab: SharedLab) -> None:
    async with opened(shared_lab) as (stage, session):
        await stage.publish(swept("running", 0.0))
        assert "● running  0/80  ▱▱▱▱▱▱▱▱▱▱" in stage.said("head")
        assert "left" not in stage.said("head")
        assert "not done yet" in stage.said("cell")
        await stage.publish(swept("running", 0.5))
        # Half of the runs took a quarter of a second, so will the rest.
        assert stage.said("head").endswith("● running  40/80  ▰▰▰▰▰▱▱▱▱▱  0:00.25  0:00.25 left")
        values = stage.screen.map.heat.values
        assert sum(value is not None for row in values for value in row) == 40
        await stage.publish(swept("finished"))
        assert stage.said("head").endswith("● finished  80/80  ▰▰▰▰▰▰▰▰▰▰  0:00.50")
        values = stage.screen.map.heat.values
        assert all(value is not None for row in values for value in row)
        assert session.asked == []


async def test_every_number_on_the_map_is_the_run_of_its_row_and_column(
    shared_lab: SharedLab,
) -> None:
    progress = swept("finished")
    lr, batch_size = progress.sweep.axes
    async with opened(shared_lab, progress) as (stage, _):
        shown = stage.screen.map.heat
        assert shown.x_labels == tuple(f"{value:.2g}" for value in lr.values)
        assert shown.y_labels == ("1", "5", "10", "50", "100")
        for cell, (x, y) in zip(progress.cells, progress.sweep.settings(), strict=True):
            value = shown.values[batch_size.values.index(y)][lr.values.index(x)]
            assert cell is not None
            assert value is not None
            assert math.isnan(value) if cell.status == "diverged" else value == cell.loss
        for row, size in enumerate(batch_size.values):
            assert shown.beyond[row] == tuple(value >= 1.1 + size / 100 for value in lr.values)


async def test_arrows_move_the_cursor_and_the_description_follows(shared_lab: SharedLab) -> None:
    progress = swept("finished")
    lr, batch_size = progress.sweep.axes
    async with opened(shared_lab, progress) as (stage, _):
        seen = set()
        for row, column in ((0, 0), (0, 1), (1, 1), (2, 1), (2, 2), (2, 1)):
            here = stage.screen.map.cursor
            keys = {(0, 1): "right", (0, -1): "left", (1, 0): "up", (-1, 0): "down"}
            if here != (row, column):
                await stage.press(keys[row - here[0], column - here[1]])
            assert stage.screen.map.cursor == (row, column)
            cell = progress.cells[progress.sweep.index((column, row))]
            assert cell is not None
            said = stage.said("cell")
            assert f"lr = {float(str(lr.values[column])):.4g}" in said
            assert f"batch_size = {batch_size.values[row]}" in said
            assert f"loss {loss_text(cell.loss)}" in said
            assert f"its limit is lr {1.1 + batch_size.values[row] / 100:.3g}" in said
            seen.add(said)
        assert len(seen) == 5
        await stage.press(*["right"] * 20)
        assert stage.said("cell").splitlines()[2] == "diverged"


async def test_enter_loads_exactly_the_run_under_the_cursor(shared_lab: SharedLab) -> None:
    column, progress = 11, swept("finished")
    lr, batch_size = progress.sweep.axes
    async with opened(shared_lab, progress) as (stage, session):
        main = stage.app.main
        await stage.press(*["right"] * column, "up", "up", "up", "enter")
        await stage.until(lambda: stage.app.screen is main)
        x, y = lr.values[column], batch_size.values[3]
        expected = BASELINE.changed({"lr": x, "batch_size": y})
        assert main.desk.experiment == expected
        assert session.asked == [("prepare", expected)]
        await stage.until(lambda: float(main.lab.training.fields["lr"].value) == x)
        assert main.lab.training.fields["batch_size"].value == "50"


async def test_a_run_that_is_not_done_can_be_loaded_too(shared_lab: SharedLab) -> None:
    async with opened(shared_lab, swept("running", 0.0)) as (stage, session):
        await stage.press("right", "enter")
        await stage.until(lambda: stage.app.screen is stage.app.main)
        progress = swept("running", 0.0)
        expected = progress.sweep.at(progress.sweep.values((1, 0)))
        assert session.asked == [("prepare", expected)]


async def test_enter_without_a_sweep_does_nothing(shared_lab: SharedLab) -> None:
    async with opened(shared_lab) as (stage, session):
        await stage.press("enter")
        assert stage.app.screen is stage.screen
        assert session.asked == []


async def test_the_measure_switches_the_numbers(shared_lab: SharedLab) -> None:
    progress = swept("finished")
    async with opened(shared_lab, progress) as (stage, _):
        losses = stage.screen.map.heat
        assert losses.log
        await stage.pick("measure", FLOOR)
        floors = stage.screen.map.heat
        assert floors.title == "epochs to the floor of 80 runs"
        assert not floors.log
        for row, column in product(range(5), range(16)):
            cell = progress.cells[progress.sweep.index((column, row))]
            value = floors.values[row][column]
            assert cell is not None
            assert value is not None
            assert (
                math.isnan(value)
                if cell.status == "diverged"
                else value == (cell.floor_epoch or math.inf)
            )
        assert any("· not yet" in line for line in text_of(stage.app))
        assert any("× diverged" in line for line in text_of(stage.app))
        await stage.pick("measure", LOSS)
        assert stage.screen.map.heat == losses or any(
            value != value for row in losses.values for value in row
        )
        assert any("× diverged" in line for line in text_of(stage.app))


async def test_x_stops_and_what_is_done_stays(shared_lab: SharedLab) -> None:
    async with opened(shared_lab) as (stage, session):
        await stage.publish(swept("running", 0.5))
        await stage.press("x")
        assert session.asked == [("stop_job",)]
        await stage.publish(swept("stopped", 0.5))
        assert "● stopped  40/80" in stage.said("head")
        assert "left" not in stage.said("head")
        values = stage.screen.map.heat.values
        assert sum(value is not None for row in values for value in row) == 40


async def test_leaving_lets_the_sweep_go_on(shared_lab: SharedLab) -> None:
    async with opened(shared_lab) as (stage, session):
        app, screen = stage.app, stage.screen
        for key in ("escape", "q", "w"):
            with about(key):
                await SweepStage(stage.pilot, session).publish(swept("running", 0.2))
                await stage.press(key)
                await stage.until(lambda: app.screen is app.main)
                assert session.asked == []
                assert app.main.desk.experiment == BASELINE
                session.sweep = swept("running", 0.8)
                before, screen = screen, await open_sweep(stage.pilot)
                assert screen is not before
                assert screen.shown is session.sweep
                assert "64/80" in SweepStage(stage.pilot, session).said("head")


async def test_a_failed_sweep_says_why(shared_lab: SharedLab) -> None:
    why = "device=cuda: not present here; choose from auto, cpu"
    async with opened(shared_lab) as (stage, _):
        await stage.publish(swept("running", 0.0))
        await stage.publish(replace(swept("failed", 0.0), message=why))
        assert "● failed" in stage.said("head")
        assert stage.hint() == (why, True)
        assert stage.said("cell") == why


async def test_a_sweep_over_another_experiment_is_not_shown(shared_lab: SharedLab) -> None:
    other = BASELINE.changed({"data.n": 77})
    old = swept("finished")
    old = replace(old, sweep=Sweep(other, old.sweep.axes))
    async with opened(shared_lab, old) as (stage, _):
        assert stage.screen.shown is None
        assert stage.said("cell") == "press s to run the sweep"
        await stage.publish(swept("finished"))
        assert stage.screen.map.heat.values


async def test_a_sweep_cannot_be_opened_while_a_run_trains(shared_lab: SharedLab) -> None:
    async with shared_lab(replace(ready(), state="running")) as pilot:
        await pilot.press("w")
        await pilot.pause()
        assert pilot.app.screen is main_of(pilot)


# A curve -----------------------------------------------------------------------------------------


async def test_without_y_there_is_a_curve_with_the_limit(shared_lab: SharedLab) -> None:
    progress = along("finished")
    async with opened(shared_lab) as (stage, session):
        await stage.pick("y", NONE)
        assert "y values" not in stage.screen.form.fields
        await stage.to_map()
        assert stage.hint() == ("32 runs; press s", False)
        await stage.press("s")
        *_, (_, sweep) = session.asked
        assert sweep == Sweep(BASELINE, (parse_axis(f"lr={OFFERED}", BASELINE),))
        await stage.publish(progress)
        assert stage.screen.curve.display
        assert not stage.screen.map.display
        limit, line, marked, best_run = curve(progress, LOSS, 8).curves
        assert (best_run.xs, best_run.ys) == ((line.xs[8],), (line.ys[8],))
        assert limit.label == "limit of lr"
        assert set(limit.xs) == {math.log10(MINIBATCH_LIMIT.lr)}
        assert limit.dashed
        assert (
            line.xs
            == marked.xs
            == [math.log10(float(str(x))) for x in progress.sweep.axes[0].values]
        )
        assert list(line.ys)[:10] == [cell.loss for cell in progress.cells[:10] if cell]
        assert all(math.isnan(y) for y in list(line.ys)[10:])
        assert any("limit of lr" in line for line in text_of(stage.app))
        assert any("final loss against lr" in line for line in text_of(stage.app))
        # The best run is described, and enter loads it.
        assert stage.said("cell").splitlines()[0] == f"lr = {progress.sweep.axes[0].values[8]}"


async def test_the_hint_goes_with_the_state_of_the_sweep(shared_lab: SharedLab) -> None:
    async with opened(shared_lab) as (stage, _):
        await stage.pick("y", NONE)
        await stage.type("x values", "log:1e-3:3:32")
        await stage.to_map()
        assert stage.hint() == ("32 runs; press s", False)
        await stage.publish(along("running", 5, 32))
        assert stage.hint() == ("32 runs; x stops them", False)
        await stage.publish(along("finished", 32, 32))
        best, todo = stage.hint()[0].splitlines()
        assert best == (
            "best: lr 0.007894 → floor after 3 epochs, 3000 samples; its limit is lr 1.35"
        )
        assert todo == "32 runs; enter takes the best to the lab"


async def test_enter_on_a_curve_loads_the_best_run(shared_lab: SharedLab) -> None:
    progress = along("finished")
    async with opened(shared_lab, progress) as (stage, session):
        await stage.press("enter")
        await stage.until(lambda: stage.app.screen is stage.app.main)
        best = progress.sweep.at((progress.sweep.axes[0].values[8],))
        assert session.asked == [("prepare", best)]


async def test_enter_loads_the_best_run_after_a_curve_was_started_here(
    shared_lab: SharedLab,
) -> None:
    progress = along("finished")
    async with opened(shared_lab) as (stage, session):
        await stage.pick("y", NONE)
        await stage.to_map()
        await stage.press("s")
        await stage.publish(along("running", 0))
        await stage.publish(progress)
        await stage.press("enter")
        await stage.until(lambda: stage.app.screen is stage.app.main)
        best = progress.sweep.at((progress.sweep.axes[0].values[8],))
        assert session.asked[-1] == ("prepare", best)


async def test_y_can_be_chosen_again_after_none(shared_lab: SharedLab) -> None:
    async with opened(shared_lab) as (stage, _):
        await stage.pick("y", NONE)
        await stage.pick("y", "lr")
        await stage.pick("x", "seed")
        assert list(stage.screen.form.fields) == ["x", "x values", "y", "measure", "y values"] or (
            list(stage.screen.form.fields) == ["x", "x values", "y", "y values", "measure"]
        )
        field = stage.screen.form.fields["y values"]
        await stage.until(lambda: field.is_mounted)
        rows = {key: one.region.y for key, one in stage.screen.form.fields.items()}
        assert rows["y"] < rows["y values"] < rows["measure"]
        assert field.value == OFFERED


async def test_from_a_map_to_a_curve_and_back(shared_lab: SharedLab) -> None:
    async with opened(shared_lab, swept("finished")) as (stage, session):
        await stage.publish(along("finished"))
        assert stage.screen.curve.display
        await stage.press("tab")
        await stage.press("tab")
        await stage.publish(swept("finished"))
        assert stage.screen.map.display
        assert not stage.screen.curve.display
        await stage.to_map()
        await stage.press("right")
        assert stage.screen.map.cursor == (0, 1)
        assert session.asked == []


async def test_the_seed_band_is_shown_as_a_curve(shared_lab: SharedLab) -> None:
    async with opened(shared_lab, seed_band()) as (stage, _):
        assert stage.screen.curve.display
        assert "seed = " in stage.said("cell")


# What is shown, without a screen ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "measure", "expected"),
    [
        (None, LOSS, None),
        (cell_of(0, 0.5, 2), LOSS, 0.5),
        (cell_of(0, 0.5, 2), FLOOR, 2.0),
        (cell_of(0, 0.0, 1), LOSS, 0.0),
        (cell_of(0, 0.5, 2), SAMPLES, 2000.0),
        (cell_of(0, 0.5), SAMPLES, math.inf),
        (cell_of(0, 6e-5), EXCESS, pytest.approx(0.2)),
        (cell_of(0, 4e-5, 2), EXCESS, 0.0),
        (cell_of(0, math.nan), EXCESS, math.nan),
        (cell_of(0, 0.5), FLOOR, math.inf),
        (cell_of(0, math.inf), LOSS, math.nan),
        (cell_of(0, math.inf), FLOOR, math.nan),
    ],
)
def test_measured(cell: Cell | None, measure: str, expected: float | None) -> None:
    value = measured(cell, measure)
    assert value == expected or (
        value is not None and expected is not None and math.isnan(value) and math.isnan(expected)
    )


def test_beyond_the_limit_lies_what_reaches_it() -> None:
    sweep = Sweep(BASELINE, (Axis("batch_size", (1, 10)), Axis("lr", (0.5, 1.0, CRITICAL, 3.0))))
    cells = tuple(cell_of(place, 1.0) for place in range(8))
    limits = tuple(Limit(lr, "minibatches", Message("made up")) for lr in (CRITICAL, 4.0))
    progress = SweepProgress(sweep, "finished", "", cells, 8, 1.0, limits)
    assert heat(progress, LOSS).beyond == ((False,) * 2, (False,) * 2, (True, False), (True, False))
    assert heat(replace(progress, limits=()), LOSS).beyond == ()


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ((0.1, 0.4), "← limit 0.4"),
        ((0.4, 1.0), ""),
        ((20.0, 30.0), "limit 20 →"),
        ((math.inf, math.inf), "Adam has none"),
        ((), ""),
    ],
)
def test_a_limit_beyond_the_map_is_said_on_its_side(limits: tuple[float, ...], words: str) -> None:
    sweep = Sweep(BASELINE, (Axis("lr", (0.5, 1.0, 3.0)), Axis("batch_size", (1, 10))))
    known = tuple(Limit(lr, "none", Message("Adam has none")) for lr in limits)
    assert limit_note(SweepProgress(sweep, limits=known)) == words


@pytest.mark.parametrize("limit", [1.87, 1.9e-4, 2.4e-9, 500.0, math.inf])
def test_the_values_that_are_offered_hold_the_limit(limit: float) -> None:
    axis = parse_axis(f"lr={offered('lr', Experiment(), limit)}", Experiment())
    lrs = [float(str(value)) for value in axis.values]
    assert len(lrs) == 32
    if math.isfinite(limit):
        assert lrs[0] < limit / 100
        assert sum(lr > limit for lr in lrs) >= 2
    else:
        assert offered("lr", Experiment()) == USUAL["lr"]


async def test_the_offered_values_follow_a_limit_that_becomes_known_later(
    shared_lab: SharedLab,
) -> None:
    async with shared_lab(loading(), size=(80, 24)) as pilot:
        app = app_of(pilot)
        await pilot.press("w")
        await until(pilot, lambda: isinstance(app.screen, SweepScreen))
        await says(pilot, USUAL["lr"])
        assert isinstance(app.screen, SweepScreen)
        known = ready()
        assert known.facts
        steep = Curvature(
            1e4 * known.facts.stability.curvature.eigenvalues, torch.eye(3, dtype=torch.float64)
        )
        stability = replace(known.facts.stability, curvature=steep)
        session_of(app).latest = replace(known, facts=replace(known.facts, stability=stability))
        form = app.screen.form
        await until(pilot, lambda: form.texts["x values"] == "log:6e-08:0.00037:32")


async def test_where_all_have_diverged_the_screen_says_so(shared_lab: SharedLab) -> None:
    done = swept("finished")
    cells = tuple(cell._replace(loss=math.inf, status="diverged") for cell in done.cells if cell)
    async with opened(shared_lab, replace(done, cells=cells)) as (stage, _):
        stage.screen.form.texts["x values"] = ",".join(map(str, done.sweep.axes[0].values))
        stage.screen.form.texts["y values"] = ",".join(map(str, done.sweep.axes[1].values))
        stage.screen.say_usual()
        said, refused = stage.hint()
        assert said == "All of them diverged: take values of lr around the limit 2/λmax = 1.9."
        assert refused


def test_a_curve_has_no_limit_where_there_is_none() -> None:
    unlimited = replace(along("finished"), limits=(Limit(math.inf, "none", Message("made up")),))
    for progress in (along("running"), unlimited, seed_band()):
        assert not any(one.dashed for one in curve(progress, LOSS, 0).curves)
    assert curve(seed_band(), LOSS, 3).x_label == "seed"


@pytest.mark.parametrize("measure", [LOSS, SAMPLES])
def test_a_cut_has_the_runs_of_its_row_or_column(measure: str) -> None:
    progress = swept("finished")
    grid = heat(progress, measure).values
    lr, batch_size = progress.sweep.axes
    at = progress.sweep.index((7, 0))
    across, up = (curve(progress, measure, at, along) for along in (0, 1))
    assert list(across.curves[-1].xs) == [math.log10(value) for value in lr.values]
    assert [loss_text(y) for y in across.curves[-1].ys] == [loss_text(y or 0) for y in grid[0]]
    assert list(up.curves[-1].xs) == [math.log10(value) for value in batch_size.values]
    assert [loss_text(y) for y in up.curves[-1].ys] == [loss_text(row[7] or 0) for row in grid]
    assert across.cursor == math.log10(lr.values[7])
    assert up.cursor == 0
    assert [one.dashed for one in across.curves] == [True, False, False]
    assert not any(one.dashed for one in up.curves)


def test_an_empty_curve_says_why() -> None:
    empty = replace(along("running"), cells=(None,) * 12, done=0)
    chart = curve(empty, LOSS, 0)
    assert not any(one.xs for one in chart.curves)
    assert chart.empty == "no run to show yet"
    lost = tuple(cell_of(place, math.inf) for place in range(12))
    chart = curve(replace(empty, cells=lost, done=12), LOSS, 0)
    assert not any(math.isfinite(y) for one in chart.curves for y in one.ys)
    assert chart.empty == "all diverged"


@pytest.mark.parametrize("width", [120, 80, 50])
@pytest.mark.parametrize("done", [0.0, 0.5, 1.0])
def test_the_head_fills_its_line(width: int, done: float) -> None:
    progress = swept("finished" if done == 1 else "running", done)
    line = head(BASELINE, progress, width).plain
    assert len(line) == width - 1
    assert f"{round(80 * done)}/80" in line


def test_a_diverged_run_is_described_as_such() -> None:
    progress = swept("finished")
    assert "diverged" in describe(progress, progress.sweep.index((15, 0))).plain.splitlines()
    assert describe(progress, None).plain == "no run with a finite loss yet"
    assert describe(None, None).plain == "press s to run the sweep"


def test_a_map_turns_rows_and_columns_the_right_way() -> None:
    sweep = Sweep(BASELINE, (Axis("lr", (0.1, 0.2, 0.3)), Axis("batch_size", (1, 2))))
    cells = tuple(cell_of(place, float(place)) for place in range(6))
    shown = heat(SweepProgress(sweep, "finished", "", cells, 6, 1.0), LOSS)
    assert shown.values == ((0.0, 2.0, 4.0), (1.0, 3.0, 5.0))


# Sizes -------------------------------------------------------------------------------------------

SIZES = [(120, 34), (80, 24), (50, 24), (40, 12), (30, 10), (120, 34)]


@pytest.mark.parametrize("kind", ["nothing", "map", "curve"])
async def test_resized_while_it_is_open(shared_lab: SharedLab, kind: str) -> None:
    progress = {"nothing": None, "map": swept("finished"), "curve": along("finished")}[kind]
    async with opened(shared_lab, progress) as (stage, session):
        for size in SIZES:
            await resize(stage.pilot, size)
            await stage.until(lambda size=size: stage.screen._compositor.size == size)  # type: ignore[misc]
            await stage.pilot.pause()
            lines = text_of(stage.app)
            assert len(lines) == size[1]
            if kind == "map":
                assert any("◆" in line for line in lines), size
            await stage.pilot.press("right", "s")
        await stage.until(lambda: len(session.asked) == len(SIZES))
        assert stage.app.screen is stage.screen


@pytest.mark.parametrize("size", [(40, 12), (120, 11)])
async def test_where_the_form_is_hidden_tab_stays_on_the_map(
    shared_lab: SharedLab, size: tuple[int, int]
) -> None:
    async with opened(shared_lab, swept("finished"), size) as (stage, _):
        await stage.press("tab", "right", "up", "right")
        assert stage.texts["x"] == "lr"
        assert stage.screen.map.cursor == (1, 2)


# The answer ---------------------------------------------------------------------------------------


async def test_b_goes_to_the_best_run_which_the_hint_names(shared_lab: SharedLab) -> None:
    async with opened(shared_lab, swept("finished")) as (stage, _):
        sentence = "best: lr 0.631, batch_size 1 → floor after 1 epoch, 1000 samples; "
        assert stage.hint()[0].startswith(sentence + "its limit is lr 1.11\n")
        column, row = 12, 0
        assert stage.screen.map.heat.best == (row, column)
        await stage.press("up", "up", "b")
        assert stage.screen.map.cursor == (row, column)
        assert "lr = 0.631" in stage.said("cell")
        assert "floor after epoch 1" in stage.said("cell")
        await stage.publish(swept("running", 0.5))
        assert stage.screen.map.heat.best is None
        await stage.press("up", "b")
        assert stage.screen.map.cursor == (row + 1, column)


async def test_m_turns_the_measures(shared_lab: SharedLab) -> None:
    async with opened(shared_lab, swept("finished")) as (stage, session):
        titles = []
        for _ in range(4):
            titles.append(stage.screen.map.heat.title)
            await stage.press("m")
        assert titles == [f"{measure} of 80 runs" for measure in (LOSS, FLOOR, SAMPLES, EXCESS)]
        assert stage.texts["measure"] == LOSS
        assert session.asked == []


async def test_the_cuts_stand_where_there_is_room_and_follow_the_cursor(
    shared_lab: SharedLab,
) -> None:
    async with opened(shared_lab, swept("finished"), (120, 34)) as (stage, _):
        across, up = stage.screen.cuts
        assert (across.border_title, up.border_title) == (
            "lr at batch_size 1",
            "batch_size at lr 0.001",
        )
        await stage.press("up", "right")
        assert (across.border_title, up.border_title) == (
            "lr at batch_size 5",
            "batch_size at lr 0.001711",
        )
        for size, there in (((80, 24), False), ((200, 50), True), ((50, 40), False)):
            await resize(stage.pilot, size)
            await stage.until(lambda there=there: across.display is there)  # type: ignore[misc]
        await stage.publish(along("finished"))
        assert not across.display


async def test_zoom_runs_half_the_range_around_the_cursor_or_twice_it(
    shared_lab: SharedLab,
) -> None:
    progress = swept("finished")
    async with opened(shared_lab, progress) as (stage, session):
        await stage.press(*["right"] * 8, "up", "plus")
        ((_, sweep),) = session.asked
        assert isinstance(sweep, Sweep)
        at = progress.sweep.named(progress.sweep.index((8, 1)))
        for axis, before in zip(sweep.axes, stage.screen.form.sweep(BASELINE).axes, strict=True):
            assert axis == before
        lr, batch_size = sweep.axes
        assert math.sqrt(lr.values[0] * lr.values[-1]) == pytest.approx(at["lr"], rel=1e-3)
        offered_span = 3.7 / 0.0006
        assert lr.values[-1] / lr.values[0] == pytest.approx(math.sqrt(offered_span), rel=1e-2)
        assert (batch_size.values[0], batch_size.values[-1]) == (1, 16)  # 5/√10 to 5·√10
        # The cursor stays at its values, as near as the new grid has them.
        cells = tuple(cell_of(place, 1.0) for place in range(len(sweep)))
        await stage.publish(SweepProgress(sweep, "finished", "", cells, len(cells), 1.0))
        row, column = stage.screen.map.cursor
        assert lr.values[column] == pytest.approx(at["lr"], rel=0.1)
        assert batch_size.values[row] == 5
        await stage.press("minus")
        _, wide = session.asked[-1]
        assert isinstance(wide, Sweep)
        assert wide.axes[0].values[-1] / wide.axes[0].values[0] > 1000
        await stage.press("0")
        assert (stage.texts["x values"], stage.texts["y values"]) == (OFFERED, USUAL["batch_size"])
        assert len(session.asked) == 3


async def test_the_wheel_zooms_and_a_double_click_takes_a_run(shared_lab: SharedLab) -> None:
    progress = swept("finished")
    async with opened(shared_lab, progress) as (stage, session):
        heat_map, app = stage.screen.map, stage.app
        gutter, across, down = layout(heat_map.heat, heat_map.cursor, *heat_map.size)
        place = (1 + gutter + across.index(9), 1 + HEAD + down.index(3))
        await wheel(stage.pilot, heat_map, place, 1)
        await stage.until(lambda: len(session.asked) == 1)
        assert heat_map.cursor == (3, 9)
        await stage.pilot.double_click(heat_map, offset=place)
        await stage.until(lambda: app.screen is app.main)
        expected = progress.sweep.at(progress.sweep.values((9, 3)))
        assert app.main.desk.experiment == expected


async def test_help_explains_the_symbols(shared_lab: SharedLab) -> None:
    async with opened(shared_lab, swept("finished"), (120, 60)) as (stage, _):
        await stage.press("question_mark")
        await stage.until(lambda: isinstance(stage.app.screen, HelpScreen))
        told = (("★", "fewest samples"), ("▎", "limit"), ("×", "Diverged"), ("·", "Not yet"))
        for mark, words in told:
            assert any(mark in line and words in line for line in text_of(stage.app)), mark


async def test_which_lr_and_batch_size_is_one_key_and_a_sentence() -> None:
    """Five columns of scales 1, 10 and 100, with the engine: the range comes from theory."""
    experiment = CPU.changed({
            "data.w": (1.0, 2.0, 3.0, 4.0, 5.0),
            "data.scale": (1.0, 10.0, 100.0, 1.0, 10.0),
        })  # fmt: skip
    async with training_lab(experiment) as pilot:
        stage = SweepStage(pilot, app_of(pilot).session) if await open_sweep(pilot) else None
        assert stage
        await stage.until(lambda: stage.hint()[0].startswith("best: lr "))
        progress = stage.screen.shown
        assert progress
        assert progress.state == "finished"
        chosen = best(progress)
        assert chosen
        assert stage.hint()[0].splitlines()[0] == in_a_sentence(chosen)
        assert chosen.limit
        assert chosen.values["lr"] < chosen.limit.lr < progress.sweep.axes[0].values[-1]
        assert len(progress.limits) == len(progress.sweep.axes[1].values)


# With the engine ---------------------------------------------------------------------------------


async def test_4096_runs_with_the_engine() -> None:
    from engine.jobs.lanes import run_sweep

    async with training_lab(CPU) as pilot:
        app = app_of(pilot)
        await open_sweep(pilot)
        stage = SweepStage(pilot, app_of(pilot).session)
        await stage.type("x values", "log:1e-3:3:64")
        await stage.type("y values", "lin:1:64:64")
        await stage.press("s")
        # Smaller grids ran while the axes were typed.
        await stage.until(
            lambda: (
                stage.screen.shown is not None
                and (stage.screen.shown.state, stage.screen.shown.done) == ("finished", 4096)
            )
        )
        shown = stage.screen.shown
        assert shown is not None
        assert len(shown.cells) == 4096
        expected = {cell.index: cell for cells in run_sweep(shown.sweep) for cell in cells}
        assert len(expected) == 4096
        for cell in shown.cells:
            assert cell is not None
            again = expected[cell.index]
            assert str(cell) == str(again)  # NaN is not equal to itself
        assert sum(cell.status == "diverged" for cell in expected.values()) > 0
        assert "● finished  4096/4096" in stage.said("head")
        values = stage.screen.map.heat.values
        assert len(values) == 64
        assert all(len(row) == 64 and None not in row for row in values)
        # A cell of the map, loaded and trained, comes to the loss that the map shows.
        await stage.until(lambda: stage.on_map)
        await stage.press(*["right"] * 40, *["up"] * 9)
        cell = shown.cells[shown.sweep.index((40, 9))]
        assert cell is not None
        await stage.press("enter")
        await stage.until(lambda: app.screen is app.main)
        wanted = shown.sweep.at(shown.sweep.values((40, 9)))
        assert app.main.desk.experiment == wanted
        await stage.until(lambda: app.main.desk.snapshot.experiment == wanted)
        await stage.press("s")
        await stage.until(lambda: app.main.desk.snapshot.state == "finished")
        assert app.main.desk.snapshot.loss == pytest.approx(cell.loss, rel=1e-4)


async def test_a_long_sweep_stops_where_it_is_and_another_begins() -> None:
    async with training_lab(CPU.changed({"epochs": 200}), (80, 24)) as pilot:
        await open_sweep(pilot)
        stage = SweepStage(pilot, app_of(pilot).session)
        await stage.type("y values", "lin:1:1000:500")
        await stage.press("s")
        await stage.until(lambda: stage.screen.shown is not None and stage.screen.shown.done > 0)
        await stage.press("x")
        await stage.until(
            lambda: stage.screen.shown is not None and stage.screen.shown.state == "stopped"
        )
        shown = stage.screen.shown
        assert shown is not None
        assert 0 < shown.done < len(shown.cells)
        assert sum(cell is not None for cell in shown.cells) == shown.done
        await stage.type("x values", "0.1,0.2")
        await stage.type("y values", "10,20")
        await stage.press("s")
        await stage.until(
            lambda: (
                stage.screen.shown is not None
                and len(stage.screen.shown.cells) == 4
                and stage.screen.shown.state == "finished"
            )
        )


# Pictures ----------------------------------------------------------------------------------------

THREE = ((120, 34), (80, 24), (50, 24))


async def compare(stage: SweepStage, accepted: Look, *sizes: tuple[int, int]) -> None:
    """Look at the screen at one size after the other."""
    for size in sizes:
        await resize(stage.pilot, size)
        await accepted(stage.pilot, named(size))


async def test_empty(shared_lab: SharedLab, accepted: Look) -> None:
    async with opened(shared_lab) as (stage, _):
        await compare(stage, accepted, *THREE)


async def test_running(shared_lab: SharedLab, accepted: Look) -> None:
    async with opened(shared_lab, swept("running", 0.4)) as (stage, _):
        await stage.press("tab", "down")
        await compare(stage, accepted, *THREE)


@pytest.mark.parametrize("size", [(200, 50), *THREE], ids=named)
async def test_finished(shared_lab: SharedLab, accepted: Look, size: tuple[int, int]) -> None:
    async with opened(shared_lab, swept("finished"), size) as (stage, _):
        await stage.press(*["right"] * 10, "up", "up")
        await accepted(stage.pilot, named(size), colours=size == (80, 24))


async def test_curve(shared_lab: SharedLab, accepted: Look) -> None:
    async with opened(shared_lab, along("finished")) as (stage, _):
        await compare(stage, accepted, *THREE[:2])


async def test_epochs_to_the_floor(shared_lab: SharedLab, accepted: Look) -> None:
    async with opened(shared_lab, swept("finished")) as (stage, _):
        await stage.pick("measure", FLOOR)
        await compare(stage, accepted, (120, 34))


async def test_small(shared_lab: SharedLab, accepted: Look) -> None:
    async with opened(shared_lab, swept("finished"), (40, 12)) as (stage, _):
        await stage.press("right")
        await compare(stage, accepted, (40, 12))


def with_sweep(settings: Settings) -> LinregApp:
    session = FakeSession(ready())
    session.sweep = swept("finished")
    return app_for(session, settings)


async def walk(pilot: Pilot[None]) -> None:
    """Open the screen and move the cursor."""
    await open_sweep(pilot)
    await pilot.press("right", "up")
    await pilot.pause()


def test_ascii(picture: Compare) -> None:
    picture(with_sweep(Settings(ascii=True)), (80, 24), steps=walk)


def test_light_theme(picture: Compare) -> None:
    app = with_sweep(Settings(theme="linreg-light"))
    picture(app, (120, 34), steps=walk, colours=True)
