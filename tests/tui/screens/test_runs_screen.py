"""The screen of the runs that are kept: real keys on a store of made-up runs."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import OptionList

from engine.experiment import Experiment
from engine.runs.info import RunState, this_process
from engine.runs.store import Store
from engine.support.user_files import PLACE_OF_RUNS
from tests.support.kept import put_run
from tests.support.pictures import Look
from tests.support.pilots import (
    LARGE,
    app_of,
    main_of,
    resize,
    says,
    session_of,
    settled,
    text_of,
    until,
)
from tests.support.shared_lab import SharedLab
from tests.support.snapshots import finished, ready, running
from tui.screens.dialogs import ConfirmScreen
from tui.screens.runs import RunsScreen

MADE: tuple[tuple[str, RunState, float, dict[str, object]], ...] = (
    ("", "finished", 0.5, {"lr": 0.003}),
    ("good one", "finished", 0.02, {"lr": 0.1}),
    ("", "diverged", 1e7, {"lr": 3.0}),
    ("", "finished", 0.25, {"lr": 0.1, "loss": "huber"}),
)
"""Name, state, last loss and settings of each, the oldest first."""


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """Four runs, told in the time of Greenwich."""
    folder = tmp_path / "runs"
    monkeypatch.setenv(PLACE_OF_RUNS, str(folder))
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    for number, (name, state, loss, changes) in enumerate(MADE):
        rows = "".join(f"{100 * epoch},{epoch},{8 * 2.0**-epoch}\n" for epoch in range(number + 2))
        metrics = f"step,epoch,loss\n{rows}"
        put_run(folder, number, metrics, name=name, state=state, loss=loss, changes=changes)
    return Store(folder)


def screen_of(pilot: Pilot[None]) -> RunsScreen:
    screen = pilot.app.screen
    assert isinstance(screen, RunsScreen)
    return screen


async def opened(pilot: Pilot[None]) -> RunsScreen:
    await settled(pilot)
    await pilot.press("H")
    await until(pilot, lambda: isinstance(pilot.app.screen, RunsScreen))
    await until(pilot, lambda: screen_of(pilot).list.highlighted is not None)
    return screen_of(pilot)


@pytest.mark.parametrize("size", LARGE)
async def test_the_list_and_the_losses_of_what_is_marked(
    shared_lab: SharedLab, store: Store, size: tuple[int, int], accepted: Look
) -> None:
    async with shared_lab(ready(), size=size) as pilot:
        await opened(pilot)
        await pilot.press("space", "down", "down", "space", "down")
        await accepted(pilot, f"runs-{size[0]}x{size[1]}")


async def test_a_click_goes_to_a_run_and_a_double_click_takes_it(
    shared_lab: SharedLab, store: Store
) -> None:
    async with shared_lab(finished()) as pilot:
        app = app_of(pilot)
        screen = await opened(pilot)
        x, y = screen.list.region.x + 4, screen.list.region.y + 2
        await pilot.click(offset=(x, y))
        await pilot.pause()
        assert app.screen is screen
        assert screen.here is screen.listed[2]
        settings = screen.listed[2].open_experiment()
        await pilot.click(offset=(x, y), times=2)
        await until(pilot, lambda: app.screen is app.main)
        assert app.main.desk.experiment == settings


async def test_keys(
    shared_lab: SharedLab, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    async with shared_lab(finished()) as pilot:
        app = app_of(pilot)
        screen = await opened(pilot)

        def names() -> list[str]:
            return [info.name or info.id[-4:] for info in screen.listed]

        assert names() == ["0003", "0002", "good one", "0000"]
        await pilot.press("s")
        assert names() == ["good one", "0003", "0000", "0002"]
        await pilot.press("s")
        assert names()[0] == "good one"
        await pilot.press("s", "slash", *"lr=0.1")
        assert names() == ["0003", "good one"]
        await pilot.press(*" nope=1")
        assert "unknown key" in "\n".join(text_of(app))
        await pilot.press("escape")
        assert len(names()) == 4
        await pilot.press("slash", *"good", "enter")
        assert names() == ["good one"]
        folder = Path.cwd()
        await pilot.press("w", "w")
        await until(pilot, lambda: len(list(folder.glob("*.csv"))) == 2)
        first, second = sorted(folder.glob("*.csv"))
        assert first.read_text() == second.read_text()
        assert first.read_text().startswith("step,epoch,loss\n0,0,8\n")
        await pilot.press("n", *"good2", "enter")
        assert names() == ["good2"]
        assert store.run("good2").id.endswith("0001")
        await pilot.press("delete")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        await pilot.press("n")
        await until(pilot, lambda: app.screen is screen)
        assert len(list(store.runs())) == 4
        await pilot.press("delete")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        await pilot.press("y")
        await until(pilot, lambda: app.screen is screen)
        assert len(list(store.runs())) == 3
        await says(pilot, "No run fits the filter")


async def test_what_is_marked_lies_on_the_chart_of_losses_and_says_where_it_is_another_matter(
    shared_lab: SharedLab, store: Store
) -> None:
    async with shared_lab(finished()) as pilot:
        await opened(pilot)
        await pilot.press("space", "down", "down", "space", "escape")
        main = main_of(pilot)
        await until(pilot, lambda: main.is_current)
        labels = [curve.label for curve in main.lab.loss.chart().curves]
        assert labels[:2] == ["linear-0003 (other data)", "good one"]
        assert list(main.lab.loss.chart().curves[1].ys) == [8.0, 4.0, 2.0]
        screen = await opened(pilot)
        assert {run.name for run in screen.marked.values()} == {"linear-0003", "good one"}
        await pilot.press("space", "escape")
        await until(pilot, lambda: main.is_current)
        assert [run.name for run in main.desk.compared] == ["good one"]


async def test_runs_of_one_name_are_marked_apart(shared_lab: SharedLab, store: Store) -> None:
    for number in (10, 11):
        put_run(store.folder, number, "step,epoch,loss\n0,0,1\n", name="twin")
    async with shared_lab(ready()) as pilot:
        screen = await opened(pilot)
        await pilot.press("space")
        assert [run.name for run in screen.marked.values()] == ["twin"]
        await pilot.press("down", "space")
        assert [run.name for run in screen.marked.values()] == ["twin", "twin"]


async def test_runs_that_go_on_are_looked_at_again_where_the_cursor_is(
    shared_lab: SharedLab, store: Store
) -> None:
    live = put_run(store.folder, 20, "step,epoch,loss\n0,0,1\n", state="running", loss=9.0)
    file = store.path(live) / "run.json"
    file.write_text(replace(live, **this_process()).to_json())
    async with shared_lab(ready()) as pilot:
        screen = await opened(pilot)
        await pilot.press("down", "down")
        here = screen.here
        file.write_text(replace(live, state="finished", result={"loss": 0.125}).to_json())
        put_run(store.folder, 30, "step,epoch,loss\n0,0,1\n")
        screen.renew()
        assert [(run.state, run.loss) for run in screen.listed[:2]] == [
            ("finished", 0.5),
            ("finished", 0.125),
        ]
        assert screen.here == here


async def test_losses_of_another_program_lie_beside(
    shared_lab: SharedLab, store: Store, tmp_path: Path
) -> None:
    (tmp_path / "m.csv").write_text("epoch,loss\n0,9\n1,3\n")
    async with shared_lab(ready()) as pilot:
        app = app_of(pilot)
        screen = await opened(pilot)
        await pilot.press("i", *"nowhere", "enter")
        assert screen.typed.display
        assert "nowhere" in "\n".join(text_of(app))
        screen.typed.value = str(tmp_path / "m.csv")
        await pilot.press("enter")
        assert not screen.typed.display
        assert screen.marked[str(tmp_path / "m.csv")].losses == (9, 3)
        await says(pilot, "m (other data)")


async def test_enter_takes_the_settings_back_and_a_run_under_way_goes_on(
    shared_lab: SharedLab, store: Store
) -> None:
    async with shared_lab(ready(), size=(80, 24)) as pilot:
        session = session_of(pilot.app)
        await opened(pilot)
        await pilot.press("down", "down", "enter")
        main = main_of(pilot)
        await until(pilot, lambda: main.is_current)
        assert main.desk.experiment == Experiment(lr=0.1)
        session.latest = running()
        await until(pilot, lambda: main.desk.under_way)
        await opened(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: main.is_current)
        assert main.desk.experiment.loss.name == "huber"
        assert main.desk.under_way
        await pilot.press("u")
        assert main.desk.experiment == Experiment(lr=0.1)


async def test_an_empty_store_says_what_fills_it_and_every_size_can_be_drawn(
    shared_lab: SharedLab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PLACE_OF_RUNS, str(tmp_path / "none"))
    async with shared_lab(ready(), size=(80, 24)) as pilot:
        app = app_of(pilot)
        await pilot.press("H")
        await says(pilot, "No run is kept yet")
        await pilot.press("space", "n", "delete", "enter", "s")
        assert isinstance(app.screen, RunsScreen)
        assert app.screen.query_one(OptionList).option_count == 0
        for size in ((40, 12), (30, 10), (120, 34), (200, 50), (12, 4)):
            await resize(pilot, size)
            assert len(text_of(app)) == size[1]
