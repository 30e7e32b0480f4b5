"""The list of this session's runs beside the values."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.training.moments import fork_of
from engine.training.snapshot import Snapshot
from tests.support.pilots import app_showing, main_of, resize, settled, text_of
from tests.support.snapshots import diverged, finished, previous
from tui.panels.runs import MOST_LINES, lines


def run(number: int, **changes: object) -> Snapshot:
    before = finished(number)
    return replace(before, experiment=before.experiment.changed(changes))


def test_a_line_says_what_distinguishes_a_run_from_the_one_before_and_how_it_ended() -> None:
    runs = [run(1), run(2, lr=0.003), run(3, lr=0.003, loss="huber"), diverged(4)]
    told = [line.plain for line in lines(runs, now=runs[2], pinned=runs[0], width=60)]
    assert [line[:5] for line in told] == ["   4 ", "●  3 ", "   2 ", "◆  1 "]
    assert "diverged" in told[0]
    assert "loss half_squared→huber" in told[1]
    assert "lr 0.03→0.003" in told[2]
    assert "the baseline" in told[3]


def test_a_fork_says_from_where_and_with_what_it_goes_on() -> None:
    runs = [run(1), run(2, lr=0.003), replace(run(3, lr=0.3), fork=fork_of(run(1), 137))]
    told = lines(runs, now=runs[2], pinned=None, width=46)[0].plain
    assert told.startswith("●  3 1@137 lr 0.03→0.3 ")


@pytest.mark.parametrize("width", [10, 30, 46])
def test_lines_keep_their_width_and_the_newest_come_first(width: int) -> None:
    runs = [run(number, lr=number / 100) for number in range(1, 12)]
    told = [line.plain for line in lines(runs, runs[-1], None, width)]
    assert len(told) == MOST_LINES
    assert [int(line[1:5]) for line in told] == [11, 10, 9, 8, 7]
    if width >= 30:
        assert {len(line) for line in told} == {width}


async def test_it_is_there_once_a_run_is_over_where_there_is_room() -> None:
    app = app_showing(finished(2), previous(1))
    async with app.run_test(size=(120, 34)) as pilot:
        await settled(pilot)
        assert any("─ Runs ─" in line for line in text_of(app))
        await resize(pilot, (80, 24))
        assert not any("─ Runs ─" in line for line in text_of(app))
        await resize(pilot, (120, 34))
        await pilot.press("1")
        await pilot.pause()
        assert main_of(pilot).classroom.lesson
        assert not any("─ Runs ─" in line for line in text_of(app))
