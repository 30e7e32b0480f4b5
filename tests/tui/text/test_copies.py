"""What is copied, and that it can be read back by what reads such text."""

from __future__ import annotations

import csv
from dataclasses import replace

from rich.segment import Segment
from textual.geometry import Region
from textual.strip import Strip

from engine.training.series import Points
from tests.support.pilots import app_for, says, settled, show, text_of, until
from tests.support.sessions import FakeSession
from tests.support.snapshots import finished, loading, ready
from tui.screens.dialogs import CopyScreen
from tui.text.copies import lines_of, losses_table, values_table


def test_values_have_all_their_digits() -> None:
    rows = list(csv.DictReader(values_table(finished()).splitlines(), delimiter="\t"))
    assert [row["name"] for row in rows] == ["w[0]", "w[1]", "b"]
    assert [float(row["value"]) for row in rows] == [1.9991, -3.40042, 4.19983]
    assert [float(row["true"]) for row in rows] == [2.0, -3.4, 4.2]
    assert [float(row["grad"]) for row in rows] == [-0.00131, 0.00214, -0.00083]
    assert "grad" not in values_table(ready()).splitlines()[0]
    assert values_table(loading()) == ""


def test_losses_have_a_line_an_epoch_and_those_held_out_where_there_are_any() -> None:
    run = finished()
    rows = list(csv.DictReader(losses_table(run).splitlines()))
    assert [float(row["epoch"]) for row in rows] == list(run.epoch_losses.x)
    assert [float(row["loss"]) for row in rows] == list(run.epoch_losses.low)
    assert "val" not in rows[0]
    held_out = replace(run, validation_losses=Points(*((each[1:]) for each in (
        run.epoch_losses.x, *[run.epoch_losses.low] * 3
    ))))  # fmt: skip
    rows = list(csv.DictReader(losses_table(held_out).splitlines()))
    assert [row["val"] for row in rows] == ["", *(f"{y:.15g}" for y in run.epoch_losses.low[1:])]
    assert losses_table(loading()) == ""


def test_a_part_of_the_screen_is_cut_by_cells() -> None:
    strips = [Strip([Segment("ab损失cd  ")]), Strip([Segment("12345678")])]
    assert lines_of(strips, Region(2, 0, 6, 2)) == "损失cd\n345678"


async def test_the_menu_copies_and_says_how_much() -> None:
    app = app_for(FakeSession(ready()))
    async with app.run_test(size=(120, 34), notifications=True) as pilot:
        await settled(pilot)
        await pilot.press("j", "v")
        await show(pilot, run := finished())
        before = "\n".join(line.rstrip() for line in text_of(app))
        for letter, words, text in (
            ("s", "copied, the screen, as text: 34 lines", before),
            ("v", "copied, values, as a table with tabs: 4 lines", values_table(run)),
            ("l", "copied, losses, as CSV: 5 lines", losses_table(run)),
            ("k", "copied, the link: ?v=1", "?v=1"),
        ):
            app.clear_notifications()
            await pilot.press("C")
            await until(pilot, lambda: isinstance(app.screen, CopyScreen))
            await pilot.press(letter)
            await says(pilot, words)
            assert app.clipboard == text
        await pilot.press("C", "p")
        await says(pilot, "copied, this panel, as text: ")
        first, *rest = app.clipboard.splitlines()
        assert "Values" in first
        assert any("1.9991" in line for line in rest)
