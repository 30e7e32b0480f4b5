"""The list of runs beside the values."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from engine.training.moments import fork_of
from engine.training.snapshot import Snapshot
from tests.support.kept import put_run
from tests.support.pilots import app_showing, main_of, resize, settled, text_of
from tests.support.snapshots import diverged, finished, running
from tui.panels.runs import FEW_LINES, Marks, Row, lines
from tui.screens.shelf import began, id_of, kept_row, own_row
from tui.themes import DARK, MONO


def run(number: int, **changes: object) -> Snapshot:
    before = finished(number)
    return replace(before, experiment=before.experiment.changed(changes))


def rows(*runs: Snapshot) -> list[Row]:
    return [own_row(run, None) for run in reversed(runs)]


def test_a_line_says_what_distinguishes_a_run_from_the_one_before_and_how_it_ended() -> None:
    runs = [run(1), run(2, lr=0.003), run(3, lr=0.003, loss="huber"), diverged(4)]
    marks = Marks(shown=id_of(runs[2]), pinned=id_of(runs[0]), compared=("#2", "#4"))
    told = [line.plain for line in lines(rows(*runs), marks, 60, DARK)]
    assert [line[:5] for line in told] == [" 2 4 ", "●  3 ", " 1 2 ", "◆  1 "]
    assert "diverged" in told[0]
    assert "loss half_squared→huber" in told[1]
    assert "lr 0.03→0.003" in told[2]
    assert "the baseline" in told[3]


def test_a_fork_says_from_where_and_with_what_it_goes_on() -> None:
    runs = [run(1), run(2, lr=0.003), replace(run(3, lr=0.3), fork=fork_of(run(1), 137))]
    told = lines(rows(*runs), Marks(shown="#3"), 46, DARK)[0].plain
    assert told.startswith("●  3 1@137 lr 0.03→0.3 ")


def test_runs_of_other_days_have_their_day_and_a_name_comes_first(tmp_path: Path) -> None:
    info = put_run(tmp_path, 5, "", name="good one", state="crashed", changes={"lr": 0.5})
    told = lines([*rows(run(12)), kept_row(info)], Marks(), 60, MONO)
    assert told[0].plain.startswith("      12 ")
    assert told[1].plain.startswith("   11-26 good one · lr 0.03→0.5")
    assert told[1].plain.endswith("crashed")
    start = datetime.fromisoformat(info.started).astimezone()
    assert began(info, today=start) == start.strftime("%H:%M")
    assert began(replace(info, started="yesterday")) == "?"


@pytest.mark.parametrize("width", [10, 30, 46])
def test_lines_keep_their_width_and_the_newest_come_first(width: int) -> None:
    runs = [run(number, lr=number / 100) for number in range(1, 12)]
    told = [line.plain for line in lines(rows(*runs), Marks(), width, DARK)]
    assert [int(line[3:5]) for line in told] == [*range(11, 0, -1)]
    if width >= 30:
        assert {len(line) for line in told} == {width}


async def test_it_is_there_once_a_run_is_over_where_there_is_room() -> None:
    app = app_showing(finished(12), *(run(number, lr=number / 100) for number in range(1, 12)))
    async with app.run_test(size=(120, 34)) as pilot:
        await settled(pilot)
        panel = main_of(pilot).lab.runs

        def is_there() -> bool:
            return any("─ Runs ─" in line for line in text_of(app))

        assert is_there()
        assert panel.size.height == FEW_LINES
        assert panel.border_subtitle == "1 of 11"
        await resize(pilot, (200, 50))
        assert panel.size.height == 11
        assert not panel.border_subtitle
        await resize(pilot, (80, 24))
        assert not is_there()
        await resize(pilot, (120, 34))
        await pilot.press("1")
        await pilot.pause()
        assert main_of(pilot).classroom.lesson
        assert not is_there()


async def test_a_run_that_has_just_begun_does_not_move_the_screen() -> None:
    app = app_showing(running(1))
    async with app.run_test(size=(120, 34)) as pilot:
        await settled(pilot)
        assert not any("─ Runs ─" in line for line in text_of(app))


async def test_all_panels_of_the_column_are_whole_beside_a_long_reading() -> None:
    app = app_showing(diverged(12), *(run(number, lr=number / 100) for number in range(1, 12)))
    async with app.run_test(size=(120, 34)) as pilot:
        await settled(pilot)
        lab = main_of(pilot).lab
        for height in (34, 29):
            await resize(pilot, (120, height))
            shown = [
                panel for panel in (lab.values, lab.reading, lab.runs, lab.device) if panel.display
            ]
            assert lab.runs in shown
            assert shown[-1].region.bottom == main_of(pilot).query_one("#side").region.bottom
            assert 0 < lab.runs.size.height < FEW_LINES
            assert f"1 of {len(lab.runs.rows)}" in str(lab.runs.border_subtitle)
