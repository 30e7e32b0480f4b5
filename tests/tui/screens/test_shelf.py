"""The panel of runs by key and by mouse: looked at, compared, taken, named, removed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from engine.experiment import Experiment
from engine.runs.keeper import Keeper
from engine.runs.store import Store
from engine.support.user_files import PLACE_OF_RUNS
from engine.training.driver import Driver
from tests.support.kept import put_run
from tests.support.pilots import app_of, main_of, says, session_of, settled, text_of, until
from tests.support.shared_lab import SharedLab
from tests.support.snapshots import finished, paused, previous, ready
from tui.screens.dialogs import AskScreen, ConfirmScreen
from tui.screens.runs import RunsScreen

SHORT = Experiment(epochs=3).changed({"data.n": 60})


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setenv(PLACE_OF_RUNS, str(tmp_path / "runs"))
    return Store(tmp_path / "runs")


def trained(store: Store, experiment: Experiment = SHORT) -> Driver:
    """A run of another process, to its end."""
    driver = Driver(experiment, lambda: 0.0, lambda each: Keeper(store.folder, each))
    driver.start(experiment)
    while driver.running:
        driver.advance()
    return driver


async def at_the_runs(pilot: Pilot[None]) -> None:
    await settled(pilot)
    panel = main_of(pilot).lab.runs
    await until(pilot, lambda: bool(panel.rows) and panel.display)
    await pilot.press("j", "r")
    await until(pilot, lambda: panel.has_focus)


async def test_arrows_show_runs_of_this_session_and_of_other_days(
    shared_lab: SharedLab, store: Store
) -> None:
    old = trained(store).shown.runs[0]
    put_run(store.folder, 1, "step,epoch,loss\n0,0,9\n", changes={"loss": "huber"})
    async with shared_lab(ready(number=3), previous(1), finished(2)) as pilot:
        app = app_of(pilot)
        session = session_of(pilot.app)
        await at_the_runs(pilot)
        main = main_of(pilot)
        desk, lab = main.desk, main.lab
        assert [row.id for row in lab.runs.rows][:2] == ["#2", "#1"]
        await pilot.press("down")
        assert desk.looked_at is session.runs[1]
        await pilot.press("down")
        assert desk.looked_at is session.runs[0]
        await says(pilot, "looking at run 1 · esc: back")
        await pilot.press("down")
        await until(pilot, lambda: desk.snapshot.id == old.id)
        await says(pilot, f"looking at {old.id[16:]} · esc")
        for snapshots in (lab.loss.snapshots, lab.fit.snapshots):
            assert snapshots == (desk.looked_at,)
        assert desk.snapshot.params["w"] == pytest.approx(old.params["w"])
        assert lab.values.snapshot is desk.looked_at
        screen = "\n".join(text_of(app))
        assert "the gradient was not stored" in screen
        for _ in range(9):  # every view of the second chart
            await pilot.press("v")
            assert lab.fit.chart()
        assert desk.experiment == Experiment()
        await pilot.press("up", "up", "up", "up")
        assert desk.looked_at is None
        await pilot.press("down", "down", "down", "escape")
        assert desk.snapshot is session.latest
        assert lab.runs.has_focus
        await pilot.press("tab")
        assert not lab.runs.has_focus


async def test_a_click_on_a_line_shows_its_run(shared_lab: SharedLab, store: Store) -> None:
    async with shared_lab(ready(number=3), previous(1), finished(2)) as pilot:
        session = session_of(pilot.app)
        main = main_of(pilot)
        await pilot.click(main.lab.runs, offset=(5, 2))
        assert main.desk.looked_at is session.runs[0]
        await pilot.click(main.lab.runs, offset=(5, 1))
        assert main.desk.looked_at is session.runs[1]


async def test_space_puts_runs_on_the_charts_enter_takes_settings_and_p_pins(
    shared_lab: SharedLab, store: Store
) -> None:
    old = trained(store, SHORT.changed({"lr": 0.01})).shown.runs[0]
    async with shared_lab(ready(number=3), previous(1), finished(2)) as pilot:
        app = app_of(pilot)
        session = session_of(pilot.app)
        await at_the_runs(pilot)
        main = main_of(pilot)
        desk, loss = main.desk, main.lab.loss
        await pilot.press("down", "down", "space", "down")
        await until(pilot, lambda: desk.snapshot.id == old.id)
        await pilot.press("space", "p")
        first, second = loss.chart().curves[:2]
        assert (first.label, first.color, first.marker) == ("run 1 (other data)", 0, "1")
        assert list(first.ys) == list(session.runs[0].epoch_losses.low)
        assert (second.color, second.marker) == (1, "2")
        assert list(second.ys) == pytest.approx(old.epoch_losses.low)
        assert desk.pinned is desk.looked_at
        lines = [line for line in text_of(app) if "linear" not in line and "● 2" not in line]
        assert any("●2" in line for line in lines)
        await pilot.press("space")
        assert [run.id for run in desk.compared] == ["#1"]
        await pilot.press("enter")
        assert desk.experiment == old.experiment
        assert desk.looked_at is None
        assert desk.pinned_beside


async def test_more_than_eight_are_refused(shared_lab: SharedLab, store: Store) -> None:
    runs = tuple(replace(finished(number), number=number) for number in range(1, 10))
    async with shared_lab(ready(number=10), *runs) as pilot:
        await at_the_runs(pilot)
        for _ in runs:
            await pilot.press("down", "space")
        assert len(main_of(pilot).desk.compared) == 8
        await says(pilot, "8 runs are on the charts already")


async def test_runs_are_named_and_removed(shared_lab: SharedLab, store: Store) -> None:
    driver = trained(store)
    kept = driver.shown.runs[0]
    async with shared_lab(ready(number=3), previous(1), replace(kept, number=2)) as pilot:
        app = app_of(pilot)
        await at_the_runs(pilot)
        main = main_of(pilot)
        panel = main.lab.runs
        assert [row.id for row in panel.rows] == [kept.id, "#1"]
        await pilot.press("down", "c")
        await until(pilot, lambda: isinstance(app.screen, AskScreen))
        app.screen.query_one(Input).value = "the best"
        await pilot.press("enter")
        await says(pilot, "the best")
        assert store.run("the best").id == kept.id
        await pilot.press("down", "c")
        await says(pilot, "this run is not kept")
        for left, question in (([kept.id], "from the list?"), ([], "from the disk?")):
            await pilot.press("d")
            await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
            await says(pilot, question)
            await pilot.press("n")
            await until(pilot, lambda: main.is_current)
            await pilot.press("d")
            await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
            await pilot.press("y")
            await until(pilot, lambda: main.is_current)
            assert [row.id for row in panel.rows] == left
            await pilot.press("down")
        assert not list(store.runs())
        assert not panel.display


async def test_a_run_under_way_is_not_removed_and_the_one_at_hand_is_in_the_list(
    shared_lab: SharedLab, store: Store
) -> None:
    async with shared_lab(paused(3), previous(1), finished(2)) as pilot:
        session = session_of(pilot.app)
        await at_the_runs(pilot)
        main = main_of(pilot)
        assert [row.label for row in main.lab.runs.rows] == ["3", "2", "1"]
        await pilot.press("down")
        assert main.desk.looked_at is session.runs[1]
        await pilot.press("up")
        assert main.desk.looked_at is None
        assert main.lab.runs.cursor == "#3"
        await pilot.press("d")
        await says(pilot, "not before the run is over")


async def test_where_there_is_no_room_r_opens_the_list_of_all_and_slash_its_filter(
    shared_lab: SharedLab, store: Store
) -> None:
    put_run(store.folder, 1, "step,epoch,loss\n0,0,9\n")
    async with shared_lab(ready(number=3), previous(1), size=(80, 24)) as pilot:
        app = app_of(pilot)
        await pilot.press("j", "r")
        await until(pilot, lambda: isinstance(app.screen, RunsScreen))
        await pilot.press("escape")
        await pilot.resize_terminal(120, 34)
        await at_the_runs(pilot)
        await pilot.press("slash")
        await until(pilot, lambda: isinstance(app.screen, RunsScreen))
        screen = app.screen
        assert isinstance(screen, RunsScreen)
        await until(pilot, lambda: screen.typed.has_focus)


async def test_what_cannot_be_shown_is_said(shared_lab: SharedLab, store: Store) -> None:
    put_run(store.folder, 1, "", changes={"data": "file"})
    async with shared_lab(ready(number=1)) as pilot:
        await at_the_runs(pilot)
        (store.folder / main_of(pilot).lab.runs.rows[0].id / "metrics.csv").unlink()
        file = next(store.folder.glob("*/run.json"))
        file.write_text(file.read_text().replace('"half_squared"', '"nonsense"'))
        await pilot.press("down")
        await says(pilot, "nonsense")
        assert main_of(pilot).desk.looked_at is None


async def test_a_kept_run_that_is_gone_back_to_at_once_is_shown_again(
    shared_lab: SharedLab, store: Store
) -> None:
    old = trained(store).shown.runs[0]
    async with shared_lab(ready(number=3), previous(1)) as pilot:
        session = session_of(pilot.app)
        await at_the_runs(pilot)
        desk = main_of(pilot).desk
        await pilot.press("down", "down")
        await until(pilot, lambda: desk.snapshot.id == old.id)
        await pilot.press("up")
        assert desk.looked_at is session.runs[0]
        await pilot.press("down")
        await until(pilot, lambda: desk.snapshot.id == old.id)
        assert not desk.awaited
        now = desk.looked_at
        assert now
        await pilot.press("home")
        assert (desk.clock.run, desk.clock.step) == (now, 0)
        grown = replace(now, epoch=now.epoch + 1)
        desk.look_at(grown, "grown")
        assert (desk.clock.run, desk.clock.step) == (grown, 0)
