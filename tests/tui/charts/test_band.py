"""The band of other seeds on the loss chart."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.pilot import Pilot

from engine.experiment import Experiment
from engine.jobs.axis import Axis
from engine.jobs.band import fan
from engine.jobs.job import JobState
from engine.jobs.sweep import Cell, Sweep, SweepProgress
from engine.session import Session
from engine.training.events import Finished
from engine.training.snapshot import Snapshot
from engine.training.trainer import train
from tests.support.jobs import seed_band, swept
from tests.support.pictures import Compare
from tests.support.pilots import app_for, main_of, settled, text_of, until
from tests.support.sessions import FakeSession
from tests.support.snapshots import finished, paused, previous
from tui.app import LinregApp
from tui.charts.loss import Band, Beside, band_of, loss_chart
from tui.screens.commands import SEEDS
from tui.settings import Settings

BASELINE = Experiment()


def seeds_of(losses: list[list[float]], state: JobState = "finished") -> SweepProgress:
    """A fan whose runs had these losses after each epoch."""
    cells = []
    for index, history in enumerate(losses):
        ran: Literal["finished", "diverged"] = (
            "finished" if all(map(math.isfinite, history)) else "diverged"
        )
        cells.append(Cell(index, history[-1], None, ran, tuple(history), 5e-5, None))
    sweep = fan(BASELINE, len(losses))
    return SweepProgress(sweep, state, "", tuple(cells), len(cells), 0.1)


# Numbers -----------------------------------------------------------------------------------------

losses = st.floats(0, 1e12) | st.just(math.inf) | st.just(math.nan)


@given(st.integers(1, 40), st.integers(1, 5), st.data())
def test_quartiles_are_those_of_numpy(seeds: int, epochs: int, data: st.DataObject) -> None:
    row = st.lists(losses, min_size=epochs, max_size=epochs)
    history = data.draw(st.lists(row, min_size=seeds, max_size=seeds))
    band = band_of(finished(), seeds_of(history))
    assert len(band) == epochs
    # NaN counts as the greatest; the nearest rank is an actual loss, whatever lies around it.
    ranked = np.sort(np.nan_to_num(np.array(history), nan=np.inf, posinf=np.inf), axis=0)
    ranks = np.percentile(np.arange(seeds), [0, 25, 50, 75, 100], method="nearest").astype(int)
    np.testing.assert_array_equal(np.array(band).T, ranked[ranks])
    np.testing.assert_array_equal([numbers[0] for numbers in band], ranked.min(axis=0))
    np.testing.assert_array_equal([numbers[4] for numbers in band], ranked.max(axis=0))
    for numbers, of_epoch in zip(band, ranked.T, strict=True):
        assert list(numbers) == sorted(numbers)
        assert set(numbers) <= set(of_epoch.tolist())
        assert all(numbers[0] <= loss <= numbers[4] for loss in of_epoch)


def test_32_seeds_of_round_losses() -> None:
    history = [[float(seed), 100.0 - seed] for seed in range(32)]
    assert list(band_of(finished(), seeds_of(history))) == [
        (0.0, 8.0, 16.0, 23.0, 31.0),
        (69.0, 77.0, 85.0, 92.0, 100.0),
    ]


def test_one_seed_is_its_own_band() -> None:
    assert list(band_of(finished(), seeds_of([[3.0, 2.0]]))) == [(3.0,) * 5, (2.0,) * 5]


# When it is shown --------------------------------------------------------------------------------


def run_of(**changes: object) -> Snapshot:
    """A finished run of the baseline with changes."""
    return replace(finished(), experiment=BASELINE.changed(changes))


def test_a_band_is_shown_for_any_seed_of_the_same_experiment_alone() -> None:
    band = band_of(finished(), seed_band())
    assert len(band) == 3
    assert band_of(run_of(seed=1234), seed_band()) == band
    changes: list[dict[str, object]] = [
        {"lr": 0.5},
        {"epochs": 4},
        {"batch_size": 20},
        {"data.noise": 0.5},
        {"loss": "l1"},
        {"loop": "concise"},
        {"lr": 0.5, "seed": 8},
    ]
    for change in changes:
        assert band_of(run_of(**change), seed_band()) == (), change


@pytest.mark.parametrize("state", ["running", "stopped", "failed"])
def test_only_a_finished_fan_is_a_band(state: JobState) -> None:
    assert band_of(finished(), replace(seed_band(), state=state)) == ()


def test_other_sweeps_are_no_band() -> None:
    assert band_of(finished(), None) == ()
    assert band_of(finished(), swept("finished")) == ()
    two = Sweep(BASELINE, (Axis("seed", (1, 2)), Axis("lr", (0.1, 0.2))))
    cells = tuple(Cell(index, 1.0, None, "finished", (1.0,) * 3, 5e-5, None) for index in range(4))
    assert band_of(finished(), SweepProgress(two, "finished", "", cells, 4, 0.1)) == ()


def test_the_band_lies_over_the_run_on_the_chart() -> None:
    band = Band([(1.0, 2.0, 3.0, 4.0, 5.0), (0.1, 0.2, 0.3, 0.4, 0.5)])
    band.words = "3 of 3 at the floor"
    drawn = loss_chart(finished(), Beside(band=band)).curves
    curves = [curve for curve in drawn if curve.color == "data"]
    others = [curve for curve in drawn if curve.color != "data"]
    assert [curve.kind for curve in drawn[drawn.index(curves[-1]) + 1 :]] == ["marks"]
    assert [list(curve.ys) for curve in curves] == [
        [1.0, 0.1],
        [2.0, 0.2],
        [3.0, 0.3],
        [4.0, 0.4],
        [5.0, 0.5],
    ]
    assert all(list(curve.xs) == [1, 2] for curve in curves)
    assert [curve.dashed for curve in curves] == [True, False, False, False, True]
    assert [curve.label for curve in curves] == ["", "", "3 of 3 at the floor", "", ""]
    # In ASCII the five have one character, which is no other curve's.
    assert {curve.marker for curve in curves} == {"o"}
    assert "o" not in {curve.marker for curve in others}
    assert "epoch" in [curve.label for curve in others]
    assert "data" not in [curve.color for curve in loss_chart(finished()).curves]


# Keys --------------------------------------------------------------------------------------------


def shown(app: LinregApp) -> list[list[float]]:
    """The curves of the band on the chart."""
    return [list(curve.ys) for curve in app.main.lab.loss.chart().curves if curve.color == "data"]


async def test_b_starts_a_fan_over_32_seeds_and_the_band_comes() -> None:
    session = FakeSession(finished())
    app = app_for(session)
    async with app.run_test(size=(120, 34)) as pilot:
        await settled(pilot)
        await pilot.press("b")
        await pilot.pause()
        assert SEEDS == 32
        assert session.asked == [("start_sweep", fan(BASELINE, 32))]
        ((_, sweep),) = session.asked
        assert isinstance(sweep, Sweep)
        assert sweep.axes == (Axis("seed", tuple(range(7, 39))),)
        await until(pilot, lambda: any("32 seeds" in one.message for one in app._notifications))
        assert not shown(app)
        session.sweep = replace(seed_band(), state="running")
        await until(pilot, lambda: app.main.desk.sweep is session.sweep)
        assert not shown(app)
        session.sweep = seed_band()
        await until(pilot, lambda: app.main.desk.sweep is session.sweep)
        assert shown(app) == [
            list(numbers) for numbers in zip(*band_of(finished(), seed_band()), strict=True)
        ]
        # Another experiment takes the band away, the same one brings it back.
        session.latest = replace(finished(3), experiment=BASELINE.changed({"lr": 0.5}))
        await until(pilot, lambda: app.main.desk.snapshot is session.latest)
        assert not shown(app)
        session.latest = replace(finished(4), experiment=BASELINE.changed({"seed": 8}))
        await until(pilot, lambda: app.main.desk.snapshot is session.latest)
        assert len(shown(app)) == 5


async def test_the_legend_says_what_became_of_the_seeds() -> None:
    session = FakeSession(finished(), (previous(),))
    session.sweep = seed_band()
    reached = sum(cell.floor_epoch is not None for cell in session.sweep.cells if cell)
    app = app_for(session)
    async with app.run_test(size=(120, 34)) as pilot:
        await settled(pilot)
        await until(pilot, lambda: len(shown(app)) == 5)
        head = text_of(app)[2]
        assert f"{reached} of 32 at the floor" in head
        curves = app.main.lab.loss.chart().curves
        colors = [curve.color for curve in curves]
        assert colors.index("data") > colors.index("now")  # later ones lie on top


async def test_the_value_cursor_leaves_the_band_standing() -> None:
    session = FakeSession(finished())
    session.sweep = seed_band()
    app = app_for(session)
    async with app.run_test(size=(120, 34)) as pilot:
        await settled(pilot)
        await until(pilot, lambda: len(shown(app)) == 5)
        await pilot.press("right", "y")
        await until(pilot, lambda: app.main.lab.loss.cursor is not None)
        assert len(shown(app)) == 5
        assert app.main.lab.loss.chart().title.startswith("minibatch ")


async def test_no_fan_while_a_run_trains() -> None:
    session = FakeSession(replace(paused(), state="running"))
    async with app_for(session).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("b")
        await pilot.pause()
        assert session.asked == []


# With the engine ---------------------------------------------------------------------------------


async def test_every_seed_trained_by_itself_lies_in_the_band() -> None:
    experiment = Experiment().changed({"device": "cpu", "data.n": 200, "seed": 3})
    session = Session(experiment)
    app = app_for(session)
    try:
        async with app.run_test(size=(120, 34)) as pilot:
            await settled(pilot)
            await until(pilot, lambda: main_of(pilot).desk.snapshot.state == "ready")
            assert not shown(app)
            await pilot.press("b")
            await until(pilot, lambda: len(shown(app)) == 5)
            band = np.array(shown(app))
            sweep = session.sweep
            assert sweep is not None
            assert [axis.values for axis in sweep.sweep.axes] == [tuple(range(3, 35))]
            assert len(sweep.cells) == sweep.done == 32
            table = np.array([cell.losses for cell in sweep.cells if cell is not None])
            assert table.shape == (32, 3)
            expected = np.percentile(table, [0, 25, 50, 75, 100], axis=0, method="nearest")
            np.testing.assert_array_equal(band, expected)
            # The run of each seed that a person would train is inside.
            for seed in (3, 4, 17, 34):
                *_, last = train(experiment.changed({"seed": seed}))
                assert isinstance(last, Finished)
                assert last.loss == pytest.approx(table[seed - 3, -1], rel=1e-4)
            await pilot.press("s")
            await until(pilot, lambda: app.main.desk.snapshot.state == "finished")
            assert len(shown(app)) == 5
            own = np.array(app.main.desk.snapshot.epoch_losses.low[1:])
            assert np.all(own >= band[0] * (1 - 1e-4))
            assert np.all(own <= band[4] * (1 + 1e-4))
            # The next seed has the band too.
            await pilot.press("n")
            await until(pilot, lambda: app.main.desk.snapshot.experiment.seed == 4)
            assert len(shown(app)) == 5
    finally:
        session.close()


# Pictures ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("look", ["dark", "light", "ascii"])
def test_band(picture: Compare, look: str) -> None:
    session = FakeSession(finished())
    session.sweep = seed_band()
    looks = {
        "dark": Settings(),
        "light": Settings(theme="linreg-light"),
        "ascii": Settings(ascii=True),
    }

    async def steps(pilot: Pilot[None]) -> None:
        await settled(pilot)
        await until(pilot, lambda: len(shown(main_of(pilot).app)) == 5)  # type: ignore[arg-type]

    app = app_for(session, looks[look])
    picture(app, (120, 34), steps=steps, colours=look != "ascii")
